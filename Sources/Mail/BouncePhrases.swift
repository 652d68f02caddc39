/// What the words of a diagnostic say about an address: servers say it in some hundred ways, and few in status codes alone.
struct BouncePhrases: OptionSet {
    let rawValue: UInt8

    /// It is about us or about now, whatever else is said: the sender, the mailbox's room, our rate, relaying, greylisting.
    static let passing = BouncePhrases(rawValue: 1)
    /// The address or its domain does not exist, or is closed for good.
    static let gone = BouncePhrases(rawValue: 2)
    /// "User unknown" in as many words: what filters say as well once the address was accepted.
    static let unknown = BouncePhrases(rawValue: 4)
    /// The letter is not wanted: spam, policy, a blocked sender, its content, a broken server.
    static let refused = BouncePhrases(rawValue: 8)
    /// The address was refused without a reason (`550 mailbox unavailable`): RFC 5321 has one code for unknown and for unwanted.
    static let unavailable = BouncePhrases(rawValue: 16)

    /// What a text says; `names` are words of the recipient's own, which may stand anywhere between ("account jane is disabled").
    static func read(_ text: ArraySlice<UInt8>, names: Set<[UInt8]>) -> BouncePhrases {
        let words = words(of: text, without: names)
        var found: BouncePhrases = []
        var index = 0
        while index < words.count {
            // The words are separated by one space each, and phrases stand on word starts.
            for phrase in table[Int(words[index] & 0x7F)] where words[index...].starts(with: phrase.words) { found.formUnion(phrase.sense) }
            while index < words.count, words[index] != 0x20 { index += 1 }
            index += 1
        }
        return found
    }

    /// The text in lower case with one space between words, without punctuation, links, addresses, reply and status codes.
    static func words(of text: ArraySlice<UInt8>, without names: Set<[UInt8]>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var word: [UInt8] = []
        var index = text.startIndex
        while index <= text.endIndex {
            let byte = index < text.endIndex ? text[index] : 0x20
            if byte == 0xE2, text[index...].starts(with: [0xE2, 0x80, 0x99]) {
                // A curly apostrophe.
                word.append(UInt8(ascii: "'"))
                index += 3
                continue
            }
            index += 1
            if belongsToWord(byte) {
                word.append(Octets.lower(byte))
                continue
            }
            // A link says things that the server does not: https://example.org/blocked?reason=spam.
            let isLink =
                byte == UInt8(ascii: ":") && index + 1 < text.endIndex && text[index] == UInt8(ascii: "/") && text[index + 1] == text[index]
            if isLink {
                while index < text.endIndex, !Octets.isSpace(text[index]), text[index] != UInt8(ascii: ">") { index += 1 }
            } else {
                append(word, to: &out, without: names)
            }
            word.removeAll(keepingCapacity: true)
        }
        return out
    }

