import Elections
import Storage

extension Office {
    /// Brings the books and the counter up to each other: the counter's events into the journal, the office's steps into the voters'
    /// timelines. Cheap when nothing happened; every command and the office process call it.
    ///
    /// - Returns: why the counter could not be used, if so: the desks go on without its news.
    /// - Throws: only what is wrong with the books.
    @discardableResult
    package func catchUp() throws -> CounterTrouble? {
        if let trouble = door.recentlyBusy { return trouble }
        let book = CounterBook(self)
        var first: CounterTrouble?
        // A voter's timeline does not depend on the news of others: each is tried.
        for direction in [book.copyEvents, CounterTasks(self).run, book.publishSteps] {
            do { try direction() } catch let trouble as CounterTrouble {
                first = first ?? trouble
                // Who keeps the file locked costs one wait.
                if (trouble.cause as? StorageError)?.code == .busy { break }
            }
        }
        return door.note(first)
    }
}

/// Between the two databases: each direction has a mark, moved in the transaction that records what was taken over, so that everything
/// arrives exactly once however often we crash.
struct CounterBook {
    private let office: Office
    /// Events in one transaction of the books.
    private static let eventChunk = 1000
    /// Events in one call: who floods the counter must not keep a desk busy; the next call goes on.
    private static let mostEvents = 20_000
    private static let stepChunk = 500

    init(_ office: Office) { self.office = office }

    // MARK: The counter's events

    /// Copies the counter's events into the journal, in their order. An event that cannot have happened (a claim on a link we never made, a
    /// delivery without a claim) is refused and changes nothing.
    ///
    /// The mark is the number of the last event that was looked at. SQLite gives a new event a number above all that are there (AUTOINCREMENT),
    /// so behind a gap the mark goes on: what comes later is above it. Only where the event at the mark is gone, or is another than the one
    /// that was looked at, did somebody delete events and let the numbers begin anew: then everything is looked at again, and what the journal
    /// knows is passed over. So nobody can push the mark ahead of events to come. The audit names gaps and missing events.
    func copyEvents() throws {
        var left = Self.mostEvents
        var isFirst = true
        while left > 0 {
            let known = Int64(try office.books.read { try $0.count("SELECT events_known FROM office WHERE id = 1") })
            var start = known
            if isFirst, try !isAsLeft(at: known) { start = Int64.min }
            isFirst = false
            let events = try office.counter.read { try CounterEvent.list("seq > $1 ORDER BY seq LIMIT \(Self.eventChunk)", start, in: $0) }
            guard !events.isEmpty || start != known else { return }
            try office.books.write { transaction in
                // Somebody else may have copied them since we looked: then we look again.
                guard Int64(try transaction.count("SELECT events_known FROM office WHERE id = 1")) == known else { return }
                var desk = CounterEventDesk(office, transaction)
                for event in events { try desk.take(event) }
                try desk.finish()
                try transaction.execute("UPDATE office SET events_known = $1 WHERE id = 1", .integer(max(events.last?.seq ?? 0, 0)))
            }
            left -= max(events.count, 1)
            if events.count < Self.eventChunk { return }
        }
    }

    /// Whether the event at the mark still is one that was looked at.
    private func isAsLeft(at known: Int64) throws -> Bool {
        guard known > 0 else { return true }
        guard let event = try office.counter.read({ try CounterEvent.list("seq = $1", known, in: $0).first }) else { return false }
        return try office.books.read { transaction in
            var desk = CounterEventDesk(office, transaction)
            return try desk.verdict(event) != .takes
        }
    }

    // MARK: The office's steps

    /// What the voters' timelines tell of the office's work.
    static let published: [EventKind] = [
        .letterSent, .linkReplaced, .received, .held, .accepted, .rejected, .reversed, .replaced, .cancelled
    ]

    /// A step of a timeline.
    struct Step {
        let seq: Int64
        let at: Int64
        let kind: String
        let ballot: [UInt8]
        /// Nil where there is none.
        let reason: String?
    }

