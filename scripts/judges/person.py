"""A voter's way through the whole site with the keyboard alone: Tab, Enter and typing, never a click.

Every page is shown to lookers (walk.py, axe.py, markup.py), in light and dark colours. The way itself only sees that each step leads where it should.
"""

import re
import socket
import time
from datetime import date
from pathlib import Path

from selenium.webdriver.common.keys import Keys

from browser import Browser
from figures import run
from house import ELECTION, becomes

SCHEMES = ("light", "dark")
WIDTHS = {320: 640, 1280: 900}
DOWNLOADED = {"en": "Your packet was downloaded.", "es": "Su paquete se descargó."}
MOST_TABS = 80  # more than any page has


class Lost(Exception):
    """A step did not lead where it should: the way cannot go on."""


class Walk:
    """One voter in one language and width. `chosen_by_link`: the browser speaks English, and the reader chooses the language on the page."""

    def __init__(self, site, verdicts, lookers, work, language, width, chosen_by_link=False):
        self.site, self.verdicts, self.lookers, self.work = site, verdicts, lookers, work
        self.language, self.width, self.chosen_by_link = language, width, chosen_by_link
        self.label = f"{language}, {width} px"
        self.claimed = False
        self.number = 0

    def browser(self):
        speaks = "en-US,en" if self.chosen_by_link or self.language == "en" else "es-MX,es"
        return Browser(self.work, speaks, self.width, WIDTHS[self.width])

    # Steps

    def at(self, browser, page, status):
        """Somewhere: the page must be the expected one, and everybody looks."""
        found = (browser.status, browser.script("return document.documentElement.lang"))
        if found != (status, self.language):
            raise Lost(f"{page}: expected status {status} in {self.language}, found {found[0]} in {found[1]} at {browser.driver.current_url}")
        self.number += 1
        for looker in self.lookers:
            looker.arrived(self, browser, page, status)
        for scheme in SCHEMES:
            browser.colours(scheme)
            for looker in self.lookers:
                looker.look(self, browser, page, scheme)
        browser.colours("light")

    def tab_to(self, browser, selector):
        """Presses Tab until something that fits is in focus."""
        for _ in range(MOST_TABS):
            browser.keys(Keys.TAB)
            if browser.script("return document.activeElement.matches(arguments[0])", selector):
                return
        raise Lost(f"{browser.driver.current_url}: Tab never comes to {selector}")

    def press(self, browser, selector):
        """Goes to it and presses Enter."""
        self.tab_to(browser, selector)
        browser.follow(Keys.ENTER)

    def fill(self, browser, selector, text):
        """Goes to the field, types over what is there, and presses Enter."""
        self.tab_to(browser, selector)
        browser.keys(text)
        browser.follow(Keys.ENTER)

    def open(self, browser, path):
        """An address that was typed or pasted; then the language, where the reader chooses it."""
        browser.open(self.site.url + path)
        if self.chosen_by_link and browser.script("return document.documentElement.lang") != self.language:
            self.press(browser, f'a[hreflang="{self.language}"]')

    def birthday(self, voter):
        """As the page's hint has it."""
        return voter.birthday.strftime("%m/%d/%Y")

    # The way

    def go(self):
        voter = self.site.voters.pop()
        try:
            with self.browser() as browser, self.browser() as other:
                self.before_the_claim(browser, voter)
                code = self.at_the_counter(browser, voter)
                self.with_the_code(browser, code)
                self.used(browser, other, voter)
                self.over(browser, code)
                for looker in self.lookers:
                    looker.left(self, browser)
                    looker.left(self, other)
            self.verdicts.ok(f"{self.label}: the way with the keyboard alone, {self.number} pages")
        except Lost as lost:
            self.verdicts.failure(f"{self.label}: the way with the keyboard alone", "to go on", lost)

    def before_the_claim(self, browser, voter):
        self.open(browser, "/")
        self.at(browser, "start", 200)
        self.press(browser, 'a[href^="/accessibility"]')
        self.at(browser, "accessibility", 200)
        self.press(browser, 'a[href^="/privacy"]')
        self.at(browser, "privacy", 200)
        self.open(browser, "/")
        self.press(browser, 'a[href^="/new-link"]')
        self.at(browser, "new-link", 200)
        self.open(browser, f"/b/{voter.token}")
        self.at(browser, "link", 200)
        self.fill(browser, "#answer", {"en": "the day I was born", "es": "el día en que nací"}[self.language])
        self.at(browser, "link-unclear", 422)
        self.fill(browser, "#answer", "03/08/1984" if voter.birthday != date(1984, 3, 8) else "03/09/1984")
        self.at(browser, "link-wrong", 403)

    def at_the_counter(self, browser, voter):
        self.fill(browser, "#answer", self.birthday(voter))
        self.claimed = True
        self.at(browser, "packet", 200)
        for kind in ("pdf", "zip"):
            self.tab_to(browser, f'a[download][href$=".{kind}"]')
            path = browser.script("return document.activeElement.getAttribute('href')")
            cookie = "; ".join(f"{found['name']}={found['value']}" for found in browser.cookies())
            browser.keys(Keys.ENTER)
            size = int(dict(self.site.ask("HEAD", path, headers={"Cookie": cookie}).headers)["Content-Length"])
            name = path.rsplit("/", 1)[1]
            came = browser.downloaded(name, size)
            self.verdicts.holds(f"{self.label}: Enter on the button brings {kind.upper()} ({size:,} bytes)", len(came) == size, f"{name}, {size} bytes", sorted(p.name for p in browser.downloads.iterdir()))
            if kind == "pdf":
                packet = browser.downloads / name
        browser.read_logs()
        self.press(browser, 'a[href^="/t/"]')
        self.verdicts.same(f"{self.label}: the tracking page says that the packet was downloaded", True, becomes(True, lambda: self.says(browser, DOWNLOADED[self.language]), 30, 1))
        browser.read_logs()
        self.at(browser, "tracking", 200)
        code = re.search(r"T(-[0-9A-Z]{4}){5}", browser.driver.current_url).group(0)
        self.check(browser, packet)
        return code

    def check(self, browser, packet):
        """Whether the packet is genuine: chosen as a file, which the page's script reads, and by typing."""
        self.open(browser, "/verify")
        self.at(browser, "verify", 200)
        self.tab_to(browser, "#file")
        browser.choose("#file", packet)
        self.at(browser, "verify-ours", 200)
        self.fill(browser, "#sha256", "0" * 64)
        self.at(browser, "verify-unknown", 404)
        self.fill(browser, "#sha256", "sample")
        self.at(browser, "verify-unclear", 422)

    @staticmethod
    def says(browser, words):
        if words in browser.script("return document.body.innerText"):
            return True
        browser.driver.refresh()
        return False

    def with_the_code(self, browser, code):
        self.open(browser, "/")
        self.press(browser, 'a[href^="/t"]')
        self.at(browser, "track", 200)
        self.fill(browser, "#code", "R" + code[1:])
        self.at(browser, "track-unknown", 404)
        self.fill(browser, "#code", code.lower().replace("-", " "))
        self.at(browser, "track-found", 200)

    def used(self, browser, other, voter):
        """The link again, with the right answer: in another browser, then in the one that has the visit."""
        self.open(other, f"/b/{voter.token}")
        self.fill(other, "#answer", self.birthday(voter))
        self.at(other, "used-elsewhere", 403)
        self.open(browser, f"/b/{voter.token}")
        self.fill(browser, "#answer", self.birthday(voter))
        self.at(browser, "used-here", 403)
        self.press(browser, 'a[href^="/ballot"]')
        if browser.status != 200:
            raise Lost(f"going on leads to status {browser.status}")

    def over(self, browser, code):
        self.press(browser, 'form[action^="/ballot/end"] button')
        self.at(browser, "ended", 200)
        self.open(browser, "/ballot" + (f"?lang={self.language}" if self.chosen_by_link else ""))
        self.at(browser, "no-visit", 403)
        self.open(browser, "/no-such-page" + (f"?lang={self.language}" if self.chosen_by_link else ""))
        self.at(browser, "missing", 404)
        self.site.do("returns", "receive", self.return_code(code))
        self.see_step(browser, code, "received")
        self.site.do("returns", "decide", self.return_code(code), "--reject", "mismatch-voter-signature")
        self.see_step(browser, code, "rejected")

    def return_code(self, code):
        ballots, _ = self.site.json("status", code, "--election", ELECTION)
        return ballots[0]["return_code"]

    def see_step(self, browser, code, page):
        """The tracking page once the office's news has come there."""
        before = len(self.site.steps(code))
        becomes(True, lambda: len(self.site.steps(code)) > before, 15)
        self.open(browser, f"/t/{code}" + (f"?lang={self.language}" if self.chosen_by_link else ""))
        self.at(browser, f"tracking-{page}", 200)


