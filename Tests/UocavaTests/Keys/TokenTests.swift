import Keys
import Testing

@Suite("Keys: tokens, link keys, roll keys")
struct KeysTokenTests {
    // Expected values were computed apart from this program, with Python's hmac and hashlib, from the key 00 01 … 1f and the link id
    // a0 a1 … af.
    private static let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    private static let linkFile = Array("uocava-keys/1 link sample\nids 35a924be\nkey \(key)\n".utf8)
    private static let rollFile = Array("uocava-keys/1 roll\nids 1d25b359\nkey \(key)\n".utf8)
    /// The same link key locked with `correct horse`, by Python's hashlib.scrypt and the AES-GCM of pyca/cryptography.
    private static let lockedFile = Array(
        """
        uocava-keys/1 link sample
        ids 35a924be
        scrypt 32768 8 1 404142434445464748494a4b4c4d4e4f
        sealed 606162636465666768696a6b1845b5cce09c563d7f17b3797efa44f4a240a0716d61e1ccaf15da57f7c7fd39682f2dad731a57e5cd3be5ccea1fd001

        """.utf8)

    private let linkID = [UInt8](0xa0..<0xb0)
    private let folder: KeysFolder
    private let link: LinkKeys
    private let roll: RollKeys

    init() throws {
        folder = try KeysFolder()
        link = try folder.cabinet(holding: Self.linkFile, in: "link.key").linkKeys()
        roll = try folder.cabinet(holding: Self.rollFile, in: "roll.key").rollKeys()
    }

