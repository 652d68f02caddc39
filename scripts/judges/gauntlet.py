"""What mail scanners do to a link before its voter sees it: they open it, run it, press everything and send every form. It must still work.

And whoever has no right answer must not be able to tell a real link from a made-up one.
"""

import re
import secrets
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from urllib.parse import urldefrag, urlsplit

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By

from browser import Browser
from figures import run
from house import cookie_of, header

SCANNERS = [
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0 SafeLinks",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Win64; x64; Trident/6.0; BarracudaSentinel)",
    "Mozilla/5.0 (compatible; Proofpoint URL Defense)", "Mimecast-URL-Protect/1.0", "SkypeUriPreview Preview/0.5", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "WhatsApp/2.23.20.0", "TelegramBot (like TwitterBot)", "Twitterbot/1.0",
    "Googlebot/2.1 (+http://www.google.com/bot.html)", "GoogleImageProxy", "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "python-requests/2.31.0", "",
]
# What is no date at all, and what looks like a birthday. Of the latter, fewer than the five that let the link rest.
JUNK = ["", "test", "x" * 60, "test@example.com", "<script>alert(1)</script>", "' OR 1=1 --", "0", "99/99/9999", "2999-01-01", "\u202e\u0000ñ漢"]
DATES = ["01/01/1970", "1980-01-01", "December 31, 1999", "07/04/1976"]
DEPTH = 2
MADE_UP = ("a" * 32, "7zq2mnkpwx5trc4yhvbj3dsf6gle2uia")


def judge(verdicts, house, chosen, chance):
    with house.site("gauntlet") as site:
        voter = site.voters.pop()
        requests(verdicts, site, voter)
        scanner(verdicts, site, voter, chosen.work)
        the_voter(verdicts, site, voter)
        alike(verdicts, site)
    with house.site("gauntlet-tls", authority=chosen.authority) as site:
        alike(verdicts, site)


def requests(verdicts, site, voter):
    """The simple kind: asks, and runs nothing."""
    path = f"/b/{voter.token}"
    page = site.ask("GET", path)
    verdicts.same("HEAD on the link is fine", 200, site.ask("HEAD", path).status)
    with ThreadPoolExecutor(20) as pool:
        pages = list(pool.map(lambda _: site.ask("GET", path), range(20)))
    verdicts.same("twenty GETs at once show twenty times the same page", {(200, page.body)}, {(each.status, each.body) for each in pages})
    verdicts.none("none of them sets a cookie", [header(each, "Set-Cookie") for each in [page, *pages] if header(each, "Set-Cookie")])
    different = []
    for agent in SCANNERS:
        command = ["curl", "-q", "--noproxy", "*", "-sSL", "--max-time", "60", "-A", agent, site.link(voter)]
        if run(*command).output.encode() != page.body:
            different.append(f"{agent}: another page")
        run(*command, "--head")
        run(*command, "--request", "OPTIONS")
    verdicts.none(f"{len(SCANNERS)} programs that scan mails see what everybody sees (curl with their names)", different)


def scanner(verdicts, site, voter, work):
    """The thorough kind: a browser that runs scripts, clicks whatever can be clicked, and sends every form, two links deep."""
    dates = list(DATES)
    seen, clicked, sent, visited = {}, 0, 0, []
    with Browser(work) as browser:
        queue = [(site.link(voter), 0)]
        while queue:
            address, depth = queue.pop(0)
            if address in seen:
                continue
            browser.open(address)
            seen[address] = browser.status
            visited.append(address)
            if depth < DEPTH:
                queue += [(found, depth + 1) for found in links(browser, site.url)]
            clicked += click_everything(browser, address)
            sent += send_forms(browser, address, dates, site.link(voter))
        verdicts.same("a browser that clicks and sends everything goes away with no cookie", [], [cookie["name"] for cookie in browser.cookies()])
        verdicts.none("… and is sent to no other site", browser.strangers(site.url))
    verdicts.holds(f"… having been on {len(visited)} pages, clicked {clicked} times, sent {sent} forms", len(visited) >= 6 and clicked > 20 and sent > 20, "six pages, twenty clicks, twenty forms", visited)
    verdicts.same("… and given all its wrong dates to the link", [], dates)
    tries = site.count("counter.sqlite", "SELECT max(tries), sum(state = 'live') FROM link")
    verdicts.same("… which counted them, and is the only link that counted any", (len(DATES), len(site.voters) + 1), tries)


def links(browser, origin):
    """Where the page leads on this site."""
    found = browser.script("return [...document.querySelectorAll('a[href]')].map(a => a.href)")
    return [urldefrag(address)[0] for address in found if urlsplit(address)[:2] == urlsplit(origin)[:2]]


