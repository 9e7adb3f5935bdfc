"""The Merkle tree over the ledger's commitments. Source: A5, RFC 6962 section 2.1."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

KEPT_EVERY = 8
"""Of the nodes within the tree, those at every eighth level are kept: one for 256 leaves, so that no proof has to read
more than some hundred hashes a level. Source: our decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The root of a complete subtree: of the 2^`level` leaves from `position` · 2^`level` on."""

    level: int
    position: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A tree by its size and its `peaks`, the roots of its complete subtrees, the largest first. It can only grow."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """The tree's hash: of no leaf at all, the hash of nothing."""
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        *higher, root = self.peaks
        for peak in reversed(higher):
            root = node_hash(peak, root)
        return root

    @property
    def is_whole(self) -> bool:
        """True where it has as many peaks as a tree of its size has."""
        return self.size >= 0 and len(self.peaks) == self.size.bit_count()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf; of the ledger's, the entry is its payload hash."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node over two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def grow(tree: Tree, leaves: Iterable[bytes]) -> tuple[Tree, list[Node]]:
    """The tree with the leaf hashes after its last, and the nodes that are to be kept of those that were completed."""
    size, peaks, kept = tree.size, list(tree.peaks), list[Node]()
    for leaf in leaves:
        level, here = 0, leaf
        while size >> level & 1:
            here = node_hash(peaks.pop(), here)
            level += 1
            if level % KEPT_EVERY == 0:
                kept.append(Node(level=level, position=size >> level, hash=here))
        peaks.append(here)
        size += 1
    return Tree(size=size, peaks=tuple(peaks)), kept
