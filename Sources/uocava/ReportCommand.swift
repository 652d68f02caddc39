import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava report`
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Reports that somebody works through.", subcommands: [Undelivered.self, Transmitted.self])

    /// `uocava report undelivered`
    struct Undelivered: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "undelivered",
            abstract: "Voters whose letter did not arrive, or who did not act on it.",
            usage: "uocava report undelivered --election ID [--after-days N] [--format FORM]",
            discussion: """
                The list to telephone or write to by post. It names each voter with the contacts that the roll \
                has; keep it as you keep the roll. The contacts of protected voters are left out.

                  rejection_not_told  the ballot was rejected, and the voter does not know: call first
                  refused             the mail relay would not take the letter
                  bounced             the letter came back
                  waiting             the letter has been waiting for the relay for more than a day
                  link_retired        too many wrong answers: the voter needs a new link
                  never_claimed       nobody has opened the ballot for N days
                  not_delivered       the ballot was opened, and not downloaded in full

                Voters who never got a ballot are listed by "uocava reconcile".

                Examples:
                  uocava report undelivered --election 2028-general
                  uocava report undelivered --election 2028-general --after-days 3 --format csv > calls.csv
                """)

        @Option(name: .long, help: ArgumentHelp("The election.", valueName: "ID"))
        var election: String

        @Option(
            name: .customLong("after-days"),
            help: ArgumentHelp("List who has not opened the ballot for so many days; as for reminders, else 7.", valueName: "N"))
        var afterDays: Int?

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Lists them.
        func run() throws {
            if let afterDays, !(0...365).contains(afterDays) {
                throw OfficeError(.usage, "--after-days \(afterDays) is not a number of days from 0 to 365.")
            }
            let opened = try office.open()
            let usual = opened.configuration.reminders.unclaimedDays
            let days = afterDays ?? (usual > 0 ? usual : 7)
            let lines = try Reports(opened).undelivered(election: ElectionID(election), afterDays: days)
            let sheet = ReportTable(
                columns: ["voter_id", "name", "reason", "days", "phone", "email"],
                rows: lines.map {
                    [
                        .string($0.voterID.text), .string($0.isProtected ? "(protected)" : $0.name), .string($0.reason.rawValue),
                        .number($0.days), .string($0.phone), .string($0.email)
                    ]
                })
            try Report(
                json: lines.json, table: lines.table, sheet: sheet, foot: Self.foot(lines, days: days),
                nothing: "Nobody: every voter's letter went out, and nobody has been silent for \(counted(days, "day")) since."
            ).show(as: output.format)
        }

        private static func foot(_ lines: [UndeliveredLine], days: Int) -> [String] {
            guard !lines.isEmpty else { return [] }
            var sums: [String] = []
            for reason in UndeliveredLine.Reason.allCases {
                let number = lines.count { $0.reason == reason }
                if number > 0 { sums.append("\(number) \(reason.rawValue)") }
            }
            return [
                "\(counted(lines.count, "voter")): \(sums.joined(separator: ", ")).",
                "Addresses, and what the relay said: --format csv. A new link, once you have reached the voter: "
                    + "uocava ballots new-link VOTER --election ID --reason TEXT"
            ]
        }
    }

    /// `uocava report transmitted`
    struct Transmitted: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "transmitted",
            abstract: "When each voter's first ballot was sent, and whether that was in time.",
            usage: "uocava report transmitted --election ID [--only TIMING] [--format FORM]",
            discussion: """
                Sent means: the relay took the letter with the link, or the day that "uocava transmitted" \
                brought; whichever came first. Who asked at least 45 days before a federal election must \
                be sent a ballot at least 45 days before it (52 USC 20302(a)(8)(A)).

                  in_time       asked in time, sent in time
                  late          asked in time, sent too late
                  due           asked in time, not sent yet
                  missed        asked in time, not sent, and the day has passed
                  asked_later   asked later: State law says when
                  not_accepted  the request is not accepted

                Examples:
                  uocava report transmitted --election 2028-general --only due
                  uocava report transmitted --election 2028-general --format csv > sent.csv
                """)

        @Option(name: .long, help: ArgumentHelp("The election.", valueName: "ID"))
        var election: String

        @Option(name: .long, help: ArgumentHelp("Only these.", valueName: "TIMING"))
        var only: String?

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Lists them.
        func run() throws {
            let timing = only.flatMap(TransmittedLine.Timing.init(rawValue:))
            if let only, timing == nil {
                throw OfficeError(
                    .usage, "\(Printable.quote(only)) is no timing.",
                    hint: "Known are \(TransmittedLine.Timing.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            let all = try Reports(try office.open()).transmitted(election: ElectionID(election))
            let lines = all.filter { timing == nil || $0.timing == timing }
            let sums = TransmittedLine.Timing.allCases.map { kind in (kind.rawValue, all.count { $0.timing == kind }) }.filter { $0.1 > 0 }
            try Report(
                json: lines.json, table: lines.table,
                foot: all.isEmpty ? [] : ["\(counted(all.count, "voter")): \(sums.map { "\($0.1) \($0.0)" }.joined(separator: ", "))."],
                nothing: "Nobody."
            ).show(as: output.format)
        }
    }
}
