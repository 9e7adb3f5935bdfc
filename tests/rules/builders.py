"""Facts with readable defaults, on a Monday in February 2014.

One provider `p`, its caregivers `c` and `c2`, customers `k` and `k2` of Nacka, each with a tag at the door, a grant of
100 hours of personal care a month, and an order. A test says only what it is about:
`judged(a_check_in("08:00"), a_check_out("08:47:20"))`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from app.rules.deviations.explain import Explained
from app.rules.deviations.facts import Facts
from app.rules.deviations.judge import Judgement, judge
from app.rules.deviations.setting import resolve_all
from app.rules.deviations.values import Effect, Explanation, Rule, Verdict, VerdictOutcome
from app.rules.extensions import Decision, Extension
from app.rules.orders import ChosenBy, Grant, Order, Per
from app.rules.people import Absence, AbsenceCause, Caregiver, Customer
from app.rules.plans import Cancellation, CancelledBy, PlannedVisit
from app.rules.policies import Policy
from app.rules.providers import Accreditation, Law, Provider, ProviderKind, Service
from app.rules.rates import Rate
from app.rules.tags import ManualReason, Method, Place, Tag, TagKind
from app.rules.time import BEGINNING, parse_instant, shift
from app.rules.visits.values import (
    Anchor,
    Changes,
    Clock,
    Correction,
    CorrectionReason,
    Registration,
    RegistrationKind,
    Resolved,
    Sent,
    Visit,
)

NACKA = "0182"
MONDAY = "2014-02-03"
LATER = "2014-03-05T18:00:00+01:00"
"""The usual `now`: the lock of February 2014."""

Kind = TypeVar("Kind")


def at(when: str, day: str = MONDAY) -> datetime:
    """`08:00` or `08:00:30` of a winter day in Stockholm, or any RFC 3339 instant."""
    if "T" in when:
        return parse_instant(when)
    return parse_instant(f"{day}T{when if when.count(':') == 2 else when + ':00'}+01:00")


def a_provider(id: str = "p", *, kind: ProviderKind = ProviderKind.PRIVATE) -> Provider:
    """A provider, private unless told."""
    return Provider(id=id, name=f"Provider {id}", kind=kind)


def a_caregiver(
    id: str = "c", *, provider: str = "p", recorded_at: datetime = BEGINNING, version: int = 1
) -> Caregiver:
    """A caregiver of `p`."""
    return Caregiver(id=id, provider_id=provider, name=f"Caregiver {id}", recorded_at=recorded_at, version=version)


def a_customer(id: str = "k", *, municipality: str = NACKA, **more: Any) -> Customer:
    """A customer in Nacka."""
    return Customer(id=id, municipality=municipality, **more)


def a_tag(id: str | None = None, *, customer: str = "k", valid_from: str = "2014-01-01", **more: Any) -> Tag:
    """The NFC tag `tag k` at the door of `k`."""
    return Tag(
        id=id or f"tag {customer}",
        customer_id=customer,
        kind=TagKind.NFC,
        valid_from=date.fromisoformat(valid_from),
        **more,
    )


def a_grant(id: str | None = None, *, customer: str = "k", hours: int = 100, **more: Any) -> Grant:
    """100 hours of personal care a month under SoL, from New Year 2014."""
    told: dict[str, Any] = {
        "services": (Service.PERSONAL_CARE,),
        "law": Law.SOL,
        "granted_seconds": hours * 3600,
        "per": Per.MONTH,
        "valid_from": date(2014, 1, 1),
    }
    return Grant(id=id or f"grant {customer}", customer_id=customer, **{**told, **more})


def an_order(id: str | None = None, *, customer: str = "k", provider: str = "p", **more: Any) -> Order:
    """The whole grant of `k`, placed with `p` in time for New Year 2014."""
    told: dict[str, Any] = {
        "grant_id": f"grant {customer}",
        "ordered_at": at("2013-12-20T09:00:00+01:00"),
        "chosen_by": ChosenBy.CUSTOMER,
        "valid_from": date(2014, 1, 1),
    }
    return Order(id=id or f"order {customer}", provider_id=provider, **{**told, **more})


def a_rate(
    service: Service = Service.PERSONAL_CARE, *, ore: int = 37_000, valid_from: str = "2010-01-01", **more: Any
) -> Rate:
    """370 kr an hour in Nacka, for everybody, from before every visit."""
    told: dict[str, Any] = {
        "municipality": NACKA,
        "source": "SÄN 2013/96",
        "valid_from": date.fromisoformat(valid_from),
    }
    return Rate(id=more.pop("id", f"rate {service}"), service=service, ore_per_hour=Decimal(ore), **{**told, **more})


def a_policy(
    name: str, value: int | str, *, municipality: str | None = NACKA, valid_from: str = "2010-01-01"
) -> Policy:
    """Nacka's own value of a policy, from before every visit."""
    day = date.fromisoformat(valid_from)
    return Policy(
        id=f"{name} {day} {municipality}",
        name=name,
        value=value,
        valid_from=day,
        source="a test",
        municipality=municipality,
    )


