import ArgumentParser
import Elections
import Foundation
import Keys
import Office

/// Which office, and how its keys are unlocked: the same for every command.
struct OfficeOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The office's folder. Default: $UOCAVA_OFFICE, else the folder you are in.", valueName: "DIR"))
    var office: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A file whose first line is the passphrase of the keys. Default: $UOCAVA_PASSPHRASE_FILE, else you are asked when one is needed.",
            valueName: "F"))
    var passphraseFile: String?

    /// The folder that is meant.
    var url: URL {
        let environment = ProcessInfo.processInfo.environment
        let named = office ?? environment["UOCAVA_OFFICE"].flatMap { $0.isEmpty ? nil : $0 }
        return URL(fileURLWithPath: named ?? FileManager.default.currentDirectoryPath, isDirectory: true).standardizedFileURL
    }

    /// How to name the office in an example: nothing where the command would find it anyway.
    var suffix: String { office.map { " --office \(InputFile.quoted($0))" } ?? "" }

    /// The office's settings; opens nothing else.
    ///
    /// - Throws: ``OfficeError`` also where the passphrase's file is missing, whether or not a key needs it: who names one relies on it.
    func folder() throws -> OfficeFolder {
        let folder = try OfficeFolder(url)
        if let passphraseFile, passphraseFile != "-", !FileManager.default.fileExists(atPath: passphraseFile) {
            throw OfficeError(
                .notFound, "\(Printable.escape(passphraseFile)): there is no such file.",
                hint: "--passphrase-file names the file whose first line is the passphrase. Check the name, and the folder you are in.")
        }
        return folder
    }

    /// The office, opened.
    func open() throws -> Office {
        try Office(
            try folder(), passphrase: passphrase,
            warn: { Output.note("uocava: Went on without the counter, whose database cannot be used. \($0)") })
    }

    /// Gives the passphrase when the first locked key is read: from the file, else from the person at the terminal, else nil.
    var passphrase: @Sendable () throws -> Secret? {
        let file = filePassphrase
        let name = url.lastPathComponent
        return { try file() ?? Terminal.askPassphrase("Passphrase of the keys of \(Printable.escape(name)): ") }
    }

    /// The passphrase of the file that was named; nil where none was.
    var filePassphrase: @Sendable () throws -> Secret? {
        let environment = ProcessInfo.processInfo.environment["UOCAVA_PASSPHRASE_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        let named = passphraseFile ?? environment
        return {
            guard let named else { return nil }
            let first = try InputFile.read(named).prefix { $0 != 0x0A && $0 != 0x0D }
            guard !first.isEmpty else {
                throw OfficeError(.badInput, "\(named): the first line is empty.", hint: "Write the passphrase into the first line.")
            }
            return Secret(Array(first))
        }
    }
}

/// In which form a command prints its data.
struct OutputOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("How to print: table, json or csv.", valueName: "FORM"))
    var format: Format = .table
}

/// Whether a list of problems is cut to what a person can read.
struct ProblemOptions: ParsableArguments {
    /// How many are shown otherwise.
    static let shown = 20

    @Flag(name: .long, help: "Show every problem, not only the first 20.")
    var allProblems = false

    /// How many to show.
    var limit: Int { allProblems ? Int.max : Self.shown }
}

/// A command that may find many problems in one file.
protocol ListsProblems: ParsableCommand {
    /// How many to show.
    var problems: ProblemOptions { get }
}

/// Files that a person names.
enum InputFile {
    /// The bytes of a file; `-` is standard input.
    ///
    /// - Parameter usual: what such a file is mostly called, for who names the folder that it is in.
    /// - Throws: ``OfficeError`` `notFound`, which is also for what cannot be read, and `badInput` for a folder.
    static func read(_ name: String, usual: String? = nil) throws -> [UInt8] {
        if name == "-" { return [UInt8](FileHandle.standardInput.readDataToEndOfFile()) }
        let shown = Printable.escape(name)
        let url = URL(fileURLWithPath: name)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw OfficeError(.notFound, "\(shown): there is no such file.", hint: "Check the name, and the folder you are in.")
        }
        guard !isFolder.boolValue else {
            throw OfficeError(.badInput, "\(shown) is a folder; a file is needed.", hint: hint(inFolder: url, named: name, usual: usual))
        }
        // A handle reads pipes such as <(…) too; Data(contentsOf:) and FileManager.contents do not on Linux.
        guard let data = try? FileHandle(forReadingFrom: url).readToEnd() ?? Data() else {
            throw OfficeError(.notFound, "\(shown) cannot be read.", hint: "Check who may read it.")
        }
        return [UInt8](data)
    }

    private static func hint(inFolder url: URL, named name: String, usual: String?) -> String {
        guard let usual, FileManager.default.fileExists(atPath: url.appendingPathComponent(usual).path) else {
            return "Name a file in it."
        }
        return "Did you mean \(Printable.escape(name.hasSuffix("/") ? name : name + "/"))\(usual)?"
    }

    /// A path as one word of a shell command.
    static func quoted(_ path: String) -> String {
        let plain = path.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "_-./:@%+=,".utf8.contains($0)
            }
        }
        return plain && !path.isEmpty ? path : "'\(path.replacingOccurrences(of: "'", with: "'\\''"))'"
    }
}
