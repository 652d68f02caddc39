import Foundation
import Glibc

/// A response as it came over the wire.
struct WebTestReply: Sendable {
    let status: Int
    /// The head's lines, without the status line, as sent.
    let lines: [String]
    let body: [UInt8]
    /// When its first byte was here.
    let firstByteAt: ContinuousClock.Instant

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of a header; of several, the first.
    func header(_ name: String) -> String? { headers(name).first }

    /// All values of a header.
    func headers(_ name: String) -> [String] {
        lines.filter { $0.lowercased().hasPrefix("\(name.lowercased()):") }.map {
            $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
        }
    }

    /// The head without what must differ between two requests.
    var comparable: [String] { lines.filter { !$0.lowercased().hasPrefix("date:") } }
}

/// A plain TCP connection that speaks HTTP/1.1 to the byte. Blocking: use it on a thread of its own.
final class WebTestConnection {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    struct Failure: Error {
        let what: String
    }

    /// - Parameter isNarrow: whether little fits between the two kernels, as over a satellite.
    init(port: Int, isNarrow: Bool = false) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if isNarrow {
            // Both must be there before the connection is: the segments' size is agreed on first, and the server sizes its buffer by it.
            var segment: Int32 = 536
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_MAXSEG, &segment, socklen_t(MemoryLayout<Int32>.size))
            var window: Int32 = 16_384
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &window, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard result == 0 else {
            Glibc.close(descriptor)
            throw Failure(what: "cannot connect: \(errno)")
        }
        var timeout = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { Glibc.close(descriptor) }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Failure(what: "cannot send: \(errno)") }
            sent += count
        }
    }

    /// Reads more, so many bytes at most; false at the end.
    private func fill(_ most: Int = 65_536) throws -> Bool {
        var piece = [UInt8](repeating: 0, count: min(most, 65_536))
        let count = recv(descriptor, &piece, piece.count, 0)
        guard count >= 0 else { throw Failure(what: "cannot receive: \(errno)") }
        buffer += piece[..<count]
        return count > 0
    }

    /// Reads a head and nothing of the body.
    private func head() throws -> (status: Int, lines: [String], at: ContinuousClock.Instant) {
        var first: ContinuousClock.Instant?
        while !buffer.suffix(4).elementsEqual([13, 10, 13, 10]) {
            guard try fill(1) else { throw Failure(what: "the connection ended before a response") }
            if first == nil { first = .now }
        }
        let lines = String(decoding: buffer.dropLast(4), as: UTF8.self).components(separatedBy: "\r\n")
        buffer = []
        let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return (status, Array(lines.dropFirst()), first ?? .now)
    }

    /// Reads a response; of a body at most so many bytes.
    func receive(hasBody: Bool = true, upTo limit: Int = .max) throws -> WebTestReply {
        let head = try head()
        let length = head.lines.first { $0.lowercased().hasPrefix("content-length:") }.flatMap {
            Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces))
        }
        let wanted = hasBody && head.status != 304 ? min(length ?? 0, limit) : 0
        let body = try receiveBody(wanted)
        return WebTestReply(status: head.status, lines: head.lines, body: body, firstByteAt: head.at)
    }

    /// Reads so many more bytes of a body; fewer where the connection ends.
    func receiveBody(_ wanted: Int) throws -> [UInt8] {
        while buffer.count < wanted {
            guard try fill(wanted - buffer.count) else { break }
        }
        let body = buffer
        buffer = []
        return body
    }

    /// Whether the other side has closed the connection, waiting for it.
    func isClosed() -> Bool { ((try? fill()) ?? false) == false }
}

extension WebTestSite {
    /// Runs blocking work on a thread of its own: the site under test needs Swift's.
    static func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
        }
    }

    /// A request as text; every line of `headers` ends the line itself.
    static func request(_ method: String, _ path: String, headers: [String] = [], body: String? = nil) -> String {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1"] + headers
        if let body { lines += ["Content-Type: application/x-www-form-urlencoded", "Content-Length: \(body.utf8.count)"] }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }

    /// One request on a connection of its own.
    func ask(_ method: String, _ path: String, headers: [String] = [], body: String? = nil) async throws -> WebTestReply {
        let port = port
        return try await Self.onThread {
            let connection = try WebTestConnection(port: port)
            try connection.send(Self.request(method, path, headers: headers, body: body))
            return try connection.receive(hasBody: method != "HEAD")
        }
    }

    func get(_ path: String, headers: [String] = []) async throws -> WebTestReply { try await ask("GET", path, headers: headers) }

    func post(_ path: String, _ body: String, headers: [String] = []) async throws -> WebTestReply {
        try await ask("POST", path, headers: headers, body: body)
    }

    /// Looks until something holds, for two seconds at most.
    static func eventually(_ isTrue: () throws -> Bool) async throws -> Bool {
        for _ in 0..<200 {
            if try isTrue() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return try isTrue()
    }
}
