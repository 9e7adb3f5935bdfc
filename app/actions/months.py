"""Months: what a provider's month still wants, its attestation, its lock, and what opens it again (R8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from app.actions.calls import Call
from app.actions.deviations.settle import AT_ONCE, settle_due
from app.actions.deviations.time_brings import mark_what_time_brings
from app.actions.faults import ChangedMeanwhile, UnknownReferences
from app.actions.records import missing
from app.actions.references import Draft, completed, look_up
from app.actions.visits.refresh import close_overdue
from app.rules.access import Resource, Scope, Verb, check_within
from app.rules.policies import Policies, policies_of
from app.rules.refusal import Refused
from app.rules.reimbursement.months import (
    Month,
    MonthAct,
    MonthState,
    Mover,
    Unasked,
    check_attestation,
    check_lock,
    lock_due_at,
    move,
)
from app.rules.time import format_instant, local_month
from app.storage import concerned, policies
from app.storage.database import Transaction
from app.storage.events import Event, append
from app.storage.judgements import Due
from app.storage.providers import CARE_SYSTEM
from app.storage.records import get
from app.storage.reimbursement import KeptMonth, get_month, months_of, save_month
from app.storage.visits.timelines import lock_providers

_EVERY = 10_000
"""More months of one care system than there are."""
MonthKey = tuple[str, str, str]
"""(month, municipality, provider id): the order in which months are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A provider's month as it stands, and the deviations that keep it from being attested."""

    month: Month
    blocking: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose months are meant; None is any."""

    municipality: str | None = None
    provider_id: str | None = None


def list_months(call: Call, month: str | None, whose: Whose, after: MonthKey | None, limit: int) -> list[Shown]:
    """Up to `limit` months within the scope, by (month, municipality, provider). Raises Refused A2.

    Of one month every provider's is listed that has something in it; of any those that somebody attested or locked.
    """
    call.check(Resource.MONTH, Verb.READ)
    scope = call.scope(Resource.MONTH)
    with call.database.transaction(write=False) as tx:
        if month is not None:
            everyones = _of_month(tx, call.care_system_id, month, scope, whose)
            found = [one for one in everyones if after is None or key_of(one.month) > after][:limit]
        else:
            kept = months_of(
                tx,
                call.care_system_id,
                scope=scope,
                municipality=whose.municipality,
                provider_id=whose.provider_id,
                after=after,
                limit=limit,
            )
            found = _shown(tx, call.care_system_id, [one.month for one in kept])
        return found


def read_months(call: Call, month: str) -> list[Shown]:
    """Every provider's month in the scope that has something in it. Raises Refused A2."""
    call.check(Resource.MONTH, Verb.READ)
    with call.database.transaction(write=False) as tx:
        return _of_month(tx, call.care_system_id, month, call.scope(Resource.MONTH), Whose())


def key_of(month: Month) -> MonthKey:
    """The month's place in a list."""
    return (month.month, month.municipality, month.provider_id)


def _of_month(tx: Transaction, care_system_id: str, month: str, scope: Scope | None, whose: Whose) -> list[Shown]:
    return _shown(tx, care_system_id, provider_months_of(tx, care_system_id, month, scope, whose))


def provider_months_of(
    tx: Transaction, care_system_id: str, month: str, scope: Scope | None, whose: Whose
) -> list[Month]:
    """Every provider's month in the scope that has something in it, as it stands."""
    pairs = concerned.provider_months(
        tx, care_system_id, month, scope=scope, municipality=whose.municipality, provider_id=whose.provider_id
    )
    kept = months_of(tx, care_system_id, month=month, limit=_EVERY)
    standing = {(one.month.municipality, one.month.provider_id): one.month for one in kept}
    return [standing.get(pair) or Month(municipality=pair[0], provider_id=pair[1], month=month) for pair in pairs]


