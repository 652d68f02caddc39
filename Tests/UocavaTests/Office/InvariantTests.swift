import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

@Suite("The office's invariants", .enabled(if: TestOffice.present, "the program is not built"))
struct InvariantTests {
    @Test("An office that has issued nothing is in order")
    func fresh() throws {
        try TestOffice().verify()
    }

    @Test("Everyone on the roll is in one bucket, and the buckets add up")
    func buckets() throws {
        let test = try TestOffice()
        let result = try test.issue()
        #expect(result.buckets == [.issued: 9, .byMail: 1, .noEmail: 1, .protected: 1])
        #expect(result.total == 12)
        try test.verify()
        let again = try test.issue()
        #expect(again.buckets == [.alreadyIssued: 9, .byMail: 1, .noEmail: 1, .protected: 1])
        #expect(again.batch == nil)
        try test.verify()
    }

    @Test("A dry run says what would happen and writes nothing")
    func dryRun() throws {
        let test = try TestOffice()
        #expect(try test.issue { $0.dryRun = true }.buckets[.issued] == 9)
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM ballot") } == 0)
        #expect(
            try test.issue {
                $0.dryRun = true
                $0.release = [VoterID("V12")]
            }.buckets[.issued] == 10)
        #expect(try test.office.unguardedCounter.read { try $0.count("SELECT count(*) FROM packet") } == 0)
    }

    @Test("Only the voters named are in scope; an empty list means nobody, and an unknown one is refused")
    func only() throws {
        let test = try TestOffice()
        #expect(try test.issue { $0.only = [] }.total == 0)
        #expect(try test.issue { $0.only = [VoterID("V2"), VoterID("V10")] }.buckets == [.issued: 1, .byMail: 1])
        #expect(throws: OfficeError.self) { try test.issue { $0.only = [VoterID("V1"), VoterID("nobody")] } }
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM ballot") } == 1)
        try test.verify()
    }

    @Test("A protected voter gets a ballot when it is released, and only then")
    func protected() throws {
        let test = try TestOffice()
        #expect(try test.issue().buckets[.protected] == 1)
        #expect(throws: OfficeError.self) { try test.issue { $0.release = [VoterID("V1")] } }
        #expect(try test.issue { $0.release = [VoterID("V12")] }.buckets[.issued] == 1)
        try test.verify()
    }

    @Test("Of 200 who claim one link at once, one gets the visit")
    func oneClaim() async throws {
        let test = try TestOffice()
        try test.issue()
        let counter = try test.counter()
        let token = try test.token("V1")
        let birthday = TestOffice.voters[0].birthday
        let claims = try await withThrowingTaskGroup(of: Counter.Claim.self) { group in
            for _ in 0..<200 { group.addTask { try await counter.claim(token: token, answer: birthday) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let used = claims.filter { $0 == .usedBefore(at: test.now) }.count
        #expect(used == 199)
        #expect(claims.filter { if case .opened = $0 { true } else { false } }.count == 1)
        #expect(try test.office.unguardedCounter.read { try $0.count("SELECT count(*) FROM visit") } == 1)
        await counter.stop()
        try test.verify()
        #expect(try test.status("V1") == "claimed")
    }

    @Test("Five wrong answers rest the link, doubling; thirty retire it; the right answer does not help while it rests")
    func lockOut() async throws {
        let test = try TestOffice()
        try test.issue()
        let counter = try test.counter()
        let token = try test.token("V2")
        let right = TestOffice.voters[1].birthday
        for _ in 0..<5 { #expect(try await counter.claim(token: token, answer: "1900-01-01") == .refused) }
        #expect(try await counter.claim(token: token, answer: right) == .refused)
        test.advance(seconds: 14)
        #expect(try await counter.claim(token: token, answer: right) == .refused)
        test.advance(seconds: 2)
        #expect(try await counter.claim(token: token, answer: "1900-01-01") == .refused)
        test.advance(seconds: 16)
        #expect(try await counter.claim(token: token, answer: right) == .refused, "the second rest takes 30 seconds")
        for _ in 7...30 {
            test.advance(seconds: 7201)
            #expect(try await counter.claim(token: token, answer: "1900-01-01") == .refused)
        }
        test.advance(seconds: 7201)
        #expect(try await counter.claim(token: token, answer: right) == .refused)
        await counter.stop()
        try test.verify()
        let kinds = try Reports(test.office).exceptions(election: TestOffice.election).map(\.kind)
        #expect(kinds.contains("link_retired"))
    }

    @Test("A new link kills the old one, ends its visit, and the letter for the old one is withdrawn")
    func newLink() async throws {
        let test = try TestOffice()
        try test.issue()
        let counter = try test.counter()
        let old = try test.token("V3")
        let birthday = TestOffice.voters[2].birthday
        guard case .opened(let cookie) = try await counter.claim(token: old, answer: birthday) else {
            Issue.record("the claim was refused")
            return
        }
        #expect(try await counter.visit(cookie: cookie) != nil)
        try LinkDesk(test.office).newLink(for: VoterID("V3"), election: TestOffice.election, reason: "lost")
        #expect(try await counter.visit(cookie: cookie) == nil)
        #expect(try await counter.claim(token: old, answer: birthday) == .replaced)
        let new = try test.token("V3")
        #expect(new != old)
        guard case .opened = try await counter.claim(token: new, answer: birthday) else {
            Issue.record("the new link was refused")
            return
        }
        let ballot = try test.ballot("V3")
        let states = try test.office.books.read { transaction in
            try transaction.all("SELECT state FROM letter WHERE ballot = $1 ORDER BY id", .blob(ballot)) { try $0.text("state") }
        }
        #expect(states == ["withdrawn", "queued"])
        await counter.stop()
        try test.verify()
    }

    @Test("Delivered is recorded once, when the ranges that were served cover the file")
    func delivered() async throws {
        let test = try TestOffice()
        try test.issue()
        let counter = try test.counter()
        guard case .opened(let cookie) = try await counter.claim(token: try test.token("V4"), answer: TestOffice.voters[3].birthday),
            let visit = try await counter.visit(cookie: cookie)
        else {
            Issue.record("the claim was refused")
            return
        }
        let half = visit.length / 2
        try await counter.writeDown(half..<visit.length, of: .pdf, length: visit.length, link: visit.link, ballot: visit.ballot)
        try test.office.catchUp()
        #expect(try test.status("V4") == "claimed")
        try await counter.writeDown(0..<half, of: .pdf, length: visit.length, link: visit.link, ballot: visit.ballot)
        try await counter.writeDown(0..<visit.length, of: .pdf, length: visit.length, link: visit.link, ballot: visit.ballot)
        await counter.stop()
        try test.verify()
        #expect(try test.status("V4") == "delivered")
        #expect(try test.office.unguardedCounter.read { try $0.count("SELECT count(*) FROM counter_event WHERE kind = 'delivered'") } == 1)
    }

    @Test("The packet that a visit opens is the one that was issued, and verifies")
    func packet() async throws {
        let test = try TestOffice()
        try test.issue()
        let counter = try test.counter()
        guard case .opened(let cookie) = try await counter.claim(token: try test.token("V5"), answer: TestOffice.voters[4].birthday),
            let visit = try await counter.visit(cookie: cookie)
        else {
            Issue.record("the claim was refused")
            return
        }
        let pdf = try await counter.base(visit.baseHash) + visit.packet.tail
        #expect(SHA256.hash(pdf) == visit.sha256)
        let verifier = PacketVerifier(trust: try test.office.cabinet.authority(), at: test.now)
        let report = try verifier.verify(pdf)
        #expect(report.valid, "\(report.checks)")
        var changed = pdf
        changed[pdf.count / 2] ^= 1
        #expect(!(try verifier.verify(changed).valid))
        await counter.stop()
    }

    @Test("Both databases are durable at every commit")
    func durable() throws {
        let test = try TestOffice()
        #expect(try test.office.books.pragma("synchronous") == "2")
        #expect(try test.office.unguardedCounter.pragma("synchronous") == "2")
        #expect(try test.office.books.pragma("journal_mode") == "wal")
    }

    @Test("Nothing personal and no token lies in the databases in clear")
    func atRest() throws {
        let test = try TestOffice()
        try test.issue()
        try test.office.books.checkpoint()
        try test.office.unguardedCounter.checkpoint()
        let files = try ["office.sqlite", "counter.sqlite"].map { try Data(contentsOf: test.folder.appendingPathComponent($0)) }
        let ballot = try test.ballot("V1")
        let secrets = try test.token("V1")
        for word in ["Voter12", "v12@example.org", TestOffice.voters[11].birthday, "12 Main St", "PSC 1 BOX", secrets] {
            for file in files { #expect(file.range(of: Data(word.utf8)) == nil, "\(word) lies in clear") }
        }
        #expect(files[0].range(of: Data(ballot)) != nil, "the search finds what is there")
    }

    @Test("A second import of a changed roll changes no ballot and lists what it means")
    func reimport() throws {
        let test = try TestOffice()
        try test.issue()
        var rows = (1...12).map { TestOffice.row($0) }
        rows[0] = TestOffice.row(1, email: "new@example.org")
        rows[1] = TestOffice.row(2, precinct: "South")
        rows[2] = TestOffice.row(3, protected: "yes")
        let summary = try VoterRoll(test.office).importRoll(
            TestOffice.roll(rows.dropLast()), file: "voters.csv", election: TestOffice.election)
        let counts: [Int] = [summary.new, summary.changed, summary.unchanged, summary.missing]
        #expect(counts == [0, 3, 8, 1])
        let lines = try Reports(test.office).exceptions(election: TestOffice.election)
        let listed = Set(lines.map { "\($0.voterID?.text ?? "") \($0.kind)" })
        for line in ["V1 needs_new_link", "V2 style_changed", "V3 now_protected"] { #expect(listed.contains(line), "\(line)") }
        try test.verify()
        try LinkDesk(test.office).newLink(for: VoterID("V1"), election: TestOffice.election, reason: "new address")
        #expect(try !Reports(test.office).exceptions(election: TestOffice.election).contains { $0.kind == "needs_new_link" })
        try test.verify()
    }

    @Test("A test office takes test elections only, and a real one takes none")
    func testOffice() throws {
        let test = try TestOffice()
        let folder = try TestOffice.writeElection(test: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(throws: OfficeError.self) { try StyleShelf(test.office).importElection(from: folder) }
        #expect(throws: (any Error).self) { try test.office.books.write { try $0.execute("UPDATE office SET test = 1") } }
    }
}
