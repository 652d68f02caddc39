"""What the judges have in common: an office with letters out, sites of their own, plain HTTP, and verdicts that are counted."""

import contextlib
import http.client
import random
import re
import shutil
import socket
import ssl
import sys
import time
from collections import namedtuple
from datetime import date
from pathlib import Path

import figures
from figures import Office, read_roll, run, sample_election, say
from letterbox import Letterbox

ELECTION = "sample-general"
# Two of the sample's styles: a ballot with everything, and the federal one. The others would take a minute to import and show no other page.
STYLES = ("P1-P2", "FED-1")

# Somebody who has a letter. The birthday is a date.
Voter = namedtuple("Voter", "voter_id token birthday")

# What came back: headers as a list of (name, value), as they came.
Answer = namedtuple("Answer", "status headers body seconds")


class Verdicts:
    """One line a check: `ok …`, or `FAILED …` with what was expected and what was found."""

    def __init__(self):
        self.passed = self.failed = 0

    def ok(self, what):
        self.passed += 1
        print(f"ok      {what}", flush=True)

    def failure(self, what, expected, found):
        self.failed += 1
        print(f"FAILED  {what}\n        expected: {str(expected)[:1000]}\n        found:    {str(found)[:3000]}", flush=True)

    def holds(self, what, condition, expected, found=""):
        if condition:
            self.ok(what)
        else:
            self.failure(what, expected, found)
        return bool(condition)

    def same(self, what, expected, found):
        return self.holds(what, expected == found, expected, found)

    def none(self, what, found):
        """A check that holds where nothing was found."""
        found = list(found)
        more = f"\n        … and {len(found) - 12} more" if len(found) > 12 else ""
        return self.holds(what, not found, "none", "\n                  ".join(map(str, found[:12])) + more)

    def note(self, text):
        """What a person should know and no check decides."""
        print(f"note    {text}", flush=True)


def becomes(expected, ask, seconds=30, pause=0.3):
    """Asks until the answer is the expected one, or the time is over; the last answer."""
    end = time.monotonic() + seconds
    while True:
        found = ask()
        if found == expected or time.monotonic() > end:
            return found
        time.sleep(pause)


