import ArgumentParser
import Elections
import Foundation
import Keys
import Office

/// `uocava init`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make an office: settings, keys and databases.",
        usage: """
            uocava init [DIR] [--test] [--name TEXT] [--public-url URL]
                        [--smtp-url URL] [--from ADDRESS] [--passphrase-file F]
            """,
        discussion: """
            Asks nothing and works in a new or an empty folder. A test office takes test elections \
            and nothing else, for ever: SAMPLE is on every page and letter.

            Examples:
              uocava init my-office --test
              uocava init /srv/uocava --name "Board of Elections" \\
                  --public-url https://ballots.example.gov \\
                  --smtp-url smtp://mail.example.gov:587 \\
                  --passphrase-file /root/passphrase

            A real office is told its name and its addresses here, or in uocava.yaml before the \
            first ballot goes out; its name cannot be changed later.

            Without a passphrase the keys are protected by the permissions of their files only. \
            Keep a copy of the folder "keys" apart from the backups of the databases: \
            either is of no use without the other.
            """)

    @Argument(help: ArgumentHelp("The folder; made if it is missing. Default: the same as for --office.", valueName: "DIR"))
    var folder: String?

    @Flag(name: .long, help: "Make a test office, which stays one.")
    var test = false

    @Option(name: .long, help: ArgumentHelp("The office's name, for its certificates.", valueName: "TEXT"))
    var name: String?

    @Option(name: .long, help: ArgumentHelp("The address of the voters' site; https, except on this machine.", valueName: "URL"))
    var publicURL = "http://127.0.0.1:8080"

    @Option(name: .long, help: ArgumentHelp("The relay that takes the letters.", valueName: "URL"))
    var smtpURL = "smtp://127.0.0.1:2525"

    @Option(
        name: .long, help: ArgumentHelp("The letters' sender. Default: the e-mail address in each election.yaml.", valueName: "ADDRESS"))
    var from: String?

    @OptionGroup var office: OfficeOptions
    @OptionGroup var output: OutputOptions

    /// Makes the office and says what to type next.
    func run() throws {
        let url = folder.map { URL(fileURLWithPath: $0, isDirectory: true).standardizedFileURL } ?? office.url
        let text = try settings()
        let passphrase = try office.filePassphrase()
        let called = name ?? (test ? "Test Office" : "Election Office")
        let made = try OfficeFolder.make(
            at: url, test: test, name: called, configuration: text, passphrase: passphrase, clock: .system)
        try report(made, isLocked: passphrase != nil).show(as: output.format)
        if !test { Output.note(LocalAddress.unfinished(made, name: name == nil ? called : nil)) }
    }

    /// The text of `uocava.yaml`, checked by reading it before anything is made.
    private func settings() throws -> String {
        let spoilers = CharacterSet(charactersIn: "\"\\")
        for value in [publicURL, smtpURL, from ?? ""]
        where value.unicodeScalars.contains(where: { Printable.isUnsafe($0) || spoilers.contains($0) }) {
            throw OfficeError(
                .badInput, "\(Printable.quote(value)) cannot stand in \(Configuration.fileName).", hint: "Leave out quotes and backslashes."
            )
        }
        let text = Configuration.text(publicURL: publicURL, listen: listen, smtpURL: smtpURL, from: from ?? (test ? Self.testSender : ""))
        let files = FileManager.default
        let trial = files.temporaryDirectory.appendingPathComponent("uocava-init-\(UUID().uuidString)", isDirectory: true)
        try files.createDirectory(at: trial, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? files.removeItem(at: trial) }
        try Data(text.utf8).write(to: trial.appendingPathComponent(Configuration.fileName))
        do {
            _ = try Configuration.read(in: trial)
        } catch let error as OfficeError where !error.problems.isEmpty {
            throw Problems(error.problems.map(Self.inOption))
        }
        return text
    }

    /// A problem of the settings, told of the option that gave them: nobody has seen the file yet.
    private static func inOption(_ problem: Problem) -> Problem {
        let options = [
            "public.url": "--public-url", "public.listen": "--public-url", "smtp.url": "--smtp-url", "smtp.tls": "--smtp-url",
            "smtp.from": "--from"
        ]
        return Problem(column: problem.column.map { options[$0] ?? $0 }, what: problem.what, hint: problem.hint)
    }

    /// A test office writes to nobody real, and its letters come from nobody real.
    private static let testSender = "uocava@elections.example.gov"

    /// Where the site listens: on this machine, at the port of its own address where voters reach it there without a proxy.
    private var listen: Configuration.HostPort {
        let standard = Configuration().publicSite.listen
        guard let parts = URLComponents(string: publicURL), parts.scheme == "http" else { return standard }
        let host = parts.host?.trimmingCharacters(in: CharacterSet(charactersIn: "[]")) ?? standard.host
        return Configuration.HostPort(host: host == "localhost" ? standard.host : host, port: parts.port ?? 80)
    }

    private func report(_ made: OfficeFolder, isLocked: Bool) -> Report {
        let keys = made.path(made.configuration.keys).path
        let rows: [(String, String)] = [
            ("office", made.url.path), ("kind", test ? "test: takes test elections only, SAMPLE on everything" : "real"),
            ("settings", made.url.appendingPathComponent(Configuration.fileName).path),
            ("keys", "\(keys), \(isLocked ? "locked with the passphrase" : "not locked: only their files' permissions protect them")"),
            ("databases", "\(made.configuration.officeDatabase), \(made.configuration.counterDatabase)"),
            ("voters' site", publicURL), ("mail relay", smtpURL)
        ]
        let isHere = made.url.path == URL(fileURLWithPath: FileManager.default.currentDirectoryPath).standardizedFileURL.path
        let suffix = isHere ? "" : " --office \(InputFile.quoted(folder ?? office.office ?? made.url.path))"
        return Report(
            json: [
                "office": .string(made.url.path), "test": .bool(test), "settings": .string(Configuration.fileName),
                "keys": .string(made.configuration.keys), "keys_locked": .bool(isLocked), "public_url": .string(publicURL),
                "smtp_url": .string(smtpURL)
            ],
            table: ReportTable(columns: ["made", "where"], rows: rows.map { [.string($0.0), .string($0.1)] }),
            foot: [
                "Next:", "  uocava election import DIR\(suffix)", "  uocava voters import FILE --election ID\(suffix)",
                "  uocava issue --election ID --dry-run\(suffix)"
            ])
    }
}
