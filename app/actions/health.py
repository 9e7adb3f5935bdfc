"""What a load balancer may know."""

from __future__ import annotations

from app.storage import health
from app.storage.database import Database


def is_ready(database: Database) -> bool:
    """Whether requests can be served now: the database answers."""
    return health.answers(database)
