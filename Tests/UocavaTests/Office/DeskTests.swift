import Elections
import Foundation
import Office
import Storage
import Testing

@Suite("The desk: finding, lists, scope", .enabled(if: TestOffice.present, "the program is not built"))
struct DeskTests {
    @Test("A voter is found by number, name, e-mail, return code and tracking code, and only by those who may")
    func finding() throws {
        let office = try DeskOffice()
        let all = try office.desk("ann", .clerk)
        let one = try office.desk("bo", .clerk, jurisdictions: ["99001"])
        func found(_ text: String, _ desk: Desk) throws -> [String] {
            try desk.find(text).voters.map { "\($0.election == office.springfield ? "A" : "B") \($0.voterID)" }
        }
        #expect(try found("V3", all) == ["A V3", "B V3"])
        #expect(try found("V3", one) == ["A V3"])
        #expect(try found("v3@example.org", all) == ["A V3"])
        #expect(try found("S3@EXAMPLE.NET", all) == ["B V3"])
        #expect(try found("s3@example.net", one) == [])
        #expect(try found("voter7", one) == ["A V7"])
        #expect(try found("VOTER1", one) == ["A V1", "A V10", "A V11", "A V12"])
        #expect(try found("voter7, an", one) == ["A V7"])
        #expect(try found("ann voter7", one) == ["A V7"])
        #expect(try found("voter7 ann", all) == ["A V7", "B V7"])
        #expect(try found("voter7, bo", one) == [])
        #expect(try found(try office.code("V5"), one) == ["A V5"])
        #expect(try found(try office.code("V5", DeskOffice.other), one) == [])
        #expect(try found(try office.code("V5", DeskOffice.other), all) == ["B V5"])
        for nothing in ["", " ", ",", "*", "%", "V", "x'; DROP TABLE voter", String(repeating: "v", count: 300)] {
            #expect(try found(nothing, one).count == (nothing == "V" ? 12 : 0), "\(nothing)")
        }
    }

    @Test("Names are found without accents, from each word of the family name on, and as the last roll has them")
    func names() throws {
        let office = try DeskOffice()
        let desk = try office.desk("ann", .clerk, jurisdictions: ["99001"])
        func found(_ text: String) throws -> [String] { try desk.find(text).voters.map(\.name) }
        #expect(try found("garcia").isEmpty)
        var row = TestOffice.row(1).split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        row[1] = "de la García-O'Neil"
        row[2] = "María José"
        _ = try VoterRoll(office.test.office).importRoll(
            TestOffice.roll([row.joined(separator: ",")]), file: "voters.csv", election: DeskOffice.mine)
        for text in ["garcia", "GARCÍA", "de la g", "la garcia", "oneil", "garcia oneil, mar", "maria jose garcia", "garcia maria"] {
            #expect(try found(text) == ["de la García-O'Neil, María José"], "\(text)")
        }
        #expect(try found("voter1") == ["Voter10, Ann", "Voter11, Ann", "Voter12, Ann"])
    }

