"""Acts that are begun at the same moment, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What came of each act, in their order: what it gave back, or the fault that it raised."""
    gate = threading.Barrier(len(acts))

    def begin(act: Callable[[], Any]) -> Any:
        gate.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        begun = [threads.submit(begin, act) for act in acts]
    return [one.exception() or one.result() for one in begun]
