import HTTPTypes
import NIOCore
import Office

/// The bytes of a file that is handed out: pieces in order, none of them copied.
struct FileContent: Sendable {
    private let pieces: [ByteBuffer]
    let length: Int
    /// With its quotes, as in the header.
    let etag: String

    /// What one write to the connection is: large enough to cost nothing. How much of a piece a slow connection has taken,
    /// ``DeliveryHandler`` asks it.
    static let pieceLength = 256 << 10
    /// The same for a stream of HTTP/2, which cannot be asked: a frame.
    static let streamPieceLength = 16 << 10

    private init(_ pieces: [ByteBuffer], etag: String) {
        self.pieces = pieces
        self.etag = "\"\(etag)\""
        length = pieces.reduce(0) { $0 + $1.readableBytes }
    }

    /// The packet itself: base and tail. Its ETag is its SHA-256.
    static func pdf(_ visit: Counter.Visit, base: BaseShelf.Base) -> FileContent {
        FileContent(base.pieces + [ByteBuffer(bytes: visit.packet.tail)], etag: hex(visit.sha256))
    }

    /// The archive around it.
    static func zip(_ archive: PacketArchive, base: BaseShelf.Base) -> FileContent {
        var pieces: [ByteBuffer] = []
        for segment in archive.segments {
            switch segment {
            case .base: pieces += base.pieces
            case .bytes(let bytes): pieces.append(ByteBuffer(bytes: bytes))
            }
        }
        return FileContent(pieces, etag: archive.etag)
    }

    /// The bytes of a range, in pieces for writing.
    func slices(_ range: Range<Int>, of pieceLength: Int = FileContent.pieceLength) -> [ByteBuffer] {
        var slices: [ByteBuffer] = []
        slices.reserveCapacity(range.count / pieceLength + pieces.count)
        var start = 0
        for piece in pieces {
            let end = start + piece.readableBytes
            var place = max(start, range.lowerBound)
            let last = min(end, range.upperBound)
            while place < last {
                let count = min(pieceLength, last - place)
                if let slice = piece.getSlice(at: piece.readerIndex + place - start, length: count) { slices.append(slice) }
                place += count
            }
            start = end
        }
        return slices
    }
}

extension HTTPField.Name {
    /// `Repr-Digest`; the name is fixed and valid, so the second alternative never comes to pass.
    static let reprDigest = HTTPField.Name("Repr-Digest") ?? .eTag
}

/// Lower-case hexadecimal digits.
private func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
