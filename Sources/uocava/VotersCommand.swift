import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava voters`
struct VotersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "voters", abstract: "The roll: bring in who asked for a ballot.", subcommands: [Import.self])

    /// `uocava voters import`
    struct Import: ParsableCommand, ListsProblems {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Compare a roll with what is there, and keep what is new or changed.",
            usage: "uocava voters import FILE --election ID [--dry-run] [--hold-refused]",
            discussion: """
                The file is CSV in UTF-8 with a header, one line a voter. Nobody is ever removed, and no \
                ballot that was issued is changed: what a change means for it is on the exception list.

                One bad row stops the whole file, and every problem is named with its line. With \
                --hold-refused the good rows go in, and the bad ones wait on the exception list: use \
                it when the deadline is closer than the person who can correct the file.

                Examples:
                  uocava voters import roll.csv --election 2028-general --dry-run
                  uocava voters import roll.csv --election 2028-general
                  uocava voters import roll.csv --election 2028-general --hold-refused
                """)

        @Argument(help: ArgumentHelp("The roll; - for standard input.", valueName: "FILE"))
        var file: String

        @Option(name: .long, help: ArgumentHelp("The election.", valueName: "ID"))
        var election: String

        @Flag(name: .long, help: "Say what would happen, and change nothing.")
        var dryRun = false

        @Flag(name: .long, help: "Take the good rows, and hold the bad ones.")
        var holdRefused = false

        @OptionGroup var problems: ProblemOptions
        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Brings it in.
        func run() throws {
            let bytes = try InputFile.read(file, usual: "voters.csv")
            let opened = try office.open()
            let meter = ProgressMeter("Reading the roll", of: "voters")
            defer { meter.finish() }
            let summary = try VoterRoll(opened).importRoll(
                bytes, file: file == "-" ? "standard input" : URL(fileURLWithPath: file).lastPathComponent, election: ElectionID(election),
                dryRun: dryRun, holdRefused: holdRefused, progress: { meter.update($0, of: $1) })
            meter.finish()
            Output.warn(summary.warnings.map(\.description), limit: problems.limit)
            if !summary.problems.isEmpty {
                let verb = dryRun ? "would be held" : "held"
                Output.note(
                    ["\(counted(summary.refused, "row")) \(verb):"] + Failure.listed(summary.problems, limit: problems.limit))
            }
            try report(summary).show(as: output.format)
        }

        private func report(_ summary: VoterRoll.Summary) -> Report {
            let rows: [(String, Int)] = [
                ("new", summary.new), ("changed", summary.changed), ("unchanged", summary.unchanged), ("refused", summary.refused),
                ("missing from the file", summary.missing)
            ]
            var foot: [String] = []
            if dryRun { foot.append("This was a dry run: nothing was changed.") }
            if summary.exceptions > 0 {
                let verb = dryRun ? "would go" : "went"
                foot.append(
                    "\(counted(summary.exceptions, "line")) \(verb) on the exception list: "
                        + "uocava exceptions --election \(Printable.escape(election))\(office.suffix)")
            }
            let next = dryRun ? "uocava voters import \(InputFile.quoted(file))" : "uocava issue"
            let option = dryRun ? (holdRefused ? " --hold-refused" : "") : " --dry-run"
            foot.append("Next: \(next) --election \(Printable.escape(election))\(option)\(office.suffix)")
            return Report(
                json: summary.json, table: ReportTable(columns: ["voters", "number"], rows: rows.map { [.string($0.0), .number($0.1)] }),
                foot: foot)
        }
    }
}
