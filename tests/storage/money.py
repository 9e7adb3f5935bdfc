"""A run and its line, with every field filled."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from app.rules.providers import Law, Service
from app.rules.reimbursement.values import Cause, Line, LineKey, LineKind, Segment, Total
from app.storage.reimbursement import Run
from tests.storage.care import NOON

RUN = Run(
    id="run",
    municipality="2029",
    provider_id="olivia",
    month="2014-02",
    locked_at=NOON + timedelta(days=30),
    issued_at=NOON + timedelta(days=31),
    issued_by="controller",
    content_hash="0" * 64,
    excess=[{"customer_id": "anna", "excess_seconds": 60, "worth_ore": 617}],
)

LINE = Line(
    run="2014-02",
    kind=LineKind.ADJUSTMENT,
    total=Total(
        key=LineKey(
            municipality="2029",
            provider_id="olivia",
            customer_id="anna",
            service=Service.PERSONAL_CARE,
            law=Law.SOL,
            rate_id="rate",
            month="2014-01",
        ),
        ore_per_hour=Decimal("37000.50"),
        band="kväll",
        seconds=2_840,
        amount_ore=29_189,
        segments=(
            Segment(
                visit_id="visit",
                registration_ids=("visit", "whole"),
                starts_at=NOON,
                ends_at=NOON + timedelta(seconds=2_840),
                seconds=2_840,
            ),
        ),
        order_ids=("order",),
        grant_ids=("grant",),
        extension_ids=("extension",),
    ),
    seconds=-1_205,
    amount_ore=-12_384,
    cause=Cause.CORRECTION,
    sequence=1,
)
