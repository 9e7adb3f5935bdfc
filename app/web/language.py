"""Swedish and English: which of them a page is shown in, and its words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from flask import request

LANGUAGES = ("sv", "en")
_FOLDER = Path(__file__).parent


def language() -> str:
    """`sv` or `en`: what `?lang=` says, else what the browser prefers, else Swedish."""
    stated = request.args.get("lang", "")
    if stated in LANGUAGES:
        return stated
    return request.accept_languages.best_match(LANGUAGES, "sv") or "sv"


@cache
def texts(name: str) -> Mapping[str, Mapping[str, object]]:
    """The texts of one file of this folder, by key and then by language."""
    found: Mapping[str, Mapping[str, object]] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def words() -> dict[str, object]:
    """Every word of the pages in the language of the request."""
    chosen = language()
    return {key: text[chosen] for key, text in texts("words").items()}
