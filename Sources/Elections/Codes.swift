/// The code on a voter's declaration and envelope, `R-XXXX-XXXX-XXXX`: 11 random characters and a check character.
///
/// It tells the office which ballot came back. It is not secret and opens nothing.
package struct ReturnCode: Hashable, Sendable, CustomStringConvertible {
    /// As it is printed, `R-XXXX-XXXX-XXXX`, upper case.
    package let text: String

    /// How many random bytes a code is made of; 5 bits of each are used, 55 bits in all.
    package static let randomByteCount = 11

    /// A new code from `randomByteCount` random bytes; more are ignored.
    package init(random: [UInt8]) {
        precondition(random.count >= ReturnCode.randomByteCount, "a return code is made of 11 random bytes")
        text = Crockford.printed("R", random.prefix(ReturnCode.randomByteCount))
    }

    /// Reads what a person typed or a scanner saw; nil where it is no return code or its check character is wrong.
    ///
    /// Lower case, missing or other dashes, spaces, a missing `R`, and O for 0, I or L for 1 are taken as meant.
    package init?(_ text: String) {
        guard let values = Crockford.read(text, prefix: "R", count: 12) else { return nil }
        self.text = Crockford.printed("R", values.dropLast())
    }

    /// The same as `text`.
    package var description: String { text }
}

/// The code that shows its voter the way of a ballot, `T-XXXX-XXXX-XXXX-XXXX-XXXX`: 19 random characters and a check character.
///
/// It is a secret of the voter: it stands on the cover of the packet and is never logged.
package struct TrackingCode: Hashable, Sendable, CustomStringConvertible {
    /// As it is printed, upper case.
    package let text: String

    /// How many random bytes a code is made of; 5 bits of each are used, 95 bits in all.
    package static let randomByteCount = 19

    /// A new code from `randomByteCount` random bytes; more are ignored.
    package init(random: [UInt8]) {
        precondition(random.count >= TrackingCode.randomByteCount, "a tracking code is made of 19 random bytes")
        text = Crockford.printed("T", random.prefix(TrackingCode.randomByteCount))
    }

    /// Reads what a person typed; nil where it is no tracking code or its check character is wrong. As lenient as `ReturnCode`.
    package init?(_ text: String) {
        guard let values = Crockford.read(text, prefix: "T", count: 20) else { return nil }
        self.text = Crockford.printed("T", values.dropLast())
    }

    /// Hidden, since whoever has the code sees the timeline; `text` is what to print.
    package var description: String { "T-***" }
}

/// Crockford's base 32: digits and letters without I, L, O and U; and a check character over it.
package enum Crockford {
    /// The 32 characters in order of value.
    package static let alphabet: [UInt8] = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// The value of a character as people type it: either case, O for 0, I and L for 1; nil for any other.
    package static func value(of byte: UInt8) -> UInt8? {
        let value = values[Int(byte)]
        return value == 0xFF ? nil : value
    }

    /// The check character's value: the recursive hybrid system of ISO 7064 (clause 9), with M = 32 and modulus 33.
    ///
    /// Doubling modulo 33 permutes 1…32, so that every single wrong character is caught. Of two neighbours that changed places, one pair of the
    /// 496 is missed: which one depends on what stands before them.
    package static func check(_ values: some Sequence<UInt8>) -> UInt8 {
        var product = 32
        for value in values {
            var sum = (product + Int(value)) % 32
            if sum == 0 { sum = 32 }
            product = sum * 2 % 33
        }
        return UInt8((33 - product) % 32)
    }

    /// The upper-case text of what somebody typed, without spaces and dashes; nil where a character is none of the alphabet.
    package static func canonical(_ text: String) -> String? {
        guard let values = values(in: text) else { return nil }
        return String(decoding: values.map { alphabet[Int($0)] }, as: UTF8.self)
    }

    /// Prefix, groups of four with dashes, check character last.
    fileprivate static func printed(_ prefix: String, _ random: some Collection<UInt8>) -> String {
        var bytes = Array(prefix.utf8)
        bytes.reserveCapacity(26)
        let values = random.map { $0 & 31 }
        for (index, value) in values.enumerated() {
            if index % 4 == 0 { bytes.append(UInt8(ascii: "-")) }
            bytes.append(alphabet[Int(value)])
        }
        bytes.append(alphabet[Int(check(values))])
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The values of a code with its check character last, or nil where it is none.
    fileprivate static func read(_ text: String, prefix: Character, count: Int) -> [UInt8]? {
        guard var values = values(in: text) else { return nil }
        if values.count == count + 1, let first = prefix.asciiValue.flatMap(value(of:)), values[0] == first { values.removeFirst() }
        guard values.count == count, let last = values.last, check(values.dropLast()) == last else { return nil }
        return values
    }

    private static func values(in text: String) -> [UInt8]? {
        guard text.utf8.count <= 80 else { return nil }
        var values: [UInt8] = []
        for scalar in text.unicodeScalars {
            switch scalar {
            case " ", "\t", "\r", "\n", "-", "\u{2010}"..."\u{2014}", "\u{2212}", "\u{A0}": continue
            default:
                guard scalar.isASCII, let value = value(of: UInt8(scalar.value)) else { return nil }
                values.append(value)
            }
        }
        return values
    }

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, byte) in alphabet.enumerated() {
            table[Int(byte)] = UInt8(value)
            if byte >= UInt8(ascii: "A") { table[Int(byte | 0x20)] = UInt8(value) }
        }
        for byte in "Oo".utf8 { table[Int(byte)] = 0 }
        for byte in "IiLl".utf8 { table[Int(byte)] = 1 }
        return table
    }()
}
