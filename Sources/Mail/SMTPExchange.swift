import CCurl
import Glibc

/// One letter's dialogue with the relay, as libcurl's callbacks see it: what we said last, what came back, how much of the letter has left.
///
/// libcurl's error codes alone do not tell a refused recipient from a lost connection, nor a greeting of 554 from a 554 after the dot.
/// Knowing the last command and whether it was answered does.
final class SMTPExchange {
    /// How far the dialogue has come.
    enum Stage {
        /// Connecting, greeting, TLS, login: nothing about this letter yet.
        case opening
        case mail
        case recipient
        case data
        /// 354 has come: the letter itself is on its way, or has been sent.
        case letter
    }

    /// A complete reply: its code and its text, the code once at the front.
    struct Reply {
        let code: Int
        let text: [UInt8]
    }

    private(set) var stage = Stage.opening
    /// The answer to the last command; nil while there is none. In stage `letter` it is 354 until the final reply is there.
    private(set) var reply: Reply?
    /// Whether the letter began on a connection used before, where the first reply answers MAIL.
    private(set) var isUsed = false
    /// Whether the relay said 235 on this connection.
    private(set) var loggedIn = false
    /// Whether libcurl has taken the last byte of the letter.
    var letterRead: Bool { offset == letter.count }

    /// Whether the relay said something after 354 that we had not asked for, before it had the whole letter. What then looks like the
    /// reply to the dot is none.
    private(set) var spokeEarly = false
    /// The open connections: one, two for a moment where it is being replaced, or more while libcurl tries a host's addresses. The last
    /// that was opened and not closed again is in use.
    private var sockets: [Int32] = []

    private let needsLogin: Bool
    private let isEncrypted: Bool
    /// Asked before the first byte of a letter leaves; see ``SMTPConnection/init(_:gate:)``.
    private let gate: () -> Bool
    /// Bytes of replies read on this connection.
    private var bytes = 0
    private var letter: [UInt8] = []
    private var offset = 0
    private var ended = false
    private var pending: [UInt8] = []

    init(needsLogin: Bool, isEncrypted: Bool, gate: @escaping () -> Bool) {
        self.needsLogin = needsLogin
        self.isEncrypted = isEncrypted
        self.gate = gate
    }

    /// Starts over for a letter.
    func begin(_ letter: [UInt8]) {
        stage = .opening
        reply = nil
        isUsed = !sockets.isEmpty
        spokeEarly = false
        self.letter = letter
        offset = 0
        ended = false
        pending.removeAll(keepingCapacity: true)
    }

    /// Whether a login was asked for and the relay let us pass without: libcurl goes on when a relay offers no login at all.
    var lacksLogin: Bool { needsLogin && !loggedIn }

    /// A connection has been opened, or is being tried.
    func opened(_ socket: Int32) {
        sockets.append(socket)
        isUsed = false
        loggedIn = false
        bytes = 0
    }

    /// A connection is about to be closed.
    func closed(_ socket: Int32) { sockets.removeAll { $0 == socket } }

    /// A command has been written: its first ten bytes at least, which is all that is looked at.
    func sent(_ line: [UInt8]) {
        // libcurl says goodbye when it gives up a connection: the answer that made it do so is the one that counts.
        if line.starts(with: "QUIT\r\n".utf8) { ended = true }
        guard !ended else { return }
        if line.starts(with: "MAIL FROM:".utf8) {
            stage = .mail
        } else if stage == .mail && line.starts(with: "RCPT TO:".utf8) {
            stage = .recipient
        } else if stage == .recipient && line.starts(with: "DATA\r\n".utf8) {
            stage = .data
        }
        if stage != .letter { reply = nil }
    }

    /// A line of a reply has come: `250-text` goes on, `250 text` ends it (RFC 5321 4.2.1).
    func received(_ line: [UInt8]) {
        bytes += line.count
        guard !ended else { return }
        var code = 0
        for byte in line.prefix(3) {
            guard (0x30...0x39).contains(byte) else { return }
            code = code * 10 + Int(byte - 0x30)
        }
        guard line.count >= 3 else { return }
        // A reply may have any number of lines; a kilobyte of it is more than anybody reads.
        if pending.isEmpty { pending.append(contentsOf: line.prefix(3)) }
        if pending.count < 1000 {
            pending.append(0x20)
            pending.append(contentsOf: line.dropFirst(4).prefix(1000))
        }
        if line.count > 3, line[3] == UInt8(ascii: "-") { return }

        if code == 235 { loggedIn = true }
        if stage == .data && code == 354 { stage = .letter }
        reply = Reply(code: code, text: pending)
        pending.removeAll(keepingCapacity: true)
    }

    /// Gives libcurl the next piece of the letter, or stops it where the login is missing or the gate is closed.
    func read(into buffer: UnsafeMutableRawPointer, capacity: Int) -> Int {
        guard !lacksLogin, offset > 0 || gate() else { return uocava_curl_read_abort }
        let count = min(capacity, letter.count - offset)
        guard count > 0 else { return 0 }
        unsafe letter.withUnsafeBytes { source in
            if let base = source.baseAddress { unsafe memcpy(buffer, base + offset, count) }
        }
        offset += count
        // The last look before the dot: libcurl does not come back once it has the whole letter.
        if letterRead { spokeEarly = hasMore }
        return count
    }

    /// Whether the relay has said more on this connection than we have read.
    ///
    /// libcurl reads replies ahead, so a relay (or a proxy before it) that is out of step, or answers before it is asked, would have its
    /// early `250` taken for the one to the dot. The kernel counts what came in; with TLS only what is still unread can be seen.
    var hasMore: Bool {
        guard let socket = sockets.last else { return false }
        if isEncrypted {
            var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            return unsafe poll(&entry, 1, 0) == 1 && entry.revents & Int16(POLLIN) != 0
        }
        // Minus one where the kernel does not count.
        return uocava_bytes_received(socket) > bytes
    }
}
