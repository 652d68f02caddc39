import Mail
import Testing

@Suite("Mails that come back") struct BounceTests {
    // MARK: What they say

    @Test(
        "Reports, texts and answers of every kind of server say what they say",
        arguments: BounceSample.reports + BounceSample.texts + BounceSample.answers)
    func kinds(_ sample: BounceSample) {
        for ends in ["\n", "\r\n", "\r"] {
            let bounce = Bounce.read(Array(sample.mail.replacing("\n", with: ends).utf8))
            #expect(bounce.kind == sample.kind)
            #expect(bounce.status == sample.status)
            #expect(bounce.code == sample.code)
            #expect(bounce.addresses.contains(BounceSample.mark), "its mark is found")
            if sample.mail.contains(BounceSample.letter) {
                #expect(bounce.messageIDs == [BounceSample.letter], "its Message-ID alone is found")
            }
            #expect(!bounce.text.localizedLowercaseHas("jane"), "nobody is named")
        }
    }

    @Test("What the server said is kept in one line, without the voter's address, name, links and words that could be a token")
    func text() {
        let report = BounceSample.report(
            """
            Action: failed
            Status: 5.1.1
            Diagnostic-Code: smtp; 550 5.1.1 <JANE.doe@example.com>: jane.doe ("Jane Q. Doe") unknown,\u{20}
             ask other@example.net or https://example.net/abcdefghijklmnopqrstuvwxyz234567 \u{1B}[31m
            """)
        let text = Bounce.read(Array(report.utf8)).text
        #expect(text.hasPrefix("550 5.1.1 <recipient>: <recipient> (\"<recipient>\") unknown, ask <address> or <link>"), "\(text)")
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 })
        let long = Bounce.read(
            Array(BounceSample.report("Status: 5.1.1\nDiagnostic-Code: smtp; 550 \(String(repeating: "ab ", count: 9000))").utf8))
        #expect(long.text.count == 200)
    }

    @Test("The mark is looked for where the mail was sent to before it is looked for in what is returned, sixteen at the most")
    func addresses() {
        let mail = """
            Delivered-To: First+1@Example.org
            X-Original-To: second@example.org
            To: "x@example.net" <third@example.org>, fourth@example.org
            From: MAILER-DAEMON@mx.example.net
            Subject: Undeliverable

            Could not be delivered: user unknown.

            ----- Original message -----
            Return-Path: <fifth@example.org>
            Sender: sixth@example.org
            """
        #expect(
            Bounce.read(Array(mail.utf8)).addresses == [
                "first+1@example.org", "second@example.org", "third@example.org", "x@example.net", "fourth@example.org",
                "fifth@example.org", "sixth@example.org"
            ])
        let many = (0..<100).map { "a\($0)@example.org" }.joined(separator: ", ")
        #expect(Bounce.read(Array("To: \(many)\n\n".utf8)).addresses.count == 16)
    }

    @Test("A report on thousands of recipients, or on an endless address, is read as one on a few", .timeLimit(.minutes(1)))
    func manyRecipients() {
        let fields = (0..<20_000).map { "Final-Recipient: rfc822; a\($0)@example.org\nAction: failed\nStatus: 5.1.1\n" }
        let many = Bounce.read(Array(BounceSample.report(fields.joined(separator: "\n")).utf8))
        #expect(many.kind == .hard && many.status == "5.1.1")
        let endless = String(repeating: "a", count: 900_000) + "@example.org"
        let one = Bounce.read(
            Array(BounceSample.report("Final-Recipient: rfc822; \(endless)\nAction: failed\nStatus: 5.1.1\n").utf8))
        #expect(one.text.count <= 200 && one.addresses.allSatisfy { $0.utf8.count <= 256 })
    }

    @Test("A mail's own Message-ID is never taken for the letter's")
    func ownMessageID() {
        let mail = BounceSample.report("Status: 5.1.1").replacing(BounceSample.letter, with: "report-1@mx.example.net")
        #expect(Bounce.read(Array(mail.utf8)).messageIDs.isEmpty)
    }

    // MARK: How they travel

    @Test(
        "Parts are found without their boundary, with a wrong one, and in a mail that says nothing of parts",
        arguments: ["boundary=\"other\"", "x=y", ""])
    func boundaries(_ parameter: String) {
        var mail = BounceSample.report("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown")
        mail = mail.replacing("boundary=\"part/1\"", with: parameter)
        if parameter.isEmpty { mail = mail.replacing("Content-Type: multipart/report; report-type=delivery-status;\n\t\n", with: "") }
        let bounce = Bounce.read(Array(mail.utf8))
        #expect(bounce.kind == .hard)
        #expect(bounce.status == "5.1.1")
        #expect(bounce.messageIDs == [BounceSample.letter])
    }

    @Test("Texts and reports are read in quoted-printable and base64, and in HTML where there is no other")
    func encodings() {
        let notice = "<p>The e-mail address you entered couldn&#39;t be found.</p><p>550 5.1.1 User unknown</p><style>quota</style>"
        for (encoding, body) in [
            ("base64", BounceTestBytes.base64(notice)),
            ("quoted-printable", notice.replacing("un", with: "u=6E").replacing("User", with: "Us=\r\ner"))
        ] {
            let mail = """
                From: postmaster@example.com
                To: \(BounceSample.mark)
                Subject: =?utf-8?b?\(BounceTestBytes.base64("Undeliverable mail"))?=
                Content-Type: text/html; charset=iso-8859-1
                Content-Transfer-Encoding: \(encoding)

                \(body)
                """
            let bounce = Bounce.read(Array(mail.utf8))
            #expect(bounce.kind == .hard, "\(encoding)")
            #expect(bounce.status == "5.1.1" && bounce.code == 550, "\(encoding)")
            #expect(bounce.text == "550 5.1.1 User unknown", "\(encoding)")
        }
    }

    @Test("Latin-1 is read; bytes of other charsets become question marks")
    func charsets() {
        let report = BounceSample.report("Action: failed\nStatus: 5.0.0", notice: "Empf\u{E4}nger unbekannt")
        let latin = report.unicodeScalars.map { UInt8($0.value) }
        func read(_ charset: String) -> Bounce {
            Bounce.read(BounceTestBytes.replace("charset=us-ascii", with: "charset=\(charset)", in: latin))
        }
        #expect(read("iso-8859-1").kind == .hard)
        #expect(read("iso-8859-1").text == "Empf\u{E4}nger unbekannt")
        #expect(read("koi8-r").kind == .soft)
    }

    @Test("Nests of parts, endless headers and mails of nothing end, and say nothing")
    func torture() {
        let nest = (0..<60).map { "Content-Type: multipart/mixed; boundary=b\($0)\n\n--b\($0)\n" }.joined()
        #expect(Bounce.read(Array((nest + "\nuser unknown").utf8)).kind == .other)
        // Ten levels and two hundred parts are read, what lies behind them is not.
        let head = "From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n"
        for (depth, kind) in [(10, Bounce.Kind.hard), (11, .soft), (50_000, .soft)] {
            let nest = (0..<depth).map { "Content-Type: multipart/mixed; boundary=b\($0)\n\n--b\($0)\n" }.joined()
            #expect(Bounce.read(Array("\(head)\(nest)\nuser unknown".utf8)).kind == kind, "\(depth) levels")
        }
        for (parts, kind) in [(190, Bounce.Kind.hard), (210, .soft)] {
            let parts = String(repeating: "--b\nContent-Type: image/png\n\n\n", count: parts)
            let mail = "\(head)Content-Type: multipart/mixed; boundary=b\n\n\(parts)--b\n\nuser unknown\n--b--\n"
            #expect(Bounce.read(Array(mail.utf8)).kind == kind)
        }
        #expect(Bounce.read(Array(String(repeating: "Content-Type: message/rfc822\n\n", count: 5000).utf8)).kind == .other)
        #expect(Bounce.read(Array(("Subject: " + String(repeating: "a\n b", count: 250_000)).utf8)).kind == .other)
        for mail in [
            "", "\n", "\0", ":", "--", "Content-Type: multipart/mixed; boundary=\"", "From \n", "{", "[", "{}", "[[]]", "\"", "=?utf-8?q?"
        ] {
            #expect(Bounce.read(Array(mail.utf8)).kind == .other)
        }
    }

    @Test("Twice as much of anything takes about twice as long", .timeLimit(.minutes(2)))
    func linear() {
        let head = "From: MAILER-DAEMON@x.example.org\nSubject: failure notice\n"
        let report = "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
        for (start, unit) in [
            (head, "\n550 5.1.1 user unknown\n"), (head + "\n", "a@"), ("X: ", "a"), ("X: a\n", " a\n"), ("", "X: a\n"),
            (head + report, "zz\n"),
            (head + report, "Final-Recipient: rfc822;a@b.c\n\n"), (head + "Content-Type: multipart/mixed; boundary=b\n\n", "--b\n"),
            (head + "Content-Type: multipart/mixed; boundary=z\n\n", "--abcd\n"), (head + "Content-Type: text/html\n\n", "<style"),
            ("Subject: ", "=?"),
            ("References: ", "<a@b>"), ("", "{\"a\":"), ("{\"a\":\"", "\\u00e9"), ("", "Content-Type: multipart/mixed; boundary=b\n\n--b\n")
        ] {
            // Four times the size: four times the time, not sixteen. The best of some runs, for other work on the machine.
            var ratios: [Double] = []
            repeat {
                let small = BounceTestBytes.time(start + String(repeating: unit, count: 200_000 / unit.utf8.count))
                let large = BounceTestBytes.time(start + String(repeating: unit, count: 800_000 / unit.utf8.count))
                ratios.append(large / small)
            } while ratios.count < 5 && (ratios.last ?? 0) > 8
            #expect((ratios.min() ?? 0) <= 8, "\(start.suffix(20))\(unit): \(ratios)")
        }
    }
}

/// Bytes for mails that are no UTF-8, and how long they take.
enum BounceTestBytes {
    static func replace(_ old: String, with new: String, in bytes: [UInt8]) -> [UInt8] {
        bytes.replacing(Array(old.utf8), with: Array(new.utf8))
    }

    static func base64(_ text: String) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bytes = Array(text.utf8)
        var out = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let value = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0..<4 { out.append(place <= group.count ? digits[value >> (18 - 6 * place) & 63] : "=") }
        }
        return out
    }

    /// Seconds that a mail takes: the best of three.
    static func time(_ mail: String) -> Double {
        let bytes = Array(mail.utf8)
        return (0..<3).map { _ in ContinuousClock().measure { _ = Bounce.read(bytes) } / .seconds(1) }.min() ?? 0
    }
}

extension String {
    fileprivate func localizedLowercaseHas(_ word: String) -> Bool { lowercased().contains(word) }
}
