/// The declaration, or signature sheet: the page that a rejected ballot most often lacks, so it shouts.
extension BasePages {
    mutating func drawDeclaration(on canvas: BaseCanvas) throws(PacketError) {
        let affirmation = BaseAffirmation(blocks: BaseMarkdown.blocks(of: text.declaration))
        let width = paper.size.width - 2 * Self.margin
        let ruler = BasePen(canvas: canvas, draws: false)
        let above = declarationHead(ruler, width: width)
        let available = paper.size.height - Self.margin - lowerHeight - above
        let size = stride(from: 12.5, through: 10.25, by: -0.25).first {
            affirmation.height(on: canvas, width: width, size: $0) <= available
        }
        // A long affirmation (some States' fill two pages) moves to pages of its own before the signature's.
        if size == nil { drawLong(affirmation, on: canvas, width: width) }

        begin(canvas)
        let pen = BasePen(canvas: canvas, draws: true)
        let y = declarationHead(pen, width: width)
        if let size {
            affirmation.draw(on: canvas, x: Self.margin, y: y, width: width, size: size)
        } else {
            let style = BaseStyle(size: 12)
            guard canvas.height(of: words.declarationAffirmed, width: width, style) <= available else { throw overflow("the declaration") }
            canvas.text(words.declarationAffirmed, x: Self.margin, y: y, width: width, style)
        }
        drawVoter(on: canvas, x: Self.margin, y: canvas.height - Self.margin - lowerHeight, width: width)
    }

    /// The letterhead and the notice; returns where the affirmation begins.
    private func declarationHead(_ pen: BasePen, width: Double) -> Double {
        let y = letterhead(pen, title: words.declarationTitle) + 4
        return y + drawNotice(pen, words.declarationNotice, x: Self.margin, y: y, width: width, size: 12.5, thickness: 3) + 10
    }

    /// The height of everything from the voter's name down.
    private var lowerHeight: Double { 318 + Double(text.witnessLines) * 46 }

    /// What the voter fills in or finds filled in: in any language from the left, as the tail writes.
    private mutating func drawVoter(on canvas: BaseCanvas, x: Double, y top: Double, width: Double) {
        canvas.isMirrored = false
        let below = Self.captionHeight
        var y = top
        let half = (width - 16) / 2
        let second = x + half + 16

        caption(canvas, words.name, x: x, y: y, width: width)
        box(.name, x: x, y: y + below, width: width, height: 24, size: 14)
        y += below + 26
        canvas.line(fromX: x, y: y, toX: x + width, y: y, thickness: 0.5)
        y += 5
        caption(canvas, words.residence, x: x, y: y, width: half)
        caption(canvas, words.mailing, x: second, y: y, width: half)
        // Six lines of 11 points.
        box(.residence, x: x, y: y + below, width: half, height: 80, size: 11)
        box(.mailing, x: second, y: y + below, width: half, height: 80, size: 11)
        y += below + 82
        caption(canvas, words.voterClass, x: x, y: y, width: width)
        box(.voterClass, x: x, y: y + below, width: width, height: 16, size: 11)
        canvas.readOverlayHere()
        y += below + 20

        let signatures = 62 + Double(text.witnessLines) * 46
        canvas.frame(x: x, y: y, width: width, height: signatures, thickness: 2.2)
        drawSignature(on: canvas, words.signature, words.date, isVoter: true, x: x, y: y, width: width, height: 62)
        for line in 0..<text.witnessLines {
            drawSignature(
                on: canvas, words.witness, words.witnessAddress, isVoter: false, x: x, y: y + 62 + Double(line) * 46, width: width,
                height: 46)
        }
        y += signatures + 10

        caption(canvas, words.returnCode, x: x, y: y, width: half)
        box(.returnBarcode, x: x, y: y + below, width: 240, height: 36)
        box(.returnCode, x: x, y: y + below + 39, width: 240, height: 16, size: 11.5)
        canvas.fit(
            words.officeUse, x: second, y: y + below, width: half, height: 55, BaseStyle(size: 10.5, alignment: .fixedLeft, leading: 0.12))
    }

    private func drawSignature(
        on canvas: BaseCanvas, _ caption: String, _ beside: String, isVoter: Bool, x: Double, y: Double, width: Double, height: Double
    ) {
        let split = isVoter ? 0.62 : 0.45
        let line = y + height - 17
        if isVoter { canvas.text("✗", x: x + 8, y: line - 22, width: 24, BaseStyle(size: 17, alignment: .fixedLeft)) }
        canvas.line(fromX: x + 10, y: line, toX: x + width * split - 8, y: line, thickness: 1)
        canvas.line(fromX: x + width * split + 8, y: line, toX: x + width - 10, y: line, thickness: 1)
        self.caption(canvas, caption, x: x + 10, y: line + 2.5, width: width * split - 18)
        self.caption(canvas, beside, x: x + width * split + 8, y: line + 2.5, width: width * (1 - split) - 18)
    }

    private mutating func drawLong(_ affirmation: BaseAffirmation, on canvas: BaseCanvas, width: Double) {
        let size = 12.0
        let margin = Self.margin
        let bottom = paper.size.height - margin
        begin(canvas)
        let top = letterhead(BasePen(canvas: canvas, draws: true), title: words.declarationText)
        affirmation.flow(on: canvas, x: margin, from: top, to: bottom, width: width, size: size) {
            begin(canvas)
            return letterhead(BasePen(canvas: canvas, draws: true), title: words.declarationText)
        }
    }
}

