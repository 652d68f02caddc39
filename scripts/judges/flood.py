"""Slow clients, nonsense and idle connections by the thousand: others keep being answered, and the server neither grows nor falls.

All clients are on this machine. Where many are needed they come from many of its own addresses, 127.0.0.x: the site counts them as different people.
"""

import asyncio
import contextlib
import os
import random
import re
import subprocess
import threading
import time

from figures import say

MOST_MEMORY = 200  # MB
SLOW_SECONDS = 30
SLOW_CLIENTS = 600
GARBAGE = 10_000
IDLE = 5_000
AT_ONCE = 64  # garbage clients
GOOD_SOURCE = "127.0.0.2"

# name → slowhttptest's arguments: request's ends that come a line every ten seconds, bodies that do, and answers read a few bytes a second.
SLOW = {
    "slow heads": ["-H", "-i", "10", "-x", "24"],
    "slow bodies": ["-B", "-i", "10", "-s", "1000", "-x", "10", "-t", "POST"],
    "slow readers": ["-X", "-i", "10", "-w", "256", "-y", "512", "-n", "5", "-z", "32", "-k", "5"],
}


class Visitor(threading.Thread):
    """Somebody with good manners who asks for pages and for a packet, again and again, each on a new connection."""

    def __init__(self, site, patience):
        super().__init__(daemon=True)
        self.site, self.patience, self.seconds, self.wrong, self.stopped = site, patience, [], [], False
        self.cookie = site.claim(site.voters.pop(), source=GOOD_SOURCE)
        self.pdf, _, code = site.files(self.cookie, source=GOOD_SOURCE)
        self.asks = [("/", {}), (f"/b/{site.voters[0].token}", {}), ("/ballot", {"Cookie": self.cookie}), (self.pdf, {"Cookie": self.cookie}), (f"/t/{code}", {})]

    def run(self):
        while not self.stopped:
            for path, headers in self.asks:
                started = time.monotonic()
                try:
                    answer = self.site.ask("GET", path, headers=headers, source=GOOD_SOURCE, timeout=30)
                    if answer.status != 200:
                        self.wrong.append(f"{path.split('/')[1]}: status {answer.status}")
                except Exception as error:  # whatever keeps a visitor from an answer is a finding
                    self.wrong.append(f"{path.split('/')[1]}: {error!r}")
                self.seconds.append(time.monotonic() - started)
            time.sleep(0.1)

    def conclude(self, verdicts, beside):
        self.stopped = True
        self.join()
        slowest = max(self.seconds)
        verdicts.none(f"beside {beside}: a visitor gets every one of {len(self.seconds)} answers", self.wrong)
        verdicts.holds(f"beside {beside}: … each within {self.patience:g} s (the slowest took {slowest:.2f} s)", slowest < self.patience, f"under {self.patience:g} s", f"{slowest:.2f} s")


@contextlib.contextmanager
def besieged(verdicts, site, patience, beside):
    """While the body runs a visitor comes and goes; then the server must be the same process, and no larger than allowed."""
    visitor = Visitor(site, patience)
    visitor.start()
    yield visitor
    visitor.conclude(verdicts, beside)
    verdicts.holds(f"beside {beside}: the server is still the same process", site.process.poll() is None, "running", site.process.poll())
    most = site.memory("VmHWM")
    verdicts.holds(f"beside {beside}: it holds at most {MOST_MEMORY} MB (at most {most:.0f} so far, {site.memory():.0f} now)", most < MOST_MEMORY, f"under {MOST_MEMORY} MB", f"{most:.0f} MB")


