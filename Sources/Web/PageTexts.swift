import Foundation
package import Office

/// A language that the public pages speak.
package struct PageLanguage: Sendable, Hashable {
    /// Its BCP 47 tag.
    package let tag: String
    /// What it calls itself.
    package let name: String
    /// Every sentence by key; in English where the language has none.
    let sentences: [String: String]

    /// English; it has every sentence.
    package static let english = PageLanguage(tag: "en", name: "English", sentences: PageTexts.english)
    /// Spanish; it has every sentence.
    package static let spanish = PageLanguage(tag: "es", name: "Español", sentences: PageTexts.spanish)

    private init(tag: String, name: String, sentences: [String: String]) {
        self.tag = tag
        self.name = name
        self.sentences = sentences
    }

    /// What the office wrote, over what is shipped in that language, over English.
    init(_ words: SiteWords, over shipped: PageLanguage?) {
        tag = words.tag
        name = words.name ?? shipped?.name ?? Locale(identifier: words.tag).localizedString(forIdentifier: words.tag) ?? words.tag
        guard shipped == nil else {
            sentences = (shipped ?? .english).sentences.merging(words.sentences) { $1 }
            return
        }
        var sentences = words.sentences
        for key in words.missing(of: PageTexts.english, shipped: []) { sentences[key] = PageTexts.english[key].map(ForeignWords.marked) }
        self.sentences = sentences
    }

    /// Whether what it lacks is said in English, and is marked as such.
    var hasForeignWords: Bool { sentences.values.contains(where: ForeignWords.isMarked) }
    /// Whether it is English, of whatever country.
    var isEnglish: Bool { tag == "en" || tag.hasPrefix("en-") }
    /// Whether it is Spanish, of whatever country.
    var isSpanish: Bool { tag == "es" || tag.hasPrefix("es-") }

    /// Whether it is written from right to left.
    var isRightToLeft: Bool { SiteWords.isRightToLeft(tag) }

    package static func == (one: PageLanguage, other: PageLanguage) -> Bool { one.tag == other.tag }

    package func hash(into hasher: inout Hasher) { hasher.combine(tag) }
}

/// The languages of a site, English first.
package struct PageLanguages: Sendable {
    /// All of them.
    package let all: [PageLanguage]

    /// What every site speaks.
    package static let shipped = PageLanguages(adding: [])

    /// - Parameter words: what the office added, or says otherwise.
    package init(adding words: [SiteWords]) {
        var all = [PageLanguage.english, .spanish]
        for words in words {
            if let index = all.firstIndex(where: { $0.tag.lowercased() == words.tag.lowercased() }) {
                all[index] = PageLanguage(words, over: all[index])
            } else {
                all.append(PageLanguage(words, over: nil))
            }
        }
        self.all = all
    }

    /// The language of a tag; nil where the site does not speak it.
    package subscript(tag: String) -> PageLanguage? { all.first { $0.tag.lowercased() == tag.lowercased() } }

    /// The language that a browser asks for (RFC 9110, 12.5.4), English where it asks for none of ours. Among equals the first wins.
    ///
    /// A range is looked up as RFC 4647 (3.4) has it: `zh-Hant-TW`, `zh-Hant`, `zh`; and where that finds nothing, the first of ours that is a
    /// kind of the same language: who asks for `pt-PT` can read `pt-BR`.
    package func preferred(_ acceptLanguage: String?) -> PageLanguage {
        var best: (language: PageLanguage, weight: Double)?
        for item in (acceptLanguage ?? "").split(separator: ",").prefix(32) {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let range = parts.first, range.utf8.count <= 35, let language = find(range) else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if weight > 0, weight > best?.weight ?? 0 { best = (language, weight) }
        }
        return best?.language ?? all[0]
    }

    private func find(_ range: String) -> PageLanguage? {
        var parts = range.split(separator: "-")
        guard let first = parts.first else { return nil }
        while !parts.isEmpty {
            if let language = self[parts.joined(separator: "-")] { return language }
            parts.removeLast()
        }
        return all.first { $0.tag.lowercased().hasPrefix("\(first)-") }
    }
}

/// Every sentence of the pages, by key; a test sees that the shipped tables have the same keys and that each page finds its own.
package enum PageTexts {
    /// A sentence with its blanks, written `{name}`, filled in.
    package static func sentence(_ key: String, _ language: PageLanguage, _ values: [String: String] = [:]) -> String {
        var text = language.sentences[key] ?? key
        for (name, value) in values { text = text.replacing("{\(name)}", with: value) }
        return text
    }
}
