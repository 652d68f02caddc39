import Elections
import Foundation
import Keys
import Logging
import Office
import ServiceLifecycle
import Storage
import Synchronization
import Testing
import Web

/// A clock that tests set.
final class WebTestTime: Sendable {
    private let moment: Mutex<Instant>

    init(_ moment: Instant) { self.moment = Mutex(moment) }

    var now: Instant { moment.withLock { $0 } }

    func advance(seconds: Int64) { moment.withLock { $0 = $0.adding(seconds: seconds) } }
}

/// A counter's database made by hand, and the site that serves it on a port of its own.
///
/// The links are real ones, from a fresh link key, and so are the seals; only the packet's bytes are made up.
final class WebTestSite: Sendable {
    let database: DatabaseFile
    let counter: Counter
    let base: [UInt8]
    let time: WebTestTime
    let port: Int
    private let folder: URL
    private let baseHash: [UInt8]
    private let linkKeys = LinkKeys.generate()
    private let services: ServiceGroup
    private let running: Task<Void, any Error>

    /// One voter's ballot at the counter.
    struct Ballot: Sendable {
        let id: [UInt8]
        let link: [UInt8]
        let token: String
        let tracking: TrackingCode
        let pdf: [UInt8]
        let etag: String
    }

    /// The right answer of every link.
    static let answer = "1984-03-07"
    static let fileName = "2028-general-P1"