def _shown(tx: Transaction, care_system_id: str, months: Collection[Month]) -> list[Shown]:
    found: list[Shown] = []
    for month in dict.fromkeys(one.month for one in months):
        of_month = [one for one in months if one.month == month]
        blocks = concerned.blocking(tx, care_system_id, month, {one.provider_id for one in of_month})
        found += [Shown(month=one, blocking=_blocking(blocks, one)) for one in of_month]
    return found


def _blocking(blocks: dict[tuple[str, str | None], tuple[str, ...]], month: Month) -> tuple[str, ...]:
    """The month's own, and those at nobody known, which wait in every municipality of the provider."""
    own = blocks.get((month.provider_id, month.municipality), ())
    return tuple(sorted({*own, *blocks.get((month.provider_id, None), ())}))


def attest(call: Call, month: str, draft: Draft) -> Shown:
    """The provider's word that its month is complete; what waited to be judged is judged first, and stays so.

    Raises Refused R8 before the month is over, and while something wants explaining, which `facts` lists; A1, A2.
    """
    call.check(Resource.MONTH, Verb.ATTEST)
    cs = call.care_system_id
    with call.database.transaction(write=False) as tx:
        whose = whose_of(tx, call, draft)
    municipality, provider_id = whose.municipality or "", whose.provider_id or call.actor.provider_id or ""
    scope = call.scope(Resource.MONTH)
    check_within(scope, care_system_id=cs, municipality=municipality, provider_ids=[provider_id])
    _judge(call, provider_id, month)
    with call.database.transaction() as tx:
        _judge_the_last(tx, cs, provider_id, month, call.now)
        kept = get_month(tx, cs, municipality, provider_id, month, lock=True)
        blocking = _shown(tx, cs, [kept.month])[0].blocking
        _check(kept.month, blocking, call.now)
        state = move(kept.month, MonthAct.ATTEST, call.actor.role)
        attested = replace(kept.month, state=state, attested_by=call.actor.id, attested_at=call.now)
        _save(tx, cs, kept, attested)
        _tell(tx, cs, "month.attested", attested, call.now)
    return Shown(month=attested, blocking=())


def _judge(call: Call, provider_id: str, month: str) -> None:
    """Nothing of the provider's month waits to be judged: neither marked, nor due because the month is over."""
    cs = call.care_system_id
    with call.database.transaction() as tx:
        mark_what_time_brings(tx, cs, call.now)
    close_overdue(call.database, cs, call.now)
    with call.database.transaction(write=False) as tx:
        dues = sorted(concerned.due_of(tx, cs, [provider_id], month))
    for first in range(0, len(dues), AT_ONCE):
        with call.database.transaction() as tx:
            settle_due(tx, cs, dues[first : first + AT_ONCE], call.now)


def _judge_the_last(tx: Transaction, care_system_id: str, provider_id: str, month: str, now: datetime) -> None:
    """What was registered or corrected while the rest was judged is judged too, and nothing more comes before the
    transaction ends: whoever comes then finds the month as it is left, and opens it again. Source: R8.
    """
    lock_providers(tx, care_system_id, [provider_id])
    settle_due(tx, care_system_id, concerned.due_of(tx, care_system_id, [provider_id], month), now)


def _check(month: Month, blocking: tuple[str, ...], now: datetime) -> None:
    try:
        check_attestation(month, len(blocking), now)
    except Refused as refusal:
        raise replace(refusal, facts={**refusal.facts, "blocking": list(blocking)}) from refusal


def whose_of(tx: Transaction, call: Call, draft: Draft) -> Whose:
    """Whose months the request means. Raises `UnknownReferences` for a municipality of another care system."""
    fields = completed(draft, look_up(tx, call, draft.named))
    municipality = fields.get("municipality")
    care_system = get(tx, CARE_SYSTEM, call.care_system_id, call.care_system_id)
    if municipality is not None and (care_system is None or municipality not in care_system.municipalities):
        raise UnknownReferences(("/municipality",))
    return Whose(municipality=municipality, provider_id=fields.get("provider_id"))


