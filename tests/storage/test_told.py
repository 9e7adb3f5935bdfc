"""What others are told, in what order; what was issued; who read what; answers that are repeated."""

from __future__ import annotations

import threading
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app.rules.access import Actor, Role
from app.rules.reimbursement.months import Month, MonthState
from app.rules.reimbursement.values import LineKind
from app.storage import access_log, events, idempotency
from app.storage.access_log import Seen
from app.storage.conflicts import violated_key
from app.storage.database import Database
from app.storage.events import Event
from app.storage.issued import issued_lines
from app.storage.reimbursement import (
    KeptMonth,
    append_lines,
    get_month,
    get_run,
    insert_run,
    issued_months,
    months_of,
    runs_of,
    save_month,
)
from tests.counts import count
from tests.storage.care import CS, NOON, scope
from tests.storage.money import LINE, RUN

TOLD = Event(
    at=NOON,
    type="planned_visit.changed",
    resource_type="planned_visit",
    resource_id="plan",
    data={"id": "plan", "household": []},
    external_id="their-plan",
    provider_id="olivia",
    municipality="2029",
)


def told(number: int) -> Event:
    return replace(TOLD, resource_id=str(number))


def test_what_is_told_is_numbered_from_one_without_a_gap_in_its_order(database: Database) -> None:
    with database.transaction() as tx:
        events.append(tx, CS, [TOLD, told(1)])
        events.append(tx, "other", [told(9)])
    with database.transaction() as tx:
        events.append(tx, CS, [told(2)])
        events.append(tx, CS, [])
        changes = events.page(tx, CS)
    assert [(one.sequence, one.event) for one in changes] == [(1, TOLD), (2, told(1)), (3, told(2))]
    with database.transaction() as tx:
        assert [one.sequence for one in events.page(tx, CS, after=1, limit=1)] == [2]
        assert [one.event for one in events.page(tx, "other")] == [told(9)]


def test_the_told_event_says_something_in_every_field() -> None:
    assert not [one.name for one in fields(TOLD) if getattr(TOLD, one.name) is None]


