import Elections
import Keys
import Storage

/// Walks the journal from its first row: numbers, hashes, columns, times; and folds it into what must be true now.
struct JournalCheck {
    private let notes: Audit.Notes

    init(_ notes: Audit.Notes) { self.notes = notes }

    /// What the journal tells.
    struct History {
        var ballots: [[UInt8]: Ballot] = [:]
        var basis = IssueBasis()
        var batches: [Int64: Batch] = [:]
        /// When rolls came in, by election.
        var rollTimes: [Int64: Set<Int64>] = [:]
        /// Open lines of the exception list: when each was opened, and how many lines there ever were.
        var exceptions: [Exception: Int64] = [:]
        var exceptionCount = 0
        /// The letters, by number.
        var letters: [Int64: Letter] = [:]
        var madeAsTest: Bool?
        /// Ballots that were sent outside of the program.
        var transmissions: Set<Transmission> = []
        /// What needed a second person, by row.
        var approvals: [Int64: Approval] = [:]
        /// Ballots that were asked for in place of others, by row.
        var replacements: [Int64: Replacement] = [:]
        /// The desk's accounts, by name.
        var accounts: [String: Account] = [:]
        /// The counter's events that were taken over, by number: kind, ballot, time.
        var counterEvents: [Int64: CounterEvent] = [:]

        struct Ballot {
            let election: Int64
            let voter: Int64
            let styleRow: Int64
            let base: [UInt8]
            let packet: [UInt8]
            let mailSerial: Int64?
            let supersedes: [UInt8]?
            let issuedAt: Int64
            var status: BallotStatus?
            var statusAt: Int64
            var envelope: Envelope?
            var delivered = false
        }

        /// Envelopes without a ballot of ours, by their rows.
        var pieces: [Int64: Envelope] = [:]

        struct Envelope {
            var voter: Int64?
            var kind = "ballot"
            let receivedAt: Int64
            let recordedAt: Int64
            var decision: String?
            var reason: String?
            var decidedAt: Int64?
        }

        struct Batch {
            var startedAt: Int64?
            var finishedAt: Int64?
            var issued: Int64 = 0
            var approval: Int64?
        }

        struct Exception: Hashable {
            let election: Int64
            let voter: Int64?
            let heldRow: Int64?
            let kind: String
        }

        struct CounterEvent {
            let kind: String
            let ballot: [UInt8]
            let link: [UInt8]
            let at: Int64
            /// Whether it could not have happened.
            let isRefused: Bool
        }
    }

    /// Rows are written by several processes on one clock; further back than this no honest row is dated.
    private static let toleranceMilliseconds: Int64 = 10 * 60 * 1000

    private struct Row {
        let seq: Int64
        let at: Int64
        let kind: String
        let election: Int64?
        let voter: Int64?
        let ballot: [UInt8]?
        let canonical: [UInt8]
        let hash: [UInt8]
    }

    func run(_ books: Transaction) throws -> History {
        var history = History()
        var expected: Int64 = 1
        var previous = Journal.beginning
        var latest: Int64 = 0
        try books.forEach("SELECT seq, at, kind, election, voter, ballot, canonical, hash FROM journal ORDER BY seq") { result in
            let row = Row(
                seq: try result.integer("seq"), at: try result.integer("at"), kind: try result.text("kind"),
                election: try result.optionalInteger("election"), voter: try result.optionalInteger("voter"),
                ballot: try result.optionalBlob("ballot"), canonical: try result.blob("canonical"), hash: try result.blob("hash"))
            let subject = "journal row \(row.seq)"
            if row.seq != expected {
                let gap = expected == row.seq - 1 ? "Row \(expected) is" : "Rows \(expected) to \(row.seq - 1) are"
                notes.add(.growth, subject, "\(gap) missing before it.")
            } else if Journal.link(after: previous, row.canonical) != row.hash {
                notes.add(.journal, subject, "It does not follow from the row before it: one of the two was changed.")
            }
            expected = row.seq + 1
            previous = row.hash
            let facts = (try? JSONValue.parse(row.canonical)) ?? .null
            check(row, facts, subject)
            // A claim is dated by the counter, when it happened, and comes over later.
            if facts["counter_at"] == nil {
                if row.at < latest - Self.toleranceMilliseconds {
                    notes.add(.journal, subject, "It is dated before rows that were written earlier.")
                }
                latest = max(latest, row.at)
            }
            fold(row, facts, subject, &history)
        }
        // The mark of what was published follows the journal's end and never goes back: rows cut off the end leave it behind.
        let known = Int64(try books.count("SELECT steps_known FROM office WHERE id = 1"))
        if known >= expected {
            let gap = known == expected ? "Row \(expected) is" : "Rows \(expected) to \(known) are"
            notes.add(.growth, "journal row \(expected)", "\(gap) missing at the end.")
        }
        return history
    }

    /// The columns beside the canonical bytes are copies for look-ups: they must say the same.
    private func check(_ row: Row, _ facts: JSONValue, _ subject: String) {
        let same =
            facts["seq"]?.integerValue == row.seq && facts["kind"]?.stringValue == row.kind
            && facts["at"]?.stringValue == Instant(milliseconds: row.at).rfc3339 && facts["election"]?.integerValue == row.election
            && facts["voter"]?.integerValue == row.voter && facts["ballot"]?.stringValue == row.ballot.map { hex($0) }
        if !same { notes.add(.journal, subject, "Its columns do not say what its sealed text says: a time or a name was changed.") }
    }

