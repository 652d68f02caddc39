import Foundation
import Packet
import Testing

@Suite("The base that all voters of a style share")
struct WritingBaseTests {
    private static func picture(_ pdf: [UInt8], page: Int, in folder: WritingFolder) throws -> [UInt8] {
        let name = "picture-\(UUID().uuidString)"
        try folder.write(pdf, to: name + ".pdf")
        try folder.run("pdftoppm", ["-r", "100", "-gray", "-f", "\(page)", "-l", "\(page)", "-singlefile", name + ".pdf", name])
        return try folder.read(name + ".pgm")
    }

    @Test("Pages come in the order of use: cover, instructions, declaration, ballot, write-ins, envelopes")
    func order() throws {
        func pages(_ text: String) -> [UInt8] {
            Array(
                String(decoding: WritingSamples.ballot(pages: 1), as: UTF8.self).replacingOccurrences(of: "OFFICIAL BALLOT", with: text)
                    .utf8)
        }
        // A text of the same length keeps the offsets right.
        let input = BaseInput(
            text: WritingSamples.office(), paper: .letter, ballotPDF: WritingSamples.ballot(pages: 3), styleLabel: "4A",
            instructionPDFs: [pages("HOW TO DO IT OK"), pages("MORE HOW TO DO.")], writeInPDFs: [pages("WRITE IN PEOPLE")])
        let base = try BaseAssembly.make(input, running: BaseAssembly.run)
        #expect(base.pageCount == 10)
        #expect(base.ballotPages == 5...7)
        let folder = try WritingFolder()
        try folder.write(base.bytes, to: "b.pdf")
        let marks = [
            "Your ballot packet", "HOW TO DO IT OK", "MORE HOW TO DO.", "SIGN THIS PAGE", "BALLOT page 1", "BALLOT page 2", "BALLOT page 3",
            "WRITE IN PEOPLE", "U.S. Postage Paid", "UNITED STATES OF AMERICA"
        ]
        for (index, mark) in marks.enumerated() {
            let text = try folder.run("pdftotext", ["-f", "\(index + 1)", "-l", "\(index + 1)", "b.pdf", "-"])
            #expect(text.contains(mark), "page \(index + 1)")
        }
    }

    @Test("The ballot's pages look exactly as the vendor's", arguments: [0, 90, 180, 270])
    func unaltered(rotate: Int) throws {
        let ballot = WritingSamples.ballot(pages: 2, rotate: rotate)
        let base = try WritingSamples.base(ballot: ballot)
        let packet = try WritingSamples.packet(WritingSamples.voter(), base: base)
        let folder = try WritingFolder()
        for (index, page) in base.ballotPages.enumerated() {
            #expect(try Self.picture(packet, page: page, in: folder) == Self.picture(ballot, page: index + 1, in: folder))
        }
    }

