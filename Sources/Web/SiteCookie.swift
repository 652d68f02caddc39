import HTTPTypes
import Office

/// The one cookie of the site, given at a claim and never before.
struct VisitCookie: Sendable {
    private let isHTTPS: Bool

    /// - Parameter isHTTPS: whether voters come over https; then the cookie is bound to this very host and to https.
    init(isHTTPS: Bool) { self.isHTTPS = isHTTPS }

    private var name: String { isHTTPS ? "__Host-visit" : "visit" }

    /// The `Set-Cookie` that opens a visit for as long as the counter honours it.
    func opening(_ value: String) -> String { field(value, seconds: Counter.visitSeconds) }

    /// The `Set-Cookie` that makes the browser forget it.
    var ending: String { field("", seconds: 0) }

    /// The cookie's value in a request; nil where there is none.
    func value(in headers: HTTPFields) -> String? {
        for header in headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, parts[0].drop(while: { $0 == " " }) == name else { continue }
                return String(parts[1].prefix { $0 != " " })
            }
        }
        return nil
    }

    private func field(_ value: String, seconds: Int64) -> String {
        "\(name)=\(value); Path=/; Max-Age=\(seconds);\(isHTTPS ? " Secure;" : "") HttpOnly; SameSite=Strict"
    }
}
