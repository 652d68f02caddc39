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
        /// By `<election>/<code>/<revision>`.
        var styles: [String: Style] = [:]
        var madeAsTest: Bool?
        /// The counter's events that were taken over, by number: kind, ballot, time.
        var counterEvents: [Int64: CounterEvent] = [:]

        struct Ballot {
            let election: Int64
            let voter: Int64
            let styleRow: Int64
            let base: [UInt8]
            let packet: [UInt8]
            let issuedAt: Int64
            var status: BallotStatus?
            var statusAt: Int64
            var receivedAt: Int64?
            var delivered = false
        }

        struct Style {
            let code: String
            let revision: Int64
            var files: [String: String]
            /// Every base that was ever made for a language and paper.
            var bases: [String: Set<String>]
        }

        struct CounterEvent {
            let kind: String
            let ballot: [UInt8]
            let at: Int64
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
            history.counterEvents[seq] = History.CounterEvent(kind: kind, ballot: ballot, at: at)
        }
        if row.kind == "office_made" { history.madeAsTest = facts["test"]?.boolValue }
        if row.kind == "style_imported", let election = row.election, let code = facts["style"]?.stringValue,
            let revision = facts["revision"]?.integerValue
        {
            let key = "\(election)/\(code)/\(revision)"
            var style =
                history.styles[key]
                ?? History.Style(
                    code: code, revision: revision, files: facts["files"]?.objectValue?.compactMapValues(\.stringValue) ?? [:], bases: [:])
            for (place, hash) in facts["bases"]?.objectValue ?? [:] { style.bases[place, default: []].insert(hash.stringValue ?? "") }
            history.styles[key] = style
        }
        guard let id = row.ballot, let event = EventKind(rawValue: row.kind) else { return }
        if event == .issued {
            guard history.ballots[id] == nil else { return notes.add(.journal, subject, "The ballot was issued before.") }
            history.ballots[id] = History.Ballot(
                election: row.election ?? 0, voter: row.voter ?? 0, styleRow: facts["style_row"]?.integerValue ?? 0,
                base: facts["base"]?.stringValue.flatMap { bytes(hex: $0) } ?? [],
                packet: facts["packet"]?.stringValue.flatMap { bytes(hex: $0) } ?? [], issuedAt: row.at, status: .issued, statusAt: row.at)
            return
        }
        guard var ballot = history.ballots[id] else { return notes.add(.journal, subject, "It tells of a ballot that was never issued.") }
        guard let next = event.status(after: ballot.status) else {
            return notes.add(.status, subject, "A ballot that is \(ballot.status?.rawValue ?? "nothing") cannot be \(event.rawValue).")
        }
        if next != ballot.status { ballot.statusAt = row.at }
        ballot.status = next
        if event == .received, ballot.receivedAt == nil {
            ballot.receivedAt = facts["received_at"]?.stringValue.flatMap { Instant(rfc3339: $0) }?.milliseconds ?? row.at
        }
        if event == .delivered { ballot.delivered = true }
        history.ballots[id] = ballot
    }
}
