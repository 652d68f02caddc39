/// A password or an access token for a relay, which prints as `***`.
package struct SMTPPassword: Sendable, Hashable {
    /// The password itself, for libcurl only.
    let value: String

    /// Takes a password or a token as it is.
    package init(_ value: String) { self.value = value }
}

extension SMTPPassword: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    /// Without children, so that `dump` does not show it either.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The relay that takes our letters, and how to talk to it.
package struct SMTPServer: Sendable, Hashable {
    /// Whether the connection is encrypted.
    package enum TLS: String, Sendable, CaseIterable {
        /// `smtp://` begins with STARTTLS, `smtps://` with TLS; the certificate must be good for the host; TLS 1.2 or newer.
        case required
        /// No encryption: only to a relay on this machine.
        case none
    }

    /// How a login proves itself; the raw values are the words of a configuration.
    package enum Mechanism: String, Sendable, CaseIterable {
        /// The user and the password in one message (RFC 4616).
        case plain
        /// The user and the password one after the other.
        case login
        /// A keyed digest of the relay's challenge (RFC 2195): the password does not travel.
        case cramMD5 = "cram-md5"
        /// An OAuth 2.0 access token, as Google and Microsoft take it: it stands where the password would.
        case xoauth2
    }

    /// `smtp://host:port` or `smtps://host:port`, where an IPv6 address stands in brackets.
    ///
    /// The port may be left out (25 or 465). A path of one name, as in `smtp://relay:587/office.example.gov`, is the name that we say EHLO
    /// with; without it, it is this machine's.
    package var url: String
    /// Whether the connection is encrypted.
    package var tls: TLS
    /// Whom we log in as; nil or empty for no login.
    package var user: String?
    /// The password that goes with `user`; with `xoauth2` the access token.
    package var password: SMTPPassword?
    /// How we log in; nil for what libcurl thinks best of PLAIN, LOGIN and CRAM-MD5 as the relay offers them. No other is tried.
    package var mechanism: Mechanism?
    /// A PEM file of the authorities to trust instead of the system's; nil or empty for the system's.
    package var caFile: String?
    /// Seconds until the connection must stand, greeting, TLS and login included.
    package var connectTimeout: Int
    /// Seconds for one letter, the connection included where there is none yet.
    package var timeout: Int

    /// A relay from its parts; ``validate(_:)`` checks them.
    package init(
        url: String, tls: TLS = .required, user: String? = nil, password: SMTPPassword? = nil, mechanism: Mechanism? = nil,
        caFile: String? = nil, connectTimeout: Int = 10, timeout: Int = 60
    ) {
        self.url = url
        self.tls = tls
        self.user = user
        self.password = password
        self.mechanism = mechanism
        self.caFile = caFile
        self.connectTimeout = connectTimeout
        self.timeout = timeout
    }

    /// Checks that the parts go together; it does not connect.
    ///
    /// `tls: none` is for loopback only: `localhost`, `127.0.0.0/8` and `::1`, written as such.
    /// - Throws: `MailError` with code `badURL`, `insecure`, `badLogin` or `badTimeout`.
    package static func validate(_ server: SMTPServer) throws {
        let place = try Place(server.url)
        if server.tls == .none {
            guard place.scheme == "smtp" else {
                throw MailError(.insecure, "The relay's URL says smtps, its setting says no TLS.", hint: "Set tls to required.")
            }
            guard place.isLoopback else {
                throw MailError(
                    .insecure, "Letters would travel to the relay unencrypted.",
                    hint: "Set tls to required; none is for a relay on this machine only (localhost, 127.0.0.1 or [::1]).")
            }
        }
        if let user = server.login {
            guard let password = server.password, !password.value.isEmpty else {
                throw MailError(
                    .badLogin, "The relay has a user but no password.", hint: "Name the file with the password, or leave out the user.")
            }
            // A NUL would cut the text short in C; a line break usually is the end of the password's file.
            for text in [user, password.value] where text.unicodeScalars.contains(where: HeaderText.isControl) {
                throw MailError(
                    .badLogin, "The relay's user or password has a control character or a line break in it.",
                    hint: "Look for a line break at the end of the password's file.")
            }
        } else if let mechanism = server.mechanism {
            throw MailError(
                .badLogin, "The relay has a login mechanism (\(mechanism.rawValue)) but no user.",
                hint: "Name the user, or leave out the mechanism.")
        }
        if let file = server.caFile, file.utf8.contains(0) {
            throw MailError(.badURL, "The name of the file of authorities has a NUL in it.")
        }
        guard (1...3600).contains(server.connectTimeout), (1...3600).contains(server.timeout) else {
            throw MailError(.badTimeout, "The relay's time limits must be 1 to 3600 seconds.")
        }
    }

    /// The user, where there is to be a login.
    var login: String? { user.flatMap { $0.isEmpty ? nil : $0 } }

    /// The file of authorities, where there is one.
    var authorities: String? { caFile.flatMap { $0.isEmpty ? nil : $0 } }

    /// A relay's URL taken apart. Strict, because libcurl's own parser takes more than we mean: user names, queries, odd numbers.
    private struct Place {
        let scheme: String
        let host: String

        init(_ url: String) throws {
            let hint = "Write it like smtp://relay.example.gov:587 or smtps://relay.example.gov:465."
            func refused(_ what: String) -> MailError { MailError(.badURL, "The relay's URL \(what).", hint: hint) }

            let scheme = url.hasPrefix("smtp://") ? "smtp" : url.hasPrefix("smtps://") ? "smtps" : ""
            guard !scheme.isEmpty else { throw refused("does not begin with smtp:// or smtps://") }
            let parts = url.dropFirst(scheme.count + 3).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let authority = parts[0]
            guard !authority.contains("@") else { throw refused("has a user in it; the user and the password are settings of their own") }
            if parts.count == 2, !parts[1].utf8.allSatisfy({ Place.isHostByte($0) }) {
                throw refused("has more in it than a host and a port")
            }

            let host: Substring
            var rest: Substring
            if authority.hasPrefix("[") {
                guard let close = authority.firstIndex(of: "]") else { throw refused("has a bracket that is never closed") }
                host = authority[...close]
                rest = authority[authority.index(after: close)...]
                let inner = host.dropFirst().dropLast()
                guard !inner.isEmpty,
                    inner.utf8.allSatisfy({ Place.isHexadecimal($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
                else {
                    throw refused("has no IPv6 address between its brackets")
                }
            } else {
                host = authority.prefix { $0 != ":" }
                rest = authority.dropFirst(host.count)
                guard !host.isEmpty, host.utf8.allSatisfy({ Place.isHostByte($0) }) else { throw refused("has no host name") }
            }
            if !rest.isEmpty {
                guard rest.removeFirst() == ":", rest.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(rest), port > 0
                else {
                    throw refused("has a port that is not a number from 1 to 65535")
                }
            }
            self.scheme = scheme
            self.host = host.lowercased()
        }

        /// `127.0.0.1.example.org` and `127.1` are not loopback: four numbers, the first of them 127.
        var isLoopback: Bool {
            if host == "localhost" || host == "[::1]" { return true }
            let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
            return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
        }

        private static func isHostByte(_ byte: UInt8) -> Bool {
            HeaderText.isLetterOrDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }

        private static func isHexadecimal(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
        }
    }
}