def quiet_port():
    """A free port below those that the system hands out by itself: a site that is killed and started again must get it back."""
    while True:
        port = random.SystemRandom().randrange(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class House:
    """The office that every judge gets a copy of: letters are out, nobody has claimed."""

    def __init__(self, program, folder, keeps_sites=False):
        self.program, self.folder, self.letters, self.keeps_sites = program, folder, Letterbox(), keeps_sites
        started = time.monotonic()
        sample = folder / "sample"
        sample_election(sample, 200)
        self.keep_styles(sample)
        self.office = Office(program, folder / "office", True, self.letters.port)
        self.office.do("election", "import", sample)
        self.office.do("voters", "import", sample / "voters.csv", "--election", ELECTION)
        self.office.do("issue", "--election", ELECTION)
        self.office.do("letters", "send")
        self.voters = []
        for row in read_roll(sample / "voters.csv"):
            token = self.letters.tokens.get(row["email"].lower())
            if token:
                self.voters.append(Voter(row["voter_id"], token, date.fromisoformat(row["date_of_birth"])))
        say(f"an office with {len(self.voters)} letters out, made in {time.monotonic() - started:.0f} s")

    @staticmethod
    def keep_styles(sample):
        """Leaves the election's folder with few styles, and no page that belongs to another."""
        header, *lines = (sample / "styles.csv").read_text().splitlines()
        kept = [line for line in lines if line.split(",")[0] in STYLES]
        gone = {line.split(",")[0] for line in lines} - set(STYLES)
        (sample / "styles.csv").write_text("\n".join([header, *kept]) + "\n")
        for line in set(lines) - set(kept):
            (sample / line.rsplit(",", 1)[1]).unlink()
        for path in [*sample.glob("write-ins/*"), *sample.glob("instructions/*")]:
            if path.name.split(".")[0] in gone:
                path.unlink()

    @contextlib.contextmanager
    def site(self, name, which="all", authority=None, **limits):
        """A copy of the office at work, with all its voters; stopped at the end.

        `authority` gives it TLS; `limits` are those of uocava.yaml.
        """
        site = Site(self, self.folder / name, authority, limits)
        site.open(which)
        try:
            yield site
        finally:
            site.close()
            if not self.keeps_sites:
                shutil.rmtree(site.folder)


class Site(Office):
    """One judge's own copy of the office, with its voters' site."""

    def __init__(self, house, folder, authority, limits):
        self.program, self.folder, self.port = house.program, Path(folder), quiet_port()
        self.voters, self.process, self.which = list(house.voters), None, "all"
        shutil.copytree(house.office.folder, folder)
        settings = self.folder / "uocava.yaml"
        text = settings.read_text().replace(f"127.0.0.1:{house.office.port}", f"127.0.0.1:{self.port}")
        self.tls = None
        if authority:
            text = text.replace(f'url: "http://127.0.0.1:{self.port}"', f'url: "https://localhost:{self.port}"')
            text = text.replace("  # tls: {", f"  tls: {{ certificate: {authority / 'site.pem'}, key: {authority / 'site.key'} }}\n  # tls: {{", 1)
            self.tls = ssl.create_default_context(cafile=authority / "ca.pem")
        for limit, value in limits.items():
            text, count = re.subn(rf"\b{limit}: \d+", f"{limit}: {value}", text)
            if count != 1:
                sys.exit(f"judge: uocava.yaml has no limit {limit}")
        settings.write_text(text)
        self.host = "localhost" if authority else "127.0.0.1"
        self.url = f"{'https' if authority else 'http'}://{self.host}:{self.port}"

    def open(self, which="all"):
        """Starts the services, and waits until the site answers."""
        self.which = which
        self.process = self.start("serve", which)
        for _ in range(600):
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("GET", "/healthz").status == 200:
                    return
            time.sleep(0.05)
        sys.exit(f"judge: the site did not start:\n{self.log()[-2000:]}")

    def kill(self):
        """As a crash would: nothing is finished, nothing is written any more."""
        self.process.kill()
        self.process.wait()
        figures.STARTED.remove(self.process)

    def close(self):
        figures.stop(self.process)
        figures.STARTED.remove(self.process)

    def log(self):
        return (self.folder / "log.txt").read_text(errors="replace")

    def memory(self, field="VmRSS"):
        """Resident megabytes now, or with VmHWM the most so far."""
        found = re.search(rf"^{field}:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text(), re.MULTILINE)
        return int(found.group(1)) / 1024

    def link(self, voter):
        return f"{self.url}/b/{voter.token}"

    # A client's side

    def connect(self, source=None, timeout=60, port=None):
        """A connection, with TLS where the site has it; `source` is another of this machine's own addresses, 127.0.0.x."""
        plain = socket.create_connection(("127.0.0.1", port or self.port), timeout, (source, 0) if source else None)
        return self.tls.wrap_socket(plain, server_hostname=self.host) if self.tls else plain

    def ask(self, method, path, body=None, headers=None, source=None, timeout=60, port=None):
        """One request on a connection of its own."""
        started = time.monotonic()
        client = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        client.sock = self.connect(source, timeout, port)
        try:
            headers = dict(headers or {})
            if body is not None:
                headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
            client.request(method, path, body, headers)
            response = client.getresponse()
            content = response.read()
            return Answer(response.status, response.getheaders(), content, time.monotonic() - started)
        finally:
            client.close()

    def bytes_of(self, request, source=None, timeout=60):
        """What the site sends for these bytes until it closes, byte for byte; a connection that is reset ends what came."""
        with self.connect(source, timeout) as connection:
            connection.sendall(request)
            came = b""
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                while more := connection.recv(65536):
                    came += more
            return came

    def claim(self, voter, **more):
        """The right answer; the visit's cookie as a browser sends it, or None."""
        answer = self.ask("POST", f"/b/{voter.token}", f"answer={voter.birthday}", **more)
        return cookie_of(answer) if answer.status == 303 else None

    def files(self, cookie, **more):
        """Where the packet's page has its two files, PDF and ZIP; and the tracking code."""
        page = self.ask("GET", "/ballot", headers={"Cookie": cookie}, **more).body.decode()
        pdf, archive, code = (re.search(pattern, page) for pattern in (r'href="(/ballot/[^"]+\.pdf)"', r'href="(/ballot/[^"]+\.zip)"', r"T(?:-[0-9A-Z]{4}){5}"))
        if not (pdf and archive and code):
            sys.exit(f"judge: the packet's page does not name its files and its code:\n{page}")
        return pdf.group(1), archive.group(1), code.group(0)

    def steps(self, code):
        """What the tracking page lists, oldest first."""
        page = self.ask("GET", f"/t/{code}").body.decode()
        return [re.sub(r"<time.*?</time>|<[^>]*>", "", step) for step in re.findall(r"<li><time.*?</li>", page)]


def header(answer, name):
    """A header's values, joined."""
    return ", ".join(value for field, value in answer.headers if field.lower() == name.lower())


def cookie_of(answer):
    return header(answer, "Set-Cookie").split(";")[0] or None


def certificates(folder, key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
    """An authority of our own, and what it certifies for localhost: ca.pem, site.pem, site.key."""
    folder.mkdir()
    new = ("openssl", "req", "-newkey", *key, "-nodes")
    # Ninety days: Mozilla's intermediate profile recommends it, and takes at most 366.
    run(*new, "-x509", "-days", "90", "-subj", "/CN=A judge's authority",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", folder / "ca.key", "-out", folder / "ca.pem")
    run(*new, "-new", "-subj", "/CN=localhost", "-keyout", folder / "site.key", "-out", folder / "site.csr")
    extensions = folder / "extensions"
    extensions.write_text(
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    run("openssl", "x509", "-req", "-in", folder / "site.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial", "-days", "90",
        "-extfile", extensions, "-out", folder / "site.pem")
    return folder
