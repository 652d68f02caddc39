import Elections
import Foundation
import Keys
import Packet
import Storage
import Synchronization

/// One run of `issue`: reads the roll chunk by chunk, makes a chunk's packets on every core while the chunk before is written.
///
/// Each chunk goes to the counter first and then, in one transaction, to the books. If we crash between, the counter holds links that nobody
/// was told: `LinkDesk.finishInterrupted` takes them away before the next run.
final class IssueRun: Sendable {
    private let office: Office
    private let election: KeptElection
    private let now: Instant
    private let closesAt: Instant
    private var dryRun: Bool { maker == nil }
    private let bases: BaseShelf
    /// Nil where nothing is to be made: a dry run and the reports need no signing key.
    private let maker: PacketMaker?
    private let today: CivilDate

    /// Voters in memory at once: some 12 MB of packets, six chunks in the pipeline.
    private static let chunk = 1024
    /// Packets in one transaction at the counter: about 4 ms of its write lock, so that claims do not wait.
    private static let counterChunk = 128

    init(
        office: Office, election: KeptElection, now: Instant, closesAt: Instant, bases: BaseShelf, maker: PacketMaker?
    ) {
        self.office = office
        self.election = election
        self.now = now
        self.closesAt = closesAt
        self.bases = bases
        self.maker = maker
        today = now.civilDate(in: election.definition.timeZone)
    }

    /// A voter as the books know them before the decision.
    private struct Candidate: Sendable {
        let request: Int64
        let voter: Int64
        let numberIndex: [UInt8]
        let fingerprint: [UInt8]
        let keyID: String
        let sealed: [UInt8]
        let released: Bool
        let issued: Bool
        let held: Bool
        let lastSequence: Int64
    }

    /// A voter after the decision.
    private struct Decided: Sendable {
        let request: Int64
        let voter: Int64
        let record: VoterRecord
        let issued: Bool
        let decision: BucketDecision
        let sequence: Int64
        let language: String
        let base: BaseDesk?
        let made: MadeBallot?
    }

    func everyone(
        _ scope: Issuing.Scope, releasing: Set<[UInt8]>, progress: @escaping (Issuing.Progress) -> Void
    ) throws -> Issuing.Result {
        var result = Issuing.Result(election: election.definition.id)
        let (voters, heldAlone) = try count(scope)
        result.total = voters + heldAlone
        if heldAlone > 0 { result.buckets[.held] = heldAlone }
        let open = try openExceptions()
        let writer = ChunkWriter()
        var batch: Int64?
        var done = heldAlone
        var position: Int64 = 0
        var listed = 0
        while true {
            let candidates: [Candidate]
            switch scope {
            case .everyone: candidates = try next(after: position)
            case .requests(let requests, _):
                candidates = try these(Array(requests.dropFirst(listed).prefix(Self.chunk)))
                listed += Self.chunk
            }
            guard let last = candidates.last else { break }
            position = last.request
            let decided = try decide(candidates, releasing: releasing)
            for voter in decided { result.buckets[voter.decision.bucket, default: 0] += 1 }
            done += decided.count
            if !dryRun {
                if batch == nil, decided.contains(where: { $0.made != nil }) { batch = try begin() }
                let number = batch
                try writer.submit { [self] in try write(decided, batch: number, open: open) }
            }
            progress(Issuing.Progress(done: done, total: result.total, issued: result.buckets[.issued] ?? 0))
        }
        try writer.finish()
        guard result.buckets.values.reduce(0, +) == result.total else {
            throw OfficeError(
                .broken, "The buckets do not add up to the roll: somebody changed it while ballots were issued.",
                hint: "Run `uocava issue` again.")
        }
        result.batch = batch
        if let batch { try finish(batch, result) }
        return result
    }

