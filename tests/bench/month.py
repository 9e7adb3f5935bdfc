"""How long the rules alone take over a month of one Nacka-sized care system, stage by stage.

1,704 customers, 54 providers and about 128,000 visits at `--share 1`; the default is a twentieth. The month is
generated and always the same. Prints seconds per stage and what the month comes to; `--profile` also where they go.

    .venv/bin/python -m tests.bench.month --share 1
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from app.rules.deviations.facts import Facts
from app.rules.deviations.judge import Judgement, judge_visits, pays
from app.rules.deviations.setting import known_facts, lay_out, visits_of
from app.rules.deviations.values import Explanation, Rule
from app.rules.extensions import Decision, DecisionOutcome, Extension, ExtensionCause
from app.rules.orders import ChosenBy, Grant, Order, Per
from app.rules.people import Absence, AbsenceCause, Caregiver, Customer
from app.rules.plans import Cancellation, CancelledBy, PlannedVisit
from app.rules.providers import Accreditation, Law, Provider, ProviderKind, Service
from app.rules.rates import Rate
from app.rules.reimbursement.causes import causes_of
from app.rules.reimbursement.lines import excesses, issue, totals
from app.rules.reports import figures
from app.rules.tags import ManualReason, Method, Place, Tag, TagKind
from app.rules.time import BEGINNING, days_of, local_instant, shift
from app.rules.visits.values import (
    Changes,
    Correction,
    CorrectionReason,
    HouseholdShare,
    Registration,
    RegistrationKind,
)

MONTH = "2014-02"
LOCK = datetime(2014, 3, 5, 17, tzinfo=UTC)
CUSTOMERS, PROVIDERS, VISITS = 1_704, 54, 128_000
NACKA = "0182"
SEED = 182
HOME = (Service.PERSONAL_CARE, Service.HOUSEHOLD)


@dataclass(slots=True)
class _Town:
    """The month in the making: everything drawn from one generator, so that it is the same every time."""

    draw: random.Random
    plans: list[PlannedVisit] = field(default_factory=list)
    registrations: list[Registration] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)


def a_month(share: Fraction) -> Facts:
    """The facts of the share of a Nacka-sized month, as many customers a provider as in the whole."""
    draw = random.Random(SEED)
    customers = max(4, int(CUSTOMERS * share))
    providers = max(2, int(PROVIDERS * share))
    per_day = Fraction(VISITS, CUSTOMERS * len(days_of(MONTH)))
    town = _Town(draw)
    for number in range(customers):
        _live(town, number, providers, per_day)
    asked = range(0, customers, 25)
    return Facts(
        providers=tuple(_provider(number) for number in range(providers)),
        accreditations=tuple(_accreditation(number, service) for number in range(providers) for service in HOME),
        caregivers=tuple(_caregiver(name) for name in sorted({one.caregiver_id for one in town.registrations})),
        customers=tuple(
            Customer(id=f"k{number}", municipality=NACKA, birth_year=1920 + number % 60) for number in range(customers)
        ),
        absences=tuple(_absence(number) for number in range(7, customers, 30)),
        tags=tuple(_tag(number) for number in range(customers)),
        grants=tuple(_grant(number) for number in range(customers)),
        orders=tuple(_order(number, providers) for number in range(customers)),
        rates=tuple(_rate(service, kind) for service in HOME for kind in ProviderKind),
        planned_visits=tuple(town.plans),
        registrations=tuple(town.registrations),
        corrections=tuple(town.corrections),
        extensions=tuple(_extension(number, providers) for number in asked),
        decisions=tuple(_decision(number) for number in asked),
        explanations=tuple(town.explanations),
    )


def _live(town: _Town, number: int, providers: int, per_day: Fraction) -> None:
    """One customer's month: so many visits a day, now and then untidy."""
    owed = Fraction(0)
    for day in days_of(MONTH):
        owed += per_day
        visits, owed = int(owed), owed - int(owed)
        for turn in range(visits):
            starts = local_instant(day, 450 + turn * 820 // max(visits, 1) + town.draw.randrange(30))
            _stay(town, number, providers, shift(starts, town.draw.randrange(60)), f"{day:%d}-{turn}")


def _stay(town: _Town, number: int, providers: int, starts_at: datetime, when: str) -> None:
    draw, provider = town.draw, number % providers
    length = draw.choice((600, 900, 1_200, 1_800, 2_700)) + draw.randrange(-60, 60)
    service = Service.HOUSEHOLD if draw.random() < 0.12 else Service.PERSONAL_CARE
    name, caregiver = f"{number}-{when}", f"p{provider}-{(number + starts_at.day) % 30}-{starts_at.hour // 8}"
    town.plans.append(_plan(name, number, provider, starts_at, length, service, draw))
    if town.plans[-1].cancelled is not None or draw.random() < 0.01:
        return
    beside = number + 1 - 2 * (number % 2)
    household = (HouseholdShare(customer_id=f"k{number}"), HouseholdShare(customer_id=f"k{beside}"))
    begin = Registration(
        **_told(f"{name}-in", RegistrationKind.CHECK_IN, caregiver, starts_at, _place(number, draw)),
        service=service,
        household=household if draw.random() < 0.01 else (),
    )
    town.registrations.append(begin)
    if draw.random() < 0.01:
        town.corrections.append(_correction(begin, shift(starts_at, length)))
        return
    ends_at = shift(starts_at, length)
    end = _told(f"{name}-out", RegistrationKind.CHECK_OUT, caregiver, ends_at, _place(number, draw))
    town.registrations.append(Registration(**end, visit_id=begin.id))
    if draw.random() < 0.02:
        town.explanations.append(_explanation(begin.id, draw))
    if draw.random() < 0.03:
        _second(town, begin, f"{caregiver}-2", length)


def _second(town: _Town, begin: Registration, caregiver: str, length: int) -> None:
    """Another caregiver at the same door, a minute later."""
    starts_at = shift(begin.captured_at, 60)
    first = _told(f"{begin.id}-2", RegistrationKind.CHECK_IN, caregiver, starts_at, begin.place)
    last = _told(f"{begin.id}-2-out", RegistrationKind.CHECK_OUT, caregiver, shift(starts_at, length), begin.place)
    town.registrations += [Registration(**first, service=begin.service), Registration(**last, visit_id=f"{begin.id}-2")]


def _told(name: str, kind: RegistrationKind, caregiver: str, at: datetime, place: Place) -> dict[str, Any]:
    return {
        "id": name,
        "kind": kind,
        "caregiver_id": caregiver,
        "captured_at": at,
        "received_at": at,
        "recorded_at": at,
        "place": place,
    }


def _place(number: int, draw: random.Random) -> Place:
    if draw.random() < 0.03:
        return Place(method=Method.MANUAL, reason=ManualReason.PHONE_FAILED)
    return Place(method=Method.NFC, text=f"t{number}")


def _plan(
    name: str, number: int, provider: int, starts_at: datetime, length: int, service: Service, draw: random.Random
) -> PlannedVisit:
    late = shift(starts_at, draw.randrange(-600, 600))
    cancelled = None
    if draw.random() < 0.03:
        cancelled = Cancellation(at=shift(late, -draw.randrange(1, 200_000)), by=CancelledBy.CUSTOMER, reason="away")
    return PlannedVisit(
        id=f"plan-{name}",
        provider_id=f"p{provider}",
        customer_id=f"k{number}",
        service=service,
        starts_at=late,
        ends_at=shift(late, length),
        cancelled=cancelled,
    )


def _correction(begin: Registration, ends_at: datetime) -> Correction:
    return Correction(
        id=f"{begin.id}-right",
        visit_id=begin.id,
        changes=Changes(ends_at=ends_at),
        reason=CorrectionReason.FORGOT_TO_REGISTER,
        note="told by telephone",
        made_by="coordinator",
        made_at=shift(ends_at, 3_600),
        approved_by="second",
        approved_at=shift(ends_at, 7_200),
        recorded_at=shift(ends_at, 7_200),
    )


def _explanation(visit_id: str, draw: random.Random) -> Explanation:
    return Explanation(
        id=f"why-{visit_id}",
        rule=draw.choice((Rule.D9, Rule.D12, Rule.D15)),
        reason="other",
        note="as agreed",
        subject_id=visit_id,
        recorded_at=shift(LOCK, -86_400),
    )


def _provider(number: int) -> Provider:
    kind = ProviderKind.MUNICIPAL if number == 0 else ProviderKind.PRIVATE
    return Provider(id=f"p{number}", name=f"Provider {number}", kind=kind)


def _accreditation(number: int, service: Service) -> Accreditation:
    return Accreditation(
        id=f"a{number}-{service}",
        provider_id=f"p{number}",
        municipality=NACKA,
        service=service,
        valid_from=date(2013, 1, 1),
    )


def _caregiver(name: str) -> Caregiver:
    return Caregiver(id=name, provider_id=name.partition("-")[0], name=f"Caregiver {name}")


def _absence(number: int) -> Absence:
    starts_at = local_instant(date(2013, 11, 1), 600)
    return Absence(
        id=f"away-{number}",
        customer_id=f"k{number}",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=100),
        cause=AbsenceCause.HOSPITAL,
    )


