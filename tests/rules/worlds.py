"""Generated months: plain values in epoch seconds, and the product's facts made of them.

A world has one customer or two, two providers, three caregivers (so that no second has two second caregivers), grants
under both laws in several pools, prices with and without bands, and stays around a month's border, a clock change or
a leap day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from app.rules.deviations.facts import Facts
from app.rules.orders import ChosenBy, Grant, Order, Per
from app.rules.providers import Law, Provider, ProviderKind, Service
from app.rules.rates import Band, Rate, Window
from app.rules.tags import Tag
from app.rules.visits.values import HouseholdShare, Registration
from tests.rules.builders import (
    NACKA,
    a_caregiver,
    a_change,
    a_correction,
    a_customer,
    a_policy,
    a_provider,
    a_tag,
    some_facts,
)
from tests.rules.money_builders import a_stay

SERVICES = ("personal_care", "household")
PROVIDER_OF = {"c1": "p", "c2": "p", "c3": "q"}
KIND_OF = {"p": "private", "q": "municipal"}
AROUND = ((2014, 2, 28), (2014, 3, 30), (2014, 10, 26), (2016, 2, 29), (2013, 12, 31))
"""Days on which something happens: a month ends, the clock changes, a leap day, a year ends."""
DAY = (360, 1_080, "day")
NIGHT = (1_080, 360, "night")


@dataclass(slots=True)
class GrantRow:
    """A grant and its one order."""

    id: str
    customer: str
    provider: str
    law: str
    services: tuple[str, ...]
    seconds: int
    per: str
    every: int
    double: int
    valid_from: date
    valid_before: date | None
    ordered_at: int


@dataclass(slots=True)
class RateRow:
    """A price; `band` is (from minute, until minute, name)."""

    id: str
    service: str
    ore: int
    law: str | None
    kind: str | None
    band: tuple[int, int, str] | None
    valid_from: date
    valid_before: date | None


@dataclass(slots=True)
class StayRow:
    """A stay, and what is the matter with it. `changes` are (second, service)."""

    id: str
    caregiver: str
    customer: str
    service: str
    start: int
    end: int
    held: bool = False
    void: bool = False
    extra: bool = False
    household: tuple[tuple[str, int], ...] = ()
    changes: tuple[tuple[int, str], ...] = ()
    recorded_at: int | None = None


@dataclass(slots=True)
class World:
    """Everything that a month's money hangs on."""

    day: date
    grants: list[GrantRow] = field(default_factory=list)
    rates: list[RateRow] = field(default_factory=list)
    stays: list[StayRow] = field(default_factory=list)
    capped: bool = True

    @property
    def months(self) -> tuple[str, ...]:
        """The months that the stays may touch."""
        days = (self.day + timedelta(days=away) for away in (-2, 3))
        return tuple(sorted({f"{one:%Y-%m}" for one in days}))


def a_world(seed: int, stays: int, *, alone: bool = False) -> World:
    """The world of the seed with so many stays; `alone`: one caregiver, stays that overlap nothing."""
    draw = Random(seed)
    world = World(day=date(*draw.choice(AROUND)), capped=draw.random() < 0.9)
    for number in range(draw.randrange(1, 5)):
        world.grants.append(_grant(number, world.day, draw))
    if draw.random() < 0.8:
        first = world.grants[0]
        first.customer, first.provider, first.services = "k", "p", SERVICES
        first.valid_from, first.valid_before = world.day - timedelta(days=60), None
    for service in SERVICES:
        world.rates += _rates(service, world.day, draw)
    begin = int(datetime(world.day.year, world.day.month, world.day.day, 16, tzinfo=UTC).timestamp())
    latest = begin
    for number in range(stays):
        stay = _stay(number, begin, draw)
        if world.stays and draw.random() < 0.5:
            _join(stay, world.stays[-1], draw)
        if alone:
            length = stay.end - stay.start
            stay.caregiver, stay.start = "c1", latest + draw.choice((0, 1, 600))
            stay.end = latest = stay.start + length
            stay.changes = ()
        world.stays.append(stay)
    return world


def _grant(number: int, day: date, draw: Random) -> GrantRow:
    seconds = draw.choice((1, 7, 3_600, 9_999, 20_000, 100_000))
    per = draw.choice(("day", "week", "month"))
    return GrantRow(
        id=f"g{draw.randrange(10)}{number}",
        customer=draw.choice(("k", "k", "k", "k2")),
        provider=draw.choice(("p", "p", "q")),
        law=draw.choice(("SoL", "SoL", "LSS")),
        services=draw.choice((("personal_care",), ("household", "personal_care"), ("personal_care", "household"))),
        seconds=seconds,
        per=per,
        every=draw.choice((1, 1, 1, 3)),
        double=draw.choice((0, seconds, draw.randrange(seconds + 1))),
        valid_from=day - timedelta(days=draw.choice((60, 60, 1, 0, -1))),
        valid_before=None if draw.random() < 0.7 else day + timedelta(days=draw.choice((1, 2))),
        ordered_at=int(datetime(2013, 1, draw.randrange(1, 4), tzinfo=UTC).timestamp()),
    )


