"""A month is judged set-wise: what the database is asked does not grow with how many customers there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

from app.actions.deviations.settle import Settled, settle_due
from app.rules.deviations.facts import Facts
from app.rules.deviations.setting import known_facts, lay_out, visits_of
from app.storage.database import Database
from app.storage.judgements import Due
from tests.bench.judging import a_town, dues_of_everybody, fill
from tests.bench.month import LOCK
from tests.wire import counting

SOME = datetime(2014, 2, 4, tzinfo=UTC)


def some_days(facts: Facts) -> Facts:
    """What the month had come to on its fourth day, for a test that is to be quick."""
    registered = tuple(one for one in facts.registrations if one.captured_at < SOME)
    begun = {one.id for one in registered}
    return replace(
        facts,
        registrations=registered,
        planned_visits=tuple(one for one in facts.planned_visits if one.starts_at < SOME),
        corrections=tuple(one for one in facts.corrections if one.visit_id in begun),
    )


def settled(database: Database, care_system_id: str, dues: list[Due]) -> tuple[Settled, int]:
    """What judging these in one transaction came to, and how many statements it took."""
    with counting(database) as count, database.transaction() as tx:
        done = settle_due(tx, care_system_id, dues, LOCK)
        return done, count()


def test_D_three_customers_months_and_thirty_are_judged_with_the_same_number_of_statements(database: Database) -> None:
    facts = some_days(a_town(Fraction(44, 1_704)))
    visits = visits_of(lay_out(known_facts(facts, LOCK), LOCK))
    care_system_id = fill(database, facts, visits)
    dues = dues_of_everybody(facts)
    first, three, thirty = dues[:10], dues[10:13], dues[14:44]
    settled(database, care_system_id, first)  # Every kind of statement is prepared once for a connection.
    few, asked_for_few = settled(database, care_system_id, three)
    many, asked_for_many = settled(database, care_system_id, thirty)
    assert 3 <= few.months <= 6 < 30 <= many.months
    assert 0 < few.opened < many.opened
    assert asked_for_few == asked_for_many < 60
    again, asked_for_few = settled(database, care_system_id, three)
    anew, asked_for_many = settled(database, care_system_id, thirty)
    assert (again.opened, again.cleared, again.changed) == (anew.opened, anew.cleared, anew.changed) == (0, 0, 0)
    assert asked_for_few == asked_for_many < 60
