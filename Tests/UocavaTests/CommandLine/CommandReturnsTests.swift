import Elections
import Foundation
import Testing

@Suite("The command line: letters, envelopes and packets", .enabled(if: TestProgram.present, "the program is not built"), .serialized)
struct CommandReturnsTests {
    /// An office that has issued its three ballots.
    private func office(_ relay: String = "smtp://127.0.0.1:9", site: String = "http://127.0.0.1:8080") throws -> CommandScript {
        let script = try CommandScript()
        try CommandOffice.write(in: script.folder)
        let roll = CommandOffice.roll.replacingOccurrences(of: "v2@example.org", with: "deferred@example.org")
            .replacingOccurrences(of: "v3@example.org", with: "refused@example.org")
        try Data(roll.utf8).write(to: script.folder.appendingPathComponent("voters.csv"))
        try script.run(
            """
            $ uocava init office --test --smtp-url \(relay) --public-url \(site)
            $ uocava election import election
            $ uocava voters import voters.csv --election tiny
            $ uocava issue --election tiny
            """)
        return script
    }

    private func returnCode(_ voter: String, _ script: CommandScript) throws -> String {
        let status = try script.execute(["uocava", "status", voter, "--election", "tiny", "--format", "json"])
        return try #require(status.json?[0]?["return_code"]?.stringValue)
    }

    @Test("Unknown codes are named with what to do, and the others are written down")
    func unknownCodes() throws {
        let script = try office()
        defer { script.remove() }
        let (first, second) = (try returnCode("V1", script), try returnCode("V2", script))
        let table = try script.execute(["uocava", "returns", "receive", first, "R-AAAA-AAAA-AAAA", second])
        #expect(table.status == 0)
        #expect(table.err.isEmpty, "the table says it all: \(table.err)")
        #expect(table.out.contains("\(second)  received"))
        #expect(table.out.contains("\nR-AAAA-AAAA-AAAA: This is no return code"))
        #expect(table.out.contains("2 received, 0 duplicate, 1 unknown."))
        try script.run(
            """
            $ uocava status V2 --election tiny --format json
            json 0.status "received"
            # In its column for scripts, as before.
            $ uocava returns receive \(first) R-AAAA-AAAA-AAAA --format csv
            out code,result,voter_id,received_at,hint
            out This is no return code
            $ uocava returns receive \(first) \(second) --format json
            json 0.result "duplicate"
            json 1.result "duplicate"
            """)
    }

    @Test("Another ballot is asked for, taken back, asked for again and made; one that is cancelled is not made again by itself")
    func otherBallots() throws {
        let script = try office()
        defer { script.remove() }
        try script.run(
            """
            $ uocava ballots replace V1 --election tiny --reason "wrong precinct" --format json
            json replacement "queued"
            json voter_id "V1"
            $ uocava ballots replace V1 --election tiny --reason "wrong precinct"
            = 77
            err is waiting already
            $ uocava ballots replace V1 --election tiny --withdraw
            out Nothing is made.
            $ uocava ballots replace V1 --election tiny --withdraw
            = 66
            $ uocava ballots replace V1 --election tiny --reason "wrong precinct"
            out uocava issue --election tiny
            $ uocava ballots cancel V2 --election tiny --reason "moved away" --format json
            json ballot "cancelled"
            $ uocava ballots cancel V2 --election tiny --reason "moved away"
            = 77
            $ uocava issue --election tiny --format json
            json buckets.issued 1
            json buckets.not_eligible 1
            json waits false
            $ uocava ballots replace V99 --election tiny --reason wrong
            = 66
            $ uocava audit
            """)
        let outcome = try script.execute(["uocava", "status", "V1", "--election", "tiny", "--format", "json"])
        let stands = outcome.json?.arrayValue?.map { $0["status"]?.stringValue }
        #expect(stands == ["replaced", "issued"])
    }

    @Test("A tracking code where the return code belongs is told apart, and not repeated")
    func trackingCode() throws {
        let script = try office()
        defer { script.remove() }
        let tracking = TrackingCode(random: [UInt8](1...19)).text
        // One letter misread is a secret nearly as good.
        for code in [tracking, String(tracking.dropLast()), tracking.lowercased()] {
            let outcome = try script.execute(["uocava", "returns", "decide", code, "--accept"])
            #expect(outcome.status == 66)
            #expect(outcome.err.contains("This is a tracking code") && outcome.err.contains("begins with R-"), "\(outcome.err)")
            #expect(!outcome.err.uppercased().contains(tracking.dropLast()) && !outcome.err.contains("***"), "\(outcome.err)")
        }
    }

    @Test("Reasons that name people come from a file or from standard input, and never stand in the command")
    func reasonFile() throws {
        let script = try office()
        defer { script.remove() }
        let code = try returnCode("V2", script)
        let typed = try script.execute(
            ["uocava", "ballots", "new-link", "V1", "--election", "tiny", "--reason-file", "-"],
            input: "\u{20}The sister of Ann\nphoned.\n\n")
        #expect(typed.status == 0, "\(typed.err)")
        try script.run(
            """
            > why.txt
            | two signatures, of Bob and of Barbara Baker
            > blank.txt
            |
            $ uocava ballots new-link V1 --election tiny --reason-file why.txt --format json
            json link "replaced"
            $ uocava ballots new-link V1 --election tiny --reason-file blank.txt
            = 65
            err blank.txt: there is no reason in it.
            $ uocava ballots new-link V1 --election tiny --reason-file nowhere.txt
            = 66
            $ uocava returns receive \(code)
            $ uocava returns decide \(code) --reject other --reason-file why.txt --format json
            json status "rejected"
            $ uocava status V2 --election tiny --format json
            json 0.status "rejected"
            $ uocava audit
            """)
        // Sealed, as with --reason.
        let books = try Data(contentsOf: script.folder.appendingPathComponent("office/office.sqlite"))
        #expect(books.range(of: Data("Barbara".utf8)) == nil && books.range(of: Data("sister".utf8)) == nil)
    }

