import Elections
import Foundation
import Storage
import Synchronization

/// Voters' names in the memory of the office process, so that staff find them by the first letters: in the databases every name is sealed.
///
/// About 90 bytes a voter. It is filled by opening every record once (`fill`), and takes in what later imports bring when it is next asked.
package final class NameIndex: Sendable {
    private let office: Office
    private let state = Mutex(State())
    /// One reader of records at a time; who only looks up waits for none.
    private let reading = Mutex(())

    /// The index of an office; empty until ``fill(progress:)``, or until it is first asked.
    package init(_ office: Office) { self.office = office }

    /// A voter's request whose name begins as asked.
    struct Match: Hashable {
        let request: Int64
        let election: Int64
    }

    private struct Entry {
        /// Where the name begins in `State.names`, and how many bytes it has.
        let start: UInt32
        let length: UInt16
        let election: Int32
        let request: Int64
    }

    private struct State {
        /// By name. A family name of several words is here under each of them.
        var entries: [Entry] = []
        /// The names one after the other, folded: family name, 0x01, given names.
        var names: [UInt8] = []
        /// The last import that is in it, by its row in the journal.
        var known: Int64 = 0
        /// When the records that are in it were last changed.
        var changedAt: Int64 = 0
    }

    private static let separator: UInt8 = 1
    private static let page = 4096
    /// An import is dated when it begins, and a State's takes minutes: what is dated so much earlier may have come since.
    private static let overlap: Int64 = 3600 * 1000
    // Word for word what the index `journal_basis` is made for, or SQLite walks through the whole journal.
    private static let imports = """
        SELECT ifnull(max(seq), 0) FROM journal WHERE election = $1 AND kind = 'roll_imported'
            AND kind IN ('election_imported', 'style_imported', 'style_withdrawn', 'roll_imported')
        """

    /// Reads every record that it does not have as it is now.
    ///
    /// - Throws: what is wrong with the books; a record that does not open is left out, and named by `uocava audit`.
    package func fill() throws {
        try reading.withLock { _ in
            var now = state.withLock { $0 }
            guard try Self.refresh(&now, office) else { return }
            state.withLock { $0 = now }
        }
    }

    /// Whether anything came since.
    private static func refresh(_ state: inout State, _ office: Office) throws -> Bool {
        let known = try office.books.read { books in
            try books.all("SELECT id FROM election") { try $0.integer("id") }
                .map { Int64(try books.count(imports, .integer($0))) }.max() ?? 0
        }
        guard known > state.known else { return false }
        var added: [(entry: Entry, name: [UInt8])] = []
        var changed: Set<Int64> = []
        var latest = state.changedAt
        var position: Int64 = 0
        while true {
            let rows = try office.books.read { books in
                try books.all(
                    """
                    SELECT id AS request, election, key_id, sealed, changed_at FROM request WHERE id > $1 AND changed_at >= $2
                    ORDER BY id LIMIT \(page)
                    """, .integer(position), .integer(state.changedAt - overlap)
                ) { row in
                    (
                        request: try row.integer("request"), election: try row.integer("election"),
                        changedAt: try row.integer("changed_at"),
                        record: try? office.voter(row)
                    )
                }
            }
            guard let last = rows.last else { break }
            position = last.request
            for row in rows {
                changed.insert(row.request)
                latest = max(latest, row.changedAt)
                guard let record = row.record else { continue }
                for name in keys(of: record) {
                    let entry = Entry(start: 0, length: UInt16(name.count), election: Int32(row.election), request: row.request)
                    added.append((entry, name))
                }
            }
            if rows.count < page { break }
        }
        merge(added, replacing: changed, into: &state)
        state.known = known
        state.changedAt = latest
        return true
    }

    private static func merge(_ added: [(entry: Entry, name: [UInt8])], replacing changed: Set<Int64>, into state: inout State) {
        var names: [UInt8] = []
        var entries: [Entry] = []
        entries.reserveCapacity(state.entries.count + added.count)
        func keep(_ entry: Entry, _ name: some Collection<UInt8>) {
            entries.append(
                Entry(start: UInt32(names.count), length: entry.length, election: entry.election, request: entry.request))
            names.append(contentsOf: name)
        }
        // Everything is written anew: an import is rare, and what it leaves is as small as a first fill.
        for entry in state.entries where !changed.contains(entry.request) {
            keep(entry, state.names[Int(entry.start)..<Int(entry.start) + Int(entry.length)])
        }
        for (entry, name) in added { keep(entry, name) }
        names.withUnsafeBufferPointer { names in
            entries.sort { order(names, $0, names, $1) }
        }
        state.entries = entries
        state.names = names
    }

    private static func order(
        _ a: UnsafeBufferPointer<UInt8>, _ one: Entry, _ b: UnsafeBufferPointer<UInt8>, _ other: Entry
    ) -> Bool {
        let left = a[Int(one.start)..<Int(one.start) + Int(one.length)]
        let right = b[Int(other.start)..<Int(other.start) + Int(other.length)]
        return left.lexicographicallyPrecedes(right)
    }

    // MARK: Asking

    /// Requests whose names begin so: `garcia`, `garcia, ma`, `maria garcia` or `garcia maria`; accents and case do not matter.
    ///
    /// - Parameters:
    ///   - elections: only of these.
    ///   - most: how many at most; one more is looked for, so that the caller can say that there are more.
    func matches(_ text: String, elections: Set<Int64>, most: Int) throws -> [Match] {
        let parts = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false).map { Self.folded(String($0)) }
        guard let first = parts.first, !first.isEmpty else { return [] }
        var queries: [(family: [UInt8], given: [UInt8])] = []
        if parts.count == 2 {
            queries.append((first, parts[1]))
        } else {
            queries.append((first, []))
            // Where the family name ends nobody knows: after any word, and either may come first.
            for place in first.indices where first[place] == UInt8(ascii: " ") {
                let (head, tail) = (Array(first[..<place]), Array(first[(place + 1)...]))
                queries += [(head, tail), (tail, head)]
            }
        }
        try fill()
        let names = state.withLock { $0 }
        var found: [Match] = []
        var seen: Set<Match> = []
        for query in queries {
            Self.look(query, in: names) { match in
                if elections.contains(match.election), seen.insert(match).inserted { found.append(match) }
                return found.count <= most
            }
        }
        return found
    }

    private static func look(_ query: (family: [UInt8], given: [UInt8]), in state: State, _ body: (Match) -> Bool) {
        func name(_ entry: Entry) -> ArraySlice<UInt8> { state.names[Int(entry.start)..<Int(entry.start) + Int(entry.length)] }
        var low = 0
        var high = state.entries.count
        while low < high {
            let middle = (low + high) / 2
            if name(state.entries[middle]).lexicographicallyPrecedes(query.family) { low = middle + 1 } else { high = middle }
        }
        while low < state.entries.count {
            let entry = state.entries[low]
            let name = name(entry)
            guard name.starts(with: query.family) else { return }
            low += 1
            if !query.given.isEmpty {
                guard let end = name.firstIndex(of: separator), name[(end + 1)...].starts(with: query.given) else { continue }
            }
            guard body(Match(request: entry.request, election: Int64(entry.election))) else { return }
        }
    }

    // MARK: Names

    /// Under what a voter is found: the family name from each of its words on, and the given names.
    private static func keys(of record: VoterRecord) -> [[UInt8]] {
        let family = folded(record.lastName)
        let given = folded(record.middleName.isEmpty ? record.firstName : "\(record.firstName) \(record.middleName)")
        var keys = [family + [separator] + given]
        for place in family.indices where family[place] == UInt8(ascii: " ") {
            keys.append(Array(family[(place + 1)...]) + [separator] + given)
        }
        return keys.map { Array($0.prefix(Int(UInt16.max))) }
    }

    /// Lower case without accents; everything but letters and digits is one space.
    static func folded(_ text: String) -> [UInt8] {
        let plain =
            text.utf8.allSatisfy { $0 < 0x80 }
            ? text : text.folding(options: [.diacriticInsensitive, .caseInsensitive, .widthInsensitive], locale: nil)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(plain.utf8.count)
        for byte in plain.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): bytes.append(byte + 0x20)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...: bytes.append(byte)
            // O'Brien is found as obrien.
            case UInt8(ascii: "'"): continue
            default: if bytes.last != UInt8(ascii: " "), !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
            }
        }
        if bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
        return bytes
    }
}
