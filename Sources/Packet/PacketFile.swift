/// What ``PacketFile/parse(_:)`` found in a packet. Nothing of it is believed yet: that takes the signature's verification.
package struct ParsedPacket: Sendable {
    /// Two pairs of offset and length: what the signature covers.
    package var byteRange: (Int, Int, Int, Int)
    /// The CMS, exactly the DER in `/Contents`.
    package var cms: [UInt8]
    /// The time of signing that the signature's dictionary names (`/M`), in the form of RFC 3339, whether or not there is such a time.
    package var signedAt: String
    /// The manifest's bytes.
    package var manifest: [UInt8]
    /// How many bytes of the file are the base that all voters of the style share.
    package var baseLength: Int
    /// False if something was appended after the signed bytes.
    package var signatureCoversWholeFile: Bool
}

/// Reading a packet back, to verify it.
///
/// This is no PDF reader: it accepts only what ``TailComposer`` writes, byte for byte, so that nothing can hide in what other readers
/// tolerate. The input may be hostile: every error is a ``PacketError`` with the code `malformedPacket`.
package enum PacketFile {
    /// Takes a packet apart; time and memory are linear in its size.
    ///
    /// Strict about `/Contents`: lower-case hexadecimal, the DER's own length, then only zeros. Whether the DER is the one form of
    /// its content is for the verifier of the CMS.
    package static func parse(_ pdf: [UInt8]) throws -> ParsedPacket {
        let range = try byteRange(in: pdf)
        let cms = try contents(of: pdf, from: range.1 + 1, to: range.2 - 1)
        let end = range.2 + range.3
        let table = try number(in: pdf, between: "startxref\n", "\n%%EOF\n", endingAt: end)
        guard table >= range.2, table < end else { throw malformed("its table is not behind its signature") }
        let (offsets, previous) = try readTable(in: pdf, at: table, before: end)
        let baseLength = try baseLength(in: pdf, table: previous, before: range.1)
        guard offsets.allSatisfy({ $0.offset >= baseLength && $0.offset < range.1 }) else {
            throw malformed("its table points outside the voter's part")
        }
        return ParsedPacket(
            byteRange: range, cms: cms, signedAt: try signedAt(in: pdf, offsets, before: range.1),
            manifest: try manifest(in: pdf, offsets, before: range.1), baseLength: baseLength,
            signatureCoversWholeFile: end == pdf.count)
    }

    private static func malformed(_ why: String) -> PacketError {
        PacketError(
            .malformedPacket, "this is not a packet as the office made it: \(why)",
            hint: "Download the packet again; printing or saving it from a PDF viewer makes a different file")
    }

    // MARK: The signature

    /// The last `/ByteRange`, checked to leave out nothing but one string right behind it.
    private static func byteRange(in pdf: [UInt8]) throws(PacketError) -> (Int, Int, Int, Int) {
        let key = Array("/ByteRange [0 ".utf8)
        guard let found = lastIndex(of: key, in: pdf) else { throw malformed("it has no signature") }
        // P 1: whatever is changed later makes it invalid (ISO 32000-2, table 257).
        let certifies = Array(
            "/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 1/V/1.2>>>>]".utf8)
        guard matches(pdf, certifies, at: found - certifies.count) else {
            throw malformed("its signature does not forbid later changes")
        }
        var index = found + key.count
        var numbers: [Int] = []
        for _ in 0..<3 {
            numbers.append(try decimal(in: pdf, at: &index))
            while index < pdf.count, pdf[index] == 0x20 { index += 1 }
        }
        let rest = Array("] /Contents ".utf8)
        guard matches(pdf, rest, at: index) else { throw malformed("its signature is not as it must be") }
        index += rest.count
        let (gap, after, length) = (numbers[0], numbers[1], numbers[2])
        guard gap == index, after >= gap + 4, after < pdf.count, pdf[gap] == UInt8(ascii: "<"), pdf[after - 1] == UInt8(ascii: ">"),
            length > 0, length <= pdf.count - after
        else { throw malformed("its signature does not cover all but itself") }
        return (0, gap, after, length)
    }

    /// The DER in a string of hexadecimal digits.
    private static func contents(of pdf: [UInt8], from start: Int, to end: Int) throws(PacketError) -> [UInt8] {
        guard (end - start) % 2 == 0 else { throw malformed("its signature has an odd number of digits") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity((end - start) / 2)
        for index in stride(from: start, to: end, by: 2) {
            guard let high = nibble(pdf[index]), let low = nibble(pdf[index + 1]) else {
                throw malformed("its signature has digits other than 0 to 9 and a to f")
            }
            bytes.append(high << 4 | low)
        }
        // SEQUENCE, definite length, in the shortest form (X.690, 10.1).
        guard bytes.count >= 2, bytes[0] == 0x30, let length = derLength(bytes), length <= bytes.count else {
            throw malformed("its signature is no CMS")
        }
        guard bytes[length...].allSatisfy({ $0 == 0 }) else { throw malformed("there is something behind its signature") }
        return Array(bytes[..<length])
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }

    private static func derLength(_ bytes: [UInt8]) -> Int? {
        let first = bytes[1]
        if first < 0x80 { return 2 + Int(first) }
        let count = Int(first & 0x7F)
        guard (1...3).contains(count), bytes.count >= 2 + count else { return nil }
        let length = bytes[2..<2 + count].reduce(0) { $0 << 8 | Int($1) }
        let shortest = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3
        return shortest == count ? 2 + count + length : nil
    }

    /// The time in the signature's dictionary, which the table must lead to and which says that it is a PAdES signature.
    private static func signedAt(
        in pdf: [UInt8], _ offsets: [(object: Int, offset: Int)], before limit: Int
    ) throws(PacketError) -> String {
        var found: String?
        for entry in offsets {
            let head = Array("\(entry.object) 0 obj\n<</Type/Sig".utf8)
            guard matches(pdf, head, at: entry.offset) else { continue }
            let kind = Array("/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(D:".utf8)
            let start = entry.offset + head.count + kind.count
            guard matches(pdf, kind, at: entry.offset + head.count), found == nil, start + 14 < limit,
                pdf[start..<start + 14].allSatisfy({ (0x30...0x39).contains($0) }), matches(pdf, Array("Z)/Name".utf8), at: start + 14)
            else { throw malformed("its signature is not as it must be") }
            let digits = pdf[start..<start + 14].map { Character(Unicode.Scalar($0)) }
            func part(_ place: Int, _ count: Int) -> String { String(digits[place..<place + count]) }
            found = "\(part(0, 4))-\(part(4, 2))-\(part(6, 2))T\(part(8, 2)):\(part(10, 2)):\(part(12, 2))Z"
        }
        guard let found else { throw malformed("its table does not lead to its signature") }
        return found
    }

    // MARK: The table

    private static func readTable(
        in pdf: [UInt8], at start: Int, before end: Int
    ) throws(PacketError) -> (offsets: [(object: Int, offset: Int)], previous: Int) {
        guard matches(pdf, Array("xref\n".utf8), at: start) else { throw malformed("its table is not where it says") }
        var index = start + 5
        var offsets: [(object: Int, offset: Int)] = []
        let trailer = Array("trailer\n<</Size ".utf8)
        let entryEnd = Array(" 00000 n \n".utf8)
        while !matches(pdf, trailer, at: index) {
            var object = try decimal(in: pdf, at: &index)
            try expect(0x20, in: pdf, at: &index)
            let count = try decimal(in: pdf, at: &index)
            try expect(0x0A, in: pdf, at: &index)
            guard (1...64).contains(count), offsets.count < 64 else { throw malformed("its table has \(count) entries") }
            for _ in 0..<count {
                let before = index
                let offset = try decimal(in: pdf, at: &index)
                guard index - before == 10, matches(pdf, entryEnd, at: index) else { throw malformed("its table has a wrong entry") }
                index += entryEnd.count
                offsets.append((object, offset))
                object += 1
            }
        }
        let tail = pdf[index..<end]
        let key = Array(" /Prev ".utf8)
        guard let place = lastIndex(of: key, in: Array(tail)) else { throw malformed("it does not build on a base") }
        var digits = index + place + key.count
        let previous = try decimal(in: pdf, at: &digits)
        guard matches(pdf, Array(">>\nstartxref\n".utf8), at: digits) else { throw malformed("its trailer is not as it must be") }
        return (offsets, previous)
    }

    /// The base ends with the first end-of-file mark behind its own table.
    private static func baseLength(in pdf: [UInt8], table: Int, before limit: Int) throws(PacketError) -> Int {
        guard table > 0, matches(pdf, Array("xref\n".utf8), at: table) else { throw malformed("its base has no table") }
        let mark = Array("\n%%EOF\n".utf8)
        var index = table
        while index < limit, !matches(pdf, mark, at: index) { index += 1 }
        let end = index + mark.count
        guard end < limit, try number(in: pdf, between: "startxref\n", "\n%%EOF\n", endingAt: end) == table else {
            throw malformed("its base has no end")
        }
        return end
    }

    private static func manifest(in pdf: [UInt8], _ offsets: [(object: Int, offset: Int)], before limit: Int) throws(PacketError) -> [UInt8]
    {
        var found: [UInt8]?
        for entry in offsets {
            var index = entry.offset
            let head = Array("\(entry.object) 0 obj\n".utf8)
            guard matches(pdf, head, at: index) else { throw malformed("object \(entry.object) is not where its table says") }
            index += head.count
            let type = Array("<</Type/UocavaManifest/Length ".utf8)
            guard matches(pdf, type, at: index) else { continue }
            index += type.count
            let length = try decimal(in: pdf, at: &index)
            let start = Array(">>stream\n".utf8)
            guard matches(pdf, start, at: index), found == nil else { throw malformed("its manifest is not as it must be") }
            index += start.count
            guard length <= limit - index, matches(pdf, Array("\nendstream\nendobj\n".utf8), at: index + length) else {
                throw malformed("its manifest has another length than it says")
            }
            found = Array(pdf[index..<index + length])
        }
        guard let found else { throw malformed("it has no manifest") }
        return found
    }

    // MARK: Bytes

    private static func matches(_ bytes: [UInt8], _ pattern: [UInt8], at index: Int) -> Bool {
        guard index >= 0, index <= bytes.count, pattern.count <= bytes.count - index else { return false }
        for offset in 0..<pattern.count where bytes[index + offset] != pattern[offset] { return false }
        return true
    }

    private static func lastIndex(of pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        var index = bytes.count - pattern.count
        while index >= 0 {
            if bytes[index] == pattern[0], matches(bytes, pattern, at: index) { return index }
            index -= 1
        }
        return nil
    }

    /// One to ten digits.
    private static func decimal(in bytes: [UInt8], at index: inout Int) throws(PacketError) -> Int {
        let start = index
        var value = 0
        while index >= 0, index < bytes.count, (0x30...0x39).contains(bytes[index]), index - start < 10 {
            value = value * 10 + Int(bytes[index] - 0x30)
            index += 1
        }
        guard index > start else { throw malformed("a number is missing") }
        return value
    }

    private static func expect(_ byte: UInt8, in bytes: [UInt8], at index: inout Int) throws(PacketError) {
        guard index < bytes.count, bytes[index] == byte else { throw malformed("its table is not as it must be") }
        index += 1
    }

    /// The number between two texts, the second of which ends here.
    private static func number(
        in bytes: [UInt8], between head: String, _ foot: String, endingAt end: Int
    ) throws(PacketError) -> Int {
        let foot = Array(foot.utf8)
        guard matches(bytes, foot, at: end - foot.count) else { throw malformed("it does not end as it must") }
        var start = end - foot.count
        while start > 0, (0x30...0x39).contains(bytes[start - 1]), end - start < 20 { start -= 1 }
        let head = Array(head.utf8)
        guard matches(bytes, head, at: start - head.count) else { throw malformed("it does not end as it must") }
        var index = start
        let value = try decimal(in: bytes, at: &index)
        guard index == end - foot.count else { throw malformed("it does not end as it must") }
        return value
    }
}
