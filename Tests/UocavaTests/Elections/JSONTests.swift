import Elections
import Foundation
import Testing

@Suite("JSON values")
struct ElectionsJSONTests {
    @Test("The canonical form is sorted by bytes, without white space, with the fewest escapes")
    func canonical() {
        let value: JSONValue = [
            "é": 1, "z": ["b": nil, "a": true], "Z": [1, -2, false], "text": "a\"b\\c\n\u{1F}\u{7F}/é😀", "": [:], "empty": []
        ]
        #expect(
            value.text
                == #"{"":{},"Z":[1,-2,false],"empty":[],"text":"a\"b\\c\u000a\u001f"# + "\u{7F}" + #"/é😀","z":{"a":true,"b":null},"é":1}"#)
        #expect(value.canonical == Array(value.text.utf8))
    }

    @Test("What is written is read back the same, canonical and pretty")
    func roundTrip() throws {
        let value: JSONValue = [
            "a": [1, "two", nil, ["deep": [[], [:]]]], "max": .integer(.max), "min": .integer(.min), "ctl": "\u{0}\u{8}\r\t"
        ]
        #expect(try JSONValue.parse(value.canonical) == value)
        #expect(try JSONValue.parse(Array(value.pretty.utf8)) == value)
        #expect(value["a"]?[1]?.stringValue == "two")
        #expect(value["a"]?[3]?["deep"]?.arrayValue?.count == 2)
        #expect(value["max"]?.integerValue == .max && value["nothing"] == nil)
    }

    @Test("Foundation reads the same from our bytes")
    func foundationAgrees() throws {
        let value: JSONValue = ["text": "a\"b\\c\n\u{1F}é😀\u{2028}", "list": [1, 2, 3], "flag": true]
        for bytes in [value.canonical, Array(value.pretty.utf8)] {
            let read = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
            #expect(read["text"] as? String == value["text"]?.stringValue)
            #expect(read["list"] as? [Int] == [1, 2, 3])
        }
    }

    @Test("Pretty text puts one member on each line")
    func pretty() {
        let value: JSONValue = ["b": [1, ["c": "d"]], "a": [:]]
        #expect(value.pretty == "{\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"c\": \"d\"\n    }\n  ]\n}")
    }

    @Test("Escapes and surrogate pairs are read")
    func escapes() throws {
        #expect(try JSONValue.parse(Array(#" "\u00e9\uD83D\uDE00\/\b\f\n\r\t" "#.utf8)) == .string("é😀/\u{8}\u{C}\n\r\t"))
    }

    @Test(
        "What is not strict JSON of whole numbers is refused",
        arguments: [
            "", " ", "{", "[1,]", "[1 2]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{\"a\":1,\"a\":2}", "01", "-", "1.0", "1e3",
            "9223372036854775808", "nul", "tru",
            "\"", "\"\\x\"", "\"\\u12\"", "\"\\uD83D\"", "\"\\uDE00\"", "\"\\uD83Dx\"", "\"a\nb\"", "[] []", "//x\n1", "NaN", "'a'",
            "\u{FEFF}1"
        ])
    func refused(_ text: String) {
        #expect(throws: Problem.self) { try JSONValue.parse(Array(text.utf8)) }
    }

    @Test("Bad UTF-8 and a thousand open brackets are refused without a crash")
    func hostile() {
        #expect(throws: Problem.self) { try JSONValue.parse([0x22, 0xC3, 0x28, 0x22]) }
        #expect(throws: Problem.self) { try JSONValue.parse([0x22, 0xED, 0xA0, 0x80, 0x22]) }
        #expect(throws: Problem.self) { try JSONValue.parse(Array(repeating: UInt8(ascii: "["), count: 100_000)) }
        #expect(throws: Problem.self) { try JSONValue.parse(Array(String(repeating: "{\"a\":", count: 1000).utf8)) }
    }
}
