import Elections
import Foundation

/// Finds sentences of a letter that invite to return a ballot other than by post.
///
/// It looks for three things in a sentence: the ballot, a way that is not the post, and the voter's own doing; then for what makes it
/// harmless: it is forbidden ("must not be e-mailed"), the voter is to ask for something ("ask us by e-mail"), or the office is the one
/// who sends. Where it cannot tell, it reports the sentence.
enum LetterSentences {
    /// The sentences, as they stand in the letter.
    static func invitations(in layout: LetterLayout) -> [String] {
        var found: [String] = []
        var before: [Reading] = []
        for sentence in sentences(of: layout) {
            let readings = LetterLexicon.all.map { Reading(of: sentence, $0) }
            let carried = before.isEmpty ? readings.map { _ in false } : before.map(\.namesOtherWay)
            if zip(readings, carried).contains(where: { $0.invites(after: $1) }), !found.contains(sentence) { found.append(sentence) }
            before = readings
        }
        return found
    }

    /// Sentences in their order; an item of a list is read by itself and with the line that leads to the list.
    private static func sentences(of layout: LetterLayout) -> [String] {
        var sentences: [String] = []
        var lead = ""
        for (block, _) in layout.blocks {
            switch block {
            case .lines(let lines):
                let paragraphs = joined(lines)
                for paragraph in paragraphs { sentences += split(paragraph) }
                let last = paragraphs.last.map { split($0).last ?? "" } ?? ""
                lead = last.hasSuffix(":") ? last : ""
            case .numbered(_, let items), .dashed(let items):
                for item in items {
                    let own = split(item)
                    sentences += own
                    if !lead.isEmpty, let first = own.first { sentences.append(lead.dropLast() + " " + first) }
                }
                if !lead.isEmpty, items.count > 1 { sentences.append(lead + " " + items.joined(separator: ", ")) }
            }
        }
        return sentences
    }

    /// Lines of which the next goes on in small letters are one paragraph, somehow broken.
    private static func joined(_ lines: [String]) -> [String] {
        var paragraphs: [String] = []
        for line in lines {
            if let last = paragraphs.last, line.first?.isLowercase == true || last.hasSuffix(",") || last.hasSuffix("-") {
                paragraphs[paragraphs.count - 1] = last + " " + line
            } else {
                paragraphs.append(line)
            }
        }
        return paragraphs
    }

    private static let abbreviations: Set<String> = [
        "e.g.", "i.e.", "p.", "p.ej.", "ej.", "sr.", "sra.", "dr.", "mr.", "mrs.", "ms.", "no.", "u.s.", "ee.", "uu.", "ee.uu.", "st.",
        "etc."
    ]

    private static func split(_ paragraph: String) -> [String] {
        var sentences: [String] = []
        var words: [Substring] = []
        for word in paragraph.split(separator: " ") {
            words.append(word)
            let bare = word.drop { "\"'“‘«(¡¿".contains($0) }
            let end = bare.reversed().drop { "\"'”’»)".contains($0) }.first
            guard let end, ".!?…。！？;".contains(end), !abbreviations.contains(bare.lowercased()) else { continue }
            sentences.append(words.joined(separator: " "))
            words = []
        }
        if !words.isEmpty { sentences.append(words.joined(separator: " ")) }
        return sentences
    }
}

