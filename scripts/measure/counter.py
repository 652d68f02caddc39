"""Voters at the counter, as the measurements need them: an office whose voters have letters, and many claims at once."""

import shutil
import sys
import time

from figures import cpu_of, read_roll, say, stop
from wrk import CLAIM, wrk


def send_links(office, election, roll, letters, voters):
    """Imports the roll, issues its first `voters` their ballots and sends the letters; "token birthday" of all who have one. The others wait."""
    office.do("voters", "import", roll, "--election", election)
    first = office.folder.parent / "first.txt"
    birthdays = {}
    with first.open("w") as file:
        for number, row in enumerate(read_roll(roll)):
            if number == voters:
                break
            birthdays[row["email"].lower()] = row["date_of_birth"]
            file.write(f"{row['voter_id']}\n")
    office.do("issue", "--election", election, "--only", first)
    say("writing the letters")
    summary, _ = office.json("letters", "send")
    lines = [f"{token} {birthdays[address]}" for address, token in letters.tokens.items()]
    if len(lines) != summary["sent"]:
        sys.exit(f"bench: {summary['sent']} letters were sent, and {len(lines)} came with a link")
    return lines


def claims(office, election, lines, connections, seconds, beside, work):
    """One measurement, on a copy of the office in which nobody has claimed; beside issuing for all who wait, or alone."""
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
