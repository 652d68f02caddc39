import Foundation

/// A relay that misbehaves on purpose, on loopback: a script in Python that follows lists of misdeeds, or commits them at random.
///
/// The script runs alone as well: ``write(to:)`` puts it into a folder, and `python3 hostile.py FOLDER` serves until it is killed.
///
/// - `options.json` in the folder says how; it may be missing (one honest port).
/// - `port` is written when it listens: one port a line, one for each of `scripts`.
/// - `accepted.log` has a line for each letter that was taken and answered by 250; `lost.log` one for each that was answered
///   otherwise than the relay meant, or not at all. Fields, tab-separated: script, number, recipient, Message-ID, and in `lost.log`
///   `taken` or `untaken`.
/// - `deeds.log` has a line for each misdeed: script, stage, deed.
struct MailHostileServer: Codable, Sendable {
    /// One misdeed. It waits until the dialogue comes to its place; only then is the next of the script looked at.
    struct Deed: Codable, Sendable, CustomStringConvertible {
        /// `greeting`, `ehlo` (also HELO), `starttls`, `auth`, `mail`, `rcpt`, `data`, `letter` (the first kilobyte of it is there), `dot`;
        /// `none` is used up by a letter that is taken.
        var at: String
        /// `reply` (says `text` instead; after 421 it hangs up), `also` (says `text` after the right answer, in the same segment),
        /// `later` (the same, but 50 ms after), `raw` (`text` as it is, `times` times, then silence), `endless` (`text` until nobody
        /// listens any more), `fin`, `rst` (hangs up so), `stall` (silence), `drip` (the right answer, a byte every `every` seconds).
        var deed: String
        var text = ""
        var times = 1
        var every = 0.01
        /// At the dot: whether the letter is taken, although the reply does not say so.
        var takes = false

        var description: String { at == "none" ? "none" : "\(deed) at \(at)\(text.isEmpty ? "" : " \(text.prefix(20).debugDescription)")" }

        static let none = Deed(at: "none", deed: "")
    }

    /// Lists of misdeeds, a port for each; where all of a list is done, the port is honest.
    var scripts: [[Deed]] = [[]]
    /// Misdeeds at random, on every port whose list is empty: this part of all replies; 0: none.
    var rate = 0.0
    /// Where the random ones begin.
    var seed = 1
    /// How long a random stall lasts, in seconds.
    var longest = 3.0
    /// Offers STARTTLS with `server.pem` and `server.key` of the folder.
    var startTLS = false
    /// Offers AUTH PLAIN and takes any.
    var auth = false

    /// A letter as the relay wrote it down.
    struct Line: Sendable, Equatable {
        let script: Int
        let recipient: String
        let messageID: String
        /// Whether the relay has the letter, whatever it said.
        let isTaken: Bool
    }

    /// A hostile relay at work.
    final class Running {
        let ports: [Int]
        let folder: URL
        private let process: Process

        fileprivate init(_ process: Process, _ ports: [Int], _ folder: URL) {
            self.process = process
            self.ports = ports
            self.folder = folder
        }

        var port: Int { ports[0] }

        /// Letters that were taken and acknowledged.
        var accepted: [Line] { lines("accepted.log") }
        /// Letters whose acknowledgement was lost.
        var lost: [Line] { lines("lost.log") }
        /// How many misdeeds there were.
        var deeds: Int { text("deeds.log").split(separator: "\n").count }

        /// Ends it; the folder stays.
        func stop() {
            // Not SIGTERM: a child of a worker thread inherits that thread's mask, which blocks it.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }

        private func text(_ name: String) -> String {
            (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? ""
        }

        private func lines(_ name: String) -> [Line] {
            text(name).split(separator: "\n").compactMap { line in
                let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                guard fields.count >= 4, let script = Int(fields[0]) else { return nil }
                return Line(script: script, recipient: fields[2], messageID: fields[3], isTaken: fields.last != "untaken")
            }
        }
    }

    /// Puts the script and these options into a folder.
    func write(to folder: URL) throws {
        try Self.program.write(to: folder.appendingPathComponent("hostile.py"), atomically: true, encoding: .utf8)
        try JSONEncoder().encode(self).write(to: folder.appendingPathComponent("options.json"))
    }

    /// Starts it in a folder.
    func start(in folder: URL) throws -> Running {
        try write(to: folder)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [folder.appendingPathComponent("hostile.py").path, folder.path]
        try process.run()
        for _ in 0..<1500 {
            if let text = try? String(contentsOf: folder.appendingPathComponent("port"), encoding: .utf8) {
                return Running(process, text.split(separator: "\n").compactMap { Int($0) }, folder)
            }
            guard process.isRunning else { break }
            Thread.sleep(forTimeInterval: 0.02)
        }
        throw MailTestFailure(what: "the hostile relay did not start")
    }

    private static let program = #"""
        # A relay that misbehaves on purpose. usage: python3 hostile.py FOLDER (see MailHostileServer.swift)
        import json, os, random, re, socket, ssl, struct, sys, threading, time

        folder = sys.argv[1]
        path = os.path.join(folder, "options.json")
        options = {"scripts": [[]], "rate": 0, "seed": 1, "longest": 3, "startTLS": False, "auth": False}
        if os.path.exists(path):
            options.update(json.load(open(path)))
        lock = threading.Lock()
        chance = random.Random(options["seed"])
        number = 0
        logs = {name: open(os.path.join(folder, name), "a", buffering=1) for name in ("accepted.log", "lost.log", "deeds.log")}

        context = None
        if options["startTLS"]:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))

