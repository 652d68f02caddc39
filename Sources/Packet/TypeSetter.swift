import CHarfBuzz
import Foundation

/// The two fonts of a packet and what is known of them beforehand: opened once a process, shared by all threads.
struct TypeSetter: Sendable {
    let primary: TypeFace
    let secondary: TypeFace
    private let kerning: TypeKerning?
    /// Character → glyph of the primary font, 0 where the base has none; up to the last character of the coverage.
    private let glyphs: [UInt16]
    /// Glyph of the primary font → how far it moves the pen.
    private let advances: [UInt16]
    /// Glyph of the primary font → where its ink is.
    private let inks: [TypeInk]
    /// Glyph of the primary font → the character that the base's `ToUnicode` gives it, or 0.
    private let characters: [UInt16]

    /// The one that everybody uses; a failure is that of a font that is not installed.
    static let shared: Result<TypeSetter, PacketError> = Result { () throws(PacketError) in try TypeSetter() }

    private init() throws(PacketError) {
        primary = try TypeFace.primary()
        secondary = try TypeFace.secondary()
        kerning = TypeKerning(of: primary)
        let last = TypeCoverage.primary.last?.upperBound ?? 0
        var glyphs = [UInt16](repeating: 0, count: Int(last) + 1)
        var advances = [UInt16](repeating: 0, count: 1 << 16)
        var characters = [UInt16](repeating: 0, count: 1 << 16)
        for scalar in TypeCoverage.primary.lazy.joined() {
            let glyph = UInt16(truncatingIfNeeded: primary.glyph(of: scalar))
            // A name of characters without ink would be an empty box.
            guard scalar == 0x20 || primary.ink(of: UInt32(glyph)).isInk else { continue }
            glyphs[Int(scalar)] = glyph
            characters[Int(glyph)] = UInt16(scalar)
        }
        characters[0] = 0
        let count = unsafe Int(hb_face_get_glyph_count(primary.face))
        var inks = [TypeInk](repeating: TypeInk(), count: 1 << 16)
        for glyph in 0..<count {
            inks[glyph] = primary.ink(of: UInt32(glyph))
            advances[glyph] = UInt16(clamping: primary.advance(of: UInt32(glyph)))
        }
        self.glyphs = glyphs
        self.advances = advances
        self.inks = inks
        self.characters = characters
    }

    // MARK: Characters

    /// Text as scalars in Normalization Form C, every kind of space as the plain one.
    func scalars(of text: String) -> [UInt32] {
        var scalars: [UInt32] = []
        scalars.reserveCapacity(text.utf8.count)
        var isSettled = true
        for scalar in text.unicodeScalars {
            if !Self.isSettled(scalar.value) { isSettled = false }
            scalars.append(TypeCoverage.isSpace(scalar.value) ? 0x20 : scalar.value)
        }
        guard !isSettled else { return scalars }
        scalars.removeAll(keepingCapacity: true)
        for scalar in text.precomposedStringWithCanonicalMapping.unicodeScalars {
            scalars.append(TypeCoverage.isSpace(scalar.value) ? 0x20 : scalar.value)
        }
        return scalars
    }

