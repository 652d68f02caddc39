import Elections
import Foundation
import Keys
import Office
import Packet
import Storage
import Testing

/// The District of Columbia's election of the fixtures as an office, and what its files lead to, worked out here without the program's own
/// readers and rules.
enum DistrictOffice {
    /// A row of a roll by the names of its columns.
    typealias Row = [String: String]

    static let folder = Fixtures.folder("offices/dc-2010")
    static let electionDay = "2028-11-07"

    /// An office that issued to everyone due on the day of the first batch; a copy of its own for each test.
    static func copy() throws -> (test: TestOffice, result: Issuing.Result) {
        let issued = try issued.get()
        return (try TestOffice(at: try copied(issued.folder), clock: TestOffice.ClockBox(TestOffice.start)), issued.result)
    }

    private static let issued = Result {
        let clock = WallClock { TestOffice.start }
        let roll = try bytes("voters.csv")
        let root = try make(election: folder, roll: roll, id: TestOffice.election, clock: clock)
        let office = try Office(OfficeFolder(root), clock: clock)
        let result = try Issuing(office).issueDue(Issuing.Order(election: TestOffice.election))
        try settle(office)
        return (folder: root, result: result)
    }

    /// A new office with an election and its roll, nothing issued.
    static func make(election: URL, roll: [UInt8], id: ElectionID, clock: WallClock) throws -> URL {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-whole-\(UUID().uuidString)")
        let office = try TestOffice.makeEmpty(at: root, test: false, clock: clock)
        _ = try StyleShelf(office, child: ConfinedChild(executable: TestProgram.path ?? "/nonexistent")).importElection(from: election)
        _ = try VoterRoll(office).importRoll(roll, file: "voters.csv", election: id)
        try settle(office)
        return root
    }

    /// Closes an office so that its folder can be copied.
    static func settle(_ office: Office) throws {
        for database in [office.books, office.unguardedCounter] {
            try database.checkpoint()
            try database.close()
        }
    }

    static func copied(_ folder: URL, to place: URL? = nil) throws -> URL {
        let copy = place ?? FileManager.default.temporaryDirectory.appendingPathComponent("uocava-whole-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: folder, to: copy)
        return copy
    }

    // MARK: The files

    static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appendingPathComponent(name))) }

    static func rows(_ name: String) throws -> [Row] { table(String(decoding: try bytes(name), as: UTF8.self)) }

    /// A table as these files are written: commas, cells in quotes where needed, no line end inside a cell.
    static func table(_ text: String) -> [Row] {
        let lines = text.unicodeScalars.split(separator: "\n").map { cells(String($0)) }
        guard let header = lines.first else { return [] }
        return lines.dropFirst().map { Row(uniqueKeysWithValues: zip(header, $0)) }
    }

    private static func cells(_ line: String) -> [String] {
        var cells = [""]
        var quoted = false
        for scalar in line.unicodeScalars where scalar != "\r" {
            if scalar == "\"" {
                quoted.toggle()
            } else if scalar == ",", !quoted {
                cells.append("")
            } else {
                cells[cells.count - 1].unicodeScalars.append(scalar)
            }
        }
        return cells
    }

    /// The style and its ballot's file for each precinct.
    static func styles() throws -> [String: (style: String, file: String)] {
        var styles: [String: (style: String, file: String)] = [:]
        for row in try rows("styles.csv") {
            for precinct in row["precincts", default: ""].components(separatedBy: ";") {
                styles[precinct] = (row["style", default: ""], row["file", default: ""])
            }
        }
        return styles
    }

    // MARK: The rules, once more

    /// The bucket of a voter, from formats.md and this election's settings: paper for whoever names no preference, nobody gets a federal ballot.
    static func bucket(of row: Row, precincts: Set<String>, issued: Set<String> = []) -> Bucket {
        if row["valid_to", default: ""] < electionDay { return .notEligible }
        if row["protected"] == "yes" { return .protected }
        if issued.contains(row["voter_id", default: ""]) { return .alreadyIssued }
        guard ["email", "online"].contains(row["preference", default: ""].components(separatedBy: ";")[0]) else { return .byMail }
        if row["email", default: ""].isEmpty { return .noEmail }
        return precincts.contains(row["precinct", default: ""]) ? .issued : .styleUnresolved
    }

    static func buckets(of rows: [Row], issued: Set<String> = []) throws -> [Bucket: Int] {
        let precincts = Set(try styles().keys)
        return rows.reduce(into: [:]) { $0[bucket(of: $1, precincts: precincts, issued: issued), default: 0] += 1 }
    }

    /// Who gets a ballot with the first batch.
    static func due() throws -> [Row] {
        let precincts = Set(try styles().keys)
        return try rows("voters.csv").filter { bucket(of: $0, precincts: precincts) == .issued }
    }

    // MARK: Scripts

    enum Script: CaseIterable {
        case korean, japanese, greek, cyrillic

        var ranges: [ClosedRange<Unicode.Scalar>] {
            switch self {
            case .korean: ["\u{AC00}"..."\u{D7AF}"]
            case .japanese: ["\u{3040}"..."\u{30FF}", "\u{3400}"..."\u{9FFF}"]
            case .greek: ["\u{0370}"..."\u{03FF}"]
            case .cyrillic: ["\u{0400}"..."\u{04FF}"]
            }
        }
    }

    static func uses(_ script: Script, _ row: Row) -> Bool {
        row.values.contains { $0.unicodeScalars.contains { scalar in script.ranges.contains { $0.contains(scalar) } } }
    }

    /// One voter of every style, and one whose address is written in each script.
    static func chosen() throws -> [Row] {
        let due = try due()
        var chosen = try styles().keys.sorted().compactMap { precinct in due.first { $0["precinct"] == precinct } }
        for script in Script.allCases { if let row = due.last(where: { uses(script, $0) }) { chosen.append(row) } }
        return chosen
    }
}
