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

/// What was found in a CMS: its signer, and everything that is wrong with it.
package struct CMSExamination: Sendable {
    /// What a fault is about.
    package enum Aspect: Sendable, CaseIterable {
        /// It is not, byte for byte, what this program makes of its parts.
        case form
        /// It is over other bytes than the ones at hand.
        case document
        /// The certificate may not sign documents.
        case usage
        /// The certificate's key did not make it.
        case signature
        /// The authority that is trusted did not issue the certificate.
        case authority
        /// Certificate or authority were not valid at the time asked about.
        case validity
    }

    /// One thing that is wrong.
    package struct Fault: Sendable {
        /// What it is about.
        package let aspect: Aspect
        /// What is wrong, in words.
        package let error: KeysError
    }

    /// The certificate in the CMS; nil where there is none that can be read. Nothing of it is to be believed where there is a fault.
    package fileprivate(set) var signer: Certificate?
    /// In the order in which they were found; empty where the signature holds.
    package fileprivate(set) var faults: [Fault] = []
    fileprivate var parts: CMSParts?

    /// What is wrong in that respect.
    package func fault(_ aspect: Aspect) -> KeysError? { faults.first { $0.aspect == aspect }?.error }

    fileprivate mutating func note(_ aspect: Aspect, _ body: () throws -> Void) {
        do { try body() } catch let error as KeysError {
            faults.append(Fault(aspect: aspect, error: error))
        } catch {
            faults.append(Fault(aspect: aspect, error: KeysError(.notAuthentic, "the signature cannot be checked", cause: error)))
        }
    }
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
        let found = examine(der, digest: digest, trust: trust, at: unixSeconds)
        if let first = found.faults.first { throw first.error }
        guard let signer = found.signer, let parts = found.parts else {
            throw KeysError(.notAuthentic, "the signature is not a CMS of the form that this program makes")
        }
        return CMSReport(signer: signer, digest: parts.digest, signature: parts.signature)
    }

    /// The same checks, none of which stops the others where they can still be made: for whoever wants to know everything that is wrong.
    package static func examine(_ der: [UInt8], digest: [UInt8], trust: Certificate, at unixSeconds: Int64) -> CMSExamination {
        var found = CMSExamination()
        guard der.count < 65536, let parts = CMSParts(der) else {
            found.note(.form) { throw KeysError(.notAuthentic, "the signature is not a CMS of the form that this program makes") }
            return found
        }
        var readable: Certificate?
        found.note(.form) { readable = try Certificate(der: parts.certificate) }
        guard let signer = readable else { return found }
        found.signer = signer
        found.parts = parts
        let template = CMSTemplate(signer, many: false)
        found.note(.form) {
            guard parts.certificateHash == SHA256.hash(signer.der) else {
                throw KeysError(.notAuthentic, "the certificate in the signature is not the one it was signed with")
            }
            guard template.assemble(digest: parts.digest, signature: parts.signature) == der else {
                throw KeysError(.notAuthentic, "the signature was changed: it is not exactly what its parts give")
            }
        }
        found.note(.document) {
            guard parts.digest == digest else {
                throw KeysError(.mismatch, "the document was changed: the signature is over other bytes")
            }
        }
        found.note(.form) {
            guard let signature = ECDSASignature(der: parts.signature), signature.isLow else {
                throw KeysError(.notAuthentic, "the signature was changed: its two numbers are not in the form that this program makes")
            }
        }
        found.note(.usage) { try signer.requireDocumentSigning() }
        found.note(.signature) {
            guard signer.handle.verifies(parts.signature, of: template.signedDigest(for: parts.digest)) else {
                throw KeysError(.notAuthentic, "the signature does not verify with the key of \(signer.subject)")
            }
        }
        found.note(.authority) { try signer.requireIssuer(authority: trust) }
        // When a stranger's certificate is valid says nothing about this one.
        let authority = found.fault(.authority) == nil ? trust : nil
        found.note(.validity) { try signer.requireValidity(with: authority, at: unixSeconds) }
        return found
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
