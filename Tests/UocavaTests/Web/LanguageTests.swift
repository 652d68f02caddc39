import Elections
import Foundation
import Office
import Testing
import Web

@Suite("Languages that an office adds to the site") struct LanguageTests {
    private static let french = """
        name: Français
        sentences:
          link_title: "Ouvrir votre bulletin"
          link_open: "Ouvrir mon bulletin"
          used_when: "Il a été ouvert le {when} ({zone}) avec la bonne réponse."
        """
    private static let arabic = """
        sentences:
          link_title: "افتح بطاقة اقتراعك"
          home_title: "بطاقات الاقتراع للناخبين في الخارج"
        """

    @Test("A file adds a language: browsers get it, every page offers it, and what it lacks is English")
    func added() async throws {
        try await WebTestSite.serving(words: ["fr": Self.french]) { site in
            let ballot = try site.issue()[0]
            let page = try await site.get("/b/\(ballot.token)", headers: ["Accept-Language: fr-CA, en;q=0.5"])
            #expect(page.text.contains("<html lang=\"fr\" dir=\"ltr\">"))
            #expect(page.text.contains("<h1>Ouvrir votre bulletin</h1>"))
            #expect(page.text.contains("Your date of birth"))
            #expect(page.text.contains("<a href=\"?lang=es\" lang=\"es\" hreflang=\"es\" dir=\"ltr\">Español</a>"))
            #expect(try await site.get("/b/\(ballot.token)?lang=fr").body == page.body)
            #expect(try await site.get("/b/\(WebTestSite.madeUpToken())?lang=FR").body == page.body)
            let english = try await site.get("/b/\(ballot.token)")
            #expect(english.text.contains("hreflang=\"fr\" dir=\"ltr\">Français</a>"))
            // A month in French, and the refusal of a wrong answer.
            let header = ["Accept-Language: fr"]
            #expect(try await site.post("/b/\(ballot.token)", "answer=8+mars+1984", headers: header).status == 403)
            #expect(try await site.post("/b/\(ballot.token)", "answer=7+mars+1984", headers: header).status == 303)
            let used = try await site.post("/b/\(ballot.token)", "answer=1984-03-07", headers: header)
            #expect(used.text.contains("Il a été ouvert le 25 septembre 2028"))
        }
    }

