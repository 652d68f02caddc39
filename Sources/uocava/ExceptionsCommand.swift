import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava exceptions`
struct ExceptionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exceptions",
        abstract: "The exception list: what a person must look at.",
        usage: "uocava exceptions --election ID [--format FORM]",
        discussion: """
            A line goes away by itself when its reason is gone: a corrected row is imported, an address \
            is added, a ballot is released, a new link is made.

            Examples:
              uocava exceptions --election 2028-general
              uocava exceptions --election 2028-general --format csv > to-do.csv
            """)

    @Option(name: .long, help: ArgumentHelp("The election.", valueName: "ID"))
    var election: String

    @OptionGroup var office: OfficeOptions
    @OptionGroup var output: OutputOptions

    /// Lists them.
    func run() throws {
        let lines = try Reports(try office.open()).exceptions(election: ElectionID(election))
        let sheet = ReportTable(
            columns: ["voter_id", "kind", "detail", "since"],
            rows: lines.map { [.optional($0.voterID?.text), .string($0.kind), .string($0.detail), .string(Moment.day($0.since))] })
        try Report(json: lines.json, table: lines.table, sheet: sheet, nothing: "Nothing is open.").show(as: output.format)
    }
}
