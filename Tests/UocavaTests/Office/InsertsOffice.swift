import Elections
import Foundation
import Keys
import Office
import Packet
import Storage
import Testing

/// An office whose election has instructions, write-in candidates and secrecy sheets, in English and Spanish, and voters of every kind.
enum InsertsOffice {
    /// A PDF with this on each of its pages.
    static func pdf(_ words: String, pages: Int = 1) -> [UInt8] {
        let kids = (0..<pages).map { "\(4 + 2 * $0) 0 R" }.joined(separator: " ")
        var objects = [
            "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [\(kids)] /Count \(pages) /MediaBox [0 0 612 792] >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
        ]
        for page in 0..<pages {
            objects.append("<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R >> >> /Contents \(5 + 2 * page) 0 R >>")
            objects.append(ReadingSamples.stream("BT /F1 20 Tf 72 \(690 - 20 * page) Td (\(words)) Tj ET 72 300 200 \(30 + page) re S"))
        }
        return ReadingSamples.pdf(objects)
    }

    /// The files, with the words on each of their pages.
    static let files: [(path: String, words: String, pages: Int)] = [
        ("instructions/military-overseas.en.pdf", "For the military overseas", 2),
        ("instructions/military-overseas.es.pdf", "Para militares en el extranjero", 1),
        ("instructions/citizens-abroad.en.pdf", "For citizens abroad", 1),
        ("instructions/citizens-abroad.es.pdf", "Para ciudadanos en el extranjero", 3),
        ("instructions/activated-national-guard.en.pdf", "For the National Guard", 1),
        ("write-ins/all.en.pdf", "Names to write in", 1),
        ("write-ins/all.es.pdf", "Nombres por escrito", 2),
        ("write-ins/north.en.pdf", "Names to write in up north", 1),
        ("secrecy/all.en.pdf", "Fold around the ballot", 1)
    ]

    /// A voter, and the files whose pages are behind the cover and behind the ballot.
    struct Voter: Sendable {
        let number: String
        let voterClass: String
        let location: String
        /// `PSC 1|APO AE 09001|`: lines, and the country at the end.
        let address: String
        let language: String
        let precinct: String
        let packet: String
        let instructions: String?
        let writeIns: String

        static let birthday = "1961-04-05"

        var row: String {
            let lines = address.components(separatedBy: "|")
            return [
                number, "Voter\(number)", "Ann", Self.birthday, "\(number)@example.org", precinct, voterClass, location, "fpca",
                "2028-08-01",
                "email", language, "no", "1 Main St", "Springfield", "ES", "00001", lines[0], lines[1], lines[2]
            ].joined(separator: ",")
        }
    }

    private static let berlin = "Hauptstr. 1|10115 Berlin|Germany"
    private static let post = "PSC 1 BOX 2|APO AE 09001|"
    private static let home = "1 Main St|Springfield ES 00001|"

    /// The south has no Spanish ballot: its Spanish readers get an English packet, and all of it in English.
    static let voters = [
        Voter(
            number: "A1", voterClass: "active-duty", location: "overseas", address: post, language: "en", precinct: "North", packet: "en",
            instructions: "instructions/military-overseas.en.pdf", writeIns: "write-ins/north.en.pdf"),
        Voter(
            number: "A2", voterClass: "active-duty-spouse-or-dependent", location: "", address: berlin, language: "es", precinct: "North",
            packet: "es", instructions: "instructions/military-overseas.es.pdf", writeIns: "write-ins/all.es.pdf"),
        Voter(
            number: "A3", voterClass: "active-duty", location: "domestic", address: home, language: "en", precinct: "South", packet: "en",
            instructions: nil, writeIns: "write-ins/all.en.pdf"),
        Voter(
            number: "A4", voterClass: "active-duty", location: "", address: home, language: "es", precinct: "North", packet: "es",
            instructions: nil, writeIns: "write-ins/all.es.pdf"),
        Voter(
            number: "A5", voterClass: "active-duty", location: "", address: post, language: "es", precinct: "South", packet: "en",
            instructions: "instructions/military-overseas.en.pdf", writeIns: "write-ins/all.en.pdf"),
        Voter(
            number: "G1", voterClass: "activated-national-guard", location: "domestic", address: home, language: "en", precinct: "South",
            packet: "en", instructions: "instructions/activated-national-guard.en.pdf", writeIns: "write-ins/all.en.pdf"),
        // Spanish for the group comes before English for the class …
        Voter(
            number: "G2", voterClass: "activated-national-guard", location: "overseas", address: berlin, language: "es", precinct: "North",
            packet: "es", instructions: "instructions/military-overseas.es.pdf", writeIns: "write-ins/all.es.pdf"),
        // … and English for the class before nothing in Spanish.
        Voter(
            number: "G3", voterClass: "activated-national-guard", location: "domestic", address: home, language: "es", precinct: "North",
            packet: "es", instructions: "instructions/activated-national-guard.en.pdf", writeIns: "write-ins/all.es.pdf"),
        Voter(
            number: "C1", voterClass: "citizen-abroad-intent-to-return", location: "overseas", address: berlin, language: "en",
            precinct: "North", packet: "en", instructions: "instructions/citizens-abroad.en.pdf", writeIns: "write-ins/north.en.pdf"),
        Voter(
            number: "C2", voterClass: "citizen-abroad-return-uncertain", location: "", address: berlin, language: "es", precinct: "North",
            packet: "es", instructions: "instructions/citizens-abroad.es.pdf", writeIns: "write-ins/all.es.pdf"),
        Voter(
            number: "C3", voterClass: "citizen-abroad-never-resided", location: "", address: post, language: "", precinct: "South",
            packet: "en", instructions: "instructions/citizens-abroad.en.pdf", writeIns: "write-ins/all.en.pdf"),
        Voter(
            number: "X1", voterClass: "other", location: "overseas", address: berlin, language: "en", precinct: "North", packet: "en",
            instructions: nil, writeIns: "write-ins/north.en.pdf")
    ]

