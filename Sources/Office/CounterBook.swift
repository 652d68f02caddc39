import Elections
import Storage

extension Office {
    /// Brings the books and the counter up to each other: the counter's events into the journal, the office's steps into the voters'
    /// timelines. Cheap when nothing happened; every command and the office process call it.
    package func catchUp() throws {
        try CounterBook(self).copyEvents()
        try CounterBook(self).publishSteps()
    }
}

/// Between the two databases: each direction has a mark, moved in the transaction that records what was taken over, so that everything
/// arrives exactly once however often we crash.
struct CounterBook {
    private let office: Office
    private static let chunk = 500
    /// How many seconds the counter's clock may be off ours.
    private static let clockTolerance: Int64 = 600

    init(_ office: Office) { self.office = office }

    private struct Event {
        let seq: Int64
        let at: Instant
        let kind: String
        let ballot: [UInt8]
        let link: [UInt8]
    }

    /// Copies the counter's events into the journal, in their order. An event that cannot have happened (a claim on a link we never made, a
    /// delivery without a claim) is refused: journalled as such and put on the exception list, and it changes nothing.
    func copyEvents() throws {
        while true {
            let known = try office.books.read {
                try $0.first("SELECT events_known FROM office WHERE id = 1") { try $0.integer("events_known") }
            }
            let events = try office.counter.read { transaction in
                try transaction.all(
                    // Whoever holds the counter can write anything there: what is of another kind reads as nothing and is refused below.
                    """
                    SELECT seq, CASE typeof(at) WHEN 'integer' THEN at ELSE -1 END AS at,
                        CASE typeof(kind) WHEN 'text' THEN kind ELSE '' END AS kind,
                        CASE typeof(ballot) WHEN 'blob' THEN ballot ELSE zeroblob(1) END AS ballot,
                        CASE typeof(link) WHEN 'blob' THEN link ELSE zeroblob(1) END AS link
                    FROM counter_event WHERE seq > $1 ORDER BY seq LIMIT \(Self.chunk)
                    """,
                    .integer(known ?? 0)
                ) { row in
                    Event(
                        seq: try row.integer("seq"), at: Instant(milliseconds: try row.integer("at")), kind: try row.text("kind"),
                        ballot: try row.blob("ballot"), link: try row.blob("link"))
                }
            }
            guard let last = events.last else { return }
            try office.books.write { transaction in
                // Somebody else may have copied them since we looked.
                let mark = try transaction.count("SELECT events_known FROM office WHERE id = 1")
                for event in events where event.seq > Int64(mark) { try take(event, in: transaction) }
                try transaction.execute(
                    "UPDATE office SET events_known = max(events_known, $1) WHERE id = 1", .integer(last.seq))
            }
            if events.count < Self.chunk { return }
        }
    }

    private func take(_ event: Event, in transaction: Transaction) throws {
        let madeAt = try transaction.first(
            "SELECT made_at FROM link WHERE id = $1 AND ballot = $2", .blob(event.link), .blob(event.ballot)
        ) { try $0.integer("made_at") }
        guard let madeAt else { return try refuse(event, "it names a link that this office did not make", in: transaction) }
        // The counter's clock may be another machine's, but not by more than minutes.
        let latest = office.clock.now().adding(seconds: Self.clockTolerance).milliseconds
        guard event.at.milliseconds >= madeAt - Self.clockTolerance * 1000, event.at.milliseconds <= latest else {
            return try refuse(event, "it is dated before its link was made, or ahead of time", in: transaction)
        }
        let facts: [String: JSONValue] = [
            "link": .string(hex(event.link)), "counter_seq": .integer(event.seq), "counter_at": .string(event.at.rfc3339)
        ]
        switch event.kind {
        case "retired":
            let owner = try transaction.first("SELECT election, voter FROM ballot WHERE id = $1", .blob(event.ballot)) {
                (election: try $0.integer("election"), voter: try $0.integer("voter"))
            }
            try Journal.append(
                [JournalEntry(.linkRetired, election: owner?.election, voter: owner?.voter, ballot: event.ballot, facts: facts)],
                at: office.clock.now(), in: transaction)
            if let owner {
                try ExceptionList.add(
                    .linkRetired, voter: owner.voter, election: owner.election,
                    detail: "Too many wrong answers: the link opens nothing any more. Make a new one when you have reached the voter.",
                    at: office.clock.now(), in: transaction)
            }
        case "claimed", "delivered":
            guard let kind = EventKind(rawValue: event.kind) else { return }
            // A delivery needs a claim before it, on a link of the same ballot.
            if case .impossible(let status) = try BallotBook.record(kind, ballot: event.ballot, at: event.at, facts: facts, in: transaction)
            {
                try refuse(event, "the ballot is \(status.rawValue)", in: transaction)
            }
        default: try refuse(event, "its kind is unknown", in: transaction)
        }
    }