/// An affirmation's blocks on the page: headings, paragraphs, and lists with their marks outside.
struct BaseAffirmation {
    let blocks: [BaseMarkdown.Block]

    /// How far each list moves its text in, in parts of the type size: room for a mark such as "12.".
    private static let indent = 1.9

    /// The height of all of it; lists keep their lines together.
    func height(on canvas: BaseCanvas, width: Double, size: Double) -> Double {
        blocks.reduce(0) { $0 + height(of: $1, on: canvas, width: width, size: size) + size * 0.5 }
    }

    /// Draws all of it, on one page.
    func draw(on canvas: BaseCanvas, x: Double, y: Double, width: Double, size: Double) {
        flow(on: canvas, x: x, from: y, to: .infinity, width: width, size: size) { y }
    }

    /// Draws all of it over as many pages as it needs; `next` begins one and says where it goes on there.
    func flow(
        on canvas: BaseCanvas, x: Double, from top: Double, to bottom: Double, width: Double, size: Double, next: () -> Double
    ) {
        var y = top
        var lists = BaseListTags()
        for (index, block) in blocks.enumerated() {
            // A heading stays with the beginning of what follows; a short block is not torn apart.
            let whole = height(of: block, on: canvas, width: width, size: size)
            var needed = whole < (bottom - top) * 0.3 ? whole : size * 4
            if case .heading = block.kind, index + 1 < blocks.count {
                needed += min(height(of: blocks[index + 1], on: canvas, width: width, size: size), size * 4)
            }
            if y + needed > bottom, y > top { y = next() }
            lists.enter(block, on: canvas)
            y = draw(block, on: canvas, x: x, y: y, bottom: bottom, width: width, size: size, next: next) + size * 0.5
        }
        lists.leave(to: 0, on: canvas)
    }

    private func style(of block: BaseMarkdown.Block, size: Double) -> BaseStyle {
        guard case .heading(let level) = block.kind else { return BaseStyle(size: size, isOffice: true) }
        return BaseStyle(size: size + (level == 1 ? 2 : 1), bold: true, tag: level == 1 ? "H2" : "H3", isOffice: true)
    }

    private func height(of block: BaseMarkdown.Block, on canvas: BaseCanvas, width: Double, size: Double) -> Double {
        canvas.height(of: block.markup, width: room(for: block, width, size), style(of: block, size: size), isMarkup: true)
    }

    private func indent(of block: BaseMarkdown.Block, _ width: Double, _ size: Double) -> Double {
        // Ten lists in one another leave half the width.
        min(Double(block.depth) * size * Self.indent, width / 2)
    }

    private func room(for block: BaseMarkdown.Block, _ width: Double, _ size: Double) -> Double { width - indent(of: block, width, size) }

    /// Draws a block, on more pages where it must; returns its lower edge.
    private func draw(
        _ block: BaseMarkdown.Block, on canvas: BaseCanvas, x: Double, y: Double, bottom: Double, width: Double, size: Double,
        next: () -> Double
    ) -> Double {
        let indent = indent(of: block, width, size)
        let markRoom = size * Self.indent - 4
        // An Arabic item has its mark on the right, also where the page around it is English.
        let turned = canvas.runsFromTheRight(BaseMarkdown.plain(block.markup)) && !canvas.isMirrored
        let left = turned ? x : x + indent
        if case .item(let mark) = block.kind {
            let markX = turned ? x + width - indent + 4 : x + indent - markRoom - 4
            let markStyle = BaseStyle(size: size, alignment: turned ? .fixedLeft : .right, tag: "Lbl", isOffice: true)
            let lift =
                canvas.ascent(of: block.markup, width: width - indent, style(of: block, size: size), isMarkup: true)
                - canvas.ascent(of: mark, width: markRoom, markStyle)
            // U+200F, which has no width, makes ".1" of "1." where the item runs from the right.
            canvas.text(
                turned ? "\u{200F}" + mark : mark, x: markX, y: y + lift, width: markRoom, markStyle)
            canvas.open("LBody")
        }
        var y = y
        var line = 0
        var isNew = false
        while true {
            let part = canvas.flow(
                block.markup, from: line, x: left, y: y, width: width - indent, height: bottom - y, style(of: block, size: size),
                isMarkup: true)
            y += part.height
            guard let more = part.next else { return y }
            if more == line, isNew {
                canvas.report(PacketError(.layout, "a page of the declaration has no room for a line", hint: "Shorten the office's names"))
                return y
            }
            isNew = true
            line = more
            y = next()
        }
    }
}

/// Opens and closes the structure elements of lists within lists: `L` of `LI` of `Lbl` and `LBody`, which holds the lists inside.
private struct BaseListTags {
    private var depth = 0

    /// Comes to a block: leaves the items that it is not in, and begins its own.
    mutating func enter(_ block: BaseMarkdown.Block, on canvas: BaseCanvas) {
        guard case .item = block.kind else { return leave(to: block.depth, on: canvas) }
        leave(to: block.depth, on: canvas)
        if depth == block.depth {
            canvas.close("LBody")
            canvas.close("LI")
        } else {
            canvas.open("L")
            depth += 1
        }
        canvas.open("LI")
    }

    /// Ends lists until this many are open.
    mutating func leave(to target: Int, on canvas: BaseCanvas) {
        while depth > target {
            for tag in ["LBody", "LI", "L"] { canvas.close(tag) }
            depth -= 1
        }
    }
}
