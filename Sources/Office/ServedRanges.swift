/// Which bytes of a file have been served: half-open ranges, sorted, none touching another.
///
/// A phone that fetches a file in pieces, over days and in any order, has it when the union of the pieces is the file.
///
/// A response that is under way for long has a range of its own, from which nothing follows as long as its process lives. The response's end
/// replaces it by what left. Where the process died before, it counts: the kernel sends on what it has, and the voter resumes behind that.
struct ServedRanges: Equatable, Sendable {
    private(set) var ranges: [Range<Int>] = []
    /// By response.
    private var underWay: [Response: Range<Int>] = [:]
    /// Somebody who asks for every second byte must not fill the disk; beyond this many holes the smallest piece is forgotten, which can
    /// only make *delivered* come later.
    private static let most = 64
    /// Nor by asking for the same a thousand times at once.
    private static let mostUnderWay = 16

    /// One response of one process.
    struct Response: Hashable {
        /// A name that the process gave itself when it began: letters and digits.
        let process: String
        let number: Int
    }

    init() {}

    /// From `text`: "from-to,from-to", and for responses under way "process.number~from-to". Anything else reads as nothing served.
    ///
    /// - Parameter process: the one that reads: what others had under way they will not end any more. nil reads nothing of the kind.
    init(text: String, process: String? = nil) {
        for piece in text.split(separator: ",") {
            let parts = piece.split(separator: "~", maxSplits: 1)
            guard let range = parts.last.flatMap(Self.range) else { continue }
            guard parts.count == 2 else {
                insert(range)
                continue
            }
            let names = parts[0].split(separator: ".")
            guard let process, names.count == 2, let number = Int(names[1]) else { continue }
            if names[0] == process { underWay[Response(process: process, number: number)] = range } else { insert(range) }
        }
    }

    private static func range(_ text: Substring) -> Range<Int>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).compactMap { Int($0) }
        return ends.count == 2 && ends[0] >= 0 && ends[0] < ends[1] ? ends[0]..<ends[1] : nil
    }

    /// As kept in the database.
    var text: String {
        func text(_ range: Range<Int>) -> String { "\(range.lowerBound)-\(range.upperBound)" }
        let open = underWay.sorted { $0.key.number < $1.key.number }
        return (ranges.map(text) + open.map { "\($0.process).\($0.number)~\(text($1))" }).joined(separator: ",")
    }

    /// Notes what may leave of a response that goes on.
    mutating func note(_ range: Range<Int>, of response: Response) {
        if !range.isEmpty, underWay[response] != nil || underWay.count < Self.mostUnderWay { underWay[response] = range }
    }

    /// Adds what came of a response that is over.
    mutating func end(_ response: Response, with range: Range<Int>) {
        underWay[response] = nil
        insert(range)
    }

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
