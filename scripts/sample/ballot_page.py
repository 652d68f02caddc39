"""Draws one ballot style in one language: US letter, three columns of contests, vector ovals, timing marks at the edges.

Called by scripts/sample-election. The same input gives the same bytes: no clock, no random document id.
"""

from reportlab import rl_config
from reportlab.lib.colors import black, white, Color
from reportlab.lib.pagesizes import letter
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

rl_config.invariant = 1

FONTS = "/usr/share/fonts/truetype/dejavu"
TEXT, BOLD = "BallotText", "BallotBold"
NARROW = 0.88  # DejaVu Sans runs wide; set at 88 % it fits three columns and stays easy to read
WIDTH, HEIGHT = letter
MARGIN = 40  # text and boxes; the timing marks stand outside it
GAP = 9  # between columns and between contests
COLUMNS = 3
COLUMN = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS
GREY = Color(0.88, 0.88, 0.88)
PALE = Color(0.955, 0.955, 0.955)
INK = Color(0.93, 0.93, 0.93)  # of the word SAMPLE behind everything
FLOOR = 62  # no contest goes lower: the footer is below


def load_fonts():
    """Registers the two faces, from Debian's fonts-dejavu-core. A second call changes nothing."""
    if TEXT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(TEXT, f"{FONTS}/DejaVuSans.ttf"))
        pdfmetrics.registerFont(TTFont(BOLD, f"{FONTS}/DejaVuSans-Bold.ttf"))


def measure(text, font, size):
    return pdfmetrics.stringWidth(text, font, size) * NARROW


def wrap(text, font, size, width):
    """Breaks text into lines no wider than `width` points, at spaces only."""
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and measure(longer, font, size) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return lines + [line] if line else lines


