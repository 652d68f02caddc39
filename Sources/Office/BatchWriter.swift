import Elections
import Foundation
import Storage
import Synchronization

/// A voter after the decision, with the ballot where one was made.
struct DecidedVoter: Sendable {
    /// Rows of `request` and `voter`.
    let request: Int64
    let voter: Int64
    let record: VoterRecord
    /// Whether a ballot of theirs stood before.
    let issued: Bool
    let decision: BucketDecision
    /// Which ballot of the voter's in this election it is, from 1.
    let sequence: Int64
    let base: BaseDesk?
    let made: MadeBallot?
    /// What the ballot takes the place of; nil: nothing.
    let replaces: Replacement?
}

/// Writes what ``IssueRun`` makes, a chunk after the other: to the counter first, then, in one transaction, to the books.
///
/// The two databases are two files with a thread each: while the books take a chunk, the counter takes the next. If we crash, the counter
/// holds packets and links that nobody was told of, behind the marks in the books; `LinkDesk.finishInterrupted` takes them away before the
/// next run. After the first failure nothing more is begun; what the counter has by then is still
/// written in the books.
final class BatchWriter: Sendable {
    private let office: Office
    private let election: KeptElection
    private let now: Instant
    private let closesAt: Instant
    /// The voters with an open exception that this run may clear.
    private let open: Set<Int64>
    /// Where the office wants a second person's yes.
    private let approvals: BatchApprovals?

    private let counterQueue = DispatchQueue(label: "issue-counter")
    private let booksQueue = DispatchQueue(label: "issue-books")
    /// For as much as is made while a log is copied into its file and the disk waited for.
    private let room = DispatchSemaphore(value: 4)
    private let state = Mutex(State())

    private struct State {
        var failure: (any Error)?
        /// Whether the books refused a chunk: none may follow it there.
        var booksFailed = false
        /// Chunks that were submitted and are not yet in the books.
        var unwritten = 0
        var batch: Int64?
        /// Ballots that were made in place of others whose envelopes came meanwhile: nobody gets them.
        var overtaken = 0
        /// Held from a chunk's first row at the counter until the marks in the books are past its last: nobody else may make links between.
        var links: FileLock?
        /// When others could last make links for certain.
        var leftFree = ContinuousClock.now
    }

    /// The highest rows at the counter once a chunk is there.
    private struct Marks {
        var packets: Int64 = 0
        var links: Int64 = 0
    }

    /// Packets in one transaction at the counter: about 2 ms of its write lock, so that claims do not wait. Twice as many make a batch a
    /// twentieth faster by itself, and the slowest claims of a crowd beside it a fifth slower.
    private static let packetsAtOnce = 64
    /// How long others may have to wait until they can make links.
    private static let longestHold = Duration.seconds(2)

    init(office: Office, election: KeptElection, now: Instant, closesAt: Instant, open: Set<Int64>, approvals: BatchApprovals?) {
        self.office = office
        self.election = election
        self.now = now
        self.closesAt = closesAt
        self.open = open
        self.approvals = approvals
    }

    /// Takes a chunk; waits while too many are not yet written.
    ///
    /// - Throws: what stopped an earlier one.
    func submit(_ decided: [DecidedVoter]) throws {
        room.wait()
        if let failure = state.withLock({ $0.failure }) {
            room.signal()
            throw failure
        }
        state.withLock { $0.unwritten += 1 }
        counterQueue.async { [self] in
            guard state.withLock({ $0.failure == nil }), let marks = attempt({ try writeAtCounter(decided) }) else { return done() }
            booksQueue.async { [self] in
                if state.withLock({ !$0.booksFailed }), attempt({ try writeInBooks(decided, marks) }) == nil {
                    state.withLock { $0.booksFailed = true }
                }
                done()
            }
            if state.withLock({ ContinuousClock.now - $0.leftFree >= Self.longestHold }) { letOthersMakeLinks() }
        }
    }

    private func done() {
        state.withLock { state in
            state.unwritten -= 1
            // Whoever decides may be slow, or stopped at a terminal.
            if state.unwritten == 0 { state.links = nil }
        }
        room.signal()
    }

    /// Waits until everything is written, and ends the batch.
    ///
    /// - Returns: what the run came to, with the batch's number where somebody was issued a ballot.
    func finish(_ result: Issuing.Result) throws -> Issuing.Result {
        // The log is copied while the books are still written: else that is waited for when the files are closed.
        // Nothing is lost where it cannot: what the log holds is kept.
        counterQueue.async { [self] in try? office.counter.copyLog() }
        try drain()
        var result = result
        let (batch, overtaken) = state.withLock { ($0.batch, $0.overtaken) }
        result.batch = batch
        if overtaken > 0 {
            result.buckets[.issued, default: 0] -= overtaken
            result.buckets[.alreadyIssued, default: 0] += overtaken
        }
        if let batch { try end(batch, result) }
        // The links of those that were replaced; what fails here is left to whoever catches up next.
        try office.needingCounter { try CounterTasks(office).run() }
        return result
    }

