"""What is read around an arriving registration is enough: the fold of it is that of everything (V5)."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta

from app.rules.people import Caregiver
from app.rules.visits.fold import Stay, fold
from app.rules.visits.values import RegistrationKind, Resolved
from app.storage.access import Subject
from app.storage.database import Database, Transaction
from app.storage.people import CAREGIVER
from app.storage.records import insert
from app.storage.visits import Around, New, Span, facts_for, neighbourhood, neighbourhoods, save_registrations
from tests.counts import count
from tests.storage.care import BY, CS, EARLY, NOON, check_in, check_out, registered

STORIES = count(400)
Summary = tuple[str | None, str | None, bool, bool, tuple[str, ...], tuple[str, ...]]


def summed_up(registrations: Iterable[Resolved]) -> dict[str, Summary]:
    """The stays of one caregiver by id, as plain values."""
    return {stay.id: _summary(stay) for stay in fold(registrations, lambda _: 40 * 60)}


def _summary(stay: Stay) -> Summary:
    return (
        stay.check_in.id if stay.check_in else None,
        stay.check_out.id if stay.check_out else None,
        stay.superseded,
        stay.closed_by_name,
        tuple(sorted(one.id for one in stay.others)),
        tuple(one.id for one in stay.changes),
    )


def story(number: int, caregiver_id: str) -> list[Resolved]:
    """A caregiver's untidy day, in the order in which it arrives: ties, names of what came earlier, later or never."""
    chance = random.Random(number)
    ids = [f"{number}-{place}" for place in range(chance.randint(2, 9))]
    told = []
    for name in ids:
        kind = chance.choice([*RegistrationKind, RegistrationKind.CHECK_IN, RegistrationKind.CHECK_OUT])
        named = chance.choice([None, None, None, *ids, "unheard-of"])
        told.append(
            registered(
                name,
                kind,
                NOON + timedelta(minutes=10 * chance.randint(0, 8)),
                caregiver_id=caregiver_id,
                customer_id=chance.choice(["anna", "anna", "bo", None]),
                visit_id=None if kind is RegistrationKind.CHECK_IN else named,
            )
        )
    chance.shuffle(told)
    return told


def hire(tx: Transaction, caregiver_id: str) -> None:
    """One more caregiver."""
    insert(tx, CAREGIVER, CS, Caregiver(id=caregiver_id, recorded_at=EARLY, provider_id="municipal", name="X"), by=BY)


def save(tx: Transaction, *arrived: Resolved) -> None:
    save_registrations(tx, CS, [New(resolved=one, content_hash="0" * 64, by=BY) for one in arrived])


def test_V5_a_neighbourhood_settles_its_visits_as_everything_would(care: Database) -> None:
    for number in range(STORIES):
        caregiver_id = f"caregiver-{number}"
        told = story(number, caregiver_id)
        whole = summed_up(told)
        with care.transaction() as tx:
            hire(tx, caregiver_id)
            save(tx, *told)
            for one in told:
                around = neighbourhood(tx, CS, caregiver_id, one.at)
                assert one.id in around.settled
                _agree(summed_up(around.registrations), whole, around.settled, number)


def _agree(part: dict[str, Summary], whole: dict[str, Summary], settled: frozenset[str], number: int) -> None:
    for name in settled:
        assert part.get(name) == whole.get(name), (number, name)


def test_V5_arrivals_one_by_one_add_up_to_the_fold_of_everything(care: Database) -> None:
    """FAULTS 4: the door's one statement, and the way round where it is not enough, keep the projection exact."""
    enough = 0
    for number in range(STORIES):
        caregiver_id = f"caregiver-{number}"
        told = story(number, caregiver_id)
        kept: dict[str, Summary] = {}
        with care.transaction() as tx:
            hire(tx, caregiver_id)
            for one in told:
                enough += _arrive(tx, one, kept)
        assert kept == summed_up(told), number
    assert enough > STORIES


def _arrive(tx: Transaction, one: Resolved, kept: dict[str, Summary]) -> bool:
    """The registration is saved and its neighbourhood folded; True where what the door reads was enough."""
    caregiver_id = one.registration.caregiver_id
    door = facts_for(
        tx, CS, one.registration, subject=Subject.USER, actor_id="nobody", session_id=None, at=one.at
    ).around
    save(tx, one)
    around = door or neighbourhood(tx, CS, caregiver_id, one.at)
    folded = summed_up({row.id: row for row in (*around.registrations, one)}.values())
    for name in around.settled:
        kept.pop(name, None)
    kept.update((name, stay) for name, stay in folded.items() if name in around.settled)
    return door is not None


def test_V5_many_caregivers_are_asked_for_at_once(care: Database) -> None:
    told = [check_in("a", NOON), check_out("b", NOON + timedelta(minutes=9)), check_in("c", NOON, caregiver_id="dan")]
    with care.transaction() as tx:
        save(tx, *told)
        spans = [Span(caregiver_id=one.registration.caregiver_id, earliest=one.at, latest=one.at) for one in told]
        found = neighbourhoods(tx, CS, spans)
    assert {name: sorted(around.settled) for name, around in found.items()} == {"eva": ["a", "b"], "dan": ["c"]}


def test_V4_another_caregivers_visit_is_not_drawn_in_by_its_name(care: Database) -> None:
    with care.transaction() as tx:
        save(tx, check_in("a", NOON, caregiver_id="dan"), check_out("b", NOON, visit_id="a"))
        found = neighbourhoods(tx, CS, [Span(caregiver_id="eva", earliest=NOON, latest=NOON)])
    assert {name: sorted(around.settled) for name, around in found.items()} == {"eva": ["b"]}


def test_V5_a_caregiver_who_registered_nothing_has_an_empty_neighbourhood(care: Database) -> None:
    with care.transaction() as tx:
        save(tx, check_in("a", NOON, caregiver_id="dan"))
        assert neighbourhood(tx, CS, "eva", NOON) == Around()
