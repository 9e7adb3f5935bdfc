"""A grant that is changed in the middle of a month: each version counts for its own days, wherever orders are read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.rules.orders import Per, Placed, as_held, granted_seconds, place
from app.rules.time import local_instant
from app.storage.coming import orders_begun
from app.storage.database import Database
from app.storage.desk.months import placed_between
from app.storage.orders import GRANT
from app.storage.records import replace_version
from tests.storage.care import BY, CS, GRANTED, NOON, ORDERED

CHANGED_ON = date(2014, 2, 15)
FEBRUARY, MARCH = date(2014, 2, 1), date(2014, 3, 1)
LESS = replace(
    GRANTED, granted_seconds=28_000, per=Per.MONTH, every=1, double_staffed_seconds=0, valid_from=CHANGED_ON,
    recorded_at=NOON,
)  # fmt: skip


@pytest.fixture
def changed(care: Database) -> Database:
    """Ten hours every other week until the middle of February, less than eight a month from then on."""
    with care.transaction() as tx:
        assert replace_version(tx, GRANT, CS, LESS, expected_version=1, by=BY) is not None
    return care


def spans(placed: tuple[Placed, ...]) -> list[tuple[int, date, date | None, bool]]:
    """What each of the order's grants gives, and on which days."""
    return [
        (one.grant.granted_seconds, one.grant.valid_from, one.grant.valid_before, one.continues)
        for one in placed
        if one.order.id == ORDERED.id
    ]


BEFORE = (36_000, GRANTED.valid_from, CHANGED_ON, False)
AFTER = (28_000, CHANGED_ON, GRANTED.valid_before, True)


def test_O1_the_orders_of_a_month_come_with_each_version_of_the_grant_for_its_own_days(changed: Database) -> None:
    with changed.transaction(write=False) as tx:
        there = placed_between(tx, CS, FEBRUARY, MARCH)
        (ours,) = {one.pool for one in there.placed if one.order.id == ORDERED.id}
        in_their_town = placed_between(tx, CS, FEBRUARY, MARCH, "2029")
        elsewhere = placed_between(tx, CS, FEBRUARY, MARCH, "2031")
    assert spans(there.placed) == spans(in_their_town.placed) == [BEFORE, AFTER]
    assert (there.homes, elsewhere.placed, elsewhere.homes) == ({"anna": "2029"}, (), {})
    granted = granted_seconds([one for one in there.placed if one.pool == ours], "2014-02")
    assert granted == 18_000 + 18_000 // 2, "what is ordered of a fortnight, and then of half a month"


@pytest.mark.parametrize(("first", "before"), [(date(2014, 1, 1), FEBRUARY), (MARCH, date(2014, 4, 1))])
def test_O1_a_month_before_or_after_the_change_has_what_held_in_it(
    changed: Database, first: date, before: date
) -> None:
    with changed.transaction(write=False) as tx:
        placed = placed_between(tx, CS, first, before).placed
    month = f"{first:%Y-%m}"
    alone = place([ORDERED], [GRANTED] if first < CHANGED_ON else [LESS])
    assert granted_seconds(placed, month) == granted_seconds(alone, month) > 0


def test_O4_an_order_begins_anew_to_be_asked_of_when_its_grant_is_changed_and_is_read_with_all_versions(
    changed: Database,
) -> None:
    begins, ends = local_instant(date(2014, 2, 10)), local_instant(date(2014, 2, 20))
    with changed.transaction(write=False) as tx:
        orders, grants = orders_begun(tx, CS, begins, ends)
        later = orders_begun(tx, CS, local_instant(date(2014, 2, 16)), ends)
        earlier, versions = orders_begun(tx, CS, local_instant(date(2014, 1, 1)), begins)
    assert spans(place(orders, as_held(grants))) == [BEFORE, AFTER]
    assert later == ((), ())
    assert spans(place(earlier, as_held(versions))) == [BEFORE, AFTER]
