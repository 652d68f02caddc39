import Elections
import Testing

@Suite("Ballot status and events")
struct ElectionsStatusTests {
    @Test("The names are those of the documented formats")
    func names() {
        #expect(
            BallotStatus.allCases.map(\.rawValue).joined(separator: " ")
                == "issued sent undeliverable claimed delivered received held accepted rejected replaced cancelled")
        #expect(
            EventKind.allCases.map(\.rawValue).joined(separator: " ")
                == "issued letter_queued letter_sent letter_deferred letter_refused letter_bounced link_replaced claimed delivered in_transit received held accepted rejected reversed replaced cancelled"
        )
    }

    @Test("A status never becomes itself, and sources are the table turned round")
    func table() {
        for status in BallotStatus.allCases {
            #expect(!status.canBecome(status))
            for next in BallotStatus.allCases { #expect(status.canBecome(next) == BallotStatus.sources(of: next).contains(status)) }
        }
        #expect(BallotStatus.sources(of: .claimed) == [.issued, .sent, .undeliverable])
        #expect(BallotStatus.sources(of: .delivered) == [.claimed])
        #expect(BallotStatus.sources(of: .undeliverable) == [.issued, .sent])
        #expect(BallotStatus.sources(of: .received) == [.issued, .sent, .undeliverable, .claimed, .delivered, .accepted, .rejected])
        #expect(BallotStatus.sources(of: .accepted) == [.received, .held])
        #expect(BallotStatus.replaced.successors.isEmpty && BallotStatus.cancelled.successors.isEmpty)
        #expect(BallotStatus.accepted.successors == [.received])
    }

    @Test("An event moves a ballot only along the table")
    func events() {
        for event in EventKind.allCases {
            for status in BallotStatus.allCases {
                guard let next = event.status(after: status), next != status else { continue }
                #expect(status.canBecome(next), "\(event) takes \(status) to \(next)")
                #expect(event.brings == next && event.sources.contains(status))
            }
            #expect((event.status(after: nil) != nil) == (event == .issued))
        }
        for status in BallotStatus.allCases {
            for next in status.successors {
                #expect(EventKind.allCases.contains { $0.status(after: status) == next }, "no event takes \(status) to \(next)")
            }
        }
    }

    @Test("A ballot's life is folded from its events")
    func folding() {
        func status(_ events: EventKind...) -> BallotStatus? { BallotStatus.folding(events) }
        #expect(status(.issued, .letterQueued, .letterSent, .claimed, .delivered, .inTransit, .received, .accepted) == .accepted)
        #expect(status(.issued, .letterQueued, .claimed, .letterSent, .delivered) == .delivered)
        #expect(status(.issued, .letterQueued, .letterSent, .letterBounced, .linkReplaced, .letterQueued, .letterSent) == .sent)
        #expect(status(.issued, .letterSent, .claimed, .delivered, .linkReplaced, .claimed, .delivered) == .delivered)
        #expect(status(.issued, .received, .held, .rejected, .letterQueued, .letterBounced, .reversed, .accepted) == .accepted)
        #expect(status(.issued, .letterSent, .replaced, .letterBounced) == .replaced)
    }

    @Test("What cannot have happened does not fold")
    func impossible() {
        func status(_ events: EventKind...) -> BallotStatus? { BallotStatus.folding(events) }
        #expect(status() == nil)
        #expect(status(.claimed) == nil)
        #expect(status(.issued, .issued) == nil)
        #expect(status(.issued, .letterSent, .delivered) == nil)
        #expect(status(.issued, .accepted) == nil)
        #expect(status(.issued, .received, .received) == nil)
        #expect(status(.issued, .received, .linkReplaced) == nil)
        #expect(status(.issued, .received, .accepted, .replaced) == nil)
        #expect(status(.issued, .received, .reversed) == nil)
    }
}
