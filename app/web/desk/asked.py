"""What an address of the desk asks for: a month, a day, a place in a list. What cannot be read asks for the usual."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import TypeVar

from flask import request

from app.actions.calls import Call, Once
from app.rules.time import is_month

E = TypeVar("E", bound=StrEnum)

YEARS = range(2000, 2100)
"""No page of the desk is about another year."""
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.ASCII)
_KEY = re.compile(r"[\w-]{16,64}\Z", re.ASCII)


def has_pages(month: str) -> bool:
    """True for a month `YYYY-MM` that pages may be about."""
    return is_month(month) and int(month[:4]) in YEARS


def month_in(stated: str | None, usual: str) -> str:
    """The month `YYYY-MM`, or the usual one."""
    return stated if stated and has_pages(stated) else usual


def day_in(stated: str | None, usual: date) -> date:
    """The day `YYYY-MM-DD`, or the usual one."""
    try:
        day = date.fromisoformat(stated or "")
    except ValueError:
        return usual
    return day if day.year in YEARS else usual


def id_in(stated: str | None) -> str | None:
    """The id, None where it is none."""
    return stated if stated and _ID.match(stated) else None


def one_of(stated: str | None, kind: type[E]) -> E | None:
    """The one of a closed list, None where it is none of them."""
    return kind(stated) if stated in set(kind) else None


def new_key() -> str:
    """A key for a form, so that it does what it does once."""
    return secrets.token_urlsafe(18)


def once(call: Call) -> Call:
    """The call with the key of the posted form: the same form sent again is answered as the first time.

    What was changed in between is another form, as when somebody goes back, writes and sends: it is done too.
    """
    key = request.form.get("once", "")
    if not _KEY.match(key):
        return call
    told = repr([(name, request.form.getlist(name)) for name in sorted(request.form)])
    content_hash = hashlib.sha256(told.encode()).hexdigest()
    return replace(call, once=Once(key=f"{key}.{content_hash}", content_hash=content_hash))
