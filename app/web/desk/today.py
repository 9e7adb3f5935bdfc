"""The coordinator's day: today's visits as they happen, what needs a hand first."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, request

from app.actions.calls import Call
from app.actions.desk.today import Looked
from app.actions.desk.today import today as gather
from app.rules.access import Role
from app.rules.visits.day import DayGroup
from app.web.desk.asked import day_in, id_in, one_of
from app.web.desk.formats import clock_text
from app.web.desk.shell import desk, opened, show

ROWS = 100
"""So many rows of a group are shown at once."""
FRESH_EVERY = 30
"""Seconds after which the part is asked for again."""


@desk.get("/today")
@opened(Role.COORDINATOR)
def today(call: Call) -> Response:
    """The provider's day; asked again by the page itself it says only what differs from what it has shown."""
    day = day_in(request.args.get("day"), call.today)
    looked = Looked(
        day=day,
        caregiver_id=id_in(request.args.get("caregiver")),
        group=one_of(request.args.get("group"), DayGroup),
        after=id_in(request.args.get("after")),
        print=request.headers.get("X-Seen"),
    )
    found = gather(call, looked, ROWS)
    if found.same:
        return Response(status=204, headers={"X-Updated": clock_text(call.now)})
    return show(
        "today.html",
        found=found,
        groups=tuple(DayGroup),
        now=call.now,
        is_today=day == call.today,
        before=day - timedelta(days=1),
        following=day + timedelta(days=1),
        month=f"{day:%Y-%m}",
        fresh_every=FRESH_EVERY,
    )
