/// What one mail that came to the return address says about a letter of ours.
///
/// Written by servers of every age and by whoever likes to send us mail: nothing in it is trusted beyond the letter that it names, and
/// whoever stores a part of it takes ``text``, which is cleaned.
package struct Bounce: Sendable, Equatable {
    /// What a mail is; the raw values are stable.
    package enum Kind: String, Sendable, CaseIterable {
        /// The address or its domain does not exist, or is closed or moved for good: no letter will arrive there.
        case hard
        /// Not delivered for any other reason, or not yet: mailbox full, blocked, policy, size, timeout, and whatever nobody can read.
        case soft
        /// Written by a machine on somebody's behalf: away, received, please confirm; or a receipt (RFC 3834, RFC 8098).
        case autoReply = "auto_reply"
        /// The reader's mail service says that the letter was called spam (RFC 5965, SES complaint).
        case complaint
        /// A report of success: delivered, relayed, expanded (RFC 3464 2.3.3, SES delivery).
        case delivered
        /// None of these: a person wrote, or nothing we know.
        case other
    }

    /// What the mail is.
    package let kind: Kind
    /// Addresses that may carry our mark, most trustworthy first: lower case, without brackets, at most 16.
    ///
    /// Whom this mail was sent to (Delivered-To, X-Original-To, Envelope-To, To, Cc), then the return path and the sender of the returned
    /// letter as the report, its headers, or SES name them.
    package let addresses: [String]
    /// Message-IDs of the letter that this is about, without brackets, at most 16: never this mail's own.
    ///
    /// From the returned headers or text, In-Reply-To, References, a receipt's Original-Message-ID, and SES's `headers` and
    /// `commonHeaders`.
    package let messageIDs: [String]
    /// The enhanced status code (RFC 3463) such as `5.1.1`; empty: none given.
    package let status: String
    /// The reply code (RFC 5321) such as `550`; 0: none given.
    package let code: Int
    /// The diagnostic in one line fit to be stored and shown, cleaned by ``ReplyText/safe(_:recipient:)`` with each recipient's address
    /// taken out; empty: nothing said.
    package let text: String

    /// What a mail says, or a JSON body of SES or SNS: never throws, never traps; a mail that is nothing of the kind is `.other`.
    ///
    /// Time and memory grow with the mail's length and no faster, whatever it holds. A report on several recipients is about one letter of
    /// ours: the certain failure wins.
    package static func read(_ mail: [UInt8]) -> Bounce { read(mail[...], depth: 0) }

    /// - Parameter depth: how many wrappings were opened: SES hands a received mail out inside of a JSON body, and mails hold JSON bodies.
    static func read(_ mail: ArraySlice<UInt8>, depth: Int) -> Bounce {
        guard depth < 4 else { return .nothing }
        if let first = mail.first(where: { !Octets.isSpace($0) }), first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            guard let json = BounceJSON.read(Octets.trimmed(mail)) else { return .nothing }
            return BounceEvent.read(json, depth: depth) ?? .nothing
        }
        return BounceMail(mail).bounce(depth: depth)
    }

    /// A mail that says nothing about any letter.
    static let nothing = Bounce(kind: .other, addresses: [], messageIDs: [], status: "", code: 0, text: "")

    /// The same with another kind.
    func with(_ kind: Kind) -> Bounce {
        Bounce(kind: kind, addresses: addresses, messageIDs: messageIDs, status: status, code: code, text: text)
    }
}