    /// Decides for everyone in scope, in the order of the roll and a chunk at a time, and writes nothing.
    func classify(_ scope: Issuing.Scope, _ body: ([Issuing.Classified]) throws -> Void) throws {
        var position: Int64 = 0
        var listed = 0
        while true {
            let candidates: [Candidate]
            switch scope {
            case .everyone: candidates = try next(after: position)
            case .requests(let requests, _):
                candidates = try these(Array(requests.dropFirst(listed).prefix(Self.chunk)))
                listed += Self.chunk
            }
            guard let last = candidates.last else { return }
            position = last.request
            try body(
                try decide(candidates, releasing: []).map {
                    Issuing.Classified(request: $0.request, voter: $0.voter, record: $0.record, issued: $0.issued, decision: $0.decision)
                })
        }
    }

    // MARK: Reading

    private func count(_ scope: Issuing.Scope) throws -> (voters: Int, heldAlone: Int) {
        switch scope {
        case .requests(let requests, let held): return (requests.count, held.count)
        case .everyone:
            return try office.books.read { transaction in
                (
                    try transaction.count("SELECT count(*) FROM request WHERE election = $1", .integer(election.id)),
                    try transaction.count(HeldRows.aloneCount, .integer(election.id), .text(election.definition.jurisdiction.id.text))
                )
            }
        }
    }

    private static let columns = """
        SELECT r.id, r.voter, r.key_id, r.sealed, v.number_index, r.released_at IS NOT NULL AND EXISTS (SELECT 1 FROM journal j
                WHERE j.kind IN ('issued', 'released') AND j.kind = 'released' AND j.voter = r.voter AND j.at = r.released_at AND j.election = r.election) AS released,
            r.fingerprint, EXISTS (SELECT 1 FROM ballot b WHERE b.election = r.election AND b.voter = r.voter
                    AND b.status NOT IN ('replaced', 'cancelled'))
                OR EXISTS (SELECT 1 FROM journal j WHERE j.kind IN ('issued', 'released') AND j.kind = 'issued' AND j.voter = r.voter
                    AND j.election = r.election AND NOT EXISTS (SELECT 1 FROM journal k WHERE k.ballot = j.ballot
                        AND k.kind IN ('replaced', 'cancelled'))) AS issued,
            coalesce((SELECT max(b.sequence) FROM ballot b WHERE b.election = r.election AND b.voter = r.voter), 0) AS last_sequence,
            EXISTS (SELECT 1 FROM held_row h WHERE h.election = r.election AND h.number_index = v.number_index
                    AND h.cleared_at IS NULL) AS held
        FROM request r JOIN voter v ON v.id = r.voter
        """

    private func candidate(_ row: ResultRow) throws -> Candidate {
        Candidate(
            request: try row.integer("id"), voter: try row.integer("voter"), numberIndex: try row.blob("number_index"),
            fingerprint: try row.blob("fingerprint"),
            keyID: try row.text("key_id"), sealed: try row.blob("sealed"), released: try row.flag("released"),
            issued: try row.flag("issued"), held: try row.flag("held"),
            lastSequence: try row.integer("last_sequence"))
    }

    private func next(after position: Int64) throws -> [Candidate] {
        // The plus keeps SQLite to the order of the rows: by the election's index it would read and sort the whole rest for every chunk.
        try office.books.read { transaction in
            try transaction.all(
                "\(Self.columns) WHERE +r.election = $1 AND r.id > $2 ORDER BY r.id LIMIT \(Self.chunk)", .integer(election.id),
                .integer(position), decode: candidate)
        }
    }

    private func these(_ requests: [Int64]) throws -> [Candidate] {
        try office.books.read { transaction in
            try requests.compactMap { try transaction.first("\(Self.columns) WHERE r.id = $1", .integer($0), decode: candidate) }
        }
    }

