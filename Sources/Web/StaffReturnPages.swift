import Elections
import Hummingbird
import Office

/// Envelopes: scanned, then decided.
extension StaffResponder {
    func returns(_ signed: Signed) async throws -> Response {
        page(.ok, .returns, title: "Envelopes", try await returnValues(signed), for: signed)
    }

    private func returnValues(_ signed: Signed) async throws -> [String: Any] {
        let desk = signed.desk
        let today = try await pool.run { try desk.cameToday() }
        return [
            "script": true, "today": "\(StaffText.number(today)) came today.",
            "said": ["Ready. The field above waits for the next envelope."]
        ]
    }

    /// One envelope. The same page answers a person without a script and the script, which takes its parts.
    func scan(_ call: StaffCall, _ signed: Signed) async throws -> Response {
        let (desk, code) = (signed.desk, call.form["code"] ?? "")
        let (received, zone) = try await pool.run { try desk.receive(code) }
        var values = try await returnValues(signed)
        let (head, shade) = Self.words(received.outcome)
        values["result"] = received.outcome.rawValue
        values["shade"] = shade
        values["said"] = ["\(head): \(received.code)"] + [received.hint].filter { !$0.isEmpty }
        values["scans"] = [
            [
                "came": received.at.map { StaffText.moment($0, zone) } ?? "",
                "code": received.code, "result": head, "voter": received.voterID?.text ?? ""
            ]
        ]
        return page(.ok, .returns, title: "Envelopes", values, for: signed)
    }

    private static func words(_ outcome: Returns.Outcome) -> (String, shade: String) {
        switch outcome {
        case .received: ("Written down", "good")
        case .duplicate: ("Scanned before", "alert")
        case .unknown: ("Not one of ours", "bad")
        }
    }

    // MARK: Deciding

    func decisions(_ call: StaffCall, _ signed: Signed, alert: OfficeError? = nil) async throws -> Response {
        let desk = signed.desk
        let waiting = try await pool.run { try desk.waiting() }
        let reasons: [[String: Any]] =
            RejectionReason.named.map { ["word": $0.text, "words": StaffText.words($0.text)] }
            + [["word": "other", "words": "Other, in words"]]
        let rows: [[String: Any]] = waiting.shown.map { piece in
            var row: [String: Any] = [
                "address": StaffRoute.voter(election: piece.election, voter: piece.voter).path, "name": piece.name,
                "number": piece.voterID.text, "what": piece.kind == "fwab" ? "A write-in ballot (FWAB)" : "A ballot",
                "came": StaffText.moment(piece.receivedAt, piece.zone), "piece": String(piece.piece),
                "held": piece.isHeld, "reasons": reasons, "form": signed.session.formToken,
                "handles": signed.session.member.role.has(.handle)
            ]
            if let code = piece.returnCode { row["code"] = code }
            if let postmark = piece.postmark { row["postmark"] = StaffText.day(postmark) }
            if let bar = piece.bar { row["bar"] = [bar.message, bar.hint].filter { !$0.isEmpty }.joined(separator: " ") }
            return row
        }
        var values: [String: Any] = ["waiting": rows]
        if waiting.all > rows.count { values["more"] = "\(StaffText.number(waiting.all - rows.count)) more wait behind these." }
        let said = StaffPages.Said(alert: alert, done: alert == nil && call.query["done"] != nil ? "The decision is written down." : nil)
        return page(alert.map(ErrorStatus.of) ?? .ok, .decisions, title: "Decisions", values, for: signed, said: said)
    }

    func decide(_ piece: Int64, _ call: StaffCall, _ signed: Signed) async throws -> Response {
        let desk = signed.desk
        do {
            let decision = try Self.decision(call.form)
            try await pool.run { try desk.decide(piece, decision) }
        } catch let error as OfficeError where error.code != .broken {
            return try await decisions(call, signed, alert: error)
        } catch let problem as Problem {
            return try await decisions(
                call, signed, alert: OfficeError(.badInput, "Nothing was decided: \(problem.what).", hint: problem.hint))
        }
        return redirect(.decisions, query: "?done=1")
    }

    func reverse(_ piece: Int64, _ call: StaffCall, _ signed: Signed) async throws -> Response {
        let (desk, reason) = (signed.desk, call.form["reason"] ?? "")
        let outcome: Returns.Reversal
        do { outcome = try await pool.run { try desk.reverse(piece, reason: reason) } } catch let error as OfficeError
            where error.code != .broken && error.code != .notFound
        {
            return try await decisions(call, signed, alert: error)
        }
        return outcome == .waits ? redirect(.approvals) : redirect(.decisions, query: "?done=1")
    }

    private static func decision(_ form: [String: String]) throws -> Returns.Decision {
        switch form["decision"] {
        case "accept": return .accept
        case "hold": return .hold
        case "reject":
            let reason = form["reason"] ?? ""
            guard !reason.isEmpty else {
                throw OfficeError(.badInput, "Nothing was decided: to reject, choose a reason.", hint: "The voter is told it.")
            }
            return .reject(try RejectionReason.parse(reason == "other" ? "other:\(form["words"] ?? "")" : reason))
        default: throw OfficeError(.badInput, "Nothing was decided.", hint: "Press one of the buttons.")
        }
    }
}
