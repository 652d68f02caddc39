import Foundation
import Packet

/// What the tests of writing packets share: texts, a ballot made by hand, a throw-away certificate, outside tools.
enum WritingSamples {
    static func office(
        language: String = "en", sample: Bool = false, witnesses: Int = 0, declaration: String? = nil, imb: Bool = false
    ) -> OfficeText {
        OfficeText(
            officeName: "Board of Elections", electionName: language == "es" ? "Elecciones generales" : "General Election",
            electionDate: language == "es" ? "7 de noviembre de 2028" : "November 7, 2028", jurisdiction: "Juniper County",
            address: ["441 4th Street NW", "Suite 250 North", "Washington DC 20001"], email: "uocava@elections.example.gov",
            phone: "+1 202 555 0100", fax: "+1 202 555 0101", publicURL: "https://ballots.example.gov",
            returnNotice: language == "es"
                ? "Su boleta debe devolverse por correo para ser contada." : "Your ballot must be returned by post to be counted.",
            declaration: declaration ?? "I swear or affirm, **under penalty of perjury**, that:\n\n- I am a citizen;\n- I vote once.",
            witnessLines: witnesses, language: language, sample: sample, imbConfigured: imb, imbHasZIP4: imb)
    }

    static func voter(name: String = "Máire O’Connor-Ngô", residence: [String]? = nil, mailing: [String]? = nil) -> VoterText {
        VoterText(
            name: name, residence: residence ?? ["1234 Rhode Island Avenue NW Apt 5", "Washington, DC 20005"],
            voterClass: "U.S. citizen outside the United States, intending to return",
            mailing: mailing ?? ["12 Rue de l’Église", "75015 Paris"],
            mailingCountry: "FRANCE", returnCode: "R-7K3M-9QXV-2T8H", trackingCode: "T-7K3M-9QXV-2T8H-5N4P-W6ZR",
            trackingURL: "https://ballots.example.gov/t/T-7K3M-9QXV-2T8H-5N4P-W6ZR", postBy: "October 17, 2028")
    }

    /// A ballot of some pages in plain PDF, with an oval and a name on each.
    static func ballot(pages: Int = 2, width: Int = 612, height: Int = 1008, rotate: Int = 0) -> [UInt8] {
        var objects = ["<< /Type /Catalog /Pages 2 0 R >>"]
        let kids = (0..<pages).map { "\(4 + 2 * $0) 0 R" }.joined(separator: " ")
        objects.append("<< /Type /Pages /Count \(pages) /Kids [\(kids)] /MediaBox [0 0 \(width) \(height)] /Rotate \(rotate) >>")
        objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
        for page in 0..<pages {
            objects.append("<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R >> >> /Contents \(5 + 2 * page) 0 R >>")
            let content = "BT /F1 18 Tf 72 \(height - 90) Td (OFFICIAL BALLOT page \(page + 1)) Tj ET 72 400 20 12 re S"
            objects.append("<< /Length \(content.utf8.count) >>\nstream\n\(content)\nendstream")
        }
        var pdf = "%PDF-1.4\n"
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(pdf.utf8.count)
            pdf += "\(index + 1) 0 obj\n\(object)\nendobj\n"
        }
        let table = pdf.utf8.count
        pdf += "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
        for offset in offsets { pdf += String(repeating: "0", count: 10 - String(offset).count) + "\(offset) 00000 n \n" }
        pdf += "trailer\n<< /Size \(objects.count + 1) /Root 1 0 R >>\nstartxref\n\(table)\n%%EOF\n"
        return Array(pdf.utf8)
    }

    /// The base that most tests write on, made once.
    private static let plain = Result { try makeBase() }

    static func base(
        language: String = "en", paper: Paper = .letter, sample: Bool = false, witnesses: Int = 0, ballot: [UInt8]? = nil
    ) throws -> Base {
        if language == "en", paper == .letter, !sample, witnesses == 0, ballot == nil { return try plain.get() }
        return try makeBase(language: language, paper: paper, sample: sample, witnesses: witnesses, ballot: ballot)
    }

    private static func makeBase(
        language: String = "en", paper: Paper = .letter, sample: Bool = false, witnesses: Int = 0, ballot: [UInt8]? = nil
    ) throws -> Base {
        try BaseAssembly.make(
            BaseInput(
                text: office(language: language, sample: sample, witnesses: witnesses), paper: paper, ballotPDF: ballot ?? Self.ballot(),
                styleLabel: "P22-SMD-04"), running: BaseAssembly.run)
    }

    /// A DER of the right shape that is no signature: for tests that look at everything else.
    static let notSigned: @Sendable ([UInt8], [UInt8]) -> [UInt8] = { _, _ in
        [0x30, 0x82, 0x03, 0x00] + [UInt8](repeating: 0x5A, count: 0x300)
    }

    static let manifest = Array(#"{"format":"uocava-manifest/1","style":"P22-SMD-04"}"#.utf8)

    /// Base and tail in one, unsigned unless `signer` is given.
    static func packet(_ voter: VoterText, base: Base, signer: WritingSigner? = nil) throws -> [UInt8] {
        let composer = try TailComposer(base: base.plan, baseLength: base.bytes.count)
        let tail = try composer.compose(voter, manifest: manifest, signedAt: 1_795_000_000, signerName: "Board of Elections") {
            before, after in
            guard let signer else { return notSigned(before, after) }
            return try signer.cms(over: base.bytes + before + after)
        }
        return base.bytes + tail.bytes
    }
}

