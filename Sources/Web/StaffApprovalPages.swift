import Elections
import Foundation
import Hummingbird
import Office

/// What waits for a second person.
extension StaffResponder {
    func approvals(_ call: StaffCall, _ signed: Signed, alert: OfficeError? = nil) async throws -> Response {
        let desk = signed.desk
        let (waiting, zones) = try await pool.run {
            (try desk.approvals(), Dictionary(uniqueKeysWithValues: try desk.boards().map { ($0.election, $0.definition.timeZone) }))
        }
        let supervises = signed.session.member.role.has(.supervise)
        let rows: [[String: Any]] = waiting.map { approval in
            let wanted = approval.wanted
            var row: [String: Any] = [
                "id": String(wanted.id), "what": Self.words(wanted.kind), "reason": wanted.reason, "by": wanted.askedBy,
                "at": StaffText.moment(wanted.askedAt, zones[wanted.election] ?? .gmt), "form": signed.session.formToken,
                "approves": supervises && !approval.isOwn,
                "refuses": approval.isOwn ? signed.session.member.role.has(.handle) : supervises,
                "no": approval.isOwn ? "Withdraw" : "Refuse"
            ]
            if approval.isOwn { row["own"] = true }
            row["name"] = approval.voter?.name ?? (wanted.kind == .batch ? "A batch of ballots" : "A voter")
            if let voter = approval.voter {
                row["address"] = StaffRoute.voter(election: voter.election, voter: voter.voter).path
            }
            return row
        }
        let done = ["approved": "It is approved and done.", "refused": "It will not be done."]
        let said = StaffPages.Said(alert: alert, done: alert == nil ? call.query["done"].flatMap { done[$0] } : nil)
        return page(
            alert.map(ErrorStatus.of) ?? .ok, .approvals, title: "Approvals", ["waiting": rows], for: signed, said: said)
    }

    private static func words(_ kind: Approvals.Kind) -> String {
        switch kind {
        case .newLink: "A new link, though the e-mail address changed less than 72 hours ago"
        case .reversal: "To take the decision on an envelope back"
        case .replacement: "Another ballot for a voter who has opened the first"
        case .batch: "To issue ballots, from the roll and the styles as they are now"
        }
    }

    func settle(
        _ call: StaffCall, _ signed: Signed, done: String, _ body: @escaping @Sendable (Desk) throws -> Void
    ) async throws -> Response {
        let desk = signed.desk
        do { try await pool.run { try body(desk) } } catch let error as OfficeError where error.code != .notFound && error.code != .broken {
            return try await approvals(call, signed, alert: error)
        }
        return redirect(.approvals, query: "?done=\(done)")
    }
}
