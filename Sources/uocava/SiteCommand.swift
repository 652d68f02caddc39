import ArgumentParser
import Elections
import Foundation
import Office
import Web

/// `uocava site`
struct SiteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "site", abstract: "The voters' site: its words, in other languages.", subcommands: [Words.self, Check.self])

    /// `uocava site words`
    struct Words: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "words",
            abstract: "Print the words of the voters' site, to be translated.",
            usage: "uocava site words [--language LANGUAGE]",
            discussion: """
                The site speaks English and Spanish. For another language translate these words, and put the \
                file into the folder site beside uocava.yaml, named for its language: site/fr.yaml. The site \
                then offers it, and speaks it to browsers that ask for it. What is not translated stays \
                English. A file named en.yaml or es.yaml changes single sentences of ours.

                Examples:
                  mkdir -p site && uocava site words > site/fr.yaml
                  uocava site words --language es > site/pt.yaml
                """)

        @Option(name: .long, help: ArgumentHelp("The language to begin from: en or es.", valueName: "LANGUAGE"))
        var language = "en"

        /// Prints them.
        func run() throws {
            switch language {
            case "en": print(SiteWords.template(PageTexts.english, name: "English"), terminator: "")
            case "es": print(SiteWords.template(PageTexts.spanish, name: "Español"), terminator: "")
            default: throw OfficeError(.usage, "There are no words in \(Printable.quote(language)).", hint: "Begin from en or es.")
            }
        }
    }

    /// `uocava site check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Look through the office's own words for the site, and say what is missing.",
            usage: "uocava site check",
            discussion: """
                Reads every file of the folder site. A file with a mistake stops `uocava serve` at its start; \
                here you learn of it before. What a file leaves out, or has not translated yet, is listed: \
                voters read it in English or Spanish.

                Exit status: 0 all can be used; 65 a file has a mistake.
                """)

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Checks them.
        func run() throws {
            let folder = try office.folder()
            let found = try SiteWords.all(in: folder.url, english: PageTexts.english)
            if found.isEmpty {
                let place = folder.url.appendingPathComponent(SiteWords.folder).path
                Output.note("There is no file in \(place): the site speaks English and Spanish.")
            }
            let rows = found.map { words -> [JSONValue] in
                let isShipped = PageLanguages.shipped[words.tag] != nil
                let missing = words.missing(of: PageTexts.english, shipped: isShipped ? [words.tag] : [])
                let spanish = isShipped || words.tag.hasPrefix("es-") ? [] : words.same(as: PageTexts.spanish)
                for (language, keys) in [("English", missing), ("Spanish", spanish)] where !keys.isEmpty {
                    Output.note("\(words.tag), still in \(language): \(keys.joined(separator: ", "))")
                }
                if !isShipped, let name = words.name, PageLanguages.shipped.all.contains(where: { $0.name == name }) {
                    Output.note(
                        "\(words.tag): it calls itself \(Printable.quote(name)). Write under `name` what its speakers call the language.")
                }
                return [.string(words.tag), .number(words.sentences.count), .number(missing.count), .number(spanish.count)]
            }
            let table = ReportTable(columns: ["language", "sentences", "in_english", "in_spanish"], rows: rows)
            try Report(json: table.json, table: table).show(as: output.format)
        }
    }
}