/// What a word does in a sentence about ballots.
struct LetterSense: OptionSet, Hashable {
    let rawValue: UInt32
    /// A way that is not the post, as a noun or as what is done with it: e-mail, fax, reply.
    static let way = LetterSense(rawValue: 1 << 0)
    /// What is done to a ballot only to send it another way: scan, photograph, attach, upload.
    static let capture = LetterSense(rawValue: 1 << 1)
    /// A word for the Internet in general: online, electronically.
    static let net = LetterSense(rawValue: 1 << 2)
    /// The ballot, or what goes with it.
    static let ballot = LetterSense(rawValue: 1 << 3)
    /// What stands for it: it, them.
    static let pronoun = LetterSense(rawValue: 1 << 4)
    /// To give back, whatever the object: return, submit.
    static let give = LetterSense(rawValue: 1 << 5)
    /// To send: one may send questions too.
    static let send = LetterSense(rawValue: 1 << 6)
    /// To ask, to call, to tell.
    static let ask = LetterSense(rawValue: 1 << 7)
    /// To get, to want, to prefer.
    static let get = LetterSense(rawValue: 1 << 8)
    /// The office as the one who acts.
    static let office = LetterSense(rawValue: 1 << 9)
    /// To accept, to count, to allow.
    static let accept = LetterSense(rawValue: 1 << 10)
    /// To refuse.
    static let refuse = LetterSense(rawValue: 1 << 11)
    /// Not, never, no.
    static let not = LetterSense(rawValue: 1 << 12)
    /// The office as the one who gets: us.
    static let us = LetterSense(rawValue: 1 << 13)
    /// The voter as the one who gets: you.
    static let you = LetterSense(rawValue: 1 << 14)
    /// By, via, with, as, to.
    static let by = LetterSense(rawValue: 1 << 15)
    /// A, the, this, your: a noun follows.
    static let article = LetterSense(rawValue: 1 << 16)
    /// And, or, if, about: another clause or part begins.
    static let cut = LetterSense(rawValue: 1 << 17)
    /// Or, nor: what was forbidden before is still.
    static let or = LetterSense(rawValue: 1 << 18)
    /// And.
    static let and = LetterSense(rawValue: 1 << 19)
    /// There: to a place named before.
    static let there = LetterSense(rawValue: 1 << 20)
    /// Fine, possible, welcome.
    static let fine = LetterSense(rawValue: 1 << 21)
    /// To use.
    static let use = LetterSense(rawValue: 1 << 22)
    /// Marked, completed, signed: a ballot that is ready to go back.
    static let done = LetterSense(rawValue: 1 << 23)
    /// Can, may, must, please, then, just: somebody is told to do something.
    static let told = LetterSense(rawValue: 1 << 24)
    /// A way that can only be a thing: attachment, portal, picture.
    static let thing = LetterSense(rawValue: 1 << 25)
    /// To vote.
    static let vote = LetterSense(rawValue: 1 << 26)
    /// Another subject that has no danger: a code to scan, a question to answer.
    static let harmless = LetterSense(rawValue: 1 << 27)
    /// Back.
    static let back = LetterSense(rawValue: 1 << 28)
    /// A comma, or what parts like one.
    static let comma = LetterSense(rawValue: 1 << 29)
    /// To say or show, so that somebody else knows it: tell, call, read.
    static let say = LetterSense(rawValue: 1 << 30)
    /// What was voted, which can be said without the ballot: votes, choices.
    static let choice = LetterSense(rawValue: 1 << 31)
}

/// One sentence, read in one language.
private struct Reading {
    /// A part of a sentence with one doing in it.
    struct Clause {
        var words: [LetterSense] = []
        /// How it is joined to what stands before.
        var joint: LetterSense = []
        var isNegated = false

        var all: LetterSense { words.reduce(into: []) { $0.formUnion($1) } }
        func has(_ sense: LetterSense) -> Bool { words.contains { !$0.isDisjoint(with: sense) } }
        func first(_ sense: LetterSense) -> Int? { words.firstIndex { !$0.isDisjoint(with: sense) } }
        func hasAfter(_ index: Int, _ sense: LetterSense) -> Bool { words.dropFirst(index + 1).contains { !$0.isDisjoint(with: sense) } }
        func sense(_ index: Int) -> LetterSense { words.indices.contains(index) ? words[index] : [] }

        static let otherWay: LetterSense = [.way, .capture]
        static let object: LetterSense = [.ballot, .pronoun]
        static let giving: LetterSense = [.give, .send]

        /// Whether the way is a thing here ("by e-mail", "this e-mail") and not what is done.
        func isThing(_ index: Int) -> Bool {
            if sense(index).contains(.thing) { return true }
            let before = sense(index - 1)
            return !before.isDisjoint(with: [.by, .article]) && !before.contains(.told)
        }
    }

    private var clauses: [Clause] = []

