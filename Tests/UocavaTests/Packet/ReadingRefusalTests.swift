import Foundation
import Packet
import Testing

@Suite("What import refuses in a vendor's PDF", .enabled(if: TestProgram.present, "the uocava program is not built"))
struct ReadingRefusalTests {
    @Test(
        "Files that are no PDF are called what they are",
        arguments: [
            ("", "it is empty"), ("Dear Sir or Madam,\nplease find the ballot.", "it is a text file"),
            ("<!DOCTYPE html><p>Sign in", "it is a web page"),
            ("PK\u{3}\u{4}word/document.xml", "it is a ZIP, Word or Excel file"), ("%!PS-Adobe-3.0\n", "it is a PostScript file")
        ])
    func notPDF(content: String, words: String) {
        let error = ReadingSamples.refusal(Array(content.utf8))
        #expect(error?.code == .notPDF)
        #expect(error?.message.contains(words) == true)
        #expect(error?.file == "ballot.pdf")
    }

    @Test(
        "Scripts and actions that do something are refused with their object",
        arguments: [
            ("/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>", "JavaScript"),
            ("/OpenAction << /Type /Action /S /Rendition /JS 5 0 R >>", "JavaScript"),
            ("/AA << /WC << /S /JavaScript /JS 5 0 R >> >>", "JavaScript"),
            ("/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (1) >>] >> >>", "JavaScript"),
            ("/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next << /S /Launch /F (calc.exe) >> >>", "start a program"),
            ("/OpenAction << /S /SubmitForm /F (http://example.com/) >>", "over the network"),
            ("/OpenAction << /S /ImportData /F (x.fdf) >>", "another file"),
            ("/Outlines << /First << /Title (x) /A << /S /Launch /F (x) >> >> >>", "start a program")
        ])
    func actions(catalog: String, words: String) {
        let error = ReadingSamples.refusal(ReadingSamples.page(catalog: catalog, more: [ReadingSamples.stream("app.alert(1)")]))
        #expect(error?.code == .activeContent)
        #expect(error?.message.contains(words) == true)
    }

    @Test("A script behind a button on page 1 is refused and the page is named")
    func buttonScript() {
        let button = "<< /Type /Annot /Subtype /Widget /FT /Btn /Rect [0 0 9 9] /A << /S /JavaScript /JS (1) >> >>"
        let error = ReadingSamples.refusal(ReadingSamples.page(page: "/Annots [5 0 R]", more: [button]))
        #expect(error?.code == .activeContent)
        #expect(error?.object == "page 1, object 5 0")
    }

