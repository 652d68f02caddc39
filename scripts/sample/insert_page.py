"""Draws one page of the office's own, in one language: instructions, certified write-in candidates, or a secrecy sheet.

Called by scripts/sample-election. The same input gives the same bytes.
"""

from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas

from ballot_page import BOLD, HEIGHT, MARGIN, NARROW, TEXT, WIDTH, load_fonts, wrap


def draw(path, definition, page, language):
    """Writes the file."""
    load_fonts()
    canvas = Canvas(str(path), pagesize=letter, pageCompression=1, invariant=1, lang=language, initialFontName=TEXT)
    canvas.setTitle(page["title"][language])
    canvas.setAuthor(definition["office"]["name"])
    canvas.setCreator("scripts/sample-election")

    def say(x, y, line, font, size):
        piece = canvas.beginText(x, y)
        piece.setFont(font, size)
        piece.setHorizScale(NARROW * 100)
        piece.textOut(line)
        canvas.drawText(piece)

    say(MARGIN, HEIGHT - 60, f"{definition['county']['name_on_ballot'][language]} · {definition['office']['name']}", TEXT, 9)
    say(MARGIN, HEIGHT - 92, page["title"][language], BOLD, 19)
    canvas.setLineWidth(1.2)
    canvas.line(MARGIN, HEIGHT - 104, WIDTH - MARGIN, HEIGHT - 104)
    y = HEIGHT - 132
    for paragraph in page["text"][language]:
        canvas.rect(MARGIN, y + 1, 5, 5, stroke=0, fill=1)
        for line in wrap(paragraph, TEXT, 11.5, WIDTH - 2 * MARGIN - 18):
            say(MARGIN + 16, y, line, TEXT, 11.5)
            y -= 16
        y -= 8
    say(MARGIN, 42, definition["words"]["not_counted"][language], BOLD, 7)
    canvas.showPage()
    canvas.save()
