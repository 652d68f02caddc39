import Elections
import Foundation
import Keys
import Office
import Packet
import Storage
import Testing

/// A packet of the District's election as its voter gets it: by the link and the birthday.
struct DownloadedPacket: Sendable {
    let row: DistrictOffice.Row
    let visit: Counter.Visit
    let base: [UInt8]

    var number: String { row["voter_id", default: ""] }
    var pdf: [UInt8] { base + visit.packet.tail }

    static func open(_ row: DistrictOffice.Row, _ test: TestOffice, _ counter: Counter) async throws -> DownloadedPacket {
        let token = try test.token(row["voter_id", default: ""])
        guard case .opened(let cookie) = try await counter.claim(token: token, answer: row["date_of_birth", default: ""]) else {
            throw WritingFolder.Failure(text: "\(row["voter_id", default: ""]): the claim was refused")
        }
        let visit = try #require(try await counter.visit(cookie: cookie))
        return DownloadedPacket(row: row, visit: visit, base: try await counter.base(visit.baseHash))
    }

    static func openAll(_ rows: [DistrictOffice.Row], _ test: TestOffice) async throws -> [DownloadedPacket] {
        let counter = try test.counter()
        var opened: [DownloadedPacket] = []
        for row in rows { opened.append(try await open(row, test, counter)) }
        await counter.stop()
        return opened
    }

    /// The codes that the office keeps sealed for this ballot.
    func codes(_ test: TestOffice) throws -> (returnCode: String, trackingCode: String) {
        let sealed = try #require(
            try test.office.books.read { transaction in
                try transaction.first("SELECT key_id, sealed FROM ballot WHERE id = $1", .blob(visit.ballot)) {
                    try test.office.rollKeys.open(try $0.blob("sealed"), table: "ballot", id: visit.ballot, keyID: try $0.text("key_id"))
                }
            })
        let lines = sealed.split(separator: UInt8(ascii: "\n"), maxSplits: 2).map { String(decoding: $0, as: UTF8.self) }
        let codes = (try #require(ReturnCode(lines[0])), try #require(TrackingCode(lines[1])))
        #expect(codes.1.text == visit.packet.card.trackingCode)
        return (codes.0.text, codes.1.text)
    }

    /// The ZIP that is beside the PDF.
    func archive() throws -> [UInt8] {
        let archive = try PacketArchive(
            visit: visit, baseCRC: PacketArchive.checksum(ofBase: base), officeName: "Board of Elections",
            publicURL: "http://127.0.0.1:8080")
        let bytes: [UInt8] = archive.segments.flatMap { segment in
            switch segment {
            case .base: base
            case .bytes(let bytes): bytes
            }
        }
        #expect(bytes.count == archive.length)
        return bytes
    }
}

/// What programs that are not ours, and the files of the election, say of a packet.
struct PacketJudges: Sendable {
    private let test: TestOffice
    private let verifier: PacketVerifier
    private let authority: [UInt8]
    /// The style and the vendor's file that a voter must have.
    private let ballots: @Sendable (DistrictOffice.Row) throws -> (style: String, file: String)
    private let vendors: URL
    /// Of each base, the pages that are the ballot.
    private let ballotPages: [[UInt8]: ClosedRange<Int>]
    /// The words of each vendor's file, without white space.
    private let vendorText: [String: String]

