"""Runs the judges that are asked for, on one office, and counts. Started by scripts/judge."""

import argparse
import importlib
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "measure"))
import figures  # noqa: E402

figures.SPEAKER = "judge"
from figures import say, scratch  # noqa: E402
from house import House, Verdicts, certificates  # noqa: E402

# The names on the command line, and what each runs: modules of this folder, in this order. The walk's three are lookers on one walk.
WALKERS = ("walk", "axe", "html")
JUDGES = ("gauntlet", "cut", "walk", "axe", "html", "flood", "tls", "desk")
QUICK = ("gauntlet", "walk", "axe", "html", "desk")


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/judge", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=[*JUDGES, "all", "quick", "prove"], help="which judge; all of them; those for every change; or see that each can fail")
    parser.add_argument("--program", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--tools", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="walk, axe, html: keep a picture and the HTML of every page there")
    parser.add_argument("--keep", action="store_true", help="leave the office and the logs when all is done, and say where they are")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="repeat what was random (it is printed)")
    parser.add_argument("--http2", action="store_true", help="the site speaks HTTP/2: hold that, too")
    parser.add_argument("--testssl", action="store_true", help="tls: ask testssl.sh as well (some minutes more)")
    parser.add_argument("--patience", type=float, default=2, metavar="SECONDS", help="flood: how soon others must be answered (default 2)")
    return parser.parse_args()


def main():
    chosen = arguments()
    names = JUDGES if chosen.name == "all" else QUICK if chosen.name == "quick" else (chosen.name,)
    chosen.quick = chosen.name == "quick"
    chosen.lookers = [name for name in names if name in WALKERS]
    started, verdicts = time.monotonic(), Verdicts()
    print(f"seed {chosen.seed}", flush=True)
    with scratch() as work:
        house = House(chosen.program, work, keeps_sites=chosen.keep)
        chosen.authority, chosen.work = certificates(work / "authority"), work
        took = {}
        for name in names:
            if name in WALKERS and name != chosen.lookers[0]:
                continue
            begun = time.monotonic()
            label = ", ".join(chosen.lookers) if name in WALKERS else name
            print(f"\n== {label}", flush=True)
            module = importlib.import_module("walk" if name in WALKERS else name)
            module.judge(verdicts, house, chosen, random.Random(f"{chosen.seed} {name}"))
            took[label] = time.monotonic() - begun
        if chosen.keep:
            kept = Path(tempfile.mkdtemp(prefix="uocava-judge-kept."))
            shutil.copytree(work, kept, dirs_exist_ok=True)
            say(f"kept in {kept}")
    print("\n" + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in took.items()) + f"; in all {time.monotonic() - started:.0f} s")
    print(f"{verdicts.passed} passed, {verdicts.failed} failed")
    sys.exit(1 if verdicts.failed else 0)


if __name__ == "__main__":
    main()
