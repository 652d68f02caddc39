import Elections
import Storage

/// The counter's database against itself and against the books.
///
/// The books' moment is the older of the two: what the counter has beyond the marks in them is news, and no finding.
final class CounterCheck {
    private let office: Office
    private let notes: Audit.Notes
    /// Links that the counter got after the books' moment.
    private var newest: [[UInt8]] = []

    init(_ office: Office, _ notes: Audit.Notes) {
        self.office = office
        self.notes = notes
    }

    func run(_ history: JournalCheck.History, _ books: Transaction) throws {
        try checkEvents(history, books)
        try checkLinks(books)
        try checkDeliveries()
    }

    /// Events are numbered without gaps, and each was taken over once, as it is.
    private func checkEvents(_ history: JournalCheck.History, _ books: Transaction) throws {
        let known = Int64(try books.count("SELECT events_known FROM office WHERE id = 1"))
        var expected: Int64 = 1
        try office.counter.read { transaction in
            try transaction.forEach(
                """
                SELECT seq, CASE typeof(at) WHEN 'integer' THEN at ELSE -1 END AS at,
                    CASE typeof(kind) WHEN 'text' THEN kind ELSE '' END AS kind,
                    CASE typeof(ballot) WHEN 'blob' THEN ballot ELSE zeroblob(1) END AS ballot
                FROM counter_event ORDER BY seq
                """
            ) { row in
                let seq = try row.integer("seq")
                if seq != expected { notes.add(.growth, "counter event \(seq)", "Events before it are missing, from \(expected) on.") }
                expected = seq &+ 1
                guard seq <= known else { return }
                guard let told = history.counterEvents[seq] else {
                    return notes.add(.journal, "counter event \(seq)", "The journal does not tell of it.")
                }
                let same = try told.kind == row.text("kind") && told.ballot == row.blob("ballot") && told.at == row.integer("at")
                if !same { notes.add(.growth, "counter event \(seq)", "It was changed after the journal took it over.") }
            }
        }
        if expected <= known {
            notes.add(.growth, "counter events", "The journal took over \(known) events, and the counter has only \(expected - 1).")
        }
    }

    /// One live link for a ballot, one visit for a link, and the books' standing link is the counter's.
    private func checkLinks(_ books: Transaction) throws {
        try office.counter.read { transaction in
            try transaction.forEach("SELECT ballot, count(*) AS n FROM link WHERE state = 'live' GROUP BY ballot HAVING count(*) > 1") {
                row in
                notes.add(.links, "ballot \(hex(try row.blob("ballot")))", "\(try row.integer("n")) links to it can be claimed.")
            }
            try transaction.forEach("SELECT link, count(*) AS n FROM visit GROUP BY link HAVING count(*) > 1") { row in
                notes.add(.links, "link \(hex(try row.blob("link")))", "It was claimed \(try row.integer("n")) times.")
            }
            try transaction.forEach(
                """
                SELECT id FROM link l WHERE (state = 'claimed' AND NOT EXISTS (SELECT 1 FROM visit v WHERE v.link = l.id))
                    OR (state = 'live' AND EXISTS (SELECT 1 FROM visit v WHERE v.link = l.id))
                """
            ) { row in
                notes.add(.links, "link \(hex(try row.blob("id")))", "Its state and its visit contradict each other.")
            }
        }
        try office.counter.read { try compareLinks(books, $0) }
    }

    private struct Link {
        let id: [UInt8]
        let ballot: [UInt8]
        let ended: Bool
    }

