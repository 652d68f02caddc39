/// Writing the distinguished encoding rules (ITU-T X.690): one form for each value.
enum DER {
    static let sequence: UInt8 = 0x30
    static let set: UInt8 = 0x31
    static let integer: UInt8 = 0x02
    static let octets: UInt8 = 0x04
    static let object: UInt8 = 0x06
    /// `[0]`, constructed: the version of a certificate, the attributes and certificates of a CMS.
    static let context0: UInt8 = 0xa0

    /// Tag, shortest length, content.
    static func element(_ tag: UInt8, _ content: [UInt8]...) -> [UInt8] {
        let count = content.reduce(0) { $0 + $1.count }
        var element = [tag]
        element.reserveCapacity(count + 5)
        element += length(count)
        for part in content { element += part }
        return element
    }

    /// A length in its shortest form: 0x05, 0x81 0xa0, 0x82 0x03 0x7f.
    static func length(_ count: Int) -> [UInt8] {
        if count < 0x80 { return [UInt8(count)] }
        var bytes: [UInt8] = []
        var rest = count
        while rest > 0 {
            bytes.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return [0x80 | UInt8(bytes.count)] + bytes
    }

    /// An unsigned number as INTEGER: no needless zeros in front, one where the highest bit would mean a minus.
    static func unsigned(_ bigEndian: some Collection<UInt8>) -> [UInt8] {
        var bytes = Array(bigEndian.drop { $0 == 0 })
        if bytes.first.map({ $0 >= 0x80 }) ?? true { bytes.insert(0, at: 0) }
        return element(integer, bytes)
    }
}

/// Reading what must be DER, element by element; nil wherever it is not. Slices of the input, no copies.
struct DERReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// The content of the next element, if it has that tag, and the element as a whole.
    mutating func element(_ tag: UInt8) -> (content: ArraySlice<UInt8>, whole: ArraySlice<UInt8>)? {
        let start = rest.startIndex
        guard rest.count >= 2, rest[start] == tag else { return nil }
        var count = Int(rest[start + 1])
        var at = start + 2
        if count >= 0x80 {
            let digits = count & 0x7f
            guard (1...3).contains(digits), rest.endIndex - at >= digits else { return nil }
            count = rest[at..<(at + digits)].reduce(0) { $0 << 8 | Int($1) }
            guard DER.length(count).count == digits + 1 else { return nil }  // not the shortest form
            at += digits
        }
        guard rest.endIndex - at >= count else { return nil }
        let end = at + count
        defer { rest = rest[end...] }
        return (rest[at..<end], rest[start..<end])
    }

    /// A reader inside the next element, if it has that tag.
    mutating func inside(_ tag: UInt8) -> DERReader? {
        element(tag).map { DERReader($0.content) }
    }

    /// Passes over the next element, whatever it is (the tag in one byte).
    mutating func skip() -> Bool {
        guard let tag = rest.first else { return false }
        return element(tag) != nil
    }
}

/// An ECDSA signature on P-256 in one form only.
///
/// If (r, s) is a signature, so is (r, n − s), and anyone can compute the other: so ours have the lower s, and no second valid file can
/// be made of one that was issued. Other verifiers accept either.
struct ECDSASignature {
    let r: [UInt8]
    private(set) var s: [UInt8]

    /// Reads SEQUENCE { r, s }; nil unless it is DER of two positive numbers of at most 32 bytes.
    init?(der: [UInt8]) {
        var outer = DERReader(der[...])
        guard var inner = outer.inside(DER.sequence), outer.isAtEnd, let r = inner.element(DER.integer)?.content,
            let s = inner.element(DER.integer)?.content, inner.isAtEnd, let wideR = Self.wide(r), let wideS = Self.wide(s)
        else { return nil }
        self.r = wideR
        self.s = wideS
        guard self.der == der else { return nil }
    }

    /// 70 or 71 bytes nearly always; 8 at least, 71 at most once `lowered`.
    var der: [UInt8] { DER.element(DER.sequence, DER.unsigned(r), DER.unsigned(s)) }

    var isLow: Bool { !Self.half.lexicographicallyPrecedes(s) }

    /// The same signature with the lower of its two forms of s.
    func lowered() -> ECDSASignature {
        guard !isLow else { return self }
        var low = self
        var borrow = 0
        for place in stride(from: 31, through: 0, by: -1) {
            let difference = Int(Self.order[place]) - Int(s[place]) - borrow
            borrow = difference < 0 ? 1 : 0
            low.s[place] = UInt8(truncatingIfNeeded: difference)
        }
        return low
    }

    private static func wide(_ number: ArraySlice<UInt8>) -> [UInt8]? {
        let digits = number.drop { $0 == 0 }
        guard digits.count <= 32, !digits.isEmpty else { return nil }
        return [UInt8](repeating: 0, count: 32 - digits.count) + digits
    }

    /// n, the order of the group of P-256 (SEC 2, 2.4.2).
    private static let order: [UInt8] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51
    ]

    /// n / 2, rounded down: the highest s that is low.
    private static let half: [UInt8] = [
        0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8
    ]
}
