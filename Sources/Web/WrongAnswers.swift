import Synchronization

/// How many wrong answers an address may still give: a bucket of tokens for each, refilled one by one.
///
/// Only wrong answers are taken out, so that a ship or a base that shares one address is not locked out by its right ones. What many ask at
/// once is taken out afterwards, so a bucket can go below nothing, down to minus its size: a burst is paid back by waiting.
package final class WrongAnswers: Sendable {
    private let size: Double
    private let refill: Double
    private let buckets = Mutex<[String: Bucket]>([:])
    /// About 10 MB of addresses. Beyond it those with the most left are forgotten first.
    private static let most = 65_536

    private struct Bucket {
        var left: Double
        var at: ContinuousClock.Instant
    }

    /// - Parameters:
    ///   - size: `limits.wrong_answers_per_address`.
    ///   - refillSeconds: `limits.refill_seconds`, for one more.
    package init(size: Int, refillSeconds: Int) {
        self.size = Double(size)
        refill = 1 / Double(max(1, refillSeconds))
    }

    /// Seconds until the address may answer again; nil where it may now.
    package func wait(_ address: String, at now: ContinuousClock.Instant) -> Int? {
        let left = buckets.withLock { buckets in buckets[address].map { filled($0, at: now) } ?? size }
        return left >= 1 ? nil : max(1, Int(((1 - left) / refill).rounded(.up)))
    }

    /// Takes one out for a wrong answer.
    package func count(_ address: String, at now: ContinuousClock.Instant) {
        buckets.withLock { buckets in
            let left = buckets[address].map { filled($0, at: now) } ?? size
            buckets[address] = Bucket(left: max(-size, left - 1), at: now)
            if buckets.count > Self.most { forget(&buckets, at: now) }
        }
    }

    private func filled(_ bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
        min(size, bucket.left + (now - bucket.at) / .seconds(1) * refill)
    }

    private func forget(_ buckets: inout [String: Bucket], at now: ContinuousClock.Instant) {
        let sorted = buckets.sorted { filled($0.value, at: now) > filled($1.value, at: now) }
        for (address, _) in sorted.prefix(Self.most / 4) { buckets[address] = nil }
    }
}
