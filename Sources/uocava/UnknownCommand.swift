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

    private static func name(_ command: any ParsableCommand.Type) -> String { command.configuration.commandName ?? "" }

    private static func unknown(_ word: String, after path: [String], among commands: [any ParsableCommand.Type]) -> Failure {
        func whole(_ name: String) -> String { (path + [name]).joined(separator: " ") }
        let names = commands.map(name)
        // "send" alone is "letters send": somebody who knows the verb looks for its noun.
        let phrases = commands.flatMap { noun in
            noun.configuration.subcommands.filter { name($0) == word }.map { "\(name(noun)) \(name($0))" }
        }
        let meant = Nearest.to(word, among: names).map { [whole($0)] } ?? phrases
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
