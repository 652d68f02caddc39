/// The content of one overlay while it is written: text fitted into its boxes, barcodes, lines to fill in.
struct TailOverlay {
    /// A line with its place, in points; nothing to show is a line to fill in by hand.
    struct Placed {
        var line: TypeLine?
        var size: Double
        var x: Double
        var y: Double
        var width: Double
    }

    private(set) var placed: [Placed] = []
    private(set) var symbols: [(symbol: BarcodeSymbol, x: Double, y: Double, width: Double, height: Double)] = []

    /// How much higher a line to fill in is than its type; a printed line says so itself.
    private static let pitch = 1.2

    private static func pitch(of line: TypeLine?) -> Double { line.map { Double($0.ascent + $0.descent) / 1000 } ?? pitch }

    // MARK: Fitting

    /// Sets lines into a box, the first at the top; nil is a line to be filled in by hand.
    ///
    /// A line that is too wide shrinks down to 60 %, then wraps; if all the lines are too high together, all shrink. They never
    /// leave the box.
    mutating func set(_ shaped: [TypeLine?], in box: BasePlan.Box, centred: Bool, with setter: TypeSetter, _ buffer: TypeBuffer) {
        var shrink = 1.0
        while true {
            let rows = rows(of: shaped, in: box, shrink: shrink, with: setter, buffer)
            var height = 0.0
            for row in rows { height += row.size * Self.pitch(of: row.line) }
            // 200 characters a line, five lines: 0.3 is small enough for the smallest box.
            if height <= box.height || shrink < 0.25 {
                place(rows, height: height, in: box, centred: centred)
                return
            }
            shrink *= shrink > 0.6 ? 0.94 : 0.88
        }
    }

    private func rows(
        of shaped: [TypeLine?], in box: BasePlan.Box, shrink: Double, with setter: TypeSetter, _ buffer: TypeBuffer
    ) -> [(line: TypeLine?, size: Double)] {
        var rows: [(line: TypeLine?, size: Double)] = []
        rows.reserveCapacity(shaped.count)
        let full = box.size * shrink
        for line in shaped {
            guard let line else {
                rows.append((nil, full))
                continue
            }
            let natural = Double(line.width) * full / 1000
            if natural <= box.width {
                rows.append((line, full))
            } else if natural * 0.6 <= box.width {
                rows.append((line, full * box.width / natural))
            } else {
                for part in line.parts(atMost: Int(box.width * 1000 / (full * 0.6))) {
                    rows.append((setter.line(part, with: buffer), full * 0.6))
                }
            }
        }
        return rows
    }

    private mutating func place(_ rows: [(line: TypeLine?, size: Double)], height: Double, in box: BasePlan.Box, centred: Bool) {
        var y = box.y + box.height - (centred ? max(0, (box.height - height) / 2) : 0)
        for row in rows {
            let ascent = Double(row.line?.ascent ?? 945) / 1000
            let indent = Double(row.line?.indent ?? 0) / 1000
            placed.append(Placed(line: row.line, size: row.size, x: box.x + row.size * indent, y: y - row.size * ascent, width: box.width))
            y -= row.size * Self.pitch(of: row.line)
        }
    }

    /// Puts a barcode into a box: a QR code as a square at the left, one of bars as wide as the box.
    mutating func set(_ symbol: BarcodeSymbol, in box: BasePlan.Box) {
        let isSquare = symbol.height == symbol.width
        let side = min(box.width, box.height)
        symbols.append((symbol, box.x, box.y, isSquare ? side : box.width, isSquare ? side : box.height))
    }

    // MARK: Writing

    /// Appends the operators. `secondary` renumbers the glyphs of the tail's own font, which is `/F2`.
    func write(to out: inout [UInt8], secondary: [UInt16: UInt16], with setter: TypeSetter) {
        for entry in symbols {
            out.append("q ")
            out.appendPoints(entry.width)
            out.append(" 0 0 ")
            out.appendPoints(entry.height)
            out.append(" ")
            out.appendPoints(entry.x)
            out.append(" ")
            out.appendPoints(entry.y)
            out.append(" cm BI/IM true/BPC 1/D[1 0]/W ")
            out.appendDecimal(entry.symbol.width)
            out.append("/H ")
            out.appendDecimal(entry.symbol.height)
            // In base 85: some readers look for the end of binary data by its letters.
            out.append("/F/A85 ID ")
            out.appendBase85(entry.symbol.bits)
            out.append(" EI Q\n")
        }
        var font: (isSecondary: Bool, size: Double)?
        out.append("BT\n")
        // Td moves from the line before; in hundredths, so that no rounding adds up.
        var (x, y) = (0, 0)
        for entry in placed {
            guard let line = entry.line else { continue }
            let (nextX, nextY) = (Int((entry.x * 100).rounded()), Int((entry.y * 100).rounded()))
            out.appendPoints(Double(nextX - x) / 100)
            out.append(" ")
            out.appendPoints(Double(nextY - y) / 100)
            out.append(" Td\n")
            (x, y) = (nextX, nextY)
            if !line.isPlain {
                out.append("/Span<</ActualText<FEFF")
                for scalar in line.scalars { out.appendUTF16Hex(scalar) }
                out.append(">>>BDC\n")
            }
            for run in line.runs {
                if font?.isSecondary != run.isSecondary || font?.size != entry.size {
                    out.append(run.isSecondary ? "/F2 " : "/F1 ")
                    out.appendPoints(entry.size)
                    out.append(" Tf\n")
                    font = (run.isSecondary, entry.size)
                }
                Self.show(line.glyphs[run.glyphs], isSecondary: run.isSecondary, size: entry.size, secondary, setter, to: &out)
            }
            if !line.isPlain { out.append("EMC\n") }
        }
        out.append("ET\n")
        for entry in placed where entry.line == nil {
            out.append("0.5 w ")
            out.appendPoints(entry.x)
            out.append(" ")
            out.appendPoints(entry.y)
            out.append(" m ")
            out.appendPoints(entry.x + entry.width)
            out.append(" ")
            out.appendPoints(entry.y)
            out.append(" l S\n")
        }
    }

    private static func show(
        _ glyphs: ArraySlice<TypeGlyph>, isSecondary: Bool, size: Double, _ renumbered: [UInt16: UInt16], _ setter: TypeSetter,
        to out: inout [UInt8]
    ) {
        var rise = 0
        out.append("[(")
        for glyph in glyphs {
            if glyph.dy != rise {
                out.append(")]TJ ")
                out.appendPoints(Double(glyph.dy) * size / 1000)
                out.append(" Ts[(")
                rise = glyph.dy
            }
            if glyph.dx != 0 { move(by: -glyph.dx, to: &out) }
            out.appendGlyph(isSecondary ? renumbered[glyph.id] ?? 0 : glyph.id)
            let left = setter.advance(of: glyph.id, isSecondary: isSecondary) - glyph.advance + glyph.dx
            if left != 0 { move(by: left, to: &out) }
        }
        out.append(")]TJ\n")
        if rise != 0 { out.append("0 Ts\n") }
    }

    private static func move(by thousandths: Int, to out: inout [UInt8]) {
        out.append(")")
        out.appendDecimal(thousandths)
        out.append("(")
    }
}
