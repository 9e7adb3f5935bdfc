"""What is sent to a receiver: a message with its id, its body, and who signs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from app.actions.webhooks.sending import Line
from app.actions.webhooks.signing import headers_of, unseal
from app.rules.time import format_instant
from app.rules.webhooks import TEST_TYPE, Failure, Outcome, signing
from app.settings import Settings
from app.storage.events import Change
from app.storage.ids import new_id
from app.storage.webhooks import Delivery, Webhook

Tell = Callable[[Change], Mapping[str, Any]]
"""A change as the list of changes tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message to one webhook as that stood when it was written. `after` is the change before it."""

    message_id: str
    type: str
    sequence: int | None
    after: int
    attempt: int
    version: int
    url: str
    secrets: tuple[str, ...] = field(repr=False)
    body: bytes = field(repr=False)

    def send(self, line: Line, now: datetime) -> Outcome:
        """How it went; where our key opens none of the secrets nothing is sent."""
        if not self.secrets:
            return Outcome(failure=Failure.SECRET)
        headers = headers_of(self.secrets, self.message_id, int(now.timestamp()), self.body)
        return line.post(self.url, headers, self.body, now)

    def delivery(self, outcome: Outcome, now: datetime) -> Delivery:
        """The try as it is kept."""
        return Delivery(
            message_id=self.message_id,
            sequence=self.sequence,
            type=self.type,
            attempt=self.attempt,
            at=now,
            status=outcome.status,
            error=outcome.failure,
        )


def letter_of(settings: Settings, hook: Webhook, change: Change, tell: Tell, now: datetime) -> Letter:
    """The change as a message, whose id and body are the same each time it is sent."""
    sequence, event = change.sequence, change.event
    return Letter(
        message_id=f"msg_{hook.id.replace('-', '')}_{sequence}",
        type=event.type,
        sequence=sequence,
        after=hook.standing.sequence,
        attempt=hook.standing.failures + 1,
        version=hook.version,
        url=hook.url,
        secrets=_opened(settings, hook, now),
        body=_body(event.type, event.at, tell(change)),
    )


def test_letter(settings: Settings, hook: Webhook, now: datetime) -> Letter:
    """A message that tells of nothing."""
    return Letter(
        message_id=f"test_{new_id().replace('-', '')}",
        type=TEST_TYPE,
        sequence=None,
        after=hook.standing.sequence,
        attempt=1,
        version=hook.version,
        url=hook.url,
        secrets=_opened(settings, hook, now),
        body=_body(TEST_TYPE, now, {"webhook_id": hook.id}),
    )


def _body(of_type: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"type": of_type, "timestamp": format_instant(at), "data": data})


def _opened(settings: Settings, hook: Webhook, now: datetime) -> tuple[str, ...]:
    key = settings.webhook_key
    if key is None:
        return ()
    opened = (unseal(key, hook.id, sealed) for sealed in signing(hook.secret, hook.former_secrets, now))
    return tuple(secret for secret in opened if secret is not None)
