"""Times as a form has them: Stockholm's wall clock with seconds; of an hour that comes twice, which one is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import request

from app.rules.time import STOCKHOLM, format_instant, parse_instant, wall_instants
from app.web.desk.asked import YEARS
from app.web.desk.formats import local_text
from app.web.desk.forms import Form

FIRST, SECOND = "first", "second"
"""Which of the two hours: the one before the clocks were set back, or the one after."""
_LENGTHS = (16, 19)
"""`2014-02-04T08:47`, and with seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """One time of a form: what is written, what it was when the form was opened, and the instant that it means.

    `hours` are both instants where the written time comes twice; `hour` is which of them is chosen.
    """

    text: str = ""
    was: str = ""
    hours: tuple[datetime, ...] = ()
    hour: str = ""
    changed: datetime | None = None
    """The instant where it is another than it was."""


def shown_wall(at: datetime | None) -> Wall:
    """The time as a form shows it first."""
    if at is None:
        return Wall()
    both = wall_instants(at.astimezone(STOCKHOLM).replace(tzinfo=None))
    hours = both if len(both) == 2 else ()
    hour = (SECOND if at == hours[1] else FIRST) if hours else ""
    return Wall(text=local_text(at), was=format_instant(at), hours=hours, hour=hour)


def read_wall(form: Form, name: str) -> Wall:
    """The time as it was written; a fault for one that cannot be read, that is skipped, or that comes twice unsaid.

    An empty field states nothing: an end cannot be taken away. Source: V10, T6.
    """
    text, was = request.form.get(name, "").strip(), request.form.get(f"was_{name}", "")
    hour = request.form.get(f"{name}_hour", "")
    if not text:
        return Wall(was=was)
    wall = _written(text)
    both = () if wall is None else wall_instants(wall)
    if len(both) == 1:
        return Wall(text=text, was=was, changed=_other_than(was, both[0]))
    if not both:
        form.faults[name] = "fault_time" if wall is None else "fault_skipped"
        return Wall(text=text, was=was)
    if hour not in (FIRST, SECOND):
        form.faults[f"{name}_hour"] = "fault_twice"
        return Wall(text=text, was=was, hours=both)
    return Wall(text=text, was=was, hours=both, hour=hour, changed=_other_than(was, both[hour == SECOND]))


def _written(text: str) -> datetime | None:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return None
    plain = len(text) in _LENGTHS and text[10] == "T" and wall.tzinfo is None
    return wall if plain and wall.year in YEARS else None


def _other_than(was: str, at: datetime) -> datetime | None:
    try:
        same = bool(was) and parse_instant(was) == at
    except ValueError:
        same = False
    return None if same else at
