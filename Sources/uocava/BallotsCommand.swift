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
            usage: """
                uocava ballots new-link VOTER --election ID --reason TEXT
                uocava ballots new-link VOTER --election ID --reason-file FILE
                """,
            discussion: """
                The ballot stays the same. From this moment the old link opens nothing, wherever its \
                letter went; a visit that is open on it ends.

                Examples:
                  uocava ballots new-link V000123 --election 2028-general \\
                      --reason "Lost the letter; called from the number on file"
                  uocava ballots new-link V000123 --election 2028-general \\
                      --reason-file -

                The reason is kept sealed in the journal. Other users of this machine can see what \
                stands in a command while it runs: if the reason names anybody, use --reason-file; \
                with - you type it, and end it with Ctrl-D on a line of its own.
                """)

        @Argument(help: ArgumentHelp("The voter's voter_id.", valueName: "VOTER"))
        var voter: String

        @Option(name: .long, help: ArgumentHelp("The election.", valueName: "ID"))
        var election: String

        @OptionGroup var why: ReasonOptions
        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Replaces the link.
        func run() throws {
            let id = try TypedVoter.id(voter)
            let reason = try why.words()
            let desk = LinkDesk(try office.open())
            let outcome = try TerminalActor.doing { try desk.newLink(for: id, election: ElectionID(election), reason: reason) }
            let waits = outcome == .waits
            let cells: [JSONValue] = [.string(voter), .string(election), waits ? "waits" : "replaced", waits ? "none" : "queued"]
            let columns = ["voter_id", "election", "link", "letter"]
            let table = ReportTable(columns: columns, rows: [cells])
            try Report(
                json: ["voter_id": cells[0], "election": cells[1], "link": cells[2], "letter": cells[3]], table: table,
                foot: [
                    waits
                        ? "The e-mail address changed less than 72 hours ago: a supervisor must approve this at the desk, on the page Approvals."
                        : "The letter is waiting: uocava letters send\(office.suffix)"
                ]
            ).show(as: output.format)
        }
    }
}
