import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava letters`
struct LettersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "letters", abstract: "The mailroom: send what is due, see what became of it.",
        subcommands: [
            Send.self, List.self, Pause.self, Resume.self, Bounced.self, Preview.self, Template.self, Lint.self
        ])

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

                Voters who have not opened their ballot are reminded: a week after the letter went out, and \
                before the post from their country becomes too slow (reminders: in uocava.yaml). Each \
                reminder goes out once. New links that voters asked for on the site are made as well.

                Examples:
                  uocava letters send
                  uocava letters send || echo "not all were sent: exit status $?"

                Exit status: 0 nothing is left; 75 some letters wait for their next try, or the mail is \
                paused; 69 the relay does not answer.
                """)

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Sends them.
        func run() throws {
            let opened = try office.open()
            LocalAddress.warn(opened)
            let mailroom = Mailroom(opened)
            do { _ = try WishDesk(opened).serve() } catch let error as OfficeError where error.code == .tryAgain {
                // Whoever else makes links now, the letters that are due go out.
                Output.note("New links that voters asked for have to wait: \(error.message)")
            }
            let reminded = try mailroom.queueReminders()
            let meter = ProgressMeter("Sending", of: "letters")
            defer { meter.finish() }
            let summary = try mailroom.sendDue { progress in
                if let waitsFor = progress.waitsFor { return meter.wait(for: waitsFor) }
                meter.update(progress.summary.done, of: progress.total, beside: Self.trouble(progress.summary))
            }
            meter.finish()
            try report(summary, reminded: reminded).show(as: output.format)
            if let outage = summary.outage {
                throw OfficeError(
                    .unavailable, "The relay \(opened.configuration.smtp.url) cannot be used: \(outage)",
                    hint: "\(counted(summary.left, "letter")) stay\(summary.left == 1 ? "s" : "") in the queue. "
                        + "Check smtp: in uocava.yaml and the relay itself, then run this again.")
            }
            if summary.left > 0, let pausedAt = summary.pausedAt {
                throw OfficeError(
                    .tryAgain, "The mail is paused since \(pausedAt.rfc3339): nothing was sent.",
                    hint: "To let letters go out again: uocava letters resume\(office.suffix)")
            }
            if summary.left > 0 { throw ExitStatus.tryAgain }
        }

        /// What did not go out, for the live line; empty where all did.
        private static func trouble(_ summary: Mailroom.Summary) -> String {
            var parts: [String] = []
            if summary.deferred > 0 { parts.append("\(ProgressMeter.grouped(summary.deferred)) deferred") }
            if summary.refused > 0 { parts.append("\(ProgressMeter.grouped(summary.refused)) refused") }
            return parts.joined(separator: ", ")
        }

        private func report(_ summary: Mailroom.Summary, reminded: Int) -> Report {
            var rows: [(String, Int)] = [("sent", summary.sent), ("deferred", summary.deferred), ("refused", summary.refused)]
            if summary.withdrawn > 0 { rows.append(("withdrawn", summary.withdrawn)) }
            rows.append(("still waiting", summary.left))
            var foot: [String] = []
            if reminded > 0 {
                foot.append("\(counted(reminded, "reminder")) to voters who have not opened their ballot went into the queue.")
            }
            if summary.left > 0, summary.outage == nil, summary.pausedAt == nil {
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
}
