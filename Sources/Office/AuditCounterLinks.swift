import Elections
import Keys
import Storage

/// The counter's links and packets, one by one, against those that the books know.
extension CounterCheck {
    private static let page = 4096

    private struct Link {
        let id: [UInt8]
        let ballot: [UInt8]
        let ended: Bool
        let madeAt: Int64
        let keyID: String
        let election: Int64?
        /// The voter's record, where it is still the one that the link was made with.
        let record: VoterRecord?
    }

    private struct CounterLink {
        let ballot, answer: [UInt8]
        let state: String
        let closesAt, madeAt, tries, lockedUntil: Int64?
        let claimedAt: Int64?
        let hasVisit: Bool
        let openedAt, expiresAt: Int64?
    }

    /// Both databases by the links' ids, a page at a time.
    func compareLinks(_ told: Told, _ books: Transaction, _ counter: Transaction) throws {
        let mark = Int64(try books.count("SELECT links_known FROM office WHERE id = 1"))
        let elections = Dictionary(uniqueKeysWithValues: try ElectionBook.all(in: books).map { ($0.id, $0.definition) })
        // A new link is made at the counter first, where the old one ends in the same moment.
        var replacing: Set<[UInt8]> = []
        try counter.forEach("SELECT DISTINCT \(Self.bytes("ballot", 16)) FROM link WHERE seq > $1", .integer(mark)) {
            replacing.insert(try $0.blob("ballot"))
        }
        // A ballot that was replaced or cancelled this moment: the counter is told next.
        let ending = try CounterTasks.waiting(in: books)
        var position: [UInt8] = []
        while true {
            let ours = try links(after: position, books)
            // The last page takes in everything behind it.
            let end = ours.count < Self.page ? nil : ours.last?.id
            let known = Set(ours.map(\.id))
            var theirs: [[UInt8]: CounterLink] = [:]
            try counter.forEach(
                "\(Self.counterLinks) WHERE l.id > $1 \(end == nil ? "" : "AND l.id <= $2")",
                values: [.blob(position)] + (end.map { [.blob($0)] } ?? [])
            ) { row in
                let id = try row.blob("id")
                if known.contains(id) {
                    theirs[id] = try Self.link(row)
                } else if try row.integer("seq") <= mark {
                    noteForeignLink("link \(hex(id))")
                }
            }
            for link in ours {
                guard let there = theirs[link.id], there.ballot == link.ballot else {
                    notes.add(.links, "link \(hex(link.id))", "The counter does not have it.")
                    continue
                }
                if there.state == "replaced", !link.ended, !replacing.contains(link.ballot) {
                    note(link, "The counter replaced it, and the books know no other.")
                } else if link.ended, there.state != "replaced", !ending.contains(link.ballot) {
                    note(link, "The books replaced it, but at the counter it is \(there.state).")
                }
                checkFields(link, there, elections)
                try checkUse(link, there, told, counter)
            }
            guard let end else { return }
            position = end
        }
    }

    private static let counterLinks = """
        SELECT l.id, l.seq, \(bytes("l.ballot", 16)), \(bytes("l.answer", 32)),
            CASE WHEN typeof(l.state) = 'text' THEN substr(l.state, 1, 10) ELSE '' END AS state, \(number("l.closes_at")),
            \(number("l.made_at")), \(number("l.tries")), \(number("l.locked_until")), \(number("l.claimed_at")),
            v.link IS NOT NULL AS visited, \(number("v.opened_at")), \(number("v.expires_at"))
        FROM link l LEFT JOIN visit v ON v.link = l.id
        """

    private static func link(_ row: ResultRow) throws -> CounterLink {
        CounterLink(
            ballot: try row.blob("ballot"), answer: try row.blob("answer"), state: try row.text("state"),
            closesAt: try row.optionalInteger("closes_at"), madeAt: try row.optionalInteger("made_at"),
            tries: try row.optionalInteger("tries"), lockedUntil: try row.optionalInteger("locked_until"),
            claimedAt: try row.optionalInteger("claimed_at"), hasVisit: try row.flag("visited"),
            openedAt: try row.optionalInteger("opened_at"), expiresAt: try row.optionalInteger("expires_at"))
    }

    private func links(after position: [UInt8], _ books: Transaction) throws -> [Link] {
        try books.all(
            """
            SELECT l.id, l.ballot, l.ended_at IS NOT NULL AS ended, l.made_at, l.key_id AS link_key, b.election, r.id AS request, r.key_id,
                r.sealed, r.changed_at
            FROM link l LEFT JOIN ballot b ON b.id = l.ballot LEFT JOIN request r ON r.election = b.election AND r.voter = b.voter
            WHERE l.id > $1 ORDER BY l.id LIMIT \(Self.page)
            """, .blob(position)
        ) { row in
            let ended = try row.flag("ended")
            let madeAt = try row.integer("made_at")
            // A birthday that was corrected later is asked for by the next link only.
            let changedAt = try row.optionalInteger("changed_at")
            let isAsMade = !ended && changedAt.map { $0 <= madeAt } == true
            return Link(
                id: try row.blob("id"), ballot: try row.blob("ballot"), ended: ended, madeAt: madeAt, keyID: try row.text("link_key"),
                election: try row.optionalInteger("election"), record: isAsMade ? try? office.voter(row) : nil)
        }
    }

