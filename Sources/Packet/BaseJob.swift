import Foundation

/// What goes into the confined job that writes a base, and what comes out: a head in JSON and blobs, each with its length.
///
/// Layout: eight bytes of length (big-endian) and the bytes, again and again; the first piece is the head.
struct BaseJob: Codable {
    /// A form that a tail fills.
    struct Overlay: Codable {
        var width: Double
        var height: Double
    }

    /// A page of the office's own has an overlay, its lower left corner here: indices into `overlays` and the own pages.
    struct Place: Codable {
        var overlay: Int
        var page: Int
        var x: Double
        var y: Double
    }

    var title: String
    var language: String
    /// How many pages of the office's own there are, the cover first.
    var pages: Int
    /// How many of them, at the end, go behind the ballot: the fronts of the envelope.
    var envelopes: Int
    var overlays: [Overlay]
    var places: [Place]
    /// The structure of these pages, as it was drawn.
    var elements: [BaseElement]
    /// How many PDFs of instructions and of write-ins follow the ballot among the blobs.
    var instructions: Int
    var writeIns: Int
    /// `BaseSample.outline()` if SAMPLE goes on every page.
    var sample: String?
    /// The font's `W` array, `FontBBox` and heights.
    var widths: String
    var fontBox: [Int]
    var ascender: Int
    var descender: Int
}

/// The confined job's answer, beside the base's bytes.
struct BaseReport: Codable {
    var overlays: [BasePlan.Overlay]
    var signature: Int
    var manifest: Int
    var resources: Int
    var font: Int
    var size: Int
    var startXRef: Int
    var trailer: String
    var firstBallotPage: Int
    var lastBallotPage: Int
    var pageCount: Int
}

/// The pieces of a job or its answer.
enum BasePieces {
    static func join(_ head: some Encodable, _ blobs: [[UInt8]]) throws(PacketError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json: [UInt8]
        do { json = [UInt8](try encoder.encode(head)) } catch {
            throw PacketError(.library, "a job could not be written down", cause: "\(error)")
        }
        var out: [UInt8] = []
        out.reserveCapacity(json.count + blobs.reduce(0) { $0 + $1.count + 8 } + 8)
        for piece in [json] + blobs {
            for shift in stride(from: 56, through: 0, by: -8) { out.append(UInt8(truncatingIfNeeded: piece.count >> shift)) }
            out += piece
        }
        return out
    }

    static func split<Head: Decodable>(_ bytes: [UInt8], _ type: Head.Type) throws(PacketError) -> (head: Head, blobs: [[UInt8]]) {
        var pieces: [[UInt8]] = []
        var index = 0
        while index < bytes.count {
            guard index + 8 <= bytes.count else { throw broken() }
            let length = bytes[index..<index + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            index += 8
            guard length <= UInt64(bytes.count - index) else { throw broken() }
            pieces.append(Array(bytes[index..<index + Int(length)]))
            index += Int(length)
        }
        guard let json = pieces.first else { throw broken() }
        do { return (try JSONDecoder().decode(type, from: Data(json)), Array(pieces.dropFirst())) } catch {
            throw PacketError(.invalidInput, "a job's head is not what was agreed", cause: "\(error)")
        }
    }

    private static func broken() -> PacketError { PacketError(.invalidInput, "a job ends in the middle of a piece") }
}
