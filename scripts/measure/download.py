#!/usr/bin/python3
"""Measures how fast claimed packets are handed out, beside nginx with the same file and the same clients. Run by scripts/bench."""

import argparse
import http.client
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from figures import Office, cores, cpu_of, median, read_roll, sample_election, say, scratch, stop, table  # noqa: E402
from letterbox import Letterbox  # noqa: E402
from nginx import Nginx  # noqa: E402
from wrk import DOWNLOAD, wrk  # noqa: E402

def visits(office, lines):
    """Claims every ballot as a browser would; "cookie path-of-the-PDF" of each, and one packet's bytes."""
    found, packet = [], b""
    for line in lines:
        token, birthday = line.split()
        site = http.client.HTTPConnection("127.0.0.1", office.port, timeout=30)
        site.request("POST", f"/b/{token}", f"answer={birthday}", {"Content-Type": "application/x-www-form-urlencoded"})
        answer = site.getresponse()
        answer.read()
        cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
        if answer.status != 303 or not cookie:
            sys.exit(f"bench: a claim was answered with {answer.status}")
        site.request("GET", "/ballot", headers={"Cookie": cookie})
        path = re.search(rb'href="(/ballot/[^"]+\.pdf)"', site.getresponse().read())
        if not path:
            sys.exit("bench: the ballot's page has no link to a PDF")
        site.request("GET", path.group(1).decode(), headers={"Cookie": cookie})
        packet = max(packet, site.getresponse().read(), key=len)
        site.close()
        found.append(f"{cookie} {path.group(1).decode()}")
    return found, packet


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench download")
    parser.add_argument("--program", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, default=4, help="of each measurement (default 4)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--connections", type=int, default=50)
    chosen = parser.parse_args()
    with scratch() as work:
        letters = Letterbox()
        election = sample_election(work / "sample", 100)
        office = Office(chosen.program, work / "office", True, letters.port)
        office.do("election", "import", work / "sample")
        office.do("voters", "import", work / "sample" / "voters.csv", "--election", election)
        office.do("issue", "--election", election)
        office.do("letters", "send")
        birthdays = {row["email"].lower(): row["date_of_birth"] for row in read_roll(work / "sample" / "voters.csv")}
        server = office.serve()
        lines, packet = visits(office, [f"{token} {birthdays[address]}" for address, token in letters.tokens.items()])

        nginx = Nginx(work / "nginx")
        nginx.add("packet.pdf", packet)

        rows, ratios = [], []
        try:
            for number in range(chosen.runs):
                cpu = cpu_of(server)
                ours = wrk(DOWNLOAD, office.url, lines, chosen.connections, chosen.seconds, work)
                cpu = (cpu_of(server) - cpu) / max(1, ours["good"]) * 1e6
                theirs = wrk(DOWNLOAD, nginx.url, ["a=b /packet.pdf"] * cores(), chosen.connections, chosen.seconds, work)
                if ours["bad"] or ours["errors"] or theirs["bad"] or theirs["errors"]:
                    sys.exit(f"bench: some downloads failed: ours {ours}, nginx {theirs}")
                pair = []
                for seen in (ours, theirs):
                    pair.append(seen["good"] / seen["seconds"])
                    pair.append(seen["bytes"] / seen["seconds"] / 1e6)
                    pair.append(seen["p99"])
                ratios.append(pair[1] / pair[4])
                rows.append([str(number + 1), pair[0], pair[1], f"{pair[2]:.0f}", cpu, pair[3], pair[4], f"{pair[5]:.0f}", f"{ratios[-1]:.2f}"])
                say(f"run {number + 1}: {pair[0]:,.0f} packets/s, nginx {pair[3]:,.0f}")
        finally:
            stop(nginx.process)
            stop(server)
        table(
            f"download: the PDF of {len(lines)} voters, {len(packet):,} bytes at most, {chosen.connections} connections",
            ["run", "packets/s", "MB/s", "p99 ms", "CPU µs/packet", "nginx/s", "nginx MB/s", "nginx p99 ms", "MB/s: ours/nginx"], rows)
        print(f"\n  Median of ours/nginx: {median(ratios):.2f}. nginx with sendfile, {cores()} workers; the clients (wrk) share the cores with both.")
        print("  Ours opens the visit, unseals the voter's pages and records what was served, on the disk; nginx sends one file to everybody.")


if __name__ == "__main__":
    main()
