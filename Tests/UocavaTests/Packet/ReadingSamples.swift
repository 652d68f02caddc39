import Foundation
import Packet

/// PDFs written by hand for the tests of reading: every byte is known, so what is refused is refused for what the test put in.
enum ReadingSamples {
    /// A file of these objects (number 1 is the catalog), with a correct cross-reference table.
    static func pdf(_ objects: [String], trailer: String = "") -> [UInt8] {
        var bytes = Array("%PDF-1.7\n".utf8)
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(bytes.count)
            bytes += Array("\(index + 1) 0 obj\n\(object)\nendobj\n".utf8)
        }
        let start = bytes.count
        bytes += Array("xref\n0 \(objects.count + 1)\n0000000000 65535 f \n".utf8)
        for offset in offsets { bytes += Array("\(padded(offset)) 00000 n \n".utf8) }
        bytes += Array("trailer\n<< /Size \(objects.count + 1) /Root 1 0 R \(trailer) >>\nstartxref\n\(start)\n%%EOF\n".utf8)
        return bytes
    }

    /// A stream object.
    static func stream(_ content: String, _ entries: String = "") -> String {
        "<< /Length \(content.utf8.count) \(entries) >>\nstream\n\(content)\nendstream"
    }

    /// One letter page with a grey bar; whatever is added goes into the catalog, the page, or further objects (from number 5 on).
    static func page(
        catalog: String = "", page: String = "", box: String = "0 0 612 792", content: String = "0.5 g 100 700 400 20 re f",
        more: [String] = [],
        trailer: String = ""
    ) -> [UInt8] {
        pdf(
            [
                "<< /Type /Catalog /Pages 2 0 R \(catalog) >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                "<< /Type /Page /Parent 2 0 R /MediaBox [\(box)] /Contents 4 0 R \(page) >>", stream(content)
            ] + more, trailer: trailer)
    }

    /// This many equal pages.
    static func pages(_ count: Int) -> [UInt8] {
        let kids = (0..<count).map { "\($0 + 3) 0 R" }.joined(separator: " ")
        return pdf(
            ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [\(kids)] /Count \(count) >>"]
                + (0..<count).map { _ in "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>" })
    }

    private static func padded(_ number: Int) -> String {
        String(repeating: "0", count: max(0, 10 - String(number).count)) + String(number)
    }

    /// A child that is the program built with these tests.
    static func child(_ change: (inout ConfinedChild.Limits) -> Void = { _ in }) -> ConfinedChild {
        var limits = ConfinedChild.Limits()
        change(&limits)
        return ConfinedChild(executable: TestProgram.path ?? "/nonexistent", limits: limits)
    }

    static func read(_ bytes: [UInt8], acceptRepaired: Bool = false) throws -> CleanBallot {
        try BallotReader(child: child()).read(bytes, name: "ballot.pdf", acceptRepaired: acceptRepaired)
    }

    /// The error that reading ends with; nil if the file is taken.
    static func refusal(_ bytes: [UInt8], acceptRepaired: Bool = false) -> PacketError? {
        do {
            _ = try BallotReader(child: child()).read(bytes, name: "ballot.pdf", acceptRepaired: acceptRepaired)
            return nil
        } catch { return error }
    }

    /// All PDFs below a folder of the fixtures, in a fixed order.
    static func files(_ folder: String) -> [URL] {
        let walker = FileManager.default.enumerator(at: Fixtures.folder(folder), includingPropertiesForKeys: nil)
        let urls = (walker?.allObjects ?? []).compactMap { $0 as? URL }
        return urls.filter { $0.pathExtension == "pdf" }.sorted { $0.path < $1.path }
    }

    /// Whether these bytes contain a text.
    static func contains(_ bytes: [UInt8], _ text: String) -> Bool { Data(bytes).range(of: Data(text.utf8)) != nil }

    /// Runs an outside judge on bytes given as a file; gives its exit status and all it said.
    static func judge(_ program: String, _ arguments: [String], file bytes: [UInt8]) throws -> (status: Int32, text: String) {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-reading-\(UUID().uuidString).pdf")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments + [file.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }
}
