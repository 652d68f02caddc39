import COpenSSL

/// AES-256-GCM (NIST SP 800-38D) in one shape: nonce (12) ‖ ciphertext ‖ tag (16), so 28 bytes longer than what it holds.
package enum SealedBox {
    /// How much longer a sealed box is than its content.
    package static let overhead = 28

    /// Seals the bytes under a 32-byte key, bound to the context: opening it elsewhere fails.
    ///
    /// The nonce (12 bytes) must never serve twice under one key: random ones are safe for 2³² boxes a key.
    package static func seal(_ plain: [UInt8], key: Secret, context: [UInt8], nonce: [UInt8]) -> [UInt8] {
        precondition(key.count == 32 && nonce.count == 12, "AES-256-GCM takes a key of 32 and a nonce of 12 bytes")
        let cipher = unsafe mustHave(EVP_CIPHER_CTX_new(), "AES-GCM")
        defer { unsafe EVP_CIPHER_CTX_free(cipher) }
        unsafe key.withMemory { key in
            let start = unsafe key.baseAddress?.assumingMemoryBound(to: UInt8.self)
            mustSucceed(unsafe EVP_EncryptInit_ex2(cipher, Algorithms.shared.aes256GCM, start, nonce, nil), "AES-GCM")
        }
        var written: Int32 = 0
        if !context.isEmpty {
            mustSucceed(unsafe EVP_EncryptUpdate(cipher, nil, &written, context, Int32(context.count)), "AES-GCM")
        }
        return unsafe [UInt8](unsafeUninitializedCapacity: plain.count + overhead) { buffer, filled in
            _ = unsafe buffer.update(fromContentsOf: nonce)
            let body = unsafe buffer.baseAddress.map { unsafe $0 + 12 }
            mustSucceed(unsafe EVP_EncryptUpdate(cipher, body, &written, plain, Int32(plain.count)), "AES-GCM")
            let end = unsafe body.map { unsafe $0 + plain.count }
            mustSucceed(unsafe EVP_EncryptFinal_ex(cipher, end, &written), "AES-GCM")
            mustSucceed(unsafe EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, end), "AES-GCM")
            filled = plain.count + overhead
        }
    }

    /// The content of a sealed box; `notAuthentic` if one bit of it, its key or its context is not as it was sealed.
    package static func open(_ sealed: [UInt8], key: Secret, context: [UInt8]) throws -> [UInt8] {
        guard sealed.count >= overhead, key.count == 32 else {
            throw KeysError(.notAuthentic, "sealed data of \(sealed.count) bytes is cut short, or its key is")
        }
        let cipher = unsafe mustHave(EVP_CIPHER_CTX_new(), "AES-GCM")
        defer { unsafe EVP_CIPHER_CTX_free(cipher) }
        let count = sealed.count - overhead
        var written: Int32 = 0
        var tag = Array(sealed[(12 + count)...])
        var authentic = false
        let plain = unsafe sealed.withUnsafeBufferPointer { sealed in
            unsafe key.withMemory { key in
                let start = unsafe key.baseAddress?.assumingMemoryBound(to: UInt8.self)
                mustSucceed(unsafe EVP_DecryptInit_ex2(cipher, Algorithms.shared.aes256GCM, start, sealed.baseAddress, nil), "AES-GCM")
            }
            if !context.isEmpty {
                mustSucceed(unsafe EVP_DecryptUpdate(cipher, nil, &written, context, Int32(context.count)), "AES-GCM")
            }
            return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                let body = unsafe sealed.baseAddress.map { unsafe $0 + 12 }
                mustSucceed(unsafe EVP_DecryptUpdate(cipher, buffer.baseAddress, &written, body, Int32(count)), "AES-GCM")
                mustSucceed(unsafe EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, 16, &tag), "AES-GCM")
                var rest: (UInt64, UInt64) = (0, 0)  // GCM writes nothing at the end, but wants an address that is not null
                authentic = unsafe withUnsafeMutableBytes(of: &rest) { rest in
                    unsafe EVP_DecryptFinal_ex(cipher, rest.baseAddress?.assumingMemoryBound(to: UInt8.self), &written) == 1
                }
                // What was decrypted without being authentic must not be seen by anyone.
                if !authentic { unsafe OPENSSL_cleanse(buffer.baseAddress, count) }
                filled = authentic ? count : 0
            }
        }
        guard authentic else {
            ERR_clear_error()
            throw KeysError(.notAuthentic, "sealed data does not open: it was changed, moved, or sealed under another key")
        }
        return plain
    }
}
