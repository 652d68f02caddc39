import Synchronization

/// Sees when one address answers many different links wrongly: somebody may be trying stolen letters, or making links up.
final class AddressWatch: Sendable {
    private let state = Mutex<[String: Entry]>([:])

    private struct Entry {
        var since: ContinuousClock.Instant
        /// Hashes of the tokens: the tokens themselves are secrets.
        var links: Set<Int> = []
        var isTold = false
    }

    /// So many different links within an hour are too many for a household; a base or a ship may mistype that many: it is a warning, no lock.
    static let many = 10
    private static let hour = Duration.seconds(3600)
    /// Addresses that are kept in mind; beyond it all are forgotten and counted anew.
    private static let most = 16_384

    /// Takes in a wrong answer.
    ///
    /// - Returns: how many links the address has tried, where that is worth a warning now; once an hour for an address.
    func note(_ address: String, token: String, at now: ContinuousClock.Instant) -> Int? {
        state.withLock { entries in
            if entries.count >= Self.most, entries[address] == nil { entries = [:] }
            var entry = entries[address] ?? Entry(since: now)
            if now - entry.since > Self.hour { entry = Entry(since: now) }
            if entry.links.count < Self.many { entry.links.insert(token.hashValue) }
            defer { entries[address] = entry }
            guard entry.links.count >= Self.many, !entry.isTold else { return nil }
            entry.isTold = true
            return entry.links.count
        }
    }
}
