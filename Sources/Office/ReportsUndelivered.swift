package import Elections
import Foundation
import Storage

/// A voter who has shown no sign of life: what is known, and how to reach them.
package struct UndeliveredLine: Sendable, Equatable {
    /// Why a voter is on this list.
    package enum Reason: String, Sendable, CaseIterable {
        /// The ballot was rejected, and the letter that says so did not arrive: it may be possible to put it right, and the time is short.
        case rejectionNotTold = "rejection_not_told"
        /// The relay refused the letter for good.
        case refused
        /// The letter came back.
        case bounced
        /// The letter has been waiting for the relay for more than a day.
        case waiting
        /// Too many wrong answers: the link opens nothing any more.
        case linkRetired = "link_retired"
        /// The letter went out days ago, and nobody has opened the ballot.
        case neverClaimed = "never_claimed"
        /// The ballot was opened, and never downloaded in full.
        case notDelivered = "not_delivered"
    }

    /// The voter's number.
    package let voterID: VoterID
    /// First names first; empty where the voter is protected.
    package let name: String
    /// Why the voter is here.
    package let reason: Reason
    /// What the relay or the mail that came back said, in a sentence's middle; empty where nothing did.
    package let detail: String
    /// Since when.
    package let since: Instant
    /// Whole days since then.
    package let days: Int
    /// The contacts on the roll, each empty where there is none or the voter is protected.
    package let email: String
    package let phone: String
    package let mailingAddress: String
    /// Whether the contacts are kept back.
    package let isProtected: Bool

    /// One object with the keys of the columns.
    package var json: JSONValue {
        [
            "voter_id": .string(voterID.text), "name": .string(name), "reason": .string(reason.rawValue), "detail": .string(detail),
            "since": .string(since.rfc3339), "days": .number(days), "email": .string(email), "phone": .string(phone),
            "mailing_address": .string(mailingAddress), "protected": .bool(isProtected)
        ]
    }
}

extension [UndeliveredLine] {
    /// One object a line.
    package var json: JSONValue { .array(map(\.json)) }

    /// For a spreadsheet: with every contact.
    package var table: ReportTable {
        ReportTable(
            columns: ["voter_id", "name", "reason", "detail", "since", "days", "email", "phone", "mailing_address", "protected"],
            rows: map {
                [
                    .string($0.voterID.text), .string($0.name), .string($0.reason.rawValue), .string($0.detail), .string($0.since.rfc3339),
                    .number($0.days), .string($0.email), .string($0.phone), .string($0.mailingAddress), .bool($0.isProtected)
                ]
            })
    }
}

