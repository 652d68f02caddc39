import Foundation
package import HTTPTypes
package import NIOCore

/// Whose wrong answers these are: the peer, or whom a trusted proxy names.
package struct ClientAddress: Sendable {
    private let trusted: Set<String>

    /// - Parameter trustedProxies: addresses whose `X-Forwarded-For` is believed.
    package init(trustedProxies: [String]) { trusted = Set(trustedProxies.map(Self.canonical)) }

    /// The address that counts: an IPv4 address, or the network (/64) of an IPv6 address, since everybody who has one has all of it.
    package func of(peer: SocketAddress?, headers: HTTPFields) -> String {
        guard let peer = peer?.ipAddress.map(Self.canonical) else { return "" }
        guard trusted.contains(peer) else { return Self.network(peer) }
        // The last hop that none of our proxies is: what stands before it was written by whoever sent the request.
        let hops = headers[values: .xForwardedFor].flatMap { $0.split(separator: ",") }.map {
            Self.canonical($0.trimmingCharacters(in: .whitespaces))
        }
        guard let client = hops.last(where: { !trusted.contains($0) }), (try? SocketAddress(ipAddress: client, port: 0)) != nil else {
            return Self.network(peer)
        }
        return Self.network(client)
    }

    /// Whom a connection counts against; nil for a trusted proxy, who brings many.
    func counted(_ peer: SocketAddress?) -> String? {
        guard let peer = peer?.ipAddress.map(Self.canonical), !trusted.contains(peer) else { return nil }
        return Self.network(peer)
    }

    /// One spelling for one address: no IPv4 in IPv6's clothes, no brackets.
    private static func canonical(_ text: String) -> String {
        let bare = text.trimmingCharacters(in: CharacterSet(charactersIn: "[]")).lowercased()
        guard let address = try? SocketAddress(ipAddress: bare, port: 0), let known = address.ipAddress else { return bare }
        return known.hasPrefix("::ffff:") && known.contains(".") ? String(known.dropFirst(7)) : known
    }

    private static func network(_ text: String) -> String {
        guard text.contains(":"), case .v6(let address)? = try? SocketAddress(ipAddress: text, port: 0) else { return text }
        return withUnsafeBytes(of: address.address.sin6_addr) { bytes in
            bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ".") + "/64"
        }
    }
}

extension HTTPField.Name {
    /// `X-Forwarded-For`; the name is fixed and valid, so the second alternative never comes to pass.
    package static let xForwardedFor = HTTPField.Name("X-Forwarded-For") ?? .via
}
