/// Names and addresses as people write them around the world, for tests: the parts, by locale.
///
/// Each entry is five lines: a tag and the country, given names, family names, first lines of an address, second lines. Names are separated by
/// commas, lines by bars.
enum WorldNames {
    struct Locale: Sendable {
        let tag: String
        let country: String
        let given: [String]
        let family: [String]
        let streets: [String]
        let cities: [String]
    }

    /// Locales whose text can be printed.
    static let printable = locales(printableTable)

    /// Scripts that cannot: from right to left, with reordering or joining, or without a font.
    static let unprintable = locales(unprintableTable)

    private static func locales(_ table: String) -> [Locale] {
        let lines = table.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }
        return stride(from: 0, to: lines.count - 4, by: 5).map { start in
            let head = lines[start].split(separator: " ", maxSplits: 1)
            func parts(_ line: Substring, _ separator: Character) -> [String] {
                line.split(separator: separator).map { String($0.trimmingPrefix { $0 == " " }) }
            }
            return Locale(
                tag: String(head[0]), country: String(head[1]), given: parts(lines[start + 1], ","), family: parts(lines[start + 2], ","),
                streets: parts(lines[start + 3], "|"), cities: parts(lines[start + 4], "|"))
        }
    }

    private static let printableTable = """
        en-US United States of America
          Jane, Seán Patrick, Mary-Kate, J.R., D’Andre, DeShawn
          O’Brien-Łukasiewicz, O'Neill, McDonald, St. John, Vandenberg, Public
          PSC 1234 BOX 5678|CMR 402 BOX 1105|UNIT 45013 BOX 2666|UPSC 1 #7 c/o “Bravo”
          APO AE 09012|FPO AP 96349|DPO AA 34004
        es Mexico
          José Ángel, María de los Ángeles, Íñigo, Güendolina, Ñusta
          Muñoz Ibáñez, Núñez y Peña, Zúñiga, Gutiérrez, Argüello
          Calle 5 de Mayo № 12|Av. Insurgentes Sur 1602, Col. Crédito Constructor|Calle «El Peñón» 3º izq.
          06000 México, D.F.|C.P. 44100 Guadalajara, Jal.
        ca Spain
          Gal·la, Núria, Oriol, Marcel·lí, Aïda
          Carbonell i Güell, Vilà, Muñoz-Lluís, Çelik d’Òdena
          Carrer del Paral·lel, 25, 3r 2a|Plaça de l’Àngel, 4
          08002 Barcelona|25001 Lleida
        pt-BR Brazil
          João, Conceição, Antônio, Luíza, Thaís
          da Silva Simões, Magalhães, Araújo, Guimarães Leão
          Av. São João, nº 1.234, apto. 5|Rua Haddock Lobo, 595 – 6º andar
          01035-000 São Paulo – SP|40020-000 Salvador – BA
        fr France
          Zoë, Chloé-Anaïs, Œdipe, Maël, Françoise
          Lefèvre-Châtaigné, L’Haÿ, Crèvecœur, d’Aÿ, Müller-Noël
          12 Rue de l’Église, Bâtiment C|3ᵉ étage, 5 Allée des Œillets|Chemin du Pré-aux-Clercs
          75015 Paris|94240 L’HAŸ-LES-ROSES
        de Germany
          Jürgen, Käthe, Björn, Günther, Änne
          Groß-Müller, Weiß, Größl, STRAẞNER, von und zu Öttingen
          Straße des 17. Juni 135|Königsallee 12 a|Ährenweg 3 ℅ Fa. Überfluß
          10623 Berlin|80331 München
        it Italy
          Niccolò, Noè, Desirée, Totò, Maria Sant’Anna
          D’Angelò, Dell’Àcqua, Forlì, De Rossi, Papàleo
          Via Sant’Agata 3/B|Largo dell’Università, 1 – int. 4
          00184 Roma RM|10121 Torino TO
        nl Netherlands
          IJsbrand, Daniël, Zoë, Jiří-Jan, Noëlle
          ’t Hooft, van ’s-Gravenmoer, van den Bérg, de Boer-Ĳssel
          ’s-Gravenweg 12|Eén Eikenlaan 3 II
          1012 JS Amsterdam|5211 AB ’s-Hertogenbosch
        sv Sweden
          Åsa, Göran, Örjan, Åke, Märta
          Öström, Sjöberg, Ängström, Lindén
          Ängsgatan 4|Österlånggatan 17 B
          111 31 Stockholm|211 20 Malmö
        da Denmark
          Søren, Jørgen, Åse, Ærø, Bjørk
          Kjær, Østergård, Møller-Nygaard, Ǿrsted
          Æblevej 7|Østergade 12, 3. tv.
          1100 København K|8000 Århus C
        nb Norway
          Øyvind, Håkon, Bjørg, Åshild
          Ålesund, Brænden, Sørbø, Ødegård
          Bråtenveien 3|Bjørnstjerne Bjørnsons gate 9
          0181 Oslo|5003 Bergen
        fi Finland
          Päivi, Väinö, Yrjö, Hilkka
          Hämäläinen, Mäkelä-Pöysti, Šakki, Žilinski
          Mäkelänkatu 9 A 12|Hämeentie 135
          00550 Helsinki|33100 Tampere
        is Iceland
          Þórunn, Ægir, Guðrún, Ísólfur, Ýmir
          Sigurðardóttir, Þráinsson, Öxndal, Ævarsdóttir
          Hávallagata 1|Þingholtsstræti 27
          101 Reykjavík|600 Akureyri
        fo Denmark
          Róðmundur, Jógvan, Ól, Bjørghild
          í Dali, Øssursson, við Keldu
          Ártúnsvegur 2|Áarvegur 9
          FO-100 Tórshavn
        pl Poland
          Zażółć, Łucja, Świętosława, Grzegorz, Ożegiem
          Gęślą-Jaźń, Brzęczyszczykiewicz, Ćwikła, Żółciński, Wójcik
          ul. Świętokrzyska 14 m. 3|al. Jerozolimskie 65/79|Osiedle Źródło 8
          00-050 Warszawa|90-001 Łódź
        cs Czechia
          Jiří, Řehoř, Zdeňka, Růžena, Božidar
          Dvořák, Čapková, Přemyšlovský, Šťastná, Ďuriš
          náměstí Míru 5|Křížová 1018/6|U Švůgrové 3
          120 00 Praha 2|602 00 Brno-střed
        sk Slovakia
          Ľuboš, Žofia, Ďurko, Šťefan, Ŕehor
          Vŕba, Hĺbočan, Kôň, Ťažký, Ňaďa
          Námestie SNP 1|Žižkova 9, byt č. 4
          811 06 Bratislava|040 01 Košice
        hu Hungary
          Őrs, Zsófia, Ödön, Ágnes, Csűrös
          Űrhajós, Győrffy, Hódmezővásárhelyi, Tőkés
          Fő utca 2. II. em. 5.|Erzsébet körút 43–49.
          1011 Budapest|6800 Hódmezővásárhely
        ro Romania
          Ștefan, Ioniță, Mălina, Răzvan, Țiu
          Țăran, Brâncuși, Şerbanescu, Ţepeş, Iliescu-Rîmniceanu
          Strada Ștefan cel Mare nr. 8|Bulevardul Unirii, bl. C3, sc. 1
          030823 București|700028 Iași
        hr Croatia
          Đurđa, Željko, Ǆenana, Ćiro, Mǌegoš
          Šimić, Kovačević, Čižmek, Žljebačić
          Trg bana Jelačića 3|Ulica Đure Đakovića 7
          10000 Zagreb|51000 Rijeka
        sr Serbia
          Љубиша, Ђорђе, Његош, Ћира, Џавид
          Ђорђевић, Љешњак, Чолић, Живојиновић, Шљивар
          Улица Кнеза Михаила 6|Булевар краља Александра 73
          11000 Београд|21000 Нови Сад
        mk North Macedonia
          Ѓорѓи, Ќирил, Ѕвездан, Јована
          Ѓорѓиевски, Ќосева, Ѝветинова, Џамбазов
          бул. „Гоце Делчев“ 9|ул. Ѓуро Стругар 2
          1000 Скопје|7000 Битола
        bg Bulgaria
          Ясен, Гьорги, Щилиян, Жечо
          Щърбанов, Ъгълов, Юруков, Чочева
          бул. „Витоша“ № 15|ж.к. Младост 1А, бл. 504, вх. В
          1000 София|9000 Варна
        ru Russian Federation
          Фёдор, Алёна, Эльвира, Семён Ильич, Юлия
          Достоевский, Щёголев, Объедков, Рыжий-Ёлкин, Цой
          ул. Тверская, д. 7, кв. 12|пр-т Ленина, д. 5, стр. 1
          125009 Москва|190000 Санкт-Петербург
        uk Ukraine
          Їжак, Ґудзь, Є’вген, Олександр, Мар’яна
          Їжакевич, Ґалаґан, Мар’яненко, В'ячеславський, Щербань
          вул. Хрещатик, 22, під’їзд 3|просп. Незалежності, 14
          01001 Київ|79000 Львів
        be Belarus
          Уладзімір, Ўладзя, Ігнат, Еўдакія
          Ўладак, Шаўчэнка, Дз’яконаў, Янушкевіч
          вул. Незалежнасці, 4|пр. Пераможцаў, 7
          220030 Мінск
        kk Kazakhstan
          Әлихан, Ұлан, Қайрат, Өмірбек, Ғалия
          Құдайберген, Әбдіұлы, Һайдаров, Ңұрғали, Іскендір
          Абай даңғылы, 10|Қабанбай батыр көшесі 53
          050000 Алматы|010000 Нұр-Сұлтан
        mn Mongolia
          Өлзийбаяр, Үүрцайх, Энхтуяа
          Бат-Өлзий, Дөлгөөн, Үржинбадам
          Энхтайваны өргөн чөлөө 5|3-р хороо, Өндөр хаус
          Улаанбаатар 14200
        tg Tajikistan
          Ҷамшед, Фирӯз, Ғулом, Ҳикмат
          Қодиров, Ҷӯраев, Шоҳии
          кӯчаи Рӯдакӣ 12|хиёбони Ҳофиз 3
          734025 Душанбе
        el Greece
          Αλέξανδρος, Ιωάννα, Άγγελος, Ηλέκτρα, Ευϋλία
          Παπαδόπουλος, Οικονόμου, Χατζηϊωάννου, Ξανθάκη
          Οδός Ερμού 5|Λεωφ. Βασιλίσσης Σοφίας 91, 3ος όροφος
          105 63 Αθήνα|546 24 Θεσσαλονίκη
        grc Greece
          Ἀριστοτέλης, Ὅμηρος, Ἑλένη, Ἥρᾱ, ᾿Ιησοῦς
          ὁ Σταγειρίτης, ᾯδης, Ὑψιπύλη, τοῦ Ἅιδου, Ῥόδιος
          Ὁδὸς τῶν Μουσῶν βʹ|Ἐν τῷ ᾠδείῳ
          Ἀθῆναι
        hy Armenia
          Արմեն, Գայանէ, Եւգենի, Ծովինար
          Հակոբյան, Տէր-Պետրոսեան, Խաչատրյան
          Մաշտոցի պողոտա 20|Աբովյան փող. 1՝ բն. 4
          0010 Երևան
        ka Georgia
          ნინო, გიორგი, შოთა, ჟუჟუნა
          ქართველიშვილი, ჭავჭავაძე, წერეთელი
          რუსთაველის გამზირი 8|ი. აბაშიძის ქ. 12
          0108 თბილისი|4600 ქუთაისი
        tr Türkiye
          İbrahim, Işık, Çağlayan, Şükrü, Ilgın, Âkif
          Yıldırım, Gümüş, Öztürk, İnönü, Ağaoğlu
          Atatürk Caddesi Nº 3|Şehit Muhtar Mh. Işıklar Sk. 7/B
          34437 İstanbul|06420 Çankaya/Ankara
        az Azerbaijan
          Şəhriyar, Gülnarə, İlqar, Çingiz, Əli
          Əliyev, Məmmədova, Qarabağlı, Üzeyirbəyli
          Nizami küçəsi 12|Ə. Rəcəbli küç. 5, mənzil 8
          AZ1000 Bakı
        vi Viet Nam
          Thị Phượng, Đình Ẩn, Ngọc Ẵm, Ỷ Lan, Văn Ổn
          Nguyễn, Đặng, Ễnh, Võ, Huỳnh, Trịnh
          12 Đường Lê Lợi, Phường Bến Nghé|Ấp 3, Xã Ẳng Tở|Ổ Quạ, Ngõ 5
          Thành phố Hồ Chí Minh|ĐẮK LẮK|Huế
        yo Nigeria
          Olúwaṣeun, Adébọ̀wálé, Ọ̀ṣun, Àbíkẹ́, Ẹ̀bùn
          Adébáyọ̀, Ọláńrewájú, Ṣóyínká, Ẹgbẹ́dá
          Ọjà Ọba, Òpópónà Ẹ̀kẹta|23 Ìta Ẹ̀gbá
          Ìbàdàn, Ọ̀yọ́|Abẹ́òkúta
        ig Nigeria
          Chịnwendụ, Ọbịọma, Ụchechukwu, Ṅkechi
          Okonkwọ, Ị̀kwùanụ̀, Ụ̀zọ̀ma, Ńwábùèzè
          12 Ụlọ Akwụkwọ|Okporo Ámá Ọhụrụ
          Ọ̀nịcha|Enugwu
        ha Nigeria
          Ɓala, Ƴar’adua, Ɗanjuma, Haƙuri
          Ƙanwa, Ɗan Fodio, Ƴan Ɓaure
          Titin Ɗan Fodio 4|Ƙofar Mata, Layi na 3
          Kano
        ee Togo
          Kɔdzo, Ŋutifafa, Ɛsi, Xɔ̃mɔ
          Ɖɛvi, Agbɔ̀dé, Ƒiaɣa, Tɔ̃gbɛ̃
          Ƒome Mɔ̃ 7|Ŋɔti Ablɔ̃me
          Lomé
        nv United States of America
          Ashkii, Bidziil, Łízhin, Haseyą́, Yiską́
          Tʼááłáʼí, Nízhóní, Chą́ą́, Bįįh, Dinéłtsoí
          Tséhootsooí P.O. Box 9|Tóghą́ʼą́ Rd
          Window Rock AZ 86515
        haw United States of America
          Keliʻiahonui, ʻAukai, Kāwika, Puaʻala, Kahōkū
          Kāʻeo, Nāhoaʻāpiʻi, Kamehameha, ʻĪʻī
          Kalākaua Ave 2255|ʻŌʻō Pl 4
          Lāʻie HI 96762|Kaʻaʻawa HI 96730
        mi New Zealand
          Ngāti, Hēmi, Mārama, Tūī
          Māori, Te Pōkaikā, Ōrākei, Tāmati
          Te Ara Pūtake 3|12 Ōtāhuhu Rd
          Tāmaki Makaurau 1010
        sm Samoa
          ‘Aumalosi, Fa‘afetai, Si’a, Pōto
          Tu‘uta, Fo`isia, Le ʻAiga, Mā´ua
          Falelā‘ili 2|Leauva’a
          Āpia
        cy United Kingdom
          Siân, Ŵyn, Llŷr, Ffïon, Gwenllïan
          Ŵynne, ap Siôn, Tŷ’n-y-Coed, Môn
          Tŷ Mawr, Heol y Bŷd|3 Stryd Fŵr
          Y Fâli LL65 3NG|Cardiff CF10 1AA
        gd United Kingdom
          Màiri, Ùisdean, Iòsaph, Èibhlin
          MacDhòmhnaill, NicÌomhair, Ó Súilleabháin, Ní Ċonaill
          3 Sràid a’ Ḃaile|Taigh Mòr
          Steòrnabhagh HS1 2XP
        mt Malta
          Ġorġ, Ċensu, Żeppi, Għanja
          Ħaż-Żebbuġ, Ċikku, Mifsud Għarb, Xuereb
          Triq il-Kbira 7|2, Misraħ l-Imħallef
          Ħal Qormi QRM 1000
        lv Latvia
          Ģirts, Ņina, Ļena, Ēriks, Ķirsis
          Ķēniņš, Āboliņa, Šķēle, Ņefedovs
          Brīvības iela 12–3|Ķengaraga ielā 5
          Rīga, LV-1010
        lt Lithuania
          Žydrūnė, Ąžuolas, Ė̃glė, Jū́ratė, Mar̃tynas
          Šėža, Kazlauskienė, Ų̃bartas, Čiurlionis, Į̇́mantas
          Gedimino pr. 9|Ąžuolyno g. 3-7
          LT-01103 Vilnius
        et Estonia
          Õnne, Ülle, Ždanov, Jüri
          Tõnisson, Šokk, Žukov, Õunapuu
          Pärnu mnt 5|Žukovi tn 7
          10141 Tallinn
        sq Albania
          Çlirim, Ëngjëll, Besëlidhje
          Hoxhë, Çarçani, Përmeti
          Rruga Dëshmorët e Kombit 4|Bulevardi Zogu I, Ap. 3
          1001 Tiranë
        ja Japan
          太郎, 花子, ゆうき, ジョージ, 龍之介, ﾀﾛｳ
          山田, 齋藤, 髙橋, 渡邉, ﾔﾏﾀﾞ, 佐々木
          東京都千代田区丸の内1丁目9-1|大字宇和島～甲２−８ コーポⅡ ①号 ■|メゾン・ド・ラ・メール２０３号|港区芝公園４－２－８
          100-0005 東京都|〒530-0001 大阪市
        ko Korea, Republic of
          철수, 영희, 쀍쒫, 뷁, 하늘
          김, 이, 남궁, 황보
          서울특별시 종로구 세종대로 175|부산광역시 해운대구 우동 1408
          03172 서울|48094 부산
        zh-Hans China
          伟, 秀英, 霏, 懿轩, 昇龙
          张, 欧阳, 诸葛, 鄂, 龘
          北京市朝阳区建国门外大街1号|上海市浦东新区世纪大道88号，12楼
          100020 北京|200120 上海
        zh-Hant Taiwan
          大文, 淑芬, 鑫淼, 憂鬱
          陳, 歐陽, 鄭, 嚴
          臺北市信義區市府路45號|彌敦道 500 號「龍」大廈 3 樓
          110 臺北|九龍
        mixed France
          Anna 山田, Ján Παππά, Иван O’Neil, 이 Łucja, ნინო
          Παππά-Müller, 陳 Nguyễn, Ó Дмитриев, Smith-김
          서울 Tower, кв. 5|Rue Ωmega 12・ビル|Ул. St-Łazarz № 7, 1F
          Αθήνα – 北京 – Kyïv
        """

    private static let unprintableTable = """
        ar Egypt
          علي, فاطمة
          المصري, عبد الله
          شارع التحرير ١٢
          القاهرة
        fa Iran
          رضا, شیرین
          پهلوی, گل‌محمدی
          خیابان ولیعصر ۳
          تهران
        he Israel
          דוד, שרה
          כהן, בן־גוריון
          שדרות רוטשילד 1
          תל אביב
        hi India
          अनिल, प्रिया
          शर्मा, गुप्ता
          महात्मा गांधी मार्ग ५
          नई दिल्ली
        bn Bangladesh
          রহিম, অনিতা
          ঠাকুর
          রবীন্দ্র সরণি
          ঢাকা
        ta Sri Lanka
          முருகன், லட்சுமி
          சுப்பிரமணியன்
          காந்தி சாலை
          சென்னை
        th Thailand
          สมชาย, กัญญา
          ศรีสุวรรณ
          ถนนสุขุมวิท 55
          กรุงเทพฯ
        my Myanmar
          အောင်, စု
          ကြည်
          ပြည်လမ်း
          ရန်ကုန်
        km Cambodia
          សុខា
          ចាន់
          ផ្លូវ ១៧៨
          ភ្នំពេញ
        am Ethiopia
          አበበ
          ቢቂላ
          ቸርችል ጎዳና
          አዲስ አበባ
        emoji France
          😀, 🇺🇸, ☺️
          👩‍👩‍👧
          🏠 12
          🗼
        private France
          \u{E000}, \u{F8FF}
          \u{F0000}
          \u{E123} 5
          \u{10FFFD}
        rare Japan
          𠮷, 㐂
          𪚥
          𡈽𠀋 3
          𠮟る
        """
}