        CODES = {
            "greeting": ["421 4.3.2 too many connections", "450 later", "554 5.7.1 no service here"],
            "ehlo": ["421 4.3.2 closing", "451 later", "550 no", "554 no"],
            "mail": ["421 4.3.2 closing", "450 4.7.1 slow down", "451 4.3.0 later", "452 4.3.1 disk full"],
            "rcpt": ["421 4.3.2 closing", "450 4.2.0 greylisted", "451 4.3.0 later", "452 4.2.2 mailbox full"],
            "data": ["421 4.3.2 closing", "450 4.2.0 later", "451 4.3.0 later", "452 4.3.1 disk full"],
            "dot": ["421 4.3.2 closing", "450 4.2.0 later", "451 4.3.0 later", "452 4.3.1 disk full"],
        }
        GARBAGE = ["\x00\xff\x80 binary", "999 what\r\n", "\r\n\r\n", "-50 minus\r\n", "hello?\r\n", "25\r\n"]

        class Gone(Exception):
            pass

        def by_chance(stage):
            "A misdeed drawn at random, or none. Never a 5xx to a letter: those end it, and are for scripts."
            if chance.random() >= options["rate"] or stage in ("starttls", "auth"):
                return None
            kind = chance.choice(["reply", "reply", "reply", "fin", "rst", "stall", "raw", "drip", "later"])
            if stage == "letter":
                kind = chance.choice(["fin", "rst", "stall"])
            if stage == "data" and kind == "later":
                # A 250 that comes when the dot has left is the relay's word that it has the letter: nobody could tell it from a true one.
                kind = "drip"
            deed = {"at": stage, "deed": kind, "text": "", "times": 1, "every": 0.002, "takes": chance.random() < 0.5}
            if kind == "reply":
                deed["text"] = chance.choice(CODES[stage])
                deed["takes"] = False
            elif kind == "raw":
                deed["text"] = chance.choice(GARBAGE)
            elif kind == "later":
                deed["text"] = "250 once more\r\n"
            return deed

        class Dialogue:
            def __init__(self, connection, script, deeds):
                self.connection, self.script, self.deeds = connection, script, deeds
                self.buffer = b""
                self.sender = self.recipient = None

            def hang_up(self, reset):
                if reset:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    # What was sent must be read, or the kernel answers with a reset.
                    try:
                        self.connection.setblocking(False)
                        while self.connection.recv(65536):
                            pass
                    except (OSError, ssl.SSLError):
                        pass
                self.connection.close()
                raise Gone

            def silence(self, seconds=3600.0):
                "Until the other side hangs up."
                self.connection.settimeout(seconds)
                try:
                    while self.connection.recv(65536):
                        pass
                except OSError:
                    pass
                self.connection.close()
                raise Gone

            def deed(self, stage):
                with lock:
                    if self.deeds and self.deeds[0]["at"] == stage:
                        found = self.deeds.pop(0)
                    elif self.deeds and stage == "dot" and self.deeds[0]["at"] == "none":
                        self.deeds.pop(0)
                        return None
                    elif not self.deeds:
                        found = by_chance(stage)
                    else:
                        found = None
                    if found:
                        logs["deeds.log"].write("%d\t%s\t%s %s\n" % (self.script, stage, found["deed"], found["text"][:30].strip()))
                    return found

            def answer(self, stage, right):
                "Says what is right, or commits what is due here. Returns whether it was right and went out whole."
                found = self.deed(stage)
                # The letter's fate is written down before the other side can know it.
                if stage == "dot":
                    if not found or found["deed"] in ("also", "later", "drip"):
                        self.note("accepted.log")
                    elif found["deed"] != "reply" or found["takes"]:
                        self.note("lost.log", "taken" if found["takes"] else "untaken")
                right = (right + "\r\n").encode()
                if not found:
                    self.connection.sendall(right)
                    return True
                kind, text = found["deed"], found["text"].encode("latin-1")
                if kind == "reply":
                    self.connection.sendall(text + b"\r\n")
                    if text.startswith(b"421"):
                        self.hang_up(False)
                    return False
                if kind in ("also", "later"):
                    if kind == "later":
                        self.connection.sendall(right)
                        time.sleep(0.05)
                        right = b""
                    self.connection.sendall(right + text)
                    return True
                if kind == "raw":
                    for _ in range(found["times"]):
                        self.connection.sendall(text)
                    self.silence()
                if kind == "endless":
                    while True:
                        self.connection.sendall(text * 100)
                if kind == "drip":
                    for byte in right:
                        self.connection.sendall(bytes([byte]))
                        time.sleep(found["every"])
                    return True
                if kind == "stall":
                    self.silence(options["longest"] if options["rate"] else 3600.0)
                self.hang_up(kind == "rst")

