#!/usr/bin/python3
"""Measures the import of a roll and the issuing of its ballots, beside what OpenSSL alone can sign. Run by scripts/bench."""

import argparse
import csv
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path

sys.dont_write_bytecode = True
from figures import FIXTURE, Office, cores, median, openssl_signatures, sample_election, say, scratch, signature_cpu, table  # noqa: E402
from letterbox import Letterbox  # noqa: E402


def moved_fixture(folder):
    """The dc-2010 office with its first day of issue, 2028-09-18, moved to today: no false clock, which would slow every look at the time."""
    days = date.today() - date(2028, 9, 18)

    def moved(text):
        return str(date.fromisoformat(text[:10]) + days) + text[10:]

    shutil.copytree(FIXTURE, folder, copy_function=shutil.copyfile)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    lines = (folder / "election.yaml").read_text().splitlines()
    for number, line in enumerate(lines):
        key, _, value = line.strip().partition(": ")
        if key in ("date", "receipt", "receipt_overseas", "postmark", "links_close"):
            lines[number] = line.replace(value, moved(value))
    (folder / "election.yaml").write_text("\n".join(lines) + "\n")
    with (folder / "voters.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "voters.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            # A request lasts until the end of its year; moved, it must still last until election day.
            writer.writerow(row | {"request_date": moved(row["request_date"]), "valid_to": moved(row["valid_to"])})
    return "2028-general"


def measure(name, program, work, folder, election, test, runs):
    relay = Letterbox()
    office = Office(program, work / f"{name}-office", test, relay.port)
    office.do("election", "import", folder)
    bare = office.stored()
    summary, imported = office.json("voters", "import", folder / "voters.csv", "--election", election)
    voters = summary["new"]
    with_roll = office.stored()
    rows, letters = [], None
    for number in range(runs):
        twin = office.copy_to(work / f"{name}-{number}")
        before = openssl_signatures()
        result, done = twin.json("issue", "--election", election)
        after = openssl_signatures()
        issued = result["buckets"]["issued"]
        if issued == 0:
            sys.exit(f"bench: nobody was issued a ballot: {result}")
        rows.append({
            "packets": issued, "seconds": done.seconds, "rate": issued / done.seconds, "cpu": done.cpu / issued * 1e6,
            "peak": done.peak / 1e6, "openssl": (before + after) / 2, "sign": signature_cpu(), "bytes": (twin.stored() - with_roll) / issued,
        })
        if number == runs - 1 and issued <= 20_000:
            summary, sent = twin.json("letters", "send")
            letters = summary["sent"] / sent.seconds, sent.cpu / summary["sent"] * 1e6
        shutil.rmtree(twin.folder)
        say(f"{name}, run {number + 1}: {issued:,} packets in {done.seconds:.1f} s")

    def line(label, row):
        share = row["rate"] / row["openssl"]
        return [
            label, row["packets"], f"{row['seconds']:.1f}", row["rate"], row["cpu"], row["peak"], row["openssl"], f"{share:.3f}", f"{row['sign']:.1f}",
        ]

    middle = {key: median([row[key] for row in rows]) for key in rows[0]}
    table(
        f"issue: {name}, a roll of {voters:,} voters        uocava issue --election {election}",
        ["run", "packets", "seconds", "packets/s", "CPU µs/packet", "peak MB", "openssl sign/s", "rate/openssl", "openssl µs/sign"],
        [line(str(number + 1), row) for number, row in enumerate(rows)] + [line("median", middle)])
    table(
        f"import: {name}        uocava voters import voters.csv --election {election}", ["", "rows/s", "CPU µs/row", "peak MB", "bytes/row"],
        [["", voters / imported.seconds, imported.cpu / voters * 1e6, imported.peak / 1e6, (with_roll - bare) / voters]])
    print(f"\n  Both databases grow by {middle['bytes']:,.0f} bytes a packet.")
    if letters:
        print(f"  Letters to a relay on loopback: {letters[0]:,.0f}/s, {letters[1]:,.0f} µs of CPU each (uocava letters send).")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench issue")
    parser.add_argument("--program", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--voters", type=int, default=100_000, help="on the made roll (default 100000)")
    parser.add_argument("--runs", type=int, help="default 3, or 1 with a made roll of more than 30000")
    chosen = parser.parse_args()
    with scratch() as work:
        if FIXTURE.is_dir():
            measure("dc-2010", chosen.program, work, work / "dc", moved_fixture(work / "dc"), False, chosen.runs or 3)
        else:
            say(f"{FIXTURE} is not there: only the made roll is measured")
        election = sample_election(work / "sample", chosen.voters)
        runs = chosen.runs or (3 if chosen.voters <= 30_000 else 1)
        measure("sample", chosen.program, work, work / "sample", election, True, runs)
    print(f"\n  {cores()} cores. openssl sign/s: `openssl speed -elapsed -multi {cores()} -seconds 1 ecdsap256` before and after each run, so it has as")
    print("  much of the machine as we had. openssl µs/sign: the CPU time of one signature, to hold beside our CPU time for a whole packet.")


if __name__ == "__main__":
    main()
