"""A registration arrives at the door: what is read at once, what is written at once, and who wins (V1-V6)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from app.rules.access import Role
from app.rules.plans import PlannedVisit
from app.rules.providers import Service
from app.rules.visits.values import HouseholdShare, Resolved, VisitState
from app.storage.access import Subject
from app.storage.conflicts import violated_key
from app.storage.database import Database, Transaction, open_database
from app.storage.events import Event, page
from app.storage.judgements import Due, take_due
from app.storage.plans import PLANNED_VISIT
from app.storage.records import replace_version
from app.storage.tables.visits import open_visit, registration
from app.storage.tags import TAG
from app.storage.visits import (
    Arrival,
    DoorFacts,
    Open,
    Raced,
    Stored,
    facts_for,
    get_visits,
    insert_correction,
    lock_caregivers,
    save_registration,
    stored,
    upsert_visits,
    visits_of,
)
from tests.accounts import keep_operator, keep_user
from tests.counts import count
from tests.settings import settings_for
from tests.storage.care import (
    ANNA,
    BO,
    BY,
    CS,
    EVA,
    GRANTED,
    NOON,
    ORDERED,
    PLANNED,
    STAY,
    TAG_OF_ANNA,
    WHOLE_REGISTRATION,
    WHOLE_VISIT,
    check_in,
    check_out,
    insert_all,
    names_a_reference,
    settle,
)
from tests.storage.said import CORRECTION
from tests.together import at_once

HASH = "0" * 64
TOLD = Event(
    at=NOON, type="visit.opened", resource_type="visit", resource_id="a", data={"å": [1]}, provider_id="olivia"
)
DUE = Due(provider_id="olivia", customer_id="anna", month="2014-02")


def arrival(one: Resolved, seen: int = 0, opened: str | None = None, **more: Any) -> Arrival:
    """The registration, after which that visit is open."""
    since = None if opened is None else one.at
    return Arrival(
        resolved=one,
        content_hash=HASH,
        by=BY,
        seen=Open(revision=seen),
        afterwards=Open(visit_id=opened, since=since),
        **more,
    )


def read(tx: Transaction, one: Resolved, **more: Any) -> DoorFacts:
    told = {"subject": Subject.USER, "actor_id": "nobody", "session_id": None, "at": one.at, **more}
    return facts_for(tx, CS, one.registration, **told)


def test_V1_a_registration_is_kept_with_all_that_follows_from_it(care: Database) -> None:
    visit = replace(WHOLE_VISIT, id="whole")
    with care.transaction() as tx:
        upsert_visits(tx, CS, [replace(WHOLE_VISIT, id="gone"), replace(WHOLE_VISIT, household=())])
        changed = (visit, replace(WHOLE_VISIT, household=(), superseded=False))
        told = arrival(WHOLE_REGISTRATION, 0, "whole", visits=changed, gone=("gone",), events=(TOLD,), due=(DUE,))
        save_registration(tx, CS, told)
    with care.transaction() as tx:
        assert stored(tx, CS, ["whole"]) == {"whole": Stored(resolved=WHOLE_REGISTRATION, content_hash=HASH, by=BY)}
        assert get_visits(tx, CS, ["whole", "visit", "gone"]) == {one.id: one for one in changed}
        assert visits_of(tx, CS, customer_id="bo") == (visit,)
        assert [one.event for one in page(tx, CS)] == [TOLD]
        assert [one.due for one in take_due(tx)] == [DUE]
        opened = Open(visit_id="whole", since=WHOLE_REGISTRATION.at, revision=2)
        assert lock_caregivers(tx, CS, ["eva"]) == {"eva": opened}


def test_V6_whoever_read_an_older_revision_writes_nothing(care: Database) -> None:
    with care.transaction() as tx:
        save_registration(tx, CS, arrival(check_in("a", NOON), 0, "a"))
    for seen in (0, 2):
        with pytest.raises(Raced), care.transaction() as tx:
            save_registration(tx, CS, arrival(check_in("b", NOON), seen, "b", events=(TOLD,), due=(DUE,)))
    with care.transaction() as tx:
        assert stored(tx, CS, ["a", "b"]).keys() == {"a"}
        assert (page(tx, CS), take_due(tx)) == ((), ())
        save_registration(tx, CS, arrival(check_out("c", NOON), 1))
        assert lock_caregivers(tx, CS, ["eva"]) == {"eva": Open(revision=3)}


def test_V2_a_taken_id_is_not_written_again(care: Database) -> None:
    with care.transaction() as tx:
        save_registration(tx, CS, arrival(check_in("a", NOON), 0, "a"))
    with pytest.raises(Raced), care.transaction() as tx:
        save_registration(tx, CS, arrival(check_in("a", NOON, caregiver_id="dan"), 0, "a"))
    with care.transaction() as tx:
        assert lock_caregivers(tx, CS, ["dan"]) == {"dan": Open(revision=1)}


UNKNOWN: list[dict[str, Any]] = [{"caregiver_id": "nobody"}, {"planned_visit_id": "none"}]


@pytest.mark.parametrize("wrong", UNKNOWN, ids=str)
def test_V1_an_unknown_reference_cannot_be_written(care: Database, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError) as raised, care.transaction() as tx:
        save_registration(tx, CS, arrival(check_in("a", NOON, **wrong), 0, "a"))
    assert names_a_reference(violated_key(raised.value))


def test_a_taken_external_id_is_told_as_one(care: Database) -> None:
    with care.transaction() as tx:
        save_registration(tx, CS, arrival(check_in("a", NOON, external_id="theirs"), 0, "a"))
    with pytest.raises(IntegrityError) as raised, care.transaction() as tx:
        save_registration(tx, CS, arrival(check_in("b", NOON, external_id="theirs"), 1, "b"))
    assert violated_key(raised.value) == "uq_registration_external_id"


@pytest.mark.parametrize("off", [timedelta(microseconds=1), None])
def test_T1_T2_no_instant_slips_past_the_column_types(care: Database, off: timedelta | None) -> None:
    at = NOON + off if off else NOON.replace(tzinfo=None)
    with pytest.raises(Exception, match=r"T1|T2"), care.transaction() as tx:
        save_registration(tx, CS, arrival(replace(check_in("a", NOON), at=at), 0, "a"))


def raised_at_once(*acts: Callable[[], None]) -> list[BaseException]:
    """What the acts raised, all begun at the same moment."""
    return [one for one in at_once(*acts) if one is not None]


def test_F15_of_check_ins_at_once_each_is_kept_and_one_visit_is_open(care: Database) -> None:
    """FAULTS 15: whoever read what is no longer so begins again, as the action does."""
    rounds = count(100)

    def register(name: str) -> None:
        for _ in range(20):
            try:
                with care.transaction() as tx:
                    facts = read(tx, check_in(name, NOON))
                    save_registration(tx, CS, arrival(check_in(name, NOON), facts.open.revision, name))
                return
            except Raced:
                continue
        raise Raced("too often")

    for number in range(rounds):
        assert raised_at_once(*(lambda name=f"{number}-{one}": register(name) for one in range(4))) == []
    with care.transaction(write=False) as tx:
        assert tx.connection.execute(select(func.count()).select_from(registration)).scalar_one() == 4 * rounds
        row = tx.connection.execute(select(open_visit)).mappings().one()
        assert row["revision"] == 4 * rounds


def test_F3_the_same_registration_at_once_is_kept_once(care: Database) -> None:
    """FAULTS 3: the others hear that they were raced, and find it kept when they look again."""
    for number in range(count(100)):
        one = arrival(check_in(f"{number}", NOON), number, f"{number}")

        def register(one: Arrival = one) -> None:
            with care.transaction() as tx:
                save_registration(tx, CS, one)

        raised = raised_at_once(*[register] * 4)
        assert [type(fault) for fault in raised] == [Raced] * 3


def test_F17_a_check_out_and_a_correction_at_once_are_one_after_the_other(care: Database) -> None:
    """FAULTS 17: who corrects holds the caregiver; the check-out that read before it has to begin again."""
    with care.transaction() as tx:
        save_registration(tx, CS, arrival(check_in("a", NOON), 0, "a"))
        seen = read(tx, check_out("b", NOON)).open.revision
    with care.transaction() as tx:
        lock_caregivers(tx, CS, ["eva"])
    with pytest.raises(Raced), care.transaction() as tx:
        save_registration(tx, CS, arrival(check_out("b", NOON), seen))


def test_the_door_reads_everything_that_it_needs(care: Database) -> None:
    began, out = check_in("begun", NOON), check_out("out", NOON + timedelta(minutes=30), visit_id="begun")
    told = {"planned_visit_id": "plan", "household": (HouseholdShare(customer_id="anna"),)}
    there = replace(WHOLE_VISIT, household=())
    open_one = replace(there, id="begun", state=VisitState.OPEN)
    with care.transaction() as tx:
        save_registration(tx, CS, arrival(began, 0, "begun", visits=(there, open_one)))
        insert_correction(tx, CS, replace(CORRECTION, visit_id="begun"), by=BY)
        facts = read(tx, check_out("out", out.at, visit_id="begun", **told), tag_uid="04A2245A6F6180")
    assert facts.caregiver == EVA
    assert facts.tags == (TAG_OF_ANNA,)
    assert facts.named_plan == (PLANNED,) == facts.plans
    assert facts.customers == (ANNA,)
    assert facts.open == Open(visit_id="begun", since=NOON, revision=1)
    assert facts.around is not None
    assert facts.around.registrations == (began,)
    assert facts.around.settled == {"begun", "out"}
    assert facts.corrections == (replace(CORRECTION, visit_id="begun"),)
    assert facts.visits == (open_one,)
    assert set(facts.visits_there) == {there, open_one}
    assert (facts.orders, facts.grants, facts.policies) == ((ORDERED,), (GRANTED,), (STAY,))
    assert (facts.actor, facts.stored) == (None, None)


def test_the_door_knows_nothing_of_strangers(care: Database) -> None:
    with care.transaction(write=False) as tx:
        facts = read(tx, check_in("a", NOON, caregiver_id="nobody", customer_id=None), tag_id="nothing")
    assert (facts.caregiver, facts.tags, facts.customers, facts.orders, facts.visits_there) == (None, (), (), (), ())
    assert facts.open == Open()


def test_F35_a_tag_of_another_care_system_is_as_unknown(care: Database) -> None:
    """FAULTS 35."""
    with care.transaction(write=False) as tx:
        told = check_in("a", NOON).registration
        facts = facts_for(
            tx, "other", told, subject=Subject.USER, actor_id="x", session_id=None, at=NOON, tag_id="tag-anna"
        )
    assert (facts.tags, facts.customers, facts.caregiver) == ((), (), None)


def test_V14_the_door_knows_the_customer_by_the_tag_and_what_the_tag_was_before(care: Database) -> None:
    moved = replace(TAG_OF_ANNA, customer_id="bo", uid="04FF", recorded_at=NOON)
    with care.transaction() as tx:
        kept = replace_version(tx, TAG, CS, moved, expected_version=1, by=BY)
        by_old_uid = read(tx, check_in("a", NOON, customer_id=None), tag_uid=TAG_OF_ANNA.uid)
        by_id = read(tx, check_in("a", NOON, customer_id=None), tag_id="tag-anna")
    assert set(by_old_uid.tags) == {TAG_OF_ANNA, kept} == set(by_id.tags)
    assert set(by_id.customers) == {ANNA, BO}


def test_V2_the_door_finds_what_is_kept_with_the_same_id(care: Database) -> None:
    with care.transaction() as tx:
        save_registration(tx, CS, arrival(WHOLE_REGISTRATION, 0))
        facts = read(tx, WHOLE_REGISTRATION)
    assert facts.stored == Stored(resolved=WHOLE_REGISTRATION, content_hash=HASH, by=BY)


def test_V16_plans_near_the_start_of_the_visit_are_read_at_its_end(care: Database) -> None:
    """A long stay is matched by its start, however late it is closed."""
    began, late = check_in("begun", NOON), NOON + timedelta(hours=40)
    near, far = NOON - timedelta(hours=11), NOON - timedelta(hours=13)
    with care.transaction() as tx:
        insert_all(tx, *((PLANNED_VISIT, planned(name, at)) for name, at in (("near", near), ("far", far))))
        save_registration(tx, CS, arrival(began, 0, "begun"))
        at_the_end = read(tx, check_out("out", late))
        later = read(tx, check_in("next", NOON + timedelta(days=9)))
    assert {one.id for one in at_the_end.plans} == {"plan", "near"}
    assert later.plans == ()


def planned(name: str, at: Any) -> PlannedVisit:
    """A planned visit at Anna's."""
    return PlannedVisit(
        id=name,
        recorded_at=NOON,
        provider_id="olivia",
        customer_id="anna",
        service=Service.PERSONAL_CARE,
        starts_at=at,
        ends_at=at + timedelta(minutes=30),
    )


