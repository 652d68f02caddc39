import Elections
import Hummingbird
import Office

/// Finding voters, and everything about one.
extension StaffResponder {
    func searchForm(_ signed: Signed) -> Response {
        page(.ok, .search, title: "Find a voter", ["none": "Type into the field above, and press Enter."], for: signed)
    }

    func search(_ call: StaffCall, _ signed: Signed) async throws -> Response {
        let text = call.form["q"] ?? ""
        let desk = signed.desk
        let found = try await pool.run { try desk.find(text) }
        // Who is found alone is who was meant.
        if found.voters.count == 1, let voter = found.voters.first {
            return redirect(.voter(election: voter.election, voter: voter.voter))
        }
        var values = Self.rows(found.voters, wide: true)
        values["q"] = text
        values["found"] =
            found.hasMore ? "The first \(found.voters.count). Type more letters to see fewer." : "\(found.voters.count) found."
        values["none"] = text.isEmpty ? "Type into the field above, and press Enter." : "Nobody is found by that."
        return page(.ok, .search, title: "Find a voter", values, for: signed)
    }

    /// What was just done, by the word in the address.
    private static let done = [
        "new-link": "A new link is made; its letter goes out in a moment.", "note": "The note is kept.",
        "waits": "A supervisor other than you must approve this first; it is on the page Approvals.",
        "replace": "The next run of uocava issue makes the other ballot.",
        "withdrawn": "Nothing is made; all stands as it did.",
        "cancel": "The ballot is cancelled. Its link opens nothing from now on.",
        "released": "The next run of uocava issue makes the ballot.",
        "received": "The envelope is written down.",
        "duplicate": "Such an envelope of this voter was written down before; nothing was changed."
    ]

    func voter(
        _ voter: Int64, _ election: Int64, _ call: StaffCall, _ signed: Signed, alert: OfficeError? = nil
    ) async throws -> Response {
        let desk = signed.desk
        let shown = try await pool.run { try desk.voter(voter, election: election) }
        let said = StaffPages.Said(alert: alert, done: alert == nil ? call.query["done"].flatMap { Self.done[$0] } : nil)
        let status = alert.map(ErrorStatus.of) ?? .ok
        return page(status, .voter, title: shown.record.fullName, Self.values(shown, signed), for: signed, said: said)
    }

    private static func values(_ shown: Desk.VoterPage, _ signed: Signed) -> [String: Any] {
        let record = shown.record
        let zone = shown.definition.timeZone
        func moment(_ moment: Instant) -> String { StaffText.moment(moment, zone) }
        var request: [[String: Any]] = []
        func say(_ words: String, _ value: String?) {
            if let value, !value.isEmpty { request.append(["words": words, "value": value]) }
        }
        say("Date of birth", StaffText.day(record.dateOfBirth))
        say("E-mail", record.email)
        say("Telephone", record.phone)
        say("Post", record.mailingLines.joined(separator: ", "))
        say("Voting residence", record.residenceLines.joined(separator: ", "))
        say("Class", StaffText.words(record.voterClass.rawValue))
        say("Precinct", record.precinct)
        say("Ballot asked for", record.party)
        say("Language", record.language)
        say("Wants the ballot by", record.preference.map(\.rawValue).joined(separator: ", then "))
        say(
            "Request",
            "\(record.form.rawValue.uppercased()), received \(StaffText.day(record.requestDate)), \(record.status.rawValue), holds until \(StaffText.day(record.validTo))"
        )
        say("Said of the request", record.statusReason)
        say("Protected", record.protected ? "yes" : nil)
        let standing = shown.standing
        var values: [String: Any] = [
            "number": record.voterID.text, "election": "\(shown.definition.name), \(StaffText.day(shown.definition.date))",
            "election_address": StaffRoute.election(shown.election).path,
            "here": StaffRoute.voter(election: shown.election, voter: shown.voter).path, "veiled": shown.isVeiled,
            "standing": StaffText.status(standing?.status), "request": request,
            "can_link": standing.map { EventKind.linkReplaced.status(after: $0.status) != nil } ?? false,
            "exceptions": shown.exceptions.map {
                ["kind": StaffText.words($0.kind), "since": moment($0.since), "detail": $0.detail] as [String: Any]
            },
            "ballots": StaffPages.table(
                shown.ballots.map {
                    [
                        "style": $0.revision > 1 ? "\($0.style.text), revision \($0.revision)" : $0.style.text,
                        "status": StaffText.status($0.status), "code": $0.returnCode, "issued": moment($0.issuedAt)
                    ]
                }),
            "pieces": StaffPages.table(
                shown.pieces.map { piece in
                    var row: [String: Any] = [
                        "came": moment(piece.receivedAt), "kind": piece.kind == "fwab" ? "Write-in ballot (FWAB)" : "Ballot",
                        "piece": String(piece.id), "form": signed.session.formToken,
                        "decision": [piece.decision.map(StaffText.words) ?? "Not decided", piece.reason.map(StaffText.words)]
                            .compactMap { $0 }.joined(separator: ": ")
                    ]
                    if piece.decision == "accepted" || piece.decision == "rejected", signed.session.member.role.has(.supervise) {
                        row["reverse"] = StaffRoute.reverse(piece: piece.id).path
                    }
                    return row
                }),
            "letters": StaffPages.table(
                shown.letters.map {
                    [
                        "kind": StaffText.words($0.kind), "state": StaffText.words($0.state), "when": moment($0.endedAt ?? $0.queuedAt),
                        "back": [$0.bounce.map(StaffText.words), $0.reply].compactMap { $0 }.joined(separator: ": ")
                    ]
                }),
            "history": StaffPages.table(
                shown.history.map { step in
                    var row: [String: Any] = ["at": moment(step.at), "what": StaffText.event(step.kind), "by": step.by ?? ""]
                    if let words = step.words { row["words"] = words }
                    return row
                }),
            "elsewhere": StaffPages.table(
                shown.elsewhere.map {
                    [
                        "address": StaffRoute.voter(election: $0.election, voter: $0.voter).path, "election": $0.electionID.text,
                        "status": StaffText.status($0.status)
                    ]
                })
        ]
        let last = shown.ballots.first?.status
        let isBack = shown.pieces.contains { $0.kind == "ballot" } && last != .cancelled
        values["can_replace"] = last != nil && !isBack && shown.replacement == nil
        values["can_cancel"] = standing != nil && !isBack && signed.session.member.role.has(.supervise)
        values["can_release"] = record.protected && !shown.isReleased && standing == nil && signed.session.member.role.has(.supervise)
        if let replacement = shown.replacement {
            values["replacement"] = "\(replacement.queuedBy) put it on the list, \(moment(replacement.queuedAt)): \(replacement.reason)"
        }
        if standing != nil {
            values["is_standing"] = true
        } else if last == .cancelled {
            values["without"] =
                shown.replacement == nil
                ? "The office cancelled the ballot. None is made by itself: ask for another if the voter is to have one."
                : "The office cancelled the ballot. The next run of uocava issue makes another."
        } else {
            values["without"] = "The next run of uocava issue decides; uocava status \(record.voterID.text) says why there is none."
        }
        return values
    }

