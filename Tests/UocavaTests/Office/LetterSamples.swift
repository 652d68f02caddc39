import Elections
import Foundation
import Office
import Testing

/// Elections, voters and letters for the tests of letters.
enum LetterSamples {
    /// The District's election in English and Spanish; `change` alters its description first.
    static func election(_ change: (inout [String: JSONValue]) -> Void = { _ in }) throws -> ElectionDefinition {
        var top: [String: JSONValue] = [
            "election": ["id": "2028-general", "name": "General Election", "date": "2028-11-07", "type": "general", "test": false],
            "jurisdiction": ["name": "District of Columbia", "state": "District of Columbia", "id": "11001", "id_type": "fips"],
            "time_zone": "America/New_York",
            "deadlines": ["receipt": "2028-11-07T20:00", "receipt_overseas": "2028-11-17T17:00", "postmark": "2028-11-07"],
            "office": office(fax: true),
            "languages": ["en", "es"], "identity_question": "date-of-birth", "declaration": ["en": "declaration.en.md"]
        ]
        change(&top)
        return try ElectionDefinition(json: .object(top))
    }

    static func office(fax: Bool) -> JSONValue {
        var office: [String: JSONValue] = [
            "name": "Board of Elections", "email": "uocava@elections.example.gov", "phone": "+1 202 555 0100",
            "address": ["441 4th Street NW", "Suite 250 North", "Washington DC 20001"]
        ]
        if fax { office["fax"] = "+1 202 555 0101" }
        return .object(office)
    }

    static func link(_ kind: LetterKind) -> String {
        switch kind {
        case .addressChanged: "https://ballots.example.gov/"
        case _ where kind.hasBallotLink: "https://ballots.example.gov/b/abcdefghijklmnopqrstuvwxyz234567"
        default: "https://ballots.example.gov/t/T-7K3M-9QXV-2T8H-5N4P-W6ZR"
        }
    }

    static func contents(_ kind: LetterKind, _ language: String = "en", _ election: ElectionDefinition, name: String = "Maria López")
        -> LetterContents
    {
        LetterContents(
            kind: kind, language: language, voterName: name, link: link(kind), definition: election, test: false,
            postBy: kind.hasBallotLink ? CivilDate("2028-10-27") : nil, reason: kind == .rejected ? .missingVoterSignature : nil)
    }

    /// Everything that a letter can be: kinds, languages, identity questions, tests, days of posting, reasons, with and without fax.
    static func everything() throws -> [LetterContents] {
        var all: [LetterContents] = []
        for fax in [true, false] {
            for question in ["date-of-birth", "last-four-of-id", "none"] {
                let election = try election {
                    $0["office"] = office(fax: fax)
                    $0["identity_question"] = .string(question)
                }
                for kind in LetterKind.allCases {
                    for language in ["en", "es"] {
                        for test in [false, true] {
                            for (postBy, isPast) in [("", false), ("2028-10-27", false), ("2028-10-27", true)] {
                                for reason in kind == .rejected
                                    ? RejectionReason.named.map(Optional.some) + [.other("two ballots came together"), nil] : [nil]
                                {
                                    var contents = contents(kind, language, election)
                                    contents.test = test
                                    contents.postBy = CivilDate(postBy)
                                    contents.isPastPostBy = isPast
                                    contents.reason = reason
                                    if question == "none" { contents.word = "7K3MQZ" }
                                    all.append(contents)
                                }
                            }
                        }
                    }
                }
            }
        }
        return all
    }

    /// What must hold of every letter, whatever stands in it; returns what does not.
    static func faults(of letter: WrittenLetter, _ contents: LetterContents) -> [String] {
        var faults: [String] = []
        func need(_ holds: Bool, _ what: String) { if !holds { faults.append("\(contents.kind.rawValue).\(letter.language): \(what)") } }
        let lines = letter.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let office = contents.definition.office
        need(lines.count { $0 == contents.link } == 1, "the link is not once on a line of its own")
        need(letter.text.components(separatedBy: "://").count == 2, "there is another link")
        need(!letter.text.lowercased().contains("www."), "there is something like a link")
        need(
            lines.allSatisfy { TextWidth.of($0) <= 72 || !$0.trimmingCharacters(in: .whitespaces).contains(" ") },
            "a line is wider than 72 columns")
        need(lines.allSatisfy { $0.utf8.count <= 900 }, "a line is longer than 900 bytes")
        need(lines.allSatisfy { $0.last != " " }, "a line ends in a space")
        need(lines.allSatisfy { !$0.drop { $0 == " " }.contains("  ") }, "there are two spaces")
        need(
            !letter.text.contains("\n\n\n") && !letter.text.hasPrefix("\n") && letter.text.hasSuffix("\n")
                && !letter.text.hasSuffix("\n\n"), "there is an empty paragraph")
        need(!letter.text.contains("{{") && !letter.html.contains("{{") && !letter.subject.contains("{{"), "a place was left")
        let open: (Unicode.Scalar) -> Bool = {
            (0xE000...0xF8FF).contains($0.value) || $0.value >= 0xF0000 || Printable.isUnsafe($0) && $0 != "\n"
        }
        for text in [letter.text, letter.html, letter.subject] {
            need(!text.unicodeScalars.contains(where: open), "a character for private use or a control was left")
        }
        let flat = lines.joined(separator: " ")
        for part in [office.name, office.email, office.phone] + office.address + (office.fax.map { [$0] } ?? []) {
            need(flat.contains(part.split(separator: " ").joined(separator: " ")), "the office's \(part) is missing")
        }
        let notice = contents.definition.returnNotice[letter.language] ?? ""
        need(flat.contains(notice) == contents.kind.hasBallotLink, "the return notice is missing, or out of place")
        need(!letter.subject.isEmpty && !letter.subject.contains("\n"), "the subject is no line")
        need(!letter.subject.contains(contents.voterName) && !letter.subject.contains("http"), "the subject is personal")
        let isSample = letter.subject.hasPrefix("SAMPLE") && letter.text.hasPrefix("SAMPLE") && letter.html.contains("<p><strong>SAMPLE")
        need(isSample == contents.test && letter.text.contains("SAMPLE") == contents.test, "SAMPLE is missing, or out of place")
        let word = contents.kind.hasBallotLink ? contents.word : nil
        if let word {
            need(letter.text.contains(": \(word)\n"), "the word is missing")
        } else {
            need(!letter.text.contains("7K3MQZ"), "the word is out of place")
        }
        let day = CivilDate("2028-10-27")?.long(language: letter.language) ?? ""
        need(
            flat.contains(day) == (contents.postBy != nil && contents.kind.hasBallotLink), "the day of posting is missing, or out of place")
        need(
            flat.contains("FWAB") == (contents.postBy != nil && contents.isPastPostBy && contents.kind.hasBallotLink),
            "what helps after that day is missing, or out of place")
        let birthday = letter.language == "es" ? "fecha de nacimiento" : "date of birth"
        need(
            flat.contains(birthday) == (contents.definition.identityQuestion == .dateOfBirth && contents.kind.hasBallotLink),
            "the birthday is missing, or out of place")
        return faults
    }
}

