import Elections
import Mustache

/// The letters that the office writes.
package enum LetterKind: String, Sendable, CaseIterable {
    /// The ballot is ready: the first letter, with the link.
    case ballotReady = "ballot_ready"
    /// A new link in place of an older one.
    case newLink = "new_link"
}

/// Writes a letter in a voter's language: plain text, complete in itself, with one link on a line of its own and nothing else that can be
/// clicked. It carries the name and nothing else of the voter, and invites nobody to send a ballot back by e-mail.
struct LetterWriter: Sendable {
    /// Subject and body; the variables are in ``values(_:)``.
    private struct Text {
        let subject: MustacheTemplate
        let body: MustacheTemplate
    }

    /// What a letter says.
    struct Contents {
        var kind: LetterKind
        var language: String
        var voterName: String
        var link: String
        /// The word to type, where the office asks for no personal data.
        var word: String?
        var definition: ElectionDefinition
        var test: Bool
    }

    private let texts: [String: Text]

    init() throws {
        var texts: [String: Text] = [:]
        for (language, words) in LetterTexts.all {
            for kind in LetterKind.allCases {
                texts["\(language)/\(kind.rawValue)"] = Text(
                    subject: try MustacheTemplate(string: words.subject(kind)), body: try MustacheTemplate(string: words.body(kind)))
            }
        }
        self.texts = texts
    }

    /// The letter's language, subject and text, in the first of the election's languages that we have words for.
    func write(_ contents: Contents) throws -> (language: String, subject: String, text: String) {
        let languages = contents.definition.languages(preferring: contents.language) + ["en"]
        for language in languages {
            guard let text = texts["\(language)/\(contents.kind.rawValue)"] else { continue }
            let values = values(contents, language)
            return (language, text.subject.render(values), text.body.render(values))
        }
        throw OfficeError(.broken, "There is no letter in any language of the election.")
    }

    private func values(_ contents: Contents, _ language: String) -> [String: Any] {
        let definition = contents.definition
        let closes = definition.deadlines.linksClose
        let notice = definition.languages(preferring: language).lazy.compactMap { definition.returnNotice[$0] }.first ?? ""
        var values: [String: Any] = [
            "voter": contents.voterName, "link": contents.link, "election": definition.name,
            "date": definition.date.long(language: language),
            "office": definition.office.name, "jurisdiction": definition.jurisdiction.name, "email": definition.office.email,
            "phone": definition.office.phone, "address": definition.office.address, "closes": closes.date.long(language: language),
            "return_notice": notice, "test": contents.test,
            "asks_birthday": definition.identityQuestion == .dateOfBirth, "asks_id": definition.identityQuestion == .lastFourOfID
        ]
        if let fax = definition.office.fax { values["fax"] = fax }
        if let word = contents.word { values["word"] = word }
        return values
    }
}

/// The words of the letters. A line with `{{{link}}}` alone is the one link that a letter holds.
enum LetterTexts {
    struct Words {
        let ballotReady: (subject: String, opening: String)
        let newLink: (subject: String, opening: String)
        let rest: String

        func subject(_ kind: LetterKind) -> String { (kind == .ballotReady ? ballotReady : newLink).subject }
        func body(_ kind: LetterKind) -> String { (kind == .ballotReady ? ballotReady : newLink).opening + rest }
    }

    static let all = ["en": english, "es": spanish]

    private static let english = Words(
        ballotReady: (
            "{{#test}}SAMPLE: {{/test}}Your ballot for the {{{election}}} is ready",
            """
            {{#test}}SAMPLE. This letter is a test; no election is being held.

            {{/test}}Dear {{{voter}}},

            your ballot for the {{{election}}} in {{{jurisdiction}}} on {{{date}}} is ready to
            download. Open this address:

            {{{link}}}


            """
        ),
        newLink: (
            "{{#test}}SAMPLE: {{/test}}A new link to your ballot for the {{{election}}}",
            """
            {{#test}}SAMPLE. This letter is a test; no election is being held.

            {{/test}}Dear {{{voter}}},

            here is a new link to your ballot for the {{{election}}} in {{{jurisdiction}}} on
            {{{date}}}. Any older link no longer works. Open this address:

            {{{link}}}


            """
        ),
        rest: """
            {{#asks_birthday}}The page asks for your date of birth, so that nobody else can open your
            ballot.{{/asks_birthday}}{{#asks_id}}The page asks for the last four characters of your voter number, so
            that nobody else can open your ballot.{{/asks_id}}{{#word}}The page asks for a word. Yours is: {{{word}}}{{/word}}
            The link works until {{{closes}}}. After you have opened it you can download
            your ballot for 24 hours. Please do not forward this letter.

            Then:
              1. Print the packet and mark your ballot.
              2. Sign and date the declaration.
              3. Put both in an envelope; the packet has one to print.
              4. Post it as early as you can.

            {{{return_notice}}}

            If the link does not work, or you would rather have your ballot another way,
            please ask us:

            {{{office}}}
            {{#address}}{{{.}}}
            {{/address}}E-mail: {{{email}}}
            Telephone: {{{phone}}}
            {{#fax}}Fax: {{{fax}}}
            {{/fax}}
            """)

    private static let spanish = Words(
        ballotReady: (
            "{{#test}}SAMPLE / MUESTRA: {{/test}}Su boleta para {{{election}}} está lista",
            """
            {{#test}}SAMPLE / MUESTRA. Esta carta es una prueba; no se celebra ninguna elección.

            {{/test}}Estimado/a {{{voter}}}:

            Su boleta para {{{election}}} en {{{jurisdiction}}}, del {{{date}}}, está lista
            para descargar. Abra esta dirección:

            {{{link}}}


            """
        ),
        newLink: (
            "{{#test}}SAMPLE / MUESTRA: {{/test}}Un nuevo enlace a su boleta para {{{election}}}",
            """
            {{#test}}SAMPLE / MUESTRA. Esta carta es una prueba; no se celebra ninguna elección.

            {{/test}}Estimado/a {{{voter}}}:

            Aquí tiene un nuevo enlace a su boleta para {{{election}}} en {{{jurisdiction}}},
            del {{{date}}}. Los enlaces anteriores ya no sirven. Abra esta dirección:

            {{{link}}}


            """
        ),
        rest: """
            {{#asks_birthday}}La página le pide su fecha de nacimiento, para que nadie más pueda abrir su
            boleta.{{/asks_birthday}}{{#asks_id}}La página le pide los últimos cuatro caracteres de su número de votante,
            para que nadie más pueda abrir su boleta.{{/asks_id}}{{#word}}La página le pide una palabra. La suya es: {{{word}}}{{/word}}
            El enlace sirve hasta el {{{closes}}}. Después de abrirlo puede descargar su
            boleta durante 24 horas. Por favor, no reenvíe esta carta.

            Después:
              1. Imprima el paquete y marque su boleta.
              2. Firme y feche la declaración.
              3. Ponga ambas en un sobre; el paquete trae uno para imprimir.
              4. Envíelo por correo postal lo antes posible.

            {{{return_notice}}}

            Si el enlace no funciona, o si prefiere recibir su boleta de otra manera,
            pregúntenos:

            {{{office}}}
            {{#address}}{{{.}}}
            {{/address}}Correo electrónico: {{{email}}}
            Teléfono: {{{phone}}}
            {{#fax}}Fax: {{{fax}}}
            {{/fax}}
            """)
}
