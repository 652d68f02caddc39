package import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
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
    private static let idleTimeout = Duration.seconds(30)
    /// What HTTP/1.1 and each stream of HTTP/2 have in common.
    private static var http: HTTP1Channel.Configuration {
        .init(
            additionalChannelHandlers: [DeliveryHandler()], idleTimeout: .init(idleTimeout),
            httpDecoderConfiguration: .init(maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 64))
    }

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
        let logger = logger
        let onListening = onListening
        // Hummingbird tells of itself at `info`, and of single connections below it: neither belongs into an office's log.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let certificate = try certificate()
        let tally = SiteTally()
        var services: [any Service] = [TallyService(tally: tally, counter: counter)]
        if let certificate { services.append(certificate) }
        let tls = certificate?.tls
        let limits = configuration.limits
        let guests = Guests(most: limits.connections, mostOfOne: limits.connectionsPerAddress)
        let addresses = ClientAddress(trustedProxies: configuration.publicSite.trustedProxies)
        let server = HTTPServerBuilder { responder in
            if let tls {
                return FrontDoor(
                    inside: try HTTP2UpgradeChannel(
                        tlsConfiguration: tls,
                        configuration: .init(
                            idleTimeout: Self.idleTimeout, gracefulCloseTimeout: Self.drainBound, streamConfiguration: Self.http),
                        responder: responder), guests: guests, addresses: addresses)
            }
            return FrontDoor(inside: HTTP1Channel(responder: responder, configuration: Self.http), guests: guests, addresses: addresses)
        }
        let application = Application(
            responder: try PublicResponder(
                configuration: configuration, languages: try Self.languages(of: folder), counter: counter, tally: tally, clock: clock),
            server: server,
            configuration: ApplicationConfiguration(address: .hostname(listen.host, port: listen.port), backlog: 1024),
            services: services,
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? listen.port
                let host = listen.host.contains(":") ? "[\(listen.host)]" : listen.host
                logger.info("listening on \(tls == nil ? "http" : "https")://\(host):\(port)")
                onListening(port)
            },
            logger: quiet)
        return DrainingService(application: application, bound: Self.drainBound)
    }

    /// The languages of an office's site: what is shipped, and what lies in its folder `site`.
    ///
    /// - Throws: ``OfficeError`` `badInput` where a file there is not as it should be.
    package static func languages(of folder: URL) throws -> PageLanguages {
        PageLanguages(adding: try SiteWords.all(in: folder, english: PageTexts.english))
    }

    private func certificate() throws -> SiteCertificate? {
        guard let files = configuration.publicSite.tls else { return nil }
        func path(_ name: String) -> String { name.hasPrefix("/") ? name : folder.appendingPathComponent(name).path }
        return try SiteCertificate(certificate: path(files.certificate), key: path(files.key), logger: logger)
    }
}

/// Writes down what the site counts, again and again and at the end.
private struct TallyService: Service {
    let tally: SiteTally
    let counter: Counter
    private static let pause = Duration.seconds(10)

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while (try? await Task.sleep(for: Self.pause)) != nil { await counter.record(tally) }
        }
        await counter.record(tally)
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
