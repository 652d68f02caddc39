import Elections
import Foundation
import Testing

@Suite("The command line: what goes wrong", .enabled(if: TestProgram.present, "the program is not built"))
struct CommandErrorTests {
    @Test("A command that is not understood is status 64, and says how it is meant")
    func usage() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run(
            """
            $ uocava nonsense
            = 64
            $ uocava issue
            = 64
            err --election
            empty
            $ uocava status --election tiny --format xml
            = 64
            $ uocava returns receive
            = 64
            err --file
            $ uocava returns receive R-1 --file scans.csv
            = 64
            $ uocava returns decide R-1
            = 64
            err --accept, --reject REASON or --hold
            $ uocava returns decide R-1 --accept --hold
            = 64
            $ uocava serve everything
            = 64
            $ uocava ballots new-link V1 --election tiny
            = 64
            err --reason-file
            $ uocava ballots new-link V1 --election tiny --reason lost --reason-file -
            = 64
            $ uocava ballots replace V1 --election tiny
            = 64
            err --withdraw
            $ uocava ballots replace V1 --election tiny --reason wrong --withdraw
            = 64
            $ uocava ballots cancel V1 --election tiny
            = 64
            err --reason-file
            $ uocava returns decide R-1 --reject not-timely --reason-file -
            = 64
            $ uocava --version
            out 0.1.0
            lines 1
            $ uocava
            out USAGE: uocava
            """)
    }

    @Test("A command that there is not is named, with the one that was meant and the list of all")
    func unknownCommand() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run(
            """
            $ uocava isue --election tiny
            = 64
            err There is no command "isue". Did you mean "issue"?
            err letters
            err-not Unknown option
            empty
            $ uocava votes --help
            = 64
            err Did you mean "voters"?
            empty
            $ uocava help isue
            = 64
            err Did you mean "issue"?
            # The verb alone: somebody looks for its noun.
            $ uocava import voters.csv --election tiny
            = 64
            err Did you mean "election import" or "voters import"?
            $ uocava voters imprt voters.csv
            = 64
            err There is no command "voters imprt". Did you mean "voters import"?
            $ uocava frobnicate
            = 64
            err There is no command "frobnicate".
            err-not Did you mean
            $ uocava --office tiny status --election tiny
            = 64
            err "--office" comes before the command.
            # What there is stays what it was.
            $ uocava help issue
            out USAGE: uocava issue
            $ uocava letters
            out USAGE: uocava letters
            """)
    }

    @Test("A mistake in YAML is one problem with line and column, in words that need no knowledge of YAML")
    func yaml() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run("$ uocava init office --test")
        let mistakes = [
            (
                "election:\n  id: tiny\n  name: \"Tiny\n  date: 2099-11-03\n",
                "election.yaml:3: column 9: a quote is opened here and never closed."
            ),
            ("election:\n\tid: tiny\n", "election.yaml:2: column 1: this character cannot stand here."),
            ("election: id: tiny\n", "election.yaml:1: column 13: there is a second colon"),
            ("languages: [en, es\noffice: 1\n", "election.yaml:1: column 12: a list is opened here with [ and is not well closed."),
            ("election:\n  id: tiny\n id: tiny\n", "election.yaml:3: column 2: a key and a colon are expected here."),
            ("election:\n  id: a\n  id: b\n", "election.yaml:2: column 3: in the part that begins here, \"id\" is there twice."),
            ("a: 1\nb: \"\u{1}\"\n", "election.yaml:2: column 5: control characters are not allowed.")
        ]
        for (text, said) in mistakes {
            let folder = script.folder.appendingPathComponent("election")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: folder.appendingPathComponent("election.yaml"))
            let outcome = try script.execute(["uocava", "election", "import", "election"])
            #expect(outcome.status == 65, "\(text)")
            #expect(outcome.err.hasPrefix("uocava: \(said)"), "\(outcome.err)")
            #expect(outcome.err.split(separator: "\n").count == 2 && !outcome.err.contains("\\u{"), "\(outcome.err)")
        }
    }

    @Test("Who only looks is not told that nothing was changed; the settings' problems name file and line")
    func badSettings() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run("$ uocava init office --test")
        let settings = script.folder.appendingPathComponent("office/uocava.yaml")
        let text = try String(contentsOf: settings, encoding: .utf8)
        try Data(text.replacingOccurrences(of: "connections: 8", with: "connections: 800").utf8).write(to: settings)
        try script.run(
            """
            $ uocava audit
            = 65
            err office/uocava.yaml: 1 problem.
            err smtp.connections
            err-not Nothing was changed
            """)
        // A name that begins like this machine's address is another machine.
        let remote = text.replacingOccurrences(of: "http://127.0.0.1:8080", with: "http://127.example.gov")
        try Data(remote.utf8).write(to: settings)
        try script.run(
            """
            $ uocava keys list
            = 65
            err http is only for this machine
            """)
    }

    @Test(
        "A real office whose letters would lead to this machine is made, and says before work what is to be set; a test office says nothing"
    )
    func localAddress() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try CommandOffice.write(in: script.folder, test: false)
        try script.run(
            """
            $ uocava init office --format json
            json test false
            err this is a real office, and it cannot serve voters yet
            err http://127.0.0.1:8080
            err office/uocava.yaml
            err public.url
            err smtp.url
            err smtp.from
            err "Election Office"
            err --test
            $ uocava election import election
            $ uocava voters import voters.csv --election tiny
            $ uocava issue --election tiny --dry-run
            err Voters' letters will say http://127.0.0.1:8080
            err public.url
            $ uocava letters send --format json
            json left 0
            err Voters' letters will say http://127.0.0.1:8080
            $ uocava status --election tiny
            err-not Voters' letters
            $ uocava init named --name "Tiny Board"
            err public.url
            err-not certificates say
            $ uocava init here --public-url https://localhost:8443
            err https://localhost:8443
            $ uocava init ready --public-url https://ballots.example.gov --smtp-url smtp://mail.example.gov:587
            err-not warning
            $ uocava letters send --office ready
            err-not warning
            $ uocava init trial --test
            err-not warning
            $ uocava letters send --office trial
            err-not warning
            """)
    }

    @Test("Every command has a help with an example, in 80 columns")
    func help() throws {
        let script = try CommandScript()
        defer { script.remove() }
        let commands = [
            "init", "keys list", "election import", "styles list", "styles check", "styles captions", "voters import", "issue",
            "letters send", "letters list",
            "ballots new-link", "serve", "status", "returns receive", "returns decide", "reconcile", "exceptions", "verify", "audit"
        ]
        for command in commands {
            let outcome = try script.execute(["uocava"] + command.split(separator: " ").map(String.init) + ["--help"])
            #expect(outcome.status == 0, "\(command)")
            #expect(outcome.out.contains("Example"), "\(command)")
            #expect(outcome.out.contains("  uocava \(command)"), "\(command)")
            let long = outcome.out.split(separator: "\n").filter { $0.count > 80 }.map(String.init)
            #expect(long.isEmpty, "\(command): \(long)")
        }
    }

    @Test("A folder that is no office is status 66, and says how to name one")
    func noOffice() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run(
            """
            $ uocava status --election tiny
            = 66
            err is not an office
            err --office DIR
            empty
            $ uocava audit --office /nowhere/at/all
            = 66
            $ uocava serve public
            = 66
            """)
    }

    @Test("An office is made only in a new or empty folder, with settings that can work")
    func initialising() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try FileManager.default.createDirectory(at: script.folder.appendingPathComponent("empty"), withIntermediateDirectories: true)
        try script.run(
            """
            > full/notes.txt
            | something
            $ uocava init full --test
            = 73
            err is not empty
            $ uocava init other --test --public-url http://ballots.example.gov
            = 65
            err https
            $ uocava init other --test --public-url 'http://127.0.0.1:1"'
            = 65
            $ uocava init other --test --passphrase-file nowhere
            = 66
            > blank
            |
            $ uocava init other --test --passphrase-file blank
            = 65
            # Nothing was left of these: the folder can still be used.
            $ uocava init other --test --format json
            json test true
            json keys_locked false
            $ uocava init other --test
            = 73
            err already holds an office
            $ uocava init empty
            out uocava election import DIR --office empty
            $ uocava keys list --office empty --format json
            json 0.file "ca.pem"
            json 0.sample false
            json 5.file "link.key"
            $ uocava keys list --office other --format csv
            out file,kind,valid_to,locked,sample,mode_ok,id
            lines 7
            """)
    }

    @Test("The listener of a new office is where its address says")
    func listener() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run("$ uocava init a --test --public-url http://127.0.0.1:18123")
        try script.run("$ uocava init b --public-url https://ballots.example.gov --smtp-url smtp://mail.example.gov:587")
        func settings(_ name: String) throws -> String {
            try String(contentsOf: script.folder.appendingPathComponent("\(name)/uocava.yaml"), encoding: .utf8)
        }
        #expect(try settings("a").contains(#"listen: "127.0.0.1:18123""#))
        #expect(try settings("b").contains(#"listen: "127.0.0.1:8080""#))
        #expect(try settings("b").contains("tls: required"))
    }

    @Test("Keys that others could read are not used: status 77 and the command that closes them")
    func openKeys() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run("$ uocava init office --test")
        let key = script.folder.appendingPathComponent("office/keys/signing.key")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key.path)
        try script.run(
            """
            $ uocava audit
            = 77
            err chmod 0600
            """)
    }

    @Test("Locked keys open with the passphrase's file; without a terminal nobody is asked")
    func passphrase() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run(
            """
            > secret
            | a long passphrase
            > wrong
            | another
            $ uocava init office --test --passphrase-file secret
            out locked with the passphrase
            $ uocava exceptions --election tiny
            = 77
            err Name the file that holds it with --passphrase-file or $UOCAVA_PASSPHRASE_FILE.
            $ uocava exceptions --election tiny --passphrase-file wrong
            = 77
            $ uocava exceptions --election tiny --passphrase-file secret
            = 66
            err no election "tiny"
            # Listing opens nothing.
            $ uocava keys list --format json
            json 1.locked true
            """)
    }

    @Test("At a terminal the passphrase is asked for, and not shown")
    func askedPassphrase() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run(
            """
            > secret
            | a long passphrase
            $ uocava init office --test --passphrase-file secret
            """)
        // A terminal of its own for the program; what it shows goes to stdout.
        let terminal = """
            import os, pty, sys
            child, terminal = pty.fork()
            if child == 0: os.execv(sys.argv[1], [sys.argv[1], "exceptions", "--election", "tiny"])
            shown = b""
            while b"Passphrase" not in shown or not shown.endswith(b": "): shown += os.read(terminal, 1000)
            os.write(terminal, sys.argv[2].encode().decode("unicode_escape").encode())
            try:
                while piece := os.read(terminal, 1000): shown += piece
            except OSError: pass
            sys.stdout.write(shown.decode())
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """
        func asked(_ answer: String) throws -> CommandScript.Outcome {
            try script.execute(["/usr/bin/python3", "-c", terminal, script.program, answer])
        }
        let right = try asked("a long passphrase\\n")
        #expect(right.status == 66, "\(right)")
        #expect(right.out.contains("no election \"tiny\""))
        #expect(!right.out.contains("a long passphrase"))
        #expect(try asked("wrong\\n").status == 77)
        #expect(try asked("\\n").status == 77)
        #expect(try asked("half\\x03").status == 130)
    }

    @Test("What is named and is not there is status 66")
    func notFound() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run(
            """
            $ uocava init office --test
            $ uocava election import nowhere
            = 66
            > notes/remarks.txt
            | an empty folder
            $ uocava election import notes
            = 66
            err notes holds no election.yaml.
            err docs/election-folder.md
            $ uocava voters import notes --election tiny
            = 65
            err notes is a folder; a file is needed.
            err Name a file in it.
            > folder/voters.csv
            | voter_id
            $ uocava voters import folder --election tiny
            = 65
            err Did you mean folder/voters.csv?
            $ uocava voters import nowhere.csv --election tiny
            = 66
            > roll.csv
            | voter_id
            $ uocava voters import roll.csv --election tiny
            = 66
            err no election "tiny"
            err uocava election import DIR
            $ uocava issue --election tiny
            = 66
            $ uocava reconcile --election tiny
            = 66
            $ uocava status V1 --election tiny
            = 66
            $ uocava letters list --election tiny
            = 66
            $ uocava letters list --state lost
            = 64
            err queued, sending, deferred
            $ uocava returns decide R-0000-0000-0000 --accept
            = 66
            $ uocava verify nowhere.pdf
            = 66
            $ uocava ballots new-link V1 --election tiny --reason test
            = 66
            # Nothing to look at is no mistake.
            $ uocava styles list --format json
            json . []
            $ uocava letters send --format json
            json left 0
            """)
    }

    @Test("A disk that takes nothing is status 73; a reader that has seen enough is none of our business")
    func output() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run("$ uocava init office --test")
        func shell(_ line: String) throws -> CommandScript.Outcome {
            try script.execute(["bash", "-c", line], environment: ["PROGRAM": script.program])
        }
        #expect(try shell("\"$PROGRAM\" keys list > /dev/full").status == 73)
        #expect(try shell("\"$PROGRAM\" keys list --format csv | true; exit ${PIPESTATUS[0]}").status == 0)
        #expect(try shell("\"$PROGRAM\" --help | head -n 1; exit ${PIPESTATUS[0]}").status == 0)
        // A pipe in the place of a file: a passphrase that lies on no disk.
        let piped = try shell("\"$PROGRAM\" init piped --test --passphrase-file <(echo a long passphrase) --format json")
        #expect(piped.json?["keys_locked"] == .bool(true), "\(piped.err)")
    }
}
