/// What became of one letter at the relay.
///
/// Every text in it may be stored and shown: one line of at most 200 characters without control characters, addresses, links or tokens
/// (see ``ReplyText``).
package enum SMTPOutcome: Sendable, Equatable {
    /// The relay took the letter: 250 after the final dot. It is the relay's now, which is not yet the voter's.
    case accepted(reply: String)
    /// Not now: any 4xx, with its code; or code 0 when the connection was lost after the login, or the relay was out of step and said
    /// something that is no answer to what was asked. Also any other code that has no business where it came (`999`), as it is.
    ///
    /// With code 0 the text says whether the letter certainly was not accepted, or whether nobody knows: then a second sending may reach
    /// the voter twice, and none may mean never. Sending again is right, with the same Message-ID.
    case deferred(code: Int, reply: String)
    /// Never: any 5xx to RCPT, DATA or the letter itself, 552 (too large) to MAIL; or code 0 when the letter or the recipient's address
    /// cannot be sent at all.
    case refused(code: Int, reply: String)
    /// The relay itself is out of order for us: no connection, no TLS, no login, mail refused for want of a login (530), or our
    /// sender refused: any other 5xx to MAIL, or an address that is none.
    ///
    /// It says nothing about this letter: stop, and try all of them later.
    case unreachable(reason: String)
}

/// A relay's reply made fit to be stored.
enum ReplyText {
    /// Characters of a reply that are kept.
    static let length = 200

    /// Cleans a reply: one line, no control or invisible formatting characters, no personal data, 200 characters at most.
    ///
    /// Relays like to quote: `550 <jane@example.org>: unknown`, `554 blocked https://…`. The recipient becomes `<recipient>` (the local
    /// part alone as well, where it stands as a word of at least three letters), other addresses `<address>`, links `<link>`, and words
    /// with 32 or more base-32 characters in a row, which could be a token, `<token>`.
    static func safe(_ bytes: [UInt8], recipient: String) -> String {
        var scalars = String.UnicodeScalarView()
        // A space is written when something follows it.
        var space = false
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            if HeaderText.isControl(scalar) || scalar == " " {
                space = !scalars.isEmpty
            } else if scalar.value < 0x80 || scalar.properties.generalCategory != .format {
                if space { scalars.append(" ") }
                space = false
                scalars.append(scalar)
            }
        }
        let text = Array(String(scalars).utf8)
        // The whole address first, because it may hold characters that end a word (`o'brien@`).
        let redacted = withoutWords(
            replacing(Array(recipient.utf8), by: "recipient", in: text), local: Array(recipient.utf8.prefix { $0 != UInt8(ascii: "@") }))
        return String(String(decoding: redacted, as: UTF8.self).prefix(length))
    }

    /// Replaces some text wherever it stands, in any case, by `<stand>`.
    static func replacing(_ unwanted: [UInt8], by stand: String, in text: [UInt8]) -> [UInt8] {
        guard !unwanted.isEmpty, text.count >= unwanted.count else { return text }
        let wanted = unwanted.map(lowercase)
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if index + wanted.count <= text.count, lowercase(text[index]) == wanted[0],
                zip(wanted, text[index..<(index + wanted.count)]).allSatisfy({ $0 == lowercase($1) })
            {
                index += wanted.count
                append(stand, before: index, of: text, to: &out)
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return out
    }

    /// Replaces the words that could be personal data or open something.
    private static func withoutWords(_ text: [UInt8], local: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var start = 0
        for index in 0...text.count where index == text.count || endsWord(text[index]) {
            let word = text[start..<index]
            if let stand = replacement(for: word, local: local) {
                append(stand, before: index, of: text, to: &out)
            } else {
                out.append(contentsOf: word)
            }
            if index < text.count { out.append(text[index]) }
            start = index + 1
        }
        return out
    }

    /// Appends what stands for something else, in angle brackets unless the relay wrote some around it already.
    private static func append(_ stand: String, before index: Int, of text: [UInt8], to out: inout [UInt8]) {
        let bracketed = out.last == UInt8(ascii: "<") && index < text.count && text[index] == UInt8(ascii: ">")
        if !bracketed { out.append(UInt8(ascii: "<")) }
        out.append(contentsOf: stand.utf8)
        if !bracketed { out.append(UInt8(ascii: ">")) }
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x22, 0x27, 0x28, 0x29, 0x2C, 0x3B, 0x3C, 0x3E, 0x5B, 0x5D: return true
        default: return false
        }
    }

    /// What stands for a word that must not be kept, or nil for a harmless one.
    private static func replacement(for word: ArraySlice<UInt8>, local: [UInt8]) -> String? {
        var run = 0
        var previous: UInt8 = 0
        var address = false
        var token = false
        for byte in word {
            if byte == UInt8(ascii: "/"), previous == UInt8(ascii: "/") { return "link" }
            if byte == UInt8(ascii: "@") { address = true }
            let lower = lowercase(byte)
            run = (0x61...0x7A).contains(lower) || (0x32...0x37).contains(lower) ? run + 1 : 0
            if run >= 32 { token = true }
            previous = byte
        }
        if address { return "address" }
        if token { return "token" }
        let bare = word.last == UInt8(ascii: ":") || word.last == UInt8(ascii: ".") ? word.dropLast() : word
        if local.count >= 3, bare.count == local.count, zip(bare, local).allSatisfy({ lowercase($0) == lowercase($1) }) {
            return "recipient"
        }
        return nil
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
