"""What the process runs with: the database and the settings, as the factory put them together."""

from __future__ import annotations

from dataclasses import dataclass

from app.settings import Settings
from app.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Stands in `app.extensions["hemtid"]`; every face of the product gets at its database through it."""

    database: Database
    settings: Settings
