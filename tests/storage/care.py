"""A small care system for the tests of the store: every field of every value says something."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.rules.access import Scope
from app.rules.billing import BillingParty, ElectronicScheme
from app.rules.extensions import (
    Amended,
    Completion,
    Decision,
    DecisionOutcome,
    Document,
    Extension,
    ExtensionCause,
)
from app.rules.orders import ChosenBy, Grant, Order, Per
from app.rules.people import Absence, AbsenceCause, Caregiver, Customer, Education, Position, Protection, Relative
from app.rules.plans import Cancellation, CancelledBy, PlannedVisit
from app.rules.policies import Policy
from app.rules.providers import Accreditation, CareSystem, Law, Provider, ProviderKind, Service
from app.rules.rates import Band, Holidays, Rate, Window
from app.rules.sun import SunMacInput, SunMode, SunParameters, SunSetup
from app.rules.tags import ManualReason, Method, Place, Reading, Tag, TagKind, TagProblem, TagState
from app.rules.visits.values import (
    Activity,
    Anchor,
    Clock,
    ClockGrade,
    ClockReading,
    End,
    HouseholdShare,
    Outcome,
    Registration,
    RegistrationKind,
    Resolved,
    Sent,
    ServiceChange,
    TapCause,
    TapDoubt,
    Visit,
    VisitState,
)
from app.storage.billing import BILLING_PARTY
from app.storage.conflicts import FOREIGN_KEY
from app.storage.database import Database, Transaction
from app.storage.orders import GRANT, ORDER
from app.storage.people import ABSENCE, CAREGIVER, CUSTOMER
from app.storage.plans import PLANNED_VISIT
from app.storage.policies import insert_policy
from app.storage.providers import ACCREDITATION, CARE_SYSTEM, PROVIDER
from app.storage.rates import insert_rate
from app.storage.records import Master, insert
from app.storage.tags import TAG

CS = "cs"
BY = "somebody"
NOON = datetime(2014, 2, 3, 12, 0, 0, tzinfo=UTC)
EARLY = datetime(2014, 1, 1, 9, 0, 0, tzinfo=UTC)

SYSTEM = CareSystem(
    id=CS, external_id="their-system", recorded_at=EARLY, name="Leksand och Rättvik", municipalities=("2029", "2031")
)
OLIVIA = Provider(
    id="olivia",
    external_id="their-olivia",
    recorded_at=EARLY,
    name="Olivia",
    kind=ProviderKind.PRIVATE,
    organisation_number="556677-8899",
    position=Position(lat_e6=60_730_000, lon_e6=14_990_000),
)
MUNICIPAL = Provider(id="municipal", recorded_at=EARLY, name="Egen regi", kind=ProviderKind.MUNICIPAL)
ACCREDITED = Accreditation(
    id="accreditation",
    external_id="their-accreditation",
    recorded_at=EARLY,
    provider_id="olivia",
    municipality="2029",
    service=Service.PERSONAL_CARE,
    law=Law.SOL,
    target_group="över 65",
    valid_from=date(2014, 1, 1),
    valid_before=date(2016, 1, 1),
    ceiling_seconds_per_week=3_600_000,
    takes_no_choice=True,
)
BILLED = BillingParty(
    id="party",
    external_id="their-party",
    recorded_at=EARLY,
    provider_id="olivia",
    name="Olivia AB",
    organisation_number="556677-8899",
    street="Norsgatan 1",
    postal_code="793 30",
    city="Leksand",
    electronic_scheme=ElectronicScheme.GLN,
    electronic_id="7365565566556",
    vat_registered=True,
    vat_identifier="SE556677889901",
    f_tax=True,
    bankgiro="9912346",
    plusgiro="1234566",
    iban="SE4550000000058398257466",
    buyer_reference="Olle",
    payment_days=20,
    cost_account="4631",
    settlement_account="7999",
    cost_centre="HT1",
)
BILLED_TO = BillingParty(
    id="their-party",
    recorded_at=EARLY,
    municipality="2029",
    name="Leksands kommun",
    organisation_number="212000-0167",
    street="Storgatan 1",
    postal_code="793 31",
    city="Leksand",
)
ANNA = Customer(
    id="anna",
    external_id="their-anna",
    recorded_at=EARLY,
    municipality="2029",
    name="Anna",
    birth_year=1931,
    protection=Protection.CONFIDENTIAL,
    position=Position(lat_e6=60_733_000, lon_e6=15_000_000, accuracy_m=5),
)
BO = Customer(id="bo", recorded_at=EARLY, municipality="2031")
CIA = Customer(id="cia", recorded_at=EARLY, municipality="2031")
EVA = Caregiver(
    id="eva",
    external_id="their-eva",
    recorded_at=EARLY,
    provider_id="olivia",
    name="Eva",
    education=Education.APPROVED,
    relative_of=(Relative(customer_id="anna", reason="dotter", notified_on=date(2013, 12, 1)),),
)
DAN = Caregiver(id="dan", recorded_at=EARLY, provider_id="municipal", name="Dan")
AWAY = Absence(
    id="absence",
    external_id="their-absence",
    recorded_at=EARLY,
    customer_id="anna",
    starts_at=NOON,
    ends_at=NOON + timedelta(days=2),
    cause=AbsenceCause.HOSPITAL,
)
TAG_OF_ANNA = Tag(
    id="tag-anna",
    external_id="their-tag",
    recorded_at=EARLY,
    customer_id="anna",
    kind=TagKind.NFC,
    uid="04A2245A6F6180",
    state=TagState.MOUNTED,
    valid_from=date(2014, 1, 1),
    valid_before=date(2020, 1, 1),
    sun=SunSetup(
        mode=SunMode.PLAIN,
        mac_input=SunMacInput.ENC,
        parameters=SunParameters(cmac="c", enc="e"),
        keys="sealed",
    ),
)
GRANTED = Grant(
    id="grant",
    external_id="their-grant",
    recorded_at=EARLY,
    customer_id="anna",
    services=(Service.PERSONAL_CARE, Service.HOUSEHOLD),
    law=Law.SOL,
    granted_seconds=36_000,
    per=Per.WEEK,
    every=2,
    double_staffed_seconds=3_600,
    target_group="Över 65",
    valid_from=date(2014, 1, 1),
    valid_before=date(2015, 1, 1),
)
ORDERED = Order(
    id="order",
    external_id="their-order",
    recorded_at=EARLY,
    grant_id="grant",
    provider_id="olivia",
    ordered_at=EARLY,
    chosen_by=ChosenBy.NO_CHOICE,
    ordered_seconds=18_000,
    valid_from=date(2014, 1, 3),
    valid_before=date(2014, 12, 1),
    implementation_plan_received_on=date(2014, 1, 10),
)
PLANNED = PlannedVisit(
    id="plan",
    external_id="their-plan",
    recorded_at=EARLY,
    provider_id="olivia",
    customer_id="anna",
    service=Service.PERSONAL_CARE,
    starts_at=NOON,
    ends_at=NOON + timedelta(minutes=45),
    household=("anna", "bo"),
    caregiver_ids=("eva",),
    grant_id="grant",
    activities=("dusch",),
    cancelled=Cancellation(at=NOON + timedelta(hours=1), by=CancelledBy.CUSTOMER, reason="på resa"),
)
PRICE = Rate(
    id="rate",
    external_id="their-rate",
    recorded_at=EARLY,
    municipality="2029",
    service=Service.PERSONAL_CARE,
    ore_per_hour=Decimal("37000.50"),
    valid_from=date(2014, 1, 1),
    source="SÄN 2013/96",
    law=Law.SOL,
    provider_kind=ProviderKind.PRIVATE,
    band=Band(
        name="kväll",
        windows=(Window(weekdays=(1, 2, 3, 4), start_minute=1_140, before_minute=1_350),),
        holidays=Holidays.EXCLUDE,
    ),
    valid_before=date(2015, 1, 1),
)
CAP = Policy(
    id="policy",
    external_id="their-policy",
    recorded_at=EARLY,
    name="cap",
    value="none",
    valid_from=date(2014, 1, 1),
    source="KF 2014",
    municipality="2029",
)
STAY = Policy(
    id="stay", recorded_at=EARLY, name="longest_stay_seconds", value=43_200, valid_from=EARLY.date(), source="KF"
)

MASTER: tuple[tuple[Master[Any], Any], ...] = (
    (CARE_SYSTEM, SYSTEM),
    (PROVIDER, OLIVIA),
    (PROVIDER, MUNICIPAL),
    (ACCREDITATION, ACCREDITED),
    (CUSTOMER, ANNA),
    (CUSTOMER, BO),
    (CUSTOMER, CIA),
    (CAREGIVER, EVA),
    (CAREGIVER, DAN),
    (ABSENCE, AWAY),
    (TAG, TAG_OF_ANNA),
    (GRANT, GRANTED),
    (ORDER, ORDERED),
    (PLANNED_VISIT, PLANNED),
    (BILLING_PARTY, BILLED),
    (BILLING_PARTY, BILLED_TO),
)
"""Every kind of master data, each after what it refers to."""


def settle(database: Database) -> None:
    """The care system and everything in it is kept."""
    with database.transaction() as tx:
        for master, value in MASTER:
            insert(tx, master, CS, value, by=BY)
        insert_rate(tx, CS, PRICE, by=BY)
        insert_policy(tx, CS, CAP, by=BY)
        insert_policy(tx, CS, STAY, by=BY)


def scope(**limits: Any) -> Scope:
    """The care system, or as much of it as the limits leave."""
    told = {"municipality": None, "provider_id": None, "caregiver_id": None, "with_names": True, **limits}
    return Scope(**{"care_system_id": CS, **told})


def registered(
    registration_id: str,
    kind: RegistrationKind,
    at: datetime,
    *,
    caregiver_id: str = "eva",
    customer_id: str | None = "anna",
    visit_id: str | None = None,
    **more: Any,
) -> Resolved:
    """A registration made by tag, with what it came to."""
    told = Registration(
        id=registration_id,
        recorded_at=at,
        kind=kind,
        caregiver_id=caregiver_id,
        captured_at=at,
        captured_text=at.isoformat(),
        received_at=at,
        place=Place(method=Method.NFC, uid="04A2245A6F6180"),
        visit_id=visit_id,
        **more,
    )
    return Resolved(
        registration=told,
        at=at,
        clock=ClockReading(corrected_at=at, grade=ClockGrade.VERIFIED),
        provider_id="olivia" if caregiver_id == "eva" else "municipal",
        reading=Reading(tag_id="tag-anna", customer_id=customer_id),
        customer_id=customer_id,
        evidence_grade=1,
    )


def check_in(registration_id: str, at: datetime, **more: Any) -> Resolved:
    """A check-in by tag."""
    return registered(registration_id, RegistrationKind.CHECK_IN, at, **more)


def check_out(registration_id: str, at: datetime, **more: Any) -> Resolved:
    """A check-out by tag."""
    return registered(registration_id, RegistrationKind.CHECK_OUT, at, **more)


WHOLE_REGISTRATION = Resolved(
    registration=Registration(
        id="whole",
        external_id="their-whole",
        recorded_at=NOON + timedelta(seconds=5),
        kind=RegistrationKind.CHECK_OUT,
        caregiver_id="eva",
        captured_at=NOON,
        captured_text="2014-02-03T13:00:00.9+01:00",
        stated_at=NOON - timedelta(minutes=3),
        stated_text="2014-02-03T12:57:00+01:00",
        received_at=NOON + timedelta(seconds=4),
        visit_id="begun",
        planned_visit_id="plan",
        customer_id="anna",
        service=Service.HOUSEHOLD,
        place=Place(
            method=Method.MANUAL,
            text="https://hemtid.example/t/x",
            uid="04",
            reason=ManualReason.OTHER,
            note="taggen låg i ån",
            position=Position(lat_e6=60_733_001, lon_e6=-15_000_001, accuracy_m=12),
        ),
        clock=Clock(
            elapsed_ms=5_000_000_000,
            boot_id="boot",
            sequence=17,
            anchor=Anchor(server_at=NOON - timedelta(hours=1), elapsed_ms=4_000, boot_id="boot"),
        ),
        sent=Sent(elapsed_ms=5_000_000_900, boot_id="boot"),
        activities=(Activity(code="dusch", outcome=Outcome.DECLINED), Activity(code="mat", outcome=Outcome.DONE)),
        extra_service=True,
        household=(HouseholdShare(customer_id="anna", share=2), HouseholdShare(customer_id="bo")),
        by_measuring_client=True,
        device_id="phone",
    ),
    at=NOON - timedelta(minutes=3),
    clock=ClockReading(corrected_at=NOON + timedelta(seconds=1), grade=ClockGrade.ESTIMATED, apart_seconds=3),
    provider_id="olivia",
    reading=Reading(tag_id="tag-anna", customer_id="bo", problem=TagProblem.REVOKED, counter=7),
    customer_id="anna",
    evidence_grade=2,
)

WHOLE_END = End(
    registration_id="whole",
    at=NOON,
    method=Method.MANUAL,
    reason=ManualReason.TAG_DAMAGED,
    stated=True,
    customer_id="anna",
    names_visit=True,
    tag_id="tag-anna",
    tag_customer_id="bo",
    tag_problem=TagProblem.FORGED,
    clock_grade=ClockGrade.ESTIMATED,
    apart_seconds=3,
    late_seconds=4,
    evidence_grade=1,
    doubt=TapDoubt(cause=TapCause.OUT_OF_ORDER, counter=7, registration_id="other"),
)

WHOLE_VISIT = Visit(
    id="visit",
    caregiver_id="eva",
    provider_id="olivia",
    state=VisitState.COMPLETE,
    starts_at=NOON,
    ends_at=NOON + timedelta(seconds=2_840),
    registered_starts_at=NOON + timedelta(seconds=1),
    registered_ends_at=NOON + timedelta(seconds=2_841),
    customer_id="anna",
    service=Service.PERSONAL_CARE,
    check_in=WHOLE_END,
    check_out=replace(WHOLE_END, reason=None, tag_problem=None, apart_seconds=None, tag_id=None),
    superseded=True,
    evidence_grade=1,
    clock_grade=ClockGrade.UNVERIFIED,
    registration_ids=("visit", "whole"),
    recorded_at=NOON + timedelta(hours=1),
    planned_visit_id="plan",
    named_plan=True,
    extra_service=True,
    service_changes=(
        ServiceChange(at=NOON + timedelta(minutes=9), service=Service.HOUSEHOLD, registration_id="change"),
    ),
    household=(HouseholdShare(customer_id="anna", share=2), HouseholdShare(customer_id="bo")),
    activities=(Activity(code="mat", outcome=Outcome.DONE),),
    corrected=True,
    correction_ids=("correction",),
)

EXTENDED = Extension(
    id="extension",
    external_id="their-extension",
    recorded_at=NOON,
    provider_id="olivia",
    customer_id="anna",
    service=Service.PERSONAL_CARE,
    month="2014-02",
    requested_seconds=1_800,
    cause=ExtensionCause.FALL,
    justification="Anna föll i badrummet.",
    requested_by="samordnare",
    requested_at=NOON,
    visit_ids=("visit",),
    days=(date(2014, 2, 3),),
    documents=("läkarbrev",),
)

DECIDED = Decision(
    id="decision",
    recorded_at=NOON + timedelta(days=1),
    extension_id="extension",
    outcome=DecisionOutcome.PARTLY_APPROVED,
    reasons="Halva tiden.",
    reviewer="handläggare",
    decided_at=NOON + timedelta(days=1),
    approved_seconds=900,
)

COMPLETED = Completion(
    id="completion",
    extension_id="extension",
    by="samordnare",
    at=NOON + timedelta(hours=1),
    before=Amended(
        requested_seconds=1_800,
        cause=ExtensionCause.FALL,
        justification="Anna föll i badrummet.",
        visit_ids=("visit",),
        days=(date(2014, 2, 3),),
    ),
    after=Amended(
        requested_seconds=2_700,
        cause=ExtensionCause.WAITING_FOR_AMBULANCE,
        justification="Anna föll i badrummet; ambulansen kom efter 45 minuter.",
        visit_ids=(),
        days=(date(2014, 2, 3), date(2014, 2, 4)),
    ),
)

ATTACHED = Document(
    id="document",
    extension_id="extension",
    name="läkarbrev.pdf",
    media_type="application/pdf",
    size=8,
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    by="samordnare",
    at=NOON + timedelta(hours=1),
)


def insert_all(tx: Transaction, *values: tuple[Master[Any], Any]) -> None:
    """More master data are kept."""
    for master, value in values:
        insert(tx, master, CS, value, by=BY)


def names_a_reference(key: str | None) -> bool:
    """True where the violated key is a reference to something that is not there; SQLite does not tell which."""
    return key is not None and key.startswith(("fk_", FOREIGN_KEY))
