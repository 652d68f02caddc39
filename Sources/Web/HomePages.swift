package import Elections
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Office

// What everybody may read: the start page, the statements, and the files that programs ask for.
extension PublicResponder {
    /// The start page: the elections with their dates, how it works, and how to tell a genuine letter.
    func home(_ call: Call) async throws -> Response {
        let notice = try await notices.notice()
        let query = call.query
        let language = call.language
        let today = clock.now().civilDate(in: TimeZone(identifier: notice.timeZone) ?? .gmt)
        let elections = notices.elections.filter { CivilDate($0.date).map { $0.adding(days: Self.daysShown) >= today } ?? false }
        let open = elections.filter { $0.linksClose > clock.now() }
        let isClosed = open.isEmpty && !elections.isEmpty
        // Its elections come and go by the day, and close at their hour.
        let home = notices.page("home \(language.tag) \(query) \(today) \(open.count)", notice: notice) {
            pages.render(
                .home, title: PageTexts.sentence("home_title", language),
                [
                    "query": query, "certificate": !notice.authority.isEmpty, "closed": isClosed,
                    "elections": elections.map { Self.dates(of: $0, isOpen: open.contains($0), language) },
                    "genuine": PageTexts.sentence("home_genuine_link", language, ["address": "\(publicURL)/"])
                ],
                language: language, notice: notice, languages: true)
        }
        return page(.ok, home, for: call.head)
    }

    /// An election stays on the start page for so long after its day: ballots from overseas still come in.
    private static let daysShown = 30

    private static func dates(of election: PublicElection, isOpen: Bool, _ language: PageLanguage) -> [String: Any] {
        func moment(_ moment: Instant) -> String { PageNumbers.moment(moment, zone: election.timeZone, language) }
        var values: [String: Any] = [
            "name": election.name, "date": PageNumbers.day(election.date, language), "receipt": moment(election.receipt),
            "closes": moment(election.linksClose),
            "closes_label": PageTexts.sentence(isOpen ? "home_closes" : "home_closed_on", language),
            "zone": PageTexts.sentence("way_zone", language, ["zone": PageNumbers.zone(election.timeZone, language)])
        ]
        if let overseas = election.receiptOverseas { values["overseas"] = moment(overseas) }
        if !election.postmark.isEmpty { values["postmark"] = PageNumbers.day(election.postmark, language) }
        return values
    }

    /// A page of headings and paragraphs, the same for everybody.
    enum Statement: String {
        case accessibility, privacy
        case newLink = "new_link"

        /// The keys of each part: its heading, if it has one, and its paragraphs.
        fileprivate var parts: [(head: String?, body: [String])] {
            switch self {
            case .accessibility:
                [
                    (nil, ["accessibility_aim", "accessibility_how"]), ("accessibility_packet", ["accessibility_packet_body"]),
                    ("accessibility_help", ["accessibility_help_body"])
                ]
            case .newLink:
                [
                    (nil, ["new_link_letter", "new_link_mailed"]), ("new_link_none", ["new_link_none_body"])
                ]
            case .privacy:
                [
                    (nil, ["privacy_vote"]), ("privacy_kept", ["privacy_kept_body", "privacy_tries"]),
                    ("privacy_not", ["privacy_not_body", "privacy_cookie"]), ("privacy_who", ["privacy_who_body"])
                ]
            }
        }
    }

    /// One of the statements.
    func statement(_ call: Call, _ statement: Statement) async throws -> Response {
        let notice = try await notices.notice()
        let language = call.language
        return page(
            .ok,
            notices.page("\(statement.rawValue) \(language.tag) \(call.query)", notice: notice) {
                let parts = statement.parts.map { part -> [String: Any] in
                    var values: [String: Any] = ["body": part.body.map { PageTexts.sentence($0, language) }]
                    if let head = part.head { values["head"] = PageTexts.sentence(head, language) }
                    return values
                }
                return pages.render(
                    .statement, title: PageTexts.sentence("\(statement.rawValue)_title", language), ["parts": parts, "query": call.query],
                    language: language, notice: notice, languages: true)
            }, for: call.head)
    }

    /// The office's certificate. Nobody must be known to fetch it: it says nothing about any voter.
    func authority(_ call: Call) async throws -> Response {
        let certificate = try await notices.notice().authority
        guard !certificate.isEmpty else { return await missing(call) }
        let fields = headers.with([
            .contentType: "application/x-pem-file", .contentDisposition: "attachment; filename=\"office-ca.pem\""
        ])
        return Response(status: .ok, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(string: certificate)))
    }

    /// Whom to tell of a weakness: who the settings name, or the office (RFC 9116).
    func securityText(_ call: Call) async -> Response {
        let notice = (try? await notices.notice()) ?? PublicNotice()
        let contact = securityContact ?? (notice.email.isEmpty ? nil : "mailto:\(notice.email)")
        guard let contact else { return await missing(call) }
        return text(
            SiteFiles.security(contact: contact, site: publicURL, languages: languages.all.map(\.tag), now: clock.now()),
            "text/plain; charset=utf-8")
    }

    /// A small file with the site's headers.
    func text(_ content: String, _ type: String) -> Response {
        Response(status: .ok, headers: headers.with([.contentType: type]), body: ResponseBody(byteBuffer: ByteBuffer(string: content)))
    }
}

/// The small files that programs ask a site for.
package enum SiteFiles {
    /// Nothing of a voter's is for programs that walk the Web (RFC 9309). The rest says `noindex` itself, which they only see if they may look.
    package static let robots = """
        User-agent: *
        Disallow: /b/
        Disallow: /ballot
        Disallow: /t

        """

    /// An envelope with a check mark, in colours that are seen on light and dark.
    package static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="1" y="5" width="30" height="22" rx="3" fill="#0b4f8a"/>\
        <path d="M3 8l13 9 13-9" fill="none" stroke="#fff" stroke-width="2"/>\
        <path d="M10 20l4 4 8-9" fill="none" stroke="#ffd24a" stroke-width="3"/></svg>
        """

    /// `security.txt` (RFC 9116).
    ///
    /// - Parameter contact: an address, `mailto:` or `https:`.
    package static func security(contact: String, site: String, languages: [String], now: Instant) -> String {
        // By the day, so that it does not change with every look; RFC 9116 wants less than a year.
        let expires = now.adding(seconds: 180 * 86_400).civilDate(in: .gmt)
        return """
            Contact: \(contact)
            Expires: \(expires)T00:00:00Z
            Preferred-Languages: \(languages.joined(separator: ", "))
            Canonical: \(site)/.well-known/security.txt

            """
    }
}
