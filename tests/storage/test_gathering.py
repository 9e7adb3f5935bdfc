"""What is gathered for one provider's month: nothing that it needs is missing, and nobody else's month comes along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from app.actions.simulations import with_holidays
from app.rules.deviations.facts import Facts
from app.rules.deviations.judge import judge_before
from app.rules.deviations.seconds import Fate
from app.rules.deviations.setting import known_facts, lay_out, visits_of
from app.rules.reimbursement.lines import excesses, totals
from app.rules.reimbursement.values import Excess, Total
from app.rules.visits.values import HouseholdShare, Registration
from app.storage.database import Database, open_database
from app.storage.facts import facts_of_month
from tests.bench.closing import filled
from tests.bench.judging import a_town, rostered
from tests.bench.month import LOCK, MONTH, NACKA
from tests.settings import settings_for

AT_HOME = ("0-01-0-in", "1-02-0-in")
UNTIL = datetime(2014, 2, 4, tzinfo=UTC)


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    """What is gathered is the same on both databases; `test_facts` asks both."""
    with closing(open_database(settings_for(sqlite_url))) as database:
        yield database


def days_of_two_providers() -> Facts:
    """Some days of a town with two providers, one visit of each to a household that both have a customer in."""
    facts = a_town(Fraction(8, 1_704))
    told = tuple(one for one in facts.registrations if one.captured_at < UNTIL)
    begun = {one.id for one in told}
    homes = tuple(HouseholdShare(customer_id=one) for one in ("k0", "k1"))
    shared = tuple(replace(one, household=homes) if one.id in AT_HOME else one for one in told)
    return replace(
        with_holidays(facts, (MONTH,)),
        registrations=shared,
        corrections=tuple(one for one in facts.corrections if one.visit_id in begun),
        planned_visits=tuple(one for one in facts.planned_visits if one.starts_at < UNTIL),
    )


def meeting_at_the_door(facts: Facts) -> Facts:
    """The same, every customer having ordered of both providers, and the second caregiver at a door the other's."""
    beside = {"p0": "p1", "p1": "p0"}

    def sent(one: Registration) -> Registration:
        provider, _, number = one.caregiver_id.partition("-")
        second = (one.visit_id or one.id).endswith("-2")
        return replace(one, caregiver_id=f"{beside[provider]}-{number}-2") if second else one

    both = tuple(replace(one, id=f"{one.id}-2", provider_id=beside[one.provider_id]) for one in facts.orders)
    apart = rostered(replace(facts, registrations=tuple(sent(one) for one in facts.registrations)))
    return replace(apart, orders=(*facts.orders, *both))


def kept(database: Database, facts: Facts) -> str:
    return filled(database, facts, visits_of(lay_out(known_facts(facts, LOCK), LOCK)))


def gathered(database: Database, care_system_id: str, provider_id: str | None) -> Facts:
    with database.transaction(write=False) as tx:
        facts = facts_of_month(tx, care_system_id, NACKA, (MONTH,), recorded_before=LOCK, provider_id=provider_id)
    return with_holidays(facts, (MONTH,))


def owed(facts: Facts, provider_id: str) -> tuple[list[Total], list[Excess]]:
    judgement = judge_before(facts, LOCK, (MONTH,))
    theirs = [one for one in totals(judgement, (MONTH,)) if one.key.provider_id == provider_id]
    return theirs, [one for one in excesses(judgement, (MONTH,)) if one.provider_id == provider_id]


def providers_of(registrations: Iterable[Registration]) -> set[str]:
    return {one.caregiver_id.partition("-")[0] for one in registrations}


def test_R5_a_providers_month_gathered_alone_comes_to_what_it_does_in_the_whole_town(sqlite: Database) -> None:
    cs = kept(sqlite, meeting_at_the_door(days_of_two_providers()))
    whole = gathered(sqlite, cs, None)
    for provider_id in ("p0", "p1"):
        alone = gathered(sqlite, cs, provider_id)
        assert owed(alone, provider_id) == owed(whole, provider_id)
        assert providers_of(alone.registrations) == {"p0", "p1"}
    stretches = judge_before(whole, LOCK, (MONTH,)).account.stretches
    assert any(one.fate is Fate.UNPAID_OVERLAP for one in stretches)


def test_R9_a_household_that_two_providers_visit_does_not_bring_the_others_month_along(sqlite: Database) -> None:
    cs = kept(sqlite, days_of_two_providers())
    alone, whole = gathered(sqlite, cs, "p0"), gathered(sqlite, cs, None)
    assert "k1" in {share.customer_id for one in alone.registrations for share in one.household}
    assert (providers_of(alone.registrations), providers_of(whole.registrations)) == ({"p0"}, {"p0", "p1"})
    assert owed(alone, "p0") == owed(whole, "p0")
