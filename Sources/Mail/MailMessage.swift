/// One letter by e-mail: what it says and to whom, and its bytes as they go over the wire (RFC 5322, MIME).
///
/// Whatever is put into the fields, the bytes are one well-formed message with the headers that the fields name: line breaks and other
/// control characters become spaces in headers. It prints as `***`, because it holds an address and a link.
package struct MailMessage: Sendable {
    /// The office, as the voter sees it.
    package var from: MailAddress
    /// The one recipient; a letter has a link in it, so there is never a second one.
    package var to: MailAddress
    /// Where an answer goes, if not to `from`.
    package var replyTo: MailAddress?
    /// One line in any script.
    package var subject: String
    /// When it was written, in seconds since 1970 (UTC).
    package var date: Int64
    /// `left@right`, unique for each message, with or without angle brackets. The same letter sent again keeps its id.
    package var messageID: String
    /// BCP 47 tag of the language that it is written in, e.g. `es-US`; several separated by commas; empty leaves the header out.
    package var language: String
    /// The plain text: any line ends; each comes out as CRLF, and one is added at the end where it is missing.
    package var text: String
    /// The same in HTML, or nil for a letter in plain text only.
    package var html: String?
    /// More headers as name and value, in order, e.g. `("List-Unsubscribe", "<mailto:…>")`.
    ///
    /// A name that is no field name (RFC 5322 3.6.8: printable ASCII without colon, here 60 bytes at most) and one that the message
    /// writes itself (`From`, `Subject`, `Content-Type`, …) or that would add a recipient (`Cc`, `Bcc`) are left out.
    package var extraHeaders: [(String, String)]

    /// A letter from its parts.
    package init(
        from: MailAddress, to: MailAddress, replyTo: MailAddress? = nil, subject: String, date: Int64, messageID: String, language: String,
        text: String, html: String? = nil, extraHeaders: [(String, String)] = []
    ) {
        self.from = from
        self.to = to
        self.replyTo = replyTo
        self.subject = subject
        self.date = date
        self.messageID = messageID
        self.language = language
        self.text = text
        self.html = html
        self.extraHeaders = extraHeaders
    }

    /// The message: header and body, CRLF line ends, nothing beyond ASCII, no line over 998 bytes, the same for the same fields.
    ///
    /// Dots at the start of a line are not doubled: the connection does that.
    package var bytes: [UInt8] {
        let plain = BodyText.canonical(text)
        let rich = html.map { BodyText.canonical($0) }
        var out: [UInt8] = []
        out.reserveCapacity(1200 + (plain.count + (rich?.count ?? 0)) * 3 / 2)
        appendHeader(to: &out)
        guard let rich else {
            appendPart(plain, type: "text/plain", to: &out)
            return out
        }
        // `=_` cannot stand in quoted-printable or base64, and a part that holds it does not travel as 7bit: no body can close the
        // boundary.
        let boundary = Array("=_".utf8) + fingerprint
        out.append(contentsOf: "Content-Type: multipart/alternative; boundary=\"".utf8)
        out.append(contentsOf: boundary)
        out.append(contentsOf: "\"\r\n\r\n--".utf8)
        out.append(contentsOf: boundary)
        out.append(contentsOf: "\r\n".utf8)
        appendPart(plain, type: "text/plain", to: &out)
        out.append(contentsOf: "\r\n--".utf8)
        out.append(contentsOf: boundary)
        out.append(contentsOf: "\r\n".utf8)
        appendPart(rich, type: "text/html", to: &out)
        out.append(contentsOf: "\r\n--".utf8)
        out.append(contentsOf: boundary)
        out.append(contentsOf: "--\r\n".utf8)
        return out
    }

    private func appendHeader(to out: inout [UInt8]) {
        out.append(contentsOf: "Date: ".utf8)
        MailDate.append(date, to: &out)
        out.append(contentsOf: "\r\n".utf8)
        HeaderText.appendField("From", address: from, to: &out)
        HeaderText.appendField("To", address: to, to: &out)
        if let replyTo { HeaderText.appendField("Reply-To", address: replyTo, to: &out) }
        HeaderText.appendField("Subject", text: subject, to: &out)
        out.append(contentsOf: "Message-ID: <".utf8)
        appendMessageID(to: &out)
        // RFC 3834: no vacation answers, please.
        out.append(contentsOf: ">\r\nAuto-Submitted: auto-generated\r\n".utf8)
        let tag = language.utf8.filter { HeaderText.isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ",") }.prefix(200)
        if !tag.isEmpty {
            out.append(contentsOf: "Content-Language: ".utf8)
            out.append(contentsOf: tag)
            out.append(contentsOf: "\r\n".utf8)
        }
        for (name, value) in extraHeaders where MailMessage.mayAdd(name) { HeaderText.appendField(name, text: value, to: &out) }
        out.append(contentsOf: "MIME-Version: 1.0\r\n".utf8)
    }

    /// The id without its brackets and without what cannot stand in one: 250 bytes at most.
    private func appendMessageID(to out: inout [UInt8]) {
        var count = 0
        for byte in messageID.utf8 where HeaderText.isAtomText(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "@") {
            guard count < 250 else { break }
            out.append(byte)
            count += 1
        }
    }

    private func appendPart(_ body: [UInt8], type: String, to out: inout [UInt8]) {
        let encoding = BodyText.encoding(for: body)
        out.append(contentsOf: "Content-Type: ".utf8)
        out.append(contentsOf: type.utf8)
        out.append(contentsOf: "; charset=utf-8\r\nContent-Transfer-Encoding: ".utf8)
        out.append(contentsOf: encoding.rawValue.utf8)
        out.append(contentsOf: "\r\n\r\n".utf8)
        BodyText.append(body, as: encoding, to: &out)
    }

    /// 16 hexadecimal digits that differ between messages: FNV-1a over the message id, nothing secret.
    private var fingerprint: [UInt8] {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in messageID.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return (0..<16).map { digit in
            let value = UInt8(truncatingIfNeeded: hash >> UInt64(60 - 4 * digit)) & 0x0F
            return value < 10 ? 0x30 + value : 0x57 + value
        }
    }

    private static let own: Set<String> = [
        "from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "mime-version", "auto-submitted",
        "content-type", "content-transfer-encoding", "content-language", "resent-to", "resent-cc", "resent-bcc"
    ]

    private static func mayAdd(_ name: String) -> Bool {
        guard (1...60).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") }) else {
            return false
        }
        return !own.contains(name.lowercased())
    }
}

