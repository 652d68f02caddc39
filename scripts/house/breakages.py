"""Breaks each of the house's rules on purpose, one at a time, in a throw-away checkout, and sees that scripts/check notices.

A check that cannot fail is worse than none. `scripts/check --prove` runs this; so does a test.
"""

import subprocess
import tempfile
from pathlib import Path

SOUND = {
    ".gitignore": ".build/\n",
    ".swift-format": '{ "version": 1, "lineLength": 140, "indentation": { "spaces": 4 } }\n',
    "Package.swift": "// swift-tools-version: 6.2\nimport PackageDescription\n\nlet package = Package(name: \"uocava\")\n",
    "Tests/UocavaTests/Sound.swift": "let sound = true\n",
    "Sources/Elections/Election.swift": (
        "import Foundation\n\n/// An election.\npackage struct Election {\n    /// Its name, in two forms.\n    package let name: String\n    package let short: String\n}\n"
    ),
    "Sources/Keys/Digest.swift": "internal import COpenSSL\n\n/// A digest.\n@frozen\npublic enum Digest {}\n",
    "scripts/hello": "#!/bin/bash\necho hello\n",
    "README.md": "# uocava\n\n[the licence](LICENSE)\n\n```sh\nscripts/hello   # says hello\nuocava keys list --format json\n```\n",
    "LICENSE": "words\n",
    ".build/release/uocava": (
        "#!/bin/bash\ncase \"$*\" in\n"
        "  --help) echo 'USAGE: uocava <subcommand>' ;;\n"
        "  'keys --help') echo 'USAGE: uocava keys <subcommand>' ;;\n"
        "  'keys list --help') echo 'USAGE: uocava keys list [--format <format>]' ;;\n"
        "  *) echo 'USAGE: uocava <subcommand>'; exit 64 ;;\nesac\n"
    ),
}

# Not written in one piece, so that no check takes this file for what it plants.
KEY = "-----BEGIN " + "PRIVATE KEY-----\n" + "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n" + "-----END " + "PRIVATE KEY-----\n"
OLD_KEY = "-----BEGIN " + "RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n" + "A" * 64 + "\n"
ELECTION, DIGEST = "Sources/Elections/Election.swift", "Sources/Keys/Digest.swift"

