import Elections

extension LetterTexts {
    /// The letters in Spanish, to the voter as "usted". The election's name may be English, so no article or plural depends on it.
    static let spanish = LetterTexts(
        templates: [
            .ballotReady: """
            Subject: Su boleta está lista: {{election}}

            Saludos, {{voter}}:

            Su boleta para la elección «{{election}}» del {{date}} ({{jurisdiction}}) está lista. Para descargarla, abra esta página:

            {{link}}

            \(question)

            \(rules)

            \(steps)

            \(postDay)

            {{return_notice}}

            \(help)

            {{contact}}
            """,
            .reminder: """
            Subject: Su boleta le espera: {{election}}

            Saludos, {{voter}}:

            Su boleta para la elección «{{election}}» del {{date}} ({{jurisdiction}}) está lista, pero usted todavía no la ha abierto. Para \
            descargarla, abra esta página:

            {{link}}

            \(question)

            \(rules)

            \(steps)

            \(postDay)

            {{return_notice}}

            \(help)

            {{contact}}
            """,
            .reminderPost: """
            Subject: Por favor, envíe pronto su boleta: {{election}}

            Saludos, {{voter}}:

            Su boleta para la elección «{{election}}» del {{date}} ({{jurisdiction}}) está lista, pero usted todavía no la ha abierto. El \
            correo postal tarda en llegar.

            \(postDay)

            Para descargar su boleta, abra esta página:

            {{link}}

            \(question)

            \(rules)

            \(steps)

            {{return_notice}}

            \(help)

            {{contact}}
            """,
            .newLink: """
            Subject: Un nuevo enlace a su boleta: {{election}}

            Saludos, {{voter}}:

            Aquí tiene un nuevo enlace a su boleta para la elección «{{election}}» del {{date}} ({{jurisdiction}}). Los enlaces \
            anteriores ya no sirven. Para descargar su boleta, abra esta página:

            {{link}}

            \(question)

            \(rules)

            \(steps)

            \(postDay)

            {{return_notice}}

            \(help)

            {{contact}}
            """,
            .received: """
            Subject: Su boleta ha llegado: {{election}}

            Saludos, {{voter}}:

            Gracias. Hemos recibido el sobre con su boleta para la elección «{{election}}» del {{date}} ({{jurisdiction}}).

            A continuación, revisaremos la declaración que la acompaña. Por el momento, usted no tiene que hacer nada. En esta página \
            puede consultar el estado de su boleta:

            {{link}}

            Si tiene alguna pregunta, estamos para ayudarle:

            {{contact}}
            """,
            .accepted: """
            Subject: Su boleta fue aceptada: {{election}}

            Saludos, {{voter}}:

            Buenas noticias: hemos aceptado su boleta para la elección «{{election}}» del {{date}} ({{jurisdiction}}). Usted no tiene \
            que hacer nada más. Gracias por votar.

            En esta página puede consultar el recorrido de su boleta:

            {{link}}

            Si tiene alguna pregunta, estamos para ayudarle:

            {{contact}}
            """,
            .rejected: """
            Subject: Noticia importante sobre su boleta: {{election}}

            Saludos, {{voter}}:

            Su boleta para la elección «{{election}}» del {{date}} ({{jurisdiction}}) nos llegó, pero no pudimos aceptarla. Lo sentimos. \
            El motivo es este:

            {{reason}}.

            {{cure}}

            En esta página puede consultar el estado de su boleta:

            {{link}}

            Así puede comunicarse con nosotros:

            {{contact}}
            """,
            .replaced: """
            Subject: Por favor, no use su boleta anterior: {{election}}

            Saludos, {{voter}}:

            Hemos preparado una nueva boleta para usted para la elección «{{election}}» del {{date}} ({{jurisdiction}}). Reemplaza a la \
            que le enviamos antes. El enlace a la nueva boleta le llegará en un mensaje aparte.

            Por favor, no envíe por correo la boleta anterior. Si ya la imprimió, destrúyala. Si ya la envió, avísenos y envíe también la \
            nueva: se cuenta una sola de las dos.

            En esta página puede consultar el estado de la boleta anterior:

            {{link}}

            Si tiene alguna pregunta, estamos para ayudarle:

            {{contact}}
            """,
            .cancelled: """
            Subject: Su boleta fue cancelada: {{election}}

            Saludos, {{voter}}:

            Hemos cancelado su boleta para la elección «{{election}}» del {{date}} ({{jurisdiction}}). El enlace que le enviamos ya no la \
            abre y, si la envía por correo, no se contará.

            Si usted lo solicitó, no tiene que hacer nada. Si no lo solicitó, o si todavía desea votar, comuníquese con nosotros cuanto \
            antes. Es posible que aún haya tiempo para otra boleta:

            {{contact}}

            En esta página puede consultar el estado de la boleta:

            {{link}}
            """,
            .addressChanged: """
            Subject: Los mensajes de la oficina electoral ya no llegarán a esta dirección

            Saludos, {{voter}}:

            La dirección de correo electrónico que tenemos registrada a su nombre se cambió o se eliminó de nuestros registros. A partir \
            de ahora, nuestros mensajes sobre su boleta ya no llegarán a esta dirección.

            Si usted solicitó este cambio, no tiene que hacer nada.

            Si usted no lo solicitó, llámenos de inmediato:

            {{contact}}

            En nuestro sitio web encontrará información sobre cómo votar desde el extranjero o fuera de su jurisdicción:

            {{link}}
            """
        ],
        samplePrefix: "SAMPLE / MUESTRA: ",
        sample: "SAMPLE / MUESTRA. Este mensaje es una prueba. No se celebra ninguna elección.",
        nameless: "votante",
        labels: ("Correo electrónico", "Teléfono", "Fax"),
        reason: { reason in
            switch reason {
            case .mismatchVoterSignature: "La firma de la declaración no coincide con la que tenemos en nuestros registros"
            case .missingVoterSignature: "Falta la firma en la declaración"
            case .notTimely: "Su boleta llegó después de la fecha límite"
            case .postmark: "El matasellos falta o es posterior a lo que permite la ley"
            case .voterDied: "Según nuestros registros, la persona con este nombre ha fallecido"
            case .voterMoved: "Según nuestros registros, usted se mudó a otra jurisdicción"
            case .voterUnregistered: "Su nombre no está en la lista de votantes inscritos"
            case .other(let words): words
            case nil: "Nuestra oficina electoral puede decirle el motivo"
            }
        },
        cure: { reason, day in
            switch reason {
            case .mismatchVoterSignature, .missingVoterSignature:
                """
                Es posible que todavía se pueda subsanar el problema. Comuníquese con nosotros de inmediato, de ser posible antes del \
                \(day). Le diremos qué permite la ley y qué tiene que hacer.
                """
            case .notTimely:
                """
                Una boleta que llega demasiado tarde no puede contarse. Sabemos que el correo desde el extranjero puede ser lento y que quizá no \
                dependía de \
                usted.

                Para que su próxima boleta llegue a tiempo, envíe una nueva solicitud FPCA (Federal Post Card Application) cada enero y \
                cada vez que se \
                mude. Así podremos escribirle lo antes posible. Si cree que nos hemos equivocado, díganoslo.
                """
            case .postmark:
                """
                Por ley, dicha boleta no puede contarse. Sabemos que el correo no siempre pone el matasellos como debe. Si puede \
                decirnos cuándo y dónde la envió, llámenos o escríbanos ahora.

                Para su próxima boleta, envíe una nueva solicitud FPCA (Federal Post Card Application) cada enero y cada vez que se \
                mude. Así podremos \
                escribirle lo antes posible.
                """
            case .voterMoved:
                """
                Si esta información no es correcta, llámenos o escríbanos ahora. Si se mudó a otro lugar de los Estados Unidos, la oficina \
                electoral de ese \
                lugar puede decirle cómo votar.
                """
            case .voterUnregistered:
                """
                Si cree que es un error, llámenos o escríbanos ahora. También podemos decirle cómo inscribirse. La solicitud FPCA \
                (Federal Post Card \
                Application) es un solo formulario para las dos cosas: sirve para inscribirse y para solicitar sus boletas.
                """
            case .voterDied:
                "Si está leyendo esto, es posible que nuestros registros contengan un error; le pedimos disculpas. Llámenos de inmediato."
            case .other, nil: "Llámenos o escríbanos pronto. Le diremos si todavía se puede subsanar y cómo."
            }
        })

