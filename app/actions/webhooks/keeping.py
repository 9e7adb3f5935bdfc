"""A client's own webhooks: made, read, replaced, given a new secret, tried. Source: A1, A2; CONTRACT, change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.actions.calls import Answered, Call
from app.actions.faults import ChangedMeanwhile
from app.actions.once import keep_answer, repeated, retried
from app.actions.records import missing
from app.actions.running import real_now
from app.actions.webhooks.letters import test_letter
from app.actions.webhooks.sending import Line
from app.actions.webhooks.signing import new_secret, seal
from app.actions.webhooks.targets import target_of
from app.rules.access import Resource, Verb
from app.rules.refusal import Refused
from app.rules.webhooks import Standing, check_count, check_start, check_target, rotated
from app.storage import events, webhooks
from app.storage.database import Transaction
from app.storage.ids import new_id
from app.storage.webhooks import Delivery, Key, Webhook

STEP_SECONDS = 2
WHOLE_SECONDS = 4
"""A trial is answered within five seconds, as everything is. Source: FAULTS 14."""

Answer = Callable[[Webhook, str | None], Answered]
"""The answer that tells of the webhook, and of its secret where there is one to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A webhook as its client wants it. `after`: what comes after that change is told; None leaves the place."""

    url: str
    types: tuple[str, ...] = ()
    active: bool = True
    after: int | None = None


@retried
def create_webhook(call: Call, wish: Wish, answer: Answer) -> Answered:
    """The webhook is kept, and the answer tells its secret; repeated for the same idempotency key, it does not.

    Raises Refused: A2; an address, place or number of them that is not taken; an installation that keeps no secrets.
    """
    call.check(Resource.WEBHOOK, Verb.CREATE)
    _check_url(call, wish)
    key, secret = _key(call), new_secret()
    with call.database.transaction() as tx:
        before = repeated(tx, call)
        if before is not None:
            return before
        check_count(webhooks.count_webhooks(tx, call.care_system_id, call.actor.id))
        webhook_id = new_id()
        made = Webhook(
            id=webhook_id,
            client_id=call.actor.id,
            url=wish.url,
            types=wish.types,
            active=wish.active,
            created_at=call.now,
            recorded_at=call.now,
            secret=seal(key, webhook_id, secret),
            standing=Standing(sequence=_start(tx, call, wish, None)),
        )
        webhooks.insert_webhook(tx, call.care_system_id, made, by=call.actor.id)
        keep_answer(tx, call, answer(made, None))
    return answer(made, secret)


def replace_webhook(call: Call, webhook_id: str, version: int, wish: Wish) -> Webhook:
    """The webhook as its client wants it now, with the secret it has, as if nothing had failed: a disabled one is
    delivered to again.

    Raises Refused as `create_webhook` and A1 (404), `ChangedMeanwhile`.
    """
    call.check(Resource.WEBHOOK, Verb.REPLACE)
    _check_url(call, wish)
    with call.database.transaction() as tx:
        before = _own(tx, call, webhook_id, lock=True)
        if before.version != version:
            raise ChangedMeanwhile
        value = replace(
            before,
            url=wish.url,
            types=wish.types,
            active=wish.active,
            version=version + 1,
            recorded_at=call.now,
            standing=Standing(sequence=_start(tx, call, wish, before)),
        )
        webhooks.replace_webhook(tx, call.care_system_id, value, by=call.actor.id)
    return value


def rotate_secret(call: Call, webhook_id: str) -> tuple[Webhook, str]:
    """The webhook and its new secret; the one before signs beside it for a day. Raises Refused: A2, A1 (404)."""
    call.check(Resource.WEBHOOK, Verb.REPLACE)
    key, secret = _key(call), new_secret()
    with call.database.transaction() as tx:
        before = _own(tx, call, webhook_id, lock=True)
        former = rotated(before.secret, before.former_secrets, real_now())
        value = replace(before, secret=seal(key, webhook_id, secret), former_secrets=former)
        webhooks.save_secrets(tx, call.care_system_id, value)
    return value, secret


def read_webhook(call: Call, webhook_id: str) -> Webhook:
    """The webhook, without its secret. Raises Refused: A2, A1 (404)."""
    call.check(Resource.WEBHOOK, Verb.READ)
    with call.database.transaction(write=False) as tx:
        return _own(tx, call, webhook_id)


def list_webhooks(call: Call, after: str | None, limit: int) -> tuple[Webhook, ...]:
    """At most `limit` of the client's webhooks after `after`, by id. Raises Refused A2."""
    call.check(Resource.WEBHOOK, Verb.READ)
    with call.database.transaction(write=False) as tx:
        return webhooks.page_of_webhooks(tx, call.care_system_id, call.actor.id, after=after, limit=limit)


def list_deliveries(call: Call, webhook_id: str, after: str | None, limit: int) -> tuple[Delivery, ...]:
    """At most `limit` tries of the last thirty days, the newest first. Raises Refused: A2, A1 (404)."""
    call.check(Resource.WEBHOOK, Verb.READ)
    with call.database.transaction(write=False) as tx:
        own = _own(tx, call, webhook_id)
        return webhooks.page_of_deliveries(tx, _key_of(call, own), after=after, limit=limit)


def try_webhook(call: Call, webhook_id: str) -> Delivery:
    """How a message that tells of nothing was taken by the receiver just now; it stands among the deliveries.

    Nothing else changes: a disabled webhook stays so. Raises Refused: A2, A1 (404).
    """
    call.check(Resource.WEBHOOK, Verb.REPLACE)
    now = real_now()
    with call.database.transaction(write=False) as tx:
        own = _own(tx, call, webhook_id)
    letter = test_letter(call.settings, own, now)
    allowed = call.settings.webhook_allowed
    with Line(allowed, step_seconds=STEP_SECONDS, whole_seconds=WHOLE_SECONDS) as line:
        delivery = letter.delivery(letter.send(line, now), now)
    with call.database.transaction() as tx:
        webhooks.add_delivery(tx, _key_of(call, own), delivery)
    return delivery


def _own(tx: Transaction, call: Call, webhook_id: str, *, lock: bool = False) -> Webhook:
    found = webhooks.find_webhook(tx, call.care_system_id, webhook_id, call.actor.id, lock=lock)
    if found is None:
        raise missing()
    return found


def _key_of(call: Call, own: Webhook) -> Key:
    return Key(care_system_id=call.care_system_id, webhook_id=own.id)


def _check_url(call: Call, wish: Wish) -> None:
    check_target(target_of(wish.url), call.settings.webhook_allowed)


def _start(tx: Transaction, call: Call, wish: Wish, before: Webhook | None) -> int:
    """The change after which to begin: the one asked for, else where it stands, else the last one now."""
    last = events.last_sequence(tx, call.care_system_id)
    check_start(wish.after, last)
    stands = last if before is None else before.standing.sequence
    return stands if wish.after is None else wish.after


def _key(call: Call) -> bytes:
    key = call.settings.webhook_key
    if key is None:
        raise Refused("webhooks", "this installation has no key to keep the secrets of webhooks under")
    return key
