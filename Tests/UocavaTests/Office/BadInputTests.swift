import Elections
import Foundation
import Keys
import Office
import Packet
import Storage
import Testing

@Suite("Bad input to an office", .enabled(if: TestOffice.present, "the program is not built"))
struct BadInputTests {
    /// How many rows every table of both databases has.
    private func rows(_ office: Office) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for (name, file) in [("office", office.books), ("counter", office.unguardedCounter)] {
            try file.read { transaction in
                for table in try transaction.all("SELECT name FROM sqlite_master WHERE type = 'table'", decode: { try $0.text("name") }) {
                    counts["\(name).\(table)"] = try transaction.count("SELECT count(*) FROM \"\(table)\"")
                }
            }
        }
        return counts
    }

    /// The office's error that `body` ends with, after which both databases hold what they held.
    private func refusal(
        _ test: TestOffice, _ comment: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
    ) throws -> OfficeError? {
        let before = try rows(test.office)
        let error = #expect(throws: OfficeError.self, "\(comment)", sourceLocation: sourceLocation) { try body() }
        #expect(try rows(test.office) == before, "\(comment): something was written", sourceLocation: sourceLocation)
        return error
    }

    // MARK: Rolls

    /// A file as people send it, and what there is to say about it.
    struct Dirty: Sendable, CustomTestStringConvertible {
        let file: String
        /// The places, e.g. `2 date_of_birth`; no column where the row as a whole is wrong, no line where the file is.
        let places: Set<String>
        /// Some words of the message.
        let words: [String]
        /// How many voters are held if the good rows are taken; nil where no row can be read.
        var held: Int?
        var testDescription: String { file }
    }

    static let dirty = [
        Dirty(
            file: "bad_values.csv",
            places: [
                "2 date_of_birth", "3 date_of_birth", "4 class", "6 preference", "7 request_date", "8 voter_id", "9 last_name"
            ],
            words: ["\"31/02/1980\" is not a date. Write it as YYYY-MM-DD", "\"soldier\" is not known. Write one of active-duty"], held: 7),
        Dirty(
            file: "duplicates.csv", places: Set([5, 6, 7, 22, 23, 24].map { "\($0) voter_id" }),
            words: ["in the file 2 times: lines 5, 22"],
            held: 3),
        Dirty(
            file: "number_held_by_two_people.csv", places: Set((2...13).map { "\($0) voter_id" }),
            words: ["in the file 2 times: lines 12, 13. Each voter has one number"], held: 6),
        Dirty(
            file: "hostile.csv", places: ["4 email", "7 first_name", "8 last_name", "9 email", "10 mailing_line1"],
            words: ["\\u{D}\\u{A}Bcc", "\\u{202E}evil", "is longer than 100 characters", "is not an e-mail address", "direction-changing"],
            held: 5),
        Dirty(
            file: "ragged_with_total_row.csv", places: ["4 ", "6 ", "13 "],
            words: ["has 31 of 29 fields. Put cells that hold a comma in quotes", "Rows of totals and notes do not belong"], held: 3),
        Dirty(
            file: "utf8_bom_crlf.csv", places: Set([2, 3, 4, 5, 30, 46, 51, 60].map { "\($0) voter_id" }), words: ["in the file 2 times"],
            held: 4),
        Dirty(file: "header_only.csv", places: [" "], words: ["no voter in the file, only the header"]),
        Dirty(file: "zero_bytes.csv", places: [" "], words: ["the file is empty"]),
        Dirty(file: "pipe_quoted.txt", places: ["1 "], words: ["separated by pipes", "CSV UTF-8 (comma delimited)"]),
        Dirty(file: "utf16le_bom_tab.txt", places: ["1 "], words: ["UTF-16", "CSV UTF-8 (comma delimited)"]),
        Dirty(
            file: "windows1252_semicolon.csv", places: ["1 ", "2 "], words: ["Windows-1252", "semicolons", "CSV UTF-8 (comma delimited)"])
    ]

    @Test("Every dirty file of the fixtures is known here", .enabled(if: Fixtures.present, "…/shared/fixtures is not there"))
    func noneForgotten() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Fixtures.folder("voters-dirty").path)
        #expect(Set(names) == Set(Self.dirty.map(\.file)))
    }

    @Test(
        "A dirty roll is refused with what is wrong, where, and what to do; nothing is written",
        .enabled(if: Fixtures.present, "…/shared/fixtures is not there"), arguments: BadInputTests.dirty)
    func dirtyRoll(_ dirty: Dirty) throws {
        let test = try TestOffice()
        let bytes = [UInt8](try Data(contentsOf: Fixtures.folder("voters-dirty/\(dirty.file)")))
        let error = try refusal(test, dirty.file) {
            _ = try VoterRoll(test.office).importRoll(bytes, file: dirty.file, election: TestOffice.election)
        }
        let found = try #require(error)
        #expect(found.code == .badInput)
        #expect(found.message.contains(dirty.file) && found.message.contains("Nothing was changed"), "\(found)")
        #expect(Set(found.problems.map { "\($0.line.map(String.init) ?? "") \($0.column ?? "")" }) == dirty.places, "\(found)")
        for problem in found.problems {
            #expect(problem.file == dirty.file)
            #expect(!problem.what.isEmpty && !problem.hint.isEmpty, "\(problem)")
        }
        let text = found.description
        for word in dirty.words { #expect(text.contains(word), "\(word) is missing in: \(text)") }
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || !Printable.isUnsafe($0) })

        guard let held = dirty.held else {
            _ = try refusal(test, "\(dirty.file) with held rows") {
                _ = try VoterRoll(test.office).importRoll(bytes, file: dirty.file, election: TestOffice.election, holdRefused: true)
            }
            return
        }
        let summary = try VoterRoll(test.office).importRoll(bytes, file: dirty.file, election: TestOffice.election, holdRefused: true)
        #expect(Set(summary.problems) == Set(found.problems))
        #expect(summary.changed == 0 && summary.unchanged == 0 && summary.missing == 12)
        // One bad row must not stop the others, and its voter is not forgotten.
        let result = try test.issue()
        #expect(result.buckets[.held] == held)
        #expect(result.buckets[.issued] == TestOffice.due)
        #expect(result.total == 12 + summary.new + held)
        #expect(try Reports(test.office).exceptions(election: TestOffice.election).filter { $0.kind == "held" }.count == held)
        try test.verify("\(dirty.file)")
    }

    // MARK: Elections

    /// An office that has no election yet.
    private func emptyOffice(test isTest: Bool = false) throws -> TestOffice {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-empty-\(UUID().uuidString)")
        let box = TestOffice.ClockBox(TestOffice.start)
        _ = try OfficeFolder.make(
            at: root, test: isTest, name: "Board of Elections",
            configuration: Configuration.text(
                publicURL: "http://127.0.0.1:8080", listen: .init(host: "127.0.0.1", port: 0), smtpURL: "smtp://127.0.0.1:2525",
                from: "uocava@elections.example.gov"),
            passphrase: nil, clock: WallClock { box.now })
        return try TestOffice(at: root, clock: box)
    }

    private func take(_ election: URL, _ test: TestOffice) throws {
        _ = try StyleShelf(test.office, child: ConfinedChild(executable: TestProgram.path ?? "/nonexistent")).importElection(from: election)
    }

    /// A ballot that no office can take, and what is said about it.
    struct BadBallot: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let words: String
        /// Where in the file, if that can be said.
        var place: String?
        let make: @Sendable () throws -> [UInt8]
    }

    static let badBallots = [
        BadBallot(testDescription: "a text file", words: "it is a text file") {
            Array("Dear Sir or Madam,\nplease find the ballot.\n".utf8)
        },
        BadBallot(testDescription: "an empty file", words: "it is empty") { [] },
        BadBallot(testDescription: "an encrypted PDF", words: "encrypted") {
            let folder = try WritingFolder()
            try folder.write(SmallBallot.pdf("North"), to: "plain.pdf")
            try folder.run("qpdf", ["--encrypt", "voter", "owner", "256", "--", "plain.pdf", "locked.pdf"])
            return try folder.read("locked.pdf")
        },
        BadBallot(testDescription: "a PDF that makes the reader crash", words: "crash") {
            // A chain of 60,000 page tree nodes: libqpdf walks it by recursion and runs out of stack.
            let depth = 60_000
            var objects = ["<< /Type /Catalog /Pages 2 0 R >>"]
            for number in 2..<depth { objects.append("<</Type/Pages/Count 1/Kids[\(number + 1) 0 R]>>") }
            objects.append("<< /Type /Page /Parent \(depth - 1) 0 R /MediaBox [0 0 612 792] >>")
            return ReadingSamples.pdf(objects)
        },
        BadBallot(testDescription: "half a PDF", words: "would have to be repaired (") { Array(SmallBallot.pdf("North").dropLast(300)) },
        BadBallot(testDescription: "a PDF with a script", words: "JavaScript", place: "object 1 0") {
            ReadingSamples.page(catalog: "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>")
        }
    ]

    @Test("A ballot that cannot be taken stops the import: no election, no style and no base is kept", arguments: BadInputTests.badBallots)
    func badBallot(_ bad: BadBallot) throws {
        let test = try emptyOffice()
        let bytes = try bad.make()
        let folder = try TestOffice.writeElection { $0 == "north" ? bytes : SmallBallot.pdf($0) }
        defer { try? FileManager.default.removeItem(at: folder) }
        let error = try #require(try refusal(test, bad.testDescription) { try take(folder, test) })
        #expect(error.code == .badInput)
        let problem = try #require(error.problems.first)
        #expect(error.problems.count == 1)
        #expect(problem.file == "ballots/north.pdf")
        #expect(problem.what.contains(bad.words), "\(error)")
        if let place = bad.place { #expect(problem.description.hasPrefix("ballots/north.pdf: \(place): "), "\(error)") }
        #expect(!problem.hint.isEmpty, "\(error)")
        #expect(try rows(test.office)["office.election"] == 0)
        #expect(try rows(test.office)["counter.base"] == 0)
        // The office is as good as new: the same folder with a good ballot goes in.
        try Data(SmallBallot.pdf("north")).write(to: folder.appendingPathComponent("ballots/north.pdf"))
        try take(folder, test)
        #expect(try rows(test.office)["counter.base"] == 4)
        try test.verify()
    }

    @Test("Two bad ballots are both named, and an election that is there stays as it is")
    func twoBadBallots() throws {
        let test = try TestOffice()
        let folder = try TestOffice.writeElection { _ in Array("no ballot".utf8) }
        defer { try? FileManager.default.removeItem(at: folder) }
        let error = try refusal(test, "two bad ballots") { try take(folder, test) }
        #expect(error?.problems.compactMap(\.file).sorted() == ["ballots/north.pdf", "ballots/south.pdf"])
        #expect(try test.issue().buckets[.issued] == TestOffice.due)
        try test.verify()
    }

    @Test(
        "Every encrypted PDF of the fixtures is refused and named, all in one go",
        .enabled(if: Fixtures.present, "…/shared/fixtures is not there"))
    func encryptedFixtures() throws {
        let test = try emptyOffice()
        // qpdf says which they are; one of them lacks the header, and is no PDF to anybody else.
        let tools = try WritingFolder()
        let files = ReadingSamples.files("pdf-nasty").filter {
            (try? tools.run("qpdf", ["--is-encrypted", $0.path])) != nil && $0.lastPathComponent != "issue-147.pdf"
        }
        #expect(files.count >= 15)
        let folder = try TestOffice.writeElection()
        defer { try? FileManager.default.removeItem(at: folder) }
        var sheet =
            "style,name,precincts,party,scope,language,file\nnorth,North,North,,full,en,ballots/north.pdf\nsouth,South,South,,full,en,ballots/south.pdf\n"
        for (index, file) in files.enumerated() {
            sheet += "E\(index),E\(index),P\(index),,full,en,ballots/E\(index).pdf\n"
            try Data(contentsOf: file).write(to: folder.appendingPathComponent("ballots/E\(index).pdf"))
        }
        try Data(sheet.utf8).write(to: folder.appendingPathComponent("styles.csv"))
        let error = try refusal(test, "encrypted ballots") { try take(folder, test) }
        #expect(error?.problems.count == files.count)
        #expect(Set(error?.problems.compactMap(\.file) ?? []) == Set(files.indices.map { "ballots/E\($0).pdf" }))
        for problem in error?.problems ?? [] {
            let index = problem.file.flatMap { Int($0.filter(\.isNumber)) } ?? 0
            #expect(problem.what.contains("encrypted"), "\(files[index].lastPathComponent): \(problem)")
        }
    }

    /// A folder that is not as it must be.
    struct BadFolder: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let words: [String]
        let spoil: @Sendable (URL) throws -> Void
    }

    static let badFolders = [
        BadFolder(testDescription: "a ballot is missing", words: ["ballots/north.pdf", "is not in the folder"]) {
            try FileManager.default.removeItem(at: $0.appendingPathComponent("ballots/north.pdf"))
        },
        BadFolder(testDescription: "a ballot that no style claims", words: ["ballots/east.pdf", "no line of styles.csv names this ballot"])
        {
            try Data(SmallBallot.pdf("East")).write(to: $0.appendingPathComponent("ballots/east.pdf"))
        },
        BadFolder(testDescription: "no styles.csv", words: ["styles.csv"]) {
            try FileManager.default.removeItem(at: $0.appendingPathComponent("styles.csv"))
        },
        BadFolder(testDescription: "no declaration", words: ["declaration.en.md", "the declaration is missing"]) {
            try FileManager.default.removeItem(at: $0.appendingPathComponent("declaration.en.md"))
        },
        BadFolder(testDescription: "an unknown key", words: ["election.yaml", "recipt"]) {
            let file = $0.appendingPathComponent("election.yaml")
            let text = try String(contentsOf: file, encoding: .utf8)
            try Data(text.replacingOccurrences(of: "  receipt:", with: "  recipt:").utf8).write(to: file)
        }
    ]

    @Test("A folder that is not as it must be stops the import before anything is kept", arguments: BadInputTests.badFolders)
    func badFolder(_ bad: BadFolder) throws {
        let test = try emptyOffice()
        let folder = try TestOffice.writeElection()
        defer { try? FileManager.default.removeItem(at: folder) }
        try bad.spoil(folder)
        let error = try #require(try refusal(test, bad.testDescription) { try take(folder, test) })
        #expect(error.code == .badInput)
        for word in bad.words { #expect(error.description.contains(word), "\(word) is missing in: \(error)") }
    }

    @Test("A test election does not get into a real office, nor a real one into a test office", arguments: [false, true])
    func kinds(isTest: Bool) throws {
        let test = try emptyOffice(test: isTest)
        let folder = try TestOffice.writeElection(test: !isTest)
        defer { try? FileManager.default.removeItem(at: folder) }
        let error = try #require(try refusal(test, "the other kind") { try take(folder, test) })
        #expect(error.code == .notAllowed)
        #expect(error.message.contains("2028-general"))
        #expect(error.hint.contains("uocava init"))
        #expect(try rows(test.office)["office.election"] == 0)
    }
}
