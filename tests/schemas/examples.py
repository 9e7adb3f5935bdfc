"""Requests that load, to be spoiled one field at a time."""

from __future__ import annotations

import copy
from typing import Any

from marshmallow import Schema, ValidationError

from schemas.problems import field_problems

ID = "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f"
OTHER_ID = "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e70"

ACCREDITATION: dict[str, Any] = {
    "provider_id": ID,
    "municipality": "2029",
    "service": "household",
    "valid_from": "2014-01-01",
    "valid_before": "2014-01-02",
}
CUSTOMER: dict[str, Any] = {"municipality": "2029", "name": "Testperson Ett", "position": {"lat": 60.73, "lon": 14.99}}
CAREGIVER: dict[str, Any] = {
    "provider_id": ID,
    "name": "Anna",
    "relative_of": [{"customer_id": ID, "reason": "proposed by the customer", "notified_on": "2014-01-01"}],
}
ABSENCE: dict[str, Any] = {
    "customer_id": ID,
    "from": "2014-02-03T08:00:00+01:00",
    "before": "2014-02-03T08:00:01+01:00",
    "cause": "hospital",
}
GRANT: dict[str, Any] = {
    "customer_id": ID,
    "services": ["personal_care", "household"],
    "law": "SoL",
    "granted_seconds": 36000,
    "per": "month",
    "double_staffed_seconds": 36000,
    "valid_from": "2014-01-01",
    "valid_before": "2014-01-02",
}
ORDER: dict[str, Any] = {
    "grant_id": ID,
    "provider_id": ID,
    "ordered_at": "2014-01-02T09:00:00+01:00",
    "chosen_by": "customer",
    "valid_from": "2014-01-03",
}
TAG: dict[str, Any] = {"customer_id": ID, "kind": "nfc", "uid": "04:a2:24:5a:6f:61:80", "valid_from": "2014-01-01"}
PLANNED_VISIT: dict[str, Any] = {
    "provider_id": ID,
    "customer_id": ID,
    "service": "household",
    "caregiver_ids": [ID, OTHER_ID],
    "starts_at": "2014-02-03T08:00:00+01:00",
    "ends_at": "2014-02-03T08:00:01+01:00",
}
REGISTRATION: dict[str, Any] = {
    "id": ID,
    "kind": "check_in",
    "caregiver_id": ID,
    "captured_at": "2014-02-03T08:00:00.999+01:00",
    "service": "personal_care",
    "place": {"method": "nfc", "uid": "04A2245A6F6180", "position": {"lat": 60.73, "lon": 14.99, "accuracy_m": 12.2}},
    "clock": {"elapsed_ms": 1000, "boot_id": "b1", "sequence": 1},
}
MANUAL: dict[str, Any] = {
    **REGISTRATION,
    "place": {"method": "manual", "reason": "tag_missing"},
    "stated_at": "2014-02-03T07:30:00+01:00",
}
CORRECTION: dict[str, Any] = {
    "changes": {"starts_at": "2014-02-03T08:00:00+01:00", "ends_at": "2014-02-03T08:00:01+01:00"},
    "reason": "forgot_to_register",
    "note": "Went straight to the next customer.",
}
EXTENSION: dict[str, Any] = {
    "provider_id": ID,
    "customer_id": ID,
    "service": "personal_care",
    "month": "2014-02",
    "days": ["2014-02-03"],
    "requested_seconds": 1,
    "cause": "fall",
    "justification": "x" * 20,
}
RATE: dict[str, Any] = {
    "municipality": "0182",
    "service": "personal_care",
    "ore_per_hour": 37000,
    "valid_from": "2014-01-01",
    "source": "N",
    "band": {"name": "dag", "windows": [{"weekdays": [5, 1], "from": "07:30", "before": "19:00"}]},
}
POLICY: dict[str, Any] = {"name": "lock_day", "value": 5, "valid_from": "2014-01-01", "source": "our decision"}


def spoiled(example: dict[str, Any], pointer: str, value: object) -> dict[str, Any]:
    """A copy of the example with the field at the pointer given another value."""
    copied = copy.deepcopy(example)
    inner: Any = copied
    *way, last = pointer.removeprefix("/").split("/")
    for step in way:
        inner = inner[int(step) if isinstance(inner, list) else step]
    inner[int(last) if isinstance(inner, list) else last] = value
    return copied


def without(example: dict[str, Any], *names: str) -> dict[str, Any]:
    """A copy of the example without the fields."""
    return {key: value for key, value in copy.deepcopy(example).items() if key not in names}


def pointers(schema: Schema, raw: object) -> list[str]:
    """Where the schema refuses the object; nothing where it loads."""
    told: Any = raw
    try:
        schema.load(told)
    except ValidationError as error:
        return [one["pointer"] for one in field_problems(error.messages)]
    return []
