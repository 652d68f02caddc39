package import Elections
package import Foundation
import Keys
import Mail
import Storage

/// Where an office looks at its letters and changes their words, without sending any.
package struct LetterDesk: Sendable {
    private let office: Office

    /// Opens the desk in an office.
    package init(_ office: Office) { self.office = office }

    /// The folder of the letters in the office's own words; it may not be there.
    package var folder: URL { office.folder.path(LetterFolder.name) }

    /// A letter as a voter would get it, with a made-up name and a link that opens nothing.
    ///
    /// - Parameters:
    ///   - language: the voter's; what the letter is in may be another.
    ///   - election: whose; nil where the office has only one.
    /// - Returns: the letter, and the message as it would go to the relay.
    /// - Throws: ``OfficeError`` `notFound` for the election, `badInput` where the office's own letters cannot be used.
    package func preview(
        _ kind: LetterKind, language: String?, election: ElectionID?
    ) throws -> (letter: WrittenLetter, message: [UInt8]) {
        let definition = try definition(election)
        let site = office.configuration.publicSite.url
        let today = office.clock.now().civilDate(in: definition.timeZone)
        let link: String
        switch kind {
        case .ballotReady, .reminder, .reminderPost, .newLink: link = "\(site)/b/\(String(repeating: "sample", count: 6).prefix(32))"
        case .received, .accepted, .rejected, .replaced, .cancelled: link = "\(site)/t/T-SAMP-LESA-MPLE-SAMP-LESA"
        case .addressChanged: link = "\(site)/"
        }
        let postBy = definition.mailBy(country: "", class: .citizenAbroadIntentToReturn)
        let letter = try LetterWriter(overrides: folder).write(
            LetterContents(
                kind: kind, language: language ?? definition.languages.first ?? "en", voterName: "Alex Sample", link: link,
                word: definition.identityQuestion == .none ? "SAMPLE" : nil, definition: definition, test: office.isTest, postBy: postBy,
                isPastPostBy: postBy < today, reason: .missingVoterSignature))
        let sender = try LetterSender(of: definition, office.configuration.smtp)
        let domain = sender.from.address.split(separator: "@").last ?? "localhost"
        let message = MailMessage(
            from: sender.from, to: try MailAddress("alex@voter.example", name: "Alex Sample"), replyTo: sender.replyTo,
            subject: letter.subject, date: office.clock.now().seconds, messageID: "preview@\(domain)", language: letter.language,
            text: letter.text, html: letter.html)
        return (letter, message.bytes)
    }

    private func definition(_ id: ElectionID?) throws -> ElectionDefinition {
        try office.books.read { transaction in
            if let id { return try ElectionBook.find(id, in: transaction).definition }
            let all = try ElectionBook.all(in: transaction)
            guard let last = all.last else {
                throw OfficeError(
                    .notFound, "This office has no election yet, and a letter is about one.",
                    hint: "Bring one in with `uocava election import DIR`.")
            }
            guard all.count == 1 else {
                throw OfficeError(
                    .usage, "This office has \(all.count) elections: say which one the letter is about.",
                    hint: "Add --election, for example --election \(last.definition.id).")
            }
            return last.definition
        }
    }

    /// The shipped text of a letter, as one saves it to change it. The office's own files are not looked at: a shell has emptied the one that
    /// this is to become before the program begins.
    ///
    /// - Throws: ``OfficeError`` `notFound` where there is none in the language, with the languages that there are.
    package static func template(_ kind: LetterKind, language: String) throws -> String {
        let writer = try LetterWriter(overrides: nil)
        if let text = writer.template(kind, language: language) { return text }
        throw OfficeError(
            .notFound, "There is no letter \(kind.rawValue) in \(Printable.quote(language)).",
            hint: "There is: \(writer.languages.joined(separator: ", ")). Take one of these and translate it.")
    }

    /// What is wrong, and what could not be checked, in files of letters; without files, in all of the office's, and in what stands in letters
    /// besides: the return notices of its elections.
    ///
    /// - Throws: ``OfficeError`` `notFound` for a file that is not there.
    package func lint(_ files: [URL]) throws -> (checked: Int, problems: [Problem], warnings: [Problem]) {
        var files = files
        let isWhole = files.isEmpty
        if isWhole {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            files = names.filter { !OwnLetters.isLeftover($0, in: folder) }.sorted().map { folder.appendingPathComponent($0) }
        }
        let elections = try office.books.read { try ElectionBook.all(in: $0).map(\.definition) }
        let isSpoken = { language in elections.contains { ElectionDefinition.place(of: language, among: $0.languages) != nil } }
        var problems: [Problem] = []
        var warnings = isWhole ? elections.flatMap(Self.notices(of:)) : []
        for file in files {
            let name = file.lastPathComponent
            guard let data = FileManager.default.contents(atPath: file.path) else {
                throw OfficeError(.notFound, "\(file.path): there is no such file, or it cannot be read.")
            }
            do throws(Problem) {
                let (kind, language) = try OwnLetters.subject(of: name)
                guard let text = LetterTemplate.text(of: [UInt8](data)) else {
                    throw Problem(file: name, what: "this is not text in UTF-8", hint: "Save it as plain text in UTF-8.")
                }
                problems += LetterLint.problems(in: text, kind: kind, language: language, file: name)
                warnings += LetterLint.warnings(in: text, kind: kind, language: language, file: name)
                if !elections.isEmpty, !isSpoken(language) {
                    warnings.append(
                        Problem(
                            file: name,
                            what: "no election of this office is held in \(Printable.quote(language)): this letter goes to nobody",
                            hint: "Languages are named in election.yaml, before the first ballot is issued."))
                }
            } catch {
                problems.append(error.inFile(name))
            }
        }
        return (files.count, problems, warnings)
    }

    /// What is wrong in an election's return notices, which stand in letters without being one.
    private static func notices(of definition: ElectionDefinition) -> [Problem] {
        definition.returnNotice.sorted { $0.key < $1.key }.compactMap { language, notice in
            LetterLint.invitation(in: notice).map { sentence in
                Problem(
                    file: "election \(definition.id)",
                    what: "return_notice.\(language) \(LetterTrial.invites): \(Printable.quote(sentence))",
                    hint: "It stands in every letter and on the site. Correct election.yaml before the first ballot is issued.")
            }
        }
    }
}

