"""The quarantine: what enrolled phones sent and could not be registered, judged by their coordinator."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions import quarantine as actions
from app.actions.quarantine import Judged
from app.api.answers import answer
from app.api.bodies import check_value
from app.api.examples import CAREGIVER, REGISTRATION_SENT, as_listed
from app.api.operations import Asked, Content, load, operation
from app.api.paging import answer_page, asked_page, cut
from app.api.problems import FieldFault, Problem, Slug
from app.api.visit_faces import arriving_of, doorway
from app.rules.visits.quarantine import QuarantineState
from schemas.devices import (
    QuarantinedSchema,
    QuarantineQuerySchema,
    VerdictOnQuarantinedSchema,
    quarantined_document,
    readable_fields,
)
from schemas.envelopes import list_of
from schemas.visits import RegistrationRequestSchema

quarantine = Blueprint(
    "quarantine", __name__, url_prefix="/api/v1/quarantine", description="Det som inte kunde registreras (V1)."
)

_ROW = RegistrationRequestSchema()
_QUARANTINED = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e91",
    "device_id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e90",
    "caregiver_id": CAREGIVER["id"],
    "received_at": "2014-02-03T08:00:00Z",
    "raw": '{"id":"0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e13","kind":"check_in","clock":{"sequence":17}}',
    "problem": {"title": "Malformed", "status": 422},
    "sequence": 17,
    "state": "waiting",
    "decided_by": None,
    "decided_at": None,
    "reason": None,
    "registration_id": None,
}
_ANSWER = Content(schema=QuarantinedSchema, example=_QUARANTINED)
_VERDICT = {"outcome": "accepted", "registration": REGISTRATION_SENT, "reason": "The service had no name."}


@quarantine.route("")
class Quarantine(MethodView):
    """Everything that the provider's phones sent so."""

    @operation(
        "listQuarantine",
        query=QuarantineQuerySchema,
        answers=Content(schema=list_of(QuarantinedSchema), example=as_listed(_QUARANTINED)),
    )
    def get(self, asked: Asked) -> Response:
        """List what could not be registered, by id."""
        page = asked_page(asked.query)
        state, device_id = asked.query.get("state"), asked.query.get("device_id")
        rows = list(actions.list_quarantined(asked.call, state, device_id, page.after, page.limit + 1))
        shown, last = cut(rows, page, lambda one: one.id)
        return answer_page(map(quarantined_document, shown), last)


@quarantine.route("/<id:quarantined_id>")
class Quarantined(MethodView):
    """One of them."""

    @operation("readQuarantined", answers=_ANSWER)
    def get(self, asked: Asked, quarantined_id: str) -> Response:
        """Read what a phone sent, as text, and why it could not be registered."""
        return answer(quarantined_document(actions.read_quarantined(asked.call, quarantined_id)))


@quarantine.route("/<id:quarantined_id>/verdict")
class Verdict(MethodView):
    """What its coordinator says of it."""

    @operation(
        "judgeQuarantined",
        body=Content(schema=VerdictOnQuarantinedSchema, example=_VERDICT),
        answers=_ANSWER,
        problems=(409,),
    )
    def post(self, asked: Asked, quarantined_id: str) -> Response:
        """Register it as corrected, with what the phone captured of time and place; or dismiss it with a reason."""
        decided = actions.judge(asked.call, doorway(asked), quarantined_id, _judged(asked), readable_fields)
        return answer(quarantined_document(decided))


def _judged(asked: Asked) -> Judged:
    told, corrected = asked.value, asked.value["registration"]
    outcome = QuarantineState(told["outcome"])
    if corrected is None:
        return Judged(outcome=outcome, reason=told["reason"])
    arriving = arriving_of(corrected, _loaded(corrected))
    return Judged(outcome=outcome, reason=told["reason"], arriving=arriving, corrected=corrected)


def _loaded(corrected: Any) -> Any:
    """What the schema makes of the corrected registration. Raises `Problem` 422, its pointers below /registration."""
    try:
        check_value(corrected)
        return load(_ROW, corrected)
    except Problem as problem:
        faults = tuple(FieldFault(f"/registration{one.pointer}", one.message) for one in problem.errors)
        raise Problem(Slug.MALFORMED, problem.detail, faults) from problem
