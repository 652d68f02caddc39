import Foundation

extension ElectionDefinition {
    /// Reads `election.yaml`. Throws every problem at once: unknown keys by name, values that are not what they should be, and
    /// deadlines that cannot be meant.
    package static func read(_ document: Document, file: String) throws(Problems) -> ElectionDefinition {
        let reader = DocumentReader(file: file)
        let root = reader.root(document)
        let election = root.section("election", required: true)
        let idRule = "letters, digits, _ and -, at most 64 of them"
        let id = election.value("id", expected: idRule, hint: "For example: 2028-general.") { $0.isPlainIdentifier ? ElectionID($0) : nil }
        let name = election.text("name")
        let date = election.value("date", expected: "a date", hint: "Write it as YYYY-MM-DD, for example 2028-11-07.", { CivilDate($0) })
        let type = election.word("type", of: ElectionType.self) ?? .general
        let test = election.flag("test", default: false)
        let jurisdiction = readJurisdiction(root.section("jurisdiction", required: true))
        let zone = root.value("time_zone", expected: "a time zone", hint: "Write a name such as America/New_York.", timeZone(named:))
        let deadlines = readDeadlines(root.section("deadlines", required: true), electionDate: date)
        let office = readOffice(root.section("office", required: true))
        let languages = readLanguages(root)
        let question = root.word("identity_question", of: IdentityQuestion.self) ?? .dateOfBirth
        let declaration = readDeclaration(root, languages: languages)
        let notice = readReturnNotice(root, languages: languages)
        let witnesses = root.integer("witness_lines", in: 0...2, default: 0)
        let noPreference = root.word("no_preference", of: NoPreference.self) ?? .mail
        let federalOnly = readClasses(root)
        let mailDays = readMailDays(root.section("mail_days"))
        let mode = root.word("reported_mode", of: ReportedMode.self) ?? .email
        let imb = root.has("imb") ? readIntelligentMail(root.section("imb")) : nil
        let twoBallots = root.word("two_ballots", of: ReturnRules.TwoBallots.self) ?? .either
        try reader.finish()
        guard let id, let name, let date, let jurisdiction, let zone, let deadlines, let office else {
            throw Problems(Problem(file: file, what: "the election is not described in full"))
        }
        return ElectionDefinition(
            id: id, name: name, date: date, type: type, test: test, jurisdiction: jurisdiction, timeZone: zone, deadlines: deadlines,
            office: office, languages: languages, identityQuestion: question, declaration: declaration, returnNotice: notice,
            witnessLines: witnesses, noPreference: noPreference, federalOnly: federalOnly, mailDays: mailDays, reportedMode: mode, imb: imb,
            twoBallots: twoBallots)
    }

    /// Whether the text is a language tag (RFC 5646) of the kind used here: `en`, `es`, `zh-Hant`.
    package static func isLanguageTag(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard let first = parts.first, (2...3).contains(first.count), text.utf8.count <= 35 else { return false }
        return first.allSatisfy { $0.isASCIILetterOrDigit && !$0.isASCIIDigit }
            && parts.dropFirst().allSatisfy { (1...8).contains($0.count) && $0.allSatisfy(\.isASCIILetterOrDigit) }
    }

    private static func timeZone(named name: String) -> TimeZone? {
        // Abbreviations such as EST have no daylight saving: only names with a place, and UTC.
        guard name.contains("/") || name == "UTC" else { return nil }
        return TimeZone(identifier: name)
    }

