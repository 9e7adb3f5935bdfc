"""Webhooks: a client says where changes are to be sent, and sees how that goes."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.calls import Answered
from app.actions.webhooks import keeping
from app.actions.webhooks.keeping import Wish
from app.api.answers import answer, versioned
from app.api.examples import DELIVERY, WEBHOOK, WEBHOOK_SECRET, as_listed
from app.api.operations import Asked, Content, operation, version_to_replace
from app.api.paging import answer_page, asked_page, cut
from app.api.records import sent
from schemas.envelopes import ListQuerySchema, list_of
from schemas.webhooks import DeliverySchema, NewSecretSchema, WebhookRequestSchema, WebhookSchema

_DESCRIPTION = """Ändringar skickade dit klienten vill ha dem, signerade (Standard Webhooks).

Every change that `GET /changes` would list for the client is sent by POST to its `url`, in that order, one at a time:
`{"type", "timestamp", "data"}`, where `data` is the change as the list tells it. It is delivered when the receiver
answers 2xx; otherwise it is tried again after 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours, and what
comes after it waits. The same change always has the same `webhook-id`: who keeps the ids it has seen gets each once.
410 ends it, as does a week without success; replacing the webhook begins again where it stood. Redirects are not
followed.

To verify one in Python, before its body is read as JSON:

    import base64, hashlib, hmac, time

    def is_from_hemtid(secret: str, headers, body: bytes) -> bool:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        told = headers["webhook-id"], headers["webhook-timestamp"]
        signed = ".".join(told).encode() + b"." + body
        expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        signatures = headers["webhook-signature"].encode().split()
        fresh = abs(time.time() - int(headers["webhook-timestamp"])) < 300
        return fresh and any(hmac.compare_digest(expected, one) for one in signatures)

While a secret is being replaced there are two signatures for a day, one by each secret.
"""

webhooks = Blueprint("webhooks", __name__, url_prefix="/api/v1/webhooks", description=_DESCRIPTION)

_SCHEMA = WebhookSchema()
_DELIVERY = DeliverySchema()
_BODY = Content(
    schema=WebhookRequestSchema,
    example={"url": WEBHOOK["url"], "types": WEBHOOK["types"]},
)
_ANSWER = Content(schema=WebhookSchema, example=WEBHOOK)
_NEW = Content(schema=NewSecretSchema, example={**WEBHOOK, "secret": WEBHOOK_SECRET})


@webhooks.route("")
class Webhooks(MethodView):
    """The client's webhooks."""

    @operation(
        "listWebhooks",
        query=ListQuerySchema,
        answers=Content(schema=list_of(WebhookSchema), example=as_listed(WEBHOOK)),
    )
    def get(self, asked: Asked) -> Response:
        """List the client's own webhooks."""
        page = asked_page(asked.query)
        found = keeping.list_webhooks(asked.call, page.after, page.limit + 1)
        shown, last = cut(list(found), page, lambda one: one.id)
        return answer_page(map(_told, shown), last)

    @operation("createWebhook", body=_BODY, answers=_NEW, status=201, versioned=True, once=True, problems=(409,))
    def post(self, asked: Asked) -> Response:
        """Create a webhook. The answer tells its secret, this once."""
        return sent(keeping.create_webhook(asked.call, Wish(**asked.value), _made))


@webhooks.route("/<id:webhook_id>")
class Webhook(MethodView):
    """One webhook."""

    @operation("readWebhook", answers=_ANSWER, versioned=True)
    def get(self, asked: Asked, webhook_id: str) -> Response:
        """Read a webhook and how it goes."""
        found = keeping.read_webhook(asked.call, webhook_id)
        return versioned(_told(found), found.version)

    @operation("replaceWebhook", body=_BODY, answers=_ANSWER, replaces=True, versioned=True)
    def put(self, asked: Asked, webhook_id: str) -> Response:
        """Replace a webhook. One that waits or was disabled is tried at once; `after` sends it to another place."""
        found = keeping.replace_webhook(asked.call, webhook_id, version_to_replace(), Wish(**asked.value))
        return versioned(_told(found), found.version)


@webhooks.route("/<id:webhook_id>/secret")
class Secret(MethodView):
    """What a webhook's messages are signed with."""

    @operation("rotateWebhookSecret", answers=_NEW, status=201, versioned=True, problems=(409,))
    def post(self, asked: Asked, webhook_id: str) -> Response:
        """Replace the secret. The answer tells the new one, this once; the old one signs beside it for 24 hours."""
        found, secret = keeping.rotate_secret(asked.call, webhook_id)
        return versioned({**_told(found), "secret": secret}, found.version, 201)


@webhooks.route("/<id:webhook_id>/deliveries")
class Deliveries(MethodView):
    """How the tries went."""

    @operation(
        "listWebhookDeliveries",
        query=ListQuerySchema,
        answers=Content(schema=list_of(DeliverySchema), example=as_listed(DELIVERY)),
    )
    def get(self, asked: Asked, webhook_id: str) -> Response:
        """List the tries of the last 30 days, the newest first."""
        page = asked_page(asked.query)
        found = keeping.list_deliveries(asked.call, webhook_id, page.after, page.limit + 1)
        shown, last = cut(list(found), page, lambda one: one.id)
        return answer_page(map(_DELIVERY.dump, shown), last)


@webhooks.route("/<id:webhook_id>/test")
class Test(MethodView):
    """A message that tells of nothing."""

    @operation(
        "testWebhook",
        answers=Content(schema=DeliverySchema, example={**DELIVERY, "sequence": None, "type": "webhook.test"}),
    )
    def post(self, asked: Asked, webhook_id: str) -> Response:
        """Send a `webhook.test` now, and tell how it was taken. Nothing else changes."""
        return answer(_DELIVERY.dump(keeping.try_webhook(asked.call, webhook_id)))


def _made(found: Any, secret: str | None) -> Answered:
    told = _told(found) if secret is None else {**_told(found), "secret": secret}
    headers = {"ETag": f'"{found.version}"', "Location": f"/api/v1/webhooks/{found.id}"}
    return Answered(status=201, headers=headers, body=orjson.dumps(told).decode())


def _told(found: Any) -> dict[str, Any]:
    standing = found.standing
    names = ("id", "url", "types", "active", "created_at", "recorded_at")
    goes = ("sequence", "failures", "failing_since", "due_at", "disabled_at", "disabled_reason")
    own = {name: getattr(found, name) for name in names} | {name: getattr(standing, name) for name in goes}
    told: dict[str, Any] = _SCHEMA.dump(own)
    return told
