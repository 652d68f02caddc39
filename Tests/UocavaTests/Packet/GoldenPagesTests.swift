import Foundation
import Packet
import Testing

/// Pictures of the office's pages that a person has looked at, in `Tests/UocavaTests/Goldens`: what is drawn must go on looking like them.
///
/// After a wanted change `UOCAVA_NEW_GOLDENS=1` writes them anew; look at each before it is kept.
@Suite(
    "The office's pages look as they did",
    .enabled(if: WritingFolder.has("python3", ["-c", "from PIL import Image"]), "python3 has no PIL"))
struct GoldenPagesTests {
    /// A page: where it is in the packet, and what it is called among the pictures.
    struct Page: Sendable, CustomStringConvertible {
        var language: String
        var paper: Paper
        var witnesses = 0
        var kind: Kind

        /// Counted from 1; from the end for those that come last.
        enum Kind: String, Sendable, CaseIterable {
            case cover, declaration, envelope, foreign

            func number(among count: Int) -> Int {
                switch self {
                case .cover: 1
                case .declaration: 2
                // Behind the ballot's one page.
                case .envelope: 4
                case .foreign: count
                }
            }
        }

        var description: String { "\(kind.rawValue)-\(language)-\(paper.rawValue)" }
    }

    static let pages: [Page] =
        ["en", "es", "zh-Hans", "ko", "ar", "hi"].flatMap { language in
            Page.Kind.allCases.map { kind in
                // Both papers where the captions are ours; the others take turns.
                Page(
                    language: language, paper: ["es", "ko", "ar"].contains(language) ? .a4 : .letter, witnesses: language == "es" ? 2 : 0,
                    kind: kind)
            }
        } + [
            Page(language: "en", paper: .a4, witnesses: 1, kind: .cover),
            Page(language: "en", paper: .a4, witnesses: 1, kind: .declaration),
            Page(language: "en", paper: .a4, kind: .envelope), Page(language: "en", paper: .a4, kind: .foreign)
        ]

    private static let goldens = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Goldens")

    @Test("A page has not changed", arguments: pages)
    func golden(page: Page) throws {
        var text =
            try WritingLanguages.sample(page.language)?.text
            ?? WritingSamples.office(language: page.language, declaration: Self.affirmations[page.language])
        text.witnessLines = page.witnesses
        let input = BaseInput(text: text, paper: page.paper, ballotPDF: WritingSamples.ballot(pages: 1), styleLabel: "P22-SMD-04")
        let base = try BaseAssembly.make(input, running: BaseAssembly.run)
        let packet = try WritingSamples.packet(WritingSamples.voter(), base: base)
        let folder = try WritingFolder()
        try folder.write(packet, to: "p.pdf")
        let number = "\(page.kind.number(among: base.pageCount))"
        try folder.run("pdftoppm", ["-r", "60", "-gray", "-f", number, "-l", number, "-singlefile", "p.pdf", "new"])
        try folder.write(Array(Self.judge.utf8), to: "judge.py")
        let golden = Self.goldens.appendingPathComponent("\(page).png")
        let rewrites = ProcessInfo.processInfo.environment["UOCAVA_NEW_GOLDENS"] != nil
        if rewrites { try FileManager.default.createDirectory(at: Self.goldens, withIntermediateDirectories: true) }
        let answer = try folder.run("python3", ["judge.py", rewrites ? "write" : "compare", golden.path], anyStatus: true)
        guard !answer.hasPrefix("same") else { return }
        let kept = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-new-\(page).png")
        try? FileManager.default.removeItem(at: kept)
        try FileManager.default.copyItem(at: folder.url.appendingPathComponent("new.png"), to: kept)
        Issue.record("\(page) looks different (\(answer)). The new picture is \(kept.path); UOCAVA_NEW_GOLDENS=1 keeps it")
    }

    /// Pictures of 8 greys. One pixel may be a little lighter or darker with another version of a library; a line that moved or a letter that
    /// is another makes hundreds differ much.
    private static let judge = """
        import sys
        from PIL import Image, ImageChops
        new = Image.open("new.pgm").convert("L").point(lambda v: v // 36 * 36)
        packed = new.quantize(8)
        packed.save("new.png", optimize=True)
        if sys.argv[1] == "write":
            packed.save(sys.argv[2], optimize=True)
            print("same")
            sys.exit()
        try:
            old = Image.open(sys.argv[2]).convert("L")
        except FileNotFoundError:
            print("there is no golden picture")
            sys.exit()
        if old.size != new.size:
            print("another size", old.size, new.size)
            sys.exit()
        differing = sum(ImageChops.difference(old, new).histogram()[64:])
        print("same" if differing <= 40 else f"{differing} pixels differ")
        """

    private static let affirmations = [
        "en": """
        I swear or affirm, **under penalty of perjury**, that:

        1. I am a U.S. citizen, at least 18 years of age (or will be by the day of the election), eligible to vote in the requested
           jurisdiction;
        2. I am not disqualified to vote due to having been convicted of a felony or other disqualifying offense;
        3. I have voted and sealed this ballot in private and have not allowed any person to observe my marking of it, except
           - those authorized to assist voters under State or Federal law;
        4. I am *not* requesting a ballot or voting in any other jurisdiction in the United States.
        """,
        "es": """
        Juro o afirmo, **bajo pena de perjurio**, que:

        - soy ciudadano o ciudadana de los Estados Unidos y tengo al menos 18 años;
        - marqué y cerré esta boleta en privado;
        - *no* voto en ninguna otra jurisdicción de los Estados Unidos.
        """
    ]
}
