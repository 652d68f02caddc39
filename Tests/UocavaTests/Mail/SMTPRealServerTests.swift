import Foundation
import Mail
import Testing

/// Whether Debian's servers can be run here; the reason where not.
private let mailPostfixMissing = MailRealServer.Kind.postfix.missing
private let mailEximMissing = MailRealServer.Kind.exim.missing

@Suite(
    "Debian's Postfix", .serialized, .enabled(if: mailPostfixMissing == nil, "\(mailPostfixMissing ?? "")"))
struct SMTPPostfixTests {
    @Test(
        "STARTTLS with its own authority and a login deliver letters, over one connection, byte for byte",
        arguments: [nil, .plain, .login, .cramMD5] as [SMTPServer.Mechanism?])
    func delivers(_ mechanism: SMTPServer.Mechanism?) async throws { try await mailRealDelivery(.postfix, mechanism) }

    @Test("What is wrong with the login or with TLS is an outage, and no letter travels", arguments: MailRealFault.allCases)
    func outage(_ fault: MailRealFault) async throws { try await mailRealOutage(.postfix, fault) }

    @Test("Nobody of that name and too large a letter are refused by class, and the letters between them arrive")
    func refusals() async throws { try await mailRealRefusals(.postfix, unknown: "550 5.1.1", large: .size) }

    @Test("Its limit of messages defers a letter, its limit of connections is an outage")
    func limits() async throws {
        var server = MailRealServer(.postfix)
        server.messagesPerMinute = 2
        let deferred = try await mailRealRun(server) { running, connection in
            (0..<3).map { _ in connection.send(mailRealLetter(1), from: "a@example.gov", to: "voter@example.org") }
        }
        #expect(deferred.map(mailRealWord) == ["accepted", "accepted", "deferred"])
        guard case .deferred(450, let reply) = deferred[2] else {
            Issue.record("\(deferred)")
            return
        }
        #expect(reply.contains("4.7.1"))
        server.messagesPerMinute = 0
        // The look whether it is up is a connection as well.
        server.connectionsPerMinute = 2
        let outcomes = try await mailRealRun(server) { running, connection in
            let first = connection.send(mailRealLetter(1), from: "a@example.gov", to: "voter@example.org")
            guard let other = try? SMTPConnection(mailRealAddress(running)) else { return [first] }
            return [first, other.send(mailRealLetter(2), from: "a@example.gov", to: "voter@example.org")]
        }
        #expect(outcomes.map(mailRealWord) == ["accepted", "unreachable"])
        guard case .unreachable(let reason) = outcomes.last else { return }
        #expect(reason.contains("421 4.7.0"))
    }
}

@Suite(
    "Debian's Exim", .serialized, .enabled(if: mailEximMissing == nil, "\(mailEximMissing ?? "")"))
struct SMTPEximTests {
    @Test(
        "STARTTLS with its own authority and a login deliver letters, over one connection, byte for byte",
        arguments: [nil, .plain, .login] as [SMTPServer.Mechanism?])
    func delivers(_ mechanism: SMTPServer.Mechanism?) async throws { try await mailRealDelivery(.exim, mechanism) }

    @Test("What is wrong with the login or with TLS is an outage, and no letter travels", arguments: MailRealFault.allCases)
    func outage(_ fault: MailRealFault) async throws { try await mailRealOutage(.exim, fault) }

    @Test("Nobody of that name and too large a letter are refused by class, and the letters between them arrive")
    func refusals() async throws { try await mailRealRefusals(.exim, unknown: "550 no such user here", large: .size) }
}

// MARK: The same for both

/// What is wrong between us and a server.
enum MailRealFault: String, Sendable, CaseIterable {
    case wrongPassword, wrongUser, missingMechanism, expired, otherName, otherAuthority, noTLS, system
}

/// A letter with what servers like to change: dots, long lines, trailing spaces, 8-bit text.
private func mailRealLetter(_ number: Int, size: Int = 0) -> [UInt8] {
    var text = "From: office@example.gov\r\nTo: voter@example.org\r\nSubject: Letter \(number)\r\nMessage-ID: <\(number)@example.gov>\r\n"
    text +=
        "Date: Mon, 2 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    text += "Content-Transfer-Encoding: 8bit\r\n\r\n"
    text += ".\r\n..\r\n.hidden\r\nFrom here\r\ntrailing  \r\n\t\r\nñandú ↯\r\n" + String(repeating: "x", count: 990) + "\r\n\r\n.\r\n"
    return Array(text.utf8) + Array(repeating: Array("a line of it\r\n".utf8), count: size / 14).joined()
}

private func mailRealAddress(_ running: MailRealServer.Running, _ change: (inout SMTPServer) -> Void = { _ in }) -> SMTPServer {
    var server = SMTPServer(
        url: "smtp://localhost:\(running.port)", user: MailRealServer.user, password: SMTPPassword(MailRealServer.password),
        caFile: running.authority, connectTimeout: 60, timeout: 60)
    change(&server)
    return server
}

