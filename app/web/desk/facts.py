"""A deviation's facts in plain words: what was seen, what was expected, and by which policy of which day.

The sentences stand in `words/facts.json`. Whatever a rule tells that nobody has a sentence for is listed as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.rules.deviations.values import Rule
from app.rules.policies import BY_NAME
from app.rules.time import STOCKHOLM, parse_instant
from app.web.desk.formats import duration
from app.web.rulebook import policy_texts

UNTOLD = (LookupError, TypeError, ValueError, AttributeError, OverflowError)
"""What reading facts that are otherwise than expected raises."""
BESIDE = frozenset({"customer_id", "tag_ids", "visit_ids"})
"""Ids that tell a reader nothing; the row beside them has the names."""
Json = Mapping[str, Any]


class Told(Protocol):
    """A deviation, or as much of it as tells its facts."""

    @property
    def rule(self) -> Rule:
        """Which rule found it."""

    @property
    def facts(self) -> Json:
        """What it found."""


def sentences(deviation: Told, words: Mapping[str, str], language: str) -> list[str]:
    """The facts, one sentence each: the stay, what the rule saw and expected, and the policies; never raises."""
    reading = _Reading(dict(deviation.facts), words)
    try:
        told = [*reading.stay(), *_BY_RULE[deviation.rule](reading)]
    except UNTOLD:
        reading = _Reading(dict(deviation.facts), words)
        told = []
    return [*told, *_listed(reading), *_policies(deviation.facts, words, language)]


def in_common(several: Sequence[Sequence[str]]) -> list[str]:
    """The sentences that each of several deviations tells, in the order of the first; () of a single one."""
    if len(several) < 2:
        return []
    return [one for one in several[0] if all(one in told for told in several)]


def _listed(reading: _Reading) -> Iterator[str]:
    """What no sentence has told."""
    untold = {name: value for name, value in reading.facts.items() if name not in reading.read | BESIDE}
    for name, value in untold.items():
        if name not in ("policies", "expected"):
            yield f"{name}: {value}"
    expected = reading.facts.get("expected")
    for name, value in expected.items() if isinstance(expected, Mapping) else ():
        if name not in reading.read_expected:
            yield f"{reading.words['fact_expected']} {name}: {value}"


def _policies(facts: Json, words: Mapping[str, str], language: str) -> list[str]:
    applied = facts.get("policies")
    if not isinstance(applied, list):
        return []
    says = {one.kind.name: one.says for one in policy_texts(language)}
    found: list[str] = []
    for one in applied:
        try:
            since = one["valid_from"]
            held = words["fact_policy_default"] if since is None else words["fact_policy_since"].format(since=since)
            value = _with_unit(one["name"], one["value"])
            text = words["fact_policy"].format(says=says[one["name"]], value=value, held=held)
        except UNTOLD:
            text = f"{words['fact_policy_named']} {one}"
        found.append(text)
    return found


def _with_unit(name: str, value: object) -> str:
    unit = BY_NAME[name].unit
    if unit == "s" and isinstance(value, int):
        return duration(value)
    return f"{value} {unit}" if unit in ("%", "m", "km/h") else str(value)


@dataclass(slots=True)
class _Reading:
    """The facts as they are read, and which of them have been. Raises one of `UNTOLD` for what is not there."""

    facts: dict[str, Any]
    words: Mapping[str, str]
    read: set[str] = field(default_factory=set)
    read_expected: set[str] = field(default_factory=set)

    def say(self, key: str, **values: object) -> str:
        """The sentence with its values."""
        return self.words[f"fact_{key}"].format(**values)

    def of(self, name: str) -> Any:
        """A fact."""
        self.read.add(name)
        return self.facts[name]

    def may(self, name: str) -> Any:
        """A fact, None where it is not told."""
        self.read.add(name)
        return self.facts.get(name)

    def expected(self, name: str) -> Any:
        """What was expected."""
        self.read_expected.add(name)
        return self.facts["expected"][name]

    def may_expect(self, name: str) -> Any:
        """What was expected, None where nothing was."""
        self.read_expected.add(name)
        return (self.facts.get("expected") or {}).get(name)

    def span(self, name: str) -> str:
        """A fact in seconds."""
        return duration(self.of(name))

    def expected_span(self, name: str) -> str:
        """Seconds that were expected."""
        return duration(self.expected(name))

    def stay(self) -> Iterator[str]:
        """The stay, or what was planned, where the facts have times of their own."""
        if "starts_at" in self.facts and "ends_at" in self.facts:
            start, end = self.of("starts_at"), self.of("ends_at")
            planned = "missed" if "begun_by" in (self.facts.get("expected") or {}) else "stay"
            if start is None:
                yield self.say("stay_without_start", end=_at(end))
            elif end is None:
                yield self.say("stay_without_end", start=_at(start))
            else:
                yield self.say("planned" if planned == "missed" else "stay", start=_at(start), end=_until(start, end))


def _at(text: str) -> str:
    return parse_instant(text).astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M:%S")


def _until(start: str, end: str) -> str:
    """The later instant, without its day where that is the earlier one's."""
    return _at(end)[11:] if _at(start)[:10] == _at(end)[:10] else _at(end)


