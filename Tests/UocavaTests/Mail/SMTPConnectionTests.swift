import Foundation
import Mail
import Testing

@Suite("Delivery by SMTP") struct SMTPConnectionTests {
    // MARK: What a relay says to a letter

    @Test("Letters go over one connection, and arrive byte for byte")
    func acceptedAndReused() async throws {
        let letter = Array("Subject: Dots\r\n\r\n.\r\n..\r\n.hidden\r\nno dot\r\n...\r\n".utf8)
        let run = try await MailRelay().run(["one@example.org", "two@example.org", "o'three@example.org"], letter: letter)
        #expect(run.outcomes == (1...3).map { .accepted(reply: "250 2.0.0 queued as \($0)") })
        #expect(run.connections == 1)
        #expect(run.letters == [letter, letter, letter])
        #expect(run.envelopes.map { $0.split(separator: " ").last } == ["one@example.org", "two@example.org", "o'three@example.org"])
        #expect(run.envelopes.allSatisfy { $0.hasPrefix("office@example.gov ") })
    }

    @Test("A letter whose gate is shut is put off when the relay is ready for it: nothing of it leaves")
    func gate() async throws {
        let run = try await MailRelay().run(["one@example.org", "two@example.org"], gates: [false, true])
        guard case .deferred(_, let reply)? = run.outcomes.first else {
            Issue.record("\(run.outcomes)")
            return
        }
        #expect(reply.contains("it was not accepted"))
        #expect(run.outcomes.last == .accepted(reply: "250 2.0.0 queued as 1"))
        #expect(run.letters.count == 1 && run.envelopes.last?.hasSuffix("two@example.org") == true)
    }

    @Test("A letter of megabytes arrives whole")
    func large() async throws {
        let letter = Array("Subject: Large\r\n\r\n".utf8) + (0..<60_000).flatMap { Array(".line \($0)\r\n".utf8) }
        let run = try await MailRelay().run(["one@example.org"], letter: letter)
        #expect(run.letters == [letter])
    }

    @Test("450 at RCPT defers the letter, and the next one is taken")
    func deferredAtRecipient() async throws {
        let run = try await MailRelay().run(["grey@example.org", "one@example.org"])
        #expect(run.outcomes == [.deferred(code: 450, reply: "450 4.2.0 come back later"), .accepted(reply: "250 2.0.0 queued as 1")])
    }

