"""Webhooks, who is delivering to which, and how the tries went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update

from app.rules.time import format_instant, parse_instant
from app.rules.webhooks import Disabled, Failure, Standing
from app.storage.database import Transaction
from app.storage.ids import new_id
from app.storage.statements import Row, insert_rows, locking, mappings
from app.storage.tables.events import event_pending
from app.storage.tables.reimbursement import counter
from app.storage.tables.webhooks import webhook, webhook_delivery, webhook_version

KEPT = timedelta(days=30)
"""How long a delivery is kept. Source: our decision."""
_STANDING = ("sequence", "failures", "failing_since", "due_at", "disabled_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A client's subscription as it is kept. The secrets are sealed; each former one has its last instant."""

    id: str
    client_id: str
    url: str
    types: tuple[str, ...]
    active: bool
    created_at: datetime
    recorded_at: datetime
    version: int = 1
    secret: str = field(repr=False)
    former_secrets: tuple[tuple[str, datetime], ...] = field(default=(), repr=False)
    standing: Standing
    lease: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One try. `sequence` is the change's, None of a test."""

    message_id: str
    sequence: int | None
    type: str
    attempt: int
    at: datetime
    status: int | None
    error: Failure | None
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Which webhook of all care systems."""

    care_system_id: str
    webhook_id: str


def insert_webhook(tx: Transaction, care_system_id: str, value: Webhook, *, by: str) -> None:
    """The webhook is kept as its first version."""
    own = {"id": value.id, "client_id": value.client_id, "created_at": value.created_at, "version": value.version}
    row = {"care_system_id": care_system_id, **own, **_settings(value, by), **_secrets(value), **_standing(value)}
    tx.connection.execute(webhook.insert().values(row))
    _keep_version(tx, care_system_id, value, by)


def replace_webhook(tx: Transaction, care_system_id: str, value: Webhook, *, by: str) -> None:
    """The webhook, whose row is locked, is as told, with the secrets it has; its version is kept."""
    told = {"version": value.version, **_settings(value, by), **_standing(value)}
    tx.connection.execute(update(webhook).where(*_is(Key(care_system_id=care_system_id, webhook_id=value.id))), told)
    _keep_version(tx, care_system_id, value, by)


def save_secrets(tx: Transaction, care_system_id: str, value: Webhook) -> None:
    """The secrets are as told."""
    key = Key(care_system_id=care_system_id, webhook_id=value.id)
    tx.connection.execute(update(webhook).where(*_is(key)), _secrets(value))


def find_webhook(
    tx: Transaction, care_system_id: str, webhook_id: str, client_id: str | None = None, *, lock: bool = False
) -> Webhook | None:
    """The webhook, of that client where one is named; None where there is none. `lock`: nobody changes it meanwhile."""
    statement = select(webhook).where(*_is(Key(care_system_id=care_system_id, webhook_id=webhook_id)))
    if client_id is not None:
        statement = statement.where(webhook.c.client_id == client_id)
    row = next(iter(mappings(tx, locking(tx, statement) if lock else statement)), None)
    return None if row is None else _webhook_of(row)


def page_of_webhooks(
    tx: Transaction, care_system_id: str, client_id: str, *, after: str | None = None, limit: int = 50
) -> tuple[Webhook, ...]:
    """Up to `limit` webhooks of the client by id."""
    theirs = (webhook.c.care_system_id == care_system_id, webhook.c.client_id == client_id)
    statement = select(webhook).where(*theirs).order_by(webhook.c.id).limit(limit)
    if after is not None:
        statement = statement.where(webhook.c.id > after)
    return tuple(_webhook_of(row) for row in mappings(tx, statement))


def count_webhooks(tx: Transaction, care_system_id: str, client_id: str) -> int:
    """How many the client has."""
    theirs = (webhook.c.care_system_id == care_system_id, webhook.c.client_id == client_id)
    found: int = tx.connection.execute(select(func.count()).select_from(webhook).where(*theirs)).scalar_one()
    return found


def due_webhooks(tx: Transaction, now: datetime) -> tuple[Key, ...]:
    """Those that somebody should look at: active, not waiting, nobody delivering, and something has happened since."""
    told = and_(counter.c.care_system_id == webhook.c.care_system_id, counter.c.name == "events")
    more = exists().where(told, counter.c.last > webhook.c.sequence)
    pending = exists().where(event_pending.c.care_system_id == webhook.c.care_system_id)
    statement = select(webhook.c.care_system_id, webhook.c.id).where(*_free(now), or_(more, pending))
    rows = mappings(tx, statement.order_by(webhook.c.care_system_id, webhook.c.id))
    return tuple(Key(care_system_id=row["care_system_id"], webhook_id=row["id"]) for row in rows)


def claim(tx: Transaction, key: Key, lease: str, now: datetime, until: datetime) -> bool:
    """True where the webhook was due and free, and is ours until then; of two at once one gets it."""
    ours = update(webhook).where(*_is(key), *_free(now)).values(lease=lease, leased_until=until)
    return tx.connection.execute(ours).rowcount == 1


def save_standing(tx: Transaction, key: Key, standing: Standing, *, leased_until: datetime | None) -> None:
    """The webhook, whose row is locked and which is ours, stands so; it is let go where `leased_until` is None."""
    held = {"leased_until": leased_until} if leased_until else {"lease": None, "leased_until": None}
    tx.connection.execute(update(webhook).where(*_is(key)), {**_standing_row(standing), **held})


def add_delivery(tx: Transaction, key: Key, value: Delivery) -> None:
    """The try is kept."""
    names = ("id", "message_id", "sequence", "type", "attempt", "at", "status", "error")
    own = {name: getattr(value, name) for name in names}
    row = {"care_system_id": key.care_system_id, "webhook_id": key.webhook_id, **own}
    insert_rows(tx, webhook_delivery, [row])


def page_of_deliveries(tx: Transaction, key: Key, *, after: str | None = None, limit: int = 50) -> tuple[Delivery, ...]:
    """Up to `limit` tries, the newest first, those before `after`."""
    table = webhook_delivery
    statement = select(table).where(table.c.care_system_id == key.care_system_id, table.c.webhook_id == key.webhook_id)
    if after is not None:
        statement = statement.where(table.c.id < after)
    return tuple(_delivery_of(row) for row in mappings(tx, statement.order_by(table.c.id.desc()).limit(limit)))


def weed(tx: Transaction, now: datetime) -> int:
    """Deliveries older than thirty days are gone; how many there were."""
    return tx.connection.execute(delete(webhook_delivery).where(webhook_delivery.c.at < now - KEPT)).rowcount


def _is(key: Key) -> tuple[ColumnElement[bool], ...]:
    return (webhook.c.care_system_id == key.care_system_id, webhook.c.id == key.webhook_id)


def _free(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        webhook.c.active,
        webhook.c.disabled_at.is_(None),
        or_(webhook.c.due_at.is_(None), webhook.c.due_at <= now),
        or_(webhook.c.leased_until.is_(None), webhook.c.leased_until <= now),
    )


def _keep_version(tx: Transaction, care_system_id: str, value: Webhook, by: str) -> None:
    row = {"care_system_id": care_system_id, "id": value.id, "version": value.version, **_settings(value, by)}
    insert_rows(tx, webhook_version, [row])


def _settings(value: Webhook, by: str) -> dict[str, Any]:
    own: dict[str, Any] = {"url": value.url, "types": list(value.types), "active": value.active}
    return {**own, "recorded_at": value.recorded_at, "recorded_by": by}


def _secrets(value: Webhook) -> dict[str, Any]:
    former: Sequence[Any] = [[secret, format_instant(until)] for secret, until in value.former_secrets]
    return {"secret": value.secret, "former_secrets": former}


def _standing(value: Webhook) -> dict[str, Any]:
    return _standing_row(value.standing)


def _standing_row(standing: Standing) -> dict[str, Any]:
    return {**{name: getattr(standing, name) for name in _STANDING}, "disabled_reason": standing.disabled_reason}


def _webhook_of(row: Row) -> Webhook:
    reason = row["disabled_reason"]
    names = ("id", "client_id", "url", "active", "created_at", "recorded_at", "version", "secret", "lease")
    return Webhook(
        **{name: row[name] for name in names},
        types=tuple(row["types"]),
        former_secrets=tuple((secret, parse_instant(until)) for secret, until in row["former_secrets"]),
        standing=Standing(
            **{name: row[name] for name in _STANDING}, disabled_reason=None if reason is None else Disabled(reason)
        ),
    )


def _delivery_of(row: Row) -> Delivery:
    names = ("id", "message_id", "sequence", "type", "attempt", "at", "status")
    error = row["error"]
    return Delivery(**{name: row[name] for name in names}, error=None if error is None else Failure(error))
