import Elections
import Foundation
import Office
import Storage
import Synchronization
import Testing

/// Triggers that somebody plants while the office is at work: between its look at the schema and its change, if there is a between.
@Suite("A hostile counter: triggers planted at the worst moment", .enabled(if: TestOffice.present, "the program is not built"))
struct HostileTriggerTests {
    /// What the office is doing.
    enum Work: String, CaseIterable, Sendable {
        case newLink, wish, finishedLink, endedLink, sweep
    }

    /// Leaves a mark when it runs.
    private static let trigger = """
        CREATE TRIGGER IF NOT EXISTS evil_new AFTER INSERT ON link BEGIN INSERT OR REPLACE INTO tally VALUES ('ran', 1); END;
        CREATE TRIGGER IF NOT EXISTS evil_state AFTER UPDATE ON link BEGIN INSERT OR REPLACE INTO tally VALUES ('ran', 1); END;
        CREATE TRIGGER IF NOT EXISTS evil_end AFTER DELETE ON link BEGIN INSERT OR REPLACE INTO tally VALUES ('ran', 1); END;
        """
    private static let marks = "SELECT count(*) FROM tally WHERE name = 'ran'"

    /// The office as it stands before the work.
    private func office(_ work: Work) throws -> TestOffice {
        let test = try TestOffice()
        if work == .sweep { return try HostileCounter.interrupted(test) { try $0.issue() } }
        try test.issue()
        test.advance(seconds: 3600)
        if work == .wish {
            try HostileCounter.run(
                "INSERT INTO wish (at, ballot, link) VALUES (\(test.now.milliseconds), BALLOT(V1), LINK(V1))", on: test)
        }
        guard work == .finishedLink || work == .endedLink else { return test }
        let crashed = try HostileCounter.interrupted(test) {
            try LinkDesk($0.office).newLink(for: VoterID("V5"), election: TestOffice.election, reason: "lost")
        }
        if work == .endedLink {
            let code = try #require(try Reports(crashed.office).status(election: TestOffice.election, of: "V5").first?.returnCode?.text)
            _ = try Returns(crashed.office).receive([Returns.Scan(code: code)])
        }
        return crashed
    }

    private func run(_ work: Work, in office: Office) throws {
        switch work {
        case .newLink: try LinkDesk(office).newLink(for: VoterID("V1"), election: TestOffice.election, reason: "lost")
        case .wish: _ = try WishDesk(office).serve()
        case .finishedLink, .endedLink, .sweep: try LinkDesk(office).finishInterrupted()
        }
    }

    @Test("No trigger runs in the office, whenever it is planted", arguments: Work.allCases)
    func planted(_ work: Work) throws {
        // The office looks at the clock between its steps: there the trigger is planted, each time a step later.
        var steps = 0
        while true {
            let test = try office(work)
            let moment = steps + 1
            let looks = Mutex(0)
            let clock = WallClock {
                let now = looks.withLock { looks in
                    looks += 1
                    return looks
                }
                if now == moment { try? HostileCounter.run(Self.trigger, on: test) }
                return test.now
            }
            let office = try Office(OfficeFolder(test.folder), clock: clock)
            var failure: (any Error)?
            do { try run(work, in: office) } catch { failure = error }
            #expect(try counts(test).marks == 0, "planted at look \(moment)")
            // Everything is done before it would be planted.
            if looks.withLock({ $0 }) <= steps {
                #expect(failure == nil)
                break
            }
            steps += 1
        }
        #expect(steps > 0)
    }

    @Test("A batch stops before the piece in which a planted trigger would run")
    func batch() throws {
        let test = try TestOffice()
        let template = try #require(String(bytes: TestOffice.roll([TestOffice.row(1)]), encoding: .utf8)).split(separator: "\n")[1]
        let rows = (1...700).map { number in
            String(template).replacing("V1,Voter1,", with: "W\(number),Voter\(number),").replacing("v1@", with: "w\(number)@")
        }
        _ = try VoterRoll(test.office).importRoll(TestOffice.roll(rows), file: "voters.csv", election: TestOffice.election)
        let planter = Process()
        planter.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        planter.arguments = ["-c", Self.planter, test.office.counter.path, Self.trigger]
        let pipe = Pipe()
        planter.standardOutput = pipe
        try planter.run()
        defer { planter.terminate() }
        _ = pipe.fileHandleForReading.availableData
        let refused = #expect(throws: OfficeError.self) { try test.issue() }
        #expect(refused.map { "\($0)".contains("counter.sqlite") } == true)
        planter.waitUntilExit()
        let (packets, marks) = try counts(test)
        #expect(packets > 0 && packets < 700 && marks == 0, "\(packets) packets")
        // The trigger goes, and the next run makes the rest.
        try HostileCounter.run("", on: test, without: ["evil_new", "evil_state", "evil_end"])
        #expect(try test.issue().buckets[.issued] != nil)
        try test.verify()
    }

