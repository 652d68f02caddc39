import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

/// What `uocava issue` says to a signing key that must not sign, before it has made a single packet.
@Suite("The command line: signing keys that issue refuses", .enabled(if: TestProgram.present, "the program is not built"), .serialized)
struct CommandSigningKeyTests {
    /// A real and a test office with a roll, ready to issue; and `other`, a cabinet of another office.
    private static let template = Result { () throws -> URL in
        let script = try CommandScript()
        try CommandOffice.write(in: script.folder, test: false)
        try script.run(
            """
            $ uocava init office --name "Tiny Board of Elections"
            $ uocava election import election
            $ uocava voters import voters.csv --election tiny
            """)
        return script.folder
    }

    /// A copy of the office, in which each case spoils something.
    private final class Spoilt {
        let script: CommandScript
        let office: URL

        init() throws {
            script = try CommandScript()
            office = script.folder.appendingPathComponent("office")
            try FileManager.default.copyItem(at: try template.get().appendingPathComponent("office"), to: office)
        }

        deinit { script.remove() }

        func key(_ name: String) -> URL { office.appendingPathComponent("keys/\(name)") }

        func openSSL(_ words: String...) throws {
            let end = try script.execute(["openssl"] + words)
            guard end.status == 0 else { throw WritingFolder.Failure(text: "openssl \(words): \(end.err)") }
        }

        /// Puts a file in the place of one of the cabinet's, closed as it must be.
        func put(_ source: URL, as name: String) throws {
            try Data(contentsOf: source).write(to: key(name))
            try FileManager.default.setAttributes(
                [.posixPermissions: name.hasSuffix(".key") ? 0o600 : 0o644], ofItemAtPath: key(name).path)
        }

        /// Another cabinet's files in place of ours.
        func put(_ names: [String], validFrom: Int64, sample: Bool = false) throws {
            let cabinet = script.folder.appendingPathComponent("other-\(UUID().uuidString)")
            try KeyCabinet.create(at: cabinet, office: "Other County", sample: sample, validFrom: validFrom)
            for name in names { try put(cabinet.appendingPathComponent(name), as: name) }
        }

        /// A signing certificate by this office's own authority, and its key, of another kind than they must be.
        func certify(key: [String], _ extensions: String) throws {
            let made = script.folder.appendingPathComponent("made.ext")
            try Data("\(extensions)\n".utf8).write(to: made)
            _ = try script.execute(["openssl", "genpkey", "-out", "made.key"] + key)
            try openSSL("req", "-new", "-key", "made.key", "-subj", "/O=Tiny/CN=made", "-out", "made.csr")
            try openSSL(
                "x509", "-req", "-in", "made.csr", "-CA", "office/keys/ca.pem", "-CAkey", "office/keys/ca.key", "-set_serial", "77",
                "-days", "100", "-extfile", "made.ext", "-out", "made.pem")
            try put(script.folder.appendingPathComponent("made.pem"), as: "signing.pem")
            try put(script.folder.appendingPathComponent("made.key"), as: "signing.key")
        }
    }

