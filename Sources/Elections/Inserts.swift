/// The three groups for which offices word their instructions: by class, and for the military by where they are.
package enum VoterGroup: String, CaseIterable, Sendable, Hashable {
    case militaryDomestic = "military-domestic"
    case militaryOverseas = "military-overseas"
    case citizensAbroad = "citizens-abroad"
}

/// All that instructions depend on: the voter's class, and for the military where they are.
package struct VoterKind: Sendable, Hashable {
    /// The class of the request.
    package let voterClass: VoterClass
    /// The group that the class and the place make; nil for `other`.
    package let group: VoterGroup?

    /// The kind of voters of this class who are here or abroad; only the military is asked where.
    package init(_ voterClass: VoterClass, isOverseas: Bool) {
        self.voterClass = voterClass
        group =
            switch voterClass {
            case .activeDuty, .activeDutySpouseOrDependent, .activatedNationalGuard: isOverseas ? .militaryOverseas : .militaryDomestic
            case .citizenAbroadIntentToReturn, .citizenAbroadReturnUncertain, .citizenAbroadNeverResided: .citizensAbroad
            case .other: nil
            }
    }

    /// Every kind once, in the order of the classes.
    package static let all: [VoterKind] = VoterClass.allCases.flatMap { voterClass in
        (voterClass.isMilitary ? [false, true] : [true]).map { VoterKind(voterClass, isOverseas: $0) }
    }

    /// For whom a file may be, the most particular first.
    var audiences: [String] { [voterClass.rawValue] + (group.map { [$0.rawValue] } ?? []) + [Insert.everyone] }

    /// `active-duty (military-overseas)`
    package var words: String { group.map { "\(voterClass.rawValue) (\($0.rawValue))" } ?? voterClass.rawValue }
}

extension VoterRecord {
    /// What instructions the voter needs. Where the roll does not say where they are, the address does: APO, FPO and DPO are overseas, as they
    /// are for the deadline.
    package var kind: VoterKind {
        guard voterClass.isMilitary, location == nil else { return VoterKind(voterClass, isOverseas: location == .overseas) }
        let isHome = mailingCountry.isEmpty || Countries.code(of: mailingCountry).map(Countries.isUnitedStatesOrTerritory) == true
        return VoterKind(voterClass, isOverseas: isMilitaryPost || !isHome)
    }
}

