"""Users and clients as the register keeps them. Source: RULEBOOK A1, A2."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from app.rules.access.actors import Actor, Limit, check_limits
from app.rules.access.roles import CLIENT_ROLES, USER_ROLES, Role
from app.rules.refusal import Kind, Refused

USERNAME = "[a-z0-9][a-z0-9._@-]{2,63}"
"""3 to 64 characters that nobody mistakes for others, so that no two names look alike. Source: our decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a user and a client have in common. `care_system_id` None is the operator's."""

    role: Role
    care_system_id: str | None = None
    municipality: str | None = None
    provider_id: str | None = None
    caregiver_id: str | None = None
    active: bool = True

    def limits(self) -> dict[Limit, str | None]:
        """The values that limit what the account reaches."""
        return {limit: getattr(self, limit) for limit in Limit}

    def as_actor(self, account_id: str, session_id: str | None = None) -> Actor:
        """The actor that the account is when it calls; ValueError where role and scope do not fit."""
        return Actor(
            id=account_id,
            role=self.role,
            care_system_id=self.care_system_id,
            municipality=self.municipality,
            provider_id=self.provider_id,
            caregiver_id=self.caregiver_id,
            session_id=session_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAccount(Account):
    """A person who signs in with username and password."""

    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAccount(Account):
    """A machine that signs in with its id and secret."""

    name: str


A = TypeVar("A", bound=Account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Generic[A]):
    """An account as it is kept: with its id and the version that stands now."""

    id: str
    account: A
    created_at: datetime
    version: int
    recorded_at: datetime


def check_account(account: Account) -> None:
    """Returns where the role is one for its kind of account and the limits are those that the role has.

    Raises Refused A1 or A2 (422) with the pointer of the first field that is wrong. Source: A1, A2.
    """
    allowed = USER_ROLES if isinstance(account, UserAccount) else CLIENT_ROLES
    if account.role not in allowed:
        raise Refused("A2", f"the role must be one of {', '.join(sorted(allowed))}", Kind.INVALID, "/role")
    if isinstance(account, UserAccount) and re.fullmatch(USERNAME, account.username) is None:
        raise Refused("A1", "the username must be 3 to 64 of a-z, 0-9 and . _ @ -", Kind.INVALID, "/username")
    check_limits(account.role, account.limits())


def check_stays_in_place(before: Account, after: Account) -> None:
    """Returns where the account stays in its care system, and an operator an operator.

    What an account did is kept under its care system, so it cannot move. Raises Refused A1 (422). Source: our decision.
    """
    if before.care_system_id != after.care_system_id:
        raise Refused("A1", "an account stays in its care system; make another one", Kind.INVALID, "/care_system_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFacts:
    """What is there of an account's limits. None: no such care system, no such caregiver in it."""

    municipalities: frozenset[str] | None
    provider_is_there: bool
    caregivers_provider_id: str | None


def check_place(account: Account, facts: PlaceFacts) -> None:
    """Returns where everything that limits the account is there and belongs together.

    Raises Refused A1 (422) with the pointer of the first that does not. Source: A1.
    """
    if account.care_system_id is None:
        return
    if facts.municipalities is None:
        raise _unknown(Limit.CARE_SYSTEM, "no such care system")
    if account.municipality is not None and account.municipality not in facts.municipalities:
        raise _unknown(Limit.MUNICIPALITY, "no municipality of the care system")
    if account.provider_id is not None and not facts.provider_is_there:
        raise _unknown(Limit.PROVIDER, "no such provider in the care system")
    if account.caregiver_id is not None and facts.caregivers_provider_id != account.provider_id:
        raise _unknown(Limit.CAREGIVER, "no such caregiver of the provider")


def _unknown(limit: Limit, fault: str) -> Refused:
    return Refused("A1", fault, Kind.INVALID, f"/{limit}")
