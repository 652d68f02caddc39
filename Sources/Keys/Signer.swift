import COpenSSL
import Synchronization

/// A signing certificate with its key: signs packets, any number of threads at once.
///
/// One signature takes about 25 µs of one core, nearly all of it the point multiplication, with one thread or with four.
package final class Signer: Sendable {
    /// Goes into every signature.
    package let certificate: Certificate
    private let template: CMSTemplate
    private let contexts: SigningContexts

    /// Pairs them. Throws `mismatch` if the key is not the certificate's, `badCertificate` if that is not for signing documents.
    init(certificate: Certificate, key: PrivateKey) throws {
        try certificate.requireDocumentSigning()
        guard key.belongs(to: certificate) else {
            throw KeysError(
                .mismatch, "the signing key is not the one of the certificate of \(certificate.subject)",
                hint: "signing.pem and signing.key must be put back from the same copy")
        }
        self.certificate = certificate
        template = CMSTemplate(certificate, many: true)
        contexts = SigningContexts(key)
    }

    /// The longest CMS that this signer makes, in bytes; the gap in the PDF takes twice that in hexadecimal digits.
    package var longestCMS: Int {
        template.assemble(digest: [UInt8](repeating: 0, count: 32), signature: [UInt8](repeating: 0, count: 72))?.count ?? 0
    }

    /// A detached CMS (DER) over a SHA-256 digest of 32 bytes, with the attributes contentType, messageDigest and
    /// signing-certificate-v2 and no others; see `CMSTemplate`. Throws `crypto`.
    package func cms(digest: [UInt8]) throws -> [UInt8] {
        guard let signature = ECDSASignature(der: try contexts.sign(template.signedDigest(for: digest)))?.lowered(),
            let cms = template.assemble(digest: digest, signature: signature.der)
        else { throw KeysError(.crypto, "a digest of \(digest.count) bytes cannot be signed: SHA-256 has 32") }
        return cms
    }
}

/// OpenSSL's signing contexts of one key, as many as threads ever signed at once.
///
/// Making one fetches the algorithm under locks inside OpenSSL, where threads would meet, so they are kept. The lock here is held only
/// for taking one from a list.
@safe private final class SigningContexts: @unchecked Sendable {  // why: owns EVP_PKEY_CTXs, each lent to one thread at a time
    private let key: PrivateKey
    private let idle: Mutex<[Context]>

    @safe private struct Context: @unchecked Sendable {  // why: a pointer on its way between the list and the one thread that uses it
        let pointer: OpaquePointer
    }

    init(_ key: PrivateKey) {
        self.key = key
        idle = Mutex([])
    }

    deinit {
        idle.withLock { for context in $0 { unsafe EVP_PKEY_CTX_free(context.pointer) } }
    }

    func sign(_ digest: [UInt8]) throws -> [UInt8] {
        let context = try idle.withLock { $0.popLast() } ?? fresh()
        defer { idle.withLock { $0.append(context) } }
        return try unsafe [UInt8](unsafeUninitializedCapacity: 72) { buffer, filled in
            var count = 72
            guard unsafe EVP_PKEY_sign(context.pointer, buffer.baseAddress, &count, digest, digest.count) == 1 else {
                throw KeysError(.crypto, "the digest could not be signed", cause: OpenSSLFailure.take())
            }
            filled = count
        }
    }

    private func fresh() throws -> Context {
        let pointer = unsafe mustHave(EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil), "ECDSA")
        guard unsafe EVP_PKEY_sign_init(pointer) == 1 else {
            unsafe EVP_PKEY_CTX_free(pointer)
            throw KeysError(.crypto, "the signing key cannot sign", cause: OpenSSLFailure.take())
        }
        return unsafe Context(pointer: pointer)
    }
}
