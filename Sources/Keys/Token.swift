/// The 20 bytes in a voter's link that open his ballot, together with the answer to the identity question.
///
/// Derived from the link key, never stored: `LinkKeys.token` makes it, the counter meets it in a request. It prints as `***`; only
/// `text` shows it, for the letter. Nothing is compared token by token: the counter looks up `lookup`.
package struct Token: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: Secret

    init(_ bytes: Secret) {
        self.bytes = bytes
    }

    /// Reads exactly 32 base-32 characters (RFC 4648: a–z and 2–7, either case, no padding, nothing around them); anything else is nil.
    package init?(text: String) {
        guard text.utf8.count == 32 else { return nil }
        var read: [UInt8] = []
        read.reserveCapacity(20)
        var bits: UInt64 = 0
        for (place, character) in text.utf8.enumerated() {
            guard let value = base32Value(character) else { return nil }
            bits = bits << 5 | UInt64(value)
            if place % 8 == 7 {  // 8 characters are 5 bytes
                for shift in stride(from: UInt64(32), through: 0, by: -8) { read.append(UInt8(truncatingIfNeeded: bits >> shift)) }
                bits = 0
            }
        }
        bytes = Secret(taking: &read)
    }

    /// The 32 lower-case base-32 characters for the link in the letter.
    package var text: String {
        bytes.withBytes { bytes in
            var characters: [UInt8] = []
            characters.reserveCapacity(32)
            var bits: UInt64 = 0
            for (place, byte) in bytes.enumerated() {
                bits = bits << 8 | UInt64(byte)
                if place % 5 == 4 {
                    for shift in stride(from: UInt64(35), through: 0, by: -5) { characters.append(base32[Int(bits >> shift & 31)]) }
                    bits = 0
                }
            }
            return String(decoding: characters, as: UTF8.self)
        }
    }

    /// What the counter stores and looks up: the first 16 bytes of SHA-256(`uocava/1 lookup` ‖ 0x00 ‖ token).
    package var lookup: [UInt8] {
        bytes.withBytes { Array(lookupHash.hash(adding: $0)[..<16]) }
    }

    /// The key under which the answer to the identity question is stored as HMAC: HKDF with the link id as salt.
    package func answerKey(linkID: [UInt8]) -> Secret {
        HKDF256.derive(bytes, salt: linkID, info: answerInfo, count: 32)
    }

    /// The key under which the packet key is wrapped for the voter: HKDF with the link id as salt.
    package func wrapKey(linkID: [UInt8]) -> Secret {
        HKDF256.derive(bytes, salt: linkID, info: wrapInfo, count: 32)
    }

    /// ``answerKey(linkID:)`` and ``wrapKey(linkID:)`` at once, for less than twice the work of one.
    package func keys(linkID: [UInt8]) -> (answer: Secret, wrap: Secret) {
        let extracted = HKDF256.extract(bytes, salt: linkID)
        return (HKDF256.expand(extracted, info: answerInfo, count: 32), HKDF256.expand(extracted, info: wrapInfo, count: 32))
    }

    /// Always `***`.
    package var description: String { "***" }
    /// Always `***`.
    package var debugDescription: String { "***" }
    /// Shows nothing inside.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

private let lookupHash = PrimedSHA256(Array("uocava/1 lookup".utf8) + [0])
private let answerInfo = Array("uocava/1 answer".utf8)
private let wrapInfo = Array("uocava/1 wrap".utf8)
private let base32 = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

private func base32Value(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a")
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "2")...UInt8(ascii: "7"): character - UInt8(ascii: "2") + 26
    default: nil
    }
}
