import Elections
import Synchronization

/// How fast letters may leave: what the relay and single domains of recipients take in a minute, and how many letters a domain takes at once.
///
/// One for the life of a process: it remembers when the next letter may go. A letter is given a slot when it is taken in hand; who has none
/// soon goes back into the outbox until then. Slots are evenly spaced, without bursts: services that count by the minute count by the second
/// as well.
package final class MailroomPace: Sendable {
    private let relayInterval: Int64
    private let domains: [String: Configuration.DomainLimits]
    private let state = Mutex(State())
    /// Slots further away are not given out: whoever is beyond asks again then. The audit takes a letter that waits for many hours for lost.
    private static let horizon: Int64 = 3_600_000

    private struct State {
        /// When the relay takes its next letter.
        var relay: ContinuousClock.Instant?
        /// The same for each domain, in microseconds since 1970: 100,000 a minute are 600 apart.
        var domains: [String: Int64] = [:]
        /// Slots of letters that went back into the outbox until then, in milliseconds.
        var reserved: [Int64: Int64] = [:]
    }

    /// The limits of an office's settings.
    package init(_ settings: Configuration.SMTP) {
        relayInterval = Self.interval(settings.messagesPerMinute)
        domains = settings.domains
    }

    /// Whether nothing limits a letter but the relay's connections.
    var isUnlimited: Bool { relayInterval == 0 && domains.isEmpty }

    private static func interval(_ perMinute: Int) -> Int64 { perMinute > 0 ? 60_000_000 / Int64(perMinute) : 0 }

    private func limits(_ domain: String) -> Configuration.DomainLimits? { domains[domain] ?? domains["*"] }

    /// How many letters a domain takes at once; nil: as many as there are connections.
    func connections(_ domain: String) -> Int? {
        guard let limit = limits(domain)?.connections, limit > 0 else { return nil }
        return limit
    }

    /// When a letter may leave; the slot is its own then. Nil: now.
    ///
    /// A slot beyond the horizon is not kept for it: it asks again at that time.
    func slot(of letter: Int64, to domain: String, now: Instant) -> Instant? {
        let interval = Self.interval(limits(domain)?.messagesPerMinute ?? 0)
        guard interval > 0 else { return nil }
        let moment = now.milliseconds * 1000
        return state.withLock { state in
            // It was given this slot when it was in hand before.
            if let slot = state.reserved.removeValue(forKey: letter), slot <= now.milliseconds { return nil }
            let slot = max(moment, state.domains[domain] ?? 0)
            guard slot - moment < Self.horizon * 1000 else { return Instant(milliseconds: now.milliseconds + Self.horizon) }
            state.domains[domain] = slot + interval
            guard slot > moment else { return nil }
            let milliseconds = (slot + 999) / 1000
            state.reserved[letter] = milliseconds
            return Instant(milliseconds: milliseconds)
        }
    }

    /// When the relay takes the next letter; the slot is the caller's own then. Nil: now.
    func relaySlot() -> ContinuousClock.Instant? {
        guard relayInterval > 0 else { return nil }
        let now = ContinuousClock.now
        return state.withLock { state in
            let slot = max(now, state.relay ?? now)
            state.relay = slot.advanced(by: .microseconds(relayInterval))
            return slot
        }
    }
}
