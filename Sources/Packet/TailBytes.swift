/// Writing PDF syntax into bytes, without Foundation: this is the inner loop of issuing.
extension [UInt8] {
    /// The characters of a literal.
    @inline(__always)
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }

    /// A number in decimal.
    mutating func appendDecimal(_ value: Int) {
        if value < 0 { append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)  // up to 20 digits, the last one first
        var count = 0
        repeat {
            let digit = UInt64(48 + rest % 10)
            switch count >> 3 {
            case 0: digits.0 |= digit << UInt64((count & 7) << 3)
            case 1: digits.1 |= digit << UInt64((count & 7) << 3)
            default: digits.2 |= digit << UInt64((count & 7) << 3)
            }
            rest /= 10
            count += 1
        } while rest > 0
        while count > 0 {
            count -= 1
            let word =
                switch count >> 3 {
                case 0: digits.0
                case 1: digits.1
                default: digits.2
                }
            append(UInt8(truncatingIfNeeded: word >> UInt64((count & 7) << 3)))
        }
    }

    /// A length in points, to a hundredth: 72.5, 0.12, -3.
    mutating func appendPoints(_ value: Double) {
        var hundredths = Int((value * 100).rounded())
        if hundredths < 0 {
            append(UInt8(ascii: "-"))
            hundredths = -hundredths
        }
        appendDecimal(hundredths / 100)
        let rest = hundredths % 100
        guard rest != 0 else { return }
        append(UInt8(ascii: "."))
        append(UInt8(48 + rest / 10))
        if rest % 10 != 0 { append(UInt8(48 + rest % 10)) }
    }

    /// Exactly ten digits, as a cross-reference table wants an offset.
    mutating func appendOffset(_ value: Int) {
        var divisor = 1_000_000_000
        while divisor > 0 {
            append(UInt8(48 + value / divisor % 10))
            divisor /= 10
        }
    }

    /// Two bytes as four upper-case hexadecimal digits.
    mutating func appendHex(_ value: UInt16) {
        append(Self.upperHex(value >> 12))
        append(Self.upperHex(value >> 8))
        append(Self.upperHex(value >> 4))
        append(Self.upperHex(value))
    }

    /// Bytes in base 85 with the end mark (ISO 32000-2, 7.4.3): five characters for four bytes.
    mutating func appendBase85(_ bytes: [UInt8]) {
        var index = 0
        while index < bytes.count {
            let count = Swift.min(4, bytes.count - index)
            var word: UInt32 = 0
            for offset in 0..<4 { word = word << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0) }
            if word == 0, count == 4 {
                append(UInt8(ascii: "z"))
            } else {
                var divisor: UInt32 = 85 * 85 * 85 * 85
                for _ in 0...count {
                    append(UInt8(33 + word / divisor % 85))
                    divisor /= 85
                }
            }
            index += count
        }
        append("~>")
    }

    /// Bytes as lower-case hexadecimal digits, the only form in which a packet's signature is accepted.
    mutating func appendLowerHex(_ bytes: [UInt8]) {
        let digits = unsafe [UInt8](unsafeUninitializedCapacity: bytes.count * 2) { digits, count in
            for byte in bytes {
                unsafe digits[count] = byte >> 4 < 10 ? 48 + byte >> 4 : 87 + byte >> 4
                unsafe digits[count + 1] = byte & 15 < 10 ? 48 + byte & 15 : 87 + byte & 15
                count += 2
            }
        }
        append(contentsOf: digits)
    }

    /// A scalar as UTF-16BE in hexadecimal.
    mutating func appendUTF16Hex(_ scalar: UInt32) {
        if scalar < 0x10000 {
            appendHex(UInt16(truncatingIfNeeded: scalar))
        } else {
            appendHex(UInt16(truncatingIfNeeded: 0xD800 + (scalar - 0x10000) >> 10))
            appendHex(UInt16(truncatingIfNeeded: 0xDC00 + (scalar - 0x10000) & 0x3FF))
        }
    }

    private static func upperHex(_ nibble: UInt16) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: nibble & 15)
        return value < 10 ? 48 + value : 55 + value
    }

    /// A glyph's two bytes inside a string in parentheses: half the length of hexadecimal.
    mutating func appendGlyph(_ glyph: UInt16) {
        appendEscaped(UInt8(truncatingIfNeeded: glyph >> 8))
        appendEscaped(UInt8(truncatingIfNeeded: glyph))
    }

    /// A byte of a string in parentheses (ISO 32000-2, 7.3.4.2): a bare carriage return would be read as a line feed.
    private mutating func appendEscaped(_ byte: UInt8) {
        switch byte {
        case 0x28, 0x29, 0x5C:
            append(0x5C)
            append(byte)
        case 0x0D:
            append(0x5C)
            append(UInt8(ascii: "r"))
        default: append(byte)
        }
    }

    /// A text string: as it is where it is ASCII, else in UTF-16BE with its byte order mark.
    mutating func appendTextString(_ text: String) {
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
            append(UInt8(ascii: "("))
            for byte in text.utf8 { appendEscaped(byte) }
            append(UInt8(ascii: ")"))
            return
        }
        append(UInt8(ascii: "<"))
        appendHex(0xFEFF)
        for scalar in text.unicodeScalars { appendUTF16Hex(scalar.value) }
        append(UInt8(ascii: ">"))
    }

    /// Overwrites bytes at a place with a number, right-aligned after blanks.
    mutating func patchDecimal(_ value: Int, at place: Int, width: Int) {
        var rest = value
        var index = place + width - 1
        repeat {
            self[index] = UInt8(48 + rest % 10)
            rest /= 10
            index -= 1
        } while rest > 0 && index >= place
    }

    /// Overwrites bytes at a place with a number, left-aligned before blanks.
    mutating func patchDecimalLeft(_ value: Int, at place: Int) {
        var digits: [UInt8] = []
        digits.reserveCapacity(10)
        digits.appendDecimal(value)
        for (offset, digit) in digits.enumerated() { self[place + offset] = digit }
    }
}