            def note(self, log, word=None):
                global number
                with lock:
                    number += 1
                    fields = [str(self.script), str(number), self.recipient, self.message]
                    logs[log].write("\t".join(fields + ([word] if word else [])) + "\n")

            def line(self):
                while b"\n" not in self.buffer:
                    data = self.connection.recv(65536)
                    if not data:
                        raise Gone
                    self.buffer += data
                line, self.buffer = self.buffer.split(b"\n", 1)
                return line.rstrip(b"\r").decode("latin-1")

            def letter(self):
                "Reads the letter. The end may come in any pieces."
                pieces, tail, size, looked = [self.buffer], self.buffer[-5:], len(self.buffer), False
                whole = self.buffer
                while True:
                    if not looked and size >= 1024:
                        looked = True
                        found = self.deed("letter")
                        if found and found["deed"] == "stall":
                            time.sleep(options["longest"] if options["rate"] else 3600)
                            self.hang_up(True)
                        if found and found["deed"] == "reply":
                            self.connection.sendall((found["text"] + "\r\n").encode())
                        elif found:
                            self.hang_up(found["deed"] == "rst")
                    if b"\r\n.\r\n" in tail or (size < 65536 and b"\r\n.\r\n" in b"".join(pieces)):
                        break
                    data = self.connection.recv(65536)
                    if not data:
                        raise Gone
                    pieces.append(data)
                    size += len(data)
                    tail = (tail + data)[-max(5, len(data) + 5):]
                whole, self.buffer = b"".join(pieces).split(b"\r\n.\r\n", 1)
                found = re.search(rb"(?im)^Message-ID:[ \t]*<?([^>\r\n]*)", whole)
                self.message = found.group(1).decode("latin-1") if found else ""

            def run(self):
                global number
                self.answer("greeting", "220 hostile.test ESMTP")
                secured = False
                while True:
                    line = self.line()
                    verb = line[:4].upper()
                    if verb in ("EHLO", "HELO"):
                        offers = ["hostile.test"]
                        if context and not secured:
                            offers.append("STARTTLS")
                        if options["auth"]:
                            offers.append("AUTH PLAIN")
                        offers.append("SIZE 100000000")
                        if verb == "HELO":
                            offers = offers[:1]
                        self.answer("ehlo", "\r\n".join(
                            "250" + ("-" if place < len(offers) - 1 else " ") + offer for place, offer in enumerate(offers)))
                    elif verb == "STAR" and context:
                        if self.answer("starttls", "220 2.0.0 go"):
                            self.buffer = b""
                            self.connection = context.wrap_socket(self.connection, server_side=True)
                            secured = True
                    elif verb == "AUTH":
                        if len(line.split(" ")) < 3:
                            self.connection.sendall(b"334 \r\n")
                            self.line()
                        self.answer("auth", "235 2.7.0 welcome")
                    elif verb == "MAIL":
                        self.recipient = None
                        self.sender = line if self.answer("mail", "250 2.1.0 sender fine") else None
                    elif verb == "RCPT":
                        name = re.search(r"<([^>]*)>", line)
                        if self.sender and self.answer("rcpt", "250 2.1.5 recipient fine"):
                            self.recipient = name.group(1) if name else ""
                    elif verb == "DATA" and self.recipient is None:
                        self.connection.sendall(b"503 5.5.1 nobody to send it to\r\n")
                    elif verb == "DATA":
                        if self.answer("data", "354 go on"):
                            self.letter()
                            self.answer("dot", "250 2.0.0 taken")
                            self.sender = self.recipient = None
                    elif verb == "QUIT":
                        self.connection.sendall(b"221 2.0.0 bye\r\n")
                        self.connection.close()
                        return
                    elif verb in ("RSET", "NOOP"):
                        self.connection.sendall(b"250 2.0.0 fine\r\n")
                    else:
                        self.connection.sendall(b"500 5.5.2 what?\r\n")

        def serve(connection, script, deeds):
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                Dialogue(connection, script, deeds).run()
            except (Gone, OSError, ssl.SSLError):
                pass
            finally:
                connection.close()

        def listen(listener, script, deeds):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection, script, deeds), daemon=True).start()

        listeners = []
        for script, deeds in enumerate(options["scripts"]):
            listener = socket.create_server(("127.0.0.1", 0), backlog=200)
            listeners.append(listener)
            threading.Thread(target=listen, args=(listener, script, list(deeds)), daemon=True).start()
        name = os.path.join(folder, "port")
        with open(name + ".new", "w") as file:
            file.write("".join("%d\n" % listener.getsockname()[1] for listener in listeners))
        os.rename(name + ".new", name)
        while True:
            time.sleep(3600)
        """#
}
