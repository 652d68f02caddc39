/// The envelope: fronts at their true size, each on a sheet laid sideways, to fold, to cut out or to print on.
///
/// For the U.S. mail wording, box and facing mark are those of the Federal Voting Assistance Program's template and DMM 703.8: black on
/// white, the FIM at the upper right, the indicia beside it, the words in a rectangle. The front for another country's post has none of
/// these, for nobody there is paid by them, and room for stamps.
///
/// A sheet is folded around the front, printed side out: the sides go back, the lower part comes up behind, the strip at the top closes it.
/// On A4 the lower part ends a centimetre below the top, which tape covers.
extension BasePages {
    private struct Front {
        enum Post { case unitedStates, foreign }
        var post: Post
        var width: Double
        var height: Double
        /// The strip above: at least as much as printers cannot print on.
        var top: Double
        /// Whether the sheet is large enough to be folded around it.
        var folds: Bool
    }

    /// Parts of a front that the tail fills, at the same place on all of them.
    private struct SharedParts {
        /// Sender, return code and its barcode; from the front's upper left corner.
        var left: Int
        /// The Intelligent Mail barcode, if the office has one; from the lower right corner, as the Postal Service measures.
        var barcode: Int?
    }

    private static let inch = 72.0
    private static let millimetre = 72 / 25.4

    /// The bars and spaces of an Intelligent Mail barcode are 1/44 inch, so there are 22 bars an inch (20 to 24 are allowed), each 0.0227
    /// inches wide (0.015 to 0.025), the full ones 0.145 high (0.125 to 0.165), rising and hanging ones 0.097, short ones 0.048 (USPS-B-3200).
    /// A printer that shrinks the page to 93 % still prints bars that are right.
    private static let barcodeSize = (width: 129 * inch / 44, height: 0.145 * inch)

    private var fronts: [Front] {
        switch paper {
        case .letter:
            [Front.Post.unitedStates, .foreign].map { post in
                // A no. 10 envelope; 0.6 inches above and 3.775 below make a back of 4.125 with a quarter inch to spare.
                Front(post: post, width: 9.5 * Self.inch, height: 4.125 * Self.inch, top: 0.6 * Self.inch, folds: true)
            }
        case .a4:
            [
                Front(
                    post: .unitedStates, width: 220 * Self.millimetre, height: 110 * Self.millimetre, top: 8 * Self.millimetre, folds: true),
                Front(
                    post: .unitedStates, width: 229 * Self.millimetre, height: 162 * Self.millimetre, top: 8 * Self.millimetre, folds: false
                ),
                Front(post: .foreign, width: 220 * Self.millimetre, height: 110 * Self.millimetre, top: 8 * Self.millimetre, folds: true)
            ]
        }
    }

    mutating func drawEnvelopes(on canvas: BaseCanvas) throws(PacketError) {
        let captions = words.envelopePages
        let left = addOverlay(width: 232, height: 188)
        box(.sender, in: left, x: 0, y: 0, width: 232, height: 84, size: 10.5)
        box(.returnBarcode, in: left, x: 10, y: 128, width: 214, height: 40)
        box(.returnCode, in: left, x: 10, y: 171, width: 214, height: 16, size: 11)
        var barcode: Int?
        if text.imbConfigured {
            let overlay = addOverlay(width: Self.barcodeSize.width, height: Self.barcodeSize.height)
            box(.intelligentMail, in: overlay, x: 0, y: 0, width: Self.barcodeSize.width, height: Self.barcodeSize.height)
            barcode = overlay
        }
        let parts = SharedParts(left: left, barcode: barcode)
        for front in fronts {
            begin(canvas, landscape: true)
            let x = (canvas.width - front.width) / 2
            drawMarks(of: front, on: canvas, x: x, captions)
            try drawFront(front, on: canvas, x: x, y: front.top, captions, parts)
            try drawAdvice(for: front, on: canvas, x: x, y: front.top + front.height + 10, captions)
        }
    }

    // MARK: Around the front

    /// The lines to fold or cut at, with small words beside them.
    private func drawMarks(of front: Front, on canvas: BaseCanvas, x: Double, _ captions: BaseEnvelopeWording) {
        let (right, bottom) = (x + front.width, front.top + front.height)
        let small = BaseStyle(size: 8, alignment: .centre, leading: 0.05)
        // Printers leave a quarter of an inch of every sheet white.
        let edge = Self.inch / 4
        let strip = x - edge - 4
        guard front.folds else {
            canvas.frame(x: x, y: front.top, width: front.width, height: front.height, thickness: 0.8, dashed: true)
            canvas.text(captions.cut, x: edge, y: front.top + front.height / 2, width: strip, small)
            return
        }
        for side in [x, right] {
            canvas.line(fromX: side, y: 0, toX: side, y: canvas.height, thickness: 0.8, dashed: true)
        }
        for level in [front.top, bottom] {
            canvas.line(fromX: 0, y: level, toX: canvas.width, y: level, thickness: 0.8, dashed: true)
        }
        for left in [edge, right + 4] {
            canvas.text(captions.fold, x: left, y: front.top + front.height / 2, width: strip, small)
            canvas.text(captions.glue, x: left, y: (bottom + canvas.height) / 2, width: strip, small)
        }
        if front.top > edge + 12 {
            canvas.text(captions.close, x: x, y: front.top - 14, width: front.width, small)
        }
    }

