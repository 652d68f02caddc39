import Foundation
import Packet
import Testing

@Suite("Where the voter's ink falls")
struct WritingInkTests {
    private static let isLong = ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] != nil

    /// What fills its boxes most, and what reaches farthest out of its line.
    static let worstCases: [(what: String, voter: VoterText, byHand: [Int])] = {
        func voter(_ name: String, _ residence: [String], _ mailing: [String], _ country: String? = nil) -> VoterText {
            var voter = WritingSamples.voter(name: name, residence: residence, mailing: mailing)
            voter.mailingCountry = country
            return voter
        }
        func many(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
        let words = many("Świętokrzyska ", 15)
        // The tallest letters of the font, and marks upon marks as Yoruba, Lithuanian and Navajo have them, and more.
        let tall = "Ẳ Ễ Ǜ Ṹ Ḯ Ḗ Ģ Ķ"
        let stacked = "Ẹ́̀̂ Ọ̱̄́̃ Ą̨́̌ Į̇́̀ U\u{308}\u{304}\u{301}\u{30C}\u{303}\u{302} g\u{323}\u{331}\u{324}\u{32D}"
        return [
            (
                "100 W",
                voter(
                    many("W", 100), [many("W", 200), many("W", 200), many("W", 200)], (0..<4).map { _ in many("W", 200) }, many("W", 200)),
                []
            ),
            ("400 W in four cells", voter(many(many("W", 100) + " ", 4), [many("M", 200)], (0..<5).map { _ in many("M", 200) }), []),
            ("100 ideographs", voter(many("龘", 100), [many("鬱", 200)], (0..<5).map { _ in many("鬱", 200) }), []),
            ("100 syllables", voter(many("뷁", 100), [many("쀍 ", 100)], (0..<5).map { _ in many("쀍", 200) }), []),
            ("words of 200", voter(String(words.prefix(100)), [words, words, words], [words, words, words, words, words]), []),
            ("tall letters", voter(tall, [tall, tall, tall], [tall, tall, tall, tall, tall]), []),
            ("tall letters, long", voter(many("Ẳ", 100), [many("ẲĢ", 100)], (0..<5).map { _ in many("ẲĢ", 100) }), []),
            ("stacked marks", voter(stacked, [stacked, stacked, stacked], [stacked, stacked, stacked, stacked, stacked]), []),
            ("stacked marks, long", voter(many("Ẹ́̀̂", 100), [many("Ọ̱̄́̃", 200)], (0..<5).map { _ in many("Ẹ̱́̀̂", 100) }), []),
            ("overhang", voter("\u{308}jď͡", ["\u{302}j Ƒď", "ʝ͢"], ["Ǯoo͡", "jjjjď", "ĵƓ"], "ǰďƇ"), []),
            // Exactly as wide as the box before it shrinks, or a little wider, so that the right edge is reached.
            (
                "overhang at the edge", voter(many("ď", 58), [many("ď", 36), many("ď", 40)], [many("ď", 36), many("ď", 41), many("Ƈ", 38)]),
                []
            ),
            ("lines by hand", voter("Ann Lee", ["१२", "Springfield"], ["שדרות", "12 Main", "דרך", "חיפה"], "ישראל"), [0, 2, 4, 5, 6]),
            (
                "lines by hand between long ones",
                voter("Ann Lee", [words, "१२"], [words, "שדרות", words, "חיפה", words]), [1, 3, 5]
            ),
            ("one letter", voter("Ø", ["1"], ["2"]), [])
        ]
    }()

    /// On American paper, and on the other with two witnesses.
    private static let judges = Result {
        try [WritingSamples.base(), WritingSamples.base(paper: .a4, witnesses: 2)].map {
            (base: $0, judge: try InkJudge($0, in: WritingFolder()))
        }
    }

    @Test("The longest, tallest and widest text stays inside its boxes, and no box is blank", arguments: worstCases.indices)
    func worst(index: Int) throws {
        let (what, voter, byHand) = Self.worstCases[index]
        let folder = try WritingFolder()
        for (base, judge) in try Self.judges.get() {
            try folder.write(try WritingSamples.packet(voter, base: base), to: "p.pdf")
            let strayed = try judge.problems(of: "p.pdf", voter, byHand: byHand, in: folder)
            #expect(strayed == [], "\(what)")
            let misread = try judge.printed.problems(of: "p.pdf", saying: voter.lines(byHand: byHand), exact: false, in: folder)
            #expect(misread == [], "\(what)")
        }
    }

    @Test("Of voters from everywhere, no dot is outside a box, no box is blank, and a line that cannot be printed is ruled")
    func everywhere() async throws {
        let base = try WritingSamples.base()
        var dice = WorldVoter.Dice(6)
        let all = WorldVoter.make(1000).filter { $0.unprintable == nil }
        let voters = Self.isLong ? all : Array(all.shuffled(using: &dice).prefix(24))
        #expect(voters.contains { !$0.byHand.isEmpty })
        let halves = [voters.prefix(voters.count / 2), voters.dropFirst(voters.count / 2)]
        try await withThrowingTaskGroup(of: [String].self) { group in
            for half in halves { group.addTask { try await WebTestSite.onThread { try Self.check(Array(half), base) } } }
            for try await problems in group { #expect(problems == []) }
        }
    }

    private static func check(_ voters: [WorldVoter], _ base: Base) throws -> [String] {
        let folder = try WritingFolder()
        let judge = try judges.get()[0].judge
        return try voters.flatMap { voter in
            try folder.write(try WritingSamples.packet(voter.text, base: base), to: "p.pdf")
            return try judge.problems(of: "p.pdf", voter.text, byHand: voter.linesByHand, in: folder).map {
                "\(voter.kind): \(voter.name): \($0)"
            }
        }
    }

    @Test("The boxes of a page neither overlap nor lie on anything printed", arguments: ["en", "es"], Paper.allCases)
    func boxes(language: String, paper: Paper) throws {
        let folder = try WritingFolder()
        for witnesses in 0...2 {
            let base = try WritingSamples.base(language: language, paper: paper, witnesses: witnesses)
            let problems = try InkJudge(base, in: folder).problemsOfBase()
            #expect(problems == [], "\(witnesses) witnesses")
        }
    }
}