class BallotPages:
    """The pages of one ballot: `draw()` writes the file and gives the number of pages."""

    def __init__(self, path, definition, style, language, date_text):
        load_fonts()
        self.definition, self.style, self.language, self.date_text = definition, style, language, date_text
        self.words = definition["words"]
        self.path = path
        self.canvas = None

    def say(self, key):
        return self.words[key][self.language]

    def text(self, x, y, line, font=TEXT, size=8.0, color=black, align="left"):
        if align != "left":
            x -= measure(line, font, size) * (0.5 if align == "center" else 1)
        piece = self.canvas.beginText(x, y)
        piece.setFont(font, size)
        piece.setHorizScale(NARROW * 100)
        piece.setFillColor(color)
        piece.textOut(line)
        self.canvas.drawText(piece)

    def draw(self):
        # The first pass finds out how many pages there are; the second writes the file.
        pages = self.lay_out()
        self.canvas = Canvas(str(self.path), pagesize=letter, pageCompression=1, invariant=1, lang=self.language, initialFontName=TEXT)
        self.canvas.setTitle(f"{self.say('ballot')} {self.style['id']} ({self.language})")
        self.canvas.setAuthor(self.definition["office"]["name"])
        self.canvas.setSubject(self.say("not_counted"))
        self.canvas.setCreator("scripts/sample-election")
        for number, blocks in enumerate(pages, start=1):
            self.draw_frame(number, len(pages))
            for x, top, block in blocks:
                block.draw(self, x, top)
            self.canvas.showPage()
        self.canvas.save()
        return len(pages)

    # Laying out

    def blocks(self):
        """Everything that goes into columns, in the order of the ballot."""
        yield Instructions(self)
        contests = self.definition["contests"]
        for section, headings in self.definition["sections"].items():
            keys = [key for key in self.style["contests"] if contests[key]["section"] == section]
            for key in keys:
                yield Contest(self, contests[key], headings[self.language] if key == keys[0] else None)

    def top(self, page):
        return HEIGHT - (142 if page == 0 else 84)

    def lay_out(self):
        """Gives for each page a list of (x, top, block): full pages first, then the last page with columns of like height."""
        left, pages = list(self.blocks()), []
        while left:
            top = self.top(len(pages))
            floor = FLOOR
            placed = self.fill(left, top, floor)
            if len(placed) == len(left):
                while len(self.fill(left, top, floor + 6)) == len(left):
                    floor += 6
                placed = self.fill(left, top, floor)
            pages.append(placed)
            left = left[len(placed):]
        return pages

    def fill(self, blocks, top, floor):
        """Fills the columns of one page down to `floor`, a contest never broken in two, with as many blocks as fit."""
        placed, column, y = [], 0, top
        for block in blocks:
            if y - block.height < floor:
                column, y = column + 1, top
                if column == COLUMNS or y - block.height < floor:
                    break
            placed.append((MARGIN + column * (COLUMN + GAP), y, block))
            y -= block.height + GAP
        if not placed and floor == FLOOR:
            raise ValueError(f"a contest of style {self.style['id']} is taller than a page")
        return placed

    # What every page has

    def draw_frame(self, number, pages):
        canvas = self.canvas
        self.draw_sample()
        self.draw_timing_marks(number)
        if number == 1:
            self.draw_header()
        else:
            line = f"{self.say('ballot')} · {self.definition['county']['name_on_ballot'][self.language]} · {self.date_text}"
            self.text(MARGIN, HEIGHT - 62, line, BOLD, 9)
            canvas.setLineWidth(1.2)
            canvas.line(MARGIN, HEIGHT - 72, WIDTH - MARGIN, HEIGHT - 72)
        canvas.setLineWidth(0.6)
        canvas.line(MARGIN, 54, WIDTH - MARGIN, 54)
        self.text(MARGIN, 42, f"{self.say('style')} {self.style['id']}", BOLD, 8.5)
        self.text(MARGIN, 31, self.say("not_counted"), BOLD, 7)
        page = self.say("page").format(page=number, pages=pages)
        self.text(WIDTH - MARGIN, 42, page, TEXT, 8, align="right")
        self.text(WIDTH - MARGIN, 31, self.say("done" if number == pages else "more"), TEXT, 7, align="right")

    def draw_sample(self):
        canvas = self.canvas
        canvas.saveState()
        canvas.translate(WIDTH / 2, HEIGHT / 2)
        canvas.rotate(52)
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, 150)
        canvas.drawCentredString(0, -50, "SAMPLE")
        canvas.restoreState()

    def draw_timing_marks(self, number):
        """Marks that a scanner counts along: down both sides, and across top and bottom; two gaps tell the pages apart."""
        canvas = self.canvas
        canvas.setFillColor(black)
        count = 41
        for index in range(count):
            y = 24 + index * (HEIGHT - 48 - 5) / (count - 1)
            canvas.rect(18, y, 11, 5, stroke=0, fill=1)
            canvas.rect(WIDTH - 29, y, 11, 5, stroke=0, fill=1)
        across = 31
        for index in range(1, across - 1):
            x = 18 + index * (WIDTH - 36 - 5) / (across - 1)
            canvas.rect(x, HEIGHT - 33, 5, 9, stroke=0, fill=1)
            if index not in (3 + number, 20 + number):
                canvas.rect(x, 14, 5, 9, stroke=0, fill=1)

    def draw_header(self):
        canvas, top = self.canvas, HEIGHT - 44
        definition, language = self.definition, self.language
        self.draw_seal(MARGIN + 34, top - 42, 31)
        left = MARGIN + 80
        self.text(left, top - 20, self.say("ballot"), BOLD, 19)
        self.text(left, top - 38, definition["election"]["name"][language], BOLD, 12.5)
        self.text(left, top - 54, definition["county"]["name_on_ballot"][language], TEXT, 10.5)
        self.text(left, top - 69, self.date_text, TEXT, 10.5)
        canvas.setLineWidth(1)
        canvas.roundRect(WIDTH - MARGIN - 176, top - 76, 176, 68, 4, stroke=1, fill=0)
        right = WIDTH - MARGIN - 167
        self.text(right, top - 25, f"{self.say('style')} {self.style['id']}", BOLD, 11)
        for index, line in enumerate(wrap(self.style["name"][language], TEXT, 8.5, 158)[:3]):
            self.text(right, top - 40 - 11 * index, line, TEXT, 8.5)
        self.text(right, top - 69, self.say("sample"), BOLD, 8.5)
        canvas.setLineWidth(1.6)
        canvas.line(MARGIN, top - 87, WIDTH - MARGIN, top - 87)

    def draw_seal(self, x, y, radius):
        """The county's seal: a juniper over two hills."""
        canvas = self.canvas
        canvas.setLineWidth(1.4)
        canvas.setFillColor(white)
        canvas.circle(x, y, radius, stroke=1, fill=1)
        canvas.setLineWidth(0.6)
        canvas.circle(x, y, radius - 3.5, stroke=1, fill=0)
        canvas.saveState()
        inside = canvas.beginPath()
        inside.circle(x, y, radius - 4.2)
        canvas.clipPath(inside, stroke=0, fill=0)
        canvas.setFillColor(GREY)
        canvas.ellipse(x - 42, y - 46, x + 14, y - 8, stroke=1, fill=1)
        canvas.ellipse(x - 10, y - 48, x + 46, y - 11, stroke=1, fill=1)
        canvas.setFillColor(black)
        canvas.rect(x - 1.6, y - 14, 3.2, 9, stroke=0, fill=1)
        tree = canvas.beginPath()
        for step, (half, low) in enumerate([(13, -8), (10.5, -1), (7.5, 6)]):
            tree.moveTo(x - half, y + low)
            tree.lineTo(x + half, y + low)
            tree.lineTo(x, y + low + 14 - step)
            tree.close()
        canvas.drawPath(tree, stroke=0, fill=1)
        canvas.restoreState()


