import Foundation
import Packet
import Testing

@Suite("The voter's text as it is printed and extracted")
struct WritingTypeTests {
    /// A name and an address line per locale, as people write them.
    static let locales: [(locale: String, name: String, line: String)] = [
        ("en-US", "Jane Q. Public", "PSC 1234 Box 5678, APO AE 09012"), ("es-MX", "José Ángel Muñoz Ibáñez", "Calle 5 de Mayo № 12, Nuñoa"),
        ("fr-FR", "Zoë Lefèvre-Châtaigné", "12 Rue de l’Église, Bâtiment C"), ("de-DE", "Jürgen Groß-Müller", "Straße des 17. Juni 135"),
        ("it-IT", "Niccolò D’Angelò", "Via Sant’Agata 3/B"), ("pt-BR", "João Conceição da Silva", "Av. São João, nº 1.234"),
        ("nl-NL", "IJsbrand ’t Hooft", "’s-Gravenweg 12"), ("sv-SE", "Åsa Öström", "Ängsgatan 4"), ("da-DK", "Søren Kjær", "Æblevej 7"),
        ("nb-NO", "Øyvind Ålesund", "Bråtenveien 3"), ("fi-FI", "Päivi Hämäläinen", "Mäkelänkatu 9"),
        ("is-IS", "Þórunn Sigurðardóttir", "Hávallagata 1"),
        ("pl-PL", "Zażółć Gęślą-Jaźń", "ul. Świętokrzyska 14"), ("cs-CZ", "Jiří Dvořák", "náměstí Míru 5"),
        ("sk-SK", "Ľuboš Vŕba", "Námestie SNP 1"),
        ("hu-HU", "Őry Űrhajós", "Fő utca 2"), ("ro-RO", "Ștefan Țăran", "Strada Ștefan cel Mare"),
        ("hr-HR", "Đurđa Šimić", "Trg bana Jelačića"),
        ("sr-Cyrl", "Љубиша Ђорђевић", "Улица Кнеза Михаила"), ("bg-BG", "Ясен Щърбанов", "бул. Витоша 15"),
        ("ru-RU", "Фёдор Достоевский", "ул. Тверская, д. 7"),
        ("uk-UA", "Їжакевич Ґалаґан", "вул. Хрещатик, 22"), ("be-BY", "Уладзімір Ўладак", "вул. Незалежнасці"),
        ("kk-KZ", "Әлихан Құдайберген", "Абай даңғылы 10"),
        ("mn-MN", "Өлзийбаяр Үүрцайх", "Энхтайваны өргөн чөлөө"), ("el-GR", "Αλέξανδρος Παπαδόπουλος", "Οδός Ερμού 5, Αθήνα"),
        ("grc", "Ἀριστοτέλης ὁ Σταγειρίτης", "Ὁδὸς τῶν Μουσῶν"), ("hy-AM", "Արմեն Հակոբյան", "Մաշտոցի պողոտա 20"),
        ("ka-GE", "ნინო ქართველიშვილი", "რუსთაველის გამზირი 8"),
        ("tr-TR", "İbrahim Çağlayan Işık", "Atatürk Caddesi Nº 3"), ("az-AZ", "Əliyev Şəhriyar", "Nizami küçəsi"),
        ("vi-VN", "Nguyễn Thị Phượng", "Đường Lê Lợi, Phường Bến Nghé"),
        ("yo-NG", "Olúwaṣeun Adébáyọ̀", "Ọjà Ọba"), ("ha-NG", "Ɓala Ƙanwa", "Titin Ɗan Fodio"),
        ("haw-US", "Keliʻiahonui Kāʻeo", "Kalākaua Ave"),
        ("mi-NZ", "Ngāti Māori", "Te Ara Pūtake"), ("cy-GB", "Siân Ŵynne", "Tŷ Mawr"), ("mt-MT", "Ġorġ Ħaż-Żebbuġ", "Triq il-Kbira"),
        ("lv-LV", "Ģirts Ķēniņš", "Brīvības iela"), ("lt-LT", "Žydrūnė Šėža", "Gedimino pr. 9"), ("et-EE", "Õnne Tõnisson", "Pärnu mnt 5"),
        ("ja-JP", "山田太郎", "東京都千代田区丸の内1丁目9-1"), ("ja-Kana", "ヤマダ たろう", "ビックリマンション203号"), ("ko-KR", "김철수", "서울특별시 종로구 세종대로 175"),
        ("zh-Hans", "张伟", "北京市朝阳区建国门外大街1号"), ("zh-Hant", "陳大文", "臺北市信義區市府路45號"), ("mixed", "Anna 山田 Παππά", "서울 Tower, кв. 5")
    ]