    /// Makes the database, serves it, hands it to `body`, and stops.
    static func serving(
        baseLength: Int = 400_000, question: IdentityQuestion = .dateOfBirth, test: Bool = true,
        logger: Logger = Logger(label: "web-tests") { _ in SwiftLogNoOpLogHandler() }, words: [String: String] = [:],
        configure: (inout Configuration) -> Void = { _ in }, _ body: (WebTestSite) async throws -> Void
    ) async throws {
        let site = try await WebTestSite(
            baseLength: baseLength, question: question, test: test, logger: logger, words: words, configure: configure)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(site)) } catch { outcome = .failure(error) }
        await site.stop()
        try outcome.get()
    }

    private init(
        baseLength: Int, question: IdentityQuestion, test: Bool, logger: Logger, words: [String: String],
        configure: (inout Configuration) -> Void
    ) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-web-\(UUID().uuidString)")
        let office = try OfficeFolder.make(
            at: folder, test: true, name: "Test",
            configuration: Configuration.text(
                publicURL: "http://127.0.0.1:8080", listen: .init(host: "127.0.0.1", port: 0), smtpURL: "smtp://127.0.0.1:2525",
                from: "uocava@elections.example.gov"), passphrase: nil, clock: .system)
        if !words.isEmpty {
            try FileManager.default.createDirectory(at: folder.appendingPathComponent("site"), withIntermediateDirectories: true)
            for (tag, text) in words { try Data(text.utf8).write(to: folder.appendingPathComponent("site/\(tag).yaml")) }
        }
        database = try office.openCounterDatabase()
        var state = UInt64(baseLength)
        let bytes = (0..<baseLength).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        base = bytes
        let hash = SHA256.hash(bytes)
        baseHash = hash
        var notice = Self.notice(question, test: test)
        notice.authority = String(decoding: try office.cabinet(passphrase: { nil }).authority().pem, as: UTF8.self)
        let election = PublicElection(
            code: "2028-general", name: "General Election 2028", date: "2028-11-07", timeZone: "America/New_York",
            receipt: Instant(seconds: 1_857_258_000), linksClose: Instant(seconds: 1_857_258_000), returnNotice: [:])
        try database.write { transaction in
            try transaction.execute("INSERT INTO notice (id, text) VALUES (1, $1)", .text(notice.json.text))
            try transaction.execute("INSERT INTO election (id, text) VALUES (1, $1)", .text(election.json.text))
            try transaction.execute(
                "INSERT INTO base (hash, length, bytes) VALUES ($1, $2, $3)", .blob(hash), .integer(Int64(bytes.count)), .blob(bytes))
        }
        let time = WebTestTime(try #require(Instant(rfc3339: "2028-09-25T14:00:00Z")))
        self.time = time
        let clock = WallClock { time.now }
        counter = Counter(database: database, clock: clock)
        var configuration = Configuration()
        configuration.publicSite.url = "http://127.0.0.1:8080"
        configuration.publicSite.listen = .init(host: "127.0.0.1", port: 0)
        configuration.limits.wrongAnswersPerAddress = 100_000
        configure(&configuration)
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let site = PublicSite(configuration: configuration, folder: folder, counter: counter, logger: logger, clock: clock) {
            told.yield($0)
        }
        let services = ServiceGroup(configuration: .init(services: [try site.service()], logger: logger))
        self.services = services
        running = Task { try await services.run() }
        port = await ports.first { _ in true } ?? 0
    }

    /// Tells the service to stop, and waits for its end.
    func stopServing() async {
        await services.triggerGracefulShutdown()
        try? await running.value
    }

    private func stop() async {
        await stopServing()
        await counter.stop()
        try? database.close()
        try? FileManager.default.removeItem(at: folder)
    }

    private static func notice(_ question: IdentityQuestion, test: Bool) -> PublicNotice {
        var notice = PublicNotice()
        notice.officeName = "Board of Elections <Test & Co>"
        notice.jurisdiction = "District of Columbia"
        notice.email = "uocava@elections.example.gov"
        notice.phone = "+1 202 555 0100"
        notice.fax = "+1 202 555 0101"
        notice.address = ["441 4th Street NW", "Suite 250 North", "Washington DC 20001"]
        notice.identityQuestion = question
        notice.test = test
        notice.timeZone = "America/New_York"
        return notice
    }

    /// Issues so many ballots, each with a live link whose right answer is ``answer``.
    func issue(_ count: Int = 1, inserts: Set<Insert.Folder> = []) throws -> [Ballot] {
        try database.write { transaction in try (0..<count).map { _ in try issueOne(in: transaction, inserts) } }
    }

    private func issueOne(in transaction: Transaction, _ inserts: Set<Insert.Folder>) throws -> Ballot {
        let id = SystemRandom.bytes(16)
        let link = SystemRandom.bytes(16)
        let token = try linkKeys.token(linkID: link, keyID: linkKeys.currentID)
        let tracking = TrackingCode(random: SystemRandom.bytes(TrackingCode.randomByteCount))
        let gap = base.count + 120
        let tail = Array(
            "%tail of \(hex(id)) /ByteRange [0 \(gap) \(gap + 400) 1000      ] /Contents <00> \(hex(SystemRandom.bytes(700)))\n".utf8)
        let pdf = base + tail
        let etag = SHA256.hash(pdf)
        let card = PacketCard(
            style: "P1", styleName: "Precinct 1, all parties", language: "en", country: "JP", mailBy: "2028-10-17",
            trackingCode: tracking.text,
            fileName: Self.fileName, inserts: inserts)
        let packetKey = Secret.random(32)
        let sealed = PacketEnvelope(tail: tail, manifest: Array("{\"format\":1}".utf8), cms: [0x30, 0x03, 0x02, 0x01, 0x05], card: card)
            .sealed(key: packetKey, ballot: id, base: baseHash, nonce: SystemRandom.bytes(12))
        let now = time.now.milliseconds
        try transaction.execute(
            """
            INSERT INTO packet (ballot, election, base, sha256, length, tracking, issued_at, sealed)
            VALUES ($1, 1, $2, $3, $4, $5, $6, $7)
            """, .blob(id), .blob(baseHash), .blob(etag), .integer(Int64(pdf.count)),
            .blob(SHA256.hash(Array("uocava/1 tracking".utf8) + [0], Array(tracking.text.utf8))), .integer(now),
            .blob(sealed))
        try transaction.execute(
            """
            INSERT INTO link (id, lookup, ballot, answer, wrap, closes_at, made_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, 'live')
            """, .blob(link), .blob(token.lookup), .blob(id),
            .blob(HMAC256.authenticate(Array(Self.answer.utf8), key: token.answerKey(linkID: link))),
            .blob(
                PacketEnvelope.wrap(
                    packetKey, under: token.wrapKey(linkID: link), owner: link, ballot: id, nonce: SystemRandom.bytes(12))),
            .integer(now + 40 * 86_400_000), .integer(now))
        return Ballot(id: id, link: link, token: token.text, tracking: tracking, pdf: pdf, etag: "\"\(hex(etag))\"")
    }

    /// A reason as the office seals it under a tracking code.
    static func sealed(_ reason: String, for ballot: Ballot) -> [UInt8] {
        let key = HKDF256.derive(Secret(Array(ballot.tracking.text.utf8)), salt: ballot.id, info: "uocava/1 reason")
        return SealedBox.seal(Array(reason.utf8), key: key, context: ballot.id, nonce: SystemRandom.bytes(12))
    }

    /// A token of the right form that no link has.
    static func madeUpToken() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz234567")
        return String(SystemRandom.bytes(32).map { letters[Int($0 & 31)] })
    }

    /// How many rows a statement counts.
    func count(_ sql: String, _ values: SQLValue...) throws -> Int {
        try database.read { transaction in
            switch values.count {
            case 0: try transaction.count(sql)
            default: try transaction.count(sql, values[0])
            }
        }
    }

    /// How many events of a kind a ballot has.
    func events(_ kind: String, of ballot: Ballot) throws -> Int {
        try count("SELECT count(*) FROM counter_event WHERE kind = '\(kind)' AND ballot = $1", .blob(ballot.id))
    }

    /// The certificate of the office's authority, as it lies in the cabinet.
    func authority() throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appendingPathComponent("keys/ca.pem"))) }

    /// Changes a link behind the counter's back, to put it into a state.
    func change(_ ballots: [Ballot], _ assignment: String) throws {
        try database.write { transaction in
            for ballot in ballots { try transaction.execute("UPDATE link SET \(assignment) WHERE id = $1", .blob(ballot.link)) }
        }
    }

    /// Claims a ballot and returns the cookie for later requests.
    func claim(_ ballot: Ballot) async throws -> String {
        let reply = try await post("/b/\(ballot.token)", "answer=\(Self.answer)")
        try #require(reply.status == 303)
        return try #require(reply.header("set-cookie")?.split(separator: ";").first.map(String.init))
    }
}

/// Lower-case hexadecimal digits.
private func hex(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
