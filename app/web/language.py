"""Swedish and English: which of them a page is shown in, and its words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from flask import Response, request

LANGUAGES = ("sv", "en")
_COOKIE = "hemtid_language"
_YEAR = 365 * 24 * 3600
_FOLDER = Path(__file__).parent


def language() -> str:
    """`sv` or `en`: what `?lang=` says, else what was chosen before, else what the browser prefers, else Swedish."""
    for stated in (request.args.get("lang", ""), request.cookies.get(_COOKIE, "")):
        if stated in LANGUAGES:
            return stated
    return request.accept_languages.best_match(LANGUAGES, "sv") or "sv"


def chosen_by_cookie(response: Response, language: str) -> None:
    """The pages of the desk stay in the language that was chosen. A language is nobody's secret."""
    response.set_cookie(_COOKIE, language, max_age=_YEAR, path="/desk", samesite="Lax", httponly=True)


@cache
def texts(name: str) -> Mapping[str, Mapping[str, object]]:
    """The texts of one file of this folder, by key and then by language."""
    found: Mapping[str, Mapping[str, object]] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def words() -> dict[str, object]:
    """Every word of the pages in the language of the request."""
    chosen = language()
    return {key: text[chosen] for key, text in texts("words").items()}
