"""Registrations are kept, and the visits are what they now add up to: the way that holds for any of them.

A few statements however many there are. `register` is the short way for the usual check-in and check-out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.actions.access.signing_in import authenticate
from app.actions.access.tokens import Claims
from app.actions.faults import Taken, UnknownReferences
from app.actions.references import Draft
from app.actions.visits.known import check_registers, completed, keys_of, known_for, look_up
from app.actions.visits.project import Change, Wider, project
from app.actions.visits.tell import Faces, tell_and_settle
from app.rules.access import Actor, Role
from app.rules.refusal import Refused
from app.rules.time import local_day
from app.rules.visits.resolve import Known, resolve
from app.rules.visits.values import Registration, Resolved
from app.settings import Settings
from app.storage.database import Database, Transaction
from app.storage.visits import New, save_registrations, stored
from app.storage.visits.timelines import lock_providers


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """Where registrations arrive, from whom, and when. The actor is looked up with what it asks for."""

    database: Database
    settings: Settings
    claims: Claims
    now: datetime
    faces: Faces


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """A registration as it came: its id, the SHA-256 of its content, and its fields."""

    id: str
    content_hash: str
    draft: Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A registration that is kept; `made` tells whether it was new. Source: V2."""

    resolved: Resolved
    made: bool


Fault = Refused | UnknownReferences | Taken
Outcome = Registered | Fault


def record(doorway: Doorway, arriving: Sequence[Arriving]) -> list[Outcome]:
    """Each good registration is kept, and each bad one has its fault, in order. Raises NotSignedIn, and Refused A2.

    Source: V1, V2, FAULTS 1-7.
    """
    provider_ids: frozenset[str] = frozenset()
    while True:
        try:
            with doorway.database.transaction() as tx:
                return _Recording(tx, doorway, authenticate(tx.connection, doorway.claims)).run(arriving, provider_ids)
        except Wider as wider:
            provider_ids |= wider.provider_ids


class _Recording:
    """What is kept in one transaction."""

    def __init__(self, tx: Transaction, doorway: Doorway, actor: Actor) -> None:
        check_registers(actor)
        self.tx = tx
        self.doorway = doorway
        self.actor = actor
        self.cs = actor.care_system

    def run(self, arriving: Sequence[Arriving], provider_ids: frozenset[str]) -> list[Outcome]:
        """What became of each."""
        outcomes: dict[int, Outcome] = {}
        resolved = self._resolved(arriving, outcomes)
        firsts = list({arriving[index].id: index for index in reversed(resolved)}.values())
        concerned = provider_ids | {resolved[index].provider_id for index in firsts}
        lock_providers(self.tx, self.cs, concerned)
        self._keep(arriving, resolved, firsts, outcomes, concerned)
        for index, one in enumerate(arriving):
            if index not in outcomes:
                outcomes[index] = self._repeated(one, arriving, firsts, outcomes)
        return [outcomes[index] for index in range(len(arriving))]

    def _resolved(self, arriving: Sequence[Arriving], outcomes: dict[int, Outcome]) -> dict[int, Resolved]:
        now = self.doorway.now
        found = look_up(self.tx, self.cs, [one.draft for one in arriving], local_day(now))
        registrations: dict[int, Registration] = {}
        for index, one in enumerate(arriving):
            try:
                registrations[index] = measured(
                    registration_from(completed(one.draft, found, self.actor), now), self.actor
                )
            except UnknownReferences as fault:
                outcomes[index] = fault
        known = self._known(list(registrations.values()))
        return {index: resolve(one, known) for index, one in registrations.items()}

    def _known(self, registrations: Collection[Registration]) -> Known:
        return known_for(self.tx, self.cs, registrations, keys_of(self.doorway.settings))

    def _keep(
        self,
        arriving: Sequence[Arriving],
        resolved: dict[int, Resolved],
        firsts: Sequence[int],
        outcomes: dict[int, Outcome],
        provider_ids: frozenset[str],
    ) -> None:
        new = [
            New(resolved=resolved[index], content_hash=arriving[index].content_hash, by=self.actor.id)
            for index in firsts
        ]
        fresh = save_registrations(self.tx, self.cs, new)
        kept = stored(self.tx, self.cs, {one.resolved.id for one in new} - fresh)
        for index in firsts:
            one, before = arriving[index], kept.get(arriving[index].id)
            if one.id in fresh:
                outcomes[index] = Registered(resolved=resolved[index], made=True)
            elif before is None:
                outcomes[index] = Taken("/external_id")
            else:
                outcomes[index] = same_or_refused(before.content_hash == one.content_hash, before.resolved)
        arrived = tuple(resolved[index] for index in firsts if arriving[index].id in fresh)
        if arrived:
            now = self.doorway.now
            projected = project(self.tx, self.cs, Change(provider_ids=provider_ids, arrived=arrived), now)
            tell_and_settle(self.tx, self.cs, projected, arrived, self.doorway.faces, now)

    def _repeated(
        self, one: Arriving, arriving: Sequence[Arriving], firsts: Sequence[int], outcomes: dict[int, Outcome]
    ) -> Outcome:
        """What becomes of a later row of an id that came before in the same batch."""
        first = next(index for index in firsts if arriving[index].id == one.id)
        outcome = outcomes[first]
        if isinstance(outcome, Registered):
            return same_or_refused(arriving[first].content_hash == one.content_hash, outcome.resolved)
        return outcome


def same_or_refused(same: bool, resolved: Resolved) -> Registered | Refused:
    """The registration that is kept, where the content is the same; else the refusal of another one. Source: V2."""
    if same:
        return Registered(resolved=resolved, made=False)
    return Refused("V2", "this id has been used for a registration with other content, which stands", pointer="/id")


def registration_from(fields: dict[str, Any], now: datetime) -> Registration:
    """The registration as it is received now."""
    return Registration(**fields, received_at=now, recorded_at=now)


def measured(registration: Registration, actor: Actor) -> Registration:
    """The registration, marked where a measuring client states it. Source: V7, V17."""
    return replace(registration, by_measuring_client=actor.role is Role.MEASURING_CLIENT)
