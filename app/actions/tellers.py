"""How other faces than the API tell of what they did: in the API's own words, so that everybody follows one account.

An act appends to the list of changes what it changed, as JSON values; how these look is said in `schemas`, which the
desk does not speak. Whoever wires the product hands it the API's tellers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.actions.calls import Answered, Call, Told
from app.actions.reimbursement.exports import RunFiles
from app.actions.visits.tell import Faces
from app.actions.webhooks.letters import Tell
from app.rules.billing import BillingParty
from app.storage.explanations import Explained


@dataclass(frozen=True, slots=True, kw_only=True)
class Tellers:
    """One for each kind of thing that is acted on at the desk."""

    extension: Told
    explanation: Callable[[Explained], Answered]
    correction: Callable[[str], Told]
    """For the visit of that id."""
    visit: Faces
    run_file: RunFiles
    """A run's files are written by the API's writers."""
    party: Callable[[Call, Mapping[str, Any], BillingParty | None], frozenset[str]]
    """Keeps a billing party, in place of the one that stands; the fields that are not as they must be, none if kept."""
    change: Tell