def _tag(number: int) -> Tag:
    return Tag(id=f"t{number}", customer_id=f"k{number}", kind=TagKind.NFC, valid_from=date(2013, 1, 1))


def _grant(number: int) -> Grant:
    return Grant(
        id=f"g{number}",
        customer_id=f"k{number}",
        services=HOME,
        law=Law.SOL,
        granted_seconds=(3 + number % 6) * 3_600,
        per=Per.WEEK,
        double_staffed_seconds=3_600 if number % 4 == 0 else 0,
        valid_from=date(2013, 6, 1),
    )


def _order(number: int, providers: int) -> Order:
    return Order(
        id=f"o{number}",
        grant_id=f"g{number}",
        provider_id=f"p{number % providers}",
        ordered_at=local_instant(date(2013, 6, 1), 540),
        chosen_by=ChosenBy.CUSTOMER,
        valid_from=date(2013, 6, 1),
        implementation_plan_received_on=date(2013, 6, 10),
    )


def _rate(service: Service, kind: ProviderKind) -> Rate:
    kronor = 370 if kind is ProviderKind.PRIVATE else 363
    return Rate(
        id=f"r-{service}-{kind}",
        municipality=NACKA,
        service=service,
        provider_kind=kind,
        ore_per_hour=Decimal(kronor * 100),
        valid_from=date(2014, 1, 1),
        source="SÄN 2013/96",
    )


