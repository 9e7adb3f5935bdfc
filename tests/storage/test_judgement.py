"""What was found and said of visits, and what is due to be judged again (D, E)."""

from __future__ import annotations

import threading
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app.rules.deviations.values import DeviationState, Explanation, Found, Rule, Verdict, VerdictOutcome
from app.rules.extensions import Amended, ExtensionState
from app.storage.completions import insert_completion
from app.storage.conflicts import violated_key
from app.storage.database import Database, open_database
from app.storage.deviations import (
    Happened,
    Happening,
    deviations_of,
    get_deviation,
    get_deviations,
    history_of,
    rules_at,
    save_deviations,
)
from app.storage.documents import content_of, insert_document
from app.storage.explanations import (
    explanations_for,
    get_explanation,
    insert_explanation,
    insert_verdict,
    page_of_explanations,
    rule_explanations,
)
from app.storage.extensions import (
    Note,
    Request,
    all_extensions,
    extensions_of,
    get_extension,
    insert_decision,
    insert_extension,
    insert_note,
    move_extension,
)
from app.storage.judgements import NOBODY, Due, clear_due, mark_due, take_due
from app.storage.tables.deviations import deviation
from tests.settings import settings_for
from tests.storage.care import ATTACHED, BY, COMPLETED, CS, DECIDED, EXTENDED, NOON, scope
from tests.storage.said import DEVIATION, EXPLAINED, JUDGED

OPENED = Happened(deviation_id="deviation", at=NOON, what=Happening.OPENED, facts={"å": 1})
CLEARED = Happened(deviation_id="deviation", at=NOON + timedelta(days=1), what=Happening.CLEARED, facts={}, by="x")
OTHER = replace(DEVIATION, id="other", rule=Rule.D13, customer_id=None, municipality=None, period=None, own_reason=None)


def test_D_a_deviation_comes_out_as_it_went_in_and_its_history_stays(care: Database) -> None:
    cleared = replace(DEVIATION, state=DeviationState.CLEARED, changed_at=CLEARED.at, facts={})
    with care.transaction() as tx:
        save_deviations(tx, CS, [DEVIATION, OTHER], [OPENED])
        assert get_deviations(tx, CS, ["deviation", "other"]) == {"deviation": DEVIATION, "other": OTHER}
        save_deviations(tx, CS, [replace(cleared, opened_at=CLEARED.at)], [CLEARED])
        assert get_deviation(tx, CS, "deviation") == cleared
        assert history_of(tx, CS, "deviation") == (OPENED, CLEARED)


def test_the_values_say_something_in_every_field() -> None:
    for value in (DEVIATION, JUDGED, EXTENDED, DECIDED):
        unsaid = {one.name for one in fields(value) if getattr(value, one.name) in (None, (), "")}
        assert unsaid <= {"external_id"}, value


def test_D_a_deviation_binds_to_the_same_text_as_what_was_found() -> None:
    found = Found(
        rule=DEVIATION.rule,
        subject=DEVIATION.subject,
        provider_id="olivia",
        period="2014-02",
        facts={"å": "ö", **DEVIATION.facts},
        effect=DEVIATION.effect,
        asks=True,
    )
    assert replace(DEVIATION, facts=dict(reversed(found.facts.items()))).bound_facts == found.bound_facts
    assert DEVIATION.key == found.key


def test_D_one_row_per_rule_subject_and_period(care: Database) -> None:
    with care.transaction() as tx:
        save_deviations(tx, CS, [DEVIATION], [])
    with pytest.raises(IntegrityError) as raised, care.transaction() as tx:
        save_deviations(tx, CS, [replace(DEVIATION, id="twin")], [])
    assert violated_key(raised.value) == "uq_deviation_care_system_id_rule_subject_type_subject_id_period"


def test_D_the_deviations_of_a_subject_are_those_that_have_not_cleared(care: Database) -> None:
    with care.transaction() as tx:
        save_deviations(tx, CS, [DEVIATION, OTHER], [])
        assert rules_at(tx, CS, ["visit"]) == {"visit": (DEVIATION, OTHER)}
        save_deviations(tx, CS, [replace(OTHER, state=DeviationState.CLEARED)], [])
        assert rules_at(tx, CS, ["visit", "none"]) == {"visit": (DEVIATION,)}


def test_A1_deviations_are_seen_within_the_scope_only(care: Database) -> None:
    seen = {
        ("provider_id", "olivia"): ["deviation", "other"],
        ("provider_id", "municipal"): [],
        ("municipality", "2029"): ["deviation"],
        ("caregiver_id", "eva"): [],
        ("care_system_id", "other"): [],
    }
    with care.transaction() as tx:
        save_deviations(tx, CS, [DEVIATION, OTHER], [])
        for (limit, value), ids in seen.items():
            assert [one.id for one in deviations_of(tx, CS, scope=scope(**{limit: value}))] == ids
        assert deviations_of(tx, CS, rule=Rule.D13, state=DeviationState.OPEN) == (OTHER,)
        assert deviations_of(tx, CS, period="2014-02", customer_id="anna", subject_id="visit") == (DEVIATION,)
        assert deviations_of(tx, CS, after="deviation", limit=1) == (OTHER,)


