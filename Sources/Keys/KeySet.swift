import COpenSSL

/// A 32-byte key with its id: the first 8 hexadecimal characters of SHA-256(`uocava/1 <kind> key id` ‖ 0x00 ‖ key).
struct NamedKey: Sendable {
    let id: String
    let secret: Secret

    init(_ secret: Secret, kind: KeySet.Kind) {
        self.secret = secret
        let label = Array("uocava/1 \(kind.rawValue) key id".utf8) + [0]
        id = hexadecimal(secret.withBytes { SHA256.hash(label, $0) }[..<4])
    }
}

/// One or more keys of a kind, oldest first, and the file they are kept in.
///
/// The file is text, so that a clerk can see what he holds without opening it:
///
///     uocava-keys/1 link sample          kind; "sample" only in a test office
///     ids 8be01c77 3fa91c02              oldest first, the last one is current
///     key 5d0c…                          64 hexadecimal digits each, in the order of the ids
///     key 91ab…
///
/// and with a passphrase, instead of the `key` lines:
///
///     scrypt 32768 8 1 77aa…             N, r, p and a salt of 16 bytes (RFC 7914): 32 MB and about 0.1 s a try
///     sealed 02fe…                       the keys, joined, as `SealedBox` under the 32 bytes that scrypt gives;
///                                        its context is every line before this one, so nothing in them can be changed
struct KeySet: Sendable {
    enum Kind: String, Sendable { case link, roll }

    let kind: Kind
    let first: NamedKey
    private let later: [NamedKey]

    init(kind: Kind, first: Secret, later: [Secret] = []) {
        self.kind = kind
        self.first = NamedKey(first, kind: kind)
        self.later = later.map { NamedKey($0, kind: kind) }
    }

    var all: [NamedKey] { [first] + later }
    var newest: NamedKey { later.last ?? first }

    func adding(_ secret: Secret) -> KeySet {
        KeySet(kind: kind, first: first.secret, later: later.map(\.secret) + [secret])
    }

    /// Where in `all` the key of that id stands.
    func place(of id: String) throws -> Int {
        if id == newest.id { return later.count }  // nearly always
        guard let place = all.firstIndex(where: { $0.id == id }) else {
            throw KeysError(
                .missing, "there is no \(kind.rawValue) key \(id) in the key cabinet",
                hint: "It was made with another key file: put back the \(kind.rawValue).key that held it")
        }
        return place
    }

    // MARK: The file

    /// What can be read without a passphrase.
    struct Header {
        let sample: Bool
        let ids: [String]
        let encrypted: Bool
    }

    static func header(of text: [UInt8], kind: Kind, path: String) throws -> Header {
        let lines = try Lines(text, kind: kind, path: path)
        return Header(sample: lines.sample, ids: lines.ids, encrypted: lines.sealed != nil)
    }

    /// The file's text; `passphrase` nil writes the keys in clear, guarded by the file's mode alone.
    func text(sample: Bool, passphrase: Secret?) throws -> [UInt8] {
        var head = "uocava-keys/1 \(kind.rawValue)\(sample ? " sample" : "")\nids \(all.map(\.id).joined(separator: " "))\n"
        guard let passphrase else {
            for key in all { head += "key \(key.secret.withBytes { hexadecimal($0[...]) })\n" }
            return Array(head.utf8)
        }
        let salt = SystemRandom.bytes(16)
        head += "scrypt \(scryptCost) 8 1 \(hexadecimal(salt[...]))\n"
        let key = try stretch(passphrase, salt: salt, cost: scryptCost)
        var plain = all.flatMap { $0.secret.withBytes { $0 } }
        defer { cleanse(&plain) }
        let sealed = SealedBox.seal(plain, key: key, context: Array(head.utf8), nonce: SystemRandom.bytes(12))
        return Array((head + "sealed \(hexadecimal(sealed[...]))\n").utf8)
    }

    /// Reads the file; `passphrase` is asked only if the keys are sealed.
    init(text: [UInt8], kind: Kind, path: String, passphrase: () throws -> Secret?) throws {
        let lines = try Lines(text, kind: kind, path: path)
        var secrets = lines.keys.map { Secret($0) }
        if let sealed = lines.sealed {
            let key = try stretch(try neededPassphrase(for: path, from: passphrase), salt: sealed.salt, cost: sealed.cost)
            do {
                var plain = try SealedBox.open(sealed.box, key: key, context: sealed.context)
                defer { cleanse(&plain) }
                guard plain.count == 32 * lines.ids.count else { throw lines.damaged("the number of keys is not the number of ids") }
                secrets = (0..<lines.ids.count).map { Secret(Array(plain[($0 * 32)..<($0 * 32 + 32)])) }
            } catch let error as KeysError where error.code == .notAuthentic {
                throw KeysError(.wrongPassphrase, "the passphrase does not open \(path), or the file was changed", cause: error)
            }
        }
        guard let first = secrets.first else { throw lines.damaged("it holds no key") }
        self.init(kind: kind, first: first, later: Array(secrets.dropFirst()))
        guard all.map(\.id) == lines.ids else { throw lines.damaged("the keys are not the ones its ids name") }
    }
}

