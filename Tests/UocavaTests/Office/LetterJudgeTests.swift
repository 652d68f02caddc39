import Elections
import Foundation
import Mail
import Office
import Testing

/// Letters as other people's programs see them: Python's mail parser and SpamAssassin.
@Suite("Letters before outside judges")
struct LetterJudgeTests {
    /// Names that were made to do harm, or that a program stumbles over.
    private static let hostile = [
        "Ann\r\nBcc: everyone@example.org", "Ann\u{2028}X-Evil: 1", "\"Ann\" <ann@evil.example>", "Ann, Bob <bob@evil.example>",
        "=?utf-8?q?Ann?=",
        "=?utf-8?b?", "Ann (comment) \\", "{{link}}", "{{{voter}}}", "<script>alert(1)</script>",
        "<a href=\"https://evil.example\">Ann</a>",
        "From Ann", ".", "..", "Ann\u{202E}nnA", "Ann\u{0}Zero", "\u{FEFF}Ann", "O'Brien; DROP TABLE letter; --", "=cmd|' /C calc'!A0",
        String(repeating: "Ann ", count: 25), String(repeating: "n", count: 100), String(repeating: "字", count: 100), "👩‍👩‍👧‍👦 Ann", "Z̸͔̀a̴l̷g̸o̶",
        "ann@example.org", "https://evil.example/b/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\u{1D5D4}\u{1D5FB}\u{1D5FB}", " Ann ", "\tAnn\t",
        "Ann\u{7F}"
    ]

    /// A name of each locale that there are names for, and the hostile ones.
    private static let names: [String] =
        (WorldNames.printable + WorldNames.unprintable).map { "\($0.given.first ?? "") \($0.family.first ?? "")" } + hostile

    private static func message(
        _ contents: LetterContents, _ writer: LetterWriter, number: Int
    ) throws -> (bytes: [UInt8], letter: WrittenLetter, shown: String?) {
        let letter = try writer.write(contents)
        let office = contents.definition.office
        let address = "voter\(number)@example.org"
        let to = try (try? MailAddress(address, name: contents.voterName)) ?? MailAddress(address)
        let bytes = MailMessage(
            from: try MailAddress(office.email, name: office.name), to: to, replyTo: try MailAddress(office.email, name: office.name),
            subject: letter.subject, date: 1_852_000_000, messageID: "\(number).0123456789abcdef0123456789abcdef@elections.example.gov",
            language: letter.language, text: letter.text, html: letter.html
        ).bytes
        return (bytes, letter, to.name)
    }

    @Test(
        "Python's mail parser finds no defect in any letter, for names from forty locales and for hostile ones, and reads what was written")
    func python() throws {
        #expect(WorldNames.printable.count + WorldNames.unprintable.count >= 40)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-letters-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let writer = try LetterWriter(overrides: nil)
        let election = try LetterSamples.election()
        var expected: [JSONValue] = []
        for name in Self.names {
            for kind in LetterKind.allCases {
                for language in ["en", "es"] {
                    let number = expected.count
                    let (bytes, letter, shown) = try Self.message(
                        LetterSamples.contents(kind, language, election, name: name), writer, number: number)
                    try Data(bytes).write(to: folder.appendingPathComponent("\(number).eml"))
                    expected.append([
                        "name": .string(shown ?? ""), "subject": .string(letter.subject), "text": .string(letter.text),
                        "html": .string(letter.html), "language": .string(letter.language), "link": .string(LetterSamples.link(kind)),
                        "to": .string("voter\(number)@example.org")
                    ])
                }
            }
        }
        try Data(JSONValue.array(expected).text.utf8).write(to: folder.appendingPathComponent("expected.json"))
        try Data(Self.judge.utf8).write(to: folder.appendingPathComponent("judge.py"))
        let output = String(decoding: try mailTestProgram("/usr/bin/python3", ["judge.py"], in: folder), as: UTF8.self)
        #expect(output == "\(expected.count) letters, nothing wrong\n")
    }

    /// Whether SpamAssassin is here.
    private static let hasSpamAssassin = FileManager.default.isExecutableFile(atPath: "/usr/bin/spamassassin")

