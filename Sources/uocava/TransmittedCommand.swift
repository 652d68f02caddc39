import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava transmitted`
struct TransmittedCommand: ParsableCommand, ListsProblems {
    static let configuration = CommandConfiguration(
        commandName: "transmitted",
        abstract: "Write down ballots that were posted, faxed or handed over elsewhere.",
        usage: "uocava transmitted --file FILE --election ID [--dry-run]",
        discussion: """
            The file is CSV with the columns voter_id, date (YYYY-MM-DD), method (mail, fax, email, online, \
            in-person, other) and, if you have one, ballot_number. All of it is taken or nothing; lines \
            that were taken before change nothing, so the same list may come again tomorrow, longer.

            Examples:
              uocava transmitted --file posted.csv --election 2028-general --dry-run
              uocava transmitted --file posted.csv --election 2028-general
              uocava report transmitted --election 2028-general
            """)

    @Option(name: .long, help: ArgumentHelp("The list; - for standard input.", valueName: "FILE"))
    var file: String

    @Option(name: .long, help: ArgumentHelp("The election.", valueName: "ID"))
    var election: String

    @Flag(name: .long, help: "Say what would happen, and change nothing.")
    var dryRun = false

    @OptionGroup var problems: ProblemOptions
    @OptionGroup var office: OfficeOptions
    @OptionGroup var output: OutputOptions

    /// Writes them down.
    func run() throws {
        let name = file == "-" ? "standard input" : URL(fileURLWithPath: file).lastPathComponent
        let lines = try Transmissions.lines(csv: try InputFile.read(file), file: name)
        let desk = Transmissions(try office.open())
        let summary = try TerminalActor.doing {
            try desk.record(lines, file: name, election: ElectionID(election), dryRun: dryRun)
        }
        try Report(
            json: summary.json,
            table: ReportTable(
                columns: ["ballots sent elsewhere", "number"],
                rows: [
                    [.string(dryRun ? "would be written down" : "written down"), .number(summary.new)],
                    ["known before", .number(summary.known)]
                ]),
            foot: dryRun ? ["Nothing was changed."] : []
        ).show(as: output.format)
    }
}
