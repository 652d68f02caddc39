import Elections
import Foundation
import Office
import Testing

/// Sentences about ballots, each in an otherwise good letter: those that invite to return one other than by post, and those that do not.
@Suite("Sentences about the way back")
struct LetterSentencesTests {
    private static func isRefused(_ sentence: String, _ language: String) -> Bool {
        let letter = """
            Subject: Your ballot

            Dear {{voter}},

            {{link}}

            \(sentence)

            {{#word}}{{word}}{{/word}}

            {{return_notice}}

            {{contact}}
            """
        let problems = LetterLint.problems(in: letter, kind: .ballotReady, language: language, file: "letter.txt")
        #expect(
            problems.allSatisfy { $0.line == 7 && $0.hint.contains("post") && $0.what.contains("can be read as") },
            "\(sentence): \(problems)")
        return !problems.isEmpty
    }

    @Test("English invitations are refused", arguments: englishInvitations + moreEnglishInvitations)
    func refusesEnglish(sentence: String) { #expect(Self.isRefused(sentence, "en"), "\(sentence)") }

    @Test("English sentences that invite to nothing pass", arguments: englishSentences + moreEnglishSentences)
    func passesEnglish(sentence: String) { #expect(!Self.isRefused(sentence, "en"), "\(sentence)") }

    @Test("Spanish invitations are refused", arguments: spanishInvitations + moreSpanishInvitations)
    func refusesSpanish(sentence: String) { #expect(Self.isRefused(sentence, "es"), "\(sentence)") }

    @Test("Spanish sentences that invite to nothing pass", arguments: spanishSentences + moreSpanishSentences)
    func passesSpanish(sentence: String) { #expect(!Self.isRefused(sentence, "es"), "\(sentence)") }

    private static let englishInvitations = [
        "Reply to this message with your completed ballot attached.",
        "Scan and e-mail your ballot to {{email}}.",
        "Scan and e-mail your ballot to us.",
        "Fax your ballot to {{fax}}.",
        "Please e-mail your ballot back to us.",
        "You may return your ballot by e-mail.",
        "You can return your ballot by e-mail, fax or post.",
        "Return the signed declaration by fax.",
        "Send your completed ballot to {{email}}.",
        "Send it to {{email}}.",
        "Then scan it and e-mail it back.",
        "Take a photo of your marked ballot and send it to us.",
        "Photograph your ballot and send us the picture.",
        "Attach your ballot to your reply.",
        "Upload your ballot to our portal.",
        "Upload the signed packet here.",
        "Use our portal to return your ballot.",
        "You can vote online.",
        "Cast your vote on our website.",
        "Submit your ballot electronically.",
        "Just reply with your ballot.",
        "When you have marked your ballot, reply to this letter.",
        "If you cannot post your ballot, e-mail it to us.",
        "If you have no printer, e-mail us your votes.",
        "Do not post your ballot, e-mail it.",
        "Do not worry, just e-mail your ballot.",
        "Do not hesitate to e-mail your ballot.",
        "Do not wait, e-mail your ballot today.",
        "You do not need to post your ballot, you may fax it.",
        "We accept ballots by e-mail.",
        "We also accept ballots by fax.",
        "Ballots may be returned by fax or e-mail.",
        "Your ballot can be e-mailed to the office.",
        "E-mail is the fastest way to return your ballot.",
        "You can use e-mail to return your ballot.",
        "Return your ballot by post or, if you are in a hurry, by fax.",
        "Return your ballot by: e-mail, fax, post.",
        "E-mail your ballot, or it cannot be counted.",
        "Our address is {{email}}. Send your completed ballot there.",
        "Send us an e-mail with your ballot.",
        "Send us a scan of your signed declaration.",
        "Please fax both to {{fax}}.",
        "No stamps? E-mail your ballot.",
        "Email your voted ballot as a PDF.",
        "Your signed ballot can also be sent as an attachment.",
        "Mail, fax or e-mail the ballot to us.",
        "Ask us for the fax number and fax your ballot.",
        "Text us a picture of your ballot.",
        "We will not refuse ballots that are sent by e-mail.",
        "Members of the armed forces may return their ballots by fax.",
        "Return by e-mail.",
        "Forward your ballot to {{email}} once it is signed.",
        "You may answer this e-mail and attach the ballot.",
        "Print the ballot, mark it, sign it, scan it, and send everything to {{email}}.",
        "If you are not able to post it, you may fax it.",
        "You can post, fax, or e-mail your ballot.",
        "Your ballot and declaration may be scanned and e-mailed.",
        "Ballots by post cannot be accepted, e-mail yours.",
        "If you cannot post your ballot or have no stamps, e-mail it.",
        "Do not call us; e-mail your ballot.",
        "Scan both and send them to us.",
        "To return your ballot, reply to this e-mail.",
        "Attach it to an e-mail.",
        "Please send us your votes by e-mail.",
        "Your vote can be sent by e-mail.",
        "Put your ballot in the post or, better, e-mail it.",
        "You have two ways to return your ballot: post or e-mail.",
        "We encourage you to e-mail your ballot.",
        "Contact us by phone, then e-mail your ballot.",
        "Not only post but also e-mail can be used for your ballot.",
        "If you e-mail your ballot, please call us.",
        "The fastest way is to e-mail the signed declaration with your ballot.",
        "Get your ballot to us by e-mail.",
        "Your e‑mailed ballot will be counted.",
        "You can send by post or by fax your ballot.",
        "Your ballot reaches us fastest by e-mail."
    ]

    private static let englishSentences = [
        "Your ballot must not be e-mailed.",
        "We cannot accept ballots by e-mail.",
        "If you would rather have your ballot another way, ask us by e-mail.",
        "Do not e-mail your ballot.",
        "Do not e-mail or fax your ballot.",
        "Do not scan, fax, or e-mail your ballot.",
        "Please do not reply to this letter with your ballot.",
        "Never send your ballot by e-mail.",
        "Ballots sent by e-mail cannot be counted.",
        "Ballots sent by e-mail, fax or as a picture cannot be counted.",
        "Ballots that come by fax are rejected.",
        "State law does not allow us to accept ballots by fax.",
        "Your ballot must come back by post, not by e-mail.",
        "Return your ballot by post only, never by e-mail or fax.",
        "E-mail is not a way to return your ballot.",
        "You cannot return your ballot by e-mail, by fax, or online.",
        "You cannot vote online.",
        "You may not upload your ballot anywhere.",
        "It is not possible to return your ballot by e-mail.",
        "Returning your ballot by e-mail is not allowed.",
        "If the link does not work, please e-mail us.",
        "If your ballot does not open, e-mail us at {{email}}.",
        "If you have a question about your ballot, reply to this letter.",
        "Please reply to this letter if you need help.",
        "Send us an e-mail if your ballot does not open.",
        "Write to us by e-mail or fax if you need another ballot.",
        "We sent your ballot by e-mail.",
        "We will e-mail you when your ballot has arrived.",
        "We can e-mail or fax you a new ballot.",
        "You can receive your ballot by e-mail, by fax or by post.",
        "If you would like your ballot by fax, please ask us.",
        "Your ballot was e-mailed to you.",
        "This e-mail has the link to your ballot.",
        "Please keep this e-mail until your ballot has arrived.",
        "Post your ballot as early as you can.",
        "Put your ballot and the declaration into an envelope.",
        "Mail your ballot to the address on the envelope.",
        "Send your ballot to the address on the envelope.",
        "Your ballot must be returned by post to be counted.",
        "You need not do anything.",
        "The e-mail address that we have for you was changed.",
        "From now on, our letters about your ballot go to the new address.",
        "If you did not ask for it, please call us right away.",
        "Print the packet and mark your ballot.",
        "The page asks for your date of birth, so that nobody else can open your ballot.",
        "Scan the code on the first page to see where your ballot is.",
        "This page shows online where your ballot stands.",
        "E-mail: {{email}}",
        "Fax: {{fax}}",
        "You can reach us by e-mail at {{email}} or by fax at {{fax}}.",
        "Please ask us about faster ways, such as a courier or the pouch of a U.S. embassy.",
        "Please do not forward this letter: the link is for you alone.",
        "Nobody from our office will ask you to e-mail your ballot.",
        "Do not send your ballot or declaration to {{email}}.",
        "Ballots can not be returned by fax.",
        "Sorry, we can't accept e-mailed ballots.",
        "The State does not let us take ballots by e-mail.",
        "Please do not scan or photograph your ballot.",
        "Do not attach your ballot to an e-mail.",
        "No ballot can be accepted by e-mail.",
        "Under no circumstances e-mail your ballot.",
        "Your ballot cannot be counted if it comes by e-mail.",
        "If you have not received your packet, please e-mail us.",
        "You may ask by e-mail, by fax or by phone for a new ballot.",
        "We have received your ballot and will e-mail you soon.",
        "You asked us to send your ballot by e-mail.",
        "This link is for you alone, so please do not forward this e-mail.",
        "There is no attachment to this e-mail.",
        "Next, we check the declaration that came with it."
    ]

    private static let spanishInvitations = [
        "Envíe su boleta por correo electrónico.",
        "Devuelva su boleta como adjunto.",
        "Puede devolver su boleta por correo electrónico.",
        "Puede devolver su boleta por correo postal, fax o correo electrónico.",
        "Escanee su boleta y envíela por correo electrónico.",
        "Escanee la boleta y mándela a {{email}}.",
        "Envíe su boleta a {{email}}.",
        "Envíe por fax su boleta a {{fax}}.",
        "Mande la declaración firmada por fax.",
        "Responda a este mensaje con su boleta.",
        "Responda a esta carta y adjunte su boleta.",
        "Adjunte su boleta a su respuesta.",
        "Adjunte la boleta marcada.",
        "Suba su boleta a nuestro portal.",
        "Cargue su boleta en el portal.",
        "Tome una foto de su boleta y envíela.",
        "Envíenos una foto de su boleta.",
        "Fotografíe su boleta firmada y mándenosla.",
        "Puede votar en línea.",
        "Vote por internet.",
        "Devuelva su boleta electrónicamente.",
        "Aceptamos boletas por correo electrónico.",
        "También aceptamos boletas por fax.",
        "Las boletas pueden devolverse por fax.",
        "Su boleta puede enviarse por correo electrónico a la oficina.",
        "Si no puede ir al correo, envíe la boleta por email.",
        "Si no tiene impresora, mande su voto por WhatsApp.",
        "No dude en enviar su boleta por correo electrónico.",
        "No se preocupe, envíe su boleta por fax.",
        "No envíe su boleta por correo postal, mándela por correo electrónico.",
        "No es necesario ir al correo, puede enviarla por fax.",
        "Cuando haya marcado su boleta, responda a esta carta.",
        "El correo electrónico es la manera más rápida de devolver su boleta.",
        "Use el portal para devolver su boleta.",
        "Háganos llegar su boleta por correo electrónico.",
        "Entregue su boleta por correo electrónico.",
        "Nuestra dirección es {{email}}. Envíe allí su boleta firmada.",
        "Envíela por correo electrónico.",
        "Remita su papeleta como archivo adjunto.",
        "Puede devolver la boleta por: fax, correo electrónico, correo postal.",
        "Envíenos un correo electrónico con su boleta.",
        "Firme la declaración, escanéela y envíela a {{email}}.",
        "Los militares pueden devolver su boleta por fax.",
        "Conteste este correo electrónico con su boleta adjunta.",
        "¿No tiene sellos? Envíe su boleta por fax.",
        "Puede enviar por correo postal o por fax su boleta.",
        "Su boleta y su declaración pueden escanearse y enviarse por correo electrónico.",
        "Para devolver su boleta, responda a este correo electrónico.",
        "Mándenos su voto por correo electrónico.",
        "Si envía su boleta por correo electrónico, llámenos.",
        "Su boleta enviada por correo electrónico se contará.",
        "Escanee ambas y envíelas a nuestra oficina.",
        "Le pedimos que envíe su boleta por correo electrónico.",
        "Hay dos maneras de devolver su boleta: correo postal o correo electrónico.",
        "Llámenos y luego mande su boleta por fax."
    ]

    private static let spanishSentences = [
        "No la envíe por correo electrónico.",
        "No envíe su boleta por correo electrónico.",
        "No envíe su boleta por correo electrónico ni por fax.",
        "No escanee ni fotografíe su boleta.",
        "No podemos aceptar boletas por correo electrónico.",
        "No aceptamos boletas por fax.",
        "Nunca envíe su boleta por correo electrónico.",
        "Las boletas enviadas por correo electrónico no pueden contarse.",
        "Las boletas que llegan por fax se rechazan.",
        "La ley del estado no permite devolver la boleta por fax.",
        "Está prohibido devolver la boleta por correo electrónico.",
        "Su boleta debe volver por correo postal, no por correo electrónico.",
        "Devuelva su boleta solo por correo postal, nunca por correo electrónico ni por fax.",
        "No se puede votar en línea.",
        "No es posible devolver la boleta por correo electrónico.",
        "El correo electrónico no es una manera de devolver su boleta.",
        "No responda a esta carta con su boleta.",
        "Su boleta debe devolverse por correo postal para que se cuente.",
        "Envíe su boleta por correo postal lo antes posible.",
        "Envíela por correo postal lo antes posible.",
        "Envíelo por correo postal lo antes posible.",
        "Envíe su boleta por correo.",
        "Si el enlace no funciona, escríbanos por correo electrónico.",
        "Si su boleta no se abre, envíenos un correo electrónico.",
        "Si prefiere recibir su boleta de otra manera, pregúntenos por correo electrónico.",
        "Si tiene preguntas sobre su boleta, responda a esta carta.",
        "Puede recibir su boleta por correo electrónico, por fax o por correo postal.",
        "Si quiere su boleta por fax, pídala a la oficina.",
        "Le enviamos su boleta por correo electrónico.",
        "Podemos enviarle una boleta nueva por correo electrónico o por fax.",
        "Le escribiremos por correo electrónico cuando llegue su boleta.",
        "Este correo electrónico tiene el enlace a su boleta.",
        "Guarde este correo electrónico hasta que llegue su boleta.",
        "Se ha cambiado la dirección de correo electrónico que tenemos de usted.",
        "Desde ahora, nuestras cartas sobre su boleta irán a la nueva dirección.",
        "Si usted no lo pidió, llámenos enseguida.",
        "Correo electrónico: {{email}}",
        "Fax: {{fax}}",
        "Imprima el paquete y marque su boleta.",
        "Firme la declaración y ponga la fecha.",
        "Ponga ambas en un sobre.",
        "Escanee el código de la primera página para ver dónde está su boleta.",
        "La página le pide su fecha de nacimiento, para que nadie más pueda abrir su boleta.",
        "Puede comunicarse con nosotros por correo electrónico o por fax.",
        "Pregúntenos también por vías más rápidas, como un servicio de mensajería.",
        "Por favor, no reenvíe esta carta: el enlace es solo para usted.",
        "Nadie de nuestra oficina le pedirá que envíe su boleta por correo electrónico.",
        "No envíe su boleta ni su declaración a {{email}}.",
        "No adjunte su boleta a un correo electrónico.",
        "Por ley, no podemos contar boletas enviadas por correo electrónico o fax.",
        "Su boleta no puede contarse si llega por correo electrónico.",
        "Si no ha recibido su paquete, escríbanos por correo electrónico.",
        "Puede pedir una boleta nueva por correo electrónico, por fax o por teléfono.",
        "Ahora revisamos la declaración que venía con ella.",
        "Hemos recibido su boleta y le escribiremos por correo electrónico.",
        "Usted nos pidió que le enviáramos su boleta por correo electrónico.",
        "Su boleta no debe enviarse por correo electrónico ni por fax."
    ]

    @Test("A list is read with the line that leads to it, and a broken paragraph as one")
    func lists() {
        func found(_ text: String) -> Bool { LetterLint.invitation(in: text) != nil }
        #expect(found("You can return your ballot by:\n\n1. post\n2. e-mail\n"))
        #expect(found("Return your ballot in one of these ways:\n- by post\n- by fax\n"))
        #expect(found("Puede devolver su boleta por:\n\n1. correo postal\n2. fax\n"))
        #expect(found("You can return your signed ballot\nby e-mail.\n"))
        #expect(found("Our address for ballots is ours@here. Please send your ballot there by fax."))
        #expect(!found("Then:\n\n1. Print the packet and mark your ballot.\n2. Sign the declaration.\n3. Post both.\n"))
        #expect(!found("If you would rather have your ballot another way, please ask us:\n\nBoard of Elections\nE-mail: x\nFax: y\n"))
        #expect(!found("Return your ballot by post to:\nBoard of Elections\n441 4th Street NW\nE-mail: x\n"))
    }

    @Test("Return notices of elections can be read the same way")
    func notices() throws {
        let election = try LetterSamples.election()
        for notice in election.returnNotice.values { #expect(LetterLint.invitation(in: notice) == nil) }
        #expect(LetterLint.invitation(in: "Return your ballot by post or fax.") == "Return your ballot by post or fax.")
    }
}