def _under(of: _Reading) -> Iterator[str]:
    yield of.say("D1", performed=of.span("performed_seconds"), granted=of.span("granted_seconds"))
    yield of.say("D1_least", percent=of.of("percent"), least=of.expected_span("least_seconds"))


def _over(of: _Reading) -> Iterator[str]:
    yield of.say("D2", performed=of.span("performed_seconds"), excess=of.span("excess_seconds"))
    granted, extended = of.span("granted_seconds"), of.span("approved_extension_seconds")
    yield of.say("D2_most", granted=granted, extended=extended, most=of.expected_span("most_seconds"))


def _missed(of: _Reading) -> Iterator[str]:
    yield of.say("D3", by=_at(of.expected("begun_by")))


def _cancelled(of: _Reading) -> Iterator[str]:
    by = of.words[f"cancelled_by_{of.of('by')}"]
    yield of.say("D4", start=_at(of.of("starts_at")), notice=of.span("notice_seconds"), by=by, reason=of.of("reason"))
    yield of.say("D4_least", least=of.expected_span("least_notice_seconds"))


def _off_schedule(of: _Reading) -> Iterator[str]:
    yield of.say("planned", start=_at(of.expected("starts_at")), end=_until(*_expected_times(of)))
    for name in ("start", "end"):
        away = of.may(f"{name}_away_seconds")
        if away:
            yield of.say(f"D5_{name}_{'late' if away > 0 else 'early'}", away=duration(abs(away)))


def _expected_times(of: _Reading) -> tuple[str, str]:
    return of.expected("starts_at"), of.expected("ends_at")


def _length(of: _Reading) -> Iterator[str]:
    yield of.say("planned", start=_at(of.expected("starts_at")), end=_until(*_expected_times(of)))
    yield of.say("D6", performed=of.span("performed_seconds"), planned=of.span("planned_seconds"))


def _no_check_out(of: _Reading) -> Iterator[str]:
    cause = of.of("cause")
    by = _at(of.expected("closed_by")) if cause == "open" else ""
    longest = of.span("longest_stay_seconds") if cause == "closed_late" else ""
    yield of.say(f"D7_{cause}", by=by, longest=longest)


def _plain(key: str) -> Callable[[_Reading], Iterator[str]]:
    def told(of: _Reading) -> Iterator[str]:
        yield of.say(key)

    return told


def _manual(of: _Reading) -> Iterator[str]:
    by_hand, corrected, supplied = of.of("manual_registration_ids"), of.of("corrected"), of.of("supplied")
    if by_hand:
        yield of.say("D9_by_hand", count=len(by_hand))
    moved = [name for name in corrected if name not in supplied]
    for key, names in (("D9_corrected", moved), ("D9_supplied", supplied)):
        if names:
            yield of.say(key, ends=_joined(of, [of.words[f"fact_{name}"] for name in names]))
    longer = of.of("lengthened_seconds")
    if longer:
        yield of.say("D9_longer", longer=duration(longer))


def _joined(of: _Reading, several: list[str]) -> str:
    return f" {of.words['fact_and']} ".join(several)


def _wrong_tag(of: _Reading) -> Iterator[str]:
    for problem in of.of("problems"):
        end, _, said = problem.partition(": ")
        yield of.say("D10", end=of.words[f"end_{end}"], said=of.words[f"tag_{said.replace(' ', '_')}"])


