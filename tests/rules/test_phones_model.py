"""Phones in the field against visits put together anew: any clocks, losses, resends, restarts, orders and corrections.

The machine knows the truth; the product knows what the phones tell. V2, V4–V10, V15; FAULTS 1, 4, 5, 21, 24, 25, 26.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.rules.deviations.explain import held_visits
from app.rules.deviations.judge import Judgement, judge
from app.rules.providers import Service
from app.rules.tags import ManualReason, Method, Place
from app.rules.time import seconds_between, shift
from app.rules.visits.values import (
    Anchor,
    Clock,
    Correction,
    Registration,
    RegistrationKind,
    Sent,
    VisitState,
)
from tests.counts import count
from tests.rules.builders import a_correction, a_tag, at, at_the_door, some_facts
from tests.rules.plain_visits import ANCHOR, SENT, WALL, Fix, Stay, Tap, stays

BEGAN = at("2014-02-03T06:00:00+01:00")
DAY, YEAR = 86_400, 31_536_000
MOST_TRAVEL = 2
"""Seconds after which whatever was sent has come."""
TAGS = tuple(a_tag(customer=one, valid_from="2000-01-01") for one in ("k", "k2"))
"""They hung there at whatever time the worst clock tells."""
WRONG = (0, 0, 7, -7, 3_600, -3_600, DAY, -DAY, YEAR, -YEAR)
KINDS = ("check_in", "check_in", "check_out", "check_out", "check_out", "change_service", "visit_note")


def instant(second: int) -> datetime:
    """The instant so many seconds after the story began."""
    return shift(BEGAN, second)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A server time that a phone saw: what it was told, at which true millisecond, in which boot."""

    told_s: int
    true_ms: int
    boot: str


@dataclass(slots=True, kw_only=True)
class Captured:
    """A tap in a phone's queue: what the phone will send, and the truth of it."""

    registration: Registration
    true_s: int
    wall_s: int
    seen: Seen | None


@dataclass(slots=True, kw_only=True)
class Phone:
    """Its clocks: `wall` is how wrong its wall clock is; the elapsed clock began at a true millisecond."""

    name: str
    boots: int = 0
    booted_ms: int = 0
    wall: int = 0
    seen: Seen | None = None
    taps: int = 0
    queue: list[Captured] = field(default_factory=list)

    @property
    def boot(self) -> str:
        """The name of its boot."""
        return f"{self.name}{self.boots}"

    def elapsed_ms(self, true_ms: int) -> int:
        """What its elapsed clock shows."""
        return true_ms - self.booted_ms

    def clock(self, true_s: int) -> Clock:
        """What it tells of its clocks, with the last server time that it saw, even of a boot that is over."""
        self.taps += 1
        anchor = None
        if self.seen is not None:
            shown = self.seen.true_ms - (self.booted_ms if self.seen.boot == self.boot else 0)
            anchor = Anchor(server_at=instant(self.seen.told_s), elapsed_ms=shown, boot_id=self.seen.boot)
        return Clock(elapsed_ms=self.elapsed_ms(true_s * 1000), boot_id=self.boot, sequence=self.taps, anchor=anchor)


