/// The direction in which texts run, and numbers in those that run from right to left.
package enum BaseDirection {
    /// Languages that are written from right to left.
    private static let rightToLeft: Set<String> = ["ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "syr", "ug", "ur", "yi"]

    /// Whether pages in this language (BCP 47) are read from the right.
    package static func isRightToLeft(_ language: String) -> Bool {
        rightToLeft.contains(language.lowercased().split(whereSeparator: { $0 == "-" || $0 == "_" }).first.map(String.init) ?? "")
    }

    /// Hebrew, Arabic and their neighbours, Adlam and others beyond the first plane, and the mark of the direction itself.
    private static let rightToLeftLetters: [ClosedRange<UInt32>] = [
        0x590...0x8FF, 0x200F...0x200F, 0xFB1D...0xFDFF, 0xFE70...0xFEFF, 0x10800...0x10FFF, 0x1E800...0x1EFFF
    ]

    /// Whether the first letter of a text is one of those that are written from right to left; nil without a letter.
    static func runsFromTheRight(_ text: String) -> Bool? {
        for scalar in text.unicodeScalars where scalar.properties.isAlphabetic || scalar.value == 0x200F {
            return TypeCoverage.contains(scalar.value, in: rightToLeftLetters)
        }
        return nil
    }

    /// The text with every telephone number kept together.
    ///
    /// By Unicode's rules the groups of `+1 202 555 0100` change places between Arabic words. A number with spaces, brackets or signs in it
    /// is put between U+2066 and U+2069, which have no width. Pango's tags (`<b>`) hold no digits and stay as they are.
    static func isolatingNumbers(in markup: String) -> String {
        var out = ""
        var number = ""
        func isPart(_ character: Character) -> Bool { character.isASCIIDigit || "+()-/. \u{A0}–".contains(character) }
        func close() {
            // What is around the digits belongs to the sentence, but a sign or bracket before them to the number.
            let end = number.lastIndex { $0.isASCIIDigit || $0 == ")" }
            let start = number.firstIndex { $0.isASCIIDigit || $0 == "+" || $0 == "(" }
            if let start, let end, start <= end, number[start...end].contains(where: \.isASCIIDigit),
                number[start...end].contains(where: { !$0.isASCIIDigit })
            {
                out += number[..<start] + "\u{2066}" + number[start...end] + "\u{2069}" + number[number.index(after: end)...]
            } else {
                out += number
            }
            number = ""
        }
        for character in markup {
            if isPart(character) {
                number.append(character)
            } else {
                close()
                out.append(character)
            }
        }
        close()
        return out
    }
}

extension Character {
    /// `0` to `9`.
    var isASCIIDigit: Bool { isASCII && isNumber }
}
