/// A piece of a ZIP that is sent: its own bytes, or the base, which the server holds once for everybody.
package enum ZipSegment: Sendable, Equatable {
    /// Headers, the tail and the small files.
    case bytes([UInt8])
    /// All bytes of the base, in this place.
    case base
}

/// The ZIP of a packet: the PDF, its signature, its manifest and how to verify them.
///
/// Entries are stored, not deflated (the PDF is deflated inside already), so the archive is put together from pieces and never in
/// memory as a whole. Every packet's archive is a pure function of its arguments.
package enum PacketZip {
    /// The pieces, in order.
    ///
    /// `base` is the base's length and CRC-32; `pdfName` is what the PDF is called inside, ASCII. Throws `archive` where an entry
    /// would pass 4 GB.
    package static func segments(
        base: (length: Int, crc32: UInt32), tail: [UInt8], p7s: [UInt8], manifest: [UInt8], verifyText: String, modified unixSeconds: Int64,
        pdfName: String = "packet.pdf"
    ) throws -> [ZipSegment] {
        let text = Array(verifyText.utf8)
        let small: [(name: String, content: [UInt8])] = [("packet.p7s", p7s), ("manifest.json", manifest), ("VERIFY.txt", text)]
        let pdfSize = base.length + tail.count
        guard pdfSize + small.reduce(0, { $0 + $1.content.count }) < 0xF000_0000, base.length >= 0 else {
            throw PacketError(.archive, "the packet is too large for a ZIP")
        }
        let stamp = TailTime(unixSeconds: unixSeconds).dosDate
        let pdf = Entry(
            name: Array(pdfName.utf8), crc: CRC32.combine(base.crc32, CRC32.of(tail), secondLength: tail.count), size: pdfSize, offset: 0,
            stamp: stamp)
        var head: [UInt8] = []
        pdf.writeLocalHeader(to: &head)
        var rest = tail
        rest.reserveCapacity(tail.count + small.reduce(512) { $0 + $1.content.count + 128 })
        var entries = [pdf]
        // What lies before `rest` in the archive.
        let ahead = head.count + base.length
        for file in small {
            let entry = Entry(
                name: Array(file.name.utf8), crc: CRC32.of(file.content), size: file.content.count, offset: ahead + rest.count, stamp: stamp
            )
            entry.writeLocalHeader(to: &rest)
            rest += file.content
            entries.append(entry)
        }
        let directory = ahead + rest.count
        for entry in entries { entry.writeDirectoryEntry(to: &rest) }
        let length = ahead + rest.count - directory
        rest.appendLittle(0x0605_4B50, bytes: 4)
        rest.appendLittle(0, bytes: 4)
        rest.appendLittle(entries.count, bytes: 2)
        rest.appendLittle(entries.count, bytes: 2)
        rest.appendLittle(length, bytes: 4)
        rest.appendLittle(directory, bytes: 4)
        rest.appendLittle(0, bytes: 2)
        return [.bytes(head), .base, .bytes(rest)]
    }

    /// The archive's length, for `Content-Length`.
    package static func length(of segments: [ZipSegment], baseLength: Int) -> Int {
        segments.reduce(0) { sum, segment in
            switch segment {
            case .bytes(let bytes): sum + bytes.count
            case .base: sum + baseLength
            }
        }
    }

    /// A stored file: APPNOTE 6.3, 4.3.7 and 4.3.12.
    private struct Entry {
        var name: [UInt8]
        var crc: UInt32
        var size: Int
        var offset: Int
        var stamp: (date: UInt16, time: UInt16)

        func writeLocalHeader(to out: inout [UInt8]) {
            out.appendLittle(0x0403_4B50, bytes: 4)
            writeShared(to: &out)
            out += name
        }

        func writeDirectoryEntry(to out: inout [UInt8]) {
            out.appendLittle(0x0201_4B50, bytes: 4)
            // Made under Unix, so that the permissions below mean something.
            out.appendLittle(3 << 8 | 20, bytes: 2)
            writeShared(to: &out)
            out.appendLittle(0, bytes: 6)
            out.appendLittle(0o100644 << 16, bytes: 4)
            out.appendLittle(offset, bytes: 4)
            out += name
        }

        private func writeShared(to out: inout [UInt8]) {
            out.appendLittle(10, bytes: 2)
            out.appendLittle(0, bytes: 2)
            out.appendLittle(0, bytes: 2)
            out.appendLittle(Int(stamp.time), bytes: 2)
            out.appendLittle(Int(stamp.date), bytes: 2)
            out.appendLittle(Int(crc), bytes: 4)
            out.appendLittle(size, bytes: 4)
            out.appendLittle(size, bytes: 4)
            out.appendLittle(name.count, bytes: 2)
            // In the local header the last field is the extra field's length; in the directory three more follow.
            out.appendLittle(0, bytes: 2)
        }
    }
}

extension [UInt8] {
    /// A number with the low byte first.
    fileprivate mutating func appendLittle(_ value: Int, bytes: Int) {
        for shift in 0..<bytes { append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
    }
}