@pytest.fixture
def explained(care: Database) -> Database:
    """A deviation that somebody has explained, and another that nobody has."""
    with care.transaction() as tx:
        save_deviations(tx, CS, [DEVIATION, OTHER], [])
        insert_explanation(tx, CS, EXPLAINED, facts={"deviation": DEVIATION.facts})
    return care


def test_D_an_explanation_carries_its_newest_verdict(explained: Database) -> None:
    later = replace(JUDGED, id="verdict-2", outcome=VerdictOutcome.REJECTED, recorded_at=NOON + timedelta(days=1))
    with explained.transaction() as tx:
        assert get_explanation(tx, CS, "explanation") == EXPLAINED
        insert_verdict(tx, CS, later)
        insert_verdict(tx, CS, JUDGED)
        judged = replace(EXPLAINED, verdict=later)
        assert get_explanation(tx, CS, "explanation") == judged
        assert explanations_for(tx, CS, ["deviation"]) == (judged,) == page_of_explanations(tx, CS)
        assert explanations_for(tx, CS, ["other"]) == ()
        assert page_of_explanations(tx, CS, provider_id="municipal") == ()


def test_A1_an_explanation_is_seen_by_whoever_sees_all_its_deviations(explained: Database) -> None:
    with explained.transaction() as tx:
        both = replace(EXPLAINED, id="both", external_id=None, deviation_ids=("deviation", "other"))
        insert_explanation(tx, CS, both, facts={"deviation": {}, "other": {}})
        case_officer = scope(municipality="2029")
        assert get_explanation(tx, CS, "explanation", scope=case_officer) == EXPLAINED
        assert get_explanation(tx, CS, "both", scope=case_officer) is None


def test_D_the_rules_read_a_verdict_with_the_facts_that_were_shown(explained: Database) -> None:
    told = Explanation(
        id="explanation",
        external_id="their-explanation",
        recorded_at=NOON,
        rule=Rule.D10,
        reason="wrong_tag",
        note="Grannens tagg.",
        subject_id="visit",
        customer_id="anna",
        month="2014-02",
    )
    said = Verdict(
        outcome=JUDGED.outcome, by=JUDGED.by, at=JUDGED.at, note=JUDGED.note, bound_facts=DEVIATION.bound_facts
    )
    with explained.transaction() as tx:
        insert_verdict(tx, CS, JUDGED)
        theirs = deviation.c.customer_id == "anna"
        assert rule_explanations(tx, CS, theirs) == (replace(told, verdict=said),)
        assert rule_explanations(tx, CS, theirs, recorded_before=JUDGED.recorded_at) == (told,)
        assert rule_explanations(tx, CS, theirs, recorded_before=NOON) == ()
        assert rule_explanations(tx, CS, deviation.c.customer_id == "bo") == ()


def test_E3_a_request_keeps_every_decision_and_word(care: Database) -> None:
    later = replace(
        DECIDED, id="decision-2", recorded_at=DECIDED.recorded_at + timedelta(days=1), approved_seconds=None
    )
    note = Note(id="note", extension_id="extension", by=BY, at=NOON, text="När föll hon?")
    with care.transaction() as tx:
        insert_extension(tx, CS, EXTENDED, state=ExtensionState.REQUESTED, by=BY)
        assert get_extension(tx, CS, "extension") == Request(extension=EXTENDED, state=ExtensionState.REQUESTED)
        insert_note(tx, CS, note)
        insert_decision(tx, CS, later)
        insert_decision(tx, CS, DECIDED)
        whole = Request(extension=EXTENDED, state=ExtensionState.REQUESTED, decisions=(DECIDED, later), notes=(note,))
        assert get_extension(tx, CS, "extension", lock=True) == whole
        assert all_extensions(tx, CS) == ((EXTENDED,), (DECIDED, later))


def test_E2_a_request_is_read_as_completed_and_stays_as_it_was_made(care: Database) -> None:
    again = replace(COMPLETED, id="again", at=COMPLETED.at + timedelta(hours=1), after=Amended(requested_seconds=60))
    told = {one.name: getattr(COMPLETED.after, one.name) for one in fields(COMPLETED.after)}
    once = replace(EXTENDED, **told)
    with care.transaction() as tx:
        insert_extension(tx, CS, EXTENDED, state=ExtensionState.REQUESTED, by=BY)
        insert_completion(tx, CS, again)
        insert_completion(tx, CS, COMPLETED)
        found = get_extension(tx, CS, "extension")
        assert found is not None
        assert (found.extension, found.completions) == (replace(once, requested_seconds=60), (COMPLETED, again))
        assert all_extensions(tx, CS)[0] == (found.extension,)
        assert all_extensions(tx, CS, recorded_before=again.at)[0] == (once,)
        assert all_extensions(tx, CS, recorded_before=COMPLETED.at)[0] == (EXTENDED,)


