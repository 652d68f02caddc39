import Elections
import Foundation
import Keys
import Logging
import Office
import ServiceLifecycle
import Storage
import Synchronization
import Testing
import Web

/// What a log was told.
final class WebTestLog: LogHandler, Sendable {
    private let said = Mutex<[String]>([])
    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    var lines: [String] { said.withLock { $0 } }

    func log(event: LogEvent) {
        let facts = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
        said.withLock { $0.append("\(event.level) \(event.message) \(facts)") }
    }

    var logger: Logger { Logger(label: "test") { _ in self } }
}

@Suite("Seeing trouble") struct DetectionTests {
    @Test("What the site counts reaches the counter's database, without names, addresses or tokens")
    func tallies() async throws {
        try await WebTestSite.serving { site in
            let ballots = try site.issue(2)
            _ = try await site.claim(ballots[0])
            _ = try await site.post("/b/\(ballots[0].token)", "answer=1984-03-07")
            for _ in 0..<3 { _ = try await site.post("/b/\(ballots[1].token)", "answer=1984-03-08") }
            _ = try await site.post("/b/\(ballots[1].token)", "answer=hello")
            _ = try await site.post("/verify", "sha256=\(ballots[0].etag.filter { $0 != "\"" })")
            _ = try await site.post("/verify", "sha256=\(String(repeating: "0", count: 64))")
            await site.stopServing()
            let rows = try site.database.read { transaction in
                try transaction.all("SELECT name, count FROM tally ORDER BY name") { "\(try $0.text("name")) \(try $0.integer("count"))" }
            }
            #expect(
                rows == [
                    "answers_on_links_that_are_over 1", "answers_refused 3", "answers_right 1", "answers_unclear 1", "verified_foreign 1",
                    "verified_ours 1"
                ])
        }
    }

    @Test("One address that tries ten different links is told of once, and the same wrong link again and again is not")
    func manyLinks() async throws {
        let log = WebTestLog()
        try await WebTestSite.serving(logger: log.logger) { site in
            let ballot = try site.issue()[0]
            for _ in 0..<12 { _ = try await site.post("/b/\(ballot.token)", "answer=1984-03-08") }
            #expect(!log.lines.contains { $0.contains("alert") })
            let tokens = (0..<30).map { _ in WebTestSite.madeUpToken() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for token in tokens { group.addTask { _ = try await site.post("/b/\(token)", "answer=1984-03-08") } }
                try await group.waitForAll()
            }
            let alerts = log.lines.filter { $0.contains("alert: many links were answered wrongly from one address") }
            #expect(alerts.count == 1)
            #expect(alerts.first?.contains("address=127.0.0.1") == true)
            #expect(!log.lines.contains { line in tokens.contains { line.contains($0) } || line.contains(ballot.token) })
        }
    }
}

@Suite("Seeing trouble at the office", .enabled(if: TestOffice.present, "the program is not built"))
struct OfficeWatchTests {
    @Test("Retired links, impossible events and claims on links of no batch are warned of once; what was there before is no news")
    func journal() async throws {
        let test = try TestOffice.issued()
        let log = WebTestLog()
        let event = "INSERT INTO counter_event (at, kind, ballot, link) VALUES (\(test.now.milliseconds), "
        try HostileCounter.run("\(event)'retired', BALLOT(V1), LINK(V1));", on: test)
        try test.office.catchUp()
        let watch = OfficeWatch()
        try watch.look(at: test.office, log.logger)
        #expect(log.lines.isEmpty)
        try HostileCounter.run(
            "\(event)'retired', BALLOT(V2), LINK(V2)); \(event)'delivered', BALLOT(V3), LINK(V3));"
                + "\(event)'claimed', randomblob(16), randomblob(16));", on: test)
        try test.office.catchUp()
        try watch.look(at: test.office, log.logger)
        try watch.look(at: test.office, log.logger)
        #expect(log.lines.count == 3)
        for word in ["links were retired", "cannot have happened", "links of no batch"] {
            #expect(log.lines.filter { $0.hasPrefix("warning alert:") && $0.contains(word) && $0.contains("count=1") }.count == 1)
        }
        let metrics = try watch.metrics(of: test.office)
        for alert in ["links_retired", "impossible_counter_events", "events_outside_any_batch"] {
            #expect(metrics.contains("uocava_alerts_total{alert=\"\(alert)\"} 1\n"))
        }
        #expect(metrics.contains("uocava_exceptions{kind=\"link_retired\"} 2\n"))
    }

