import CCurl
import Glibc

/// A connection to a relay that stays open between letters: the owner of one libcurl easy handle.
///
/// It connects at the first letter, again when the relay has hung up, and says QUIT when it is closed. It is not `Sendable`: whoever made
/// it uses it, one letter at a time, on a thread that may block (a letter takes up to the server's `timeout`, twice that where a
/// connection had gone stale).
@safe
package final class SMTPConnection {
    private let login: SMTPLogin?
    private let exchange: SMTPExchange
    private let errorText: UnsafeMutablePointer<CChar>
    private var handle: UnsafeMutableRawPointer?
    /// Whether the connection is out of step and must not be used for another letter.
    private var isOutOfStep = false

    /// Prepares a connection; nothing is sent yet.
    ///
    /// - Parameter gate: asked when the relay is ready for a letter and before the first byte of it leaves, on the sender's thread; it may
    ///   block. Where it says no, the letter is `deferred` and the relay does not have it.
    /// - Throws: what ``SMTPServer/validate(_:)`` throws, and `MailError` with code `curl` where libcurl lacks something that we need.
    package init(_ server: SMTPServer, gate: @escaping () -> Bool = { true }) throws {
        try SMTPServer.validate(server)
        guard SMTPConnection.libraryReady, let handle = unsafe curl_easy_init() else { throw MailError(.curl, "libcurl could not start.") }
        login = SMTPLogin(server)
        exchange = SMTPExchange(needsLogin: login != nil, isEncrypted: server.tls != .none, gate: gate)
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        unsafe self.handle = handle
        try unsafe configure(handle, for: server)
    }

    deinit {
        close()
        unsafe errorText.deallocate()
    }

    /// Says goodbye to the relay and gives the handle back. A letter sent afterwards is `unreachable`.
    package func close() {
        guard let handle = unsafe handle else { return }
        unsafe curl_easy_cleanup(handle)
        unsafe self.handle = nil
    }

    /// Hands one letter to the relay and tells what became of it.
    ///
    /// - Parameters:
    ///   - message: header and body with CRLF line ends, e.g. ``MailMessage/bytes``; dots are doubled here.
    ///   - from: the envelope's sender, to whom bounces go.
    ///   - to: the envelope's one recipient.
    package func send(_ message: [UInt8], from: String, to: String) -> SMTPOutcome {
        guard let handle = unsafe handle else { return .unreachable(reason: "the connection has been closed") }
        // Checked again, because a line break in either would be a command of its own.
        guard (try? MailAddress(from)) != nil else { return .unreachable(reason: "the sender's address is not valid") }
        guard (try? MailAddress(to)) != nil else { return .refused(code: 0, reply: "the recipient's address is not valid") }
        guard !message.isEmpty else { return .refused(code: 0, reply: "the letter is empty") }

        guard let recipients = unsafe curl_slist_append(nil, to) else { return .unreachable(reason: "out of memory") }
        defer {
            // The handle must not be left with a pointer to a list that is gone.
            _ = unsafe uocava_curl_set_pointer(handle, CURLOPT_MAIL_RCPT, nil)
            unsafe curl_slist_free_all(recipients)
        }
        var prepared = unsafe uocava_curl_set_text(handle, CURLOPT_MAIL_FROM, from) == CURLE_OK
        prepared = unsafe uocava_curl_set_pointer(handle, CURLOPT_MAIL_RCPT, recipients) == CURLE_OK && prepared
        // With the size, a relay that announces a limit says no before the letter travels (RFC 1870).
        prepared = unsafe uocava_curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(message.count)) == CURLE_OK && prepared
        guard prepared else { return .unreachable(reason: "out of memory") }

        // What the relay said since the last letter (that it closes, or something nobody asked for) is no answer to this one.
        var result = unsafe perform(handle, message, fresh: isOutOfStep || exchange.hasMore)
        if isStale(result) { result = unsafe perform(handle, message, fresh: true) }
        isOutOfStep = exchange.spokeEarly
        return outcome(result, recipient: to)
    }

    // MARK: One transfer

    private func perform(_ handle: UnsafeMutableRawPointer, _ message: [UInt8], fresh: Bool) -> CURLcode {
        exchange.begin(message)
        unsafe errorText.pointee = 0
        _ = unsafe uocava_curl_set_long(handle, CURLOPT_FRESH_CONNECT, fresh ? 1 : 0)
        return unsafe curl_easy_perform(handle)
    }

    /// Whether the relay had hung up while the connection lay idle, so that the letter has not been looked at and may go out again at once:
    /// no answer to MAIL on a connection used before, or 421 (closing down) as the answer to it.
    private func isStale(_ result: CURLcode) -> Bool {
        guard result != CURLE_OK, exchange.isUsed else { return false }
        switch exchange.stage {
        case .opening: return true
        case .mail: return exchange.reply.map { $0.code == 421 } ?? true
        case .recipient, .data, .letter: return false
        }
    }

    private func outcome(_ result: CURLcode, recipient: String) -> SMTPOutcome {
        let reply = exchange.reply
        let text = reply.map { ReplyText.safe($0.text, recipient: recipient) } ?? ""
        if exchange.spokeEarly, reply.map({ (200...299).contains($0.code) }) ?? true {
            return .deferred(
                code: 0, reply: "the relay answered before it had the letter, unknown whether it was accepted: \(text)".prefixed)
        }
        if result == CURLE_OK { return .accepted(reply: text) }

        let reason = ReplyText.safe(Array(errorMessage(result).utf8), recipient: recipient)
        if exchange.stage == .opening { return .unreachable(reason: failedOpening(result, reason, recipient: recipient)) }
        if exchange.lacksLogin { return .unreachable(reason: SMTPLogin.notOffered) }
        guard let reply, reply.code != 354 else {
            if exchange.stage == .letter && exchange.letterRead {
                return .deferred(
                    code: 0, reply: "connection lost after the letter was sent, unknown whether it was accepted: \(reason)".prefixed)
            }
            return .deferred(code: 0, reply: "connection lost before the letter was sent, it was not accepted: \(reason)".prefixed)
        }
        switch reply.code {
        // RFC 4954 6: authentication required. Every letter would get this answer.
        case 530: return .unreachable(reason: text)
        // The sender was refused, or we are: no letter that comes after would fare better. 552 speaks of this letter's size (RFC 1870 6.1).
        case 500...599 where exchange.stage == .mail && reply.code != 552:
            return .unreachable(reason: "the relay refuses the sender: \(text)".prefixed)
        case 400...499: return .deferred(code: reply.code, reply: text)
        case 500...599:
            let isOfLetter = exchange.stage == .data || exchange.stage == .letter
            return .refused(code: reply.code, reply: isOfLetter ? RefusalClass.marked(text, code: reply.code) : text)
        // libcurl takes only 250 after the dot; RFC 5321 4.2 asks us to go by the first digit.
        case 200...299 where exchange.stage == .letter: return .accepted(reply: text)
        case 200...299:
            return .deferred(code: 0, reply: "connection lost before the letter was sent, it was not accepted: \(reason)".prefixed)
        // No answer that SMTP knows: it may have the letter or not.
        case _ where exchange.stage == .letter && exchange.letterRead:
            return .deferred(code: reply.code, reply: "the relay's answer is none, unknown whether it was accepted: \(text)".prefixed)
        default: return .deferred(code: reply.code, reply: text)
        }
    }

    /// Why no letter could be begun: connecting, greeting, TLS or login failed.
    private func failedOpening(_ result: CURLcode, _ reason: String, recipient: String) -> String {
        guard let reply = exchange.reply else { return reason }
        if let login, result == CURLE_LOGIN_DENIED { return login.reason(after: reply, recipient: recipient).prefixed }
        return "\(reason); the relay said: \(ReplyText.safe(reply.text, recipient: recipient))".prefixed
    }

    private func errorMessage(_ result: CURLcode) -> String {
        let detail = unsafe String(cString: errorText)
        if !detail.isEmpty { return detail }
        guard let general = unsafe curl_easy_strerror(result) else { return "curl error \(result.rawValue)" }
        return unsafe String(cString: general)
    }

    // MARK: Setting up

    /// libcurl's global state, once for the process.
    private static let libraryReady: Bool = {
        // OpenSSL writes with write(2): where the relay has gone, that raises SIGPIPE and would end the process. With NOSIGNAL, which
        // threads need, libcurl leaves the signal alone, so it is ignored here; a write then fails with EPIPE.
        _ = signal(SIGPIPE, SIG_IGN)
        return curl_global_init(uocava_curl_global_default) == CURLE_OK
    }()

    private func configure(_ handle: UnsafeMutableRawPointer, for server: SMTPServer) throws {
        func check(_ result: CURLcode, _ what: String) throws {
            guard result == CURLE_OK else {
                throw MailError(
                    .curl, "libcurl refused an option (\(what)): \(errorMessage(result)).",
                    hint: "Install Debian's libcurl4, 7.88 or newer.")
            }
        }
        func set(_ option: CURLoption, _ value: Int, _ what: String) throws {
            try check(unsafe uocava_curl_set_long(handle, option, value), what)
        }
        func set(_ option: CURLoption, _ value: String?, _ what: String) throws {
            try check(unsafe uocava_curl_set_text(handle, option, value), what)
        }

        try set(CURLOPT_URL, server.url, "URL")
        try set(CURLOPT_PROTOCOLS_STR, "smtp,smtps", "protocols")
        // Not through a proxy that happens to be in the environment.
        try set(CURLOPT_PROXY, "", "proxy")
        try set(CURLOPT_NOSIGNAL, 1, "signals")
        try set(CURLOPT_UPLOAD, 1, "upload")
        // Letters are a few kilobytes: with its usual 64 KB, libcurl takes and gives back 192 KB of memory for each.
        try set(CURLOPT_UPLOAD_BUFFERSIZE, 16_384, "buffer")
        // One connection a handle: the relay sees as many as there are senders.
        try set(CURLOPT_MAXCONNECTS, 1, "connections")
        try set(CURLOPT_CONNECTTIMEOUT, server.connectTimeout, "connect timeout")
        try set(CURLOPT_TIMEOUT, server.timeout, "timeout")
        try set(CURLOPT_SERVER_RESPONSE_TIMEOUT, server.timeout, "response timeout")

        try set(CURLOPT_USE_SSL, server.tls == .required ? Int(CURLUSESSL_ALL.rawValue) : Int(CURLUSESSL_NONE.rawValue), "STARTTLS")
        try set(CURLOPT_SSLVERSION, uocava_curl_tls_1_2_or_newer, "TLS version")
        try set(CURLOPT_SSL_VERIFYPEER, 1, "certificate check")
        try set(CURLOPT_SSL_VERIFYHOST, 2, "host name check")
        if let file = server.authorities {
            try set(CURLOPT_CAINFO, file, "file of authorities")
            // Debian's libcurl also looks into /etc/ssl/certs, which would trust the whole Web beside the one authority that was named.
            try set(CURLOPT_CAPATH, nil, "folder of authorities")
        }
        if let user = server.login {
            try set(CURLOPT_USERNAME, user, "user")
            let secret = server.mechanism == .xoauth2 ? CURLOPT_XOAUTH2_BEARER : CURLOPT_PASSWORD
            try set(secret, server.password?.value ?? "", "password")
            // Left to itself libcurl prefers Kerberos and NTLM where a relay offers them, and then does not fall back.
            let allowed = server.mechanism.map { [$0] } ?? [.plain, .login, .cramMD5]
            let options = allowed.map { "AUTH=\($0.rawValue.uppercased())" }.joined(separator: ";")
            try set(CURLOPT_LOGIN_OPTIONS, options, "login mechanisms")
        }
        try check(unsafe uocava_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText), "error buffer")
        try unsafe setCallbacks(handle, check)
        // Needed for the debug callback to be called; nothing is printed, because that callback takes it all.
        try set(CURLOPT_VERBOSE, 1, "verbose")
    }

    /// The callbacks get the exchange unretained: it lives as long as this object, which owns the handle.
    private func setCallbacks(_ handle: UnsafeMutableRawPointer, _ check: (CURLcode, String) throws -> Void) throws {
        let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()

        try check(
            unsafe uocava_curl_set_write(handle, CURLOPT_HEADERFUNCTION) { data, size, count, context in
                if let data = unsafe data, let context = unsafe context {
                    let line = unsafe Array(UnsafeRawBufferPointer(start: data, count: size * count))
                    unsafe Unmanaged<SMTPExchange>.fromOpaque(context).takeUnretainedValue().received(line)
                }
                return size * count
            }, "replies")
        try check(unsafe uocava_curl_set_pointer(handle, CURLOPT_HEADERDATA, context), "replies")

        // A reply that libcurl takes for content goes nowhere; without this it would go to standard output.
        try check(unsafe uocava_curl_set_write(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }, "content")

        try check(
            unsafe uocava_curl_set_read(handle, CURLOPT_READFUNCTION) { buffer, size, count, context in
                guard let buffer = unsafe buffer, let context = unsafe context else { return 0 }
                let exchange = unsafe Unmanaged<SMTPExchange>.fromOpaque(context).takeUnretainedValue()
                return unsafe exchange.read(into: buffer, capacity: size * count)
            }, "letter")
        try check(unsafe uocava_curl_set_pointer(handle, CURLOPT_READDATA, context), "letter")

        try check(
            unsafe uocava_curl_set_debug(handle, CURLOPT_DEBUGFUNCTION) { _, kind, data, size, context in
                if kind == CURLINFO_HEADER_OUT, let data = unsafe data, let context = unsafe context {
                    // The first bytes tell the command; the rest may be a password and is not looked at.
                    let line = unsafe Array(UnsafeRawBufferPointer(start: data, count: min(size, 10)))
                    unsafe Unmanaged<SMTPExchange>.fromOpaque(context).takeUnretainedValue().sent(line)
                }
                return 0
            }, "commands")
        try check(unsafe uocava_curl_set_pointer(handle, CURLOPT_DEBUGDATA, context), "commands")

        try check(
            unsafe uocava_curl_set_opened(handle, CURLOPT_SOCKOPTFUNCTION) { context, socket, _ in
                if let context = unsafe context {
                    unsafe Unmanaged<SMTPExchange>.fromOpaque(context).takeUnretainedValue().opened(socket)
                }
                return CURL_SOCKOPT_OK
            }, "sockets")
        try check(unsafe uocava_curl_set_pointer(handle, CURLOPT_SOCKOPTDATA, context), "sockets")
        try check(
            unsafe uocava_curl_set_close(handle, CURLOPT_CLOSESOCKETFUNCTION) { context, socket in
                if let context = unsafe context {
                    unsafe Unmanaged<SMTPExchange>.fromOpaque(context).takeUnretainedValue().closed(socket)
                }
                return Glibc.close(socket)
            }, "sockets")
        try check(unsafe uocava_curl_set_pointer(handle, CURLOPT_CLOSESOCKETDATA, context), "sockets")
    }
}

extension String {
    /// Cut to the length of a stored reply.
    fileprivate var prefixed: String { String(prefix(ReplyText.length)) }
}
