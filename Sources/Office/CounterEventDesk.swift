import Elections
import Storage

/// A change at the counter, as the counter tells of it.
struct CounterEvent {
    let seq: Int64
    let at: Instant
    /// `claimed`, `delivered`, `retired`; empty for anything else.
    let kind: String
    let ballot: [UInt8]
    let link: [UInt8]

    /// What the counter can honestly tell of.
    static let kinds = ["claimed", "delivered", "retired"]

    /// Whoever holds the counter can write anything there: what is of another kind or size reads as nothing, and is refused.
    private static let columns = """
        seq, CASE typeof(at) WHEN 'integer' THEN at ELSE -1 END AS at,
        CASE WHEN typeof(kind) = 'text' AND kind IN ('claimed', 'delivered', 'retired') THEN kind ELSE '' END AS kind,
        CASE WHEN typeof(ballot) = 'blob' AND length(ballot) = 16 THEN ballot ELSE zeroblob(1) END AS ballot,
        CASE WHEN typeof(link) = 'blob' AND length(link) = 16 THEN link ELSE zeroblob(1) END AS link
        """

    private init(_ row: ResultRow) throws {
        seq = try row.integer("seq")
        at = Instant(milliseconds: try row.integer("at"))
        kind = try row.text("kind")
        ballot = try row.blob("ballot")
        link = try row.blob("link")
    }

    /// The events that a condition on `$1` and what follows it select.
    static func list(_ condition: String, _ value: Int64, in counter: Transaction) throws -> [CounterEvent] {
        try counter.all("SELECT \(columns) FROM counter_event WHERE \(condition)", .integer(value), decode: CounterEvent.init)
    }

    /// Every event, in the order of their numbers.
    static func forEach(in counter: Transaction, _ body: (CounterEvent) throws -> Void) throws {
        try counter.forEach("SELECT \(columns) FROM counter_event ORDER BY seq") { try body(CounterEvent($0)) }
    }
}

/// Judges the counter's events and takes those over that can have happened.
///
/// A link is claimed once and retired once, but not both; a ballot is delivered once, on a link that was claimed. What was taken or refused
/// before is looked up in the journal by the ballot, so it does not matter which number an event has. A refusal is journalled once for each
/// of our links and kinds; events on links that are not ours are counted, and make at most one of a thousand rows of the journal: nobody
/// can fill it.
struct CounterEventDesk {
    private let office: Office
    private let transaction: Transaction
    private var told: [[UInt8]: Told] = [:]
    private var foreign = 0
    private var firstForeign: Int64 = 0

    private static let rowsBetweenNotes = 1000

    init(_ office: Office, _ transaction: Transaction) {
        self.office = office
        self.transaction = transaction
    }

    enum Verdict: Equatable {
        /// It is news, and can have happened.
        case takes
        /// The journal has it.
        case known
        /// It names no link of ours.
        case foreign
        case refuses(String)
    }

    /// What the journal tells of a ballot's events: by kind and link, the number at the counter.
    private struct Told {
        var taken: [String: [[UInt8]: Int64]] = [:]
        var refused: Set<String> = []
    }

    private static func refusal(_ event: CounterEvent) -> String { "\(event.kind) \(hex(event.link))" }

    // MARK: Judging

    mutating func verdict(_ event: CounterEvent) throws -> Verdict {
        let link = try transaction.first(
            "SELECT made_at, ended_at FROM link WHERE id = $1 AND ballot = $2", .blob(event.link), .blob(event.ballot)
        ) { (made: try $0.integer("made_at"), ended: try $0.optionalInteger("ended_at")) }
        guard let link else { return .foreign }
        let told = try known(of: event.ballot)
        let same = told.taken[event.kind]?[event.link]
        if same == event.seq { return .known }
        guard CounterEvent.kinds.contains(event.kind) else { return .refuses("its kind is unknown") }
        // The counter's clock may be another machine's, but not by more than minutes.
        let tolerance = Counter.clockTolerance * 1000
        let at = event.at.milliseconds
        guard at >= link.made - tolerance, at <= office.clock.now().milliseconds + tolerance else {
            return .refuses("it is dated before its link was made, or ahead of time")
        }
        if same != nil { return .refuses("it was told before") }
        let isClaimed = told.taken["claimed"]?[event.link] != nil
        switch event.kind {
        case "claimed":
            if told.taken["retired"]?[event.link] != nil { return .refuses("the link was retired") }
            if let ended = link.ended, at > ended + tolerance { return .refuses("the link was replaced before") }
        case "retired":
            if isClaimed { return .refuses("the link was claimed") }
        default:
            if told.taken["delivered"] != nil { return .refuses("it was told before") }
            if !isClaimed { return .refuses("the link was not claimed") }
        }
        return .takes
    }

