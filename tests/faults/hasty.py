"""A mutant of the product, for the counter-check of FAULTS 9: it answers a registration before it has kept it."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from typing import Any

from app.factory import create_app

LATE_SECONDS = 0.1
_product = create_app()


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The product's answer, but 201 at once for a registration, which is handed in a little later."""
    if environ["PATH_INFO"] != "/api/v1/registrations":
        return _product(environ, start_response)
    kept = environ | {"wsgi.input": io.BytesIO(environ["wsgi.input"].read())}
    threading.Timer(LATE_SECONDS, lambda: list(_product(kept, lambda *_: io.BytesIO().write))).start()
    start_response("201 Created", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]
