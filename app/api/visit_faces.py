"""How registrations, visits and corrections look from outside, the same in answers and in what others are told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from app.actions.references import Draft, Named
from app.actions.visits.record import Arriving, Doorway
from app.actions.visits.show import SeenVisit
from app.actions.visits.tell import Faces
from app.api.operations import Asked
from app.api.problems import Problem, Slug
from app.api.records import draft_of
from app.rules.access import Resource
from app.rules.visits.values import RegistrationKind, Resolved, Sent
from schemas.visits import RegistrationRequestSchema, canonical_content, registration_document, visit_document

_NAMED = {
    "caregiver_id": Resource.CAREGIVER,
    "customer_id": Resource.CUSTOMER,
    "planned_visit_id": Resource.PLANNED_VISIT,
    "visit_id": Resource.VISIT,
}


def registration_face(one: Resolved) -> dict[str, Any]:
    """The registration as JSON values, always the same ones. A check-in's visit has its id (V4); others name theirs."""
    told = registration_document(one)
    if one.registration.kind is RegistrationKind.CHECK_IN:
        told["visit_id"] = one.id
    return told


def visit_face(seen: SeenVisit) -> dict[str, Any]:
    """The visit as JSON values."""
    return visit_document(seen)


FACES = Faces(registration=registration_face, visit=visit_face)


def doorway(asked: Asked) -> Doorway:
    """Where the registrations of the request arrive."""
    if asked.claims is None:
        raise Problem(Slug.NOT_SIGNED_IN)
    return Doorway(
        database=asked.running.database,
        settings=asked.running.settings,
        claims=asked.claims,
        now=asked.now,
        faces=FACES,
    )


def arriving_of(raw: Mapping[str, Any], loaded: Mapping[str, Any], sent: Sent | None = None) -> Arriving:
    """A registration on its way in; `sent` is the batch's, which holds where it carries none of its own. Source: V8."""
    fields = {**loaded, "sent": loaded["sent"] or sent}
    return Arriving(
        id=loaded["id"],
        content_hash=hashlib.sha256(canonical_content(raw)).hexdigest(),
        draft=_plain_draft(fields) if _is_plain(fields) else draft_of(fields, RegistrationRequestSchema),
    )


def _is_plain(fields: Mapping[str, Any]) -> bool:
    """True where everything is named by our own ids, and no household is: what a phone at the door sends."""
    return not fields["household"] and all(name in fields for name in _NAMED)


def _plain_draft(fields: dict[str, Any]) -> Draft:
    named = tuple(
        Named(resource=resource, id=fields[name], external=False, pointer=f"/{name}")
        for name, resource in _NAMED.items()
        if fields[name] is not None
    )
    return Draft(named=named, complete=lambda _: fields)
