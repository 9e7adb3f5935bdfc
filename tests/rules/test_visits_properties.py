"""What holds for every day that can be registered, not only for those that somebody thought of.

10,000 cases of each under HEMTID_FULL=1, a tenth of them otherwise.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules.deviations.judge import judge
from app.rules.providers import Service
from app.rules.rates import Band, Window
from app.rules.tags import ManualReason, Method, Place
from app.rules.time import (
    Interval,
    local_day,
    local_month,
    parse_instant,
    seconds_between,
    shift,
    split_at,
    split_at_days,
    union,
    union_seconds,
)
from app.rules.visits.parts import parts_of
from app.rules.visits.values import (
    ClockGrade,
    Correction,
    HouseholdShare,
    Registration,
    RegistrationKind,
    Visit,
    VisitState,
)
from tests.counts import count
from tests.rules.builders import (
    a_change,
    a_check_in,
    a_check_out,
    a_clock,
    a_correction,
    a_grant,
    a_note,
    a_planned_visit,
    a_rate,
    an_anchor,
    at,
    sent,
    some_facts,
    the_visit,
    visits,
)

CASES = settings(max_examples=count(10_000))
SEQUENCES = settings(max_examples=count(5_000))
NOWHERE = Place(method=Method.MANUAL, reason=ManualReason.TAG_MISSING)
HOME_CARE = (Service.PERSONAL_CARE, Service.HOUSEHOLD)
LONGEST_STAY = 43_200

# A day has few seconds that matter, so that registrations meet in them: every half hour and a second on each side.
_seconds = st.builds(lambda half, off: max(0, half * 1800 + off), st.integers(0, 40), st.sampled_from((-1, 0, 0, 0, 1)))
_nights = st.sampled_from(
    (
        "2014-02-03T00:00:00+01:00",
        "2014-02-27T20:00:00+01:00",
        "2016-02-28T18:00:00+01:00",
        "2014-03-29T18:00:00+01:00",
        "2014-10-25T18:00:00+02:00",
        "2013-12-31T12:00:00+01:00",
    )
)


def _text(instant: datetime) -> str:
    return instant.isoformat()


@st.composite
def a_days_registrations(draw: st.DrawFn, most: int = 9) -> tuple[Registration, ...]:
    """Check-ins and check-outs of two caregivers at two doors, some by name, some by nobody's tag, in some order."""
    night = at(draw(_nights))
    number = draw(st.integers(1, most))
    names = [f"r{place}" for place in draw(st.permutations(range(number)))]
    found: list[Registration] = []
    for name in names:
        when = _text(shift(night, draw(_seconds)))
        caregiver, door = draw(st.sampled_from(("c", "c", "c2"))), draw(st.sampled_from(("k", "k", "k2")))
        if draw(st.booleans()):
            found.append(a_check_in(when, id=name, caregiver=caregiver, door=door))
            continue
        named = draw(st.sampled_from((None, None, *names)))
        check_out = a_check_out(when, id=name, names=named, caregiver=caregiver, door=door)
        if draw(st.integers(0, 5)) == 0:
            check_out = a_check_out(when, id=name, names=named, caregiver=caregiver, place=NOWHERE)
        found.append(check_out)
    return tuple(found)


@st.composite
def a_days_facts(draw: st.DrawFn) -> tuple[object, ...]:
    """A day's registrations with changes, notes, corrections, plans and clocks among them."""
    told: list[object] = list(draw(a_days_registrations(most=6)))
    first = told[0]
    assert isinstance(first, Registration)
    night = first.captured_at
    ids = [one.id for one in told if isinstance(one, Registration)]
    for number in range(draw(st.integers(0, 2))):
        when = _text(shift(night, draw(_seconds)))
        told.append(
            a_change(when, draw(st.sampled_from(HOME_CARE)), id=f"s{number}", names=draw(st.sampled_from((None, *ids))))
        )
    if draw(st.booleans()):
        told.append(a_note(_text(shift(night, 40_000)), names=draw(st.sampled_from(ids)), id="n"))
    for number in range(draw(st.integers(0, 2))):
        change = draw(st.sampled_from(("starts_at", "ends_at")))
        approved = draw(st.sampled_from((None, "2017-01-01T00:00:00Z", "2017-01-01T00:00:01Z")))
        moved = {change: _text(shift(night, draw(_seconds)))}
        told.append(a_correction(draw(st.sampled_from(ids)), id=f"f{number}", approved=approved, **moved))
    if draw(st.booleans()):
        start = shift(night, draw(_seconds))
        told.append(a_planned_visit(_text(start), _text(shift(start, 3_600))))
    return tuple(told)


