/// A base while libqpdf holds it: Cairo's document with the vendor's pages between its own.
///
/// Cairo's is the primary document, so that its structure tree, which points at its pages, stays whole.
final class BaseDocument {
    let document: QPDFDocument
    private let job: BaseJob
    private let resources: PDFObject
    private let markers: PDFObject
    private var overlays: [PDFObject] = []
    private var cover: PDFObject?

    init(_ job: BaseJob, pages: [UInt8]) throws(PacketError) {
        self.job = job
        document = try QPDFDocument(reading: pages, name: "the office's pages")
        resources = try document.makeIndirect(document.parse("<< /Font << >> >>"))
        markers = try document.parse("<< /Version 1 /Overlays [] >>")
    }

    /// Embeds the base's font and makes it `/F1` of the overlays.
    func addFont(file: [UInt8], toUnicode: [UInt8]) throws(PacketError) {
        let program = try document.stream(file)
        try program.set("/Length1", document.integer(file.count))
        let descriptor = try document.makeIndirect(
            document.parse(
                """
                << /Type /FontDescriptor /FontName /UOCAVA+DejaVuSans /Flags 4 /FontBBox [\(job.fontBox.map(String.init).joined(separator: " "))]
                /ItalicAngle 0 /Ascent \(job.ascender) /Descent \(job.descender) /CapHeight 729 /StemV 80 >>
                """))
        try descriptor.set("/FontFile2", program)
        let descendant = try document.makeIndirect(
            document.parse(
                """
                << /Type /Font /Subtype /CIDFontType2 /BaseFont /UOCAVA+DejaVuSans /CIDToGIDMap /Identity /DW 600 /W \(job.widths)
                /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>
                """))
        try descendant.set("/FontDescriptor", descriptor)
        let font = try document.makeIndirect(
            document.parse("<< /Type /Font /Subtype /Type0 /BaseFont /UOCAVA+DejaVuSans /Encoding /Identity-H >>"))
        try font.set("/DescendantFonts", document.array([descendant]))
        try font.set("/ToUnicode", document.stream(toUnicode))
        try resources["/Font"]?.set("/F1", font)
        try markers.set("/Font", font)
        try markers.set("/Resources", resources)
    }

    /// Puts all pages in order; the ballot's first and last page, counted from 1.
    func addPages(instructions: [[UInt8]], ballot: [UInt8], writeIns: [[UInt8]]) throws(PacketError) -> ClosedRange<Int> {
        var own: [PDFObject] = []
        for index in 0..<(try document.pageCount()) { own.append(try document.page(index)) }
        guard own.count == job.pages else { throw PacketError(.library, "Cairo drew \(own.count) pages instead of \(job.pages)") }
        guard job.envelopes > 0, job.envelopes < own.count,
            job.places.allSatisfy({ own.indices.contains($0.page) && job.overlays.indices.contains($0.overlay) })
        else { throw PacketError(.invalidInput, "the job assemble speaks of pages that it has not") }
        for page in own { try document.removePage(page) }
        for size in job.overlays { try addOverlay(size) }
        let structure = try BaseStructure(document, elements: job.elements)
        for (index, page) in own.enumerated() {
            if let content = page["/Contents"], content.isStream {
                try content.replaceData(BaseStructure.markingArtifacts(in: content.decodedData()))
            }
            // SAMPLE first: its lines must not run through the barcodes.
            if let sample = job.sample { try stamp(page, sample) }
            let places = job.places.filter { $0.page == index }
            let marks = try structure.place(page, hasOverlay: !places.isEmpty)
            if !places.isEmpty { try draw(places, on: page, marks) }
        }

        try document.addPage(own[0])
        cover = own[0]
        for file in instructions { try append(file, "instructions") }
        for page in own.dropFirst().dropLast(job.envelopes) { try document.addPage(page) }
        let first = try document.pageCount() + 1
        try append(ballot, "the ballot")
        let last = try document.pageCount()
        guard last >= first else { throw PacketError(.pageCount, "the ballot has no pages") }
        for file in writeIns { try append(file, "write-in candidates") }
        for page in own.suffix(job.envelopes) { try document.addPage(page) }
        return first...last
    }

