import ArgumentParser
import Elections
import Foundation
import Office

/// A clerk's words in a file or on standard input: they may name people, and what stands in a command is seen by every user of the machine.
enum WrittenReason {
    /// The most that a reason may be; a page of text.
    private static let longest = 4096

    /// The words, without the space around them, in one line.
    ///
    /// - Throws: ``OfficeError`` `badInput` for what is no text, is empty or too long; what ``InputFile`` throws.
    static func read(_ name: String) throws -> String {
        let bytes = try InputFile.read(name)
        let shown = name == "-" ? "Standard input" : Printable.escape(name)
        guard bytes.count <= longest else {
            throw OfficeError(.badInput, "\(shown): longer than \(longest) bytes.", hint: "Say it in a few sentences.")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw OfficeError(.badInput, "\(shown): not UTF-8 text.", hint: "Save it as UTF-8.")
        }
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !words.isEmpty else { throw OfficeError(.badInput, "\(shown): there is no reason in it.", hint: "Write a few words.") }
        guard !words.unicodeScalars.contains(where: Printable.isUnsafe) else {
            throw OfficeError(.badInput, "\(shown): there are control characters in it.", hint: "Type it again by hand.")
        }
        return words
    }
}

/// Why something is done, in the words of who does it; or nothing.
struct OptionalReason: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Why, in your own words; without names.", valueName: "TEXT"))
    var reason: String?

    @Option(name: .long, help: ArgumentHelp("A file that says why; - for standard input.", valueName: "FILE"))
    var reasonFile: String?

    /// Whether there is one.
    var isGiven: Bool { reason != nil || reasonFile != nil }

    /// One of the two at most.
    func validate() throws {
        if reason != nil, reasonFile != nil {
            throw ValidationError("Say why with --reason TEXT, or with --reason-file FILE; one of the two.")
        }
    }

    /// The words.
    ///
    /// - Throws: what ``WrittenReason/read(_:)`` throws.
    func words() throws -> String { try reasonFile.map { try WrittenReason.read($0) } ?? reason ?? "" }
}

/// The same where there must be one.
struct ReasonOptions: ParsableArguments {
    @OptionGroup private var given: OptionalReason

    /// One of the two.
    func validate() throws {
        if !given.isGiven { throw ValidationError("Say why with --reason TEXT, or with --reason-file FILE; one of the two.") }
    }

    /// The words.
    ///
    /// - Throws: what ``WrittenReason/read(_:)`` throws.
    func words() throws -> String { try given.words() }
}
