import COpenSSL

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
    /// The 32-byte digest of the parts, one after the other.
    package static func hash(_ parts: [UInt8]...) -> [UInt8] {
        let context = unsafe newDigestContext()
        defer { unsafe EVP_MD_CTX_free(context) }
        mustSucceed(unsafe EVP_DigestInit_ex2(context, Algorithms.shared.sha256, nil), "SHA-256")
        for part in parts { unsafe update(context, part) }
        return unsafe finish(context)
    }
}

/// A SHA-256 that has already taken in its beginning, to be continued many times.
///
/// A packet is base ‖ tail: the base of 400 KB is hashed once (0.2 ms) and each voter's tail goes on from a copy of the state (1 µs).
/// Any number of threads may continue the same one at once.
@safe package final class PrimedSHA256: @unchecked Sendable {  // why: owns an EVP_MD_CTX that after init is only copied from
    private let state: OpaquePointer

    /// Takes in the shared beginning.
    package init(_ prefix: [UInt8]) {
        unsafe state = newDigestContext()
        mustSucceed(unsafe EVP_DigestInit_ex2(state, Algorithms.shared.sha256, nil), "SHA-256")
        unsafe update(state, prefix)
    }

    deinit { unsafe EVP_MD_CTX_free(state) }

    /// The 32-byte digest of the beginning followed by the parts.
    package func hash(adding parts: [UInt8]...) -> [UInt8] {
        let context = unsafe copy()
        defer { unsafe EVP_MD_CTX_free(context) }
        for part in parts { unsafe update(context, part) }
        return unsafe finish(context)
    }

    /// The 32-byte digest of the beginning followed by two slices: what lies before and behind a signature's gap, uncopied.
    package func hash(adding first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) -> [UInt8] {
        let context = unsafe copy()
        defer { unsafe EVP_MD_CTX_free(context) }
        unsafe update(context, first)
        unsafe update(context, second)
        return unsafe finish(context)
    }

    private func copy() -> OpaquePointer {
        let context = unsafe newDigestContext()
        mustSucceed(unsafe EVP_MD_CTX_copy_ex(context, state), "SHA-256")
        return unsafe context
    }
}

private func newDigestContext() -> OpaquePointer {
    unsafe mustHave(EVP_MD_CTX_new(), "SHA-256")
}

private func update(_ context: OpaquePointer, _ part: some Collection<UInt8>) {
    part.withContiguousStorageIfAvailable { bytes in
        mustSucceed(unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count), "SHA-256")
    }
}

private func finish(_ context: OpaquePointer) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, filled in
        var count: UInt32 = 0
        mustSucceed(unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, &count), "SHA-256")
        filled = Int(count)
    }
}