def _rates(service: str, day: date, draw: Random) -> list[RateRow]:
    """Rows of one service that price no second twice: for each kind or law, in bands or not, with gaps now and then."""
    split = draw.choice((((None, None),), ((None, "private"), (None, "municipal")), (("SoL", None), ("LSS", None))))
    rows: list[RateRow] = []
    for law, kind in split:
        if draw.random() < 0.1:
            continue
        changes = draw.random() < 0.4
        bands = draw.choice(((None,), (None,), (DAY, NIGHT), (NIGHT,), (DAY,)))
        for band in bands:
            name = f"{service} {law} {kind} {band and band[2]}"
            early, border = date(2012, 1, 1), day + timedelta(days=draw.randrange(-1, 3))
            ends = border if changes and draw.random() < 0.3 else None
            rows.append(RateRow(f"{name} old", service, draw.randrange(20_000, 50_000), law, kind, band, early, ends))
            if changes and draw.random() < 0.8:
                ore = draw.randrange(20_000, 50_000)
                rows.append(RateRow(f"{name} new", service, ore, law, kind, band, border, None))
    return rows


def _stay(number: int, begin: int, draw: Random) -> StayRow:
    start = begin + draw.choice((draw.randrange(20_000), draw.randrange(40_000), draw.randrange(0, 40_000, 1_800)))
    end = start + draw.choice((1, 59, 900, 3_600, draw.randrange(1, 20_000)))
    odd = draw.random()
    changes = ((draw.randrange(start, end + 1), draw.choice(SERVICES)),) if draw.random() < 0.1 else ()
    return StayRow(
        id=f"v{draw.randrange(10)}{number}",
        caregiver=draw.choice(("c1", "c2", "c3")),
        customer=draw.choice(("k", "k", "k", "k2")),
        service=draw.choice(("personal_care", "personal_care", "household")),
        start=start,
        end=end,
        held=odd < 0.08,
        void=0.08 < odd < 0.14,
        extra=0.14 < odd < 0.2,
        household=(("k", draw.randrange(1, 4)), ("k2", draw.randrange(1, 4))) if odd > 0.9 else (),
        changes=changes,
    )


def _join(stay: StayRow, other: StayRow, draw: Random) -> None:
    """It begins while the other lasts, or as it ends, at the same customer for the same service."""
    away = other.start + draw.randrange(other.end - other.start + 1) - stay.start
    stay.start, stay.end = stay.start + away, stay.end + away
    stay.changes = tuple((second + away, service) for second, service in stay.changes)
    stay.customer, stay.service = other.customer, other.service
    stay.caregiver = draw.choice([one for one in PROVIDER_OF if one != other.caregiver])


def text(second: int) -> str:
    """The epoch second as an instant on the wire."""
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"


def facts_of(world: World) -> Facts:
    """The product's facts of the world."""
    told: list[object] = [
        *(a_provider(name, kind=ProviderKind(kind)) for name, kind in KIND_OF.items()),
        *(a_caregiver(name, provider=provider) for name, provider in PROVIDER_OF.items()),
        *(a_customer(name) for name in ("k", "k2")),
        *(a_tag(customer=name, valid_from="2010-01-01") for name in ("k", "k2")),
        *(a_rate_of(row) for row in world.rates),
    ]
    for row in world.grants:
        told += _granted(row)
    for stay in world.stays:
        told += registrations_of(stay)
    if not world.capped:
        told.append(a_policy("cap", "none"))
    return some_facts(*told, without=(Provider, Tag, Grant, Order, Rate))


def _granted(row: GrantRow) -> tuple[Grant, Order]:
    grant = Grant(
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
    )
    order = Order(
        id=f"o{row.id}",
        grant_id=row.id,
        provider_id=row.provider,
        ordered_at=datetime.fromtimestamp(row.ordered_at, UTC),
        chosen_by=ChosenBy.CUSTOMER,
        valid_from=date(2012, 1, 1),
    )
    return grant, order


def a_rate_of(row: RateRow) -> Rate:
    """The product's rate of the row."""
    band = None
    if row.band is not None:
        window = Window(weekdays=(1, 2, 3, 4, 5, 6, 7), start_minute=row.band[0], before_minute=row.band[1])
        band = Band(name=row.band[2], windows=(window,))
    return Rate(
        id=row.id,
        municipality=NACKA,
        service=Service(row.service),
        ore_per_hour=Decimal(row.ore),
        law=None if row.law is None else Law(row.law),
        provider_kind=None if row.kind is None else ProviderKind(row.kind),
        band=band,
        valid_from=row.valid_from,
        valid_before=row.valid_before,
        source="a test",
    )


def registrations_of(stay: StayRow) -> list[object]:
    """The stay's registrations, and the correction that makes it void. A held one comes an hour late, with no clock."""
    more: dict[str, object] = {"recorded_at": datetime.fromtimestamp(stay.recorded_at or stay.end, UTC)}
    if stay.held:
        more["received"] = text(stay.end + 3_600)
    household = tuple(HouseholdShare(customer_id=name, share=share) for name, share in stay.household)
    told: list[object] = list(
        a_stay(
            text(stay.start),
            text(stay.end),
            caregiver=stay.caregiver,
            door=stay.customer,
            id=stay.id,
            service=Service(stay.service),
            household=household,
            extra_service=stay.extra,
            **more,
        )
    )
    for number, (second, service) in enumerate(stay.changes):
        told.append(_change(stay, number, second, service, more))
    if stay.void:
        told.append(a_correction(stay.id, id=f"{stay.id} void", void=True, approved=text(stay.end + 60)))
    return told


def _change(stay: StayRow, number: int, second: int, service: str, more: dict[str, object]) -> Registration:
    return a_change(
        text(second),
        Service(service),
        id=f"{stay.id} change {number}",
        names=stay.id,
        caregiver=stay.caregiver,
        door=stay.customer,
        **more,
    )
