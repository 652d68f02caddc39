import Elections
import Foundation
import Office
import Storage
import Testing

@Suite("What comes back", .enabled(if: TestOffice.present, "the program is not built"))
struct BounceDeskTests {
    /// A report as a mail server writes it (RFC 3464).
    static func report(to address: String, messageID: String = "<0@elsewhere.example>", action: String = "failed", status: String = "5.1.1")
        -> String
    {
        """
        Return-Path: <>
        Date: Tue, 19 Sep 2028 10:00:00 +0000
        From: MAILER-DAEMON@mx.example.org
        To: \(address)
        Subject: Undelivered Mail Returned to Sender
        Message-ID: <20280919.1@mx.example.org>
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status; boundary="x"

        --x
        Content-Type: text/plain

        This is the mail system at host mx.example.org.

        --x
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.example.org

        Final-Recipient: rfc822; v1@example.org
        Action: \(action)
        Status: \(status)
        Diagnostic-Code: smtp; 550 \(status) <v1@example.org>: Recipient address rejected: User unknown

        --x
        Content-Type: message/rfc822-headers

        Message-ID: \(messageID)
        Subject: Your ballot

        --x--

        """
    }

    private static func file(_ text: String, _ post: MailOffice) throws -> URL {
        let file = post.test.folder.appendingPathComponent("bounce-\(UUID().uuidString)")
        try Data(text.utf8).write(to: file)
        return file
    }

