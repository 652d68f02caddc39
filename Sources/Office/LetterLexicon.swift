import Elections
import Foundation

/// The words of one language that ``LetterSentences`` knows.
struct LetterLexicon: Sendable {
    /// Several words that mean one, and what they mean.
    private var phrases: [([String], LetterSense)] = []
    /// Whole words.
    private var words: [String: LetterSense] = [:]
    /// Beginnings of words, the longer first.
    private var stems: [(String, LetterSense)] = []
    /// Ends of verbs that hold a pronoun ("envíela", "escríbanos"), the longer first.
    private var endings: [(String, LetterSense)] = []

    /// Both are asked, whatever the letter's language: an English sentence may stand in any letter.
    static let all = [LetterLexicon(english), LetterLexicon(spanish)]

    /// Reads lines of `senses: entry, entry`: `scan*` begins a word, `*la` ends one, several words are a phrase. A word may stand in
    /// several lines.
    private init(_ lines: String) {
        for line in lines.split(separator: "\n") {
            let parts = line.split(separator: ":")
            guard parts.count == 2 else { continue }
            let sense = parts[0].split(separator: " ").reduce(into: LetterSense()) { $0.formUnion(LetterSense.names[String($1)] ?? []) }
            for entry in parts[1].split(separator: ",").map({ String($0.trimmingSpaces) }) {
                if entry.hasSuffix("*") {
                    stems.append((String(entry.dropLast()), sense))
                } else if entry.hasPrefix("*") {
                    endings.append((String(entry.dropFirst()), sense))
                } else if entry.contains(" ") {
                    phrases.append((entry.split(separator: " ").map(String.init), sense))
                } else {
                    words[entry, default: []].formUnion(sense)
                }
            }
        }
        words[","] = [.cut, .comma]
        stems.sort { $0.0.count > $1.0.count }
        endings.sort { $0.0.count > $1.0.count }
    }

    /// What the words of a sentence do; commas and the like as `.cut`.
    func words(of sentence: String) -> [LetterSense] {
        let tokens = Self.tokens(sentence)
        var senses: [LetterSense] = []
        var index = 0
        while index < tokens.count {
            if let (count, sense) = phrase(in: tokens, at: index) {
                senses.append(sense)
                index += count
            } else {
                senses.append(sense(of: tokens[index]))
                index += 1
            }
        }
        // "la boleta" is no pronoun, "la envíe" is one.
        for index in senses.indices.dropLast() where senses[index].isSuperset(of: [.article, .pronoun]) {
            let next = senses[index + 1]
            if next.isDisjoint(with: [.send, .give, .capture, .told, .by, .cut, .not]) || next.contains(.thing) {
                senses[index].remove(.pronoun)
            }
        }
        return senses
    }

    private func phrase(in tokens: [String], at index: Int) -> (Int, LetterSense)? {
        var best: (Int, LetterSense)?
        for (words, sense) in phrases where words.count > best?.0 ?? 0 && tokens[index...].starts(with: words) {
            best = (words.count, sense)
        }
        return best
    }

    private func sense(of token: String) -> LetterSense {
        if let sense = words[token] { return sense }
        guard let stem = stems.first(where: { token.hasPrefix($0.0) }) else { return [] }
        guard !stem.1.isDisjoint(with: [.way, .capture, .give, .send, .ask]) else { return stem.1 }
        let ending = endings.first { token.count > stem.0.count && token.hasSuffix($0.0) }
        return stem.1.union(ending?.1 ?? [])
    }

