import Foundation

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
    /// The pages' structure, in the order of the elements' beginnings.
    private(set) var elements: [BaseElement] = []

    let text: OfficeText
    let words: BaseWording
    let paper: Paper
    let styleLabel: String
    /// Whether the captions are in a language that is read from the right.
    private let isFromTheRight: Bool
    static let margin = 48.0

    /// Draws them; throws `layout` if a text of the office does not fit, naming it.
    init(_ input: BaseInput) throws(PacketError) {
        text = input.text
        let wording = input.text.captions.map { ($0, input.text.language) } ?? BaseWording.of(language: input.text.language)
        words = wording.0
        isFromTheRight = BaseDirection.isRightToLeft(wording.1)
        paper = input.paper
        styleLabel = input.styleLabel
        guard (0...2).contains(text.witnessLines) else {
            throw PacketError(.layout, "witness_lines is \(text.witnessLines)", hint: "It can be 0, 1 or 2")
        }
        try BaseLock.cairo.withLock { () throws(PacketError) in try draw(captionLanguage: wording.1) }
    }

    private mutating func draw(captionLanguage: String) throws(PacketError) {
        let scalars = Set(try text.everyText().unicodeScalars.map(\.value))
        let canvas = try BaseCanvas(
            width: paper.size.width, height: paper.size.height, language: text.language, captionLanguage: captionLanguage,
            fonts: BaseFonts.configuration(for: scalars, language: text.language))
        try drawCover(on: canvas)
        try drawDeclaration(on: canvas)
        let first = sizes.count
        try drawEnvelopes(on: canvas)
        envelopes = sizes.count - first
        endPage(canvas)
        pdf = try canvas.finish()
        elements = canvas.elements
    }

    // MARK: What the pages share

    /// Starts a page; its content is drawn downwards from the margin.
    mutating func begin(_ canvas: BaseCanvas, landscape: Bool = false) {
        endPage(canvas)
        let size = landscape ? (width: paper.size.height, height: paper.size.width) : paper.size
        canvas.beginPage(width: size.width, height: size.height)
        sizes.append(size)
        pageOverlay = nil
        // The envelope's front has the order that the Postal Service asks for, whatever the language.
        canvas.isMirrored = isFromTheRight && !landscape
    }

    /// The voter's text is read last where a page does not say otherwise.
    private func endPage(_ canvas: BaseCanvas) {
        if places.last?.page == sizes.count - 1, !canvas.readsOverlay { canvas.readOverlayHere() }
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
    func letterhead(_ pen: BasePen, title: String) -> Double {
        let width = pen.canvas.width - 2 * Self.margin
        var y = Self.margin
        let right = width * 0.42
        let left = width - right - 12
        let bold = BaseStyle(size: 12, bold: true, leading: 0.1, isOffice: true)
        let plain = BaseStyle(size: 11, leading: 0.1, isOffice: true)
        let leftHeight = pen.text(text.jurisdiction, x: Self.margin, y: y, width: left, bold)
        let lower = pen.text(text.officeName, x: Self.margin, y: y + leftHeight + 1, width: left, plain)
        var (boldRight, plainRight) = (bold, plain)
        boldRight.alignment = .right
        plainRight.alignment = .right
        let rightHeight = pen.text(text.electionName, x: Self.margin + width - right, y: y, width: right, boldRight)
        let rightLower = pen.text(text.electionDate, x: Self.margin + width - right, y: y + rightHeight + 1, width: right, plainRight)
        y += max(leftHeight + lower, rightHeight + rightLower) + 6
        pen.line(fromX: Self.margin, y: y, toX: Self.margin + width, y: y, thickness: 1.5)
        y += 9
        y += pen.text(title, x: Self.margin, y: y, width: width, BaseStyle(size: 21, bold: true, leading: 0.05, tag: "H1"))
        return y + 5
    }

    /// A small caption of one line over a box of the voter's, whose text begins at the left in any language.
    func caption(_ canvas: BaseCanvas, _ caption: String, x: Double, y: Double, width: Double, isFixed: Bool = true) {
        canvas.fit(
            caption, x: x, y: y, width: width, height: Self.captionHeight,
            BaseStyle(size: 9.5, alignment: isFixed ? .fixedLeft : .left, leading: 0.05))
    }

    /// The room of a caption.
    static let captionHeight = 12.5

    /// An error that names the longest of the office's texts on a page that is too full.
    func overflow(_ page: String) -> PacketError {
        let texts = [
            ("jurisdiction.name", text.jurisdiction), ("office.name", text.officeName), ("election.name", text.electionName),
            ("return_notice", text.returnNotice), ("office.address", text.address.joined(separator: ", "))
        ]
        let longest = texts.max { $0.1.count < $1.1.count } ?? texts[0]
        return PacketError(
            .layout, "the texts of \(page) do not fit on its page; the longest is \(longest.0), with \(longest.1.count) characters",
            hint: "Shorten it")
    }

    /// An error that names what does not fit.
    func overflow(_ what: String, _ hint: String) -> PacketError {
        PacketError(.layout, "\(what) does not fit on its page", hint: hint)
    }
}

/// Draws, or only measures what drawing would take: one description of a page serves for both.
struct BasePen {
    let canvas: BaseCanvas
    let draws: Bool

    func text(_ text: String, x: Double, y: Double, width: Double, _ style: BaseStyle, isMarkup: Bool = false) -> Double {
        draws
            ? canvas.text(text, x: x, y: y, width: width, style, isMarkup: isMarkup)
            : canvas.height(of: text, width: width, style, isMarkup: isMarkup)
    }

    func line(fromX x0: Double, y y0: Double, toX x1: Double, y y1: Double, thickness: Double) {
        if draws { canvas.line(fromX: x0, y: y0, toX: x1, y: y1, thickness: thickness) }
    }

    func frame(x: Double, y: Double, width: Double, height: Double, thickness: Double, radius: Double = 0) {
        if draws { canvas.frame(x: x, y: y, width: width, height: height, thickness: thickness, radius: radius) }
    }

    func open(_ tag: String) { if draws { canvas.open(tag) } }

    func close(_ tag: String) { if draws { canvas.close(tag) } }
}

extension OfficeText {
    /// All that the office wrote, with its captions, in one.
    fileprivate func everyText() throws(PacketError) -> String {
        do { return String(decoding: try JSONEncoder().encode(self), as: UTF8.self) } catch {
            throw PacketError(.library, "the office's texts could not be gathered", cause: "\(error)")
        }
    }
}