def _extension(number: int, providers: int) -> Extension:
    return Extension(
        id=f"e{number}",
        provider_id=f"p{number % providers}",
        customer_id=f"k{number}",
        service=Service.PERSONAL_CARE,
        month=MONTH,
        requested_seconds=7_200,
        cause=ExtensionCause.ACUTE_ILLNESS,
        justification="Feverish for a week and not able to get up alone.",
        requested_by="coordinator",
        requested_at=local_instant(date(2014, 2, 20), 600),
    )


def _decision(number: int) -> Decision:
    at = local_instant(date(2014, 2, 22), 600)
    return Decision(
        id=f"d{number}",
        extension_id=f"e{number}",
        outcome=DecisionOutcome.APPROVED,
        reasons="as described",
        reviewer="case officer",
        decided_at=at,
        recorded_at=at,
    )


@contextmanager
def _stage(name: str, taken: dict[str, float]) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    taken[name] = time.perf_counter() - begun


def run(facts: Facts, taken: dict[str, float]) -> dict[str, int]:
    """What the month comes to, and in `taken` the seconds of each stage."""
    with _stage("lay out", taken):
        setting = lay_out(known_facts(facts, LOCK), LOCK)
    with _stage("visits", taken):
        visits = visits_of(setting)
    with _stage("judge", taken):
        judgement: Judgement = judge_visits(visits, setting, [MONTH])
    with _stage("pays", taken):
        pays(judgement)
    with _stage("totals", taken):
        recomputed = totals(judgement, [MONTH])
    with _stage("issue", taken):
        causes = causes_of([one.key for one in recomputed], judgement, BEGINNING)
        lines = issue("run", [MONTH], recomputed, (), causes)
    with _stage("excess", taken):
        beyond = excesses(judgement, [MONTH])
    with _stage("figures", taken):
        figures(judgement, [MONTH])
    return {
        "visits": len(visits),
        "deviations": len(judgement.deviations),
        "lines": len(lines),
        "excess rows": len(beyond),
        "seconds paid": sum(one.seconds for one in lines),
        "öre": sum(one.amount_ore for one in lines),
    }


def _profiled(work: Callable[[], dict[str, int]]) -> dict[str, int]:
    profile = cProfile.Profile()
    found = profile.runcall(work)
    pstats.Stats(profile).sort_stats("tottime").print_stats(25)
    return found


def main() -> None:
    """Prints one run."""
    parser = argparse.ArgumentParser(description="the rules alone over a Nacka-sized month")
    parser.add_argument("--share", type=Fraction, default=Fraction(1, 20), help="of 1,704 customers (default 1/20)")
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    arguments = parser.parse_args()
    begun = time.perf_counter()
    facts = a_month(arguments.share)
    print(f"generated {len(facts.registrations):,} registrations in {time.perf_counter() - begun:.2f} s")
    taken: dict[str, float] = {}
    found = _profiled(lambda: run(facts, taken)) if arguments.profile else run(facts, taken)
    for name, seconds in [*taken.items(), ("in all", sum(taken.values()))]:
        print(f"{name:<10}{seconds:>10.2f} s")
    for name, number in found.items():
        print(f"{name:<16}{number:>16,}")


if __name__ == "__main__":
    main()
