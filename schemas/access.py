"""Signing in, users and clients, as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validates_schema

from app.rules.access import CLIENT_ROLES, USER_ROLES, Account, ClientAccount, Kept, Role, UserAccount
from app.rules.access.accounts import USERNAME
from app.rules.access.sessions import ACCESS_TOKEN_SECONDS, LONGEST_PASSWORD, SHORTEST_PASSWORD
from app.rules.time import format_instant
from schemas.fields import Choice, Instant, Shaped, Switch
from schemas.resources import StrictSchema
from schemas.texts import Identifier, MunicipalityCode, Text

LONGEST_SECRET = 1024
"""Characters of whatever somebody presents to be let in; ours are shorter."""
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class GrantType(StrEnum):
    """How one asks for a token. Source: RFC 6749 sections 4.3, 4.4, 6."""

    PASSWORD = "password"
    CLIENT_CREDENTIALS = "client_credentials"
    REFRESH_TOKEN = "refresh_token"


_NEEDED: Mapping[GrantType, frozenset[str]] = {
    GrantType.PASSWORD: frozenset({"username", "password"}),
    GrantType.CLIENT_CREDENTIALS: frozenset({"client_id", "client_secret"}),
    GrantType.REFRESH_TOKEN: frozenset({"refresh_token"}),
}


class Presented(Shaped[str]):
    """Text that is compared and never kept: a name, a password, a secret. Its content is never in a message."""

    openapi: ClassVar[Mapping[str, Any]] = {
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_SECRET,
        "pattern": r"^[^\u0000]+$",
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_SECRET or _UNSTORABLE.search(value):
            raise ValidationError(f"Give text of 1 to {LONGEST_SECRET} characters.")
        return value


class NewPassword(Presented):
    """A password to be kept, as its hash; its length is counted by a rule."""

    openapi: ClassVar[Mapping[str, Any]] = {
        "type": "string",
        "minLength": SHORTEST_PASSWORD,
        "maxLength": LONGEST_PASSWORD,
        "format": "password",
        "writeOnly": True,
    }


class Username(Shaped[str]):
    """What a person signs in with: 3 to 64 of a-z, 0-9 and . _ @ -, so that no two names look alike."""

    openapi: ClassVar[Mapping[str, Any]] = {"type": "string", "pattern": f"^{USERNAME}$", "example": "anna.ek"}

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or re.fullmatch(USERNAME, value) is None:
            raise ValidationError("Give 3 to 64 characters of a-z, 0-9 and . _ @ -, beginning with a letter or digit.")
        return value


class RoleAmong(Shaped[Role]):
    """One of some roles."""

    def __init__(self, roles: frozenset[Role], **settings: Any) -> None:
        super().__init__(shape={"type": "string", "enum": sorted(roles)}, **settings)
        self._roles = roles

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Role:
        if not isinstance(value, str) or value not in self._roles:
            raise ValidationError(f"Give one of: {', '.join(sorted(self._roles))}.")
        return Role(value)


class TokenRequestSchema(StrictSchema):
    """What is presented to be let in. Which fields, the grant type says; the others are refused."""

    grant_type = Choice(GrantType, required=True)
    username = Presented()
    password = Presented(metadata={"format": "password"})
    client_id = Presented()
    client_secret = Presented(metadata={"format": "password"})
    refresh_token = Presented()

    @validates_schema(skip_on_field_errors=True)
    def _fits_the_grant_type(self, content: Mapping[str, Any], **_: Any) -> None:
        needed = _NEEDED[content["grant_type"]]
        stated = content.keys() - {"grant_type"}
        missing = {name: ["Give this field: the grant type needs it."] for name in needed - stated}
        extra = {name: ["Leave this field out: the grant type has no use for it."] for name in stated - needed}
        if missing or extra:
            raise ValidationError({**missing, **extra})


class TokenSchema(StrictSchema):
    """What somebody who was let in gets. Role and scope are told, not believed: they are looked up on every request."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True, metadata={"enum": ["Bearer", "DPoP"]})
    expires_in = fields.Integer(required=True, strict=True, metadata={"example": ACCESS_TOKEN_SECONDS})
    refresh_token = fields.String(metadata={"description": "For users. Good once, for 30 days."})
    role = RoleAmong(frozenset(Role), required=True)
    scope = fields.String(required=True)


class KeySetSchema(StrictSchema):
    """A JWK set. Source: RFC 7517."""

    keys = fields.List(fields.Dict(keys=fields.String(), values=fields.String()), required=True)


class _AccountRequestSchema(StrictSchema):
    care_system_id = Identifier(load_default=None, allow_none=True)
    municipality = MunicipalityCode(load_default=None, allow_none=True)
    provider_id = Identifier(load_default=None, allow_none=True)
    active = Switch(load_default=True)


class _AccountSchema(StrictSchema):
    id = Identifier(required=True)
    care_system_id = Identifier()
    municipality = MunicipalityCode()
    provider_id = Identifier()
    active = Switch(required=True)
    created_at = Instant(required=True)
    recorded_at = Instant(required=True)


class UserReplacementSchema(_AccountRequestSchema):
    """A user as it shall be, loaded as the account and its password; without a password it keeps the one it has."""

    username = Username(required=True)
    role = RoleAmong(USER_ROLES, required=True)
    caregiver_id = Identifier(load_default=None, allow_none=True)
    password = NewPassword(load_default=None, allow_none=True)

    @post_load
    def _made(self, content: dict[str, Any], **_: Any) -> tuple[UserAccount, str | None]:
        password = content.pop("password")
        return UserAccount(**content), password


class UserRequestSchema(UserReplacementSchema):
    """A new user, loaded as the account and its password."""

    password = NewPassword(required=True)


class UserSchema(_AccountSchema):
    """A user as the operator sees it."""

    username = Username(required=True)
    role = RoleAmong(USER_ROLES, required=True)
    caregiver_id = Identifier()


class ClientRequestSchema(_AccountRequestSchema):
    """A machine client as it shall be."""

    name = Text(required=True)
    role = RoleAmong(CLIENT_ROLES, required=True)

    @post_load
    def _made(self, content: dict[str, Any], **_: Any) -> ClientAccount:
        return ClientAccount(**content)


class ClientSchema(_AccountSchema):
    """A machine client as the operator sees it."""

    name = Text(required=True)
    role = RoleAmong(CLIENT_ROLES, required=True)


class NewClientSchema(ClientSchema):
    """The answer to a client's creation, the only one that tells its secret."""

    client_secret = fields.String(required=True)


def kept_json(kept: Kept[Any]) -> dict[str, Any]:
    """The user or client as JSON values; what limits it not is left out."""
    account: Account = kept.account
    own = {"username": account.username} if isinstance(account, UserAccount) else {}
    named = {"name": account.name} if isinstance(account, ClientAccount) else {}
    limits = {str(limit): value for limit, value in account.limits().items() if value is not None}
    return {
        "id": kept.id,
        **own,
        **named,
        "role": account.role,
        **limits,
        "active": account.active,
        "created_at": format_instant(kept.created_at),
        "recorded_at": format_instant(kept.recorded_at),
    }
