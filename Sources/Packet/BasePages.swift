/// The office's own pages, drawn, with the places where a tail writes.
///
/// Order: the cover, (a page for a long declaration), the declaration, the fronts of the envelope. All is black on white. Upright pages
/// keep 0.6 inches of margin, the envelope's 0.25 inches around what must be read: every home printer can print that.
struct BasePages: Sendable {
    /// One PDF with these pages, tagged.
    private(set) var pdf: [UInt8] = []
    /// Page sizes in points.
    private(set) var sizes: [(width: Double, height: Double)] = []
    /// What the tail fills.
    private(set) var boxes: [BasePlan.Box] = []
    /// The forms that the boxes are in: as large as its page, or a part that several fronts of the envelope share.
    private(set) var overlays: [BaseJob.Overlay] = []
    /// Where the overlays are drawn.
    private(set) var places: [BaseJob.Place] = []
    /// How many of the last pages are fronts of the envelope, which go behind the ballot.
    private(set) var envelopes = 0
    /// The overlay that is as large as the present page, once it has a box.
    private var pageOverlay: Int?

    let text: OfficeText
    let words: BaseWording
    let paper: Paper
    let styleLabel: String
    static let margin = 48.0

    /// Draws them; throws `layout` if a text of the office does not fit, naming it.
    init(_ input: BaseInput) throws(PacketError) {
        text = input.text
        words = BaseWording.of(language: input.text.language)
        paper = input.paper
        styleLabel = input.styleLabel
        guard (0...2).contains(text.witnessLines) else {
            throw PacketError(.layout, "witness_lines is \(text.witnessLines)", hint: "It can be 0, 1 or 2")
        }
        let canvas = try BaseCanvas(width: paper.size.width, height: paper.size.height, language: text.language)
        try drawCover(on: canvas)
        try drawDeclaration(on: canvas)
        let first = sizes.count
        try drawEnvelopes(on: canvas)
        envelopes = sizes.count - first
        pdf = try canvas.finish()
    }

    // MARK: What the pages share

    /// Starts a page; its content is drawn downwards from the margin.
    mutating func begin(_ canvas: BaseCanvas, landscape: Bool = false) {
        let size = landscape ? (width: paper.size.height, height: paper.size.width) : paper.size
        canvas.beginPage(width: size.width, height: size.height)
        sizes.append(size)
        pageOverlay = nil
    }

    /// Says that the tail writes here; `y` is the upper edge, from the top of the present page.
    mutating func box(_ field: BasePlan.Field, x: Double, y: Double, width: Double, height: Double, size: Double = 0) {
        let page = sizes[sizes.count - 1]
        let overlay = pageOverlay ?? addOverlay(width: page.width, height: page.height)
        if pageOverlay == nil { draw(overlay, x: 0, y: 0) }
        pageOverlay = overlay
        box(field, in: overlay, x: x, y: y, width: width, height: height, size: size)
    }

    /// A form of this size, to be drawn on one page or more with ``draw(_:x:y:)``.
    mutating func addOverlay(width: Double, height: Double) -> Int {
        overlays.append(BaseJob.Overlay(width: width, height: height))
        return overlays.count - 1
    }

    /// The same for a form that several pages share; `y` is from its top.
    mutating func box(
        _ field: BasePlan.Field, in overlay: Int, x: Double, y: Double, width: Double, height: Double, size: Double = 0
    ) {
        boxes.append(
            BasePlan.Box(
                field: field, overlay: overlay, x: x, y: overlays[overlay].height - y - height, width: width, height: height, size: size))
    }

    /// Draws a form on the present page, its upper left corner here, from the top of the page.
    mutating func draw(_ overlay: Int, x: Double, y: Double) {
        let page = sizes.count - 1
        places.append(BaseJob.Place(overlay: overlay, page: page, x: x, y: sizes[page].height - y - overlays[overlay].height))
    }

    /// Jurisdiction, office and election, as on every letter of the office; returns where the page goes on.
    func letterhead(_ canvas: BaseCanvas, title: String) -> Double {
        let width = canvas.width - 2 * Self.margin
        var y = Self.margin
        let right = width * 0.42
        let leftHeight = canvas.text(
            text.jurisdiction, x: Self.margin, y: y, width: width - right - 12, BaseStyle(size: 11, bold: true, leading: 0.1))
        let lower = canvas.text(
            text.officeName, x: Self.margin, y: y + leftHeight + 1, width: width - right - 12, BaseStyle(size: 10, leading: 0.1))
        let rightHeight = canvas.text(
            text.electionName, x: Self.margin + width - right, y: y, width: right,
            BaseStyle(size: 11, bold: true, alignment: .right, leading: 0.1))
        let rightLower = canvas.text(
            text.electionDate, x: Self.margin + width - right, y: y + rightHeight + 1, width: right,
            BaseStyle(size: 10, alignment: .right, leading: 0.1))
        y += max(leftHeight + lower, rightHeight + rightLower) + 6
        canvas.line(fromX: Self.margin, y: y, toX: Self.margin + width, y: y, thickness: 1.5)
        y += 11
        y += canvas.text(title, x: Self.margin, y: y, width: width, BaseStyle(size: 21, bold: true, leading: 0.05, tag: "H1"))
        return y + 6
    }

    /// A small caption over a box of the voter's.
    func caption(_ canvas: BaseCanvas, _ caption: String, x: Double, y: Double, width: Double) {
        canvas.text(caption, x: x, y: y, width: width, BaseStyle(size: 8.5, leading: 0.05))
    }

    /// An error that names what does not fit.
    func overflow(_ what: String, _ hint: String) -> PacketError {
        PacketError(.layout, "\(what) does not fit on its page", hint: hint)
    }
}
