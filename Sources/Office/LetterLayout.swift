import Elections

/// The characters that stand for what differs between two letters of one form, and what keeps anything else from being taken for one.
enum LetterMark {
    /// Planes 15 and 16 are for private use, and ``clean(_:)`` lets none of their characters through.
    static let voter: Unicode.Scalar = "\u{F0001}"
    /// The one link.
    static let link: Unicode.Scalar = "\u{F0002}"
    /// The word to type.
    static let word: Unicode.Scalar = "\u{F0003}"

    /// A text from outside as it may stand in a letter: one line, single spaces, none at the ends; U+FFFD for what cannot be seen and
    /// could do harm: controls, turns of the direction of writing, private use. Nothing in it looks like the beginning of a link, for a
    /// letter has one and a mail program makes links of what looks like one.
    static func clean(_ text: String) -> String {
        guard !isClean(text) else { return text }
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x09...0x0D, 0x20, 0x85, 0x2028, 0x2029:
                if let last = clean.last, last != " " { clean.append(" ") }
            case 0xE000...0xF8FF, 0xF0000...0x10FFFF: clean.append("\u{FFFD}")
            case _ where Printable.isUnsafe(scalar): clean.append("\u{FFFD}")
            case 0x2F where clean.last == ":":
                clean.append(" ")
                clean.append(scalar)
            case 0x2E where endsInWorldWideWeb(clean):
                clean.append(" ")
                clean.append(scalar)
            default: clean.append(scalar)
            }
        }
        if clean.last == " " { clean.removeLast() }
        return String(clean)
    }

    /// A voter's name as it may stand in a letter. Mail programs make a link of `name.example/x` too: after a full stop comes a space, and
    /// there is no at sign.
    static func name(_ text: String) -> String {
        let clean = clean(text)
        guard clean.unicodeScalars.contains(where: isStop) || clean.utf8.contains(UInt8(ascii: "@")) else { return clean }
        var name = String.UnicodeScalarView()
        for scalar in clean.unicodeScalars {
            if let last = name.last, isStop(last), scalar != " ", !isStop(scalar) { name.append(" ") }
            name.append(scalar == "@" ? " " : scalar)
        }
        return String(name)
    }

    /// What ends a label in the name of a site (UTS 46).
    private static func isStop(_ scalar: Unicode.Scalar) -> Bool { [0x2E, 0x3002, 0xFF0E, 0xFF61].contains(scalar.value) }

    /// The common case, in one pass: printable ASCII with single spaces, nothing like `://` or `www.`.
    private static func isClean(_ text: String) -> Bool {
        var before: UInt8 = 0x20
        for byte in text.utf8 {
            guard byte >= 0x20, byte < 0x7F else { return false }
            if byte == 0x20, before == 0x20 { return false }
            if byte == UInt8(ascii: "/"), before == UInt8(ascii: ":") { return false }
            if byte == UInt8(ascii: "."), before | 0x20 == UInt8(ascii: "w") { return false }
            before = byte
        }
        return before != 0x20
    }

    private static func endsInWorldWideWeb(_ text: String.UnicodeScalarView) -> Bool {
        let end = text.suffix(3)
        return end.count == 3 && end.allSatisfy { $0.value | 0x20 == 0x77 }
    }
}

/// A letter's body, as rendered, cut into what stands together.
struct LetterLayout {
    /// What stands together between two empty lines, or a part of it that is set in one way.
    enum Block: Equatable {
        /// Lines directly below each other.
        case lines([String])
        /// A numbered list with the number of its first item.
        case numbered(from: Int, [String])
        /// A list with dashes.
        case dashed([String])
    }

    /// Blocks in their order, and whether an empty line stands before each.
    private(set) var blocks: [(block: Block, isApart: Bool)] = []

    /// Cuts a rendered body: runs of spaces become one, and what a part that was left out leaves empty is gone.
    init(_ body: String) {
        var isApart = true
        for line in body.split(separator: "\n", omittingEmptySubsequences: false) {
            let text = Self.singleSpaced(line)
            if text.isEmpty {
                isApart = true
                continue
            }
            add(text, isApart: isApart)
            isApart = false
        }
    }

    private mutating func add(_ text: String, isApart: Bool) {
        let item = Self.item(text)
        let last = isApart ? nil : blocks.last
        let isApart = isApart && !blocks.isEmpty
        switch (item, last?.block) {
        case (.numbered(let number, let words), .numbered(let first, let items)) where number == first + items.count:
            blocks[blocks.count - 1].block = .numbered(from: first, items + [words])
        case (.numbered(let number, let words), _): blocks.append((.numbered(from: number, [words]), isApart))
        case (.dashed(let words), .dashed(let items)): blocks[blocks.count - 1].block = .dashed(items + [words])
        case (.dashed(let words), _): blocks.append((.dashed([words]), isApart))
        case (.plain, .lines(let lines)): blocks[blocks.count - 1].block = .lines(lines + [text])
        case (.plain, _): blocks.append((.lines([text]), isApart))
        }
    }