class Rarities(Walk):
    """Pages that hardly anybody sees: a link that was replaced, too many answers, a busy site, forms that go wrong.

    `narrow` is a site that takes one wrong answer from an address and one request at a time. Not shown: the page of a closed link, which needs
    another date, and of a fault of ours, which we know no way to make; both are the same two templates as pages that are shown.
    """

    def __init__(self, narrow, *arguments, **named):
        super().__init__(*arguments, **named)
        self.narrow = narrow

    def go(self):
        voter, replaced = self.site.voters.pop(), self.site.voters.pop()
        self.site.do("ballots", "new-link", replaced.voter_id, "--election", ELECTION, "--reason", "The voter lost the letter")
        try:
            with self.browser() as browser:
                self.open(browser, f"/b/{replaced.token}")
                self.fill(browser, "#answer", self.birthday(replaced))
                self.at(browser, "replaced", 403)
                self.press(browser, "form button")
                self.at(browser, "new-link-sent", 200)
                self.post(browser, self.site.url + "/ballot", "a=b")
                self.at(browser, "method", 405)
                self.post(browser, f"{self.site.url}/b/{voter.token}", "answer=01/01/1970")
                self.at(browser, "foreign", 403)
                for looker in self.lookers:
                    looker.left(self, browser)
            ample, self.site = self.site, self.narrow
            with self.browser() as browser:
                for _ in range(2):
                    self.open(browser, f"/b/{voter.token}")
                    self.fill(browser, "#answer", "01/01/1970")
                self.at(browser, "too-many", 429)
                with self.site.connect() as slow:
                    slow.sendall(f"POST /t HTTP/1.1\r\nHost: {self.site.host}\r\nContent-Length: 9\r\n\r\ncode=".encode())
                    time.sleep(0.5)
                    browser.open(self.site.url + "/")
                    self.at(browser, "busy", 503)
                for looker in self.lookers:
                    looker.left(self, browser)
            self.site = ample
            self.verdicts.ok(f"{self.label}: the rare pages, {self.number}")
        except Lost as lost:
            self.verdicts.failure(f"{self.label}: the rare pages", "to come", lost)

    @staticmethod
    def post(browser, address, fields):
        """A form on no site of ours sends this: its origin is foreign to us."""
        name, value = fields.split("=", 1)
        browser.open(f'data:text/html,<form method=post action="{address}"><input name="{name}" value="{value}"></form>')
        browser.script("judgedPage = true; document.forms[0].submit()")
        browser.arrive()


def walks(site, narrow, verdicts, lookers, work, quick):
    """All of them: both languages and widths, the language by the browser and by the link. Quick: each of these at least once."""
    common = (site, verdicts, lookers, work)
    if quick:
        yield Walk(*common, "en", 320)
        yield Walk(*common, "es", 1280, chosen_by_link=True)
        yield Rarities(narrow, *common, "es", 320)
        return
    yield Walk(*common, "en", 320)
    yield Walk(*common, "en", 1280)
    yield Walk(*common, "es", 320)
    yield Walk(*common, "es", 1280, chosen_by_link=True)
    yield Rarities(narrow, *common, "en", 320)
    yield Rarities(narrow, *common, "es", 1280)