def a_planned_visit(
    starts: str = "08:00",
    ends: str = "09:00",
    *,
    id: str = "plan",
    customer: str = "k",
    provider: str = "p",
    **more: Any,
) -> PlannedVisit:
    """Personal care at `k`, planned from 08:00 to 09:00, for nobody in particular."""
    return PlannedVisit(
        id=id,
        provider_id=provider,
        customer_id=customer,
        service=more.pop("service", Service.PERSONAL_CARE),
        starts_at=at(starts),
        ends_at=at(ends),
        **more,
    )


def cancelled(when: str, by: CancelledBy = CancelledBy.CUSTOMER) -> Cancellation:
    """A planned visit called off at the instant."""
    return Cancellation(at=at(when), by=by, reason="away")


def an_absence(starts: str, ends: str | None, *, customer: str = "k", id: str = "absence") -> Absence:
    """The customer is in hospital from one instant until another."""
    return Absence(
        id=id,
        customer_id=customer,
        starts_at=at(starts),
        ends_at=None if ends is None else at(ends),
        cause=AbsenceCause.HOSPITAL,
    )


def at_the_door(customer: str = "k") -> Place:
    """The customer's NFC tag, read."""
    return Place(method=Method.NFC, text=f"tag {customer}")


def by_hand(reason: ManualReason = ManualReason.PHONE_FAILED) -> Place:
    """No tag read, for a reason."""
    return Place(method=Method.MANUAL, reason=reason)


def a_clock(elapsed_seconds: float, *, boot: str = "boot", anchor: Anchor | None = None, sequence: int = 1) -> Clock:
    """The phone's elapsed clock, so many seconds after it was started."""
    return Clock(elapsed_ms=round(elapsed_seconds * 1000), boot_id=boot, sequence=sequence, anchor=anchor)


def an_anchor(server: str, elapsed_seconds: float, *, boot: str = "boot") -> Anchor:
    """A server time that the phone saw, and what its elapsed clock showed then."""
    return Anchor(server_at=at(server), elapsed_ms=round(elapsed_seconds * 1000), boot_id=boot)


def sent(elapsed_seconds: float, *, boot: str = "boot") -> Sent:
    """What the elapsed clock showed when the phone sent."""
    return Sent(elapsed_ms=round(elapsed_seconds * 1000), boot_id=boot)


def a_registration(kind: RegistrationKind, when: str, id: str, **more: Any) -> Registration:
    """A registration by `c` at the door of `k`, received as it was captured. `door` names another customer's door."""
    captured = at(when)
    received = at(more.pop("received")) if "received" in more else captured
    stated = more.pop("stated", None)
    told: dict[str, Any] = {
        "caregiver_id": more.pop("caregiver", "c"),
        "place": at_the_door(more.pop("door", "k")),
        "stated_at": None if stated is None else at(stated),
        "recorded_at": received,
    }
    return Registration(id=id, kind=kind, captured_at=captured, received_at=received, **{**told, **more})


def a_check_in(when: str = "08:00", *, id: str | None = None, **more: Any) -> Registration:
    """A check-in; its id is `in` and the time unless told."""
    return a_registration(RegistrationKind.CHECK_IN, when, id or f"in {when}", **more)


def a_check_out(when: str = "09:00", *, id: str | None = None, names: str | None = None, **more: Any) -> Registration:
    """A check-out, `out` and the time, of the visit that it names or of none."""
    return a_registration(RegistrationKind.CHECK_OUT, when, id or f"out {when}", visit_id=names, **more)


def a_change(
    when: str, service: Service, *, id: str | None = None, names: str | None = None, **more: Any
) -> Registration:
    """A change of service, `change` and the time."""
    told = {"service": service, "visit_id": names, **more}
    return a_registration(RegistrationKind.CHANGE_SERVICE, when, id or f"change {when}", **told)


def a_note(when: str, *, names: str, id: str | None = None, **more: Any) -> Registration:
    """A note about the visit that it names."""
    return a_registration(RegistrationKind.VISIT_NOTE, when, id or f"note {when}", visit_id=names, **more)


def a_correction(
    visit: str = "in 08:00", *, id: str = "correction", approved: str | None = "2014-02-05T09:00:00+01:00", **more: Any
) -> Correction:
    """A correction made by `coordinator` and approved by `second`, of what the other words say: `ends_at="08:45"`."""
    names = ("starts_at", "ends_at", "customer_id", "service", "void")
    changes = {name: more.pop(name) for name in names if name in more}
    for name in ("starts_at", "ends_at"):
        if name in changes:
            changes[name] = at(changes[name])
    approved_at = None if approved is None else at(approved)
    told: dict[str, Any] = {
        "reason": CorrectionReason.FORGOT_TO_REGISTER,
        "note": "told by telephone",
        "made_by": "coordinator",
        "made_at": at("2014-02-04T09:00:00+01:00"),
        "approved_by": None if approved is None else "second",
        "recorded_at": approved_at or at("2014-02-04T09:00:00+01:00"),
    }
    return Correction(id=id, visit_id=visit, changes=Changes(**changes), approved_at=approved_at, **{**told, **more})


