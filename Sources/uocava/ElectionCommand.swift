import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava election`
struct ElectionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "election", abstract: "Elections: bring one in, with its ballot styles.", subcommands: [Import.self])

    /// `uocava election import`
    struct Import: ParsableCommand, ListsProblems {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Bring in an election's folder: election.yaml, styles.csv, ballots and the office's own PDFs.",
            usage: "uocava election import DIR [--accept-repaired]",
            discussion: """
                Reads and checks everything before it writes anything: a folder with a problem changes \
                nothing. Importing the same folder again changes nothing either. A corrected ballot \
                becomes a new revision of its style; who holds the old one is on the exception list.

                Examples:
                  uocava election import ballot-styles/2028-general
                  uocava election import ballot-styles/2028-general --accept-repaired

                Every PDF is read in a process that may do nothing else, and what goes into packets is \
                compared with it as a picture, page by page, on every core.
                """)

        @Argument(help: ArgumentHelp("The election's folder.", valueName: "DIR"))
        var folder: String

        @Flag(name: .long, help: "Take PDFs that are damaged and could be repaired; that is journalled.")
        var acceptRepaired = false

        @OptionGroup var problems: ProblemOptions
        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Brings it in.
        func run() throws {
            let opened = try office.open()
            let meter = ProgressMeter("Reading ballots", of: "bases")
            defer { meter.finish() }
            let summary = try StyleShelf(opened).importElection(
                from: URL(fileURLWithPath: folder, isDirectory: true).standardizedFileURL, acceptRepaired: acceptRepaired,
                progress: { meter.update($0, of: $1) })
            meter.finish()
            Output.warn(summary.warnings, limit: problems.limit)
            let rows: [(String, Int)] = [
                ("new", summary.new), ("revised", summary.revised), ("unchanged", summary.unchanged), ("superseded", summary.superseded)
            ]
            var foot: [String] = []
            if summary.toReview > 0 {
                foot.append(
                    "\(counted(summary.toReview, "voter")) hold\(summary.toReview == 1 ? "s" : "") a ballot from before the correction: "
                        + "uocava exceptions --election \(summary.election)\(office.suffix)")
            }
            foot.append("Next: uocava voters import FILE --election \(summary.election)\(office.suffix)")
            try Report(
                json: summary.json,
                table: ReportTable(columns: ["styles", "number"], rows: rows.map { [.string($0.0), .number($0.1)] }), foot: foot
            ).show(as: output.format)
        }
    }
}

extension Output {
    /// Tells of what was taken but should be looked at.
    static func warn(_ warnings: [String], limit: Int) {
        guard !warnings.isEmpty else { return }
        note([counted(warnings.count, "warning") + ":"] + Failure.listed(warnings, limit: limit))
    }
}