    private static func belongsToWord(_ byte: UInt8) -> Bool {
        if HeaderText.isLetterOrDigit(byte) || byte >= 0x80 { return true }
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "'"), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "+"),
            UInt8(ascii: "&"):
            return true
        default: return false
        }
    }

    private static func append(_ word: [UInt8], to out: inout [UInt8], without names: Set<[UInt8]>) {
        var trimmed = word[...]
        while let last = trimmed.last, last == UInt8(ascii: ".") || last == UInt8(ascii: "'") || last == UInt8(ascii: "-") {
            trimmed.removeLast()
        }
        trimmed = trimmed.drop { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "'") || $0 == UInt8(ascii: "-") }
        guard !trimmed.isEmpty, !trimmed.contains(UInt8(ascii: "@")),
            !trimmed.allSatisfy({ !Octets.isLetter($0) && $0 < 0x80 && $0 != 0x26 })
        else {
            return
        }
        guard names.isEmpty || !names.contains(Array(trimmed)) else { return }
        if !out.isEmpty { out.append(0x20) }
        out.append(contentsOf: trimmed)
    }

    // MARK: The phrases

    private static let table: [[(words: [UInt8], sense: BouncePhrases)]] = {
        var table: [[(words: [UInt8], sense: BouncePhrases)]] = Array(repeating: [], count: 128)
        for (sense, phrases) in [
            (BouncePhrases.passing, passingPhrases), (.gone, gonePhrases), (.unknown, unknownPhrases), (.refused, refusedPhrases),
            (.unavailable, unavailablePhrases)
        ] {
            for phrase in phrases {
                let words = Array(phrase.utf8)
                if let first = words.first { table[Int(first & 0x7F)].append((words, sense)) }
            }
        }
        return table
    }()

    private static let passingPhrases = [
        // The sender: what is unknown then is our address or domain, not the voter's.
        "sender address rejected", "sender rejected", "sender was rejected", "sender denied", "sender domain", "sender verify",
        "sender verification",
        "sender unknown", "sender address", "invalid sender", "unknown sender", "domain of sender", "envelope sender",
        "from domain is invalid",
        "senders not allowed", "sender not", "sending domain", "your domain", "mail from domain", "client host rejected",
        "helo command rejected",
        "cannot find your", "cannot resolve your", "could not resolve your", "unverifyable sending", "unauthenticated sender",
        // Room.
        "mailbox full", "mailbox is full", "mailbox was full", "mailbox has exceeded", "mail box full", "inbox full", "inbox is full",
        "is full",
        "over quota", "overquota", "over the allowed quota", "quota", "out of storage", "storage space", "storage limit",
        "exceeded storage",
        "disk full", "disk space", "no space left", "insufficient storage", "insufficient system storage", "too much mail data",
        "mailbox size",
        "maximum message size", "message too large", "message size exceeds", "message is too large", "message too big", "postfach voll",
        "postfach ist voll", "almac", "boite pleine", "bo\u{EE}te pleine", "buz\u{F3}n lleno",
        // Pace and time.
        "at a rate", "too many", "rate limit", "ratelimit", "throttl", "greylist", "graylist", "grey-list", "gray-list", "try again later",
        "please try later", "host not found try again", "temporar", "timed out", "timeout", "retry time", "currently suspended",
        "still trying", "will keep trying", "will be retried", "message expired", "not accept our requests", "unable to connect",
        "could not connect",
        "couldn't connect", "unable to contact", "establish an smtp connection", "socket error",
        // Ways.
        "relay access denied", "relaying denied", "relaying is denied", "unable to relay", "relay denied", "relay not permitted",
        "relaying not", "not permitted to relay", "relaying prohibited", "mail relay", "accept mail from", "accept email from",
        "accept messages from", "loops back", "mail loop", "too many hops"
    ]

    private static let unknownPhrases = [
        "user unknown", "unknown user", "no such user", "user not found", "recipient unknown", "unknown recipient", "not our user",
        "invalid recipient", "mailbox not found", "no such recipient"
    ]

    private static let gonePhrases =
        [
            // The address.
            "does not exist", "doesn't exist", "do not exist", "may not exist", "did not exist", "user doesn't have a",
            "user does not have a",
            "does not have a mailbox", "no such mailbox", "no such account", "no such address", "no such person", "no such local user",
            "no such virtual user", "no such domain", "no mailbox here", "no mailbox by that name", "no account by that name",
            "no one here by",
            "mailbox does not exist", "mailbox unknown", "unknown mailbox", "unknown account", "account not found", "account unknown",
            "address not found", "address unknown", "addressee unknown", "unknown local part", "unknown local-part",
            "unknown or illegal user",
            "unknown or illegal alias", "unknown in virtual", "unknown in local", "unknown in relay", "unknown virtual mailbox",
            "user is unknown",
            "user or domain unknown", "recipient is unknown", "recipient not found", "recipient was not found", "recipients unknown",
            "isn't a valid mailbox", "isn't a valid recipient", "not a valid mailbox", "not a valid user", "not a valid recipient",
            "not a known user", "not a registered",
            "not a local", "not known here", "not known at", "not listed in domino", "not listed in public name", "not listed in directory",
            "not in directory", "not in my directory", "not our customer",
            "recipient not recognized", "user not recognized", "address not recognized", "nobody here by", "address couldn't be found",
            "address could not be found",
            "address was not found", "address wasn't found", "user couldn't be found", "mailbox couldn't be found",
            "domain couldn't be found", "wasn't found at", "was not found at",
            "wasn't found in the recipients directory", "e-mail account does not exist",
            "email address you entered couldn't be found", "recipnotfound", "recipientnotfound", "resolver.adr.recipnotfound",
            "resolver.adr.recipientnotfound", "bad destination mailbox address", "bad destination email address", "bad-mailbox",
            "undeliverable address",
            "unrouteable address", "unroutable address", "not deliverable to", "invalid mailbox", "mailbox invalid", "mailbox is invalid",
            // Moved; closed is below.
            "no longer valid", "no longer exist", "no longer active", "no longer in use", "no longer used", "no longer work",
            "no longer with",
            "no longer on server", "that you tried to reach is disabled", "that you tried to reach is inactive", "mailbox disabled",
            "account disabled",
            "user disabled", "account inactive", "mailbox inactive", "inactive mailbox", "inactive user", "account closed",
            "account deactivated",
            "account expired", "has moved", "user moved", "has changed address",
            // The domain.
            "host unknown", "unknown host", "host not found", "domain not found", "domain unknown", "unknown domain",
            "host or domain name not found",
            "host name is unknown", "bad destination host", "bad destination system", "no mail exchanger", "couldn't find a mail exchanger",
            "couldn't find any host", "could not find any host", "no mx record", "no mx or a record", "has no mx", "null mx", "nullmx",
            "does not accept mail", "doesn't accept mail", "do not accept mail", "not accept any mail", "nxdomain", "non-existent domain",
            "nonexistent domain", "non-existent host", "infodomainnonexistent", "all relevant mx records point to non-existent",
            // Other languages than English.
            "destinataire inconnu", "destinataire invalide", "utilisateur inconnu", "adresse inconnue", "n'existe pas",
            "usuario desconocido",
            "usuario inexistente", "destinatario desconocido", "no existe", "cuenta desactivada", "benutzer unbekannt",
            "adressat unbekannt",
            "empf\u{E4}nger unbekannt", "unbekannter empf", "existiert nicht", "utente sconosciuto", "destinatario sconosciuto",
            "non esiste",
            "desconhecido", "n\u{E3}o existe"
        ]
        + ["account", "mailbox", "user", "recipient", "address"].flatMap { subject in
            // Only of these: connections and sessions are closed as well.
            [
                "is disabled", "is inactive", "is closed", "is deactivated", "was closed", "was deleted", "was disabled",
                "has been disabled", "has been closed",
                "has been deleted", "has been deactivated", "has been terminated", "has been cancelled", "has been discontinued",
                "has been removed",
                "is no longer available", "no longer available", "no longer accepts"
            ].map { "\(subject) \($0)" }
        }

    private static let refusedPhrases = [
        "spam", "spamming", "junk", "unsolicited", "bulk", "blacklist", "blacklisted", "black list", "blocklist", "block list", "blocked",
        "blocking",
        "blocking list", "banned", "dnsbl", "rbl", "spamhaus", "spamcop", "barracuda", "reputation", "policy", "policies", "dmarc", "spf",
        "dkim",
        "reverse dns", "rdns", "ptr", "unauthenticated", "authentication", "not authenticated", "authenticat", "not authorized",
        "not authorised",
        "unauthorized", "permission", "access denied", "access not", "denied by", "virus", "malware", "attachment", "content", "header",
        "rejected due",
        "rejected by", "security", "smtp server of your isp", "not accepted from", "refused", "prohibited", "not allowed", "not permitted",
        "restricted", "protocol", "connection", "tls", "dns entries", "mx or a", "blackholed", "abuse", "complain", "frozen",
        "suspended", "locked", "configuration", "config error", "couldn't create", "could not create", "failed to read", "rejected message",
        "try again", "try later"
    ]

    private static let unavailablePhrases = [
        "mailbox unavailable", "mailbox not available", "mailbox name not allowed", "recipient address rejected", "recipient rejected",
        "address rejected", "recipient not accepted", "recipient refused", "user unavailable", "unknown address", "recipient invalid",
        "recipient is invalid",
        "invalid address", "invalid user", "bad address", "not a valid address", "not a valid e-mail", "undeliverable to"
    ]
}
