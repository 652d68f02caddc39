import Elections
import Mustache

/// Every letter that a template can become, read for what must be in it and what must not.
///
/// Each place is filled with one character for private use, so that what the template says itself is told apart from what is filled in.
struct LetterTrial {
    /// What is wrong; `column` holds words of the template by which the line can be found.
    private(set) var problems: [Problem] = []

    /// What is said of a sentence that invites.
    static let invites = "can be read as an invitation to return the ballot other than by post"

    private let kind: LetterKind
    /// What every letter lacks, or only some: hint by what, and how many letters.
    private var lacking: [(what: String, hint: String, count: Int)] = []
    private var said: Set<String> = []
    private var layouts: Set<String> = []

    /// Tries a template.
    init(of template: LetterTemplate, kind: LetterKind) {
        self.kind = kind
        let cases = Self.cases(kind)
        for values in cases {
            let values = values.mapValues { $0.value }
            let subject = template.subject.render(values)
            let body = template.body.render(values)
            if layouts.insert(subject).inserted {
                if LetterMark.clean(Self.readable(subject)).isEmpty {
                    lack("there is no subject", "Say in a few words what the letter is about.")
                }
                readLiterally(subject)
                for sentence in LetterSentences.invitations(in: LetterLayout(subject)) { refuse(sentence) }
            }
            let layout = LetterLayout(body)
            readForPlaces(layout, values)
            guard layouts.insert(body).inserted else { continue }
            for line in body.split(separator: "\n") { readLiterally(String(line)) }
            for sentence in LetterSentences.invitations(in: layout) { refuse(sentence) }
        }
        for lack in lacking {
            let some = lack.count < cases.count ? " in some of the letters" : ""
            problems.append(Problem(what: lack.what + some, hint: lack.hint))
        }
    }

    /// A value of a place.
    private enum Value {
        case text(String)
        case flag(Bool)
        case lines([String])

        var value: Any {
            switch self {
            case .text(let text): text
            case .flag(let flag): flag
            case .lines(let lines): AddressLines(lines: lines)
            }
        }
    }

    /// The values of all letters that there can be.
    private static func cases(_ kind: LetterKind) -> [[String: Value]] {
        var always: [String: Value] = [:]
        for name in LetterVariable.all where !LetterVariable.flags.contains(name) { always[name] = .text(mark(name)) }
        always["address"] = .lines([mark("address"), mark("address")])
        if !kind.hasBallotLink {
            always["word"] = nil
            always["post_by"] = nil
        }
        if kind != .rejected {
            always["reason"] = nil
            always["cure"] = nil
        }
        var cases = [always]
        func fork(_ variants: [(inout [String: Value]) -> Void]) {
            cases = cases.flatMap { values in
                variants.map { variant in
                    var values = values
                    variant(&values)
                    return values
                }
            }
        }
        fork([{ $0["fax"] = nil }, { _ in }])
        fork([{ $0["test"] = .flag(false) }, { $0["test"] = .flag(true) }])
        guard kind.hasBallotLink else {
            fork([
                {
                    for name in ["past_post_by", "asks_birthday", "asks_id"] { $0[name] = .flag(false) }
                }
            ])
            return cases
        }
        fork([
            {
                $0["post_by"] = nil
                $0["past_post_by"] = .flag(false)
            }, { $0["past_post_by"] = .flag(false) }, { $0["past_post_by"] = .flag(true) }
        ])
        fork(
            [(true, false), (false, true), (false, false)].map { birthday, id in
                {
                    $0["asks_birthday"] = .flag(birthday)
                    $0["asks_id"] = .flag(id)
                    if birthday || id { $0["word"] = nil }
                }
            })
        return cases
    }

