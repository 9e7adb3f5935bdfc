"""The product's facts of a generated year."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.rules.deviations.facts import Facts
from app.rules.extensions import Decision, DecisionOutcome, Extension, ExtensionCause
from app.rules.orders import ChosenBy, Grant, Order, Per
from app.rules.plans import PlannedVisit
from app.rules.providers import Law, Provider, ProviderKind, Service
from app.rules.rates import Band, Holidays, Rate, Window
from app.rules.tags import Tag
from app.rules.visits.values import HouseholdShare
from tests.rules.builders import (
    a_caregiver,
    a_change,
    a_correction,
    a_customer,
    a_policy,
    a_provider,
    a_tag,
    an_explanation,
    some_facts,
)
from tests.rules.money_builders import a_stay
from tests.rules.worlds import text
from tests.rules.year_rows import (
    CAREGIVERS,
    KIND_OF,
    MUNICIPALITY_OF,
    Extended,
    Granted,
    Ordered,
    Priced,
    Stayed,
    Year,
)


def facts_of(year: Year) -> Facts:
    """Everything that was ever recorded of the year."""
    told: list[object] = [
        *(a_provider(name, kind=ProviderKind(kind)) for name, kind in KIND_OF.items()),
        *(a_caregiver(name, provider=provider) for name, provider in CAREGIVERS.items()),
        *(a_customer(name, municipality=home) for name, home in MUNICIPALITY_OF.items()),
        *(a_tag(customer=name, valid_from="2010-01-01") for name in MUNICIPALITY_OF),
        *(a_policy("cap", "none", municipality=home, valid_from=str(day)) for home, day in year.uncapped),
        *(_grant(row) for row in year.grants),
        *(_order(row) for row in year.orders),
        *(_rate(row) for row in year.rates),
    ]
    for stay in year.stays:
        told += _stay(stay)
    for asked in year.extensions:
        told += _extension(asked)
    return some_facts(*told, without=(Provider, Tag, Grant, Order, Rate), holidays=year.holidays)


def when(second: int) -> datetime:
    """The instant."""
    return datetime.fromtimestamp(second, UTC)


def _grant(row: Granted) -> Grant:
    return Grant(
        id=row.id,
        customer_id=row.customer,
        services=tuple(Service(one) for one in row.services),
        law=Law(row.law),
        granted_seconds=row.seconds,
        per=Per(row.per),
        every=row.every,
        double_staffed_seconds=row.double,
        valid_from=row.valid_from,
        valid_before=row.valid_before,
        version=row.version,
        recorded_at=when(row.recorded_at),
    )


def _order(row: Ordered) -> Order:
    return Order(
        id=row.id,
        grant_id=row.grant,
        provider_id=row.provider,
        ordered_seconds=row.seconds,
        ordered_at=when(row.ordered_at),
        chosen_by=ChosenBy.CUSTOMER,
        valid_from=row.valid_from,
        valid_before=row.valid_before,
        recorded_at=when(row.recorded_at),
    )


def _rate(row: Priced) -> Rate:
    windows = tuple(
        Window(weekdays=days, start_minute=start, before_minute=before) for days, start, before in row.windows
    )
    band = Band(name=row.band, windows=windows, holidays=Holidays(row.holidays)) if row.band else None
    return Rate(
        id=row.id,
        municipality=row.municipality,
        service=Service(row.service),
        ore_per_hour=Decimal(row.ore),
        law=None if row.law is None else Law(row.law),
        provider_kind=None if row.kind is None else ProviderKind(row.kind),
        band=band,
        valid_from=row.valid_from,
        valid_before=row.valid_before,
        source="a test",
        recorded_at=when(row.recorded_at),
    )


def _stay(row: Stayed) -> list[object]:
    """Its registrations, its plan, and what was said of it afterwards. A held one comes with no clock, hours late."""
    more: dict[str, Any] = {"recorded_at": when(row.recorded_at)}
    more |= {"received": text(row.end + 3_600)} if row.held else {}
    shares = tuple(HouseholdShare(customer_id=name, share=share) for name, share in row.household)
    told: dict[str, Any] = {"service": Service(row.service), "household": shares, "extra_service": row.extra}
    whose = {"caregiver": row.caregiver, "door": row.customer}
    plan = None if row.planned is None else f"plan {row.id}"
    stay = a_stay(text(row.start), text(row.end), id=row.id, planned_visit_id=plan, **whose, **told, **more)
    found: list[object] = [*stay, *_said(row)]
    for number, (second, service) in enumerate(row.changes):
        name = f"{row.id} change {number}"
        found.append(a_change(text(second), Service(service), id=name, names=row.id, **whose, **more))
    return found + ([] if plan is None else [_plan(row, plan)])


def _plan(row: Stayed, name: str) -> PlannedVisit:
    return PlannedVisit(
        id=name,
        provider_id=CAREGIVERS[row.caregiver],
        customer_id=row.customer,
        service=Service(row.service),
        starts_at=when(row.start),
        ends_at=when(row.end),
        grant_id=row.planned,
    )


def _said(row: Stayed) -> list[object]:
    found: list[object] = []
    for number, one in enumerate(row.corrections):
        change: dict[str, Any] = {"void": one.void} if one.end is None else {"ends_at": text(one.end)}
        found.append(a_correction(row.id, id=f"{row.id} {number}", approved=text(one.approved_at), **change))
    if row.accepted_at is not None:
        rule, at = "D16" if row.held else "D9", text(row.accepted_at)
        found.append(
            an_explanation(rule, row.id, id=f"why {row.id}", accepted=at, recorded_at=when(row.accepted_at - 1))
        )
    return found


def _extension(row: Extended) -> list[object]:
    asked = Extension(
        id=row.id,
        provider_id=row.provider,
        customer_id=row.customer,
        service=Service.PERSONAL_CARE,
        month=row.month,
        requested_seconds=row.seconds,
        cause=ExtensionCause.FALL,
        justification="The customer fell and could not get up.",
        requested_by="coordinator",
        requested_at=when(0),
    )
    return [asked, *(_decision(row, number) for number in range(len(row.decisions)))]


def _decision(row: Extended, number: int) -> Decision:
    at, seconds = row.decisions[number]
    outcome = DecisionOutcome.DECLINED if seconds == 0 else DecisionOutcome.PARTLY_APPROVED
    if seconds == row.seconds:
        outcome = DecisionOutcome.APPROVED
    return Decision(
        id=f"{row.id} {number}",
        extension_id=row.id,
        outcome=outcome,
        approved_seconds=seconds or None,
        reasons="as seen",
        reviewer="officer",
        decided_at=when(at),
        recorded_at=when(at),
    )
