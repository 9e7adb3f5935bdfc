"""Who may do what, to whose: roles, permissions, scopes, and the rules of signing in. Source: RULEBOOK A1, A2."""

from __future__ import annotations

from app.rules.access.accounts import Account, ClientAccount, Kept, UserAccount
from app.rules.access.actors import Actor, Scope, check_may, check_within, may, scope_of
from app.rules.access.roles import (
    CLIENT_ROLES,
    PERMISSIONS,
    USER_ROLES,
    Permission,
    Resource,
    Role,
    Verb,
)

__all__ = [
    "CLIENT_ROLES",
    "PERMISSIONS",
    "USER_ROLES",
    "Account",
    "Actor",
    "ClientAccount",
    "Kept",
    "Permission",
    "Resource",
    "Role",
    "Scope",
    "UserAccount",
    "Verb",
    "check_may",
    "check_within",
    "may",
    "scope_of",
]
