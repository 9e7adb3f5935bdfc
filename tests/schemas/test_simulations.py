"""Scenario files: what may be left out, what is refused, and that the order of the arrays never matters."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.deviations.values import Rule, VerdictOutcome
from app.rules.extensions import DecisionOutcome, ExtensionCause
from app.rules.simulations import simulate
from app.rules.time import BEGINNING
from schemas.simulations import ScenarioError, dump_outcome, dump_scenario, read_scenario
from tests.schemas.examples import spoiled, without

SMALLEST: dict[str, Any] = json.loads("""
{"care_system": {"name": "Nacka", "municipalities": ["0182"]},
 "providers": [{"id": "p", "name": "Olivia", "kind": "private"}],
 "caregivers": [{"id": "c", "provider_id": "p", "name": "A"}],
 "customers": [{"id": "k", "municipality": "0182"}],
 "tags": [{"id": "t", "customer_id": "k", "kind": "nfc", "uid": "04A2245A6F6180", "valid_from": "2014-01-01"}],
 "grants": [{"id": "g", "customer_id": "k", "services": ["personal_care", "household"], "law": "SoL",
             "granted_seconds": 36000, "per": "month", "valid_from": "2014-01-01"}],
 "orders": [{"id": "o", "grant_id": "g", "provider_id": "p", "ordered_at": "2014-01-02T09:00:00+01:00",
             "chosen_by": "customer", "valid_from": "2014-01-03"}],
 "rates": [{"id": "r", "municipality": "0182", "service": "personal_care", "provider_kind": "private",
            "ore_per_hour": 37000, "valid_from": "2014-01-01", "source": "SÄN 2013/96"}],
 "registrations": [
  {"id": "1", "kind": "check_in",  "caregiver_id": "c", "captured_at": "2014-02-03T08:00:00+01:00",
   "service": "personal_care", "place": {"method": "nfc", "uid": "04A2245A6F6180"}},
  {"id": "2", "kind": "check_out", "caregiver_id": "c", "captured_at": "2014-02-03T08:47:20+01:00",
   "place": {"method": "nfc", "uid": "04A2245A6F6180"}}],
 "months": ["2014-02"], "now": "2014-03-05T18:00:00+01:00"}
