import Elections
import Foundation
import Keys
import Office
import Packet
import Storage
import Testing

@Suite(
    "A whole office, end to end", .enabled(if: Fixtures.present, "…/shared/fixtures is not there"),
    .enabled(if: TestOffice.present, "the program is not built"))
struct WholeOfficeTests {
    @Test("3,100 voters fall into the buckets that their rows lead to, and the books are in order")
    func buckets() throws {
        let (test, result) = try DistrictOffice.copy()
        let rows = try DistrictOffice.rows("voters.csv")
        #expect(rows.count == 3100)
        #expect(result.total == 3100)
        #expect(result.buckets.values.reduce(0, +) == 3100)
        #expect(result.buckets == (try DistrictOffice.buckets(of: rows)))
        try test.verify()
        let reconciled = try Reports(test.office).reconcile(election: TestOffice.election)
        #expect(reconciled.agrees)
        #expect(reconciled.totals.roll == 3100)

        // Everybody with the style of the precinct, and of each style and paper one base for all.
        let styles = try DistrictOffice.styles()
        for row in try DistrictOffice.due().enumerated().filter({ $0.offset.isMultiple(of: 20) }).map(\.element) {
            let ballot = try test.ballot(row["voter_id", default: ""])
            let style = try test.office.books.read { transaction in
                try transaction.first("SELECT s.code FROM ballot b JOIN ballot_style s ON s.id = b.style WHERE b.id = $1", .blob(ballot)) {
                    try $0.text("code")
                }
            }
            #expect(style == styles[row["precinct", default: ""]]?.style)
        }
        let bases = try test.office.books.read { try $0.count("SELECT count(*) FROM (SELECT DISTINCT style, base FROM ballot)") }
        #expect(bases == 16)
    }

