import Dispatch
import Glibc
import Synchronization

/// How one page differs between two files.
package struct PageDifference: Sendable, Equatable {
    /// What is different.
    package enum Kind: Sendable, Equatable {
        /// The pages have different sizes, in pixels at the resolution of the comparison.
        case size(PageSize, PageSize)
        /// So many pixels differ, by at most so much (0 to 255), all of them between these corners (pixels from top left).
        case pixels(count: Int, largest: Int, left: Int, top: Int, right: Int, bottom: Int)
    }

    /// The page in the first file, from 1.
    package var page: Int
    /// What is different about it.
    package var kind: Kind

    /// A difference on this page.
    package init(page: Int, kind: Kind) {
        self.page = page
        self.kind = kind
    }
}

/// Whether two PDFs show the same, as a picture: poppler's `pdftoppm` draws both, and every pixel counts.
///
/// The tolerance is none: both files are drawn by the same program from the same drawing instructions.
package enum PageCompare {
    /// Dots per inch.
    package static let resolution = 100

    /// Compares these pages of `a` (from 1) with as many pages of `b`, from `firstOfB` on; empty means the same picture.
    ///
    /// Drawing happens in confined children, a few pages at a time, each within the child's limits. Throws a ``PacketError`` where
    /// a file cannot be drawn.
    package static func compare(
        _ a: [UInt8], pages: ClosedRange<Int>, _ b: [UInt8], firstOfB: Int = 1, child: ConfinedChild = ConfinedChild()
    ) throws(PacketError) -> [PageDifference] {
        try compare(a, pages: pages, with: [(b, firstOfB)], child: child)
    }

    /// The same with several files, each of which must show what `a` shows: that one is drawn once for all, and all are drawn at a time.
    ///
    /// With `isWhole`, `a` must have no more pages than these: what libqpdf does not count, poppler may show.
    package static func compare(
        _ a: [UInt8], pages: ClosedRange<Int>, isWhole: Bool = false, with others: [(pdf: [UInt8], first: Int)],
        child: ConfinedChild = ConfinedChild()
    ) throws(PacketError) -> [PageDifference] {
        var differences: [PageDifference] = []
        // Four pages of 40 by 40 inches are 64 MB.
        for start in stride(from: pages.lowerBound, through: pages.upperBound, by: 4) {
            let last = min(start + 3, pages.upperBound)
            let further = isWhole && last == pages.upperBound ? 1 : 0
            let files =
                [(a, start...(last + further))]
                + others.map { other in
                    let shift = other.first - pages.lowerBound
                    return (other.pdf, (start + shift)...(last + shift))
                }
            let drawn = try PageRendering.draw(files, child: child)
            for theirs in drawn.dropFirst() {
                guard drawn[0].count == theirs.count, theirs.count == last - start + 1 else {
                    throw PacketError(
                        .pictureChanged, "not every page of the ballot would be in the packet", hint: "Ask the vendor for the file again",
                        object: "pages \(start) to \(last)", cause: "\(drawn[0].count) and \(theirs.count) pages drawn")
                }
                for (index, pair) in zip(drawn[0], theirs).enumerated() {
                    if let kind = difference(pair.0, pair.1) { differences.append(PageDifference(page: start + index, kind: kind)) }
                }
            }
        }
        return differences
    }

    private static func difference(_ a: GrayPicture, _ b: GrayPicture) -> PageDifference.Kind? {
        if a.width != b.width || a.height != b.height {
            return .size(
                PageSize(width: Double(a.width), height: Double(a.height)), PageSize(width: Double(b.width), height: Double(b.height)))
        }
        if a.pixels == b.pixels { return nil }
        var (count, largest) = (0, 0)
        var (left, top, right, bottom) = (a.width, a.height, 0, 0)
        for y in 0..<a.height {
            for x in 0..<a.width {
                let delta = abs(Int(a[x, y]) - Int(b[x, y]))
                guard delta > 0 else { continue }
                count += 1
                largest = max(largest, delta)
                (left, right) = (min(left, x), max(right, x))
                (top, bottom) = (min(top, y), max(bottom, y))
            }
        }
        return .pixels(count: count, largest: largest, left: left, top: top, right: right, bottom: bottom)
    }
}

