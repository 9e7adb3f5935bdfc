"""What the tests of money say beside `builders`: stays, tariffs of the two seeds, and what a judgement pays.

The tariffs are copied from the rulebook by hand (R3, R4), and from the seeds that it cites.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.rules.deviations.judge import Judgement
from app.rules.deviations.seconds import Fate
from app.rules.extensions import Decision, DecisionOutcome, Extension, ExtensionCause
from app.rules.providers import ProviderKind, Service
from app.rules.rates import Band, Holidays, Rate, Window
from app.rules.reimbursement.lines import totals
from app.rules.visits.values import Registration
from tests.rules.builders import NACKA, a_check_in, a_check_out, a_grant, a_tag, an_order, at

SINCE_2013 = (
    a_tag(valid_from="2013-01-01"),
    a_grant(valid_from=date(2013, 1, 1)),
    an_order(valid_from=date(2013, 1, 1), ordered_at=at("2012-12-20T09:00:00+01:00")),
)
"""Tag, grant and order of `k` from New Year 2013."""
LEKSAND, RATTVIK = "2029", "2031"
FEBRUARY = "2014-02"
CARE, HOUSEHOLD, ESCORT, RESPITE = Service.PERSONAL_CARE, Service.HOUSEHOLD, Service.ESCORT, Service.RESPITE
PRIVATE, MUNICIPAL = ProviderKind.PRIVATE, ProviderKind.MUNICIPAL

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
DAG = Band(name="dag", windows=(Window(weekdays=(1, 2, 3, 4, 5), start_minute=450, before_minute=1140),))
KVALL = Band(name="kväll", windows=(Window(weekdays=(1, 2, 3, 4), start_minute=1140, before_minute=1350),))
HELG = Band(
    name="helg",
    windows=(
        Window(weekdays=(5,), start_minute=1140, before_minute=1350),
        Window(weekdays=(6, 7), start_minute=450, before_minute=1350),
    ),
)
KRONOR_2013 = {
    (CARE, PRIVATE): (335, 369, 421),
    (CARE, MUNICIPAL): (317, 351, 400),
    (ESCORT, PRIVATE): (291, 313, 339),
    (ESCORT, MUNICIPAL): (277, 294, 322),
    (RESPITE, PRIVATE): (281, 301, 329),
    (RESPITE, MUNICIPAL): (266, 283, 310),
}
"""Nacka 2013, kr/h by dag, kväll and helg. Source: N 4.4.2.1, R4."""
HOUSEHOLD_2013 = {PRIVATE: 284, MUNICIPAL: 266}
"""Nacka 2013, service at all times. Source: N 4.4.2.1, R4."""
KRONOR_2014 = {
    (CARE, PRIVATE): 370,
    (CARE, MUNICIPAL): 363,
    (HOUSEHOLD, PRIVATE): 370,
    (HOUSEHOLD, MUNICIPAL): 363,
    (ESCORT, PRIVATE): 320,
    (ESCORT, MUNICIPAL): 314,
    (RESPITE, PRIVATE): 310,
    (RESPITE, MUNICIPAL): 304,
}
"""Nacka 2014, kr/h. Source: N Sammanfattning, R3."""


def a_band_of(
    start: str, before: str, *, weekdays: tuple[int, ...] = EVERY_DAY, name: str = "band", holidays: str = "by_weekday"
) -> Band:
    """One window, `22:00` until `06:00`, of some weekdays."""
    window = Window(weekdays=weekdays, start_minute=_minute(start), before_minute=_minute(before))
    return Band(name=name, windows=(window,), holidays=Holidays(holidays))


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def a_row(id: str, service: Service = CARE, *, kronor: int = 370, **more: Any) -> Rate:
    """A rate of Nacka's from New Year 2014."""
    told: dict[str, Any] = {"municipality": NACKA, "valid_from": date(2014, 1, 1), "source": "a test"}
    return Rate(id=id, service=service, ore_per_hour=Decimal(kronor * 100), **{**told, **more})