    /// Small letters without accents; places of the template as `{name}`; `,` for everything that parts.
    static func tokens(_ sentence: String) -> [String] {
        var tokens: [String] = []
        var word = String.UnicodeScalarView()
        func end() {
            guard !word.isEmpty else { return }
            let folded = String(word).folding(options: [.diacriticInsensitive, .caseInsensitive, .widthInsensitive], locale: nil)
            word = String.UnicodeScalarView()
            tokens += merged(folded)
        }
        for scalar in LookAlikes.plain(sentence).unicodeScalars {
            if let name = LetterTrial.name(of: scalar) {
                end()
                tokens.append("{\(name)}")
            } else if (0x2010...0x2012).contains(scalar.value) || scalar == "-" {
                word.append("-")
            } else if scalar == "'" || scalar == "\u{2019}" {
                word.append("'")
            } else if scalar.properties.isAlphabetic || (0x30...0x39).contains(scalar.value)
                || !scalar.properties.canonicalCombiningClass.isStarter
            {
                word.append(scalar)
            } else if scalar.properties.generalCategory == .format {
                continue
            } else {
                end()
                if ",;:()[]—–/«»\"“”".unicodeScalars.contains(scalar) { tokens.append(",") }
            }
        }
        end()
        // "e mail", "electronic mail"
        var joined: [String] = []
        for token in tokens {
            if token.hasPrefix("mail"), joined.last == "e" || joined.last == "electronic" {
                joined[joined.count - 1] = "e" + token
            } else {
                joined.append(token)
            }
        }
        return joined
    }

    /// `e-mailed` as one word, other words with hyphens as several.
    private static func merged(_ word: String) -> [String] {
        var parts = word.split(separator: "-").map(String.init)
        if let index = parts.firstIndex(of: "e"), index + 1 < parts.count, parts[index + 1].hasPrefix("mail") {
            parts[index + 1] = "e" + parts[index + 1]
            parts.remove(at: index)
        }
        if parts.count == 2, parts[0] == "re" { parts = [parts[1]] }
        return parts.map { $0.hasPrefix("'") ? String($0.dropFirst()) : $0 }
    }
}

extension Unicode.CanonicalCombiningClass {
    fileprivate var isStarter: Bool { self == .notReordered }
}

