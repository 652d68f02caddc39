/// Sends every refusal a quarter of a second after it was asked for, whatever it took to find out.
///
/// An unknown token costs a read, a wrong answer a write to the disk; without this, the time would tell which links are real.
enum RefusalPace {
    private static let beat = Duration.milliseconds(250)

    /// Waits until the first whole number of beats after `receipt` that is still to come.
    static func wait(from receipt: ContinuousClock.Instant) async throws {
        let clock = ContinuousClock()
        let beats = Int64((clock.now - receipt) / beat) + 1
        try await clock.sleep(until: receipt + beat * Int(beats), tolerance: .zero)
    }
}