extension MailMessage: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    /// Without children, so that `dump` does not show the link.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The `Date` header's form of a time (RFC 5322 3.3), in UTC.
enum MailDate {
    /// `Tue, 07 Nov 2028 00:00:00 +0000` for 1857081600.
    static func append(_ seconds: Int64, to out: inout [UInt8]) {
        var days = seconds / 86_400
        var rest = seconds % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        // Days to year, month and day in the Gregorian calendar, counted in 400-year eras from 1 March of year 0.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        // 1 January 1970 was a Thursday.
        let weekday = Int(((days % 7) + 7 + 4) % 7)

        append("SunMonTueWedThuFriSat", weekday, to: &out)
        out.append(contentsOf: ", ".utf8)
        append(day, width: 2, to: &out)
        out.append(0x20)
        append("JanFebMarAprMayJunJulAugSepOctNovDec", Int(month) - 1, to: &out)
        out.append(0x20)
        append(year, width: 4, to: &out)
        out.append(0x20)
        append(rest / 3600, width: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        append(rest / 60 % 60, width: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        append(rest % 60, width: 2, to: &out)
        out.append(contentsOf: " +0000".utf8)
    }

    private static func append(_ names: StaticString, _ index: Int, to out: inout [UInt8]) {
        out.append(contentsOf: names.description.utf8.dropFirst(index * 3).prefix(3))
    }

    private static func append(_ value: Int64, width: Int, to out: inout [UInt8]) {
        let digits = String(value)
        for _ in 0..<max(0, width - digits.utf8.count) { out.append(0x30) }
        out.append(contentsOf: digits.utf8)
    }
}