    func newLink(_ voter: Int64, _ election: Int64, _ call: StaffCall, _ signed: Signed) async throws -> Response {
        let (desk, reason) = (signed.desk, call.form["reason"] ?? "")
        return try await changing(voter, election, call, signed) {
            try desk.newLink(for: voter, election: election, reason: reason) == .made ? "new-link" : "waits"
        }
    }

    func replace(_ voter: Int64, _ election: Int64, _ call: StaffCall, _ signed: Signed) async throws -> Response {
        let (desk, reason) = (signed.desk, call.form["reason"] ?? "")
        return try await changing(voter, election, call, signed) {
            try desk.replace(voter, election: election, reason: reason) == .queued ? "replace" : "waits"
        }
    }

    func cancel(_ voter: Int64, _ election: Int64, _ call: StaffCall, _ signed: Signed) async throws -> Response {
        let (desk, reason) = (signed.desk, call.form["reason"] ?? "")
        return try await changing(voter, election, call, signed) {
            try desk.cancel(voter, election: election, reason: reason)
            return "cancel"
        }
    }

    func note(_ voter: Int64, _ election: Int64, _ call: StaffCall, _ signed: Signed) async throws -> Response {
        let (desk, text) = (signed.desk, call.form["note"] ?? "")
        return try await changing(voter, election, call, signed) {
            try desk.note(text, on: voter, election: election)
            return "note"
        }
    }

    func receiveWithoutCode(_ voter: Int64, _ election: Int64, _ call: StaffCall, _ signed: Signed) async throws -> Response {
        let desk = signed.desk
        guard let kind = call.form["kind"].flatMap(ReturnRules.Kind.init(rawValue:)) else {
            let error = OfficeError(.badInput, "Say what is in the envelope.", hint: "Press one of the two buttons.")
            return try await self.voter(voter, election, call, signed, alert: error)
        }
        return try await changing(voter, election, call, signed) {
            try desk.receive(kind, of: voter, election: election).outcome.rawValue
        }
    }

    /// Does something to a voter, and shows the voter's page again: with what was done, or with why it was not.
    ///
    /// - Parameter body: returns the word of what was done.
    func changing(
        _ voter: Int64, _ election: Int64, _ call: StaffCall, _ signed: Signed, _ body: @escaping @Sendable () throws -> String
    ) async throws -> Response {
        let done: String
        do { done = try await pool.run(body) } catch let error as OfficeError where error.code != .notFound && error.code != .broken {
            return try await self.voter(voter, election, call, signed, alert: error)
        }
        return redirect(.voter(election: election, voter: voter), query: "?done=\(done)")
    }
}
