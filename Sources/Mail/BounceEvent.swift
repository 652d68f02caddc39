/// A notice of Amazon SES, bare or as SNS, SQS, EventBridge and Lambda wrap it (`notificationType` and `eventType` are two
/// names of one thing).
enum BounceEvent {
    /// What a notice says; nil: it is none.
    static func read(_ json: BounceJSON, depth: Int) -> Bounce? {
        guard depth < 8 else { return nil }
        let kind = json["notificationType"]?.word ?? json["eventType"]?.word ?? ""
        if !kind.isEmpty { return event(kind, json, depth: depth) }
        // SNS: the notice is a text in `Message`; a subscription's confirmation holds a sentence there.
        for name in ["Message", "Body", "body"] {
            guard let text = json[name]?.bytes else { continue }
            let trimmed = Octets.trimmed(text[...])
            guard let first = trimmed.first, first == UInt8(ascii: "{"), let inner = BounceJSON.read(trimmed) else { continue }
            return read(inner, depth: depth + 1)
        }
        for name in ["Sns", "detail"] {
            if let inner = json[name], let bounce = read(inner, depth: depth + 1) { return bounce }
        }
        for inner in (json["Records"] ?? json["Messages"] ?? json).elements.prefix(1) {
            if let bounce = read(inner, depth: depth + 1) { return bounce }
        }
        return nil
    }

    private static func event(_ kind: String, _ json: BounceJSON, depth: Int) -> Bounce? {
        var names = BounceNames()
        let mail = json["mail"]
        if let source = mail?["source"]?.bytes { names.addAddresses(in: BounceDecoding.words(source[...])[...]) }
        for header in (mail?["headers"]?.elements ?? []).prefix(200) {
            let name = header["name"]?.word ?? ""
            guard let value = header["value"]?.bytes else { continue }
            switch name {
            case "return-path", "sender", "errors-to", "from": names.addAddresses(in: value[...])
            case "message-id", "x-original-message-id": names.addMessageIDs(in: value[...])
            default: break
            }
        }
        let common = mail?["commonHeaders"]
        for name in ["returnPath", "sender"] {
            if let value = common?[name]?.bytes { names.addAddresses(in: value[...]) }
        }
        for value in (common?["from"]?.elements ?? []).prefix(4).compactMap(\.bytes) { names.addAddresses(in: value[...]) }
        if let id = common?["messageId"]?.bytes { names.addMessageIDs(in: id[...]) }

        let news: Bounce
        switch kind {
        case "bounce": news = bounce(json["bounce"] ?? .other)
        case "complaint":
            let type = json["complaint"]?["complaintFeedbackType"]?.word ?? ""
            news = .nothing.with(["not-spam", "auth-failure"].contains(type) ? .other : .complaint)
        case "delivery": news = delivery(json["delivery"] ?? .other)
        case "deliverydelay": news = delay(json["deliveryDelay"] ?? .other)
        case "reject":
            news = Bounce(
                kind: .soft, addresses: [], messageIDs: [], status: "", code: 0,
                text: BounceMail.clean((json["reject"]?["reason"]?.bytes ?? [])[...], of: []))
        case "received":
            // SES received a mail for us, and hands it on.
            guard let content = json["content"]?.bytes else { return .nothing }
            let isEncoded = json["receipt"]?["action"]?["encoding"]?.word == "base64"
            return Bounce.read(isEncoded ? BounceDecoding.base64(content[...])[...] : content[...], depth: depth + 1)
        default: return .nothing
        }
        return Bounce(
            kind: news.kind, addresses: names.addresses, messageIDs: names.messageIDs, status: news.status, code: news.code, text: news.text
        )
    }

    /// A bounce: SES's word counts where the server's does not say. "Transient" it calls what may be tried again.
    private static func bounce(_ bounce: BounceJSON) -> Bounce {
        let type = bounce["bounceType"]?.word ?? ""
        var gravest: Bounce?
        for recipient in bounce["bouncedRecipients"]?.elements.prefix(100) ?? [] {
            var verdict = BounceVerdict()
            let read = diagnosis(of: recipient, "diagnosticCode", into: &verdict)
            let said = verdict.kind ?? .soft
            let isVague =
                verdict.phrases.isEmpty && (verdict.status.isEmpty || verdict.status.hasSuffix(".0") || verdict.status.hasPrefix("5.0."))
            let kind: Bounce.Kind =
                switch type {
                case "permanent": isVague ? .hard : said
                case "transient": said == .delivered ? .delivered : .soft
                default: said
                }
            if gravest.map({ BounceVerdict.rank(kind) > BounceVerdict.rank($0.kind) }) ?? true { gravest = read.with(kind) }
        }
        return gravest ?? .nothing.with(type == "permanent" ? .hard : .soft)
    }

    private static func delay(_ delay: BounceJSON) -> Bounce {
        var verdict = BounceVerdict()
        guard let recipient = delay["delayedRecipients"]?.elements.first else { return .nothing.with(.soft) }
        return diagnosis(of: recipient, "diagnosticCode", into: &verdict).with(.soft)
    }

    private static func delivery(_ delivery: BounceJSON) -> Bounce {
        let reply = delivery["smtpResponse"]?.bytes ?? []
        let code = reply.prefix(3).allSatisfy(Octets.isDigit) ? Int(String(decoding: reply.prefix(3), as: UTF8.self)) ?? 0 : 0
        let recipients = delivery["recipients"]?.elements.prefix(16).compactMap(\.bytes) ?? []
        return Bounce(
            kind: .delivered, addresses: [], messageIDs: [], status: BounceCodes.status(in: reply[...]), code: code,
            text: BounceMail.clean(reply[...], of: recipients))
    }

    private static func diagnosis(of recipient: BounceJSON, _ name: String, into verdict: inout BounceVerdict) -> Bounce {
        let diagnostic = Octets.trimmed((recipient[name]?.bytes ?? [])[...])
        let said = Octets.starts(diagnostic, "smtp;") ? Octets.trimmed(diagnostic.dropFirst(5)) : diagnostic
        let address = recipient["emailAddress"]?.bytes ?? []
        verdict.action = recipient["action"]?.word ?? ""
        let status = BounceCodes.status(in: (recipient["status"]?.bytes ?? [])[...])
        verdict.status = status.isEmpty || status.hasSuffix(".0") ? BounceCodes.status(in: said) : status
        if verdict.status.isEmpty { verdict.status = status }
        verdict.code = BounceCodes.reply(in: said)?.code ?? 0
        verdict.phrases = BouncePhrases.read(said, names: [])
        return Bounce(
            kind: .soft, addresses: [], messageIDs: [], status: verdict.status, code: verdict.code,
            text: BounceMail.clean(said, of: [address]))
    }
}
