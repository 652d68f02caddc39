"""The site with its own TLS: Mozilla's intermediate profile (sslyze), headers (drHEADer), and what the rest of the Web insists on.

The certificate is made for the run by an authority that only this run trusts, so what sslyze says about trust is set apart: it concerns
the certificate, and an office has another one. Everything else concerns the program.
"""

import json
import re
import socket
import ssl
import subprocess

from figures import run, say
from house import becomes, certificates, cookie_of, header

# What sslyze calls its findings about a certificate. All others are about the protocol.
ABOUT_CERTIFICATE = ("certificate_path_validation", "certificate_hostname_validation", "maximum_certificate_lifespan")

# What drHEADer wants and this site does without: (header, part of its message) → why.
EXCUSED = {
    ("Cache-Control", "Value does not match"): "it wants `no-store, max-age=0`; `no-store` alone forbids keeping anything (RFC 9111, 5.2.2.5)",
    ("X-XSS-Protection", "not included"): "it wants `0`, which switches a filter off that no browser has had since 2022; no script runs here at all",
}
HEADERS = """
import json, sys
from drheader import Drheader
found = Drheader(headers=json.load(sys.stdin)).analyze()
print(json.dumps([[item["rule"], item["message"], item["severity"], str(item["value"])] if isinstance(item, dict)
                  else [item.rule, item.message, item.severity, str(item.value)] for item in found]))
"""


def judge(verdicts, house, chosen, chance):
    with house.site("tls", authority=chosen.authority) as site:
        profile(verdicts, site, chosen, "a P-256 certificate", chosen.authority)
        refused(verdicts, site)
        headers(verdicts, site, chosen)
        if chosen.http2:
            http2(verdicts, site, chosen.authority)
        if chosen.testssl:
            testssl(verdicts, site, chosen)
    rsa = certificates(chosen.work / "authority-rsa", key=("rsa:2048",))
    with house.site("tls-rsa", which="public", authority=rsa) as site:
        profile(verdicts, site, chosen, "an RSA certificate", rsa)


def profile(verdicts, site, chosen, kind, authority):
    """Mozilla's intermediate profile."""
    done = subprocess.run(
        [chosen.tools / "bin" / "sslyze", "--mozilla_config=intermediate", f"--certinfo_ca_file={authority / 'ca.pem'}", f"localhost:{site.port}"],
        capture_output=True, text=True, timeout=300, check=False)
    _, _, found = done.stdout.partition("COMPLIANCE AGAINST TLS CONFIGURATION")
    words = re.findall(r"^\s+\* (\w+): (.*(?:\n {10,}.*)*)", found, re.MULTILINE)
    spoken = "OK - Compliant" in found or words
    if not verdicts.holds(f"with {kind}: sslyze speaks of Mozilla's intermediate profile", spoken, "a verdict", done.stdout[-1500:] + done.stderr[-500:]):
        return
    verdicts.none(f"with {kind}: … and finds nothing against the protocol", [f"{name}: {text}" for name, text in words if name not in ABOUT_CERTIFICATE])
    for name, text in words:
        if name in ABOUT_CERTIFICATE:
            verdicts.note(f"of the certificate that was made for this run: {name}: {text}")


def refused(verdicts, site):
    """What must get nothing."""
    came = b""
    with socket.create_connection(("127.0.0.1", site.port), 30) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            came = plain.recv(4096)
        except OSError:
            pass
    verdicts.holds("plain HTTP on the same port gets no page", b"HTTP/" not in came and b"<html" not in came, "no HTTP", came)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    spoken = None
    try:
        with socket.create_connection(("127.0.0.1", site.port), 30) as plain, old.wrap_socket(plain) as secured:
            spoken = secured.version()
    except OSError:
        pass
    verdicts.same("TLS 1.1 and older get no connection", None, spoken)


def headers(verdicts, site, chosen):
    """Every kind of answer, judged by drHEADer."""
    voter = site.voters.pop()
    claimed = site.ask("POST", f"/b/{voter.token}", f"answer={voter.birthday}")
    cookie = cookie_of(claimed)
    pdf, archive, code = site.files(cookie)
    visit = {"Cookie": cookie}
    answers = {
        "the start page": site.ask("GET", "/"), "a link": site.ask("GET", site.link(site.voters[0]).removeprefix(site.url)),
        "a wrong answer": site.ask("POST", "/b/" + "a" * 32, "answer=1970-01-01"), "a right one": claimed, "the packet's page": site.ask("GET", "/ballot", headers=visit),
        "the PDF": site.ask("GET", pdf, headers=visit), "a part of it": site.ask("GET", pdf, headers={**visit, "Range": "bytes=5-9"}),
        "the ZIP": site.ask("GET", archive, headers=visit), "the tracking page": site.ask("GET", f"/t/{code}"), "no such page": site.ask("GET", "/nothing"),
        "no such method": site.ask("DELETE", "/"), "too much": site.ask("POST", "/t", "code=" + "x" * 5000), "the certificate": site.ask("GET", "/office-ca.pem"),
        "robots.txt": site.ask("GET", "/robots.txt"), "security.txt": site.ask("GET", "/.well-known/security.txt"), "the icon": site.ask("GET", "/favicon.svg"),
        "healthz": site.ask("GET", "/healthz"), "the end of the visit": site.ask("POST", "/ballot/end", "", headers=visit),
    }
    found, excused = {}, set()
    for what, answer in answers.items():
        fields = {name: value for name, value in answer.headers if name.lower() != "set-cookie"}
        # drHEADer wants cookies as a list; one that is deleted carries nothing to protect, but is held to the same.
        cookies = [value for name, value in answer.headers if name.lower() == "set-cookie"]
        if cookies:
            fields["Set-Cookie"] = cookies
        told = subprocess.run([chosen.tools / "bin" / "python3", "-c", HEADERS], input=json.dumps(fields), capture_output=True, text=True, timeout=60, check=True)
        for name, message, severity, value in json.loads(told.stdout):
            reason = next((why for (which, part), why in EXCUSED.items() if which == name and part in message), None)
            if reason:
                excused.add(f"{name}: {reason}")
            else:
                found.setdefault(f"{name}: {message} ({severity}; it is {value})", []).append(what)
    verdicts.none(f"drHEADer misses nothing in {len(answers)} kinds of answers", [f"{text} [{len(where)} kinds, such as {where[0]}]" for text, where in found.items()])
    for text in sorted(excused):
        verdicts.note(f"let pass: {text}")
    bare = [what for what, answer in answers.items() if not re.search(r"max-age=\d{8}", header(answer, "Strict-Transport-Security"))]
    verdicts.none("every answer tells browsers never to come without TLS, for a year at least", bare)
    whole = header(claimed, "Set-Cookie")
    verdicts.holds("the cookie is bound to this host and to TLS", whole.startswith("__Host-") and "Secure" in whole and "HttpOnly" in whole and "SameSite=Strict" in whole and "Path=/" in whole, "__Host-…; Path=/; Secure; HttpOnly; SameSite=Strict", whole)
    told = [f"{what}: {name}" for what, answer in answers.items() for name, _ in answer.headers if name.lower() in ("server", "x-powered-by")]
    verdicts.none("no answer tells what program it comes from", told)


