"""What an adjustment came of: the first kind of fact recorded since that concerns its key (R8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app.rules.deviations.judge import Judgement
from app.rules.orders import Grant, Order
from app.rules.providers import ProviderKind
from app.rules.rates import Rate
from app.rules.reimbursement.values import Cause, LineKey
from app.rules.time import first_day, local_month, next_month
from app.rules.visits.values import Changes, Correction, Visit

_Whose = tuple[str | None, str]
"""A customer or provider, and the month."""


def causes_of(keys: Iterable[LineKey], judgement: Judgement, since: datetime) -> dict[LineKey, Cause]:
    """Why each key may have changed: the first kind of fact recorded from `since` until the lock that concerns it.

    A fact concerns the months that it speaks of and no others. What concerns the key's own customer comes first; then
    what the provider recorded of visits that made others of its stays. `judgement` is as of the lock and knows nothing
    later. Source: R8; the order of the kinds: our decision.
    """
    new = _Recorded(judgement, since)
    return {key: new.cause(key) for key in keys}


@dataclass(frozen=True, slots=True)
class _Span:
    """The days that a new version of a grant or an order may speak of; `provider_id` None is every provider."""

    provider_id: str | None
    valid_from: date
    valid_before: date | None = None

    def concerns(self, key: LineKey) -> bool:
        """True where it holds on a day of the key's month."""
        return self.provider_id in (None, key.provider_id) and _touches(self.valid_from, self.valid_before, key.month)


class _Recorded:
    """What was recorded since, by whom and which months it concerns."""

    def __init__(self, judgement: Judgement, since: datetime) -> None:
        facts = judgement.setting.facts
        told = [one for one in facts.explanations if one.verdict is not None and one.verdict.at >= since]
        asked = {one.id: (one.provider_id, one.customer_id, one.month) for one in facts.extensions}
        corrections = _by_visit(facts.corrections)
        corrected = {one.visit_id for one in facts.corrections if _counts_from(one, since)}
        registered = {one.id for one in facts.registrations if one.recorded_at >= since}
        released = {one.subject_id for one in told if one.subject_id is not None}
        self.kinds = {one.id: one.kind for one in judgement.setting.providers.values()}
        self.rates = [one for one in facts.rates if one.recorded_at >= since]
        self.corrected, self.correctors = _concerned(judgement.visits, corrected, corrections)
        self.registered, self.registrars = _concerned(judgement.visits, registered, corrections)
        self.released, _ = _concerned(judgement.visits, released, corrections)
        self.told = [(one.customer_id, one.month) for one in told if one.subject_id is None]
        self.extended = {asked.get(one.extension_id) for one in facts.decisions if one.recorded_at >= since}
        self.spans = _spans(judgement, since)

    def cause(self, key: LineKey) -> Cause:
        """The first kind of new fact that concerns the key."""
        customer, provider = (key.customer_id, key.month), (key.provider_id, key.month)
        concerned = (
            (Cause.RATE, any(_prices(one, key, self.kinds.get(key.provider_id)) for one in self.rates)),
            (Cause.CORRECTION, customer in self.corrected),
            (Cause.LATE_REGISTRATION, customer in self.registered),
            (Cause.EXTENSION, (key.provider_id, key.customer_id, key.month) in self.extended),
            (Cause.ORDER, any(one.concerns(key) for one in self.spans.get(key.customer_id, ()))),
            (Cause.RELEASE, customer in self.released or any(_is_told(one, key) for one in self.told)),
            (Cause.CORRECTION, provider in self.correctors),
            (Cause.LATE_REGISTRATION, provider in self.registrars),
        )
        return next((cause for cause, true in concerned if true), Cause.OTHER)


def _by_visit(corrections: Iterable[Correction]) -> dict[str, list[Changes]]:
    found: dict[str, list[Changes]] = {}
    for one in corrections:
        found.setdefault(one.visit_id, []).append(one.changes)
    return found


def _counts_from(correction: Correction, since: datetime) -> bool:
    """True where it counts, and has only since then. Source: V10."""
    approved_at = correction.approved_at
    return approved_at is not None and max(approved_at, correction.recorded_at) >= since


def _concerned(
    visits: Iterable[Visit], ids: set[str], corrections: Mapping[str, list[Changes]]
) -> tuple[set[_Whose], set[_Whose]]:
    """The customers' months, and the providers', of the visits that these ids are or are part of: as the visits are,
    as they were registered, and as anything was ever stated of them.
    """
    customers: set[_Whose] = set()
    providers: set[_Whose] = set()
    for visit in visits:
        if ids.isdisjoint((visit.id, *visit.registration_ids)):
            continue
        stated = corrections.get(visit.id, ())
        times = [visit.starts_at, visit.ends_at, visit.registered_starts_at, visit.registered_ends_at]
        times += [at for one in stated for at in (one.starts_at, one.ends_at)]
        months = {local_month(at) for at in times if at is not None}
        whom = {*visit.customer_ids, *(end.customer_id for end in visit.ends), *(one.customer_id for one in stated)}
        customers |= {(one, month) for one in whom for month in months}
        providers |= {(visit.provider_id, month) for month in months}
    return customers, providers


def _spans(judgement: Judgement, since: datetime) -> dict[str, list[_Span]]:
    """What the new versions of each customer's grants and orders may speak of."""
    facts = judgement.setting.facts
    whose = {one.id: one.customer_id for one in facts.grants}
    found: dict[str, list[_Span]] = {}
    for grant in facts.grants:
        if grant.recorded_at >= since:
            found.setdefault(grant.customer_id, []).append(_span(grant, None))
    for order in facts.orders:
        if order.recorded_at >= since and order.grant_id in whose:
            found.setdefault(whose[order.grant_id], []).append(_span(order, order.provider_id))
    return found


def _span(told: Grant | Order, provider_id: str | None) -> _Span:
    """The days of a first version; any day for a later one, which ends what the one before it said."""
    if told.version > 1:
        return _Span(provider_id, date.min)
    return _Span(provider_id, told.valid_from, told.valid_before)


def _prices(rate: Rate, key: LineKey, kind: ProviderKind | None) -> bool:
    """True where the row may price a second of the key, or may have until it was added."""
    return (
        (rate.municipality, rate.service) == (key.municipality, key.service)
        and rate.law in (None, key.law)
        and rate.provider_kind in (None, kind)
        and _touches(rate.valid_from, rate.valid_before, key.month)
    )


def _is_told(about: tuple[str | None, str | None], key: LineKey) -> bool:
    customer_id, month = about
    return customer_id in (None, key.customer_id) and month in (None, key.month)


def _touches(valid_from: date, valid_before: date | None, month: str) -> bool:
    return valid_from < first_day(next_month(month)) and (valid_before is None or first_day(month) < valid_before)
