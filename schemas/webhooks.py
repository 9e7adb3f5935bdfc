"""Webhooks: where a client wants changes sent, and how that goes."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load
from marshmallow.validate import OneOf

from app.rules.webhooks import LONGEST_URL, TEST_TYPE, Disabled, Failure
from schemas.events import TYPES
from schemas.fields import Choice, Instant, Several, StrictInteger, Switch, words
from schemas.resources import StrictSchema
from schemas.texts import Identifier, Text

_MOST = 2**63 - 1


class ChangeType(fields.String):
    """The name of a kind of change. Source: CONTRACT, change."""

    default_error_messages = words(invalid="Give a type of change as text.", required="Give this field: it is needed.")

    def __init__(self, **settings: Any) -> None:
        super().__init__(validate=OneOf(TYPES, error="Give a type of change that there is."), **settings)


class WebhookRequestSchema(StrictSchema):
    """A webhook as its client wants it."""

    url = Text(
        required=True,
        most=LONGEST_URL,
        metadata={"description": "Where each change is sent by POST: https, without name and password."},
    )
    types = Several(
        ChangeType(),
        load_default=(),
        most=len(TYPES),
        metadata={"description": "The types of change wanted; none stated is all that the client may read."},
    )
    active = Switch(load_default=True)
    after = StrictInteger(
        least=0,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "What comes after this sequence is sent. Left out: from now on, or from where it stands."
        },
    )

    @post_load
    def _as_told(self, content: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**content, "types": tuple(content["types"])}


class WebhookSchema(Schema):
    """A webhook as its client sees it; its secret is told when it is made and when it is replaced, and never again."""

    id = Identifier(required=True)
    url = fields.String(required=True)
    types = fields.List(fields.String(metadata={"enum": list(TYPES)}), required=True)
    active = Switch(required=True)
    sequence = StrictInteger(
        required=True, least=0, metadata={"description": "The last change that was delivered or does not concern it."}
    )
    failures = StrictInteger(
        required=True, least=0, metadata={"description": "Tries of the next change that failed one after the other."}
    )
    failing_since = Instant(allow_none=True)
    due_at = Instant(allow_none=True, metadata={"description": "When the next try is made; null: as soon as can be."})
    disabled_at = Instant(allow_none=True)
    disabled_reason = Choice(
        Disabled,
        allow_none=True,
        metadata={
            "description": "gone: the receiver answered 410. failing: no try went well for a week. Replace it to go on."
        },
    )
    created_at = Instant(required=True)
    recorded_at = Instant(required=True)


class NewSecretSchema(WebhookSchema):
    """The one answer that tells the secret."""

    secret = fields.String(
        metadata={"description": "`whsec_` and 32 bytes in base64. Left out where an idempotency key is repeated."}
    )


class DeliverySchema(Schema):
    """One try to deliver a change."""

    id = Identifier(required=True)
    message_id = fields.String(required=True, metadata={"description": "The `webhook-id`: one for each change."})
    sequence = StrictInteger(allow_none=True, least=1, metadata={"description": "The change's; null for a test."})
    type = fields.String(required=True, metadata={"enum": [*TYPES, TEST_TYPE]})
    attempt = StrictInteger(required=True, least=1)
    at = Instant(required=True)
    status = StrictInteger(allow_none=True, least=100, most=999)
    error = Choice(Failure, allow_none=True, metadata={"description": "Null where it was delivered."})
