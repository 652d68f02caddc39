import ArgumentParser
import Elections
import Foundation
import Office

extension LettersCommand {
    /// `uocava letters list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the letters, oldest first, and what the relay said.",
            usage: "uocava letters list [--election ID] [--state STATE] [--kind KIND] …",
            discussion: """
                Shows neither addresses nor links. What the relay said stands below the table; \
                --format csv and json have it, and all times, of every letter.

                Examples:
                  uocava letters list --election 2028-general
                  uocava letters list --state deferred
                  uocava letters list --state refused --format csv > refused.csv
                  uocava letters list --voter V000123
                  uocava letters list --bounce any --since 2028-10-01

                States: queued, sending, deferred, sent, refused, withdrawn (its link was replaced, or the \
                ballot was opened before the reminder went out).
                Kinds: ballot_ready, reminder, reminder_post, new_link, received, accepted, rejected, \
                replaced, cancelled, address_changed.
                Bounces: hard, soft, auto_reply, complaint.
                """)

        @Option(name: .long, help: ArgumentHelp("Only this election's.", valueName: "ID"))
        var election: String?

        @Option(name: .long, help: ArgumentHelp("Only those in this state.", valueName: "STATE"))
        var state: String?

        @Option(name: .long, help: ArgumentHelp("Only letters of this kind.", valueName: "KIND"))
        var kind: String?

        @Option(name: .long, help: ArgumentHelp("Only letters to this voter, by voter_id.", valueName: "VOTER"))
        var voter: String?

        @Option(name: .long, help: ArgumentHelp("Only letters that came back so, or \"any\".", valueName: "KIND"))
        var bounce: String?

        @Option(name: .long, help: ArgumentHelp("Only letters queued on this day (UTC) or later.", valueName: "DAY"))
        var since: String?

        @Option(name: .long, help: ArgumentHelp("Only the newest so many.", valueName: "N"))
        var newest: Int?

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Lists them.
        func run() throws {
            var filter = Mailroom.Filter()
            filter.election = election.map { ElectionID($0) }
            filter.state = state
            filter.kind = kind
            filter.voter = try voter.map { try TypedVoter.id($0) }
            filter.bounce = bounce
            filter.since = try since.map { try Self.beginning(of: $0) }
            if let newest, newest < 1 { throw OfficeError(.usage, "--newest \(newest) is not a number of letters.") }
            filter.newest = newest
            let mailroom = Mailroom(try office.open())
            let lines = try mailroom.list(filter)
            let rows: [[JSONValue]] = lines.map { line in
                [
                    .integer(line.id), .string(line.election.text), .string(line.voterID.text), .string(line.kind), .string(line.state),
                    .number(line.attempts), .string(line.queuedAt.rfc3339), .optional(line.dueAt?.rfc3339), .optional(line.reply),
                    .optional(line.endedAt?.rfc3339),
                    .optional(line.refusal), .optional(line.bounce), .optional(line.bouncedAt?.rfc3339)
                ]
            }
            let columns = [
                "letter", "election", "voter_id", "kind", "state", "attempts", "queued_at", "due_at", "reply", "ended_at", "refusal",
                "bounce", "bounced_at"
            ]
            try Report(
                json: .array(lines.map(\.json)), table: ReportTable(columns: columns, rows: rows),
                sheet: ReportTable(
                    columns: ["letter", "voter_id", "kind", "state", "tries", "next_try", "came_back"],
                    rows: lines.map { line in
                        [
                            .integer(line.id), .string(line.voterID.text), .string(line.kind), .string(line.state), .number(line.attempts),
                            .optional(line.dueAt.map(Moment.short)), .optional(line.bounce)
                        ]
                    }),
                foot: Self.replies(lines), nothing: "No letters."
            ).show(as: output.format)
            if let pausedAt = try mailroom.pausedAt() {
                Output.note(
                    "The mail is paused since \(pausedAt.rfc3339). To let letters go out again: uocava letters resume\(office.suffix)")
            }
        }

        /// The beginning of a day.
        private static func beginning(of day: String) throws -> Instant {
            guard CivilDate(day) != nil, let instant = Instant(rfc3339: "\(day)T00:00:00Z") else {
                throw OfficeError(.usage, "--since \(Printable.quote(day)) is not a day.", hint: "Write it as 2028-10-01.")
            }
            return instant
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
