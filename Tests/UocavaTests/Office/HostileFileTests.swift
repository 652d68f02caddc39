import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

@Suite("A hostile counter: the file", .enabled(if: TestOffice.present, "the program is not built"))
struct HostileFileTests {
    /// What becomes of `counter.sqlite`.
    enum Trouble: String, CaseIterable, Sendable {
        case raisingTrigger, missingTable, missingStep, endlessView, overwritten, gone, truncated, knotted
    }

    /// The office as the next command opens it, and a ballot's return code.
    private func office(_ trouble: Trouble) throws -> (TestOffice, String) {
        let first = try TestOffice()
        try first.issue()
        first.advance(seconds: 86_400)
        let code = try #require(try Reports(first.office).status(election: TestOffice.election, of: "V2").first?.returnCode?.text)
        try first.office.books.checkpoint()
        try first.office.unguardedCounter.checkpoint()
        switch trouble {
        case .raisingTrigger:
            try HostileCounter.run("CREATE TRIGGER no BEFORE INSERT ON step BEGIN SELECT RAISE(ABORT, 'no'); END", on: first)
        case .missingTable: try HostileCounter.run("DROP TABLE counter_event", on: first)
        case .missingStep: try HostileCounter.run("DROP TABLE step", on: first)
        case .endlessView:
            try HostileCounter.run(
                """
                DROP TABLE counter_event;
                CREATE VIEW counter_event AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n)
                SELECT i AS seq, 1 AS at, 'claimed' AS kind, x'' AS ballot, x'' AS link FROM n
                """, on: first)
        default: break
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-hostile-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: first.folder, to: folder)
        let file = folder.appendingPathComponent("counter.sqlite")
        switch trouble {
        case .overwritten, .truncated, .gone, .knotted:
            for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + end) }
            let bytes = try Data(contentsOf: file)
            if trouble == .overwritten { try Data(repeating: 0x55, count: bytes.count).write(to: file) }
            if trouble == .truncated { try bytes.prefix(bytes.count / 3).write(to: file) }
            if trouble == .gone { try FileManager.default.removeItem(at: file) }
            if trouble == .knotted { try HostileCounter.knot("link", in: file.path) }
        default: break
        }
        return (try TestOffice(at: folder, clock: TestOffice.ClockBox(first.now)), code)
    }

    @Test("Where the counter cannot be used, the desks go on and audit and reconcile say so", arguments: Trouble.allCases)
    func desks(_ trouble: Trouble) throws {
        let (test, code) = try office(trouble)
        let returns = Returns(test.office)
        #expect(try returns.receive([Returns.Scan(code: code)]).map(\.outcome) == [.received])
        #expect(try returns.decide(code, .accept) == .accepted)
        #expect(try test.status("V2") == "accepted")
        let reports = Reports(test.office)
        #expect(try reports.status(election: TestOffice.election, of: "V2").first?.status == .accepted)
        #expect(try reports.status(election: TestOffice.election).count == 12)
        _ = try reports.exceptions(election: TestOffice.election)
        _ = try reports.styles()
        // The first letters, and two notices: the envelope came, and was accepted.
        #expect(try Mailroom(test.office).list(Mailroom.Filter()).count == TestOffice.due + 2)
        // The timelines are the audit's alone.
        #expect(try reports.reconcile(election: TestOffice.election).agrees == (trouble == .missingStep))
        let report = try Audit(test.office).run()
        #expect(report.findings.contains { $0.subject.contains("counter.sqlite") }, "\(report.findings)")
        // What the books alone can tell is still told.
        try test.office.books.write { try $0.execute("UPDATE ballot SET status = 'sent' WHERE status = 'accepted'") }
        #expect(try Audit(test.office).run().findings.contains { $0.invariant == "1 status" })
    }

    @Test(
        "Where the counter cannot be written, issue and new-link stop with a message that names the file",
        arguments: [Trouble.raisingTrigger, .missingTable, .endlessView, .overwritten, .gone, .truncated, .knotted])
    func writers(_ trouble: Trouble) throws {
        let (test, _) = try office(trouble)
        let before = try HostileCounter.voters(test)
        for work in [
            { _ = try test.issue { $0.release = [VoterID("V12")] } },
            { try LinkDesk(test.office).newLink(for: VoterID("V1"), election: TestOffice.election, reason: "lost") }
        ] {
            do {
                try work()
                // A table that neither needs may be missing.
                #expect(trouble == .missingTable || trouble == .truncated)
            } catch {
                #expect("\(error)".contains("counter.sqlite"), "\(error)")
                if trouble == .knotted { #expect("\(error)".contains("the numbers of its links do not grow"), "\(error)") }
            }
        }
        if trouble != .missingTable, trouble != .truncated { #expect(try HostileCounter.voters(test) == before) }
    }

    @Test("Where somebody changed the counter's tables, no letter is taken in hand")
    func letters() throws {
        let (test, _) = try office(.raisingTrigger)
        #expect(throws: OfficeError.self) { try Mailroom(test.office).sendDue(waits: false) }
        #expect(try HostileCounter.count("SELECT count(*) FROM letter WHERE state = 'queued'", test) == TestOffice.due)
    }

    @Test(
        "Where somebody keeps the counter locked, a desk waits once and goes on",
        .enabled(if: ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] != nil, "waits out the lock: 30 seconds"))
    func locked() throws {
        let test = try TestOffice()
        try test.issue()
        test.advance(seconds: 86_400)
        let code = try #require(try Reports(test.office).status(election: TestOffice.election, of: "V2").first?.returnCode?.text)
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        let script =
            "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); time.sleep(200)"
        holder.arguments = ["-c", script, test.office.counter.path]
        let pipe = Pipe()
        holder.standardOutput = pipe
        try holder.run()
        defer { holder.terminate() }
        _ = pipe.fileHandleForReading.availableData
        let began = ContinuousClock.now
        #expect(try Returns(test.office).receive([Returns.Scan(code: code)]).map(\.outcome) == [.received])
        #expect(try Returns(test.office).decide(code, .accept) == .accepted)
        #expect(ContinuousClock.now - began < .seconds(70))
        do {
            try LinkDesk(test.office).newLink(for: VoterID("V1"), election: TestOffice.election, reason: "lost")
            Issue.record("a link was made while the counter was locked")
        } catch {
            #expect("\(error)".contains("counter.sqlite"), "\(error)")
        }
    }

    @Test("Errors of the books still stop the desks")
    func books() throws {
        let test = try TestOffice()
        try test.issue()
        try test.office.books.write { try $0.executeScript("ALTER TABLE journal RENAME TO gone") }
        #expect(throws: StorageError.self) { try test.office.catchUp() }
    }
}
