"""D22: a phone's numbers skip. FAULTS 23."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.rules.deviations import at_devices
from app.rules.deviations.facts import Break, Facts
from app.rules.deviations.setting import lay_out
from app.rules.deviations.values import Effect, SubjectType

NOTICED = datetime(2014, 2, 3, 8, 0, tzinfo=UTC)


def skip(after: int, before: int, received_at: datetime = NOTICED, device_id: str = "phone") -> Break:
    return Break(device_id=device_id, provider_id="provider", after=after, before=before, received_at=received_at)


@pytest.mark.parametrize(
    ("seconds", "found"),
    [(0, False), (172_799, False), (172_800, False), (172_801, True)],
    ids=["at once", "a second below 48 h", "48 h", "a second above"],
)
def test_D22_a_skip_is_told_once_it_is_older_than_48_hours(seconds: int, found: bool) -> None:
    setting = lay_out(Facts(breaks=(skip(4, 7),)), NOTICED + timedelta(seconds=seconds))
    assert bool(at_devices.find(setting)) is found


def test_D22_one_row_for_each_phone_and_month_names_every_number() -> None:
    """FAULTS 23; the month is Stockholm's."""
    march = datetime(2014, 2, 28, 23, 30, tzinfo=UTC)
    told = (skip(10, 12), skip(4, 7), skip(20, 22, march), skip(4, 6, device_id="another"))
    found = at_devices.find(lay_out(Facts(breaks=told), NOTICED + timedelta(days=60)))
    assert [(one.subject.id, one.period, one.seen) for one in found] == [
        ("another", "2014-02", {"missing": 1, "numbers": [[5, 5]]}),
        ("phone", "2014-02", {"missing": 3, "numbers": [[5, 6], [11, 11]]}),
        ("phone", "2014-03", {"missing": 1, "numbers": [[21, 21]]}),
    ]
    assert {(one.subject.type, one.effect, one.asks) for one in found} == {(SubjectType.DEVICE, Effect.EXPLAIN, True)}
