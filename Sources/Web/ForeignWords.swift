/// English sentences on a page in another language, which must be marked as such (WCAG 2.2, 3.1.2): else a screen reader reads them in the
/// other language's sounds, and they run from the wrong side.
///
/// They go through the templates as text between two characters for private use, and become elements when the page is done: only then it
/// is known which of them stand in an attribute, or in the title, where no element can.
enum ForeignWords {
    // U+E000 and U+E001. No text of an office or voter becomes markup by them: an element is only opened and closed.
    private static let opening: [UInt8] = [0xEE, 0x80, 0x80]
    private static let closing: [UInt8] = [0xEE, 0x80, 0x81]

    /// The sentence, to be marked as English.
    static func marked(_ sentence: String) -> String { "\u{E000}\(sentence)\u{E001}" }

    /// Whether a sentence is.
    static func isMarked(_ sentence: String) -> Bool { sentence.utf8.starts(with: opening) }

    /// The finished page with elements in place of the marks.
    static func elements(in page: String) -> String {
        let bytes = Array(page.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 2000)
        var place = 0
        var isInTag = false
        var isOpen = false
        /// What has no elements in it: up to which end tag.
        var end: [UInt8]?
        func comes(_ text: [UInt8]) -> Bool { bytes[place...].starts(with: text) }
        while place < bytes.count {
            if comes(opening) || comes(closing) {
                let opens = comes(opening)
                if !isInTag, end == nil, isOpen != opens {
                    result += Array((opens ? "<span lang=\"en\" dir=\"ltr\">" : "</span>").utf8)
                    isOpen = opens
                }
                place += opening.count
                continue
            }
            if let awaited = end {
                if comes(awaited) { end = nil }
            } else if bytes[place] == UInt8(ascii: "<") {
                isInTag = true
                end = ["title", "style", "script"].first { comes(Array("<\($0)>".utf8)) }.map { Array("</\($0)>".utf8) }
            }
            if end == nil, bytes[place] == UInt8(ascii: ">") { isInTag = false }
            result.append(bytes[place])
            place += 1
        }
        return String(decoding: result, as: UTF8.self)
    }
}
