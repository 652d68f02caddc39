import Elections
import Foundation
import Office
import Storage
import Testing

@Suite("Letters about what happened to a ballot", .enabled(if: TestOffice.present, "the program is not built"))
struct NoticeTests {
    @Test("A voter is written to when the envelope comes, when it is accepted, and when it is rejected, with the reason and how to cure it")
    func returns() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            let returns = Returns(post.office)
            for voter in ["V1", "V2", "V3"] { _ = try returns.receive([Returns.Scan(code: try post.returnCode(voter))]) }
            #expect(try post.letters("received") == ["V1 queued", "V2 queued", "V3 queued"])
            _ = try returns.receive([Returns.Scan(code: try post.returnCode("V1"))])
            #expect(try post.letters("received").count == 3)
            #expect(try post.send().sent == 3)
            _ = try returns.decide(try post.returnCode("V1"), .accept)
            _ = try returns.decide(try post.returnCode("V2"), .reject(.missingVoterSignature))
            _ = try returns.decide(try post.returnCode("V3"), .hold)
            #expect(try post.send().sent == 2)
            #expect(try post.letters("accepted") == ["V1 sent"] && post.letters("rejected") == ["V2 sent"])
            let letters = try post.relay.letters.filter { $0.hasPrefix("v2@") }
            let rejection = try #require(letters.last)
            #expect(rejection.contains("The declaration is not signed"))
            #expect(rejection.contains("+1 202 555 0100") && rejection.contains("uocava@elections.example.gov"))
            // It leads to the ballot's own timeline, and only there.
            #expect(rejection.components(separatedBy: "http").count == 2 && rejection.contains("/t/T-"))
            try post.test.verify()
            #expect(try Reports(post.office).reconcile(election: TestOffice.election).mismatches.isEmpty)
        }
    }

    @Test("A clerk's own words for a rejection reach the voter and stand nowhere in clear")
    func ownWords() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            let code = try post.returnCode("V4")
            _ = try Returns(post.office).receive([Returns.Scan(code: code)])
            _ = try Returns(post.office).decide(code, .reject(try RejectionReason.parse("other:signed by Quentin Zimmerman")))
            _ = try post.send()
            #expect(try post.relay.letters.contains { $0.contains("Quentin Zimmerman") })
            try post.office.books.checkpoint()
            let bytes = try Data(contentsOf: post.test.folder.appendingPathComponent("office.sqlite"))
            #expect(bytes.range(of: Data("Quentin".utf8)) == nil)
            try post.test.verify()
        }
    }

    @Test("Who does not know that the ballot was rejected is first on the list to call, and status still says why it was")
    func notTold() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            for voter in ["V1", "V2"] {
                let code = try post.returnCode(voter)
                _ = try Returns(post.office).receive([Returns.Scan(code: code)])
                _ = try Returns(post.office).decide(code, .reject(.missingVoterSignature))
            }
            func list() throws -> [String] {
                try Reports(post.office).undelivered(election: TestOffice.election, afterDays: 7).map { "\($0.voterID.text) \($0.reason)" }
            }
            _ = try post.send()
            #expect(try list().isEmpty)
            let letter = try #require(
                try post.relay.envelopes.last { $0.to == "v1@example.org" && $0.subject.hasPrefix("Important") })
            let file = post.test.folder.appendingPathComponent("bounce")
            try Data(BounceDeskTests.report(to: letter.from).utf8).write(to: file)
            #expect(try BounceDesk(post.office).read(file).hard == 1)
            #expect(try list() == ["V1 rejectionNotTold"])
            #expect(
                try Reports(post.office).exceptions(election: TestOffice.election).contains {
                    $0.detail.contains("letter rejected came back")
                })
            let standing = try #require(try Reports(post.office).status(election: TestOffice.election, of: "V1").first)
            #expect(standing.status == .rejected && standing.reason == "missing-voter-signature", "\(standing.reason ?? "")")
            try post.test.verify()
        }
    }

    @Test("Where an address changes, the old one is told if it ever got a letter, and learns neither the new one nor a link to the ballot")
    func oldAddress() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            try post.change([1: TestOffice.row(1, email: "early@example.org")])
            #expect(try post.letters("address_changed").isEmpty)
            _ = try post.send()
            try post.change([1: TestOffice.row(1, email: "early@example.org"), 2: TestOffice.row(2, email: "new@example.org")])
            #expect(try post.letters("address_changed") == ["V2 queued"])
            #expect(try post.send().sent == 1)
            let letter = try #require(try post.relay.letters.last)
            #expect(letter.hasPrefix("v2@example.org") && !letter.contains("new@example.org"))
            #expect(!letter.contains("/b/") && !letter.contains("/t/") && letter.contains("+1 202 555 0100"))
            try post.test.verify()
            // That the old address does not work any more says nothing of the ballot.
            try post.change([2: TestOffice.row(2, email: "refused@example.org")])
            try post.change([2: TestOffice.row(2, email: "newer@example.org")])
            #expect(try post.send().refused == 1)
            #expect(try post.test.status("V2") == "sent")
            #expect(try !post.exceptions().contains("V2 letter_refused"))
            try post.test.verify()
        }
    }

    @Test("A letter's sealed part that somebody changes or moves is found, and keeps no other letter from going out")
    func sealed() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            for voter in ["V1", "V2"] {
                let code = try post.returnCode(voter)
                _ = try Returns(post.office).receive([Returns.Scan(code: code)])
                _ = try Returns(post.office).decide(code, .reject(.postmark))
            }
            try post.test.plant(
                """
                UPDATE letter SET sealed = (SELECT o.sealed FROM letter o WHERE o.kind = 'rejected' AND o.voter = 1)
                WHERE kind = 'rejected' AND voter = 2
                """, in: post.office.books)
            let summary = try post.send()
            #expect(summary.sent == 3 && summary.left == 1)
            #expect(try Audit(post.office).run().findings.contains { $0.detail.contains("sealed part was changed") })
        }
    }
}