    private func fold(_ row: Row, _ facts: JSONValue, _ subject: String, _ history: inout History) {
        if let seq = facts["counter_seq"]?.integerValue {
            let ballot = row.ballot ?? facts["counter_ballot"]?.stringValue.flatMap { bytes(hex: $0) } ?? []
            if history.counterEvents[seq] != nil { notes.add(.journal, subject, "The counter's event \(seq) was taken over twice.") }
            let kind = row.kind == "link_retired" ? "retired" : facts["counter_kind"]?.stringValue ?? row.kind
            let at = facts["counter_at"]?.stringValue.flatMap { Instant(rfc3339: $0) }?.milliseconds ?? row.at
            history.counterEvents[seq] = History.CounterEvent(
                kind: kind, ballot: ballot, link: facts["link"]?.stringValue.flatMap { bytes(hex: $0) } ?? [], at: at,
                isRefused: row.kind == "counter_event_refused")
        }
        let event = row.kind == "notice_letter" ? facts["event"]?.stringValue ?? "" : row.kind
        if let wrong = history.takeLetter(
            event, at: row.at, election: row.election, voter: row.voter, ballot: row.ballot, facts: facts)
        {
            notes.add(.journal, subject, wrong)
        }
        if let wrong = history.takePiece(row.kind, at: row.at, voter: row.voter, facts) { notes.add(.journal, subject, wrong) }
        if row.kind == "transmitted", let election = row.election, let voter = row.voter {
            history.transmissions.insert(History.Transmission(election, voter, facts))
        }
        if let wrong = history.takeApproval(row.kind, voter: row.voter, facts) { notes.add(.journal, subject, wrong) }
        if let wrong = history.takeReplacement(row.kind, voter: row.voter, ballot: row.ballot, at: row.at, facts) {
            notes.add(.journal, subject, wrong)
        }
        if let wrong = history.takeStaff(row.kind, facts) { notes.add(.journal, subject, wrong) }
        if row.kind == "office_made" { history.madeAsTest = facts["test"]?.boolValue }
        if let election = row.election {
            history.basis.take(kind: row.kind, election: election, at: row.at, facts: facts)
            if row.kind == "roll_imported" { history.rollTimes[election, default: []].insert(row.at) }
            foldException(row, facts, election, subject, &history)
        }
        if let batch = facts["batch"]?.integerValue {
            if row.kind == "issued" {
                history.batches[batch, default: History.Batch()].issued += 1
                history.batches[batch]?.startedAt = row.at
            }
            if row.kind == "batch_finished" {
                history.batches[batch, default: History.Batch()].finishedAt = row.at
                history.batches[batch]?.approval = facts["approval"]?.integerValue
            }
        }
        guard let id = row.ballot, let event = EventKind(rawValue: row.kind) else { return }
        if event == .issued {
            guard history.ballots[id] == nil else { return notes.add(.journal, subject, "The ballot was issued before.") }
            history.ballots[id] = History.Ballot(
                election: row.election ?? 0, voter: row.voter ?? 0, styleRow: facts["style_row"]?.integerValue ?? 0,
                base: facts["base"]?.stringValue.flatMap { bytes(hex: $0) } ?? [],
                packet: facts["packet"]?.stringValue.flatMap { bytes(hex: $0) } ?? [], mailSerial: facts["mail_serial"]?.integerValue,
                supersedes: facts["supersedes"]?.stringValue.flatMap { bytes(hex: $0) }, issuedAt: row.at, status: .issued, statusAt: row.at
            )
            return
        }
        guard var ballot = history.ballots[id] else { return notes.add(.journal, subject, "It tells of a ballot that was never issued.") }
        guard let next = event.status(after: ballot.status) else {
            return notes.add(.status, subject, "A ballot that is \(ballot.status?.rawValue ?? "nothing") cannot be \(event.rawValue).")
        }
        if next != ballot.status { ballot.statusAt = row.at }
        ballot.status = next
        switch event {
        case .received where ballot.envelope == nil:
            let came = facts["received_at"]?.stringValue.flatMap { Instant(rfc3339: $0) }?.milliseconds
            ballot.envelope = History.Envelope(receivedAt: came ?? row.at, recordedAt: row.at)
        case .accepted, .rejected, .held:
            ballot.envelope?.decision = row.kind
            ballot.envelope?.reason = facts["reason_code"]?.stringValue
            ballot.envelope?.decidedAt = row.at
        case .reversed:
            ballot.envelope?.decision = nil
            ballot.envelope?.reason = nil
            ballot.envelope?.decidedAt = nil
        default: break
        }
        if event == .delivered { ballot.delivered = true }
        history.ballots[id] = ballot
    }

    private func foldException(
        _ row: Row, _ facts: JSONValue, _ election: Int64, _ subject: String, _ history: inout History
    ) {
        guard let kind = facts["exception"]?.stringValue else { return }
        let line = History.Exception(election: election, voter: row.voter, heldRow: facts["held_row"]?.integerValue, kind: kind)
        if row.kind == "exception_opened" {
            history.exceptionCount += 1
            if history.exceptions.updateValue(row.at, forKey: line) != nil {
                notes.add(.journal, subject, "The exception \(kind) was opened while it was open.")
            }
        } else if row.kind == "exception_cleared", history.exceptions.removeValue(forKey: line) == nil {
            notes.add(.journal, subject, "The exception \(kind) was cleared without being open.")
        }
    }
}