    /// The voters with an open exception that this run may clear: asked for once, because nearly nobody has one.
    private func openExceptions() throws -> Set<Int64> {
        let kinds = Bucket.allCases.compactMap(ExceptionList.Kind.of).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try office.books.read { transaction in
            Set(
                try transaction.all(
                    "SELECT voter FROM exception WHERE election = $1 AND voter IS NOT NULL AND cleared_at IS NULL AND kind IN (\(kinds))",
                    .integer(election.id), decode: { try $0.integer("voter") }))
        }
    }

    // MARK: Making

    /// Decides and makes a chunk on every core.
    private func decide(_ candidates: [Candidate], releasing: Set<[UInt8]>) throws -> [Decided] {
        let cores = max(1, ProcessInfo.processInfo.activeProcessorCount)
        // Small pieces: the last one of a chunk leaves the other cores with nothing to do.
        let share = (candidates.count + cores * 16 - 1) / (cores * 16)
        let pieces = (candidates.count + share - 1) / share
        let done = Mutex<[Int: Result<[Decided], any Error>]>([:])
        let ids = NearbyIDs()
        DispatchQueue.concurrentPerform(iterations: pieces) { piece in
            let range = piece * share..<min((piece + 1) * share, candidates.count)
            let decided = Result { try candidates[range].map { try decide($0, releasing: releasing, ids: ids) } }
            done.withLock { $0[piece] = decided }
        }
        return try done.withLock { done in try (0..<pieces).flatMap { try done[$0]?.get() ?? [] } }
    }

    private func decide(_ candidate: Candidate, releasing: Set<[UInt8]>, ids: NearbyIDs) throws -> Decided {
        let encoded = try office.rollKeys.open(
            candidate.sealed, table: "request", id: RowID.bytes(candidate.request), keyID: candidate.keyID)
        let record = try VoterRecord(encoded: encoded)
        // Under another number the next roll would find nobody here, and add the voter once more; and an older record would lead to another
        // ballot. Reports come to their end all the same.
        let isMisfiled =
            office.rollKeys.index("voter number", record.voterID.text) != candidate.numberIndex
            || office.rollKeys.fingerprint(encoded) != candidate.fingerprint
        if isMisfiled, maker != nil {
            throw OfficeError(
                .broken,
                "The record of request \(candidate.request) is not the one that the last roll brought: somebody changed the books.",
                hint: "No more ballots were issued. Run `uocava audit`.")
        }
        let definition = election.definition
        var base: BaseDesk?
        let released = candidate.released || releasing.contains(candidate.numberIndex)
        let decision = Bucket.decide(
            IssueFacts(
                held: isMisfiled
                    ? "its record is not the one that the last roll brought: run `uocava audit`"
                    : candidate.held ? "a newer row of the roll cannot be read" : nil, record: record, released: released,
                alreadyIssued: candidate.issued, electionDate: definition.date, today: today, noPreference: definition.noPreference,
                style: { [bases] in bases.resolver.resolve(record, scope: definition.scope(of: record.voterClass)) },
                packetMissing: { [bases] style in
                    base = bases.desk(style, for: record)
                    return base == nil ? "there is no packet of style \(style) in any language" : nil
                },
                unprintable: { _ in
                    base?.composer.unprintable(in: record.fullName).map { "no font has a character of the name: \($0.number)" }
                }))
        var made: MadeBallot?
        if decision.bucket == .issued, let maker, let base { made = try maker.make(record, on: base, at: now, ids: ids) }
        return Decided(
            request: candidate.request, voter: candidate.voter, record: record, issued: candidate.issued, decision: decision,
            sequence: candidate.lastSequence + 1, language: base?.language ?? "", base: base, made: made)
    }

    // MARK: Writing

    private func begin() throws -> Int64 {
        try office.books.write { transaction in
            let batch = try transaction.first(
                "INSERT INTO batch (election, started_at) VALUES ($1, $2) RETURNING id", .integer(election.id), .integer(now.milliseconds),
                decode: { try $0.integer("id") })
            guard let batch else { throw OfficeError(.broken, "A batch could not be begun.") }
            return batch
        }
    }

