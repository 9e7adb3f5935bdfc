"""R8, R9: in whatever order months are attested and issued, each stands as the last run that computed it found it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules.deviations.judge import bind, judge_before
from app.rules.reimbursement.lines import totals
from app.rules.reimbursement.runs import Closed, computed_until
from app.rules.reimbursement.values import LineKey
from tests.counts import count
from tests.rules.test_money_causes import issued_in_turn
from tests.rules.test_money_properties import FEW, SEEDS, with_late_facts
from tests.rules.worlds import a_world


@settings(max_examples=count(10_000, everyday=40))
@given(seed=SEEDS, stays=FEW, late=SEEDS, turn=st.permutations([0, 1, 2]))
def test_R8_R9_every_month_is_issued_as_far_as_the_last_run_that_computed_it_knew(
    seed: int, stays: int, late: int, turn: list[int]
) -> None:
    world = a_world(seed, stays)
    facts, locks = with_late_facts(world, late)
    months = (*world.months, "2017-01")[:3]
    bound, closings = bind(facts, months), list(zip(months, sorted(locks), strict=False))
    runs = [closings[place] for place in turn if place < len(closings)]
    issued: dict[LineKey, tuple[int, int]] = {}
    for lines in issued_in_turn(bound, *runs):
        for line in lines:
            seconds, ore = issued.get(line.total.key, (0, 0))
            issued[line.total.key] = (seconds + line.seconds, ore + line.amount_ore)
    for month, until in computed_until(Closed(month=month, locked_at=lock) for month, lock in runs).items():
        expected = {
            one.key: (one.seconds, one.amount_ore) for one in totals(judge_before(bound, until, months), [month])
        }
        assert {key: both for key, both in issued.items() if key.month == month and both != (0, 0)} == expected
