/// Calendar sums on unix seconds, as certificates need them: the proleptic Gregorian calendar, no leap seconds.
package enum UTC {
    static let day: Int64 = 86400

    /// The same day and time of day that many months later, or earlier where that is negative; unix seconds.
    ///
    /// A day that the month lacks runs over: 31 January and one month is 2 or 3 March.
    package static func adding(months: Int, to seconds: Int64) -> Int64 {
        let date = date(seconds)
        let month = date.year * 12 + date.month - 1 + Int64(months)
        let first = daysBefore(year: floor(month, 12), month: month - floor(month, 12) * 12 + 1)
        return (first + date.day - 1) * day + seconds - floor(seconds, day) * day
    }

    /// Unix seconds as RFC 3339 writes them, for the years 1000 through 9999: `2028-11-07T12:00:00Z`.
    package static func text(_ seconds: Int64) -> String {
        let date = date(seconds)
        let rest = seconds - floor(seconds, day) * day
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(date.year)-\(two(date.month))-\(two(date.day))T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
    }

    private static func date(_ seconds: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let days = floor(seconds, day)
        var year = 1970 + floor(days * 400, 146_097)  // 400 years have 146,097 days; this is right or one off
        while daysBefore(year: year, month: 1) > days { year -= 1 }
        while daysBefore(year: year + 1, month: 1) <= days { year += 1 }
        var month: Int64 = 12
        while daysBefore(year: year, month: month) > days { month -= 1 }
        return (year, month, days - daysBefore(year: year, month: month) + 1)
    }

    /// Days from 1970-01-01 to the first of that month.
    private static func daysBefore(year: Int64, month: Int64) -> Int64 {
        // Counted from March, the leap day is the last of the year, and months before it begin at (153 m + 2) / 5.
        let year = month > 2 ? year : year - 1
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let leaps = floor(year, 4) - floor(year, 100) + floor(year, 400)
        return year * 365 + leaps + (153 * monthFromMarch + 2) / 5 - 719_468
    }

    private static func floor(_ a: Int64, _ b: Int64) -> Int64 {
        a >= 0 ? a / b : -((b - 1 - a) / b)
    }
}
