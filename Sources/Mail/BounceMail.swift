/// A mail from the return address's mailbox, and what kind of news it is.
struct BounceMail {
    private let parts: BounceParts
    private let prose: [BounceProse]

    init(_ mail: ArraySlice<UInt8>) {
        parts = BounceParts(mail)
        prose = parts.texts.map { BounceProse($0) }
    }

    /// What the mail says.
    func bounce(depth: Int) -> Bounce {
        // A notice of SES that SNS sends by mail.
        if let text = parts.texts.first.map({ Octets.trimmed($0[...]) }), text.first == UInt8(ascii: "{"), let json = BounceJSON.read(text),
            let event = BounceEvent.read(json, depth: depth + 1)
        {
            return event
        }
        let news = news
        var names = BounceNames()
        names.addOuter(parts.headers)
        for report in parts.reports { addNames(of: report, to: &names) }
        for headers in parts.returned { names.addReturned(headers) }
        for text in prose {
            names.addMessageIDs(prose: text.words)
            if news.isAboutLetter { names.addReturned(text: text.returned) }
        }
        return Bounce(
            kind: news.kind, addresses: names.addresses, messageIDs: names.messageIDs, status: news.status, code: news.code, text: news.text
        )
    }

    /// What is told about the letter, apart from which it is.
    private struct News {
        var kind: Bounce.Kind
        var status = ""
        var code = 0
        var text = ""

        /// Whether what is quoted in a text is the letter: a person quotes other mails as well.
        var isAboutLetter: Bool { kind != .other }
    }

    private var news: News {
        if let feedback { return News(kind: feedback) }
        if parts.reports.contains(where: { $0.kind == .disposition }) { return News(kind: .autoReply) }
        if let news = reported { return news }
        let subject = parts.headers.text("subject")[...]
        if isBounce(subject) { return told(subject) }
        return News(kind: BounceReply.isAutomatic(parts.headers, subject) ? .autoReply : .other)
    }

    // MARK: Complaints

    /// A report on spam (RFC 5965), or the older way of Microsoft's junk mail reporting: the mail alone; nil: neither.
    private var feedback: Bounce.Kind? {
        if let report = parts.reports.first(where: { $0.kind == .feedback }) {
            var content = report.content.drop(while: Octets.isSpace)
            let fields = BounceHeaders(reading: &content)
            // "Not spam", and reports for whoever runs the domain (RFC 6591), are no complaints.
            return ["not-spam", "auth-failure", "dmarc"].contains(fields.token("feedback-type")) ? .other : .complaint
        }
        if parts.headers.parameter("report-type", of: "content-type").map(Octets.lowerString) == "feedback-report" { return .complaint }
        return parts.returned.contains { $0.has("x-hmxmroriginalrecipient") } ? .complaint : nil
    }

    // MARK: Reports

    private static let mostRecipients = 16
    /// Of an address (RFC 5321 4.5.3.1.3, with its brackets).
    private static let longestAddress = 256

    /// What the reports on delivery say; nil: there are none, or they name no recipient.
    private var reported: News? {
        // A letter of ours has one recipient; each of a report costs a look through all of its text.
        let recipients = Array(
            parts.reports.filter { $0.kind == .delivery }.lazy.flatMap { BounceReport($0.content).recipients }.prefix(Self.mostRecipients))
        return Self.gravest(recipients.map { news(of: $0, isOnly: recipients.count == 1) })
    }

