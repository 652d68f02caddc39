#!/usr/bin/python3
"""Measures the voters' site against its bars, beside nginx in the same minutes. Run by scripts/bench."""

import argparse
import hashlib
import http.client
import random
import re
import resource
import shutil
import socket
import sqlite3
import ssl
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
from counter import claims, send_links  # noqa: E402
from download import visits  # noqa: E402
from figures import Office, cores, cpu_of, free_port, median, run, say, scratch, spread, stop, table  # noqa: E402
from letterbox import Letterbox  # noqa: E402
from nginx import Nginx  # noqa: E402
from packet import made_roll, prepared_office  # noqa: E402
from wrk import CLAIM_KEPT, DOWNLOAD, DOWNLOAD_ONCE, wrk  # noqa: E402

PARTS = ("files", "pages", "claims", "kills", "idle")
SOURCES = 20  # addresses of this machine that idle connections come from: limits count by address


def unverified():
    """The bench's own certificate is known to nobody."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def prepared(program, folder, voters, wished):
    """An office whose first half of the roll has letters with packets of the size wished for; with "token birthday" of all who have one."""
    letters = Letterbox()
    office, election, _ = prepared_office(program, folder, wished, letters.port)
    return office, election, send_links(office, election, made_roll(folder, voters * 2), letters, voters)


def certificate(folder):
    names = folder / "site.pem", folder / "site.key"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", names[1], "-out", names[0])
    return names


def secure_twin(office, folder, names):
    """The same site on the same counter's database, at another port and over TLS."""
    twin = object.__new__(Office)
    twin.program, twin.folder, twin.port = office.program, folder, free_port()
    twin.url = f"https://127.0.0.1:{twin.port}"
    folder.mkdir()
    settings = (office.folder / "uocava.yaml").read_text()
    settings = settings.replace(office.url, twin.url).replace(f'listen: "127.0.0.1:{office.port}"', f'listen: "127.0.0.1:{twin.port}"')
    settings = settings.replace("sqlite:counter.sqlite", f"sqlite:{office.folder}/counter.sqlite")
    settings = settings.replace("  # tls: { certificate: public.crt, key: public.key }", f'  tls: {{ certificate: "{names[0]}", key: "{names[1]}" }}')
    (folder / "uocava.yaml").write_text(settings)
    return twin


def spoken(twin):
    """The TLS version and the cipher that a client with OpenSSL and the site agree on."""
    with socket.create_connection(("127.0.0.1", twin.port), timeout=10) as plain:
        with unverified().wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            return secure.version(), secure.cipher()[0]


def kept(folder):
    """The cookies that voters were given during the last CLAIM_KEPT."""
    return [line for path in folder.glob("wrk.txt.*") for line in path.read_text().split()]


