package import Elections
import Foundation
import Keys
import Packet
import Storage
import Synchronization

/// The desk where ballots are issued: every voter in scope ends in exactly one bucket, and those who are due get a packet, a link and a letter.
package struct Issuing: Sendable {
    private let office: Office

    /// Opens the desk in an office.
    package init(_ office: Office) { self.office = office }

    /// Who is in scope, and whether anything is written.
    package struct Order: Sendable {
        /// The election.
        package var election: ElectionID
        /// Decide for everyone, and write nothing.
        package var dryRun = false
        /// Only these voters; nil: everyone on the roll. An empty list means nobody.
        package var only: [VoterID]?
        /// Protected voters whose ballots are released with this run.
        package var release: [VoterID] = []

        /// Everyone on the roll of this election.
        package init(election: ElectionID) { self.election = election }
    }

    /// What a run came to.
    package struct Result: Sendable {
        /// The election.
        package var election: ElectionID
        /// How many voters each bucket has; a bucket without voters may be missing.
        package var buckets: [Bucket: Int] = [:]
        /// Voters in scope; the buckets add up to it.
        package var total = 0
        /// The batch's number; nil where nothing was issued.
        package var batch: Int64?
        /// Whether a second person must approve it first: nothing was changed then, and the buckets say what would be.
        package var waits = false

        /// `{election, buckets, total, batch}`, every bucket named.
        package var json: JSONValue {
            [
                "election": .string(election.text),
                "buckets": .object(
                    Dictionary(uniqueKeysWithValues: Bucket.allCases.map { ($0.rawValue, .integer(Int64(buckets[$0] ?? 0))) })),
                "total": .integer(Int64(total)), "batch": batch.map(JSONValue.integer) ?? .null, "waits": .bool(waits)
            ]
        }
    }

    /// How far a run is.
    package struct Progress: Sendable {
        /// Voters decided so far.
        package let done: Int
        /// Voters in scope.
        package let total: Int
        /// Ballots made so far.
        package let issued: Int
    }

    /// Issues to everyone due. Interrupted at any moment, the next run goes on where this one stopped: nobody gets two ballots.
    ///
    /// - Throws: ``OfficeError`` (`notFound`, `tryAgain` where another run is on, `notAllowed` after the links closed), `KeysError` before
    ///   the first packet, `StorageError` (disk full) between two chunks.
    package func issueDue(_ order: Order, progress: @escaping (Progress) -> Void = { _ in }) throws -> Result {
        let now = office.clock.now()
        let (election, scope) = try office.books.read { transaction in
            let election = try ElectionBook.find(order.election, in: transaction)
            try checkBasis(election, in: transaction)
            try checkReleases(order.release, election, in: transaction)
            return (election, try self.scope(order, election, in: transaction))
        }
        let closes = election.definition.deadlines.linksClose.instant(in: election.definition.timeZone)
        guard now < closes else {
            throw OfficeError(
                .notAllowed, "The links of \(order.election) closed at \(election.definition.deadlines.linksClose).",
                hint: "Ballots can no longer be issued for this election.")
        }
        let wording = PacketWording(election: election, publicURL: office.configuration.publicSite.url)
        // Whatever is wrong with the key is told before anything is done.
        let signer = try order.dryRun ? nil : self.signer(now: now)
        let bases = try loadBases(of: election, issuedAt: now, cmsCapacity: signer?.longestCMS)
        func run(_ maker: PacketMaker?) throws -> IssueRun {
            IssueRun(
                office: office, election: election, now: now, closesAt: closes, bases: bases, maker: maker,
                replacements: try office.books.read { try Replacement.waiting(in: election.id, $0) })
        }
        // What was approved is what is issued: the roll and the styles as they were looked at.
        let releasing = numbers(order.release)
        let approvals =
            office.configuration.staff.secondPerson.contains(.batch)
            ? BatchApprovals(office, for: election, releasing: releasing) : nil
        if signer != nil, let approvals, try office.books.read({ try approvals.given(in: $0) }) == nil {
            var wouldBe = try run(nil).everyone(scope, releasing: releasing, progress: progress)
            if wouldBe.buckets[.issued] ?? 0 > 0 {
                try approvals.ask(wouldBe)
                wouldBe.waits = true
                return wouldBe
            }
        }
        guard let signer else { return try run(nil).everyone(scope, releasing: releasing, progress: progress) }
        let lock = try office.lock("issue", busy: "Another `uocava issue` is running in this office.")
        defer { withExtendedLifetime(lock) {} }
        try LinkDesk(office).finishInterrupted()
        // An envelope that came meanwhile is news that a replacement must know.
        if let trouble = try office.catchUp() { throw trouble.cause }
        try office.books.write { try Replacement.endOvertaken(in: election.id, at: now, $0) }
        try release(order.release, election: election, at: now)
        return try run(maker(wording, signer)).everyone(scope, releasing: [], approvals: approvals, progress: progress)
    }

    /// Nothing is issued from an election, a style or a roll that is not as it was imported.
    private func checkBasis(_ election: KeptElection, in books: Transaction) throws {
        let differences = try IssueBasis(of: election.id, in: books).differences(in: books, of: election.id)
        guard let first = differences.first else { return }
        throw OfficeError(
            .broken,
            "Somebody changed the books since they were imported. \(first.subject): \(first.detail)"
                + (differences.count > 1 ? " There is more: \(counted(differences.count - 1, "other finding"))." : ""),
            hint: "Nothing was issued. `uocava audit` shows everything; find out who it was before you restore a backup or import again.")
    }

    /// A voter and what `issue --dry-run` would say of them now.
    struct Classified: Sendable {
        /// Rows of `request` and `voter`.
        let request: Int64
        let voter: Int64
        let record: VoterRecord
        /// Whether a ballot of theirs stands, whatever the bucket.
        let issued: Bool
        let decision: BucketDecision
    }

    /// Decides for everyone in scope and issues nothing, a chunk of the roll at a time. It needs no signing key, and reports of past elections
    /// work as well: the links may have closed.
    func classify(_ election: KeptElection, _ scope: Scope = .everyone, _ body: ([Classified]) throws -> Void) throws {
        let now = office.clock.now()
        let run = IssueRun(
            office: office, election: election, now: now,
            closesAt: election.definition.deadlines.linksClose.instant(in: election.definition.timeZone),
            bases: try loadBases(of: election, issuedAt: now, cmsCapacity: nil, leaveOutDamaged: true), maker: nil,
            replacements: try office.books.read { try Replacement.waiting(in: election.id, $0) })
        try run.classify(scope, body)
    }

    private func signer(now: Instant) throws -> Signer {
        let signer = try office.cabinet.signer(now: now.seconds, realOffice: !office.isTest)
        // The other direction of `realOffice`: a test's packets must say SAMPLE in their signature too (invariant 10).
        guard signer.certificate.isSample == office.isTest else {
            throw OfficeError(
                .notAllowed, "This is a test office, but its signing certificate is a real one.",
                hint: "Make a test office with its own SAMPLE keys: uocava init DIR --test")
        }
        return signer
    }

    /// For the holder of the lock on issuing, who alone counts envelopes.
    private func maker(_ wording: PacketWording, _ signer: Signer) throws -> PacketMaker {
        let definition = wording.election.definition
        return PacketMaker(
            wording: wording, rollKeys: office.rollKeys,
            links: LinkMaker(rollKeys: office.rollKeys, linkKeys: office.linkKeys, question: definition.identityQuestion),
            signer: signer, signerName: definition.office.name,
            mailSerials: try office.books.read { try MailSerials(for: definition, in: $0) })
    }

    /// The bases that are current, checked against their hashes and primed, on every core. Their bytes are not kept.
    ///
    /// - Parameters:
    ///   - cmsCapacity: the signer's longest signature; nil where nothing will be signed, so that any size does.
    ///   - leaveOutDamaged: whether a base that was changed counts as missing instead of stopping everything: a report must come to its end.
    private func loadBases(of election: KeptElection, issuedAt: Instant, cmsCapacity: Int?, leaveOutDamaged: Bool = false) throws
        -> BaseShelf
    {
        let (styles, rows) = try office.books.read { transaction in
            let styles = try ElectionBook.styles(of: election.id, in: transaction)
            return (styles, try BaseRow.current(of: election.id, styles, in: transaction))
        }
        let loaded = Mutex<[Swift.Result<BaseDesk, any Error>?]>(Array(repeating: nil, count: rows.count))
        DispatchQueue.concurrentPerform(iterations: rows.count) { number in
            let row = rows[number]
            do {
                let bytes = try office.counter.read { counter in
                    try counter.first("SELECT bytes FROM base WHERE hash = $1", .blob(row.hash)) { try $0.blob("bytes") }
                }
                // Missing: those voters are `packet_missing`, and everybody else gets a ballot.
                guard let bytes else { return }
                let desk = try BaseDesk(
                    bytes: bytes, hash: row.hash, plan: try BasePlan(json: row.plan), styleRow: row.style.id, style: row.style.style,
                    revision: row.style.revision, language: row.language, vendor: row.vendor, election: election,
                    logOrigin: office.configuration.logOrigin, issuedAt: issuedAt, cmsCapacity: cmsCapacity ?? 1400)
                loaded.withLock { $0[number] = .success(desk) }
            } catch {
                if leaveOutDamaged { return }
                loaded.withLock { $0[number] = .failure((error as? CounterTrouble)?.cause ?? error) }
            }
        }
        var desks: [BaseShelf.Key: BaseDesk] = [:]
        for (row, result) in zip(rows, loaded.withLock(\.self)) {
            if let desk = try result?.get() { desks[row.key] = desk }
        }
        return BaseShelf(desks: desks, resolver: StyleResolver(styles.values.map(\.style)), election: election)
    }

    // MARK: Scope

    enum Scope {
        case everyone
        /// Rows of `request`, in order, and held rows that stand for voters who are not on the roll.
        case requests([Int64], heldRows: [Int64])
    }

    private func scope(_ order: Order, _ election: KeptElection, in transaction: Transaction) throws -> Scope {
        guard let only = order.only else { return .everyone }
        var requests: Set<Int64> = []
        var held: Set<Int64> = []
        var unknown: [String] = []
        for voter in only {
            let number = office.rollKeys.index("voter number", voter.text)
            if let request = try transaction.first(
                """
                SELECT r.id FROM request r JOIN voter v ON v.id = r.voter
                WHERE r.election = $1 AND v.jurisdiction = $2 AND v.number_index = $3
                """, .integer(election.id), .text(election.definition.jurisdiction.id.text), .blob(number),
                decode: { try $0.integer("id") })
            {
                requests.insert(request)
            } else if let row = try transaction.first(
                "SELECT id FROM held_row WHERE election = $1 AND number_index = $2 AND cleared_at IS NULL", .integer(election.id),
                .blob(number), decode: { try $0.integer("id") })
            {
                held.insert(row)
            } else {
                unknown.append(voter.text)
            }
        }
        guard unknown.isEmpty else {
            throw OfficeError(
                .notFound,
                "Not on the roll of \(order.election): \(unknown.prefix(10).map(Printable.escape).joined(separator: ", "))"
                    + (unknown.count > 10 ? " and \(unknown.count - 10) more." : "."), hint: "Nothing was issued. Check the file.")
        }
        return .requests(requests.sorted(), heldRows: held.sorted())
    }

    private func numbers(_ voters: [VoterID]) -> Set<[UInt8]> {
        Set(voters.map { office.rollKeys.index("voter number", $0.text) })
    }

    /// Everyone who is to be released is a protected voter of this election; a dry run refuses what the run would.
    private func checkReleases(_ voters: [VoterID], _ election: KeptElection, in books: Transaction) throws {
        for voter in voters {
            let isProtected = try books.count(
                """
                SELECT count(*) FROM request r JOIN voter v ON v.id = r.voter
                WHERE r.election = $1 AND r.protected = 1 AND v.jurisdiction = $2 AND v.number_index = $3
                """, .integer(election.id), .text(election.definition.jurisdiction.id.text),
                .blob(office.rollKeys.index("voter number", voter.text)))
            guard isProtected == 1 else {
                throw OfficeError(
                    .notFound, "\(Printable.escape(voter.text)) is no protected voter of \(election.definition.id).",
                    hint: "`--release` names protected voters. Nothing was issued.")
            }
        }
    }

    /// Marks protected voters as released; who was released before stays so.
    func release(_ voters: [VoterID], election: KeptElection, at now: Instant) throws {
        guard !voters.isEmpty else { return }
        try office.books.write { transaction in
            try checkReleases(voters, election, in: transaction)
            for voter in voters {
                let released = try transaction.first(
                    """
                    UPDATE request SET released_at = $4 WHERE election = $1 AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.kind IN ('issued', 'released') AND j.kind = 'released'
                            AND j.voter = request.voter AND j.at = request.released_at AND j.election = $1)
                        AND voter = (SELECT id FROM voter WHERE jurisdiction = $2 AND number_index = $3) RETURNING voter
                    """, .integer(election.id), .text(election.definition.jurisdiction.id.text),
                    .blob(office.rollKeys.index("voter number", voter.text)), .integer(now.milliseconds),
                    decode: { try $0.integer("voter") })
                // Released before: the journal has it.
                guard let row = released else { continue }
                try Journal.append([JournalEntry(.released, election: election.id, voter: row)], at: now, in: transaction)
            }
        }
    }
}

