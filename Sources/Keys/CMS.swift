import COpenSSL

/// Who signed a packet, and what.
package struct CMSReport: Sendable {
    /// The certificate inside the CMS, valid and issued by the authority that was asked for.
    package let signer: Certificate
    /// The SHA-256 that was signed.
    package let digest: [UInt8]
    /// The ECDSA signature, in DER.
    package let signature: [UInt8]
}

/// Checking the signatures that `Signer` makes.
package enum CMS {
    /// Checks a detached CMS over a SHA-256 digest, strictly: it must be, byte for byte, what this program makes of the certificate,
    /// the digest and the signature in it. So any change of one byte fails, even one that other verifiers would let pass.
    ///
    /// - Parameters:
    ///   - trust: the office's authority (`ca.pem`).
    ///   - unixSeconds: the time at which signer and authority must be valid, mostly the time of issue in the manifest.
    /// - Throws: `mismatch` (it signs other bytes, or its signer is not of this authority), `expired`, `badCertificate` (it may not
    ///   sign documents), `notAuthentic` (everything else); the message says which check failed.
    package static func verify(_ der: [UInt8], digest: [UInt8], trust: Certificate, at unixSeconds: Int64) throws -> CMSReport {
        guard der.count < 65536, let parts = CMSParts(der) else {
            throw KeysError(.notAuthentic, "the signature is not a CMS of the form that this program makes")
        }
        let signer = try Certificate(der: parts.certificate)
        guard parts.certificateHash == SHA256.hash(signer.der) else {
            throw KeysError(.notAuthentic, "the certificate in the signature is not the one it was signed with")
        }
        let template = CMSTemplate(signer, many: false)
        guard template.assemble(digest: parts.digest, signature: parts.signature) == der else {
            throw KeysError(.notAuthentic, "the signature was changed: it is not exactly what its parts give")
        }
        guard parts.digest == digest else {
            throw KeysError(.mismatch, "the document was changed: the signature is over other bytes")
        }
        guard let signature = ECDSASignature(der: parts.signature), signature.isLow else {
            throw KeysError(.notAuthentic, "the signature was changed: its two numbers are not in the form that this program makes")
        }
        try signer.requireDocumentSigning()
        guard signer.handle.verifies(parts.signature, of: template.signedDigest(for: parts.digest)) else {
            throw KeysError(.notAuthentic, "the signature does not verify with the key of \(signer.subject)")
        }
        try signer.requireChain(to: trust, at: unixSeconds)
        return CMSReport(signer: signer, digest: parts.digest, signature: parts.signature)
    }
}

extension CertificateHandle {
    /// Whether the certificate's key made this ECDSA signature of this digest.
    fileprivate func verifies(_ signature: [UInt8], of digest: [UInt8]) -> Bool {
        guard let key = unsafe X509_get0_pubkey(x509) else { return false }
        let context = unsafe mustHave(EVP_PKEY_CTX_new_from_pkey(nil, key, nil), "ECDSA")
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_verify_init(context) == 1 else { return false }
        let result = unsafe EVP_PKEY_verify(context, signature, signature.count, digest, digest.count)
        if result != 1 { ERR_clear_error() }
        return result == 1
    }
}