    /// Runs `issue`, which must refuse with that status and all these words, and must not have begun.
    private func refuses(
        _ status: Int32, _ words: [String], with more: [String] = [], location: SourceLocation = #_sourceLocation,
        spoil: (Spoilt) throws -> Void
    ) throws {
        let spoilt = try Spoilt()
        try spoil(spoilt)
        let end = try spoilt.script.execute(["uocava", "issue", "--election", "tiny", "--format", "json"] + more)
        #expect(end.status == status, "\(end.err)", sourceLocation: location)
        #expect(end.out.isEmpty, "\(end.out)", sourceLocation: location)
        for word in words { #expect(end.err.contains(word), "\(word) is not in: \(end.err)", sourceLocation: location) }
        // What to do, and no word about the inside of the program.
        #expect(!end.err.contains("nobody foresaw") && !end.err.contains("PRIVATE"), "\(end.err)", sourceLocation: location)
        let folder = try OfficeFolder(spoilt.office)
        for (database, table) in [
            (try folder.openBooks(), "batch"), (try folder.openBooks(), "ballot"), (try folder.openCounterDatabase(), "packet")
        ] {
            #expect(try database.read { try $0.count("SELECT count(*) FROM \(table)") } == 0, "\(table)", sourceLocation: location)
            try database.close()
        }
    }

    private static let p256 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    private static let goodUse = "keyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection"
    private var now: Int64 { WallClock.system.now().seconds }
    private let pair = ["ca.pem", "signing.pem", "signing.key"]

    @Test("Untouched, the same office issues to everybody due")
    func untouched() throws {
        let office = try Spoilt()
        try office.script.run(
            """
            $ uocava issue --election tiny --format json
            json buckets.issued 3
            """)
        // A certificate of the office's own authority that is right does as well as the one of `init`.
        let other = try Spoilt()
        try other.certify(key: Self.p256, "basicConstraints=CA:FALSE\n\(Self.goodUse)")
        try other.script.run(
            """
            $ uocava issue --election tiny --format json
            json buckets.issued 3
            """)
    }

    @Test("A certificate that has expired, or is not yet valid")
    func validity() throws {
        try refuses(77, ["Other County ballot signing", "is expired: it is valid from", "new signing certificate"]) {
            try $0.put(pair, validFrom: now - 10 * 365 * 86400)
        }
        try refuses(77, ["is not yet valid: it is valid from", "this computer's clock"]) {
            try $0.put(pair, validFrom: now + 30 * 86400)
        }
    }

    @Test("A key or a certificate that does not belong to the others")
    func mismatch() throws {
        try refuses(77, ["the signing key is not the one of the certificate of", "put back from the same copy"]) {
            try $0.put(["signing.key"], validFrom: now)
        }
        try refuses(77, ["was not issued by CN=Tiny Board of Elections ballot authority", "Use the certificate of the office"]) {
            try $0.put(["signing.pem", "signing.key"], validFrom: now - 86400)
        }
        try refuses(77, ["was not issued by CN=Other County ballot authority"]) { try $0.put(["ca.pem"], validFrom: now - 86400) }
    }

    @Test("A certificate for something else than signing documents")
    func usage() throws {
        let leaf = "basicConstraints=CA:FALSE\n"
        for usage in ["keyEncipherment", "keyAgreement"] {
            try refuses(65, ["the key usage of CN=made,O=Tiny does not allow signatures", "digitalSignature"]) {
                try $0.certify(key: Self.p256, "\(leaf)keyUsage=critical,\(usage)\nextendedKeyUsage=emailProtection")
            }
        }
        try refuses(65, ["the key usage of CN=made,O=Tiny does not allow signatures"]) {
            try $0.certify(key: Self.p256, "\(leaf)extendedKeyUsage=emailProtection")
        }
        for usage in ["", "extendedKeyUsage=serverAuth,clientAuth"] {
            try refuses(
                65, ["the extended key usage of CN=made,O=Tiny does not allow signing documents", "documentSigning or emailProtection"]
            ) {
                try $0.certify(key: Self.p256, "\(leaf)keyUsage=critical,digitalSignature\n\(usage)")
            }
        }
        try refuses(65, ["CN=made,O=Tiny is an authority's certificate, not one for signing"]) {
            try $0.certify(key: Self.p256, "basicConstraints=critical,CA:TRUE\n\(Self.goodUse)")
        }
        try refuses(65, ["is an authority's certificate, not one for signing"]) {
            try $0.put($0.key("ca.pem"), as: "signing.pem")
            try $0.put($0.key("ca.key"), as: "signing.key")
        }
        // The other way about: whoever is trusted must be an authority.
        try refuses(65, ["ca.pem is not an authority's certificate"]) { try $0.put($0.key("signing.pem"), as: "ca.pem") }
    }

    @Test("A key of another kind: RSA, or on P-384")
    func kinds() throws {
        for key in [["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]]
        {
            try refuses(65, ["the key of CN=made,O=Tiny is not on the curve P-256", "a key on P-256"]) {
                try $0.certify(key: key, "basicConstraints=CA:FALSE\n\(Self.goodUse)")
            }
            try refuses(65, ["signing.key is not a key on the curve P-256"]) {
                _ = try $0.script.execute(["openssl", "genpkey", "-out", "made.key"] + key)
                try $0.put($0.script.folder.appendingPathComponent("made.key"), as: "signing.key")
            }
        }
    }

    @Test("A SAMPLE key in a real office, and a real key in a test office")
    func sample() throws {
        try refuses(77, ["the signing certificate says SAMPLE, and this is a real office", "uocava init DIR"]) {
            try $0.put(pair, validFrom: now, sample: true)
        }
        let script = try CommandScript()
        defer { script.remove() }
        try CommandOffice.write(in: script.folder, test: true)
        try script.run(
            """
            $ uocava init office --test
            $ uocava election import election
            $ uocava voters import voters.csv --election tiny
            """)
        for name in pair {
            let file = script.folder.appendingPathComponent("office/keys/\(name)")
            try Data(contentsOf: try Self.template.get().appendingPathComponent("office/keys/\(name)")).write(to: file)
        }
        try script.run(
            """
            $ uocava issue --election tiny
            = 77
            empty
            err This is a test office, but its signing certificate is a real one.
            err uocava init DIR --test
            """)
    }

    @Test("A key that others could read, that is not there, or is no key")
    func files() throws {
        for mode in [0o640, 0o604, 0o666] {
            try refuses(77, ["signing.key can be read or changed by others than its owner", "chmod 0600"]) {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: $0.key("signing.key").path)
            }
        }
        for name in ["signing.pem", "ca.pem"] {
            try refuses(77, ["\(name) can be changed by others than its owner", "chmod 0644"]) {
                try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: $0.key(name).path)
            }
        }
        for name in pair {
            try refuses(66, ["keys/\(name) is missing", "Put it back from the copy of the key cabinet"]) {
                try FileManager.default.removeItem(at: $0.key(name))
            }
            try refuses(77, ["\(name) is not a plain file"]) {
                try FileManager.default.removeItem(at: $0.key(name))
                try FileManager.default.createDirectory(
                    at: $0.key(name), withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            }
            for content in ["", "hello\n", String(repeating: "x", count: 70_000)] {
                try refuses(65, ["keys/\(name)"]) { try Data(content.utf8).write(to: $0.key(name)) }
            }
        }
    }

    @Test("A key that the program may not read", .enabled(if: geteuid() == 0, "only root can give an office to another user"))
    func unreadable() throws {
        let spoilt = try Spoilt()
        _ = try spoilt.script.execute(["chown", "-R", "65534:65534", spoilt.office.path])
        func issue() throws -> CommandScript.Outcome {
            try spoilt.script.execute([
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", spoilt.script.program, "issue", "--election", "tiny"
            ])
        }
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: spoilt.key("signing.key").path)
        let none = try issue()
        #expect(none.status == 66 && none.err.contains("signing.key cannot be read") && none.err.contains("chmod 0600"), "\(none)")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600, .ownerAccountID: 0], ofItemAtPath: spoilt.key("signing.key").path)
        let foreign = try issue()
        #expect(foreign.status == 77 && foreign.err.contains("belongs to user 0") && foreign.err.contains("chown"), "\(foreign)")
        _ = try spoilt.script.execute(["chown", "65534", spoilt.key("signing.key").path])
        #expect(try issue().status == 0)
    }

    @Test("A locked key without its passphrase, or with another")
    func passphrase() throws {
        func lock(_ spoilt: Spoilt) throws {
            try Data("correct horse\n".utf8).write(to: spoilt.script.folder.appendingPathComponent("phrase"))
            try Data("battery staple\n".utf8).write(to: spoilt.script.folder.appendingPathComponent("wrong"))
            try Data("\n".utf8).write(to: spoilt.script.folder.appendingPathComponent("empty"))
            try spoilt.openSSL(
                "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", "office/keys/signing.key", "-out", "locked.key", "-passout", "file:phrase")
            try spoilt.put(spoilt.script.folder.appendingPathComponent("locked.key"), as: "signing.key")
        }
        try refuses(77, ["signing.key is locked with a passphrase and none was given", "--passphrase-file"], spoil: lock)
        for (name, status, words) in [
            ("wrong", 77, "the passphrase does not open"), ("empty", 65, "the first line is empty"),
            ("nowhere", 66, "there is no such file")
        ] as [(String, Int32, String)] {
            try refuses(status, [words], with: ["--passphrase-file", name], spoil: lock)
        }
        let office = try Spoilt()
        try lock(office)
        try office.script.run(
            """
            $ uocava issue --election tiny --passphrase-file phrase --format json
            json buckets.issued 3
            """)
        // What openssl wraps in another way is refused with how to convert it.
        try refuses(65, ["encrypted in a form that is not PKCS #8", "openssl pkcs8 -topk8"], with: ["--passphrase-file", "phrase"]) {
            try Data("correct horse\n".utf8).write(to: $0.script.folder.appendingPathComponent("phrase"))
            try $0.openSSL("ec", "-aes256", "-in", "office/keys/signing.key", "-out", "locked.key", "-passout", "file:phrase")
            try $0.put($0.script.folder.appendingPathComponent("locked.key"), as: "signing.key")
        }
    }
}
