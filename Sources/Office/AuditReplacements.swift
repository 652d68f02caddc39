import Elections
import Storage

extension JournalCheck.History {
    /// A ballot that was asked for in place of another, as the journal tells of it.
    struct Replacement: Equatable {
        let voter: Int64?
        let ballot: [UInt8]?
        let queuedBy: String
        let queuedAt: Int64
        var outcome: String?
        var made: [UInt8]?
    }

    /// Takes in a row about a replacement, or the ballot that it became; what it says that cannot be comes back.
    mutating func takeReplacement(_ kind: String, voter: Int64?, ballot: [UInt8]?, at: Int64, _ facts: JSONValue) -> String? {
        guard let id = facts["replacement"]?.integerValue else { return nil }
        switch kind {
        case "replacement_queued":
            let before = replacements.updateValue(
                Replacement(voter: voter, ballot: ballot, queuedBy: facts["by"]?.stringValue ?? "", queuedAt: at), forKey: id)
            return before == nil ? nil : "The replacement was asked for before."
        case "replacement_ended", "issued":
            guard let before = replacements[id], before.voter == voter, before.outcome == nil else {
                return "It tells of a replacement that nobody asked for, or that was over."
            }
            let isIssued = kind == "issued"
            if isIssued, before.ballot != facts["supersedes"]?.stringValue.flatMap({ bytes(hex: $0) }) {
                return "It takes the place of another ballot than was asked for."
            }
            replacements[id]?.outcome = isIssued ? "issued" : facts["outcome"]?.stringValue
            replacements[id]?.made = isIssued ? ballot : nil
        default: break
        }
        return nil
    }
}

/// The queue of replacements against the journal.
struct ReplacementCheck {
    let notes: Audit.Notes

    func run(_ history: JournalCheck.History, _ books: Transaction) throws {
        var missing = Set(history.replacements.keys)
        try books.forEach("SELECT id, voter, ballot, queued_by, queued_at, outcome, made FROM replacement") { row in
            let id = try row.integer("id")
            missing.remove(id)
            let kept = JournalCheck.History.Replacement(
                voter: try row.integer("voter"), ballot: try row.blob("ballot"), queuedBy: try row.text("queued_by"),
                queuedAt: try row.integer("queued_at"), outcome: try row.optionalText("outcome"), made: try row.optionalBlob("made"))
            if kept != history.replacements[id] {
                notes.add(.journal, "replacement \(id)", "Who asked for it, when, or what became of it is not what the journal tells.")
            }
        }
        for id in missing.sorted() {
            notes.add(.growth, "replacement \(id)", "The journal tells that it was asked for, but its row is gone.")
        }
    }
}
