/// The keys of the voters' personal data: the file `roll.key`. The newest seals, any of them opens.
///
/// Each purpose has its own key, derived by HKDF-SHA-256 when the file is read: sealing (per roll key), the index and the fingerprint
/// (of the first roll key only, so that look-ups and comparisons survive a rotation).
package struct RollKeys: Sendable {
    let keys: KeySet
    private let sealing: [Secret]
    private let indexing: KeyedHMAC
    private let comparing: KeyedHMAC

    init(_ keys: KeySet) {
        self.keys = keys
        sealing = keys.all.map { HKDF256.derive($0.secret, salt: [], info: "uocava/1 roll seal") }
        indexing = KeyedHMAC(HKDF256.derive(keys.first.secret, salt: [], info: "uocava/1 roll index"))
        comparing = KeyedHMAC(HKDF256.derive(keys.first.secret, salt: [], info: "uocava/1 roll fingerprint"))
    }

    /// One fresh key.
    package static func generate() -> RollKeys {
        RollKeys(KeySet(kind: .roll, first: .random(32)))
    }

    /// The id (8 hexadecimal characters) of the key that seals from now on.
    package var currentID: String { keys.newest.id }

    /// Seals one row's personal data under the current key, bound to its table, its id and the key id; keep the key id beside it.
    package func seal(_ plain: [UInt8], table: String, id: [UInt8]) -> (sealed: [UInt8], keyID: String) {
        let place = keys.all.count - 1
        let context = context(table: table, id: id, keyID: currentID)
        return (SealedBox.seal(plain, key: sealing[place], context: context, nonce: SystemRandom.bytes(12)), currentID)
    }

    /// Opens what `seal` made for that very row. Throws `notAuthentic` (changed, or of another row) or `missing` (no such key here).
    package func open(_ sealed: [UInt8], table: String, id: [UInt8], keyID: String) throws -> [UInt8] {
        let key = sealing[try keys.place(of: keyID)]
        return try SealedBox.open(sealed, key: key, context: context(table: table, id: id, keyID: keyID))
    }

    /// What stands in the database for a value that must be found again exactly (a voter number, an e-mail): 16 bytes.
    ///
    /// `purpose` keeps equal values of different columns apart. The caller folds case and space first.
    package func index(_ purpose: String, _ value: String) -> [UInt8] {
        Array(indexing.authenticate([Array(purpose.utf8), [0], Array(value.utf8)])[..<16])
    }

    /// 16 bytes that tell whether a row's content changed since, and tell nothing else without the key.
    package func fingerprint(_ bytes: [UInt8]) -> [UInt8] {
        Array(comparing.authenticate([bytes])[..<16])
    }

    /// The same keys and a fresh one, which is current from then on. It takes effect once `KeyCabinet.replace` has stored it.
    package func rotated() -> RollKeys {
        RollKeys(keys.adding(.random(32)))
    }

    private func context(table: String, id: [UInt8], keyID: String) -> [UInt8] {
        var context: [UInt8] = []
        context.reserveCapacity(table.utf8.count + id.count + keyID.utf8.count + 2)
        context += table.utf8
        context.append(0)
        context += id
        context.append(0)
        context += keyID.utf8
        return context
    }
}