def test_E2_a_document_lies_beside_its_bytes_which_are_kept_once(care: Database) -> None:
    with care.transaction() as tx:
        insert_extension(tx, CS, EXTENDED, state=ExtensionState.REQUESTED, by=BY)
        insert_document(tx, CS, ATTACHED, b"\0%PDF\xff\n")
        found = get_extension(tx, CS, "extension")
        assert found is not None
        assert found.documents == (ATTACHED,)
        assert content_of(tx, CS, ATTACHED.sha256) == b"\0%PDF\xff\n"
        assert content_of(tx, "other", ATTACHED.sha256) is None
        with pytest.raises(IntegrityError) as taken, tx.connection.begin_nested():
            insert_document(tx, CS, replace(ATTACHED, id="again"), b"\0%PDF\xff\n")
        assert violated_key(taken.value) == "uq_extension_document_care_system_id_extension_id_sha256"


def test_E3_a_request_moves_from_the_state_that_was_seen_only(care: Database) -> None:
    with care.transaction() as tx:
        insert_extension(tx, CS, EXTENDED, state=ExtensionState.REQUESTED, by=BY)
        before, after = ExtensionState.REQUESTED, ExtensionState.APPROVED
        assert move_extension(tx, CS, "extension", before=before, after=after, at=NOON, by=BY)
        assert not move_extension(tx, CS, "extension", before=before, after=after, at=NOON, by=BY)
        assert not move_extension(tx, CS, "none", before=before, after=after, at=NOON, by=BY)
        assert [one.state for one in extensions_of(tx, CS)] == [after]


def test_A1_requests_are_seen_within_the_scope_only(care: Database) -> None:
    seen = [
        (scope(provider_id="olivia"), 1),
        (scope(provider_id="municipal"), 0),
        (scope(municipality="2029"), 1),
        (scope(municipality="2031"), 0),
        (scope(provider_id="olivia", caregiver_id="eva"), 1),
        (scope(provider_id="municipal", caregiver_id="dan"), 0),
        (scope(care_system_id="other"), 0),
    ]
    with care.transaction() as tx:
        insert_extension(tx, CS, EXTENDED, state=ExtensionState.REQUESTED, by=BY)
        for reach, number in seen:
            assert len(extensions_of(tx, CS, scope=reach, today=NOON.date())) == number, reach
            assert bool(get_extension(tx, CS, "extension", scope=reach, today=NOON.date())) is bool(number)
        assert len(extensions_of(tx, CS, month="2014-02", customer_id="anna", state=ExtensionState.REQUESTED)) == 1
        assert extensions_of(tx, CS, month="2014-03") == ()


FIRST = Due(provider_id="olivia", customer_id="anna", month="2014-02")
SECOND = Due(provider_id="olivia", customer_id=NOBODY, month="2014-02")


def test_what_is_due_is_marked_since_the_first_time_and_taken_once(care: Database) -> None:
    with care.transaction() as tx:
        mark_due(tx, CS, [FIRST, FIRST, SECOND], at=NOON)
        mark_due(tx, CS, [FIRST], at=NOON + timedelta(hours=1))
        mark_due(tx, CS, [], at=NOON)
    with care.transaction() as tx:
        assert take_due(tx, care_system_id="other") == ()
        taken = take_due(tx)
        assert {(one.care_system_id, one.due, one.since) for one in taken} == {(CS, FIRST, NOON), (CS, SECOND, NOON)}
        assert take_due(tx) == ()


def test_what_is_taken_and_not_finished_is_due_again(care: Database) -> None:
    with care.transaction() as tx:
        mark_due(tx, CS, [FIRST, SECOND], at=NOON)

    def fail() -> None:
        with care.transaction() as tx:
            take_due(tx)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with care.transaction() as tx:
        clear_due(tx, CS, [SECOND])
        assert [one.due for one in take_due(tx)] == [FIRST]


def test_what_is_marked_while_it_is_taken_is_due_again(care: Database) -> None:
    """Whoever marks waits for whoever judges, and the mark is there afterwards: nothing is judged by stale facts."""
    taken, marked = threading.Event(), threading.Event()
    with care.transaction() as tx:
        mark_due(tx, CS, [FIRST], at=NOON)

    def mark() -> None:
        taken.wait(5)
        with care.transaction() as tx:
            mark_due(tx, CS, [FIRST], at=NOON)
        marked.set()

    thread = threading.Thread(target=mark)
    thread.start()
    with care.transaction() as tx:
        assert [one.due for one in take_due(tx)] == [FIRST]
        taken.set()
        assert not marked.wait(0.2)
    thread.join()
    with care.transaction() as tx:
        assert [one.due for one in take_due(tx)] == [FIRST]


def test_what_is_marked_but_not_committed_is_left_to_the_next_sweep(postgres_url: str) -> None:
    database = open_database(settings_for(postgres_url))
    with database.transaction() as tx:
        mark_due(tx, CS, [FIRST], at=NOON)
    found: list[int] = []

    def sweep() -> None:
        with database.transaction() as tx:
            found.append(len(take_due(tx)))

    with database.transaction() as tx:
        mark_due(tx, CS, [FIRST], at=NOON)
        sweeper = threading.Thread(target=sweep)
        sweeper.start()
        sweeper.join()
    sweep()
    database.close()
    assert found == [0, 1]
