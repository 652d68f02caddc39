import Elections
import Foundation
import Office
import Testing

@Suite("Letters")
struct LetterWriterTests {
    @Test("Every letter has one link, every contact, whole words and nothing left over")
    func everyLetter() throws {
        let writer = try LetterWriter(overrides: nil)
        let all = try LetterSamples.everything()
        #expect(all.count > 1000)
        for contents in all {
            let letter = try writer.write(contents)
            #expect(letter.language == contents.language)
            #expect(LetterSamples.faults(of: letter, contents) == [])
        }
    }

    @Test(
        "Every letter's page has the words of its text, one link, and nothing that is fetched",
        .enabled(if: LetterJudge.present, "there is no python3"))
    func everyPage() throws {
        let writer = try LetterWriter(overrides: nil)
        let letters = try LetterSamples.everything().map { (try writer.write($0), $0.link) }
        #expect(try LetterJudge.faults(letters) == [])
    }

    @Test("A letter is the same whether or not others of its form were written before")
    func keptForms() throws {
        let shared = try LetterWriter(overrides: nil)
        let all = try LetterSamples.everything()
        for contents in all { _ = try shared.write(contents) }
        // Making a writer reads every template: one letter in twenty-nine is enough, and meets every kind.
        for contents in stride(from: 0, to: all.count, by: 29).map({ all[$0] }) {
            #expect(try shared.write(contents) == LetterWriter(overrides: nil).write(contents))
        }
    }

    @Test("Whatever differs in the election differs in its letter")
    func electionsApart() throws {
        let writer = try LetterWriter(overrides: nil)
        let changes: [(inout ElectionDefinition) -> Void] = [
            { $0.name = "Special Election" }, { $0.date = $0.date.adding(days: 1) }, { $0.jurisdiction.name = "Juniper County" },
            { $0.office.name = "Another Board" }, { $0.office.email = "a@b.example" }, { $0.office.phone = "911" }, { $0.office.fax = nil },
            { $0.office.fax = "912" }, { $0.office.address = ["1 Main Street"] }, { $0.returnNotice["en"] = "By post, please." },
            { $0.identityQuestion = .lastFourOfID }, { $0.languages = ["es", "en"] }, { $0.test = true }
        ]
        let election = try LetterSamples.election()
        let first = try writer.write(LetterSamples.contents(.ballotReady, "xx", election))
        for change in changes {
            var other = election
            change(&other)
            #expect(try writer.write(LetterSamples.contents(.ballotReady, "xx", other)) != first)
            #expect(try writer.write(LetterSamples.contents(.ballotReady, "xx", election)) == first)
        }
        let closing = try LetterSamples.election { $0["deadlines"] = ["receipt": "2028-11-09T20:00"] }
        #expect(try writer.write(LetterSamples.contents(.ballotReady, "en", closing)).text.contains("until November 9, 2028"))
        #expect(try writer.write(LetterSamples.contents(.rejected, "en", closing)).text.contains("November 9, 2028"))
    }

