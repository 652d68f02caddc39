/// Something wrong in what a person gave us: where it is, what it is, and what to do about it.
///
/// It is meant for the terminal of the person who gave it, not for a log: it may quote the value that is wrong. Control characters and
/// those that turn the direction of writing are escaped in `description`, whatever was put in.
package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file, as the person named it.
    package let file: String?
    /// The line in the file, from 1.
    package let line: Int?
    /// The column of a table, or the path of a key (`deadlines.receipt`).
    package let column: String?
    /// What is wrong, one sentence without its full stop.
    package let what: String
    /// What to do, whole sentences; empty where there is nothing to say.
    package let hint: String

    /// A problem; leave out the places that do not apply.
    package init(file: String? = nil, line: Int? = nil, column: String? = nil, what: String, hint: String = "") {
        self.file = file
        self.line = line
        self.column = column
        self.what = what
        self.hint = hint
    }

    /// `voters.csv:12: date_of_birth: "31/02/1980" is not a date. Write it as YYYY-MM-DD, for example 1980-02-28.`
    package var description: String {
        var text = ""
        if let file {
            text += file
            if let line { text += ":\(line)" }
            text += ": "
        } else if let line {
            text += "line \(line): "
        }
        if let column { text += "\(column): " }
        text += what
        if !what.hasSuffix(".") && !what.hasSuffix("?") { text += "." }
        if !hint.isEmpty { text += " \(hint)" }
        return Printable.escape(text)
    }

    /// The same problem in this file, where it did not say which.
    package func inFile(_ file: String, line: Int? = nil) -> Problem {
        Problem(file: self.file ?? file, line: self.line ?? line, column: column, what: what, hint: hint)
    }
}

/// Everything that is wrong in one file or request, in the order of the lines.
package struct Problems: Error, Sendable, CustomStringConvertible {
    /// At least one problem.
    package let all: [Problem]

    /// The problems as they are.
    package init(_ all: [Problem]) { self.all = all }

    /// A single problem.
    package init(_ problem: Problem) { all = [problem] }

    /// One problem a line.
    package var description: String { all.map(\.description).joined(separator: "\n") }
}

/// Text from a file, made safe to show on a terminal.
package enum Printable {
    /// The text in double quotes, escaped, cut to 60 characters.
    package static func quote(_ text: String) -> String {
        let limit = 60
        let cut = text.count > limit ? String(text.prefix(limit)) + "…" : text
        return "\"\(escape(cut))\""
    }

    /// The text with control characters and those that turn the direction of writing as `\u{202E}`; line ends too.
    package static func escape(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var safe = ""
        for scalar in text.unicodeScalars {
            if isUnsafe(scalar) {
                safe += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            } else {
                safe.unicodeScalars.append(scalar)
            }
        }
        return safe
    }

    /// Whether the character could do more than be seen: a control, a line separator, or one that turns the direction of writing.
    ///
    /// Sources: Unicode 16 `General_Category=Cc`, `Zl`, `Zp`, and the explicit bidirectional formatting characters of UAX #9, 2.1 to 2.5.
    package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

/// The known word that somebody probably meant.
package enum Nearest {
    /// The one word of `known` that is the fewest keystrokes away, where that is not more than a third of its length; nil where there is none,
    /// or where several are equally near: a guess among eight precincts helps nobody.
    package static func to(_ word: String, among known: [String]) -> String? {
        let lowered = Array(word.lowercased().unicodeScalars.prefix(64))
        var best: (word: String, distance: Int, tied: Bool)?
        for candidate in known {
            let other = Array(candidate.lowercased().unicodeScalars)
            let allowed = max(1, max(lowered.count, other.count) / 3)
            let distance = distance(lowered, other)
            guard distance <= allowed else { continue }
            if distance < best?.distance ?? Int.max {
                best = (candidate, distance, false)
            } else if distance == best?.distance, candidate != best?.word {
                best?.tied = true
            }
        }
        return best.flatMap { $0.tied ? nil : $0.word }
    }

    /// The so many words of `known` that are the fewest keystrokes away, the nearest first.
    package static func nearest(_ count: Int, to word: String, among known: [String]) -> [String] {
        let lowered = Array(word.lowercased().unicodeScalars.prefix(64))
        let distances = known.map { (word: $0, distance: distance(lowered, Array($0.lowercased().unicodeScalars))) }
        return distances.sorted { ($0.distance, $0.word) < ($1.distance, $1.word) }.prefix(count).map(\.word)
    }

    /// ` Did you mean "…"?` with a leading space, or nothing.
    static func hint(_ word: String, among known: [String]) -> String {
        to(word, among: known).map { " Did you mean \"\($0)\"?" } ?? ""
    }

    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(min(above, row[j]) + 1, diagonal + (a == b ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
