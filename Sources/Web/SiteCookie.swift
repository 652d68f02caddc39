import HTTPTypes

/// The one cookie of a site.
struct SiteCookie: Sendable {
    private let plainName: String
    private let seconds: Int64?
    private let isHTTPS: Bool

    /// - Parameters:
    ///   - name: without the prefix.
    ///   - seconds: how long a browser keeps it; nil: until it is closed.
    ///   - isHTTPS: whether people come over https; then the cookie is bound to this very host and to https.
    init(name: String, seconds: Int64?, isHTTPS: Bool) {
        plainName = name
        self.seconds = seconds
        self.isHTTPS = isHTTPS
    }

    private var name: String { isHTTPS ? "__Host-\(plainName)" : plainName }

    /// The `Set-Cookie` that gives it.
    func opening(_ value: String) -> String { field(value, seconds: seconds) }

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

    private func field(_ value: String, seconds: Int64?) -> String {
        "\(name)=\(value); Path=/;\(seconds.map { " Max-Age=\($0);" } ?? "")\(isHTTPS ? " Secure;" : "") HttpOnly; SameSite=Strict"
    }
}