    @Test("A letter that cannot be delivered is known by its return path, journalled once, and its voter is on the list")
    func hard() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            let first = try #require(try post.relay.envelopes.first { $0.to == "v1@example.org" })
            let desk = BounceDesk(post.office)
            let summary = try desk.read(try Self.file(Self.report(to: first.from), post))
            #expect(summary.hard == 1 && summary.read == 1 && summary.unmatched == 0)
            #expect(try post.test.status("V1") == "undeliverable")
            #expect(try post.exceptions().contains("V1 letter_bounced"))
            let again = try desk.read(try Self.file(Self.report(to: first.from), post))
            #expect(again.hard == 0 && again.known == 1)
            let standing = try #require(try Reports(post.office).status(election: TestOffice.election, of: "V1").first)
            #expect(standing.timeline.count { $0.event == .letterBounced } == 1)
            #expect(standing.reason?.contains("User unknown") == true && standing.reason?.contains("v1@example.org") == false)
            try post.test.verify()
            // A new link begins again, and takes the voter off the list.
            try LinkDesk(post.office).newLink(for: VoterID("V1"), election: TestOffice.election, reason: "called")
            #expect(try !post.exceptions().contains("V1 letter_bounced"))
            // The old letter's bounce, told once more or graver, does not touch the new link.
            _ = try post.send()
            #expect(try post.test.status("V1") == "sent")
            try post.test.verify()
        }
    }

    @Test("Nothing that a bounce repeats of the voter is kept")
    func repeated() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            let path = try #require(try post.relay.envelopes.first { $0.to == "v7@example.org" }).from
            let mail = Self.report(to: path).replacingOccurrences(
                of: "<v1@example.org>: Recipient address rejected: User unknown", with: "no mailbox of Ann-Voter7 (v7%40example.org)")
            #expect(try BounceDesk(post.office).read(try Self.file(mail, post)).hard == 1)
            let texts = try post.office.books.read { books in
                try books.all("SELECT CAST(canonical AS TEXT) AS text FROM journal UNION ALL SELECT detail FROM exception") {
                    try $0.text("text")
                }
            }
            #expect(texts.contains { $0.contains("is not kept") } && !texts.contains { $0.contains("Voter7") || $0.contains("v7%40") })
        }
    }

    @Test("Without a mark it is known by its Message-ID; a mark or an id that somebody made up names nobody's letter")
    func matching() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            let desk = BounceDesk(post.office)
            let second = try #require(try post.relay.envelopes.first { $0.to == "v2@example.org" })
            for made in [
                "uocava+2-0123456789abcdef@elections.example.gov", "uocava@elections.example.gov", "uocava+2@elections.example.gov"
            ] {
                #expect(try desk.read(try Self.file(Self.report(to: made), post)).unmatched == 1)
            }
            let forged = second.messageID.replacingOccurrences(of: "<2.", with: "<3.")
            #expect(
                try desk.read(try Self.file(Self.report(to: "uocava@elections.example.gov", messageID: forged), post)).unmatched == 1)
            #expect(try post.test.status("V2") == "sent" && post.test.status("V3") == "sent")
            let summary = try desk.read(
                try Self.file(Self.report(to: "uocava@elections.example.gov", messageID: second.messageID), post))
            #expect(summary.hard == 1)
            #expect(try post.test.status("V2") == "undeliverable")
            try post.test.verify()
        }
    }

    @Test("A delay is noted and leaves the ballot where it is; the failure that follows counts")
    func soft() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            let path = try #require(try post.relay.envelopes.first { $0.to == "v4@example.org" }).from
            let desk = BounceDesk(post.office)
            #expect(try desk.read(try Self.file(Self.report(to: path, action: "delayed", status: "4.4.1"), post)).soft == 1)
            #expect(try post.test.status("V4") == "sent" && post.exceptions().allSatisfy { !$0.hasPrefix("V4 letter") })
            try post.test.verify()
            #expect(try desk.read(try Self.file(Self.report(to: path), post)).hard == 1)
            #expect(try post.test.status("V4") == "undeliverable")
            try post.test.verify()
        }
    }

    @Test("A voter who opens the ballot all the same is off the list")
    func claimedAnyway() async throws {
        let post = try MailOffice()
        try await mailOnOwnThread {
            _ = try post.send()
            let path = try #require(try post.relay.envelopes.first { $0.to == "v5@example.org" }).from
            _ = try BounceDesk(post.office).read(try Self.file(Self.report(to: path), post))
            #expect(try post.exceptions().contains("V5 letter_bounced"))
        }
        let counter = try post.test.counter()
        _ = try await counter.claim(token: try post.test.token("V5"), answer: TestOffice.voters[4].birthday)
        await counter.stop()
        #expect(try !post.exceptions().contains("V5 letter_bounced"))
        #expect(try post.test.status("V5") == "claimed")
        try post.test.verify()
    }

    @Test("A Maildir is read once: what was about letters is moved as seen, what a person should read as unread")
    func maildir() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            let maildir = post.test.folder.appendingPathComponent("Maildir")
            let new = maildir.appendingPathComponent("new")
            for name in ["new", "cur", "tmp"] {
                try FileManager.default.createDirectory(at: maildir.appendingPathComponent(name), withIntermediateDirectories: true)
            }
            let path = try #require(try post.relay.envelopes.first { $0.to == "v6@example.org" }).from
            try Data(Self.report(to: path).utf8).write(to: new.appendingPathComponent("1.bounce"))
            try Data("From: a@example.org\nTo: uocava@elections.example.gov\nSubject: A question\n\nWhere do I sign?\n".utf8)
                .write(to: new.appendingPathComponent("2.person"))
            let summary = try BounceDesk(post.office).read(maildir)
            #expect(summary.hard == 1 && summary.others == 1 && summary.read == 2)
            #expect(try FileManager.default.contentsOfDirectory(atPath: new.path).isEmpty)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: maildir.appendingPathComponent("cur").path).sorted() == [
                    "1.bounce:2,S", "2.person:2,"
                ])
            #expect(try BounceDesk(post.office).read(maildir).read == 0)
        }
    }

    /// A Maildir whose `new` holds these mails, by name.
    private static func maildir(_ mails: [String: String], _ post: MailOffice) throws -> URL {
        let maildir = post.test.folder.appendingPathComponent("Maildir")
        for name in ["new", "cur"] {
            try FileManager.default.createDirectory(at: maildir.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        for (name, text) in mails { try Data(text.utf8).write(to: maildir.appendingPathComponent("new/\(name)")) }
        return maildir
    }

    private static func names(_ folder: String, in maildir: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: maildir.appendingPathComponent(folder).path).sorted()
    }

    private static let person = "From: a@example.org\nTo: uocava@elections.example.gov\nSubject: A question\n\nWhere do I sign?\n"

    @Test("A mail whose name is taken in cur overwrites nothing and holds up nothing; a file that cannot be read neither")
    func namesakes() throws {
        let post = try MailOffice()
        let maildir = try Self.maildir(["1": Self.person, "2": Self.person, "4": Self.person], post)
        try Data("kept".utf8).write(to: maildir.appendingPathComponent("cur/1:2,"))
        try FileManager.default.createSymbolicLink(
            at: maildir.appendingPathComponent("new/3"), withDestinationURL: post.test.folder.appendingPathComponent("uocava.yaml"))
        let summary = try BounceDesk(post.office).read(maildir)
        #expect(summary.others == 3 && summary.unreadable.count == 1)
        #expect(try Self.names("cur", in: maildir) == ["1,1:2,", "1:2,", "2:2,", "4:2,"])
        #expect(try Self.names("new", in: maildir) == ["3"])
        #expect(try String(contentsOf: maildir.appendingPathComponent("cur/1:2,"), encoding: .utf8) == "kept")
    }

    @Test("A Maildir whose new or cur is a link is refused, and nothing behind the link moves", arguments: ["new", "cur"])
    func linkedFolder(_ name: String) throws {
        let post = try MailOffice()
        let maildir = try Self.maildir(["1": Self.person], post)
        let keys = post.test.folder.appendingPathComponent("keys")
        let before = try FileManager.default.contentsOfDirectory(atPath: keys.path).sorted()
        try FileManager.default.removeItem(at: maildir.appendingPathComponent(name))
        try FileManager.default.createSymbolicLink(at: maildir.appendingPathComponent(name), withDestinationURL: keys)
        let error = #expect(throws: OfficeError.self) { try BounceDesk(post.office).read(maildir) }
        #expect(error?.code == .badInput && error?.problems.first?.what == "this is a link")
        #expect(try FileManager.default.contentsOfDirectory(atPath: keys.path).sorted() == before)
    }

    @Test("Of a flood of mails so many are read as there is time for, at least one, and the rest the next time")
    func flood() throws {
        let post = try MailOffice()
        let maildir = try Self.maildir(["1": Self.person, "2": Self.person, "3": Self.person], post)
        let desk = BounceDesk(post.office)
        #expect(try desk.read(maildir, within: .zero).read == 1)
        #expect(try Self.names("new", in: maildir) == ["2", "3"])
        #expect(try desk.read(maildir).read == 2)
    }

    @Test("What is graver takes the place of what came back before, and is journalled; what is less grave does not")
    func gravest() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            _ = try post.send()
            let path = try #require(try post.relay.envelopes.first { $0.to == "v4@example.org" }).from
            let desk = BounceDesk(post.office)
            func take(_ mail: String) throws { _ = try desk.read(try Self.file(mail, post)) }
            func kept() throws -> String? {
                try post.office.books.read { try $0.first("SELECT bounce FROM letter WHERE bounce IS NOT NULL") { try $0.text("bounce") } }
            }
            let away =
                "Return-Path: <>\nFrom: v4@example.org\nTo: \(path)\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nI am away.\n"
            let complaint = """
                From: fbl@mail.example.org
                To: \(path)
                Subject: complaint
                MIME-Version: 1.0
                Content-Type: multipart/report; report-type=feedback-report; boundary="x"

                --x
                Content-Type: text/plain

                This is an abuse report.
                --x
                Content-Type: message/feedback-report

                Feedback-Type: abuse
                User-Agent: mail.example.org
                Version: 1

                --x--

                """
            let soft = Self.report(to: path, action: "delayed", status: "4.4.1")
            for (mail, expected) in [
                (away, "auto_reply"), (soft, "soft"), (away, "soft"), (complaint, "complaint"), (soft, "complaint"),
                (Self.report(to: path), "hard"), (complaint, "hard")
            ] {
                try take(mail)
                #expect(try kept() == expected)
                post.test.advance(seconds: 60)
                try post.test.verify()
            }
        }
    }

    @Test("What is not there, or cannot be read, is said so; nothing is counted")
    func missing() throws {
        let test = try TestOffice()
        #expect(throws: OfficeError.self) { try BounceDesk(test.office).read(URL(fileURLWithPath: "/nonexistent/mail")) }
        let empty = test.folder.appendingPathComponent("empty")
        try Data().write(to: empty)
        #expect(try BounceDesk(test.office).read(empty).hard == 0)
    }

    @Test("Every voter who shows no sign of life is on the report, with a contact unless protected, and formulas are defused")
    func undelivered() async throws {
        try await mailOnOwnThread {
            let post = try MailOffice()
            try post.change([1: TestOffice.row(1, email: "refused@example.org"), 2: TestOffice.row(2, email: "deferred@example.org")])
            _ = try post.send()
            let path = try #require(try post.relay.envelopes.first { $0.to == "v3@example.org" }).from
            _ = try BounceDesk(post.office).read(try Self.file(Self.report(to: path), post))
            func report(_ days: Int) throws -> [String] {
                try Reports(post.office).undelivered(election: TestOffice.election, afterDays: days).map {
                    "\($0.voterID.text) \($0.reason.rawValue)"
                }
            }
            #expect(try report(7) == ["V1 refused", "V3 bounced"])
            post.test.advance(seconds: 2 * 86_400)
            #expect(try report(7) == ["V1 refused", "V3 bounced", "V2 waiting"])
            #expect(try report(2) == ["V1 refused", "V3 bounced", "V2 waiting"] + (4...9).map { "V\($0) never_claimed" })
            try post.change([
                1: TestOffice.row(1, email: "refused@example.org"), 2: TestOffice.row(2, email: "deferred@example.org"),
                3: TestOffice.row(3, protected: "yes"), 4: TestOffice.row(4).replacingOccurrences(of: "Ann", with: "=cmd|' /C calc'!A0")
            ])
            let lines = try Reports(post.office).undelivered(election: TestOffice.election, afterDays: 2)
            let third = try #require(lines.first { $0.voterID.text == "V3" })
            #expect(third.isProtected && third.name.isEmpty && third.email.isEmpty && third.mailingAddress.isEmpty)
            let fourth = try #require(lines.first { $0.voterID.text == "V4" })
            #expect(fourth.email == "v4@example.org" && fourth.mailingAddress.contains("APO AE 09001"))
            #expect(!lines.table.csv.contains(",=cmd") && !lines.table.csv.contains("\"=cmd"))
        }
    }
}
