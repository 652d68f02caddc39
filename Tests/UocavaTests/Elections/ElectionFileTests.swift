import Elections
import Foundation
import Testing

/// Reads the plain YAML of these tests: maps by indentation, lists and maps in one line, comments, single lines only. The program itself
/// uses a real YAML parser; this module must not know one.
enum ElectionsTestYAML {
    static func document(_ text: String) -> Document {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap {
            number, line -> (Int, Int, String)? in
            let content = uncommented(String(line))
            let trimmed = content.trimmingCharacters(in: .whitespaces)
            return trimmed.isEmpty ? nil : (number + 1, content.prefix { $0 == " " }.count, trimmed)
        }[...]
        return map(&lines, indent: 0)
    }

    private static func uncommented(_ line: String) -> String {
        var quoted = false
        var before: Character = " "
        for (offset, character) in line.enumerated() {
            if character == "\"" { quoted.toggle() }
            if character == "#", !quoted, before == " " { return String(line.prefix(offset)) }
            before = character
        }
        return line
    }

    private static func map(_ lines: inout ArraySlice<(Int, Int, String)>, indent: Int) -> Document {
        let first = lines.first?.0 ?? 1
        var members: [(key: String, keyLine: Int, value: Document)] = []
        while let (number, depth, text) = lines.first, depth == indent, let colon = text.firstIndex(of: ":") {
            lines.removeFirst()
            let rest = text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            let value: Document
            if rest.isEmpty, let next = lines.first, next.1 > indent {
                value = map(&lines, indent: next.1)
            } else {
                var characters = Array(rest)[...]
                value = rest.isEmpty ? Document(.null, line: number) : flow(&characters, number)
            }
            members.append((String(text[..<colon]), number, value))
        }
        return Document(.map(members), line: first)
    }

    private static func flow(_ text: inout ArraySlice<Character>, _ line: Int) -> Document {
        text = text.drop { $0 == " " }
        if text.first == "[" || text.first == "{" {
            let close: Character = text.removeFirst() == "[" ? "]" : "}"
            var list: [Document] = []
            var members: [(key: String, keyLine: Int, value: Document)] = []
            while true {
                text = text.drop { $0 == " " || $0 == "," }
                guard let next = text.first, next != close else { break }
                if close == "}" {
                    let key = String(text.prefix { $0 != ":" })
                    text = text.dropFirst(key.count + 1)
                    members.append((key.trimmingCharacters(in: .whitespaces), line, flow(&text, line)))
                } else {
                    list.append(flow(&text, line))
                }
            }
            text = text.dropFirst()
            return Document(close == "]" ? .list(list) : .map(members), line: line)
        }
        if text.first == "\"" {
            let content = text.dropFirst().prefix { $0 != "\"" }
            text = text.dropFirst(content.count + 2)
            return Document(.scalar(String(content)), line: line)
        }
        let content = text.prefix { $0 != "," && $0 != "]" && $0 != "}" }
        text = text.dropFirst(content.count)
        let scalar = String(content).trimmingCharacters(in: .whitespaces)
        return Document(scalar == "~" || scalar == "null" ? .null : .scalar(scalar), line: line)
    }

    /// The example of the documented format, whole.
    static let example = """
        election:
          id: 2028-general
          name: General Election
          date: 2028-11-07
          type: general
          test: false
        jurisdiction: { name: District of Columbia, state: District of Columbia, id: "11001", id_type: fips }
        time_zone: America/New_York
        deadlines:
          receipt: 2028-11-07T20:00
          receipt_overseas: 2028-11-17T17:00    # optional
          postmark: 2028-11-07
          links_close: 2028-11-07T20:00
        office:
          name: Board of Elections
          email: uocava@elections.example.gov
          phone: "+1 202 555 0100"
          fax: "+1 202 555 0101"
          address: [441 4th Street NW, Suite 250 North, Washington DC 20001]
        languages: [en]
        identity_question: date-of-birth
        declaration: { en: declaration.en.md }
        return_notice: { en: "Your ballot must be returned by post to be counted." }
        witness_lines: 0
        no_preference: mail
        federal_only: []
        mail_days: { default: 21, domestic: 7, military: 14 }
        reported_mode: email
        imb: { barcode_id: "00", service_type: "051", mailer_id: "123456", routing: "20001" }
        """

