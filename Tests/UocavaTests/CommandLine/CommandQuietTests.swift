import Elections
import Foundation
import Synchronization
import Testing

@Suite("The command line: what it does not say", .enabled(if: TestProgram.present, "the program is not built"))
struct CommandQuietTests {
    /// The command lines of every process on this machine that names the program or the folder, looked at again and again.
    private final class Watch: Sendable {
        private let seen = Mutex<Set<String>>([])
        private let isOver = Mutex(false)
        private let ended = DispatchSemaphore(value: 0)

        init(_ words: [String]) {
            let thread = Thread { [self] in
                while !isOver.withLock({ $0 }) {
                    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] where Int(name) != nil {
                        guard let data = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else { continue }
                        let line = String(decoding: data.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
                        if words.contains(where: { line.contains($0) }) { seen.withLock { _ = $0.insert(line) } }
                    }
                    Thread.sleep(forTimeInterval: 0.003)
                }
                ended.signal()
            }
            thread.start()
        }

        func stop() -> Set<String> {
            isOver.withLock { $0 = true }
            ended.wait()
            return seen.withLock { $0 }
        }
    }

    @Test("Of a whole election, no output, no log and no argument of a process names a voter, an address, a birthday, a link or a code")
    func silence() throws {
        let script = try CommandScript()
        defer { script.remove() }
        let relay = try CommandRelay()
        defer { relay.stop() }
        let watch = Watch([script.program, script.folder.path])
        var said = ""
        func run(_ line: String, keepsOutput: Bool = true) throws {
            let outcome = try script.execute(CommandScript.words(line))
            said += "$ \(line)\n\(keepsOutput ? outcome.out : "")\n\(outcome.err)\n"
        }

        try CommandOffice.write(in: script.folder)
        let file = script.folder.appendingPathComponent("voters.csv")
        var roll = try String(contentsOf: file, encoding: .utf8)
        for (name, odd) in [("Archer", "Qarcherq"), ("Baker", "Qbakerq"), ("Cook", "Qcookq"), ("Dyer", "Qdyerq"), ("Fisher", "Qfisherq")] {
            roll = roll.replacingOccurrences(of: name, with: odd)
        }
        roll = roll.replacingOccurrences(of: "v2@example.org", with: "deferred@example.org")
        roll += "V7,Qgardnerq,Gil,1986-07-07,refused@example.org,P1,active-duty,fpca,2026-01-05,2100-12-31,email,\n"
        try Data(roll.utf8).write(to: file)

        try run("uocava init office --test --smtp-url \(relay.url)")
        try run("uocava election import election")
        try run("uocava voters import voters.csv --election tiny")
        try run("uocava issue --election tiny")
        try run("uocava letters send")
        let settings = script.folder.appendingPathComponent("office/uocava.yaml")
        let text = try String(contentsOf: settings, encoding: .utf8)
        try Data(text.replacingOccurrences(of: #"listen: "127.0.0.1:8080""#, with: #"listen: "127.0.0.1:0""#).utf8).write(to: settings)
        let tokens = try relay.letters.compactMap { $0.components(separatedBy: "/b/").dropFirst().first.map { String($0.prefix(32)) } }
        #expect(tokens.count == 2)

        let log = script.folder.appendingPathComponent("serve.log")
        try Data().write(to: log)
        let service = Process()
        service.executableURL = URL(fileURLWithPath: script.program)
        service.arguments = ["serve"]
        service.environment = script.environment
        service.standardInput = FileHandle.nullDevice
        service.standardOutput = try FileHandle(forWritingTo: log)
        service.standardError = try FileHandle(forWritingTo: log)
        try service.run()
        func logged() -> String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
        let end = Date(timeIntervalSinceNow: 30)
        while !logged().contains("listening on "), Date() < end { Thread.sleep(forTimeInterval: 0.05) }
        let address = try #require(logged().components(separatedBy: "listening on ").dropFirst().first?.split(separator: "\n").first)
        // curl's own arguments are ours to keep quiet: the address and the answer come from files.
        let jar = script.folder.appendingPathComponent("jar").path
        func visit(_ url: String, _ data: String? = nil) throws {
            let config = script.folder.appendingPathComponent("curl.conf")
            try Data("url = \"\(url)\"\n\(data.map { "data = \"\($0)\"\n" } ?? "")".utf8).write(to: config)
            _ = try script.execute(["curl", "-s", "-m", "20", "-o", "/dev/null", "-b", jar, "-c", jar, "-K", config.path])
        }
        for token in tokens {
            try visit("\(address)/b/\(token)")
            try visit("\(address)/b/\(token)", "answer=1999-09-09")
        }
        let first = try #require(try relay.letters.firstIndex { $0.hasPrefix("v1@") })
        try visit("\(address)/b/\(tokens[first])", "answer=1980-01-01")
        try visit("\(address)/ballot")
        try visit("\(address)/ballot/tiny-A.pdf")
        try visit("\(address)/b/\(String(repeating: "z", count: 32))", "answer=1980-01-01")

        let code = try #require(Self.code(in: try script.execute(["uocava", "status", "V1", "--election", "tiny"]).out))
        try run("uocava returns receive \(code)")
        try run("uocava returns decide \(code) --reject missing-voter-signature")
        try run("uocava letters send")
        try run("uocava letters list")
        try run("uocava letters list --format json")
        let bounce = script.folder.appendingPathComponent("bounce")
        let envelope = try #require(try relay.envelopes.first { $0.to.hasPrefix("v3@") })
        try Data(BounceDeskTests.report(to: envelope.from).replacingOccurrences(of: "v1@example.org", with: "v3@example.org").utf8).write(
            to: bounce)
        try run("uocava letters bounced bounce")
        try run("uocava exceptions --election tiny")
        try run("uocava report undelivered --election tiny", keepsOutput: false)
        try run("uocava reconcile --election tiny")
        try run("uocava audit")
        Thread.sleep(forTimeInterval: 3)
        kill(service.processIdentifier, SIGTERM)
        service.waitUntilExit()
        said += logged()

        let codes = try relay.letters.compactMap { $0.components(separatedBy: "/t/").dropFirst().first.map { String($0.prefix(26)) } }
        #expect(codes.count >= 2)
        let arguments = watch.stop().joined(separator: "\n")
        #expect(arguments.contains("letters send") && arguments.contains("serve"))
        let secrets =
            tokens + codes + ["example.org", "1980-01-01", "1981-02-02", "1982-03-03"]
            + ["Qarcherq", "Qbakerq", "Qcookq", "Qdyerq", "Qfisherq", "Qgardnerq"]
        for secret in secrets {
            #expect(!said.contains(secret), "\(secret) stands in what was said:\n\(Self.around(secret, in: said))")
            #expect(!arguments.contains(secret), "\(secret) stands in an argument")
        }
        #expect(said.contains("letters") && said.contains("returns receive"))
    }

    private static func code(in text: String) -> String? {
        text.firstMatch(of: /R-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/).map { String($0.output) }
    }

    private static func around(_ word: String, in text: String) -> String {
        text.split(separator: "\n").filter { $0.contains(word) }.prefix(3).joined(separator: "\n")
    }
}
