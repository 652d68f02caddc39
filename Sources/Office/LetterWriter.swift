import Elections
package import Foundation
import Mustache
import Synchronization

/// Writes letters in a voter's language: plain text, complete in itself, and the same words as a page. A letter has one link, nothing else
/// that can be clicked, the name and nothing else of the voter, and every way to reach the office (52 USC 20302(e)).
///
/// Copies share what they have rendered. Thread-safe.
package struct LetterWriter: Sendable {
    /// By file name, `<kind>.<language>.txt`: the office's own before those that the program brings.
    private let templates: [String: LetterTemplate]
    private let forms = LetterForms()

    /// The shipped letters, and the office's own `<kind>.<language>.txt` of a folder, which go before them; a folder that is not there
    /// has none.
    ///
    /// - Throws: ``OfficeError`` `badInput` with every `Problem` of every file in the folder; a file with an unknown name is one too.
    package init(overrides folder: URL?) throws {
        var templates: [String: LetterTemplate] = [:]
        for (language, texts) in LetterTexts.shipped {
            for (kind, text) in texts.templates {
                do throws(Problem) {
                    templates[OwnLetters.name(kind, language)] = try LetterTemplate(text)
                } catch {
                    throw OfficeError(.broken, "The letter \(OwnLetters.name(kind, language)) cannot be used.", problems: [error])
                }
            }
        }
        self.templates = templates.merging(try OwnLetters.read(folder)) { _, own in own }
    }

    /// The letter, in the first of the election's languages that has this kind, the voter's before the others; English where none has.
    ///
    /// - Throws: ``OfficeError`` `broken` where the link could be taken for anything but a link.
    package func write(_ contents: LetterContents) throws -> WrittenLetter {
        guard Self.isLink(contents.link) else {
            throw OfficeError(.broken, "A letter's link is none.", hint: "Check the address of the public site in the configuration.")
        }
        let key = LetterForms.Key(contents)
        let form = try forms.form(key) { try makeForm(key, contents.definition) }
        let voter = LetterMark.name(contents.voterName)
        return form.filled(
            with: LetterForm.Filling(
                voter: voter.isEmpty ? LetterTexts.words(form.language).nameless : voter, link: contents.link,
                word: key.hasWord ? LetterMark.clean(contents.word ?? "") : ""))
    }

    /// A letter's template, as one saves it to change it: the office's own or the shipped one; nil where the language has none.
    package func template(_ kind: LetterKind, language: String) -> String? { templates[OwnLetters.name(kind, language)]?.source }

    /// Languages that any letter is in, in alphabetical order.
    package var languages: [String] {
        Set(templates.keys.compactMap { $0.split(separator: ".").dropFirst().first.map(String.init) }).sorted()
    }

    /// What a link may be made of: printable ASCII, no spaces, no quotes, no angle brackets.
    private static func isLink(_ text: String) -> Bool {
        guard text.utf8.count <= 500, text.hasPrefix("https://") || text.hasPrefix("http://") else { return false }
        return text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x27 && $0 != 0x3C && $0 != 0x3E }
    }

    private func makeForm(_ key: LetterForms.Key, _ definition: ElectionDefinition) throws -> LetterForm {
        for language in definition.languages(preferring: key.language) + ["en"] {
            // A voter who reads es-PR reads es too.
            for tag in [language, String(language.prefix { $0 != "-" })] {
                guard let template = templates[OwnLetters.name(key.kind, tag)] else { continue }
                return form(of: template, in: tag, asked: language, key, definition)
            }
        }
        throw OfficeError(.broken, "There is no letter in any language of the election.")
    }

    private func form(
        of template: LetterTemplate, in language: String, asked: String, _ key: LetterForms.Key, _ definition: ElectionDefinition
    ) -> LetterForm {
        let words = LetterTexts.words(language)
        var values = Self.values(key, definition, language: language, asked: asked, words)
        let body = template.body.render(values)
        // Nothing personal stands in a subject, whatever a template says.
        for name in LetterVariable.personal { values[name] = nil }
        let subject = (key.test ? words.samplePrefix : "") + LetterMark.clean(template.subject.render(values))
        return LetterForm(
            language: language, subject: subject, layout: LetterLayout(body), sample: key.test ? words.sample : nil)
    }

    /// The values of ``LetterVariable``s; what does not apply is left out.
    private static func values(
        _ key: LetterForms.Key, _ definition: ElectionDefinition, language: String, asked: String, _ words: LetterTexts
    ) -> [String: Any] {
        let office = definition.office
        let address = office.address.map(LetterMark.clean)
        let fax = office.fax.map(LetterMark.clean)
        var contact = [LetterMark.clean(office.name)] + address
        contact += ["\(words.labels.email): \(LetterMark.clean(office.email))", "\(words.labels.phone): \(LetterMark.clean(office.phone))"]
        if let fax { contact.append("\(words.labels.fax): \(fax)") }
        // A voter overseas has another clock on the wall than the office.
        let zone = ZoneNames.name(of: definition.timeZone.identifier, language: language)
        var values: [String: Any] = [
            "voter": String(LetterMark.voter), "link": String(LetterMark.link), "election": LetterMark.clean(definition.name),
            "date": definition.date.long(language: language), "jurisdiction": LetterMark.clean(definition.jurisdiction.name),
            "office": LetterMark.clean(office.name), "email": LetterMark.clean(office.email), "phone": LetterMark.clean(office.phone),
            "address": AddressLines(lines: address), "contact": contact.joined(separator: "\n"),
            "closes": "\(definition.deadlines.linksClose.long(language: language)) (\(zone))", "test": key.test,
            "past_post_by": key.postBy != nil && key.isPastPostBy,
            "asks_birthday": key.kind.hasBallotLink && definition.identityQuestion == .dateOfBirth,
            "asks_id": key.kind.hasBallotLink && definition.identityQuestion == .lastFourOfID
        ]
        if let fax { values["fax"] = fax }
        if key.hasWord { values["word"] = String(LetterMark.word) }
        if let postBy = key.postBy { values["post_by"] = postBy.long(language: language) }
        if let notice = definition.languages(preferring: asked).lazy.compactMap({ definition.returnNotice[$0] }).first {
            values["return_notice"] = LetterMark.clean(notice)
        }
        if key.kind == .rejected {
            let reason = LetterMark.clean(words.reason(key.reason))
            // An office's own words may be the end of "other:two ballots in one envelope".
            values["reason"] = reason.prefix(1).uppercased() + (reason.hasSuffix(".") ? reason.dropFirst().dropLast() : reason.dropFirst())
            values["cure"] = words.cure(key.reason, definition.deadlines.receipt.date.long(language: language))
        }
        return values
    }
}

