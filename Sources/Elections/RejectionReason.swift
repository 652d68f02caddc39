/// Why a returned ballot does not count; ESB's BallotRejectionType as far as an office decides it.
package enum RejectionReason: Sendable, Hashable, CustomStringConvertible {
    case mismatchVoterSignature
    case missingVoterSignature
    case notTimely
    case postmark
    case voterDied
    case voterMoved
    case voterUnregistered
    /// In the office's own words, which `parse` has checked.
    case other(String)

    /// The word of the command line and of reports: `not-timely`, `other:TEXT`.
    package var text: String {
        switch self {
        case .mismatchVoterSignature: "mismatch-voter-signature"
        case .missingVoterSignature: "missing-voter-signature"
        case .notTimely: "not-timely"
        case .postmark: "postmark"
        case .voterDied: "voter-died"
        case .voterMoved: "voter-moved"
        case .voterUnregistered: "voter-unregistered"
        case .other(let words): "other:\(words)"
        }
    }

    /// The same as `text`.
    package var description: String { text }

    /// All reasons without words of their own.
    package static let named: [RejectionReason] = [
        .mismatchVoterSignature, .missingVoterSignature, .notTimely, .postmark, .voterDied, .voterMoved, .voterUnregistered
    ]

    /// Reads a reason. Throws a `Problem` with the list of reasons, and for `other:` where nothing is said, where more than 200 characters
    /// are, or where the words speak of paper, envelope or notary: 52 USC 20302(i) forbids to refuse a ballot for these.
    package static func parse(_ text: String) throws(Problem) -> RejectionReason {
        let text = trimmed(text)
        if let reason = named.first(where: { $0.text == text.lowercased() }) { return reason }
        guard text.lowercased().hasPrefix("other:") else {
            let words = named.map(\.text)
            throw Problem(
                what: "\(Printable.quote(text)) is no reason to reject a ballot",
                hint: "Known are \(words.joined(separator: ", ")) and other:TEXT.\(Nearest.hint(text, among: words))")
        }
        let words = trimmed(String(text.dropFirst("other:".count)))
        guard !words.isEmpty else {
            throw Problem(what: "other: needs words", hint: "Say why, for example \"other:ballot missing from the envelope\".")
        }
        guard words.count <= 200, !words.unicodeScalars.contains(where: Printable.isUnsafe) else {
            throw Problem(what: "the reason is longer than 200 characters or has control characters", hint: "Say it in one line.")
        }
        if let subject = forbiddenSubject(words) {
            throw Problem(
                what: "a ballot may not be rejected because of \(subject)",
                hint:
                    "52 USC 20302(i) forbids to refuse a ballot for notarization, or for the type, weight or size of its paper or envelope. "
                    + "Accept it, remake it if the scanner needs that, or name another reason.")
        }
        return .other(words)
    }

    /// The reason in a sentence for the letter to the voter, without its full stop; English where the language has none here.
    package func sentence(language: String) -> String {
        let spanish = language == "es" || language.hasPrefix("es-")
        return switch self {
        case .mismatchVoterSignature:
            spanish
                ? "La firma no coincide con la que tenemos en nuestros registros" : "The signature does not match the one in our records"
        case .missingVoterSignature: spanish ? "Falta la firma en la declaración" : "The declaration is not signed"
        case .notTimely: spanish ? "La boleta llegó después de la fecha límite" : "The ballot arrived after the deadline"
        case .postmark:
            spanish ? "El matasellos falta o es posterior a la fecha límite" : "The postmark is missing or later than the law allows"
        case .voterDied: spanish ? "Según nuestros registros, el votante ha fallecido" : "Our records say that the voter has died"
        case .voterMoved:
            spanish
                ? "Según nuestros registros, el votante se mudó a otra jurisdicción"
                : "Our records say that the voter has moved to another jurisdiction"
        case .voterUnregistered: spanish ? "El votante no está inscrito" : "The voter is not registered"
        case .other(let words): words
        }
    }

    /// The reason without words of its own that `sentence` says like this in some language; nil where it is none of these.
    package static func usual(saidAs sentence: String) -> RejectionReason? {
        named.first { reason in ["en", "es"].contains { reason.sentence(language: $0) == sentence } }
    }

    /// What 52 USC 20302(i) forbids as a reason, where the words speak of it. An envelope that is unsigned, empty, open or shared by two
    /// ballots is another matter, and so allowed.
    private static func forbiddenSubject(_ text: String) -> String? {
        let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        func mentions(_ stems: [String]) -> Bool { words.contains { word in stems.contains { word.hasPrefix($0) } } }
        if mentions(["notar", "unnotar", "nonnotar"]) { return "missing notarization" }
        if mentions(["paper", "cardstock", "papel", "a4"]) { return "its paper" }
        guard mentions(["envelope", "sobre"]) else { return nil }
        let qualities = [
            "size", "weight", "type", "kind", "wrong", "unofficial", "official", "nonstandard", "standard", "homemade", "home", "color",
            "colour", "plain",
            "format", "printed", "small", "large", "big", "thin", "thick", "heavy", "light", "tamaño", "peso", "tipo", "oficial",
            "equivocado", "incorrecto"
        ]
        if mentions(qualities) { return "its envelope" }
        // "sobre" alone is also the Spanish "about".
        guard mentions(["envelope"]) else { return nil }
        let allowed = [
            "sign", "unsign", "empty", "missing", "without", "open", "unseal", "seal", "two", "several", "multiple", "another", "more",
            "name", "witness", "date"
        ]
        return mentions(allowed) ? nil : "its envelope"
    }
}