extension LetterLexicon {
    private static let english = """
        told: do not hesitate, don't hesitate, do not forget, don't forget, do not fail, don't fail, why not, no problem, not only
        told: not later than
        told: no later than, if not, do not worry, don't worry, do not wait, don't wait, do not need to, don't need to, do not have to
        told: don't have to, need not, not necessary, not required, not needed, no need to, kindly, always, simply, just, now, could
        told: should, either
        told: can, may, must, please, also
        ask: let us know, get in touch, reach out, ask, asks, asked, asking, contact, contacting
        ask say: call, calls, calling, tell, tells, telling, phone, telephone
        say way: dictate, dictates, dictating
        say: read, reads, reading, show, give, giving, leave your
        ask: write, writing
        ask: question, questions, help, request, requests, requesting, inform, notify, assistance
        cut: to get, to have, to ask, to receive, to request, to obtain, to find, to learn, to tell, to let, to say, to report, to see
        cut: to change
        cut: to replace, to confirm, so that, as soon as, in case, whether or not, but, if, when, because, so, unless, while, before
        cut: after, until
        cut: about, regarding, concerning, once, for, which, instead, then
        told: instead, then
        cut and: and, and then
        cut or: or, nor
        not: instead of, rather than, by no means, in no case, under no circumstances, no one, no longer, nor, not, never, no, cannot
        not: can't, don't
        not: doesn't, mustn't, won't, isn't, aren't, neither, nobody, without, unable, couldn't, shouldn't, wouldn't, didn't
        not: nunca, jamas
        you: to you, you
        us: to us, us
        none: by post, by mail, in the post, in the mail, the post, the mail, through the post, through the mail
        office: we, i, {office}
        office send: us to send, us to email, us to fax, us to mail
        give: hand in, turn in, hand back, give back, send back, bring back, come back, get back, send in, return, returns, returning
        give: returned, share, shares, shared, sharing
        give: submit, submits, submitted, submitting, submission
        give pronoun: get it back, get it to us, get them to us
        send: send, sends, sending, sent, forward, forwards, forwarding, forwarded, deliver, delivered, delivering, transmit, transmits
        send: transmitted
        send: transmitting, mail, mailed, mailing, post, posted, posting, drop
        capture: take a picture, take a photo, take photos, take pictures, take a screenshot, scan*, photograph*, attach*, upload*
        capture thing: photo, photos, picture, pictures, image, images, screenshot, screenshots, snapshot, snapshots, selfie, scanner
        way: email*, fax*, facsimile, telefax, reply, replies, replied, replying, respond*, whatsapp, sms, text, texts, texted, texting
        way: text message, text messages, the text message, direct message, dm, telegram, imessage, wechat, viber, skype, facetime
        way: phone in, telephone in, call in, video call, answer this message, answer this letter, answer this email, answer this mail
        way: answer the message, answer the letter, answer the email, answer our message, answer our letter, answer our email
        way: answering this message, answering this letter, answering this email
        way us: message us, answer us
        way thing: signal, a message, facebook messenger, on messenger, with messenger, via messenger, over messenger, through messenger
        way thing: via line, using line, through line, by line, line app, on zoom, over zoom, via zoom, voicemail, answering machine
        way thing: aloud, out loud, to {phone}, to our number, to this number, to the number
        way vote: vote by phone, vote by telephone, vote over the phone, vote over the telephone, vote on the phone, voting by phone
        way vote: voting by telephone, vote by calling, vote by call
        ask way thing: by phone, by telephone, over the phone, over the telephone, on the phone, on the telephone, via phone
        ask way thing: via telephone, through the phone
        capture thing: cloud, icloud, dropbox, google drive, onedrive, one drive, wetransfer
        none: the text, text of, full text, plain text, call in person, ballot dropbox
        way thing: attachment, attachments, portal, portals, pdf, inbox, {email}, {fax}, response
        net: online, electronically, electronic, internet, digitally, digital, website, app
        ballot: ballot*, declaration, declarations, affidavit, affidavits, affirmation, packet, packets, envelope, envelopes, form
        ballot: forms, paper
        ballot: papers, document, documents, materials, choices, vote, votes, voted
        ballot choice: choices, votes, selections, your vote, how you vote, how you voted
        vote: vote, voting, cast
        pronoun: it, them, these, those, yours, both, everything, copy, copies
        get: get, gets, got, receive, receives, received, receiving, have, want, wants, prefer, prefers, like, likes, need, needs
        get: download, obtain
        accept: accept, accepts, accepted, accepting, acceptable, count, counts, counted, allow, allows, allowed, permit, permits
        accept: permitted, let, lets
        accept: process, processed, take, takes, valid, legal, welcome, encourage, urge, want, wants, invite
        refuse: refuse, refused, rejected, reject, rejects, void, invalid, forbidden, prohibited, prohibits, forbids, illegal, unlawful
        refuse: unacceptable
        refuse: disallowed, discarded
        by: by, via, through, using, with, as, over, per, on, to, into, in, from
        article: a, an, the, this, that, your, my, our, its, any, each, every, another, same, new, his, her, their, these, those, first
        article: last, earlier
        article: no, latest, next
        there: there
        back: back
        fine: fine, ok, okay, possible, welcome, accepted, faster, fastest, easier, easiest, enough, works, work, best, quicker, available
        use: use, uses, used
        done: marked, completed, complete, filled, fill, signed, sign, mark, finished, finish, voted, printed, print, done
        harmless: code, codes, qr, question, questions
        """

