import Foundation
import Testing

@testable import Keys

@Suite("Keys: signatures")
struct KeysSigningTests {
    private let folder: KeysFolder
    private let signer: Signer
    private let authority: Certificate
    private let document = Array("a packet".utf8)
    private var digest: [UInt8] { SHA256.hash(document) }

    init() throws {
        folder = try KeysFolder()
        try KeyCabinet.create(at: folder.cabinet, office: "Dade County Elections", sample: false, validFrom: keysStart)
        let cabinet = try KeyCabinet(at: folder.cabinet)
        signer = try cabinet.signer(now: keysNow, realOffice: true)
        authority = try cabinet.authority()
    }

    /// A signer of any kind, and the authority that issued it.
    private func made(
        _ kind: CertificateIssue.Kind = .signing, from: Int64 = keysStart, through: Int64 = keysNow + 1000
    ) throws -> (certificate: Certificate, key: PrivateKey, authority: Certificate) {
        let authorityKey = try PrivateKey.generate()
        let authority = try CertificateIssue.issue(
            .init(organisation: "O", name: "A", notBefore: keysStart, notAfter: keysNow + 1000, kind: .authority), for: authorityKey,
            by: nil)
        let key = try PrivateKey.generate()
        let certificate = try CertificateIssue.issue(
            .init(organisation: "O", name: "S", notBefore: from, notAfter: through, kind: kind), for: key, by: (authority, authorityKey))
        return (certificate, key, authority)
    }

    @Test("OpenSSL takes the CMS, as CMS and as CAdES, and refuses it for another document")
    func openssl() throws {
        try folder.write(document, "document")
        try folder.write(Array("another".utf8), "other")
        try folder.write(try signer.cms(digest: digest), "packet.p7s")
        // Valid later than the clock of the machine that tests, so the time is given.
        let verify = ["cms", "-verify", "-binary", "-inform", "DER", "-in", "packet.p7s", "-CAfile", "cabinet/ca.pem", "-out", "/dev/null"]
        let time = ["-attime", "\(keysNow)"]
        func run(_ more: String...) throws -> (status: Int32, said: String) {
            try folder.openssl(verify + time + more)
        }
        let plain = try run("-content", "document", "-purpose", "any")
        #expect(plain.status == 0 && plain.said.contains("CMS Verification successful"), "\(plain.said)")
        let cades = try run("-content", "document", "-purpose", "any", "-cades")
        #expect(cades.status == 0 && cades.said.contains("CAdES Verification successful"), "\(cades.said)")
        let mail = try run("-content", "document")  // its default purpose is S/MIME
        #expect(mail.status == 0, "\(mail.said)")
        let other = try run("-content", "other", "-purpose", "any")
        #expect(other.status != 0)
    }

    @Test("OpenSSL sees exactly the three attributes and no signing time")
    func attributes() throws {
        try folder.write(try signer.cms(digest: digest), "packet.p7s")
        let printed = try folder.openssl("cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", "packet.p7s").said
        #expect(printed.contains("contentType") && printed.contains("messageDigest") && printed.contains("signingCertificateV2"))
        #expect(!printed.contains("signingTime"))
        let halves = printed.components(separatedBy: "unsignedAttrs:")
        #expect(halves.first?.components(separatedBy: "signedAttrs:").last?.components(separatedBy: "object: ").count == 4, "\(printed)")
        #expect(halves.last?.contains("ABSENT") == true)
    }

    @Test("A signature verifies, and the report says who signed what")
    func verifies() throws {
        for round in 0..<300 {  // signatures of 69, 70 and 71 bytes
            let digest = SHA256.hash([UInt8(truncatingIfNeeded: round)])
            let cms = try signer.cms(digest: digest)
            #expect(cms.count <= signer.longestCMS && signer.longestCMS < 2000)
            let report = try CMS.verify(cms, digest: digest, trust: authority, at: keysNow)
            #expect(report.signer == signer.certificate && report.digest == digest)
            #expect(report.signature.count <= 71)
        }
    }

