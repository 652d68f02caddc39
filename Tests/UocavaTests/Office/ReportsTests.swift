import Elections
import Foundation
import Office
import Storage
import Testing

@Suite("Reports", .enabled(if: TestOffice.present, "the program is not built"))
struct ReportsTests {
    private let election = ReportsOffice.election

    @Test("Everyone stands somewhere, and those without a ballot have the reason that issue would give")
    func everybody() throws {
        let test = try ReportsOffice()
        let standings = try test.reports.status(election: election)
        #expect(standings.map { $0.voterID?.text } == ReportsOffice.issued + ["V10", "V11", "V12", "W1", "W2", "W3"])
        #expect(standings.prefix(9).allSatisfy { $0.status == .issued && $0.reason == nil && $0.ballot?.count == 32 })
        #expect(standings.map(\.style?.text).prefix(3) == ["south", "north", "south"])
        #expect(standings.dropFirst(9).map(\.reason) == ["by_mail", "no_email", "protected", "style_unresolved", "not_eligible", "held"])
        #expect(standings.dropFirst(9).allSatisfy { $0.json["status"]?.stringValue == "not_issued" && $0.json["ballot"]?.isNull == true })
        #expect(standings.first?.json["timeline"]?[0]?["event"]?.stringValue == "issued")
        #expect(standings.first?.json["timeline"]?[0]?["at"]?.stringValue == ReportsOffice.issuedAt.rfc3339)
        #expect(standings.table.rows.count == 15)
    }

    @Test("A voter is found by number and by either code, and a stranger is not")
    func lookingUp() throws {
        let test = try ReportsOffice()
        let codes = try test.codes("V2")
        for who in ["V2", codes.returnCode.text, codes.returnCode.text.lowercased(), codes.trackingCode.text] {
            let found = try test.reports.status(election: election, of: who)
            #expect(found.map(\.voterID) == [VoterID("V2")])
            #expect(found.first?.returnCode == codes.returnCode)
        }
        #expect(try test.reports.status(election: election, of: "V11").map(\.reason) == ["no_email"])
        #expect(try test.reports.status(election: election, of: "W3").map(\.reason) == ["held"])
        for who in ["V77", "R-0000-0000-0000", ""] {
            let error = #expect(throws: OfficeError.self) { try test.reports.status(election: election, of: who) }
            #expect(error?.code == .notFound)
        }
        let error = #expect(throws: OfficeError.self) { try test.reports.status(election: ElectionID("none"), of: "V1") }
        #expect(error?.code == .notFound)
    }

    @Test("The timeline is the journal's, with the counter's news")
    func timeline() async throws {
        let test = try ReportsOffice()
        try test.letterSent("V1")
        try await test.download("V1")
        _ = try test.returns.receive([Returns.Scan(code: try test.code("V1"))])
        _ = try test.returns.decide(try test.code("V1"), .accept)
        let standing = try #require(try test.reports.status(election: election, of: "V1").first)
        #expect(standing.status == .accepted)
        #expect(standing.timeline.map(\.event) == [.issued, .letterQueued, .letterSent, .claimed, .delivered, .received, .accepted])
        let books = try test.reports.reconcile(election: election)
        #expect(books.mismatches == [])
        let totals: JSONValue = [
            "roll": 15, "issued": 9, "mailed": 1, "claimed": 1, "delivered": 1, "returned": 1, "accepted": 1, "rejected": 0
        ]
        #expect(books.json["totals"] == totals)
    }

    @Test("Reports need no signing key")
    func withoutSigningKey() throws {
        let test = try ReportsOffice()
        try FileManager.default.removeItem(at: test.office.folder.path("keys/signing.key"))
        #expect(try test.reports.status(election: election).count == 15)
        #expect(try test.reports.reconcile(election: election).agrees)
        var order = Issuing.Order(election: election)
        order.dryRun = true
        #expect(try Issuing(test.office).issueDue(order).total == 15)
        order.dryRun = false
        #expect(throws: (any Error).self) { try Issuing(test.office).issueDue(order) }
    }

    @Test("Reports of a past election work after its links closed")
    func pastElection() throws {
        let test = try ReportsOffice()
        test.pass(seconds: 90 * 86_400)
        #expect(try test.reports.reconcile(election: election).agrees)
        #expect(try test.reports.status(election: election, of: "V1").first?.status == .issued)
    }

    @Test("The exception list names its voters, held rows too")
    func exceptions() throws {
        let test = try ReportsOffice()
        let lines = try test.reports.exceptions(election: election)
        #expect(
            Set(lines.map { "\($0.voterID?.text ?? "") \($0.kind)" }) == ["V11 no_email", "W1 style_unresolved", "V12 protected", "W3 held"]
        )
        #expect(lines.first?.kind == "held")
        #expect(lines.json[0]?["since"]?.stringValue?.hasSuffix("Z") == true)
        #expect(lines.table.columns == ["voter_id", "kind", "detail", "since"])
    }

    @Test("The shelf lists pages, hashes, precincts and voters")
    func styles() throws {
        let test = try ReportsOffice()
        let styles = try test.reports.styles(election: election)
        #expect(styles.map(\.style.text) == ["north", "south"])
        #expect(styles.map(\.voters) == [6, 7])
        #expect(styles.map(\.precincts) == [["North"], ["South"]])
        #expect(styles.allSatisfy { $0.pages == 1 && $0.revision == 1 && $0.bases.count == 2 })
        let bases = try test.office.unguardedCounter.read { try $0.all("SELECT hash FROM base") { ReportsOffice.hex(try $0.blob("hash")) } }
        #expect(Set(styles.flatMap(\.bases).map(\.sha256)) == Set(bases))
        #expect(try test.reports.styles().count == 2)
        #expect(styles.json[1]?["precincts"]?[0]?.stringValue == "South")
    }
}
