import Elections
import Foundation
import Keys
import Office
import Packet
import Storage
import Testing

@Suite("What verify says of a packet")
struct PacketVerifierTests {
    private func detail(_ report: PacketVerifier.Report, _ check: String) -> String {
        report.checks.first { $0.check == check }?.detail ?? "(no \(check))"
    }

    private func failed(_ report: PacketVerifier.Report) -> [String] { report.checks.filter { !$0.ok }.map(\.check) }

    // MARK: With the certificate alone

    @Test("A genuine packet: who signed it, who vouches for that, when, and which base, with how to compare it")
    func genuine() throws {
        let samples = try SignedSamples()
        let report = try samples.report(on: try samples.packet())
        #expect(report.valid && !report.isSample && report.advice == [])
        #expect(report.checks.map(\.check) == ["form", "coverage", "signature", "signer", "time", "manifest", "base"])
        let signer = detail(report, "signer")
        #expect(signer.contains("CN=Dade County Elections ballot signing,O=Dade County Elections"), "\(signer)")
        #expect(signer.contains("issued by CN=Dade County Elections ballot authority"), "\(signer)")
        for certificate in [samples.signer.certificate, samples.authority] {
            #expect(signer.filter { $0 != " " }.contains(certificate.fingerprint), "\(signer)")
        }
        #expect(!signer.contains("SAMPLE"))
        let time = detail(report, "time")
        #expect(time.hasPrefix("Signed 2027-11-02 12:00:00 UTC"), "\(time)")
        #expect(time.contains("2026-11-22 10:00:00 UTC through 2030-09-22 10:00:00 UTC"), "\(time)")
        let base = detail(report, "base")
        #expect(base.contains("first \(samples.base.bytes.count) bytes"))
        #expect(base.contains(keysHex(SHA256.hash(samples.base.bytes))) && base.contains("uocava styles list --format json"), "\(base)")
        #expect(detail(report, "manifest").contains("General Election, Juniper County: ballot style P22-SMD-04 (revision 1) in en"))
        for check in report.checks { #expect(check.detail.hasSuffix("."), "\(check.detail)") }
    }

    @Test("A test office's packet says SAMPLE")
    func sample() throws {
        let samples = try SignedSamples(sample: true)
        let report = try samples.report(on: try samples.packet())
        #expect(report.valid && report.isSample)
        #expect(detail(report, "signer").contains("SAMPLE: it is the certificate of a test office"))
    }

    @Test("What is wrong in several ways is named in all of them")
    func severalProblems() throws {
        let samples = try SignedSamples()
        let stranger = try SignedSamples(office: "Broward County").authority
        let end = samples.signer.certificate.notAfter
        var packet = try samples.packet(at: end + 1)
        packet[samples.base.bytes.count / 2] ^= 1
        let report = try samples.report(on: packet + Array("\n% more\n".utf8), trusting: stranger)
        // What was appended hides nothing of what is in front of it.
        #expect(failed(report) == ["coverage", "signature", "signer", "time", "base"])
        #expect(detail(report, "signature").contains("was changed after it was signed"))
        #expect(detail(report, "signer").contains("was not issued by CN=Broward County ballot authority"))
        #expect(detail(report, "time").contains("had expired"))
        #expect(!report.advice.isEmpty)
    }

    @Test("A packet whose certificate has expired since verifies; OpenSSL needs the time of signing, which VERIFY.txt gives")
    func expiredSince() throws {
        let samples = try SignedSamples()
        let packet = try samples.packet()
        let later = samples.authority.notAfter + 86400 * 365
        let report = try samples.report(on: packet, at: later)
        #expect(report.valid, "\(report.checks)")
        #expect(detail(report, "time").contains("It has expired since, which takes nothing from what was signed before."))

        let parsed = try PacketFile.parse(packet)
        let (folder, range) = (samples.folder, parsed.byteRange)
        try folder.write(parsed.cms, "packet.p7s")
        try folder.write(Array(packet[..<range.1]) + Array(packet[range.2...]), "signed.bin")
        let text = VerifyText.make(
            fileName: "packet.pdf", byteRange: range, baseLength: parsed.baseLength, baseSHA256: keysHex(SHA256.hash(samples.base.bytes)),
            signedAt: keysNow, officeName: "X", publicURL: "https://x.example")
        #expect(text.contains("-attime \(keysNow)\n"))
        func openSSL(_ moment: Int64) throws -> String {
            try folder.openssl(
                "cms", "-verify", "-binary", "-inform", "DER", "-in", "packet.p7s", "-content", "signed.bin", "-CAfile", "cabinet/ca.pem",
                "-purpose", "any", "-out", "/dev/null", "-attime", "\(moment)"
            ).said
        }
        #expect(try openSSL(later).contains("certificate has expired"))
        #expect(try openSSL(keysNow).contains("CMS Verification successful"))
        // poppler goes by the digest and says of the certificate what it thinks of it.
        try folder.write(packet, "packet.pdf")
        let tools = try WritingFolder()
        let said = try tools.run("faketime", ["2050-01-01", "pdfsig", folder.path("packet.pdf")], anyStatus: true)
        #expect(said.contains("Signature is Valid") && said.contains("Total document signed"), "\(said)")
    }

    @Test("A packet signed before its certificate was valid, or after it had expired, does not verify", arguments: [-1, 1])
    func outsideValidity(side: Int64) throws {
        let samples = try SignedSamples()
        let certificate = samples.signer.certificate
        let edge = side < 0 ? certificate.notBefore : certificate.notAfter
        #expect(try samples.report(on: try samples.packet(at: edge), at: edge).valid)
        let report = try samples.report(on: try samples.packet(at: edge + side), at: edge)
        #expect(failed(report) == ["time"])
        #expect(detail(report, "time").contains(side < 0 ? "was not yet valid" : "had expired"))
        #expect(report.advice.contains { $0.contains("Tell the office") })
    }

    @Test("A packet that names two times, or none that exists, does not verify")
    func twoTimes() throws {
        let samples = try SignedSamples()
        let report = try samples.report(on: try samples.packet { $0["issued_at"] = .string(Instant(seconds: keysNow - 1).rfc3339) })
        #expect(failed(report) == ["time"])
        #expect(detail(report, "time").contains("names two times: signed 2027-11-02 12:00:00 UTC, issued 2027-11-02 11:59:59 UTC"))
        // A month thirteen, signed like everything else.
        let composer = try TailComposer(base: samples.base.plan, baseLength: samples.base.bytes.count)
        let mark = Array("/M(D:20271102".utf8)
        let tail = try composer.compose(WritingSamples.voter(), manifest: [], signedAt: keysNow, signerName: "X") { _, _ in [0x30, 0] }
        let place = try #require(tail.bytes.indices.last { tail.bytes[$0...].starts(with: mark) })
        var bytes = samples.base.bytes + tail.bytes
        bytes[samples.base.bytes.count + place + 9] = UInt8(ascii: "9")
        #expect(detail(try samples.report(on: bytes), "time").contains("names no time"))
    }

    @Test("A signature that does not forbid changes, or is of another kind, is no packet's")
    func otherKind() throws {
        let samples = try SignedSamples()
        let packet = try samples.packet()
        for (old, new) in [("/P 1/V/1.2", "/P 2/V/1.2"), ("/ETSI.CAdES.detached", "/adbe.pkcs7.detached"), ("/Type/SigRef", "/Type/SigReX")]
        {
            let mark = Array(old.utf8)
            let place = try #require(packet.indices.last { packet[$0...].starts(with: mark) })
            var other = packet
            other.replaceSubrange(place..<place + mark.count, with: Array(new.utf8))
            #expect(failed(try samples.report(on: other)) == ["form"], "\(new)")
        }
    }

    @Test("A file that is no packet is told what it seems to be, and what to choose instead")
    func strangers() throws {
        let samples = try SignedSamples()
        let parsed = try PacketFile.parse(try samples.packet())
        for (bytes, words) in [
            ([], "empty"), ([0xFF, 0xD8, 0xFF, 0xE0, 0, 16], "picture"), (Array("\n<!doctype html><html><body>".utf8), "web page"),
            (parsed.cms, "comes with a packet"), (samples.authority.pem, "comes with a packet"),
            (Array("PK\u{3}\u{4}.. [Content_Types].xml".utf8), "office program"), (Array("hello".utf8), "This is no packet"),
            ([UInt8](repeating: 0, count: 100_000), "This is no packet")
        ] as [([UInt8], String)] {
            let error = #expect(throws: OfficeError.self) { try samples.report(on: bytes) }
            #expect(error?.code == .badInput && error?.message.contains(words) == true, "\(words): \(error as Any)")
            #expect(error?.hint.isEmpty == false)
        }
        // Somebody else's PDF: a packet's signature is looked for, and the reader is told why it may be missing.
        let report = try samples.report(on: WritingSamples.ballot())
        #expect(failed(report) == ["form"] && detail(report, "form").contains("Download the packet again"))
        #expect(report.advice.first?.contains("printed to PDF") == true)
    }
}

@Suite("What verify says in the office itself", .enabled(if: TestOffice.present, "the program is not built"))
struct PacketVerifierBooksTests {
    /// A voter's packet out of an office, and what is said of it there.
    private struct Issued {
        let test: TestOffice
        let pdf: [UInt8]

