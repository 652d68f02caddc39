import Keys
import Testing

/// A CMS of the form that this program makes, put together here from RFC 5652, RFC 5035 and RFC 5758 without the program's own code,
/// of any parts: right ones, to see that the program makes the same bytes, or wrong ones, to see that it refuses them.
struct KeysForgedCMS {
    /// The certificate inside, in DER; it names the signer as well.
    let certificate: [UInt8]
    let digest: [UInt8]
    /// What signing-certificate-v2 says the certificate's SHA-256 is.
    let certificateHash: [UInt8]

    init(_ certificate: Certificate, digest: [UInt8], certificateHash: [UInt8]? = nil) {
        self.certificate = certificate.der
        self.digest = digest
        self.certificateHash = certificateHash ?? SHA256.hash(certificate.der)
    }

    /// What the signature is over.
    var signedAttributes: [UInt8] { der(0x31, attributes) }

    /// The CMS with that signature.
    func signed(_ signature: [UInt8]) throws -> [UInt8] {
        // Certificate ::= { TBSCertificate { [0] version, serial, algorithm, issuer, … }, … }
        let whole = try #require(elements(certificate).first)
        let body = try #require(elements(whole.content).first)
        let fields = elements(body.content)
        let (serial, issuer) = (try #require(fields.dropFirst().first), try #require(fields.dropFirst(3).first))
        let signer = der(0x30, Array(issuer.whole) + Array(serial.whole))
        let info = der(
            0x30, keysBytes("020101") + signer + sha256 + der(0xa0, attributes) + ecdsaWithSHA256 + der(0x04, signature))
        let signed = der(
            0x30, keysBytes("020101") + der(0x31, sha256) + der(0x30, data) + der(0xa0, certificate) + der(0x31, info))
        return der(0x30, signedData + der(0xa0, signed))
    }

    private var attributes: [UInt8] {
        let certificateID = der(0x30, der(0x30, der(0x30, der(0x04, certificateHash))))
        return der(0x30, contentType + der(0x31, data)) + der(0x30, messageDigest + der(0x31, der(0x04, digest)))
            + der(0x30, signingCertificateV2 + der(0x31, certificateID))
    }

    /// The two forms of an ECDSA signature on P-256, (r, s) and (r, n − s), each in DER: one signature in two files.
    static func forms(of signature: [UInt8]) throws -> (low: [UInt8], high: [UInt8]) {
        let pair = try #require(elements(signature).first)
        let numbers = elements(pair.content)
        let r = try #require(numbers.first).whole
        let order = keysBytes("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        let digits = try #require(numbers.last).content.drop { $0 == 0 }
        let s = [UInt8](repeating: 0, count: 32 - digits.count) + digits
        var other = s
        var borrow = 0
        for place in (0..<32).reversed() {
            let difference = Int(order[place]) - Int(s[place]) - borrow
            borrow = difference < 0 ? 1 : 0
            other[place] = UInt8(truncatingIfNeeded: difference)
        }
        func written(_ number: [UInt8]) -> [UInt8] {
            let shortest = Array(number.drop { $0 == 0 })
            return der(0x30, r + der(0x02, (shortest.first ?? 0x80) < 0x80 ? shortest : [0] + shortest))
        }
        return s.lexicographicallyPrecedes(other) ? (written(s), written(other)) : (written(other), written(s))
    }
}

private let data = keysBytes("06092a864886f70d010701")
private let signedData = keysBytes("06092a864886f70d010702")
private let contentType = keysBytes("06092a864886f70d010903")
private let messageDigest = keysBytes("06092a864886f70d010904")
private let signingCertificateV2 = keysBytes("060b2a864886f70d010910022f")
private let sha256 = keysBytes("300b0609608648016503040201")
private let ecdsaWithSHA256 = keysBytes("300a06082a8648ce3d040302")

/// One element of DER, of less than 64 KB.
private func der(_ tag: UInt8, _ content: some Collection<UInt8>) -> [UInt8] {
    let count = content.count
    let length: [Int] = count < 0x80 ? [count] : count < 0x100 ? [0x81, count] : [0x82, count >> 8, count & 0xff]
    return [tag] + length.map { UInt8($0) } + content
}

/// The elements that stand one after the other in DER that is known to be right.
private func elements(_ bytes: some Collection<UInt8>) -> [(content: [UInt8], whole: [UInt8])] {
    var elements: [(content: [UInt8], whole: [UInt8])] = []
    var rest = Array(bytes)[...]
    while rest.count >= 2 {
        let first = Int(rest[rest.startIndex + 1])
        let digits = first < 0x80 ? 0 : first & 0x7f
        let count = digits == 0 ? first : rest.dropFirst(2).prefix(digits).reduce(0) { $0 << 8 | Int($1) }
        let whole = rest.prefix(2 + digits + count)
        elements.append((Array(whole.dropFirst(2 + digits)), Array(whole)))
        rest = rest.dropFirst(whole.count)
    }
    return elements
}