    private func append(_ file: [UInt8], _ name: String) throws(PacketError) {
        let other = try QPDFDocument(reading: file, name: name)
        try other.pushInheritedAttributes()
        for index in 0..<(try other.pageCount()) {
            try document.addPage(other.page(index))
            if let sample = job.sample { try stamp(document.page(document.pageCount() - 1), sample) }
        }
        // Without them, hidden layers would show.
        try PageLayers(of: other, copiedTo: document).add(to: document)
    }

    /// An empty form XObject: the tail defines it anew.
    private func addOverlay(_ size: BaseJob.Overlay) throws(PacketError) {
        let overlay = try document.stream([])
        for (key, value) in [("/Type", "/XObject"), ("/Subtype", "/Form"), ("/BBox", "[0 0 \(size.width) \(size.height)]")] {
            try overlay.set(key, document.parse(value))
        }
        try overlay.set("/Resources", resources)
        overlays.append(overlay)
    }

    /// Draws overlays on a page, over everything else there; a second page draws the same ones. All that they show on a page is one element
    /// of the structure tree.
    private func draw(
        _ places: [BaseJob.Place], on page: PDFObject, _ marks: (before: String, after: String)
    ) throws(PacketError) {
        if page["/Resources"]?.isDictionary != true { try page.set("/Resources", document.dictionary()) }
        guard let pageResources = page["/Resources"] else { return }
        if pageResources["/XObject"]?.isDictionary != true { try pageResources.set("/XObject", document.dictionary()) }
        var operators = marks.before
        for place in places {
            let name = "/UocavaVoter\(place.overlay)"
            try pageResources["/XObject"]?.set(name, overlays[place.overlay])
            operators += "q 1 0 0 1 \(BaseSample.decimal(place.x)) \(BaseSample.decimal(place.y)) cm \(name) Do Q\n"
        }
        try surround(page, with: operators + marks.after)
    }

    /// SAMPLE under and over whatever the page shows: a page that ends in a state which it never closes, such as a clip, would hide what comes
    /// behind it. It sets only paths, so it needs nothing of the page's resources.
    private func stamp(_ page: PDFObject, _ outline: String) throws(PacketError) {
        let box = (page["/CropBox"] ?? page["/MediaBox"])?.items.compactMap(\.number) ?? []
        guard box.count == 4 else { throw PacketError(.pageSize, "a page has no size") }
        let corners = (min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3]))
        let word = BaseSample.operators(outline, box: corners, turned: page["/Rotate"]?.integer ?? 0)
        let mark = "/Artifact BMC\n" + word + "EMC\n"
        try surround(page, under: mark, with: mark)
    }

    /// Puts operators before a page's content and behind it, both in the state in which the content began.
    private func surround(_ page: PDFObject, under: String = "", with operators: String) throws(PacketError) {
        var parts: [PDFObject] = [try document.stream(Array((under + "q\n").utf8))]
        if let contents = page["/Contents"] {
            if contents.isArray { parts += contents.items } else if contents.isStream { parts.append(contents) }
        }
        parts.append(try document.stream(Array(("\nQ\n" + operators).utf8)))
        try page.set("/Contents", document.array(parts))
    }

    /// The signature field, invisible on the cover; its dictionary and the manifest are placeholders.
    func addSignature() throws(PacketError) {
        let root = try document.root()
        let signature = try document.makeIndirect(document.parse("<< /Type /Sig >>"))
        let field = try document.makeIndirect(
            document.parse("<< /Type /Annot /Subtype /Widget /FT /Sig /T (Office) /Rect [0 0 0 0] /F 132 >>"))
        try field.set("/V", signature)
        if let cover {
            try field.set("/P", cover)
            try cover.set("/Annots", document.array([field]))
        }
        let form = try document.parse("<< /SigFlags 3 >>")
        try form.set("/Fields", document.array([field]))
        try root.set("/AcroForm", form)
        let permissions = try document.dictionary()
        try permissions.set("/DocMDP", signature)
        try root.set("/Perms", permissions)
        let manifest = try document.stream([])
        try manifest.set("/Type", document.name("/UocavaManifest"))

        try markers.set("/Signature", signature)
        try markers.set("/Manifest", manifest)
        try markers.set("/Overlays", document.array(overlays))
        try root.set("/Uocava", markers)
    }

    /// Title and language, for the window's title bar and for screen readers.
    ///
    /// The structure tree holds the office's pages and the voter's text. `/MarkInfo` does not claim a tagged document all the same: the
    /// vendor's pages are not in the tree, and a screen reader that relied on it would leave out the ballot.
    func describe() throws(PacketError) {
        let information = try document.dictionary()
        try information.set("/Title", document.text(job.title))
        try document.trailer().set("/Info", document.makeIndirect(information))
        let root = try document.root()
        try root.set("/Lang", document.text(job.language))
        try root.set("/ViewerPreferences", document.parse("<< /DisplayDocTitle true >>"))
        try root.remove("/Metadata")
        try root.remove("/MarkInfo")
    }
}