    private static func readJurisdiction(_ section: DocumentReader.Section) -> Jurisdiction? {
        let name = section.text("name")
        let state = section.text("state")
        let type = section.word("id_type", of: JurisdictionIDType.self)
        if type == nil { section.reportMissing("id_type", hint: "Write fips, local or ocd-id.") }
        let id = section.text("id")
        if let id, let type {
            switch type {
            case .fips where !((2...10).contains(id.utf8.count) && id.utf8.allSatisfy(\.isASCIIDigit)):
                section.report(
                    "id", "\(Printable.quote(id)) is not a FIPS code", hint: "Write 2 to 10 digits in quotes, for example \"11001\".")
            case .ocdID where !id.hasPrefix("ocd-"):
                section.report("id", "\(Printable.quote(id)) is not an OCD id", hint: "It begins with ocd-division/country:us/.")
            default: break
            }
        }
        guard let name, let state, let type, let id else { return nil }
        return Jurisdiction(name: name, state: state, id: JurisdictionID(id), idType: type)
    }

    private static func readDeadlines(_ section: DocumentReader.Section, electionDate: CivilDate?) -> Deadlines? {
        let expected = "a date and time"
        let hint = "Write it as YYYY-MM-DDTHH:MM on the office's clock, for example 2028-11-07T20:00."
        let receipt = section.value("receipt", expected: expected, hint: hint, { LocalTime($0) })
        let overseas = section.optionalValue("receipt_overseas", expected: expected, hint: hint, { LocalTime($0) })
        let postmark = section.optionalValue("postmark", expected: "a date", hint: "Write it as YYYY-MM-DD.", { CivilDate($0) })
        let linksClose = section.optionalValue("links_close", expected: expected, hint: hint, { LocalTime($0) })
        guard let receipt else { return nil }
        if let electionDate {
            // The earliest State deadline is the day before election day; the latest are some weeks after it, at certification.
            if receipt.date < electionDate.adding(days: -1) {
                section.report("receipt", "\(receipt) is before the election of \(electionDate)", hint: "Check the year and the month.")
            }
            if receipt.date > electionDate.adding(days: 60) {
                section.report("receipt", "\(receipt) is more than 60 days after the election", hint: "Check the year and the month.")
            }
            if let overseas, overseas.date > electionDate.adding(days: 60) {
                section.report(
                    "receipt_overseas", "\(overseas) is more than 60 days after the election", hint: "Check the year and the month.")
            }
            if let postmark, !(-30...1).contains(electionDate.days(until: postmark)) {
                section.report("postmark", "\(postmark) is not in the 30 days before the election", hint: "Check the year and the month.")
            }
            if let linksClose, linksClose.date < electionDate.adding(days: -45) {
                section.report(
                    "links_close", "\(linksClose) is more than 45 days before the election", hint: "Check the year and the month.")
            }
        }
        if let overseas, overseas < receipt {
            section.report(
                "receipt_overseas", "\(overseas) is before the deadline for everyone, \(receipt)",
                hint: "Leave it out if there is only one.")
        }
        let last = max(receipt, overseas ?? receipt)
        if let linksClose, linksClose > last {
            section.report(
                "links_close", "\(linksClose) is after the last receipt deadline, \(last)", hint: "A ballot opened then could not count.")
        }
        return Deadlines(receipt: receipt, receiptOverseas: overseas, postmark: postmark, linksClose: linksClose ?? receipt)
    }

    private static func readOffice(_ section: DocumentReader.Section) -> OfficeContact? {
        let name = section.text("name")
        let email = section.text("email")
        if let email, let fault = EmailAddress.fault(in: email) {
            section.report("email", "\(Printable.quote(email)) is not an e-mail address: \(fault)")
        }
        let phone = section.text("phone")
        let fax = section.optionalText("fax")
        let address = section.texts("address")
        if address.isEmpty {
            section.reportMissing("address", hint: "Write the lines of the postal address as a list.")
        } else if address.count > 6 {
            section.report("address", "\(address.count) lines are too many for an envelope", hint: "Use at most 6.")
        }
        guard let name, let email, let phone else { return nil }
        return OfficeContact(name: name, email: email, phone: phone, fax: fax, address: address)
    }

    private static func readLanguages(_ root: DocumentReader.Section) -> [String] {
        let languages = root.texts("languages")
        if languages.isEmpty { root.reportMissing("languages", hint: "Write for example [en, es].") }
        for language in languages where !isLanguageTag(language) {
            root.report("languages", "\(Printable.quote(language)) is not a language tag", hint: "Write for example en, es or zh-Hant.")
        }
        if Set(languages).count < languages.count { root.report("languages", "a language stands here twice") }
        return languages
    }