    @Test("What belongs to another county is not there, whatever is asked for")
    func scope() throws {
        let office = try DeskOffice()
        let desk = try office.desk("bo", .supervisor, jurisdictions: ["99001"])
        let (mine, theirs) = (office.springfield, office.shelbyville)
        let voter = try #require(try office.desk("ann", .auditor).find("s2@example.net").voters.first).voter
        let own = try #require(try desk.find("V2").voters.first).voter
        let ballot = try office.test.office.books.read { books in
            try books.first("SELECT lower(hex(id)) AS id FROM ballot WHERE election = $1", .integer(theirs)) { try $0.text("id") }
        }
        #expect(try desk.boards().map(\.election) == [mine])
        _ = try desk.voter(own, election: mine)
        let refused: [(String, () throws -> Void)] = [
            ("board", { _ = try desk.board(theirs) }), ("list", { _ = try desk.list(.everyone, election: theirs) }),
            ("voter", { _ = try desk.voter(voter, election: theirs) }), ("their voter here", { _ = try desk.voter(voter, election: mine) }),
            ("our voter there", { _ = try desk.voter(own, election: theirs) }),
            ("link", { try desk.newLink(for: voter, election: theirs, reason: "x") }),
            ("note", { try desk.note("x", on: voter, election: theirs) }), ("ballot", { _ = try desk.place(ofBallot: ballot ?? "") })
        ]
        for (name, body) in refused {
            do {
                try body()
                Issue.record("\(name) was there")
            } catch let error as OfficeError { #expect(error.code == .notFound, "\(name): \(error)") }
        }
        // An envelope of theirs is neither written down nor named.
        let scanned = try desk.receive(try office.code("V2", DeskOffice.other)).scan
        #expect(scanned.outcome == .unknown && scanned.voterID == nil && scanned.hint.contains("another jurisdiction's"))
        _ = try office.desk("cy", .clerk).receive(try office.code("V2", DeskOffice.other))
        #expect(try desk.waiting().all == 0)
        let piece = try office.test.office.books.read { Int64(try $0.count("SELECT max(id) FROM return_piece")) }
        #expect(throws: OfficeError.self) { try desk.decide(piece, .accept) }
        #expect(try desk.exceptions().allSatisfy { $0.election == mine })
        #expect(try desk.cameToday() == 0)
        #expect(try office.test.office.books.read { try $0.count("SELECT count(*) FROM return_piece WHERE decision IS NOT NULL") } == 0)
        try office.test.verify("after all that")
    }

    @Test("An auditor changes nothing")
    func auditor() throws {
        let office = try DeskOffice()
        let desk = try office.desk("au", .auditor)
        let voter = try #require(try desk.find("v2@example.org").voters.first).voter
        let code = try office.code("V2")
        for body in [
            { try desk.newLink(for: voter, election: office.springfield, reason: "x") },
            { try desk.note("x", on: voter, election: office.springfield) }, { _ = try desk.receive(code) }, { try desk.decide(1, .accept) }
        ] as [() throws -> Void] {
            do {
                try body()
                Issue.record("an auditor did something")
            } catch let error as OfficeError { #expect(error.code == .notAllowed) }
        }
    }

    @Test("The voter's page has everything, and hides the address of a protected voter from all but a supervisor")
    func voter() throws {
        let office = try DeskOffice()
        let desk = try office.desk("ann", .clerk, jurisdictions: ["99001"])
        let voter = try #require(try desk.find("V2").voters.first).voter
        try desk.note("Called twice.\nWill post on Monday.", on: voter, election: office.springfield)
        try desk.newLink(for: voter, election: office.springfield, reason: "lost the letter")
        _ = try desk.receive(try office.code("V2"))
        let page = try desk.voter(voter, election: office.springfield)
        #expect(page.standing?.status == .received && page.ballots.count == 1 && page.pieces.count == 1)
        #expect(page.history.first { $0.kind == "noted" }?.words == "Called twice.\nWill post on Monday.")
        #expect(page.history.first { $0.kind == "link_replaced" }?.words == "lost the letter")
        #expect(page.history.first { $0.kind == "received" }?.by == "ann")
        #expect(page.history.last?.kind == "issued")
        #expect(page.letters.map(\.kind) == ["ballot_ready", "new_link", "received"])
        #expect(throws: OfficeError.self) { try desk.note("  ", on: voter, election: office.springfield) }
        #expect(throws: OfficeError.self) { try desk.note(String(repeating: "x", count: 501), on: voter, election: office.springfield) }
        let hidden = try #require(try desk.find("V12").voters.first).voter
        let veiled = try desk.voter(hidden, election: office.springfield)
        #expect(veiled.isVeiled && veiled.record.email.isEmpty && veiled.record.mailing.isEmpty && veiled.record.residence.line1.isEmpty)
        let seen = try office.desk("su", .supervisor).voter(hidden, election: office.springfield)
        #expect(!seen.isVeiled && !seen.record.email.isEmpty)
        try office.test.verify("after a day at the desk")
    }

    @Test("The sums are what is there, at every step, and the database refuses those that cannot be")
    func totals() throws {
        let office = try DeskOffice()
        let desk = try office.desk("ann", .clerk)
        func board() throws -> Desk.Board { try desk.board(office.springfield) }
        var now = try board()
        #expect(now.roll == 12 && now.issued == TestOffice.due && now.count(.issued) == TestOffice.due && now.pieces == 0)
        for number in ["V1", "V2", "V3"] { _ = try desk.receive(try office.code(number)) }
        _ = try desk.receive(try office.code("V1"))
        let waiting = try desk.waiting().shown
        try desk.decide(waiting[0].piece, .accept)
        try desk.decide(waiting[1].piece, .reject(.missingVoterSignature))
        try desk.decide(waiting[2].piece, .hold)
        now = try board()
        #expect(now.pieces == 3 && now.count(.accepted) == 1 && now.count(.rejected) == 1 && now.count(.held) == 1)
        #expect(now.funnel.map(\.count) == [12, 9, 3, 3, 3, 1])
        #expect(now.days.map(\.issued) == [9] && now.days.map(\.returned) == [3])
        #expect(now.exceptions.map(\.kind) == ["no_email", "protected"])
        #expect(try desk.list(.status(.accepted), election: office.springfield).voters.map(\.voterID.text) == ["V1"])
        #expect(try desk.list(.withoutBallot, election: office.springfield).voters.map(\.voterID.text) == ["V10", "V11", "V12"])
        #expect(try desk.list(.exception("no_email"), election: office.springfield).voters.map(\.voterID.text) == ["V11"])
        #expect(try desk.list(.everyone, election: office.springfield).voters.count == 12)
        for impossible in [
            "UPDATE election_total SET returned = issued + 1", "UPDATE election_total SET counted = pieces",
            "UPDATE election_total SET pieces = returned - 1", "UPDATE status_total SET n = -1",
            "UPDATE return_piece SET received_at = received_at + 1", "UPDATE return_piece SET voter = voter + 1"
        ] {
            #expect(throws: StorageError.self, "\(impossible)") { try office.test.office.books.write { try $0.execute(impossible) } }
        }
        try office.test.verify("after decisions")
    }
}