def claimed(office, lines, connections, count, work):
    """Claims many ballots and reads each one's page: "cookie path-of-the-PDF" of `count` voters."""
    wrk(CLAIM_KEPT, office.url, lines, connections, max(2, count // 2000), work)
    found, site = [], http.client.HTTPConnection("127.0.0.1", office.port, timeout=30)
    for cookie in kept(work)[:count]:
        site.request("GET", "/ballot", headers={"Cookie": cookie})
        found.append(f"{cookie} {re.search(rb'/ballot/[^.]+[.]pdf', site.getresponse().read()).group().decode()}")
    site.close()
    return found


def forget_deliveries(office):
    """As if nobody had downloaded yet. Only a bench may do this."""
    database = sqlite3.connect(office.folder / "counter.sqlite", timeout=30)
    with database:
        for change in ("DELETE FROM served", "UPDATE packet SET delivered_at = NULL"):
            database.execute(change)
    database.close()


class Pairs:
    """What is measured in turn, ours and nginx's, round by round: the order changes with each round."""

    def __init__(self, connections, seconds, work):
        self.connections, self.seconds, self.work, self.found = connections, seconds, work, {}

    def measure(self, kind, url, lines, cpu):
        before = cpu()
        seen = wrk(kind, url, lines, self.connections, self.seconds, self.work)
        seen["cpu"] = (cpu() - before) / max(1, seen["good"]) * 1e6
        if seen["bad"] or seen["errors"] or not seen["good"]:
            sys.exit(f"bench: some requests to {url} failed: {seen}")
        seen["rate"], seen["mb"] = seen["good"] / seen["seconds"], seen["bytes"] / seen["seconds"] / 1e6
        return seen

    def round(self, number, name, ours, theirs, by):
        """`ours` and `theirs` measure once each; `by` is what the ratio is taken of."""
        order = [(0, ours), (1, theirs)] if number % 2 == 0 else [(1, theirs), (0, ours)]
        pair = {place: each() for place, each in order}
        self.found.setdefault(name, []).append((pair[0], pair[1], pair[0][by] / pair[1][by]))
        say(f"round {number + 1}, {name}: {pair[0]['rate']:,.0f}/s, nginx {pair[1]['rate']:,.0f}/s, {self.found[name][-1][2]:.2f}")

    def ratios(self, name):
        return [ratio for _, _, ratio in self.found[name]]

    def rows(self):
        for name, seen in self.found.items():
            ours, theirs = ({key: median([pair[place][key] for pair in seen]) for key in ("rate", "mb", "cpu", "p50", "p99")} for place in (0, 1))
            yield [
                name, ours["rate"], theirs["rate"], ours["mb"], theirs["mb"], ours["cpu"], theirs["cpu"], f"{ours['p50']:.1f}",
                f"{theirs['p50']:.1f}", f"{ours['p99']:.1f}", f"{theirs['p99']:.1f}", f"{median(self.ratios(name)):.2f}", spread(self.ratios(name), "{:.2f}"),
            ]


def beside_nginx(office, lines, chosen, work):
    """Files and pages, plain and over TLS."""
    names = certificate(work)
    secure = secure_twin(office, work / "secure", names)
    server, behind = office.serve(), secure.serve(tls=unverified())
    version, cipher = spoken(secure)
    nginx = Nginx(work / "nginx", (*names, version, cipher))
    pairs = Pairs(chosen.connections, chosen.seconds, work)

    def here():
        return cpu_of(server) + cpu_of(behind)

    parts, again = chosen.parts, []
    pages = [f"a=b /b/{line.split()[0]}" for line in lines]
    page = http.client.HTTPConnection("127.0.0.1", office.port, timeout=30)
    page.request("GET", pages[0].split()[1])
    answer = page.getresponse().read()
    nginx.add("page.html", answer)
    if "files" in parts:
        _, packet = visits(office, lines[-20:])
        nginx.add("packet.pdf", packet)
        say(f"claiming {chosen.downloads:,} ballots")
        again = claimed(office, lines[:-20], 50, chosen.downloads, work)
    for number in range(chosen.runs):
        if "files" in parts:

            def theirs(url):
                return pairs.measure(DOWNLOAD, url, ["a=b /packet.pdf"] * cores(), nginx.cpu)

            def first():
                forget_deliveries(office)
                seen = pairs.measure(DOWNLOAD_ONCE, office.url, again, here)
                time.sleep(1)  # that the last ones arrived is known and written down a moment later
                count, start, end = office.count("counter.sqlite", "SELECT count(*), min(delivered_at), max(delivered_at) FROM packet WHERE delivered_at > 0")
                if count < seen["good"] - chosen.connections:
                    sys.exit(f"bench: {seen['good']} packets were handed out, and {count} are in the database as delivered")
                # Where the voters ran out before the time did, the database knows when.
                seen["mb"] *= count / max(0.001, (end - start) / 1000) / seen["rate"]
                seen["rate"] = count / max(0.001, (end - start) / 1000)
                return seen

            pairs.round(number, "file, each voter's first", first, lambda: theirs(nginx.url), "mb")
            pairs.round(number, "file, again and again", lambda: pairs.measure(DOWNLOAD, office.url, again, here), lambda: theirs(nginx.url), "mb")
            hosted = [f"__Host-{line}" for line in again]
            pairs.round(number, "file over TLS", lambda: pairs.measure(DOWNLOAD, secure.url, hosted, here), lambda: theirs(nginx.secure_url), "mb")
        if "pages" in parts:

            def still(url):
                return pairs.measure(DOWNLOAD, url, ["a=b /page.html"] * cores(), nginx.cpu)

            pairs.round(number, "link page", lambda: pairs.measure(DOWNLOAD, office.url, pages, here), lambda: still(nginx.url), "rate")
            pairs.round(
                number, "link page over TLS", lambda: pairs.measure(DOWNLOAD, secure.url, pages, here), lambda: still(nginx.secure_url), "rate")
    for process in (nginx.process, behind, server):
        stop(process)
    table(
        f"beside nginx: {chosen.connections} connections, {chosen.runs} rounds of {chosen.seconds} s in turn, medians; TLS is {version}, {cipher}, one certificate",
        ["", "ours/s", "nginx/s", "MB/s", "nginx", "CPU µs", "nginx", "p50 ms", "nginx", "p99 ms", "nginx", "ours/nginx", "least–most"],
        list(pairs.rows()))
    if "files" in parts:
        print(f"\n  The file: the PDF of {len(again):,} voters, {len(packet):,} bytes at most; nginx hands one such file to everybody, with sendfile.")
    if "pages" in parts:
        print(f"  The link page: {len(answer):,} bytes and our headers; nginx has a copy of it in a file, and sends its own few headers.")
    return pairs


def killed(office, lines, connections, work):
    """Kills the site while voters claim: how many were told that their ballot is open, and how many of those the database lacks."""
    twin = office.copy_to(work / "killed")
    server = twin.serve()
    hand = threading.Timer(random.uniform(0.8, 1.8), server.kill)
    hand.start()
    seen = wrk(CLAIM_KEPT, twin.url, lines, connections, 2, work)
    hand.join()
    server.wait()
    told, known = [cookie.partition("=")[2] for cookie in kept(work)], set(twin.rows("counter.sqlite", "SELECT id, secret FROM visit"))
    pairs = [(bytes.fromhex(value[:32]), hashlib.sha256(bytes.fromhex(value[32:])).digest()) for value in told]
    lost = sum(pair not in known for pair in pairs)
    # And what is there opens: some of the last ones, from a site that was started again.
    server, shut = twin.serve(), 0
    site = http.client.HTTPConnection("127.0.0.1", twin.port, timeout=30)
    for value in told[-100:]:
        site.request("GET", "/ballot", headers={"Cookie": f"visit={value}"})
        answer = site.getresponse()
        answer.read()
        shut += answer.status != 200
    site.close()
    stop(server)
    shutil.rmtree(twin.folder)
    if seen["good"] != len(told) or seen["errors"] == 0:
        sys.exit(f"bench: the site was not killed in mid-flight, or a cookie is missing: {seen}, {len(told)} cookies")
    return len(told), len(known), lost + shut


def memory(server, key="VmRSS"):
    found = re.search(rf"{key}:\s+(\d+) kB", Path(f"/proc/{server.pid}/status").read_text())
    return int(found.group(1)) * 1024


def idle(office, count, tls=None):
    """Memory of the site before and while so many connections are open on which one page was asked for, from several addresses."""
    server = office.serve(tls=tls)
    before, kept_open = memory(server), []
    try:
        for number in range(count):
            connection = socket.create_connection(("127.0.0.1", office.port), 20, (f"127.0.0.{2 + number % SOURCES}", 0))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as browsers do; else each handshake waits 40 ms
            if tls:
                connection = tls.wrap_socket(connection, server_hostname="127.0.0.1")
            kept_open.append(connection)
            connection.sendall(b"GET /b/" + b"a" * 32 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            if b" 200 " not in connection.recv(65536)[:20]:
                sys.exit(f"bench: connection {number + 1} was refused")
        while_open, stay = memory(server), 0
        for connection in kept_open:  # what is left of the page may lie there; an end does not
            connection.settimeout(0)
            try:
                while connection.recv(65536):
                    pass
            except (BlockingIOError, ssl.SSLWantReadError):
                stay += 1
        if stay < count:
            sys.exit(f"bench: of {count} connections {count - stay} were closed before all were open; measure with fewer (--idle)")
    finally:
        for connection in kept_open:
            connection.close()
    stop(server)
    return before, while_open


def more_files(wanted):
    """Lets this script and what it starts open so many files, or ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted:
        sys.exit(f"bench: a process may open {hard} files here, and this needs {wanted} (ulimit -n, or a smaller --idle)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench web")
    parser.add_argument("--program", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, default=4, help="of each measurement beside nginx (default 4); claims take 3")
    parser.add_argument("--runs", type=int, default=3, help="rounds of everything but the kills (default 3)")
    parser.add_argument("--kills", type=int, default=3, help="how often the site is killed while voters claim (default 3)")
    parser.add_argument("--connections", type=int, default=50, help="of the clients beside nginx (default 50); claims have 200")
    parser.add_argument("--voters", type=int, default=40_000, help="who have letters; as many again wait for theirs (default 40000)")
    parser.add_argument("--downloads", type=int, default=8_000, help="how many of them download their packets (default 8000)")
    parser.add_argument("--size", type=int, default=400_000, help="bytes of a packet, about (default 400000)")
    parser.add_argument("--idle", type=int, default=5_000, help="connections on which nothing happens (default 5000)")
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"only these: {', '.join(PARTS)}")
    chosen = parser.parse_args()
    unknown = [part for part in chosen.parts if part not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}. There are: {', '.join(PARTS)}")
    if "idle" in chosen.parts:
        more_files(chosen.idle + 300)
    bars = []
    # Prepared in memory, where nobody waits for a disk; measured on copies that are on the disk.
    shared = Path("/dev/shm")
    quick = shared if shared.is_dir() and shutil.disk_usage(shared).free > 2 << 30 else None
    with scratch() as work, scratch(quick) as other:
        say(f"preparing an office of {chosen.voters * 2:,} voters")
        office, election, lines = prepared(chosen.program, other, chosen.voters, chosen.size)
        if {"files", "pages"} & set(chosen.parts):
            site = office.copy_to(work / "site")
            pairs = beside_nginx(site, lines, chosen, work)
            wanted = [
                ("file, each voter's first", 1.0), ("file, again and again", 1.0), ("file over TLS", 0.8), ("link page", 0.35),
                ("link page over TLS", 0.35),
            ]
            for name, bar in wanted:
                if name in pairs.found:
                    ratios = pairs.ratios(name)
                    bars.append((f"{name}: of nginx's rate, at least {bar}", f"{median(ratios):.2f} ({spread(ratios, '{:.2f}')})", median(ratios) >= bar))
            shutil.rmtree(site.folder)
        if "claims" in chosen.parts:
            rows, seen = [], {False: [], True: []}
            for number in range(chosen.runs):
                for beside in (False, True):
                    seen[beside].append(claims(office, election, lines, 200, 3, beside, work))
                    say(f"round {number + 1}, claims{' beside issue' if beside else ''}: {seen[beside][-1]['rate']:,.0f}/s, p99 {seen[beside][-1]['p99']:.0f} ms")
            for beside, runs in seen.items():
                label = "claims beside `issue`" if beside else "claims"
                rates, slow = [run["rate"] for run in runs], [run["p99"] for run in runs]
                rows.append([
                    label, median(rates), spread(rates), median([run["cpu"] for run in runs]), f"{median([run['p50'] for run in runs]):.1f}",
                    f"{median(slow):.1f}", spread(slow, "{:.0f}"), f"{median([run['issued'] for run in runs]):,.0f}" if beside else "",
                ])
                bars.append((f"{label}/s, at least 3,000", f"{median(rates):,.0f} ({spread(rates)})", median(rates) >= 3000))
                bars.append((f"{label}: p99 under 100 ms", f"{median(slow):.0f} ms ({spread(slow)})", median(slow) < 100))
            table(
                f"claims: each another voter, 200 connections, {chosen.runs} rounds of 3 s in turn, medians; on the disk (fsync) before the answer",
                ["", "claims/s", "least–most", "CPU µs", "p50 ms", "p99 ms", "least–most", "packets/s"], rows)
        if "kills" in chosen.parts and chosen.kills > 0:
            rows = []
            for number in range(chosen.kills):
                told, known, lost = killed(office, lines, 200, work)
                rows.append([f"kill {number + 1}", told, known, lost])
                say(f"kill {number + 1}: {told:,} were told, {lost} are lost")
            bars.append(("claims that were answered and are lost when the site is killed: none", f"{sum(row[3] for row in rows)}", not any(row[3] for row in rows)))
            table("kill -9 while 200 connections claim: cookies that voters were given, and visits in counter.sqlite", ["", "told", "in the database", "lost"], rows)
        if "idle" in chosen.parts:
            rows, site = [], office.copy_to(work / "idle")
            for label, own, tls in (("plain", site, None), ("TLS", secure_twin(site, work / "quiet", certificate(work)), unverified())):
                before, during = idle(own, chosen.idle, tls)
                rows.append([label, f"{before / 1e6:.0f}", f"{during / 1e6:.0f}", f"{(during - before) / chosen.idle / 1e3:.1f}"])
                bars.append((f"memory with {chosen.idle:,} idle connections, {label}: under 200 MB", f"{during / 1e6:.0f} MB", during < 200e6))
            table(
                f"{chosen.idle:,} connections, open after one page each, from {SOURCES} addresses",
                ["", "MB before", "MB while open", "KB a connection"], rows)
    print("\nbars")
    for name, figure, met in bars:
        print(f"  {name}: {figure}: {'met' if met else 'NOT MET'}")
    print(f"\n  The clients (wrk, {cores()} threads) share the {cores()} cores with whoever answers them.")


if __name__ == "__main__":
    main()
