"""A fast mail relay on loopback that keeps, of every letter, whose it is and its link."""

import re
import socket
import threading

LINK = re.compile(rb"/b/([a-z2-7]{32})\b")
RECIPIENT = re.compile(rb"RCPT TO:\s*<([^>]*)>", re.IGNORECASE)


class Letterbox:
    """Takes every letter; `tokens` is e-mail address → token. One thread a connection: the mailroom opens eight."""

    def __init__(self):
        self.tokens = {}
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        recipient, waiting = b"", bytearray()
        with connection:
            connection.sendall(b"220 letterbox\r\n")
            while True:
                line = self.until(connection, waiting, b"\r\n")
                if line is None:
                    return
                command = line[:4].upper()
                if command == b"EHLO":
                    connection.sendall(b"250-letterbox\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
                elif command == b"RCPT":
                    found = RECIPIENT.match(line)
                    recipient = found.group(1).lower() if found else b""
                    connection.sendall(b"250 ok\r\n")
                elif command == b"DATA":
                    connection.sendall(b"354 go on\r\n")
                    letter = self.until(connection, waiting, b"\r\n.\r\n")
                    link = LINK.search(letter or b"")
                    if link:
                        self.tokens[recipient.decode()] = link.group(1).decode()
                    connection.sendall(b"250 taken\r\n")
                elif command == b"QUIT":
                    connection.sendall(b"221 bye\r\n")
                    return
                else:
                    connection.sendall(b"250 ok\r\n")

    @staticmethod
    def until(connection, waiting, mark):
        """The bytes before the mark; nil where the connection ends first."""
        start = 0
        while True:
            found = waiting.find(mark, start)
            if found >= 0:
                taken = bytes(waiting[:found])
                del waiting[: found + len(mark)]
                return taken
            start = max(0, len(waiting) - len(mark))
            more = connection.recv(65536)
            if not more:
                return None
            waiting += more
