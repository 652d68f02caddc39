"""What a person sees on the way: focus that can be seen, no scrolling sideways, nothing from elsewhere, no complaint, no cookie before the claim.

Also holds the walk together: the lookers that were asked for go along.
"""

import re

from selenium.webdriver.common.keys import Keys

import axe
import markup
from person import MOST_TABS, walks

OPERABLE = "a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex]:not([tabindex='-1'])"

# The element in focus: what it is, where, and how its outline stands out.
FOCUS = """
const element = document.activeElement;
if (!element || element === document.body || element === document.documentElement) return null;
const style = getComputedStyle(element), box = element.getBoundingClientRect();
let ground = element.parentElement;
while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1), y = Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1);
const at = document.elementFromPoint(x, y);
return {
  index: [...document.querySelectorAll(arguments[0])].indexOf(element), name: element.tagName.toLowerCase() + (element.className ? '.' + element.className : ''),
  text: (element.innerText || element.id || '').slice(0, 40), visible: element.matches(':focus-visible'), style: style.outlineStyle,
  width: parseFloat(style.outlineWidth), colour: style.outlineColor, ground: ground ? getComputedStyle(ground).backgroundColor : 'rgb(255, 255, 255)',
  inside: box.width > 1 && box.height > 1 && box.left >= 0 && box.right <= innerWidth && box.bottom > 0 && box.top < innerHeight,
  covered: !(at && (element.contains(at) || at.contains(element)))
};
"""


def luminance(colour):
    """WCAG 2's relative luminance of `rgb(…)`."""
    channels = [int(float(part)) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


class Person:
    """A looker with eyes and a Tab key."""

    def __init__(self, pictures):
        self.pictures = pictures
        self.focus, self.sideways, self.strangers, self.complaints, self.cookies, self.order, self.titles = [], [], [], [], [], [], []
        self.stops = 0

    def arrived(self, walk, browser, page, status):
        where = f"{walk.label}, {page}"
        self.complain(browser, where)
        cookies = browser.cookies()
        if not walk.claimed and cookies:
            self.cookies.append(f"{where}: {[cookie['name'] for cookie in cookies]}")
        for cookie in cookies:
            if not cookie["httpOnly"] or cookie.get("sameSite") != "Strict":
                self.cookies.append(f"{where}: {cookie['name']} is not HttpOnly and SameSite=Strict")
        if page == "ended" and cookies:
            self.cookies.append(f"{where}: there is still a cookie when the ballot was closed")
        title = browser.driver.title
        if not title or "/b/" in title or re.search(r"[a-z2-7]{32}", title):
            self.titles.append(f"{where}: {title!r}")

    def complain(self, browser, where):
        self.complaints += [f"{where}: {entry['level']} {entry['message']}" for entry in browser.complaints]
        browser.complaints.clear()

    def look(self, walk, browser, page, scheme):
        where = f"{walk.label}, {scheme}, {page}"
        if self.pictures:
            browser.picture(self.pictures / f"{walk.language}-{walk.width}-{scheme}-{walk.number:02}-{page}.png")
        wide, there = browser.script("return [document.scrollingElement.scrollWidth, document.documentElement.clientWidth]")
        if wide > there or there > walk.width:
            self.sideways.append(f"{where}: {wide} px wide in a window of {there}")
        self.tab_round(browser, where)

    def tab_round(self, browser, where):
        """Once through the page: whatever can be operated is reached, in the order of the page, and can be seen to be in focus."""
        count = browser.script("document.activeElement.blur(); window.getSelection().removeAllRanges(); window.scrollTo(0, 0); return document.querySelectorAll(arguments[0]).length", OPERABLE)
        reached, outside = [], 0
        for _ in range(MOST_TABS):
            browser.keys(Keys.TAB)
            stop = browser.script(FOCUS, OPERABLE)
            if stop is None and outside < 2:
                outside += 1  # past the page's end, from where the next Tab goes to its top
                continue
            if stop is None or stop["index"] in reached:
                break
            reached.append(stop["index"])
            self.judge_stop(stop, where)
            if len(reached) == count:
                break
        self.stops += len(reached)
        start = reached.index(min(reached)) if reached else 0
        around = reached[start:] + reached[:start]
        if around != list(range(count)):
            self.order.append(f"{where}: Tab comes to {around} of {count}")
        browser.script("document.activeElement.blur()")

    def judge_stop(self, stop, where):
        wrong = []
        if not stop["visible"] or stop["style"] in ("none", "hidden") or stop["width"] < 2:
            wrong.append(f"outline {stop['style']} {stop['width']} px")
        elif contrast(stop["colour"], stop["ground"]) < 3:
            wrong.append(f"outline {stop['colour']} on {stop['ground']}: contrast {contrast(stop['colour'], stop['ground']):.1f}, wanted 3")
        if not stop["inside"]:
            wrong.append("not in the window")
        elif stop["covered"]:
            wrong.append("something lies over it")
        if wrong:
            self.focus.append(f"{where}: {stop['name']} “{stop['text']}”: {', '.join(wrong)}")

    def left(self, walk, browser):
        browser.read_logs()
        self.complain(browser, f"{walk.label}, at the end")
        self.strangers += [f"{walk.label}: {address}" for address in browser.strangers(walk.site.url)]

    def conclude(self, verdicts):
        verdicts.none(f"the focus can be seen wherever Tab comes ({self.stops:,} stops)", self.focus)
        verdicts.none("Tab comes to whatever can be operated, in the page's order", self.order)
        verdicts.none("no page scrolls sideways, at 320 px neither", self.sideways)
        verdicts.none("nothing is asked of any other site", self.strangers)
        verdicts.none("the browser complains of nothing (scripts, styles, content security policy)", self.complaints)
        verdicts.none("no cookie before the claim; then one that scripts and other sites do not get; none when the ballot is closed", self.cookies)
        verdicts.none("every page has a title, without the token", self.titles)


def judge(verdicts, house, chosen, chance):
    """The walk, with those lookers that were asked for."""
    pictures = chosen.pictures
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    kinds = {"walk": lambda: Person(pictures), "axe": lambda: axe.Looker(chosen.tools), "html": lambda: markup.Looker(chosen.tools, chosen.work, pictures)}
    lookers = [kinds[name]() for name in chosen.lookers]
    with house.site("walk") as site, house.site("narrow", which="public", wrong_answers_per_address=1, requests_in_flight=1) as narrow:
        for walk in walks(site, narrow, verdicts, lookers, chosen.work, chosen.quick):
            walk.go()
        for looker in lookers:
            looker.conclude(verdicts)
