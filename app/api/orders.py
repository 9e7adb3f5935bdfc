"""Grants and orders."""

from __future__ import annotations

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.orders import GRANTS, ORDERS
from app.api.examples import GRANT, ORDER, as_listed, as_sent
from app.api.operations import Asked, Content, operation
from app.api.records import Face, create_record, list_of_records, read_record, replace_record
from schemas.envelopes import list_of
from schemas.orders import GrantRequestSchema, GrantSchema, OrderRequestSchema, OrderSchema
from schemas.queries import OfCustomerQuerySchema, OrderQuerySchema

grants = Blueprint("grants", __name__, url_prefix="/api/v1/grants", description="Biståndsbeslut (O1).")
orders = Blueprint("orders", __name__, url_prefix="/api/v1/orders", description="Beställningar (O3, O6).")

_GRANT = Face(path="/api/v1/grants", subject=GRANTS, request=GrantRequestSchema, resource=GrantSchema())
_GRANT_SENT = Content(schema=GrantRequestSchema, example=as_sent(GRANT))
_GRANT_ANSWER = Content(schema=GrantSchema, example=GRANT)
_ORDER = Face(path="/api/v1/orders", subject=ORDERS, request=OrderRequestSchema, resource=OrderSchema())
_ORDER_SENT = Content(schema=OrderRequestSchema, example=as_sent(ORDER))
_ORDER_ANSWER = Content(schema=OrderSchema, example=ORDER)


@grants.route("")
class Grants(MethodView):
    """What was granted."""

    @operation(
        "listGrants",
        query=OfCustomerQuerySchema,
        answers=Content(schema=list_of(GrantSchema), example=as_listed(GRANT)),
    )
    def get(self, asked: Asked) -> Response:
        """List grants."""
        return list_of_records(asked, _GRANT)

    @operation(
        "createGrant", body=_GRANT_SENT, answers=_GRANT_ANSWER, status=201, versioned=True, once=True, problems=(409,)
    )
    def post(self, asked: Asked) -> Response:
        """Grant care to a customer."""
        return create_record(asked, _GRANT)


@grants.route("/<id:grant_id>")
class Grant(MethodView):
    """One grant."""

    @operation("readGrant", answers=_GRANT_ANSWER, versioned=True)
    def get(self, asked: Asked, grant_id: str) -> Response:
        """Read a grant."""
        return read_record(asked, _GRANT, grant_id)

    @operation("replaceGrant", body=_GRANT_SENT, answers=_GRANT_ANSWER, replaces=True, versioned=True, problems=(409,))
    def put(self, asked: Asked, grant_id: str) -> Response:
        """Replace a grant."""
        return replace_record(asked, _GRANT, grant_id)


@orders.route("")
class Orders(MethodView):
    """Grants placed with providers."""

    @operation(
        "listOrders", query=OrderQuerySchema, answers=Content(schema=list_of(OrderSchema), example=as_listed(ORDER))
    )
    def get(self, asked: Asked) -> Response:
        """List orders."""
        return list_of_records(asked, _ORDER)

    @operation(
        "createOrder", body=_ORDER_SENT, answers=_ORDER_ANSWER, status=201, versioned=True, once=True, problems=(409,)
    )
    def post(self, asked: Asked) -> Response:
        """Place a grant, or a part of it, with an accredited provider."""
        return create_record(asked, _ORDER)


@orders.route("/<id:order_id>")
class Order(MethodView):
    """One order."""

    @operation("readOrder", answers=_ORDER_ANSWER, versioned=True)
    def get(self, asked: Asked, order_id: str) -> Response:
        """Read an order."""
        return read_record(asked, _ORDER, order_id)

    @operation("replaceOrder", body=_ORDER_SENT, answers=_ORDER_ANSWER, replaces=True, versioned=True, problems=(409,))
    def put(self, asked: Asked, order_id: str) -> Response:
        """Replace an order."""
        return replace_record(asked, _ORDER, order_id)
