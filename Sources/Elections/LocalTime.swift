package import Foundation

/// A time on the clock of the office's wall, e.g. `2028-11-07T20:00`; it becomes a moment only together with a time zone.
package struct LocalTime: Comparable, Hashable, Sendable, CustomStringConvertible {
    /// The day.
    package let date: CivilDate
    /// The hour, 0 to 23.
    package let hour: Int
    /// The minute, 0 to 59.
    package let minute: Int

    /// The time with these numbers, or nil where a clock has none such.
    package init?(date: CivilDate, hour: Int, minute: Int) {
        guard (0...23).contains(hour), (0...59).contains(minute) else { return nil }
        self.date = date
        self.hour = hour
        self.minute = minute
    }

    /// Reads exactly `YYYY-MM-DDTHH:MM`; nil for any other form.
    package init?(_ text: String) {
        var text = text
        let time: LocalTime? = text.withUTF8 { bytes in
            guard bytes.count == 16, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"),
                bytes[13] == UInt8(ascii: ":"),
                let year = number(in: bytes, 0, 4), let month = number(in: bytes, 5, 2), let day = number(in: bytes, 8, 2),
                let date = CivilDate(year: year, month: month, day: day),
                let hour = number(in: bytes, 11, 2), let minute = number(in: bytes, 14, 2)
            else { return nil }
            return LocalTime(date: date, hour: hour, minute: minute)
        }
        guard let time else { return nil }
        self = time
    }

    /// The time so many minutes after midnight of the day; the caller keeps it below 1440.
    init(date: CivilDate, minuteOfDay: Int) {
        self.date = date
        hour = minuteOfDay / 60 % 24
        minute = minuteOfDay % 60
    }

    /// The moment at which the clocks of the zone show this time.
    ///
    /// Where clocks are set back and show it twice, it is the first. Where clocks are set forward and never show it, it moves forward by the
    /// gap: 02:30 in New York on 2028-03-12 is 03:30 daylight time.
    package func instant(in zone: TimeZone) -> Instant {
        let wall = Int64(date.daysSince1970) * 86_400 + Int64(hour * 3600 + minute * 60)
        func offset(at seconds: Int64) -> Int64 { Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))) }
        let before = offset(at: wall - 86_400)
        let after = offset(at: wall + 86_400)
        let first = wall - before
        if before == after || offset(at: first) == before { return Instant(seconds: first) }
        let second = wall - after
        return Instant(seconds: offset(at: second) == after ? second : first)
    }

    /// `YYYY-MM-DDTHH:MM`.
    package var description: String { "\(date)T\(twoDigits(hour)):\(twoDigits(minute))" }

    /// Whether the first time is earlier on the same clock.
    package static func < (left: LocalTime, right: LocalTime) -> Bool {
        (left.date, left.hour, left.minute) < (right.date, right.hour, right.minute)
    }

    private func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
