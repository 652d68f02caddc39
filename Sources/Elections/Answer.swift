/// What a voter types to open a packet, brought into the one form that is compared.
///
/// Text that cannot be an answer gives nil: it is asked again and counts as no try.
package enum Answer {
    /// How many characters the word printed in a letter has, where an office asks for no personal data.
    package static let wordLength = 6

    /// The birthday that somebody typed, or nil.
    ///
    /// Understood are `1984-03-07`; `03/07/1984`, always month first; `7 March 1984` and `March 7, 1984`, with the month's name in English or in one of
    /// `monthNames` (twelve each), whole or cut to at least three letters, in any case, and with the Spanish `de`: `7 de marzo de 1984`. Days
    /// before 1900 and after `today` are no birthdays.
    package static func dateOfBirth(_ text: String, monthNames: [[String]] = [], today: CivilDate) -> CivilDate? {
        let text = trimmed(text)
        guard (6...40).contains(text.count), let date = numeric(text) ?? named(text, [MonthNames.english] + monthNames) else { return nil }
        return date.year >= 1900 && date <= today ? date : nil
    }

    /// What somebody typed in the form in which it is compared, or nil where it cannot be an answer to the question.
    package static func canonical(_ text: String, question: IdentityQuestion, monthNames: [[String]] = [], today: CivilDate) -> String? {
        switch question {
        case .dateOfBirth: dateOfBirth(text, monthNames: monthNames, today: today).map(canonical)
        case .lastFourOfID: lastFour(text)
        case .none: word(text)
        }
    }

    /// The right answer for a voter; nil for `none`, where it is the word of the letter.
    package static func expected(question: IdentityQuestion, dateOfBirth: CivilDate, voterID: VoterID) -> String? {
        switch question {
        case .dateOfBirth: canonical(dateOfBirth)
        case .lastFourOfID: canonical(lastFourOf: voterID)
        case .none: nil
        }
    }

    /// A birthday as it is compared: `1984-03-07`.
    package static func canonical(_ date: CivilDate) -> String { date.description }

    /// The last four letters and digits of a voter's number, upper case; of a shorter one all, with zeros in front.
    package static func canonical(lastFourOf voterID: VoterID) -> String {
        let characters = lettersAndDigits(voterID.text).suffix(4)
        return String(repeating: "0", count: 4 - characters.count) + characters
    }

    /// Four letters or digits, upper case, or nil.
    package static func lastFour(_ text: String) -> String? {
        let characters = lettersAndDigits(text)
        return characters.count == 4 && trimmed(text).count <= 8 ? characters : nil
    }

    /// The word of a letter in upper-case Crockford base 32, or nil.
    package static func word(_ text: String) -> String? {
        guard let word = Crockford.canonical(text), word.utf8.count == wordLength else { return nil }
        return word
    }

    private static func lettersAndDigits(_ text: String) -> String {
        String(decoding: text.utf8.filter(\.isASCIILetterOrDigit), as: UTF8.self).uppercased()
    }

    private static func numeric(_ text: String) -> CivilDate? {
        if let date = CivilDate(text) { return date }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { digits(trimmed(String($0)), upTo: 4) }
        guard parts.count == 3, let month = parts[0], let day = parts[1], let year = parts[2], year >= 1000 else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    private static func named(_ text: String, _ monthNames: [[String]]) -> CivilDate? {
        let words = text.lowercased().split { $0.isWhitespace || $0 == "," || $0 == "." }.map(String.init).filter {
            $0 != "de" && $0 != "del"
        }
        guard words.count == 3, let year = digits(words[2], upTo: 4), year >= 1000 else { return nil }
        if let day = digits(words[0], upTo: 2), let month = month(words[1], monthNames) {
            return CivilDate(year: year, month: month, day: day)
        }
        if let day = digits(words[1], upTo: 2), let month = month(words[0], monthNames) {
            return CivilDate(year: year, month: month, day: day)
        }
        return nil
    }

    /// The month whose name this is or begins, nil where it could be two.
    private static func month(_ word: String, _ monthNames: [[String]]) -> Int? {
        var whole: Set<Int> = []
        var begun: Set<Int> = []
        for names in monthNames {
            for (index, name) in names.prefix(12).enumerated() {
                let name = name.lowercased()
                if name == word { whole.insert(index + 1) }
                if word.count >= 3, name.hasPrefix(word) { begun.insert(index + 1) }
            }
        }
        let months = whole.isEmpty ? begun : whole
        return months.count == 1 ? months.first : nil
    }

    private static func digits(_ text: String, upTo count: Int) -> Int? {
        (1...count).contains(text.utf8.count) && text.utf8.allSatisfy(\.isASCIIDigit) ? Int(text) : nil
    }
}
