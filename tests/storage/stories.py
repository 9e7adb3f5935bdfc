"""Untidy days at two customers' doors, another for every seed: what phones send, and in which order it arrives."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.actions.access.tokens import Claims
from app.actions.references import Draft, Named
from app.actions.visits.record import Arriving, Doorway
from app.actions.visits.tell import Faces
from app.rules.access import Resource, Role
from app.rules.orders import ChosenBy, Grant, Order, Per
from app.rules.people import Caregiver, Customer
from app.rules.plans import PlannedVisit
from app.rules.providers import CareSystem, Law, Provider, ProviderKind, Service
from app.rules.tags import ManualReason, Method, Place, Tag, TagKind
from app.rules.visits.values import Anchor, Clock, Registration, RegistrationKind, Sent
from app.settings import Settings
from app.storage.access import Subject
from app.storage.database import Database
from app.storage.ids import new_id
from app.storage.orders import GRANT, ORDER
from app.storage.people import CAREGIVER, CUSTOMER
from app.storage.plans import PLANNED_VISIT
from app.storage.providers import CARE_SYSTEM, PROVIDER
from app.storage.records import insert
from app.storage.tags import TAG
from tests.accounts import keep_client

EARLY = datetime(2014, 1, 1, 9, tzinfo=UTC)
MORNING = datetime(2014, 2, 3, 7, tzinfo=UTC)
SERVICES = (None, None, Service.PERSONAL_CARE, Service.ESCORT)
SILENT = Faces(registration=lambda _: {}, visit=lambda _: {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Village:
    """A care system of two customers and three caregivers of one provider, and the client that speaks for them."""

    care_system_id: str
    claims: Claims
    provider_id: str
    caregiver_ids: tuple[str, ...]
    customer_ids: tuple[str, ...]
    plan_ids: tuple[str, ...]
    tags: dict[str, str]
    names: dict[str, str]


def keep_village(database: Database, operator: Any, chance: random.Random) -> Village:
    """The village, with a few planned visits at random times."""
    cs, provider, by = new_id(), new_id(), "nobody"
    caregivers, customers = tuple(new_id() for _ in range(3)), tuple(new_id() for _ in range(2))
    plans = tuple(_plan(chance, provider, caregivers, customers) for _ in range(chance.randrange(6)))
    tags = {one: f"04{number:012X}" for number, one in enumerate(customers)}
    with database.transaction() as tx:
        insert(tx, CARE_SYSTEM, cs, CareSystem(id=cs, recorded_at=EARLY, name="A", municipalities=("2029",)), by=by)
        insert(tx, PROVIDER, cs, Provider(id=provider, recorded_at=EARLY, name="A", kind=ProviderKind.PRIVATE), by=by)
        for one in caregivers:
            insert(tx, CAREGIVER, cs, Caregiver(id=one, recorded_at=EARLY, provider_id=provider, name="A"), by=by)
        for number, one in enumerate(customers):
            insert(tx, CUSTOMER, cs, Customer(id=one, recorded_at=EARLY, municipality="2029"), by=by)
            insert(tx, TAG, cs, _tag(one, tags[one]), by=by)
            _order(tx, cs, one, provider, Service.ESCORT if number else Service.PERSONAL_CARE)
        for plan in plans:
            insert(tx, PLANNED_VISIT, cs, plan, by=by)
    client, _ = keep_client(database, operator, Role.MEASURING_CLIENT, care_system_id=cs)
    claims = Claims(subject=Subject.CLIENT, actor_id=client.id, session_id=None, expires_at=1 << 40, care_system_id=cs)
    return Village(
        care_system_id=cs, claims=claims, provider_id=provider, caregiver_ids=caregivers, customer_ids=customers,
        plan_ids=tuple(one.id for one in plans), tags=tags, names={},
    )  # fmt: skip


def _plan(
    chance: random.Random, provider: str, caregivers: tuple[str, ...], customers: tuple[str, ...]
) -> PlannedVisit:
    starts_at = MORNING + timedelta(minutes=10 * chance.randrange(60))
    return PlannedVisit(
        id=new_id(), recorded_at=EARLY, provider_id=provider, customer_id=chance.choice(customers),
        caregiver_ids=tuple(chance.sample(caregivers, chance.choice((0, 1, 1, 2)))),
        service=chance.choice((Service.PERSONAL_CARE, Service.ESCORT)), starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=45),
    )  # fmt: skip


def _tag(customer: str, uid: str) -> Tag:
    return Tag(
        id=new_id(), recorded_at=EARLY, customer_id=customer, kind=TagKind.NFC, uid=uid, valid_from=date(2014, 1, 1)
    )


def _order(tx: Any, cs: str, customer: str, provider: str, service: Service) -> None:
    grant = Grant(
        id=new_id(), recorded_at=EARLY, customer_id=customer, services=(service,), law=Law.SOL,
        granted_seconds=36_000, per=Per.MONTH, valid_from=date(2014, 1, 1),
    )  # fmt: skip
    order = Order(
        id=new_id(), recorded_at=EARLY, grant_id=grant.id, provider_id=provider, ordered_at=EARLY,
        chosen_by=ChosenBy.CUSTOMER, valid_from=date(2014, 1, 1),
    )  # fmt: skip
    insert(tx, GRANT, cs, grant, by="nobody")
    insert(tx, ORDER, cs, order, by="nobody")


@dataclass(slots=True)
class Phone:
    """A caregiver's phone: what its clocks show at a true instant. Its wall clock may be wrong, its boot may end."""

    chance: random.Random
    boot_id: str = ""
    begun: datetime = EARLY
    wrong: timedelta = timedelta()
    serial: int = 0

    def live(self, at: datetime) -> None:
        """Now and then it is started again, or somebody sets its clock."""
        if not self.boot_id or self.chance.random() < 0.15:
            self.boot_id, self.begun = new_id(), at - timedelta(minutes=self.chance.randrange(90))
        if self.chance.random() < 0.1:
            self.wrong = self.chance.choice(
                (timedelta(), timedelta(minutes=-50), timedelta(hours=3), timedelta(days=1))
            )

    def clock(self, at: datetime) -> Clock | None:
        """What it tells of its clocks; some phones tell nothing."""
        self.serial += 1
        if self.chance.random() < 0.3:
            return None
        anchor = None
        if self.chance.random() < 0.5:
            seen = max(self.begun, at - timedelta(minutes=self.chance.randrange(30)))
            anchor = Anchor(server_at=seen, elapsed_ms=self.elapsed_ms(seen), boot_id=self.boot_id)
        return Clock(elapsed_ms=self.elapsed_ms(at), boot_id=self.boot_id, sequence=self.serial, anchor=anchor)

    def elapsed_ms(self, at: datetime) -> int:
        """Milliseconds since its boot began."""
        return int((at - self.begun).total_seconds()) * 1000


