import COpenSSL

/// HMAC-SHA-256 (RFC 2104, FIPS 198-1).
package enum HMAC256 {
    /// The 32-byte authentication code of the parts, one after the other, under the key.
    package static func authenticate(_ parts: [UInt8]..., key: Secret) -> [UInt8] {
        KeyedHMAC(key).authenticate(parts)
    }

    /// Whether two codes are the same, in a time that does not tell where they differ. Different lengths are not the same.
    package static func equal(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        return unsafe CRYPTO_memcmp(a, b, a.count) == 0
    }
}

/// HMAC-SHA-256 with its key taken in, to be used many times, by any number of threads at once.
@safe final class KeyedHMAC: @unchecked Sendable {  // why: owns an EVP_MAC_CTX that after init is only copied from
    private let state: OpaquePointer

    init(_ key: Secret) {
        unsafe state = mustHave(EVP_MAC_CTX_dup(Algorithms.shared.hmacSHA256), "HMAC")
        unsafe key.withMemory { bytes in
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            mustSucceed(unsafe EVP_MAC_init(state, start, bytes.count, nil), "HMAC")
        }
    }

    deinit { unsafe EVP_MAC_CTX_free(state) }

    func authenticate(_ parts: [[UInt8]]) -> [UInt8] {
        let context = unsafe mustHave(EVP_MAC_CTX_dup(state), "HMAC")
        defer { unsafe EVP_MAC_CTX_free(context) }
        for part in parts { mustSucceed(unsafe EVP_MAC_update(context, part, part.count), "HMAC") }
        return unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, filled in
            mustSucceed(unsafe EVP_MAC_final(context, buffer.baseAddress, &filled, 32), "HMAC")
        }
    }
}

/// HKDF-SHA-256 (RFC 5869): a key for one purpose out of a secret.
package enum HKDF256 {
    /// `count` bytes of key for the purpose `info`; `count` is at most 8,160 (255 blocks). An empty salt stands for 32 zero bytes.
    package static func derive(_ secret: Secret, salt: [UInt8], info: String, count: Int = 32) -> Secret {
        derive(secret, salt: salt, info: Array(info.utf8), count: count)
    }

    /// The same for a purpose that is not text, as in the vectors of RFC 5869.
    package static func derive(_ secret: Secret, salt: [UInt8], info: [UInt8], count: Int) -> Secret {
        expand(extract(secret, salt: salt), info: info, count: count)
    }

    /// What the keys for all purposes of one secret and salt are expanded from.
    static func extract(_ secret: Secret, salt: [UInt8]) -> KeyedHMAC {
        var extracted = secret.withBytes { KeyedHMAC(Secret(salt)).authenticate([$0]) }
        return KeyedHMAC(Secret(taking: &extracted))
    }

    /// The key for one purpose.
    static func expand(_ extracted: KeyedHMAC, info: [UInt8], count: Int) -> Secret {
        precondition(count >= 0 && count <= 255 * 32, "HKDF gives at most 255 blocks")
        var block: [UInt8] = []
        var output: [UInt8] = []
        output.reserveCapacity((count + 31) / 32 * 32)
        var counter: UInt8 = 0
        while output.count < count {
            counter += 1
            block = extracted.authenticate([block, info, [counter]])
            output += block
        }
        cleanse(&block)
        output.removeLast(output.count - count)
        return Secret(taking: &output)
    }
}
