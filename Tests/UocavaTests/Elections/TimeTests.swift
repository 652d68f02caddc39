import Elections
import Foundation
import Testing

@Suite("Dates and times")
struct ElectionsTimeTests {
    /// Election day, and the days 90, 65, 45, 30 and 7 days before it, 90 days after, and 22 months after. The 45th days of 2022-03-01 and
    /// 2024-03-05 stand in Election Advisories 2022-02 and 2024-01 of the Texas Secretary of State.
    private static let vectors = [
        ["2022-03-01", "2021-12-01", "2021-12-26", "2022-01-15", "2022-01-30", "2022-02-22", "2022-05-30", "2024-01-01"],
        ["2024-03-05", "2023-12-06", "2023-12-31", "2024-01-20", "2024-02-04", "2024-02-27", "2024-06-03", "2026-01-05"],
        ["2022-11-08", "2022-08-10", "2022-09-04", "2022-09-24", "2022-10-09", "2022-11-01", "2023-02-06", "2024-09-08"],
        ["2024-11-05", "2024-08-07", "2024-09-01", "2024-09-21", "2024-10-06", "2024-10-29", "2025-02-03", "2026-09-05"],
        ["2026-11-03", "2026-08-05", "2026-08-30", "2026-09-19", "2026-10-04", "2026-10-27", "2027-02-01", "2028-09-03"],
        ["2028-11-07", "2028-08-09", "2028-09-03", "2028-09-23", "2028-10-08", "2028-10-31", "2029-02-05", "2030-09-07"]
    ]