/// The lines of a key file, each checked for shape.
private struct Lines {
    struct Sealed {
        let salt: [UInt8]
        let cost: UInt64
        let box: [UInt8]
        let context: [UInt8]
    }

    var sample = false
    var ids: [String] = []
    var keys: [[UInt8]] = []
    var sealed: Sealed?
    let path: String

    init(_ text: [UInt8], kind: KeySet.Kind, path: String) throws {
        self.path = path
        var rows = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard rows.count >= 3, rows.popLast() == "", let title = rows.popFirst(), let named = rows.popFirst() else {
            throw damaged("it is cut short")
        }
        sample = title == "uocava-keys/1 \(kind.rawValue) sample"
        guard sample || title == "uocava-keys/1 \(kind.rawValue)" else {
            throw damaged("its first line does not say uocava-keys/1 \(kind.rawValue)")
        }
        guard named.hasPrefix("ids ") else { throw damaged("its second line names no ids") }
        ids = named.dropFirst(4).split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        if let stretching = rows.first, stretching.hasPrefix("scrypt ") {
            let fields = stretching.split(separator: " ")
            // The cost is read, so that it may grow later, and bounded, so that a planted file cannot eat the memory.
            guard rows.count == 2, let row = rows.last, row.hasPrefix("sealed "), fields.count == 5, let cost = UInt64(fields[1]),
                cost >= 1 << 14, cost <= 1 << 18, cost & (cost - 1) == 0, fields[2] == "8", fields[3] == "1",
                let salt = bytes(hexadecimal: fields[4]), let box = bytes(hexadecimal: row.dropFirst(7))
            else { throw damaged("its sealed part is not as it should be") }
            sealed = Sealed(salt: salt, cost: cost, box: box, context: Array("\(title)\n\(named)\n\(stretching)\n".utf8))
        } else {
            for row in rows {
                guard row.hasPrefix("key "), let key = bytes(hexadecimal: row.dropFirst(4)), key.count == 32 else {
                    throw damaged("one of its keys is not 64 hexadecimal digits")
                }
                keys.append(key)
            }
        }
    }

    func damaged(_ reason: String) -> KeysError {
        KeysError(.badKey, "\(path) is not a key file: \(reason)", hint: "Put back the copy kept when the office was made")
    }
}

/// N = 2¹⁵, r = 8, p = 1: what RFC 7914 users take today for a passphrase typed now and then.
private let scryptCost: UInt64 = 1 << 15

/// 32 bytes out of what a person remembers: scrypt (RFC 7914) with r = 8 and p = 1; it takes 1 KB of memory times `cost`.
///
/// - Throws: ``KeysError`` `crypto` where there is not so much memory.
func stretch(_ passphrase: Secret, salt: [UInt8], cost: UInt64) throws -> Secret {
    var key = [UInt8](repeating: 0, count: 32)
    let result = unsafe passphrase.withMemory { passphrase in
        let start = unsafe passphrase.baseAddress?.assumingMemoryBound(to: CChar.self)
        // 128 · N · r bytes is what it needs; OpenSSL's own bound of 32 MB is just under that for our cost.
        let memory = 128 * cost * 8 + (1 << 20)
        return unsafe EVP_PBE_scrypt(start, passphrase.count, salt, salt.count, cost, 8, 1, memory, &key, key.count)
    }
    guard result == 1 else { throw KeysError(.crypto, "the passphrase could not be stretched", cause: OpenSSLFailure.take()) }
    return Secret(taking: &key)
}

/// The passphrase, or the error that one is needed.
func neededPassphrase(for path: String, from passphrase: () throws -> Secret?) throws -> Secret {
    guard let given = try passphrase() else {
        throw KeysError(
            .wrongPassphrase, "\(path) is locked with a passphrase and none was given",
            hint: "Name the file that holds it with --passphrase-file or $UOCAVA_PASSPHRASE_FILE")
    }
    return given
}

/// Lower-case hexadecimal digits.
func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// The bytes of an even number of hexadecimal digits, or nil.
func bytes(hexadecimal text: Substring) -> [UInt8]? {
    guard text.utf8.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count / 2)
    var high: UInt8?
    for digit in text.utf8 {
        let value: UInt8
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
        default: return nil
        }
        if let first = high {
            bytes.append(first << 4 | value)
            high = nil
        } else {
            high = value
        }
    }
    return bytes
}
