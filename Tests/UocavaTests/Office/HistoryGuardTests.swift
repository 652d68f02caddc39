import Foundation
import Office
import Storage
import Testing

@Suite("What the databases themselves refuse", .enabled(if: TestOffice.present, "the program is not built"))
struct HistoryGuardTests {
    @Test(
        "Nothing that is history is changed or deleted in the books",
        arguments: [
            "DELETE FROM journal WHERE seq = 1", "UPDATE journal SET at = at + 1 WHERE seq = 1", "DELETE FROM ballot WHERE voter = 1",
            "UPDATE ballot SET style = 3 - style WHERE voter = 1", "UPDATE ballot SET packet = randomblob(32) WHERE voter = 1",
            "UPDATE office SET test = 1", "DELETE FROM link", "DELETE FROM request WHERE id = 1", "DELETE FROM voter WHERE id = 12",
            "UPDATE voter SET number_index = randomblob(16) WHERE id = 1", "DELETE FROM exception",
            "UPDATE ballot_style SET scope = 'federal'",
            "UPDATE style_precinct SET precinct = 'x'", "DELETE FROM style_precinct", "UPDATE style_file SET sha256 = randomblob(32)",
            "UPDATE base SET plan = ''", "UPDATE base SET instructions = printf('%064d', 1)", "DELETE FROM base",
            "DELETE FROM ballot_style",
            "INSERT INTO ballot_style (election, code, revision, name, party, scope, imported_at) VALUES (1, 'north', 2, '', '', 'full', 5)",
            "UPDATE ballot SET voter = 2 WHERE voter = 1"
        ])
    func books(_ statement: String) throws {
        let test = try TestOffice()
        try test.issue()
        let refused = #expect(throws: StorageError.self) { try test.office.books.write { try $0.executeScript(statement) } }
        #expect(refused?.code == .constraint)
        try test.verify("nothing was changed")
    }

    @Test(
        "Nothing that is history is changed or deleted at the counter",
        arguments: [
            "UPDATE packet SET sha256 = randomblob(32)", "DELETE FROM counter_event", "UPDATE counter_event SET at = 5",
            "UPDATE link SET state = 'open'", "INSERT INTO counter_event (at, kind, ballot, link) VALUES (5, 'lost', x'00', x'00')"
        ])
    func counter(_ statement: String) async throws {
        let test = try await AuditSample.office()
        let refused = #expect(throws: StorageError.self) { try test.office.unguardedCounter.write { try $0.executeScript(statement) } }
        #expect(refused?.code == .constraint)
        try test.verify("nothing was changed")
    }
}
