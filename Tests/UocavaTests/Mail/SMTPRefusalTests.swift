import Foundation
import Mail
import Testing

@Suite("What a refusal means") struct SMTPRefusalTests {
    @Test(
        "The enhanced status code says it, whatever the words",
        arguments: [
            ("550 5.1.1 <recipient> User unknown in virtual mailbox table", RefusalClass.address), ("550 5.1.0 Address rejected", .address),
            ("553 5.1.2 We weren't able to find the recipient domain", .address),
            ("550 5.1.3 The recipient address is not valid", .address),
            ("550 5.1.6 has moved", .address), ("556 5.1.10 Recipient address has null MX", .address),
            ("550 5.2.1 The account is inactive", .address),
            ("550-5.1.1 The email account that you tried to reach does not exist", .address), ("550 #5.1.0 Address rejected.", .address),
            ("550 permanent failure (5.1.1)", .address), ("501 5.1.8 Sender address rejected: domain not found", .policy),
            ("553 5.1.7 syntax of the sender", .policy), ("552 5.2.2 The email account is over quota", .mailbox), ("554 5.2.2 x", .mailbox),
            ("550 5.2.3 Message too large for this mailbox", .size), ("552 5.3.4 Message size exceeds fixed limit", .size),
            ("554 5.3.4 x", .size),
            ("554 5.6.0 Message content rejected", .content), ("550 5.6.1 x", .content),
            ("550 5.7.1 Service unavailable; host blocked", .policy),
            ("550 5.7.26 unauthenticated mail; user unknown to us", .policy), ("554 5.7.1 Relay access denied", .policy),
            ("550 5.7.509 Access denied, sending domain does not pass DMARC", .policy), ("550 5.7.17 mailbox changed hands", .address),
            ("550 5.4.1 Recipient address rejected: Access denied", .policy), ("550 5.4.1 no such recipient here", .address),
            ("550 5.4.4 no route", .address), ("550 5.4.310 DNS domain does not exist", .address), ("554 5.4.6 routing loop", .other),
            ("550 5.5.0 Requested action not taken: mailbox unavailable", .address), ("501 5.5.4 Invalid arguments", .other),
            ("554 5.0.0 Service unavailable", .policy), ("550 5.0.0 User unknown", .address), ("550 5.3.2 no mail here", .other),
            ("550 4.2.2 mailbox full", .mailbox)
        ])
    func byStatus(_ reply: String, _ expected: RefusalClass) { #expect(fault(reply) == expected) }

    @Test(
        "Without one the words and the code do",
        arguments: [
            ("550 No such user here", RefusalClass.address), ("550 Requested action not taken: mailbox unavailable", .address),
            ("550 no", .address),
            ("551 User not local; please try <address>", .address),
            ("553 sorry, that domain isn't in my list of allowed rcpthosts", .address),
            ("553 Requested action not taken: mailbox name not allowed", .policy), ("550 Unrouteable address", .address),
            ("554 delivery error: dd This user doesn't have a yahoo.com account", .address), ("550 <recipient> unknown", .address),
            ("550 User unknown, see our policy at <link>", .address), ("550 relay not permitted", .policy),
            ("550 relaying denied", .policy),
            ("550 Rejected because 192.0.2.1 is in a blocklist", .policy), ("550 this looks like spam", .policy),
            ("550 administrative prohibition", .policy),
            ("550 Blocked: your domain does not exist", .policy), ("550 Sender verify failed: no such user", .policy),
            ("550 192.0.2.1 is blocked", .policy), ("550 5.6.7.8 is blocked", .policy), ("554 no", .policy),
            ("554 Transaction failed", .policy),
            ("550 mailbox is full", .mailbox), ("552 no", .mailbox),
            ("552 Requested mail action aborted: exceeded storage allocation", .mailbox),
            ("550 Quota exceeded for <recipient>", .mailbox), ("552 Message size exceeds fixed maximum message size", .size),
            ("550 message too large", .size), ("554 virus found", .content), ("550 infected attachment", .content),
            ("550 maximum line length: header too long", .content),
            ("521 this host takes no mail", .address), ("556 domain takes no mail", .address), ("500 command unrecognized", .other),
            ("502 not implemented", .other), ("503 bad sequence", .other)
        ])
    func byWords(_ reply: String, _ expected: RefusalClass) { #expect(fault(reply) == expected) }

    @Test("A deferral's reply names its fault as well, and no reply at all is no fault of the address")
    func others() {
        #expect(RefusalClass(code: 452, reply: "452 4.2.2 mailbox full") == .mailbox)
        #expect(RefusalClass(code: 450, reply: "450 4.7.1 greylisted") == .policy)
        #expect(RefusalClass(code: 451, reply: "451 try later") == .other)
        #expect(SMTPOutcome.refused(code: 0, reply: "the recipient's address is not valid").refusalClass == .address)
        #expect(SMTPOutcome.refused(code: 0, reply: "the letter is empty").refusalClass == .content)
        #expect(SMTPOutcome.refused(code: 0, reply: "").refusalClass == .other)
        #expect(SMTPOutcome.accepted(reply: "550 no").refusalClass == nil)
        #expect(SMTPOutcome.deferred(code: 450, reply: "450 no").refusalClass == nil)
        #expect(SMTPOutcome.unreachable(reason: "550 no").refusalClass == nil)
    }

    @Test("The same 550 is about the address at RCPT, and about the letter after the dot")
    func byStage() async throws {
        let script = ["rcpt", "data", "dot"].map { MailHostileServer.Deed(at: $0, deed: "reply", text: "550 rejected") }
        let outcomes = try await mailOnOwnThread {
            let folder = try mailTestFolder()
            defer { try? FileManager.default.removeItem(at: folder) }
            let relay = try MailHostileServer(scripts: [script]).start(in: folder)
            defer { relay.stop() }
            let connection = try SMTPConnection(SMTPServer(url: "smtp://127.0.0.1:\(relay.port)", tls: .none))
            return (0..<3).map { _ in connection.send(Array("Subject: x\r\n\r\n".utf8), from: "a@example.org", to: "b@example.org") }
        }
        #expect(outcomes.map(\.refusalClass) == [.address, .policy, .policy])
    }

    private func fault(_ reply: String) -> RefusalClass? {
        SMTPOutcome.refused(code: Int(reply.prefix(3)) ?? 0, reply: reply).refusalClass
    }
}
