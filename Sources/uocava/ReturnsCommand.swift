import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava returns`
struct ReturnsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "returns", abstract: "The desk for envelopes that come back: write them down, then decide.",
        subcommands: [Receive.self, Decide.self])

    /// `uocava returns receive`
    struct Receive: ParsableCommand, ListsProblems {
        static let configuration = CommandConfiguration(
            commandName: "receive",
            abstract: "Write down envelopes that came back, by the code on each.",
            usage: """
                uocava returns receive CODE ...
                uocava returns receive --file scans.csv
                """,
            discussion: """
                The code is the barcode on declaration and envelope, R-XXXX-XXXX-XXXX. Scanning an \
                envelope twice does no harm: the second time it is a duplicate, and nothing changes. \
                A code that is none of this office's does not stop the others: they are written down, \
                and the table says which are unknown.

                Examples:
                  uocava returns receive R-4H6X-9ZKM-2T8C
                  uocava returns receive --file scans.csv

                The file of a scanner has the columns code and received_at; the time is RFC 3339, \
                for example 2028-11-03T09:30:00-05:00, and where it is empty, now.

                Exit status: 0 every code was looked up, and its result says whether the envelope is \
                written down; 65 the file is wrong, and nothing is written down.
                """)

        @Argument(help: ArgumentHelp("Return codes.", valueName: "CODE"))
        var codes: [String] = []

        @Option(name: .long, help: ArgumentHelp("A list of scans, as CSV; - for standard input.", valueName: "FILE"))
        var file: String?

        @OptionGroup var problems: ProblemOptions
        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Codes or a file, and not both.
        func validate() throws {
            if codes.isEmpty == (file == nil) {
                throw ValidationError("Give return codes, or a file of scans with --file; one of the two.")
            }
        }

        /// Writes them down.
        func run() throws {
            let scans: [Returns.Scan]
            if let file {
                scans = try Returns.scans(
                    csv: try InputFile.read(file), file: file == "-" ? "standard input" : URL(fileURLWithPath: file).lastPathComponent)
            } else {
                scans = codes.map { Returns.Scan(code: $0) }
            }
            let received = try Returns(try office.open()).receive(scans)
            let sheet = ReportTable(
                columns: ["code", "result", "voter_id", "received_at"],
                rows: received.map {
                    [
                        .string($0.code), .string($0.outcome.rawValue), .optional($0.voterID?.text), .optional($0.at.map(Moment.short))
                    ]
                })
            try Report(json: received.json, table: received.table, sheet: sheet, foot: foot(received)).show(as: output.format)
        }

        /// What to know or do about single envelopes, and how many there were of each kind.
        private func foot(_ received: [Returns.Received]) -> [String] {
            let told = received.filter { !$0.hint.isEmpty }
            var lines = told.prefix(problems.limit).map { "\($0.code): \($0.hint)" }
            if told.count > problems.limit { lines.append("… and \(told.count - problems.limit) more; --all-problems shows them all.") }
            guard received.count > 1 else { return lines }
            func number(_ outcome: Returns.Outcome) -> Int { received.count { $0.outcome == outcome } }
            return lines + ["\(number(.received)) received, \(number(.duplicate)) duplicate, \(number(.unknown)) unknown."]
        }
    }

    /// `uocava returns decide`
    struct Decide: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "decide",
            abstract: "Accept, reject or hold a ballot that came back.",
            usage: """
                uocava returns decide CODE --accept
                uocava returns decide CODE --reject REASON
                uocava returns decide CODE --reject other --reason-file FILE
                uocava returns decide CODE --hold
                """,
            discussion: """
                The voter sees the decision on the tracking page, and the reason of a rejection.

                Examples:
                  uocava returns decide R-4H6X-9ZKM-2T8C --accept
                  uocava returns decide R-4H6X-9ZKM-2T8C --reject missing-voter-signature
                  uocava returns decide R-4H6X-9ZKM-2T8C --reject "other:two ballots in it"
                  uocava returns decide R-4H6X-9ZKM-2T8C --hold

                What stands in a command can be seen by other users of this machine while it runs: where \
                words name a person, put them into a file for --reason-file, or type them with - and \
                end with Ctrl-D on a line of its own.

                Reasons: \(RejectionReason.named.map(\.text).joined(separator: ", ")), other:TEXT. \
                The law forbids to reject a ballot for its paper, its envelope, or a missing notary \
                (52 USC 20302(i)).
                """)

        @Argument(help: ArgumentHelp("The return code.", valueName: "CODE"))
        var code: String

        @Flag(name: .long, help: "It counts.")
        var accept = false

        @Option(name: .long, help: ArgumentHelp("It does not count, for this reason.", valueName: "REASON"))
        var reject: String?

        @Option(name: .long, help: ArgumentHelp("The words of --reject other; - for standard input.", valueName: "FILE"))
        var reasonFile: String?

        @Flag(name: .long, help: "Keep it apart, to be decided later.")
        var hold = false

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Exactly one decision.
        func validate() throws {
            if [accept, reject != nil, hold].filter({ $0 }).count != 1 {
                throw ValidationError("Say what you decide: --accept, --reject REASON or --hold; one of the three.")
            }
            if reasonFile != nil, reject != "other" { throw ValidationError("--reason-file goes with --reject other.") }
        }

        /// Decides.
        func run() throws {
            let words = try reasonFile.map { "other:\(try WrittenReason.read($0))" }
            let decision: Returns.Decision = accept ? .accept : hold ? .hold : .reject(try RejectionReason.parse(words ?? reject ?? ""))
            let status = try Returns(try office.open()).decide(code, decision)
            let printed = ReturnCode(code)?.text ?? code
            try Report(
                json: ["code": .string(printed), "status": .string(status.rawValue)],
                table: ReportTable(columns: ["code", "status"], rows: [[.string(printed), .string(status.rawValue)]])
            ).show(as: output.format)
        }
    }
}
