/// Looks at everything a reader of the file could reach, and throws at the first thing that acts, hides or leads elsewhere.
struct RefusalWalk {
    private let document: QPDFDocument
    private var seen: Set<PDFObjectID> = []
    private var missingFonts: Set<String> = []
    private var notes: Set<String> = []
    /// Bytes that no font of one glyph can do with, however packed.
    private static let leastFontProgram = 64

    init(_ document: QPDFDocument) { self.document = document }

    /// What the office should know though nothing was refused.
    var warnings: [String] {
        if missingFonts.isEmpty { return notes.sorted() }
        let fonts = missingFonts.sorted().joined(separator: ", ")
        return notes.sorted() + ["Fonts that are not in the file, so that the ballot may look different on some computers: \(fonts)"]
    }

    /// Checks page by page first, so that messages can name the page, then whatever else the trailer reaches.
    mutating func check(_ pages: [PDFObject]) throws(PacketError) {
        try checkCatalog(try document.root())
        for page in pages { if let id = page.id { seen.insert(id) } }
        for (index, page) in pages.enumerated() { try walk(from: page, page: index + 1) }
        try walk(from: try document.trailer(), page: nil)
    }

    // MARK: The catalog

    private mutating func checkCatalog(_ root: PDFObject) throws(PacketError) {
        guard root.isDictionary else { throw PacketError(.damaged, "the PDF has no catalog", hint: "Ask the vendor for the file again") }
        if root["/AcroForm"]?["/XFA"] != nil || root["/NeedsRendering"]?.boolean == true {
            throw PacketError(
                .dynamicForm, "the PDF is an XFA form, which most readers cannot show", hint: "Ask the vendor for a printed (flat) PDF",
                object: place(root["/AcroForm"] ?? root, page: nil))
        }
        for group in root["/OCProperties"]?["/OCGs"]?.items ?? [] where group.isDictionary { try keepPlain(layer: group) }
        if let scripts = root["/Names"]?["/JavaScript"], Self.hasEntries(scripts) {
            throw script(place(scripts, page: nil))
        }
        if let files = root["/Names"]?["/EmbeddedFiles"], Self.hasEntries(files) { throw attachment(place(files, page: nil)) }
        if let collection = root["/Collection"] { throw attachment(place(collection, page: nil)) }
    }

    /// Leaves of a layer what it is and its name: with rules of its own a reader could show another ballot on screen than it prints, and both
    /// another than was compared.
    private mutating func keepPlain(layer: PDFObject) throws(PacketError) {
        for key in layer.keys where !["/Type", "/Name"].contains(key) {
            if key == "/Usage" {
                notes.insert(
                    "Layers have rules of their own for screen and print, which were left out: compare the pages with the vendor's print")
            }
            try layer.remove(key)
        }
    }

    /// Whether a name tree holds anything.
    private static func hasEntries(_ tree: PDFObject) -> Bool {
        (tree["/Names"]?.count ?? 0) > 0 || (tree["/Kids"]?.count ?? 0) > 0
    }

    // MARK: Everything

    private mutating func walk(from start: PDFObject, page: Int?) throws(PacketError) {
        // All pages are marked as seen before the first walk, so that links between pages end there: the start must not be asked.
        var open = [(object: start, place: place(start, page: page))]
        var isStart = true
        while let (object, inherited) = open.popLast() {
            let kind = object.kind
            guard kind == .dictionary || kind == .stream || kind == .array else { continue }
            var here = inherited
            if !isStart, let id = object.id {
                if !seen.insert(id).inserted { continue }
                here = place(object, page: page)
            }
            isStart = false
            if kind == .array {
                for item in object.items { open.append((item, here)) }
                continue
            }
            let entries = object.entries
            try check(entries, of: object, isStream: kind == .stream, at: here, onPage: page != nil)
            for (_, value) in entries { open.append((value, here)) }
        }
    }