    /// Whether a scalar is in Form C whatever stands beside it, as long as that is settled too: nearly all text.
    private static func isSettled(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0..<0x300, 0x400...0x481, 0x1E00...0x1EFF, 0x2010...0x2070, 0x3041...0x3096, 0x4E00...0x9FFF, 0xAC00...0xD7A3: true
        default: false
        }
    }

    private enum Home { case primary, secondary, nowhere }

    private func home(of scalar: UInt32) -> Home {
        if Int(scalar) < glyphs.count, glyphs[Int(scalar)] != 0 { return .primary }
        guard TypeCoverage.contains(scalar, in: TypeCoverage.secondary) else { return .nowhere }
        let glyph = secondary.glyph(of: scalar)
        return glyph != 0 && secondary.ink(of: glyph).isInk ? .secondary : .nowhere
    }

    /// The first character that neither font can set, if any.
    func firstUnprintable(in scalars: [UInt32]) -> UInt32? {
        scalars.first { home(of: $0) == .nowhere } ?? TypeCoverage.firstMarkTooMany(in: scalars[...])
    }

    // MARK: Lines

    /// Shapes a line of text, normalized.
    func line(_ text: String, with buffer: TypeBuffer) -> TypeLine { line(scalars(of: text)[...], with: buffer) }

    /// Shapes a line; the first character that no font has is in its `missing`, and then its glyphs are of no use.
    func line(_ scalars: ArraySlice<UInt32>, with buffer: TypeBuffer) -> TypeLine {
        var line = TypeLine(scalars: scalars)
        line.glyphs.reserveCapacity(scalars.count)
        if let kerning, kerning.set(scalars, into: &line.glyphs) {
            if !scalars.isEmpty { line.runs = [TypeLine.Run(isSecondary: false, glyphs: 0..<line.glyphs.count)] }
            return finished(line)
        }
        var start = scalars.startIndex
        while start < scalars.endIndex {
            let home = home(of: scalars[start])
            if home == .nowhere {
                line.missing = scalars[start]
                return line
            }
            let isSecondary = home == .secondary
            var end = start + 1
            // A space between two East Asian words stays with the primary font, as does everything the primary has.
            while end < scalars.endIndex, self.home(of: scalars[end]) == home { end += 1 }
            let first = line.glyphs.count
            if isSecondary {
                secondary.set(scalars[start..<end], into: &line.glyphs)
            } else {
                primary.shape(scalars[start..<end], with: buffer, into: &line.glyphs)
            }
            line.runs.append(TypeLine.Run(isSecondary: isSecondary, glyphs: first..<line.glyphs.count))
            start = end
        }
        return finished(line)
    }

    private func finished(_ line: TypeLine) -> TypeLine {
        var line = line
        for glyph in line.glyphs { line.width += glyph.advance }
        line.isPlain = isPlain(line)
        // Up to here all letters keep to the line: `É` rises to 0.93 of the size.
        if line.scalars.contains(where: { $0 > 0xFF }) {
            line.missing = TypeCoverage.firstMarkTooMany(in: line.scalars)
            makeRoom(in: &line)
        }
        return line
    }

    /// Gives a line the room that its ink takes: `Ẳ` and stacked marks are higher than other letters, `ď` is wider than its advance.
    private func makeRoom(in line: inout TypeLine) {
        var (pen, left, right) = (0, 0, line.width)
        // Only of the primary font: no East Asian character reaches farther than ``TypeLine`` allows for.
        for run in line.runs {
            for glyph in line.glyphs[run.glyphs] {
                if !run.isSecondary {
                    let ink = inks[Int(glyph.id)]
                    line.ascent = max(line.ascent, glyph.dy + Int(ink.top))
                    line.descent = max(line.descent, -glyph.dy - Int(ink.bottom))
                    left = min(left, pen + glyph.dx + Int(ink.left))
                    right = max(right, pen + glyph.dx + Int(ink.right))
                }
                pen += glyph.advance
            }
        }
        // A `j` may reach out a little, so that all lines begin below each other; a mark without a letter may not.
        line.indent = left < -100 ? -left : 0
        line.width = right + line.indent
    }

    /// Whether each glyph is one character that extraction finds by itself, at its own place.
    private func isPlain(_ line: TypeLine) -> Bool {
        guard line.glyphs.count == line.scalars.count else { return false }
        for run in line.runs {
            for index in run.glyphs {
                let glyph = line.glyphs[index]
                guard glyph.dx == 0, glyph.dy == 0, glyph.cluster == line.scalars.startIndex + index else { return false }
                // A secondary glyph gets the character it was set for in the tail's own ToUnicode.
                if !run.isSecondary, UInt32(characters[Int(glyph.id)]) != line.scalars[glyph.cluster] { return false }
            }
        }
        return true
    }

    /// How far a glyph moves the pen by itself.
    func advance(of glyph: UInt16, isSecondary: Bool) -> Int {
        isSecondary ? secondary.advance(of: UInt32(glyph)) : Int(advances[Int(glyph)])
    }
}

/// A shaped line of text; lengths in thousandths of the type size.
struct TypeLine {
    /// Glyphs of one font.
    struct Run {
        var isSecondary: Bool
        var glyphs: Range<Int>
    }

    let scalars: ArraySlice<UInt32>
    var glyphs: [TypeGlyph] = []
    var runs: [Run] = []
    /// To the rightmost ink, or where the pen ends.
    var width = 0
    /// How far the pen begins to the right of the line's left end, for ink to the left of it.
    var indent = 0
    /// How much height the line needs above and below its base; together 1.2, where DejaVu Sans needs 1.164.
    var ascent = 945
    var descent = 255
    /// A character that neither font can set.
    var missing: UInt32?
    /// False where a reader must be told the text beside the glyphs.
    var isPlain = true

    init(scalars: ArraySlice<UInt32>) { self.scalars = scalars }

    /// Where to break so that each part is at most this wide: after spaces, beside East Asian characters, else anywhere.
    func parts(atMost limit: Int) -> [ArraySlice<UInt32>] {
        var widths = [Int](repeating: 0, count: scalars.count)
        for glyph in glyphs { widths[glyph.cluster - scalars.startIndex] += glyph.advance }
        var parts: [ArraySlice<UInt32>] = []
        var start = 0
        var width = 0
        var lastBreak = 0
        var index = 0
        while index < widths.count {
            let scalar = scalars[scalars.startIndex + index]
            let isEastAsian = scalar >= 0x2E80
            if isEastAsian, index > start { lastBreak = index }
            if width + widths[index] > limit, scalar != 0x20, index > start {
                let end = lastBreak > start ? lastBreak : index
                parts.append(trimmed(start, end))
                start = end
                width = widths[end..<index].reduce(0, +)
                lastBreak = start
            }
            width += widths[index]
            if scalar == 0x20 || isEastAsian { lastBreak = index + 1 }
            index += 1
        }
        parts.append(trimmed(start, widths.count))
        return parts.filter { !$0.isEmpty }
    }

    private func trimmed(_ start: Int, _ end: Int) -> ArraySlice<UInt32> {
        var slice = scalars[scalars.startIndex + start..<scalars.startIndex + end]
        while slice.first == 0x20 { slice.removeFirst() }
        while slice.last == 0x20 { slice.removeLast() }
        return slice
    }
}
