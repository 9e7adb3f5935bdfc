"""A month of life in two towns, in which deviations of known kinds are planted and counted as they are planted.

Everything is drawn from one seed. Each caregiver has three customers a day, at eight, ten and twelve; the third lives
60 km off. A life is clean where nothing is planted: planned, tapped at the door at both ends, received at once, within
the grant. What is planted touches one caregiver's day and no other, and tells at once what it must come to. Nothing
here asks the rules what they would say.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from app.rules.deviations.facts import Break, Facts
from app.rules.orders import ChosenBy, Grant, Order, Per
from app.rules.people import Absence, AbsenceCause, Caregiver, Customer, Position
from app.rules.plans import Cancellation, CancelledBy, PlannedVisit
from app.rules.policies import Policy
from app.rules.providers import Law, Provider, ProviderKind, Service
from app.rules.tags import ManualReason, Method, Place, Tag, TagKind
from app.rules.visits.values import (
    Changes,
    Correction,
    CorrectionReason,
    HouseholdShare,
    Registration,
    RegistrationKind,
)
from tests.rules.builders import a_rate

MONTH, DAYS = "2014-02", 28
NOW = datetime(2014, 3, 5, 17, tzinfo=UTC)
NACKA, LEKSAND = "0182", "2029"
STRICT_FROM = 15
"""From this day on Leksand wants evidence of grade 1 (D25)."""
SLOTS = (7, 9, 11)
"""The hours, in UTC, at which a caregiver's three customers are visited."""
LENGTH = 2_700
TEAMS = 12
BASE, SMALL, LARGE = 90_000, 40_000, 130_000
"""Seconds granted a month: what a daily visit of 45 minutes keeps within, is far beyond, and falls far below."""
MOST = 3
"""So often something is planted at one customer: three visits less are 75 % of what was granted, and no less."""


@dataclass(slots=True)
class Stay:
    """A visit before it is registered: when it was planned, and what was registered of it."""

    caregiver: str
    customer: str
    day: int
    start: datetime
    seconds: int = LENGTH
    planned: bool = True
    plan_start: datetime | None = None
    plan_seconds: int | None = None
    cancelled_at: datetime | None = None
    check_in: bool = True
    check_out: bool = True
    place: Place | None = None
    received_after: int = 0
    service: Service = Service.PERSONAL_CARE
    extra: bool = False
    household: tuple[str, ...] = ()
    correction: Changes | None = None

    @property
    def name(self) -> str:
        return f"{self.caregiver}-{self.customer}-{self.start:%d%H%M%S}"

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)


@dataclass(slots=True)
class Life:
    """The month in the making, and how many deviations of each kind were planted in it."""

    draw: Random
    planted: Counter[str] = field(default_factory=Counter)
    stays: list[Stay] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    free: list[tuple[int, int]] = field(default_factory=list)
    granted: dict[str, int] = field(default_factory=dict)
    breaks: list[Break] = field(default_factory=list)
    late_plans: set[str] = field(default_factory=set)
    touched: Counter[str] = field(default_factory=Counter)
    of_day: dict[tuple[int, int, int], Stay] = field(default_factory=dict)

    def plant(self, **kinds: int) -> None:
        self.planted.update(kinds)

    def some(self, *slots: int) -> list[Stay]:
        """The stays of these turns of one team's day in which nothing else is planted, at customers who have had little
        planted: no month of theirs falls short or beyond by it.
        """
        team, day = next(
            (team, day)
            for team, day in self.free
            if all(self.touched[customer_of(team, slot)] < MOST for slot in slots)
        )
        self.free.remove((team, day))
        self.touched.update(customer_of(team, slot) for slot in slots)
        return [self.of_day[team, day, slot] for slot in slots]

    def any(self) -> Stay:
        """One stay of such a day."""
        return self.some(self.draw.randrange(3))[0]


def customer_of(team: int, slot: int) -> str:
    return f"k{team}-{slot}"


def municipality_of(customer: str) -> str:
    return LEKSAND if int(customer[1:].split("-")[0]) % 2 else NACKA


def weak(one: Stay) -> int:
    """1 where the municipality wants evidence that an end by hand, stated or corrected has not."""
    return int(municipality_of(one.customer) == LEKSAND and one.day >= STRICT_FROM)


def at(day: int, hour: int) -> datetime:
    return datetime(2014, 2, day, hour, tzinfo=UTC)


