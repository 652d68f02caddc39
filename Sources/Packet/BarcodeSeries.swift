import Synchronization

/// The QR codes of texts that begin alike and end in a code of letters, digits and hyphens, such as the addresses of tracking pages.
///
/// With version, level and mask fixed, a QR code is linear in the bits of its text (ISO/IEC 18004: the error correction is a Reed-Solomon code,
/// the modules have fixed places, and a mask is an exclusive or). Two characters in the alphanumeric mode are eleven bits, 45 a + b. So libzint
/// draws one code of the series, and what each bit of each pair changes in it; any other is put together from these in a microsecond instead
/// of 18.
package struct BarcodeSeries: Sendable {
    private let width: Int
    /// The code that the others are told by, eight bytes of modules a word.
    private let reference: [UInt64]
    /// Where in the text the first pair begins that is not always the same, and where the text ends.
    private let pairs: Range<Int>
    /// For each pair, and a last character that has no neighbour: what each bit of its value changes.
    private let changes: [[[UInt64]]]

    /// ISO/IEC 18004, table 5.
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()
    /// The value of `A`, of which the reference's code consists.
    private static let middle = 10

    /// The series of all texts that begin and are as long as this one; making it takes some 5 ms.
    ///
    /// nil where libzint does not write what comes behind `beginning` characters in pairs of the alphanumeric mode: then each code must be drawn
    /// by itself.
    package init?(like text: [UInt8], beginning: Int) throws(PacketError) {
        // Which characters make a pair depends on where libzint changes to that mode, and that on what stands before.
        for first in [beginning, beginning - 1] where (1..<text.count).contains(first) {
            let series = try BarcodeSeries(like: text, pairs: first..<text.count)
            if let series, try series.isTrue(to: text, behind: beginning) {
                self = series
                return
            }
        }
        return nil
    }

    private init?(like text: [UInt8], pairs: Range<Int>) throws(PacketError) {
        let plain = text[..<pairs.lowerBound] + [UInt8](repeating: Self.alphabet[Self.middle], count: pairs.count)
        let symbol = try BarcodeSymbol.qr(Array(plain))
        let reference = Self.words(symbol.bits)
        var changes: [[[UInt64]]] = []
        for place in stride(from: pairs.lowerBound, to: pairs.upperBound, by: 2) {
            let isAlone = place + 1 == pairs.upperBound
            var bits: [[UInt64]] = []
            for bit in 0..<(isAlone ? 6 : 11) {
                var text = plain
                if isAlone {
                    text[place] = Self.alphabet[Self.middle ^ 1 << bit]
                } else {
                    let value = Self.middle * 46 ^ 1 << bit
                    text[place] = Self.alphabet[value / 45]
                    text[place + 1] = Self.alphabet[value % 45]
                }
                let changed = try BarcodeSymbol.qr(Array(text))
                guard changed.width == symbol.width else { return nil }
                bits.append(zip(Self.words(changed.bits), reference).map { $0 ^ $1 })
            }
            changes.append(bits)
        }
        width = symbol.width
        self.reference = reference
        self.pairs = pairs
        self.changes = changes
    }

    /// Compares a hundred codes, with every character of a code in them, with libzint's. Hyphens stay: a long row of digits would be in a mode of its own.
    private func isTrue(to text: [UInt8], behind beginning: Int) throws(PacketError) -> Bool {
        let characters = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
        for start in characters.indices {
            for step in [0, 1, 7] {
                var other = text
                for place in beginning..<text.count where text[place] != UInt8(ascii: "-") {
                    other[place] = characters[(start + place * step * (place | 3)) % characters.count]
                }
                if try symbol(of: other) != BarcodeSymbol.qr(other) { return false }
            }
        }
        return true
    }

    /// The QR code of a text of the series, which begins as the series does; nil for one of another length, or with a character that the alphanumeric mode does not have.
    package func symbol(of text: [UInt8]) -> BarcodeSymbol? {
        guard text.count == pairs.upperBound else { return nil }
        var words = reference
        var place = pairs.lowerBound
        for bits in changes {
            var value = Int(Self.values[Int(text[place])])
            var other = Self.middle
            guard value < 45 else { return nil }
            if place + 1 < text.count {
                let second = Int(Self.values[Int(text[place + 1])])
                guard second < 45 else { return nil }
                value = value * 45 + second
                other *= 46
            }
            var changed = value ^ other
            while changed != 0 {
                let change = bits[changed.trailingZeroBitCount]
                for index in words.indices { words[index] ^= change[index] }
                changed &= changed - 1
            }
            place += 2
        }
        return BarcodeSymbol(width: width, height: width, bits: Self.bytes(words, (width + 7) / 8 * width))
    }

    private static func words(_ bytes: [UInt8]) -> [UInt64] {
        stride(from: 0, to: bytes.count, by: 8).map { start in
            bytes[start..<min(start + 8, bytes.count)].reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    private static func bytes(_ words: [UInt64], _ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for word in words {
            let left = min(8, count - bytes.count)
            for byte in (0..<left).reversed() { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(byte * 8))) }
        }
        return bytes
    }
}

/// The QR codes of tracking pages: the series of an office's addresses is made by whoever comes first, and kept for all threads.
package final class TrackingSymbols: Sendable {
    /// The process's.
    package static let shared = TrackingSymbols()

    private let kept = Mutex<[Beginning: Kept]>([:])

    private struct Kept {
        /// nil where each must be drawn by itself.
        let series: BarcodeSeries?
    }

    /// What the addresses of a series have in common.
    private struct Beginning: Hashable {
        let text: ArraySlice<UInt8>
        let count: Int
    }

    /// An address that ends in a code of this many characters, of which the first two are always the same.
    package func symbol(of address: [UInt8], code: Int) throws(PacketError) -> BarcodeSymbol {
        let known = max(0, address.count - code + 2)
        let beginning = Beginning(text: address.prefix(known), count: address.count)
        let series: BarcodeSeries?
        if let known = kept.withLock({ $0[beginning] }) {
            series = known.series
        } else {
            series = try BarcodeSeries(like: address, beginning: known)
            kept.withLock { $0[beginning] = Kept(series: series) }
        }
        if let symbol = series?.symbol(of: address) { return symbol }
        return try BarcodeSymbol.qr(address)
    }
}
