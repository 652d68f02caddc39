import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

@Suite("Issuing that is broken off", .serialized, .enabled(if: TestOffice.present, "the program is not built"))
struct CrashTests {
    private let kills = ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] == nil ? 8 : 50

    @Test(
        "Killed at random moments, issue goes on where it stopped: nobody gets two ballots, a dead link, or none", .timeLimit(.minutes(30)))
    func killed() async throws {
        let template = try CrashOffice.template.get()
        let undisturbed = try CrashOffice.copy()
        defer { try? FileManager.default.removeItem(at: undisturbed) }
        let started = ContinuousClock.now
        let whole = try CrashRun(undisturbed, template.election).finish()
        let duration = ContinuousClock.now - started
        try #require(whole.status == 0, "\(whole.err)")
        let buckets = try #require(whole.json?["buckets"])
        try await inOrder(undisturbed, template, buckets, "undisturbed")

        let due = Int(buckets["issued"]?.integerValue ?? 0)
        var killed = 0
        var midway = 0
        while killed < kills {
            let folder = try CrashOffice.copy()
            defer { try? FileManager.default.removeItem(at: folder) }
            var story: [String] = []
            while killed < kills {
                let run = try CrashRun(folder, template.election)
                if killed.isMultiple(of: 2) {
                    let moment = duration * Double.random(in: 0...1)
                    try await Task.sleep(for: moment)
                    story.append("killed after \(moment)")
                } else {
                    // While packets are written: the clock alone would often strike before or after.
                    let packets = Int.random(in: 1...due / 2)
                    try await run.waits(forPackets: packets, in: folder)
                    story.append("killed after \(packets) more packets")
                }
                let end = try run.kill()
                guard end.wasKilled else {
                    // Faster than the blow: this office is complete, and the next is a fresh one.
                    #expect(end.status == 0, "\(story) \(end.err)")
                    break
                }
                killed += 1
                let (packets, ballots) = try nobodyWasTold(folder, story)
                if packets > 0, ballots < due { midway += 1 }
            }
            try await inOrder(folder, template, buckets, "\(story)")
        }
        #expect(midway > 0, "no blow fell while ballots were written")
    }

    @Test(
        "On a full disk issue stops with a plain message and 73, and goes on when there is room again",
        .enabled(if: CrashDisk.canMake, "needs root and tmpfs"), .timeLimit(.minutes(10)), arguments: [0, 64, 1024, 5120])
    func fullDisk(kilobytesLeft: Int) async throws {
        let template = try CrashOffice.template.get()
        let whole = try CrashOffice.undisturbed.get()
        let disk = try CrashDisk()
        let folder = try CrashOffice.copy(to: disk.folder.appendingPathComponent("office"))
        try disk.fill(leaving: kilobytesLeft)
        let stopped = try CrashRun(folder, template.election).finish()
        #expect(stopped.status == 73, "\(stopped.err)")
        plain(stopped, in: folder)
        try disk.empty()
        try nobodyWasTold(folder, ["the disk was full at \(kilobytesLeft) KB"])
        try await inOrder(folder, template, whole, "after the disk was full at \(kilobytesLeft) KB")
    }

    @Test("Where no file may grow any more, issue stops the same way", .timeLimit(.minutes(10)))
    func fileLimit() async throws {
        let template = try CrashOffice.template.get()
        let whole = try CrashOffice.undisturbed.get()
        let folder = try CrashOffice.copy()
        defer { try? FileManager.default.removeItem(at: folder) }
        let stopped = try CrashRun(folder, template.election, largestFile: 2048).finish()
        #expect(stopped.status == 73, "\(stopped.err)")
        plain(stopped, in: folder)
        try nobodyWasTold(folder, ["no file larger than 2 MB"])
        try await inOrder(folder, template, whole, "after a limit on files")
    }

    /// A database on a small disk of its own: where it is full, and how much room there was.
    struct FullDisk: Sendable, CustomStringConvertible {
        let database: String
        let kilobytesLeft: Int
        var description: String { "\(database), \(kilobytesLeft) KB left" }

        /// Full in the middle of a batch; in a long run also before anything is written.
        static let all: [FullDisk] = {
            let isLong = ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] != nil
            let midway = [FullDisk(database: "counter", kilobytesLeft: 3000), FullDisk(database: "office", kilobytesLeft: 700)]
            return isLong ? midway + ["counter", "office"].map { FullDisk(database: $0, kilobytesLeft: 0) } : midway
        }()
    }

    @Test(
        "When the disk of only one database is full, issue names that one, and goes on when there is room again",
        .enabled(if: CrashDisk.canMake, "needs root and tmpfs"), .timeLimit(.minutes(10)),
        arguments: FullDisk.all)
    func oneDiskFull(full: FullDisk) async throws {
        let template = try CrashOffice.template.get()
        let whole = try CrashOffice.undisturbed.get()
        let disk = try CrashDisk()
        let folder = try CrashOffice.copy()
        defer { try? FileManager.default.removeItem(at: folder) }
        let place = disk.folder.appendingPathComponent("\(full.database).sqlite")
        try FileManager.default.moveItem(at: folder.appendingPathComponent("\(full.database).sqlite"), to: place)
        let settings = folder.appendingPathComponent("uocava.yaml")
        let text = try String(contentsOf: settings, encoding: .utf8)
        let moved = text.replacingOccurrences(of: "sqlite:\(full.database).sqlite", with: "sqlite:\(place.path)")
        try #require(moved != text)
        try Data(moved.utf8).write(to: settings)
        try disk.fill(leaving: full.kilobytesLeft)
        let stopped = try CrashRun(folder, template.election).finish()
        #expect(stopped.status == 73, "\(stopped.err)")
        plain(stopped, in: disk.folder)
        try disk.empty()
        try nobodyWasTold(folder, ["\(full)"])
        try await inOrder(folder, template, whole, "\(full)")
    }

    @Test("The signing key is read once: when it vanishes while a batch is on, that batch ends well and the next is refused")
    func keyVanishes() async throws {
        let template = try CrashOffice.template.get()
        let whole = try CrashOffice.undisturbed.get()
        let due = Int(whole["issued"]?.integerValue ?? 0)
        for attempt in 1...10 {
            let folder = try CrashOffice.copy()
            defer { try? FileManager.default.removeItem(at: folder) }
            let run = try CrashRun(folder, template.election)
            try await run.waits(forPackets: 1, in: folder)
            let (key, aside) = (folder.appendingPathComponent("keys/signing.key"), folder.appendingPathComponent("aside"))
            try FileManager.default.moveItem(at: key, to: aside)
            let written = try packets(in: folder)
            let end = try run.finish()
            #expect(end.status == 0 && end.json?["buckets"] == whole, "\(end.err)")
            // It was faster than the hand that took the key.
            if written >= due, attempt < 10 { continue }
            #expect(written < due, "the key never vanished while a batch was on")
            let next = try CrashRun(folder, template.election).finish()
            #expect(next.status == 66 && next.out.isEmpty, "\(next.err)")
            #expect(next.err.contains("keys/signing.key is missing (No such file or directory).\nPut it back"), "\(next.err)")
            try FileManager.default.moveItem(at: aside, to: key)
            try await inOrder(folder, template, whole, "after the key was away")
            return
        }
    }

    @Test("Where a run was broken off and the key is gone, nothing changes until it is back; then everybody has one ballot")
    func keyGoneAfterCrash() async throws {
        let template = try CrashOffice.template.get()
        let whole = try CrashOffice.undisturbed.get()
        let folder = try CrashOffice.copy()
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try CrashRun(folder, template.election)
        try await run.waits(forPackets: 1, in: folder)
        _ = try run.kill()
        let (key, aside) = (folder.appendingPathComponent("keys/signing.key"), folder.appendingPathComponent("aside"))
        try FileManager.default.moveItem(at: key, to: aside)
        let before = try nobodyWasTold(folder, ["killed"])
        let refused = try CrashRun(folder, template.election).finish()
        #expect(refused.status == 66, "\(refused.err)")
        let after = try nobodyWasTold(folder, ["killed, then without a key"])
        #expect(before == after)
        try FileManager.default.moveItem(at: aside, to: key)
        try await inOrder(folder, template, whole, "killed, and the key was away")
    }

    @Test("At a terminal the message stands on lines of its own, whatever the progress left there", .timeLimit(.minutes(10)))
    func terminal() throws {
        let template = try CrashOffice.template.get()
        let folder = try CrashOffice.copy()
        defer { try? FileManager.default.removeItem(at: folder) }
        let tools = try WritingFolder()
        let script = """
            import os, pty, signal, resource, sys
            child, terminal = pty.fork()
            if child == 0:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))
                os.environ["TERM"] = "xterm"
                os.execv(sys.argv[1], sys.argv[1:])
            shown = b""
            try:
                while piece := os.read(terminal, 1000): shown += piece
            except OSError: pass
            sys.stdout.buffer.write(shown)
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """
        let program = try #require(TestProgram.path)
        let said = try tools.run(
            "python3", ["-c", script, program, "issue", "--election", template.election.text, "--office", folder.path], anyStatus: true)
        // What is left on a line after it was drawn over.
        let lines = said.replacingOccurrences(of: "\r\n", with: "\n").split(separator: "\n").map {
            $0.components(separatedBy: "\r\u{1B}[K").last ?? ""
        }
        let start = try #require(lines.firstIndex { $0.hasPrefix("uocava:") && !$0.hasPrefix("uocava: warning") }, "\(said)")
        let message = lines[start...].joined(separator: " ").split(separator: " ").joined(separator: " ")
        #expect(message.contains(folder.path))
        #expect(message.contains("the disk is full") || message.contains("cannot be written"), "\(said)")
        #expect(message.contains("run the command again"), "\(said)")
        #expect(!message.contains("Issuing") && !message.contains("\u{1B}"), "\(said)")
    }

    private func packets(in folder: URL) throws -> Int {
        let database = try OfficeFolder(folder).openCounterDatabase()
        defer { try? database.close() }
        return try database.read { try $0.count("SELECT count(*) FROM packet") }
    }

    /// What a person reads: which file, what is wrong, what to do; nothing of the program's inside and no data.
    private func plain(_ end: CrashRun.End, in folder: URL) {
        #expect(end.out.isEmpty)
        // Before it begins, issue warns of the loopback address of this office: a line, and one that is indented.
        let lines = end.err.components(separatedBy: "\n").filter { !$0.isEmpty }.drop {
            $0.hasPrefix("uocava: warning: ") || $0.hasPrefix("  ")
        }
        let error = lines.joined(separator: "\n")
        #expect(error.hasPrefix("uocava: \(folder.path)"), "\(end.err)")
        #expect(error.contains("the disk is full") || error.contains("cannot be written"), "\(end.err)")
        #expect(error.contains("run the command again"), "\(end.err)")
        #expect(lines.count <= 3, "\(end.err)")
    }

    // MARK: What must hold

    /// Right after a run was broken off: whoever has a letter has a packet and a live link, and what is at the counter beyond that nobody knows.
    @discardableResult
    private func nobodyWasTold(
        _ folder: URL, _ story: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> (packets: Int, ballots: Int) {
        let office = try Office(OfficeFolder(folder))
        defer { try? DistrictOffice.settle(office) }
        let books = try CrashBooks(office)
        #expect(books.letters == books.ballots, "\(story)", sourceLocation: sourceLocation)
        #expect(books.liveLinks.isSuperset(of: books.letterLinks), "\(story)", sourceLocation: sourceLocation)
        #expect(books.packets.isSuperset(of: books.ballots), "\(story)", sourceLocation: sourceLocation)
        #expect(books.isGapless, "\(story)", sourceLocation: sourceLocation)
        // The audit names what lies about at the counter, and finds nothing else.
        let others = try Audit(office).run().findings.filter {
            !$0.detail.hasPrefix("An interrupted run left") && !$0.detail.contains("this office did not make it")
        }
        #expect(others.map(\.detail) == [], "\(story)", sourceLocation: sourceLocation)
        return (books.packets.count, books.ballots.count)
    }

    /// One more run ends well, and then everything is as if nothing had happened.
    private func inOrder(
        _ folder: URL, _ template: CrashOffice.Template, _ buckets: JSONValue, _ story: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let here = sourceLocation
        let last = try CrashRun(folder, template.election).finish()
        #expect(last.status == 0, "\(story): \(last.err)", sourceLocation: here)
        func count(_ document: JSONValue?, _ bucket: Bucket) -> Int64 { document?[bucket.rawValue]?.integerValue ?? 0 }
        let found = last.json?["buckets"]
        for bucket in Bucket.allCases where bucket != .issued && bucket != .alreadyIssued {
            #expect(count(found, bucket) == count(buckets, bucket), "\(story): \(bucket)", sourceLocation: here)
        }
        let due = count(buckets, .issued)
        #expect(due > 1000)
        #expect(count(found, .issued) + count(found, .alreadyIssued) == due, "\(story)", sourceLocation: here)
        #expect(last.json?["total"]?.integerValue == Int64(template.total), "\(story)", sourceLocation: here)

        let office = try Office(OfficeFolder(folder))
        let books = try CrashBooks(office)
        #expect(books.ballots.count == Int(due), "\(story)", sourceLocation: here)
        #expect(books.voters == Int(due), "\(story): one ballot for each", sourceLocation: here)
        #expect(books.packets == books.ballots, "\(story): the counter has no packet that the books do not know", sourceLocation: here)
        #expect(books.letters == books.ballots, "\(story)", sourceLocation: here)
        #expect(books.letterCount == Int(due), "\(story)", sourceLocation: here)
        #expect(books.liveLinks == books.letterLinks, "\(story): one live link each, and no other", sourceLocation: here)
        #expect(books.liveLinks.count == Int(due), "\(story)", sourceLocation: here)
        #expect(books.linksAtCounter == Int(due), "\(story)", sourceLocation: here)
        #expect(books.isGapless, "\(story)", sourceLocation: here)
        #expect(books.issuedInJournal == Int(due), "\(story)", sourceLocation: here)
        let findings = try Audit(office).run().findings.map(\.detail)
        #expect(findings == [], "\(story)", sourceLocation: here)
        #expect(try Reports(office).reconcile(election: template.election).mismatches == [], "\(story)", sourceLocation: here)
        try await linksOpen(office, template, story, here)
        let findingsAfterwards = try Audit(office).run().findings.map(\.detail)
        #expect(findingsAfterwards == [], "\(story)", sourceLocation: here)
        try DistrictOffice.settle(office)
    }

    /// The links of some voters open their packets.
    private func linksOpen(_ office: Office, _ template: CrashOffice.Template, _ story: String, _ here: SourceLocation) async throws {
        let database = try office.folder.openCounterDatabase()
        let counter = Counter(database: database)
        var opened = 0
        for voter in template.voters.shuffled().prefix(40) where opened < 5 {
            let link = try office.books.read { transaction in
                try transaction.first(
                    """
                    SELECT l.id, l.key_id FROM link l JOIN ballot b ON b.id = l.ballot JOIN voter v ON v.id = b.voter
                    WHERE v.number_index = $1 AND l.ended_at IS NULL
                    """, .blob(office.rollKeys.index("voter number", voter.number))
                ) { (id: try $0.blob("id"), key: try $0.text("key_id")) }
            }
            // Voters by mail have none.
            guard let link else { continue }
            let token = try office.linkKeys.token(linkID: link.id, keyID: link.key).text
            guard case .opened = try await counter.claim(token: token, answer: voter.birthday) else {
                Issue.record("\(story): the link of \(voter.number) opens nothing", sourceLocation: here)
                return
            }
            opened += 1
        }
        await counter.stop()
        try database.close()
        #expect(opened == 5, sourceLocation: here)
    }
}

