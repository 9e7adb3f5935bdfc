"""Examples: one invented care system, the same in every operation of the specification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Example = dict[str, Any]
_OURS = ("id", "recorded_at")
_RECORDED = {"recorded_at": "2014-01-02T08:00:00Z"}


def as_sent(resource: Mapping[str, Any], **beside: Any) -> Example:
    """The resource as it is sent: without what we set."""
    return {name: value for name, value in resource.items() if name not in _OURS} | beside


def as_listed(resource: Mapping[str, Any]) -> Example:
    """A list with the resource in it."""
    return {"items": [dict(resource)]}


def _id(number: int) -> str:
    return f"0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e{number:02x}"


CARE_SYSTEM: Example = {
    "id": _id(1),
    "external_id": "lr",
    "name": "Leksand och Rättvik",
    "municipalities": ["2029", "2031"],
    **_RECORDED,
}
PROVIDER: Example = {
    "id": _id(2),
    "external_id": "olivia",
    "name": "Olivia hemtjänst",
    "kind": "private",
    "organisation_number": "556677-8899",
    **_RECORDED,
}
ACCREDITATION: Example = {
    "id": _id(3),
    "external_id": None,
    "provider_id": PROVIDER["id"],
    "municipality": "2029",
    "service": "personal_care",
    "law": None,
    "target_group": None,
    "valid_from": "2011-03-01",
    "valid_before": None,
    "ceiling_seconds_per_week": 3600000,
    "takes_no_choice": True,
    **_RECORDED,
}
CUSTOMER: Example = {
    "id": _id(4),
    "external_id": "k-17",
    "municipality": "2029",
    "name": "Greta Exempel",
    "birth_year": 1931,
    "protection": "none",
    "position": {"lat": 60.7303, "lon": 15.0},
    **_RECORDED,
}
CAREGIVER: Example = {
    "id": _id(5),
    "external_id": "c-3",
    "provider_id": PROVIDER["id"],
    "name": "Anna Ek",
    "education": "approved",
    "relative_of": [],
    **_RECORDED,
}
ABSENCE: Example = {
    "id": _id(6),
    "external_id": None,
    "customer_id": CUSTOMER["id"],
    "from": "2014-02-10T08:00:00Z",
    "before": "2014-02-14T11:00:00Z",
    "cause": "hospital",
    **_RECORDED,
}
GRANT: Example = {
    "id": _id(7),
    "external_id": None,
    "customer_id": CUSTOMER["id"],
    "services": ["personal_care", "household"],
    "law": "SoL",
    "granted_seconds": 36000,
    "per": "month",
    "every": 1,
    "double_staffed_seconds": 0,
    "valid_from": "2014-01-01",
    "valid_before": None,
    **_RECORDED,
}
ORDER: Example = {
    "id": _id(8),
    "external_id": None,
    "grant_id": GRANT["id"],
    "provider_id": PROVIDER["id"],
    "ordered_at": "2014-01-02T08:00:00Z",
    "chosen_by": "customer",
    "ordered_seconds": None,
    "valid_from": "2014-01-03",
    "valid_before": None,
    "implementation_plan_received_on": "2014-01-10",
    **_RECORDED,
}
TAG: Example = {
    "id": _id(9),
    "external_id": None,
    "customer_id": CUSTOMER["id"],
    "kind": "qr",
    "uid": None,
    "state": "mounted",
    "valid_from": "2014-01-01",
    "valid_before": None,
    **_RECORDED,
}
PLANNED_VISIT: Example = {
    "id": _id(10),
    "external_id": "p-2014-02-03-1",
    "provider_id": PROVIDER["id"],
    "customer_id": CUSTOMER["id"],
    "household": [],
    "caregiver_ids": [CAREGIVER["id"]],
    "service": "personal_care",
    "grant_id": GRANT["id"],
    "starts_at": "2014-02-03T07:00:00Z",
    "ends_at": "2014-02-03T07:45:00Z",
    "activities": ["shower"],
    "cancelled": None,
    **_RECORDED,
}
RATE: Example = {
    "id": _id(11),
    "external_id": None,
    "municipality": "2029",
    "service": "personal_care",
    "law": None,
    "provider_kind": None,
    "band": None,
    "ore_per_hour": 37500,
    "valid_from": "2011-03-01",
    "valid_before": None,
    "source": "LR 5.2",
    **_RECORDED,
}
POLICY: Example = {
    "id": _id(12),
    "external_id": None,
    "municipality": "2029",
    "name": "no_check_out_seconds",
    "value": 14400,
    "valid_from": "2014-01-01",
    "source": "A decision of the municipality",
    **_RECORDED,
}
CHANGE: Example = {
    "sequence": 1,
    "at": "2014-01-02T08:00:00Z",
    "type": "order.placed",
    "resource": {"type": "order", "id": ORDER["id"], "external_id": None},
    "data": ORDER,
}
