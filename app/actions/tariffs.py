"""Published tariffs: read as they were published, and added whole as rates of the care system."""

from __future__ import annotations

from datetime import datetime

from app.actions.calls import Answered, Call
from app.actions.faults import Unfit
from app.actions.rates import Answering, add_rates
from app.actions.records import missing
from app.actions.reimbursement.runs import BY_TIMER
from app.actions.running import Running
from app.rules.access import Actor, Resource, Role, Verb
from app.rules.rates import Rate
from app.storage.tariffs import Tariff, tariffs


def list_tariffs(call: Call, after: str | None, limit: int) -> tuple[list[Tariff], bool]:
    """Up to `limit` tariffs by name, and whether there are more. They are no care system's. Raises Refused A2."""
    call.check(Resource.RATE, Verb.READ)
    found = [one for name, one in tariffs().items() if after is None or name > after]
    return found[:limit], len(found) > limit


def tariff_rows(call: Call, name: str, municipality: str | None) -> tuple[Rate, ...]:
    """The rows that would be added. Raises Refused A2, A1 (404); `Unfit` for a municipality that it does not price."""
    call.check(Resource.RATE, Verb.CREATE)
    tariff = tariffs().get(name)
    if tariff is None:
        raise missing()
    rows = tariff.rows_of(municipality)
    if not rows:
        raise Unfit("/municipality", f"{name} prices {' and '.join(tariff.municipalities)}: give one of them, or none.")
    return rows


def add_tariff(call: Call, name: str, municipality: str | None, answering: Answering) -> Answered:
    """Every row of the tariff holds, or of one municipality of it, or none. Raises Refused A2, A1 (404), R3; `Unfit`.

    Source: R3.
    """
    return add_rates(call, tariff_rows(call, name, municipality), answering)


def add_tariff_by_command(
    running: Running, care_system_id: str, name: str, municipality: str | None, now: datetime
) -> int:
    """The number of rows of the tariff that hold now, added by whoever runs the machine. Raises as `add_tariff`."""
    call = Call(
        database=running.database,
        settings=running.settings,
        actor=Actor(id=BY_TIMER, role=Role.CONTROLLER, care_system_id=care_system_id),
        now=now,
        why="add-tariff",
        request_id="",
    )
    added = add_tariff(call, name, municipality, lambda rows: Answered(status=201, headers={}, body=str(len(rows))))
    return int(added.body)
