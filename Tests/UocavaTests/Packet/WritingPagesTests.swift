import Foundation
import Packet
import Testing

@Suite("The office's pages in any language, for any reader")
struct WritingPagesTests {
    private static func base(_ text: OfficeText, paper: Paper = .letter) throws -> Base {
        try BaseAssembly.make(
            BaseInput(text: text, paper: paper, ballotPDF: WritingSamples.ballot(pages: 1), styleLabel: "P22-SMD-04"),
            running: BaseAssembly.run)
    }

    /// Without spaces and marks of direction, and with what fonts show alike made alike.
    private static func bare(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.precomposedStringWithCompatibilityMapping.unicodeScalars.filter {
                    !$0.properties.isWhitespace && $0.properties.generalCategory != .format
                }))
    }

    /// A text's letters without accents, and without those of the Arabic ligatures.
    private static func letters(_ text: String) -> String {
        let kept = bare(text).decomposedStringWithCanonicalMapping.unicodeScalars.filter {
            $0.properties.isAlphabetic && $0.properties.generalCategory != .nonspacingMark && !"الى".unicodeScalars.contains($0)
        }
        return String(String.UnicodeScalarView(kept))
    }

    @Test("What the office writes is on the pages, letter by letter", arguments: WritingLanguages.all)
    func languages(sample: WritingLanguages.Sample) throws {
        let base = try Self.base(sample.text)
        let folder = try WritingFolder()
        try folder.write(base.bytes, to: "b.pdf")
        #expect(try folder.run("qpdf", ["--check", "b.pdf"]).contains("No syntax"))
        let text = try folder.run("pdftotext", ["-l", "2", "b.pdf", "-"])
        let bare = Self.bare(text)
        let letters = Self.letters(text)
        // poppler gives the letters of a ligature, points and accents of these in its own order.
        let isLoose = ["ar", "he", "th"].contains(sample.language)
        for line in [sample.election, sample.notice] + sample.declaration.split(whereSeparator: \.isNewline).map(String.init) {
            let words = BaseMarkdown.blocks(of: line).map(\.markup).joined().replacing(/<[^>]+>/, with: "")
            for word in words.split(whereSeparator: \.isWhitespace) {
                let isThere = isLoose ? letters.contains(Self.letters(String(word))) : bare.contains(Self.bare(String(word)))
                #expect(isThere || isLoose && Self.letters(String(word)).isEmpty, "\(word)")
            }
        }
        let fonts = try folder.run("pdffonts", ["b.pdf"]).split(whereSeparator: \.isNewline).dropFirst(2)
        for font in fonts where !font.contains("Helvetica") {
            let columns = font.split(separator: " ")
            // name, type (one or two words), encoding, emb, sub, uni, object.
            #expect(columns.suffix(5).prefix(3) == ["yes", "yes", "yes"], "\(font)")
        }
        // Twice the same.
        #expect(try Self.base(sample.text).bytes == base.bytes)
    }

    @Test("Chinese, Japanese and Korean have each their own forms of the characters")
    func hanForms() throws {
        let folder = try WritingFolder()
        var pictures: Set<[UInt8]> = []
        for language in ["zh-Hans", "zh-TW", "zh-HK", "ja", "ko"] {
            var text = WritingSamples.office(language: language, declaration: "骨直返角")
            text.returnNotice = "x"
            let base = try Self.base(text)
            try folder.write(base.bytes, to: "b.pdf")
            try folder.run("pdftoppm", ["-r", "100", "-gray", "-f", "2", "-l", "2", "-singlefile", "b.pdf", "b"])
            pictures.insert(try folder.read("b.pgm"))
        }
        #expect(pictures.count == 5)
    }

    @Test("Every East Asian character is drawn: none is blank", arguments: ["zh-Hans", "zh-Hant", "ja", "ko"])
    func ink(language: String) throws {
        let folder = try WritingFolder()
        try folder.write(try Self.base(try #require(WritingLanguages.sample(language)).text).bytes, to: "b.pdf")
        try folder.run("pdftoppm", ["-r", "72", "-gray", "-f", "2", "-l", "2", "-singlefile", "b.pdf", "b"])
        let picture = try folder.read("b.pgm").suffix(612 * 792)
        var checked = 0
        let words = try folder.run("pdftotext", ["-bbox", "-f", "2", "-l", "2", "b.pdf", "-"])
        for word in words.matches(of: #/xMin="([0-9.]+)" yMin="([0-9.]+)" xMax="([0-9.]+)" yMax="([0-9.]+)">([^<]*)</#) {
            let scalars = Array(word.5.unicodeScalars)
            guard let left = Double(word.1), let top = Double(word.2), let right = Double(word.3), let bottom = Double(word.4),
                scalars.allSatisfy({ $0.value > 0x2E80 })
            else { continue }
            let width = (right - left) / Double(scalars.count)
            for (index, scalar) in scalars.enumerated() where scalar.properties.isAlphabetic {
                let columns = Int(left + Double(index) * width)...Int(left + Double(index + 1) * width)
                let isDrawn = (Int(top)...Int(bottom)).contains { row in
                    columns.contains { picture[picture.startIndex + row * 612 + $0] < 160 }
                }
                #expect(isDrawn, "\(scalar) in \(word.5)")
                checked += 1
            }
        }
        #expect(checked > 20)
    }

    @Test("A character that no font has is refused and named, with the text that it stands in")
    func tofu() throws {
        for (character, code) in [
            ("\u{10FFFF}", "U+10FFFF"), ("\u{E000}", "U+E000"), ("\u{7}", "U+0007"), ("🫠", "U+1FAE0"), ("𐰴", "U+10C34")
        ] {
            var text = WritingSamples.office()
            text.returnNotice = "Return it \(character) by post."
            let error = #expect(throws: PacketError.self) { try BaseAssembly.check(text, paper: .letter, styleLabel: "x") }
            #expect(error?.code == .font, "\(code)")
            #expect(error?.message.contains(code) == true && error?.message.contains("Return it") == true, "\(error?.message ?? "")")
        }
    }

    @Test("A telephone number stays whole between Arabic words")
    func numbers() throws {
        let folder = try WritingFolder()
        let sample = try #require(WritingLanguages.sample("ar"))
        try folder.write(try Self.base(sample.text).bytes, to: "b.pdf")
        // Where each group of digits stands on the page, from the left.
        let boxes = try folder.run("pdftotext", ["-bbox", "-f", "1", "-l", "2", "b.pdf", "-"])
        for number in [["+1", "202", "555", "0100"], ["+1", "(202)", "555-0100"]] {
            let lines = boxes.split(whereSeparator: \.isNewline).compactMap { line in
                try? #/xMin="([0-9.]+)" yMin="([0-9.]+)".*>([^<]*)</word>/#.firstMatch(in: line)?.output
            }
            let found = lines.indices.contains { start in
                // In this order from left to right in one line.
                let row = lines.filter { abs((Double($0.2) ?? 0) - (Double(lines[start].2) ?? -9)) < 2 }.sorted {
                    (Double($0.1) ?? 0) < (Double($1.1) ?? 0)
                }.map { String($0.3) }
                return row.joined(separator: " ").contains(number.joined(separator: " "))
            }
            #expect(found, "\(number)")
        }
    }

    @Test("Arabic pages begin at the right; the voter's part of them at the left, as the tail writes")
    func mirrored() throws {
        let folder = try WritingFolder()
        let sample = try #require(WritingLanguages.sample("ar"))
        let base = try Self.base(sample.text)
        try folder.write(base.bytes, to: "b.pdf")
        let plain = try WritingSamples.base()
        func x(_ base: Base, _ field: BasePlan.Field) throws -> Double { try #require(base.plan.boxes.first { $0.field == field }).x }
        #expect(try x(base, .trackingQR) > 400 && x(plain, .trackingQR) < 100)
        #expect(try x(base, .name) == x(plain, .name) && x(base, .sender) == x(plain, .sender))
        #expect(base.plan.postSoon == "the earliest day you can", "the tail's font has no Arabic")
    }

    // MARK: For screen readers

    @Test("A screen reader finds headings, lists, the office's text and the voter's, in the order of reading")
    func structure() throws {
        let base = try Self.base(WritingSamples.office(declaration: "# I swear\n\nthat\n\n1. one\n   - inner\n2. two"))
        let packet = try WritingSamples.packet(WritingSamples.voter(), base: base)
        let folder = try WritingFolder()
        for (name, bytes) in [("b.pdf", base.bytes), ("p.pdf", packet)] { try folder.write(bytes, to: name) }
        let shape = try folder.run("pdfinfo", ["-struct", "b.pdf"]).split(whereSeparator: \.isNewline).map {
            $0.split(separator: " ").first ?? ""
        }
        #expect(shape.first == "Document")
        let text = try folder.run("pdfinfo", ["-struct-text", "p.pdf"])
        var rest = text[...]
        for words in [
            "H1", "Your ballot packet", "H2", "What to do", "L ", "LI ", "Lbl", "LBody", "Mark your ballot", "Post it by",
            "October 17, 2028", "T-7K3M-9QXV-2T8H-5N4P-W6ZR", "Follow your ballot", "Your election office", "Is this packet genuine?",
            "Declaration of the voter", "SIGN THIS PAGE", "H2", "I swear", "that", "Lbl", "one", "L ", "inner", "two", "Name",
            "Present mailing address", "Máire", "75015 Paris", "Signature of the voter", "Envelope for the U.S. mail", "Make it",
            "75015 Paris", "Envelope for other"
        ] {
            guard let found = rest.range(of: words) else {
                Issue.record("\(words) is not in the structure, or too early: \(rest.prefix(300))")
                return
            }
            rest = rest[found.upperBound...]
        }
        // A list's item inside another's.
        #expect(
            text.contains(/L \(block\)\n +LI \(block\)\n +Lbl \(block\)\n +"1\."\n +LBody \(block\)\n +P \(block\)\n +"one"\n +L \(block\)/)
        )
        let catalog = try folder.run("qpdf", ["--json", "--json-key=qpdf", "p.pdf"])
        #expect(!catalog.contains("/MarkInfo"), "the ballot's pages are not in the tree")
    }

    @Test("English captions around another language say that they are English")
    func captionLanguage() throws {
        let folder = try WritingFolder()
        func languages(_ sample: WritingLanguages.Sample) throws -> Int {
            try folder.write(try Self.base(sample.text).bytes, to: "b.pdf")
            let objects = try folder.run("qpdf", ["--qdf", "--object-streams=disable", "b.pdf", "-"])
            return objects.components(separatedBy: "/Lang (en)").count - 1
        }
        #expect(try languages(try #require(WritingLanguages.sample("ko"))) > 30)
        #expect(try languages(try #require(WritingLanguages.sample("ar"))) == 0)
    }

    @Test(
        "All that the office's pages draw is an element or an artifact, and the tree knows every number",
        .enabled(if: WritingFolder.has("python3", ["-c", "import pypdf"]), "python3 has no pypdf"))
    func marked() throws {
        let folder = try WritingFolder()
        try folder.write(try Self.base(WritingSamples.office()).bytes, to: "b.pdf")
        let judge = """
            import sys, pypdf
            from pypdf.generic import ContentStream
            reader = pypdf.PdfReader("b.pdf")
            tree = reader.trailer["/Root"]["/StructTreeRoot"]
            numbers = tree["/ParentTree"]["/Nums"]
            parents = {numbers[i]: numbers[i + 1].get_object() for i in range(0, len(numbers), 2)}
            listed = set()
            def walk(element, page):
                element = element.get_object()
                page = element.get("/Pg", page)
                kids = element.get("/K", [])
                for kid in kids if isinstance(kids, list) else [kids]:
                    if isinstance(kid, int): listed.add((page.get_object()["/StructParents"], int(kid), str(element.indirect_reference)))
                    else: walk(kid, page)
            walk(tree["/K"][0] if isinstance(tree["/K"], list) else tree["/K"], None)
            checked = 0
            for number, page in enumerate(reader.pages):
                if "/StructParents" not in page: continue
                key = page["/StructParents"]
                stack, mcids = [], []
                for operands, operator in ContentStream(page.get_contents(), reader).operations:
                    if operator in (b"BDC", b"BMC"):
                        stack.append(operands[0])
                        if operator == b"BDC" and "/MCID" in operands[1]: mcids.append(int(operands[1]["/MCID"]))
                    elif operator == b"EMC": stack.pop()
                    elif operator in (b"S", b"f", b"f*", b"B", b"Tj", b"TJ", b"Do"):
                        assert stack, (number, operator, operands)
                        if operator in (b"S", b"f"): assert stack[0] == "/Artifact", (number, stack)
                assert not stack
                assert len(set(mcids)) == len(mcids) == len(parents[key]), (number, mcids, len(parents[key]))
                for mcid, parent in enumerate(parents[key]):
                    assert (key, mcid, str(parent.get_object().indirect_reference)) in listed, (number, mcid)
                checked += 1
            print("pages", checked)
            """
        try folder.write(Array(judge.utf8), to: "judge.py")
        #expect(try folder.run("python3", ["judge.py"]).contains("pages 4"))
    }

    // MARK: Texts of any length

    @Test("Any texts at all either fit, whole and without touching, or are refused by name", arguments: 0..<6)
    func anyTexts(seed: Int) throws {
        var random = SeededNumbers(seed: UInt64(seed))
        let rounds = ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] == nil ? 3 : 60
        let folder = try WritingFolder()
        var fitted = 0
        for _ in 0..<rounds {
            let text = Self.anyText(&random)
            let paper: Paper = Bool.random(using: &random) ? .letter : .a4
            let base: Base
            do { base = try Self.base(text, paper: paper) } catch let error as PacketError {
                #expect(error.code == .layout && !error.message.isEmpty, "\(error)")
                continue
            }
            fitted += 1
            try folder.write(base.bytes, to: "b.pdf")
            let own = base.ballotPages.lowerBound - 1
            let found = Self.bare(try folder.run("pdftotext", ["-l", "\(own)", "b.pdf", "-"]))
            for words in [text.officeName, text.electionName, text.returnNotice, text.declaration] + text.address {
                for word in words.split(whereSeparator: { $0.isWhitespace || "*-#".contains($0) })
                where !Self.isHyphenated(String(word), found) {
                    Issue.record("\(word) of \(words) is not on the pages")
                }
            }
            try Self.expectNoOverlap(try folder.run("pdftotext", ["-bbox-layout", "-l", "\(own)", "b.pdf", "-"]), margin: 34)
        }
        #expect(fitted > 0)
    }

    /// A long word may be broken anywhere, and poppler reads it line by line.
    private static func isHyphenated(_ word: String, _ found: String) -> Bool {
        let bare = bare(word)
        if found.contains(bare) { return true }
        return (1..<max(2, bare.count)).contains { found.contains(bare.prefix($0)) && found.contains(bare.dropFirst($0)) }
    }

    /// No two words of a page share more than a hair of ink's room, and none leaves the paper.
    private static func expectNoOverlap(_ layout: String, margin: Double) throws {
        struct Word {
            var box: (Double, Double, Double, Double)
            var text: Substring
        }
        for page in layout.components(separatedBy: "<page ").dropFirst() {
            let size = try #require(try #/width="([0-9.]+)" height="([0-9.]+)"/#.firstMatch(in: page)?.output)
            let (width, height) = (Double(size.1) ?? 0, Double(size.2) ?? 0)
            let words = page.matches(of: #/<word xMin="([-0-9.]+)" yMin="([-0-9.]+)" xMax="([-0-9.]+)" yMax="([-0-9.]+)">([^<]*)</#).map {
                Word(box: (Double($0.1) ?? 0, Double($0.2) ?? 0, Double($0.3) ?? 0, Double($0.4) ?? 0), text: $0.5)
            }
            for (index, a) in words.enumerated() {
                #expect(a.box.0 > margin - 2 && a.box.2 < width - margin + 2, "\(a.text) leaves the page: \(a.box)")
                #expect(a.box.1 > margin - 14 && a.box.3 < height - margin + 14, "\(a.text) leaves the page: \(a.box)")
                for b in words[(index + 1)...] {
                    let across = min(a.box.2, b.box.2) - max(a.box.0, b.box.0)
                    let down = min(a.box.3, b.box.3) - max(a.box.1, b.box.1)
                    // Boxes are as high as the font says, which is more than its ink: a third of the lower one is no touch.
                    let allowed = 0.4 * min(a.box.3 - a.box.1, b.box.3 - b.box.1)
                    #expect(across < 1 || down < allowed, "\(a.text) and \(b.text) overlap: \(a.box) \(b.box)")
                }
            }
        }
    }

    private static func anyText(_ random: inout SeededNumbers) -> OfficeText {
        let stock = WritingLanguages.all.filter { !["ar", "he", "hi", "th"].contains($0.language) }
        let words =
            (stock.map(\.notice) + ["County of the Upper Rio Grande and Saint-Étienne", "Board of Elections and Voter Registration"])
            .flatMap { $0.split(separator: " ").map(String.init) }
        func some(_ count: ClosedRange<Int>) -> String {
            (0..<Int.random(in: count, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }.joined(separator: " ")
        }
        var text = WritingSamples.office(language: ["en", "es", "zh-Hans", "ko", "ru"].randomElement(using: &random) ?? "en")
        text.officeName = some(1...16)
        text.electionName = some(1...24)
        text.jurisdiction = some(1...12)
        text.address = (0..<Int.random(in: 1...6, using: &random)).map { _ in some(1...8) }
        text.returnNotice = some(1...60)
        text.declaration = (0..<Int.random(in: 1...14, using: &random)).map { _ in
            (["", "- ", "1. ", "# ", "   - "].randomElement(using: &random) ?? "") + some(1...120)
        }.joined(separator: "\n\n")
        text.witnessLines = Int.random(in: 0...2, using: &random)
        return text
    }
}

/// Numbers that are the same in every run.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
