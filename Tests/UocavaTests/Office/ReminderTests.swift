import Elections
import Foundation
import Office
import Storage
import Testing

@Suite("Reminders", .enabled(if: TestOffice.present, "the program is not built"))
struct ReminderTests {
    private static let day: Int64 = 86_400

    @Test("Who has not opened the ballot is reminded once after a week, with a link that works")
    func unclaimed() async throws {
        let post = try MailOffice()
        try await mailOnOwnThread { _ = try post.send() }
        let counter = try post.test.counter()
        guard case .opened = try await counter.claim(token: try post.test.token("V1"), answer: TestOffice.voters[0].birthday) else {
            Issue.record("the link of V1 opened nothing")
            return
        }
        await counter.stop()
        try await mailOnOwnThread {
            let mailroom = Mailroom(post.office)
            post.test.advance(seconds: 7 * Self.day - 60)
            #expect(try mailroom.queueReminders() == 0)
            post.test.advance(seconds: 120)
            #expect(try mailroom.queueReminders() == TestOffice.due - 1)
            #expect(try mailroom.queueReminders() == 0)
            #expect(try post.send().sent == TestOffice.due - 1)
            #expect(try post.letters("reminder").contains("V2 sent") && !post.letters("reminder").contains("V1 sent"))
            post.test.advance(seconds: 20 * Self.day)
            #expect(try post.letters("reminder").count == TestOffice.due - 1)
            let letter = try #require(try post.relay.letters.last)
            let token = try #require(letter.components(separatedBy: "/b/").dropFirst().first?.prefix(32))
            #expect(try (2...9).map { try post.test.token("V\($0)") }.contains(String(token)))
            try post.test.verify()
        }
    }

    @Test("Before the post from the voter's country becomes too slow, the voter is reminded of that, by country")
    func post() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            let mailroom = Mailroom(post.office)
            // Every third voter is in Germany, 21 days by post; the others have military addresses, 14 days. Election day is 7 November.
            func advance(to day: String) throws {
                let moment = try #require(Instant(rfc3339: "\(day)T16:00:00Z"))
                post.test.advance(seconds: moment.seconds - post.test.now.seconds)
            }
            try advance(to: "2028-09-26")
            #expect(try mailroom.queueReminders() == TestOffice.due)
            _ = try post.send()
            try advance(to: "2028-10-11")
            #expect(try mailroom.queueReminders() == 0)
            try advance(to: "2028-10-12")
            #expect(try mailroom.queueReminders() == 3)
            _ = try post.send()
            #expect(try post.letters("reminder_post") == ["V3 sent", "V6 sent", "V9 sent"])
            try advance(to: "2028-10-19")
            #expect(try mailroom.queueReminders() == 6)
            _ = try post.send()
            try advance(to: "2028-11-06")
            #expect(try mailroom.queueReminders() == 0)
            try post.test.verify()
        }
    }

    @Test("A reminder whose ballot was opened before it went out is withdrawn")
    func withdrawn() async throws {
        let post = try MailOffice()
        try await mailOnOwnThread {
            _ = try post.send()
            post.test.advance(seconds: 8 * Self.day)
            #expect(try Mailroom(post.office).queueReminders() == TestOffice.due)
        }
        let counter = try post.test.counter()
        _ = try await counter.claim(token: try post.test.token("V5"), answer: TestOffice.voters[4].birthday)
        await counter.stop()
        try await mailOnOwnThread {
            let summary = try post.send()
            #expect(summary.withdrawn == 1 && summary.sent == TestOffice.due - 1)
            #expect(try post.letters("reminder").contains("V5 withdrawn"))
            try post.test.verify()
        }
    }

    @Test("Nobody is reminded whose letter came back, whose mail service complained, who withdrew, or where the office says never")
    func exempt() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            try post.office.books.write { books in
                try books.execute("UPDATE letter SET bounce = 'complaint', bounced_at = 1 WHERE id = 1")
                try books.execute("UPDATE ballot SET status = 'undeliverable' WHERE voter = 2")
                try books.execute("UPDATE request SET status = 'cancelled' WHERE voter = 3")
            }
            post.test.advance(seconds: 8 * Self.day)
            #expect(try Mailroom(post.office).queueReminders() == TestOffice.due - 3)
            #expect(try post.letters("reminder") == (4...9).map { "V\($0) queued" })
            let file = post.test.folder.appendingPathComponent("uocava.yaml")
            let text = try String(contentsOf: file, encoding: .utf8)
            try Data(text.replacingOccurrences(of: "unclaimed_days: 7, post_days: 5", with: "unclaimed_days: 0, post_days: 0").utf8)
                .write(to: file)
            let never = try Office(OfficeFolder(post.test.folder), clock: post.office.clock)
            post.test.advance(seconds: 25 * Self.day)
            #expect(try Mailroom(never).queueReminders() == 0)
        }
    }
}
