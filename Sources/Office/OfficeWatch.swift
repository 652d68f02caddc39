import Elections
package import Logging
import Storage
import Synchronization

/// Looks at what comes into the journal and at what the site counts, and says in the log what somebody should look at.
package final class OfficeWatch: Sendable {
    /// What is worth a warning.
    enum Alert: String, CaseIterable {
        case linksRetired = "links_retired"
        case impossibleEvents = "impossible_counter_events"
        case foreignClaims = "events_outside_any_batch"
        case wrongAnswers = "many_wrong_answers"
        case manyLinks = "one_address_on_many_links"

        var sentence: String {
            switch self {
            case .linksRetired: "alert: links were retired after too many wrong answers; somebody may be guessing"
            case .impossibleEvents: "alert: the counter reported what cannot have happened; run `uocava audit`"
            case .foreignClaims: "alert: the counter reported claims on links of no batch; run `uocava audit`"
            case .wrongAnswers: "alert: unusually many answers are refused at the site"
            case .manyLinks: "alert: many links were tried from one address; the site's log names it"
            }
        }

        var help: String {
            switch self {
            case .linksRetired: "Links that were retired after too many wrong answers."
            case .impossibleEvents: "Events that the counter reported and that cannot have happened."
            case .foreignClaims: "Times that the counter reported events on links of no batch of this office."
            case .wrongAnswers: "Ten-minute spans with unusually many refused answers."
            case .manyLinks: "Addresses from which many different links were tried."
            }
        }
    }

    private struct State {
        var journal: Int64?
        var totals: [Alert: Int] = [:]
        var span: (start: Instant, right: Int, refused: Int, isTold: Bool)?
        var manyLinks: Int?
    }

    private let state = Mutex(State())
    /// Refused answers in ten minutes from which on it is worth a word, if they are also more than a fifth of the right ones: an honest crowd
    /// mistypes, too.
    private static let fewRefused = 50
    private static let spanSeconds: Int64 = 600
    /// No site counts further; beyond it we could not reckon with it.
    private static let most: Int64 = 1_000_000_000_000

    /// A watch that has seen nothing; what was there before it is no news.
    package init() {}

    /// Looks once, and warns of what is new.
    ///
    /// - Throws: what is wrong with the books; a counter that cannot be read is somebody else's news.
    package func look(at office: Office, _ logger: Logger) throws {
        let from = state.withLock { $0.journal }
        let (last, retired, impossible, foreign) = try office.books.read { transaction -> (Int64, Int, Int, Int) in
            let last = Int64(try transaction.count("SELECT ifnull(max(seq), 0) FROM journal"))
            guard let from, last > from else { return (last, 0, 0, 0) }
            func count(_ condition: String) throws -> Int {
                try transaction.count("SELECT count(*) FROM journal WHERE seq > $1 AND \(condition)", .integer(from))
            }
            return (
                last, try count("kind = 'link_retired'"), try count("kind = 'counter_event_refused' AND ballot IS NOT NULL"),
                try count("kind = 'counter_event_refused' AND ballot IS NULL")
            )
        }
        var news: [(Alert, Int)] = [(.linksRetired, retired), (.impossibleEvents, impossible), (.foreignClaims, foreign)]
        if let tallies = try? Self.tallies(of: office) {
            news += state.withLock { Self.judge(tallies, at: office.clock.now(), &$0) }
        }
        news = news.filter { $0.1 > 0 }
        state.withLock { state in
            state.journal = last
            for (alert, count) in news { state.totals[alert, default: 0] += count }
        }
        for (alert, count) in news { logger.warning("\(alert.sentence)", metadata: ["count": "\(count)"]) }
    }

    private static func judge(_ tallies: [String: Int], at now: Instant, _ state: inout State) -> [(Alert, Int)] {
        var news: [(Alert, Int)] = []
        let right = tallies[SiteTally.Kind.answersRight.rawValue] ?? 0
        let refused = tallies[SiteTally.Kind.answersRefused.rawValue] ?? 0
        let many = tallies[SiteTally.Kind.addressesOnManyLinks.rawValue] ?? 0
        if let before = state.manyLinks, many > before { news.append((.manyLinks, many - before)) }
        state.manyLinks = many
        if let span = state.span, now.milliseconds - span.start.milliseconds < spanSeconds * 1000, now >= span.start,
            refused >= span.refused
        {
            let (newRight, newRefused) = (right - span.right, refused - span.refused)
            if !span.isTold, newRefused >= fewRefused, newRefused * 5 > newRight {
                news.append((.wrongAnswers, newRefused))
                state.span?.isTold = true
            }
        } else {
            state.span = (now, right, refused, false)
        }
        return news
    }

    /// What the site has counted so far, by name. Whoever holds the counter can write anything there: only what we know is read.
    private static func tallies(of office: Office) throws -> [String: Int] {
        let rows = try office.readCounter { counter in
            try counter.all(
                """
                SELECT substr(CAST(name AS TEXT), 1, 40) AS name, CASE typeof(count) WHEN 'integer' THEN min(max(count, 0), \(most)) ELSE 0 END AS count
                FROM tally LIMIT 100
                """
            ) { (name: try $0.text("name"), count: Int(try $0.integer("count"))) }
        }
        return Dictionary(rows.filter { SiteTally.Kind(rawValue: $0.name) != nil }.map { ($0.name, $0.count) }) { first, _ in first }
    }

    // MARK: Metrics

    /// The office's numbers as Prometheus reads them (text format 0.0.4): no names, no codes, no addresses.
    ///
    /// - Throws: what is wrong with the books.
    package func metrics(of office: Office) throws -> String {
        var page = MetricsPage()
        try office.books.read { transaction in
            page.add("uocava_ballots", .gauge, "Ballots by election and status.")
            try transaction.forEach(
                """
                SELECT e.code, b.status, count(*) AS count FROM ballot b JOIN election e ON e.id = b.election GROUP BY e.id, b.status
                ORDER BY e.id, b.status
                """
            ) { try page.add(["election": $0.text("code"), "status": $0.text("status")], $0.integer("count")) }
            page.add("uocava_letters", .gauge, "Letters by kind and state.")
            try transaction.forEach("SELECT kind, state, count(*) AS count FROM letter GROUP BY kind, state ORDER BY kind, state") {
                try page.add(["kind": $0.text("kind"), "state": $0.text("state")], $0.integer("count"))
            }
            page.add("uocava_exceptions", .gauge, "Open lines of the list of what a person must look at.")
            try transaction.forEach(
                "SELECT kind, count(*) AS count FROM exception WHERE cleared_at IS NULL GROUP BY kind ORDER BY kind"
            ) { try page.add(["kind": $0.text("kind")], $0.integer("count")) }
            page.add("uocava_journal_rows", .counter, "Rows of the journal.")
            page.add([:], Int64(try transaction.count("SELECT ifnull(max(seq), 0) FROM journal")))
            page.add("uocava_mail_paused", .gauge, "1 while somebody has stopped all letters.")
            page.add([:], Int64(try transaction.count("SELECT count(*) FROM office WHERE mail_paused_at IS NOT NULL")))
        }
        let known = Int64(try office.books.read { try $0.count("SELECT events_known FROM office WHERE id = 1") })
        let behind = try? office.readCounter { Int64(try $0.count("SELECT count(*) FROM counter_event WHERE seq > \(known)")) }
        page.add("uocava_counter_up", .gauge, "1 while the counter's database can be read.")
        page.add([:], behind == nil ? 0 : 1)
        if let behind {
            page.add("uocava_counter_events_waiting", .gauge, "Events at the counter that are not in the journal yet.")
            page.add([:], behind)
        }
        let tallies = (try? Self.tallies(of: office)) ?? [:]
        for kind in SiteTally.Kind.allCases {
            page.add("uocava_site_\(kind.rawValue)_total", .counter, kind.help)
            page.add([:], Int64(tallies[kind.rawValue] ?? 0))
        }
        page.add("uocava_alerts_total", .counter, "Warnings since the office process began, by what they warn of.")
        let totals = state.withLock { $0.totals }
        for alert in Alert.allCases { page.add(["alert": alert.rawValue], Int64(totals[alert] ?? 0)) }
        return page.text
    }
}

/// A page in Prometheus' text format.
struct MetricsPage {
    private(set) var text = ""
    private var name = ""

    enum Kind: String {
        case gauge, counter
    }

    /// Begins a metric.
    mutating func add(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// One value of the metric that was begun last.
    mutating func add(_ labels: KeyValuePairs<String, String>, _ value: Int64) {
        let marks = labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        text += "\(name)\(marks.isEmpty ? "" : "{\(marks)}") \(value)\n"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