    /// What to do, below the front, in three columns.
    private func drawAdvice(
        for front: Front, on canvas: BaseCanvas, x: Double, y: Double, _ captions: BaseEnvelopeWording
    ) throws(PacketError) {
        let gap = 20.0
        let width = front.width - 12
        let column = (width - 2 * gap) / 3
        let steps = captions.makeSteps.enumerated().map { ("\($0 + 1).", $1) }
        let checks = (captions.checkTitle, captions.checks.map { ("□", $0) })
        let columns: [(title: String, lines: [(mark: String, text: String)])] =
            switch (front.folds, front.post) {
            case (false, _):
                [(captions.largeTitle, [("", captions.largeUse)]), (captions.cutTitle, captions.cutSteps.map { ("", $0) })]
            case (true, .unitedStates): [(captions.freeTitle, [("", captions.freeUse)]), (captions.makeTitle, steps), checks]
            case (true, .foreign): [(captions.foreignTitle, [("", captions.foreignUse)]), (captions.makeTitle, steps), checks]
            }
        let columnWidth = columns.count == 2 ? (width - gap) / 2 : column
        var size = 12.0
        // The page's own title is larger than the others.
        func heading(_ index: Int) -> BaseStyle {
            BaseStyle(size: size + (index == 0 && front.folds ? 3 : 1), bold: true, leading: 0.1, tag: index == 0 ? "H1" : "H2")
        }
        func style() -> BaseStyle { BaseStyle(size: size, leading: 0.1) }
        func indent(_ mark: String) -> Double { mark.isEmpty ? 0 : 17 }
        func height(_ index: Int) -> Double {
            columns[index].lines.reduce(canvas.height(of: columns[index].title, width: columnWidth, heading(index)) + 3) {
                $0 + canvas.height(of: $1.text, width: columnWidth - indent($1.mark), style()) + 3
            }
        }
        while columns.indices.contains(where: { height($0) > canvas.height - Self.inch / 4 - y }) {
            size -= 0.25
            guard size >= 9 else { throw overflow("the envelope's text", "") }
        }
        for (index, entry) in columns.enumerated() {
            let left = x + 6 + Double(index) * (columnWidth + gap)
            var row = y + canvas.text(entry.title, x: left, y: y, width: columnWidth, heading(index)) + 3
            for (mark, line) in entry.lines {
                canvas.text(mark, x: left, y: row, width: 17, style())
                row += canvas.text(line, x: left + indent(mark), y: row, width: columnWidth - indent(mark), style()) + 3
            }
        }
    }

    // MARK: The front

    private mutating func drawFront(
        _ front: Front, on canvas: BaseCanvas, x: Double, y: Double, _ captions: BaseEnvelopeWording, _ parts: SharedParts
    ) throws(PacketError) {
        canvas.text(captions.from, x: x + 14, y: y + 12, width: 200, BaseStyle(size: 8, bold: true))
        draw(parts.left, x: x + 14, y: y + 24)
        // Everything for the machines is measured from the lower right corner: the reading area for the address ends 2.75 inches above
        // the edge and 0.625 inches from it, half an inch from either side (DMM 202.2.1).
        let right = x + front.width
        let bottom = y + front.height
        let legendX = x + 256
        let legendWidth = front.width - 256 - 14
        switch front.post {
        case .unitedStates:
            canvas.text(
                "Postage is required unless mailed in the U.S. mail, at an APO, FPO or DPO, or at a U.S. embassy or consulate.",
                x: x + 14, y: y + 112, width: 232, BaseStyle(size: 7.5, leading: 0.1))
            drawIndicia(on: canvas, right: right, y: y)
            if let barcode = parts.barcode {
                // In the barcode clear zone, 4.75 × 0.625 inches at the lower right: the first bar between 3.5 and 4.25 inches from the
                // right edge, the bars' feet 0.25 inches above the lower one (DMM 202.5).
                draw(barcode, x: right - 3.875 * Self.inch, y: bottom - 0.25 * Self.inch - Self.barcodeSize.height)
            }
            drawLegend(on: canvas, x: legendX, y: bottom - 211, width: legendWidth)
        case .foreign:
            drawStampBox(on: canvas, right: right, y: y, captions)
            boxed("OFFICIAL ABSENTEE BALLOTING MATERIAL", on: canvas, x: legendX, y: bottom - 197, width: legendWidth)
        }

        var lines = [text.officeName] + text.address
        if front.post == .foreign {
            // The last line of an address abroad is the country, in capitals (Universal Postal Union, S42).
            let last = String((lines.last ?? "").uppercased().filter(\.isLetter))
            if ["USA", "US", "UNITEDSTATES", "UNITEDSTATESOFAMERICA"].contains(last) { lines.removeLast() }
            lines.append("UNITED STATES OF AMERICA")
        }
        let address = lines.joined(separator: "\n")
        canvas.text(captions.to, x: legendX, y: bottom - 168, width: 200, BaseStyle(size: 8, bold: true))
        var size = 13.0
        while canvas.height(of: address, width: legendWidth, BaseStyle(size: size, leading: 0.15)) > 104 {
            size -= 0.5
            guard size >= 8 else { throw overflow("the office's address", "Six short lines fit on an envelope") }
        }
        canvas.text(address, x: legendX, y: bottom - 155, width: legendWidth, BaseStyle(size: size, leading: 0.15))
    }

