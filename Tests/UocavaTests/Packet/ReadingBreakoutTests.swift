import Foundation
import Glibc
import Packet
import Testing

/// Each layer that confines the child, seen from outside while the child lives and from inside by what an attacker would try there.
@Suite("Breaking out of the confined child", .enabled(if: TestProgram.present, "the uocava program is not built"))
struct ReadingBreakoutTests {
    @Test("Nothing that an attacker tries in the child works, nor as the program that draws pages", arguments: ["try", "try-as-renderer"])
    func attempts(job: String) throws {
        // Something to find, if the child kept what it inherits.
        let secret = try WritingFolder()
        try secret.write(Array("secret".utf8), to: "secret")
        let open = try FileHandle(forReadingFrom: URL(fileURLWithPath: secret.path("secret")))
        let output = try ReadingSamples.child().run(job, Array("input".utf8))
        // A kernel without Landlock leaves files to the program that draws pages, and the child says so.
        let hasFiles = job == "try-as-renderer" && output.confinement.landlock == 0
        let worked = String(decoding: output.bytes, as: UTF8.self).split(separator: "\n").filter { attempt in
            !(hasFiles && (attempt.hasPrefix("read ") || attempt.hasPrefix("write ")))
        }
        #expect(worked == [])
        #expect(try open.readToEnd() == Data("secret".utf8))
        #expect(output.confinement.callsFiltered)
        #expect(output.confinement.noCapabilities)
    }

    @Test("From outside, too, a child at work is seen to have every limit, no privileges and nothing of its parent's")
    func limits() throws {
        let mark = UUID().uuidString
        // A thread of its own: the test must look while the job runs.
        Thread.detachNewThread { _ = try? ReadingSamples.child().run("spin", [1, 2, 3], arguments: [mark]) }
        let child = try process(marked: mark)
        let limits = try String(contentsOfFile: "\(child)/limits", encoding: .utf8).split(separator: "\n")
        for (name, soft, hard) in [
            ("Max cpu time", "10", "11"), ("Max file size", "0", "0"), ("Max core file size", "0", "0"), ("Max processes", "0", "0"),
            ("Max open files", "64", "64"), ("Max address space", "524288000", "524288000")
        ] {
            let line = try #require(limits.first { $0.hasPrefix(name) })
            #expect(line.dropFirst(26).split(separator: " ").prefix(2) == [Substring(soft), Substring(hard)], "\(line)")
        }
        let status = try String(contentsOfFile: "\(child)/status", encoding: .utf8).split(separator: "\n")
        func value(_ key: String) -> Substring? { status.first { $0.hasPrefix("\(key):") }?.dropFirst(key.count + 1).drop { $0 == "\t" } }
        #expect(value("NoNewPrivs") == "1")
        #expect(value("Seccomp") == "2")
        #expect(value("Threads") == "1")
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] { #expect(value(set).map { $0.allSatisfy { $0 == "0" } } == true, "\(set)") }
        // Only root may look at these.
        let files = FileManager.default
        if let open = try? files.contentsOfDirectory(atPath: "\(child)/fd") {
            #expect(Set(open) == ["0", "1", "2", "3", "4"])
            #expect(try files.destinationOfSymbolicLink(atPath: "\(child)/fd/3").contains("memfd:input"))
            for (number, place) in [("0", "/dev/null"), ("1", "/dev/null"), ("2", "pipe:"), ("4", "pipe:")] {
                #expect(try files.destinationOfSymbolicLink(atPath: "\(child)/fd/\(number)").hasPrefix(place))
            }
            let environment = try String(decoding: Data(contentsOf: URL(fileURLWithPath: "\(child)/environ")), as: UTF8.self)
            #expect(environment.split(separator: "\0").map { $0.prefix { $0 != "=" } } == ["PATH", "LANG", "SWIFT_BACKTRACE"])
            // Where the machine's owner forbids namespaces, the child does without and says so.
            for space in ["net", "user"] where try ReadingSamples.child().run("echo", []).confinement.ownNetwork {
                let theirs = try files.destinationOfSymbolicLink(atPath: "\(child)/ns/\(space)")
                #expect(theirs != (try files.destinationOfSymbolicLink(atPath: "/proc/self/ns/\(space)")))
            }
        }
        let number = try #require(pid_t(child.dropFirst("/proc/".count)))
        kill(number, SIGKILL)
        waitUntil { !files.fileExists(atPath: child) }
        #expect(!files.fileExists(atPath: child))
    }

    @Test("A child dies with its parent")
    func orphan() throws {
        let folder = try WritingFolder()
        let mark = UUID().uuidString
        // A parent that ends as soon as its child, which has all it needs to go on for a minute, is at work.
        let script = """
            import fcntl, os, sys, time
            child = os.fork()
            if child == 0:
                null = fcntl.fcntl(os.open("/dev/null", os.O_RDWR), fcntl.F_DUPFD, 10)
                os.dup2(null, 3)
                os.dup2(null, 4)
                os.closerange(5, 100)
                os.execv(sys.argv[1], [sys.argv[1], "--confined-job", "spin", "524288000", "60", sys.argv[2]])
            while open(f"/proc/{child}/status").read().find("Seccomp:\\t2") < 0: time.sleep(0.01)
            time.sleep(0.2)
            assert os.waitpid(child, os.WNOHANG) == (0, 0)
            """
        try folder.write(Array(script.utf8), to: "parent.py")
        try folder.run("python3", ["parent.py", try #require(TestProgram.path), mark])
        waitUntil { processes(marked: mark).isEmpty }
        let left = processes(marked: mark)
        #expect(left == [])
        for number in left.compactMap({ pid_t($0.dropFirst("/proc/".count)) }) { kill(number, SIGKILL) }
    }

    // MARK: Finding the child

    /// The folder in /proc of the confined process with this argument, once it is confined.
    private func process(marked mark: String) throws -> String {
        waitUntil {
            guard let found = processes(marked: mark).first else { return false }
            return (try? String(contentsOfFile: "\(found)/status", encoding: .utf8))?.contains("Seccomp:\t2") ?? false
        }
        return try #require(processes(marked: mark).first)
    }

    /// Five seconds at most, less than any of these children may run.
    private func waitUntil(_ condition: () -> Bool) {
        let deadline = ContinuousClock.now + .seconds(5)
        while !condition(), ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.01) }
    }

    private func processes(marked mark: String) -> [String] {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return numbers.filter { $0.allSatisfy(\.isNumber) }.map { "/proc/\($0)" }.filter { folder in
            let command = try? String(decoding: Data(contentsOf: URL(fileURLWithPath: "\(folder)/cmdline")), as: UTF8.self)
            guard let command else { return false }
            return command.contains("--confined-job") && command.contains(mark)
        }
    }
}
