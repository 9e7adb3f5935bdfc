"""Sums by key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Key = TypeVar("Key")


def add(found: dict[Key, int], key: Key, seconds: int) -> None:
    """The key has so much more."""
    found[key] = found.get(key, 0) + seconds


def summed(told: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    """The sum of each key."""
    found: dict[Key, int] = {}
    for key, seconds in told:
        add(found, key, seconds)
    return found