    static let roll = TestOffice.roll(voters.map(\.row))

    static var child: ConfinedChild { ConfinedChild(executable: TestProgram.path ?? "/nonexistent") }

    /// The election's folder; the caller removes it.
    static func writeElection(test: Bool = false) throws -> URL {
        let folder = try TestOffice.writeElection(test: test)
        let definition = folder.appendingPathComponent("election.yaml")
        let text = try String(contentsOf: definition, encoding: .utf8).replacingOccurrences(
            of: "languages: [en]", with: "languages: [en, es]")
        try Data(text.utf8).write(to: definition)
        try put("north,North,North,,full,es,ballots/north-es.pdf\n", behind: "styles.csv", in: folder)
        try put(pdf("Boleta norte"), at: "ballots/north-es.pdf", in: folder)
        for file in files { try put(pdf(file.words, pages: file.pages), at: file.path, in: folder) }
        return folder
    }

    /// A folder with one style for everybody, instructions for citizens abroad, a list of names, and a secrecy sheet: four bases are soon made.
    static func writeSmall(test: Bool = false) throws -> URL {
        let folder = try TestOffice.writeElection(test: test)
        try put(Array("style,name,precincts,file\nnorth,North,North;South,ballots/north.pdf\n".utf8), at: "styles.csv", in: folder)
        try FileManager.default.removeItem(at: folder.appendingPathComponent("ballots/south.pdf"))
        for path in ["instructions/citizens-abroad.en.pdf", "write-ins/all.en.pdf", "secrecy/all.en.pdf"] {
            guard let file = files.first(where: { $0.path == path }) else { continue }
            try put(pdf(file.words, pages: file.pages), at: path, in: folder)
        }
        return folder
    }

    static func put(_ bytes: [UInt8], at path: String, in folder: URL) throws {
        let file = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    private static func put(_ line: String, behind name: String, in folder: URL) throws {
        let file = folder.appendingPathComponent(name)
        let text = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .newlines)
        try Data("\(text)\n\(line)".utf8).write(to: file)
    }

    /// The office with election and roll, nothing issued; a copy of its own for each test.
    static func make() throws -> TestOffice {
        let clock = TestOffice.ClockBox(TestOffice.start)
        return try TestOffice(at: try DistrictOffice.copied(try template.get()), clock: clock)
    }

    /// The same with the small folder, whose voters are these.
    static func makeSmall() throws -> TestOffice {
        let clock = TestOffice.ClockBox(TestOffice.start)
        return try TestOffice(at: try DistrictOffice.copied(try small.get()), clock: clock)
    }

    private static let small = Result {
        let folder = try writeSmall()
        defer { try? FileManager.default.removeItem(at: folder) }
        return try DistrictOffice.make(
            election: folder, roll: roll, id: TestOffice.election, clock: WallClock { TestOffice.start })
    }

    private static let template = Result {
        let folder = try writeElection()
        defer { try? FileManager.default.removeItem(at: folder) }
        return try DistrictOffice.make(
            election: folder, roll: roll, id: TestOffice.election, clock: WallClock { TestOffice.start })
    }

    /// An office without an election.
    static func makeEmpty(test: Bool = false) throws -> TestOffice {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-inserts-\(UUID().uuidString)")
        let clock = TestOffice.ClockBox(TestOffice.start)
        _ = try TestOffice.makeEmpty(at: root, test: test, clock: WallClock { clock.now })
        return try TestOffice(at: root, clock: clock)
    }

    static func take(_ folder: URL, into test: TestOffice, acceptRepaired: Bool = false) throws -> StyleShelf.Summary {
        try StyleShelf(test.office, child: child).importElection(from: folder, acceptRepaired: acceptRepaired)
    }

    /// How many bases, journal rows, styles and elections the books have.
    static func counts(_ test: TestOffice) throws -> [Int] {
        try test.office.books.read { books in
            try ["base", "journal", "ballot_style", "election"].map { try books.count("SELECT count(*) FROM \($0)") }
        }
    }
}
