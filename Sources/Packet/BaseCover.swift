/// The cover: what this is, what to do, where the office is, how to follow the ballot.
extension BasePages {
    mutating func drawCover(on canvas: BaseCanvas) throws(PacketError) {
        begin(canvas)
        let left = Self.margin
        let width = canvas.width - 2 * Self.margin
        // The lower part has a fixed height, the upper part shrinks its type until it fits above.
        let lowerHeight = 232.0
        let lowerTop = canvas.height - Self.margin - lowerHeight
        let scale = try coverScale(canvas, width: width, available: lowerTop - 12)

        var y = letterhead(canvas, title: words.title)
        y += canvas.text(
            "\(words.styleCaption): \(styleLabel)", x: left, y: y, width: width, BaseStyle(size: 10.5))
        y += 8
        y += canvas.text(words.intro, x: left, y: y, width: width, BaseStyle(size: 10.5 * scale))
        y += 12 * scale
        y += canvas.text(words.todo, x: left, y: y, width: width, BaseStyle(size: 13 * scale, bold: true, tag: "H2"))
        y += 6 * scale
        for (index, step) in steps.enumerated() {
            y += max(20 * scale, drawStep(canvas, index + 1, step, x: left, y: y, width: width, scale: scale)) + 6 * scale
        }
        y += 1
        drawPostBy(canvas, x: left + 30, y: y, width: width - 30)
        y += 27 + 9 * scale
        _ = drawNotice(canvas, text.returnNotice, x: left, y: y, width: width, size: 11.5 * scale)

        drawFollow(canvas, x: left, y: lowerTop, width: width * 0.545)
        try drawOffice(canvas, x: left + width * 0.545 + 14, y: lowerTop, width: width * 0.455 - 14, height: lowerHeight)
    }

    private var steps: [(String, String)] {
        var sign = words.sign
        if text.witnessLines == 1 { sign.1 += " " + words.signWitness.one }
        if text.witnessLines == 2 { sign.1 += " " + words.signWitness.two }
        return [words.mark, sign, words.envelope, words.post]
    }

    /// The largest scale of type at which everything above the lower part fits.
    private func coverScale(_ canvas: BaseCanvas, width: Double, available: Double) throws(PacketError) -> Double {
        for scale in stride(from: 1.15, through: 0.76, by: -0.03) {
            var y = 100 + canvas.height(of: text.electionName, width: width * 0.42, BaseStyle(size: 11, bold: true, leading: 0.1))
            y += 14 + 8 + canvas.height(of: words.intro, width: width, BaseStyle(size: 10.5 * scale)) + 12 * scale
            y += 22 * scale + 28 + 9 * scale
            for step in steps {
                y += max(20 * scale, canvas.height(of: stepMarkup(step), width: width - 30, BaseStyle(size: 10.5 * scale), isMarkup: true))
                y += 6 * scale
            }
            y += canvas.height(of: text.returnNotice, width: width - 24, BaseStyle(size: 11.5 * scale, bold: true)) + 18
            if y <= available { return scale }
        }
        throw overflow("the cover's text", "Shorten return_notice or the election's name")
    }

    private func stepMarkup(_ step: (String, String)) -> String {
        "<b>" + BaseMarkdown.escaped(step.0) + ".</b> " + BaseMarkdown.escaped(step.1)
    }

    private func drawStep(
        _ canvas: BaseCanvas, _ number: Int, _ step: (String, String), x: Double, y: Double, width: Double, scale: Double
    ) -> Double {
        let diameter = 19.0 * scale
        let size = 10.5 * scale
        let height = canvas.height(of: stepMarkup(step), width: width - 30, BaseStyle(size: size), isMarkup: true)
        // The disc's middle is on the first line's.
        let middle = y + size * 0.6
        canvas.frame(x: x, y: middle - diameter / 2, width: diameter, height: diameter, thickness: 1.4, radius: diameter / 2)
        canvas.text(
            "\(number)", x: x, y: middle - size * 0.6, width: diameter, BaseStyle(size: size, bold: true, alignment: .centre, tag: "P"))
        canvas.text(stepMarkup(step), x: x + 30, y: y, width: width - 30, BaseStyle(size: size, tag: "P"), isMarkup: true)
        return height
    }

