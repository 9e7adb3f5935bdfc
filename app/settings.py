"""The environment, read once into one frozen value."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from app.rules.webhooks import Allowed, Network

SHORTEST_SECRET_BYTES = 32
"""A key for HMAC-SHA-256 is as long as its hash. Source: RFC 2104 section 3."""


_PUBLIC_KEY_ENDS = "-----END PUBLIC KEY-----"


class SettingsError(ValueError):
    """A variable of the environment that is missing or wrong; the text begins with its name."""

    def __init__(self, variable: str, fault: str) -> None:
        super().__init__(f"{variable}: {fault}")
        self.variable = variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that the process is told from outside. Its repr shows no secret."""

    database_url: str = field(repr=False)
    """For SQLAlchemy: `sqlite:///…` or `postgresql+psycopg://…`."""
    base_url: str
    """The public address, without a slash at the end: the tags' URLs begin with it, and it is `iss`."""
    signing_key: EllipticCurvePrivateKey = field(repr=False)
    """On P-256, for the ES256 access tokens."""
    tag_keys: Mapping[int, bytes] = field(repr=False)
    """HMAC keys of the QR tags by version. The highest signs; old ones still verify."""
    tag_keys_retired: Mapping[int, datetime] = field(default_factory=lambda: MappingProxyType({}))
    """From when on what a key version has signed proves no place any more; what was read before still does."""
    cursor_key: bytes = field(repr=False)
    sun_key: bytes | None = field(default=None, repr=False)
    """AES-256 key that the keys of cryptographic tags (NTAG 424 DNA) are stored under; None takes no such tags."""
    webhook_key: bytes | None = field(default=None, repr=False)
    """AES-256 key that the secrets of webhooks are stored under; None has no webhooks."""
    webhook_allowed: Allowed = field(default_factory=Allowed)
    """What webhooks may reach beyond the public internet."""
    seal_key: Ed25519PrivateKey | None = field(default=None, repr=False)
    """Seals the ledger and signs receipts; without one nothing is sealed, and no receipt is given. Source: A5."""
    seal_public_keys: tuple[Ed25519PublicKey, ...] = field(default=(), repr=False)
    """Former seal keys, or the one of an installation that only verifies: what they signed is ours too."""
    demo_clock: bool = False
    """Whether a request may say what time it is (header Hemtid-Demo-Clock). For the demo only."""
    pool_size: int = 8
    """Database connections a worker process may hold."""
    pool_timeout_seconds: int = 1
    """How long a request waits for a connection before it answers 503: it may need two, one after the other, within two
    seconds. Source: FAULTS 13."""
    document_bytes: int = 10 * 1024 * 1024
    """How large a document attached to a request for more time may be; nginx takes a little more. Source: E2, ours."""
    statement_timeout_seconds: int = 4
    """How long a statement may run or wait for a lock: the answer comes within five seconds. Source: FAULTS 14."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The settings of this process. Raises `SettingsError` naming the first variable that is wrong."""
        tag_keys, retired = _tag_keys(environment)
        return cls(
            database_url=_database_url(environment),
            base_url=_base_url(environment),
            signing_key=_signing_key(environment),
            tag_keys=tag_keys,
            tag_keys_retired=retired,
            cursor_key=_key_bytes("HEMTID_CURSOR_KEY", _secret(environment, "HEMTID_CURSOR_KEY")),
            sun_key=_aes_key(environment, "HEMTID_SUN_KEY"),
            webhook_key=_aes_key(environment, "HEMTID_WEBHOOK_KEY"),
            webhook_allowed=_webhook_allowed(environment),
            seal_key=_seal_key(environment),
            seal_public_keys=_seal_public_keys(environment),
            demo_clock=_switch(environment, "HEMTID_DEMO_CLOCK"),
            pool_size=_count(environment, "HEMTID_POOL_SIZE", 8),
            pool_timeout_seconds=_count(environment, "HEMTID_POOL_TIMEOUT_SECONDS", 1),
            document_bytes=_count(environment, "HEMTID_DOCUMENT_BYTES", 10 * 1024 * 1024),
            statement_timeout_seconds=_count(environment, "HEMTID_STATEMENT_TIMEOUT_SECONDS", 4),
        )


def _required(environment: Mapping[str, str], variable: str) -> str:
    value = environment.get(variable, "").strip()
    if not value:
        raise SettingsError(variable, "is not set")
    return value


def _secret(environment: Mapping[str, str], variable: str) -> str:
    """The secret itself, or the content of the file that `variable` + `_FILE` names."""
    file_variable = f"{variable}_FILE"
    file = environment.get(file_variable, "").strip()
    if not file:
        return _required(environment, variable)
    if environment.get(variable, "").strip():
        raise SettingsError(variable, f"is set, and so is {file_variable}: choose one")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(file_variable, f"cannot be read: {fault}") from fault


def _database_url(environment: Mapping[str, str]) -> str:
    url = _required(environment, "HEMTID_DATABASE_URL")
    scheme, separator, rest = url.partition("://")
    if separator and scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg://{rest}"
    if separator and scheme in ("postgresql+psycopg", "sqlite"):
        return url
    raise SettingsError("HEMTID_DATABASE_URL", "must begin with sqlite:/// or postgresql://")


def _base_url(environment: Mapping[str, str]) -> str:
    url = _required(environment, "HEMTID_BASE_URL").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError("HEMTID_BASE_URL", "must be an address such as https://hemtid.example.se")
    return url


