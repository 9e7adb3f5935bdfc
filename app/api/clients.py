"""Machine clients: kept by the operator."""

from __future__ import annotations

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.access import clients
from app.actions.access.faults import ChangedMeanwhile
from app.api.answers import versioned
from app.api.operations import Asked, Content, operation, version_to_replace
from app.api.paging import answer_page, asked_page, cut
from app.api.problems import Problem, Slug
from app.rules.access import ClientAccount, Kept
from schemas.access import ClientRequestSchema, ClientSchema, NewClientSchema, kept_json
from schemas.envelopes import ListQuerySchema, list_of

blp = Blueprint(
    "clients", __name__, url_prefix="/api/v1/clients", description="Machines that sign in. Source: RULEBOOK A2, V17."
)

_STATED = {
    "name": "The provider's scheduler",
    "role": "scheduling_client",
    "care_system_id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
    "provider_id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e70",
}
_CLIENT = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e72",
    **_STATED,
    "active": True,
    "created_at": "2014-01-02T08:00:00Z",
    "recorded_at": "2014-01-02T08:00:00Z",
}
_ANSWER = Content(schema=ClientSchema, example=_CLIENT)
_LIST = Content(schema=list_of(ClientSchema), example={"items": [_CLIENT]})
_BODY = Content(schema=ClientRequestSchema, example=_STATED)


@blp.route("")
class Clients(MethodView):
    """All clients of the installation."""

    @operation(
        "createClient",
        body=_BODY,
        answers=Content(
            schema=NewClientSchema,
            example={**_CLIENT, "client_secret": "nQ1VtY0r0cJ8v4m0Yk7yW8Zl2m3sKxq0b1u5aPp9dEw"},
        ),
        status=201,
        versioned=True,
    )
    def post(self, asked: Asked) -> Response:
        """Create a client. The answer tells its secret, this once."""
        kept, secret = clients.create_client(asked.running.database, asked.actor, asked.value, asked.now)
        body = {**kept_json(kept), "client_secret": secret}
        return versioned(body, kept.version, 201, f"/api/v1/clients/{kept.id}")

    @operation("listClients", answers=_LIST, query=ListQuerySchema)
    def get(self, asked: Asked) -> Response:
        """List clients by id."""
        page = asked_page(asked.query)
        rows = clients.list_clients(asked.running.database, asked.actor, page.after, page.limit + 1)
        shown, last = cut(rows, page, lambda kept: kept.id)
        return answer_page(map(kept_json, shown), last)


@blp.route("/<id:client_id>")
class Client(MethodView):
    """One client."""

    @operation("readClient", answers=_ANSWER, versioned=True)
    def get(self, asked: Asked, client_id: str) -> Response:
        """Read a client, without its secret."""
        kept = clients.read_client(asked.running.database, asked.actor, client_id)
        return versioned(kept_json(kept), kept.version)

    @operation("replaceClient", body=_BODY, answers=_ANSWER, replaces=True, versioned=True)
    def put(self, asked: Asked, client_id: str) -> Response:
        """Replace a client: name, role, scope, whether it is active; in effect from its next request."""
        kept = _replaced(asked, client_id)
        return versioned(kept_json(kept), kept.version)


def _replaced(asked: Asked, client_id: str) -> Kept[ClientAccount]:
    try:
        return clients.replace_client(
            asked.running.database, asked.actor, client_id, version_to_replace(), asked.value, asked.now
        )
    except ChangedMeanwhile as fault:
        raise Problem(Slug.CHANGED_MEANWHILE) from fault