    private static func readDeclaration(_ root: DocumentReader.Section, languages: [String]) -> [String: String] {
        let files = root.textMap("declaration")
        if files.isEmpty { root.reportMissing("declaration", hint: "Write for example { en: declaration.en.md }.") }
        for (language, file) in files.sorted(by: { $0.key < $1.key }) {
            if !isRelativeFile(file) {
                root.report(
                    "declaration", "\(Printable.quote(file)) is not a file in the election's folder", hint: "Write its name without / or .."
                )
            }
            reportUnlisted(language, languages, root, "declaration")
        }
        if let first = languages.first, !files.isEmpty, files[first] == nil {
            root.report("declaration", "the declaration in the first language, \(first), is missing")
        }
        return files
    }

    private static func readReturnNotice(_ root: DocumentReader.Section, languages: [String]) -> [String: String] {
        let written = root.textMap("return_notice")
        for language in written.keys.sorted() { reportUnlisted(language, languages, root, "return_notice") }
        let notices = standardReturnNotices.filter { languages.contains($0.key) }.merging(written) { _, own in own }
        if let first = languages.first, isLanguageTag(first), notices[first] == nil {
            root.report(
                "return_notice", "the notice in the first language, \(first), must be given",
                hint: "Say that the ballot must be returned by post.")
        }
        return notices
    }

    private static let standardReturnNotices = [
        "en": "Your ballot must be returned by post to be counted.",
        "es": "Su boleta debe devolverse por correo postal para que se cuente."
    ]

    private static func reportUnlisted(_ language: String, _ languages: [String], _ root: DocumentReader.Section, _ key: String) {
        guard !languages.contains(language) else { return }
        root.report(
            key, "\(Printable.quote(language)) is not one of the election's languages", hint: "Add it to languages, or leave it out here.")
    }

    private static func readClasses(_ root: DocumentReader.Section) -> Set<VoterClass> {
        let names = VoterClass.allCases.map(\.rawValue)
        return root.texts("federal_only").reduce(into: []) { classes, name in
            if let voterClass = VoterClass(rawValue: name) {
                classes.insert(voterClass)
            } else {
                let hint = "Known: \(names.joined(separator: ", ")).\(Nearest.hint(name, among: names))"
                root.report("federal_only", "\(Printable.quote(name)) is not a class of voters", hint: hint)
            }
        }
    }

    private static func readMailDays(_ section: DocumentReader.Section) -> MailDays {
        var days = MailDays.standard
        let range = 0...180
        days.standard = section.integer("default", in: range, default: days.standard)
        days.domestic = section.integer("domestic", in: range, default: days.domestic)
        days.military = section.integer("military", in: range, default: days.military)
        for key in section.keys where Countries.isCode(key) {
            days.countries[key] = section.integer(key, in: range, default: days.standard)
        }
        return days
    }

    private static func readIntelligentMail(_ section: DocumentReader.Section) -> IntelligentMail? {
        func digits(_ key: String, _ expected: String, _ rule: @escaping (String.UTF8View) -> Bool) -> String? {
            section.value(key, expected: expected, hint: "Write the digits in quotes.") { text in
                text.utf8.allSatisfy(\.isASCIIDigit) && rule(text.utf8) ? text : nil
            }
        }
        let barcode = digits("barcode_id", "two digits, the second from 0 to 4") { $0.count == 2 && ($0.last ?? 0) <= UInt8(ascii: "4") }
        let service = digits("service_type", "three digits") { $0.count == 3 }
        let mailer = digits("mailer_id", "a Mailer ID: 6 digits that do not begin with 9, or 9 digits that do") {
            $0.count == 6 && $0.first != UInt8(ascii: "9") || $0.count == 9 && $0.first == UInt8(ascii: "9")
        }
        let routing = section.optionalValue("routing", expected: "a ZIP code of 5, 9 or 11 digits", hint: "Write the digits in quotes.") {
            text in
            text.utf8.allSatisfy(\.isASCIIDigit) && [5, 9, 11].contains(text.utf8.count) ? text : nil
        }
        guard let barcode, let service, let mailer else { return nil }
        return IntelligentMail(barcodeID: barcode, serviceType: service, mailerID: mailer, routing: routing ?? "")
    }