/// Finding the placeholders again: libqpdf numbers all objects anew when it writes.
enum BaseMarkers {
    /// Reads a written base; throws `library` if something that a tail needs is not in it.
    static func find(in bytes: [UInt8], ballot: ClosedRange<Int>) throws(PacketError) -> BaseReport {
        let document = try QPDFDocument(reading: bytes, name: "the new base")
        let root = try document.root()
        let trailer = try document.trailer()
        func number(_ object: PDFObject?, _ what: String) throws(PacketError) -> Int {
            guard let id = object?.id, id.number > 0, id.generation == 0 else {
                throw PacketError(.library, "the new base has lost its \(what)")
            }
            return id.number
        }
        guard let markers = root["/Uocava"], let size = trailer["/Size"]?.integer, let identifiers = trailer["/ID"]?.items,
            identifiers.count == 2
        else { throw PacketError(.library, "the new base has lost its markers") }
        var overlays: [BasePlan.Overlay] = []
        for overlay in markers["/Overlays"]?.items ?? [] {
            let box = overlay["/BBox"]?.items.compactMap(\.number) ?? []
            guard box.count == 4 else { throw PacketError(.library, "the new base has lost an overlay") }
            overlays.append(BasePlan.Overlay(object: try number(overlay, "overlay"), width: box[2], height: box[3]))
        }
        let id = identifiers.map { "<" + ($0.string ?? []).map { Self.hex($0) }.joined() + ">" }.joined(separator: " ")
        let rootNumber = try number(root, "catalog")
        let information = try number(trailer["/Info"], "information dictionary")
        return BaseReport(
            overlays: overlays, signature: try number(markers["/Signature"], "signature"),
            manifest: try number(markers["/Manifest"], "manifest"), resources: try number(markers["/Resources"], "resources"),
            font: try number(markers["/Font"], "font"), size: size, startXRef: try startXRef(of: bytes),
            trailer: "/Root \(rootNumber) 0 R /Info \(information) 0 R /ID [\(id)]", firstBallotPage: ballot.lowerBound,
            lastBallotPage: ballot.upperBound, pageCount: try document.pageCount())
    }

    private static func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16)
        return byte < 16 ? "0" + text : text
    }

    private static func startXRef(of bytes: [UInt8]) throws(PacketError) -> Int {
        let end = Array("\n%%EOF\n".utf8)
        guard bytes.suffix(end.count).elementsEqual(end) else { throw PacketError(.library, "the new base ends oddly") }
        let digits = bytes.dropLast(end.count).suffix(while: { (48...57).contains($0) })
        guard let offset = Int(String(decoding: digits, as: UTF8.self)), offset > 0, offset < bytes.count else {
            throw PacketError(.library, "the new base does not say where its table is")
        }
        return offset
    }
}

extension BidirectionalCollection {
    /// The longest end of which all members fulfil a condition.
    fileprivate func suffix(while condition: (Element) -> Bool) -> SubSequence {
        var start = endIndex
        while start > startIndex, condition(self[index(before: start)]) { start = index(before: start) }
        return self[start...]
    }
}
