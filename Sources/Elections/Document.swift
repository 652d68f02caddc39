/// A file of keys and values, such as `election.yaml`, as a tree that knows on which line each thing stands.
///
/// Whoever parses the file's syntax builds it; `DocumentReader` takes it apart and says what is wrong. All scalars are text: whether
/// `20001` is a number or a postcode is for the reader of that key to say.
package struct Document: Sendable {
    /// What can stand in a document.
    package indirect enum Kind: Sendable {
        case scalar(String)
        case list([Document])
        /// In the order of the file; a key that is written twice is here twice.
        case map([(key: String, keyLine: Int, value: Document)])
        case null
    }

    /// The value.
    package let kind: Kind
    /// The line on which it begins, from 1.
    package let line: Int

    /// A value and its line.
    package init(_ kind: Kind, line: Int) {
        self.kind = kind
        self.line = line
    }
}

/// Reads keys out of a `Document`, with a path for each, and collects everything that is wrong instead of stopping at the first.
///
/// Ask each `Section` for every key that it may have; then `finish()` also reports the keys that nobody asked for, by name and with the nearest
/// known one, and those that are written twice. Values asked for come back as nil or as their default where something is wrong with them.
package final class DocumentReader {
    /// The file's name in the problems.
    package let file: String
    /// What is wrong so far.
    package private(set) var problems: [Problem] = []
    private var sections: [Section] = []

    /// A reader for the file of this name.
    package init(file: String) { self.file = file }

    /// The whole document as a section; a document that is no map is reported and reads as empty.
    package func root(_ document: Document) -> Section { section(document, path: "") }

    /// Notes a problem at a line and key path.
    package func report(line: Int?, path: String?, _ what: String, hint: String = "") {
        problems.append(Problem(file: file, line: line, column: path, what: what, hint: hint))
    }

    /// Reports unknown and doubled keys of all sections, and throws if anything at all was wrong, in the order of the lines.
    package func finish() throws(Problems) {
        for section in sections { section.reportStrangeKeys() }
        sections = []
        guard problems.isEmpty else {
            throw Problems(
                problems.enumerated().sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }.map(\.element))
        }
    }

    fileprivate func section(_ document: Document, path: String) -> Section {
        let section = Section(reader: self, document: document, path: path)
        sections.append(section)
        return section
    }

    /// One map of the document.
    package final class Section {
        /// The keys that lead here, joined with full stops; empty at the root.
        package let path: String
        /// The line on which it begins.
        package let line: Int
        /// The keys as written, in order.
        package var keys: [String] { members.map(\.key) }

        private unowned let reader: DocumentReader
        private let members: [(key: String, keyLine: Int, value: Document)]
        private var asked: [String] = []
        private var takesAnyKey = false

        fileprivate init(reader: DocumentReader, document: Document, path: String) {
            self.reader = reader
            self.path = path
            line = document.line
            switch document.kind {
            case .map(let members): self.members = members
            case .null: members = []
            case .scalar, .list:
                members = []
                reader.report(line: document.line, path: path.isEmpty ? nil : path, "keys with values are expected here")
            }
        }

        /// The path of one of the keys here, e.g. `deadlines.receipt`.
        package func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

        /// The line of the key, or of the section where the key is missing.
        package func line(of key: String) -> Int { members.first { $0.key == key }?.keyLine ?? line }

        /// The value of a key, nil where it is missing or empty. Marks the key as known.
        package func value(_ key: String) -> Document? {
            if !asked.contains(key) { asked.append(key) }
            guard let member = members.first(where: { $0.key == key }) else { return nil }
            if case .null = member.value.kind { return nil }
            return member.value
        }

        /// Whether the key is there with a value.
        package func has(_ key: String) -> Bool { value(key) != nil }

        /// Notes a problem with the key.
        package func report(_ key: String, _ what: String, hint: String = "") {
            reader.report(line: line(of: key), path: path(of: key), what, hint: hint)
        }

        /// The text of a key that may be missing or empty.
        package func optionalText(_ key: String) -> String? {
            guard let document = value(key) else { return nil }
            guard case .scalar(let text) = document.kind else {
                report(key, "a single value is expected here")
                return nil
            }
            guard text.unicodeScalars.allSatisfy({ $0 == "\n" || !Printable.isUnsafe($0) }) else {
                report(key, "\(Printable.quote(text)) has control or direction-changing characters", hint: "Type the value again by hand.")
                return nil
            }
            return text.isEmpty ? nil : text
        }

        /// The text of a key that must be there.
        package func text(_ key: String, hint: String = "") -> String? {
            if let text = optionalText(key) { return text }
            reportMissing(key, hint: hint)
            return nil
        }

        /// A value made of a key's text; `expected` completes the sentence "… is not ".
        package func optionalValue<Value>(_ key: String, expected: String, hint: String = "", _ make: (String) -> Value?) -> Value? {
            guard let text = optionalText(key) else { return nil }
            if let value = make(text) { return value }
            report(key, "\(Printable.quote(text)) is not \(expected)", hint: hint)
            return nil
        }

        /// The same for a key that must be there.
        package func value<Value>(_ key: String, expected: String, hint: String = "", _ make: (String) -> Value?) -> Value? {
            if let value = optionalValue(key, expected: expected, hint: hint, make) { return value }
            reportMissing(key, hint: hint)
            return nil
        }

        /// One of the words of an enumeration.
        package func word<Word: RawRepresentable & CaseIterable>(_ key: String, of type: Word.Type) -> Word? where Word.RawValue == String {
            let words = Word.allCases.map(\.rawValue)
            guard let text = optionalText(key) else { return nil }
            if let word = Word(rawValue: text) { return word }
            report(
                key, "\(Printable.quote(text)) is not known",
                hint: "Write one of \(words.joined(separator: ", ")).\(Nearest.hint(text, among: words))")
            return nil
        }

        /// `true` or `false`; the default where the key is missing.
        package func flag(_ key: String, default standard: Bool) -> Bool {
            optionalValue(key, expected: "true or false") { text in
                switch text.lowercased() {
                case "true", "yes", "on": true
                case "false", "no", "off": false
                default: nil
                }
            } ?? standard
        }

        /// A whole number within bounds; the default where the key is missing.
        package func integer(_ key: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
            optionalValue(key, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
                Int(text).flatMap { range.contains($0) ? $0 : nil }
            } ?? standard
        }

        /// A list of texts; a single text counts as a list of one; empty where the key is missing.
        package func texts(_ key: String) -> [String] {
            guard let document = value(key) else { return [] }
            switch document.kind {
            case .scalar(let text): return text.isEmpty ? [] : [text]
            case .list(let elements):
                return elements.compactMap { element in
                    if case .scalar(let text) = element.kind, text.unicodeScalars.allSatisfy({ !Printable.isUnsafe($0) }) { return text }
                    reader.report(line: element.line, path: path(of: key), "each entry of the list must be one line of text")
                    return nil
                }
            case .map, .null:
                report(key, "a list is expected here", hint: "Write it as [first, second].")
                return []
            }
        }

        /// A section under a key; a missing one reads as empty, and is reported where it must be there.
        package func section(_ key: String, required: Bool = false) -> Section {
            if let document = value(key) { return reader.section(document, path: path(of: key)) }
            if required { reportMissing(key) }
            return reader.section(Document(.null, line: line(of: key)), path: path(of: key))
        }

        /// Texts under any keys, e.g. one for each language; empty where the key is missing.
        package func textMap(_ key: String) -> [String: String] {
            guard has(key) else { return [:] }
            let section = section(key)
            section.takesAnyKey = true
            return section.keys.reduce(into: [:]) { texts, name in
                if let text = section.text(name) { texts[name] = text }
            }
        }

        /// Lets keys pass that nobody asks for.
        package func takeAnyKey() { takesAnyKey = true }

        /// Reports that a key has no value, unless something is already said about it.
        package func reportMissing(_ key: String, hint: String = "") {
            let keyPath = path(of: key)
            guard !reader.problems.contains(where: { $0.column == keyPath }) else { return }
            report(key, "this must be given", hint: hint)
        }

        fileprivate func reportStrangeKeys() {
            var seen: Set<String> = []
            for member in members {
                if !seen.insert(member.key).inserted {
                    reader.report(
                        line: member.keyLine, path: path(of: member.key), "the key stands here twice", hint: "Keep one of the two.")
                } else if !takesAnyKey, !asked.contains(member.key) {
                    // Nobody reads a list of two hundred.
                    let known =
                        asked.count <= 40
                        ? "Known here: \(asked.sorted().joined(separator: ", "))."
                        : "\(asked.count) keys are known here; the nearest are \(Nearest.nearest(3, to: member.key, among: asked).joined(separator: ", "))."
                    reader.report(
                        line: member.keyLine, path: path(of: member.key), "the key \(Printable.quote(member.key)) is unknown",
                        hint: Nearest.to(member.key, among: asked).map { "Did you mean \"\($0)\"?" } ?? known)
                }
            }
        }
    }
}
