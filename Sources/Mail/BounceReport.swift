/// What a report says of one recipient (RFC 3464 2.3).
struct BounceRecipient {
    /// The final and the original recipient, as written, without the type in front.
    var addresses: [[UInt8]] = []
    /// `failed`, `delayed`, …
    var action = ""
    /// The Status field's code; empty: none, or broken.
    var status = ""
    /// The diagnostic without its type, on one line; where there is none, what stands in brackets behind the status.
    var diagnostic: [UInt8] = []
    /// Whether a local program failed (`X-Unix`), and no server said anything.
    var isProgram = false

    /// Reads a group of fields; nil: it is about the message as a whole.
    init?(_ group: BounceHeaders) {
        guard ["final-recipient", "original-recipient", "action", "status", "diagnostic-code"].contains(where: group.has) else {
            return nil
        }
        for name in ["final-recipient", "original-recipient", "x-actual-recipient", "x-display-name"] {
            if let value = group.first(name) { addresses.append(Array(Self.typed(value).value)) }
        }
        action = group.token("action")
        if let end = action.firstIndex(of: " ") { action = String(action[..<end]) }
        let statusField = group.first("status") ?? []
        status = BounceCodes.status(in: statusField)
        if let value = group.first("diagnostic-code") {
            let typed = Self.typed(value)
            diagnostic = Array(typed.value)
            isProgram = typed.type == "x-unix"
        }
        if diagnostic.isEmpty, let open = statusField.firstIndex(of: UInt8(ascii: "(")) {
            diagnostic = Array(statusField[(open + 1)...].prefix { $0 != UInt8(ascii: ")") })
        }
        // Lotus Domino and Exchange say more here than in the diagnostic.
        for name in ["x-notes", "x-supplementary-info"] {
            if let value = group.first(name) { diagnostic.append(contentsOf: [0x20] + value) }
        }
    }

    /// `smtp; 550 …` in two: RFC 3464 types every such field.
    private static func typed(_ value: ArraySlice<UInt8>) -> (type: String, value: ArraySlice<UInt8>) {
        guard let mark = value.firstIndex(of: UInt8(ascii: ";")), mark - value.startIndex <= 20,
            value[..<mark].allSatisfy({ HeaderText.isLetterOrDigit($0) || $0 == 0x2D || $0 == 0x20 })
        else { return ("", value) }
        return (Octets.lowerString(Octets.trimmed(value[..<mark])), Octets.trimmed(value[(mark + 1)...]))
    }
}

/// A report on a delivery (RFC 3464): about the message, and about each recipient.
struct BounceReport {
    /// Recipients that are looked at: a letter of ours has one.
    private static let mostRecipients = 100

    /// The fields about the message as a whole, one group or more.
    private(set) var message: [BounceHeaders] = []
    /// What is said of each recipient.
    private(set) var recipients: [BounceRecipient] = []

    init(_ content: [UInt8]) {
        var rest = content.drop(while: Octets.isSpace)
        while !rest.isEmpty, recipients.count < Self.mostRecipients, message.count < Self.mostRecipients {
            let before = rest.count
            let group = BounceHeaders(reading: &rest)
            if group.isEmpty {
                // A line that is no field: go on behind it.
                if rest.count == before {
                    var lines = OctetLines(rest)
                    _ = lines.next()
                    rest = lines.rest
                }
                continue
            }
            if let recipient = BounceRecipient(group) { recipients.append(recipient) } else { message.append(group) }
        }
        // Some servers part the fields of one recipient by blank lines: what has no address belongs to the one before.
        var merged: [BounceRecipient] = []
        for recipient in recipients {
            guard recipient.addresses.isEmpty, var last = merged.last, last.diagnostic.isEmpty || last.status.isEmpty || last.action.isEmpty
            else {
                merged.append(recipient)
                continue
            }
            if last.action.isEmpty { last.action = recipient.action }
            if last.status.isEmpty { last.status = recipient.status }
            if last.diagnostic.isEmpty { (last.diagnostic, last.isProgram) = (recipient.diagnostic, recipient.isProgram) }
            merged[merged.count - 1] = last
        }
        recipients = merged
    }

    /// The fields about the message, of any group.
    func messageField(_ name: String) -> ArraySlice<UInt8>? { message.lazy.compactMap { $0.first(name) }.first }
}
