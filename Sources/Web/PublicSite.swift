package import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
package import Office
package import ServiceLifecycle

/// The site that voters see: links, packets, tracking. Everything it knows it asks the counter.
///
/// It holds no key but the one for TLS. One site, one listener.
package struct PublicSite: Sendable {
    private let configuration: Configuration
    private let folder: URL
    private let counter: Counter
    private let logger: Logger
    private let clock: WallClock
    private let onListening: @Sendable (Int) -> Void

    /// How long a stop waits for downloads that are under way.
    private static let drainBound = Duration.seconds(20)
    /// A connection on which nothing is asked is closed after this long; a head must be here within it.
    private static let idleTimeout = TimeAmount.seconds(30)

    /// A site over a counter; nothing happens until its service runs.
    ///
    /// - Parameters:
    ///   - folder: the office's folder, where the configuration's TLS files are relative to.
    ///   - clock: tells days for the plausibility of birthdays.
    ///   - onListening: told the port once connections are accepted; with `listen: …:0` the system chose it.
    package init(
        configuration: Configuration, folder: URL, counter: Counter, logger: Logger, clock: WallClock = .system,
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.folder = folder
        self.counter = counter
        self.logger = logger
        self.clock = clock
        self.onListening = onListening
    }

    /// The service for a `ServiceGroup`. Told to stop, it takes no more connections, finishes what is asked, and ends after 20 seconds at most.
    ///
    /// - Throws: ``OfficeError`` `badInput` where a TLS file cannot be read.
    package func service() throws -> any Service {
        let listen = configuration.publicSite.listen
        let tls = try tlsConfiguration()
        let logger = logger
        let onListening = onListening
        // Hummingbird tells of itself at `info`, and of single connections below it: neither belongs into an office's log.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let http = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [DeliveryHandler()], idleTimeout: Self.idleTimeout,
                httpDecoderConfiguration: .init(maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 64)))
        let application = Application(
            responder: try PublicResponder(configuration: configuration, counter: counter, clock: clock),
            server: try tls.map { try .tls(http, tlsConfiguration: $0) } ?? http,
            configuration: ApplicationConfiguration(address: .hostname(listen.host, port: listen.port), backlog: 1024),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? listen.port
                let host = listen.host.contains(":") ? "[\(listen.host)]" : listen.host
                logger.info("listening on \(tls == nil ? "http" : "https")://\(host):\(port)")
                onListening(port)
            },
            logger: quiet)
        return DrainingService(application: application, bound: Self.drainBound)
    }

    private func tlsConfiguration() throws -> TLSConfiguration? {
        guard let files = configuration.publicSite.tls else { return nil }
        func path(_ name: String) -> String { name.hasPrefix("/") ? name : folder.appendingPathComponent(name).path }
        do {
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(path(files.certificate)).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: path(files.key), format: .pem)))
            tls.minimumTLSVersion = .tlsv12
            return tls
        } catch {
            throw OfficeError(
                .badInput, "The certificate or the key under public.tls cannot be read: \(error)",
                hint: "Both must be PEM files that this user may read, and the key must have no passphrase.")
        }
    }
}

/// Runs the application and bounds its graceful shutdown.
private struct DrainingService<Application: Service>: Service {
    let application: Application
    let bound: Duration

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask {
                try await gracefulShutdown()
                try await Task.sleep(for: bound)
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
