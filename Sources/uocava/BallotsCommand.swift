import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava ballots`
struct BallotsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ballots", abstract: "One voter's ballot: a new link, another ballot, or none.",
        subcommands: [NewLink.self, Replace.self, Cancel.self])

    /// Whose ballot it is.
    struct OneVoter: ParsableArguments {
        @Argument(help: ArgumentHelp("The voter's voter_id.", valueName: "VOTER"))
        var voter: String

        @Option(name: .long, help: ArgumentHelp("The election.", valueName: "ID"))
        var election: String
    }

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

        @OptionGroup var who: OneVoter
        @OptionGroup var why: ReasonOptions
        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Replaces the link.
        func run() throws {
            let id = try TypedVoter.id(who.voter)
            let reason = try why.words()
            let desk = LinkDesk(try office.open())
            let outcome = try TerminalActor.doing { try desk.newLink(for: id, election: ElectionID(who.election), reason: reason) }
            let waits = outcome == .waits
            let cells: [JSONValue] = [.string(who.voter), .string(who.election), waits ? "waits" : "replaced", waits ? "none" : "queued"]
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

    /// `uocava ballots replace`
    struct Replace: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "replace",
            abstract: "Queue another ballot in place of a voter's; the next \"issue\" makes it.",
            usage: """
                uocava ballots replace VOTER --election ID --reason TEXT
                uocava ballots replace VOTER --election ID --reason-file FILE
                uocava ballots replace VOTER --election ID --withdraw
                """,
            discussion: """
                For a voter who got the wrong ballot, whose ballot was corrected, or whose ballot you \
                cancelled. The new ballot is made from the roll and the styles as they are when "issue" \
                runs: correct the roll first. Until then the ballot that stands is good; from then on its \
                link opens nothing, and who knows of it is asked not to mail it. Use "ballots cancel" as well \
                where the ballot must not be used from this moment on.

                Who has returned the ballot gets no other: decide about the envelope instead.

                Examples:
                  uocava ballots replace V000123 --election 2028-general \\
                      --reason "Precinct was wrong on the roll"
                  uocava issue --election 2028-general
                """)

        @OptionGroup var who: OneVoter
        @Flag(name: .long, help: "Take back what was asked for and is not made yet.")
        var withdraw = false

        @OptionGroup var why: OptionalReason
        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// A reason, or nothing to give one for.
        func validate() throws {
            if withdraw == why.isGiven {
                throw ValidationError("Say why with --reason TEXT or --reason-file FILE; or take it back with --withdraw.")
            }
        }

        /// Queues it, or takes it back.
        func run() throws {
            let id = try TypedVoter.id(who.voter)
            let desk = BallotDesk(try office.open())
            if withdraw {
                try TerminalActor.doing { try desk.withdraw(id, election: ElectionID(who.election)) }
                return try show("withdrawn", "Nothing is made. All stands as it did.")
            }
            let reason = try why.words()
            switch try TerminalActor.doing({ try desk.replace(id, election: ElectionID(who.election), reason: reason) }) {
            case .queued:
                try show("queued", "The next run makes it: uocava issue --election \(Printable.escape(who.election))\(office.suffix)")
            case .waits:
                try show(
                    "waits", "The voter has opened the ballot: a supervisor must approve this at the desk, on the page Approvals.")
            }
        }

        private func show(_ what: String, _ foot: String) throws {
            try BallotsCommand.report(who, "replacement", what, foot).show(as: output.format)
        }
    }

    /// `uocava ballots cancel`
    struct Cancel: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cancel",
            abstract: "Cancel a voter's ballot at once; nothing replaces it by itself.",
            usage: """
                uocava ballots cancel VOTER --election ID --reason TEXT
                uocava ballots cancel VOTER --election ID --reason-file FILE
                """,
            discussion: """
                From this moment the link opens nothing, a visit that is open on it ends, and the ballot's \
                envelope does not count. A voter who knows of the ballot is told. "issue" makes no other ballot \
                for the voter unless you ask for one with "ballots replace". This cannot be taken back.

                Example:
                  uocava ballots cancel V000123 --election 2028-general \\
                      --reason "Registered in another county; told by telephone"
                """)

        @OptionGroup var who: OneVoter
        @OptionGroup var why: ReasonOptions
        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Cancels it.
        func run() throws {
            let id = try TypedVoter.id(who.voter)
            let reason = try why.words()
            let desk = BallotDesk(try office.open())
            try TerminalActor.doing { try desk.cancel(id, election: ElectionID(who.election), reason: reason) }
            try BallotsCommand.report(
                who, "ballot", "cancelled",
                "For another ballot: uocava ballots replace \(Printable.escape(who.voter)) --election \(Printable.escape(who.election))\(office.suffix) --reason TEXT"
            ).show(as: output.format)
        }
    }

    /// One voter, and what was done.
    private static func report(_ who: OneVoter, _ subject: String, _ what: String, _ foot: String) -> Report {
        let cells: [JSONValue] = [.string(who.voter), .string(who.election), .string(what)]
        return Report(
            json: .object(["voter_id": cells[0], "election": cells[1], subject: cells[2]]),
            table: ReportTable(columns: ["voter_id", "election", subject], rows: [cells]), foot: [foot])
    }
}