def click_everything(browser, address):
    """Each thing that can be clicked, on a page that is loaded anew for it."""
    what = "a, button, input, label, summary, [onclick], [role=button]"
    count = browser.script("return document.querySelectorAll(arguments[0]).length", what)
    for index in range(count):
        try:
            elements = browser.driver.find_elements(By.CSS_SELECTOR, what)
            # A link that leads to a program for mail or telephones leads nowhere here.
            browser.script("arguments[0].scrollIntoView(); arguments[0].click()", elements[index])
            if browser.driver.current_url != address or browser.script("return document.readyState") != "complete":
                browser.open(address)
        except WebDriverException:
            browser.open(address)
    browser.read_logs()
    return count


def send_forms(browser, address, dates, link):
    """Every form as it is, without the browser's own checks; with junk in every field; and the link's with dates, as long as there are any."""
    browser.open(address)
    sent = 0
    for form in range(browser.script("return document.forms.length")):
        texts = [None, *JUNK]
        if address == link:
            texts += dates
            dates.clear()
        for text in texts:
            browser.open(address)
            browser.script(
                """
                window.judgedPage = true;
                const form = document.forms[arguments[0]];
                form.noValidate = true;
                for (const field of form.elements) if (field.name && arguments[1] !== null) { field.removeAttribute('maxlength'); field.value = arguments[1]; }
                form.submit();
                """, form, text)
            browser.arrive()
            sent += 1
    return sent


def the_voter(verdicts, site, voter):
    """After all that: the right answer opens the ballot, once."""
    answer = site.ask("POST", f"/b/{voter.token}", f"answer={voter.birthday}")
    cookie = cookie_of(answer)
    if not verdicts.holds("after all that the right answer opens the ballot", answer.status == 303 and cookie, "303 and a cookie", f"{answer.status} {answer.body[:300]}"):
        return
    pdf, _, _ = site.files(cookie)
    packet = site.folder / "packet.pdf"
    packet.write_bytes(site.ask("GET", pdf, headers={"Cookie": cookie}).body)
    verified = subprocess.run([site.program, "verify", packet, "--office", site.folder], capture_output=True, text=True, check=False)
    verdicts.same("… and brings the packet, signed by the office", 0, verified.returncode)
    again = site.ask("POST", f"/b/{voter.token}", f"answer={voter.birthday}")
    verdicts.same("… once", (403, None), (again.status, cookie_of(again)))


def alike(verdicts, site):
    """Two tokens that never were and a real one: the same bytes from status line to end, the time of day aside."""
    real, other = site.voters.pop(), site.voters.pop()
    made_up = [*MADE_UP, secrets.token_hex(16)]
    over = "TLS" if site.tls else "HTTP"
    wrong = date(1950, 6, 15) if real.birthday != date(1950, 6, 15) else date(1951, 6, 15)

    def same(what, request, tokens=(real.token, *made_up)):
        """The answers' bytes without the date; they must not even name the token that was asked for."""
        answers = {}
        for token in tokens:
            came = site.bytes_of(request(token).encode())
            answers[token] = re.sub(rb"(?im)^date: .*\r\n", b"", came)
        verdicts.holds(
            f"{over}: {what}: the same for a real link and {len(tokens) - 1} that never were", len(set(answers.values())) == 1 and b"HTTP/1.1 " in answers[tokens[0]],
            "one answer", "\n".join(f"{len(answer)} bytes: {answer[:600]}" for answer in set(answers.values())))
        verdicts.none(f"{over}: {what}: the answer names no token", [token for token, answer in answers.items() if token.encode() in answer])

    def plain(method, more="", body=""):
        length = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n" if body else ""
        return lambda token: f"{method} /b/{token}{more} HTTP/1.1\r\nHost: {site.host}:{site.port}\r\n{length}Connection: close\r\n\r\n{body}"

    same("GET", plain("GET"))
    same("HEAD", plain("HEAD"))
    same("GET in Spanish", plain("GET", "?lang=es"))
    same("DELETE", plain("DELETE"))
    same("junk for an answer", plain("POST", body="answer=open+sesame"))
    same("a wrong birthday", plain("POST", body=f"answer={wrong}"))
    # The same from a used link: a claim by its voter, then a stranger with a wrong answer.
    verdicts.holds(f"{over}: a second voter claims", site.claim(other), "a cookie")
    same("GET on a used link", plain("GET"), (other.token, *made_up))
    same("a wrong birthday for a used link", plain("POST", body=f"answer={wrong + timedelta(days=1) if other.birthday == wrong else wrong}"), (other.token, *made_up))
    refusals = [site.ask("POST", f"/b/{token}", f"answer={wrong}").seconds for token in (real.token, other.token, *made_up)]
    verdicts.holds(f"{over}: no refusal comes before a quarter of a second is over", min(refusals) >= 0.25, "0.25 s and more", [f"{each:.3f}" for each in refusals])