    /// Both databases by the links' ids, a page at a time.
    private func compareLinks(_ books: Transaction, _ counter: Transaction) throws {
        let mark = Int64(try books.count("SELECT links_known FROM office WHERE id = 1"))
        // A new link is made at the counter first, where the old one ends in the same moment.
        var replacing: Set<[UInt8]> = []
        try counter.forEach("SELECT ballot FROM link WHERE seq > $1", .integer(mark)) { replacing.insert(try $0.blob("ballot")) }
        let page = 4096
        var position: [UInt8] = []
        while true {
            let ours = try books.all(
                "SELECT id, ballot, ended_at IS NOT NULL AS ended FROM link WHERE id > $1 ORDER BY id LIMIT \(page)", .blob(position)
            ) { Link(id: try $0.blob("id"), ballot: try $0.blob("ballot"), ended: try $0.flag("ended")) }
            // The last page takes in everything behind it.
            let end = ours.count < page ? nil : ours.last?.id
            var theirs: [[UInt8]: (seq: Int64, ballot: [UInt8], state: String)] = [:]
            try counter.forEach(
                "SELECT id, seq, ballot, state FROM link WHERE id > $1 \(end == nil ? "" : "AND id <= $2")",
                values: [.blob(position)] + (end.map { [.blob($0)] } ?? [])
            ) { theirs[try $0.blob("id")] = (seq: try $0.integer("seq"), ballot: try $0.blob("ballot"), state: try $0.text("state")) }
            for link in ours {
                let there = theirs.removeValue(forKey: link.id)
                guard let there, there.ballot == link.ballot else {
                    notes.add(.links, "link \(hex(link.id))", "The counter does not have it.")
                    continue
                }
                if there.state == "replaced", !link.ended, !replacing.contains(link.ballot) {
                    notes.add(.links, "link \(hex(link.id))", "The counter replaced it, and the books know no other.")
                } else if link.ended, there.state != "replaced" {
                    notes.add(.links, "link \(hex(link.id))", "The books replaced it, but at the counter it is \(there.state).")
                }
            }
            for (id, link) in theirs {
                if link.seq <= mark { noteForeign(id) } else { newest.append(id) }
            }
            guard let end else { return }
            position = end
        }
    }

    private func noteForeign(_ id: [UInt8]) {
        notes.add(.links, "link \(hex(id))", "The counter has it, and this office did not make it.")
    }

    /// Looks again at the links that the counter got meanwhile: while somebody is making links the books follow in a moment, and when nobody
    /// is, they have them, or nobody of ours made them. Call it outside of any transaction.
    func checkNewest() throws {
        guard !newest.isEmpty else { return }
        guard let issuing = try? office.lock("issue", busy: ""), let linking = try? office.lock("links", busy: "") else { return }
        defer { withExtendedLifetime((issuing, linking)) {} }
        try office.books.read { books in
            for id in newest where try books.count("SELECT count(*) FROM link WHERE id = $1", .blob(id)) == 0 { noteForeign(id) }
        }
    }

    /// Delivered means: claimed, and the whole file was served.
    private func checkDeliveries() throws {
        try office.counter.read { transaction in
            var covered: Set<[UInt8]> = []
            try transaction.forEach(
                """
                SELECT l.ballot, s.file, s.ranges, p.length FROM served s JOIN link l ON l.id = s.link JOIN packet p ON p.ballot = l.ballot
                """
            ) { row in
                // The ZIP's length is not kept; it is longer than the PDF.
                let length = Int(try row.integer("length"))
                if ServedRanges(text: try row.text("ranges")).covers(length) { covered.insert(try row.blob("ballot")) }
            }
            try transaction.forEach(
                """
                SELECT p.ballot, p.delivered_at, (SELECT count(*) FROM counter_event e WHERE e.ballot = p.ballot AND e.kind = 'delivered') AS told
                FROM packet p WHERE p.delivered_at IS NOT NULL
                    OR EXISTS (SELECT 1 FROM counter_event e WHERE e.ballot = p.ballot AND e.kind = 'delivered')
                """
            ) { row in
                let ballot = try row.blob("ballot")
                let told = try row.integer("told")
                let delivered = try row.optionalInteger("delivered_at") != nil
                if told != 1 || !delivered {
                    notes.add(.delivery, "ballot \(hex(ballot))", "It was delivered once, but the counter tells of it \(told) times.")
                } else if !covered.contains(ballot) {
                    notes.add(.delivery, "ballot \(hex(ballot))", "It counts as delivered, but not all of it was served.")
                }
            }
        }
    }
}
