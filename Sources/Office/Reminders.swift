import Elections
import Keys
import Storage

/// Who is reminded of a ballot that nobody has opened, and when: once some days after the letter with the link, and once before the post from
/// the voter's country becomes too slow. Each at most once for a link, and never two within two days.
struct Reminders {
    private let office: Office
    /// Letters queued in one transaction: few enough that nobody waits for the books.
    private static let chunk = 200
    /// Days between any two letters of this kind.
    private static let rest: Int64 = 2

    init(_ office: Office) { self.office = office }

    /// A voter to be reminded.
    private struct Due {
        let owner: LetterBook.Owner
        let link: [UInt8]
        let kind: LetterKind
    }

    /// Puts the letters that are due now into the outbox.
    ///
    /// - Returns: how many.
    func queue() throws -> Int {
        let now = office.clock.now()
        let settings = office.configuration.reminders
        guard settings.unclaimedDays > 0 || settings.postDays > 0 else { return 0 }
        var queued = 0
        for election in try office.books.read({ try ElectionBook.all(in: $0) }) {
            guard now < election.definition.deadlines.linksClose.instant(in: election.definition.timeZone) else { continue }
            let due = try office.books.read { try find(in: election, settings, now: now, $0) }
            for start in stride(from: 0, to: due.count, by: Self.chunk) {
                queued += try office.books.write { transaction in
                    let letters = LetterBook(office, at: now, in: transaction)
                    return try due[start..<min(start + Self.chunk, due.count)].count { voter in
                        // Two mailrooms at once, or a claim meanwhile: the books decide.
                        let waits = try transaction.count(
                            """
                            SELECT count(*) FROM ballot b JOIN link k ON k.ballot = b.id AND k.ended_at IS NULL
                            WHERE b.id = $1 AND b.status = 'sent' AND k.id = $2
                            """, .blob(voter.owner.ballot), .blob(voter.link))
                        return try waits == 1 && letters.queue(voter.kind, link: voter.link, to: voter.owner)
                    }
                }
            }
        }
        return queued
    }

    private func find(
        in election: KeptElection, _ settings: Configuration.Reminders, now: Instant, _ transaction: Transaction
    ) throws -> [Due] {
        let definition = election.definition
        let today = now.civilDate(in: definition.timeZone)
        let mail = definition.mailDays
        let slowest = ([mail.standard, mail.domestic, mail.military] + mail.countries.values).max() ?? 0
        // Nobody's day of posting is near: nobody's record needs to be opened.
        let earliest = definition.deadlines.receipt.date.adding(days: -slowest - settings.postDays)
        let looksAtPost = settings.postDays > 0 && min(earliest, definition.deadlines.postmark ?? earliest) <= today
        guard looksAtPost || settings.unclaimedDays > 0 else { return [] }
        let sentBefore = looksAtPost ? Self.rest : Int64(settings.unclaimedDays)
        var due: [Due] = []
        try transaction.forEach(
            """
            SELECT b.id AS ballot, b.voter, k.id AS link, max(l.ended_at) AS sent_at,
                max(l.kind = 'reminder') AS reminded, max(l.kind = 'reminder_post') AS reminded_of_post,
                min(CASE WHEN l.kind IN ('ballot_ready', 'new_link') THEN l.ended_at END) AS first_at,
                r.id AS request, r.key_id, r.sealed
            FROM ballot b JOIN link k ON k.ballot = b.id AND k.ended_at IS NULL JOIN letter l ON l.link = k.id
                JOIN request r ON r.election = b.election AND r.voter = b.voter AND r.status = 'accepted' AND r.email_index IS NOT NULL
            WHERE b.election = $1 AND b.status = 'sent'
            GROUP BY b.id
            HAVING max(l.bounce IS NOT NULL AND l.bounce = 'complaint') = 0 AND max(l.state IN ('queued', 'sending', 'deferred')) = 0
                AND max(l.ended_at) <= $2 AND (max(l.kind = 'reminder') = 0 OR max(l.kind = 'reminder_post') = 0)
            """, .integer(election.id), .integer(now.adding(seconds: -min(sentBefore, Int64(settings.unclaimedDays)) * 86_400).milliseconds)
        ) { row in
            let owner = LetterBook.Owner(ballot: try row.blob("ballot"), voter: try row.integer("voter"), election: election.id)
            let link = try row.blob("link")
            let lastAt = Instant(milliseconds: try row.integer("sent_at"))
            guard lastAt.adding(seconds: Self.rest * 86_400) <= now else { return }
            if looksAtPost, try !row.flag("reminded_of_post"), let voter = try? office.voter(row),
                definition.mailBy(for: voter).adding(days: -settings.postDays) <= today
            {
                return due.append(Due(owner: owner, link: link, kind: .reminderPost))
            }
            guard settings.unclaimedDays > 0, try !row.flag("reminded"), try !row.flag("reminded_of_post"),
                let first = try row.optionalInteger("first_at"),
                Instant(milliseconds: first).adding(seconds: Int64(settings.unclaimedDays) * 86_400) <= now
            else { return }
            due.append(Due(owner: owner, link: link, kind: .reminder))
        }
        return due
    }
}
