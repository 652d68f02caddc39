import CPango

/// How a piece of text looks.
struct BaseStyle: Sendable {
    enum Alignment: Sendable { case left, centre, right }
    /// In points.
    var size: Double
    var bold = false
    var alignment = Alignment.left
    /// Extra space between lines, as a part of the size.
    var leading = 0.22
    /// 0 is black; everything that must be read is.
    var grey = 0.0
    /// The kind of structure element: `P`, `H1`, `H2`, `LI`.
    var tag = "P"
}

/// A PDF being drawn: the only owner of Cairo's surface and context and of Pango's layouts.
///
/// Lengths are points from the upper left corner, downwards. Every text is a tagged structure element, so that a screen reader
/// reads the pages in the order in which they were drawn. The bytes depend on nothing but what is drawn and the fonts installed:
/// no date, no random names. Not thread-safe; Pango's default font map is per thread.
@safe final class BaseCanvas {
    private final class Sink {
        var bytes: [UInt8] = []
    }

    private let surface: OpaquePointer
    private let context: OpaquePointer
    private let layout: OpaquePointer
    private let fonts: UnsafeMutablePointer<PangoFontMap>?
    private let sink: Sink
    private var started = false
    private var finished = false
    /// The present page's size.
    private(set) var width: Double
    private(set) var height: Double