def a_month_of_life(seed: int) -> tuple[Facts, Counter[str]]:
    """The facts of the month, and how many deviations of each rule's id they hold."""
    life = Life(draw=Random(seed))
    for team in range(TEAMS):
        for day in range(1, DAYS + 1):
            for slot in range(len(SLOTS)):
                life.of_day[team, day, slot] = _as_planned(life, team, day, slot)
    life.stays = list(life.of_day.values())
    life.free = [(team, day) for team in range(TEAMS) for day in range(4, DAYS)]
    life.draw.shuffle(life.free)
    for begin in (_plant_grants, _plant_orders, _plant_phones):
        begin(life)
    for plant in PLANTS:
        for _ in range(life.draw.randrange(1, 4)):
            plant(life)
    return _facts(life), life.planted


def _as_planned(life: Life, team: int, day: int, slot: int) -> Stay:
    start = at(day, SLOTS[slot]) + timedelta(seconds=life.draw.randrange(600))
    return Stay(caregiver=f"c{team}", customer=customer_of(team, slot), day=day, start=start)


def _off_schedule(life: Life) -> None:
    one = life.any()
    away = life.draw.choice((-1_801, -1_800, 1_800, 1_801, 2_000))
    one.plan_start, one.start = one.start, one.start + timedelta(seconds=away)
    life.plant(D5=int(abs(away) > 1_800))


def _length_differs(life: Life) -> None:
    one = life.any()
    away = life.draw.choice((-901, -900, 900, 901, 1_300))
    one.plan_seconds, one.seconds = one.seconds, one.seconds + away
    life.plant(D6=int(abs(away) > 900))


def _missed(life: Life) -> None:
    one = life.any()
    one.check_in = one.check_out = False
    life.plant(D3=1)


def _called_off(life: Life) -> None:
    one = life.any()
    notice = life.draw.choice((60, 86_399, 86_400, 200_000))
    one.cancelled_at = one.start - timedelta(seconds=notice)
    one.check_in = one.check_out = False
    life.plant(D4=int(notice < 86_400))


def _check_out_forgotten(life: Life) -> None:
    one = life.any()
    one.check_out = False
    life.plant(D7=1)


def _check_out_told_afterwards(life: Life) -> None:
    """By a correction: no end is missing, but somebody says so and no tag."""
    one = life.any()
    one.check_out, one.correction = False, Changes(ends_at=one.end)
    life.plant(D9=1, D25=weak(one))


def _check_in_forgotten(life: Life) -> None:
    """A check-out answers to no plan by its start: the planned visit counts as missed, too."""
    one = life.any()
    one.check_in = False
    life.plant(D8=1, D3=1)


def _by_hand(life: Life) -> None:
    one = life.any()
    one.place = Place(method=Method.MANUAL, reason=ManualReason.PHONE_FAILED)
    life.plant(D9=1, D25=weak(one))


def _at_anothers_tag(life: Life) -> None:
    one, other = life.some(0, 1)
    one.place = Place(method=Method.NFC, text=f"tag {other.customer}")
    life.plant(D10=1)


def _in_two_places(life: Life) -> None:
    """The first stay, planned so, lasts until the second is under way."""
    first, second = life.some(0, 1)
    first.seconds = int((second.start - first.start).total_seconds()) + life.draw.choice((1, 60, 600))
    life.plant(D11=1)


def _beside_each_other(life: Life) -> None:
    """A second caregiver, planned as well, where the grant has no seconds for two."""
    one = life.any()
    start = one.start + timedelta(seconds=life.draw.choice((1, 300)))
    life.stays.append(replace(one, caregiver=f"x{one.caregiver}", start=start, seconds=1_200))
    life.plant(D12=1)


def _not_ordered(life: Life) -> None:
    one = life.any()
    one.service = Service.ESCORT
    life.plant(D13=1)


def _without_a_price(life: Life) -> None:
    one = life.any()
    one.service = Service.HOUSEHOLD
    life.plant(D20=1)


def _too_soon_after(life: Life) -> None:
    """The second stay, planned so, ends five minutes before the third, 60 km away, begins; or 40, which is possible."""
    second, third = life.some(1, 2)
    minutes = life.draw.choice((5, 40))
    second.seconds = int((third.start - second.start).total_seconds()) - minutes * 60
    life.plant(D14=int(minutes == 5))


def _very_short(life: Life) -> None:
    one = life.any()
    one.seconds = life.draw.choice((1, 119, 120, 121))
    life.plant(D15=int(one.seconds < 120))


