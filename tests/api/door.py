"""What a phone sends: registrations with ids of their own, at Greta's door unless told otherwise."""

from __future__ import annotations

from typing import Any

from app.storage.ids import new_id
from tests.api.world import CustomerOf, ProviderOf

JSON = dict[str, Any]
NINE, TEN = "2014-02-03T09:00:00Z", "2014-02-03T10:00:00Z"


def tap(provider: ProviderOf, kind: str, captured_at: str, customer: CustomerOf | None = None, **more: Any) -> JSON:
    """A registration by the first caregiver at the tag of a customer, the provider's first one unless told."""
    whose = customer or next(iter(provider.customers.values()))
    told = {
        "id": new_id(),
        "kind": kind,
        "caregiver_id": provider.caregiver_id,
        "captured_at": captured_at,
        "place": {"method": "qr", "text": whose.tag_text},
    }
    return {**told, **more}


def check_in(provider: ProviderOf, captured_at: str = NINE, customer: CustomerOf | None = None, **more: Any) -> JSON:
    """A check-in."""
    return tap(provider, "check_in", captured_at, customer, **more)


def check_out(provider: ProviderOf, captured_at: str = TEN, customer: CustomerOf | None = None, **more: Any) -> JSON:
    """A check-out."""
    return tap(provider, "check_out", captured_at, customer, **more)
