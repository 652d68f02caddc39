import Elections
import Foundation
import Keys
import Office
import Packet
import Storage
import Testing

@Suite("What may not be in the folders of instructions, and not in the books", .enabled(if: TestOffice.present, "the program is not built"))
struct InsertsRefusalTests {
    // MARK: What may not be there

    static let bad: [(path: String, words: String)] = [
        ("instructions/militia.en.pdf", "\"militia\" is no class or group of voters"),
        ("instructions/military-overseas.fr.pdf", "\"fr\" is not one of the election's languages"),
        ("instructions/military-overseas.pdf", "does not say for whom this is, and in which language"),
        ("instructions/North.en.pdf", "\"North\" is no class or group of voters"),
        ("instructions/all.en.PDF", "this is not the name of a PDF"),
        ("instructions/all.en.docx", "this is not the name of a PDF"),
        ("instructions/.hidden", "this is not the name of a PDF"),
        ("instructions/all.en.v2.pdf", "does not say for whom"),
        ("instructions/all en.en.pdf", "does not say for whom"),
        ("instructions/more/all.en.pdf", "this is not the name of a PDF"),
        ("write-ins/west.en.pdf", "\"west\" is no ballot style of styles.csv"),
        ("write-ins/active-duty.en.pdf", "\"active-duty\" is no ballot style"),
        ("secrecy/north.en.pdf", "a secrecy sheet is for everyone")
    ]

    @Test("Everything in their folders that is not for anybody is named, all at once, and nothing is kept")
    func badNames() throws {
        let test = try InsertsOffice.makeEmpty()
        let folder = try InsertsOffice.writeElection()
        defer { try? FileManager.default.removeItem(at: folder) }
        for bad in Self.bad { try InsertsOffice.put(InsertsOffice.pdf("Page"), at: bad.path, in: folder) }
        try FileManager.default.removeItem(at: folder.appendingPathComponent("write-ins/all.es.pdf"))
        try FileManager.default.createSymbolicLink(
            at: folder.appendingPathComponent("write-ins/all.es.pdf"),
            withDestinationURL: test.folder.appendingPathComponent("keys/signing.key"))
        let error = try #require(#expect(throws: OfficeError.self) { try InsertsOffice.take(folder, into: test) })
        #expect(error.code == .badInput)
        for bad in Self.bad {
            let name = bad.path.hasPrefix("instructions/more/") ? "instructions/more" : bad.path
            let problem = error.problems.first { $0.file == name }
            #expect(problem?.what.contains(bad.words) == true, "\(bad.path): \(problem?.description ?? "not named")")
            #expect(problem?.hint.isEmpty == false, "\(bad.path)")
        }
        #expect(error.problems.first { $0.file == "write-ins/all.es.pdf" }?.what == "this is a link")
        #expect(error.problems.count == Self.bad.count + 1, "\(error)")
        #expect(try InsertsOffice.counts(test)[3] == 0)
    }

    @Test("A folder of them that is a link, or no folder, is refused", arguments: ["instructions", "write-ins", "secrecy"])
    func folders(_ name: String) throws {
        let test = try InsertsOffice.makeEmpty()
        let folder = try InsertsOffice.writeElection()
        let place = folder.appendingPathComponent(name)
        let other = folder.appendingPathComponent("elsewhere")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.moveItem(at: place, to: other)
        try FileManager.default.createSymbolicLink(at: place, withDestinationURL: other)
        let link = #expect(throws: OfficeError.self) { try InsertsOffice.take(folder, into: test) }
        #expect(link?.problems.map(\.description) == ["\(name): this is a link. Put the folder itself into the folder."])
        try FileManager.default.removeItem(at: place)
        try Data("no folder".utf8).write(to: place)
        let file = #expect(throws: OfficeError.self) { try InsertsOffice.take(folder, into: test) }
        #expect(file?.problems.map(\.description) == ["\(name): this is no folder. Put the folder itself into the folder."])
    }