MUCH_LATER = "2018-01-01T00:00:00Z"


@CASES
@given(data=st.data(), told=a_days_facts())
def test_V5_any_order_and_any_duplicates_give_the_same_visits(data: st.DataObject, told: tuple[object, ...]) -> None:
    """FAULTS 1, 4, 5."""
    again = data.draw(st.lists(st.sampled_from([one for one in told if not isinstance(one, Correction)])))
    shuffled = data.draw(st.permutations([*told, *again]))

    assert visits(*shuffled, now=MUCH_LATER) == visits(*told, now=MUCH_LATER)


@SEQUENCES
@given(data=st.data(), told=a_days_registrations())
def test_V5_any_split_into_batches_gives_the_same_visits(data: st.DataObject, told: tuple[Registration, ...]) -> None:
    """FAULTS 4, 5: batches arrive one after another, some twice, each known by its id; nothing is lost on the way."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(told)), max_size=3)))
    batches = [told[start:end] for start, end in pairwise([0, *cuts, len(told)])]
    arrived: dict[str, Registration] = {}
    for batch in data.draw(st.permutations([*batches, *batches[:1]])):
        arrived.update({one.id: one for one in batch})
        kept = visits(*arrived.values(), now=MUCH_LATER)
        assert {name for visit in kept.values() for name in visit.registration_ids} == set(arrived)

    assert kept == visits(*told, now=MUCH_LATER)


def by_the_text(registrations: tuple[Registration, ...]) -> dict[str, tuple[datetime | None, datetime | None]]:
    """V4 and V6 as they are written, without going through the day: each check-in with the first that may close it."""

    def order(one: Registration) -> tuple[datetime, str]:
        return (one.captured_at, one.id)

    def at_whom(one: Registration) -> str | None:
        return None if one.place.text is None else one.place.text.removeprefix("tag ")

    def may_close(check_out: Registration, check_in: Registration) -> bool:
        if check_out.caregiver_id != check_in.caregiver_id:
            return False
        if check_out.visit_id is not None:
            return check_out.visit_id == check_in.id and check_out.captured_at >= check_in.captured_at
        own = [one for one in check_ins if one.caregiver_id == check_out.caregiver_id and order(one) < order(check_out)]
        return (
            max(own, key=order, default=None) is check_in
            and at_whom(check_out) in (None, at_whom(check_in))
            and seconds_between(check_in.captured_at, check_out.captured_at) <= LONGEST_STAY
        )

    check_ins = [one for one in registrations if one.kind is RegistrationKind.CHECK_IN]
    check_outs = [one for one in registrations if one.kind is RegistrationKind.CHECK_OUT]
    found: dict[str, tuple[datetime | None, datetime | None]] = {}
    kept: set[str] = set()
    for check_in in check_ins:
        closing = sorted((one for one in check_outs if may_close(one, check_in)), key=order)
        found[check_in.id] = (check_in.captured_at, closing[0].captured_at if closing else None)
        kept |= {one.id for place, one in enumerate(closing) if place == 0 or one.visit_id is not None}
    return found | {one.id: (None, one.captured_at) for one in check_outs if one.id not in kept}


@CASES
@given(told=a_days_registrations())
def test_V4_the_visits_are_those_that_the_text_names(told: tuple[Registration, ...]) -> None:
    kept = visits(*told, now=MUCH_LATER)

    assert {key: (visit.starts_at, visit.ends_at) for key, visit in kept.items()} == by_the_text(told)


@CASES
@given(told=a_days_registrations())
def test_V4_every_registration_is_in_one_visit_and_no_end_is_invented(told: tuple[Registration, ...]) -> None:
    """FAULTS 5, 19."""
    kept = visits(*told, now=MUCH_LATER)
    times = {one.captured_at for one in told}

    assert sorted(name for visit in kept.values() for name in visit.registration_ids) == sorted(one.id for one in told)
    assert {moment for visit in kept.values() for moment in (visit.starts_at, visit.ends_at) if moment} <= times
    assert all(visit.id in visit.registration_ids for visit in kept.values())


@SEQUENCES
@given(told=a_days_registrations(), now=_seconds)
def test_V6_a_caregiver_has_at_most_one_open_visit(told: tuple[Registration, ...], now: int) -> None:
    """FAULTS 15."""
    kept = visits(*told, now=_text(shift(told[0].captured_at, now)))
    open_ = [visit.caregiver_id for visit in kept.values() if visit.state is VisitState.OPEN]

    assert len(open_) == len(set(open_))


@CASES
@given(
    skews=st.tuples(*[st.sampled_from((0, 7, -7, 3_600, -3_600, 86_400, -86_400, 31_536_000, -31_536_000))] * 2),
    seconds=st.tuples(st.integers(0, 40_000), st.integers(0, 40_000), st.integers(0, 400_000)),
    since_boot=st.integers(0, 10_000_000),
    proof=st.sampled_from(("anchor", "sent", "both", "check-out anchor")),
)
def test_V8_no_wall_clock_costs_a_second_while_the_phone_stays_on(
    skews: tuple[int, int], seconds: tuple[int, int, int], since_boot: int, proof: str
) -> None:
    """FAULTS 24, 25. The wall clock is off by one amount at the check-in and by another at the check-out."""
    after_anchor, stay, until_sent = seconds
    begins = shift(at("2014-02-03T00:00:00+01:00"), after_anchor)
    ends, delivered = shift(begins, stay), shift(begins, stay + until_sent)
    anchor = an_anchor("2014-02-03T00:00:00+01:00", since_boot)
    elapsed = since_boot + after_anchor
    sending = sent(elapsed + stay + until_sent) if proof in ("sent", "both") else None
    visit = the_visit(
        a_check_in(
            _text(shift(begins, skews[0])),
            id="in",
            received=_text(delivered),
            sent=sending,
            clock=a_clock(elapsed, anchor=anchor if proof in ("anchor", "both") else None),
        ),
        a_check_out(
            _text(shift(ends, skews[1])),
            id="out",
            received=_text(delivered),
            sent=sending,
            clock=a_clock(elapsed + stay, anchor=None if proof == "sent" else anchor),
        ),
        now=MUCH_LATER,
    )

    assert (visit.starts_at, visit.ends_at, visit.performed_seconds) == (begins, ends, stay)
    assert visit.clock_grade is not ClockGrade.UNVERIFIED


@CASES
@given(moved=st.integers(-40_000, 40_000), stay=st.integers(0, LONGEST_STAY), boot=st.integers(0, 10_000_000))
def test_V8_a_clock_changed_mid_visit_leaves_its_length(moved: int, stay: int, boot: int) -> None:
    """FAULTS 25: nothing but the elapsed clock is known."""
    visit = the_visit(
        a_check_in("08:00", id="in", clock=a_clock(boot)),
        a_check_out(_text(shift(at("08:00"), stay + moved)), id="out", clock=a_clock(boot + stay)),
        now=MUCH_LATER,
    )

    assert (visit.starts_at, visit.performed_seconds) == (at("08:00"), stay)


_shares = st.lists(st.integers(1, 5), min_size=0, max_size=3)
_EVENING = Band(name="evening", windows=(Window(weekdays=(1, 2, 3, 4, 5, 6, 7), start_minute=1140, before_minute=450),))
_DAY = Band(name="day", windows=(Window(weekdays=(1, 2, 3, 4, 5, 6, 7), start_minute=450, before_minute=1140),))
_RATES = [a_rate(service, id=f"{service} {band.name}", band=band) for service in HOME_CARE for band in (_EVENING, _DAY)]


@CASES
@given(
    night=_nights,
    begins=st.integers(0, 86_400),
    stay=st.integers(0, LONGEST_STAY),
    changes=st.lists(st.tuples(st.integers(-10, LONGEST_STAY), st.sampled_from(HOME_CARE)), max_size=2),
    shares=_shares,
)
def test_T5_the_parts_and_pieces_of_a_stay_sum_to_it_and_lie_in_one_day_each(
    night: str, begins: int, stay: int, changes: list[tuple[int, Service]], shares: list[int]
) -> None:
    """FAULTS 27, 28; V12, V15: over midnight, month end, leap day, clock change and price border, in households too."""
    start = shift(at(night), begins)
    household = tuple(HouseholdShare(customer_id=f"k{n}" if n else "k", share=share) for n, share in enumerate(shares))
    told = [
        a_check_in(_text(start), id="in", household=household, service=Service.PERSONAL_CARE),
        a_check_out(_text(shift(start, stay)), id="out", names="in"),
        *(
            a_change(_text(shift(start, when)), service, id=f"s{when}", names="in")
            for when, service in dict(changes).items()
        ),
        *_RATES,
        a_grant(services=HOME_CARE),
    ]
    judgement = judge(some_facts(*told), at(MUCH_LATER), ())
    visit: Visit = next(one for one in judgement.visits if one.id == "in")
    parts = parts_of(visit, judgement.setting.around)
    pieces = [Interval(one.start, one.end) for one in judgement.account.stretches]

    assert visit.performed_seconds == stay
    assert sum(part.seconds for part in parts) == sum(piece.seconds for piece in pieces) == stay
    assert union_seconds(part.interval for part in parts) == union_seconds(pieces) == stay
    assert all(local_day(piece.start) == local_day(shift(piece.end, -1)) for piece in pieces)
    assert all(one.month == local_month(shift(one.end, -1)) for one in judgement.account.stretches)


@CASES
@given(
    night=_nights,
    total=st.integers(1, 100_000),
    shares=st.lists(st.integers(1, 1_000), min_size=1, max_size=5),
)
def test_V12_each_customer_of_a_household_has_its_share_of_a_piece_to_the_second(
    night: str, total: int, shares: list[int]
) -> None:
    household = tuple(HouseholdShare(customer_id=f"h{n}", share=share) for n, share in enumerate(shares))
    told = (
        a_check_in(night, id="in", customer_id="h0", household=household),
        a_check_out(_text(shift(at(night), total)), id="out", names="in"),
    )
    judgement = judge(some_facts(*told), at(MUCH_LATER), ())
    whole = Interval(at(night), shift(at(night), total))
    expected = dict.fromkeys((one.customer_id for one in household), 0)
    for piece in split_at_days(whole):
        own = {one.customer_id: piece.seconds * one.share // sum(shares) for one in household}
        own["h0"] += piece.seconds - sum(own.values())
        expected = {key: expected[key] + own[key] for key in expected}
    found = dict.fromkeys(expected, 0)
    for part in parts_of(judgement.visits[0], judgement.setting.around):
        found[str(part.customer_id)] += part.seconds

    assert found == expected


_minutes = st.integers(0, 60)
_stays = st.builds(
    lambda start, length: Interval(shift(at("08:00"), start), shift(at("08:00"), start + length)), _minutes, _minutes
)


def _ticks(interval: Interval) -> set[datetime]:
    """Every second of the interval by its instant, the end left out."""
    return {shift(interval.start, n) for n in range(interval.seconds)}


@CASES
@given(one=_stays, other=_stays)
def test_T4_an_overlap_is_the_seconds_that_both_have(one: Interval, other: Interval) -> None:
    shared = one.overlap(other)

    assert (set() if shared is None else _ticks(shared)) == _ticks(one) & _ticks(other)
    assert shared == other.overlap(one)


@CASES
@given(stays=st.lists(_stays, max_size=5))
def test_T4_a_union_is_the_seconds_that_any_has(stays: list[Interval]) -> None:
    joined = union(stays)

    assert union_seconds(stays) == len(set().union(*(_ticks(one) for one in stays)))
    assert all(before.end < after.start for before, after in pairwise(one for one in joined if one.seconds))


@CASES
@given(
    start=st.integers(-2_000_000_000, 4_000_000_000),
    length=st.integers(0, 4_000_000),
    borders=st.lists(st.integers(-10, 4_000_010), max_size=4),
)
def test_T5_splitting_never_changes_the_sum(start: int, length: int, borders: list[int]) -> None:
    """FAULTS 28: from 1906 to 2096, at midnights and anywhere."""
    begins = shift(parse_instant("1970-01-01T00:00:00Z"), start)
    whole = Interval(begins, shift(begins, length))
    for pieces in (split_at_days(whole), split_at(whole, [shift(begins, border) for border in borders])):
        assert sum(piece.seconds for piece in pieces) == whole.seconds == length
        assert all(before.end == after.start for before, after in pairwise(pieces))
        assert all(piece.seconds > 0 for piece in pieces)
    assert all(local_day(piece.start) == local_day(shift(piece.end, -1)) for piece in split_at_days(whole))


_offsets = st.builds(lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-1439, 1439))


@CASES
@given(instant=st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=_offsets))  # noqa: DTZ001
def test_T2_an_instant_is_never_later_than_as_written(instant: datetime) -> None:
    """T1, T2: any offset in, UTC out, less than a second earlier."""
    kept = parse_instant(instant.isoformat())

    assert timedelta(0) <= instant - kept < timedelta(seconds=1)
    assert (kept.microsecond, kept.tzinfo) == (0, UTC)
