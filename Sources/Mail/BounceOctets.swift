/// Looking at bytes that somebody else wrote: ASCII rules only, every search in linear time.
enum Octets {
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    /// Without white space at both ends.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        return bytes.drop(while: isSpace)
    }

    /// The text in lower case; what is no UTF-8 becomes a replacement character.
    static func lowerString(_ bytes: some Sequence<UInt8>) -> String { String(decoding: bytes.map(lower), as: UTF8.self) }

    /// Whether the bytes begin with a word that is written in lower case here and in any case there.
    static func starts(_ bytes: ArraySlice<UInt8>, _ word: String) -> Bool {
        var index = bytes.startIndex
        for byte in word.utf8 {
            guard index < bytes.endIndex, lower(bytes[index]) == byte else { return false }
            index += 1
        }
        return true
    }

    /// Where a word in lower case first stands, in any case.
    ///
    /// The words are literals of some tens of letters, so trying each place stays linear in the length of the text.
    static func find(_ word: String, in bytes: ArraySlice<UInt8>) -> Int? {
        guard let first = word.utf8.first else { return nil }
        var index = bytes.startIndex
        let last = bytes.endIndex - word.utf8.count
        while index <= last {
            if lower(bytes[index]) == first, starts(bytes[index...], word) { return index }
            index += 1
        }
        return nil
    }

    static func contains(_ word: String, in bytes: ArraySlice<UInt8>) -> Bool { find(word, in: bytes) != nil }

    /// Whether one of several words, in lower case, stands in the text.
    static func containsAny(_ words: [String], in bytes: ArraySlice<UInt8>) -> Bool { words.contains { contains($0, in: bytes) } }
}

/// The lines of a text without their ends, which are CR LF, LF or CR.
struct OctetLines: Sequence, IteratorProtocol {
    private let bytes: ArraySlice<UInt8>
    /// Where the line that comes next begins.
    private(set) var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// What has not been handed out.
    var rest: ArraySlice<UInt8> { bytes[position...] }

    mutating func next() -> ArraySlice<UInt8>? {
        let end = bytes.endIndex
        guard position < end else { return nil }
        let start = position
        var index = start
        while index < end, bytes[index] != 0x0A, bytes[index] != 0x0D { index += 1 }
        position = index < end ? index + 1 : end
        if position < end, bytes[index] == 0x0D, bytes[position] == 0x0A { position += 1 }
        return bytes[start..<index]
    }
}
