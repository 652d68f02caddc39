import Foundation
import Packet
import Testing

@Suite("Form fields become part of the page", .enabled(if: TestProgram.present, "the uocava program is not built"))
struct ReadingFlatteningTests {
    /// A page with one field at 100, 600, sixty points square; object 6 draws a filled square, object 7 nothing.
    private func field(_ entries: String, page: String = "", catalog: String = "", form: String = "/BBox [0 0 10 10]") -> [UInt8] {
        ReadingSamples.page(
            catalog: "/AcroForm << /Fields [5 0 R] >> \(catalog)", page: "/Annots [5 0 R] \(page)",
            more: [
                "<< /Type /Annot /Subtype /Widget /FT /Btn /T (a) /Rect [100 600 160 660] \(entries) >>",
                ReadingSamples.stream("0 g 0 0 10 10 re f", "/Type /XObject /Subtype /Form \(form)"),
                ReadingSamples.stream("", "/Type /XObject /Subtype /Form /BBox [0 0 10 10]")
            ])
    }

    /// How dark the middle of a place is, 0 to 255, the place in points from the lower left of a letter page.
    private func ink(_ clean: CleanBallot, _ x: Double, _ y: Double) throws -> UInt8 {
        let picture = try #require(try PageRendering.draw(clean.pdf, pages: 1...1, child: ReadingSamples.child()).first)
        return 255 - picture[Int(x / 72 * 100), picture.height - 1 - Int(y / 72 * 100)]
    }

    private func sameAsVendor(_ bytes: [UInt8], _ clean: CleanBallot) throws -> Bool {
        try PageCompare.compare(bytes, pages: 1...1, clean.pdf, child: ReadingSamples.child()).isEmpty
    }

