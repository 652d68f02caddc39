import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import Office
package import ServiceLifecycle

/// What the staff's listener shows: the office's numbers at `/metrics`, in Prometheus' text format. No name, code or address is in them.
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

    /// The service for a `ServiceGroup`.
    ///
    /// - Parameter place: where to listen; nil: `staff.listen`.
    package func service(listen place: Configuration.HostPort? = nil) -> any Service {
        let listen = place ?? office.configuration.staffListen
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let (logger, onListening) = (logger, onListening)
        // Apart from everything that voters or letters wait for.
        let pool = WorkPool(threads: 1)
        let application = Application(
            responder: StaffResponder(office: office, watch: watch, pool: pool, logger: logger),
            server: .http1(configuration: .init(idleTimeout: .seconds(30))),
            configuration: ApplicationConfiguration(address: .hostname(listen.host, port: listen.port)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? listen.port
                logger.info("metrics at http://\(listen.host.contains(":") ? "[\(listen.host)]" : listen.host):\(port)/metrics")
                onListening(port)
            },
            logger: quiet)
        return Dispensable(application: application, pool: pool, place: "\(listen.host):\(listen.port)", logger: logger)
    }

    /// Letters go out and returns are written down whether or not somebody can look at numbers: where the listener cannot be had, that is said
    /// and the rest goes on.
    private struct Dispensable<Application: Service>: Service {
        let application: Application
        let pool: WorkPool
        let place: String
        let logger: Logger

        func run() async throws {
            do {
                try await application.run()
            } catch let error where !(error is CancellationError) {
                let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
                logger.warning(
                    "there are no metrics: staff.listen cannot be used", metadata: ["address": "\(place)", "reason": "\(reason)"])
                try? await gracefulShutdown()
            }
            await pool.stop()
        }
    }
}

private struct StaffResponder: HTTPResponder {
    typealias Context = Visitor

    let office: Office
    let watch: OfficeWatch
    let pool: WorkPool
    let logger: Logger

    func respond(to request: Request, context: Visitor) async throws -> Response {
        guard request.uri.path == "/metrics" else { return text(.notFound, "There is only /metrics here.\n") }
        guard request.method == .get || request.method == .head else { return text(.methodNotAllowed, "Only GET works here.\n") }
        do {
            let (office, watch) = (office, watch)
            let page = try await pool.run { try watch.metrics(of: office) }
            let response = text(.ok, page, type: "text/plain; version=0.0.4; charset=utf-8")
            return request.method == .head ? response.createHeadResponse() : response
        } catch {
            logger.error("the metrics could not be made", metadata: ["reason": "\(error)"])
            return text(.internalServerError, "The metrics could not be made; the log says why.\n")
        }
    }

    private func text(_ status: HTTPResponse.Status, _ text: String, type: String = "text/plain; charset=utf-8") -> Response {
        var fields: HTTPFields = [.contentType: type, .cacheControl: "no-store"]
        fields[.xContentTypeOptions] = "nosniff"
        return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
