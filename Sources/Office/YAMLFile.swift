import Elections
import Foundation
import Yams

/// Reads a YAML file into the tree that `Elections` takes apart.
enum YAMLFile {
    /// Larger than any office's file by far; a parser is not handed more.
    private static let largest = 1 << 20

    /// The file as a ``Document``, whose lines are those of the file.
    ///
    /// - Throws: ``OfficeError`` `notFound` or `badInput` (not UTF-8, too large, not YAML: with line and column).
    static func read(_ file: URL) throws -> Document {
        guard FileManager.default.fileExists(atPath: file.path) else { throw missing(file) }
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw OfficeError(.notFound, "\(file.path) cannot be read.", hint: "Check who may read it.")
        }
        return try read([UInt8](data), file: file.lastPathComponent)
    }

    /// Where a folder lacks the file that it is named for.
    static func missing(_ file: URL) -> OfficeError {
        OfficeError(
            .notFound, "\(file.deletingLastPathComponent().path) holds no \(file.lastPathComponent).",
            hint: "Name the folder that does. What goes into one is in docs/election-folder.md.")
    }

    /// The same of a file's content.
    static func read(_ bytes: [UInt8], file: String) throws -> Document {
        guard bytes.count <= largest else {
            throw OfficeError(.badInput, "\(file): larger than 1 MB.", hint: "Is it the right file?")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw OfficeError(.badInput, "\(file): not UTF-8 text.", hint: "Save it as UTF-8.")
        }
        do {
            try refuseAliases(text, file)
            guard let node = try Yams.compose(yaml: text) else { return Document(.null, line: 1) }
            return document(node)
        } catch let error as YamlError {
            let problem = problem(error, in: file, text)
            throw OfficeError(
                .badInput, Problem(file: problem.file, line: problem.line, what: problem.what).description, hint: problem.hint)
        }
    }

    // MARK: Aliases

    /// What stands for `*` while aliases are looked for: a character for private use, which YAML takes for a letter.
    private static let stand: Unicode.Scalar = "\u{E0A5}"

    /// Throws where an alias (`*name`) is used. Seven levels of nine aliases are four million nodes out of one kilobyte, and the parser itself
    /// walks them where they are keys. Only a parser can tell an alias from a star in a text, so it is given the file without one: there an
    /// alias has become a plain scalar that begins with the stand-in, and a plain scalar cannot begin with a star.
    private static func refuseAliases(_ text: String, _ file: String) throws {
        guard text.utf8.contains(UInt8(ascii: "*")) else { return }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(scalar == "*" ? stand : scalar) }
        guard let node = try Yams.compose(yaml: String(scalars)), let alias = firstAlias(node) else { return }
        let problem = at(
            alias.mark?.line ?? 1, alias.mark?.column ?? 1,
            "\(Printable.quote(withStars(alias.string))) is an alias, "
                + "which has no place here",
            "Write the value out; put a value that begins with * or & in quotes.", file)
        throw OfficeError(
            .badInput, Problem(file: problem.file, line: problem.line, what: problem.what).description, hint: problem.hint)
    }

    /// The text as the file has it.
    private static func withStars(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(scalar == stand ? "*" : scalar) }
        return String(scalars)
    }

    private static func firstAlias(_ node: Node) -> Node.Scalar? {
        switch node {
        case .scalar(let scalar):
            if scalar.style == .plain, scalar.string.unicodeScalars.first == stand { return scalar }
        case .sequence(let sequence):
            for element in sequence {
                if let alias = firstAlias(element) { return alias }
            }
        case .mapping(let mapping):
            for (key, value) in mapping {
                if let alias = firstAlias(key) ?? firstAlias(value) { return alias }
            }
        case .alias: break
        }
        return nil
    }

    // MARK: What the parser says

    /// Yams' error as one problem: the line, the column, and what a person who does not know YAML can make of it.
    private static func problem(_ error: YamlError, in file: String, _ text: String) -> Problem {
        switch error {
        case .scanner(let context, let what, let mark, _), .parser(let context, let what, let mark, _),
            .composer(let context, let what, let mark, _):
            // Where a quote or a bracket is not closed, the parser notices at the end of the file; the beginning is what helps.
            if let context, let (plain, hint) = unclosed(context.text, what) {
                return at(context.mark.line, context.mark.column, plain, hint, file)
            }
            let (plain, hint) = explained(what)
            return at(mark.line, mark.column, plain, hint, file)
        case .reader(let what, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let start = before.lastIndex(where: \.isNewline).map { before.index(after: $0) } ?? before.startIndex
            return at(
                before.count(where: \.isNewline) + 1, before.distance(from: start, to: before.endIndex) + 1, what,
                "Type this line again by hand.", file)
        case .duplicatedKeysInMapping(let names, let context):
            let keys = names.sorted().map { Printable.quote(withStars($0)) }.joined(separator: ", ")
            return at(
                context.mark.line, context.mark.column,
                "in the part that begins here, \(keys) \(names.count == 1 ? "is" : "are") there twice",
                "Keep one of the two.", file)
        default:
            return Problem(file: file, what: "this is not YAML", hint: "Write it like the examples in docs/election-folder.md.")
        }
    }

    private static func at(_ line: Int, _ column: Int, _ what: String, _ hint: String, _ file: String) -> Problem {
        Problem(file: file, line: line, what: "column \(column): \(what)", hint: hint)
    }

    private static func unclosed(_ context: String, _ what: String) -> (String, String)? {
        if context.contains("quoted scalar") { return ("a quote is opened here and never closed", "Close it at the end of the value.") }
        if context.contains("flow sequence") { return ("a list is opened here with [ and is not well closed", "Close it with ].") }
        if context.contains("flow mapping") {
            return ("a group is opened here with { and is not well closed", "Close it with }, and put a comma after each value in it.")
        }
        return nil
    }

    /// libyaml's words, where they are known; its own otherwise.
    private static func explained(_ what: String) -> (String, String) {
        switch what {
        case "mapping values are not allowed in this context":
            ("there is a second colon, or the line is indented too far", "Put a value that holds a colon in quotes.")
        case "found character that cannot start any token":
            ("this character cannot stand here", "Indent with spaces, not with tabs, and put values that begin with @ or ` in quotes.")
        case "did not find expected key", "could not find expected ':'", "could not find expected ':' while scanning a simple key":
            ("a key and a colon are expected here", "Indent the line like its neighbours, and write KEY: VALUE.")
        case "found undefined alias": ("a * has a meaning of its own in YAML", "Put a value that begins with * or & in quotes.")
        case "did not find expected '-' indicator":
            ("a line of the list is expected here", "Begin it with - and indent it like the others.")
        default: (what, "Check the indentation, and put values that hold a colon in quotes.")
        }
    }

    // MARK: The tree

    private static func document(_ node: Node) -> Document {
        let line = node.mark?.line ?? 1
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            let empty = isPlain && ["", "~", "null"].contains(scalar.string)
            return Document(empty ? .null : .scalar(scalar.string), line: line)
        case .sequence(let sequence):
            return Document(.list(sequence.map(document)), line: line)
        case .mapping(let mapping):
            return Document(
                .map(mapping.map { (key: $0.key.scalar?.string ?? "?", keyLine: $0.key.mark?.line ?? line, value: document($0.value)) }),
                line: line)
        case .alias:
            return Document(.null, line: line)
        }
    }
}
