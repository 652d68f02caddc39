import Foundation

/// The size of a page as a person sees it, turned and cropped, in points (1/72 inch).
package struct PageSize: Sendable, Codable, Equatable {
    /// Side to side.
    package var width: Double
    /// Top to bottom.
    package var height: Double

    /// A size in points.
    package init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }
}

/// A vendor's ballot made harmless: the same picture, and nothing in the file that acts, can be filled in, or leads elsewhere.
package struct CleanBallot: Sendable, Equatable {
    /// The cleaned PDF in plain form (classic cross-reference table, no object streams); the same input gives the same bytes.
    package var pdf: [UInt8]
    /// One size a page, in order.
    package var pages: [PageSize]
    /// What the office should know though the file was taken, e.g. a font that is not in it.
    package var warnings: [String]
    /// Whether libqpdf had to repair the file; only with `acceptRepaired`.
    package var repaired: Bool
}

/// Reads ballots and instructions from vendors: hostile until proven otherwise.
///
/// All parsing happens in a ``ConfinedChild``. Refused with file, object and reason: what is no PDF, encrypted or damaged files,
/// JavaScript and other actions that do something, embedded files, XFA forms, references out of the file, too many pages, odd sizes.
/// Form fields and annotations become part of the page; links, outlines, labels, opening actions and metadata are dropped.
package struct BallotReader: Sendable {
    /// The longest file that is read, in bytes.
    package static let maximumBytes = 32 << 20
    /// The most pages a ballot or instruction may have.
    package static let maximumPages = 64

    let child: ConfinedChild

    /// A reader that parses in children like this one.
    package init(child: ConfinedChild) { self.child = child }

    /// Reads one file; `name` is what messages call it.
    ///
    /// With `acceptRepaired`, damage that libqpdf can repair is repaired, `repaired` is true and `warnings` say what it was.
    /// Throws a ``PacketError`` that names the file.
    package func read(_ bytes: [UInt8], name: String, acceptRepaired: Bool) throws(PacketError) -> CleanBallot {
        do throws(PacketError) {
            // Said before anything is copied to a child.
            guard bytes.count <= Self.maximumBytes else {
                throw PacketError(
                    .tooLarge, "the file has \(bytes.count >> 20) MB; the limit is \(Self.maximumBytes >> 20) MB",
                    hint: "Voters download it over ship and satellite links: ask the vendor for a smaller PDF")
            }
            let request = ReadingRequest(name: name, acceptRepaired: acceptRepaired)
            let output = try child.run("read", try JobFrame.join(request, bytes))
            let (facts, pdf): (ReadingFacts, [UInt8]) = try JobFrame.split(output.bytes)
            return CleanBallot(pdf: pdf, pages: facts.pages, warnings: facts.warnings, repaired: facts.repaired)
        } catch {
            throw error.about(file: name)
        }
    }
}

/// What the child is asked, beside the file itself.
struct ReadingRequest: Codable {
    var name: String
    var acceptRepaired: Bool
}

/// What the child answers, beside the cleaned file.
struct ReadingFacts: Codable {
    var pages: [PageSize]
    var warnings: [String]
    var repaired: Bool
}

/// A small JSON text and a lot of bytes in one array: the JSON's length in four bytes (little-endian), the JSON, the bytes.
enum JobFrame {
    static func join(_ header: some Encodable, _ bytes: [UInt8]) throws(PacketError) -> [UInt8] {
        let json: Data
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            json = try encoder.encode(header)
        } catch {
            throw PacketError(.library, "the job's header could not be written", cause: "\(error)")
        }
        var frame: [UInt8] = []
        frame.reserveCapacity(4 + json.count + bytes.count)
        for shift in stride(from: 0, to: 32, by: 8) { frame.append(UInt8(truncatingIfNeeded: json.count >> shift)) }
        frame.append(contentsOf: json)
        frame.append(contentsOf: bytes)
        return frame
    }

    static func split<Header: Decodable>(_ frame: [UInt8]) throws(PacketError) -> (Header, [UInt8]) {
        guard frame.count >= 4 else { throw PacketError(.invalidInput, "a job's frame is too short") }
        let length = frame[..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard frame.count - 4 >= length else { throw PacketError(.invalidInput, "a job's frame is too short") }
        do {
            let header = try JSONDecoder().decode(Header.self, from: Data(frame[4..<4 + length]))
            return (header, Array(frame[(4 + length)...]))
        } catch {
            throw PacketError(.invalidInput, "a job's header could not be read", cause: "\(error)")
        }
    }
}
