"""Sealing: what is new becomes leaves of the tree, and its root is signed. Nobody else waits for it (A5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.actions.ledger.keys import SealKey, seal_key
from app.rules.ledger.commitments import Kind, commit, row_payload
from app.rules.ledger.faults import StatedLeaf
from app.rules.ledger.signed import Seal, sealed
from app.rules.ledger.tree import Tree, grow, leaf_hash
from app.settings import Settings
from app.storage.database import Database, Transaction
from app.storage.ledger import (
    Key,
    append_leaves,
    append_seal,
    by_kind,
    forget_pending,
    lock_ledger,
    pending,
    rows_of,
    sealed_among,
    seals_after,
)

AT_ONCE = 1_000
"""So many rows become leaves in one transaction, with a seal of their own, so that no statement takes long."""
SEALS_READ_AT_ONCE = 1_000


class CannotSeal(Exception):
    """The ledger cannot be sealed as things stand; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedNow:
    """What a sealing did in a care system: the leaves and seals that it added, and the tree's size now."""

    care_system_id: str
    leaves: int
    seals: int
    size: int


def seal_new(database: Database, settings: Settings, care_system_id: str, now: datetime) -> SealedNow:
    """Whatever was committed before is in the tree, and the tree's root is signed. Done again it does nothing.

    May run twice at once: the second waits for the first and finds nothing left. Raises `CannotSeal` where there is no
    key, and where the tree is no longer the one that was sealed last.
    """
    if settings.seal_key is None:
        raise CannotSeal("HEMTID_SEAL_KEY is not set")
    key = seal_key(settings.seal_key)
    leaves = seals = size = 0
    after: Key | None = None
    while True:
        with database.transaction() as tx:
            some = _Sealing(tx, key, care_system_id, now).run(after)
        leaves, seals, size = leaves + some.leaves, seals + (some.leaves > 0), some.size
        if some.last is None:
            return SealedNow(care_system_id=care_system_id, leaves=leaves, seals=seals, size=size)
        after = some.last


def seals_of(database: Database, care_system_id: str, after: int) -> list[Seal]:
    """Every seal of the care system after that sequence, in order."""
    found: list[Seal] = []
    with database.transaction(write=False) as tx:
        while some := seals_after(tx, care_system_id, after=after, limit=SEALS_READ_AT_ONCE):
            found += some
            after = some[-1].sequence
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Some:
    leaves: int
    size: int
    last: Key | None


class _Sealing:
    """Some rows, sealed in one transaction."""

    def __init__(self, tx: Transaction, key: SealKey, care_system_id: str, now: datetime) -> None:
        self.tx, self.key, self.cs, self.now = tx, key, care_system_id, now

    def run(self, after: Key | None) -> _Some:
        """What came of the next rows that wait, after that one."""
        kept = lock_ledger(self.tx, self.cs)
        tree = Tree() if kept is None else kept.tree
        if kept is not None and (not tree.is_whole or tree.root != kept.seal.root):
            raise CannotSeal(f"the last seal of {self.cs} has been changed: run flask verify")
        keys = pending(self.tx, self.cs, after=after, limit=AT_ONCE)
        leaves = self._leaves(keys, tree.size)
        if leaves:
            grown, nodes = grow(tree, [bytes.fromhex(leaf.leaf_hash) for leaf in leaves])
            append_leaves(self.tx, self.cs, leaves, nodes)
            append_seal(self.tx, self._sealed(grown, 0 if kept is None else kept.seal.sequence), grown)
            tree = grown
        return _Some(leaves=len(leaves), size=tree.size, last=keys[-1] if keys else None)

    def _leaves(self, keys: Sequence[Key], size: int) -> list[StatedLeaf]:
        """The new leaves. A row that is gone or cannot be read goes on waiting, for `flask verify` to name it."""
        found: list[StatedLeaf] = []
        done: list[Key] = []
        for kind, ids in by_kind(keys).items():
            rows = rows_of(self.tx, self.cs, kind, ids)
            old = sealed_among(self.tx, self.cs, kind, ids)
            done += [(kind, one) for one in old]
            for one in ids:
                payload = None if one in old else _payload(kind, rows.get(one))
                if payload is not None:
                    found.append(self._leaf(kind, one, payload, size + len(found)))
                    done.append((kind, one))
        forget_pending(self.tx, self.cs, done)
        return found

    def _leaf(self, kind: Kind, row_id: str, payload: bytes, position: int) -> StatedLeaf:
        committed = commit(self.key.salt(self.cs, kind, row_id), payload)
        return StatedLeaf(
            position=position,
            kind=kind.value,
            row_id=row_id,
            salt=committed.salt.hex(),
            payload_hash=committed.payload_hash.hex(),
            leaf_hash=leaf_hash(committed.payload_hash).hex(),
        )

    def _sealed(self, tree: Tree, last: int) -> Seal:
        made = Seal(
            care_system_id=self.cs,
            sequence=last + 1,
            size=tree.size,
            root=tree.root,
            at=self.now,
            key_id=self.key.key_id,
        )
        return sealed(made, self.key)


def _payload(kind: Kind, row: dict[str, Any] | None) -> bytes | None:
    """What stands in the row; None for one that nothing of ours has written."""
    try:
        return None if row is None else row_payload(kind, row)
    except (TypeError, ValueError):
        return None
