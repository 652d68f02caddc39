import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

/// What somebody plants in the books or sets wrong must cost no voter a letter, and send none elsewhere.
@Suite("The mailroom's guards", .enabled(if: TestOffice.present, "the program is not built"))
struct MailroomGuardTests {
    private static let day: Int64 = 86_400

    @Test("A letter whose link names a key that is not there is put off, and the sender goes on and ends")
    func strangeKey() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            try post.test.plant("UPDATE link SET key_id = 'elsewhere' WHERE rowid = 3", in: post.office.books)
            let summary = try post.send()
            #expect(summary.sent == TestOffice.due - 1 && summary.deferred == 1 && summary.left == 1)
            var filter = Mailroom.Filter()
            filter.state = "deferred"
            #expect(try Mailroom(post.office).list(filter).first?.reply?.contains("run uocava audit") == true)
        }
    }

    /// Gives a letter's row a sealed address as only somebody with the office's key could.
    private static func plantAddress(_ address: String, _ condition: String, _ post: MailOffice) throws {
        let id = try #require(
            try post.office.books.read { try $0.first("SELECT id FROM letter WHERE \(condition)") { try $0.integer("id") } })
        let row = withUnsafeBytes(of: id.bigEndian) { Array($0) }
        let box = post.office.rollKeys.seal(Array("{\"address\":\"\(address)\"}".utf8), table: "letter", id: row)
        try post.office.books.write {
            _ = try $0.execute(
                "UPDATE letter SET sealed = $2, key_id = $3 WHERE id = $1", .integer(id), .blob(box.sealed), .text(box.keyID))
        }
    }

    @Test("No letter with a link goes to another address than the roll's, whatever its row says, and the audit tells of it")
    func plantedAddress() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            try Self.plantAddress("thief@example.org", "voter = (SELECT min(voter) FROM letter)", post)
            let summary = try post.send()
            #expect(summary.sent == TestOffice.due - 1 && summary.left == 1)
            #expect(try !post.recipients.contains("thief"))
            #expect(try Audit(post.office).run().findings.contains { $0.detail.contains("sealed part is not what the journal tells") })
        }
    }

    @Test("What was meant for an old address never goes to the new one")
    func missingAddress() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            try post.change([2: TestOffice.row(2, email: "new@example.org")])
            try post.test.plant("UPDATE letter SET sealed = NULL, key_id = NULL WHERE kind = 'address_changed'", in: post.office.books)
            #expect(try post.send().sent == 0)
            #expect(try !post.recipients.contains("new"))
            #expect(try Audit(post.office).run().findings.contains { $0.detail.contains("sealed part is not what the journal tells") })
        }
    }

    @Test("A new link withdraws the letters with the old one, and no notice; the journal tells which")
    func newLinkKeepsNotices() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            try post.change([2: TestOffice.row(2, email: "new@example.org")])
            post.test.advance(seconds: 8 * Self.day)
            _ = try Mailroom(post.office).queueReminders()
            try LinkDesk(post.office).newLink(for: VoterID("V2"), election: TestOffice.election, reason: "The address changed.")
            #expect(try post.letters("address_changed") == ["V2 queued"])
            #expect(try post.letters("reminder").contains("V2 withdrawn") && post.letters("new_link") == ["V2 queued"])
            let told = try post.office.books.read { try $0.count("SELECT count(*) FROM journal WHERE kind = 'letter_withdrawn'") }
            #expect(told == 1)
            try post.test.verify()
            _ = try post.send()
            #expect(try post.letters("address_changed") == ["V2 sent"] && post.recipients.filter { $0 == "new" }.count == 1)
            try post.test.verify()
        }
    }

    @Test("After a long pause a letter is still tried eight times before it is given up")
    func fewestTries() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            try post.change([1: TestOffice.row(1, email: "deferred@example.org")])
            #expect(try post.send().deferred == 1)
            _ = try Mailroom(post.office).pause()
            post.test.advance(seconds: 10 * Self.day)
            _ = try Mailroom(post.office).resume()
            for _ in 0..<7 {
                #expect(try post.send().deferred == 1)
                post.test.advance(seconds: 3 * 3600)
            }
            #expect(try post.send().refused == 1)
            try post.test.verify()
        }
    }

    @Test("A letter in the hand of nobody, or due in a time that we never say, goes out")
    func planted() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            try post.test.plant(
                """
                UPDATE letter SET state = 'sending', leased_by = 'x', lease_until = NULL WHERE id = 1;
                UPDATE letter SET due_at = due_at + 400000000000 WHERE id = 2
                """, in: post.office.books)
            #expect(try post.send().sent == TestOffice.due)
            #expect(try post.recipients == (1...9).map { "v\($0)" })
            try post.test.verify()
        }
    }

    @Test("Where the clock was wrong for a while, and the links seemed closed, nobody loses the letter")
    func wrongClock() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            post.test.advance(seconds: 60 * Self.day)
            let summary = try post.send()
            #expect(summary.deferred == TestOffice.due && summary.refused == 0)
            post.test.advance(seconds: -60 * Self.day + 600)
            #expect(try post.send().sent == TestOffice.due)
            #expect(try post.recipients == (1...9).map { "v\($0)" })
        }
    }

    @Test("Nothing that a relay repeats of a letter is kept: address, name, token or code")
    func repeated() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            let token = try post.test.token("V5")
            let broken = stride(from: 0, to: 28, by: 4).map { String(Array(token)[$0..<($0 + 4)]) }.joined(separator: "- ")
            for (number, said) in [
                (1, "550 5.1.1 no mailbox for Ann Voter1"), (2, "550 5.1.1 v2%40example%2Eorg is gone"),
                (3, "550 5.1.1 v3=40example.org is gone"), (4, "550 5.1.1 <v4@example.org> is gone"), (5, "550 5.1.1 bad words \(broken)"),
                (6, "550 5.1.1 no such user here")
            ] {
                try post.relay.say(said)
                try post.office.books.write { books in
                    _ = try books.execute(
                        "UPDATE letter SET due_at = due_at + CASE WHEN voter = $1 THEN 0 ELSE 3600000 END WHERE ended_at IS NULL",
                        .integer(try post.test.voter("V\(number)")))
                }
                _ = try post.send()
                try post.office.books.write { _ = try $0.execute("UPDATE letter SET due_at = queued_at WHERE ended_at IS NULL") }
            }
            let replies = try post.office.books.read { books in
                try books.all("SELECT reply FROM letter WHERE state = 'refused' ORDER BY voter") { try $0.text("reply") }
            }
            let withheld = "550 5.1.1 (the rest repeated the letter and is not kept)"
            #expect(replies == [withheld, withheld, withheld, "550 5.1.1 <recipient> is gone", withheld, "550 5.1.1 no such user here"])
            // Neither in the journal nor on the exception list.
            for text in try post.office.books.read({ books in
                try books.all("SELECT CAST(canonical AS TEXT) AS text FROM journal UNION ALL SELECT detail FROM exception") {
                    try $0.text("text")
                }
            }) {
                #expect(!text.contains("Voter1") && !text.contains("v2%40") && !text.contains("v3=40") && !text.contains(broken.prefix(16)))
            }
            try post.test.verify()
        }
    }

    @Test("A relay's password that others can read is not used")
    func openPassword() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            let settings = post.test.folder.appendingPathComponent("uocava.yaml")
            let text = try String(contentsOf: settings, encoding: .utf8)
            try Data(
                text.replacingOccurrences(of: "user: \"\"", with: "user: office")
                    .replacingOccurrences(of: "password_file: \"\"", with: "password_file: relay.password").utf8
            ).write(to: settings)
            let office = try Office(OfficeFolder(post.test.folder), clock: post.office.clock)
            let file = post.test.folder.appendingPathComponent("relay.password")
            try Data("secret\n".utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
            let error = #expect(throws: OfficeError.self) { try Mailroom(office).sendDue(waits: false) }
            #expect(error?.hint.contains("chmod 0600") == true)
            #expect(try post.states() == ["queued": TestOffice.due])
        }
    }
}
