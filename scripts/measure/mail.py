#!/usr/bin/python3
"""Measures the mailroom: `uocava letters send` to Postfix's smtp-sink, beside smtp-source, Python's smtplib and the disk. Run by scripts/bench."""

import argparse
import contextlib
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
from figures import (  # noqa: E402
    ROOT, STARTED, Office, Run, cores, cpu_of, free_port, median, run, sample_election, say, scratch, spread, stop, table,
)
from letterbox import Letterbox  # noqa: E402
from packet import look_for_room, made_roll  # noqa: E402

MILLION = 1_000_000
DUE = 0.816  # of the sample's voters get a letter: a little under what it is for many
POSTFIX = ROOT / ".build/tools/postfix/usr"
COUNTED = re.compile(rb"mesg=(\d+)\r")
WEIGHED, NAIVE = 200, 100  # letters that are weighed; letters of the naive way in a measurement, at the least

# The ways to send, in the order of the table, and what they are called there.
WAYS = {
    "uocava": "uocava letters send, durable",
    "source": "smtp-source, a connection a letter",
    "kept": "smtp-source -d, connections kept",
    "processes": "smtplib, processes, connections kept",
    "threads": "smtplib, threads, connections kept",
    "naive": "smtplib, one by one, a connection a letter",
}


# Relays

class Sink:
    """Postfix's smtp-sink on a port of its own, which counts what it takes and throws it away."""

    def __init__(self, port, folder):
        self.port, self.counters = port, folder / "smtp-sink.txt"
        # As root it wants to become somebody else.
        user = ["-u", pwd.getpwuid(os.getuid()).pw_name] if os.getuid() == 0 else []
        with self.counters.open("wb") as out, (folder / "smtp-sink.log").open("wb") as err:
            command = [POSTFIX / "sbin/smtp-sink", "-c", *user, f"127.0.0.1:{port}", "1024"]
            self.process = subprocess.Popen(command, stdout=out, stderr=err, env=with_libraries())
        STARTED.append(self.process)
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
                probe.recv(100)
                return
            time.sleep(0.02)
        sys.exit(f"bench: smtp-sink did not start:\n{(folder / 'smtp-sink.log').read_text(errors='replace')}")

    def count(self):
        """Letters so far. It writes its counters again and again, one behind the other."""
        with self.counters.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 200))
            found = COUNTED.findall(file.read())
        return int(found[-1]) if found else 0

    def end(self, letters, who):
        """Stops it; its seconds of CPU. Every letter must have come, and none twice."""
        for _ in range(100):
            if self.count() >= letters:
                break
            time.sleep(0.02)
        came, cpu = self.count(), cpu_of(self.process)
        stop(self.process)
        STARTED.remove(self.process)
        if came != letters:
            sys.exit(f"bench: {who}: {letters:,} letters should have come to smtp-sink, and {came:,} did")
        return cpu


class Scales(Letterbox):
    """A relay that weighs letters: their lengths, headers and all."""

    def __init__(self):
        self.lengths = []
        super().__init__()

    def until(self, connection, waiting, mark):
        taken = Letterbox.until(connection, waiting, mark)
        if taken is not None and mark == b"\r\n.\r\n":
            self.lengths.append(len(taken) + 2)
        return taken


def with_libraries():
    """The environment in which Debian's unpacked Postfix finds its own libraries."""
    return os.environ | {"LD_LIBRARY_PATH": str(POSTFIX / "lib/postfix")}


def smtp_source(port, letters, length, connections, *options):
    return run(
        POSTFIX / "sbin/smtp-source", *options, "-s", connections, "-m", letters, "-l", length, "-M", "bench", "-f", "uocava@elections.example.gov",
        "-t", "voter@example.org", f"127.0.0.1:{port}", env=with_libraries())


# The office

def prepared_office(program, work, port, connections):
    """An office with the election and no roll; also the election's id."""
    election = sample_election(work / "election", 1)
    office = Office(program, work / "prepared", True, port)
    office.do("election", "import", work / "election")
    set_mail(office, f"connections: {connections}", r"^  connections: \d+$")
    return office, election


def set_mail(office, line, old):
    """Changes a line of the office's settings under `smtp`."""
    settings = office.folder / "uocava.yaml"
    changed, count = re.subn(old, f"  {line}", settings.read_text(), flags=re.MULTILINE)
    if count != 1:
        sys.exit(f"bench: uocava.yaml has {count} lines for smtp.{line}")
    settings.write_text(changed)