def _overlap(of: _Reading) -> Iterator[str]:
    yield of.say("D11", seconds=of.span("seconds"), count=len(of.of("visit_ids")))


def _double(of: _Reading) -> Iterator[str]:
    yield of.say("D12", seconds=of.span("seconds"), start=_at(of.of("from")))
    granted = of.may_expect("double_staffed_seconds")
    yield of.say("D12_none") if not granted else of.say("D12_granted", granted=duration(granted))


def _no_order(of: _Reading) -> Iterator[str]:
    yield of.say("D13", seconds=of.span("seconds"), start=_at(of.of("from")))
    services = of.may_expect("services") or []
    named = ", ".join(of.words[f"service_{one}"] for one in services)
    yield of.say("D13_ordered", services=named) if named else of.say("D13_none")


def _travel(of: _Reading) -> Iterator[str]:
    left, arrived = of.of("left_at"), of.of("arrived_at")
    yield of.say("D14", left=_at(left), arrived=_until(left, arrived), between=of.span("between_seconds"))
    yield of.say("D14_least", metres=of.of("distance_metres"), least=of.expected_span("least_seconds"))


def _short(of: _Reading) -> Iterator[str]:
    yield of.say("D15", performed=of.span("performed_seconds"), least=of.expected_span("least_seconds"))


def _clock(of: _Reading) -> Iterator[str]:
    for one in of.of("ends"):
        end, grade = of.words[f"end_{one['end']}"], of.words[f"clock_{one['clock_grade']}"]
        apart = one["apart_seconds"]
        yield (
            of.say("D16", end=end, grade=grade)
            if apart is None
            else of.say("D16_apart", end=end, grade=grade, apart=duration(apart))
        )
    yield of.say("D16_most", most=of.expected_span("most_apart_seconds"))


def _late_start(of: _Reading) -> Iterator[str]:
    started = of.of("started_at")
    yield of.say("D18", due=_at(of.of("due_at")))
    yield of.say("D18_never") if started is None else of.say("D18_started", started=_at(started))


def _plan_overdue(of: _Reading) -> Iterator[str]:
    received = of.of("received_on")
    yield of.say("D19", due=of.of("due_on"))
    yield of.say("D19_never") if received is None else of.say("D19_received", received=received)


def _unpriced(of: _Reading) -> Iterator[str]:
    yield of.say("D20", seconds=of.span("seconds"), start=_at(of.of("from")))


def _replayed(of: _Reading) -> Iterator[str]:
    for one in of.of("ends"):
        yield of.say(f"D21_{one['cause']}", end=of.words[f"end_{one['end']}"], counter=one["counter"])


def _gap(of: _Reading) -> Iterator[str]:
    numbers = [str(first) if first == last else f"{first}–{last}" for first, last in of.of("numbers")]
    yield of.say("D22", missing=of.of("missing"), numbers=", ".join(numbers))


def _late(of: _Reading) -> Iterator[str]:
    for end, seconds in of.of("late_seconds").items():
        yield of.say("D23", end=of.words[f"end_{end}"], late=duration(seconds))
    yield of.say("D23_most", most=of.expected_span("most_late_seconds"))


def _weak(of: _Reading) -> Iterator[str]:
    yield of.say("D25", grade=of.of("evidence_grade"), least=of.of("least_evidence_grade"))


_BY_RULE: Mapping[Rule, Callable[[_Reading], Iterator[str]]] = {
    Rule.D1: _under,
    Rule.D2: _over,
    Rule.D3: _missed,
    Rule.D4: _cancelled,
    Rule.D5: _off_schedule,
    Rule.D6: _length,
    Rule.D7: _no_check_out,
    Rule.D8: _plain("D8"),
    Rule.D9: _manual,
    Rule.D10: _wrong_tag,
    Rule.D11: _overlap,
    Rule.D12: _double,
    Rule.D13: _no_order,
    Rule.D14: _travel,
    Rule.D15: _short,
    Rule.D16: _clock,
    Rule.D17: _plain("D17"),
    Rule.D18: _late_start,
    Rule.D19: _plan_overdue,
    Rule.D20: _unpriced,
    Rule.D21: _replayed,
    Rule.D22: _gap,
    Rule.D23: _late,
    Rule.D24: _plain("D24"),
    Rule.D25: _weak,
}
