import ArgumentParser
import Elections
import Foundation
import Office

extension LettersCommand {
    /// `uocava letters preview`
    struct Preview: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "preview",
            abstract: "Show a letter as a voter would get it, with a made-up name and link.",
            usage: "uocava letters preview KIND [--language LANG] [--election ID] [--as FORM]",
            discussion: """
                Kinds: ballot_ready, reminder, reminder_post, new_link, received, accepted, rejected, \
                replaced, cancelled, address_changed.

                Forms: text (what everybody can read), html (the page beside it), message (all of it, as it \
                goes to the relay).

                Examples:
                  uocava letters preview ballot_ready
                  uocava letters preview rejected --language es
                  uocava letters preview reminder --as html > reminder.html
                """)

        /// What of a letter is shown.
        enum Form: String, ExpressibleByArgument, CaseIterable { case text, html, message }

        @Argument(help: ArgumentHelp("Which letter.", valueName: "KIND"))
        var kind: String

        @Option(name: .long, help: ArgumentHelp("The voter's language, e.g. es; else the election's first.", valueName: "LANG"))
        var language: String?

        @Option(name: .long, help: ArgumentHelp("The election; needed where there are several.", valueName: "ID"))
        var election: String?

        @Option(name: .customLong("as"), help: ArgumentHelp("text, html or message.", valueName: "FORM"))
        var form = Form.text

        @OptionGroup var office: OfficeOptions

        /// Shows it.
        func run() throws {
            let (letter, message) = try LetterDesk(try office.open()).preview(
                try TypedLetter.kind(kind), language: language, election: election.map { ElectionID($0) })
            switch form {
            case .text: try Output.data("Subject: \(letter.subject)\n\n\(letter.text)")
            case .html: try Output.data(letter.html + (letter.html.hasSuffix("\n") ? "" : "\n"))
            case .message: try Output.data(String(decoding: message, as: UTF8.self))
            }
            if let language, letter.language != language {
                Output.note(
                    "There is no such letter in \(Printable.quote(language)), or the election is not held in it: this one is in \(letter.language)."
                )
            }
        }
    }

    /// `uocava letters template`
    struct Template: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "template",
            abstract: "Print a letter's shipped text, to save and change it.",
            usage: "uocava letters template KIND [--language LANG]\n       uocava letters template --variables",
            discussion: """
                Save it in the office's folder as letters/KIND.LANGUAGE.txt: from then on letters of this kind \
                go out in your words. The first line is the subject; below, each paragraph is one line.

                Examples:
                  mkdir -p letters
                  uocava letters template reminder --language es > letters/reminder.es.txt
                  uocava letters lint
                """)

        @Argument(help: ArgumentHelp("Which letter.", valueName: "KIND"))
        var kind: String?

        @Option(name: .long, help: ArgumentHelp("Its language.", valueName: "LANG"))
        var language = "en"

        @Flag(name: .long, help: "List what can stand between {{ and }}, and what it becomes.")
        var variables = false

        /// Prints it.
        func run() throws {
            if variables {
                let rows = LetterDesk.variables.map { [JSONValue.string("{{\($0.name)}}"), .string($0.meaning)] }
                return try Output.data(ReportTable(columns: ["write", "it becomes"], rows: rows).table())
            }
            guard let kind else {
                throw OfficeError(.usage, "Which letter?", hint: "Use one of: \(TypedLetter.known).")
            }
            try Output.data(try LetterDesk.template(try TypedLetter.kind(kind), language: language) + "\n")
        }
    }

    /// `uocava letters lint`
    struct Lint: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "lint",
            abstract: "Check letters in the office's own words.",
            usage: "uocava letters lint [FILE…] [--format FORM]",
            discussion: """
                Without FILE it reads all of the office's folder "letters". It refuses a letter that lacks its \
                link, the office's contact or the return notice, that invites anybody to return a ballot other \
                than by post, that holds a link or an address of its own, or that names a variable that \
                does not exist.

                It reads English and Spanish. Of letters in other languages it says what it could not check: \
                have somebody read them who knows the language.

                Examples:
                  uocava letters lint
                  uocava letters lint drafts/reminder.vi.txt

                Exit status: 0 all can be used; 1 something is wrong.
                """)

        @Argument(help: ArgumentHelp("Files named KIND.LANGUAGE.txt.", valueName: "FILE"))
        var files: [String] = []

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Checks them.
        func run() throws {
            let found = try LetterDesk(try office.open()).lint(files.map { URL(fileURLWithPath: $0) })
            func rows(_ problems: [Problem], _ kind: String) -> [[JSONValue]] {
                problems.map {
                    [.string(kind), .optional($0.file), $0.line.map { .number($0) } ?? .null, .string($0.what), .string($0.hint)]
                }
            }
            let table = ReportTable(
                columns: ["kind", "file", "line", "what", "hint"], rows: rows(found.problems, "problem") + rows(found.warnings, "warning"))
            let json: JSONValue = [
                "checked": .number(found.checked), "ok": .bool(found.problems.isEmpty),
                "problems": ReportTable(columns: table.columns, rows: rows(found.problems, "problem")).json,
                "warnings": ReportTable(columns: table.columns, rows: rows(found.warnings, "warning")).json
            ]
            switch output.format {
            case .json: try Output.data(json.text + "\n")
            case .csv: try Output.data(table.csv)
            case .table:
                for problem in found.problems { try Output.data("\(problem)\n") }
                for warning in found.warnings { try Output.data("Warning: \(warning)\n") }
                try Output.data(Self.sum(found))
            }
            if !found.problems.isEmpty { throw ExitStatus.found }
        }

        private static func sum(_ found: (checked: Int, problems: [Problem], warnings: [Problem])) -> String {
            if found.checked == 0 { return "The office has no letters of its own: the shipped ones go out.\n" }
            let files = counted(found.checked, "letter")
            return found.problems.isEmpty ? "\(files) can be used.\n" : "\(files) read, \(counted(found.problems.count, "problem")).\n"
        }
    }
}

/// A kind of letter as somebody typed it.
enum TypedLetter {
    /// All kinds, for a hint.
    static var known: String { LetterKind.allCases.map(\.rawValue).joined(separator: ", ") }

    /// - Throws: ``OfficeError`` `usage`, with the kinds that there are.
    static func kind(_ text: String) throws -> LetterKind {
        if let kind = LetterKind(rawValue: text.replacingOccurrences(of: "-", with: "_")) { return kind }
        let meant = Nearest.to(text, among: LetterKind.allCases.map(\.rawValue)).map { " Did you mean \($0)?" } ?? ""
        throw OfficeError(.usage, "There is no letter called \(Printable.quote(text)).\(meant)", hint: "Use one of: \(known).")
    }
}