    private mutating func readForPlaces(_ layout: LetterLayout, _ values: [String: Any]) {
        var lines: [String] = []
        for (block, _) in layout.blocks {
            switch block {
            case .lines(let own): lines += own
            case .numbered(_, let items), .dashed(let items): lines += items.map { " " + $0 }
            }
        }
        func count(_ name: String) -> Int { lines.reduce(0) { $0 + $1.unicodeScalars.count { $0 == Self.scalar(name) } } }
        let once = "Write {{link}} once, on a line of its own with nothing around it."
        switch count("link") {
        case 0: lack("there is no {{link}}", once)
        case 1:
            if !lines.contains(Self.mark("link")) { lack("{{link}} is not on a line of its own", once) }
        default: lack("{{link}} stands there more than once", once)
        }
        let byParts = ["office", "email", "phone", "address"] + (values["fax"] == nil ? [] : ["fax"])
        let missing = byParts.filter { count($0) == 0 }
        if count("contact") == 0, !missing.isEmpty {
            let places = missing.map { $0 == "fax" ? "{{#fax}}{{fax}}{{/fax}}" : "{{\($0)}}" }.joined(separator: ", ")
            lack(
                "the letter does not say how to reach the office",
                missing.count == byParts.count
                    ? "Write {{contact}} on a line of its own: the law wants it in every letter (52 USC 20302(e))."
                    : "Missing: \(places). {{contact}} on a line of its own has them all.")
        }
        if count("contact") > 0, !lines.contains(Self.mark("contact")) {
            lack("{{contact}} is not on a line of its own", "It is several lines: put it alone on a line.")
        }
        if kind.hasBallotLink {
            if count("return_notice") == 0 {
                lack("there is no {{return_notice}}", "It says how the ballot must come back: a paragraph of its own is best.")
            }
            if values["word"] != nil, count("word") == 0 {
                lack(
                    "there is no {{word}}",
                    "Where the office asks no other question, the ballot opens with it: {{#word}}Your word: {{word}}{{/word}}.")
            }
        }
        if kind == .rejected {
            if count("reason") == 0 { lack("there is no {{reason}}", "The voter must learn why: {{reason}}.") }
            if count("cure") == 0 { lack("there is no {{cure}}", "It says how the voter may still put it right.") }
            if count("cure") > 0, !lines.contains(Self.mark("cure")) {
                lack("{{cure}} is not on a line of its own", "It may be several paragraphs: put it alone on a line.")
            }
        }
    }

    private mutating func lack(_ what: String, _ hint: String) {
        if let index = lacking.firstIndex(where: { $0.what == what }) {
            lacking[index].count += 1
        } else {
            lacking.append((what, hint, 1))
        }
    }

    /// What is written out and would become a second link, or markup.
    private mutating func readLiterally(_ line: String) {
        func say(_ what: String, _ hint: String) {
            guard said.insert(what).inserted else { return }
            problems.append(Problem(column: Self.longestLiteral(line), what: what, hint: hint))
        }
        if let found = LiteralLink.first(in: line) {
            say(
                "\(Printable.quote(Self.readable(found))) would become a link",
                "A letter has one link, {{link}}; write {{email}} for the office's address, and a space after a full stop or a colon.")
        }
        if let found = LiteralLink.markup(in: line) {
            say("\(Printable.quote(Self.readable(found))) is HTML", "Write plain text: the page is made from it.")
        }
        if let found = LookAlikes.word(in: line) {
            say(
                "\(Printable.quote(found)) has letters that look like others",
                "Type the word anew: it mixes alphabets, or has letters that no keyboard has, and may say something else than it seems to.")
        }
    }

    private mutating func refuse(_ sentence: String) {
        let words = Self.readable(sentence)
        guard said.insert(words).inserted else { return }
        let shown = words.count > 240 ? String(words.prefix(240)) + "…" : words
        problems.append(
            Problem(
                column: Self.longestLiteral(sentence),
                what: "\"\(Printable.escape(shown))\" \(Self.invites)",
                hint:
                    "A voted ballot comes back by post only. Say so, or leave e-mail, fax, scans and replies out of sentences about "
                    + "the ballot; for help, \"please ask us\" is enough. Where the sentence forbids it, say it shorter: "
                    + "\"Do not e-mail or fax your ballot.\""))
    }

    /// The longest piece of a rendered line that the template itself wrote.
    private static func longestLiteral(_ line: String) -> String? {
        let pieces = line.unicodeScalars.split { name(of: $0) != nil }.map { String(String.UnicodeScalarView($0)) }
        return pieces.max { $0.utf8.count < $1.utf8.count }
    }

    /// A rendered text with the places as they are written.
    static func readable(_ text: String) -> String {
        var readable = ""
        for scalar in text.unicodeScalars {
            if let name = name(of: scalar) { readable += "{{\(name)}}" } else { readable.unicodeScalars.append(scalar) }
        }
        return readable
    }

    private static let first: UInt32 = 0xF0100

    /// The character that fills the place of this name.
    static func scalar(_ name: String) -> Unicode.Scalar? {
        LetterVariable.all.firstIndex(of: name).flatMap { Unicode.Scalar(first + UInt32($0)) }
    }

    /// The name whose place the character fills.
    static func name(of scalar: Unicode.Scalar) -> String? {
        guard scalar.value >= first else { return nil }
        let index = Int(scalar.value - first)
        return index < LetterVariable.all.count ? LetterVariable.all[index] : nil
    }

    private static func mark(_ name: String) -> String { scalar(name).map(String.init) ?? "" }
}

