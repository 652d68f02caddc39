import Foundation
import Testing

/// The checkout that this file stands in, and its scripts run as a person runs them.
private enum House {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Whether this is a checkout: an unpacked archive has no list of tracked files.
    static let isCheckout = FileManager.default.fileExists(atPath: root.appendingPathComponent(".git").path)

    struct Outcome {
        var status: Int32
        var output: Data
        var text: String { String(decoding: output, as: UTF8.self) }
    }

    /// Runs a program in the checkout; standard error goes with standard output.
    static func run(_ program: String, _ arguments: [String]) throws -> Outcome {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = root
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // Read to the end before waiting: a full pipe would stop the program for good.
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(status: process.terminationStatus, output: output)
    }

    static func script(_ name: String, _ arguments: [String]) throws -> Outcome {
        try run(root.appendingPathComponent("scripts/\(name)").path, arguments)
    }

    /// Everything in the repository: what git tracks, and new files that it does not ignore.
    static func files() throws -> [URL] {
        let listed = try run("/usr/bin/env", ["git", "-C", root.path, "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        try #require(listed.status == 0, "\(listed.text)")
        return listed.text.split(separator: "\0").map { root.appendingPathComponent(String($0)) }
    }

    /// Hands over a new folder and removes it afterwards.
    static func inFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-house-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }
}

/// What stands after `-----BEGIN … PRIVATE KEY-----`: a header alone is code that recognises such files.
private func holdsPrivateKey(_ text: String) -> Bool {
    var rest = text[...]
    while let header = rest.range(of: "PRIVATE KEY") {
        rest = rest[header.upperBound...]
        let body = rest.drop { $0 == "-" || $0.isNewline || $0 == " " }
        let line = body.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "+" || $0 == "/" || $0 == "=") }
        let introduced = text[..<header.lowerBound].suffix(30).contains("-----BEGIN")
        if introduced && (line.count >= 24 || body.hasPrefix("Proc-Type:")) { return true }
    }
    return false
}

@Suite("The house")
struct HouseTests {
    @Test("The repository holds no private key", .enabled(if: House.isCheckout, "this is not a git checkout"))
    func noPrivateKey() throws {
        let files = try House.files()
        #expect(files.count > 20)
        for file in files {
            guard let data = try? Data(contentsOf: file) else { continue }
            #expect(file.pathExtension != "key", "\(file.path) is named like a private key")
            #expect(!holdsPrivateKey(String(decoding: data, as: UTF8.self)), "\(file.path) holds a private key")
        }
    }

    @Test("The search for private keys finds one that openssl has just made", arguments: [["-aes128"], []])
    func keySearchFinds(_ cipher: [String]) throws {
        let passphrase = cipher.isEmpty ? [] : ["-pass", "pass:house"]
        let made = try House.run(
            "/usr/bin/env", ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"] + cipher + passphrase)
        #expect(made.status == 0, "\(made.text)")
        #expect(holdsPrivateKey(made.text))
        // No key: a sentence that names a key's first line, as this program's own messages and comments do.
        #expect(!holdsPrivateKey("A key file begins with -----BEGIN PRIVATE KEY----- and is refused here."))
    }

    @Test("The sample election has eight styles and two hundred voters, and is the same each time it is made")
    func sampleElection() throws {
        try House.inFolder { folder in
            let places = ["one", "two"].map { folder.appendingPathComponent($0) }
            for place in places {
                let made = try House.script("sample-election", [place.path, "--date", "2028-09-18"])
                try #require(made.status == 0, "\(made.text)")
            }
            let names = try FileManager.default.subpathsOfDirectory(atPath: places[0].path).sorted()
            #expect(try FileManager.default.subpathsOfDirectory(atPath: places[1].path).sorted() == names)
            for name in names {
                let contents = places.map { FileManager.default.contents(atPath: $0.appendingPathComponent(name).path) }
                #expect(contents[0] == contents[1], "\(name) differs")
            }

            let styles = try lines(places[0].appendingPathComponent("styles.csv")).dropFirst()
            #expect(Set(styles.map { $0.prefix { $0 != "," } }).count == 8)
            #expect(names.filter { $0.hasPrefix("ballots/") && $0.hasSuffix(".pdf") }.count == styles.count)
            #expect(try lines(places[0].appendingPathComponent("voters.csv")).count == 201)
            let definition = try String(contentsOf: places[0].appendingPathComponent("election.yaml"), encoding: .utf8)
            #expect(definition.contains("  date: 2028-11-07\n"))
            #expect(definition.contains("  test: true"))
        }
    }

    @Test("Another seed gives other voters and the same ballots")
    func sampleSeed() throws {
        try House.inFolder { folder in
            for seed in ["1", "2"] {
                let place = folder.appendingPathComponent(seed).path
                let made = try House.script("sample-election", [place, "--date", "2028-09-18", "--voters", "60", "--seed", seed])
                try #require(made.status == 0, "\(made.text)")
            }
            let contents = { (name: String) in
                ["1", "2"].map { FileManager.default.contents(atPath: folder.appendingPathComponent("\($0)/\(name)").path) }
            }
            #expect(contents("voters.csv")[0] != contents("voters.csv")[1])
            #expect(contents("ballots/P4-A-es.pdf")[0] == contents("ballots/P4-A-es.pdf")[1])
        }
    }

    @Test("Every page of a sample ballot and of what goes with it says SAMPLE")
    func sampleSaysSo() throws {
        try House.inFolder { folder in
            let place = folder.appendingPathComponent("sample")
            let made = try House.script("sample-election", [place.path, "--date", "2028-09-18", "--voters", "1"])
            try #require(made.status == 0, "\(made.text)")
            let files = try FileManager.default.subpathsOfDirectory(atPath: place.path).filter { $0.hasSuffix(".pdf") }
            #expect(Set(files.compactMap { $0.split(separator: "/").first }) == ["ballots", "instructions", "write-ins", "secrecy"])
            for ballot in files {
                let text = try House.run("/usr/bin/env", ["pdftotext", place.appendingPathComponent(ballot).path, "-"]).text
                let pages = text.split(separator: "\u{0C}", omittingEmptySubsequences: true)
                #expect((1...2).contains(pages.count))
                for page in pages { #expect(page.contains("SAMPLE"), "\(ballot)") }
            }
        }
    }

    @Test("The sample is not written over a folder that holds something")
    func sampleRefuses() throws {
        try House.inFolder { folder in
            try Data("mine".utf8).write(to: folder.appendingPathComponent("letter.txt"))
            let made = try House.script("sample-election", [folder.path])
            #expect(made.status != 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["letter.txt"])
        }
    }

    @Test("Every check of the house can fail")
    func checksCanFail() throws {
        let proved = try House.script("check", ["--prove"])
        #expect(proved.status == 0, "\(proved.text)")
        #expect(!proved.text.contains("MISSED"))
    }

    private func lines(_ file: URL) throws -> [Substring] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    }
}