    private func note(_ link: Link, _ detail: String) { notes.add(.links, "link \(hex(link.id))", detail) }

    /// What the office wrote into the row.
    private func checkFields(_ link: Link, _ there: CounterLink, _ elections: [Int64: ElectionDefinition]) {
        if there.madeAt != link.madeAt { note(link, "The counter says that it was made at another time than the books say.") }
        guard let definition = link.election.flatMap({ elections[$0] }) else { return }
        if there.closesAt != definition.deadlines.linksClose.instant(in: definition.timeZone).milliseconds {
            note(link, "At the counter it closes at another time than the election's links do.")
        }
        guard let record = link.record, let token = try? office.linkKeys.token(linkID: link.id, keyID: link.keyID) else { return }
        let answer =
            Answer.expected(question: definition.identityQuestion, dateOfBirth: record.dateOfBirth, voterID: record.voterID)
            ?? (try? office.linkKeys.word(linkID: link.id, keyID: link.keyID))
        if let answer, Counter.proof(token, linkID: link.id, answer: answer) != there.answer {
            note(link, "The answer that opens it is not the voter's.")
        }
    }

    /// What the counter does to a row: each change of its state has an event, which the journal tells of, or will.
    private func checkUse(_ link: Link, _ there: CounterLink, _ told: Told, _ counter: Transaction) throws {
        func isNews(_ kind: String) throws -> Bool {
            try counter.count(
                "SELECT count(*) FROM counter_event WHERE ballot = $1 AND link = $2 AND kind = $3 AND seq > $4", .blob(link.ballot),
                .blob(link.id), .text(kind), .integer(told.eventsKnown)) > 0
        }
        let claimedAt = told.claimedAt[link.id]
        let isRetired = told.retired.contains(link.id)
        if there.state == "retired", !isRetired, try !isNews("retired") { note(link, "It was retired, and no event tells of it.") }
        if there.state == "live", isRetired || claimedAt != nil { note(link, "It was retired or claimed, and can be claimed again.") }
        if there.claimedAt != claimedAt, try claimedAt != nil || !isNews("claimed") {
            note(link, "The counter dates its claim otherwise than the journal does.")
        }
        if !["live", "claimed", "replaced", "retired"].contains(there.state) { note(link, "Its state is none that a link can have.") }
        if there.state == "live" {
            let latest = office.clock.now().adding(seconds: Counter.longestRestSeconds + Counter.clockTolerance).milliseconds
            if let tries = there.tries, let until = there.lockedUntil, (0..<Counter.triesBeforeRetirement).contains(tries),
                (0...latest).contains(until)
            {
                return
            }
            note(link, "Wrong answers cannot have brought it the rest or the number of tries that it has: it may never open.")
        }
        guard there.hasVisit else { return }
        if there.openedAt != there.claimedAt || there.openedAt.map({ $0 &+ Counter.visitSeconds * 1000 }) != there.expiresAt {
            note(link, "Its visit does not begin with the claim, or does not end a day later.")
        }
    }

    // MARK: Packets

    /// Every packet is one that the books issued, at that time, and was delivered when the journal says.
    func comparePackets(_ told: Told, _ books: Transaction, _ counter: Transaction) throws {
        let mark = Int64(try books.count("SELECT packets_known FROM office WHERE id = 1"))
        let ending = try CounterTasks.waiting(in: books)
        var position: [UInt8] = []
        while true {
            let ours = try books.all(
                "SELECT id, issued_at FROM ballot WHERE id > $1 ORDER BY id LIMIT \(Self.page)", .blob(position)
            ) { (id: try $0.blob("id"), issuedAt: try $0.integer("issued_at")) }
            let end = ours.count < Self.page ? nil : ours.last?.id
            let issuedAt = Dictionary(ours.map { ($0.id, $0.issuedAt) }, uniquingKeysWith: { first, _ in first })
            try counter.forEach(
                """
                SELECT ballot, seq, \(Self.number("issued_at")), \(Self.number("delivered_at")) FROM packet
                WHERE ballot > $1 \(end == nil ? "" : "AND ballot <= $2")
                """, values: [.blob(position)] + (end.map { [.blob($0)] } ?? [])
            ) { row in
                let ballot = try row.blob("ballot")
                guard let issued = issuedAt[ballot] else {
                    if try row.integer("seq") <= mark, !ending.contains(ballot) { noteForeignPacket("ballot \(hex(ballot))") }
                    return
                }
                if try row.optionalInteger("issued_at") != issued {
                    notes.add(
                        .packet, "ballot \(hex(ballot))", "The counter says that its packet was issued at another time than the books say.")
                }
                let delivered = try row.optionalInteger("delivered_at")
                guard delivered != told.deliveredAt[ballot] else { return }
                let news = try counter.count(
                    "SELECT count(*) FROM counter_event WHERE ballot = $1 AND kind = 'delivered' AND seq > $2", .blob(ballot),
                    .integer(told.eventsKnown))
                if told.deliveredAt[ballot] != nil || news == 0 {
                    notes.add(.delivery, "ballot \(hex(ballot))", "The counter dates its delivery otherwise than the journal does.")
                }
            }
            guard let end else { return }
            position = end
        }
    }
}
