import Elections
import Storage

extension Desk {
    /// What waits for a second person, with whom it is about.
    package struct Approval: Sendable {
        /// What is asked for.
        package let wanted: Approvals.Waiting
        /// Whom it is about; nil: a batch, or no longer on the roll.
        package let voter: Found?
        /// Whether this person asked for it, and so cannot approve it.
        package let isOwn: Bool
    }

    /// What waits in their jurisdictions, oldest first.
    package func approvals() throws -> [Approval] {
        try allow(.look)
        let waiting = try Approvals(office).waiting(within: member.scope)
        return try office.books.read { books in
            try waiting.map { wanted in
                Approval(
                    wanted: wanted,
                    voter: try wanted.voter.flatMap { try found(where: "r.election = $1 AND r.voter = $2", wanted.election, $0, books) },
                    isOwn: wanted.askedBy == member.login)
            }
        }
    }

    /// Says yes to what somebody else asked for, and does it.
    ///
    /// - Throws: ``OfficeError`` as `Approvals.approve` does.
    package func approve(_ id: Int64) throws { try act(.supervise) { try Approvals(office).approve(id, within: member.scope) } }

    /// Says no, or takes one's own wish back.
    ///
    /// - Throws: ``OfficeError`` `notFound` where it does not wait; `notAllowed` for a clerk, where it is somebody else's.
    package func refuse(_ id: Int64) throws {
        guard let approval = try approvals().first(where: { $0.wanted.id == id }) else { throw Approvals.nothing }
        try act(approval.isOwn ? .handle : .supervise) { try Approvals(office).refuse(id, within: member.scope) }
    }
}
