#!/usr/bin/python3
"""Measures the packet against its bars: `issue` for made rolls, the usual way, `openssl speed`, claims beside `issue`. Run by scripts/bench."""

import argparse
import csv
import json
import os
import random
import resource
import shutil
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from counter import claims, send_links  # noqa: E402
from figures import ROOT, Office, cores, median, openssl_signatures, read_roll, run, sample_election, say, scratch, spread, table  # noqa: E402
from letterbox import Letterbox  # noqa: E402

MILLION = 1_000_000
PART = 100_000  # voters that scripts/sample-election makes at once, in 500 MB of memory
CONNECTIONS = 50  # of the clients at the counter
USUAL_STYLE = "P1-P2"  # whose pages the usual way gets; all styles have bases of one size


# The election: the sample's, with ballots so large that the bases have the size wished for

def larger_ballot(ballot, size, folder):
    """Adds a scanned seal of `size` bytes: grey noise, which nothing makes smaller."""
    from PIL import Image
    from reportlab import rl_config
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    rl_config.useA85 = 0  # else a quarter more, of which libqpdf takes some away again
    side = int(size**0.5)
    noise = random.Random(ballot.name).randbytes(side * side)
    page = folder / "seal.pdf"
    canvas = Canvas(str(page), pagesize=(612, 792), invariant=1)
    canvas.drawImage(ImageReader(Image.frombytes("L", (side, side), noise)), 52, 684, 44, 44)
    canvas.save()
    run("qpdf", ballot, "--overlay", page, "--to=1", "--", "--deterministic-id", folder / "larger.pdf")
    shutil.move(folder / "larger.pdf", ballot)


def bases(office):
    """(style, language) → bytes of its largest base."""
    rows = office.rows("office.sqlite", "SELECT code, language, max(length) FROM base JOIN ballot_style ON ballot_style.id = style GROUP BY 1, 2")
    return {(code, language): length for code, language, length in rows}


def prepared_office(program, work, wished, port):
    """An office with the election and its large ballots, but no roll; also the election's id and folder."""
    folder = work / "election"
    election = sample_election(folder, 1)
    plain = Office(program, work / "plain", True)
    plain.do("election", "import", folder)
    (work / "pictures").mkdir()
    for (style, language), length in bases(plain).items():
        if wished - length > 2_000:
            larger_ballot(folder / "ballots" / f"{style}-{language}.pdf", wished - length, work / "pictures")
    shutil.rmtree(plain.folder)
    office = Office(program, work / "office", True, port)
    office.do("election", "import", folder)
    return office, election, folder


