import Foundation
import Testing

@Suite("The command line: services", .enabled(if: TestProgram.present, "the program is not built"), .serialized)
struct CommandServeTests {
    /// A service that was started, and its log.
    private final class Service {
        let process = Process()
        let log: URL

        init(_ script: CommandScript, _ program: String, _ arguments: [String]) throws {
            log = script.folder.appendingPathComponent("serve-\(UUID().uuidString).log")
            try Data().write(to: log)
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = arguments
            process.environment = script.environment
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try FileHandle(forWritingTo: log)
            try process.run()
        }

        var text: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

        /// The address in the line that says where it listens.
        func address() throws -> String {
            let end = Date(timeIntervalSinceNow: 30)
            while Date() < end, process.isRunning {
                if let line = text.split(separator: "\n").first(where: { $0.contains("listening on ") }),
                    let address = line.components(separatedBy: "listening on ").last
                {
                    return address
                }
                Thread.sleep(forTimeInterval: 0.05)
            }
            throw CocoaError(.fileReadUnknown, userInfo: [NSLocalizedDescriptionKey: "it does not listen: \(text)"])
        }

        /// SIGTERM, and the exit status; -1 where it takes longer than the bound.
        func stop() -> Int32 {
            kill(process.processIdentifier, SIGTERM)
            let end = Date(timeIntervalSinceNow: 30)
            while process.isRunning, Date() < end { Thread.sleep(forTimeInterval: 0.05) }
            guard process.isRunning else { return process.terminationStatus }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            return -1
        }
    }

    /// Lets the system choose the port.
    private func freePort(_ script: CommandScript, office: String = "office") throws {
        let settings = script.folder.appendingPathComponent("\(office)/uocava.yaml")
        let text = try String(contentsOf: settings, encoding: .utf8)
        try Data(text.replacingOccurrences(of: #"listen: "127.0.0.1:8080""#, with: #"listen: "127.0.0.1:0""#).utf8).write(to: settings)
    }

    @Test("serve says where it listens, answers, and ends on SIGTERM with status 0")
    func all() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run("$ uocava init office --test")
        try freePort(script)
        let service = try Service(script, script.program, ["serve"])
        let address = try service.address()
        let answer = try script.execute(["curl", "-s", "-m", "10", "\(address)/healthz"])
        #expect(answer.status == 0)
        #expect(answer.out.contains("ok"))
        #expect(service.stop() == 0)
        #expect(service.text.split(separator: "\n").allSatisfy { $0.hasPrefix("20") }, "every line begins with its time: \(service.text)")
    }

    @Test("An address that is taken is status 69, and says what to do")
    func taken() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run("$ uocava init office --test")
        try freePort(script)
        let service = try Service(script, script.program, ["serve", "public"])
        defer { _ = service.stop() }
        let port = try #require(try service.address().split(separator: ":").last)
        try script.run(
            """
            $ uocava init second --test --public-url http://127.0.0.1:\(port)
            $ uocava serve public --office second
            = 69
            err is in use
            err public.listen
            """)
        let settings = script.folder.appendingPathComponent("second/uocava.yaml")
        let text = try String(contentsOf: settings, encoding: .utf8)
        try Data(text.replacingOccurrences(of: "listen: \"127.0.0.1:\(port)\"", with: "listen: \"nowhere.invalid:80\"").utf8).write(
            to: settings)
        try script.run(
            """
            $ uocava serve public --office second
            = 65
            err nowhere.invalid is no name that this machine knows.
            err public.listen
            """)
    }

