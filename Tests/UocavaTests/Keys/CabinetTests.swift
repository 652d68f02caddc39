import Foundation
import Keys
import Synchronization
import Testing

@Suite("Keys: certificates and the key cabinet")
struct KeysCabinetTests {
    private let folder: KeysFolder

    init() throws { folder = try KeysFolder() }

    private func create(sample: Bool = false, passphrase: String? = nil, validFrom: Int64 = keysStart) throws {
        try KeyCabinet.create(
            at: folder.cabinet, office: "Dade County Elections", sample: sample, validFrom: validFrom,
            passphrase: passphrase.map { Secret(Array($0.utf8)) })
    }

    private let names = ["ca.pem", "ca.key", "signing.pem", "signing.key", "roll.key", "link.key"]

    @Test("A new cabinet has six files that only the owner can read, and works")
    func creates() throws {
        try create()
        #expect(try folder.mode("cabinet") == 0o700)
        #expect(Set(try FileManager.default.contentsOfDirectory(atPath: folder.cabinet.path)) == Set(names))
        for name in names { #expect(try folder.mode("cabinet/\(name)") == (name.hasSuffix(".pem") ? 0o644 : 0o600)) }
        let cabinet = try KeyCabinet(at: folder.cabinet)
        let signer = try cabinet.signer(now: keysNow, realOffice: true)
        #expect(signer.certificate.subject == "CN=Dade County Elections ballot signing,O=Dade County Elections")
        #expect(signer.certificate.issuer == (try cabinet.authority().subject))
        let link = try cabinet.linkKeys()
        #expect(
            try cabinet.linkKeys().token(linkID: [1], keyID: link.currentID).text == link.token(linkID: [1], keyID: link.currentID).text)
        let roll = try cabinet.rollKeys()
        let sealed = roll.seal([1, 2], table: "voter", id: [3])
        #expect(try cabinet.rollKeys().open(sealed.sealed, table: "voter", id: [3], keyID: sealed.keyID) == [1, 2])
    }

    @Test("The signing certificate is valid for two years of use and 22 months, the authority longer")
    func validity() throws {
        try create()
        let cabinet = try KeyCabinet(at: folder.cabinet)
        let signing = try cabinet.signingCertificate()
        #expect(signing.notBefore == keysStart)
        // 2026-11-22 + 2 years + 22 months = 2030-09-22.
        #expect(UTC.text(signing.notAfter) == "2030-09-22T10:00:00Z")
        #expect(UTC.text(signing.signUntil) == "2028-11-22T10:00:00Z")
        #expect(try cabinet.authority().notAfter >= signing.notAfter)
        #expect(signing.isValid(at: signing.notAfter) && !signing.isValid(at: signing.notAfter + 1) && !signing.isValid(at: keysStart - 1))
    }

    @Test("OpenSSL reads the certificates as they were meant and finds the chain good")
    func openssl() throws {
        try create()
        let text = try folder.openssl("x509", "-in", "cabinet/signing.pem", "-noout", "-text").said
        for words in [
            "Version: 3", "O = Dade County Elections, CN = Dade County Elections ballot signing", "Not Before: Nov 22 10:00:00 2026 GMT",
            "Not After : Sep 22 10:00:00 2030 GMT", "NIST CURVE: P-256", "Digital Signature, Non Repudiation", "CA:FALSE",
            "1.3.6.1.5.5.7.3.36, E-mail Protection", "ecdsa-with-SHA256"
        ] { #expect(text.contains(words), "\(words) is not in \(text)") }
        let authority = try folder.openssl("x509", "-in", "cabinet/ca.pem", "-noout", "-text").said
        for words in ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "Dade County Elections ballot authority"] {
            #expect(authority.contains(words))
        }
        let verified = try folder.openssl(
            "verify", "-x509_strict", "-attime", "\(keysNow)", "-CAfile", "cabinet/ca.pem", "-purpose", "smimesign", "cabinet/signing.pem")
        #expect(verified.status == 0, "\(verified.said)")
        let certificate = try KeyCabinet(at: folder.cabinet).signingCertificate()
        let printed = try folder.openssl("x509", "-in", "cabinet/signing.pem", "-noout", "-fingerprint", "-sha256", "-serial").said
        #expect(printed.replacingOccurrences(of: ":", with: "").lowercased().contains(certificate.fingerprint))
        #expect(printed.lowercased().contains("serial=\(certificate.serial)"))
    }

