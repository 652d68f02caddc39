import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava returns`
struct ReturnsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "returns", abstract: "Envelopes that come back: write them down, then decide.",
        subcommands: [Receive.self, Decide.self, Reverse.self])

    /// `uocava returns receive`
    struct Receive: ParsableCommand, ListsProblems {
        static let configuration = CommandConfiguration(
            commandName: "receive",
            abstract: "Write down envelopes that came back, by the code on each.",
            usage: """
                uocava returns receive CODE ...
                uocava returns receive --file scans.csv
                uocava returns receive --voter ID --election ID --kind KIND
                """,
            discussion: """
                The code is the barcode on declaration and envelope, R-XXXX-XXXX-XXXX. Scanning an \
                envelope twice does no harm: the second time it is a duplicate, and nothing changes. \
                A code that is none of this office's does not stop the others: they are written down, \
                and the table says which are unknown.

                Examples:
                  uocava returns receive R-4H6X-9ZKM-2T8C
                  uocava returns receive --file scans.csv
                  uocava returns receive --voter V000123 --election 2028-general --kind fwab

                An envelope without a code is written down by its voter: a write-in ballot (fwab), which \
                goes on hold until it is known whether the regular ballot comes, or a ballot whose code \
                cannot be read or that the office posted on paper.

                The file of a scanner has the columns code and received_at; the time is RFC 3339, \
                for example 2028-11-03T09:30:00-05:00, and where it is empty, now.

                Exit status: 0 every code was looked up, and its result says whether the envelope is \
                written down; 65 the file is wrong, and nothing is written down.
                """)

        @Argument(help: ArgumentHelp("Return codes.", valueName: "CODE"))
        var codes: [String] = []

        @Option(name: .long, help: ArgumentHelp("A list of scans, as CSV; - for standard input.", valueName: "FILE"))
        var file: String?

        @OptionGroup var envelope: EnvelopeOptions

        @Option(name: .long, help: ArgumentHelp("With --voter: when it came, as in the file. Default: now.", valueName: "TIME"))
        var receivedAt: String?

        @OptionGroup var problems: ProblemOptions
        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Codes, a file or a voter, and one of the three.
        func validate() throws {
            if [!codes.isEmpty, file != nil, envelope.voter != nil].count(where: { $0 }) != 1 {
                throw ValidationError("Give return codes, a file of scans with --file, or a voter with --voter; one of the three.")
            }
            try envelope.check()
            if receivedAt != nil, envelope.voter == nil {
                throw ValidationError("--received-at goes with --voter; a file has its own times.")
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
            let desk = Returns(try office.open())
            let received = try TerminalActor.doing {
                guard let envelope = try envelope.named else { return try desk.receive(scans) }
                return [
                    try desk.receive(envelope.kind, of: envelope.voter, election: envelope.election, receivedAt: try moment(receivedAt))
                ]
            }
            let sheet = ReportTable(
                columns: ["code", "result", "voter_id", "received_at"],
                rows: received.map {
                    [
                        .string($0.code), .string($0.outcome.rawValue), .optional($0.voterID?.text), .optional($0.at.map(Moment.short))
                    ]
                })
            try Report(json: received.json, table: received.table, sheet: sheet, foot: foot(received)).show(as: output.format)
        }

        private func moment(_ text: String?) throws -> Instant? {
            guard let text else { return nil }
            guard let moment = Instant(rfc3339: text) else {
                throw OfficeError(
                    .badInput, "\(Printable.quote(text)) is not a time.",
                    hint: "Write it as 2028-11-03T09:30:00-05:00, or leave it out for now.")
            }
            return moment
        }

        /// What to know or do about single envelopes, and how many there were of each kind.
        private func foot(_ received: [Returns.Received]) -> [String] {
            let told = received.filter { !$0.hint.isEmpty }
            var lines = told.prefix(problems.limit).map { "\($0.code.isEmpty ? $0.voterID?.text ?? "" : $0.code): \($0.hint)" }
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
                uocava returns decide --voter ID --election ID --kind KIND --accept
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
                A ballot that came late, a write-in ballot whose voter's regular ballot came or may still \
                come, and a second ballot of one voter cannot be accepted: the message says why. \
                The law forbids to reject a ballot for its paper, its envelope, or a missing notary \
                (52 USC 20302(i)).
                """)

        @Argument(help: ArgumentHelp("The return code.", valueName: "CODE"))
        var code: String?

        @OptionGroup var envelope: EnvelopeOptions

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
            try envelope.check(orCode: code)
            if reasonFile != nil, reject != "other" { throw ValidationError("--reason-file goes with --reject other.") }
        }

        /// Decides.
        func run() throws {
            let words = try reasonFile.map { "other:\(try WrittenReason.read($0))" }
            let decision: Returns.Decision = accept ? .accept : hold ? .hold : .reject(try RejectionReason.parse(words ?? reject ?? ""))
            let desk = Returns(try office.open())
            let status = try TerminalActor.doing {
                guard let envelope = try envelope.named else { return try desk.decide(code ?? "", decision) }
                return try desk.decide(envelope.kind, of: envelope.voter, election: envelope.election, decision)
            }
            let printed = code.map { ReturnCode($0)?.text ?? $0 } ?? envelope.voter ?? ""
            try Report(
                json: ["code": .string(printed), "status": .string(status.rawValue)],
                table: ReportTable(columns: ["code", "status"], rows: [[.string(printed), .string(status.rawValue)]])
            ).show(as: output.format)
        }
    }

    /// `uocava returns reverse`
    struct Reverse: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reverse",
            abstract: "Take a decision back: the envelope waits again.",
            usage: """
                uocava returns reverse CODE --reason TEXT
                uocava returns reverse --voter ID --election ID --kind KIND --reason TEXT
                """,
            discussion: """
                The voter sees on the tracking page that the decision was taken back. Decide anew with \
                `uocava returns decide`.

                Example:
                  uocava returns reverse R-4H6X-9ZKM-2T8C --reason "The signature was cured"

                The reason is kept sealed. Where it names anybody, use --reason-file; with - you type it.
                """)

        @Argument(help: ArgumentHelp("The return code.", valueName: "CODE"))
        var code: String?

        @OptionGroup var envelope: EnvelopeOptions

        @OptionGroup var why: ReasonOptions
        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// An envelope.
        func validate() throws { try envelope.check(orCode: code) }

        /// Takes it back.
        func run() throws {
            let words = try why.words()
            let desk = Returns(try office.open())
            let outcome = try TerminalActor.doing {
                guard let envelope = try envelope.named else { return try desk.reverse(code ?? "", reason: words) }
                return try desk.reverse(envelope.kind, of: envelope.voter, election: envelope.election, reason: words)
            }
            let printed = code.map { ReturnCode($0)?.text ?? $0 } ?? envelope.voter ?? ""
            let status: JSONValue = outcome == .waits ? "waits" : "received"
            try Report(
                json: ["code": .string(printed), "status": status],
                table: ReportTable(columns: ["code", "status"], rows: [[.string(printed), status]]),
                foot: outcome == .waits ? ["A supervisor must approve this at the desk, on the page Approvals."] : []
            ).show(as: output.format)
        }
    }
}

/// An envelope without a code, by its voter.
struct EnvelopeOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Instead of a code: the voter's voter_id.", valueName: "ID"))
    var voter: String?

    @Option(name: .long, help: ArgumentHelp("With --voter: the election.", valueName: "ID"))
    var election: String?

    @Option(name: .long, help: ArgumentHelp("With --voter: what is in the envelope, fwab or ballot.", valueName: "KIND"))
    var kind: String?

    /// Which envelope is meant; nil: one with a code.
    var named: (voter: VoterID, election: ElectionID, kind: ReturnRules.Kind)? {
        get throws {
            guard let voter, let election, let kind = kind.flatMap(ReturnRules.Kind.init(rawValue:)) else { return nil }
            return (try TypedVoter.id(voter), ElectionID(election), kind)
        }
    }

    /// All three or none.
    func check() throws {
        guard voter != nil || election != nil || kind != nil else { return }
        guard voter != nil, election != nil, let kind, ReturnRules.Kind(rawValue: kind) != nil else {
            throw ValidationError("An envelope without a code needs --voter ID, --election ID and --kind fwab or --kind ballot.")
        }
    }

    /// All three, or a code.
    func check(orCode code: String?) throws {
        try check()
        if (code == nil) == (voter == nil) { throw ValidationError("Give the return code, or --voter with --election and --kind.") }
    }
}