    /// Judges of the District's packets.
    init(_ test: TestOffice) throws {
        let styles = try DistrictOffice.styles()
        try self.init(
            test, ballots: { try #require(styles[$0["precinct", default: ""]]) }, files: styles.values.map(\.file),
            in: DistrictOffice.folder)
    }

    /// Judges who are told which of the vendor's files, in a folder, a voter must have.
    init(
        _ test: TestOffice, ballots: @escaping @Sendable (DistrictOffice.Row) throws -> (style: String, file: String), files: [String],
        in vendors: URL
    ) throws {
        self.test = test
        self.ballots = ballots
        self.vendors = vendors
        verifier = PacketVerifier(trust: try test.office.cabinet.authority(), at: test.now)
        authority = [UInt8](try Data(contentsOf: test.folder.appendingPathComponent("keys/ca.pem")))
        let bases = try test.office.books.read { transaction in
            try transaction.all("SELECT hash, first_ballot_page, last_ballot_page FROM base") {
                (try $0.blob("hash"), Int(try $0.integer("first_ballot_page"))...Int(try $0.integer("last_ballot_page")))
            }
        }
        ballotPages = Dictionary(uniqueKeysWithValues: bases)
        let folder = try WritingFolder()
        var words: [String: String] = [:]
        for file in Set(files) {
            try folder.write([UInt8](try Data(contentsOf: vendors.appendingPathComponent(file))), to: "vendor.pdf")
            words[file] = Self.squeezed(try folder.run("pdftotext", ["vendor.pdf", "-"]))
        }
        vendorText = words
    }

    private static func squeezed(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { !$0.properties.isWhitespace }))
    }

    private func style(of packet: DownloadedPacket) throws -> (style: String, file: String) {
        try ballots(packet.row)
    }

    // MARK: Each packet

    /// Everything that is wrong with a packet, for its own programs and for qpdf, pdfsig, zipfile and OpenSSL; empty where nothing is.
    ///
    /// Afterwards `packet.pdf` in the folder is what the archive held.
    func problems(of packet: DownloadedPacket, in folder: WritingFolder) throws -> [String] {
        var problems: [String] = []
        func demand(_ right: Bool, _ problem: @autoclosure () -> String) { if !right { problems.append("\(packet.number): \(problem())") } }
        let pdf = packet.pdf
        let style = try style(of: packet)
        demand(
            packet.visit.packet.card.style == style.style, "the ballot is of style \(packet.visit.packet.card.style), not \(style.style)")
        demand(SHA256.hash(pdf) == packet.visit.sha256 && pdf.count == packet.visit.length, "it is not the file that was issued")
        demand(SHA256.hash(Array(pdf[..<packet.visit.baseLength])) == packet.visit.baseHash, "it does not begin with its base")
        let zip = try packet.archive()
        for file in [pdf, zip] {
            let report = try verifier.verify(file)
            demand(report.valid, "\(report.checks)")
        }

        try folder.write(zip, to: "packet.zip")
        try folder.run(
            "python3", ["-c", "import zipfile; z = zipfile.ZipFile('packet.zip'); assert z.testzip() is None; z.extractall('.')"])
        demand(try folder.read("packet.pdf") == pdf, "the archive holds another PDF")
        let check = try folder.run("qpdf", ["--check", "packet.pdf"], anyStatus: true)
        demand(check.contains("No syntax or stream encoding errors found"), check)
        let signature = try folder.run("pdfsig", ["-nocert", "packet.pdf"], anyStatus: true)
        demand(signature.contains("Signature is Valid") && signature.contains("Total document signed"), signature)
        let answer = try openSSL(folder)
        demand(answer.contains("erification successful"), answer)
        demand(answer.contains(ReportsOffice.hex(packet.visit.baseHash)), answer)
        problems += try words(of: packet, style.file, folder)
        return problems
    }

    /// What VERIFY.txt of the packet's ZIP tells its reader to do.
    private func openSSL(_ folder: WritingFolder) throws -> String {
        try folder.write(authority, to: "office-ca.pem")
        let text = String(decoding: try folder.read("VERIFY.txt"), as: UTF8.self)
        let commands = text.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter {
            $0.hasPrefix("head ") || $0.hasPrefix("tail ") || $0.hasPrefix("openssl ")
        }
        try #require(commands.count == 4)
        // A voter types the commands as they are; the test's office lives in another year than the machine.
        let dated = commands.map { $0.hasPrefix("openssl ") ? "\($0) -attime \(test.now.seconds + 60)" : $0 }
        return try folder.run("sh", ["-ec", dated.joined(separator: "\n")], anyStatus: true)
    }

    /// The ballot says what the vendor's file says and no more; the voter stands on the other pages.
    private func words(of packet: DownloadedPacket, _ file: String, _ folder: WritingFolder) throws -> [String] {
        let range = try #require(ballotPages[packet.visit.baseHash])
        // Every page ends with a form feed.
        let pages = try folder.run("pdftotext", ["packet.pdf", "-"]).components(separatedBy: "\u{0C}").map(Self.squeezed)
        guard pages.count > range.upperBound else { return ["\(packet.number): it has only \(pages.count) pages"] }
        let ballot = pages[(range.lowerBound - 1)..<range.upperBound].joined()
        let all = pages.joined()
        var problems: [String] = []
        if ballot != vendorText[file] { problems.append("\(packet.number): the ballot says other words than the vendor's file") }
        let codes = try packet.codes(test)
        let name = Self.squeezed("\(packet.row["first_name", default: ""]) \(packet.row["last_name", default: ""])")
        for word in [name, codes.returnCode, codes.trackingCode, Self.squeezed(packet.row["mailing_line1", default: ""])] {
            if !all.contains(word) { problems.append("\(packet.number): \(word) is printed nowhere") }
            if ballot.contains(word) { problems.append("\(packet.number): \(word) stands on the ballot") }
        }
        if ballot.contains(packet.number) { problems.append("\(packet.number): the number stands on the ballot") }
        return problems
    }

    // MARK: Each base

    /// Where the ballot's pages look otherwise than the vendor's file; they are the same bytes in every packet of the base.
    func pictures(of packet: DownloadedPacket) throws -> [PageDifference] {
        let pages = try #require(ballotPages[packet.visit.baseHash])
        let child = ConfinedChild(executable: TestProgram.path ?? "/nonexistent")
        return try PageCompare.compare(
            [UInt8](try Data(contentsOf: vendors.appendingPathComponent(try style(of: packet).file))), pages: 1...pages.count, packet.pdf,
            firstOfB: pages.lowerBound, child: child)
    }

    // MARK: All at once

    /// Those of the files that pyHanko does not trust or does not find signed as a whole, with what it says; all in one process.
    func pyHanko(_ names: [String], in folder: WritingFolder) throws -> [String] {
        try folder.write(authority, to: "ca.pem")
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
        let answer = try folder.run("python3", ["check.py", "\(test.now.seconds + 60)"] + names, anyStatus: true)
        let lines = Set(answer.split(separator: "\n"))
        let missing = names.filter { !lines.contains("\($0) True True ENTIRE_FILE") }
        return missing.isEmpty ? [] : missing + [String(answer.suffix(2000))]
    }
}
