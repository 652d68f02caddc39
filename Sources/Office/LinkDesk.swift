package import Elections
import Foundation
import Keys
import Storage

/// The desk for links: one live link for a ballot at most, whoever asks, whenever we crash.
package struct LinkDesk: Sendable {
    let office: Office

    /// Opens the desk in an office.
    package init(_ office: Office) { self.office = office }

    /// What came of asking for a new link.
    package enum Outcome: Sendable, Equatable {
        /// The old link is dead, and a letter with the new one is queued.
        case made
        /// The address changed within 72 hours: a supervisor other than who asked must approve it first.
        case waits
    }

    /// Kills a ballot's link and queues a letter with a new one; or asks a second person, where the address changed a moment ago.
    ///
    /// - Parameters:
    ///   - voter: the voter's number.
    ///   - reason: why, in a clerk's words; kept sealed.
    /// - Throws: ``OfficeError`` `notFound`, or `notAllowed` where the ballot came back, there is no address, or the links closed.
    @discardableResult
    package func newLink(for voter: VoterID, election id: ElectionID, reason: String) throws -> Outcome {
        try newLink(for: voter, in: try office.books.read { try ElectionBook.find(id, in: $0) }, reason: reason)
    }

    /// The same in an election that was looked up.
    func newLink(for voter: VoterID, in election: KeptElection, reason: String) throws -> Outcome {
        try Self.check(reason)
        let approvals = Approvals(office)
        let name = Actor.current?.name ?? ""
        let isAtDesk = Actor.current?.address != nil
        let jurisdiction = election.definition.jurisdiction.id.text
        if try isAtDesk || (!name.isEmpty && approvals.hasSecondPerson(besides: name, for: jurisdiction)) {
            let now = office.clock.now()
            let waits = try office.books.write { transaction in
                let standing = try ballot(of: voter, in: election, transaction)
                // What cannot have a new link is told so at once.
                guard EventKind.linkReplaced.status(after: standing.status) != nil,
                    try approvals.hasNewAddress(standing.id, at: now, in: transaction)
                else { return false }
                try approvals.ask(.newLink, election: election.id, voter: standing.voter, reason: reason, at: now, in: transaction)
                return true
            }
            if waits { return .waits }
        }
        try makeLink(for: voter, in: election, reason: reason)
        return .made
    }

    private static func check(_ reason: String) throws {
        guard !reason.allSatisfy(\.isWhitespace) else {
            throw OfficeError(.usage, "A new link needs a reason.", hint: "For example: --reason \"The voter lost the letter\"")
        }
    }

    /// Makes it, whoever must have said yes.
    ///
    /// - Parameter more: what belongs into the transaction in which the letter is queued.
    func makeLink(
        for voter: VoterID, in election: KeptElection, reason: String, with more: (Transaction) throws -> Void = { _ in }
    ) throws {
        let lock = try office.lock("links", wait: 30, busy: "Another process is making links.")
        defer { withExtendedLifetime(lock) {} }
        try finishInterruptedLocked()
        if let trouble = try office.catchUp() { throw trouble.cause }
        let standing = try office.books.read { try ballot(of: voter, in: election, $0) }
        try replaceLink(of: standing, in: election, reason: reason, with: more)
    }

    /// Takes away what an interrupted run left at the counter, and finishes a replacement that stopped half-way.
    package func finishInterrupted() throws {
        let lock = try office.lock("links", wait: 30, busy: "Another process is making links.")
        defer { withExtendedLifetime(lock) {} }
        try finishInterruptedLocked()
    }

    // MARK: Replacing

    struct StandingBallot {
        let id: [UInt8]
        let voter: Int64
        let status: BallotStatus
        let record: VoterRecord
        let secrets: BallotSecrets
    }

    private func ballot(of voter: VoterID, in election: KeptElection, _ transaction: Transaction) throws -> StandingBallot {
        let found = try transaction.first(
            """
            SELECT b.id FROM ballot b JOIN voter v ON v.id = b.voter
            WHERE b.election = $1 AND v.jurisdiction = $2 AND v.number_index = $3 AND b.status NOT IN ('replaced', 'cancelled')
            """, .integer(election.id), .text(election.definition.jurisdiction.id.text),
            .blob(office.rollKeys.index("voter number", voter.text)), decode: { try $0.blob("id") })
        guard let found else {
            let known = try transaction.count(
                """
                SELECT count(*) FROM request r JOIN voter v ON v.id = r.voter
                WHERE r.election = $1 AND v.jurisdiction = $2 AND v.number_index = $3
                """, .integer(election.id), .text(election.definition.jurisdiction.id.text),
                .blob(office.rollKeys.index("voter number", voter.text)))
            guard known > 0 else {
                throw OfficeError(
                    .notFound, "There is no voter \(Printable.quote(voter.text)) in \(election.definition.id).",
                    hint: "Give the voter's number as the roll has it; `uocava status --election \(election.definition.id)` lists all.")
            }
            throw OfficeError(
                .notFound, "\(Printable.escape(voter.text)) has no ballot in \(election.definition.id).",
                hint: "`uocava status \(Printable.escape(voter.text)) --election \(election.definition.id)` says why.")
        }
        return try standing(found, transaction)
    }

    func standing(_ ballot: [UInt8], _ transaction: Transaction) throws -> StandingBallot {
        let found = try transaction.first(
            """
            SELECT b.voter, b.status, b.key_id, b.sealed, r.id AS request, r.key_id AS request_key, r.sealed AS request_sealed
            FROM ballot b JOIN request r ON r.election = b.election AND r.voter = b.voter WHERE b.id = $1
            """, .blob(ballot)
        ) { row in
            StandingBallot(
                id: ballot, voter: try row.integer("voter"), status: BallotStatus(rawValue: try row.text("status")) ?? .cancelled,
                record: try VoterRecord(
                    encoded: try office.rollKeys.open(
                        try row.blob("request_sealed"), table: "request", id: RowID.bytes(try row.integer("request")),
                        keyID: try row.text("request_key"))),
                secrets: try BallotSecrets(
                    sealed: try row.blob("sealed"), keyID: try row.text("key_id"), ballot: ballot, keys: office.rollKeys))
        }
        guard let found else { throw OfficeError(.broken, "Ballot \(hex(ballot)) has no voter.", hint: "Run `uocava audit`.") }
        return found
    }

    /// - Parameters:
    ///   - leftover: the link of a replacement that stopped half-way and is finished by this one.
    ///   - more: what belongs into the transaction of the books in which the letter is queued.
    func replaceLink(
        of ballot: StandingBallot, in election: KeptElection, reason: String, finishing leftover: Leftovers.Link? = nil,
        clearing: [ExceptionList.Kind] = [.needsNewLink, .linkRetired, .letterRefused, .letterBounced],
        with more: (Transaction) throws -> Void = { _ in }
    ) throws {
        let now = office.clock.now()
        let number = Printable.escape(ballot.record.voterID.text)
        guard EventKind.linkReplaced.status(after: ballot.status) != nil else {
            throw OfficeError(
                .notAllowed, "The ballot of \(number) is \(ballot.status.rawValue): it needs no link any more.",
                hint: "`uocava status \(number) --election \(election.definition.id)` shows what happened.")
        }
        guard !ballot.record.email.isEmpty else {
            throw OfficeError(
                .notAllowed, "The roll has no e-mail address for \(number).", hint: "Import a roll with the address first.")
        }
        let closesAt = election.definition.deadlines.linksClose.instant(in: election.definition.timeZone)
        guard now < closesAt else {
            throw OfficeError(
                .notAllowed, "The links of \(election.definition.id) have closed.", hint: "The voter can still return a ballot by post.")
        }
        let link = try LinkMaker(
            rollKeys: office.rollKeys, linkKeys: office.linkKeys, question: election.definition.identityQuestion
        ).make(SystemRandom.bytes(16), nonce: SystemRandom.bytes(12), to: ballot.secrets.packetKey, ballot: ballot.id, voter: ballot.record)
        let seq = try office.needingCounter {
            try office.counter.write { transaction in
                // The old link dies in the transaction in which the new one comes alive; a visit on it ends too.
                try Self.endLinks(of: ballot.id, leftover: leftover, at: now, in: transaction)
                try LinkMaker.insert(
                    link, ballot: ballot.id, closesAt: closesAt, at: now, with: LinkMaker.inserting(in: transaction))
                return Int64(try transaction.count("SELECT max(seq) FROM link"))
            }
        }
        // If we crash here, the old link is dead and nobody was told of the new one: `finishInterrupted` makes another.
        try office.books.write { transaction in
            try transaction.execute(
                "UPDATE link SET ended_at = $2 WHERE ballot = $1 AND ended_at IS NULL", .blob(ballot.id), .integer(now.milliseconds))
            let owner = LetterBook.Owner(ballot: ballot.id, voter: ballot.voter, election: election.id)
            try LetterBook(office, at: now, in: transaction).withdrawLinks(to: owner)
            let queued = try LinkRows(in: transaction).record(link, to: owner, kind: .newLink, at: now)
            let outcome = try BallotBook.record(
                .linkReplaced, ballot: ballot.id, at: now,
                facts: ["link": .string(hex(link.id)), "reason": office.sealedNote(reason, ballot: ballot.id)], in: transaction)
            if case .impossible(let status) = outcome {
                throw OfficeError(.tryAgain, "The ballot of \(number) has just become \(status.rawValue).")
            }
            try Journal.append([queued], at: now, in: transaction)
            try ExceptionList.clear(clearing, voter: ballot.voter, election: election.id, at: now, in: transaction)
            try more(transaction)
            if let leftover {
                // The mark stays: another leftover may lie behind this one.
                try Self.journal(leftover, "finished", voter: ballot.voter, election: election.id, at: now, in: transaction)
            } else {
                try transaction.execute("UPDATE office SET links_known = max(links_known, $1) WHERE id = 1", .integer(seq))
            }
        }
    }

    /// Ends every link of a ballot at the counter, and the visits on them; a leftover, of which nobody was told, goes.
    static func endLinks(of ballot: [UInt8], leftover: Leftovers.Link? = nil, at now: Instant, in counter: Transaction) throws {
        try counter.execute("UPDATE link SET state = 'replaced' WHERE ballot = $1", .blob(ballot))
        try counter.execute(
            "UPDATE visit SET ended_at = $2 WHERE ended_at IS NULL AND link IN (SELECT id FROM link WHERE ballot = $1)", .blob(ballot),
            .integer(now.milliseconds))
        guard let leftover else { return }
        for table in ["served", "visit"] { try counter.execute("DELETE FROM \(table) WHERE link = $1", .blob(leftover.id)) }
        try counter.execute("DELETE FROM link WHERE id = $1", .blob(leftover.id))
    }

    /// By this row a copy of the leftover that somebody puts back is known.
    private static func journal(
        _ leftover: Leftovers.Link, _ outcome: String, voter: Int64, election: Int64, at now: Instant, in books: Transaction
    ) throws {
        try Journal.append(
            [
                JournalEntry(
                    .interruptedCleared, election: election, voter: voter, ballot: leftover.ballot,
                    facts: ["link": .string(hex(leftover.id)), "replacement": .string(outcome)])
            ], at: now, in: books)
    }

    // MARK: Leftovers

    /// The same for whoever holds the lock on making links.
    func finishInterruptedLocked() throws {
        try office.needingCounter {
            let found = try Leftovers.find(in: office)
            guard !found.isEmpty else { return }
            try sweep(found.unissued)
            for link in found.replacements { try finish(link) }
            try office.books.write { transaction in
                // Whatever is foreign was counted now, and the marks pass over it.
                try transaction.execute(
                    "UPDATE office SET packets_known = $1, links_known = $2 WHERE id = 1", .integer(found.packetsSeen),
                    .integer(found.linksSeen))
                try Journal.append(
                    [
                        JournalEntry(
                            .interruptedCleared,
                            facts: [
                                "packets": .number(found.unissued.count), "links": .number(found.replacements.count),
                                "foreign_packets": .number(found.foreignPackets), "foreign_links": .number(found.foreignLinks)
                            ])
                    ], at: office.clock.now(), in: transaction)
            }
        }
    }

    /// Takes packets away that the books do not have, with all that hangs on them. Nobody was ever told of these: no letter exists for them,
    /// and without one no token.
    private func sweep(_ ballots: [[UInt8]]) throws {
        for start in stride(from: 0, to: ballots.count, by: 48) {
            try office.counter.write { transaction in
                for ballot in ballots[start..<min(start + 48, ballots.count)] { try Self.sweep(ballot, in: transaction) }
            }
            usleep(DatabaseFile.pauseForOthers)
        }
    }

    /// The same for one packet.
    static func sweep(_ ballot: [UInt8], in counter: Transaction) throws {
        for table in ["served", "visit"] {
            try counter.execute("DELETE FROM \(table) WHERE link IN (SELECT id FROM link WHERE ballot = $1)", .blob(ballot))
        }
        try counter.execute("DELETE FROM link WHERE ballot = $1", .blob(ballot))
        try counter.execute("DELETE FROM packet WHERE ballot = $1", .blob(ballot))
    }

    /// Finishes a replacement that stopped half-way, or ends it where the ballot takes no new link any more.
    private func finish(_ link: Leftovers.Link) throws {
        let kept = try office.books.read { transaction in
            let row = try transaction.first("SELECT election, voter FROM ballot WHERE id = $1", .blob(link.ballot)) {
                (election: try $0.integer("election"), voter: try $0.integer("voter"))
            }
            return try row.flatMap { row in
                try ElectionBook.all(in: transaction).first { $0.id == row.election }.map { (election: $0, voter: row.voter) }
            }
        }
        guard let kept else { return }
        do {
            let ballot = try office.books.read { try standing(link.ballot, $0) }
            try replaceLink(
                of: ballot, in: kept.election, reason: "A replacement of the link was interrupted and is finished now.", finishing: link)
        } catch let error as OfficeError where error.code != .tryAgain {
            try end(link, voter: kept.voter, in: kept.election, because: error.message)
        } catch let error where error is KeysError || error is Problem {
            // One record that does not open must not keep the others waiting.
            try end(link, voter: kept.voter, in: kept.election, because: "The voter's record does not open.")
        }
    }

    private func end(_ link: Leftovers.Link, voter: Int64, in election: KeptElection, because why: String) throws {
        let now = office.clock.now()
        try office.books.write { transaction in
            try transaction.execute(
                "UPDATE link SET ended_at = $2 WHERE ballot = $1 AND ended_at IS NULL", .blob(link.ballot), .integer(now.milliseconds))
            try LetterBook(office, at: now, in: transaction).withdrawLinks(
                to: LetterBook.Owner(ballot: link.ballot, voter: voter, election: election.id))
            try ExceptionList.add(
                .needsNewLink, voter: voter, election: election.id,
                detail: "A new link was begun and could not be finished; the old one opens nothing any more. \(why)", at: now,
                in: transaction)
        }
        // If we crash here, the leftover is still above the mark, and all of this is done again.
        try office.counter.write { try Self.endLinks(of: link.ballot, leftover: link, at: now, in: $0) }
        try office.books.write {
            try Self.journal(link, "ended", voter: voter, election: election.id, at: now, in: $0)
        }
    }
}

