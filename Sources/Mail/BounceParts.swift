/// The parts of a mail that tell about a letter: its own headers, the reports, the texts, and what it returns.
struct BounceParts {
    /// A report for machines, decoded.
    struct Report {
        enum Kind { case delivery, disposition, feedback }

        let kind: Kind
        let content: [UInt8]
    }

    /// RFC 2045 sets no limits; nobody who reports a failure needs more.
    private static let deepest = 10
    private static let mostParts = 200
    /// Bytes of a report and of a text that are read: a report on 1,000 recipients has 300 kB.
    private static let longestReport = 512 << 10
    private static let longestText = 64 << 10

    /// The mail's own header.
    let headers: BounceHeaders
    /// Reports, in order.
    private(set) var reports: [Report] = []
    /// What people are to read, in order, without HTML where there is the same as text.
    private(set) var texts: [[UInt8]] = []
    /// Headers of the returned letter, and of what is wrapped in it.
    private(set) var returned: [BounceHeaders] = []
    /// Whether something is returned, with or without headers.
    private(set) var hasReturned = false

    private var pages: [[UInt8]] = []
    private var parts = 0

    /// Takes a mail apart.
    init(_ mail: ArraySlice<UInt8>) {
        var rest = mail.drop(while: Octets.isSpace)
        headers = BounceHeaders(reading: &rest)
        read(rest, headers, depth: 0, isReturned: false)
        // A page is the only text there is, or the same once more.
        if texts.allSatisfy({ Octets.trimmed($0[...]).isEmpty }) { texts = pages.map { BounceDecoding.plain(html: $0[...]) } }
    }

    // MARK: Structure

    private mutating func read(_ body: ArraySlice<UInt8>, _ headers: BounceHeaders, depth: Int, isReturned: Bool) {
        parts += 1
        guard depth <= Self.deepest, parts <= Self.mostParts else { return }
        let type = headers.token("content-type")
        switch type {
        case "message/delivery-status", "message/global-delivery-status":
            if !isReturned { note(.delivery, body, headers) }
        case "message/disposition-notification", "message/global-disposition-notification":
            if !isReturned { note(.disposition, body, headers) }
        case "message/feedback-report":
            if !isReturned { note(.feedback, body, headers) }
        case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers",
            "message/partial":
            readReturned(body, headers, depth: depth)
        default:
            if let boundary = boundary(of: body, headers, isMultipart: type.hasPrefix("multipart/")) {
                // Where the parts were guessed, what stands before them is no filler.
                if !type.hasPrefix("multipart/"), !isReturned { readText(body[..<boundary.startIndex], headers, type) }
                split(body, at: boundary, depth: depth, isReturned: isReturned)
            } else if !isReturned {
                readText(body, headers, type)
            }
        }
    }

    private mutating func note(_ kind: Report.Kind, _ body: ArraySlice<UInt8>, _ headers: BounceHeaders) {
        guard reports.count < 16 else { return }
        reports.append(Report(kind: kind, content: BounceDecoding.content(body, headers, limit: Self.longestReport)))
    }

    private mutating func readReturned(_ body: ArraySlice<UInt8>, _ outer: BounceHeaders, depth: Int) {
        hasReturned = true
        guard returned.count < 4 else { return }
        // RFC 2046 5.2.1 forbids an encoding here, and some servers use one.
        let encoding = outer.token("content-transfer-encoding")
        let decoded = encoding == "base64" || encoding == "quoted-printable"
        let content = decoded ? BounceDecoding.content(body, outer, limit: Self.longestReport)[...] : body
        var rest = content.drop(while: Octets.isSpace)
        let headers = BounceHeaders(reading: &rest)
        if !headers.isEmpty { returned.append(headers) }
        // Only what is returned in it is of interest: a bounce that bounced.
        if headers.token("content-type").hasPrefix("multipart/") { read(rest, headers, depth: depth + 1, isReturned: true) }
    }

    private mutating func readText(_ body: ArraySlice<UInt8>, _ headers: BounceHeaders, _ type: String) {
        guard type.isEmpty || type.hasPrefix("text/") || type.hasPrefix("multipart/") || type.hasPrefix("message/"), texts.count < 8,
            pages.count < 8,
            headers.token("content-disposition") != "attachment"
        else { return }
        let content = BounceDecoding.content(body, headers, limit: Self.longestText)
        if type == "text/html" { pages.append(content) } else { texts.append(content) }
    }

    private mutating func split(_ body: ArraySlice<UInt8>, at boundary: ArraySlice<UInt8>, depth: Int, isReturned: Bool) {
        var lines = OctetLines(body)
        var start: Int?
        while true {
            let lineStart = lines.position
            guard let line = lines.next() else { break }
            guard let isLast = Self.delimits(line, boundary) else { continue }
            if let start { readPart(body[start..<lineStart], depth: depth, isReturned: isReturned) }
            start = isLast ? nil : lines.position
            if isLast || parts > Self.mostParts { break }
        }
        // The end of a mail that was cut off belongs to its last part.
        if let start { readPart(body[start...], depth: depth, isReturned: isReturned) }
    }

    private mutating func readPart(_ part: ArraySlice<UInt8>, depth: Int, isReturned: Bool) {
        var rest = part
        let headers = BounceHeaders(reading: &rest)
        read(rest, headers, depth: depth + 1, isReturned: isReturned)
    }

    // MARK: Boundaries

    /// Whether a line is a boundary, and if so, whether it is the last one. Some servers indent it.
    private static func delimits(_ line: ArraySlice<UInt8>, _ boundary: ArraySlice<UInt8>) -> Bool? {
        var line = line
        while let first = line.first, first == 0x20 || first == 0x09 { line.removeFirst() }
        guard line.count >= boundary.count + 2, line.starts(with: "--".utf8), line.dropFirst(2).starts(with: boundary) else { return nil }
        let tail = Octets.trimmed(line.dropFirst(2 + boundary.count))
        if tail.isEmpty { return false }
        return tail.elementsEqual("--".utf8) ? true : nil
    }

    /// The boundary that parts a body; nil: it is one part.
    ///
    /// The one that the header names if a line has it; else the first line of the body that looks like one. Where the header says nothing of
    /// parts, the line must be followed by a Content field.
    private func boundary(of body: ArraySlice<UInt8>, _ headers: BounceHeaders, isMultipart: Bool) -> ArraySlice<UInt8>? {
        if isMultipart, let named = headers.parameter("boundary", of: "content-type")?.prefix(200) {
            var lines = OctetLines(body)
            while let line = lines.next() {
                if Self.delimits(line, named) != nil { return named }
            }
        }
        guard isMultipart || headers.token("content-type").isEmpty || headers.token("content-type") == "text/plain" else { return nil }
        var lines = OctetLines(body.prefix(Self.longestText))
        var candidate: ArraySlice<UInt8>?
        while let line = lines.next() {
            if let found = candidate {
                if isMultipart ? line.isEmpty || BounceHeaders.isField(line) : Octets.starts(line, "content-type") { return found }
                candidate = nil
            }
            let trimmed = Octets.trimmed(line)
            let name = trimmed.dropFirst(2)
            if trimmed.starts(with: "--".utf8), (4...200).contains(name.count), !name.contains(0x20),
                name.contains(where: { $0 != UInt8(ascii: "-") })
            {
                candidate = name
            }
        }
        return nil
    }
}
