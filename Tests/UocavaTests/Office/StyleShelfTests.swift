import Elections
import Foundation
import Office
import Packet
import Storage
import Testing

@Suite("Ballot styles after the first ballot", .enabled(if: TestOffice.present, "the program is not built"))
struct StyleShelfTests {
    private func importing(_ folder: URL, into test: TestOffice) throws -> StyleShelf.Summary {
        try StyleShelf(test.office, child: ConfinedChild(executable: TestProgram.path ?? "/nonexistent")).importElection(from: folder)
    }

    @Test(
        "Definition and declaration stay as they were",
        arguments: [("election.yaml", "2028-11-07T20:00", "2028-11-14T20:00"), ("declaration.en.md", "perjury", "forgery")])
    func frozen(_ file: String, _ old: String, _ new: String) throws {
        let test = try TestOffice()
        try test.issue { $0.only = [VoterID("V1")] }
        let folder = try TestOffice.writeElection()
        defer { try? FileManager.default.removeItem(at: folder) }
        let place = folder.appendingPathComponent(file)
        let text = try String(contentsOf: place, encoding: .utf8).replacingOccurrences(of: old, with: new)
        try Data(text.utf8).write(to: place)
        let refused = #expect(throws: OfficeError.self) { try importing(folder, into: test) }
        #expect(refused?.code == .notAllowed)
        #expect(refused?.message.contains("have been issued") == true)
        try test.verify("nothing was changed")
    }

    @Test("A corrected ballot is a new revision: who has none yet gets it, and who holds the old one is on the list")
    func corrected() throws {
        let test = try TestOffice()
        try test.issue { $0.only = [VoterID("V1")] }
        let old = try test.ballot("V1")
        let folder = try TestOffice.writeElection { SmallBallot.pdf($0 == "south" ? "Ballot south, corrected" : "Ballot \($0)") }
        defer { try? FileManager.default.removeItem(at: folder) }
        let summary = try importing(folder, into: test)
        #expect(summary.revised == 1 && summary.unchanged == 1 && summary.toReview == 1)
        #expect(try test.issue().buckets[.issued] == TestOffice.due - 1)
        #expect(try test.ballot("V1") == old)
        let revisions = try test.office.books.read { books in
            try books.all(
                "SELECT s.revision, count(*) AS ballots FROM ballot b JOIN ballot_style s ON s.id = b.style WHERE s.code = 'south' GROUP BY 1"
            ) { "\(try $0.integer("revision")): \(try $0.integer("ballots"))" }
        }
        #expect(revisions.sorted() == ["1: 1", "2: 4"])
        let listed = try Reports(test.office).exceptions(election: TestOffice.election).filter { $0.kind == "style_revised" }
        #expect(listed.compactMap { $0.voterID?.text } == ["V1"])
        try test.verify()
    }

    @Test("A style that is gone from the folder is withdrawn, and its voters get no ballot of another")
    func withdrawn() throws {
        let test = try TestOffice()
        let folder = try TestOffice.writeElection()
        defer { try? FileManager.default.removeItem(at: folder) }
        let sheet = folder.appendingPathComponent("styles.csv")
        let rows = try String(contentsOf: sheet, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("south") }
        try Data((rows.joined(separator: "\n") + "\n").utf8).write(to: sheet)
        try FileManager.default.removeItem(at: folder.appendingPathComponent("ballots/south.pdf"))
        #expect(try importing(folder, into: test).superseded == 1)
        try test.verify("withdrawn")
        let result = try test.issue()
        #expect(result.buckets[.issued] == 4)
        #expect(result.buckets[.styleUnresolved] == TestOffice.due - 4)
        try test.verify("issued")
    }

    @Test("A ballot of a test office says SAMPLE, and one of a real office is the vendor's", arguments: [false, true])
    func sample(_ isTest: Bool) throws {
        let files = FileManager.default
        let root = files.temporaryDirectory.appendingPathComponent("uocava-sample-\(UUID().uuidString)")
        let folder = try TestOffice.writeElection(test: isTest)
        defer { for place in [root, folder] { try? files.removeItem(at: place) } }
        let office = try TestOffice.makeEmpty(at: root, test: isTest, clock: WallClock { TestOffice.start })
        let child = ConfinedChild(executable: TestProgram.path ?? "/nonexistent")
        _ = try StyleShelf(office, child: child).importElection(from: folder)
        for (style, paper) in [("north", "letter"), ("south", "a4")] {
            let kept = try office.books.read { books in
                try books.first(
                    """
                    SELECT b.hash, b.first_ballot_page FROM base b JOIN ballot_style s ON s.id = b.style
                    WHERE s.code = $1 AND b.paper = $2
                    """, .text(style), .text(paper)
                ) { (hash: try $0.blob("hash"), page: Int(try $0.integer("first_ballot_page"))) }
            }
            let base = try #require(kept)
            let found = try office.unguardedCounter.read { counter in
                try counter.first("SELECT bytes FROM base WHERE hash = $1", .blob(base.hash)) { try $0.blob("bytes") }
            }
            let differences = try PageCompare.compare(
                SmallBallot.pdf("Ballot \(style)"), pages: 1...1, try #require(found), firstOfB: base.page, child: child)
            #expect(differences.isEmpty == !isTest, "\(style)")
        }
    }
}
