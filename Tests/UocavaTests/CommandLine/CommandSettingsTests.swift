import Foundation
import Testing

@Suite("The command line: settings and mistyped words", .enabled(if: TestProgram.present, "the program is not built"))
struct CommandSettingsTests {
    /// Changes the settings of the script's office.
    private func change(_ script: CommandScript, _ old: String, _ new: String) throws {
        let settings = script.folder.appendingPathComponent("office/uocava.yaml")
        let text = try String(contentsOf: settings, encoding: .utf8)
        try #require(text.contains(old))
        try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: settings)
    }

    /// Changes a file of the script's folder.
    private func change(_ script: CommandScript, file: String, _ old: String, _ new: String) throws {
        let url = script.folder.appendingPathComponent(file)
        let text = try String(contentsOf: url, encoding: .utf8)
        try #require(text.contains(old))
        try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: url)
    }

    @Test("A sender that is no address is a mistake of the settings, told with its line before any letter is touched")
    func badSender() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run("$ uocava init office --test")
        let good = "uocava@elections.example.gov"
        var last = good
        for bad in ["uocava.elections.example.gov", good + ".", "Juniper <a@b.example.gov>", "\\\"odd\\\"@example.gov"] {
            try change(script, "from: \"\(last)\"", "from: \"\(bad)\"")
            last = bad
            try script.run(
                """
                $ uocava letters send
                = 65
                err office/uocava.yaml: 1 problem.
                err uocava.yaml:28: smtp.from
                err is not an e-mail address
                err Write the address alone
                """)
        }
        try change(script, "from: \"\(last)\"", "from: \"\"")
        try script.run("$ uocava letters send")
    }

    @Test("A voters' site that seems to be ours and leads elsewhere is refused")
    func elsewhere() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run("$ uocava init office --test")
        try change(script, "http://127.0.0.1:8080", "https://ballots.example.gov@elsewhere.example")
        try script.run(
            """
            $ uocava keys list
            = 65
            err public.url
            err there is an at sign
            """)
    }

    @Test("A voters' site whose name ends in a full stop is refused, with what to write")
    func fullStop() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run("$ uocava init office --test")
        try change(script, "http://127.0.0.1:8080", "https://ballots.example.gov.:8443/")
        try script.run(
            """
            $ uocava keys list
            = 65
            err public.url
            err ends in a full stop
            err Write https://ballots.example.gov:8443, without it.
            """)
    }

    @Test("An unusable sender keeps the letters and says where it stands; a relay that refuses the sender is out, and shows its reply")
    func sender() throws {
        let script = try CommandScript()
        defer { script.remove() }
        let relay = try CommandRelay()
        defer { relay.stop() }
        try CommandOffice.write(in: script.folder)
        // An address that paper can carry and few relays take.
        try change(script, file: "election/election.yaml", "email: uocava@", "email: '\"odd\"@")
        try change(script, file: "election/election.yaml", "example.gov, phone", "example.gov', phone")
        try script.run(
            """
            $ uocava init office --test --smtp-url \(relay.url)
            $ uocava election import election
            $ uocava voters import voters.csv --election tiny
            $ uocava issue --election tiny
            """)
        try change(script, "from: \"uocava@elections.example.gov\"", "from: \"\"")
        try script.run(
            """
            $ uocava letters send
            = 65
            err office.email of tiny (election.yaml): no letter can come from this address.
            err Set smtp.from in uocava.yaml
            err stay in the queue
            $ uocava letters list --state queued --format csv
            lines 4
            $ uocava exceptions --election tiny
            out-not letter_refused
            """)
        try change(script, "from: \"\"", "from: \"stranger@elections.example.gov\"")
        try script.run(
            """
            $ uocava letters send
            = 69
            err the relay refuses the sender: 550 5.7.1 sender not known here
            err 3 letters stay in the queue
            $ uocava letters list --state queued --format csv
            lines 4
            """)
        try change(script, "stranger@", "uocava@")
        try script.run(
            """
            $ uocava letters send --format json
            json sent 3
            json left 0
            """)
    }

    @Test("An unusable recipient refuses that letter alone, in a whole sentence")
    func recipient() throws {
        let script = try CommandScript()
        defer { script.remove() }
        let relay = try CommandRelay()
        defer { relay.stop() }
        try CommandOffice.write(in: script.folder)
        try change(script, file: "voters.csv", "v1@example.org", "\"\"\"v1\"\"@example.org\"")
        try script.run(
            """
            $ uocava init office --test --smtp-url \(relay.url)
            $ uocava election import election
            $ uocava voters import voters.csv --election tiny
            $ uocava issue --election tiny
            $ uocava letters send --format json
            json sent 2
            json refused 1
            $ uocava exceptions --election tiny --format json
            out does not belong there. Telephone, or write by post.
            out-not ..
            """)
    }

    @Test("A passphrase's file that is not there is said, although the keys need none")
    func passphraseFile() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run(
            """
            $ uocava init office --test
            $ uocava audit --passphrase-file nowhere.txt
            = 66
            err nowhere.txt: there is no such file.
            err --passphrase-file
            > there.txt
            | some words
            $ uocava audit --passphrase-file there.txt
            """)
    }

    @Test("A new link for somebody who is not on the roll says so; one without a ballot is sent to status")
    func newLink() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try CommandOffice.write(in: script.folder)
        try script.run(
            """
            $ uocava init office --test
            $ uocava election import election
            $ uocava voters import voters.csv --election tiny
            $ uocava ballots new-link nobody --election tiny --reason lost
            = 66
            err There is no voter "nobody" in tiny.
            err-not says why
            $ uocava ballots new-link V4 --election tiny --reason lost
            = 66
            err V4 has no ballot in tiny.
            err `uocava status V4 --election tiny` says why
            """)
    }

    @Test("What init refuses is told of the option, not of a file that nobody has seen")
    func initOptions() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run(
            """
            $ uocava init other --test --public-url ballots.example.gov
            = 65
            err --public-url: "ballots.example.gov" is not the address of a site.
            err-not uocava-init
            err-not uocava.yaml
            $ uocava init other --test --from "Juniper <a@b.example.gov>" --smtp-url mail.example.gov
            = 65
            err --from: "Juniper <a@b.example.gov>" is not an e-mail address
            err --smtp-url: "mail.example.gov" is not the address of a relay
            err-not uocava-init
            """)
    }

    @Test("A mistyped option is named, with the one that was meant, before one that is missing")
    func options() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run(
            """
            $ uocava issue --elecion tiny
            = 64
            err There is no option --elecion. Did you mean --election?
            err uocava issue --help
            empty
            $ uocava voters import roll.csv --election=tiny --dryrun
            = 64
            err There is no option --dryrun. Did you mean --dry-run?
            $ uocava status --election tiny --frobnicate
            = 64
            err There is no option --frobnicate.
            err-not Did you mean
            # What is missing is still said of those that are right.
            $ uocava issue --dry-run
            = 64
            err --election
            $ uocava issue --elecion tiny --help
            out USAGE: uocava issue
            """)
    }
}
