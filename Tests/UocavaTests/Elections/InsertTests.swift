import Elections
import Testing

@Suite("The office's own PDFs: names, and who gets which")
struct InsertTests {
    private func choice(_ paths: String...) -> InsertChoice { InsertChoice(paths.compactMap { Insert(path: $0) }) }

    @Test("The class comes before the group, and the group before everyone")
    func mostParticular() {
        let choice = choice(
            "instructions/all.en.pdf", "instructions/military-overseas.en.pdf", "instructions/activated-national-guard.en.pdf")
        func file(_ voterClass: VoterClass, _ isOverseas: Bool) -> String? {
            choice.instructions(for: VoterKind(voterClass, isOverseas: isOverseas), languages: ["en"])?.who
        }
        #expect(file(.activatedNationalGuard, true) == "activated-national-guard")
        #expect(file(.activatedNationalGuard, false) == "activated-national-guard")
        #expect(file(.activeDuty, true) == "military-overseas")
        #expect(file(.activeDutySpouseOrDependent, false) == "all")
        #expect(file(.citizenAbroadNeverResided, true) == "all")
        #expect(file(.other, true) == "all")
    }

    @Test("The packet's language comes before the more particular file, and then the election's order of languages")
    func languageFirst() {
        let choice = choice(
            "instructions/active-duty.en.pdf", "instructions/all.es.pdf", "write-ins/P1.es.pdf", "write-ins/all.en.pdf",
            "secrecy/all.zh.pdf")
        let kind = VoterKind(.activeDuty, isOverseas: true)
        #expect(choice.instructions(for: kind, languages: ["es", "en", "zh"])?.path == "instructions/all.es.pdf")
        #expect(choice.instructions(for: kind, languages: ["zh", "en", "es"])?.path == "instructions/active-duty.en.pdf")
        #expect(choice.writeIns(of: StyleID("P1"), languages: ["en", "es"])?.path == "write-ins/all.en.pdf")
        #expect(choice.writeIns(of: StyleID("P1"), languages: ["es", "en"])?.path == "write-ins/P1.es.pdf")
        #expect(choice.secrecy(languages: ["en", "es", "zh"])?.path == "secrecy/all.zh.pdf")
    }

    @Test("Without a file for anybody nobody gets one")
    func none() {
        #expect(choice().instructions(for: VoterKind(.other, isOverseas: true), languages: ["en"]) == nil)
        let abroad = choice("instructions/citizens-abroad.en.pdf")
        #expect(abroad.instructions(for: VoterKind(.activeDuty, isOverseas: true), languages: ["en"]) == nil)
        #expect(abroad.instructions(for: VoterKind(.other, isOverseas: true), languages: ["en"]) == nil)
    }

    @Test(
        "Where the roll does not say where a member of the military is, the address does",
        arguments: [
            (Location?.some(.domestic), "PSC 3 BOX 1|APO AE 09001", "", VoterGroup.militaryDomestic),
            (.some(.overseas), "1 Main St|Springfield ES 00001", "", .militaryOverseas),
            (nil, "PSC 3 BOX 1|APO AE 09001", "United States of America", .militaryOverseas),
            (nil, "1 Main St|Springfield ES 00001", "", .militaryDomestic),
            (nil, "1 Main St|Springfield ES 00001", "USA", .militaryDomestic),
            (nil, "Hauptstr. 1|10115 Berlin", "Germany", .militaryOverseas),
            (nil, "1 Somewhere", "Atlantis", .militaryOverseas)
        ])
    func places(_ location: Location?, _ address: String, _ country: String, _ group: VoterGroup) throws {
        let day = try #require(CivilDate("1980-02-03"))
        var voter = VoterRecord(
            voterID: VoterID("1"), lastName: "A", dateOfBirth: day, precinct: "P", voterClass: .activeDuty, location: location, form: .fpca,
            requestDate: day, mailing: address.split(separator: "|").map(String.init), mailingCountry: country)
        #expect(voter.kind == VoterKind(.activeDuty, isOverseas: group == .militaryOverseas))
        #expect(voter.kind.group == group)
        voter.voterClass = .citizenAbroadIntentToReturn
        #expect(voter.kind.group == .citizensAbroad)
        voter.voterClass = .other
        #expect(voter.kind.group == nil)
    }

    @Test("Every kind of voter is listed once, and each has a group but the others")
    func kinds() {
        #expect(VoterKind.all.count == 10)
        #expect(Set(VoterKind.all).count == 10)
        #expect(VoterKind.all.filter { $0.group == nil }.map(\.voterClass) == [.other])
        #expect(Set(VoterKind.all.compactMap(\.group)) == Set(VoterGroup.allCases))
    }
}
