import Elections

/// What the program brings for letters in one language.
struct LetterTexts: Sendable {
    /// The template of every kind, as a file has it.
    let templates: [LetterKind: String]
    /// Before the subject of a test office's letter.
    let samplePrefix: String
    /// The first paragraph of a test office's letter.
    let sample: String
    /// What to call a voter without a name.
    let nameless: String
    /// What stands before the office's e-mail address, telephone and fax number.
    let labels: (email: String, phone: String, fax: String)
    /// Why a ballot was not accepted, said to the voter, without its full stop.
    let reason: @Sendable (RejectionReason?) -> String
    /// How the voter may still put it right. The day is the first receipt deadline.
    ///
    /// Whether anything can be put right is State law, so none of it is promised. Paper, envelope and notary are never spoken of: no ballot
    /// is refused for these (52 USC 20302(i)).
    let cure: @Sendable (RejectionReason?, _ day: String) -> String

    /// By language.
    static let shipped = ["en": english, "es": spanish]

    /// The small words for letters in a language: English where there are none.
    static func words(_ language: String) -> LetterTexts {
        shipped[language] ?? shipped[String(language.prefix { $0 != "-" })] ?? english
    }
}
