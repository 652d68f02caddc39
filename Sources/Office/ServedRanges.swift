/// Which bytes of a file have been served: half-open ranges, sorted, none touching another.
///
/// A phone that fetches a file in pieces, over days and in any order, has it when the union of the pieces is the file.
struct ServedRanges: Equatable, Sendable {
    private(set) var ranges: [Range<Int>] = []
    /// Somebody who asks for every second byte must not fill the disk; beyond this many holes the smallest piece is forgotten, which can
    /// only make *delivered* come later.
    private static let most = 64

    init() {}

    /// From `text`: "from-to,from-to". Anything else reads as nothing served.
    init(text: String) {
        for piece in text.split(separator: ",") {
            let ends = piece.split(separator: "-").compactMap { Int($0) }
            if ends.count == 2, ends[0] >= 0, ends[0] < ends[1] { insert(ends[0]..<ends[1]) }
        }
    }

    /// As kept in the database: "from-to,from-to".
    var text: String { ranges.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",") }

    /// Adds a range and merges it with those that it touches.
    mutating func insert(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        var merged = range
        var kept: [Range<Int>] = []
        for other in ranges {
            if other.upperBound < merged.lowerBound || merged.upperBound < other.lowerBound {
                kept.append(other)
            } else {
                merged = min(other.lowerBound, merged.lowerBound)..<max(other.upperBound, merged.upperBound)
            }
        }
        kept.append(merged)
        ranges = kept.sorted { $0.lowerBound < $1.lowerBound }
        if ranges.count > Self.most, let smallest = ranges.indices.min(by: { ranges[$0].count < ranges[$1].count }) {
            ranges.remove(at: smallest)
        }
    }

    /// Whether every byte of a range is in.
    func contains(_ range: Range<Int>) -> Bool {
        ranges.contains { $0.lowerBound <= range.lowerBound && range.upperBound <= $0.upperBound }
    }

    /// Whether every byte of a file of this length is in.
    func covers(_ length: Int) -> Bool { ranges.count == 1 && ranges[0].lowerBound <= 0 && ranges[0].upperBound >= length }
}
