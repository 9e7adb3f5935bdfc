"""Verifying: every leaf is computed again from its stored row, every signed root from the leaves (A5, FAULTS 47)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from app.actions.ledger.keys import known_keys
from app.rules.ledger.commitments import Kind
from app.rules.ledger.faults import Fault, StatedLeaf, What, fault_of_leaf
from app.rules.ledger.signed import Seal, is_ours
from app.rules.ledger.tree import Node, Tree, grow
from app.settings import Settings
from app.storage.database import Database, Transaction
from app.storage.ledger import (
    KeptSeal,
    Key,
    by_kind,
    ends,
    ids_of,
    leaves_from,
    nodes_kept,
    pending,
    rows_of,
    seal_rows,
    sealed_among,
    waiting_among,
)

AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A line of the file that the municipality keeps: its number, and the seal, None where it is none."""

    line: int
    seal: Seal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found in a care system: leaves that hold, seals, rows that wait; its first fault, None where none is."""

    care_system_id: str
    leaves: int
    seals: int
    waiting: int
    fault: Fault | None


def verify(database: Database, settings: Settings, care_system_id: str, exported: Sequence[Exported] = ()) -> Verified:
    """The first thing that was changed, removed, added or cut off, in the order of the leaves; None where nothing was.

    With what was exported also a tail that was cut off with its seals. What is recorded or sealed meanwhile is none.
    """
    return _Verifying(database, settings, care_system_id, exported).run()


class _Verifying:
    """One care system, read a piece at a time."""

    def __init__(
        self, database: Database, settings: Settings, care_system_id: str, exported: Sequence[Exported]
    ) -> None:
        self.database, self.cs = database, care_system_id
        self.keys = known_keys(settings)
        self.exported = exported
        self.tree = Tree()
        self.nodes: list[Node] = []
        self.held = 0
        self.waiting = 0
        self.seals: list[KeptSeal | None] = []

    def run(self) -> Verified:
        """What was found."""
        self.seals = self._all_seals()
        with self.database.transaction(write=False) as tx:
            sealed, kept = ends(tx, self.cs)
        looks: tuple[Callable[[], Fault | None], ...] = (
            self._leaves_hold,
            self._nothing_waiting_is_gone,
            self._nothing_is_added,
            lambda: Fault(what=What.LEAF_ADDED, position=sealed) if kept > sealed else None,
            self._seals_hold,
            self._exported_hold,
            self._nodes_hold,
        )
        fault = next((found for look in looks if (found := look()) is not None), None)
        return Verified(
            care_system_id=self.cs, leaves=self.tree.size, seals=len(self.seals), waiting=self.waiting, fault=fault
        )

    def _all_seals(self) -> list[KeptSeal | None]:
        found: list[KeptSeal | None] = []
        after = 0
        while True:
            with self.database.transaction(write=False) as tx:
                some = seal_rows(tx, self.cs, after=after, limit=AT_ONCE)
            found += some
            if len(some) < AT_ONCE:
                return found
            after = next((one.seal.sequence for one in reversed(some) if one is not None), after + AT_ONCE)

    def _checkpoints(self) -> list[tuple[int, bytes]]:
        """The sizes and roots that a key of ours has signed, here or in what was exported, by size."""
        stated = [one.seal for one in self.seals if one is not None] + [
            one.seal for one in self.exported if one.seal is not None
        ]
        return sorted(
            {(one.size, one.root) for one in stated if one.care_system_id == self.cs and is_ours(one, self.keys)}
        )

    def _leaves_hold(self) -> Fault | None:
        """The first fault of a leaf, of its row, or of the tree over them."""
        checkpoints = self._checkpoints()
        while True:
            with self.database.transaction(write=False) as tx:
                some = leaves_from(tx, self.cs, self.tree.size, limit=AT_ONCE)
                good, fault = self._sound(tx, some)
            disagreeing = self._grown(good, checkpoints)
            if disagreeing is not None or fault is not None:
                return disagreeing or fault
            if len(some) < AT_ONCE:
                break
        beyond = any(size > self.tree.size for size, _ in checkpoints)
        return Fault(what=What.CUT_OFF, position=self.tree.size) if beyond else None

    def _sound(self, tx: Transaction, leaves: Sequence[StatedLeaf]) -> tuple[list[bytes], Fault | None]:
        """The hashes of the leaves before the first fault, and that fault."""
        first = self.tree.size
        places = enumerate(leaves, first)
        there = [leaf for _, leaf in takewhile(lambda one: one[0] == one[1].position, places)]
        rows = self._rows(tx, [(Kind(one.kind), one.row_id) for one in there if one.kind in set(Kind)])
        good: list[bytes] = []
        for leaf in there:
            key = (leaf.kind, leaf.row_id)
            fault = fault_of_leaf(leaf, key in rows, rows.get(key))
            if fault is not None:
                return good, fault
            good.append(bytes.fromhex(leaf.leaf_hash))
        gone = Fault(what=What.LEAF_REMOVED, position=first + len(there)) if len(there) < len(leaves) else None
        return good, gone

    def _rows(self, tx: Transaction, keys: Sequence[Key]) -> dict[tuple[str, str], dict[str, Any] | None]:
        found: dict[tuple[str, str], dict[str, Any] | None] = {}
        for kind, ids in by_kind(keys).items():
            found |= {(kind.value, one): row for one, row in rows_of(tx, self.cs, kind, ids).items()}
        return found

    def _grown(self, hashes: Sequence[bytes], checkpoints: Sequence[tuple[int, bytes]]) -> Fault | None:
        """The tree has grown by the leaves; the leaves among which one is not what was signed, where one is not."""
        first = start = self.tree.size
        for size, root in checkpoints:
            if size > start + len(hashes) or size < first:
                continue
            self._grow(hashes[self.tree.size - start : size - start])
            if self.tree.root != root:
                return Fault(what=What.TREE_CHANGED, position=self.held, before=size)
            self.held = size
        self._grow(hashes[self.tree.size - start :])
        return None

    def _grow(self, hashes: Sequence[bytes]) -> None:
        self.tree, completed = grow(self.tree, hashes)
        self.nodes += completed

    def _nothing_waiting_is_gone(self) -> Fault | None:
        """The first row that waited to be sealed and is gone, or cannot be read."""
        after: Key | None = None
        while True:
            with self.database.transaction(write=False) as tx:
                keys = pending(tx, self.cs, after=after, limit=AT_ONCE)
                rows = self._rows(tx, keys)
            self.waiting += len(keys)
            for kind, one in keys:
                if rows.get((kind.value, one)) is None:
                    what = What.CHANGED if (kind.value, one) in rows else What.REMOVED
                    return Fault(what=what, kind=kind, row_id=one)
            if not keys:
                return None
            after = keys[-1]

    def _nothing_is_added(self) -> Fault | None:
        """The first row, kind by kind, that neither has a leaf nor waits for one."""
        return next((found for kind in Kind if (found := self._added(kind)) is not None), None)

    def _added(self, kind: Kind) -> Fault | None:
        after = ""
        while True:
            with self.database.transaction(write=False) as tx:
                ids = ids_of(tx, self.cs, kind, after=after, limit=AT_ONCE)
                # In this order: what is sealed in between is found among the leaves.
                known = waiting_among(tx, self.cs, kind, ids)
                known |= sealed_among(tx, self.cs, kind, ids)
            added = next((one for one in ids if one not in known), None)
            if added is not None:
                return Fault(what=What.ADDED, kind=kind, row_id=added)
            if len(ids) < AT_ONCE:
                return None
            after = ids[-1]

    def _seals_hold(self) -> Fault | None:
        """The first seal that is gone, or is not what a key of ours has signed."""
        for expected, one in enumerate(self.seals, 1):
            if one is not None and one.seal.sequence > expected:
                return Fault(what=What.SEAL_REMOVED, sequence=expected)
            if one is None or not self._is_sound(one, expected):
                return Fault(what=What.SEAL_CHANGED, sequence=expected)
        return None

    def _is_sound(self, kept: KeptSeal, sequence: int) -> bool:
        agree = kept.tree.is_whole and kept.tree.root == kept.seal.root and kept.seal.sequence == sequence
        return agree and is_ours(kept.seal, self.keys)

    def _exported_hold(self) -> Fault | None:
        """The first line that is none of ours, or whose seal is gone."""
        ours = {one.seal.sequence: one.seal for one in self.seals if one is not None}
        for line in self.exported:
            if line.seal is None or not is_ours(line.seal, self.keys):
                return Fault(what=What.NOT_OURS, sequence=line.line)
            if line.seal.care_system_id == self.cs and ours.get(line.seal.sequence) != line.seal:
                return Fault(what=What.SEAL_REMOVED, sequence=line.seal.sequence)
        return None

    def _nodes_hold(self) -> Fault | None:
        """A node that is gone, or not what the leaves come to."""
        with self.database.transaction(write=False) as tx:
            kept = set(nodes_kept(tx, self.cs))
            sealed, _ = ends(tx, self.cs)
        computed = {(one.level, one.position, one.hash.hex()) for one in self.nodes}
        # What is sealed meanwhile adds nodes over leaves that were not there yet.
        if computed <= kept and all(self.tree.size < _end(one) <= sealed for one in kept - computed):
            return None
        first = min((position << level for level, position, _ in computed - kept), default=None)
        return Fault(what=What.NODE_CHANGED, position=first)


def _end(node: tuple[Any, Any, Any]) -> int:
    """The first leaf after those that the node is over; 0 for what is no node."""
    level, position, _ = node
    return (position + 1) << level if isinstance(level, int) and isinstance(position, int) and level >= 0 else 0
