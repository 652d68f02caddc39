import Elections
import Keys
import Storage

/// What the counter shows to voters: the timelines, and what the pages say of the office and its elections.
extension CounterCheck {
    /// New steps are remembered and looked at again; nobody can make the audit remember more than these.
    private static let mostNewest = 200_000

    private static let steps = "SELECT \(number("seq")), \(bytes("ballot", 16)), \(stepCells) FROM step"
    private static let stepCells = """
        CASE typeof(kind) WHEN 'text' THEN substr(kind, 1, 30) ELSE '' END AS kind, \(number("at")),
        CASE WHEN typeof(sealed) = 'null' THEN NULL WHEN typeof(sealed) = 'blob' THEN substr(sealed, 1, 65536) ELSE zeroblob(1) END AS sealed
        """

    /// Every step is the journal's, as it is, and none is missing.
    func checkSteps(_ books: Transaction) throws {
        let known = Int64(try books.count("SELECT steps_known FROM office WHERE id = 1"))
        var seen = 0
        var wrong = Few()
        try office.counter.read { counter in
            try counter.forEach(Self.steps) { row in
                let seq = try row.optionalInteger("seq") ?? Int64.min
                if seq > known {
                    if newestSteps.count < Self.mostNewest { newestSteps.append((seq, try row.blob("ballot"))) }
                    return
                }
                if let detail = try fault(seq, row, books) {
                    if wrong.isListed() { notes.add(.growth, "step \(seq)", detail) }
                } else {
                    seen += 1
                }
            }
        }
        let words = CounterBook.published.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        let due = try books.count(
            "SELECT count(*) FROM journal WHERE seq <= $1 AND kind IN (\(words)) AND ballot IS NOT NULL", .integer(known))
        if seen < due { try nameMissingSteps(upTo: known, &wrong, books) }
        wrong.finish { notes.add(.growth, "steps", "\($0) more steps of the voters' timelines are not the journal's.") }
    }

    /// What is wrong with a step, if anything.
    private func fault(_ seq: Int64, _ row: ResultRow, _ books: Transaction) throws -> String? {
        guard seq > 0, let step = try CounterBook(office).steps(after: seq - 1, upTo: seq, limit: 1, in: books).first,
            try step.ballot == row.blob("ballot")
        else { return "It is in a voter's timeline at the counter, and the journal does not tell of it." }
        var isSame = try step.kind == row.text("kind") && step.at == row.optionalInteger("at")
        switch (step.reason, try row.optionalBlob("sealed")) {
        case (nil, nil): break
        case (let reason?, let sealed?):
            let secret = try? CounterBook(office).tracking(step.ballot, in: books)
            isSame = isSame && (try? secret?.open(sealed, ballot: step.ballot)) == reason
        default: isSame = false
        }
        return isSame ? nil : "The voter's timeline at the counter tells it otherwise than the journal does."
    }

    private func nameMissingSteps(upTo known: Int64, _ wrong: inout Few, _ books: Transaction) throws {
        var position: Int64 = 0
        while true {
            let steps = try CounterBook(office).steps(after: position, upTo: known, limit: 2000, in: books)
            guard let last = steps.last else { return }
            position = last.seq
            try office.counter.read { counter in
                for step in steps
                where try counter.count(
                    "SELECT count(*) FROM step WHERE ballot = $1 AND seq = $2", .blob(step.ballot), .integer(step.seq)) == 0
                {
                    if wrong.isListed() { notes.add(.growth, "step \(step.seq)", "It is missing in the voter's timeline at the counter.") }
                }
            }
        }
    }

    /// Steps behind the books' moment must be the journal's by now: it is written first.
    func checkNewestSteps() throws {
        guard !newestSteps.isEmpty else { return }
        var wrong = Few()
        try office.counter.read { counter in
            try office.books.read { books in
                for newest in newestSteps {
                    let detail = try counter.first(
                        "\(Self.steps) WHERE ballot = $1 AND seq = $2", .blob(newest.ballot), .integer(newest.seq)
                    ) { try fault(newest.seq, $0, books) }
                    guard let detail = detail.flatMap({ $0 }), wrong.isListed() else { continue }
                    notes.add(.growth, "step \(newest.seq)", detail)
                }
            }
        }
        wrong.finish { notes.add(.growth, "steps", "\($0) more steps of the voters' timelines are not the journal's.") }
    }

    /// Every wish for a new link is on a link of ours, and the site's counts are counts.
    func checkWishesAndCounts(_ books: Transaction) throws {
        let known = try books.prepare("SELECT count(*) AS n FROM link WHERE id = $1 AND ballot = $2")
        func note(_ detail: String) { notes.add(.growth, Audit.Database.counter.rawValue, detail) }
        try office.counter.read { counter in
            var (foreign, ahead) = (0, 0)
            let latest = office.clock.now().adding(seconds: Counter.clockTolerance).milliseconds
            try counter.forEach("SELECT \(Self.number("at")), \(Self.bytes("link", 16)), \(Self.bytes("ballot", 16)) FROM wish") { row in
                if let at = try row.optionalInteger("at"), !(0...latest).contains(at) { ahead += 1 }
                let n = try known.first(.blob(try row.blob("link")), .blob(try row.blob("ballot")), decode: { try $0.integer("n") })
                if n == 0 { foreign += 1 }
            }
            if foreign > 0 {
                note("It has \(foreign == 1 ? "a wish" : "\(foreign) wishes") for a new link on links that this office did not make.")
            }
            if ahead > 0 { note("It has \(ahead == 1 ? "a wish" : "\(ahead) wishes") for a new link at impossible times.") }
            for fault in try SiteTally.Standing(in: counter).faults { note(fault) }
        }
    }

    /// The pages' texts are those that the office would write now.
    func checkTexts(_ books: Transaction) throws {
        let elections = try ElectionBook.all(in: books)
        let authority = String(decoding: try office.cabinet.authority().pem, as: UTF8.self)
        // The election that came in last wrote the notice.
        let notices = Set(elections.map { PublicNotice($0.definition, isTest: office.isTest, authority: authority).json.text })
        let text = "CASE typeof(text) WHEN 'text' THEN text ELSE '' END AS text"
        let (notice, kept) = try office.counter.read { counter in
            (
                try counter.all("SELECT \(text) FROM notice LIMIT 2") { try $0.text("text") },
                try counter.all("SELECT \(Self.number("id")), \(text) FROM election LIMIT 10000") {
                    (id: try $0.integer("id"), text: try $0.text("text"))
                }
            )
        }
        func note(_ detail: String) { notes.add(.growth, Audit.Database.counter.rawValue, detail) }
        if notice.count != min(elections.count, 1) || !notices.isSuperset(of: notice) {
            note("What the public pages say of the office is not what the office gave them. Import the election again.")
        }
        let texts = Dictionary(kept.map { ($0.id, $0.text) }, uniquingKeysWith: { first, _ in first })
        for election in elections where texts[election.id] != PublicElection(election.definition).json.text {
            note("What the public pages say of \(election.definition.id) is not what the office gave them. Import the election again.")
        }
        let foreign = Set(texts.keys).subtracting(elections.map(\.id))
        if !foreign.isEmpty { note("It has \(counted(foreign.count, "election")) that this office did not import.") }
    }
}
