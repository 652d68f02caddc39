import Foundation
import Packet
import Testing

@Suite(
    "Vendors' real ballots", .enabled(if: Fixtures.present, "…/shared/fixtures is not there"),
    .enabled(if: TestProgram.present, "the uocava program is not built"))
struct ReadingFixtureTests {
    private let isLong = ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] != nil

    private func bytes(_ url: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }

    @Test("All eight ballots of the District of Columbia keep their ovals, which were form fields")
    func districtOfColumbia() throws {
        let files = ReadingSamples.files("offices/dc-2010/ballots")
        #expect(files.count == 8)
        for file in files {
            let vendor = try bytes(file)
            let fields = try QPDFDocument(reading: vendor, name: file.lastPathComponent)
            // The write-in lines are text fields, empty and without an appearance.
            let ovals = try #require(try fields.page(0)["/Annots"]).items.filter { $0["/AP"] != nil }
            #expect(ovals.count >= 24)

            let clean = try ReadingSamples.read(vendor)
            #expect(clean.pages == [PageSize(width: 612, height: 792)])
            #expect(clean.repaired == false)
            #expect(try PageCompare.compare(vendor, pages: 1...1, clean.pdf, child: ReadingSamples.child()).isEmpty)
            // Not only the same: there is ink in every place where a field was, and there is none without the fields.
            let picture = try #require(try PageRendering.draw(clean.pdf, pages: 1...1, child: ReadingSamples.child()).first)
            for annotation in ovals {
                let box = try #require(annotation["/Rect"]).items.compactMap(\.number).map { $0 / 72 * 100 }
                let columns = Int(min(box[0], box[2]))...Int(max(box[0], box[2]))
                let rows = (picture.height - 1 - Int(max(box[1], box[3])))...(picture.height - 1 - Int(min(box[1], box[3])))
                #expect(rows.contains { y in columns.contains { x in picture[x, y] < 128 } }, "\(file.lastPathComponent) \(box)")
            }
            for word in ["AcroForm", "Annots", "Widget"] { #expect(!ReadingSamples.contains(clean.pdf, word)) }
        }
    }

    @Test("Without its fields a ballot of the District is a different picture, and the comparison says so")
    func missingOvals() throws {
        let file = try #require(ReadingSamples.files("offices/dc-2010/ballots").first)
        let vendor = try bytes(file)
        let document = try QPDFDocument(reading: vendor, name: "ballot")
        try document.page(0).remove("/Annots")
        let differences = try PageCompare.compare(vendor, pages: 1...1, try document.write(), child: ReadingSamples.child())
        #expect(differences.count == 1)
        #expect(differences.first?.page == 1)
    }

    @Test("All 28 ballots of San Francisco, and those of other generators, are read")
    func everybodyElse() throws {
        let sanFrancisco = ReadingSamples.files("sf-osv/2018-06-05")
        #expect(sanFrancisco.count == 28)
        let others =
            ReadingSamples.files("ballots-pdf") + ReadingSamples.files("elections-nist") + ReadingSamples.files("fvap-votefromabroad")
        // What is refused, and why; everything else must be read.
        let reasons: [String: PacketError.Code] = [
            "CHIL_bubbleballot01.pdf": .damaged, "fpca.pdf": .damaged, "Ballot_Definition_Prototype.pdf": .dynamicForm,
            "fpca_envelope.pdf": .dynamicForm, "fwab_envelope.pdf": .dynamicForm
        ]
        for (index, file) in (sanFrancisco + others).enumerated() {
            let vendor = try bytes(file)
            let name = file.lastPathComponent
            if let reason = reasons[name] {
                #expect(ReadingSamples.refusal(vendor)?.code == reason, "\(name)")
                continue
            }
            let clean = try ReadingSamples.read(vendor)
            if index < 28 { #expect(clean.pages.allSatisfy { $0 == PageSize(width: 702, height: 1206) }, "\(name)") }
            for word in ["AcroForm", "Annots", "OpenAction"] { #expect(!ReadingSamples.contains(clean.pdf, word), "\(name)") }
            // Two seconds each for the large sheets: a sample, unless there is time.
            if isLong || index % 9 == 0 {
                let pages = 1...clean.pages.count
                #expect(try PageCompare.compare(vendor, pages: pages, clean.pdf, child: ReadingSamples.child()).isEmpty, "\(name)")
                let check = try ReadingSamples.judge("/usr/bin/qpdf", ["--check"], file: clean.pdf)
                #expect(check.status == 0, "\(name): \(check.text)")
            }
        }
    }

    @Test("A damaged ballot is read where the office accepts repaired files, and it still shows the same")
    func repaired() throws {
        let file = try #require(ReadingSamples.files("ballots-pdf").first { $0.lastPathComponent == "CHIL_bubbleballot01.pdf" })
        let vendor = try bytes(file)
        let clean = try ReadingSamples.read(vendor, acceptRepaired: true)
        #expect(clean.repaired)
        #expect(try PageCompare.compare(vendor, pages: 1...1, clean.pdf, child: ReadingSamples.child()).isEmpty)
    }

    @Test("The same file gives the same bytes, and a cleaned file is taken again without a word")
    func deterministic() throws {
        for folder in ["offices/dc-2010/ballots", "ballots-pdf", "sf-osv/2018-06-05"] {
            let file = try #require(ReadingSamples.files(folder).last)
            let first = try ReadingSamples.read(try bytes(file))
            let second = try ReadingSamples.read(try bytes(file))
            #expect(first == second)
            let again = try ReadingSamples.read(first.pdf)
            #expect(again.pages == first.pages)
            #expect(!again.repaired)
        }
    }

    @Test("Every nasty PDF is read or refused with a reason, quickly, and nothing breaks", .timeLimit(.minutes(5)))
    func nasty() throws {
        let files = ReadingSamples.files("pdf-nasty")
        #expect(files.count > 250)
        var (taken, repaired) = (0, 0)
        for file in files {
            let vendor = try bytes(file)
            let name = file.lastPathComponent
            // A file that is refused as damaged is tried again as an office does that accepts repaired files.
            for acceptRepaired in [false, true] {
                let started = ContinuousClock.now
                do throws(PacketError) {
                    let clean = try BallotReader(child: ReadingSamples.child()).read(vendor, name: name, acceptRepaired: acceptRepaired)
                    taken += 1
                    repaired += clean.repaired ? 1 : 0
                    #expect(clean.repaired == acceptRepaired, "\(name)")
                    let again = try QPDFDocument(reading: clean.pdf, name: name)
                    #expect(try again.pageCount() == clean.pages.count, "\(name)")
                    #expect(again.warnings.isEmpty, "\(name)")
                    let keys = Set(try again.root().keys)
                    #expect(keys.isSubset(of: ["/Type", "/Pages", "/Lang", "/OCProperties"]), "\(name) \(keys)")
                    break
                } catch {
                    #expect(error.file == name)
                    #expect(!error.message.isEmpty && !error.hint.isEmpty, "\(name): \(error)")
                    #expect(error.code != .library && error.code != .childUnavailable && error.code != .invalidInput, "\(name): \(error)")
                    #expect(ContinuousClock.now - started < .seconds(10), "\(name)")
                    if error.code != .damaged { break }
                }
            }
        }
        #expect(repaired > 20)
        #expect(taken > 180)
    }

    @Test("A ballot with bytes changed at random is read or refused, never more than that")
    func mutated() throws {
        let file = try #require(ReadingSamples.files("offices/dc-2010/ballots").first)
        let vendor = try bytes(file)
        var state: UInt64 = 2010
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: state >> 33) % bound
        }
        for _ in 0..<(isLong ? 2000 : 60) {
            var changed = vendor
            for _ in 0...next(20) { changed[next(changed.count)] = UInt8(next(256)) }
            if next(4) == 0 { changed.removeLast(next(changed.count)) }
            if let error = ReadingSamples.refusal(changed, acceptRepaired: true) {
                #expect(error.code != .childUnavailable && error.code != .library, "\(error)")
            }
        }
    }
}
