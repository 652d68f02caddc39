import Foundation
import Packet

/// A page as it comes out of the printer: grey values, from the top, a hundred dots to the inch.
struct InkPage: Sendable {
    let width: Int
    let height: Int
    private let dots: [UInt8]

    static let dotsPerInch = 100.0

    /// A page of a file, counted from 0.
    init(_ file: String, page: Int, in folder: WritingFolder) throws {
        let number = String(page + 1)
        try folder.run("pdftoppm", ["-gray", "-r", "100", "-f", number, "-l", number, "-singlefile", file, "page"])
        let picture = try GreyPicture(pgm: folder.read("page.pgm"))
        (width, height, dots) = (picture.width, picture.height, picture.dots)
    }

    /// The dots of a box on this page, at least partly: columns and rows.
    func dots(of box: BasePlan.Box, growing margin: Int = 0) -> (x: Range<Int>, y: Range<Int>) {
        let scale = Self.dotsPerInch / 72
        let top = Double(height) - (box.y + box.height) * scale
        func range(_ from: Double, _ length: Double, _ limit: Int) -> Range<Int> {
            let low = max(0, Int(from.rounded(.down)) - margin)
            return low..<max(low, min(limit, Int((from + length).rounded(.up)) + margin))
        }
        return (range(box.x * scale, box.width * scale, width), range(top, box.height * scale, height))
    }

    /// Every dot in which two pages differ, row by row.
    func differences(from other: InkPage) -> [(x: Int, y: Int)] {
        guard width == other.width, height == other.height else { return [(-1, -1)] }
        var found: [(x: Int, y: Int)] = []
        dots.withUnsafeBufferPointer { mine in
            other.dots.withUnsafeBufferPointer { theirs in
                for y in 0..<height {
                    let row = y * width..<(y + 1) * width
                    guard !mine[row].elementsEqual(theirs[row]) else { continue }
                    for place in row where mine[place] != theirs[place] { found.append((place - y * width, y)) }
                }
            }
        }
        return found
    }

    /// How many dots of a box are not white.
    func ink(in box: BasePlan.Box) -> Int {
        let (columns, rows) = dots(of: box)
        var count = 0
        dots.withUnsafeBufferPointer { dots in
            for y in rows { for x in columns where dots[y * width + x] < 255 { count += 1 } }
        }
        return count
    }

    /// How many lines are ruled across a box: runs of rows of one and the same grey from edge to edge, which no row of letters is.
    func ruledLines(in box: BasePlan.Box) -> Int {
        let (columns, rows) = dots(of: box)
        var lines = 0
        var wasRuled = false
        for y in rows {
            let row = dots[y * width + columns.lowerBound + 1..<y * width + columns.upperBound - 1]
            let isRuled = row.first.map { first in first < 255 && row.allSatisfy { $0 == first } } ?? false
            if isRuled, !wasRuled { lines += 1 }
            wasRuled = isRuled
        }
        return lines
    }
}

/// Where a tail's ink falls on the pages of one base.
struct InkJudge: Sendable {
    /// What its pages say, for ``PrintedText/problems(of:saying:exact:in:)``.
    let printed: PrintedText
    private let base: Base
    /// The base's pages with an overlay, nothing written on them.
    private let blank: [Int: InkPage]

    init(_ base: Base, in folder: WritingFolder) throws {
        self.base = base
        let printed = try PrintedText(base, in: folder)
        self.printed = printed
        blank = Dictionary(
            uniqueKeysWithValues: try printed.pagesWritten.map { ($0, try InkPage("base-alone.pdf", page: $0, in: folder)) })
    }

    /// The boxes of a page, where they are on it.
    private func boxes(onPage page: Int) -> [BasePlan.Box] {
        printed.places.filter { $0.page == page }.flatMap { place in
            base.plan.boxes.filter { $0.overlay == place.overlay }.map { box in
                var moved = box
                moved.x += place.x
                moved.y += place.y
                return moved
            }
        }
    }

    /// What the base itself has wrong: boxes that overlap or lie on something printed.
    func problemsOfBase() -> [String] {
        var problems: [String] = []
        for (number, page) in blank.sorted(by: { $0.key < $1.key }) {
            let boxes = boxes(onPage: number)
            for (index, box) in boxes.enumerated() {
                let ink = page.ink(in: box)
                if ink > 0 {
                    problems.append("\(ink) dots of the page's own print are in the box \(box.field) of page \(number + 1)")
                }
                let mine = page.dots(of: box)
                for other in boxes[(index + 1)...] {
                    let theirs = page.dots(of: other)
                    if mine.x.overlaps(theirs.x), mine.y.overlaps(theirs.y) {
                        problems.append("the boxes \(box.field) and \(other.field) of page \(number + 1) overlap")
                    }
                }
            }
        }
        return problems
    }

    /// Where a packet's ink lies outside its boxes, which boxes have none, and where lines to fill in are missing.
    func problems(of file: String, _ voter: VoterText, byHand: [Int], in folder: WritingFolder) throws -> [String] {
        var problems: [String] = []
        for (number, empty) in blank.sorted(by: { $0.key < $1.key }) {
            let page = try InkPage(file, page: number, in: folder)
            let boxes = boxes(onPage: number)
            let places = boxes.map { page.dots(of: $0, growing: 1) }
            var inked = [Int](repeating: 0, count: boxes.count)
            var stray: [(x: Int, y: Int)] = []
            for dot in page.differences(from: empty) {
                if let home = places.firstIndex(where: { $0.x.contains(dot.x) && $0.y.contains(dot.y) }) {
                    inked[home] += 1
                } else {
                    stray.append(dot)
                }
            }
            if let first = stray.first {
                problems.append("page \(number + 1): \(stray.count) dots outside the boxes, the first at \(first)")
            }
            for (box, ink) in zip(boxes, inked) where ink == 0 { problems.append("the box \(box.field) is empty") }
            for box in boxes {
                let mailing = byHand.count { $0 >= voter.residence.count }
                let wanted: Int
                switch box.field {
                case .residence: wanted = byHand.count - mailing
                case .mailing, .sender: wanted = mailing
                default: continue
                }
                let ruled = page.ruledLines(in: box)
                if ruled != wanted { problems.append("the box \(box.field) has \(ruled) lines to fill in, not \(wanted)") }
            }
        }
        return problems
    }
}