        func report(on bytes: [UInt8]? = nil) throws -> PacketVerifier.Report {
            let books = try OfficeFolder(test.folder).openBooks()
            defer { try? books.close() }
            return try PacketVerifier(trust: try test.office.cabinet.authority(), at: test.now, books: books).verify(bytes ?? pdf)
        }
    }

    private func issued(_ number: String = "V5") async throws -> Issued {
        let test = try TestOffice()
        try test.issue()
        let counter = try test.counter()
        let birthday = try #require(TestOffice.voters.first { $0.number == number }?.birthday)
        guard case .opened(let cookie) = try await counter.claim(token: try test.token(number), answer: birthday),
            let visit = try await counter.visit(cookie: cookie)
        else { throw WritingFolder.Failure(text: "the claim was refused") }
        let pdf = try await counter.base(visit.baseHash) + visit.packet.tail
        await counter.stop()
        return Issued(test: test, pdf: pdf)
    }

    private func check(_ report: PacketVerifier.Report, _ name: String) throws -> PacketVerifier.Check {
        try #require(report.checks.first { $0.check == name }, "\(report.checks)")
    }

    @Test("The books say that the base was published, from which file of the vendor, and that this very file was issued")
    func published() async throws {
        let issued = try await issued()
        let report = try issued.report()
        #expect(report.valid, "\(report.checks)")
        #expect(report.checks.suffix(3).map(\.check) == ["base", "published", "issued"])
        let published = try check(report, "published").detail
        #expect(published.contains("ballot style south, revision 1, in en (letter), the current one"), "\(published)")
        #expect(published.contains(keysHex(SHA256.hash(SmallBallot.pdf("Ballot south")))), "\(published)")
        #expect(try check(report, "issued").detail == "The books hold this very file, issued 2028-09-18 14:00:00 UTC.")
        #expect(!"\(report.checks)".contains("V5"))
        try issued.test.verify()
    }

