import Foundation
import Packet
import Testing

@Suite("The fronts of the envelope")
struct WritingEnvelopeTests {
    private static func base(_ paper: Paper, language: String = "en", imb: Bool) throws -> Base {
        try BaseAssembly.make(
            BaseInput(
                text: WritingSamples.office(language: language, imb: imb), paper: paper, ballotPDF: WritingSamples.ballot(pages: 1),
                styleLabel: "P22-SMD-04"), running: BaseAssembly.run)
    }

    private static func voter(serial: Int? = nil) throws -> VoterText {
        var voter = WritingSamples.voter()
        voter.imb = try serial.map {
            try IntelligentMail(barcodeID: "00", serviceType: "051", mailerID: "912345678", serial: $0, routing: "200011234")
        }
        return voter
    }

    private static func fronts(_ paper: Paper, of base: Base) -> [(page: Int, front: PrintedFront)] {
        let fronts = PrintedFront.all(paper)
        return fronts.enumerated().map { (base.pageCount - fronts.count + 1 + $0.offset, $0.element) }
    }

    @Test(
        "Every front reads back: return code, sender, office, and for the U.S. mail the barcode and the facing mark that belong together",
        .enabled(if: WritingFolder.hasZBar, "zbarimg is not installed"), arguments: Paper.allCases, [false, true])
    func readBack(paper: Paper, imb: Bool) throws {
        let folder = try WritingFolder()
        let base = try Self.base(paper, imb: imb)
        let voter = try Self.voter(serial: imb ? 123_456 : nil)
        try folder.write(try WritingSamples.packet(voter, base: base), to: "p.pdf")
        let sheets = try PrintedSheet.pages(of: "p.pdf", as: "page", in: folder)
        for (page, front) in Self.fronts(paper, of: base) {
            #expect(
                try folder.run("zbarimg", ["--quiet", "page-\(page).pgm"], anyStatus: true).contains("CODE-128:\(voter.returnCode)\n"))
            let text = try folder.run("pdftotext", ["-f", "\(page)", "-l", "\(page)", "p.pdf", "-"]).split(whereSeparator: \.isWhitespace)
                .joined(separator: " ")
            for words in [voter.name, "75015 Paris", "FRANCE", voter.returnCode, "Board of Elections", "Washington DC 20001"] {
                #expect(text.contains(words), "page \(page): \(words)")
            }
            let sheet = sheets[page - 1]
            #expect(front.bars(on: sheet) == (front.isForeign ? nil : voter.imb?.bars))
            for words in ["U.S. Postage Paid", "39 USC 3406", "DMM 703.8.0", "FIRST-CLASS MAIL"] {
                #expect(text.contains(words) != front.isForeign, "page \(page): \(words)")
            }
            #expect(text.contains("PAR AVION"))
            for words in ["Place postage here", "AIR MAIL", "UNITED STATES OF AMERICA"] {
                #expect(text.contains(words) == front.isForeign, "page \(page): \(words)")
            }
            if !front.isForeign { #expect(front.facingMark(on: sheet) == (imb ? "110101011" : "101101101")) }
        }
    }

    @Test("A barcode without ZIP+4 leaves the facing mark at B, and an office with a Mailer ID can have a packet without barcode")
    func facingMark() throws {
        var text = WritingSamples.office(imb: true)
        text.imbHasZIP4 = false
        let base = try BaseAssembly.make(
            BaseInput(text: text, paper: .letter, ballotPDF: WritingSamples.ballot(pages: 1), styleLabel: "x"), running: BaseAssembly.run)
        let folder = try WritingFolder()
        try folder.write(try WritingSamples.packet(Self.voter(), base: base), to: "p.pdf")
        let sheets = try PrintedSheet.pages(of: "p.pdf", as: "page", in: folder)
        for (page, front) in Self.fronts(.letter, of: base) where !front.isForeign {
            let sheet = sheets[page - 1]
            #expect(front.facingMark(on: sheet) == "101101101")
            #expect(front.bars(on: sheet) == nil)
        }
    }

    @Test("The tail writes inside its boxes, on all pages and nowhere else", arguments: Paper.allCases)
    func inside(paper: Paper) throws {
        let folder = try WritingFolder()
        let base = try Self.base(paper, imb: true)
        try folder.write(base.bytes, to: "base.pdf")
        let blank = try PrintedSheet.pages(of: "base.pdf", dotsPerInch: 100, as: "blank", in: folder)
        let long = String(repeating: "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch ", count: 3)
        var full = try Self.voter(serial: 999_999)
        full.name = long
        full.residence = Array(repeating: long, count: 4)
        full.mailing = Array(repeating: long, count: 5)
        var empty = try Self.voter(serial: 0)
        empty.name = "X"
        empty.residence = []
        empty.mailing = []
        empty.mailingCountry = nil
        for (name, voter) in [("full", full), ("empty", empty)] {
            try folder.write(try WritingSamples.packet(voter, base: base), to: "p.pdf")
            let written = try PrintedSheet.pages(of: "p.pdf", dotsPerInch: 100, as: name, in: folder)
            for (page, (before, after)) in zip(1..., zip(blank, written)) {
                let boxes = base.places.filter { $0.page == page }.flatMap { place in
                    base.plan.boxes.filter { $0.overlay == place.overlay }.map { box in
                        let bottom = Double(after.height) * 72 / after.dotsPerInch - place.y - box.y
                        let left = place.x + box.x
                        // A dot to each side for the edges of letters.
                        return (
                            columns: after.dots(left) - 1...after.dots(left + box.width) + 1,
                            rows: after.dots(bottom - box.height) - 1...after.dots(bottom) + 1
                        )
                    }
                }
                let changed = after.differences(from: before)
                #expect(changed.isEmpty == boxes.isEmpty, "\(name), page \(page)")
                let outside = changed.filter { dot in !boxes.contains { $0.columns.contains(dot.column) && $0.rows.contains(dot.row) } }
                #expect(outside.isEmpty, "\(name), page \(page): \(outside.prefix(5))")
            }
        }
    }