    @Test("550 at RCPT refuses the letter, and the reply that is kept does not name the recipient")
    func refusedAtRecipient() async throws {
        let run = try await MailRelay().run(["unknown@example.org", "one@example.org"])
        #expect(
            run.outcomes == [
                .refused(
                    code: 550, reply: "550 5.1.1 <recipient>: Recipient address rejected: 5.1.1 User <recipient> (<recipient>)"),
                .accepted(reply: "250 2.0.0 queued as 1")
            ])
    }

    @Test("550 at MAIL refuses the sender, which is no fault of the letter: the relay is out for us, and its reply is kept")
    func refusedAtSender() async throws {
        let run = try await MailRelay().run(["one@example.org"], from: "stranger@example.gov")
        #expect(run.outcomes == [.unreachable(reason: "the relay refuses the sender: 550 5.7.1 sender not known here")])
    }

    @Test("A reply that is kept has no address, link, token or control character in it, and is short")
    func replyIsSafe() async throws {
        let run = try await MailRelay().run(["quote@example.org", "long@example.org"])
        #expect(
            run.outcomes.first
                == .refused(
                    code: 550, reply: "550 5.1.1 <recipient> no such user, was moved to <address>, see <link> and token <token> [31m"))
        guard case .refused(550, let reply) = run.outcomes.last else {
            Issue.record("\(run.outcomes)")
            return
        }
        #expect(reply.count == 200)
    }

    @Test("451 after the dot defers the letter, 554 refuses it, another 2xx accepts it")
    func afterTheDot() async throws {
        let run = try await MailRelay().run(["nodisk@example.org", "junk@example.org", "odd@example.org", "one@example.org"])
        #expect(
            run.outcomes == [
                .deferred(code: 451, reply: "451 4.3.1 disk full"), .refused(code: 554, reply: "554 5.7.1 this looks like spam"),
                .accepted(reply: "252 2.0.0 taken, more or less"), .accepted(reply: "250 2.0.0 queued as 1")
            ])
    }

    @Test("530 is an outage of the relay, not the letter's fault")
    func loginDemanded() async throws {
        let run = try await MailRelay().run(["login@example.org"])
        #expect(run.outcomes == [.unreachable(reason: "530 5.7.0 Authentication required")])
    }

    // MARK: Lost connections

    @Test("A connection lost after the dot leaves it unknown, and says so; the next letter connects again")
    func droppedAfterTheDot() async throws {
        let run = try await MailRelay().run(["drop@example.org", "one@example.org"])
        guard case .deferred(0, let reply) = run.outcomes.first else {
            Issue.record("\(run.outcomes)")
            return
        }
        #expect(reply.contains("unknown whether it was accepted"))
        #expect(run.outcomes.last == .accepted(reply: "250 2.0.0 queued as 1"))
        #expect(run.connections == 2)
    }

    @Test("A connection lost at RCPT defers the letter, and says that it was not accepted")
    func droppedBeforeTheLetter() async throws {
        let run = try await MailRelay().run(["hangup@example.org", "one@example.org"])
        guard case .deferred(0, let reply) = run.outcomes.first else {
            Issue.record("\(run.outcomes)")
            return
        }
        #expect(reply.contains("it was not accepted"))
        #expect(run.outcomes.last == .accepted(reply: "250 2.0.0 queued as 1"))
        #expect(run.envelopes == ["office@example.gov one@example.org"])
    }

    @Test("A relay that does not answer after the dot is given up at the time limit, and that leaves it unknown")
    func silentAfterTheDot() async throws {
        let run = try await MailRelay().run(["slow@example.org"]) { port, _ in
            SMTPServer(url: "smtp://127.0.0.1:\(port)", tls: .none, connectTimeout: 2, timeout: 2)
        }
        guard case .deferred(0, let reply) = run.outcomes.first else {
            Issue.record("\(run.outcomes)")
            return
        }
        #expect(reply.contains("unknown whether it was accepted"))
    }

    @Test("A connection that went stale is replaced at once, and the letter goes out once")
    func stale() async throws {
        for relay in [MailRelay(hangUpAtSecondMail: true), MailRelay(closingAtSecondMail: true)] {
            let run = try await relay.run(["one@example.org", "two@example.org", "three@example.org"])
            #expect(run.outcomes == (1...3).map { .accepted(reply: "250 2.0.0 queued as \($0)") })
            #expect(run.connections == 2)
        }
        let run = try await MailRelay(hangUpAfterLetter: true).run(["one@example.org", "two@example.org"], pause: 0.3)
        #expect(run.outcomes == (1...2).map { .accepted(reply: "250 2.0.0 queued as \($0)") })
        #expect(run.connections == 2)
    }

    @Test("Nobody listening, a relay that says nothing, and one that greets with 421 or 554 are unreachable")
    func unreachable() async throws {
        // A port that was free a moment ago: the relay that had it is gone.
        let free = try await mailOnOwnThread { try mailFreePort() }
        let nobody = try await mailOnOwnThread {
            try SMTPConnection(SMTPServer(url: "smtp://127.0.0.1:\(free)", tls: .none)).send(
                Array("Subject: x\r\n\r\n".utf8), from: "a@b.org", to: "c@d.org")
        }
        guard case .unreachable = nobody else {
            Issue.record("\(nobody)")
            return
        }

        for greeting in ["silence", "421 4.3.2 too many connections", "554 5.7.1 go away"] {
            let run = try await MailRelay(greeting: greeting).run(["one@example.org"]) { port, _ in
                SMTPServer(url: "smtp://127.0.0.1:\(port)", tls: .none, connectTimeout: 1, timeout: 5)
            }
            guard case .unreachable(let reason) = run.outcomes.first else {
                Issue.record("\(greeting): \(run.outcomes)")
                return
            }
            #expect(greeting == "silence" || reason.contains(greeting))
        }
    }

    @Test("A closed connection sends nothing, and an address with a line break never reaches the relay")
    func notSent() throws {
        let connection = try SMTPConnection(SMTPServer(url: "smtp://127.0.0.1:1", tls: .none))
        let letter = Array("Subject: x\r\n\r\n".utf8)
        #expect(
            connection.send(letter, from: "a@b.org", to: "c@d.org>\r\nRCPT TO:<e@f.org")
                == .refused(code: 0, reply: "the recipient's address is not valid"))
        #expect(
            connection.send(letter, from: "a@b.org\r\nDATA", to: "c@d.org") == .unreachable(reason: "the sender's address is not valid")
        )
        #expect(connection.send([], from: "a@b.org", to: "c@d.org") == .refused(code: 0, reply: "the letter is empty"))
        connection.close()
        #expect(connection.send(letter, from: "a@b.org", to: "c@d.org") == .unreachable(reason: "the connection has been closed"))
    }

    // MARK: TLS

    @Test("STARTTLS with the right authority delivers, over one connection")
    func startTLS() async throws {
        let run = try await MailRelay(startTLS: true).run(["one@example.org", "two@example.org"]) { port, folder in
            SMTPServer(url: "smtp://localhost:\(port)", caFile: folder.appendingPathComponent("ca.pem").path)
        }
        #expect(run.outcomes == (1...2).map { .accepted(reply: "250 2.0.0 queued as \($0)") })
        #expect(run.connections == 1)
    }

    @Test("TLS from the first byte delivers as well")
    func implicitTLS() async throws {
        let run = try await MailRelay(implicitTLS: true).run(["one@example.org"]) { port, folder in
            SMTPServer(url: "smtps://localhost:\(port)", caFile: folder.appendingPathComponent("ca.pem").path)
        }
        #expect(run.outcomes == [.accepted(reply: "250 2.0.0 queued as 1")])
    }

    @Test(
        "TLS that proves nothing is unreachable and sends nothing: another authority, the system's, another host name, no STARTTLS at all",
        arguments: ["other.pem", "", "missing.pem", "name", "plain"])
    func tlsRefused(_ flaw: String) async throws {
        let run = try await MailRelay(startTLS: flaw != "plain").run(["one@example.org"]) { port, folder in
            let file = flaw.hasSuffix(".pem") ? flaw : "ca.pem"
            return SMTPServer(
                url: "smtp://\(flaw == "name" ? "127.0.0.1" : "localhost"):\(port)",
                caFile: flaw.isEmpty ? "" : folder.appendingPathComponent(file).path)
        }
        guard case .unreachable(let reason) = run.outcomes.first else {
            Issue.record("\(flaw): \(run.outcomes)")
            return
        }
        #expect(!reason.isEmpty)
        #expect(run.envelopes.isEmpty)
    }

    // MARK: Login

    @Test("A login works by PLAIN, LOGIN and CRAM-MD5", arguments: ["", "PLAIN", "LOGIN", "CRAM-MD5"])
    func login(_ mechanism: String) async throws {
        let run = try await MailRelay(auth: true, mechanism: mechanism).run(["one@example.org", "two@example.org"]) { port, _ in
            SMTPServer(url: "smtp://127.0.0.1:\(port)", tls: .none, user: "office", password: SMTPPassword("right one"))
        }
        #expect(run.outcomes == (1...2).map { .accepted(reply: "250 2.0.0 queued as \($0)") })
        #expect(run.logins == [mechanism.isEmpty ? "PLAIN" : mechanism])
    }

    @Test("A wrong password is an outage of the relay, and the password is not in the reason", arguments: ["PLAIN", "LOGIN", "CRAM-MD5"])
    func wrongLogin(_ mechanism: String) async throws {
        let run = try await MailRelay(auth: true, mechanism: mechanism).run(["one@example.org"]) { port, _ in
            SMTPServer(url: "smtp://127.0.0.1:\(port)", tls: .none, user: "office", password: SMTPPassword("DATA wrong"))
        }
        guard case .unreachable(let reason) = run.outcomes.first else {
            Issue.record("\(run.outcomes)")
            return
        }
        #expect(reason.contains("535"))
        #expect(!reason.contains("wrong"))
    }

    @Test("The mechanism that is asked for is used, whatever else is offered", arguments: SMTPServer.Mechanism.allCases)
    func chosenLogin(_ mechanism: SMTPServer.Mechanism) async throws {
        let run = try await MailRelay(auth: true, mechanism: "every").run(["one@example.org", "two@example.org"]) { port, _ in
            SMTPServer(
                url: "smtp://127.0.0.1:\(port)", tls: .none, user: "office", password: SMTPPassword("right one"), mechanism: mechanism)
        }
        #expect(run.outcomes == (1...2).map { .accepted(reply: "250 2.0.0 queued as \($0)") })
        #expect(run.logins == [mechanism.rawValue.uppercased()])
    }

    @Test("A mechanism that is not offered is not replaced by another", arguments: SMTPServer.Mechanism.allCases)
    func chosenLoginMissing(_ mechanism: SMTPServer.Mechanism) async throws {
        let run = try await MailRelay(auth: true, mechanism: mechanism == .plain ? "LOGIN" : "PLAIN").run(["one@example.org"]) { port, _ in
            SMTPServer(
                url: "smtp://127.0.0.1:\(port)", tls: .none, user: "office", password: SMTPPassword("right one"), mechanism: mechanism)
        }
        #expect(run.outcomes == [.unreachable(reason: "the relay offers no login that we can use")])
        #expect(run.logins.isEmpty)
    }

    @Test("An access token that is refused is an outage with its reason, without the token")
    func refusedToken() async throws {
        let run = try await MailRelay(auth: true, mechanism: "XOAUTH2").run(["one@example.org", "two@example.org"]) { port, _ in
            SMTPServer(
                url: "smtp://127.0.0.1:\(port)", tls: .none, user: "office", password: SMTPPassword("ya29.wrong"), mechanism: .xoauth2)
        }
        #expect(run.outcomes == (1...2).map { _ in .unreachable(reason: "the relay refuses the access token: status 401") })
        #expect(run.envelopes.isEmpty)
    }

    @Test("A relay that quotes the login in its refusal does not get it into the reason")
    func quotedLogin() async throws {
        let password = "hunter2!"
        let forms = [password, Data(password.utf8).base64EncodedString(), Data("\0office\0\(password)".utf8).base64EncodedString()]
        let script = forms.map { MailHostileServer.Deed(at: "auth", deed: "reply", text: "535 5.7.8 cannot take \($0), nor \($0)!") }
        let outcomes = try await mailOnOwnThread {
            let folder = try mailTestFolder()
            defer { try? FileManager.default.removeItem(at: folder) }
            let relay = try MailHostileServer(scripts: [script], auth: true).start(in: folder)
            defer { relay.stop() }
            let connection = try SMTPConnection(
                SMTPServer(url: "smtp://127.0.0.1:\(relay.port)", tls: .none, user: "office", password: SMTPPassword(password)))
            return forms.map { _ in connection.send(Array("Subject: x\r\n\r\n".utf8), from: "a@example.org", to: "b@example.org") }
        }
        #expect(
            outcomes
                == forms.map { _ in .unreachable(reason: "the relay refuses the login: 535 5.7.8 cannot take <secret>, nor <secret>!") })
    }

    @Test("A relay that offers no login when there should be one gets no letter", arguments: ["one@example.org", "unknown@example.org"])
    func noLoginOffered(_ recipient: String) async throws {
        let run = try await MailRelay().run([recipient, recipient]) { port, _ in
            SMTPServer(url: "smtp://127.0.0.1:\(port)", tls: .none, user: "office", password: SMTPPassword("right one"))
        }
        #expect(
            run.outcomes == [
                .unreachable(reason: "the relay offers no login that we can use"),
                .unreachable(reason: "the relay offers no login that we can use")
            ])
        #expect(run.envelopes.isEmpty)
    }
}

