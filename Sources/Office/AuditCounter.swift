import Elections
import Storage

/// The counter's database against itself and against the books.
///
/// The books' moment is the older of the two: what the counter has beyond the marks in them is news, and no finding. Whoever controls the
/// public process writes there what he likes: every cell may be of any kind, and a part that cannot be read is a finding and stops no other.
final class CounterCheck {
    let office: Office
    let notes: Audit.Notes
    /// Steps that the counter got after the books' moment.
    var newestSteps: [(seq: Int64, ballot: [UInt8])] = []
    private var wasRefused = false
    private let canBeWalked: Bool

    /// - Parameter canBeWalked: whether a walk through its tables ends.
    init(_ office: Office, _ notes: Audit.Notes, canBeWalked: Bool) {
        self.office = office
        self.notes = notes
        self.canBeWalked = canBeWalked
    }

    func run(_ history: JournalCheck.History, _ books: Transaction) throws {
        guard canBeWalked else {
            notes.add(
                .growth, Audit.Database.counter.rawValue, "What it holds was not compared with the books, because its file is damaged.")
            return
        }
        let told = Told(history, eventsKnown: Int64(try books.count("SELECT events_known FROM office WHERE id = 1")))
        try part("events") { try checkEvents(history, told, books) }
        try part("links") { try checkLinks() }
        try part("links of the books") { try office.counter.read { try compareLinks(told, books, $0) } }
        try part("packets") { try office.counter.read { try comparePackets(told, books, $0) } }
        try part("deliveries") { try checkDeliveries() }
        try part("timelines") { try checkSteps(books) }
        try part("texts") { try checkTexts(books) }
        try part("wishes and counts") { try checkWishesAndCounts(books) }
    }

    /// What the journal tells of the counter's events, by what they are about.
    struct Told {
        /// The last event that the books looked at.
        let eventsKnown: Int64
        private(set) var claimedAt: [[UInt8]: Int64] = [:]
        private(set) var retired: Set<[UInt8]> = []
        /// By ballot.
        private(set) var deliveredAt: [[UInt8]: Int64] = [:]

        init(_ history: JournalCheck.History, eventsKnown: Int64) {
            self.eventsKnown = eventsKnown
            for event in history.counterEvents.values where !event.isRefused {
                switch event.kind {
                case "claimed": claimedAt[event.link] = event.at
                case "retired": retired.insert(event.link)
                default: deliveredAt[event.ballot] = event.at
                }
            }
        }
    }

    /// Does one part; where the counter cannot be read there, that is the finding.
    private func part(_ name: String, _ body: () throws -> Void) throws {
        do { try body() } catch let trouble as CounterTrouble {
            // What is foreign in the file is named by itself; once is enough to say what follows from it.
            if trouble.isForeign, wasRefused { return }
            wasRefused = wasRefused || trouble.isForeign
            notes.add(
                .growth, Audit.Database.counter.rawValue,
                trouble.isForeign
                    ? "What it holds was not compared with the books, because somebody changed its tables."
                    : "Its \(name) could not be compared with the books. \(trouble)")
        }
    }

    /// Lists the first of many findings of a kind and counts the others.
    struct Few {
        private var count = 0
        private static let most = 10

        mutating func isListed() -> Bool {
            count += 1
            return count <= Self.most
        }

        func finish(_ tell: (Int) -> Void) { if count > Self.most { tell(count - Self.most) } }
    }

    /// A whole number; anything but one reads as the lowest there is, which is never right.
    static func number(_ column: String, as name: String? = nil) -> String {
        let name = name ?? column.split(separator: ".").last.map(String.init) ?? column
        return "CASE typeof(\(column)) WHEN 'integer' THEN \(column) WHEN 'null' THEN NULL ELSE \(Int64.min + 1) END AS \(name)"
    }

    /// Bytes of an expected length; anything else reads as a single zero.
    static func bytes(_ column: String, _ length: Int, as name: String? = nil) -> String {
        let name = name ?? column.split(separator: ".").last.map(String.init) ?? column
        return "CASE WHEN typeof(\(column)) = 'blob' AND length(\(column)) = \(length) THEN \(column) ELSE zeroblob(1) END AS \(name)"
    }

    /// Any cell as hexadecimal digits, for a name.
    private static func name(_ column: String) -> String { "lower(hex(substr(\(column), 1, 16))) AS name" }

    // MARK: Events

    /// Events are numbered without gaps, each was taken over once, as it is, and none is there that cannot have happened.
    private func checkEvents(_ history: JournalCheck.History, _ told: Told, _ books: Transaction) throws {
        var missing = Set(history.counterEvents.keys)
        var expected: Int64 = 1
        var (gaps, forged) = (Few(), Few())
        var desk = CounterEventDesk(office, books)
        try office.counter.read { counter in
            try CounterEvent.forEach(in: counter) { event in
                let subject = "counter event \(event.seq)"
                if event.seq != expected, gaps.isListed() {
                    notes.add(
                        .growth, subject,
                        event.seq < expected ? "No event has such a number." : "Events before it are missing, from \(expected) on.")
                }
                expected = event.seq &+ 1
                missing.remove(event.seq)
                guard event.seq <= told.eventsKnown else { return }
                if let taken = history.counterEvents[event.seq], !taken.isRefused {
                    let same =
                        taken.kind == event.kind && taken.ballot == event.ballot && taken.link == event.link
                        && taken.at == event.at.milliseconds
                    if !same { notes.add(.growth, subject, "It was changed after the journal took it over.") }
                } else if history.counterEvents[event.seq] == nil, try desk.verdict(event) == .takes {
                    notes.add(.journal, subject, "The journal does not tell of it.")
                } else if forged.isListed() {
                    notes.add(
                        event.kind == "delivered" ? .delivery : .links, subject,
                        "It tells of what cannot have happened, and was refused: somebody wrote it into the counter's database.")
                }
            }
        }
        gaps.finish { notes.add(.growth, "counter events", "Their numbers have \($0) more gaps.") }
        forged.finish { notes.add(.links, "counter events", "\($0) more tell of what cannot have happened, and were refused.") }
        if let first = missing.min() {
            notes.add(
                .growth, "counter events",
                "\(counted(missing.count, "event")) that the journal took over \(missing.count == 1 ? "is" : "are") missing at the counter, "
                    + "the first has the number \(first).")
        }
    }

