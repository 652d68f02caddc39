import Elections
import Foundation
import Mustache

/// The words of one kind of letter in one language, with places for what differs.
///
/// The file that it is saved in: `Subject: …`, an empty line, then the body. A paragraph is one line; lines that stand directly below each
/// other stay so. Places are Mustache: `{{voter}}`, `{{#fax}}…{{/fax}}`.
struct LetterTemplate: Sendable {
    /// The file's text.
    let source: String
    /// The subject's template, to be rendered as text.
    let subject: MustacheTemplate
    /// The body's template, to be rendered as text.
    let body: MustacheTemplate

    /// Reads a template. Throws a `Problem` with the line where it has no subject or is no Mustache.
    init(_ source: String) throws(Problem) {
        let parts = try Self.parts(source)
        self.source = source
        subject = try Self.parse(parts.subject, firstLine: 1)
        body = try Self.parse(parts.body, firstLine: parts.bodyLine)
    }

    /// A file's text as templates have it: line feeds only, spaces for tabs, no byte order mark.
    static func text(of bytes: [UInt8]) -> String? {
        var bytes = bytes[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        for (index, byte) in zip(bytes.indices, bytes) {
            switch byte {
            case UInt8(ascii: "\t"): plain.append(UInt8(ascii: " "))
            case UInt8(ascii: "\r"):
                let next = index + 1
                if next == bytes.endIndex || bytes[next] != UInt8(ascii: "\n") { plain.append(UInt8(ascii: "\n")) }
            default: plain.append(byte)
            }
        }
        return String(validating: plain, as: UTF8.self)
    }

    /// Subject and body as they are written, and the line on which the body begins.
    static func parts(_ source: String) throws(Problem) -> (subject: String, body: String, bodyLine: Int) {
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        let word = "subject:"
        guard let first = lines.first, first.lowercased().hasPrefix(word) else {
            throw Problem(
                line: 1, what: "the first line is not the subject",
                hint: "Begin with \"Subject: \" and the subject, then leave a line empty.")
        }
        let subject = first.dropFirst(word.count).trimmingSpaces
        guard !subject.isEmpty else {
            throw Problem(line: 1, what: "the subject is empty", hint: "Say in a few words what the letter is about.")
        }
        guard lines.count > 1, lines[1].trimmingSpaces.isEmpty else {
            throw Problem(line: 2, what: "no empty line follows the subject", hint: "Leave line 2 empty and begin the letter on line 3.")
        }
        return (String(subject), lines.dropFirst(2).joined(separator: "\n"), 3)
    }

    private static func parse(_ text: String, firstLine: Int) throws(Problem) -> MustacheTemplate {
        do {
            // A letter is text: an ampersand in a name must not become "&amp;".
            return try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}\n" + text)
        } catch let error as MustacheTemplate.ParserError {
            let line = max(error.context.lineNumber - 2, 0) + firstLine
            throw Problem(line: line, what: "this is no Mustache: \(words(for: error.error))", hint: hint)
        } catch {
            throw Problem(line: firstLine, what: "this is no Mustache", hint: hint)
        }
    }

    private static let hint = "Places are written {{name}}, and parts that may be left out {{#name}}…{{/name}}."

    private static func words(for error: any Error) -> String {
        switch error as? MustacheTemplate.Error {
        case .sectionCloseNameIncorrect: "a {{/…}} names another part than the one that is open"
        case .expectedSectionEnd: "a part that begins with {{#…}} has no end"
        case .invalidSetDelimiter: "the marks cannot be changed"
        default: "a {{ has no end, or what stands in it is no name"
        }
    }
}

extension StringProtocol where SubSequence == Substring {
    /// Without the spaces at both ends.
    var trimmingSpaces: Substring {
        var text = self[startIndex...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}

/// The office's own words: `<kind>.<language>.txt`, e.g. `reminder.es.txt`, in a folder.
enum OwnLetters {
    /// The largest file that is read; a letter is a page.
    static let largest = 20 << 10

    /// The file's name of a template.
    static func name(_ kind: LetterKind, _ language: String) -> String { "\(kind.rawValue).\(language).txt" }

    /// Every template of the folder by its file's name; none where there is no folder.
    ///
    /// - Throws: ``OfficeError`` `badInput` with everything that is wrong in any of the files.
    static func read(_ folder: URL?) throws -> [String: LetterTemplate] {
        guard let folder, FileManager.default.fileExists(atPath: folder.path) else { return [:] }
        var problems: [Problem] = []
        var templates: [String: LetterTemplate] = [:]
        do throws(Problem) {
            let files = FolderFiles(url: folder)
            for name in try files.names() where !isLeftover(name, in: folder) {
                do throws(Problem) {
                    let (kind, language) = try subject(of: name)
                    guard let bytes = try files.read(name, atMost: FolderFiles.largestText) else { continue }
                    guard let text = LetterTemplate.text(of: bytes) else {
                        throw Problem(what: "this is not text in UTF-8", hint: "Save it as plain text in UTF-8.")
                    }
                    let found = LetterLint.problems(in: text, kind: kind, language: language, file: name)
                    problems += found
                    if found.isEmpty { templates[name] = try LetterTemplate(text) }
                } catch {
                    problems.append(error.inFile(name))
                }
            }
        } catch {
            problems.append(error)
        }
        guard problems.isEmpty else {
            throw OfficeError(
                .badInput,
                "The office's own letters in \(folder.lastPathComponent)/ cannot be used: "
                    + (problems.count == 1 ? "1 problem." : "\(problems.count) problems."),
                hint: "Put right what is listed, or move the files away: then the letters have the words that the program brings.",
                problems: problems)
        }
        return templates
    }

    /// What desktops and editors leave behind, and folders, where somebody keeps older words: no letters. A folder with a letter's name is one
    /// that somebody takes for it.
    static func isLeftover(_ name: String, in folder: URL) -> Bool {
        if name.hasPrefix(".") || name.hasPrefix("#") || name.hasSuffix("~") { return true }
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path, isDirectory: &isFolder)
        return exists && isFolder.boolValue && !name.hasSuffix(".txt")
    }

    /// The kind and the language that a file's name speaks of.
    static func subject(of name: String) throws(Problem) -> (LetterKind, String) {
        let kinds = LetterKind.allCases.map(\.rawValue)
        let shape = "Name it KIND.LANGUAGE.txt, for example reminder.es.txt; kinds are \(kinds.joined(separator: ", "))."
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[2] == "txt" else {
            throw Problem(what: "this is not the name of a letter", hint: shape)
        }
        guard let kind = LetterKind(rawValue: parts[0]) else {
            let nearest = Nearest.to(parts[0], among: kinds).map { "Did you mean \($0).\(parts[1]).txt? " } ?? ""
            throw Problem(what: "there is no letter called \(Printable.quote(parts[0]))", hint: nearest + shape)
        }
        guard ElectionDefinition.isLanguageTag(parts[1]) else {
            throw Problem(what: "\(Printable.quote(parts[1])) is not a language tag", hint: "Write for example en, es or zh-Hant. " + shape)
        }
        return (kind, parts[1])
    }
}
