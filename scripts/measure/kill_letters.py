#!/usr/bin/python3
"""Kills `uocava letters send` at random moments until every letter is out, and checks that nothing was lost and nothing went out twice for
any other reason than that it was in flight at the blow: at most one for each connection, and the last one on it.

usage: kill_letters.py PROGRAM OFFICE ELECTION ROLL [--kills 200] [--seed N]

OFFICE is the folder of an office whose letters for ELECTION are queued, and ROLL the file that its voters were imported from. The office is
changed: its relay becomes a server of this program's own, its site gets another port, and afterwards its letters are sent. Give it a copy.

A sender that was killed leaves letters behind that nobody touches until their lease of a minute has run out. To wait for it 200 times would
take hours, so each start is given a clock that is a minute further ahead (faketime).

Prints a JSON object; the exit status is 1 where something is wrong, and the object's `problems` say what.
"""

import argparse
import contextlib
import csv
import json
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter, defaultdict, namedtuple
from pathlib import Path

LEASE = 60  # seconds for which a dead sender's letters are nobody else's
LINKS = 50  # that are opened in the end
LINK = re.compile(rb"/b/([a-z2-7]{32})\b")
MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>\r\n]+>)", re.IGNORECASE | re.MULTILINE)
RECIPIENT = re.compile(rb"RCPT TO:\s*<([^>]*)>", re.IGNORECASE)

# A letter that the relay took: in which run of the sender, over which of all connections, to whom, and what identifies it.
Letter = namedtuple("Letter", "run connection recipient message_id link")