    // MARK: Links and deliveries by themselves

    /// One live link for a ballot, one visit for a link, and the state that goes with it.
    private func checkLinks() throws {
        try office.counter.read { transaction in
            try transaction.forEach(
                "SELECT \(Self.name("ballot")), count(*) AS n FROM link WHERE state = 'live' GROUP BY ballot HAVING count(*) > 1"
            ) { row in
                notes.add(.links, "ballot \(try row.text("name"))", "\(try row.integer("n")) links to it can be claimed.")
            }
            try transaction.forEach("SELECT \(Self.name("link")), count(*) AS n FROM visit GROUP BY link HAVING count(*) > 1") { row in
                notes.add(.links, "link \(try row.text("name"))", "It was claimed \(try row.integer("n")) times.")
            }
            try transaction.forEach(
                """
                SELECT \(Self.name("id")) FROM link l WHERE (state = 'claimed' AND NOT EXISTS (SELECT 1 FROM visit v WHERE v.link = l.id))
                    OR (state = 'live' AND EXISTS (SELECT 1 FROM visit v WHERE v.link = l.id))
                """
            ) { row in
                notes.add(.links, "link \(try row.text("name"))", "Its state and its visit contradict each other.")
            }
            try transaction.forEach(
                "SELECT seq FROM link WHERE typeof(id) <> 'blob' UNION ALL SELECT seq FROM packet WHERE typeof(ballot) <> 'blob'"
            ) { row in
                notes.add(.links, "row \(try row.integer("seq"))", "The counter has a link or a packet whose id is none.")
            }
        }
    }

    /// Delivered means: claimed, and the whole file was served.
    private func checkDeliveries() throws {
        try office.counter.read { transaction in
            var covered: Set<String> = []
            try transaction.forEach(
                """
                SELECT \(Self.name("l.ballot")), CASE typeof(s.ranges) WHEN 'text' THEN s.ranges ELSE '' END AS ranges, \(Self.number("p.length"))
                FROM served s JOIN link l ON l.id = s.link JOIN packet p ON p.ballot = l.ballot
                """
            ) { row in
                // The ZIP's length is not kept; it is longer than the PDF.
                let length = Int(try row.integer("length"))
                if length > 0, ServedRanges(text: try row.text("ranges")).covers(length) { covered.insert(try row.text("name")) }
            }
            try transaction.forEach(
                """
                SELECT \(Self.name("p.ballot")), p.delivered_at IS NOT NULL AS delivered,
                    (SELECT count(*) FROM counter_event e WHERE e.ballot = p.ballot AND e.kind = 'delivered') AS told
                FROM packet p WHERE p.delivered_at IS NOT NULL
                    OR EXISTS (SELECT 1 FROM counter_event e WHERE e.ballot = p.ballot AND e.kind = 'delivered')
                """
            ) { row in
                let name = try row.text("name")
                let told = try row.integer("told")
                let isMarked = try row.flag("delivered")
                if told != 1 || !isMarked {
                    notes.add(.delivery, "ballot \(name)", "It was delivered once, but the counter tells of it \(told) times.")
                } else if !covered.contains(name) {
                    notes.add(.delivery, "ballot \(name)", "It counts as delivered, but not all of it was served.")
                }
            }
        }
    }

    // MARK: What came meanwhile

    func noteForeignLink(_ name: String) { notes.add(.links, name, "The counter has it, and this office did not make it.") }

    func noteForeignPacket(_ name: String) { notes.add(.packet, name, "The counter has a packet of it, and this office did not issue it.") }

    /// Looks again at what the counter got meanwhile: while somebody is making links the books follow in a moment, and when nobody is, they
    /// have them, or a run of ours was interrupted, or nobody of ours made them. Call it outside of any transaction.
    func checkNewest() throws {
        try part("newest steps") { try checkNewestSteps() }
        guard canBeWalked, let issuing = try? office.lock("issue", busy: ""), let linking = try? office.lock("links", busy: "") else {
            return
        }
        defer { withExtendedLifetime((issuing, linking)) {} }
        try part("newest links") {
            let found = try Leftovers.find(in: office)
            for name in found.named.links { noteForeignLink(name) }
            for name in found.named.packets { noteForeignPacket(name) }
            let more = found.foreignLinks + found.foreignPackets - found.named.links.count - found.named.packets.count
            if more > 0 {
                notes.add(.links, Audit.Database.counter.rawValue, "It has \(more) more links or packets that this office did not make.")
            }
        }
    }
}
