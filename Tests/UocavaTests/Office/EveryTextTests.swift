import Elections
import Foundation
import Office
import Packet
import Storage
import Testing

/// Reads the packets of an office with an outside program, and compares every page with what the roll says of the voter.
///
/// What must be printed is worked out here, from the columns of the roll; the program's own wording is not asked.
struct PrintedOffice: Sendable {
    private let test: TestOffice
    /// The receipt of ballots at home and from abroad, and the last postmark.
    private let receipt: (home: String, abroad: String)
    private let postmark: String?
    private let plans: [[UInt8]: (plan: BasePlan, firstBallotPage: Int)]
    private let publicURL: String

    init(_ test: TestOffice, receipt: (home: String, abroad: String), postmark: String? = nil) throws {
        self.test = test
        self.receipt = receipt
        self.postmark = postmark
        publicURL = test.office.configuration.publicSite.url
        let rows = try test.office.books.read { transaction in
            try transaction.all("SELECT hash, plan, first_ballot_page FROM base") {
                (try $0.blob("hash"), try $0.text("plan"), Int(try $0.integer("first_ballot_page")))
            }
        }
        plans = Dictionary(
            uniqueKeysWithValues: try rows.map { ($0.0, (try JSONDecoder().decode(BasePlan.self, from: Data($0.1.utf8)), $0.2)) })
    }

    private static let classes = [
        "active-duty": "Member of the uniformed services on active duty",
        "active-duty-spouse-or-dependent": "Spouse or dependent of a member on active duty",
        "activated-national-guard": "Activated National Guard member on State orders",
        "citizen-abroad-intent-to-return": "U.S. citizen abroad, intends to return",
        "citizen-abroad-return-uncertain": "U.S. citizen abroad, return uncertain",
        "citizen-abroad-never-resided": "U.S. citizen who has never lived in the United States"
    ]

    /// Everything that packets say otherwise than the roll; on two threads. `rows` may name `by_hand`, the mailing lines that are not printed,
    /// and `fits`.
    func problems(of packets: [DownloadedPacket], progress: @escaping @Sendable (Int) -> Void = { _ in }) async throws -> [String] {
        let half = packets.count / 2
        async let one = WebTestSite.onThread { try read(packets.prefix(half), progress) }
        async let two = WebTestSite.onThread { try read(packets.dropFirst(half), progress) }
        return try await one + two
    }

    private func read(_ packets: ArraySlice<DownloadedPacket>, _ progress: @Sendable (Int) -> Void) throws -> [String] {
        let folder = try WritingFolder()
        var printed: [[UInt8]: PrintedText] = [:]
        var problems: [String] = []
        for (index, packet) in packets.enumerated() {
            if printed[packet.visit.baseHash] == nil {
                let base = try #require(plans[packet.visit.baseHash])
                printed[packet.visit.baseHash] = try PrintedText(
                    base: packet.base, plan: base.plan, firstBallotPage: base.firstBallotPage, in: folder)
            }
            try folder.write(packet.pdf, to: "p.pdf")
            let found = try printed[packet.visit.baseHash]?.problems(
                of: "p.pdf", saying: lines(packet), exact: packet.row["fits"] != "no", in: folder)
            problems += (found ?? []).map { "\(packet.number): \($0)" }
            if problems.count > 20 { break }
            if index.isMultiple(of: 200) { progress(index) }
        }
        return problems
    }

