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
        case refusedWishes = "wishes_refused"
        case impossibleCounts = "impossible_site_counts"

        var sentence: String {
            switch self {
            case .linksRetired: "alert: links were retired after too many wrong answers; somebody may be guessing"
            case .impossibleEvents: "alert: the counter reported what cannot have happened; run `uocava audit`"
            case .foreignClaims: "alert: the counter reported claims on links of no batch; run `uocava audit`"
            case .wrongAnswers: "alert: unusually many answers are refused at the site"
            case .manyLinks: "alert: many links were tried from one address; the site's log names it"
            case .refusedWishes:
                "alert: new links were asked for that no voter can have asked for, or too many for one ballot; run `uocava audit`"
            case .impossibleCounts:
                "alert: the site's counts are no counts, or went backwards: its database was changed by hand or put back from a copy; run `uocava audit`"
            }
        }

        var help: String {
            switch self {
            case .linksRetired: "Links that were retired after too many wrong answers."
            case .impossibleEvents: "Events that the counter reported and that cannot have happened."
            case .foreignClaims: "Times that the counter reported events on links of no batch of this office."
            case .wrongAnswers: "Ten-minute spans with unusually many refused answers."
            case .manyLinks: "Addresses from which many different links were tried."
            case .refusedWishes:
                "New links that were asked for and not made: on links of no batch, at impossible times, or too many for one ballot."
            case .impossibleCounts: "Times that the site's counts turned into what no site can have counted."
            }
        }
    }

    private struct State {
        var journal: Int64?
        var totals: [Alert: Int] = [:]
        var span: (start: Instant, right: Int, refused: Int, isTold: Bool)?
        var counts: [String: Int]?
        var countsAreFaulty = false
        var wishes: (refused: Int, toldAt: Instant?) = (0, nil)
    }

    private let state = Mutex(State())
    /// Refused answers in ten minutes from which on it is worth a word, if they are also more than a fifth of the right ones: an honest crowd
    /// mistypes, too.
    private static let fewRefused = 50
    private static let spanSeconds: Int64 = 600

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
        let now = office.clock.now()
        if let standing = try? office.counter.read({ try SiteTally.Standing(in: $0) }) {
            news += state.withLock { Self.judge(standing, at: now, &$0) }
        }
        news += state.withLock { Self.judgeWishes(at: now, &$0) }
        news = news.filter { $0.1 > 0 }
        state.withLock { state in
            state.journal = last
            // A span of refused answers is one, however many they were.
            for (alert, count) in news { state.totals[alert, default: 0] += [.wrongAnswers, .impossibleCounts].contains(alert) ? 1 : count }
        }
        for (alert, count) in news { logger.warning("\(alert.sentence)", metadata: ["count": "\(count)"]) }
    }

    /// Tells of wishes for new links that were refused; they are warned of at the next look, and then every ten minutes at most.
    package func refused(wishes: Int) { state.withLock { $0.wishes.refused += wishes } }

    private static func judgeWishes(at now: Instant, _ state: inout State) -> [(Alert, Int)] {
        let refused = state.wishes.refused
        if refused == 0 { return [] }
        if let told = state.wishes.toldAt, now >= told, now.milliseconds - told.milliseconds < spanSeconds * 1000 { return [] }
        state.wishes = (0, now)
        return [(.refusedWishes, refused)]
    }

    private static func judge(_ standing: SiteTally.Standing, at now: Instant, _ state: inout State) -> [(Alert, Int)] {
        var news: [(Alert, Int)] = []
        let tallies = standing.counts
        let backwards = (state.counts ?? [:]).count { name, count in (tallies[name] ?? 0) < count }
        let isFaulty = !standing.faults.isEmpty
        // What stays faulty is told once; a count that went backwards is told each time.
        if backwards > 0 || isFaulty, !state.countsAreFaulty || backwards > 0 {
            news.append((.impossibleCounts, max(backwards, standing.faults.count)))
        }
        state.countsAreFaulty = isFaulty
        let before = state.counts
        state.counts = tallies
        let right = tallies[SiteTally.Kind.answersRight.rawValue] ?? 0
        let refused = tallies[SiteTally.Kind.answersRefused.rawValue] ?? 0
        let many = tallies[SiteTally.Kind.addressesOnManyLinks.rawValue] ?? 0
        if let before, case let new = many - (before[SiteTally.Kind.addressesOnManyLinks.rawValue] ?? 0), new > 0 {
            news.append((.manyLinks, new))
        }
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
        let behind = try? office.counter.read {
            Int64(try $0.count("SELECT count(*) FROM (SELECT 1 FROM counter_event WHERE seq > \(known) LIMIT 1000000)"))
        }
        page.add("uocava_counter_up", .gauge, "1 while the counter's database can be read.")
        page.add([:], behind == nil ? 0 : 1)
        if let behind {
            page.add("uocava_counter_events_waiting", .gauge, "Events at the counter that are not in the journal yet.")
            page.add([:], behind)
        }
        let tallies = (try? office.counter.read { try SiteTally.Standing(in: $0) })?.counts ?? [:]
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