/// A page as grey pixels, 0 black to 255 white, rows from the top.
package struct GrayPicture: Sendable, Equatable {
    /// Pixels in a row.
    package let width: Int
    /// Rows.
    package let height: Int
    /// All rows, one after the other.
    package let pixels: ArraySlice<UInt8>

    /// The pixel at a place; it must lie inside.
    package subscript(x: Int, y: Int) -> UInt8 { pixels[pixels.startIndex + y * width + x] }
}

/// Draws pages with `pdftoppm`, confined: the program sees system libraries and fonts, its input, and nothing else.
package enum PageRendering {
    private static let program = "/usr/bin/pdftoppm"

    /// Draws these pages (from 1) in grey; gives fewer pictures than asked for where the file has fewer pages.
    package static func draw(
        _ pdf: [UInt8], pages: ClosedRange<Int>, resolution: Int = PageCompare.resolution, child: ConfinedChild
    ) throws(PacketError) -> [GrayPicture] {
        var output = try child.run(
            "render", pdf, arguments: [String(pages.lowerBound), String(pages.upperBound), String(resolution)]
        ).bytes[...]
        var pictures: [GrayPicture] = []
        while !output.isEmpty { pictures.append(try takePicture(&output)) }
        return pictures
    }

    /// Draws pages of several files, each in a child of its own, as many at a time as there are processors.
    static func draw(_ files: [(pdf: [UInt8], pages: ClosedRange<Int>)], child: ConfinedChild) throws(PacketError) -> [[GrayPicture]] {
        let drawn = Mutex<[Int: Result<[GrayPicture], PacketError>]>([:])
        DispatchQueue.concurrentPerform(iterations: files.count) { index in
            let result = Result { () throws(PacketError) in try draw(files[index].pdf, pages: files[index].pages, child: child) }
            drawn.withLock { $0[index] = result }
        }
        let results = drawn.withLock { $0 }
        var pictures: [[GrayPicture]] = []
        for index in files.indices { pictures.append(try results[index]?.get() ?? []) }
        return pictures
    }

    /// A "P5" picture: magic number, width, height, 255, each followed by one white space, then the pixels.
    private static func takePicture(_ bytes: inout ArraySlice<UInt8>) throws(PacketError) -> GrayPicture {
        let broken = PacketError(.library, "pdftoppm drew no picture", hint: "Is the package poppler-utils installed?")
        guard bytes.starts(with: [0x50, 0x35]) else { throw broken }
        bytes = bytes.dropFirst(2)
        var numbers: [Int] = []
        for _ in 0..<3 {
            bytes = bytes.drop { $0 <= 32 }
            let digits = bytes.prefix { $0 > 32 }
            guard digits.count <= 6, let number = Int(String(decoding: digits, as: UTF8.self)), number > 0 else { throw broken }
            numbers.append(number)
            bytes = bytes.dropFirst(digits.count)
        }
        bytes = bytes.dropFirst()
        let size = numbers[0] * numbers[1]
        guard numbers[2] == 255, bytes.count >= size else { throw broken }
        defer { bytes = bytes.dropFirst(size) }
        return GrayPicture(width: numbers[0], height: numbers[1], pixels: bytes.prefix(size))
    }

    /// The child's side: turns this process, which is confined already, into `pdftoppm`.
    static func becomeRenderer(_ arguments: [String], header: [UInt8]) -> Never {
        guard arguments.count == 3 else { _exit(64) }
        let input = "/proc/self/fd/\(ConfinedJobs.inputDescriptor)"
        let command = [program, "-gray", "-r", arguments[2], "-f", arguments[0], "-l", arguments[1], input]
        ConfinedJobs.write(header)
        dup2(ConfinedJobs.resultDescriptor, 1)
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) }
        unsafe pointers.append(nil)
        unsafe execv(program, pointers)
        let complaint = "pdftoppm cannot be started: \(SystemCall.reason())\n"
        _ = SystemCall.writeAll(Array(complaint.utf8), to: 2)
        _exit(69)
    }
}
