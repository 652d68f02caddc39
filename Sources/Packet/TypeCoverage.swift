/// Which characters the packet's own font sets, and which go to the second one.
///
/// The base embeds a subset of DejaVu Sans with exactly ``primary``; only scripts that run from left to right and need no
/// reordering are in it. ``secondary`` is what a tail may set from the East Asian font. A character in neither is not
/// printable: a font may well have a picture of it, but Arabic without joining or Devanagari without reordering is
/// not the voter's name.
enum TypeCoverage {
    /// Latin (with Vietnamese), Greek (with polytonic), Cyrillic, Armenian, Georgian, raised letters (`3ᵉ étage`), and the marks used beside them.
    static let primary: [ClosedRange<UInt32>] = [
        0x20...0x7E, 0xA0...0xAC, 0xAE...0x2FF, 0x300...0x34E, 0x350...0x36F, 0x370...0x3FF, 0x400...0x52F, 0x531...0x58A,
        0x10A0...0x10FF, 0x1D2C...0x1D6A, 0x1E00...0x1FFF, 0x2010...0x2027, 0x2030...0x205E, 0x2070...0x209F, 0x20A0...0x20BF,
        0x2100...0x214F
    ]

    /// Han, kana, bopomofo, Hangul and the full-width forms, and the numerals, minus and marks of East Asian addresses (`甲２−８ コーポⅡ`).
    static let secondary: [ClosedRange<UInt32>] = [
        0x2150...0x217F, 0x2212...0x2212, 0x2460...0x24FF, 0x25A0...0x25EF,
        0x2E80...0x2FDF, 0x3001...0x303F, 0x3041...0x30FF, 0x3105...0x312F, 0x3131...0x318E, 0x31A0...0x31BF, 0x31C0...0x31E3,
        0x31F0...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFF01...0xFFEF, 0x20000...0x2FA1F
    ]

    /// How many marks may stand on one letter. No language has more than four; a pile without end would leave its box.
    static let marksOnALetter = 8

    /// The first mark that is one too many on its letter, if any.
    static func firstMarkTooMany(in scalars: ArraySlice<UInt32>) -> UInt32? {
        var marks = 0
        for scalar in scalars {
            marks = (0x300...0x36F).contains(scalar) ? marks + 1 : 0
            if marks > marksOnALetter { return scalar }
        }
        return nil
    }

    /// Whether a scalar is in one of the ranges, which are sorted.
    static func contains(_ scalar: UInt32, in ranges: [ClosedRange<UInt32>]) -> Bool {
        for range in ranges {
            if scalar < range.lowerBound { return false }
            if scalar <= range.upperBound { return true }
        }
        return false
    }

    /// Every space of Unicode, which is set (and extracted) as the plain one.
    static func isSpace(_ scalar: UInt32) -> Bool {
        scalar == 0x20 || scalar == 0xA0 || scalar == 0x1680 || (0x2000...0x200A).contains(scalar) || scalar == 0x202F
            || scalar == 0x205F || scalar == 0x3000 || scalar == 0x09
    }
}
