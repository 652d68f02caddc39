import Elections
import Foundation
import Keys
import Packet
import Storage
import Synchronization

/// One run of `issue`: reads the roll chunk by chunk, makes a chunk's packets on every core while the chunk before is written.
///
/// How they are written, and what a crash leaves, is ``BatchWriter``'s.
final class IssueRun: Sendable {
    private let office: Office
    private let election: KeptElection
    private let now: Instant
    private let closesAt: Instant
    private let bases: BaseShelf
    /// Nil where nothing is to be made: a dry run and the reports need no signing key.
    private let maker: PacketMaker?
    private let today: CivilDate
    /// Ballots that this run makes in place of others, by voter.
    private let replacements: [Int64: Replacement]

    /// Voters in memory at once: some 12 MB of packets. Five chunks of them are in the pipeline, and the candidates of a sixth.
    private static let chunk = 1024

    init(
        office: Office, election: KeptElection, now: Instant, closesAt: Instant, bases: BaseShelf, maker: PacketMaker?,
        replacements: [Int64: Replacement]
    ) {
        self.office = office
        self.election = election
        self.now = now
        self.closesAt = closesAt
        self.bases = bases
        self.maker = maker
        today = now.civilDate(in: election.definition.timeZone)
        self.replacements = replacements
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

    func everyone(
        _ scope: Issuing.Scope, releasing: Set<[UInt8]>, approvals: BatchApprovals? = nil, progress: @escaping (Issuing.Progress) -> Void
    ) throws -> Issuing.Result {
        var result = Issuing.Result(election: election.definition.id)
        let (voters, heldAlone) = try count(scope)
        result.total = voters + heldAlone
        if heldAlone > 0 { result.buckets[.held] = heldAlone }
        let writer =
            maker == nil
            ? nil
            : BatchWriter(
                office: office, election: election, now: now, closesAt: closesAt, open: try openExceptions(), approvals: approvals)
        var done = heldAlone
        do {
            try forEachChunk(scope, releasing: releasing) { decided in
                for voter in decided { result.buckets[voter.decision.bucket, default: 0] += 1 }
                done += decided.count
                try writer?.submit(decided)
                progress(Issuing.Progress(done: done, total: result.total, issued: result.buckets[.issued] ?? 0))
            }
            try writer?.drain()
            guard result.buckets.values.reduce(0, +) == result.total else {
                throw OfficeError(
                    .broken, "The buckets do not add up to the roll: somebody changed it while ballots were issued.",
                    hint: "Run `uocava issue` again.")
            }
        } catch {
            // What was made before is as good as ever; and if it cannot be written, that is what to tell.
            try writer?.drain()
            throw error
        }
        if let writer { result = try writer.finish(result) }
        return result
    }

    /// Decides for everyone in scope, in the order of the roll and a chunk at a time, and writes nothing.
    func classify(_ scope: Issuing.Scope, _ body: ([Issuing.Classified]) throws -> Void) throws {
        try forEachChunk(scope, releasing: []) { decided in
            try body(
                decided.map {
                    Issuing.Classified(request: $0.request, voter: $0.voter, record: $0.record, issued: $0.issued, decision: $0.decision)
                })
        }
    }

    /// Hands over everyone in scope, decided and made, a chunk at a time; the next chunk is read meanwhile.
    private func forEachChunk(_ scope: Issuing.Scope, releasing: Set<[UInt8]>, _ body: ([DecidedVoter]) throws -> Void) throws {
        var candidates = try read(scope, after: nil)
        while !candidates.isEmpty {
            let (decided, following) = try decide(candidates, releasing: releasing) { [candidates] in
                try self.read(scope, after: candidates.last?.request)
            }
            try body(decided)
            candidates = following
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

    // `kind` is asked for twice: the index `journal_voter` holds those two kinds, and SQLite uses it only where their list stands in the text.
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

    /// The next chunk of the roll behind a request; nil for the first.
    private func read(_ scope: Issuing.Scope, after request: Int64?) throws -> [Candidate] {
        switch scope {
        case .everyone:
            // The plus keeps SQLite to the order of the rows: by the election's index it would read and sort the whole rest for every chunk.
            try office.books.read { transaction in
                try transaction.all(
                    "\(Self.columns) WHERE +r.election = $1 AND r.id > $2 ORDER BY r.id LIMIT \(Self.chunk)", .integer(election.id),
                    .integer(request ?? 0), decode: candidate)
            }
        case .requests(let requests, _):
            try office.books.read { transaction in
                try requests.drop { $0 <= request ?? 0 }.prefix(Self.chunk).compactMap {
                    try transaction.first("\(Self.columns) WHERE r.id = $1", .integer($0), decode: candidate)
                }
            }
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

    /// Decides and makes a chunk on every core, and reads the next one beside it.
    private func decide(
        _ candidates: [Candidate], releasing: Set<[UInt8]>, next: @Sendable () throws -> [Candidate]
    ) throws -> (decided: [DecidedVoter], next: [Candidate]) {
        let cores = max(1, ProcessInfo.processInfo.activeProcessorCount)
        // Small pieces: the last one of a chunk leaves the other cores with nothing to do.
        let share = (candidates.count + cores * 16 - 1) / (cores * 16)
        let pieces = (candidates.count + share - 1) / share
        let done = Mutex<(pieces: [Int: Result<[DecidedVoter], any Error>], next: Result<[Candidate], any Error>?)>(([:], nil))
        let ids = NearbyIDs()
        DispatchQueue.concurrentPerform(iterations: pieces + 1) { number in
            guard number > 0 else {
                let following = Result { try next() }
                return done.withLock { $0.next = following }
            }
            let piece = number - 1
            let range = piece * share..<min((piece + 1) * share, candidates.count)
            let decided = Result { try candidates[range].map { try decide($0, releasing: releasing, ids: ids) } }
            done.withLock { $0.pieces[piece] = decided }
        }
        return try done.withLock { done in
            (try (0..<pieces).flatMap { try done.pieces[$0]?.get() ?? [] }, try done.next?.get() ?? [])
        }
    }

    private func decide(_ candidate: Candidate, releasing: Set<[UInt8]>, ids: NearbyIDs) throws -> DecidedVoter {
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
        let replaces = replacements[candidate.voter]
        var base: BaseDesk?
        let released = candidate.released || releasing.contains(candidate.numberIndex)
        let decision = Bucket.decide(
            IssueFacts(
                held: isMisfiled
                    ? "its record is not the one that the last roll brought: run `uocava audit`"
                    : candidate.held ? "a newer row of the roll cannot be read" : nil, record: record, released: released,
                alreadyIssued: candidate.issued && replaces == nil,
                // Ballots there were, and none stands.
                isCancelled: !candidate.issued && candidate.lastSequence > 0 && replaces == nil, electionDate: definition.date,
                today: today, noPreference: definition.noPreference,
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
        return DecidedVoter(
            request: candidate.request, voter: candidate.voter, record: record, issued: candidate.issued, decision: decision,
            sequence: candidate.lastSequence + 1, base: base, made: made, replaces: replaces)
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
