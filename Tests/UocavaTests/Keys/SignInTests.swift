import Keys
import Testing

@Suite("Passwords and one-time codes")
struct SignInTests {
    @Test("The codes are those of RFC 6238's vectors")
    func vectors() {
        let codes = OneTimeCodes(secret: Array("12345678901234567890".utf8))
        // Appendix B, SHA-1; the last six of its eight digits.
        for (seconds, code) in [
            (59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"), (2_000_000_000, "279037"),
            (20_000_000_000, "353130")
        ] {
            #expect(codes.code(at: Int64(seconds)) == code)
        }
    }

    @Test("A code is taken half a minute early or late, and never twice")
    func once() {
        let codes = OneTimeCodes()
        let now: Int64 = 1_900_000_000
        let code = codes.code(at: now)
        #expect(codes.step(of: code, at: now, lastUsed: 0) == now / 30)
        #expect(codes.step(of: code, at: now + 30, lastUsed: 0) == now / 30)
        #expect(codes.step(of: code, at: now - 30, lastUsed: 0) == now / 30)
        #expect(codes.step(of: code, at: now + 90, lastUsed: 0) == nil)
        #expect(codes.step(of: code, at: now, lastUsed: now / 30) == nil)
        #expect(codes.step(of: codes.code(at: now - 30), at: now, lastUsed: now / 30) == nil)
        #expect(codes.step(of: "", at: now, lastUsed: 0) == nil)
        #expect(OneTimeCodes(secret: codes.kept).code(at: now) == code)
    }

    @Test("An authenticator reads the secret as RFC 4648 writes it, and the address names the office")
    func address() {
        let codes = OneTimeCodes(secret: Array("12345678901234567890".utf8))
        #expect(codes.typed == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
        #expect(
            codes.address(office: "Board of Elections", login: "ann.lee")
                == "otpauth://totp/Board%20of%20Elections:ann.lee?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Board%20of%20Elections&algorithm=SHA1&digits=6&period=30"
        )
    }

    @Test("A password opens with itself only, and is kept differently each time")
    func password() throws {
        let kept = try KeptPassword(Secret(Array("correct horse".utf8)), cheap: true)
        #expect(try kept.matches(Secret(Array("correct horse".utf8))))
        #expect(try !kept.matches(Secret(Array("correct horsf".utf8))))
        #expect(try !kept.matches(Secret([])))
        let again = try #require(KeptPassword(text: kept.text))
        #expect(again == kept)
        #expect(try KeptPassword(Secret(Array("correct horse".utf8)), cheap: true).text != kept.text)
        #expect(try KeptPassword(Secret(Array("x".utf8))).text.hasPrefix("scrypt 65536 8 1 "))
    }

    @Test(
        "What is no kept password is refused, and none may ask for gigabytes",
        arguments: [
            "", "scrypt", "scrypt 16384 8 1 00 00",
            "scrypt 1048576 8 1 \(String(repeating: "0", count: 32)) \(String(repeating: "0", count: 64))",
            "scrypt 16385 8 1 \(String(repeating: "0", count: 32)) \(String(repeating: "0", count: 64))",
            "bcrypt 16384 8 1 \(String(repeating: "0", count: 32)) \(String(repeating: "0", count: 64))"
        ])
    func refused(_ text: String) { #expect(KeptPassword(text: text) == nil) }
}
