"""axe-core on every page of the walk, in both colour schemes: nothing found against WCAG 2.2 AA and good practice.

The site's policy forbids scripts, so axe comes through the browser's remote control, which no policy of a page binds.
"""

import re
from collections import Counter

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]

RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}, resultTypes: ['violations', 'incomplete']})
  .then(found => done({
    violations: found.violations.map(rule => [rule.id, rule.help, rule.nodes.map(node => node.target.join(' ') + ': ' + (node.failureSummary || '').split('\\n').slice(1).join(';'))]),
    incomplete: found.incomplete.map(rule => [rule.id, rule.help, rule.nodes.map(node => node.target.join(' '))]), passes: found.passes.length}))
  .catch(error => done({error: String(error)}));
"""


class Looker:
    """A looker that asks axe."""

    def __init__(self, tools):
        self.source = next(tools.glob("lib/python3*/site-packages/axe_playwright_python/axe.min.js")).read_text(encoding="utf-8")
        self.version = re.search(r'axe\.version="([^"]+)"', self.source).group(1)
        self.found, self.open, self.looks, self.rules = {}, Counter(), 0, 0

    def arrived(self, walk, browser, page, status):
        browser.script(self.source)

    def look(self, walk, browser, page, scheme):
        where = f"{walk.label}, {scheme}, {page}"
        result = browser.driver.execute_async_script(RUN, TAGS)
        if "error" in result:
            self.found.setdefault(f"axe failed: {result['error']}", []).append(where)
            return
        self.looks += 1
        self.rules = max(self.rules, result["passes"])
        for rule, text, nodes in result["violations"]:
            for node in nodes:
                self.found.setdefault(f"{rule} ({text}): {node}", []).append(where)
        for rule, text, nodes in result["incomplete"]:
            # The rows of a table and the words of a chart are one question, however many there are.
            self.open.update(re.sub(r":nth-child\(\d+\)|\[[^]]*\]", "", f"{rule} ({text}) {node}") for node in nodes)

    def left(self, walk, browser):
        pass

    def conclude(self, verdicts):
        verdicts.holds(f"axe-core {self.version} looked {self.looks} times, up to {self.rules} rules at once", self.looks and self.rules > 10, "pages, and more than ten rules", f"{self.looks}, {self.rules}")
        verdicts.none("axe finds nothing against WCAG 2.2 AA and good practice", [f"{what} [{len(pages)} times, first: {pages[0]}]" for what, pages in self.found.items()])
        for text, count in self.open.most_common():
            verdicts.note(f"axe cannot decide, a person should: {text} ({count} times)")
