"""The hash tree, its proofs, and what commits to a row (A5)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.ledger.commitments import Kind, canonical, commit, commits_to, row_payload
from app.rules.ledger.faults import StatedLeaf, What, fault_of_leaf
from app.rules.ledger.proofs import (
    Complete,
    consistency_path,
    inclusion_path,
    is_consistent,
    is_included,
    span_hash,
)
from app.rules.ledger.signed import Receipt, Seal, is_ours, receipted, sealed
from app.rules.ledger.tree import Node, Tree, grow, leaf_hash, node_hash

NOON = datetime(2014, 2, 3, 12, 0, 0, tzinfo=UTC)
SALT = bytes(range(16))

# Published vectors: the leaves, roots and proofs of Certificate Transparency's own tests, as transparency-dev/merkle
# has them in testonly/constants.go and testonly/reference_test.go.
ENTRIES = [
    bytes.fromhex(digits)
    for digits in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A, B, C, D, E, F, G = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
)
INCLUSIONS = [
    (0, 1, []), (0, 2, [A]), (1, 2, [ROOTS[1]]), (2, 3, [ROOTS[2]]), (1, 5, [ROOTS[1], B, D]), (0, 8, [A, B, C]),
    (5, 8, [D, E, F]),
]  # fmt: skip
CONSISTENCIES = [(1, 1, []), (1, 8, [A, B, C]), (2, 5, [B, D]), (6, 8, [G, E, F])]

LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def tree_of(leaves: Sequence[bytes]) -> Tree:
    """The tree that has grown from nothing by these."""
    return grow(Tree(), leaves)[0]


def complete_of(leaves: Sequence[bytes]) -> Complete:
    """The complete subtrees over these."""

    def complete(level: int, position: int) -> bytes:
        if level == 0:
            return leaves[position]
        return node_hash(complete(level - 1, 2 * position), complete(level - 1, 2 * position + 1))

    return complete


@pytest.mark.parametrize("size", range(9))
def test_A5_the_tree_has_the_published_roots(size: int) -> None:
    assert tree_of(LEAVES[:size]).root.hex() == ROOTS[size]
    if size:
        assert span_hash(0, size, complete_of(LEAVES)).hex() == ROOTS[size]


@pytest.mark.parametrize(("position", "size", "path"), INCLUSIONS)
def test_A5_a_leaf_is_proven_by_the_published_path(position: int, size: int, path: list[str]) -> None:
    assert [one.hex() for one in inclusion_path(position, size, complete_of(LEAVES))] == path
    assert is_included(LEAVES[position], position, size, [*map(bytes.fromhex, path)], bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("first", "second", "path"), CONSISTENCIES)
def test_A5_growth_is_proven_by_the_published_path(first: int, second: int, path: list[str]) -> None:
    assert [one.hex() for one in consistency_path(first, second, complete_of(LEAVES))] == path
    roots = (bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second]))
    assert is_consistent(first, second, [*map(bytes.fromhex, path)], *roots)


def some_leaves(count: int) -> list[bytes]:
    """Leaf hashes, each another."""
    return [leaf_hash(str(number).encode()) for number in range(count)]


SIZES = st.integers(1, 70)


@given(size=SIZES, data=st.data())
def test_A5_every_leaf_of_every_tree_is_proven_and_nothing_else_is(size: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, size - 1))
    leaves, other = some_leaves(size), data.draw(st.integers(0, size - 1))
    path, root = inclusion_path(position, size, complete_of(leaves)), tree_of(leaves).root
    assert is_included(leaves[position], position, size, path, root)
    assert is_included(leaves[other], position, size, path, root) == (other == position)
    assert not is_included(leaf_hash(b"another"), position, size, path, root)
    assert not is_included(leaves[position], position, size, [*path, root], root)
    assert not is_included(leaves[position], size, size, path, root)
    if path:
        broken = data.draw(st.integers(0, len(path) - 1))
        assert not is_included(leaves[position], position, size, path[:broken] + path[broken + 1 :], root)
        changed = [leaf_hash(one) if place == broken else one for place, one in enumerate(path)]
        assert not is_included(leaves[position], position, size, changed, root)


@given(second=SIZES, data=st.data())
def test_A5_every_earlier_tree_is_proven_to_be_the_beginning_and_no_other(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, second))
    leaves = some_leaves(second)
    path = consistency_path(first, second, complete_of(leaves))
    before, after = tree_of(leaves[:first]).root, tree_of(leaves).root
    assert is_consistent(first, second, path, before, after)
    assert not is_consistent(first, second, [*path, after], before, after)
    if first:
        rewritten = [leaf_hash(b"another"), *leaves[1:first]]
        assert not is_consistent(first, second, path, tree_of(rewritten).root, after)
        assert not is_consistent(first, second, path, before, leaf_hash(after))
    if path:
        assert not is_consistent(first, second, path[1:], before, after)


@given(size=SIZES, data=st.data())
def test_A5_a_leaf_that_is_changed_dropped_added_or_moved_changes_the_root(size: int, data: st.DataObject) -> None:
    leaves = some_leaves(size)
    at = data.draw(st.integers(0, size - 1))
    root = tree_of(leaves).root
    changed = [*leaves[:at], leaf_hash(b"another"), *leaves[at + 1 :]]
    dropped = leaves[:at] + leaves[at + 1 :]
    added = [*leaves[:at], leaf_hash(b"another"), *leaves[at:]]
    moved = leaves[at:] + leaves[:at]
    assert root not in {tree_of(changed).root, tree_of(dropped).root, tree_of(added).root}
    assert (tree_of(moved).root == root) == (at == 0)


@given(sizes=st.lists(st.integers(0, 40), max_size=6))
def test_A5_a_tree_grows_to_the_same_however_its_leaves_are_split(sizes: list[int]) -> None:
    leaves = some_leaves(sum(sizes))
    tree = Tree()
    for size in sizes:
        tree, _ = grow(tree, leaves[tree.size : tree.size + size])
    assert tree == tree_of(leaves)
    assert tree.is_whole


def test_A5_one_node_is_kept_for_256_leaves() -> None:
    leaves = some_leaves(600)
    _, kept = grow(Tree(), leaves)
    whole = complete_of(leaves)
    assert kept == [Node(level=8, position=place, hash=whole(8, place)) for place in (0, 1)]


class _Colour(StrEnum):
    BLUE = "blå"


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"b": 1, "a": [True, None, "å\n\u0001"]}, '{"a":[true,null,"å\\n\\u0001"],"b":1}'),
        (NOON.astimezone(timezone(timedelta(hours=1))), '"2014-02-03T12:00:00Z"'),
        (date(2014, 2, 3), '"2014-02-03"'),
        (Decimal("37000.50"), '"37000.50"'),
        (Decimal("1E+3"), '"1000"'),
        ((_Colour.BLUE, -(2**63)), '["blå",-9223372036854775808]'),
    ],
)
def test_A5_a_row_is_the_same_bytes_however_it_is_read(document: object, text: str) -> None:
    assert canonical(document).decode() == text


@pytest.mark.parametrize("document", [0.5, {"a": [1.0]}, {1, 2}, b"bytes"], ids=str)
def test_A5_what_json_cannot_say_exactly_has_no_canonical_form(document: object) -> None:
    with pytest.raises(TypeError):
        canonical(document)


@pytest.mark.parametrize("at", [NOON.replace(tzinfo=None), NOON.replace(microsecond=1)], ids=["naive", "fraction"])
def test_T2_an_instant_that_was_never_stored_has_no_canonical_form(at: datetime) -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        canonical({"at": at})


def test_A5_a_commitment_is_the_hash_of_salt_and_payload() -> None:
    payload = row_payload(Kind.VERDICT, {"id": "x", "note": None, "at": NOON})
    assert json.loads(payload) == {"kind": "verdict", "row": {"id": "x", "at": "2014-02-03T12:00:00Z"}}
    assert commit(SALT, payload).payload_hash == hashlib.sha256(SALT + payload).digest()
    with pytest.raises(ValueError, match="16 bytes"):
        commit(SALT[1:], payload)


def test_A5_a_column_that_is_added_later_and_empty_changes_no_hash() -> None:
    row = {"id": "x", "note": "y"}
    assert row_payload(Kind.VERDICT, row) == row_payload(Kind.VERDICT, {**row, "later": None})
    assert row_payload(Kind.VERDICT, row) != row_payload(Kind.RUN, row)


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
ROWS = st.dictionaries(st.sampled_from("abcdef"), VALUES, min_size=1)


@given(row=ROWS, data=st.data())
def test_A5_a_row_that_differs_in_any_column_is_not_committed_to(row: dict[str, object], data: st.DataObject) -> None:
    made = commit(SALT, row_payload(Kind.RUN, row))
    assert commits_to(SALT, made.payload_hash, Kind.RUN, row)
    column, value = data.draw(st.sampled_from("abcdef")), data.draw(VALUES)
    same = row.get(column) == value and type(row.get(column)) is type(value)
    assert commits_to(SALT, made.payload_hash, Kind.RUN, {**row, column: value}) == same


def stated(**changes: object) -> StatedLeaf:
    """A leaf that holds for ROW, changed so."""
    made = commit(SALT, row_payload(Kind.RUN, ROW))
    told = {
        "position": 3, "kind": "reimbursement_run", "row_id": "run", "salt": SALT.hex(),
        "payload_hash": made.payload_hash.hex(), "leaf_hash": leaf_hash(made.payload_hash).hex(),
    }  # fmt: skip
    return StatedLeaf(**{**told, **changes})  # type: ignore[arg-type]


ROW = {"id": "run", "month": "2014-01", "at": NOON}


@pytest.mark.parametrize(
    ("leaf", "row", "what"),
    [
        (stated(), ROW, None),
        (stated(), {**ROW, "month": "2014-02"}, What.CHANGED),
        (stated(), {**ROW, "at": 0.5}, What.CHANGED),
        (stated(), None, What.CHANGED),
        (stated(salt="00" * 16), ROW, What.CHANGED),
        (stated(salt="00"), ROW, What.LEAF_CHANGED),
        (stated(salt="no digits"), ROW, What.LEAF_CHANGED),
        (stated(payload_hash="00" * 32), ROW, What.LEAF_CHANGED),
        (stated(leaf_hash="00" * 32), ROW, What.LEAF_CHANGED),
        (stated(kind="visit"), ROW, What.LEAF_CHANGED),
        (stated(kind="verdict"), ROW, What.CHANGED),
    ],
)
def test_A5_a_leaf_and_its_row_are_held_against_each_other(
    leaf: StatedLeaf, row: dict[str, object] | None, what: What | None
) -> None:
    fault = fault_of_leaf(leaf, True, row)
    assert (None if fault is None else fault.what) == what
    assert fault is None or (fault.position, fault.row_id) == (3, "run")


def test_A5_a_leaf_without_its_row_tells_of_its_removal() -> None:
    fault = fault_of_leaf(stated(), False, None)
    assert fault is not None
    assert fault.what is What.REMOVED


class _Key:
    """A signature that anybody could make: what is signed is what is tested here."""

    key_id = "k1"

    def sign(self, message: bytes) -> bytes:
        return hashlib.sha256(b"mine" + message).digest()

    def is_signed(self, message: bytes, signature: bytes, key_id: str) -> bool:
        return key_id == self.key_id and signature == self.sign(message)


SEAL = sealed(Seal(care_system_id="cs", sequence=2, size=9, root=b"\1" * 32, at=NOON, key_id=""), _Key())
RECEIPT = receipted(
    Receipt(
        care_system_id="cs", registration_id="r", content_hash="00", salt=SALT, payload_hash=b"\2" * 32, at=NOON,
        key_id="",
    ),
    _Key(),
)  # fmt: skip
ALTERED = {
    "care_system_id": "other", "registration_id": "other", "content_hash": "11", "salt": "01" * 16, "sequence": 3,
    "payload_hash": "03" * 32, "root": "03" * 32, "size": 10, "at": "2014-02-03T12:00:01Z", "key_id": "k2",
    "signature": "00" * 32,
}  # fmt: skip


@pytest.mark.parametrize("signed", [SEAL, RECEIPT], ids=["seal", "receipt"])
def test_A5_what_is_signed_is_read_back_and_no_field_of_it_can_change(signed: Seal | Receipt) -> None:
    document = json.loads(json.dumps(signed.document))
    kind = type(signed)
    assert kind.of(document) == signed
    assert is_ours(signed, _Key())
    for name in document:
        assert not is_ours(kind.of({**document, name: ALTERED[name]}), _Key()), name


@pytest.mark.parametrize("kind", [Seal, Receipt])
@pytest.mark.parametrize("told", [None, [], {}, {**SEAL.document, "more": 1}, {**RECEIPT.document, "salt": "xy"},
                                  {**SEAL.document, "size": "9"}, {**SEAL.document, "root": "00"}, 7])  # fmt: skip
def test_A5_what_is_no_seal_or_receipt_is_not_read(kind: type[Seal] | type[Receipt], told: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        kind.of(told)


def test_A5_an_instant_between_two_seconds_was_never_signed() -> None:
    moved = Seal.of(SEAL.document)
    assert is_ours(moved, _Key())
    cut = Seal(**{name: getattr(moved, name) for name in moved.__slots__} | {"at": NOON.replace(microsecond=5)})
    assert not is_ours(cut, _Key())
