"""Makes the roll of the sample election: invented voters in the columns of voters.csv.

Called by scripts/sample-election. The same seed, date and number of voters give the same rows. The random numbers are
Python's Mersenne Twister through `random()` only, whose sequence Python promises never to change.
"""

import random
import re
import unicodedata
from datetime import date, timedelta

COLUMNS = (
    "voter_id last_name first_name middle_name suffix date_of_birth email phone precinct party class location request_form "
    "request_method request_date request_status request_status_reason valid_to preference language protected residence_line1 "
    "residence_line2 residence_city residence_state residence_zip mailing_line1 mailing_line2 mailing_line3 mailing_line4 "
    "mailing_country ballot_style"
).split()

# Who asks for a ballot this way, of a hundred. The shares are near what Section B of the EAVS reports for a western county.
CLASSES = [
    ("active-duty", 30), ("active-duty-spouse-or-dependent", 13), ("activated-national-guard", 4),
    ("citizen-abroad-intent-to-return", 24), ("citizen-abroad-return-uncertain", 20), ("citizen-abroad-never-resided", 9),
]
MILITARY = {"active-duty", "active-duty-spouse-or-dependent", "activated-national-guard"}
PREFERENCES = [("email", 66), ("email;mail", 10), ("online", 6), ("mail", 11), ("mail;email", 2), ("fax", 1), ("", 4)]
FORMS = [("fpca", 84), ("fwab", 2), ("state-application", 12), ("informal-request", 2)]
METHODS = [("email", 60), ("mail", 22), ("online", 14), ("fax", 4)]


class Dice:
    """Random choices that depend on the seed alone."""

    def __init__(self, seed):
        self.source = random.Random(f"uocava sample {seed}")

    def below(self, limit):
        return int(self.source.random() * limit)

    def between(self, low, high):
        return low + self.below(high - low + 1)

    def choose(self, items):
        return items[self.below(len(items))]

    def weighted(self, pairs):
        point = self.source.random() * sum(weight for _, weight in pairs)
        for value, weight in pairs:
            point -= weight
            if point < 0:
                return value
        return pairs[-1][0]


def plain(name):
    """A name as the local part of an e-mail address: ASCII letters only, or nothing where its script has none."""
    spelled = name.translate(str.maketrans({"ø": "o", "Ø": "O", "ß": "ss", "Đ": "D", "đ": "d", "ł": "l", "Ł": "L", "ı": "i"}))
    letters = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return re.sub("[^a-z]", "", letters.lower())


