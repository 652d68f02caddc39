import COpenSSL

/// OpenSSL's parsed certificate.
@safe final class CertificateHandle: @unchecked Sendable {  // why: owns an X509 that is never written after init; OpenSSL locks its caches
    let x509: OpaquePointer

    /// Takes over the caller's reference.
    init(owning x509: OpaquePointer) {
        unsafe self.x509 = x509
    }

    convenience init?(der: [UInt8]) {
        let parsed = unsafe der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return unsafe d2i_X509(nil, &start, bytes.count)
        }
        guard let parsed = unsafe parsed else { return nil }
        unsafe self.init(owning: parsed)
    }

    deinit { unsafe X509_free(x509) }

    /// The exact bytes: OpenSSL keeps the signed part as it was read.
    var der: [UInt8] {
        let count = Int(unsafe i2d_X509(x509, nil))
        guard count > 0 else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var start = buffer.baseAddress
            filled = max(0, Int(unsafe i2d_X509(x509, &start)))
        }
    }

    var pem: [UInt8] {
        let output = OutputBIO()
        mustSucceed(unsafe PEM_write_bio_X509(output.bio, x509), "a certificate in PEM")
        return output.bytes
    }

    var subject: String { unsafe text(of: X509_get_subject_name(x509)) }
    var issuer: String { unsafe text(of: X509_get_issuer_name(x509)) }
    var notBefore: Int64? { unsafe seconds(X509_get0_notBefore(x509)) }
    var notAfter: Int64? { unsafe seconds(X509_get0_notAfter(x509)) }
    var isAuthority: Bool { unsafe X509_check_ca(x509) != 0 }
    /// Whether its basic constraints say that it is an authority, even where its key usage keeps it from issuing anything.
    var claimsAuthority: Bool { unsafe X509_get_extension_flags(x509) & UInt32(EXFLAG_CA) != 0 }

    /// Whether the key usage extension is there and allows this use.
    func mayUse(_ usage: UInt32) -> Bool {
        let usages = unsafe X509_get_key_usage(x509)
        return usages != UInt32.max && usages & usage != 0  // all bits: there is no such extension
    }

    /// Whether the public key is on P-256.
    var isP256: Bool {
        guard let key = unsafe X509_get0_pubkey(x509) else { return false }
        return unsafe groupName(of: key) == "prime256v1"
    }

    /// The contents of the object identifiers of the extended key usage.
    var extendedUsages: [[UInt8]] {
        let place = unsafe X509_get_ext_by_NID(x509, NID_ext_key_usage, -1)
        guard let data = unsafe X509_EXTENSION_get_data(X509_get_ext(x509, place)) else { return [] }
        let value = unsafe [UInt8](UnsafeBufferPointer(start: ASN1_STRING_get0_data(data), count: Int(ASN1_STRING_length(data))))
        var outer = DERReader(value[...])
        guard var inner = outer.inside(DER.sequence) else { return [] }
        var usages: [[UInt8]] = []
        while let usage = inner.element(DER.object) { usages.append(Array(usage.content)) }
        return usages
    }

    /// The subject's values of one kind, e.g. its organisations, as text.
    func values(_ kind: Int32) -> [String] {
        guard let name = unsafe X509_get_subject_name(x509) else { return [] }
        var values: [String] = []
        var place = unsafe X509_NAME_get_index_by_NID(name, kind, -1)
        while place >= 0 {
            var text: UnsafeMutablePointer<UInt8>?
            let count = unsafe ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, place)))
            if count >= 0, let text = unsafe text {
                values.append(unsafe String(decoding: UnsafeBufferPointer(start: text, count: Int(count)), as: UTF8.self))
                unsafe CRYPTO_free(text, nil, 0)
            }
            place = unsafe X509_NAME_get_index_by_NID(name, kind, place)
        }
        return values
    }

    /// Why this certificate does not chain to that authority, in OpenSSL's words; nil if it does. Validity is the caller's to check:
    /// OpenSSL takes `notAfter` itself for expired, where RFC 5280 includes it.
    ///
    /// The authority is trusted as it stands, even if it is not self-signed: an office may be handed an intermediate of its State.
    func chainFault(to authority: CertificateHandle) -> String? {
        let store = unsafe mustHave(X509_STORE_new(), "certificate checks")
        defer { unsafe X509_STORE_free(store) }
        let context = unsafe mustHave(X509_STORE_CTX_new(), "certificate checks")
        defer { unsafe X509_STORE_CTX_free(context) }
        mustSucceed(unsafe X509_STORE_add_cert(store, authority.x509), "certificate checks")
        mustSucceed(unsafe X509_STORE_CTX_init(context, store, x509, nil), "certificate checks")
        let parameters = unsafe X509_STORE_CTX_get0_param(context)
        unsafe X509_VERIFY_PARAM_set_auth_level(parameters, 2)  // 112 bits: no SHA-1, no RSA of 1024 bits
        let flags = UInt(X509_V_FLAG_PARTIAL_CHAIN) | UInt(X509_V_FLAG_NO_CHECK_TIME)
        mustSucceed(unsafe X509_VERIFY_PARAM_set_flags(parameters, flags), "certificate checks")
        if unsafe X509_verify_cert(context) == 1 { return nil }
        let code = unsafe X509_STORE_CTX_get_error(context)
        ERR_clear_error()
        guard let text = unsafe X509_verify_cert_error_string(Int(code)) else { return "fault \(code)" }
        return unsafe String(cString: text)
    }

    private func text(of name: OpaquePointer?) -> String {
        let output = OutputBIO()
        guard unsafe X509_NAME_print_ex(output.bio, name, 0, uocava_name_style()) >= 0 else { return "" }
        return String(decoding: output.bytes, as: UTF8.self)
    }

    private func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        guard let epoch = unsafe ASN1_TIME_set(nil, 0) else { return nil }
        defer { unsafe ASN1_STRING_free(epoch) }
        var (days, seconds): (Int32, Int32) = (0, 0)
        guard unsafe time != nil, unsafe ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return nil }
        return Int64(days) * UTC.day + Int64(seconds)
    }
}

