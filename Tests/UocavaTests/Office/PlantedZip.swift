import Foundation
import Packet

/// A ZIP written by hand, so that each of its parts can be wrong on its own: what somebody makes who wants a voter to unpack another file than
/// the one that was checked.
struct PlantedZip {
    /// What one of the two headers of a file says.
    struct Header {
        var name: String
        var method = 0
        var flags = 0
        var stamp: [UInt8]
        var checksum: UInt32
        var packed: Int
        var length: Int
        var extra: [UInt8] = []
        /// As `external file attributes`; in the directory only.
        var attributes = 0o100644 << 16
        /// Where the file is said to begin; in the directory only. Nil: where it does.
        var offset: Int?

        /// What the two headers have in common, in this order.
        fileprivate var shared: [UInt8] {
            little(10, 2) + little(flags, 2) + little(method, 2) + stamp + little(Int(checksum), 4) + little(packed, 4) + little(length, 4)
                + little(name.utf8.count, 2) + little(extra.count, 2)
        }
    }

    struct Entry {
        var local: Header
        var listed: Header
        var content: [UInt8]
        /// Bytes in front of the file's header.
        var before: [UInt8] = []
        /// Files that only one of the two knows.
        var hasContent = true
        var isListed = true

        init(_ name: String, _ content: [UInt8], stamp: [UInt8]) {
            local = Header(name: name, stamp: stamp, checksum: CRC32.of(content), packed: content.count, length: content.count)
            listed = local
            self.content = content
        }
    }

    var entries: [Entry]
    var comment: [UInt8] = []
    /// What stands in front of everything, and whether the offsets know of it.
    var prefix: [UInt8] = []
    var offsetsKnowPrefix = true
    /// How many files the end says there are. Nil: as many as there are records.
    var count: Int?

    /// The four files of a packet that are in this archive, as the program put them in.
    init(_ zip: [UInt8]) {
        var entries: [Entry] = []
        var position = 0
        func number(_ offset: Int, _ count: Int) -> Int {
            zip[(position + offset)..<(position + offset + count)].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        for _ in 0..<4 {
            let start = position + 30 + number(26, 2)
            let next = start + number(18, 4)
            let name = String(decoding: zip[(position + 30)..<start], as: UTF8.self)
            entries.append(Entry(name, Array(zip[start..<next]), stamp: Array(zip[(position + 10)..<(position + 14)])))
            position = next
        }
        self.entries = entries
    }

    /// The dates of its files.
    var stamp: [UInt8] { entries[0].local.stamp }

    /// Puts other bytes into a file, and everything that the archive says of it is right for them.
    mutating func replace(_ index: Int, with content: [UInt8]) {
        entries[index] = Entry(entries[index].local.name, content, stamp: stamp)
    }

    /// Changes both headers of a file alike.
    mutating func change(_ index: Int, _ body: (inout Header) -> Void) {
        body(&entries[index].local)
        body(&entries[index].listed)
    }

    var bytes: [UInt8] {
        var out = prefix
        let shift = offsetsKnowPrefix ? 0 : prefix.count
        var directory: [UInt8] = []
        var listed = 0
        for entry in entries {
            out += entry.before
            let offset = entry.listed.offset ?? (out.count - shift)
            if entry.hasContent {
                out += little(0x0403_4B50, 4) + entry.local.shared + Array(entry.local.name.utf8) + entry.local.extra + entry.content
            }
            guard entry.isListed else { continue }
            listed += 1
            directory += little(0x0201_4B50, 4) + little(3 << 8 | 20, 2) + entry.listed.shared + little(0, 6)
            directory += little(entry.listed.attributes, 4) + little(offset, 4) + Array(entry.listed.name.utf8) + entry.listed.extra
        }
        let start = out.count - shift
        out += directory + little(0x0605_4B50, 4) + little(0, 4) + little(count ?? listed, 2) + little(count ?? listed, 2)
        return out + little(directory.count, 4) + little(start, 4) + little(comment.count, 2) + comment
    }
}

/// A number with the low byte first.
private func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
