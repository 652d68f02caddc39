/// Emphasis, links and escapes within a paragraph of Markdown, by CommonMark's rules for delimiter runs.
enum BaseEmphasis {
    private enum Piece {
        /// Escaped for Pango.
        case text(String)
        /// A run of `*` or `_`: how many are left, what it may do, and the tags that it became, from the inside out.
        case run(Run)
    }

    private struct Run {
        let mark: Character
        var left: Int
        let opens: Bool
        let closes: Bool
        var tags: [String] = []
        /// Whether the tags stand before what is left of the run (a run that closes) or behind it.
        var endings: [String] = []
    }

    /// Text for Pango: escaped, with emphasis as tags that always close.
    static func markup(_ text: String) -> String {
        var pieces = pieces(of: Array(withoutLinks(text)))
        match(&pieces)
        return pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .run(let run):
                run.endings.joined() + String(repeating: run.mark, count: run.left) + run.tags.reversed().joined()
            }
        }.joined()
    }

    private static func pieces(of characters: [Character]) -> [Piece] {
        var pieces: [Piece] = []
        var text = ""
        var index = 0
        while index < characters.count {
            let character = characters[index]
            if character == "\\", index + 1 < characters.count, characters[index + 1].isASCII, characters[index + 1].isPunctuationOrSymbol {
                text += BaseMarkdown.escaped(characters[index + 1])
                index += 2
            } else if character == "*" || character == "_" {
                if !text.isEmpty { pieces.append(.text(text)) }
                text = ""
                var end = index
                while end < characters.count, characters[end] == character { end += 1 }
                let before = index > 0 ? characters[index - 1] : " "
                let after = end < characters.count ? characters[end] : " "
                pieces.append(.run(run(character, count: end - index, before: before, after: after)))
                index = end
            } else if character == "&", let (entity, length) = entity(characters[index...]) {
                text += BaseMarkdown.escaped(entity)
                index += length
            } else {
                text += BaseMarkdown.escaped(character)
                index += 1
            }
        }
        if !text.isEmpty { pieces.append(.text(text)) }
        return pieces
    }

    /// CommonMark 6.2: a run opens if it leans to the text behind it, and closes if it leans to the text before it; `_` not within words.
    private static func run(_ mark: Character, count: Int, before: Character, after: Character) -> Run {
        let leansRight = !after.isWhitespace && (!after.isPunctuationOrSymbol || before.isWhitespace || before.isPunctuationOrSymbol)
        let leansLeft = !before.isWhitespace && (!before.isPunctuationOrSymbol || after.isWhitespace || after.isPunctuationOrSymbol)
        let free = mark == "*"
        return Run(
            mark: mark, left: count, opens: leansRight && (free || !leansLeft || before.isPunctuationOrSymbol),
            closes: leansLeft && (free || !leansRight || after.isPunctuationOrSymbol))
    }

    /// Pairs each closing run with the nearest opening one; what stands between them can no longer open.
    private static func match(_ pieces: inout [Piece]) {
        var openers: [Int] = []
        for index in pieces.indices {
            guard case .run(var closer) = pieces[index] else { continue }
            while closer.closes, closer.left > 0,
                let place = openers.lastIndex(where: { opener(pieces[$0], closer.mark) })
            {
                guard case .run(var opener) = pieces[openers[place]] else { break }
                let isStrong = opener.left >= 2 && closer.left >= 2
                let tag = isStrong ? "b" : "i"
                opener.left -= isStrong ? 2 : 1
                closer.left -= isStrong ? 2 : 1
                opener.tags.append("<\(tag)>")
                closer.endings.append("</\(tag)>")
                pieces[openers[place]] = .run(opener)
                openers.removeSubrange((place + 1)...)
                if opener.left == 0 { openers.removeLast() }
            }
            pieces[index] = .run(closer)
            if closer.opens, closer.left > 0 { openers.append(index) }
        }
    }

    private static func opener(_ piece: Piece, _ mark: Character) -> Bool {
        if case .run(let run) = piece { return run.mark == mark && run.left > 0 }
        return false
    }

    // MARK: Links

    /// `[text](address)` as `text (address)`, `<address>` as the address: paper has no links.
    private static func withoutLinks(_ text: String) -> String {
        guard text.contains("](") || text.contains("<") else { return text }
        var out = ""
        var rest = text[...]
        while let character = rest.first {
            if character == "[" || rest.hasPrefix("!["), let (link, behind) = link(rest.first == "!" ? rest.dropFirst() : rest) {
                out += link
                rest = behind
            } else if character == "<", let end = rest.firstIndex(of: ">"), isAddress(rest[rest.index(after: rest.startIndex)..<end]) {
                out += escapingMarks(rest[rest.index(after: rest.startIndex)..<end])
                rest = rest[rest.index(after: end)...]
            } else {
                out.append(character)
                rest = rest.dropFirst()
            }
        }
        return out
    }

    private static func link(_ text: Substring) -> (String, behind: Substring)? {
        guard let close = text.firstIndex(of: "]"), !text[text.index(after: text.startIndex)..<close].contains("[") else { return nil }
        let open = text.index(after: close)
        guard open < text.endIndex, text[open] == "(", let end = text[open...].firstIndex(of: ")") else { return nil }
        let words = text[text.index(after: text.startIndex)..<close]
        // A title in quotes may follow the address.
        let address = text[text.index(after: open)..<end].split(separator: " ").first ?? ""
        let shown = address.hasPrefix("mailto:") ? address.dropFirst(7) : address
        let behind = text[text.index(after: end)...]
        return (words == shown || shown.isEmpty ? String(words) : "\(words) (\(escapingMarks(shown)))", behind)
    }

    private static func isAddress(_ text: Substring) -> Bool {
        !text.contains(" ") && (text.contains("://") || text.hasPrefix("mailto:") || text.contains("@"))
    }

    /// An underscore in an address is none of emphasis.
    private static func escapingMarks(_ text: Substring) -> String {
        text.map { $0 == "_" || $0 == "*" ? "\\\($0)" : String($0) }.joined()
    }

    // MARK: Entities

    private static func entity(_ text: ArraySlice<Character>) -> (Character, length: Int)? {
        for (name, character) in [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", "\u{A0}")]
            as [(String, Character)]
        where text.starts(with: Array(name)) {
            return (character, name.count)
        }
        return nil
    }
}

extension Character {
    /// What CommonMark calls punctuation.
    fileprivate var isPunctuationOrSymbol: Bool { isPunctuation || isSymbol || (isASCII && "$+<=>^`|~".contains(self)) }
}
