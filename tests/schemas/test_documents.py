"""What is written out by hand for speed is what the schemas say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.rules.deviations.judge import Pay
from app.rules.people import Position
from app.rules.providers import Law, Service
from app.rules.tags import Method, Place
from app.rules.visits.values import Anchor, Clock, Part, Resolved, Visit
from schemas.visits import (
    RegistrationSchema,
    VisitSchema,
    VisitView,
    registration_document,
    registration_view,
    visit_document,
)
from tests.storage.care import NOON, WHOLE_REGISTRATION, WHOLE_VISIT, check_in

ANCHORED = Clock(elapsed_ms=2, boot_id="b", sequence=1, anchor=Anchor(server_at=NOON, elapsed_ms=1, boot_id="b"))
READ = Place(method=Method.QR, text="x", position=Position(lat_e6=60_730_001, lon_e6=-15_000_000, accuracy_m=None))


def told(**changes: object) -> Resolved:
    """The registration in which every field says something, changed so."""
    return replace(WHOLE_REGISTRATION, registration=replace(WHOLE_REGISTRATION.registration, **changes))  # type: ignore[arg-type]


REGISTRATIONS = [WHOLE_REGISTRATION, check_in("a", NOON), told(clock=ANCHORED), told(clock=None), told(place=READ)]


@pytest.mark.parametrize("one", REGISTRATIONS, ids=["whole", "bare", "anchored", "clockless", "positioned"])
def test_a_registration_is_written_as_its_schema_dumps_it(one: Resolved) -> None:
    assert registration_document(one) == RegistrationSchema().dump(registration_view(one))


OPEN = replace(WHOLE_VISIT, ends_at=None, check_out=None, planned_visit_id=None)
PARTS = (
    Part(customer_id="anna", service=Service.ESCORT, starts_at=NOON, ends_at=NOON, law=Law.LSS, order_id="order"),
    Part(customer_id=None, service=None, starts_at=NOON, ends_at=NOON),
)


@pytest.mark.parametrize("visit", [WHOLE_VISIT, OPEN], ids=["whole", "open"])
@pytest.mark.parametrize("parts", [PARTS, ()], ids=["parts", "none"])
def test_a_visit_is_written_as_its_schema_dumps_it(visit: Visit, parts: tuple[Part, ...]) -> None:
    view = VisitView(visit=visit, parts=parts, pay=Pay.PART_HELD, deviations=("D5", "D13"))
    assert visit_document(view) == VisitSchema().dump(view)
