import Elections
import Foundation
import Office
import Storage
import Testing

@Suite("Returns", .enabled(if: TestOffice.present, "the program is not built"))
struct ReturnsTests {
    @Test("An envelope scanned twice is written down once, and the voter sees it at once")
    func scanTwice() async throws {
        let test = try ReportsOffice()
        let code = try test.code("V1")
        let first = try test.returns.receive([Returns.Scan(code: code)])
        #expect(first.map(\.outcome) == [.received])
        #expect(first.first?.voterID == VoterID("V1"))
        test.pass(seconds: 60)
        // As a person types it: lower case, without dashes.
        let typed = code.lowercased().replacingOccurrences(of: "-", with: "")
        let second = try test.returns.receive([
            Returns.Scan(code: typed), Returns.Scan(code: try test.code("V2")), Returns.Scan(code: typed)
        ])
        #expect(second.map(\.outcome) == [.duplicate, .received, .duplicate])
        #expect(second.first?.code == code)
        #expect(second.first?.at == first.first?.at)
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM return_piece") } == 2)
        let counter = Counter(database: test.office.unguardedCounter, clock: test.office.clock)
        let timeline = try await counter.timeline(trackingCode: try test.codes("V1").trackingCode.text)
        #expect(timeline?.steps.map(\.kind) == [.issued, .received])
        await counter.stop()
        #expect(try test.reports.reconcile(election: ReportsOffice.election).mismatches == [])
    }

    @Test("Codes that are none of ours are unknown, and a tracking code is told from a return code")
    func unknownCodes() throws {
        let test = try ReportsOffice()
        let strange = ReturnCode(random: [UInt8](repeating: 7, count: ReturnCode.randomByteCount)).text
        let results = try test.returns.receive(
            [strange, try test.codes("V1").trackingCode.text, "R-0000-0000-0001", ""].map { Returns.Scan(code: $0) })
        #expect(results.allSatisfy { $0.outcome == .unknown && $0.voterID == nil })
        #expect(results[0].hint.contains("another office"))
        #expect(results[1].hint.contains("tracking code"))
        #expect(results[2].hint.contains("R-XXXX"))
        #expect(results.json[0]?["result"]?.stringValue == "unknown")
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM return_piece") } == 0)
    }

    @Test("A scanner's list is read with every problem and its line")
    func scannerList() throws {
        let good = try Returns.scans(
            csv: Array("code,received_at\r\nR-1,2028-10-01T09:30:00-04:00\r\nR-2,\r\n".utf8), file: "scans.csv")
        #expect(good.map(\.code) == ["R-1", "R-2"])
        #expect(good.map(\.receivedAt) == [Instant(rfc3339: "2028-10-01T13:30:00Z"), nil])
        #expect(try Returns.scans(csv: Array("code\nR-1\n".utf8), file: "scans.csv").count == 1)

        func refusal(_ text: String) -> OfficeError? {
            #expect(throws: OfficeError.self) { try Returns.scans(csv: Array(text.utf8), file: "scans.csv") }
        }
        let bad = refusal("code,received_at\nR-1,yesterday\n,2028-10-01T09:30:00Z\nR-3\n")
        #expect(bad?.code == .badInput)
        #expect(bad?.problems.map(\.line) == [2, 3, 4])
        #expect(refusal("code,received_at\n")?.problems.count == 1)
        #expect(refusal("kode\nR-1\n")?.code == .badInput)
        #expect(refusal("")?.code == .badInput)
    }

