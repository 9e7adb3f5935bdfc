"""Months: their state, attestation and lock."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions import months as actions
from app.api.answers import answer
from app.api.examples import PROVIDER, as_listed
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page, cut
from app.api.records import draft_of
from schemas.envelopes import list_of
from schemas.filters import MonthQuerySchema
from schemas.reimbursement import AttestationRequestSchema, LockRequestSchema, MonthSchema

months = Blueprint("months", __name__, url_prefix="/api/v1/months", description="Månader, attest och spärrdatum (R8).")

_SCHEMA = MonthSchema()
_EXAMPLE: dict[str, Any] = {
    "municipality": "2029",
    "provider_id": PROVIDER["id"],
    "month": "2014-02",
    "state": "open",
    "blocking": ["0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e30"],
    "attested_by": None,
    "attested_at": None,
    "locked_at": None,
    "run_id": None,
}
_ATTESTED = {
    **_EXAMPLE,
    "state": "attested",
    "blocking": [],
    "attested_by": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e21",
    "attested_at": "2014-03-03T09:00:00Z",
}
_LOCKED = {**_ATTESTED, "state": "locked", "locked_at": "2014-03-05T17:00:00Z"}
_LIST = list_of(MonthSchema)


def dump(shown: Any) -> dict[str, Any]:
    """The month as JSON values."""
    names = ("municipality", "provider_id", "month", "state", "attested_by", "attested_at", "locked_at", "run_id")
    month = {name: getattr(shown.month, name) for name in names}
    told: dict[str, Any] = _SCHEMA.dump({**month, "blocking": shown.blocking})
    return told


@months.route("")
class Months(MethodView):
    """Providers' months."""

    @operation("listMonths", query=MonthQuerySchema, answers=Content(schema=_LIST, example=as_listed(_EXAMPLE)))
    def get(self, asked: Asked) -> Response:
        """List months: of one all that have something in them, else those that were attested or locked."""
        page, query = asked_page(asked.query), asked.query
        whose = actions.Whose(municipality=query["municipality"], provider_id=query["provider_id"])
        after = None if page.after is None else (page.after[0], page.after[1], page.after[2])
        rows = actions.list_months(asked.call, query["month"], whose, after, page.limit + 1)
        shown, last = cut(rows, page, lambda one: actions.key_of(one.month))
        return answer_page(map(dump, shown), last)


@months.route("/<month:month>")
class Month(MethodView):
    """One month of every provider."""

    @operation("readMonth", answers=Content(schema=_LIST, example=as_listed(_EXAMPLE)))
    def get(self, asked: Asked, month: str) -> Response:
        """Read a month of every provider in scope, with the deviations that block its attestation."""
        return answer({"items": [dump(one) for one in actions.read_months(asked.call, month)]})


@months.route("/<month:month>/attestation")
class Attestation(MethodView):
    """The provider's word that its month is complete."""

    @operation(
        "attestMonth",
        body=Content(schema=AttestationRequestSchema, example={"municipality": "2029"}),
        answers=Content(schema=MonthSchema, example=_ATTESTED),
        status=201,
        problems=(409, 412),
    )
    def post(self, asked: Asked, month: str) -> Response:
        """Attest a month that is over and has nothing left to explain."""
        return answer(dump(actions.attest(asked.call, month, draft_of(asked.value, AttestationRequestSchema))), 201)


@months.route("/<month:month>/lock")
class Lock(MethodView):
    """The lock of a month."""

    @operation(
        "lockMonth",
        body=Content(schema=LockRequestSchema, example={"municipality": "2029"}),
        answers=Content(schema=_LIST, example=as_listed(_LOCKED)),
        status=201,
        problems=(409, 412),
    )
    def post(self, asked: Asked, month: str) -> Response:
        """Lock a month on or after its lock date; from then on it changes only by adjustment."""
        locked = actions.lock(asked.call, month, draft_of(asked.value, LockRequestSchema))
        return answer({"items": [dump(one) for one in locked]}, 201)
