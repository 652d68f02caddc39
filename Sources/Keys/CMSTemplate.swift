/// A detached CAdES signature (RFC 5652, EN 319 122-1, in a PDF EN 319 142-1 level B-B) by one certificate, but for two holes: the
/// digest that is signed and the signature.
///
///     ContentInfo { signedData, SignedData { 1, { sha256 }, { data }, [0] certificate, {
///       SignerInfo { 1, issuer and serial, sha256,
///                    [0] { contentType data, messageDigest ···, signing-certificate-v2 { SHA-256 of the certificate } },
///                    ecdsa-with-SHA256, ··· } } } }
///
/// No signingTime: PAdES forbids it, since the PDF says the time. Algorithms without parameters (RFC 5754, RFC 5758). Signing and
/// verifying use the same template: what verifies is, byte for byte, what this would have made.
struct CMSTemplate: Sendable {
    /// The attributes as they are signed, a SET OF, up to the digest, already hashed; and what follows the digest.
    private let signedStart: PrimedSHA256
    private let signedEnd: [UInt8]
    /// The signer's information up to its signature, and what stands before all of that, each without the lengths around them.
    private let info: [UInt8]
    private let beforeInfos: [UInt8]
    /// Where the digest's hole is, counted from the signature's bytes backwards.
    private let holeFromEnd: Int
    /// Everything before the signature's bytes, for the usual lengths of signature, since the outer lengths depend on it.
    private var heads: [[UInt8]] = []
    private static let usual = 68...72

    /// - Parameter many: whether many signatures will be made with it, so that it is worth preparing.
    init(_ certificate: Certificate, many: Bool) {
        // DER sorts a SET OF by its elements' bytes; these begin 30 18, 30 2f and 30 37, whatever the certificate, so this is the order.
        let before =
            Self.attribute(contentType, data)
            + Self.attribute(messageDigest, DER.element(DER.octets, [UInt8](repeating: 0, count: 32))).dropLast(32)
        // The issuer's name is left out, and the hash algorithm, which defaults to SHA-256 (RFC 5035).
        let after = Self.attribute(signingCertificateV2, Self.nested(DER.element(DER.octets, SHA256.hash(certificate.der))))
        let count = before.count + 32 + after.count
        signedStart = PrimedSHA256([DER.set] + DER.length(count) + before)
        signedEnd = after

        let signer = DER.element(DER.sequence, certificate.issuerDER, certificate.serialDER)
        info =
            version1 + signer + sha256 + [DER.context0] + DER.length(count) + before + [UInt8](repeating: 0, count: 32) + after
            + ecdsaWithSHA256
        holeFromEnd = 32 + after.count + ecdsaWithSHA256.count + 2  // 2: tag and length of the signature
        beforeInfos = version1 + DER.element(DER.set, sha256) + DER.element(DER.sequence, data) + DER.element(DER.context0, certificate.der)
        if many { heads = Self.usual.map(head) }
    }

    /// What the signature is over: SHA-256 of the attributes with this digest in them.
    func signedDigest(for digest: [UInt8]) -> [UInt8] {
        signedStart.hash(adding: digest, signedEnd)
    }

    /// The whole CMS; nil for a digest that is not 32 bytes or a signature longer than P-256 gives.
    func assemble(digest: [UInt8], signature: [UInt8]) -> [UInt8]? {
        guard digest.count == 32, signature.count <= 72 else { return nil }
        let place = signature.count - Self.usual.lowerBound
        let head = heads.indices.contains(place) ? heads[place] : head(signature.count)
        var cms: [UInt8] = []
        cms.reserveCapacity(head.count + signature.count)
        let hole = head.count - holeFromEnd
        cms += head[..<hole]
        cms += digest
        cms += head[(hole + 32)...]
        cms += signature
        return cms
    }

    /// The whole CMS up to a signature of that many bytes.
    private func head(_ count: Int) -> [UInt8] {
        let signature = DER.element(DER.octets, [UInt8](repeating: 0, count: count))
        let infos = DER.element(DER.set, DER.element(DER.sequence, info, signature))
        let signed = DER.element(DER.sequence, beforeInfos, infos)
        return DER.element(DER.sequence, signedData, DER.element(DER.context0, signed)).dropLast(count)
    }

    private static func attribute(_ kind: [UInt8], _ value: [UInt8]) -> [UInt8] {
        DER.element(DER.sequence, kind, DER.element(DER.set, value))
    }

    /// SigningCertificateV2 { SEQUENCE OF { ESSCertIDv2 { hash } } }
    private static func nested(_ hash: [UInt8]) -> [UInt8] {
        DER.element(DER.sequence, DER.element(DER.sequence, DER.element(DER.sequence, hash)))
    }
}

/// What a CMS of ours is made of, as it stands in the bytes; nothing is checked yet but that it can be taken apart.
struct CMSParts {
    let certificate: [UInt8]
    let digest: [UInt8]
    let certificateHash: [UInt8]
    let signature: [UInt8]

    init?(_ der: [UInt8]) {
        var outer = DERReader(der[...])
        guard var info = outer.inside(DER.sequence), outer.isAtEnd, info.skip(), var wrapped = info.inside(DER.context0),
            var signed = wrapped.inside(DER.sequence), signed.skip(), signed.skip(), signed.skip(),
            var certificates = signed.inside(DER.context0), let certificate = certificates.element(DER.sequence)?.whole,
            var infos = signed.inside(DER.set), var signer = infos.inside(DER.sequence), signer.skip(), signer.skip(), signer.skip(),
            var attributes = signer.inside(DER.context0), signer.skip(), let signature = signer.element(DER.octets)?.content
        else { return nil }
        var digest: ArraySlice<UInt8>?
        var hash: ArraySlice<UInt8>?
        while var attribute = attributes.inside(DER.sequence) {
            guard let kind = attribute.element(DER.object)?.whole, var values = attribute.inside(DER.set) else { return nil }
            if kind.elementsEqual(messageDigest) { digest = values.element(DER.octets)?.content }
            if kind.elementsEqual(signingCertificateV2), var value = values.inside(DER.sequence), var list = value.inside(DER.sequence),
                var one = list.inside(DER.sequence)
            {
                hash = one.element(DER.octets)?.content
            }
        }
        guard let digest, let hash else { return nil }
        self.certificate = Array(certificate)
        self.digest = Array(digest)
        certificateHash = Array(hash)
        self.signature = Array(signature)
    }
}

private let version1 = DER.element(DER.integer, [1])
private let data = DER.element(DER.object, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1])
private let signedData = DER.element(DER.object, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2])
private let contentType = DER.element(DER.object, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3])
private let messageDigest = DER.element(DER.object, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4])
private let signingCertificateV2 = DER.element(DER.object, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47])
private let sha256 = DER.element(DER.sequence, DER.element(DER.object, [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]))
private let ecdsaWithSHA256 = DER.element(DER.sequence, DER.element(DER.object, [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]))
