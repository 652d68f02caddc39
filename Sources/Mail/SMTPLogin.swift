/// What a login that failed may tell, and what it must not.
///
/// Some relays quote what they were sent: `501 cannot decode AG9mZmljZQ…`. What goes into a reason has been looked through for the
/// password, in every form in which it travels.
struct SMTPLogin {
    /// The reason where a relay offers no login at all, or none of those allowed.
    static let notOffered = "the relay offers no login that we can use"

    private let mechanism: SMTPServer.Mechanism?
    /// The password as it is and as it travels, the longest first.
    private let secrets: [[UInt8]]

    /// The login of a relay that has one.
    init?(_ server: SMTPServer) {
        guard let user = server.login, let password = server.password?.value else { return nil }
        mechanism = server.mechanism
        let plain = "\0\(user)\0\(password)"
        let bearer = "user=\(user)\u{1}auth=Bearer \(password)\u{1}\u{1}"
        secrets = [Base64.encoded(bearer.utf8), Base64.encoded(plain.utf8), Base64.encoded(password.utf8), Array(password.utf8)]
    }

    /// Why the login failed, from the reply at which libcurl gave it up.
    func reason(after reply: SMTPExchange.Reply, recipient: String) -> String {
        let what = mechanism == .xoauth2 ? "the relay refuses the access token" : "the relay refuses the login"
        switch reply.code {
        // The answer to EHLO: libcurl found nothing in it that it may use.
        case 250: return SMTPLogin.notOffered
        // Google and Microsoft explain a refused token in a challenge of base64 and JSON, where libcurl expects the end of it.
        case 334:
            let status = SMTPLogin.status(inChallenge: Array(reply.text.dropFirst(4)))
            return status.isEmpty ? "\(what): 334" : "\(what): status \(status)"
        default: return "\(what): \(ReplyText.safe(withoutSecrets(reply.text), recipient: recipient))"
        }
    }

    /// The reply without the password, and without words too long to be anything but something encoded.
    private func withoutSecrets(_ text: [UInt8]) -> [UInt8] {
        var text = text
        for secret in secrets where !secret.isEmpty { text = ReplyText.replacing(secret, by: "secret", in: text) }
        let words = text.split(separator: 0x20, omittingEmptySubsequences: false)
        return Array(words.map { $0.count > 40 ? ArraySlice("<token>".utf8) : $0 }.joined(separator: [0x20]))
    }

    /// The digits of `"status":"401"` in a challenge; empty where there are none. Nothing else of it is kept: it may quote anything.
    static func status(inChallenge challenge: [UInt8]) -> String {
        guard let json = Base64.decoded(challenge) else { return "" }
        let key = Array("\"status\"".utf8)
        guard json.count > key.count,
            let place = (0..<(json.count - key.count)).first(where: { json[$0..<($0 + key.count)].elementsEqual(key) })
        else { return "" }
        let digits = json[(place + key.count)...].drop { [0x20, 0x22, 0x3A].contains($0) }.prefix { (0x30...0x39).contains($0) }
        return String(decoding: digits.prefix(5), as: UTF8.self)
    }
}

/// Base64 (RFC 4648 4) on bytes.
private enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encoded(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let bytes = Array(bytes)
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = (0..<3).reduce(0) { $0 << 8 | (start + $1 < bytes.count ? Int(bytes[start + $1]) : 0) }
            for place in 0..<4 {
                let isThere = start + place <= bytes.count
                out.append(isThere ? alphabet[group >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
            }
        }
        return out
    }

    /// Nil where a byte does not belong there.
    static func decoded(_ text: [UInt8]) -> [UInt8]? {
        var out: [UInt8] = []
        var bits = 0
        var count = 0
        for byte in text where byte != UInt8(ascii: "=") && byte != 0x20 && byte != 0x0D && byte != 0x0A {
            guard let value = alphabet.firstIndex(of: byte) else { return nil }
            bits = (bits << 6 | value) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                out.append(UInt8(bits >> count & 0xFF))
            }
        }
        return out
    }
}
