import Foundation

/// Country names as voters' files write them, and the ISO 3166-1 codes that `mail_days` uses.
package enum Countries {
    /// The two-letter code for an English short name of ISO 3166-1, a common other name, or a code itself; nil where it is unknown.
    ///
    /// Case, accents, spaces and the article do not matter: `Korea, Republic of`, `south korea` and `KR` are the same country.
    package static func code(of name: String) -> String? {
        if let code = codesByExactName[name] { return code }
        return codesByFoldedName[fold(name)]
    }

    /// Whether the two capital letters are a code of this table.
    package static func isCode(_ code: String) -> Bool { namesByCode[code] != nil }

    /// The name that ISO 3166-1 gives the code.
    package static func name(of code: String) -> String? { namesByCode[code] }

    /// Whether the text means the United States; an empty one does not.
    package static func isUnitedStates(_ name: String) -> Bool { code(of: name) == "US" }

    /// Whether domestic post serves the code: the United States and the territories that have ZIP codes.
    package static func isUnitedStatesOrTerritory(_ code: String) -> Bool {
        switch code {
        case "US", "PR", "GU", "VI", "AS", "MP", "UM": true
        default: false
        }
    }

    private static func fold(_ name: String) -> String {
        let folded = name.folding(options: [.caseInsensitive, .diacriticInsensitive], locale: nil)
        var words = folded.split(whereSeparator: \.isWhitespace)
        if words.first == "the" { words.removeFirst() }
        if words.last == "(the)" { words.removeLast() }
        return words.joined(separator: " ")
    }

    private static let entries: [(code: String, name: String)] = table.split(separator: "\n").flatMap { line in
        let code = String(line.prefix(2))
        return line.dropFirst(3).components(separatedBy: " | ").map { (code, $0) }
    }

    private static let namesByCode = Dictionary(entries.map { ($0.code, $0.name) }, uniquingKeysWith: { first, _ in first })
    private static let codesByExactName = Dictionary(entries.map { ($0.name, $0.code) }, uniquingKeysWith: { first, _ in first })
    private static let codesByFoldedName = Dictionary(
        entries.map { (fold($0.name), $0.code) } + namesByCode.keys.map { (fold($0), $0) }, uniquingKeysWith: { first, _ in first })

    /// Code, then the ISO 3166-1 English short name, then other names in use. Kosovo has no ISO code; the post uses XK.
    private static let table = """
        AD Andorra | Principality of Andorra
        AE United Arab Emirates | UAE | U.A.E. | Emirates
        AF Afghanistan | Islamic Republic of Afghanistan
        AG Antigua and Barbuda | Antigua
        AI Anguilla
        AL Albania | Republic of Albania
        AM Armenia | Republic of Armenia
        AO Angola | Republic of Angola
        AQ Antarctica
        AR Argentina | Argentine Republic
        AS American Samoa
        AT Austria | Österreich | Republic of Austria
        AU Australia
        AW Aruba
        AX Åland Islands | Aland Islands
        AZ Azerbaijan | Republic of Azerbaijan
        BA Bosnia and Herzegovina | Bosnia | Bosnia & Herzegovina | Republic of Bosnia and Herzegovina
        BB Barbados
        BD Bangladesh | People's Republic of Bangladesh
        BE Belgium | Kingdom of Belgium
        BF Burkina Faso
        BG Bulgaria | Republic of Bulgaria
        BH Bahrain | Kingdom of Bahrain
        BI Burundi | Republic of Burundi
        BJ Benin | Republic of Benin
        BL Saint Barthélemy | St. Barthélemy
        BM Bermuda
        BN Brunei Darussalam | Brunei
        BO Bolivia, Plurinational State of | Bolivia | Bolivia (Plurinational State of) | Plurinational State of Bolivia
        BQ Bonaire, Sint Eustatius and Saba | Bonaire | Caribbean Netherlands
        BR Brazil | Brasil | Federative Republic of Brazil
        BS Bahamas | Commonwealth of the Bahamas
        BT Bhutan | Kingdom of Bhutan
        BV Bouvet Island
        BW Botswana | Republic of Botswana
        BY Belarus | Republic of Belarus
        BZ Belize
        CA Canada
        CC Cocos (Keeling) Islands | Cocos Islands | Keeling Islands
        CD Congo, The Democratic Republic of the | DR Congo | Democratic Republic of the Congo | Congo (Kinshasa)
        CD Congo (the Democratic Republic of the) | Congo, Democratic Republic of the
        CF Central African Republic
        CG Congo | Republic of the Congo | Congo (Brazzaville)
        CH Switzerland | Schweiz | Suisse | Swiss Confederation
        CI Côte d'Ivoire | Ivory Coast | Cote d'Ivoire | Republic of Côte d'Ivoire
        CK Cook Islands
        CL Chile | Republic of Chile
        CM Cameroon | Republic of Cameroon
        CN China | People's Republic of China | PRC | Mainland China
        CO Colombia | Republic of Colombia
        CR Costa Rica | Republic of Costa Rica
        CU Cuba | Republic of Cuba
        CV Cabo Verde | Cape Verde | Republic of Cabo Verde
        CW Curaçao | Curacao
        CX Christmas Island
        CY Cyprus | Republic of Cyprus
        CZ Czechia | Czech Republic
        DE Germany | Federal Republic of Germany | Deutschland
        DJ Djibouti | Republic of Djibouti
        DK Denmark | Kingdom of Denmark
        DM Dominica | Commonwealth of Dominica
        DO Dominican Republic | Dominican Rep.
        DZ Algeria | People's Democratic Republic of Algeria
        EC Ecuador | Republic of Ecuador
        EE Estonia | Republic of Estonia
        EG Egypt | Arab Republic of Egypt
        EH Western Sahara
        ER Eritrea | State of Eritrea
        ES Spain | España | Kingdom of Spain
        ET Ethiopia | Federal Democratic Republic of Ethiopia
        FI Finland | Republic of Finland
        FJ Fiji | Republic of Fiji
        FK Falkland Islands (Malvinas) | Falkland Islands
        FM Micronesia, Federated States of | Micronesia | Micronesia (Federated States of) | Federated States of Micronesia
        FO Faroe Islands
        FR France | French Republic
        GA Gabon | Gabonese Republic
        GB United Kingdom | UK | U.K. | Great Britain | England | Scotland | Wales | Northern Ireland | Britain
        GB United Kingdom of Great Britain and Northern Ireland
        GD Grenada
        GE Georgia | Republic of Georgia
        GF French Guiana
        GG Guernsey
        GH Ghana | Republic of Ghana
        GI Gibraltar
        GL Greenland
        GM Gambia | Republic of the Gambia
        GN Guinea | Republic of Guinea
        GP Guadeloupe
        GQ Equatorial Guinea | Republic of Equatorial Guinea
        GR Greece | Hellenic Republic
        GS South Georgia and the South Sandwich Islands | South Georgia
        GT Guatemala | Republic of Guatemala
        GU Guam
        GW Guinea-Bissau | Republic of Guinea-Bissau
        GY Guyana | Republic of Guyana
        HK Hong Kong | Hong Kong SAR | Hong Kong SAR China | Hong Kong Special Administrative Region of China
        HM Heard Island and McDonald Islands
        HN Honduras | Republic of Honduras
        HR Croatia | Republic of Croatia
        HT Haiti | Republic of Haiti
        HU Hungary
        ID Indonesia | Republic of Indonesia
        IE Ireland | Republic of Ireland | Éire
        IL Israel | State of Israel
        IM Isle of Man
        IN India | Republic of India
        IO British Indian Ocean Territory
        IQ Iraq | Republic of Iraq
        IR Iran, Islamic Republic of | Iran | Iran (Islamic Republic of) | Islamic Republic of Iran
        IS Iceland | Republic of Iceland
        IT Italy | Italia | Italian Republic
        JE Jersey
        JM Jamaica
        JO Jordan | Hashemite Kingdom of Jordan
        JP Japan | Nippon
        KE Kenya | Republic of Kenya
        KG Kyrgyzstan | Kyrgyz Republic
        KH Cambodia | Kingdom of Cambodia
        KI Kiribati | Republic of Kiribati
        KM Comoros | Union of the Comoros
        KN Saint Kitts and Nevis | St. Kitts and Nevis | St Kitts and Nevis
        KP Korea, Democratic People's Republic of | North Korea | Democratic People's Republic of Korea | Korea (North)
        KP Korea (the Democratic People's Republic of)
        KR Korea, Republic of | South Korea | Republic of Korea | Korea | Korea (South) | Korea (the Republic of) | ROK
        KW Kuwait | State of Kuwait
        KY Cayman Islands
        KZ Kazakhstan | Republic of Kazakhstan
        LA Lao People's Democratic Republic | Laos
        LB Lebanon | Lebanese Republic
        LC Saint Lucia | St. Lucia | St Lucia
        LI Liechtenstein | Principality of Liechtenstein
        LK Sri Lanka | Democratic Socialist Republic of Sri Lanka
        LR Liberia | Republic of Liberia
        LS Lesotho | Kingdom of Lesotho
        LT Lithuania | Republic of Lithuania
        LU Luxembourg | Grand Duchy of Luxembourg
        LV Latvia | Republic of Latvia
        LY Libya
        MA Morocco | Kingdom of Morocco
        MC Monaco | Principality of Monaco
        MD Moldova, Republic of | Moldova | Republic of Moldova | Moldova (the Republic of)
        ME Montenegro
        MF Saint Martin (French part) | St. Martin | Saint Martin
        MG Madagascar | Republic of Madagascar
        MH Marshall Islands | Republic of the Marshall Islands
        MK North Macedonia | Macedonia | former Yugoslav Republic of Macedonia | Republic of North Macedonia
        ML Mali | Republic of Mali
        MM Myanmar | Burma | Republic of Myanmar
        MN Mongolia
        MO Macao | Macau | Macao SAR | Macao Special Administrative Region of China
        MP Northern Mariana Islands | Commonwealth of the Northern Mariana Islands
        MQ Martinique
        MR Mauritania | Islamic Republic of Mauritania
        MS Montserrat
        MT Malta | Republic of Malta
        MU Mauritius | Republic of Mauritius
        MV Maldives | Republic of Maldives
        MW Malawi | Republic of Malawi
        MX Mexico | México | United Mexican States
        MY Malaysia
        MZ Mozambique | Republic of Mozambique
        NA Namibia | Republic of Namibia
        NC New Caledonia
        NE Niger | Republic of the Niger
        NF Norfolk Island
        NG Nigeria | Federal Republic of Nigeria
        NI Nicaragua | Republic of Nicaragua
        NL Netherlands | Holland | Netherlands (Kingdom of the) | Netherlands, Kingdom of the | Kingdom of the Netherlands
        NO Norway | Kingdom of Norway
        NP Nepal | Federal Democratic Republic of Nepal
        NR Nauru | Republic of Nauru
        NU Niue
        NZ New Zealand
        OM Oman | Sultanate of Oman
        PA Panama | Republic of Panama
        PE Peru | Republic of Peru
        PF French Polynesia
        PG Papua New Guinea | Independent State of Papua New Guinea
        PH Philippines | Republic of the Philippines
        PK Pakistan | Islamic Republic of Pakistan
        PL Poland | Republic of Poland
        PM Saint Pierre and Miquelon | St. Pierre and Miquelon
        PN Pitcairn
        PR Puerto Rico
        PS Palestine, State of | Palestine | West Bank | Gaza | State of Palestine
        PT Portugal | Portuguese Republic
        PW Palau | Republic of Palau
        PY Paraguay | Republic of Paraguay
        QA Qatar | State of Qatar
        RE Réunion | Reunion
        RO Romania
        RS Serbia | Republic of Serbia
        RU Russian Federation | Russia
        RW Rwanda | Rwandese Republic
        SA Saudi Arabia | Kingdom of Saudi Arabia
        SB Solomon Islands
        SC Seychelles | Republic of Seychelles
        SD Sudan | Republic of the Sudan
        SE Sweden | Kingdom of Sweden
        SG Singapore | Republic of Singapore
        SH Saint Helena, Ascension and Tristan da Cunha | St. Helena | Saint Helena
        SI Slovenia | Republic of Slovenia
        SJ Svalbard and Jan Mayen
        SK Slovakia | Slovak Republic
        SL Sierra Leone | Republic of Sierra Leone
        SM San Marino | Republic of San Marino
        SN Senegal | Republic of Senegal
        SO Somalia | Federal Republic of Somalia
        SR Suriname | Republic of Suriname
        SS South Sudan | Republic of South Sudan
        ST Sao Tome and Principe | Democratic Republic of Sao Tome and Principe
        SV El Salvador | Republic of El Salvador
        SX Sint Maarten (Dutch part) | Sint Maarten | St. Maarten
        SY Syrian Arab Republic | Syria
        SZ Eswatini | Swaziland | Kingdom of Eswatini
        TC Turks and Caicos Islands
        TD Chad | Republic of Chad
        TF French Southern Territories
        TG Togo | Togolese Republic
        TH Thailand | Kingdom of Thailand
        TJ Tajikistan | Republic of Tajikistan
        TK Tokelau
        TL Timor-Leste | East Timor | Democratic Republic of Timor-Leste
        TM Turkmenistan
        TN Tunisia | Republic of Tunisia
        TO Tonga | Kingdom of Tonga
        TR Türkiye | Turkey | Turkiye | Republic of Türkiye
        TT Trinidad and Tobago | Trinidad | Republic of Trinidad and Tobago
        TV Tuvalu
        TW Taiwan, Province of China | Taiwan | Taiwan (Province of China)
        TZ Tanzania, United Republic of | Tanzania | Tanzania, the United Republic of | United Republic of Tanzania
        UA Ukraine
        UG Uganda | Republic of Uganda
        UM United States Minor Outlying Islands | US Minor Outlying Islands
        US United States of America | United States | USA | U.S.A. | U.S. | US of America | America
        UY Uruguay | Eastern Republic of Uruguay
        UZ Uzbekistan | Republic of Uzbekistan
        VA Holy See (Vatican City State) | Vatican | Vatican City
        VC Saint Vincent and the Grenadines | St. Vincent and the Grenadines | St Vincent and the Grenadines
        VE Venezuela, Bolivarian Republic of | Venezuela | Venezuela (Bolivarian Republic of) | Bolivarian Republic of Venezuela
        VG Virgin Islands, British | British Virgin Islands | Virgin Islands (British)
        VI Virgin Islands, U.S. | US Virgin Islands | U.S. Virgin Islands | Virgin Islands (U.S.) | Virgin Islands
        VI Virgin Islands of the United States
        VN Viet Nam | Vietnam | Socialist Republic of Viet Nam
        VU Vanuatu | Republic of Vanuatu
        WF Wallis and Futuna
        WS Samoa | Western Samoa | Independent State of Samoa
        XK Kosovo
        YE Yemen | Republic of Yemen
        YT Mayotte
        ZA South Africa | Republic of South Africa
        ZM Zambia | Republic of Zambia
        ZW Zimbabwe | Republic of Zimbabwe
        """
}
