import Foundation

/// Voters made up from ``WorldNames``, the same ones for the same seed, with what their packets must say.
///
/// What is expected of a voter follows from how the voter was made: no rule of the program is asked.
struct WorldVoter: Sendable {
    /// The locale, or the kind of trouble, e.g. `vi`, `vi in NFD`, `he`.
    var kind: String
    var first: String
    var middle = ""
    var last: String
    var suffix = ""
    /// Up to three.
    var residence: [String]
    /// Up to four.
    var mailing: [String]
    var country: String
    /// The first character of the name that no font has, e.g. `U+05D3`.
    var unprintable: String?
    /// Which lines of `mailing` must be written in by hand.
    var byHand: Set<Int> = []
    /// Whether all of it fits on lines of its own, so that even the spaces must come out as they went in.
    var fits = true

    var name: String { [first, middle, last, suffix].filter { !$0.isEmpty }.joined(separator: " ") }

    /// A generator of numbers that gives the same ones on every machine (SplitMix64).
    struct Dice: RandomNumberGenerator {
        private var state: UInt64

        init(_ seed: UInt64) { state = seed }

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// So many voters, every locale in turn; about one in twelve has a name or a line that cannot be printed or fills its box.
    static func make(_ count: Int, seed: UInt64 = 1) -> [WorldVoter] {
        var dice = Dice(seed)
        let odd = Odd.allCases
        return (0..<count).map { index in
            let locale = WorldNames.printable[index % WorldNames.printable.count]
            // 13 has no divisor with the number of locales, so that each locale gets every oddity in time.
            if index % 13 == 12 { return odd[index / 13 % odd.count].voter(locale, &dice) }
            var voter = plain(locale, &dice)
            if index % 5 == 4 { voter.decompose() }
            return voter
        }
    }

    /// A voter of a locale; nothing odd.
    static func plain(_ locale: WorldNames.Locale, _ dice: inout Dice) -> WorldVoter {
        func one(_ list: [String]) -> String { list.randomElement(using: &dice) ?? "" }
        return WorldVoter(
            kind: locale.tag, first: one(locale.given), middle: dice.next().isMultiple(of: 4) ? one(locale.given) : "",
            last: one(locale.family), suffix: dice.next().isMultiple(of: 9) ? one(["Jr.", "III", "III, Jr.", "Sr."]) : "",
            residence: [one(["1234 Rhode Island Ave NW", "5 Cañon de Peña Rd", "77 Kāʻū St"]), "Springfield ES 00001"],
            mailing: [one(locale.streets), one(locale.cities)], country: locale.country)
    }

    private mutating func decompose() {
        kind += " in NFD"
        first = first.decomposedStringWithCanonicalMapping
        last = last.decomposedStringWithCanonicalMapping
        mailing = mailing.map(\.decomposedStringWithCanonicalMapping)
    }

    /// What else a roll may bring.
    private enum Odd: CaseIterable {
        case foreignName, foreignLine, foreignTown, oneLetter, hundredLetters, hundredIdeographs, longLines, spaces, apostrophes

        func voter(_ locale: WorldNames.Locale, _ dice: inout Dice) -> WorldVoter {
            var voter = WorldVoter.plain(locale, &dice)
            voter.kind += ", \(self)"
            let foreign = WorldNames.unprintable.randomElement(using: &dice) ?? locale
            func one(_ list: [String]) -> String { list.randomElement(using: &dice) ?? "" }
            switch self {
            case .foreignName:
                voter.last = one(foreign.given)
                voter.suffix = ""
                voter.unprintable = voter.last.unicodeScalars.first.map { scalar in
                    let digits = String(scalar.value, radix: 16, uppercase: true)
                    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
                }
            case .foreignLine:
                voter.mailing = [one(foreign.streets), "P.O. Box 12 " + one(foreign.cities), one(locale.cities)]
                voter.byHand = [0, 1]
            case .foreignTown:
                voter.mailing = [one(locale.streets), "Flat 3", one(foreign.cities)]
                voter.byHand = [2]
            case .oneLetter:
                (voter.first, voter.middle, voter.suffix) = ("", "", "")
                voter.last = String(one(locale.given).prefix(1))
            case .hundredLetters: voter.fill(Self.repeated(locale.family + locale.given, 100), " ", lines: 1)
            case .hundredIdeographs: voter.fill(Self.repeated(["龘鬱", "麤齉", "뷁쀍"], 100), "", lines: 1)
            case .longLines: voter.fill(Self.repeated(locale.given, 60), " ", lines: 4, Self.repeated(locale.streets + locale.cities, 200))
            case .spaces:
                // A no-break space, an ideographic one, several at once.
                voter.first = one(locale.given) + "\u{A0}" + one(locale.given)
                voter.middle = one(locale.given) + "  " + one(locale.given)
                voter.mailing[0] = "\u{3000}" + one(locale.streets) + " \u{2003} B"
            case .apostrophes:
                voter.first = "A'B’C‘DʼEʻF`G´H′I‛Jˈ"
                voter.last = "K‐L‑M–N—O-P·Q"
            }
            return voter
        }

        private static func repeated(_ words: [String], _ length: Int) -> [String] {
            var chosen: [String] = []
            var total = 0
            var index = 0
            while total < length {
                let word = words[index % words.count]
                chosen.append(word)
                total += word.count + 1
                index += 1
            }
            return chosen
        }
    }

    private mutating func fill(_ names: [String], _ separator: String, lines: Int, _ words: [String] = []) {
        func cut(_ parts: [String], _ length: Int) -> String {
            String(parts.joined(separator: separator).prefix(length)).trimmingCharacters(in: .whitespaces)
        }
        (first, middle, suffix) = ("", "", "")
        last = cut(names, 100)
        if !words.isEmpty { mailing = (0..<lines).map { _ in cut(words, 200) } }
        fits = false
    }
}