def _received_late(life: Life) -> None:
    """Without a word from the phone's clock what comes late is not verified, either (V8)."""
    one = life.any()
    one.received_after = life.draw.choice((30, 31, 259_200, 259_201))
    life.plant(D16=int(one.received_after > 30), D23=int(one.received_after > 259_200))


def _not_planned(life: Life) -> None:
    one = life.any()
    one.planned = False
    life.plant(D17=1)


def _void(life: Life) -> None:
    """A visit that was none answers to no plan, and has nothing else."""
    one = life.any()
    one.seconds, one.correction = 60, Changes(void=True)
    one.plan_seconds = LENGTH
    life.plant(D3=1)


def _extra_by_the_municipality(life: Life) -> None:
    (one,) = life.some(0)
    start = one.end + timedelta(seconds=600)
    life.stays.append(replace(one, caregiver=f"m{one.caregiver}", start=start, seconds=900, planned=False, extra=True))
    life.plant(D24=1)


def _away(life: Life) -> None:
    """Who is in hospital is not missed, and has nothing granted that day."""
    one = life.any()
    one.check_in = one.check_out = False
    life.absences.append(
        Absence(
            id=f"away {one.name}",
            customer_id=one.customer,
            starts_at=at(one.day, 6),
            ends_at=at(one.day, 20),
            cause=AbsenceCause.HOSPITAL,
        )
    )


def _together(life: Life) -> None:
    """A stay at two who live together, 60 km from where the register has the one: of a household, and no journey."""
    second, third = life.some(1, 2)
    second.seconds = int((third.start - second.start).total_seconds()) - 60
    third.household = (third.customer, second.customer)


PLANTS = (
    _off_schedule,
    _length_differs,
    _missed,
    _called_off,
    _check_out_forgotten,
    _check_out_told_afterwards,
    _check_in_forgotten,
    _by_hand,
    _at_anothers_tag,
    _in_two_places,
    _beside_each_other,
    _not_ordered,
    _without_a_price,
    _too_soon_after,
    _very_short,
    _received_late,
    _not_planned,
    _void,
    _extra_by_the_municipality,
    _away,
    _together,
)


def _plant_grants(life: Life) -> None:
    """Of the first customers of some teams too little was granted, of others far too much; all else fits."""
    small, large = life.draw.sample(range(TEAMS), 2)
    life.granted = {customer_of(small, 0): SMALL, customer_of(large, 0): LARGE}
    life.touched.update(dict.fromkeys(life.granted, MOST))
    life.plant(D1=1, D2=1)


def _plant_orders(life: Life) -> None:
    """Some implementation plans come a day late, and one never does; one customer is not visited in time."""
    late = life.draw.sample([customer_of(team, 1) for team in range(TEAMS)], 3)
    life.late_plans = set(late)
    life.plant(D19=len(late))
    team = life.draw.randrange(TEAMS)
    for day in (1, 2, 3):
        one = life.of_day[team, day, 2]
        one.planned = one.check_in = one.check_out = False
    life.touched[customer_of(team, 2)] = MOST
    life.plant(D18=1)


def _plant_phones(life: Life) -> None:
    """Two phones skip, the one twice in the month; a third skip is too young to be asked about."""
    for device, after, when in (("a", 3, 5), ("a", 9, 20), ("b", 7, 11)):
        noticed = at(when, 12)
        life.breaks.append(Break(device_id=device, provider_id="p", after=after, before=after + 3, received_at=noticed))
    young = NOW - timedelta(seconds=172_800)
    life.breaks.append(Break(device_id="c", provider_id="p", after=1, before=3, received_at=young))
    life.plant(D22=2)


def _facts(life: Life) -> Facts:
    customers = [customer_of(team, slot) for team in range(TEAMS) for slot in range(len(SLOTS))]
    caregivers = sorted({one.caregiver for one in life.stays})
    return Facts(
        providers=(
            Provider(id="p", name="Olivia", kind=ProviderKind.PRIVATE),
            Provider(id="q", name="Egen regi", kind=ProviderKind.MUNICIPAL),
        ),
        caregivers=tuple(Caregiver(id=one, provider_id="q" if one[0] == "m" else "p", name=one) for one in caregivers),
        customers=tuple(_customer(one) for one in customers),
        tags=tuple(_tag(one) for one in customers),
        grants=tuple(_grant(one, life.granted.get(one, BASE)) for one in customers),
        orders=tuple(_order(one, one in life.late_plans) for one in customers),
        rates=(a_rate(), a_rate(id="rate of Leksand", municipality=LEKSAND)),
        policies=(_strict(),),
        absences=tuple(life.absences),
        planned_visits=tuple(_plan(one) for one in life.stays if one.planned),
        registrations=tuple(row for one in life.stays for row in _registrations(one)),
        corrections=tuple(_correction(one, one.correction) for one in life.stays if one.correction is not None),
        breaks=tuple(life.breaks),
    )


