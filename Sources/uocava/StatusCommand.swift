import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava status`
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Where each ballot stands; or one voter's, with everything that happened to it.",
        usage: "uocava status [VOTER or CODE] --election ID [--format FORM]",
        discussion: """
            Name a voter by voter_id, or by the return code or the tracking code of the ballot; \
            without one, everybody on the roll is listed.

            Examples:
              uocava status V000123 --election 2028-general
              uocava status R-4H6X-9ZKM-2T8C --election 2028-general
              uocava status --election 2028-general --format csv > status.csv

            A voter without a ballot is "not_issued", with the reason.
            """)

    @Argument(help: ArgumentHelp("A voter_id, return code or tracking code.", valueName: "VOTER"))
    var who: String?

    @Option(name: .long, help: ArgumentHelp("The election.", valueName: "ID"))
    var election: String

    @OptionGroup var office: OfficeOptions
    @OptionGroup var output: OutputOptions

    /// Looks it up.
    func run() throws {
        // A code has no such characters either.
        if let who { _ = try TypedVoter.id(who.trimmingCharacters(in: .whitespaces)) }
        let reports = Reports(try office.open())
        guard let who else { return try showEverybody(reports) }
        let standings = try reports.status(election: ElectionID(election), of: who)
        guard output.format == .table else { return try Report(json: standings.json, table: standings.table).show(as: output.format) }
        for (number, standing) in standings.enumerated() {
            if number > 0 { try Output.data("\n") }
            try showOne(standing)
        }
    }

    /// What a clerk on the telephone needs: the ballot, and below it what happened.
    private func showOne(_ standing: BallotStanding) throws {
        let rows: [(String, String?)] = [
            ("voter", standing.voterID?.text), ("status", standing.status?.rawValue ?? BallotStanding.notIssued),
            ("reason", standing.reason), ("style", standing.style?.text), ("return code", standing.returnCode?.text)
        ]
        let known = rows.compactMap { row in
            row.1.map { "\(row.0.padding(toLength: 13, withPad: " ", startingAt: 0))\(Printable.escape($0))\n" }
        }
        try Output.data(known.joined())
        guard !standing.timeline.isEmpty else { return }
        let steps = standing.timeline.map { "\(Moment.short($0.at))  \($0.event.rawValue.replacingOccurrences(of: "_", with: " "))\n" }
        try Output.data("\n" + steps.joined())
    }

    /// The whole roll, as it is read: a State's does not have to fit into memory.
    private func showEverybody(_ reports: Reports) throws {
        var chunk: [BallotStanding] = []
        var isFirst = true
        func flush() throws {
            switch output.format {
            case .json:
                let elements = chunk.map(\.json.text).joined(separator: ",")
                try Output.data((isFirst ? "[" : chunk.isEmpty ? "" : ",") + elements)
            case .csv:
                let text = chunk.table.csv
                try Output.data(isFirst ? text : String(text[text.index(after: text.firstIndex(of: "\n") ?? text.startIndex)...]))
            case .table:
                if isFirst || !chunk.isEmpty {
                    try Report(json: .null, table: sheet(chunk), nothing: "Nobody is on the roll.").show(as: .table)
                }
            }
            isFirst = false
            chunk.removeAll(keepingCapacity: true)
        }
        try reports.forEachStanding(election: ElectionID(election)) { standing in
            chunk.append(standing)
            if chunk.count == Self.chunk { try flush() }
        }
        if isFirst || !chunk.isEmpty { try flush() }
        if output.format == .json { try Output.data("]\n") }
    }

    private func sheet(_ standings: [BallotStanding]) -> ReportTable {
        ReportTable(
            columns: ["voter_id", "status", "style", "return_code", "reason", "since"],
            rows: standings.map {
                [
                    .optional($0.voterID?.text), .string($0.status?.rawValue ?? BallotStanding.notIssued), .optional($0.style?.text),
                    .optional($0.returnCode?.text), .optional($0.reason), .optional($0.timeline.last.map { Moment.day($0.at) })
                ]
            })
    }

    /// Voters in memory at once; a table begins anew after as many, for its columns are as wide as what is in them.
    private static let chunk = 2_000
}