/// Python's own reader of HTML looks at pages: every tag closed, one link, its address shown, nothing fetched, the words of the text.
enum LetterJudge {
    static let present = FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")

    /// What is wrong with any of the letters.
    static func faults(_ letters: [(letter: WrittenLetter, link: String)]) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("letters-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let rows = letters.map {
            ["subject": $0.letter.subject, "text": $0.letter.text, "html": $0.letter.html, "link": $0.link, "language": $0.letter.language]
        }
        try JSONSerialization.data(withJSONObject: rows).write(to: folder.appendingPathComponent("letters.json"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", script]
        process.currentDirectoryURL = folder
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let lines = String(decoding: said, as: UTF8.self).split(separator: "\n").map(String.init)
        #expect(lines.last == "read \(letters.count)")
        return lines.dropLast()
    }

    private static let script = """
        import json, re
        from html.parser import HTMLParser
        VOID = {"meta", "br"}
        ALLOWED = {"html": {"lang", "dir"}, "meta": {"charset", "name", "content"}, "body": {"style"}, "a": {"href"}, "ol": {"start"},
                   "head": set(), "title": set(), "p": set(), "li": set(), "ul": set(), "br": set(), "strong": set()}
        class Page(HTMLParser):
            def __init__(self):
                super().__init__(convert_charrefs=True)
                self.open, self.faults, self.links, self.words, self.title, self.lang, self.items, self.dir = [], [], [], [], "", "", 0, ""
            def handle_starttag(self, tag, attrs):
                if tag not in ALLOWED or not {k for k, _ in attrs} <= ALLOWED[tag]: self.faults.append("tag %s %r" % (tag, attrs))
                if tag == "a": self.links.append([dict(attrs)["href"], ""])
                if tag == "html": self.lang, self.dir = dict(attrs)["lang"], dict(attrs)["dir"]
                if tag in ("p", "ol", "ul") and self.open[-1:] != ["body"]: self.faults.append("%s in %s" % (tag, self.open))
                if tag == "ol": self.items = int(dict(attrs).get("start", 1))
                if tag == "ul": self.items = None
                if tag == "li": self.words.append("-" if self.items is None else "%d." % self.items)
                if tag == "li" and self.items is not None: self.items += 1
                if tag == "br": self.words.append("\\n")
                if tag not in VOID: self.open.append(tag)
            def handle_endtag(self, tag):
                if not self.open or self.open.pop() != tag: self.faults.append("end of " + tag)
                self.words.append(" ")
            def handle_data(self, data):
                if self.open[-1:] == ["title"]: self.title += data; return
                if "a" in self.open: self.links[-1][1] += data
                self.words.append(data)
            def handle_comment(self, data): self.faults.append("a comment")
            def handle_pi(self, data): self.faults.append("an instruction")
        letters = json.load(open("letters.json"))
        for letter in letters:
            page = Page()
            page.feed(letter["html"]); page.close()
            faults = page.faults + ["open: " + tag for tag in page.open]
            if page.links != [[letter["link"], letter["link"]]]: faults.append("links %r" % page.links)
            if page.title != letter["subject"]: faults.append("title %r" % page.title)
            if page.lang != letter["language"]: faults.append("lang")
            flat = lambda text: " ".join(text.split())
            if flat("".join(w if w == " " else w + " " if w[-1:] == "." or w == "-" else w for w in page.words)) != flat(letter["text"]):
                faults.append("other words: %r" % flat("".join(page.words)))
            style = letter["html"].split("<body")[1].split(">")[0]
            if re.search("(?i)url\\\\(|@import|expression|color|src=|on[a-z]+=", style): faults.append("style")
            for fault in faults: print(letter["subject"], "|", fault)
        print("read", len(letters))
        """
}
