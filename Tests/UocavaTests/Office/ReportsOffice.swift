import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

/// A ``TestOffice`` after its first batch, with one more voter for each reason to have no ballot, for the tests of returns and reports.
///
/// V1 to V9 have a ballot, odd numbers of the style south, even ones of north; V10 wants paper, V11 has no address, V12 is protected, W1
/// lives in no precinct, W2's request is pending, W3's row is held back.
final class ReportsOffice: Sendable {
    static let election = TestOffice.election
    static let issuedAt = TestOffice.start
    static let issued = (1...9).map { "V\($0)" }

    let test: TestOffice
    var office: Office { test.office }
    var returns: Returns { Returns(office) }
    var reports: Reports { Reports(office) }

    /// The office a day after the batch.
    init() throws {
        test = try TestOffice()
        _ = try VoterRoll(office).importRoll(Array(Self.more.utf8), file: "more.csv", election: Self.election, holdRefused: true)
        try test.issue()
        test.advance(seconds: 86_400)
    }

    /// Lets time pass.
    func pass(seconds: Int64) { test.advance(seconds: seconds) }

    /// A row of `more`, good but for what is given.
    static func row(_ number: String, precinct: String = "South", status: String = "accepted", born: String = "1984-03-07") -> String {
        "\(number),Ames,\(born),\(number)@example.org,\(precinct),active-duty,fpca,2028-01-10,\(status),email\n"
    }

    /// Bytes as SQL and reports write them.
    static func hex(_ bytes: [UInt8]) -> String { bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }

    static let header = "voter_id,last_name,date_of_birth,email,precinct,class,request_form,request_date,request_status,preference\n"
    private static let more = header + row("W1", precinct: "West") + row("W2", status: "pending") + row("W3", born: "1984-13-07")

    // MARK: What voters and insiders do

    /// The codes of a voter's ballot, as they are sealed with it.
    func codes(_ number: String) throws -> (returnCode: ReturnCode, trackingCode: TrackingCode) {
        let ballot = try test.ballot(number)
        let lines = try office.books.read { transaction in
            try transaction.first("SELECT key_id, sealed FROM ballot WHERE id = $1", .blob(ballot)) {
                try office.rollKeys.open(try $0.blob("sealed"), table: "ballot", id: ballot, keyID: try $0.text("key_id"))
            }
        }?.split(separator: UInt8(ascii: "\n"), maxSplits: 2).map { String(decoding: $0, as: UTF8.self) }
        return (try #require(lines.flatMap { ReturnCode($0[0]) }), try #require(lines.flatMap { TrackingCode($0[1]) }))
    }

    /// The code on a voter's envelope.
    func code(_ number: String) throws -> String { try codes(number).returnCode.text }

    /// An event and the status that it brings, as its desk would write them.
    func record(_ event: EventKind, _ status: BallotStatus, _ number: String) throws {
        let (ballot, voter) = (try test.ballot(number), try test.voter(number))
        try office.books.write { transaction in
            try transaction.execute("UPDATE ballot SET status = $2 WHERE id = $1", .blob(ballot), .text(status.rawValue))
            let election = Int64(try transaction.count("SELECT election FROM ballot WHERE id = $1", .blob(ballot)))
            try Journal.append(
                [JournalEntry(.ballot(event), election: election, voter: voter, ballot: ballot)], at: test.now, in: transaction)
        }
    }

    /// What the relay's answer to a voter's letter does to the books.
    func letterSent(_ number: String) throws {
        let ballot = try test.ballot(number)
        try office.books.write { try $0.execute("UPDATE letter SET state = 'sent', ended_at = 1 WHERE ballot = $1", .blob(ballot)) }
        try record(.letterSent, .sent, number)
    }

    /// The voter opens the link and downloads everything.
    func download(_ number: String) async throws {
        let birthday = try #require(TestOffice.voters.first { $0.number == number }?.birthday)
        let counter = Counter(database: office.unguardedCounter, clock: office.clock)
        guard case .opened(let cookie) = try await counter.claim(token: try test.token(number), answer: birthday),
            let visit = try await counter.visit(cookie: cookie)
        else { throw ReportsFailure("the claim was refused") }
        try await counter.writeDown(0..<visit.length, of: .pdf, length: visit.length, link: visit.link, ballot: visit.ballot)
        await counter.stop()
    }

    /// What somebody with the database's file and a grudge does: triggers and foreign keys stop nobody.
    func tamperBooks(_ script: String) throws { try Self.python(Self.sqlite, office.books.path, script) }
    func tamperCounter(_ script: String) throws { try Self.python(Self.sqlite, office.counter.path, script) }

    /// Runs a program of Python's on a database, from outside, as somebody would who has the file.
    static func python(_ program: String, _ path: String, _ script: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", program, path, script]
        let pipe = Pipe()
        process.standardError = pipe
        try process.run()
        let complaint = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw ReportsFailure(complaint) }
    }

    private static let sqlite = """
        import sqlite3, sys
        base = sqlite3.connect(sys.argv[1], timeout=20)
        for name, in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f"DROP TRIGGER {name}")
        base.executescript(sys.argv[2])
        base.commit()
        """
}

struct ReportsFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