    private func write(_ decided: [Decided], batch: Int64?, open: Set<Int64>) throws {
        // The marks below pass over every link at the counter: nobody else may be between its two transactions meanwhile.
        let lock = try office.lock("links", wait: 30, busy: "Another process is making links.")
        defer { withExtendedLifetime(lock) {} }
        let made = decided.compactMap(\.made)
        // A replacement that was interrupted since the last chunk would be passed over.
        if !made.isEmpty { try LinkDesk(office).finishInterruptedLocked() }
        var packetsKnown: Int64 = 0
        var linksKnown: Int64 = 0
        for start in stride(from: 0, to: made.count, by: Self.counterChunk) {
            let end = min(start + Self.counterChunk, made.count)
            let insert: (Transaction) throws -> Void = { [self] transaction in
                try insertAtCounter(made[start..<end], in: transaction)
                packetsKnown = Int64(try transaction.count("SELECT max(seq) FROM packet"))
                linksKnown = Int64(try transaction.count("SELECT max(seq) FROM link"))
            }
            // The last piece's fsync is for all of them: the books must not know of a packet that a power cut can take back.
            if end < made.count { try office.counter.writeAhead(insert) } else { try office.counter.write(insert) }
        }
        // If we crash here, the counter holds packets and links that nobody was told of, behind the marks below: the next run takes them away.
        try office.books.write { transaction in
            var entries: [JournalEntry] = []
            let ballots = try transaction.prepare(
                """
                INSERT INTO ballot (id, election, voter, sequence, style, base, packet, batch, status, status_at, issued_at, return_index,
                    tracking, key_id, sealed, mail_serial)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'issued', $9, $9, $10, $11, $12, $13, $14)
                """)
            let links = try LinkRows(in: transaction)
            for voter in decided {
                try list(voter, open: open, in: transaction)
                if let made = voter.made, let base = voter.base, let batch {
                    try insert(voter, made, base, batch: batch, with: ballots, links, &entries, in: transaction)
                }
            }
            try Journal.append(entries, at: now, in: transaction)
            if !made.isEmpty {
                try transaction.execute(
                    "UPDATE office SET packets_known = max(packets_known, $1), links_known = max(links_known, $2) WHERE id = 1",
                    .integer(packetsKnown), .integer(linksKnown))
            }
        }
    }

    private func insertAtCounter(_ ballots: some Sequence<MadeBallot>, in transaction: Transaction) throws {
        let packet = try transaction.prepare(
            """
            INSERT INTO packet (ballot, election, base, sha256, length, tracking, issued_at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """)
        let link = try LinkMaker.inserting(in: transaction)
        for ballot in ballots {
            try packet.execute(
                .blob(ballot.id), .integer(election.id), .blob(ballot.base), .blob(ballot.sha256), .integer(Int64(ballot.length)),
                .blob(ballot.tracking), .integer(now.milliseconds), .blob(ballot.sealedPacket))
            try LinkMaker.insert(ballot.link, ballot: ballot.id, closesAt: closesAt, at: now, with: link)
        }
    }

