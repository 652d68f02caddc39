import ArgumentParser
import Elections
import Foundation
import Office
import Packet

/// `uocava styles`
struct StylesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "styles", abstract: "The shelf of ballot styles: see it, check it.",
        subcommands: [List.self, Check.self, Captions.self])

    /// `uocava styles list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the ballot styles with pages, precincts and voters.",
            usage: "uocava styles list [--election ID] [--format FORM]",
            discussion: """
                Examples:
                  uocava styles list --election 2028-general
                  uocava styles list --format json    (with the hashes of every file and base)

                The SHA-256 of a base is what the first bytes of every packet of that style hash to.
                """)

        @Option(name: .long, help: ArgumentHelp("Only this election's.", valueName: "ID"))
        var election: String?

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Lists them.
        func run() throws {
            let styles = try Reports(try office.open()).styles(election: election.map { ElectionID($0) })
            // Hashes are for --format json: on a terminal they would leave no room for what a person looks for.
            let sheet = ReportTable(
                columns: ["style", "rev", "party", "scope", "languages", "pages", "precincts", "voters"]
                    + (styles.haveInserts ? ["inserts"] : []),
                rows: styles.map { line in
                    [
                        .string(line.style.text), .number(line.revision), .string(line.party), .string(line.scope.rawValue),
                        .string(line.files.map(\.language).joined(separator: " ")), .number(line.pages),
                        .string(line.precincts.joined(separator: "; ")), .number(line.voters)
                    ] + (styles.haveInserts ? [.number(line.inserts.count)] : [])
                })
            var names: [String] = []
            for file in styles.flatMap(\.inserts).map(\.file) where !names.contains(file) { names.append(file) }
            try Report(
                json: styles.json, table: styles.table, sheet: sheet,
                foot: names.isEmpty ? [] : ["Of the office's own, in the packets that they are for:"] + names.map { "  \($0)" },
                nothing: "No styles yet. Bring them in: uocava election import DIR\(office.suffix)"
            ).show(as: output.format)
        }
    }

    /// `uocava styles check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Check that every style can be served, unchanged since it came in.",
            usage: "uocava styles check [--election ID] [--format FORM]",
            discussion: """
                What packets begin with is at the counter and unchanged, for every style, language and \
                paper; every style has precincts; every precinct, party and class on the roll leads to \
                one style; test and real are not mixed. Voters who get no instructions while others do \
                are a warning.

                Example:
                  uocava styles check --election 2028-general

                Exit status: 0 all is well; 1 something is not.
                """)

        @Option(name: .long, help: ArgumentHelp("Only this election's.", valueName: "ID"))
        var election: String?

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Checks them.
        func run() throws {
            let report = try StyleCheck(try office.open()).run(election: election.map { ElectionID($0) })
            Output.warn(report.warnings, limit: report.warnings.count)
            try Report(
                json: report.json, table: report.table,
                nothing: "\(counted(report.styles, "style")) and \(counted(report.bases, "base")) checked: all is well."
            ).show(as: output.format)
            if !report.ok { throw ExitStatus.found }
        }
    }
    /// `uocava styles captions`
    struct Captions: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "captions",
            abstract: "Print the captions of the packet's pages, to be translated.",
            usage: "uocava styles captions [--language LANGUAGE]",
            discussion: """
                The packet's own pages speak English and Spanish. For another language translate these \
                captions, and put the file beside election.yaml as captions.LANGUAGE.yaml.

                Example:
                  uocava styles captions > captions.ko.yaml
                """)

        @Option(name: .long, help: ArgumentHelp("The language to begin from: en or es.", valueName: "LANGUAGE"))
        var language = "en"

        /// Prints them.
        func run() throws { print(BaseWording.template(language: language), terminator: "") }
    }
}
