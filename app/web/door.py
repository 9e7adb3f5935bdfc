"""The page at the door: what a phone's own camera opens from a tag, and how it opens again without coverage."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, request, send_from_directory

from app.actions.tags import is_ours
from app.rules.extensions import ExtensionCause
from app.rules.tags import ManualReason
from app.web.language import LANGUAGES, language, texts
from app.web.pages import page

door = Blueprint("door", __name__)

_WEB = Path(__file__).parent
_STATIC = _WEB / "static"
_FILES = {
    "door.css": "text/css",
    "door.js": "text/javascript",
    "clock.js": "text/javascript",
    "delivery.js": "text/javascript",
    "enrolment.js": "text/javascript",
    "extension.js": "text/javascript",
    "language.js": "text/javascript",
    "manual.js": "text/javascript",
    "phone.js": "text/javascript",
    "session.js": "text/javascript",
    "store.js": "text/javascript",
    "told.js": "text/javascript",
    "visit.js": "text/javascript",
}
_SHARED = ("hemtid.css", "icon.svg")
_WORKER_POLICY = "default-src 'none'; connect-src 'self'"
"""A service worker fetches and does nothing else."""
_KEPT_SECONDS = 31_536_000


@door.get("/t/", defaults={"token": None})
@door.get("/t/<path:token>")
def at_the_door(token: str | None) -> Response:
    """The page for any tag, also for one that is not ours: what is registered there is judged later. Source: V1."""
    known = token is None or is_ours(current_app.extensions["hemtid"].settings, request.path)
    chosen = language()
    told = {key: text[chosen] for key, text in texts("door_words").items()}
    reasons = {str(reason): told[f"reason_{reason}"] for reason in ManualReason}
    causes = {str(cause): told[f"cause_{cause}"] for cause in ExtensionCause}
    return page("door.html", door=told, digest=_digest(), known=known, reasons=reasons, causes=causes)


@door.get("/door/<digest>/<name>")
def door_file(digest: str, name: str) -> Response:
    """A file of the page. Under the digest of what stands now it never changes; under any other it is not kept."""
    if name not in _FILES:
        abort(404)
    response = send_from_directory(_STATIC / "door", name, mimetype=_FILES[name])
    current = digest == _digest()
    response.headers["Cache-Control"] = f"public, max-age={_KEPT_SECONDS}, immutable" if current else "no-store"
    return response


@door.get("/sw.js")
def service_worker() -> Response:
    """The service worker, told what it keeps. Another digest makes it another worker, which fetches all of it anew."""
    shell = {
        "name": f"hemtid-door-{_digest()}",
        "files": [f"/door/{_digest()}/{name}" for name in _FILES] + [f"/static/{name}" for name in _SHARED],
        "pages": {one: f"/t/?lang={one}" for one in LANGUAGES},
    }
    script = (_STATIC / "sw.js").read_text(encoding="utf-8")
    response = Response(f"const SHELL = {json.dumps(shell)};\n{script}", mimetype="text/javascript")
    response.headers["Content-Security-Policy"] = _WORKER_POLICY
    response.headers["Cache-Control"] = "no-cache"
    return response


@cache
def _digest() -> str:
    """Changes whenever anything changes that the page is made of."""
    files = [_STATIC / "door" / name for name in _FILES] + [_STATIC / name for name in (*_SHARED, "sw.js")]
    files += [_WEB / "templates" / "base.html", _WEB / "templates" / "door.html", _WEB / "door_words.json"]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]
