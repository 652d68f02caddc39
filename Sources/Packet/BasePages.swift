/// The office's own pages, drawn, with the places where a tail writes.
///
/// Order: the cover, (a page for a long declaration), the declaration, the envelope. All is black on white and keeps 0.6 inches
/// of margin, which every home printer can print.
struct BasePages: Sendable {
    /// One PDF with these pages, tagged.
    private(set) var pdf: [UInt8] = []
    /// Page sizes in points.
    private(set) var sizes: [(width: Double, height: Double)] = []
    /// The boxes; `overlay` is an index into `pagesWithBoxes`.
    private(set) var boxes: [BasePlan.Box] = []
    /// Which pages have boxes, as indices into `sizes`.
    private(set) var pagesWithBoxes: [Int] = []
    /// Index of the envelope's page, which comes last in the packet.
    private(set) var envelope = 0

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
        try drawEnvelope(on: canvas)
        pdf = try canvas.finish()
    }

    // MARK: What the pages share

    /// Starts a page; its content is drawn downwards from the margin.
    mutating func begin(_ canvas: BaseCanvas, landscape: Bool = false) {
        let size = landscape ? (width: paper.size.height, height: paper.size.width) : paper.size
        canvas.beginPage(width: size.width, height: size.height)
        sizes.append(size)
    }

    /// Says that the tail writes here; `y` is the upper edge, from the top of the present page.
    mutating func box(_ field: BasePlan.Field, x: Double, y: Double, width: Double, height: Double, size: Double = 0) {
        let page = sizes.count - 1
        if pagesWithBoxes.last != page { pagesWithBoxes.append(page) }
        let pageHeight = sizes[page].height
        boxes.append(
            BasePlan.Box(
                field: field, overlay: pagesWithBoxes.count - 1, x: x, y: pageHeight - y - height, width: width, height: height, size: size)
        )
    }

    mutating func markEnvelope() { envelope = sizes.count - 1 }

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
