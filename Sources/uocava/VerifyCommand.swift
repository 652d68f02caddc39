import ArgumentParser
import Elections
import Foundation
import Keys
import Office
import Storage

/// `uocava verify`
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a packet, its ZIP or its manifest: is it genuine, and unchanged?",
        usage: "uocava verify FILE [--trust CERT] [--format FORM]",
        discussion: """
            Says who signed it, when, over which ballot style and base, and what is wrong if something \
            is. Needs no network. With --trust it needs no office either: anybody who has the office's \
            certificate can check a packet with it. An office finds it in keys/ca.pem, and gives it \
            to whoever asks; its site offers it as /office-ca.pem. Without --trust it also looks into \
            the office's books: whether the base was published and this very file issued.

            Examples:
              uocava verify 2028-general-P11.pdf
              uocava verify packet.zip --trust office-ca.pem

            A manifest alone is signed by nobody: it is read back, and ends with 1.

            Exit status: 0 it is genuine; 1 it is not.
            """)

    @Argument(help: ArgumentHelp("A packet's PDF or ZIP, or a manifest.json.", valueName: "FILE"))
    var file: String

    @Option(name: .long, help: ArgumentHelp("The certificate to trust. Default: this office's own.", valueName: "CERT"))
    var trust: String?

    @OptionGroup var office: OfficeOptions
    @OptionGroup var output: OutputOptions

    /// Checks it.
    func run() throws {
        let bytes = try InputFile.read(file)
        let authority = try authority()
        let (books, trouble) = books()
        let report = try PacketVerifier(trust: authority, at: WallClock.system.now(), books: books).verify(bytes)
        let rows: [[JSONValue]] = report.checks.map { [.string($0.check), .bool($0.ok), .string($0.detail)] }
        let name = Printable.escape(file == "-" ? "It" : file)
        try Report(
            json: report.json, table: ReportTable(columns: ["check", "ok", "detail"], rows: rows),
            foot: verdict(report, name, authority) + trouble
        ).show(as: output.format)
        if !report.valid { throw ExitStatus.found }
    }

    private func verdict(_ report: PacketVerifier.Report, _ name: String, _ authority: Certificate) -> [String] {
        if report.valid {
            return ["\(name) is genuine and unchanged."]
                + (report.isSample ? ["It is a SAMPLE of a test office: nobody can vote with it."] : [])
        }
        if report.isUnsigned { return ["\(name) cannot be checked on its own."] }
        let verdict = ["\(name) is NOT genuine: do not use it."] + report.advice
        guard report.failed("signer") else { return verdict }
        // With another office's certificate a good packet fails too: the person must see which one it was.
        return verdict + [
            "It was checked with the certificate of \(Printable.escape(authority.subject))\(trust == nil ? ", this office's own" : ""). "
                + "A packet of another office needs that office's, with --trust."
        ]
    }

    /// The books of the office whose own certificate is trusted; where they cannot be read, why.
    private func books() -> (books: DatabaseFile?, trouble: [String]) {
        guard trust == nil else { return (nil, []) }
        do { return (try office.folder().openBooks(), []) } catch {
            let failure = Failure(error)
            return (nil, ["It was not compared with the office's books, which cannot be read: \(failure.message)"])
        }
    }

    private func authority() throws -> Certificate {
        guard let trust else {
            do {
                return try office.folder().cabinet(passphrase: { nil }).authority()
            } catch let error as OfficeError where error.code == .notFound {
                throw OfficeError(
                    .notFound, "There is no certificate to check it with: \(Printable.escape(office.url.path)) is not an office.",
                    hint: "Name the certificate of the office that the packet comes from: "
                        + "uocava verify \(InputFile.quoted(file)) --trust CERT")
            }
        }
        do {
            return try Certificate(pem: try InputFile.read(trust))
        } catch let error as KeysError {
            throw OfficeError(.badInput, "\(Printable.escape(trust)): \(error.message).", hint: "Name the office's ca.pem.")
        }
    }
}
