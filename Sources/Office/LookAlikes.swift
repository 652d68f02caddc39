import Foundation

/// Letters that are taken for others, by which a text can say something else to a reader than to a program.
enum LookAlikes {
    /// A text with the letters that it shows: full-width, raised and ringed ones as they are typed, Greek and Cyrillic ones as the Latin ones
    /// that nobody can tell them from.
    static func plain(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        var plain = String.UnicodeScalarView()
        for scalar in text.precomposedStringWithCompatibilityMapping.unicodeScalars { plain.append(latin[scalar] ?? scalar) }
        return String(plain)
    }

    /// The first word of a line that mixes alphabets, e.g. a Latin one with a Cyrillic е, or has letters that no keyboard has; nil where there
    /// is none. Latin letters beside Chinese, Arabic or others are fine: nobody takes these for each other.
    static func word(in line: String) -> String? {
        let words = line.unicodeScalars.split {
            !$0.properties.isAlphabetic && !isDressed($0) && $0.properties.canonicalCombiningClass == .notReordered
        }
        return words.first { word in word.contains(where: isDressed) || Set(word.compactMap(Alphabet.init)).count > 1 }
            .map { String(String.UnicodeScalarView($0)) }
    }

    /// Whether it is a Latin letter.
    static func isLatin(_ scalar: Unicode.Scalar) -> Bool { Alphabet(scalar) == .latin }

    /// Alphabets that share shapes.
    private enum Alphabet: Hashable {
        case latin, greek, cyrillic, armenian, cherokee, coptic, lisu

        init?(_ scalar: Unicode.Scalar) {
            switch scalar.value {
            case 0x41...0x5A, 0x61...0x7A, 0xC0...0x24F, 0x250...0x2AF, 0x1D00...0x1D25, 0x1E00...0x1EFF, 0x2C60...0x2C7F, 0xA720...0xA7FF,
                0xAB30...0xAB64, 0xFF21...0xFF3A, 0xFF41...0xFF5A:
                self = .latin
            case 0x370...0x3E1, 0x3F0...0x3FF, 0x1F00...0x1FFF: self = .greek
            case 0x400...0x52F, 0x1C80...0x1C8F, 0xA640...0xA69F: self = .cyrillic
            case 0x531...0x587: self = .armenian
            case 0x13A0...0x13FF, 0xAB70...0xABBF: self = .cherokee
            case 0x3E2...0x3EF, 0x2C80...0x2CFF: self = .coptic
            case 0xA4D0...0xA4FF: self = .lisu
            default: return nil
            }
        }
    }

    /// Whether it is a letter for mathematics or phonetics, or in a ring or a box, that stands for a plain one.
    private static func isDressed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1D400...0x1D7FF, 0x249C...0x24E9, 0x1F110...0x1F189, 0x1D00...0x1D25: true
        default: false
        }
    }

    private static let latin = Dictionary(
        zip(
            "АВЕЅІЈКМНОРСТУХаеѕіјорсухһԁԛԝӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧνο".unicodeScalars,
            "ABESIJKMHOPCTYXaesijopcyxhdqwlABEZHIKMNOPTYXvo".unicodeScalars), uniquingKeysWith: { first, _ in first })
}
