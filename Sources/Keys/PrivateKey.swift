import COpenSSL

/// A P-256 private key.
@safe final class PrivateKey: @unchecked Sendable {  // why: owns an EVP_PKEY, which OpenSSL only reads after it is made
    let pointer: OpaquePointer

    private init(owning pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit { unsafe EVP_PKEY_free(pointer) }

    /// A fresh key, from OpenSSL's private randomness.
    static func generate() throws -> PrivateKey {
        let context = unsafe mustHave(EVP_PKEY_CTX_new_from_name(nil, "EC", nil), "elliptic curves")
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1, unsafe EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            unsafe EVP_PKEY_generate(context, &made) == 1, let made = unsafe made
        else { throw KeysError(.crypto, "a P-256 key could not be made", cause: OpenSSLFailure.take()) }
        return unsafe PrivateKey(owning: made)
    }

    /// Whether a PEM file needs a passphrase, from its label alone.
    static func isEncrypted(pem: [UInt8]) -> Bool {
        let text = String(decoding: pem, as: UTF8.self)
        // Labels to look for, of PKCS #8 and of the older form; no key.
        return text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
    }

    /// Reads a PEM file (PKCS #8, plain or encrypted, or the older EC form, plain); `passphrase` is asked only if it is encrypted.
    ///
    /// Throws `badKey`, `wrongPassphrase`.
    convenience init(pem: [UInt8], path: String, passphrase: () throws -> Secret?) throws {
        let input = try InputBIO(pem)
        let key: OpaquePointer?
        if Self.isEncrypted(pem: pem) {
            guard let box = unsafe PEM_read_bio_PKCS8(input.bio, nil, { _, _, _, _ in -1 }, nil) else {
                throw KeysError(
                    .badKey, "\(path) is encrypted in a form that is not PKCS #8",
                    hint: "Convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000", cause: OpenSSLFailure.take())
            }
            defer { unsafe X509_SIG_free(box) }
            let given = try neededPassphrase(for: path, from: passphrase)
            let opened = unsafe given.withMemory { given in
                unsafe PKCS8_decrypt(box, given.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(given.count))
            }
            guard let info = unsafe opened else {
                throw KeysError(.wrongPassphrase, "the passphrase does not open \(path)", cause: OpenSSLFailure.take())
            }
            defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
            unsafe key = EVP_PKCS82PKEY(info)
        } else {
            unsafe key = PEM_read_bio_PrivateKey(input.bio, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let key = unsafe key else {
            throw KeysError(.badKey, "\(path) is not a private key in PEM", cause: OpenSSLFailure.take())
        }
        unsafe self.init(owning: key)
        guard unsafe groupName(of: key) == "prime256v1" else {
            throw KeysError(.badKey, "\(path) is not a key on the curve P-256", hint: "Make an office with its keys with `uocava init`")
        }
    }

    /// The key as PKCS #8 in PEM; with a passphrase encrypted by AES-256-CBC under PBKDF2 of 600,000 rounds of HMAC-SHA-256 (what
    /// OWASP asks for), which any OpenSSL opens. Its scrypt form would be better but is capped at 16 MB inside OpenSSL.
    func pem(passphrase: Secret?) throws -> [UInt8] {
        let output = OutputBIO()
        let info = unsafe mustHave(EVP_PKEY2PKCS8(pointer), "PKCS #8")
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
        guard let passphrase else {
            mustSucceed(unsafe PEM_write_bio_PKCS8_PRIV_KEY_INFO(output.bio, info), "PKCS #8")
            return output.bytes
        }
        var salt = SystemRandom.bytes(16)
        let sealed = unsafe passphrase.withMemory { given in
            let start = unsafe given.baseAddress?.assumingMemoryBound(to: CChar.self)
            return unsafe PKCS8_encrypt(-1, EVP_aes_256_cbc(), start, Int32(given.count), &salt, Int32(salt.count), 600_000, info)
        }
        guard let sealed = unsafe sealed else {
            throw KeysError(.crypto, "the key could not be encrypted", cause: OpenSSLFailure.take())
        }
        defer { unsafe X509_SIG_free(sealed) }
        mustSucceed(unsafe PEM_write_bio_PKCS8(output.bio, sealed), "PKCS #8")
        return output.bytes
    }

    /// Whether this is the private half of the certificate's key.
    ///
    /// A key file carries the public half beside the private one. OpenSSL compares only the public halves, and a file put together of two
    /// keys would give signatures that nobody can verify, so the pair is checked as well.
    func belongs(to certificate: Certificate) -> Bool {
        defer { ERR_clear_error() }
        let context = unsafe mustHave(EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil), "elliptic curves")
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_pairwise_check(context) == 1 else { return false }
        return unsafe X509_check_private_key(certificate.handle.x509, pointer) == 1
    }

    /// The first 8 hexadecimal characters of SHA-256 of the public key (SubjectPublicKeyInfo), as it also stands in the certificate.
    var id: String {
        let count = Int(unsafe i2d_PUBKEY(pointer, nil))
        guard count > 0 else { return "" }
        let der = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var start = buffer.baseAddress
            filled = max(0, Int(unsafe i2d_PUBKEY(pointer, &start)))
        }
        return hexadecimal(SHA256.hash(der)[..<4])
    }
}
