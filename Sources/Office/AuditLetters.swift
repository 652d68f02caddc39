import Elections
import Keys
import Storage

extension JournalCheck.History {
    /// What the journal tells of one letter. There may be millions: what is only compared is kept as a number.
    struct Letter {
        /// Of whose it is, kind, link and sealed part.
        let identity: Int
        let queuedAt: Int64
        /// `sent`, `refused` or `withdrawn`; nil: it still waits.
        var end: String?
        var endedAt: Int64?
        /// Of the relay's last words and the fault.
        var answer = 0
        var attempts: Int64 = 0
        /// The gravest that came back.
        var bounce: String?
        var bouncedAt: Int64?

        static func identity(
            election: Int64?, voter: Int64?, ballot: [UInt8]?, link: [UInt8]?, kind: String, sealed: [UInt8]?
        ) -> Int {
            var hasher = Hasher()
            hasher.combine(election)
            hasher.combine(voter)
            hasher.combine(ballot)
            hasher.combine(link)
            hasher.combine(kind)
            hasher.combine(sealed)
            return hasher.finalize()
        }

        static func answer(_ reply: String?, fault: String?) -> Int {
            var hasher = Hasher()
            hasher.combine(reply)
            hasher.combine(fault)
            return hasher.finalize()
        }
    }

    /// Takes what a row of the journal tells of a letter.
    ///
    /// - Parameters:
    ///   - event: what happened, as of a ballot; rows about notices have it among their facts.
    /// - Returns: what is wrong with the row; nil: nothing.
    mutating func takeLetter(
        _ event: String, at moment: Int64, election: Int64?, voter: Int64?, ballot: [UInt8]?, facts: JSONValue
    ) -> String? {
        guard let id = facts["letter"]?.integerValue else { return nil }
        func bytesOf(_ name: String) -> [UInt8]? { facts[name]?.stringValue.flatMap { bytes(hex: $0) } }
        if event == "letter_queued" {
            let identity = Letter.identity(
                election: election, voter: voter, ballot: ballot, link: bytesOf("link"), kind: facts["letter_kind"]?.stringValue ?? "",
                sealed: bytesOf("sealed"))
            guard letters.updateValue(Letter(identity: identity, queuedAt: moment), forKey: id) == nil else {
                return "The letter \(id) was queued before."
            }
            return nil
        }
        guard var letter = letters[id] else { return "It tells of the letter \(id), which was never queued." }
        switch event {
        case "letter_sent", "letter_refused", "letter_deferred", "letter_withdrawn":
            if let end = letter.end { return "The letter \(id) was \(end) before." }
            if event != "letter_withdrawn" { letter.attempts += 1 }
            guard event != "letter_deferred" else { break }
            letter.end = String(event.dropFirst("letter_".count))
            letter.endedAt = moment
            letter.answer = Letter.answer(facts["reply"]?.stringValue, fault: facts["fault"]?.stringValue)
        case "letter_bounced", "bounce_noted":
            letter.bounce = facts["bounce"]?.stringValue
            letter.bouncedAt = moment
        default: return nil
        }
        letters[id] = letter
        return nil
    }
}

/// The office's letters and links, row by row, against what the journal tells of each.
struct LetterCheck {
    private let office: Office
    private let notes: Audit.Notes

    init(_ office: Office, _ notes: Audit.Notes) {
        self.office = office
        self.notes = notes
    }

    func run(_ history: JournalCheck.History, _ books: Transaction) throws {
        try checkLetters(history, books)
        try checkLinks(books)
        try checkPause(books)
    }

    private func checkLetters(_ history: JournalCheck.History, _ books: Transaction) throws {
        let now = office.clock.now()
        var seen = 0
        try books.forEach(
            """
            SELECT l.id, l.election, l.voter, l.ballot, l.link, l.kind, l.state, l.attempts, l.queued_at, l.ended_at, l.reply, l.refusal,
                l.bounce, l.bounced_at, l.key_id, l.sealed,
                l.voter = b.voter AND l.election = b.election AND (l.link IS NULL OR k.ballot = l.ballot) AS own,
                l.state IN ('queued', 'sending', 'deferred', 'sent', 'refused', 'withdrawn')
                    AND (l.state NOT IN ('queued', 'sending', 'deferred') OR l.due_at <= $1) AND coalesce(l.lease_until, 0) <= $2 AS moves
            FROM letter l LEFT JOIN ballot b ON b.id = l.ballot LEFT JOIN link k ON k.id = l.link
            """, .integer(now.adding(seconds: Mailroom.longestWaitSeconds).milliseconds),
            .integer(now.adding(seconds: Mailroom.leaseSeconds).milliseconds)
        ) { row in
            seen += 1
            let id = try row.integer("id")
            let subject = "letter \(id)"
            if try row.optionalInteger("own") != 1 { notes.add(.links, subject, "Its voter, ballot and link do not belong together.") }
            if try row.optionalInteger("moves") != 1 { notes.add(.links, subject, "As it stands it would never be sent.") }
            let sealed = try row.optionalBlob("sealed")
            if let sealed,
                (try? LetterDetail(sealed: sealed, keyID: row.text("key_id"), letter: id, keys: office.rollKeys)) == nil
            {
                notes.add(.sealed, subject, "Its sealed part was changed or belongs to another letter.")
            }
            guard let told = history.letters[id] else {
                return notes.add(.journal, subject, "The journal does not tell that it was queued.")
            }
            try compare(row, with: told, sealed, subject)
        }
        guard seen < history.letters.count else { return }
        for id in history.letters.keys where try books.count("SELECT count(*) FROM letter WHERE id = $1", .integer(id)) == 0 {
            notes.add(.growth, "letter \(id)", "The journal tells that it was queued, but its row is gone.")
        }
    }

