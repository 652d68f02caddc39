/// What may be written as an e-mail address: the part of RFC 5321, 4.1.2 that relays everywhere deliver to.
package enum EmailAddress {
    /// What is wrong with the address, as a sentence's end after "… is not an e-mail address: "; nil where it is fine.
    ///
    /// Fine is `dot.atom@labels.with.dots` or `"quoted"@…`, ASCII only, at most 64 characters before the @ and 254 in all, no white space and no
    /// control characters, and no `-` at the beginning, so that it is never taken for an option. Addresses that need SMTPUTF8 (RFC 6531) are
    /// refused, since one relay on the way that lacks it loses the letter; an international domain is written in its `xn--` form.
    package static func fault(in address: String) -> String? {
        let bytes = Array(address.utf8)
        if bytes.isEmpty { return "it is empty" }
        if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "it holds control characters or a line end" }
        if bytes.contains(0x20) { return "it holds a space" }
        guard let at = bytes.lastIndex(of: UInt8(ascii: "@")) else { return "it has no @" }
        let local = bytes[..<at]
        let domain = bytes[(at + 1)...]
        if local.isEmpty { return "nothing stands before the @" }
        if domain.isEmpty { return "nothing stands after the @" }
        if local.contains(where: { $0 >= 0x80 }) { return "letters outside a-z stand before the @, which not every mail relay can carry" }
        if domain.contains(where: { $0 >= 0x80 }) { return "letters outside a-z stand after the @; write that name in its xn-- form" }
        if bytes.count > 254 { return "it is longer than 254 characters" }
        if local.count > 64 { return "more than 64 characters stand before the @" }
        return fault(inLocal: local) ?? fault(inDomain: domain)
    }

    /// Whether `fault(in:)` finds none.
    package static func isGood(_ address: String) -> Bool { fault(in: address) == nil }

    private static func fault(inLocal local: ArraySlice<UInt8>) -> String? {
        guard let first = local.first, let last = local.last else { return "nothing stands before the @" }
        if first == UInt8(ascii: "-") { return "it begins with a dash" }
        if first == UInt8(ascii: "\"") {
            guard local.count > 2, last == UInt8(ascii: "\"") else { return "its quotes are not closed" }
            var escaped = false
            for byte in local.dropFirst().dropLast() {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    return "its quotes are not closed"
                }
            }
            return escaped ? "its quotes are not closed" : nil
        }
        var dot = true
        for byte in local {
            if byte == UInt8(ascii: ".") {
                if dot { return "a full stop stands first, last or twice before the @" }
                dot = true
            } else {
                if byte == UInt8(ascii: "@") { return "it has more than one @" }
                guard isAtom(byte) else { return "\(Printable.quote(String(Character(Unicode.Scalar(byte))))) may not stand before the @" }
                dot = false
            }
        }
        return dot ? "a full stop stands first, last or twice before the @" : nil
    }

    private static func fault(inDomain domain: ArraySlice<UInt8>) -> String? {
        let labels = domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if labels.contains(where: \.isEmpty) { return "a full stop stands first, last or twice after the @" }
        if labels.count < 2 { return "the name after the @ has no full stop" }
        for label in labels {
            if label.count > 63 { return "a part of the name after the @ is longer than 63 characters" }
            if label.first == UInt8(ascii: "-") || label.last == UInt8(ascii: "-") {
                return "a part of the name after the @ begins or ends with a dash"
            }
            if !label.allSatisfy({ $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") }) {
                return "only letters, digits, dashes and full stops may stand after the @"
            }
        }
        if labels.last?.allSatisfy(\.isASCIIDigit) == true { return "a name, not a number, must stand after the @" }
        return nil
    }

    /// `atext` of RFC 5322, 3.2.3.
    private static func isAtom(_ byte: UInt8) -> Bool { byte.isASCIILetterOrDigit || atomPunctuation.contains(byte) }
    private static let atomPunctuation = Array("!#$%&'*+-/=?^_`{|}~".utf8)
}