    private static let question = """
        {{#asks_birthday}}La página le pide su fecha de nacimiento, para que nadie más pueda abrir su boleta.{{/asks_birthday}}\
        {{#asks_id}}La página le pide los últimos cuatro caracteres de su número de votante, para que nadie más pueda abrir su \
        boleta.{{/asks_id}}\
        {{#word}}La página le pide una palabra. La suya es: {{word}}{{/word}}
        """

    private static let rules = """
        El enlace es válido hasta el {{closes}}. Después de abrir su boleta, puede descargarla durante 24 horas en el mismo navegador. Por \
        favor, no \
        reenvíe este mensaje: el enlace es solo para usted.
        """

    private static let steps = """
        Después:

        1. Imprima el paquete y marque su boleta.
        2. Firme la declaración y ponga la fecha.
        3. Ponga ambas en un sobre. El paquete trae uno para imprimir.
        4. Envíelo por correo postal lo antes posible.
        """

    private static let postDay = """
        {{#post_by}}{{^past_post_by}}Envíe su boleta por correo postal a más tardar el {{post_by}}. Cuanto antes, mejor.{{/past_post_by}}\
        {{#past_post_by}}Desde donde está usted, las boletas deben enviarse por correo a más tardar el {{post_by}} para llegar a \
        tiempo. Ese día ya \
        pasó, pero la suya todavía puede llegar. Envíela hoy mismo por correo postal. Consúltenos también sobre otras opciones: un \
        servicio de \
        mensajería, la valija de una embajada o un consulado de los Estados Unidos, o la boleta federal FWAB (Federal Write-In Absentee \
        Ballot).{{/past_post_by}}{{/post_by}}
        """

    private static let help =
        "Si el enlace no funciona, o si prefiere recibir su boleta de otra manera, pregúntenos. Le ayudaremos con gusto:"
}
