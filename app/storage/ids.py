"""Ids of ours: UUIDv7, which sort in the order they were made."""

from __future__ import annotations

import secrets
import threading
import time
from uuid import UUID

_COUNTER_BITS = 12
_RANDOM_BITS = 62
_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """A UUIDv7 in lower case, later in order than every one this process made before.

    The twelve bits after the milliseconds count on within one, and the milliseconds run ahead where they overflow.
    Source: RFC 9562 section 6.2, method 1.
    """
    global _last  # noqa: PLW0603 - the order within a process is the one thing remembered here
    now = time.time_ns() // 1_000_000 << _COUNTER_BITS
    with _lock:
        _last = max(_last + 1, now)
        ticks = _last
    milliseconds, count = ticks >> _COUNTER_BITS, ticks & ((1 << _COUNTER_BITS) - 1)
    number = milliseconds << 80 | 0x7 << 76 | count << 64 | 0b10 << 62 | secrets.randbits(_RANDOM_BITS)
    return str(UUID(int=number))
