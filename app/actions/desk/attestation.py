"""What still stands between a provider and the attestation of its month, in each municipality (R8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.actions.calls import Call
from app.actions.months import Shown, attest, read_months
from app.actions.records import missing
from app.actions.references import Draft
from app.rules.access import Resource, Verb
from app.rules.deviations.values import Rule
from app.rules.policies import Policies
from app.rules.policies import policies_of as asked_by_name
from app.rules.refusal import Refused
from app.rules.reimbursement.months import Month, awaits_attestation, lock_due_at, refusal_of_attestation
from app.rules.time import month_interval, seconds_between
from app.storage import concerned
from app.storage.desk.corrections import pending_by_municipality
from app.storage.desk.deviations import blocking_kinds
from app.storage.desk.waiting import open_by_municipality, quarantined
from app.storage.policies import policies_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Hurdles:
    """A provider's month in one municipality.

    `refusal` is why it cannot be attested now, None where it can; what is at nobody known counts in every
    municipality, as it does for the rule. `lock_seconds` run until the lock date, negative once it has passed.
    """

    month: Month
    over: bool
    blocking: Mapping[Rule, int]
    nowhere: Mapping[Rule, int]
    """Those of the blocking ones that are at nobody known."""
    open_visits: int
    pending: int
    lock_at: datetime
    lock_seconds: int
    waits: bool
    refusal: Refused | None
    own: bool
    """Whether whoever looks attested it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A provider's month. `quarantined` registrations wait for a coordinator, `unjudged` customers for a judgement."""

    month: str
    over: bool
    hurdles: tuple[Hurdles, ...]
    quarantined: int
    unjudged: int


def attestation(call: Call, month: str) -> Attestation:
    """What stands between the provider and its attestation; it tells of no person. Raises Refused A2, A1 (404)."""
    call.check(Resource.MONTH, Verb.READ)
    provider_id, cs = call.actor.provider_id, call.care_system_id
    if provider_id is None:
        raise missing()
    shown, interval = read_months(call, month), month_interval(month)
    with call.database.transaction(write=False) as tx:
        kinds = blocking_kinds(tx, cs, provider_id, month)
        still_open = open_by_municipality(tx, cs, provider_id, interval)
        pending = pending_by_municipality(tx, cs, provider_id, interval)
        rules = asked_by_name(policies_of(tx, cs))
        waiting = quarantined(tx, cs, provider_id)
        due = len(concerned.due_of(tx, cs, [provider_id], month))
    over = call.now >= interval.end
    found = _Found(kinds=kinds, still_open=still_open, pending=pending, rules=rules)
    return Attestation(
        month=month,
        over=over,
        hurdles=tuple(_hurdles(call, one, found) for one in shown),
        quarantined=waiting,
        unjudged=due,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    kinds: Mapping[tuple[str | None, Rule], int]
    still_open: Mapping[str | None, int]
    pending: Mapping[str | None, int]
    rules: Policies


def _hurdles(call: Call, shown: Shown, found: _Found) -> Hurdles:
    month = shown.month
    lock_at = lock_due_at(month.month, month.municipality, found.rules)
    return Hurdles(
        month=month,
        over=call.now >= month_interval(month.month).end,
        blocking={
            rule: found.kinds[month.municipality, rule] for rule in Rule if (month.municipality, rule) in found.kinds
        },
        nowhere={rule: found.kinds[None, rule] for rule in Rule if (None, rule) in found.kinds},
        open_visits=_here(found.still_open, month),
        pending=_here(found.pending, month),
        lock_at=lock_at,
        lock_seconds=seconds_between(call.now, lock_at),
        waits=awaits_attestation(month),
        refusal=refusal_of_attestation(month, len(shown.blocking), call.now),
        own=month.attested_by == call.actor.id,
    )


def _here(counted: Mapping[str | None, int], month: Month) -> int:
    """How many there are in the municipality, or at nobody known."""
    return counted.get(month.municipality, 0) + counted.get(None, 0)


def attest_here(call: Call, month: str, municipality: str) -> Shown:
    """The provider's word that its month is complete in the municipality. Raises as `attest`."""
    fields = {"municipality": municipality, "provider_id": None}
    return attest(call, month, Draft(named=(), complete=lambda _: fields))