def _signing_key(environment: Mapping[str, str]) -> EllipticCurvePrivateKey:
    variable = "HEMTID_SIGNING_KEY"
    pem = _secret(environment, variable)
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as fault:
        raise SettingsError(variable, "is no unencrypted private key in PEM") from fault
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise SettingsError(variable, "must be an EC key on P-256 (ES256)")
    return key


def _optional_secret(environment: Mapping[str, str], variable: str) -> str | None:
    """As `_secret`, None where neither variable says anything."""
    stated = any(environment.get(name, "").strip() for name in (variable, f"{variable}_FILE"))
    return _secret(environment, variable) if stated else None


def _seal_key(environment: Mapping[str, str]) -> Ed25519PrivateKey | None:
    variable = "HEMTID_SEAL_KEY"
    pem = _optional_secret(environment, variable)
    if pem is None:
        return None
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as fault:
        raise SettingsError(variable, "is no unencrypted private key in PEM") from fault
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(variable, "must be an Ed25519 key")
    return key


def _seal_public_keys(environment: Mapping[str, str]) -> tuple[Ed25519PublicKey, ...]:
    """Every key of the text, in which PEM may follow PEM."""
    variable = "HEMTID_SEAL_PUBLIC_KEYS"
    pems = _optional_secret(environment, variable)
    if pems is None:
        return ()
    found: list[Ed25519PublicKey] = []
    for pem in filter(str.strip, pems.split(_PUBLIC_KEY_ENDS)):
        try:
            key = load_pem_public_key(f"{pem}{_PUBLIC_KEY_ENDS}\n".encode())
        except ValueError as fault:
            raise SettingsError(variable, "must be public keys in PEM") from fault
        if not isinstance(key, Ed25519PublicKey):
            raise SettingsError(variable, "must be Ed25519 keys")
        found.append(key)
    return tuple(found)


def _tag_keys(environment: Mapping[str, str]) -> tuple[Mapping[int, bytes], Mapping[int, datetime]]:
    """The keys by version, and since when some of them are retired: `{"key": …, "retired_at": …}` in place of a key."""
    variable = "HEMTID_TAG_KEYS"
    expected = 'must be JSON such as {"1": "64 hexadecimal digits"}'
    try:
        stated = json.loads(_secret(environment, variable))
    except json.JSONDecodeError as fault:
        raise SettingsError(variable, expected) from fault
    if not isinstance(stated, dict) or not stated:
        raise SettingsError(variable, expected)
    keys: dict[int, bytes] = {}
    retired: dict[int, datetime] = {}
    for version, told in stated.items():
        digits = told.get("key") if isinstance(told, dict) else told
        if not (version.isascii() and version.isdigit() and int(version) > 0 and isinstance(digits, str)):
            raise SettingsError(variable, expected)
        keys[int(version)] = _key_bytes(variable, digits)
        if isinstance(told, dict) and "retired_at" in told:
            retired[int(version)] = _instant(variable, told["retired_at"])
    if max(keys) in retired:
        raise SettingsError(variable, "the newest version signs: it cannot be retired")
    return MappingProxyType(keys), MappingProxyType(retired)


def _instant(variable: str, text: object) -> datetime:
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError as fault:
        raise SettingsError(variable, f"retired_at must be an instant, not {text!r}") from fault
    if instant.tzinfo is None:
        raise SettingsError(variable, "retired_at must carry an offset (T1)")
    return instant.astimezone(UTC)


def _aes_key(environment: Mapping[str, str], variable: str) -> bytes | None:
    """A key for AES-256; None where neither the variable nor its file is stated."""
    digits = _optional_secret(environment, variable)
    if digits is None:
        return None
    key = _key_bytes(variable, digits)
    if len(key) != SHORTEST_SECRET_BYTES:
        raise SettingsError(variable, f"must be {SHORTEST_SECRET_BYTES} bytes ({len(key)} given)")
    return key


def _webhook_allowed(environment: Mapping[str, str]) -> Allowed:
    """Networks and names, such as `10.20.0.0/16, planner.internal`."""
    hosts: set[str] = set()
    networks: list[Network] = []
    for one in filter(None, map(str.strip, environment.get("HEMTID_WEBHOOK_ALLOWED", "").lower().split(","))):
        try:
            networks.append(ip_network(one))
        except ValueError as fault:
            if "/" in one or not one.strip("0123456789.:"):
                raise SettingsError("HEMTID_WEBHOOK_ALLOWED", f"{one} is no network and no name of a host") from fault
            hosts.add(one.rstrip("."))
    return Allowed(hosts=frozenset(hosts), networks=tuple(networks), http=_switch(environment, "HEMTID_WEBHOOK_HTTP"))


def _key_bytes(variable: str, digits: str) -> bytes:
    try:
        key = bytes.fromhex(digits)
    except ValueError as fault:
        raise SettingsError(variable, "must be hexadecimal digits") from fault
    if len(key) < SHORTEST_SECRET_BYTES:
        raise SettingsError(variable, f"must be at least {SHORTEST_SECRET_BYTES} bytes ({len(key)} given)")
    return key


def _switch(environment: Mapping[str, str], variable: str) -> bool:
    match environment.get(variable, "").strip().lower():
        case "" | "0" | "false" | "no":
            return False
        case "1" | "true" | "yes":
            return True
        case other:
            raise SettingsError(variable, f"must be true or false, not {other!r}")


def _count(environment: Mapping[str, str], variable: str, default: int) -> int:
    value = environment.get(variable, "").strip() or str(default)
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise SettingsError(variable, f"must be a whole number above zero, not {value!r}")
    return int(value)