def nacka_2013() -> list[Rate]:
    """Every row of Nacka's tariff of 2013."""
    year = {"valid_from": date(2013, 1, 1), "valid_before": date(2014, 1, 1)}
    rows = [
        a_row(f"{service} {kind} {band.name}", service, kronor=kronor, provider_kind=kind, band=band, **year)
        for (service, kind), all_kronor in KRONOR_2013.items()
        for band, kronor in zip((DAG, KVALL, HELG), all_kronor, strict=True)
    ]
    return rows + [
        a_row(f"household {kind}", HOUSEHOLD, kronor=kronor, provider_kind=kind, **year)
        for kind, kronor in HOUSEHOLD_2013.items()
    ]


def nacka_2014() -> list[Rate]:
    """Every row of Nacka's tariff of 2014."""
    return [
        a_row(f"{service} {kind} 2014", service, kronor=kronor, provider_kind=kind)
        for (service, kind), kronor in KRONOR_2014.items()
    ]


def leksand_rattvik_2011() -> list[Rate]:
    """One price for hemtjänst and ledsagning in both, for everybody; avlösning has none. Source: LR 1.12, 5.2, R3."""
    return [
        a_row(f"{service} {municipality}", service, kronor=375, municipality=municipality, valid_from=date(2011, 8, 1))
        for municipality in (LEKSAND, RATTVIK)
        for service in (CARE, HOUSEHOLD, ESCORT)
    ]


def a_stay(
    starts: str, ends: str, *, caregiver: str = "c", door: str = "k", id: str | None = None, **more: Any
) -> tuple[Registration, Registration]:
    """A stay at the door of `k`; its id is `in` and the start, and the caregiver's where it is not `c`."""
    name = id or f"in {starts}" + ("" if caregiver == "c" else f" {caregiver}")
    recorded = {key: more.pop(key) for key in ("received", "recorded_at") if key in more}
    return (
        a_check_in(starts, id=name, caregiver=caregiver, door=door, **more, **recorded),
        a_check_out(ends, id=f"{name} out", names=name, caregiver=caregiver, door=door, **recorded),
    )


def an_approved_extension(seconds: int, decided: datetime | None = None) -> tuple[Extension, Decision]:
    """A request for `k`'s personal care in February 2014, approved on 5 February where it is not said when."""
    extension = Extension(
        id="e",
        provider_id="p",
        customer_id="k",
        service=CARE,
        month=FEBRUARY,
        requested_seconds=seconds,
        cause=ExtensionCause.FALL,
        justification="The customer fell and could not get up.",
        requested_by="coordinator",
        requested_at=at("2014-02-04T09:00:00+01:00"),
    )
    when = decided or at("2014-02-05T09:00:00+01:00")
    told: dict[str, Any] = {"outcome": DecisionOutcome.APPROVED, "reasons": "yes", "reviewer": "officer"}
    return extension, Decision(id="d", extension_id="e", decided_at=when, recorded_at=when, **told)


def seconds_by(judgement: Judgement, fate: Fate) -> int:
    """All the seconds that came to one fate."""
    return sum(one.seconds for one in judgement.account.stretches if one.fate is fate)


def fates(judgement: Judgement) -> dict[str, int]:
    """Seconds by fate, those that there are."""
    return {str(fate): seconds for fate in Fate if (seconds := seconds_by(judgement, fate))}


def fates_of(judgement: Judgement, visit_id: str) -> dict[str, int]:
    """Seconds of one visit by fate."""
    found: dict[str, int] = {}
    for one in judgement.account.stretches:
        if one.visit.id == visit_id:
            found[str(one.fate)] = found.get(str(one.fate), 0) + one.seconds
    return found


def amounts(judgement: Judgement, *months: str) -> list[tuple[int, int]]:
    """Seconds and öre of every key of the months, in order of key."""
    return [(one.seconds, one.amount_ore) for one in totals(judgement, months or (FEBRUARY,))]
