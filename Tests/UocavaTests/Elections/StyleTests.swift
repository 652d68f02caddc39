import Elections
import Foundation
import Testing

@Suite("styles.csv and the way to a voter's style")
struct ElectionsStyleTests {
    private static let header = "style,name,precincts,party,scope,language,file\n"

    private func read(_ rows: String, languages: [String] = ["en", "es"]) throws -> [BallotStyle] {
        try StyleSheet.read(Array((ElectionsStyleTests.header + rows).utf8), file: "styles.csv", languages: languages)
    }

    private func troubles(_ rows: String) -> [String] {
        do {
            _ = try StyleSheet.read(Array((ElectionsStyleTests.header + rows).utf8), file: "styles.csv", languages: ["en", "es"])
            return []
        } catch { return error.all.map(\.description) }
    }

    @Test("Rows of one style in several languages become one style")
    func languages() throws {
        let styles = try read(
            "S1,Style 1,P1; P2 ;,,full,en,ballots/s1-en.pdf\nS1,Style 1,P2;P1,,full,es,ballots/s1-es.pdf\nS2,,P3,DEM,federal,,ballots/S2.pdf\n"
        )
        #expect(
            styles == [
                BallotStyle(
                    id: StyleID("S1"), name: "Style 1", precincts: ["P1", "P2"], party: "", scope: .full,
                    files: ["en": "ballots/s1-en.pdf", "es": "ballots/s1-es.pdf"]),
                BallotStyle(
                    id: StyleID("S2"), name: "S2", precincts: ["P3"], party: "DEM", scope: .federal, files: ["en": "ballots/S2.pdf"])
            ])
        #expect(styles[1].language(among: ["es", "en"]) == "en" && styles[1].language(among: ["vi"]) == nil)
    }

    @Test("A bilingual PDF may serve two languages of one style")
    func bilingual() throws {
        #expect(try read("S1,,P1,,,en,ballots/a.pdf\nS1,,P1,,,es,ballots/a.pdf\n").first?.files.count == 2)
    }

    @Test(
        "What would give somebody a wrong ballot is refused",
        arguments: [
            ("S 1,,P1,,full,en,ballots/a.pdf", "style"), (",,P1,,full,en,ballots/a.pdf", "style"),
            ("S1,,,,full,en,ballots/a.pdf", "precincts"),
            ("S1,,P1;P1,,full,en,ballots/a.pdf", "precincts"), ("S1,,P1,,local,en,ballots/a.pdf", "scope"),
            ("S1,,P1,,full,fr,ballots/a.pdf", "language"),
            ("S1,,P1,,full,en,ballots/../a.pdf", "file"), ("S1,,P1,,full,en,/ballots/a.pdf", "file"), ("S1,,P1,,full,en,a.pdf", "file"),
            ("S1,,P1,,full,en,ballots/a b.pdf", "file"), ("S1,,P1,,full,en,ballots/a.pdf.exe", "file"),
            ("S1,,P1,,full,en,ballots/x/a.pdf", "file"),
            ("S1,,P1,,full,en,ballots/.pdf", "file"), ("S1,,P1,,full,en,ballots/é.pdf", "file"), ("S1,,P1,,full,en,", "file"),
            ("S1,,P1,,full,en,ballots/a.pdf\nS2,,P2,,full,en,ballots/a.pdf", "file"),
            ("S1,,P1,,full,en,ballots/a.pdf\nS1,,P1,,full,en,ballots/b.pdf", "language"),
            ("S1,,P1,,full,en,ballots/a.pdf\nS1,,P2,,full,es,ballots/b.pdf", "precincts"),
            ("S1,,P1,A,full,en,ballots/a.pdf\nS1,,P1,B,full,es,ballots/b.pdf", "party"),
            ("S1,,P1,,full,en,ballots/a.pdf\nS1,,P1,,federal,es,ballots/b.pdf", "scope"),
            ("S1,,P1,,full,en,ballots/a.pdf\nS2,,P2;P1,,full,en,ballots/b.pdf", "precincts"),
            ("S1,\u{202E}x,P1,,full,en,ballots/a.pdf", "name")
        ])
    func refused(_ rows: String, column: String) {
        let lines = troubles(rows)
        #expect(lines.count == 1 && lines[0].contains(": \(column): "), "\(lines)")
    }

    @Test("A file without styles, with ragged rows or unknown columns is refused")
    func files() {
        #expect(troubles("").count == 1)
        #expect(troubles("S1,,P1\n").contains { $0.contains("the row has 3 of 7 fields") })
        #expect(throws: Problems.self) { try StyleSheet.read(Array("style,precinct,file\n".utf8), file: "styles.csv", languages: ["en"]) }
    }

    private func resolver() throws -> StyleResolver {
        StyleResolver(
            try read(
                """
                DEM1,,P1;P2,DEM,full,en,ballots/dem1.pdf
                REP1,,P1,REP,full,en,ballots/rep1.pdf
                NP1,,P1,,full,en,ballots/np1.pdf
                FED,,P1,,federal,en,ballots/fed.pdf
                GEN3,,P3,,full,en,ballots/gen3.pdf

                """))
    }

    @Test("Precinct, party and scope lead to exactly one style, or to a reason")
    func resolving() throws {
        let resolver = try resolver()
        func style(_ precinct: String, _ party: String, _ scope: Scope = .full) -> String {
            switch resolver.resolve(precinct: precinct, party: party, scope: scope) {
            case .success(let style): style.text
            case .failure(let unresolved): unresolved.kind.rawValue
            }
        }
        #expect(style("P1", "DEM") == "DEM1" && style("P1", "REP") == "REP1" && style("P1", "") == "NP1")
        #expect(style("P2", "DEM") == "DEM1" && style("P2", "") == "noStyleForParty" && style("P2", "REP") == "noStyleForParty")
        #expect(style("P3", "DEM") == "GEN3" && style("P3", "whatever") == "GEN3", "where no style is of a party, it plays no role")
        #expect(
            style("P1", "Dem") == "unknownParty" && style("P1", "GRN") == "unknownParty", "a slip of the pen is not taken for another party"
        )
        #expect(
            style("P1", "DEM", .federal) == "FED" && style("P1", "", .federal) == "FED" && style("P3", "", .federal) == "noStyleOfScope")
        #expect(style("P9", "") == "unknownPrecinct" && style("p1", "") == "unknownPrecinct")
        let failure = resolver.resolve(precinct: "P10", party: "", scope: .full)
        if case .failure(let unresolved) = failure {
            #expect(unresolved.reason.contains("\"P10\"") && unresolved.reason.contains("Did you mean"))
        }
        #expect(resolver.precincts == ["P1", "P2", "P3"])
    }

    @Test("A party that has styles elsewhere gets the blank one here")
    func partyElsewhere() throws {
        let resolver = StyleResolver(try read("A,,P1,DEM,,en,ballots/a.pdf\nB,,P1,,,en,ballots/b.pdf\nC,,P2,REP,,en,ballots/c.pdf\n"))
        #expect(resolver.resolve(precinct: "P1", party: "REP", scope: .full) == .success(StyleID("B")))
    }

    @Test("Two styles that fit are never chosen between")
    func ambiguous() {
        let styles = ["A", "B"].map {
            BallotStyle(id: StyleID($0), name: $0, precincts: ["P1"], party: "", scope: .full, files: ["en": "ballots/\($0).pdf"])
        }
        guard case .failure(let unresolved) = StyleResolver(styles).resolve(precinct: "P1", party: "", scope: .full) else {
            Issue.record("a style was guessed")
            return
        }
        #expect(unresolved.kind == .ambiguous && unresolved.reason.hasSuffix("A, B"))
    }

    @Test("A style that the roll names must be the one that precinct, party and scope lead to")
    func namedStyle() throws {
        let resolver = try resolver()
        var voter = try ElectionsTestVoter.make()
        (voter.precinct, voter.party) = ("P1", "")
        func kind() -> Unresolved.Kind? {
            if case .failure(let unresolved) = resolver.resolve(voter, scope: .full) { unresolved.kind } else { nil }
        }
        voter.ballotStyle = StyleID("NP1")
        #expect(kind() == nil)
        voter.ballotStyle = StyleID("REP1")
        #expect(kind() == .disagrees)
        voter.ballotStyle = StyleID("XYZ")
        #expect(kind() == .unknownStyle)
        voter.precinct = "P7"
        voter.ballotStyle = StyleID("NP1")
        #expect(kind() == .unknownPrecinct)
    }

    @Test("The fixtures' styles are read, one for each precinct split", .enabled(if: Fixtures.present, "…/shared/fixtures is not there"))
    func fixture() throws {
        let bytes = [UInt8](try Data(contentsOf: Fixtures.folder("offices/dc-2010/styles.csv")))
        let styles = try StyleSheet.read(bytes, file: "styles.csv", languages: ["en"])
        #expect(styles.count == 8 && StyleResolver(styles).precincts.count == 8)
        #expect(
            StyleResolver(styles).resolve(precinct: "84 SMD-06-ANC-6C", party: "", scope: .full) == .success(StyleID("P84-SMD-06-ANC-6C")))
    }
}

/// A voter for tests that change one thing about one.
enum ElectionsTestVoter {
    static func make() throws -> VoterRecord {
        VoterRecord(
            voterID: VoterID("100105985"), lastName: "Đặng-Müller", firstName: "Ann", middleName: "B.", suffix: "Jr.",
            dateOfBirth: try #require(CivilDate("1964-07-11")), email: "ann@example.org", phone: "+49 1", precinct: "P1", party: "DEM",
            voterClass: .citizenAbroadReturnUncertain, location: .overseas, form: .fpca, method: .email,
            requestDate: try #require(CivilDate("2028-07-24")), status: .accepted, statusReason: "ok", preference: [.email, .mail],
            language: "en",
            protected: true,
            residence: .init(line1: "100 LYTTON AVE NW", line2: "Unit 109", city: "WASHINGTON", state: "DC", zip: "20009"),
            mailing: ["Trevo José da Luz, 43", "東京都"], mailingCountry: "Brazil", ballotStyle: StyleID("S1"))
    }
}