    @Test("SpamAssassin gives no letter two points", .enabled(if: hasSpamAssassin, "spamassassin is not installed"))
    func spam() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-spam-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let writer = try LetterWriter(overrides: nil)
        // Without the network SPF and DKIM cannot be looked at, and then a sender in .gov counts as made up (FROM_GOV_SPOOF).
        let election = try LetterSamples.election {
            $0["office"] = [
                "name": "Board of Elections", "email": "uocava@elections.example.org", "phone": "+1 202 555 0100", "fax": "+1 202 555 0101",
                "address": ["441 4th Street NW", "Suite 250 North", "Washington DC 20001"]
            ]
        }
        var number = 0
        for (kind, language) in LetterKind.allCases.flatMap({ kind in ["en", "es"].map { (kind, $0) } }) {
            let name = Self.names[number * 7 % (WorldNames.printable.count)]
            let (bytes, _, _) = try Self.message(LetterSamples.contents(kind, language, election, name: name), writer, number: number)
            // As a mail server that takes it in writes it: without the line of its own SpamAssassin takes it for hand-made.
            let received =
                "Received: from mail.elections.example.org (mail.elections.example.org [93.184.216.34])\r\n\tby mx.example.org with ESMTPS; "
                + "Fri, 08 Sep 2028 04:26:40 +0000\r\n"
            try Data(Array(received.utf8) + bytes).write(to: folder.appendingPathComponent("\(number).eml"))
            number += 1
        }
        let script = """
            import subprocess, sys, re, glob, os
            worst = []
            mails = b"".join(b"From a@b Fri Sep  8 04:26:40 2028\\n" + open(f"{n}.eml", "rb").read().replace(b"\\r\\n", b"\\n") + b"\\n" for n in range(\(number)))
            open("box", "wb").write(mails)
            env = dict(os.environ, HOME=os.getcwd())
            run = subprocess.run(["/usr/bin/spamassassin", "-L", "-t", "--mbox", "box"], capture_output=True, env=env)
            scores = [float(s) for s in re.findall(rb"^X-Spam-Status: \\w+, score=(-?[0-9.]+)", run.stdout, re.M)]
            tests = re.findall(rb"tests=([A-Z0-9_,\\s]*)", run.stdout)
            print(len(scores), "scored;", "all under 2" if scores and max(scores) < 2 else f"worst {max(scores or [99])} {tests[scores.index(max(scores))] if scores else run.stderr[-500:]}")
            """
        try Data(script.utf8).write(to: folder.appendingPathComponent("spam.py"))
        let output = String(decoding: try mailTestProgram("/usr/bin/python3", ["spam.py"], in: folder), as: UTF8.self)
        #expect(output == "\(number) scored; all under 2\n")
    }

    private static let judge = #"""
        import email, email.policy, email.utils, html.parser, json, re, sys
        wrong = []
        expected = json.load(open("expected.json"))
        class Page(html.parser.HTMLParser):
            def __init__(self):
                super().__init__()
                self.links, self.remote, self.text = [], [], ""
            def handle_starttag(self, tag, attributes):
                values = dict(attributes)
                if tag == "a": self.links.append(values.get("href"))
                if tag in ("img", "script", "link", "iframe", "form", "object", "video", "audio") or "src" in values: self.remote.append(tag)
                if any(name.startswith("on") for name in values): self.remote.append(f"{tag} with a handler")
            def handle_data(self, data): self.text += data
        for number, wanted in enumerate(expected):
            raw = open(f"{number}.eml", "rb").read()
            def fault(what): wrong.append(f"{number} ({wanted['name']!r}): {what}")
            for line in raw.split(b"\r\n"):
                if len(line) > 998: fault("a line over 998")
                if b"\r" in line or b"\n" in line: fault("a bare CR or LF")
                if any(byte > 126 or (byte < 32 and byte != 9) for byte in line): fault("a byte that is no ASCII")
            message = email.message_from_bytes(raw, policy=email.policy.default)
            if message.defects: fault(message.defects)
            names = [name.lower() for name in message.keys()]
            if len(names) != len(set(names)): fault(f"a header twice: {names}")
            unknown = set(names) - {"date", "from", "to", "reply-to", "subject", "message-id", "auto-submitted", "content-language", "mime-version", "content-type"}
            if unknown: fault(f"headers {unknown}")
            for name, value in message.items():
                if value.defects: fault(f"{name}: {value.defects}")
            to = message["To"].addresses
            # Python shows a space between two encoded words of a name, which RFC 2047 6.2 says to leave out.
            plain = lambda name: name.replace(" ", "")
            if len(to) != 1 or to[0].addr_spec != wanted["to"] or plain(to[0].display_name) != plain(wanted["name"]): fault(f"to {to}")
            if message["Subject"] != wanted["subject"]: fault(f"subject {message['Subject']!r}")
            if message["Auto-Submitted"] != "auto-generated" or message["Content-Language"] != wanted["language"]: fault("automatic, language")
            if message.get_content_type() != "multipart/alternative": fault(message.get_content_type())
            parts = list(message.walk())
            if [part.get_content_type() for part in parts] != ["multipart/alternative", "text/plain", "text/html"]: fault("parts")
            for part in parts:
                if part.defects: fault(f"{part.get_content_type()}: {part.defects}")
                if part.get_filename() or part.get_content_disposition(): fault("an attachment")
            text, page = (part.get_content().replace("\r\n", "\n") for part in parts[1:])
            if text.rstrip("\n") != wanted["text"].rstrip("\n"): fault("another text")
            if page.rstrip("\n") != wanted["html"].rstrip("\n"): fault("another page")
            lines = [line for line in text.splitlines() if line == wanted["link"]]
            if len(lines) != 1: fault("the link does not stand on a line of its own, once")
            hostile = "://" in wanted["name"]
            if len(re.findall(r"https?://", text)) != (2 if hostile and wanted["name"].strip() in " ".join(text.split()) else 1): fault("other links")
            reader = Page()
            reader.feed(page)
            if reader.links != [wanted["link"]]: fault(f"links of the page: {reader.links}")
            if reader.remote: fault(f"the page has {reader.remote}")
            for contact in ("uocava@elections.example.gov", "+1 202 555 0100", "+1 202 555 0101", "441 4th Street NW"):
                if contact not in text or contact not in reader.text: fault(f"lacks {contact}")
        print("\n".join(wrong[:20]) if wrong else f"{len(expected)} letters, nothing wrong")
        """#
}
