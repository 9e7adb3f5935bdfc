"""How many times a property, race or drill is tried: all of them in a full run, a tenth otherwise."""

from __future__ import annotations

import os

FULL = os.environ.get("HEMTID_FULL") == "1"


def count(full: int) -> int:
    """`full` in a full run, else a tenth of it and at least one. Source: our decision."""
    return full if FULL else max(1, full // 10)
