import Elections
import Foundation
import Testing

/// A terminal session as plain text, run against the built program, in a folder of its own.
///
/// Lines that begin with `$` are commands (words, with quotes where needed; no shell), `>` feeds a file. What is expected follows them:
///
///     > notes.txt                       writes a file: the lines below that begin with a bar
///     | first line
///     $ uocava status V1 --election E   runs the program; UOCAVA_OFFICE is the folder's `office`
///     = 66                              its exit status; without this line it must be 0
///     out some text                     stdout has this text; `out-not` that it has not
///     err some text                     the same of stderr
///     json buckets.issued 12            a member of the document on stdout, as JSON; `json 0.style` looks into an array
///     json .                            stdout is one JSON document
///     lines 3                           stdout has so many lines
///     empty                             stdout is empty
///     #                                 a remark
struct CommandScript {
    /// The folder in which commands run.
    let folder: URL
    /// The program.
    let program: String

    /// What a command did.
    struct Outcome {
        var status: Int32 = 0
        var out = ""
        var err = ""

        var json: JSONValue? { try? JSONValue.parse(Array(out.utf8)) }
    }

    /// Makes the folder.
    init() throws {
        program = try #require(TestProgram.path)
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-cli-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Takes the folder away.
    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// Runs a script; every expectation that does not hold is an issue that names its command.
    func run(_ text: String, _ location: SourceLocation = #_sourceLocation) throws {
        var command: (line: String, outcome: Outcome, statusSeen: Bool)?
        var file: (name: String, text: String)?
        func settle() throws {
            if let written = file {
                let url = folder.appendingPathComponent(written.name)
                try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(written.text.utf8).write(to: url)
                file = nil
            }
            if let done = command, !done.statusSeen {
                expect(done.outcome.status == 0, "status \(done.outcome.status) instead of 0", done, location)
            }
            command = nil
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if file != nil, line.hasPrefix("|") {
                file?.text += line.dropFirst(line.hasPrefix("| ") ? 2 : 1) + "\n"
                continue
            }
            let trimmed = line.trimmingCharacters(in: .whitespaces)
            if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
            let verb = String(trimmed.prefix { $0 != " " })
            let rest = String(trimmed.dropFirst(verb.count)).trimmingCharacters(in: .whitespaces)
            switch verb {
            case "$":
                try settle()
                command = (rest, try execute(Self.words(rest)), false)
            case ">":
                try settle()
                file = (rest, "")
            default:
                guard let done = command else {
                    Issue.record("no command before: \(line)", sourceLocation: location)
                    return
                }
                if verb == "=" { command?.statusSeen = true }
                check(verb, rest, done, location)
            }
        }
        try settle()
    }

    /// Runs the program and waits for it.
    func execute(_ words: [String], environment: [String: String] = [:], input: String? = nil) throws -> Outcome {
        let process = Process()
        let isOurs = words.first == "uocava"
        process.executableURL = URL(fileURLWithPath: isOurs ? program : "/usr/bin/env")
        process.arguments = isOurs ? Array(words.dropFirst()) : words
        process.currentDirectoryURL = folder
        process.environment = self.environment.merging(environment) { _, own in own }
        // Files, not pipes: nobody has to read both at once.
        let name = UUID().uuidString
        let (out, err) = (folder.appendingPathComponent(".\(name).out"), folder.appendingPathComponent(".\(name).err"))
        for url in [out, err] { try Data().write(to: url) }
        process.standardOutput = try FileHandle(forWritingTo: out)
        process.standardError = try FileHandle(forWritingTo: err)
        if let input {
            let url = folder.appendingPathComponent(".\(name).in")
            try Data(input.utf8).write(to: url)
            process.standardInput = try FileHandle(forReadingFrom: url)
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        try process.run()
        process.waitUntilExit()
        var outcome = Outcome()
        outcome.status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        outcome.out = try String(contentsOf: out, encoding: .utf8)
        outcome.err = try String(contentsOf: err, encoding: .utf8)
        return outcome
    }

    /// What every command sees: nothing of the person's own office.
    var environment: [String: String] {
        [
            "PATH": "/usr/bin:/bin", "UOCAVA_OFFICE": folder.appendingPathComponent("office").path, "LANG": "C.UTF-8",
            "HOME": folder.path, "TMPDIR": FileManager.default.temporaryDirectory.path
        ]
    }

    // MARK: Expectations

    private typealias Done = (line: String, outcome: Outcome, statusSeen: Bool)

    private func check(_ verb: String, _ rest: String, _ done: Done, _ location: SourceLocation) {
        let outcome = done.outcome
        switch verb {
        case "=": expect(String(outcome.status) == rest, "status \(outcome.status) instead of \(rest)", done, location)
        case "out": expect(outcome.out.contains(rest), "stdout lacks: \(rest)", done, location)
        case "out-not": expect(!outcome.out.contains(rest), "stdout has: \(rest)", done, location)
        case "err": expect(outcome.err.contains(rest), "stderr lacks: \(rest)", done, location)
        case "err-not": expect(!outcome.err.contains(rest), "stderr has: \(rest)", done, location)
        case "empty": expect(outcome.out.isEmpty, "stdout is not empty", done, location)
        case "lines":
            let lines = outcome.out.split(separator: "\n", omittingEmptySubsequences: false).dropLast().count
            expect(String(lines) == rest, "\(lines) lines instead of \(rest)", done, location)
        case "json":
            let path = String(rest.prefix { $0 != " " })
            let expected = String(rest.dropFirst(path.count)).trimmingCharacters(in: .whitespaces)
            guard var value = outcome.json else { return expect(false, "stdout is no JSON document", done, location) }
            for step in path.split(separator: ".") {
                value = (Int(step).flatMap { value[$0] } ?? value[String(step)]) ?? .string("(missing)")
            }
            guard !expected.isEmpty else { return }
            let wanted = try? JSONValue.parse(Array(expected.utf8))
            expect(value == wanted, "\(path) is \(value.text) instead of \(expected)", done, location)
        default: expect(false, "the script says \(verb), which means nothing", done, location)
        }
    }

    private func expect(_ holds: Bool, _ what: String, _ done: Done, _ location: SourceLocation) {
        guard !holds else { return }
        Issue.record(
            "$ \(done.line)\n\(what)\n--- stdout\n\(done.outcome.out.prefix(3000))\n--- stderr\n\(done.outcome.err.prefix(3000))",
            sourceLocation: location)
    }

    /// The words of a command line; single and double quotes keep spaces.
    static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in line {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character == " " {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let done = word { words.append(done) }
        return words
    }
}
