import Elections
import Foundation
import Keys
import Storage
import Synchronization

extension Reports {
    /// Walks every ballot that the journal says was issued, a chunk at a time, and checks it on every core.
    ///
    /// Voters and clerks go on meanwhile, and two databases have no common moment: a ballot that looks wrong is looked at again at the end.
    func reconcileBallots(_ election: KeptElection, _ result: inout Reconciliation) throws -> JournalNumbers {
        let bases = try sharedBases(election, &result)
        var journal = JournalNumbers()
        var suspicious: [IssuedRow] = []
        var unread: [IssuedRow] = []
        while true {
            let (rows, last) = try next(election, &journal)
            guard let last else { break }
            journal.position = last
            for (row, verdict) in try check(rows, bases) {
                if verdict.isUnread { unread.append(row) }
                if verdict.findings.isEmpty { result.totals.add(verdict) } else { suspicious.append(row) }
            }
        }
        try note(unread, election, &result)
        guard !suspicious.isEmpty else { return journal }
        // Longer than a new link takes between the counter and the books.
        Thread.sleep(forTimeInterval: 0.3)
        try office.catchUp()
        for start in stride(from: 0, to: suspicious.count, by: Self.chunk) {
            for (row, verdict) in try check(Array(suspicious[start..<min(start + Self.chunk, suspicious.count)]), bases) {
                result.totals.add(verdict)
                guard !verdict.findings.isEmpty else { continue }
                let voter = try office.books.read { try office.voterNumber(row.voter, election: election.id, in: $0) }
                result.mismatches += verdict.findings.map {
                    Reconciliation.Mismatch(kind: $0.kind, voterID: voter, ballot: hex(row.ballot), detail: $0.detail)
                }
            }
        }
        return journal
    }

    /// Names the ballots of which the counter's cells could not be read; where it is all of them, the counter has been named already.
    private func note(_ unread: [IssuedRow], _ election: KeptElection, _ result: inout Reconciliation) throws {
        guard !result.isCounterUnread else { return }
        for row in unread.prefix(20) {
            let voter = try office.books.read { try office.voterNumber(row.voter, election: election.id, in: $0) }
            result.mismatches.append(
                Reconciliation.Mismatch(
                    kind: .packet, voterID: voter, ballot: hex(row.ballot), detail: "What the counter holds of this ballot cannot be read.")
            )
        }
        guard unread.count > 20 else { return }
        result.mismatches.append(
            Reconciliation.Mismatch(
                kind: .packet, voterID: nil, ballot: nil,
                detail: "What the counter holds of \(unread.count - 20) more ballots cannot be read."))
    }

    /// The next rows of the journal: the ballots, with the other numbers taken in on the way.
    private func next(_ election: KeptElection, _ journal: inout JournalNumbers) throws -> (ballots: [IssuedRow], last: Int64?) {
        let rows = try office.books.read { transaction in
            try transaction.all(
                "SELECT seq, kind, ballot, voter, canonical \(JournalNumbers.rows) LIMIT \(Self.chunk)", .integer(election.id),
                .integer(journal.position)
            ) { row in
                (
                    seq: try row.integer("seq"), kind: try row.text("kind"), ballot: try row.optionalBlob("ballot"),
                    voter: try row.optionalInteger("voter"),
                    // Bytes that are no longer JSON are the audit's to name; here they are a row without facts.
                    facts: (try? JSONValue.parse(try row.blob("canonical"))) ?? .null
                )
            }
        }
        var ballots: [IssuedRow] = []
        ballots.reserveCapacity(rows.count)
        for row in rows {
            journal.add(kind: row.kind, facts: row.facts)
            if row.kind == EventKind.issued.rawValue, let ballot = row.ballot, let voter = row.voter {
                ballots.append(IssuedRow(ballot: ballot, voter: voter, election: election.id, facts: row.facts))
            }
        }
        return (ballots, rows.last?.seq)
    }

