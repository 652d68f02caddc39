import ArgumentParser
import Elections
import Foundation
import Office

extension LettersCommand {
    /// `uocava letters pause`
    struct Pause: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pause",
            abstract: "Stop all sending, also of senders at work, until \"letters resume\".",
            usage: "uocava letters pause",
            discussion: """
                Letters are still queued, and none is lost. What a sender has at the relay at this moment goes \
                out; nothing more does. Both commands are journalled.

                Examples:
                  uocava letters pause
                  uocava letters resume
                """)

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Stops it.
        func run() throws {
            let since = try Mailroom(try office.open()).pause()
            try Report(
                json: ["paused_at": .string(since.rfc3339)],
                table: ReportTable(columns: ["paused_at"], rows: [[.string(since.rfc3339)]]),
                foot: ["Letters wait from now on. To let them go out again: uocava letters resume\(office.suffix)"]
            ).show(as: output.format)
        }
    }

    /// `uocava letters resume`
    struct Resume: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "resume", abstract: "Let letters go out again after \"letters pause\".", usage: "uocava letters resume",
            discussion: """
                "uocava serve" goes on by itself; otherwise run "uocava letters send".

                Example:
                  uocava letters resume && uocava letters send
                """)

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Goes on.
        func run() throws {
            let waiting = try Mailroom(try office.open()).resume()
            let foot =
                waiting.map { "\(counted($0, "letter")) wait\($0 == 1 ? "s" : ""): uocava letters send\(office.suffix)" }
                ?? "The mail was not paused. Nothing was changed."
            try Report(
                json: ["was_paused": .bool(waiting != nil), "left": waiting.map { .number($0) } ?? .null],
                table: ReportTable(
                    columns: ["was_paused", "left"], rows: [[.bool(waiting != nil), waiting.map { .number($0) } ?? .null]]),
                foot: [foot]
            ).show(as: output.format)
        }
    }

    /// `uocava letters bounced`
    struct Bounced: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "bounced",
            abstract: "Read what came back for letters: bounces, automatic replies, complaints.",
            usage: "uocava letters bounced PATH… [--format FORM]",
            discussion: """
                PATH is a mail, an mbox, a Maildir or a folder of mails, or a JSON notification of Amazon SES \
                or SNS. In a Maildir new mail is read and moved to "cur": as seen where it was about a letter, \
                as unread where a person should look at it. Reading twice counts nothing twice.

                A letter that cannot be delivered (hard) puts its voter on the exception list. One that was \
                not delivered for now (soft) is noted.

                "uocava serve" watches the Maildir that smtp.bounce_maildir in uocava.yaml names.

                Examples:
                  uocava letters bounced /var/mail/uocava
                  uocava letters bounced ~/Maildir --format json

                unmatched: reports about letters that are not this office's. other: a person wrote; read it. \
                unreadable: files that this user may not read, links and pipes; they stay where they are.
                """)

        @Argument(help: ArgumentHelp("Files, Maildirs or folders of mails.", valueName: "PATH"))
        var paths: [String]

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Reads them.
        func run() throws {
            let desk = BounceDesk(try office.open())
            var sum = BounceDesk.Summary()
            let meter = ProgressMeter("Reading", of: "mails")
            defer { meter.finish() }
            for path in paths { sum.add(try desk.read(URL(fileURLWithPath: path)) { meter.update($0, of: $1) }) }
            meter.finish()
            let rows: [(String, Int)] = [
                ("hard", sum.hard), ("soft", sum.soft), ("auto_reply", sum.autoReplies), ("complaint", sum.complaints),
                ("known", sum.known),
                ("unmatched", sum.unmatched), ("other", sum.others), ("unreadable", sum.unreadable.count)
            ]
            var foot = ["\(counted(sum.read, "mail")) read."]
            if sum.hard > 0 {
                foot.append(
                    "Whose letters came back is to be telephoned or written to: uocava report undelivered --election ID\(office.suffix)")
            }
            if sum.others > 0 { foot.append("\(counted(sum.others, "mail")) under \"other\": a person may have written. Read them.") }
            for problem in sum.unreadable.prefix(ProblemOptions.shown) { Output.note("\(problem)") }
            try Report(
                json: sum.json, table: ReportTable(columns: ["mails", "number"], rows: rows.map { [.string($0.0), .number($0.1)] }),
                foot: foot
            ).show(as: output.format)
        }
    }
}
