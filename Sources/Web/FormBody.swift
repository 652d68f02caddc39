import Hummingbird
import NIOCore

/// Reads a posted form, bounded in size and in time.
enum FormBody {
    /// Who sends a form of a few hundred bytes has this long for it.
    private static let patience = Duration.seconds(15)

    /// The sender took too long.
    struct Slow: Error {}

    /// The bytes of a request.
    ///
    /// - Throws: `NIOTooManyBytesError`, ``Slow``, or what broke the connection.
    static func bytes(of request: Request, upTo most: Int) async throws -> [UInt8] {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > most { throw NIOTooManyBytesError(maxBytes: most) }
        return try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask { Array(buffer: try await request.body.collect(upTo: most)) }
            group.addTask {
                try await Task.sleep(for: patience)
                throw Slow()
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }
}
