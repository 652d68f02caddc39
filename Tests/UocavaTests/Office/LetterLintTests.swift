import Elections
import Foundation
import Office
import Testing

@Suite("Letters in an office's own words")
struct LetterLintTests {
    /// A good letter with a ballot link; tests change one thing in it.
    private static let good = """
        Subject: Your ballot for the {{election}}

        Dear {{voter}},

        Your ballot is ready. Please open this page by {{closes}}:

        {{link}}

        {{#word}}The word is {{word}}.{{/word}}

        {{#post_by}}{{^past_post_by}}Please post it by {{post_by}}.{{/past_post_by}}{{/post_by}}

        {{return_notice}}

        {{contact}}
        """

    private static func problems(_ text: String, _ kind: LetterKind = .ballotReady, _ language: String = "en") -> [Problem] {
        LetterLint.problems(in: text, kind: kind, language: language, file: "mine.txt")
    }

    private static func changed(_ old: String, _ new: String) -> String {
        #expect(good.contains(old))
        return good.replacingOccurrences(of: old, with: new)
    }

    @Test("The shipped letters pass, without a warning")
    func shipped() throws {
        let writer = try LetterWriter(overrides: nil)
        for language in ["en", "es"] {
            for kind in LetterKind.allCases {
                let text = try #require(writer.template(kind, language: language))
                #expect(Self.problems(text, kind, language) == [])
                #expect(LetterLint.warnings(in: text, kind: kind, language: language, file: "x") == [])
            }
        }
        #expect(Self.problems(Self.good) == [])
    }

    @Test(
        "A place with the wrong marks, one that says nothing in the letter, and a day that would be said when it is over, are found",
        arguments: [
            ("Dear {{voter}}", "Dear {voter}, {{voter}}", "{voter} would stand there as it is", 3),
            ("Dear {{voter}}", "Dear «voter», {{voter}}", "«voter» would stand there as it is", 3),
            ("Your ballot is ready.", "Ready because {{reason}}.", "{{reason}} says nothing in this letter", 5),
            (
                "{{^past_post_by}}Please post it by {{post_by}}.{{/past_post_by}}", "Please post it by {{post_by}}.",
                "would be said also when", 11
            )
        ])
    func misplaced(_ old: String, _ new: String, _ what: String, _ line: Int) {
        let found = Self.problems(Self.changed(old, new))
        #expect(found.contains { $0.what.contains(what) && $0.line == line }, "\(found)")
    }

    @Test("A return notice that invites to e-mail the ballot is found, and a plain one is not")
    func returnNotice() {
        #expect(LetterLint.invitation(in: "Your ballot must come back by mail.") == nil)
        #expect(LetterLint.invitation(in: "Return it by mail, or e-mail your ballot to us.") != nil)
    }

