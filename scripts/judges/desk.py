"""A clerk's day in Chromium: sign in with a telephone's codes, find a voter, make a new link, scan fifty envelopes, decide, take back, hand over.

The codes come from a TOTP of our own, so that the program is not its own judge. axe-core looks at every page, in both colour schemes.
"""

import json
import time

from selenium.webdriver.common.keys import Keys

import axe
from browser import PATIENCE, Browser
from house import ELECTION, becomes, quiet_port
from totp import PASSWORD, code, invite

ENVELOPES = 50


class Clerk:
    """Somebody at a browser of their own."""

    def __init__(self, browser, origin, looker, verdicts, pictures):
        self.browser, self.driver, self.origin, self.looker = browser, browser.driver, origin, looker
        self.verdicts, self.pictures, self.number, self.sideways, self.label = verdicts, pictures, 0, [], "desk"

    def see(self, page, width=1280):
        """Looks at the page: axe in both colours, a picture, nothing wider than the window."""
        self.number += 1
        self.browser.size(width, 900)
        self.browser.script(self.looker.source)
        for scheme in ("light", "dark"):
            self.browser.colours(scheme)
            self.looker.look(self, self.browser, f"{page}, {width} px", scheme)
            wide, there = self.browser.script("return [document.scrollingElement.scrollWidth, document.documentElement.clientWidth]")
            if wide > there:
                self.sideways.append(f"{page}, {width} px, {scheme}: {wide} px wide")
            if self.pictures:
                self.browser.picture(self.pictures / f"desk-{width}-{scheme}-{self.number:02}-{page}.png")
        self.browser.colours("light")
        self.browser.size(1280, 900)

    def text(self, selector):
        return [element.text for element in self.driver.find_elements("css selector", selector)]

    def into(self, selector):
        """The field with the keyboard, as a label's click would bring it."""
        self.browser.script("document.querySelector(arguments[0]).focus()", selector)

    def go(self, words):
        """Along the bar, with the keyboard."""
        self.browser.script("[...document.querySelectorAll('nav a')].find(link => link.textContent === arguments[0]).focus()", words)
        self.browser.follow(Keys.ENTER)

    def find(self, words):
        self.into("input[name=q]")
        self.browser.script("document.activeElement.select()")
        self.browser.follow(words + Keys.ENTER)

    def press(self, selector):
        self.into(selector)
        self.browser.follow(Keys.ENTER)


def enrol(clerk, login, password, sees=False):
    """The first time; returns the authenticator's secret and the recovery codes."""
    browser = clerk.browser
    browser.open(f"{clerk.origin}/")
    if sees:
        clerk.see("signin")
    clerk.into("#login")
    browser.keys(login, Keys.TAB, password)
    browser.follow(Keys.ENTER)
    secret = clerk.text("p .code")[0]
    if sees:
        clerk.see("enrol")
        clerk.see("enrol", 320)
    clerk.into("#password")
    browser.keys(PASSWORD, Keys.TAB, PASSWORD, Keys.TAB, code(secret))
    browser.follow(Keys.ENTER)
    return secret, clerk.text("li.code")


def status(site):
    return json.loads(site.do("status", "--election", ELECTION, "--format", "json").output)


def judge(verdicts, house, chosen, chance):
    looker = axe.Looker(chosen.tools)
    pictures = chosen.pictures
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    with house.site("desk") as site:
        port = quiet_port()
        settings = site.folder / "uocava.yaml"
        settings.write_text(settings.read_text().replace('listen: "127.0.0.1:8081"', f'listen: "127.0.0.1:{port}"'))
        site.close()
        site.open()
        origin = f"http://127.0.0.1:{port}"
        ballots = [ballot for ballot in status(site) if ballot["return_code"]]
        chance.shuffle(ballots)
        with Browser(house.folder) as browser:
            clerk = Clerk(browser, origin, looker, verdicts, pictures)
            day(verdicts, site, clerk, ballots, chance)
            verdicts.none("the desk asks for nothing of another site", browser.strangers(origin))
            complaints = [entry for entry in browser.complaints if entry["level"] in ("SEVERE", "WARNING")]
            verdicts.none("the browser complains of nothing", complaints)
        with Browser(house.folder) as browser:
            browser.devtools("Network.enable")
            browser.devtools("Network.setBlockedURLs", urls=["*.js"])
            plain(verdicts, site, Clerk(browser, origin, looker, verdicts, None), ballots[ENVELOPES:])
        verdicts.none("no page of the desk is wider than its window", clerk.sideways)
        looker.conclude(verdicts)