def slow(verdicts, site, patience, name):
    with besieged(verdicts, site, patience, name) as visitor:
        path = "/b/" + "a" * 32
        more = ["-j", visitor.cookie] if "-X" in SLOW[name] else []
        address = site.url + (visitor.pdf if more else path)
        done = subprocess.run(
            ["slowhttptest", *SLOW[name], *more, "-c", str(SLOW_CLIENTS), "-r", "200", "-l", str(SLOW_SECONDS), "-p", "5", "-v", "1", "-u", address],
            capture_output=True, text=True, timeout=SLOW_SECONDS + 60, check=False)
        # What it prints is coloured, and its own probe comes from the same address as the crowd.
        plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
        states = re.findall(r"(connected|error|closed|pending):\s+(\d+)", plain)
        reached = max([int(count) for state, count in states if state in ("connected", "closed")], default=0)
    verdicts.holds(f"{name}: slowhttptest had its {SLOW_CLIENTS} connections (or they were closed on it)", reached >= SLOW_CLIENTS * 0.8, f"{SLOW_CLIENTS}", f"{states[-8:]}\n{plain[-600:]}\n{done.stderr[-500:]}")


def garbage(chance, token):
    """One request that no browser sends."""
    def noise(most):
        return chance.randbytes(chance.randint(1, most))

    head = f"POST /b/{token} HTTP/1.1\r\nHost: localhost\r\n".encode()
    return chance.choice([
        lambda: noise(3000),
        lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\n" + noise(200) + b"\r\n\r\n",
        lambda: b"GET /" + noise(100) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: " + b"a" * chance.randint(5_000, 100_000) + b"\r\n\r\n",
        lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(chance.randint(50, 3000))) + b"\r\n",
        lambda: b"GET /" + b"a" * chance.randint(1000, 100_000) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        lambda: head + b"Content-Length: 200000\r\n\r\n" + b"x" * 200_000,
        lambda: head + b"Content-Length: 99999999999999999999\r\n\r\nanswer=1",
        lambda: head + b"Content-Length: 9223372036854775807\r\n\r\nanswer=1",
        lambda: head + b"Content-Length: -5\r\n\r\nanswer=1",
        lambda: head + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nanswer",
        lambda: head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        lambda: head + b"Transfer-Encoding: chunked\r\n\r\n" + chance.choice([b"zz\r\n", b"-1\r\n", b"ffffffffffffffff\r\nabc", b"5;" + b"e" * 50_000 + b"\r\n", b"3\r\nabcd\r\n0\r\n\r\n"]),
        lambda: head + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 5000,
        lambda: head + b"Transfer-Encoding: gzip, chunked, chunked\r\n\r\n0\r\n\r\n",
        lambda: head + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n",
        lambda: b"\r\n" * chance.randint(1, 2000),
        lambda: b"\r" * chance.randint(1, 2000),
        lambda: b"\n\n\n\nGET / HTTP/1.1\nHost: localhost\n\n",
        lambda: b"\0" * chance.randint(1, 2000),
        lambda: b"GET /\0 HTTP/1.1\r\nHost: local\0host\r\nX: \0\r\n\r\n",
        lambda: b"TRACE / HTTP/1.1\r\nHost: localhost\r\nCookie: visit=abc\r\n\r\n",
        lambda: b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
        lambda: b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
        lambda: b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        lambda: b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        lambda: b"GET / HTTP/1.1\r\n\r\n",
        lambda: b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n folded\r\n\r\n",
        lambda: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + noise(200),
        lambda: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise(500),
        lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + noise(100),
        lambda: b"GET /b/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nRange: bytes=" + b"0-1," * 2000 + b"\r\n\r\n",
        lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"visit=" + noise(1000).hex().encode() + b"\r\nAccept-Language: " + b"a;q=0.1," * 700 + b"\r\n\r\n",
        lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200,
    ])()


# What a server must answer with 400 and nothing else. RFC 9112: 3.2 (Host), 5.1 (a space before the colon), 6.3 (lengths that disagree), 2.2 (bare CR).
MUST_REFUSE = {
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a Host that is none": b"GET / HTTP/1.1\r\nHost: a b/@c\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost: localhost\r\nX : a\r\n\r\n",
    "two lengths": b"POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\ncode=a",
    "a length and chunks": b"POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length with a sign": b"POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: +6\r\n\r\ncode=a",
    "a coding that does not end in chunks": b"POST /t HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "a bare CR": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n",
    "a NUL": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
}


