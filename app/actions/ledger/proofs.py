"""Proofs: that a registration stands in the tree, for whoever may read it, and that a receipt tells the truth (A5)."""

from __future__ import annotations

from dataclasses import dataclass

from app.actions.calls import Call
from app.actions.ledger.keys import known_keys
from app.actions.records import missing
from app.actions.visits.read import read_registration
from app.rules.access import Permission, Resource, Verb, may
from app.rules.ledger.commitments import Kind, commits_to
from app.rules.ledger.faults import StatedLeaf, What, fault_of_leaf
from app.rules.ledger.proofs import inclusion_path, is_included
from app.rules.ledger.signed import Receipt, Seal, is_ours
from app.rules.ledger.tree import leaf_hash
from app.rules.refusal import Refused
from app.settings import Settings
from app.storage.database import Database, Transaction
from app.storage.ledger import complete_from, last_seal, leaf_for, rows_of, seals_after, waiting_among


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That a registration's leaf is in the tree of the seal: `path` leads from it to the root. Source: RFC 6962."""

    registration_id: str
    position: int
    payload_hash: bytes
    path: tuple[bytes, ...]
    seal: Seal

    @property
    def holds(self) -> bool:
        """True where the path leads to the root that was signed."""
        return is_included(leaf_hash(self.payload_hash), self.position, self.seal.size, self.path, self.seal.root)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of a receipt: `proof` where its registration is sealed, `fault` where the receipt does not hold."""

    proof: Proof | None = None
    fault: What | None = None


def list_seals(call: Call, after: int, limit: int) -> list[Seal]:
    """Up to `limit` seals of the care system after that sequence, in order. Raises Refused A2."""
    call.check(Resource.LEDGER, Verb.READ)
    with call.database.transaction(write=False) as tx:
        return seals_after(tx, call.care_system_id, after=after, limit=limit)


def prove(call: Call, registration_id: str) -> Proof:
    """The registration's proof against the newest seal. It tells of no person.

    Whoever may read the ledger may have any; others those of the registrations that they may read, and the read is
    logged. Raises Refused: A2, A1 (404), A5 (409) where it is not sealed yet.
    """
    if not may(call.actor.role, Permission(Resource.LEDGER, Verb.READ)):
        read_registration(call, registration_id)
    cs = call.care_system_id
    with call.database.transaction(write=False) as tx:
        leaf = leaf_for(tx, cs, Kind.REGISTRATION, registration_id)
        found = None if leaf is None else _proof(tx, cs, leaf)
        if found is None and registration_id not in waiting_among(tx, cs, Kind.REGISTRATION, [registration_id]):
            raise missing()
    if found is None:
        raise Refused("A5", "the registration waits to be sealed; ask again when the next seal is made")
    return found


def _proof(tx: Transaction, care_system_id: str, leaf: StatedLeaf) -> Proof:
    """The proof of the leaf. Raises Refused A5 where the ledger is no longer whole."""
    try:
        return _proof_of(tx, care_system_id, leaf)
    except (ValueError, TypeError, IndexError) as fault:
        raise Refused("A5", "the ledger is no longer whole, and nothing can be proven; it must be verified") from fault


def _proof_of(tx: Transaction, care_system_id: str, leaf: StatedLeaf) -> Proof:
    kept = last_seal(tx, care_system_id)
    if kept is None:
        raise ValueError("a leaf without a seal")
    path = inclusion_path(leaf.position, kept.seal.size, complete_from(tx, care_system_id))
    return Proof(
        registration_id=leaf.row_id,
        position=leaf.position,
        payload_hash=bytes.fromhex(leaf.payload_hash),
        path=tuple(path),
        seal=kept.seal,
    )


def check_receipt(database: Database, settings: Settings, receipt: Receipt) -> Checked:
    """Whether a key of ours has signed the receipt, its registration stands as it was recorded, and is in the tree.

    Neither proof nor fault: the registration waits to be sealed.
    """
    keys, cs, named = known_keys(settings), receipt.care_system_id, receipt.registration_id
    if not is_ours(receipt, keys):
        return Checked(fault=What.NOT_OURS)
    with database.transaction(write=False) as tx:
        rows = rows_of(tx, cs, Kind.REGISTRATION, [named])
        waits = named in waiting_among(tx, cs, Kind.REGISTRATION, [named])
        leaf = leaf_for(tx, cs, Kind.REGISTRATION, named)
        proof = None if leaf is None else _proof(tx, cs, leaf)
    row = rows.get(named)
    if named not in rows:
        return Checked(fault=What.REMOVED)
    if row is None or not commits_to(receipt.salt, receipt.payload_hash, Kind.REGISTRATION, row):
        return Checked(fault=What.CHANGED)
    if leaf is None or proof is None:
        return Checked(fault=None if waits else What.ADDED)
    # The leaf has another salt than the receipt where the key was changed between the two; both commit to the row.
    whole = fault_of_leaf(leaf, True, row) is None and proof.holds and is_ours(proof.seal, keys)
    return Checked(proof=proof, fault=None if whole else What.LEAF_CHANGED)
