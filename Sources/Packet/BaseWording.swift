/// The captions of the office's pages, in plain words.
///
/// English and Spanish are here; for another language the office may bring its own, and gets the English ones around its texts where it
/// does not. Names, dates and addresses come from ``OfficeText``. The properties' names are the keys of the office's file, so each one
/// that is added here is asked for there.
package struct BaseWording: Sendable, Codable, Equatable {
    /// What to do, and how.
    struct Step: Sendable, Codable, Equatable {
        let title: String
        let text: String

        init(_ title: String, _ text: String) {
            self.title = title
            self.text = text
        }
    }

    /// The sentence for each number of witnesses.
    struct Witnesses: Sendable, Codable, Equatable {
        let one: String
        let two: String

        init(_ one: String, _ two: String) {
            self.one = one
            self.two = two
        }
    }

    let title: String
    let intro: String
    let styleCaption: String
    let todo: String
    let mark: Step
    let sign: Step
    let signWitness: Witnesses
    let envelope: Step
    let post: Step
    let postBy: String
    let postSoon: String
    let follow: String
    let followText: String
    let trackingCaption: String
    let trackingSecret: String
    let office: String
    let phone: String
    let fax: String
    let genuine: String
    /// With the office's name inside, once: `%`.
    let genuineText: String

    let declarationTitle: String
    let declarationNotice: String
    let declarationText: String
    let declarationAffirmed: String
    let name: String
    let residence: String
    let voterClass: String
    let mailing: String
    let signature: String
    let date: String
    let witness: String
    let witnessAddress: String
    let returnCode: String
    let officeUse: String

    /// The pages of the envelope.
    let envelopePages: BaseEnvelopeWording

    /// The wording of a language and the language that it is in: `es` and its regions in Spanish, everything else in English.
    static func of(language: String) -> (words: BaseWording, language: String) {
        switch language.lowercased().split(whereSeparator: { $0 == "-" || $0 == "_" }).first {
        case "es": (spanish, language)
        case "en": (english, language)
        default: (english, "en")
        }
    }

    /// The election's name that a document is called by: `Ballot packet – General Election, November 7, 2028`.
    func documentTitle(_ text: OfficeText) -> String {
        "\(title) – \(text.electionName), \(text.electionDate)"
    }

    static let english = BaseWording(
        title: "Your ballot packet",
        intro: "This is your official blank ballot, with everything you need to send it back. Print all pages on one side of plain paper "
            + "with the setting “fit to page”, but the envelope at 100 %. A ballot that prints smaller is fine: the office copies your choices, exactly as you made "
            + "them, onto a sheet that its machines can read.",
        styleCaption: "Ballot style",
        todo: "What to do",
        mark: Step("Mark your ballot", "In private, in black or blue ink. Do not write your name on it."),
        sign: Step("Sign the declaration", "Sign and date it by hand. Without your signature the ballot cannot be counted."),
        signWitness: Witnesses("One witness must sign it too.", "Two witnesses must sign it too."),
        envelope: Step(
            "Close the envelope", "Put the ballot and the signed declaration in. The last pages of this packet make one, or its front."
        ),
        post: Step(
            "Post it",
            "Free in the U.S. mail, at APO, FPO and DPO post offices and at U.S. embassies and consulates. Anywhere else it needs a stamp."
        ),
        postBy: "Post it by",
        postSoon: "the earliest day you can",
        follow: "Follow your ballot",
        followText: "See at any time whether the office has received your ballot: scan this code, or go to the address below.",
        trackingCaption: "Tracking code",
        trackingSecret: "Whoever has this code can see how your ballot fares. Keep this page.",
        office: "Your election office",
        phone: "Telephone",
        fax: "Fax",
        genuine: "Is this packet genuine?",
        genuineText: "% signed this file electronically. A PDF reader that checks signatures says who signed it, and that nothing "
            + "was changed since. If anything looks wrong, ask the office before you vote.",
        declarationTitle: "Declaration of the voter",
        declarationNotice: "SIGN THIS PAGE and send it back with your ballot. Without your signature your ballot cannot be counted.",
        declarationText: "What you declare",
        declarationAffirmed: "I have read the declaration on the page before this one, and I make it.",
        name: "Name",
        residence: "Voting residence in the United States",
        voterClass: "Voting as",
        mailing: "Present mailing address",
        signature: "Signature of the voter",
        date: "Date (month / day / year)",
        witness: "Signature of witness",
        witnessAddress: "Name and address of witness, date",
        returnCode: "Return code",
        officeUse: "The office scans this code when your ballot arrives. It is not secret.",
        envelopePages: .english)

    static let spanish = BaseWording(
        title: "Su paquete de boleta",
        intro:
            "Esta es su boleta oficial en blanco, con todo lo necesario para devolverla. Imprima todas las páginas por un solo lado en papel "
            + "común con la opción «ajustar a la página», pero el sobre al 100 %. Si la boleta sale más pequeña, no importa: la oficina copia sus votos, tal como usted "
            + "los marcó, en una hoja que sus máquinas pueden leer.",
        styleCaption: "Tipo de boleta",
        todo: "Qué debe hacer",
        mark: Step("Marque su boleta", "En privado, con tinta negra o azul. No escriba su nombre en ella."),
        sign: Step("Firme la declaración", "Fírmela y féchela a mano. Sin su firma, la boleta no se puede contar."),
        signWitness: Witnesses("También debe firmarla un testigo.", "También deben firmarla dos testigos."),
        envelope: Step(
            "Cierre el sobre",
            "Ponga dentro la boleta y la declaración firmada. Con las últimas páginas de este paquete se hace el sobre, o su frente."
        ),
        post: Step(
            "Envíela por correo",
            "Gratis en el correo de EE. UU., en las oficinas APO, FPO y DPO y en las embajadas y consulados de EE. UU. En cualquier otro "
                + "lugar lleva estampilla."
        ),
        postBy: "Envíela a más tardar el",
        postSoon: "primer día que pueda",
        follow: "Siga su boleta",
        followText: "Vea en cualquier momento si la oficina recibió su boleta: escanee este código o visite la dirección de abajo.",
        trackingCaption: "Código de seguimiento",
        trackingSecret: "Quien tenga este código puede ver el estado de su boleta. Guarde esta página.",
        office: "Su oficina electoral",
        phone: "Teléfono",
        fax: "Fax",
        genuine: "¿Es auténtico este paquete?",
        genuineText:
            "% firmó este archivo electrónicamente. Un lector de PDF que comprueba firmas dice quién lo firmó y que nada se cambió "
            + "después. Si algo le parece extraño, pregunte a la oficina antes de votar.",
        declarationTitle: "Declaración del votante",
        declarationNotice: "FIRME ESTA PÁGINA y devuélvala con su boleta. Sin su firma, su boleta no se puede contar.",
        declarationText: "Lo que usted declara",
        declarationAffirmed: "He leído la declaración de la página anterior y la hago mía.",
        name: "Nombre",
        residence: "Residencia electoral en los Estados Unidos",
        voterClass: "Vota como",
        mailing: "Dirección postal actual",
        signature: "Firma del votante",
        date: "Fecha (mes / día / año)",
        witness: "Firma del testigo",
        witnessAddress: "Nombre y dirección del testigo, fecha",
        returnCode: "Código de devolución",
        officeUse: "La oficina escanea este código cuando llega su boleta. No es secreto.",
        envelopePages: .spanish)
}
