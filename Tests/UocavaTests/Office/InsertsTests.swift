import Elections
import Foundation
import Keys
import Office
import Packet
import Storage
import Testing

@Suite("Instructions, write-in candidates and secrecy sheets", .enabled(if: TestOffice.present, "the program is not built"))
struct InsertsTests {
    // MARK: In the packets

    @Test("Every voter's packet holds the files that are for them, whole, unaltered, and in their places")
    func everyPacket() async throws {
        let test = try InsertsOffice.make()
        #expect(try test.issue().buckets[.issued] == InsertsOffice.voters.count)
        let rows = DistrictOffice.table(String(decoding: InsertsOffice.roll, as: UTF8.self))
        let packets = try await DownloadedPacket.openAll(rows, test)
        let files = Dictionary(uniqueKeysWithValues: InsertsOffice.files.map { ($0.path, $0) })
        let tools = try WritingFolder()
        var compared: Set<String> = []
        for (voter, packet) in zip(InsertsOffice.voters, packets) {
            #expect(packet.visit.packet.card.language == voter.packet, "\(voter.number)")
            let folders = [voter.instructions == nil ? nil : Insert.Folder.instructions, .writeIns, .secrecy]
            #expect(packet.visit.packet.card.inserts == Set(folders.compactMap(\.self)), "\(voter.number)")
            try tools.write(packet.pdf, to: "packet.pdf")
            let pages = try tools.run("pdftotext", ["packet.pdf", "-"]).components(separatedBy: "\u{0C}").dropLast()
            func given(_ path: String) throws -> [String] {
                let file = try #require(files[path])
                return Array(repeating: file.words, count: file.pages)
            }
            let ballot =
                voter.packet == "es" ? "Boleta norte" : "Ballot \(voter.precinct.lowercased())"
            let expected =
                ["T-"] + (try voter.instructions.map(given) ?? []) + ["penalty of perjury", ballot] + (try given(voter.writeIns))
                + (try given("secrecy/all.en.pdf"))
            // The fronts of the envelope: one for the U.S. mail on Letter, two on A4, and one for another country's.
            let isLetter = try tools.run("pdfinfo", ["packet.pdf"]).contains("612 x 792")
            let fronts = isLetter ? 2 : 3
            #expect(pages.count == expected.count + fronts, "\(voter.number): \(pages)")
            for page in pages.suffix(fronts) { #expect(page.contains("R-")) }
            for (page, words) in zip(pages, expected) { #expect(page.contains(words), "\(voter.number): \(words) is not on \(page)") }
            // Nothing of the voter's stands on a page that somebody else made.
            for (page, words) in zip(pages, expected).dropFirst() where words != "penalty of perjury" {
                #expect(page.trimmingCharacters(in: .whitespacesAndNewlines) == words, "\(voter.number)")
            }
            // The import compares all pictures of all bases; here each file once.
            var first = 2
            for path in [voter.instructions, voter.writeIns, "secrecy/all.en.pdf"] {
                // Between them stand the declaration and the ballot, a page each.
                if path == voter.writeIns { first += 2 }
                guard let file = path.flatMap({ files[$0] }) else { continue }
                defer { first += file.pages }
                guard compared.insert(file.path).inserted else { continue }
                let different = try PageCompare.compare(
                    InsertsOffice.pdf(file.words, pages: file.pages), pages: 1...file.pages, packet.pdf, firstOfB: first,
                    child: InsertsOffice.child)
                #expect(different == [], "\(voter.number): \(file.path)")
            }
        }
        #expect(compared == Set(files.keys))
        try test.verify()
    }

    @Test("Voters whose packets hold the same begin with the same base, and others do not")
    func bases() throws {
        let test = try InsertsOffice.make()
        try test.issue()
        var byBase: [String: Set<String>] = [:]
        for voter in InsertsOffice.voters {
            let ballot = try test.ballot(voter.number)
            let base = try test.office.books.read { books in
                try books.first("SELECT base FROM ballot WHERE id = $1", .blob(ballot)) { ReportsOffice.hex(try $0.blob("base")) }
            }
            let paper = voter.address.hasSuffix("Germany") ? "a4" : "letter"
            byBase[try #require(base), default: []].insert("\(voter.precinct) \(voter.packet) \(voter.instructions ?? "none") \(paper)")
        }
        #expect(byBase.values.allSatisfy { $0.count == 1 }, "\(byBase)")
        #expect(Set(byBase.values.flatMap(\.self)).count == byBase.count, "\(byBase)")
        let line = try #require(try Reports(test.office).styles().first { $0.style.text == "south" })
        // Two papers, and four sets: the military overseas, citizens abroad, the National Guard, and none.
        #expect(line.bases.count == 8)
        #expect(Set(line.bases.map(\.instructions)).count == 4)
        #expect(
            line.inserts.map(\.file) == [
                "instructions/activated-national-guard.en.pdf", "instructions/citizens-abroad.en.pdf",
                "instructions/military-overseas.en.pdf", "write-ins/all.en.pdf", "secrecy/all.en.pdf"
            ])
        #expect(line.inserts.map(\.pages) == [1, 1, 2, 1, 1])
        #expect(line.json["inserts"]?[0]?["sha256"]?.stringValue == line.inserts[0].sha256)
        #expect([line].table.columns.last == "inserts")
    }

    @Test("Two files with one content make one set, and a style gets only the sets of voters who can get it")
    func sets() throws {
        let test = try InsertsOffice.makeEmpty()
        let folder = try TestOffice.writeElection()
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["military-overseas", "military-domestic", "citizens-abroad", "other"] {
            try InsertsOffice.put(InsertsOffice.pdf("For all"), at: "instructions/\(name).en.pdf", in: folder)
        }
        #expect(try InsertsOffice.take(folder, into: test).bases == 4)
        try InsertsOffice.put(InsertsOffice.pdf("For citizens"), at: "instructions/citizens-abroad.en.pdf", in: folder)
        #expect(try InsertsOffice.take(folder, into: test).bases == 8)
        let definition = folder.appendingPathComponent("election.yaml")
        let text = try String(contentsOf: definition, encoding: .utf8)
        let classes = VoterClass.allCases.map(\.rawValue).filter { $0.hasPrefix("citizen") }.joined(separator: ", ")
        try Data((text + "federal_only: [\(classes)]\n").utf8).write(to: definition)
        let sheet = folder.appendingPathComponent("styles.csv")
        let rows = try String(contentsOf: sheet, encoding: .utf8).replacingOccurrences(of: "South,,full", with: "South,,federal")
        try Data(rows.utf8).write(to: sheet)
        #expect(try InsertsOffice.take(folder, into: test).bases == 4)
        try test.verify()
    }

    @Test("A test office writes SAMPLE across them, too")
    func sample() throws {
        let test = try InsertsOffice.makeEmpty(test: true)
        let folder = try InsertsOffice.writeSmall(test: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try InsertsOffice.take(folder, into: test)
        let base = try #require(
            try test.office.unguardedCounter.read { try $0.all("SELECT bytes FROM base ORDER BY length(bytes)") { try $0.blob("bytes") } }
                .last)
        let tools = try WritingFolder()
        try tools.write(base, to: "base.pdf")
        try tools.run("python3", [Self.sampleMarks, "base.pdf"])
        // The judge sees it where it is missing.
        let real = try InsertsOffice.makeSmall()
        let plain = try #require(try real.office.unguardedCounter.read { try $0.first("SELECT bytes FROM base") { try $0.blob("bytes") } })
        try tools.write(plain, to: "plain.pdf")
        #expect(throws: WritingFolder.Failure.self) { try tools.run("python3", [Self.sampleMarks, "plain.pdf"]) }
    }

    private static let sampleMarks = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("scripts/house/sample_marks.py").path

    // MARK: Again, and changed

    @Test("The same folder again brings nothing new, before the first ballot and after it")
    func again() throws {
        let test = try InsertsOffice.makeSmall()
        let folder = try InsertsOffice.writeSmall()
        defer { try? FileManager.default.removeItem(at: folder) }
        let before = try InsertsOffice.counts(test)
        for issued in [false, true] {
            if issued { try test.issue { $0.only = [VoterID("A1")] } }
            let journal = try InsertsOffice.counts(test)
            let summary = try InsertsOffice.take(folder, into: test)
            #expect(summary.unchanged == 1 && summary.new == 0 && summary.revised == 0)
            #expect(try InsertsOffice.counts(test) == journal)
        }
        #expect(try InsertsOffice.counts(test)[0] == before[0])
        try test.verify()
    }

    @Test("Changed, added or taken away before the first ballot, they make new bases, and those in use before are set aside")
    func changed() async throws {
        let test = try InsertsOffice.makeSmall()
        let folder = try InsertsOffice.writeSmall()
        defer { try? FileManager.default.removeItem(at: folder) }
        func instructions() throws -> Set<[String]> { Set(try Reports(test.office).styles().flatMap(\.bases).map(\.instructions)) }
        #expect(try instructions() == [[], ["instructions/citizens-abroad.en.pdf"]])
        try InsertsOffice.put(InsertsOffice.pdf("For citizens, corrected"), at: "instructions/citizens-abroad.en.pdf", in: folder)
        #expect(try InsertsOffice.take(folder, into: test).unchanged == 1)
        try test.verify("changed")
        try InsertsOffice.put(InsertsOffice.pdf("For everyone"), at: "instructions/all.en.pdf", in: folder)
        try FileManager.default.removeItem(at: folder.appendingPathComponent("secrecy"))
        _ = try InsertsOffice.take(folder, into: test)
        try test.verify("another set, and no secrecy sheet")
        #expect(try instructions() == [["instructions/all.en.pdf"], ["instructions/citizens-abroad.en.pdf"]])
        #expect(try test.issue().buckets[.issued] == InsertsOffice.voters.count)
        let rows = DistrictOffice.table(String(decoding: InsertsOffice.roll, as: UTF8.self)).filter {
            ["C1", "X1"].contains($0["voter_id"])
        }
        let tools = try WritingFolder()
        for (packet, words) in zip(try await DownloadedPacket.openAll(rows, test), ["For citizens, corrected", "For everyone"]) {
            try tools.write(packet.pdf, to: "packet.pdf")
            let text = try tools.run("pdftotext", ["packet.pdf", "-"])
            #expect(text.contains(words) && !text.contains("Fold around"))
        }
        try test.verify("issued")
    }

    @Test(
        "After the first ballot none may be changed, added or taken away",
        arguments: ["instructions/military-overseas.en.pdf", "write-ins/north.en.pdf", "secrecy/all.en.pdf"])
    func frozen(_ path: String) throws {
        let test = try InsertsOffice.make()
        try test.issue { $0.only = [VoterID("A1")] }
        let folder = try InsertsOffice.writeElection()
        defer { try? FileManager.default.removeItem(at: folder) }
        let before = try InsertsOffice.counts(test)
        func refused(_ named: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
            let error = #expect(throws: OfficeError.self, sourceLocation: sourceLocation) { try InsertsOffice.take(folder, into: test) }
            #expect(error?.code == .notAllowed, sourceLocation: sourceLocation)
            #expect(error?.message.contains(named) == true, "\(error?.message ?? "")", sourceLocation: sourceLocation)
            #expect(try InsertsOffice.counts(test) == before, sourceLocation: sourceLocation)
        }
        try InsertsOffice.put(InsertsOffice.pdf("Something else"), at: path, in: folder)
        try refused(path)
        try FileManager.default.removeItem(at: folder.appendingPathComponent(path))
        try refused(path)
        let file = try #require(InsertsOffice.files.first { $0.path == path })
        try InsertsOffice.put(InsertsOffice.pdf(file.words, pages: file.pages), at: path, in: folder)
        let added = path.replacingOccurrences(of: ".en.", with: ".es.").replacingOccurrences(of: "military-overseas", with: "all")
        try InsertsOffice.put(InsertsOffice.pdf("Algo más"), at: added, in: folder)
        try refused(added)
        try test.verify()
    }

    @Test("A ballot that is issued while an import goes on freezes what the import would have changed")
    func race() throws {
        let test = try InsertsOffice.makeSmall()
        let folder = try InsertsOffice.writeSmall()
        defer { try? FileManager.default.removeItem(at: folder) }
        try InsertsOffice.put(InsertsOffice.pdf("Something else"), at: "secrecy/all.en.pdf", in: folder)
        let shelf = StyleShelf(test.office, child: InsertsOffice.child)
        let error = #expect(throws: OfficeError.self) {
            try shelf.importElection(from: folder) { done, total in
                if done == total, done > 0 { _ = try? test.issue { $0.only = [VoterID("A1")] } }
            }
        }
        #expect(error?.code == .notAllowed)
        try test.verify()
    }

    // MARK: Warnings

    @Test("A file that goes into no packet is a warning, and so are voters without instructions where others have some")
    func warnings() throws {
        let test = try InsertsOffice.make()
        let report = try StyleCheck(test.office).run(election: TestOffice.election)
        #expect(report.ok, "\(report.findings)")
        #expect(report.bases == 8 * 3)
        #expect(
            report.warnings == [
                "2028-general: 1 voter of the class active-duty (military-domestic) gets no instructions, while others have some. "
                    + "instructions/all.en.pdf would be for everyone else.",
                "2028-general: 1 voter of the class other gets no instructions, while others have some. "
                    + "instructions/all.en.pdf would be for everyone else."
            ])
        let folder = try InsertsOffice.writeSmall()
        defer { try? FileManager.default.removeItem(at: folder) }
        // Its only style has a list of its own.
        try InsertsOffice.put(InsertsOffice.pdf("Names up north"), at: "write-ins/north.en.pdf", in: folder)
        // Misspelt names, and what may lie there.
        for name in ["instruction/all.en.pdf", "Secrecy/all.en.pdf", "all.en.pdf", "captions.es.yml", ".notes.pdf", "notes.txt", "roll.csv"]
        {
            try InsertsOffice.put(InsertsOffice.pdf("Not used"), at: name, in: folder)
        }
        let summary = try InsertsOffice.take(folder, into: try InsertsOffice.makeEmpty())
        let unused = summary.warnings.filter { $0.contains("is in no packet") }
        let misspelt = summary.warnings.filter { $0.contains("is not used") }
        #expect(misspelt.count == 4, "\(misspelt)")
        for name in ["\"instruction\"", "\"Secrecy\"", "\"all.en.pdf\"", "\"captions.es.yml\""] {
            #expect(misspelt.contains { $0.contains(name) }, "\(name)")
        }
        #expect(unused.count == 1 && unused.first?.hasPrefix("write-ins/all.en.pdf") == true, "\(summary.warnings)")
    }
}
