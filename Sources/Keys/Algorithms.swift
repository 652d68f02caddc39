import COpenSSL

/// The algorithms of OpenSSL 3 that every voter needs, fetched once for the process.
///
/// A fetch walks the providers under a lock (about 1 µs alone, far more when threads meet there), so it must not happen per use.
@safe final class Algorithms: @unchecked Sendable {  // why: owns fetched EVP objects, which never change and are counted atomically
    static let shared = Algorithms()

    let sha256: OpaquePointer
    let aes256GCM: OpaquePointer
    /// HMAC with its digest already chosen and no key yet: copied for each use, never used itself.
    let hmacSHA256: OpaquePointer

    private init() {
        unsafe sha256 = mustHave(EVP_MD_fetch(nil, "SHA256", nil), "SHA-256")
        unsafe aes256GCM = mustHave(EVP_CIPHER_fetch(nil, "AES-256-GCM", nil), "AES-256-GCM")
        let hmac = unsafe mustHave(EVP_MAC_fetch(nil, "HMAC", nil), "HMAC")
        unsafe hmacSHA256 = mustHave(EVP_MAC_CTX_new(hmac), "HMAC")
        let name = Array("SHA256".utf8CString)
        let accepted = unsafe name.withUnsafeBufferPointer { name in
            // OSSL_PARAM wants a mutable pointer for historical reasons and only reads from it.
            var parameters = unsafe [
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, UnsafeMutablePointer(mutating: name.baseAddress), 0),
                OSSL_PARAM_construct_end()
            ]
            return unsafe EVP_MAC_CTX_set_params(hmacSHA256, &parameters)
        }
        mustSucceed(accepted, "HMAC-SHA-256")
    }
}

/// Stops the process where OpenSSL fails for a reason that no input can cause: memory is exhausted, or the library lacks the algorithm.
///
/// Going on would mean an unsealed packet or an unkeyed hash; stopping loses nothing, since nothing was committed.
@inline(__always)
func mustSucceed(_ result: Int32, _ what: StaticString) {
    precondition(result == 1, "OpenSSL cannot do \(what)")
}

/// The same for a pointer that OpenSSL only withholds when memory is exhausted or an algorithm is missing.
@inline(__always)
func mustHave(_ pointer: OpaquePointer?, _ what: StaticString) -> OpaquePointer {
    guard let pointer = unsafe pointer else { preconditionFailure("OpenSSL cannot do \(what)") }
    return unsafe pointer
}

/// Overwrites a buffer that held key material; the compiler cannot leave this out, as it may an assignment.
func cleanse(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    bytes.removeAll()
}
