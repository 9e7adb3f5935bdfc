"""The arrays of a scenario file, and the values that their rows become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import Schema

from app.rules.deviations.values import Explanation, Verdict, VerdictOutcome
from app.rules.extensions import Decision, DecisionOutcome, Extension
from app.rules.orders import Grant, Order
from app.rules.people import Absence, Caregiver, Customer
from app.rules.plans import PlannedVisit
from app.rules.policies import Policy
from app.rules.providers import Accreditation, Provider
from app.rules.rates import Rate
from app.rules.sun import Sun
from app.rules.tags import Tag
from app.rules.time import BEGINNING
from app.rules.visits.values import Correction
from schemas.simulations import shapes
from schemas.visits.registrations import canonical_content, registration_from

Loaded = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A row as a value. `content` is what another row of the same id must equal; of equals the least `rank` is kept."""

    value: Any
    content: object
    decisions: tuple[Decision, ...] = ()
    rank: tuple[datetime, datetime, str] = (BEGINNING, BEGINNING, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One array: its name, what one row of it is called in references, how a row is loaded, and what it becomes."""

    name: str
    resource: str
    schema: Schema
    make: Callable[[Loaded, Loaded], Made]


def _as(value: type[Any]) -> Callable[[Loaded, Loaded], Made]:
    """A row whose fields are its value's, recorded before all closings unless it says otherwise."""

    def make(loaded: Loaded, raw: Loaded) -> Made:  # noqa: ARG001
        made = value(**{**_kept(loaded), "recorded_at": loaded["recorded_at"] or BEGINNING})
        return Made(value=made, content=made)

    return make


def _kept(loaded: Loaded) -> dict[str, Any]:
    """Without what is taken in only: a file needs no personal identity number."""
    return {key: value for key, value in loaded.items() if key != "personal_identity_number"}


def _tag(loaded: Loaded, raw: Loaded) -> Made:
    """A tag, with the keys that the file may give for a cryptographic one."""
    sun: Sun | None = loaded.get("sun")
    return _as(Tag)({**loaded, "sun": None if sun is None else sun.unsealed()}, raw)


def _registration(loaded: Loaded, raw: Loaded) -> Made:
    """Received when captured and recorded when received, unless it says otherwise. Source: CONTRACT, V2."""
    received_at = loaded["received_at"] or loaded["captured_at"]
    recorded_at = loaded["recorded_at"] or received_at
    told = {key: value for key, value in loaded.items() if key not in ("received_at", "recorded_at")}
    by_measuring_client = told.pop("by_measuring_client")
    made = registration_from(
        told, received_at=received_at, recorded_at=recorded_at, by_measuring_client=by_measuring_client
    )
    content = {key: value for key, value in raw.items() if key not in ("received_at", "recorded_at")}
    return Made(value=made, content=canonical_content(content), rank=(recorded_at, received_at, repr(made.sent)))


def _correction(loaded: Loaded, raw: Loaded) -> Made:  # noqa: ARG001
    """Recorded when approved, else when made. Source: CONTRACT."""
    made_at = loaded["made_at"] or loaded["approved_at"] or BEGINNING
    recorded_at = loaded["recorded_at"] or loaded["approved_at"] or made_at
    made = Correction(**{**loaded, "made_at": made_at, "recorded_at": recorded_at})
    return Made(value=made, content=made)


def _extension(loaded: Loaded, raw: Loaded) -> Made:  # noqa: ARG001
    told = {key: value for key, value in loaded.items() if key not in ("state", "thread", "decision")}
    extension = Extension(**{**told, "recorded_at": loaded["recorded_at"] or BEGINNING})
    decisions = tuple(_decisions(extension, loaded["decision"] or ()))
    return Made(value=extension, content=(extension, decisions), decisions=decisions)


def _decisions(extension: Extension, several: Iterable[Loaded]) -> Iterable[Decision]:
    """The decisions in the order made; one without id is numbered, one that approves all names all the seconds."""
    ordered = sorted(several, key=lambda one: (one["decided_at"], repr(sorted(one.items()))))
    for number, one in enumerate(ordered, start=1):
        approves_all = one["outcome"] is DecisionOutcome.APPROVED and one["approved_seconds"] is None
        stated = {
            "id": one["id"] or f"{extension.id}/{number}",
            "recorded_at": one["recorded_at"] or one["decided_at"],
            "approved_seconds": extension.requested_seconds if approves_all else one["approved_seconds"],
        }
        yield Decision(**{**one, **stated, "extension_id": extension.id})


def _explanation(loaded: Loaded, raw: Loaded) -> Made:  # noqa: ARG001
    subject_id = loaded["visit_id"] or loaded["planned_visit_id"] or loaded["order_id"]
    accepted = loaded["accepted"]
    verdict = (
        None if accepted is None else Verdict(outcome=VerdictOutcome.ACCEPTED, by=accepted["by"], at=accepted["at"])
    )
    made = Explanation(
        id=loaded["id"],
        external_id=loaded["external_id"],
        recorded_at=loaded["recorded_at"] or BEGINNING,
        rule=loaded["rule"],
        reason=loaded["reason"],
        note=loaded["note"],
        subject_id=subject_id,
        customer_id=loaded["customer_id"],
        service=loaded["service"],
        month=loaded["month"],
        verdict=verdict,
    )
    return Made(value=made, content=made)


def _section(name: str, resource: str, schema: Schema, make: Callable[[Loaded, Loaded], Made]) -> Section:
    return Section(name=name, resource=resource, schema=schema, make=make)


SECTIONS: tuple[Section, ...] = (
    _section("providers", "provider", shapes.ScenarioProviderSchema(), _as(Provider)),
    _section("accreditations", "accreditation", shapes.ScenarioAccreditationSchema(), _as(Accreditation)),
    _section("caregivers", "caregiver", shapes.ScenarioCaregiverSchema(), _as(Caregiver)),
    _section("customers", "customer", shapes.ScenarioCustomerSchema(), _as(Customer)),
    _section("absences", "absence", shapes.ScenarioAbsenceSchema(), _as(Absence)),
    _section("tags", "tag", shapes.ScenarioTagSchema(), _tag),
    _section("grants", "grant", shapes.ScenarioGrantSchema(), _as(Grant)),
    _section("orders", "order", shapes.ScenarioOrderSchema(), _as(Order)),
    _section("rates", "rate", shapes.ScenarioRateSchema(), _as(Rate)),
    _section("policies", "policy", shapes.ScenarioPolicySchema(), _as(Policy)),
    _section("planned_visits", "planned_visit", shapes.ScenarioPlannedVisitSchema(), _as(PlannedVisit)),
    _section("registrations", "registration", shapes.ScenarioRegistrationSchema(), _registration),
    _section("corrections", "correction", shapes.ScenarioCorrectionSchema(), _correction),
    _section("extensions", "extension", shapes.ScenarioExtensionSchema(), _extension),
    _section("explanations", "explanation", shapes.ScenarioExplanationSchema(), _explanation),
)