    @Test("Where the site cannot listen, no letter is sent: serve ends first, and says which address is taken")
    func takenBeforeMail() throws {
        let relay = try CommandRelay()
        defer { relay.stop() }
        let script = try CommandScript()
        defer { script.remove() }
        try CommandOffice.write(in: script.folder)
        try script.run("$ uocava init first --test")
        try freePort(script, office: "first")
        let service = try Service(
            script, script.program, ["serve", "public", "--office", script.folder.appendingPathComponent("first").path])
        let port = try #require(try service.address().split(separator: ":").last)
        try script.run(
            """
            $ uocava init office --test --public-url http://127.0.0.1:\(port) --smtp-url \(relay.url)
            $ uocava election import election
            $ uocava voters import voters.csv --election tiny
            $ uocava issue --election tiny
            $ uocava serve
            = 69
            err 127.0.0.1:\(port) is in use
            err public.listen
            err-not letters
            $ uocava letters list --state queued --format csv
            lines 4
            """)
        #expect(try relay.letters.isEmpty)
        // The address is free again: the site opens, and then the letters go.
        #expect(service.stop() == 0)
        let second = try Service(script, script.program, ["serve"])
        _ = try second.address()
        let end = Date(timeIntervalSinceNow: 20)
        while try relay.letters.count < 3, Date() < end { Thread.sleep(forTimeInterval: 0.1) }
        #expect(try relay.letters.count == 3)
        #expect(second.stop() == 0)
        let lines = second.text.split(separator: "\n").map(String.init)
        let opened = try #require(lines.firstIndex { $0.contains("listening on") })
        let mailed = try #require(lines.firstIndex { $0.contains(" letters ") })
        #expect(opened < mailed, "\(second.text)")
    }

    @Test("Breaking down says one plain sentence, and shows nothing of what was in memory")
    func crash() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run("$ uocava init office --test")
        try freePort(script)
        let service = try Service(script, script.program, ["serve", "public"])
        _ = try service.address()
        kill(service.process.processIdentifier, SIGSEGV)
        service.process.waitUntilExit()
        #expect(service.process.terminationStatus == 70)
        #expect(service.text.split(separator: "\n").last?.hasPrefix("uocava: stopped by a mistake of its own.") == true, "\(service.text)")
    }

    @Test(
        "serve public runs as a user who may read neither the books nor the keys",
        .enabled(
            if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv"), "only root can become somebody else"))
    func publicAlone() throws {
        let script = try CommandScript()
        defer { script.remove() }
        try script.run("$ uocava init office --test")
        try freePort(script)
        let office = script.folder.appendingPathComponent("office")
        let files = FileManager.default
        // The counter in a folder of its own, which belongs to the public process: SQLite writes its log beside the file.
        let counter = office.appendingPathComponent("counter")
        try files.createDirectory(at: counter, withIntermediateDirectories: false)
        for name in try files.contentsOfDirectory(atPath: office.path) where name.hasPrefix("counter.sqlite") {
            try files.moveItem(at: office.appendingPathComponent(name), to: counter.appendingPathComponent(name))
        }
        let settings = office.appendingPathComponent("uocava.yaml")
        let text = try String(contentsOf: settings, encoding: .utf8)
        try Data(text.replacingOccurrences(of: "sqlite:counter.sqlite", with: "sqlite:counter/counter.sqlite").utf8).write(to: settings)
        let nobody = 65534
        for path in [counter.path] + (try files.contentsOfDirectory(atPath: counter.path)).map({ counter.appendingPathComponent($0).path })
        {
            try files.setAttributes([.ownerAccountID: nobody, .groupOwnerAccountID: nobody], ofItemAtPath: path)
        }
        try files.setAttributes([.posixPermissions: 0o711], ofItemAtPath: office.path)
        try files.setAttributes([.posixPermissions: 0o644], ofItemAtPath: settings.path)
        // Where a build lies, others may not look: the program comes along.
        let program = script.folder.appendingPathComponent("uocava")
        try files.copyItem(at: URL(fileURLWithPath: script.program), to: program)
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.folder.path)

        let user = ["--reuid=65534", "--regid=65534", "--clear-groups", program.path]
        let books = try script.execute(["setpriv"] + user + ["audit", "--office", office.path])
        #expect(books.status != 0, "that user must not be able to open the books")
        let service = try Service(script, "/usr/bin/setpriv", user + ["serve", "public", "--office", office.path])
        let address = try service.address()
        let answer = try script.execute(["curl", "-s", "-m", "10", "\(address)/healthz"])
        #expect(answer.out.contains("ok"))
        #expect(service.stop() == 0)
    }
}
