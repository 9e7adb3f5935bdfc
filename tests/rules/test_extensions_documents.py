"""E2: which documents may be attached, told by their bytes alone, and what they are called when they are saved."""

from __future__ import annotations

import pytest

from app.rules.extensions import Document, MediaType, check_count, check_size, document_name, media_type_of
from app.rules.extensions.documents import MOST_DOCUMENTS
from app.rules.refusal import Kind, Refused
from tests.files import HTML, IDAT, IEND, IHDR, PNG_HEAD, a_chunk, a_pdf, a_picture, a_printed_pdf
from tests.rules.builders import at

JPEG = a_picture("JPEG")
PNG = a_picture("PNG")
PDF = a_pdf()

WHOLE = {
    "a PDF": (PDF, MediaType.PDF),
    "a printed PDF": (a_printed_pdf(), MediaType.PDF),
    "a PDF that ends with blanks": (PDF + b"\r\n  \n", MediaType.PDF),
    "a PNG": (PNG, MediaType.PNG),
    "the smallest PNG": (PNG_HEAD + IHDR + IDAT + IEND, MediaType.PNG),
    "a JPEG": (JPEG, MediaType.JPEG),
    "a progressive JPEG of several scans": (a_picture("JPEG", progressive=True, quality=95), MediaType.JPEG),
    "a JPEG with restarts": (a_picture("JPEG", restart_marker_blocks=1), MediaType.JPEG),
    "a JPEG with fill bytes before a marker": (JPEG[:2] + b"\xff" + JPEG[2:], MediaType.JPEG),
    "a phone's JPEG with a second picture behind": (JPEG + JPEG, MediaType.JPEG),
    "a phone's JPEG with a film behind": (JPEG + b"\0\0\0\x18ftypmp42" + bytes(90), MediaType.JPEG),
}


@pytest.mark.parametrize("what", WHOLE)
def test_E2_a_whole_file_is_what_its_bytes_say(what: str) -> None:
    content, media = WHOLE[what]
    assert media_type_of(content) is media


def _with_length(content: bytes, place: int, length: int) -> bytes:
    return content[:place] + length.to_bytes(2) + content[place + 2 :]