    @Test("Unusually many refused answers are warned of, a crowd that mistypes now and then is not")
    func refused() throws {
        let test = try TestOffice.issued()
        let log = WebTestLog()
        let watch = OfficeWatch()
        func site(right: Int, refused: Int, many: Int = 0) throws {
            try HostileCounter.run(
                "INSERT OR REPLACE INTO tally VALUES ('answers_right', \(right)), ('answers_refused', \(refused)), ('addresses_on_many_links', \(many));",
                on: test)
            try watch.look(at: test.office, log.logger)
        }
        try site(right: 1000, refused: 1000)
        try site(right: 2000, refused: 1150)
        #expect(log.lines.isEmpty)
        try site(right: 2000, refused: 1500)
        #expect(log.lines.count == 1)
        #expect(log.lines[0].contains("unusually many answers are refused"))
        try site(right: 2000, refused: 1900)
        #expect(log.lines.count == 1)
        test.advance(seconds: 601)
        try site(right: 2000, refused: 1900)
        try site(right: 2000, refused: 1949)
        #expect(log.lines.count == 1)
        try site(right: 2000, refused: 1950, many: 1)
        #expect(log.lines.count == 3)
        // A counter in other hands may write anything.
        try site(right: 0, refused: Int.max, many: Int.max)
        #expect(log.lines.count == 4)
        #expect(log.lines[3].contains("the site's counts are no counts"))
        try site(right: Int.min, refused: Int.max, many: Int.max)
        try HostileCounter.run(
            """
            DELETE FROM tally; DELETE FROM counter_event;
            INSERT INTO counter_event (seq, at, kind, ballot, link) VALUES (-9223372036854775808, 1, 'claimed', x'00', x'00');
            """, on: test, without: ["counter_event_kept"])
        _ = try watch.metrics(of: test.office)
        try HostileCounter.run(
            "DELETE FROM tally; INSERT INTO tally VALUES ('answers_right', 'x'), (x'00ff', 5), ('nonsense', 7);", on: test)
        try watch.look(at: test.office, log.logger)
        let metrics = try watch.metrics(of: test.office)
        #expect(metrics.contains("uocava_site_answers_right_total 0\n"))
        #expect(!metrics.contains("nonsense"))
    }

