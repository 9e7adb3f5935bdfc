"""How a history looks from outside: the same shapes for a line, a visit and a customer's month."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.actions.reimbursement.document import issued_document
from app.actions.reimbursement.history import Chain, Followed
from app.api.visit_faces import visit_face
from app.rules.deviations.values import NAMES
from app.rules.reimbursement.fates import Piece
from app.rules.visits.values import Correction, Resolved
from schemas.histories import (
    ArithmeticSchema,
    FollowedCorrectionSchema,
    FollowedDeviationSchema,
    FollowedExtensionSchema,
    FollowedGrantSchema,
    FollowedOrderSchema,
    PieceSchema,
    PoolMonthSchema,
    RunOfLineSchema,
    TapSchema,
    pool_view,
)
from schemas.reimbursement import RateSchema
from schemas.resources import attributes

_ARITHMETIC, _RUN, _PIECE, _TAP = ArithmeticSchema(), RunOfLineSchema(), PieceSchema(), TapSchema()
_CORRECTION, _DEVIATION, _POOL = FollowedCorrectionSchema(), FollowedDeviationSchema(), PoolMonthSchema()
_ORDER, _GRANT, _EXTENSION, _RATE = (
    FollowedOrderSchema(),
    FollowedGrantSchema(),
    FollowedExtensionSchema(),
    RateSchema(),
)
Face = dict[str, Any]


def chain_face(chain: Chain) -> Face:
    """The chain as JSON values."""
    return {
        "lines": [_step(one, chain) for one in chain.lines],
        "runs": [_RUN.dump(run) for _, run in sorted(chain.runs.items())],
        "visits": [
            {**visit_face(one), "pieces": [_piece(piece) for piece in chain.pieces.get(one.visit.id, ())]}
            for one in chain.visits
        ],
        "registrations": [_tap(one, chain) for one in chain.registrations],
        "corrections": [_correction(one, chain) for one in chain.corrections],
        "deviations": [_deviation(one, chain) for one in chain.deviations],
        "pools": [_POOL.dump(pool_view(one)) for one in chain.pools],
        "orders": [_ORDER.dump(one) for one in chain.orders],
        "grants": [_GRANT.dump(one) for one in chain.grants],
        "extensions": [_extension(one) for one in chain.extensions],
        "rates": [_RATE.dump(one) for one in chain.rates],
    }


def _step(one: Followed, chain: Chain) -> Face:
    step = one.step
    sums = {name: getattr(step, name) for name in ("before_seconds", "before_ore", "after_seconds", "after_ore")}
    worked = _ARITHMETIC.dump({**attributes(step.worked), "exact_ore": str(step.worked.exact_ore)})
    return {**issued_document(one.issued), **sums, "arithmetic": worked, "leaf": chain.leaves.get(one.issued.id)}


def _piece(one: Piece) -> Face:
    told: Face = _PIECE.dump(
        {
            **attributes(one),
            "seconds": one.seconds,
            "order_id": one.placed and one.placed.order.id,
            "grant_id": one.placed and one.placed.grant.id,
            "rate_id": one.rate and one.rate.id,
        }
    )
    return told


def _tap(one: Resolved, chain: Chain) -> Face:
    registration = one.registration
    told: Face = _TAP.dump(
        {
            **attributes(registration),
            "method": registration.place.method,
            "reason": registration.place.reason,
            "corrected_at": one.clock.corrected_at,
            "at": one.at,
            "clock_grade": one.clock.grade,
            "evidence_grade": one.evidence_grade,
            "leaf": chain.leaves.get(one.id),
        }
    )
    return told


def _correction(one: Correction, chain: Chain) -> Face:
    told: Face = _CORRECTION.dump({**attributes(one), "note": one.note if chain.with_notes else None})
    return told


def _deviation(one: Any, chain: Chain) -> Face:
    said = [_said(row, chain) for row in chain.explanations if one.id in row.deviation_ids]
    told: Face = _DEVIATION.dump(
        {
            **attributes(one),
            "name": NAMES[one.rule],
            "facts": one.facts if chain.with_words else None,
            "history": _of(chain.happened, one.id),
            "explanations": said,
        }
    )
    return told


def _of(happened: Iterable[Any], deviation_id: str) -> list[Any]:
    return [one for one in happened if one.deviation_id == deviation_id]


def _said(one: Any, chain: Chain) -> Face:
    words = {"reason": one.reason, "note": one.note} if chain.with_words else {"reason": None, "note": None}
    return {"id": one.id, "recorded_at": one.recorded_at, **words, "verdict": one.verdict}


def _extension(one: Any) -> Face:
    told: Face = _EXTENSION.dump({**attributes(one.extension), "state": one.state, "decisions": one.decisions})
    return told
