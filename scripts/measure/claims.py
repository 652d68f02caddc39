#!/usr/bin/python3
"""Measures claims at the counter, each its own voter with the link from that voter's letter. Run by scripts/bench."""

import argparse
import csv
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
from figures import Office, cpu_of, median, openssl_signatures, sample_election, say, stop, table  # noqa: E402
from letterbox import Letterbox  # noqa: E402
from wrk import CLAIM, wrk  # noqa: E402


def prepared(program, work, voters):
    """An office whose first half of the roll has letters, and the second half waits; with "token birthday" of all who have letters."""
    letters = Letterbox()
    election = sample_election(work / "sample", voters * 2)
    office = Office(program, work / "office", True, letters.port)
    office.do("election", "import", work / "sample")
    office.do("voters", "import", work / "sample" / "voters.csv", "--election", election)
    with (work / "sample" / "voters.csv").open(encoding="utf-8", newline="") as file:
        roll = list(csv.DictReader(file))
    first = work / "first.txt"
    first.write_text("".join(f"{row['voter_id']}\n" for row in roll[:voters]))
    office.do("issue", "--election", election, "--only", first)
    say("writing the letters")
    summary, _ = office.json("letters", "send")
    birthdays = {row["email"].lower(): row["date_of_birth"] for row in roll}
    lines = [f"{token} {birthdays[address]}" for address, token in letters.tokens.items()]
    if len(lines) != summary["sent"]:
        sys.exit(f"bench: {summary['sent']} letters were sent, and {len(lines)} came with a link")
    return office, election, lines


def claims(office, election, lines, connections, seconds, beside, work):
    """One measurement, on a copy of the office in which nobody has claimed."""
    twin = office.copy_to(work / "twin")
    server = twin.serve()
    issuing, before = None, 0
    if beside:
        issuing = twin.start("issue", "--election", election)
        packets = twin.count("counter.sqlite", "SELECT count(*) FROM packet")[0]
        while issuing.poll() is None and twin.count("counter.sqlite", "SELECT count(*) FROM packet")[0] == packets:
            time.sleep(0.05)
        before = twin.count("counter.sqlite", "SELECT count(*) FROM packet")[0]
    cpu = cpu_of(server)
    seen = wrk(CLAIM, twin.url, lines, connections, seconds, work)
    cpu = cpu_of(server) - cpu
    if beside:
        seen["issued"] = (twin.count("counter.sqlite", "SELECT count(*) FROM packet")[0] - before) / seen["seconds"]
        if issuing.poll() is not None:
            say("issuing ended before the claims did: its figure is too small. Measure with more --voters")
        stop(issuing)
    stop(server)
    # The database's own account: it must know every claim that a voter was told of.
    durable, first, last = twin.count("counter.sqlite", "SELECT count(*), min(opened_at), max(opened_at) FROM visit")
    shutil.rmtree(twin.folder)
    if seen["bad"] or seen["errors"] or durable < seen["good"]:
        sys.exit(f"bench: {seen['good']} claims were granted and {durable} are in the database; other answers {seen['bad']}, errors {seen['errors']}")
    if durable >= len(lines):
        say("every link was used: the clients ran dry. Measure with more --voters")
    seen["rate"] = durable / max(0.001, (last - first) / 1000)
    seen["cpu"] = cpu / max(1, durable) * 1e6
    return seen


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench claims")
    parser.add_argument("--program", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement (default 3)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--voters", type=int, default=20_000, help="who have letters; as many again wait for theirs (default 20000)")
    chosen = parser.parse_args()
    # Prepared in memory, where nobody waits for a disk; measured on copies that are on the disk.
    memory = Path("/dev/shm")
    quick = memory if memory.is_dir() and shutil.disk_usage(memory).free > 2 << 30 else None
    with tempfile.TemporaryDirectory(prefix="uocava-bench.") as name, tempfile.TemporaryDirectory(prefix="uocava-bench.", dir=quick) as other:
        work = Path(name)
        say(f"preparing an office of {chosen.voters * 2:,} voters")
        office, election, lines = prepared(chosen.program, Path(other), chosen.voters)
        rows = []
        for beside in (False, True):
            for connections in (50, 200):
                seen, signatures = [], []
                for _ in range(chosen.runs):
                    signatures.append(openssl_signatures())
                    seen.append(claims(office, election, lines, connections, chosen.seconds, beside, work))
                middle = {key: median([run[key] for run in seen]) for key in seen[0]}
                label = f"{connections} connections" + (", beside issue" if beside else "")
                rates = "–".join(f"{rate:,.0f}" for rate in (min(run["rate"] for run in seen), max(run["rate"] for run in seen)))
                rows.append([
                    label, middle["rate"], rates, middle["cpu"], f"{middle['p50']:.1f}", f"{middle['p99']:.1f}", f"{middle['max']:.0f}",
                    f"{middle['issued']:,.0f}" if beside else "", median(signatures), f"{middle['rate'] / median(signatures):.3f}",
                ])
                say(f"{label}: {middle['rate']:,.0f} claims/s")
    table(
        f"claims: POST /b/TOKEN, each another voter, to `uocava serve public`; medians of {chosen.runs}",
        ["", "claims/s", "least–most", "CPU µs/claim", "p50 ms", "p99 ms", "max ms", "packets/s", "openssl sign/s", "claims/openssl"], rows)
    print(f"\n  claims/s: rows of the counter's `visit` table over the time between the first and the last; each was on the disk (fsync) before its answer.")
    print(f"  The clients (wrk, {os.cpu_count()} threads) share the {os.cpu_count()} cores with the server.")


if __name__ == "__main__":
    main()
