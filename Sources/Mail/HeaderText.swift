/// Header lines: which characters may stand where, encoded words (RFC 2047) and folding (RFC 5322 2.2.3).
///
/// Everything appends to a byte buffer and ends its line with CRLF. Whatever text is given, the outcome is one header field: control
/// characters and line separators become spaces, so nothing can start a second one.
enum HeaderText {
    /// Lines are kept at 78 characters where a space allows it (RFC 5322 2.1.1); a line with encoded words at 76 (RFC 2047 2).
    private static let lineLength = 78
    private static let encodedLineLength = 76

    // MARK: Characters

    /// C0, DEL, C1, and the two Unicode line separators, which some software breaks lines at.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        return value < 0x20 || (0x7F...0x9F).contains(value) || value == 0x2028 || value == 0x2029
    }

    static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// `atext` of RFC 5322 3.2.3.
    static func isAtomText(_ byte: UInt8) -> Bool {
        if isLetterOrDigit(byte) { return true }
        switch byte {
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2F, 0x3D, 0x3F, 0x5E...0x60, 0x7B...0x7E: return true
        default: return false
        }
    }

    /// What may stand for itself in a Q encoded word anywhere in a header: letters, digits and `!*+-/` (RFC 2047 5 (3)).
    private static func isPlainInQ(_ byte: UInt8) -> Bool {
        if isLetterOrDigit(byte) { return true }
        switch byte {
        case 0x21, 0x2A, 0x2B, 0x2D, 0x2F: return true
        default: return false
        }
    }

    // MARK: Fields

    /// A field of free text, e.g. `Subject`: as it is when it is plain ASCII, in encoded words otherwise.
    static func appendField(_ name: String, text: String, to out: inout [UInt8]) {
        let cleaned = withoutControls(text)
        let start = out.count
        out.append(contentsOf: name.utf8)
        out.append(contentsOf: ": ".utf8)
        let bytes = Array(cleaned.utf8)
        if isPlainText(bytes) {
            appendFolded(bytes, lineStart: start, to: &out)
        } else {
            appendEncodedWords(cleaned, lineStart: start, to: &out)
        }
        out.append(contentsOf: "\r\n".utf8)
    }

    /// A field that holds one address, e.g. `To`.
    static func appendField(_ name: String, address: MailAddress, to out: inout [UInt8]) {
        var lineStart = out.count
        out.append(contentsOf: name.utf8)
        out.append(contentsOf: ": ".utf8)
        let form = address.headerForm
        guard let display = address.name else {
            out.append(contentsOf: form.utf8)
            out.append(contentsOf: "\r\n".utf8)
            return
        }
        let bytes = Array(display.utf8)
        if bytes.count > 60 || !isPlainText(bytes) {
            lineStart = appendEncodedWords(display, lineStart: lineStart, to: &out)
        } else if bytes.allSatisfy({ isLetterOrDigit($0) || $0 == 0x20 }) {
            out.append(contentsOf: bytes)
        } else {
            out.append(UInt8(ascii: "\""))
            for byte in bytes {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { out.append(UInt8(ascii: "\\")) }
                out.append(byte)
            }
            out.append(UInt8(ascii: "\""))
        }
        if out.count - lineStart + form.utf8.count + 3 > lineLength { out.append(contentsOf: "\r\n".utf8) }
        out.append(contentsOf: " <".utf8)
        out.append(contentsOf: form.utf8)
        out.append(contentsOf: ">\r\n".utf8)
    }

    /// The text with a space for every control character and line separator.
    private static func withoutControls(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(isControl(scalar) ? " " : scalar) }
        return String(scalars)
    }

    /// Whether text comes back as it was when it is written as it is and folded at its spaces.
    ///
    /// Not so with anything beyond ASCII, spaces at an end or in a row (a fold there would make a line of spaces only), something that
    /// looks like an encoded word, and words so long that a line could pass 998 characters.
    private static func isPlainText(_ bytes: [UInt8]) -> Bool {
        var word = 0
        var previous: UInt8 = 0x20
        for byte in bytes {
            switch byte {
            case 0x20:
                if previous == 0x20 { return false }
                word = 0
            case 0x21...0x7E:
                if byte == UInt8(ascii: "?"), previous == UInt8(ascii: "=") { return false }
                word += 1
                if word > 900 { return false }
            default: return false
            }
            previous = byte
        }
        return bytes.isEmpty || previous != 0x20
    }

    private static func appendFolded(_ bytes: [UInt8], lineStart: Int, to out: inout [UInt8]) {
        var column = out.count - lineStart
        guard column + bytes.count > lineLength else { return out.append(contentsOf: bytes) }
        var first = true
        for word in bytes.split(separator: 0x20) {
            if !first {
                if column + 1 + word.count > lineLength {
                    out.append(contentsOf: "\r\n".utf8)
                    column = 0
                }
                out.append(0x20)
                column += 1
            }
            first = false
            out.append(contentsOf: word)
            column += word.count
        }
    }

    /// Encoded words in UTF-8, one a line, never cutting a character; Q or B, whichever is shorter.
    ///
    /// - Returns: where the last line starts in `out`.
    @discardableResult
    private static func appendEncodedWords(_ text: String, lineStart: Int, to out: inout [UInt8]) -> Int {
        var lineStart = lineStart
        var plain = 0
        var total = 0
        for byte in text.utf8 {
            total += 1
            if isPlainInQ(byte) || byte == 0x20 { plain += 1 }
        }
        let useQ = plain + 3 * (total - plain) <= (total + 2) / 3 * 4

        var word: [UInt8] = []
        word.reserveCapacity(64)
        var length = 0
        // `=?utf-8?q?` and `?=` are 12 of the 75 characters that an encoded word may have.
        var room = min(75, encodedLineLength - (out.count - lineStart)) - 12
        if room < 16 {
            out.append(contentsOf: "\r\n ".utf8)
            lineStart = out.count - 1
            room = 75 - 12
        }
        for scalar in text.unicodeScalars {
            let encoded = UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            var cost = 0
            if useQ {
                for byte in encoded { cost += isPlainInQ(byte) || byte == 0x20 ? 1 : 3 }
            }
            let longer = useQ ? length + cost : (word.count + encoded.count + 2) / 3 * 4
            if longer > room {
                appendEncodedWord(word, q: useQ, to: &out)
                out.append(contentsOf: "\r\n ".utf8)
                lineStart = out.count - 1
                room = 75 - 12
                word.removeAll(keepingCapacity: true)
                length = 0
            }
            word.append(contentsOf: encoded)
            length += cost
        }
        appendEncodedWord(word, q: useQ, to: &out)
        return lineStart
    }

    private static func appendEncodedWord(_ word: [UInt8], q: Bool, to out: inout [UInt8]) {
        out.append(contentsOf: (q ? "=?utf-8?q?" : "=?utf-8?b?").utf8)
        if q {
            for byte in word {
                if byte == 0x20 {
                    out.append(UInt8(ascii: "_"))
                } else if isPlainInQ(byte) {
                    out.append(byte)
                } else {
                    BodyText.appendHex(byte, to: &out)
                }
            }
        } else {
            BodyText.appendBase64(word, lineLength: .max, to: &out)
        }
        out.append(contentsOf: "?=".utf8)
    }
}