def queue(prepared, election, folder, letters, roll_to=None):
    """A copy of the office with at least so many letters in its outbox, made by `issue` like any other; and how many they are. The roll goes,
    or to where it is wanted."""
    voters = round(letters / DUE + 4 * letters**0.5)  # of few, a smaller part may get one
    roll, office = made_roll(folder.parent, voters), prepared.copy_to(folder)
    office.do("voters", "import", roll, "--election", election)
    if roll_to:
        shutil.move(roll, roll_to)
    else:
        roll.unlink()
    issued = office.json("issue", "--election", election)[0]["buckets"]["issued"]
    if issued < letters:
        sys.exit(f"bench: {letters:,} letters were wanted, and {issued:,} of {voters:,} voters got one")
    return office, issued


def weighed(prepared, election, work, port):
    """The length of our letters in the mean, and the smtp-source -l that makes its letters as long."""
    scales = Scales()
    office, _ = queue(prepared, election, work / "weighed", WEIGHED)
    set_mail(office, f'url: "smtp://127.0.0.1:{scales.port}"', rf'^  url: "smtp://127\.0\.0\.1:{port}"$')
    office.do("letters", "send")
    shutil.rmtree(office.folder)
    ours = round(sum(scales.lengths) / len(scales.lengths))
    scales.lengths.clear()
    smtp_source(scales.port, 1, 1000, 1)
    return ours, ours - (scales.lengths[0] - 1000)


# The measurements