    /// Reads a chunk from both databases, then decrypts and compares it on every core.
    private func check(_ rows: [IssuedRow], _ bases: SharedBases) throws -> [(IssuedRow, BallotVerdict)] {
        let known = try gather(rows)
        let check = BallotCheck(rollKeys: office.rollKeys, linkKeys: office.linkKeys, bases: bases)
        let slots = Mutex<[Int: BallotVerdict]>([:])
        let cores = max(1, ProcessInfo.processInfo.activeProcessorCount)
        let share = max(1, (rows.count + cores * 4 - 1) / (cores * 4))
        DispatchQueue.concurrentPerform(iterations: (rows.count + share - 1) / share) { piece in
            let range = piece * share..<min((piece + 1) * share, rows.count)
            let part = range.map { ($0, check.verdict(rows[$0], known[$0])) }
            slots.withLock { for (index, verdict) in part { $0[index] = verdict } }
        }
        let verdicts = slots.withLock { $0 }
        return rows.indices.compactMap { index in verdicts[index].map { (rows[index], $0) } }
    }

    /// What both databases say. The books first: what the counter has beyond them is newer, and its number says so.
    private func gather(_ rows: [IssuedRow]) throws -> [BallotRecords] {
        guard !rows.isEmpty else { return [] }
        var chunk = BallotChunk(rows.map(\.ballot))
        try office.books.read { try chunk.read(books: $0) }
        let books = chunk
        do {
            try office.counter.read { try chunk.read(counter: $0) }
            return chunk.records
        } catch let trouble as CounterTrouble {
            // One odd cell must not hide the others: then each ballot is read by itself.
            let isOneCell = (trouble.cause as? StorageError)?.code == .result
            return rows.indices.map { index in
                var alone = BallotChunk(rows[index].ballot, books.records[index])
                if !isOneCell || (try? office.counter.read { try alone.read(counter: $0) }) == nil {
                    alone = BallotChunk(rows[index].ballot, books.records[index])
                    alone.isUnread = true
                }
                return alone.records[0]
            }
        }
    }

    /// The bases that packets of the election begin with, each checked against its hash once. A base that is missing or changed is one
    /// mismatch, not one for each of its voters.
    private func sharedBases(_ election: KeptElection, _ result: inout Reconciliation) throws -> SharedBases {
        var bases = SharedBases()
        let rows = try office.books.read { transaction in
            try transaction.all(
                """
                SELECT b.hash, b.style, b.length, b.language, b.paper, s.code, s.revision FROM base b JOIN ballot_style s ON s.id = b.style
                WHERE s.election = $1 ORDER BY b.id
                """, .integer(election.id)
            ) { row in
                (
                    hash: try row.blob("hash"), style: try row.integer("style"), length: Int(try row.integer("length")),
                    code: try row.text("code"),
                    name:
                        "\(try row.text("code")), revision \(try row.integer("revision")), \(try row.text("language")), \(try row.text("paper"))"
                )
            }
        }
        for row in rows {
            bases.styles[row.style] = row.code
            bases.belonging.insert(SharedBases.Place(style: row.style, hash: row.hash))
            guard bases.primed[row.hash] == nil else { continue }
            let bytes: [UInt8]?
            do {
                bytes = try office.counter.read { transaction in
                    try transaction.first("SELECT bytes FROM base WHERE hash = $1", .blob(row.hash)) { try $0.blob("bytes") }
                }
            } catch let trouble as CounterTrouble {
                result.note(trouble)
                continue
            }
            if let bytes, bytes.count == row.length, SHA256.hash(bytes) == row.hash {
                bases.primed[row.hash] = (PrimedSHA256(bytes), row.length)
            } else {
                result.mismatches.append(
                    Reconciliation.Mismatch(
                        kind: .packet, voterID: nil, ballot: nil,
                        detail:
                            "The pages that all voters of \(row.name) share are \(bytes == nil ? "missing" : "changed") at the counter. "
                            + "Import the election again."))
            }
        }
        return bases
    }
}

extension Reconciliation.Totals {
    fileprivate mutating func add(_ verdict: BallotVerdict) {
        issued += 1
        if verdict.events.contains(.letterSent) { mailed += 1 }
        if verdict.events.contains(.claimed) { claimed += 1 }
        if verdict.events.contains(.delivered) { delivered += 1 }
        if verdict.events.contains(.received) { returned += 1 }
        if verdict.status == .accepted { accepted += 1 }
        if verdict.status == .rejected { rejected += 1 }
    }
}

/// A ballot as the journal issued it.
struct IssuedRow: Sendable {
    let ballot: [UInt8]
    let voter: Int64
    let election: Int64
    let facts: JSONValue
}

/// What all ballots of an election are checked against.
struct SharedBases: Sendable {
    struct Place: Hashable, Sendable {
        let style: Int64
        let hash: [UInt8]
    }

