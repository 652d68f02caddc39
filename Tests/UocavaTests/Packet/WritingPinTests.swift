import Foundation
import Keys
import Packet
import Testing

/// Some 3,100 lines of text as they were drawn when this was written, by their hashes.
///
/// Every way of making tails faster must draw the same. If a hash changed on purpose, or with a new version of HarfBuzz, zlib or the fonts, look
/// at what changed and write the new values down: with `UOCAVA_PIN_FOLDER=DIR` the test leaves what it drew there, a file a group, for `diff`.
@Suite("Text is drawn as it was", .enabled(if: PinnedVoters.hasPinnedFont, "the font is not Debian 12's DejaVu Sans"))
struct WritingPinTests {
    /// What was drawn, and the whole tails around it.
    struct Pin: Equatable {
        var drawn: String
        var tails: String
    }

    /// Of the fonts of Debian 12.
    private static let pins: [String: Pin] = [
        "American": Pin(drawn: "80cf0a6d1aceaa37", tails: "22b5b04068cb8c1a"),
        "Armenian and Georgian": Pin(drawn: "f68a6f2d1df588fd", tails: "727ee18d45a968d9"),
        "Cyrillic": Pin(drawn: "444237bc0431a768", tails: "db51402ba1832ae1"),
        "East Asian": Pin(drawn: "9feab4d62a760990", tails: "2e6ad648e1800a33"),
        "Greek": Pin(drawn: "671cb299f0f155e2", tails: "bb1f21281b6cc818"),
        "Vietnamese": Pin(drawn: "efd65aa8326531cc", tails: "3b90782f1ba88c81"),
        "accents": Pin(drawn: "0aa018b569dd3ac2", tails: "f9c0c87b9caa7622"),
        "by hand": Pin(drawn: "821b0232a70aa515", tails: "e716d4ec5e9361f2"),
        "capitals": Pin(drawn: "cd8a180ed3b089f0", tails: "3a9462c3173253ac"),
        "longer and longer": Pin(drawn: "b7f017b5a2d678f6", tails: "c1acb66eed223138"),
        "marks on letters": Pin(drawn: "268ca1f466c2c03c", tails: "64fc121ba96685ae"),
        "mixed": Pin(drawn: "b6e7db83797d8a4a", tails: "dad2861114b52182"),
        "pairs in long lines": Pin(drawn: "bdebee378128c1dd", tails: "e85a7b6b37d3cf8d"),
        "pairs": Pin(drawn: "782734f7b3f2c509", tails: "74bf52327e6664e3")
    ]

    @Test(
        "Names, addresses, codes and all pairs of ASCII characters are drawn as they were, stroke by stroke",
        arguments: PinnedVoters.groups.map(\.name))
    func drawn(name: String) throws {
        let group = try #require(PinnedVoters.groups.first { $0.name == name })
        let plan = try PinnedVoters.plan()
        let composer = try TailComposer(base: plan, baseLength: plan.length)
        var drawn: [UInt8] = []
        var tails: [UInt8] = []
        for voter in group.voters {
            let tail = try composer.compose(
                voter, manifest: WritingSamples.manifest, signedAt: 1_795_000_000, signerName: "Board of Elections",
                sign: WritingSamples.notSigned)
            tails += tail.bytes
            for overlay in plan.overlays { drawn += try Self.stream(of: overlay.object, in: tail.bytes) + [10] }
        }
        if let folder = ProcessInfo.processInfo.environment["UOCAVA_PIN_FOLDER"] {
            try Data(drawn).write(to: URL(fileURLWithPath: folder).appendingPathComponent(name + ".txt"))
        }
        let pin = Pin(drawn: Self.hash(drawn), tails: Self.hash(tails))
        let pinned = Self.pins[name]
        #expect(pin.drawn == pinned?.drawn, "\(name): the text is drawn otherwise")
        if pin.drawn == pinned?.drawn { #expect(pin.tails == pinned?.tails, "\(name): the same text, but other objects around it") }
        if pin != pinned { print("PIN \"\(name)\": Pin(drawn: \"\(pin.drawn)\", tails: \"\(pin.tails)\"),") }
    }

    @Test("There are more than three thousand lines, and every pair of ASCII characters is among them")
    func complete() {
        let voters = PinnedVoters.groups.flatMap(\.voters)
        #expect(voters.count > 300)
        var lines = 0
        var pairs: Set<[UInt8]> = []
        for voter in voters {
            for line in [voter.name] + voter.residence + voter.mailing {
                lines += 1
                for (left, right) in zip(line.utf8, line.utf8.dropFirst()) where left < 0x80 && right < 0x80 { pairs.insert([left, right]) }
            }
        }
        #expect(lines > 3000)
        #expect(pairs.count == 95 * 95)
    }

    /// The content of a stream object of a tail.
    private static func stream(of object: Int, in tail: [UInt8]) throws -> Data {
        let data = Data(tail)
        let head = try #require(data.range(of: Data("\(object) 0 obj\n".utf8)))
        let start = try #require(data.range(of: Data(">>stream\n".utf8), in: head.upperBound..<data.count))
        let end = try #require(data.range(of: Data("\nendstream\nendobj\n".utf8), in: start.upperBound..<data.count))
        return data[start.upperBound..<end.lowerBound]
    }

    private static func hash(_ bytes: [UInt8]) -> String {
        SHA256.hash(bytes).prefix(8).map { String(format: "%02x", $0) }.joined()
    }
}

/// The voters of ``WritingPinTests``, and a page layout of its own, so that no other change of the pages touches them.
enum PinnedVoters {
    /// Whether the font installed here is the one that the pins were taken with.
    static var hasPinnedFont: Bool { (try? WritingSamples.base().plan.fontFingerprint) == "b97a8-d74c30b5" }