    /// The journal's steps behind a row, in their order.
    func steps(after position: Int64, upTo end: Int64 = .max, limit: Int, in books: Transaction) throws -> [Step] {
        let words = Self.published.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try books.all(
            """
            SELECT seq, at, kind, ballot, canonical FROM journal
            WHERE seq > $1 AND seq <= $2 AND kind IN (\(words)) AND ballot IS NOT NULL ORDER BY seq LIMIT \(limit)
            """, .integer(position), .integer(end)
        ) { row in
            Step(
                seq: try row.integer("seq"), at: try happened(row), kind: try row.text("kind"), ballot: try row.blob("ballot"),
                reason: try reason(row))
        }
    }

    /// Writes the office's steps to the timelines at the counter. Their number is the journal's, so writing one twice changes nothing, and
    /// what somebody put there before makes way.
    func publishSteps() throws {
        while true {
            let (rows, last) = try office.books.read { transaction in
                let known = Int64(try transaction.count("SELECT steps_known FROM office WHERE id = 1"))
                let end = Int64(try transaction.count("SELECT max(seq) FROM journal"))
                let steps = try steps(after: known, limit: Self.stepChunk, in: transaction)
                let rows = try steps.map { ($0, try sealed($0, in: transaction)) }
                let mark = rows.count < Self.stepChunk ? end : steps[steps.count - 1].seq
                return (rows, mark > known ? mark : nil)
            }
            guard let last else { return }
            if !rows.isEmpty {
                try office.counter.write { transaction in
                    for (step, sealed) in rows {
                        try transaction.execute(
                            """
                            INSERT INTO step (ballot, seq, kind, at, sealed) VALUES ($1, $2, $3, $4, $5)
                            ON CONFLICT (ballot, seq) DO UPDATE SET kind = excluded.kind, at = excluded.at, sealed = excluded.sealed
                            """,
                            .blob(step.ballot), .integer(step.seq), .text(step.kind), .integer(step.at), .blob(orNull: sealed))
                    }
                }
            }
            // If we crash here, the same steps are written again, to no effect.
            try office.books.write { transaction in
                try transaction.execute("UPDATE office SET steps_known = max(steps_known, $1) WHERE id = 1", .integer(last))
            }
            if rows.count < Self.stepChunk { return }
        }
    }

    /// When a step happened, for its voter: an envelope came when it came, not when somebody got round to scanning it.
    private func happened(_ row: ResultRow) throws -> Int64 {
        let written = try row.integer("at")
        guard try row.text("kind") == EventKind.received.rawValue else { return written }
        let came = try JSONValue.parse(try row.blob("canonical"))["received_at"]?.stringValue.flatMap(Instant.init(rfc3339:))
        return came?.milliseconds ?? written
    }

    /// Why a ballot was rejected.
    private func reason(_ row: ResultRow) throws -> String? {
        guard try row.text("kind") == EventKind.rejected.rawValue else { return nil }
        return office.openNote(try JSONValue.parse(try row.blob("canonical"))["reason"], ballot: try row.blob("ballot"))
    }

    /// The reason, sealed for the holder of the tracking code.
    private func sealed(_ step: Step, in books: Transaction) throws -> [UInt8]? {
        guard let reason = step.reason else { return nil }
        return try tracking(step.ballot, in: books)?.seal(reason, ballot: step.ballot)
    }

    /// What the tracking code of a ballot opens.
    func tracking(_ ballot: [UInt8], in books: Transaction) throws -> TrackingSecret? {
        try books.first("SELECT key_id, sealed FROM ballot WHERE id = $1", .blob(ballot)) {
            try BallotSecrets(sealed: try $0.blob("sealed"), keyID: try $0.text("key_id"), ballot: ballot, keys: office.rollKeys)
        }.map { TrackingSecret($0.trackingCode) }
    }
}
