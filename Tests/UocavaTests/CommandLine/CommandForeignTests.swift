import Elections
import Foundation
import Testing

@Suite("The command line: what others wrote", .enabled(if: TestProgram.present, "the program is not built"), .serialized)
struct CommandForeignTests {
    /// An office, and beside it the folder of the tiny election, not yet brought in.
    private func office() throws -> CommandScript {
        let script = try CommandScript()
        try CommandOffice.write(in: script.folder)
        try script.run("$ uocava init office --test")
        return script
    }

    private func replace(_ name: String, with target: String, _ script: CommandScript) throws {
        let path = script.folder.appendingPathComponent("election/\(name)").path
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    }

    /// What `election import` says about a folder that it must refuse, and that it kept nothing.
    private func refusal(_ script: CommandScript, _ location: SourceLocation = #_sourceLocation) throws -> String {
        let began = ContinuousClock.now
        let outcome = try script.execute(["uocava", "election", "import", "election"])
        #expect(outcome.status == 65, "\(outcome.out)\(outcome.err)", sourceLocation: location)
        #expect(ContinuousClock.now - began < .seconds(5), sourceLocation: location)
        try script.run(
            """
            $ uocava styles list --format json
            json . []
            """, location)
        return outcome.err
    }

    // MARK: Links

    @Test(
        "A file of an election's folder that is a link is refused by name, wherever it leads",
        arguments: ["election.yaml", "styles.csv", "declaration.en.md", "ballots/A.pdf"])
    func links(_ name: String) throws {
        let script = try office()
        defer { script.remove() }
        let kept = script.folder.appendingPathComponent("kept")
        try FileManager.default.copyItem(at: script.folder.appendingPathComponent("election/\(name)"), to: kept)
        for target in [kept.path, script.folder.appendingPathComponent("office/keys/signing.key").path, "/nonexistent"] {
            try replace(name, with: target, script)
            let said = try refusal(script)
            #expect(said.contains("\(name): this is a link. Put the file itself into the folder."), "\(said)")
            #expect(!said.contains("PRIVATE"))
        }
    }

    @Test("A folder in it that is a link is one problem; the folder that staff name may be a link")
    func linkedFolders() throws {
        let script = try office()
        defer { script.remove() }
        let ballots = script.folder.appendingPathComponent("election/ballots")
        let elsewhere = script.folder.appendingPathComponent("elsewhere")
        try FileManager.default.moveItem(at: ballots, to: elsewhere)
        try FileManager.default.createSymbolicLink(at: ballots, withDestinationURL: elsewhere)
        let said = try refusal(script)
        #expect(said.contains("ballots: this is a link. Put the folder itself into the folder."), "\(said)")
        #expect(said.contains("1 problem"), "\(said)")
        try FileManager.default.removeItem(at: ballots)
        try FileManager.default.moveItem(at: elsewhere, to: ballots)
        try FileManager.default.createSymbolicLink(
            at: script.folder.appendingPathComponent("way"), withDestinationURL: script.folder.appendingPathComponent("election"))
        try script.run(
            """
            $ uocava election import way --format json
            json new 1
            """)
    }

    @Test("Pipes, folders and files of unreasonable size are refused at once")
    func kinds() throws {
        let script = try office()
        defer { script.remove() }
        let declaration = script.folder.appendingPathComponent("election/declaration.en.md")
        let text = try Data(contentsOf: declaration)
        try FileManager.default.removeItem(at: declaration)
        _ = try script.execute(["mkfifo", declaration.path])
        #expect(try refusal(script).contains("declaration.en.md: this is no file."))
        try FileManager.default.removeItem(at: declaration)
        try FileManager.default.createDirectory(at: declaration, withIntermediateDirectories: false)
        #expect(try refusal(script).contains("declaration.en.md: this is no file."))
        try FileManager.default.removeItem(at: declaration)
        // Sparse: a gigabyte that takes no room.
        _ = try script.execute(["truncate", "-s", "1G", declaration.path])
        #expect(try refusal(script).contains("declaration.en.md: this is larger than 1 MB."))
        try text.write(to: declaration)
        _ = try script.execute(["truncate", "-s", "1G", "election/ballots/A.pdf"])
        #expect(try refusal(script).contains("ballots/A.pdf: this is larger than 32 MB."))
    }

