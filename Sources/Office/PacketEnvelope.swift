import Elections
import Foundation
package import Keys

/// How a packet is kept at the counter: tail, manifest, signature and card in one sealed box that only a token, a visit or the roll key opens.
///
/// The associated data names the ballot and its base, so a box that is moved to another ballot's row does not open.
package struct PacketEnvelope: Sendable {
    /// The voter's part of the PDF: base ‖ tail is the file.
    package let tail: [UInt8]
    /// The manifest's canonical JSON, as it also stands in the tail.
    package let manifest: [UInt8]
    /// The detached signature (DER), as it also stands in the tail.
    package let cms: [UInt8]
    /// What the public pages say of the packet.
    package let card: PacketCard

    /// An envelope of these parts.
    package init(tail: [UInt8], manifest: [UInt8], cms: [UInt8], card: PacketCard) {
        self.tail = tail
        self.manifest = manifest
        self.cms = cms
        self.card = card
    }

    private static let packetLabel = Array("uocava/1 packet".utf8) + [0]
    private static let wrapLabel = Array("uocava/1 wrapped packet key".utf8) + [0]

    /// Seals the envelope under a packet key.
    ///
    /// The tail has the signature in it as digits, and the manifest: both are left out of it and put back on opening, a third of the whole.
    package func sealed(key: Secret, ballot: [UInt8], base: [UInt8], nonce: [UInt8]) -> [UInt8] {
        let card = card.json.canonical
        let digits = Array(hex(cms).utf8)
        let first = Self.place(of: manifest, in: tail, from: 0)
        let second = Self.place(of: digits, in: tail, from: first.map { $0 + manifest.count } ?? 0)
        let cuts = [(place: first, count: manifest.count), (place: second, count: digits.count)]
        var plain = Self.secondForm
        plain.reserveCapacity(tail.count + cms.count + card.count + 32)
        func append(_ number: Int) { withUnsafeBytes(of: UInt32(number).bigEndian) { plain.append(contentsOf: $0) } }
        var start = 0
        for cut in cuts { append(cut.place ?? Self.nowhere) }
        append(cuts.reduce(tail.count) { $1.place == nil ? $0 : $0 - $1.count })
        for case (let place?, let count) in cuts {
            plain.append(contentsOf: tail[start..<place])
            start = place + count
        }
        plain.append(contentsOf: tail[start...])
        for part in [manifest, cms, card] {
            append(part.count)
            plain.append(contentsOf: part)
        }
        return SealedBox.seal(plain, key: key, context: Self.packetLabel + ballot + base, nonce: nonce)
    }

    /// Opens a sealed envelope.
    ///
    /// - Throws: `KeysError` `notAuthentic` where the box, its ballot or its base is not the one that was sealed.
    package init(sealed: [UInt8], key: Secret, ballot: [UInt8], base: [UInt8]) throws {
        let plain = try SealedBox.open(sealed, key: key, context: Self.packetLabel + ballot + base)
        var rest = plain[...]
        let broken = OfficeError(.broken, "A sealed packet is cut short.", hint: "Run `uocava audit`.")
        func number() throws -> Int {
            guard rest.count >= 4 else { throw broken }
            defer { rest = rest.dropFirst(4) }
            return rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        }
        func part() throws -> [UInt8] {
            let count = try number()
            guard rest.count >= count else { throw broken }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        // Version 0.1 began with the tail, whole, whose length is far below this number.
        var places = [Self.nowhere, Self.nowhere]
        if plain.starts(with: Self.secondForm) {
            rest = rest.dropFirst(Self.secondForm.count)
            places = [try number(), try number()]
        }
        var whole = try part()
        manifest = try part()
        cms = try part()
        // In the order in which they were cut out, so that each place is right again.
        for (place, missing) in zip(places, [manifest, Array(hex(cms).utf8)]) where place != Self.nowhere {
            guard place <= whole.count else { throw broken }
            whole.insert(contentsOf: missing, at: place)
        }
        tail = whole
        card = try PacketCard(json: try JSONValue.parse(try part()))
    }

    /// The place of what is not in the tail.
    private static let nowhere = Int(UInt32.max)
    /// Says that the tail is without what it says twice.
    private static let secondForm: [UInt8] = [0xFF, 0, 0, 2]

    private static func place(of part: [UInt8], in tail: [UInt8], from start: Int) -> Int? {
        guard let first = part.first else { return nil }
        return tail.withUnsafeBytes { tail in
            var place = start
            while place + part.count <= tail.count, let address = tail.baseAddress,
                let found = memchr(address + place, CInt(first), tail.count - part.count - place + 1)
            {
                place = UnsafeRawPointer(found) - address
                if memcmp(found, part, part.count) == 0 { return place }
                place += 1
            }
            return nil
        }
    }

    /// A packet key wrapped under a link's or a visit's key; `owner` is the link's or visit's id.
    package static func wrap(_ packetKey: Secret, under key: Secret, owner: [UInt8], ballot: [UInt8], nonce: [UInt8]) -> [UInt8] {
        packetKey.withBytes { SealedBox.seal($0, key: key, context: wrapLabel + owner + ballot, nonce: nonce) }
    }

    /// The packet key in a wrap.
    package static func unwrap(_ wrap: [UInt8], under key: Secret, owner: [UInt8], ballot: [UInt8]) throws -> Secret {
        Secret(try SealedBox.open(wrap, key: key, context: wrapLabel + owner + ballot))
    }
}
