"""Who is calling, and whose facts they reach. Source: RULEBOOK A1, A2."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from app.rules.access.roles import PERMISSIONS, Permission, Resource, Role
from app.rules.refusal import Kind, Refused


class Limit(StrEnum):
    """A field that may limit what an actor reaches; the actor's own value of it is the limit."""

    CARE_SYSTEM = "care_system_id"
    MUNICIPALITY = "municipality"
    PROVIDER = "provider_id"
    CAREGIVER = "caregiver_id"


_REQUIRED: Mapping[Role, frozenset[Limit]] = MappingProxyType(
    {
        Role.CAREGIVER: frozenset({Limit.CARE_SYSTEM, Limit.PROVIDER, Limit.CAREGIVER}),
        Role.COORDINATOR: frozenset({Limit.CARE_SYSTEM, Limit.PROVIDER}),
        Role.CASE_OFFICER: frozenset({Limit.CARE_SYSTEM, Limit.MUNICIPALITY}),
        Role.CONTROLLER: frozenset({Limit.CARE_SYSTEM}),
        Role.SCHEDULING_CLIENT: frozenset({Limit.CARE_SYSTEM, Limit.PROVIDER}),
        Role.MEASURING_CLIENT: frozenset({Limit.CARE_SYSTEM}),
        Role.REIMBURSEMENT_CLIENT: frozenset({Limit.CARE_SYSTEM}),
        Role.AUDITOR: frozenset({Limit.CARE_SYSTEM}),
        Role.OPERATOR: frozenset(),
    }
)
_OPTIONAL: Mapping[Role, frozenset[Limit]] = MappingProxyType({Role.MEASURING_CLIENT: frozenset({Limit.PROVIDER})})
"""A measuring client measures for one provider, or for its whole care system (V17)."""

_WITH_NAMES = frozenset({Role.CAREGIVER, Role.COORDINATOR, Role.CASE_OFFICER, Role.SCHEDULING_CLIENT})
"""The others see people by id only. Source: A2; for the measuring client our decision."""

_LIFTED: Mapping[Resource, frozenset[Limit]] = MappingProxyType(
    {
        Resource.CARE_SYSTEM: frozenset({Limit.MUNICIPALITY, Limit.PROVIDER, Limit.CAREGIVER}),
        Resource.MUNICIPALITY: frozenset({Limit.MUNICIPALITY, Limit.PROVIDER, Limit.CAREGIVER}),
        Resource.PROVIDER: frozenset({Limit.MUNICIPALITY}),
    }
)
"""Limits that a resource has no field for: a provider may work in every municipality of the care system (O3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A signed-in user or client, with its role and scope as they stand in the database now. Source: A1.

    `care_system_id` is None for the operator alone. `device_id` is the enrolled phone that the session is bound to, on
    which it began at `device_since` by the register's clock; None at a desk. Raises ValueError where role and scope do
    not fit each other, so that no actor is wider than its role.
    """

    id: str
    role: Role
    care_system_id: str | None = None
    municipality: str | None = None
    provider_id: str | None = None
    caregiver_id: str | None = None
    session_id: str | None = None
    device_id: str | None = None
    device_since: datetime | None = None

    def __post_init__(self) -> None:
        faults = faults_of_limits(self.role, {limit: getattr(self, limit) for limit in Limit})
        if faults:
            raise ValueError(f"{self.role} {', '.join(f'{limit} {fault}' for limit, fault in faults)} (A1)")

    @property
    def care_system(self) -> str:
        """The actor's care system; raises Refused A1 (404) for the operator, who is in none. Source: A2."""
        if self.care_system_id is None:
            raise _missing()
        return self.care_system_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose facts of one resource an actor reaches; None is no limit. `with_names` False: ids only. Source: A1, A2."""

    care_system_id: str | None
    municipality: str | None
    provider_id: str | None
    caregiver_id: str | None
    with_names: bool

    def covers(
        self,
        *,
        care_system_id: str,
        municipality: str | None = None,
        provider_ids: Collection[str] = (),
        caregiver_ids: Collection[str] = (),
    ) -> bool:
        """True where the fact meets every limit; a fact that says nothing about a limited field is not covered.

        `provider_ids` are those it concerns: a customer's are the providers of its orders, and a caregiver's customers
        have in `caregiver_ids` whoever is planned with them or registered at them today. Source: A1, A2.
        """
        return (
            self.care_system_id in (None, care_system_id)
            and self.municipality in (None, municipality)
            and (self.provider_id is None or self.provider_id in provider_ids)
            and (self.caregiver_id is None or self.caregiver_id in caregiver_ids)
        )


def faults_of_limits(role: Role, limits: Mapping[Limit, str | None]) -> tuple[tuple[Limit, str], ...]:
    """Each limit that the role needs and lacks, or has and may not have, with what is wrong. Source: A1, A2."""
    required, optional = _REQUIRED[role], _OPTIONAL.get(role, frozenset())
    missing = [(limit, "is needed") for limit in Limit if limit in required and limits.get(limit) is None]
    extra = [
        (limit, "is not for this role")
        for limit in Limit
        if limit not in required | optional and limits.get(limit) is not None
    ]
    return (*missing, *extra)


def check_limits(role: Role, limits: Mapping[Limit, str | None]) -> None:
    """Returns where role and limits fit; raises Refused A1 (422) with the pointer of the first that does not."""
    for limit, fault in faults_of_limits(role, limits):
        raise Refused("A1", f"{limit} {fault}: {role}", Kind.INVALID, f"/{limit}")


def may(role: Role, permission: Permission) -> bool:
    """True where the table says so, and never otherwise. Source: A1, A2."""
    return permission in PERMISSIONS.get(role, frozenset())


def check_may(actor: Actor, permission: Permission) -> None:
    """Returns where the actor's role has the permission; raises Refused A2 (403) otherwise. Source: A2."""
    if not may(actor.role, permission):
        raise Refused("A2", f"the role {actor.role} may not {permission}", Kind.FORBIDDEN)


def scope_of(actor: Actor, resource: Resource) -> Scope:
    """Whose facts of the resource the actor reaches: its own limits, less those the resource has no field for.

    What it may do there is `check_may`'s to say. Source: A1, A2.
    """
    limits = {limit: getattr(actor, limit) for limit in Limit if limit not in _LIFTED.get(resource, frozenset())}
    return Scope(
        care_system_id=limits[Limit.CARE_SYSTEM],
        municipality=limits.get(Limit.MUNICIPALITY),
        provider_id=limits.get(Limit.PROVIDER),
        caregiver_id=limits.get(Limit.CAREGIVER),
        with_names=actor.role in _WITH_NAMES,
    )


def check_within(
    scope: Scope,
    *,
    care_system_id: str,
    municipality: str | None = None,
    provider_ids: Collection[str] = (),
    caregiver_ids: Collection[str] = (),
) -> None:
    """Returns where the scope covers the fact; raises Refused A1 (404), as for what does not exist. Source: A1."""
    if not scope.covers(
        care_system_id=care_system_id,
        municipality=municipality,
        provider_ids=provider_ids,
        caregiver_ids=caregiver_ids,
    ):
        raise _missing()


def _missing() -> Refused:
    return Refused("A1", "not there, or not within your scope", Kind.MISSING)