    @Test("What somebody planted among the counts is told of and named by the audit, and switches no alert off")
    func planted() async throws {
        let test = try TestOffice.issued()
        let log = WebTestLog()
        let watch = OfficeWatch()
        try watch.look(at: test.office, log.logger)
        func told(_ words: String) -> Int { log.lines.filter { $0.contains(words) }.count }
        try HostileCounter.run(
            """
            INSERT INTO tally VALUES ('answers_refused', 9223372036854775807), ('addresses_on_many_links', 1e308), ('aaa', 1);
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO tally SELECT 'a' || i, i FROM n;
            """, on: test)
        for _ in 0..<3 { try watch.look(at: test.office, log.logger) }
        #expect(told("no counts") == 1)
        let found = try HostileCounter.findings(test)
        for sentence in [
            "The count answers_refused is no number", "The count addresses_on_many_links is no number",
            "counts of things that no site counts"
        ] { #expect(found.contains { $0.contains(sentence) }, "\(found)") }
        // The site counts on from nothing, and the alerts come as if it had not been.
        let counter = try test.counter()
        for (many, refused) in [(1, 10), (2, 90)] {
            let tally = SiteTally()
            for _ in 0..<refused { tally.count(.answersRefused) }
            for _ in 0..<many { tally.count(.addressesOnManyLinks) }
            await counter.record(tally)
            try watch.look(at: test.office, log.logger)
        }
        await counter.stop()
        #expect(told("tried from one address") == 2)
        #expect(told("unusually many answers are refused") == 1)
        // A count that is set back is told of each time.
        try HostileCounter.run("DELETE FROM tally WHERE name NOT LIKE '%\\_%' ESCAPE '\\'; UPDATE tally SET count = 0;", on: test)
        try watch.look(at: test.office, log.logger)
        #expect(told("no counts") == 2)
    }

    @Test("The metrics are Prometheus text that its own library reads, with nothing personal in it")
    func metrics() async throws {
        let test = try TestOffice.issued()
        try await HostileCounter.claim("V1", test, whole: true)
        try test.office.catchUp()
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }
        let site = StaffSite(test.office, watch: OfficeWatch(), logger: logger) { told.yield($0) }
        let group = ServiceGroup(
            configuration: .init(services: [try site.service(listen: .init(host: "127.0.0.1", port: 0))], logger: logger))
        let running = Task { try await group.run() }
        let port = await ports.first { _ in true } ?? 0
        let (page, other) = try await WebTestSite.onThread {
            func get(_ path: String) throws -> WebTestReply {
                let connection = try WebTestConnection(port: port)
                try connection.send(WebTestSite.request("GET", path))
                return try connection.receive()
            }
            return (try get("/metrics"), try get("/"))
        }
        await group.triggerGracefulShutdown()
        try await running.value
        #expect(page.status == 200)
        #expect(page.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
        #expect(other.status == 303 && other.header("location") == "/signin")
        #expect(page.text.contains("uocava_ballots{election=\"2028-general\",status=\"delivered\"} 1\n"))
        #expect(page.text.contains("uocava_counter_up 1\n"))
        for secret in ["V1", "@", try test.token("V1"), TestOffice.voters[0].birthday] { #expect(!page.text.contains(secret)) }
        // The text format: each line is a comment or NAME{LABELS} NUMBER, and each metric is explained once, before its values.
        var explained: Set<Substring> = []
        for line in page.text.split(separator: "\n") {
            if line.hasPrefix("# HELP ") {
                #expect(explained.insert(line.split(separator: " ")[2]).inserted)
            } else if !line.hasPrefix("# TYPE ") {
                #expect(try #/([a-z_]+)(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? [0-9]+/#.wholeMatch(in: line) != nil, "\(line)")
                #expect(explained.contains(line.prefix { $0 != "{" && $0 != " " }))
            }
        }
        #expect(explained.count > 15)
    }

    @Test("An office whose staff.listen is taken goes on without metrics")
    func taken() async throws {
        let test = try TestOffice.issued()
        let log = WebTestLog()
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let first = StaffSite(test.office, watch: OfficeWatch(), logger: log.logger) { told.yield($0) }
        let group = ServiceGroup(
            configuration: .init(services: [try first.service(listen: .init(host: "127.0.0.1", port: 0))], logger: log.logger))
        let running = Task { try await group.run() }
        let port = await ports.first { _ in true } ?? 0
        let second = StaffSite(test.office, watch: OfficeWatch(), logger: log.logger)
        let other = ServiceGroup(
            configuration: .init(services: [try second.service(listen: .init(host: "127.0.0.1", port: port))], logger: log.logger))
        let isEnded = Mutex(false)
        let waiting = Task {
            try await other.run()
            isEnded.withLock { $0 = true }
        }
        #expect(try await WebTestSite.eventually { log.lines.contains { $0.contains("no desk") } })
        #expect(!isEnded.withLock { $0 })
        await other.triggerGracefulShutdown()
        try await waiting.value
        await group.triggerGracefulShutdown()
        try await running.value
    }
}