class Instructions:
    """The box that says how to mark, with a picture of a filled oval."""

    def __init__(self, pages):
        width = COLUMN - 12
        self.lines = {key: wrap(pages.say(key), TEXT, 7.6, width) for key in ("fill", "write", "mistake", "identity")}
        self.height = 20 + sum(len(lines) * 9.4 + 5 for lines in self.lines.values()) + 20

    def draw(self, pages, x, top):
        canvas = pages.canvas
        canvas.setLineWidth(0.8)
        canvas.setFillColor(PALE)
        canvas.rect(x, top - self.height, COLUMN, self.height, stroke=1, fill=1)
        pages.text(x + 6, top - 13, pages.say("instructions"), BOLD, 9)
        y = top - 26
        for key, lines in self.lines.items():
            for line in lines:
                pages.text(x + 6, y, line, TEXT, 7.6)
                y -= 9.4
            y -= 5
            if key == "fill":
                canvas.setFillColor(black)
                canvas.ellipse(x + 10, y - 5, x + 26, y + 4.5, stroke=1, fill=1)
                canvas.setFillColor(white)
                canvas.ellipse(x + 42, y - 5, x + 58, y + 4.5, stroke=1, fill=1)
                canvas.setFillColor(black)
                canvas.setLineWidth(1.4)
                canvas.lines([(x + 30, y - 1, x + 32.5, y - 4), (x + 32.5, y - 4, x + 37, y + 4)])
                canvas.lines([(x + 62, y - 4, x + 69, y + 4), (x + 62, y + 4, x + 69, y - 4)])
                canvas.lines([(x + 44, y - 3, x + 56, y + 3)])
                canvas.setLineWidth(0.8)
                y -= 20


