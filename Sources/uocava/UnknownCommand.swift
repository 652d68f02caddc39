import ArgumentParser
import Elections
import Office

/// What is said of a command that there is not. ArgumentParser would complain of the first option that follows it, or show the help of all.
enum UnknownCommand {
    /// The failure, where the arguments begin with words that name no command, or with an option of one; nil where they name one.
    static func failure(_ arguments: [String]) -> Failure? {
        var command: any ParsableCommand.Type = Uocava.self
        var path: [String] = []
        for word in arguments {
            let children = command.configuration.subcommands
            if children.isEmpty { return nil }
            if word.hasPrefix("-") { return path.isEmpty ? optionFirst(word) : nil }
            if word == "help", path.isEmpty { continue }
            guard let child = children.first(where: { name($0) == word }) else { return unknown(word, after: path, among: children) }
            path.append(word)
            command = child
        }
        return nil
    }

    /// The same of an option that the command does not have; nil where it has all, or is asked for its help. ArgumentParser would rather
    /// complain of the option that is missing than of the one that was mistyped. Asked only of arguments that it refused.
    static func option(_ arguments: [String]) -> Failure? {
        var command: any ParsableCommand.Type = Uocava.self
        var words = arguments[...]
        while let word = words.first, let child = command.configuration.subcommands.first(where: { name($0) == word }) {
            command = child
            words = words.dropFirst()
        }
        guard command.configuration.subcommands.isEmpty, !words.contains("--help"), !words.contains("-h") else { return nil }
        let known = options(of: command)
        for word in words.prefix(while: { $0 != "--" }) where word.hasPrefix("--") {
            let option = String(word.prefix { $0 != "=" })
            if known.contains(option) { continue }
            let question = Nearest.to(option, among: known).map { " Did you mean \($0)?" } ?? ""
            let path = arguments.prefix(arguments.count - words.count).joined(separator: " ")
            return Failure(
                OfficeError(
                    .usage, "There is no option \(Printable.escape(option)).\(question)", hint: "All that there are: uocava \(path) --help")
            )
        }
        return nil
    }

    /// The names of a command's options, as its help lists them: ArgumentParser has no other list to ask for.
    private static func options(of command: any ParsableCommand.Type) -> [String] {
        let help = Uocava.helpMessage(for: command, includeHidden: true, columns: 200)
        let words = help.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-")) }.map(String.init)
        return Array(Set(words.filter { $0.hasPrefix("--") && $0.count > 2 } + ["--help", "--help-hidden", "--version"])).sorted()
    }

    private static func name(_ command: any ParsableCommand.Type) -> String { command.configuration.commandName ?? "" }

    private static func unknown(_ word: String, after path: [String], among commands: [any ParsableCommand.Type]) -> Failure {
        func whole(_ name: String) -> String { (path + [name]).joined(separator: " ") }
        let names = commands.map(name)
        // "send" alone is "letters send": somebody who knows the verb looks for its noun, and did not mistype another.
        let phrases = commands.flatMap { noun in
            noun.configuration.subcommands.filter { name($0) == word }.map { "\(name(noun)) \(name($0))" }
        }
        let meant = phrases.isEmpty ? Nearest.to(word, among: names).map { [whole($0)] } ?? [] : phrases
        let question = meant.isEmpty ? "" : " Did you mean \(meant.map { "\"\($0)\"" }.joined(separator: " or "))?"
        let kind = path.isEmpty ? "The commands are" : names.count == 1 ? "The only one is" : "There are"
        let help = (path + ["--help"]).joined(separator: " ")
        return Failure(
            OfficeError(
                .usage, "There is no command \(Printable.quote(whole(word))).\(question)",
                hint: "\(kind) \(names.map(whole).joined(separator: ", ")). What each does: uocava \(help)"))
    }

    private static func optionFirst(_ option: String) -> Failure? {
        let flags = ["--help", "-h", "--help-hidden", "--version", "--generate-completion-script", "--experimental-dump-help"]
        if flags.contains(String(option.prefix { $0 != "=" })) { return nil }
        return Failure(
            OfficeError(
                .usage, "\(Printable.quote(option)) comes before the command.",
                hint: "Write the command first, for example: uocava status --election ID --office DIR"))
    }
}
