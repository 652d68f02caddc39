import Foundation
import Testing

@Suite("The command line: letters", .enabled(if: TestProgram.present, "the program is not built"))
struct CommandLettersTests {
    /// An office of three voters whose ballots are issued, and its relay.
    private func issued(_ relay: CommandRelay) throws -> CommandScript {
        let script = try CommandScript()
        try CommandOffice.write(in: script.folder)
        try script.run(
            """
            $ uocava init office --test --smtp-url \(relay.url)
            $ uocava election import election
            $ uocava voters import voters.csv --election tiny
            $ uocava issue --election tiny
            """)
        return script
    }

    @Test("A shipped letter saved where the office's own goes, as the help says, is used, shown and checked")
    func ownWords() throws {
        let relay = try CommandRelay()
        defer { relay.stop() }
        let script = try issued(relay)
        defer { script.remove() }
        try script.run(
            """
            $ uocava letters template --variables
            out {{return_notice}}
            $ uocava letters lint
            out The office has no letters of its own
            $ mkdir -p office/letters/older
            $ sh -c "\(script.program) letters template ballot_ready > office/letters/ballot_ready.en.txt"
            $ sh -c "cp office/letters/ballot_ready.en.txt office/letters/ballot_ready.en.txt~"
            $ uocava letters lint
            out 1 letter can be used.
            $ sed -i s/Dear/Hello/ office/letters/ballot_ready.en.txt
            $ uocava letters preview ballot_ready
            out Subject: SAMPLE: Your ballot for the
            out Hello Alex Sample,
            out /b/sample
            $ uocava letters preview ballot_ready --as html
            out <html
            $ uocava letters preview ballot_ready --as message
            out Auto-Submitted: auto-generated
            $ uocava letters preview ballot_redy
            = 64
            err Did you mean ballot_ready?
            $ sed -i "s/{{contact}}/{contact}/" office/letters/ballot_ready.en.txt
            $ uocava letters lint
            = 1
            out {contact} would stand there as it is
            $ uocava letters send
            = 65
            err ballot_ready.en.txt
            $ sed -i "s/{contact}/{{contact}}/" office/letters/ballot_ready.en.txt
            $ cp office/letters/ballot_ready.en.txt office/letters/ballot_ready.fr.txt
            $ uocava letters lint
            out no election of this office is held in "fr"
            $ uocava letters send --format json
            json sent 3
            """)
        #expect(try relay.letters.allSatisfy { $0.contains("Hello ") })
    }

    @Test("A pause is said wherever letters are looked at, and ends")
    func pause() throws {
        let relay = try CommandRelay()
        defer { relay.stop() }
        let script = try issued(relay)
        defer { script.remove() }
        try script.run(
            """
            $ uocava letters pause
            $ uocava letters send
            = 75
            err The mail is paused since
            $ uocava letters list --format json
            json 0.state "queued"
            err The mail is paused since
            $ uocava letters resume
            $ uocava letters list
            err-not paused
            $ uocava letters send --format json
            json sent 3
            """)
    }

    @Test("What came back is read, what cannot be read is said, and whom to call is listed")
    func bounced() throws {
        let relay = try CommandRelay()
        defer { relay.stop() }
        let script = try issued(relay)
        defer { script.remove() }
        try script.run("$ uocava letters send")
        let letter = try #require(try relay.envelopes.first { $0.to == "v1@example.org" })
        let mails = script.folder.appendingPathComponent("mails")
        try FileManager.default.createDirectory(at: mails, withIntermediateDirectories: true)
        try Data(BounceDeskTests.report(to: letter.from).utf8).write(to: mails.appendingPathComponent("1.eml"))
        try script.run(
            """
            $ mkfifo mails/2.eml
            $ ln -s /etc/hostname mails/3.eml
            $ uocava letters bounced mails --format json
            json hard 1
            json read 1
            json unreadable 2
            err 2.eml
            err 3.eml
            $ uocava letters bounced mails/2.eml
            = 65
            err is no file
            $ uocava letters bounced nowhere
            = 66
            $ uocava letters list --bounce hard --format csv
            lines 2
            $ uocava report undelivered --election tiny --format json
            json 0.reason "bounced"
            $ uocava report undelivered --election tiny --format csv
            out voter_id,name,reason,detail,since,days,email,phone,mailing_address,protected
            out v1@example.org
            """)
    }
}
