"""What the measurements and the judges have in common: running the program, making an office, printing figures."""

import contextlib
import csv
import json
import os
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FIXTURE = ROOT.parent / "shared" / "fixtures" / "offices" / "dc-2010"

# Of one run of a program: what it printed, seconds on the wall, seconds of all cores, largest resident memory in bytes.
Run = namedtuple("Run", "output seconds cpu peak")

# Who is speaking; scripts/judge says another name.
SPEAKER = "bench"

# Programs that were left running, to be stopped when the measurement ends, however it does.
STARTED = []


def say(text):
    print(f"{SPEAKER}: {text}", file=sys.stderr, flush=True)


def run(*command, **options):
    """Runs a command to its end and says what it took; ends the measurement where it fails."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen([str(word) for word in command], stdout=out, stderr=err, start_new_session=True, **options)
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)  # with the children it has: `openssl speed -multi`, the reader of vendors' files
            child.wait()
            raise
        seconds = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode != 0:
            sys.exit(f"{SPEAKER}: {' '.join(map(str, command))}\nended with {child.returncode}:\n{err.read().decode(errors='replace')[-2000:]}")
        return Run(out.read().decode(), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


@contextlib.contextmanager
def scratch(beside=None):
    """A throw-away folder (in `beside`, or where $TMPDIR says) that is gone at the end, also after ^C and kill; so is what was left running."""

    def end(number, _):
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        with tempfile.TemporaryDirectory(prefix=f"uocava-{SPEAKER}.", dir=beside) as name:
            try:
                yield Path(name)
            finally:
                while STARTED:
                    stop(STARTED.pop())
    except KeyboardInterrupt:
        say("stopped; everything that was made for it is removed")
        sys.exit(130)


def cores():
    """How many this measurement may use: all of the machine's, unless it was given fewer (taskset)."""
    return len(os.sched_getaffinity(0))


def openssl_signatures(processes=None):
    """Signatures a second that `openssl speed` makes now on all cores, on the wall: the yardstick, since the machine may be busy or slow."""
    report = run("openssl", "speed", "-elapsed", "-seconds", "1", "-multi", processes or cores(), "ecdsap256").output
    return float(report.strip().splitlines()[-1].split()[-2])


def signature_cpu():
    """Microseconds of CPU that OpenSSL takes for one signature: without -elapsed, `openssl speed` counts the time of its own process alone."""
    report = run("openssl", "speed", "-seconds", "1", "ecdsap256").output
    return 1e6 / float(report.strip().splitlines()[-1].split()[-2])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def median(values):
    return statistics.median(values)


def spread(values, form="{:,.0f}"):
    """The least and the most, as "3,280–3,668"."""
    return f"{form.format(min(values))}–{form.format(max(values))}"


def table(title, columns, rows):
    """Columns line up; numbers to the right."""
    cells = [[f"{cell:,.0f}" if isinstance(cell, (int, float)) else str(cell) for cell in row] for row in [columns, *rows]]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    print(f"\n{title}")
    for line, row in enumerate(cells):
        print("  " + "  ".join(cell.ljust(width) if index == 0 else cell.rjust(width) for index, (cell, width) in enumerate(zip(row, widths))))
        if line == 0:
            print("  " + "  ".join("─" * width for width in widths))
    sys.stdout.flush()


class Office:
    """An office in a throw-away folder, driven by the program."""

    def __init__(self, program, folder, test, smtp_port=2525):
        self.program, self.folder, self.port = program, Path(folder), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        options = ["--test"] if test else []
        run(program, "init", folder, *options, "--public-url", self.url, "--smtp-url", f"smtp://127.0.0.1:{smtp_port}")
        settings = self.folder / "uocava.yaml"
        settings.write_text(settings.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{self.port}"))

    def do(self, *command):
        return run(self.program, *command, "--office", self.folder)

    def json(self, *command):
        """The command's JSON and its Run."""
        done = self.do(*command, "--format", "json")
        return json.loads(done.output), done

    def start(self, *command):
        log = (self.folder / "log.txt").open("ab")
        STARTED.append(subprocess.Popen([self.program, *command, "--office", self.folder], stdout=log, stderr=log))
        return STARTED[-1]

    def serve(self, which="public", tls=None):
        """The public site alone, or "all" of the office's services, ready to be asked; `tls`: how to ask it, where it does not speak plain HTTP."""
        server = self.start("serve", which)
        for _ in range(300):
            if server.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=5, context=tls).read()
                return server
            except OSError:
                time.sleep(0.05)
        sys.exit(f"{SPEAKER}: the site did not start:\n{(self.folder / 'log.txt').read_text()[-2000:]}")

    def stored(self, database="*"):
        """Bytes of both databases with their logs, or of one: "office", "counter"."""
        return sum(path.stat().st_size for path in self.folder.glob(f"{database}.sqlite*"))

    def rows(self, database, sql):
        connection = sqlite3.connect(f"file:{self.folder / database}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def count(self, database, sql):
        return self.rows(database, sql)[0]

    def copy_to(self, folder):
        """A second office like this one, on the same port: stop this one's server first."""
        shutil.copytree(self.folder, folder)
        os.sync()  # else the copy is written to the disk during the measurement
        twin = object.__new__(Office)
        twin.program, twin.folder, twin.port, twin.url = self.program, Path(folder), self.port, self.url
        return twin


def cpu_of(process):
    """Seconds of all cores that a running process (or that of a number) has used: a busy machine changes this much less than it changes the
    time on the wall."""
    fields = Path(f"/proc/{getattr(process, 'pid', process)}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def stop(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def sample_election(folder, voters, *options):
    run(ROOT / "scripts" / "sample-election", folder, "--voters", voters, *options)
    return "sample-general"


def read_roll(path):
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
