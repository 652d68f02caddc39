package import Elections
import Storage

extension Desk {
    /// An election at a glance.
    package struct Board: Sendable {
        /// The row, for addresses.
        package let election: Int64
        /// What the office said of it.
        package let definition: ElectionDefinition
        /// Today on the office's wall.
        package let today: CivilDate
        /// Voters on the roll.
        package let roll: Int
        /// Ballots ever issued, replaced ones too.
        package let issued: Int
        /// Envelopes that came, write-in ballots (FWAB) too.
        package let pieces: Int
        /// Ballots by where they stand.
        package let byStatus: [BallotStatus: Int]
        /// Open lines of the exception list by kind.
        package let exceptions: [(kind: String, count: Int)]
        /// Ballots issued and envelopes that came, by day on the office's wall; days without either are not in it.
        package let days: [Day]

        /// One day's numbers.
        package struct Day: Sendable, Equatable {
            /// The day on the office's wall.
            package let date: CivilDate
            package var issued: Int
            package var returned: Int
        }

        /// Ballots that stand at one of these.
        package func count(_ statuses: BallotStatus...) -> Int { statuses.reduce(0) { $0 + (byStatus[$1] ?? 0) } }

        /// Ballots that are neither replaced nor cancelled: one voter has one at most.
        package var standing: Int { byStatus.filter { $0.key != .replaced && $0.key != .cancelled }.values.reduce(0, +) }

        /// How far ballots that count came, each step holding all that follow.
        package var funnel: [(step: FunnelStep, count: Int)] {
            let returned = count(.received, .held, .accepted, .rejected)
            let opened = returned + count(.claimed, .delivered)
            let sent = opened + count(.sent)
            return [
                (.roll, roll), (.issued, sent + count(.issued, .undeliverable)), (.sent, sent), (.opened, opened), (.returned, returned),
                (.accepted, count(.accepted))
            ]
        }
    }

    /// A step of ``Board/funnel``.
    package enum FunnelStep: String, Sendable, CaseIterable {
        case roll, issued, sent, opened, returned, accepted
    }

    /// Every election that is theirs, in the order in which they came in.
    package func boards() throws -> [Board] {
        try allow(.look)
        try office.catchUp()
        return try office.books.read { books in try elections(in: books).map { try board($0, in: books) } }
    }

    /// One election.
    ///
    /// - Throws: ``OfficeError`` `notFound` also where it is another county's.
    package func board(_ election: Int64) throws -> Board {
        try allow(.look)
        try office.catchUp()
        return try office.books.read { try board(try self.election(election, in: $0), in: $0) }
    }

    private func board(_ election: KeptElection, in books: Transaction) throws -> Board {
        let zone = election.definition.timeZone
        let totals = try books.first(
            "SELECT roll, issued, pieces FROM election_total WHERE election = $1", .integer(election.id)
        ) { (roll: Int(try $0.integer("roll")), issued: Int(try $0.integer("issued")), pieces: Int(try $0.integer("pieces"))) }
        var byStatus: [BallotStatus: Int] = [:]
        try books.forEach("SELECT status, n FROM status_total WHERE election = $1", .integer(election.id)) { row in
            if let status = BallotStatus(rawValue: try row.text("status")) { byStatus[status] = Int(try row.integer("n")) }
        }
        var days: [CivilDate: Board.Day] = [:]
        try books.forEach(
            "SELECT half_hour, issued, pieces FROM half_hour_total WHERE election = $1 ORDER BY half_hour", .integer(election.id)
        ) { row in
            let date = Instant(milliseconds: try row.integer("half_hour") * 1_800_000).civilDate(in: zone)
            days[date, default: Board.Day(date: date, issued: 0, returned: 0)].issued += Int(try row.integer("issued"))
            days[date]?.returned += Int(try row.integer("pieces"))
        }
        let exceptions = try books.all(
            "SELECT kind, count(*) AS n FROM exception WHERE election = $1 AND cleared_at IS NULL GROUP BY kind ORDER BY kind",
            .integer(election.id)
        ) { (kind: try $0.text("kind"), count: Int(try $0.integer("n"))) }
        return Board(
            election: election.id, definition: election.definition, today: office.clock.now().civilDate(in: zone), roll: totals?.roll ?? 0,
            issued: totals?.issued ?? 0, pieces: totals?.pieces ?? 0, byStatus: byStatus, exceptions: exceptions,
            days: days.values.sorted { $0.date < $1.date })
    }

    // MARK: Lists

    /// What the index `ballot_rare` is made for, word for word, so that SQLite takes it.
    private static func rare(_ status: BallotStatus) -> String {
        switch status {
        case .issued, .sent, .claimed, .delivered: ""
        default: " AND b.status IN ('undeliverable', 'received', 'held', 'accepted', 'rejected', 'replaced', 'cancelled')"
        }
    }

    /// Which voters a list shows.
    package enum Choice: Sendable, Equatable {
        /// With a ballot that stands here.
        case status(BallotStatus)
        /// With an open line of this kind on the exception list.
        case exception(String)
        /// On the roll, without a ballot that stands.
        case withoutBallot
        /// Everyone on the roll.
        case everyone
    }

    /// A page of a list, in the order of the roll.
    package struct List: Sendable {
        /// Whose list it is, and who is on this page.
        package let definition: ElectionDefinition
        package let voters: [Found]
        /// Behind which voter the next page begins; nil: this is the last.
        package let next: Int64?
    }

    private static let page = 100

    /// Voters of an election.
    ///
    /// - Parameter after: the row of the voter before the first.
    package func list(_ choice: Choice, election id: Int64, after: Int64 = 0) throws -> List {
        try allow(.look)
        return try office.books.read { books in
            let election = try election(id, in: books)
            let (from, value): (String, SQLValue) =
                switch choice {
                case .status(let status):
                    ("ballot b WHERE b.election = $1 AND b.voter > $2 AND b.status = $3\(Self.rare(status))", .text(status.rawValue))
                case .exception(let kind):
                    ("exception b WHERE b.election = $1 AND b.voter > $2 AND b.kind = $3 AND b.cleared_at IS NULL", .text(kind))
                case .withoutBallot:
                    (
                        """
                        request b WHERE b.election = $1 AND b.voter > $2 AND $3 IS NULL AND NOT EXISTS (SELECT 1 FROM ballot s
                            WHERE s.election = b.election AND s.voter = b.voter AND s.status NOT IN ('replaced', 'cancelled'))
                        """, .null
                    )
                case .everyone: ("request b WHERE b.election = $1 AND b.voter > $2 AND $3 IS NULL", .null)
                }
            let rows = try books.all(
                "SELECT DISTINCT b.voter FROM \(from) ORDER BY b.voter LIMIT \(Self.page + 1)", .integer(id), .integer(after), value
            ) { try $0.integer("voter") }
            let shown = rows.prefix(Self.page)
            return List(
                definition: election.definition,
                voters: try shown.compactMap { try found(where: "r.election = $1 AND r.voter = $2", id, $0, books) },
                next: rows.count > Self.page ? shown.last : nil)
        }
    }
}
