import Elections
import Keys

/// What a visit's cookie holds: the visit's id and a secret that only the browser keeps.
struct VisitKey: Sendable {
    let id: [UInt8]
    private let secret: Secret

    /// Bytes of the id and of the secret.
    private static let idCount = 16
    private static let secretCount = 32

    /// A new visit's key.
    init() {
        id = SystemRandom.bytes(Self.idCount)
        secret = Secret(SystemRandom.bytes(Self.secretCount))
    }

    /// From a cookie's value: 96 lower-case hexadecimal digits, nothing else.
    init?(cookie: String) {
        guard cookie.utf8.count == 2 * (Self.idCount + Self.secretCount), let bytes = bytes(hex: cookie) else { return nil }
        id = Array(bytes.prefix(Self.idCount))
        secret = Secret(Array(bytes.dropFirst(Self.idCount)))
    }

    /// The cookie's value. Whoever has it has the packet: it goes to the browser and nowhere else.
    var cookie: String { secret.withBytes { hex(id + $0) } }

    /// What the visit's row keeps of the secret.
    var secretHash: [UInt8] { secret.withBytes { SHA256.hash($0) } }

    /// The packet key wrapped for this visit.
    func wrap(_ packetKey: Secret, ballot: [UInt8]) -> [UInt8] {
        PacketEnvelope.wrap(packetKey, under: key, owner: id, ballot: ballot, nonce: SystemRandom.bytes(12))
    }

    /// The packet key from this visit's wrap.
    func unwrap(_ wrap: [UInt8], ballot: [UInt8]) throws -> Secret {
        try PacketEnvelope.unwrap(wrap, under: key, owner: id, ballot: ballot)
    }

    private var key: Secret { HKDF256.derive(secret, salt: id, info: "uocava/1 visit") }
}

/// The bytes of lower-case hexadecimal digits; nil for anything else.
func bytes(hex text: String) -> [UInt8]? {
    func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for index in stride(from: 0, to: digits.count, by: 2) {
        guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
        bytes.append(high << 4 | low)
    }
    return bytes
}
