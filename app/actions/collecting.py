"""Python's search for cycles of garbage, put off while very many values are made that all stay in use."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """Nobody looks for cycles within; what nothing refers to any more is freed at once, as ever.

    The values of a month refer to each other in no circle, so there is nothing to find; but as long as they pile up the
    collector goes through all of them again and again, and takes half of the time that a month's judgement takes. Who
    came first puts it back: of two threads within it one may find it at work before the other has ended.
    """
    working = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if working:
            gc.enable()
