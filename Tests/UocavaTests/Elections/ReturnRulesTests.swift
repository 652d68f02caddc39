import Elections
import Testing

@Suite("Which envelope may count")
struct ReturnRulesTests {
    private typealias Envelope = ReturnRules.Envelope
    private static let deadline = Instant(seconds: 1_000_000)

    private static func ballot(
        _ id: Int64 = 1, at hours: Int64 = -10, emailed: Bool = true, void: Bool = false, _ decision: Envelope.Decision? = nil
    ) -> Envelope {
        Envelope(
            id: id, kind: .ballot, receivedAt: deadline.adding(seconds: hours * 3600), isEmailed: emailed, isVoid: void, decision: decision)
    }

    private static func fwab(_ id: Int64 = 9, at hours: Int64 = -20, _ decision: Envelope.Decision? = nil) -> Envelope {
        Envelope(id: id, kind: .fwab, receivedAt: deadline.adding(seconds: hours * 3600), decision: decision)
    }

    private func bar(
        _ envelope: Envelope, _ others: [Envelope] = [], at hours: Int64 = -5, _ rule: ReturnRules.TwoBallots = .either,
        expects: Bool = false
    ) -> ReturnRules.Bar? {
        ReturnRules.bar(
            toAccepting: envelope, others: others, deadline: Self.deadline, now: Self.deadline.adding(seconds: hours * 3600),
            twoBallots: rule, expectsEmailed: expects)
    }

    @Test("A ballot in time may count, one that came later may not, and the last moment is in time")
    func late() {
        #expect(bar(Self.ballot()) == nil)
        #expect(bar(Self.ballot(at: 0), at: 5) == nil)
        #expect(bar(Self.ballot(at: 1), at: 5) == .late)
        #expect(bar(Self.fwab(at: 1), at: 5) == .late)
    }

    @Test("One envelope of a voter counts, and a ballot that was replaced never")
    func one() {
        #expect(bar(Self.ballot(2), [Self.ballot(1, .accepted)]) == .anotherCounts)
        #expect(bar(Self.ballot(2), [Self.fwab(9, .accepted)]) == .anotherCounts)
        #expect(bar(Self.fwab(), [Self.ballot(1, .accepted)], at: 5) == .anotherCounts)
        #expect(bar(Self.ballot(2), [Self.ballot(1, .rejected)]) == nil)
        #expect(bar(Self.ballot(2), [Self.ballot(1)]) == nil)
        #expect(bar(Self.ballot(1, void: true), [Self.ballot(2)]) == .void)
        #expect(bar(Self.ballot(2), [Self.ballot(1, void: true)]) == nil)
    }

    @Test("A write-in ballot waits for the deadline, and does not count where the regular ballot came in time (52 USC 20303)")
    func writeIn() {
        #expect(bar(Self.fwab()) == .regularMayCome)
        #expect(bar(Self.fwab(), at: 1) == nil)
        #expect(bar(Self.fwab(), [Self.ballot()]) == .regularCame)
        #expect(bar(Self.fwab(), [Self.ballot()], at: 1) == .regularCame)
        // Rejected, it was received all the same.
        #expect(bar(Self.fwab(), [Self.ballot(1, .rejected)], at: 1) == .regularCame)
        #expect(bar(Self.fwab(), [Self.ballot(1, at: 2)], at: 3) == nil, "it came too late to stand in the way")
        #expect(bar(Self.fwab(), [Self.ballot(1, void: true)], at: 1) == nil)
        #expect(bar(Self.ballot(), [Self.fwab()]) == nil, "the regular ballot need not wait")
    }

    @Test("Where the e-mailed ballot counts, a posted one waits for it until the deadline (Tex. Elec. Code 87.0223)")
    func emailed() {
        let posted = Self.ballot(2, emailed: false)
        #expect(bar(posted, .either) == nil)
        #expect(bar(posted, .emailed, expects: true) == .emailedMayCome)
        #expect(bar(posted, at: 1, .emailed, expects: true) == nil)
        #expect(bar(posted, [Self.ballot(1)], .emailed) == .emailedCame)
        #expect(bar(posted, [Self.ballot(1)], at: 1, .emailed) == .emailedCame)
        #expect(bar(posted, [Self.ballot(1, .rejected)], .emailed) == nil)
        #expect(bar(posted, [Self.ballot(1, at: 1)], at: 2, .emailed) == nil)
        #expect(bar(Self.ballot(1), [posted], .emailed) == nil)
        #expect(bar(posted, .emailed, expects: false) == nil)
    }

    private func bar(_ envelope: Envelope, _ rule: ReturnRules.TwoBallots, expects: Bool = false) -> ReturnRules.Bar? {
        bar(envelope, [], rule, expects: expects)
    }

    @Test("On arrival a write-in ballot and the second of a voter go on hold")
    func arrival() {
        #expect(!ReturnRules.holdsOnArrival(Self.ballot(), others: []))
        #expect(ReturnRules.holdsOnArrival(Self.fwab(), others: []))
        #expect(ReturnRules.holdsOnArrival(Self.ballot(2), others: [Self.ballot(1)]))
        #expect(ReturnRules.holdsOnArrival(Self.ballot(2), others: [Self.ballot(1, .accepted)]))
        #expect(!ReturnRules.holdsOnArrival(Self.ballot(2), others: [Self.ballot(1, .rejected)]))
        #expect(!ReturnRules.holdsOnArrival(Self.ballot(2), others: [Self.ballot(1, void: true)]))
        #expect(!ReturnRules.holdsOnArrival(Self.ballot(1, void: true), others: [Self.ballot(2)]))
    }
}