    @Test("All fronts share their overlays, so that a tail carries the voter once", arguments: Paper.allCases)
    func shared(paper: Paper) throws {
        let base = try Self.base(paper, imb: true)
        let fronts = Self.fronts(paper, of: base)
        #expect(base.plan.overlays.count == 4)
        let sender = try #require(base.plan.boxes.first { $0.field == .sender }).overlay
        let barcode = try #require(base.plan.boxes.first { $0.field == .intelligentMail }).overlay
        #expect(base.places.filter { $0.overlay == sender }.map(\.page) == fronts.map(\.page))
        #expect(base.places.filter { $0.overlay == barcode }.map(\.page) == fronts.filter { !$0.front.isForeign }.map(\.page))
        #expect(base.plan.boxes.filter { $0.field == .sender }.count == 1)

        let composer = try TailComposer(base: base.plan, baseLength: base.bytes.count, cmsCapacity: 800)
        let tail = try composer.compose(
            Self.voter(serial: 1), manifest: [UInt8](repeating: 65, count: 500), signedAt: 0, signerName: "Board of Elections"
        ) { _, _ in [0x30, 0x03, 1, 2, 3] }
        #expect(tail.bytes.count < 5 * 1024 + 256, "\(tail.bytes.count)")
    }

    @Test("What the voter must read beside the front is set in 12 points and says “100 %”", arguments: Paper.allCases, ["en", "es"])
    func advice(paper: Paper, language: String) throws {
        let folder = try WritingFolder()
        let base = try Self.base(paper, language: language, imb: true)
        try folder.write(base.bytes, to: "b.pdf")
        for (page, front) in Self.fronts(paper, of: base) {
            let text = try folder.run("pdftotext", ["-bbox", "-f", "\(page)", "-l", "\(page)", "b.pdf", "-"])
            #expect(text.contains(">100</word>"))
            var count = 0
            var small: [Substring] = []
            var outside: [Substring] = []
            for word in text.matches(of: /<word xMin="([0-9.]+)" yMin="([0-9.]+)" xMax="([0-9.]+)" yMax="([0-9.]+)">.*/) {
                let (left, top) = (Double(word.1) ?? 0, Double(word.2) ?? 0)
                let (right, bottom) = (Double(word.3) ?? 0, Double(word.4) ?? 0)
                // DejaVu Sans is 1.164 of its size high. Beside the front are only small marks for the scissors.
                if top > front.bottom, left > front.left, right < front.right {
                    count += 1
                    if bottom - top < 1.16 * 12 * 0.99 { small.append(word.0) }
                }
                let sheet = paper == .letter ? (792.0, 612.0) : (841.89, 595.28)
                if left < 18 || top < 18 || right > sheet.0 - 18 || bottom > sheet.1 - 18 { outside.append(word.0) }
            }
            #expect(small.isEmpty, "page \(page)")
            #expect(outside.isEmpty, "page \(page)")
            #expect(count > 20)
        }
    }

    @Test("An address that ends in the country's name gets it once on the front for foreign post, and long ones still fit")
    func address() throws {
        let folder = try WritingFolder()
        for lines in [
            ["PO Box 1", "Austin TX 78701", "U.S.A."],
            [
                "Administrative Services Building, Room 1200", "Division of Elections and Registration", "Attention: Absentee",
                "Uniformed Voters' Desk", "1 County Way", "Saint Augustine, FL 32084-1234"
            ]
        ] {
            var text = WritingSamples.office()
            text.officeName = "Office of the Supervisor of Elections of Saint Johns County"
            text.address = lines
            let base = try BaseAssembly.make(
                BaseInput(text: text, paper: .a4, ballotPDF: WritingSamples.ballot(pages: 1), styleLabel: "x"), running: BaseAssembly.run)
            try folder.write(base.bytes, to: "b.pdf")
            let last = try folder.run("pdftotext", ["-f", "\(base.pageCount)", "b.pdf", "-"])
            #expect(last.components(separatedBy: "UNITED STATES OF AMERICA").count == 2)
            #expect(!last.contains("U.S.A."))
            for line in lines where line != "U.S.A." { #expect(last.contains(line)) }
        }
    }
}
