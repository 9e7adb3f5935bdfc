"""Proofs of the tree: that a leaf is in it, that a later tree only added to it. Source: A5, RFC 6962 section 2.1."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.rules.ledger.tree import node_hash

Complete = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree at a level and position; level 0 are the leaves."""
Path = Sequence[bytes]


def span_hash(start: int, end: int, complete: Complete) -> bytes:
    """The hash over the leaves from `start` on and before `end`, where `start` is one at which the tree divides."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return complete(level, start >> level)
    middle = start + _split(size)
    return node_hash(span_hash(start, middle, complete), span_hash(middle, end, complete))


def inclusion_path(position: int, size: int, complete: Complete) -> list[bytes]:
    """The hashes that lead from the leaf at `position` up to the root of the first `size` leaves."""
    if not 0 <= position < size:
        raise ValueError("the leaf is not in the tree")
    path, start, end = list[bytes](), 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if position < middle:
            path.append(span_hash(middle, end, complete))
            end = middle
        else:
            path.append(span_hash(start, middle, complete))
            start = middle
    return path[::-1]


def is_included(leaf: bytes, position: int, size: int, path: Path, root: bytes) -> bool:
    """True where the path leads from the leaf hash at `position` to the root of a tree of `size`."""
    if not 0 <= position < size:
        return False
    return _climbed(leaf, position, size, path) == root


def _climbed(leaf: bytes, position: int, size: int, path: Path) -> bytes | None:
    """The root to which the path leads, None where it is too long or too short."""
    if size == 1 or not path:
        return leaf if size == 1 and not path else None
    *rest, beside = path
    split = _split(size)
    if position < split:
        left = _climbed(leaf, position, split, rest)
        return None if left is None else node_hash(left, beside)
    right = _climbed(leaf, position - split, size - split, rest)
    return None if right is None else node_hash(beside, right)


def consistency_path(first: int, second: int, complete: Complete) -> list[bytes]:
    """The hashes that show the tree of the first `second` leaves to begin with that of the first `first`."""
    if not 0 <= first <= second:
        raise ValueError("the earlier tree is not the smaller one")
    path, start, end, told = list[bytes](), 0, second, True
    if first == 0:
        return path
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(span_hash(middle, end, complete))
            end = middle
        else:
            path.append(span_hash(start, middle, complete))
            start, told = middle, False
    return ([] if told else [span_hash(start, end, complete)]) + path[::-1]


def is_consistent(first: int, second: int, path: Path, first_root: bytes, second_root: bytes) -> bool:
    """True where the path shows the tree of `second` leaves with that root to begin with that of `first` leaves."""
    if not 0 <= first <= second:
        return False
    if first == 0:
        return not path
    return _both(first, second, path, first_root) == (first_root, second_root)


def _both(first: int, second: int, path: Path, told: bytes | None) -> tuple[bytes, bytes] | None:
    """The roots of the smaller and the larger tree; `told` is the smaller one's, where it need not be in the path."""
    if first == second:
        if told is not None:
            return None if path else (told, told)
        return (path[0], path[0]) if len(path) == 1 else None
    if not path:
        return None
    *rest, beside = path
    split = _split(second)
    if first <= split:
        inner = _both(first, split, rest, told)
        return None if inner is None else (inner[0], node_hash(inner[1], beside))
    inner = _both(first - split, second - split, rest, None)
    return None if inner is None else (node_hash(beside, inner[0]), node_hash(beside, inner[1]))


def _split(size: int) -> int:
    """The largest power of two below the size, which is two or more."""
    return 1 << ((size - 1).bit_length() - 1)
