/// Where a page lies and how it is turned.
struct PageGeometry {
    /// A rectangle with its corners in order, in the units of the page.
    struct Box: Equatable {
        var left: Double, bottom: Double, right: Double, top: Double
        var width: Double { right - left }
        var height: Double { top - bottom }

        /// A PDF array of four numbers, corners in any order; nil for anything else.
        init?(_ array: PDFObject?) {
            guard let array, array.count == 4 else { return nil }
            let numbers = array.items.compactMap(\.number)
            guard numbers.count == 4 else { return nil }
            left = min(numbers[0], numbers[2])
            right = max(numbers[0], numbers[2])
            bottom = min(numbers[1], numbers[3])
            top = max(numbers[1], numbers[3])
        }

        /// The box around these corners.
        init(around points: [(x: Double, y: Double)]) {
            left = points.map(\.x).min() ?? 0
            right = points.map(\.x).max() ?? 0
            bottom = points.map(\.y).min() ?? 0
            top = points.map(\.y).max() ?? 0
        }

        private init(left: Double, bottom: Double, right: Double, top: Double) {
            self.left = left
            self.bottom = bottom
            self.right = right
            self.top = top
        }

        /// What two boxes share; nil where they do not meet.
        func intersection(_ other: Box) -> Box? {
            let shared = Box(
                left: max(left, other.left), bottom: max(bottom, other.bottom), right: min(right, other.right), top: min(top, other.top))
            return shared.width > 0 && shared.height > 0 ? shared : nil
        }
    }

    /// The part of the sheet that shows.
    let visible: Box
    /// How far it is turned clockwise to be read: 0, 90, 180 or 270 degrees.
    let rotation: Int
    /// The size of one unit, in points.
    let unit: Double
    private let number: Int

    /// Reads a page's own entries; inherited ones must have been pushed to it.
    init(_ page: PDFObject, number: Int) throws(PacketError) {
        guard let media = Box(page["/MediaBox"]), media.width > 0, media.height > 0 else {
            throw PacketError(
                .pageSize, "page \(number) does not say how large it is", hint: "Ask the vendor for the file again",
                object: "page \(number)")
        }
        // ISO 32000-2, 14.11.2: a crop box counts only inside the media box.
        visible = Box(page["/CropBox"]).flatMap { $0.intersection(media) } ?? media
        let turn = page["/Rotate"]?.integer ?? 0
        guard turn.isMultiple(of: 90) else {
            throw PacketError(.pageSize, "page \(number) is turned by \(turn) degrees", object: "page \(number)")
        }
        rotation = ((turn % 360) + 360) % 360
        unit = page["/UserUnit"]?.number ?? 1
        self.number = number
    }

    /// The page's size as it is seen; throws `pageSize` outside of 3 to 40 inches.
    func checkedSize() throws(PacketError) -> PageSize {
        let width = visible.width * unit
        let height = visible.height * unit
        // A rounding of 1/100 point must not refuse a sheet of exactly 40 inches.
        let allowed = (3 * 72 - 0.01)...(40 * 72 + 0.01)
        guard allowed.contains(width), allowed.contains(height) else {
            throw PacketError(
                .pageSize, "page \(number) is \(Self.inches(width)) by \(Self.inches(height)) inches; sides of 3 to 40 are taken",
                hint: "Ask the vendor for the ballot in its printed size", object: "page \(number)")
        }
        return rotation % 180 == 0 ? PageSize(width: width, height: height) : PageSize(width: height, height: width)
    }

    private static func inches(_ points: Double) -> String {
        let hundredths = min(max(points / 72 * 100, -1e9), 1e9).rounded()
        return "\(hundredths / 100)"
    }
}

/// Six numbers that place one coordinate system in another (ISO 32000-2, 8.3.3).
struct Placement: Equatable {
    var a = 1.0, b = 0.0, c = 0.0, d = 1.0, e = 0.0, f = 0.0

    init() {}

    /// A PDF array of six numbers; nil for anything else.
    init?(_ array: PDFObject?) {
        guard let array, array.count == 6 else { return nil }
        let numbers = array.items.compactMap(\.number)
        guard numbers.count == 6 else { return nil }
        (a, b, c, d, e, f) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])
    }

    /// Where a point goes.
    func apply(_ x: Double, _ y: Double) -> (x: Double, y: Double) { (a * x + c * y + e, b * x + d * y + f) }

    /// The box around a box's four corners, moved.
    func apply(_ box: PageGeometry.Box) -> PageGeometry.Box {
        PageGeometry.Box(around: [
            apply(box.left, box.bottom), apply(box.right, box.bottom), apply(box.left, box.top), apply(box.right, box.top)
        ])
    }

    /// As operands of `cm`.
    var operands: String { [a, b, c, d, e, f].map(Self.number).joined(separator: " ") }

    /// A number in PDF syntax with up to eight decimals and no exponent, the same on every machine.
    static func number(_ value: Double) -> String {
        let bounded = min(max(value, -1e9), 1e9)
        let scaled = Int((bounded * 1e8).rounded())
        let whole = abs(scaled) / 100_000_000
        var fraction = String(abs(scaled) % 100_000_000 + 100_000_000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        let sign = scaled < 0 ? "-" : ""
        return fraction.isEmpty ? "\(sign)\(whole)" : "\(sign)\(whole).\(fraction)"
    }
}
