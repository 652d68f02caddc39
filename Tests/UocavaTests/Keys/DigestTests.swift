import Keys
import Testing

@Suite("Keys: digests, codes, derived keys, sealed boxes")
struct KeysDigestTests {
    @Test("SHA-256 gives the digests of FIPS 180-4, in one part or in many")
    func sha256() {
        #expect(keysHex(SHA256.hash()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(keysHex(SHA256.hash(Array("abc".utf8))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let million = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        #expect(keysHex(SHA256.hash(million)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        #expect(SHA256.hash(Array("ab".utf8), [], Array("c".utf8)) == SHA256.hash(Array("abc".utf8)))
    }

    @Test("A primed digest goes on from its beginning as if it had hashed it again", arguments: [0, 1, 63, 64, 65, 400_000])
    func primed(count: Int) {
        let base = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let primed = PrimedSHA256(base)
        let tail = Array("tail of a voter".utf8)
        #expect(primed.hash(adding: tail) == SHA256.hash(base, tail))
        #expect(primed.hash(adding: [], tail, [1]) == SHA256.hash(base, tail, [1]))
        #expect(primed.hash(adding: tail[2..<5], tail[7...]) == SHA256.hash(base, Array(tail[2..<5]), Array(tail[7...])))
        #expect(primed.hash() == SHA256.hash(base))
    }

    @Test("Many tasks continue one primed digest at once and get what one alone gets")
    func primedAtOnce() async {
        let primed = PrimedSHA256([UInt8](repeating: 7, count: 1000))
        await withTaskGroup(of: Bool.self) { group in
            for task in 0..<4 {
                group.addTask {
                    (0..<2000).allSatisfy { round in
                        let tail = [UInt8(task), UInt8(truncatingIfNeeded: round)]
                        return primed.hash(adding: tail) == SHA256.hash([UInt8](repeating: 7, count: 1000), tail)
                    }
                }
            }
            for await right in group { #expect(right) }
        }
    }

    @Test(
        "HMAC-SHA-256 gives the codes of RFC 4231",
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (Array(1...25), [UInt8](repeating: 0xcd, count: 50), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            (
                [UInt8](repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131),
                Array(
                    ("This is a test using a larger than block-size key and a larger than block-size data. "
                        + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
            ),
            ([], Array("x".utf8), "4cbc96099a6467ce002461f10549b4898265ebe6188b45efacc44293516e62c4")
        ] as [([UInt8], [UInt8], String)])
    func hmac(key: [UInt8], message: [UInt8], code: String) {
        #expect(keysHex(HMAC256.authenticate(message, key: Secret(key))) == code)
        let half = message.count / 2
        #expect(keysHex(HMAC256.authenticate(Array(message[..<half]), Array(message[half...]), key: Secret(key))) == code)
    }

    @Test("Codes are equal only if all their bytes are")
    func equal() {
        #expect(HMAC256.equal([1, 2, 3], [1, 2, 3]))
        #expect(HMAC256.equal([], []))
        #expect(!HMAC256.equal([1, 2, 3], [1, 2, 4]))
        #expect(!HMAC256.equal([1, 2, 3], [1, 2]))
    }

    @Test("HKDF-SHA-256 gives the keys of RFC 5869")
    func hkdf() {
        // The RFC's infos are bytes that are no text in cases 1 and 2; case 3 has none.
        let short = HKDF256.derive(Secret([UInt8](repeating: 0x0b, count: 22)), salt: [], info: "", count: 42)
        #expect(
            short.withBytes(keysHex) == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
        #expect(HKDF256.derive(Secret([1]), salt: [2], info: "x", count: 0).count == 0)
        let long = HKDF256.derive(Secret([1]), salt: [2], info: "x", count: 8160)
        #expect(long.withBytes { Array($0[..<32]) } == HKDF256.derive(Secret([1]), salt: [2], info: "x").withBytes { $0 })
    }

    @Test("AES-256-GCM gives the boxes of the GCM specification, cases 13, 14 and 16")
    func gcm() throws {
        let zero = Secret([UInt8](repeating: 0, count: 32))
        let nonce = [UInt8](repeating: 0, count: 12)
        #expect(keysHex(SealedBox.seal([], key: zero, context: [], nonce: nonce)) == keysHex(nonce) + "530f8afbc74536b9a963b4f1c4cb738b")
        #expect(
            keysHex(SealedBox.seal([UInt8](repeating: 0, count: 16), key: zero, context: [], nonce: nonce))
                == keysHex(nonce) + "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
        let key = Secret(keysBytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"))
        let plain = keysBytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
        let context = keysBytes("feedfacedeadbeeffeedfacedeadbeefabaddad2")
        let sealed = SealedBox.seal(plain, key: key, context: context, nonce: keysBytes("cafebabefacedbaddecaf888"))
        #expect(
            keysHex(sealed)
                == "cafebabefacedbaddecaf888522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b10568"
                + "28838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b")
        #expect(try SealedBox.open(sealed, key: key, context: context) == plain)
    }

    @Test("A sealed box with any bit changed, cut short, or opened with another key or context does not open")
    func tampered() throws {
        let key = Secret.random(32)
        let plain = Array("Jane Q. Public".utf8)
        let sealed = SealedBox.seal(plain, key: key, context: [1, 2], nonce: SystemRandom.bytes(12))
        #expect(sealed.count == plain.count + SealedBox.overhead)
        #expect(try SealedBox.open(sealed, key: key, context: [1, 2]) == plain)
        for bit in 0..<(sealed.count * 8) {
            var changed = sealed
            changed[bit / 8] ^= 1 << (bit % 8)
            expectKeysError(.notAuthentic) { _ = try SealedBox.open(changed, key: key, context: [1, 2]) }
        }
        for count in 0..<sealed.count {
            expectKeysError(.notAuthentic) { _ = try SealedBox.open(Array(sealed[..<count]), key: key, context: [1, 2]) }
        }
        expectKeysError(.notAuthentic) { _ = try SealedBox.open(sealed, key: key, context: [1]) }
        expectKeysError(.notAuthentic) { _ = try SealedBox.open(sealed, key: .random(32), context: [1, 2]) }
        expectKeysError(.notAuthentic) { _ = try SealedBox.open(sealed, key: .random(16), context: [1, 2]) }
        let empty = SealedBox.seal([], key: key, context: [], nonce: SystemRandom.bytes(12))
        #expect(try SealedBox.open(empty, key: key, context: []) == [])
    }

    @Test("A secret shows neither in print nor in a dump nor inside what holds it")
    func secret() throws {
        struct Holder { let key: Secret }
        let secret = Secret(Array("topsecret".utf8))
        var dumped = ""
        dump(Holder(key: secret), to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), String(describing: Holder(key: secret)), dumped] {
            #expect(text.contains("***"))
            #expect(!text.contains("topsecret") && !text.contains("116"))
        }
        #expect(secret.withBytes { $0 } == Array("topsecret".utf8))
        #expect(secret.count == 9)
    }

    @Test("The system's randomness does not repeat itself and has the length that was asked for")
    func random() {
        let drawn = Set((0..<1000).map { _ in SystemRandom.bytes(16) })
        #expect(drawn.count == 1000)
        #expect(drawn.allSatisfy { $0.count == 16 })
        #expect(SystemRandom.bytes(0) == [])
    }
}