    @Test("The 108 voters with Japanese and Korean addresses get a packet, and nobody has to write an address by hand")
    func foreignScripts() throws {
        let (test, _) = try DistrictOffice.copy()
        let rows = try DistrictOffice.due().filter { DistrictOffice.uses(.korean, $0) || DistrictOffice.uses(.japanese, $0) }
        #expect(rows.count == 108)
        for row in rows { #expect(try test.status(row["voter_id", default: ""]) == "issued") }
        let byHand = try Reports(test.office).exceptions(election: TestOffice.election).filter { $0.kind == "address_by_hand" }
        #expect(byHand == [])
    }

    @Test(
        "Packets of every style and script are what the vendor delivered, and qpdf, pdfsig and OpenSSL find them genuine",
        .timeLimit(.minutes(5)))
    func judges() async throws {
        let (test, _) = try DistrictOffice.copy()
        let chosen = try DistrictOffice.chosen()
        #expect(chosen.count == 12)
        let judges = try PacketJudges(test)
        for packet in try await DownloadedPacket.openAll(chosen, test) {
            #expect(try judges.problems(of: packet, in: try WritingFolder()) == [])
            let differences = try judges.pictures(of: packet)
            #expect(differences.isEmpty, "\(packet.number): \(differences)")
        }
        try test.verify()
    }

    @Test(
        "pyHanko trusts the packets of every style and script, and finds them signed as a whole",
        .enabled(if: WritingFolder.hasPyHanko, "pyHanko is not installed"), .timeLimit(.minutes(5)))
    func pyHanko() async throws {
        let (test, _) = try DistrictOffice.copy()
        let folder = try WritingFolder()
        let packets = try await DownloadedPacket.openAll(try DistrictOffice.chosen(), test)
        for packet in packets { try folder.write(packet.pdf, to: "\(packet.number).pdf") }
        #expect(try PacketJudges(test).pyHanko(packets.map { "\($0.number).pdf" }, in: folder) == [])
    }

    @Test(
        "The judges notice a packet that was changed, and one that is somebody else's",
        .enabled(if: WritingFolder.hasPyHanko, "pyHanko is not installed"))
    func judgesNotice() async throws {
        let (test, _) = try DistrictOffice.copy()
        let judges = try PacketJudges(test)
        let packets = try await DownloadedPacket.openAll(Array(try DistrictOffice.chosen().prefix(2)), test)
        try #require(packets.count == 2)
        let (one, other) = (packets[0], packets[1])
        let swapped = try judges.problems(
            of: DownloadedPacket(row: other.row, visit: one.visit, base: one.base), in: try WritingFolder())
        for problem in ["not \(other.visit.packet.card.style)", "other words than the vendor's file", "is printed nowhere"] {
            #expect(swapped.contains { $0.contains(problem) }, "\(problem): \(swapped)")
        }
        #expect(try judges.pictures(of: DownloadedPacket(row: other.row, visit: one.visit, base: one.base)) != [])

        // One byte of the second comment of the file, which nobody sees.
        var base = one.base
        let place = try #require(base.indices.first { base[$0] == UInt8(ascii: "%") && $0 > 0 })
        base[place + 1] ^= 1
        let changed = DownloadedPacket(row: one.row, visit: one.visit, base: base)
        let found = try judges.problems(of: changed, in: try WritingFolder())
        for problem in [
            "not the file that was issued", "does not begin with its base", "check: \"signature\", ok: false", "Digest Mismatch"
        ] {
            #expect(found.contains { $0.contains(problem) }, "\(problem): \(found)")
        }
        #expect(found.contains { $0.contains("CMS Verification failure") || $0.contains("Verification failure") }, "\(found)")
        let folder = try WritingFolder()
        try folder.write(one.pdf, to: "good.pdf")
        try folder.write(changed.pdf, to: "changed.pdf")
        #expect(try judges.pyHanko(["good.pdf", "changed.pdf"], in: folder).first == "changed.pdf")
    }

    @Test("Two voters of a style have the same file up to the end of the published base")
    func sameBase() async throws {
        let (test, _) = try DistrictOffice.copy()
        let atHome = try DistrictOffice.due().filter { $0["mailing_country"] == "United States of America" }
        let precinct = try #require(atHome.first?["precinct"])
        let two = try await DownloadedPacket.openAll(Array(atHome.filter { $0["precinct"] == precinct }.prefix(2)), test)
        try #require(two.count == 2)
        let length = two[0].visit.baseLength
        #expect(two[0].visit.baseHash == two[1].visit.baseHash)
        #expect(SHA256.hash(Array(two[0].pdf[..<length])) == two[0].visit.baseHash)
        #expect(two[0].pdf[..<length] == two[1].pdf[..<length])
        #expect(two[0].pdf != two[1].pdf)
        #expect(two[0].pdf.count - length < 20_000)
    }

    // MARK: The late roll

    @Test("The late roll changes no ballot, lists what it means for those issued, and its new voters get theirs")
    func lateRoll() async throws {
        let (test, _) = try DistrictOffice.copy()
        let before = Dictionary(uniqueKeysWithValues: try DistrictOffice.rows("voters.csv").map { ($0["voter_id", default: ""], $0) })
        let late = try DistrictOffice.rows("voters-late.csv")
        let issued = Set(try DistrictOffice.due().map { $0["voter_id", default: ""] })
        func changed(_ column: String) -> [String] {
            late.filter { row in before[row["voter_id", default: ""]].map { $0[column] != row[column] } ?? false }
                .map { $0["voter_id", default: ""] }.filter(issued.contains)
        }
        // Three whose address will change open their packets before it does.
        let claimed = Array(changed("email").prefix(3))
        try #require(claimed.count == 3)
        _ = try await DownloadedPacket.openAll(claimed.compactMap { before[$0] }, test)
        try test.office.catchUp()
        test.advance(seconds: 28 * 86_400)

        let frozen = try ballots(test)
        let summary = try VoterRoll(test.office).importRoll(
            try DistrictOffice.bytes("voters-late.csv"), file: "voters-late.csv", election: TestOffice.election)
        let counts: [Int] = [summary.new, summary.changed, summary.unchanged, summary.refused, summary.missing]
        #expect(counts == [100, 55, 0, 0, 3100 - 55])
        #expect(try ballots(test) == frozen)
        try test.verify("after the late roll")

        let expected = [
            "needs_new_link": Set(changed("email")).subtracting(claimed), "style_changed": Set(changed("precinct")),
            "now_protected": Set(changed("protected"))
        ]
        let lines = try Reports(test.office).exceptions(election: TestOffice.election)
        for (kind, voters) in expected {
            #expect(!voters.isEmpty)
            #expect(Set(lines.filter { $0.kind == kind }.compactMap { $0.voterID?.text }) == voters, "\(kind)")
        }

        let merged = late.reduce(into: before) { $0[$1["voter_id", default: ""]] = $1 }
        let result = try test.issue()
        let buckets = try DistrictOffice.buckets(of: Array(merged.values), issued: issued)
        #expect(result.total == 3200)
        #expect(result.buckets == buckets)
        let after = try ballots(test)
        #expect(after.count == frozen.count + (buckets[.issued] ?? 0))
        for (ballot, row) in frozen { #expect(after[ballot] == row) }
        let precincts = Set(try DistrictOffice.styles().keys)
        for row in late where DistrictOffice.bucket(of: row, precincts: precincts, issued: issued) == .issued {
            #expect(try test.status(row["voter_id", default: ""]) == "issued")
        }
        try test.verify("after the second batch")
        #expect(try Reports(test.office).reconcile(election: TestOffice.election).agrees)
    }

    /// Every ballot with every column, and its packet at the counter, by its id.
    private func ballots(_ test: TestOffice) throws -> [[UInt8]: [SQLValue]] {
        var all: [[UInt8]: [SQLValue]] = [:]
        try test.office.books.read { transaction in
            try transaction.forEach("SELECT * FROM ballot") { row in
                all[try row.blob("id")] = [
                    .integer(try row.integer("election")), .integer(try row.integer("voter")), .integer(try row.integer("sequence")),
                    .blob(orNull: try row.optionalBlob("supersedes")), .integer(try row.integer("style")), .blob(try row.blob("base")),
                    .blob(try row.blob("packet")), .integer(try row.integer("batch")), .text(try row.text("status")),
                    .integer(try row.integer("status_at")), .integer(try row.integer("issued_at")), .blob(try row.blob("return_index")),
                    .blob(try row.blob("tracking")), .text(try row.text("key_id")), .blob(try row.blob("sealed"))
                ]
            }
        }
        try test.office.unguardedCounter.read { transaction in
            try transaction.forEach("SELECT * FROM packet") { row in
                all[try row.blob("ballot"), default: []] += [
                    .integer(try row.integer("seq")), .blob(try row.blob("base")), .blob(try row.blob("sha256")),
                    .integer(try row.integer("length")), .blob(try row.blob("tracking")), .blob(try row.blob("sealed"))
                ]
            }
        }
        return all
    }
}
