import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

@Suite("Staff: accounts, codes and sessions", .enabled(if: TestOffice.present, "the program is not built"))
struct StaffTests {
    @Test("Who is invited signs in once with the given password, sets up, and from then on needs password and code")
    func first() throws {
        let office = try DeskOffice()
        let (test, door) = (office.test, office.door)
        let invitation = try Staff(test.office).add("Ann.Lee", role: .clerk, jurisdictions: nil)
        #expect(invitation.member.login == "ann.lee" && invitation.member.state == "invited")
        #expect(throws: DeskOffice.Refused.self) { try office.session(of: door.signIn(login: "ann.lee", password: "wrong", code: "")) }
        let new = try office.session(of: door.signIn(login: "ANN.LEE", password: invitation.password, code: ""))
        #expect(!new.session.member.isEnrolled)
        let secret = try door.enrolment(new.session, officeName: "Office").secret
        let now = DeskOffice.code(secret, at: test.now)
        for (password, code) in [("short", now), (invitation.password, now), ("my ann.lee password", now), (DeskOffice.password, "000000")]
        {
            #expect(throws: OfficeError.self) { try door.enrol(new.session, password: password, code: code) }
        }
        let done = try door.enrol(new.session, password: DeskOffice.password, code: now)
        #expect(done.recovery.count == 10 && Set(done.recovery).count == 10)
        // A new session, and the one of the first password is over: nobody who knew that has one.
        #expect(try door.session(cookie: new.cookie) == nil)
        #expect(try door.session(cookie: done.cookie)?.member.isEnrolled == true)
        #expect(throws: OfficeError.self) { try door.enrolment(new.session, officeName: "Office") }
        func enter(_ password: String, _ code: String) throws -> Bool {
            if case .opened = try door.signIn(login: "ann.lee", password: password, code: code) { true } else { false }
        }
        #expect(try !enter(invitation.password, now))
        #expect(try !enter(DeskOffice.password, now), "the code was used when the account was set up")
        #expect(try !enter(DeskOffice.password, ""))
        test.advance(seconds: 60)
        #expect(try enter(DeskOffice.password, DeskOffice.code(secret, at: test.now)))
        #expect(try !enter(DeskOffice.password, DeskOffice.code(secret, at: test.now)), "a code opens once")
        #expect(try enter(DeskOffice.password, done.recovery[3].uppercased().replacingOccurrences(of: "-", with: " ")))
        #expect(try !enter(DeskOffice.password, done.recovery[3]), "a recovery code opens once")
        try test.verify("signed in")
    }

    @Test("After five wrong tries the account rests, twice as long each time, and even the right password waits")
    func rests() throws {
        let office = try DeskOffice()
        let (test, door) = (office.test, office.door)
        let invitation = try Staff(test.office).add("bo", role: .clerk, jurisdictions: nil)
        func enter(_ password: String) throws -> Bool {
            if case .opened = try door.signIn(login: "bo", password: password, code: "") { true } else { false }
        }
        for _ in 1...5 { #expect(try !enter("wrong")) }
        #expect(try !enter(invitation.password))
        #expect(try Staff(test.office).all().map(\.state) == ["resting"])
        test.advance(seconds: 14)
        #expect(try !enter(invitation.password))
        test.advance(seconds: 2)
        #expect(try !enter("wrong"))
        test.advance(seconds: 28)
        #expect(try !enter(invitation.password))
        test.advance(seconds: 3)
        #expect(try enter(invitation.password))
        #expect(try HostileCounter.journal("sign_in_rests", test).compactMap { $0["failures"]?.integerValue } == [5, 6])
    }

    @Test("A session ends when it is left alone, when it is old, when it is ended, and when its account is")
    func sessions() throws {
        let office = try DeskOffice()
        let (test, door) = (office.test, office.door)
        let first = try office.signIn("ann", .clerk)
        for _ in 1...25 {
            test.advance(seconds: 29 * 60)
            #expect(try door.session(cookie: first.cookie) != nil || test.now.seconds - TestOffice.start.seconds > 12 * 3600)
        }
        #expect(try door.session(cookie: first.cookie) == nil, "12 hours are over, though it was used all the while")
        let second = try office.signIn("bo", .clerk)
        test.advance(seconds: 31 * 60)
        #expect(try door.session(cookie: second.cookie) == nil)
        let third = try office.signIn("cy", .clerk)
        try door.signOut(third.session)
        #expect(try door.session(cookie: third.cookie) == nil)
        let fourth = try office.signIn("di", .clerk)
        try Staff(test.office).disable("di")
        #expect(try door.session(cookie: fourth.cookie) == nil)
        guard case .refused = try door.signIn(login: "di", password: DeskOffice.password, code: "") else {
            Issue.record("a disabled account signs in")
            return
        }
        let fifth = try office.signIn("ed", .clerk)
        _ = try Staff(test.office).reset("ed")
        #expect(try door.session(cookie: fifth.cookie) == nil)
        for made in ["", "00", String(repeating: "0", count: 64), String(repeating: "z", count: 64)] {
            #expect(try door.session(cookie: made) == nil)
        }
    }

    @Test("Neither cookie, password nor secret is in the books")
    func sealed() throws {
        let office = try DeskOffice()
        let (_, cookie) = try office.signIn("ann", .clerk)
        try office.test.office.books.checkpoint()
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: office.test.office.books.path)))
        let raw = stride(from: 0, to: 64, by: 2).compactMap { UInt8(cookie.dropFirst($0).prefix(2), radix: 16) }
        for secret in [Array(cookie.utf8), raw, Array(DeskOffice.password.utf8), Array("scrypt".utf8)] {
            #expect(bytes.firstRange(of: secret) == nil)
        }
    }

    @Test("An invitation holds a week, and names that are none are refused")
    func invitations() throws {
        let office = try DeskOffice()
        let staff = Staff(office.test.office)
        let invitation = try staff.add("ann", role: .auditor, jurisdictions: ["99002"])
        #expect(invitation.member.scope == .only(["99002"]))
        office.test.advance(seconds: 7 * 86_400)
        guard case .refused = try office.door.signIn(login: "ann", password: invitation.password, code: "") else {
            Issue.record("it opened after a week")
            return
        }
        for name in ["", "ann", "Ann", "a b", "é", String(repeating: "a", count: 41), "a/b"] {
            #expect(throws: OfficeError.self) { try staff.add(name, role: .clerk, jurisdictions: nil) }
        }
        #expect(throws: OfficeError.self) { try staff.add("bo", role: .clerk, jurisdictions: ["12345"]) }
        #expect(throws: OfficeError.self) { try staff.disable("nobody") }
        #expect(try staff.all().map(\.login) == ["ann"])
    }

    @Test("The journal names who did it and from where")
    func actor() throws {
        let office = try DeskOffice()
        let desk = try office.desk("ann", .clerk)
        _ = try desk.receive(try office.code("V1"))
        let row = try #require(try HostileCounter.journal("received", office.test).last)
        #expect(row["by"]?.stringValue == "ann" && row["from"]?.stringValue == "192.0.2.7")
        try office.test.verify("received")
    }
}
