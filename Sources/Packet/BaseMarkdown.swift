/// The Markdown of a declaration as blocks: what an affirmation needs of CommonMark, and no more.
///
/// Paragraphs, headings (`#` and underlined), bulleted and numbered lists in any depth, line breaks (two spaces or `\` at a line's end),
/// emphasis (`*`, `_`), links as plain text. Pictures, tables, HTML and code are text.
package enum BaseMarkdown {
    /// A paragraph, heading or first paragraph of an item, with Pango's markup for the emphasis.
    package struct Block: Sendable, Equatable {
        /// What a block is.
        package enum Kind: Sendable, Equatable {
            /// Text.
            case paragraph
            /// With its level, from 1.
            case heading(Int)
            /// With its bullet or number.
            case item(String)
        }
        /// What it is.
        package var kind: Kind
        /// In how many lists it stands; 0 outside of any.
        package var depth = 0
        /// Its text.
        package var markup: String
    }

    /// The blocks of a text, in order; never throws, for any text is Markdown.
    package static func blocks(of text: String) -> [Block] {
        var reader = BlockReader()
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) { reader.take(line) }
        reader.close()
        return reader.blocks
    }

    /// Text for Pango: escaped, with emphasis as tags that always close.
    static func markup(_ text: String) -> String { BaseEmphasis.markup(text) }

    /// A text without any markup, for Pango's markup parser.
    static func escaped(_ text: String) -> String { text.map(escaped).joined() }

    /// Markup without its tags, for finding the direction in which it runs.
    static func plain(_ markup: String) -> String {
        var isTag = false
        return markup.filter { character in
            if character == "<" { isTag = true }
            defer { if character == ">" { isTag = false } }
            return !isTag
        }
    }

    static func escaped(_ character: Character) -> String {
        switch character {
        case "&": "&amp;"
        case "<": "&lt;"
        case ">": "&gt;"
        default: String(character)
        }
    }

    /// Reads line by line: what is open, and in which lists.
    private struct BlockReader {
        private(set) var blocks: [Block] = []
        /// Where the mark and where the text of each open list's item begins.
        private var lists: [(mark: Int, text: Int)] = []
        private var open: (kind: Block.Kind, depth: Int, text: String)?

        mutating func close() {
            guard var finished = open else { return }
            while finished.text.hasSuffix("\u{2028}") { finished.text.removeLast() }
            blocks.append(Block(kind: finished.kind, depth: finished.depth, markup: BaseMarkdown.markup(finished.text)))
            open = nil
        }

        mutating func take(_ line: Substring) {
            let (indent, content) = Self.indented(line)
            if content.isEmpty { return close() }
            if open?.kind == .paragraph, let level = Self.underline(content) {
                open?.kind = .heading(level)
                return close()
            }
            if Self.isRule(content) { return close() }
            if let (level, text) = Self.heading(content) {
                close()
                leaveLists(to: indent)
                blocks.append(Block(kind: .heading(level), depth: lists.count, markup: BaseMarkdown.markup(text)))
                return
            }
            if let item = Self.item(content), mayBegin(item.mark) {
                close()
                leaveLists(to: indent)
                lists.append((indent, indent + item.width))
                open = (.item(item.mark), lists.count, Self.text(item.text))
                return
            }
            if let before = open {
                // "a<space><space>" and "a\" end with a break.
                let joint = before.text.hasSuffix("\u{2028}") || before.text.isEmpty ? "" : " "
                open?.text += joint + Self.text(content)
            } else {
                leaveLists(to: indent)
                open = (.paragraph, lists.count, Self.text(content))
            }
        }

        /// A line that is wrapped before "7. November" does not begin a list; only "1." may in the middle of a paragraph.
        private func mayBegin(_ mark: String) -> Bool {
            guard let open, open.kind == .paragraph else { return true }
            return mark == "•" || mark == "1."
        }

        private mutating func leaveLists(to indent: Int) {
            while let last = lists.last, indent < last.text { lists.removeLast() }
        }

        // MARK: Lines

        private static func indented(_ line: Substring) -> (Int, Substring) {
            var indent = 0
            var rest = line
            while let first = rest.first, first == " " || first == "\t" {
                indent += first == "\t" ? 4 - indent % 4 : 1
                rest = rest.dropFirst()
            }
            return rest.allSatisfy({ $0 == " " || $0 == "\t" || $0 == "\r" }) ? (indent, "") : (indent, rest)
        }

        /// A line's text, a break at its end as Unicode's line separator.
        private static func text(_ line: Substring) -> String {
            var text = line
            if text.hasPrefix("> ") { text = text.dropFirst(2) }
            let isBroken = text.hasSuffix("  ")
            while let last = text.last, last == " " || last == "\t" || last == "\r" { text = text.dropLast() }
            if text.hasSuffix("\\"), !text.hasSuffix("\\\\") { return String(text.dropLast()) + "\u{2028}" }
            return String(text) + (isBroken ? "\u{2028}" : "")
        }

        private static func heading(_ line: Substring) -> (Int, String)? {
            let hashes = line.prefix { $0 == "#" }.count
            guard (1...6).contains(hashes), line.dropFirst(hashes).first == " " else { return nil }
            var text = line.dropFirst(hashes).drop { $0 == " " }
            while let last = text.last, last == " " || last == "#" { text = text.dropLast() }
            return (hashes, String(text))
        }

        private static func underline(_ line: Substring) -> Int? {
            let marks = line.filter { $0 != " " }
            guard marks.count >= 3 else { return nil }
            if marks.allSatisfy({ $0 == "=" }) { return 1 }
            return marks.allSatisfy { $0 == "-" } && !line.contains(" ") ? 2 : nil
        }

        private static func isRule(_ line: Substring) -> Bool {
            let marks = line.filter { $0 != " " }
            guard marks.count >= 3, let first = marks.first, "*-_".contains(first) else { return false }
            return marks.allSatisfy { $0 == first }
        }

        private static func item(_ line: Substring) -> (mark: String, width: Int, text: Substring)? {
            if let first = line.first, "-*+".contains(first), line.dropFirst().first == " " {
                let text = line.dropFirst().drop { $0 == " " }
                return ("•", line.count - text.count, text)
            }
            let digits = line.prefix { $0.isASCIIDigit }
            let rest = line.dropFirst(digits.count)
            guard (1...3).contains(digits.count), let mark = rest.first, mark == "." || mark == ")", rest.dropFirst().first == " " else {
                return nil
            }
            let text = rest.dropFirst().drop { $0 == " " }
            return (digits + ".", line.count - text.count, text)
        }
    }
}
