"""What the process runs with: the database and the settings, as the factory put them together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from app.actions.access.tokens import TokenAuthority
from app.settings import Settings
from app.storage.database import Database


@dataclass(frozen=True, kw_only=True)
class Running:
    """Stands in `app.extensions["hemtid"]`; every face of the product gets at its database through it."""

    database: Database
    settings: Settings

    @cached_property
    def tokens(self) -> TokenAuthority:
        """What issues and verifies this process's access tokens; what it verified once it remembers."""
        return TokenAuthority(self.settings.signing_key, self.settings.base_url)


def real_now() -> datetime:
    """The real clock, cut to its second: tokens and tries know no other."""
    return datetime.now(UTC).replace(microsecond=0)
