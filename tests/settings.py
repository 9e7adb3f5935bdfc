"""Settings for tests: keys made for this run alone."""

from __future__ import annotations

import secrets
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from app.rules.webhooks import Allowed
from app.settings import Settings

KEYS = Settings(
    database_url="sqlite://",
    base_url="https://hemtid.example",
    signing_key=generate_private_key(SECP256R1()),
    tag_keys={1: secrets.token_bytes(32)},
    cursor_key=secrets.token_bytes(32),
    sun_key=secrets.token_bytes(32),
    webhook_key=secrets.token_bytes(32),
    webhook_allowed=Allowed(networks=(ip_network("127.0.0.0/8"),), http=True),
)


def settings_for(database_url: str, **changes: Any) -> Settings:
    """Settings for one database, with the same keys all through a test process."""
    return replace(KEYS, database_url=database_url, **changes)
