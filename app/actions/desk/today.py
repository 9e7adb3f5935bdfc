"""A provider's day as it happens: its plans against its visits, what needs a hand first."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.actions.calls import Call
from app.actions.desk.names import Names, names_of, seen
from app.actions.records import log_read, missing
from app.rules.access import Resource, Verb
from app.rules.people import days_away
from app.rules.plans import as_it_stood
from app.rules.policies import policies_of as asked_by_name
from app.rules.time import day_interval, local_day
from app.rules.visits.day import Around, DayGroup, DayPage, DayRow, day_rows, page_of
from app.storage.database import Transaction
from app.storage.desk import day as stored
from app.storage.people import CUSTOMER
from app.storage.policies import policies_of
from app.storage.records import get_many


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one looks at: a day, perhaps one caregiver, and the group that is opened, from the row `after` on.

    `print` is of what one has been shown last.
    """

    day: date
    caregiver_id: str | None = None
    group: DayGroup | None = None
    after: str | None = None
    print: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The day's rows by group, as far as they are shown. `same` tells that nothing differs from what was shown last."""

    looked: Looked
    page: DayPage
    names: Names
    staff: Mapping[str, str]
    """Names of everybody who is in the day, by id."""
    print: str
    same: bool


def today(call: Call, looked: Looked, limit: int) -> Today:
    """The provider's day; who is shown is logged, once for each time that something new is shown.

    Raises Refused A2, A1 (404).
    """
    call.check(Resource.VISIT, Verb.READ)
    call.check(Resource.PLANNED_VISIT, Verb.READ)
    provider_id = call.actor.provider_id
    if provider_id is None:
        raise missing()
    with call.database.transaction() as tx:
        rows = _rows(tx, call, provider_id, looked.day)
        page = page_of(rows, looked.caregiver_id, looked.group, looked.after, limit)
        shown = [row for several in page.shown.values() for row in several]
        customers = {one for row in shown for one in row.customer_ids}
        staff = {one for row in rows for one in row.caregiver_ids}
        names = names_of(tx, call, customers, staff)
        mark = _print(page)
        if mark != looked.print:
            log_read(tx, call, Resource.VISIT, seen(customers, staff))
    return Today(
        looked=looked,
        page=page,
        names=names,
        staff={key: one.name for key, one in sorted(names.caregivers.items(), key=lambda item: item[1].name)},
        print=mark,
        same=mark == looked.print,
    )


def _rows(tx: Transaction, call: Call, provider_id: str, day: date) -> tuple[DayRow, ...]:
    cs, interval = call.care_system_id, day_interval(day)
    ids = stored.plan_ids_of_day(tx, cs, provider_id, interval)
    visits = stored.visits_of_day(tx, cs, provider_id, interval, ids)
    before = stored.still_open(tx, cs, provider_id, interval.start)
    visits += tuple(one for one in before if day == call.today and one not in visits)
    answered = {one.planned_visit_id for one in visits if one.planned_visit_id is not None}
    plans = as_it_stood(stored.plan_versions(tx, cs, ids | answered), call.now)
    theirs = [one for one in plans if one.id in answered or local_day(one.starts_at) == day]
    customers = {one.customer_id for one in theirs}
    homes = get_many(tx, CUSTOMER, cs, customers)
    absences = stored.absences_of_day(tx, cs, customers, interval)
    around = Around(
        policies=asked_by_name(policies_of(tx, cs)),
        municipalities={key: one.municipality for key, one in homes.items()},
        away={one.customer_id for one in absences if days_away([one], [day])},
    )
    return day_rows(theirs, visits, around, call.now)


def _print(page: DayPage) -> str:
    """A text that is another one as soon as anything on the page is."""
    told = [(row.id, row.state, row.visit, row.plan) for several in page.shown.values() for row in several]
    return hashlib.sha256(repr((told, sorted(page.counts.items()))).encode()).hexdigest()[:32]
