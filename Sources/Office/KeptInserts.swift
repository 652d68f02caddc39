import Elections
import Packet

/// The office's own PDFs of an election as the books keep them: what each was, and by their names which of them go into a packet.
struct KeptInserts: Sendable, Equatable {
    /// A file as it came in.
    struct File: Sendable, Equatable {
        /// SHA-256, in hexadecimal.
        let sha256: String
        let length: Int
        let pages: Int
        /// Whether libqpdf had to repair it.
        let repaired: Bool
    }

    let files: [Insert: File]
    let choice: InsertChoice

    init(_ files: [Insert: File] = [:]) {
        self.files = files
        choice = InsertChoice(files.keys)
    }

    /// From the books. What is not in our form counts as absent: `issue` and the audit compare the text with the journal first.
    init(json: JSONValue) {
        var files: [Insert: File] = [:]
        for (path, facts) in json.objectValue ?? [:] {
            guard let insert = Insert(path: path), let sha256 = facts["sha256"]?.stringValue, let length = facts["length"]?.integerValue,
                let pages = facts["pages"]?.integerValue, let repaired = facts["repaired"]?.boolValue
            else { continue }
            files[insert] = File(sha256: sha256, length: Int(length), pages: Int(pages), repaired: repaired)
        }
        self.init(files)
    }

    /// As the books and the journal keep it: by path `{sha256, length, pages, repaired}`.
    var json: JSONValue {
        .object(
            Dictionary(
                uniqueKeysWithValues: files.map { insert, file in
                    (
                        insert.path,
                        [
                            "sha256": .string(file.sha256), "length": .number(file.length), "pages": .number(file.pages),
                            "repaired": .bool(file.repaired)
                        ]
                    )
                }))
    }

    /// The set of instructions of a kind of voter in a packet's language: the SHA-256 of the one file, or empty for none. Files with the same
    /// content make one set.
    func set(for kind: VoterKind, languages: [String]) -> String {
        choice.instructions(for: kind, languages: languages).flatMap { files[$0]?.sha256 } ?? ""
    }

    /// The sets that the voters of a style need in a packet's language, each once.
    func sets(of style: BallotStyle, language: String, in election: ElectionDefinition) -> [String] {
        let languages = election.languages(preferring: language)
        return Array(Set(election.kinds(of: style.scope).map { set(for: $0, languages: languages) })).sorted()
    }

    /// Every file that a packet of a style can hold, in the order of the packet.
    func used(by style: BallotStyle, in election: ElectionDefinition) -> [Insert] {
        let used = style.files.keys.flatMap { language in
            let languages = election.languages(preferring: language)
            return election.kinds(of: style.scope).map { choice.instructions(for: $0, languages: languages) }
                + [choice.writeIns(of: style.id, languages: languages), choice.secrecy(languages: languages)]
        }
        return Set(used.compactMap(\.self)).sorted()
    }

    /// The files that have this content, for people: `instructions/citizens-abroad.en.pdf`.
    func names(of set: String) -> [String] {
        files.filter { $0.key.folder == .instructions && $0.value.sha256 == set }.keys.sorted().map(\.path)
    }
}

/// Which base of a style and a language: the paper, and the set of instructions behind the cover.
struct BaseVariant: Hashable, Sendable {
    let paper: Paper
    /// SHA-256 of the file of instructions, in hexadecimal; empty for none.
    let instructions: String
}