    @Test("Any one byte changed anywhere in a CMS fails")
    func everyByte() throws {
        let cms = try signer.cms(digest: digest)
        _ = try CMS.verify(cms, digest: digest, trust: authority, at: keysNow)
        for place in cms.indices {
            for change in [0x01, 0x20, 0x80, 0xff] as [UInt8] {
                var changed = cms
                changed[place] ^= change
                #expect(throws: KeysError.self, "byte \(place) ^ \(change)") {
                    _ = try CMS.verify(changed, digest: digest, trust: authority, at: keysNow)
                }
            }
        }
    }

    @Test("A CMS cut short, grown, or empty fails")
    func lengths() throws {
        let cms = try signer.cms(digest: digest)
        for count in cms.indices {
            expectKeysError(.notAuthentic) { _ = try CMS.verify(Array(cms[..<count]), digest: digest, trust: authority, at: keysNow) }
        }
        expectKeysError(.notAuthentic) { _ = try CMS.verify(cms + [0], digest: digest, trust: authority, at: keysNow) }
        expectKeysError(.notAuthentic) { _ = try CMS.verify([0] + cms, digest: digest, trust: authority, at: keysNow) }
        let huge = [UInt8](repeating: 0x30, count: 70_000)
        expectKeysError(.notAuthentic) { _ = try CMS.verify(huge, digest: digest, trust: authority, at: keysNow) }
    }

    @Test("The other form of the same ECDSA signature, which OpenSSL takes, is not taken here")
    func malleable() throws {
        let cms = try signer.cms(digest: digest)
        let parts = try #require(CMSParts(cms))
        let low = try #require(ECDSASignature(der: parts.signature))
        #expect(low.isLow)
        // n − s: lowering only ever maps the high half down, so the high form is computed here, with Foundation's own arithmetic.
        let order = keysBytes("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        var high = [UInt8](repeating: 0, count: 32)
        var borrow = 0
        for place in (0..<32).reversed() {
            let difference = Int(order[place]) - Int(low.s[place]) - borrow
            borrow = difference < 0 ? 1 : 0
            high[place] = UInt8(truncatingIfNeeded: difference)
        }
        let other = DER.element(DER.sequence, DER.unsigned(low.r), DER.unsigned(high))
        let read = try #require(ECDSASignature(der: other))
        #expect(!read.isLow && read.lowered().s == low.s)
        let forged = try #require(CMSTemplate(signer.certificate, many: false).assemble(digest: digest, signature: other))
        try folder.write(document, "document")
        try folder.write(forged, "forged.p7s")
        let judged = try folder.openssl(
            "cms", "-verify", "-binary", "-inform", "DER", "-in", "forged.p7s", "-content", "document", "-CAfile", "cabinet/ca.pem",
            "-purpose", "any", "-attime", "\(keysNow)", "-out", "/dev/null")
        #expect(judged.status == 0, "\(judged.said)")
        expectKeysError(.notAuthentic) { _ = try CMS.verify(forged, digest: digest, trust: authority, at: keysNow) }
    }

    @Test("A CMS of OpenSSL's own, with a signing time, is valid but not ours")
    func foreignForm() throws {
        try folder.write(document, "document")
        let made = try folder.openssl(
            "cms", "-sign", "-binary", "-cades", "-in", "document", "-signer", "cabinet/signing.pem", "-inkey", "cabinet/signing.key",
            "-outform", "DER", "-out", "foreign.p7s")
        #expect(made.status == 0, "\(made.said)")
        let foreign = try folder.read("foreign.p7s")
        expectKeysError(.notAuthentic) { _ = try CMS.verify(foreign, digest: digest, trust: authority, at: keysNow) }
    }

    @Test("Each check that fails says which it was")
    func reasons() throws {
        let cms = try signer.cms(digest: digest)
        let other = expectKeysError(.mismatch) { _ = try CMS.verify(cms, digest: SHA256.hash([9]), trust: authority, at: keysNow) }
        #expect(other?.message.contains("other bytes") == true)
        let early = expectKeysError(.expired) { _ = try CMS.verify(cms, digest: digest, trust: authority, at: keysStart - 1) }
        #expect(early?.message.contains("not yet valid") == true && early?.message.contains("2026-11-22T10:00:00Z") == true)
        let end = signer.certificate.notAfter
        _ = try CMS.verify(cms, digest: digest, trust: authority, at: end)
        let late = expectKeysError(.expired) { _ = try CMS.verify(cms, digest: digest, trust: authority, at: end + 1) }
        #expect(late?.message.contains("is expired") == true)
        let stranger = try made()
        let foreign = expectKeysError(.mismatch) { _ = try CMS.verify(cms, digest: digest, trust: stranger.authority, at: keysNow) }
        #expect(foreign?.message.contains("was not issued by") == true)
    }

    @Test("An authority of the same name with another key does not vouch for our signer")
    func namesake() throws {
        let twinFolder = try KeysFolder()
        try KeyCabinet.create(at: twinFolder.cabinet, office: "Dade County Elections", sample: false, validFrom: keysStart)
        let twin = try KeyCabinet(at: twinFolder.cabinet).authority()
        #expect(twin.subject == authority.subject)
        let cms = try signer.cms(digest: digest)
        expectKeysError(.mismatch) { _ = try CMS.verify(cms, digest: digest, trust: twin, at: keysNow) }
    }

    @Test("A signature by a certificate for something else is refused, by the signer and by the verifier")
    func wrongUsage() throws {
        // A web server's certificate, by the office's own authority: right chain, wrong use.
        try folder.write(
            Array("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n".utf8),
            "server.ext")
        try folder.write(
            Array("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyAgreement\nextendedKeyUsage=emailProtection\n".utf8),
            "agree.ext")
        _ = try folder.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "web.key")
        _ = try folder.openssl("req", "-new", "-key", "web.key", "-subj", "/O=Dade/CN=www", "-out", "web.csr")
        for (name, words) in [("server", "extended key usage"), ("agree", "key usage")] {
            let issued = try folder.openssl(
                "x509", "-req", "-in", "web.csr", "-CA", "cabinet/ca.pem", "-CAkey", "cabinet/ca.key", "-set_serial", "77", "-days", "3650",
                "-extfile", "\(name).ext", "-out", "\(name).pem")
            #expect(issued.status == 0, "\(issued.said)")
            let certificate = try Certificate(pem: try folder.read("\(name).pem"))
            let key = try PrivateKey(pem: try folder.read("web.key"), path: "web.key") { nil }
            let refused = expectKeysError(.badCertificate) { _ = try Signer(certificate: certificate, key: key) }
            #expect(refused?.message.contains(words) == true)
            let forged = try #require(
                CMSTemplate(certificate, many: false).assemble(
                    digest: digest, signature: CMSParts(try signer.cms(digest: digest))?.signature ?? []))
            expectKeysError(.badCertificate) { _ = try CMS.verify(forged, digest: digest, trust: authority, at: keysNow) }
        }
        let (certificate, key, _) = try made(.authority)
        expectKeysError(.badCertificate) { _ = try Signer(certificate: certificate, key: key) }
    }

    @Test("A key that is not the certificate's makes no signer")
    func wrongKey() throws {
        let one = try made()
        let error = expectKeysError(.mismatch) { _ = try Signer(certificate: one.certificate, key: PrivateKey.generate()) }
        #expect(error?.hint != nil)
    }

    @Test("A digest that is not 32 bytes is not signed", arguments: [0, 20, 31, 33, 64])
    func wrongDigest(count: Int) {
        expectKeysError(.crypto) { _ = try signer.cms(digest: [UInt8](repeating: 1, count: count)) }
    }

    @Test("Four tasks sign at once with one signer, and every signature verifies")
    func atOnce() async throws {
        let signer = signer
        let authority = authority
        try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<4 {
                group.addTask {
                    var right = 0
                    for round in 0..<100 {
                        let digest = SHA256.hash([UInt8(task), UInt8(round)])
                        let cms = try signer.cms(digest: digest)
                        right += try CMS.verify(cms, digest: digest, trust: authority, at: keysNow).digest == digest ? 1 : 0
                    }
                    return right
                }
            }
            for try await right in group { #expect(right == 100) }
        }
    }

    @Test("Random bytes are no CMS, and nothing but an error comes of them")
    func garbage() {
        for round in 0..<3000 {
            var bytes = SystemRandom.bytes(round % 200)
            if let first = bytes.indices.first { bytes[first] = 0x30 }
            #expect(throws: KeysError.self) { _ = try CMS.verify(bytes, digest: digest, trust: authority, at: keysNow) }
        }
    }
}