    @Test("A chosen box is drawn where it was, and nothing is left to fill in")
    func chosen() throws {
        let bytes = field("/F 4 /AS /On /AP << /N << /On 6 0 R /Off 7 0 R >> >>")
        let clean = try ReadingSamples.read(bytes)
        #expect(try ink(clean, 130, 630) == 255)
        #expect(try ink(clean, 95, 630) == 0)
        #expect(try sameAsVendor(bytes, clean))
        for word in ["AcroForm", "Annots", "Widget"] { #expect(!ReadingSamples.contains(clean.pdf, word)) }
        #expect(clean.warnings.isEmpty)
    }

    @Test("A box that is not chosen stays empty, a hidden one unseen")
    func notChosen() throws {
        for entries in [
            "/F 4 /AS /Off /AP << /N << /On 6 0 R /Off 7 0 R >> >>", "/F 6 /AS /On /AP << /N << /On 6 0 R >> >>", "/F 36 /AP << /N 6 0 R >>"
        ] {
            let bytes = field(entries)
            let clean = try ReadingSamples.read(bytes)
            #expect(try ink(clean, 130, 630) == 0, "\(entries)")
            #expect(try sameAsVendor(bytes, clean))
        }
    }

    @Test("Matrix, bounding box, turned and cropped pages place it as readers do")
    func placed() throws {
        let forms = [
            "/BBox [0 0 10 5]", "/BBox [10 10 0 0]", "/BBox [0 0 10 10] /Matrix [0 1 -1 0 0 0]",
            "/BBox [2 2 8 10] /Matrix [0.7 0.7 -0.7 0.7 3 4]"
        ]
        let pages = ["", "/Rotate 90", "/Rotate 180", "/Rotate -90 /CropBox [50 50 500 700]"]
        for form in forms {
            for page in pages {
                let bytes = field("/F 4 /AP << /N 6 0 R >>", page: page, form: form)
                #expect(try sameAsVendor(bytes, try ReadingSamples.read(bytes)), "\(form) \(page)")
            }
        }
    }

    @Test("A page's content that moves or forgets its coordinates does not move the field")
    func unbalancedContent() throws {
        let bytes = ReadingSamples.page(
            page: "/Annots [5 0 R]", content: "q 2 0 0 2 50 50 cm 0.5 0 0 rg 1 0 0 1 10 10 cm",
            more: [
                "<< /Subtype /Widget /FT /Btn /F 4 /Rect [100 600 160 660] /AP << /N 6 0 R >> >>",
                ReadingSamples.stream("0 0 10 10 re f", "/BBox [0 0 10 10]")
            ])
        let clean = try ReadingSamples.read(bytes)
        // One q more than Q: the field is drawn in coordinates that the vendor left moved. The comparison of pictures is there to say so.
        #expect(try sameAsVendor(bytes, clean) == (try ink(clean, 130, 630) == 255))
    }

    @Test("A field on a hidden layer stays hidden")
    func layer() throws {
        let catalog = "/OCProperties << /OCGs [8 0 R] /D << /OFF [8 0 R] /AS [<< /Event /Print /OCGs [8 0 R] /Category [/Print] >>] >> >>"
        var bytes = ReadingSamples.page(
            catalog: catalog, page: "/Annots [5 0 R 9 0 R]",
            more: [
                "<< /Subtype /Widget /F 4 /OC 8 0 R /Rect [100 600 160 660] /AP << /N 6 0 R >> >>",
                ReadingSamples.stream("0 g 0 0 10 10 re f", "/BBox [0 0 10 10]"), "null", "<< /Type /OCG /Name (hidden) >>",
                "<< /Subtype /Widget /F 4 /Rect [200 600 260 660] /AP << /N 6 0 R >> >>"
            ])
        let clean = try ReadingSamples.read(bytes)
        #expect(try ink(clean, 130, 630) == 0)
        #expect(try ink(clean, 230, 630) == 255)
        #expect(try sameAsVendor(bytes, clean))
        #expect(!ReadingSamples.contains(clean.pdf, "/Event"))
        bytes = ReadingSamples.page(catalog: "/OCProperties << /OCGs [] /D null >>")
        #expect(throws: Never.self) { try ReadingSamples.read(bytes) }
    }

    @Test("Layers that the vendor hid stay hidden in the base, and no reader is told how to show them")
    func layersInBase() throws {
        let bases = try ReadingBases()
        for configuration in [
            "/OFF [5 0 R]", "/BaseState /OFF /ON [6 0 R]",
            "/BaseState /ON /ON [6 0 R] /OFF [5 0 R] /Order [5 0 R 6 0 R] /RBGroups [[5 0 R]]"
        ] {
            let bytes = ReadingSamples.page(
                catalog: "/OCProperties << /OCGs [5 0 R 6 0 R] /D << /Name (all) \(configuration) >> /Configs [<< /OFF [6 0 R] >>] >>",
                page: "/Resources << /Properties << /Hidden 5 0 R /Shown 6 0 R >> >>",
                content: "/OC /Hidden BDC 0 g 100 600 60 60 re f EMC /OC /Shown BDC 0 g 200 600 60 60 re f EMC",
                more: ["<< /Type /OCG /Name (one) >>", "<< /Type /OCG /Name (two) >>"])
            let clean = try ReadingSamples.read(bytes)
            #expect(try ink(clean, 130, 630) == 0)
            #expect(try ink(clean, 230, 630) == 255)
            #expect(try sameAsVendor(bytes, clean))
            let base = try bases.base(clean.pdf)
            let differences = try PageCompare.compare(
                bytes, pages: 1...1, base.pdf, firstOfB: base.ballot.lowerBound, child: ReadingSamples.child())
            #expect(differences == [], "\(configuration)")
            for word in ["/Order ", "/RBGroups", "/Configs"] { #expect(!ReadingSamples.contains(clean.pdf, word)) }
        }
    }

    @Test("Rules that show a layer on screen or on paper only are left out, and that is said", arguments: [true, false])
    func layerRules(isListed: Bool) throws {
        let rules = { (print: String, view: String) in
            "<< /Type /OCG /Name (one) /Intent /View /Usage << /Print << /PrintState /\(print) >> /View << /ViewState /\(view) >> >> >>"
        }
        let bytes = ReadingSamples.page(
            catalog: isListed ? "/OCProperties << /OCGs [5 0 R 6 0 R] /D << >> >>" : "",
            page: "/Resources << /Properties << /Screen 5 0 R /Paper 6 0 R >> >>",
            content: "/OC /Screen BDC 0 g 100 600 60 60 re f EMC /OC /Paper BDC 0 g 200 600 60 60 re f EMC",
            more: [rules("OFF", "ON"), rules("ON", "OFF")])
        let clean = try ReadingSamples.read(bytes)
        for key in ["/Usage", "/Intent", "/PrintState"] { #expect(!ReadingSamples.contains(clean.pdf, key), "\(key)") }
        #expect(try ink(clean, 130, 630) == 255)
        #expect(try ink(clean, 230, 630) == 255)
        #expect(clean.warnings.contains { $0.contains("rules of their own for screen and print") })
    }

    @Test(
        "A font that is not in the file is named, however it is hidden",
        arguments: [
            "<< /Type /Font /Subtype /TrueType /BaseFont /Gone >>", "<< /Subtype /TrueType /BaseFont /Gone >>",
            "<< /Type /Font /Subtype /TrueType /BaseFont /Gone /FontDescriptor << /Type /FontDescriptor /FontName /Gone /Flags 32 >> >>",
            "<< /Type /Font /Subtype /TrueType /BaseFont /Gone /FontDescriptor << /FontName /Gone /Flags 32 /FontFile2 6 0 R >> >>",
            "<< /Type /Font /Subtype /TrueType /BaseFont /Gone /FontDescriptor << /Type /FontDescriptor /FontName /Gone /Flags 32 /FontFile2 6 0 R >> >>"
        ])
    func missingFonts(font: String) throws {
        let bytes = ReadingSamples.page(
            page: "/Resources << /Font << /F1 5 0 R >> >>", content: "BT /F1 12 Tf 100 600 Td (A) Tj ET",
            more: [font, ReadingSamples.stream("", "/Length1 0")])
        let warnings = try ReadingSamples.read(bytes).warnings
        #expect(warnings.contains { $0.contains("Fonts that are not in the file") && $0.contains("Gone") }, "\(warnings)")
    }

    @Test("Pages that share their resources keep their fields apart")
    func sharedResources() throws {
        let annotation = { (state: Int) in "<< /Subtype /Widget /F 4 /Rect [100 600 160 660] /AP << /N \(state) 0 R >> >>" }
        let bytes = ReadingSamples.pdf([
            "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 /Resources 7 0 R /MediaBox [0 0 612 792] >>",
            "<< /Type /Page /Parent 2 0 R /Annots [\(annotation(5))] >>", "<< /Type /Page /Parent 2 0 R /Annots [\(annotation(6))] >>",
            ReadingSamples.stream("0 g 0 0 10 10 re f", "/BBox [0 0 10 10]"),
            ReadingSamples.stream("0.6 g 0 0 10 10 re f", "/BBox [0 0 10 10]"),
            "<< /XObject << /Field1 5 0 R >> >>"
        ])
        let clean = try ReadingSamples.read(bytes)
        #expect(clean.pages.count == 2)
        #expect(try PageCompare.compare(bytes, pages: 1...2, clean.pdf, child: ReadingSamples.child()).isEmpty)
    }

    @Test("What is lost or changes between screen and paper is told")
    func warnings() throws {
        #expect(
            try ReadingSamples.read(field("/AP << /N 6 0 R >>")).warnings == [
                "Page 1: an annotation shows on screen though it would not be printed; it is now part of the page"
            ])
        #expect(
            try ReadingSamples.read(field("/F 4 /V (text) /MK << /BG [1] >>")).warnings == [
                "Page 1: an annotation has no appearance of its own in the file; it was left out"
            ])
        let asked = try ReadingSamples.read(ReadingSamples.page(catalog: "/AcroForm << /NeedAppearances true /SigFlags 1 /Fields [] >>"))
        #expect(asked.warnings.count == 2)
    }
}
