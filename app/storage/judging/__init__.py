"""What a judgement of some customers' months reads: their visits, and the facts around them, in a few statements."""

from __future__ import annotations

from app.storage.judging.around import any_plans, around
from app.storage.judging.asked import LOOKED_BACK, WHATEVER_MONTH, Whose, lock_judged, needs_locks
from app.storage.judging.stays import Journeys, begun_next, journeys
from app.storage.judging.visits import Held, Seen, beside, first_visits, visits_answering, visits_of

__all__ = [
    "LOOKED_BACK",
    "WHATEVER_MONTH",
    "Held",
    "Journeys",
    "Seen",
    "Whose",
    "any_plans",
    "around",
    "begun_next",
    "beside",
    "first_visits",
    "journeys",
    "lock_judged",
    "needs_locks",
    "visits_answering",
    "visits_of",
]
