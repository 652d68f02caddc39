import Elections
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
    package func sealed(key: Secret, ballot: [UInt8], base: [UInt8], nonce: [UInt8]) -> [UInt8] {
        let card = card.json.canonical
        var plain: [UInt8] = []
        plain.reserveCapacity(tail.count + manifest.count + cms.count + card.count + 16)
        for part in [tail, manifest, cms, card] {
            withUnsafeBytes(of: UInt32(part.count).bigEndian) { plain.append(contentsOf: $0) }
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
        func part() throws -> [UInt8] {
            let broken = OfficeError(.broken, "A sealed packet is cut short.", hint: "Run `uocava audit`.")
            guard rest.count >= 4 else { throw broken }
            let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            guard rest.count >= count else { throw broken }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        tail = try part()
        manifest = try part()
        cms = try part()
        card = try PacketCard(json: try JSONValue.parse(try part()))
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
