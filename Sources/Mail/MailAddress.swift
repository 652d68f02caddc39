/// An e-mail address, with the name of its owner where there is one.
///
/// Once made it is safe to put into a header and into an SMTP command: the address is `local@domain` in ASCII without spaces, quotes,
/// brackets or control characters, the name has no control characters or line separators. It prints as `***`, because addresses and
/// names are personal data and must not reach a log.
package struct MailAddress: Sendable, Hashable {
    /// `local@domain`, as written.
    package let address: String
    /// The display name without surrounding spaces, or nil.
    package let name: String?

    /// Checks an address and a name.
    ///
    /// The local part may hold letters, digits, dots anywhere (some Japanese carriers gave out `a..b@`) and ``!#$%&'*+-/=?^_`{|}~``,
    /// 64 bytes at most (RFC 5321 4.5.3.1.1); the domain is dot-separated labels of letters, digits and hyphens; 254 bytes in all.
    /// Quoted local parts, address literals and addresses beyond ASCII (RFC 6531) are refused: too few relays take them.
    /// An empty name, or one of spaces only, counts as none.
    /// - Throws: `MailError` with code `badAddress`. The message does not repeat the address.
    package init(_ address: String, name: String? = nil) throws {
        if let problem = MailAddress.problem(in: Array(address.utf8)) {
            throw MailError(.badAddress, problem, hint: "Write it like name@example.org.")
        }
        self.address = address
        var trimmed = name.map { Substring($0) } ?? ""
        while trimmed.first == " " { trimmed.removeFirst() }
        while trimmed.last == " " { trimmed.removeLast() }
        // An encoded word holds some 40 bytes: 1,000 bytes are 25 lines of header. No person's name needs that.
        guard trimmed.utf8.count <= 1000 else {
            throw MailError(.badAddress, "The name beside an e-mail address is longer than 1,000 bytes.")
        }
        guard !trimmed.unicodeScalars.contains(where: HeaderText.isControl) else {
            throw MailError(.badAddress, "The name beside an e-mail address has a control character or a line break in it.")
        }
        self.name = trimmed.isEmpty ? nil : String(trimmed)
    }

    /// The part before the `@`.
    var localPart: Substring { address.prefix(while: { $0 != "@" }) }

    /// The address as it stands in a header: a local part that is no dot-atom (RFC 5322 3.2.3) is quoted, which means the same.
    var headerForm: String {
        let local = localPart
        let atoms = local.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard atoms.contains(where: \.isEmpty) else { return address }
        return "\"\(local)\"\(address.dropFirst(local.count))"
    }

    private static func problem(in bytes: [UInt8]) -> String? {
        guard !bytes.isEmpty else { return "The e-mail address is empty." }
        guard bytes.count <= 254 else { return "The e-mail address is longer than 254 characters." }
        for byte in bytes {
            if byte <= 0x20 || byte == 0x7F { return "The e-mail address has a space or a control character in it." }
            if byte >= 0x80 { return "The e-mail address has a letter that is not ASCII in it." }
        }
        guard let at = bytes.firstIndex(of: UInt8(ascii: "@")), bytes.lastIndex(of: UInt8(ascii: "@")) == at else {
            return "The e-mail address does not have exactly one @ in it."
        }
        guard at > 0 else { return "The e-mail address has nothing before the @." }
        guard at <= 64 else { return "The e-mail address has more than 64 characters before the @." }
        for byte in bytes[..<at] where !(HeaderText.isAtomText(byte) || byte == UInt8(ascii: ".")) {
            return "The e-mail address has a character before the @ that does not belong there."
        }
        var label = 0
        var previous = UInt8(ascii: ".")
        for byte in bytes[(at + 1)...] {
            if byte == UInt8(ascii: ".") {
                if label == 0 || previous == UInt8(ascii: "-") { return "The e-mail address's domain has an empty or broken part." }
                label = 0
            } else if HeaderText.isLetterOrDigit(byte) || (byte == UInt8(ascii: "-") && label > 0) {
                label += 1
                if label > 63 { return "The e-mail address's domain has a part longer than 63 characters." }
            } else {
                return "The e-mail address's domain has a character that does not belong there."
            }
            previous = byte
        }
        guard label > 0, previous != UInt8(ascii: "-") else { return "The e-mail address's domain has an empty or broken part." }
        return nil
    }
}

extension MailAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    /// Without children, so that `dump` and failure messages of tests do not show the address either.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
