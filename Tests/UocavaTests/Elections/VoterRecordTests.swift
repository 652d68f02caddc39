import Elections
import Foundation
import Testing

@Suite("A voter's record")
struct ElectionsVoterRecordTests {
    @Test("A record is sealed and opened without loss, empty or full")
    func roundTrip() throws {
        let full = try ElectionsTestVoter.make()
        #expect(try VoterRecord(encoded: full.encoded) == full)
        let day = try #require(CivilDate("2028-01-01"))
        let empty = VoterRecord(
            voterID: VoterID(""), lastName: "", dateOfBirth: day, precinct: "", voterClass: .other, form: .nvra, requestDate: day)
        #expect(try VoterRecord(encoded: empty.encoded) == empty && empty.validTo.description == "2028-12-31")
        var long = full
        long.lastName = String(repeating: "長", count: 7000)
        long.mailing = ["a", "b", "c", "d"]
        long.preference = [.fax, .mail, .online, .email]
        (long.location, long.method, long.ballotStyle, long.protected) = (nil, nil, nil, false)
        #expect(try VoterRecord(encoded: long.encoded) == long)
        for voterClass in VoterClass.allCases {
            for status in RequestStatus.allCases {
                long.voterClass = voterClass
                long.status = status
                #expect(try VoterRecord(encoded: long.encoded) == long)
            }
        }
    }

    @Test("A record that is cut, lengthened or changed is refused or differs, and never crashes")
    func damaged() throws {
        let record = try ElectionsTestVoter.make()
        let bytes = record.encoded
        for length in 0..<bytes.count { #expect(throws: Problem.self) { try VoterRecord(encoded: Array(bytes[..<length])) } }
        #expect(throws: Problem.self) { try VoterRecord(encoded: bytes + [0]) }
        for position in bytes.indices {
            for change in [1, 0x80, 0xFF] as [UInt8] {
                var changed = bytes
                changed[position] ^= change
                if let other = try? VoterRecord(encoded: changed) { #expect(other != record) }
            }
        }
    }

    @Test("Changes name exactly the columns that differ")
    func changes() throws {
        let old = try ElectionsTestVoter.make()
        #expect(old.changes(from: old).isEmpty)
        var new = old
        new.email = "new@example.org"
        new.residence.city = "GEORGETOWN"
        new.protected = false
        #expect(new.changes(from: old) == [.email, .residenceCity, .protected])
        new = old
        new.mailing = ["Trevo José da Luz, 43"]
        #expect(new.changes(from: old) == [.mailingLine2])
        new = try #require(try allChanged(from: old))
        #expect(new.changes(from: old) == Set(VoterRecord.Field.allCases).subtracting([.mailingLine3, .mailingLine4]))
    }

    private func allChanged(from old: VoterRecord) throws -> VoterRecord? {
        let day = try #require(CivilDate("2001-01-01"))
        return VoterRecord(
            voterID: VoterID("x"), lastName: "x", dateOfBirth: day, precinct: "x", voterClass: .other, form: .nvra, requestDate: day,
            status: .pending)
    }

    @Test("The columns are those of the documented format, 32 of them")
    func columns() {
        #expect(VoterRecord.Field.allCases.count == 32)
        #expect(
            VoterRecord.Field.required.map(\.rawValue) == [
                "voter_id", "last_name", "date_of_birth", "precinct", "class", "request_form", "request_date"
            ])
    }

    @Test("Name and addresses are put together as they are printed")
    func lines() throws {
        var voter = try ElectionsTestVoter.make()
        #expect(voter.fullName == "Ann B. Đặng-Müller Jr.")
        #expect(voter.residenceLines == ["100 LYTTON AVE NW", "Unit 109", "WASHINGTON DC 20009"])
        #expect(voter.mailingLines == ["Trevo José da Luz, 43", "東京都", "Brazil"] && !voter.isMilitaryPost)
        voter.mailing = ["PSC 175 BOX 6660", "APO AE 09077"]
        voter.mailingCountry = "United States of America"
        #expect(voter.isMilitaryPost && voter.mailingLines == voter.mailing)
        voter.mailing = ["0906 Mays Glen", "Port Ericland CT 68972"]
        #expect(!voter.isMilitaryPost && voter.mailingLines.last == "United States of America")
        voter.mailing = []
        #expect(voter.mailingLines.isEmpty)
        voter.residence = .init(city: "X")
        #expect(voter.residenceLines == ["X"])
    }

    @Test("Military post is told by its own words only")
    func militaryPost() throws {
        var voter = try ElectionsTestVoter.make()
        for line in ["APO AE 09077", "FPO AA 34053", "dpo, ap 96029", "Unit 1, APO, AE 09077-1234", "DPO AE"] {
            voter.mailing = ["x", line]
            #expect(voter.isMilitaryPost, "\(line)")
        }
        for line in ["12 Apo Street", "APO Box 12", "APOAE 1", "AE APO", "FPO", "KAPO AE 1", "Depo AE", "APO AEX", ""] {
            voter.mailing = [line]
            #expect(!voter.isMilitaryPost, "\(line)")
        }
    }

    @Test(
        "E-mail addresses that every relay carries are good",
        arguments: [
            "a@example.org", "christy.smitham.5985@example.org", "o'brien+ballot@mail.example.co.uk", "\"quoted.@name\"@example.org",
            "x@xn--bcher-kva.example",
            "first_last%x@sub-domain.example.mil", "a!#$&*/=?^`{|}~@example.org", "1@1.example"
        ])
    func goodAddresses(_ address: String) { #expect(EmailAddress.fault(in: address) == nil) }

    @Test(
        "Others are refused with the reason",
        arguments: [
            "", "not an address", "a", "@example.org", "a@", "a@b", "a@b@example.org", "a@@example.org", ".a@example.org", "a.@example.org",
            "a..b@example.org",
            "a@.example.org", "a@example..org", "a@example.org.", "a@-x.org", "a@x-.org", "a@x_y.org", "a b@example.org",
            "a@example.org\r\nBcc: x@example.net",
            "-oX@example.org", "<a@example.org>", "A <a@example.org>", "a,b@example.org", "a@[127.0.0.1]", "a@127.0.0.1",
            "josé@example.org", "a@bücher.example",
            "\"open@example.org", "\"a\"b\"@example.org", "\"a\\\"@example.org", "a@example.org\u{0}", "a\u{7F}@example.org",
            "a;b@example.org",
            "a@\(String(repeating: "x", count: 64)).org", "\(String(repeating: "x", count: 65))@example.org",
            "a@\(String(repeating: "abcdefgh.", count: 30))org"
        ])
    func badAddresses(_ address: String) { #expect(EmailAddress.fault(in: address) != nil) }
}
