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
    /// A packet as its voter downloads it.
    private struct Opened {
        let row: DistrictOffice.Row
        let visit: Counter.Visit
        let pdf: [UInt8]
        let base: [UInt8]
        var number: String { row["voter_id", default: ""] }
    }

    private func open(_ row: DistrictOffice.Row, _ test: TestOffice, _ counter: Counter) async throws -> Opened {
        let token = try test.token(row["voter_id", default: ""])
        guard case .opened(let cookie) = try await counter.claim(token: token, answer: row["date_of_birth", default: ""]) else {
            throw WritingFolder.Failure(text: "\(row["voter_id", default: ""]): the claim was refused")
        }
        let visit = try #require(try await counter.visit(cookie: cookie))
        let base = try await counter.base(visit.baseHash)
        return Opened(row: row, visit: visit, pdf: base + visit.packet.tail, base: base)
    }

    private func openAll(_ rows: [DistrictOffice.Row], _ test: TestOffice) async throws -> [Opened] {
        let counter = try test.counter()
        var opened: [Opened] = []
        for row in rows { opened.append(try await open(row, test, counter)) }
        await counter.stop()
        return opened
    }

    private func squeezed(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { !$0.properties.isWhitespace }))
    }

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
        let styles = try DistrictOffice.styles()
        let verifier = PacketVerifier(trust: try test.office.cabinet.authority(), at: test.now)
        for opened in try await openAll(chosen, test) {
            let style = try #require(styles[opened.row["precinct", default: ""]])
            #expect(opened.visit.packet.card.style == style.style)
            #expect(SHA256.hash(opened.pdf) == opened.visit.sha256)
            #expect(opened.pdf.count == opened.visit.length)
            let report = try verifier.verify(opened.pdf)
            #expect(report.valid, "\(opened.number): \(report.checks)")

            let folder = try WritingFolder()
            try folder.write(opened.pdf, to: "p.pdf")
            let check = try folder.run("qpdf", ["--check", "p.pdf"])
            #expect(check.contains("No syntax or stream encoding errors found"), "\(opened.number): \(check)")
            let signature = try folder.run("pdfsig", ["-nocert", "p.pdf"], anyStatus: true)
            #expect(signature.contains("Signature is Valid"), "\(opened.number): \(signature)")
            #expect(signature.contains("Total document signed"), "\(opened.number): \(signature)")
            try openSSL(opened, test, folder)
            try pages(opened, style.file, test, folder)
        }
        try test.verify()
    }

    /// What VERIFY.txt of the packet's ZIP tells its reader to do.
    private func openSSL(_ opened: Opened, _ test: TestOffice, _ folder: WritingFolder) throws {
        let archive = try PacketArchive(
            visit: opened.visit, baseCRC: PacketArchive.checksum(ofBase: opened.base), officeName: "Board of Elections",
            publicURL: "http://127.0.0.1:8080")
        let zip: [UInt8] = archive.segments.flatMap { segment in
            switch segment {
            case .base: opened.base
            case .bytes(let bytes): bytes
            }
        }
        #expect(zip.count == archive.length)
        try folder.write(zip, to: "packet.zip")
        try folder.run(
            "python3", ["-c", "import zipfile; z = zipfile.ZipFile('packet.zip'); assert z.testzip() is None; z.extractall('.')"])
        #expect(try folder.read("packet.pdf") == opened.pdf)
        try folder.write([UInt8](try Data(contentsOf: test.folder.appendingPathComponent("keys/ca.pem"))), to: "office-ca.pem")
        let text = String(decoding: try folder.read("VERIFY.txt"), as: UTF8.self)
        let commands = text.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter {
            $0.hasPrefix("head ") || $0.hasPrefix("tail ") || $0.hasPrefix("openssl ")
        }
        #expect(commands.count == 4)
        // A voter types the commands as they are; the test's office lives in another year than the machine.
        let dated = commands.map { $0.hasPrefix("openssl ") ? "\($0) -attime \(test.now.seconds + 60)" : $0 }
        let answer = try folder.run("sh", ["-ec", dated.joined(separator: "\n")])
        #expect(answer.contains("erification successful"), "\(opened.number): \(answer)")
        #expect(answer.contains(ReportsOffice.hex(opened.visit.baseHash)), "\(opened.number): \(answer)")
    }

    /// The ballot pages look like the vendor's and say nothing else; the voter stands on the others.
    private func pages(_ opened: Opened, _ file: String, _ test: TestOffice, _ folder: WritingFolder) throws {
        let vendor = try DistrictOffice.bytes(file)
        let pages = try #require(
            try test.office.books.read { transaction in
                try transaction.first("SELECT first_ballot_page, last_ballot_page FROM base WHERE hash = $1", .blob(opened.visit.baseHash))
                {
                    Int(try $0.integer("first_ballot_page"))...Int(try $0.integer("last_ballot_page"))
                }
            })
        #expect(pages.count == 1)
        let child = ConfinedChild(executable: TestProgram.path ?? "/nonexistent")
        let differences = try PageCompare.compare(vendor, pages: 1...pages.count, opened.pdf, firstOfB: pages.lowerBound, child: child)
        #expect(differences.isEmpty, "\(opened.number): \(differences)")

        try folder.write(vendor, to: "vendor.pdf")
        let ballot = squeezed(try folder.run("pdftotext", ["-f", "\(pages.lowerBound)", "-l", "\(pages.upperBound)", "p.pdf", "-"]))
        #expect(ballot == squeezed(try folder.run("pdftotext", ["vendor.pdf", "-"])), "\(opened.number)")
        let all = squeezed(try folder.run("pdftotext", ["p.pdf", "-"]))
        let codes = try codes(opened, test)
        let name = squeezed("\(opened.row["first_name", default: ""]) \(opened.row["last_name", default: ""])")
        for word in [name, codes.returnCode.text, codes.trackingCode.text, squeezed(opened.row["mailing_line1", default: ""])] {
            #expect(all.contains(word), "\(opened.number): \(word) is printed nowhere")
            #expect(!ballot.contains(word), "\(opened.number): \(word) stands on the ballot")
        }
        #expect(!ballot.contains(opened.number))
    }

    private func codes(_ opened: Opened, _ test: TestOffice) throws -> (returnCode: ReturnCode, trackingCode: TrackingCode) {
        let sealed = try #require(
            try test.office.books.read { transaction in
                try transaction.first("SELECT key_id, sealed FROM ballot WHERE id = $1", .blob(opened.visit.ballot)) {
                    try test.office.rollKeys.open(
                        try $0.blob("sealed"), table: "ballot", id: opened.visit.ballot, keyID: try $0.text("key_id"))
                }
            })
        let lines = sealed.split(separator: UInt8(ascii: "\n"), maxSplits: 2).map { String(decoding: $0, as: UTF8.self) }
        let codes = (try #require(ReturnCode(lines[0])), try #require(TrackingCode(lines[1])))
        #expect(codes.1.text == opened.visit.packet.card.trackingCode)
        return codes
    }

    @Test(
        "pyHanko trusts the packets of every style and script, and finds them signed as a whole",
        .enabled(if: WritingFolder.hasPyHanko, "pyHanko is not installed"), .timeLimit(.minutes(5)))
    func pyHanko() async throws {
        let (test, _) = try DistrictOffice.copy()
        let folder = try WritingFolder()
        let opened = try await openAll(try DistrictOffice.chosen(), test)
        for packet in opened { try folder.write(packet.pdf, to: "\(packet.number).pdf") }
        try folder.write([UInt8](try Data(contentsOf: test.folder.appendingPathComponent("keys/ca.pem"))), to: "ca.pem")
        let script = """
            import datetime, sys
            from pyhanko.pdf_utils.reader import PdfFileReader
            from pyhanko.sign.validation import validate_pdf_signature
            from pyhanko.keys import load_cert_from_pemder
            from pyhanko_certvalidator import ValidationContext
            moment = datetime.datetime.fromtimestamp(int(sys.argv[1]), datetime.timezone.utc)
            for name in sys.argv[2:]:
                with open(name, "rb") as file:
                    signatures = PdfFileReader(file).embedded_signatures
                    assert len(signatures) == 1
                    context = ValidationContext(trust_roots=[load_cert_from_pemder("ca.pem")], moment=moment, allow_fetching=False)
                    status = validate_pdf_signature(signatures[0], context)
                    print(name, status.bottom_line, status.trusted, status.coverage.name)
            """
        try folder.write(Array(script.utf8), to: "check.py")
        let answer = try folder.run("python3", ["check.py", "\(test.now.seconds + 60)"] + opened.map { "\($0.number).pdf" })
        for packet in opened { #expect(answer.contains("\(packet.number).pdf True True ENTIRE_FILE"), "\(answer)") }
    }

    @Test("Two voters of a style have the same file up to the end of the published base")
    func sameBase() async throws {
        let (test, _) = try DistrictOffice.copy()
        let atHome = try DistrictOffice.due().filter { $0["mailing_country"] == "United States of America" }
        let precinct = try #require(atHome.first?["precinct"])
        let two = try await openAll(Array(atHome.filter { $0["precinct"] == precinct }.prefix(2)), test)
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
        _ = try await openAll(claimed.compactMap { before[$0] }, test)
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
        try test.office.counter.read { transaction in
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