# (rule, what is done, file, text added to its end; None: the file goes; a function: its text becomes)
BREAKAGES = [
    ("format", "two spaces of indentation", ELECTION, "\nextension Election {\n  func vote() {}\n}\n"),
    ("format", "a line that is too long", "Tests/UocavaTests/Sound.swift", f"let long = \"{'a ' * 90}\" + \"b\"\n"),
    ("imports", "the rules import another craft", ELECTION, "import Keys\n"),
    ("imports", "a craft imports the database", DIGEST, "private import GRDB\n"),
    ("imports", "the office imports a C library", "Sources/Office/Issuing.swift", "package import COpenSSL\n"),
    ("imports", "the command line imports the web server", "Sources/uocava/Serve.swift", "import struct Hummingbird.Router\n"),
    ("imports", "the rules import the system's C library", ELECTION, "@preconcurrency import Glibc\n"),
    ("imports", "a module nobody has heard of", "Sources/Extras/Extra.swift", "let extra = 1\n"),
    ("comments", "a package function without comment", ELECTION, "extension Election {\n    package static func read() {}\n}\n"),
    ("comments", "a public type without comment, under an attribute", DIGEST, "@frozen\npublic final class Mark {}\n"),
    ("comments", "a settable property without comment", DIGEST, "extension Digest {\n    package private(set) var mark: Int { 1 }\n}\n"),
    ("comments", "a property after a blank line", DIGEST, "extension Digest {\n    /// One.\n    package let one: Int\n    package let two: Int\n\n    package let three: Int\n}\n"),
    ("comments", "a comment that is no doc comment", DIGEST, "// A mark.\npackage struct Mark {}\n"),
    ("hatches", "try!", DIGEST, "let digest = try! read()\n"),
    ("hatches", "as!", DIGEST, "let digest = value as! Digest\n"),
    ("hatches", "fatalError", DIGEST, "func stop() { fatalError(\"no\") }\n"),
    ("hatches", "unchecked Sendable without a reason", DIGEST, "extension Digest: @unchecked Sendable {}\n"),
    ("hatches", "the counter's file behind its guard", DIGEST, "let rows = office.unguardedCounter.read { $0 }\n"),
    ("hatches", "unfinished business", DIGEST, "// TO" + "DO: later\n"),
    ("keys", "a private key in a text", "docs/notes.md", KEY),
    ("keys", "an encrypted key of the old form", "ca.pem", OLD_KEY),
    ("keys", "a key in a Swift text", DIGEST, "let key = \"" + KEY.replace("\n", "\\n") + "\"\n"),
    ("keys", "a file named like a key", "keys/signing.key", "nothing\n"),
    ("files", "a database", "office.sqlite", "SQLite format 3\n"),
    ("files", "a large file", "docs/scan.bin", "x" * 1_000_001),
    ("scripts", "a script that does not parse", "scripts/hello", "if true; then\n"),
    ("scripts", "a Python part that does not parse", "scripts/house/part.py", "def broken(:\n"),
    ("scripts", "a script in another language", "scripts/other", "#!/usr/bin/perl\n"),
    ("readme", "no README", "README.md", None),
    ("readme", "a script that is not there", "README.md", "\n```sh\n./scripts/goodbye --now\n```\n"),
    ("readme", "a command the program has not", "README.md", "\n```console\n$ uocava guess --all\n```\n"),
    ("readme", "a subcommand's option the program has not", "README.md", "\n```sh\nuocava keys list --colour red\n```\n"),
    ("readme", "a link to nothing", "README.md", "\n[manual](docs/manual.md)\n"),
]


def plant(root, path, text):
    file = Path(root, path)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        out.write(text)
    if path.startswith((".build", "scripts/")):
        file.chmod(0o755)


def sound_checkout(root):
    subprocess.run(["git", "init", "-q", root], check=True)
    for path, text in SOUND.items():
        plant(root, path, text)


def prove(rules, checkout_type):
    """Prints a line a breakage; gives the exit code: 0 when the sound checkout passes and every breakage is noticed."""
    failed = 0
    with tempfile.TemporaryDirectory(prefix="uocava-check-") as folder:
        sound_checkout(folder)
        for name, rule in rules.items():
            checkout = checkout_type(folder)
            rule(checkout)
            if checkout.wrong:
                failed += 1
                print(f"FAILED  {name}: finds fault with a sound checkout: {checkout.wrong[0]}")
    for name, what, path, text in BREAKAGES:
        with tempfile.TemporaryDirectory(prefix="uocava-check-") as folder:
            sound_checkout(folder)
            if text is None:
                Path(folder, path).unlink()
            else:
                plant(folder, path, text)
            checkout = checkout_type(folder)
            rules[name](checkout)
            failed += not checkout.wrong
            print(f"{'noticed' if checkout.wrong else 'MISSED '} {name}: {what}" + (f"  →  {checkout.wrong[0][:110]}" if checkout.wrong else ""))
    with tempfile.TemporaryDirectory(prefix="uocava-check-") as folder:
        sound_checkout(folder)
        Path(folder, "scripts/hello").chmod(0o644)
        checkout = checkout_type(folder)
        rules["scripts"](checkout)
        failed += not checkout.wrong
        print(f"{'noticed' if checkout.wrong else 'MISSED '} scripts: a script that cannot be run")
    unproved = set(rules) - {name for name, *_ in BREAKAGES}
    if unproved:
        failed += 1
        print(f"FAILED  nothing breaks these rules yet: {', '.join(sorted(unproved))}")
    print(f"{len(BREAKAGES) + 1 - failed} breakages noticed, {failed} not")
    return 1 if failed else 0
