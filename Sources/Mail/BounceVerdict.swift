/// What became of a letter to one address, from the little that a server says: the rules.
struct BounceVerdict {
    /// What was going on when the server refused: the same words mean something else at different times.
    enum Stage {
        /// Nobody knows, or the recipient was named.
        case recipient
        /// Before: greeting, EHLO, MAIL FROM. The refusal is about us.
        case sender
        /// After: the address had been accepted, what is refused is the letter.
        case letter
    }

    /// `failed`, `delayed`, `delivered`, `relayed` or `expanded` (RFC 3464 2.3.3); empty: not said.
    var action = ""
    /// `5.1.1`; empty: not said.
    var status = ""
    /// `550`; 0: not said.
    var code = 0
    /// Whether a program that delivers there failed, and no server refused (RFC 3464 `X-Unix`).
    var isProgram = false
    var stage = Stage.recipient
    var phrases: BouncePhrases = []

    /// Hard, soft or delivered; nil: nothing here says.
    ///
    /// In this order: what the report says was done; whom the refusal is about; words that leave no doubt; a status code that leaves none
    /// (RFC 3463); words and codes that leave some. Where doubt is left the failure is soft: only a certain one may end the sending.
    var kind: Bounce.Kind? {
        switch action {
        case "delivered", "relayed", "expanded": return .delivered
        case "delayed": return .soft
        default: break
        }
        let isSuccess = status.hasPrefix("2.") && action.isEmpty
        if isSuccess { return .delivered }
        if stage == .sender || phrases.contains(.passing) { return .soft }
        if phrases.contains(.gone) { return isProgram && phrases.contains(.refused) ? .soft : .hard }
        if phrases.contains(.unknown) {
            // Some carriers' filters (Japanese mobile networks above all) accept every recipient and call the reader unknown after the
            // letter's last line when they throw it away.
            if stage == .letter, statusMeaning != .gone { return .soft }
            return isProgram && phrases.contains(.refused) ? .soft : .hard
        }
        switch statusMeaning {
        case .gone: return isProgram && phrases.contains(.refused) ? .soft : .hard
        case .disabled: return phrases.contains(.refused) ? .soft : .hard
        case .passing: return .soft
        case .vague: break
        }
        if phrases.contains(.refused) { return .soft }
        if phrases.contains(.unavailable), stage == .recipient, code == 0 ? status.hasPrefix("5.") : (550...559).contains(code) {
            return .hard
        }
        return phrases.isEmpty && status.isEmpty && code == 0 && action.isEmpty ? nil : .soft
    }

    private enum Meaning { case gone, disabled, passing, vague }

    /// What a status code says alone.
    private var statusMeaning: Meaning {
        switch status {
        // Bad mailbox, bad system, bad syntax, moved (RFC 3463 3.2), null MX (RFC 7505 4.2); and of Exchange Online: unknown at a remote
        // server, a domain without DNS. The mailbox or the domain belongs to somebody else by now (RFC 7293).
        case "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.1.351", "5.4.310", "5.7.17", "5.7.18": return .gone
        // Exchange Online, of an address that is not in the tenant's list: "Recipient address rejected: Access denied".
        case "5.4.1": return phrases.contains(.unavailable) ? .gone : .passing
        // "Mailbox disabled, not accepting messages": closed, unless the words speak of something else.
        case "5.2.1": return .disabled
        case "", "5.0.0", "5.1.0", "5.5.0": return .vague
        // The sender's address (RFC 3463 3.2, RFC 7505), mailbox, system, network, protocol, content and policy (RFC 3463 3.3 to 3.8).
        default: return status.hasPrefix("5.0.") ? .vague : .passing
        }
    }

    /// Of several recipients' verdicts the one that counts: the certain failure, then any failure, then success.
    static func gravest(_ kinds: some Sequence<Bounce.Kind?>) -> Bounce.Kind? {
        var gravest: Bounce.Kind?
        for case let kind? in kinds where rank(kind) > rank(gravest) { gravest = kind }
        return gravest
    }

    static func rank(_ kind: Bounce.Kind?) -> Int {
        switch kind {
        case .hard: 3
        case .soft: 2
        case .delivered: 1
        default: 0
        }
    }
}

/// Codes in a server's words.
enum BounceCodes {
    /// The enhanced status code (RFC 3463) in a text, `(#5.1.1)` of qmail included: the first of class 4 or 5 that says something
    /// (`5.1.0 - Unknown address error 550-'5.2.2 …` is 5.2.2), else the first of these, else the first of class 2; empty: none.
    static func status(in text: ArraySlice<UInt8>) -> String {
        var found = ""
        var index = text.startIndex
        var previous: UInt8 = 0x20
        while index < text.endIndex {
            let byte = text[index]
            if byte == 0x32 || byte == 0x34 || byte == 0x35, !HeaderText.isLetterOrDigit(previous), previous != UInt8(ascii: "."),
                let status = statusHere(text[index...])
            {
                if byte != 0x32, !status.hasSuffix(".0") { return status }
                if found.isEmpty || found.hasPrefix("2") && byte != 0x32 { found = status }
            }
            previous = byte
            index += 1
        }
        return found
    }

    /// `5.1.1` where the text begins with one that ends there: an IP address has one dot more.
    private static func statusHere(_ text: ArraySlice<UInt8>) -> String? {
        var index = text.startIndex + 1
        for _ in 0..<2 {
            guard index < text.endIndex, text[index] == UInt8(ascii: ".") else { return nil }
            index += 1
            let start = index
            while index < text.endIndex, index - start < 4, Octets.isDigit(text[index]) { index += 1 }
            guard (1...3).contains(index - start) else { return nil }
        }
        if index < text.endIndex {
            if HeaderText.isLetterOrDigit(text[index]) { return nil }
            if text[index] == UInt8(ascii: "."), index + 1 < text.endIndex, Octets.isDigit(text[index + 1]) { return nil }
        }
        return String(decoding: text[text.startIndex..<index], as: UTF8.self)
    }

    /// The first reply code of class 4 or 5 that stands as a word with more behind it, and where.
    static func reply(in text: ArraySlice<UInt8>) -> (code: Int, place: Int)? {
        var index = text.startIndex
        var previous: UInt8 = 0x20
        while index + 2 < text.endIndex {
            let first = text[index]
            let second = text[index + 1]
            let third = text[index + 2]
            if first == 0x34 || first == 0x35, (0x30...0x37).contains(second), Octets.isDigit(third),
                Octets.isSpace(previous) || [0x28, 0x3A, 0x3B, 0x3C, 0x22, 0x27, 0x3E, 0x5B].contains(previous)
            {
                let next = index + 3 < text.endIndex ? text[index + 3] : 0x20
                if Octets.isSpace(next) || next == UInt8(ascii: "-") || next == UInt8(ascii: "/") || next == UInt8(ascii: ":") {
                    return (Int(first - 0x30) * 100 + Int(second - 0x30) * 10 + Int(third - 0x30), index)
                }
            }
            previous = first
            index += 1
        }
        return nil
    }
}
