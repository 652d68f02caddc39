/// Makes form fields and annotations part of the page, as they look now, and takes them off it.
///
/// What is drawn is what a reader shows on screen: the appearance that the file carries (ISO 32000-2, 12.5.5). An annotation
/// without one is dropped, with a warning if it may have been visible; whether the picture changed, ``PageCompare`` decides.
struct Flattening {
    private let document: QPDFDocument
    private var nextName = 1
    /// What the office should know.
    private(set) var warnings: [String] = []

    init(_ document: QPDFDocument) { self.document = document }

    /// Bits of an annotation's flags (ISO 32000-2, table 167).
    private enum Flag {
        static let hidden = 1 << 1
        static let print = 1 << 2
        static let noRotate = 1 << 4
        static let noView = 1 << 5
    }

    /// Flattens one page; `number` counts from 1 and is for messages.
    mutating func flatten(_ page: PDFObject, number: Int) throws(PacketError) {
        guard let annotations = page["/Annots"] else { return }
        let rotation = try PageGeometry(page, number: number).rotation
        var drawing = ""
        var notes: [String: Int] = [:]
        for annotation in annotations.items where annotation.isDictionary {
            let subtype = annotation["/Subtype"]?.name ?? ""
            if subtype == "/Popup" { continue }  // the window of another annotation
            let flags = annotation["/F"]?.integer ?? 0
            if flags & Flag.hidden != 0 { continue }
            if flags & Flag.noView != 0 {
                if flags & Flag.print != 0 { notes["would be printed though it does not show on screen; it was left out", default: 0] += 1 }
                continue
            }
            if subtype == "/Link" {
                drawing += Self.linkBorder(annotation)
                continue
            }
            guard let appearance = Self.appearance(of: annotation) else {
                if Self.mayShow(annotation) { notes["has no appearance of its own in the file; it was left out", default: 0] += 1 }
                continue
            }
            guard let placement = Self.placement(of: appearance, in: annotation) else { continue }
            if flags & Flag.print == 0 {
                notes["shows on screen though it would not be printed; it is now part of the page", default: 0] += 1
            }
            if flags & Flag.noRotate != 0, rotation != 0 { notes["keeps upright on a turned page; it was turned with it", default: 0] += 1 }
            let name = try addResource(appearance, "/XObject", to: page)
            var call = "q\n\(placement.operands) cm\n\(name) Do\nQ\n"
            if let layer = annotation["/OC"] {
                call = "/OC \(try addResource(layer, "/Properties", to: page)) BDC\n\(call)EMC\n"
            }
            drawing += call
        }
        for (note, count) in notes.sorted(by: { $0.key < $1.key }) {
            warnings.append("Page \(number): " + (count == 1 ? "an annotation" : "each of \(count) annotations") + " " + note)
        }
        try page.remove("/Annots")
        if !drawing.isEmpty { try append(drawing, to: page) }
    }

    // MARK: Appearance

    /// The form XObject that shows, made complete enough to be drawn by name; nil where there is none.
    private static func appearance(of annotation: PDFObject) -> PDFObject? {
        guard let normal = annotation["/AP"]?["/N"] else { return nil }
        if normal.isStream { return normal }
        guard normal.isDictionary else { return nil }
        if let state = annotation["/AS"]?.name { return normal[state].flatMap { $0.isStream ? $0 : nil } }
        // AS is required here. Without it readers take the only state there is, else the one that means "not chosen".
        let states = normal.entries
        let only = states.count == 1 ? states.first?.value : normal["/Off"]
        return only.flatMap { $0.isStream ? $0 : nil }
    }

    /// Whether an annotation without an appearance may have been visible: a reader may draw one by itself.
    private static func mayShow(_ annotation: PDFObject) -> Bool {
        if let normal = annotation["/AP"]?["/N"], normal.isDictionary { return false }  // a state without a picture: blank
        guard annotation["/Subtype"]?.name == "/Widget" else { return true }
        if let look = annotation["/MK"], look.keys.contains(where: { $0 != "/R" }) { return true }
        var field: PDFObject? = annotation
        // A field's value may stand with its parent; real forms are a few levels deep.
        for _ in 0..<32 {
            guard let current = field else { return false }
            if let value = current["/V"] {
                if value.string?.isEmpty == true || value.name == "/Off" { return false }
                return true
            }
            field = current["/Parent"]
        }
        return false
    }