    /// Waits until everything that was submitted is written, or is given up after a failure.
    ///
    /// - Throws: the first failure.
    func drain() throws {
        counterQueue.sync {}
        booksQueue.sync {}
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// What `body` comes to; nil where it throws, which is kept if it is the first failure.
    private func attempt<Result>(_ body: () throws -> Result) -> Result? {
        do { return try body() } catch {
            state.withLock { $0.failure = $0.failure ?? error }
            return nil
        }
    }

    // MARK: The counter

    private func writeAtCounter(_ decided: [DecidedVoter]) throws -> Marks {
        let made = decided.compactMap(\.made)
        var marks = Marks()
        if made.isEmpty { return marks }
        try keepOthersFromLinks()
        for start in stride(from: 0, to: made.count, by: Self.packetsAtOnce) {
            let end = min(start + Self.packetsAtOnce, made.count)
            let write: (Transaction) throws -> Void = { [self] transaction in
                try insert(made[start..<end], in: transaction)
                marks.packets = Int64(try transaction.count("SELECT max(seq) FROM packet"))
                marks.links = Int64(try transaction.count("SELECT max(seq) FROM link"))
            }
            // The last piece's fsync is for all of them: the books must not know of a packet that a power cut can take back.
            try office.needingCounter {
                if end < made.count { try office.counter.writeAhead(write) } else { try office.counter.write(write) }
            }
            usleep(DatabaseFile.pauseForOthers)
        }
        return marks
    }

    private func keepOthersFromLinks() throws {
        if state.withLock({ $0.links != nil }) { return }
        let lock = try office.lock("links", wait: 30, busy: "Another process is making links.")
        // A replacement that was interrupted meanwhile would be passed over by the marks.
        try LinkDesk(office).finishInterruptedLocked()
        state.withLock { $0.links = lock }
    }

    /// Gives the lock back for longer than those who wait for it look away. No chunk is at the counter alone then.
    private func letOthersMakeLinks() {
        booksQueue.sync {}
        state.withLock { $0.links = nil }
        usleep(FileLock.pause * 3 / 2)
        state.withLock { $0.leftFree = ContinuousClock.now }
    }

    private func insert(_ ballots: some Sequence<MadeBallot>, in counter: Transaction) throws {
        let packet = try counter.prepare(
            """
            INSERT INTO packet (ballot, election, base, sha256, length, tracking, issued_at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """)
        let link = try LinkMaker.inserting(in: counter)
        for ballot in ballots {
            try packet.execute(
                .blob(ballot.id), .integer(election.id), .blob(ballot.base), .blob(ballot.sha256), .integer(Int64(ballot.length)),
                .blob(ballot.tracking), .integer(now.milliseconds), .blob(ballot.sealedPacket))
            try LinkMaker.insert(ballot.link, ballot: ballot.id, closesAt: closesAt, at: now, with: link)
        }
    }

    // MARK: The books

    private func writeInBooks(_ decided: [DecidedVoter], _ marks: Marks) throws {
        let known = state.withLock { $0.batch }
        let used = try office.books.write { books -> Int64? in
            // The batch's row comes with its first ballot.
            let batch = try decided.contains { $0.made != nil } ? known ?? begin(in: books) : nil
            var entries: [JournalEntry] = []
            let ballots = try books.prepare(
                """
                INSERT INTO ballot (id, election, voter, sequence, style, base, packet, batch, status, status_at, issued_at, return_index,
                    tracking, key_id, sealed, mail_serial, supersedes)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'issued', $9, $9, $10, $11, $12, $13, $14, $15)
                """)
            let links = try LinkRows(in: books)
            var issued: Int64 = 0
            for voter in decided {
                try list(voter, in: books)
                if let made = voter.made, let base = voter.base, let batch, try takePlace(of: voter.replaces, made, &entries, in: books) {
                    try insert(voter, made, base, batch: batch, with: ballots, links, &entries, in: books)
                    issued += 1
                }
            }
            try Journal.append(entries, at: now, in: books)
            if issued > 0 { try count(issued, in: books) }
            if batch != nil {
                try books.execute(
                    "UPDATE office SET packets_known = max(packets_known, $1), links_known = max(links_known, $2) WHERE id = 1",
                    .integer(marks.packets), .integer(marks.links))
            }
            return batch
        }
        if let used { state.withLock { $0.batch = used } }
    }

    /// Adds a chunk's ballots to the election's sums, which no trigger does.
    private func count(_ issued: Int64, in books: Transaction) throws {
        try books.execute(
            "UPDATE election_total SET issued = issued + $2 WHERE election = $1", .integer(election.id), .integer(issued))
        try books.execute(
            """
            INSERT INTO status_total (election, status, n) VALUES ($1, 'issued', $2)
            ON CONFLICT (election, status) DO UPDATE SET n = n + excluded.n
            """, .integer(election.id), .integer(issued))
        try books.execute(
            """
            INSERT INTO half_hour_total (election, half_hour, issued) VALUES ($1, $2, $3)
            ON CONFLICT (election, half_hour) DO UPDATE SET issued = issued + excluded.issued
            """, .integer(election.id), .integer(now.milliseconds / 1_800_000), .integer(issued))
    }

    /// Sets the old ballot aside, where the new one takes the place of one.
    ///
    /// - Returns: false where the old one's envelope came meanwhile: that counts, and nobody is told of the new one.
    private func takePlace(
        of old: Replacement?, _ made: MadeBallot, _ entries: inout [JournalEntry], in books: Transaction
    ) throws -> Bool {
        guard let old else { return true }
        if let told = try old.setAside(office, for: made.id, at: now, in: books) {
            entries += told
            return true
        }
        try CounterTasks.add(.sweep, ballot: made.id, in: books)
        state.withLock { $0.overtaken += 1 }
        return false
    }

    private func begin(in books: Transaction) throws -> Int64 {
        // Asked again where the first ballot is written: what was approved may have changed since the run began.
        let approval = try approvals?.given(in: books)
        guard approvals == nil || approval != nil else {
            throw OfficeError(
                .tryAgain, "The roll, a style or who is due changed since the batch was approved.",
                hint: "Nothing was issued. Run `uocava issue` again: it asks for another approval.")
        }
        let batch = try books.first(
            "INSERT INTO batch (election, started_at, approval) VALUES ($1, $2, $3) RETURNING id", .integer(election.id),
            .integer(now.milliseconds), .integer(orNull: approval), decode: { try $0.integer("id") })
        guard let batch else { throw OfficeError(.broken, "A batch could not be begun.") }
        return batch
    }

    private func insert(
        _ voter: DecidedVoter, _ made: MadeBallot, _ base: BaseDesk, batch: Int64, with ballots: PreparedStatement, _ links: LinkRows,
        _ entries: inout [JournalEntry], in books: Transaction
    ) throws {
        try ballots.execute(
            .blob(made.id), .integer(election.id), .integer(voter.voter), .integer(voter.sequence), .integer(base.styleRow),
            .blob(made.base), .blob(made.sha256), .integer(batch), .integer(now.milliseconds), .blob(made.returnIndex),
            .blob(made.tracking), .text(made.sealedBallot.keyID), .blob(made.sealedBallot.sealed), .integer(orNull: made.mailSerial),
            .blob(orNull: voter.replaces?.ballot.ballot))
        if let old = voter.replaces { try old.end(made.id, at: now, in: books) }
        let letter = try links.record(
            made.link, to: LetterBook.Owner(ballot: made.id, voter: voter.voter, election: election.id), kind: .ballotReady, at: now)
        var facts: [String: JSONValue] = [
            "style": .string(base.style.id.text), "style_row": .integer(base.styleRow), "base": .string(hex(made.base)),
            "packet": .string(hex(made.sha256)), "batch": .integer(batch)
        ]
        if let serial = made.mailSerial { facts["mail_serial"] = .integer(serial) }
        if let old = voter.replaces {
            facts["supersedes"] = .string(hex(old.ballot.ballot))
            facts["replacement"] = .integer(old.id)
        }
        entries.append(JournalEntry(.ballot(.issued), election: election.id, voter: voter.voter, ballot: made.id, facts: facts))
        entries.append(letter)
        if made.linesByHand > 0 {
            try ExceptionList.add(
                .addressByHand, voter: voter.voter, election: election.id,
                detail:
                    "\(counted(made.linesByHand, "address line")) could not be printed; the voter writes \(made.linesByHand == 1 ? "it" : "them") in by hand.",
                at: now,
                in: books)
        }
    }

    private func list(_ voter: DecidedVoter, in books: Transaction) throws {
        let kind = ExceptionList.Kind.of(voter.decision.bucket)
        if open.contains(voter.voter) {
            let others = Bucket.allCases.compactMap(ExceptionList.Kind.of).filter { $0 != kind }
            try ExceptionList.clear(others, voter: voter.voter, election: election.id, at: now, in: books)
        }
        if let kind {
            try ExceptionList.add(kind, voter: voter.voter, election: election.id, detail: voter.decision.reason, at: now, in: books)
        }
    }

    private func end(_ batch: Int64, _ result: Issuing.Result) throws {
        // One look at the clock: the journal's time and the batch's are compared.
        let end = office.clock.now()
        try office.books.write { books in
            try books.execute(
                "UPDATE batch SET finished_at = $2, issued = $3 WHERE id = $1", .integer(batch), .integer(end.milliseconds),
                .integer(Int64(result.buckets[.issued] ?? 0)))
            var facts: [String: JSONValue] = [
                "batch": .integer(batch), "buckets": result.json["buckets"] ?? .null, "total": .integer(Int64(result.total))
            ]
            let approval = try books.first("SELECT approval FROM batch WHERE id = $1", .integer(batch)) {
                try $0.optionalInteger("approval")
            }
            if let approval = approval.flatMap({ $0 }) { facts["approval"] = .integer(approval) }
            try Journal.append([JournalEntry(.batchFinished, election: election.id, facts: facts)], at: end, in: books)
        }
    }
}
