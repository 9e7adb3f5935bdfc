"""Published tariffs: the tables of two documents, added whole (R3, R4)."""

from __future__ import annotations

import orjson
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.calls import Answered
from app.actions.rates import Rows
from app.actions.tariffs import add_tariff, list_tariffs
from app.api.examples import RATE, as_listed
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page
from app.api.records import sent
from app.api.tariff_examples import TARIFF
from schemas.envelopes import ListQuerySchema, list_of
from schemas.reimbursement import RateSchema
from schemas.tariffs import AddedRatesSchema, TariffRatesRequestSchema, TariffSchema

tariffs = Blueprint(
    "tariffs", __name__, url_prefix="/api/v1/tariffs", description="Publicerade pristabeller med sina källor (R3, R4)."
)

_RATE, _TARIFF = RateSchema(), TariffSchema()


@tariffs.route("")
class Tariffs(MethodView):
    """The tables that come with the product."""

    @operation(
        "listTariffs",
        query=ListQuerySchema,
        answers=Content(schema=list_of(TariffSchema), example=as_listed(TARIFF)),
    )
    def get(self, asked: Asked) -> Response:
        """List published tariffs. They are nobody's rates until they are added."""
        page = asked_page(asked.query)
        found, more = list_tariffs(asked.call, page.after, page.limit)
        return answer_page(map(_TARIFF.dump, found), found[-1].name if more else None)


@tariffs.route("/<string:tariff>/rates")
class TariffRates(MethodView):
    """A tariff as rates of one's own."""

    @operation(
        "addTariff",
        body=Content(schema=TariffRatesRequestSchema, example={"municipality": "2029"}),
        answers=Content(schema=AddedRatesSchema, example=as_listed(RATE)),
        status=201,
        once=True,
        problems=(409,),
    )
    def post(self, asked: Asked, tariff: str) -> Response:
        """Add every row of a tariff, or of one municipality of it. All of them hold then, or none."""
        return sent(add_tariff(asked.call, tariff, asked.value["municipality"], _answered))


def _answered(rows: Rows) -> Answered:
    body = orjson.dumps({"items": [_RATE.dump(one) for one in rows]}).decode()
    return Answered(status=201, headers={}, body=body)
