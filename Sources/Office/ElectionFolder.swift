import Elections
import Foundation
import Packet

/// An election's folder as somebody prepared it: `election.yaml`, `styles.csv`, ballots, declarations. Read and checked as a whole.
struct ElectionFolder {
    let url: URL
    let definition: ElectionDefinition
    let styles: [BallotStyle]
    /// The affirmation in each language, as Markdown.
    let declarations: [String: String]
    let warnings: [String]

    /// - Throws: ``OfficeError`` `badInput` with every problem of every file; `notFound`; `notAllowed` for a test election in a real office or
    ///   the other way round.
    init(_ url: URL, isTest: Bool) throws {
        self.url = url
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw OfficeError(.notFound, "\(url.path) is not a folder.", hint: "Name the folder that holds election.yaml and styles.csv.")
        }
        let document = try YAMLFile.read(url.appendingPathComponent("election.yaml"))
        do throws(Problems) {
            definition = try ElectionDefinition.read(document, file: "election.yaml")
        } catch {
            throw OfficeError(error, in: "election.yaml")
        }
        guard definition.test == isTest else {
            throw OfficeError(
                .notAllowed,
                isTest ? "This is a test office, and \(definition.id) is a real election." : "\(definition.id) is a test election.",
                hint: isTest
                    ? "Use a real office (`uocava init` without --test), or set `test: true` in election.yaml to try it out."
                    : "Use a test office: uocava init DIR --test")
        }
        guard let sheet = FileManager.default.contents(atPath: url.appendingPathComponent("styles.csv").path) else {
            throw OfficeError(
                .badInput, "styles.csv: there is no such file in \(url.path).", hint: "docs/election-folder.md shows what goes in.")
        }
        do throws(Problems) {
            styles = try StyleSheet.read([UInt8](sheet), file: "styles.csv", languages: definition.languages)
        } catch {
            throw OfficeError(error, in: "styles.csv")
        }
        var problems: [Problem] = []
        var warnings: [String] = []
        declarations = Self.declarations(definition, in: url, &problems)
        Self.checkBallotFiles(styles, in: url, &problems)
        for style in styles {
            let missing = definition.languages.filter { style.files[$0] == nil }
            if !missing.isEmpty, let instead = style.language(among: definition.languages) {
                warnings.append("\(style.id) has no ballot in \(missing.joined(separator: ", ")); those voters get it in \(instead).")
            }
        }
        self.warnings = warnings
        guard problems.isEmpty else { throw OfficeError(Problems(problems), in: url.lastPathComponent) }
    }

    /// A file of the folder. Names were checked to stay inside it.
    func bytes(_ name: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: url.appendingPathComponent(name).path) else {
            throw OfficeError(.badInput, "\(name): cannot be read.", hint: "Check that the file is there and who may read it.")
        }
        return [UInt8](data)
    }

    private static func declarations(_ definition: ElectionDefinition, in url: URL, _ problems: inout [Problem]) -> [String: String] {
        var texts: [String: String] = [:]
        for (language, name) in definition.declaration {
            guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
                problems.append(
                    Problem(
                        file: "election.yaml", column: "declaration.\(language)", what: "\(Printable.quote(name)) is outside the folder."))
                continue
            }
            guard let data = FileManager.default.contents(atPath: url.appendingPathComponent(name).path) else {
                problems.append(Problem(file: name, what: "the declaration is missing", hint: "It is named in election.yaml."))
                continue
            }
            guard let text = String(validating: data, as: UTF8.self), !text.allSatisfy(\.isWhitespace) else {
                problems.append(Problem(file: name, what: "the declaration is empty or not UTF-8 text", hint: "Save it as UTF-8."))
                continue
            }
            texts[language] = text
        }
        return texts
    }

    /// Every ballot that is named must be there, and every ballot that is there must be named: a forgotten line is a style that nobody gets.
    private static func checkBallotFiles(_ styles: [BallotStyle], in url: URL, _ problems: inout [Problem]) {
        let named = Set(styles.flatMap(\.files.values))
        for name in named.sorted() where !FileManager.default.fileExists(atPath: url.appendingPathComponent(name).path) {
            problems.append(
                Problem(
                    file: "styles.csv", what: "\(name) is named here but is not in the folder", hint: "Add the file, or correct its name."))
        }
        let present = (try? FileManager.default.contentsOfDirectory(atPath: url.appendingPathComponent("ballots").path)) ?? []
        for name in present.sorted() where name.lowercased().hasSuffix(".pdf") && !named.contains("ballots/\(name)") {
            problems.append(
                Problem(
                    file: "ballots/\(name)", what: "no line of styles.csv names this ballot", hint: "Add its line, or move the file away."))
        }
    }

    // MARK: What the pages say

    /// The office's words for a packet in a language.
    func text(language: String, publicURL: String, sample: Bool) -> OfficeText {
        let contact = definition.office
        let declared = definition.languages(preferring: language).lazy.compactMap { declarations[$0] }.first ?? ""
        let notice = definition.languages(preferring: language).lazy.compactMap { definition.returnNotice[$0] }.first
        return OfficeText(
            officeName: contact.name, electionName: definition.name, electionDate: definition.date.long(language: language),
            jurisdiction: definition.jurisdiction.name, address: contact.address, email: contact.email, phone: contact.phone,
            fax: contact.fax, publicURL: publicURL, returnNotice: notice ?? "", declaration: declared,
            witnessLines: definition.witnessLines, language: language, sample: sample, imbConfigured: definition.imb != nil)
    }

    /// What the public pages say of the election.
    var publicElection: PublicElection { PublicElection(definition) }

    /// What the public pages say of the office.
    ///
    /// - Parameter authority: the certificate of the office's authority, in PEM.
    func notice(isTest: Bool, authority: String) -> PublicNotice {
        PublicNotice(definition, isTest: isTest, authority: authority)
    }
}
