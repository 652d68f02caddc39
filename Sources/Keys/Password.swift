/// A password as it is kept: scrypt (RFC 7914) over it and a salt of its own.
///
/// As text `scrypt 65536 8 1 SALT HASH`, both in hexadecimal, so that the cost may grow and old ones still open.
package struct KeptPassword: Sendable, Equatable {
    private let cost: UInt64
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// N = 2¹⁶: 64 MB and about 0.2 s a try, which a clerk does not notice and a thief does.
    private static let usualCost: UInt64 = 1 << 16
    /// Text that is read may ask for no more memory than this: 256 MB.
    private static let highestCost: UInt64 = 1 << 18

    /// Keeps a password.
    ///
    /// - Parameter cheap: for tests, which sign in hundreds of times: 16 MB a try.
    /// - Throws: ``KeysError`` `crypto` where memory is short.
    package init(_ password: Secret, cheap: Bool = false) throws {
        cost = cheap ? 1 << 14 : Self.usualCost
        salt = SystemRandom.bytes(16)
        hash = try stretch(password, salt: salt, cost: cost).withBytes { $0 }
    }

    /// Reads ``text``; nil where it is none.
    package init?(text: String) {
        let fields = text.split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count == 6, fields[0] == "scrypt", let cost = UInt64(fields[1]), cost >= 1 << 14, cost <= Self.highestCost,
            cost & (cost - 1) == 0, fields[2] == "8", fields[3] == "1", let salt = bytes(hexadecimal: fields[4]), salt.count == 16,
            let hash = bytes(hexadecimal: fields[5]), hash.count == 32
        else { return nil }
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// What is kept; nobody can read the password off it, but somebody with time may try many.
    package var text: String { "scrypt \(cost) 8 1 \(hexadecimal(salt[...])) \(hexadecimal(hash[...]))" }

    /// Whether this is the password, in a time that does not tell how near it was.
    ///
    /// - Throws: ``KeysError`` `crypto` where memory is short.
    package func matches(_ password: Secret) throws -> Bool {
        try stretch(password, salt: salt, cost: cost).withBytes { HMAC256.equal($0, hash) }
    }
}