    private func insert(
        _ voter: Decided, _ made: MadeBallot, _ base: BaseDesk, batch: Int64, with ballots: PreparedStatement, _ links: LinkRows,
        _ entries: inout [JournalEntry], in transaction: Transaction
    ) throws {
        try ballots.execute(
            .blob(made.id), .integer(election.id), .integer(voter.voter), .integer(voter.sequence), .integer(base.styleRow),
            .blob(made.base), .blob(made.sha256), .integer(batch), .integer(now.milliseconds), .blob(made.returnIndex),
            .blob(made.tracking), .text(made.sealedBallot.keyID), .blob(made.sealedBallot.sealed), .integer(orNull: made.mailSerial))
        try links.record(made.link, ballot: made.id, election: election.id, voter: voter.voter, kind: .ballotReady, at: now)
        var facts: [String: JSONValue] = [
            "style": .string(base.style.id.text), "style_row": .integer(base.styleRow), "base": .string(hex(made.base)),
            "packet": .string(hex(made.sha256)), "batch": .integer(batch)
        ]
        if let serial = made.mailSerial { facts["mail_serial"] = .integer(serial) }
        entries.append(JournalEntry(.ballot(.issued), election: election.id, voter: voter.voter, ballot: made.id, facts: facts))
        entries.append(
            JournalEntry(
                .ballot(.letterQueued), election: election.id, voter: voter.voter, ballot: made.id,
                facts: ["letter": .string(LetterKind.ballotReady.rawValue), "link": .string(hex(made.link.id))]))
        if made.linesByHand > 0 {
            try ExceptionList.add(
                .addressByHand, voter: voter.voter, election: election.id,
                detail: "\(counted(made.linesByHand, "address line")) could not be printed; the voter writes it in by hand.", at: now,
                in: transaction)
        }
    }

    private func list(_ voter: Decided, open: Set<Int64>, in transaction: Transaction) throws {
        let kind = ExceptionList.Kind.of(voter.decision.bucket)
        if open.contains(voter.voter) {
            let others = Bucket.allCases.compactMap(ExceptionList.Kind.of).filter { $0 != kind }
            try ExceptionList.clear(others, voter: voter.voter, election: election.id, at: now, in: transaction)
        }
        if let kind {
            try ExceptionList.add(kind, voter: voter.voter, election: election.id, detail: voter.decision.reason, at: now, in: transaction)
        }
    }

    private func finish(_ batch: Int64, _ result: Issuing.Result) throws {
        // One look at the clock: the journal's time and the batch's are compared.
        let end = office.clock.now()
        try office.books.write { transaction in
            try transaction.execute(
                "UPDATE batch SET finished_at = $2, issued = $3 WHERE id = $1", .integer(batch), .integer(end.milliseconds),
                .integer(Int64(result.buckets[.issued] ?? 0)))
            try Journal.append(
                [
                    JournalEntry(
                        .batchFinished, election: election.id,
                        facts: [
                            "batch": .integer(batch), "buckets": result.json["buckets"] ?? .null, "total": .integer(Int64(result.total))
                        ])
                ], at: end, in: transaction)
        }
    }
}

/// Writes chunks in order on a thread of its own, at most four behind: as much as is made while the log is copied into the file and the disk
/// waited for. The first failure stops everything after it.
private final class ChunkWriter: Sendable {
    private let queue = DispatchQueue(label: "issue-writer")
    private let room = DispatchSemaphore(value: 4)
    private let failure = Mutex<(any Error)?>(nil)

    func submit(_ write: @escaping () throws -> Void) throws {
        room.wait()
        if let error = failure.withLock({ $0 }) {
            room.signal()
            throw error
        }
        // why: the closure is run once, on the queue, while the caller only waits or makes the next chunk.
        nonisolated(unsafe) let write = write  // why: handed over, never shared
        queue.async { [self] in
            defer { room.signal() }
            guard failure.withLock({ $0 == nil }) else { return }
            do { try write() } catch { failure.withLock { $0 = error } }
        }
    }

    /// Waits until everything is written.
    func finish() throws {
        queue.sync {}
        if let error = failure.withLock({ $0 }) { throw error }
    }
}

/// Held rows of voters who are not on the roll otherwise.
enum HeldRows {
    /// `$1` election, `$2` jurisdiction.
    static let alone = """
        FROM held_row h WHERE h.election = $1 AND h.cleared_at IS NULL AND (h.number_index IS NULL OR NOT EXISTS
            (SELECT 1 FROM voter v JOIN request r ON r.voter = v.id AND r.election = h.election
             WHERE v.jurisdiction = $2 AND v.number_index = h.number_index))
        """
    static let aloneCount = "SELECT count(*) \(alone)"
}
