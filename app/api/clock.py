"""The clock of the register: what time it is for the request at hand."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import current_app, request

from app.api.problems import Problem, Slug
from app.rules.time import parse_instant

DEMO_CLOCK = "Hemtid-Demo-Clock"


def now() -> datetime:
    """The time now, UTC, cut to its second; where the demo clock is allowed, the one that the request states.

    Becomes `recorded_at` and `received_at`. Tokens never use it. Raises `Problem` 400 for a stated time that is none.
    Source: T2; the demo clock: our decision.
    """
    stated = request.headers.get(DEMO_CLOCK)
    if stated is None or not current_app.extensions["hemtid"].settings.demo_clock:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return parse_instant(stated)
    except ValueError as fault:
        raise Problem(Slug.UNREADABLE, f"The header {DEMO_CLOCK} is {fault}.") from fault
