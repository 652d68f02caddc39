/// Makes a vendor's PDF harmless, inside the confined child.
///
/// The result is a new document to which the pages are copied with what belongs to a page and nothing else, so whatever is not
/// named here stays behind: catalog, outlines, names, actions, forms, metadata, structure tree.
enum BallotCleaning {
    /// The job: a ``ReadingRequest`` and a PDF in, ``ReadingFacts`` and the cleaned PDF out.
    static func run(_ input: [UInt8]) throws(PacketError) -> [UInt8] {
        let (request, bytes): (ReadingRequest, [UInt8]) = try JobFrame.split(input)
        do throws(PacketError) {
            let (facts, pdf) = try clean(bytes, request)
            return try JobFrame.join(facts, pdf)
        } catch  where error.cause == "std::bad_alloc" {
            throw PacketError(
                .childOutOfMemory, "the PDF made the reader use too much memory", hint: "It was refused, and nothing else was harmed",
                cause: error.cause)
        } catch  where error.code == .damaged && error.hint.isEmpty {
            var helpful = error
            helpful.hint = "Ask the vendor for the file again"
            throw helpful
        }
    }

    private static func clean(_ bytes: [UInt8], _ request: ReadingRequest) throws(PacketError) -> (ReadingFacts, [UInt8]) {
        try FileKind.requirePDF(bytes)
        let (document, openedRepaired) = try open(bytes, request)
        guard !document.isEncrypted else { throw encrypted(document.name) }

        let count = try document.pageCount()
        guard (1...BallotReader.maximumPages).contains(count) else {
            throw PacketError(
                .pageCount, count < 1 ? "the PDF has no pages" : "the PDF has \(count) pages; the limit is \(BallotReader.maximumPages)",
                hint: "Import one PDF for each ballot style and language")
        }
        try document.pushInheritedAttributes()
        var pages: [PDFObject] = []
        for index in 0..<count { pages.append(try document.page(index)) }

        var walk = RefusalWalk(document)
        try walk.check(pages)
        var warnings = walk.warnings

        var sizes: [PageSize] = []
        for (index, page) in pages.enumerated() { sizes.append(try PageGeometry(page, number: index + 1).checkedSize()) }
        var flattening = Flattening(document)
        for (index, page) in pages.enumerated() { try flattening.flatten(page, number: index + 1) }
        warnings += flattening.warnings
        for (index, page) in pages.enumerated() {
            try keepOnlyPage(page)
            try decodeContents(page, number: index + 1)
        }

        let clean = try QPDFDocument.empty(name: document.name)
        for page in pages { try clean.addPage(page) }
        try copyCatalog(from: document, to: clean)
        let pdf = try clean.write(minimumVersion: "1.7")

        // Writing has read every object that is left: only now is it known what was damaged.
        let damage = (document.warnings + clean.warnings).filter(\.isDamage)
        let repaired = openedRepaired || !damage.isEmpty
        if repaired, !request.acceptRepaired {
            throw damaged(document.name, object: damage.first?.object, cause: damage.first?.message)
        }
        if repaired {
            warnings.insert("The file was damaged and has been repaired: compare every page with the vendor's print", at: 0)
            warnings += damage.prefix(5).map { "Repaired: " + ([$0.object, $0.message].compactMap(\.self).joined(separator: ": ")) }
        }
        return (ReadingFacts(pages: sizes, warnings: warnings, repaired: repaired), pdf)
    }

    // MARK: Opening

    /// Opens the file as it is; if that fails and the office allowed it, with libqpdf's repair.
    private static func open(_ bytes: [UInt8], _ request: ReadingRequest) throws(PacketError) -> (QPDFDocument, repaired: Bool) {
        do throws(PacketError) {
            let document = try QPDFDocument(reading: bytes, name: request.name)
            _ = try document.pageCount()
            return (document, false)
        } catch {
            switch error.code {
            case .encrypted: throw encrypted(request.name)
            case .damaged where request.acceptRepaired: break
            case .damaged: throw damaged(request.name, object: error.object, cause: error.cause)
            default: throw error
            }
        }
        do throws(PacketError) {
            return (try QPDFDocument(reading: bytes, name: request.name, recover: true), true)
        } catch {
            switch error.code {
            case .encrypted: throw encrypted(request.name)
            case .damaged:
                throw PacketError(
                    .damaged, "the PDF is damaged beyond repair", hint: "Ask the vendor for the file again", file: request.name,
                    object: error.object, cause: error.cause)
            default: throw error
            }
        }
    }

    private static func encrypted(_ name: String) -> PacketError {
        PacketError(
            .encrypted, "the PDF is encrypted", hint: "Ask the vendor for it without password and restrictions", file: name)
    }

    private static func damaged(_ name: String, object: String?, cause: String?) -> PacketError {
        PacketError(
            .damaged, "the PDF is damaged and would have to be repaired",
            hint: "Ask the vendor for the file again, or import with --accept-repaired and compare every page", file: name, object: object,
            cause: cause)
    }

    // MARK: What is kept

    /// ISO 32000-2, table 31: what makes the picture of a page. Everything else is about behaviour, structure or history.
    private static let pageKeys: Set<String> = [
        "/Type", "/Parent", "/Resources", "/Contents", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/Rotate", "/Group",
        "/UserUnit"
    ]

