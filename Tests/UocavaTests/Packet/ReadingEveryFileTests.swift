import Foundation
import Packet
import Testing

@Suite(
    "Every PDF of the fixtures", .enabled(if: Fixtures.present, "…/shared/fixtures is not there"),
    .enabled(if: TestProgram.present, "the uocava program is not built"))
struct ReadingEveryFileTests {
    private let isLong = ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] != nil

    /// The vendors' files that packet.md refuses, or takes only where the office accepts repaired files; all others are taken as they are.
    private static let exceptions = [
        "CHIL_bubbleballot01.pdf": "repaired",
        // The same scanned form twice, with scripts behind its fields.
        "blank_ballot.pdf": "active-content, page 1, object 89 0",
        "Ballot_Definition_Prototype.pdf": "dynamic-form, object 35 0"
    ]

    @Test(
        "Every vendor's ballot goes into a base and looks there as the vendor's file does, but for those that are refused",
        .timeLimit(.minutes(10)),
        arguments: [("ballots-pdf", 38), ("sf-osv", 28), ("voters-dc", 10), ("elections-nist", 2)])
    func ballots(folder: String, count: Int) throws {
        let files = ReadingSamples.files(folder)
        #expect(files.count == count)
        let bases = try ReadingBases()
        // All that is not plain, and a sample of the rest: a San Francisco ballot takes two seconds.
        let step = isLong ? 1 : folder == "sf-osv" ? 14 : 4
        for (index, file) in files.enumerated() {
            let expected = Self.exceptions[file.lastPathComponent] ?? "taken"
            guard expected != "taken" || index.isMultiple(of: step) else { continue }
            #expect(try bases.outcome(file) == expected, "\(file.lastPathComponent)")
        }
    }

    @Test(
        "Every nasty PDF is taken and looks the same, or is refused with its reason and place",
        .timeLimit(.minutes(10)), arguments: ["pdf20examples", "pdfjs", "pyhanko", "qpdf", "verapdf"])
    func nasty(source: String) throws {
        let files = ReadingSamples.files("pdf-nasty/\(source)")
        let table = NastyTable.rows.filter { $0.key.hasPrefix(source + "/") }
        let keys = files.map(NastyTable.key)
        #expect(Set(keys) == Set(table.keys))
        #expect(Set(keys).count == files.count)
        let bases = try ReadingBases()
        var wrong: [String] = []
        for (index, file) in files.enumerated() {
            let key = NastyTable.key(file)
            let expected = table[key] ?? "nothing"
            // Most are taken, and take a third of a second: a sample of them, unless there is time.
            guard isLong || !["taken", "repaired"].contains(expected) || index.isMultiple(of: 8) else { continue }
            let found = try bases.outcome(file)
            if found != expected { wrong.append("\(key) -> \(found)") }
        }
        #expect(wrong == [])
    }

    @Test("Every encrypted file is refused as encrypted, also one that opens without a password")
    func encrypted() throws {
        let names = [
            "V4.pdf", "enc-R3,V2.pdf", "encrypted-40-bit-R3.pdf", "minimal-pubkey-rc4.pdf", "issue6010_2.pdf", "minimal-aes256.pdf"
        ]
        let rows = NastyTable.rows.filter { row in names.contains { row.key.hasSuffix("/" + $0) } }
        #expect(rows.count == names.count)
        #expect(rows.values.allSatisfy { $0 == "encrypted" })
        // qpdf's names say which are: `enc-…`, `encrypted-…`, `V4…`; two of them are the plain files that the others were made of.
        let others = NastyTable.rows.filter { row in
            guard row.key.hasPrefix("qpdf/"), row.value != "encrypted" else { return false }
            return ["enc-", "encrypted-", "V4"].contains { row.key.hasPrefix("qpdf/" + $0) }
        }
        #expect(Set(others.keys) == ["qpdf/enc-base.pdf", "qpdf/enc-XI-attachments-base.pdf"])
    }
}
