import Foundation
import Packet
import Testing

@Suite("A voter's tail on a shared base")
struct WritingTailTests {
    @Test("qpdf finds a packet clean, and pdfsig finds it signed as a whole")
    func judges() throws {
        let signer = try WritingSigner()
        let folder = try WritingFolder()
        for (paper, language, name) in [(Paper.letter, "en", "Jane Public"), (.a4, "es", "山田 Nguyễn Παππάς")] {
            let base = try WritingSamples.base(language: language, paper: paper, witnesses: 1)
            let packet = try WritingSamples.packet(WritingSamples.voter(name: name), base: base, signer: signer)
            try folder.write(packet, to: "p.pdf")
            let check = try folder.run("qpdf", ["--check", "p.pdf"])
            #expect(check.contains("No syntax or stream encoding errors found"), "\(check)")
            let signature = try folder.run("pdfsig", ["-nocert", "p.pdf"], anyStatus: true)
            #expect(signature.contains("Signature is Valid"), "\(signature)")
            #expect(signature.contains("Total document signed"), "\(signature)")
            #expect(signature.contains("Board of Elections ballot signing"))
        }
    }

    @Test(
        "pyHanko finds the signature intact, valid, over the entire file, and certifying",
        .enabled(if: WritingFolder.hasPyHanko, "pyHanko is not installed"))
    func pyHanko() throws {
        let signer = try WritingSigner()
        let base = try WritingSamples.base()
        let packet = try WritingSamples.packet(WritingSamples.voter(), base: base, signer: signer)
        try signer.folder.write(packet, to: "p.pdf")
        let script = """
            from pyhanko.pdf_utils.reader import PdfFileReader
            from pyhanko.sign.validation import validate_pdf_signature
            from pyhanko.keys import load_cert_from_pemder
            from pyhanko_certvalidator import ValidationContext
            r = PdfFileReader(open("p.pdf", "rb"))
            s = r.embedded_signatures
            assert len(s) == 1
            v = validate_pdf_signature(s[0], ValidationContext(trust_roots=[load_cert_from_pemder("cert.pem")]))
            print("intact", v.intact, "valid", v.valid, "coverage", v.coverage.name, "docmdp", v.docmdp_ok, "bottom", v.bottom_line)
            print("certification", s[0].docmdp_level)
            """
        try signer.folder.write(Array(script.utf8), to: "check.py")
        let answer = try signer.folder.run("python3", ["check.py"])
        #expect(answer.contains("intact True valid True coverage ENTIRE_FILE"), "\(answer)")
        #expect(answer.contains("NO_CHANGES"), "\(answer)")
    }

    @Test("OpenSSL verifies the detached CMS over the two ranges, with the commands of VERIFY.txt")
    func verifyText() throws {
        let signer = try WritingSigner()
        let base = try WritingSamples.base()
        let composer = try TailComposer(base: base.plan, baseLength: base.bytes.count)
        let tail = try composer.compose(
            WritingSamples.voter(), manifest: WritingSamples.manifest, signedAt: 1_795_000_000, signerName: "Board of Elections"
        ) { try signer.cms(over: base.bytes + $0 + $1) }
        let folder = signer.folder
        try folder.write(base.bytes, to: "base.pdf")
        let hash = String(try folder.run("sha256sum", ["base.pdf"]).prefix(64))
        let parsed = try PacketFile.parse(base.bytes + tail.bytes)
        let text = VerifyText.make(
            fileName: "packet.pdf", byteRange: parsed.byteRange, baseLength: parsed.baseLength, baseSHA256: hash,
            signedAt: 1_795_000_000, officeName: "Board of Elections", publicURL: "https://ballots.example.gov")
        #expect(text.contains(" https://ballots.example.gov/office-ca.pem\n"))
        #expect(text.utf8.allSatisfy { $0 == 10 || (0x20...0x7E).contains($0) })
        try folder.run("cp", ["cert.pem", "office-ca.pem"])
        let segments = try PacketZip.segments(
            base: (base.bytes.count, CRC32.of(base.bytes)), tail: tail.bytes, p7s: tail.cms, manifest: parsed.manifest, verifyText: text,
            modified: 1_795_000_000)
        try folder.write(WritingZipTests.join(segments, base: base.bytes), to: "packet.zip")
        try folder.run(
            "python3", ["-c", "import zipfile; z = zipfile.ZipFile('packet.zip'); assert z.testzip() is None; z.extractall('.')"])
        // Whoever follows the text types exactly its commands.
        let commands = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter {
            $0.hasPrefix("head ") || $0.hasPrefix("tail ") || $0.hasPrefix("openssl ")
        }
        #expect(commands.count == 4)
        let answer = try folder.run("sh", ["-ec", commands.joined(separator: "\n")])
        #expect(answer.contains("erification successful"), "\(answer)")
        #expect(answer.contains(hash))
        #expect(try folder.read("packet.p7s") == tail.cms)
    }