    /// Whether the name stays inside the folder: no leading `/`, no `..`, only `[A-Za-z0-9_.-]` between slashes.
    private static func isRelativeFile(_ name: String) -> Bool {
        name.utf8.count <= 200
            && name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
                !part.isEmpty && !part.hasPrefix(".") && part.utf8.allSatisfy { $0.isPlainIdentifierByte || $0 == UInt8(ascii: ".") }
            }
    }
}

extension ElectionDefinition {
    /// The definition as it is kept in a database: the keys of `election.yaml`, all defaults written out.
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "election": [
                "id": .string(id.text), "name": .string(name), "date": .string(date.description), "type": .string(type.rawValue),
                "test": .bool(test)
            ],
            "jurisdiction": [
                "name": .string(jurisdiction.name), "state": .string(jurisdiction.state), "id": .string(jurisdiction.id.text),
                "id_type": .string(jurisdiction.idType.rawValue)
            ],
            "time_zone": .string(timeZone.identifier),
            "deadlines": [
                "receipt": .string(deadlines.receipt.description), "receipt_overseas": .optional(deadlines.receiptOverseas?.description),
                "postmark": .optional(deadlines.postmark?.description), "links_close": .string(deadlines.linksClose.description)
            ],
            "office": [
                "name": .string(office.name), "email": .string(office.email), "phone": .string(office.phone), "fax": .optional(office.fax),
                "address": .array(office.address.map(JSONValue.string))
            ],
            "languages": .array(languages.map(JSONValue.string)),
            "identity_question": .string(identityQuestion.rawValue),
            "declaration": .object(declaration.mapValues(JSONValue.string)),
            "return_notice": .object(returnNotice.mapValues(JSONValue.string)),
            "witness_lines": .number(witnessLines),
            "no_preference": .string(noPreference.rawValue),
            "federal_only": .array(VoterClass.allCases.filter(federalOnly.contains).map { .string($0.rawValue) }),
            "reported_mode": .string(reportedMode.rawValue)
        ]
        var days = mailDays.countries.mapValues { JSONValue.number($0) }
        days["default"] = .number(mailDays.standard)
        days["domestic"] = .number(mailDays.domestic)
        days["military"] = .number(mailDays.military)
        members["mail_days"] = .object(days)
        if let imb {
            members["imb"] = [
                "barcode_id": .string(imb.barcodeID), "service_type": .string(imb.serviceType), "mailer_id": .string(imb.mailerID),
                "routing": .string(imb.routing)
            ]
        }
        // Left out where it says nothing: elections that were imported before it was there keep their bytes.
        if twoBallots != .either { members["two_ballots"] = .string(twoBallots.rawValue) }
        return .object(members)
    }

    /// The definition that `json` wrote; throws where it is none, with the rules of the file.
    package init(json: JSONValue) throws(Problems) { self = try ElectionDefinition.read(Document(json), file: "election") }
}

extension Document {
    /// The document that says the same as the value; all on line 1.
    package init(_ value: JSONValue) {
        let kind: Kind =
            switch value {
            case .null: .null
            case .bool(let flag): .scalar(flag ? "true" : "false")
            case .integer(let number): .scalar(String(number))
            case .string(let text): .scalar(text)
            case .array(let elements): .list(elements.map { Document($0) })
            case .object(let members):
                .map(members.sorted { $0.key < $1.key }.map { (key: $0.key, keyLine: 1, value: Document($0.value)) })
            }
        self.init(kind, line: 1)
    }
}
