import Elections
import Foundation
import Office
import Storage
import Testing

@Suite("The mailroom and its relay", .enabled(if: TestOffice.present, "the program is not built"))
struct MailroomRelayTests {
    @Test("Senders at work stop when the mail is paused: what they have in hand goes out, and nothing more")
    func pauseAtWork() async throws {
        try await mailOnOwnThread {
            // A hundred a second, of which a sender takes less than a hundred in hand.
            let post = try MailOffice(["messages_per_minute: 6000"], more: 300)
            let mailroom = Mailroom(post.office)
            var isPaused = false
            let summary = try mailroom.sendDue(waits: false) { progress in
                guard !isPaused, progress.summary.sent > 0 else { return }
                isPaused = (try? mailroom.pause()) != nil
            }
            #expect(isPaused && summary.pausedAt != nil && summary.sent > 0 && summary.left > 150)
            #expect(try post.states() == ["sent": summary.sent, "queued": summary.left])
            try post.test.verify()
        }
    }

    @Test("While the mail is paused nothing leaves, and the journal and the audit know")
    func pause() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            let mailroom = Mailroom(post.office)
            let since = try mailroom.pause()
            #expect(since == post.test.now)
            post.test.advance(seconds: 60)
            #expect(try mailroom.pause() == since)
            let summary = try post.send()
            #expect(summary.sent == 0 && summary.left == TestOffice.due && summary.pausedAt == since)
            #expect(try mailroom.queueReminders() == 0)
            try post.test.verify()
            #expect(try mailroom.resume() == TestOffice.due)
            #expect(try mailroom.resume() == nil)
            #expect(try post.send().sent == TestOffice.due)
            try post.test.verify()
            // Whoever pauses it by hand is found.
            try post.office.books.write { try $0.execute("UPDATE office SET mail_paused_at = 1 WHERE id = 1") }
            #expect(try Audit(post.office).run().findings.contains { $0.subject == "mail" })
        }
    }

    @Test("A relay that is not there is an outage: no letter is touched, and all go out when it is back")
    func outage() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            post.relay.stop()
            let summary = try post.send()
            #expect(summary.outage != nil && summary.left == TestOffice.due && summary.done == 0)
            #expect(try post.states() == ["queued": TestOffice.due])
            try post.test.verify()
        }
    }

    @Test("A relay that refuses everybody for a reason of its own refuses nobody's letter; one that takes a letter in between does")
    func policy() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice(more: 51)
            let all = TestOffice.due + 51
            try post.relay.say("554 5.7.1 relay access denied")
            let summary = try post.send()
            #expect(summary.outage?.contains("relay access denied") == true)
            #expect(summary.refused == 0 && summary.sent == 0 && summary.left == all)
            #expect(try !post.exceptions().contains { $0.hasSuffix("letter_refused") })
            try post.relay.say(nil)
            post.test.advance(seconds: 600)
            #expect(try post.send().sent == all)
            try post.test.verify()
        }
    }

    @Test("Two letters that the relay refuses for a reason of its own, when all have been tried, are refused")
    func fewRefused() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            try post.change([1: TestOffice.row(1, email: "full@example.org"), 2: TestOffice.row(2, email: "refused@example.org")])
            let summary = try post.send()
            #expect(summary.refused == 2 && summary.sent == TestOffice.due - 2 && summary.outage == nil)
            var filter = Mailroom.Filter()
            filter.state = "refused"
            #expect(try Mailroom(post.office).list(filter).map(\.refusal).sorted { ($0 ?? "") < ($1 ?? "") } == ["address", "mailbox"])
            #expect(try post.exceptions().filter { $0.hasSuffix("letter_refused") } == ["V1 letter_refused", "V2 letter_refused"])
            try post.test.verify()
        }
    }

    @Test("The one letter of the day that the relay refuses for a reason of its own waits for the relay, and is not the voter's fault")
    func oneLetter() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            _ = try Returns(post.office).receive([Returns.Scan(code: try post.returnCode("V1"))])
            try post.relay.say("554 5.7.1 relay access denied")
            let summary = try post.send()
            #expect(summary.outage?.contains("relay access denied") == true && summary.refused == 0 && summary.left == 1)
            try post.relay.say(nil)
            post.test.advance(seconds: 600)
            #expect(try post.send().sent == 1)
            try post.test.verify()
        }
    }

    @Test("No more letters than connections are ever with the relay and not yet in the books, however long the disk takes")
    func unwritten() async throws { try await mailOnOwnThread { try Self.holdBooks() } }

    /// Keeps the books from being written for a while, and counts what the relay has meanwhile.
    private static func holdBooks() throws {
        // Slow enough that they are not all there before the books are held.
        let post = try MailOffice(["messages_per_minute: 3000"], more: 60)
        let connections = post.office.configuration.smtp.connections
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            _ = try? post.send()
            done.signal()
        }
        thread.start()
        for _ in 0..<2 {
            let before = try post.relay.count
            for _ in 0..<2000 where try post.relay.count < before + 6 { Thread.sleep(forTimeInterval: 0.002) }
            let other = try Office(OfficeFolder(post.test.folder), clock: post.test.office.clock)
            let (sent, there) = try other.books.write { books in
                Thread.sleep(forTimeInterval: 0.5)
                return (try books.count("SELECT count(*) FROM letter WHERE state = 'sent'"), try post.relay.count)
            }
            #expect(there - sent <= connections, "\(there) letters are there, and \(sent) are in the books")
            #expect(sent < TestOffice.due + 60, "all were sent before anything was held")
        }
        done.wait()
        #expect(try post.states() == ["sent": TestOffice.due + 60])
        #expect(try post.relay.count == TestOffice.due + 60)
    }

    @Test("A letter that is put off waits longer each time, and after four days is given up and its voter listed")
    func horizon() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            try post.change([1: TestOffice.row(1, email: "deferred@example.org")])
            #expect(try post.send().deferred == 1)
            var waits: [Int64] = []
            func wait() throws -> Int64 {
                try #require(try Mailroom(post.office).list(Mailroom.Filter()).first?.dueAt).seconds - post.test.now.seconds
            }
            for _ in 0..<8 {
                waits.append(try wait())
                #expect(try post.send().deferred == 0)
                post.test.advance(seconds: waits[waits.count - 1])
                #expect(try post.send().deferred == 1)
            }
            for (number, seconds) in waits.enumerated() {
                let middle = min(Int64(60) << Int64(number), 7200)
                #expect(abs(seconds - middle) <= middle / 5)
            }
            post.test.advance(seconds: 4 * 86_400)
            #expect(try post.send().refused == 1)
            let line = try #require(try Mailroom(post.office).list(Mailroom.Filter()).first)
            #expect(line.state == "refused" && line.refusal == "expired" && line.reply?.contains("given up after 96 hours") == true)
            #expect(try post.exceptions().contains("V1 letter_refused"))
            try post.test.verify()
        }
    }

    @Test("A letter whose time has passed is not sent: the links are closed")
    func closed() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            post.test.advance(seconds: 60 * 86_400)
            for _ in 0..<8 {
                #expect(try post.send().deferred == TestOffice.due)
                post.test.advance(seconds: 3 * 3600)
            }
            let summary = try post.send()
            #expect(summary.refused == TestOffice.due && summary.sent == 0)
            #expect(try post.relay.envelopes.isEmpty)
        }
    }

    @Test("A domain gets no more letters in a minute than it takes, and the others do not wait for it")
    func domainRate() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice([#"domains: { "slow.example": { messages_per_minute: 1 } }"#])
            try post.change(Dictionary(uniqueKeysWithValues: (1...4).map { ($0, TestOffice.row($0, email: "s\($0)@slow.example")) }))
            let pace = MailroomPace(post.office.configuration.smtp)
            func send() throws -> Int { try Mailroom(post.office).sendDue(waits: false, pace: pace).sent }
            #expect(try send() == TestOffice.due - 3)
            for left in [2, 1, 0] {
                #expect(try send() == 0)
                post.test.advance(seconds: 60)
                #expect(try send() == 1)
                #expect(try post.states()["queued"] ?? 0 == left)
            }
            #expect(try post.recipients.filter { $0.hasPrefix("s") } == ["s1", "s2", "s3", "s4"])
            try post.test.verify()
        }
    }

    @Test("The relay gets no more letters in a minute than it takes")
    func relayRate() async throws {
        try await mailOnOwnThread {
            // 600 a minute: nine letters take eight tenths of a second at the least.
            let post = try MailOffice(["messages_per_minute: 600"])
            let begin = ContinuousClock.now
            #expect(try post.send().sent == TestOffice.due)
            #expect(ContinuousClock.now - begin >= .milliseconds(800))
        }
    }

    @Test("A domain gets no more letters at once than it takes")
    func domainConnections() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice([#"domains: { "*": { connections: 1 } }"#])
            #expect(try post.send().sent == TestOffice.due)
            #expect(try post.relay.most == 1)
            let other = try MailOffice()
            #expect(try other.send().sent == TestOffice.due)
            #expect(try other.relay.most > 1)
        }
    }

    @Test("A letter goes to the relay with its own return path and Message-ID, the same each time, and says who it is from")
    func envelope() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            try post.relay.say("451 4.3.2 later")
            _ = try post.send()
            try post.relay.say(nil)
            post.test.advance(seconds: 600)
            _ = try post.send()
            let envelopes = try post.relay.envelopes
            #expect(envelopes.count == TestOffice.due)
            #expect(Set(envelopes.map(\.from)).count == TestOffice.due && Set(envelopes.map(\.messageID)).count == TestOffice.due)
            for envelope in envelopes {
                #expect(envelope.from.wholeMatch(of: /uocava\+[0-9]+-[0-9a-f]{16}@elections\.example\.gov/) != nil)
                #expect(envelope.messageID.wholeMatch(of: /<[0-9]+\.[0-9a-f]{32}@elections\.example\.gov>/) != nil)
                #expect(envelope.language == "en" && !envelope.subject.contains("Voter"))
            }
            // Sent again after a crash: put the state back as it was before the answer was written.
            try post.office.books.write {
                try $0.execute(
                    "UPDATE letter SET state = 'sending', ended_at = NULL, leased_by = 'dead', lease_until = 1 WHERE id = 1")
            }
            _ = try post.send()
            let again = try post.relay.envelopes
            #expect(again.count == TestOffice.due + 1)
            let last = try #require(again.last)
            #expect(envelopes.contains(last))
        }
    }
}