    @Test("A time in the future or before the ballot was issued is refused, and nothing of the pile is taken")
    func impossibleTimes() throws {
        let test = try ReportsOffice()
        let (one, two) = (try test.code("V1"), try test.code("V2"))
        let before = ReportsOffice.issuedAt.adding(seconds: -60)
        let future = test.office.clock.now().adding(seconds: 90_000)
        let error = #expect(throws: OfficeError.self) {
            try test.returns.receive([
                Returns.Scan(code: one), Returns.Scan(code: one, receivedAt: before), Returns.Scan(code: two, receivedAt: future)
            ])
        }
        #expect(error?.code == .badInput)
        #expect(error?.problems.count == 2)
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM return_piece") } == 0)
        // A clock that is a little fast, and yesterday's post.
        let results = try test.returns.receive([
            Returns.Scan(code: one, receivedAt: test.office.clock.now().adding(seconds: 3600)),
            Returns.Scan(code: two, receivedAt: ReportsOffice.issuedAt.adding(seconds: 10))
        ])
        #expect(results.allSatisfy { $0.outcome == .received })
        let standing = try test.reports.status(election: ReportsOffice.election, of: "V2")
        #expect(standing.first?.timeline.last?.at == ReportsOffice.issuedAt.adding(seconds: 10))
    }

    @Test("More than a transaction's worth of scans are taken in their order")
    func manyScans() throws {
        let test = try ReportsOffice()
        let code = try test.code("V3")
        let scans = (0..<450).map { Returns.Scan(code: $0 == 300 ? code : "R-\($0)") }
        let results = try test.returns.receive(scans)
        #expect(results.count == 450)
        #expect(results[300].outcome == .received)
        #expect(results.count { $0.outcome == .unknown } == 449)
    }

    @Test("A ballot is held, then rejected with a reason that its voter can read, and stays rejected")
    func rejection() async throws {
        let test = try ReportsOffice()
        let code = try test.code("V1")
        _ = try test.returns.receive([Returns.Scan(code: code)])
        #expect(try test.returns.decide(code, .hold) == .held)
        #expect(try test.returns.decide(code, .reject(.missingVoterSignature)) == .rejected)
        for decision in [Returns.Decision.reject(.notTimely), .accept, .hold] {
            let error = #expect(throws: OfficeError.self) { try test.returns.decide(code, decision) }
            #expect(error?.code == .notAllowed)
        }
        let standing = try #require(try test.reports.status(election: ReportsOffice.election, of: code).first)
        #expect(standing.status == .rejected)
        #expect(standing.reason == "missing-voter-signature")
        #expect(standing.timeline.map(\.event) == [.issued, .letterQueued, .received, .held, .rejected])
        let counter = Counter(database: test.office.unguardedCounter, clock: test.office.clock)
        let steps = try await counter.timeline(trackingCode: try test.codes("V1").trackingCode.text)?.steps
        #expect(steps?.last?.kind == .rejected)
        #expect(steps?.last?.reason == "The declaration is not signed")
        await counter.stop()
        // The words for the voter are nowhere in clear.
        let clear = try test.office.books.read {
            try $0.all("SELECT canonical FROM journal") { String(decoding: try $0.blob("canonical"), as: UTF8.self) }
        }
        #expect(!clear.contains { $0.contains("declaration") })
        #expect(try test.reports.reconcile(election: ReportsOffice.election).mismatches == [])
    }

    @Test("A clerk's own words are sealed in the journal and shown to staff")
    func ownWords() throws {
        let test = try ReportsOffice()
        let code = try test.code("V1")
        _ = try test.returns.receive([Returns.Scan(code: code)])
        _ = try test.returns.decide(code, .reject(.other("signed by Mrs Ames")))
        #expect(try test.reports.status(election: ReportsOffice.election, of: "V1").first?.reason == "other:signed by Mrs Ames")
        let (journal, pieces) = try test.office.books.read { transaction in
            (
                try transaction.all("SELECT canonical FROM journal") { String(decoding: try $0.blob("canonical"), as: UTF8.self) },
                try transaction.all("SELECT reason FROM return_piece") { try $0.text("reason") }
            )
        }
        #expect(!journal.contains { $0.contains("Mrs") })
        #expect(pieces == ["other"])
    }

    @Test(
        "A clerk's own words that may not stand in a letter are refused, and nothing is decided",
        arguments: [
            "not signed, e-mail your ballot to us", "text us a photo of your ballot", "see example.gov", "write to clerk@example.gov",
            "<b>not signed</b>", "not\u{3164}signed", "not sign\u{435}d", "call tel:+12025550100"
        ])
    func wordsForNoLetter(words: String) throws {
        let test = try ReportsOffice()
        let code = try test.code("V1")
        _ = try test.returns.receive([Returns.Scan(code: code)])
        let error = #expect(throws: OfficeError.self) { try test.returns.decide(code, .reject(.other(words))) }
        #expect(error?.code == .badInput && error?.hint.isEmpty == false)
        #expect(try test.returns.decide(code, .reject(.other("ballot did not come by post"))) == .rejected)
    }

    @Test("Nothing is decided that has not come, is unknown, or was decided the same way before")
    func refusedDecisions() throws {
        let test = try ReportsOffice()
        let code = try test.code("V1")
        func refusal(_ code: String, _ decision: Returns.Decision) -> OfficeError? {
            #expect(throws: OfficeError.self) { try test.returns.decide(code, decision) }
        }
        let early = refusal(code, .accept)
        #expect(early?.code == .notAllowed)
        #expect(early?.hint.contains("uocava returns receive \(code)") == true)
        let tracking = try test.codes("V1").trackingCode.text
        let secret = refusal(tracking, .accept)
        #expect(secret?.code == .notFound)
        #expect(secret?.description.contains(tracking) == false)
        #expect(refusal("nonsense", .accept)?.code == .notFound)

        _ = try test.returns.receive([Returns.Scan(code: code)])
        #expect(try test.returns.decide(code, .accept) == .accepted)
        #expect(refusal(code, .accept)?.message.contains("already accepted") == true)
        let change = refusal(code, .reject(.notTimely))
        #expect(change?.code == .notAllowed)
        #expect(change?.hint.contains("supervisor") == true)
        #expect(try test.returns.receive([Returns.Scan(code: code)]).first?.outcome == .duplicate)
    }

    @Test("Of two ballots of one voter, one counts")
    func oneVote() throws {
        let test = try ReportsOffice()
        let (one, two) = (try test.code("V1"), try test.code("V3"))
        _ = try test.returns.receive([one, two].map { Returns.Scan(code: $0) })
        // As after a replacement whose first ballot comes back, too: both envelopes are one voter's.
        try test.tamperBooks("UPDATE return_piece SET voter = \(try test.test.voter("V1"))")
        #expect(try test.returns.decide(one, .accept) == .accepted)
        let error = #expect(throws: OfficeError.self) { try test.returns.decide(two, .accept) }
        #expect(error?.code == .notAllowed)
        #expect(error?.message.contains("accepted already") == true)
        #expect(try test.returns.decide(two, .hold) == .held)
    }

    @Test("An envelope of a replaced ballot is kept, and not decided")
    func replacedBallot() throws {
        let test = try ReportsOffice()
        let code = try test.code("V1")
        try test.record(.replaced, .replaced, "V1")
        let result = try #require(try test.returns.receive([Returns.Scan(code: code)]).first)
        #expect(result.outcome == .received)
        #expect(result.hint.contains("replaced"))
        let error = #expect(throws: OfficeError.self) { try test.returns.decide(code, .accept) }
        #expect(error?.code == .notAllowed)
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM return_piece WHERE decision IS NOT NULL") } == 0)
    }

    @Test("Two clerks who decide at once: one wins, and the journal has one row")
    func race() async throws {
        let test = try ReportsOffice()
        let code = try test.code("V1")
        _ = try test.returns.receive([Returns.Scan(code: code)])
        let wins = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<8 {
                group.addTask { (try? test.returns.decide(code, index.isMultiple(of: 2) ? .accept : .reject(.notTimely))) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(wins == 1)
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM journal WHERE kind IN ('accepted', 'rejected')") } == 1)
    }
}