    /// ISO 32000-2, 12.5.5, algorithm "appearance streams": the appearance's box, moved by its own matrix, is fitted to the rectangle.
    private static func placement(of appearance: PDFObject, in annotation: PDFObject) -> Placement? {
        guard let rectangle = PageGeometry.Box(annotation["/Rect"]), let box = PageGeometry.Box(appearance["/BBox"]) else { return nil }
        let moved = (Placement(appearance["/Matrix"]) ?? Placement()).apply(box)
        var fit = Placement()
        fit.a = moved.width > 0 ? rectangle.width / moved.width : 1
        fit.d = moved.height > 0 ? rectangle.height / moved.height : 1
        fit.e = rectangle.left - moved.left * fit.a
        fit.f = rectangle.bottom - moved.bottom * fit.d
        return fit
    }

    /// The frame around a link, which readers draw one point wide unless told otherwise (ISO 32000-2, 12.5.4); the link itself goes.
    private static func linkBorder(_ link: PDFObject) -> String {
        let style = link["/BS"]
        let width = style?["/W"]?.number ?? link["/Border"]?[2]?.number ?? 1
        guard width > 0, let box = PageGeometry.Box(link["/Rect"]) else { return "" }
        var dashes = link["/Border"]?[3]
        if let style { dashes = style["/S"]?.name == "/D" ? style["/D"] : nil }
        let color = (link["/C"]?.items ?? []).compactMap(\.number).map(Placement.number)
        let paint: String
        switch color.count {
        case 1: paint = color.joined(separator: " ") + " G"
        case 3: paint = color.joined(separator: " ") + " RG"
        case 4: paint = color.joined(separator: " ") + " K"
        default: paint = "0 G"
        }
        let pattern = (dashes?.items ?? []).compactMap(\.number).map(Placement.number).joined(separator: " ")
        let frame = [box.left, box.bottom, box.width, box.height].map(Placement.number).joined(separator: " ")
        return "q\n\(paint) \(Placement.number(width)) w [\(pattern)] 0 d \(frame) re S\nQ\n"
    }

    // MARK: Drawing

    /// Names an object in the page's resources; the name is new in the whole file, for pages may share their resources.
    private mutating func addResource(_ object: PDFObject, _ category: String, to page: PDFObject) throws(PacketError) -> String {
        if category == "/XObject" {
            try object.set("/Type", try document.name("/XObject"))
            try object.set("/Subtype", try document.name("/Form"))
        }
        let resources = try dictionary("/Resources", of: page)
        let entries = try dictionary(category, of: resources)
        var name: String
        repeat {
            name = "/Field\(nextName)"
            nextName += 1
        } while entries[name] != nil
        try entries.set(name, object)
        return name
    }

    private func dictionary(_ key: String, of owner: PDFObject) throws(PacketError) -> PDFObject {
        if let existing = owner[key], existing.isDictionary { return existing }
        try owner.set(key, try document.dictionary())
        guard let made = owner[key] else { throw PacketError(.library, "a dictionary could not be added", object: key) }
        return made
    }

    /// Draws after everything else, in the page's own coordinates: `q … Q` around the vendor's content undoes what it left set.
    private func append(_ drawing: String, to page: PDFObject) throws(PacketError) {
        var streams: [PDFObject] = []
        if let contents = page["/Contents"] {
            streams = contents.isArray ? contents.items.filter(\.isStream) : [contents].filter(\.isStream)
        }
        let before = try document.stream(Array("q\n".utf8))
        let after = try document.stream(Array("\nQ\n\(drawing)".utf8))
        try page.set("/Contents", try document.array([before] + streams + [after]))
    }
}