    @Test("Every table fits into 80 columns, times are short, and what the relay said stands below the letters")
    func width() throws {
        let relay = try CommandRelay()
        defer { relay.stop() }
        let script = try office(relay.url)
        defer { script.remove() }
        let code = try returnCode("V1", script)
        let commands = [
            "letters send", "letters list", "letters list --state refused", "returns receive \(code) R-AAAA-AAAA-AAAA",
            "returns receive \(code)", "returns decide \(code) --accept", "status --election tiny", "status V1 --election tiny",
            "exceptions --election tiny", "reconcile --election tiny", "audit", "keys list", "styles list", "styles check",
            "voters import voters.csv --election tiny", "issue --election tiny --dry-run", "election import election",
            "verify election/ballots/A.pdf"
        ]
        for command in commands {
            let out = try script.execute(["uocava"] + command.split(separator: " ").map(String.init)).out
            #expect(!out.isEmpty, "\(command)")
            let long = out.split(separator: "\n").filter { TextWidth.of(String($0)) > 80 }
            #expect(long.isEmpty, "\(command): \(long)")
            #expect(out.firstMatch(of: #/T\d\d:\d\d:\d\d\./#) == nil, "\(command) shows a time to the millisecond:\n\(out)")
        }
        try script.run(
            """
            $ uocava letters list
            out What the relay said:
            out 550 5.1.1 nobody of that name
            out 451 4.2.1 come back later
            $ uocava letters list --format csv
            out letter,election,voter_id,kind,state,attempts,queued_at,due_at,reply
            """)
    }

    @Test("A packet as a voter gets it: the office's certificate says yes, another's says whose it is, and none says what to name")
    func packet() throws {
        let relay = try CommandRelay()
        defer { relay.stop() }
        let script = try office(relay.url, site: "http://127.0.0.1:0")
        defer { script.remove() }
        try script.run("$ uocava letters send\n= 75")
        let letter = try #require(try relay.letters.first { $0.hasPrefix("v1@") })
        let link = try #require(letter.split(whereSeparator: \.isNewline).first { $0.contains("/b/") })
        let walk = """
            set -e
            "$PROGRAM" serve public 2> site.log & site=$!
            trap 'kill $site' EXIT
            for _ in $(seq 200); do grep -q 'listening on' site.log && break; sleep 0.05; done
            address=$(grep -o 'http://.*' site.log)
            curl -s -m 20 -c jar --data-urlencode answer=1980-01-01 "$address/b/$TOKEN" > /dev/null
            file=$(curl -s -m 20 -b jar "$address/ballot" | grep -oE '/ballot/[A-Za-z0-9_-]+[.]pdf' | head -n 1)
            curl -s -m 20 -b jar -o packet.pdf "$address$file"
            """
        let token = try #require(link.split(separator: "/").last).trimmingCharacters(in: .whitespaces)
        let walked = try script.execute(["bash", "-c", walk], environment: ["PROGRAM": script.program, "TOKEN": token])
        #expect(walked.status == 0, "\(walked)")
        try script.run(
            """
            $ uocava verify packet.pdf
            out packet.pdf is genuine and unchanged.
            out It is a SAMPLE of a test office: nobody can vote with it.
            out published
            out The books hold this very file
            $ uocava verify packet.pdf --trust office/keys/ca.pem --office /nowhere
            out packet.pdf is genuine and unchanged.
            out-not The books
            # Made a moment later than the packet was issued: whose it is counts, and not since when it is valid.
            $ uocava init stranger --name "Stranger County"
            $ uocava verify packet.pdf --trust stranger/keys/ca.pem --format json
            = 1
            json valid false
            out was not issued by CN=Stranger County
            out-not not yet valid
            out-not The books
            $ uocava verify packet.pdf --trust stranger/keys/ca.pem
            = 1
            out It was checked with the certificate of CN=Stranger County
            $ uocava verify packet.pdf --office /nowhere
            = 66
            err /nowhere is not an office
            err uocava verify packet.pdf --trust CERT
            err-not uocava init
            """)
        // Changed on its way, and signed by others than the reader trusts: all of it is said, in lines that fit.
        let pdf = script.folder.appendingPathComponent("packet.pdf")
        var bytes = try Data(contentsOf: pdf)
        bytes[5000] ^= 1
        try bytes.write(to: script.folder.appendingPathComponent("changed.pdf"))
        try script.run(
            """
            $ uocava verify changed.pdf --trust stranger/keys/ca.pem
            = 1
            out changed.pdf is NOT genuine: do not use it.
            out Get the certificate from the office
            $ uocava verify changed.pdf
            = 1
            out was changed after it was signed
            out Do not print it or mark it.
            out The books hold another file for this ballot
            """)
        for file in ["packet.pdf", "changed.pdf", "changed.pdf --trust stranger/keys/ca.pem"] {
            let out = try script.execute(["uocava", "verify"] + file.split(separator: " ").map(String.init)).out
            let long = out.split(separator: "\n").filter { TextWidth.of(String($0)) > 80 }
            #expect(long.isEmpty, "\(long)")
        }
        try FileManager.default.moveItem(
            at: script.folder.appendingPathComponent("office/office.sqlite"), to: script.folder.appendingPathComponent("elsewhere"))
        try script.run(
            """
            $ uocava verify packet.pdf
            out packet.pdf is genuine and unchanged.
            out It was not compared with the office's books, which cannot be read:
            """)
    }
}
