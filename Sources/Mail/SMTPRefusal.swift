/// What kind of fault a relay names when it refuses a letter for good.
///
/// It decides what a clerk does: an address is corrected or the voter gets post, a full mailbox is tried again some day, the rest is
/// for whoever runs the relay.
package enum RefusalClass: String, Sendable, CaseIterable {
    /// There is no such mailbox or no such domain, or it is shut for good.
    case address
    /// The mailbox is there but takes nothing now: full, or over its quota.
    case mailbox
    /// The letter is larger than the relay or the mailbox takes.
    case size
    /// Somebody does not want mail from us, or like this: relaying, blocklists, spam, authentication.
    case policy
    /// What is in the letter cannot be taken: its form, its encoding, a virus.
    case content
    /// Anything else, and whatever is not understood.
    case other
}

extension SMTPOutcome {
    /// Which kind of fault a refused letter met; nil where it was not refused.
    package var refusalClass: RefusalClass? {
        guard case .refused(let code, let reply) = self else { return nil }
        return RefusalClass(code: code, reply: reply)
    }
}

extension RefusalClass {
    /// The kind of fault that a reply names, also of a deferral (4xx): `452 4.2.2 mailbox full` is `mailbox`.
    ///
    /// The enhanced status code says it (RFC 3463, RFC 5248 and IANA's list of them) where there is one that says anything; then the words;
    /// then the reply code as RFC 5321 4.2.3 has it.
    /// - Parameters:
    ///   - code: the reply's three digits; 0 where there never was a reply.
    ///   - reply: its text as an ``SMTPOutcome`` holds it, with or without the code in front.
    package init(code: Int, reply: String) {
        let words = Words(reply)
        if let status = EnhancedStatus(in: reply), let fault = RefusalClass.fault(of: status, words) {
            self = fault
            return
        }
        if let fault = words.fault {
            self = fault
            return
        }
        self = RefusalClass.fault(ofCode: code, isOfLetter: reply.hasSuffix(RefusalClass.mark))
    }

    /// Nil where the status says nothing that the words could not say better.
    private static func fault(of status: EnhancedStatus, _ words: Words) -> RefusalClass? {
        switch (status.subject, status.detail) {
        // The sender's address is at fault (bad syntax, its domain unknown).
        case (1, 7), (1, 8), (1, 9): return .policy
        case (1, _): return .address
        // Disabled, not accepting messages; mailing list trouble is somebody else's list under that address.
        case (2, 1), (2, 4): return .address
        case (2, 3): return .size
        case (2, 0): return words.fault ?? .mailbox
        case (2, _): return .mailbox
        case (3, 4): return .size
        // No route to the domain; 310 is Microsoft's for a domain that is not in the DNS.
        case (4, 4), (4, 310): return .address
        case (6, _): return .content
        // RFC 7293: mailbox or domain changed hands.
        case (7, 17), (7, 18): return .address
        case (7, _): return .policy
        // Nothing is said by x.0.0; x.3.x to x.5.x are about machines, unless the words are about the mailbox: Microsoft says
        // `5.4.1 Recipient address rejected` and `5.5.0 mailbox unavailable` of recipients that do not exist.
        case (0, _), (3, _), (4, _), (5, _): return words.fault ?? (status.subject == 0 ? nil : .other)
        default: return nil
        }
    }

    private static func fault(ofCode code: Int, isOfLetter: Bool) -> RefusalClass {
        switch code {
        // Said of the letter itself, when the recipient had been taken: not the address's fault.
        case 550, 551, 553: return isOfLetter ? .policy : .address
        // "Exceeded storage allocation"; a letter of a few kilobytes is rarely too large for anybody.
        case 422, 452, 552: return .mailbox
        case 530, 534, 535, 538, 554: return .policy
        // RFC 7504: the host or the domain takes no mail at all.
        case 521, 556: return .address
        default: return .other
        }
    }

    /// Added to a refusal of the letter itself, whose code alone would be taken for the recipient's refusal.
    private static let mark = " (said of the letter itself)"

    /// The reply to DATA or to the dot as it is kept: marked where the code is one that means the address at RCPT, and no more is said.
    static func marked(_ text: String, code: Int) -> String {
        guard code == 550 || code == 551 || code == 553, EnhancedStatus(in: text) == nil else { return text }
        return text.prefix(ReplyText.length - mark.count) + mark
    }
}

/// `5.1.1` in a reply: the second and third number of it.
struct EnhancedStatus: Equatable {
    let subject: Int
    let detail: Int