    @Test(
        "The real ballots of D.C. keep their pictures through base and tail",
        .enabled(if: Fixtures.present && TestProgram.present, "…/shared/fixtures or the uocava program is not there"))
    func realBallots() throws {
        let child = ConfinedChild(executable: TestProgram.path ?? "")
        let folder = Fixtures.folder("offices/dc-2010/ballots")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).filter {
            $0.pathExtension == "pdf"
        }
        #expect(files.count == 8)
        for file in files {
            let vendor = [UInt8](try Data(contentsOf: file))
            let clean = try BallotReader(child: child).read(vendor, name: file.lastPathComponent, acceptRepaired: false)
            let input = BaseInput(text: WritingSamples.office(), paper: .letter, ballotPDF: clean.pdf, styleLabel: "x")
            let base = try BaseAssembly.make(input, child: child)
            let packet = try WritingSamples.packet(WritingSamples.voter(), base: base)
            let pages = try WritingFolder()
            for (index, page) in base.ballotPages.enumerated() {
                #expect(
                    try Self.picture(packet, page: page, in: pages) == Self.picture(vendor, page: index + 1, in: pages),
                    "\(file.lastPathComponent)")
            }
            // The child and this process make the same base.
            #expect(try BaseAssembly.make(input, running: BaseAssembly.run).bytes == base.bytes)
        }
    }

    @Test("The same input gives the same base, byte for byte")
    func deterministic() throws {
        #expect(try WritingSamples.base(language: "es").bytes == WritingSamples.base(language: "es").bytes)
        #expect(try WritingSamples.base(sample: true).bytes == WritingSamples.base(sample: true).bytes)
    }

    @Test("A test office's packet says SAMPLE on every page, and without it the ballot is the vendor's")
    func sample() throws {
        let ballot = WritingSamples.ballot(pages: 2, rotate: 90)
        let input = BaseInput(text: WritingSamples.office(sample: true), paper: .a4, ballotPDF: ballot, styleLabel: "x")
        let marked = try BaseAssembly.make(input, running: BaseAssembly.run)
        let plain = try BaseAssembly.make(input.withoutSample(), running: BaseAssembly.run)
        #expect(marked.pageCount == plain.pageCount)
        let folder = try WritingFolder()
        for page in 1...marked.pageCount {
            #expect(
                try Self.picture(marked.bytes, page: page, in: folder) != Self.picture(plain.bytes, page: page, in: folder), "page \(page)")
        }
        #expect(try Self.picture(plain.bytes, page: 3, in: folder) == Self.picture(ballot, page: 1, in: folder))
    }

    @Test(
        "A page that leaves a clip or a hidden layer open does not hide SAMPLE",
        arguments: ["0 0 1 1 re W n q", "0 0 1 1 re W n q q q", "/OC /P BDC"])
    func sampleOnOpenPages(end: String) throws {
        let ballot = ReadingSamples.page(
            catalog: "/OCProperties << /OCGs [5 0 R] /D << /OFF [5 0 R] >> >>", page: "/Resources << /Properties << /P 5 0 R >> >>",
            content: "0.5 g 100 700 400 20 re f \(end)", more: ["<< /Type /OCG /Name (hidden) >>"])
        let clean = try ReadingSamples.read(ballot).pdf
        let input = BaseInput(text: WritingSamples.office(sample: true), paper: .a4, ballotPDF: clean, styleLabel: "x")
        let marked = try BaseAssembly.make(input, running: BaseAssembly.run)
        let plain = try BaseAssembly.make(input.withoutSample(), running: BaseAssembly.run)
        let folder = try WritingFolder()
        let page = marked.ballotPages.lowerBound
        #expect(try Self.picture(marked.bytes, page: page, in: folder) != Self.picture(plain.bytes, page: page, in: folder))
    }

    @Test(
        "The packet has a title, a language, a structure for screen readers and no date of its making",
        arguments: [("en", "Your ballot packet"), ("es", "Su paquete de boleta")])
    func description(language: String, title: String) throws {
        let base = try WritingSamples.base(language: language)
        let folder = try WritingFolder()
        try folder.write(base.bytes, to: "b.pdf")
        let information = try folder.run("pdfinfo", ["b.pdf"])
        #expect(information.contains("Title:           \(title)"), "\(information)")
        #expect(!information.contains("CreationDate"))
        #expect(try folder.run("qpdf", ["--json", "--json-key=qpdf", "b.pdf"]).contains("\"/Lang\": \"u:\(language)\""))
        // No ligatures: who searches for "official" finds it.
        #expect(try !folder.run("pdftotext", ["b.pdf", "-"]).unicodeScalars.contains { (0xFB00...0xFB06).contains($0.value) })
        let structure = try folder.run("pdfinfo", ["-struct-text", "b.pdf"])
        #expect(structure.contains("H1") && structure.contains(title), "\(structure.prefix(400))")
    }

    @Test("What the office must be told by is on the cover, in every channel")
    func contacts() throws {
        let base = try WritingSamples.base()
        let folder = try WritingFolder()
        try folder.write(base.bytes, to: "b.pdf")
        let text = try folder.run("pdftotext", ["-layout", "-f", "1", "-l", "1", "b.pdf", "-"])
        let office = WritingSamples.office()
        for word in [office.officeName, office.email, office.phone, office.fax ?? "", office.publicURL, office.returnNotice]
            + office.address
        {
            #expect(text.contains(word), "\(word)")
        }
        try folder.write(base.bytes, to: "e.pdf")
        let envelope = try folder.run("pdftotext", ["-f", "5", "-l", "5", "e.pdf", "-"])
        for words in [
            "OFFICIAL ABSENTEE BALLOTING MATERIAL – FIRST-CLASS MAIL", "NO POSTAGE NECESSARY IN THE U.S. MAIL – DMM 703.8.0",
            "U.S. Postage Paid", "39 USC 3406", "PAR AVION"
        ] {
            #expect(envelope.contains(words), "\(words)")
        }
    }

    @Test("Witness lines appear as the office asks: none, one or two", arguments: [0, 1, 2])
    func witnesses(count: Int) throws {
        let base = try WritingSamples.base(witnesses: count)
        let folder = try WritingFolder()
        try folder.write(base.bytes, to: "b.pdf")
        let text = try folder.run("pdftotext", ["-f", "2", "-l", "2", "b.pdf", "-"])
        #expect(text.components(separatedBy: "Signature of witness").count - 1 == count)
        #expect(throws: PacketError.self) { try WritingSamples.base(witnesses: 3) }
    }

    @Test("A declaration's Markdown is set, and a very long one gets pages of its own before the signature's")
    func declaration() throws {
        let folder = try WritingFolder()
        func text(_ markdown: String) throws -> (String, Int) {
            let input = BaseInput(
                text: WritingSamples.office(declaration: markdown), paper: .letter, ballotPDF: WritingSamples.ballot(pages: 1),
                styleLabel: "x")
            let base = try BaseAssembly.make(input, running: BaseAssembly.run)
            try folder.write(base.bytes, to: "d.pdf")
            #expect(try folder.run("qpdf", ["--check", "d.pdf"]).contains("No syntax"))
            return (try folder.run("pdftotext", ["-layout", "-l", "\(base.ballotPages.lowerBound - 1)", "d.pdf", "-"]), base.pageCount)
        }
        let (short, pages) = try text("# I swear\n\n1. that *a < b & c*;\n2. that **d**\n   goes on\n\n* star **not closed\n\nلغة عربية 中文")
        #expect(pages == 5)
        for words in ["I swear", "1. that a < b & c;", "2. that d goes on", "• star **not closed", "中文"] {
            #expect(short.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(words), "\(words)")
        }
        let (long, longPages) = try text(
            (1...60).map { "- Paragraph number \($0) of an affirmation that goes on and on, as some States' do, until nobody reads it." }
                .joined(separator: "\n"))
        #expect(longPages > 6)
        #expect((1...60).allSatisfy { long.contains("number \($0) of") })
        #expect(long.contains("I have read the declaration"))
    }

    @Test("A text of the office that cannot fit is refused by name, not cut off")
    func overflow() throws {
        var text = WritingSamples.office()
        text.address = (1...30).map { "Address line \($0)" }
        let input = BaseInput(text: text, paper: .letter, ballotPDF: WritingSamples.ballot(), styleLabel: "x")
        let error = #expect(throws: PacketError.self) { try BaseAssembly.make(input, running: BaseAssembly.run) }
        #expect(error?.code == .layout)
    }

    @Test("The confined job refuses garbage in place of its input")
    func garbage() {
        for bytes in [[], [1], [UInt8](repeating: 0xFF, count: 40), [0, 0, 0, 0, 0, 0, 0, 2, 0x7B, 0x7D]] as [[UInt8]] {
            #expect(throws: PacketError.self) { try BaseAssembly.run(bytes) }
        }
        let broken = BaseInput(text: WritingSamples.office(), paper: .letter, ballotPDF: Array("no PDF".utf8), styleLabel: "x")
        #expect(throws: PacketError.self) { try BaseAssembly.make(broken, running: BaseAssembly.run) }
    }
}