    /// The least that the format asks for.
    static let least = """
        election: { id: e1, name: E, date: 2028-11-07 }
        jurisdiction: { name: J, state: S, id: 7, id_type: local }
        time_zone: America/New_York
        deadlines: { receipt: 2028-11-07T20:00 }
        office: { name: O, email: o@example.gov, phone: 1, address: [street] }
        languages: [en]
        declaration: { en: d.md }
        """

    static func election(_ text: String) throws -> ElectionDefinition { try ElectionDefinition.read(document(text), file: "election.yaml") }
}

@Suite("election.yaml")
struct ElectionsElectionFileTests {
    private typealias YAML = ElectionsTestYAML

    private func troubles(_ text: String) -> [String] {
        do {
            _ = try ElectionDefinition.read(YAML.document(text), file: "election.yaml")
            return []
        } catch { return error.all.map(\.description) }
    }

    @Test("The documented example is read in full")
    func example() throws {
        let election = try YAML.election(YAML.example)
        #expect(
            election.id == ElectionID("2028-general") && election.name == "General Election" && election.date.description == "2028-11-07")
        #expect(
            election.type == .general && !election.test && election.jurisdiction.id == JurisdictionID("11001")
                && election.jurisdiction.idType == .fips)
        #expect(election.timeZone.identifier == "America/New_York" && election.deadlines.postmark == election.date)
        #expect(election.deadlines.receipt.instant(in: election.timeZone).rfc3339 == "2028-11-08T01:00:00.000Z")
        #expect(election.office.fax == "+1 202 555 0101" && election.office.address.count == 3)
        let imb = try #require(election.imb)
        #expect([imb.barcodeID, imb.serviceType, imb.mailerID, imb.routing] == ["00", "051", "123456", "20001"])
        #expect(election.transmitBy.description == "2028-09-23" && election.keepUntil.description == "2030-09-07")
    }

    @Test("Everything optional has its documented default")
    func defaults() throws {
        let election = try YAML.election(YAML.least)
        #expect(election.type == .general && !election.test && election.identityQuestion == .dateOfBirth && election.witnessLines == 0)
        #expect(election.deadlines.linksClose == election.deadlines.receipt && election.deadlines.receiptOverseas == nil)
        #expect(election.returnNotice == ["en": "Your ballot must be returned by post to be counted."])
        #expect(election.noPreference == .mail && election.federalOnly.isEmpty && election.mailDays == .standard)
        #expect(election.reportedMode == .email && election.imb == nil && election.office.fax == nil)
    }

    @Test("The fixtures' election is read", .enabled(if: Fixtures.present, "…/shared/fixtures is not there"))
    func fixture() throws {
        let text = try String(contentsOf: Fixtures.folder("offices/dc-2010/election.yaml"), encoding: .utf8)
        let election = try YAML.election(text)
        #expect(election.id.text == "2028-general" && election.deadlines.receiptOverseas?.description == "2028-11-17T17:00")
    }

    @Test("A definition goes into the database and comes back the same")
    func roundTrip() throws {
        var election = try YAML.election(YAML.example)
        #expect(try ElectionDefinition(json: try JSONValue.parse(election.json.canonical)) == election)
        election.federalOnly = [.citizenAbroadNeverResided, .other]
        election.mailDays.countries = ["NO": 10, "AU": 25]
        election.languages = ["en", "es"]
        election.declaration["es"] = "declaration.es.md"
        election.returnNotice["es"] = "Por correo."
        election.imb = nil
        election.deadlines.postmark = nil
        election.test = true
        #expect(try ElectionDefinition(json: election.json) == election)
        let least = try YAML.election(YAML.least)
        #expect(try ElectionDefinition(json: least.json) == least)
        #expect(throws: Problems.self) { try ElectionDefinition(json: [:]) }
        #expect(throws: Problems.self) { try ElectionDefinition(json: "x") }
    }

    @Test("An unknown key is named with its line and the nearest known key")
    func unknownKeys() {
        let lines = troubles(
            YAML.example.replacing("postmark:", with: "postmarks:").replacing("languages: [en]", with: "languages: [en]\nfoo: bar"))
        #expect(lines.count == 2)
        #expect(lines[0] == "election.yaml:12: deadlines.postmarks: the key \"postmarks\" is unknown. Did you mean \"postmark\"?")
        #expect(lines[1].hasPrefix("election.yaml:21: foo: the key \"foo\" is unknown."))
    }

    @Test("A key that stands twice is reported")
    func doubledKeys() {
        #expect(troubles(YAML.least + "\ntime_zone: UTC").contains { $0.contains("time_zone: the key stands here twice") })
    }

    @Test("All that is missing is named at once")
    func missing() {
        let text = troubles("election: { id: x }").joined(separator: "\n")
        for key in [
            "election.name", "election.date", "jurisdiction", "time_zone", "deadlines", "office", "languages", "declaration"
        ] { #expect(text.contains("\(key): this must be given"), "\(key)") }
        #expect(!troubles("").isEmpty)
    }

    @Test(
        "Values that cannot be meant are refused by the key's name",
        arguments: [
            ("id: 2028-general", "id: 2028/general", "election.id"), ("id: 2028-general", "id: \"a b\"", "election.id"),
            ("date: 2028-11-07", "date: 2028-11-31", "election.date"), ("date: 2028-11-07", "date: 11/07/2028", "election.date"),
            ("type: general", "type: generel", "election.type"), ("test: false", "test: maybe", "election.test"),
            ("id: \"11001\"", "id: \"11-001\"", "jurisdiction.id"), ("id_type: fips", "id_type: zip", "jurisdiction.id_type"),
            ("id_type: fips", "id_type: ocd-id", "jurisdiction.id"), ("America/New_York", "America/Nowhere", "time_zone"),
            ("America/New_York", "EST", "time_zone"), ("receipt: 2028-11-07T20:00", "receipt: 2028-11-07", "deadlines.receipt"),
            ("receipt: 2028-11-07T20:00", "receipt: 2028-11-01T20:00", "deadlines.receipt"),
            ("receipt: 2028-11-07T20:00", "receipt: 2029-11-07T20:00", "deadlines.receipt"),
            ("receipt_overseas: 2028-11-17T17:00", "receipt_overseas: 2028-11-06T17:00", "deadlines.receipt_overseas"),
            ("postmark: 2028-11-07", "postmark: 2028-12-07", "deadlines.postmark"),
            ("links_close: 2028-11-07T20:00", "links_close: 2028-11-27T20:00", "deadlines.links_close"),
            ("uocava@elections.example.gov", "uocava.example.gov", "office.email"), ("languages: [en]", "languages: []", "languages"),
            ("languages: [en]", "languages: [english please]", "languages"), ("languages: [en]", "languages: [en, en]", "languages"),
            ("languages: [en]", "languages: [es, en]", "declaration"), ("date-of-birth", "mothers-name", "identity_question"),
            ("declaration.en.md", "../secret.md", "declaration"), ("declaration.en.md", "/etc/passwd", "declaration"),
            ("witness_lines: 0", "witness_lines: 3", "witness_lines"), ("no_preference: mail", "no_preference: fax", "no_preference"),
            ("federal_only: []", "federal_only: [soldier]", "federal_only"), ("default: 21", "default: -1", "mail_days.default"),
            ("default: 21", "default: soon", "mail_days.default"), ("default: 21", "default: 21, ZZ: 3", "mail_days.ZZ"),
            ("reported_mode: email", "reported_mode: pigeon", "reported_mode"), ("\"00\"", "\"05\"", "imb.barcode_id"),
            ("\"051\"", "\"51\"", "imb.service_type"), ("\"123456\"", "\"923456\"", "imb.mailer_id"),
            ("\"123456\"", "\"123456789\"", "imb.mailer_id"),
            ("routing: \"20001\"", "routing: \"2000\"", "imb.routing"),
            ("address: [441 4th Street NW, Suite 250 North, Washington DC 20001]", "address: []", "office.address"),
            ("name: General Election", "name: \"Evil\u{202E}\"", "election.name"),
            ("witness_lines: 0", "witness_lines: [0]", "witness_lines"),
            ("time_zone: America/New_York", "time_zone: { a: b }", "time_zone")
        ])
    func refused(_ change: (from: String, to: String, path: String)) {
        #expect(YAML.example.contains(change.from))
        let lines = troubles(YAML.example.replacing(change.from, with: change.to, maxReplacements: 1))
        #expect(lines.contains { $0.contains(": \(change.path): ") }, "\(change.to): \(lines)")
    }

    @Test("A test election, an IMb of nine digits, a later close and a local id are taken")
    func taken() throws {
        var text = YAML.example.replacing("test: false", with: "test: true").replacing("\"123456\"", with: "\"912345678\"")
        text = text.replacing("links_close: 2028-11-07T20:00", with: "links_close: 2028-11-17T17:00").replacing(
            "routing: \"20001\"", with: "routing: \"\"")
        text = text.replacing("default: 21", with: "default: 21, NO: 10")
        let election = try YAML.election(text)
        #expect(
            election.test && election.imb?.mailerID == "912345678" && election.imb?.routing == ""
                && election.mailDays.countries == ["NO": 10])
    }

    @Test("The day by which to post follows deadline, postmark, country and military post")
    func mailBy() throws {
        var election = try YAML.election(YAML.example)
        election.mailDays.countries = ["KR": 12, "DE": 5]
        func by(_ country: String, _ voterClass: VoterClass = .citizenAbroadIntentToReturn, military: Bool = false) -> String {
            election.mailBy(country: country, class: voterClass, militaryPost: military).description
        }
        #expect(by("Poland") == "2028-10-27")
        #expect(by("Korea, Republic of") == "2028-11-05" && by("South Korea") == "2028-11-05")
        #expect(by("Germany") == "2028-11-07", "never after the postmark's day")
        #expect(by("United States of America", .activeDuty, military: true) == "2028-11-03")
        #expect(by("United States of America", .activeDuty) == "2028-10-31")
        #expect(by("Puerto Rico", .activeDuty) == "2028-10-31")
        #expect(by("", .activeDuty) == "2028-10-31" && by("") == "2028-10-27")
        #expect(by("Atlantis") == "2028-10-27")
        election.deadlines.receiptOverseas = nil
        election.deadlines.postmark = nil
        #expect(by("Poland") == "2028-10-17")
    }

    @Test("The voter's language comes first, then the others in order")
    func languageOrder() throws {
        var election = try YAML.election(YAML.least)
        election.languages = ["en", "es", "vi"]
        #expect(election.languages(preferring: "vi") == ["vi", "en", "es"])
        #expect(election.languages(preferring: "fr") == ["en", "es", "vi"])
        // A region that the election does not have leaves the language.
        #expect(election.languages(preferring: "es-MX") == ["es", "en", "vi"])
        #expect(election.languages(preferring: "e") == ["en", "es", "vi"])
    }
}

