import Elections
import Packet
import Testing

@Suite("QR codes put together from a series")
struct BarcodeSeriesTests {
    /// Addresses of every length and kind that decides where libzint changes its mode: before digits, capitals, small letters, a port.
    private static let beginnings: [String] =
        ["http://127.0.0.1:8080", "https://VOTE.EXAMPLE.GOV", "https://ballots.example.gov", "https://x.us/2026", "https://a.b:44"]
        + (1...60).map { "https://" + String(repeating: "county-of-", count: 6).prefix($0) + ".gov" }

    /// A thousand kinds of code: all alike, digits alone, letters alone, and random.
    private static func codes(_ seed: UInt8) -> [String] {
        var state = UInt64(seed) &+ 1
        func random() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        let alike = (0..<32).map { value in TrackingCode(random: [UInt8](repeating: UInt8(value), count: TrackingCode.randomByteCount)).text
        }
        return alike
            + (0..<60).map { round in
                TrackingCode(
                    random: (0..<TrackingCode.randomByteCount).map { _ in
                        switch round % 3 {
                        case 0: random()
                        case 1: random() % 10
                        default: 10 + random() % 22
                        }
                    }
                ).text
            }
    }

    @Test("Every code is, module by module, the one that libzint draws")
    func sameAsDrawn() throws {
        for (number, beginning) in Self.beginnings.enumerated() {
            let address = { (code: String) in Array("\(beginning)/t/\(code)".utf8) }
            let codes = Self.codes(UInt8(number))
            let series = try #require(
                try BarcodeSeries(like: address(codes[0]), beginning: address("").count + 2), "\(beginning) has no series")
            for code in codes {
                let drawn = try BarcodeSymbol.qr(address(code))
                #expect(series.symbol(of: address(code)) == drawn, "\(beginning), \(code)")
                #expect(try TrackingSymbols.shared.symbol(of: address(code), code: code.utf8.count) == drawn, "\(beginning), \(code)")
            }
        }
    }

    @Test("What does not belong to a series is drawn by itself")
    func others() throws {
        let text = { (code: String) in Array("https://ballots.example.gov/t/\(code)".utf8) }
        let series = try #require(try BarcodeSeries(like: text("T-0123-4567"), beginning: text("T-").count))
        #expect(series.symbol(of: text("T-0123-456")) == nil)
        #expect(series.symbol(of: text("T-0123-456a")) == nil)
        for odd in ["T-0123-456a", "t-abcd-efgh", "T", "", "T-00000000000000000000"] {
            #expect(try TrackingSymbols.shared.symbol(of: text(odd), code: odd.utf8.count) == BarcodeSymbol.qr(text(odd)), "\(odd)")
        }
        // A long row of digits is in a mode of its own: no series of pairs describes it.
        #expect(try BarcodeSeries(like: text("T-00000000000000000000"), beginning: text("T-").count) == nil)
    }
}