class Roll:
    """The voters of one sample election."""

    def __init__(self, definition, people, today, election_day, seed):
        self.definition, self.people = definition, people
        self.today, self.election_day = today, election_day
        self.dice = Dice(seed)
        self.taken = set()

    def rows(self, count):
        """The rows, ordered by voter number."""
        rows = [self.voter(index) for index in range(count)]
        self.add_singles(rows)
        self.add_cases(rows)
        return sorted(rows, key=lambda row: row["voter_id"])

    def number(self):
        while True:
            number = f"J{self.dice.between(100000, 999999)}"
            if number not in self.taken:
                self.taken.add(number)
                return number

    def voter(self, index):
        dice, row = self.dice, dict.fromkeys(COLUMNS, "")
        group = dice.weighted([(group, group["weight"]) for group in self.people["names"]])
        row["voter_id"] = self.number()
        row["last_name"], row["first_name"] = dice.choose(group["last"]), dice.choose(group["first"])
        row["middle_name"] = dice.choose(["", "", "", "A.", "Lee", "René", "M."])
        row["suffix"] = dice.weighted([("", 94), ("Jr.", 4), ("III", 2)])
        row["class"] = dice.weighted(CLASSES)
        military = row["class"] in MILITARY
        # Eighteen on election day at the youngest: 18 × 366 days are a little more than eighteen years.
        years = dice.weighted([(20, 20), (28, 34), (38, 24), (50, 12)]) if military else dice.between(19, 88)
        row["date_of_birth"] = str(self.election_day - timedelta(days=18 * 366 + (years - 18) * 365 + dice.below(365)))
        self.ask(row)
        self.home(row)
        self.stay(row, military)
        word = plain(row["first_name"]) or "voter"
        row["email"] = f"{word}.{plain(row['last_name']) or 'juniper'}.{row['voter_id'][1:]}@example.org"
        if dice.below(3) == 0:
            row["phone"] = f"+1 303 555 01{dice.between(10, 99)}"
        spanish = group["first"][0] == "María José"
        row["language"] = "es" if spanish and dice.below(4) < 3 else "en"
        row["protected"] = "no"
        return row

    def ask(self, row):
        """The request: its form, how and when it came, until when it holds, and how the ballot is wanted."""
        dice = self.dice
        row["request_form"], row["request_method"] = dice.weighted(FORMS), dice.weighted(METHODS)
        row["request_date"] = str(self.today - timedelta(days=dice.between(2, 200)))
        row["request_status"] = "accepted"
        row["valid_to"] = str(date(self.election_day.year, 12, 31))
        row["preference"] = dice.weighted(PREFERENCES)

    def home(self, row):
        """The voting residence, which decides the precinct."""
        dice = self.dice
        precincts = self.definition["precincts"]
        row["precinct"] = dice.weighted([(name, precinct["share"]) for name, precinct in precincts.items()])
        precinct = precincts[row["precinct"]]
        row["residence_line1"] = f"{dice.between(10, 990)} {dice.choose(precinct['streets'])}"
        if dice.below(5) == 0:
            row["residence_line2"] = f"Apt {dice.between(1, 40)}"
        row["residence_city"], row["residence_state"] = precinct["city"], "EX"
        row["residence_zip"] = self.definition["county"]["zip"][precinct["city"]]

    def stay(self, row, military):
        """The address where the voter is now."""
        dice = self.dice
        if military and dice.below(10) < 6:
            lines, country, where = dice.choose(self.people["military"]), "United States of America", "overseas"
        elif military and dice.below(10) < 7:
            lines, country, where = dice.choose(self.people["domestic"]), "United States of America", "domestic"
        else:
            place = dice.choose(self.people["overseas"])
            lines, country, where = place["lines"], place["country"], "overseas"
        self.address(row, lines, country, where)

    def address(self, row, lines, country, where):
        numbers = {"n": self.dice.between(1, 90), "m": self.dice.between(100, 990), "n3": self.dice.between(100, 899)}
        for position, line in enumerate(lines, start=1):
            row[f"mailing_line{position}"] = line.format(**numbers)
        row["mailing_country"], row["location"] = country, where

    def add_singles(self, rows):
        """Every country and every kind of military address, and each of the single names, at least once in a roll of 60 or more."""
        for index, single in enumerate(self.people["single_names"]):
            if index < len(rows):
                row = rows[index]
                row["first_name"], row["last_name"], row["middle_name"], row["suffix"] = single["first"], single["last"], "", ""
                row["email"] = f"{single['reading']}.{row['voter_id'][1:]}@example.org"
                row["preference"] = "email"
        abroad = [row for row in rows if row["class"].startswith("citizen-abroad")]
        for row, place in zip(abroad, self.people["overseas"]):
            self.clear_address(row)
            self.address(row, place["lines"], place["country"], "overseas")
        posted = [row for row in rows if row["mailing_country"] == "United States of America" and row["location"] == "overseas"]
        for row, lines in zip(posted, self.people["military"]):
            self.clear_address(row)
            self.address(row, lines, "United States of America", "overseas")

    @staticmethod
    def clear_address(row):
        for position in range(1, 5):
            row[f"mailing_line{position}"] = ""

    def add_cases(self, rows):
        """The voters whom an office has to look at: they end in each of the buckets that a healthy issue run has."""
        quiet = [row for row in rows if row["preference"].startswith("email")][len(self.people["single_names"]):]
        cases = iter(quiet)

        def case(**values):
            row = next(cases, None)
            if row is not None:
                row.update(values)

        case(precinct="Precinct 7")  # no style has it: style_unresolved
        case(request_status="pending", request_status_reason="Signature page missing, asked for on the telephone")
        case(request_status="rejected", request_status_reason="Not registered in this county; told which county to ask")
        case(request_status="cancelled", request_status_reason="Voter is back home and will vote in person")
        for _ in range(3):
            case(protected="yes")
        for _ in range(5):
            case(email="")