    private static func keepOnlyPage(_ page: PDFObject) throws(PacketError) {
        for key in page.keys where !pageKeys.contains(key) { try page.remove(key) }
    }

    /// Language and layers; without the layers' settings, hidden ones would show.
    private static func copyCatalog(from document: QPDFDocument, to clean: QPDFDocument) throws(PacketError) {
        let root = try document.root()
        let cleanRoot = try clean.root()
        if let language = root["/Lang"]?.text { try cleanRoot.set("/Lang", try clean.text(language)) }
        guard let layers = root["/OCProperties"], layers.isDictionary else { return }
        // Only which layers show: not their names in a list where a reader offers to switch them, nor rules that show one on screen and
        // another on paper. What was compared is what is printed.
        func ids(_ key: String) -> Set<PDFObjectID> { Set(layers["/D"]?[key]?.items.compactMap(\.id) ?? []) }
        let (shown, hidden) = (ids("/ON"), ids("/OFF"))
        let startsHidden = layers["/D"]?["/BaseState"]?.name == "/OFF"
        var kept = PageLayers()
        for group in layers["/OCGs"]?.items ?? [] where group.isDictionary {
            guard let id = group.id else { continue }
            let copy = try clean.copyForeign(group)
            kept.all.append(copy)
            if hidden.contains(id) || startsHidden && !shown.contains(id) { kept.hidden.append(copy) }
        }
        try kept.add(to: clean)
    }

    /// Decodes what draws the page: a damaged content stream would draw half a ballot.
    private static func decodeContents(_ page: PDFObject, number: Int) throws(PacketError) {
        guard let contents = page["/Contents"] else { return }
        for stream in contents.isArray ? contents.items : [contents] where !stream.isNull {
            do throws(PacketError) {
                _ = try stream.decodedData()
            } catch {
                if error.cause == "std::bad_alloc" { throw error }
                throw PacketError(
                    .damaged, "what draws page \(number) is damaged or unpacks to too much", hint: "Ask the vendor for the file again",
                    object: "page \(number)" + (stream.id.map { ", object \($0.number) \($0.generation)" } ?? ""), cause: error.cause)
            }
        }
    }
}

/// A document's layers (optional content groups, ISO 32000-2, 8.11), in the plain form in which a cleaned ballot has them.
struct PageLayers {
    /// All of them, each an indirect object.
    var all: [PDFObject] = []
    /// Those that do not show.
    var hidden: [PDFObject] = []

    init() {}

    /// The layers of a cleaned document, as copies in another.
    init(of clean: QPDFDocument, copiedTo target: QPDFDocument) throws(PacketError) {
        let layers = try clean.root()["/OCProperties"]
        for group in layers?["/OCGs"]?.items ?? [] where group.id != nil { all.append(try target.copyForeign(group)) }
        for group in layers?["/D"]?["/OFF"]?.items ?? [] where group.id != nil { hidden.append(try target.copyForeign(group)) }
    }

    /// Adds them to those that a document has.
    func add(to document: QPDFDocument) throws(PacketError) {
        guard !all.isEmpty else { return }
        let root = try document.root()
        if root["/OCProperties"] == nil { try root.set("/OCProperties", document.parse("<< /OCGs [] /D << /OFF [] >> >>")) }
        for group in all { try root["/OCProperties"]?["/OCGs"]?.append(group) }
        for group in hidden { try root["/OCProperties"]?["/D"]?["/OFF"]?.append(group) }
    }
}

/// What a file is, if it is not a PDF.
enum FileKind {
    /// Throws `notPDF` with what it is instead, unless `%PDF-` stands in the first 1,024 bytes, as readers allow.
    static func requirePDF(_ bytes: [UInt8]) throws(PacketError) {
        let start = bytes.prefix(1024)
        let marker = Array("%PDF-".utf8)
        if start.indices.contains(where: { start[$0...].starts(with: marker) }) { return }
        throw PacketError(.notPDF, "the file is not a PDF: \(describe(bytes))", hint: "Export the ballot as PDF from the vendor's system")
    }

    private static func describe(_ bytes: [UInt8]) -> String {
        let signatures: [(String, String)] = [
            ("PK\u{3}\u{4}", "it is a ZIP, Word or Excel file"), ("{\\rtf", "it is a Rich Text file"), ("%!PS", "it is a PostScript file"),
            ("GIF8", "it is a picture (GIF)"), ("II*\0", "it is a picture (TIFF)"), ("MM\0*", "it is a picture (TIFF)")
        ]
        if bytes.isEmpty { return "it is empty" }
        for (signature, kind) in signatures where bytes.starts(with: Array(signature.utf8)) { return kind }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return "it is a picture (JPEG)" }
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return "it is a picture (PNG)" }
        if bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) { return "it is an old Word or Excel file" }
        if bytes.prefix(4096).allSatisfy({ $0 == 9 || $0 == 10 || $0 == 13 || $0 >= 32 }) {
            let text = String(decoding: bytes.prefix(256), as: UTF8.self).lowercased()
            return text.contains("<html") || text.contains("<!doctype") ? "it is a web page" : "it is a text file"
        }
        return "it does not begin with %PDF-"
    }
}