    private func lines(_ packet: DownloadedPacket) throws -> PrintedText.Lines {
        let row = packet.row
        func cell(_ column: String) -> String { row[column, default: ""] }
        func joined(_ columns: String...) -> String { columns.map(cell).filter { !$0.isEmpty }.joined(separator: " ") }
        let byHand = Set(cell("by_hand").split(separator: " ").compactMap { Int($0) })
        let mailing = (1...4).map { cell("mailing_line\($0)") }
        let country = cell("mailing_country")
        let isMilitary = mailing.contains { $0.range(of: #"\b(APO|FPO|DPO)\W+(AA|AE|AP)\b"#, options: .regularExpression) != nil }
        let isHome = country == "United States of America"
        // DMM 703.2: no country under a military post office. Days in the post: 14, 7 and 21.
        let post = mailing.enumerated().map { byHand.contains($0.offset) ? "" : $0.element } + [isMilitary && isHome ? "" : country]
        let day = try Self.day(isMilitary || !isHome ? receipt.abroad : receipt.home, less: isMilitary ? 14 : isHome ? 7 : 21)
        let codes = try packet.codes(test)
        let name = joined("first_name", "middle_name", "last_name", "suffix")
        return [
            .name: [name], .mailing: post, .sender: [name] + post,
            .residence: [cell("residence_line1"), cell("residence_line2"), joined("residence_city", "residence_state", "residence_zip")],
            .voterClass: [try #require(Self.classes[cell("class")])], .returnCode: [codes.returnCode],
            .trackingCode: [codes.trackingCode], .trackingURL: ["\(publicURL)/t/\(codes.trackingCode)"],
            .postBy: [try Self.words(min(day, postmark ?? day))]
        ]
    }

    private static func formatter(_ format: String) -> DateFormatter {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = format
        return formatter
    }

    private static func day(_ day: String, less days: Int) throws -> String {
        let date = try #require(formatter("yyyy-MM-dd").date(from: day))
        return formatter("yyyy-MM-dd").string(from: date.addingTimeInterval(-86_400 * Double(days)))
    }

    private static func words(_ day: String) throws -> String {
        formatter("MMMM d, yyyy").string(from: try #require(formatter("yyyy-MM-dd").date(from: day)))
    }
}

@Suite("Every word of a whole office's packets", .enabled(if: TestOffice.present, "the program is not built"))
struct EveryTextTests {
    private static let isLong = ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] != nil

    @Test(
        "The District's packets say what its roll says of each voter, on each page, and nothing else",
        .enabled(if: Fixtures.present, "…/shared/fixtures is not there"), .timeLimit(.minutes(30)))
    func district() async throws {
        let (test, _) = try DistrictOffice.copy()
        var dice = WorldVoter.Dice(1895)
        let due = try DistrictOffice.due()
        let rows = Self.isLong ? due : Array(due.shuffled(using: &dice).prefix(60))
        let office = try PrintedOffice(test, receipt: (home: "2028-11-07", abroad: "2028-11-17"), postmark: "2028-11-07")
        #expect(try await office.problems(of: DownloadedPacket.openAll(rows, test)) == [])
    }

    @Test("A thousand voters from fifty locales: import, issue, and every letter on paper as it was typed", .timeLimit(.minutes(30)))
    func world() async throws {
        let script = try CommandScript()
        defer { script.remove() }
        try CommandOffice.write(in: script.folder)
        let voters = WorldVoter.make(1000)
        let rows = voters.enumerated().map { Self.row($0.offset, $0.element) }
        try Data(Self.sheet(rows).utf8).write(to: script.folder.appendingPathComponent("world.csv"))
        let unprintable = voters.count { $0.unprintable != nil }
        try script.run(
            """
            $ uocava init office --test
            $ uocava election import election
            $ uocava voters import world.csv --election tiny --format json
            json new 1000
            $ uocava issue --election tiny --format json
            json buckets.issued \(1000 - unprintable)
            json buckets.unprintable \(unprintable)
            """)

        // Who is on the list, for which character and how many lines.
        let list = try script.execute(["uocava", "exceptions", "--election", "tiny", "--format", "json"])
        let exceptions = try #require(list.json?.arrayValue)
        func listed(_ kind: String) -> [String: String] {
            let those = exceptions.filter { $0["kind"]?.stringValue == kind }
            return Dictionary(
                those.map { ($0["voter_id"]?.stringValue ?? "", $0["detail"]?.stringValue ?? "") }, uniquingKeysWith: { $0 + $1 })
        }
        let (names, lines) = (listed("unprintable"), listed("address_by_hand"))
        for (row, voter) in zip(rows, voters) {
            let number = row["voter_id", default: ""]
            #expect(names[number].map { $0.hasSuffix(": \(voter.unprintable ?? "nothing")") } ?? (voter.unprintable == nil), "\(voter)")
            let counted = voter.unprintable == nil ? voter.byHand.count : 0
            #expect((lines[number] ?? "0").hasPrefix("\(counted)"), "\(voter): \(lines[number] ?? "not listed")")
        }
        #expect(names.count == unprintable && unprintable > 5)

        let box = TestOffice.ClockBox(Instant(seconds: Int64(Date().timeIntervalSince1970)))
        let test = try TestOffice(at: script.folder.appendingPathComponent("office"), clock: box)
        var dice = WorldVoter.Dice(40)
        let issued = zip(rows, voters).filter { $0.1.unprintable == nil }.map(\.0)
        let chosen = Self.isLong ? issued : Array(issued.shuffled(using: &dice).prefix(100))
        let office = try PrintedOffice(test, receipt: (home: "2099-11-03", abroad: "2099-11-03"))
        #expect(try await office.problems(of: DownloadedPacket.openAll(chosen, test)) == [])
        try test.verify()
    }

    private static let columns = [
        "voter_id", "last_name", "first_name", "middle_name", "suffix", "date_of_birth", "email", "precinct", "class", "request_form",
        "request_date", "valid_to", "preference", "residence_line1", "residence_city", "residence_state", "residence_zip",
        "mailing_line1", "mailing_line2", "mailing_line3", "mailing_line4", "mailing_country"
    ]

    private static func row(_ index: Int, _ voter: WorldVoter) -> DistrictOffice.Row {
        var row: DistrictOffice.Row = [
            "voter_id": "W\(index)", "last_name": voter.last, "first_name": voter.first, "middle_name": voter.middle,
            "suffix": voter.suffix,
            "date_of_birth": "19\(50 + index % 40)-0\(1 + index % 9)-1\(index % 10)", "email": "w\(index)@example.org",
            "precinct": index.isMultiple(of: 2) ? "P1" : "P2",
            "class": index.isMultiple(of: 3) ? "active-duty" : "citizen-abroad-never-resided",
            "request_form": "fpca", "request_date": "2026-01-05", "valid_to": "2100-12-31", "preference": "email",
            "residence_line1": voter.residence[0], "residence_city": "Springfield", "residence_state": "ES", "residence_zip": "00001",
            "mailing_country": voter.country, "fits": voter.fits ? "yes" : "no",
            "by_hand": voter.byHand.sorted().map(String.init).joined(separator: " ")
        ]
        for (line, text) in voter.mailing.enumerated() { row["mailing_line\(line + 1)"] = text }
        return row
    }

    private static func sheet(_ rows: [DistrictOffice.Row]) -> String {
        ([columns] + rows.map { row in columns.map { row[$0, default: ""] } }).map { cells in
            cells.map { "\"" + $0.replacingOccurrences(of: "\"", with: "\"\"") + "\"" }.joined(separator: ",") + "\n"
        }.joined()
    }
}
