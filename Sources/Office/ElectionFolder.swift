import Elections
import Foundation
import Packet

/// An election's folder as somebody prepared it: `election.yaml`, `styles.csv`, ballots, declarations, inserts. Read and checked as a whole.
struct ElectionFolder {
    private let files: FolderFiles
    let definition: ElectionDefinition
    let styles: [BallotStyle]
    /// The affirmation in each language, as Markdown.
    let declarations: [String: String]
    /// The office's own PDFs. Read once: what is checked, compared with the books and kept is the same.
    let inserts: [Insert: [UInt8]]
    /// The office's own captions of the pages, by language.
    let captions: [String: BaseWording]
    let warnings: [String]

    /// - Throws: ``OfficeError`` `badInput` with every problem of every file; `notFound`; `notAllowed` for a test election in a real office or
    ///   the other way round.
    init(_ url: URL, isTest: Bool) throws {
        let files = FolderFiles(url: url)
        self.files = files
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw OfficeError(.notFound, "\(url.path) is not a folder.", hint: "Name the folder that holds election.yaml and styles.csv.")
        }
        guard let description = try Self.read("election.yaml", of: files, atMost: FolderFiles.largestText) else {
            throw YAMLFile.missing(url.appendingPathComponent("election.yaml"))
        }
        let document = try YAMLFile.read(description, file: "election.yaml")
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
        guard let sheet = try Self.read("styles.csv", of: files, atMost: FolderFiles.largestTable) else {
            throw OfficeError(
                .badInput, "styles.csv: there is no such file in \(url.path).", hint: "docs/election-folder.md shows what goes in.")
        }
        do throws(Problems) {
            styles = try StyleSheet.read(sheet, file: "styles.csv", languages: definition.languages)
        } catch {
            throw OfficeError(error, in: "styles.csv")
        }
        var problems: [Problem] = []
        var warnings: [String] = []
        declarations = Self.declarations(definition, in: files, &problems)
        captions = try CaptionFile.all(of: definition, in: files, &problems)
        Self.checkBallotFiles(styles, in: files, &problems)
        inserts = Self.inserts(for: styles, definition.languages, in: files, &problems)
        for style in styles {
            let missing = definition.languages.filter { style.files[$0] == nil }
            if !missing.isEmpty, let instead = style.language(among: definition.languages) {
                warnings.append("\(style.id) has no ballot in \(missing.joined(separator: ", ")); those voters get it in \(instead).")
            }
        }
        self.warnings = warnings + Self.unused(definition, in: files)
        guard problems.isEmpty else { throw OfficeError(Problems(problems), in: url.lastPathComponent) }
    }

    /// A ballot of the folder.
    func bytes(_ name: String) throws -> [UInt8] {
        let bytes: [UInt8]?
        do throws(Problem) {
            bytes = try files.read(name, atMost: BallotReader.maximumBytes)
        } catch {
            throw OfficeError(Problems(error), in: name)
        }
        guard let bytes else {
            throw OfficeError(.badInput, "\(name): cannot be read.", hint: "Check that the file is there and who may read it.")
        }
        return bytes
    }

    /// A text or table of the folder, which nothing can be checked without; nil where it is not there.
    private static func read(_ name: String, of files: FolderFiles, atMost limit: Int) throws -> [UInt8]? {
        do throws(Problem) {
            return try files.read(name, atMost: limit)
        } catch {
            throw OfficeError(Problems(error), in: name)
        }
    }

    private static func declarations(
        _ definition: ElectionDefinition, in files: FolderFiles, _ problems: inout [Problem]
    ) -> [String: String] {
        var texts: [String: String] = [:]
        for (language, name) in definition.declaration {
            guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
                problems.append(
                    Problem(
                        file: "election.yaml", column: "declaration.\(language)", what: "\(Printable.quote(name)) is outside the folder."))
                continue
            }
            let read: [UInt8]?
            do throws(Problem) {
                read = try files.read(name, atMost: FolderFiles.largestText)
            } catch {
                problems.append(error)
                continue
            }
            guard let data = read else {
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
    private static func checkBallotFiles(_ styles: [BallotStyle], in files: FolderFiles, _ problems: inout [Problem]) {
        let named = Set(styles.flatMap(\.files.values))
        var refused: Set<Problem> = []
        for name in named.sorted() {
            do throws(Problem) {
                if try files.holds(name, atMost: BallotReader.maximumBytes) { continue }
                problems.append(
                    Problem(
                        file: "styles.csv", what: "\(name) is named here but is not in the folder",
                        hint: "Add the file, or correct its name."))
            } catch {
                // A folder that is a link is one problem, not one of every ballot in it.
                if refused.insert(error).inserted { problems.append(error) }
            }
        }
        let present: [String]
        do throws(Problem) { present = try files.names(in: "ballots") } catch {
            if refused.insert(error).inserted { problems.append(error) }
            return
        }
        for name in present where name.lowercased().hasSuffix(".pdf") && !named.contains("ballots/\(name)") {
            problems.append(
                Problem(
                    file: "ballots/\(name)", what: "no line of styles.csv names this ballot", hint: "Add its line, or move the file away."))
        }
    }

    /// Everything in the folders of inserts. Whatever cannot be taken is named: a forgotten file would be pages that nobody gets.
    private static func inserts(
        for styles: [BallotStyle], _ languages: [String], in files: FolderFiles, _ problems: inout [Problem]
    ) -> [Insert: [UInt8]] {
        var found: [Insert: [UInt8]] = [:]
        for folder in Insert.Folder.allCases {
            let names: [String]
            do throws(Problem) { names = try files.names(in: folder.rawValue) } catch {
                problems.append(error)
                continue
            }
            for name in names {
                do throws(Problem) {
                    let insert = try Insert(name, in: folder, languages: languages, styles: styles.map(\.id))
                    guard let bytes = try files.read(insert.path, atMost: BallotReader.maximumBytes) else {
                        throw Problem(file: insert.path, what: "this went away while it was read", hint: "Import the folder again.")
                    }
                    found[insert] = bytes
                } catch {
                    problems.append(error)
                }
            }
        }
        return found
    }

    /// What looks as if it were to go into packets and does not: a misspelt name must not be passed over in silence. Rolls and notes may lie
    /// here too.
    private static func unused(_ definition: ElectionDefinition, in files: FolderFiles) -> [String] {
        let folders = ["ballots"] + Insert.Folder.allCases.map(\.rawValue)
        let declarations = Set(definition.declaration.values.compactMap { $0.split(separator: "/").first.map(String.init) })
        return ((try? files.names()) ?? []).compactMap { name in
            guard !name.hasPrefix("."), name != "election.yaml", !folders.contains(name), !declarations.contains(name) else { return nil }
            let isFolder = (try? files.holds(name, atMost: Int.max)) == nil
            if isFolder { return "The folder \(Printable.quote(name)) is not used; those that are: \(folders.joined(separator: ", "))." }
            if name.hasPrefix("captions."), name.hasSuffix(".yaml") { return nil }
            guard ["pdf", "yaml", "yml", "md", "markdown"].contains(where: { name.lowercased().hasSuffix(".\($0)") }) else { return nil }
            return
                "\(Printable.quote(name)) is not used. Declarations are named in election.yaml, captions are captions.LANGUAGE.yaml, and PDFs "
                + "lie in \(folders.joined(separator: ", "))."
        }
    }

    // MARK: What the pages say

    /// What the books keep of the office's texts and the journal tells of: declarations by language, and captions.
    var texts: [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return captions.reduce(into: declarations) { texts, entry in
            texts["captions.\(entry.key)"] = (try? encoder.encode(entry.value)).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// The office's words for a packet in a language.
    func text(language: String, publicURL: String, sample: Bool) -> OfficeText {
        let contact = definition.office
        let declared = definition.languages(preferring: language).lazy.compactMap { declarations[$0] }.first ?? ""
        let notice = definition.languages(preferring: language).lazy.compactMap { definition.returnNotice[$0] }.first
        return OfficeText(
            officeName: contact.name, electionName: definition.name, electionDate: definition.date.long(language: language),
            jurisdiction: definition.jurisdiction.name, address: contact.address, email: contact.email, phone: contact.phone,
            fax: contact.fax, publicURL: publicURL, returnNotice: notice ?? "", declaration: declared,
            witnessLines: definition.witnessLines, language: language, captions: captions[language], sample: sample,
            imbConfigured: definition.imb != nil,
            imbHasZIP4: (definition.imb?.routing.utf8.count ?? 0) >= 9)
    }
}