def http2(verdicts, site, authority):
    """ALPN offers h2, HTTP/1.1 stays, and both say the same."""
    curl = ["curl", "-q", "--noproxy", "*", "-sS", "--max-time", "60", "--cacert", authority / "ca.pem"]
    version = ["-o", site.folder / "page", "-w", "%{http_version} %{http_code}"]
    voter = site.voters.pop()
    # Printed once: the lower case of HTTP/2's names and the date are no difference.
    def page(protocol, path):
        told = run(*curl, protocol, "-i", site.url + path).output
        head, _, body = told.replace("\r", "").partition("\n\n")
        return sorted(line.lower() for line in head.splitlines()[1:] if not re.match(r"(date|connection|content-length):", line, re.IGNORECASE)), body

    verdicts.same("a browser gets HTTP/2 (ALPN h2)", "2 200", run(*curl, "--http2", *version, site.url + "/").output)
    verdicts.same("… and who does not speak it gets HTTP/1.1", "1.1 200", run(*curl, "--http1.1", *version, site.url + "/").output)
    for path in ("/", f"/b/{voter.token}", "/b/" + "a" * 32, "/nothing"):
        verdicts.same(f"the same page and headers both ways: {path.replace(voter.token, '(a real token)')}", page("--http1.1", path), page("--http2", path))
    verdicts.same("a link and one that never was are alike over HTTP/2", page("--http2", f"/b/{voter.token}"), page("--http2", "/b/" + "b" * 32))
    verdicts.same("a form over HTTP/2 opens the ballot", "2 303", run(*curl, "--http2", *version, "-c", site.folder / "jar", "-d", f"answer={voter.birthday}", site.link(voter)).output)
    pdf, _, code = site.files(cookie_in(site.folder / "jar"))
    packet = site.folder / "packet"
    fetch = [*curl, "--http2", "-b", site.folder / "jar", "-o", packet, "-w", "%{http_version} %{http_code}"]
    verdicts.same("half a packet comes over HTTP/2", "2 206", run(*fetch, "-r", "0-99999", site.url + pdf).output)
    verdicts.same("… and the rest", "2 206", run(*fetch, "-C", "-", site.url + pdf).output)
    whole = site.ask("GET", pdf, headers={"Cookie": cookie_in(site.folder / "jar")}).body
    verdicts.same("… and together it is the packet", whole, packet.read_bytes())
    verdicts.same("… which counts as downloaded, once", 1, becomes(1, lambda: site.steps(code).count("Your packet was downloaded.")))


def cookie_in(jar):
    """The cookie of curl's jar, as a browser sends it."""
    fields = jar.read_text().strip().splitlines()[-1].split("\t")
    return f"{fields[5]}={fields[6]}"


def testssl(verdicts, site, chosen):
    """A second judge of TLS; what it says of the certificate's authority and of the DNS concerns this run alone."""
    say("testssl.sh takes some minutes")
    report = site.folder / "testssl.json"
    subprocess.run(
        ["testssl", "--quiet", "--warnings", "off", "--color", "0", "--add-ca", chosen.authority / "ca.pem", "--jsonfile", report, f"localhost:{site.port}"],
        capture_output=True, text=True, timeout=1200, check=False)
    items = json.loads(report.read_text()) if report.is_file() else []
    items = [item for item in items if isinstance(item, dict)]
    verdicts.holds(f"testssl.sh looked at {len(items)} things", len(items) > 50, "more than fifty", len(items))
    # The order of ciphers: Mozilla's intermediate profile leaves it to the client, since all that may be left are strong.
    own = ("cert_", "DNS_", "OCSP", "certificate_", "overall_", "scanTime", "engine", "cipher_order")
    verdicts.none("testssl.sh finds nothing of medium weight or more in the protocol", [
        f"{item['severity']} {item['id']}: {item['finding']}" for item in items
        if item["severity"] in ("MEDIUM", "HIGH", "CRITICAL") and not item["id"].startswith(own)])