@Suite("Countries")
struct ElectionsCountryTests {
    @Test("Short names of ISO 3166, everyday names and codes lead to the code")
    func codes() {
        for (name, code) in [
            ("Korea, Republic of", "KR"), ("Viet Nam", "VN"), ("vietnam", "VN"), ("Turkey", "TR"), ("Türkiye", "TR"), ("TURKIYE", "TR"),
            ("Czechia", "CZ"),
            ("Czech Republic", "CZ"), ("United States of America", "US"), ("usa", "US"), ("United Kingdom", "GB"), ("Côte d'Ivoire", "CI"),
            ("cote d'ivoire", "CI"), (" South  Korea ", "KR"), ("de", "DE"), ("Germany", "DE"), ("Iran, Islamic Republic of", "IR"),
            ("Taiwan", "TW"),
            ("Holland", "NL"), ("Congo, The Democratic Republic of the", "CD"), ("Bolivia", "BO"), ("Eswatini", "SZ"), ("Kosovo", "XK"),
            ("The Bahamas", "BS"), ("United States of America (the)", "US")
        ] { #expect(Countries.code(of: name) == code, "\(name)") }
        #expect(Countries.code(of: "Atlantis") == nil && Countries.code(of: "") == nil)
        #expect(Countries.name(of: "KR") == "Korea, Republic of" && Countries.isCode("NO") && !Countries.isCode("ZZ"))
    }

    @Test("No name means two countries")
    func unambiguous() throws {
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../../Sources/Elections/Countries.swift")
        let text = try String(contentsOf: source.standardizedFileURL, encoding: .utf8)
        var codes: [String: String] = [:]
        for line in text.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            guard line.count > 3, line.prefix(2).allSatisfy({ $0.isASCII && $0.isUppercase }), line.dropFirst(2).first == " " else {
                continue
            }
            for name in line.dropFirst(3).components(separatedBy: " | ") {
                #expect(codes.updateValue(String(line.prefix(2)), forKey: name.lowercased()) == nil, "\(name) is there twice")
            }
        }
        #expect(Set(codes.values).count == 250, "249 codes of ISO 3166-1, and Kosovo")
    }
}