    private static func words(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    @Test("pdftotext gives back names and addresses of 47 locales exactly")
    func extraction() throws {
        let base = try WritingSamples.base()
        let folder = try WritingFolder()
        for entry in Self.locales {
            let packet = try WritingSamples.packet(WritingSamples.voter(name: entry.name, mailing: [entry.line, "Line 2"]), base: base)
            try folder.write(packet, to: "p.pdf")
            for page in ["2", "5"] {
                let text = Self.words(try folder.run("pdftotext", ["-layout", "-f", page, "-l", page, "p.pdf", "-"]))
                #expect(text.contains(Self.words(entry.name.precomposedStringWithCanonicalMapping)), "\(entry.locale), page \(page)")
                #expect(text.contains(Self.words(entry.line.precomposedStringWithCanonicalMapping)), "\(entry.locale), page \(page)")
            }
        }
    }

    @Test("Decomposed letters come out as the composed ones")
    func normalization() throws {
        let base = try WritingSamples.base()
        let folder = try WritingFolder()
        let name = "Nguyễn Thị Phượng".decomposedStringWithCanonicalMapping
        try folder.write(try WritingSamples.packet(WritingSamples.voter(name: name), base: base), to: "p.pdf")
        let text = try folder.run("pdftotext", ["-f", "2", "-l", "2", "p.pdf", "-"])
        #expect(text.unicodeScalars.elementsEqual(text.precomposedStringWithCanonicalMapping.unicodeScalars))
        #expect(text.contains("Nguyễn Thị Phượng"))
    }

    @Test("A name with a character that no font has is not printable, and the character is named")
    func unprintableName() throws {
        let base = try WritingSamples.base()
        let composer = try TailComposer(base: base.plan, baseLength: base.bytes.count)
        // Characters that fonts have, and that leave nothing on the paper.
        for blank in ["\u{3164}", "\u{115F}", "\u{FFA0}", "\u{2800}", "\u{00AD}", "\u{200B}"] {
            #expect(composer.unprintable(in: "Ann \(blank)\(blank)") != nil, "\(blank.unicodeScalars)")
        }
        #expect(composer.unprintable(in: "Ann 😀 Lee").map { $0 == ("😀", "U+1F600") } == true)
        #expect(composer.unprintable(in: "דוד כהן").map { $0 == ("ד", "U+05D3") } == true)
        #expect(composer.unprintable(in: "Ann\u{202E}Lee").map { $0 == ("\u{202E}", "U+202E") } == true)
        #expect(composer.unprintable(in: "Tab\u{7}").map { $0 == ("\u{7}", "U+0007") } == true)
        #expect(throws: PacketError.self) { try WritingSamples.packet(WritingSamples.voter(name: "Ann 😀"), base: base) }
    }

    @Test("An address line that no font can set becomes a line to fill in, and is reported")
    func addressByHand() throws {
        let base = try WritingSamples.base()
        let composer = try TailComposer(base: base.plan, baseLength: base.bytes.count)
        let voter = WritingSamples.voter(residence: ["1 Main St"], mailing: ["שדרות רוטשילד 1", "Tel Aviv", "भारत"])
        #expect(composer.unprintable(in: voter.name) == nil)
        let tail = try composer.compose(
            voter, manifest: WritingSamples.manifest, signedAt: 0, signerName: "x", sign: WritingSamples.notSigned)
        #expect(tail.addressByHand == [1, 3])
        let folder = try WritingFolder()
        try folder.write(base.bytes + tail.bytes, to: "p.pdf")
        let text = try folder.run("pdftotext", ["-layout", "-f", "5", "-l", "5", "p.pdf", "-"])
        #expect(text.contains("Tel Aviv") && !text.contains("שדרות") && !text.contains("\u{FFFD}"))
    }

    @Test("The longest lines that an import lets through stay in their boxes and lose no word")
    func longest() throws {
        let base = try WritingSamples.base(witnesses: 2)
        let folder = try WritingFolder()
        let name = (1...16).map { "Nam\($0)o" }.joined(separator: "-") + " Wolfeschlegelsteinhausen"
        let lines = (1...5).map { line in (1...22).map { "Wort\(line)x\($0)" }.joined(separator: " ") }
        let solid = String(repeating: "Ma", count: 100)
        try folder.write(
            try WritingSamples.packet(
                WritingSamples.voter(name: String(name.prefix(100)), residence: [solid, "End"], mailing: lines), base: base), to: "p.pdf")
        for (page, limits) in [("2", (40.0, 300.0, 580.0)), ("5", (60.0, 60.0, 340.0))] {
            let boxes = try folder.run("pdftotext", ["-bbox", "-f", page, "-l", page, "p.pdf", "-"])
            for line in lines {
                for word in line.split(separator: " ") { #expect(boxes.contains(">\(word)</word>"), "\(word) on page \(page)") }
            }
            // Nothing of the address reaches beyond its column.
            for row in boxes.split(separator: "\n") where row.contains(">Wort") {
                let right = Double(row.split(separator: "xMax=\"")[1].split(separator: "\"")[0]) ?? .infinity
                #expect(right <= limits.2)
            }
        }
        let text = try folder.run("pdftotext", ["-f", "2", "-l", "2", "-raw", "p.pdf", "-"])
        #expect(text.filter { !$0.isWhitespace }.contains(solid))
    }

    @Test("A line is never drawn over another", arguments: ["2", "5"])
    func noOverlap(page: String) throws {
        let base = try WritingSamples.base()
        let folder = try WritingFolder()
        let mailing = (1...5).map { "Address line number \($0) of a fairly long mailing address in a far country" }
        try folder.write(try WritingSamples.packet(WritingSamples.voter(mailing: mailing), base: base), to: "p.pdf")
        let rows = try folder.run("pdftotext", ["-bbox", "-f", page, "-l", page, "p.pdf", "-"]).split(separator: "\n")
        func edge(_ row: Substring, _ key: String) -> Double { Double(row.split(separator: "\(key)=\"")[1].split(separator: "\"")[0]) ?? 0 }
        let lines = rows.filter { $0.contains(">number</word>") }
        #expect(lines.count == 5)
        // The boxes of text are a little higher than what is drawn; the baselines must be at least a type size apart.
        for (upper, lower) in zip(lines, lines.dropFirst()) {
            #expect(edge(lower, "yMax") - edge(upper, "yMax") >= (edge(upper, "yMax") - edge(upper, "yMin")) * 0.85)
        }
    }
}
