import HTTPTypes

/// The headers that every response carries.
struct SiteHeaders: Sendable {
    private let fixed: HTTPFields
    // Nothing loads but the one inline style sheet and the site's picture; forms go to this site; nobody frames it.
    private static let policy =
        "default-src 'none'; style-src '\(PageLayout.styleHash)'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

    /// - Parameter isHTTPS: whether voters come over https; then the browser is told never to come otherwise.
    init(isHTTPS: Bool) { fixed = Self.fields(policy: Self.policy, isHTTPS: isHTTPS) }

    /// What every response of either site carries.
    ///
    /// - Parameter policy: the content security policy.
    static func fields(policy: String, isHTTPS: Bool) -> HTTPFields {
        var pairs = [
            ("Content-Security-Policy", policy),
            // The address of a link is a secret: it goes nowhere, not even to ourselves.
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cross-Origin-Embedder-Policy", "require-corp"),
            ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=(), interest-cohort=()"),
            ("X-Frame-Options", "DENY"),
            // For Acrobat, which asks what other sites' PDFs may fetch here.
            ("X-Permitted-Cross-Domain-Policies", "none"),
            ("X-Robots-Tag", "noindex, nofollow"),
            ("Cache-Control", "no-store")
        ]
        if isHTTPS { pairs.append(("Strict-Transport-Security", "max-age=63072000; includeSubDomains")) }
        var fields = HTTPFields()
        for (name, value) in pairs {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return fields
    }

    /// What a page needs on which one script may run.
    ///
    /// - Parameter hash: as the policy writes it: `sha256-…`.
    func withScript(_ hash: String) -> [HTTPField.Name: String] { [.contentSecurityPolicy: "\(Self.policy); script-src '\(hash)'"] }

    /// The fixed headers with these added.
    func with(_ more: [HTTPField.Name: String]) -> HTTPFields {
        var fields = fixed
        for (name, value) in more { fields[name] = value }
        return fields
    }
}
