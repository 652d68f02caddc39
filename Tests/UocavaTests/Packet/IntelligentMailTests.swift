import Elections
import Foundation
import Packet
import Testing

@Suite("The Intelligent Mail barcode")
struct IntelligentMailTests {
    private struct Case {
        var number: String
        var tracking: String
        var routing: String
        var bars: String
        var code: Int
    }

    /// The Postal Service's own test file: number, tracking, routing, bars, return code, message.
    private static func cases() throws -> [Case] {
        let text = try String(contentsOf: Fixtures.folder("imb/usps_encoder_cases_first500.csv"), encoding: .utf8)
        return try text.split(whereSeparator: \.isNewline).map { line in
            let fields = line.split(separator: ",", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
            return Case(
                number: fields[0], tracking: fields[1], routing: fields[2], bars: fields[3], code: try #require(Int(fields[4])))
        }
    }

    @Test(
        "The Postal Service's 500 cases come out as it says: the same bars, or its return code",
        .enabled(if: Fixtures.present, "…/shared/fixtures is not there"))
    func postalServiceCases() throws {
        let cases = try Self.cases()
        #expect(cases.count == 500)
        for entry in cases {
            guard entry.code != 0 else {
                #expect(try IntelligentMail(tracking: entry.tracking, routing: entry.routing).bars == entry.bars, "case \(entry.number)")
                continue
            }
            let refusal = IntelligentMail.refusal(tracking: entry.tracking, routing: entry.routing)
            #expect(refusal?.rawValue == entry.code, "case \(entry.number)")
            let error = #expect(throws: PacketError.self) { try IntelligentMail(tracking: entry.tracking, routing: entry.routing) }
            #expect(error?.code == .barcode)
        }
        #expect(Set(cases.map(\.code)) == Set([0] + IntelligentMail.Refusal.allCases.map(\.rawValue)))
    }

    @Test("The examples of the specification USPS-B-3200 come out, from the office's settings and a serial number")
    func specification() throws {
        // 01 234 567094 987654321, once for each length of the routing code.
        let expected = [
            "": "ATTFATTDTTADTAATTDTDTATTDAFDDFADFDFTFFFFFTATFAAAATDFFTDAADFTFDTDT",
            "01234": "DTTAFADDTTFTDTFTFDTDDADADAFADFATDDFTAAAFDTTADFAAATDFDTDFADDDTDFFT",
            "012345678": "ADFTTAFDTTTTFATTADTAAATFTFTATDAAAFDDADATATDTDTTDFDTDATADADTDFFTFA",
            "01234567891": "AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA"
        ]
        for (routing, bars) in expected {
            let imb = try IntelligentMail(
                barcodeID: "01", serviceType: "234", mailerID: "567094", serial: 987_654_321, routing: routing)
            #expect(imb.bars == bars)
            #expect(imb.tracking == "01234567094987654321")
            #expect(imb.hasZIP4 == (routing.count >= 9))
        }
    }

    @Test(
        "The other known barcodes of the fixtures come out too", .enabled(if: Fixtures.present, "…/shared/fixtures is not there"))
    func otherVectors() throws {
        let data = try Data(contentsOf: Fixtures.folder("imb/spec-appendix-intermediate-vectors.json"))
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let entries = try ["spec_examples", "extra"].flatMap { try #require(root[$0] as? [[String: Any]]) }
        #expect(entries.count == 6)
        for entry in entries {
            func field(_ name: String) -> String { entry[name] as? String ?? "" }
            // An origin barcode has its fifteen digits in one field.
            let piece = field("origin_customer_id") + field("mailer_id") + field("serial_number")
            let imb = try IntelligentMail(tracking: field("barcode_id") + field("service_type") + piece, routing: field("routing_code"))
            #expect(imb.bars == field("bars"))
        }
    }

    @Test("A serial number fills what the Mailer ID leaves of fifteen digits, and no more")
    func serialNumbers() throws {
        func tracking(_ mailer: String, _ serial: Int) throws -> String {
            try IntelligentMail(barcodeID: "00", serviceType: "051", mailerID: mailer, serial: serial, routing: "").tracking
        }
        #expect(try tracking("123456", 7) == "00051123456000000007")
        #expect(try tracking("123456", 999_999_999) == "00051123456999999999")
        #expect(try tracking("912345678", 7) == "00051912345678000007")
        #expect(try tracking("912345678", 999_999) == "00051912345678999999")
        for (mailer, serial) in [
            ("123456", -1), ("123456", 1_000_000_000), ("912345678", 1_000_000), ("923456", 1), ("123456789", 1), ("", 1), ("1234567", 1)
        ] {
            let error = #expect(throws: PacketError.self, "\(mailer), \(serial)") { try tracking(mailer, serial) }
            #expect(error?.code == .barcode)
        }
        #expect(IntelligentMail.serialNumbers(of: "912345678") == 1_000_000)
        #expect(IntelligentMail.serialNumbers(of: "123456") == 1_000_000_000)
        #expect(IntelligentMail.serialNumbers(of: "12345") == nil)
    }

    @Test("What election.yaml takes makes a barcode, and what it refuses does not")
    func settings() throws {
        func isTaken(_ barcode: String, _ service: String, _ mailer: String, _ routing: String) -> Bool {
            let line = "imb: { barcode_id: \"00\", service_type: \"051\", mailer_id: \"123456\", routing: \"20001\" }"
            #expect(ElectionsTestYAML.example.contains(line))
            let wanted =
                "imb: { barcode_id: \"\(barcode)\", service_type: \"\(service)\", mailer_id: \"\(mailer)\", routing: \"\(routing)\" }"
            return (try? ElectionsTestYAML.election(ElectionsTestYAML.example.replacing(line, with: wanted))) != nil
        }
        func makesBars(_ barcode: String, _ service: String, _ mailer: String, _ routing: String) -> Bool {
            (try? IntelligentMail(barcodeID: barcode, serviceType: service, mailerID: mailer, serial: 1, routing: routing)) != nil
        }
        var taken = 0
        for barcode in ["00", "04", "05", "94", "0", "000", "0a"] {
            for service in ["051", "51", "0510", "o51"] where service == "051" || barcode == "00" {
                for mailer in ["123456", "023456", "923456", "912345678", "812345678", "1234567", "12345x", ""]
                where mailer == "123456" || service == "051" {
                    for routing in ["", "20001", "200011234", "20001123412", "2000", "20001-1234", "2000a"] {
                        let isRight = isTaken(barcode, service, mailer, routing)
                        #expect(isRight == makesBars(barcode, service, mailer, routing), "\(barcode) \(service) \(mailer) \(routing)")
                        taken += isRight ? 1 : 0
                    }
                }
            }
        }
        // Three barcode ids, three Mailer IDs and four routing codes are right.
        #expect(taken == 36)
    }
}
