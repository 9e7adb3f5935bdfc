"""The ledger as it is kept: what waits, the leaves, the nodes that proofs are made from, and the seals (A5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, func, select, tuple_

from app.rules.ledger.commitments import Kind
from app.rules.ledger.faults import StatedLeaf
from app.rules.ledger.proofs import Complete, span_hash
from app.rules.ledger.signed import Seal
from app.rules.ledger.tree import KEPT_EVERY, Node, Tree, node_hash
from app.storage.counters import lock_counter, move_counter
from app.storage.database import Transaction
from app.storage.statements import Row, among, insert_rows, mappings
from app.storage.tables import metadata
from app.storage.tables.enlisting import LEDGERED
from app.storage.tables.ledger import ledger_leaf, ledger_node, ledger_pending, seal

Key = tuple[Kind, str]
"""Of which kind a row is, and its id."""

_COUNTER = "seals"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSeal:
    """A seal, and the tree that it sealed."""

    seal: Seal
    tree: Tree


def table_of(kind: Kind) -> Table:
    """The table whose rows are of the kind."""
    return metadata.tables[kind.value]


def pending(tx: Transaction, care_system_id: str, *, after: Key | None = None, limit: int) -> list[Key]:
    """Up to `limit` rows that wait to be sealed, after that one."""
    table = ledger_pending
    ours = (table.c.care_system_id == care_system_id, table.c.kind.in_(list(LEDGERED)))
    statement = select(table.c.kind, table.c.row_id).where(*ours)
    if after is not None:
        statement = statement.where(tuple_(table.c.kind, table.c.row_id) > tuple_(*map(str, after)))
    rows = mappings(tx, statement.order_by(table.c.kind, table.c.row_id).limit(limit))
    return [(Kind(row["kind"]), row["row_id"]) for row in rows]


def forget_pending(tx: Transaction, care_system_id: str, keys: Iterable[Key]) -> None:
    """These rows wait no more."""
    table = ledger_pending
    for kind, ids in by_kind(keys).items():
        ours = (table.c.care_system_id == care_system_id, table.c.kind == kind.value, among(tx, table.c.row_id, ids))
        tx.connection.execute(delete(table).where(*ours))


def by_kind(keys: Iterable[Key]) -> dict[Kind, list[str]]:
    """The ids of each kind."""
    found: dict[Kind, list[str]] = {}
    for kind, row_id in keys:
        found.setdefault(kind, []).append(row_id)
    return found


def waiting_among(tx: Transaction, care_system_id: str, kind: Kind, ids: Collection[str]) -> set[str]:
    """Those of the rows that wait to be sealed."""
    return _among_rows(tx, ledger_pending, care_system_id, kind, ids)


def sealed_among(tx: Transaction, care_system_id: str, kind: Kind, ids: Collection[str]) -> set[str]:
    """Those of the rows that have a leaf."""
    return _among_rows(tx, ledger_leaf, care_system_id, kind, ids)


def _among_rows(tx: Transaction, table: Table, care_system_id: str, kind: Kind, ids: Collection[str]) -> set[str]:
    ours = (table.c.care_system_id == care_system_id, table.c.kind == kind.value, among(tx, table.c.row_id, ids))
    return set(tx.connection.execute(select(table.c.row_id).where(*ours)).scalars())


def rows_of(tx: Transaction, care_system_id: str, kind: Kind, ids: Collection[str]) -> dict[str, dict[str, Any] | None]:
    """The whole rows by id; None is one that is there and cannot be read, which nothing of ours has written."""
    try:
        return dict(_rows_of(tx, care_system_id, kind, ids))
    except (ValueError, TypeError, ArithmeticError, LookupError):
        if len(ids) == 1:
            return dict.fromkeys(ids, None)
    found: dict[str, dict[str, Any] | None] = {}
    for one in ids:
        found |= rows_of(tx, care_system_id, kind, [one])
    return found


def _rows_of(tx: Transaction, care_system_id: str, kind: Kind, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    table, key = table_of(kind), LEDGERED[kind.value]
    ours = (table.c.care_system_id == care_system_id, among(tx, table.c[key], ids))
    return {row[key]: dict(row) for row in mappings(tx, select(table).where(*ours))}


def ids_of(tx: Transaction, care_system_id: str, kind: Kind, *, after: str, limit: int) -> list[str]:
    """Up to `limit` ids of the kind's rows after that one, in order."""
    table = table_of(kind)
    key = table.c[LEDGERED[kind.value]]
    ours = (table.c.care_system_id == care_system_id, key > after)
    return list(tx.connection.execute(select(key).where(*ours).order_by(key).limit(limit)).scalars())


