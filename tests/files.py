"""Files as people attach them, and as nobody should: made byte by byte or as libraries make them."""

from __future__ import annotations

import io
import zlib
from itertools import accumulate

from fpdf import FPDF
from PIL import Image

HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"


def a_pdf(comment: bytes = b"") -> bytes:
    """A PDF of no page; `comment` stands in its second line."""
    head = b"%PDF-1.4\n%" + comment + b"\n"
    objects = (
        b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n",
        b"2 0 obj\n<< /Type /Pages /Kids [] >>\nendobj\n",
    )
    *places, table = accumulate((len(one) for one in objects), initial=len(head))
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % table
    return head + b"".join(objects) + b"xref\n0 3\n0000000000 65535 f \n" + rows + end


def a_printed_pdf(text: str = "Ambulansjournal") -> bytes:
    """A PDF as a library prints it."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.text(20, 20, text)
    return bytes(pdf.output())


def a_picture(kind: str = "PNG", **how: object) -> bytes:
    """A picture of 40 × 30 as a library writes it: PNG, JPEG or something else."""
    drawn = io.BytesIO()
    picture = Image.new("RGB", (40, 30))
    picture.putdata([(x * 6 % 256, y * 8 % 256, (x * y) % 256) for y in range(30) for x in range(40)])
    picture.save(drawn, kind, **how)
    return drawn.getvalue()


def a_chunk(kind: bytes, content: bytes = b"") -> bytes:
    """A chunk of a PNG, with its check sum."""
    return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)


PNG_HEAD = b"\x89PNG\r\n\x1a\n"
IHDR = a_chunk(b"IHDR", (1).to_bytes(4) + (1).to_bytes(4) + bytes([8, 0, 0, 0, 0]))
IDAT = a_chunk(b"IDAT", zlib.compress(b"\0\0"))
IEND = a_chunk(b"IEND")