/// What the books say of a base that is in use.
private struct BaseRow: Sendable {
    let key: BaseShelf.Key
    let hash: [UInt8]
    let style: ElectionBook.KeptStyle
    let language: String
    /// JSON.
    let plan: String
    let vendor: (sha256: [UInt8], length: Int64)

    /// Those of an election's styles as they are now.
    static func current(of election: Int64, _ styles: [StyleID: ElectionBook.KeptStyle], in books: Transaction) throws -> [BaseRow] {
        let byRow = Dictionary(uniqueKeysWithValues: styles.values.map { ($0.id, $0) })
        return try books.all(
            """
            SELECT b.hash, b.style, b.language, b.paper, b.instructions, b.plan, f.sha256, f.length AS vendor_length
            FROM base b JOIN ballot_style s ON s.id = b.style JOIN style_file f ON f.style = b.style AND f.language = b.language
            WHERE s.election = $1 AND s.superseded_at IS NULL AND b.retired_at IS NULL
            """, .integer(election)
        ) { row -> BaseRow? in
            guard let style = byRow[try row.integer("style")], let paper = Paper(rawValue: try row.text("paper")) else { return nil }
            let language = try row.text("language")
            let variant = BaseVariant(paper: paper, instructions: try row.text("instructions"))
            return BaseRow(
                key: BaseShelf.Key(style: style.style.id, language: language, variant: variant), hash: try row.blob("hash"), style: style,
                language: language, plan: try row.text("plan"), vendor: (try row.blob("sha256"), try row.integer("vendor_length")))
        }.compactMap(\.self)
    }
}

