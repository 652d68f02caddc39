"""The six digits of an authenticator (RFC 6238 with SHA-1), and an account at the desk: for the judge and the bench, apart from the program."""

import base64
import hashlib
import hmac
import http.client
import json
import re
import struct
import subprocess
import time
import urllib.parse

PASSWORD = "correct horse battery"


def code(secret, at=None):
    """The code of a moment; spaces in the secret do not matter."""
    counter = struct.pack(">Q", int((at or time.time()) // 30))
    digest = hmac.new(base64.b32decode(secret.replace(" ", "")), counter, hashlib.sha1).digest()
    place = digest[19] & 15
    return f"{(struct.unpack('>I', digest[place:place + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def invite(program, office, login, role):
    """Makes an account; the password for the first time."""
    made = subprocess.run(
        [program, "staff", "add", login, "--role", role, "--office", office, "--format", "json"], capture_output=True, check=True)
    return json.loads(made.stdout)["password"]


class Clerk:
    """Somebody who is signed in, on one connection that is kept."""

    def __init__(self, port, login, password):
        self.client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookie = self.form = None
        self.post("/signin", login=login, password=password, code="")
        page = self.get("/enrol")
        secret = re.search(r'class="code free">([^<]*)', page).group(1)
        self.post("/enrol", password=PASSWORD, again=PASSWORD, code=code(secret))
        self.get("/")

    def ask(self, method, path, body=None):
        """The page, and how long it took in seconds."""
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        started = time.perf_counter()
        self.client.request(method, path, body, headers)
        response = self.client.getresponse()
        page = response.read().decode()
        seconds = time.perf_counter() - started
        if cookie := response.getheader("Set-Cookie"):
            self.cookie = cookie.split(";")[0]
        if form := re.search(r'name="form" value="([0-9a-f]+)"', page):
            self.form = form.group(1)
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {response.status}\n{page[-600:]}")
        self.place = response.getheader("Location")
        self.seconds = seconds
        return page

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, **fields):
        if self.form:
            fields["form"] = self.form
        return self.ask("POST", path, urllib.parse.urlencode(fields))