    private mutating func check(
        _ entries: [(key: String, value: PDFObject)], of object: PDFObject, isStream: Bool, at place: String, onPage: Bool
    ) throws(PacketError) {
        var type: String?
        var action: String?
        for (key, value) in entries {
            switch key {
            case "/Type": type = value.name
            case "/S": action = value.name
            case "/Subtype", "/Subtype2": try checkSubtype(value.name, isStream: isStream, at: place)
            // A resource may have any name: only text, or something that says it is an action, is a script.
            case "/JS" where value.kind == .string || entries.contains(where: { $0.key == "/S" }): throw script(place)
            case "/EF" where ["/F", "/UF", "/DOS", "/Mac", "/Unix"].contains(where: { value[$0]?.isStream == true }):
                throw attachment(place)
            case "/F" where isStream && (value.kind == .string || value.isDictionary):
                throw external("takes data from another file", place)
            case "/Ref" where isStream && value.isDictionary: throw external("shows a page of another file", place)
            case "/OPI" where isStream && value.isDictionary: throw external("stands for a picture in another file (OPI)", place)
            case "/Alternates" where isStream && value.isArray:
                try object.remove("/Alternates")
                notes.insert("A picture has other versions for print or screen: only the one that shows was kept")
            case "/SigFlags" where (value.integer ?? 0) & 1 != 0:
                notes.insert("The vendor's electronic signature is not carried over: the packet is signed by the office")
            case "/NeedAppearances" where value.boolean == true:
                notes.insert("The form asks readers to draw its fields anew: the looks that are in the file were taken")
            default: break
            }
        }
        if let action, type == nil || type == "/Action" { try checkAction(action, at: place) }
        if type == "/EmbeddedFile", isStream { throw attachment(place) }
        // One that the catalog does not list.
        if type == "/OCG" { try keepPlain(layer: object) }
        if onPage { noteFont(object, type) }
    }

    private func checkSubtype(_ subtype: String?, isStream: Bool, at place: String) throws(PacketError) {
        switch subtype {
        case "/FileAttachment": throw attachment(place)
        case "/Screen", "/Movie", "/Sound", "/RichMedia", "/3D":
            throw PacketError(
                .activeContent, "the PDF contains film, sound or 3D (\(subtype ?? ""))", hint: "Ask the vendor for a plain PDF",
                object: place)
        case "/PS" where isStream:
            throw PacketError(
                .activeContent, "the PDF contains a PostScript program", hint: "Ask the vendor for a plain PDF", object: place)
        default: break
        }
    }

    /// Actions that do more than move about in the file; those that only move are dropped with everything else.
    private func checkAction(_ action: String, at place: String) throws(PacketError) {
        let what: String
        switch action {
        case "/JavaScript": throw script(place)
        case "/GoToR", "/GoToE": throw external("leads to another file (\(action.dropFirst()))", place)
        case "/Launch": what = "would start a program"
        case "/SubmitForm": what = "would send what is filled in over the network"
        case "/ImportData": what = "would read another file"
        case "/Rendition", "/Movie", "/Sound", "/RichMediaExecute", "/GoTo3DView": what = "would play film, sound or 3D"
        default: return
        }
        throw PacketError(
            .activeContent, "an action in the PDF \(what) (\(action.dropFirst()))", hint: "Ask the vendor for a PDF without actions",
            object: place)
    }

    private mutating func noteFont(_ object: PDFObject, _ type: String?) {
        if type == "/FontDescriptor" || type == nil && object["/FontName"]?.name != nil && object["/Flags"] != nil {
            // An empty program is none: readers take a font of their own.
            let programs = ["/FontFile", "/FontFile2", "/FontFile3"].compactMap { object[$0] }
            guard !programs.contains(where: { ((try? $0.rawData()) ?? []).count > Self.leastFontProgram }) else { return }
            // A Type 3 font draws its own glyphs and may still be described; its descriptor then has no name.
            if let name = object["/FontName"]?.name { missingFonts.insert(String(name.dropFirst())) }
        } else if type == "/Font" || type == nil && object["/BaseFont"]?.name != nil, object["/FontDescriptor"] == nil {
            let subtype = object["/Subtype"]?.name
            guard subtype != "/Type3", subtype != "/Type0", let name = object["/BaseFont"]?.name else { return }
            missingFonts.insert(String(name.dropFirst()))
        }
    }

    // MARK: Words

    private func place(_ object: PDFObject, page: Int?) -> String {
        let number = object.id.map { "object \($0.number) \($0.generation)" }
        return [page.map { "page \($0)" }, number].compactMap(\.self).joined(separator: ", ")
    }

    private func script(_ place: String) -> PacketError {
        PacketError(.activeContent, "the PDF contains JavaScript", hint: "Ask the vendor for a PDF without scripts", object: place)
    }

    private func attachment(_ place: String) -> PacketError {
        PacketError(
            .embeddedFile, "the PDF has other files embedded in it", hint: "Ask the vendor for a PDF without attachments", object: place)
    }

    private func external(_ what: String, _ place: String) -> PacketError {
        PacketError(
            .externalReference, "something in the PDF \(what)", hint: "Ask the vendor for a PDF that is complete in itself", object: place)
    }
}