/// What mail programs make links of, or markup, in a line of a template.
enum LiteralLink {
    /// `www.`, an at sign, a colon as in `tel:+1` or `https://`, the name of a shared folder (`\\host`), or something like a domain; nil where
    /// there is none.
    static func first(in line: String) -> String? {
        for word in seen(in: line).split(separator: " ").map(String.init) {
            let lowered = word.lowercased()
            if ["://", "www.", "mailto:", "@", "\u{FF20}", "\u{FE6B}", "\\\\"].contains(where: lowered.contains) { return word }
            if namesScheme(lowered) { return word }
            if let domain = domain(in: lowered) { return domain }
        }
        return nil
    }

    /// A name and a colon with something directly behind it: `skype:clerk`. `Note: this` and `8:00` are none.
    private static func namesScheme(_ word: String) -> Bool {
        let scalars = Array(word.unicodeScalars)
        return scalars.indices.dropFirst(2).dropLast().contains { index in
            scalars[index] == ":" && isASCIILetter(scalars[index - 2]) && isASCIILetter(scalars[index - 1])
                && (isWordByte(scalars[index + 1]) || scalars[index + 1] == "+")
        }
    }

    /// A line without what cannot be seen, for programs skip that, too; the full stops of Chinese and Japanese are a host's where they
    /// stand in Latin letters.
    private static func seen(in line: String) -> String {
        var scalars = line.unicodeScalars.filter { !$0.properties.isDefaultIgnorableCodePoint }.map(\.self)
        for index in scalars.indices.dropFirst().dropLast() where scalars[index] == "\u{3002}" || scalars[index] == "\u{FF61}" {
            if isWordByte(scalars[index - 1]), isWordByte(scalars[index + 1]) { scalars[index] = "." }
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// What looks like a tag or a character reference.
    static func markup(in line: String) -> String? {
        let scalars = Array(line.unicodeScalars)
        for (index, scalar) in zip(scalars.indices, scalars) where scalar == "<" || scalar == "&" {
            guard index + 1 < scalars.count else { continue }
            let next = scalars[index + 1]
            let rest = scalars[(index + 1)...]
            let isTag = scalar == "<" && (next == "/" || next == "!" || isASCIILetter(next))
            let name = rest.prefix { isASCIILetter($0) || $0 == "#" || (0x30...0x39).contains($0.value) }
            let isReference = scalar == "&" && !name.isEmpty && rest.dropFirst(name.count).first == ";"
            if isTag || isReference { return String(String.UnicodeScalarView(scalars[index..<min(index + 20, scalars.count)])) }
        }
        return nil
    }

    /// Written like a domain, and meant otherwise.
    private static let abbreviations: Set<String> = ["ee.uu", "p.ej", "a.m", "p.m", "u.s", "u.s.a", "d.c", "e.g", "i.e", "p.o"]

    private static func domain(in word: String) -> String? {
        // Emoji and marks can be parts of a host too.
        let isPart: (Unicode.Scalar) -> Bool = {
            $0.properties.isAlphabetic || (0x30...0x39).contains($0.value) || $0 == "-" || LetterTrial.name(of: $0) != nil
                || [.otherSymbol, .modifierSymbol, .nonspacingMark, .spacingMark].contains($0.properties.generalCategory)
        }
        for piece in word.unicodeScalars.split(whereSeparator: { !isPart($0) && $0 != "." && $0 != "\u{FF0E}" }) {
            let labels = piece.split(omittingEmptySubsequences: false) { $0 == "." || $0 == "\u{FF0E}" }.drop(while: \.isEmpty)
            let kept = labels.reversed().drop(while: \.isEmpty).reversed()
            guard kept.count > 1, kept.allSatisfy({ !$0.isEmpty && $0.first != "-" && $0.last != "-" }), let last = kept.last else {
                continue
            }
            let text = String(String.UnicodeScalarView(kept.joined(separator: ".".unicodeScalars)))
            if abbreviations.contains(text) { continue }
            let isNumeric = kept.allSatisfy { $0.allSatisfy { (0x30...0x39).contains($0.value) } }
            if isNumeric ? kept.count == 4 : last.count > 1 && last.contains(where: { !(0x30...0x39).contains($0.value) }) { return text }
        }
        return nil
    }

    private static func isWordByte(_ scalar: Unicode.Scalar) -> Bool { isASCIILetter(scalar) || (0x30...0x39).contains(scalar.value) }

    private static func isASCIILetter(_ scalar: Unicode.Scalar) -> Bool { (0x61...0x7A).contains(scalar.value | 0x20) }
}
