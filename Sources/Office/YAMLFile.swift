import Elections
import Foundation
import Yams

/// Reads a YAML file into the tree that `Elections` takes apart.
enum YAMLFile {
    /// Larger than any office's file by far; a parser is not handed more.
    private static let largest = 1 << 20

    /// The file as a ``Document``, whose lines are those of the file.
    ///
    /// - Throws: ``OfficeError`` `notFound` or `badInput` (not UTF-8, too large, not YAML: with the line).
    static func read(_ file: URL) throws -> Document {
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw OfficeError(.notFound, "\(file.path): there is no such file, or it cannot be read.")
        }
        guard data.count <= largest else {
            throw OfficeError(.badInput, "\(file.lastPathComponent): larger than 1 MB.", hint: "Is it the right file?")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw OfficeError(.badInput, "\(file.lastPathComponent): not UTF-8 text.", hint: "Save it as UTF-8.")
        }
        do {
            guard let node = try Yams.compose(yaml: text) else { return Document(.null, line: 1) }
            return document(node)
        } catch let error as YamlError {
            // Yams' own message shows the line with a caret under the place.
            throw OfficeError(
                .badInput, "\(file.lastPathComponent): not valid YAML.\n\(error)",
                hint: "Check the indentation and the quotes around values with a colon.")
        }
    }

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
