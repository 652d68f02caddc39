package import Elections
import Foundation
import Mustache
import NIOCore
import Office

/// Turns a page's name and values into the bytes of an HTML page.
struct Pages: Sendable {
    private let library: MustacheLibrary
    private let languages: PageLanguages
    /// Those that are not wholly translated.
    private let partial: Set<PageLanguage>

    /// Parses every template once.
    init(_ languages: PageLanguages) throws {
        self.languages = languages
        partial = Set(languages.all.filter(\.hasForeignWords))
        var templates = [
            "layout": try MustacheTemplate(string: PageLayout.template), "alert": try MustacheTemplate(string: PageTemplates.alert)
        ]
        for (name, source) in PageTemplates.sources { templates[name.rawValue] = try MustacheTemplate(string: source) }
        library = MustacheLibrary(templates: templates)
    }

    /// One page.
    ///
    /// - Parameters:
    ///   - values: what the page's template names; text, flags, and lists or tables of these.
    ///   - languages: whether to offer the page in the other language, which is only possible for pages that can be asked for again.
    func render(
        _ name: PageName, title: String, _ values: [String: Any] = [:], language: PageLanguage, notice: PublicNotice,
        languages: Bool = false
    ) -> ByteBuffer {
        var context = values
        context["lang"] = language.tag
        context["dir"] = Self.direction(language)
        context["title"] = title
        context["style"] = PageLayout.style
        context["t"] = language.sentences
        context["office"] = Self.office(notice, language)
        context["sample"] = notice.test
        if languages {
            context["languages"] = self.languages.all.filter { $0 != language }.map {
                ["tag": $0.tag, "name": $0.name, "dir": Self.direction($0)]
            }
        }
        let page = library.render(context, withTemplate: name.rawValue) ?? ""
        return ByteBuffer(string: partial.contains(language) ? ForeignWords.elements(in: page) : page)
    }

    /// An address in pieces that a narrow screen may break it into: behind the at sign and behind dots.
    private static func parts(_ address: String) -> [String] {
        address.reduce(into: [""]) { parts, character in
            parts[parts.count - 1].append(character)
            if character == "@" || character == "." { parts.append("") }
        }
    }

    private static func direction(_ language: PageLanguage) -> String { language.isRightToLeft ? "rtl" : "ltr" }

    private static func office(_ notice: PublicNotice, _ language: PageLanguage) -> [String: Any] {
        var office: [String: Any] = ["name": notice.officeName.isEmpty ? PageTexts.sentence("office", language) : notice.officeName]
        if !notice.jurisdiction.isEmpty { office["place"] = notice.jurisdiction }
        if !notice.email.isEmpty {
            office["email"] = notice.email
            office["email_parts"] = parts(notice.email)
        }
        if !notice.phone.isEmpty {
            office["phone"] = notice.phone
            // RFC 3966: a telephone's address has digits and a plus only.
            office["dial"] = notice.phone.filter { $0.isASCII && $0.isNumber || $0 == "+" }
        }
        if let fax = notice.fax, !fax.isEmpty { office["fax"] = fax }
        if !notice.address.isEmpty { office["address"] = notice.address.joined(separator: ", ") }
        office["reachable"] = office.count > 1
        return office
    }
}

/// How pages write dates, times and sizes.
package enum PageNumbers {
    /// A day as people write it, from `YYYY-MM-DD`; other text as it is.
    package static func day(_ text: String, _ language: PageLanguage) -> String {
        CivilDate(text).map { day($0, language) } ?? text
    }

    /// A day as people write it: `November 7, 2028`, `7 novembre 2028`.
    package static func day(_ day: CivilDate, _ language: PageLanguage) -> String {
        guard MonthNames.of(language.tag) == nil else { return day.long(language: language.tag) }
        var style = Date.FormatStyle(date: .long, time: .omitted, locale: Locale(identifier: language.tag))
        style.timeZone = .gmt
        let parts = DateComponents(
            calendar: Calendar(identifier: .gregorian), timeZone: .gmt, year: day.year, month: day.month, day: day.day)
        return parts.date?.formatted(style) ?? day.description
    }

    /// The names of the months in the language, as they stand in dates and alone, for dates that people type.
    static func months(_ language: PageLanguage) -> [[String]] {
        if let names = MonthNames.of(language.tag) { return [names] }
        var calendar = Calendar(identifier: .gregorian)
        calendar.locale = Locale(identifier: language.tag)
        return [calendar.monthSymbols, calendar.standaloneMonthSymbols, calendar.shortMonthSymbols]
    }

    /// Text in which digits of any script are 0 to 9: who writes Arabic types ١٩٨٤.
    static func plainDigits(_ text: String) -> String {
        String(text.map { $0.isWholeNumber && !$0.isASCII ? $0.wholeNumberValue.map { Character(String($0 % 10)) } ?? $0 : $0 })
    }

    /// A moment on the clock of the office's wall: `November 7, 2028, 8:00 p.m.`, `7 de noviembre de 2028, 20:00`.
    package static func moment(_ moment: Instant, zone name: String, _ language: PageLanguage) -> String {
        let zone = TimeZone(identifier: name) ?? .gmt
        guard MonthNames.of(language.tag) == nil else { return moment.localTime(in: zone).long(language: language.tag) }
        var style = Date.FormatStyle(date: .long, time: .shortened, locale: Locale(identifier: language.tag))
        style.timeZone = zone
        return Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000).formatted(style)
    }

    /// What people call a time zone: `Eastern Time`, `hora oriental`; a name that nobody knows as it is.
    package static func zone(_ name: String, _ language: PageLanguage) -> String { ZoneNames.name(of: name, language: language.tag) }

    /// A file's size: `412 KB`, `1.3 MB`.
    package static func size(_ bytes: Int) -> String {
        guard bytes >= 1_000_000 else { return "\(max(1, (bytes + 500) / 1000)) KB" }
        let tenths = (bytes + 50_000) / 100_000
        return "\(tenths / 10).\(tenths % 10) MB"
    }

    /// The name of a ballot's language, in the page's own where we know it.
    static func languageName(_ tag: String, _ language: PageLanguage) -> String {
        Locale(identifier: language.tag).localizedString(forLanguageCode: tag) ?? tag
    }
}
