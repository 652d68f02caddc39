extension PageTexts {
    /// The pages in Spanish, to the voter as "usted".
    package static let spanish: [String: String] = [
        "skip": "Ir al contenido principal",
        "sample": "Esto es una prueba. Nada de lo que hay aquí es una boleta real.",
        "contact": "Contacto con la oficina electoral",
        "email": "Correo electrónico", "phone": "Teléfono", "fax": "Fax", "post": "Correo postal",
        "office": "Oficina electoral",

        "home_title": "Boletas para votantes militares y en el extranjero",
        "home_what":
            "Aquí la oficina electoral entrega boletas en blanco a quienes están lejos de casa. Usted imprime su boleta, la marca en papel y la devuelve por correo.",
        "home_get": "Cómo obtener su boleta",
        "home_step_letter": "La oficina electoral le envía un correo electrónico con un enlace personal. Abra ese enlace.",
        "home_step_answer": "Responda una pregunta, para que solo usted pueda abrir su boleta.",
        "home_step_print": "Descargue su paquete e imprímalo. Contiene su boleta, la declaración que debe firmar y un sobre.",
        "home_step_post": "Marque su boleta, firme la declaración y envíe ambas por correo.",
        "home_lost": "¿No recibió el correo o el enlace no funciona? La oficina electoral le enviará uno nuevo con gusto.",
        "home_where": "¿Dónde está mi boleta?",
        "home_track": "Con el código de seguimiento de la primera página de su paquete puede ver si su boleta ha llegado.",
        "home_signed": "La oficina electoral firma cada paquete, y el ZIP junto a su paquete dice cómo comprobar la firma.",
        "home_certificate": "El certificado con el que puede comprobar un paquete",

        "home_closes": "Los enlaces funcionan hasta", "home_closed_on": "Los enlaces funcionaron hasta",
        "home_postmark": "Matasellos a más tardar",
        "home_receipt": "Su boleta debe llegar a más tardar",
        "home_overseas": "Desde el extranjero, debe llegar a más tardar",
        "home_closed":
            "Los enlaces ya se cerraron: aquí no se entregan más boletas. Si tiene la suya y no la ha enviado, envíela ahora, o pregunte a la oficina electoral qué puede hacer todavía.",
        "home_genuine": "¿Es auténtico el correo electrónico?",
        "home_genuine_link":
            "Nuestro correo electrónico tiene su nombre y un solo enlace, que empieza con {address}. No tiene archivos adjuntos.",
        "home_genuine_never":
            "Nunca le preguntamos cómo vota, ni le pedimos un pago, ni su número completo de votante o de Seguro Social, ni que envíe su boleta marcada por correo electrónico. Si tiene dudas, llámenos.",

        "accessibility_title": "Accesibilidad",
        "accessibility_aim":
            "Todas las personas deben poder usar este sitio. Está hecho para cumplir las Pautas de Accesibilidad para el Contenido Web (WCAG) 2.2, nivel AA.",
        "accessibility_how":
            "Funciona con lector de pantalla, solo con el teclado, sin programas (scripts), en un navegador de texto, en una pantalla pequeña, ampliado al 400 % y en colores oscuros. No hace falta darse prisa: un enlace funciona hasta el día que dice la página de inicio, y su descarga durante 24 horas. Tras varias respuestas incorrectas, un enlace queda en pausa hasta dos horas.",
        "accessibility_packet": "Su paquete",
        "accessibility_packet_body":
            "El paquete es un PDF. La portada, la declaración y el sobre están hechos para lectores de pantalla. La boleta misma, y las hojas que agrega la oficina, son las imágenes de las que se imprimen las de todos, y pueden ser difíciles de leer con un lector de pantalla.",
        "accessibility_help": "Si algo no le funciona",
        "accessibility_help_body":
            "Por favor, avise a la oficina electoral. Le ayudará a obtener y marcar su boleta de otra manera, en privado y por su cuenta.",

        "privacy_title": "Privacidad",
        "privacy_vote": "Este sitio nunca sabe cómo vota usted. Usted marca su boleta en papel y la envía por correo.",
        "privacy_kept": "Lo que se anota",
        "privacy_kept_body":
            "Qué correos electrónicos se le enviaron, cuándo se abrió su enlace, cuándo pidió uno nuevo, cuándo se descargó su paquete, cuándo llegó su sobre, y qué se decidió sobre él y por qué. La oficina electoral debe poder demostrar que cada votante recibió la boleta correcta.",
        "privacy_tries":
            "Cuántas veces se respondió mal la pregunta, para cada enlace. Contra quien adivina, el sitio recuerda además durante unos minutos cuántas respuestas incorrectas llegaron de una red. La dirección de una red solo se anota cuando desde ella se probaron muchos enlaces distintos.",
        "privacy_not": "Lo que no",
        "privacy_not_body":
            "Su nombre, sus direcciones, su teléfono y su fecha de nacimiento se guardan cifrados, y ninguna página los muestra. En estas páginas no hay programas, imágenes, letras ni contadores de otras empresas, y nadie le sigue aquí.",
        "privacy_cookie":
            "Se guarda una sola cookie, solo cuando usted abre su boleta; no abre nada después de 24 horas ni cuando usted cierra su boleta.",
        "privacy_who": "Quién responde",
        "privacy_who_body": "La oficina electoral que aparece abajo. Con gusto le dirá qué tiene sobre usted.",

        "link_title": "Abra su boleta",
        "link_why": "Por favor, responda una pregunta, para que nadie más pueda abrir su boleta.",
        "link_open": "Abrir mi boleta",
        "link_once":
            "Mirar esta página no gasta nada. Su enlace se usa cuando usted abre su boleta con la respuesta correcta; después tiene 24 horas para descargarla en este navegador.",
        "ask_date-of-birth": "Su fecha de nacimiento",
        "hint_date-of-birth": "Por ejemplo 03/07/1984 (siempre primero el mes) o 7 de marzo de 1984.",
        "ask_last-four-of-id": "Los últimos cuatro caracteres de su número de votante",
        "hint_last-four-of-id": "Cuatro letras o cifras.",
        "ask_none": "La palabra de su carta",
        "hint_none": "Seis letras y cifras, justo debajo del enlace.",
        "again_head": "Por favor, escríbalo una vez más",
        "again_date-of-birth":
            "No pudimos leerlo como fecha de nacimiento. Escríbala como 03/07/1984 (primero el mes), 7 de marzo de 1984 o 1984-03-07. Esto no contó como intento.",
        "again_last-four-of-id":
            "Escriba exactamente cuatro letras o cifras: las últimas cuatro de su número de votante. Esto no contó como intento.",
        "again_none": "Escriba las seis letras y cifras que están justo debajo del enlace en su carta. Esto no contó como intento.",
        "refused_head": "Eso no abrió ninguna boleta.",
        "refused_date-of-birth":
            "Puede que la fecha sea distinta de la registrada, que el enlace sea antiguo o que esté en pausa después de varios intentos.",
        "refused_last-four-of-id":
            "Puede que los caracteres sean distintos de los registrados, que el enlace sea antiguo o que esté en pausa después de varios intentos.",
        "refused_none": "Puede que la palabra sea distinta, que el enlace sea antiguo o que esté en pausa después de varios intentos.",
        "refused_next":
            "Revise su respuesta e inténtelo de nuevo. Si aún no funciona, espere hasta dos horas o pregunte a la oficina electoral. Le ayudará con gusto.",
        "slow_head": "Demasiadas respuestas equivocadas desde su red",
        "slow_body":
            "Alguien en la misma red ha dado muchas respuestas equivocadas. Espere un minuto e inténtelo de nuevo. Su enlace no se ha gastado.",

        "used_title": "Este enlace ya se usó",
        "used_when": "Se abrió el {when} ({zone}) con la respuesta correcta.",
        "used_here": "Hay una boleta abierta en este navegador: puede continuar.",
        "used_elsewhere":
            "Si fue usted, continúe en el navegador en que lo abrió; eso funciona durante 24 horas, salvo que allí haya cerrado su boleta. O pida abajo que le enviemos un enlace nuevo.",
        "used_not_me": "Si no fue usted, avise enseguida a la oficina electoral. Puede anular este enlace y enviarle uno nuevo.",
        "replaced_title": "Hay un enlace más reciente",
        "replaced_body":
            "La oficina electoral le envió un enlace más reciente, y este ya no funciona. Use el enlace de su último correo electrónico.",
        "replaced_none": "¿No lo encuentra? Mire en la carpeta de correo no deseado o pida que le enviemos otro.",
        "closed_title": "Este enlace está cerrado",
        "closed_body": "El plazo para abrir boletas de esta elección ha terminado, por eso este enlace ya no abre ninguna.",
        "closed_next": "Pregunte a la oficina electoral qué puede hacer todavía.",
        "over_go_on": "Continuar a su boleta",
        "over_new": "¿Necesita un enlace nuevo?",
        "over_new_what":
            "Podemos enviarlo a la dirección de correo que la oficina electoral tiene de usted. Los enlaces que tenía dejarán de funcionar, y también una boleta abierta en un navegador.",
        "over_new_send": "Enviarme un enlace nuevo",
        "wish_title": "Un enlace nuevo está en camino",
        "wish_body":
            "Va a la dirección de correo que la oficina electoral tiene de usted y suele llegar en pocos minutos. Si esa dirección es muy reciente, o su boleta ya está de vuelta, la oficina lo revisa antes. Si es antigua, avise a la oficina.",
        "wish_junk": "¿No llegó después de una hora? Mire en la carpeta de correo no deseado y luego pregunte a la oficina electoral.",
        "wish_many_title": "Hoy ya le enviamos enlaces nuevos",
        "wish_many_body":
            "Son tres al día como máximo. Busque el último en su correo, también en la carpeta de correo no deseado. Si no está, pregunte a la oficina electoral.",
        "wish_late_title": "Por favor, responda una vez más",
        "wish_late_body":
            "Ese formulario ya no sirve; vale por media hora. Abra de nuevo su enlace, responda la pregunta y pida entonces el enlace nuevo.",

        "new_link_title": "Si necesita un enlace nuevo",
        "new_link_letter":
            "Si aún tiene un correo nuestro, abra su enlace y responda la pregunta. Si el enlace ya se usó o fue reemplazado, allí mismo puede pedir uno nuevo.",
        "new_link_mailed":
            "Un enlace nuevo va siempre a la dirección de correo que la oficina electoral tiene de usted. Desde este sitio nadie puede hacerlo enviar a otra parte.",
        "new_link_none": "Si no tiene ningún correo nuestro o cambió de dirección",
        "new_link_none_body":
            "Escriba o llame a la oficina electoral que figura abajo. Lo encuentra por su nombre y número de votante, corrige su dirección y le envía un enlace nuevo.",

        "verify_title": "Comprobar un paquete",
        "verify_what":
            "¿Un paquete electoral es auténtico y está intacto? Cada paquete tiene una huella, su SHA-256. Aquí sabrá si esta oficina emitió un paquete con exactamente esa huella, y cuándo.",
        "verify_file": "Elija el paquete, un PDF",
        "verify_file_hint":
            "El archivo queda en su dispositivo. Solo se envía su huella. Si tiene un ZIP, ábralo y elija el PDF que contiene.",
        "verify_busy": "Leyendo el archivo…",
        "verify_zip": "Eso es un ZIP. Ábralo y elija el PDF que contiene.",
        "verify_failed": "No se pudo leer el archivo. Escriba su huella abajo.",
        "verify_label": "La huella (SHA-256)",
        "verify_hint": "64 cifras y letras de la a a la f. Los espacios no molestan.",
        "verify_large": "No envíe el archivo: basta con su huella.",
        "verify_ask": "Comprobar",
        "verify_how": "Cómo encontrar la huella usted mismo",
        "verify_found": "Sí: esta oficina emitió este paquete.",
        "verify_found_body": "Se preparó el {when} ({zone}) para: {election}.",
        "verify_superseded": "Desde entonces la oficina lo ha retirado. Si es suyo, use el más reciente o pregunte a la oficina.",
        "verify_unknown": "Esta oficina no emitió ningún paquete con esta huella.",
        "verify_unknown_pdf":
            "¿Es el PDF tal como lo descargó? Un paquete impreso a otro archivo, guardado por otro programa o tomado como ZIP entero tiene otra huella.",
        "verify_unknown_body": "Si le llegó de otra manera, no lo use y avise a la oficina electoral.",
        "verify_unclear": "Eso no es una huella.",
        "verify_unclear_body": "Tiene exactamente 64 cifras y letras de la a a la f. Cópiela entera.",

        "ballot_title": "Su boleta está lista",
        "ballot_election": "Elección", "ballot_date": "Día de la elección", "ballot_style": "Boleta", "ballot_language": "Idioma",
        "ballot_pdf": "Descargar su paquete",
        "ballot_again": "Hasta el {until} ({zone}) puede descargarlo de nuevo en este navegador.",
        "ballot_next": "Qué hacer ahora",
        "ballot_step_print":
            "Imprima todas las páginas con la opción «ajustar a la página», pero el sobre al 100 %. Sirve cualquier papel.",
        "ballot_print": "Si tiene dificultades para imprimir",
        "ballot_print_where":
            "Un hotel, una biblioteca, una embajada o consulado y, a bordo o en la base, el oficial de asistencia al votante pueden imprimirlo. Lleve el archivo; nadie tiene que verlo.",
        "ballot_print_how":
            "Basta en blanco y negro y papel común, carta o A4, por una sola cara. Si una página sale cortada, abra el archivo en un lector de PDF, no en el navegador, e imprímalo otra vez.",
        "ballot_step_mark": "Marque su boleta con tinta y en privado.",
        "ballot_step_sign": "Complete, firme y feche la declaración. Sin su firma la boleta no puede contarse.",
        "ballot_step_envelope": "Ponga la boleta y la declaración en un sobre con la dirección impresa.",
        "ballot_step_secrecy":
            "Cubra la boleta con la hoja de confidencialidad. Ponga ambas y la declaración en un sobre con la dirección impresa.",
        "ballot_post_by": "Envíelo por correo a más tardar el {day}. Cuanto antes, mejor.",
        "ballot_post": "Envíelo por correo lo antes posible.",
        "return_notice": "Su boleta debe devolverse por correo postal para que se cuente.",
        "ballot_inside": "Qué contiene el paquete",
        "ballot_part_cover": "una portada con lo que debe hacer y su código de seguimiento",
        "ballot_part_instructions": "las instrucciones de la oficina electoral",
        "ballot_part_declaration": "la declaración que debe firmar",
        "ballot_part_ballot": "su boleta, exactamente como se imprime para todos los que tienen la misma",
        "ballot_part_write-ins": "los candidatos cuyos nombres usted puede escribir",
        "ballot_part_secrecy": "la hoja de confidencialidad, para cubrir su boleta en el sobre",
        "ballot_part_envelope": "el sobre, para recortar o doblar",
        "ballot_follow": "Siga su boleta",
        "ballot_code": "Su código de seguimiento muestra cuándo llega su boleta. También está en la portada:",
        "ballot_check": "Para quien quiera comprobarlo",
        "ballot_zip_what":
            "El paquete está firmado por la oficina electoral; la mayoría de los lectores de PDF lo muestran. El ZIP contiene el mismo paquete con su firma y cómo comprobarla usted mismo.",
        "ballot_zip": "Descargar como ZIP",
        "ballot_done": "¿No es este su propio dispositivo?",
        "ballot_end_what":
            "Entonces cierre aquí la boleta cuando la haya descargado. Después este navegador ya no podrá abrirla. Borre también el archivo descargado.",
        "ballot_end": "Cerrar mi boleta",

        "novisit_title": "Primero abra su enlace",
        "novisit_body":
            "Esta página muestra una boleta solo después de abrir su enlace con la respuesta correcta en este mismo navegador, y durante las 24 horas siguientes.",
        "novisit_next": "Abra de nuevo el enlace del correo de la oficina electoral. Si ya se usó, allí puede pedir uno nuevo.",
        "ended_title": "Su boleta está cerrada",
        "ended_body": "Este navegador ya no puede abrirla. Si la necesita otra vez, abra de nuevo su enlace y pida uno nuevo.",
        "ended_next": "Por favor, marque, firme y envíe pronto su boleta.",

        "track_title": "Siga su boleta",
        "track_what": "Vea hasta dónde ha llegado su boleta, en su camino de ida y de vuelta.",
        "track_label": "Su código de seguimiento",
        "track_hint": "Empieza con T y está en la portada de su paquete.",
        "track_show": "Ver mi boleta",
        "track_unknown": "No encontramos ninguna boleta con este código",
        "track_unknown_body":
            "Revíselo letra por letra. El código empieza con T; el código del sobre, que empieza con R, no funciona aquí.",

        "way_title": "Dónde está su boleta",
        "way_so_far": "Hasta ahora",
        "way_zone": "Las horas son las de la oficina electoral: {zone}.",
        "way_reason": "Motivo:",
        "way_accepted": "«Recibida» todavía no significa «aceptada»: la oficina revisa primero la firma. Si falta algo, le escribirá.",
        "way_issued": "Se preparó su paquete.",
        "way_letter_queued": "El correo electrónico con su enlace está por enviarse.",
        "way_letter_sent": "El correo electrónico con su enlace se entregó al servicio de correo.",
        "way_letter_deferred": "El correo electrónico aún no pudo entregarse. Se intentará de nuevo.",
        "way_letter_refused": "El correo electrónico fue rechazado. La oficina está avisada.",
        "way_letter_bounced": "El correo electrónico fue devuelto. La oficina está avisada.",
        "way_link_replaced": "La oficina hizo un enlace nuevo para usted.",
        "way_claimed": "Su enlace se abrió con la respuesta correcta.",
        "way_delivered": "Su paquete se descargó.",
        "way_in_transit": "El correo postal tiene su sobre.",
        "way_received": "La oficina recibió su boleta.",
        "way_held": "La oficina está aclarando una duda sobre su boleta.",
        "way_accepted_step": "Su boleta fue aceptada. Se contará.",
        "way_rejected": "Su boleta no fue aceptada.",
        "way_reversed": "La decisión se retiró; su boleta se revisará de nuevo.",
        "way_replaced": "Esta boleta fue sustituida por otra. Use la más reciente.",
        "way_cancelled": "Esta boleta fue anulada.",
        "mean_received": "Todavía no está aceptada: la oficina aún la revisa.",
        "mean_held": "La oficina le escribirá si usted puede ayudar.",
        "mean_rejected": "Comuníquese con la oficina electoral: le dirá si todavía se puede subsanar.",
        "mean_undelivered": "Indique a la oficina electoral una dirección que funcione.",

        "missing_title": "Esta página no existe",
        "missing_body": "Revise la dirección. Los enlaces del correo electrónico son largos: cópielos enteros.",
        "method_title": "Eso no funciona aquí",
        "method_body": "Esta página no puede usarse de esa manera. Vuelva atrás e inténtelo de nuevo.",
        "foreign_title": "Use el formulario de nuestra página",
        "foreign_body":
            "Su navegador dice que otro sitio envió este formulario. Por su seguridad no se aceptó. Abra de nuevo su enlace y responda allí.",
        "large_title": "Eso era demasiado largo",
        "large_body": "Se envió más de lo que esta página puede recibir. Vuelva atrás e inténtelo de nuevo.",
        "garbled_title": "Eso no llegó completo",
        "garbled_body": "El formulario se cortó o cambió en el camino. Vuelva atrás e inténtelo de nuevo.",
        "late_title": "Eso tardó demasiado",
        "late_body": "La conexión era demasiado lenta y el formulario no llegó. Inténtelo de nuevo.",
        "busy_title": "Hay muchísimas personas aquí en este momento",
        "busy_body": "Espere unos segundos e inténtelo de nuevo. Su enlace no se ha gastado.",
        "failed_title": "Algo falló de nuestro lado",
        "failed_body":
            "Su boleta está a salvo. Inténtelo de nuevo en un momento. Si vuelve a ocurrir, diga este número a la oficina electoral: {reference}",
        "start": "A la página de inicio"
    ]
}
