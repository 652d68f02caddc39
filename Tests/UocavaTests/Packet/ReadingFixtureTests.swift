import Foundation
import Packet
import Testing

@Suite(
    "Vendors' real ballots", .enabled(if: Fixtures.present, "…/shared/fixtures is not there"),
    .enabled(if: TestProgram.present, "the uocava program is not built"))
struct ReadingFixtureTests {
    private let isLong = ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] != nil

    private func bytes(_ url: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }

    @Test("All eight ballots of the District of Columbia keep their ovals, which were form fields")
    func districtOfColumbia() throws {
        let files = ReadingSamples.files("offices/dc-2010/ballots")
        #expect(files.count == 8)
        for file in files {
            let vendor = try bytes(file)
            let fields = try QPDFDocument(reading: vendor, name: file.lastPathComponent)
            // The write-in lines are text fields, empty and without an appearance.
            let ovals = try #require(try fields.page(0)["/Annots"]).items.filter { $0["/AP"] != nil }
            #expect(ovals.count >= 24)

            let clean = try ReadingSamples.read(vendor)
            #expect(clean.pages == [PageSize(width: 612, height: 792)])
            #expect(clean.repaired == false)
            #expect(try PageCompare.compare(vendor, pages: 1...1, clean.pdf, child: ReadingSamples.child()).isEmpty)
            // Not only the same: there is ink in every place where a field was, and there is none without the fields.
            let picture = try #require(try PageRendering.draw(clean.pdf, pages: 1...1, child: ReadingSamples.child()).first)
            for annotation in ovals {
                let box = try #require(annotation["/Rect"]).items.compactMap(\.number).map { $0 / 72 * 100 }
                let columns = Int(min(box[0], box[2]))...Int(max(box[0], box[2]))
                let rows = (picture.height - 1 - Int(max(box[1], box[3])))...(picture.height - 1 - Int(min(box[1], box[3])))
                #expect(rows.contains { y in columns.contains { x in picture[x, y] < 128 } }, "\(file.lastPathComponent) \(box)")
            }
            for word in ["AcroForm", "Annots", "Widget"] { #expect(!ReadingSamples.contains(clean.pdf, word)) }
        }
    }

    @Test("Without its fields a ballot of the District is a different picture, and the comparison says so")
    func missingOvals() throws {
        let file = try #require(ReadingSamples.files("offices/dc-2010/ballots").first)
        let vendor = try bytes(file)
        let document = try QPDFDocument(reading: vendor, name: "ballot")
        try document.page(0).remove("/Annots")
        let differences = try PageCompare.compare(vendor, pages: 1...1, try document.write(), child: ReadingSamples.child())
        #expect(differences.count == 1)
        #expect(differences.first?.page == 1)
    }

    @Test("A damaged ballot is read where the office accepts repaired files, and it still shows the same")
    func repaired() throws {
        let file = try #require(ReadingSamples.files("ballots-pdf").first { $0.lastPathComponent == "CHIL_bubbleballot01.pdf" })
        let vendor = try bytes(file)
        let clean = try ReadingSamples.read(vendor, acceptRepaired: true)
        #expect(clean.repaired)
        #expect(try PageCompare.compare(vendor, pages: 1...1, clean.pdf, child: ReadingSamples.child()).isEmpty)
    }

    @Test("The same file gives the same bytes, and a cleaned file is taken again without a word")
    func deterministic() throws {
        for folder in ["offices/dc-2010/ballots", "ballots-pdf", "sf-osv/2018-06-05"] {
            let file = try #require(ReadingSamples.files(folder).last)
            let first = try ReadingSamples.read(try bytes(file))
            let second = try ReadingSamples.read(try bytes(file))
            #expect(first == second)
            let again = try ReadingSamples.read(first.pdf)
            #expect(again.pages == first.pages)
            #expect(!again.repaired)
        }
    }

    @Test("A ballot with bytes changed at random is read or refused, never more than that")
    func mutated() throws {
        let file = try #require(ReadingSamples.files("offices/dc-2010/ballots").first)
        let vendor = try bytes(file)
        var state: UInt64 = 2010
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: state >> 33) % bound
        }
        for _ in 0..<(isLong ? 2000 : 60) {
            var changed = vendor
            for _ in 0...next(20) { changed[next(changed.count)] = UInt8(next(256)) }
            if next(4) == 0 { changed.removeLast(next(changed.count)) }
            if let error = ReadingSamples.refusal(changed, acceptRepaired: true) {
                #expect(error.code != .childUnavailable && error.code != .library, "\(error)")
            }
        }
    }
}
