"""Shows that the judges can fail: a site that is spoilt on purpose, one way after the other, and every judge must notice.

Between the judges and the site stands a proxy that changes what the site says.
"""

import contextlib
import http.client
import io
import re
import secrets
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import axe
import cut
import flood
import gauntlet
import markup
import tls
from figures import say
from house import Verdicts
from person import Walk
from walk import Person


class Spoiler:
    """A proxy before a site; `spoil(request, status, headers, body)` gives what is sent instead. `request` has method, path, headers and body."""

    def __init__(self, site, spoil, before=lambda request: None):
        target = site.port

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
                before(self)
                client = http.client.HTTPConnection("127.0.0.1", target, timeout=60)
                client.request(self.command, self.path, self.body, dict(self.headers))
                answer = client.getresponse()
                headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in ("content-length", "connection")]
                length, body = answer.getheader("Content-Length"), answer.read()
                status, headers, body = spoil(self, answer.status, headers, body)
                client.close()
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_DELETE = do_OPTIONS = do_TRACE = handle_any

            def log_message(self, *_):
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 256

            def handle_error(self, *_):
                pass

        server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        site.url, site.port = f"http://127.0.0.1:{server.server_port}", server.server_port


def noticed(verdicts, what, expected, judge):
    """Runs a judge aside; of its checks those with these words must fail."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            judge(Verdicts())
    except (SystemExit, OSError, http.client.HTTPException) as ended:
        say(f"the judge broke off: {ended!r}")
    failures = re.findall(r"^FAILED  (.*)", said.getvalue(), re.MULTILINE)
    for words in expected:
        verdicts.holds(f"{what}: noticed ({words})", any(words in line for line in failures), "FAILED", "\n".join(failures) or said.getvalue()[-1500:])


def as_it_is(request, status, headers, body):
    return status, headers, body


def ugly(request, status, headers, body):
    """A page with every fault that a walk looks for."""
    if b"</main>" not in body:
        return status, headers, body
    headers = [(name, value) for name, value in headers if name.lower() != "content-security-policy"] + [("Set-Cookie", "counter=1")]
    noise = secrets.token_hex(16_000).encode()
    faults = (
        b'<style>*{outline:none!important}</style><div style="width:3000px;height:1px"></div><img src="http://127.0.0.9:9/counter.png">'
        b"<script>console.error('something is wrong')</script><a href=\"/t\" tabindex=\"7\">first of all</a><!--" + noise + b"--></main>")
    return status, headers, re.sub(rb"<title>.*</title>", b"<title></title>", body.replace(b"</main>", faults))


def telling(request, status, headers, body):
    """Names the token on the page, and sets a cookie at a look."""
    return status, [*headers, ("Set-Cookie", "seen=1")], body.replace(b"</main>", request.path.encode() + b"</main>")


def deaf(request, status, headers, body):
    """The server does not know ranges: everything, always; and every page says that all is well."""
    downloaded = b"<li><time>now</time>" + cut.DOWNLOADED.encode() + b"</li></main>"
    return status, headers, body.replace(b"</main>", downloaded) if request.path.startswith("/t/") else body


def forget_range(request):
    del request.headers["Range"]


def damaged(request, status, headers, body):
    """A byte of every part that is resumed is another one."""
    return status, headers, bytes([body[0] ^ 1]) + body[1:] if status == 206 and body else body


def wretched(request, status, headers, body):
    """Fails at what is unusual."""
    return (500 if request.command in ("TRACE", "OPTIONS") else status), headers, body


def bare(request, status, headers, body):
    """No header but what HTTP needs."""
    kept = ("content-type", "location", "set-cookie", "etag", "content-range")
    return status, [(name, value.replace("HttpOnly", "")) for name, value in headers if name.lower() in kept] + [("Server", "Spoiler/1.0")], body


def walking(chosen, site):
    def judge(verdicts):
        lookers = [Person(None), axe.Looker(chosen.tools), markup.Looker(chosen.tools, chosen.work, None)]
        Walk(site, verdicts, lookers, chosen.work, "en", 320).go()
        for looker in lookers:
            looker.conclude(verdicts)

    return judge


def flooding(site, chance):
    """Small numbers: the proxy is no server for thousands."""
    def judge(verdicts):
        for name, value in (("SLOW_SECONDS", 3), ("SLOW_CLIENTS", 20), ("GARBAGE", 400), ("MOST_MEMORY", 1)):
            setattr(flood, name, value)
        flood.strict(verdicts, site)
        flood.slow(verdicts, site, 0.0001, "slow heads")
        flood.nonsense(verdicts, site, 2, chance)
    return judge


class WeakServer:
    """TLS as it was twenty years ago."""

    def __init__(self, authority):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority / "site.pem", authority / "site.key")
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(listener, context), daemon=True).start()

    def accept(self, listener, context):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self.talk, args=(connection, context), daemon=True).start()

    @staticmethod
    def talk(connection, context):
        with contextlib.suppress(OSError):
            connection.settimeout(10)
            if connection.recv(1, socket.MSG_PEEK) == b"G":
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n<html>")
                connection.close()
                return
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1000)
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def judge(verdicts, house, chosen, chance):
    with house.site("prove-walk") as site:
        Spoiler(site, ugly)
        noticed(verdicts, "pages full of faults", [
            "the focus can be seen", "Tab comes to whatever", "no page scrolls sideways", "nothing is asked of any other site", "the browser complains", "no cookie before the claim",
            "every page has a title", "axe finds nothing", "Nu finds no error", "is under 14,000 bytes"], walking(chosen, site))

    with house.site("prove-gauntlet") as site:
        victim, port, spent = site.voters[-1], site.port, threading.Lock()

        def spend(request):
            """As if a form that is sent empty opened the ballot."""
            if request.command == "POST" and request.body in (b"answer=", None) and victim.token in request.path and spent.acquire(blocking=False):
                site.claim(victim, port=port)

        Spoiler(site, telling, spend)

        def run_all(aside):
            voter = site.voters.pop()
            gauntlet.requests(aside, site, voter)
            gauntlet.scanner(aside, site, voter, chosen.work)
            gauntlet.the_voter(aside, site, voter)
            gauntlet.alike(aside, site)

        noticed(verdicts, "links that can be told apart, and spent by an empty form", [
            "none of them sets a cookie", "goes away with no cookie", "after all that the right answer", "HTTP: GET: the same", "HTTP: GET: the answer names no token",
            "HTTP: a wrong birthday: the same"], run_all)

    with house.site("prove-cut") as site:
        honest = site.port
        Spoiler(site, deaf, forget_range)
        noticed(verdicts, "a server that knows no ranges and says that all is well", ["nobody is told", "every piece began", "makes it whole"],
                lambda aside: cut.one_voter(aside, site, site.voters.pop(), "PDF", chance, crash=False))
        site.port = honest
        Spoiler(site, damaged)
        noticed(verdicts, "a byte that changes on the way", ["it is the file that comes in one piece"], lambda aside: cut.one_voter(aside, site, site.voters.pop(), "PDF", chance, crash=False))

    with house.site("prove-flood", which="public") as site:
        Spoiler(site, wretched)
        noticed(verdicts, "a server that is slow, large, lenient and frail", ["within", "MB", "what RFC 9112 wants", "none of them is answered with a fault"], flooding(site, chance))

    with house.site("prove-headers") as site:
        Spoiler(site, bare)
        noticed(verdicts, "no headers", ["drHEADer misses nothing", "never to come without TLS", "the cookie is bound", "what program it comes from"], lambda aside: tls.headers(aside, site, chosen))
    weak = WeakServer(chosen.authority)
    noticed(verdicts, "weak TLS", ["finds nothing against the protocol"], lambda aside: tls.profile(aside, weak, chosen, "weak TLS", chosen.authority))
    noticed(verdicts, "plain HTTP and old TLS", ["plain HTTP", "TLS 1.1 and older"], lambda aside: tls.refused(aside, weak))
