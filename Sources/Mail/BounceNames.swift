/// The names that a mail gives a letter of ours: addresses that may carry its mark, and Message-IDs.
struct BounceNames {
    /// More of each are not handed out, and twice as many values not looked at.
    private static let most = 16

    private(set) var addresses: [String] = []
    private(set) var messageIDs: [String] = []
    /// This mail's own Message-IDs, which name nothing of ours.
    private var own: Set<String> = []

    /// Takes the addresses that stand in a value, in order.
    mutating func addAddresses(in value: ArraySlice<UInt8>) {
        for address in Self.addresses(in: value, most: Self.most) where addresses.count < Self.most && !addresses.contains(address) {
            addresses.append(address)
        }
    }

    /// Takes the Message-IDs that stand in a value.
    mutating func addMessageIDs(in value: ArraySlice<UInt8>) {
        for id in Self.messageIDs(in: value) where messageIDs.count < Self.most && !own.contains(id) && !messageIDs.contains(id) {
            messageIDs.append(id)
        }
    }

    /// The names in the header of the mail itself: whom it was sent to, and what it answers.
    mutating func addOuter(_ headers: BounceHeaders) {
        for value in headers.all("message-id") { own.formUnion(Self.messageIDs(in: value)) }
        for name in [
            "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "original-recipient", "x-original-recipient",
            "x-rcpt-to",
            "x-forwarded-to", "to", "cc", "resent-to", "apparently-to"
        ] {
            for value in headers.all(name).prefix(8) { addAddresses(in: value) }
        }
        for name in ["in-reply-to", "references", "x-original-message-id", "original-message-id"] {
            for value in headers.all(name).prefix(4) { addMessageIDs(in: value) }
        }
    }

    /// The names in the header of a returned letter.
    mutating func addReturned(_ headers: BounceHeaders) {
        for name in ["return-path", "x-envelope-from", "x-original-return-path", "errors-to", "sender", "x-sender", "from", "reply-to"] {
            for value in headers.all(name).prefix(4) { addAddresses(in: value) }
        }
        // Amazon and others put an own one in its place and keep ours beside it.
        for name in ["message-id", "x-original-message-id", "x-google-original-message-id", "resent-message-id"] {
            for value in headers.all(name).prefix(4) { addMessageIDs(in: value) }
        }
    }

    /// The names in a letter that was returned as text: of its first headers, or of whatever lines look like them.
    mutating func addReturned(text: ArraySlice<UInt8>) {
        var rest = text.drop(while: Octets.isSpace)
        var lines = OctetLines(rest.prefix(32768))
        var kept: [UInt8] = []
        while let line = lines.next() {
            let trimmed = Octets.trimmed(line)
            // Quoted or indented as it may be.
            let bare = trimmed.drop { $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "|") || $0 == 0x20 }
            let isContinued = line.first == 0x20 && bare.first == UInt8(ascii: "<")
            guard
                isContinued
                    || ["return-path:", "errors-to:", "sender:", "from:", "message-id:"].contains(where: { Octets.starts(bare, $0) })
            else { continue }
            if isContinued { kept.append(0x20) }
            kept.append(contentsOf: bare)
            kept.append(0x0A)
        }
        rest = kept[...]
        addReturned(BounceHeaders(reading: &rest))
    }

    /// Takes the Message-IDs out of prose: `Message-ID: <…>`, `The message identifier is: …`.
    mutating func addMessageIDs(prose: ArraySlice<UInt8>) {
        var lines = OctetLines(prose)
        while let line = lines.next() {
            guard
                let place = ["message-id", "message id", "messageid", "message identifier"].lazy.compactMap({ Octets.find($0, in: line) })
                    .first
            else {
                continue
            }
            addMessageIDs(in: line[place...])
        }
    }

    // MARK: Finding

    /// The addresses in a text, in lower case, without what surrounds them, those in brackets first (a name may look like an address);
    /// neither quoted local parts nor address literals.
    static func addresses(in value: ArraySlice<UInt8>, most: Int) -> [String] {
        var found: [String] = []
        var named = 0
        var index = value.startIndex
        var floor = value.startIndex
        while found.count < most, let at = value[index...].firstIndex(of: UInt8(ascii: "@")) {
            index = at + 1
            var start = at
            while start > floor, at - start < 64, isLocal(value[start - 1]) { start -= 1 }
            var end = at + 1
            while end < value.endIndex, end - at < 255, HeaderText.isLetterOrDigit(value[end]) || value[end] == 0x2D || value[end] == 0x2E {
                end += 1
            }
            floor = end
            index = max(index, end)
            while end > at + 1, value[end - 1] == 0x2E || value[end - 1] == 0x2D { end -= 1 }
            guard start < at, end > at + 1, end - start <= 254 else { continue }
            let address = Octets.lowerString(value[start..<end])
            guard !found.contains(address) else { continue }
            if start > value.startIndex, value[start - 1] == UInt8(ascii: "<") {
                found.insert(address, at: named)
                named += 1
            } else {
                found.append(address)
            }
        }
        return found
    }

    /// `atext` and dots (RFC 5322 3.2.3) but for the signs that stand in front of an address in reports: `rfc822;jane@…`, `'jane@…'`.
    private static func isLocal(_ byte: UInt8) -> Bool {
        (HeaderText.isAtomText(byte) || byte == UInt8(ascii: ".")) && byte != UInt8(ascii: "'") && byte != UInt8(ascii: "`")
    }

    /// The Message-IDs in a text, without brackets: what stands in brackets, else the words with an `@` in them.
    static func messageIDs(in value: ArraySlice<UInt8>) -> [String] {
        var found: [String] = []
        var index = value.startIndex
        let isBracketed = value.contains(UInt8(ascii: "<"))
        while index < value.endIndex, found.count < most {
            let start: Int
            let end: Int
            if isBracketed {
                guard let open = value[index...].firstIndex(of: UInt8(ascii: "<")) else { break }
                start = open + 1
                end = value[start...].firstIndex { $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "<") } ?? value.endIndex
                index = end
            } else {
                start = index
                end = value[start...].firstIndex { Octets.isSpace($0) || [0x2C, 0x3B, 0x3E].contains($0) } ?? value.endIndex
                index = end + 1
            }
            let id = Octets.trimmed(value[start..<end])
            guard (3...250).contains(id.count), id.contains(UInt8(ascii: "@")), !id.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) else {
                continue
            }
            found.append(String(decoding: id, as: UTF8.self))
        }
        return found
    }
}
