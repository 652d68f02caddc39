import Storage
import Synchronization

/// What the site counts: numbers without names, for the office's metrics and alerts.
package final class SiteTally: Sendable {
    /// What is counted; the raw value is the name in `counter.sqlite` and, with `uocava_site_` before and `_total` behind, in the metrics.
    package enum Kind: String, CaseIterable, Sendable {
        /// Answers that opened a ballot.
        case answersRight = "answers_right"
        /// Answers that were refused: wrong ones, and right ones on links that do not exist or rest.
        case answersRefused = "answers_refused"
        /// Right answers on links that are over.
        case answersOnOver = "answers_on_links_that_are_over"
        /// What was typed and could not be an answer.
        case answersUnclear = "answers_unclear"
        /// Answers that were not looked at: too many wrong ones came from the address.
        case answersLimited = "answers_not_looked_at"
        /// Addresses from which many links were tried.
        case addressesOnManyLinks = "addresses_on_many_links"
        /// Requests that were told to come back.
        case busy = "requests_turned_away"
        /// Requests that failed by a fault of ours.
        case failed = "requests_failed"
        /// New links that voters asked for.
        case wishes = "wishes"
        /// Fingerprints that were asked for: ours, and not ours.
        case verifiedOurs = "verified_ours"
        case verifiedForeign = "verified_foreign"

        /// A sentence for whoever reads the metrics.
        package var help: String {
            switch self {
            case .answersRight: "Answers that opened a ballot."
            case .answersRefused: "Answers that were refused: wrong, or on a link that does not exist, rests or is retired."
            case .answersOnOver: "Right answers on links that were used, replaced or closed."
            case .answersUnclear: "Answers that could not be read; they are no tries."
            case .answersLimited: "Answers that were not looked at, because too many wrong ones came from the address."
            case .addressesOnManyLinks: "Addresses from which many different links were answered wrongly within an hour."
            case .busy: "Requests that were told to come back (503)."
            case .failed: "Requests that failed by a fault of the site (500)."
            case .wishes: "New links that voters asked for on the site."
            case .verifiedOurs: "Checked fingerprints of packets that the office issued."
            case .verifiedForeign: "Checked fingerprints that belong to no packet of the office."
            }
        }
    }

    /// No site counts further: what stands in `counter.sqlite` and is more, or no whole number, somebody else has written there.
    static let most = 1_000_000_000_000

    private let counts = Mutex<[Kind: Int]>([:])

    /// Nothing counted yet.
    package init() {}

    /// Counts one.
    package func count(_ kind: Kind) { counts.withLock { $0[kind, default: 0] += 1 } }

    /// What was counted since the last call.
    func take() -> [Kind: Int] {
        counts.withLock { counts in
            defer { counts = [:] }
            return counts
        }
    }

    /// Puts back what could not be written.
    func putBack(_ taken: [Kind: Int]) { counts.withLock { $0.merge(taken, uniquingKeysWith: +) } }
}

extension SiteTally {
    /// The counts as they stand in `counter.sqlite`, where whoever holds the public process can write anything.
    struct Standing: Sendable {
        /// By the name of what is counted; only what a site can have counted.
        private(set) var counts: [String: Int] = [:]
        /// Names of ours under which something else stands, and one line for all names that are none of ours.
        private(set) var faults: [String] = []

        init(in counter: Transaction) throws {
            let names = Kind.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            try counter.forEach(
                """
                SELECT name, CASE WHEN typeof(count) = 'integer' AND count BETWEEN 0 AND \(SiteTally.most) THEN count ELSE -1 END AS count
                FROM tally WHERE name IN (\(names))
                """
            ) { row in
                let (name, count) = (try row.text("name"), Int(try row.integer("count")))
                if count < 0 { faults.append("The count \(name) is no number that a site can have counted.") } else { counts[name] = count }
            }
            if try counter.count("SELECT EXISTS (SELECT 1 FROM tally WHERE name NOT IN (\(names)))") == 1 {
                faults.append("It holds counts of things that no site counts.")
            }
        }
    }
}

extension Counter {
    /// Adds what was counted to `counter.sqlite`, where the office reads it; what cannot be written now is kept for the next time.
    package func record(_ tally: SiteTally) async {
        let taken = tally.take()
        guard !taken.isEmpty else { return }
        do {
            _ = try await commits.submit { transaction in
                for (kind, count) in taken {
                    // Adding to what is no count would hide all that comes after it.
                    try transaction.execute(
                        """
                        INSERT INTO tally (name, count) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET count = excluded.count +
                            CASE WHEN typeof(count) = 'integer' AND count BETWEEN 0 AND \(SiteTally.most) THEN count ELSE 0 END
                        """, .text(kind.rawValue), .integer(Int64(count)))
                }
            }
        } catch {
            tally.putBack(taken)
        }
    }
}
