"""A packet over a connection that is slow and breaks off at random places, and over a crash of the server: it arrives whole, and counts when it has.

The way goes through a TCP proxy of our own. What such a proxy's kernel holds is acknowledged to the server before the voter has it, and the
server cannot know; so its buffers are kept small, and no cut is made in the last bytes, where they would matter.
"""

import contextlib
import hashlib
import http.client
import re
import select
import socket
import struct
import threading
import time

from house import becomes, cookie_of, header

RATE = 64 << 10  # bytes a second
BUFFER = 8 << 10
CLEAR = 48 << 10  # no cut nearer to the end than this: more than the proxy and the kernel can hold of it
CUTS = 5
DOWNLOADED = "Your packet was downloaded."


class Cutter:
    """A TCP proxy that hands the server's bytes on slowly and, where it was told so, resets both sides after a number of them."""

    def __init__(self, port):
        self.target, self.after = port, None
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            with contextlib.suppress(OSError):
                client, _ = self.listener.accept()
                server = socket.socket()
                server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
                try:
                    server.connect(("127.0.0.1", self.target))
                except OSError:
                    client.close()
                    continue
                after, self.after = self.after, None
                threading.Thread(target=self.pump, args=(client, server, after), daemon=True).start()

    @staticmethod
    def pump(client, server, after):
        """Both ways in one thread: a socket that another thread waits on would not be reset by closing it."""
        started, passed, open_sides = time.monotonic(), 0, [client, server]
        try:
            while server in open_sides and (after is None or passed < after):
                ready, _, _ = select.select(open_sides, [], [], 60)
                if client in ready:
                    if taken := client.recv(4096):
                        server.sendall(taken)
                    else:
                        open_sides.remove(client)
                        server.shutdown(socket.SHUT_WR)
                if server in ready:
                    # At most a tenth of a second's bytes at once.
                    if not (taken := server.recv(RATE // 10 if after is None else min(RATE // 10, after - passed))):
                        break
                    client.sendall(taken)
                    passed += len(taken)
                    time.sleep(max(0, started + passed / RATE - time.monotonic()))
            if after is not None and passed >= after:
                for side in (client, server):
                    # Closed with a reset, as a link that is gone, not with a goodbye.
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        for side in (client, server):
            side.close()


class Download:
    """One file, fetched in as many pieces as it takes."""

    def __init__(self, site, proxy, path, cookie, says_goodbye=True):
        self.site, self.proxy, self.path, self.cookie, self.says_goodbye = site, proxy, path, cookie, says_goodbye
        self.bytes, self.etag, self.length, self.wrong = b"", None, None, []

    def fetch(self, last=None):
        """Goes on where it stopped, up to a byte or to the end; what came before a break is kept. A silence is no break."""
        headers = {"Cookie": self.cookie}
        resumed = len(self.bytes) > 0
        if resumed or last is not None:
            headers["Range"] = f"bytes={len(self.bytes)}-{'' if last is None else last}"
        if resumed:
            headers["If-Range"] = self.etag
        client = http.client.HTTPConnection(self.site.host, self.site.port, timeout=60)
        try:
            client.sock = connection = self.site.connect(port=self.proxy.port if self.proxy else None)
            client.request("GET", self.path, headers=headers)
            answer = client.getresponse()
            etag, length = answer.getheader("ETag"), self.total(answer)
            if answer.status != (206 if "Range" in headers else 200):
                self.wrong.append(f"status {answer.status} for {headers}")
                return
            if resumed and (etag, length) != (self.etag, self.length):
                self.wrong.append(f"first {self.etag}, {self.length} bytes, then {etag}, {length}")
            self.etag, self.length = etag, length
            while taken := answer.read1(4096):
                self.bytes += taken
            if self.site.tls and self.says_goodbye:
                connection.unwrap()
        except TimeoutError as silence:
            self.wrong.append(f"nothing came for {client.timeout} s: {silence}")
        except (OSError, http.client.HTTPException):
            pass  # broken off, as was to be
        finally:
            client.close()

    def total(self, answer):
        """The file's length; a part must begin where we stopped."""
        if answer.status == 206:
            found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.getheader("Content-Range", ""))
            if not found or int(found.group(1)) != len(self.bytes):
                self.wrong.append(f"Content-Range {answer.getheader('Content-Range')} where {len(self.bytes)} bytes were there")
                return None
            return int(found.group(3))
        return int(answer.getheader("Content-Length", "0"))

    def is_whole(self):
        return self.length is not None and len(self.bytes) == self.length


def one_voter(verdicts, site, voter, kind, chance, crash):
    """Claims through the proxy, fetches one file in pieces, and compares."""
    proxy = Cutter(site.port)
    name = f"{kind} over {'TLS' if site.tls else 'HTTP'}"
    cookie = site.claim(voter, port=proxy.port)
    if not verdicts.holds(f"{name}: the claim gets through at {RATE >> 10} KB/s", cookie, "303 and a cookie"):
        return
    pdf, archive, code = site.files(cookie, port=proxy.port)
    download = Download(site, proxy, pdf if kind == "PDF" else archive, cookie)
    size = int(header(site.ask("HEAD", download.path, headers={"Cookie": cookie}), "Content-Length"))
    early, pieces = [], 0
    for number in range(CUTS):
        # The cuts are spread over the file; heads and TLS records count, too, so the place is not exact.
        end = (size - CLEAR) * (number + 1) // CUTS
        proxy.after = max(1, chance.randint(1, max(2, end - len(download.bytes))))
        if crash and number == CUTS // 2:
            # Not in its first moments: the site notes what it has under way when that takes longer than 0.3 s.
            proxy.after = max(proxy.after, RATE)
            killer = threading.Timer(chance.uniform(0.5, proxy.after / RATE + 0.05), site.kill)
            killer.start()
            download.fetch()
            killer.join()
            site.open(site.which)
        else:
            download.fetch()
        pieces += 1
        early += [f"after piece {pieces}: {step}" for step in site.steps(code) if step == DOWNLOADED]
    verdicts.holds(f"{name}: {CUTS} cuts{' and a kill -9' if crash else ''} leave a part of the file", 0 < len(download.bytes) < size, f"less than {size} bytes", len(download.bytes))
    # All but the last byte. Were that a delivery, the office would learn of it in the seconds to come, as it does of the last byte.
    download.fetch(last=size - 2)
    time.sleep(4)
    early += [f"with all but one byte: {step}" for step in site.steps(code) if step == DOWNLOADED]
    verdicts.same(f"{name}: … then all but one byte", size - 1, len(download.bytes))
    verdicts.none(f"{name}: nobody is told that it was downloaded before it was", early)
    download.fetch()
    verdicts.none(f"{name}: every piece began where the last one stopped, of the same file", download.wrong)
    verdicts.same(f"{name}: the last byte makes it whole", (True, size), (download.is_whole(), len(download.bytes)))
    verdicts.same(f"{name}: now the tracking page says so, once", 1, becomes(1, lambda: site.steps(code).count(DOWNLOADED)))
    direct = site.ask("GET", download.path, headers={"Cookie": cookie})
    verdicts.same(f"{name}: it is the file that comes in one piece ({size:,} bytes)", hashlib.sha256(direct.body).hexdigest(), hashlib.sha256(download.bytes).hexdigest())
    changed = site.ask("GET", download.path, headers={"Cookie": cookie, "Range": "bytes=100-", "If-Range": '"another"'})
    verdicts.same(f"{name}: a part of another version is not sent: the whole file is", (200, direct.body), (changed.status, changed.body))


def lost_answer(verdicts, site, voter):
    """The claim's answer is lost on the way: the link is spent, and its voter must be told what to do."""
    proxy = Cutter(site.port)
    proxy.after = 1
    lost = None
    with contextlib.suppress(OSError, http.client.HTTPException):
        lost = cookie_of(site.ask("POST", f"/b/{voter.token}", f"answer={voter.birthday}", port=proxy.port))
    again = site.ask("POST", f"/b/{voter.token}", f"answer={voter.birthday}")
    verdicts.holds(
        "a claim whose answer was lost: asked again, the voter is told what happened, or is let in", lost is None and (again.status == 303 or b"This link has been used" in again.body),
        "303, or the page of a used link", f"{lost} {again.status} {again.body[:200]}")
    if again.status != 303:
        verdicts.note("a claim whose answer is lost on the way spends the link: the voter has a new one mailed, from the page that says so")


def no_goodbye(verdicts, site, voter):
    """A client that has everything and closes without a TLS goodbye, as many do (RFC 9112, 9.8: servers should be prepared for that)."""
    cookie = site.claim(voter)
    pdf, _, code = site.files(cookie)
    download = Download(site, None, pdf, cookie, says_goodbye=False)
    download.fetch()
    verdicts.holds("over TLS, without a goodbye at the end: the file is whole", download.is_whole(), f"{download.length} bytes", len(download.bytes))
    verdicts.same("over TLS, without a goodbye at the end: it counts as downloaded", 1, becomes(1, lambda: site.steps(code).count(DOWNLOADED), 15))


def judge(verdicts, house, chosen, chance):
    with house.site("cut") as site:
        one_voter(verdicts, site, site.voters.pop(), "PDF", chance, crash=True)
        one_voter(verdicts, site, site.voters.pop(), "ZIP", chance, crash=False)
        lost_answer(verdicts, site, site.voters.pop())
    with house.site("cut-tls", authority=chosen.authority) as site:
        one_voter(verdicts, site, site.voters.pop(), "PDF", chance, crash=True)
        no_goodbye(verdicts, site, site.voters.pop())
