import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava reconcile`
struct ReconcileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Set roll, issued, mailed, delivered and returned against each other.",
        usage: "uocava reconcile --election ID [--format FORM]",
        discussion: """
            Proves that everyone on the roll is accounted for, and that every ballot is the one that \
            its voter should have. Lists who is not served and why, and every place where two books \
            disagree: a swapped packet, a missing ballot, a letter without its link.

            Examples:
              uocava reconcile --election 2028-general
              uocava reconcile --election 2028-general --format json | jq .mismatches

            Exit status: 0 the books agree, even where voters are not served yet; 1 they do not.
            """)

    @Option(name: .long, help: ArgumentHelp("The election.", valueName: "ID"))
    var election: String

    @OptionGroup var office: OfficeOptions
    @OptionGroup var output: OutputOptions

    /// Compares them.
    func run() throws {
        let books = try Reports(try office.open()).reconcile(election: ElectionID(election))
        switch output.format {
        case .json: try Output.data(books.json.text + "\n")
        case .csv: try Output.data(books.table.csv)
        case .table: try show(books)
        }
        if !books.agrees { throw ExitStatus.found }
    }

    /// Numbers first, then who is not served, then what is wrong.
    private func show(_ books: Reconciliation) throws {
        let buckets = Reconciliation.Bucket.allCases.map { ($0.rawValue, books.buckets[$0] ?? 0) }
        let total = buckets.reduce(0) { $0 + $1.1 }
        try Report(
            json: .null,
            table: ReportTable(
                columns: ["bucket", "voters"],
                rows: buckets.filter { $0.1 > 0 }.map { [.string($0.0), .number($0.1)] } + [["total", .number(total)]])
        ).show(as: .table)
        let way = books.totals
        let steps: [(String, Int)] = [
            ("issued", way.issued), ("mailed", way.mailed), ("claimed", way.claimed), ("delivered", way.delivered),
            ("returned", way.returned), ("accepted", way.accepted), ("rejected", way.rejected)
        ]
        try Output.data("\n")
        try Report(json: .null, table: ReportTable(columns: ["ballots", "number"], rows: steps.map { [.string($0.0), .number($0.1)] }))
            .show(
                as: .table)
        try list(
            "Not served, \(counted(books.notServed.count, "voter")):", columns: ["voter_id", "reason", "detail"],
            books.notServed.map { [.optional($0.voterID?.text), .string($0.reason), .string($0.detail)] })
        try list(
            "Wrong, \(counted(books.mismatches.count, "place")):", columns: ["kind", "voter_id", "detail"],
            books.mismatches.map { [.string($0.kind.rawValue), .optional($0.voterID?.text), .string($0.detail)] })
        try Output.data(
            books.agrees
                ? "\nThe books agree.\n" : "\nThe books do NOT agree.\nChange nothing by hand, and keep a copy of the office's folder.\n")
    }

    private func list(_ title: String, columns: [String], _ rows: [[JSONValue]]) throws {
        guard !rows.isEmpty else { return }
        try Output.data("\n\(title)\n")
        try Report(json: .null, table: ReportTable(columns: columns, rows: rows)).show(as: .table)
    }
}