def _customer(name: str) -> Customer:
    team, slot = (int(part) for part in name[1:].split("-"))
    north = 540_000 if slot == 2 else slot * 9_000
    home = Position(lat_e6=59_000_000 + team * 20_000 + north, lon_e6=18_000_000)
    return Customer(id=name, municipality=municipality_of(name), position=home)


def _tag(customer: str) -> Tag:
    return Tag(id=f"tag {customer}", customer_id=customer, kind=TagKind.NFC, valid_from=date(2014, 1, 1))


def _grant(customer: str, seconds: int) -> Grant:
    return Grant(
        id=f"grant {customer}",
        customer_id=customer,
        services=(Service.PERSONAL_CARE, Service.HOUSEHOLD),
        law=Law.SOL,
        granted_seconds=seconds,
        per=Per.MONTH,
        valid_from=date(2014, 2, 1),
    )


def _order(customer: str, plan_late: bool) -> Order:
    return Order(
        id=f"order {customer}",
        grant_id=f"grant {customer}",
        provider_id="p",
        ordered_at=datetime(2014, 1, 30, 9, tzinfo=UTC),
        chosen_by=ChosenBy.CUSTOMER,
        valid_from=date(2014, 2, 1),
        implementation_plan_received_on=date(2014, 2, 16 if plan_late else 15),
    )


def _strict() -> Policy:
    return Policy(
        id="strict",
        name="least_evidence_grade",
        value=1,
        valid_from=date(2014, 2, STRICT_FROM),
        source="a test",
        municipality=LEKSAND,
    )


def _plan(one: Stay) -> PlannedVisit:
    start = one.plan_start or one.start
    cancelled = None
    if one.cancelled_at is not None:
        cancelled = Cancellation(at=one.cancelled_at, by=CancelledBy.CUSTOMER, reason="away")
    return PlannedVisit(
        id=f"plan {one.name}",
        provider_id="p",
        customer_id=one.customer,
        service=Service.PERSONAL_CARE,
        starts_at=start,
        ends_at=start + timedelta(seconds=one.plan_seconds or one.seconds),
        caregiver_ids=(one.caregiver,),
        cancelled=cancelled,
    )


def _registrations(one: Stay) -> list[Registration]:
    first = replace(_registration(one, RegistrationKind.CHECK_IN, one.start), service=one.service)
    shares = tuple(HouseholdShare(customer_id=customer) for customer in one.household)
    first = replace(first, household=shares, extra_service=one.extra)
    if one.place is not None:
        first = replace(first, place=one.place, customer_id=one.customer)
    received_at = one.end + timedelta(seconds=one.received_after)
    last = _registration(one, RegistrationKind.CHECK_OUT, one.end)
    last = replace(last, visit_id=first.id if one.check_in else None, received_at=received_at, recorded_at=received_at)
    return [row for row, told in ((first, one.check_in), (last, one.check_out)) if told]


def _registration(one: Stay, kind: RegistrationKind, when: datetime) -> Registration:
    told: dict[str, Any] = {"captured_at": when, "received_at": when, "recorded_at": when}
    return Registration(
        id=f"{kind} {one.name}",
        kind=kind,
        caregiver_id=one.caregiver,
        place=Place(method=Method.NFC, text=f"tag {one.customer}"),
        **told,
    )


def _correction(one: Stay, changes: Changes) -> Correction:
    made_at = one.end + timedelta(hours=3)
    return Correction(
        id=f"correction {one.name}",
        visit_id=f"check_in {one.name}",
        changes=changes,
        reason=CorrectionReason.FORGOT_TO_REGISTER,
        note="told by telephone",
        made_by="coordinator",
        made_at=made_at,
        approved_by="second",
        approved_at=made_at + timedelta(hours=1),
        recorded_at=made_at + timedelta(hours=1),
    )
