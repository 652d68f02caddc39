import Foundation
import Packet
import Testing

/// A page as grey dots, to be read like a sheet of paper.
struct PrintedSheet {
    let dotsPerInch: Double
    let width: Int
    let height: Int
    private let dots: [UInt8]

    /// All pages of a PDF in the folder, by poppler; their files are called `name-1.pgm` and on.
    static func pages(of file: String, dotsPerInch: Int = 200, as name: String, in folder: WritingFolder) throws -> [PrintedSheet] {
        try folder.run("pdftoppm", ["-r", "\(dotsPerInch)", "-gray", file, name])
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).filter { $0.hasPrefix(name + "-") }.sorted()
        return try files.map { try PrintedSheet(try folder.read($0), dotsPerInch: Double(dotsPerInch)) }
    }

    private init(_ bytes: [UInt8], dotsPerInch: Double) throws {
        let picture = try GreyPicture(pgm: bytes)
        self.dotsPerInch = dotsPerInch
        (width, height, dots) = (picture.width, picture.height, picture.dots)
    }

    /// Points from the upper left corner.
    func isBlack(x: Double, y: Double) -> Bool { isBlack(column: dots(x), row: dots(y)) }

    func isBlack(column: Int, row: Int) -> Bool {
        guard (0..<width).contains(column), (0..<height).contains(row) else { return false }
        return dots[row * width + column] < 128
    }

    func dots(_ points: Double) -> Int { Int((points * dotsPerInch / 72).rounded(.down)) }

    /// Where two sheets differ.
    func differences(from other: PrintedSheet) -> [(column: Int, row: Int)] {
        guard !dots.elementsEqual(other.dots) else { return [] }
        return zip(dots, other.dots).enumerated().filter { $0.element.0 != $0.element.1 }.map { ($0.offset % width, $0.offset / width) }
    }
}

/// A front of the envelope where the rules want it on the sheet, in points from the upper left corner.
struct PrintedFront {
    let left: Double
    let top: Double
    let width: Double
    let height: Double
    let isForeign: Bool

    var right: Double { left + width }
    var bottom: Double { top + height }

    static func all(_ paper: Paper) -> [PrintedFront] {
        func front(_ sheet: Double, _ width: Double, _ height: Double, _ top: Double, foreign: Bool) -> PrintedFront {
            PrintedFront(left: (sheet - width) / 2, top: top, width: width, height: height, isForeign: foreign)
        }
        let millimetre = 72 / 25.4
        return switch paper {
        case .letter: [false, true].map { front(792, 684, 297, 43.2, foreign: $0) }
        case .a4:
            [(220.0, 110.0, false), (229, 162, false), (220, 110, true)].map {
                front(841.89, $0 * millimetre, $1 * millimetre, 8 * millimetre, foreign: $2)
            }
        }
    }

    /// What a sorting machine reads at the lower right (4.75 × 0.625 inches): the bars' letters, nil where there are none.
    ///
    /// Wherever they stand in that zone, they must be where, as large and as dense as the Postal Service wants them.
    func bars(on sheet: PrintedSheet) -> String? {
        // Not the line to fold at, which is the front's edge.
        let rows = sheet.dots(bottom - 45)..<sheet.dots(bottom - 4)
        let columns = sheet.dots(right - 342)..<sheet.dots(right - 4)
        let black = rows.filter { row in columns.contains { sheet.isBlack(column: $0, row: row) } }
        guard let first = black.first, let last = black.last else { return nil }
        let height = Double(last - first + 1)
        func row(_ part: Double) -> Int { first + Int(height * part) }
        var letters = ""
        var starts: [Int] = []
        for column in columns where sheet.isBlack(column: column, row: row(0.5)) && !sheet.isBlack(column: column - 1, row: row(0.5)) {
            // The middle of the bar.
            var end = column
            while sheet.isBlack(column: end + 1, row: row(0.5)) { end += 1 }
            let middle = (column + end) / 2
            let (rises, hangs) = (sheet.isBlack(column: middle, row: row(1 / 6)), sheet.isBlack(column: middle, row: row(5 / 6)))
            letters += rises ? (hangs ? "F" : "A") : (hangs ? "D" : "T")
            starts.append(column)
        }
        let inch = sheet.dotsPerInch
        let fromRight = right / 72 - Double(starts.first ?? 0) / inch
        #expect((3.5...4.25).contains(fromRight), "the first bar is \(fromRight) inches from the right edge")
        let density = Double(starts.count - 1) / (Double((starts.last ?? 0) - (starts.first ?? 0)) / inch)
        #expect((20...24).contains(density), "\(density) bars an inch")
        #expect((0.125...0.165).contains(height / inch), "\(height / inch) inches high")
        let feet = bottom / 72 - Double(last + 1) / inch
        #expect((3.0 / 16...5.0 / 16).contains(feet), "\(feet) inches above the edge")
        return letters
    }

    /// The nine bars and gaps of the facing mark, as 1 and 0, the rightmost two inches from the right edge.
    func facingMark(on sheet: PrintedSheet) -> String {
        (0..<9).map { sheet.isBlack(x: right - 144 - Double(8 - $0) * 4.5 - 1.1, y: top + 20) ? "1" : "0" }.joined()
    }
}
