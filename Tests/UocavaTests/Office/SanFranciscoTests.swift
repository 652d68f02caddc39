import Elections
import Foundation
import Keys
import Office
import Packet
import Storage
import Testing

@Suite(
    "A big city's election, from the vendor's files to the last envelope",
    .enabled(if: Fixtures.present, "…/shared/fixtures is not there"), .enabled(if: TestOffice.present, "the program is not built"))
struct SanFranciscoTests {
    typealias Row = SanFranciscoOffice.Row
    private static let isLong = ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] != nil

    /// Four of the 23 ballot types, two of them with a Chinese ballot, and 160 voters; all of them and 1,000 where there is time.
    private static let types = isLong ? Array(1...23) : [1, 4, 10, 21]
    private static let voters = isLong ? 1000 : 160

    @Test("Every voter gets the right ballot in the right language, and what comes back is counted", .timeLimit(.minutes(15)))
    func wholeJob() async throws {
        let relay = try CommandRelay()
        defer { relay.stop() }
        let city = try SanFranciscoOffice(types: Self.types)
        let roll = city.roll(Self.voters, seed: 2018)
        let mail = relay.url
        let test = try await mailOnOwnThread { try Self.open(city, roll, mail) }

        // Issue: everyone in the bucket, and with the ballot, that the city's own tables lead to.
        let due = roll.filter { city.bucket(of: $0) == .issued }
        let result = try await mailOnOwnThread { try test.issue() }
        #expect(result.buckets == roll.reduce(into: [:]) { $0[city.bucket(of: $1), default: 0] += 1 })
        #expect(
            Set(result.buckets.keys).isSuperset(of: [.issued, .byMail, .noEmail, .notEligible, .styleUnresolved, .unprintable, .protected]))
        #expect(result.total == Self.voters)
        for row in due { #expect(try Self.issued(to: row, test) == (try Self.expected(city, row)), "\(row)") }
        try test.verify("after issuing")

        // Letters: one each, to the right address, with a link that only the right birthday opens.
        let sent = try await mailOnOwnThread { try Mailroom(test.office).sendDue() }
        #expect(sent.sent == due.count && sent.left == 0)
        let tokens = try Self.tokens(relay)
        #expect(Set(tokens.keys) == Set(due.compactMap { $0["email"] }))
        #expect(Set(tokens.values).count == due.count)

        let claimed = due.enumerated().filter { !$0.offset.isMultiple(of: 5) }.map(\.element)
        let counter = try test.counter()
        var packets: [DownloadedPacket] = []
        for row in claimed {
            let token = tokens[row["email", default: ""], default: ""]
            if packets.isEmpty { #expect(try await counter.claim(token: token, answer: "1901-01-01") == .refused) }
            guard case .opened(let cookie) = try await counter.claim(token: token, answer: row["date_of_birth", default: ""]) else {
                Issue.record("\(row) was refused")
                continue
            }
            let visit = try #require(try await counter.visit(cookie: cookie))
            packets.append(DownloadedPacket(row: row, visit: visit, base: try await counter.base(visit.baseHash)))
        }
        // Every third only looks: the others download, in two pieces.
        let downloaded = packets.enumerated().filter { !$0.offset.isMultiple(of: 3) }.map(\.element)
        for packet in downloaded {
            let (visit, half) = (packet.visit, packet.visit.length / 2)
            for range in [half..<visit.length, 0..<half] {
                try await counter.writeDown(range, of: .pdf, length: visit.length, link: visit.link, ballot: visit.ballot)
            }
        }
        await counter.stop()

        try await judge(packets, city, test)
        try await mailOnOwnThread { try Self.takeBack(downloaded, city, test, voters: Self.voters, due: due.count, claimed: claimed.count) }
    }

    // MARK: Steps

    /// An office with the election and the roll, whose letters go to this relay.
    static func open(_ city: SanFranciscoOffice, _ roll: [Row], _ mail: String) throws -> TestOffice {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-city-\(UUID().uuidString)")
        let clock = TestOffice.ClockBox(TestOffice.start)
        let office = try TestOffice.makeEmpty(at: root, test: false, clock: WallClock { clock.now })
        let shelf = StyleShelf(office, child: ReadingSamples.child())
        let imported = try shelf.importElection(from: city.folder.url)
        #expect(imported.new == city.types.count)
        let files = city.types.reduce(0) { $0 + (SanFranciscoOffice.file($1, "zh") == nil ? 2 : 3) }
        #expect(imported.bases == files * 2)
        // The sheets are 9.75 by 16.75 inches; the office's own pages are not.
        let lines = try Reports(office).styles()
        #expect(lines.allSatisfy { $0.pages == 8 || $0.pages == 10 }, "\(lines.map(\.pages))")
        let summary = try VoterRoll(office).importRoll(SanFranciscoOffice.csv(roll), file: "voters.csv", election: TestOffice.election)
        #expect(summary.new == roll.count && summary.refused == 0)
        try DistrictOffice.settle(office)
        let settings = root.appendingPathComponent("uocava.yaml")
        let text = try String(contentsOf: settings, encoding: .utf8)
        try Data(text.replacingOccurrences(of: "smtp://127.0.0.1:2525", with: mail).utf8).write(to: settings)
        return try TestOffice(at: root, clock: clock)
    }

    /// What the books say a voter got: style, language and paper.
    private static func issued(to row: Row, _ test: TestOffice) throws -> [String] {
        let ballot = try test.ballot(row["voter_id", default: ""])
        return try #require(
            try test.office.books.read { transaction in
                try transaction.first(
                    """
                    SELECT s.code, base.language, base.paper FROM ballot b JOIN ballot_style s ON s.id = b.style
                    JOIN base ON base.hash = b.base AND base.style = b.style WHERE b.id = $1
                    """, .blob(ballot)
                ) { [try $0.text("code"), try $0.text("language"), try $0.text("paper")] }
            })
    }

    private static func expected(_ city: SanFranciscoOffice, _ row: Row) throws -> [String] {
        let due = try city.due(row)
        return [due.style, due.language, due.paper]
    }

    /// The token of the one link in each letter, by the address that got it.
    private static func tokens(_ relay: CommandRelay) throws -> [String: String] {
        var tokens: [String: String] = [:]
        for letter in try relay.letters {
            let address = try #require(letter.split(separator: "\n").first.map(String.init))
            let links = letter.split(whereSeparator: \.isWhitespace).filter { $0.hasPrefix("http://127.0.0.1:8080/b/") }
            #expect(links.count == 1, "\(letter)")
            #expect(tokens.updateValue(String(links.first?.suffix(32) ?? ""), forKey: address) == nil)
        }
        return tokens
    }

    /// One packet of every style, language and paper: what the vendor delivered, and genuine for everyone who is asked.
    private func judge(_ packets: [DownloadedPacket], _ city: SanFranciscoOffice, _ test: TestOffice) async throws {
        var kinds: [SanFranciscoOffice.Due: DownloadedPacket] = [:]
        for packet in packets { kinds[try city.due(packet.row)] = packet }
        let possible = Self.types.reduce(0) { $0 + (SanFranciscoOffice.file($1, "zh") == nil ? 4 : 6) }
        // With a thousand voters hardly a kind is missing; with few, some are.
        #expect(kinds.count >= possible * 3 / 4, "\(kinds.count) of \(possible)")
        let judges = try PacketJudges(
            test, ballots: { row in (try city.due(row).style, try city.due(row).file) }, files: kinds.keys.map(\.file),
            in: SanFranciscoOffice.source)
        let all = Array(kinds)
        let halves = [all.prefix(all.count / 2), all.suffix(all.count - all.count / 2)].map(Array.init)
        async let first = mailOnOwnThread { try Self.problems(of: halves[0], judges) }
        async let second = mailOnOwnThread { try Self.problems(of: halves[1], judges) }
        let problems = try await first + second
        #expect(problems == [])
    }

    private static func problems(
        of kinds: [(key: SanFranciscoOffice.Due, value: DownloadedPacket)], _ judges: PacketJudges
    ) throws -> [String] {
        try kinds.flatMap { due, packet in
            let folder = try WritingFolder()
            var problems = try judges.problems(of: packet, in: folder)
            // The ballot says of itself which one it is.
            let text = try folder.run("pdftotext", ["packet.pdf", "-"]).filter { !$0.isWhitespace }
            if !text.contains(due.printed) { problems.append("\(packet.number): no page says \(due.printed)") }
            return problems
        }
    }

    /// Envelopes come back from every second who downloaded, and the books agree to the end.
    private static func takeBack(
        _ downloaded: [DownloadedPacket], _ city: SanFranciscoOffice, _ test: TestOffice, voters: Int, due: Int, claimed: Int
    ) throws {
        try test.office.catchUp()
        test.advance(seconds: 20 * 86_400)
        let returned = downloaded.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
        let reports = Reports(test.office)
        let returns = Returns(test.office)
        var decided: [BallotStatus: Int] = [:]
        for (index, packet) in returned.enumerated() {
            let standing = try #require(try reports.status(election: TestOffice.election, of: packet.number).first)
            #expect(standing.status == .delivered)
            #expect(standing.style?.text == (try city.due(packet.row).style))
            let code = try #require(standing.returnCode?.text)
            #expect(try returns.receive([Returns.Scan(code: code)]).map(\.outcome) == [.received])
            if index.isMultiple(of: 4) {
                decided[try returns.decide(code, .reject(.missingVoterSignature)), default: 0] += 1
            } else {
                decided[try returns.decide(code, .accept), default: 0] += 1
            }
        }
        #expect(decided == [.rejected: (returned.count + 3) / 4, .accepted: returned.count - (returned.count + 3) / 4])

        let reconciled = try reports.reconcile(election: TestOffice.election)
        #expect(reconciled.agrees, "\(reconciled.mismatches)")
        let totals = reconciled.totals
        let counts: [Int] = [
            totals.roll, totals.issued, totals.mailed, totals.claimed, totals.delivered, totals.returned, totals.accepted, totals.rejected
        ]
        let expected: [Int] = [
            voters, due, due, claimed, downloaded.count, returned.count, decided[.accepted] ?? 0, decided[.rejected] ?? 0
        ]
        #expect(counts == expected)
        try test.verify("at the end")
    }
}
