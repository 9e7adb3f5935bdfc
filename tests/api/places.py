"""What happens at four places of the world, so that there is one of everything in and out of anybody's reach."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from io import BytesIO
from typing import Any

from app.storage.ids import new_id
from tests.api.world import CustomerOf, ProviderOf, SystemOf, World
from tests.files import a_pdf
from tests.phones import enrolled

VISITED = "2014-02-03T09:00:00Z"
LEFT = "2014-02-03T09:40:00Z"
AFTERWARDS = "2014-02-06T08:00:00Z"
"""After January's lock date."""


class Relation(StrEnum):
    """Where a thing is, seen from the first provider's first municipality in the first care system."""

    OWN = "own"
    FOREIGN_PROVIDER = "foreign provider"
    FOREIGN_MUNICIPALITY = "foreign municipality"
    FOREIGN_CARE_SYSTEM = "foreign care system"


Ids = Mapping[str, str]
"""Ids by the names that paths have for them."""


def happened(world: World) -> dict[Relation, Ids]:
    """The ids of one of everything at each place: a visit and what was said of it, and a month that was issued."""
    home, foreign = world.home, world.foreign
    places = {
        Relation.OWN: (home, home.providers[0], home.municipalities[0]),
        Relation.FOREIGN_PROVIDER: (home, home.providers[1], home.municipalities[0]),
        Relation.FOREIGN_MUNICIPALITY: (home, home.providers[0], home.municipalities[1]),
        Relation.FOREIGN_CARE_SYSTEM: (foreign, foreign.providers[0], foreign.municipalities[0]),
    }
    found: dict[Relation, Ids] = {}
    for minutes, (relation, (system, provider, code)) in enumerate(places.items()):
        found[relation] = {
            **_standing(world, system, provider, code),
            **_visited(provider, code, 50 * minutes),
            "run_id": _issued(system, provider, code),
        }
    return found


def _standing(world: World, system: SystemOf, provider: ProviderOf, code: str) -> dict[str, str]:
    customer = provider.customers[code]
    accreditations = system.controller.read("/accreditations", provider_id=provider.id, municipality=code)["items"]
    absence = {"customer_id": customer.id, "from": "2013-02-10T08:00:00Z", "before": "2013-02-11T08:00:00Z"}
    return {
        "care_system_id": system.id,
        "provider_id": provider.id,
        "accreditation_id": accreditations[0]["id"],
        "caregiver_id": provider.caregiver_id,
        "customer_id": customer.id,
        "absence_id": provider.coordinator.make("/absences", absence | {"cause": "travel"})["id"],
        "grant_id": customer.grant_id,
        "order_id": customer.order_id,
        "tag_id": customer.tag_id,
        "planned_visit_id": customer.planned_visit_id,
        "rate_id": system.rate_id,
        "policy_id": system.policy_id,
        "user_id": provider.coordinator.id,
        "client_id": provider.scheduler.id,
        "webhook_id": provider.scheduler.make("/webhooks", {"url": "http://127.0.0.1:9/"})["id"],
        "no_choice_id": _wanted(system, customer),
        **_quarantined(provider),
        "billing_party_id": _billed(system, provider),
        "name": "lines.csv",
        "sequence": "1",
        "month": "2014-01",
        "tariff": "leksand_rattvik_2011",
    }


def _billed(system: SystemOf, provider: ProviderOf) -> str:
    """The id of the provider's billing party."""
    held = system.controller.read("/billing-parties", provider_id=provider.id)["items"]
    told = {"name": provider.name, "organisation_number": "556677-8899", "street": "Ågatan 1"}
    told |= {"postal_code": "793 30", "city": "Leksand", "provider_id": provider.id}
    return str(held[0]["id"] if held else system.controller.make("/billing-parties", told)["id"])


def _wanted(system: SystemOf, customer: CustomerOf) -> str:
    """The id of a proposal of whose turn it is to take a grant that nobody has."""
    grant = {
        "customer_id": customer.id, "services": ["escort"], "law": "SoL", "granted_seconds": 36_000, "per": "month",
        "valid_from": "2014-02-01",
    }  # fmt: skip
    officer = system.officers[customer.municipality]
    return str(officer.make("/no-choice", {"grant_id": officer.make("/grants", grant)["id"]})["id"])