def day(verdicts, site, clerk, ballots, chance):
    browser = clerk.browser
    secret, recovery = enrol(clerk, "ann.lee", invite(site.program, site.folder, "ann.lee", "supervisor"), sees=True)
    verdicts.holds("a newcomer sets up with an authenticator and gets ten recovery codes", len(recovery) == 10, 10, recovery)
    clerk.see("recovery")
    clerk.press("main a")
    verdicts.same("after the set-up the desk is open", "SAMPLE: Elections – Ballot desk", browser.driver.title)
    clerk.see("start")
    clerk.press(".who button")
    verdicts.same("signed out, the desk is closed", f"{clerk.origin}/signin", browser.driver.current_url)
    # A code opens once: the next half minute's is needed.
    for attempt, (digits, opens) in enumerate(((code(secret), False), (recovery[0], True))):
        browser.open(f"{clerk.origin}/signin")
        clerk.into("#login")
        browser.keys("ann.lee", Keys.TAB, PASSWORD, Keys.TAB, digits)
        browser.follow(Keys.ENTER)
        closed = "/signin" in browser.driver.current_url
        verdicts.same(("a code that was used opens nothing", "a recovery code opens")[attempt], opens, not closed)
        if closed:
            clerk.see("refused")
    clerk.press("main h2 a")
    clerk.see("election")
    clerk.see("election", 320)
    clerk.press("tbody th a")
    clerk.see("list")
    # Somebody calls: found by name, a new link.
    clerk.press("tbody td a")
    name, number = clerk.text("h1")[0], clerk.text("main > p")[0].split()[2]
    clerk.find(number)
    verdicts.same("a voter is found by number", name, clerk.text("h1")[0])
    clerk.see("voter")
    clerk.see("voter", 320)
    clerk.into("#reason")
    browser.follow("Lost the letter; called from the number on file" + Keys.ENTER)
    verdicts.holds("a new link is made", "A new link is made" in clerk.text("[role=status]")[0], "A new link is made", clerk.text("[role=status]"))
    clerk.find(name.split()[-1][:3])
    clerk.see("search")
    scan(verdicts, clerk, ballots[:ENVELOPES], chance)
    decide(verdicts, site, clerk, ballots[:ENVELOPES])
    clerk.go("Exceptions")
    clerk.see("exceptions")
    clerk.go("Staff")
    clerk.see("staff")
    clerk.press(".who button")


def scan(verdicts, clerk, ballots, chance):
    """As a barcode gun types: fast, and without waiting for answers; some envelopes twice, one of another office."""
    browser = clerk.browser
    clerk.go("Envelopes")
    codes = [ballot["return_code"] for ballot in ballots]
    pile = [*codes, *chance.sample(codes, 5), "R-0000-0000-0001"]
    started = time.monotonic()
    for code_ in pile:
        browser.keys(code_, Keys.ENTER)
    expected = f"{len(codes)} received, 5 scanned before, 1 to look at"
    found = becomes(expected, lambda: clerk.text("#sum")[0], seconds=PATIENCE)
    verdicts.same(f"{len(pile)} envelopes scanned with the keyboard alone, nobody waiting for an answer: {time.monotonic() - started:.1f} s", expected, found)
    verdicts.same("the field is ready for the next", "code", browser.script("return document.activeElement.id"))
    verdicts.holds("the last scan is told in words", "Not one of ours" in clerk.text("#said")[0], "Not one of ours", clerk.text("#said"))
    clerk.see("scan")
    clerk.see("scan", 320)


def decide(verdicts, site, clerk, ballots):
    browser = clerk.browser

    def standing():
        found = status(site)
        ours = {ballot["ballot"] for ballot in ballots}
        counts = {}
        for ballot in found:
            if ballot["ballot"] in ours:
                counts[ballot["status"]] = counts.get(ballot["status"], 0) + 1
        return counts

    verdicts.same("every envelope is written down once", {"received": len(ballots)}, standing())
    clerk.go("Decisions")
    clerk.see("decisions")
    clerk.see("decisions", 320)
    clerk.press("button[value=accept]")
    clerk.press("button[value=hold]")
    browser.script("document.querySelector('section:last-of-type select').value = 'missing-voter-signature'")
    clerk.press("section:last-of-type button[value=reject]")
    verdicts.same("one is accepted, one held, one rejected", {"received": len(ballots) - 3, "accepted": 1, "held": 1, "rejected": 1}, standing())
    rejected = next(ballot for ballot in status(site) if ballot["status"] == "rejected")
    clerk.find(rejected["return_code"])
    clerk.into("input[id^=reverse]")
    browser.follow("Cured by a signed statement" + Keys.ENTER)
    clerk.find(rejected["return_code"])
    clerk.see("voter-after")
    verdicts.same("a decision is taken back", {"received": len(ballots) - 2, "accepted": 1, "held": 1}, standing())
    rows = [row for row in clerk.text("tr") if "Cured by a signed statement" in row]
    verdicts.holds("the page says who took it back and why", rows and "ann.lee" in rows[0], "a row of ann.lee's", clerk.text("tr"))
    audit = json.loads(site.do("audit", "--format", "json").output)
    verdicts.same("the audit is clean after that", True, audit["ok"])


def plain(verdicts, site, clerk, ballots):
    """The same desk without scripts: a scan is a page."""
    enrol(clerk, "bo", invite(site.program, site.folder, "bo", "clerk"))
    clerk.press("main a")
    clerk.go("Envelopes")
    for ballot in ballots[:2] + ballots[:1]:
        clerk.into("#code")
        clerk.browser.follow(ballot["return_code"] + Keys.ENTER)
        verdicts.same("without scripts, a scan is answered by a page", ballot["return_code"], clerk.text("#scans .code")[0])
    verdicts.holds("… and the second time it was scanned before", "Scanned before" in clerk.text("#said")[0], "Scanned before", clerk.text("#said"))