    private func news(of recipient: BounceRecipient, isOnly: Bool) -> News {
        let names = Self.names(of: recipient.addresses)
        let about = prose.lazy.flatMap(\.blocks).filter { block in
            isOnly
                || recipient.addresses.contains { address in
                    address.count <= Self.longestAddress && Octets.contains(Octets.lowerString(address), in: block.text[...])
                }
        }
        var verdict = BounceVerdict()
        verdict.action = recipient.action
        verdict.isProgram = recipient.isProgram
        verdict.phrases = BouncePhrases.read(recipient.diagnostic[...], names: names)
        // What the server itself said is nearer to the truth than what the reporting one made of it.
        let said = BounceCodes.status(in: recipient.diagnostic[...])
        verdict.status =
            recipient.status.isEmpty || !said.isEmpty && !said.hasSuffix(".0") || recipient.status.hasSuffix(".0.0") && !said.isEmpty
            ? said : recipient.status
        if let stage = about.lazy.map(\.stage).first(where: { $0 != .recipient }) { verdict.stage = stage }
        verdict.code = BounceCodes.reply(in: recipient.diagnostic[...])?.code ?? 0
        var news = News(
            kind: verdict.kind ?? .soft, status: verdict.status, code: verdict.code,
            text: Self.clean(recipient.diagnostic[...], of: recipient.addresses + others))
        let isMute = !recipient.diagnostic.contains(where: Octets.isLetter)
        let isOpen = verdict.phrases.isEmpty && verdict.isVague
        guard isMute || isOpen, verdict.action != "delivered" else { return news }

        // A report that says nothing itself: what people are told.
        var best: (verdict: BounceVerdict, text: String)?
        for block in about {
            var told = verdict
            told.phrases = BouncePhrases.read(block.text[...], names: names)
            let reply = BounceCodes.reply(in: block.text[...])
            if told.code == 0 { told.code = reply?.code ?? 0 }
            if told.status.isEmpty { told.status = BounceCodes.status(in: block.text[...]) }
            guard !told.phrases.isEmpty || reply != nil else { continue }
            if let best {
                // Of equals the one with a reply in it.
                let order = BounceVerdict.rank(told.kind) - BounceVerdict.rank(best.verdict.kind)
                guard order > 0 || order == 0 && best.verdict.code == 0 && told.code > 0 else { continue }
            }
            best = (told, Self.clean(block.said(without: names), of: recipient.addresses + others))
        }
        if let best {
            if isOpen { (news.kind, news.status) = (best.verdict.kind ?? news.kind, best.verdict.status) }
            news.code = best.verdict.code
            if isMute { news.text = best.text }
        }
        return news
    }

    // MARK: Texts

    /// What a bounce without a report says in words.
    private func told(_ subject: ArraySlice<UInt8>) -> News {
        let addresses = others
        let names = Self.names(of: addresses)
        let isDelayed = BounceReply.isDelay(subject) || prose.contains { BounceReply.isDelay($0.words) }
        if Octets.containsAny(["(success)", "(relay)", "(relayed)", "(expanded)"], in: subject) { return News(kind: .delivered) }
        let found = prose.lazy.flatMap(\.blocks).compactMap { block -> News? in
            var verdict = BounceVerdict()
            verdict.stage = block.stage
            verdict.phrases = BouncePhrases.read(block.text[...], names: names)
            verdict.status = BounceCodes.status(in: block.text[...])
            let reply = BounceCodes.reply(in: block.text[...])
            verdict.code = reply?.code ?? 0
            if isDelayed { verdict.action = "delayed" }
            // A number alone is a version or an address; a reply code that stands alone is a reply.
            if verdict.phrases.isEmpty, verdict.code == 0, verdict.status.hasPrefix("2.") { return nil }
            guard let kind = verdict.kind, !(isDelayed && verdict.phrases.isEmpty && verdict.code == 0 && verdict.status.isEmpty) else {
                return nil
            }
            let said = block.said(without: names)
            return News(kind: kind, status: verdict.status, code: verdict.code, text: Self.clean(said, of: addresses))
        }
        return Self.gravest(Array(found)) ?? News(kind: .soft)
    }

    /// Whether a mail without a report tells of a failed delivery.
    private func isBounce(_ subject: ArraySlice<UInt8>) -> Bool {
        let headers = parts.headers
        if headers.has("x-failed-recipients")
            || headers.parameter("report-type", of: "content-type").map(Octets.lowerString) == "delivery-status"
        {
            return true
        }
        let isNull = headers.all("return-path").contains { Octets.trimmed($0).elementsEqual("<>".utf8) }
        let isServer = ["from", "sender", "return-path"].contains { headers.all($0).contains { BounceReply.isDaemon($0) } }
        // Answers come without a return path as well (RFC 3834 3.3), and a person away may write of mail that was not delivered.
        if !isServer, BounceReply.isAnswer(subject: subject) { return false }
        let isDaemon = isNull || isServer
        let isSubject = BounceReply.isFailure(subject: subject)
        let isText = prose.contains { BounceReply.isFailure(text: $0.words) }
        return isDaemon ? isSubject || isText : isSubject && (isText || parts.hasReturned)
    }