    /// The first that stands at the beginning of one of the reply's first four words (`550 5.1.1 …`, `550-5.1.1 …`, `550 #5.1.1 …`,
    /// `550 permanent failure (5.1.1)`); further on a number like it is more likely part of something else.
    init?(in reply: String) {
        for word in reply.utf8.split(separator: 0x20, maxSplits: 5).prefix(5) {
            var rest = word
            if rest.starts(with: "550-".utf8) { rest = rest.dropFirst(4) }
            while let first = rest.first, [UInt8(ascii: "#"), UInt8(ascii: "("), UInt8(ascii: "[")].contains(first) {
                rest = rest.dropFirst()
            }
            var numbers: [Int] = []
            while numbers.count < 3 {
                let digits = rest.prefix { (0x30...0x39).contains($0) }
                guard (1...3).contains(digits.count) else { break }
                numbers.append(digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
                rest = rest.dropFirst(digits.count)
                guard numbers.count < 3, rest.first == UInt8(ascii: ".") else { break }
                rest = rest.dropFirst()
            }
            // An address of four numbers (`550 5.6.7.8 is blocked`) is not a status.
            guard numbers.count == 3, numbers[0] == 4 || numbers[0] == 5, rest.first != UInt8(ascii: ".") else { continue }
            subject = numbers[1]
            detail = numbers[2]
            return
        }
        return nil
    }
}

/// The words of a reply, in lower case, as far as they tell a kind of fault.
private struct Words {
    private let text: String

    init(_ reply: String) {
        // The stand-ins of ReplyText are our words, not the relay's.
        var text = reply.lowercased()
        for stand in ["<recipient>", "<address>", "<link>", "<token>"] {
            text = text.split(separator: stand, omittingEmptySubsequences: false).joined(separator: " ")
        }
        self.text = text
    }

    private func has(_ phrases: [String]) -> Bool { phrases.contains { text.contains($0) } }

    /// The most telling words first: `user unknown, see our policy` is an address, `blocked: your domain does not exist` is not.
    var fault: RefusalClass? {
        let ofSender = has(["sender", "your domain", "your host", "your server", "your ip", "helo", "ehlo", "reverse", "mail from"])
        if has(Words.full) { return .mailbox }
        if has(Words.large) { return .size }
        if !ofSender, has(Words.nobody) { return .address }
        if has(Words.infected) { return .content }
        if ofSender || has(Words.unwanted) { return .policy }
        if has(Words.vague) { return .address }
        if has(Words.malformed) { return .content }
        return nil
    }

    private static let full = [
        "quota", "mailbox full", "mailbox is full", "mail box full", "inbox is full", "inbox full", "mailbox size limit",
        "mailfolder is full",
        "storage allocation", "insufficient storage", "out of storage", "insufficient disk", "disk space", "exceeded its storage",
        "exceeded storage", "storage limit", "mailbox has exceeded"
    ]
    private static let large = [
        "message size", "size limit", "too large", "too big", "message length", "fixed maximum", "fixed maximium", "maximum size",
        "message exceeds", "size exceeds"
    ]
    private static let nobody = [
        "user unknown", "unknown user", "user not known", "user is unknown", "unknown recipient", "recipient unknown", "unknown address",
        "address unknown", "unknown mailbox", "mailbox unknown", "unknown account", "unknown local", "unknown domain", "unknown alias",
        "unknown or illegal alias", "no such", "no mailbox", "no account", "not a valid", "does not exist", "doesn't exist", "not exist",
        "doesn't have a", "does not have a", "address is not valid", "user not found", "recipient not found", "mailbox not found",
        "address not found",
        "account not found", "no user", "invalid recipient", "invalid mailbox", "invalid user", "invalid address", "bad destination",
        "undeliverable address", "unrouteable", "unroutable", "host not found", "domain not found", "null mx", "nullmx", "has moved",
        "no longer", "not local", "is disabled", "been disabled", "is inactive", "been suspended", "is suspended", "account disabled",
        "account inactive", "deactivated", "not our customer", "isn't here", "not known here", "not listed in"
    ]
    private static let unwanted = [
        "relay", "policy", "policies", "spam", "block", "blacklist", "black list", "denied", "reputation", "prohibit", "not permitted",
        "unauthor", "not authoriz", "not authoris", "not allowed", "unsolicited", "dmarc", "spf", "dkim", "rbl", "spamhaus", "banned",
        "authenticat", "rate limit", "too many", "junk", "bulk", "not accepted from", "suspicious", "abuse", "not welcome"
    ]
    private static let infected = ["virus", "malware", "infected", "attachment", "phish"]
    private static let vague = [
        "mailbox unavailable", "recipient address rejected", "recipient rejected", "bad recipient", "mailbox not available"
    ]
    private static let malformed = [
        "letter is empty", "header", "mime", "message content", "content rejected", "line too long", "lines too long", "8bit", "8-bit",
        "bare lf"
    ]
}
