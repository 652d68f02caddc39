import Elections
import Foundation
import Testing

/// San Francisco's election of June 2018 as an election's folder and a roll, and what they must lead to.
///
/// The folder's `styles.csv` is made of the city's OmniBallot tables; what a voter must get is worked out from other tables (its election
/// management system's), by rules written down once more.
struct SanFranciscoOffice {
    typealias Row = DistrictOffice.Row

    static let source = Fixtures.folder("sf-osv/2018-06-05")
    static let languages = ["en", "es", "zh"]

    /// The ballot types that take part, each a ballot style.
    let types: [Int]
    /// The folder to import.
    let folder: WritingFolder
    /// Every precinct of these ballot types, and its type, as the election management system says (report PODJ011).
    let typeOfPrecinct: [String: Int]

    init(types: [Int]) throws {
        self.types = types
        folder = try WritingFolder()
        try folder.write(Self.bytes("ems/ems-raw.zip"), to: "raw.zip")
        try folder.run("python3", ["-c", "import zipfile; zipfile.ZipFile('raw.zip').extract('PODJ011.tsv')"])
        var typeOfPrecinct: [String: Int] = [:]
        for row in Self.table(String(decoding: try folder.read("PODJ011.tsv"), as: UTF8.self)) {
            let type = try #require(Int(row["BallotTypeList", default: ""]))
            let precinct = row["PollPlaceRegPctID", default: ""]
            try #require(typeOfPrecinct[precinct] == nil || typeOfPrecinct[precinct] == type)
            if types.contains(type) { typeOfPrecinct[precinct] = type }
        }
        self.typeOfPrecinct = typeOfPrecinct
        for name in ["raw.zip", "PODJ011.tsv"] { try FileManager.default.removeItem(atPath: folder.path(name)) }
        try writeElection()
    }

