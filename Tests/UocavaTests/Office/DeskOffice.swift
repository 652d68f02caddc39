import Elections
import Foundation
import Keys
import Office
import Packet
import Storage
import Testing

/// A State's office with two counties that vote on the same day, ballots issued in both, and people at the desk.
///
/// Springfield (99001) has the small roll; Shelbyville (99002) has the same numbers and names, as counties do.
final class DeskOffice: Sendable {
    let test: TestOffice
    let names: NameIndex
    let door: StaffDoor
    /// The rows of the two elections.
    let springfield: Int64
    let shelbyville: Int64

    static let other = ElectionID("2028-shelbyville")
    static let mine = TestOffice.election

    /// - Parameter setting: a line in place of one of uocava.yaml that is a remark there.
    init(setting: String? = nil) throws {
        let folder = try DistrictOffice.copied(try Self.template.get())
        if let setting {
            let file = folder.appendingPathComponent(Configuration.fileName)
            let text = try String(contentsOf: file, encoding: .utf8)
            let key = try #require(setting.split(separator: ":").first)
            let place = try #require(text.range(of: "# \(key):[^\n]*", options: .regularExpression))
            try Data(text.replacingCharacters(in: place, with: setting).utf8).write(to: file)
        }
        test = try TestOffice(at: folder, clock: TestOffice.ClockBox(TestOffice.start))
        test.advance(seconds: 3600)
        names = NameIndex(test.office)
        door = StaffDoor(test.office)
        (springfield, shelbyville) = try test.office.books.read { books in
            (try ElectionBook.find(Self.mine, in: books).id, try ElectionBook.find(Self.other, in: books).id)
        }
    }

    private static let template = Result {
        let test = try TestOffice()
        let folder = try TestOffice.writeElection()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("election.yaml")
        let text = try String(contentsOf: file, encoding: .utf8).replacingOccurrences(of: "Springfield", with: "Shelbyville")
            .replacingOccurrences(of: "99001", with: "99002").replacingOccurrences(of: "2028-general", with: "2028-shelbyville")
        try Data(text.utf8).write(to: file)
        let child = ConfinedChild(executable: TestProgram.path ?? "/nonexistent")
        _ = try StyleShelf(test.office, child: child).importElection(from: folder)
        let rows = (1...12).map { TestOffice.row($0, email: $0 == 11 ? "" : "s\($0)@example.net") }
        _ = try VoterRoll(test.office).importRoll(TestOffice.roll(rows), file: "voters.csv", election: other)
        for election in [mine, other] { _ = try Issuing(test.office).issueDue(Issuing.Order(election: election)) }
        try DistrictOffice.settle(test.office)
        return try DistrictOffice.copied(test.folder)
    }

    /// A session of somebody new, who has set everything up; and the cookie that carries it.
    func signIn(
        _ login: String, _ role: StaffMember.Role, jurisdictions: [String]? = nil
    ) throws -> (session: StaffDoor.Session, cookie: String) {
        let invitation = try Staff(test.office).add(login, role: role, jurisdictions: jurisdictions)
        let first = try session(of: door.signIn(login: login, password: invitation.password, code: ""))
        let secret = try door.enrolment(first.session, officeName: "Office").secret
        let done = try door.enrol(first.session, password: Self.password, code: Self.code(secret, at: test.now))
        return (try #require(try door.session(cookie: done.cookie)), done.cookie)
    }

    static let password = "correct horse battery"

    func session(of entry: StaffDoor.Entry) throws -> (session: StaffDoor.Session, cookie: String) {
        guard case .opened(let cookie) = entry else { throw Refused() }
        return (try #require(try door.session(cookie: cookie)), cookie)
    }

    struct Refused: Error {}

    /// The desk of somebody new.
    func desk(_ login: String, _ role: StaffMember.Role, jurisdictions: [String]? = nil) throws -> Desk {
        Desk(test.office, names: names, session: try signIn(login, role, jurisdictions: jurisdictions).session, address: "192.0.2.7")
    }

    /// The code that an authenticator shows, from the secret as it is typed in: worked out from its letters, as a telephone does.
    static func code(_ typed: String, at moment: Instant) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var bytes: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for letter in typed where letter != " " {
            bits = bits << 5 | UInt32(alphabet.firstIndex(of: letter) ?? 0)
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return OneTimeCodes(secret: bytes).code(at: moment.seconds)
    }

    /// The return code on a voter's envelope.
    func code(_ number: String, _ election: ElectionID = mine) throws -> String {
        try #require(try Reports(test.office).status(election: election, of: number).first?.returnCode?.text)
    }
}

extension DeskOffice {
    /// A roll of Springfield brings a voter's new address.
    func changeAddress(of index: Int) throws {
        _ = try VoterRoll(test.office).importRoll(
            TestOffice.roll([TestOffice.row(index, email: "new\(index)@example.org")]), file: "voters.csv", election: Self.mine)
    }
}