class Relay:
    """An SMTP server on loopback. From the last dot on a letter is its own, whatever becomes of the sender; its answer takes a moment, so that
    many a blow falls between the two. A letter that breaks off before the dot was never there."""

    def __init__(self, seed, pause=0.004):
        self.letters, self.run, self.open, self.connections = [], 0, 0, 0
        self.pause, self.random = pause, random.Random(seed)
        self.changed = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.changed:
                self.open += 1
                self.connections += 1
            threading.Thread(target=self.talk, args=(connection, (self.run, self.connections)), daemon=True).start()

    def talk(self, connection, place):
        try:
            with connection:
                self.dialogue(connection, connection.makefile("rb"), place)
        except OSError:
            pass  # the sender was killed
        finally:
            with self.changed:
                self.open -= 1
                self.changed.notify_all()

    def dialogue(self, connection, lines, place):
        recipient = b""
        connection.sendall(b"220 relay\r\n")
        while line := lines.readline():
            command = line[:4].upper()
            if command == b"EHLO":
                connection.sendall(b"250-relay\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
            elif command == b"RCPT":
                recipient = RECIPIENT.match(line).group(1).lower()
                connection.sendall(b"250 ok\r\n")
            elif command == b"DATA":
                connection.sendall(b"354 go on\r\n")
                letter = bytearray()
                while (line := lines.readline()) != b".\r\n":
                    if not line.endswith(b"\n"):
                        return
                    letter += line
                self.keep(place, recipient, bytes(letter))
                time.sleep(self.random.uniform(0, self.pause))
                connection.sendall(b"250 taken\r\n")
            elif command == b"QUIT":
                connection.sendall(b"221 bye\r\n")
                return
            else:
                connection.sendall(b"250 ok\r\n")

    def keep(self, place, recipient, letter):
        link, message_id = LINK.search(letter), MESSAGE_ID.search(letter)
        found = Letter(*place, recipient.decode(), message_id and message_id.group(1).decode(), link and link.group(1).decode())
        with self.changed:
            self.letters.append(found)
            self.changed.notify_all()

    def wait_for_letter(self, count, process):
        """Until it has more than so many, or the sender has ended."""
        with self.changed:
            while len(self.letters) <= count and process.poll() is None:
                self.changed.wait(0.02)

    def wait_until_idle(self):
        """Until it has read all that a dead sender had already written."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.open == 0, timeout=30):
                sys.exit("kill_letters: a connection of a sender that is gone stays open")


class Office:
    """The office, driven by the program at a clock that goes ahead of ours."""

    def __init__(self, program, folder, election):
        self.program, self.folder, self.election, self.ahead = program, folder, election, 0
        if shutil.which("faketime") is None:
            sys.exit("kill_letters: faketime is missing: apt-get install faketime")

    def settle(self, relay_port):
        """Sends its letters to the relay, and its site to a port of its own."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        settings = self.folder / "uocava.yaml"
        text = settings.read_text()
        changes = [
            (r'^  url: "?smtp://[^"\n]*"?$', f'  url: "smtp://127.0.0.1:{relay_port}"'), (r'^  url: "?http://[^"\n]*"?$', f'  url: "{self.url}"'),
            (r'^  listen: "?[^"\n]*"?$', f'  listen: "127.0.0.1:{port}"'),
        ]
        for old, new in changes:
            text, count = re.subn(old, new, text, flags=re.MULTILINE)
            if count != 1:
                sys.exit(f"kill_letters: {settings} has {count} lines like {old}")
        settings.write_text(text)
        self.connections = int(re.search(r"^  connections: (\d+)$", text, re.MULTILINE).group(1))

    def start(self, *command):
        # All clocks are ahead by as much, so durations stay as they are. With --exclude-monotonic, libfaketime would set timers for moments
        # that are over, and Swift's programs would spin on them.
        clock = ["faketime", "-m", "-f", f"+{self.ahead}s"]
        return subprocess.Popen(
            [*clock, str(self.program), *map(str, command), "--office", str(self.folder)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    @staticmethod
    def strike(process, number):
        """Sends a signal to the program itself, which is the child of `faketime`; that one stays, and clears its shared memory away."""
        while process.poll() is None:
            for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(child), number)
                return

    def end(self, process):
        """Waits for it; (status, output, error). One that was killed has a status of its own."""
        out, err = process.communicate(timeout=600)
        out, err = out.decode(errors="replace"), err.decode(errors="replace")
        return -signal.SIGKILL if err.endswith("Caught Killed\n") else process.returncode, out, err

    def do(self, *command):
        return self.end(self.start(*command))


def send_with_blows(office, relay, letters, kills, rng, problems):
    """Starts and kills the sender until it ends by itself. The blow falls soon enough that the letters last for all the kills.

    How many blows there were, and what they hit.
    """
    starting, rate, blows, story = 0.2, 1000.0, 0, Counter()
    while True:
        office.ahead += LEASE + 1
        relay.run += 1
        before, started, first = len(relay.letters), time.monotonic(), None
        sender = office.start("letters", "send", "--format", "json")
        if blows < kills:
            if rng.random() < 0.25:
                time.sleep(rng.uniform(0, 1.2 * starting))  # while it opens the office or takes its first letters in hand
            else:
                relay.wait_for_letter(before, sender)
                first = time.monotonic()
                starting = 0.8 * starting + 0.2 * (first - started)
                left = letters - len({letter.recipient for letter in relay.letters})
                time.sleep(rng.uniform(0, 2 * min(left / (kills - blows) / rate, 0.0625)))
        struck = time.monotonic()
        if blows < kills:
            office.strike(sender, signal.SIGKILL)
        status, out, err = office.end(sender)
        relay.wait_until_idle()
        taken = len(relay.letters) - before
        if status == -signal.SIGKILL:
            blows += 1
            story["while sending" if taken else "before its first letter"] += 1
            if first and taken > office.connections:  # the first handful says nothing of how fast it is
                rate = 0.9 * rate + 0.1 * taken / max(0.005, struck - first)
            continue
        if status != 0:
            problems.append(f"run {relay.run} ended by itself with {status}: {err.strip()[-500:]}")
        elif json.loads(out)["left"] != 0:
            problems.append(f"run {relay.run} left letters: {out.strip()}")
        return blows, story


def check_letters(office, relay, roll, problems):
    """Every voter with a letter got it; one that came twice was in flight at a blow, and is the same letter.

    How many came twice, the most of them for one blow, and all letters by recipient.
    """
    status, out, err = office.do("letters", "list", "--format", "json")
    listed = json.loads(out) if status == 0 else []
    addresses = {row["voter_id"]: row["email"].lower() for row in roll}
    due = [addresses[row["voter_id"]] for row in listed]
    unsent = Counter(row["state"] for row in listed if row["state"] != "sent")
    if unsent or not listed:
        problems.append(f"letters list: {len(listed)} letters, of which not sent: {dict(unsent)} {err.strip()[-300:]}")
    came = defaultdict(list)
    for letter in relay.letters:
        came[letter.recipient].append(letter)
    lost, strange = set(due) - set(came), set(came) - set(due)
    if lost:
        problems.append(f"{len(lost)} voters got no letter")
    if strange:
        problems.append(f"{len(strange)} letters went to people who have none")
    twice = Counter()
    last = {letter.connection: letter for letter in relay.letters}
    for letters in came.values():
        if len({(letter.message_id, letter.link) for letter in letters}) > 1 or None in letters[0]:
            problems.append(f"a voter's letters differ, or lack link or Message-ID: {letters[:3]}")
        for earlier, later in zip(letters, letters[1:]):
            twice[earlier.run] += 1
            if earlier.run == later.run:
                problems.append(f"run {later.run} sent a letter twice by itself")
            # A connection takes its next letter only when the answer to the last one is durable.
            if last[earlier.connection] is not earlier:
                problems.append(f"run {later.run} sent a letter of run {earlier.run} again, whose connection had gone on to the next one")
    for run, count in twice.items():
        if count > office.connections:
            problems.append(f"the blow on run {run} made {count} letters go out twice, with {office.connections} connections")
    return sum(twice.values()), max(twice.values(), default=0), came


def check_books(office, problems, when):
    for command in (["audit"], ["reconcile", "--election", office.election]):
        status, out, err = office.do(*command)
        if status != 0:
            problems.append(f"{command[0]}, {when}: status {status}: {(out + err).strip()[-1000:]}")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def open_links(office, letters, roll, rng, problems):
    """The public site opens mailed links for whoever knows the birthday."""
    birthdays = {row["email"].lower(): row["date_of_birth"] for row in roll}
    site = office.start("serve", "public")
    opener = urllib.request.build_opener(NoRedirect)

    def ask(path, form=None):
        try:
            return opener.open(office.url + path, form and urllib.parse.urlencode(form).encode(), timeout=30).status
        except urllib.error.HTTPError as answer:
            return answer.code

    try:
        for _ in range(200):
            try:
                ask("/healthz")
                break
            except OSError:
                time.sleep(0.1)
        chosen = rng.sample(sorted(letters), min(LINKS, len(letters)))
        for recipient in chosen:
            path = f"/b/{letters[recipient][-1].link}"
            answers = ask(path), ask(path, {"answer": birthdays[recipient]})
            if answers != (200, 303):
                problems.append(f"a mailed link answers {answers}, not (200, 303)")
        return len(chosen)
    finally:
        office.strike(site, signal.SIGTERM)
        office.end(site)


def main():
    parser = argparse.ArgumentParser(usage="kill_letters.py PROGRAM OFFICE ELECTION ROLL [--kills 200] [--seed N]")
    parser.add_argument("program", type=Path)
    parser.add_argument("office", type=Path)
    parser.add_argument("election")
    parser.add_argument("roll", type=Path)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    chosen = parser.parse_args()
    rng, problems, began = random.Random(chosen.seed), [], time.monotonic()
    with chosen.roll.open(encoding="utf-8", newline="") as file:
        roll = [row for row in csv.DictReader(file) if row["email"]]
    relay = Relay(chosen.seed)
    office = Office(chosen.program.resolve(), chosen.office.resolve(), chosen.election)
    office.settle(relay.port)
    status, out, err = office.do("letters", "list", "--state", "queued", "--format", "json")
    if status != 0 or not json.loads(out):
        sys.exit(f"kill_letters: no letters are queued. {err}")
    letters = len(json.loads(out))
    print(f"kill_letters: {letters} letters, {chosen.kills} kills, seed {chosen.seed}", file=sys.stderr, flush=True)

    blows, story = send_with_blows(office, relay, letters, chosen.kills, rng, problems)
    if blows < chosen.kills:
        problems.append(f"all letters were out after {blows} kills: queue more")
    twice, most, came = check_letters(office, relay, roll, problems)
    check_books(office, problems, "after the letters")
    opened = open_links(office, came, roll, rng, problems) if came else 0
    check_books(office, problems, "after links were opened")
    runs = Counter(letter.run for letter in relay.letters)
    print(json.dumps({
        "seed": chosen.seed, "letters": letters, "kills": blows, **{f"killed {where}": count for where, count in story.items()},
        "accepted": len(relay.letters), "twice": twice, "most twice for one kill": most, "connections": office.connections,
        "letters a run": statistics.median(runs.values()) if runs else 0, "links opened": opened,
        "seconds": round(time.monotonic() - began, 1), "problems": problems[:20],
    }))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