class Field(RuleBasedStateMachine):
    """Two caregivers, two phones that they share, two doors, and a server that keeps what reaches it first."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.phones = [Phone(name="a"), Phone(name="b", booted_ms=-1)]
        self.ids: list[str] = []
        self.kept: dict[str, Registration] = {}
        self.taps: dict[str, Tap] = {}
        self.corrections: list[Correction] = []
        self.fixes: list[Fix] = []
        self.changed = False

    @initialize(walls=st.tuples(st.sampled_from(WRONG), st.sampled_from(WRONG)), booted=st.integers(0, 10_000_000))
    def begin(self, walls: tuple[int, int], booted: int) -> None:
        """Both phones have been on for some time, with some wall clock."""
        for phone, wall in zip(self.phones, walls, strict=True):
            phone.wall, phone.booted_ms = wall, -booted - phone.booted_ms

    @rule(seconds=st.sampled_from((1, 25, 31, 600, 1_799, 1_800, 1_801, 3_600, 43_199, 43_200, 43_201, 3 * DAY)))
    def time_passes(self, seconds: int) -> None:
        """On every clock."""
        self.now += seconds
        self.changed = True

    @rule(which=st.integers(0, 1), wall=st.sampled_from(WRONG))
    def somebody_sets_the_clock(self, which: int, wall: int) -> None:
        """Of a phone, to whatever, also in the middle of a visit."""
        self.phones[which].wall = wall

    @rule(which=st.integers(0, 1), ago_ms=st.integers(0, 40_000))
    def restart(self, which: int, ago_ms: int) -> None:
        """A phone begins a new boot; the server time that it remembers is of the former."""
        phone = self.phones[which]
        phone.boots += 1
        phone.booted_ms = self.now * 1000 - min(ago_ms, 900)

    @rule(which=st.integers(0, 1), lag_ms=st.integers(0, 900))
    def coverage(self, which: int, lag_ms: int) -> None:
        """A phone sees the server's time, as it was when the answer left."""
        phone, true_ms = self.phones[which], self.now * 1000
        phone.seen = Seen(told_s=(true_ms - lag_ms) // 1000, true_ms=true_ms, boot=phone.boot)

    @rule(
        which=st.integers(0, 1), caregiver=st.sampled_from(("c", "c", "c2")), kind=st.sampled_from(KINDS),
        door=st.sampled_from(("k", "k", "k", "k2", None)), first=st.sampled_from("abc"), clocked=st.integers(0, 5),
        stated=st.sampled_from((None, None, 0, 2_400)), data=st.data(),
    )  # fmt: skip
    def tap(
        self, which: int, caregiver: str, kind: str, door: str | None, first: str, clocked: int,
        stated: int | None, data: st.DataObject,
    ) -> None:  # fmt: skip
        """Somebody taps on a phone, which keeps it; by hand it may state another time."""
        phone = self.phones[which]
        names = None if kind == "check_in" else data.draw(st.sampled_from((None, None, None, *self.ids[-4:])))
        if kind == "visit_note" and names is None:
            names = "nobody's"
        one = Registration(
            id=f"{first}{len(self.ids):03}",
            kind=RegistrationKind(kind),
            caregiver_id=caregiver,
            captured_at=instant(self.now + phone.wall),
            received_at=instant(self.now),
            place=at_the_door(door) if door else Place(method=Method.MANUAL, reason=ManualReason.TAG_DAMAGED),
            stated_at=None if door or stated is None else instant(self.now - stated),
            visit_id=names,
            service=Service.HOUSEHOLD if kind == "change_service" else None,
            clock=phone.clock(self.now) if clocked else None,
        )
        self.ids.append(one.id)
        phone.queue.append(Captured(registration=one, true_s=self.now, wall_s=phone.wall, seen=phone.seen))

    @rule(
        which=st.integers(0, 1), travel_ms=st.integers(0, 1_900), answered=st.integers(0, 2),
        tells_sent=st.booleans(), data=st.data(),
    )  # fmt: skip
    def deliver(self, which: int, travel_ms: int, answered: int, tells_sent: bool, data: st.DataObject) -> None:
        """A phone sends some of its queue in any order; where the answer is lost it will send the same again."""
        phone = self.phones[which]
        some = data.draw(st.permutations(phone.queue))[: data.draw(st.sampled_from((99, 99, 1, 2)))]
        received_ms = self.now * 1000 + travel_ms
        sent = Sent(elapsed_ms=phone.elapsed_ms(self.now * 1000), boot_id=phone.boot) if tells_sent else None
        for one in some:
            if one.registration.id not in self.kept:
                self._keep(one, received_ms, sent)
        if answered:
            phone.queue = [one for one in phone.queue if all(one is not other for other in some)]
        self.changed = True

    @rule(
        which=st.integers(0, 1), seconds=st.sampled_from((60, 1_801, 43_200)), wall=st.sampled_from(WRONG),
        sees=st.booleans(), delivers=st.booleans(), data=st.data(),
    )  # fmt: skip
    def stay(
        self, which: int, seconds: int, wall: int, sees: bool, delivers: bool, data: st.DataObject
    ) -> None:  # fmt: skip
        """A whole stay, the wall clock set in the middle of it; coverage may come before its end."""
        told: dict[str, Any] = {"caregiver": "c", "door": "k", "clocked": 1, "stated": None, "data": data}
        self.tap(which=which, kind="check_in", first="a", **told)
        self.now += seconds
        self.phones[which].wall = wall
        if sees:
            self.coverage(which=which, lag_ms=0)
        self.tap(which=which, kind="check_out", first="b", **told)
        self.now += 60
        if delivers:
            self.deliver(which=which, travel_ms=0, answered=1, tells_sent=False, data=data)

    @rule(which=st.integers(0, 1))
    def lose(self, which: int) -> None:
        """What a phone had not delivered is gone with it; another one, just started, takes its place."""
        phone = self.phones[which]
        self.phones[which] = Phone(name=f"{phone.name}'", booted_ms=self.now * 1000, taps=phone.taps)

    @rule(
        starts=st.sampled_from((None, -1_800, 0, 1_800)), ends=st.sampled_from((None, -1_800, 0, 1_800)),
        void=st.integers(0, 5), waits=st.sampled_from((0, 0, 1, 4_000)), first=st.sampled_from("abc"), data=st.data(),
    )  # fmt: skip
    def correct(
        self, starts: int | None, ends: int | None, void: int, waits: int, first: str, data: st.DataObject
    ) -> None:
        """Somebody corrects a visit, around the present second; another approves it, at once or later."""
        if not self.kept:
            return
        visit, approved_s = data.draw(st.sampled_from(sorted(self.kept))), self.now + waits
        name, changes = f"{first}{len(self.fixes)}", self._changes(starts, ends, void == 0)
        told = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in changes.items()}
        approved = instant(approved_s).isoformat()
        self.corrections.append(a_correction(visit, id=name, approved=approved, **told))
        self.fixes.append(
            Fix(
                id=name, visit=visit, approved_s=approved_s, void=void == 0,
                starts_s=None if starts is None else self.now + starts,
                ends_s=None if ends is None else self.now + ends,
            )
        )  # fmt: skip
        self.changed = True

    def _changes(self, starts: int | None, ends: int | None, void: bool) -> dict[str, Any]:
        told: dict[str, Any] = {"void": True} if void else {}
        if starts is not None:
            told["starts_at"] = instant(self.now + starts)
        if ends is not None:
            told["ends_at"] = instant(self.now + ends)
        return told

    def _keep(self, one: Captured, received_ms: int, sent: Sent | None) -> None:
        """The server keeps it as it came first, and the truth of it is noted beside it."""
        received = instant(received_ms // 1000)
        told = replace(one.registration, received_at=received, recorded_at=received, sent=sent)
        self.kept[told.id] = told
        self.taps[told.id] = _truth(one, told, received_ms // 1000, self.now * 1000)

    @invariant()
    def the_visits_are_those_that_the_truth_makes(self) -> None:
        """Whatever arrived, in whatever order: V4–V10, V15."""
        if not self.changed:
            return
        self.changed = False
        now_s = self.now + MOST_TRAVEL
        judgement = judge(some_facts(*TAGS, *self.kept.values(), *self.corrections), instant(now_s), ())
        expected = stays(self.taps.values(), self.fixes, now_s)
        assert {key: replace(one, unproven=False) for key, one in expected.items()} == _found(judgement)
        self._unproven_time_is_held(judgement, expected)
        self._no_wall_clock_costs_a_second(judgement)

    def _unproven_time_is_held(self, judgement: Judgement, expected: dict[str, Stay]) -> None:
        """FAULTS 26: every stay with an end that nothing proves is told, and its pay held."""
        unproven = {key for key, one in expected.items() if one.unproven and one.state != "void"}
        assert {one.found.subject.id for one in judgement.deviations if one.found.rule == "D16"} == unproven
        assert unproven <= held_visits(judgement.deviations)

    def _no_wall_clock_costs_a_second(self, judgement: Judgement) -> None:
        """FAULTS 24, 25: within one boot no length is changed, and with any evidence no time is off by over 2 s."""
        for visit in judgement.visits:
            if visit.check_in is None or visit.check_out is None or visit.corrected:
                continue
            begun, over = (self.taps[end.registration_id] for end in (visit.check_in, visit.check_out))
            if None in (begun.boot, over.boot) or begun.boot != over.boot or begun.true_s > over.true_s:
                continue
            if visit.check_in.stated or visit.check_out.stated:
                continue
            assert visit.performed_seconds == over.true_s - begun.true_s
            if WALL not in (begun.evidence, over.evidence) and visit.starts_at is not None:
                assert abs(seconds_between(visit.starts_at, instant(begun.true_s))) <= 2

    def teardown(self) -> None:
        """Everything at once and backwards gives the same visits and the same money. V5; FAULTS 4."""
        told, now = (*TAGS, *self.kept.values(), *self.corrections), instant(self.now + MOST_TRAVEL)
        one, other = (judge(some_facts(*order), now, ("2014-02",)) for order in (told, told[::-1]))
        assert one.visits == other.visits
        assert one.account.stretches == other.account.stretches
        assert {row.found.subject.id: row.found.facts for row in one.deviations} == {
            row.found.subject.id: row.found.facts for row in other.deviations
        }


def _truth(one: Captured, told: Registration, received_s: int, sent_ms: int) -> Tap:
    """The tap as it truly was, and what its phone can prove of it."""
    clock, true_ms = told.clock, one.true_s * 1000
    offs: dict[int, int] = {}
    if clock is not None and one.seen is not None and one.seen.boot == clock.boot_id:
        offs[ANCHOR] = one.seen.told_s * 1000 - one.seen.true_ms
    if clock is not None and told.sent is not None and told.sent.boot_id == clock.boot_id:
        offs[SENT] = received_s * 1000 - sent_ms
    evidence = min(offs, default=WALL)
    off = offs.get(evidence, one.wall_s * 1000)
    seconds = {kind: (true_ms + off) // 1000 for kind, off in offs.items()}
    best = (true_ms + off) // 1000
    soon = abs(best - received_s) <= 30
    apart = abs(seconds[ANCHOR] - seconds[SENT]) if len(offs) == 2 else abs(best - one.true_s - one.wall_s)
    grade = "verified" if soon or (offs and apart <= 2) else "estimated" if offs else "unverified"
    stated = None if told.stated_at is None else seconds_between(BEGAN, told.stated_at)
    door = told.place.text.removeprefix("tag ") if told.place.text else None
    return Tap(
        id=told.id,
        kind=str(told.kind),
        caregiver=told.caregiver_id,
        door=door,
        names=told.visit_id,
        true_s=one.true_s,
        boot=None if clock is None else clock.boot_id,
        evidence=evidence,
        off_ms=off,
        grade=grade,
        stated_s=stated,
    )


def _found(judgement: Judgement) -> dict[str, Stay]:
    """The product's visits in the words of the plain ones."""
    return {
        visit.id: Stay(
            start_s=None if visit.starts_at is None else seconds_between(BEGAN, visit.starts_at),
            end_s=None if visit.ends_at is None else seconds_between(BEGAN, visit.ends_at),
            state=str(VisitState(visit.state)),
            evidence_grade=visit.evidence_grade,
            clock_grade=str(visit.clock_grade),
            unproven=False,
            taps=tuple(sorted(visit.registration_ids)),
        )
        for visit in judgement.visits
    }


Field.TestCase.settings = settings(max_examples=count(1_000), stateful_step_count=30)
TestField = Field.TestCase