    private func refuse(_ event: Event, _ why: String, in transaction: Transaction) throws {
        let owner = try transaction.first("SELECT election, voter FROM ballot WHERE id = $1", .blob(event.ballot)) {
            (election: try $0.integer("election"), voter: try $0.integer("voter"))
        }
        try Journal.append(
            [
                JournalEntry(
                    .counterEventRefused, election: owner?.election, voter: owner?.voter,
                    facts: [
                        "counter_kind": .string(event.kind), "counter_seq": .integer(event.seq),
                        "counter_ballot": .string(hex(event.ballot)),
                        "why": .string(why)
                    ])
            ], at: office.clock.now(), in: transaction)
        if let owner {
            try ExceptionList.add(
                .counterEvent, voter: owner.voter, election: owner.election,
                detail: "The counter reported \"\(event.kind)\", which cannot have happened: \(why).", at: office.clock.now(),
                in: transaction)
        }
    }

    /// Writes the office's steps to the timelines at the counter. Their number is the journal's, so writing one twice changes nothing.
    func publishSteps() throws {
        let published: [EventKind] = [.letterSent, .linkReplaced, .received, .held, .accepted, .rejected, .reversed, .replaced, .cancelled]
        let words = published.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        while true {
            let (rows, last) = try office.books.read { transaction in
                let known = Int64(try transaction.count("SELECT steps_known FROM office WHERE id = 1"))
                let end = Int64(try transaction.count("SELECT max(seq) FROM journal"))
                let rows = try transaction.all(
                    """
                    SELECT seq, at, kind, ballot, canonical FROM journal
                    WHERE seq > $1 AND kind IN (\(words)) AND ballot IS NOT NULL ORDER BY seq LIMIT \(Self.chunk)
                    """, .integer(known)
                ) { row in
                    (
                        seq: try row.integer("seq"), at: try happened(row), kind: try row.text("kind"), ballot: try row.blob("ballot"),
                        reason: try reason(row, in: transaction)
                    )
                }
                let mark = rows.count < Self.chunk ? end : rows[rows.count - 1].seq
                return (rows, mark > known ? mark : nil)
            }
            guard let last else { return }
            if !rows.isEmpty {
                try office.counter.write { transaction in
                    for row in rows {
                        try transaction.execute(
                            "INSERT INTO step (ballot, seq, kind, at, sealed) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                            .blob(row.ballot), .integer(row.seq), .text(row.kind), .integer(row.at), .blob(orNull: row.reason))
                    }
                }
            }
            // If we crash here, the same steps are written again, to no effect.
            try office.books.write { transaction in
                try transaction.execute("UPDATE office SET steps_known = max(steps_known, $1) WHERE id = 1", .integer(last))
            }
            if rows.count < Self.chunk { return }
        }
    }

    /// When a step happened, for its voter: an envelope came when it came, not when somebody got round to scanning it.
    private func happened(_ row: ResultRow) throws -> Int64 {
        let written = try row.integer("at")
        guard try row.text("kind") == EventKind.received.rawValue else { return written }
        let came = try JSONValue.parse(try row.blob("canonical"))["received_at"]?.stringValue.flatMap(Instant.init(rfc3339:))
        return came?.milliseconds ?? written
    }

    /// Why a ballot was rejected, sealed for the holder of the tracking code.
    private func reason(_ row: ResultRow, in transaction: Transaction) throws -> [UInt8]? {
        guard try row.text("kind") == EventKind.rejected.rawValue else { return nil }
        let ballot = try row.blob("ballot")
        let facts = try JSONValue.parse(try row.blob("canonical"))
        guard let text = office.openNote(facts["reason"], ballot: ballot) else { return nil }
        let secrets = try transaction.first("SELECT key_id, sealed FROM ballot WHERE id = $1", .blob(ballot)) {
            try BallotSecrets(sealed: try $0.blob("sealed"), keyID: try $0.text("key_id"), ballot: ballot, keys: office.rollKeys)
        }
        return secrets.map { TrackingSecret($0.trackingCode).seal(text, ballot: ballot) }
    }
}