    @Test("A token and everything derived from it are as the design says")
    func vectors() throws {
        #expect(link.currentID == "35a924be")
        let token = try link.token(linkID: linkID, keyID: "35a924be")
        #expect(token.text == "s5ludx5cqw3tyotacdd4ea5ne6mdg7ar")
        #expect(keysHex(token.lookup) == "5266a1833e1734efcd93b74e6f8fc26f")
        #expect(
            token.answerKey(linkID: linkID).withBytes(keysHex) == "9fa84d7904f6fcc7ad1695f353b01fb084f93fb31e477f29fafe49e95ef2c283")
        #expect(token.wrapKey(linkID: linkID).withBytes(keysHex) == "7a6452bbb15dcd021c3321b65e65394702d07960e272e04e272c629a7d657151")
        #expect(try link.word(linkID: linkID, keyID: "35a924be") == "WBS4EB")
    }

    @Test("A token is read back from its text, in either case")
    func text() throws {
        let token = try #require(Token(text: "S5LUDX5CQW3TYOTACDD4EA5NE6MDG7AR"))
        #expect(token.text == "s5ludx5cqw3tyotacdd4ea5ne6mdg7ar")
        #expect(keysHex(token.lookup) == "5266a1833e1734efcd93b74e6f8fc26f")
        for round in 0..<200 {
            let made = try link.token(linkID: [UInt8(round)], keyID: link.currentID)
            #expect(made.text.utf8.count == 32)
            #expect(Token(text: made.text)?.lookup == made.lookup)
        }
    }

    @Test(
        "Anything but 32 characters of base 32 is no token",
        arguments: [
            "", "a", "s5ludx5cqw3tyotacdd4ea5ne6mdg7a", "s5ludx5cqw3tyotacdd4ea5ne6mdg7arr", "s5ludx5cqw3tyotacdd4ea5ne6mdg7a1",
            "s5ludx5cqw3tyotacdd4ea5ne6mdg7a0", "s5ludx5cqw3tyotacdd4ea5ne6mdg7a=", " 5ludx5cqw3tyotacdd4ea5ne6mdg7ar",
            "s5ludx5cqw3tyotacdd4ea5ne6mdg7a\n", "s5ludx5cqw3tyotacdd4ea5ne6mdg7a\u{0}", "ſ5ludx5cqw3tyotacdd4ea5ne6mdg7a",
            "../../../../../../../etc/passwd0"
        ])
    func noToken(text: String) {
        #expect(Token(text: text) == nil)
    }

    @Test("A token shows nowhere but in its text")
    func redacted() throws {
        let token = try link.token(linkID: linkID, keyID: link.currentID)
        var dumped = ""
        dump(["token": token], to: &dumped)
        for text in ["\(token)", String(reflecting: token), dumped, "\(Optional(token) as Any)"] {
            #expect(text.contains("***"))
            #expect(!text.lowercased().contains("s5lu"))
        }
    }

    @Test("After a rotation old links keep their tokens and new links get others")
    func rotatedLinks() throws {
        let old = link
        let new = old.rotated()
        #expect(new.currentID != old.currentID)
        #expect(try new.token(linkID: linkID, keyID: old.currentID).text == "s5ludx5cqw3tyotacdd4ea5ne6mdg7ar")
        #expect(try new.token(linkID: linkID, keyID: new.currentID).text != "s5ludx5cqw3tyotacdd4ea5ne6mdg7ar")
        let error = expectKeysError(.missing) { _ = try old.token(linkID: linkID, keyID: new.currentID) }
        #expect(error?.message.contains(new.currentID) == true)
    }

    @Test("Words have six characters that nobody mistakes")
    func words() throws {
        var seen: Set<String> = []
        for round in 0..<300 {
            let word = try link.word(linkID: [UInt8(truncatingIfNeeded: round), UInt8(round / 256)], keyID: link.currentID)
            #expect(word.count == 6 && word.allSatisfy { "0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains($0) })
            seen.insert(word)
        }
        #expect(seen.count >= 299)
    }

    @Test("The index and the fingerprint of a value are as the design says, and survive a rotation")
    func index() {
        let new = roll.rotated()
        for keys in [roll, new, new.rotated()] {
            #expect(keysHex(keys.index("email", "jane@example.mil")) == "f37decf0e29ad228d1dceaa0ced0fab1")
            #expect(keysHex(keys.fingerprint(Array("row".utf8))) == "589dfc0abd0d0469b2e67c708ef19239")
        }
        #expect(roll.index("voter_number", "jane@example.mil") != roll.index("email", "jane@example.mil"))
        #expect(roll.currentID == "1d25b359")
    }

    @Test("A row opens in its own place only, and after a rotation too")
    func rows() throws {
        let id = Array("voter-17".utf8)
        let plain = Array("Jane Q. Public, 1980-01-02".utf8)
        let (sealed, keyID) = roll.seal(plain, table: "voter", id: id)
        #expect(keyID == "1d25b359")
        // The key was computed apart from this program, as above.
        let sealKey = Secret(keysBytes("3f77d745163ba05054cf0448e109ee2dabb4415320fee975d1d47f7e2fb845ae"))
        #expect(try SealedBox.open(sealed, key: sealKey, context: Array("voter\u{0}voter-17\u{0}1d25b359".utf8)) == plain)

        let new = roll.rotated()
        #expect(try new.open(sealed, table: "voter", id: id, keyID: keyID) == plain)
        let again = new.seal(plain, table: "voter", id: id)
        #expect(again.keyID == new.currentID && again.keyID != keyID)
        #expect(try new.open(again.sealed, table: "voter", id: id, keyID: again.keyID) == plain)
        expectKeysError(.notAuthentic) { _ = try new.open(sealed, table: "voter", id: Array("voter-18".utf8), keyID: keyID) }
        expectKeysError(.notAuthentic) { _ = try new.open(sealed, table: "letter", id: id, keyID: keyID) }
        expectKeysError(.notAuthentic) { _ = try new.open(sealed, table: "voter", id: id, keyID: new.currentID) }
        expectKeysError(.missing) { _ = try roll.open(again.sealed, table: "voter", id: id, keyID: again.keyID) }
        #expect(roll.seal(plain, table: "voter", id: id).sealed != sealed, "a nonce served twice")
    }

    @Test("HKDF gives the keys of RFC 5869 for infos that are not text")
    func hkdfBytes() {
        let one = HKDF256.derive(Secret([UInt8](repeating: 0x0b, count: 22)), salt: Array(0...12), info: Array(0xf0...0xf9), count: 42)
        #expect(one.withBytes(keysHex) == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
        let two = HKDF256.derive(Secret(Array(0..<0x50)), salt: Array(0x60..<0xb0), info: Array(0xb0...0xff), count: 82)
        #expect(
            two.withBytes(keysHex)
                == "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9"
                + "aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87")
    }

    @Test("A key file is read back as it was written, locked or not", arguments: [nil, "correct horse"] as [String?])
    func files(phrase: String?) throws {
        let given = phrase == nil ? Self.linkFile : Self.lockedFile
        let cabinet = try folder.cabinet(holding: given, in: "link.key", passphrase: phrase)
        let before = try cabinet.linkKeys()
        #expect(try before.token(linkID: linkID, keyID: "35a924be").text == "s5ludx5cqw3tyotacdd4ea5ne6mdg7ar")
        let (second, third) = (before.rotated(), before.rotated().rotated())
        expectKeysError(.missing) { _ = try second.token(linkID: linkID, keyID: third.currentID) }
        try cabinet.replace(third)

        let text = try folder.read("cabinet/link.key")
        let shown = String(decoding: text, as: UTF8.self)
        #expect(shown.hasPrefix("uocava-keys/1 link sample\nids 35a924be "))
        #expect(shown.contains("key \(Self.key)\nkey ") == (phrase == nil))
        #expect(shown.contains("\nscrypt 32768 8 1 ") == (phrase != nil) && !shown.contains("404142434445464748494a4b4c4d4e4f"))
        let entry = try #require(try cabinet.list().first { $0.name == "link" })
        let ids = entry.id?.split(separator: " ").map(String.init) ?? []
        #expect(entry.sample && entry.encrypted == (phrase != nil))
        #expect(ids.count == 3 && ids.first == "35a924be" && ids.last == third.currentID)

        let read = try folder.cabinet(holding: text, in: "link.key", passphrase: phrase).linkKeys()
        #expect(read.currentID == third.currentID)
        for id in ids {
            #expect(try read.token(linkID: linkID, keyID: id).text == third.token(linkID: linkID, keyID: id).text)
        }
        let astray = try folder.cabinet(holding: text, in: "roll.key", passphrase: phrase)
        for error in [expectKeysError(.badKey) { _ = try astray.rollKeys() }, expectKeysError(.badKey) { _ = try astray.list() }] {
            #expect(error?.message.contains("roll.key") == true)
        }
    }

    @Test("A locked key file does not open with another passphrase, without one, or changed in any field")
    func lockedFile() throws {
        func open(_ text: [UInt8], _ phrase: String? = "correct horse") throws {
            _ = try folder.cabinet(holding: text, in: "link.key", passphrase: phrase).linkKeys()
        }
        try open(Self.lockedFile)
        expectKeysError(.wrongPassphrase) { try open(Self.lockedFile, "wrong") }
        expectKeysError(.wrongPassphrase) { try open(Self.lockedFile, nil) }
        let cheaper = String(decoding: Self.lockedFile, as: UTF8.self).replacing("scrypt 32768", with: "scrypt 16384")
        expectKeysError(.wrongPassphrase) { try open(Array(cheaper.utf8)) }
        let honest = String(decoding: Self.lockedFile, as: UTF8.self).replacing("link sample", with: "link")
        expectKeysError(.wrongPassphrase) { try open(Array(honest.utf8)) }
        // Each try takes 0.1 s of scrypt where the shape still holds, so not every place: one in each field and every eleventh.
        let fields = [0, 16, 20, 26, 30, 39, 46, 52, 54, 56, 88, 89, 96, 119, 120, Self.lockedFile.count - 2]
        for place in Set(stride(from: 0, to: Self.lockedFile.count, by: 11)).union(fields) {
            var changed = Self.lockedFile
            changed[place] ^= 1
            #expect(throws: KeysError.self, "character \(place)") { try open(changed) }
        }
    }

    @Test(
        "A damaged key file is refused in words, never read in part",
        arguments: [
            "", "\n", "uocava-keys/1 link\n", "uocava-keys/1 link\nids 35a924be\n", "uocava-keys/1 link\nids 35a924be\nkey 00\n",
            "uocava-keys/1 link\nids 35a924be 00000000\nkey 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
            "uocava-keys/1 link\nids 35a924bf\nkey 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
            "uocava-keys/1 link\nids 35a924be\nkey 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "uocava-keys/1 link\nids 35a924be\nkey 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n\n",
            "uocava-keys/2 link\nids 35a924be\nkey 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
            "uocava-keys/1 link\nids 35a924be\nscrypt 99999999999999999999 8 1 00\nsealed 00\n",
            "uocava-keys/1 link\nids 35a924be\nscrypt 1073741824 8 1 00\nsealed 00\n"
        ])
    func damagedFile(text: String) {
        let error = expectKeysError(.badKey) {
            _ = try folder.cabinet(holding: Array(text.utf8), in: "link.key", passphrase: "any").linkKeys()
        }
        #expect(error?.message.contains("link.key") == true)
    }
}