    @Test("They are as hostile as ballots: each that cannot be taken is one problem, beside those of the ballots, in the same order")
    func hostile() throws {
        let test = try InsertsOffice.makeEmpty()
        let folder = try InsertsOffice.writeSmall()
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = ReadingSamples.page(catalog: "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>")
        try InsertsOffice.put(script, at: "instructions/citizens-abroad.en.pdf", in: folder)
        try InsertsOffice.put(Array("Dear voter".utf8), at: "write-ins/all.en.pdf", in: folder)
        try InsertsOffice.put(Array(InsertsOffice.pdf("Fold").dropLast(200)), at: "secrecy/all.en.pdf", in: folder)
        try InsertsOffice.put(script, at: "ballots/north.pdf", in: folder)
        var seen: Set<[String?]> = []
        for _ in 0..<3 {
            let error = try #require(#expect(throws: OfficeError.self) { try InsertsOffice.take(folder, into: test) })
            #expect(
                error.problems.map(\.file) == [
                    "ballots/north.pdf", "instructions/citizens-abroad.en.pdf", "write-ins/all.en.pdf", "secrecy/all.en.pdf"
                ], "\(error)")
            #expect(
                zip(error.problems, ["JavaScript", "JavaScript", "text file", "damaged"]).allSatisfy { $0.what.contains($1) }, "\(error)")
            // The place inside the file is named, too.
            #expect(error.problems.first?.description.contains("object") == true, "\(error)")
            seen.insert(error.problems.map(\.description))
        }
        #expect(seen.count == 1)
        #expect(try InsertsOffice.counts(test) == [0, 1, 0, 0])
        #expect(try test.office.unguardedCounter.read { try $0.count("SELECT count(*) FROM base") } == 0)
        let left = try FileManager.default.contentsOfDirectory(atPath: test.folder.path).filter { $0.hasPrefix(".import") }
        #expect(left == [])
    }

    @Test(
        "What would not look as it does in the file is refused, and the file is named",
        arguments: [
            ("ballots/north.pdf", "Ballot north"), ("instructions/citizens-abroad.en.pdf", "For citizens abroad"),
            ("write-ins/all.en.pdf", "Names to write in"), ("secrecy/all.en.pdf", "Fold around the ballot")
        ])
    func altered(_ path: String, _ words: String) throws {
        let test = try InsertsOffice.makeEmpty()
        let folder = try InsertsOffice.writeSmall()
        defer { try? FileManager.default.removeItem(at: folder) }
        // A reader that reads other words than it was given: as many letters, so that the file stays sound.
        let tools = try WritingFolder()
        let other = String(words.reversed())
        let program = """
            #!/bin/sh
            [ "$2" = read ] || exec \(TestProgram.path ?? "") "$@"
            LC_ALL=C sed 's/(\(words))/(\(other))/' /proc/self/fd/3 >"$0.$$"
            exec \(TestProgram.path ?? "") "$@" 3<"$0.$$"
            """
        try tools.write(Array(program.utf8), to: "reader")
        try tools.run("chmod", ["+x", "reader"])
        let shelf = StyleShelf(test.office, child: ConfinedChild(executable: tools.path("reader")))
        let error = #expect(throws: OfficeError.self) { try shelf.importElection(from: folder) }
        #expect(error?.problems.map(\.file) == [path], "\(error?.description ?? "")")
        #expect(error?.problems.first?.what.contains("page 1 looks different after it was read") == true)
        #expect(try InsertsOffice.counts(test) == [0, 1, 0, 0])
    }

    @Test("A damaged one is taken where that was asked for, and the journal tells of it")
    func repaired() throws {
        let test = try InsertsOffice.makeEmpty()
        let folder = try InsertsOffice.writeSmall()
        defer { try? FileManager.default.removeItem(at: folder) }
        let damaged = String(decoding: InsertsOffice.pdf("For citizens"), as: UTF8.self).replacingOccurrences(
            of: "startxref\n", with: "startxref\n9")
        try InsertsOffice.put(Array(damaged.utf8), at: "instructions/citizens-abroad.en.pdf", in: folder)
        let error = #expect(throws: OfficeError.self) { try InsertsOffice.take(folder, into: test) }
        #expect(error?.problems.map(\.file) == ["instructions/citizens-abroad.en.pdf"])
        let summary = try InsertsOffice.take(folder, into: test, acceptRepaired: true)
        #expect(summary.warnings.contains { $0.hasPrefix("instructions/citizens-abroad.en.pdf: ") }, "\(summary.warnings)")
        let told = try test.office.books.read { books in
            try books.first("SELECT canonical FROM journal WHERE kind = 'election_imported'") {
                try JSONValue.parse(try $0.blob("canonical"))
            }
        }
        let files = told?["inserts"]
        #expect(files?["instructions/citizens-abroad.en.pdf"]?["repaired"]?.boolValue == true)
        #expect(files?["secrecy/all.en.pdf"]?["repaired"]?.boolValue == false)
        #expect(files?.objectValue?.count == 3)
        try test.verify()
    }

    // MARK: Planted

    static let plants: [(name: String, finds: String, script: String)] = [
        (
            "two voters' instructions are exchanged", "9 frozen: style south revision 1: Its base en/letter/",
            """
            CREATE TABLE kept AS SELECT min(instructions) AS a, max(instructions) AS b FROM base
                WHERE style = (SELECT id FROM ballot_style WHERE code = 'south') AND paper = 'letter' AND instructions <> '';
            UPDATE base SET instructions = (SELECT replace(a, substr(a, 1, 8), 'exchange') FROM kept)
                WHERE style = (SELECT id FROM ballot_style WHERE code = 'south') AND instructions = (SELECT a FROM kept);
            UPDATE base SET instructions = (SELECT a FROM kept)
                WHERE style = (SELECT id FROM ballot_style WHERE code = 'south') AND instructions = (SELECT b FROM kept);
            UPDATE base SET instructions = (SELECT b FROM kept) WHERE instructions LIKE 'exchange%';
            DROP TABLE kept;
            """
        ),
        (
            "a base with instructions is taken out of use", "9 frozen: style north revision 1: Its base es/a4/",
            """
            UPDATE base SET retired_at = 5 WHERE style = (SELECT id FROM ballot_style WHERE code = 'north') AND language = 'es'
                AND paper = 'a4' AND instructions <> ''
            """
        ),
        (
            "an election's instructions name another file", "9 frozen: election 2028-general: Its instructions",
            "UPDATE election SET inserts = replace(inserts, 'citizens-abroad.en', 'military-domestic.en')"
        ),
        (
            "an election has no instructions any more", "9 frozen: election 2028-general: Its instructions",
            "UPDATE election SET inserts = '{}'"
        ),
        (
            "the pages of a file are counted otherwise", "9 frozen: election 2028-general: Its instructions",
            "UPDATE election SET inserts = replace(inserts, '\"pages\":3', '\"pages\":4')"
        )
    ]

    @Test("What is planted is named by the audit, and nothing is issued from it", arguments: plants.indices)
    func planted(_ index: Int) throws {
        let plant = Self.plants[index]
        let test = try InsertsOffice.make()
        try test.verify("before")
        try test.plant(plant.script, in: test.office.books)
        let found = try Audit(test.office).run().findings.map { "\($0.invariant): \($0.subject): \($0.detail)" }
        #expect(found.contains { $0.hasPrefix(plant.finds) }, "\(plant.name): \(found)")
        let refused = #expect(throws: OfficeError.self) { try test.issue() }
        #expect(refused?.code == .broken)
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM ballot") } == 0)
    }

    // MARK: Offices from before

    @Test("An office from before there were such files is carried over, with its bases and its ballots")
    func migrated() throws {
        let test = try TestOffice()
        try test.issue { $0.only = [VoterID("V1")] }
        let bases = "SELECT hash, style, language, paper, retired_at IS NULL AS standing FROM base ORDER BY id"
        func kept(_ office: Office) throws -> [String] {
            try office.books.read { books in
                try books.all(bases) {
                    "\(ReportsOffice.hex(try $0.blob("hash"))) \(try $0.integer("style")) \(try $0.text("paper")) \(try $0.flag("standing"))"
                }
            }
        }
        let before = try kept(test.office)
        try test.office.books.write { try $0.executeScript(Self.downgrade) }
        try test.office.books.close()
        let box = TestOffice.ClockBox(TestOffice.start)
        let moved = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-moved-\(UUID().uuidString)")
        let later = try TestOffice(at: try DistrictOffice.copied(test.folder, to: moved), clock: box)
        #expect(try kept(later.office) == before)
        try later.verify("carried over")
        let folder = try TestOffice.writeElection()
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try InsertsOffice.take(folder, into: later).unchanged == 2)
        #expect(try later.issue().buckets[.issued] == TestOffice.due - 1)
        try later.verify("and issued from")
    }

    /// What the first version's table of bases was.
    private static let downgrade = """
        DROP TRIGGER base_frozen; DROP TRIGGER base_kept; DROP INDEX base_current;
        ALTER TABLE base RENAME TO newer;
        CREATE TABLE base (
            id         INTEGER PRIMARY KEY,
            hash       BLOB NOT NULL CHECK (length(hash) = 32),
            style      INTEGER NOT NULL REFERENCES ballot_style (id),
            language   TEXT NOT NULL,
            paper      TEXT NOT NULL CHECK (paper IN ('letter', 'a4')),
            length     INTEGER NOT NULL,
            plan       TEXT NOT NULL,
            first_ballot_page INTEGER NOT NULL,
            last_ballot_page  INTEGER NOT NULL,
            made_at    INTEGER NOT NULL,
            retired_at INTEGER,
            UNIQUE (style, language, paper, hash)
        ) STRICT;
        INSERT INTO base SELECT id, hash, style, language, paper, length, plan, first_ballot_page, last_ballot_page, made_at, retired_at
            FROM newer;
        DROP TABLE newer;
        CREATE UNIQUE INDEX base_current ON base (style, language, paper) WHERE retired_at IS NULL;
        CREATE TRIGGER base_frozen BEFORE UPDATE OF id, hash, style, language, paper, length, plan, first_ballot_page, last_ballot_page,
            made_at ON base
            BEGIN SELECT RAISE(ABORT, 'a base never changes'); END;
        CREATE TRIGGER base_kept BEFORE DELETE ON base
            BEGIN SELECT RAISE(ABORT, 'a base is never deleted'); END;
        ALTER TABLE election DROP COLUMN inserts;
        DELETE FROM grdb_migrations WHERE identifier = '0002 inserts';
        """
}
