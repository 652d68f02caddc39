/// The captions of the pages with the envelope's fronts, for the voter; what the post offices read is in ``BaseEnvelope`` and English.
///
/// A part of ``BaseWording``, and so of the office's own captions.
struct BaseEnvelopeWording: Sendable, Codable, Equatable {
    /// Over the sender's and the office's address: words for the post first.
    let from: String
    let to: String
    /// In the box for stamps.
    let postageHere: String
    /// On the strips that are folded: beside the front, and below.
    let fold: String
    let glue: String
    let close: String
    let cut: String

    let freeTitle: String
    let freeUse: String
    let largeTitle: String
    let largeUse: String
    let foreignTitle: String
    let foreignUse: String

    let makeTitle: String
    let makeSteps: [String]
    let cutTitle: String
    let cutSteps: [String]
    let checkTitle: String
    let checks: [String]

    static let english = BaseEnvelopeWording(
        from: "FROM", to: "TO", postageHere: "Place postage here", fold: "fold back", glue: "glue or tape", close: "fold over, tape shut",
        cut: "cut along this line",
        freeTitle: "Envelope for the U.S. mail",
        freeUse:
            "Free at U.S. post offices, at APO, FPO and DPO, and at U.S. embassies and consulates. Posting anywhere else? Use the last "
            + "page. An envelope that you write by hand counts too.",
        largeTitle: "The same for C5 (229 × 162 mm)",
        largeUse: "For the U.S. mail only, APO, FPO, DPO, U.S. embassies and consulates.",
        foreignTitle: "Envelope for other countries’ mail",
        foreignUse:
            "Only if you post at another country’s post office: pay for airmail there. You pay a courier too. In the U.S. mail use the "
            + "page before this one.",
        makeTitle: "Make it",
        makeSteps: [
            "Print this page at 100 % (“actual size”), not “fit”.",
            "Fold back the sides, then the lower part, at the dashed lines. Glue or tape the sides.",
            "Put your papers in. Fold the top over and tape it shut, from side to side.",
            "Or print it on an envelope, or cut the front out and stick it on one."
        ],
        cutTitle: "Print or cut out",
        cutSteps: ["Print on the envelope at 100 % (“actual size”), or cut the front out and stick it on."],
        checkTitle: "Before you close it",
        checks: [
            "The ballot is marked, and your name is not on it.", "The declaration is signed and dated.",
            "Both are in the envelope, and nobody else’s."
        ])

    static let spanish = BaseEnvelopeWording(
        from: "FROM / REMITENTE", to: "TO / DESTINATARIO", postageHere: "Ponga aquí las estampillas", fold: "doble hacia atrás",
        glue: "pegue o use cinta", close: "doble y cierre con cinta", cut: "recorte por esta línea",
        freeTitle: "Sobre: correo de EE. UU.",
        freeUse:
            "Gratis en el correo de EE. UU., en APO, FPO y DPO, y en embajadas y consulados de EE. UU. ¿Lo envía desde otro lugar? Use la "
            + "última página. Un sobre escrito a mano también vale.",
        largeTitle: "Lo mismo para C5 (229 × 162 mm)",
        largeUse: "Solo para el correo de EE. UU., APO, FPO, DPO, embajadas y consulados de EE. UU.",
        foreignTitle: "Sobre: correo de otro país",
        foreignUse:
            "Solo si lo envía en un correo de otro país: pague allí el franqueo aéreo. La mensajería también la paga usted. En el correo "
            + "de EE. UU. use la página anterior.",
        makeTitle: "Cómo hacerlo",
        makeSteps: [
            "Imprima esta página al 100 % («tamaño real»), sin «ajustar».",
            "Doble hacia atrás los lados y luego la parte de abajo por las líneas. Pegue los lados.",
            "Meta sus papeles. Doble lo de arriba y ciérrelo con cinta de lado a lado.",
            "O imprímala en un sobre, o recorte el frente y péguelo en uno."
        ],
        cutTitle: "Imprima o recorte",
        cutSteps: ["Imprima en el sobre al 100 % («tamaño real»), o recorte el frente y péguelo."],
        checkTitle: "Antes de cerrarlo",
        checks: [
            "La boleta está marcada y no lleva su nombre.", "La declaración está firmada y fechada.",
            "Ambas están en el sobre, y las de nadie más."
        ])
}