class Watch(threading.Thread):
    """Looks ten times a second how many letters the relay has, and how much memory the sender has held at the most (VmHWM)."""

    def __init__(self, sink, process):
        super().__init__(daemon=True)
        self.sink, self.status = sink, Path(f"/proc/{process.pid}/status")
        self.seen, self.peaks, self.ended = [(time.monotonic(), 0)], [0], threading.Event()

    def run(self):
        while not self.ended.wait(0.1):
            self.seen.append((time.monotonic(), self.sink.count()))
            self.peaks.append(self.memory() or self.peaks[-1])

    def memory(self):
        """None where the sender has ended."""
        with contextlib.suppress(OSError):
            for line in self.status.read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        return None

    def moment(self, letters):
        """When the relay got this one, the first being 1: between two looks in proportion."""
        for (before, fewer), (after, more) in zip(self.seen, self.seen[1:]):
            if fewer < letters <= more:
                return before + (after - before) * (letters - fewer) / (more - fewer)
        return self.seen[-1][0]

    def tenths(self, letters):
        """Letters a second in each tenth of the queue, the first from the first letter on."""
        moments = [max(moment for moment, count in self.seen if count == 0), *(self.moment(letters * part // 10) for part in range(1, 11))]
        return [letters / 10 / max(1e-9, after - before) for before, after in zip(moments, moments[1:])]

    def peak_tenths(self, letters):
        """The largest memory until the end of each tenth."""
        return [max(peak for peak, (_, count) in zip(self.peaks, self.seen) if count <= letters * part // 10) for part in range(1, 11)]


def send(office, letters, port, work):
    """One whole `letters send`: what it took, and what the relay saw meanwhile."""
    sink = Sink(port, work)
    os.sync()
    with (work / "send.json").open("w+b") as out, (work / "send.txt").open("w+b") as err:
        started = time.monotonic()
        command = [office.program, "letters", "send", "--format", "json", "--office", office.folder]
        child = subprocess.Popen(command, stdout=out, stderr=err)
        STARTED.append(child)
        watch = Watch(sink, child)
        watch.start()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        STARTED.remove(child)
        out.seek(0)
        err.seek(0)
        summary, words = out.read().decode(), err.read().decode(errors="replace")
    relay_cpu = sink.end(letters, "uocava")
    watch.ended.set()
    watch.join()
    watch.seen.append((started + seconds, letters))
    if child.returncode != 0:
        sys.exit(f"bench: letters send ended with {child.returncode}:\n{words[-2000:]}")
    counts = json.loads(summary)
    if (counts["sent"], counts["deferred"], counts["refused"], counts["left"]) != (letters, 0, 0, 0):
        sys.exit(f"bench: {letters:,} letters were queued, and letters send says: {counts}")
    return Run(counts, seconds, usage.ru_utime + usage.ru_stime, max(watch.peaks)), relay_cpu, watch


def in_order(office, election):
    """The office's own verdict after a run: both commands fail where it is not good, which ends the measurement."""
    office.do("audit")
    office.do("reconcile", "--election", election)


def beside(way, port, letters, lengths, connections, work):
    """One run of a way that is not ours: the letters it sent, and its Run."""
    ours, payload = lengths
    sink = Sink(port, work)
    if way in ("source", "kept"):
        done = smtp_source(port, letters, payload, connections, *(["-d"] if way == "kept" else []))
    else:
        if way == "naive":
            letters = max(NAIVE, letters // 10)
        done = run("/usr/bin/python3", "-B", ROOT / "scripts/measure/usual_mail.py", way, port, letters, ours, connections)
    return letters, done, sink.end(letters, way)


def syncs(folder, seconds=1.0):
    """How often a second this disk makes 4 KB at the end of a file durable: what a commit costs at the least."""
    page, count = b"x" * 4096, 0
    with (folder / "syncs").open("wb", buffering=0) as file:
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            file.write(page)
            os.fdatasync(file.fileno())
            count += 1
        elapsed = time.monotonic() - started
    (folder / "syncs").unlink()
    return count / elapsed


def figures_of(letters, done, relay_cpu):
    return {
        "letters": letters, "seconds": done.seconds, "rate": letters / done.seconds, "cpu_us": done.cpu / letters * 1e6,
        "relay_us": relay_cpu / letters * 1e6, "peak": done.peak,
    }


def rounds(chosen, prepared, election, work, port, found):
    """Every way once in each round, so that a slow minute of the machine is in all figures, not in one."""
    say(f"queueing {chosen.letters:,} letters")
    office, letters = queue(prepared, election, work / "office", chosen.letters)
    for number in range(chosen.runs):
        found["syncs"].append(syncs(work))
        twin = office.copy_to(work / "twin")
        done, relay_cpu, _ = send(twin, letters, port, work)
        found["ways"]["uocava"].append(figures_of(letters, done, relay_cpu))
        if number == 0:
            in_order(twin, election)
        shutil.rmtree(twin.folder)
        os.sync()
        for way in list(WAYS)[1:]:
            found["ways"][way].append(figures_of(*beside(way, port, letters, found["lengths"], chosen.connections, work)))
        rates = {way: rows[-1]["rate"] for way, rows in found["ways"].items()}
        say(f"run {number + 1}: uocava {rates['uocava']:,.0f} letters/s, smtp-source {rates['source']:,.0f}, ratio {rates['uocava'] / rates['source']:.2f}")
    shutil.rmtree(office.folder)


def long_queue(chosen, prepared, election, work, port):
    """One run with a very long queue, and the rate in each tenth of it."""
    say(f"queueing {chosen.queue:,} letters")
    office, letters = queue(prepared, election, work / "long", chosen.queue)
    say(f"sending {letters:,} letters")
    done, relay_cpu, watch = send(office, letters, port, work)
    row = figures_of(letters, done, relay_cpu) | {
        "tenths": watch.tenths(letters), "peaks": watch.peak_tenths(letters), "first_after": watch.moment(1) - watch.seen[0][0],
    }
    shutil.rmtree(office.folder)
    return row


# The report

def killed(chosen, prepared, election, work):
    """Kills the sender again and again, and counts who got how many letters; ends the program where something is wrong."""
    office, letters = queue(prepared, election, work / "killed", chosen.letters, work / "killed.csv")
    say(f"sending {letters:,} letters, with {chosen.kills} kills")
    tool = Path(__file__).with_name("kill_letters.py")
    done = subprocess.run(
        [sys.executable, tool, chosen.program, office.folder, election, work / "killed.csv", "--kills", str(chosen.kills)], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def report(found):
    """Prints the tables and gives the bars."""
    ways, ours = found["ways"], found["ways"]["uocava"]

    def ratios(way):
        """To smtp-source, in each round of its own."""
        return [row["rate"] / other["rate"] for row, other in zip(ways[way], ways["source"])]

    rows = []
    for way, label in WAYS.items():
        seen = ways[way]
        rows.append([
            label, median([row["rate"] for row in seen]), spread([row["rate"] for row in seen]), f"{median(ratios(way)):.2f}",
            spread(ratios(way), "{:.2f}"), median([row["cpu_us"] for row in seen]), median([row["relay_us"] for row in seen]),
        ])
    table(
        f"mail: {ours[0]['letters']:,} letters of {found['lengths'][0]:,} bytes to smtp-sink, {found['connections']} connections, {found['cores']} cores;"
        f" medians of {len(ours)}",
        ["", "letters/s", "least–most", "to smtp-source", "least–most", "CPU µs/letter", "smtp-sink's µs"], rows)
    print(f"\n  The disk alone: {median(found['syncs']):,.0f} fsyncs/s of 4 KB, one after the other ({spread(found['syncs'])}).")
    print(f"  Largest memory of letters send: {max(row['peak'] for row in ours) / 1e6:,.0f} MB.")
    print("  After the first run uocava audit and reconcile found nothing wrong.")
    print(f"  Each letter of each run came to smtp-sink, and none twice. smtp-sink shares the {found['cores']} cores with the senders.")

    long = found["long"]
    if long:
        table(
            f"a queue of {long['letters']:,} letters, by tenths of it", ["tenth", *range(1, 11)],
            [["letters/s", *long["tenths"]], ["largest memory so far, MB", *(peak / 1e6 for peak in long["peaks"])]])
        print(f"\n  In all {long['rate']:,.0f} letters/s, {long['cpu_us']:,.0f} µs of CPU each; the first left after {long['first_after']:.1f} s.")

    rate, ratio = median([row["rate"] for row in ours]), median(ratios("uocava"))
    bars = [
        ("of the rate of smtp-source without -d", "at least 0.5", f"{ratio:.2f}", ratio >= 0.5),
        ("letters/s", "at least 1,500", f"{rate:,.0f}", rate >= 1500),
    ]
    name = f"{long['letters'] if long else MILLION:,} letters"
    if long:
        share, peak = long["tenths"][-1] / long["tenths"][0], long["peak"] / 1e6
        bars += [
            (f"{name}: rate in the last tenth, of that in the first", "at least 0.9", f"{share:.2f}", share >= 0.9),
            (f"{name}: largest memory, MB", "under 300", f"{peak:,.0f}", peak < 300),
        ]
    else:
        bars += [(f"{name}: rate in the last tenth, of that in the first", "at least 0.9", "", None), (f"{name}: largest memory, MB", "under 300", "", None)]
    words = {True: "met", False: "not met", None: "not measured"}
    table("bars", ["", "bar", "here", ""], [[what, bar, here, words[met]] for what, bar, here, met in bars])
    return [{"what": what, "bar": bar, "here": here, "met": met} for what, bar, here, met in bars]


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench mail", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures `uocava letters send` end to end, each letter committed before it leaves and its answer after, to Postfix's smtp-sink on\n"
        "loopback; in the same rounds smtp-source and Python's smtplib send as many letters of the same size to the same sink.",
        epilog="What the table says: `to smtp-source` is each run's rate over that of smtp-source (a new connection for each letter, which is its default)\n"
        "in the same round. `CPU` is that of all the sender's processes. The disk alone is how often it can make 4 KB durable in a second: where a\n"
        "run was slow, look there first. --million needs 20 GB of disk where $TMPDIR says, 2.5 GB of memory and, on two cores, half an hour.\n\n"
        "examples:\n  scripts/bench mail\n  scripts/bench mail --letters 5000 --runs 5 --connections 16\n  scripts/bench mail --million --json mail.json")
    parser.add_argument("--program", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--letters", type=int, default=20_000, help="in the queue, in each run; a few more (default 20000)")
    parser.add_argument("--connections", type=int, default=8, help="of every sender (default 8)")
    parser.add_argument("--runs", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--million", action="store_true", help="also a queue of 1,000,000 letters, one run: is the rate flat, the memory bounded?")
    parser.add_argument("--queue", type=int, default=0, metavar="N", help="also a queue of N letters, instead of a million")
    parser.add_argument(
        "--kills", type=int, default=0, metavar="N",
        help="instead: kill -9 the sender N times, then see that everybody has the letter, and at most the letters in flight came twice")
    parser.add_argument("--cores", type=int, default=2, help="for everything, where the machine has more (default 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every run's figures, too")
    chosen = parser.parse_args()
    chosen.queue = MILLION if chosen.million else chosen.queue
    if not 100 <= chosen.letters <= MILLION or not (chosen.queue == 0 or 1000 <= chosen.queue <= MILLION):
        parser.error("--letters: from 100 to 1000000; --queue: from 1000 to 1000000")
    if min(chosen.runs, chosen.cores) < 1 or not 1 <= chosen.connections <= 200:
        parser.error("--runs and --cores: 1 or more; --connections: from 1 to 200")
    return chosen


def main():
    chosen = arguments()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: chosen.cores])
    look_for_room(sorted(round(size / DUE) for size in (WEIGHED, chosen.letters, chosen.queue) if size))
    found = {"cores": cores(), "connections": chosen.connections, "ways": {way: [] for way in WAYS}, "syncs": [], "long": None}
    with scratch() as work:
        port = free_port()
        say("making an office, and weighing its letters")
        prepared, election = prepared_office(chosen.program, work, port, chosen.connections)
        if chosen.kills:
            return killed(chosen, prepared, election, work)
        found["lengths"] = weighed(prepared, election, work, port)
        rounds(chosen, prepared, election, work, port, found)
        if chosen.queue:
            found["long"] = long_queue(chosen, prepared, election, work, port)
    found["bars"] = report(found)
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