def test_A1_the_door_looks_up_who_is_calling(care: Database) -> None:
    operator = keep_operator(care)
    kept = keep_user(care, operator, Role.CAREGIVER, "eva", care_system_id=CS, provider_id="olivia", caregiver_id="eva")
    with care.transaction(write=False) as tx:
        facts = read(tx, check_in("a", NOON), actor_id=kept.id, session_id="session")
        as_client = read(tx, check_in("a", NOON), actor_id=kept.id, subject=Subject.CLIENT)
    assert facts.actor == kept.account.as_actor(kept.id, "session")
    assert as_client.actor is None


def test_the_door_is_asked_and_answered_in_one_statement_each_on_postgresql(postgres_url: str) -> None:
    database = open_database(settings_for(postgres_url))
    settle(database)
    said: list[str] = []
    with closing(database):
        for name in ("a", "b"):
            said.clear()
            with database.transaction() as tx:
                event.listen(tx.connection, "before_cursor_execute", lambda *told: said.append(told[2]))
                at = NOON if name == "a" else NOON + timedelta(minutes=1)
                facts = read(tx, check_in(name, at))
                kept = arrival(check_in(name, at), facts.open.revision, name, events=(TOLD,), due=(DUE,))
                save_registration(tx, CS, kept)
    assert [text.split()[0] for text in said] == ["EXECUTE", "EXECUTE"]


def test_what_a_connection_has_prepared_outlives_a_rollback(postgres_url: str) -> None:
    database = open_database(settings_for(postgres_url))
    settle(database)
    with closing(database):
        for _ in range(3):
            with database.transaction() as tx:
                for _ in range(7):  # the driver's own preparing would begin after the fifth
                    tx.connection.exec_driver_sql("SELECT %s", (1,))
                assert read(tx, check_in("a", NOON)).open.revision == 0
                tx.connection.get_transaction().rollback()  # type: ignore[union-attr]