    /// The codes of the styles, by row.
    var styles: [Int64: String] = [:]
    /// Which base belongs to which style.
    var belonging: Set<Place> = []
    /// The digest of each base that is as it was made, ready to be continued with a tail, and its length.
    var primed: [[UInt8]: (digest: PrimedSHA256, length: Int)] = [:]
}

/// Everything that the books and the counter hold of one ballot.
struct BallotRecords: Sendable {
    struct Book: Sendable {
        let election, voter, style, batch: Int64
        let base, packet, tracking, returnIndex, sealed: [UInt8]
        let keyID: String
        let status: BallotStatus?
    }
    struct Link: Sendable {
        let id: [UInt8]
        /// Nil where the journal tells of the link and the books do not have it.
        let keyID: String?
        let stands: Bool
    }
    struct Letter: Sendable {
        let link: [UInt8]
        let state: String
    }
    struct Piece: Sendable {
        let voter: Int64
        let decision: String?
    }
    struct Packet: Sendable {
        let base, sha256, tracking, sealed: [UInt8]
        let length: Int
        let isDelivered: Bool
    }
    struct CounterLink: Sendable {
        let seq: Int64
        let id, lookup, wrap: [UInt8]
        let state: String
        let isClaimed, hasVisit: Bool
    }
    struct CounterEvent: Sendable {
        let seq: Int64
        let kind: String
        let link: [UInt8]
    }

    /// How far the books knew the counter's events and links when they were read.
    fileprivate(set) var eventsKnown: Int64 = 0
    fileprivate(set) var linksKnown: Int64 = 0
    fileprivate(set) var book: Book?
    fileprivate(set) var events: [EventKind] = []
    /// Those that the journal tells of, and the one that stands.
    fileprivate(set) var links: [Link] = []
    fileprivate(set) var letters: [Letter] = []
    fileprivate(set) var piece: Piece?
    fileprivate(set) var packet: Packet?
    fileprivate(set) var counterLinks: [CounterLink] = []
    fileprivate(set) var counterEvents: [CounterEvent] = []
    /// Whether what the counter holds could not be read.
    fileprivate(set) var isUnread = false
}

/// Reads what the databases hold of a chunk of ballots, one statement for each table: a statement for each ballot would cost more than
/// everything that is then done with what it reads.
private struct BallotChunk {
    private let ballots: [[UInt8]]
    /// A ballot that the journal issues twice is there twice.
    private var places: [[UInt8]: [Int]] = [:]
    private(set) var records: [BallotRecords]

    init(_ ballots: [[UInt8]]) {
        self.ballots = ballots
        records = [BallotRecords](repeating: BallotRecords(), count: ballots.count)
        for (place, ballot) in ballots.enumerated() { places[ballot, default: []].append(place) }
    }

    /// One ballot whose books were read before.
    init(_ ballot: [UInt8], _ record: BallotRecords) {
        ballots = [ballot]
        places = [ballot: [0]]
        records = [record]
    }

    var isUnread: Bool {
        get { records.contains(where: \.isUnread) }
        set { for place in records.indices { records[place].isUnread = newValue } }
    }

    /// `($1, $2, …)`, as many as there are keys.
    private static func list(_ keys: [[UInt8]]) -> String { "(" + (1...keys.count).map { "$\($0)" }.joined(separator: ", ") + ")" }

    /// Hands each row to `add` with each record of the ballot that its column `ballot` names.
    private mutating func each(
        _ select: String, order: String = "", in transaction: Transaction, add: (inout BallotRecords, ResultRow) throws -> Void
    ) throws {
        var records = records
        self.records = []
        try transaction.forEach("\(select) IN \(Self.list(ballots)) \(order)", values: ballots.map(SQLValue.blob)) { row in
            for place in places[try row.blob("ballot")] ?? [] { try add(&records[place], row) }
        }
        self.records = records
    }