    /// Without accents.
    private static let spanish = """
        way: correo electronico, correos electronicos, correo e, email*, mail, fax, faxes, respuesta, whatsapp, sms, telefax, faxe*
        way: telegram, signal, messenger, imessage, wechat, viber, skype, mensaje de texto, mensajes de texto, un mensaje
        way thing: en voz alta
        ask way thing: por telefono, por via telefonica, telefonicamente
        way vote: de su voto por telefono, votar por telefono, vote por telefono, votar llamando
        capture thing: nube, icloud, dropbox, google drive, onedrive, wetransfer
        way: respond*, contest*
        way thing: direccion de correo electronico, direccion de email, adjunto, adjuntos, portal, pdf, anexo, {email}, {fax}
        capture: tome una foto, tomar una foto, tomele una foto, saque una foto, sacar una foto, saquele una foto, haga una foto
        capture: hagale una foto
        capture: digitaliz*, digitalic*, escane*, fotografi*, adjunt*, subir*, suba*, sube*, subid*, cargue*, cargar*, cargad*, anex*
        capture thing: foto, fotos, imagen, imagenes, escaneo, captura, fotografia, fotografias, escaner
        net: internet, en linea, web, online, digital, digitalmente, aplicacion, app, electronic*
        ballot: boleta*, papeleta*, voto, votos, declaracion, declaraciones, paquete, formulario, formularios, papel, papeles, documento
        ballot: documentos
        ballot: material, materiales, el sobre, un sobre, su sobre, del sobre, al sobre
        told: no dude en, no olvide, no deje de, por que no, no solo, si no, no se preocupe, no espere, a mas tardar, no mas tarde
        told: no necesita, no tiene que, no hace falta, no es necesario, no hay que, sin necesidad
        told: puede, puedes, pueden, podra, podria, debe, deben, debera, favor, por favor, tambien, simplemente, solo, ahora, entonces
        told: luego, despues
        not: en lugar de, en vez de, de ninguna manera, en ningun caso, no, nunca, jamas, ni, tampoco, sin, nadie, ningun, ninguna
        not: not, cannot, never
        cut: antes de, despues de, para que, asi que, en cuanto, tan pronto, una vez, acerca de, con respecto, en caso de, para recibir
        cut: para obtener
        cut: para pedir, para preguntar, para saber, para ver, para decir, para informar, luego, despues, pero, sino, si, cuando, porque
        cut: aunque
        cut: mientras, hasta, sobre, pues
        cut and: y, e
        cut or: o, u, ni
        ask: pongase en contacto, pregunt*, pida*, pedir*, solicit*, consult*, escrib*, contact*, avis*, ayud*, duda*
        ask say: llam*, comuni*, dig*, inform*
        say way: dict*
        say: lea, lean, leer, denos, dar, darnos, muestre*
        say us: leanos, leernos
        ballot choice: voto, votos, sus opciones, sus selecciones, sus decisiones
        us: a nosotros, nos, *nos
        you: a usted, le, les, usted, *le, *les
        none: correo postal, fecha de nacimiento, reenvie*, reenvia*
        give: haga llegar, hacer llegar, hagala llegar, hacerla llegar, haganos llegar, hacernos llegar, devolv*, devuelv*, devuelt*
        give: retorn*, regres*
        give: compart*, remit*, present*, entreg*
        send: envi*, mand*, transmit*
        vote: vote, votar, votando, emita
        pronoun: la, lo, las, los, ambas, ambos, todo, copia, copias, ella, ellas, esto, *la, *lo, *las, *los, *sela, *selo
        us pronoun: *nosla, *noslo, *noslas, *noslos
        article: la, lo, las, los, el, un, una, este, esta, ese, esa, su, sus, mi, nuestro, nuestra, cualquier, cada, otro, otra, mismo
        article: misma, nuevo
        article: nueva, primer, primera, ultima, ultimo, del
        office: podemos, podremos, hemos, vamos, nosotros, oficina, {office}, *amos, *emos, *imos
        by: por, via, mediante, con, como, a, al, en, usando, desde
        there: ahi, alli, alla
        back: vuelta
        get: recib*, obten*, obtuv*, prefier*, prefer*, quier*, desea*, necesit*, descarg*
        accept: acept*, cuent*, contar*, contad*, contab*, permit*, admit*, valid*, autoriz*
        refuse: rechaz*, prohib*, ilegal*, invalid*, anul*, nul*
        fine: bien, posible, rapido, facil, suficiente, funciona, sirve, vale, aceptable, mejor, disponible
        use: use, usar, utilice, utilizar, usa
        done: marcada, marcado, completada, completado, completa, complete, completar, llenada, llenado, llene, firmada, firmado, firme
        done: firmar
        done: marque, marcar, rellenada, rellene, terminada, imprima, impresa
        none: conteste las preguntas, responda las preguntas, responda a las preguntas
        harmless: codigo, codigos, qr, pregunta
        """
}

extension LetterSense {
    /// As they are called in the tables.
    fileprivate static let names: [String: LetterSense] = [
        "way": .way, "capture": .capture, "net": .net, "ballot": .ballot, "pronoun": .pronoun, "give": .give, "send": .send, "ask": .ask,
        "get": .get,
        "office": .office, "accept": .accept, "refuse": .refuse, "not": .not, "us": .us, "you": .you, "by": .by, "article": .article,
        "cut": .cut,
        "or": .or, "and": .and, "there": .there, "fine": .fine, "use": .use, "done": .done, "told": .told, "thing": .thing, "vote": .vote,
        "harmless": .harmless, "back": .back, "say": .say, "choice": .choice
    ]
}