/// An address in a template: `{{#address}}{{.}}` goes through its lines, `{{address}}` sets them below each other.
struct AddressLines: MustacheSequence, MustacheCustomRenderable {
    let lines: [String]
    var renderText: String { lines.joined(separator: "\n") }
    var isNull: Bool { lines.isEmpty }
    func makeIterator() -> IndexingIterator<[String]> { lines.makeIterator() }
}

/// The names that a template may use.
enum LetterVariable {
    /// Every name.
    static let all = LetterDesk.variables.map(\.name)
    /// Those of one voter, which no subject may have.
    static let personal = ["voter", "word", "link", "reason", "cure"]
    /// Those that are only asked for, never shown.
    static let flags: Set<String> = ["past_post_by", "asks_birthday", "asks_id", "test"]
}

/// The forms that were rendered. Thread-safe.
private final class LetterForms: Sendable {
    /// Everything that the words of a form depend upon.
    ///
    /// Few parts are hashed, and strings that are equal are mostly the same piece of memory, so looking one up costs less than a
    /// microsecond.
    struct Key: Hashable {
        let kind: LetterKind
        let language: String
        let test: Bool
        let hasWord: Bool
        let postBy: CivilDate?
        let isPastPostBy: Bool
        let reason: RejectionReason?
        private let name: String
        private let date: CivilDate
        private let jurisdiction: String
        private let office: ElectionDefinition.OfficeContact
        private let closes: LocalTime
        private let zone: String
        private let receipt: CivilDate
        private let returnNotice: [String: String]
        private let languages: [String]
        private let question: IdentityQuestion

        init(_ contents: LetterContents) {
            let definition = contents.definition
            kind = contents.kind
            language = contents.language
            test = contents.test || definition.test
            hasWord = contents.kind.hasBallotLink && contents.word?.isEmpty == false
            postBy = contents.kind.hasBallotLink ? contents.postBy : nil
            isPastPostBy = contents.isPastPostBy
            reason = contents.kind == .rejected ? contents.reason : nil
            name = definition.name
            date = definition.date
            jurisdiction = definition.jurisdiction.name
            office = definition.office
            closes = definition.deadlines.linksClose
            zone = definition.timeZone.identifier
            receipt = definition.deadlines.receipt.date
            returnNotice = definition.returnNotice
            languages = definition.languages
            question = definition.identityQuestion
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(kind)
            hasher.combine(language)
            hasher.combine(postBy)
            hasher.combine(reason)
            hasher.combine(date)
        }
    }

    /// More forms than that are never kept: an election has some dozens, but a reason in an office's own words makes one each.
    private static let most = 512
    private let kept = Mutex<[Key: LetterForm]>([:])

    /// The form that was kept, or a new one. Two threads may make the same one at once, which does no harm.
    func form(_ key: Key, make: () throws -> LetterForm) throws -> LetterForm {
        if let form = kept.withLock({ $0[key] }) { return form }
        let form = try make()
        kept.withLock { forms in
            if forms.count >= Self.most { forms.removeAll() }
            forms[key] = form
        }
        return form
    }
}