    @Test("The names of a script hidden by escapes are seen through")
    func escapedNames() {
        #expect(
            ReadingSamples.refusal(ReadingSamples.page(catalog: "/OpenAction << /#53 /Java#53cript /J#53 (1) >>"))?.code == .activeContent)
    }

    @Test(
        "Embedded files are refused",
        arguments: [
            ("/Names << /EmbeddedFiles << /Names [(a) << /Type /Filespec /F (a) /EF << /F 5 0 R >> >>] >> >>", ""),
            ("/Collection << /Type /Collection >>", ""), ("/AF [<< /Type /Filespec /F (a) /EF << /F 5 0 R >> >>]", ""),
            ("", "/Annots [<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] >>]")
        ])
    func embeddedFiles(catalog: String, page: String) {
        let file = ReadingSamples.stream("x", "/Type /EmbeddedFile")
        #expect(ReadingSamples.refusal(ReadingSamples.page(catalog: catalog, page: page, more: [file]))?.code == .embeddedFile)
    }

    @Test("XFA forms, film and PostScript are refused")
    func foreignContent() {
        #expect(ReadingSamples.refusal(ReadingSamples.page(catalog: "/AcroForm << /Fields [] /XFA [(a) (b)] >>"))?.code == .dynamicForm)
        #expect(ReadingSamples.refusal(ReadingSamples.page(catalog: "/NeedsRendering true"))?.code == .dynamicForm)
        for kind in ["Screen", "Movie", "Sound", "RichMedia", "3D"] {
            let error = ReadingSamples.refusal(ReadingSamples.page(page: "/Annots [<< /Subtype /\(kind) /Rect [0 0 9 9] >>]"))
            #expect(error?.code == .activeContent, "\(kind)")
        }
        let script = ReadingSamples.stream("showpage", "/Type /XObject /Subtype /PS")
        let error = ReadingSamples.refusal(ReadingSamples.page(page: "/Resources << /XObject << /A 5 0 R >> >>", more: [script]))
        #expect(error?.code == .activeContent)
    }

    @Test(
        "References out of the file are refused",
        arguments: [
            "/Type /XObject /Subtype /Image /Width 1 /Height 1 /F (picture.jpg)",
            "/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Ref << /F (a.pdf) /Page 0 >>",
            "/Type /XObject /Subtype /Form /BBox [0 0 1 1] /OPI << /2.0 << /F (a.tif) >> >>"
        ])
    func external(entries: String) {
        let bytes = ReadingSamples.page(page: "/Resources << /XObject << /A 5 0 R >> >>", more: [ReadingSamples.stream("x", entries)])
        #expect(ReadingSamples.refusal(bytes)?.code == .externalReference)
    }

    @Test("An action that leads to another file is refused")
    func remoteAction() {
        for action in ["GoToR", "GoToE"] {
            #expect(
                ReadingSamples.refusal(ReadingSamples.page(catalog: "/OpenAction << /S /\(action) /F (b.pdf) >>"))?.code
                    == .externalReference)
        }
    }

    @Test("No pages, 65 pages, stamps and posters are refused; 64 pages and exactly 3 and 40 inches are taken")
    func sizes() throws {
        #expect(ReadingSamples.refusal(ReadingSamples.pages(0))?.code == .pageCount)
        #expect(ReadingSamples.refusal(ReadingSamples.pages(65))?.code == .pageCount)
        #expect(try ReadingSamples.read(ReadingSamples.pages(64)).pages.count == 64)
        for box in ["0 0 215 792", "0 0 612 2881", "0 0 0 0", "0 0 1e30 1e30"] {
            #expect(ReadingSamples.refusal(ReadingSamples.page(box: box))?.code == .pageSize, "\(box)")
        }
        #expect(try ReadingSamples.read(ReadingSamples.page(box: "0 0 216 2880")).pages == [PageSize(width: 216, height: 2880)])
        let error = ReadingSamples.refusal(ReadingSamples.page(box: "0 0 72 792"))
        #expect(error?.message == "page 1 is 1.0 by 11.0 inches; sides of 3 to 40 are taken")
    }

    @Test("A page that only one of two programs shows is noticed, and so is a difference in any of several files")
    func everyPage() throws {
        let child = ReadingSamples.child()
        let (one, two) = (ReadingSamples.pages(1), ReadingSamples.pages(2))
        #expect(try PageCompare.compare(two, pages: 1...1, with: [(one, 1), (two, 2)], child: child).isEmpty)
        for (vendor, ours) in [(two, one), (one, two)] {
            let pages = ours == two ? 1...2 : 1...1
            let error = #expect(throws: PacketError.self) {
                try PageCompare.compare(vendor, pages: pages, isWhole: true, with: [(ours, 1)], child: child)
            }
            #expect(error?.code == .pictureChanged)
            #expect(error?.message == "not every page of the ballot would be in the packet")
        }
        let grey = ReadingSamples.page()
        #expect(try PageCompare.compare(grey, pages: 1...1, isWhole: true, with: [(grey, 1), (one, 1)], child: child).count == 1)
        // libqpdf counts the pages that are there, poppler believes what the tree says.
        let lying = ReadingSamples.pdf([
            "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>", "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>"
        ])
        let clean = try ReadingSamples.read(lying)
        #expect(throws: PacketError.self) {
            try PageCompare.compare(lying, pages: 1...clean.pages.count, isWhole: true, with: [(clean.pdf, 1)], child: child)
        }
    }

    @Test("A file of more than 32 MB is refused before anything reads it")
    func tooLarge() {
        let error = ReadingSamples.refusal([UInt8](repeating: 0x20, count: BallotReader.maximumBytes + 1))
        #expect(error?.code == .tooLarge)
    }

    @Test("Damage is refused with its place, and taken with a warning where the office accepts repaired files")
    func damage() throws {
        var bytes = ReadingSamples.page()
        let marker = Data(bytes).range(of: Data("startxref\n".utf8))
        let start = try #require(marker).upperBound
        bytes[start] = UInt8(ascii: "9")
        let error = ReadingSamples.refusal(bytes)
        #expect(error?.code == .damaged)
        #expect(error?.hint.contains("--accept-repaired") == true)
        #expect(error?.cause?.isEmpty == false)
        let clean = try ReadingSamples.read(bytes, acceptRepaired: true)
        #expect(clean.repaired)
        #expect(clean.warnings.first?.contains("repaired") == true)
        #expect(try ReadingSamples.read(ReadingSamples.page(), acceptRepaired: true).repaired == false)
    }

    @Test("Content that cannot be decoded is refused: it would draw half a ballot")
    func damagedContent() {
        let bytes = ReadingSamples.pdf([
            "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
            ReadingSamples.stream("not deflated", "/Filter /FlateDecode")
        ])
        let error = ReadingSamples.refusal(bytes)
        #expect(error?.code == .damaged)
        #expect(error?.object == "page 1, object 4 0")
    }

    @Test("What only moves about in the file is dropped without a fuss")
    func harmless() throws {
        let catalog = """
            /OpenAction << /S /GoTo /D [3 0 R /Fit] >> /PageLabels << /Nums [0 << /S /r >>] >> /Names << /Dests << /Names [] >> >> \
            /Outlines << /First << /Title (Secret) /A << /S /URI /URI (http://example.com/) >> >> >> /Metadata 5 0 R /Lang (es) \
            /ViewerPreferences << /NumCopies 5 >>
            """
        let bytes = ReadingSamples.page(
            catalog: catalog,
            page: "/AA << /O << /S /GoTo /D [3 0 R /Fit] >> >> /Annots [<< /Subtype /Link /Rect [9 9 99 99] /Border [0 0 0] >>]",
            more: [ReadingSamples.stream("<x>Author</x>", "/Type /Metadata /Subtype /XML")], trailer: "/Info << /Author (A. Person) >>")
        let clean = try ReadingSamples.read(bytes)
        for word in [
            "OpenAction", "PageLabels", "Names", "Outlines", "Metadata", "/AA", "Annots", "Author", "Person", "NumCopies", "example.com"
        ] {
            #expect(!ReadingSamples.contains(clean.pdf, word), "\(word)")
        }
        #expect(ReadingSamples.contains(clean.pdf, "/Lang (es)"))
        #expect(clean.warnings.isEmpty)
        #expect(try PageCompare.compare(bytes, pages: 1...1, clean.pdf, child: ReadingSamples.child()).isEmpty)
    }
}
