"""D22: a phone's numbers skip, so that registrations were lost on the way."""

from __future__ import annotations

from collections.abc import Iterable

from app.rules.deviations.facts import Break
from app.rules.deviations.setting import Setting
from app.rules.deviations.values import Effect, Found, Rule, Subject, SubjectType
from app.rules.policies import Policies
from app.rules.time import local_day, local_month, seconds_between


def find(setting: Setting) -> list[Found]:
    """D22 of each phone and month in which a skip was noticed, once nobody waits any longer for what is missing.

    A phone numbers by itself from its enrolment on; what waits in the quarantine has come. Source: D22, FAULTS 23; the
    month, that of receipt: our decision.
    """
    old = [one for one in setting.facts.breaks if is_old(one, setting.policies, setting)]
    months = sorted({(one.device_id, one.provider_id, local_month(one.received_at)) for one in old})
    return [
        _found(key, [one for one in old if (one.device_id, one.provider_id, local_month(one.received_at)) == key])
        for key in months
    ]


def is_old(one: Break, policies: Policies, setting: Setting) -> bool:
    """True where what is missing is waited for no longer; the last second of waiting is inside."""
    return seconds_between(one.received_at, setting.now) > grace(one, policies)


def grace(one: Break, policies: Policies) -> int:
    """How many seconds what is missing may take to come."""
    return policies.number("sequence_gap_seconds", None, local_day(one.received_at))


def _found(key: tuple[str, str, str], breaks: Iterable[Break]) -> Found:
    device_id, provider_id, month = key
    skips = sorted((one.after + 1, one.before - 1) for one in breaks)
    return Found(
        rule=Rule.D22,
        subject=Subject(type=SubjectType.DEVICE, id=device_id),
        provider_id=provider_id,
        period=month,
        facts={"missing": sum(last - first + 1 for first, last in skips), "numbers": [list(skip) for skip in skips]},
        effect=Effect.EXPLAIN,
        asks=True,
    )
