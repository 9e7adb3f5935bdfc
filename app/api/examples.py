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
    "name": "Anna Exempel",
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
REGISTRATION: Example = {
    "id": _id(13),
    "external_id": None,
    "kind": "check_in",
    "caregiver_id": CAREGIVER["id"],
    "captured_at": "2014-02-03T07:00:00Z",
    "stated_at": None,
    "received_at": "2014-02-03T07:00:02Z",
    "corrected_at": "2014-02-03T07:00:00Z",
    "visit_id": _id(13),
    "planned_visit_id": None,
    "customer_id": None,
    "service": "personal_care",
    "place": {
        "method": "nfc",
        "text": None,
        "uid": "04A2245A6F6180",
        "reason": None,
        "note": None,
        "position": None,
    },
    "clock": {"elapsed_ms": 86400000, "boot_id": "7d0c", "sequence": 17, "anchor": None},
    "activities": [],
    "extra_service": False,
    "household": [],
    "clock_grade": "verified",
    "evidence_grade": 1,
    "device_id": None,
    "recorded_at": "2014-02-03T07:00:02Z",
}
REGISTRATION_SENT: Example = {
    name: REGISTRATION[name] for name in ("id", "kind", "caregiver_id", "captured_at", "service", "place", "clock")
} | {"sent": {"elapsed_ms": 86402000, "boot_id": "7d0c"}}
VISIT: Example = {
    "id": REGISTRATION["id"],
    "external_id": None,
    "caregiver_id": CAREGIVER["id"],
    "provider_id": PROVIDER["id"],
    "starts_at": "2014-02-03T07:00:00Z",
    "ends_at": "2014-02-03T07:47:20Z",
    "performed_seconds": 2840,
    "performed": "PT47M20S",
    "parts": [
        {
            "customer_id": CUSTOMER["id"],
            "service": "personal_care",
            "law": "SoL",
            "order_id": ORDER["id"],
            "starts_at": "2014-02-03T07:00:00Z",
            "ends_at": "2014-02-03T07:47:20Z",
            "seconds": 2840,
        }
    ],
    "state": "complete",
    "evidence_grade": 1,
    "clock_grade": "verified",
    "corrected": False,
    "pay": "payable",
    "deviations": [],
    "registration_ids": [REGISTRATION["id"], _id(14)],
    "planned_visit_id": PLANNED_VISIT["id"],
    "recorded_at": "2014-02-03T07:47:21Z",
}
CORRECTION: Example = {
    "id": _id(15),
    "external_id": None,
    "visit_id": VISIT["id"],
    "changes": {
        "starts_at": None,
        "ends_at": "2014-02-03T07:50:00Z",
        "customer_id": None,
        "service": None,
        "void": None,
    },
    "reason": "forgot_to_register",
    "note": "Checked out on the stairs.",
    "made_by": _id(16),
    "made_at": "2014-02-03T12:00:00Z",
    "approved_by": None,
    "approved_at": None,
    "recorded_at": "2014-02-03T12:00:00Z",
}
CORRECTION_SENT: Example = {
    "changes": {"ends_at": "2014-02-03T07:50:00Z"},
    "reason": "forgot_to_register",
    "note": "Checked out on the stairs.",
}
CHANGE: Example = {
    "sequence": 1,
    "at": "2014-01-02T08:00:00Z",
    "type": "order.placed",
    "resource": {"type": "order", "id": ORDER["id"], "external_id": None},
    "data": ORDER,
}
WEBHOOK: Example = {
    "id": _id(0x60),
    "url": "https://receiver.example/hemtid",
    "types": ["month.issued", "line.issued"],
    "active": True,
    "sequence": 17,
    "failures": 0,
    "failing_since": None,
    "due_at": None,
    "disabled_at": None,
    "disabled_reason": None,
    "created_at": "2014-02-03T08:00:00Z",
    "recorded_at": "2014-02-03T08:00:00Z",
}
WEBHOOK_SECRET = "whsec_bm8gc2VjcmV0IG9mIGFueWJvZHksIGFuIGV4YW1wbGU="
DELIVERY: Example = {
    "id": _id(0x61),
    "message_id": f"msg_{WEBHOOK['id'].replace('-', '')}_18",
    "sequence": 18,
    "type": "month.issued",
    "attempt": 1,
    "at": "2014-03-05T17:05:01Z",
    "status": 204,
    "error": None,
}
SEAL: Example = {
    "care_system_id": CARE_SYSTEM["id"],
    "sequence": 1,
    "size": 8,
    "root": "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    "at": "2014-02-03T08:00:00Z",
    "key_id": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    "signature": "0" * 128,
}
KEY_OF_SEALS: Example = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "alg": "EdDSA",
    "use": "sig",
    "kid": SEAL["key_id"],
}
RECEIPT: Example = {
    "care_system_id": CARE_SYSTEM["id"],
    "registration_id": REGISTRATION["id"],
    "content_hash": "0" * 64,
    "salt": "0" * 32,
    "payload_hash": "0" * 64,
    "at": REGISTRATION["recorded_at"],
    "key_id": SEAL["key_id"],
    "signature": "0" * 128,
}
REGISTERED: Example = REGISTRATION | {"receipt": RECEIPT}
PROOF: Example = {
    "registration_id": REGISTRATION["id"],
    "position": 5,
    "payload_hash": RECEIPT["payload_hash"],
    "path": [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    "seal": SEAL,
}
