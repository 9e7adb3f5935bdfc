"""The ledger: its signed roots, the keys they are signed with, and proofs that a registration stands in it (A5)."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.ledger.keys import known_keys
from app.actions.ledger.proofs import list_seals, prove
from app.actions.ledger.receipts import receipt_for
from app.actions.visits.record import Registered
from app.api.answers import answer
from app.api.examples import KEY_OF_SEALS, PROOF, SEAL
from app.api.operations import Asked, Content, operation
from app.api.visit_faces import registration_face
from schemas.access import KeySetSchema
from schemas.envelopes import list_of
from schemas.ledger import ProofSchema, SealSchema
from schemas.queries import FeedQuerySchema

ledger = Blueprint("ledger", __name__, url_prefix="/api/v1/ledger", description="Förseglingar, kvitton och bevis (A5).")

_SEAL = SealSchema()
_PROOF = ProofSchema()


@ledger.route("/seals")
class Seals(MethodView):
    """The signed roots."""

    @operation(
        "listSeals",
        query=FeedQuerySchema,
        answers=Content(schema=list_of(SealSchema), example={"items": [SEAL], "next": "1"}),
    )
    def get(self, asked: Asked) -> Response:
        """List the signed roots after a sequence, in order. `next` is the one to go on from, where any was listed."""
        after, limit = asked.query["after"], asked.query["limit"]
        found = list_seals(asked.call, after, limit)
        body: dict[str, Any] = {"items": [_SEAL.dump(one) for one in found]}
        if not found:
            return answer(body)
        body["next"] = str(found[-1].sequence)
        return answer(body, headers={"Link": f'<{request.path}?limit={limit}&after={body["next"]}>; rel="next"'})


@ledger.route("/keys")
class SealKeys(MethodView):
    """The keys that sign."""

    @operation("readLedgerKeys", answers=Content(schema=KeySetSchema, example={"keys": [KEY_OF_SEALS]}), secured=False)
    def get(self, asked: Asked) -> Response:
        """Read the public keys that seals and receipts are verified with, former ones too."""
        keys = known_keys(asked.running.settings).key_set()
        return answer(keys, headers={"Cache-Control": "public, max-age=300"})


@ledger.route("/proofs/<id:registration_id>")
class RegistrationProof(MethodView):
    """That a registration stands in the ledger."""

    @operation("proveRegistration", answers=Content(schema=ProofSchema, example=PROOF), problems=(409,))
    def get(self, asked: Asked, registration_id: str) -> Response:
        """Read the proof that a registration stands in the newest sealed tree; 409 while it waits to be sealed."""
        return answer(_PROOF.dump(prove(asked.call, registration_id)))


def registered_face(asked: Asked, registered: Registered, content_hash: str) -> dict[str, Any]:
    """The registration as JSON values, with our receipt for it where there is a key to sign it."""
    told = registration_face(registered.resolved)
    receipt = receipt_for(asked.running.settings, registered, content_hash)
    return told if receipt is None else {**told, "receipt": receipt.document}