/// The name of a key's curve as OpenSSL says it (`prime256v1`), empty for a key of another kind.
func groupName(of key: OpaquePointer) -> String {
    var name = [CChar](repeating: 0, count: 64)
    var count = 0
    guard unsafe EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1 else {
        ERR_clear_error()
        return ""
    }
    return String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Bytes to read through OpenSSL's BIO.
@safe final class InputBIO {
    let bio: OpaquePointer

    init(_ bytes: [UInt8]) throws {
        unsafe bio = mustHave(BIO_new(BIO_s_mem()), "memory")
        var written = 0
        mustSucceed(unsafe BIO_write_ex(bio, bytes, bytes.count, &written), "memory")
    }

    deinit { unsafe BIO_free_all(bio) }

    /// The next certificate in PEM.
    func certificate() -> CertificateHandle? {
        // The callback answers "no passphrase": the default one would ask at the terminal.
        guard let x509 = unsafe PEM_read_bio_X509(bio, nil, { _, _, _, _ in -1 }, nil) else { return nil }
        return unsafe CertificateHandle(owning: x509)
    }
}

/// Bytes that OpenSSL writes to a BIO.
@safe final class OutputBIO {
    let bio: OpaquePointer

    init() {
        unsafe bio = mustHave(BIO_new(BIO_s_mem()), "memory")
    }

    deinit { unsafe BIO_free_all(bio) }

    /// What was written so far; taken out, so that it can be had once.
    var bytes: [UInt8] {
        let waiting = unsafe BIO_ctrl_pending(bio)
        guard waiting > 0 else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: waiting) { buffer, filled in
            mustSucceed(unsafe BIO_read_ex(bio, buffer.baseAddress, waiting, &filled), "memory")
        }
    }
}
