"""Resources as others see them, where they show more than their value holds."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from app.rules.deviations.judge import Pay
from app.rules.deviations.values import DeviationState, Effect, Found, Rule, Subject, SubjectType
from app.rules.extensions import Decision, DecisionOutcome, Extension, ExtensionCause, ExtensionState
from app.rules.providers import Law, Service
from app.rules.reimbursement.values import Line, LineKey, LineKind, Segment, Total
from app.rules.visits.values import ClockGrade, Part, Visit, VisitState
from schemas.deviations import DeviationSchema, deviation_view
from schemas.events import ChangeSchema
from schemas.extensions import ExtensionSchema, ThreadEntry, extension_view
from schemas.reimbursement import LineSchema, line_view
from schemas.visits import VisitSchema, VisitView

START, END = datetime(2014, 2, 3, 7, tzinfo=UTC), datetime(2014, 2, 3, 7, 47, 20, tzinfo=UTC)


def a_visit(ends_at: datetime | None) -> Visit:
    return Visit(
        id="1",
        caregiver_id="c",
        provider_id="p",
        state=VisitState.OPEN if ends_at is None else VisitState.COMPLETE,
        starts_at=START,
        ends_at=ends_at,
        registered_starts_at=START,
        registered_ends_at=ends_at,
        customer_id="k",
        service=Service.PERSONAL_CARE,
        check_in=None,
        check_out=None,
        superseded=False,
        evidence_grade=1,
        clock_grade=ClockGrade.VERIFIED,
        registration_ids=("1", "2"),
        recorded_at=START,
    )


def test_T3_a_visit_shows_performed_time_in_seconds_and_as_a_duration() -> None:
    part = Part(customer_id="k", service=Service.PERSONAL_CARE, starts_at=START, ends_at=END, law=Law.SOL, order_id="o")
    shown = VisitSchema().dump(VisitView(visit=a_visit(END), parts=(part,), pay=Pay.PAYABLE, deviations=("D5",)))
    assert shown == {
        "id": "1",
        "external_id": None,
        "recorded_at": "2014-02-03T07:00:00Z",
        "caregiver_id": "c",
        "provider_id": "p",
        "starts_at": "2014-02-03T07:00:00Z",
        "ends_at": "2014-02-03T07:47:20Z",
        "performed_seconds": 2840,
        "performed": "PT47M20S",
        "parts": [
            {
                "customer_id": "k",
                "service": "personal_care",
                "law": "SoL",
                "order_id": "o",
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
        "deviations": ["D5"],
        "registration_ids": ["1", "2"],
        "planned_visit_id": None,
    }


def test_V4_an_open_visit_has_no_end_and_no_performed_time() -> None:
    shown = VisitSchema().dump(VisitView(visit=a_visit(None), parts=(), pay=Pay.PAYABLE))
    assert (shown["ends_at"], shown["performed_seconds"], shown["performed"]) == (None, None, None)


def test_a_deviation_shows_its_rule_its_name_and_its_facts() -> None:
    found = Found(
        rule=Rule.D10,
        subject=Subject(type=SubjectType.VISIT, id="1"),
        provider_id="p",
        period="2014-02",
        facts={"problem": "unknown", "seconds": 2840},
        effect=Effect.HOLDS_PAY,
        asks=True,
    )
    shown = DeviationSchema().dump(deviation_view(found, DeviationState.OPEN))
    assert shown == {
        "rule": "D10",
        "name": "wrong_tag",
        "subject": {"type": "visit", "id": "1"},
        "provider_id": "p",
        "period": "2014-02",
        "facts": {"problem": "unknown", "seconds": 2840},
        "effect": "holds_pay",
        "state": "open",
    }
    stored = DeviationSchema().dump(deviation_view(found, DeviationState.OPEN, id="d", recorded_at=START))
    assert (stored["id"], stored["recorded_at"]) == ("d", "2014-02-03T07:00:00Z")


def test_E3_a_request_shows_every_decision_and_the_last_one_as_the_one_that_holds() -> None:
    extension = Extension(
        id="e",
        provider_id="p",
        customer_id="k",
        service=Service.PERSONAL_CARE,
        month="2014-02",
        requested_seconds=1205,
        cause=ExtensionCause.FALL,
        justification="Fell in the bathroom at night.",
        requested_by="u",
        requested_at=START,
    )
    first = Decision(
        id="b", extension_id="e", outcome=DecisionOutcome.DECLINED, reasons="r", reviewer="v", decided_at=START
    )
    second = Decision(
        id="a", extension_id="e", outcome=DecisionOutcome.APPROVED, reasons="r", reviewer="v", decided_at=END
    )
    thread = (ThreadEntry(by="u", at=START, text="Please."),)
    shown = ExtensionSchema().dump(extension_view(extension, ExtensionState.APPROVED, thread, (second, first)))
    assert [one["id"] for one in shown["decisions"]] == ["b", "a"]
    assert shown["decision"]["outcome"] == "approved"
    assert shown["thread"] == [{"by": "u", "at": "2014-02-03T07:00:00Z", "text": "Please."}]
    assert (shown["state"], shown["requested_seconds"]) == ("approved", 1205)
    assert ExtensionSchema().dump(extension_view(extension, ExtensionState.REQUESTED))["decision"] is None


def test_R8_an_adjustment_shows_its_differences_and_not_what_the_key_comes_to() -> None:
    key = LineKey(
        municipality="0182",
        provider_id="p",
        customer_id="k",
        service=Service.PERSONAL_CARE,
        law=Law.SOL,
        rate_id="r",
        month="2014-02",
    )
    segment = Segment(visit_id="1", registration_ids=("1", "2"), starts_at=START, ends_at=END, seconds=2840)
    total = Total(
        key=key, ore_per_hour=Decimal("37000.50"), band="dag", seconds=49005, amount_ore=503663, segments=(segment,)
    )
    line = Line(run="2014-03", kind=LineKind.ADJUSTMENT, total=total, seconds=-1205, amount_ore=-12384, sequence=7)
    shown = LineSchema().dump(line_view(line))
    assert (shown["seconds"], shown["amount_ore"], shown["kind"], shown["sequence"]) == (-1205, -12384, "adjustment", 7)
    assert (shown["ore_per_hour"], shown["band"], shown["rate_id"], shown["month"]) == (
        "37000.5",
        "dag",
        "r",
        "2014-02",
    )
    assert shown["segments"][0]["seconds"] == 2840


def test_a_change_tells_what_happened_in_order() -> None:
    change = {
        "sequence": 1,
        "at": START,
        "type": "visit.opened",
        "resource": {"type": "visit", "id": "1"},
        "data": {"id": "1"},
    }
    assert ChangeSchema().dump(change) == {**change, "at": "2014-02-03T07:00:00Z"}
