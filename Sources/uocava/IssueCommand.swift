import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava issue`
struct IssueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue",
        abstract: "Make, sign and queue a ballot packet for everyone who is due.",
        usage: """
            uocava issue --election ID [--dry-run] [--only FILE]
                         [--release VOTER ...]
            """,
        discussion: """
            Everyone on the roll ends in exactly one bucket, and the buckets add up. Who is issued a \
            ballot gets a signed packet, a link and a letter in the queue; "letters send" sends it. \
            Interrupt it at any moment and run it again: nobody gets two ballots.

            Examples:
              uocava issue --election 2028-general --dry-run
              uocava issue --election 2028-general
              uocava issue --election 2028-general --only first-wave.txt
              uocava issue --election 2028-general --release V000123

            The file of --only names one voter a line by voter_id; empty lines and lines that begin \
            with # are skipped. A file without a voter means nobody.

            Ballots that were asked for with "ballots replace" are made along with the others.
            """)

    @Option(name: .long, help: ArgumentHelp("The election.", valueName: "ID"))
    var election: String

    @Flag(name: .long, help: "Say who would be in which bucket, and change nothing.")
    var dryRun = false

    @Option(name: .long, help: ArgumentHelp("Only the voters named in this file.", valueName: "FILE"))
    var only: String?

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("Release the ballot of this protected voter; may be given several times.", valueName: "VOTER"))
    var release: [String] = []

    @OptionGroup var office: OfficeOptions
    @OptionGroup var output: OutputOptions

    /// Voters claim while a batch runs, and somebody waits for each claim. So the thread that makes ballots along with its helpers takes the
    /// processor time that others leave; those that hold a database's lock do not, else voters would wait for them.
    private static func letVotersGoFirst() { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) }

    /// Issues.
    func run() throws {
        if !dryRun { Self.letVotersGoFirst() }
        var order = Issuing.Order(election: ElectionID(election))
        order.dryRun = dryRun
        order.only = try only.map { try VoterList.read(try InputFile.read($0), file: $0) }
        order.release = try release.map(TypedVoter.id)
        let opened = try office.open()
        LocalAddress.warn(opened)
        let meter = ProgressMeter(dryRun ? "Deciding" : "Issuing", of: "voters")
        defer { meter.finish() }
        let result = try TerminalActor.doing { try Issuing(opened).issueDue(order) { meter.update($0.done, of: $0.total) } }
        meter.finish()
        try report(result).show(as: output.format)
    }

    private func report(_ result: Issuing.Result) -> Report {
        let numbers = Bucket.allCases.map { ($0, result.buckets[$0] ?? 0) }
        let total: [JSONValue] = ["total", .number(result.total)]
        return Report(
            json: result.json,
            table: ReportTable(columns: ["bucket", "voters"], rows: numbers.map { [.string($0.rawValue), .number($1)] } + [total]),
            sheet: ReportTable(
                columns: ["bucket", "voters", "what it means"],
                rows: numbers.filter { $1 > 0 || $0 == .issued }.map {
                    [.string($0.rawValue), .number($1), .string($0.meaning(dryRun: dryRun || result.waits))]
                }
                    + [total + [""]]),
            foot: next(result))
    }

    private func next(_ result: Issuing.Result) -> [String] {
        let issued = result.buckets[.issued] ?? 0
        let place = office.suffix
        var lines: [String] = []
        if result.waits {
            lines.append(
                "Nothing was issued: the office wants two people for a batch. A supervisor approves this one at the desk, on the page")
            lines.append("Approvals; then run this again.")
        } else if dryRun {
            lines.append("This was a dry run: nothing was changed.")
        } else if issued > 0 {
            lines.append("\(counted(issued, "letter")) \(issued == 1 ? "is" : "are") waiting: uocava letters send\(place)")
        } else {
            lines.append("Nobody was issued a ballot in this run.")
        }
        let open = Bucket.allCases.filter(\.needsAttention).reduce(0) { $0 + (result.buckets[$1] ?? 0) }
        if open > 0 {
            lines.append(
                "\(counted(open, "voter")) need\(open == 1 ? "s" : "") somebody's attention\(dryRun ? "; after issuing" : ""): "
                    + "uocava exceptions --election \(result.election)\(place)")
        }
        return lines
    }
}

extension Bucket {
    /// What it says of its voters, in a few words.
    func meaning(dryRun: Bool) -> String {
        switch self {
        case .issued: dryRun ? "would get a ballot now" : "got a ballot in this run"
        case .alreadyIssued: "have their ballot from before"
        case .byMail: "asked for paper, or for nothing"
        case .noEmail: "asked for e-mail, but the roll has no address"
        case .notEligible: "request not accepted or not valid, or ballot cancelled"
        case .styleUnresolved: "precinct, party and scope lead to no ballot style"
        case .packetMissing: "the style has no ballot in any language"
        case .unprintable: "a character of the name is in no font"
        case .protected: "need --release VOTER"
        case .held: "the row of the roll could not be read"
        }
    }
}

/// A list of voters, as people write it.
enum VoterList {
    /// What docs/voters-csv.md allows.
    private static let longestNumber = 64

    /// One voter_id a line; empty lines and remarks (`#` first) are skipped. Nothing else is nobody.
    ///
    /// - Throws: `Problems`, where the file is no text, or something else than such a list.
    static func read(_ bytes: [UInt8], file: String) throws -> [VoterID] {
        let isMarked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        guard let text = String(validating: bytes.dropFirst(isMarked ? 3 : 0), as: UTF8.self) else {
            throw Problems(Problem(file: file, what: "is not UTF-8 text", hint: "Save it as UTF-8, one voter_id a line."))
        }
        var voters: [VoterID] = []
        var problems: [Problem] = []
        // By scalars: CR LF is one character to Swift.
        for (index, line) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let number = String(String.UnicodeScalarView(line)).trimmingCharacters(in: .whitespacesAndNewlines)
            if number.isEmpty || number.hasPrefix("#") { continue }
            if number.unicodeScalars.contains(where: Printable.isUnsafe) {
                problems.append(Problem(file: file, line: index + 1, what: "has control characters", hint: "Write one voter_id a line."))
            } else if number.count > longestNumber {
                problems.append(
                    Problem(
                        file: file, line: index + 1, what: "is longer than a voter_id can be",
                        hint: "Write one voter_id a line and nothing else: the first column of the roll without its header."))
            } else if let fault = VoterID.fault(in: number) {
                problems.append(Problem(file: file, line: index + 1, what: "\(Printable.quote(number)) \(fault.what)", hint: fault.hint))
            } else {
                voters.append(VoterID(number))
            }
        }
        guard problems.isEmpty else { throw Problems(problems) }
        return voters
    }
}
