"""V10: corrections. Which count, in what order, and what they come to."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from app.rules.deviations.judge import Pay, pays
from app.rules.deviations.values import DeviationState
from app.rules.providers import Service
from app.rules.refusal import Kind, Refused
from app.rules.visits.correct import check_changes, counted, overlay, refusal_of_approval
from app.rules.visits.values import Changes, CorrectionReason, VisitState
from tests.rules.builders import (
    a_check_in,
    a_check_out,
    a_correction,
    at,
    found,
    judged,
    rules_of,
    the_deviation,
    the_visit,
)

A_STAY = (a_check_in("08:00"), a_check_out("09:00"))
A_HALF = (a_check_in("08:00"),)


def test_V10_an_approved_correction_changes_the_visit_and_keeps_what_it_replaces() -> None:
    visit = the_visit(*A_STAY, a_correction(ends_at="08:45"))

    assert (visit.ends_at, visit.registered_ends_at, visit.performed_seconds) == (at("08:45"), at("09:00"), 2_700)
    assert (visit.corrected, visit.correction_ids, visit.evidence_grade) == (True, ("correction",), 0)
    assert visit.check_out is not None
    assert visit.check_out.at == at("09:00")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"starts_at": "08:15"}, id="the start"),
        pytest.param({"ends_at": "08:45"}, id="the end"),
        pytest.param({"customer_id": "k2"}, id="the customer"),
        pytest.param({"service": Service.ESCORT}, id="the service"),
        pytest.param({"void": True}, id="all of it"),
    ],
)
def test_V10_a_pending_correction_counts_for_nothing(change: dict[str, Any]) -> None:
    assert the_visit(*A_STAY, a_correction(approved=None, **change)) == the_visit(*A_STAY)
    assert the_visit(*A_STAY, a_correction(**change)) != the_visit(*A_STAY)


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        pytest.param("2014-02-05T08:59:59+01:00", 3_600, id="a second before it was approved"),
        pytest.param("2014-02-05T09:00:00+01:00", 2_700, id="as it was approved"),
        pytest.param("2014-02-05T09:00:01+01:00", 2_700, id="a second after"),
    ],
)
def test_V10_a_correction_counts_once_it_is_approved(now: str, seconds: int) -> None:
    assert the_visit(*A_STAY, a_correction(ends_at="08:45"), now=now).performed_seconds == seconds


def test_V10_its_maker_does_not_approve_a_correction() -> None:
    own = a_correction(ends_at="08:45", approved_by="coordinator")
    refusal = refusal_of_approval(own, ["c"])

    assert refusal is not None
    assert (refusal.rule, refusal.kind, refusal.pointer) == ("V10", Kind.CONFLICT, "/approved_by")
    assert the_visit(*A_STAY, own) == the_visit(*A_STAY)


@pytest.mark.parametrize(
    ("approver", "refused"),
    [
        pytest.param("c", True, id="the caregiver whose visit it is"),
        pytest.param("c as a user", True, id="the same person under another id"),
        pytest.param("c2", False, id="another caregiver"),
        pytest.param("second", False, id="another person"),
        pytest.param(None, False, id="nobody yet"),
    ],
)
def test_V10_nobody_approves_a_correction_of_their_own_visit(approver: str | None, refused: bool) -> None:
    correction = a_correction(ends_at="08:45", approved_by=approver)

    assert (refusal_of_approval(correction, ["c", "c as a user"]) is not None) is refused


FIRST, SECOND = "2014-02-05T09:00:00+01:00", "2014-02-05T09:00:01+01:00"


@pytest.mark.parametrize(
    ("corrections", "end"),
    [
        pytest.param([("a", FIRST, "08:30"), ("b", SECOND, "08:45")], "08:45", id="the last approved wins"),
        pytest.param(
            [("b", FIRST, "08:30"), ("a", SECOND, "08:45")], "08:45", id="the last approved, not the higher id"
        ),
        pytest.param([("a", FIRST, "08:30"), ("b", FIRST, "08:45")], "08:45", id="approved at once: the higher id"),
    ],
)
def test_V10_corrections_apply_in_the_order_of_approval_and_id(
    corrections: list[tuple[str, str, str]], end: str
) -> None:
    for some in itertools.permutations(corrections):
        told = [a_correction(id=key, approved=approved, ends_at=ends) for key, approved, ends in some]
        assert the_visit(*A_STAY, *told).ends_at == at(end)


def test_V10_each_field_has_its_own_last_correction() -> None:
    told = (
        a_correction(id="a", approved=FIRST, starts_at="07:50", ends_at="08:30"),
        a_correction(id="b", approved=SECOND, ends_at="08:40"),
    )
    visit = the_visit(*A_STAY, *told)

    assert (visit.starts_at, visit.ends_at, visit.correction_ids) == (at("07:50"), at("08:40"), ("a", "b"))


def test_V10_a_void_visit_may_be_brought_back() -> None:
    void = a_correction(id="a", approved=FIRST, void=True)

    assert the_visit(*A_STAY, void).state is VisitState.VOID
    assert the_visit(*A_STAY, void, a_correction(id="b", approved=SECOND, void=False)).state is VisitState.COMPLETE


def test_V10_a_void_visit_has_no_deviations_and_no_pay() -> None:
    judgement = judged(*A_HALF, a_correction(void=True))

    assert rules_of(judgement) == set()
    assert pays(judgement) == {"in 08:00": Pay.UNPAID}


def test_V10_a_correction_of_another_visit_changes_nothing() -> None:
    assert the_visit(*A_STAY, a_correction("no such visit", ends_at="08:45")) == the_visit(*A_STAY)


def test_V10_a_missing_end_is_supplied_by_a_correction() -> None:
    late = the_visit(*A_HALF, a_correction(ends_at="09:00"))
    early = the_visit(a_check_out("09:00"), a_correction("out 09:00", starts_at="08:00"))

    assert [(one.state, one.performed_seconds) for one in (late, early)] == [(VisitState.COMPLETE, 3_600)] * 2


def test_V10_a_corrected_customer_and_service_are_the_visits() -> None:
    told = a_correction(customer_id="k2", service=Service.ESCORT)
    visit = the_visit(*A_STAY, told)

    assert (visit.customer_id, visit.service, visit.evidence_grade) == ("k2", Service.ESCORT, 1)


def test_V10_its_reason_explains_its_D9() -> None:
    judgement = judged(*A_STAY, a_correction(ends_at="08:45", reason=CorrectionReason.PHONE_FAILED))
    deviation = the_deviation(judgement, "D9")

    assert (deviation.state, deviation.found.own_reason) == (DeviationState.EXPLAINED, "phone_failed")
    assert not deviation.blocks_attestation


def test_V10_a_correction_that_would_end_the_visit_before_it_starts_leaves_its_times() -> None:
    """Two corrections, each right when it was made: the register invents neither start nor end."""
    told = (
        a_correction(id="a", approved=FIRST, starts_at="08:50"),
        a_correction(id="b", approved=SECOND, ends_at="08:40"),
    )
    visit = the_visit(*A_STAY, *told)

    assert (visit.starts_at, visit.ends_at) == (at("08:00"), at("09:00"))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        pytest.param(Changes(), "/changes", id="nothing"),
        pytest.param(Changes(ends_at=at("07:59:59")), "/changes/ends_at", id="an end a second before the start"),
        pytest.param(Changes(ends_at=at("08:00")), None, id="an end at the start"),
        pytest.param(Changes(ends_at=at("08:00:01")), None, id="an end a second after"),
        pytest.param(Changes(starts_at=at("09:00:01")), "/changes/starts_at", id="a start a second after the end"),
        pytest.param(Changes(starts_at=at("09:00")), None, id="a start at the end"),
        pytest.param(Changes(starts_at=at("10:00"), ends_at=at("11:00")), None, id="both moved"),
        pytest.param(
            Changes(starts_at=at("11:00"), ends_at=at("10:00")),
            "/changes/ends_at",
            id="both moved, the wrong way round",
        ),
        pytest.param(Changes(void=False), None, id="void taken back"),
        pytest.param(Changes(customer_id="k2"), None, id="another customer"),
    ],
)
def test_V10_a_correction_states_what_changes_and_leaves_a_visit_that_can_be(
    changes: Changes, pointer: str | None
) -> None:
    visit = the_visit(*A_STAY)
    if pointer is None:
        check_changes(changes, visit)
        return
    with pytest.raises(Refused) as refusal:
        check_changes(changes, visit)
    assert (refusal.value.rule, refusal.value.kind, refusal.value.pointer) == ("V10", Kind.INVALID, pointer)


def test_V10_what_corrections_come_to_names_every_reason() -> None:
    told = [
        a_correction(id="a", approved=SECOND, ends_at="08:45"),
        a_correction(id="b", approved=FIRST, void=True, reason=CorrectionReason.DOUBLE_REGISTRATION),
        a_correction(id="c", approved=None, ends_at="08:50"),
    ]
    (held,) = overlay(counted(told, at("2014-03-01T00:00:00+01:00"))).values()

    assert (held.ids, held.void, held.ends_at) == (("b", "a"), True, at("08:45"))
    assert held.reasons == ("double_registration", "forgot_to_register")
    assert held.recorded_at == at(SECOND)


def test_V10_two_visits_are_corrected_apart() -> None:
    told = (*A_STAY, a_check_in("10:00"), a_check_out("11:00"))
    judgement = judged(*told, a_correction(ends_at="08:45"), a_correction("in 10:00", id="other", ends_at="10:15"))

    assert {visit.id: visit.performed_seconds for visit in judgement.visits} == {"in 08:00": 2_700, "in 10:00": 900}
    assert len(found(judgement, "D9")) == 2
