import Elections
import Packet

/// A packet's ZIP, taken apart again: exactly the four files that ``PacketArchive`` puts in, and not a byte beside them.
///
/// A ZIP names its files twice, in front of each and in a directory at its end, and programs differ in which they believe; some look for the
/// directory behind anything, or in front of anything. So what is checked here is what every program unpacks only where both agree, nothing is
/// named twice, and no byte is left over. APPNOTE 6.3: 4.3.7 (local header), 4.3.12 (directory), 4.3.16 (its end).
struct PacketArchiveReading {
    /// The four files, in the order in which they stand.
    static let names = ["packet.pdf", "packet.p7s", "manifest.json", "VERIFY.txt"]

    /// The packet itself.
    var pdf: [UInt8] { contents[0] }
    /// The detached signature.
    var signature: [UInt8] { contents[1] }
    /// The manifest as a file.
    var manifest: [UInt8] { contents[2] }
    private let contents: [[UInt8]]
    private let bytes: [UInt8]

    /// What is wrong with an archive, in a sentence or two for a clerk; names from the archive are never repeated in it.
    struct Fault: Error {
        let detail: String
        init(_ detail: String) { self.detail = detail }
    }

    /// Takes an archive apart; time and memory are linear in its size.
    ///
    /// - Throws: ``Fault`` for the first thing that is not as it must be.
    init(_ bytes: [UInt8]) throws(Fault) {
        let reader = Reader(bytes: bytes)
        let (directory, end) = try Self.end(of: reader)
        let records = try Self.records(of: reader, from: directory, to: end)
        var contents: [[UInt8]] = []
        var position = 0
        for record in records {
            guard record.offset == position else { throw Self.stray }
            let (content, next) = try Self.content(of: record, in: reader, at: position, before: directory)
            contents.append(content)
            position = next
        }
        guard position == directory else { throw Self.stray }
        self.contents = contents
        self.bytes = bytes
    }

    /// Whether the rest is right too, i.e. dates and permissions: whether this is byte for byte what the program makes of these four files.
    func isAsWritten(at modified: Instant) -> Bool {
        // As if all of the PDF were its base: who made which part does not matter to the archive.
        guard
            let pieces = try? PacketZip.segments(
                base: (length: pdf.count, crc32: CRC32.of(pdf)), tail: [], p7s: signature, manifest: manifest,
                verifyText: String(decoding: contents[3], as: UTF8.self), modified: modified.seconds)
        else { return false }
        var position = 0
        for piece in pieces {
            switch piece {
            case .base: position += pdf.count
            case .bytes(let expected):
                guard bytes[position...].starts(with: expected) else { return false }
                position += expected.count
            }
        }
        return position == bytes.count
    }

    // MARK: Telling what a file is

    /// Whether a file is a ZIP to anybody: it begins as one, or it has a directory's end where programs look for one and is no PDF.
    static func isArchive(_ bytes: [UInt8]) -> Bool {
        if bytes.starts(with: localMark) || bytes.starts(with: endMark) { return true }
        return !bytes.starts(with: Array("%PDF-".utf8)) && lastEnd(in: bytes) != nil
    }

    /// Whether a ZIP's bytes name a packet at all, wherever.
    static func namesPacket(_ bytes: [UInt8]) -> Bool {
        let name = Array(names[0].utf8)
        return bytes.indices.contains { bytes[$0] == name[0] && bytes[$0...].starts(with: name) }
    }

    private static let localMark: [UInt8] = [0x50, 0x4B, 3, 4]
    private static let recordMark: [UInt8] = [0x50, 0x4B, 1, 2]
    private static let endMark: [UInt8] = [0x50, 0x4B, 5, 6]

    private static let stray = Fault("There are bytes in the archive that belong to none of its files: something was added or taken out.")

    /// Where programs find the directory's end: the last one, with at most a comment of 65,535 bytes behind it.
    private static func lastEnd(in bytes: [UInt8]) -> Int? {
        let first = max(0, bytes.count - 22 - 65535)
        return (first..<max(first, bytes.count - 21)).last { bytes[$0] == endMark[0] && bytes[$0...].starts(with: endMark) }
    }

    // MARK: Its parts

