import Mail
import Testing

/// A mail that came back, made up after what a kind of server writes, and what it says.
struct BounceSample: Sendable, CustomTestStringConvertible {
    let name: String
    let kind: Bounce.Kind
    var status = ""
    var code = 0
    let mail: String

    var testDescription: String { name }

    /// The letter's mark and number, as every sample has them somewhere unless it says otherwise.
    static let mark = "bounces+7-0123456789abcdef@elections.example.org"
    static let letter = "7.0123456789abcdef@elections.example.org"

    /// A report (RFC 3464) on one recipient, with its notice for people.
    static func report(_ fields: String, notice: String = "Your message could not be delivered.", to: String = mark) -> String {
        """
        Return-Path: <>
        From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
        To: \(to)
        Message-ID: <report-1@mx.example.net>
        Subject: Undelivered Mail Returned to Sender
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="part/1"

        This is a MIME-encapsulated message.

        --part/1
        Content-Type: text/plain; charset=us-ascii

        \(notice)

        --part/1
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.example.net

        Final-Recipient: rfc822; jane.doe@example.com
        \(fields)

        --part/1
        Content-Type: text/rfc822-headers

        Return-Path: <\(mark)>
        From: Elections <office@elections.example.org>
        To: "Jane Q. Doe" <jane.doe@example.com>
        Message-ID: <\(letter)>
        Subject: Your ballot

        --part/1--

        """
    }

    /// A notice that is text alone, with the letter behind a line of the server's own.
    static func text(_ body: String, subject: String, from: String = "MAILER-DAEMON@mx.example.net", headers: String = "") -> String {
        """
        From: \(from)
        To: \(mark)
        Message-ID: <notice-1@mx.example.net>
        Subject: \(subject)
        \(headers.isEmpty ? "Date: Thu, 01 Jan 2026 00:00:00 +0000" : headers)

        \(body)
        """
    }

    static let returned = """
        Return-Path: <\(mark)>
        From: Elections <office@elections.example.org>
        To: jane.doe@example.com
        Message-ID: <\(letter)>
        Subject: Your ballot

        Dear Jane,
        """

    private static func report(
        _ name: String, _ kind: Bounce.Kind, _ status: String, _ code: Int = 0, _ diagnostic: String, notice: String = ""
    )
        -> BounceSample
    {
        BounceSample(
            name: name, kind: kind, status: status, code: code,
            mail: report("Action: failed\nStatus: \(status)\nDiagnostic-Code: smtp; \(diagnostic)", notice: notice))
    }

