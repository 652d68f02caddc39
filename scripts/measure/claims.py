#!/usr/bin/python3
"""Measures claims at the counter, each its own voter with the link from that voter's letter. Run by scripts/bench."""

import argparse
import shutil
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from counter import claims, send_links  # noqa: E402
from figures import Office, cores, median, openssl_signatures, sample_election, say, scratch, spread, table  # noqa: E402
from letterbox import Letterbox  # noqa: E402


def prepared(program, folder, voters):
    """An office whose first half of the roll has letters, and the second half waits; with "token birthday" of all who have letters."""
    letters = Letterbox()
    election = sample_election(folder / "sample", voters * 2)
    office = Office(program, folder / "office", True, letters.port)
    office.do("election", "import", folder / "sample")
    return office, election, send_links(office, election, folder / "sample" / "voters.csv", letters, voters)


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
    with scratch() as work, scratch(quick) as other:
        say(f"preparing an office of {chosen.voters * 2:,} voters")
        office, election, lines = prepared(chosen.program, other, chosen.voters)
        rows = []
        for beside in (False, True):
            for connections in (50, 200):
                seen, signatures = [], []
                for _ in range(chosen.runs):
                    signatures.append(openssl_signatures())
                    seen.append(claims(office, election, lines, connections, chosen.seconds, beside, work))
                middle = {key: median([run[key] for run in seen]) for key in seen[0]}
                label = f"{connections} connections" + (", beside issue" if beside else "")
                rows.append([
                    label, middle["rate"], spread([run["rate"] for run in seen]), middle["cpu"], f"{middle['p50']:.1f}", f"{middle['p99']:.1f}", f"{middle['max']:.0f}",
                    f"{middle['issued']:,.0f}" if beside else "", median(signatures), f"{middle['rate'] / median(signatures):.3f}",
                ])
                say(f"{label}: {middle['rate']:,.0f} claims/s")
    table(
        f"claims: POST /b/TOKEN, each another voter, to `uocava serve public`; medians of {chosen.runs}",
        ["", "claims/s", "least–most", "CPU µs/claim", "p50 ms", "p99 ms", "max ms", "packets/s", "openssl sign/s", "claims/openssl"], rows)
    print(f"\n  claims/s: rows of the counter's `visit` table over the time between the first and the last; each was on the disk (fsync) before its answer.")
    print(f"  The clients (wrk, {cores()} threads) share the {cores()} cores with the server.")


if __name__ == "__main__":
    main()
