import Elections
import Hummingbird
import Office

/// Elections, lists of voters, exceptions and accounts.
extension StaffResponder {
    func start(_ signed: Signed) async throws -> Response {
        let desk = signed.desk
        let boards = try await pool.run { try desk.boards() }
        let elections: [[String: Any]] = boards.map { board in
            let definition = board.definition
            return [
                "address": StaffRoute.election(board.election).path, "name": definition.name, "date": StaffText.day(definition.date),
                "place": "\(definition.jurisdiction.name), \(definition.jurisdiction.state)", "deadlines": Self.deadlines(board),
                "cards": Self.cards(board)
            ]
        }
        return page(.ok, .start, title: "Elections", ["elections": elections], for: signed)
    }

    private static func deadlines(_ board: Desk.Board) -> String {
        let send = board.today.days(until: board.definition.transmitBy)
        let receipt = board.today.days(until: board.definition.deadlines.receipt.date)
        return "Ballots must be sent \(StaffText.away(send)), and be back \(StaffText.away(receipt))."
    }

    private static func cards(_ board: Desk.Board) -> [[String: Any]] {
        func list(_ status: BallotStatus) -> String { StaffRoute.voters(election: board.election).path + "?status=\(status.rawValue)" }
        let own = StaffRoute.voters(election: board.election).path
        let cards: [(String, Int, String?)] = [
            ("On the roll", board.roll, own), ("Without a ballot", max(0, board.roll - board.standing), own + "?without=ballot"),
            ("Ballots issued", board.issued, StaffRoute.election(board.election).path + "#main"),
            ("Downloaded", board.count(.delivered), list(.delivered)),
            ("Envelopes back", board.pieces, StaffRoute.decisions.path), ("Accepted", board.count(.accepted), list(.accepted)),
            ("Rejected", board.count(.rejected), list(.rejected)), ("Not reached", board.count(.undeliverable), list(.undeliverable)),
            ("Exceptions", board.exceptions.reduce(0) { $0 + $1.count }, StaffRoute.exceptions.path + "?election=\(board.election)")
        ]
        return cards.map { words, count, address in
            var card: [String: Any] = ["words": words, "count": StaffText.number(count)]
            if let address { card["address"] = address }
            return card
        }
    }

    func election(_ id: Int64, _ signed: Signed) async throws -> Response {
        let desk = signed.desk
        let board = try await pool.run { try desk.board(id) }
        let definition = board.definition
        func row(_ words: String, _ value: String) -> [String: Any] { ["words": words, "value": value] }
        func until(_ date: CivilDate) -> String { "\(StaffText.day(date)) (\(StaffText.away(board.today.days(until: date))))" }
        let deadlines = definition.deadlines
        var dates = [
            row("Election day", until(definition.date)), row("Ballots must be sent by", until(definition.transmitBy)),
            row(
                "Back from home by",
                "\(deadlines.receipt.long(language: "en")) (\(StaffText.away(board.today.days(until: deadlines.receipt.date))))")
        ]
        if let overseas = deadlines.receiptOverseas { dates.append(row("Back from overseas by", overseas.long(language: "en"))) }
        if let postmark = deadlines.postmark { dates.append(row("Posted by", StaffText.day(postmark))) }
        let lists = StaffRoute.voters(election: id).path
        let steps = board.funnel.map { (words: Self.words($0.step), count: $0.count) }
        let statuses: [[String: Any]] = BallotStatus.allCases.filter { board.count($0) > 0 }.map {
            ["words": StaffText.status($0), "count": StaffText.number(board.count($0)), "address": "\(lists)?status=\($0.rawValue)"]
        }
        let exceptions: [[String: Any]] = board.exceptions.map {
            ["words": StaffText.words($0.kind), "count": StaffText.number($0.count), "address": "\(lists)?exception=\($0.kind)"]
        }
        let days: [[String: Any]] = board.days.map {
            ["day": StaffText.day($0.date), "issued": StaffText.number($0.issued), "returned": StaffText.number($0.returned)]
        }
        var values: [String: Any] = [
            "place": "\(definition.jurisdiction.name), \(definition.jurisdiction.state)", "dates": dates, "cards": Self.cards(board),
            "steps": steps.map { ["words": $0.words, "count": StaffText.number($0.count)] as [String: Any] },
            "funnel": StaffCharts.funnel(steps) ?? "", "statuses": statuses, "exceptions": StaffPages.table(exceptions), "days": days
        ]
        if let chart = StaffCharts.days(board.days) { values["chart"] = chart }
        return page(.ok, .election, title: definition.name, values, for: signed)
    }

