/// What a letter holds that must not be kept where a relay or a bounce repeats it: its token or code, its word, the voter's name and address.
///
/// ``SMTPConnection`` takes out of a reply what looks like an address or a link. This knows the letter, and finds what is left however it is
/// written: with other marks between, broken into pieces, percent-encoded or quoted-printable.
package struct QuotedSecrets: Sendable {
    private let whole: [String]
    private let parts: [String]
    /// A name or a word of fewer bytes is found in half of all words.
    private static let shortest = 4
    /// So much of a token or a code is too much.
    private static let piece = 12

    /// Nothing is secret.
    package init() { self.init(whole: [], parts: []) }

    /// - Parameters:
    ///   - whole: what is meant only as a whole, such as a name.
    ///   - parts: what is a secret in pieces too, such as a token.
    package init(whole: [String], parts: [String]) {
        self.whole = whole
        self.parts = parts
    }

    /// A reply as it may be kept: as it is, or its numbers alone where it repeats what is secret.
    package func removed(from reply: String) -> String {
        let bytes = Array(reply.utf8)
        guard isRepeated(in: Self.bare(bytes)) || isRepeated(in: Self.bare(Self.decoded(bytes))) else { return reply }
        let numbers = reply.split(separator: " ").prefix { $0.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") } }
        return (numbers.map(String.init) + ["(the rest repeated the letter and is not kept)"]).joined(separator: " ")
    }

    private func isRepeated(in reply: [UInt8]) -> Bool {
        for text in whole {
            let secret = Self.bare(Array(text.utf8))
            if secret.count >= Self.shortest, Self.contains(reply[...], secret[...]) { return true }
        }
        guard reply.count >= Self.piece else { return false }
        for text in parts {
            let secret = Self.bare(Array(text.utf8))
            guard secret.count >= Self.piece else { continue }
            for start in 0...(secret.count - Self.piece) where Self.contains(reply[...], secret[start..<(start + Self.piece)]) {
                return true
            }
        }
        return false
    }

    private static func contains(_ text: ArraySlice<UInt8>, _ wanted: ArraySlice<UInt8>) -> Bool {
        guard let first = wanted.first, text.count >= wanted.count else { return false }
        for start in text.startIndex...(text.endIndex - wanted.count)
        where text[start] == first && text[start..<(start + wanted.count)].elementsEqual(wanted) { return true }
        return false
    }

    /// Letters and digits alone, in small letters; what is not ASCII as it is.
    private static func bare(_ text: [UInt8]) -> [UInt8] {
        text.compactMap { byte in
            switch byte {
            case 0x41...0x5A: byte | 0x20
            case 0x30...0x39, 0x61...0x7A, 0x80...: byte
            default: nil
            }
        }
    }

    /// `%40` and `=40` as the characters that they stand for; a line's soft end is nothing.
    private static func decoded(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            let marks = text[index] == UInt8(ascii: "%") || text[index] == UInt8(ascii: "=")
            if marks, index + 2 < text.count, let high = value(text[index + 1]), let low = value(text[index + 2]) {
                out.append(high << 4 | low)
                index += 3
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return out
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46, 0x61...0x66: (digit | 0x20) - 0x57
        default: nil
        }
    }
}
