import COpenSSL

/// Key material: prints and reflects as `***`, and its memory is overwritten when the last owner lets go of it.
///
/// A reference type so that handing it on makes no further copy. What `withBytes` hands out is a copy the caller answers for.
@safe package final class Secret: @unchecked Sendable {  // why: owns its memory, which is written in init and cleansed in deinit only
    private let memory: UnsafeMutableRawBufferPointer

    /// How many bytes it has; the length of a key is no secret.
    package var count: Int { unsafe memory.count }

    /// Copies the bytes. The caller's array is his to forget; nothing here keeps it.
    package init(_ bytes: [UInt8]) {
        // One byte at least, so that the memory of an empty key has an address too: OpenSSL takes null for "the same key again".
        let space = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 16)
        unsafe memory = UnsafeMutableRawBufferPointer(start: space.baseAddress, count: bytes.count)
        unsafe memory.copyBytes(from: bytes)
    }

    /// Copies the bytes and overwrites the source, where that is the only owner of its buffer.
    convenience init(taking bytes: inout [UInt8]) {
        self.init(bytes)
        cleanse(&bytes)
    }

    /// A fresh key of that many bytes from the system's private random source.
    package static func random(_ count: Int) -> Secret {
        var bytes = SystemRandom.privateBytes(count)
        return Secret(taking: &bytes)
    }

    deinit {
        unsafe OPENSSL_cleanse(memory.baseAddress, memory.count)
        unsafe memory.deallocate()
    }

    /// Hands the bytes to `body`, as a copy that lives as long as `body` keeps it: for writing a key out, not for computing with it.
    package func withBytes<R>(_ body: ([UInt8]) throws -> R) rethrows -> R {
        try unsafe body([UInt8](memory))
    }

    /// The bytes where they lie, for OpenSSL.
    func withMemory<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe body(UnsafeRawBufferPointer(memory))
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `***`.
    package var description: String { "***" }
    /// Always `***`.
    package var debugDescription: String { "***" }
    /// Shows nothing inside.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// The operating system's randomness, through OpenSSL's generators (reseeded from the kernel).
package enum SystemRandom {
    /// That many random bytes for what may be seen: ids, nonces, salts.
    package static func bytes(_ count: Int) -> [UInt8] {
        unsafe filled(count) { unsafe RAND_bytes($0, $1) }
    }

    /// That many random bytes for what nobody may see; OpenSSL keeps a separate generator for these.
    static func privateBytes(_ count: Int) -> [UInt8] {
        unsafe filled(count) { unsafe RAND_priv_bytes($0, $1) }
    }

    private static func filled(_ count: Int, by fill: (UnsafeMutablePointer<UInt8>?, Int32) -> Int32) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            mustSucceed(unsafe fill(buffer.baseAddress, Int32(count)), "random bytes")
            filled = count
        }
    }
}