    private mutating func known(of ballot: [UInt8]) throws -> Told {
        if let known = told[ballot] { return known }
        var known = Told()
        try transaction.forEach(
            """
            SELECT kind, canonical FROM journal
            WHERE ballot = $1 AND kind IN ('claimed', 'delivered', 'link_retired', 'counter_event_refused')
            """, .blob(ballot)
        ) { row in
            guard let facts = try? JSONValue.parse(try row.blob("canonical")), let seq = facts["counter_seq"]?.integerValue,
                let text = facts["link"]?.stringValue, let link = bytes(hex: text)
            else { return }
            switch try row.text("kind") {
            case "counter_event_refused": known.refused.insert("\(facts["counter_kind"]?.stringValue ?? "") \(text)")
            case "link_retired": known.taken["retired", default: [:]][link] = seq
            case let kind: known.taken[kind, default: [:]][link] = seq
            }
        }
        told[ballot] = known
        return known
    }

    // MARK: Taking

    /// Takes an event over, or refuses it.
    mutating func take(_ event: CounterEvent) throws {
        switch try verdict(event) {
        case .known: break
        case .foreign:
            if foreign == 0 { firstForeign = event.seq }
            foreign += 1
        case .refuses(let why): try refuse(event, why)
        case .takes:
            let facts: [String: JSONValue] = [
                "link": .string(hex(event.link)), "counter_seq": .integer(event.seq), "counter_at": .string(event.at.rfc3339)
            ]
            if event.kind == "retired" {
                try retire(event, facts)
            } else if let kind = EventKind(rawValue: event.kind),
                case .impossible(let status) = try BallotBook.record(
                    kind, ballot: event.ballot, at: event.at, facts: facts, in: transaction)
            {
                return try refuse(event, "the ballot is \(status.rawValue)")
            } else if event.kind == "claimed", let owner = try owner(of: event.ballot) {
                // Whoever opened the ballot got the letter, whatever the relay said of it, and whoever tried another link before.
                try ExceptionList.clear(
                    [.letterRefused, .letterBounced, .linkRetired], voter: owner.voter, election: owner.election, at: office.clock.now(),
                    in: transaction)
            }
            told[event.ballot]?.taken[event.kind, default: [:]][event.link] = event.seq
        }
    }

    private func owner(of ballot: [UInt8]) throws -> (election: Int64, voter: Int64)? {
        try transaction.first("SELECT election, voter FROM ballot WHERE id = $1", .blob(ballot)) {
            (election: try $0.integer("election"), voter: try $0.integer("voter"))
        }
    }

    private func retire(_ event: CounterEvent, _ facts: [String: JSONValue]) throws {
        guard let owner = try owner(of: event.ballot) else { return }
        try Journal.append(
            [JournalEntry(.linkRetired, election: owner.election, voter: owner.voter, ballot: event.ballot, facts: facts)],
            at: office.clock.now(), in: transaction)
        try ExceptionList.add(
            .linkRetired, voter: owner.voter, election: owner.election,
            detail: "Too many wrong answers: the link opens nothing any more. A new one is mailed where that can be.",
            at: office.clock.now(), in: transaction)
    }

    private mutating func refuse(_ event: CounterEvent, _ why: String) throws {
        guard told[event.ballot]?.refused.insert(Self.refusal(event)).inserted == true, let owner = try owner(of: event.ballot) else {
            return
        }
        try Journal.append(
            [
                JournalEntry(
                    .counterEventRefused, election: owner.election, voter: owner.voter, ballot: event.ballot,
                    facts: [
                        "counter_kind": .string(event.kind), "counter_seq": .integer(event.seq), "link": .string(hex(event.link)),
                        "why": .string(why)
                    ])
            ], at: office.clock.now(), in: transaction)
        let word = event.kind.isEmpty ? "something unknown" : "\"\(event.kind)\""
        try ExceptionList.add(
            .counterEvent, voter: owner.voter, election: owner.election,
            detail: "The counter reported \(word), which cannot have happened: \(why).", at: office.clock.now(), in: transaction)
    }

    /// Writes down that there were events on links that are not ours. Call it once, behind the last event.
    func finish() throws {
        guard foreign > 0 else { return }
        let recent = try transaction.count(
            """
            SELECT count(*) FROM journal WHERE seq > (SELECT max(seq) FROM journal) - \(Self.rowsBetweenNotes)
                AND kind = 'counter_event_refused' AND ballot IS NULL
            """)
        guard recent == 0 else { return }
        try Journal.append(
            [
                JournalEntry(
                    .counterEventRefused,
                    facts: [
                        "events": .number(foreign), "first": .integer(firstForeign),
                        "why": "they name links that this office did not make; more of them may follow without a row of their own"
                    ])
            ], at: office.clock.now(), in: transaction)
    }
}
