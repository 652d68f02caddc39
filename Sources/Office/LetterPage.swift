import Elections
import Packet

/// A letter as a page for mail programs: the very paragraphs of its text, and nothing that is fetched from anywhere.
///
/// It sets no colours, so that a dark screen stays dark, and no widths in pixels, so that a telephone can show it.
struct LetterPage: Sendable {
    private enum Piece: Sendable {
        case bytes([UInt8])
        case voter, link, word
    }

    private let pieces: [Piece]

    /// A page of the paragraphs of a text, in which ``LetterMark``s stand for what is open.
    init(language: String, title: String, layout: LetterLayout, sample: String?) {
        let direction = BaseDirection.isRightToLeft(language) ? "rtl" : "ltr"
        var page = """
            <!doctype html>
            <html lang="\(Self.escape(language))" dir="\(direction)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>\(Self.escape(title))</title>
            </head>
            <body style="margin:0 auto;padding:1em;max-width:36em;font-family:sans-serif;line-height:1.5;overflow-wrap:anywhere">

            """
        if let sample { page += "<p><strong>\(Self.escape(sample))</strong></p>\n" }
        for (block, _) in layout.blocks {
            switch block {
            case .lines(let lines): page += "<p>\(lines.map(Self.escape).joined(separator: "<br>\n"))</p>\n"
            case .dashed(let items): page += "<ul>\n\(Self.items(items))</ul>\n"
            case .numbered(let first, let items): page += "<ol\(first == 1 ? "" : " start=\"\(first)\"")>\n\(Self.items(items))</ol>\n"
            }
        }
        page += "</body>\n</html>\n"

        var pieces: [Piece] = []
        var bytes: [UInt8] = []
        for scalar in page.unicodeScalars {
            let open: Piece
            switch scalar {
            case LetterMark.voter: open = .voter
            case LetterMark.link: open = .link
            case LetterMark.word: open = .word
            default:
                bytes.append(contentsOf: scalar.utf8)
                continue
            }
            pieces += [.bytes(bytes), open]
            bytes = []
        }
        self.pieces = pieces + [.bytes(bytes)]
    }

    /// The page with its places filled.
    func filled(with filling: LetterForm.Filling) -> String {
        var page: [UInt8] = []
        page.reserveCapacity(4096)
        for piece in pieces {
            switch piece {
            case .bytes(let bytes): page.append(contentsOf: bytes)
            case .voter: Self.append(filling.voter, to: &page)
            case .word: Self.append(filling.word, to: &page)
            case .link:
                page.append(contentsOf: "<a href=\"".utf8)
                Self.append(filling.link, to: &page)
                page.append(contentsOf: "\">".utf8)
                Self.append(filling.link, to: &page)
                page.append(contentsOf: "</a>".utf8)
            }
        }
        return String(decoding: page, as: UTF8.self)
    }

    private static func items(_ items: [String]) -> String { items.map { "<li>\(escape($0))</li>\n" }.joined() }

    private static func escape(_ text: String) -> String {
        var bytes: [UInt8] = []
        append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends a text so that nothing in it is taken for markup, neither between tags nor in an attribute's quotes.
    private static func append(_ text: String, to page: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): page.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): page.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): page.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "\""): page.append(contentsOf: "&quot;".utf8)
            case UInt8(ascii: "'"): page.append(contentsOf: "&#39;".utf8)
            default: page.append(byte)
            }
        }
    }
}