private func mailRealRun<Value: Sendable>(
    _ server: MailRealServer, _ change: @escaping @Sendable (inout SMTPServer) -> Void = { _ in },
    _ work: @escaping @Sendable (MailRealServer.Running, SMTPConnection) throws -> Value
) async throws -> Value {
    try await mailOnOwnThread {
        let folder = try mailTestFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let running = try server.start(in: folder)
        defer { running.stop() }
        let connection = try SMTPConnection(mailRealAddress(running, change))
        defer { connection.close() }
        return try work(running, connection)
    }
}

private func mailRealDelivery(_ kind: MailRealServer.Kind, _ mechanism: SMTPServer.Mechanism?) async throws {
    let letters = (0..<3).map { mailRealLetter($0) }
    let login: @Sendable (inout SMTPServer) -> Void = { $0.mechanism = mechanism }
    let (outcomes, boxes, log) = try await mailRealRun(MailRealServer(kind), login) { running, connection in
        let outcomes = letters.map { connection.send($0, from: "bounces+1@example.gov", to: "voter@example.org") }
        return (outcomes, try running.delivered(3), running.log)
    }
    #expect(outcomes.map(mailRealWord) == ["accepted", "accepted", "accepted"], "\(outcomes)")
    #expect(boxes.count == 3)
    // Mailboxes have the system's line ends. The server's own lines come before the letter.
    for letter in letters {
        let stored = letter.filter { $0 != 0x0D }
        #expect(boxes.filter { $0.count > stored.count && $0.suffix(stored.count).elementsEqual(stored) }.count == 1)
    }
    #expect(
        boxes.allSatisfy { String(decoding: $0.prefix(1000), as: UTF8.self).contains("Return-path: <bounces+1@example.gov>".dropFirst(8)) })
    if kind == .postfix {
        #expect(log.components(separatedBy: ": connect from").count - 1 <= 2, "one connection, and the look whether it is up")
    }
    if let mechanism {
        #expect(log.lowercased().contains(kind == .postfix ? "sasl_method=\(mechanism.rawValue)" : "a=\(mechanism.rawValue)"))
    }
}

private func mailRealOutage(_ kind: MailRealServer.Kind, _ fault: MailRealFault) async throws {
    var server = MailRealServer(kind)
    server.flaw = MailRealServer.Flaw(rawValue: fault.rawValue)
    let (outcomes, boxes) = try await mailRealRun(
        server,
        { address in
            switch fault {
            case .wrongPassword: address.password = SMTPPassword("wrong one")
            case .wrongUser: address.user = "nobody"
            case .missingMechanism: address.mechanism = .xoauth2
            case .system: address.caFile = nil
            default: break
            }
        },
        { running, connection in
            let outcomes = (0..<2).map { connection.send(mailRealLetter($0), from: "office@example.gov", to: "voter@example.org") }
            return (outcomes, try running.delivered(0))
        })
    for outcome in outcomes {
        guard case .unreachable(let reason) = outcome else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(!reason.contains("wrong one") && !reason.contains(MailRealServer.password))
        switch fault {
        case .wrongPassword, .wrongUser: #expect(reason.contains("refuses the login: 535"), "\(reason)")
        case .missingMechanism: #expect(reason == "the relay offers no login that we can use")
        case .noTLS: #expect(reason.contains("STARTTLS"), "\(reason)")
        case .expired: #expect(reason.contains("certificate") && reason.contains("expired"), "\(reason)")
        case .otherName: #expect(reason.contains("certificate") && reason.contains("name"), "\(reason)")
        case .otherAuthority, .system: #expect(reason.contains("certificate"), "\(reason)")
        }
    }
    #expect(boxes.isEmpty)
}

private func mailRealRefusals(_ kind: MailRealServer.Kind, unknown: String, large: RefusalClass) async throws {
    var server = MailRealServer(kind)
    server.sizeLimit = 20_000
    let (outcomes, boxes) = try await mailRealRun(server) { running, connection in
        let outcomes = [
            connection.send(mailRealLetter(0), from: "office@example.gov", to: "voter@example.org"),
            connection.send(mailRealLetter(1), from: "office@example.gov", to: "nobody@example.org"),
            connection.send(mailRealLetter(2), from: "office@example.gov", to: "voter@example.org"),
            connection.send(mailRealLetter(3, size: 40_000), from: "office@example.gov", to: "voter@example.org"),
            connection.send(mailRealLetter(4), from: "office@example.gov", to: "voter@example.org")
        ]
        return (outcomes, try running.delivered(3))
    }
    #expect(outcomes.map(mailRealWord) == ["accepted", "refused", "accepted", "refused", "accepted"], "\(outcomes)")
    #expect(outcomes.map(\.refusalClass) == [nil, .address, nil, large, nil])
    if case .refused(_, let reply) = outcomes[1] { #expect(reply.hasPrefix(unknown)) }
    #expect(boxes.count == 3)
}

private func mailRealWord(_ outcome: SMTPOutcome) -> String {
    switch outcome {
    case .accepted: "accepted"
    case .deferred: "deferred"
    case .refused: "refused"
    case .unreachable: "unreachable"
    }
}
