package import Foundation
import Synchronization

/// What lies in a key cabinet under one name; nothing of it is secret.
package struct KeyCabinetEntry: Sendable {
    /// What a file holds.
    package enum Kind: String, Sendable { case certificate, privateKey, rollKeys, linkKeys }

    /// `ca`, `signing`, `roll` or `link`.
    package let name: String
    /// What the file holds.
    package let kind: Kind
    /// The file's name in the cabinet, e.g. `signing.key`.
    package let file: String
    /// SHA-256 of a certificate; ids of roll and link keys, oldest first, by spaces; id of a private key, nil while it is encrypted.
    package let id: String?
    /// The first second of validity (unix time); certificates only.
    package let notBefore: Int64?
    /// The last second of validity (unix time); certificates only.
    package let notAfter: Int64?
    /// Whether owner and mode are as they must be.
    package let modeIsRight: Bool
    /// Whether a passphrase locks it.
    package let encrypted: Bool
    /// Whether it says that it is a test office's; for a private key, what its certificate says.
    package let sample: Bool
}

/// The office's keys on disk: `ca.pem ca.key signing.pem signing.key roll.key link.key` in a folder of mode 0700, keys of mode 0600.
///
/// Each key is read when it is asked for and not before, so a process that never signs never reads the signing key, and may be given
/// a cabinet without it. The passphrase is asked at most once, for the first locked key.
package final class KeyCabinet: Sendable {
    private let files: CabinetFiles
    private let passphrase: Mutex<Passphrase>

    private enum Passphrase: Sendable {
        case notAsked(@Sendable () throws -> Secret?)
        case answered(Secret?)
    }

    /// Opens a cabinet without reading any key. Throws `missing`, and `permissions` if others could read or change something in it.
    package init(at folder: URL, passphrase: @escaping @Sendable () throws -> Secret? = { nil }) throws {
        files = CabinetFiles(folder: folder.path)
        self.passphrase = Mutex(.notAsked(passphrase))
        try files.checkFolder()
        for name in CabinetFile.allCases { try files.check(name.rawValue, isKey: name.isKey) }
    }

    /// Makes a cabinet with fresh keys: an office authority, a signing certificate, a roll key and a link key, all on the disk on return.
    ///
    /// The signing certificate is valid from `validFrom` (unix seconds) for `signingYears` of use and 22 months more, as long as the
    /// records of the last election it signed for are kept; the authority ten years longer, so that it can issue the next ones.
    /// Subjects are O=<office>, CN=<office> ballot signing (or ballot authority), with SAMPLE in both for a test office; X.520 allows
    /// 64 characters, a longer office name is cut. With a passphrase every key is locked with it: the EC keys as encrypted PKCS #8,
    /// the others as `KeySet` says.
    ///
    /// Throws `alreadyThere` if a single file of it exists: nothing is ever overwritten. `permissions`, `cannotWrite`, `crypto`.
    package static func create(
        at folder: URL, office: String, sample: Bool, validFrom: Int64, signingYears: Int = 2, passphrase: Secret? = nil
    ) throws {
        let office = office.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !office.isEmpty else { throw KeysError(.badCertificate, "the office has no name to put into its certificate") }
        guard sample || !office.contains("SAMPLE") else {
            throw KeysError(.badCertificate, "a real office cannot have SAMPLE in its name", hint: "Make a test office with --test")
        }
        guard passphrase?.count != 0 else {
            throw KeysError(.wrongPassphrase, "the passphrase is empty", hint: "Put one into the file, or leave the option out")
        }
        let files = CabinetFiles(folder: folder.path)
        try files.makeFolder()
        try files.checkFolder()
        for file in CabinetFile.allCases where files.exists(file.rawValue) {
            throw KeysError(
                .alreadyThere, "\(files.path(file.rawValue)) is already there",
                hint: "Keys are never overwritten: move the old ones away if no ballot needs them")
        }

        let signingEnd = UTC.adding(months: signingYears * 12 + retentionMonths, to: validFrom)
        let authorityKey = try PrivateKey.generate()
        let authority = try CertificateIssue.issue(
            .init(
                organisation: fitting(office, sample: sample, suffix: ""),
                name: fitting(office, sample: sample, suffix: " ballot authority"),
                notBefore: validFrom, notAfter: UTC.adding(months: 120, to: signingEnd), kind: .authority),
            for: authorityKey, by: nil)
        let signingKey = try PrivateKey.generate()
        let signing = try CertificateIssue.issue(
            .init(
                organisation: fitting(office, sample: sample, suffix: ""), name: fitting(office, sample: sample, suffix: " ballot signing"),
                notBefore: validFrom, notAfter: signingEnd, kind: .signing),
            for: signingKey, by: (authority, authorityKey))

        // If we crash between two files, the next attempt refuses and names what is there: no office uses half a cabinet.
        var written: [CabinetFile] = []
        func write(_ file: CabinetFile, _ content: [UInt8]) throws {
            var content = content
            defer { cleanse(&content) }
            try files.write(content, to: file.rawValue, mode: file.isKey ? 0o600 : 0o644)
            written.append(file)
        }
        do {
            try write(.authorityKey, try authorityKey.pem(passphrase: passphrase))
            try write(.signingKey, try signingKey.pem(passphrase: passphrase))
            try write(.rollKey, try RollKeys.generate().keys.text(sample: sample, passphrase: passphrase))
            try write(.linkKey, try LinkKeys.generate().keys.text(sample: sample, passphrase: passphrase))
            try write(.signingCertificate, signing.pem)
            try write(.authorityCertificate, authority.pem)
            try files.syncFolder()
        } catch {
            for file in written { files.remove(file.rawValue) }
            throw error
        }
    }

    /// The authority's certificate, which verifiers trust: `ca.pem`.
    package func authority() throws -> Certificate {
        let certificate = try certificate(.authorityCertificate)
        guard certificate.isAuthority else {
            throw KeysError(.badCertificate, "\(files.path("ca.pem")) is not an authority's certificate: \(certificate.subject)")
        }
        return certificate
    }

    /// The signing certificate, without its key: `signing.pem`.
    package func signingCertificate() throws -> Certificate {
        try certificate(.signingCertificate)
    }

    /// The signing key, ready, after every check that must come before the first packet.
    ///
    /// - Parameters:
    ///   - now: unix seconds.
    ///   - realOffice: whether this is an office for real elections.
    /// - Throws: `sampleInRealOffice`, `expired` (or not yet valid), `badCertificate` (wrong usage or curve), `mismatch` (the key is
    ///   not the certificate's, or the authority did not issue it), `missing`, `permissions`, `badKey`, `wrongPassphrase`.
    package func signer(now: Int64, realOffice: Bool) throws -> Signer {
        let certificate = try signingCertificate()
        let authority = try authority()
        if realOffice, certificate.isSample || authority.isSample {
            throw KeysError(
                .sampleInRealOffice, "the signing certificate says SAMPLE, and this is a real office: \(certificate.subject)",
                hint: "Make a real office with its own keys with `uocava init DIR`")
        }
        try certificate.requireDocumentSigning()
        try certificate.requireChain(to: authority, at: now)
        let path = files.path(CabinetFile.signingKey.rawValue)
        var pem = try files.read(CabinetFile.signingKey.rawValue, isKey: true)
        defer { cleanse(&pem) }
        return try Signer(certificate: certificate, key: PrivateKey(pem: pem, path: path, passphrase: askedPassphrase))
    }

    /// The keys of the voters' personal data: `roll.key`.
    package func rollKeys() throws -> RollKeys {
        RollKeys(try keySet(.rollKey, .roll))
    }

    /// The keys of the voters' links: `link.key`.
    package func linkKeys() throws -> LinkKeys {
        LinkKeys(try keySet(.linkKey, .link))
    }

    /// Stores rotated roll keys, locked as the file was. Throws `mismatch` if a key of the file were lost by it.
    package func replace(_ keys: RollKeys) throws {
        try replace(keys.keys, in: .rollKey)
    }

    /// Stores rotated link keys, locked as the file was. Throws `mismatch` if a key of the file were lost by it.
    package func replace(_ keys: LinkKeys) throws {
        try replace(keys.keys, in: .linkKey)
    }

    /// What is in the cabinet, in the order of its files; asks no passphrase. A file that cannot be understood is an error that names it.
    package func list() throws -> [KeyCabinetEntry] {
        var entries: [KeyCabinetEntry] = []
        for file in CabinetFile.allCases where files.exists(file.rawValue) {
            let right = (try? files.check(file.rawValue, isKey: file.isKey)) != nil
            var content = try files.read(file.rawValue, isKey: file.isKey)
            defer { cleanse(&content) }
            func entry(_ id: String?, from: Int64? = nil, through: Int64? = nil, encrypted: Bool, sample: Bool) -> KeyCabinetEntry {
                KeyCabinetEntry(
                    name: file.name, kind: file.kind, file: file.rawValue, id: id, notBefore: from, notAfter: through, modeIsRight: right,
                    encrypted: encrypted, sample: sample)
            }
            let path = files.path(file.rawValue)
            switch file {
            case .authorityCertificate, .signingCertificate:
                let it = try certificate(file)
                entries.append(entry(it.fingerprint, from: it.notBefore, through: it.notAfter, encrypted: false, sample: it.isSample))
            case .authorityKey, .signingKey:
                let encrypted = PrivateKey.isEncrypted(pem: content)
                let id = encrypted ? nil : try PrivateKey(pem: content, path: path, passphrase: { nil }).id
                let of: CabinetFile = file == .authorityKey ? .authorityCertificate : .signingCertificate
                entries.append(entry(id, encrypted: encrypted, sample: (try? certificate(of))?.isSample ?? false))
            case .rollKey, .linkKey:
                let header = try KeySet.header(of: content, kind: file == .rollKey ? .roll : .link, path: path)
                entries.append(entry(header.ids.joined(separator: " "), encrypted: header.encrypted, sample: header.sample))
            }
        }
        return entries
    }

    // MARK: Private

    private func certificate(_ file: CabinetFile) throws -> Certificate {
        let pem = try files.read(file.rawValue, isKey: false)
        do {
            return try Certificate(pem: pem)
        } catch let error as KeysError {
            throw KeysError(error.code, "\(files.path(file.rawValue)): \(error.message)", hint: error.hint, cause: error.cause)
        }
    }

    private func keySet(_ file: CabinetFile, _ kind: KeySet.Kind) throws -> KeySet {
        var text = try files.read(file.rawValue, isKey: true)
        defer { cleanse(&text) }
        return try KeySet(text: text, kind: kind, path: files.path(file.rawValue), passphrase: askedPassphrase)
    }

    private func replace(_ keys: KeySet, in file: CabinetFile) throws {
        var old = try files.read(file.rawValue, isKey: true)
        defer { cleanse(&old) }
        let path = files.path(file.rawValue)
        let header = try KeySet.header(of: old, kind: keys.kind, path: path)
        guard keys.all.map(\.id).starts(with: header.ids) else {
            throw KeysError(.mismatch, "\(path) holds keys that these new ones lack", hint: "It was changed meanwhile: rotate again")
        }
        let locked = header.encrypted ? try neededPassphrase(for: path, from: askedPassphrase) : nil
        var text = try keys.text(sample: header.sample, passphrase: locked)
        defer { cleanse(&text) }
        try files.replace(file.rawValue, with: text, mode: 0o600)
    }

    /// The operator's passphrase, asked at the first need and kept; the lock keeps two threads from asking him at once.
    private func askedPassphrase() throws -> Secret? {
        try passphrase.withLock { state in
            switch state {
            case .answered(let secret): return secret
            case .notAsked(let ask):
                let secret = try ask()
                state = .answered(secret)
                return secret
            }
        }
    }

    /// `SAMPLE <office><suffix>`, the office cut to what fits in 64 characters.
    private static func fitting(_ office: String, sample: Bool, suffix: String) -> String {
        let prefix = sample ? "SAMPLE " : ""
        let room = 64 - prefix.unicodeScalars.count - suffix.unicodeScalars.count
        var cut = office
        while cut.unicodeScalars.count > room { cut.removeLast() }
        return prefix + cut + suffix
    }
}

/// The files of a cabinet.
private enum CabinetFile: String, CaseIterable {
    case authorityCertificate = "ca.pem"
    case authorityKey = "ca.key"
    case signingCertificate = "signing.pem"
    case signingKey = "signing.key"
    case rollKey = "roll.key"
    case linkKey = "link.key"

    var isKey: Bool { kind != .certificate }
    var name: String { String(rawValue.prefix { $0 != "." }) }

    var kind: KeyCabinetEntry.Kind {
        switch self {
        case .authorityCertificate, .signingCertificate: .certificate
        case .authorityKey, .signingKey: .privateKey
        case .rollKey: .rollKeys
        case .linkKey: .linkKeys
        }
    }
}
