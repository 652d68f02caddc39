/// A declaration's Markdown as paragraphs: what an affirmation needs, and no more.
///
/// Blank lines end a paragraph; lines that begin with `- `, `* ` or `1. ` are items; `# ` to `### ` are headings; within
/// a paragraph `**bold**` and `*italic*`. Everything else is text.
enum BaseMarkdown {
    /// A paragraph, with Pango's markup for the emphasis.
    struct Block: Sendable, Equatable {
        enum Kind: Sendable, Equatable {
            case paragraph
            case heading
            /// With its bullet or number.
            case item(String)
        }
        var kind: Kind
        var markup: String
    }

    /// The blocks of a text, in order; never throws, for any text is Markdown.
    static func blocks(of text: String) -> [Block] {
        var blocks: [Block] = []
        var open: (kind: Block.Kind, text: String)?
        func close() {
            if let finished = open { blocks.append(Block(kind: finished.kind, markup: markup(finished.text))) }
            open = nil
        }
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let trimmed = line.drop { $0 == " " || $0 == "\t" }
            if trimmed.isEmpty {
                close()
            } else if let heading = heading(trimmed) {
                close()
                blocks.append(Block(kind: .heading, markup: markup(String(heading))))
            } else if let item = item(trimmed) {
                close()
                open = (.item(item.mark), String(item.text))
            } else if open != nil {
                open?.text += " " + trimmed
            } else {
                open = (.paragraph, String(trimmed))
            }
        }
        close()
        return blocks
    }

    private static func heading(_ line: Substring) -> Substring? {
        let hashes = line.prefix { $0 == "#" }.count
        guard (1...6).contains(hashes), line.dropFirst(hashes).first == " " else { return nil }
        return line.dropFirst(hashes + 1)
    }

    private static func item(_ line: Substring) -> (mark: String, text: Substring)? {
        if line.hasPrefix("- ") || line.hasPrefix("* ") { return ("•", line.dropFirst(2)) }
        let digits = line.prefix { $0.isASCII && $0.isNumber }
        guard (1...3).contains(digits.count) else { return nil }
        let rest = line.dropFirst(digits.count)
        guard rest.hasPrefix(". ") || rest.hasPrefix(") ") else { return nil }
        return (digits + ".", rest.dropFirst(2))
    }

    /// Text for Pango: escaped, with emphasis as tags that always close.
    static func markup(_ text: String) -> String {
        var out = ""
        var bold = false
        var italic = false
        let characters = Array(text)
        var index = 0
        while index < characters.count {
            let isDouble = characters[index] == "*" && index + 1 < characters.count && characters[index + 1] == "*"
            if isDouble, bold || follows(characters, from: index + 2, "**") {
                // Tags must nest: italic that is still open ends with its bold.
                if bold, italic {
                    out += "</i>"
                    italic = false
                }
                out += bold ? "</b>" : "<b>"
                bold.toggle()
                index += 2
            } else if characters[index] == "*", !isDouble, italic || follows(characters, from: index + 1, "*") {
                out += italic ? "</i>" : "<i>"
                italic.toggle()
                index += 1
            } else {
                out += escaped(characters[index])
                index += 1
            }
        }
        if italic { out += "</i>" }
        if bold { out += "</b>" }
        // Bold opened inside italic and closed after it would not nest; then plain text is the safe reading.
        return isNested(out) ? out : escaped(text)
    }

    /// Whether the mark comes again with something between.
    private static func follows(_ characters: [Character], from start: Int, _ mark: String) -> Bool {
        guard start < characters.count, characters[start] != " " else { return false }
        return String(characters[start...]).dropFirst().contains(mark)
    }

    private static func isNested(_ markup: String) -> Bool {
        var stack: [Substring] = []
        for piece in markup.split(separator: "<").dropFirst(markup.hasPrefix("<") ? 0 : 1) {
            guard let end = piece.firstIndex(of: ">") else { return false }
            let tag = piece[..<end]
            if tag.hasPrefix("/") {
                guard stack.popLast() == tag.dropFirst() else { return false }
            } else {
                stack.append(tag)
            }
        }
        return stack.isEmpty
    }

    private static func escaped(_ character: Character) -> String {
        switch character {
        case "&": "&amp;"
        case "<": "&lt;"
        case ">": "&gt;"
        default: String(character)
        }
    }

    /// A text without any markup, for Pango's markup parser.
    static func escaped(_ text: String) -> String { text.map(escaped).joined() }
}