    @Test("Hostile names come out as themselves, and can do nothing", .enabled(if: LetterJudge.present, "there is no python3"))
    func hostileNames() throws {
        let names = [
            "{{link}}", "{{{word}}}", "{{#test}}x{{/test}}", "{{% CONTENT_TYPE:HTML}}", "<script>alert(1)</script>", "<a href=\"x\">y</a>",
            "&amp;lt;",
            "O'Neill \"Bud\" & Sons", "-->", "]]>", "</title>", "\u{202E}evil\u{202C}", "\u{2066}x\u{2069}", "\u{F0001}\u{F0002}\u{F0003}",
            "\u{E000}\u{10FFFF}",
            "a\nb", "a\r\nBcc: x@y.example", "a\u{0}b\u{1B}[2J", "a\u{2028}b\u{85}c", "  two   spaces  ", "", " ", "\u{FEFF}", "👩‍👩‍👧‍👦 Family",
            "e\u{301}e\u{301}",
            "Z" + String(repeating: "\u{0310}\u{0489}", count: 500), String(repeating: "x", count: 100),
            String(repeating: "é", count: 1000),
            String(repeating: "W ", count: 400), "王小明", String(repeating: "王小明、", count: 60), "محمد علي", "שרה כהן",
            "https://evil.example/x", "HTTP:/evil.example",
            "www.evil.example", "WWW.evil.example", "x://y", "From the moon", ".", "1. List", "- dash", "Subject: x", "\u{AD}\u{200B}",
            String(repeating: "👨‍👩‍👧‍👦", count: 100)
        ]
        let writer = try LetterWriter(overrides: nil)
        let election = try LetterSamples.election { $0["identity_question"] = "none" }
        var letters: [(WrittenLetter, String)] = []
        for name in names {
            for kind in [LetterKind.ballotReady, .rejected] {
                for language in ["en", "es"] {
                    var contents = LetterSamples.contents(kind, language, election, name: name)
                    contents.word = "7K3MQZ"
                    let letter = try writer.write(contents)
                    contents.voterName = "no name stands in the subject"
                    let faults = LetterSamples.faults(of: letter, contents).filter {
                        !(name.contains("{{") && $0.hasSuffix("a place was left"))
                    }
                    #expect(faults == [], "\(Printable.quote(name))")
                    letters.append((letter, contents.link))
                }
            }
        }
        #expect(
            try LetterJudge.faults(
                letters.filter {
                    !$0.0.text.contains("\u{310}") && !$0.0.text.contains("王") && !$0.0.text.contains("ééé") && !$0.0.text.contains("👧‍👦👨")
                }) == [])
        func greeting(_ name: String) throws -> String {
            String(try writer.write(LetterSamples.contents(.received, "en", election, name: name)).text.prefix { $0 != "\n" })
        }
        #expect(try greeting("{{link}}") == "Dear {{link}},")
        #expect(try greeting("<script>alert(1)</script>") == "Dear <script>alert(1)</script>,")
        #expect(try greeting("👩‍👩‍👧‍👦 Family") == "Dear 👩‍👩‍👧‍👦 Family,")
        #expect(try greeting("e\u{301}e\u{301}") == "Dear e\u{301}e\u{301},")
        #expect(try greeting("\u{202E}evil") == "Dear \u{FFFD}evil,")
        #expect(try greeting("\u{F0002}") == "Dear \u{FFFD},")
        #expect(try greeting("a\r\nBcc: x") == "Dear a Bcc: x,")
        #expect(try greeting("  ") == "Dear voter,")
        #expect(try greeting("https://evil.example") == "Dear https: //evil. example,")
    }

    @Test("A name that looks like the address of a site makes no second link")
    func namedLikeSite() throws {
        let election = try LetterSamples.election()
        for (name, shown) in [
            ("ballots.example/b/x Lopez", "ballots. example/b/x Lopez"), ("J.R.Smith", "J. R. Smith"),
            ("evil\u{3002}com", "evil\u{3002} com"),
            ("a@b.example", "a b. example"), ("Quentin Q. O'Hara, Jr.", "Quentin Q. O'Hara, Jr.")
        ] {
            let letter = try LetterWriter(overrides: nil).write(LetterSamples.contents(.ballotReady, "en", election, name: name))
            #expect(letter.text.contains(shown) && (name == shown || !letter.text.contains(name)))
        }
    }

    @Test("An office with the longest words makes no long lines")
    func hostileOffices() throws {
        let election = try LetterSamples.election()
        let writer = try LetterWriter(overrides: nil)
        for long in [
            String(repeating: "Office of the Board ", count: 15), String(repeating: "n", count: 300), String(repeating: "é", count: 900),
            "A & B <c> \"d\" 'e'"
        ] {
            var hostile = election
            hostile.office.name = long.trimmingCharacters(in: .whitespaces)
            hostile.name = hostile.office.name
            hostile.jurisdiction.name = hostile.office.name
            for kind in LetterKind.allCases {
                let contents = LetterSamples.contents(kind, "en", hostile)
                let lines = try writer.write(contents).text.split(separator: "\n")
                #expect(lines.allSatisfy { $0.utf8.count <= 900 && (TextWidth.of(String($0)) <= 72 || !$0.contains(" ")) })
                // Text is text: an ampersand in the office's name is no "&amp;".
                let flat = lines.joined(separator: " ")
                if hostile.office.name.utf8.count <= 300 { #expect(flat.contains(hostile.office.name)) }
                #expect(lines.count { $0 == contents.link } == 1)
            }
        }
    }

    @Test(
        "What is no link is never sent as one",
        arguments: ["", "b/abc", "https://a b", "https://a\"b", "javascript:alert(1)", "https://a<b>", "https://é", "https://a\nb"])
    func badLinks(link: String) throws {
        let writer = try LetterWriter(overrides: nil)
        var contents = LetterSamples.contents(.ballotReady, "en", try LetterSamples.election())
        contents.link = link
        #expect(throws: OfficeError.self) { try writer.write(contents) }
    }

    @Test("The language is the voter's, then the election's, then English")
    func languages() throws {
        let writer = try LetterWriter(overrides: nil)
        func language(_ wanted: String, of languages: [String]) throws -> String {
            var election = try LetterSamples.election()
            election.languages = languages
            return try writer.write(LetterSamples.contents(.reminder, wanted, election)).language
        }
        #expect(try language("es", of: ["en", "es"]) == "es")
        #expect(try language("en", of: ["en", "es"]) == "en")
        #expect(try language("zh", of: ["en", "es"]) == "en")
        #expect(try language("zh", of: ["es", "en"]) == "es")
        #expect(try language("es", of: ["en"]) == "en")
        #expect(try language("zh", of: ["zh", "es"]) == "es")
        #expect(try language("zh", of: ["zh"]) == "en")
        #expect(try language("es-PR", of: ["en", "es-PR"]) == "es")
        #expect(writer.languages == ["en", "es"])
        #expect(writer.template(.reminder, language: "fr") == nil)
    }

    @Test("A letter in a language without texts of ours has the office's own words, from right to left where that is how it is read")
    func otherLanguages() throws {
        let folder = try LetterFolderSample()
        defer { folder.remove() }
        let body = "الناخب {{voter}}\n\n{{link}}\n\n{{#word}}{{word}}{{/word}}\n\n{{return_notice}}\n\n{{contact}}\n"
        try folder.write("ballot_ready.ar.txt", "Subject: {{election}}\n\n" + body)
        let writer = try LetterWriter(overrides: folder.url)
        var election = try LetterSamples.election()
        election.languages = ["en", "ar"]
        let letter = try writer.write(LetterSamples.contents(.ballotReady, "ar", election))
        #expect(letter.language == "ar" && letter.html.contains("<html lang=\"ar\" dir=\"rtl\">"))
        #expect(letter.text.hasPrefix("الناخب Maria López\n\nhttps://"))
        #expect(letter.text.contains("Your ballot must be returned by post to be counted."))
        #expect(try writer.write(LetterSamples.contents(.reminder, "ar", election)).language == "en")
        #expect(writer.languages == ["ar", "en", "es"])
    }

    @Test("Many threads write at once")
    func threads() async throws {
        let writer = try LetterWriter(overrides: nil)
        let all = try LetterSamples.everything()
        let expected = try all.map { try writer.write($0) }
        let other = try LetterWriter(overrides: nil)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 { group.addTask { try all.map { try other.write($0) } == expected } }
            for try await same in group { #expect(same) }
        }
    }

    @Test("No letter invites to e-mail a ballot, and none about a rejected one speaks of what may not be a reason (52 USC 20302(i))")
    func nothingForbidden() throws {
        let writer = try LetterWriter(overrides: nil)
        var paragraphs: Set<String> = []
        for contents in try LetterSamples.everything() {
            let text = try writer.write(contents).text
            paragraphs.formUnion(text.components(separatedBy: "\n\n").map { $0.replacingOccurrences(of: "\n", with: " ") })
            guard contents.kind == .rejected else { continue }
            let words = text.lowercased()
            for stem in ["paper", "envelope", "notar", "witness", "papel", "un sobre", "el sobre", "testigo"] {
                #expect(!words.contains(stem))
            }
        }
        for paragraph in paragraphs { #expect(LetterLint.invitation(in: paragraph) == nil) }
    }

    @Test("What helps is said by reason, in both languages, and the day of the deadline only where it helps")
    func cures() throws {
        let writer = try LetterWriter(overrides: nil)
        let election = try LetterSamples.election()
        let expected: [(RejectionReason, String, String)] = [
            (.missingVoterSignature, "before November 7, 2028 if you can", "antes del 7 de noviembre de 2028"),
            (.mismatchVoterSignature, "what the law allows", "qué permite la ley"), (.notTimely, "(FPCA) every January", "cada enero"),
            (.postmark, "when and where you mailed it", "cuándo y dónde la envió"),
            (.voterDied, "Please call us right away.", "Llámenos de inmediato."),
            (.voterMoved, "you have moved", "usted se mudó"), (.voterUnregistered, "how to register", "cómo inscribirse"),
            (.other("two ballots came together"), "whether it can still be put right", "si todavía se puede subsanar")
        ]
        #expect(expected.count == RejectionReason.named.count + 1)
        for (reason, english, spanish) in expected {
            for (language, words) in [("en", english), ("es", spanish)] {
                var contents = LetterSamples.contents(.rejected, language, election)
                contents.reason = reason
                let text = try writer.write(contents).text.replacingOccurrences(of: "\n", with: " ")
                #expect(text.contains(words), "\(reason) \(language)")
                let isSignature = reason == .missingVoterSignature || reason == .mismatchVoterSignature
                #expect(text.components(separatedBy: "2028").count == (isSignature ? 3 : 2), "\(reason) \(language)")
            }
        }
    }

    @Test("Reasons in an office's own words do not pile up, and one that ends in a full stop does not get two")
    func ownReasons() throws {
        let writer = try LetterWriter(overrides: nil)
        let election = try LetterSamples.election()
        for number in 0..<1500 {
            var contents = LetterSamples.contents(.rejected, "en", election)
            contents.reason = .other("case number \(number).")
            let text = try writer.write(contents).text
            #expect(text.contains("\n\nCase number \(number).\n\n"))
        }
    }
}

/// A folder for an office's own letters.
struct LetterFolderSample {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("letters-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: url.appendingPathComponent(name)) }

    func remove() { try? FileManager.default.removeItem(at: url) }
}
