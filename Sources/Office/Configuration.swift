import Elections
package import Foundation
import Mail

/// `uocava.yaml`: where things are and how the services run. Everything has a default but `public.url` and `smtp.url`.
package struct Configuration: Sendable {
    /// The name of the file in an office's folder.
    package static let fileName = "uocava.yaml"

    /// The two databases, as paths relative to the office's folder.
    package var officeDatabase = "office.sqlite"
    package var counterDatabase = "counter.sqlite"
    /// The key cabinet, relative to the office's folder.
    package var keys = "keys"
    package var publicSite = PublicSite()
    package var staff = StaffDesk()
    package var smtp = SMTP()
    package var logOrigin = ""
    package var limits = Limits()
    package var reminders = Reminders()

    /// The site that voters see.
    package struct PublicSite: Sendable {
        /// Without a slash at the end; http only on loopback.
        package var url = ""
        package var listen = HostPort(host: "127.0.0.1", port: 8080)
        /// PEM files, relative to the office's folder; nil: plain HTTP behind a proxy, or on loopback.
        package var tls: (certificate: String, key: String)?
        /// Addresses whose `X-Forwarded-For` is believed.
        package var trustedProxies: [String] = []
        /// Whom `security.txt` names, `mailto:` or `https:`; empty: the election office's address.
        package var securityContact = ""

        /// Whether cookies may and must be `Secure`.
        package var isHTTPS: Bool { url.hasPrefix("https://") }

        /// Whether the address leads voters nowhere: it opens on this machine alone. Right for a trial, a mistake in a real election.
        package var isOnlyHere: Bool { !isHTTPS || URLComponents(string: url)?.host.map(Configuration.isLoopback) ?? true }
    }

    /// The site that the office's staff sign in to.
    package struct StaffDesk: Sendable {
        /// On this machine alone, unless there is TLS.
        package var listen = HostPort(host: "127.0.0.1", port: 8081)
        /// Where staff type it, without a slash at the end; empty: at `listen`.
        package var url = ""
        /// PEM files, relative to the office's folder; nil: on this machine, or behind a proxy that does TLS.
        package var tls: (certificate: String, key: String)?
        /// Addresses whose `X-Forwarded-For` is believed.
        package var trustedProxies: [String] = []
        /// Minutes after which a session that is left alone ends.
        package var idleMinutes = 30
        /// Hours after which any session ends.
        package var sessionHours = 12

        /// What only happens with two people.
        package var secondPerson: Set<SecondPerson> = []

        /// Whether cookies may and must be `Secure`.
        package var isHTTPS: Bool { url.hasPrefix("https://") || url.isEmpty && tls != nil }
        /// Whether passwords would go over a network that others can read.
        package var isOpen: Bool { !isHTTPS && !Configuration.isLoopback(listen.host) }
        /// Where staff type it.
        package var address: String {
            let host = listen.host.contains(":") ? "[\(listen.host)]" : listen.host
            return url.isEmpty ? "\(tls == nil ? "http" : "https")://\(host):\(listen.port)" : url
        }
    }

    /// What a supervisor other than who asked for it must approve, where the office says so. (A new link within 72 hours of a change of the
    /// address always needs one.)
    package enum SecondPerson: String, Sendable, CaseIterable {
        /// To take a decision on an envelope back.
        case reversal
        /// To replace a ballot that its voter has opened: two of the same voter's may be on their way then.
        case replacement
        /// To issue a batch.
        case batch
    }

    /// The relay that takes the letters.
    package struct SMTP: Sendable {
        /// `smtp://HOST:PORT` or `smtps://HOST:PORT`.
        package var url = ""
        /// False only for a relay on this machine.
        package var requiresTLS = true
        /// The login's name; empty: none.
        package var user = ""
        /// Holds the login's password; relative to the office's folder; empty: none.
        package var passwordFile = ""
        /// PEM certificates that vouch for the relay, instead of the system's; empty: the system's.
        package var caFile = ""
        /// The letters' sender; empty: the office's address in `election.yaml`.
        package var from = ""
        /// How many connections send at once.
        package var connections = 8
        /// How we log in: `plain`, `login`, `cram-md5` or `xoauth2`; empty: the best of the first three that the relay offers.
        package var auth = ""
        /// Letters that the relay takes in a minute; 0: as many as it can.
        package var messagesPerMinute = 0
        /// The same for single domains of recipients, by name in lower case; `*` stands for every other one.
        package var domains: [String: DomainLimits] = [:]
        /// Where letters that cannot be delivered come back to, with a `*` for the mark of the letter; empty: made from the sender's address.
        package var returnPath = ""
        /// A Maildir that the office process watches for what comes back; relative to the office's folder; empty: none.
        package var bounceMaildir = ""
        /// Seconds for one letter: a relay that is silent for so long is left.
        package var timeoutSeconds = 60
        /// Hours after which a letter that is only ever put off is given up.
        package var giveUpHours = 96
    }

    /// What one domain of recipients takes.
    package struct DomainLimits: Sendable, Equatable {
        /// Letters in a minute; 0: as many as it can.
        package var messagesPerMinute = 0
        /// Letters at once; 0: as many as there are connections.
        package var connections = 0
    }

    /// When voters who have not opened their ballot are reminded; 0: never.
    package struct Reminders: Sendable, Equatable {
        /// Days after the letter with the link went out.
        package var unclaimedDays = 7
        /// Days before the post from the voter's country becomes too slow.
        package var postDays = 5
    }

    /// Bounds of the public site; see docs/operations.md.
    package struct Limits: Sendable {
        /// Connections that may be open at once.
        package var connections = 16_384
        /// Connections that one address may have open.
        package var connectionsPerAddress = 512
        /// Requests that are answered at once; the next gets 503. One address may have as many of them as it may have connections.
        package var requestsInFlight = 2048
        /// Wrong answers that one address may give in a burst; right ones never count.
        package var wrongAnswersPerAddress = 60
        /// Seconds until an address may give one more wrong answer.
        package var refillSeconds = 10
    }

    /// A place to listen at.
    package struct HostPort: Sendable, Equatable {
        /// A name or an address, without brackets.
        package var host: String
        /// 0: the system chooses one.
        package var port: Int

        /// `127.0.0.1:8080` or `[::1]:8080`.
        package init?(_ text: String) {
            guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65535).contains(port)
            else { return nil }
            let host = text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
            guard !host.isEmpty else { return nil }
            self.init(host: host, port: port)
        }

        /// A place of these parts.
        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    /// The defaults, without the two addresses that every office must give.
    package init() {}

    /// Reads the file of an office's folder.
    ///
    /// - Throws: ``OfficeError``: `notFound` where the folder is no office, `badInput` with every problem and its line.
    package static func read(in folder: URL) throws -> Configuration {
        let file = folder.appendingPathComponent(fileName)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw OfficeError(
                .notFound, "\(folder.path) is not an office: it has no \(fileName).",
                hint: "Name the office with --office DIR or $UOCAVA_OFFICE, or make one with `uocava init DIR`.")
        }
        let document = try YAMLFile.read(file)
        do throws(Problems) {
            return try parse(document)
        } catch {
            // Every command reads the settings, most of them to look only: nothing is said of changes.
            throw OfficeError(.badInput, "\(file.path): \(counted(error.all.count, "problem")).", problems: error.all)
        }
    }

    private static func parse(_ document: Document) throws(Problems) -> Configuration {
        let reader = DocumentReader(file: fileName)
        let root = reader.root(document)
        var configuration = Configuration()

        let database = root.section("database")
        let sqlite: (String) -> String? = { $0.hasPrefix("sqlite:") && $0.count > 7 ? String($0.dropFirst(7)) : nil }
        let kinds = "a database"
        let hint = "Write sqlite:FILE, for example sqlite:office.sqlite."
        configuration.officeDatabase = database.optionalValue("office", expected: kinds, hint: hint, sqlite) ?? configuration.officeDatabase
        configuration.counterDatabase =
            database.optionalValue("counter", expected: kinds, hint: hint, sqlite) ?? configuration.counterDatabase
        configuration.keys = root.optionalText("keys") ?? configuration.keys

        let site = root.section("public", required: true)
        let address = "Write ADDRESS:PORT, for example 127.0.0.1:8080."
        if let url = site.text("url", hint: "It is the address that voters type, for example https://ballots.example.gov.") {
            configuration.publicSite.url = url.hasSuffix("/") ? String(url.dropLast()) : url
            checkPublic(url, site)
        }
        configuration.publicSite.listen =
            site.optionalValue("listen", expected: "an address and a port", hint: address, HostPort.init) ?? configuration.publicSite.listen
        if site.has("tls") {
            let tls = site.section("tls")
            if let certificate = tls.text("certificate"), let key = tls.text("key") { configuration.publicSite.tls = (certificate, key) }
        }
        configuration.publicSite.trustedProxies = site.texts("trusted_proxies")
        if let contact = site.optionalText("security_contact"), !contact.isEmpty {
            configuration.publicSite.securityContact = contact
            if !contact.hasPrefix("mailto:") && !contact.hasPrefix("https://")
                || contact.contains(where: { !$0.isASCII || $0.isWhitespace })
            {
                site.report(
                    "security_contact", "\(Printable.quote(contact)) is no address to write to",
                    hint: "Write mailto: and an e-mail address, or https:// and the address of a page.")
            }
        }

        let staff = root.section("staff")
        configuration.staff.listen =
            staff.optionalValue("listen", expected: "an address and a port", hint: address, HostPort.init) ?? configuration.staff.listen
        parse(staff: staff, into: &configuration)

        parse(smtp: root.section("smtp", required: true), into: &configuration)

        let reminders = root.section("reminders")
        let usual = configuration.reminders
        configuration.reminders = Reminders(
            unclaimedDays: reminders.integer("unclaimed_days", in: 0...365, default: usual.unclaimedDays),
            postDays: reminders.integer("post_days", in: 0...365, default: usual.postDays))

        let log = root.section("log")
        configuration.logOrigin = log.optionalText("origin") ?? "\(URL(string: configuration.publicSite.url)?.host ?? "localhost")/log"

        let limits = root.section("limits")
        let standard = configuration.limits
        configuration.limits = Limits(
            connections: limits.integer("connections", in: 1...1_000_000, default: standard.connections),
            connectionsPerAddress: limits.integer("connections_per_address", in: 1...65536, default: standard.connectionsPerAddress),
            requestsInFlight: limits.integer("requests_in_flight", in: 1...65536, default: standard.requestsInFlight),
            wrongAnswersPerAddress: limits.integer("wrong_answers_per_address", in: 1...100_000, default: standard.wrongAnswersPerAddress),
            refillSeconds: limits.integer("refill_seconds", in: 1...3600, default: standard.refillSeconds))
        try reader.finish()
        return configuration
    }

    private static func parse(staff: DocumentReader.Section, into configuration: inout Configuration) {
        if let url = staff.optionalText("url"), !url.isEmpty {
            configuration.staff.url = url.hasSuffix("/") ? String(url.dropLast()) : url
            checkPublic(url, staff)
        }
        if staff.has("tls") {
            let tls = staff.section("tls")
            if let certificate = tls.text("certificate"), let key = tls.text("key") { configuration.staff.tls = (certificate, key) }
        }
        configuration.staff.trustedProxies = staff.texts("trusted_proxies")
        configuration.staff.idleMinutes = staff.integer("idle_minutes", in: 1...720, default: configuration.staff.idleMinutes)
        configuration.staff.sessionHours = staff.integer("session_hours", in: 1...24, default: configuration.staff.sessionHours)
        for word in staff.texts("second_person") {
            guard let kind = SecondPerson(rawValue: word) else {
                staff.report(
                    "second_person", "\(Printable.quote(word)) is not known",
                    hint: "Write any of: \(SecondPerson.allCases.map(\.rawValue).joined(separator: ", ")).")
                continue
            }
            configuration.staff.secondPerson.insert(kind)
        }
        if configuration.staff.isOpen {
            staff.report(
                "listen", "passwords would go over the network in clear",
                hint:
                    "Listen at 127.0.0.1, or give staff.tls a certificate, or put a proxy with TLS before it and name its address in staff.url."
            )
        }
    }

    private static func parse(smtp: DocumentReader.Section, into configuration: inout Configuration) {
        if let url = smtp.text("url", hint: "It is the relay that takes the letters, for example smtp://mail.example.gov:587.") {
            configuration.smtp.url = url
            if !url.hasPrefix("smtp://") && !url.hasPrefix("smtps://") {
                smtp.report(
                    "url", "\(Printable.quote(url)) is not the address of a relay", hint: "Write smtp://HOST:PORT or smtps://HOST:PORT.")
            }
        }
        switch smtp.optionalText("tls") {
        case nil, "required": break
        case "none":
            configuration.smtp.requiresTLS = false
            if let host = URL(string: configuration.smtp.url)?.host, !isLoopback(host) {
                smtp.report("tls", "none is only for a relay on this machine", hint: "Write tls: required.")
            }
        case .some(let text): smtp.report("tls", "\(Printable.quote(text)) is not known", hint: "Write required or none.")
        }
        configuration.smtp.user = smtp.optionalText("user") ?? ""
        configuration.smtp.passwordFile = smtp.optionalText("password_file") ?? ""
        configuration.smtp.caFile = smtp.optionalText("ca_file") ?? ""
        if let from = smtp.optionalText("from") {
            configuration.smtp.from = from
            // Quotes may stand in a voter's address on paper; too few relays take them to send all letters from one.
            let quoted = from.hasPrefix("\"") ? "it begins with a quote" : nil
            if let fault = EmailAddress.fault(in: from) ?? quoted {
                smtp.report(
                    "from", "\(Printable.quote(from)) is not an e-mail address: \(fault)",
                    hint: "Write the address alone, without a name, for example uocava@elections.example.gov.")
            }
        }
        configuration.smtp.connections = smtp.integer("connections", in: 1...64, default: configuration.smtp.connections)
        configuration.smtp.messagesPerMinute = smtp.integer("messages_per_minute", in: 0...1_000_000, default: 0)
        configuration.smtp.timeoutSeconds = smtp.integer("timeout_seconds", in: 1...600, default: configuration.smtp.timeoutSeconds)
        configuration.smtp.giveUpHours = smtp.integer("give_up_hours", in: 1...720, default: configuration.smtp.giveUpHours)
        configuration.smtp.bounceMaildir = smtp.optionalText("bounce_maildir") ?? ""
        let mechanisms = SMTPServer.Mechanism.allCases.map(\.rawValue)
        if let auth = smtp.optionalText("auth"), !auth.isEmpty {
            configuration.smtp.auth = auth.lowercased()
            if !mechanisms.contains(configuration.smtp.auth) {
                smtp.report("auth", "\(Printable.quote(auth)) is not known", hint: "Write one of: \(mechanisms.joined(separator: ", ")).")
            }
        }
        if let path = smtp.optionalText("return_path"), !path.isEmpty {
            configuration.smtp.returnPath = path
            if let fault = ReturnPath.fault(in: path) {
                smtp.report(
                    "return_path", "\(Printable.quote(path)) cannot take back letters: \(fault)",
                    hint:
                        "Write an address whose mail this office reads, with * where the letter's mark goes: bounces+*@elections.example.gov."
                )
            }
        }
        parse(domains: smtp.section("domains"), into: &configuration)
    }

    private static func parse(domains: DocumentReader.Section, into configuration: inout Configuration) {
        for name in domains.keys {
            let domain = domains.section(name)
            if name != "*", EmailAddress.fault(in: "a@\(name)") != nil {
                domains.report(
                    name, "\(Printable.quote(name)) is no domain", hint: "Write the part behind the @, or \"*\" for every other one.")
            }
            configuration.smtp.domains[name.lowercased()] = DomainLimits(
                messagesPerMinute: domain.integer("messages_per_minute", in: 0...1_000_000, default: 0),
                connections: domain.integer("connections", in: 0...64, default: 0))
        }
    }

    private static func checkPublic(_ url: String, _ site: DocumentReader.Section) {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty, parts.path.isEmpty || parts.path == "/",
            parts.query == nil, parts.scheme == "https" || parts.scheme == "http"
        else {
            site.report(
                "url", "\(Printable.quote(url)) is not the address of a site",
                hint: "Write https:// and a name, without a path, for example https://ballots.example.gov.")
            return
        }
        guard parts.user == nil, parts.password == nil else {
            // https://ballots.example.gov@elsewhere.example leads to elsewhere.example.
            site.report("url", "there is an at sign in \(Printable.quote(url))", hint: "Write https:// and the name of the site alone.")
            return
        }
        if host.hasSuffix(".") {
            // The same machine to the name system, and another site to a browser: forms sent from the one are refused by the other.
            let name = host.trimmingCharacters(in: CharacterSet(charactersIn: "."))
            let right = "\(parts.scheme ?? "https")://\(name)\(parts.port.map { ":\($0)" } ?? "")"
            site.report(
                "url", "the name of the site in \(Printable.quote(url)) ends in a full stop",
                hint: "Write \(Printable.escape(right)), without it.")
            return
        }
        if parts.scheme == "http", !isLoopback(host) {
            site.report("url", "http is only for this machine", hint: "Whatever leaves it must be https.")
        }
    }

    /// Whether a host name or address never leaves this machine.
    static func isLoopback(_ host: String) -> Bool {
        if ["localhost", "::1", "[::1]"].contains(host.lowercased()) { return true }
        // 127.0.0.0/8 (RFC 1122, 3.2.1.3), and no name that begins like it.
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// The text of a new office's file, with every setting and what it means.
    package static func text(publicURL: String, listen: HostPort, smtpURL: String, from: String) -> String {
        let loopbackRelay = URL(string: smtpURL)?.host.map(isLoopback) ?? false
        return """
            # Settings of this office. Lines that begin with # are remarks; docs/operations.md explains every setting.

            database: { office: "sqlite:office.sqlite", counter: "sqlite:counter.sqlite" }
            keys: keys

            public:
              # The address that voters see in their letters. It must be https, except on this machine.
              url: "\(publicURL)"
              listen: "\(listen.host.contains(":") ? "[\(listen.host)]" : listen.host):\(listen.port)"
              # tls: { certificate: public.crt, key: public.key }
              trusted_proxies: []

            # The desk: where staff sign in (accounts: uocava staff add). On this machine alone, unless you give it TLS.
            staff:
              listen: "127.0.0.1:8081"
              # url: "https://desk.elections.example.gov"
              # tls: { certificate: desk.crt, key: desk.key }
              # idle_minutes: 30
              # second_person: [reversal, replacement, batch]

            smtp:
              # The relay that takes the letters. `tls: none` is only for a relay on this machine.
              url: "\(smtpURL)"
              tls: \(loopbackRelay ? "none" : "required")
              user: ""
              password_file: ""
              ca_file: ""
              from: "\(from)"
              connections: 8
              # messages_per_minute: 600
              # domains: { "example.com": { messages_per_minute: 60, connections: 2 } }
              # Letters that cannot be delivered come back here; * is the letter's mark. Read them with `uocava letters bounced`.
              # return_path: "bounces+*@elections.example.gov"
              # bounce_maildir: Maildir

            # Voters who have not opened their ballot are reminded; 0 days: never.
            reminders: { unclaimed_days: 7, post_days: 5 }

            limits: { connections_per_address: 512, requests_in_flight: 2048, wrong_answers_per_address: 60, refill_seconds: 10 }

            """
    }
}
