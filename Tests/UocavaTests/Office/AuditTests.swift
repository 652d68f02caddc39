import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

@Suite("Audit", .enabled(if: TestOffice.present, "the program is not built"))
struct AuditTests {
    @Test("A planted change is named by the invariant that it breaks", arguments: AuditPlant.all)
    func planted(_ plant: AuditPlant) async throws {
        let test = try await AuditSample.office()
        try test.verify("before anything is planted")
        try plant.change(test)
        // As the operator's next command sees it.
        let office = try Office(OfficeFolder(test.folder), clock: test.office.clock)
        let report = try Audit(office).run()
        let found = report.findings.map { "\($0.invariant): \($0.subject): \($0.detail)" }
        #expect(!report.ok)
        for expected in try plant.expected(test) {
            #expect(found.contains { $0.hasPrefix(expected) }, "\(expected) is not among \(found)")
        }
    }

    @Test("A guard that was removed or hollowed out is missed")
    func guards() async throws {
        for isBooks in [true, false] {
            let test = try await AuditSample.office()
            let database = isBooks ? test.office.books : test.office.unguardedCounter
            // Every trigger, and every index that allows nothing twice.
            let names = try database.read { transaction in
                try transaction.all(
                    """
                    SELECT name FROM sqlite_master WHERE type = 'trigger' OR (type = 'index' AND sql LIKE 'CREATE UNIQUE %') ORDER BY name
                    """
                ) { try $0.text("name") }
            }
            #expect(names.count >= (isBooks ? 20 : 4))
            for name in names {
                let isIndex =
                    try database.read { try $0.count("SELECT count(*) FROM sqlite_master WHERE name = '\(name)' AND type = 'index'") } == 1
                let text = try AuditPlant.text(of: name, in: database)
                try database.write { try $0.executeScript("DROP \(isIndex ? "INDEX" : "TRIGGER") \(name)") }
                #expect(try growth(test) == ["The guard \(name) was removed from the database."])
                if !isIndex {
                    let table = try #require(
                        text.components(separatedBy: " ON ").dropFirst().first?.split { $0 == "\n" || $0 == " " }.first)
                    try database.write {
                        try $0.executeScript("CREATE TRIGGER \(name) BEFORE INSERT ON \(table) BEGIN SELECT 1; END")
                    }
                    #expect(try growth(test) == ["The guard \(name) is another than the one that the database was made with."])
                    try database.write { try $0.executeScript("DROP TRIGGER \(name)") }
                }
                try database.write { try $0.executeScript(text) }
            }
            try test.verify("every guard is back")
        }
    }

    private func growth(_ test: TestOffice) throws -> [String] {
        // A counter whose guards say something else is not touched, and that is said too.
        let findings = try Audit(test.office).run().findings.filter { !$0.detail.contains("compared with the books") }
        #expect(findings.allSatisfy { $0.invariant == "7 growth" })
        return findings.map(\.detail)
    }

    @Test("An audit beside claims, new links and a batch finds nothing")
    func beside() async throws {
        let test = try await AuditSample.office()
        let counter = try test.counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 5...9 {
                    let claim = try await counter.claim(token: try test.token("V\(number)"), answer: TestOffice.voters[number - 1].birthday)
                    if case .opened = claim { continue }
                    Issue.record("V\(number) was refused")
                }
            }
            group.addTask {
                try test.issue { $0.release = [VoterID("V12")] }
                for _ in 0..<3 { try LinkDesk(test.office).newLink(for: VoterID("V2"), election: TestOffice.election, reason: "lost") }
            }
            for _ in 0..<3 { try test.verify("while others are at work") }
            try await group.waitForAll()
        }
        await counter.stop()
        try test.verify()
    }
}

/// An office in which much has happened, made once and copied for each test: V1 and V3 have their ballots, V4's envelope is accepted, V5 to V9
/// wait.
enum AuditSample {
    private struct Template {
        let office: ReportsOffice
        let now: Instant
    }

    private static let template = Task {
        let reports = try ReportsOffice()
        try await reports.download("V1")
        try await reports.download("V3")
        try reports.office.catchUp()
        reports.pass(seconds: 86_400)
        let code = try reports.code("V4")
        _ = try reports.returns.receive([Returns.Scan(code: code)])
        reports.pass(seconds: 60)
        _ = try reports.returns.decide(code, .accept)
        try reports.office.books.checkpoint()
        try reports.office.unguardedCounter.checkpoint()
        return Template(office: reports, now: reports.test.now)
    }

    static func office() async throws -> TestOffice {
        let template = try await template.value
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-audit-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: template.office.test.folder, to: folder)
        return try TestOffice(at: folder, clock: TestOffice.ClockBox(template.now))
    }
}