def strict(verdicts, site):
    """Two programs that read one request differently are how requests are smuggled: what is wrong is refused, not guessed at."""
    wrong = []
    for what, request in MUST_REFUSE.items():
        answer = site.bytes_of(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1), source=GOOD_SOURCE)
        if not answer.startswith(b"HTTP/1.1 400 "):
            wrong.append(f"{what}: {answer[:40]}")
    verdicts.none(f"what RFC 9112 wants refused is refused: {', '.join(MUST_REFUSE)}", wrong)


async def throw(site, requests, chance):
    """All of the requests, some at once; how often what came back began with which status, and "closed" where nothing did."""
    counts, waiting = {}, list(enumerate(requests))

    async def client(number):
        source = f"127.0.0.{10 + number % 100}"
        while waiting:
            _, request = waiting.pop()
            answer = b""
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", site.port, local_addr=(source, 0))
                with contextlib.suppress(OSError, asyncio.TimeoutError):
                    writer.write(request)
                    await asyncio.wait_for(writer.drain(), 5)
                    # Some say that they are done, some just wait, some are gone at once.
                    manners = chance.random()
                    if manners < 0.6:
                        writer.write_eof()
                    if manners < 0.9:
                        answer = await asyncio.wait_for(reader.read(100), 5 if manners < 0.6 else 0.5)
                writer.close()
            except (OSError, asyncio.TimeoutError):
                pass
            found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
            kind = found.group(1).decode() if found else "nothing" if not answer else "no HTTP"
            counts[kind] = counts.get(kind, 0) + 1

    await asyncio.gather(*(client(number) for number in range(AT_ONCE)))
    return counts


def nonsense(verdicts, site, patience, chance):
    errors = site.log().count("a request failed")
    with besieged(verdicts, site, patience, "nonsense"):
        tokens = ["a" * 32, site.voters[0].token]
        counts = asyncio.run(throw(site, [garbage(chance, chance.choice(tokens)) for _ in range(GARBAGE)], chance))
    said = ", ".join(f"{kind} {count:,}" for kind, count in sorted(counts.items()))
    verdicts.same(f"{GARBAGE:,} requests of nonsense were sent ({said})", GARBAGE, sum(counts.values()))
    verdicts.none("none of them is answered with a fault of ours (5xx), or with what is no HTTP", [kind for kind in counts if kind.startswith("5") or kind == "no HTTP"])
    verdicts.same("… and the log tells of none", errors, site.log().count("a request failed"))
    verdicts.same("… and the link that some of it was thrown at still opens", True, bool(site.claim(site.voters.pop(0), source=GOOD_SOURCE)))


def idle(verdicts, site, patience):
    """Connections that were opened and say nothing, or half a line."""
    connections = []
    with besieged(verdicts, site, patience, f"{IDLE:,} idle connections"):
        try:
            for number in range(IDLE):
                connections.append(site.connect(f"127.0.0.{10 + number % 100}", timeout=30))
                if number % 2:
                    connections[-1].sendall(b"GET / HTTP/1.1\r\nHost: ")
        except OSError as error:
            verdicts.failure(f"{IDLE:,} connections can be opened", IDLE, f"{len(connections)}, then {error!r}")
        say(f"{len(connections):,} connections are open")
        time.sleep(15)
        held = len(os.listdir(f"/proc/{site.process.pid}/fd"))
        verdicts.holds(f"the server had {held:,} files and connections open at once", held > IDLE * 0.9, f"{IDLE * 0.9:,.0f}", held)
        # They are not kept for ever: half a minute of silence ends them.
        end = time.monotonic() + 60
        while len(os.listdir(f"/proc/{site.process.pid}/fd")) > 200 and time.monotonic() < end:
            time.sleep(1)
        left = len(os.listdir(f"/proc/{site.process.pid}/fd"))
        verdicts.holds("… and closes those on which nothing is asked", left <= 200, "200 at most", left)
        for connection in connections:
            connection.close()


def judge(verdicts, house, chosen, chance):
    with house.site("flood", which="public") as site:
        for name in SLOW:
            slow(verdicts, site, chosen.patience, name)
        strict(verdicts, site)
        nonsense(verdicts, site, chosen.patience, random.Random(chance.random()))
        idle(verdicts, site, chosen.patience)
