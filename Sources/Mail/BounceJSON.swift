/// A JSON text (RFC 8259) from outside, as far as notices of mail services need it: numbers and literals are passed over.
indirect enum BounceJSON {
    case object([String: BounceJSON])
    case array([BounceJSON])
    case string([UInt8])
    /// A number, `true`, `false` or `null`.
    case other

    /// Notices of SES have some kilobytes and eight levels.
    private static let largest = 1 << 20
    private static let deepest = 64

    /// Reads one value; what follows it is passed over. Nil: broken, larger than 1 MB, or deeper than 64 levels.
    static func read(_ text: ArraySlice<UInt8>) -> BounceJSON? {
        guard let length = extent(of: text), length <= largest else { return nil }
        var reader = Reader(text: text.prefix(length))
        return reader.value(depth: 0)
    }

    /// How many bytes the object or array takes that a text begins with; nil: it never ends, or is deeper than 64 levels.
    static func extent(of text: ArraySlice<UInt8>) -> Int? {
        var depth = 0
        var isQuoted = false
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            index += 1
            if isQuoted {
                if byte == UInt8(ascii: "\\") { index += 1 }
                if byte == UInt8(ascii: "\"") { isQuoted = false }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isQuoted = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth > deepest { return nil }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth <= 0 { return index - text.startIndex }
            default: break
            }
        }
        return nil
    }

    /// A member of an object; nil for anything else.
    subscript(_ name: String) -> BounceJSON? {
        if case .object(let members) = self { return members[name] }
        return nil
    }

    /// The bytes of a string; nil for anything else.
    var bytes: [UInt8]? {
        if case .string(let bytes) = self { return bytes }
        return nil
    }

    /// The string in lower case; empty for anything else.
    var word: String { bytes.map { Octets.lowerString($0.prefix(200)) } ?? "" }

    /// The elements of an array; none for anything else.
    var elements: [BounceJSON] {
        if case .array(let elements) = self { return elements }
        return []
    }

    private struct Reader {
        let text: ArraySlice<UInt8>
        private var index: Int

        init(text: ArraySlice<UInt8>) {
            self.text = text
            index = text.startIndex
        }

        private mutating func skipSpace() {
            while index < text.endIndex, Octets.isSpace(text[index]) { index += 1 }
        }

        private mutating func take(_ byte: UInt8) -> Bool {
            skipSpace()
            guard index < text.endIndex, text[index] == byte else { return false }
            index += 1
            return true
        }

        mutating func value(depth: Int) -> BounceJSON? {
            skipSpace()
            guard depth < BounceJSON.deepest, index < text.endIndex else { return nil }
            switch text[index] {
            case UInt8(ascii: "{"):
                index += 1
                return object(depth: depth)
            case UInt8(ascii: "["):
                index += 1
                return array(depth: depth)
            case UInt8(ascii: "\""):
                index += 1
                return string().map { .string($0) }
            default:
                let start = index
                while index < text.endIndex, Octets.isLetter(text[index]) || Octets.isDigit(text[index]) || "+-.".utf8.contains(text[index])
                {
                    index += 1
                }
                return index > start ? .other : nil
            }
        }

        private mutating func object(depth: Int) -> BounceJSON? {
            var members: [String: BounceJSON] = [:]
            if take(UInt8(ascii: "}")) { return .object(members) }
            repeat {
                guard take(UInt8(ascii: "\"")), let name = string(), take(UInt8(ascii: ":")), let value = value(depth: depth + 1) else {
                    return nil
                }
                members[String(decoding: name, as: UTF8.self)] = value
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "}")) ? .object(members) : nil
        }

        private mutating func array(depth: Int) -> BounceJSON? {
            var elements: [BounceJSON] = []
            if take(UInt8(ascii: "]")) { return .array(elements) }
            repeat {
                guard let value = value(depth: depth + 1) else { return nil }
                elements.append(value)
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "]")) ? .array(elements) : nil
        }

        private mutating func string() -> [UInt8]? {
            var out: [UInt8] = []
            while index < text.endIndex {
                let byte = text[index]
                index += 1
                if byte == UInt8(ascii: "\"") { return out }
                guard byte == UInt8(ascii: "\\") else {
                    out.append(byte)
                    continue
                }
                guard index < text.endIndex else { return nil }
                let escaped = text[index]
                index += 1
                switch escaped {
                case UInt8(ascii: "b"): out.append(0x08)
                case UInt8(ascii: "f"): out.append(0x0C)
                case UInt8(ascii: "n"): out.append(0x0A)
                case UInt8(ascii: "r"): out.append(0x0D)
                case UInt8(ascii: "t"): out.append(0x09)
                case UInt8(ascii: "u"):
                    guard let scalar = scalar() else { return nil }
                    out.append(contentsOf: String(Character(scalar)).utf8)
                default: out.append(escaped)
                }
            }
            return nil
        }

        /// The scalar of `\uXXXX`, or of two of them that are a surrogate pair; half a pair is a replacement character.
        private mutating func scalar() -> Unicode.Scalar? {
            let replacement: Unicode.Scalar = "\u{FFFD}"
            guard let first = unit() else { return nil }
            guard (0xD800...0xDBFF).contains(first) else { return Unicode.Scalar(first) ?? replacement }
            guard text[index...].starts(with: "\\u".utf8) else { return replacement }
            index += 2
            guard let second = unit() else { return nil }
            guard (0xDC00...0xDFFF).contains(second) else { return replacement }
            return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? replacement
        }

        private mutating func unit() -> UInt32? {
            guard text.endIndex - index >= 4 else { return nil }
            var value: UInt32 = 0
            for _ in 0..<4 {
                guard let digit = Character(Unicode.Scalar(text[index])).hexDigitValue else { return nil }
                value = value << 4 | UInt32(digit)
                index += 1
            }
            return value
        }
    }
}
