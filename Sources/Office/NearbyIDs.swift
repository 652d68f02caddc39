import Keys

/// Ids of 16 random bytes, of which those that are made together share the first four.
///
/// A chunk's ballots then lie side by side in every index over them: it is written in one place for all of them, rather than in as many as
/// there are ballots, which at a million voters is most of what the disk has to do. The shared bytes are random as well, so an id tells
/// neither when nor in which order it was made; two with the same beginning are of the same few hundred voters.
struct NearbyIDs: Sendable {
    private let beginning = SystemRandom.bytes(4)

    /// Another id; 96 of its bits are its own.
    func next(from random: inout RandomSupply) -> [UInt8] { beginning + random.take(12) }
}

/// Random bytes that were drawn at once, handed out piece by piece: each draw costs a microsecond, whatever its length.
struct RandomSupply {
    private var bytes: ArraySlice<UInt8>

    init(_ count: Int) { bytes = SystemRandom.bytes(count)[...] }

    /// The next ones, never handed out before.
    mutating func take(_ count: Int) -> [UInt8] {
        precondition(count <= bytes.count, "more random bytes are taken than were drawn")
        defer { bytes = bytes.dropFirst(count) }
        return Array(bytes.prefix(count))
    }
}
