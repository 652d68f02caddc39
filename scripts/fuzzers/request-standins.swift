// What the parsers of requests are handed by the packages and by OpenSSL, as little of it as they use: with these they compile alone.
package import Foundation

package enum HTTPRequestMethod { case get, head, post }

package struct HTTPField {
    package struct Name: Hashable, Sendable {
        let text: String
        init?(_ text: String) { self.text = text.lowercased() }
        private init(known: String) { text = known }
        static let via = Name(known: "via"), cookie = Name(known: "cookie"), origin = Name(known: "origin")
    }
}

/// Fields in their order; a name may come again, and asking for one value joins them, as swift-http-types does.
package struct HTTPFields {
    private var fields: [(name: HTTPField.Name, value: String)] = []
    mutating func append(_ name: HTTPField.Name, _ value: String) { fields.append((name, value)) }
    subscript(values name: HTTPField.Name) -> [String] { fields.filter { $0.name == name }.map(\.value) }
    subscript(name: HTTPField.Name) -> String? {
        let values = self[values: name]
        return values.isEmpty ? nil : values.joined(separator: name == .cookie ? "; " : ", ")
    }
}

package struct HTTPRequest {
    package typealias Method = HTTPRequestMethod
    var authority: String?
    var headerFields = HTTPFields()
}

/// An address as inet_pton reads it.
package enum SocketAddress {
    package struct IPv6Address { let address: sockaddr_in6 }
    case v4(in_addr), v6(IPv6Address)

    struct Unreadable: Error {}

    init(ipAddress: String, port: Int) throws {
        var four = in_addr()
        var six = sockaddr_in6()
        if inet_pton(AF_INET, ipAddress, &four) == 1 {
            self = .v4(four)
        } else if inet_pton(AF_INET6, ipAddress, &six.sin6_addr) == 1 {
            self = .v6(IPv6Address(address: six))
        } else {
            throw Unreadable()
        }
    }

    var ipAddress: String? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        switch self {
        case .v4(var address): inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
        case .v6(let six):
            var address = six.address.sin6_addr
            inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

enum Counter {
    static let visitSeconds: Int64 = 86_400
}

package struct Secret: Sendable {
    private let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    init(taking bytes: inout [UInt8]) { self.bytes = bytes }
    func withBytes<R>(_ body: ([UInt8]) throws -> R) rethrows -> R { try body(bytes) }
}

// Nothing that is fuzzed calls these.
enum SystemRandom {
    static func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
}
enum SHA256 {
    static func hash(_ bytes: [UInt8]) -> [UInt8] { bytes }
}
struct PrimedSHA256: Sendable {
    init(_ bytes: [UInt8]) {}
    func hash(adding bytes: [UInt8]) -> [UInt8] { bytes }
}
enum HKDF256 {
    static func derive(_ key: Secret, salt: [UInt8], info: [UInt8], count: Int = 32) -> Secret { key }
    static func derive(_ key: Secret, salt: [UInt8], info: String) -> Secret { key }
    static func extract(_ key: Secret, salt: [UInt8]) -> Secret { key }
    static func expand(_ key: Secret, info: [UInt8], count: Int) -> Secret { key }
}
enum PacketEnvelope {
    static func wrap(_ key: Secret, under: Secret, owner: [UInt8], ballot: [UInt8], nonce: [UInt8]) -> [UInt8] { [] }
    static func unwrap(_ wrap: [UInt8], under: Secret, owner: [UInt8], ballot: [UInt8]) throws -> Secret { under }
}
func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
