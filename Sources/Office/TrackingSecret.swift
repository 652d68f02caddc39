import Elections
import Keys

/// What a tracking code opens at the counter: it is a secret, of which only a hash is kept, and reasons are sealed under it.
struct TrackingSecret: Sendable {
    private let code: [UInt8]

    init(_ code: TrackingCode) { self.code = Array(code.text.utf8) }

    /// SHA-256 over a label and the code: 95 random bits, so that a hash needs no key.
    var lookup: [UInt8] { SHA256.hash(Array("uocava/1 tracking".utf8) + [0], code) }

    /// Seals a reason for the voter's eyes.
    func seal(_ reason: String, ballot: [UInt8]) -> [UInt8] {
        SealedBox.seal(Array(reason.utf8), key: key(ballot), context: ballot, nonce: SystemRandom.bytes(12))
    }

    /// The reason in a seal.
    func open(_ sealed: [UInt8], ballot: [UInt8]) throws -> String {
        String(decoding: try SealedBox.open(sealed, key: key(ballot), context: ballot), as: UTF8.self)
    }

    private func key(_ ballot: [UInt8]) -> Secret { HKDF256.derive(Secret(code), salt: ballot, info: "uocava/1 reason") }
}
