"""A call: who asks for what, when and why; and how the answer to it is told and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.rules.access import Actor, Permission, Resource, Scope, Verb, check_may, scope_of
from app.rules.time import local_day
from app.settings import Settings
from app.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """An idempotency key, and the hash of the content that came with it. Source: FAULTS, Mechanisms."""

    key: str
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an operation. `why` is the operation's id, for the access log (A3)."""

    database: Database
    settings: Settings
    actor: Actor
    now: datetime
    why: str
    request_id: str
    once: Once | None = None

    @property
    def care_system_id(self) -> str:
        """The actor's care system; Refused A1 (404) for the operator, who is in none."""
        return self.actor.care_system

    @property
    def today(self) -> date:
        """The Stockholm day of the call."""
        return local_day(self.now)

    def scope(self, resource: Resource) -> Scope:
        """Whose facts of the resource the actor reaches."""
        return scope_of(self.actor, resource)

    def check(self, resource: Resource, verb: Verb) -> None:
        """Returns where the actor's role may do it; Refused A2 (403) otherwise."""
        check_may(self.actor, Permission(resource, verb))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer as it leaves, so that it can be repeated byte for byte."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How the face that called tells of a value: as JSON values for whoever follows along, and as the answer."""

    dump: Callable[[Any], dict[str, Any]]
    answer: Callable[[Any], Answered]
