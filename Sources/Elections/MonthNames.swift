/// Names of months, for dates that people read and write.
package enum MonthNames {
    /// January to December in English.
    package static let english = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"
    ]

    /// January to December in Spanish; written small.
    package static let spanish = [
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"
    ]

    /// The twelve names in the language of a tag (`es`, `es-MX`), or nil where this table has none.
    package static func of(_ language: String) -> [String]? {
        switch language.split(separator: "-").first {
        case "en": english
        case "es": spanish
        default: nil
        }
    }
}

extension CivilDate {
    /// The date as people read it: `November 7, 2028` in English, `7 de noviembre de 2028` in Spanish, `2028-11-07` in other languages.
    package func long(language: String) -> String {
        guard let names = MonthNames.of(language) else { return description }
        let name = names[month - 1]
        return names == MonthNames.spanish ? "\(day) de \(name) de \(year)" : "\(name) \(day), \(year)"
    }
}

extension LocalTime {
    /// The time as people read it: `November 7, 2028, 8:00 p.m.` in English, `7 de noviembre de 2028, 20:00` in Spanish, `2028-11-07, 20:00` in
    /// other languages.
    package func long(language: String) -> String {
        let minute = minute < 10 ? "0\(minute)" : "\(minute)"
        let day = date.long(language: language)
        guard MonthNames.of(language) == MonthNames.english else { return "\(day), \(hour):\(minute)" }
        return "\(day), \(hour % 12 == 0 ? 12 : hour % 12):\(minute) \(hour < 12 ? "a.m." : "p.m.")"
    }
}