REFUSED = {
    "nothing": b"",
    "text": b"Ambulansen kom klockan tio.",
    "a page of HTML": HTML,
    "a drawing that may hold a script": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "a GIF": a_picture("GIF"),
    "a WebP": a_picture("WEBP"),
    "a TIFF": a_picture("TIFF"),
    "a zip file": b"PK\x03\x04" + bytes(60),
    "a program": b"MZ" + bytes(200),
    "a PDF behind a page of HTML": HTML + PDF,
    "a PDF behind one byte": b" " + PDF,
    "a PDF that is cut off": PDF[:-30],
    "a PDF with more behind its end": PDF + HTML,
    "a PDF whose end points nowhere": PDF.replace(b"startxref\n", b"startxref\n9"),
    "a PDF whose end points into its text": PDF.replace(b"xref\n0 3", b"xrex\n0 3"),
    "a PDF of a version there is none of": PDF.replace(b"%PDF-1", b"%PDF-7", 1),
    "a PDF that begins like a page": a_pdf(HTML),
    "no more than a PDF's name": b"%PDF-1.4\n%%EOF\n",
    "a PNG's beginning": PNG_HEAD,
    "a PNG that is cut off": PNG[:-1],
    "a PNG with more behind its end": PNG + b"\0",
    "a PNG with a page behind its end": PNG + HTML,
    "a PNG without pixels": PNG_HEAD + IHDR + IEND,
    "a PNG without a header": PNG_HEAD + IDAT + IEND,
    "a PNG with two headers": PNG_HEAD + IHDR + IHDR + IDAT + IEND,
    "a PNG of no width": PNG_HEAD + a_chunk(b"IHDR", bytes(4) + (1).to_bytes(4) + bytes(5)) + IDAT + IEND,
    "a PNG with a wrong check sum": PNG_HEAD + IHDR + IDAT[:-1] + bytes([IDAT[-1] ^ 1]) + IEND,
    "a PNG with a chunk longer than itself": PNG_HEAD + IHDR + b"\xff\xff\xff\xffIDAT" + bytes(9),
    "a PNG with a page in its texts": PNG_HEAD + IHDR + a_chunk(b"tEXt", b"Comment\0" + HTML) + IDAT + IEND,
    "a JPEG's beginning": b"\xff\xd8\xff",
    "a JPEG that is cut off": JPEG[:-2],
    "a JPEG without a scan": b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9",
    "a JPEG without a frame": b"\xff\xd8\xff\xda\x00\x04ab\x01\x02\xff\xd9",
    "a JPEG with a segment longer than itself": _with_length(JPEG, 4, 0xFFFF),
    "a JPEG with a segment of no length": _with_length(JPEG, 4, 1),
    "a JPEG with a page in its comment": a_picture("JPEG", comment=HTML),
    "a JPEG with a page behind its end": JPEG + HTML,
    "a JPEG with a PDF behind its end": JPEG + PDF,
    "a JPEG with a PDF in its comment": a_picture("JPEG", comment=b"%PDF-1.4"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_E2_anything_else_is_refused_whatever_it_is_called(what: str) -> None:
    with pytest.raises(Refused) as refusal:
        media_type_of(REFUSED[what])
    assert (refusal.value.rule, refusal.value.kind, refusal.value.pointer) == ("E2", Kind.INVALID, "/file")


@pytest.mark.parametrize(
    "bomb",
    [
        b"\xff\xd8" + b"\xff" * 4_000_000,
        JPEG[:-2] + b"\xff\0" * 2_000_000,
        PNG_HEAD + IHDR + a_chunk(b"tEXt") * 300_000,
    ],
    ids=["fill bytes", "coded data without an end", "empty chunks"],
)
def test_E2_what_never_ends_is_refused_at_once(bomb: bytes) -> None:
    with pytest.raises(Refused):
        media_type_of(bomb)


@pytest.mark.parametrize(("size", "fits"), [(0, False), (1, True), (1_000, True), (1_001, False)])
def test_E2_a_document_has_content_and_is_not_too_large(size: int, fits: bool) -> None:
    if fits:
        check_size(size, 1_000)
        return
    with pytest.raises(Refused) as refusal:
        check_size(size, 1_000)
    assert (refusal.value.rule, refusal.value.pointer) == ("E2", "/file")


def test_E2_a_request_has_at_most_twenty_documents() -> None:
    one = Document(
        id="d", extension_id="e", name="a.pdf", media_type="application/pdf", size=1, sha256="", by="c", at=at("08:00")
    )
    check_count([one] * (MOST_DOCUMENTS - 1))
    with pytest.raises(Refused) as refusal:
        check_count([one] * MOST_DOCUMENTS)
    assert (MOST_DOCUMENTS, refusal.value.rule, refusal.value.kind) == (20, "E2", Kind.CONFLICT)


@pytest.mark.parametrize(
    ("stated", "media", "name"),
    [
        ("journal.pdf", MediaType.PDF, "journal.pdf"),
        ("Ambulansjournal å ä ö.PDF", MediaType.PDF, "Ambulansjournal å ä ö.PDF"),
        ("", MediaType.PNG, "document.png"),
        (".pdf", MediaType.PDF, "pdf.pdf"),
        ("photo.jpeg", MediaType.JPEG, "photo.jpeg"),
        ("photo.png", MediaType.JPEG, "photo.png.jpg"),
        ("page.html", MediaType.PDF, "page.html.pdf"),
        ("../../etc/passwd", MediaType.PDF, "passwd.pdf"),
        ("C:\\Users\\Kim\\scan.pdf", MediaType.PDF, "scan.pdf"),
        ('a"; filename="b.exe', MediaType.PDF, "a filename=b.exe.pdf"),
        ("a\r\nSet-Cookie: b.pdf", MediaType.PDF, "aSet-Cookie b.pdf"),
        ("\u202efdp.exe", MediaType.PDF, "fdp.exe.pdf"),
        ("x" * 500 + ".pdf", MediaType.PDF, "x" * 116 + ".pdf"),
        ("...", MediaType.PNG, "document.png"),
    ],
)
def test_E2_a_document_keeps_its_own_name_and_ends_as_its_kind_does(stated: str, media: MediaType, name: str) -> None:
    assert document_name(stated, media) == name