def an_explanation(
    rule: str,
    subject: str | None = "in 08:00",
    *,
    accepted: str | None = None,
    rejected: str | None = None,
    id: str = "explanation",
    **more: Any,
) -> Explanation:
    """The provider's reason for one deviation, with a verdict where one is told."""
    when = accepted or rejected
    outcome = VerdictOutcome.ACCEPTED if accepted else VerdictOutcome.REJECTED
    bound = more.pop("bound_facts", None)
    verdict = None if when is None else Verdict(outcome=outcome, by="case officer", at=at(when), bound_facts=bound)
    told: dict[str, Any] = {"reason": "other", "note": "as agreed", "recorded_at": at("2014-02-20T09:00:00+01:00")}
    return Explanation(id=id, rule=Rule(rule), subject_id=subject, verdict=verdict, **{**told, **more})


_FIELDS: dict[type, str] = {
    Provider: "providers",
    Accreditation: "accreditations",
    Caregiver: "caregivers",
    Customer: "customers",
    Absence: "absences",
    Tag: "tags",
    Grant: "grants",
    Order: "orders",
    Rate: "rates",
    Policy: "policies",
    PlannedVisit: "planned_visits",
    Registration: "registrations",
    Correction: "corrections",
    Extension: "extensions",
    Decision: "decisions",
    Explanation: "explanations",
}


def _usual() -> tuple[object, ...]:
    both = ("k", "k2")
    return (
        a_provider(),
        a_caregiver("c"),
        a_caregiver("c2"),
        *(a_customer(one) for one in both),
        *(a_tag(customer=one) for one in both),
        *(a_grant(customer=one) for one in both),
        *(an_order(customer=one) for one in both),
        a_rate(),
    )


def some_facts(*told: object, without: Iterable[type] = (), **more: Any) -> Facts:
    """The usual facts and those told; one told with a usual id takes its place.

    `without` leaves out the usual of a type. `tag_keys` and `holidays` are told by name.
    """
    replaced = {(type(one), getattr(one, "id", None)) for one in told}
    left_out = set(without)
    usual = [
        one for one in _usual() if type(one) not in left_out and (type(one), getattr(one, "id", None)) not in replaced
    ]
    found: dict[str, list[Any]] = {}
    for one in (*usual, *told):
        found.setdefault(_FIELDS[type(one)], []).append(one)
    fields: dict[str, Any] = {name: tuple(rows) for name, rows in found.items()}
    return Facts(**fields, **more)


def judged(*told: object, now: str = LATER, months: tuple[str, ...] = (), without: Iterable[type] = ()) -> Judgement:
    """The judgement of the usual facts and those told, as of `now`."""
    return judge(some_facts(*told, without=without), at(now), months)


def visits(*told: object, now: str = LATER, without: Iterable[type] = ()) -> dict[str, Visit]:
    """The visits by id."""
    return {visit.id: visit for visit in judged(*told, now=now, without=without).visits}


def the_visit(*told: object, now: str = LATER, without: Iterable[type] = ()) -> Visit:
    """The only visit that there is."""
    (visit,) = judged(*told, now=now, without=without).visits
    return visit


def resolved(*told: object, without: Iterable[type] = ()) -> tuple[Resolved, ...]:
    """The registrations as the rules read them, in the order told."""
    return resolve_all(some_facts(*told, without=without))


def found(judgement: Judgement, rule: str) -> list[Explained]:
    """The deviations that the rule found."""
    return [one for one in judgement.deviations if one.found.rule == rule]


def the_deviation(judgement: Judgement, rule: str) -> Explained:
    """The only deviation that the rule found."""
    (one,) = found(judgement, rule)
    return one


def effect_of(judgement: Judgement, rule: str) -> tuple[Effect, bool]:
    """What the only deviation of the rule does, and whether it must be explained before the month is attested."""
    deviation = the_deviation(judgement, rule)
    return deviation.found.effect, deviation.blocks_attestation


def rules_of(judgement: Judgement, subject: str = "in 08:00") -> set[str]:
    """The rules that found something in the visit or the planned visit."""
    return {str(one.found.rule) for one in judgement.deviations if one.found.subject.id == subject}


def seconds_after(when: str, seconds: int) -> str:
    """The instant so many seconds after, as text."""
    return shift(at(when), seconds).isoformat().replace("+00:00", "Z")