    /// A document whose first page has this size; `language` (BCP 47) chooses among a font's forms of a character.
    init(width: Double, height: Double, language: String) throws(PacketError) {
        let sink = Sink()
        self.sink = sink
        self.width = width
        self.height = height
        // The sink outlives the surface: both belong to this object, and deinit destroys the surface first.
        let closure = unsafe Unmanaged.passUnretained(sink).toOpaque()
        let write: cairo_write_func_t = { closure, data, length in
            guard let closure = unsafe closure, let data = unsafe data else { return CAIRO_STATUS_WRITE_ERROR }
            unsafe Unmanaged<Sink>.fromOpaque(closure).takeUnretainedValue().bytes.append(
                contentsOf: UnsafeBufferPointer(start: data, count: Int(length)))
            return CAIRO_STATUS_SUCCESS
        }
        guard let surface = unsafe cairo_pdf_surface_create_for_stream(write, closure, width, height),
            let context = unsafe cairo_create(surface)
        else { throw PacketError(.layout, "Cairo gave no page to draw on") }
        unsafe self.surface = unsafe surface
        unsafe self.context = unsafe context
        unsafe cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_5)
        // Cairo would write today's date.
        unsafe cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z")
        unsafe fonts = pango_cairo_font_map_new()
        // One unit of Pango's is then one point of ours.
        unsafe pango_cairo_font_map_set_resolution(OpaquePointer(fonts), 72)
        let textContext = unsafe pango_font_map_create_context(fonts)
        guard let layout = unsafe pango_layout_new(textContext) else { throw PacketError(.layout, "Pango gave no layout") }
        unsafe self.layout = unsafe layout
        unsafe pango_context_set_language(textContext, pango_language_from_string(language))
        unsafe g_object_unref(UnsafeMutableRawPointer(textContext))
        let options = unsafe cairo_font_options_create()
        unsafe cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        unsafe cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        unsafe pango_cairo_context_set_font_options(pango_layout_get_context(layout), options)
        unsafe cairo_font_options_destroy(options)
    }

    deinit {
        unsafe g_object_unref(UnsafeMutableRawPointer(layout))
        unsafe g_object_unref(UnsafeMutableRawPointer(fonts))
        unsafe cairo_destroy(context)
        unsafe cairo_surface_destroy(surface)
    }

    /// Ends the present page, if any, and starts another.
    func beginPage(width: Double, height: Double) {
        if started { unsafe cairo_show_page(context) }
        started = true
        self.width = width
        self.height = height
        unsafe cairo_pdf_surface_set_size(surface, width, height)
    }

    /// Ends the last page; the bytes of the whole document.
    func finish() throws(PacketError) -> [UInt8] {
        unsafe cairo_show_page(context)
        unsafe cairo_surface_finish(surface)
        let status = unsafe cairo_surface_status(surface)
        guard status == CAIRO_STATUS_SUCCESS, unsafe cairo_status(context) == CAIRO_STATUS_SUCCESS else {
            throw PacketError(
                .layout, "Cairo could not write the office's pages", cause: unsafe QPDFDocument.text(cairo_status_to_string(status)))
        }
        return sink.bytes
    }

    // MARK: Text

    private func prepare(_ text: String, _ style: BaseStyle, width: Double, isMarkup: Bool) {
        let description = unsafe pango_font_description_new()
        unsafe pango_font_description_set_family(description, "DejaVu Sans")
        unsafe pango_font_description_set_absolute_size(description, style.size * Double(PANGO_SCALE))
        unsafe pango_font_description_set_weight(description, style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL)
        unsafe pango_layout_set_font_description(layout, description)
        unsafe pango_font_description_free(description)
        unsafe pango_layout_set_width(layout, CInt(width * Double(PANGO_SCALE)))
        unsafe pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR)
        unsafe pango_layout_set_spacing(layout, CInt(style.size * style.leading * Double(PANGO_SCALE)))
        let alignment =
            switch style.alignment {
            case .left: PANGO_ALIGN_LEFT
            case .centre: PANGO_ALIGN_CENTER
            case .right: PANGO_ALIGN_RIGHT
            }
        unsafe pango_layout_set_alignment(layout, alignment)
        // Ligatures off, or a search for "office" would miss the one that is set as three letters in one glyph.
        let inner = isMarkup ? text : BaseMarkdown.escaped(text)
        unsafe pango_layout_set_markup(layout, "<span font_features=\"liga=0,clig=0,dlig=0\">" + inner + "</span>", -1)
    }

    /// How high a text is in this width.
    func height(of text: String, width: Double, _ style: BaseStyle, isMarkup: Bool = false) -> Double {
        prepare(text, style, width: width, isMarkup: isMarkup)
        var across: CInt = 0
        var down: CInt = 0
        unsafe pango_layout_get_size(layout, &across, &down)
        return Double(down) / Double(PANGO_SCALE)
    }

    /// Draws a text with its upper left corner here, wrapped at `width`; returns its height.
    @discardableResult
    func text(_ text: String, x: Double, y: Double, width: Double, _ style: BaseStyle, isMarkup: Bool = false) -> Double {
        guard !text.isEmpty else { return 0 }
        let height = height(of: text, width: width, style, isMarkup: isMarkup)
        unsafe cairo_tag_begin(context, style.tag, nil)
        unsafe cairo_set_source_rgb(context, style.grey, style.grey, style.grey)
        unsafe cairo_move_to(context, x, y)
        unsafe pango_cairo_show_layout(context, layout)
        unsafe cairo_tag_end(context, style.tag)
        return height
    }

    // MARK: Lines

    /// Strokes a line, dashed if asked.
    func line(
        fromX x0: Double, y y0: Double, toX x1: Double, y y1: Double, thickness: Double = 0.75, grey: Double = 0, dashed: Bool = false
    ) {
        unsafe cairo_set_source_rgb(context, grey, grey, grey)
        unsafe cairo_set_line_width(context, thickness)
        setDashes(dashed)
        unsafe cairo_move_to(context, x0, y0)
        unsafe cairo_line_to(context, x1, y1)
        unsafe cairo_stroke(context)
        setDashes(false)
    }

    private func setDashes(_ dashed: Bool) {
        let dashes = [4.0, 3.0]
        unsafe cairo_set_dash(context, dashes, dashed ? 2 : 0, 0)
    }

    /// Strokes a rectangle, dashed if asked; `radius` rounds its corners.
    func frame(x: Double, y: Double, width: Double, height: Double, thickness: Double = 0.75, radius: Double = 0, dashed: Bool = false) {
        unsafe cairo_set_source_rgb(context, 0, 0, 0)
        unsafe cairo_set_line_width(context, thickness)
        setDashes(dashed)
        outline(x: x, y: y, width: width, height: height, radius: radius)
        unsafe cairo_stroke(context)
        setDashes(false)
    }

    /// Fills a rectangle.
    func fill(x: Double, y: Double, width: Double, height: Double, grey: Double = 0, radius: Double = 0) {
        unsafe cairo_set_source_rgb(context, grey, grey, grey)
        outline(x: x, y: y, width: width, height: height, radius: radius)
        unsafe cairo_fill(context)
    }

    private func outline(x: Double, y: Double, width: Double, height: Double, radius: Double) {
        guard radius > 0 else {
            unsafe cairo_rectangle(context, x, y, width, height)
            return
        }
        let quarter = Double.pi / 2
        unsafe cairo_new_sub_path(context)
        unsafe cairo_arc(context, x + width - radius, y + radius, radius, -quarter, 0)
        unsafe cairo_arc(context, x + width - radius, y + height - radius, radius, 0, quarter)
        unsafe cairo_arc(context, x + radius, y + height - radius, radius, quarter, 2 * quarter)
        unsafe cairo_arc(context, x + radius, y + radius, radius, 2 * quarter, 3 * quarter)
        unsafe cairo_close_path(context)
    }
}

