/// A day of the Gregorian calendar, without a time zone: an election day, a birthday, a deadline counted in days.
///
/// Only days that exist between the years 1 and 9999 can be made.
package struct CivilDate: Comparable, Hashable, Sendable, Codable, CustomStringConvertible {
    /// The year, 1 to 9999.
    package let year: Int
    /// The month, 1 to 12.
    package let month: Int
    /// The day of the month, 1 to 31.
    package let day: Int

    /// The day with these numbers, or nil where the calendar has none (30 February).
    package init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1, day <= CivilDate.days(in: month, of: year) else { return nil }
        self.init(unchecked: year, month, day)
    }

    /// Reads exactly `YYYY-MM-DD`; nil for any other form and for days that do not exist.
    package init?(_ text: String) {
        var text = text
        let date: CivilDate? = text.withUTF8 { bytes in
            guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else { return nil }
            guard let year = number(in: bytes, 0, 4), let month = number(in: bytes, 5, 2), let day = number(in: bytes, 8, 2) else {
                return nil
            }
            return CivilDate(year: year, month: month, day: day)
        }
        guard let date else { return nil }
        self = date
    }

    /// The day that lies this many days after 1970-01-01; days outside the years 1 to 9999 become the nearest one inside.
    package init(daysSince1970 days: Int) {
        // The proleptic calendar in eras of 400 years that begin on 1 March (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
        let clamped = min(max(days, -719_162), 2_932_896)
        let shifted = clamped + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        self.init(unchecked: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private init(unchecked year: Int, _ month: Int, _ day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Decodes what `encode` writes; throws where it is none.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let date = CivilDate(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a date written as YYYY-MM-DD")
        }
        self = date
    }

    /// Encodes as one string, `YYYY-MM-DD`.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// How many days after 1970-01-01 this is; negative before.
    package var daysSince1970: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The day so many days later, or earlier where negative: election day `adding(days: -45)` is the day of 52 USC 20302(a)(8)(A).
    package func adding(days: Int) -> CivilDate { CivilDate(daysSince1970: daysSince1970 + days) }

    /// The same day so many months later; a day that month lacks becomes its last (31 January and one month: 28 or 29 February).
    package func adding(months: Int) -> CivilDate {
        let count = year * 12 + (month - 1) + months
        let newYear = min(max(count >= 0 ? count / 12 : 1, 1), 9999)
        let newMonth = ((count % 12) + 12) % 12 + 1
        return CivilDate(unchecked: newYear, newMonth, min(day, CivilDate.days(in: newMonth, of: newYear)))
    }

    /// How many days lie from this day to the other: 0 for the same day, negative where the other is earlier.
    package func days(until other: CivilDate) -> Int { other.daysSince1970 - daysSince1970 }

    /// The day of the week, 0 for Sunday to 6 for Saturday.
    package var weekday: Int { ((daysSince1970 + 4) % 7 + 7) % 7 }

    /// `YYYY-MM-DD`.
    package var description: String {
        String(unsafeUninitializedCapacity: 10) { bytes in
            put(year, 4, into: bytes, at: 0)
            bytes[4] = UInt8(ascii: "-")
            put(month, 2, into: bytes, at: 5)
            bytes[7] = UInt8(ascii: "-")
            put(day, 2, into: bytes, at: 8)
            return 10
        }
    }

    /// Whether the first day is earlier.
    package static func < (left: CivilDate, right: CivilDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    /// How many days the month has in that year.
    static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// The number that `count` decimal digits spell, or nil where one is no digit.
func number(in bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ count: Int) -> Int? {
    guard start >= 0, start + count <= bytes.count else { return nil }
    var value = 0
    for index in start..<(start + count) {
        guard bytes[index].isASCIIDigit else { return nil }
        value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
    }
    return value
}

/// Writes the number with leading zeros in exactly `count` digits.
func put(_ value: Int, _ count: Int, into bytes: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
    var rest = value
    var index = start + count - 1
    while index >= start {
        bytes[index] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
        index -= 1
    }
}
