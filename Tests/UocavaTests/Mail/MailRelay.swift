import Foundation
import Mail

/// A real SMTP server on loopback for one test: Debian's aiosmtpd, driven by a small script in a temporary folder.
struct MailRelay: Codable, Sendable {
    /// STARTTLS with the certificate for `localhost` from ``MailTestCertificates``.
    var startTLS = false
    /// TLS from the first byte (`smtps://`).
    var implicitTLS = false
    /// AUTH is offered and demanded, for user `office` with password `right one`, which is also the access token of XOAUTH2.
    var auth = false
    /// The only mechanism offered; empty for the server's own PLAIN and LOGIN, `every` for all of them.
    var mechanism = ""
    /// Closes the connection without a word at the second MAIL of the first connection.
    var hangUpAtSecondMail = false
    /// Answers 421 at the second MAIL of the first connection.
    var closingAtSecondMail = false
    /// Hangs up after each letter, as a relay with a short idle limit does.
    var hangUpAfterLetter = false
    /// Says this instead of greeting, or nothing at all for `silence`; empty for a real server.
    var greeting = ""

    /// What came of a run: the outcomes in the order of the letters, and what the relay saw.
    struct Run: Sendable {
        var outcomes: [SMTPOutcome]
        var connections: Int
        /// The accepted letters' bytes, dots undoubled.
        var letters: [[UInt8]]
        /// `sender recipient` of each accepted letter.
        var envelopes: [String]
        /// The mechanisms of logins that succeeded.
        var logins: [String]
    }

