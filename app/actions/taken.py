"""External ids are given once in a care system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from app.actions.faults import Taken
from app.storage.conflicts import violated_key


@contextmanager
def telling_taken(table: str) -> Iterator[None]:
    """An external id that another row of the table has raises `Taken`."""
    try:
        yield
    except IntegrityError as fault:
        key = violated_key(fault) or ""
        if key.startswith(f"uq_{table}_") and key.endswith("external_id"):
            raise Taken("/external_id") from fault
        raise
