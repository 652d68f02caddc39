import Elections
import Foundation
import Testing

@Suite("The command line: an office at work", .enabled(if: TestProgram.present, "the program is not built"), .serialized)
struct CommandOfficeTests {
    /// An office with the tiny election in it, and its roll beside it.
    private func office(_ relay: String = "smtp://127.0.0.1:9") throws -> CommandScript {
        let script = try CommandScript()
        try CommandOffice.write(in: script.folder)
        try script.run(
            """
            $ uocava init office --test --smtp-url \(relay)
            $ uocava election import election --format json
            json election "tiny"
            json new 1
            json bases 2
            json warnings []
            """)
        return script
    }

    @Test("A folder with a problem changes nothing, and every problem is named")
    func badElection() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try CommandOffice.write(in: script.folder)
        try script.run(
            """
            $ uocava init office --test
            > election/ballots/A.pdf
            | this is no PDF
            $ uocava election import election
            = 65
            err ballots/A.pdf
            empty
            > election/styles.csv
            | style,name,precincts,party,scope,language,file
            | A,Style A,P1,,full,en,ballots/B.pdf
            $ uocava election import election
            = 65
            err B.pdf
            err A.pdf
            $ uocava styles list --format json
            json . []
            """)
        try CommandOffice.write(in: script.folder, test: false)
        try script.run(
            """
            $ uocava election import election
            = 77
            err test office
            """)
    }

    @Test("A roll with bad rows: all problems with their lines, twenty of them shown, and nothing taken")
    func badRoll() throws {
        let script = try office()
        defer { script.remove() }
        var roll = CommandOffice.roll
        for number in 1...30 { roll += "W\(number),Name,N,1980-13-01,w@example.org,P1,active-duty,fpca,2026-01-05,,email,\n" }
        try Data(roll.utf8).write(to: script.folder.appendingPathComponent("bad.csv"))
        try script.run(
            """
            $ uocava voters import bad.csv --election tiny
            = 65
            empty
            err bad.csv:8: date_of_birth
            err bad.csv:27:
            err-not bad.csv:28:
            err 10 more
            err --hold-refused
            $ uocava voters import bad.csv --election tiny --all-problems
            = 65
            err bad.csv:37:
            err-not more;
            $ uocava voters import bad.csv --election tiny --hold-refused --dry-run --format json
            json new 6
            json refused 30
            $ uocava exceptions --election tiny --format json
            json . []
            $ uocava voters import bad.csv --election tiny --hold-refused --format json
            json new 6
            json refused 30
            err 10 more
            $ uocava exceptions --election tiny --format json
            json 0.kind "held"
            json 0.voter_id "W1"
            $ uocava issue --election tiny --dry-run --format json
            json buckets.held 30
            json buckets.issued 3
            json total 36
            """)
    }

    @Test("The roll is compared, and every shape of its summary is there")
    func roll() throws {
        let script = try office()
        defer { script.remove() }
        try script.run(
            """
            $ uocava voters import voters.csv --election tiny --dry-run --format json
            json new 6
            $ uocava voters import voters.csv --election tiny --format json
            json new 6
            json changed 0
            json unchanged 0
            json refused 0
            err P9
            $ uocava voters import voters.csv --election tiny
            out unchanged
            out Next: uocava issue --election tiny --dry-run
            $ uocava styles check --election tiny --format json
            = 1
            json ok false
            json findings.0.subject "roll"
            """)
    }

    @Test("Issuing: the buckets add up, --only means only these, and an empty file means nobody")
    func issuing() throws {
        let script = try office()
        defer { script.remove() }
        try script.run(
            """
            $ uocava voters import voters.csv --election tiny
            $ uocava issue --election tiny --dry-run --format json
            json election "tiny"
            json batch null
            json total 6
            json buckets.issued 3
            json buckets.by_mail 1
            json buckets.no_email 1
            json buckets.style_unresolved 1
            json buckets.already_issued 0
            > nobody.txt
            | # no voter is named here
            |
            $ uocava issue --election tiny --only nobody.txt --format json
            json total 0
            json buckets.issued 0
            > wave.txt
            | # the first wave
            | V1
            |
            | V4
            $ uocava issue --election tiny --only wave.txt --format json
            json total 2
            json buckets.issued 1
            json buckets.by_mail 1
            json batch 1
            > stranger.txt
            | V1
            | V999
            $ uocava issue --election tiny --only stranger.txt
            = 66
            err V999
            $ uocava issue --election tiny --only nowhere.txt
            = 66
            $ uocava issue --election tiny --only voters.csv
            = 65
            err voters.csv:1: is longer than a voter_id can be.
            $ uocava issue --election tiny --release V1
            = 66
            $ uocava issue --election tiny
            out issued
            out total
            out 2 letters are waiting: uocava letters send
            $ uocava issue --election tiny --format csv
            out bucket,voters
            out already_issued,3
            out total,6
            lines 12
            $ uocava reconcile --election tiny --format json
            json buckets.issued 3
            json mismatches []
            $ uocava reconcile --election tiny
            out The books agree.
            $ uocava exceptions --election tiny --format json
            json 0.voter_id "V5"
            json 0.kind "no_email"
            json 1.kind "style_unresolved"
            $ uocava audit --format json
            json ok true
            json findings []
            """)
    }

    @Test("Without a relay, letters stay: status 69, and the numbers all the same")
    func noRelay() throws {
        let script = try office()
        defer { script.remove() }
        try script.run(
            """
            $ uocava voters import voters.csv --election tiny
            $ uocava issue --election tiny
            $ uocava letters send --format json
            = 69
            json sent 0
            json left 3
            err smtp://127.0.0.1:9
            $ uocava letters list --state queued --format json
            json 0.voter_id "V1"
            json 0.state "queued"
            json 2.voter_id "V3"
            """)
    }

    @Test("From the letters to the decision, by commands alone")
    func wholeWay() throws {
        let relay = try CommandRelay()
        defer { relay.stop() }
        let script = try office(relay.url)
        defer { script.remove() }
        let roll = CommandOffice.roll.replacingOccurrences(of: "v2@example.org", with: "deferred@example.org")
            .replacingOccurrences(of: "v3@example.org", with: "refused@example.org")
        try Data(roll.utf8).write(to: script.folder.appendingPathComponent("voters.csv"))
        try script.run(
            """
            $ uocava voters import voters.csv --election tiny
            $ uocava issue --election tiny
            $ uocava letters send --format json
            = 75
            json sent 1
            json deferred 1
            json refused 1
            json left 1
            $ uocava status V1 --election tiny --format json
            json 0.status "sent"
            json 0.style "A"
            json 0.timeline.0.event "issued"
            json 0.timeline.2.event "letter_sent"
            $ uocava status V3 --election tiny --format json
            json 0.status "undeliverable"
            $ uocava status V4 --election tiny --format json
            json 0.status "not_issued"
            json 0.ballot null
            json 0.reason "by_mail"
            $ uocava status V9 --election tiny
            = 66
            $ uocava status V1 --election tiny
            out letter sent
            $ uocava status --election tiny --format csv
            lines 7
            $ uocava ballots new-link V1 --election tiny --reason ' '
            = 64
            $ uocava ballots new-link V4 --election tiny --reason "asked for one"
            = 66
            $ uocava ballots new-link V1 --election tiny --reason "lost the letter" --format json
            json letter "queued"
            $ uocava letters send --format json
            = 75
            json sent 1
            """)
        let links = try relay.letters.filter { $0.hasPrefix("v1@") }.compactMap { letter in
            letter.split(separator: "\n").first { $0.contains("/b/") }
        }
        #expect(Set(links).count == 2, "each letter has its own link")

        let status = try script.execute(["uocava", "status", "V1", "--election", "tiny", "--format", "json"])
        let code = try #require(status.json?[0]?["return_code"]?.stringValue)
        try script.run(
            """
            $ uocava status \(code) --election tiny --format json
            json 0.voter_id "V1"
            $ uocava returns decide \(code) --accept
            = 77
            err uocava returns receive
            $ uocava returns receive \(code.lowercased()) --format json
            json 0.code "\(code)"
            json 0.result "received"
            > scans.csv
            | code,received_at
            | \(code),
            | R-AAAA-AAAA-AAAA,
            $ uocava returns receive --file scans.csv --format json
            json 0.result "duplicate"
            json 1.result "unknown"
            > bad-scans.csv
            | code,received_at
            | \(code),yesterday
            $ uocava returns receive --file bad-scans.csv
            = 65
            err bad-scans.csv:2
            $ uocava returns decide \(code) --reject "other:the paper was too thin"
            = 65
            err 52 USC 20302(i)
            $ uocava returns decide \(code) --reject "other:not signed, so e-mail your ballot to us"
            = 65
            err invitation
            $ uocava returns decide \(code) --reject ugly
            = 65
            err missing-voter-signature
            $ uocava returns decide \(code) --hold --format json
            json status "held"
            $ uocava returns decide \(code) --accept --format json
            json status "accepted"
            $ uocava returns decide \(code) --accept
            = 77
            $ uocava status V1 --election tiny --format json
            json 0.status "accepted"
            $ uocava reconcile --election tiny
            $ uocava audit
            out Everything holds.
            """)
    }

    @Test("A planted change is found: reconcile and audit end with 1 and name it")
    func plantedChange() throws {
        let script = try office()
        defer { script.remove() }
        try script.run(
            """
            $ uocava voters import voters.csv --election tiny
            $ uocava issue --election tiny
            $ uocava reconcile --election tiny
            """)
        let plant = """
            import sqlite3, sys
            books = sqlite3.connect(sys.argv[1])
            books.execute("DROP TRIGGER ballot_kept")
            books.execute("PRAGMA foreign_keys = OFF")
            books.execute("DELETE FROM ballot WHERE id = (SELECT min(id) FROM ballot)")
            books.commit()
            """
        let planted = try script.execute([
            "/usr/bin/python3", "-c", plant, script.folder.appendingPathComponent("office/office.sqlite").path
        ])
        #expect(planted.status == 0, "\(planted.err)")
        try script.run(
            """
            # By the journal the voter has a ballot: another is never issued in its place.
            $ uocava reconcile --election tiny --format json
            = 1
            json buckets.issued 3
            $ uocava reconcile --election tiny
            = 1
            out do NOT agree
            $ uocava audit --format json
            = 1
            json ok false
            """)
    }

    @Test("verify needs no office where a certificate is named, and says no to what is not ours")
    func verifying() throws {
        let script = try office()
        defer { script.remove() }
        try script.run(
            """
            > nothing.pdf
            | %PDF-1.7
            $ uocava verify election/ballots/A.pdf --format json
            = 1
            json valid false
            $ uocava verify election/ballots/A.pdf --trust office/keys/ca.pem --office /nowhere
            = 1
            out NOT genuine
            $ uocava verify election/ballots/A.pdf --trust nothing.pdf
            = 65
            $ uocava verify election/ballots/A.pdf --office /nowhere
            = 66
            """)
    }
}
