/// A moment in UTC, taken apart without Foundation: for the signature's date and a ZIP's.
struct TailTime: Sendable, Equatable {
    let year: Int
    let month: Int
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int

    /// From seconds since 1970-01-01 00:00 UTC; the proleptic Gregorian calendar.
    init(unixSeconds: Int64) {
        var days = unixSeconds / 86400
        var rest = unixSeconds % 86400
        if rest < 0 {
            rest += 86400
            days -= 1
        }
        hour = Int(rest / 3600)
        minute = Int(rest / 60 % 60)
        second = Int(rest % 60)
        // Howard Hinnant's days-to-civil: eras of 400 years (146,097 days) that begin on 1 March.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    /// `20261122100000Z`, the body of a PDF date.
    func appendPDFDate(to bytes: inout [UInt8]) {
        for part in [year / 100, year % 100, month, day, hour, minute, second] {
            bytes.append(UInt8(48 + part / 10 % 10))
            bytes.append(UInt8(48 + part % 10))
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    /// The two words of a ZIP entry: date and time in steps of two seconds. Years before 1980 become 1980.
    var dosDate: (date: UInt16, time: UInt16) {
        let years = UInt16(clamping: max(0, min(127, year - 1980)))
        return (years << 9 | UInt16(month) << 5 | UInt16(day), UInt16(hour) << 11 | UInt16(minute) << 5 | UInt16(second / 2))
    }
}
