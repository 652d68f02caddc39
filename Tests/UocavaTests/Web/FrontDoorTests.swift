import Foundation
import Glibc
import Logging
import Office
import Testing
import Web

@Suite("The site's front door") struct FrontDoorTests {
    @Test("Over HTTP/2 a ballot is claimed, downloaded, resumed, and counts as delivered only when all of it arrived")
    func http2() async throws {
        let pair = try WebTestCertificate("localhost")
        defer { pair.remove() }
        // More than the two kernels and the stream's window take in between.
        try await WebTestSite.serving(baseLength: 24_000_000, configure: pair.configure) { site in
            let ballot = try site.issue()[0]
            let address = "https://localhost:\(site.port)"
            let jar = pair.path("jar")
            let file = pair.path("packet.pdf")
            let common = ["-sk", "--http2", "-c", jar, "-b", jar, "-w", "%{http_version} %{http_code}", "-o"]
            let claim = try await WebTestSite.onThread {
                try WebTestProgram.run("curl", common + ["/dev/null", "-d", "answer=1984-03-07", "\(address)/b/\(ballot.token)"])
            }
            #expect(claim.text == "2 303")
            let packet = "\(address)/ballot/\(WebTestSite.fileName).pdf"
            // Whoever reads for curl goes away after half a megabyte, and so does curl.
            let cut = "curl -sk --http2 -b '\(jar)' '\(packet)' | head -c 500000 > '\(file)'"
            _ = try await WebTestSite.onThread { try WebTestProgram.run("sh", ["-c", cut]) }
            #expect(FileManager.default.contents(atPath: file)?.count == 500_000)
            try await Task.sleep(for: .milliseconds(500))
            #expect(try site.events("delivered", of: ballot) == 0)
            let rest = try await WebTestSite.onThread { try WebTestProgram.run("curl", common + [file, "-C", "-", packet]) }
            #expect(rest.text == "2 206")
            #expect(FileManager.default.contents(atPath: file) == Data(ballot.pdf))
            #expect(try await WebTestSite.eventually { try site.events("delivered", of: ballot) == 1 })
        }
    }

    @Test("A form over HTTP/2 is read where its length is not told, and a large one refused")
    func formOverHTTP2() async throws {
        let pair = try WebTestCertificate("localhost")
        defer { pair.remove() }
        try await WebTestSite.serving(configure: pair.configure) { site in
            let ballot = try site.issue()[0]
            let address = "https://localhost:\(site.port)/b/\(ballot.token)"
            try "answer=1984-03-07".write(toFile: pair.path("form"), atomically: true, encoding: .utf8)
            try String(repeating: "answer=1984-03-07&", count: 500).write(toFile: pair.path("large"), atomically: true, encoding: .utf8)
            let (large, small) = try await WebTestSite.onThread {
                func post(_ name: String) throws -> String {
                    // Standard input has no length that could be told.
                    try WebTestProgram.run(
                        "sh",
                        [
                            "-c",
                            "curl -sk --http2 -o /dev/null -w '%{http_code}' -X POST -H 'Content-Type: application/x-www-form-urlencoded' -T - '\(address)' <'\(pair.path(name))'"
                        ]
                    ).text
                }
                return (try post("large"), try post("form"))
            }
            #expect(large == "413")
            #expect(small == "303")
        }
    }