extension Reports {
    /// Everyone with a ballot whose letter did not arrive, or who did not act on it: for a telephone call or a letter by post. Of those whose
    /// ballot came back, only who does not know that it was rejected.
    ///
    /// First those whom nothing reached, then those who were silent for longest. Voters who never got a ballot are in `reconcile`.
    /// - Parameters:
    ///   - days: after how many days without a claim a voter is listed.
    /// - Throws: ``OfficeError`` `notFound` for the election.
    package func undelivered(election id: ElectionID, afterDays days: Int) throws -> [UndeliveredLine] {
        let election = try election(id)
        let now = office.clock.now()
        var lines: [UndeliveredLine] = []
        try office.books.read { transaction in
            try transaction.forEach(
                """
                SELECT b.status, b.status_at, r.id AS request, r.key_id, r.sealed,
                    (SELECT min(l.queued_at) FROM letter l WHERE l.link = k.id AND l.state IN ('queued', 'sending', 'deferred')) AS waits_since,
                    (SELECT l.reply FROM letter l WHERE l.link = k.id AND l.reply IS NOT NULL ORDER BY l.id DESC LIMIT 1) AS reply,
                    (SELECT max(l.bounced_at) FROM letter l WHERE l.ballot = b.id AND l.bounce = 'hard' AND l.kind <> 'address_changed')
                        AS bounced_at,
                    (SELECT max(l.bounced_at) FROM letter l WHERE l.link = k.id AND l.bounce = 'soft') AS soft_at,
                    (SELECT coalesce(l.bounced_at, l.ended_at) FROM letter l WHERE l.ballot = b.id AND l.kind = 'rejected'
                        AND (l.state = 'refused' OR l.bounce = 'hard') ORDER BY l.id DESC LIMIT 1) AS untold_at,
                    (SELECT x.detail FROM exception x WHERE x.election = b.election AND x.voter = b.voter AND x.cleared_at IS NULL
                        AND x.kind IN ('letter_bounced', 'letter_refused') ORDER BY x.id DESC LIMIT 1) AS told,
                    (SELECT x.since FROM exception x WHERE x.election = b.election AND x.voter = b.voter AND x.cleared_at IS NULL
                        AND x.kind = 'link_retired') AS retired_at
                FROM ballot b JOIN request r ON r.election = b.election AND r.voter = b.voter
                    LEFT JOIN link k ON k.ballot = b.id AND k.ended_at IS NULL
                WHERE b.election = $1 AND b.status IN ('issued', 'sent', 'undeliverable', 'claimed', 'rejected')
                ORDER BY b.voter
                """, .integer(election.id)
            ) { row in
                if let found = try Self.reason(row, now: now, days: days) { lines.append(try line(row, found, now: now)) }
            }
        }
        let order = UndeliveredLine.Reason.allCases
        func rank(_ line: UndeliveredLine) -> Int { order.firstIndex(of: line.reason) ?? order.count }
        return lines.enumerated().sorted { left, right in
            (rank(left.element), left.element.since, left.offset) < (rank(right.element), right.element.since, right.offset)
        }.map(\.element)
    }

    private typealias Found = (reason: UndeliveredLine.Reason, since: Instant, detail: String)

    private static func reason(_ row: ResultRow, now: Instant, days: Int) throws -> Found? {
        func instant(_ name: String) throws -> Instant? { try row.optionalInteger(name).map { Instant(milliseconds: $0) } }
        let statusAt = Instant(milliseconds: try row.integer("status_at"))
        let reply = try row.optionalText("reply") ?? ""
        let dayAgo = now.adding(seconds: -86_400)
        switch BallotStatus(rawValue: try row.text("status")) {
        case .undeliverable:
            let told = try row.optionalText("told") ?? ""
            if let bouncedAt = try instant("bounced_at") { return (.bounced, bouncedAt, told) }
            return (.refused, statusAt, told.isEmpty ? reply : told)
        case .issued:
            if let retiredAt = try instant("retired_at") { return (.linkRetired, retiredAt, "") }
            guard let since = try instant("waits_since"), since <= dayAgo else { return nil }
            return (.waiting, since, reply)
        case .sent:
            if let retiredAt = try instant("retired_at") { return (.linkRetired, retiredAt, "") }
            guard statusAt.adding(seconds: Int64(days) * 86_400) <= now else { return nil }
            return (
                .neverClaimed, statusAt, try instant("soft_at") == nil ? "" : "a mail service could not deliver a letter for the moment"
            )
        case .rejected:
            guard let since = try instant("untold_at") else { return nil }
            return (.rejectionNotTold, since, try row.optionalText("told") ?? "")
        case .claimed:
            guard statusAt <= dayAgo else { return nil }
            return (.notDelivered, statusAt, "")
        default: return nil
        }
    }

    private func line(_ row: ResultRow, _ found: Found, now: Instant) throws -> UndeliveredLine {
        let voter = try office.voter(row)
        let shown = !voter.protected
        return UndeliveredLine(
            voterID: voter.voterID, name: shown ? voter.fullName : "", reason: found.reason, detail: found.detail, since: found.since,
            days: Int((now.milliseconds - found.since.milliseconds) / 86_400_000), email: shown ? voter.email : "",
            phone: shown ? voter.phone : "",
            mailingAddress: shown ? (voter.mailingLines.isEmpty ? voter.residenceLines : voter.mailingLines).joined(separator: ", ") : "",
            isProtected: voter.protected)
    }
}
