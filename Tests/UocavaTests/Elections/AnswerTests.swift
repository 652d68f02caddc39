import Elections
import Testing

@Suite("Answers, reasons and tables")
struct ElectionsAnswerTests {
    private func read(_ text: String) throws -> String? {
        Answer.dateOfBirth(text, monthNames: [MonthNames.spanish], today: try #require(CivilDate("2028-09-18")))?.description
    }

    @Test(
        "Birthdays are understood in the documented forms",
        arguments: [
            "1984-03-07", " 1984-03-07 ", "03/07/1984", "3/7/1984", "7 March 1984", "March 7, 1984", "march 7 1984", "MARCH 7, 1984",
            "7 Mar 1984", "Mar. 7, 1984",
            "07 March 1984", "7 de marzo de 1984", "7 de Marzo de 1984", "7 marzo 1984", "marzo 7, 1984", "7 de marzo del 1984",
            "\t7  March   1984\n", "7 March, 1984"
        ])
    func birthdays(_ text: String) throws { #expect(try read(text) == "1984-03-07") }

    @Test(
        "Everything else is asked again",
        arguments: [
            "", " ", "1984", "07/03/84", "13/07/1984", "02/30/1984", "1984-02-30", "1984/03/07", "7.3.1984", "7th March 1984", "7 Ma 1984",
            "7 Foo 1984", "March 1984",
            "7 ju 1984", "1899-12-31", "2028-09-19", "03-07-1984", "March 7, 84", "٠٣/٠٧/١٩٨٤", "7 March 1984 x", "-1/07/1984", "+3/7/1984",
            "3/7/01984",
            "' OR 1=1 --", String(repeating: "9", count: 5000)
        ])
    func notBirthdays(_ text: String) throws { #expect(try read(text) == nil) }

    @Test("Every month is known by its name and by three letters of it, in both languages")
    func months() throws {
        for names in [MonthNames.english, MonthNames.spanish] {
            for (index, name) in names.enumerated() {
                let expected = "1990-\(index < 9 ? "0" : "")\(index + 1)-15"
                #expect(try read("15 \(name) 1990") == expected)
                #expect(try read("\(name.prefix(3).uppercased()) 15, 1990") == expected)
            }
        }
        let today = try #require(CivilDate("2028-09-18"))
        #expect(Answer.dateOfBirth("7 marzo 1984", today: today) == nil, "names of a language that the page has not")
        let french = [
            "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"
        ]
        #expect(Answer.dateOfBirth("1 jui 1984", monthNames: [french], today: today) == nil, "juin or juillet")
        #expect(Answer.dateOfBirth("1 juil 1984", monthNames: [french], today: today)?.month == 7)
    }

    @Test("Answers to all three questions have one form")
    func canonical() throws {
        let today = try #require(CivilDate("2028-09-18"))
        let birth = try #require(CivilDate("1984-03-07"))
        let number = VoterID("va-10-ab9")
        #expect(Answer.expected(question: .dateOfBirth, dateOfBirth: birth, voterID: number) == "1984-03-07")
        #expect(Answer.expected(question: .lastFourOfID, dateOfBirth: birth, voterID: number) == "0AB9")
        #expect(Answer.expected(question: .none, dateOfBirth: birth, voterID: number) == nil)
        #expect(Answer.canonical(lastFourOf: VoterID("12")) == "0012" && Answer.canonical(lastFourOf: VoterID("")) == "0000")
        #expect(Answer.canonical("3/7/1984", question: .dateOfBirth, today: today) == "1984-03-07")
        #expect(Answer.canonical(" 0ab9 ", question: .lastFourOfID, today: today) == "0AB9")
        #expect(Answer.canonical("0ab", question: .lastFourOfID, today: today) == nil && Answer.lastFour("10ab9") == nil)
        #expect(
            Answer.canonical("ab-c1 o", question: .none, today: today) == nil && Answer.word("ab-c1o z") == "ABC10Z"
                && Answer.word("abcdeu") == nil)
    }

    @Test("Reasons of rejection are read and written as documented")
    func reasons() throws {
        for name in [
            "mismatch-voter-signature", "missing-voter-signature", "not-timely", "postmark", "voter-died", "voter-moved",
            "voter-unregistered"
        ] {
            #expect(try RejectionReason.parse(name).text == name)
        }
        #expect(try RejectionReason.parse("other: two ballots in one envelope ") == .other("two ballots in one envelope"))
        #expect(try RejectionReason.parse("Other:ballot missing").text == "other:ballot missing")
        for reason in RejectionReason.named { #expect(reason.sentence(language: "es") != reason.sentence(language: "en")) }
    }

    @Test(
        "Paper, envelopes and notaries are no reasons: 52 USC 20302(i)",
        arguments: [
            "other:wrong paper", "other:Paper size A4", "other:printed on A4", "other:not notarized", "other:No notary seal",
            "other:envelope too small",
            "other:unofficial envelope", "other:home-made envelope", "other:envelope", "other:papel incorrecto",
            "other:sobre de otro tamaño", "other:sin notario"
        ])
    func forbidden(_ text: String) {
        #expect { try RejectionReason.parse(text) } throws: { ($0 as? Problem)?.hint.contains("52 USC 20302(i)") == true }
    }

    @Test(
        "Other words about envelopes are",
        arguments: [
            "other:envelope not signed", "other:empty envelope", "other:ballot missing from envelope", "other:dudas sobre la identidad"
        ])
    func allowed(_ text: String) throws { #expect(try RejectionReason.parse(text).text == text) }

    @Test(
        "Unknown or empty reasons are refused with the known ones",
        arguments: ["", "late", "not-timly", "other:", "other: ", "other:a\u{1B}b"])
    func unknown(_ text: String) {
        #expect { try RejectionReason.parse(text) } throws: { !(($0 as? Problem)?.hint ?? "").isEmpty }
    }

    @Test("A table is aligned by the columns that text takes, numbers to the right")
    func table() {
        let table = ReportTable(columns: ["name", "count"], rows: [["Ann", 5], ["東京", -12], ["Jose\u{301}", nil], ["x"]])
        #expect(table.table() == "name  count\n────  ─────\nAnn       5\n東京    -12\nJose\u{301}\nx\n")
        #expect(table.csv == "name,count\nAnn,5\n東京,-12\nJose\u{301},\nx,\n")
        #expect(
            table.json.text
                == #"[{"count":5,"name":"Ann"},{"count":-12,"name":"東京"},{"count":null,"name":"José"},{"count":null,"name":"x"}]"#
                .replacing("José", with: "Jose\u{301}"))
        #expect(ReportTable(columns: [], rows: []).table() == "")
        #expect(ReportTable(columns: ["a"], rows: []).json == [])
    }

    @Test("A table fits the terminal: cells go on over several lines and nothing is lost")
    func narrow() {
        let text = "the precinct 4 Split A has no ballot style of the scope federal"
        let table = ReportTable(
            columns: ["voter_id", "reason"], rows: [["100105985", .string(text)], ["2", .string(String(repeating: "長", count: 30))]])
        let lines = table.table(width: 40).split(separator: "\n").map(String.init)
        #expect(lines.allSatisfy { TextWidth.of($0) <= 40 })
        #expect(lines.map { $0.dropFirst(11) }.joined(separator: " ").contains("the precinct 4 Split A has no"))
        #expect(lines.joined().filter { $0 == "長" }.count == 30)
        #expect(!table.table(width: 1).isEmpty)
    }

    @Test("An address that is too long for its column is broken at its marks")
    func brokenAddress() {
        let table = ReportTable(
            columns: ["id", "email"],
            rows: [
                ["J1", "marcus.dunnkeller.106354@example.org"], ["J2", "a@averyveryverylongname.example"],
                ["J3", "nomarksinthisverylongword"]
            ])
        let lines = table.table(width: 22).split(separator: "\n").dropFirst(2).map { $0.dropFirst(4) }
        #expect(
            lines == [
                "marcus.dunnkeller.", "106354@example.org", "a", "@averyveryverylong", "name.example", "nomarksinthisveryl", "ongword"
            ])
    }

    @Test("Nothing in a table can fool a terminal or a spreadsheet")
    func hostile() {
        let table = ReportTable(columns: ["name"], rows: [["\u{1B}[2J\u{202E}"], ["=1+1"], [["a": 1]]])
        #expect(table.table().unicodeScalars.allSatisfy { $0 == "\n" || !Printable.isUnsafe($0) })
        #expect(table.csv.contains("\n'=1+1\n") && table.csv.contains("\"{\"\"a\"\":1}\""))
    }
}
