"""What was said of a visit and proposed for a customer, with every field filled."""

from __future__ import annotations

from datetime import timedelta

from app.rules.assessments import AssessmentCause, AssessmentState
from app.rules.deviations.values import DeviationState, Effect, Rule, Subject, SubjectType, VerdictOutcome
from app.rules.providers import Service
from app.rules.visits.values import Changes, Correction, CorrectionReason
from app.storage.assessments import Assessment
from app.storage.deviations import Deviation
from app.storage.explanations import Explained, Judged
from app.storage.no_choice import Decided, Proposal
from tests.storage.care import BY, NOON

CORRECTION = Correction(
    id="correction",
    external_id="their-correction",
    recorded_at=NOON,
    visit_id="visit",
    changes=Changes(
        starts_at=NOON,
        ends_at=NOON + timedelta(minutes=30),
        customer_id="bo",
        service=Service.HOUSEHOLD,
        void=False,
    ),
    reason=CorrectionReason.WRONG_CUSTOMER,
    note="Fel dörr.",
    made_by="samordnare",
    made_at=NOON,
)

DEVIATION = Deviation(
    id="deviation",
    rule=Rule.D10,
    subject=Subject(type=SubjectType.VISIT, id="visit"),
    provider_id="olivia",
    period="2014-02",
    facts={"tag_id": "tag-anna", "seconds": 2_840, "ends": ["in", "ut"]},
    effect=Effect.HOLDS_PAY,
    asks=True,
    state=DeviationState.OPEN,
    opened_at=NOON,
    changed_at=NOON,
    municipality="2029",
    customer_id="anna",
    own_reason="tag_damaged",
)

EXPLAINED = Explained(
    id="explanation",
    external_id="their-explanation",
    provider_id="olivia",
    rule=Rule.D10,
    reason="wrong_tag",
    note="Grannens tagg.",
    by=BY,
    recorded_at=NOON,
    deviation_ids=("deviation",),
)

JUDGED = Judged(
    id="verdict",
    explanation_id="explanation",
    outcome=VerdictOutcome.ACCEPTED,
    by="handläggare",
    at=NOON + timedelta(hours=1),
    recorded_at=NOON + timedelta(hours=1),
    note="Godtas.",
    bound_facts={"deviation": DEVIATION.bound_facts},
)

PROPOSED = Assessment(
    id="assessment",
    customer_id="anna",
    provider_id="olivia",
    cause=AssessmentCause.REPEATED_EXTENSIONS,
    subject="personal_care",
    facts={"extensions": [{"id": "extension", "month": "2014-02"}]},
    state=AssessmentState.ASSESSED,
    proposed_at=NOON,
    changed_at=NOON + timedelta(hours=1),
    closed_at=NOON + timedelta(hours=1),
    closed_by=BY,
    note="Ny bedömning gjord.",
)

TURN = Proposal(
    id="turn",
    recorded_at=NOON,
    recorded_by=BY,
    grant_id="grant",
    customer_id="anna",
    valid_from=NOON.date(),
    facts={"candidates": [{"provider_id": "olivia", "nearness": {"metres": 1_840}}]},
)

DECIDED_TURN = Decided(
    proposal_id="turn",
    provider_id="olivia",
    rank=2,
    reason="Närmare dottern.",
    order_id="order",
    decided_at=NOON,
    decided_by=BY,
)
