import Foundation
import Keys
import Testing

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

    /// An authority of another office.
    private func stranger() throws -> Certificate {
        let other = try KeysFolder()
        try KeyCabinet.create(at: other.cabinet, office: "Broward", sample: false, validFrom: keysStart)
        return try KeyCabinet(at: other.cabinet).authority()
    }

    /// A certificate by the office's own authority, for another key of its own and for another use; and `<name>.key`, `<name>.pem`.
    private func issue(_ name: String, curve: String = "prime256v1", usage: String, extendedUsage: String) throws -> Certificate {
        try folder.write(
            Array("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,\(usage)\nextendedKeyUsage=\(extendedUsage)\n".utf8),
            "\(name).ext")
        _ = try folder.openssl("ecparam", "-name", curve, "-genkey", "-noout", "-out", "\(name).key")
        _ = try folder.openssl("req", "-new", "-key", "\(name).key", "-subj", "/O=Dade/CN=\(name)", "-out", "\(name).csr")
        let issued = try folder.openssl(
            "x509", "-req", "-in", "\(name).csr", "-CA", "cabinet/ca.pem", "-CAkey", "cabinet/ca.key", "-set_serial", "77", "-days", "3650",
            "-extfile", "\(name).ext", "-out", "\(name).pem")
        #expect(issued.status == 0, "\(issued.said)")
        return try Certificate(pem: try folder.read("\(name).pem"))
    }

    /// OpenSSL's signature over the attributes of a CMS, by the key in that file, in the form with the lower s.
    private func signature(of cms: KeysForgedCMS, by key: String) throws -> [UInt8] {
        try folder.write(cms.signedAttributes, "attributes")
        let made = try folder.openssl("dgst", "-sha256", "-sign", key, "-out", "signature", "attributes")
        #expect(made.status == 0, "\(made.said)")
        return try KeysForgedCMS.forms(of: try folder.read("signature")).low
    }

    /// What `KeyCabinet.signer` says to this pair in place of the office's own.
    private func refusal(_ code: KeysError.Code, certificate: String, key: String) throws -> KeysError? {
        try folder.write(try folder.read(certificate), "cabinet/signing.pem")
        try folder.write(try folder.read(key), "cabinet/signing.key")
        let cabinet = try KeyCabinet(at: folder.cabinet)
        return expectKeysError(code) { _ = try cabinet.signer(now: keysNow, realOffice: true) }
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

    @Test("A CMS is, byte for byte, what the RFCs make of the certificate, the digest and the signature")
    func everyByteMeant() throws {
        for round in 0..<20 {
            let digest = SHA256.hash([UInt8(round)])
            let cms = try signer.cms(digest: digest)
            let report = try CMS.verify(cms, digest: digest, trust: authority, at: keysNow)
            #expect(try KeysForgedCMS(signer.certificate, digest: digest).signed(report.signature) == cms)
        }
        // And the other way round: one that was made without this program, with the office's key, is as good as its own.
        let apart = KeysForgedCMS(signer.certificate, digest: digest)
        let cms = try apart.signed(try signature(of: apart, by: "cabinet/signing.key"))
        #expect(try CMS.verify(cms, digest: digest, trust: authority, at: keysNow).signer == signer.certificate)
    }

    @Test("The other form of the same ECDSA signature, which OpenSSL takes, is neither made nor taken here")
    func malleable() throws {
        for round in 0..<200 {  // half of what OpenSSL gives is in the higher form
            let digest = SHA256.hash([UInt8(round)])
            let report = try CMS.verify(try signer.cms(digest: digest), digest: digest, trust: authority, at: keysNow)
            let forms = try KeysForgedCMS.forms(of: report.signature)
            #expect(report.signature == forms.low && forms.low != forms.high)
            let forged = try KeysForgedCMS(signer.certificate, digest: digest).signed(forms.high)
            let refused = expectKeysError(.notAuthentic) { _ = try CMS.verify(forged, digest: digest, trust: authority, at: keysNow) }
            #expect(refused?.message.contains("two numbers") == true)
        }
        let report = try CMS.verify(try signer.cms(digest: digest), digest: digest, trust: authority, at: keysNow)
        let high = try KeysForgedCMS.forms(of: report.signature).high
        try folder.write(document, "document")
        try folder.write(try KeysForgedCMS(signer.certificate, digest: digest).signed(high), "forged.p7s")
        let judged = try folder.openssl(
            "cms", "-verify", "-binary", "-inform", "DER", "-in", "forged.p7s", "-content", "document", "-CAfile", "cabinet/ca.pem",
            "-purpose", "any", "-attime", "\(keysNow)", "-out", "/dev/null")
        #expect(judged.status == 0, "\(judged.said)")
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
        let stranger = try stranger()
        let foreign = expectKeysError(.mismatch) { _ = try CMS.verify(cms, digest: digest, trust: stranger, at: keysNow) }
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
        // By the office's own authority and with good signatures: only the use is wrong, and with a right one it verifies.
        let cases =
            [
                ("server", "digitalSignature", "serverAuth", "extended key usage"),
                ("agree", "keyAgreement", "emailProtection", "the key usage"), ("right", "nonRepudiation", "1.3.6.1.5.5.7.3.36", nil)
            ] as [(String, String, String, String?)]
        for (name, usage, extendedUsage, words) in cases {
            let certificate = try issue(name, usage: usage, extendedUsage: extendedUsage)
            let apart = KeysForgedCMS(certificate, digest: digest)
            let cms = try apart.signed(try signature(of: apart, by: "\(name).key"))
            let time = max(certificate.notBefore, keysStart)  // OpenSSL took this machine's clock
            guard let words else {
                #expect(try CMS.verify(cms, digest: digest, trust: authority, at: time).signer == certificate)
                continue
            }
            let refused = expectKeysError(.badCertificate) { _ = try CMS.verify(cms, digest: digest, trust: authority, at: time) }
            #expect(refused?.message.contains(words) == true)
            #expect(try refusal(.badCertificate, certificate: "\(name).pem", key: "\(name).key")?.message.contains(words) == true)
        }
        _ = try issue("other-curve", curve: "secp384r1", usage: "digitalSignature", extendedUsage: "emailProtection")
        #expect(
            try refusal(.badCertificate, certificate: "other-curve.pem", key: "other-curve.key")?.message.contains("P-256") == true)
    }

    @Test("An authority's certificate signs no packets")
    func authorityAsSigner() throws {
        let apart = KeysForgedCMS(authority, digest: digest)
        let cms = try apart.signed(try signature(of: apart, by: "cabinet/ca.key"))
        for error in [
            expectKeysError(.badCertificate) { _ = try CMS.verify(cms, digest: digest, trust: authority, at: keysNow) },
            try refusal(.badCertificate, certificate: "cabinet/ca.pem", key: "cabinet/ca.key")
        ] { #expect(error?.message.contains("authority's certificate") == true) }
    }

    @Test("A key that is not the certificate's makes no signer, and its signature does not verify")
    func wrongKey() throws {
        _ = try folder.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "stray.key")
        let apart = KeysForgedCMS(signer.certificate, digest: digest)
        let cms = try apart.signed(try signature(of: apart, by: "stray.key"))
        let refused = expectKeysError(.notAuthentic) { _ = try CMS.verify(cms, digest: digest, trust: authority, at: keysNow) }
        #expect(refused?.message.contains("does not verify") == true)
        #expect(try refusal(.mismatch, certificate: "cabinet/signing.pem", key: "stray.key")?.hint != nil)
    }

    @Test("A CMS that names another certificate than the one inside it is refused, though its signature is good")
    func otherCertificate() throws {
        let apart = KeysForgedCMS(signer.certificate, digest: digest, certificateHash: SHA256.hash(authority.der))
        let cms = try apart.signed(try signature(of: apart, by: "cabinet/signing.key"))
        let refused = expectKeysError(.notAuthentic) { _ = try CMS.verify(cms, digest: digest, trust: authority, at: keysNow) }
        #expect(refused?.message.contains("not the one it was signed with") == true)
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