def made_roll(work, voters):
    """A roll of any size: several of scripts/sample-election behind each other, all but the first with longer voter numbers."""
    made = work / f"roll-{voters}.csv"
    with made.open("w", encoding="utf-8", newline="") as file:
        writer = None
        for part in range(-(-voters // PART)):
            folder = work / f"part-{voters}-{part}"
            sample_election(folder, min(PART, voters - part * PART), "--seed", part + 1)
            for row in read_roll(folder / "voters.csv"):
                if writer is None:
                    writer = csv.DictWriter(file, row.keys(), lineterminator="\n")
                    writer.writeheader()
                if part:
                    old, new = row["voter_id"][1:], f"{part}{row['voter_id'][1:]}"
                    row |= {"voter_id": f"J{new}", "email": row["email"].replace(old, new)}
                writer.writerow(row)
            shutil.rmtree(folder)
    return made


# The measurements

def imported(office, election, roll, folder):
    """An office of its own for this roll, and what its import took."""
    own = office.copy_to(folder)
    summary, done = own.json("voters", "import", roll, "--election", election)
    return own, {"voters": summary["new"], "rate": summary["new"] / done.seconds, "peak": done.peak}


def issue(office, election):
    """One run for everyone on the roll."""
    openssl = openssl_signatures()
    before = {name: office.stored(name) for name in ("office", "counter")}
    result, done = office.json("issue", "--election", election)
    packets = result["buckets"]["issued"]
    if packets == 0:
        sys.exit(f"bench: nobody was issued a ballot: {result}")
    # Linux counts the memory of this script, from which the program was started, as the program's first.
    if done.peak <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024:
        say("the figure for memory is this script's own: the program took less")
    return {
        "packets": packets, "seconds": done.seconds, "rate": packets / done.seconds, "cpu_us": done.cpu / packets * 1e6, "peak": done.peak,
        "openssl": openssl, **{f"{name}_bytes": (office.stored(name) - before[name]) / packets for name in before},
    }


def usual_tools(office, folder, work):
    """What the usual way is given: one of our bases, the vendor's ballot in it, a certificate with a P-256 key."""
    given = work / "usual"
    given.mkdir()
    found, first, last = office.rows(
        "office.sqlite", "SELECT hash, first_ballot_page, last_ballot_page FROM base JOIN ballot_style ON ballot_style.id = style"
        f" WHERE code = '{USUAL_STYLE}' AND language = 'en' AND paper = 'letter'")[0]
    (given / "base.pdf").write_bytes(office.rows("counter.sqlite", f"SELECT bytes FROM base WHERE hash = x'{found.hex()}'")[0][0])
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=The usual way",
        "-addext", "keyUsage=critical,digitalSignature,nonRepudiation", "-keyout", given / "key.pem", "-out", given / "certificate.pem")
    return given, first, last, folder / "ballots" / f"{USUAL_STYLE}-en.pdf"


def usual(tools, roll, count):
    given, first, last, ballot = tools
    out = given / "packets"
    out.mkdir()
    done = run(
        ROOT / ".build/tools/usual/bin/python3", "-B", ROOT / "scripts/measure/usual.py", given / "base.pdf", first, last, ballot, roll, count,
        given / "key.pem", given / "certificate.pem", out)
    shutil.rmtree(out)
    return json.loads(done.output)


def counter_figures(office, election, roll, voters, letters, chosen, work):
    """Claims alone and while `issue` works on the rest of the roll: three voters of ten have their letters before."""
    memory = Path("/dev/shm")
    quick = memory if memory.is_dir() and shutil.disk_usage(memory).free > 2 << 30 else None
    with scratch(quick) as other:
        say(f"claims: preparing an office of {voters:,} voters, of whom {voters * 3 // 10:,} have letters")
        own = office.copy_to(other / "office")
        lines = send_links(own, election, roll, letters, voters * 3 // 10)
        found = {}
        for name, beside in (("alone", False), ("beside", True)):
            found[name] = [claims(own, election, lines, CONNECTIONS, chosen.seconds, beside, work) for _ in range(chosen.runs)]
            say(f"claims, {name}: p99 {median([seen['p99'] for seen in found[name]]):.0f} ms")
    return found


# The report

def column(rows, imports, smallest, usually):
    """One size's column of the table."""
    def middle(key):
        return median([row[key] for row in rows])

    return [
        f"{rows[0]['packets']:,}", f"{middle('rate'):,.0f}", spread([row["rate"] for row in rows]) if len(rows) > 1 else "one run",
        f"{middle('rate') / smallest:.2f}", f"{middle('rate') / usually:,.0f}", f"{median([row['rate'] / row['openssl'] for row in rows]):.3f}",
        f"{middle('cpu_us'):,.0f}", f"{max(row['peak'] for row in rows) / 1e6:,.0f}", f"{middle('office_bytes'):,.0f}",
        f"{middle('counter_bytes'):,.0f}", f"{imports['rate']:,.0f}", f"{imports['peak'] / 1e6:,.0f}",
    ]


def report(found):
    """Prints the tables and gives the bars."""
    sizes, runs = sorted(int(size) for size in found["issue"]), found["issue"]
    rates = {size: median([row["rate"] for row in runs[str(size)]]) for size in sizes}
    usually = median([row["rate"] for row in found["usual"]])
    labels = [
        "packets", "packets/s, median", "  least–most", f"  part of that at {sizes[0]:,} voters", "  times the usual way", "  to OpenSSL's signatures",
        "CPU µs a packet", "largest memory of issue, MB", "bytes a packet, office.sqlite", "bytes a packet, counter.sqlite",
        "import of the roll: rows/s", "  largest memory, MB",
    ]
    columns = [column(runs[str(size)], found["import"][str(size)], rates[sizes[0]], usually) for size in sizes]
    base = found["base"]
    table(
        f"packet: uocava issue, bases of {base['least']:,} to {base['most']:,} bytes, {found['cores']} cores",
        ["voters on the roll", *(f"{size:,}" for size in sizes)], [list(row) for row in zip(labels, *columns)])

    rows = [[
        f"the usual way, {found['usual'][0]['packets']} packets", f"{usually:,.1f}", spread([row["rate"] for row in found["usual"]], "{:,.1f}"),
    ]]
    for processes, rate in found["openssl"].items():
        rows.append([f"openssl speed ecdsap256, {processes} core{'s' if int(processes) > 1 else ''}", median(rate), spread(rate)])
    table("yardsticks", ["", "a second", "least–most"], rows)
    spent = {part: median([row[f"{part}_ms"] for row in found["usual"]]) for part in ("draw", "merge", "sign", "write")}
    print(f"  The usual way, on one core: {', '.join(f'{part} {value:.1f} ms' for part, value in spent.items())}.")

    if found["claims"]:
        rows = []
        for name, label in (("alone", "alone"), ("beside", "while issue runs")):
            seen = found["claims"][name]
            issued = f"{median([one['issued'] for one in seen]):,.0f}" if name == "beside" else ""
            rows.append([
                label, median([one["rate"] for one in seen]), *(f"{median([one[key] for one in seen]):.0f}" for key in ("p50", "p99")),
                spread([one["p99"] for one in seen]), issued,
            ])
        table(
            f"claims: a roll of {found['claims']['voters']:,}, {CONNECTIONS} connections",
            ["", "claims/s", "p50 ms", "p99 ms", "least–most", "packets/s"], rows)

    small = [size for size in sizes if size < MILLION] or sizes
    slowest = min(rates[size] for size in small)
    peak = max(row["peak"] for size in sizes for row in runs[str(size)]) / 1e6
    bars = [
        (f"packets/s on {found['cores']} cores", "at least 6,000", f"{slowest:,.0f}", slowest >= 6_000),
        ("times the usual way", "at least 250", f"{slowest / usually:,.0f}", slowest / usually >= 250),
        ("largest memory of issue, MB", "under 300", f"{peak:,.0f}", peak < 300),
    ]
    if MILLION in rates and 10_000 in rates:
        share = rates[MILLION] / rates[10_000]
        bars.append(("rate at 1,000,000, of that at 10,000", "at least 0.7", f"{share:.2f}", share >= 0.7))
    else:
        bars.append(("rate at 1,000,000, of that at 10,000", "at least 0.7", "", None))
    words = {True: "met", False: "not met", None: "not measured"}
    table("bars", ["", "bar", "here", ""], [[what, bar, here, words[met]] for what, bar, here, met in bars])
    print("\n  Packets/s: of the slower of the smaller rolls. Memory: the largest of all runs.")
    return [{"what": what, "bar": bar, "here": here, "met": met} for what, bar, here, met in bars]


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench packet", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures `uocava issue` beside the usual way (pypdf and pyHanko) and `openssl speed`, on this machine, in one go.",
        epilog="On two cores it takes about 5 minutes; --million adds about 4, and needs\n"
        "16 GB of disk where $TMPDIR says and 2 GB of memory, for its roll's import.")
    parser.add_argument("--program", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--voters", default="10000,100000", help="sizes of the made rolls (default 10000,100000)")
    parser.add_argument("--million", action="store_true", help="also a roll of 1,000,000, one run")
    parser.add_argument("--runs", type=int, default=3, help="of everything but the million (default 3)")
    parser.add_argument("--base-kb", type=int, default=400, help="size of the bases (default 400)")
    parser.add_argument("--usual", type=int, default=100, help="packets made the usual way in each run (default 100)")
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement of claims; 0 leaves them out (default 3)")
    parser.add_argument("--cores", type=int, default=2, help="for everything, where the machine has more (default 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every run's figures, too")
    chosen = parser.parse_args()
    try:
        chosen.sizes = sorted({int(size) for size in chosen.voters.split(",")} | ({MILLION} if chosen.million else set()))
    except ValueError:
        parser.error(f"--voters: numbers with commas between them, such as 10000,100000; not {chosen.voters}")
    if not 100 <= chosen.sizes[0] <= chosen.sizes[-1] <= MILLION:
        parser.error("--voters: each from 100 to 1000000")
    if min(chosen.runs, chosen.usual, chosen.cores) < 1 or chosen.seconds < 0:
        parser.error("--runs, --usual and --cores: 1 or more; --seconds: 0 or more")
    return chosen


def look_for_room(sizes):
    """Ends here rather than half-way. Measured: 1,600 bytes of memory a voter at import; 600 bytes a row and 10,400 a packet on the disk."""
    largest, rolls = sizes[-1], sum(sizes)
    disk, memory = rolls * 1_200 + largest * 14_000 + (1 << 30), largest * 1_600 + (512 << 20)
    place = tempfile.gettempdir()
    free = shutil.disk_usage(place).free
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            available = int(line.split()[1]) * 1024
    if free < disk:
        sys.exit(f"bench: {place} has {free / 1e9:.1f} GB free and {disk / 1e9:.1f} are needed: name another folder with TMPDIR, or smaller rolls")
    if available < memory:
        sys.exit(f"bench: {available / 1e9:.1f} GB of memory are free and {memory / 1e9:.1f} are needed to import {largest:,} voters: smaller rolls")


def measure(chosen, work):
    found = {"cores": cores(), "issue": {}, "import": {}, "usual": [], "openssl": {"1": [], str(cores()): []}, "claims": None}
    letters = Letterbox()
    say("making the election and its ballots")
    office, election, folder = prepared_office(chosen.program, work, chosen.base_kb * 1000, letters.port)
    lengths = [row[0] for row in office.rows("office.sqlite", "SELECT length FROM base")]
    found["base"] = {"count": len(lengths), "least": min(lengths), "most": max(lengths)}
    tools = usual_tools(office, folder, work)

    small = [size for size in chosen.sizes if size < MILLION]
    rolls, offices = {}, {}
    for size in small:
        say(f"importing a roll of {size:,} voters")
        rolls[size] = made_roll(work, size)
        offices[size], found["import"][str(size)] = imported(office, election, rolls[size], work / f"office-{size}")
        found["issue"][str(size)] = []
    # In rounds, so that a slow minute of the machine is in all figures, not in one.
    feed = rolls[small[0]] if small else made_roll(work, 10_000)
    for number in range(chosen.runs):
        for processes, rates in found["openssl"].items():
            rates.append(openssl_signatures(int(processes)))
        found["usual"].append(usual(tools, feed, chosen.usual))
        say(f"run {number + 1}: the usual way, {found['usual'][-1]['rate']:.1f} packets/s")
        for size in small:
            twin = offices[size].copy_to(work / "twin")
            row = issue(twin, election)
            found["issue"][str(size)].append(row)
            shutil.rmtree(twin.folder)
            say(f"run {number + 1}: {size:,} voters, {row['packets']:,} packets in {row['seconds']:.1f} s, {row['rate']:,.0f}/s")
    for size in small:
        shutil.rmtree(offices[size].folder)

    if chosen.sizes[-1] == MILLION:
        say(f"importing a roll of {MILLION:,} voters: minutes, and 1.5 GB of memory")
        roll = made_roll(work, MILLION)
        large, found["import"][str(MILLION)] = imported(office, election, roll, work / "office-million")
        roll.unlink()
        row = issue(large, election)
        found["issue"][str(MILLION)] = [row]
        shutil.rmtree(large.folder)
        say(f"{MILLION:,} voters: {row['packets']:,} packets in {row['seconds']:.1f} s, {row['rate']:,.0f}/s")
    if chosen.seconds and small:
        found["claims"] = counter_figures(office, election, rolls[small[-1]], small[-1], letters, chosen, work) | {"voters": small[-1]}
    return found


def main():
    chosen = arguments()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: chosen.cores])
    look_for_room(chosen.sizes)
    with scratch() as work:
        found = measure(chosen, work)
    found["bars"] = report(found)
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
