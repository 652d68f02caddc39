import Packet

/// Offices that write in many scripts: their texts, and captions in Arabic, which turn the pages round.
enum WritingLanguages {
    struct Sample: Sendable, CustomStringConvertible {
        var language: String
        var election: String
        var notice: String
        var declaration: String
        var captions: [String: String] = [:]

        var description: String { language }

        /// What the office says; its name and address are as on its letters.
        var text: OfficeText {
            get throws {
                var text = WritingSamples.office(language: language, declaration: declaration)
                text.electionName = election
                text.electionDate = "2028-11-07"
                text.returnNotice = notice
                if !captions.isEmpty { text.captions = try WritingLanguages.wording(captions) }
                return text
            }
        }
    }

    /// The English captions with some of them in other words, by their keys (`mark.title`).
    static func wording(_ words: [String: String]) throws -> BaseWording {
        func changed(_ captions: [Caption], _ path: String) -> [Caption] {
            captions.map { caption in
                switch caption.value {
                case .text(let text): Caption(key: caption.key, value: .text(words[path + caption.key] ?? text))
                case .list: caption
                case .group(let group): Caption(key: caption.key, value: .group(changed(group, path + caption.key + ".")))
                }
            }
        }
        return try BaseWording(captions: changed(BaseWording.captions, ""))
    }

