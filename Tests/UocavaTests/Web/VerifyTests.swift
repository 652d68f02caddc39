import Elections
import Foundation
import Keys
import Office
import Storage
import Testing
import Web

@Suite("Checking a packet and asking for a new link on the site") struct VerifyTests {
    @Test("A packet's fingerprint is answered with the day and the election, however it is typed; any other is not ours")
    func fingerprints() async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            let print = ballot.etag.filter { $0 != "\"" }
            #expect(try await site.get("/verify").text.contains("Check a packet"))
            let spaced = String(print.uppercased().enumerated().flatMap { $0.offset % 2 == 1 ? [$0.element, ":"] : [$0.element] })
            for typed in [print, print.uppercased(), spaced, "%20\(print)%0A"] {
                let reply = try await site.post("/verify", "sha256=\(typed)")
                #expect(reply.status == 200)
                #expect(reply.text.contains("Yes: this office issued this packet."))
                #expect(reply.text.contains("September 25, 2028"))
                #expect(reply.text.contains("General Election 2028"))
                #expect(reply.header("cache-control") == "no-store")
            }
            let other = try await site.post("/verify", "sha256=\(String(repeating: "0", count: 64))")
            #expect(other.status == 404)
            #expect(other.text.contains("issued no packet with this fingerprint"))
            for typed in ["", "abc", String(repeating: "g", count: 64), String(repeating: "+1", count: 32), print + "00"] {
                #expect(try await site.post("/verify", "sha256=\(typed)").status == 422)
            }
        }
    }

    @Test("A packet that the office has taken back is said to be so")
    func superseded() async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            try site.database.write {
                try $0.execute("INSERT INTO step (ballot, seq, kind, at) VALUES ($1, 9, 'replaced', 1857258000000)", .blob(ballot.id))
            }
            let reply = try await site.post("/verify", "sha256=\(ballot.etag.filter { $0 != "\"" })")
            #expect(reply.status == 200)
            #expect(reply.text.contains("The office has taken it back since"))
        }
    }

    @Test("One page alone may run a script, the one that its policy names by its hash")
    func script() async throws {
        try await WebTestSite.serving { site in
            let page = try await site.get("/verify")
            let hash = "sha256-\(Data(SHA256.hash(Array(VerifyScript.text.utf8))).base64EncodedString())"
            #expect(hash == VerifyScript.hash)
            #expect(page.text.contains("<script>\(VerifyScript.text)</script>"))
            #expect(page.header("content-security-policy")?.contains("script-src '\(hash)'") == true)
            let answer = try await site.post("/verify", "sha256=\(String(repeating: "0", count: 64))")
            #expect(answer.header("content-security-policy")?.contains("script-src '\(hash)'") == true)
            for path in ["/", "/t", "/b/x", "/privacy", "/new-link", "/nothing"] {
                let other = try await site.get(path)
                #expect(other.header("content-security-policy")?.contains("script") == false)
                #expect(!other.text.contains("<script"))
            }
        }
    }

    @Test("Pages that are the same for everybody are sent compressed to who takes them so; those that are not never are")
    func compression() async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            let cookie = try await site.claim(ballot)
            for path in ["/", "/b/\(ballot.token)", "/t", "/privacy", "/verify", "/new-link", "/accessibility"] {
                let plain = try await site.get(path)
                #expect(plain.header("content-encoding") == nil)
                #expect(plain.header("vary") == "Accept-Encoding, Accept-Language")
                let packed = try await site.get(path, headers: ["Accept-Encoding: br, gzip;q=0.8"])
                #expect(packed.header("content-encoding") == "gzip")
                #expect(packed.body.count < plain.body.count / 2)
                #expect(packed.body.count < 5_000)
                let file = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-\(UUID().uuidString).gz")
                try Data(packed.body).write(to: file)
                defer { try? FileManager.default.removeItem(at: file) }
                let unpacked = try await WebTestSite.onThread { try WebTestProgram.run("gzip", ["-dc", file.path]) }
                #expect(unpacked.status == 0)
                #expect(unpacked.text == plain.text)
                #expect(try await site.get(path, headers: ["Accept-Encoding: gzip;q=0, identity"]).header("content-encoding") == nil)
            }
            let personal = try await site.get("/ballot", headers: ["Cookie: \(cookie)", "Accept-Encoding: gzip"])
            #expect(personal.status == 200)
            #expect(personal.header("content-encoding") == nil)
            let timeline = try await site.get("/t/\(ballot.tracking.text)", headers: ["Accept-Encoding: gzip"])
            #expect(timeline.status == 200)
            #expect(timeline.header("content-encoding") == nil)
        }
    }

    @Test("A download names the SHA-256 of the whole file, whatever part is sent")
    func digest() async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            let cookie = try await site.claim(ballot)
            let digest = "sha-256=:\(Data(SHA256.hash(ballot.pdf)).base64EncodedString()):"
            let path = "/ballot/\(WebTestSite.fileName).pdf"
            for headers in [[], ["Range: bytes=10-20"]] {
                let reply = try await site.get(path, headers: ["Cookie: \(cookie)"] + headers)
                #expect(reply.header("repr-digest") == digest)
            }
        }
    }

    @Test("Asking for a file's head serves nothing and writes nothing down, and the connection goes on")
    func head() async throws {
        try await WebTestSite.serving(baseLength: 100_000) { site in
            let ballot = try site.issue()[0]
            let cookie = try await site.claim(ballot)
            let port = site.port
            let path = "/ballot/\(WebTestSite.fileName).pdf"
            let (head, file) = try await WebTestSite.onThread {
                let connection = try WebTestConnection(port: port)
                try connection.send(WebTestSite.request("HEAD", path, headers: ["Cookie: \(cookie)"]))
                let head = try connection.receive(hasBody: false)
                // Longer than it takes until the progress of a download is told.
                usleep(700_000)
                let rows = try site.count("SELECT count(*) FROM served")
                try connection.send(WebTestSite.request("GET", path, headers: ["Cookie: \(cookie)"]))
                return ((head, rows), try connection.receive())
            }
            #expect(head.0.status == 200)
            #expect(head.0.header("content-length") == "\(ballot.pdf.count)")
            #expect(head.1 == 0)
            #expect(file.body == ballot.pdf)
            #expect(try await WebTestSite.eventually { try site.events("delivered", of: ballot) == 1 })
        }
    }

    // MARK: A new link

    private func ticket(_ reply: WebTestReply) throws -> String {
        let text = reply.text
        let start = try #require(text.range(of: "name=\"wish\" value=\"")).upperBound
        return String(text[start...].prefix { $0 != "\"" })
    }

    @Test("The right answer on a used or replaced link may wish for a new one, three times a day; nobody else may")
    func wishes() async throws {
        try await WebTestSite.serving { site in
            let ballots = try site.issue(4)
            _ = try await site.claim(ballots[0])
            try site.change([ballots[1]], "state = 'replaced'")
            let wrong = try await site.post("/b/\(ballots[0].token)", "answer=1984-03-08")
            #expect(!wrong.text.contains("name=\"wish\""))
            for ballot in ballots[0...1] {
                var ticket = ""
                for number in 0...3 {
                    let over = try await site.post("/b/\(ballot.token)", "answer=1984-03-07")
                    #expect(over.status == 403)
                    ticket = try self.ticket(over)
                    site.time.advance(seconds: 1)
                    // A form that is sent twice is one wish.
                    for _ in 0..<2 where number < 3 {
                        let reply = try await site.post("/b/\(ballot.token)", "wish=\(ticket)")
                        #expect(reply.status == 200)
                        #expect(reply.text.contains("A new link is on its way"))
                    }
                }
                let fourth = try await site.post("/b/\(ballot.token)", "wish=\(ticket)")
                #expect(fourth.status == 429)
                #expect(fourth.header("retry-after") != nil)
                #expect(try site.count("SELECT count(*) FROM wish WHERE ballot = $1", .blob(ballot.id)) == 3)
                // The ticket is for this link, and says nothing elsewhere.
                for other in [ballots[2].token, ballots[3].token, WebTestSite.madeUpToken()] {
                    #expect(try await site.post("/b/\(other)", "wish=\(ticket)").status == 403)
                }
            }
            site.time.advance(seconds: 86_401)
            let again = try await site.post("/b/\(ballots[0].token)", "answer=1984-03-07")
            #expect(try await site.post("/b/\(ballots[0].token)", "wish=\(try ticket(again))").status == 200)
            #expect(try site.count("SELECT count(*) FROM wish") == 7)
        }
    }

    @Test("When links have closed, nobody is offered a new one or asked to try again; the start page says so, too")
    func closed() async throws {
        try await WebTestSite.serving { site in
            let ballots = try site.issue(3)
            _ = try await site.claim(ballots[0])
            try site.change([ballots[1]], "state = 'replaced'")
            let ticket = try self.ticket(try await site.post("/b/\(ballots[0].token)", "answer=1984-03-07"))
            #expect(try await site.get("/").text.contains("How to get your ballot"))
            try site.change(ballots, "closes_at = \(site.time.now.milliseconds)")
            let wish = try await site.post("/b/\(ballots[0].token)", "wish=\(ticket)")
            #expect(wish.status == 403 && wish.text.contains("<h1>This link has closed</h1>"))
            #expect(try await site.post("/b/\(ballots[1].token)", "answer=1984-03-07").text.contains("<h1>This link has closed</h1>"))
            // Who has a visit may still go on for its 24 hours.
            #expect(try await site.post("/b/\(ballots[0].token)", "answer=1984-03-07").text.contains("<h1>This link has been used</h1>"))
            try site.database.write {
                let text = try #require(try $0.first("SELECT text FROM election") { try $0.text("text") })
                var election = try PublicElection(json: try JSONValue.parse(Array(text.utf8)))
                election.linksClose = site.time.now
                try $0.execute("UPDATE election SET text = $1", .text(election.json.text))
            }
            site.time.advance(seconds: 86_400)
            #expect(try await site.post("/b/\(ballots[0].token)", "answer=1984-03-07").text.contains("<h1>This link has closed</h1>"))
            try await Task.sleep(for: .seconds(2.2))
            let home = try await site.get("/").text
            #expect(home.contains("Links have closed") && home.contains("Links worked until") && !home.contains("How to get your ballot"))
            #expect(try site.count("SELECT count(*) FROM wish") == 0)
        }
    }

    @Test("On a shared device the page of a used link leads to no ballot but its own")
    func shared() async throws {
        try await WebTestSite.serving { site in
            let ballots = try site.issue(2)
            let cookie = "Cookie: \(try await site.claim(ballots[0]))"
            _ = try await site.claim(ballots[1])
            let own = try await site.post("/b/\(ballots[0].token)", "answer=1984-03-07", headers: [cookie]).text
            let other = try await site.post("/b/\(ballots[1].token)", "answer=1984-03-07", headers: [cookie]).text
            #expect(own.contains("Go on to your ballot"))
            #expect(other.contains("<h1>This link has been used</h1>") && !other.contains("Go on to your ballot"))
        }
    }

    @Test("A date with a month in a language of the site is understood whatever the page's language")
    func months() async throws {
        try await WebTestSite.serving { site in
            let ballots = try site.issue(2)
            #expect(try await site.post("/b/\(ballots[0].token)", "answer=7+de+marzo+de+1984").status == 303)
            #expect(try await site.post("/b/\(ballots[1].token)?lang=es", "answer=March+7,+1984").status == 303)
        }
    }

    @Test("A ticket that is made up, changed or half an hour old is worth nothing, and all of these look the same")
    func tickets() async throws {
        try await WebTestSite.serving { site in
            let ballots = try site.issue(3)
            _ = try await site.claim(ballots[0])
            let ticket = try ticket(try await site.post("/b/\(ballots[0].token)", "answer=1984-03-07"))
            let parts = ticket.split(separator: ".").map(String.init)
            let later = "\(try #require(Int64(parts[0])) + 1).\(parts[1])"
            try site.change([ballots[1]], "state = 'retired'")
            var replies: [WebTestReply] = []
            for (token, text) in [
                (ballots[0].token, later), (ballots[0].token, "x"), (ballots[0].token, ""), (ballots[0].token, "1.\(parts[1])"),
                (ballots[0].token, String(repeating: "9", count: 90)), (ballots[1].token, ticket), (ballots[2].token, ticket),
                (WebTestSite.madeUpToken(), ticket), ("", ticket)
            ] {
                replies.append(try await site.post("/b/\(token)", "wish=\(text)"))
            }
            site.time.advance(seconds: 1801)
            replies.append(try await site.post("/b/\(ballots[0].token)", "wish=\(ticket)"))
            for reply in replies {
                #expect(reply.status == 403)
                #expect(reply.body == replies[0].body)
                #expect(reply.comparable == replies[0].comparable)
            }
            #expect(try site.count("SELECT count(*) FROM wish") == 0)
        }
    }

    @Test("A request that names no host, or none that could be, is refused; only the site's health may be asked without")
    func hosts() async throws {
        try await WebTestSite.serving { site in
            let port = site.port
            func ask(_ path: String, _ host: String?) async throws -> Int {
                try await WebTestSite.onThread {
                    let connection = try WebTestConnection(port: port)
                    try connection.send("GET \(path) HTTP/1.1\r\n\(host.map { "Host: \($0)\r\n" } ?? "")\r\n")
                    return try connection.receive().status
                }
            }
            let good = ["localhost", "127.0.0.1:8080", "[::1]:8080", "ballots.example.gov"]
            let bad = ["a b/@c", "user@host", "x/y", String(repeating: "a", count: 300), "localhost\r\nHost: localhost", nil]
            for (hosts, status) in [(good.map(Optional.some), 200), (bad, 400)] {
                for host in hosts {
                    let answered = try await ask("/", host)
                    #expect(answered == status, "\(host ?? "none")")
                }
            }
            let health = try await ask("/healthz", nil)
            #expect(health == 200)
        }
    }

    @Test("The timeline of a rejected ballot is a warning, and no longer says that it waits to be accepted")
    func rejected() async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            func step(_ seq: Int64, _ kind: String) throws {
                try site.database.write {
                    try $0.execute(
                        "INSERT INTO step (ballot, seq, kind, at) VALUES ($1, $2, $3, $4)", .blob(ballot.id), .integer(seq), .text(kind),
                        .integer(1_857_000_000_000 + seq))
                }
            }
            try step(1, "received")
            let before = try await site.get("/t/\(ballot.tracking.text)").text
            #expect(before.contains("does not yet mean") && !before.contains("note alert"))
            try step(2, "rejected")
            let after = try await site.get("/t/\(ballot.tracking.text)").text
            #expect(!after.contains("does not yet mean") && after.contains("note alert") && after.contains("way bad"))
        }
    }
}
