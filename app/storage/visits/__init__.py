"""Registrations, visits and corrections, as named queries."""

from __future__ import annotations

from app.storage.visits.arrival import Arrival, Raced, save_registration
from app.storage.visits.corrections import approve_correction, corrections_of, get_correction, insert_correction
from app.storage.visits.door import DoorFacts, facts_for
from app.storage.visits.neighbourhood import Around, Span, neighbourhood, neighbourhoods
from app.storage.visits.projection import (
    Open,
    all_visits,
    get_visit,
    get_visits,
    lock_caregivers,
    remove_visits,
    upsert_visits,
    visits_of,
)
from app.storage.visits.registrations import (
    New,
    Stored,
    get_registration,
    page_of_registrations,
    registrations_between,
    registrations_by_id,
    save_registrations,
    stored,
)

__all__ = [
    "Around",
    "Arrival",
    "DoorFacts",
    "New",
    "Open",
    "Raced",
    "Span",
    "Stored",
    "all_visits",
    "approve_correction",
    "corrections_of",
    "facts_for",
    "get_correction",
    "get_registration",
    "get_visit",
    "get_visits",
    "insert_correction",
    "lock_caregivers",
    "neighbourhood",
    "neighbourhoods",
    "page_of_registrations",
    "registrations_between",
    "registrations_by_id",
    "remove_visits",
    "save_registration",
    "save_registrations",
    "stored",
    "upsert_visits",
    "visits_of",
]