def lock_ledger(tx: Transaction, care_system_id: str) -> KeptSeal | None:
    """The last seal; nobody else seals until the transaction ends."""
    lock_counter(tx, care_system_id, _COUNTER)
    return last_seal(tx, care_system_id)


def append_leaves(tx: Transaction, care_system_id: str, leaves: Sequence[StatedLeaf], nodes: Sequence[Node]) -> None:
    """The leaves are kept, and the nodes that they completed."""
    rows = [
        {"care_system_id": care_system_id, **{name: getattr(leaf, name) for name in StatedLeaf.__slots__}}
        for leaf in leaves
    ]
    insert_rows(tx, ledger_leaf, rows)
    told = [{"level": node.level, "position": node.position, "hash": node.hash.hex()} for node in nodes]
    insert_rows(tx, ledger_node, [{"care_system_id": care_system_id, **row} for row in told])


def append_seal(tx: Transaction, made: Seal, tree: Tree) -> None:
    """The seal is kept, with the tree that the next one grows from."""
    row = {
        **{name: getattr(made, name) for name in ("care_system_id", "sequence", "size", "at", "key_id")},
        "root": made.root.hex(),
        "peaks": [peak.hex() for peak in tree.peaks],
        "signature": made.signature.hex(),
    }
    insert_rows(tx, seal, [row])
    move_counter(tx, made.care_system_id, _COUNTER, made.sequence)


def last_seal(tx: Transaction, care_system_id: str) -> KeptSeal | None:
    """The newest seal, None before the first. Raises ValueError for one that nothing of ours has written."""
    statement = select(seal).where(seal.c.care_system_id == care_system_id).order_by(seal.c.sequence.desc()).limit(1)
    return next((_kept_of(row) for row in mappings(tx, statement)), None)


def seal_rows(tx: Transaction, care_system_id: str, *, after: int = 0, limit: int) -> list[KeptSeal | None]:
    """Up to `limit` seals after that sequence, in order; None is one that nothing of ours has written."""
    ours = (seal.c.care_system_id == care_system_id, seal.c.sequence > after)
    statement = select(seal).where(*ours).order_by(seal.c.sequence).limit(limit)
    try:
        return [_kept_of(row) for row in mappings(tx, statement)]
    except (ValueError, TypeError):
        numbers = tx.connection.execute(statement.with_only_columns(seal.c.sequence)).scalars().all()
    return [_readable(tx, care_system_id, one) for one in numbers]


def seals_after(tx: Transaction, care_system_id: str, *, after: int = 0, limit: int) -> list[Seal]:
    """Up to `limit` seals after that sequence, in order."""
    ours = (seal.c.care_system_id == care_system_id, seal.c.sequence > after)
    rows = mappings(tx, select(seal).where(*ours).order_by(seal.c.sequence).limit(limit))
    return [_kept_of(row).seal for row in rows]


def _readable(tx: Transaction, care_system_id: str, sequence: int) -> KeptSeal | None:
    ours = (seal.c.care_system_id == care_system_id, seal.c.sequence == sequence)
    try:
        return next((_kept_of(row) for row in mappings(tx, select(seal).where(*ours))), None)
    except (ValueError, TypeError):
        return None


