package import Foundation

/// A moment in time, to the millisecond; what the journal and every table hold.
package struct Instant: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
    package let milliseconds: Int64

    /// The moment so many milliseconds after the beginning of 1970, UTC.
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The moment so many whole seconds after the beginning of 1970, UTC.
    package init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        milliseconds = overflow ? (seconds < 0 ? Int64.min : Int64.max) : product
    }

    /// Reads RFC 3339: `2028-09-18T13:00:00Z`, with up to nine decimals (cut to milliseconds) and `Z` or an offset such as `-04:00`; else nil.
    package init?(rfc3339 text: String) {
        var text = text
        let parsed: Int64? = text.withUTF8 { Instant.parse($0) }
        guard let parsed else { return nil }
        milliseconds = parsed
    }

    /// Whole seconds since the beginning of 1970, UTC, rounded down.
    package var seconds: Int64 { milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0) }

    /// The moment in UTC as RFC 3339 with milliseconds: `2028-09-18T13:00:00.123Z`, always 24 characters.
    package var rfc3339: String {
        let secondOfAll = seconds
        let millisecond = Int(milliseconds - secondOfAll * 1000)
        let days = secondOfAll >= 0 ? secondOfAll / 86_400 : (secondOfAll - 86_399) / 86_400
        let secondOfDay = Int(secondOfAll - days * 86_400)
        let date = CivilDate(daysSince1970: Int(days))
        return String(unsafeUninitializedCapacity: 24) { bytes in
            put(date.year, 4, into: bytes, at: 0)
            bytes[4] = UInt8(ascii: "-")
            put(date.month, 2, into: bytes, at: 5)
            bytes[7] = UInt8(ascii: "-")
            put(date.day, 2, into: bytes, at: 8)
            bytes[10] = UInt8(ascii: "T")
            put(secondOfDay / 3600, 2, into: bytes, at: 11)
            bytes[13] = UInt8(ascii: ":")
            put(secondOfDay / 60 % 60, 2, into: bytes, at: 14)
            bytes[16] = UInt8(ascii: ":")
            put(secondOfDay % 60, 2, into: bytes, at: 17)
            bytes[19] = UInt8(ascii: ".")
            put(millisecond, 3, into: bytes, at: 20)
            bytes[23] = UInt8(ascii: "Z")
            return 24
        }
    }

    /// The same as `rfc3339`.
    package var description: String { rfc3339 }

    /// The moment so many seconds later, or earlier where negative.
    package func adding(seconds: Int64) -> Instant { Instant(milliseconds: milliseconds + seconds * 1000) }

    /// The day that the calendar on the office's wall shows at this moment.
    package func civilDate(in zone: TimeZone) -> CivilDate {
        let local = seconds + Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
        return CivilDate(daysSince1970: Int(local >= 0 ? local / 86_400 : (local - 86_399) / 86_400))
    }

    /// The local time that the clock on the office's wall shows at this moment, cut to the minute.
    package func localTime(in zone: TimeZone) -> LocalTime {
        let local = seconds + Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
        let days = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        let minuteOfDay = Int(local - days * 86_400) / 60
        return LocalTime(date: CivilDate(daysSince1970: Int(days)), minuteOfDay: minuteOfDay)
    }

    /// Whether the first moment is earlier.
    package static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] | 0x20 == UInt8(ascii: "t"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = number(in: bytes, 0, 4), let month = number(in: bytes, 5, 2), let day = number(in: bytes, 8, 2),
            let date = CivilDate(year: year, month: month, day: day),
            let hour = number(in: bytes, 11, 2), hour <= 23, let minute = number(in: bytes, 14, 2), minute <= 59,
            let second = number(in: bytes, 17, 2), second <= 59
        else { return nil }
        var index = 19
        var fraction = 0
        if bytes[index] == UInt8(ascii: ".") {
            index += 1
            let first = index
            while index < bytes.count, bytes[index].isASCIIDigit {
                if index - first < 3 { fraction = fraction * 10 + Int(bytes[index] - UInt8(ascii: "0")) }
                index += 1
            }
            guard (1...9).contains(index - first) else { return nil }
            for _ in (index - first)..<max(3, index - first) { fraction *= 10 }
        }
        guard index < bytes.count else { return nil }
        var offset = 0
        if bytes[index] | 0x20 == UInt8(ascii: "z") {
            index += 1
        } else {
            guard bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-"), index + 6 == bytes.count,
                bytes[index + 3] == UInt8(ascii: ":"), let hours = number(in: bytes, index + 1, 2), hours <= 23,
                let minutes = number(in: bytes, index + 4, 2), minutes <= 59
            else { return nil }
            offset = (hours * 3600 + minutes * 60) * (bytes[index] == UInt8(ascii: "-") ? -1 : 1)
            index += 6
        }
        guard index == bytes.count else { return nil }
        let seconds = Int64(date.daysSince1970) * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset)
        return seconds * 1000 + Int64(fraction)
    }
}
