import Foundation
package import HTTPTypes

/// Whether a posted form comes from our own page.
///
/// No form here does harm by itself: a claim needs the token and the answer, and the cookie that ends a visit is `SameSite=Strict`. This is the
/// second lock on that door.
package struct FormOrigin: Sendable {
    private let own: String
    private let isLoopback: Bool

    /// - Parameter publicURL: `public.url`.
    package init(publicURL: String) {
        own = Self.canonical(publicURL)
        let host = URLComponents(string: publicURL)?.host ?? ""
        isLoopback = Self.isLoopback(host)
    }

    /// Decides by `Origin` and, where the browser sends it, `Sec-Fetch-Site`.
    ///
    /// Our pages say `Referrer-Policy: no-referrer`, and for such a page the Fetch standard (3.2, "append a request Origin header") makes a
    /// browser send `Origin: null` even to its own site. So `null` is fine unless `Sec-Fetch-Site` says that it came from elsewhere. Text
    /// browsers and curl send neither.
    package func accepts(_ head: HTTPRequest) -> Bool {
        let headers = head.headerFields
        let site = headers[.secFetchSite]?.lowercased()
        if let site, site != "same-origin", site != "none" { return false }
        guard let origin = headers[.origin], origin != "null" else { return true }
        let canonical = Self.canonical(origin)
        if canonical == own { return true }
        // A demo on this machine may listen at another port, or under another of its names, than `public.url` says.
        guard isLoopback, let parts = URLComponents(string: origin), let host = parts.host, Self.isLoopback(host) else { return false }
        guard let authority = head.authority else { return false }
        return canonical == Self.canonical("http://\(authority)")
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "[::1]" || host == "::1" || host.hasPrefix("127.")
    }

    /// Scheme, host and port in lower case, without the scheme's own port.
    private static func canonical(_ url: String) -> String {
        guard let parts = URLComponents(string: url.lowercased()), let scheme = parts.scheme, let host = parts.host else { return url }
        let standard = scheme == "https" ? 443 : 80
        return "\(scheme)://\(host):\(parts.port ?? standard)"
    }
}

extension HTTPField.Name {
    /// `Sec-Fetch-Site`.
    static let secFetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .via
}