    private func compare(_ row: ResultRow, with told: JournalCheck.History.Letter, _ sealed: [UInt8]?, _ subject: String) throws {
        let identity = JournalCheck.History.Letter.identity(
            election: try row.integer("election"), voter: try row.integer("voter"), ballot: try row.blob("ballot"),
            link: try row.optionalBlob("link"), kind: try row.text("kind"), sealed: sealed.map { SHA256.hash($0) })
        if told.identity != identity {
            notes.add(.journal, subject, "Its voter, ballot, kind, link or sealed part is not what the journal tells.")
        }
        if told.queuedAt != (try row.integer("queued_at")) {
            notes.add(.journal, subject, "The time when it was queued was changed: the journal has another.")
        }
        let state = try row.text("state")
        let end = ["queued", "sending", "deferred"].contains(state) ? nil : state
        if told.end != end {
            notes.add(.journal, subject, "It is \(state), but the journal tells that it \(told.end.map { "was \($0)" } ?? "still waits").")
        } else if told.endedAt != (try row.optionalInteger("ended_at")) {
            notes.add(.journal, subject, "The time when it was \(state) was changed: the journal has another.")
        }
        // What is said of a letter that waits is for people, and says more than the relay did.
        let answer = JournalCheck.History.Letter.answer(try row.optionalText("reply"), fault: try row.optionalText("refusal"))
        if end != nil, end != "withdrawn", told.end == end, told.answer != answer {
            notes.add(.journal, subject, "The relay's answer was changed: the journal has another.")
        }
        if told.attempts != (try row.integer("attempts")) {
            notes.add(.journal, subject, "The number of its tries was changed: the journal tells of \(told.attempts).")
        }
        if try told.bounce != row.optionalText("bounce") || told.bouncedAt != row.optionalInteger("bounced_at") {
            notes.add(.journal, subject, "What came back for it, or when, is not what the journal tells.")
        }
    }

    /// Each link was journalled at the moment that its row names.
    private func checkLinks(_ books: Transaction) throws {
        func journal(_ kind: String, at time: String) -> String {
            "EXISTS (SELECT 1 FROM journal j WHERE j.ballot = l.ballot AND j.kind = '\(kind)' AND j.at \(time))"
        }
        try books.forEach("SELECT lower(hex(l.id)) AS name FROM link l WHERE NOT \(journal("letter_queued", at: "= l.made_at"))") {
            notes.add(.journal, "link \(try $0.text("name"))", "The journal does not tell that it was made then.")
        }
        try books.forEach(
            """
            SELECT lower(hex(l.id)) AS name FROM link l
            WHERE l.ended_at IS NOT NULL AND NOT (\(journal("link_replaced", at: "= l.ended_at"))
                OR \(journal("replaced", at: "= l.ended_at")) OR \(journal("cancelled", at: "= l.ended_at"))
                OR \(journal("interrupted_cleared", at: ">= l.ended_at")))
            """
        ) { notes.add(.journal, "link \(try $0.text("name"))", "The journal does not tell that it was replaced then.") }
        try books.forEach(
            """
            SELECT lower(hex(l.id)) AS name FROM ballot b JOIN link l ON l.ballot = b.id
            WHERE (b.status = 'replaced' OR b.status = 'cancelled') AND l.ended_at IS NULL
            """
        ) { notes.add(.links, "link \(try $0.text("name"))", "It stands, though its ballot does not.") }
    }

    /// Whoever stops the mail without the journal's knowing keeps every voter waiting.
    private func checkPause(_ books: Transaction) throws {
        let paused = try books.first("SELECT mail_paused_at FROM office WHERE id = 1") { try $0.optionalInteger("mail_paused_at") }
        let told = try books.first(
            "SELECT at, kind FROM journal WHERE kind IN ('mail_paused', 'mail_resumed') ORDER BY seq DESC LIMIT 1"
        ) { (at: try $0.integer("at"), isPause: try $0.text("kind") == "mail_paused") }
        let expected = told.flatMap { $0.isPause ? $0.at : nil }
        guard paused.flatMap({ $0 }) != expected else { return }
        notes.add(.journal, "mail", "Whether and since when it is paused was changed: the journal tells otherwise.")
    }
}
