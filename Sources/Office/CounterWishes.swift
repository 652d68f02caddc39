package import Elections
import Keys
import Storage

// What the right answer on a link that is over earns: a new link, mailed to the address on file. The counter writes the wish down, the office
// grants it (``WishDesk``): here nobody could make a link or write a letter.
extension Counter {
    /// How many wishes of one ballot count in a day.
    package static let wishesADay = 3
    static let daySeconds: Int64 = 86_400
    /// How long a ticket is good for.
    private static let ticketSeconds: Int64 = 30 * 60

    /// What became of a wish.
    package enum WishOutcome: Sendable, Equatable {
        /// It is written down; the letter goes out in a moment.
        case noted
        /// So many were noted within a day already.
        case tooMany
        /// Links have closed.
        case closed
        /// The ticket is none of ours, or too old, or the link is one that takes no wish: live, retired.
        case refused
    }

    /// A ticket for a wish, to be handed only to whoever has just given the right answer. Good for this link and half an hour.
    package func wishTicket(token text: String) -> String? {
        guard let token = Token(text: text) else { return nil }
        let moment = clock.now().milliseconds
        return "\(moment).\(hex(seal(moment, token)))"
    }

    /// Takes down the wish for a new link: once for a ticket, however often it is brought.
    ///
    /// - Parameters:
    ///   - text: the token from the old link's address.
    ///   - ticket: what ``wishTicket(token:)`` gave for it.
    package func wish(token text: String, ticket: String) async throws -> WishOutcome {
        let parts = ticket.utf8.count <= 100 ? ticket.split(separator: ".", omittingEmptySubsequences: false) : []
        guard let token = Token(text: text), parts.count == 2, parts[0].utf8.allSatisfy({ (48...57).contains($0) }),
            let moment = Int64(parts[0]), let mac = bytes(hex: String(parts[1])),
            HMAC256.equal(mac, seal(moment, token))
        else { return .refused }
        let now = clock.now()
        // The moment is ours: it passed the seal.
        guard now.milliseconds >= moment, now.milliseconds - moment <= Self.ticketSeconds * 1000 else { return .refused }
        let lookup = token.lookup
        return try await commits.submit { transaction in
            let link = try transaction.first(
                "SELECT id, ballot, closes_at FROM link WHERE lookup = $1 AND state IN ('claimed', 'replaced')", .blob(lookup)
            ) { (id: try $0.blob("id"), ballot: try $0.blob("ballot"), closesAt: try $0.integer("closes_at")) }
            guard let link else { return .refused }
            guard link.closesAt > now.milliseconds else { return .closed }
            // A form that is sent twice is one wish. What is dated ahead nobody here wrote.
            let repeated = try transaction.count(
                "SELECT count(*) FROM wish WHERE ballot = $1 AND at > $2 AND at <= $4 AND link = $3", .blob(link.ballot), .integer(moment),
                .blob(link.id), .integer(now.milliseconds))
            if repeated > 0 { return .noted }
            let recent = try transaction.count(
                "SELECT count(*) FROM wish WHERE ballot = $1 AND at > $2 AND at <= $3", .blob(link.ballot),
                .integer(now.adding(seconds: -Self.daySeconds).milliseconds), .integer(now.milliseconds))
            guard recent < Self.wishesADay else { return .tooMany }
            try transaction.execute(
                "INSERT INTO wish (at, ballot, link) VALUES ($1, $2, $3)", .integer(now.milliseconds), .blob(link.ballot), .blob(link.id))
            return .noted
        }
    }

    private func seal(_ moment: Int64, _ token: Token) -> [UInt8] {
        HMAC256.authenticate(Array("new link \(moment) ".utf8) + token.lookup, key: ticketKey)
    }

    // MARK: Whether a file is ours

    /// A packet that this office issued.
    package struct IssuedPacket: Sendable {
        /// When it was made.
        package let issuedAt: Instant
        /// What the pages say of its election.
        package let election: PublicElection
        /// Whether the office has taken it back since: by another ballot for the voter, or for good.
        package let isSuperseded: Bool
    }

    /// The packet whose PDF has this SHA-256 (32 bytes); nil where the office issued none such.
    package func issuedPacket(sha256: [UInt8]) async throws -> IssuedPacket? {
        try await pool.run { [database] in
            try database.read { transaction in
                let packet = try transaction.first(
                    """
                    SELECT issued_at, election,
                        EXISTS (SELECT 1 FROM step s WHERE s.ballot = p.ballot AND s.kind IN ('replaced', 'cancelled')) AS superseded
                    FROM packet p WHERE sha256 = $1
                    """, .blob(sha256)
                ) { (issued: try $0.integer("issued_at"), election: try $0.integer("election"), over: try $0.integer("superseded") == 1) }
                return try packet.map { packet in
                    IssuedPacket(
                        issuedAt: Instant(milliseconds: packet.issued), election: try Self.election(packet.election, in: transaction),
                        isSuperseded: packet.over)
                }
            }
        }
    }
}
