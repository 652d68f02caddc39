import Elections
import Foundation
import Storage
import Testing
import Web

@Suite("The packet's files")
struct DownloadTests {
    private static let pdf = "/ballot/\(WebTestSite.fileName).pdf"
    private static let zip = "/ballot/\(WebTestSite.fileName).zip"

    @Test("The PDF comes whole, with its hash as ETag, and is delivered once")
    func whole() async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            let cookie = ["Cookie: \(try await site.claim(ballot))"]
            for _ in 0..<2 {
                let reply = try await site.get(Self.pdf, headers: cookie)
                #expect(reply.status == 200)
                #expect(reply.body == ballot.pdf)
                #expect(reply.header("etag") == ballot.etag)
                #expect(reply.header("content-type") == "application/pdf")
                #expect(reply.header("content-disposition") == "attachment; filename=\"\(WebTestSite.fileName).pdf\"")
                #expect(reply.header("accept-ranges") == "bytes")
                #expect(reply.header("cache-control") == "no-store")
                #expect(try await WebTestSite.eventually { try site.events("delivered", of: ballot) == 1 })
            }
            #expect(try site.events("delivered", of: ballot) == 1)
        }
    }

    @Test(
        "A range gives its bytes, 206 and Content-Range; what is no range gives all",
        arguments: [
            WebRangeCase("bytes=0-99", 206, (0, 100)), WebRangeCase("bytes=399990-", 206, (399_990, 0)),
            WebRangeCase("bytes=-10", 206, (-10, 0)), WebRangeCase("bytes=0-99999999", 206, (0, 0)),
            WebRangeCase("bytes=99999999-", 416, (0, 0)), WebRangeCase("bytes=-0", 416, (0, 0)), WebRangeCase("bytes=5-2", 200, (0, 0)),
            WebRangeCase("bytes=0-1,5-6", 200, (0, 0)), WebRangeCase("lines=1-2", 200, (0, 0)), WebRangeCase("bytes=a-b", 200, (0, 0))
        ])
    func ranges(_ example: WebRangeCase) async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            let cookie = "Cookie: \(try await site.claim(ballot))"
            let reply = try await site.get(Self.pdf, headers: [cookie, "Range: \(example.header)"])
            #expect(reply.status == example.status)
            let length = ballot.pdf.count
            switch example.status {
            case 416: #expect(reply.header("content-range") == "bytes */\(length)")
            default:
                let range = example.range(of: length)
                #expect(reply.body == Array(ballot.pdf[range]))
                if example.status == 206 {
                    #expect(reply.header("content-range") == "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)")
                }
            }
        }
    }

    @Test("HEAD, If-None-Match and If-Range are honoured, and none of them delivers")
    func conditions() async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            let cookie = "Cookie: \(try await site.claim(ballot))"
            let head = try await site.ask("HEAD", Self.pdf, headers: [cookie])
            #expect(head.status == 200)
            #expect(head.header("content-length") == "\(ballot.pdf.count)")
            #expect(head.header("etag") == ballot.etag)
            for match in [ballot.etag, "W/\(ballot.etag)", "\"other\", \(ballot.etag)", "*"] {
                let reply = try await site.get(Self.pdf, headers: [cookie, "If-None-Match: \(match)"])
                #expect(reply.status == 304)
                #expect(reply.header("etag") == ballot.etag)
            }
            let stale = try await site.get(
                Self.pdf, headers: [cookie, "Range: bytes=0-9", "If-Range: \"stale\"", "If-None-Match: \"stale\""])
            #expect(stale.status == 200)
            let fresh = try await site.get(Self.pdf, headers: [cookie, "Range: bytes=0-9", "If-Range: \(ballot.etag)"])
            #expect(fresh.status == 206)
            #expect(fresh.body.count == 10)
        }
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            let cookie = "Cookie: \(try await site.claim(ballot))"
            _ = try await site.ask("HEAD", Self.pdf, headers: [cookie])
            _ = try await site.get(Self.pdf, headers: [cookie, "If-None-Match: *"])
            _ = try await site.get(Self.pdf, headers: [cookie, "Range: bytes=1-"])
            try await Task.sleep(for: .milliseconds(400))
            #expect(try site.events("delivered", of: ballot) == 0)
            _ = try await site.get(Self.pdf, headers: [cookie, "Range: bytes=0-0"])
            #expect(try await WebTestSite.eventually { try site.events("delivered", of: ballot) == 1 })
        }
    }

    @Test(
        "A download cut anywhere is not delivered; resumed, it is, once, and identical", arguments: [1, 120_000, 200_000, 380_000, 400_500])
    func cut(at place: Int) async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            let cookie = "Cookie: \(try await site.claim(ballot))"
            let port = site.port
            let first = try await WebTestSite.onThread {
                let connection = try WebTestConnection(port: port)
                try connection.send(WebTestSite.request("GET", Self.pdf, headers: [cookie]))
                let part = try connection.receive(upTo: place).body
                // What lies unread in the kernel resets the connection.
                return part
            }
            #expect(first.count == place)
            try await Task.sleep(for: .milliseconds(600))
            #expect(try site.events("delivered", of: ballot) == 0)
            let rest = try await site.get(Self.pdf, headers: [cookie, "Range: bytes=\(place)-", "If-Range: \(ballot.etag)"])
            #expect(rest.status == 206)
            #expect(first + rest.body == ballot.pdf)
            #expect(try await WebTestSite.eventually { try site.events("delivered", of: ballot) == 1 })
            try await Task.sleep(for: .milliseconds(200))
            #expect(try site.events("delivered", of: ballot) == 1)
        }
    }

    @Test("Of a slow connection it is known how far it was when it broke off, also in the middle of a piece")
    func narrow() async throws {
        // It may break off at the end of a piece, but hardly thrice.
        for place in [600_000, 450_000, 700_000] {
            // A piece is 256 KB.
            if try await known(place).isMultiple(of: 262_144) { continue }
            return
        }
        Issue.record("What is known is always whole pieces")
    }

    /// How much of a packet is known to have arrived where a slow connection broke off after this much of it; the rest is fetched then.
    private func known(_ place: Int) async throws -> Int {
        var broken = 0
        try await WebTestSite.serving(baseLength: 2_000_000) { site in
            let ballot = try site.issue()[0]
            let cookie = "Cookie: \(try await site.claim(ballot))"
            let port = site.port
            let first = try await WebTestSite.onThread {
                let connection = try WebTestConnection(port: port, isNarrow: true)
                try connection.send(WebTestSite.request("GET", Self.pdf, headers: [cookie]))
                var part = try connection.receive(upTo: 3000).body
                while part.count < place {
                    usleep(20_000)
                    part += try connection.receiveBody(min(16_000, place - part.count))
                }
                return part
            }
            #expect(first.elementsEqual(ballot.pdf.prefix(place)))
            try await Task.sleep(for: .milliseconds(300))
            let ranges = try site.database.read { try $0.first("SELECT ranges FROM served") { try $0.text("ranges") } }
            let known = try #require(ranges?.wholeMatch(of: /0-(\d+)/).flatMap { Int($0.output.1) })
            #expect(known >= place && known < ballot.pdf.count)
            let rest = try await site.get(Self.pdf, headers: [cookie, "Range: bytes=\(place)-"])
            #expect(first + rest.body == ballot.pdf)
            #expect(try await WebTestSite.eventually { try site.events("delivered", of: ballot) == 1 })
            broken = known
        }
        return broken
    }

    @Test("What waits in the kernel for a client that reads nothing has not left: its last byte, fetched by itself, makes no delivery")
    func unread() async throws {
        try await WebTestSite.serving(baseLength: 400_000) { site in
            let ballot = try site.issue()[0]
            let cookie = "Cookie: \(try await site.claim(ballot))"
            let port = site.port
            try await WebTestSite.onThread {
                let connection = try WebTestConnection(port: port, isNarrow: true)
                try connection.send(WebTestSite.request("GET", Self.pdf, headers: [cookie]))
                _ = try connection.receive(upTo: 100)
                // Long enough for the progress to be told, too.
                usleep(600_000)
            }
            let last = ballot.pdf.count - 1
            #expect(try await site.get(Self.pdf, headers: [cookie, "Range: bytes=\(last)-"]).body == ballot.pdf.suffix(1))
            #expect(try await WebTestSite.eventually { try site.count("SELECT count(*) FROM served WHERE ranges LIKE '0-%,%'") == 1 })
            let ranges = try site.database.read { try $0.first("SELECT ranges FROM served") { try $0.text("ranges") } }
            let known = try #require(ranges?.wholeMatch(of: /0-(\d+),(\d+)-(\d+)/).flatMap { Int($0.output.1) }, "\(ranges ?? "")")
            #expect(known < 100_000)
            #expect(try site.events("delivered", of: ballot) == 0)
        }
    }

    @Test("How far a slow download is stands in the books while it goes on, so that a crash of ours costs the voter little")
    func notes() async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            let cookie = "Cookie: \(try await site.claim(ballot))"
            let port = site.port
            let hasSeen = DispatchSemaphore(value: 0)
            async let slow: Void = WebTestSite.onThread {
                let connection = try WebTestConnection(port: port)
                try connection.send(WebTestSite.request("GET", Self.pdf, headers: [cookie]))
                _ = try connection.receive(upTo: 1000)
                _ = hasSeen.wait(timeout: .now() + 20)
            }
            #expect(try await WebTestSite.eventually { try site.count("SELECT count(*) FROM served WHERE ranges LIKE '%~0-%'") == 1 })
            #expect(try site.events("delivered", of: ballot) == 0)
            hasSeen.signal()
            try await slow
            // What came of it stands in the note's place.
            #expect(try await WebTestSite.eventually { try site.count("SELECT count(*) FROM served WHERE ranges LIKE '%~%'") == 0 })
            #expect(try site.events("delivered", of: ballot) == 0)
        }
    }

    @Test("What a process had under way that died counts, and what this one has under way does not")
    func crashed() async throws {
        try await WebTestSite.serving { site in
            let ballots = try site.issue(2)
            for (ballot, isDead) in Swift.zip(ballots, [true, false]) {
                let cookie = "Cookie: \(try await site.claim(ballot))"
                let length = ballot.pdf.count
                let port = site.port
                // A response of this process that is still going on, to learn what it calls itself.
                let hasSeen = DispatchSemaphore(value: 0)
                async let slow: Void = WebTestSite.onThread {
                    let connection = try WebTestConnection(port: port, isNarrow: true)
                    try connection.send(WebTestSite.request("GET", Self.zip, headers: [cookie]))
                    _ = try connection.receive(upTo: 100)
                    _ = hasSeen.wait(timeout: .now() + 20)
                }
                #expect(
                    try await WebTestSite.eventually {
                        try site.count("SELECT count(*) FROM served WHERE file = 'zip' AND ranges LIKE '%~%'") == 1
                    })
                let text = try site.database.read {
                    try $0.first("SELECT ranges FROM served WHERE file = 'zip' AND ranges LIKE '%~%'") { try $0.text("ranges") }
                }
                hasSeen.signal()
                let name = isDead ? "dead" : try #require(text?.split(separator: ".").first.map(String.init))
                try site.database.write {
                    try $0.execute(
                        "INSERT INTO served (link, file, ranges) VALUES ($1, 'pdf', $2)", .blob(ballot.link),
                        .text("0-1000,\(name).7777~500-\(length - 500),rubbish~,~1-2,dead.x~1-9,5~6~7-8"))
                }
                #expect(try await site.get(Self.pdf, headers: [cookie, "Range: bytes=-500"]).status == 206)
                try await slow
                #expect(try await WebTestSite.eventually { try site.events("delivered", of: ballot) == (isDead ? 1 : 0) })
                try await Task.sleep(for: .milliseconds(200))
                #expect(try site.events("delivered", of: ballot) == (isDead ? 1 : 0))
            }
        }
    }

    @Test("A client that keeps its connection gets the next response on it, and the delivery is known at once")
    func keptConnection() async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            let cookie = "Cookie: \(try await site.claim(ballot))"
            let port = site.port
            let replies = try await WebTestSite.onThread {
                let connection = try WebTestConnection(port: port)
                var replies: [WebTestReply] = []
                for path in [Self.pdf, "/ballot", Self.zip, "/t"] {
                    try connection.send(WebTestSite.request("GET", path, headers: [cookie]))
                    replies.append(try connection.receive())
                }
                // Two at once.
                try connection.send(
                    WebTestSite.request("GET", Self.pdf, headers: [cookie]) + WebTestSite.request("GET", "/ballot", headers: [cookie]))
                replies.append(try connection.receive())
                replies.append(try connection.receive())
                return replies
            }
            #expect(replies.map(\.status) == [200, 200, 200, 200, 200, 200])
            #expect(replies[4].body == ballot.pdf)
            #expect(try site.events("delivered", of: ballot) == 1)
        }
    }

    @Test("Downloads of many at once are whole, and a base larger than 16 MB is too")
    func manyAndLarge() async throws {
        try await WebTestSite.serving(baseLength: 18_500_000) { site in
            let ballots = try site.issue(4)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for ballot in ballots {
                    group.addTask {
                        let reply = try await site.get(Self.pdf, headers: ["Cookie: \(try await site.claim(ballot))"])
                        #expect(reply.body == ballot.pdf)
                    }
                }
                try await group.waitForAll()
            }
            for ballot in ballots { #expect(try await WebTestSite.eventually { try site.events("delivered", of: ballot) == 1 }) }
        }
    }

    @Test("The ZIP holds the PDF and its companions, as unzip sees it, resumes, and is delivered")
    func zipped() async throws {
        try await WebTestSite.serving { site in
            let ballot = try site.issue()[0]
            let cookie = "Cookie: \(try await site.claim(ballot))"
            let whole = try await site.get(Self.zip, headers: [cookie])
            #expect(whole.status == 200)
            #expect(whole.header("content-type") == "application/zip")
            #expect(try await WebTestSite.eventually { try site.events("delivered", of: ballot) == 1 })
            let rest = try await site.get(Self.zip, headers: [cookie, "Range: bytes=-3000"])
            #expect(rest.body == whole.body.suffix(3000))
            #expect(rest.header("etag") == whole.header("etag"))
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-web-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            try Data(whole.body).write(to: folder.appendingPathComponent("ballot.zip"))
            let judge = Process()
            judge.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
            judge.arguments = ["-m", "zipfile", "-e", "ballot.zip", "out"]
            judge.currentDirectoryURL = folder
            try judge.run()
            judge.waitUntilExit()
            #expect(judge.terminationStatus == 0)
            let out = folder.appendingPathComponent("out")
            #expect(try Data(contentsOf: out.appendingPathComponent("packet.pdf")) == Data(ballot.pdf))
            #expect(try Data(contentsOf: out.appendingPathComponent("packet.p7s")) == Data([0x30, 0x03, 0x02, 0x01, 0x05]))
            #expect(try Data(contentsOf: out.appendingPathComponent("manifest.json")) == Data("{\"format\":1}".utf8))
            let verify = try String(contentsOf: out.appendingPathComponent("VERIFY.txt"), encoding: .utf8)
            #expect(verify.contains("head -c \(site.base.count + 120) packet.pdf"))
            #expect(verify.contains(" http://127.0.0.1:8080/office-ca.pem\n"))
        }
    }

    @Test("Without a visit, after logging out, and after a day the packet is closed")
    func closed() async throws {
        try await WebTestSite.serving { site in
            let ballots = try site.issue(2)
            for path in ["/ballot", Self.pdf, Self.zip, "/ballot/other.pdf"] {
                #expect(try await site.get(path).status == 403)
                #expect(try await site.get(path, headers: ["Cookie: visit=\(String(repeating: "0", count: 96))"]).status == 403)
                #expect(try await site.get(path, headers: ["Cookie: visit=nonsense; visit; =; ;"]).status == 403)
            }
            let cookie = "Cookie: \(try await site.claim(ballots[0]))"
            #expect(try await site.get("/ballot/other.pdf", headers: [cookie]).status == 404)
            #expect(try await site.get("/ballot/\(WebTestSite.fileName)", headers: [cookie]).status == 404)
            let end = try await site.post("/ballot/end", "", headers: [cookie])
            #expect(end.status == 200)
            #expect(end.header("set-cookie")?.hasPrefix("visit=; Path=/; Max-Age=0;") == true)
            for path in ["/ballot", Self.pdf] { #expect(try await site.get(path, headers: [cookie]).status == 403) }
            let second = "Cookie: \(try await site.claim(ballots[1]))"
            site.time.advance(seconds: 86_399)
            #expect(try await site.get("/ballot", headers: [second]).status == 200)
            site.time.advance(seconds: 2)
            #expect(try await site.get("/ballot", headers: [second]).status == 403)
        }
    }

    @Test("A stop in the middle lets a download that is under way finish")
    func draining() async throws {
        try await WebTestSite.serving(baseLength: 12_000_000) { site in
            let ballot = try site.issue()[0]
            let cookie = "Cookie: \(try await site.claim(ballot))"
            let port = site.port
            let (begun, tell) = AsyncStream.makeStream(of: Void.self)
            async let body = WebTestSite.onThread {
                let connection = try WebTestConnection(port: port)
                try connection.send(WebTestSite.request("GET", Self.pdf, headers: [cookie]))
                let first = try connection.receive(upTo: 1000).body
                tell.yield()
                usleep(500_000)
                return first + (try connection.receiveBody(ballot.pdf.count - 1000))
            }
            _ = await begun.first { true }
            await site.stopServing()
            #expect(try await body == ballot.pdf)
            #expect(try site.events("delivered", of: ballot) == 1)
        }
    }
}

/// What a `Range` header must give.
struct WebRangeCase: Sendable, CustomTestStringConvertible {
    let header: String
    let status: Int
    /// Ends below nothing count from the file's end.
    private let ends: (Int, Int)

    init(_ header: String, _ status: Int, _ ends: (Int, Int)) {
        self.header = header
        self.status = status
        self.ends = ends
    }

    func range(of length: Int) -> Range<Int> {
        let lower = ends.0 < 0 ? length + ends.0 : ends.0
        return lower..<(ends.1 <= 0 ? length : ends.1)
    }

    var testDescription: String { header }
}