    // MARK: YAML

    @Test("Aliases are refused before anything expands, also where they are keys; stars in texts are only stars")
    func aliases() throws {
        let script = try office()
        defer { script.remove() }
        let file = script.folder.appendingPathComponent("election/election.yaml")
        let good = try String(contentsOf: file, encoding: .utf8)
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            bomb += "a\(level): &a\(level) [\((0..<9).map { _ in "*a\(level - 1)" }.joined(separator: ", "))]\n"
        }
        for (text, place) in [
            (bomb, "election.yaml:2: column 10: \"*a0\""), (bomb + "? *a9\n: 1\n", "election.yaml:2: column 10: \"*a0\""),
            ("a: &a [1]\n? *a\n: 1\n", "election.yaml:2: column 3: \"*a\""), ("a: *b\n", "election.yaml:1: column 4: \"*b\""),
            ("x: &x { k: 1 }\ny:\n  <<: *x\n", "election.yaml:3: column 7: \"*x\"")
        ] {
            try Data(text.utf8).write(to: file)
            let said = try refusal(script)
            #expect(said.hasPrefix("uocava: \(place) is an alias") && said.contains("Write the value out"), "\(said)")
        }
        let starred = good.replacingOccurrences(of: "name: Tiny Board of Elections", with: "name: \"*Tiny* Board\"")
            .replacingOccurrences(of: "\"Your ballot must", with: "\"* Your *ballot & &more must")
        #expect(starred != good)
        try Data(("# *a remark\n" + starred).utf8).write(to: file)
        try script.run(
            """
            $ uocava election import election --format json
            json new 1
            """)
    }

    // MARK: Typed and pasted

    @Test("A voter_id that only looks like one is refused where it is typed, with the character's name")
    func typedNumbers() throws {
        let script = try office()
        defer { script.remove() }
        try script.run(
            """
            $ uocava election import election
            $ uocava voters import voters.csv --election tiny
            """)
        let hidden = "V\u{200B}1"
        for command in [
            ["status", hidden, "--election", "tiny"], ["issue", "--election", "tiny", "--release", hidden],
            ["ballots", "new-link", hidden, "--election", "tiny", "--reason", "lost"]
        ] {
            let outcome = try script.execute(["uocava"] + command)
            #expect(outcome.status == 64, "\(command): \(outcome.err)")
            #expect(outcome.err.contains("(U+200B)") && outcome.err.contains("by hand"), "\(outcome.err)")
        }
        try Data("V2\n\u{FF36}1\n".utf8).write(to: script.folder.appendingPathComponent("only.txt"))
        try script.run(
            """
            $ uocava issue --election tiny --only only.txt
            = 65
            err only.txt:2:
            err Write "V1".
            """)
        #expect(try script.execute(["uocava", "status", "V1", "--election", "tiny"]).status == 0)
    }

    @Test("What was typed or scanned cannot speak to the terminal, in a table or below it")
    func terminal() throws {
        let script = try office()
        defer { script.remove() }
        let outcome = try script.execute(["uocava", "returns", "receive", "\u{1B}]0;x\u{7}", "R-AAAA-AAAA-AAAA\u{9B}2J\u{202E}"])
        #expect(outcome.status == 0, "\(outcome.err)")
        #expect(outcome.out.contains("2 unknown"))
        let shown = (outcome.out + outcome.err).unicodeScalars
        #expect(!shown.contains { $0 != "\n" && Printable.isUnsafe($0) }, "\(shown)")
        #expect(outcome.out.contains("\n\\u{1B}]0;X\\u{7}:") || outcome.out.contains("\n\\u{1B}]0;x\\u{7}:"), "\(outcome.out)")
    }
}