@Suite("A relay's settings") struct SMTPServerTests {
    @Test("No TLS is for this machine only")
    func loopback() throws {
        for url in [
            "smtp://localhost:2525", "smtp://LOCALHOST", "smtp://127.0.0.1:2525", "smtp://127.9.8.7", "smtp://[::1]:25",
            "smtp://127.0.0.1:25/ehlo.name"
        ] {
            #expect(throws: Never.self) { try SMTPServer.validate(SMTPServer(url: url, tls: .none)) }
        }
        for url in [
            "smtp://relay.example.gov", "smtp://127.0.0.1.example.org", "smtp://127.1", "smtp://[::2]", "smtp://0.0.0.0",
            "smtp://localhost.example.org",
            "smtps://localhost", "smtp://127.0.0.256"
        ] {
            #expect(throws: MailError.self) { try SMTPServer.validate(SMTPServer(url: url, tls: .none)) }
        }
        #expect(throws: MailError.self) { _ = try SMTPConnection(SMTPServer(url: "smtp://relay.example.gov", tls: .none)) }
        #expect(throws: Never.self) { try SMTPServer.validate(SMTPServer(url: "smtps://relay.example.gov:465")) }
    }

    @Test("A URL that is not plainly a relay is refused")
    func urls() {
        for url in [
            "", "relay.example.gov", "http://relay.example.gov", "SMTP://x", "smtp://", "smtp://:25", "smtp://host:", "smtp://host:0",
            "smtp://host:65536",
            "smtp://host:25:26", "smtp://user:secret@host", "smtp://host?x", "smtp://host#x", "smtp://host/a/b", "smtp://ho st",
            "smtp://host\r\n", "smtp://[::1",
            "smtp://[]", "smtp://[::1]x", "smtp://höst", "smtp://host:+25", "smtp://[fe80::1%25eth0]"
        ] {
            let error = #expect(throws: MailError.self) { try SMTPServer.validate(SMTPServer(url: url)) }
            #expect(error?.code == .badURL)
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test("A login needs a user and a password that can be sent, and time limits make sense")
    func loginAndLimits() {
        func code(_ server: SMTPServer) -> MailError.Code? { #expect(throws: MailError.self) { try SMTPServer.validate(server) }?.code }
        #expect(code(SMTPServer(url: "smtp://h", user: "office")) == .badLogin)
        #expect(code(SMTPServer(url: "smtp://h", user: "office", password: SMTPPassword(""))) == .badLogin)
        #expect(code(SMTPServer(url: "smtp://h", user: "office", password: SMTPPassword("secret\n"))) == .badLogin)
        #expect(code(SMTPServer(url: "smtp://h", user: "of\0fice", password: SMTPPassword("x"))) == .badLogin)
        #expect(code(SMTPServer(url: "smtp://h", mechanism: .plain)) == .badLogin)
        #expect(code(SMTPServer(url: "smtp://h", timeout: 0)) == .badTimeout)
        #expect(throws: Never.self) { try SMTPServer.validate(SMTPServer(url: "smtp://h", user: "", caFile: "")) }
    }

    @Test("A password does not print")
    func passwordPrints() {
        let server = SMTPServer(url: "smtp://h", user: "office", password: SMTPPassword("hunter2"))
        var dumped = ""
        dump(server, to: &dumped)
        for text in ["\(server)", String(reflecting: server), dumped] { #expect(!text.contains("hunter2")) }
    }
}

/// A port on loopback that nobody listens on.
private func mailFreePort() throws -> Int {
    let folder = try mailTestFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let code = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
    let output = try mailTestProgram("/usr/bin/python3", ["-c", code], in: folder)
    guard let port = Int(String(decoding: output, as: UTF8.self).filter(\.isNumber)) else { throw MailTestFailure(what: "no free port") }
    return port
}