    static let reports: [BounceSample] = [
        report("Postfix, user unknown", .hard, "5.1.1", 550, "550 5.1.1 <jane.doe@example.com>: Recipient address rejected: User unknown"),
        report("A status that leaves no doubt, and words that say nothing", .hard, "5.1.1", 550, "550 5.1.1 No thanks"),
        report("Words that leave no doubt, and a status that says nothing", .hard, "5.0.0", 550, "550 Account jane.doe does not exist"),
        report("Domain unknown", .hard, "5.1.2", 550, "550 5.1.2 Host unknown"),
        report("Null MX", .hard, "5.1.10", 556, "556 5.1.10 Recipient address has null MX"),
        report("Moved", .hard, "5.1.6", 551, "551 5.1.6 User has moved; please try <jane@example.net>"),
        report("Closed", .hard, "5.2.1", 550, "550 5.2.1 The email account that you tried to reach is disabled"),
        report("Somebody else's by now (RFC 7293)", .hard, "5.7.17", 550, "550 5.7.17 Mailbox owner has changed"),
        report("Exchange Online, not in the tenant", .hard, "5.4.1", 550, "550 5.4.1 Recipient address rejected: Access denied"),
        report(
            "Exchange Online, unknown", .hard, "5.1.10", 550,
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
        report(
            "A given-up 4xx about a user who is not there", .hard, "4.1.1", 450,
            "450 4.1.1 <jane.doe@example.com>: User unknown in virtual alias table"),
        report("Spanish", .hard, "5.0.0", 550, "550 Usuario desconocido"),
        report("Outlook.com, no reason given", .hard, "5.5.0", 550, "550 5.5.0 Requested action not taken: mailbox unavailable"),
        report("Full", .soft, "5.2.2", 552, "552 5.2.2 Mailbox full"),
        report("Full, called unknown", .soft, "5.1.1", 550, "550 5.1.1 <jane.doe@example.com> mailbox is full"),
        report(
            "Too fast", .soft, "5.2.1", 550, "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents more"),
        report("Too large", .soft, "5.3.4", 552, "552 5.3.4 Message size exceeds fixed limit"),
        report("Spam", .soft, "5.7.1", 554, "554 5.7.1 Message rejected as spam"),
        report("DMARC", .soft, "5.7.1", 550, "550 5.7.1 Unauthenticated mail is not accepted due to the domain's DMARC policy"),
        report("Relaying", .soft, "5.7.1", 554, "554 5.7.1 <jane.doe@example.com>: Relay access denied"),
        report("Our own address unknown", .soft, "5.1.0", 550, "550 5.1.0 Sender address rejected: User unknown in local recipient table"),
        report("Our own domain", .soft, "5.1.8", 553, "553 5.1.8 Domain of sender address does not exist"),
        report("No reverse name", .soft, "5.7.25", 550, "550 5.7.25 Client host rejected: cannot find your reverse hostname"),
        report("Greylisted to the end", .soft, "4.7.1", 451, "451 4.7.1 Greylisted, try again later"),
        report("Gone quiet", .soft, "4.4.1", 0, "connect to mx.example.com[192.0.2.1]:25: Connection timed out"),
        report("Nobody knows", .soft, "5.0.0", 554, "554 Transaction failed"),
        report(
            "No reason given, but for policy", .soft, "5.0.0", 550,
            "550 Requested action not taken: mailbox unavailable, reject due to policy restrictions"),
        report("A link that speaks of unknown users", .soft, "5.0.0", 550, "550 See https://example.com/help/user/unknown"),
        report(
            "IronPort's wrapping", .soft, "5.2.2", 550, "5.1.0 - Unknown address error 550-'5.2.2 <jane.doe@example.com>... Mailbox Full'"),
        report(
            "Unknown after the last line: a carrier's filter", .soft, "5.0.0", 550, "550 Unknown user jane.doe@example.com",
            notice:
                "<jane.doe@example.com>: host mx.example.com said: 550 Unknown user jane.doe@example.com (in reply to end of DATA command)"),
        report(
            "Unknown in answer to MAIL FROM", .soft, "5.0.0", 550, "550 User unknown",
            notice: "jane.doe@example.com: SMTP error from remote mail server after MAIL FROM:<x@example.org>: 550 User unknown"),
        report(
            "Sendmail, commands sent ahead", .hard, "5.0.0", 550, "550 <jane.doe@example.com>: User unknown",
            notice: ">>> DATA\n<<< 550 <jane.doe@example.com>: User unknown\n<<< 503 5.0.0 Need RCPT (recipient)"),
        BounceSample(
            name: "Still trying", kind: .soft, status: "4.4.1",
            mail: report("Action: delayed\nStatus: 4.4.1\nWill-Retry-Until: Fri, 02 Jan 2026 00:00:00 +0000")),
        BounceSample(name: "Delivered", kind: .delivered, status: "2.0.0", mail: report("Action: delivered\nStatus: 2.0.0")),
        BounceSample(name: "Relayed", kind: .delivered, status: "2.0.0", mail: report("Action: relayed\nStatus: 2.0.0")),
        BounceSample(
            name: "Two recipients: the certain failure wins", kind: .hard, status: "5.1.1", code: 550,
            mail: report(
                """
                Action: failed
                Status: 5.2.2
                Diagnostic-Code: smtp; 552 5.2.2 Mailbox full

                Final-Recipient: rfc822; jane@example.net
                Action: failed
                Status: 5.1.1
                Diagnostic-Code: smtp; 550 5.1.1 User unknown
                """)),
        BounceSample(
            name: "A report that leaves the telling to its text (Gmail)", kind: .hard, status: "5.0.0",
            mail: report(
                "Action: failed\nStatus: 5.0.0",
                notice:
                    "** Address not found **\n\nYour message wasn't delivered to jane.doe@example.com because the address couldn't be found."
            ))
    ]

    static let texts: [BounceSample] = [
        BounceSample(
            name: "qmail", kind: .hard, status: "5.1.1",
            mail: text(
                """
                Hi. This is the qmail-send program at mx.example.net.
                I'm afraid I wasn't able to deliver your message to the following addresses.
                This is a permanent error; I've given up. Sorry it didn't work out.

                <jane.doe@example.com>:
                Sorry, no mailbox here by that name. (#5.1.1)

                --- Below this line is a copy of the message.

                \(returned)
                """, subject: "failure notice")),
        BounceSample(
            name: "qmail, two recipients", kind: .hard, status: "5.1.1", code: 550,
            mail: text(
                """
                Hi. This is the qmail-send program at mx.example.net.

                <full@example.com>:
                192.0.2.25 does not like recipient.
                Remote host said: 552 5.2.2 Mailbox full

                <jane.doe@example.com>:
                192.0.2.25 does not like recipient.
                Remote host said: 550 5.1.1 User unknown
                Giving up on 192.0.2.25.

                --- Below this line is a copy of the message.

                \(returned)
                """, subject: "failure notice")),
        BounceSample(
            name: "Exim", kind: .hard, code: 550,
            mail: text(
                """
                This message was created automatically by mail delivery software.

                A message that you sent could not be delivered to one or more of its
                recipients. This is a permanent error. The following address(es) failed:

                  jane.doe@example.com
                    host mx.example.com [192.0.2.1]
                    SMTP error from remote mail server after RCPT TO:<jane.doe@example.com>:
                    550 No such user here

                ------ This is a copy of the message, including all the headers. ------

                \(returned)
                """, subject: "Mail delivery failed: returning message to sender",
                headers: "X-Failed-Recipients: jane.doe@example.com\nAuto-Submitted: auto-replied")),
        BounceSample(
            name: "Exim, delayed", kind: .soft, code: 450,
            mail: text(
                """
                A message that you sent has not yet been delivered to one or more of its
                recipients after more than 24 hours on the queue on mx.example.net.

                The message identifier is:     \(letter)

                The address to which the message has not yet been delivered is:

                  jane.doe@example.com
                    Delay reason: SMTP error from remote mail server after RCPT TO:<jane.doe@example.com>:
                    450 User unknown, it seems
                """, subject: "Warning: message 1abcde-000001-AA delayed 24 hours")),
        BounceSample(
            name: "Gmail of old", kind: .hard, status: "5.1.1", code: 550,
            mail: text(
                """
                Delivery to the following recipient failed permanently:

                     jane.doe@example.com

                Technical details of permanent failure:\u{20}
                The error that the other server returned was:
                550 5.1.1 <jane.doe@example.com>... User Unknown

                ----- Original message -----

                \(returned)
                """, subject: "Delivery Status Notification (Failure)")),
        BounceSample(
            name: "Exchange 2003", kind: .hard, status: "5.1.1",
            mail: text(
                """
                Your message did not reach some or all of the intended recipients.

                      Subject:  Your ballot
                      Sent:     1/1/2026 10:00 AM

                The following recipient(s) could not be reached:

                      Jane Q. Doe on 1/1/2026 10:00 AM
                            The e-mail account does not exist at the organization this message was sent to.
                            <mail.example.com #5.1.1>

                Original message headers:

                \(returned)
                """, subject: "Undeliverable: Your ballot", from: "System Administrator <postmaster@mail.example.com>")),
        BounceSample(
            name: "Lotus Domino", kind: .hard,
            mail: text(
                """
                Your message

                  Subject: Your ballot

                was not delivered to:

                  jane.doe@example.com

                because:

                  User jane.doe (jane.doe@example.com) not listed in Domino Directory

                Original message headers:

                \(returned)
                """, subject: "DELIVERY FAILURE: User jane.doe not listed in Domino Directory", from: "Postmaster@example.com")),
        BounceSample(
            name: "A server of its own kind", kind: .soft,
            mail: text(
                """
                This message is to inform you that an email you sent was rejected.

                reject reason: Mailbox full
                target mail address: jane.doe@example.com

                ------------------------------------------------------------------------
                bounced E-Mail:

                \(returned)
                """, subject: "email bounce notification", from: "postmaster@example.com")),
        BounceSample(
            name: "A notice that gives no reason", kind: .soft,
            mail: text(
                "Did not reach the following recipient: jane.doe@example.com\n\n----- Original message -----\n\n\(returned)",
                subject: "Undeliverable: jane.doe@example.com"))
    ]

    static let answers: [BounceSample] = [
        BounceSample(
            name: "Away (RFC 3834)", kind: .autoReply,
            mail: text(
                "I am away. Your message was not delivered to anybody.", subject: "Re: Your ballot", from: "Jane <jane.doe@example.com>",
                headers: "Return-Path: <>\nAuto-Submitted: auto-replied (vacation)\nSubject: Out of office\nIn-Reply-To: <\(letter)>"
            )
            .replacing("Subject: Re: Your ballot\n", with: "")),
        BounceSample(
            name: "Away, of Exchange", kind: .autoReply,
            mail: text(
                "Back on Monday.", subject: "Automatic reply: Your ballot", from: "Jane <jane.doe@example.com>",
                headers: "X-Auto-Response-Suppress: All\nAuto-Submitted: auto-generated\nReferences: <\(letter)>")),
        BounceSample(
            name: "Away, by its subject alone", kind: .autoReply,
            mail: text(
                "Je reviens.", subject: "=?iso-8859-1?Q?R=E9ponse_automatique_:_?= ballot", from: "j@example.com",
                headers: "References: <\(letter)>")),
        BounceSample(
            name: "Thank you for your mail", kind: .autoReply,
            mail: text(
                "We answer soon.", subject: "Re: Your ballot", from: "help@example.com",
                headers: "X-Autoreply: yes\nReferences: <\(letter)>")),
        BounceSample(
            name: "Away, of old", kind: .autoReply,
            mail: text("Away.", subject: "hi", from: "j@example.com", headers: "Precedence: auto_reply\nReferences: <\(letter)>")),
        BounceSample(
            name: "Please confirm that you are a person", kind: .autoReply,
            mail: text("Click.", subject: "Please confirm your message", from: "j@example.com", headers: "References: <\(letter)>")),
        BounceSample(
            name: "A receipt (RFC 8098)", kind: .autoReply,
            mail: """
                From: Jane <jane.doe@example.com>
                To: \(mark)
                Subject: Read: Your ballot
                Content-Type: multipart/report; report-type=disposition-notification; boundary=b

                --b

                Your message was deleted without being read.
                --b
                Content-Type: message/disposition-notification

                Final-Recipient: rfc822; jane.doe@example.com
                Original-Message-ID: <\(letter)>
                Disposition: automatic-action/MDN-sent-automatically; deleted

                --b--
                """),
        BounceSample(
            name: "A complaint (RFC 5965)", kind: .complaint,
            mail: """
                From: feedback@example.net
                To: \(mark)
                Subject: FW: Your ballot
                Content-Type: multipart/report; report-type=feedback-report; boundary=b

                --b

                This is an abuse report.
                --b
                Content-Type: message/feedback-report

                Feedback-Type: abuse
                User-Agent: Feedback/1.0
                Version: 1
                Original-Mail-From: <\(mark)>

                --b
                Content-Type: message/rfc822

                \(returned)
                --b--
                """),
        BounceSample(
            name: "Not a complaint: somebody took it out of the spam", kind: .other,
            mail: """
                To: \(mark)
                Content-Type: multipart/report; report-type=feedback-report; boundary=b

                --b
                Content-Type: message/feedback-report

                Feedback-Type: not-spam

                --b
                Content-Type: message/rfc822

                \(returned)
                --b--
                """),
        BounceSample(
            name: "A person", kind: .other,
            mail: text(
                "Hello, where is my ballot? My last letter was returned to sender.", subject: "Re: Your ballot",
                from: "Jane <jane.doe@example.com>",
                headers: "In-Reply-To: <\(letter)>")),
        BounceSample(
            name: "A person who forwards a failure notice", kind: .other,
            mail: text(
                "What is this?\n\n> Your message could not be delivered.\n> 550 5.1.1 User unknown",
                subject: "Fwd: Undelivered Mail Returned to Sender",
                from: "Jane <jane.doe@example.com>",
                headers: "References: <\(letter)>"))
    ]
}
