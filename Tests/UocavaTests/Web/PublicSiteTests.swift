import Elections
import Foundation
import HTTPTypes
import Keys
import Office
import Storage
import Testing
import Web

@Suite("The public site")
struct PublicSiteTests {
    @Test("Every page has a language, one heading, the site's headers and the SAMPLE banner in a test office")
    func pages() async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            let cookie = try await site.claim(ballot)
            let replies = [
                try await site.get("/"), try await site.get("/accessibility"), try await site.get("/privacy"), try await site.get("/b/x"),
                try await site.post("/b/x", "answer=1984-03-07"),
                try await site.post("/b/x", "answer=?"), try await site.post("/b/\(ballot.token)", "answer=1984-03-07"),
                try await site.get("/ballot", headers: ["Cookie: \(cookie)"]), try await site.get("/ballot"), try await site.get("/t"),
                try await site.get("/t/\(ballot.tracking.text)"), try await site.get("/t/none"), try await site.get("/nowhere"),
                try await site.ask("DELETE", "/"), try await site.post("/ballot/end", "")
            ]
            for reply in replies {
                #expect(reply.text.contains("<html lang=\"en\" dir=\"ltr\">"))
                #expect(reply.text.components(separatedBy: "<h1>").count == 2)
                #expect(reply.text.contains("SAMPLE"))
                #expect(reply.text.contains("Board of Elections &lt;Test &amp; Co&gt;"))
                #expect(!reply.text.contains("<script"))
                // Its own address stands on the start page, in words.
                let others = reply.text.replacing("http://127.0.0.1:8080/.", with: "")
                #expect(!others.contains("http://") && !others.contains("https://"))
                #expect(reply.body.count < 14_000)
                #expect(!reply.text.contains(ballot.token))
                #expect(reply.header("cache-control") == "no-store")
                #expect(reply.header("referrer-policy") == "no-referrer")
                #expect(reply.header("x-content-type-options") == "nosniff")
                #expect(reply.header("cross-origin-opener-policy") == "same-origin")
                #expect(reply.header("content-security-policy")?.hasPrefix("default-src 'none'; style-src 'sha256-") == true)
                #expect(reply.header("strict-transport-security") == nil)
                #expect(reply.header("server") == nil)
            }
        }
        try await WebTestSite.serving(test: false) { site in
            let page = try await site.get("/")
            #expect(!page.text.contains("SAMPLE"))
        }
    }

    @Test("The content security policy names the hash of the style sheet in the page, which is small and loads nothing")
    func styleHash() async throws {
        try await WebTestSite.serving { site in
            let page = try await site.get("/")
            let style = try #require(page.text.firstMatch(of: /<style>([^<]*)<\/style>/)).output.1
            let hash = Data(SHA256.hash(Array(style.utf8))).base64EncodedString()
            #expect(page.header("content-security-policy")?.contains("style-src 'sha256-\(hash)';") == true)
            #expect(style.utf8.count < 4096)
            #expect(!style.contains("url(") && !style.contains("@import"))
        }
    }

    @Test("Pages come in the reader's language, and the language can be chosen")
    func languages() async throws {
        try await WebTestSite.serving { site in
            let spanish = try await site.get("/b/x", headers: ["Accept-Language: fr, es-MX;q=0.9, en;q=0.8"])
            #expect(spanish.text.contains("<html lang=\"es\" dir=\"ltr\">"))
            #expect(spanish.text.contains("Abra su boleta"))
            #expect(try await site.get("/b/y?lang=es").body == spanish.body)
            #expect(try await site.get("/b/y?lang=xx").text.contains("<html lang=\"en\" dir=\"ltr\">"))
            let ballot = try site.issue()[0]
            let reply = try await site.post("/b/\(ballot.token)", "answer=7+de+marzo+de+1984", headers: ["Accept-Language: es"])
            #expect(reply.status == 303)
        }
    }

    @Test("The timeline tells its steps in plain words, and that received is not yet accepted")
    func timeline() async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            let cookie = "Cookie: \(try await site.claim(ballot))"
            _ = try await site.get("/ballot/\(WebTestSite.fileName).pdf", headers: [cookie])
            #expect(try await WebTestSite.eventually { try site.events("delivered", of: ballot) == 1 })
            try site.database.write { transaction in
                let at = site.time.now
                for (index, kind) in ["letter_sent", "received"].enumerated() {
                    try transaction.execute(
                        "INSERT INTO step (ballot, seq, kind, at) VALUES ($1, $2, $3, $4)", .blob(ballot.id), .integer(Int64(index)),
                        .text(kind), .integer(at.adding(seconds: Int64(index) * 86_400).milliseconds))
                }
                try transaction.execute(
                    "INSERT INTO step (ballot, seq, kind, at, sealed) VALUES ($1, 3, 'rejected', $2, $3)", .blob(ballot.id),
                    .integer(at.adding(seconds: 200_000).milliseconds),
                    .blob(WebTestSite.sealed("No <signature>", for: ballot)))
            }
            let byCode = try await site.get("/t/\(ballot.tracking.text)")
            let byForm = try await site.post("/t", "code=\(ballot.tracking.text.lowercased().replacing("-", with: "+"))")
            #expect(byCode.status == 200)
            // What was sent with a form cannot be asked for again in the other language.
            #expect(!byForm.text.contains("?lang=es"))
            #expect(byForm.text == byCode.text.replacing(/<p><a href="\?lang=es".*?<\/p>\n/, with: ""))
            #expect(try await site.get("/t/\(ballot.tracking.text)?lang=es").text.contains("<html lang=\"es\""))
            for words in ["prepared", "downloaded", "has received", "was not accepted", "No &lt;signature&gt;"] {
                #expect(byCode.text.contains(words), "\(words)")
            }
            #expect(byCode.text.contains("September 25, 2028, 10:00 a.m."))
            #expect(!byCode.text.contains(ballot.tracking.text))
        }
    }

    @Test("The timeline warns that received is not accepted while that matters, and says neither before it is so")
    func timelineWords() async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            func step(_ kind: String, _ seq: Int64) async throws -> String {
                try site.database.write { transaction in
                    try transaction.execute(
                        "INSERT INTO step (ballot, seq, kind, at) VALUES ($1, $2, $3, $4)", .blob(ballot.id), .integer(seq), .text(kind),
                        .integer(site.time.now.adding(seconds: seq).milliseconds))
                }
                return try await site.get("/t/\(ballot.tracking.text)").text
            }
            let sent = try await step("letter_sent", 1)
            #expect(!sent.contains("accepted") && !sent.contains("eceived"))
            #expect(sent.contains("Times are those of the election office: Eastern Time."))
            #expect(try await step("received", 2).contains("does not yet mean"))
            let accepted = try await step("accepted", 3)
            #expect(accepted.contains("was accepted"))
            #expect(!accepted.contains("does not yet mean"))
        }
    }

    @Test("The start page tells the dates of the elections, and where a genuine letter leads, until ballots come in no more")
    func home() async throws {
        try await WebTestSite.serving { site in
            let page = try await site.get("/").text
            #expect(page.contains("<h2>General Election 2028</h2>") && page.contains("November 7, 2028"))
            #expect(
                page.contains("begins with http://127.0.0.1:8080/.")
                    && page.contains("Times are those of the election office: Eastern Time."))
            #expect(!page.contains("From overseas") && !page.contains("Postmarked"))
            try site.database.write { transaction in
                var election = PublicElection(
                    code: "2028-general", name: "General Election 2028", date: "2028-11-07", timeZone: "America/New_York",
                    receipt: Instant(seconds: 1_857_258_000), linksClose: Instant(seconds: 1_857_258_000), returnNotice: [:])
                election.postmark = "2028-11-06"
                election.receiptOverseas = Instant(seconds: 1_858_122_000)
                try transaction.execute("UPDATE election SET text = $1", .text(election.json.text))
            }
            // A notice is kept for two seconds.
            try await Task.sleep(for: .seconds(2.2))
            let spanish = try await site.get("/?lang=es").text
            #expect(spanish.contains("Desde el extranjero") && spanish.contains("6 de noviembre de 2028"))
            // The packet's page names the postmark's day, too, and what of the office's own is in the packet.
            let plain = try site.issue()[0]
            let full = try site.issue(1, inserts: [.instructions, .writeIns, .secrecy])[0]
            let (first, second) = (try await site.claim(plain), try await site.claim(full))
            let one = try await site.get("/ballot", headers: ["Cookie: \(first)"]).text
            let two = try await site.get("/ballot", headers: ["Cookie: \(second)"]).text
            #expect(one.contains("<dt>Postmarked by</dt><dd>November 6, 2028</dd>"))
            let parts = ["the election office’s instructions", "you may write in", "the secrecy sheet", "Cover your ballot with"]
            for part in parts { #expect(two.contains(part) && !one.contains(part), "\(part)") }
            #expect(one.contains("Put ballot and declaration into") && !two.contains("Put ballot and declaration into"))
            site.time.advance(seconds: 80 * 86_400)
            let later = try await site.get("/").text
            #expect(!later.contains("General Election 2028"))
        }
    }

    @Test("Programs are told where not to go and whom to tell of a weakness, and the pages have a picture of their own")
    func siteFiles() async throws {
        try await WebTestSite.serving { site in
            let robots = try await site.get("/robots.txt")
            #expect(robots.status == 200 && robots.text.contains("Disallow: /b/\n"))
            let security = try await site.get("/.well-known/security.txt")
            #expect(security.header("content-type") == "text/plain; charset=utf-8")
            #expect(
                security.text == """
                    Contact: mailto:uocava@elections.example.gov
                    Expires: 2029-03-24T00:00:00Z
                    Preferred-Languages: en, es
                    Canonical: http://127.0.0.1:8080/.well-known/security.txt

                    """)
            for path in ["/favicon.svg", "/favicon.ico"] {
                let icon = try await site.get(path)
                #expect(icon.header("content-type") == "image/svg+xml" && icon.text.hasPrefix("<svg "))
            }
            #expect(try await site.get("/").text.contains("<link rel=\"icon\" href=\"/favicon.svg\""))
            #expect(try await site.post("/robots.txt", "").status == 405)
        }
        func contact(_ configuration: inout Configuration) { configuration.publicSite.securityContact = "https://example.gov/security" }
        try await WebTestSite.serving(configure: contact) { site in
            let named = try await site.get("/.well-known/security.txt").text
            #expect(named.hasPrefix("Contact: https://example.gov/security\n"))
        }
    }

    @Test("The statements are in both languages and keep the one that was chosen")
    func statements() async throws {
        try await WebTestSite.serving { site in
            #expect(try await site.get("/privacy?lang=es").text.contains("<h1>Privacidad</h1>"))
            let page = try await site.get("/accessibility?lang=es").text
            #expect(
                page.contains("<h1>Accesibilidad</h1>") && page.contains("href=\"/privacy?lang=es\"") && page.contains("href=\"/?lang=es\"")
            )
        }
    }

    @Test("The office's certificate is there for everybody, once the office has imported an election")
    func certificate() async throws {
        try await WebTestSite.serving { site in
            let reply = try await site.get("/office-ca.pem")
            #expect(reply.status == 200)
            #expect(reply.body == (try site.authority()))
            #expect(reply.header("content-type") == "application/x-pem-file")
            #expect(reply.header("x-content-type-options") == "nosniff")
            #expect(try await site.ask("HEAD", "/office-ca.pem").header("content-length") == "\(reply.body.count)")
            #expect(try await site.get("/").text.contains("href=\"/office-ca.pem\""))
        }
        try await WebTestSite.serving { site in
            try site.database.write { try $0.execute("DELETE FROM notice") }
            #expect(try await site.get("/office-ca.pem").status == 404)
            #expect(try await !site.get("/").text.contains("office-ca.pem"))
        }
    }

    @Test("An import puts certificate and time zone on the office's notice", .enabled(if: TestOffice.present, "the program is not built"))
    func imported() async throws {
        let test = try TestOffice()
        let counter = try test.counter()
        let notice = try #require(try await counter.notice())
        await counter.stop()
        #expect(notice.timeZone == "America/New_York")
        #expect(Data(notice.authority.utf8) == (try Data(contentsOf: test.folder.appendingPathComponent("keys/ca.pem"))))
        #expect(try PublicNotice(json: JSONValue.parse(Array(notice.json.text.utf8))) == notice)
    }

    @Test("Codes that open nothing all get the same 404, a return code too")
    func unknownCodes() async throws {
        try await WebTestSite.serving { site in
            let codes = [
                "none", TrackingCode(random: SystemRandom.bytes(19)).text, ReturnCode(random: SystemRandom.bytes(11)).text, "%00",
                "T-%3Cb%3E"
            ]
            var bodies: Set<[UInt8]> = []
            for code in codes {
                for reply in [try await site.get("/t/\(code)"), try await site.post("/t", "code=\(code)")] {
                    #expect(reply.status == 404)
                    bodies.insert(reply.body)
                }
            }
            #expect(bodies.count == 1)
            // Who looks for a status on the page finds none where there is no ballot.
            let words = Set(String(decoding: bodies.first ?? [], as: UTF8.self).lowercased().split { !$0.isLetter }.map(String.init))
            #expect(words.isDisjoint(with: BallotStatus.allCases.map(\.rawValue)))
        }
    }

    @Test("Unknown paths are 404, known ones say what may be done with them")
    func routes() async throws {
        try await WebTestSite.serving { site in
            for path in [
                "/x", "/b", "/ballot/", "/ballot/a/b", "/t/", "/staff", "/style.css", "/office-ca.pem/", "/ballots", "/.git/config", "//"
            ] {
                #expect(try await site.get(path).status == 404, "\(path)")
            }
            #expect(try await site.get("/\(String(repeating: "x", count: 2000))").status == 404)
            for (method, path, allow) in [
                ("POST", "/", "GET, HEAD"), ("PUT", "/b/x", "GET, HEAD, POST"), ("GET", "/ballot/end", "POST"),
                ("POST", "/ballot", "GET, HEAD"),
                ("DELETE", "/t", "GET, HEAD, POST"), ("POST", "/t/x", "GET, HEAD"), ("OPTIONS", "/ballot/x.pdf", "GET, HEAD"),
                ("TRACE", "/", "GET, HEAD"), ("POST", "/office-ca.pem", "GET, HEAD")
            ] {
                let reply = try await site.ask(method, path)
                #expect(reply.status == 405, "\(method) \(path)")
                #expect(reply.header("allow") == allow)
            }
        }
    }

    @Test("A form that another site posts is refused; our own page's, and a text browser's, is not")
    func foreignOrigin() async throws {
        try await WebTestSite.serving { site in
            let host = "127.0.0.1:\(site.port)"
            let foreign = [
                ["Origin: https://evil.example"], ["Origin: http://127.0.0.1:1"], ["Origin: null", "Sec-Fetch-Site: cross-site"],
                ["Sec-Fetch-Site: cross-site"], ["Origin: http://127.0.0.1:8080", "Sec-Fetch-Site: cross-site"],
                ["Origin: https://127.0.0.1:8080"]
            ]
            let ballot = try site.issue()[0]
            for headers in foreign {
                for path in ["/b/\(ballot.token)", "/t", "/ballot/end"] {
                    #expect(try await site.post(path, "answer=1984-03-07", headers: headers).status == 403, "\(headers)")
                }
            }
            #expect(try site.count("SELECT count(*) FROM visit") == 0)
            let own = [
                [], ["Origin: http://127.0.0.1:8080"], ["Origin: HTTP://127.0.0.1:8080"], ["Origin: null"],
                ["Origin: null", "Sec-Fetch-Site: same-origin"], ["Origin: null", "Sec-Fetch-Site: none"]
            ]
            for (headers, ballot) in zip(own, try site.issue(own.count)) {
                #expect(try await site.post("/b/\(ballot.token)", "answer=1984-03-07", headers: headers).status == 303, "\(headers)")
            }
            var head = HTTPRequest(method: .post, scheme: nil, authority: host, path: "/t")
            head.headerFields[.origin] = "http://\(host)"
            #expect(FormOrigin(publicURL: "http://127.0.0.1:8080").accepts(head))
            #expect(!FormOrigin(publicURL: "https://ballots.example.gov").accepts(head))
            head.headerFields[.origin] = "https://BALLOTS.example.gov:443"
            #expect(FormOrigin(publicURL: "https://ballots.example.gov").accepts(head))
        }
    }

    @Test("What is too long, or too broken, is refused, and the connection ends")
    func limits() async throws {
        try await WebTestSite.serving { site in
            let port = site.port
            let long = String(repeating: "x", count: 2000)
            #expect(try await site.post("/b/x", "answer=\(long)").status == 413)
            let chunked = try await WebTestSite.onThread {
                let connection = try WebTestConnection(port: port)
                try connection.send(
                    "POST /t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n\(String(repeating: "y", count: 2048))\r\n")
                let reply = try connection.receive()
                return (reply.status, connection.isClosed())
            }
            #expect(chunked == (413, true))
            let noChunk = try await WebTestSite.onThread {
                let connection = try WebTestConnection(port: port)
                try connection.send("POST /t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nanswer=1\r\n0\r\n\r\n")
                let reply = try connection.receive()
                return (reply.status, connection.isClosed())
            }
            #expect(noChunk == (400, true))
            #expect(try await site.get("/", headers: ["X-Long: \(String(repeating: "z", count: 20_000))"]).status == 400)
            let many = (0..<80).map { "X-\($0): 1" }
            #expect(try await site.get("/", headers: many).status == 400)
            let broken = try await WebTestSite.onThread {
                let connection = try WebTestConnection(port: port)
                try connection.send("NONSENSE\r\n\r\n")
                return try connection.receive().status
            }
            #expect(broken == 400)
        }
    }

    @Test("Health is told, and a database that is gone is a plain page with a number, not a stack of words")
    func health() async throws {
        try await WebTestSite.serving { site in
            let reply = try await site.get("/healthz")
            #expect(reply.status == 200)
            #expect(reply.text.trimmingCharacters(in: .whitespacesAndNewlines) == "ok")
            let ballot = try site.issue()[0]
            let cookie = "Cookie: \(try await site.claim(ballot))"
            try site.database.write { try $0.executeScript("DROP TABLE served; DROP TABLE visit; DROP TABLE step;") }
            let failed = try await site.get("/ballot", headers: [cookie])
            #expect(failed.status == 500)
            #expect(!failed.text.contains("visit") && !failed.text.contains("SQL"))
            let number = try #require(failed.text.firstRange(of: /tell the election office this number: [0-9A-F]{8}</))
            #expect(!number.isEmpty)
            #expect(try await site.get("/b/x").status == 200)
            try site.database.close()
            #expect(try await site.get("/healthz").status == 503)
        }
    }

    @Test("When all seats are taken, the next is told to come back, and later served")
    func overload() async throws {
        let configure: (inout Configuration) -> Void = { $0.limits.requestsInFlight = 4 }
        try await WebTestSite.serving(configure: configure) { site in
            let statuses = try await withThrowingTaskGroup(of: (Int, String?).self) { group in
                for _ in 0..<24 {
                    group.addTask {
                        let reply = try await site.post("/b/\(WebTestSite.madeUpToken())", "answer=1984-03-08")
                        return (reply.status, reply.header("retry-after"))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.contains { $0.0 == 403 })
            let busy = statuses.filter { $0.0 == 503 }
            #expect(!busy.isEmpty && busy.allSatisfy { $0.1 == "2" })
            #expect(try await WebTestSite.eventually { true })
            #expect(try await site.get("/").status == 200)
        }
    }

    @Test("The site serves TLS where a certificate is configured")
    func tls() async throws {
        let pair = try WebTestCertificate("localhost")
        defer { pair.remove() }
        try await WebTestSite.serving(configure: pair.configure) { site in
            let ballot = try site.issue()[0]
            let port = site.port
            let jar = pair.path("jar")
            let packet = pair.path("packet.pdf")
            let statuses = try await WebTestSite.onThread {
                let common = ["-sk", "-c", jar, "-b", jar, "-w", "%{http_code}"]
                let claim = try WebTestProgram.run(
                    "curl", common + ["-d", "answer=1984-03-07", "https://localhost:\(port)/b/\(ballot.token)"])
                let file = try WebTestProgram.run(
                    "curl", common + ["-o", packet, "https://localhost:\(port)/ballot/\(WebTestSite.fileName).pdf"])
                let old = try WebTestProgram.run("curl", ["-sk", "--tls-max", "1.1", "https://localhost:\(port)/"])
                return (claim.text, file.text, old.status)
            }
            #expect(statuses.0 == "303")
            #expect(statuses.1 == "200")
            #expect(statuses.2 != 0)
            #expect(FileManager.default.contents(atPath: packet) == Data(ballot.pdf))
            #expect(try await WebTestSite.eventually { try site.events("delivered", of: ballot) == 1 })
        }
    }
}
