package import Elections
import Keys
package import Storage
import Synchronization

/// The counter: a voter shows a link and the answer to the identity question, and is handed the packet.
///
/// It holds no key. What it knows of a voter is what the voter brings: the token opens the packet key, the answer proves who holds it. All
/// its changes go through one group commit, each with its `counter_event` in the same transaction (docs/threat-model.md).
package final class Counter: Sendable {
    let database: DatabaseFile
    let clock: WallClock
    let commits: GroupCommit
    let pool: WorkPool
    /// What tickets for a new link are made with. It lives as long as this process: after a restart the voter answers once more.
    let ticketKey = Secret.random(32)

    private let elections = ElectionTexts()
    /// By which what this process had under way is known after its end.
    private let process = hex(SystemRandom.bytes(4))
    private let responses = Mutex(0)

    /// How long a visit opens the packet.
    package static let visitSeconds: Int64 = 24 * 3600
    /// Wrong answers before the link rests, and before it is retired for good.
    static let triesBeforeRest: Int64 = 5
    static let triesBeforeRetirement: Int64 = 30
    static let longestRestSeconds: Int64 = 2 * 3600
    /// How many seconds the clock of the counter's process may be off the office's.
    static let clockTolerance: Int64 = 600

    /// Opens the counter on its database; `threads` is how many look-ups run at once.
    package init(database: DatabaseFile, clock: WallClock = .system, threads: Int = 4) {
        self.database = database
        self.clock = clock
        commits = GroupCommit(database)
        pool = WorkPool(threads: threads)
    }

    /// Finishes what is queued, then takes no more.
    package func stop() async {
        await commits.stop()
        await pool.stop()
    }

    // MARK: What the pages say

    /// The office's notice; nil before the first election is imported.
    package func notice() async throws -> PublicNotice? {
        try await pool.run { [database] in
            try database.first("SELECT text FROM notice WHERE id = 1") { row in
                try PublicNotice(json: try JSONValue.parse(Array(try row.text("text").utf8)))
            }
        }
    }

    /// What the pages say of the elections, in the order in which they came in.
    package func elections() async throws -> [PublicElection] {
        try await pool.run { [database] in
            try database.read { transaction in
                try transaction.all("SELECT text FROM election ORDER BY id") {
                    try PublicElection(json: try JSONValue.parse(Array(try $0.text("text").utf8)))
                }
            }
        }
    }

    /// Whether the database answers.
    package func isHealthy() async -> Bool {
        (try? await pool.run { [database] in try database.read { try $0.count("SELECT 1") } }) == 1
    }

    // MARK: The claim

    /// What an attempt to claim came to.
    package enum Claim: Sendable, Equatable {
        /// The link is spent on this visit; the text is the cookie's value.
        case opened(cookie: String)
        /// Right answer, but the link was claimed before.
        case usedBefore(at: Instant)
        /// Right answer, but the office has made a new link since.
        case replaced
        /// Right answer, but the links of this election have closed.
        case closed
        /// Everything else: unknown, wrong, resting, retired. Nobody is told which.
        case refused
    }

    /// Claims the packet behind a token. One guarded `UPDATE` decides: of many who ask at once with the right answer, one wins.
    ///
    /// - Parameters:
    ///   - tokenText: from the link's address, whatever was typed there.
    ///   - answer: in its canonical form (`Answer`): a date as `YYYY-MM-DD`, otherwise upper case.
    package func claim(token tokenText: String, answer: String) async throws -> Claim {
        guard let token = Token(text: tokenText) else { return .refused }
        let lookup = token.lookup
        let now = clock.now()
        // Looked at on a snapshot first. A flood of made-up links never reaches the writer, and no refusal waits for the disk: a commit that
        // stalls would tell by its time that the link is real.
        let isRight = try await pool.run { [database] in
            try database.first(Self.linkQuery, .blob(lookup), .integer(now.milliseconds), decode: StoredLink.init).map {
                HMAC256.equal(Self.proof(token, linkID: $0.id, answer: answer), $0.answer)
            }
        }
        guard let isRight else { return .refused }
        let visit = VisitKey()
        let decision: @Sendable (Transaction) throws -> Claim = { transaction in
            try Self.decide(token, lookup: lookup, answer: answer, visit: visit, now: now, in: transaction)
        }
        guard isRight else {
            // The wrong answer is counted behind the refusal, in the same queue as every claim: a right answer that comes later is decided
            // later, and finds the link resting. If we crash here, one try goes uncounted.
            commits.post { _ = try decision($0) }
            return .refused
        }
        return try await commits.submit(decision)
    }

    /// What the link keeps of the right answer: an HMAC under a key that only the token gives, so that a stolen database cannot be searched
    /// for birthdays.
    static func proof(_ token: Token, linkID: [UInt8], answer: String) -> [UInt8] {
        proof(of: answer, under: token.answerKey(linkID: linkID))
    }

    /// The same under the token's answer key.
    static func proof(of answer: String, under key: Secret) -> [UInt8] { HMAC256.authenticate(Array(answer.utf8), key: key) }

    private struct StoredLink {
        let id: [UInt8]
        let ballot: [UInt8]
        let answer: [UInt8]
        let wrap: [UInt8]
        let state: String
        let closesAt: Int64
        let claimedAt: Int64?

        init(_ row: ResultRow) throws {
            id = try row.blob("id")
            ballot = try row.blob("ballot")
            answer = try row.blob("answer")
            wrap = try row.blob("wrap")
            state = try row.text("state")
            closesAt = try row.integer("closes_at")
            claimedAt = try row.optionalInteger("claimed_at")
        }
    }

    /// The link of a token, unless it rests: then it takes no answer, right or wrong, else resting would not slow a guesser down.
    private static let linkQuery =
        "SELECT id, ballot, answer, wrap, state, closes_at, claimed_at FROM link WHERE lookup = $1 AND locked_until <= $2"

    private static func decide(
        _ token: Token, lookup: [UInt8], answer: String, visit: VisitKey, now: Instant, in transaction: Transaction
    ) throws -> Claim {
        let link = try transaction.first(linkQuery, .blob(lookup), .integer(now.milliseconds), decode: StoredLink.init)
        guard let link else { return .refused }
        guard HMAC256.equal(proof(token, linkID: link.id, answer: answer), link.answer) else {
            try countWrongAnswer(link, now: now, in: transaction)
            return .refused
        }
        let claimed = try transaction.first(
            """
            UPDATE link SET state = 'claimed', claimed_at = $2
            WHERE id = $1 AND state = 'live' AND closes_at > $2 AND locked_until <= $2 RETURNING id
            """,
            .blob(link.id), .integer(now.milliseconds), decode: { try $0.blob("id") })
        guard claimed != nil else {
            // The truth is earned by the right answer.
            let isClosed = link.closesAt <= now.milliseconds
            switch link.state {
            case "claimed":
                let moment = link.claimedAt ?? now.milliseconds
                // A visit outlives the day on which links close; after it nothing is left that the voter could do here.
                return isClosed && now.milliseconds - moment >= visitSeconds * 1000
                    ? .closed : .usedBefore(at: Instant(milliseconds: moment))
            case "replaced": return isClosed ? .closed : .replaced
            case "live": return .closed
            default: return .refused
            }
        }
        let packetKey = try PacketEnvelope.unwrap(
            link.wrap, under: token.wrapKey(linkID: link.id), owner: link.id, ballot: link.ballot)
        try transaction.execute(
            """
            INSERT INTO visit (id, link, secret, wrap, opened_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
            """,
            .blob(visit.id), .blob(link.id), .blob(visit.secretHash), .blob(visit.wrap(packetKey, ballot: link.ballot)),
            .integer(now.milliseconds), .integer(now.adding(seconds: visitSeconds).milliseconds))
        try event("claimed", ballot: link.ballot, link: link.id, at: now, in: transaction)
        return .opened(cookie: visit.cookie)
    }

    /// Five tries are free; from then on the link rests 15 s, 30 s, … up to two hours; after thirty it is retired.
    private static func countWrongAnswer(_ link: StoredLink, now: Instant, in transaction: Transaction) throws {
        let tries = try transaction.first(
            "UPDATE link SET tries = tries + 1 WHERE id = $1 AND locked_until <= $2 RETURNING tries",
            .blob(link.id), .integer(now.milliseconds), decode: { try $0.integer("tries") })
        guard let tries, tries >= triesBeforeRest else { return }
        let doublings = min(tries - triesBeforeRest, 20)
        let rest = min(15 << doublings, longestRestSeconds)
        try transaction.execute(
            "UPDATE link SET locked_until = $2 WHERE id = $1", .blob(link.id), .integer(now.adding(seconds: rest).milliseconds))
        guard tries >= triesBeforeRetirement else { return }
        let retired = try transaction.execute("UPDATE link SET state = 'retired' WHERE id = $1 AND state = 'live'", .blob(link.id))
        if retired == 1 { try event("retired", ballot: link.ballot, link: link.id, at: now, in: transaction) }
    }

    private static func event(
        _ kind: String, ballot: [UInt8], link: [UInt8], at moment: Instant, detail: String = "", in transaction: Transaction
    ) throws {
        try transaction.execute(
            "INSERT INTO counter_event (at, kind, ballot, link, detail) VALUES ($1, $2, $3, $4, $5)", .integer(moment.milliseconds),
            .text(kind), .blob(ballot), .blob(link), .text(detail))
    }

    // MARK: The visit

    /// The packet that a visit opens.
    package struct Visit: Sendable {
        /// The link's id, 16 bytes.
        package let link: [UInt8]
        /// The ballot's id, 16 bytes.
        package let ballot: [UInt8]
        /// What the pages say of its election.
        package let election: PublicElection
        /// SHA-256 of the base, by which ``Counter/base(_:)`` gives its bytes.
        package let baseHash: [UInt8]
        /// The base's length in bytes: the packet's tail begins there.
        package let baseLength: Int
        /// SHA-256 of the whole PDF: its ETag.
        package let sha256: [UInt8]
        /// The whole PDF's length in bytes.
        package let length: Int
        /// When the office made the packet.
        package let issuedAt: Instant
        /// When the visit began.
        package let claimedAt: Instant
        /// When the cookie opens nothing any more.
        package let expiresAt: Instant
        /// The voter's part, opened.
        package let packet: PacketEnvelope
        fileprivate let served: [File: ServedRanges]

        /// Whether these bytes of a file are written down as served already: they need not be again.
        package func hasServed(_ range: Range<Int>, of file: File) -> Bool { served[file]?.contains(range) ?? false }
    }

    /// The visit of a cookie; nil where it is unknown, ended or over.
    package func visit(cookie: String) async throws -> Visit? {
        guard let key = VisitKey(cookie: cookie) else { return nil }
        let now = clock.now()
        return try await pool.run { [database, elections, process] in
            try database.first(
                """
                SELECT v.link, v.wrap, v.opened_at, v.expires_at, p.ballot, p.base, p.sha256, p.length, p.issued_at, p.sealed,
                       b.length AS base_length, e.text AS election,
                       (SELECT ranges FROM served s WHERE s.link = v.link AND s.file = 'pdf') AS pdf,
                       (SELECT ranges FROM served s WHERE s.link = v.link AND s.file = 'zip') AS zip
                FROM visit v JOIN link l ON l.id = v.link JOIN packet p ON p.ballot = l.ballot JOIN base b ON b.hash = p.base
                JOIN election e ON e.id = p.election
                WHERE v.id = $1 AND v.secret = $2 AND v.ended_at IS NULL AND v.expires_at > $3 AND l.state = 'claimed'
                """,
                .blob(key.id), .blob(key.secretHash), .integer(now.milliseconds)
            ) { try Self.open($0, key: key, elections, process) }
        }
    }

    private static func open(_ row: ResultRow, key: VisitKey, _ elections: ElectionTexts, _ process: String) throws -> Visit {
        let ballot = try row.blob("ballot")
        let base = try row.blob("base")
        let packetKey = try key.unwrap(try row.blob("wrap"), ballot: ballot)
        return Visit(
            link: try row.blob("link"), ballot: ballot, election: try elections.election(try row.text("election")),
            baseHash: base, baseLength: Int(try row.integer("base_length")), sha256: try row.blob("sha256"),
            length: Int(try row.integer("length")),
            issuedAt: Instant(milliseconds: try row.integer("issued_at")), claimedAt: Instant(milliseconds: try row.integer("opened_at")),
            expiresAt: Instant(milliseconds: try row.integer("expires_at")),
            packet: try PacketEnvelope(sealed: try row.blob("sealed"), key: packetKey, ballot: ballot, base: base),
            served: [
                .pdf: ServedRanges(text: try row.optionalText("pdf") ?? "", process: process),
                .zip: ServedRanges(text: try row.optionalText("zip") ?? "", process: process)
            ])
    }

    /// Whether a cookie's visit is open and came from this link: on a shared device it may be somebody else's.
    package func isVisit(cookie: String, ofLink text: String) async throws -> Bool {
        guard let key = VisitKey(cookie: cookie), let token = Token(text: text) else { return false }
        let (lookup, now) = (token.lookup, clock.now())
        return try await pool.run { [database] in
            try database.first(
                """
                SELECT v.expires_at FROM visit v JOIN link l ON l.id = v.link
                WHERE v.id = $1 AND v.secret = $2 AND v.ended_at IS NULL AND v.expires_at > $3 AND l.state = 'claimed' AND l.lookup = $4
                """, .blob(key.id), .blob(key.secretHash), .integer(now.milliseconds), .blob(lookup)
            ) { try $0.integer("expires_at") } != nil
        }
    }

    /// Ends the visit: the cookie opens nothing any more.
    package func endVisit(cookie: String) async throws {
        guard let key = VisitKey(cookie: cookie) else { return }
        let now = clock.now()
        _ = try await commits.submit { transaction in
            try transaction.execute(
                "UPDATE visit SET ended_at = $3 WHERE id = $1 AND secret = $2 AND ended_at IS NULL", .blob(key.id), .blob(key.secretHash),
                .integer(now.milliseconds))
        }
    }

    /// The bytes of a base, the same for every voter of a style. The caller keeps them: they are read from the disk at every call.
    package func base(_ hash: [UInt8]) async throws -> [UInt8] {
        try await pool.run { [database] in
            let bytes = try database.first("SELECT bytes FROM base WHERE hash = $1", .blob(hash)) { try $0.blob("bytes") }
            // A base that was changed on the disk is never handed out: its name is its content.
            guard let bytes, SHA256.hash(bytes) == hash else {
                throw OfficeError(.broken, "The base \(hex(hash.prefix(6)))… is missing or was changed.", hint: "Run `uocava audit`.")
            }
            return bytes
        }
    }

    /// The files of a packet.
    package enum File: String, Sendable, CaseIterable {
        case pdf, zip
    }

    /// A number for a response, for ``served(_:of:length:link:ballot:response:isOver:ended:)``.
    package func nextResponse() -> Int {
        responses.withLock { responses in
            responses += 1
            return responses
        }
    }

    /// Records that bytes of a file left for the voter. When the ranges of all of a link's visits cover the file, the ballot is
    /// *delivered*, once. It means served, not seen.
    ///
    /// It does not wait for the disk: the voter has the bytes, and if we crash before they are written down, his next download mends it.
    ///
    /// - Parameters:
    ///   - range: half-open, in bytes of the file, which has `length` bytes.
    ///   - response: whose bytes they are.
    ///   - isOver: whether these are all that left; else it is a note for the case that this process does not live to say so.
    ///   - ended: told when it is on the disk, or what kept it from there.
    package func served(
        _ range: Range<Int>, of file: File, length: Int, link: [UInt8], ballot: [UInt8], response: Int, isOver: Bool = true,
        ended: @escaping @Sendable ((any Error)?) -> Void
    ) {
        let now = clock.now()
        let (process, response) = (process, ServedRanges.Response(process: process, number: response))
        commits.post(ended: ended) { transaction in
            let before = try transaction.first(
                "SELECT ranges FROM served WHERE link = $1 AND file = $2", .blob(link), .text(file.rawValue)
            ) { ServedRanges(text: try $0.text("ranges"), process: process) }
            var ranges = before ?? ServedRanges()
            if isOver { ranges.end(response, with: range) } else { ranges.note(range, of: response) }
            try transaction.execute(
                """
                INSERT INTO served (link, file, ranges) VALUES ($1, $2, $3)
                ON CONFLICT (link, file) DO UPDATE SET ranges = excluded.ranges
                """,
                .blob(link), .text(file.rawValue), .text(ranges.text))
            guard ranges.covers(length) else { return }
            let first = try transaction.execute(
                "UPDATE packet SET delivered_at = $2 WHERE ballot = $1 AND delivered_at IS NULL", .blob(ballot), .integer(now.milliseconds))
            if first == 1 { try Self.event("delivered", ballot: ballot, link: link, at: now, detail: file.rawValue, in: transaction) }
        }
    }

    // MARK: Tracking

    /// One step of a ballot's way, for its voter.
    package struct Step: Sendable, Equatable {
        /// What happened.
        package let kind: EventKind
        /// When it happened; an envelope's arrival, not its scan.
        package let at: Instant
        /// Why, where the office gave a reason.
        package let reason: String?
    }

    /// What a tracking code opens.
    package struct Timeline: Sendable {
        /// What the page says of the election.
        package let election: PublicElection
        /// Oldest first; the first is `issued`.
        package let steps: [Step]
    }

    /// The timeline of a tracking code; nil where there is none.
    package func timeline(trackingCode text: String) async throws -> Timeline? {
        guard let code = TrackingCode(text) else { return nil }
        let secret = TrackingSecret(code)
        return try await pool.run { [database] in
            try database.read { transaction in
                let packet = try transaction.first(
                    "SELECT ballot, election, issued_at FROM packet WHERE tracking = $1", .blob(secret.lookup)
                ) { (ballot: try $0.blob("ballot"), election: try $0.integer("election"), issued: try $0.integer("issued_at")) }
                guard let packet else { return nil }
                var steps = [Step(kind: .issued, at: Instant(milliseconds: packet.issued), reason: nil)]
                // The office's steps and the counter's own, in the order in which they happened.
                try transaction.forEach(
                    """
                    SELECT kind, at, sealed, 0 AS own, seq FROM step WHERE ballot = $1
                    UNION ALL
                    SELECT kind, at, NULL, 1, seq FROM counter_event WHERE ballot = $1 AND kind IN ('claimed', 'delivered')
                    ORDER BY at, own, seq
                    """, .blob(packet.ballot)
                ) { row in
                    guard let kind = EventKind(rawValue: try row.text("kind")) else { return }
                    let reason = try row.optionalBlob("sealed").map { try secret.open($0, ballot: packet.ballot) }
                    steps.append(Step(kind: kind, at: Instant(milliseconds: try row.integer("at")), reason: reason))
                }
                return Timeline(election: try Self.election(packet.election, in: transaction), steps: steps)
            }
        }
    }

    static func election(_ id: Int64, in transaction: Transaction) throws -> PublicElection {
        let election = try transaction.first("SELECT text FROM election WHERE id = $1", .integer(id)) {
            try PublicElection(json: try JSONValue.parse(Array(try $0.text("text").utf8)))
        }
        guard let election else { throw OfficeError(.broken, "The counter does not know election \(id).", hint: "Run `uocava audit`.") }
        return election
    }
}

/// What the pages say of elections, each text parsed once.
private final class ElectionTexts: Sendable {
    private let known = Mutex<[String: PublicElection]>([:])
    /// An office has a handful; an import changes a text now and then.
    private static let most = 64

    func election(_ text: String) throws -> PublicElection {
        if let election = known.withLock({ $0[text] }) { return election }
        let election = try PublicElection(json: try JSONValue.parse(Array(text.utf8)))
        known.withLock { known in
            if known.count >= Self.most { known = [:] }
            known[text] = election
        }
        return election
    }
}
