import Elections
import Foundation
import Office
import Storage
import Synchronization
import Testing

@Suite("The mailroom", .enabled(if: TestOffice.present, "the program is not built"))
struct MailroomTests {
    @Test("A letter goes out only if its link is live; who ends links at the counter makes nobody lose a letter")
    func onlyLive() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            let (first, second) = (try post.test.ballot("V1"), try post.test.ballot("V2"))
            try post.office.unguardedCounter.write { counter in
                try counter.execute("UPDATE link SET state = 'retired' WHERE ballot = $1", .blob(first))
                try counter.execute("UPDATE link SET state = 'replaced' WHERE ballot = $1", .blob(second))
            }
            let summary = try Mailroom(post.office).sendDue()
            #expect(summary.sent == TestOffice.due - 2 && summary.withdrawn == 0 && summary.left == 2)
            #expect(try post.recipients == (3...9).map { "v\($0)" })
            #expect(try post.states() == ["sent": TestOffice.due - 2, "deferred": 2])
            try post.office.unguardedCounter.write { try $0.execute("UPDATE link SET state = 'live' WHERE state <> 'live'") }
            post.test.advance(seconds: 3600)
            #expect(try Mailroom(post.office).sendDue().sent == 2)
            #expect(try post.recipients == (1...9).map { "v\($0)" })
            try post.test.verify()
        }
    }

    @Test("Each letter goes out once, however many send at once, and every link that was mailed opens its ballot")
    func once() async throws {
        let post = try MailOffice()
        let office = post.office
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<3 { group.addTask { try await mailOnOwnThread { try Mailroom(office).sendDue(waits: false).sent } } }
            var sent = 0
            for try await number in group { sent += number }
            #expect(sent == TestOffice.due)
        }
        #expect(try post.recipients == (1...9).map { "v\($0)" })
        try post.test.verify()
        let counter = try post.test.counter()
        for letter in try post.relay.letters {
            let number = try #require(letter.split(separator: "@").first.flatMap { Int($0.dropFirst()) })
            let token = try #require(letter.components(separatedBy: "/b/").dropFirst().first?.prefix(32))
            guard case .opened = try await counter.claim(token: String(token), answer: TestOffice.voters[number - 1].birthday) else {
                Issue.record("the link of V\(number) opened nothing")
                continue
            }
        }
        await counter.stop()
    }

    @Test("Each letter goes out once also where the clock runs back a little while many send")
    func onceWithAnUnsteadyClock() async throws {
        let post = try MailOffice()
        post.test.advance(seconds: 600)
        let box = post.test.clockBox
        let looks = Mutex<Int64>(0)
        let clock = WallClock {
            let back = looks.withLock { looks in
                looks += 1
                return looks * 7
            }
            return Instant(milliseconds: box.now.milliseconds - back)
        }
        let folder = try OfficeFolder(post.test.folder)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try await mailOnOwnThread { try Mailroom(try Office(folder, clock: clock)).sendDue(waits: false).sent }
                }
            }
            var sent = 0
            for try await one in group { sent += one }
            #expect(sent == TestOffice.due)
        }
        #expect(try post.recipients == (1...9).map { "v\($0)" })
    }

    @Test("Whose letter was refused, or waits for a day, is not served, and reconcile says so")
    func notServed() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try VoterRoll(post.office).importRoll(
                TestOffice.roll([TestOffice.row(1, email: "refused@example.org"), TestOffice.row(2, email: "deferred@example.org")]),
                file: "voters.csv", election: TestOffice.election)
            let summary = try Mailroom(post.office).sendDue()
            #expect(summary.refused == 1 && summary.deferred == 1)
            func unserved() throws -> [String] {
                try Reports(post.office).reconcile(election: TestOffice.election).notServed.filter { $0.reason.hasPrefix("letter") }
                    .map { "\($0.voterID?.text ?? "") \($0.reason)" }
            }
            #expect(try unserved() == ["V1 letter_refused"])
            post.test.advance(seconds: 90_000)
            #expect(try unserved() == ["V1 letter_refused", "V2 letter_waiting"])
        }
    }

    @Test("What a dead sender had in hand is sent when its lease has run out, and not before")
    func leases() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            let now = post.test.now.milliseconds
            try post.office.books.write { books in
                try books.execute(
                    "UPDATE letter SET state = 'sending', leased_by = '1/1', lease_until = $1 WHERE id <= 2", .integer(now + 30_000))
            }
            #expect(try Mailroom(post.office).sendDue(waits: false).sent == TestOffice.due - 2)
            #expect(try post.states() == ["sent": TestOffice.due - 2, "sending": 2])
            post.test.advance(seconds: 31)
            #expect(try Mailroom(post.office).sendDue(waits: false).sent == 2)
            #expect(try post.recipients == (1...9).map { "v\($0)" })
            try post.test.verify()
        }
    }
}
