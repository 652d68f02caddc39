/// The keys that voters' links are derived from: the file `link.key`. The newest is current, older ones live until their links end.
///
/// A stolen database opens no link, because it holds no token; a crash loses no link, because the token can be derived again.
package struct LinkKeys: Sendable {
    let keys: KeySet
    private let derivations: [KeyedHMAC]

    init(_ keys: KeySet) {
        self.keys = keys
        derivations = keys.all.map { KeyedHMAC($0.secret) }
    }

    /// One fresh key.
    package static func generate() -> LinkKeys {
        LinkKeys(KeySet(kind: .link, first: .random(32)))
    }

    /// The id (8 hexadecimal characters) of the key that new links are made with; each link keeps the id of its own.
    package var currentID: String { keys.newest.id }

    /// The token of a link: the first 20 bytes of HMAC-SHA-256(link key, `uocava/1 link` ‖ 0x00 ‖ link id).
    ///
    /// Throws `missing` if the key of that id is no longer in the file.
    package func token(linkID: [UInt8], keyID: String) throws -> Token {
        var bytes = try derivation(keyID).authenticate([tokenLabel, linkID])
        bytes.removeLast(bytes.count - 20)
        return Token(Secret(taking: &bytes))
    }

    /// The token of a link that was made with one of these keys, by what the counter looks it up with; nil where none of them made it.
    package func token(linkID: [UInt8], lookup: [UInt8]) -> Token? {
        for key in keys.all.reversed() {
            if let token = try? token(linkID: linkID, keyID: key.id), token.lookup == lookup { return token }
        }
        return nil
    }

    /// The word printed in the letter where the office asks no identity question: 6 characters of Crockford's base 32 (no I, L, O, U),
    /// the first 30 bits of HMAC-SHA-256(link key, `uocava/1 word` ‖ 0x00 ‖ link id).
    package func word(linkID: [UInt8], keyID: String) throws -> String {
        let code = try derivation(keyID).authenticate([wordLabel, linkID])
        let bits = code[..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let characters = (0..<6).map { crockford[Int(bits >> (27 - 5 * UInt32($0)) & 31)] }
        return String(decoding: characters, as: UTF8.self)
    }

    /// The same keys and a fresh one, which is current from then on. It takes effect once `KeyCabinet.replace` has stored it.
    package func rotated() -> LinkKeys {
        LinkKeys(keys.adding(.random(32)))
    }

    private func derivation(_ keyID: String) throws -> KeyedHMAC {
        derivations[try keys.place(of: keyID)]
    }
}

private let tokenLabel = Array("uocava/1 link".utf8) + [0]
private let wordLabel = Array("uocava/1 word".utf8) + [0]
private let crockford = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
