/// What a `Range` header asks for (RFC 9110, 14.1.2), of a file of known length.
enum ByteRange: Equatable {
    /// All of it: no range, one that we cannot read, or several, which a server may ignore.
    case whole
    /// Half-open.
    case part(Range<Int>)
    /// A range that begins behind the end.
    case unsatisfiable

    init(_ header: String?, length: Int) {
        self = header.flatMap { Self.read($0, length: length) } ?? .whole
    }

    private static func read(_ header: String, length: Int) -> ByteRange? {
        let text = header.filter { $0 != " " && $0 != "\t" }
        guard text.lowercased().hasPrefix("bytes="), text.utf8.count <= 64, length > 0 else { return nil }
        let ends = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }) else {
            return nil
        }
        // A number too large for us is larger than any file.
        func number(_ digits: Substring) -> Int { Int(digits) ?? Int.max }
        switch (ends[0].isEmpty, ends[1].isEmpty) {
        case (true, true): return nil
        case (true, false):
            let count = min(number(ends[1]), length)
            return count == 0 ? .unsatisfiable : .part((length - count)..<length)
        case (false, let isOpen):
            let first = number(ends[0])
            let last = isOpen ? Int.max : number(ends[1])
            guard first <= last else { return nil }
            return first >= length ? .unsatisfiable : .part(first..<(min(last, length - 1) + 1))
        }
    }
}

/// Whether a list of entity tags (`If-None-Match`) names this one; compared weakly, as RFC 9110 (13.1.2) has it.
func names(_ header: String?, _ etag: String) -> Bool {
    guard let header else { return false }
    return header.split(separator: ",").contains { item in
        let tag = item.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
        return tag == "*" || tag == etag || tag == "W/" + etag
    }
}