    static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: source.appendingPathComponent(name))) }

    private static func table(_ text: String) -> [Row] {
        let lines = text.replacingOccurrences(of: "\r", with: "").split(separator: "\n").map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
        }
        guard let header = lines.first else { return [] }
        return lines.dropFirst().map { Row(zip(header, $0), uniquingKeysWith: { first, _ in first }) }
    }

    // MARK: The folder

    static func style(_ type: Int) -> String { "BT-\(padded(type))" }
    private static func padded(_ type: Int) -> String { type < 10 ? "0\(type)" : "\(type)" }

    /// The vendor's file for a language: the Spanish one is in English too; a Chinese one is there for five types only.
    static func file(_ type: Int, _ language: String) -> String? {
        let name = language == "zh" ? "ballot-blanks/BT_\(padded(type))_C.pdf" : "btpdf/BT_\(padded(type))_S.pdf"
        return FileManager.default.fileExists(atPath: source.appendingPathComponent(name).path) ? name : nil
    }

    private func writeElection() throws {
        let text = """
            election: { id: 2028-general, name: Consolidated Statewide Direct Primary, date: 2028-11-07, type: primary }
            jurisdiction: { name: City and County of San Francisco, state: California, id: "06075", id_type: fips }
            time_zone: America/Los_Angeles
            deadlines: { receipt: 2028-11-07T20:00 }
            office:
              name: Department of Elections
              email: uocava@elections.example.gov
              phone: "+1 415 555 0100"
              address: [1 Dr. Carlton B. Goodlett Place, "City Hall, Room 48", San Francisco CA 94102]
            languages: [en, es, zh]
            declaration: { en: en.md, es: es.md, zh: zh.md }

            """
        try folder.write(Array(text.utf8), to: "election.yaml")
        for (language, oath) in [
            ("en", "I swear or affirm, under penalty of perjury, that I am eligible to vote."),
            ("es", "Juro o afirmo, bajo pena de perjurio, que tengo derecho a votar."), ("zh", "我宣誓或確認，我有資格投票，如有虛假願受偽證罪處罰。")
        ] { try folder.write(Array(oath.utf8), to: "\(language).md") }
        try FileManager.default.createDirectory(atPath: folder.path("ballots"), withIntermediateDirectories: true)

        // Consolidated precincts hold one or more of those that voters are registered in.
        let registered = Dictionary(
            Self.table(String(decoding: try Self.bytes("ems/pctcons.tsv"), as: UTF8.self)).map {
                ($0["cons_precinct_id", default: ""], $0["precinct_ids", default: ""].split(separator: " ").map(String.init))
            }, uniquingKeysWith: { first, _ in first })
        var sheet = "style,name,precincts,party,scope,language,file\n"
        for row in Self.table(String(decoding: try Self.bytes("omniballot/btpct-omni.tsv"), as: UTF8.self)) {
            let type = try #require(Int(row["ballot_type", default: ""]))
            guard types.contains(type) else { continue }
            let consolidated = row["cons_precinct_ids", default: ""].split(separator: " ").map(String.init)
            let precincts = consolidated.flatMap { registered[$0] ?? [$0] }.joined(separator: ";")
            for language in Self.languages {
                guard let file = Self.file(type, language) else { continue }
                let name = "ballots/\(file.split(separator: "/")[1])"
                sheet += "\(Self.style(type)),Ballot type \(type),\(precincts),,full,\(language),\(name)\n"
                try folder.write(try Self.bytes(file), to: name)
            }
        }
        try folder.write(Array(sheet.utf8), to: "styles.csv")
    }

    // MARK: The roll

    static let columns = [
        "voter_id", "last_name", "first_name", "date_of_birth", "email", "precinct", "party", "class", "location", "request_form",
        "request_date", "request_status", "valid_to", "preference", "language", "protected", "residence_line1", "residence_city",
        "residence_state", "residence_zip", "mailing_line1", "mailing_line2", "mailing_country", "ballot_style"
    ]

    /// First and last names; the last one is written in a script that no computer here has type for.
    private static let names = [
        ("Ann", "Smith"), ("María José", "Núñez de la Peña"), ("José Ángel", "Güiraldes"), ("大文", "陳"), ("淑芬", "林"), ("小龍", "李"),
        ("Nguyễn Thị", "Hồng"), ("Siobhán", "O’Neill-Łukasz"), ("Мария", "Петрова"), ("さくら", "田中"), ("민준", "김"), ("D'Andre", "St. John"),
        ("Ñusta", "Ybáñez"), ("美玲", "Wong"), ("𓀀𓀁", "Smith")
    ]

    /// Two lines, the country, and whether its sheets are American.
    private static let places = [
        ("PSC 175 BOX 6660", "APO AE 09077", "United States of America", true),
        ("UNIT 4230 BOX 8113", "DPO AP 96521", "United States of America", true),
        ("Av. Insurgentes Sur 1602", "03940 Ciudad de México", "Mexico", true),
        ("8 Chemin des Érables", "Gatineau QC J8X 1A1", "Canada", true),
        ("1201 Roxas Blvd", "1000 Manila", "Philippines", true), ("Hauptstraße 5", "10115 Berlin", "Germany", false),
        ("Calle de Alcalá 42, 3.º izq.", "28014 Madrid", "Spain", false), ("朝阳区建国路88号", "北京 100022", "China", false),
        ("信義區市府路1號", "臺北 110204", "Taiwan", false), ("千代田区丸の内1-1", "東京都 100-0005", "Japan", false),
        ("12 Rue de l’Église", "75015 Paris", "France", false), ("ul. Długa 7/3", "00-238 Warszawa", "Poland", false)
    ]

    /// A roll of so many voters, the same for the same seed.
    func roll(_ count: Int, seed: UInt64) -> [Row] {
        var generator = Generator(state: seed)
        // In turn a voter of each precinct, and one of each ballot type: some of these are a single precinct.
        let precincts = typeOfPrecinct.keys.sorted()
        let byType = types.map { type in precincts.filter { typeOfPrecinct[$0] == type } }
        return (0..<count).map { index in
            let name = index % 40 == 7 ? Self.names[Self.names.count - 1] : Self.names[generator.next(Self.names.count - 1)]
            let place = Self.places[generator.next(Self.places.count)]
            let turn = byType[index / 2 % byType.count]
            var precinct = index.isMultiple(of: 2) ? precincts[index / 2 % precincts.count] : turn[generator.next(turn.count)]
            if index == 11 { precinct = "9999" }
            var style = ""
            if generator.next(8) == 0 { style = typeOfPrecinct[precinct].map(Self.style) ?? "" }
            if generator.next(40) == 0 { style = Self.style(types[generator.next(types.count)]) }
            return [
                "voter_id": "SF\(10_000 + index)", "last_name": name.1, "first_name": name.0,
                "date_of_birth": "19\(40 + generator.next(60))-0\(1 + generator.next(9))-\(10 + generator.next(19))",
                "email": generator.next(15) == 0 ? "" : "sf\(10_000 + index)@example.org", "precinct": precinct,
                "party": generator.pick(["", "Democratic", "Republican", "No Party Preference"]),
                "class": generator.pick([
                    "active-duty", "active-duty-spouse-or-dependent", "activated-national-guard", "citizen-abroad-intent-to-return",
                    "citizen-abroad-return-uncertain", "citizen-abroad-never-resided", "other"
                ]),
                "location": "overseas", "request_form": generator.pick(["fpca", "fwab", "state-application", "informal-request"]),
                "request_date": "2028-0\(1 + generator.next(9))-0\(1 + generator.next(9))",
                "request_status": generator.next(20) == 0 ? generator.pick(["pending", "rejected", "cancelled"]) : "",
                "valid_to": generator.next(20) == 0 ? "2028-10-31" : "2028-12-31",
                "preference": generator.pick([
                    "email", "email", "online", "email;mail", "online;fax", "email", "online", "mail", "fax;email", ""
                ]),
                "language": generator.pick(["en", "es", "zh", "zh", "es", "", "tl"]), "protected": generator.next(30) == 0 ? "yes" : "no",
                "residence_line1": "\(1 + generator.next(900)) Valencia St", "residence_city": "San Francisco", "residence_state": "CA",
                "residence_zip": "94110", "mailing_line1": place.0, "mailing_line2": place.1, "mailing_country": place.2,
                "ballot_style": style
            ]
        }
    }

    static func csv(_ rows: [Row]) -> [UInt8] {
        let lines = rows.map { row in columns.map { "\"\(row[$0, default: ""])\"" }.joined(separator: ",") }
        return Array(([columns.joined(separator: ",")] + lines).joined(separator: "\n").utf8) + [10]
    }

    /// Numbers that look random and are the same on every machine.
    private struct Generator {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: state >> 33) % bound
        }

        mutating func pick(_ values: [String]) -> String { values[next(values.count)] }
    }

    // MARK: The rules, once more

    /// The bucket of a voter in the first batch, by formats.md and this election's settings.
    func bucket(of row: Row) -> Bucket {
        if !row["request_status", default: ""].isEmpty || row["valid_to", default: ""] < "2028-11-07" { return .notEligible }
        if row["protected"] == "yes" { return .protected }
        guard ["email", "online"].contains(row["preference", default: ""].components(separatedBy: ";")[0]) else { return .byMail }
        if row["email", default: ""].isEmpty { return .noEmail }
        guard let type = typeOfPrecinct[row["precinct", default: ""]] else { return .styleUnresolved }
        if !["", Self.style(type)].contains(row["ballot_style", default: ""]) { return .styleUnresolved }
        return row["first_name"] == "𓀀𓀁" ? .unprintable : .issued
    }

    /// What a voter must get: the style, the language of the packet, the paper of the office's pages, and the vendor's file.
    func due(_ row: Row) throws -> Due {
        let type = try #require(typeOfPrecinct[row["precinct", default: ""]])
        let language = [row["language", default: ""], "en"].first { Self.languages.contains($0) && Self.file(type, $0) != nil } ?? ""
        let place = Self.places.first { $0.0 == row["mailing_line1"] }
        return Due(
            style: Self.style(type), language: language, paper: place?.3 == true ? "letter" : "a4",
            file: try #require(Self.file(type, language)), printed: "BT\(type)VBM_")
    }

    struct Due: Hashable {
        var style: String
        var language: String
        var paper: String
        var file: String
        /// What the ballot itself says, without white space.
        var printed: String
    }
}
