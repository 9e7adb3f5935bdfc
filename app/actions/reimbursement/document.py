"""Lines and excess as JSON values: what is hashed, kept and told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson

from app.rules.reimbursement.values import Excess, Line
from app.rules.time import format_instant
from app.storage.issued import IssuedLine


def line_document(line: Line) -> dict[str, Any]:
    """What the line says, without what it is called. Source: CONTRACT, R11."""
    total, key = line.total, line.total.key
    whole = total.ore_per_hour == total.ore_per_hour.to_integral_value()
    return {
        "municipality": key.municipality,
        "provider_id": key.provider_id,
        "customer_id": key.customer_id,
        "service": key.service.value,
        "law": key.law.value,
        "rate_id": key.rate_id,
        "ore_per_hour": int(total.ore_per_hour) if whole else format(total.ore_per_hour.normalize(), "f"),
        "band": total.band,
        "month": key.month,
        "seconds": line.seconds,
        "amount_ore": line.amount_ore,
        "kind": line.kind.value,
        "cause": None if line.cause is None else line.cause.value,
        "segments": [
            {
                "visit_id": one.visit_id,
                "registration_ids": list(one.registration_ids),
                "starts_at": format_instant(one.starts_at),
                "ends_at": format_instant(one.ends_at),
                "seconds": one.seconds,
            }
            for one in total.segments
        ],
        "order_ids": list(total.order_ids),
        "grant_ids": list(total.grant_ids),
        "extension_ids": list(total.extension_ids),
    }


def issued_document(issued: IssuedLine) -> dict[str, Any]:
    """The line as the reimbursement module reads it."""
    return {
        "id": issued.id,
        "external_id": None,
        "recorded_at": format_instant(issued.recorded_at),
        "sequence": issued.line.sequence,
        "run": issued.run_id,
        **line_document(issued.line),
    }


def excess_document(excess: Excess) -> dict[str, Any]:
    """What a pool performed beyond its cap. Source: CONTRACT, R2."""
    return {
        "provider_id": excess.provider_id,
        "customer_id": excess.customer_id,
        "law": excess.law.value,
        "services": [service.value for service in excess.services],
        "month": excess.month,
        "granted_seconds": excess.granted_seconds,
        "approved_extension_seconds": excess.approved_extension_seconds,
        "performed_seconds": excess.performed_seconds,
        "excess_seconds": excess.excess_seconds,
        "worth_ore": excess.worth_ore,
    }


def content_hash(lines: Iterable[Line], excess: Iterable[dict[str, Any]]) -> str:
    """The same for the same lines and excess, in the same order, and for nothing else. Source: R9, FAULTS 58."""
    content = {"lines": [line_document(line) for line in lines], "excess": list(excess)}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
