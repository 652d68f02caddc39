/// The cover: what this is, what to do, where the office is, how to follow the ballot.
///
/// All type shrinks together, from 12.5 points, until the page holds it.
extension BasePages {
    mutating func drawCover(on canvas: BaseCanvas) throws(PacketError) {
        begin(canvas)
        let width = canvas.width - 2 * Self.margin
        let bottom = canvas.height - Self.margin
        let lowerGap = 14.0
        for size in stride(from: 12.5, through: 8.75, by: -0.25) {
            let ruler = BasePen(canvas: canvas, draws: false)
            let upper = upperPart(ruler, size: size, width: width)
            let lower = max(
                follow(ruler, size: size, y: 0, width: followWidth(width)), office(ruler, size: size, y: 0, width: officeWidth(width)))
            guard upper + lowerGap + lower <= bottom else { continue }
            let pen = BasePen(canvas: canvas, draws: true)
            _ = upperPart(pen, size: size, width: width)
            _ = follow(pen, size: size, y: bottom - lower, width: followWidth(width))
            _ = office(pen, size: size, y: bottom - lower, width: officeWidth(width))
            return
        }
        throw overflow("the cover")
    }

    // MARK: The upper part

    /// From the letterhead to the return notice; returns its lower edge.
    private mutating func upperPart(_ pen: BasePen, size: Double, width: Double) -> Double {
        let left = Self.margin
        var y = letterhead(pen, title: words.title)
        y += pen.text("\(words.styleCaption): \(styleLabel)", x: left, y: y, width: width, BaseStyle(size: min(size, 11)))
        y += size * 0.6
        y += pen.text(words.intro, x: left, y: y, width: width, BaseStyle(size: size))
        y += size * 0.8
        y += pen.text(words.todo, x: left, y: y, width: width, BaseStyle(size: size + 2, bold: true, tag: "H2"))
        y += size * 0.5
        pen.open("L")
        for (index, step) in steps.enumerated() {
            y += draw(step, number: index + 1, with: pen, x: left, y: y, width: width, size: size) + size * 0.5
        }
        pen.close("L")
        y += postBy(pen, x: left + 30, y: y + 2, width: width - 30, size: size) + size * 0.9
        return y + drawNotice(pen, text.returnNotice, x: left, y: y, width: width, size: size, isOffice: true)
    }

    private var steps: [BaseWording.Step] {
        let witnesses = [nil, words.signWitness.one, words.signWitness.two]
        let sign = BaseWording.Step(
            words.sign.title, ([words.sign.text] + [witnesses[text.witnessLines]].compactMap(\.self)).joined(separator: " "))
        return [words.mark, sign, words.envelope, words.post]
    }

    private func draw(
        _ step: BaseWording.Step, number: Int, with pen: BasePen, x: Double, y: Double, width: Double, size: Double
    ) -> Double {
        let indent = 30.0
        let diameter = size * 1.75
        // A title that ends as a sentence keeps its own mark: not every script has our full stop.
        let stop = step.title.last?.isPunctuation == true ? "" : "."
        let markup = "<b>" + BaseMarkdown.escaped(step.title) + stop + "</b> " + BaseMarkdown.escaped(step.text)
        let style = BaseStyle(size: size, leading: 0.18, tag: "LBody")
        let numeral = BaseStyle(size: size, bold: true, alignment: .centre, tag: "Lbl")
        // The disc's middle is that of a numeral on the first line.
        let baseline = y + pen.canvas.ascent(of: markup, width: width - indent, style, isMarkup: true)
        let middle = baseline - size * 0.357
        pen.open("LI")
        pen.frame(x: x, y: middle - diameter / 2, width: diameter, height: diameter, thickness: 1.4, radius: diameter / 2)
        _ = pen.text(
            "\(number)", x: x, y: baseline - pen.canvas.ascent(of: "\(number)", width: diameter, numeral), width: diameter, numeral)
        let height = pen.text(markup, x: x + indent, y: y, width: width - indent, style, isMarkup: true)
        pen.close("LI")
        return max(diameter, height)
    }

    /// The frame with the last day of posting, which the tail writes; returns its height.
    private mutating func postBy(_ pen: BasePen, x: Double, y: Double, width: Double, size: Double) -> Double {
        let caption = width * 0.42
        let style = BaseStyle(size: size, bold: true, leading: 0.1)
        let text = pen.canvas.height(of: words.postBy, width: caption, style)
        let height = max(27, text + 10)
        pen.frame(x: x, y: y, width: width, height: height, thickness: 1.4)
        _ = pen.text(words.postBy, x: x + 10, y: y + (height - text) / 2, width: caption, style)
        if pen.draws {
            pen.canvas.readOverlayHere()
            let room = width - caption - 30
            box(
                .postBy, x: pen.canvas.side(x + caption + 20, room), y: y + (height - 20) / 2, width: room, height: 20,
                size: 13)
        }
        return height
    }

