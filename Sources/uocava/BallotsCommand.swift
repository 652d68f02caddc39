import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava ballots`
struct BallotsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ballots", abstract: "One voter's ballot: make a new link.", subcommands: [NewLink.self])

    /// `uocava ballots new-link`
    struct NewLink: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "new-link",
            abstract: "Kill a voter's link, and queue a letter with a new one.",
            usage: "uocava ballots new-link VOTER --election ID --reason TEXT",
            discussion: """
                The ballot stays the same. From this moment the old link opens nothing, wherever its \
                letter went; a visit that is open on it ends.

                Example:
                  uocava ballots new-link V000123 --election 2028-general \\
                      --reason "The voter lost the letter; called from the number on file"

                The reason is kept sealed in the journal.
                """)

        @Argument(help: ArgumentHelp("The voter's voter_id.", valueName: "VOTER"))
        var voter: String

        @Option(name: .long, help: ArgumentHelp("The election.", valueName: "ID"))
        var election: String

        @Option(name: .long, help: ArgumentHelp("Why, in your own words.", valueName: "TEXT"))
        var reason: String

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Replaces the link.
        func run() throws {
            try LinkDesk(try office.open()).newLink(for: VoterID(voter), election: ElectionID(election), reason: reason)
            let cells: [JSONValue] = [.string(voter), .string(election), "replaced", "queued"]
            let columns = ["voter_id", "election", "link", "letter"]
            let table = ReportTable(columns: columns, rows: [cells])
            try Report(
                json: ["voter_id": cells[0], "election": cells[1], "link": cells[2], "letter": cells[3]], table: table,
                foot: ["The letter is waiting: uocava letters send\(office.suffix)"]
            ).show(as: output.format)
        }
    }
}
