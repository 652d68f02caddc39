import COpenSSL

/// Making the office's own authority and its signing certificate.
enum CertificateIssue {
    /// What stands in a new certificate.
    struct Wish {
        let organisation: String
        let name: String
        let notBefore: Int64
        let notAfter: Int64
        let kind: Kind
    }

    enum Kind {
        /// Signs certificates that sign packets, and nothing below those.
        case authority
        /// Signs packets: a certificate that PDF readers, CMS verifiers and mail programs all take for a signature by this office.
        case signing
    }

    /// A certificate for `key`, signed by `issuer`, or by itself where that is nil.
    static func issue(_ wish: Wish, for key: PrivateKey, by issuer: (certificate: Certificate, key: PrivateKey)?) throws -> Certificate {
        let x509 = unsafe mustHave(X509_new(), "certificates")
        let handle = unsafe CertificateHandle(owning: x509)
        let name = try unsafe subject(wish)
        defer { unsafe X509_NAME_free(name) }
        let issuerName = unsafe issuer.map { unsafe X509_get_subject_name($0.certificate.handle.x509) } ?? name
        let serial = try unsafe randomSerial()
        defer { unsafe ASN1_INTEGER_free(serial) }
        guard unsafe X509_set_version(x509, 2) == 1,  // 2 means version 3
            unsafe X509_set_serialNumber(x509, serial) == 1,
            unsafe X509_set_subject_name(x509, name) == 1, unsafe X509_set_issuer_name(x509, issuerName) == 1,
            unsafe ASN1_TIME_set(X509_getm_notBefore(x509), time_t(wish.notBefore)) != nil,
            unsafe ASN1_TIME_set(X509_getm_notAfter(x509), time_t(wish.notAfter)) != nil,
            unsafe X509_set_pubkey(x509, key.pointer) == 1
        else { throw refused() }
        for (kind, value) in extensions(wish.kind) {
            try unsafe extend(x509, by: issuer?.certificate.handle.x509 ?? x509, kind, value)
        }
        guard unsafe X509_sign(x509, (issuer?.key ?? key).pointer, EVP_sha256()) > 0 else { throw refused() }
        return try Certificate(handle)
    }

    private static func extensions(_ kind: Kind) -> [(Int32, String)] {
        switch kind {
        case .authority:
            [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always")
            ]
        case .signing:
            [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature,nonRepudiation"),
                // Document signing (RFC 9336), and e-mail protection, which `openssl cms -verify` asks for.
                (NID_ext_key_usage, "1.3.6.1.5.5.7.3.36,emailProtection"),
                (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always")
            ]
        }
    }

    private static func extend(_ x509: OpaquePointer, by issuer: OpaquePointer, _ kind: Int32, _ value: String) throws {
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, issuer, x509, nil, nil, 0)
        guard let made = unsafe X509V3_EXT_conf_nid(nil, &context, kind, value) else { throw refused() }
        defer { unsafe X509_EXTENSION_free(made) }
        guard unsafe X509_add_ext(x509, made, -1) == 1 else { throw refused() }
    }

    private static func subject(_ wish: Wish) throws -> OpaquePointer {
        let name = unsafe mustHave(X509_NAME_new(), "certificates")
        for (kind, text) in [(NID_organizationName, wish.organisation), (NID_commonName, wish.name)] {
            let bytes = Array(text.utf8)
            guard unsafe X509_NAME_add_entry_by_NID(name, kind, MBSTRING_UTF8, bytes, Int32(bytes.count), -1, 0) == 1 else {
                unsafe X509_NAME_free(name)
                throw refused()
            }
        }
        return unsafe name
    }

    /// 16 random bytes, positive: unguessable and never the same twice (RFC 5280 allows 20).
    private static func randomSerial() throws -> UnsafeMutablePointer<ASN1_INTEGER> {
        var bytes = SystemRandom.bytes(16)
        bytes[0] = bytes[0] & 0x7f | 0x40
        let number = unsafe mustHave(BN_bin2bn(bytes, Int32(bytes.count), nil), "numbers")
        defer { unsafe BN_free(number) }
        guard let serial = unsafe BN_to_ASN1_INTEGER(number, nil) else { throw refused() }
        return unsafe serial
    }

    private static func refused() -> KeysError {
        KeysError(.crypto, "the certificate could not be made", cause: OpenSSLFailure.take())
    }
}
