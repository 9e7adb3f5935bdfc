"""What can be wrong with the ledger, and what a leaf tells of its row. Source: A5, FAULTS 47."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.rules.ledger.commitments import SALT_BYTES, Kind, commits_to
from app.rules.ledger.tree import leaf_hash


class What(StrEnum):
    """What became of something that was sealed."""

    CHANGED = "changed"
    """The row is not the one that its leaf commits to."""
    REMOVED = "removed"
    """The row of a leaf, or one that waited to become one, is gone."""
    ADDED = "added"
    """The row has no leaf and does not wait for one: it did not come in by the door."""
    LEAF_CHANGED = "leaf_changed"
    LEAF_REMOVED = "leaf_removed"
    LEAF_ADDED = "leaf_added"
    """It is in no tree that was sealed."""
    TREE_CHANGED = "tree_changed"
    """Leaves were changed, and their rows with them: they do not come to the root that was signed."""
    CUT_OFF = "cut_off"
    """The tree ends before a root that was signed."""
    NODE_CHANGED = "node_changed"
    SEAL_CHANGED = "seal_changed"
    SEAL_REMOVED = "seal_removed"
    NOT_OURS = "not_ours"
    """A line of the file that was kept is no seal that a key of ours has signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong. `position` is the leaf's; `before` the first after it that may be meant too.

    `sequence` is the seal's, or the line's of a file. None is what the fault does not name.
    """

    what: What
    kind: str | None = None
    row_id: str | None = None
    position: int | None = None
    before: int | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedLeaf:
    """A leaf as it stands in the database, in hexadecimal digits, whoever wrote it."""

    position: int
    kind: str
    row_id: str
    salt: str
    payload_hash: str
    leaf_hash: str


def fault_of_leaf(leaf: StatedLeaf, found: bool, row: Mapping[str, object] | None) -> Fault | None:
    """What is wrong with the leaf or its row, None where nothing is.

    `found` tells whether there is a row; `row` is None also where it could not be read.
    """
    what = _what(leaf, found, row)
    if what is None:
        return None
    return Fault(what=what, kind=leaf.kind, row_id=leaf.row_id, position=leaf.position)


def _what(leaf: StatedLeaf, found: bool, row: Mapping[str, object] | None) -> What | None:
    salt, payload_hash = _bytes(leaf.salt), _bytes(leaf.payload_hash)
    if leaf.kind not in set(Kind) or len(salt) != SALT_BYTES or leaf_hash(payload_hash).hex() != leaf.leaf_hash:
        return What.LEAF_CHANGED
    if not found:
        return What.REMOVED
    if row is None or not commits_to(salt, payload_hash, Kind(leaf.kind), row):
        return What.CHANGED
    return None


def _bytes(digits: str) -> bytes:
    """The bytes of the digits; none where they are no digits."""
    try:
        return bytes.fromhex(digits)
    except (ValueError, TypeError):
        return b""
