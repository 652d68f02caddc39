import Elections
import Foundation
import Office
import Packet
import Storage
import Testing

@Suite("Captions that the office brings", .enabled(if: TestOffice.present, "the program is not built"))
struct CaptionFileTests {
    /// An office whose election speaks English and Korean; `captions` goes beside its election.yaml, changed as a test wants.
    private static func imported(
        as name: String = "captions.ko.yaml", _ change: (String) -> String
    ) throws -> (summary: StyleShelf.Summary, office: Office, root: URL, folder: URL) {
        let folder = try TestOffice.writeElection()
        let description = folder.appendingPathComponent("election.yaml")
        let text = try String(contentsOf: description, encoding: .utf8)
        #expect(text.contains("languages: [en]"))
        try Data(text.replacing("languages: [en]", with: "languages: [en, ko]").utf8).write(to: description)
        let sheet = folder.appendingPathComponent("styles.csv")
        let rows = try String(contentsOf: sheet, encoding: .utf8).replacing(",en,", with: ",ko,")
        try Data(rows.utf8).write(to: sheet)
        try Data(change(BaseWording.template(language: "en")).utf8).write(to: folder.appendingPathComponent(name))
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-captions-\(UUID().uuidString)")
        let office = try TestOffice.makeEmpty(at: root, test: false, clock: WallClock { TestOffice.start })
        do {
            return (try importing(folder, into: office), office, root, folder)
        } catch {
            for place in [root, folder] { try? FileManager.default.removeItem(at: place) }
            throw error
        }
    }

    private static func importing(_ folder: URL, into office: Office) throws -> StyleShelf.Summary {
        try StyleShelf(office, child: ConfinedChild(executable: TestProgram.path ?? "/nonexistent")).importElection(from: folder)
    }

    @Test("They are on the pages, kept in the books, told to the journal, and a change of them is new bases")
    func own() throws {
        // A per cent is no place for the office's name, wherever it stands and however often.
        let made = try Self.imported {
            $0.replacing("\"What to do\"", with: "\"해야 할 일\"").replacing("100 %", with: "100 per cent").replacing(
                "% signed", with: "100% sure: % signed")
        }
        defer { for place in [made.root, made.folder] { try? FileManager.default.removeItem(at: place) } }
        let bases = try made.office.unguardedCounter.read { try $0.all("SELECT bytes FROM base") { try $0.blob("bytes") } }
        let folder = try WritingFolder()
        for base in bases {
            try folder.write(base, to: "b.pdf")
            #expect(try folder.run("pdftotext", ["-l", "1", "b.pdf", "-"]).contains("해야 할 일"))
        }
        let kept = try made.office.books.read { try ElectionBook.all(in: $0) }
        #expect(kept.first?.texts["captions.ko"]?.contains("해야 할 일") == true)
        #expect(try Self.importing(made.folder, into: made.office).unchanged > 0)
        #expect(try Audit(made.office).run().findings.isEmpty)
    }

    @Test(
        "A file that lacks a key, has a strange one or is for no language here is refused, and says what and where",
        arguments: [
            ("captions.ko.yaml", "todo: \"What to do\"\n", "", "todo"),
            ("captions.ko.yaml", "todo:", "to_do:", "to_do"),
            ("captions.ko.yaml", "  text: \"In private, in black or blue ink. Do not write your name on it.\"\n", "", "mark.text"),
            ("captions.ko.yaml", "% signed", "We signed", "genuine_text"),
            ("captions.fr.yaml", "todo", "todo", "\"fr\" is none of the election's languages"),
            ("captions.ko.yaml", "What to do", "What to do \u{10EEEE}", "U+10EEEE"),
            ("captions.ko.yaml", "Signature of the voter", String(repeating: "Signature of the voter ", count: 12), "does not fit")
        ])
    func refused(name: String, old: String, new: String, said: String) throws {
        let error = #expect(throws: OfficeError.self) {
            _ = try Self.imported(as: name) {
                #expect($0.contains(old))
                return $0.replacing(old, with: new)
            }
        }
        #expect(error?.code == .badInput)
        let message =
            [error?.message ?? "", error?.hint ?? ""].joined(separator: " ")
            + (error?.problems.map(\.description).joined(separator: " ") ?? "")
        #expect(message.contains(said), "\(message)")
    }

    @Test("The captions that are printed are those that are asked for, in both languages")
    func template() throws {
        for language in ["en", "es"] {
            let text = BaseWording.template(language: language)
            #expect(text.contains("declaration_title:") && text.contains("sign_witness:\n  one:") && text.contains("  checks:\n    - "))
        }
        #expect(try BaseWording(captions: BaseWording.captions) == BaseWording(captions: BaseWording.captions))
        #expect(throws: PacketError.self) { try BaseWording(captions: []) }
    }
}