def test_what_is_rolled_back_is_never_told_and_leaves_no_gap(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as tx:
            events.append(tx, CS, [told(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.transaction() as tx:
        events.append(tx, CS, [told(2)])
        assert [(one.sequence, one.event) for one in events.page(tx, CS)] == [(1, told(2))]


def test_A1_changes_are_seen_within_the_scope_only(database: Database) -> None:
    with database.transaction() as tx:
        events.append(tx, CS, [TOLD, replace(TOLD, provider_id=None, municipality="2031")])
        assert [one.sequence for one in events.page(tx, CS, scope=scope(provider_id="olivia"))] == [1]
        assert [one.sequence for one in events.page(tx, CS, scope=scope(municipality="2031"))] == [2]


def test_R11_a_reader_never_passes_over_what_is_committed_later(database: Database) -> None:
    """Writers and readers at once: whoever goes on from its last number sees each event, once, in order."""
    writers, each = 6, count(150)
    seen: list[list[int]] = [[], []]
    done = threading.Event()

    def write(number: int) -> None:
        for place in range(each):
            with database.transaction() as tx:
                events.append(tx, CS, [told(number * 10_000 + place)])

    def follow(found: list[int]) -> None:
        last = 0
        while True:
            ended = done.is_set()
            with database.transaction() as tx:
                changes = events.page(tx, CS, after=last, limit=200)
            for change in changes:
                assert change.sequence == last + 1
                last = change.sequence
                found.append(int(change.event.resource_id))
            if ended and not changes:
                return

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    readers = [threading.Thread(target=follow, args=(found,)) for found in seen]
    for thread in (*threads, *readers):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    for reader in readers:
        reader.join()
    everything = [number * 10_000 + place for number in range(writers) for place in range(each)]
    for found in seen:
        assert sorted(found) == everything
        assert [one for one in found if one // 10_000 == 0] == everything[:each]


FEBRUARY = Month(
    municipality="2029",
    provider_id="olivia",
    month="2014-02",
    state=MonthState.LOCKED,
    attested_by="samordnare",
    attested_at=NOON,
    locked_at=NOON + timedelta(days=30),
    run_id="run",
)


def test_R8_a_month_that_nobody_has_touched_is_open(care: Database) -> None:
    with care.transaction() as tx:
        untouched = Month(municipality="2029", provider_id="olivia", month="2014-02")
        assert get_month(tx, CS, "2029", "olivia", "2014-02", lock=True) == KeptMonth(month=untouched)


def test_R8_a_month_moves_from_the_version_that_was_seen_only(care: Database) -> None:
    with care.transaction() as tx:
        assert save_month(tx, CS, replace(FEBRUARY, state=MonthState.OPEN), expected_version=0)
        assert not save_month(tx, CS, FEBRUARY, expected_version=0)
        assert save_month(tx, CS, FEBRUARY, expected_version=1)
        assert not save_month(tx, CS, FEBRUARY, expected_version=1)
        assert get_month(tx, CS, "2029", "olivia", "2014-02") == KeptMonth(month=FEBRUARY, version=2)


def test_A1_months_are_listed_within_the_scope_in_their_order(care: Database) -> None:
    months = [
        replace(FEBRUARY, month="2014-01", provider_id="municipal"),
        FEBRUARY,
        replace(FEBRUARY, municipality="2031", state=MonthState.OPEN),
    ]
    with care.transaction() as tx:
        for month in reversed(months):
            assert save_month(tx, CS, month, expected_version=0)
        assert [one.month for one in months_of(tx, CS)] == months
        assert [one.month for one in months_of(tx, CS, after=("2014-01", "2029", "municipal"), limit=1)] == months[1:2]
        assert [one.month for one in months_of(tx, CS, scope=scope(municipality="2031"))] == months[2:]
        assert [one.month for one in months_of(tx, CS, scope=scope(provider_id="municipal"))] == months[:1]
        assert [one.month for one in months_of(tx, CS, month="2014-02", state=MonthState.LOCKED)] == months[1:2]
        assert months_of(tx, CS, scope=scope(provider_id="olivia", caregiver_id="eva")) == ()


def test_R11_lines_are_numbered_and_come_out_as_they_went_in(care: Database) -> None:
    later = replace(RUN, id="later", month="2014-03")
    second = replace(LINE, kind=LineKind.LINE, cause=None, run="2014-03", sequence=2)
    with care.transaction() as tx:
        assert insert_run(tx, CS, RUN)
        assert append_lines(tx, CS, RUN, [replace(LINE, run="x", sequence=0)]) == (LINE,)
        assert append_lines(tx, CS, RUN, []) == ()
        assert insert_run(tx, CS, later)
        assert append_lines(tx, CS, later, [second]) == (second,)
        kept = issued_lines(tx, CS)
        assert [(one.run_id, one.recorded_at, one.line) for one in kept] == [
            (RUN.id, RUN.issued_at, LINE),
            ("later", later.issued_at, second),
        ]
        assert issued_lines(tx, CS, after=1) == kept[1:] == issued_lines(tx, CS, run_ids=["later"])
        assert issued_lines(tx, CS, limit=1, scope=scope(provider_id="olivia")) == kept[:1]
        assert issued_lines(tx, CS, scope=scope(municipality="2031")) == ()
        assert (get_run(tx, CS, "run"), get_run(tx, "other", "run")) == (RUN, None)
        assert runs_of(tx, CS) == (later, RUN)
        assert runs_of(tx, CS, month="2014-02", after="later", limit=1) == (RUN,)
        assert issued_months(tx, CS, "2029", "olivia") == (RUN, later)


def test_the_line_says_something_in_every_field() -> None:
    for value in (LINE, LINE.total, LINE.total.key, RUN):
        assert not [one.name for one in fields(value) if getattr(value, one.name) in (None, (), [])]


def test_R9_two_runs_at_once_issue_once_and_lines_have_no_gap(care: Database) -> None:
    rounds, won = count(100), []

    def issue(month: str, name: str) -> None:
        with care.transaction() as tx:
            run = replace(RUN, id=name, month=month)
            if insert_run(tx, CS, run):
                append_lines(tx, CS, run, [LINE, LINE])
                won.append(month)

    for number in range(rounds):
        month = f"{2014 + number // 12}-{number % 12 + 1:02}"
        threads = [threading.Thread(target=issue, args=(month, f"{number}-{one}")) for one in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(won) == rounds == len(set(won))
    with care.transaction(write=False) as tx:
        assert [one.line.sequence for one in issued_lines(tx, CS)] == list(range(1, 2 * rounds + 1))


AUDITOR = Actor(id="auditor", role=Role.AUDITOR, care_system_id=CS)


def test_A3_a_read_leaves_a_line_for_each_person(database: Database) -> None:
    whom = [Seen(whom_type="customer", whom_id="anna"), Seen(whom_type="caregiver", whom_id="eva")]
    with database.transaction() as tx:
        access_log.record(
            tx, CS, actor=AUDITOR, what="visit", whom=whom, at=NOON, why="GET /api/v1/visits", request_id="r"
        )
        access_log.record(tx, CS, actor=AUDITOR, what="visit", whom=[], at=NOON)
        found = access_log.page(tx, CS)
        assert [one.whom for one in found] == whom
        assert {(one.at, one.actor_id, one.role, one.what, one.why, one.request_id) for one in found} == {
            (NOON, "auditor", "auditor", "visit", "GET /api/v1/visits", "r")
        }
        assert access_log.page(tx, CS, whom_id="eva", actor_id="auditor") == found[1:]
        assert access_log.page(tx, CS, after=found[0].id, limit=1) == found[1:]
        assert access_log.page(tx, "other") == () == access_log.page(tx, CS, actor_id="x")


ANSWER = idempotency.Answer(content_hash="0" * 64, status=201, headers={"Location": "/x"}, body='{"å":1}')
KEY = (CS, "client", "POST /api/v1/planned-visits", "key")


def test_an_answer_is_repeated_for_its_key_alone(database: Database) -> None:
    with database.transaction() as tx:
        idempotency.keep(tx, *KEY, ANSWER, at=NOON)
        assert idempotency.recall(tx, *KEY) == ANSWER
        for place in range(4):
            assert idempotency.recall(tx, *(part if place != n else "other" for n, part in enumerate(KEY))) is None
    with pytest.raises(IntegrityError) as raised, database.transaction() as tx:
        idempotency.keep(tx, *KEY, replace(ANSWER, status=409), at=NOON)
    assert violated_key(raised.value) == "pk_idempotency"


def test_an_answer_is_kept_for_thirty_days(database: Database) -> None:
    with database.transaction() as tx:
        idempotency.keep(tx, *KEY, ANSWER, at=NOON)
        assert idempotency.weed(tx, NOON + timedelta(days=30)) == 0
        assert idempotency.weed(tx, NOON + timedelta(days=30, seconds=1)) == 1
        assert idempotency.recall(tx, *KEY) is None