    @Test("The deadlines that federal law counts from election day fall on the known days", arguments: vectors)
    func legalDays(_ days: [String]) throws {
        let dates = try days.map { try #require(CivilDate($0)) }
        for (index, distance) in [-90, -65, -45, -30, -7, 90].enumerated() {
            #expect(dates[0].adding(days: distance) == dates[index + 1])
            #expect(dates[0].days(until: dates[index + 1]) == distance)
        }
        #expect(dates[0].adding(months: 22) == dates[7])
        #expect(dates[3].weekday == 6, "45 days before a Tuesday is a Saturday")
    }

    @Test("Only days that exist, written as YYYY-MM-DD, are dates")
    func strictDates() {
        for text in ["2028-02-29", "0001-01-01", "9999-12-31", "2000-02-29"] { #expect(CivilDate(text)?.description == text) }
        for text in [
            "2027-02-29", "1900-02-29", "2028-04-31", "2028-13-01", "2028-00-10", "2028-01-00", "2028-1-01", "28-01-01", "2028/01/01",
            " 2028-01-01",
            "2028-01-01 ", "+028-01-01", "0000-01-01", "٢٠٢٨-٠١-٠١", ""
        ] { #expect(CivilDate(text) == nil, "\(text)") }
    }

    @Test("Every day of 1890 to 2110 goes to a number of days and back, in order")
    func everyDay() throws {
        var date = try #require(CivilDate("1890-01-01"))
        let end = try #require(CivilDate("2110-12-31"))
        var number = date.daysSince1970
        while date < end {
            let next = date.adding(days: 1)
            #expect(next > date && next.daysSince1970 == number + 1)
            (date, number) = (next, number + 1)
        }
        #expect(CivilDate("1970-01-01")?.daysSince1970 == 0)
        #expect(CivilDate(daysSince1970: Int.max).year == 9999 && CivilDate(daysSince1970: Int.min).year == 1)
    }

    @Test("A month later on a day that the month lacks is its last day")
    func monthEnds() throws {
        #expect(try #require(CivilDate("2028-01-31")).adding(months: 1).description == "2028-02-29")
        #expect(try #require(CivilDate("2027-12-31")).adding(months: 2).description == "2028-02-29")
        #expect(try #require(CivilDate("2028-03-31")).adding(months: -1).description == "2028-02-29")
        #expect(try #require(CivilDate("2028-01-15")).adding(months: -13).description == "2026-12-15")
    }

    @Test("An instant is written with milliseconds in UTC and read back, also from other offsets")
    func rfc3339() throws {
        let instant = Instant(milliseconds: 1_852_894_800_123)
        #expect(instant.rfc3339 == "2028-09-18T13:00:00.123Z")
        for text in [
            "2028-09-18T13:00:00.123Z", "2028-09-18t13:00:00.123999z", "2028-09-18T09:00:00.123-04:00", "2028-09-18T18:30:00.123+05:30"
        ] {
            #expect(Instant(rfc3339: text) == instant, "\(text)")
        }
        #expect(Instant(rfc3339: "2028-09-18T13:00:00.1Z")?.milliseconds == 1_852_894_800_100)
        #expect(Instant(milliseconds: -1).rfc3339 == "1969-12-31T23:59:59.999Z")
        #expect(Instant(milliseconds: -1).seconds == -1)
        for text in [
            "2028-09-18 13:00:00Z", "2028-09-18T13:00:00", "2028-09-18T24:00:00Z", "2028-02-30T13:00:00Z", "2028-09-18T13:00:00.Z",
            "2028-09-18T13:00:00Zx",
            "2028-09-18T13:00:00+0400", "2028-09-18T13:00Z", ""
        ] { #expect(Instant(rfc3339: text) == nil, "\(text)") }
    }

    @Test("Instants agree with Foundation's own formatter over a century")
    func foundationAgrees() {
        let formatter = ISO8601DateFormatter()
        for step in stride(from: Int64(-1_000_000_000), to: 4_000_000_000, by: 98_765_431) {
            let judged = formatter.string(from: Date(timeIntervalSince1970: Double(step)))
            #expect(Instant(seconds: step).rfc3339 == judged.dropLast() + ".000Z")
        }
    }

    @Test("The day at the office turns at its own midnight")
    func civilDateInZone() throws {
        let zone = try #require(TimeZone(identifier: "America/New_York"))
        #expect(try #require(Instant(rfc3339: "2028-11-08T04:59:59Z")).civilDate(in: zone).description == "2028-11-07")
        #expect(try #require(Instant(rfc3339: "2028-11-08T05:00:00Z")).civilDate(in: zone).description == "2028-11-08")
        #expect(try #require(Instant(rfc3339: "2028-11-08T01:00:00Z")).localTime(in: zone).description == "2028-11-07T20:00")
    }

    @Test("A local time is the moment that the office's clock shows, over both changes of the clocks")
    func localTimes() throws {
        let zone = try #require(TimeZone(identifier: "America/New_York"))
        func moment(_ text: String) throws -> String { try #require(LocalTime(text)).instant(in: zone).rfc3339 }
        #expect(try moment("2028-11-07T20:00") == "2028-11-08T01:00:00.000Z")
        #expect(try moment("2028-07-04T12:00") == "2028-07-04T16:00:00.000Z")
        // 2028-03-12: 02:00 becomes 03:00. What the clock never shows moves forward by that hour.
        #expect(try moment("2028-03-12T01:59") == "2028-03-12T06:59:00.000Z")
        #expect(try moment("2028-03-12T02:30") == "2028-03-12T07:30:00.000Z")
        #expect(try moment("2028-03-12T03:00") == "2028-03-12T07:00:00.000Z")
        // 2028-11-05: 02:00 becomes 01:00. What the clock shows twice is the first.
        #expect(try moment("2028-11-05T00:59") == "2028-11-05T04:59:00.000Z")
        #expect(try moment("2028-11-05T01:30") == "2028-11-05T05:30:00.000Z")
        #expect(try moment("2028-11-05T02:00") == "2028-11-05T07:00:00.000Z")
        let guam = try #require(TimeZone(identifier: "Pacific/Guam"))
        #expect(try #require(LocalTime("2028-11-07T20:00")).instant(in: guam).rfc3339 == "2028-11-07T10:00:00.000Z")
        for text in ["2028-11-07", "2028-11-07T24:00", "2028-11-07T20:60", "2028-11-07 20:00", "2028-11-07T20:00:00", "2028-11-31T20:00"] {
            #expect(LocalTime(text) == nil, "\(text)")
        }
    }

    @Test("Dates for people are in English and Spanish, and in ISO form for other languages")
    func longDates() throws {
        let date = try #require(CivilDate("2028-11-07"))
        #expect(date.long(language: "en") == "November 7, 2028")
        #expect(date.long(language: "es") == "7 de noviembre de 2028")
        #expect(date.long(language: "es-PR") == "7 de noviembre de 2028")
        #expect(date.long(language: "vi") == "2028-11-07")
    }
}