def _kept_of(row: Row) -> KeptSeal:
    made = Seal(
        care_system_id=row["care_system_id"],
        sequence=row["sequence"],
        size=row["size"],
        root=bytes.fromhex(row["root"]),
        at=row["at"],
        key_id=row["key_id"],
        signature=bytes.fromhex(row["signature"]),
    )
    return KeptSeal(seal=made, tree=Tree(size=made.size, peaks=tuple(map(bytes.fromhex, row["peaks"]))))


def leaves_from(tx: Transaction, care_system_id: str, position: int, *, limit: int) -> list[StatedLeaf]:
    """Up to `limit` leaves from that position on, in order."""
    table = ledger_leaf
    ours = (table.c.care_system_id == care_system_id, table.c.position >= position)
    return [_leaf_of(row) for row in mappings(tx, select(table).where(*ours).order_by(table.c.position).limit(limit))]


def leaf_for(tx: Transaction, care_system_id: str, kind: Kind, row_id: str) -> StatedLeaf | None:
    """The leaf of the row, None while it waits."""
    table = ledger_leaf
    ours = (table.c.care_system_id == care_system_id, table.c.kind == kind.value, table.c.row_id == row_id)
    return next((_leaf_of(row) for row in mappings(tx, select(table).where(*ours))), None)


def _leaf_of(row: Row) -> StatedLeaf:
    return StatedLeaf(**{name: row[name] for name in StatedLeaf.__slots__})


def ends(tx: Transaction, care_system_id: str) -> tuple[int, int]:
    """How many leaves the last seal has, and how many there are room for up to the last one kept: of one instant."""
    sealed = select(func.coalesce(func.max(seal.c.size), 0)).where(seal.c.care_system_id == care_system_id)
    kept = select(func.coalesce(func.max(ledger_leaf.c.position) + 1, 0)).where(
        ledger_leaf.c.care_system_id == care_system_id
    )
    row = tx.connection.execute(select(sealed.scalar_subquery(), kept.scalar_subquery())).one()
    return row[0], row[1]


def nodes_kept(tx: Transaction, care_system_id: str) -> list[tuple[Any, Any, Any]]:
    """Every node that is kept: its level, its position and its hash in hexadecimal digits, as they stand."""
    table = ledger_node
    statement = select(table.c.level, table.c.position, table.c.hash).where(table.c.care_system_id == care_system_id)
    return [(row[0], row[1], row[2]) for row in tx.connection.execute(statement)]


def complete_from(tx: Transaction, care_system_id: str) -> Complete:
    """Gives the hashes of complete subtrees, from the nodes that are kept and the leaves."""

    def complete(level: int, position: int) -> bytes:
        kept = level - level % KEPT_EVERY
        width = 1 << (level - kept)
        found = _hashes(tx, care_system_id, kept, position * width, width)
        if len(found) != width:
            raise ValueError("the ledger is cut off, or one of its nodes is gone")
        return span_hash(0, width, lambda depth, at: _folded(found, depth, at))

    return complete


def _folded(hashes: Sequence[bytes], depth: int, at: int) -> bytes:
    """The hash of the complete subtree over these hashes."""
    layer = hashes[at << depth : (at + 1) << depth]
    while len(layer) > 1:
        layer = [node_hash(layer[one], layer[one + 1]) for one in range(0, len(layer), 2)]
    return layer[0]


def _hashes(tx: Transaction, care_system_id: str, level: int, start: int, width: int) -> list[bytes]:
    table, column = (ledger_leaf, ledger_leaf.c.leaf_hash) if level == 0 else (ledger_node, ledger_node.c.hash)
    ours = [table.c.care_system_id == care_system_id, table.c.position.between(start, start + width - 1)]
    if level:
        ours.append(ledger_node.c.level == level)
    return [
        bytes.fromhex(one)
        for one in tx.connection.execute(select(column).where(*ours).order_by(table.c.position)).scalars()
    ]
