import Foundation
import Packet
import Testing

@Suite("Pages are compared as pictures", .enabled(if: TestProgram.present, "the uocava program is not built"))
struct ReadingPicturesTests {
    private func compare(_ a: [UInt8], _ pages: ClosedRange<Int>, _ b: [UInt8], firstOfB: Int = 1) throws -> [PageDifference] {
        try PageCompare.compare(a, pages: pages, b, firstOfB: firstOfB, child: ReadingSamples.child())
    }

    @Test("One black point is found, with its place and strength")
    func onePoint() throws {
        // The point lies on exactly one pixel at 100 dpi: 0.72 points wide, at 36 and 792 - 36.72 from below.
        let a = ReadingSamples.page(content: "")
        let b = ReadingSamples.page(content: "0 g 36 755.28 0.72 0.72 re f")
        let differences = try compare(a, 1...1, b)
        guard case .pixels(let count, let largest, let left, let top, _, _) = differences.first?.kind else {
            Issue.record("no difference found")
            return
        }
        #expect(differences.count == 1)
        #expect((1...4).contains(count))
        #expect(largest > 200)
        #expect((49...51).contains(left) && (49...51).contains(top))
        #expect(try compare(a, 1...1, a).isEmpty)
    }

    @Test("Another size is a difference; missing pages are an error")
    func sizes() throws {
        let letter = ReadingSamples.page()
        let differences = try compare(letter, 1...1, ReadingSamples.page(box: "0 0 595 842"))
        #expect(
            differences == [PageDifference(page: 1, kind: .size(PageSize(width: 850, height: 1100), PageSize(width: 827, height: 1170)))])
        #expect(throws: PacketError.self) { try compare(ReadingSamples.pages(3), 1...3, letter) }
    }

    @Test("A range of pages is compared with pages elsewhere in the other file")
    func ranges() throws {
        let page = { (gray: String) in
            try QPDFDocument(reading: ReadingSamples.page(content: "\(gray) g 0 0 99 99 re f"), name: gray).page(0)
        }
        let long = try QPDFDocument.empty()
        for gray in ["0", "0.2", "0.4", "0.6", "0.8", "0.9", "1"] { try long.addPage(try page(gray)) }
        let short = try QPDFDocument.empty()
        for gray in ["0.2", "0.4", "0.6", "0.8", "0.1"] { try short.addPage(try page(gray)) }
        #expect(try compare(try long.write(), 2...5, try short.write()).isEmpty)
        #expect(try compare(try long.write(), 2...6, try short.write()).map(\.page) == [6])
        #expect(try compare(try short.write(), 1...4, try long.write(), firstOfB: 2).isEmpty)
    }

    @Test("What pdftoppm cannot draw is an error with its words")
    func undrawable() {
        let error = #expect(throws: PacketError.self) { try compare(Array("%PDF-1.4\nnothing".utf8), 1...1, ReadingSamples.page()) }
        #expect(error?.code == .damaged)
        #expect(error?.cause?.isEmpty == false)
    }
}
