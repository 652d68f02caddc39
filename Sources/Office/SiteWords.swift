import Elections
package import Foundation
import Packet

/// The words of the voters' site in a language that the office added: `site/LANGUAGE.yaml` beside `uocava.yaml`.
package struct SiteWords: Sendable {
    /// A BCP 47 tag, as the file is named: `fr`, `zh-Hant`.
    package let tag: String
    /// What the language calls itself; nil: as Foundation knows it.
    package let name: String?
    /// By key. What is missing is said in English.
    package let sentences: [String: String]

    /// A language's words.
    package init(tag: String, name: String?, sentences: [String: String]) {
        self.tag = tag
        self.name = name
        self.sentences = sentences
    }

    /// The folder.
    package static let folder = "site"
    private static let longest = 2000

    /// Every such file of an office, by tag; none where there is no folder.
    ///
    /// - Parameter english: the sentences by key: the keys that a file may have, and their blanks.
    /// - Throws: ``OfficeError`` `badInput` with every problem of every file.
    package static func all(in office: URL, english: [String: String]) throws -> [SiteWords] {
        let place = office.appendingPathComponent(folder)
        // The site's own user need not be able to list the office's folder.
        guard FileManager.default.fileExists(atPath: place.path) else { return [] }
        let files = FolderFiles(url: place)
        var problems: [Problem] = []
        var found: [SiteWords] = []
        do throws(Problem) {
            for file in try files.names() where !file.hasPrefix(".") && (file.hasSuffix(".yaml") || file.hasSuffix(".yml")) {
                do throws(Problem) {
                    guard file.hasSuffix(".yaml") else {
                        throw Problem(
                            file: "\(folder)/\(file)", what: "its name ends in .yml",
                            hint: "Name it \(file.dropLast(4)).yaml, or take it away.")
                    }
                    if let words = try read(file, files, english, &problems) { found.append(words) }
                } catch {
                    problems.append(error)
                }
            }
        } catch {
            problems.append(error)
        }
        guard problems.isEmpty else {
            throw OfficeError(Problems(problems), in: "The words of the site", outcome: "The site does not start with them.")
        }
        return found
    }

    private static func read(
        _ file: String, _ files: FolderFiles, _ english: [String: String], _ problems: inout [Problem]
    ) throws(Problem) -> SiteWords? {
        let path = "\(folder)/\(file)"
        let tag = String(file.dropLast(".yaml".count))
        guard tag.wholeMatch(of: /[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}/) != nil else {
            throw Problem(
                file: path, what: "\(Printable.quote(tag)) is no language tag",
                hint: "Name the file for its language: fr.yaml, zh-Hant.yaml.")
        }
        guard let bytes = try files.read(file, atMost: FolderFiles.largestText) else { return nil }
        let document: Document
        do { document = try YAMLFile.read(bytes, file: path) } catch {
            // It says itself where that is.
            throw Problem(what: "\(error)", hint: "`uocava site words` prints a file to begin from.")
        }
        let reader = DocumentReader(file: path)
        let root = reader.root(document)
        let name = root.optionalText("name")
        let section = root.section("sentences")
        var sentences: [String: String] = [:]
        for (key, model) in english.sorted(by: { $0.key < $1.key }) {
            guard let text = section.optionalText(key) else { continue }
            if let fault = fault(of: text, like: model) { section.report(key, fault.what, hint: fault.hint) }
            sentences[key] = text
        }
        do throws(Problems) { try reader.finish() } catch {
            problems += error.all
            return nil
        }
        return SiteWords(tag: tag, name: name, sentences: sentences)
    }

    private static func fault(of text: String, like model: String) -> (what: String, hint: String)? {
        if text.contains(where: { "<>".contains($0) }) || text.contains(/&#?[A-Za-z0-9]+;/) {
            return ("this has HTML in it", "Write plain text; the page makes what it needs of it.")
        }
        guard text.count <= longest else { return ("this is longer than \(longest) characters", "Shorten it.") }
        let (wanted, got) = (blanks(model), blanks(text))
        if wanted != got {
            let words = wanted.isEmpty ? "no blank" : wanted.map { "{\($0)}" }.joined(separator: " and ")
            return (
                "the English sentence has \(words) in it, and this has not just that",
                "The site fills in what stands in braces: keep it as it is."
            )
        }
        return nil
    }

    private static func blanks(_ text: String) -> [String] { text.matches(of: /\{([^{}]*)\}/).map { String($0.output.1) }.sorted() }

    /// The keys that are said in English: the file has no sentence for them, or the English one still; none where the language is shipped.
    package func missing(of english: [String: String], shipped: [String]) -> [String] {
        guard !shipped.contains(tag) else { return [] }
        return english.keys.filter { sentences[$0] == nil }.sorted() + same(as: english)
    }

    /// The keys whose sentence is still the one of another language. A single word, as Fax, may be the same.
    package func same(as other: [String: String]) -> [String] {
        sentences.filter { $0.value == other[$0.key] && $0.value.contains(" ") }.keys.sorted()
    }

    /// A file with these sentences, ready to be translated.
    package static func template(_ sentences: [String: String], name: String) -> String {
        var text = """
            # The words of the voters' site. Translate what stands in quotation marks, save it as
            # site/LANGUAGE.yaml beside the uocava.yaml that the site reads (fr.yaml, ar.yaml,
            # zh-Hant.yaml), and start `uocava serve` again. What you leave out is said in English.
            # What stands in braces, such as {when}, the site fills in: keep it as it is, wherever it fits.
            # Plain text only. `uocava site check` looks through your file.

            # What the language calls itself:
            name: \(quoted(name))

            sentences:

            """
        var subject = ""
        for (key, sentence) in sentences.sorted(by: { $0.key < $1.key }) {
            let head = String(key.prefix { $0 != "_" })
            if head != subject, !subject.isEmpty { text += "\n" }
            subject = head
            text += "  \(key): \(quoted(sentence))\n"
        }
        return text
    }

    /// A double-quoted scalar of YAML; whatever else it holds stands for itself there.
    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n"))\""
    }

    /// Whether a language (BCP 47) is written from right to left.
    package static func isRightToLeft(_ tag: String) -> Bool { BaseDirection.isRightToLeft(tag) }
}
