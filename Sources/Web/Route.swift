import Foundation
import HTTPTypes

/// The public site's routes. Everything that is served is in this list.
enum Route: Equatable, Sendable {
    case home
    /// Any token, real or not, and whatever else follows `/b/`.
    case link(token: String)
    case ballot
    case ballotFile(name: String)
    case endVisit
    case track
    case trackCode(String)
    case health
    /// The certificate of the office's authority, as `VERIFY.txt` names it.
    case authority

    /// The route of a path, without its query; nil where there is none.
    init?(path: String) {
        switch path {
        case "/": self = .home
        case "/ballot": self = .ballot
        case "/ballot/end": self = .endVisit
        case "/t": self = .track
        case "/healthz": self = .health
        case "/office-ca.pem": self = .authority
        default:
            if path.hasPrefix("/b/") {
                self = .link(token: String(path.dropFirst(3)))
            } else if path.hasPrefix("/t/"), !path.dropFirst(3).contains("/"), path.count > 3 {
                self = .trackCode(path.dropFirst(3).removingPercentEncoding ?? "")
            } else if path.hasPrefix("/ballot/"), !path.dropFirst(8).contains("/"), path.count > 8 {
                self = .ballotFile(name: String(path.dropFirst(8)))
            } else {
                return nil
            }
        }
    }

    /// The route as it may be logged: tokens, codes and file names are secrets or personal.
    var pattern: String {
        switch self {
        case .home: "/"
        case .link: "/b/{token}"
        case .ballot: "/ballot"
        case .ballotFile: "/ballot/{file}"
        case .endVisit: "/ballot/end"
        case .track: "/t"
        case .trackCode: "/t/{code}"
        case .health: "/healthz"
        case .authority: "/office-ca.pem"
        }
    }

    /// What may be done with it.
    var methods: [HTTPRequest.Method] {
        switch self {
        case .home, .ballot, .ballotFile, .trackCode, .health, .authority: [.get, .head]
        case .link, .track: [.get, .head, .post]
        case .endVisit: [.post]
        }
    }
}
