/// Which of a voter's envelopes may count: the federal rules for write-in ballots (FWAB, 52 USC 20303) and for two ballots, and the deadline.
///
/// Pure: it is told what came and when, and says what stands in the way. One envelope counts at most, whatever it says.
package enum ReturnRules {
    /// What is in an envelope.
    package enum Kind: String, Sendable, CaseIterable {
        /// The jurisdiction's own ballot.
        case ballot
        /// The Federal Write-in Absentee Ballot.
        case fwab
    }

    /// An envelope of a voter.
    package struct Envelope: Sendable, Equatable {
        /// Tells it from the voter's others.
        package var id: Int64
        package var kind: Kind
        package var receivedAt: Instant
        /// Whether the ballot in it was sent electronically by this office; else it is paper that the office posted, or a write-in ballot.
        package var isEmailed: Bool
        /// Whether the ballot in it was replaced or cancelled.
        package var isVoid: Bool
        /// Whether it was accepted or rejected; an envelope on hold is not decided.
        package var decision: Decision?

        /// What was decided for good.
        package enum Decision: Sendable, Equatable {
            case accepted, rejected
        }

        /// An envelope as it came.
        package init(
            id: Int64, kind: Kind, receivedAt: Instant, isEmailed: Bool = false, isVoid: Bool = false, decision: Decision? = nil
        ) {
            self.id = id
            self.kind = kind
            self.receivedAt = receivedAt
            self.isEmailed = isEmailed
            self.isVoid = isVoid
            self.decision = decision
        }
    }

    /// Which of a posted and an e-mailed ballot counts where both come back.
    package enum TwoBallots: String, Sendable, CaseIterable {
        /// The one that the office decides to count; the other never.
        case either
        /// The e-mailed one; a posted one waits until both are back or the deadline has passed (Tex. Elec. Code 87.0223).
        case emailed
    }

    /// Why an envelope may not be accepted now.
    package enum Bar: Sendable, Equatable {
        /// It came after the voter's deadline.
        case late
        /// Another envelope of the voter counts.
        case anotherCounts
        /// The ballot in it was replaced or cancelled.
        case void
        /// A write-in ballot, and the voter's regular ballot came in time: 52 USC 20303(b)(3).
        case regularCame
        /// A write-in ballot, and the regular one may still come.
        case regularMayCome
        /// The e-mailed ballot came, and it is the one that counts.
        case emailedCame
        /// The e-mailed ballot may still come.
        case emailedMayCome
    }

    /// What stands in the way of accepting an envelope; nil: nothing.
    ///
    /// - Parameters:
    ///   - others: the voter's other envelopes of the election.
    ///   - deadline: the voter's own, by class and place.
    ///   - expectsEmailed: whether an e-mailed ballot of the voter stands that has not come back.
    package static func bar(
        toAccepting envelope: Envelope, others: [Envelope], deadline: Instant, now: Instant, twoBallots: TwoBallots = .either,
        expectsEmailed: Bool = false
    ) -> Bar? {
        if envelope.isVoid { return .void }
        if others.contains(where: { $0.decision == .accepted }) { return .anotherCounts }
        if envelope.receivedAt > deadline { return .late }
        let isOver = now > deadline
        // Rejected, void or late ballots do not stand in the way of anything.
        let inTime = others.filter { $0.kind == .ballot && !$0.isVoid && $0.decision == nil && $0.receivedAt <= deadline }
        if envelope.kind == .fwab {
            // One that came in time and was rejected was received all the same, and the write-in ballot is not counted.
            let came = others.contains { $0.kind == .ballot && !$0.isVoid && $0.receivedAt <= deadline }
            return came ? .regularCame : isOver ? nil : .regularMayCome
        }
        guard twoBallots == .emailed, !envelope.isEmailed else { return nil }
        if inTime.contains(where: \.isEmailed) { return .emailedCame }
        return expectsEmailed && !isOver ? .emailedMayCome : nil
    }

    /// Whether an envelope goes on hold as soon as it came: a write-in ballot, and the second of a voter.
    package static func holdsOnArrival(_ envelope: Envelope, others: [Envelope]) -> Bool {
        !envelope.isVoid && (envelope.kind == .fwab || others.contains { !$0.isVoid && $0.decision != .rejected })
    }
}
