"""A history in the documentation: one visit of 47 min 20 s, its two taps, and the line that pays it."""

from __future__ import annotations

from typing import Any

from app.api.examples import CUSTOMER, GRANT, ORDER, PROVIDER, RATE, REGISTRATION, VISIT

Example = dict[str, Any]

_IN, _OUT = VISIT["registration_ids"]
RUN: Example = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e40",
    "municipality": "2029",
    "provider_id": PROVIDER["id"],
    "month": "2014-02",
    "locked_at": "2014-03-05T17:00:00Z",
    "issued_at": "2014-03-05T17:05:00Z",
}
LINE: Example = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e41",
    "external_id": None,
    "recorded_at": RUN["issued_at"],
    "sequence": 1,
    "run": RUN["id"],
    "municipality": "2029",
    "provider_id": PROVIDER["id"],
    "customer_id": CUSTOMER["id"],
    "service": "personal_care",
    "law": "SoL",
    "rate_id": RATE["id"],
    "ore_per_hour": 37500,
    "band": None,
    "month": "2014-02",
    "seconds": 2840,
    "amount_ore": 29583,
    "kind": "line",
    "cause": None,
    "segments": [
        {
            "visit_id": VISIT["id"],
            "registration_ids": [_IN, _OUT],
            "starts_at": VISIT["starts_at"],
            "ends_at": VISIT["ends_at"],
            "seconds": 2840,
        }
    ],
    "order_ids": [ORDER["id"]],
    "grant_ids": [GRANT["id"]],
    "extension_ids": [],
}
_STEP: Example = {
    **LINE,
    "before_seconds": 0,
    "before_ore": 0,
    "after_seconds": 2840,
    "after_ore": 29583,
    "arithmetic": {"seconds": 2840, "ore_per_hour": 37500, "exact_ore": "88750/3", "amount_ore": 29583},
    "leaf": 12,
}
_PIECE: Example = {
    "customer_id": CUSTOMER["id"],
    "service": "personal_care",
    "month": "2014-02",
    "starts_at": VISIT["starts_at"],
    "ends_at": VISIT["ends_at"],
    "seconds": 2840,
    "fate": "paid",
    "held_by": [],
    "order_id": ORDER["id"],
    "grant_id": GRANT["id"],
    "rate_id": RATE["id"],
}


def _tap(name: str, kind: str, at: str, leaf: int) -> Example:
    return {
        "id": name,
        "kind": kind,
        "caregiver_id": REGISTRATION["caregiver_id"],
        "device_id": None,
        "method": "nfc",
        "reason": None,
        "captured_at": at,
        "stated_at": None,
        "received_at": at,
        "corrected_at": at,
        "at": at,
        "recorded_at": at,
        "clock_grade": "verified",
        "evidence_grade": 1,
        "leaf": leaf,
    }


CHAIN: Example = {
    "lines": [_STEP],
    "runs": [RUN],
    "visits": [{**VISIT, "pieces": [_PIECE]}],
    "registrations": [
        _tap(_IN, "check_in", VISIT["starts_at"], 3),
        _tap(_OUT, "check_out", VISIT["ends_at"], 4),
    ],
    "corrections": [],
    "deviations": [],
    "pools": [
        {
            "provider_id": PROVIDER["id"],
            "customer_id": CUSTOMER["id"],
            "law": "SoL",
            "services": ["household", "personal_care"],
            "month": "2014-02",
            "granted_seconds": 36000,
            "extension_seconds": 0,
            "performed_seconds": 2840,
            "paid_seconds": 2840,
            "held_seconds": 0,
            "unpaid_seconds": 0,
            "excess_seconds": 0,
        }
    ],
    "orders": [{**ORDER, "version": 1}],
    "grants": [{**{name: value for name, value in GRANT.items() if name != "target_group"}, "version": 1}],
    "extensions": [],
    "rates": [RATE],
}
