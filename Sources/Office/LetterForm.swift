import Elections

/// A letter in which only the voter's name, the link and the word are open: what letters of one kind to voters of one language have in
/// common, so that a letter costs microseconds.
struct LetterForm: Sendable {
    /// What stands in the places of a form.
    struct Filling {
        /// The name, cleaned.
        let voter: String
        /// The link: printable ASCII.
        let link: String
        /// The word, cleaned; empty where there is none.
        let word: String
    }

    /// A piece of the text.
    private enum Piece: Sendable {
        /// As it is.
        case bytes([UInt8])
        /// The link, whole.
        case link
        /// A line to be broken once its places are filled.
        case line(String, head: String)
    }

    /// The language that it is in.
    let language: String
    /// The subject.
    let subject: String
    private let pieces: [Piece]
    private let page: LetterPage

    /// A form from a rendered subject and body, in which ``LetterMark``s stand for what is open.
    init(language: String, subject: String, layout: LetterLayout, sample: String?) {
        self.language = language
        self.subject = subject
        var pieces: [Piece] = []
        var fixed: [UInt8] = []
        func add(_ line: String, head: String) {
            let scalars = line.unicodeScalars
            guard scalars.contains(where: Self.isMark) else { return LineWrap.append(line, head: head, to: &fixed) }
            pieces.append(.bytes(fixed))
            fixed = []
            if scalars.elementsEqual([LetterMark.link]), head.isEmpty {
                pieces.append(.link)
                fixed = [0x0A]
            } else {
                pieces.append(.line(line, head: head))
            }
        }
        if let sample {
            LineWrap.append(sample, to: &fixed)
            fixed.append(0x0A)
        }
        for (block, isApart) in layout.blocks {
            if isApart { fixed.append(0x0A) }
            switch block {
            case .lines(let lines): for line in lines { add(line, head: "") }
            case .dashed(let items): for item in items { add(item, head: "  - ") }
            case .numbered(let first, let items):
                for (number, item) in zip(first..., items) { add(item, head: number < 10 ? "  \(number). " : " \(number). ") }
            }
        }
        pieces.append(.bytes(fixed))
        self.pieces = pieces
        page = LetterPage(language: language, title: subject, layout: layout, sample: sample)
    }

    /// The letter with its places filled.
    func filled(with filling: Filling) -> WrittenLetter {
        var text: [UInt8] = []
        text.reserveCapacity(3072)
        for piece in pieces {
            switch piece {
            case .bytes(let bytes): text.append(contentsOf: bytes)
            case .link: text.append(contentsOf: filling.link.utf8)
            case .line(let line, let head): LineWrap.append(Self.fill(line, with: filling), head: head, to: &text)
            }
        }
        return WrittenLetter(
            language: language, subject: subject, text: String(decoding: text, as: UTF8.self), html: page.filled(with: filling))
    }

    private static func fill(_ line: String, with filling: Filling) -> String {
        var text = ""
        text.reserveCapacity(line.utf8.count + 64)
        for scalar in line.unicodeScalars {
            switch scalar {
            case LetterMark.voter: text += filling.voter
            case LetterMark.link: text += filling.link
            case LetterMark.word: text += filling.word
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        scalar == LetterMark.voter || scalar == LetterMark.link || scalar == LetterMark.word
    }
}
