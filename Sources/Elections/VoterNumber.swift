import Foundation

/// Numbers that look alike to a person must be alike to the office: `J128051` with a zero-width space behind it, or in full-width digits,
/// would be another voter with another ballot.
extension VoterID {
    /// Why nobody could tell this number from another by looking at it, and what to do; nil where it is well written.
    ///
    /// Sources: Unicode 16 `General_Category=Cf` and `Default_Ignorable_Code_Point`; NFKC of UAX #15.
    package static func fault(in text: String) -> (what: String, hint: String)? {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        if let hidden = text.unicodeScalars.first(where: isHidden) {
            let code = String(hidden.value, radix: 16, uppercase: true)
            return (
                "holds a character that cannot be seen (U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code))",
                "Type the number again by hand."
            )
        }
        let plain = text.precomposedStringWithCompatibilityMapping
        // Strings are equal in Swift where they are canonically: a letter and its accent may be one character or two.
        guard plain == text else { return ("is written with look-alike characters", "Write \(Printable.quote(plain)).") }
        return nil
    }

    /// The number that a person takes this for.
    static func plain(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        var seen = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !isHidden(scalar) { seen.append(scalar) }
        return fault(in: String(seen)) == nil
            ? String(seen).precomposedStringWithCanonicalMapping : String(seen).precomposedStringWithCompatibilityMapping
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .format || scalar.properties.isDefaultIgnorableCodePoint
    }
}
