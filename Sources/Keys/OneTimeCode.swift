import COpenSSL

/// The six digits that an authenticator shows for half a minute: TOTP (RFC 6238) with SHA-1, which is what all of them know.
package struct OneTimeCodes: Sendable {
    private let secret: Secret
    /// Seconds that a code stands.
    package static let period: Int64 = 30
    /// How many codes before and after this one are taken: telephones' clocks differ.
    private static let leeway: Int64 = 1

    /// The codes of a new secret of 20 bytes (RFC 4226, 4).
    package init() { secret = .random(20) }

    /// The codes of a secret that was kept.
    package init(secret: [UInt8]) { self.secret = Secret(secret) }

    /// The secret, to be sealed.
    package var kept: [UInt8] { secret.withBytes { $0 } }

    /// The secret as people type it into an authenticator: base 32 (RFC 4648) in upper case, without padding.
    package var typed: String { secret.withBytes(Base32.text) }

    /// The address that an authenticator reads off a QR code (Google's Key URI Format, which all understand).
    ///
    /// - Parameters:
    ///   - office: whose account it is, as the authenticator shows it.
    ///   - login: the account's name.
    package func address(office: String, login: String) -> String {
        let office = Self.escaped(office)
        return
            "otpauth://totp/\(office):\(Self.escaped(login))?secret=\(typed)&issuer=\(office)&algorithm=SHA1&digits=6&period=\(Self.period)"
    }

    /// The code of a moment, by seconds since 1970.
    package func code(at seconds: Int64) -> String { code(step: seconds / Self.period) }

    /// Which half minute a code belongs to, where it is one of the moment's and none was used from there on; nil otherwise.
    ///
    /// Keep the answer and give it as `lastUsed` the next time: a code that somebody looked over a shoulder for opens nothing any more
    /// (RFC 6238, 5.2).
    package func step(of code: String, at seconds: Int64, lastUsed: Int64) -> Int64? {
        let now = seconds / Self.period
        var found: Int64?
        // All are compared, whichever matches: the time tells nothing.
        for step in (now - Self.leeway)...(now + Self.leeway)
        where HMAC256.equal(Array(self.code(step: step).utf8), Array(code.utf8)) && step > lastUsed && found == nil { found = step }
        return found
    }

    private func code(step: Int64) -> String {
        let counter = (0..<8).map { UInt8(truncatingIfNeeded: step >> (56 - 8 * Int64($0))) }
        let mac = secret.withBytes { hmacSHA1(counter, key: $0) }
        // RFC 4226, 5.3: four bytes from where the last half byte points, without the sign.
        let place = Int(mac[19] & 15)
        let number = mac[place..<place + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let digits = String(number % 1_000_000)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// RFC 3986: everything but the unreserved characters is escaped.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default: escaped += "%" + hexadecimal([byte][...]).uppercased()
            }
        }
        return escaped
    }
}

/// Base 32 (RFC 4648, 6) in upper case, without padding, as authenticators take it.
enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var characters: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 5 {
                count -= 5
                characters.append(alphabet[Int(bits >> UInt32(count) & 31)])
            }
        }
        if count > 0 { characters.append(alphabet[Int(bits << UInt32(5 - count) & 31)]) }
        return String(decoding: characters, as: UTF8.self)
    }
}

/// HMAC-SHA-1 (RFC 2104): broken for signatures, sound here (RFC 6238, B.2), and what authenticators do.
private func hmacSHA1(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    var length: UInt32 = 0
    return unsafe [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, filled in
        let done = unsafe HMAC(EVP_sha1(), key, CInt(key.count), message, message.count, buffer.baseAddress, &length)
        precondition(unsafe done != nil, "OpenSSL cannot do HMAC-SHA-1")
        filled = Int(length)
    }
}