/// What both databases hold after a run, read with no code of the office.
private struct CrashBooks {
    let ballots: Set<[UInt8]>
    let voters: Int
    let letters: Set<[UInt8]>
    let letterCount: Int
    let letterLinks: Set<[UInt8]>
    let isGapless: Bool
    let issuedInJournal: Int
    let packets: Set<[UInt8]>
    let liveLinks: Set<[UInt8]>
    let linksAtCounter: Int

    init(_ office: Office) throws {
        func ids(_ file: DatabaseFile, _ sql: String) throws -> Set<[UInt8]> {
            Set(try file.read { try $0.all(sql) { try $0.blob("id") } })
        }
        func count(_ file: DatabaseFile, _ sql: String) throws -> Int { try file.read { try $0.count(sql) } }
        ballots = try ids(office.books, "SELECT id FROM ballot")
        voters = try count(office.books, "SELECT count(DISTINCT voter) FROM ballot")
        letters = try ids(office.books, "SELECT ballot AS id FROM letter WHERE state = 'queued'")
        letterCount = try count(office.books, "SELECT count(*) FROM letter")
        letterLinks = try ids(office.books, "SELECT link AS id FROM letter")
        isGapless = try count(office.books, "SELECT count(*) = max(seq) AND min(seq) = 1 FROM journal") == 1
        issuedInJournal = try count(office.books, "SELECT count(*) FROM journal WHERE kind = 'issued'")
        packets = try ids(office.unguardedCounter, "SELECT ballot AS id FROM packet")
        liveLinks = try ids(office.unguardedCounter, "SELECT id FROM link WHERE state = 'live'")
        linksAtCounter = try count(office.unguardedCounter, "SELECT count(*) FROM link")
    }
}