    @Test("A certificate is the same from PEM and from DER, and anything more or less is refused")
    func reading() throws {
        try create()
        let certificate = try KeyCabinet(at: folder.cabinet).signingCertificate()
        #expect(try Certificate(der: certificate.der) == certificate)
        #expect(try Certificate(pem: certificate.pem) == certificate)
        expectKeysError(.badCertificate) { _ = try Certificate(pem: certificate.pem + certificate.pem) }
        expectKeysError(.badCertificate) { _ = try Certificate(der: certificate.der + [0]) }
        expectKeysError(.badCertificate) { _ = try Certificate(der: certificate.der.dropLast()) }
        expectKeysError(.badCertificate) { _ = try Certificate(pem: []) }
        expectKeysError(.badCertificate) { _ = try Certificate(pem: Array("-----BEGIN CERTIFICATE-----\nAAAA\n".utf8)) }
    }

    @Test("A locked cabinet opens with its passphrase, which is asked once, and its EC keys with OpenSSL's own tool")
    func locked() throws {
        try create(passphrase: "correct horse")
        let asked = KeysCounter()
        let cabinet = try KeyCabinet(at: folder.cabinet) {
            asked.add()
            return Secret(Array("correct horse".utf8))
        }
        #expect(asked.count == 0)
        _ = try cabinet.signer(now: keysNow, realOffice: true)
        _ = try cabinet.rollKeys()
        _ = try cabinet.linkKeys()
        #expect(asked.count == 1)
        try folder.write(Array("correct horse\n".utf8), "phrase")
        let key = try folder.openssl("pkey", "-in", "cabinet/signing.key", "-passin", "file:phrase", "-noout", "-text")
        #expect(key.status == 0 && key.said.contains("P-256"), "\(key.said)")
        let shape = try folder.openssl("asn1parse", "-in", "cabinet/signing.key").said
        #expect(shape.contains("PBKDF2") && shape.contains("aes-256-cbc") && shape.contains("hmacWithSHA256"))
        #expect(shape.contains("0927C0"), "600,000 rounds in \(shape)")
        for name in names where name.hasSuffix(".key") {
            // The label of a key that anybody can read.
            #expect(!String(decoding: try folder.read("cabinet/\(name)"), as: UTF8.self).contains("BEGIN PRIVATE KEY"))
        }
        #expect(!String(decoding: try folder.read("cabinet/roll.key"), as: UTF8.self).contains("\nkey "))
    }

