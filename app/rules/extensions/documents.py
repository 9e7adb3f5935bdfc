"""Documents that are attached to a request: what may be, told by their bytes and by nothing that is said of them (E2).

No document is trusted: it is given back as a file to save, never shown as a page. These rules keep out what is plainly
something else, and what a browser or reader might take for something else.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum

from app.rules.extensions.values import Document
from app.rules.refusal import Kind, Refused

MOST_DOCUMENTS = 20
"""Documents of one request. Source: our decision."""
LONGEST_NAME = 120


class MediaType(StrEnum):
    """What a document may be. Source: E2, our decision."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"


_SUFFIXES: Mapping[MediaType, tuple[str, ...]] = {
    MediaType.PDF: (".pdf",),
    MediaType.JPEG: (".jpg", ".jpeg"),
    MediaType.PNG: (".png",),
}
_SNIFFED = 1445
"""Bytes by which browsers guess what something is. Source: WHATWG, MIME Sniffing, 7.1."""
_MARKUP = re.compile(
    rb"<(?:!doctype|\?xml-stylesheet|html|head|body|script|iframe|svg|object|embed|meta|title)\b", re.IGNORECASE
)
_PDF_HEAD = re.compile(rb"%PDF-[12]\.\d")
_PDF_END = re.compile(rb"startxref\s+(\d{1,10})\s+%%EOF\s*\Z")
_PDF_TABLE = re.compile(rb"\s*(?:xref\b|\d{1,10}\s+\d{1,5}\s+obj\b)")
_PDF_TAIL = 2048
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS = 50_000
"""Chunks and segments of a picture: encoders write some thousand at most. Source: our decision."""
_LONGEST_SIDE = 1 << 31
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers that begin a frame. Source: ITU-T T.81, table B.1."""
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
_MARKER_IN_SCAN = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
"""A marker after coded data, in which FF 00 is a byte and restarts go on with the same data."""


def check_size(size: int, most: int) -> None:
    """Refuses a document without content, and one of more bytes than are taken. Source: our decision."""
    if size == 0:
        raise Refused("E2", "the document is empty", Kind.INVALID, "/file")
    if size > most:
        raise Refused("E2", f"a document has at most {most} bytes, not {size}", Kind.INVALID, "/file")


def check_count(attached: Collection[Document]) -> None:
    """Refuses one document more than a request may have."""
    if len(attached) >= MOST_DOCUMENTS:
        raise Refused("E2", f"a request has at most {MOST_DOCUMENTS} documents")


def media_type_of(content: bytes) -> MediaType:
    """What the bytes are, by their beginning, their structure and their end.

    Refused E2 for anything but a PDF, JPEG or PNG that begins at the first byte and is whole, and for one that begins
    as a page of markup would.
    """
    found = next((media for media, is_whole in _KINDS.items() if is_whole(content)), None)
    if found is None:
        raise Refused("E2", "a document is a whole PDF, JPEG or PNG file", Kind.INVALID, "/file")
    if _MARKUP.search(content[:_SNIFFED]):
        raise Refused("E2", f"the {found.name} file begins like a page of HTML", Kind.INVALID, "/file")
    return found


def document_name(stated: str, media: MediaType) -> str:
    """The file's own name, without a folder and without what no file system or header takes, and ending as its kind
    does.
    """
    last = re.split(r"[/\\]", stated)[-1]
    plain = "".join(one for one in last if one.isprintable() and one not in '"<>|:*?%;').strip(" .")
    suffixes = _SUFFIXES[media]
    stem = next((plain[: -len(one)] for one in suffixes if plain.lower().endswith(one)), None)
    ending = suffixes[0] if stem is None else plain[len(stem) :]
    return f"{(plain if stem is None else stem)[: LONGEST_NAME - len(ending)].strip(' .') or 'document'}{ending}"


def _is_pdf(content: bytes) -> bool:
    """True for a PDF whose last cross-reference stands where its end says. Source: ISO 32000-1, 7.5."""
    end = _PDF_END.search(content[-_PDF_TAIL:])
    if _PDF_HEAD.match(content) is None or end is None:
        return False
    place = int(end[1])
    return 0 < place < len(content) and _PDF_TABLE.match(content, place) is not None


def _is_png(content: bytes) -> bool:
    """True for a PNG of sound chunks from IHDR to IEND, with nothing behind. Source: ISO/IEC 15948, 5."""
    if not content.startswith(_PNG_HEAD):
        return False
    place, with_pixels = len(_PNG_HEAD), False
    for count in range(_MOST_CHUNKS):
        length, kind = int.from_bytes(content[place : place + 4]), content[place + 4 : place + 8]
        end = place + 12 + length
        if end > len(content) or (count == 0) != (kind == b"IHDR") or not kind.isalpha():
            return False
        if zlib.crc32(content[place + 4 : end - 4]) != int.from_bytes(content[end - 4 : end]):
            return False
        if count == 0 and not _is_sized(content[place + 8 : end - 4]):
            return False
        with_pixels = with_pixels or kind == b"IDAT"
        if kind == b"IEND":
            return length == 0 and end == len(content) and with_pixels
        place = end
    return False


def _is_sized(header: bytes) -> bool:
    sides = (int.from_bytes(header[:4]), int.from_bytes(header[4:8]))
    return len(header) == 13 and all(0 < side < _LONGEST_SIDE for side in sides)


def _is_jpeg(content: bytes) -> bool:
    """True for a JPEG with a frame, a scan and an end. Source: ITU-T T.81, annex B.

    Phones write more behind the end: a second picture, a short film. It is left as it is, where it is neither markup
    nor a PDF.
    """
    if not content.startswith(b"\xff\xd8\xff") or b"%PDF-" in content[:1024]:
        return False
    end = _end_of_jpeg(content)
    return end is not None and _MARKUP.search(content, end) is None and content.find(b"%PDF-", end) < 0


def _end_of_jpeg(content: bytes) -> int | None:
    """The place behind the picture's end; None where its segments do not lead there."""
    place, framed, scanned = 2, False, False
    for _ in range(_MOST_CHUNKS):
        found = _MARKER_IN_SCAN.search(content, place) if scanned else _MARKER.match(content, place)
        if found is None:
            return None
        marker, place = found[1][0], found.end()
        if marker == _END_OF_IMAGE:
            return place if scanned else None
        length = int.from_bytes(content[place : place + 2])
        if length < 2 or place + length > len(content) or (marker == _START_OF_SCAN and not framed):
            return None
        framed, scanned = framed or marker in _FRAMES, marker == _START_OF_SCAN or scanned
        place += length
    return None


_KINDS: Mapping[MediaType, Callable[[bytes], bool]] = {
    MediaType.PDF: _is_pdf,
    MediaType.JPEG: _is_jpeg,
    MediaType.PNG: _is_png,
}