    // MARK: Pieces

    /// The gravest of several; of equals the one that says something, then the first.
    private static func gravest(_ news: [News]) -> News? {
        var gravest: News?
        for news in news {
            guard let known = gravest else {
                gravest = news
                continue
            }
            let order = BounceVerdict.rank(news.kind) - BounceVerdict.rank(known.kind)
            if order > 0 || order == 0 && known.code == 0 && known.status.isEmpty && news.code + news.status.utf8.count > 0 {
                gravest = news
            }
        }
        return gravest
    }

    /// Who else the mail is about: as X-Failed-Recipients, and as the returned letter names its reader.
    private var others: [[UInt8]] {
        var found = parts.headers.all("x-failed-recipients").map { Array($0) }
        for headers in parts.returned { found += headers.all("to").map { BounceDecoding.words($0) } }
        for text in prose {
            var rest = text.returned.prefix(16384).drop(while: Octets.isSpace)
            found += BounceHeaders(reading: &rest).all("to").map { BounceDecoding.words($0) }
        }
        return Array(found.prefix(16))
    }

    /// The words that stand for a recipient in a diagnostic: local parts and domains.
    private static func names(of values: [[UInt8]]) -> Set<[UInt8]> {
        var names: Set<[UInt8]> = []
        for value in values {
            for address in BounceNames.addresses(in: value[...], most: 4) {
                let bytes = Array(address.utf8)
                guard let at = bytes.lastIndex(of: UInt8(ascii: "@")) else { continue }
                names.insert(Array(bytes[..<at]))
                names.insert(Array(bytes[(at + 1)...]))
            }
        }
        return names
    }

    /// A diagnostic fit to be stored: each recipient's address and name taken out.
    static func clean(_ diagnostic: ArraySlice<UInt8>, of recipients: [[UInt8]]) -> String {
        // What is shown has 200 characters; the last word may be half an address.
        var kept = diagnostic.prefix(1000)
        if kept.count < diagnostic.count {
            while let last = kept.last, !Octets.isSpace(last) { kept.removeLast() }
        }
        var bytes = Array(kept)
        guard !bytes.isEmpty else { return "" }
        var names: [String] = []
        for value in recipients {
            for address in BounceNames.addresses(in: value[...], most: 4) where !names.contains(address) { names.append(address) }
            if let end = value.firstIndex(of: UInt8(ascii: "<")) {
                let name = Octets.trimmed(value[..<end]).filter { $0 != UInt8(ascii: "\"") }
                // One word alone could be any word: "info".
                if name.count >= 5, name.contains(0x20) { names.append(String(decoding: name, as: UTF8.self)) }
            }
        }
        for name in names.prefix(16) { bytes = Array(ReplyText.safe(bytes, recipient: name).utf8) }
        return ReplyText.safe(bytes, recipient: "")
    }

    private func addNames(of report: BounceParts.Report, to names: inout BounceNames) {
        var rest = report.content.drop(while: Octets.isSpace)
        let fields = BounceHeaders(reading: &rest)
        switch report.kind {
        case .delivery:
            let message = BounceReport(report.content)
            for name in ["x-postfix-sender", "original-envelope-id", "x-sender", "x-original-message-id", "original-message-id"] {
                guard let value = message.messageField(name) else { continue }
                if name.hasSuffix("message-id") { names.addMessageIDs(in: value) } else { names.addAddresses(in: value) }
            }
        case .disposition:
            if let value = fields.first("original-message-id") { names.addMessageIDs(in: value) }
        case .feedback:
            if let value = fields.first("original-mail-from") { names.addAddresses(in: value) }
        }
    }
}

extension BounceVerdict {
    /// Whether neither an action nor a code says what kind of failure it is.
    fileprivate var isVague: Bool {
        var bare = self
        bare.phrases = []
        bare.code = 0
        guard bare.action != "delayed", bare.action != "delivered", bare.kind != .hard else { return false }
        return status.isEmpty || status.hasSuffix(".0") || status == "5.4.4" || status.hasPrefix("5.0.")
    }
}
