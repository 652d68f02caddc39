import Elections
import Foundation
import HTTPTypes
import NIOCore
import Office
import Testing
import Web

@Suite("The parts of the public pages")
struct PagePartsTests {
    @Test("Both languages have every sentence, with the same blanks, and the pages find all of theirs")
    func texts() {
        #expect(Set(PageTexts.english.keys) == Set(PageTexts.spanish.keys))
        for (key, sentence) in PageTexts.english {
            let blanks = sentence.matches(of: /\{[a-z]+\}/).map { String($0.output) }.sorted()
            #expect((PageTexts.spanish[key] ?? "").matches(of: /\{[a-z]+\}/).map { String($0.output) }.sorted() == blanks, "\(key)")
        }
        let sources = PageTemplates.sources.values + [PageLayout.template, PageTemplates.alert]
        for source in sources {
            for match in source.matches(of: /\{\{#?t\.([a-z_]+)\}\}/) {
                #expect(PageTexts.english[String(match.output.1)] != nil, "\(match.output.1)")
            }
            // Only the style sheet and the script, which are ours, go out unescaped.
            #expect(!source.replacing("{{{style}}}", with: "").replacing("{{{script}}}", with: "").contains("{{{"))
        }
        for kind in EventKind.allCases {
            let key = kind == .accepted ? "way_accepted_step" : "way_\(kind.rawValue)"
            #expect(PageTexts.english[key] != nil, "\(kind)")
        }
        for question in IdentityQuestion.allCases {
            for key in ["ask", "hint", "again", "refused"] { #expect(PageTexts.english["\(key)_\(question.rawValue)"] != nil) }
        }
    }

    @Test("A browser's languages are weighed")
    func acceptLanguage() {
        #expect(PageLanguages.shipped.preferred(nil) == .english)
        #expect(PageLanguages.shipped.preferred("es") == .spanish)
        #expect(PageLanguages.shipped.preferred("de, es-419;q=0.5, en;q=0.4") == .spanish)
        #expect(PageLanguages.shipped.preferred("en;q=0.1, es;q=0.2") == .spanish)
        #expect(PageLanguages.shipped.preferred("en, es") == .english)
        #expect(PageLanguages.shipped.preferred("es;q=0, fr") == .english)
        #expect(PageLanguages.shipped.preferred("es;q=nonsense;;;,,,") == .english)
    }

    @Test("Forms are read as browsers write them")
    func forms() {
        #expect(
            PostedForm.fields(Array("answer=7+March+1984&x=%C3%A9&x=2&empty&=y".utf8)) == [
                "answer": "7 March 1984", "x": "é", "empty": "", "": "y"
            ])
        #expect(PostedForm.fields(Array("a=%".utf8)) == ["a": "%"])
        #expect(PostedForm.fields(Array("a=%4".utf8)) == ["a": "%4"])
        #expect(PostedForm.fields(Array("a=%zz%41".utf8)) == ["a": "%zzA"])
        #expect(PostedForm.fields([]) == [:])
    }

    @Test("An address's bucket empties, refills one by one, and can owe")
    func buckets() {
        let answers = WrongAnswers(size: 3, refillSeconds: 10)
        let start = ContinuousClock.now
        for _ in 0..<3 {
            #expect(answers.wait("a", at: start) == nil)
            answers.count("a", at: start)
        }
        #expect(answers.wait("a", at: start) == 10)
        #expect(answers.wait("b", at: start) == nil)
        #expect(answers.wait("a", at: start + .seconds(10)) == nil)
        for _ in 0..<100 { answers.count("a", at: start) }
        #expect(answers.wait("a", at: start) == 40)
        #expect(answers.wait("a", at: start + .seconds(40)) == nil)
        #expect(answers.wait("a", at: start + .seconds(39)) == 1)
    }

    @Test("Only trusted proxies are believed, and an IPv6 network is one address")
    func addresses() throws {
        let addresses = ClientAddress(trustedProxies: ["10.0.0.1", "::1", "10.0.0.2"])
        func of(_ peer: String, _ forwarded: [String] = []) throws -> String {
            var fields = HTTPFields()
            for value in forwarded { fields.append(HTTPField(name: .xForwardedFor, value: value)) }
            return addresses.of(peer: try SocketAddress(ipAddress: peer, port: 1), headers: fields)
        }
        #expect(try of("192.0.2.1", ["6.6.6.6"]) == "192.0.2.1")
        #expect(try of("10.0.0.1", ["6.6.6.6, 192.0.2.5, 10.0.0.2"]) == "192.0.2.5")
        #expect(try of("10.0.0.1", ["6.6.6.6", "192.0.2.5"]) == "192.0.2.5")
        #expect(try of("10.0.0.1") == "10.0.0.1")
        #expect(try of("10.0.0.1", ["garbage"]) == "10.0.0.1")
        #expect(try of("::ffff:192.0.2.1") == "192.0.2.1")
        #expect(try of("::ffff:10.0.0.1", ["192.0.2.9"]) == "192.0.2.9")
        let network = try of("2001:db8:1:2:3:4:5:6")
        #expect(try of("2001:db8:1:2:ffff::1") == network)
        #expect(try of("::1", ["2001:0db8:0001:0002::9"]) == network)
        #expect(try of("2001:db8:1:3::1") != network)
    }

    @Test("Sizes, days and moments are written as people read them")
    func numbers() throws {
        #expect(PageNumbers.size(1) == "1 KB")
        #expect(PageNumbers.size(412_345) == "412 KB")
        #expect(PageNumbers.size(1_250_000) == "1.3 MB")
        #expect(PageNumbers.day("2028-11-07", .english) == "November 7, 2028")
        #expect(PageNumbers.day("soon", .english) == "soon")
        let noon = try #require(Instant(rfc3339: "2028-11-07T17:05:00Z"))
        #expect(PageNumbers.moment(noon, zone: "America/New_York", .english) == "November 7, 2028, 12:05 p.m.")
        #expect(PageNumbers.moment(noon.adding(seconds: 43_200), zone: "America/New_York", .english) == "November 8, 2028, 12:05 a.m.")
        #expect(PageNumbers.moment(noon, zone: "UTC", .spanish) == "7 de noviembre de 2028, 17:05")
        #expect(PageNumbers.zone("America/New_York", .english) == "Eastern Time")
        #expect(PageNumbers.zone("America/New_York", .spanish) == "hora oriental")
        #expect(PageNumbers.zone("UTC", .english) == "UTC")
        #expect(PageNumbers.zone("GMT", .spanish) == "UTC")
        #expect(PageNumbers.zone("Nowhere/Town", .english) == "Nowhere/Town")
    }

    @Test("Each of the office's errors has its status")
    func statuses() {
        #expect(ErrorStatus.of(OfficeError(.notFound, "")) == .notFound)
        #expect(ErrorStatus.of(OfficeError(.tryAgain, "")) == .serviceUnavailable)
        #expect(ErrorStatus.of(OfficeError(.notAllowed, "")) == .forbidden)
        #expect(ErrorStatus.of(OfficeError(.badInput, "")) == .badRequest)
        #expect(ErrorStatus.of(OfficeError(.broken, "")) == .internalServerError)
    }
}
