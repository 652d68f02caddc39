import COpenSSL

/// An X.509 certificate (RFC 5280): what it says, and its exact bytes.
package struct Certificate: Sendable, Equatable {
    /// The exact bytes.
    package let der: [UInt8]
    /// Who it belongs to, as RFC 2253 writes it: `CN=Dade County ballot signing,O=Dade County`.
    package let subject: String
    /// Who issued it, in the same form.
    package let issuer: String
    /// The serial number in lower-case hexadecimal.
    package let serial: String
    /// Valid from this second on (unix time).
    package let notBefore: Int64
    /// The last second at which it is valid (unix time).
    package let notAfter: Int64
    /// SHA-256 of `der` in lower-case hexadecimal.
    package let fingerprint: String
    /// Whether its organisation or name says SAMPLE: a test office's.
    package let isSample: Bool

    /// The issuer's name and the serial number, each as it stands in the DER: what a CMS names its signer by.
    let issuerDER: [UInt8]
    let serialDER: [UInt8]
    let isAuthority: Bool
    /// Whether it may sign documents: a signing key usage and an extended one that fits (see `requireDocumentSigning`).
    private let signs: Bool
    private let signsDocuments: Bool
    let handle: CertificateHandle

    /// Reads the one certificate of a PEM file. Throws `badCertificate`.
    package init(pem: [UInt8]) throws {
        guard pem.count < 65536 else { throw KeysError(.badCertificate, "this is too long for a certificate in PEM") }
        let bio = try InputBIO(pem)
        guard let certificate = bio.certificate() else {
            throw KeysError(.badCertificate, "this is not a certificate in PEM", cause: OpenSSLFailure.take())
        }
        guard bio.certificate() == nil else {
            throw KeysError(.badCertificate, "there is more than one certificate here, and one is wanted")
        }
        ERR_clear_error()
        try self.init(certificate)
    }

    /// Reads a certificate's bytes, which must be DER and nothing else. Throws `badCertificate`.
    package init(der: [UInt8]) throws {
        guard der.count < 65536, let handle = CertificateHandle(der: der) else {
            throw KeysError(.badCertificate, "this is not a certificate", cause: OpenSSLFailure.take())
        }
        try self.init(handle)
        guard self.der == der else { throw KeysError(.badCertificate, "the certificate is not in DER, or something follows it") }
    }

    init(_ handle: CertificateHandle) throws {
        self.handle = handle
        der = handle.der
        var outer = DERReader(der[...])
        guard var whole = outer.inside(DER.sequence), var body = whole.inside(DER.sequence), body.element(DER.context0) != nil,
            let number = body.element(DER.integer), body.element(DER.sequence) != nil, let name = body.element(DER.sequence)
        else { throw KeysError(.badCertificate, "the certificate is not of version 3") }
        serialDER = Array(number.whole)
        issuerDER = Array(name.whole)
        serial = hexadecimal(number.content)
        subject = handle.subject
        issuer = handle.issuer
        guard let from = handle.notBefore, let through = handle.notAfter else {
            throw KeysError(.badCertificate, "the certificate's validity cannot be read")
        }
        notBefore = from
        notAfter = through
        fingerprint = hexadecimal(SHA256.hash(der)[...])
        isSample = (handle.values(NID_organizationName) + handle.values(NID_commonName)).contains { $0.contains("SAMPLE") }
        isAuthority = handle.isAuthority
        signs = handle.mayUse(UInt32(KU_DIGITAL_SIGNATURE)) || handle.mayUse(UInt32(KU_NON_REPUDIATION))
        signsDocuments = !Set(handle.extendedUsages).isDisjoint(with: [documentSigning, emailProtection])
    }

    /// The certificate in PEM, as OpenSSL writes it.
    package var pem: [UInt8] { handle.pem }

    /// Equal if every byte is.
    package static func == (a: Certificate, b: Certificate) -> Bool { a.der == b.der }

    /// Whether it is valid at that second.
    package func isValid(at unixSeconds: Int64) -> Bool {
        notBefore <= unixSeconds && unixSeconds <= notAfter
    }

    /// The last second at which it should sign: 22 months before it ends, so that what it signed for a federal election stays
    /// verifiable as long as the records must be kept (52 U.S.C. 20701).
    package var signUntil: Int64 { UTC.adding(months: -retentionMonths, to: notAfter) }

    /// Throws `badCertificate` unless it may sign packets: no authority, key usage digitalSignature or nonRepudiation, extended key
    /// usage document signing (RFC 9336) or e-mail protection.
    func requireDocumentSigning() throws {
        let hint =
            "Put back the signing certificate that `uocava init` made, or ask your authority for one that may sign documents: "
            + "a key on P-256, key usage digitalSignature, extended key usage documentSigning or emailProtection"
        guard !isAuthority, !handle.claimsAuthority else {
            throw KeysError(.badCertificate, "\(subject) is an authority's certificate, not one for signing", hint: hint)
        }
        guard signs else {
            throw KeysError(.badCertificate, "the key usage of \(subject) does not allow signatures", hint: hint)
        }
        guard signsDocuments else {
            throw KeysError(.badCertificate, "the extended key usage of \(subject) does not allow signing documents", hint: hint)
        }
        guard handle.isP256 else { throw KeysError(.badCertificate, "the key of \(subject) is not on the curve P-256", hint: hint) }
    }

    /// Throws unless `authority` issued it and both were valid at that second: `expired`, or `mismatch` for everything else, which comes
    /// first: when another office's certificate is valid says nothing about this one.
    func requireChain(to authority: Certificate, at unixSeconds: Int64) throws {
        try requireIssuer(authority: authority)
        try requireValidity(with: authority, at: unixSeconds)
    }

    /// Throws `mismatch` unless `authority` issued it.
    func requireIssuer(authority: Certificate) throws {
        if let reason = handle.chainFault(to: authority.handle) {
            throw KeysError(
                .mismatch, "the certificate of \(subject) was not issued by \(authority.subject): \(reason)",
                hint: "Use the certificate of the office that made it")
        }
    }

    /// Throws `expired` unless it and its authority, where that is known, were valid at that second.
    func requireValidity(with authority: Certificate?, at unixSeconds: Int64) throws {
        for certificate in [self, authority].compactMap({ $0 }) where !certificate.isValid(at: unixSeconds) {
            let word = unixSeconds < certificate.notBefore ? "not yet valid" : "expired"
            throw KeysError(
                .expired,
                "the certificate of \(certificate.subject) is \(word): it is valid from \(UTC.text(certificate.notBefore)) through "
                    + "\(UTC.text(certificate.notAfter)), and this is \(UTC.text(unixSeconds))",
                hint: word == "expired" ? "Make or ask for a new signing certificate before issuing" : "Check this computer's clock")
        }
    }
}

/// How long federal election records are kept: 52 U.S.C. 20701.
let retentionMonths = 22

/// 1.3.6.1.5.5.7.3.36, id-kp-documentSigning (RFC 9336), and 1.3.6.1.5.5.7.3.4, id-kp-emailProtection.
let documentSigning: [UInt8] = [0x2b, 6, 1, 5, 5, 7, 3, 36]
let emailProtection: [UInt8] = [0x2b, 6, 1, 5, 5, 7, 3, 4]