    static let groups: [(name: String, voters: [VoterText])] = {
        var dice = WorldVoter.Dice(22)
        var groups: [(name: String, voters: [VoterText])] = []
        func add(_ name: String, _ lines: [String]) {
            groups.append((name, stride(from: 0, to: lines.count, by: 10).map { voter(Array(lines[$0..<min($0 + 10, lines.count)])) }))
        }
        add("pairs", pieces(of: pairs, 36))
        add("pairs in long lines", pieces(of: pairs, 100))
        add("American", (0..<900).map { american($0, &dice) })
        add("capitals", (0..<200).map { american($0, &dice).uppercased() })
        add("longer and longer", (1...200).map { String(String(repeating: "Wolfeschlegelsteinhausen, Te. AVA 17 ", count: 6).prefix($0)) })
        var parts: [String: [String]] = [:]
        for locale in WorldNames.printable {
            parts[script(of: locale), default: []] +=
                locale.given.flatMap { given in locale.family.map { "\(given) \($0)" } }
                + locale.streets + locale.cities
        }
        for (script, lines) in parts.sorted(by: { $0.key < $1.key }) { add(script, lines) }
        add(
            "by hand",
            WorldNames.unprintable.flatMap { locale in
                ["Ann Lee"] + (0..<3).flatMap { _ in [locale.streets[0], "12 Main St", locale.cities[0]] }
            })
        return groups
    }()

    private static func script(of locale: WorldNames.Locale) -> String {
        switch locale.tag {
        case "vi": "Vietnamese"
        case "yo", "ig", "ee", "nv", "lt": "marks on letters"
        case "el", "grc": "Greek"
        case "sr", "mk", "bg", "ru", "uk", "be", "kk", "mn", "tg": "Cyrillic"
        case "hy", "ka": "Armenian and Georgian"
        case "ja", "ko", "zh-Hans", "zh-Hant": "East Asian"
        case "mixed": "mixed"
        default: "accents"
        }
    }

    /// Ten lines: a name that can be printed, four of residence, five of mailing.
    private static func voter(_ lines: [String]) -> VoterText {
        let code = String(1000 + lines[0].unicodeScalars.reduce(0) { ($0 &* 31 &+ Int($1.value)) & 0x1FFF })
        return VoterText(
            name: lines[0], residence: Array(lines.dropFirst().prefix(4)), voterClass: "U.S. citizen abroad, return uncertain",
            mailing: Array(lines.dropFirst(5)), mailingCountry: nil, returnCode: "R-7K3M-9QXV-\(code)",
            trackingCode: "T-\(code)-9QXV-2T8H-5N4P-W6ZR", trackingURL: "https://ballots.example.gov/t/T-\(code)-9QXV-2T8H-5N4P-W6ZR",
            postBy: lines.count.isMultiple(of: 2) ? "October 17, 2028" : nil)
    }

