import NIOCore
import Office

/// The bases in memory, each once, shared by every response that begins with it.
actor BaseShelf {
    /// A base as the site holds it.
    struct Base: Sendable {
        /// The bytes, in pieces of 1 MB: a slice of a `ByteBuffer` that begins beyond 16 MB would be copied.
        let pieces: [ByteBuffer]
        let length: Int
        /// CRC-32 of all of it, for the ZIP.
        let crc: UInt32
    }

    private let counter: Counter
    private let capacity: Int
    private var bases: [[UInt8]: (base: Base, usedAt: Int)] = [:]
    private var loading: [[UInt8]: Task<Base, any Error>] = [:]
    private var uses = 0
    private static let pieceLength = 1 << 20

    /// - Parameter capacity: how many bytes to keep; those that were asked for longest ago go first.
    init(counter: Counter, capacity: Int = 512 << 20) {
        self.counter = counter
        self.capacity = capacity
    }

    /// The base of a hash; read from the database the first time. Many who ask at once wait for one reading.
    func base(_ hash: [UInt8]) async throws -> Base {
        uses += 1
        if let known = bases[hash] {
            bases[hash] = (known.base, uses)
            return known.base
        }
        if let reading = loading[hash] { return try await reading.value }
        let reading = Task { [counter] in
            let bytes = try await counter.base(hash)
            let pieces = stride(from: 0, to: bytes.count, by: Self.pieceLength).map { start in
                ByteBuffer(bytes: bytes[start..<min(start + Self.pieceLength, bytes.count)])
            }
            return Base(pieces: pieces, length: bytes.count, crc: PacketArchive.checksum(ofBase: bytes))
        }
        loading[hash] = reading
        defer { loading[hash] = nil }
        let base = try await reading.value
        bases[hash] = (base, uses)
        makeRoom(keeping: hash)
        return base
    }

    private func makeRoom(keeping hash: [UInt8]) {
        var total = bases.values.reduce(0) { $0 + $1.base.length }
        for (other, entry) in bases.sorted(by: { $0.value.usedAt < $1.value.usedAt }) where total > capacity && other != hash {
            bases[other] = nil
            total -= entry.base.length
        }
    }
}