    init(of sentence: String, _ lexicon: LetterLexicon) {
        var clause = Clause()
        for word in lexicon.words(of: sentence) {
            guard word.contains(.cut) else {
                clause.words.append(word)
                continue
            }
            let joins: LetterSense = [.or, .and, .comma]
            let joint = word.isDisjoint(with: joins) ? .cut : word.intersection(joins)
            if clause.words.isEmpty {
                clause.joint.formUnion(joint)
            } else {
                clauses.append(clause)
                clause = Clause(joint: joint)
            }
            // What belongs to the clause that it begins.
            let rest = word.subtracting(joins.union(.cut))
            if !rest.isEmpty { clause.words.append(rest) }
        }
        if !clause.words.isEmpty { clauses.append(clause) }
        negate()
    }

    /// Whether a way that is not the post is named.
    var namesOtherWay: Bool { clauses.contains { $0.has(Clause.otherWay) && !$0.isNegated } }

    /// Marks clauses that forbid what they speak of.
    private mutating func negate() {
        for index in clauses.indices {
            let clause = clauses[index]
            guard clause.has([.way, .capture, .net, .give, .send, .say, .accept, .refuse]) else { continue }
            if let not = clause.first(.not) {
                // "must not be e-mailed", "cannot be counted", "no acepte", "e-mail is not a way"
                let doubled = clause.hasAfter(not, .refuse)
                let isAfter = clause.hasAfter(not, [.way, .capture, .net, .accept, .give, .send, .say])
                let isThing = clause.first(Clause.otherWay).map { $0 < not && clause.isThingOrFirst($0) } ?? false
                clauses[index].isNegated = !doubled && (isAfter || isThing)
            } else if clause.has(.refuse), !clause.has(.told) {
                clauses[index].isNegated = true
            }
        }
        // Forward through lists: "Do not scan, fax, or e-mail it", "Do not send your ballot or declaration to …".
        for index in clauses.indices.dropFirst() where !clauses[index].isNegated && clauses[index - 1].isNegated {
            let (before, clause) = (clauses[index - 1], clauses[index])
            guard !clause.joint.contains(.cut), !clause.has([.told, .us, .ask]) else { continue }
            let first = clause.sense(0)
            let isDoing = !first.isDisjoint(with: Clause.otherWay) && !clause.isThing(0) && clause.has(Clause.object)
            clauses[index].isNegated =
                if before.has([.way, .capture, .net]) {
                    !clause.joint.isDisjoint(with: [.or, .and]) || !isDoing
                } else {
                    clause.joint.contains(.or) && !first.isDisjoint(with: [.ballot, .article, .by, .way, .capture])
                }
        }
        // Backward: "Ballots sent by e-mail, by fax or as a picture cannot be counted".
        for index in clauses.indices.dropFirst() where clauses[index].isNegated && clauses[index].has([.accept, .refuse]) {
            guard let start = clauses[...index].lastIndex(where: { $0.joint.contains(.cut) }) ?? clauses.indices.first else { continue }
            let subject = clauses[start]
            guard let ballot = subject.first(.ballot), ballot <= subject.first([.give, .send, .way, .capture, .told]) ?? ballot else {
                continue
            }
            for earlier in start..<index { clauses[earlier].isNegated = true }
        }
    }

    /// Whether the sentence invites. `carried`: the sentence before named another way than the post.
    func invites(after carried: Bool) -> Bool {
        let hasObject = clauses.contains { $0.has(Clause.object) }
        let isAbout = clauses.contains { !$0.isNegated && $0.has(.ballot) }
        let returns = clauses.contains { !$0.isNegated && ($0.isReturn || isAbout && $0.isSending) }
        let isDone = clauses.contains { !$0.isNegated && !$0.has(.not) && $0.has(.done) && $0.has(Clause.object) }
        for clause in clauses where !clause.isNegated {
            if clause.invites(hasObject: hasObject, returns: returns, isDone: isDone) { return true }
            if clause.isReturn, clause.has(.there), carried || namesOtherWay { return true }
        }
        return false
    }
}

