/// The declaration, or signature sheet: the page that a rejected ballot most often lacks, so it shouts.
extension BasePages {
    mutating func drawDeclaration(on canvas: BaseCanvas) throws(PacketError) {
        let blocks = BaseMarkdown.blocks(of: text.declaration)
        let width = paper.size.width - 2 * Self.margin
        // A long affirmation (some States' fill two pages) moves to pages of its own before the signature's.
        let available = paper.size.height - Self.margin * 2 - 160 - lowerHeight
        var size = 11.75
        while size > 8.5, height(of: blocks, on: canvas, width: width, size: size) > available { size -= 0.25 }
        let fits = height(of: blocks, on: canvas, width: width, size: size) <= available
        if !fits { drawLongDeclaration(blocks, on: canvas, width: width) }

        begin(canvas)
        let left = Self.margin
        var y = letterhead(canvas, title: words.declarationTitle)
        y += 4
        let notice = BaseStyle(size: 12, bold: true, alignment: .centre)
        let noticeHeight = canvas.height(of: words.declarationNotice, width: width - 24, notice) + 14
        canvas.frame(x: left, y: y, width: width, height: noticeHeight, thickness: 3)
        canvas.text(words.declarationNotice, x: left + 12, y: y + 7, width: width - 24, notice)
        y += noticeHeight + 10
        if fits {
            draw(blocks, on: canvas, x: left, y: y, width: width, size: size)
        } else {
            canvas.text(words.declarationAffirmed, x: left, y: y, width: width, BaseStyle(size: 11.5))
        }
        drawVoter(on: canvas, x: left, y: canvas.height - Self.margin - lowerHeight, width: width)
    }

    /// The height of everything from the voter's name down.
    private var lowerHeight: Double { 306 + Double(text.witnessLines) * 44 }

    private mutating func drawVoter(on canvas: BaseCanvas, x: Double, y top: Double, width: Double) {
        var y = top
        let half = (width - 16) / 2
        let second = x + half + 16

        caption(canvas, words.name, x: x, y: y, width: width)
        box(.name, x: x, y: y + 11, width: width, height: 24, size: 14)
        y += 37
        canvas.line(fromX: x, y: y, toX: x + width, y: y, thickness: 0.5)
        y += 5
        caption(canvas, words.residence, x: x, y: y, width: half)
        caption(canvas, words.mailing, x: second, y: y, width: half)
        box(.residence, x: x, y: y + 11, width: half, height: 62, size: 11)
        box(.mailing, x: second, y: y + 11, width: half, height: 92, size: 11)
        caption(canvas, words.voterClass, x: x, y: y + 77, width: half)
        box(.voterClass, x: x, y: y + 87, width: half, height: 18, size: 11)
        y += 108

        canvas.frame(x: x, y: y, width: width, height: 60 + Double(text.witnessLines) * 44, thickness: 2.2)
        drawSignature(on: canvas, words.signature, words.date, x: x, y: y, width: width, height: 60)
        for line in 0..<text.witnessLines {
            drawSignature(on: canvas, words.witness, words.witnessAddress, x: x, y: y + 60 + Double(line) * 44, width: width, height: 44)
        }
        y += 60 + Double(text.witnessLines) * 44 + 12

        caption(canvas, words.returnCode, x: x, y: y, width: half)
        box(.returnBarcode, x: x, y: y + 12, width: 240, height: 36)
        box(.returnCode, x: x, y: y + 51, width: 240, height: 16, size: 11.5)
        canvas.text(
            words.officeUse, x: second, y: y + 14, width: half, BaseStyle(size: 9, leading: 0.12))
    }

    private func drawSignature(
        on canvas: BaseCanvas, _ caption: String, _ beside: String, x: Double, y: Double, width: Double, height: Double
    ) {
        let split = caption == words.signature ? 0.66 : 0.45
        let line = y + height - 15
        if caption == words.signature {
            canvas.text("✗", x: x + 8, y: line - 22, width: 24, BaseStyle(size: 17))
        }
        canvas.line(fromX: x + 10, y: line, toX: x + width * split - 8, y: line, thickness: 1)
        canvas.line(fromX: x + width * split + 8, y: line, toX: x + width - 10, y: line, thickness: 1)
        self.caption(canvas, caption, x: x + 10, y: line + 2.5, width: width * split)
        self.caption(canvas, beside, x: x + width * split + 8, y: line + 2.5, width: width * (1 - split) - 18)
    }

    // MARK: The affirmation

    private func style(of block: BaseMarkdown.Block, size: Double) -> BaseStyle {
        block.kind == .heading ? BaseStyle(size: size + 1.5, bold: true, tag: "H2") : BaseStyle(size: size)
    }

    private func indent(of block: BaseMarkdown.Block) -> Double {
        if case .item(let mark) = block.kind { return mark.count > 2 ? 24 : 16 }
        return 0
    }

    private func height(of block: BaseMarkdown.Block, on canvas: BaseCanvas, width: Double, size: Double) -> Double {
        canvas.height(of: block.markup, width: width - indent(of: block), style(of: block, size: size), isMarkup: true) + size * 0.5
    }

    private func height(of blocks: [BaseMarkdown.Block], on canvas: BaseCanvas, width: Double, size: Double) -> Double {
        blocks.reduce(0) { $0 + height(of: $1, on: canvas, width: width, size: size) }
    }

    private func draw(_ block: BaseMarkdown.Block, on canvas: BaseCanvas, x: Double, y: Double, width: Double, size: Double) -> Double {
        if case .item(let mark) = block.kind {
            canvas.text(mark, x: x + 3, y: y, width: 22, BaseStyle(size: size, tag: "P"))
        }
        let indent = indent(of: block)
        return canvas.text(block.markup, x: x + indent, y: y, width: width - indent, style(of: block, size: size), isMarkup: true)
            + size * 0.5
    }

    private func draw(_ blocks: [BaseMarkdown.Block], on canvas: BaseCanvas, x: Double, y: Double, width: Double, size: Double) {
        var y = y
        for block in blocks { y += draw(block, on: canvas, x: x, y: y, width: width, size: size) }
    }

    private mutating func drawLongDeclaration(_ blocks: [BaseMarkdown.Block], on canvas: BaseCanvas, width: Double) {
        begin(canvas)
        var y = letterhead(canvas, title: words.declarationText)
        let bottom = canvas.height - Self.margin
        for block in blocks {
            if y + height(of: block, on: canvas, width: width, size: 10.5) > bottom, y > Self.margin * 3 {
                begin(canvas)
                y = letterhead(canvas, title: words.declarationText)
            }
            y += draw(block, on: canvas, x: Self.margin, y: y, width: width, size: 10.5)
        }
    }
}
