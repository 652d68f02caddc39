import CPango
import Foundation

/// How a piece of text looks.
struct BaseStyle: Sendable {
    /// `left` is the side where a line begins, which is the right one in Arabic; `fixedLeft` is the left one in any language.
    enum Alignment: Sendable { case left, centre, right, fixedLeft }
    /// In points.
    var size: Double
    var bold = false
    var alignment = Alignment.left
    /// Extra space between lines, as a part of the size.
    var leading = 0.22
    /// 0 is black; everything that must be read is.
    var grey = 0.0
    /// The kind of structure element: `P`, `H1`, `H2`, `Lbl`, `LBody`.
    var tag = "P"
    /// Whether the office wrote the text, in the packet's language; otherwise it is in the captions' language.
    var isOffice = false
}

/// A structure element as it was drawn, in the order of drawing: what Cairo cannot say of it is added when the base is put together.
struct BaseElement: Codable, Equatable {
    var tag: String
    /// The language where it is not the document's.
    var language: String?
    /// Whether it stands for what the tail writes on its page.
    var isOverlay = false
}

/// A PDF being drawn: the only owner of Cairo's surface and context and of Pango's layouts.
///
/// Lengths are points from the upper left corner, downwards. Every text is a tagged structure element, so that a screen reader
/// reads the pages in the order in which they were drawn. A text runs in the direction of its first letter. The bytes depend on
/// nothing but what is drawn and the fonts installed: no date, no random names. Not thread-safe; Pango's default font map is per thread.
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
    /// Kept until the last glyph is drawn: the fonts' files may be its own.
    private let configuration: BaseFonts.Configuration
    private let families: (eastAsian: String, others: String)
    private let captionLanguage: String?
    private var trouble: PacketError?
    /// The present page's size.
    private(set) var width: Double
    private(set) var height: Double
    /// Every structure element so far, in the order of their beginnings.
    private(set) var elements: [BaseElement] = []
    /// Whether the present page says where its overlay is to be read.
    private(set) var readsOverlay = false
    /// Whether the page is read from the right: all that is drawn changes sides.
    var isMirrored = false

    /// A document whose first page has this size; `language` (BCP 47) chooses among the forms of a character.
    ///
    /// `captionLanguage` is that of all texts but the office's. Throws `font` where the fonts are missing.
    init(
        width: Double, height: Double, language: String, captionLanguage: String, fonts configuration: BaseFonts.Configuration
    ) throws(PacketError) {
        self.configuration = configuration
        families = (BaseFonts.families(form: BaseFonts.form(language: language)), BaseFonts.families(form: nil))
        self.captionLanguage = captionLanguage == language ? nil : captionLanguage
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
        unsafe uocava_font_map_set_config(fonts, configuration.pointer)
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
        // Otherwise every glyph would stand on a whole point, which tears words apart.
        unsafe pango_context_set_round_glyph_positions(pango_layout_get_context(layout), 0)
        // The direction is found here, not by Pango: a page has one side where its lines begin.
        unsafe pango_layout_set_auto_dir(layout, 0)
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
        readsOverlay = false
        self.width = width
        self.height = height
        // Cairo forgets what came before it on a page, elements that were begun included.
        unsafe cairo_pdf_surface_set_size(surface, width, height)
        if !started { beginTag("Document") }
        started = true
    }

    /// Ends the last page; the bytes of the whole document. Throws what was reported, or `font` if a character could not be shown.
    func finish() throws(PacketError) -> [UInt8] {
        if let trouble { throw trouble }
        if started { endTag("Document") }
        unsafe cairo_show_page(context)
        unsafe cairo_surface_finish(surface)
        let status = unsafe cairo_surface_status(surface)
        guard status == CAIRO_STATUS_SUCCESS, unsafe cairo_status(context) == CAIRO_STATUS_SUCCESS else {
            throw PacketError(
                .layout, "Cairo could not write the office's pages", cause: unsafe QPDFDocument.text(cairo_status_to_string(status)))
        }
        return sink.bytes
    }

    // MARK: Structure

    private func beginTag(_ tag: String, language: String? = nil, isOverlay: Bool = false) {
        elements.append(BaseElement(tag: tag, language: language, isOverlay: isOverlay))
        unsafe cairo_tag_begin(context, tag, nil)
    }

    private func endTag(_ tag: String) { unsafe cairo_tag_end(context, tag) }

    /// Begins a structure element of several parts, such as a list (`L`), an item of it (`LI`) or the item's content (`LBody`).
    func open(_ tag: String) { beginTag(tag) }

    /// Ends the element that was opened last, whose kind this is.
    func close(_ tag: String) { endTag(tag) }

    /// Says that what the tail writes on this page is to be read here.
    func readOverlayHere() {
        beginTag("P", isOverlay: true)
        endTag("P")
        readsOverlay = true
    }

    // MARK: Text

    /// A text in lines, which ``layout`` holds until another is set. Lengths in points.
    private struct SetText {
        /// From the text's top to its first baseline, and from one baseline to the next.
        var ascent: Double
        var pitch: Double
        /// Where each line begins.
        var lines: [Double]
        var height: Double
    }

    /// Whether a text begins with a letter that is written from right to left, or, having no letter, stands on a page that is.
    func runsFromTheRight(_ text: String) -> Bool {
        BaseDirection.runsFromTheRight(text) ?? isMirrored
    }

    private func set(_ text: String, _ style: BaseStyle, width: Double, isMarkup: Bool) -> SetText {
        let description = unsafe pango_font_description_new()
        // Quotation marks are as wide as Chinese characters among these, and not in an English caption beside them.
        unsafe pango_font_description_set_family(description, BaseFonts.isEastAsian(text) ? families.eastAsian : families.others)
        unsafe pango_font_description_set_absolute_size(description, style.size * Double(PANGO_SCALE))
        unsafe pango_font_description_set_weight(description, style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL)
        unsafe pango_layout_set_font_description(layout, description)
        unsafe pango_font_description_free(description)
        unsafe pango_layout_set_width(layout, CInt(width * Double(PANGO_SCALE)))
        unsafe pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR)
        let inner = isMarkup ? text : BaseMarkdown.escaped(text)
        setMarkup(inner)
        let fromTheRight = runsFromTheRight(unsafe QPDFDocument.text(pango_layout_get_text(layout)))
        if fromTheRight, inner.contains(where: \.isASCIIDigit) { setMarkup(BaseDirection.isolatingNumbers(in: inner)) }
        unsafe pango_context_set_base_dir(
            pango_layout_get_context(layout), fromTheRight ? PANGO_DIRECTION_RTL : PANGO_DIRECTION_LTR)
        unsafe pango_layout_context_changed(layout)
        let alignment =
            switch style.alignment {
            case .left: fromTheRight || isMirrored ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT
            case .centre: PANGO_ALIGN_CENTER
            case .right: isMirrored ? PANGO_ALIGN_LEFT : PANGO_ALIGN_RIGHT
            case .fixedLeft: PANGO_ALIGN_LEFT
            }
        unsafe pango_layout_set_alignment(layout, alignment)
        if trouble == nil {
            if let control = text.unicodeScalars.first(where: { $0.properties.generalCategory == .control && $0 != "\n" && $0 != "\t" }) {
                trouble = BaseFonts.unknown(control.value, in: text)
            } else if unsafe pango_layout_get_unknown_glyphs_count(layout) > 0 {
                trouble = findUnknown()
            }
        }
        return measure(style)
    }

    private func setMarkup(_ inner: String) {
        // Ligatures off, or a search for "office" would miss the one that is set as three letters in one glyph.
        unsafe pango_layout_set_markup(layout, "<span font_features=\"liga=0,clig=0,dlig=0\">" + inner + "</span>", -1)
    }

    /// The lines' places. Fonts differ much in the height that they ask for; here every script has the same pitch, and more only where
    /// the ink of two lines would touch.
    private func measure(_ style: BaseStyle) -> SetText {
        var lines: [(x: Double, up: Double, down: Double)] = []
        let iterator = unsafe pango_layout_get_iter(layout)
        defer { unsafe pango_layout_iter_free(iterator) }
        let unit = 1 / Double(PANGO_SCALE)
        repeat {
            var ink = PangoRectangle()
            var logical = PangoRectangle()
            unsafe pango_layout_iter_get_line_extents(iterator, &ink, &logical)
            let baseline = unsafe Double(pango_layout_iter_get_baseline(iterator))
            let hasInk = ink.height > 0
            lines.append(
                (
                    Double(logical.x) * unit, hasInk ? (baseline - Double(ink.y)) * unit : 0,
                    hasInk ? (Double(ink.y + ink.height) - baseline) * unit : 0
                ))
        } while unsafe pango_layout_iter_next_line(iterator) != 0
        var pitch = style.size * (1.164 + style.leading)
        for (upper, lower) in zip(lines, lines.dropFirst()) { pitch = max(pitch, upper.down + lower.up + style.size * 0.06) }
        let ascent = max(style.size * 0.928, lines.first?.up ?? 0)
        let descent = max(style.size * 0.236, lines.last?.down ?? 0)
        return SetText(
            ascent: ascent, pitch: pitch, lines: lines.map(\.x), height: ascent + pitch * Double(lines.count - 1) + descent)
    }

    /// The first character of the present text that no font has.
    private func findUnknown() -> PacketError? {
        let text = unsafe QPDFDocument.text(pango_layout_get_text(layout))
        let iterator = unsafe pango_layout_get_iter(layout)
        defer { unsafe pango_layout_iter_free(iterator) }
        repeat {
            guard let glyphs = unsafe pango_layout_iter_get_run_readonly(iterator)?.pointee.glyphs?.pointee else { continue }
            for index in 0..<Int(unsafe glyphs.num_glyphs) {
                let glyph = unsafe glyphs.glyphs[index].glyph
                // Pango's mark for "no glyph", with the character in the lower bits; the empty glyph has no mark.
                if glyph & 0x1000_0000 != 0 { return BaseFonts.unknown(glyph & ~0x1000_0000, in: text) }
            }
        } while unsafe pango_layout_iter_next_run(iterator) != 0
        return nil
    }

    /// How high a text is in this width.
    func height(of text: String, width: Double, _ style: BaseStyle, isMarkup: Bool = false) -> Double {
        text.isEmpty ? 0 : set(text, style, width: width, isMarkup: isMarkup).height
    }

    /// How far below a text's top its first baseline is: what stands beside it must be on the same.
    func ascent(of text: String, width: Double, _ style: BaseStyle, isMarkup: Bool = false) -> Double {
        set(text, style, width: width, isMarkup: isMarkup).ascent
    }

    /// Draws a text with its upper left corner here, wrapped at `width`; returns its height.
    @discardableResult
    func text(_ text: String, x: Double, y: Double, width: Double, _ style: BaseStyle, isMarkup: Bool = false) -> Double {
        flow(text, from: 0, x: x, y: y, width: width, height: .infinity, style, isMarkup: isMarkup).height
    }

    /// Draws as many lines of a text as fit into `height`, the first of them being line number `from`.
    ///
    /// Returns the line to go on with on the next page, nil when all are drawn.
    func flow(
        _ text: String, from first: Int, x: Double, y: Double, width: Double, height: Double, _ style: BaseStyle, isMarkup: Bool = false
    ) -> (next: Int?, height: Double) {
        guard !text.isEmpty else { return (nil, 0) }
        let placed = set(text, style, width: width, isMarkup: isMarkup)
        let ends = placed.height - placed.pitch * Double(placed.lines.count - 1)
        var count = placed.lines.count - first
        if height.isFinite { count = min(count, Int(((height - ends) / placed.pitch + 1).rounded(.down))) }
        guard count > 0 else { return (first, 0) }
        beginTag(style.tag, language: style.isOffice ? nil : captionLanguage)
        unsafe cairo_set_source_rgb(context, style.grey, style.grey, style.grey)
        let left = side(x, width)
        for row in 0..<count {
            unsafe cairo_move_to(context, left + placed.lines[first + row], y + placed.ascent + Double(row) * placed.pitch)
            unsafe pango_cairo_show_layout_line(context, pango_layout_get_line_readonly(layout, CInt(first + row)))
        }
        endTag(style.tag)
        return (first + count < placed.lines.count ? first + count : nil, ends + placed.pitch * Double(count - 1))
    }

    /// Draws a text that has only this much room, smaller if need be; returns its height. Where it would be too small to read, ``finish()``
    /// throws `layout`.
    @discardableResult
    func fit(_ text: String, x: Double, y: Double, width: Double, height limit: Double, _ style: BaseStyle) -> Double {
        var style = style
        while height(of: text, width: width, style) > limit, style.size > 6 { style.size -= 0.25 }
        if height(of: text, width: width, style) > limit {
            report(PacketError(.layout, "“\(text.prefix(80))” does not fit where it belongs", hint: "Say it in fewer words"))
        }
        return self.text(text, x: x, y: y, width: width, style)
    }

    /// Something that does not fit; ``finish()`` throws the first of them.
    func report(_ error: PacketError) { trouble = trouble ?? error }

    /// The left edge of something on this page, which may be read from the right.
    func side(_ x: Double, _ width: Double) -> Double { isMirrored ? self.width - x - width : x }

    // MARK: Lines

    /// Strokes a line, dashed if asked.
    func line(
        fromX x0: Double, y y0: Double, toX x1: Double, y y1: Double, thickness: Double = 0.75, grey: Double = 0, dashed: Bool = false
    ) {
        unsafe cairo_set_source_rgb(context, grey, grey, grey)
        unsafe cairo_set_line_width(context, thickness)
        setDashes(dashed)
        unsafe cairo_move_to(context, side(x0, 0), y0)
        unsafe cairo_line_to(context, side(x1, 0), y1)
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
        outline(x: side(x, width), y: y, width: width, height: height, radius: radius)
        unsafe cairo_stroke(context)
        setDashes(false)
    }

    /// Fills a rectangle.
    func fill(x: Double, y: Double, width: Double, height: Double, grey: Double = 0, radius: Double = 0) {
        unsafe cairo_set_source_rgb(context, grey, grey, grey)
        outline(x: side(x, width), y: y, width: width, height: height, radius: radius)
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

/// One thread at a time.
final class BaseLock: Sendable {
    /// For all drawing: Cairo 1.16 crashes now and then where two threads draw with the same font.
    static let cairo = BaseLock()

    private let lock = NSLock()

    /// What the body leaves behind is freed before the next one begins.
    func withLock<Answer, Failure: Error>(_ body: () throws(Failure) -> Answer) throws(Failure) -> Answer {
        lock.lock()
        defer { lock.unlock() }
        return try body()
    }
}
