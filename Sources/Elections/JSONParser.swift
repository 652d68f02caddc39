extension JSONValue {
    /// Reads one JSON value (RFC 8259) and nothing after it.
    ///
    /// Strict: UTF-8, no comments, no trailing commas, no key twice in an object, no lone surrogates, at most 64 levels, whole numbers that fit
    /// into 64 bits only. Throws a `Problem` that says at which byte it stopped.
    package static func parse(_ bytes: [UInt8]) throws(Problem) -> JSONValue {
        // Strings are decoded piece by piece, so that bad UTF-8 must be found before.
        if let bad = UTF8Check.firstInvalid(in: bytes[...]) {
            throw Problem(what: "the JSON text is not UTF-8 at byte \(bad)")
        }
        var parser = JSONParser(bytes: bytes)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.index == bytes.count else { throw parser.problem("there is something after the JSON value") }
        return value
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    var index = 0

    static let deepest = 64

    init(bytes: [UInt8]) { self.bytes = bytes }

    func problem(_ what: String) -> Problem { Problem(what: "\(what), at byte \(index) of the JSON text") }

    var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    mutating func value(depth: Int) throws(Problem) -> JSONValue {
        guard depth < JSONParser.deepest else { throw problem("more than \(JSONParser.deepest) levels") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some: return try number()
        case nil: throw problem("the text ends too early")
        }
    }

    mutating func word(_ text: String, _ value: JSONValue) throws(Problem) -> JSONValue {
        guard bytes[index...].starts(with: text.utf8) else { throw problem("no JSON value") }
        index += text.utf8.count
        return value
    }

    mutating func number() throws(Problem) -> JSONValue {
        let start = index
        if current == UInt8(ascii: "-") { index += 1 }
        let firstDigit = index
        while let byte = current, byte.isASCIIDigit { index += 1 }
        guard index > firstDigit else { throw problem("no JSON value") }
        if bytes[firstDigit] == UInt8(ascii: "0"), index > firstDigit + 1 { throw problem("a number with a leading zero") }
        if let byte = current, byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e") { throw problem("a number that is not whole") }
        guard let value = Int64(String(decoding: bytes[start..<index], as: UTF8.self)) else { throw problem("a number that is too big") }
        return .integer(value)
    }

    mutating func array(depth: Int) throws(Problem) -> JSONValue {
        index += 1
        var elements: [JSONValue] = []
        skipSpace()
        if current == UInt8(ascii: "]") {
            index += 1
            return .array([])
        }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            switch current {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "]"):
                index += 1
                return .array(elements)
            default: throw problem("an array without its comma or end")
            }
        }
    }

    mutating func object(depth: Int) throws(Problem) -> JSONValue {
        index += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if current == UInt8(ascii: "}") {
            index += 1
            return .object([:])
        }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw problem("an object without a key") }
            let key = try string()
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw problem("a key without its colon") }
            index += 1
            let member = try value(depth: depth + 1)
            guard members.updateValue(member, forKey: key) == nil else {
                throw problem("the key \(Printable.quote(key)) twice in one object")
            }
            skipSpace()
            switch current {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "}"):
                index += 1
                return .object(members)
            default: throw problem("an object without its comma or end")
            }
        }
    }

    mutating func string() throws(Problem) -> String {
        index += 1
        var text: [UInt8] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                index += 1
                try escape(into: &text)
            case 0..<0x20: throw problem("a control character in a string")
            default:
                text.append(byte)
                index += 1
            }
        }
        throw problem("a string without its end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(Problem) {
        guard let byte = current else { throw problem("a string without its end") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            var code = try hex4()
            if (0xD800..<0xDC00).contains(code) {
                guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
                    throw problem("half a surrogate pair")
                }
                index += 2
                let low = try hex4()
                guard (0xDC00..<0xE000).contains(low) else { throw problem("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw problem("half a surrogate pair") }
            text.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw problem("an unknown escape in a string")
        }
    }

    private mutating func hex4() throws(Problem) -> UInt32 {
        guard index + 4 <= bytes.count else { throw problem("a string without its end") }
        var code: UInt32 = 0
        for byte in bytes[index..<(index + 4)] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): code = code << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): code = code << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): code = code << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
            default: throw problem("an escape that is not four hex digits")
            }
        }
        index += 4
        return code
    }
}

/// Finds the first byte at which text stops being UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF).
enum UTF8Check {
    /// The index of the first byte that begins no whole character, or nil.
    static func firstInvalid(in bytes: ArraySlice<UInt8>) -> Int? {
        let base = bytes.startIndex
        return bytes.withUnsafeBufferPointer { buffer in firstInvalid(in: buffer).map { $0 + base } }
    }

    private static func firstInvalid(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var index = 0
        let count = bytes.count
        while index < count {
            let lead = bytes[index]
            if lead < 0x80 {
                index += 1
                continue
            }
            let length: Int
            var lowest: UInt8 = 0x80
            var highest: UInt8 = 0xBF
            switch lead {
            case 0xC2...0xDF: length = 2
            case 0xE0: (length, lowest) = (3, 0xA0)
            case 0xED: (length, highest) = (3, 0x9F)
            case 0xE1...0xEF: length = 3
            case 0xF0: (length, lowest) = (4, 0x90)
            case 0xF4: (length, highest) = (4, 0x8F)
            case 0xF1...0xF3: length = 4
            default: return index
            }
            guard index + length <= count, bytes[index + 1] >= lowest, bytes[index + 1] <= highest else { return index }
            for next in 2..<max(2, length) where bytes[index + next] & 0xC0 != 0x80 { return index }
            index += length
        }
        return nil
    }
}