    @Test("A renewed certificate is taken up without a restart, and one that does not fit its key is not")
    func renewal() async throws {
        let old = try WebTestCertificate("old.example")
        let new = try WebTestCertificate("new.example")
        defer {
            old.remove()
            new.remove()
        }
        let certificate = try SiteCertificate(
            certificate: old.certificate, key: old.key, logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() })
        let before = certificate.serial
        try new.copy(\.certificate, over: old.certificate)
        certificate.look()
        // The key is still the old one's.
        #expect(certificate.serial == before)
        try new.copy(\.key, over: old.key)
        certificate.look()
        let after = certificate.serial
        #expect(after != before)
        try Data("rubbish".utf8).write(to: URL(fileURLWithPath: old.certificate))
        certificate.look()
        #expect(certificate.serial == after)
        #expect(throws: OfficeError.self) {
            try SiteCertificate(certificate: old.certificate, key: old.key, logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() })
        }
    }

    @Test("The site that runs shows a renewed certificate to who comes next")
    func renewalWhileServing() async throws {
        let pair = try WebTestCertificate("first.example")
        let next = try WebTestCertificate("second.example")
        defer {
            pair.remove()
            next.remove()
        }
        try await WebTestSite.serving(configure: pair.configure) { site in
            let port = site.port
            @Sendable func subject() throws -> String {
                try WebTestProgram.run(
                    "sh", ["-c", "openssl s_client -connect localhost:\(port) </dev/null 2>/dev/null | openssl x509 -noout -subject"]
                )
                .text
            }
            let before = try await WebTestSite.onThread { try subject() }
            #expect(before.contains("first.example"))
            try next.copy(\.certificate, over: pair.certificate)
            try next.copy(\.key, over: pair.key)
            var after = ""
            for _ in 0..<40 where !after.contains("second.example") {
                try await Task.sleep(for: .milliseconds(500))
                after = try await WebTestSite.onThread { try subject() }
            }
            #expect(after.contains("second.example"))
        }
    }

    @Test("An address has so many connections and no more, and gets its place back when one ends")
    func connections() async throws {
        let configure: (inout Configuration) -> Void = { $0.limits.connectionsPerAddress = 3 }
        try await WebTestSite.serving(configure: configure) { site in
            let port = site.port
            try await WebTestSite.onThread {
                func asks(_ connection: WebTestConnection) -> Bool {
                    (try? connection.send(WebTestSite.request("GET", "/healthz"))) != nil && (try? connection.receive())?.status == 200
                }
                var open = try (0..<3).map { _ in try WebTestConnection(port: port) }
                let served = open.map(asks)
                #expect(served == [true, true, true])
                let fourth = asks(try WebTestConnection(port: port))
                #expect(!fourth)
                open.removeLast()
                var again = false
                for _ in 0..<50 where !again {
                    usleep(20_000)
                    again = asks(try WebTestConnection(port: port))
                }
                #expect(again)
                withExtendedLifetime(open) {}
            }
        }
    }

    @Test("A trusted proxy is not counted as one address")
    func proxies() async throws {
        let configure: (inout Configuration) -> Void = {
            $0.limits.connectionsPerAddress = 2
            $0.publicSite.trustedProxies = ["127.0.0.1"]
        }
        try await WebTestSite.serving(configure: configure) { site in
            let port = site.port
            let served = try await WebTestSite.onThread {
                let open = try (0..<6).map { _ in try WebTestConnection(port: port) }
                return try open.enumerated().map { index, connection in
                    try connection.send(WebTestSite.request("GET", "/healthz", headers: ["X-Forwarded-For: 203.0.113.\(index)"]))
                    return try connection.receive().status
                }
            }
            #expect(served == Array(repeating: 200, count: 6))
        }
    }

    @Test("One connection of HTTP/2 takes no more seats than its address may have")
    func seats() async throws {
        let pair = try WebTestCertificate("localhost")
        defer { pair.remove() }
        let configure: (inout Configuration) -> Void = {
            pair.configure(&$0)
            $0.limits.connectionsPerAddress = 4
        }
        try await WebTestSite.serving(configure: configure) { site in
            let addresses = (0..<12).map { "https://localhost:\(site.port)/b/nothing\($0)" }
            let codes = try await WebTestSite.onThread {
                // A refusal takes a quarter of a second: long enough for all to be there at once.
                try WebTestProgram.run(
                    "curl",
                    ["-sk", "-Z", "--http2", "--parallel-max", "12", "-d", "answer=1984-03-07", "-w", "%{http_code}\n"]
                        + addresses.flatMap { ["-o", "/dev/null", $0] }
                ).text.split(separator: "\n").map(String.init)
            }
            #expect(codes.count == 12)
            #expect(codes.filter { $0 == "503" }.count > 0)
            #expect(codes.filter { $0 == "403" }.count >= 4)
            let after = try await WebTestSite.onThread {
                try WebTestProgram.run("curl", ["-sk", "-o", "/dev/null", "-w", "%{http_code}", "https://localhost:\(site.port)/healthz"])
                    .text
            }
            #expect(after == "200")
        }
    }

    @Test("Who never says hello over TLS is hung up on")
    func silence() async throws {
        let pair = try WebTestCertificate("localhost")
        defer { pair.remove() }
        try await WebTestSite.serving(configure: pair.configure) { site in
            let port = site.port
            let waited = try await WebTestSite.onThread {
                let connection = try WebTestConnection(port: port)
                let start = ContinuousClock.now
                // Waits for half a minute and then calls it closed.
                _ = connection.isClosed()
                return ContinuousClock.now - start
            }
            #expect(waited < .seconds(28))
        }
    }
}