def _quarantined(provider: ProviderOf) -> dict[str, str]:
    """A phone, and what it sent that could not be registered."""
    phone = enrolled(provider)
    sent = phone.post("/registrations/batch", {"items": ["no registration"]})
    return {"device_id": phone.id, "quarantined_id": sent.json["results"][0]["quarantine_id"]}


def registration(provider: ProviderOf, code: str, kind: str, at: str, **more: Any) -> dict[str, Any]:
    """A registration by hand, as sent."""
    return {
        "id": new_id(), "kind": kind, "caregiver_id": provider.caregiver_id, "captured_at": at,
        "customer_id": provider.customers[code].id, "service": "personal_care",
        "place": {"method": "manual", "reason": "tag_missing"}, **more,
    }  # fmt: skip


def _visited(provider: ProviderOf, code: str, minutes: int) -> dict[str, str]:
    """A visit at its own time of the day, with a correction, an explanation, and so many requests for more time that a
    new assessment is proposed.
    """
    start, end = (f"2014-02-03T{9 + at // 60:02d}:{at % 60:02d}:00Z" for at in (minutes, minutes + 40))
    began = registration(provider, code, "check_in", start)
    provider.caregiver.make("/registrations", began, at=start)
    provider.caregiver.make(
        "/registrations", registration(provider, code, "check_out", end, visit_id=began["id"]), at=end
    )
    visit = began["id"]
    correction = {"changes": {"ends_at": end}, "reason": "phone_failed", "note": "The phone went out."}
    corrected = provider.coordinator.make(f"/visits/{visit}/corrections", correction, at=AFTERWARDS)
    deviation = provider.coordinator.read("/deviations", visit_id=visit)["items"][0]
    explanation = {"deviation_ids": [deviation["id"]], "reason": "tag_missing", "note": "The tag had fallen down."}
    extension = {
        "provider_id": provider.id,
        "customer_id": provider.customers[code].id,
        "service": "personal_care",
        "month": "2014-02",
        "visit_ids": [visit],
        "requested_seconds": 1_800,
        "cause": "fall",
        "justification": "Fell in the hall and was hurt.",
    }
    asked = [provider.coordinator.make("/extensions", extension, at=AFTERWARDS)["id"]]
    for days in (["2014-02-04"], ["2014-02-05"]):
        more = {**extension, "visit_ids": [], "days": days}
        asked.append(provider.coordinator.make("/extensions", more, at=AFTERWARDS)["id"])
    return {
        "registration_id": visit,
        "visit_id": visit,
        "correction_id": corrected["id"],
        "deviation_id": deviation["id"],
        "explanation_id": provider.coordinator.make("/explanations", explanation, at=AFTERWARDS)["id"],
        "extension_id": asked[0],
        "document_id": _attached(provider, asked[0]),
        "assessment_id": provider.coordinator.read("/assessments", customer_id=extension["customer_id"])["items"][0][
            "id"
        ],
    }


def _attached(provider: ProviderOf, extension_id: str) -> str:
    """The id of a document attached to the request."""
    file = {"file": (BytesIO(a_pdf()), "journal.pdf")}
    answer = provider.coordinator.ask("POST", f"/extensions/{extension_id}/documents", at=AFTERWARDS, data=file)
    assert answer.status_code == 201, answer.text
    return str(answer.json["attachments"][0]["id"])


def _issued(system: SystemOf, provider: ProviderOf, code: str) -> str:
    """The id of the run that issued January, in which nothing was performed."""
    month, whose = "/months/2014-01/attestation", {"municipality": code}
    refused = provider.coordinator.post(month, whose, at=AFTERWARDS)
    for one in refused.json["facts"]["blocking"]:
        told = {"deviation_ids": [one], "reason": "other", "note": "It had not begun."}
        provider.coordinator.make("/explanations", told, at=AFTERWARDS)
    provider.coordinator.make(month, whose, at=AFTERWARDS)
    of = {"municipality": code, "provider_id": provider.id}
    system.controller.make("/months/2014-01/lock", of, at=AFTERWARDS)
    run = system.controller.make("/reimbursement/runs", of | {"month": "2014-01"}, at=AFTERWARDS)
    return str(run["items"][0]["id"] if "items" in run else run["id"])