    /// Where the directory begins and ends.
    private static func end(of zip: Reader) throws(Fault) -> (directory: Int, end: Int) {
        guard let end = lastEnd(in: zip.bytes) else {
            throw Fault("The archive breaks off: its list of contents is missing. Download it again.")
        }
        guard end + 22 == zip.bytes.count, zip.number(at: end + 20, 2) == 0 else {
            throw Fault("Something was added behind the archive's end.")
        }
        let directory = zip.number(at: end + 16, 4)
        guard zip.number(at: end + 4, 4) == 0, directory + zip.number(at: end + 12, 4) == end else { throw stray }
        return (directory, end)
    }

    /// What the directory says of a file.
    private struct Record {
        let name: [UInt8]
        /// The 26 bytes that the header in front of the file repeats: from the version that is needed to the length of the extra field.
        let shared: [UInt8]
        let checksum: Int
        let length: Int
        let offset: Int
        var label: String { String(decoding: name, as: UTF8.self) }
    }

    /// The four records, which lie from here to there without a gap.
    private static func records(of zip: Reader, from directory: Int, to end: Int) throws(Fault) -> [Record] {
        let known = Set(names.map { Array($0.utf8) })
        var records: [Record] = []
        var hasStranger = false
        var position = directory
        while position < end {
            guard zip.has(recordMark, at: position), position + 46 <= end else { throw stray }
            let nameLength = zip.number(at: position + 28, 2)
            let next = position + 46 + nameLength + zip.number(at: position + 30, 2) + zip.number(at: position + 32, 2)
            guard next <= end else { throw stray }
            let name = zip.slice(position + 46, nameLength)
            let start = position
            position = next
            // Not kept, so that there are never more than four, however many are listed.
            guard known.contains(name) else {
                hasStranger = true
                continue
            }
            guard !records.contains(where: { $0.name == name }) else {
                throw Fault("The archive holds two files of one name: unpacking it may give another file than the one that was signed.")
            }
            records.append(
                Record(
                    name: name, shared: zip.slice(start + 6, 26), checksum: zip.number(at: start + 16, 4),
                    length: zip.number(at: start + 24, 4), offset: zip.number(at: start + 42, 4)))
        }
        guard !hasStranger else {
            throw Fault("The archive holds a file that no packet has: somebody put it there, or gave another name to one of the packet's.")
        }
        let missing = names.filter { name in !records.contains { $0.label == name } }
        guard missing.isEmpty else { throw Fault("The archive lacks \(missing.joined(separator: ", ")).") }
        guard records.map(\.label) == names, zip.number(at: end + 8, 2) == 4, zip.number(at: end + 10, 2) == 4 else {
            throw Fault("The archive's list of contents is not in order: another program made it, or it was changed.")
        }
        return records
    }

    /// A file's bytes, and where the next file begins.
    private static func content(
        of record: Record, in zip: Reader, at position: Int, before limit: Int
    ) throws(Fault) -> (content: [UInt8], next: Int) {
        let start = position + 30 + record.name.count
        guard start <= limit, zip.has(localMark, at: position) else { throw stray }
        guard zip.slice(position + 4, 26) == record.shared, zip.slice(position + 30, record.name.count) == record.name else {
            throw Fault(
                "The archive says two things of \(record.label), in front of it and in its list of contents: "
                    + "unpacking it may give another file than the one that was signed.")
        }
        // Version 1.0, no flag (encryption, lengths that follow the file), stored; as long packed as unpacked; no extra field.
        guard record.shared.starts(with: [10, 0, 0, 0, 0, 0]), record.shared[14..<18] == record.shared[18..<22],
            record.shared[24...].allSatisfy({ $0 == 0 })
        else {
            throw Fault(
                "\(record.label) is packed in another way than this office packs it: another program made the archive. "
                    + "Unpack it, and check its packet.pdf by itself.")
        }
        guard start + record.length <= limit else { throw Fault("\(record.label) breaks off. Download the archive again.") }
        let content = zip.slice(start, record.length)
        guard Int(CRC32.of(content)) == record.checksum else {
            throw Fault("\(record.label) does not have its checksum: it was changed or damaged since the archive was made.")
        }
        return (content, start + record.length)
    }

    /// Bytes by their place; the caller has made sure that there are so many.
    private struct Reader {
        let bytes: [UInt8]

        /// A number with the low byte first.
        func number(at offset: Int, _ count: Int) -> Int {
            bytes[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | Int($1) }
        }

        func slice(_ start: Int, _ count: Int) -> [UInt8] { Array(bytes[start..<(start + count)]) }

        func has(_ mark: [UInt8], at offset: Int) -> Bool { bytes[offset...].starts(with: mark) }
    }
}