    static let all: [Sample] = [
        Sample(
            language: "zh-Hans", election: "2028 年大选", notice: "您的选票必须通过邮寄方式寄回才会被计入。",
            declaration: "我郑重宣誓，**如作伪证愿受法律处罚**：\n\n1. 我是美国公民；\n2. 我在本次选举中只投一次票，直接投给“候选人”。\n\n如有疑问，请写信至 uocava@elections.example.gov。"),
        Sample(
            language: "zh-Hant", election: "2028 年大選", notice: "您的選票必須以郵寄方式寄回才會被計入。",
            declaration: "我鄭重宣誓，**如作偽證願受法律處罰**：\n\n1. 我是美國公民；\n2. 我在本次選舉中只投一次票，直接投給「候選人」。"),
        Sample(
            language: "ja", election: "2028年総選挙", notice: "投票用紙は郵送で返送されなければ数えられません。",
            declaration: "私は、**偽証の罰則を承知の上で**、次のとおり誓います。\n\n- 私は合衆国の市民です。\n- 私は一度だけ直接投票します。"),
        Sample(
            language: "ko", election: "2028년 총선거", notice: "투표용지는 우편으로 반송되어야 개표됩니다.",
            declaration: "본인은 **위증 시 처벌을 받는다는 조건으로** 다음과 같이 선서합니다.\n\n1. 본인은 미국 시민입니다.\n2. 본인은 이번 선거에서 한 번만 투표합니다."),
        Sample(
            language: "vi", election: "Tổng tuyển cử năm 2028", notice: "Lá phiếu của quý vị phải được gửi lại qua bưu điện để được kiểm.",
            declaration:
                "Tôi tuyên thệ, **chịu hình phạt về tội khai man**, rằng:\n\n- tôi là công dân Hoa Kỳ;\n- tôi chỉ bỏ phiếu một lần."),
        Sample(
            language: "ru", election: "Всеобщие выборы 2028 года", notice: "Чтобы голос был учтён, бюллетень нужно вернуть по почте.",
            declaration: "Я заявляю **под страхом наказания за лжесвидетельство**, что:\n\n- я гражданин США;\n- я голосую *один* раз."),
        Sample(
            language: "th", election: "การเลือกตั้งทั่วไป 2571", notice: "ต้องส่งบัตรเลือกตั้งกลับทางไปรษณีย์จึงจะนับคะแนน",
            declaration: "ข้าพเจ้าขอสาบาน **โดยยอมรับโทษฐานให้การเท็จ** ว่า\n\n1. ข้าพเจ้าเป็นพลเมืองสหรัฐอเมริกา\n2. ข้าพเจ้าลงคะแนนเพียงครั้งเดียวที่นี่"),
        Sample(
            language: "hi", election: "आम चुनाव 2028", notice: "आपका मतपत्र डाक से वापस आना चाहिए, तभी उसकी गिनती होगी।",
            declaration: "मैं **झूठी गवाही के दंड के अधीन** शपथ लेता हूँ कि:\n\n1. मैं संयुक्त राज्य का नागरिक हूँ;\n2. मैं इस चुनाव में केवल एक बार मतदान करता हूँ।"),
        Sample(
            language: "he", election: "הבחירות הכלליות 2028", notice: "יש להחזיר את פתק ההצבעה בדואר כדי שייספר.",
            declaration: "אני מצהיר, **בידיעה שעדות שקר היא עבירה**, כי:\n\n- אני אזרח ארצות הברית;\n- אצביע פעם אחת בלבד."),
        Sample(
            language: "ar", election: "الانتخابات العامة 2028", notice: "يجب إعادة بطاقة الاقتراع بالبريد لكي تُحتسب.",
            declaration: """
                أقسم أو أؤكد، **تحت طائلة عقوبة الحنث باليمين**، ما يلي:

                1. أنا مواطن أمريكي؛
                2. أصوّت مرة واحدة فقط في هذه الانتخابات.
                   - وليس في ولاية أخرى.

                للأسئلة اتصل على +1 (202) 555-0100 أو اكتب إلى uocava@elections.example.gov قبل يوم الانتخابات.
                """,
            captions: [
                "title": "حزمة بطاقة الاقتراع الخاصة بك",
                "intro": "هذه بطاقة اقتراعك الرسمية الفارغة، مع كل ما تحتاج إليه لإعادتها. اطبع جميع الصفحات على وجه واحد من ورق عادي "
                    + "مع خيار «ملاءمة الصفحة». لا بأس إن ظهرت البطاقة أصغر: ينقل المكتب اختياراتك كما وضعتها تمامًا إلى ورقة تقرؤها أجهزته.",
                "style_caption": "نموذج البطاقة", "todo": "ما عليك فعله", "mark.title": "ضع علامات على بطاقتك",
                "mark.text": "على انفراد، بحبر أسود أو أزرق. لا تكتب اسمك عليها.", "sign.title": "وقّع الإقرار",
                "sign.text": "وقّعه وأرّخه بخط يدك. لا يمكن احتساب البطاقة بدون توقيعك.", "envelope.title": "أغلق المظروف",
                "envelope.text": "ضع فيه البطاقة والإقرار الموقّع. الصفحة الأخيرة من هذه الحزمة هي واجهة المظروف.",
                "post.title": "أرسله بالبريد",
                "post.text": "مجانًا في البريد الأمريكي ومكاتب APO وFPO وDPO وفي السفارات والقنصليات الأمريكية. وفي غيرها يحتاج إلى طابع.",
                "post_by": "أرسله في موعد أقصاه", "follow": "تابع بطاقتك",
                "follow_text": "اعرف في أي وقت هل استلم المكتب بطاقتك: امسح هذا الرمز أو افتح العنوان أدناه.",
                "tracking_caption": "رمز التتبع", "tracking_secret": "من يملك هذا الرمز يمكنه معرفة حال بطاقتك. احتفظ بهذه الصفحة.",
                "office": "مكتب الانتخابات", "phone": "هاتف", "fax": "فاكس", "genuine": "هل هذه الحزمة أصلية؟",
                "genuine_text": "وقّع % هذا الملف إلكترونيًا. قارئ PDF الذي يتحقق من التوقيعات يبيّن من وقّعه وأنه لم يتغير شيء بعد ذلك.",
                "declaration_title": "إقرار الناخب",
                "declaration_notice": "وقّع هذه الصفحة وأعدها مع بطاقتك. لا يمكن احتساب بطاقتك بدون توقيعك.",
                "name": "الاسم", "residence": "محل الإقامة الانتخابي في الولايات المتحدة", "voter_class": "يصوّت بصفته",
                "mailing": "العنوان البريدي الحالي", "signature": "توقيع الناخب", "date": "التاريخ (شهر / يوم / سنة)",
                "return_code": "رمز الإعادة", "office_use": "يمسح المكتب هذا الرمز عند وصول بطاقتك. وهو ليس سرًّا."
            ])
    ]

    static func sample(_ language: String) -> Sample? { all.first { $0.language == language } }
}
