"""Packets made the usual way, one voter at a time: the voter's text drawn with reportlab, merged with pypdf, signed with pyHanko.

Run by packet.py in an environment that holds those three. The pages, their number and the kind of signature are those of our own packets
(PAdES B-B, P-256, certified against changes); the manifest, sealing and durable storage are left out. Whatever can be done once is: files are read
and keys loaded before the clock starts, and the first two packets do not count.

usage: usual.py BASE FIRST LAST BALLOT VOTERS COUNT KEY CERTIFICATE OUT      prints JSON
       BASE is one of our bases, whose pages FIRST to LAST are those of BALLOT, the vendor's file
"""

import io
import json
import secrets
import sys
import time
from pathlib import Path

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader, PdfWriter
from reportlab.graphics.barcode.code128 import Code128
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

sys.dont_write_bytecode = True
from figures import read_roll  # noqa: E402

WARM = 2  # packets before the clock starts


def lines_of(voter):
    """What the pages say of a voter: name, residence, mailing address."""
    name = " ".join(filter(None, (voter[f"{part}_name"] for part in ("first", "middle", "last"))))
    residence = [voter["residence_line1"], voter["residence_line2"], f"{voter['residence_city']}, {voter['residence_state']} {voter['residence_zip']}"]
    mailing = [voter[f"mailing_line{number}"] for number in range(1, 5)] + [voter["mailing_country"]]
    return name, [line for line in residence if line], [line for line in mailing if line]


def draw_qr(canvas, text, x, y, size):
    """With a fixed mask, as ours has, and as one path: reportlab's own widget tries all eight masks and takes 20 ms more."""
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.version = code.calculate_version()
    code.makeImpl(False, 3)
    side, path = size / code.getModuleCount(), canvas.beginPath()
    for row, modules in enumerate(code.modules):
        for column, dark in enumerate(modules):
            if dark:
                path.rect(x + column * side, y + size - (row + 1) * side, side, side)
    canvas.drawPath(path, stroke=0, fill=1)


def overlay(voter, size):
    """Three pages with the voter's text alone: for the cover, the declaration and the envelope."""
    name, residence, mailing = lines_of(voter)
    tracking, code = secrets.token_hex(10).upper(), secrets.token_hex(6).upper()
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=size)

    def write(x, y, lines, height=12):
        for line in lines:
            # The reader's own face where it has the letters: an embedded one, as ours is, would cost this way more time.
            canvas.setFont("Helvetica" if line.isascii() else "Embedded", height)
            canvas.drawString(x, y, line)
            y -= height * 1.3

    write(242, 400, ["January 12, 2027"])
    write(200, 240, [tracking])
    draw_qr(canvas, f"https://ballots.example.org/track/{tracking}", 48, 145, 104)
    canvas.showPage()
    write(60, 430, [name, *residence, voter["class"], *mailing])
    Code128(code, barHeight=28, barWidth=1).drawOn(canvas, 340, 60)
    write(360, 48, [code], 9)
    canvas.showPage()
    write(300, 420, [name, *mailing])
    Code128(code, barHeight=20, barWidth=1).drawOn(canvas, 300, 360)
    canvas.showPage()
    canvas.save()
    return file


def merged(text, kit, before, ballot):
    """The kit's pages with the voter's text upon three of them, and the vendor's where they belong."""
    writer, pages = PdfWriter(), PdfReader(text).pages
    own = [writer.add_page(page) for page in kit.pages[:before]]
    for page in ballot.pages:
        writer.add_page(page)
    own += [writer.add_page(page) for page in kit.pages[before:]]
    for page, words in zip((own[0], own[1], own[-1]), pages):
        page.merge_page(words)
    file = io.BytesIO()
    writer.write(file)
    return file


def office_pages(base, first, last):
    """Our base without the vendor's pages and without the field for our signature, as a file of its own."""
    writer = PdfWriter()
    for number, page in enumerate(PdfReader(base).pages, start=1):
        if not first <= number <= last:
            writer.add_page(page).pop("/Annots", None)
    file = io.BytesIO()
    writer.write(file)
    return PdfReader(file)


def check(packet, pages, signer):
    """A yardstick that makes nothing valid measures nothing."""
    reader = PdfFileReader(io.BytesIO(packet))
    trusted = ValidationContext(trust_roots=[signer.signing_cert])
    found = validate_pdf_signature(reader.embedded_signatures[0], trusted)
    if not (found.intact and found.valid and found.coverage.name == "ENTIRE_FILE" and reader.embedded_signatures[0].docmdp_level == MDPPerm.NO_CHANGES):
        sys.exit(f"the usual way's signature is not good: {found.summary()}, {found.coverage}")
    if len(PdfReader(io.BytesIO(packet)).pages) != pages:
        sys.exit("the usual way's packet has other pages than ours")


def main():
    base, first, last, ballot, voters, count, key, certificate, out = sys.argv[1:]
    first, last, count, out = int(first), int(last), int(count), Path(out)
    pdfmetrics.registerFont(TTFont("Embedded", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"))
    kit, vendors = office_pages(base, first, last), PdfReader(ballot)
    box = kit.pages[0].mediabox
    size = float(box.width), float(box.height)
    signer = signers.SimpleSigner.load(key, certificate)
    settings = signers.PdfSignatureMetadata(
        field_name="Office", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    signing = signers.PdfSigner(settings, signer=signer)
    spent, length = {"draw": 0.0, "merge": 0.0, "sign": 0.0, "write": 0.0}, 0
    rows = read_roll(Path(voters))
    for number in range(-WARM, count):
        voter = next(rows)
        if number == 0:
            spent, length = dict.fromkeys(spent, 0.0), 0
            started, cpu = time.perf_counter(), time.process_time()
        times = [time.perf_counter()]
        text = overlay(voter, size)
        times.append(time.perf_counter())
        plain = merged(text, kit, first - 1, vendors)
        times.append(time.perf_counter())
        packet = signing.sign_pdf(IncrementalPdfFileWriter(plain)).getvalue()
        times.append(time.perf_counter())
        (out / f"{number + WARM}.pdf").write_bytes(packet)
        times.append(time.perf_counter())
        length += len(packet)
        for what, begun, ended in zip(spent, times, times[1:]):
            spent[what] += ended - begun
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    check(packet, len(kit.pages) + len(vendors.pages), signer)
    print(json.dumps({
        "packets": count, "seconds": seconds, "rate": count / seconds, "cpu_us": cpu / count * 1e6, "bytes": length / count,
        **{f"{what}_ms": value / count * 1e3 for what, value in spent.items()},
    }))


if __name__ == "__main__":
    main()
