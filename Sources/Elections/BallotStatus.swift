/// Where a ballot stands, and where it may go from there.
///
/// | from | may become | because |
/// |---|---|---|
/// | issued | sent, undeliverable, claimed | a voter may click before the relay's answer is written down |
/// | sent | undeliverable, claimed, issued | a bounce comes later; a new link starts again |
/// | undeliverable | claimed, issued | a bounce may be wrong, and the office makes a new link |
/// | claimed | delivered | the whole file was served |
/// | issued, sent, undeliverable, claimed, delivered | received | paper arrives however it was printed |
/// | received | held, accepted, rejected | the office decides |
/// | held | accepted, rejected | |
/// | accepted, rejected | received | only through `reversed`: the decision is taken back |
/// | all but accepted, rejected, replaced, cancelled | replaced, cancelled | |
///
/// A new link brings an unclaimed ballot back to `issued`; a claimed or delivered one keeps its status, since its packet was seen.
/// `replaced` and `cancelled` are for ever.
package enum BallotStatus: String, CaseIterable, Sendable, Hashable {
    case issued, sent, undeliverable, claimed, delivered, received, held, accepted, rejected, replaced, cancelled

    /// Whether a ballot may go from this status to the other in one step; never to itself.
    package func canBecome(_ next: BallotStatus) -> Bool { successors.contains(next) }

    /// The statuses that may follow this one, in the order of the enumeration.
    package var successors: [BallotStatus] {
        switch self {
        case .issued: [.sent, .undeliverable, .claimed, .received, .replaced, .cancelled]
        case .sent: [.issued, .undeliverable, .claimed, .received, .replaced, .cancelled]
        case .undeliverable: [.issued, .claimed, .received, .replaced, .cancelled]
        case .claimed: [.delivered, .received, .replaced, .cancelled]
        case .delivered: [.received, .replaced, .cancelled]
        case .received: [.held, .accepted, .rejected, .replaced, .cancelled]
        case .held: [.accepted, .rejected, .replaced, .cancelled]
        case .accepted, .rejected: [.received]
        case .replaced, .cancelled: []
        }
    }

    /// The statuses from which a ballot may become this one, by whatever event.
    ///
    /// A guarded `UPDATE … WHERE status IN (…)` lists the `sources` of its event instead: `received` follows `accepted` only by `reversed`.
    package static func sources(of next: BallotStatus) -> [BallotStatus] { allCases.filter { $0.canBecome(next) } }

    /// Whether the office has decided or the ballot is void: no replacement and no cancellation from here.
    package var isFinal: Bool {
        switch self {
        case .accepted, .rejected, .replaced, .cancelled: true
        default: false
        }
    }

    /// Whether nobody has opened the packet yet, so that a new link starts the ballot again.
    package var isUnclaimed: Bool { self == .issued || self == .sent || self == .undeliverable }

    /// The status that a ballot's events, oldest first, lead to; nil where there are none or one of them could not have happened.
    package static func folding(_ events: some Sequence<EventKind>) -> BallotStatus? {
        var status: BallotStatus?
        for event in events {
            guard let next = event.status(after: status) else { return nil }
            status = next
        }
        return status
    }
}

/// What can happen to a ballot; the journal holds one row for each.
package enum EventKind: String, CaseIterable, Sendable, Hashable {
    case issued
    case letterQueued = "letter_queued"
    case letterSent = "letter_sent"
    case letterDeferred = "letter_deferred"
    case letterRefused = "letter_refused"
    case letterBounced = "letter_bounced"
    case linkReplaced = "link_replaced"
    case claimed
    case delivered
    case inTransit = "in_transit"
    case received
    case held
    case accepted
    case rejected
    case reversed
    case replaced
    case cancelled

    /// The status that this event brings where it changes one; nil for events that never do.
    package var brings: BallotStatus? {
        switch self {
        case .issued, .linkReplaced: .issued
        case .letterSent: .sent
        case .letterRefused, .letterBounced: .undeliverable
        case .claimed: .claimed
        case .delivered: .delivered
        case .received, .reversed: .received
        case .held: .held
        case .accepted: .accepted
        case .rejected: .rejected
        case .replaced: .replaced
        case .cancelled: .cancelled
        case .letterQueued, .letterDeferred, .inTransit: nil
        }
    }

    /// The statuses that this event changes to `brings`, in the order of the enumeration; for a new ballot's `issued`, none.
    package var sources: [BallotStatus] {
        switch self {
        case .issued, .letterQueued, .letterDeferred, .inTransit: []
        case .letterSent: [.issued]
        case .linkReplaced: [.sent, .undeliverable]
        case .reversed: [.accepted, .rejected]
        case .received: [.issued, .sent, .undeliverable, .claimed, .delivered]
        default: brings.map(BallotStatus.sources(of:)) ?? []
        }
    }

    /// The status after this event, or nil where it cannot happen to a ballot that stands there (nil: before its first event).
    ///
    /// Facts that come late change nothing but are written down: a letter's answer after a claim, a bounce of a notice about a decision, a
    /// second claim on a new link, a download or an envelope of a ballot that was replaced. Impossible are: anything before `issued`, a
    /// second `issued`, a delivery without a claim, a new link for a ballot that is back or void, a second arrival, and a decision or a
    /// change of one from a status that does not allow it.
    package func status(after current: BallotStatus?) -> BallotStatus? {
        guard let current else { return self == .issued ? .issued : nil }
        if let brings, sources.contains(current) { return brings }
        switch self {
        case .letterQueued, .letterDeferred, .inTransit, .letterSent, .letterRefused, .letterBounced, .claimed: return current
        case .delivered: return current.isUnclaimed ? nil : current
        case .linkReplaced: return current == .issued || current == .claimed || current == .delivered ? current : nil
        case .received: return current == .replaced || current == .cancelled ? current : nil
        case .issued, .held, .accepted, .rejected, .reversed, .replaced, .cancelled: return nil
        }
    }
}