/// The bases of an election by what a voter needs.
struct BaseShelf: Sendable {
    struct Key: Hashable {
        let style: StyleID
        let language: String
        let variant: BaseVariant
    }

    private struct Reader: Hashable {
        let kind: VoterKind
        let language: String
    }

    let resolver: StyleResolver
    private let desks: [Key: BaseDesk]
    private let definition: ElectionDefinition
    /// The set of instructions of each kind of voter in each language, worked out once for all voters.
    private let sets: [Reader: String]

    init(desks: [Key: BaseDesk], resolver: StyleResolver, election: KeptElection) {
        self.desks = desks
        self.resolver = resolver
        definition = election.definition
        var sets: [Reader: String] = [:]
        for language in definition.languages {
            let languages = definition.languages(preferring: language)
            for kind in VoterKind.all {
                sets[Reader(kind: kind, language: language)] = election.inserts.set(for: kind, languages: languages)
            }
        }
        self.sets = sets
    }

    /// The base for a voter: the language asked for, or the first of the election's that the style has; the paper of the voter's country; the
    /// instructions, in the packet's language where there are some, for the voter's class and place.
    func desk(_ style: StyleID, for voter: VoterRecord) -> BaseDesk? {
        let paper = Self.paper(of: voter)
        let kind = voter.kind
        for language in definition.languages(preferring: voter.language) {
            guard let set = sets[Reader(kind: kind, language: language)] else { continue }
            let variant = BaseVariant(paper: paper, instructions: set)
            if let desk = desks[Key(style: style, language: language, variant: variant)] { return desk }
        }
        return nil
    }

    /// Letter where homes and offices use it (CLDR's paper sizes: the Americas' north, Colombia, Chile, Venezuela, the Philippines) and at
    /// every American post office abroad; A4 everywhere else.
    static func paper(of voter: VoterRecord) -> Paper {
        if voter.isMilitaryPost || voter.mailingCountry.isEmpty { return .letter }
        let letter: Set = ["US", "CA", "MX", "PH", "CO", "CL", "VE", "CR", "SV", "GT", "NI", "PA", "PR", "GU", "VI", "AS", "MP", "BZ"]
        return Countries.code(of: voter.mailingCountry).map(letter.contains) == true ? .letter : .a4
    }
}
