import CPango

/// The outline of the word SAMPLE as PDF path operators.
enum BaseSample {
    /// Path operators in a square of one unit, the word's middle at the origin and as wide as the unit.
    ///
    /// Outlines rather than text: they need no font and no resource on a vendor's page, and a text search of a ballot finds
    /// nothing new.
    static func outline() throws(PacketError) -> String {
        try BaseLock.cairo.withLock { () throws(PacketError) in try drawn() }
    }

    private static func drawn() throws(PacketError) -> String {
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
