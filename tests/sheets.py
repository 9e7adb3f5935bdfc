"""Sheets of tags as pictures, read back by a reader that had no part in drawing them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import zxingcpp

from tests.api.world import ProviderOf


def printer(name: str) -> str:
    """The program of poppler-utils; without it these tests fail, and say how to mend that."""
    found = shutil.which(name)
    assert found is not None, f"{name} is missing. Mend it with: sudo apt-get install poppler-utils"
    return found


def pages_of(pdf: bytes, folder: Path) -> list[set[str]]:
    """What is read from each page of a PDF, printed at 200 dots an inch."""
    (folder / "sheet.pdf").write_bytes(pdf)
    command = [printer("pdftoppm"), "-gray", "-r", "200", str(folder / "sheet.pdf"), str(folder / "page")]
    subprocess.run(command, check=True, timeout=60)
    return [codes_in(page.read_bytes()) for page in sorted(folder.glob("page*.pgm"))]


def codes_in(pgm: bytes) -> set[str]:
    """The texts of the QR codes in a grey picture."""
    kind, size, most, pixels = pgm.split(b"\n", 3)
    assert (kind, most) == (b"P5", b"255")
    width, height = map(int, size.split())
    picture = memoryview(pixels).cast("B", shape=[height, width])
    return {
        str(one.text)
        for one in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    }


def words_in(pdf: bytes, folder: Path) -> str:
    """The letters of a PDF."""
    (folder / "words.pdf").write_bytes(pdf)
    command = [printer("pdftotext"), "-layout", str(folder / "words.pdf"), "-"]
    return subprocess.run(command, check=True, timeout=60, capture_output=True, text=True).stdout


def tags_made(provider: ProviderOf, number: int) -> dict[str, str]:
    """The addresses of so many new QR tags at the provider's first customer, by short code."""
    customer = next(iter(provider.customers.values()))
    sent = {"customer_id": customer.id, "kind": "qr", "valid_from": "2014-01-01"}
    made = [provider.coordinator.make("/tags", sent) for _ in range(number)]
    return {one["short_code"]: one["token"] for one in made}
