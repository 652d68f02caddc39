/// The header fields of a mail, of one of its parts, or of a group in a report (RFC 3464 2.1 writes them the same way).
struct BounceHeaders {
    /// Fields that are kept, and bytes of each: no server writes more into what we look for.
    private static let mostFields = 1000
    private static let longestValue = 16384

    private var fields: [(name: String, value: [UInt8])] = []

    /// No fields.
    init() {}

    var isEmpty: Bool { fields.isEmpty }

    /// Reads the fields that a text begins with and moves `text` behind them and the blank line that ends them.
    ///
    /// A line that is no field ends them as well and stays in the text. mbox lines (`From `, `>From `) in front are passed over.
    init(reading text: inout ArraySlice<UInt8>) {
        var lines = OctetLines(text)
        while true {
            let start = lines.position
            guard let line = lines.next() else {
                text = lines.rest
                return
            }
            if line.isEmpty {
                text = lines.rest
                return
            }
            if line[line.startIndex] == 0x20 || line[line.startIndex] == 0x09 {
                if !fields.isEmpty {
                    append(line, toLast: true)
                    continue
                }
            } else if let colon = Self.colon(in: line) {
                if fields.count < Self.mostFields {
                    var end = colon
                    while end > line.startIndex, Octets.isSpace(line[end - 1]) { end -= 1 }
                    fields.append((Octets.lowerString(line[line.startIndex..<end]), []))
                    append(line[(colon + 1)...], toLast: false)
                }
                continue
            } else if fields.isEmpty, Octets.starts(line, "from ") || Octets.starts(line, ">from ") {
                continue
            }
            if Octets.trimmed(line).isEmpty {
                text = lines.rest
            } else {
                text = text[start...]
            }
            return
        }
    }

    private mutating func append(_ line: ArraySlice<UInt8>, toLast isFolded: Bool) {
        let last = fields.count - 1
        let room = Self.longestValue - fields[last].value.count
        guard room > 1 else { return }
        if isFolded, !fields[last].value.isEmpty { fields[last].value.append(0x20) }
        fields[last].value.append(contentsOf: Octets.trimmed(line).prefix(room - 1))
    }

    /// Where the colon behind a field's name stands; a name has no spaces in it and at most 80 characters.
    private static func colon(in line: ArraySlice<UInt8>) -> Int? {
        var index = line.startIndex
        let limit = min(line.endIndex, line.startIndex + 80)
        while index < limit, line[index] > 0x20, line[index] < 0x7F, line[index] != UInt8(ascii: ":") { index += 1 }
        guard index > line.startIndex else { return nil }
        let end = index
        while index < limit, line[index] == 0x20 || line[index] == 0x09 { index += 1 }
        guard index < limit, line[index] == UInt8(ascii: ":"), end > line.startIndex else { return nil }
        return index
    }

    /// Whether a line could be a header field: what guessing at structure needs.
    static func isField(_ line: ArraySlice<UInt8>) -> Bool { colon(in: line) != nil }

    /// The first field of a name in lower case.
    func first(_ name: String) -> ArraySlice<UInt8>? { fields.first { $0.name == name }?.value[...] }

    /// Every field of a name, in order.
    func all(_ name: String) -> [ArraySlice<UInt8>] { fields.compactMap { $0.name == name ? $0.value[...] : nil } }

    /// Whether there is a field of this name, whatever it says.
    func has(_ name: String) -> Bool { fields.contains { $0.name == name } }

    /// The first field in lower case, up to the first semicolon or comment: a media type, `auto-replied`, `failed`.
    func token(_ name: String) -> String {
        guard let value = first(name) else { return "" }
        let end = value.firstIndex { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "(") } ?? value.endIndex
        return Octets.lowerString(Octets.trimmed(value[..<end]).prefix(200))
    }

    /// The first field with its encoded words read, in lower case.
    func text(_ name: String) -> [UInt8] {
        guard let value = first(name) else { return [] }
        return BounceDecoding.words(value).map(Octets.lower)
    }

    /// A parameter of a field, e.g. `boundary` of Content-Type, without its quotes; nil: none, or empty.
    func parameter(_ wanted: String, of name: String) -> ArraySlice<UInt8>? {
        guard let value = first(name), var index = value.firstIndex(of: UInt8(ascii: ";")) else { return nil }
        while index < value.endIndex {
            index += 1
            let start = index
            while index < value.endIndex, value[index] != UInt8(ascii: "="), value[index] != UInt8(ascii: ";") { index += 1 }
            guard index < value.endIndex else { return nil }
            let key = Octets.trimmed(value[start..<index])
            guard value[index] == UInt8(ascii: "=") else { continue }
            index += 1
            while index < value.endIndex, Octets.isSpace(value[index]) { index += 1 }
            let content: ArraySlice<UInt8>
            if index < value.endIndex, value[index] == UInt8(ascii: "\"") {
                let open = index + 1
                let close = value[open...].firstIndex(of: UInt8(ascii: "\"")) ?? value.endIndex
                content = value[open..<close]
                index = value[close...].firstIndex(of: UInt8(ascii: ";")) ?? value.endIndex
            } else {
                let open = index
                index = value[open...].firstIndex(of: UInt8(ascii: ";")) ?? value.endIndex
                content = Octets.trimmed(value[open..<index])
            }
            if key.count == wanted.utf8.count, Octets.starts(key, wanted) { return content.isEmpty ? nil : content }
        }
        return nil
    }
}