    private enum Item {
        case plain
        case numbered(Int, String)
        case dashed(String)
    }

    /// `1. Words`, `2) Words`, `- Words`, `• Words`, or a line of its own.
    private static func item(_ line: String) -> Item {
        guard let space = line.firstIndex(of: " ") else { return .plain }
        let head = line[..<space]
        let words = String(line[line.index(after: space)...])
        if head == "-" || head == "*" || head == "•" { return .dashed(words) }
        guard let end = head.last, end == "." || end == ")", head.utf8.count <= 3, let number = Int(head.dropLast()), number > 0 else {
            return .plain
        }
        return .numbered(number, words)
    }

    private static func singleSpaced(_ line: Substring) -> String {
        var text = String.UnicodeScalarView()
        for scalar in line.unicodeScalars {
            if scalar == " ", text.last == " " || text.isEmpty { continue }
            text.append(scalar)
        }
        if text.last == " " { text.removeLast() }
        return String(text)
    }
}

/// Breaks lines at spaces.
enum LineWrap {
    /// The columns of a line, as mail programs since ever show without breaking it again.
    static let columns = 72
    /// No line is longer, whatever it holds: RFC 5322, 2.1.1 allows 998 bytes.
    static let bytes = 900

    /// Appends a text in lines that end with a line feed. The first begins with `head`, the others with as many spaces as `head` has
    /// columns.
    ///
    /// What has no space in it, an address say, stays whole up to ``bytes``; between two wide characters (Chinese) a line may end
    /// anywhere.
    static func append(_ text: String, head: String = "", to out: inout [UInt8]) {
        out.append(contentsOf: head.utf8)
        let indent = head.utf8.count
        var column = indent
        var lineBytes = indent
        var isFirst = true
        func next(_ out: inout [UInt8]) {
            out.append(0x0A)
            for _ in 0..<indent { out.append(0x20) }
            column = indent
            lineBytes = indent
        }
        for word in text.utf8.split(separator: 0x20) {
            let (width, isPlain) = measure(word)
            if !isFirst {
                if column + 1 + width > columns, isPlain || column + 3 > columns {
                    next(&out)
                } else {
                    out.append(0x20)
                    column += 1
                    lineBytes += 1
                }
            }
            isFirst = false
            if isPlain, lineBytes + word.count <= bytes {
                out.append(contentsOf: word)
                column += width
                lineBytes += word.count
                continue
            }
            var before: Character?
            let characters = Array(String(Substring(word)))
            for (index, character) in characters.enumerated() {
                let width = TextWidth.of(character)
                let count = character.utf8.count
                // An emoji's or a letter's marks may be hundreds: then it is broken like a line.
                if count + indent > bytes {
                    for scalar in character.unicodeScalars {
                        if lineBytes + scalar.utf8.count > bytes { next(&out) }
                        out.append(contentsOf: scalar.utf8)
                        lineBytes += scalar.utf8.count
                    }
                    before = character
                    continue
                }
                // A mark that closes goes with the character before it.
                let after =
                    index + 1 < characters.count && closing.contains(characters[index + 1]) ? TextWidth.of(characters[index + 1]) : 0
                let isFull = column + width + after > columns && column > indent && mayBreak(before, character)
                if isFull || lineBytes + count > bytes { next(&out) }
                out.append(contentsOf: character.utf8)
                column += width
                lineBytes += count
                before = character
            }
        }
        out.append(0x0A)
    }

    /// The columns of a word, and whether it has no wide characters.
    private static func measure(_ word: Substring.UTF8View) -> (width: Int, isPlain: Bool) {
        if word.allSatisfy({ $0 < 0x80 }) { return (word.count, true) }
        var width = 0
        var isPlain = true
        for character in String(Substring(word)) {
            let columns = TextWidth.of(character)
            if columns > 1 { isPlain = false }
            width += columns
        }
        return (width, isPlain)
    }

    /// Whether a line may end between the two: one is wide, and the second is no mark that closes.
    private static func mayBreak(_ before: Character?, _ after: Character) -> Bool {
        guard let before, TextWidth.of(before) > 1 || TextWidth.of(after) > 1 else { return false }
        return !closing.contains(after) && !"（「『【《〈".contains(before)
    }

    private static let closing: Set<Character> = ["、", "。", "，", "．", "：", "；", "？", "！", "）", "」", "』", "】", "》", "〉", "・", "ー", "々"]
}
