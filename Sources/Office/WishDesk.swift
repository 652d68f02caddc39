import Elections
import Keys
import Storage

/// Mails new links without a clerk: to voters who asked for one at the counter with the right answer, and to those whose link was retired after
/// too many wrong ones.
///
/// Nobody who knows less than the voter gets anything from it: the letter goes to the address on file. Each ballot has so many in a day, so that
/// nobody can have a voter swamped. What cannot be mailed comes onto the list of what a person must look at.
package struct WishDesk: Sendable {
    private let office: Office
    private let links: LinkDesk

    /// Opens the desk in an office.
    package init(_ office: Office) {
        self.office = office
        links = LinkDesk(office)
    }

    fileprivate enum Outcome {
        case mailed, listed, refused
        /// The ballot is back, or links have closed: nobody has to do anything.
        case moot
    }

    /// What came of one look.
    package struct Summary: Sendable, Equatable {
        /// New links that are on their way.
        package var mailed = 0
        /// Voters who came onto the list instead.
        package var listed = 0
        /// Wishes that the counter cannot honestly have taken down, or too many of one ballot.
        package var refused = 0

        /// So many of each.
        package init(mailed: Int = 0, listed: Int = 0, refused: Int = 0) {
            self.mailed = mailed
            self.listed = listed
            self.refused = refused
        }

        fileprivate mutating func take(_ outcome: Outcome) {
            switch outcome {
            case .mailed: mailed += 1
            case .listed: listed += 1
            case .refused: refused += 1
            case .moot: break
            }
        }
    }

    /// Links that are made in one go: who floods the counter must not keep the letters waiting.
    private static let atOnce = 200
    /// Wishes that are looked at in one go. Refusing one takes a look into the books and no more: who floods the counter with wishes that
    /// nobody can have must not keep those of the voters waiting behind them.
    private static let lookedAtOnce = 20_000
    /// Seconds to wait for whoever else makes links: letters that are due must not wait long for wishes.
    private static let patience = 2.0

    private struct Wish {
        let seq: Int64
        let at: Int64
        let ballot: [UInt8]
        let link: [UInt8]
    }

    /// Grants what can be granted. Cheap where nobody asks.
    ///
    /// - Throws: what is wrong with the books; a counter that does not answer is for the next time.
    package func serve() throws -> Summary {
        var summary = Summary()
        let (wishes, end) = try newWishes()
        let retired = try retiredLinks()
        guard !wishes.isEmpty || !retired.isEmpty else { return summary }
        let lock = try office.lock("links", wait: Self.patience, busy: "Another process is making links.")
        defer { withExtendedLifetime(lock) {} }
        try links.finishInterruptedLocked()
        // Whatever is granted moves the mark past all that was refused before it.
        var unmarked: Int64?
        var isCut = false
        for wish in wishes {
            isCut = summary.mailed + summary.listed >= Self.atOnce
            if isCut { break }
            let outcome = try despiteDamage(of: wish.ballot) {
                try grant(wish)
            } else: {
                try mark(wish.seq, in: $0)
            }
            summary.take(outcome)
            unmarked = outcome == .refused ? wish.seq : nil
        }
        if !isCut, let end { unmarked = end }
        if let unmarked { try office.books.write { try mark(unmarked, in: $0) } }
        for ballot in retired {
            summary.take(
                try despiteDamage(of: ballot) {
                    try renew(ballot)
                } else: { _ in
                })
        }
        return summary
    }

    /// One record that does not open must not keep the others waiting.
    private func despiteDamage(
        of ballot: [UInt8], _ body: () throws -> Outcome, else more: (Transaction) throws -> Void
    ) throws -> Outcome {
        do {
            return try body()
        } catch let error where error is KeysError || error is Problem || (error as? StorageError)?.code == .constraint {
            // The last: what a new link at the counter would belong to is gone there.
            let why = error is StorageError ? "its packet is not at the counter" : "the voter's record does not open"
            try office.books.write { transaction in
                let owner = try transaction.first("SELECT election, voter FROM ballot WHERE id = $1", .blob(ballot)) {
                    (election: try $0.integer("election"), voter: try $0.integer("voter"))
                }
                if let owner {
                    try ExceptionList.add(
                        .needsNewLink, voter: owner.voter, election: owner.election,
                        detail: "A new link cannot be mailed: \(why). Run `uocava audit`.",
                        at: office.clock.now(),
                        in: transaction)
                }
                try more(transaction)
            }
            return .listed
        }
    }

    // MARK: Wishes

    /// What to look at, and, where the numbers began anew, the number of the last of them, whether it is among these or was granted before.
    private func newWishes() throws -> (wishes: [Wish], end: Int64?) {
        let known = Int64(try office.books.read { try $0.count("SELECT wishes_known FROM office WHERE id = 1") })
        let found: [Wish]
        var isRewound = false
        do {
            // Whoever holds the counter can write anything there: what is of another kind or size reads as nothing, and is refused.
            found = try office.counter.read { counter in
                // The counter was put back from a copy, and its numbers with it, or somebody pushed them ahead: all is looked at anew.
                isRewound = Int64(try counter.count("SELECT ifnull(max(seq), 0) FROM wish")) < known
                return try counter.all(
                    """
                    SELECT seq, CASE typeof(at) WHEN 'integer' THEN at ELSE -1 END AS at,
                        CASE WHEN typeof(ballot) = 'blob' AND length(ballot) = 16 THEN ballot ELSE zeroblob(1) END AS ballot,
                        CASE WHEN typeof(link) = 'blob' AND length(link) = 16 THEN link ELSE zeroblob(1) END AS link
                    FROM wish WHERE seq > $1 ORDER BY seq LIMIT \(Self.lookedAtOnce)
                    """, .integer(isRewound ? 0 : known)
                ) { Wish(seq: try $0.integer("seq"), at: try $0.integer("at"), ballot: try $0.blob("ballot"), link: try $0.blob("link")) }
            }
        } catch is CounterTrouble {
            return ([], nil)
        }
        guard isRewound else { return (found, nil) }
        let end = found.last?.seq ?? 0
        let wishes = try office.books.write { books in
            // What was granted before is not granted again: a link was mailed after it.
            let open = try found.filter { wish in
                try books.count(
                    "SELECT count(*) FROM letter WHERE ballot = $1 AND kind = 'new_link' AND queued_at >= $2", .blob(wish.ballot),
                    .integer(wish.at)) == 0
            }
            try mark(open.isEmpty ? end : 0, in: books)
            return open
        }
        return (wishes, end)
    }

    private func mark(_ seq: Int64, in transaction: Transaction) throws {
        try transaction.execute("UPDATE office SET wishes_known = $1 WHERE id = 1", .integer(seq))
    }

    /// What becomes of one wish; the mark moves past it unless it is refused, which writes nothing.
    private func grant(_ wish: Wish) throws -> Outcome {
        let now = office.clock.now()
        let plain = try office.books.read { transaction -> (election: KeptElection, ballot: LinkDesk.StandingBallot)? in
            let made = try transaction.first(
                "SELECT made_at FROM link WHERE id = $1 AND ballot = $2", .blob(wish.link), .blob(wish.ballot)
            ) { try $0.integer("made_at") }
            // A link that is not ours; or a wish before its link, or ahead of time.
            guard let made, wish.at >= made - Counter.clockTolerance * 1000,
                wish.at <= now.adding(seconds: Counter.clockTolerance).milliseconds,
                try mailedToday(wish.ballot, at: now, in: transaction) < Counter.wishesADay
            else { return nil }
            return try standing(wish.ballot, in: transaction)
        }
        guard let plain else { return .refused }
        return try replace(
            plain.ballot, in: plain.election, reason: "The voter asked for it on the site, with the right answer.",
            clearing: [.needsNewLink, .letterRefused, .letterBounced], detail: "The voter asked on the site for a new link.",
            at: now, either: { try mark(wish.seq, in: $0) })
    }

    /// New links that were made for a ballot within a day, by whomever.
    private func mailedToday(_ ballot: [UInt8], at now: Instant, in transaction: Transaction) throws -> Int {
        try transaction.count(
            "SELECT count(*) FROM letter WHERE ballot = $1 AND kind = 'new_link' AND queued_at > $2", .blob(ballot),
            .integer(now.adding(seconds: -Counter.daySeconds).milliseconds))
    }

    private func standing(_ ballot: [UInt8], in transaction: Transaction) throws -> (
        election: KeptElection, ballot: LinkDesk.StandingBallot
    )? {
        let id = try transaction.first("SELECT election FROM ballot WHERE id = $1", .blob(ballot)) { try $0.integer("election") }
        guard let id, let election = try ElectionBook.all(in: transaction).first(where: { $0.id == id }) else { return nil }
        return (election, try links.standing(ballot, transaction))
    }

    // MARK: Retired links

    /// The ballots whose newest link was retired, that can have a new one and have had none for a day, and of which nobody was told that they
    /// cannot.
    private func retiredLinks() throws -> [[UInt8]] {
        let now = office.clock.now()
        return try office.books.read { transaction in
            let open = try ElectionBook.all(in: transaction).filter { now < Self.closing(of: $0) }.map { "\($0.id)" }
            let statuses = BallotStatus.allCases.filter { EventKind.linkReplaced.status(after: $0) != nil }.map { "'\($0.rawValue)'" }
            return try transaction.all(
                """
                SELECT b.id FROM exception x JOIN ballot b ON b.election = x.election AND b.voter = x.voter
                    JOIN link l ON l.ballot = b.id AND l.ended_at IS NULL
                WHERE x.kind = 'link_retired' AND x.cleared_at IS NULL
                    AND b.election IN (\(open.joined(separator: ", "))) AND b.status IN (\(statuses.joined(separator: ", ")))
                    AND EXISTS (SELECT 1 FROM journal j WHERE j.ballot = b.id AND j.kind = 'link_retired'
                        AND instr(CAST(j.canonical AS TEXT), lower(hex(l.id))) > 0)
                    AND NOT EXISTS (SELECT 1 FROM letter m WHERE m.ballot = b.id AND m.kind = 'new_link' AND m.queued_at > $1)
                    AND NOT EXISTS (SELECT 1 FROM exception y WHERE y.election = x.election AND y.voter = x.voter
                        AND y.kind = 'needs_new_link' AND y.cleared_at IS NULL)
                ORDER BY x.since LIMIT \(Self.atOnce)
                """, .integer(now.adding(seconds: -Counter.daySeconds).milliseconds)
            ) { try $0.blob("id") }
        }
    }

    private static func closing(of election: KeptElection) -> Instant {
        election.definition.deadlines.linksClose.instant(in: election.definition.timeZone)
    }

    private func renew(_ ballot: [UInt8]) throws -> Outcome {
        let now = office.clock.now()
        guard let plain = try office.books.read({ try standing(ballot, in: $0) }) else { return .refused }
        // The line stays open: that somebody guessed is for a person to see. A claim with the right answer clears it.
        return try replace(
            plain.ballot, in: plain.election, reason: "The link was retired after too many wrong answers.",
            clearing: [.needsNewLink, .letterRefused, .letterBounced], detail: "The link was retired after too many wrong answers.",
            at: now,
            mailed: { transaction in
                try ExceptionList.add(
                    .linkRetired, voter: plain.ballot.voter, election: plain.election.id,
                    detail: "Too many wrong answers: the link opens nothing any more. A new one was mailed to the address on file.",
                    at: now,
                    in: transaction)
            })
    }

    // MARK: Both

    /// Makes the link, or puts the voter on the list where none may be mailed; `mailed` and `either` belong into the transaction that says so.
    private func replace(
        _ ballot: LinkDesk.StandingBallot, in election: KeptElection, reason: String, clearing: [ExceptionList.Kind], detail: String,
        at now: Instant, mailed: (Transaction) throws -> Void = { _ in }, either: (Transaction) throws -> Void = { _ in }
    ) throws -> Outcome {
        // After a change of the address a link needs a person: whoever changed it would get the ballot.
        let hasNewAddress = try office.books.read { try Approvals(office).hasNewAddress(ballot.id, at: now, in: $0) }
        let why: String
        if hasNewAddress {
            why =
                "The e-mail address changed less than \(Approvals.addressHours) hours ago: make sure that it is the voter's, then make one."
        } else {
            do {
                try links.replaceLink(of: ballot, in: election, reason: reason, clearing: clearing) { transaction in
                    try mailed(transaction)
                    try either(transaction)
                }
                return .mailed
            } catch let error as OfficeError where error.code == .notAllowed {
                why = error.message
            }
        }
        let isMoot = EventKind.linkReplaced.status(after: ballot.status) == nil || now >= Self.closing(of: election)
        try office.books.write { transaction in
            if !isMoot {
                try ExceptionList.add(
                    .needsNewLink, voter: ballot.voter, election: election.id, detail: "\(detail) \(why)", at: now, in: transaction)
            }
            try either(transaction)
        }
        return isMoot ? .moot : .listed
    }
}
