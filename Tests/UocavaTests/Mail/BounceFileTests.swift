import Foundation
import Mail
import Testing

@Suite("Files of mails that came back") struct BounceFileTests {
    // MARK: mbox

    @Test("A file is one mail, or an mbox that is parted where a From line follows an empty one")
    func mbox() {
        func parted(_ file: String) -> [String] { BounceFile.mails(in: Array(file.utf8)).map { String(decoding: $0, as: UTF8.self) } }
        #expect(parted("") == [])
        #expect(parted(" \n\n") == [])
        #expect(parted("Subject: a\n\nFrom here on\n\nFrom there on\n") == ["Subject: a\n\nFrom here on\n\nFrom there on\n"])
        #expect(
            parted(
                "From a Thu Jan  1 00:00:00 2026\nSubject: a\n\nhello\nFrom b\n>From c\n>>From d\n\nFrom e Thu Jan  1 00:00:00 2026\r\nSubject: f\r\n\r\ng"
            )
                == ["Subject: a\n\nhello\nFrom b\nFrom c\n>From d\n\n", "Subject: f\r\n\r\ng"])
        #expect(parted("From a\n\nFrom b\n\n") == [])
    }

    @Test("A thousand samples in one mbox are read as alone")
    func manyInOne() {
        let samples = BounceSample.reports + BounceSample.texts + BounceSample.answers
        let file = (0..<20).flatMap { _ in samples }.map {
            "From MAILER-DAEMON Thu Jan  1 00:00:00 2026\n\($0.mail.replacing("\nFrom ", with: "\n>From "))\n\n"
        }
        let mails = BounceFile.mails(in: Array(file.joined().utf8))
        #expect(mails.count == 20 * samples.count)
        #expect(zip(mails, (0..<20).flatMap { _ in samples }).allSatisfy { Bounce.read($0).kind == $1.kind })
    }

    // MARK: Amazon

    private static func event(_ type: String, _ inner: String) -> String {
        """
        {"notificationType":"\(type)",\(inner),"mail":{"source":"=?utf-8?q?Elections?= <\(BounceSample.mark)>","messageId":"amazon-1",
        "headers":[{"name":"Message-ID","value":"<\(BounceSample.letter)>"},{"name":"Subject","value":"Your ballot"}],
        "commonHeaders":{"from":["office@elections.example.org"],"messageId":"<\(BounceSample.letter)>"}}}
        """
    }
    private static func bounced(_ type: String, _ status: String, _ diagnostic: String) -> String {
        event(
            "Bounce",
            "\"bounce\":{\"bounceType\":\"\(type)\",\"bouncedRecipients\":[{\"emailAddress\":\"jane.doe@example.com\",\"action\":\"failed\",\"status\":\"\(status)\",\"diagnosticCode\":\"\(diagnostic)\"}]}"
        )
    }

    @Test(
        "Notices of SES say what they say, with the letter that they name",
        arguments: [
            (bounced("Permanent", "5.1.1", "smtp; 550 5.1.1 <jane.doe@example.com> user unknown"), Bounce.Kind.hard, "5.1.1", 550),
            (bounced("Permanent", "5.0.0", "smtp; 550 no"), .hard, "5.0.0", 550),
            (bounced("Permanent", "5.7.1", "smtp; 554 5.7.1 blocked as spam"), .soft, "5.7.1", 554),
            (bounced("Transient", "5.2.2", "smtp; 552 5.2.2 mailbox full"), .soft, "5.2.2", 552),
            (bounced("Transient", "5.1.1", "smtp; 550 5.1.1 user unknown"), .soft, "5.1.1", 550),
            (bounced("Undetermined", "5.1.1", "smtp; 550 5.1.1 user unknown"), .hard, "5.1.1", 550),
            (event("Complaint", "\"complaint\":{\"complaintFeedbackType\":\"abuse\"}"), .complaint, "", 0),
            (event("Complaint", "\"complaint\":{\"complaintFeedbackType\":\"not-spam\"}"), .other, "", 0),
            (event("Delivery", "\"delivery\":{\"smtpResponse\":\"250 2.6.0 Message received\"}"), .delivered, "2.6.0", 250),
            (
                event(
                    "DeliveryDelay", "\"deliveryDelay\":{\"delayedRecipients\":[{\"emailAddress\":\"j@example.com\",\"status\":\"4.4.1\"}]}"
                ), .soft,
                "4.4.1", 0
            )
        ])
    func events(_ event: String, _ kind: Bounce.Kind, _ status: String, _ code: Int) throws {
        let string = String(decoding: try JSONEncoder().encode(event), as: UTF8.self)
        let subscribed = try JSONEncoder().encode("{\"Type\":\"Notification\",\"Message\":\(string)}")
        for body in [
            event, event.replacing("notificationType", with: "eventType"), "{\"Type\":\"Notification\",\"Message\":\(string)}",
            "{\"Body\":\(String(decoding: subscribed, as: UTF8.self))}", "{\"Records\":[{\"Sns\":{\"Message\":\(string)}}]}",
            "{\"detail\":\(event)}",
            "[\(event)]", "From: no-reply@sns.example.org\nSubject: AWS Notification Message\n\n\(event)\n\n--\nTo stop these, click here."
        ] {
            let bounce = Bounce.read(Array(body.utf8))
            #expect(bounce.kind == kind && bounce.status == status && bounce.code == code, "\(body)")
            #expect(bounce.addresses.first == BounceSample.mark)
            #expect(bounce.messageIDs == [BounceSample.letter])
            #expect(!bounce.text.contains("jane"))
        }
    }

    @Test("Notices are parted: line by line, an array, and the messages that SQS and Lambda hand out")
    func notices() throws {
        let event = Self.bounced("Permanent", "5.1.1", "smtp; 550 {[\\\"5.1.1")
        let string = String(decoding: try JSONEncoder().encode(event), as: UTF8.self)
        for file in [
            "\(event)\n\(event)\n", " [\(event), \(event)]", "{\"Messages\":[{\"Body\":\(string)},{\"Body\":\(string)}]}",
            "{\"Records\":[{\"Sns\":{\"Message\":\(string)}},{\"Sns\":{\"Message\":\(string)}}]}",
            "{\"Records\":[{\"body\":\(string)},{\"body\":\(string)}]}"
        ] {
            let mails = BounceFile.mails(in: Array(file.utf8))
            #expect(mails.map { Bounce.read($0).kind } == [.hard, .hard])
        }
    }

    @Test("A mail that SES received for us is read as that mail, in base64 as well")
    func received() throws {
        let mail = BounceSample.reports[0].mail
        let plain = String(decoding: try JSONEncoder().encode(mail), as: UTF8.self)
        for body in [
            "{\"notificationType\":\"Received\",\"content\":\(plain)}",
            "{\"notificationType\":\"Received\",\"receipt\":{\"action\":{\"encoding\":\"BASE64\"}},\"content\":\"\(BounceTestBytes.base64(mail))\"}"
        ] {
            #expect(Bounce.read(Array(body.utf8)) == Bounce.read(Array(mail.utf8)))
        }
        // A mail in a notice in a mail, and so on: it ends.
        var nested = "From: a@example.org\n\nhello"
        for _ in 0..<10 {
            nested =
                "From: a@example.org\n\n{\"notificationType\":\"Received\",\"content\":\(String(decoding: try JSONEncoder().encode(nested), as: UTF8.self))}"
        }
        #expect(Bounce.read(Array(nested.utf8)).kind == .other)
    }

    @Test("Deep, large and broken JSON is refused before it is read")
    func bombs() {
        let event = Self.bounced("Permanent", "5.1.1", "smtp; 550 5.1.1 user unknown")
        func read(_ text: String) -> Bounce.Kind { Bounce.read(Array(text.utf8)).kind }
        func wrapped(_ depth: Int) -> String {
            String(event.dropLast()) + ",\"x\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
        }
        #expect(read(wrapped(62)) == .hard)
        #expect(read(wrapped(64)) == .other)
        #expect(read(wrapped(100_000)) == .other)
        #expect(read(String(event.dropLast()) + ",\"x\":\"" + String(repeating: "y", count: 1 << 20) + "\"}") == .other)
        for length in 0..<event.utf8.count { #expect(Bounce.read(Array(event.utf8.prefix(length))).kind == .other) }
        for broken in ["{\"a\" 1}", "{\"a\":}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\ud800\\ud800\"}", "{a:1}", "[1,]"] {
            #expect(read(broken) == .other)
        }
    }
}
