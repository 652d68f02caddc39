import Elections
import Foundation
import Keys
import Office
import Packet
import Storage
import Testing

/// An office whose election lies in the future of the machine's clock, with a roll that keeps `uocava issue` busy for a while: that of the
/// fixtures with its dates moved, or one made up where they are missing.
enum CrashOffice {
    struct Template: Sendable {
        let folder: URL
        let election: ElectionID
        let total: Int
        let voters: [(number: String, birthday: String)]
    }

    static let template = Result { try makeTemplate() }

    /// The buckets of a run that nothing disturbs.
    static let undisturbed = Result { () throws -> JSONValue in
        let folder = try copy()
        defer { try? FileManager.default.removeItem(at: folder) }
        let end = try CrashRun(folder, try template.get().election).finish()
        return try #require(end.json?["buckets"], "\(end.err)")
    }

    /// The office with nothing issued yet.
    static func copy(to place: URL? = nil) throws -> URL { try DistrictOffice.copied(try template.get().folder, to: place) }

    private static func makeTemplate() throws -> Template {
        let source = Fixtures.present ? DistrictOffice.folder : try TestOffice.writeElection()
        let election = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-crash-election-\(UUID().uuidString)")
        defer {
            try? FileManager.default.removeItem(at: election)
            if !Fixtures.present { try? FileManager.default.removeItem(at: source) }
        }
        let year = Calendar(identifier: .gregorian).component(.year, from: Date())
        // File by file: the fixtures' folders may not be written to, and a copy of one neither.
        try FileManager.default.createDirectory(at: election.appendingPathComponent("ballots"), withIntermediateDirectories: true)
        let ballots = try FileManager.default.contentsOfDirectory(atPath: source.appendingPathComponent("ballots").path)
        for name in ["election.yaml", "styles.csv", "declaration.en.md"] + ballots.map({ "ballots/\($0)" }) {
            var bytes = try Data(contentsOf: source.appendingPathComponent(name))
            if name == "election.yaml" {
                let text = String(decoding: bytes, as: UTF8.self)
                bytes = Data(text.replacingOccurrences(of: "2028-", with: "\(year + 1)-").utf8)
            }
            try bytes.write(to: election.appendingPathComponent(name))
        }
        let roll = try Fixtures.present ? movedRoll(year) : madeRoll(year)
        let rows = DistrictOffice.table(roll)
        let id = ElectionID("\(year + 1)-general")
        let folder = try DistrictOffice.make(election: election, roll: Array(roll.utf8), id: id, clock: .system)
        return Template(
            folder: folder, election: id, total: rows.count,
            voters: rows.map { (number: $0["voter_id", default: ""], birthday: $0["date_of_birth", default: ""]) })
    }

    /// The fixtures' roll: requests of last year, valid to the end of the next.
    private static func movedRoll(_ year: Int) throws -> String {
        String(decoding: try DistrictOffice.bytes("voters.csv"), as: UTF8.self)
            .replacingOccurrences(of: ",2028-12-31,", with: ",\(year + 1)-12-31,")
            .replacingOccurrences(of: ",2028-02-29,", with: ",2028-02-28,")
            .replacingOccurrences(of: ",2028-", with: ",\(year - 1)-")
    }

    /// 2,500 voters of the small election; every tenth prefers paper.
    private static func madeRoll(_ year: Int) -> String {
        var text =
            "voter_id,last_name,first_name,date_of_birth,email,precinct,class,location,request_form,request_date,valid_to,preference,"
            + "mailing_line1,mailing_line2,mailing_country\n"
        for index in 1...2500 {
            text += "M\(index),Voter\(index),Ann,19\(50 + index % 40)-0\(index % 9 + 1)-1\(index % 10),m\(index)@example.org,"
            text += "\(index.isMultiple(of: 2) ? "North" : "South"),active-duty,overseas,fpca,\(year - 1)-08-01,\(year + 1)-12-31,"
            text += "\(index.isMultiple(of: 10) ? "mail" : "email"),PSC \(index) BOX 1,APO AE 09001,United States of America\n"
        }
        return text
    }
}

/// `uocava issue` in a process of its own.
final class CrashRun {
    private let process = Process()
    private let folder: WritingFolder

    /// Starts it; `largestFile` is the most that a file may grow to, in KB.
    init(_ office: URL, _ election: ElectionID, largestFile: Int? = nil) throws {
        folder = try WritingFolder()
        let program = try #require(TestProgram.path)
        let words = ["issue", "--election", election.text, "--office", office.path, "--format", "json"]
        if let largestFile {
            // With the signal ignored, the write itself fails, as on a disk that is full.
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-c", "trap '' XFSZ; ulimit -f \(largestFile); exec \"$0\" \"$@\"", program] + words
        } else {
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = words
        }
        process.environment = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": folder.url.path]
        process.standardInput = FileHandle.nullDevice
        for name in ["out", "err"] { try folder.write([], to: name) }
        process.standardOutput = try FileHandle(forWritingTo: folder.url.appendingPathComponent("out"))
        process.standardError = try FileHandle(forWritingTo: folder.url.appendingPathComponent("err"))
        try process.run()
    }

    /// How it ended.
    struct End {
        let wasKilled: Bool
        let status: Int32
        let out: String
        let err: String
        var json: JSONValue? { try? JSONValue.parse(Array(out.utf8)) }
    }

    /// Lets it come to its end.
    func finish() throws -> End {
        process.waitUntilExit()
        return End(
            wasKilled: process.terminationReason == .uncaughtSignal, status: process.terminationStatus,
            out: String(decoding: try folder.read("out"), as: UTF8.self), err: String(decoding: try folder.read("err"), as: UTF8.self))
    }

    /// Comes back when the run has written so many more packets to the counter, or has ended.
    func waits(forPackets packets: Int, in office: URL) async throws {
        let database = try OfficeFolder(office).openCounterDatabase()
        defer { try? database.close() }
        func written() throws -> Int { try database.read { try $0.count("SELECT count(*) FROM packet") } }
        let first = try written()
        while process.isRunning, try written() < first + packets { try await Task.sleep(for: .milliseconds(2)) }
    }

    /// kill -9.
    func kill() throws -> End {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
        return try finish()
    }
}

/// A small disk of its own, in memory, that goes away with its last user.
final class CrashDisk {
    let folder: URL

    /// 96 MB: the office, and room for what a batch writes.
    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-disk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        guard try Self.run("mount", ["-t", "tmpfs", "-o", "size=96m", "tmpfs", folder.path]) == 0 else {
            try? FileManager.default.removeItem(at: folder)
            throw WritingFolder.Failure(text: "no disk could be made")
        }
    }

    deinit {
        _ = try? Self.run("umount", ["-l", folder.path])
        try? FileManager.default.removeItem(at: folder)
    }

    /// Whether this machine lets the tests make one.
    static let canMake = geteuid() == 0 && (try? CrashDisk()) != nil

    private var filler: URL { folder.appendingPathComponent("filler") }

    /// Fills the disk but for this much.
    func fill(leaving kilobytes: Int) throws {
        let room = try FileManager.default.attributesOfFileSystem(forPath: folder.path)[.systemFreeSize] as? NSNumber
        let free = try #require(room).intValue
        try Data(count: max(0, free - kilobytes * 1024)).write(to: filler)
    }

    /// Gives the space back.
    func empty() throws { try FileManager.default.removeItem(at: filler) }

    private static func run(_ tool: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