    @Test("The first bytes of every packet are the base, and two voters differ only behind it")
    func sharedBase() throws {
        let base = try WritingSamples.base()
        let first = try WritingSamples.packet(WritingSamples.voter(name: "Ann Lee"), base: base)
        let second = try WritingSamples.packet(WritingSamples.voter(name: "김철수"), base: base)
        #expect(first.prefix(base.bytes.count).elementsEqual(base.bytes))
        #expect(second.prefix(base.bytes.count).elementsEqual(base.bytes))
        #expect(first != second)
        #expect(base.plan.length == base.bytes.count)
    }

    @Test("The same voter, manifest and time give the same bytes, from any thread")
    func deterministic() async throws {
        let base = try WritingSamples.base()
        let composer = try TailComposer(base: base.plan, baseLength: base.bytes.count)
        let voters = ["Ann Lee", "Nguyễn Thị Phượng", "山田太郎", "Αλέξανδρος"].map { WritingSamples.voter(name: $0) }
        @Sendable func compose(_ voter: VoterText) throws -> [UInt8] {
            try composer.compose(
                voter, manifest: WritingSamples.manifest, signedAt: 7, signerName: "Ωffice", sign: WritingSamples.notSigned
            ).bytes
        }
        let expected = try voters.map(compose)
        try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            for round in 0..<200 { group.addTask { (round % 4, try compose(voters[round % 4])) } }
            for try await (index, bytes) in group { #expect(bytes == expected[index]) }
        }
    }

    @Test("A tail of a voter with a Latin name is small")
    func size() throws {
        let base = try WritingSamples.base()
        let composer = try TailComposer(base: base.plan, baseLength: base.bytes.count, cmsCapacity: 800)
        let tail = try composer.compose(
            WritingSamples.voter(), manifest: [UInt8](repeating: 65, count: 500), signedAt: 0, signerName: "Board of Elections"
        ) { _, _ in [0x30, 0x03, 1, 2, 3] }
        #expect(tail.bytes.count < 5 * 1024, "\(tail.bytes.count)")
    }

    @Test("A signature larger than the gap is refused; an error of the signer comes through")
    func gap() throws {
        let base = try WritingSamples.base()
        let composer = try TailComposer(base: base.plan, baseLength: base.bytes.count, cmsCapacity: 100)
        func compose(_ cms: @escaping () throws -> [UInt8]) throws -> Tail {
            try composer.compose(WritingSamples.voter(), manifest: [], signedAt: 0, signerName: "x") { _, _ in try cms() }
        }
        #expect(try compose { [0x30, 98] + [UInt8](repeating: 9, count: 98) }.cms.count == 100)
        let error = #expect(throws: PacketError.self) { try compose { [UInt8](repeating: 9, count: 101) } }
        #expect(error?.code == .signatureTooLarge)
        struct Locked: Error {}
        #expect(throws: Locked.self) { try compose { throw Locked() } }
    }

    @Test("A plan is kept as JSON, and belongs to its base only")
    func plan() throws {
        let base = try WritingSamples.base()
        let json = try JSONEncoder().encode(base.plan)
        #expect(json.count < 6000)
        #expect(try JSONDecoder().decode(BasePlan.self, from: json) == base.plan)
        #expect(throws: PacketError.self) { try TailComposer(base: base.plan, baseLength: base.bytes.count + 1) }
        var other = base.plan
        other.fontFingerprint = "0-0"
        let error = #expect(throws: PacketError.self) { try TailComposer(base: other, baseLength: base.bytes.count) }
        #expect(error?.code == .font)
    }

    @Test(
        "Barcodes read back: the QR code is the tracking page's address, the Code 128 the return code",
        .enabled(if: WritingFolder.hasZBar, "zbarimg is not installed"))
    func barcodes() throws {
        let folder = try WritingFolder()
        for sample in [false, true] {
            let base = try WritingSamples.base(sample: sample)
            let voter = WritingSamples.voter()
            try folder.write(try WritingSamples.packet(voter, base: base), to: "p.pdf")
            try folder.run("pdftoppm", ["-r", "200", "-gray", "p.pdf", "page"])
            func read(_ page: Int) throws -> String { try folder.run("zbarimg", ["--quiet", "page-\(page).pgm"], anyStatus: true) }
            #expect(try read(1).contains("QR-Code:\(voter.trackingURL)\n"), "sample: \(sample)")
            #expect(try read(2).contains("CODE-128:\(voter.returnCode)\n"), "sample: \(sample)")
            #expect(try read(5).contains("CODE-128:\(voter.returnCode)\n"), "sample: \(sample)")
            #expect(!(try read(3).contains("CODE")))
        }
    }

    @Test("Without a last day of posting the cover says: the earliest day you can")
    func postSoon() throws {
        let folder = try WritingFolder()
        for (language, words) in [("en", "the earliest day you can"), ("es", "primer día que pueda")] {
            let base = try WritingSamples.base(language: language)
            var voter = WritingSamples.voter()
            voter.postBy = nil
            try folder.write(try WritingSamples.packet(voter, base: base), to: "p.pdf")
            #expect(try folder.run("pdftotext", ["-f", "1", "-l", "1", "p.pdf", "-"]).contains(words))
        }
    }
}