/// The outline of the word SAMPLE as PDF path operators.
enum BaseSample {
    /// Path operators in a square of one unit, the word's middle at the origin and as wide as the unit.
    ///
    /// Outlines rather than text: they need no font and no resource on a vendor's page, and a text search of a ballot finds
    /// nothing new.
    static func outline() throws(PacketError) -> String {
        let canvas = unsafe cairo_recording_surface_create(CAIRO_CONTENT_ALPHA, nil)
        defer { unsafe cairo_surface_destroy(canvas) }
        guard let context = unsafe cairo_create(canvas) else { throw PacketError(.layout, "Cairo gave no context") }
        defer { unsafe cairo_destroy(context) }
        unsafe cairo_select_font_face(context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD)
        unsafe cairo_set_font_size(context, 1000)
        unsafe cairo_move_to(context, 0, 0)
        unsafe cairo_text_path(context, "SAMPLE")
        var (left, top, right, bottom) = (0.0, 0.0, 0.0, 0.0)
        unsafe cairo_path_extents(context, &left, &top, &right, &bottom)
        guard right > left, let path = unsafe cairo_copy_path(context) else { throw PacketError(.layout, "Cairo gave no outline") }
        defer { unsafe cairo_path_destroy(path) }
        let scale = 1 / (right - left)
        func place(_ point: cairo_path_data_t) -> String {
            let x = unsafe (point.point.x - (left + right) / 2) * scale
            let y = unsafe ((top + bottom) / 2 - point.point.y) * scale
            return decimal(x) + " " + decimal(y)
        }
        var out = ""
        var index = 0
        while index < Int(unsafe path.pointee.num_data) {
            let element = unsafe path.pointee.data[index]
            let length = max(1, Int(unsafe element.header.length))
            let points = (1..<max(length, 1)).map { unsafe place(path.pointee.data[index + $0]) }
            switch unsafe element.header.type {
            case CAIRO_PATH_MOVE_TO: out += points.joined() + " m\n"
            case CAIRO_PATH_LINE_TO: out += points.joined() + " l\n"
            case CAIRO_PATH_CURVE_TO: out += points.joined(separator: " ") + " c\n"
            default: out += "h\n"
            }
            index += length
        }
        return out
    }

    /// Operators that draw the word across a page in light grey outline; `box` is left, bottom, right, top.
    ///
    /// `turned` is the page's `/Rotate`: the word rises from left to right as the page is seen.
    static func operators(_ outline: String, box: (Double, Double, Double, Double), turned: Int = 0) -> String {
        let width = box.2 - box.0
        let height = box.3 - box.1
        let seen = turned % 180 == 0 ? (width, height) : (height, width)
        let diagonal = (seen.0 * seen.0 + seen.1 * seen.1).squareRoot()
        // Along the diagonal, and as long as leaves the word's height inside the page.
        let length = diagonal * 0.72
        let (cosine, sine) = (seen.0 / diagonal, seen.1 / diagonal)
        let turn: (Double, Double) =
            switch (turned % 360 + 360) % 360 {
            case 90: (-sine, cosine)
            case 180: (-cosine, -sine)
            case 270: (sine, -cosine)
            default: (cosine, sine)
            }
        let matrix = [turn.0 * length, turn.1 * length, -turn.1 * length, turn.0 * length, (box.0 + box.2) / 2, (box.1 + box.3) / 2]
        return "q 0.72 G \(decimal(1.2 / length)) w 1 j [] 0 d " + matrix.map(decimal).joined(separator: " ") + " cm\n" + outline + "S Q\n"
    }

    /// A number with five decimals at most, which is 0.01 pt on the largest sheet.
    static func decimal(_ value: Double) -> String {
        let scaled = Int((value * 100_000).rounded())
        let digits = String(scaled.magnitude % 100_000)
        return (scaled < 0 ? "-" : "") + "\(scaled.magnitude / 100_000)." + String(repeating: "0", count: 5 - digits.count) + digits
    }
}
