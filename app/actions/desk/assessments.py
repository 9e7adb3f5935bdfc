"""Proposed assessments with what speaks for them, gathered for the case officer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.actions import assessments
from app.actions.assessments import Told
from app.actions.calls import Call
from app.actions.desk.names import Names, names_of
from app.actions.deviations.gather import gather
from app.actions.people import customers_seen
from app.actions.records import log_read
from app.rules.access import Resource, Verb
from app.rules.assessments import About, AssessmentState
from app.rules.deviations.requested import pool_months
from app.rules.extensions import Extension
from app.rules.overviews import MonthSum, last_month_of, months_before, of_assessment
from app.rules.providers import Provider
from app.rules.time import month_of
from app.storage.assessments import Assessment
from app.storage.database import Transaction
from app.storage.desk.assessments import closed_last, extensions_by_id, extensions_named
from app.storage.judgements import NOBODY, Due
from app.storage.providers import PROVIDER
from app.storage.records import get_many

RECENT = 15
MONTHS = 6
"""How many months the plot of a customer shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Assessments with the names of whom they are about, and the extensions that they rest on. `next` goes on."""

    assessments: tuple[Assessment, ...]
    names: Names
    providers: Mapping[str, Provider]
    extensions: Mapping[str, Extension]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One assessment with its history, and what was performed and granted by month."""

    told: Told
    listed: Listed
    months: tuple[MonthSum, ...]


def proposed(call: Call, after: str | None, limit: int) -> Listed:
    """Up to `limit` that nobody has closed, the oldest first; the reads are logged. Raises Refused A2. Source: E7."""
    found = assessments.list_assessments(call, {"state": AssessmentState.PROPOSED}, after, limit + 1)
    shown = found[:limit]
    with call.database.transaction(write=False) as tx:
        return _listed(tx, call, shown, shown[-1].id if len(found) > limit else None)


def closed(call: Call) -> Listed:
    """Those that were closed last. Raises Refused A2."""
    call.check(Resource.ASSESSMENT, Verb.READ)
    with call.database.transaction() as tx:
        found = closed_last(tx, call.care_system_id, call.scope(Resource.ASSESSMENT), RECENT)
        log_read(tx, call, Resource.ASSESSMENT, customers_seen(one.customer_id for one in found))
        return _listed(tx, call, found, None)


def review(call: Call, assessment_id: str) -> Review:
    """One with all that it rests on; the read is logged. Raises Refused A1 (404), A2."""
    told = assessments.read_assessment(call, assessment_id)
    one = told.assessment
    last = last_month_of(one.facts) or month_of(call.today)
    months = months_before(last, MONTHS)
    with call.database.transaction() as tx:
        dues = [Due(provider_id=NOBODY, customer_id=one.customer_id, month=month) for month in months]
        judgement = gather(tx, call.care_system_id, dues, call.now).judgement
        listed = _listed(tx, call, (one,), None)
    about = About(customer_id=one.customer_id, cause=one.cause, subject=one.subject)
    sums = of_assessment(about, {month: pool_months(judgement, month) for month in months})
    return Review(told=told, listed=listed, months=sums)


def _listed(tx: Transaction, call: Call, shown: Collection[Assessment], following: str | None) -> Listed:
    cs = call.care_system_id
    extensions = extensions_by_id(tx, cs, extensions_named(shown))
    wanted = {one.provider_id for one in shown if one.provider_id is not None}
    wanted |= {one.provider_id for one in extensions.values()}
    return Listed(
        assessments=tuple(shown),
        names=names_of(tx, call, {one.customer_id for one in shown}, ()),
        providers=get_many(tx, PROVIDER, cs, wanted),
        extensions=extensions,
        next=following,
    )
