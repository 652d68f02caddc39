/// The text of a body part and the transfer encoding it travels in (RFC 2045 6).
enum BodyText {
    /// How a part travels.
    enum Encoding: String {
        case sevenBit = "7bit"
        case quotedPrintable = "quoted-printable"
        case base64
    }

    /// The UTF-8 bytes of a text with CRLF for every line end (LF, CRLF or CR), and one at the end.
    static func canonical(_ text: String) -> [UInt8] {
        let source = Array(text.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(source.count + source.count / 16 + 2)
        var start = 0
        var index = 0
        while index < source.count {
            let byte = source[index]
            guard byte == 0x0A || byte == 0x0D else {
                index += 1
                continue
            }
            out.append(contentsOf: source[start..<index])
            out.append(0x0D)
            out.append(0x0A)
            index += byte == 0x0D && index + 1 < source.count && source[index + 1] == 0x0A ? 2 : 1
            start = index
        }
        if start < source.count {
            out.append(contentsOf: source[start...])
            out.append(0x0D)
            out.append(0x0A)
        }
        return out
    }

    /// Chooses how a canonical text travels.
    ///
    /// As it is when nothing on the way can hurt it: ASCII, lines of at most 78 characters that do not end in a space (relays trim), do
    /// not start with `From ` (mailboxes write `>From `) and hold no control characters but tabs. `=_` would start a boundary
    /// (``MailMessage``).
    /// Otherwise the shorter of quoted-printable (readable in the source) and base64: that is base64 from one byte in six beyond ASCII.
    static func encoding(for bytes: [UInt8]) -> Encoding {
        let end = bytes.count
        var plain = true
        var escapes = 0
        var lineStart = 0
        var index = 0
        while index < end {
            let byte = bytes[index]
            if byte > 0x46 && byte < 0x7F {
                // Most letters: nothing to look at.
            } else if byte == 0x0D {
                if index - lineStart > 78 { plain = false }
                if index > lineStart, bytes[index - 1] == 0x20 || bytes[index - 1] == 0x09 { plain = false }
                index += 1
                lineStart = index + 1
            } else if byte == UInt8(ascii: "=") {
                escapes += 1
                if index + 1 < end, bytes[index + 1] == UInt8(ascii: "_") { plain = false }
            } else if byte == UInt8(ascii: "F") {
                if index == lineStart, needsGuard(bytes, at: index) { plain = false }
            } else if !isLiteral(byte) {
                escapes += 1
                plain = false
            }
            index += 1
        }
        if plain { return .sevenBit }
        return escapes * 6 > bytes.count ? .base64 : .quotedPrintable
    }

    /// Appends a canonical text in an encoding; the outcome ends with CRLF.
    static func append(_ bytes: [UInt8], as encoding: Encoding, to out: inout [UInt8]) {
        switch encoding {
        case .sevenBit: out.append(contentsOf: bytes)
        case .quotedPrintable: appendQuotedPrintable(bytes, to: &out)
        case .base64:
            appendBase64(bytes, lineLength: 76, to: &out)
            out.append(0x0D)
            out.append(0x0A)
        }
    }

    /// Quoted-printable: lines of at most 76 characters, the soft break's `=` included.
    private static func appendQuotedPrintable(_ bytes: [UInt8], to out: inout [UInt8]) {
        out.reserveCapacity(out.count + bytes.count + bytes.count / 4)
        let end = bytes.count
        var column = 0
        var index = 0
        while index < end {
            // Most of a text stands for itself and is copied in runs; 75 columns, so that there is room for a soft break's `=`.
            let limit = min(end, index + 75 - column)
            var stop = index
            while stop < limit, isLiteral(bytes[stop]) { stop += 1 }
            // Of spaces at a line's end the last one is escaped.
            if stop > index, stop < end, bytes[stop] == 0x0D, bytes[stop - 1] == 0x20 || bytes[stop - 1] == 0x09 { stop -= 1 }
            let guarded = column == 0 && needsGuard(bytes, at: index)
            if guarded { stop = index }
            out.append(contentsOf: bytes[index..<stop])
            column += stop - index
            index = stop
            guard index < end else { break }

            let byte = bytes[index]
            if byte == 0x0D {
                // Canonical text has a line feed after every carriage return.
                out.append(0x0D)
                out.append(0x0A)
                column = 0
                index += 2
                continue
            }
            let lastOfLine = index + 1 == end || bytes[index + 1] == 0x0D
            let literal = isLiteral(byte) && !guarded && !(lastOfLine && (byte == 0x20 || byte == 0x09))
            let width = literal ? 1 : 3
            // The last character of a line may stand in column 76.
            if column + width > (lastOfLine ? 76 : 75) {
                out.append(UInt8(ascii: "="))
                out.append(0x0D)
                out.append(0x0A)
                column = 0
                continue
            }
            if literal { out.append(byte) } else { appendHex(byte, to: &out) }
            column += width
            index += 1
        }
    }

    private static func isLiteral(_ byte: UInt8) -> Bool { byte >= 0x20 ? byte <= 0x7E && byte != 0x3D : byte == 0x09 }

    /// Whether the first character of a line must be escaped: mailboxes rewrite `From `, and a lone `.` ends a message where dots are not
    /// doubled.
    private static func needsGuard(_ bytes: [UInt8], at index: Int) -> Bool {
        switch bytes[index] {
        case UInt8(ascii: "F"): return bytes[index...].starts(with: "From ".utf8)
        case UInt8(ascii: "."): return index + 1 == bytes.count || bytes[index + 1] == 0x0D
        default: return false
        }
    }

    /// `=XX`, as quoted-printable and Q encoded words write a byte.
    static func appendHex(_ byte: UInt8, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "="))
        out.append(hexDigit(byte >> 4))
        out.append(hexDigit(byte & 0x0F))
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }

    /// Base64 with padding, broken into lines by CRLF (none after the last line). `lineLength` is a multiple of 4.
    static func appendBase64(_ bytes: [UInt8], lineLength: Int, to out: inout [UInt8]) {
        out.reserveCapacity(out.count + bytes.count / 3 * 4 + bytes.count / 28 + 8)
        var column = 0
        var index = 0
        let end = bytes.count
        while index < end {
            if column >= lineLength {
                out.append(0x0D)
                out.append(0x0A)
                column = 0
            }
            let first = bytes[index]
            let second = index + 1 < end ? bytes[index + 1] : 0
            let third = index + 2 < end ? bytes[index + 2] : 0
            out.append(base64Digit(first >> 2))
            out.append(base64Digit((first & 0x03) << 4 | second >> 4))
            out.append(index + 1 < end ? base64Digit((second & 0x0F) << 2 | third >> 6) : UInt8(ascii: "="))
            out.append(index + 2 < end ? base64Digit(third & 0x3F) : UInt8(ascii: "="))
            column += 4
            index += 3
        }
    }

    private static func base64Digit(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: return 0x41 + value
        case 26..<52: return value - 26 + 0x61
        case 52..<62: return value - 52 + 0x30
        case 62: return UInt8(ascii: "+")
        default: return UInt8(ascii: "/")
        }
    }
}
