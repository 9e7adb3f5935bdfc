"""D22: a phone's numbers skip, so that registrations were lost on the way."""

from __future__ import annotations

from collections.abc import Iterable

from app.rules.deviations.facts import Break
from app.rules.deviations.setting import Setting
from app.rules.deviations.values import Effect, Found, Rule, Subject, SubjectType, laid_out
from app.rules.policies import Applied, Policies
from app.rules.time import local_day, local_month, seconds_between


def find(setting: Setting) -> list[Found]:
    """D22 of each phone and month in which a skip was noticed, once nobody waits any longer for what is missing.

    A phone numbers by itself from its enrolment on; what waits in the quarantine has come. Source: D22, FAULTS 23; the
    month, that of receipt: our decision.
    """
    old: dict[tuple[str, str, str], list[Break]] = {}
    for one in setting.facts.breaks:
        if is_old(one, setting.policies, setting):
            old.setdefault((one.device_id, one.provider_id, local_month(one.received_at)), []).append(one)
    return [_found(key, breaks, setting.policies) for key, breaks in sorted(old.items())]


def is_old(one: Break, policies: Policies, setting: Setting) -> bool:
    """True where what is missing is waited for no longer; the last second of waiting is inside."""
    return seconds_between(one.received_at, setting.now) > grace(one, policies)


def grace(one: Break, policies: Policies) -> int:
    """How many seconds what is missing may take to come."""
    return int(_waited(one, policies).value)


def _waited(one: Break, policies: Policies) -> Applied:
    return policies.applied("sequence_gap_seconds", None, local_day(one.received_at))


def _found(key: tuple[str, str, str], breaks: Iterable[Break], policies: Policies) -> Found:
    device_id, provider_id, month = key
    told = sorted(breaks, key=lambda one: (one.after, one.before))
    skips = [(one.after + 1, one.before - 1) for one in told]
    seen: dict[str, object] = {
        "missing": sum(last - first + 1 for first, last in skips),
        "numbers": [list(skip) for skip in skips],
    }
    return Found(
        rule=Rule.D22,
        subject=Subject(type=SubjectType.DEVICE, id=device_id),
        provider_id=provider_id,
        period=month,
        facts=laid_out(seen, policies=sorted((_waited(one, policies) for one in told), key=lambda one: one.on)),
        effect=Effect.EXPLAIN,
        asks=True,
    )