@Suite("Reading documents")
struct ElectionsDocumentTests {
    @Test("A section gives defaults, bounds, lists and maps, and collects what is wrong in the order of the lines")
    func sections() {
        let reader = DocumentReader(file: "uocava.yaml")
        let root = reader.root(
            ElectionsTestYAML.document(
                """
                smtp: { url: "smtp://127.0.0.1:2525", connections: 99, tls: nonne }
                public:
                  url: https://b.example
                  proxies: [10.0.0.1, 10.0.0.2]
                log: text
                limits: { refill: 10 }
                """))
        let smtp = root.section("smtp", required: true)
        #expect(smtp.text("url") == "smtp://127.0.0.1:2525" && smtp.integer("connections", in: 1...32, default: 8) == 8)
        let site = root.section("public")
        #expect(site.texts("proxies") == ["10.0.0.1", "10.0.0.2"] && site.optionalText("listen") == nil && site.flag("on", default: true))
        _ = (
            site.text("url"), root.section("log").optionalText("origin"),
            root.section("limits").integer("refill_seconds", in: 1...60, default: 10)
        )
        do {
            try reader.finish()
            Issue.record("nothing was found wrong")
        } catch {
            #expect(
                error.all.map(\.description) == [
                    "uocava.yaml:1: smtp.connections: \"99\" is not a whole number from 1 to 32.",
                    "uocava.yaml:1: smtp.tls: the key \"tls\" is unknown. Known here: connections, url.",
                    "uocava.yaml:5: log: keys with values are expected here.",
                    "uocava.yaml:6: limits.refill: the key \"refill\" is unknown. Known here: refill_seconds."
                ])
        }
    }

    @Test("Problems print their place, and escape what could fool a terminal")
    func problems() {
        let problem = Problem(
            file: "voters.csv", line: 12, column: "date_of_birth", what: "\"31/02/1980\" is not a date",
            hint: "Write it as YYYY-MM-DD, for example 1980-02-28.")
        #expect(
            problem.description
                == "voters.csv:12: date_of_birth: \"31/02/1980\" is not a date. Write it as YYYY-MM-DD, for example 1980-02-28.")
        #expect(Problem(what: "x\u{1B}[31m\u{202E}\n").description == "x\\u{1B}[31m\\u{202E}\\u{A}.")
        #expect(Printable.quote(String(repeating: "a", count: 100)).count == 63)
        #expect(Nearest.to("recieved", among: ["received", "held"]) == "received" && Nearest.to("zzz", among: ["received"]) == nil)
    }
}
