import Elections
import Storage

/// The counter's database against itself and against the books.
struct CounterCheck {
    private let office: Office
    private let notes: Audit.Notes

    init(_ office: Office, _ notes: Audit.Notes) {
        self.office = office
        self.notes = notes
    }

    func run(_ history: JournalCheck.History) throws {
        try checkEvents(history)
        try checkLinks()
        try checkDeliveries()
    }

    /// Events are numbered without gaps, and each was taken over once, as it is.
    private func checkEvents(_ history: JournalCheck.History) throws {
        let known = Int64(try office.books.read { try $0.count("SELECT events_known FROM office WHERE id = 1") })
        var expected: Int64 = 1
        try office.counter.read { transaction in
            try transaction.forEach("SELECT seq, at, kind, ballot FROM counter_event ORDER BY seq") { row in
                let seq = try row.integer("seq")
                if seq != expected { notes.add(.growth, "counter event \(seq)", "Events before it are missing, from \(expected) on.") }
                expected = seq + 1
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
    private func checkLinks() throws {
        try office.counter.read { transaction in
            try transaction.forEach("SELECT ballot, count(*) AS n FROM link WHERE state = 'live' GROUP BY ballot HAVING count(*) > 1") { row in
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
        try office.books.read { books in
            try office.counter.read { counter in
                try books.forEach("SELECT id, ballot, ended_at FROM link") { row in
                    let id = try row.blob("id")
                    let state = try counter.first("SELECT state FROM link WHERE id = $1 AND ballot = $2", .blob(id), .blob(try row.blob("ballot"))) {
                        try $0.text("state")
                    }
                    let ended = try row.optionalInteger("ended_at") != nil
                    switch state {
                    case nil: notes.add(.links, "link \(hex(id))", "The counter does not have it.")
                    case "replaced" where !ended: notes.add(.links, "link \(hex(id))", "The counter replaced it, and the books know no other.")
                    case .some(let state) where ended && state != "replaced":
                        notes.add(.links, "link \(hex(id))", "The books replaced it, but at the counter it is \(state).")
                    default: break
                    }
                }
                try counter.forEach("SELECT id, ballot FROM link") { row in
                    let known = try books.count("SELECT count(*) FROM link WHERE id = $1", .blob(try row.blob("id")))
                    if known == 0 { notes.add(.links, "link \(hex(try row.blob("id")))", "The counter has it, and this office did not make it.") }
                }
            }
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
