#!/usr/bin/python3
"""Measures the desk at a large roll: finding, a voter's page, the dashboard, scans, the start. Run by scripts/bench."""

import argparse
import json
import random
import re
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
from figures import Office, cores, free_port, median, read_roll, sample_election, say, scratch, stop, table  # noqa: E402
from packet import imported, issue, look_for_room, made_roll  # noqa: E402
from totp import Clerk, invite  # noqa: E402

MILLION = 1_000_000
# What each may take at most, in milliseconds, of the hundredth part that is slowest; the start in seconds.
BARS = {"search": 50, "voter": 20, "dashboard": 300, "scan": 15, "start": 20}
WORDS = {
    "search": "find a voter (number, e-mail, name, code)", "voter": "a voter's page", "dashboard": "an election's page",
    "scan": "scan an envelope, durable", "start": "start until a voter is found by name, seconds",
}


def slowest(values):
    """The time that 99 of 100 stay under."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def made(program, work, voters):
    """An office that issued to everyone on the roll, and the roll's path."""
    election = work / "election"
    sample_election(election, 200)
    office = Office(program, work / "office", True)
    office.do("election", "import", election)
    say(f"a roll of {voters:,} voters")
    roll = made_roll(work, voters)
    own, took = imported(office, "sample-general", roll, work / "large")
    say(f"imported, {took['rate']:,.0f} rows/s")
    row = issue(own, "sample-general")
    say(f"issued {row['packets']:,} ballots in {row['seconds']:.0f} s, {row['rate']:,.0f}/s")
    return own, roll


def opened(office, port, login):
    """The office process, once somebody can sign in; and that clerk."""
    password = invite(office.program, office.folder, login, "supervisor")
    server = office.start("serve", "office")
    for _ in range(600):
        try:
            return server, Clerk(port, login, password)
        except OSError:
            time.sleep(0.05)
    sys.exit("bench: the desk did not open")


def measured(office, roll, chosen):
    port = free_port()
    settings = office.folder / "uocava.yaml"
    settings.write_text(settings.read_text().replace('listen: "127.0.0.1:8081"', f'listen: "127.0.0.1:{port}"'))
    chance = random.Random(chosen.seed)
    voters = chance.sample(list(read_roll(roll)), min(2000, chosen.voters))
    server, clerk = opened(office, port, "first")
    clerk.get("/returns")
    stop(server)
    # Again, with nothing else to do: from the start of the program to the first name.
    password = invite(office.program, office.folder, "second", "supervisor")
    started = time.monotonic()
    server = office.start("serve", "office")
    while True:
        try:
            clerk = Clerk(port, "second", password)
            break
        except OSError:
            time.sleep(0.02)
    clerk.post("/search", q=voters[0]["last_name"])
    found = {"start": [time.monotonic() - started]}
    times = found["search"] = []
    for number, voter in enumerate(chance.sample(voters, min(chosen.asks, len(voters)))):
        asked = (voter["voter_id"], voter["email"] or voter["voter_id"], f"{voter['last_name']}, {voter['first_name'][:2]}", voter["last_name"][:3])[number % 4]
        clerk.post("/search", q=asked)
        times.append(clerk.seconds * 1000)
    places, codes = [], []
    for voter in chance.sample(voters, min(chosen.asks, len(voters))):
        clerk.post("/search", q=voter["voter_id"])
        if clerk.place:
            places.append(clerk.place)
    times = found["voter"] = []
    for place in places:
        page = clerk.get(place)
        times.append(clerk.seconds * 1000)
        codes += re.findall(r"R(?:-[0-9A-Z]{4}){3}", page)[:1]
    times = found["dashboard"] = []
    for _ in range(30):
        clerk.get("/elections/1")
        times.append(clerk.seconds * 1000)
    clerk.get("/returns")
    times = found["scan"] = []
    for code in codes:
        page = clerk.post("/returns", code=code)
        if 'data-result="received"' not in page:
            sys.exit(f"bench: {code} was not written down")
        times.append(clerk.seconds * 1000)
    memory = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text()).group(1)) / 1024
    stop(server)
    return found, memory


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/bench desk", formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__,
        epilog="With --million it takes about ten minutes and needs 16 GB of disk where $TMPDIR says, and 2.5 GB of memory.\n\n"
        "examples:\n  scripts/bench desk\n  scripts/bench desk --million --json desk.json")
    parser.add_argument("--voters", type=int, default=50_000, help="on the roll (default 50000)")
    parser.add_argument("--million", action="store_true", help="1,000,000 voters on the roll")
    parser.add_argument("--asks", type=int, default=400, help="of each kind (default 400)")
    parser.add_argument("--seed", type=int, default=1, help="which voters are asked for")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures for a program")
    parser.add_argument("--program", required=True, type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    chosen.voters = MILLION if chosen.million else chosen.voters
    look_for_room([chosen.voters])
    with scratch() as work:
        office, roll = made(chosen.program, work, chosen.voters)
        found, memory = measured(office, roll, chosen)
    rows = []
    for kind, bar in BARS.items():
        values = found[kind]
        figure = slowest(values)
        rows.append([WORDS[kind], f"{median(values):.1f}", f"{figure:.1f}", bar, "met" if figure < bar else "missed"])
    table(f"the desk at {chosen.voters:,} voters, {cores()} cores, {memory:,.0f} MB of memory (milliseconds)", ["", "median", "99 of 100", "bar", ""], rows)
    if chosen.json:
        chosen.json.write_text(json.dumps(found | {"memory": memory, "voters": chosen.voters}))


if __name__ == "__main__":
    main()
