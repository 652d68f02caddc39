/// The captions of the office's pages, in plain words.
///
/// English and Spanish; any other language gets the English captions around the office's own texts. Names, dates and addresses
/// come from ``OfficeText``.
struct BaseWording: Sendable {
    let title: String
    let intro: String
    let styleCaption: String
    let todo: String
    let mark: (String, String)
    let sign: (String, String)
    let signWitness: (one: String, two: String)
    let envelope: (String, String)
    let post: (String, String)
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

    let envelopeCut: String
    let from: String
    let foreignPostage: String
    let to: String
    let envelopeTitle: String
    let envelopeSteps: [String]
    let abroadTitle: String
    let abroadText: String
    let checkTitle: String
    let checks: [String]

    /// The wording of a language: `es` and its regions in Spanish, everything else in English.
    static func of(language: String) -> BaseWording {
        let primary = language.lowercased().split(whereSeparator: { $0 == "-" || $0 == "_" }).first ?? ""
        return primary == "es" ? spanish : english
    }

    /// The election's name that a document is called by: `Ballot packet – General Election, November 7, 2028`.
    func documentTitle(_ text: OfficeText) -> String {
        "\(title) – \(text.electionName), \(text.electionDate)"
    }

    static let english = BaseWording(
        title: "Your ballot packet",
        intro: "This is your official blank ballot, with everything you need to send it back. Print all pages on one side of plain paper "
            + "with the setting “fit to page”. A ballot that prints smaller is fine: the office copies your choices, exactly as you made "
            + "them, onto a sheet that its machines can read.",
        styleCaption: "Ballot style",
        todo: "What to do",
        mark: ("Mark your ballot", "In private, in black or blue ink. Do not write your name on it."),
        sign: ("Sign the declaration", "Sign and date it by hand. Without your signature the ballot cannot be counted."),
        signWitness: ("One witness must sign it too.", "Two witnesses must sign it too."),
        envelope: (
            "Close the envelope", "Put the ballot and the signed declaration in. The last page of this packet is the envelope’s front."
        ),
        post: (
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
        envelopeCut: "Front of the envelope: cut along the dashed line",
        from: "FROM",
        foreignPostage: "Postage is required unless mailed in the U.S. mail, at an APO, FPO or DPO, or at a U.S. embassy or consulate.",
        to: "TO",
        envelopeTitle: "Make the envelope",
        envelopeSteps: [
            "Take any envelope that your ballot fits into.",
            "Cut this page along the dashed line and fix the front onto the envelope with clear tape or glue. Or print this page onto the "
                + "envelope, or copy it by hand: that counts as well.",
            "Nothing but the addresses and marks shown here may be on the front."
        ],
        abroadTitle: "Posting from another country",
        abroadText:
            "Postage is free only where the U.S. mail begins. At a foreign post office pay the airmail postage and put the stamps over "
            + "the words “U.S. Postage Paid”. A courier is paid by you as well.",
        checkTitle: "Before you close it",
        checks: [
            "The ballot is marked, and your name is not on it.", "The declaration is signed and dated.",
            "Both are in the envelope, and nothing else."
        ])

    static let spanish = BaseWording(
        title: "Su paquete de boleta",
        intro:
            "Esta es su boleta oficial en blanco, con todo lo necesario para devolverla. Imprima todas las páginas por un solo lado en papel "
            + "común con la opción «ajustar a la página». Si la boleta sale más pequeña, no importa: la oficina copia sus votos, tal como usted "
            + "los marcó, en una hoja que sus máquinas pueden leer.",
        styleCaption: "Tipo de boleta",
        todo: "Qué debe hacer",
        mark: ("Marque su boleta", "En privado, con tinta negra o azul. No escriba su nombre en ella."),
        sign: ("Firme la declaración", "Fírmela y féchela a mano. Sin su firma, la boleta no se puede contar."),
        signWitness: ("También debe firmarla un testigo.", "También deben firmarla dos testigos."),
        envelope: (
            "Cierre el sobre", "Ponga dentro la boleta y la declaración firmada. La última página de este paquete es el frente del sobre."
        ),
        post: (
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
        envelopeCut: "Frente del sobre: recorte por la línea de puntos",
        from: "FROM / REMITENTE",
        foreignPostage: "Postage is required unless mailed in the U.S. mail, at an APO, FPO or DPO, or at a U.S. embassy or consulate.",
        to: "TO / DESTINATARIO",
        envelopeTitle: "Prepare el sobre",
        envelopeSteps: [
            "Use cualquier sobre en el que quepa su boleta.",
            "Recorte esta página por la línea de puntos y pegue el frente en el sobre con cinta transparente o pegamento. También puede imprimir "
                + "esta página en el sobre o copiarla a mano: es igual de válido.",
            "En el frente solo puede haber las direcciones y marcas que se ven aquí."
        ],
        abroadTitle: "Si la envía desde otro país",
        abroadText:
            "El franqueo es gratis solo donde empieza el correo de EE. UU. En un correo extranjero pague el franqueo aéreo y pegue las "
            + "estampillas encima de las palabras «U.S. Postage Paid». Un servicio de mensajería también lo paga usted.",
        checkTitle: "Antes de cerrarlo",
        checks: [
            "La boleta está marcada y su nombre no aparece en ella.", "La declaración está firmada y fechada.",
            "Ambas están en el sobre, y nada más."
        ])
}