class Contest:
    """One contest: its section's heading where a section begins, title, how many to choose, choices, write-in lines."""

    def __init__(self, pages, contest, heading):
        self.heading, language = heading, pages.language
        width = COLUMN - 12
        self.title = wrap(contest["title"][language], BOLD, 8.6, width)
        measure_question = contest.get("answers") == "yes-no"
        self.question = wrap(contest["text"][language], TEXT, 8, width) if measure_question else []
        self.rows = []  # (lines, party, is it a write-in line)
        if measure_question:
            self.note = []
            self.rows = [([pages.say("in_favor")], "", False), ([pages.say("against")], "", False)]
        else:
            votes = contest.get("votes", 1)
            count = pages.say("counts")[votes]
            how_many = pages.say("vote_one") if votes == 1 else pages.say("vote_many").format(count=count)
            note = contest.get("note", {}).get(language)
            self.note = wrap(f"{how_many} · {note}" if note else how_many, TEXT, 7.6, width)
            for name, *party in contest["candidates"]:
                shown = pages.definition["parties"][party[0]][language] if party else ""
                lines = [part for piece in name.split(" / ") for part in wrap(piece, BOLD, 8.4, COLUMN - 34)]
                self.rows.append((lines, shown, False))
            self.rows += [([], pages.say("write_in"), True)] * contest.get("write_ins", votes)
        self.head = 8 + len(self.title) * 10.4 + (len(self.note) * 9.4 + 1 if self.note else 0)
        self.body = (len(self.question) * 9.8 + 6 if self.question else 0) + sum(self.row_height(row) for row in self.rows)
        self.height = (18 if heading else 0) + self.head + self.body

    @staticmethod
    def row_height(row):
        lines, party, write_in = row
        return 27 if write_in else max(16, 6 + len(lines) * 10 + (9 if party else 0))

    def draw(self, pages, x, top):
        canvas, y = pages.canvas, top
        if self.heading:
            canvas.setFillColor(black)
            canvas.rect(x, y - 15, COLUMN, 15, stroke=0, fill=1)
            pages.text(x + COLUMN / 2, y - 11, self.heading, BOLD, 8.8, white, align="center")
            y -= 18
        canvas.setLineWidth(0.8)
        canvas.setFillColor(GREY)
        canvas.rect(x, y - self.head, COLUMN, self.head, stroke=0, fill=1)
        canvas.rect(x, y - self.head - self.body, COLUMN, self.head + self.body, stroke=1, fill=0)
        y -= 12
        for line in self.title:
            pages.text(x + 6, y, line, BOLD, 8.6)
            y -= 10.4
        for line in self.note:
            pages.text(x + 6, y, line, TEXT, 7.6)
            y -= 9.4
        y = top - (18 if self.heading else 0) - self.head
        if self.question:
            for line in self.question:
                y -= 9.8
                pages.text(x + 6, y - 1, line, TEXT, 8)
            y -= 6
        for row in self.rows:
            self.draw_row(pages, x, y, row)
            y -= self.row_height(row)

    def draw_row(self, pages, x, y, row):
        canvas, (lines, party, write_in) = pages.canvas, row
        canvas.setLineWidth(0.4)
        canvas.line(x, y, x + COLUMN, y)
        height = self.row_height(row)
        middle = y - height / 2 if not write_in else y - 13
        canvas.setLineWidth(0.9)
        canvas.setFillColor(white)
        canvas.ellipse(x + 6, middle - 4.6, x + 21, middle + 4.6, stroke=1, fill=1)
        canvas.setFillColor(black)
        if write_in:
            canvas.setLineWidth(0.5)
            canvas.line(x + 27, y - 17, x + COLUMN - 6, y - 17)
            pages.text(x + 27, y - 24, party, TEXT, 5.8)
            return
        baseline = y - (height - len(lines) * 10 - (9 if party else 0)) / 2 - 8
        for line in lines:
            pages.text(x + 27, baseline, line, BOLD, 8.4)
            baseline -= 10
        if party:
            pages.text(x + 27, baseline + 0.5, party, TEXT, 7.4)