    private func counts(_ test: TestOffice) throws -> (packets: Int, marks: Int) {
        let database = try test.office.folder.openCounterDatabase()
        return try database.read { (try $0.count("SELECT count(*) FROM packet"), try $0.count(Self.marks)) }
    }

    /// Waits for the first packets and plants a script.
    private static let planter = """
        import sqlite3, sys
        base = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
        print("ready", flush=True)
        while not base.execute("SELECT count(*) FROM packet").fetchone()[0]: pass
        base.executescript("BEGIN IMMEDIATE;" + sys.argv[2] + "COMMIT;")
        """

    @Test("No copies of what belongs there hide a trigger from the look at the schema")
    func blinded() throws {
        let test = try TestOffice.issued()
        try HostileCounter.run(
            """
            PRAGMA writable_schema = ON;
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
            INSERT INTO sqlite_master SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master, n WHERE name = 'sqlite_autoindex_link_1';
            INSERT INTO sqlite_master VALUES ('trigger', 'evil_new', 'link', 0,
                'CREATE TRIGGER evil_new AFTER INSERT ON link BEGIN INSERT OR REPLACE INTO tally VALUES (''ran'', 1); END');
            """, on: test)
        let office = try Office(OfficeFolder(test.folder), clock: test.office.clock)
        #expect(throws: (any Error).self) {
            try LinkDesk(office).newLink(for: VoterID("V1"), election: TestOffice.election, reason: "lost")
        }
        #expect(try HostileCounter.count("SELECT count(*) FROM letter WHERE kind = 'new_link'", test) == 0)
    }

    @Test("A journal that somebody lays beside the counter is not played back, and deletes none of the office's files")
    func journal() throws {
        let test = try TestOffice.issued()
        try test.office.counter.checkpoint()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-journal-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: test.folder, to: folder)
        let counter = folder.appendingPathComponent("counter.sqlite")
        for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: counter.path + end) }
        let victim = folder.appendingPathComponent("victim").path
        try Data("keys".utf8).write(to: URL(fileURLWithPath: victim))
        // The header of a journal without pages (sqlite.org/fileformat2.html, 3) and the name of its super-journal.
        func number(_ value: Int) -> [UInt8] { (0..<4).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        let magic: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]
        let pages = try Data(contentsOf: counter).count / 4096
        var journal = magic + number(0) + number(0x1234) + number(pages) + number(512) + number(4096)
        journal += [UInt8](repeating: 0, count: 512 - journal.count)
        let name = Array(victim.utf8)
        journal += number(0x4000_0000 / 4096 + 1) + name + number(name.count) + number(name.reduce(0) { $0 + Int($1) }) + magic
        try Data(journal).write(to: URL(fileURLWithPath: counter.path + "-journal"))
        let office = try Office(OfficeFolder(folder), clock: test.office.clock)
        #expect(try office.counter.read { try $0.count("SELECT count(*) FROM link") } == TestOffice.due)
        _ = try Reports(office).status(election: TestOffice.election)
        #expect(FileManager.default.fileExists(atPath: victim))
    }

    @Test("A view in place of the list of migrations keeps no command busy")
    func endlessMigrations() throws {
        let test = try TestOffice()
        try HostileCounter.run(
            """
            DROP TABLE grdb_migrations;
            CREATE VIEW grdb_migrations AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT '0001 counter' AS identifier FROM n;
            """, on: test)
        let refused = #expect(throws: StorageError.self) { try test.office.folder.openCounterDatabase() }
        #expect(refused?.message.contains("counter.sqlite") == true)
    }

    @Test("A migration that somebody has undone runs no trigger of his")
    func migration() throws {
        let test = try TestOffice()
        try HostileCounter.run(
            """
            DROP TABLE wish; DROP TABLE tally; DROP INDEX packet_sha256;
            DELETE FROM grdb_migrations WHERE identifier LIKE '0002%';
            CREATE TABLE mark (ran INTEGER);
            CREATE TRIGGER evil AFTER INSERT ON grdb_migrations BEGIN INSERT INTO mark VALUES (1); END;
            """, on: test)
        let refused = #expect(throws: StorageError.self) { try test.office.folder.openCounterDatabase() }
        #expect(refused.map { $0.message.contains("counter.sqlite") && $0.message.contains("evil") || $0.message.contains("mark") } == true)
        let file = try DatabaseFile(path: test.office.counter.path, migrations: [Migration("0001 counter", "")])
        #expect(try file.read { try $0.count("SELECT count(*) FROM mark") } == 0)
    }
}