/// A PDF of the office's own that goes into packets unaltered: instructions, certified write-in candidates, a secrecy sheet.
///
/// Its name says for whom it is and in which language: `instructions/military-overseas.en.pdf`.
package struct Insert: Sendable, Hashable, Comparable {
    /// The folder of the election's folder, and with it the place in the packet.
    package enum Folder: String, CaseIterable, Sendable, Hashable {
        /// Behind the cover; for a class, a group, or everyone.
        case instructions
        /// Behind the ballot; for a style, or everyone.
        case writeIns = "write-ins"
        /// Behind those; for everyone.
        case secrecy
    }

    /// For whom a file is that is for nobody in particular.
    package static let everyone = "all"

    /// Where it lies.
    package let folder: Folder
    /// A class, a group, a style, or ``everyone``.
    package let who: String
    /// A language tag.
    package let language: String

    /// The file, relative to the election's folder.
    package var path: String { "\(folder.rawValue)/\(who).\(language).pdf" }

    /// In the order of the packet, then by name.
    package static func < (a: Insert, b: Insert) -> Bool {
        (a.order, a.who, a.language) < (b.order, b.who, b.language)
    }

    private var order: Int { Folder.allCases.firstIndex(of: folder) ?? 0 }

    fileprivate init(_ folder: Folder, _ who: String, _ language: String) {
        self.folder = folder
        self.who = who
        self.language = language
    }

    /// A path as ``path`` gives it; nil for anything else.
    package init?(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let folder = Folder(rawValue: parts[0]), let (who, language) = Insert.parts(of: parts[1]) else {
            return nil
        }
        self.init(folder, who, language)
    }

    /// A file that was found in one of the folders, checked against the election's languages and styles. Throws the problem that names it.
    package init(_ name: String, in folder: Folder, languages: [String], styles: [StyleID]) throws(Problem) {
        let file = "\(folder.rawValue)/\(name)"
        guard name.hasSuffix(".pdf") else {
            throw Problem(
                file: file, what: "this is not the name of a PDF",
                hint: "Everything in \(folder.rawValue)/ goes into packets: move the file away, or let its name end in .pdf.")
        }
        guard let (who, language) = Insert.parts(of: name) else {
            throw Problem(
                file: file, what: "the name does not say for whom this is, and in which language",
                hint:
                    "Name it \(folder.rawValue)/WHO.LANGUAGE.pdf, for example \(folder.rawValue)/all.en.pdf, with letters, digits, _ and -."
            )
        }
        self.init(folder, who, language)
        let known = Insert.audiences(of: folder, styles: styles)
        guard known.contains(who) else {
            let what =
                switch folder {
                case .instructions: "\(Printable.quote(who)) is no class or group of voters"
                case .writeIns: "\(Printable.quote(who)) is no ballot style of styles.csv"
                case .secrecy: "\(Printable.quote(who)) is for nobody: a secrecy sheet is for everyone"
                }
            let choice = folder == .writeIns ? "Begin with the style's id, or with all." : "Begin with \(Insert.listed(known))."
            throw Problem(file: file, what: what, hint: choice + Nearest.hint(who, among: known))
        }
        if folder == .writeIns, who == Insert.everyone, styles.contains(StyleID(who)) {
            throw Problem(
                file: file, what: "this could be for the style \(who), or for all styles", hint: "Give the style another id in styles.csv.")
        }
        guard languages.contains(language) else {
            throw Problem(
                file: file, what: "\(Printable.quote(language)) is not one of the election's languages",
                hint: "The election has \(languages.joined(separator: ", ")): add it to languages in election.yaml, or correct the name.")
        }
    }

    private static func parts(of name: String) -> (who: String, language: String)? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[2] == "pdf", parts[0].isPlainIdentifier, parts[1].isPlainIdentifier else { return nil }
        return (parts[0], parts[1])
    }

    private static func audiences(of folder: Folder, styles: [StyleID]) -> [String] {
        switch folder {
        case .instructions: VoterClass.allCases.map(\.rawValue) + VoterGroup.allCases.map(\.rawValue) + [everyone]
        case .writeIns: styles.map(\.text) + [everyone]
        case .secrecy: [everyone]
        }
    }

    private static func listed(_ words: [String]) -> String {
        words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
    }
}

/// Which of an election's inserts go into a packet: at most one of each folder.
///
/// The packet's language comes first, and in it the most particular file; then the election's other languages in their order. So a voter who
/// reads Spanish gets the Spanish instructions for everyone rather than the English ones for their class.
package struct InsertChoice: Sendable, Equatable {
    private let known: Set<Insert>

    /// A choice among these.
    package init(_ inserts: some Sequence<Insert>) { known = Set(inserts) }

    /// Whether there are none at all.
    package var isEmpty: Bool { known.isEmpty }

    /// The instructions for a kind of voter. `languages` are those to try: hand it `ElectionDefinition.languages(preferring:)`.
    package func instructions(for kind: VoterKind, languages: [String]) -> Insert? { first(.instructions, kind.audiences, languages) }

    /// The certified write-in candidates that go with a style's ballot: its own list, or the one for all.
    package func writeIns(of style: StyleID, languages: [String]) -> Insert? { first(.writeIns, [style.text, Insert.everyone], languages) }

    /// The secrecy sheet.
    package func secrecy(languages: [String]) -> Insert? { first(.secrecy, [Insert.everyone], languages) }

    private func first(_ folder: Insert.Folder, _ audiences: [String], _ languages: [String]) -> Insert? {
        guard !known.isEmpty else { return nil }
        for language in languages {
            for who in audiences {
                let insert = Insert(folder, who, language)
                if known.contains(insert) { return insert }
            }
        }
        return nil
    }
}

extension ElectionDefinition {
    /// The kinds of voters who can get a ballot of this scope; all of them where the election sends nobody there.
    package func kinds(of scope: Scope) -> [VoterKind] {
        let kinds = VoterKind.all.filter { self.scope(of: $0.voterClass) == scope }
        return kinds.isEmpty ? VoterKind.all : kinds
    }
}