def lock(call: Call, month: str, draft: Draft) -> list[Shown]:
    """The months are locked now: from here on they change only by adjustment. One that is locked stays as it is.

    Raises Refused R8 before the lock date, A1, A2.
    """
    call.check(Resource.MONTH, Verb.LOCK)
    with call.database.transaction() as tx:
        whose = whose_of(tx, call, draft)
        rules = policies_of(policies.policies_of(tx, call.care_system_id))
        found = _of_month(tx, call.care_system_id, month, call.scope(Resource.MONTH), whose)
        if whose.municipality is not None and whose.provider_id is not None and not found:
            raise missing()
        for one in found:
            check_lock(one.month, call.now, rules)
        locked = _lock(tx, call.care_system_id, [one.month for one in found], call.actor.role, call.now)
    return [replace(one, month=locked.get(key_of(one.month), one.month)) for one in found]


def lock_due(tx: Transaction, care_system_id: str, months: Iterable[str], now: datetime) -> list[Month]:
    """Every provider's month among these whose lock date has come is locked. Source: R8."""
    rules = policies_of(policies.policies_of(tx, care_system_id))
    due = [
        one.month
        for month in months
        for one in _of_month(tx, care_system_id, month, None, Whose())
        if is_lock_due(one.month, now, rules)
    ]
    return list(_lock(tx, care_system_id, due, Unasked.TIMER, now).values())


def is_lock_due(month: Month, now: datetime, rules: Policies) -> bool:
    """True for a month that is not locked, and should be by now."""
    waits = month.state in (MonthState.OPEN, MonthState.ATTESTED)
    return waits and now >= lock_due_at(month.month, month.municipality, rules)


def _lock(
    tx: Transaction, care_system_id: str, months: Iterable[Month], by: Mover, now: datetime
) -> dict[MonthKey, Month]:
    """Those of the months that were not locked are, since now."""
    found: dict[MonthKey, Month] = {}
    for one in sorted(months, key=key_of):
        locked = _lock_one(tx, care_system_id, one, by, now)
        if locked is not None:
            _tell(tx, care_system_id, "month.locked", locked, now)
            found[key_of(locked)] = locked
    return found


def _lock_one(tx: Transaction, care_system_id: str, month: Month, by: Mover, now: datetime) -> Month | None:
    """The month, locked now; None where somebody has locked it, be it just now."""
    while True:
        kept = get_month(tx, care_system_id, month.municipality, month.provider_id, month.month, lock=True)
        if kept.month.state not in (MonthState.OPEN, MonthState.ATTESTED):
            return None
        locked = replace(kept.month, state=move(kept.month, MonthAct.LOCK, by), locked_at=now)
        if save_month(tx, care_system_id, locked, expected_version=kept.version):
            return locked


def reopen(tx: Transaction, care_system_id: str, dues: Collection[Due], now: datetime) -> None:
    """The attested months of these are open again: something was registered or corrected in them. Source: R8.

    A month that is locked stays so; what came of it is issued with the provider's present month.
    """
    if dues:
        concerned.reopen(tx, care_system_id, dues, local_month(now))


def _save(tx: Transaction, care_system_id: str, kept: KeptMonth, month: Month) -> None:
    if not save_month(tx, care_system_id, month, expected_version=kept.version):
        raise ChangedMeanwhile


def _tell(tx: Transaction, care_system_id: str, name: str, month: Month, now: datetime) -> None:
    append(tx, care_system_id, [event_of(name, month, now)])


def event_of(name: str, month: Month, now: datetime) -> Event:
    """What others are told of the month. Its id is made of what names it. Source: CONTRACT, change."""
    return Event(
        at=now,
        type=name,
        resource_type="month",
        resource_id=f"{month.month}/{month.municipality}/{month.provider_id}",
        provider_id=month.provider_id,
        municipality=month.municipality,
        data={
            "municipality": month.municipality,
            "provider_id": month.provider_id,
            "month": month.month,
            "state": month.state.value,
            "blocking": [],
            "attested_by": month.attested_by,
            "attested_at": None if month.attested_at is None else format_instant(month.attested_at),
            "locked_at": None if month.locked_at is None else format_instant(month.locked_at),
            "run_id": month.run_id,
        },
    )