extension Office {
    /// A clerk's own words, sealed for the journal: they may name people.
    func sealedNote(_ text: String, ballot: [UInt8]) -> JSONValue {
        let box = rollKeys.seal(Array(text.utf8), table: "journal", id: ballot)
        return ["key": .string(box.keyID), "sealed": .string(hex(box.sealed))]
    }

    /// The words in a sealed note; nil where it is none of ours.
    func openNote(_ note: JSONValue?, ballot: [UInt8]) -> String? {
        guard let key = note?["key"]?.stringValue, let sealed = note?["sealed"]?.stringValue.flatMap({ bytes(hex: $0) }),
            let plain = try? rollKeys.open(sealed, table: "journal", id: ballot, keyID: key)
        else { return nil }
        return String(decoding: plain, as: UTF8.self)
    }
}

/// Writes links and their letters into the books: one, or a whole chunk.
struct LinkRows {
    private let link: PreparedStatement
    private let letter: PreparedStatement

    init(in transaction: Transaction) throws {
        link = try transaction.prepare("INSERT INTO link (id, ballot, key_id, made_at) VALUES ($1, $2, $3, $4)")
        letter = try transaction.prepare(
            """
            INSERT INTO letter (election, voter, ballot, link, kind, state, queued_at, due_at) VALUES ($1, $2, $3, $4, $5, 'queued', $6, $6)
            RETURNING id
            """)
    }

    /// A link and the letter that will hold it.
    ///
    /// - Returns: the journal's entry of the letter, which the caller writes.
    func record(_ made: MadeLink, to owner: LetterBook.Owner, kind: LetterKind, at moment: Instant) throws -> JournalEntry {
        try link.execute(.blob(made.id), .blob(owner.ballot), .text(made.keyID), .integer(moment.milliseconds))
        let id = try letter.first(
            .integer(owner.election), .integer(owner.voter), .blob(owner.ballot), .blob(made.id), .text(kind.rawValue),
            .integer(moment.milliseconds), decode: { try $0.integer("id") })
        guard let id else { throw OfficeError(.broken, "A letter could not be queued.") }
        return LetterBook.queued(id, kind, link: made.id, to: owner)
    }
}