extension Reading.Clause {
    fileprivate func isThingOrFirst(_ index: Int) -> Bool { isThing(index) || index == 0 }

    /// Whether the voter gives a ballot back in it.
    fileprivate var isReturn: Bool {
        guard has(.give) || has(.send) && has(Self.object) || getsToUs else { return false }
        return !isOffice && !isGetting
    }

    /// Whether the voter sends something.
    fileprivate var isSending: Bool { has(.send) && !isOffice && !isGetting && !isAsking }

    /// "Get your ballot to us"
    private var getsToUs: Bool {
        guard let get = first(.get) else { return false }
        return has(Self.object) && hasAfter(get, .us)
    }

    /// Whether the office does the sending.
    fileprivate var isOffice: Bool {
        guard let office = first(.office), !has(.accept) else { return false }
        return words.indices.contains { $0 > office && $0 <= office + 4 && !sense($0).isDisjoint(with: [.send, .way, .give]) }
            || sense(office).contains(.send)
    }

    /// Whether the voter gets something in it.
    fileprivate var isGetting: Bool {
        if has(.us) || has(.back) { return false }
        if let doing = first([.send, .way, .give]), let you = words.indices.first(where: { sense($0).contains(.you) && $0 > doing }),
            you <= doing + 2
        {
            return true
        }
        return has(.get) && !has(Self.giving) && !words.indices.contains { sense($0).contains(.capture) && !isThing($0) }
    }

    /// Whether the voter writes to the office in it: "ask us by e-mail", "e-mail us", "send us an e-mail".
    fileprivate var isAsking: Bool {
        if has(.ask) { return !(has(Self.giving) && has(Self.object)) }
        guard let way = first(.way), !has(.capture), !hasAfter(way, Self.object) else { return false }
        if sense(way + 1).contains(.us) || sense(way).contains(.us) { return !has(Self.object) }
        if let send = first(.send), send < way, !has(Self.object) { return isThing(way) && !sense(way - 1).contains(.by) }
        return false
    }

    /// Whether the voter says the votes, or reads the ballot to somebody: "tell us your choices", "read your ballot over the phone".
    private var isTelling: Bool {
        guard has(.say), !isOffice else { return false }
        if has(.choice) { return has([.us, .way]) }
        let reads = words.contains { $0.contains(.say) && !$0.contains(.ask) }
        let isHeard = has(.us) || words.contains { $0.isSuperset(of: [.ask, .way]) }
        return reads && isHeard && has(.ballot) && has(.way)
    }

    fileprivate func invites(hasObject: Bool, returns: Bool, isDone: Bool) -> Bool {
        if isTelling { return true }
        if has(.net), !has(Self.otherWay) {
            if isAsking || isOffice || isGetting { return false }
            return has(.give) || has(.vote) || has(.send) && has(Self.object) || returns && sense((first(.net) ?? 0) - 1).contains(.by)
        }
        guard let way = first(Self.otherWay) else { return false }
        let isHarmless = has(.harmless) && !has(.ballot) && !has(Self.giving)
        if isHarmless { return false }
        if isDone, !has(.ask), !isThing(way), way == 0 || sense(way - 1).contains(.told) { return true }
        if isAsking || isOffice { return false }
        if isGetting, !has(.capture) || !has(.told) { return false }
        // "Scan your ballot"
        for index in words.indices where sense(index).contains(.capture) {
            if !isThing(index) || has(Self.object) || has(Self.giving) { return true }
        }
        // "e-mail your ballot", "it can be faxed", "reply with it"
        if has(.ballot) && (!isThing(way) || has(.told) || has(.accept) || has(.fine) || has(.use)) { return true }
        if has(.pronoun), !isThing(way) { return true }
        // "return it by e-mail"
        if has(.give) || has(.send) && hasObject || getsToUs { return true }
        // "Return your ballot, by e-mail or fax", "use e-mail"
        if returns, way == 0 || sense(way - 1).contains(.by) || has(.use) || has(.fine) { return true }
        if has(.use) || has(.accept) || has(.fine) { return true }
        return has(.vote)
    }
}