    /// Starts the relay, sends letters over one connection, and stops it. On a thread of its own, because sending blocks.
    ///
    /// - Parameters:
    ///   - recipients: one letter for each; the local part tells the relay how to behave (see the script).
    ///   - gates: whether the gate of each letter is open; the rest are.
    ///   - server: how to reach it, from its port and the test's folder.
    func run(
        _ recipients: [String], letter: [UInt8] = Array("Subject: Hello\r\n\r\nHello.\r\n".utf8), from: String = "office@example.gov",
        pause: Double = 0, gates: [Bool] = [],
        server: @escaping @Sendable (_ port: Int, _ folder: URL) -> SMTPServer = { port, _ in
            SMTPServer(url: "smtp://127.0.0.1:\(port)", tls: .none, connectTimeout: 10, timeout: 10)
        }
    ) async throws -> Run {
        try await mailOnOwnThread {
            let folder = try mailTestFolder()
            defer { try? FileManager.default.removeItem(at: folder) }
            if startTLS || implicitTLS { try MailTestCertificates.make(in: folder) }
            try Self.script.write(to: folder.appendingPathComponent("relay.py"), atomically: true, encoding: .utf8)
            try JSONEncoder().encode(self).write(to: folder.appendingPathComponent("options.json"))

            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
            process.arguments = [folder.appendingPathComponent("relay.py").path, folder.path]
            process.standardError = FileHandle.nullDevice
            try process.run()
            defer {
                // Not SIGTERM: a child of a worker thread inherits that thread's mask, which blocks it.
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            let port = try Self.port(in: folder, of: process)

            var isOpen = true
            let connection = try SMTPConnection(server(port, folder)) { isOpen }
            var outcomes: [SMTPOutcome] = []
            for (index, recipient) in recipients.enumerated() {
                isOpen = index < gates.count ? gates[index] : true
                if !outcomes.isEmpty, pause > 0 { Thread.sleep(forTimeInterval: pause) }
                outcomes.append(connection.send(letter, from: from, to: recipient))
            }
            connection.close()

            func lines(_ name: String) -> [String] {
                let text = (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? ""
                return text.split(separator: "\n").map(String.init)
            }
            let envelopes = lines("envelopes")
            let letters = try envelopes.indices.map { try [UInt8](Data(contentsOf: folder.appendingPathComponent("letter-\($0)"))) }
            return Run(
                outcomes: outcomes, connections: lines("connections").count, letters: letters, envelopes: envelopes, logins: lines("logins")
            )
        }
    }

    private static func port(in folder: URL, of process: Process) throws -> Int {
        for _ in 0..<1500 {
            if let text = try? String(contentsOf: folder.appendingPathComponent("port"), encoding: .utf8), let port = Int(text) {
                return port
            }
            guard process.isRunning else { break }
            Thread.sleep(forTimeInterval: 0.02)
        }
        throw MailTestFailure(what: "the relay did not start; is python3-aiosmtpd installed?")
    }

    private static let script = #"""
        import asyncio, base64, hmac, json, os, ssl, sys
        from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, MISSING

        folder = sys.argv[1]
        options = json.load(open(os.path.join(folder, "options.json")))
        connections = 0
        letters = 0

        def note(name, line):
            with open(os.path.join(folder, name), "a") as file:
                file.write(line + "\n")

        def check(server, session, envelope, mechanism, data):
            good = isinstance(data, LoginPassword) and data.login == b"office" and data.password == b"right one"
            if good:
                note("logins", mechanism)
            return AuthResult(success=good, handled=False)

        class Relay(SMTP):
            mails = 0
            number = 0

            def connection_made(self, transport):
                global connections
                if self.number == 0:
                    connections += 1
                    self.number = connections
                    note("connections", str(self.number))
                super().connection_made(transport)

            async def auth_CRAM__MD5(self, server, args):
                challenge = b"<1896.697170952@localhost>"
                answer = await self.challenge_auth(challenge)
                if answer is MISSING:
                    return AuthResult(success=False)
                user, digest = answer.split(b" ", 1)
                good = user == b"office" and digest.decode() == hmac.new(b"right one", challenge, "md5").hexdigest()
                if good:
                    note("logins", "CRAM-MD5")
                return AuthResult(success=good, handled=False)

            async def auth_XOAUTH2(self, server, args):
                answer = base64.b64decode(args[1]) if len(args) > 1 else await self.challenge_auth(b"")
                if answer == b"user=office\x01auth=Bearer right one\x01\x01":
                    note("logins", "XOAUTH2")
                    return AuthResult(success=True, handled=False)
                # The refusal: an explanation that is to be answered by an empty line, and only then 535. Here it quotes the token.
                if answer is not MISSING:
                    said = json.dumps({"status": "401", "schemes": "bearer", "scope": "mail", "got": answer.decode()})
                    await self.challenge_auth(said.encode())
                return AuthResult(success=False, handled=False)

        class Handler:
            async def handle_MAIL(self, server, session, envelope, address, mail_options):
                server.mails += 1
                if server.number == 1 and server.mails == 2:
                    if options["hangUpAtSecondMail"]:
                        server.transport.abort()
                        return "250 never seen"
                    if options["closingAtSecondMail"]:
                        return "421 4.4.2 idle for too long, closing"
                if address.startswith("stranger"):
                    return "550 5.7.1 sender not known here"
                envelope.mail_from = address
                envelope.mail_options.extend(mail_options)
                return "250 2.1.0 sender fine"

            async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
                local = address.split("@")[0]
                answers = {
                    "grey": "450 4.2.0 come back later",
                    "unknown": "550-5.1.1 <" + address + ">: Recipient address rejected:\r\n"
                               + "550 5.1.1 User unknown (" + address.upper() + ")",
                    "quote": "550 5.1.1 quote: no such user, was moved to other@example.net, see https://relay.example/b/abcdefgh and "
                             + "token abcdefghijklmnopqrstuvwxyz234567\x07\x1b[31m",
                    "long": "550 5.1.1 " + "many words " * 40,
                    "login": "530 5.7.0 Authentication required",
                }
                if local == "hangup":
                    server.transport.abort()
                if local in answers:
                    return answers[local]
                envelope.rcpt_tos.append(address)
                return "250 2.1.5 recipient fine"

            async def handle_DATA(self, server, session, envelope):
                global letters
                local = envelope.rcpt_tos[0].split("@")[0]
                if local == "nodisk":
                    return "451 4.3.1 disk full"
                if local == "junk":
                    return "554 5.7.1 this looks like spam"
                if local == "odd":
                    return "252 2.0.0 taken, more or less"
                if local == "drop":
                    server.transport.abort()
                    return "250 never seen"
                if local == "slow":
                    await asyncio.sleep(30)
                with open(os.path.join(folder, "letter-%d" % letters), "wb") as file:
                    file.write(envelope.content)
                note("envelopes", envelope.mail_from + " " + envelope.rcpt_tos[0])
                letters += 1
                if options["hangUpAfterLetter"]:
                    asyncio.get_running_loop().call_later(0.05, server.transport.close)
                return "250 2.0.0 queued as %d" % letters

        def context():
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            made.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
            return made

        def relay():
            settings = {"enable_SMTPUTF8": False, "hostname": "relay.test"}
            if options["startTLS"]:
                settings.update(tls_context=context(), require_starttls=True)
            if options["auth"]:
                settings.update(authenticator=check, auth_required=True, auth_require_tls=False)
                # Without a choice of its own, the server offers what it comes with; `every` is all it knows.
                offered = {"LOGIN", "PLAIN", "CRAM-MD5", "XOAUTH2"}
                wanted = {options["mechanism"]} if options["mechanism"] else {"LOGIN", "PLAIN"}
                if options["mechanism"] == "every":
                    wanted = offered
                settings.update(auth_exclude_mechanism=list(offered - wanted))
            return Relay(Handler(), **settings)

        async def greet(reader, writer):
            note("connections", "1")
            if options["greeting"] != "silence":
                writer.write(options["greeting"].encode() + b"\r\n")
                await writer.drain()
            await reader.read()
            writer.close()

        async def main():
            loop = asyncio.get_running_loop()
            if options["greeting"]:
                server = await asyncio.start_server(greet, "127.0.0.1", 0)
            else:
                server = await loop.create_server(relay, "127.0.0.1", 0, ssl=context() if options["implicitTLS"] else None)
            path = os.path.join(folder, "port")
            with open(path + ".new", "w") as file:
                file.write(str(server.sockets[0].getsockname()[1]))
            os.rename(path + ".new", path)
            await server.serve_forever()

        asyncio.run(main())
        """#
}

/// A test authority, a server certificate for `localhost` from it, and another authority that signed nothing.
enum MailTestCertificates {
    static func make(in folder: URL) throws {
        let extensions = "subjectAltName=DNS:localhost\n"
        try extensions.write(to: folder.appendingPathComponent("names"), atomically: true, encoding: .utf8)
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        for name in ["ca", "other"] {
            try mailOpenSSL(
                ["req", "-x509", "-days", "2", "-subj", "/CN=Test authority \(name)", "-keyout", "\(name).key", "-out", "\(name).pem"]
                    + key, in: folder)
        }
        try mailOpenSSL(["req", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"] + key, in: folder)
        try mailOpenSSL(
            [
                "x509", "-req", "-days", "2", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile",
                "names", "-out",
                "server.pem"
            ], in: folder)
    }

    private static func mailOpenSSL(_ arguments: [String], in folder: URL) throws {
        _ = try mailTestProgram("/usr/bin/openssl", arguments, in: folder)
    }
}

/// Something went wrong with a test's own machinery.
struct MailTestFailure: Error {
    let what: String
}

/// Runs blocking work on a thread of its own, so that it does not hold up the other tests on the pool.
func mailOnOwnThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}

/// A new temporary folder.
func mailTestFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-mail-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}

/// Runs a program to its end and returns what it wrote; a failure carries what it complained about.
func mailTestProgram(_ path: String, _ arguments: [String], in folder: URL) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    // Files instead of pipes: nothing to drain, nothing to fill up.
    let output = folder.appendingPathComponent("output-\(UUID().uuidString)")
    let errors = folder.appendingPathComponent("errors-\(UUID().uuidString)")
    for file in [output, errors] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw MailTestFailure(what: (try? String(contentsOf: errors, encoding: .utf8)) ?? "\(path) failed")
    }
    return try Data(contentsOf: output)
}
