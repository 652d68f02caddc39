import Elections
import Foundation
import Keys
import Office
import Packet
import Storage
import Synchronization
import Testing

/// An office in a temporary folder with a small election, two styles and a dozen voters, and a clock that the test moves.
///
/// Made once for the whole run and copied for each test: bases take a second to make. ``verify(_:)`` runs every invariant; it is the code of
/// `uocava audit`.
final class TestOffice: Sendable {
    let folder: URL
    let office: Office

    /// The day of the first batch.
    static let start = Instant(rfc3339: "2028-09-18T14:00:00Z") ?? Instant(seconds: 0)
    static let election = ElectionID("2028-general")

    /// Whether the program is built, which reads ballots in a confined child.
    static var present: Bool { TestProgram.present }

    /// A copy of the small office, with nothing issued yet.
    init() throws {
        let template = try Self.template.get()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-office-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: template, to: folder)
        let clock = ClockBox(Self.start)
        self.clockBox = clock
        office = try Office(OfficeFolder(folder), clock: WallClock { clock.now })
    }

    /// Another office, e.g. one that a fixture filled.
    init(at folder: URL, clock box: ClockBox) throws {
        self.folder = folder
        clockBox = box
        office = try Office(OfficeFolder(folder), clock: WallClock { box.now })
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    let clockBox: ClockBox

    /// A clock that stands until it is moved.
    final class ClockBox: Sendable {
        private let moment: Mutex<Instant>
        init(_ moment: Instant) { self.moment = Mutex(moment) }
        var now: Instant { moment.withLock { $0 } }
        func advance(seconds: Int64) { moment.withLock { $0 = $0.adding(seconds: seconds) } }
    }

    var now: Instant { clockBox.now }
    func advance(seconds: Int64) { clockBox.advance(seconds: seconds) }

    /// A counter on this office's counter database.
    func counter() throws -> Counter {
        let box = clockBox
        return Counter(database: try OfficeFolder(folder).openCounterDatabase(), clock: WallClock { box.now })
    }

    /// Every invariant holds and the books agree.
    func verify(_ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let report = try Audit(office).run()
        #expect(report.findings.map { "\($0.invariant): \($0.subject): \($0.detail)" } == [], comment, sourceLocation: sourceLocation)
    }

    /// An office whose ballots are issued, an hour later.
    static func issued() throws -> TestOffice {
        let test = try TestOffice()
        try test.issue()
        test.advance(seconds: 3600)
        return test
    }

    @discardableResult
    func issue(_ change: (inout Issuing.Order) -> Void = { _ in }) throws -> Issuing.Result {
        var order = Issuing.Order(election: Self.election)
        change(&order)
        return try Issuing(office).issueDue(order)
    }

    /// Writes into a database while every guard is off, and puts them back: whoever knows the guards knows how to hide that they were off.
    func plant(_ script: String, in database: DatabaseFile) throws {
        try database.write { transaction in
            let guards = try transaction.all("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'") {
                (name: try $0.text("name"), text: try $0.text("sql"))
            }
            for guardian in guards { try transaction.executeScript("DROP TRIGGER \(guardian.name)") }
            try transaction.executeScript(script)
            for guardian in guards { try transaction.executeScript(guardian.text) }
        }
    }

    /// The row of a voter.
    func voter(_ number: String) throws -> Int64 {
        try #require(
            try office.books.read { transaction in
                try transaction.first("SELECT id FROM voter WHERE number_index = $1", .blob(office.rollKeys.index("voter number", number)))
                {
                    try $0.integer("id")
                }
            })
    }

    /// A voter's standing ballot.
    func ballot(_ number: String) throws -> [UInt8] {
        let voter = try voter(number)
        return try #require(
            try office.books.read { transaction in
                try transaction.first(
                    "SELECT id FROM ballot WHERE voter = $1 AND status NOT IN ('replaced', 'cancelled')", .integer(voter)
                ) { try $0.blob("id") }
            })
    }

    /// The token in the letter that a voter has or will get.
    func token(_ number: String) throws -> String {
        let ballot = try ballot(number)
        let link = try #require(
            try office.books.read { transaction in
                try transaction.first("SELECT id, key_id FROM link WHERE ballot = $1 AND ended_at IS NULL", .blob(ballot)) {
                    (id: try $0.blob("id"), key: try $0.text("key_id"))
                }
            })
        return try office.linkKeys.token(linkID: link.id, keyID: link.key).text
    }

    func status(_ number: String) throws -> String {
        let ballot = try ballot(number)
        return try #require(
            try office.books.read { try $0.first("SELECT status FROM ballot WHERE id = $1", .blob(ballot)) { try $0.text("status") } })
    }

    /// The voters of the small roll: number and birthday. All get a ballot but the last three.
    static let voters: [(number: String, birthday: String)] = (1...12).map { ("V\($0)", "19\(50 + $0)-0\($0 % 9 + 1)-1\($0 % 10)") }
    static let due = 9

    static let header =
        "voter_id,last_name,first_name,date_of_birth,email,precinct,class,location,request_form,request_date,preference,language,protected,"
        + "residence_line1,residence_city,residence_state,residence_zip,mailing_line1,mailing_line2,mailing_country"

    /// A row of the small roll; ten prefers paper, eleven has no address, twelve is protected.
    static func row(_ index: Int, email: String? = nil, precinct: String? = nil, protected: String? = nil) -> String {
        let (number, birthday) = voters[index - 1]
        let address = email ?? (index == 11 ? "" : "v\(index)@example.org")
        let place = precinct ?? (index.isMultiple(of: 2) ? "North" : "South")
        let country = index.isMultiple(of: 3) ? "Germany" : "United States of America"
        return [
            number, "Voter\(index)", "Ann", birthday, address, place, "active-duty", "overseas", "fpca", "2028-08-01",
            index == 10 ? "mail" : "email", "en", protected ?? (index == 12 ? "yes" : "no"), "\(index) Main St", "Springfield", "ES",
            "00001",
            "PSC \(index) BOX 1", index.isMultiple(of: 3) ? "10115 Berlin" : "APO AE 09001", country
        ].joined(separator: ",")
    }

    static func roll(_ rows: [String]) -> [UInt8] { Array(([header] + rows).joined(separator: "\n").utf8) + [10] }

    private static let template = Result { try makeTemplate() }

    private static func makeTemplate() throws -> URL {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-template-\(UUID().uuidString)")
        let box = ClockBox(start)
        let clock = WallClock { box.now }
        let office = try makeEmpty(at: root, test: false, clock: clock)
        let election = try writeElection()
        defer { try? FileManager.default.removeItem(at: election) }
        _ = try StyleShelf(office, child: ConfinedChild(executable: TestProgram.path ?? "/nonexistent")).importElection(from: election)
        _ = try VoterRoll(office).importRoll(roll((1...12).map { row($0) }), file: "voters.csv", election: Self.election)
        try office.books.checkpoint()
        try office.unguardedCounter.checkpoint()
        try office.books.close()
        try office.unguardedCounter.close()
        return root
    }

    /// An office with its keys and nothing else; nobody listens at its addresses.
    static func makeEmpty(at root: URL, test: Bool, clock: WallClock) throws -> Office {
        _ = try OfficeFolder.make(
            at: root, test: test, name: "Board of Elections",
            configuration: Configuration.text(
                publicURL: "http://127.0.0.1:8080", listen: .init(host: "127.0.0.1", port: 0), smtpURL: "smtp://127.0.0.1:2525",
                from: "uocava@elections.example.gov"),
            passphrase: nil, clock: clock)
        return try Office(OfficeFolder(root), clock: clock)
    }

    /// The small election's folder.
    static func writeElection(test: Bool = false, ballot: (String) -> [UInt8] = { SmallBallot.pdf("Ballot \($0)") }) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-election-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("ballots"), withIntermediateDirectories: true)
        try Data(
            """
            election:
              id: 2028-general
              name: General Election
              date: 2028-11-07
              type: general
              test: \(test)
            jurisdiction: { name: Springfield, state: Example State, id: "99001", id_type: local }
            time_zone: America/New_York
            deadlines:
              receipt: 2028-11-07T20:00
            office:
              name: Board of Elections
              email: uocava@elections.example.gov
              phone: "+1 202 555 0100"
              address: [1 Main Street, Springfield ES 00001]
            languages: [en]
            declaration: { en: declaration.en.md }

            """.utf8
        ).write(to: folder.appendingPathComponent("election.yaml"))
        try Data(
            """
            style,name,precincts,party,scope,language,file
            north,North,North,,full,en,ballots/north.pdf
            south,South,South,,full,en,ballots/south.pdf

            """.utf8
        ).write(to: folder.appendingPathComponent("styles.csv"))
        try Data("I swear or affirm, under penalty of perjury, that I am eligible to vote.\n".utf8)
            .write(to: folder.appendingPathComponent("declaration.en.md"))
        for style in ["north", "south"] {
            try Data(ballot(style)).write(to: folder.appendingPathComponent("ballots/\(style).pdf"))
        }
        return folder
    }
}

/// A ballot of one page, written by hand.
enum SmallBallot {
    static func pdf(_ title: String) -> [UInt8] {
        let content = "BT /F1 24 Tf 72 700 Td (\(title)) Tj ET 72 600 20 12 re S 72 570 20 12 re S"
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
            "<< /Length \(content.utf8.count) >>\nstream\n\(content)\nendstream",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
        ]
        var text = "%PDF-1.4\n"
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(text.utf8.count)
            text += "\(index + 1) 0 obj\n\(object)\nendobj\n"
        }
        let table = text.utf8.count
        text += "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
        for offset in offsets { text += String(format: "%010d 00000 n \n", offset) }
        text += "trailer\n<< /Size \(objects.count + 1) /Root 1 0 R >>\nstartxref\n\(table)\n%%EOF\n"
        return Array(text.utf8)
    }
}

extension Counter {
    /// Writes served bytes down, and waits until that is on the disk.
    func writeDown(_ range: Range<Int>, of file: File, length: Int, link: [UInt8], ballot: [UInt8]) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            served(range, of: file, length: length, link: link, ballot: ballot, response: nextResponse()) { failure in
                continuation.resume(with: failure.map { .failure($0) } ?? .success(()))
            }
        }
    }
}
