import ArgumentParser
import Foundation
import Packet

/// Where the program starts. Commands parse, call a desk and print; what a failure means for the exit status is decided here, once.
@main
enum Main {
    /// Runs the command that the arguments name, and ends the process with its status.
    static func main() async {
        // Before anything else: as the confined reader of vendors' files, this process gives up nearly everything and never returns.
        ConfinedJobs.runIfAsked(CommandLine.arguments)
        // A reader that hung up (`| head`) must not end a run that still has ballots to write down.
        signal(SIGPIPE, SIG_IGN)
        Crash.sayPlainly()
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let failure = UnknownCommand.failure(arguments) {
            failure.show(problemLimit: ProblemOptions.shown)
            exit(failure.status.rawValue)
        }
        var command: any ParsableCommand
        do {
            command = try Uocava.parseAsRoot(arguments)
        } catch {
            if let failure = UnknownCommand.option(arguments) {
                failure.show(problemLimit: ProblemOptions.shown)
                exit(failure.status.rawValue)
            }
            // Help and the version are asked for through an error too; ArgumentParser knows which are on stdout and with status 0.
            Uocava.exit(withError: error)
        }
        do {
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
            exit(ExitStatus.done.rawValue)
        } catch let status as ExitStatus {
            exit(status.rawValue)
        } catch  where [.success, .validationFailure].contains(Uocava.exitCode(for: error)) {
            // The help of a subcommand, and what its `validate` finds.
            Uocava.exit(withError: error)
        } catch {
            let failure = Failure(error)
            failure.show(problemLimit: (command as? any ListsProblems)?.problems.limit ?? ProblemOptions.shown)
            exit(failure.status.rawValue)
        }
    }
}

/// The root of all commands.
struct Uocava: AsyncParsableCommand {
    /// What `uocava --help` says.
    static let configuration = CommandConfiguration(
        commandName: "uocava",
        abstract: "Sends blank ballots to military and overseas voters, and keeps the books of it.",
        discussion: """
            An office is a folder: its settings (uocava.yaml), keys and two databases. \
            Name it with --office DIR, or once and for all with the variable UOCAVA_OFFICE; \
            otherwise it is the folder you are in.

            A first try, from nothing to letters, in a test office that can do no harm:

              uocava init my-office --test
              cd my-office
              uocava election import ../my-election
              uocava voters import ../my-election/voters.csv --election ID
              uocava issue --election ID --dry-run
              uocava issue --election ID
              uocava serve &
              uocava letters send

            Every command explains itself: uocava issue --help

            Data goes to standard output, everything else to standard error. \
            --format json or csv is for scripts.

            The exit status says what happened: 0 done; 1 a check found something wrong; \
            64 the command was not understood; 65 a file or value is wrong; \
            66 there is no such thing; 69 a service does not answer; \
            70 a bug of ours; 73 cannot write; 75 try again; 77 not allowed.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Set-up",
                subcommands: [
                    InitCommand.self, KeysCommand.self, StaffCommand.self, ElectionCommand.self, StylesCommand.self, VotersCommand.self
                ]),
            CommandGroup(
                name: "Sending",
                subcommands: [
                    IssueCommand.self, LettersCommand.self, BallotsCommand.self, TransmittedCommand.self, ServeCommand.self,
                    SiteCommand.self
                ]),
            CommandGroup(name: "Return", subcommands: [ReturnsCommand.self]),
            CommandGroup(
                name: "Reporting",
                subcommands: [
                    StatusCommand.self, ExceptionsCommand.self, ReportCommand.self, ReconcileCommand.self, VerifyCommand.self,
                    AuditCommand.self
                ])
        ])
}

/// What happens when the program itself breaks down.
enum Crash {
    /// Replaces the runtime's report of a crash, which shows registers and memory and so perhaps a voter's data, by a plain sentence and the
    /// status of a bug. A database that was being written rolls back by itself.
    static func sayPlainly() {
        for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE] {
            // Only what is safe in a signal handler: no allocation, no lock.
            signal(number) { _ in
                let text: StaticString =
                    "uocava: stopped by a mistake of its own. Nothing is half-written; report the command that brought it.\n"
                _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
                _exit(ExitStatus.bug.rawValue)
            }
        }
    }
}