    /// Every character of ASCII after every other: the shortest such text, `a`, then `ab…`, `ac…` (de Bruijn's, of order 2).
    private static let pairs: String = {
        let letters = (0x20...0x7E).map { Character(Unicode.Scalar($0)) }
        var text = ""
        for (index, first) in letters.enumerated() {
            text.append(first)
            for second in letters[(index + 1)...] {
                text.append(first)
                text.append(second)
            }
        }
        text.append(letters[0])
        return text
    }()

    /// Pieces that each begin with the last character of the one before.
    private static func pieces(of text: String, _ length: Int) -> [String] {
        let letters = Array(text)
        return stride(from: 0, to: letters.count - 1, by: length - 1).map { String(letters[$0..<min($0 + length, letters.count)]) }
    }

    private static func american(_ index: Int, _ dice: inout WorldVoter.Dice) -> String {
        func one(_ list: String) -> String { list.split(separator: " ").randomElement(using: &dice).map(String.init) ?? "" }
        let given = "Avery Tyler Yvonne Will LaToya Ty'Von Jo J.T. Mary-Kate Fay Pat Vera Wanda Walter Xavier Zoe Lynn AJ"
        let family = "Avalos Tavares Way LaFave VanTassel McAvoy O'Toole DeVoe Pawlowski Taft Yates Fry Wyatt Toy Ford Rye Kyi Vo To"
        let street = "Rhode-Island Avenue Tyvola Waverly P.O. VFW Yale Tower AVALON W.T. Fawn LTV Pkwy"
        let number = String(dice.next() % 20_000)
        return switch index % 6 {
        case 0: "\(one(given)) \(one(given)) \(one(family)), Jr."
        case 1: "\(number) \(one(street)) \(one("NW SE St. Ave. Rd Terrace Way")), Apt. \(one("1A 7-B 12/3 #44"))"
        case 2: "PSC \(number) BOX \(number.reversed())"
        case 3: "\(one("APO FPO DPO")) \(one("AE AP AA")) 0\(number)"
        case 4: "\(one(family)) \(one(family))-\(one(family)) c/o \"\(one(given)) & Co.\" (\(number)%)"
        default: "R-7K3M-\(number)-2T8H; T-VAWA-\(number)-TOYA-AVWY-LTFP"
        }
    }

    /// Three pages with boxes as wide and high as those of a packet, and numbers of objects made up.
    static func plan() throws -> BasePlan {
        let boxes: [(String, Int, Double, Double, Double, Double, Double)] = [
            ("postBy", 0, 244, 300, 310, 20, 12.5), ("trackingQR", 0, 48, 180, 104, 104, 0), ("trackingURL", 0, 48, 160, 281, 16, 9.5),
            ("trackingCode", 0, 48, 120, 281, 19, 13), ("name", 1, 48, 400, 516, 24, 14), ("residence", 1, 48, 320, 250, 62, 11),
            ("mailing", 1, 314, 290, 250, 92, 11), ("voterClass", 1, 48, 280, 250, 18, 11), ("returnBarcode", 1, 48, 80, 240, 36, 0),
            ("returnCode", 1, 48, 60, 240, 16, 11.5), ("sender", 2, 68, 440, 250, 84, 10.5), ("returnBarcode", 2, 340, 260, 214, 40, 0),
            ("returnCode", 2, 340, 240, 214, 16, 11)
        ]
        let json: [String: Any] = [
            "overlays": [(40, 612, 792), (41, 612, 792), (42, 792, 612)].map { ["object": $0.0, "width": $0.1, "height": $0.2] },
            "boxes": boxes.map {
                ["field": $0.0, "overlay": $0.1, "x": $0.2, "y": $0.3, "width": $0.4, "height": $0.5, "size": $0.6] as [String: Any]
            },
            "signature": 50, "manifest": 51, "resources": 52, "font": 53, "size": 60, "startXRef": 399_000,
            "trailer": "/Root 1 0 R /Info 2 0 R /ID [<00> <00>]", "length": 400_000, "postSoon": "the earliest day you can",
            "fontFingerprint": try WritingSamples.base().plan.fontFingerprint
        ]
        return try JSONDecoder().decode(BasePlan.self, from: JSONSerialization.data(withJSONObject: json))
    }
}
