"""How many times a property, race or drill is tried: all of them in a full run, a tenth otherwise."""

from __future__ import annotations

import os

FULL = os.environ.get("HEMTID_FULL") == "1"


def count(full: int, everyday: int | None = None) -> int:
    """`full` in a full run, else `everyday`; where that is not told a tenth of it and at least one.

    Source: our decision.
    """
    if FULL:
        return full
    return max(1, full // 10) if everyday is None else everyday
