/// The envelope: a front of the size of a no. 10 envelope on a sheet laid sideways, and how to use it.
///
/// Wording, box and facing mark as in the Federal Voting Assistance Program's template and DMM 703.8: black on white, the FIM at the
/// upper right, the indicia beside it, the words in a rectangle.
extension BasePages {
    /// A no. 10 envelope: 9.5 × 4.125 inches.
    private static let front = (width: 684.0, height: 297.0)

    mutating func drawEnvelope(on canvas: BaseCanvas) throws(PacketError) {
        begin(canvas, landscape: true)
        markEnvelope()
        let x = (canvas.width - Self.front.width) / 2
        let top = 62.0
        canvas.text(words.envelopeCut, x: x, y: top - 14, width: Self.front.width, BaseStyle(size: 8.5))
        canvas.frame(x: x, y: top, width: Self.front.width, height: Self.front.height, thickness: 0.8, dashed: true)
        try drawFront(on: canvas, x: x, y: top)
        try drawAdvice(on: canvas, x: x, y: top + Self.front.height + 18, width: Self.front.width)
    }

    private mutating func drawFront(on canvas: BaseCanvas, x: Double, y: Double) throws(PacketError) {
        // Return address.
        canvas.text(words.from, x: x + 14, y: y + 12, width: 200, BaseStyle(size: 8, bold: true))
        box(.sender, x: x + 14, y: y + 24, width: 250, height: 84, size: 10.5)
        canvas.text(words.foreignPostage, x: x + 14, y: y + 112, width: 236, BaseStyle(size: 7.5, leading: 0.1))

        // Facing identification mark B (prepaid mail without a barcode): bars of 1/32 inch every 1/16 inch, 5/8 inch high,
        // the rightmost one 2 inches from the right edge (Publication 25).
        let pitch = 4.5
        for (index, bar) in "101101101".enumerated() where bar == "1" {
            canvas.fill(x: x + Self.front.width - 144 - Double(8 - index) * pitch - 2.25, y: y + 4, width: 2.25, height: 45)
        }
        let indicia = BaseStyle(size: 9, alignment: .centre, leading: 0.1)
        let indiciaX = x + Self.front.width - 14 - 100
        canvas.frame(x: indiciaX, y: y + 12, width: 100, height: 32, thickness: 1)
        canvas.text("U.S. Postage Paid\n39 USC 3406", x: indiciaX, y: y + 17, width: 100, indicia)
        canvas.text("PAR AVION", x: indiciaX, y: y + 50, width: 100, BaseStyle(size: 10, alignment: .centre))

        // The legend.
        let legendX = x + 270
        let legendWidth = Self.front.width - 270 - 14
        canvas.frame(x: legendX, y: y + 88, width: legendWidth, height: 46, thickness: 1.5)
        canvas.text(
            "OFFICIAL ABSENTEE BALLOTING MATERIAL – FIRST-CLASS MAIL", x: legendX + 4, y: y + 94, width: legendWidth - 8,
            BaseStyle(size: 10.5, bold: true, alignment: .centre, leading: 0.08))
        canvas.text(
            "NO POSTAGE NECESSARY IN THE U.S. MAIL – DMM 703.8.0", x: legendX + 4, y: y + 114, width: legendWidth - 8,
            BaseStyle(size: 9, alignment: .centre))

        // The office.
        let address = ([text.officeName] + text.address + ["U.S.A."]).joined(separator: "\n")
        canvas.text(words.to, x: legendX, y: y + 146, width: 200, BaseStyle(size: 8, bold: true))
        var size = 13.0
        while canvas.height(of: address, width: legendWidth, BaseStyle(size: size, leading: 0.15)) > 88 {
            size -= 0.5
            guard size >= 8 else { throw overflow("the office's address", "Six short lines fit on an envelope") }
        }
        canvas.text(address, x: legendX, y: y + 158, width: legendWidth, BaseStyle(size: size, leading: 0.15))

        // The return code, outside the lower right corner that belongs to the Post Office (4.75 × 0.625 inches).
        box(.returnBarcode, x: x + 22, y: y + 214, width: 214, height: 40)
        box(.returnCode, x: x + 22, y: y + 258, width: 214, height: 16, size: 11)
    }

    private func drawAdvice(on canvas: BaseCanvas, x: Double, y: Double, width: Double) throws(PacketError) {
        let gap = 22.0
        let column = (width - 2 * gap) / 3
        let steps = words.envelopeSteps.enumerated().map { ("\($0 + 1).", $1) }
        let checks = words.checks.map { ("□", $0) }
        let columns = [(words.envelopeTitle, steps), (words.abroadTitle, [("", words.abroadText)]), (words.checkTitle, checks)]
        var size = 10.5
        func indent(_ mark: String) -> Double { mark.isEmpty ? 0 : 17 }
        func height(_ lines: [(String, String)]) -> Double {
            lines.reduce(20) { $0 + canvas.height(of: $1.1, width: column - indent($1.0), BaseStyle(size: size)) + 5 }
        }
        while columns.contains(where: { height($0.1) > canvas.height - Self.margin - y }) {
            size -= 0.25
            guard size >= 7 else { throw overflow("the envelope's text", "") }
        }
        for (index, entry) in columns.enumerated() {
            let left = x + Double(index) * (column + gap)
            canvas.text(entry.0, x: left, y: y, width: column, BaseStyle(size: 11.5, bold: true, tag: "H2"))
            var row = y + 20
            for (mark, line) in entry.1 {
                canvas.text(mark, x: left, y: row, width: 17, BaseStyle(size: size))
                row += canvas.text(line, x: left + indent(mark), y: row, width: column - indent(mark), BaseStyle(size: size)) + 5
            }
        }
    }
}
