/// The languages that the public pages speak.
package enum PageLanguage: String, CaseIterable, Sendable, Hashable {
    case english = "en"
    case spanish = "es"

    /// What the language calls itself.
    package var name: String { self == .english ? "English" : "Español" }

    /// The language that a browser asks for (RFC 9110, 12.5.4), English where it asks for none of ours. Among equals the first wins.
    package init(acceptLanguage header: String?) {
        var best: (language: PageLanguage, weight: Double)?
        for item in (header ?? "").split(separator: ",").prefix(32) {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let tag = parts.first?.split(separator: "-").first, let language = PageLanguage(rawValue: String(tag)) else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if weight > 0, weight > best?.weight ?? 0 { best = (language, weight) }
        }
        self = best?.language ?? .english
    }
}

/// Every sentence of the pages, by key, in each language; a test sees that the tables have the same keys and that each page finds its own.
package enum PageTexts {
    /// The table of a language.
    package static func of(_ language: PageLanguage) -> [String: String] { language == .english ? english : spanish }

    /// A sentence with its blanks, written `{name}`, filled in.
    package static func sentence(_ key: String, _ language: PageLanguage, _ values: [String: String] = [:]) -> String {
        var text = of(language)[key] ?? key
        for (name, value) in values { text = text.replacing("{\(name)}", with: value) }
        return text
    }
}