    /// A framed sentence in bold that cannot be overlooked; returns its height.
    func drawNotice(
        _ pen: BasePen, _ notice: String, x: Double, y: Double, width: Double, size: Double, thickness: Double = 2.2, isOffice: Bool = false
    ) -> Double {
        let style = BaseStyle(size: size, bold: true, alignment: .centre, isOffice: isOffice)
        let height = pen.text(notice, x: x + 12, y: y + 7, width: width - 24, style) + 14
        pen.frame(x: x, y: y, width: width, height: height, thickness: thickness)
        return height
    }

    // MARK: The lower part

    private func followWidth(_ width: Double) -> Double { width * 0.53 }

    private func officeWidth(_ width: Double) -> Double { width * 0.47 - 18 }

    /// How to follow the ballot, at the page's beginning side; returns the height.
    private mutating func follow(_ pen: BasePen, size: Double, y: Double, width: Double) -> Double {
        let x = Self.margin
        pen.line(fromX: x, y: y, toX: x + width, y: y, thickness: 0.75)
        var row = y + 7
        row += pen.text(words.follow, x: x, y: row, width: width, BaseStyle(size: size + 1, bold: true, tag: "H2")) + 4
        let code = 100.0
        let text = pen.text(words.followText, x: x + code + 14, y: row, width: width - code - 14, BaseStyle(size: size - 1, leading: 0.16))
        let (qr, url) = (row + 3, row + max(code + 7, text + 4))
        row = url + 18
        let caption = BaseStyle(size: max(9, size - 2.5), leading: 0.05)
        // Its descenders stay above the code's box.
        row += pen.text(words.trackingCaption, x: x, y: row, width: width, caption) + 1.5
        let tracking = row
        row += 21
        row += pen.text(words.trackingSecret, x: x, y: row, width: width, BaseStyle(size: max(9, size - 2.5), leading: 0.1))
        if pen.draws {
            let left = pen.canvas.side(x, width)
            box(.trackingQR, x: pen.canvas.side(x, code), y: qr, width: code, height: code)
            box(.trackingURL, x: left, y: url, width: width, height: 16, size: 10.5)
            box(.trackingCode, x: left, y: tracking, width: width, height: 19, size: 13.5)
        }
        return row - y
    }

    /// Where the office is and what its signature says, at the other side; returns the height.
    private func office(_ pen: BasePen, size: Double, y: Double, width: Double) -> Double {
        let x = pen.canvas.width - Self.margin - width
        pen.line(fromX: x, y: y, toX: x + width, y: y, thickness: 0.75)
        let line = BaseStyle(size: size - 0.75, leading: 0.1, isOffice: true)
        var caption = line
        caption.isOffice = false
        var row = y + 7
        row += pen.text(words.office, x: x, y: row, width: width, BaseStyle(size: size + 1, bold: true, tag: "H2")) + 3
        for text in [text.officeName] + text.address { row += pen.text(text, x: x, y: row, width: width, line) }
        row += size * 0.35
        row += pen.text(text.email, x: x, y: row, width: width, line)
        row += pen.text("\(words.phone): \(text.phone)", x: x, y: row, width: width, caption)
        if let fax = text.fax, !fax.isEmpty { row += pen.text("\(words.fax): \(fax)", x: x, y: row, width: width, caption) }
        row += pen.text(text.publicURL, x: x, y: row, width: width, line) + size * 0.6
        row += pen.text(words.genuine, x: x, y: row, width: width, BaseStyle(size: size, bold: true, tag: "H2")) + 2
        row += pen.text(
            words.genuineText.replacingFirstPercent(with: text.officeName), x: x, y: row, width: width,
            BaseStyle(size: size - 1.5, leading: 0.12))
        return row - y
    }
}

extension String {
    /// Where a caption has `%` for the office's name; not the per cent of `100 %`.
    package var namePlaces: [Index] {
        indices.filter { index in
            self[index] == "%" && self[..<index].last(where: { !$0.isWhitespace })?.isNumber != true
        }
    }

    /// The office's name in its sentence.
    fileprivate func replacingFirstPercent(with name: String) -> String {
        guard let place = namePlaces.first else { return self }
        return self[..<place] + name + self[index(after: place)...]
    }
}
