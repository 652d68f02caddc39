import ArgumentParser
import Elections
import Foundation
import Office

/// `uocava audit`
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Check every rule that must always hold, over the whole office.",
        usage: "uocava audit [--format FORM]",
        discussion: """
            Reads the journal from its first row, every ballot, link, letter and return, and what the \
            counter holds, and says in which of them something is wrong. Changes nothing; may run at \
            any time.

            Examples:
              uocava audit
              uocava audit --format json | jq '.findings[]'

            Exit status: 0 everything holds; 1 something does not.
            """)

    @OptionGroup var office: OfficeOptions
    @OptionGroup var output: OutputOptions

    /// Checks.
    func run() throws {
        let opened = try office.open()
        let meter = ProgressMeter("Checking", of: "parts")
        defer { meter.finish() }
        let report = try Audit(opened).run(progress: meter.begin)
        meter.finish()
        let rows: [[JSONValue]] = report.findings.map { [.string($0.invariant), .string($0.subject), .string($0.detail)] }
        let number = counted(rows.count + report.more, "finding")
        try Report(
            json: report.json, table: ReportTable(columns: ["invariant", "subject", "detail"], rows: rows),
            foot: rows.isEmpty
                ? []
                : [
                    "\(number)\(report.more > 0 ? ", \(rows.count) of them above" : ""). Change nothing by hand; call whoever looks after this office."
                ],
            nothing: "Everything holds."
        ).show(as: output.format)
        if !report.ok { throw ExitStatus.found }
    }
}