    mutating func read(books: Transaction) throws {
        let marks = try books.first("SELECT events_known, links_known FROM office WHERE id = 1") {
            (events: try $0.integer("events_known"), links: try $0.integer("links_known"))
        }
        for place in records.indices {
            records[place].eventsKnown = marks?.events ?? 0
            records[place].linksKnown = marks?.links ?? 0
        }
        try each(
            """
            SELECT id AS ballot, election, voter, style, base, packet, batch, status, return_index, tracking, key_id, sealed FROM ballot
            WHERE id
            """, in: books
        ) { record, row in
            record.book = BallotRecords.Book(
                election: try row.integer("election"), voter: try row.integer("voter"), style: try row.integer("style"),
                batch: try row.integer("batch"), base: try row.blob("base"), packet: try row.blob("packet"),
                tracking: try row.blob("tracking"), returnIndex: try row.blob("return_index"), sealed: try row.blob("sealed"),
                keyID: try row.text("key_id"), status: BallotStatus(rawValue: try row.text("status")))
        }
        try each("SELECT ballot, voter, decision FROM return_piece WHERE ballot", in: books) { record, row in
            record.piece = BallotRecords.Piece(voter: try row.integer("voter"), decision: try row.optionalText("decision"))
        }
        // Every link has its letter, and the row that queues it names the link; the other rows' bytes are not needed.
        try each(
            "SELECT ballot, kind, CASE WHEN kind = 'letter_queued' THEN canonical END AS canonical FROM journal WHERE ballot",
            order: "ORDER BY seq", in: books
        ) { record, row in
            guard let kind = EventKind(rawValue: try row.text("kind")) else { return }
            record.events.append(kind)
            guard let canonical = try row.optionalBlob("canonical"), let facts = try? JSONValue.parse(canonical),
                let link = facts["link"]?.stringValue.flatMap({ bytes(hex: $0) }), !record.links.contains(where: { $0.id == link })
            else { return }
            record.links.append(BallotRecords.Link(id: link, keyID: nil, stands: false))
        }
        try each("SELECT ballot, id, key_id, ended_at IS NULL AS stands FROM link WHERE ballot", in: books) { record, row in
            let link = BallotRecords.Link(id: try row.blob("id"), keyID: try row.text("key_id"), stands: try row.flag("stands"))
            if let told = record.links.firstIndex(where: { $0.id == link.id }) {
                record.links[told] = link
            } else if link.stands {
                record.links.append(link)
            }
        }
        try readLetters(books)
    }

    /// By the link, which is what a letter brings.
    private mutating func readLetters(_ books: Transaction) throws {
        var places: [[UInt8]: [Int]] = [:]
        for (place, record) in records.enumerated() {
            for link in record.links { places[link.id, default: []].append(place) }
        }
        let links = Array(places.keys)
        guard !links.isEmpty else { return }
        try books.forEach("SELECT link, state FROM letter WHERE link IN \(Self.list(links)) ORDER BY id", values: links.map(SQLValue.blob))
        { row in
            let letter = BallotRecords.Letter(link: try row.blob("link"), state: try row.text("state"))
            for place in places[letter.link] ?? [] { records[place].letters.append(letter) }
        }
    }

    mutating func read(counter: Transaction) throws {
        try each(
            "SELECT ballot, base, sha256, length, tracking, delivered_at IS NOT NULL AS delivered, sealed FROM packet WHERE ballot",
            in: counter
        ) { record, row in
            record.packet = BallotRecords.Packet(
                base: try row.blob("base"), sha256: try row.blob("sha256"), tracking: try row.blob("tracking"),
                sealed: try row.blob("sealed"),
                length: Int(try row.integer("length")), isDelivered: try row.flag("delivered"))
        }
        try each(
            """
            SELECT l.ballot, l.seq, l.id, l.lookup, l.wrap, l.state, l.claimed_at IS NOT NULL AS claimed,
                EXISTS (SELECT 1 FROM visit v WHERE v.link = l.id) AS visited
            FROM link l WHERE l.ballot
            """, order: "ORDER BY l.seq", in: counter
        ) { record, row in
            record.counterLinks.append(
                BallotRecords.CounterLink(
                    seq: try row.integer("seq"), id: try row.blob("id"), lookup: try row.blob("lookup"), wrap: try row.blob("wrap"),
                    state: try row.text("state"), isClaimed: try row.flag("claimed"), hasVisit: try row.flag("visited")))
        }
        try each("SELECT ballot, seq, kind, link FROM counter_event WHERE ballot", order: "ORDER BY seq", in: counter) { record, row in
            record.counterEvents.append(
                BallotRecords.CounterEvent(seq: try row.integer("seq"), kind: try row.text("kind"), link: try row.blob("link")))
        }
    }
}
