import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
package import Logging
import NIOCore
package import Office
package import ServiceLifecycle

/// The desk: where staff sign in, and the office's numbers at `/metrics`, in Prometheus' text format, without a name, code or address in them.
package struct StaffSite: Sendable {
    private let office: Office
    private let watch: OfficeWatch
    private let logger: Logger
    private let onListening: @Sendable (Int) -> Void

    /// A site over an office; nothing happens until its service runs.
    ///
    /// - Parameters:
    ///   - watch: the one that the office process looks with.
    ///   - onListening: told the port once connections are accepted.
    package init(_ office: Office, watch: OfficeWatch, logger: Logger, onListening: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.office = office
        self.watch = watch
        self.logger = logger
        self.onListening = onListening
    }

    private static let idleTimeout = Duration.seconds(30)
    private static var http: HTTP1Channel.Configuration {
        .init(
            idleTimeout: .init(idleTimeout),
            httpDecoderConfiguration: .init(maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 64))
    }

    /// The service for a `ServiceGroup`.
    ///
    /// - Parameter place: where to listen; nil: `staff.listen`.
    /// - Throws: ``OfficeError`` `badInput` where a TLS file cannot be read.
    package func service(listen place: Configuration.HostPort? = nil) throws -> any Service {
        let listen = place ?? office.configuration.staff.listen
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let (logger, onListening) = (logger, onListening)
        // Apart from everything that voters or letters wait for.
        let (pool, doorPool) = (WorkPool(threads: 4), WorkPool(threads: 1))
        let names = NameIndex(office)
        let certificate = try certificate()
        let tls = certificate?.tls
        let application = Application(
            responder: try StaffResponder(office: office, watch: watch, names: names, pool: pool, doorPool: doorPool, logger: logger),
            server: HTTPServerBuilder { responder in
                guard let tls else { return HTTP1Channel(responder: responder, configuration: Self.http) }
                return try HTTP2UpgradeChannel(
                    tlsConfiguration: tls, configuration: .init(idleTimeout: Self.idleTimeout, streamConfiguration: Self.http),
                    responder: responder)
            },
            configuration: ApplicationConfiguration(address: .hostname(listen.host, port: listen.port)),
            services: certificate.map { [$0] } ?? [],
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? listen.port
                let host = listen.host.contains(":") ? "[\(listen.host)]" : listen.host
                logger.info("the desk is at \(tls == nil ? "http" : "https")://\(host):\(port)")
                onListening(port)
            },
            logger: quiet)
        return Dispensable(
            application: application, names: names, pools: [pool, doorPool], place: "\(listen.host):\(listen.port)", logger: logger)
    }

    private func certificate() throws -> SiteCertificate? {
        guard let files = office.configuration.staff.tls else { return nil }
        return try SiteCertificate(
            certificate: office.folder.path(files.certificate).path, key: office.folder.path(files.key).path, logger: logger)
    }

    /// Letters go out whether or not somebody can sit at the desk: where the listener cannot be had, that is said
    /// and the rest goes on.
    private struct Dispensable<Application: Service>: Service {
        let application: Application
        let names: NameIndex
        let pools: [WorkPool]
        let place: String
        let logger: Logger

        func run() async throws {
            let (names, logger) = (names, logger)
            // Before somebody looks for the first voter; whoever does meanwhile waits for it.
            Task { [pools] in
                do { try await pools[0].run { try names.fill() } } catch is CancellationError {} catch {
                    logger.error("the names of the roll cannot be read", metadata: ["reason": "\(error)"])
                }
            }
            do {
                try await application.run()
            } catch let error where !(error is CancellationError) {
                let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
                logger.warning(
                    "there is no desk and there are no metrics: staff.listen cannot be used",
                    metadata: ["address": "\(place)", "reason": "\(reason)"])
                try? await gracefulShutdown()
            }
            for pool in pools { await pool.stop() }
        }
    }
}