extension LetterDesk {
    /// What can stand between `{{` and `}}` in a letter, and what it becomes.
    package static let variables: [(name: String, meaning: String)] = [
        ("voter", "the voter's name, first names first"),
        ("link", "the one link; alone on its line, exactly once"),
        ("word", "the word to type at the link; a part {{#word}}…{{/word}} appears only where the office asks for one"),
        ("election", "the election's name"),
        ("date", "election day, in words"),
        ("jurisdiction", "the county or State"),
        ("contact", "a block of lines: the office's name, address, e-mail, telephone, fax"),
        ("office", "the office's name"),
        ("email", "the office's e-mail address"),
        ("phone", "the office's telephone number"),
        ("fax", "the office's fax number; a part {{#fax}}…{{/fax}} appears only where there is one"),
        ("address", "the office's address, line by line: {{#address}}{{.}} {{/address}}"),
        ("return_notice", "the sentence that says how the ballot must come back"),
        ("closes", "until when links work: day, time and the office's time zone"),
        ("post_by", "the day by which this voter should post the ballot; a part appears only where it is known"),
        ("past_post_by", "a part that appears only when that day is over"),
        ("reason", "why the ballot was rejected; only in rejected"),
        ("cure", "how it may still be put right; only in rejected"),
        ("asks_birthday", "a part that appears only where the page asks for the date of birth"),
        ("asks_id", "a part that appears only where the page asks for the last four of the voter number"),
        ("test", "a part that appears only in a test office, which says SAMPLE by itself")
    ]
}