    @Test("A wrong passphrase, or none, is refused for every locked key")
    func wrongPassphrase() throws {
        try create(passphrase: "correct horse")
        for phrase in [nil, "", "correct horsf", "correct horse "] as [String?] {
            let cabinet = try KeyCabinet(at: folder.cabinet) { phrase.map { Secret(Array($0.utf8)) } }
            for error in [
                expectKeysError(.wrongPassphrase) { _ = try cabinet.signer(now: keysNow, realOffice: true) },
                expectKeysError(.wrongPassphrase) { _ = try cabinet.rollKeys() },
                expectKeysError(.wrongPassphrase) { _ = try cabinet.linkKeys() }
            ] { #expect(error?.message.contains(".key") == true && !"\(error as Any)".contains("horsf")) }
        }
    }

    @Test("A key that others could read or change is refused before it is read, with the chmod", arguments: [0o640, 0o604, 0o620, 0o644])
    func openKeys(mode: Int) throws {
        try create()
        for name in names where name.hasSuffix(".key") {
            try folder.setMode(mode, "cabinet/\(name)")
            let error = expectKeysError(.permissions) { _ = try KeyCabinet(at: folder.cabinet) }
            #expect(error?.message.contains(name) == true && error?.hint?.contains("chmod 0600") == true)
            try folder.setMode(0o600, "cabinet/\(name)")
        }
        let cabinet = try KeyCabinet(at: folder.cabinet)
        try folder.setMode(mode, "cabinet/roll.key")  // after it was opened
        expectKeysError(.permissions) { _ = try cabinet.rollKeys() }
    }

    @Test(
        "A cabinet that others can enter is refused, and so is a certificate that others can change",
        arguments: [0o750, 0o705, 0o777, 0o711])
    func openCabinet(mode: Int) throws {
        try create()
        try folder.setMode(mode, "cabinet")
        #expect(expectKeysError(.permissions) { _ = try KeyCabinet(at: folder.cabinet) }?.hint?.contains("chmod 0700") == true)
        try folder.setMode(0o700, "cabinet")
        try folder.setMode(0o664, "cabinet/ca.pem")
        #expect(expectKeysError(.permissions) { _ = try KeyCabinet(at: folder.cabinet) }?.hint?.contains("chmod 0644") == true)
    }

    @Test("A key that belongs to another user is refused", .enabled(if: geteuid() == 0, "only root can give a file away"))
    func owner() throws {
        try create()
        try FileManager.default.setAttributes([.ownerAccountID: 12345], ofItemAtPath: folder.path("cabinet/roll.key"))
        #expect(expectKeysError(.permissions) { _ = try KeyCabinet(at: folder.cabinet) }?.message.contains("12345") == true)
        try FileManager.default.setAttributes([.ownerAccountID: 0], ofItemAtPath: folder.path("cabinet/roll.key"))
        try FileManager.default.setAttributes([.ownerAccountID: 12345], ofItemAtPath: folder.path("cabinet"))
        expectKeysError(.permissions) { _ = try KeyCabinet(at: folder.cabinet) }
    }

    @Test("Nothing is ever overwritten, and a refused attempt leaves everything as it was")
    func overwrite() throws {
        try create()
        let before = try names.map { try folder.read("cabinet/\($0)") }
        let error = expectKeysError(.alreadyThere) { try create() }
        #expect(error?.message.contains("ca.pem") == true)
        #expect(try names.map { try folder.read("cabinet/\($0)") } == before)
        for name in names.dropFirst() { try FileManager.default.removeItem(atPath: folder.path("cabinet/\(name)")) }
        expectKeysError(.alreadyThere) { try create() }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.cabinet.path) == ["ca.pem"])
    }

    @Test("A cabinet is made in an empty folder of ours, not in one open to others, nor where it cannot be")
    func makeFolder() throws {
        try FileManager.default.createDirectory(
            at: folder.cabinet, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        expectKeysError(.permissions) { try create() }
        try folder.setMode(0o700, "cabinet")
        try create()
        expectKeysError(.cannotWrite) {
            try KeyCabinet.create(at: folder.url.appendingPathComponent("no/where"), office: "X", sample: false, validFrom: keysStart)
        }
        expectKeysError(.missing) { _ = try KeyCabinet(at: folder.url.appendingPathComponent("nothing")) }
        expectKeysError(.badCertificate) {
            try KeyCabinet.create(at: folder.url.appendingPathComponent("x"), office: " \n", sample: false, validFrom: keysStart)
        }
        expectKeysError(.wrongPassphrase) {
            try KeyCabinet.create(
                at: folder.url.appendingPathComponent("x"), office: "X", sample: false, validFrom: keysStart, passphrase: Secret([]))
        }
        expectKeysError(.badCertificate) {
            try KeyCabinet.create(at: folder.url.appendingPathComponent("x"), office: "SAMPLE", sample: false, validFrom: keysStart)
        }
    }

    @Test("A test office's keys say SAMPLE, and a real office refuses them")
    func sample() throws {
        try create(sample: true)
        let cabinet = try KeyCabinet(at: folder.cabinet)
        let signer = try cabinet.signer(now: keysNow, realOffice: false)
        #expect(signer.certificate.isSample)
        #expect(signer.certificate.subject == "CN=SAMPLE Dade County Elections ballot signing,O=SAMPLE Dade County Elections")
        #expect(try cabinet.authority().isSample)
        #expect(try cabinet.list().allSatisfy(\.sample))
        let error = expectKeysError(.sampleInRealOffice) { _ = try cabinet.signer(now: keysNow, realOffice: true) }
        #expect(error?.hint?.contains("uocava init") == true)
    }

    @Test("A signer is refused before its certificate is valid and after it has expired")
    func expired() throws {
        try create()
        let cabinet = try KeyCabinet(at: folder.cabinet)
        let end = try cabinet.signingCertificate().notAfter
        _ = try cabinet.signer(now: keysStart, realOffice: true)
        _ = try cabinet.signer(now: end, realOffice: true)
        #expect(expectKeysError(.expired) { _ = try cabinet.signer(now: keysStart - 1, realOffice: true) }?.hint?.contains("clock") == true)
        #expect(expectKeysError(.expired) { _ = try cabinet.signer(now: end + 1, realOffice: true) }?.hint?.contains("new") == true)
    }

    @Test("Keys and certificates of two cabinets do not mix")
    func mixed() throws {
        try create()
        let other = try KeysFolder()
        try KeyCabinet.create(at: other.cabinet, office: "Broward", sample: false, validFrom: keysStart)
        let ours = try folder.read("cabinet/signing.key")
        try folder.write(try other.read("cabinet/signing.key"), "cabinet/signing.key")
        let cabinet = try KeyCabinet(at: folder.cabinet)
        expectKeysError(.mismatch) { _ = try cabinet.signer(now: keysNow, realOffice: true) }
        try folder.write(ours, "cabinet/signing.key")
        try folder.write(try other.read("cabinet/ca.pem"), "cabinet/ca.pem")
        expectKeysError(.mismatch) { _ = try cabinet.signer(now: keysNow, realOffice: true) }
        try folder.write(try folder.read("cabinet/signing.pem"), "cabinet/ca.pem")
        expectKeysError(.badCertificate) { _ = try cabinet.authority() }
    }

    @Test("A key of another kind, a damaged one, or text is refused by name")
    func badKeys() throws {
        try create()
        let cabinet = try KeyCabinet(at: folder.cabinet)
        _ = try folder.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "rsa.key")
        _ = try folder.openssl("ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "p384.key")
        let bad = [
            try folder.read("rsa.key"), try folder.read("p384.key"), Array("hello\n".utf8), [], [UInt8](repeating: 65, count: 70_000)
        ]
        for content in bad {
            try folder.write(content, "cabinet/signing.key")
            try folder.setMode(0o600, "cabinet/signing.key")
            let error = expectKeysError(.badKey) { _ = try cabinet.signer(now: keysNow, realOffice: true) }
            #expect(error?.message.contains("signing.key") == true)
        }
        try FileManager.default.removeItem(atPath: folder.path("cabinet/signing.key"))
        expectKeysError(.missing) { _ = try cabinet.signer(now: keysNow, realOffice: true) }
        try FileManager.default.createDirectory(atPath: folder.path("cabinet/signing.key"), withIntermediateDirectories: false)
        #expect(throws: KeysError.self) { _ = try cabinet.signer(now: keysNow, realOffice: true) }
    }

    @Test("A key file put together of two keys is refused, though its public half is the certificate's")
    func twoHalves() throws {
        try create()
        _ = try folder.openssl("ec", "-in", "cabinet/signing.key", "-outform", "DER", "-out", "one.der")
        _ = try folder.openssl("ec", "-in", "cabinet/ca.key", "-outform", "DER", "-out", "two.der")
        var joined = try folder.read("one.der")
        joined.replaceSubrange(7..<39, with: try folder.read("two.der")[7..<39])  // SEQUENCE, version 1, then the private number
        try folder.write(joined, "joined.der")
        _ = try folder.openssl("ec", "-inform", "DER", "-in", "joined.der", "-out", "cabinet/signing.key")
        try folder.setMode(0o600, "cabinet/signing.key")
        let error = expectKeysError(.mismatch) { _ = try KeyCabinet(at: folder.cabinet).signer(now: keysNow, realOffice: true) }
        #expect(error?.message.contains("signing key") == true)
    }

    @Test("The older EC form of a key file is read too")
    func olderForm() throws {
        try create()
        _ = try folder.openssl("ec", "-in", "cabinet/signing.key", "-out", "old.key")
        // The label of a key that openssl has just written, in a folder that goes away with the test.
        #expect(String(decoding: try folder.read("old.key"), as: UTF8.self).contains("BEGIN EC PRIVATE KEY"))
        try folder.write(try folder.read("old.key"), "cabinet/signing.key")
        _ = try KeyCabinet(at: folder.cabinet).signer(now: keysNow, realOffice: true)
    }

    @Test("A process that never signs works without the signing key, and one that only signs without the others")
    func lazy() throws {
        try create()
        for name in ["signing.key", "ca.key"] { try FileManager.default.removeItem(atPath: folder.path("cabinet/\(name)")) }
        let cabinet = try KeyCabinet(at: folder.cabinet)
        _ = try cabinet.rollKeys()
        _ = try cabinet.linkKeys()
        #expect(try cabinet.list().map(\.file) == ["ca.pem", "signing.pem", "roll.key", "link.key"])
    }

    @Test("The list names every file with its id and validity, and asks no passphrase", arguments: [nil, "correct horse"] as [String?])
    func list(phrase: String?) throws {
        try create(passphrase: phrase)
        let cabinet = try KeyCabinet(at: folder.cabinet) {
            Issue.record("the passphrase was asked")
            return nil
        }
        let entries = try cabinet.list()
        #expect(entries.map(\.file) == names)
        #expect(entries.map(\.name) == ["ca", "ca", "signing", "signing", "roll", "link"])
        #expect(entries.map(\.kind) == [.certificate, .privateKey, .certificate, .privateKey, .rollKeys, .linkKeys])
        #expect(entries.map(\.encrypted) == [false, phrase != nil, false, phrase != nil, phrase != nil, phrase != nil])
        #expect(entries.allSatisfy { $0.modeIsRight && !$0.sample })
        let signing = try cabinet.signingCertificate()
        #expect(
            entries[2].id == signing.fingerprint && entries[2].notBefore == signing.notBefore && entries[2].notAfter == signing.notAfter)
        try folder.write(Array(try folder.openssl("x509", "-in", "cabinet/signing.pem", "-noout", "-pubkey").said.utf8), "public.pem")
        _ = try folder.openssl("pkey", "-pubin", "-in", "public.pem", "-outform", "DER", "-out", "public.der")
        let keyID = String(keysHex(SHA256.hash(try folder.read("public.der"))).prefix(8))
        #expect(entries[3].id == (phrase == nil ? keyID : nil))
        #expect(entries[4].id?.count == 8)
    }

    @Test(
        "A rotation is stored, keeps the old keys and the lock, and is refused if it would lose one",
        arguments: [nil, "phrase"] as [String?])
    func rotation(phrase: String?) throws {
        try create(sample: true, passphrase: phrase)
        let cabinet = try KeyCabinet(at: folder.cabinet) { phrase.map { Secret(Array($0.utf8)) } }
        let old = try cabinet.linkKeys()
        try cabinet.replace(old.rotated())
        let new = try cabinet.linkKeys()
        #expect(new.currentID != old.currentID)
        #expect(try new.token(linkID: [1], keyID: old.currentID).text == old.token(linkID: [1], keyID: old.currentID).text)
        #expect(try folder.mode("cabinet/link.key") == 0o600)
        #expect(try !FileManager.default.contentsOfDirectory(atPath: folder.cabinet.path).contains { $0.hasSuffix(".new") })
        let entry = try #require(try cabinet.list().last)
        #expect(entry.encrypted == (phrase != nil) && entry.sample && entry.id == "\(old.currentID) \(new.currentID)")
        expectKeysError(.mismatch) { try cabinet.replace(old) }
        expectKeysError(.mismatch) { try cabinet.replace(RollKeys.generate()) }
        try folder.write([1], "cabinet/roll.key.new")  // left by a crash
        try cabinet.replace(try cabinet.rollKeys().rotated())
        #expect(try cabinet.list().first { $0.name == "roll" }?.id?.count == 17)
    }

    @Test(
        "An office's name of any length and script fits its certificate",
        arguments: [
            "X", "District of Columbia Board of Elections", "Município de Añasco, Comisión Estatal de Elecciones de Puerto Rico y más",
            String(repeating: "W", count: 300), "選挙管理委員会", "O=Evil, CN=\"x\" + / \\ #"
        ])
    func officeNames(name: String) throws {
        for sample in [false, true] {
            let place = folder.url.appendingPathComponent("o\(sample)")
            try KeyCabinet.create(at: place, office: name, sample: sample, validFrom: keysStart)
            let certificate = try KeyCabinet(at: place).signer(now: keysNow, realOffice: !sample).certificate
            #expect(certificate.isSample == sample)
            // One value a line, with nothing escaped: whatever is in the name, it is one organisation and one common name.
            let said = try folder.openssl(
                "x509", "-in", "o\(sample)/signing.pem", "-noout", "-subject", "-nameopt", "sep_multiline,utf8,sname")
            let lines = said.said.split(separator: "\n").dropFirst().map { $0.trimmingCharacters(in: .whitespaces) }
            #expect(lines.count == 2, "\(said.said)")
            #expect(lines.last?.hasPrefix("CN=\(sample ? "SAMPLE " : "")") == true && lines.last?.hasSuffix(" ballot signing") == true)
            if name.unicodeScalars.count < 50 { #expect(lines.first == "O=" + (sample ? "SAMPLE " : "") + name) }
        }
    }

    @Test("Sums of months agree with the calendar of Foundation for a thousand days over four centuries")
    func months() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        let formatter = ISO8601DateFormatter()
        for step in 0..<1000 {
            let seconds = Int64(-5_000_000_000) + Int64(step) * 12_345_677
            let date = Date(timeIntervalSince1970: Double(seconds))
            #expect(UTC.text(seconds) == formatter.string(from: date))
            // Foundation stays in the month where that has fewer days; ours runs over, so only days that all months have are compared.
            guard calendar.component(.day, from: date) <= 28 else { continue }
            for months in [-22, -1, 1, 22, 46] {
                let expected = try #require(calendar.date(byAdding: .month, value: months, to: date))
                #expect(UTC.adding(months: months, to: seconds) == Int64(expected.timeIntervalSince1970))
            }
        }
        #expect(UTC.text(UTC.adding(months: 1, to: 1_738_281_600)) == "2025-03-03T00:00:00Z")  // 31 January
    }
}

/// Counts across threads.
private final class KeysCounter: Sendable {
    private let counted = Mutex(0)
    func add() { counted.withLock { $0 += 1 } }
    var count: Int { counted.withLock { $0 } }
}
