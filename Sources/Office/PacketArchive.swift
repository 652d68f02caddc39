import Elections
import Keys
import Packet

/// The ZIP around a packet: the PDF, its signature, its manifest and how to verify them; streamed, never put together in memory.
package struct PacketArchive: Sendable {
    /// A piece of the archive, in order.
    package enum Segment: Sendable, Equatable {
        /// All bytes of the base, which the caller holds once for everybody.
        case base
        /// Bytes of this voter's archive.
        case bytes([UInt8])
    }

    /// The archive's pieces, in order; their lengths add up to `length`.
    package let segments: [Segment]
    /// The whole archive's length in bytes.
    package let length: Int
    /// A digest of the content, in hexadecimal digits and without quotes: over the packet's own SHA-256 and everything beside the base, so that
    /// the base need not be hashed again.
    package let etag: String

    /// The archive of the packet that a visit opened. A pure function of its arguments.
    ///
    /// - Parameters:
    ///   - baseCRC: ``checksum(ofBase:)`` of the visit's base.
    ///   - officeName: whom `VERIFY.txt` names.
    ///   - publicURL: where it sends people for the office's certificate.
    /// - Throws: ``OfficeError`` `broken` where the packet has no signature; `PacketError` where it is too large for a ZIP.
    package init(visit: Counter.Visit, baseCRC: UInt32, officeName: String, publicURL: String) throws {
        let packet = visit.packet
        guard let byteRange = Self.byteRange(in: packet.tail) else {
            throw OfficeError(.broken, "A packet's signature is not where it must be.", hint: "Run `uocava audit`.")
        }
        let name = "packet.pdf"
        let text = VerifyText.make(
            fileName: name, byteRange: byteRange, baseLength: visit.baseLength, baseSHA256: hex(visit.baseHash),
            signedAt: visit.issuedAt.seconds, officeName: officeName, publicURL: publicURL)
        let pieces = try PacketZip.segments(
            base: (length: visit.baseLength, crc32: baseCRC), tail: packet.tail, p7s: packet.cms, manifest: packet.manifest,
            verifyText: text,
            modified: visit.issuedAt.seconds, pdfName: name)
        length = PacketZip.length(of: pieces, baseLength: visit.baseLength)
        var content = visit.sha256
        segments = pieces.map { piece in
            switch piece {
            case .base: return .base
            case .bytes(let bytes):
                content += bytes
                return .bytes(bytes)
            }
        }
        etag = hex(SHA256.hash(content))
    }

    /// The CRC-32 of a base; worth keeping, since it takes longer than everything else here.
    package static func checksum(ofBase bytes: [UInt8]) -> UInt32 { CRC32.of(bytes) }

    /// The two byte ranges that the signature covers, from `/ByteRange [0 a b c]` in the tail, whose numbers are padded with spaces.
    private static func byteRange(in tail: [UInt8]) -> (Int, Int, Int, Int)? {
        let key = Array("/ByteRange [".utf8)
        guard tail.count > key.count,
            let start = (0..<(tail.count - key.count)).last(where: { tail[$0] == key[0] && tail[$0..<($0 + key.count)].elementsEqual(key) })
        else { return nil }
        let numbers = tail[(start + key.count)...].prefix { $0 != UInt8(ascii: "]") }.split(separator: UInt8(ascii: " ")).map {
            Int(String(decoding: $0, as: UTF8.self))
        }
        guard numbers.count == 4, let first = numbers[0], let second = numbers[1], let third = numbers[2], let fourth = numbers[3] else {
            return nil
        }
        return (first, second, third, fourth)
    }
}