    @Test("A packet of a superseded revision, and one that was replaced, is genuine, and the reader is told")
    func superseded() async throws {
        let issued = try await issued()
        let folder = try TestOffice.writeElection { SmallBallot.pdf("Ballot \($0), corrected") }
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try StyleShelf(issued.test.office, child: ConfinedChild(executable: TestProgram.path ?? "/nonexistent")).importElection(
            from: folder)
        var report = try issued.report()
        #expect(report.valid, "\(report.checks)")
        #expect(try check(report, "published").detail.contains("which revision 2 has superseded"))
        let ballot = keysHex(try issued.test.ballot("V5"))
        try issued.test.plant("UPDATE ballot SET status = 'replaced' WHERE id = x'\(ballot)'", in: issued.test.office.books)
        report = try issued.report()
        #expect(
            try report.valid && check(report, "issued").detail.contains("replaced since: it is genuine, and no longer the one that counts"))
    }

    @Test("What the office's key signed and the books do not know is not genuine", arguments: ["ballot", "packet", "base", "vendor"])
    func unknown(kind: String) async throws {
        let issued = try await issued()
        let ballot = keysHex(try issued.test.ballot("V5"))
        let other = String(repeating: "ab", count: 32)
        let (script, failing) =
            switch kind {
            case "ballot":
                ("PRAGMA defer_foreign_keys = ON; UPDATE ballot SET id = x'\(other.prefix(32))' WHERE id = x'\(ballot)'", "issued")
            case "packet": ("UPDATE ballot SET packet = x'\(other)' WHERE id = x'\(ballot)'", "issued")
            case "base": ("UPDATE base SET hash = randomblob(32)", "published")
            default: ("UPDATE style_file SET sha256 = x'\(other)'", "published")
            }
        let changes = kind == "ballot" ? "UPDATE letter SET ballot = x'\(other.prefix(32))' WHERE ballot = x'\(ballot)';" : ""
        let links = kind == "ballot" ? "UPDATE link SET ballot = x'\(other.prefix(32))' WHERE ballot = x'\(ballot)';" : ""
        try issued.test.plant("\(script); \(changes) \(links)", in: issued.test.office.books)
        let report = try issued.report()
        #expect(!report.valid && report.checks.filter { !$0.ok }.map(\.check) == [failing], "\(report.checks)")
        #expect(report.advice.contains { $0.contains("uocava audit") })
    }

    @Test("A packet of another office is not looked for in the books: its signer says all")
    func foreign() async throws {
        let issued = try await issued()
        let report = try issued.report(
            on: try SignedSamples(validFrom: TestOffice.start.seconds - 86400).packet(at: issued.test.now.seconds))
        #expect(report.checks.filter { !$0.ok }.map(\.check) == ["signer"])
        #expect(!report.checks.contains { $0.check == "issued" })
    }
}
