import Foundation

/// Making a base: the office's pages are drawn here, the vendor's are merged with them in a confined child.
///
/// The same input gives the same bytes, wherever the same fonts are installed.
package enum BaseAssembly {
    /// Makes a base, merging in a confined child of this program.
    ///
    /// Throws `layout` where a text of the office does not fit, `font` where a font is missing, and what the child says about the
    /// vendor's file. About a quarter of a second.
    package static func make(_ input: BaseInput, child: ConfinedChild = ConfinedChild()) throws -> Base {
        try make(input) { job in try child.run("assemble", job).bytes }
    }

    /// Draws the office's pages and drops them: throws what ``make(_:child:)`` would say of the office's texts, whatever the ballot.
    package static func check(_ text: OfficeText, paper: Paper, styleLabel: String) throws {
        _ = try BasePages(BaseInput(text: text, paper: paper, ballotPDF: [], styleLabel: styleLabel))
    }

    /// The words in the place of a last day of posting. The tail sets them, with the base's font: in a script that it lacks they are English.
    private static func postSoon(_ words: BaseWording) throws -> String {
        let setter = try TypeSetter.shared.get()
        return setter.firstUnprintable(in: setter.scalars(of: words.postSoon)) == nil ? words.postSoon : BaseWording.english.postSoon
    }

    /// The same with another way to run the job, e.g. ``run(_:)`` itself where there is no program to start.
    package static func make(_ input: BaseInput, running run: ([UInt8]) throws -> [UInt8]) throws -> Base {
        let pages = try BasePages(input)
        let face = try TypeFace.primary()
        let subset = try TypeSubset.primary(of: face)
        let glyphs = subset.glyphs.keys.sorted()
        let characters = TypeCoverage.primary.lazy.joined().compactMap { scalar -> (glyph: UInt16, scalar: UInt32)? in
            let glyph = face.glyph(of: scalar)
            return glyph == 0 ? nil : (UInt16(truncatingIfNeeded: glyph), scalar)
        }
        let job = BaseJob(
            title: pages.words.documentTitle(input.text), language: input.text.language,
            pages: pages.sizes.count, envelopes: pages.envelopes, overlays: pages.overlays, places: pages.places,
            elements: pages.elements, instructions: input.instructionPDFs.count, writeIns: input.writeInPDFs.count,
            sample: input.text.sample ? try BaseSample.outline() : nil,
            widths: TypeDescription.widths(glyphs.map { ($0, face.advance(of: UInt32($0))) }), fontBox: face.box, ascender: face.ascender,
            descender: face.descender)
        let toUnicode = TypeDescription.toUnicode(characters.sorted { $0.glyph < $1.glyph })
        let blobs = [pages.pdf, subset.file, toUnicode, input.ballotPDF] + input.instructionPDFs + input.writeInPDFs
        let answer = try BasePieces.split(try run(BasePieces.join(job, blobs)), BaseReport.self)
        let report = answer.head
        guard let bytes = answer.blobs.first, report.firstBallotPage <= report.lastBallotPage else {
            throw PacketError(.library, "the confined job assemble gave no base")
        }
        let plan = BasePlan(
            overlays: report.overlays, boxes: pages.boxes, signature: report.signature, manifest: report.manifest,
            resources: report.resources, font: report.font, fontFingerprint: face.fingerprint, size: report.size,
            startXRef: report.startXRef, trailer: report.trailer, length: bytes.count, postSoon: try postSoon(pages.words))
        let places = pages.places.map { place in
            // The cover is the first page, what else comes before the ballot stands right before it, the envelope is at the end.
            let fromEnd = pages.sizes.count - place.page
            let page =
                place.page == 0
                ? 1
                : fromEnd <= pages.envelopes
                    ? report.pageCount - fromEnd + 1 : report.firstBallotPage - (fromEnd - pages.envelopes)
            return Base.Place(overlay: place.overlay, page: page, x: place.x, y: place.y)
        }
        return Base(
            bytes: bytes, plan: plan, ballotPages: report.firstBallotPage...report.lastBallotPage, pageCount: report.pageCount,
            places: places)
    }

    /// The confined job `assemble`: a ``BaseJob`` and its blobs in, a ``BaseReport`` and the base out. Reads no file and asks no clock.
    package static func run(_ input: [UInt8]) throws -> [UInt8] {
        let (job, blobs) = try BasePieces.split(input, BaseJob.self)
        guard blobs.count == 4 + job.instructions + job.writeIns, job.instructions >= 0, job.writeIns >= 0 else {
            throw PacketError(.invalidInput, "the job assemble has \(blobs.count) pieces")
        }
        let assembling = try BaseDocument(job, pages: blobs[0])
        try assembling.addFont(file: blobs[1], toUnicode: blobs[2])
        let more = blobs[4...]
        let ballot = try assembling.addPages(
            instructions: Array(more.prefix(job.instructions)), ballot: blobs[3], writeIns: Array(more.dropFirst(job.instructions)))
        try assembling.addSignature()
        try assembling.describe()
        let bytes = try assembling.document.write(minimumVersion: "1.7")
        let report = try BaseMarkers.find(in: bytes, ballot: ballot)
        return try BasePieces.join(report, [bytes])
    }
}