    /// The facing identification mark and the indicia.
    private func drawIndicia(on canvas: BaseCanvas, right: Double, y: Double) {
        // FIM B is prepaid mail without a barcode, and what FVAP's template has; FIM C is the same with a barcode of at least ZIP+4, which
        // goes to the sorter without being read (DMM 202.8.2; Publication 632 recommends it for ballots). A shorter barcode only tracks.
        let isRouted = text.imbConfigured && text.imbHasZIP4
        // Bars of 1/32 inch every 1/16 inch, 5/8 inch high and less than 1/8 inch below the edge; the rightmost one is 2 inches from the
        // right edge, and 1.75 to 3 inches from it there is nothing else.
        let pitch = Self.inch / 16
        let pattern = isRouted ? "110101011" : "101101101"
        for (index, bar) in pattern.enumerated() where bar == "1" {
            canvas.fill(
                x: right - 2 * Self.inch - Double(8 - index) * pitch - pitch / 2, y: y + 3, width: pitch / 2, height: 0.625 * Self.inch)
        }
        let x = right - 14 - 100
        canvas.frame(x: x, y: y + 12, width: 100, height: 32, thickness: 1)
        let indicia = BaseStyle(size: 9, alignment: .centre, leading: 0.1)
        canvas.text("U.S. Postage Paid\n39 USC 3406", x: x, y: y + 16, width: 100, indicia)
        canvas.text("PAR AVION", x: x, y: y + 50, width: 100, BaseStyle(size: 10, alignment: .centre))
    }

    /// The words that DMM 703.8 wants: the first line in a rectangle, the second immediately below.
    private func drawLegend(on canvas: BaseCanvas, x: Double, y: Double, width: Double) {
        boxed("OFFICIAL ABSENTEE BALLOTING MATERIAL – FIRST-CLASS MAIL", on: canvas, x: x, y: y, width: width)
        canvas.text(
            "NO POSTAGE NECESSARY IN THE U.S. MAIL – DMM 703.8.0", x: x, y: y + 23, width: width,
            BaseStyle(size: 9, alignment: .centre))
    }

    /// One line in a rectangle, as large as fits.
    private func boxed(_ line: String, on canvas: BaseCanvas, x: Double, y: Double, width: Double) {
        canvas.frame(x: x, y: y, width: width, height: 20, thickness: 1.5)
        var style = BaseStyle(size: 11, bold: true, alignment: .centre)
        while canvas.height(of: line, width: width - 16, style) > 16 { style.size -= 0.25 }
        canvas.text(line, x: x + 8, y: y + (20 - canvas.height(of: line, width: width - 16, style)) / 2, width: width - 16, style)
    }

    /// Where the stamps go, and the words for the post office's clerks.
    private func drawStampBox(on canvas: BaseCanvas, right: Double, y: Double, _ captions: BaseEnvelopeWording) {
        let (width, height) = (112.0, 78.0)
        let x = right - 14 - width
        canvas.frame(x: x, y: y + 12, width: width, height: height, thickness: 1)
        let style = BaseStyle(size: 12, alignment: .centre, leading: 0.1)
        let caption = canvas.height(of: captions.postageHere, width: width - 12, style)
        canvas.text(captions.postageHere, x: x + 6, y: y + 12 + (height - caption) / 2, width: width - 12, style)
        canvas.frame(x: x - 14 - 110, y: y + 24, width: 110, height: 40, thickness: 1.5)
        canvas.text(
            "AIR MAIL\nPAR AVION", x: x - 14 - 110, y: y + 29, width: 110, BaseStyle(size: 12, bold: true, alignment: .centre, leading: 0.1)
        )
    }
}