""")
EXTENSION: dict[str, Any] = {
    "id": "e",
    "provider_id": "p",
    "customer_id": "k",
    "service": "personal_care",
    "month": "2014-02",
    "requested_seconds": 1205,
    "decision": [
        {"outcome": "needs_information", "decided_at": "2014-02-04T08:00:00Z"},
        {"outcome": "approved", "decided_at": "2014-02-05T08:00:00Z", "reviewer": "v"},
    ],
}
PLAN: dict[str, Any] = {
    "external_id": "A-7",
    "provider_id": "p",
    "customer_id": "k",
    "service": "personal_care",
    "caregiver_ids": ["c"],
    "household": ["k"],
    "starts_at": "2014-02-03T07:00:00Z",
    "ends_at": "2014-02-03T08:00:00Z",
    "cancelled": {"at": "2014-02-02T07:00:00Z", "by": "customer", "reason": "travel"},
}
RICH: dict[str, Any] = {
    **SMALLEST,
    "accreditations": [
        {"provider_id": "p", "municipality": "0182", "service": "personal_care", "valid_from": "2014-01-01"}
    ],
    "caregivers": [
        *SMALLEST["caregivers"],
        {
            "id": "d",
            "provider_id": "p",
            "relative_of": [{"customer_id": "k", "reason": "daughter", "notified_on": "2014-01-01"}],
        },
    ],
    "absences": [{"customer_id": "k", "from": "2014-02-10T08:00:00+01:00", "recorded_at": "2014-02-09T08:00:00Z"}],
    "rates": [
        *SMALLEST["rates"],
        {
            "municipality": "0182",
            "service": "household",
            "ore_per_hour": "284.5",
            "valid_from": "2014-01-01",
            "band": {"name": "dag", "windows": [{"weekdays": [1, 5], "from": "07:30", "before": "24:00"}]},
        },
    ],
    "policies": [{"name": "cap", "value": "none"}, {"municipality": "0182", "name": "lock_day", "value": 6}],
    "planned_visits": [PLAN],
    "registrations": [
        *SMALLEST["registrations"],
        {
            "id": "3",
            "kind": "check_in",
            "caregiver_id": "c",
            "captured_at": "2014-02-04T08:00:00.5+01:00",
            "stated_at": "2014-02-04T07:50:00+01:00",
            "received_at": "2014-02-04T09:00:00+01:00",
            "recorded_at": "2014-02-04T09:00:01+01:00",
            "planned_visit_external_id": "A-7",
            "service": "personal_care",
            "place": {
                "method": "manual",
                "reason": "other",
                "note": "n",
                "position": {"lat": 59.3, "lon": 18.1, "accuracy_m": 5},
            },
            "clock": {
                "elapsed_ms": 5000,
                "boot_id": "b",
                "sequence": 4,
                "anchor": {"server_at": "2014-02-04T06:59:00Z", "elapsed_ms": 1000, "boot_id": "b"},
            },
            "household": [{"customer_id": "k", "share": 2}],
            "activities": [{"code": "meal", "outcome": "declined"}],
            "sent": {"elapsed_ms": 6000, "boot_id": "b"},
            "by_measuring_client": True,
        },
    ],
    "corrections": [
        {
            "visit_id": "3",
            "changes": {"ends_at": "2014-02-04T08:00:00Z"},
            "reason": "forgot_to_register",
            "approved_by": "u",
            "approved_at": "2014-02-06T08:00:00Z",
        },
        {"id": "x", "visit_id": "1", "changes": {"void": True}, "reason": "double_registration", "made_by": "w"},
    ],
    "extensions": [EXTENSION],
    "explanations": [
        {"rule": "D10", "visit_id": "1", "reason": "r", "accepted": {"by": "v", "at": "2014-02-07T08:00:00Z"}},
        {"rule": "D18", "order_id": "o", "reason": "r"},
        {"rule": "D1", "customer_id": "k", "service": "household", "month": "2014-02", "reason": "r", "note": "n"},
        {"rule": "D3", "planned_visit_external_id": "A-7"},
    ],
    "months": ["2014-03", "2014-02", "2014-02"],
    "locked_at": {"2014-02": "2014-03-05T18:00:00+01:00"},
    "now": "2014-04-05T18:00:00+02:00",
}


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def refusal(raw: object) -> tuple[str, ...]:
    with pytest.raises(ScenarioError) as refused:
        read_scenario(raw)
    assert all(error["message"] for error in refused.value.errors)
    return tuple(error["pointer"] for error in refused.value.errors)


def test_the_smallest_file_pays_2840_seconds_and_29189_ore() -> None:
    outcome = dump_outcome(simulate(read_scenario(SMALLEST)))
    assert [(line["seconds"], line["amount_ore"]) for line in outcome["lines"]] == [(2840, 29189)]
    assert [visit["performed"] for visit in outcome["visits"]] == ["PT47M20S"]
    assert [one["rule"] for one in outcome["deviations"]] == ["D1", "D18", "D19"]
    assert outcome["refused"] == []
    assert json.loads(json.dumps(outcome)) == outcome


def test_an_empty_file_is_a_scenario_in_which_nothing_has_happened() -> None:
    scenario = read_scenario({})
    assert scenario.months == ()
    assert scenario.facts.accreditations is None
    assert dump_outcome(simulate(scenario))["visits"] == []


def test_months_are_closed_in_order_and_each_once() -> None:
    scenario = read_scenario(RICH)
    assert scenario.months == ("2014-02", "2014-03")
    assert scenario.locked_at == (("2014-02", at(2014, 3, 5, 17)),)
    assert scenario.now == at(2014, 4, 5, 16)


@pytest.mark.parametrize(
    ("raw", "now"),
    [
        pytest.param(without(SMALLEST, "now"), at(2014, 2, 3, 7, 47, 20), id="the latest registration"),
        pytest.param(
            {**without(SMALLEST, "now"), "locked_at": {"2014-02": "2014-03-05T18:00:00Z"}},
            at(2014, 3, 5, 18),
            id="the lock",
        ),
        pytest.param(
            {**without(SMALLEST, "now"), "extensions": [EXTENSION]}, at(2014, 2, 5, 8), id="the latest decision"
        ),
        pytest.param({"months": ["2014-02"]}, at(2014, 2, 28, 23), id="no instant at all: the end of the month"),
    ],
)
def test_now_is_the_latest_instant_stated_where_it_is_left_out(raw: dict[str, Any], now: datetime) -> None:
    assert read_scenario(raw).now == now


@pytest.mark.parametrize(
    ("told", "received_at", "recorded_at"),
    [
        pytest.param({}, at(2014, 2, 3, 7), at(2014, 2, 3, 7), id="neither: as captured"),
        pytest.param(
            {"received_at": "2014-02-09T07:00:00Z"}, at(2014, 2, 9, 7), at(2014, 2, 9, 7), id="received: recorded then"
        ),
        pytest.param(
            {"recorded_at": "2014-03-09T07:00:00Z"},
            at(2014, 2, 3, 7),
            at(2014, 3, 9, 7),
            id="recorded: received on time",
        ),
    ],
)
def test_V8_a_registration_is_received_when_captured_unless_the_file_says_otherwise(
    told: dict[str, Any], received_at: datetime, recorded_at: datetime
) -> None:
    raw = {**SMALLEST, "registrations": [{**SMALLEST["registrations"][0], **told}]}
    (one,) = read_scenario(raw).facts.registrations
    assert (one.received_at, one.recorded_at) == (received_at, recorded_at)


def test_what_nobody_says_when_it_was_recorded_is_recorded_as_the_contract_says() -> None:
    facts = read_scenario(RICH).facts
    assert {one.recorded_at for one in (*facts.orders, *facts.rates, *facts.explanations, *facts.planned_visits)} == {
        BEGINNING
    }
    assert [one.recorded_at for one in facts.absences] == [at(2014, 2, 9, 8)]
    assert sorted(one.recorded_at for one in facts.corrections) == [BEGINNING, at(2014, 2, 6, 8)]
    assert [one.recorded_at for one in facts.decisions] == [at(2014, 2, 4, 8), at(2014, 2, 5, 8)]


def test_E3_decisions_are_numbered_as_made_and_an_approval_is_of_all_that_was_asked() -> None:
    facts = read_scenario(RICH).facts
    assert [(one.id, one.outcome, one.approved_seconds) for one in facts.decisions] == [
        ("e/1", DecisionOutcome.NEEDS_INFORMATION, None),
        ("e/2", DecisionOutcome.APPROVED, 1205),
    ]
    assert facts.extensions[0].cause is ExtensionCause.OTHER
    single = {**SMALLEST, "extensions": [{**EXTENSION, "decision": EXTENSION["decision"][1]}]}
    assert [one.id for one in read_scenario(single).facts.decisions] == ["e/1"]
    assert read_scenario({**SMALLEST, "extensions": [{**EXTENSION, "decision": None}]}).facts.decisions == ()


def test_an_explanation_is_about_what_it_names_and_accepted_where_it_says_so() -> None:
    by_rule = {one.rule: one for one in read_scenario(RICH).facts.explanations}
    verdict = by_rule[Rule.D10].verdict
    assert verdict is not None
    assert (verdict.outcome, verdict.by, verdict.at) == (VerdictOutcome.ACCEPTED, "v", at(2014, 2, 7, 8))
    assert verdict.bound_facts is None
    assert by_rule[Rule.D10].subject_id == "1"
    assert by_rule[Rule.D18].subject_id == "o"
    assert by_rule[Rule.D3].subject_id == read_scenario(RICH).facts.planned_visits[0].id
    assert (by_rule[Rule.D1].customer_id, by_rule[Rule.D1].service, by_rule[Rule.D1].month) == (
        "k",
        "household",
        "2014-02",
    )
    assert by_rule[Rule.D1].subject_id is None


def test_policies_stand_as_rows_or_as_an_object_of_names_and_values() -> None:
    rows = read_scenario({"policies": [{"name": "cap", "value": "none"}]}).facts.policies
    assert read_scenario({"policies": {"cap": "none"}}).facts.policies == rows
    assert (rows[0].valid_from, rows[0].source, rows[0].municipality) == (date.min, "scenario", None)


def test_accreditation_is_assumed_where_none_is_listed() -> None:
    assert read_scenario(SMALLEST).facts.accreditations is None
    assert read_scenario({**SMALLEST, "accreditations": []}).facts.accreditations is None
    assert len(read_scenario(RICH).facts.accreditations or ()) == 1


def test_references_by_external_id_lead_to_the_row() -> None:
    customers = [{"id": "k", "external_id": "K-1", "municipality": "0182"}]
    tag = {**without(SMALLEST["tags"][0], "customer_id"), "customer_external_id": "K-1"}
    scenario = read_scenario({**SMALLEST, "customers": customers, "tags": [tag]})
    assert scenario.facts.tags[0].customer_id == "k"
    (plan,) = read_scenario(RICH).facts.planned_visits
    assert [one.planned_visit_id for one in read_scenario(RICH).facts.registrations] == [None, None, plan.id]


@pytest.mark.parametrize(
    ("pointer", "value", "refused_at"),
    [
        pytest.param("/caregivers/0/provider_id", "q", "/caregivers/0/provider_id", id="unknown provider"),
        pytest.param("/registrations/1/caregiver_id", "q", "/registrations/1/caregiver_id", id="unknown caregiver"),
        pytest.param("/registrations/0/customer_id", "q", "/registrations/0/customer_id", id="V1 unknown customer"),
        pytest.param("/registrations/0/planned_visit_id", "q", "/registrations/0/planned_visit_id", id="unknown plan"),
        pytest.param(
            "/registrations/2/household/0/customer_id",
            "q",
            "/registrations/2/household/0/customer_id",
            id="unknown share",
        ),
        pytest.param("/orders/0/grant_id", "q", "/orders/0/grant_id", id="unknown grant"),
        pytest.param(
            "/planned_visits/0/caregiver_ids", ["c", "q"], "/planned_visits/0/caregiver_ids/1", id="unknown colleague"
        ),
        pytest.param("/planned_visits/0/household", ["q"], "/planned_visits/0/household/0", id="unknown household"),
        pytest.param(
            "/caregivers/1/relative_of/0/customer_id",
            "q",
            "/caregivers/1/relative_of/0/customer_id",
            id="unknown relative",
        ),
        pytest.param("/corrections/0/visit_id", "q", "/corrections/0/visit_id", id="correction of no visit"),
        pytest.param(
            "/corrections/0/changes/customer_id", "q", "/corrections/0/changes/customer_id", id="corrected to nobody"
        ),
        pytest.param("/explanations/0/visit_id", "q", "/explanations/0/visit_id", id="explanation of no visit"),
        pytest.param("/explanations/1/order_id", "q", "/explanations/1/order_id", id="explanation of no order"),
        pytest.param("/extensions/0/visit_ids", ["q"], "/extensions/0/visit_ids/0", id="extension of no visit"),
        pytest.param(
            "/customers/0/municipality", "2029", "/customers/0/municipality", id="another care system's municipality"
        ),
        pytest.param("/rates/0/municipality", "2029", "/rates/0/municipality", id="another care system's rate"),
        pytest.param(
            "/registrations/0/captured_at", "2014-02-03T08:00:00", "/registrations/0/captured_at", id="T1 no offset"
        ),
        pytest.param("/registrations/0/extra", 1, "/registrations/0/extra", id="unknown field"),
        pytest.param("/grants/0/granted_seconds", 1.9, "/grants/0/granted_seconds", id="1.9 seconds"),
        pytest.param("/grants/0/id", 1, "/grants/0/id", id="a number for an id"),
        pytest.param("/customers/0", {"municipality": "0182"}, "/customers/0/id", id="a customer without id"),
        pytest.param(
            "/extensions/0/decision/1/outcome", "yes", "/extensions/0/decision/1/outcome", id="no such outcome"
        ),
        pytest.param(
            "/extensions/0/decision",
            {"outcome": "yes"},
            "/extensions/0/decision/decided_at",
            id="one decision, undated",
        ),
        pytest.param("/extensions/0/state", "withdrawn", "/extensions/0/state", id="E3 decided and withdrawn"),
        pytest.param("/explanations/0/order_id", "o", "/explanations/0/order_id", id="about two things"),
        pytest.param("/policies", {"caps": "none"}, "/policies/caps", id="no such policy"),
        pytest.param("/policies", {"cap": "all"}, "/policies/cap", id="no such choice"),
        pytest.param("/policies", "cap=none", "/policies", id="policies as text"),
        pytest.param("/policies/0/value", "all", "/policies/0/value", id="no such choice in a row"),
        pytest.param("/months", ["2014-13"], "/months/0", id="month 13"),
        pytest.param(
            "/locked_at", {"2014-05": "2014-06-05T16:00:00Z"}, "/locked_at/2014-05", id="a lock of a month not closed"
        ),
        pytest.param("/locked_at", {"2014-02": "2014-03-05"}, "/locked_at/2014-02", id="a lock on a day"),
        pytest.param("/locked_at", [], "/locked_at", id="locks as a list"),
        pytest.param("/orders", {}, "/orders", id="an array that is none"),
        pytest.param("/orders/0", None, "/orders/0", id="a row that is none"),
        pytest.param("/now", "now", "/now", id="no instant"),
        pytest.param("/care_system/municipalities/0", "182", "/care_system/municipalities/0", id="three digits"),
        pytest.param("/visits", [], "/visits", id="an array nobody knows"),
    ],
)
def test_an_unreadable_file_names_the_field(pointer: str, value: object, refused_at: str) -> None:
    assert refused_at in refusal(spoiled(RICH, pointer, value))


def test_several_faults_are_named_at_once_in_the_order_of_the_document() -> None:
    raw = spoiled(spoiled(RICH, "/registrations/1/kind", "x"), "/grants/0/per", "year")
    assert refusal(raw) == ("/grants/0/per", "/registrations/1/kind")


@pytest.mark.parametrize("raw", [None, [], "{}", 1, True])
def test_a_file_that_is_no_object_is_refused_as_a_whole(raw: object) -> None:
    assert refusal(raw) == ("",)


def test_one_id_with_two_contents_is_refused_and_the_same_content_twice_is_one() -> None:
    for name in ("providers", "customers", "grants", "registrations", "extensions"):
        doubled = {**RICH, name: [*RICH[name], *copy.deepcopy(RICH[name])]}
        assert read_scenario(doubled) == read_scenario(RICH)
    other = {**RICH["customers"][0], "birth_year": 1930}
    assert refusal({**RICH, "customers": [*RICH["customers"], other]}) == ("/customers/1/id",)
    decided = {**EXTENSION, "decision": EXTENSION["decision"][0]}
    assert refusal({**RICH, "extensions": [EXTENSION, decided]}) == ("/extensions/1/id",)


def test_V2_a_registration_sent_again_is_the_one_that_was_received_first() -> None:
    first = {
        **SMALLEST["registrations"][0],
        "received_at": "2014-02-03T08:00:10+01:00",
        "sent": {"elapsed_ms": 1, "boot_id": "b"},
    }
    again = {**first, "received_at": "2014-02-03T09:00:00+01:00", "sent": {"elapsed_ms": 2, "boot_id": "b"}}
    for order in ([first, again], [again, first]):
        (one,) = read_scenario({**SMALLEST, "registrations": order}).facts.registrations
        assert one.received_at == at(2014, 2, 3, 7, 0, 10)
    other = {**first, "service": "household"}
    assert refusal({**SMALLEST, "registrations": [first, other]}) == ("/registrations/1/id",)


def test_one_external_id_of_two_rows_is_refused() -> None:
    customers = [{"id": name, "external_id": "K", "municipality": "0182"} for name in ("k", "l")]
    assert refusal({**SMALLEST, "customers": customers}) == ("/customers/1/external_id",)


def test_a_policy_has_one_value_from_one_day_on() -> None:
    rows = [{"name": "lock_day", "value": 5}, {"name": "lock_day", "value": 6}]
    assert refusal({"policies": rows}) == ("/policies",)
    dated = [rows[0], {**rows[1], "valid_from": "2014-01-01"}]
    assert len(read_scenario({"policies": dated}).facts.policies) == 2


def test_V4_a_check_out_may_name_a_visit_that_began_out_of_sight() -> None:
    out = {**SMALLEST["registrations"][1], "visit_id": "lost"}
    (one,) = read_scenario({**SMALLEST, "registrations": [out]}).facts.registrations
    assert one.visit_id == "lost"


def test_a_file_that_is_written_reads_back_as_the_same_scenario() -> None:
    for raw in (SMALLEST, RICH, {}):
        scenario = read_scenario(raw)
        written = json.loads(json.dumps(dump_scenario(scenario)))
        assert read_scenario(written) == scenario
        assert dump_scenario(read_scenario(written)) == written


ARRAYS = [name for name, rows in RICH.items() if isinstance(rows, list)]


@given(data=st.data())
def test_V5_the_order_of_the_arrays_and_of_their_fields_never_matters(data: st.DataObject) -> None:
    """FAULTS 4."""
    shuffled: dict[str, Any] = {}
    for name in data.draw(st.permutations(list(RICH))):
        rows = RICH[name]
        if name in ARRAYS:
            rows = data.draw(st.permutations(rows))
            rows = [dict(reversed(row.items())) if isinstance(row, dict) else row for row in rows]
        shuffled[name] = rows
    assert read_scenario(shuffled) == read_scenario(RICH)


@given(
    raw=st.dictionaries(
        st.sampled_from([*RICH, "more"]),
        st.none()
        | st.integers()
        | st.text(max_size=5)
        | st.lists(st.none() | st.dictionaries(st.text(max_size=3), st.none(), max_size=2), max_size=2),
        max_size=4,
    )
)
def test_any_json_is_read_or_refused_and_breaks_nothing(raw: dict[str, Any]) -> None:
    """FAULTS 55."""
    try:
        scenario = read_scenario(raw)
    except ScenarioError:
        return
    assert read_scenario(dump_scenario(scenario)) == scenario
