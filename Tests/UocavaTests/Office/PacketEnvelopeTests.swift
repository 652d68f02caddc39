import Elections
import Keys
import Office
import Testing

@Suite("How a packet is kept")
struct PacketEnvelopeTests {
    private let key = Secret([UInt8](repeating: 7, count: 32))
    private let ballot = [UInt8](repeating: 1, count: 16)
    private let base = [UInt8](repeating: 2, count: 32)
    private let nonce = [UInt8](repeating: 3, count: 12)
    private let manifest = Array(#"{"ballot":"00","format":"uocava-packet"}"#.utf8)
    private let cms: [UInt8] = [0x30, 0x03, 0x02, 0x01, 0x05, 0xAB, 0xCD]
    private let card = PacketCard(
        style: "P1", styleName: "Precinct 1", language: "en", country: "", mailBy: "2028-11-01", trackingCode: "T-1", fileName: "e-P1")

    private func envelope(_ tail: String) -> PacketEnvelope {
        PacketEnvelope(tail: Array(tail.utf8), manifest: manifest, cms: cms, card: card)
    }

    @Test(
        "It gives back exactly what went in, wherever manifest and signature stand in the tail",
        arguments: [
            "", "3", "3003020105abcd", "a {M} b <3003020105abcd00> c", "<3003020105abcd> {M}", "{M}3003020105abcd",
            "{M}{M} 30030201 3003020105abcd",
            "3003020105ABCD {m"
        ])
    func roundTrip(_ pattern: String) throws {
        let tail = pattern.replacing("{M}", with: String(decoding: manifest, as: UTF8.self))
        let sealed = envelope(tail).sealed(key: key, ballot: ballot, base: base, nonce: nonce)
        let opened = try PacketEnvelope(sealed: sealed, key: key, ballot: ballot, base: base)
        #expect(String(decoding: opened.tail, as: UTF8.self) == tail)
        #expect(opened.manifest == manifest && opened.cms == cms && opened.card.trackingCode == "T-1")
    }

    @Test("Manifest and signature are kept once")
    func once() throws {
        let long = String(repeating: "x", count: 1000)
        let whole = long + String(decoding: manifest, as: UTF8.self) + "<3003020105abcd>"
        let difference =
            envelope(whole).sealed(key: key, ballot: ballot, base: base, nonce: nonce).count
            - envelope(long + "<>").sealed(key: key, ballot: ballot, base: base, nonce: nonce).count
        #expect(difference == 0)
    }

    @Test("What version 0.1 kept still opens")
    func firstForm() throws {
        let tail = Array("a tail, whole".utf8)
        var plain: [UInt8] = []
        for part in [tail, manifest, cms, card.json.canonical] {
            plain += [0, 0, 0, UInt8(part.count)]
            plain += part
        }
        let context = Array("uocava/1 packet".utf8) + [0] + ballot + base
        let sealed = SealedBox.seal(plain, key: key, context: context, nonce: nonce)
        let opened = try PacketEnvelope(sealed: sealed, key: key, ballot: ballot, base: base)
        #expect(opened.tail == tail && opened.manifest == manifest && opened.cms == cms)
    }

    @Test("Cut anywhere, sealed or before it was sealed, it is refused")
    func cut() throws {
        let sealed = envelope("a 3003020105abcd").sealed(key: key, ballot: ballot, base: base, nonce: nonce)
        let context = Array("uocava/1 packet".utf8) + [0] + ballot + base
        let plain = try SealedBox.open(sealed, key: key, context: context)
        for count in 0..<plain.count {
            let short = SealedBox.seal(Array(plain.prefix(count)), key: key, context: context, nonce: nonce)
            #expect(throws: (any Error).self) { try PacketEnvelope(sealed: short, key: key, ballot: ballot, base: base) }
        }
        #expect(throws: KeysError.self) {
            try PacketEnvelope(sealed: sealed, key: key, ballot: ballot, base: [UInt8](repeating: 9, count: 32))
        }
    }
}