    @Test(
        "Each thing that keeps a letter from being used is found, with its line",
        arguments: [
            ("Subject: Your ballot for the {{election}}", "Your ballot", "the first line is not the subject", 1),
            ("Subject: Your ballot for the {{election}}", "Subject:  ", "the subject is empty", 1),
            (
                "Subject: Your ballot for the {{election}}", "Subject: {{#test}}x{{/test}}", "there is no subject in some of the letters",
                nil
            ),
            ("{{election}}\n\nDear", "{{election}}\nDear", "no empty line follows the subject", 2),
            ("Subject: Your ballot", "Subject: " + String(repeating: "Your ballot ", count: 14), "the subject has", 1),
            ("for the {{election}}", "for {{voter}}", "{{voter}} stands in the subject", 1),
            ("for the {{election}}", "for {{word}}", "{{word}} stands in the subject", 1),
            ("for the {{election}}", "{{link}}", "{{link}} stands in the subject", 1),
            ("for the {{election}}", "for {{reason}}", "{{reason}} stands in the subject", 1),
            ("for the {{election}}", "{{contact}}", "{{contact}} stands in the subject", 1),
            ("{{voter}}", "{{voter_name}}", "there is no {{voter_name}}", 3),
            ("{{voter}}", "{{vote}}", "there is no {{vote}}", 3),
            ("{{voter}}", "{{voter.count}}", "there is no {{voter.count}}", 3),
            ("{{voter}}", "{{uppercased(voter)}}", "there is no {{uppercased(voter)}}", 3),
            ("{{voter}}", "{{{name}}}", "there is no {{name}}", 3),
            ("{{voter}}", "{{& name}}", "there is no {{name}}", 3),
            ("{{voter}}", "{{.}}", "{{.}} stands outside of {{#address}}", 3),
            ("{{voter}}", "{{^address}}{{.}}{{/address}}", "{{.}} stands outside of {{#address}}", 3),
            ("{{voter}}", "{{#name}}x{{/name}}", "there is no {{name}}", 3),
            ("{{voter}}", "{{test}}", "{{test}} has no words of its own", 3),
            ("{{voter}}", "{{> header}}", "is a part from another file", 3),
            ("{{voter}}", "{{< header}}{{/header}}", "is a part from another file", 3),
            ("{{voter}}", "{{$ block}}{{/block}}", "is a part from another file", 3),
            ("{{voter}}", "{{=<% %>=}}", "changes the marks", 3),
            ("{{voter}}", "{{% CONTENT_TYPE:HTML}}", "is a setting", 3),
            ("{{voter}}", "{{voter", "a {{ has no end", 3),
            ("{{voter}}", "{{#test}}x", "the part {{#test}} has no end", 3),
            ("{{voter}}", "x{{/test}}", "{{/test}} ends a part that does not begin", 3),
            ("{{voter}}", "{{#test}}{{#fax}}x{{/test}}{{/fax}}", "{{/test}} stands where {{/fax}} should", 3),
            ("{{voter}}", "{{}}", "there is no {{}}", 3),
            ("{{voter}}", "{{vo ter()}}", "there is no {{voter()}}", 3),
            ("\n{{link}}\n", "\n", "there is no {{link}}", nil),
            ("\n{{link}}\n", "\n{{link}}\n\n{{link}}\n", "{{link}} stands there more than once", nil),
            ("\n{{link}}\n", "\nHere: {{link}}\n", "{{link}} is not on a line of its own", nil),
            ("\n{{link}}\n", "\n1. {{link}}\n", "{{link}} is not on a line of its own", nil),
            ("\n{{link}}\n", "\n{{#fax}}{{link}}{{/fax}}\n", "there is no {{link}} in some of the letters", nil),
            ("{{contact}}", "Bye", "the letter does not say how to reach the office", nil),
            (
                "{{contact}}", "{{office}}, {{email}}, {{phone}}\n{{address}}",
                "the letter does not say how to reach the office in some of the letters", nil
            ),
            ("{{contact}}", "{{office}}, {{phone}}\n{{address}}", "the letter does not say how to reach the office", nil),
            ("{{contact}}", "Ask: {{contact}}", "{{contact}} is not on a line of its own", nil),
            ("\n{{link}}\n", "\n{{#address}}\n{{link}}\n{{/address}}\n", "{{link}} stands there more than once", nil),
            ("{{voter}}", String(repeating: "{{#test}}", count: 900), "parts stand in parts in parts", 3),
            ("{{return_notice}}", "", "there is no {{return_notice}}", nil),
            ("{{return_notice}}", "{{#test}}{{return_notice}}{{/test}}", "there is no {{return_notice}} in some of the letters", nil),
            ("The word is {{word}}.", "There is a word.", "there is no {{word}} in some of the letters", nil),
            ("Your ballot is ready.", "See https://example.gov/x for more.", "would become a link", 5),
            ("Your ballot is ready.", "See www.example.gov.", "would become a link", 5),
            ("Your ballot is ready.", "See example.gov.", "would become a link", 5),
            ("Your ballot is ready.", "See votes.example.co.uk/now.", "would become a link", 5),
            ("Your ballot is ready.", "See ex{{#test}}{{/test}}ample.com.", "would become a link", nil),
            ("Your ballot is ready.", "See {{office}}.com.", "would become a link", nil),
            ("Your ballot is ready.", "See 192.0.2.1.", "would become a link", 5),
            ("Your ballot is ready.", "See münchen.example.", "would become a link", 5),
            ("Your ballot is ready.", "Write to clerk@example.", "would become a link", 5),
            ("Your ballot is ready.", "Write to mailto:clerk.", "would become a link", 5),
            ("Your ballot is ready.", "Dial tel:+12025550100.", "would become a link", 5),
            ("Your ballot is ready.", "Dial (tel:2025550100).", "would become a link", 5),
            ("Your ballot is ready.", "Write to sms:2025550100.", "would become a link", 5),
            ("Your ballot is ready.", "Write to skype:clerk?chat.", "would become a link", 5),
            ("Your ballot is ready.", "It is in \\\\host\\share.", "would become a link", 5),
            ("Your ballot is ready.", "See evil。com.", "would become a link", 5),
            ("Your ballot is ready.", "See evil｡com.", "would become a link", 5),
            ("Your ballot is ready.", "See 💩.la.", "would become a link", 5),
            ("Your ballot is ready.", "See xn--e1a4c.xn--p1ai.", "would become a link", 5),
            ("Your ballot is ready.", "See ｅｖｉｌ．ｃｏｍ.", "would become a link", 5),
            ("Your ballot is ready.", "See evil\u{200E}.com.", "would become a link", 5),
            ("Your ballot is ready.", "It is <b>ready</b>.", "is HTML", 5),
            ("Your ballot is ready.", "It is ready.<br/>", "is HTML", 5),
            ("Your ballot is ready.", "It is&nbsp;ready.", "is HTML", 5),
            ("Your ballot is ready.", "It is <!-- x --> ready.", "is HTML", 5),
            ("Your ballot is ready.", "It is \u{202E}ready.", "invisible character U+202E", 5),
            ("Your ballot is ready.", "It is \u{7}ready.", "invisible character U+0007", 5),
            ("Your ballot is ready.", "It is \u{F0002}ready.", "invisible character U+F0002", 5),
            ("Your ballot is ready.", "It is \u{2066}ready.", "invisible character U+2066", 5),
            ("Your ballot is ready.", "It is \u{3164}ready.", "invisible character U+3164", 5),
            ("Your ballot is ready.", "It is re\u{115F}ady.", "invisible character U+115F", 5),
            ("Your ballot is ready.", "It is re\u{1160}ady.", "invisible character U+1160", 5),
            ("Your ballot is ready.", "It is re\u{17B4}ady.", "invisible character U+17B4", 5),
            ("Your ballot is ready.", "It is re\u{17B5}ady.", "invisible character U+17B5", 5),
            ("Your ballot is ready.", "It is re\u{2800}ady.", "invisible character U+2800", 5),
            ("Your ballot is ready.", "It is re\u{FFA0}ady.", "invisible character U+FFA0", 5),
            ("Your ballot is ready.", "It is re\u{34F}ady.", "invisible character U+034F", 5),
            ("Your ballot is ready.", "It is re\u{FE0F}ady.", "invisible character U+FE0F", 5),
            ("Your ballot is ready.", "It is re\u{180E}ady.", "invisible character U+180E", 5),
            ("Your ballot is ready.", "It is re\u{200B}ady.", "invisible character U+200B", 5),
            ("Your ballot is ready.", "It is re\u{200D}ady.", "invisible character U+200D", 5),
            ("Your ballot is ready.", "By \u{435}mail it is.", "letters that look like others", 5),
            ("Your ballot is ready.", "By f\u{3B1}x it is.", "letters that look like others", 5),
            ("Your ballot is ready.", "\u{415}{{#test}}{{/test}}mail it is.", "letters that look like others", nil),
            ("Your ballot is ready.", "By 𝐞𝐦𝐚𝐢𝐥 it is.", "letters that look like others", 5),
            ("Your ballot is ready.", "By ⓔⓜⓐⓘⓛ it is.", "letters that look like others", 5),
            ("Your ballot is ready.", "By ᴇᴍᴀɪʟ it is.", "letters that look like others", 5),
            ("Your ballot is ready.", "Fax your ballot to {{fax}}.", "invitation", 5),
            ("Your ballot is ready.", "You can {{^test}}not{{/test}} return it by e-mail.", "invitation", nil),
            ("Your ballot for the", "E-mail your ballot now for the", "invitation", 1)
        ] as [(String, String, String, Int?)])
    func rules(old: String, new: String, what: String, line: Int?) {
        let found = Self.problems(Self.changed(old, new))
        #expect(
            found.contains { $0.what.contains(what) && $0.file == "mine.txt" && (line == nil || $0.line == line) && !$0.hint.isEmpty },
            "\(new): \(found)")
    }

    @Test("Templates may say all of this")
    func allowed() {
        for (old, new) in [
            ("{{voter}}", "{{{voter}}}"), ("{{voter}}", "{{& voter}}"), ("{{voter}}", "{{! a remark: see example.gov }}{{voter}}"),
            ("{{contact}}", "{{office}}\n{{#address}}\n{{.}}\n{{/address}}\n{{email}}\n{{phone}}{{#fax}}\n{{fax}}{{/fax}}"),
            ("{{contact}}", "{{office}}\n{{address}}\n{{email}}, {{phone}}{{#fax}}, {{fax}}{{/fax}}"),
            ("Your ballot is ready.", "In the EE.UU., e.g. in Washington D.C., at 9 a.m., it costs 3 < 4 & 5.50. P.ej. No.5."),
            ("Your ballot is ready.", "{{#test}}A test.{{/test}}{{^test}}No test.{{/test}}"),
            ("Your ballot is ready.", "Note: open from 8:00 to 17:00, see 52 USC 20302. Tel:{{phone}}. 3:1."),
            ("Your ballot is ready.", "Ваш бюллетень готов. Το ψηφοδέλτιό σας είναι έτοιμο. بطاقتك جاهزة. 您的选票已准备好。请打开PDF。"),
            ("Your ballot is ready.", "בקובץ PDF\u{200E}. می\u{200C}خواهید. ខ្មែរ\u{200B}អាន. ☎\u{FE0F} 1ᵉʳ 5km ＰＤＦ"),
            ("\n", "\r\n"), ("Dear", "\tDear"), ("Subject:", "\u{FEFF}Subject:"), ("Subject:", "SUBJECT:")
        ] {
            #expect(Self.problems(Self.changed(old, new)) == [], "\(new)")
        }
        #expect(Self.problems(Self.good + String(repeating: "\nwords ", count: 4000)).first?.what == "this is larger than 20 KB")
        #expect(Self.problems("").count == 1)
    }

    @Test("A letter about a rejected ballot says why, and what can still be done")
    func rejected() {
        let text = "Subject: Your ballot\n\n{{reason}}.\n\n{{cure}}\n\n{{link}}\n\n{{contact}}\n"
        #expect(Self.problems(text, .rejected) == [])
        #expect(Self.problems(text.replacingOccurrences(of: "{{reason}}.", with: ""), .rejected).map(\.what) == ["there is no {{reason}}"])
        #expect(Self.problems(text.replacingOccurrences(of: "{{cure}}", with: ""), .rejected).map(\.what) == ["there is no {{cure}}"])
        #expect(Self.problems(text.replacingOccurrences(of: "{{cure}}", with: "So: {{cure}}"), .rejected).count == 1)
        #expect(Self.problems("Subject: x\n\n{{link}}\n\n{{contact}}\n", .received) == [])
    }

    @Test("A near name is offered")
    func nearest() {
        #expect(Self.problems(Self.changed("{{voter}}", "{{votr}}")).first?.hint.contains("Did you mean {{voter}}?") == true)
    }

    @Test("What cannot be checked is said")
    func warnings() {
        func warnings(_ text: String, _ language: String, _ kind: LetterKind = .ballotReady) -> [String] {
            LetterLint.warnings(in: text, kind: kind, language: language, file: "mine.txt").map(\.what)
        }
        #expect(warnings(Self.good, "en").isEmpty && warnings(Self.good, "es-PR").isEmpty)
        #expect(warnings(Self.good, "zh").first?.contains("English and Spanish only") == true)
        #expect(warnings(Self.good.replacingOccurrences(of: "{{voter}}", with: "voter"), "en") == ["the letter has no {{voter}}"])
        #expect(warnings(Self.good.replacingOccurrences(of: "{{closes}}", with: "then"), "en") == ["the letter has no {{closes}}"])
        #expect(
            warnings(
                Self.changed("{{#post_by}}{{^past_post_by}}Please post it by {{post_by}}.{{/past_post_by}}{{/post_by}}", ""), "en",
                .reminderPost) == [
                    "the letter has no {{post_by}}"
                ])
        let broken = Self.changed("Your ballot is ready.", "Your ballot is ready, and it waits for you on our page until\nthe link closes.")
        #expect(warnings(broken, "en") == ["the paragraph goes on in a new line"])
        #expect(warnings("nothing", "en").isEmpty)
        for number in ["(202) 555-0100", "+1 202 555 0100", "202.555.0100", "555-0100", "2025550100", "٢٠٢ ٥٥٥ ٠١٠٠"] {
            let found = warnings(Self.changed("Your ballot is ready.", "Call \(number) for help."), "en")
            #expect(found.count == 1 && found.first?.contains("mail programs make a link of") == true, "\(number): \(found)")
        }
        for harmless in [
            "52 USC 20302(e)", "11/07/2028", "2028-11-07", "7.11.2028", "20001-1234", "Washington, DC 20001", "2026-2028",
            "from 8:00 to 17:00",
            "{{phone}}", "{{! 202 555 0100 }}it", "1,000,000"
        ] {
            #expect(warnings(Self.changed("Your ballot is ready.", "It is \(harmless)."), "en").isEmpty, "\(harmless)")
        }
    }

    @Test("A shipped letter under the name of another is said, and one that was changed a little too")
    func otherName() throws {
        let writer = try LetterWriter(overrides: nil)
        func warnings(_ text: String, _ kind: LetterKind, _ language: String) -> [String] {
            LetterLint.warnings(in: text, kind: kind, language: language, file: "x").map(\.what).filter { $0.contains("the words of") }
        }
        for kind in LetterKind.allCases {
            for language in ["en", "es"] {
                let text = try #require(writer.template(kind, language: language))
                let changed = text.replacingOccurrences(of: ",\n", with: "!\n")
                let name = "it has the words of the shipped \(kind.rawValue).\(language).txt"
                for other in LetterKind.allCases where other != kind {
                    #expect(warnings(text, other, language) == [name] && warnings(changed, other, language) == [name])
                }
                #expect(warnings(text, kind, language == "en" ? "es" : "en") == [name])
                #expect(warnings(changed, kind, language + "-PR") == [])
            }
        }
        #expect(warnings(Self.good, .received, "en") == [])
    }

    @Test("An office's own letter goes before the shipped one, in its language only")
    func ownLetter() throws {
        let folder = try LetterFolderSample()
        defer { folder.remove() }
        let own = Self.good.replacingOccurrences(of: "Your ballot is ready.", with: "Good day from the harbour & the hills.")
        try folder.write("ballot_ready.en.txt", own)
        try folder.write(".ballot_ready.en.txt.swp", "whatever")
        let writer = try LetterWriter(overrides: folder.url)
        let election = try LetterSamples.election()
        let letter = try writer.write(LetterSamples.contents(.ballotReady, "en", election))
        #expect(
            letter.text.replacingOccurrences(of: "\n", with: " ").contains(
                "Good day from the harbour & the hills. Please open this page by November 7, 2028, 8:00 p.m. (Eastern Time):"))
        #expect(letter.html.contains("the harbour &amp; the hills."))
        #expect(try !writer.write(LetterSamples.contents(.ballotReady, "es", election)).text.contains("harbour"))
        #expect(try !writer.write(LetterSamples.contents(.newLink, "en", election)).text.contains("harbour"))
        #expect(writer.template(.ballotReady, language: "en") == own)
        #expect(try LetterWriter(overrides: folder.url.appendingPathComponent("none")).template(.ballotReady, language: "en") != own)
    }

    @Test("A shipped letter that is saved and read again is the same letter")
    func savedAgain() throws {
        let folder = try LetterFolderSample()
        defer { folder.remove() }
        let shipped = try LetterWriter(overrides: nil)
        for kind in LetterKind.allCases {
            for language in shipped.languages {
                try folder.write("\(kind.rawValue).\(language).txt", (shipped.template(kind, language: language) ?? "") + "\r\n")
            }
        }
        let own = try LetterWriter(overrides: folder.url)
        for contents in try LetterSamples.everything() { #expect(try own.write(contents) == shipped.write(contents)) }
    }

    @Test("Every problem of every file is named at once")
    func everyProblem() throws {
        let folder = try LetterFolderSample()
        defer { folder.remove() }
        try folder.write("reminders.en.txt", Self.good)
        try folder.write("reminder.english.txt", Self.good)
        try folder.write("reminder.e_n.txt", Self.good)
        try folder.write("reminder.txt", Self.good)
        try folder.write("reminder.en.txt~", Self.good)
        try folder.write("new_link.en.txt", Self.good.replacingOccurrences(of: "{{voter}}", with: "{{voter_name}} {{elction}}"))
        try folder.write("accepted.en.txt", "Subject: x\n\n{{contact}}\n")
        try Data([0x53, 0xFF, 0xFE]).write(to: folder.url.appendingPathComponent("received.en.txt"))
        try FileManager.default.createDirectory(at: folder.url.appendingPathComponent("rejected.en.txt"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: folder.url.appendingPathComponent("address_changed.en.txt"), withDestinationURL: URL(fileURLWithPath: "/etc/passwd"))
        let error = #expect(throws: OfficeError.self) { try LetterWriter(overrides: folder.url) }
        let found = try #require(error)
        #expect(found.code == .badInput && found.message.contains("10 problems"))
        #expect(
            found.problems.map(\.file) == [
                "accepted.en.txt", "address_changed.en.txt", "new_link.en.txt", "new_link.en.txt", "received.en.txt", "rejected.en.txt",
                "reminder.e_n.txt",
                "reminder.english.txt", "reminder.txt", "reminders.en.txt"
            ])
        #expect(found.problems.filter { $0.file == "new_link.en.txt" }.map(\.line) == [3, 3])
        #expect(found.problems.last?.hint.contains("Did you mean reminder.en.txt?") == true)
        #expect(!found.description.contains("root:"))
    }
}
