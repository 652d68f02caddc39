import Foundation
import Packet

/// What must stand on the pages that a tail writes on, against what an outside program reads there.
///
/// A packet's page says what the same page of its base says, and then the voter's lines in the order of the boxes; the other pages say what
/// they said in the base. Nothing more and nothing less.
struct PrintedText: Sendable {
    /// The lines of each field, in the order in which they were typed, without those to be filled in by hand.
    typealias Lines = [BasePlan.Field: [String]]

    /// One program for all: the content in the order in which it was written, in UTF-8.
    static let arguments = ["-raw", "-enc", "UTF-8"]

    private let plan: BasePlan
    /// The base's own words, page by page.
    private let pages: [String]
    /// Where the overlays are drawn: pages from 0, and the overlay's lower left corner.
    let places: [(overlay: Int, page: Int, x: Double, y: Double)]
    /// The pages that a tail writes on, from 0.
    var pagesWritten: [Int] { Set(places.map(\.page)).sorted() }

    /// Reads the base alone. Where its places are not known, `firstBallotPage` (from 1) and the paper tell the pages: the cover, the declaration
    /// before the ballot, and the envelope at the end; the left edges and lower edges are then of no use.
    init(base: [UInt8], plan: BasePlan, firstBallotPage: Int, places: [Base.Place]? = nil, in folder: WritingFolder) throws {
        self.plan = plan
        try folder.write(base, to: "base-alone.pdf")
        pages = try Self.read("base-alone.pdf", in: folder)
        if let places {
            self.places = places.map { ($0.overlay, $0.page - 1, $0.x, $0.y) }
        } else {
            // The fronts of the envelope share the third overlay; the fourth is the Intelligent Mail barcode, which says nothing.
            let fronts = plan.overlays[0].height == 792 ? 2 : 3
            self.places =
                [(0, 0, 0, 0), (1, firstBallotPage - 2, 0, 0)] + (pages.count - fronts..<pages.count).map { (2, $0, 0, 0) }
        }
    }

    init(_ base: Base, in folder: WritingFolder) throws {
        try self.init(
            base: base.bytes, plan: base.plan, firstBallotPage: base.ballotPages.lowerBound, places: base.places, in: folder)
    }

    /// Each page as pdftotext reads it.
    private static func read(_ file: String, in folder: WritingFolder) throws -> [String] {
        // Every page ends with a form feed.
        try folder.run("pdftotext", arguments + [file, "-"]).components(separatedBy: "\u{0C}").dropLast()
    }

    /// The voter's words on a page, in the order of its boxes.
    func words(_ lines: Lines, page: Int) -> String {
        let overlays = places.filter { $0.page == page }.map(\.overlay)
        let boxes = overlays.flatMap { overlay in plan.boxes.filter { $0.overlay == overlay } }
        return Self.collapsed(boxes.flatMap { lines[$0.field] ?? [] }.joined(separator: " "))
    }

    /// Everything that the pages of a file say otherwise than they must; `exact` counts spaces too, else long lines may be broken anywhere.
    func problems(of file: String, saying lines: Lines, exact: Bool = true, in folder: WritingFolder) throws -> [String] {
        let found = try Self.read(file, in: folder)
        guard found.count == pages.count else { return ["it has \(found.count) pages, not \(pages.count)"] }
        return found.indices.compactMap { page in
            let own = words(lines, page: page)
            let prepare = exact ? Self.collapsed : Self.squeezed
            let (wanted, seen) = (prepare(pages[page] + " " + own), prepare(found[page]))
            guard !wanted.unicodeScalars.elementsEqual(seen.unicodeScalars) else { return nil }
            let start = prepare(pages[page])
            return "page \(page + 1) says “\(seen.dropFirst(start.count - 10))”, not “\(wanted.dropFirst(start.count - 10))”"
        }
    }

    // MARK: Text

    /// In Normalization Form C, with one plain space for any number and kind of spaces.
    static func collapsed(_ text: String) -> String {
        text.precomposedStringWithCanonicalMapping.unicodeScalars.split { $0.properties.isWhitespace }.map { String($0) }.joined(
            separator: " ")
    }

    /// The same without any space.
    static func squeezed(_ text: String) -> String {
        String(String.UnicodeScalarView(text.precomposedStringWithCanonicalMapping.unicodeScalars.filter { !$0.properties.isWhitespace }))
    }
}

extension VoterText {
    /// The lines that must be printed, less those of `addressLines` that are named.
    func lines(byHand: [Int] = []) -> PrintedText.Lines {
        let country = mailingCountry.map { $0.isEmpty ? [] : [$0] } ?? []
        let address = (residence + mailing + country).enumerated().map { byHand.contains($0.offset) ? "" : $0.element }
        let post = Array(address.dropFirst(residence.count))
        return [
            .name: [name], .residence: Array(address.prefix(residence.count)), .mailing: post, .sender: [name] + post,
            .voterClass: [voterClass], .returnCode: [returnCode], .trackingCode: [trackingCode], .trackingURL: [trackingURL],
            .postBy: [postBy ?? ""]
        ]
    }
}

extension WorldVoter {
    /// The text that a packet is made with, outside an office.
    var text: VoterText {
        var text = WritingSamples.voter(name: name, residence: residence, mailing: mailing)
        text.mailingCountry = country
        return text
    }

    /// Where the lines to fill in by hand are among the lines of the address.
    var linesByHand: [Int] { byHand.map { residence.count + $0 }.sorted() }
}
