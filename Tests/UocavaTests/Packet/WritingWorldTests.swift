import Foundation
import Packet
import Testing

@Suite("Names and addresses of the world, as they are printed")
struct WritingWorldTests {
    private static let isLong = ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] != nil

    @Test("pdftotext gives back every letter of names and addresses from fifty locales, and not one more")
    func extraction() async throws {
        let base = try WritingSamples.base()
        var voters = WorldVoter.make(Self.isLong ? 2000 : 160).filter { $0.unprintable == nil }
        // Letters with two marks, in glyphs that no character names: their text is told beside them.
        for locale in WorldNames.printable where ["lt", "nv", "yo"].contains(locale.tag) {
            for (first, last) in zip(locale.given, locale.family) {
                var dice = WorldVoter.Dice(7)
                var voter = WorldVoter.plain(locale, &dice)
                (voter.first, voter.last) = (first, last)
                voters.append(voter)
            }
        }
        #expect(Set(voters.map { $0.kind.prefix { $0 != " " && $0 != "," } }).count >= 50)
        let halves = [voters.prefix(voters.count / 2), voters.dropFirst(voters.count / 2)]
        try await withThrowingTaskGroup(of: [String].self) { group in
            for half in halves { group.addTask { try await WebTestSite.onThread { try Self.check(Array(half), base) } } }
            for try await problems in group { #expect(problems == []) }
        }
    }

    private static func check(_ voters: [WorldVoter], _ base: Base) throws -> [String] {
        let folder = try WritingFolder()
        let printed = try PrintedText(base, in: folder)
        var problems: [String] = []
        for voter in voters {
            try folder.write(try WritingSamples.packet(voter.text, base: base), to: "p.pdf")
            let lines = voter.text.lines(byHand: voter.linesByHand)
            let found = try printed.problems(of: "p.pdf", saying: lines, exact: voter.fits, in: folder)
            problems += found.map { "\(voter.kind): \(voter.name): \($0)" }
            if problems.count > 20 { break }
        }
        return problems
    }

    @Test("Whether a name or a line can be printed is as its script says, and the first character at fault is named")
    func printability() throws {
        let base = try WritingSamples.base()
        let composer = try TailComposer(base: base.plan, baseLength: base.bytes.count)
        let voters = WorldVoter.make(3000)
        #expect(voters.count { $0.unprintable != nil } > 20)
        for voter in voters {
            let character = composer.unprintable(in: voter.name)?.number
            #expect(character == voter.unprintable, "\(voter.kind): \(voter.name)")
            // And composing comes to the same.
            func compose() throws -> Tail {
                try composer.compose(
                    voter.text, manifest: WritingSamples.manifest, signedAt: 0, signerName: "x", sign: WritingSamples.notSigned)
            }
            if character == nil {
                #expect(try compose().addressByHand == voter.linesByHand, "\(voter.kind): \(voter.mailing)")
            } else {
                #expect(throws: PacketError.self, "\(voter.kind): \(voter.name)") { try compose() }
            }
        }
    }

    @Test("Eight marks on a letter are printed; a ninth is one too many, as a pile of them would leave its box")
    func marks() throws {
        let base = try WritingSamples.base()
        let composer = try TailComposer(base: base.plan, baseLength: base.bytes.count)
        let marks = String(repeating: "\u{301}\u{323}", count: 4)
        let voter = WritingSamples.voter(name: "Ox\(marks)", mailing: ["x\(marks) 12", "Paris"])
        #expect(composer.unprintable(in: voter.name) == nil)
        let folder = try WritingFolder()
        try folder.write(try WritingSamples.packet(voter, base: base), to: "p.pdf")
        let judge = try InkJudge(base, in: folder)
        #expect(try judge.problems(of: "p.pdf", voter, byHand: [], in: folder) == [])
        #expect(try judge.printed.problems(of: "p.pdf", saying: voter.lines(), in: folder) == [])

        let name = WritingSamples.voter(name: "Ox\(marks)\u{301}")
        #expect(composer.unprintable(in: name.name).map { $0 == ("\u{301}", "U+0301") } == true)
        #expect(throws: PacketError.self) { try WritingSamples.packet(name, base: base) }
        let line = WritingSamples.voter(mailing: ["x\(marks)\u{301} 12", "Paris"])
        let tail = try composer.compose(
            line, manifest: WritingSamples.manifest, signedAt: 0, signerName: "x", sign: WritingSamples.notSigned)
        #expect(tail.addressByHand == [2])
    }

    @Test("Every font of the office's pages is embedded and has its characters, as pdffonts sees it")
    func fonts() throws {
        let base = try WritingSamples.base()
        let folder = try WritingFolder()
        let east = try #require(WorldVoter.make(200).first { $0.kind == "ja" })
        try folder.write(try WritingSamples.packet(east.text, base: base), to: "p.pdf")
        let pages = try PrintedText(base, in: folder).pagesWritten.map { String($0 + 1) }
        for page in pages {
            let lines = try folder.run("pdffonts", ["-f", page, "-l", page, "p.pdf"]).split(separator: "\n").dropFirst(2)
            #expect(lines.contains { $0.hasPrefix("UOCAVA+DejaVuSans ") })
            #expect(page == "1" || lines.contains { $0.hasPrefix("UOCAVB+WenQuanYiMicroHei ") })
            // … emb sub uni, and the number of the object.
            for line in lines { #expect(line.split(separator: " ").suffix(5).prefix(3).elementsEqual(["yes", "yes", "yes"]), "\(line)") }
        }
    }

    @Test("pypdf reads the same text as pdftotext", .enabled(if: hasPyPDF, "pypdf is not installed"))
    func pypdf() throws {
        let base = try WritingSamples.base()
        let folder = try WritingFolder()
        let printed = try PrintedText(base, in: folder)
        // It knows nothing of ActualText: Lithuanian letters with two marks are set in glyphs that no character names.
        let voters = WorldVoter.make(40, seed: 3).filter { $0.unprintable == nil && !$0.kind.hasPrefix("lt") }
        for (index, voter) in voters.enumerated() {
            try folder.write(try WritingSamples.packet(voter.text, base: base), to: "\(index).pdf")
        }
        let script = """
            import json, sys
            from pypdf import PdfReader
            pages = json.loads(sys.argv[1])
            print(json.dumps([[PdfReader(f"{n}.pdf").pages[p].extract_text() for p in pages] for n in range(int(sys.argv[2]))]))
            """
        let answer = try folder.run("python3", ["-c", script, "\(printed.pagesWritten)", "\(voters.count)"])
        let texts = try JSONDecoder().decode([[String]].self, from: Data(answer.utf8))
        #expect(texts.count == voters.count)
        for (voter, pages) in zip(voters, texts) {
            for (page, text) in zip(printed.pagesWritten, pages) {
                let words = PrintedText.squeezed(printed.words(voter.text.lines(byHand: voter.linesByHand), page: page))
                #expect(PrintedText.squeezed(text).hasSuffix(words), "\(voter.kind), page \(page + 1): \(words)\n\(text.suffix(300))")
            }
        }
    }

    private static let hasPyPDF = WritingFolder.has("python3", ["-c", "import pypdf"])
}
