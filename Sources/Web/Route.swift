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
    /// How far everybody can use the site, and what to do where somebody cannot.
    case accessibility
    /// What is kept of a voter, and what is not.
    case privacy
    /// Whether a file is one that the office issued.
    case verify
    /// How a voter comes to a new link.
    case newLink
    /// What programs that walk the Web ask for: where not to go (RFC 9309), whom to tell of a weakness (RFC 9116), the site's picture.
    case robots, securityText, icon

    /// The route of a path, without its query; nil where there is none.
    init?(path: String) {
        switch path {
        case "/": self = .home
        case "/ballot": self = .ballot
        case "/ballot/end": self = .endVisit
        case "/t": self = .track
        case "/healthz": self = .health
        case "/office-ca.pem": self = .authority
        case "/accessibility": self = .accessibility
        case "/privacy": self = .privacy
        case "/verify": self = .verify
        case "/new-link": self = .newLink
        case "/robots.txt": self = .robots
        case "/.well-known/security.txt": self = .securityText
        case "/favicon.svg", "/favicon.ico": self = .icon
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
        case .accessibility: "/accessibility"
        case .privacy: "/privacy"
        case .verify: "/verify"
        case .newLink: "/new-link"
        case .robots: "/robots.txt"
        case .securityText: "/.well-known/security.txt"
        case .icon: "/favicon.svg"
        }
    }

    /// What may be done with it.
    var methods: [HTTPRequest.Method] {
        switch self {
        case .home, .ballot, .ballotFile, .trackCode, .health, .authority, .accessibility, .privacy, .newLink, .robots, .securityText,
            .icon:
            [.get, .head]
        case .link, .track, .verify: [.get, .head, .post]
        case .endVisit: [.post]
        }
    }
}