    @Test("What is said in English on a page in another language is marked as English, and only where it is text")
    func marked() async throws {
        try await WebTestSite.serving(words: ["ar": Self.arabic]) { site in
            let ballot = try site.issue()[0]
            let header = ["Accept-Language: ar"]
            let cookie = "Cookie: \(try await site.claim(ballot))"
            for path in ["/", "/b/x", "/t", "/privacy", "/nothing", "/verify", "/ballot", "/t/\(ballot.tracking.text)"] {
                let page = try await site.get(path, headers: header + [cookie])
                #expect(!page.text.contains { ("\u{E000}"..."\u{E001}").contains($0) })
                let title = page.text.components(separatedBy: "<title>")[1].components(separatedBy: "</title>")[0]
                #expect(!title.contains("span"))
                #expect(!page.text.contains("\"<span") && !page.text.contains("<span lang=\"en\" dir=\"ltr\"><"))
                #expect(
                    page.text.components(separatedBy: "<span lang=\"en\" dir=\"ltr\">").count
                        == page.text.components(separatedBy: "</span>").count
                        - (page.text.components(separatedBy: "<span class").count - 1))
            }
            let form = try await site.get("/b/x", headers: header).text
            #expect(form.contains("<label for=\"answer\"><span lang=\"en\" dir=\"ltr\">Your date of birth</span></label>"))
            #expect(form.contains("<h1>افتح بطاقة اقتراعك</h1>"))
            // A page that is wholly translated, or English, has none.
            for language in ["es", "en"] {
                #expect(!(try await site.get("/b/x", headers: ["Accept-Language: \(language)"]).text.contains("<span lang")))
            }
        }
    }

    @Test("The reasons that the law knows are told in the page's language, the office's own words as they are")
    func reasons() {
        for reason in RejectionReason.named {
            for language in ["en", "es"] { #expect(RejectionReason.usual(saidAs: reason.sentence(language: language)) == reason) }
        }
        #expect(RejectionReason.usual(saidAs: "two ballots in one envelope") == nil)
    }

    @Test("A language that is written from the right turns every page around, and codes and numbers stay as they are")
    func rightToLeft() async throws {
        try await WebTestSite.serving(words: ["ar": Self.arabic]) { site in
            let ballot = try site.issue()[0]
            let header = ["Accept-Language: ar-EG"]
            for path in ["/", "/b/x", "/t", "/privacy", "/nothing", "/verify"] {
                let page = try await site.get(path, headers: header)
                #expect(page.text.contains("<html lang=\"ar\" dir=\"rtl\">"))
                #expect(page.text.contains("<bdi dir=\"ltr\">+1 202 555 0100</bdi>"))
                #expect(!page.text.contains("left:") && !page.text.contains("padding-left"))
            }
            #expect(try await site.get("/", headers: header).text.contains("العربية") == false)
            #expect(try await site.get("/").text.contains("dir=\"rtl\">العربية</a>"))
            // Typed in the digits of Arabic.
            let typed = try #require("١٩٨٤-٠٣-٠٧".addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            #expect(try await site.post("/b/\(ballot.token)", "answer=\(typed)", headers: header).status == 303)
        }
    }

    @Test("Browsers are given the nearest that the site has")
    func negotiation() {
        let words = ["fr", "pt-BR", "zh-Hant"].map { SiteWords(tag: $0, name: nil, sentences: [:]) }
        let languages = PageLanguages(adding: words)
        for (asked, given) in [
            ("fr-CH, en", "fr"), ("pt-PT", "pt-BR"), ("zh-Hant-TW, en;q=0.9", "zh-Hant"), ("zh-TW", "zh-Hant"), ("de, es-419;q=0.5", "es"),
            ("de", "en"), ("fr;q=0, es;q=0.1", "es"), ("*", "en"), (String(repeating: "fr-", count: 50), "en"), ("-", "en"), ("", "en")
        ] {
            #expect(languages.preferred(asked).tag == given, "\(asked)")
        }
        #expect(languages.all.map(\.tag) == ["en", "es", "fr", "pt-BR", "zh-Hant"])
    }

    @Test("A file for a language that is shipped changes single sentences of ours")
    func override() async throws {
        let words = ["es": "sentences: { link_title: \"Su boleta\" }"]
        try await WebTestSite.serving(words: words) { site in
            let page = try await site.get("/b/x", headers: ["Accept-Language: es"])
            #expect(page.text.contains("<h1>Su boleta</h1>"))
            #expect(page.text.contains("Su fecha de nacimiento"))
        }
    }

    private func problems(_ text: String, tag: String = "fr") throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-words-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("site"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(text.utf8).write(to: folder.appendingPathComponent("site/\(tag).yaml"))
        do {
            _ = try PublicSite.languages(of: folder)
            return ""
        } catch let error as OfficeError {
            #expect(error.code == .badInput)
            return "\(error)"
        }
    }

    @Test("A file with a mistake stops the start, and the error names file, line and key")
    func refusals() throws {
        let cases: [(String, [String])] = [
            ("sentences: { nonsense: \"x\" }", ["site/fr.yaml", "nonsense", "keys are known here; the nearest are "]),
            ("sentences:\n  link_title: \"<b>Bulletin</b>\"", ["site/fr.yaml:2", "link_title", "HTML"]),
            ("sentences:\n  link_title: \"Bulletin &amp; plus\"", ["link_title", "HTML"]),
            ("sentences:\n  link_title: \"ok\"\n  used_when: \"Ouvert.\"", ["site/fr.yaml:3", "used_when", "{when}", "{zone}"]),
            ("sentences:\n  link_title: \"{who}\"", ["link_title", "no blank"]),
            ("sentences:\n  link_title: \"a\\u202Eb\"", ["link_title", "direction-changing"]),
            ("sentences:\n  link_title: \"\(String(repeating: "x", count: 2001))\"", ["link_title", "longer than 2000"]),
            ("sentences: [", ["site/fr.yaml:2", "The site does not start with them."]),
            ("title: \"x\"", ["site/fr.yaml", "title"])
        ]
        for (text, parts) in cases {
            let found = try problems(text)
            for part in parts { #expect(found.contains(part), "\(text): \(found)") }
            #expect(found.components(separatedBy: "site/fr.yaml").count == 2, "\(found)")
            #expect(found.count < 600)
        }
        #expect(try problems(Self.french) == "")
        #expect(try problems(Self.french, tag: "French").contains("is no language tag"))
    }

    @Test("A link in place of a file is not followed")
    func link() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-words-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("site"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createSymbolicLink(
            atPath: folder.appendingPathComponent("site/fr.yaml").path, withDestinationPath: "/etc/passwd")
        #expect(throws: OfficeError.self) { try PublicSite.languages(of: folder) }
    }

    @Test("What the command prints is taken back as a file, word for word")
    func template() throws {
        #expect(try problems(SiteWords.template(PageTexts.english, name: "English")) == "")
        #expect(try problems(SiteWords.template(PageTexts.spanish, name: "Español"), tag: "pt") == "")
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-words-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("site"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(SiteWords.template(PageTexts.spanish, name: "Español").utf8).write(to: folder.appendingPathComponent("site/pt.yaml"))
        let words = try #require(try SiteWords.all(in: folder, english: PageTexts.english).first)
        #expect(words.sentences == PageTexts.spanish)
        #expect(words.missing(of: PageTexts.english, shipped: ["en", "es"]).isEmpty)
    }
}