    private static func words(_ step: Desk.FunnelStep) -> String {
        switch step {
        case .roll: "On the roll"
        case .issued: "Ballot issued"
        case .sent: "Letter taken by the relay"
        case .opened: "Opened, or came back"
        case .returned: "Came back"
        case .accepted: "Accepted"
        }
    }

    // MARK: Lists

    func voters(_ election: Int64, _ call: StaffCall, _ signed: Signed) async throws -> Response {
        let (choice, words, query) = Self.choice(call.query)
        let after = call.query["after"].flatMap { Int64($0) } ?? 0
        let desk = signed.desk
        let list = try await pool.run { try desk.list(choice, election: election, after: after) }
        var values = Self.rows(list.voters, wide: false)
        values["back"] = StaffRoute.election(election).path
        values["back_words"] = list.definition.name
        if let next = list.next { values["next"] = "\(StaffRoute.voters(election: election).path)?\(query)after=\(next)" }
        return page(.ok, .voters, title: words, values, for: signed)
    }

    private static func choice(_ query: [String: String]) -> (Desk.Choice, words: String, query: String) {
        if let status = query["status"].flatMap(BallotStatus.init(rawValue:)) {
            return (.status(status), StaffText.status(status), "status=\(status.rawValue)&")
        }
        if let kind = query["exception"], kind.utf8.allSatisfy({ $0 == 0x5F || (0x61...0x7A).contains($0) }), kind.utf8.count <= 40 {
            return (.exception(kind), StaffText.words(kind), "exception=\(kind)&")
        }
        if query["without"] == "ballot" { return (.withoutBallot, "Without a ballot", "without=ballot&") }
        return (.everyone, "On the roll", "")
    }

    static func rows(_ voters: [Desk.Found], wide: Bool) -> [String: Any] {
        [
            "some": !voters.isEmpty, "wide": wide,
            "voters": voters.map { voter in
                [
                    "address": StaffRoute.voter(election: voter.election, voter: voter.voter).path, "name": voter.name,
                    "number": voter.voterID.text, "election": voter.electionID.text, "status": StaffText.status(voter.status), "wide": wide
                ] as [String: Any]
            }
        ]
    }

    // MARK: Exceptions

    private static let mostLines = 500

    func exceptions(_ call: StaffCall, _ signed: Signed) async throws -> Response {
        let desk = signed.desk
        let election = call.query["election"].flatMap { Int64($0) }
        let lines = try await pool.run { try desk.exceptions(election: election, most: Self.mostLines) }
        let rows: [[String: Any]] = lines.prefix(Self.mostLines).map { open in
            var row: [String: Any] = [
                "since": StaffText.moment(open.line.since, open.zone), "kind": StaffText.words(open.line.kind),
                "number": open.line.voterID?.text ?? "?", "election": open.electionID.text, "detail": open.line.detail
            ]
            if let voter = open.voter { row["address"] = StaffRoute.voter(election: open.election, voter: voter).path }
            return row
        }
        var values: [String: Any] = ["lines": StaffPages.table(rows)]
        if lines.count > Self.mostLines { values["more"] = "There are more than \(Self.mostLines); the file has them all." }
        return page(.ok, .exceptions, title: "Exceptions", values, for: signed)
    }

    func exceptionsFile(_ signed: Signed) async throws -> Response {
        let desk = signed.desk
        let csv = try await pool.run {
            ReportTable(
                columns: ["election", "voter_id", "kind", "detail", "since"],
                rows: try desk.exceptions().map {
                    [
                        .string($0.electionID.text), .optional($0.line.voterID?.text), .string($0.line.kind), .string($0.line.detail),
                        .string($0.line.since.rfc3339)
                    ]
                }
            ).csv
        }
        return file(csv, "text/csv; charset=utf-8", name: "exceptions.csv")
    }

    func staff(_ signed: Signed) async throws -> Response {
        let desk = signed.desk
        let members = try await pool.run { try desk.colleagues() }
        let rows: [[String: Any]] = members.map {
            [
                "name": $0.login, "position": $0.role.rawValue,
                "places": $0.scope.ids.isEmpty ? "all" : $0.scope.ids.joined(separator: ", "),
                "state": $0.state
            ]
        }
        return page(.ok, .staff, title: "Staff", ["members": rows], for: signed)
    }
}
