import Elections
import Foundation
import Logging
import Office
import ServiceLifecycle
import Testing
import Web

/// The desk as it is served, on a port of its own.
final class DeskSite: Sendable {
    let office: DeskOffice
    let port: Int

    private init(office: DeskOffice, port: Int) {
        self.office = office
        self.port = port
    }

    /// Serves the two counties' desk while `body` runs.
    static func serving(_ body: (DeskSite) async throws -> Void) async throws {
        let office = try DeskOffice()
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }
        let site = StaffSite(office.test.office, watch: OfficeWatch(), logger: logger) { told.yield($0) }
        let group = ServiceGroup(
            configuration: .init(services: [try site.service(listen: .init(host: "127.0.0.1", port: 0))], logger: logger))
        let running = Task { try await group.run() }
        let result: Result<Void, any Error>
        do {
            let port = try #require(await ports.first { _ in true })
            try await body(DeskSite(office: office, port: port))
            result = .success(())
        } catch { result = .failure(error) }
        await group.triggerGracefulShutdown()
        try await running.value
        try result.get()
    }

    /// Asks as somebody with this cookie.
    func ask(
        _ method: String, _ path: String, cookie: String? = nil, body: String? = nil, headers: [String] = []
    ) async throws -> WebTestReply {
        let port = port
        let all = headers + (cookie.map { ["Cookie: desk=\($0)"] } ?? [])
        return try await WebTestSite.onThread {
            let connection = try WebTestConnection(port: port)
            try connection.send(WebTestSite.request(method, path, headers: all, body: body))
            return try connection.receive(hasBody: method != "HEAD")
        }
    }
}