/// A certificate of the moment and the `openssl` command, as the signing closure.
struct WritingSigner {
    let folder: WritingFolder

    init() throws {
        folder = try WritingFolder()
        try folder.run("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key.pem"])
        try folder.run(
            "openssl",
            [
                "req", "-x509", "-new", "-key", "key.pem", "-out", "cert.pem", "-days", "400", "-subj",
                "/O=Board of Elections/CN=Board of Elections ballot signing", "-addext",
                "keyUsage=critical,digitalSignature,nonRepudiation",
                "-addext", "extendedKeyUsage=emailProtection,1.3.6.1.5.5.7.3.36"
            ])
    }

    func cms(over bytes: [UInt8]) throws -> [UInt8] {
        try folder.write(bytes, to: "signed.bin")
        try folder.run(
            "openssl",
            [
                "cms", "-sign", "-binary", "-cades", "-nosmimecap", "-signer", "cert.pem", "-inkey", "key.pem", "-md", "sha256", "-outform",
                "DER", "-in", "signed.bin", "-out", "cms.der"
            ])
        return try folder.read("cms.der")
    }
}

/// A folder that goes away with its last user, and tools that run in it.
final class WritingFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-writing-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: url.appendingPathComponent(name)) }

    func read(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url.appendingPathComponent(name))) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    struct Failure: Error { var text: String }

    /// Runs a tool; its standard output and error together. Throws if it fails, unless `anyStatus`.
    @discardableResult
    func run(_ tool: String, _ arguments: [String], anyStatus: Bool = false) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        process.currentDirectoryURL = url
        let output = url.appendingPathComponent("output-\(UUID().uuidString)")
        try Data().write(to: output)
        let handle = try FileHandle(forWritingTo: output)
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try handle.close()
        let text = String(decoding: try Data(contentsOf: output), as: UTF8.self)
        guard anyStatus || process.terminationStatus == 0 else { throw Failure(text: "\(tool) \(arguments): \(text)") }
        return text
    }

    /// Whether a tool can be run at all.
    static func has(_ tool: String, _ arguments: [String]) -> Bool {
        guard let folder = try? WritingFolder() else { return false }
        return (try? folder.run(tool, arguments)) != nil
    }

    static let hasZBar = has("zbarimg", ["--version"])
    static let hasPyHanko = has("python3", ["-c", "import pyhanko"])
}