def story(village: Village, chance: random.Random) -> list[tuple[Registration, datetime]]:
    """What is registered, in the order in which it happens, each with the true instant."""
    phones = {one: Phone(chance) for one in village.caregiver_ids}
    told: list[tuple[Registration, datetime]] = []
    ids: list[str] = []
    at = MORNING
    for _ in range(chance.randint(3, 12)):
        at += timedelta(minutes=chance.choice((0, 1, 10, 10, 20, 30, 60, 60, 800)))
        caregiver = chance.choice(village.caregiver_ids)
        phone = phones[caregiver]
        phone.live(at)
        one = _registered(village, chance, caregiver, phone, at, ids)
        ids.append(one.id)
        told.append((one, at))
    return told


def _registered(
    village: Village, chance: random.Random, caregiver: str, phone: Phone, at: datetime, ids: list[str]
) -> Registration:
    kinds = [*RegistrationKind] + [RegistrationKind.CHECK_IN, RegistrationKind.CHECK_OUT] * 3
    kind = chance.choice(kinds)
    named = chance.choice([None, None, None, None, *ids[-3:], new_id()])
    clock, manual = phone.clock(at), chance.random() < 0.15
    sent = None
    if clock is not None and chance.random() < 0.5:
        sent = Sent(elapsed_ms=clock.elapsed_ms + 5_000, boot_id=clock.boot_id)
    return Registration(
        id=new_id(),
        kind=kind,
        caregiver_id=caregiver,
        captured_at=at + phone.wrong,
        received_at=at,
        stated_at=at - timedelta(minutes=40) if manual and chance.random() < 0.5 else None,
        place=_place(village, chance, manual),
        captured_text="as captured",
        visit_id=(named or new_id()) if kind is RegistrationKind.VISIT_NOTE else named,
        planned_visit_id=chance.choice([None] * 6 + [*village.plan_ids]),
        customer_id=chance.choice(village.customer_ids) if chance.random() < 0.15 else None,
        service=chance.choice(SERVICES) or (Service.HOUSEHOLD if kind is RegistrationKind.CHANGE_SERVICE else None),
        clock=clock,
        sent=sent,
        extra_service=chance.random() < 0.05,
    )


def _place(village: Village, chance: random.Random, manual: bool) -> Place:
    if manual:
        return Place(method=Method.MANUAL, reason=ManualReason.PHONE_FAILED)
    uid = chance.choice([*village.tags.values(), *village.tags.values(), "04FFFFFFFFFFFF"])
    return Place(method=Method.NFC, uid=uid)


def arriving(one: Registration) -> Arriving:
    """The registration as the API would hand it on."""
    names = {"caregiver": one.caregiver_id, "customer": one.customer_id, "planned_visit": one.planned_visit_id}
    named = tuple(
        Named(resource=Resource(name), id=told, external=False, pointer=f"/{name}_id")
        for name, told in names.items()
        if told is not None
    )
    own = ("received_at", "recorded_at", "by_measuring_client", "version")
    fields = {name: getattr(one, name) for name in Registration.__dataclass_fields__ if name not in own}
    return Arriving(id=one.id, content_hash=one.id, draft=Draft(named=named, complete=lambda _: dict(fields)))


def doorway(database: Database, settings: Settings, village: Village, now: datetime) -> Doorway:
    """The door at the instant."""
    return Doorway(database=database, settings=settings, claims=village.claims, now=now, faces=SILENT)
