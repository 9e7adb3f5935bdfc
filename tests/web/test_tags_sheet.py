"""The drawn sheet of tags, as a browser shows it and a camera would read it."""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser

from app.api.sheets import svg_of
from app.rules.sheets import PER_PAGE, laid_out


def test_every_code_of_the_drawn_sheet_is_read_in_a_browser(browser: Browser) -> None:
    """Chromium draws both pages, zxing-cpp reads all their codes."""
    ids = [f"01940000-0000-7000-8000-2014{index:08x}" for index in range(PER_PAGE + 2)]
    addresses = {one: f"https://hemtid.example/t/{one}.1.0ymTkTgkVxDX3w8rW5Zq4cY1" for one in ids}
    drawn = svg_of(laid_out(addresses.items()))
    page = browser.new_page(viewport={"width": 1000, "height": 2800}, device_scale_factor=2)
    page.set_content(f"<body style='margin:0'>{drawn}</body>")
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("L")
    page.close()
    read = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    assert {str(one.text) for one in read} == set(addresses.values())