    private mutating func drawPostBy(_ canvas: BaseCanvas, x: Double, y: Double, width: Double) {
        let caption = 150.0
        canvas.frame(x: x, y: y, width: width, height: 26, thickness: 1.4)
        canvas.text(words.postBy, x: x + 10, y: y + 6.5, width: caption, BaseStyle(size: 10.5, bold: true))
        box(.postBy, x: x + caption + 14, y: y + 3, width: width - caption - 24, height: 20, size: 12.5)
    }

    /// A framed sentence in bold that cannot be overlooked; returns its height.
    func drawNotice(_ canvas: BaseCanvas, _ notice: String, x: Double, y: Double, width: Double, size: Double) -> Double {
        let style = BaseStyle(size: size, bold: true, alignment: .centre)
        let height = canvas.height(of: notice, width: width - 24, style) + 14
        canvas.frame(x: x, y: y, width: width, height: height, thickness: 2.2)
        canvas.text(notice, x: x + 12, y: y + 7, width: width - 24, style)
        return height
    }

    private mutating func drawFollow(_ canvas: BaseCanvas, x: Double, y: Double, width: Double) {
        canvas.line(fromX: x, y: y, toX: x + width, y: y, thickness: 0.75)
        var row = y + 8
        row += canvas.text(words.follow, x: x, y: row, width: width, BaseStyle(size: 12, bold: true, tag: "H2")) + 5
        let code = 104.0
        box(.trackingQR, x: x, y: row + 4, width: code, height: code)
        let beside = x + code + 14
        canvas.text(words.followText, x: beside, y: row + 2, width: width - code - 14, BaseStyle(size: 9.5))
        row += code + 12
        box(.trackingURL, x: x, y: row, width: width, height: 16, size: 9.5)
        row += 20
        caption(canvas, words.trackingCaption, x: x, y: row, width: width)
        row += 11
        box(.trackingCode, x: x, y: row, width: width, height: 19, size: 13)
        row += 22
        canvas.text(words.trackingSecret, x: x, y: row, width: width, BaseStyle(size: 8.5, leading: 0.1))
    }

    private func drawOffice(_ canvas: BaseCanvas, x: Double, y: Double, width: Double, height: Double) throws(PacketError) {
        canvas.line(fromX: x, y: y, toX: x + width, y: y, thickness: 0.75)
        var lines = [text.officeName] + text.address
        lines += ["", text.email, "\(words.phone): \(text.phone)"]
        if let fax = text.fax, !fax.isEmpty { lines.append("\(words.fax): \(fax)") }
        lines.append(text.publicURL)
        let contact = lines.joined(separator: "\n")
        let genuine = words.genuineText.replacingFirstPercent(with: text.officeName)
        for size in stride(from: 10.0, through: 7.0, by: -0.5) {
            let heading = BaseStyle(size: 12, bold: true, tag: "H2")
            let small = size * 0.92
            let needed =
                8 + canvas.height(of: words.office, width: width, heading) + 5
                + canvas.height(of: contact, width: width, BaseStyle(size: size, leading: 0.14)) + 10
                + canvas.height(of: words.genuine, width: width, BaseStyle(size: size + 0.5, bold: true)) + 3
                + canvas.height(of: genuine, width: width, BaseStyle(size: small, leading: 0.14))
            guard needed <= height else { continue }
            var row = y + 8
            row += canvas.text(words.office, x: x, y: row, width: width, heading) + 5
            row += canvas.text(contact, x: x, y: row, width: width, BaseStyle(size: size, leading: 0.14)) + 10
            row += canvas.text(words.genuine, x: x, y: row, width: width, BaseStyle(size: size + 0.5, bold: true, tag: "H2")) + 3
            canvas.text(genuine, x: x, y: row, width: width, BaseStyle(size: small, leading: 0.14))
            return
        }
        throw overflow("the office's address", "Shorten the office's name, address or contacts")
    }
}

extension String {
    /// The office's name in its sentence.
    fileprivate func replacingFirstPercent(with name: String) -> String {
        guard let place = firstIndex(of: "%") else { return self }
        return self[..<place] + name + self[index(after: place)...]
    }
}
