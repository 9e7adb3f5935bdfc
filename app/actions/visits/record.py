"""Registrations are kept, and the visits are what they now add up to: the way that holds for any of them.

A few statements however many there are. `register` is the short way for the usual check-in and check-out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from app.actions.access.signing_in import authenticate
from app.actions.access.tokens import Claims
from app.actions.faults import Taken, UnknownReferences
from app.actions.references import Draft
from app.actions.visits.known import check_registers, completed, known_for, look_up
from app.actions.visits.project import Change, Wider, project
from app.actions.visits.tell import Faces, tell_and_settle
from app.rules.access import Actor, Role
from app.rules.access.devices import is_captured_by
from app.rules.refusal import Kind, Refused
from app.rules.time import local_day
from app.rules.visits.clock import Evidence, evidence_of
from app.rules.visits.resolve import Known, resolve
from app.rules.visits.values import Registration, Resolved, Sent
from app.settings import Settings
from app.storage.access.devices import sign_ins
from app.storage.database import Database, Transaction
from app.storage.visits import New, Stored, save_registrations, stored
from app.storage.visits.timelines import lock_providers

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """Where registrations arrive, from whom, and when. The actor is looked up with what it asks for."""

    database: Database
    settings: Settings
    claims: Claims
    now: datetime
    faces: Faces


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """When a registration was received, from which phone, and what that one's elapsed clock showed then, where that was
    before now. Source: FAULTS 8, V8.
    """

    received_at: datetime
    device_id: str
    sent: Sent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """A registration as it came: its id, the SHA-256 of its content, and its fields."""

    id: str
    content_hash: str
    draft: Draft
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A registration that is kept, where and by whom; `made` tells whether it was new. Source: V2."""

    resolved: Resolved
    made: bool
    care_system_id: str
    by: str


Fault = Refused | UnknownReferences | Taken
Outcome = Registered | Fault


def record(doorway: Doorway, arriving: Sequence[Arriving]) -> list[Outcome]:
    """Each good registration is kept, and each bad one has its fault, in order. Raises NotSignedIn, and Refused A2.

    Source: V1, V2, FAULTS 1-7.
    """
    return _recorded(doorway, lambda tx, provider_ids: _run(tx, doorway, arriving, provider_ids))


def try_out(doorway: Doorway, arriving: Sequence[Arriving]) -> list[Outcome]:
    """What `record` would tell of each; nothing is kept. Raises as `record`. Source: LR 3.6.3; the dry run: ours."""

    def tried(tx: Transaction, provider_ids: frozenset[str]) -> list[Outcome]:
        raise _TriedOut(_run(tx, doorway, arriving, provider_ids))

    try:
        return _recorded(doorway, tried)
    except _TriedOut as tried_out:
        return tried_out.outcomes


def record_for(
    doorway: Doorway, actor: Actor, prepare: Callable[[Transaction], tuple[Arriving, Callable[[Resolved], T]]]
) -> T:
    """One registration is kept that the actor answers for, with what `prepare` reads before it and writes after it.

    Whether the actor may is the caller's to check. Raises the registration's fault. Source: FAULTS 8.
    """

    def recorded(tx: Transaction, provider_ids: frozenset[str]) -> T:
        one, then = prepare(tx)
        (outcome,) = _Recording(tx, doorway, actor).run([one], provider_ids)
        if not isinstance(outcome, Registered):
            raise outcome
        return then(outcome.resolved)

    return _recorded(doorway, recorded)


class _TriedOut(Exception):
    """What a dry run came to; raised so that nothing of it is kept."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        super().__init__("a dry run keeps nothing")
        self.outcomes = outcomes


def _recorded(doorway: Doorway, act: Callable[[Transaction, frozenset[str]], T]) -> T:
    """What the act gives, done again with more providers locked where it concerns more than was known."""
    provider_ids: frozenset[str] = frozenset()
    while True:
        try:
            with doorway.database.transaction() as tx:
                return act(tx, provider_ids)
        except Wider as wider:
            provider_ids |= wider.provider_ids


def _run(
    tx: Transaction, doorway: Doorway, arriving: Sequence[Arriving], provider_ids: frozenset[str]
) -> list[Outcome]:
    actor = authenticate(tx.connection, doorway.claims)
    check_registers(actor)
    return _Recording(tx, doorway, actor).run(arriving, provider_ids)


class _Recording:
    """What is kept in one transaction."""

    def __init__(self, tx: Transaction, doorway: Doorway, actor: Actor) -> None:
        self.tx = tx
        self.doorway = doorway
        self.actor = actor
        self.cs = actor.care_system
        self.signed_in = sign_ins(tx.connection, self.cs, actor.device_id) if actor.device_id else ()

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
                told = registration_from(completed(one.draft, found, self.actor), now)
                registrations[index] = self._placed(told, one)
            except (UnknownReferences, Refused) as fault:
                outcomes[index] = fault
        known = self._known(list(registrations.values()))
        return {index: resolve(one, known) for index, one in registrations.items()}

    def _placed(self, told: Registration, one: Arriving) -> Registration:
        """The registration with where it came from. Raises Refused V17 for another's than who was signed in then."""
        if one.origin is not None:
            before = one.origin
            sent = told.sent or before.sent
            return replace(told, received_at=before.received_at, device_id=before.device_id, sent=sent)
        evidence, at = evidence_of(told)
        if self.actor.device_id is not None and not is_captured_by(
            told.caregiver_id,
            at,
            delivered_by=self.actor.caregiver_id,
            proven=evidence is not Evidence.CAPTURED,
            spans=self.signed_in,
        ):
            raise Refused("V17", "somebody else was signed in on the phone then", Kind.INVALID, "/caregiver_id")
        return measured(told, self.actor)

    def _known(self, registrations: Collection[Registration]) -> Known:
        return known_for(self.tx, self.cs, registrations, self.doorway.settings)

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
                outcomes[index] = Registered(
                    resolved=resolved[index], made=True, care_system_id=self.cs, by=self.actor.id
                )
            elif before is None:
                outcomes[index] = Taken("/external_id")
            else:
                outcomes[index] = same_or_refused(one.content_hash, before, self.cs)
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
            kept = Stored(resolved=outcome.resolved, content_hash=arriving[first].content_hash, by=outcome.by)
            return same_or_refused(one.content_hash, kept, self.cs)
        return outcome


def same_or_refused(content_hash: str, kept: Stored, care_system_id: str) -> Registered | Refused:
    """The registration that is kept, where the content is the same; else the refusal of another one. Source: V2."""
    if kept.content_hash == content_hash:
        return Registered(resolved=kept.resolved, made=False, care_system_id=care_system_id, by=kept.by)
    return Refused("V2", "this id has been used for a registration with other content, which stands", pointer="/id")


def registration_from(fields: dict[str, Any], now: datetime) -> Registration:
    """The registration as it is received now."""
    return Registration(**fields, received_at=now, recorded_at=now)


def measured(registration: Registration, actor: Actor) -> Registration:
    """The registration, marked where a measuring client states it, with the phone that delivers it. Source: V7, V17."""
    stated = actor.role is Role.MEASURING_CLIENT
    return replace(registration, by_measuring_client=stated, device_id=actor.device_id)
