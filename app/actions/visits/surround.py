"""What visits are derived beside: plans as they stood, orders and grants as known now, policies, municipalities."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from app.rules.orders import as_held, place
from app.rules.plans import PlannedVisit, as_it_stood
from app.rules.policies import policies_of as asked_by_name
from app.rules.recorded import known_at
from app.rules.visits.surroundings import Surroundings, surroundings
from app.storage.database import Transaction
from app.storage.people import CUSTOMER
from app.storage.policies import policies_of
from app.storage.records import get_many
from app.storage.visits.nearby import grants_and_orders


def surround(
    tx: Transaction,
    care_system_id: str,
    customer_ids: Collection[str],
    plans: Collection[PlannedVisit],
    now: datetime,
) -> Surroundings:
    """What is known now around these customers; `plans` are all versions of the planned visits concerned."""
    stood = as_it_stood(plans, now)
    everybody = {*customer_ids, *(one.customer_id for one in stood)}
    customers = get_many(tx, CUSTOMER, care_system_id, everybody)
    grants, orders = grants_and_orders(tx, care_system_id, everybody)
    return surroundings(
        stood,
        place(known_at(orders, now), as_held(one for one in grants if one.recorded_at <= now)),
        asked_by_name(known_at(policies_of(tx, care_system_id), now)),
        {key: one.municipality for key, one in customers.items()},
    )
