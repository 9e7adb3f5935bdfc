"""Delivering changes to webhooks: to each in order, each at least once, and nobody waits for who does not answer.

A change is settled and the next one chosen in one transaction, and none is open while something is sent. Whose client
may read what is looked up for every change anew. Source: ARCHITECTURE, The API; A1; A3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.actions.calls import Call
from app.actions.events import people_in
from app.actions.records import log_read
from app.actions.webhooks.letters import Letter, Tell, letter_of
from app.actions.webhooks.sending import Line
from app.rules.access import Actor, Permission, Resource, Verb, may, scope_of
from app.rules.webhooks import Outcome, Standing, Tried, after_try, resting
from app.settings import Settings
from app.storage import events, webhooks
from app.storage.access import Subject, find_actor
from app.storage.database import Database, Transaction
from app.storage.events import Change
from app.storage.ids import new_id
from app.storage.webhooks import Key, Webhook

LEASE = timedelta(seconds=60)
"""How long after its last sign of life a deliverer is taken for dead. Longer than any POST. Source: our decision."""
TURN = timedelta(seconds=20)
MOST_AT_A_TURN = 500
"""Then the other webhooks have their turn."""
WINDOW = 20_000
MOST_WINDOWS = 10
"""Changes that are looked through for one that concerns a webhook: so many by one statement, so often in a turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What delivering stands on. `line` opens a line to receivers."""

    database: Database
    settings: Settings
    tell: Tell
    clock: Callable[[], datetime]
    line: Callable[[Settings], Line] = field(default=lambda settings: Line(settings.webhook_allowed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """How many changes arrived, how many tries failed, and how many webhooks were disabled for it."""

    delivered: int = 0
    failed: int = 0
    disabled: int = 0

    def __add__(self, other: Delivered) -> Delivered:
        return Delivered(
            delivered=self.delivered + other.delivered,
            failed=self.failed + other.failed,
            disabled=self.disabled + other.disabled,
        )


def deliver_due(office: Office) -> Delivered:
    """Every webhook that was due, and that nobody else delivers to, has had its turn."""
    with office.database.transaction(write=False) as tx:
        due = webhooks.due_webhooks(tx, office.clock())
    done = Delivered()
    for key in due:
        done += _turn(office, key)
    return done


def _turn(office: Office, key: Key) -> Delivered:
    lease, ends, done = new_id(), office.clock() + TURN, Delivered()
    letter = _begin(office, key, lease)
    with office.line(office.settings) as line:
        while letter is not None:
            outcome = letter.send(line, office.clock())
            done += Delivered(delivered=outcome.failure is None, failed=outcome.failure is not None)
            more = office.clock() < ends and done.delivered < MOST_AT_A_TURN
            with office.database.transaction() as tx:
                hook = _settled(tx, office, key, lease, letter, outcome)
                if hook is None:
                    break
                done += Delivered(disabled=hook.standing.disabled_at is not None)
                letter = _next(tx, office, key, hook, more=more)
    return done


def _settled(tx: Transaction, office: Office, key: Key, lease: str, letter: Letter, outcome: Outcome) -> Webhook | None:
    """The webhook, locked, as it stands after the try; None where somebody took us for dead and took over."""
    now = office.clock()
    hook = webhooks.find_webhook(tx, key.care_system_id, key.webhook_id, lock=True)
    webhooks.add_delivery(tx, key, letter.delivery(outcome, now))
    if hook is None or hook.lease != lease:
        return None
    return replace(hook, standing=after_try(hook.standing, _tried(letter, hook), outcome, now))


def _tried(letter: Letter, hook: Webhook) -> Tried:
    return Tried(
        message_id=letter.message_id,
        sequence=letter.after if letter.sequence is None else letter.sequence,
        after=letter.after,
        replaced=hook.version != letter.version,
    )


def _begin(office: Office, key: Key, lease: str) -> Letter | None:
    """The first message of a turn that has become ours; None where somebody else was quicker, or nothing is to tell."""
    with office.database.transaction() as tx:
        now = office.clock()
        if not webhooks.claim(tx, key, lease, now, now + LEASE):
            return None
        hook = webhooks.find_webhook(tx, key.care_system_id, key.webhook_id, lock=True)
        return None if hook is None else _next(tx, office, key, hook, more=True)


def _next(tx: Transaction, office: Office, key: Key, hook: Webhook, *, more: bool) -> Letter | None:
    """The next message; None where the webhook is let go: it waits, its turn is over, or there is nothing to tell."""
    now = office.clock()
    standing, change, reader = hook.standing, None, None
    if more and hook.active and standing.goes_on(now):
        reader = _reader(tx, hook)
        standing, change = (resting(standing, now), None) if reader is None else _found(tx, key, hook, reader)
    webhooks.save_standing(tx, key, standing, leased_until=None if change is None else now + LEASE)
    if change is None or reader is None:
        return None
    letter = letter_of(office.settings, replace(hook, standing=standing), change, office.tell, now)
    call = Call(
        database=office.database,
        settings=office.settings,
        actor=reader,
        now=now,
        why="deliverWebhook",
        request_id=letter.message_id,
    )
    log_read(tx, call, Resource.CHANGE, people_in(change.event.data))
    return letter


def _reader(tx: Transaction, hook: Webhook) -> Actor | None:
    """The client as it stands now; None where it is switched off, or may follow changes no more. Source: A1, A2."""
    found = find_actor(tx.connection, Subject.CLIENT, hook.client_id)
    needed = (Permission(Resource.CHANGE, Verb.READ), Permission(Resource.WEBHOOK, Verb.READ))
    return found if found is not None and all(may(found.role, one) for one in needed) else None


def _found(tx: Transaction, key: Key, hook: Webhook, reader: Actor) -> tuple[Standing, Change | None]:
    """The first change after the webhook's place that its client may read and wants; the place moves up to it."""
    cs, at = key.care_system_id, hook.standing.sequence
    last = events.last_sequence(tx, cs)
    for _ in range(MOST_WINDOWS):
        until = min(at + WINDOW, last)
        if until <= at:
            break
        scope = scope_of(reader, Resource.CHANGE)
        found = events.page(tx, cs, scope=scope, after=at, until=until, types=hook.types, limit=1)
        if found:
            return replace(hook.standing, sequence=at), found[0]
        at = until
    return replace(hook.standing, sequence=at), None
