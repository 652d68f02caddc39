import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava letters`
struct LettersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "letters", abstract: "The mailroom: send what is due, see what became of it.", subcommands: [Send.self, List.self])

    /// `uocava letters send`
    struct Send: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "send",
            abstract: "Send every letter that is due, through the relay in uocava.yaml.",
            usage: "uocava letters send [--format FORM]",
            discussion: """
                "Sent" means that the relay took it. A letter that was deferred is tried again later: \
                run this again, or leave it to "uocava serve". Interrupted, it loses no letter; a letter \
                that was in hand at that moment may go out twice, with the same link.

                Examples:
                  uocava letters send
                  uocava letters send || echo "not all were sent: exit status $?"

                Exit status: 0 nothing is left; 75 some letters wait for their next try; \
                69 the relay does not answer.
                """)

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Sends them.
        func run() throws {
            let opened = try office.open()
            LocalAddress.warn(opened)
            let meter = ProgressMeter("Sending", of: "letters")
            defer { meter.finish() }
            let summary = try Mailroom(opened).sendDue { sum, total in
                meter.update(sum.sent + sum.deferred + sum.refused + sum.withdrawn, of: total)
            }
            meter.finish()
            try report(summary).show(as: output.format)
            if let outage = summary.outage {
                throw OfficeError(
                    .unavailable, "The relay \(opened.configuration.smtp.url) cannot be used: \(outage)",
                    hint: "\(counted(summary.left, "letter")) stay\(summary.left == 1 ? "s" : "") in the queue. "
                        + "Check smtp: in uocava.yaml and the relay itself, then run this again.")
            }
            if summary.left > 0 { throw ExitStatus.tryAgain }
        }

        private func report(_ summary: Mailroom.Summary) -> Report {
            var rows: [(String, Int)] = [("sent", summary.sent), ("deferred", summary.deferred), ("refused", summary.refused)]
            if summary.withdrawn > 0 { rows.append(("withdrawn", summary.withdrawn)) }
            rows.append(("left", summary.left))
            var foot: [String] = []
            if summary.left > 0, summary.outage == nil {
                foot.append(
                    "\(counted(summary.left, "letter")) wait\(summary.left == 1 ? "s" : "") for the next try: run this again later. "
                        + "What the relay said: uocava letters list --state deferred\(office.suffix)")
            }
            if summary.refused > 0 {
                foot.append("Voters whose letters were refused are on the exception list: call them, or write by post.")
            }
            return Report(
                json: summary.json, table: ReportTable(columns: ["letters", "number"], rows: rows.map { [.string($0.0), .number($0.1)] }),
                foot: foot)
        }
    }

    /// `uocava letters list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the letters, oldest first, and what the relay said.",
            usage: "uocava letters list [--election ID] [--state STATE] [--format FORM]",
            discussion: """
                Shows neither addresses nor links. What the relay said stands below the table; \
                --format csv and json have it, and all times, of every letter.

                Examples:
                  uocava letters list --election 2028-general
                  uocava letters list --state deferred
                  uocava letters list --state refused --format csv > refused.csv

                States: queued, sending, deferred, sent, refused, withdrawn (its link was replaced).
                """)

        @Option(name: .long, help: ArgumentHelp("Only this election's.", valueName: "ID"))
        var election: String?

        @Option(name: .long, help: ArgumentHelp("Only those in this state.", valueName: "STATE"))
        var state: String?

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Lists them.
        func run() throws {
            let lines = try Mailroom(try office.open()).list(election: election.map { ElectionID($0) }, state: state)
            let rows: [[JSONValue]] = lines.map { line in
                [
                    .integer(line.id), .string(line.election.text), .string(line.voterID.text), .string(line.kind), .string(line.state),
                    .number(line.attempts), .string(line.queuedAt.rfc3339), .optional(line.dueAt?.rfc3339), .optional(line.reply)
                ]
            }
            let columns = ["letter", "election", "voter_id", "kind", "state", "attempts", "queued_at", "due_at", "reply"]
            try Report(
                json: .array(lines.map(\.json)), table: ReportTable(columns: columns, rows: rows),
                sheet: ReportTable(
                    columns: ["letter", "voter_id", "kind", "state", "tries", "next_try"],
                    rows: lines.map { line in
                        [
                            .integer(line.id), .string(line.voterID.text), .string(line.kind), .string(line.state), .number(line.attempts),
                            .optional(line.dueAt.map(Moment.short))
                        ]
                    }),
                foot: Self.replies(lines), nothing: "No letters."
            ).show(as: output.format)
        }

        /// What the relay said of the letters that it did not take, each answer once: relays have long sentences, and few.
        private static func replies(_ lines: [Mailroom.Line]) -> [String] {
            var letters: [String: [String]] = [:]
            var order: [String] = []
            for line in lines where line.state != "sent" {
                guard let reply = line.reply, !reply.isEmpty else { continue }
                if letters[reply] == nil { order.append(reply) }
                letters[reply, default: []].append(String(line.id))
            }
            guard !order.isEmpty else { return [] }
            let said = order.map { reply in
                let numbers = letters[reply] ?? []
                let named = numbers.count > 8 ? numbers.prefix(8) + ["…"] : numbers[...]
                return "letter\(numbers.count == 1 ? "" : "s") \(named.joined(separator: ", ")): \(reply)"
            }
            let shown = said.prefix(ProblemOptions.shown).map { "  \(Printable.escape($0))" }
            let more = said.count > shown.count ? ["  … and \(said.count - shown.count) other answers: --format csv has them all."] : []
            return ["What the relay said:"] + shown + more
        }
    }
}

/// Times in tables.
enum Moment {
    /// `2028-09-18 13:00Z`: to the minute, in UTC as everywhere else.
    static func short(_ instant: Instant) -> String {
        let text = instant.rfc3339
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5))Z"
    }

    /// `2028-09-18`, the day in UTC.
    static func day(_ instant: Instant) -> String { String(instant.rfc3339.prefix(10)) }
}
