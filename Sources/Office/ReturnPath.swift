import Elections
import Foundation
import Keys
import Mail

/// The address that a letter comes back to when it cannot be delivered (VERP): the office's, with a mark in it that names the letter.
///
/// The mark is the letter's number and a 64-bit MAC under the roll key, e.g. `bounces+48123-9f86d081884c7d65@elections.example.gov`: whoever
/// can write to the office's mailbox must not be able to say of other voters' letters that they came back.
struct ReturnPath: Sendable {
    private let before: String
    private let after: String
    private let isMarked: Bool
    private let keys: RollKeys

    /// Twenty digits of number, a hyphen and sixteen of MAC at the most.
    private static let longestMark = 20 + 1 + 16

    /// - Parameters:
    ///   - pattern: the address with a `*`; without one, letters carry no mark and are known by their Message-ID alone. Empty: the sender's
    ///     address with `+*` behind its local part.
    ///   - sender: the address that letters come from.
    init(_ pattern: String, sender: String, keys: RollKeys) {
        let full: String
        if pattern.isEmpty, let at = sender.lastIndex(of: "@"), sender[..<at].utf8.count + 1 + Self.longestMark <= 64 {
            full = "\(sender[..<at])+*\(sender[at...])"
        } else {
            full = pattern.isEmpty ? sender : pattern
        }
        let parts = full.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        isMarked = parts.count == 2
        before = String(parts.first ?? "")
        after = isMarked ? String(parts[1]) : ""
        self.keys = keys
    }

    /// What keeps a pattern from being used; nil: nothing.
    static func fault(in pattern: String) -> String? {
        let stars = pattern.count(where: { $0 == "*" })
        guard stars <= 1 else { return "it has more than one *" }
        guard let at = pattern.lastIndex(of: "@") else { return "it has no @" }
        if let star = pattern.firstIndex(of: "*") {
            if star > at { return "its * stands behind the @" }
            if pattern[..<star].last?.isNumber == true {
                return "a digit stands before its *, which would become part of the letter's number"
            }
        }
        if stars == 1, pattern[..<at].utf8.count - 1 + longestMark > 64 {
            return "with a letter's mark it would have more than 64 characters before the @"
        }
        let example = pattern.replacingOccurrences(of: "*", with: "1-0123456789abcdef")
        do { _ = try MailAddress(example) } catch { return (error as? MailError)?.message ?? "it is not an e-mail address" }
        return nil
    }

    /// Where this letter comes back to.
    func address(of letter: Int64) -> String { isMarked ? "\(before)\(Self.mark(letter, keys))\(after)" : before }

    /// The letter whose mark stands in an address, whatever else is in it: relays rewrite what surrounds it. Nil: none, or not one of ours.
    static func letter(in address: String, keys: RollKeys) -> Int64? {
        let bytes = Array(address.lowercased().utf8)
        for (place, byte) in bytes.enumerated() where byte == UInt8(ascii: "-") {
            let tag = bytes[(place + 1)...].prefix(16)
            let digits = bytes[..<place].suffix(while: { (0x30...0x39).contains($0) })
            guard tag.count == 16, !digits.isEmpty, let letter = Int64(String(decoding: digits, as: UTF8.self)) else { continue }
            if Array(mark(letter, keys).utf8) == digits + [byte] + tag { return letter }
        }
        return nil
    }

    private static func mark(_ letter: Int64, _ keys: RollKeys) -> String {
        "\(letter)-\(hex(keys.index("return path", String(letter)).prefix(8)))"
    }
}

/// The Message-ID of a letter: the same each time it is sent, and only whoever has seen the letter knows it.
enum LetterID {
    /// `48123.9f86…@elections.example.gov`, without brackets.
    static func text(_ letter: Int64, domain: Substring, keys: RollKeys) -> String {
        "\(letter).\(hex(keys.index("message id", String(letter))))@\(domain)"
    }

    /// The letter that carries this id; nil: none of ours.
    static func letter(in id: String, keys: RollKeys) -> Int64? {
        let parts = id.prefix { $0 != "@" }.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let letter = Int64(parts[0]), String(letter) == parts[0],
            hex(keys.index("message id", String(letter))) == parts[1].lowercased()
        else { return nil }
        return letter
    }
}

extension BidirectionalCollection {
    /// The longest end of the collection whose elements all satisfy the condition.
    fileprivate func suffix(while condition: (Element) -> Bool) -> SubSequence {
        var start = endIndex
        while start > startIndex, condition(self[index(before: start)]) { start = index(before: start) }
        return self[start...]
    }
}
