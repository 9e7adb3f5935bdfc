"""Policies: the dated numbers that each municipality may set, with their units and defaults.

A policy row holds from its `valid_from` until the next row of its municipality and name begins. A row without
municipality holds for all that have no row of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from app.rules.recorded import Recorded
from app.rules.refusal import Kind, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyKind:
    """One policy: what it is called, its unit, its default, the rule it serves, and the values it may take."""

    name: str
    unit: str
    default: int | str
    rule: str
    says: str
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 1_000_000_000


KINDS: tuple[PolicyKind, ...] = (
    PolicyKind(
        name="cap",
        unit="choice",
        default="granted",
        rule="R2",
        choices=("granted", "none"),
        says="paid up to granted and extended time, or all performed time",
    ),
    PolicyKind(name="longest_stay_seconds", unit="s", default=43_200, rule="V4", says="how long a visit may stay open"),
    PolicyKind(
        name="longest_stay_escort_respite_seconds",
        unit="s",
        default=259_200,
        rule="V4",
        says="how long an escort or respite visit may stay open",
    ),
    PolicyKind(name="verified_within_seconds", unit="s", default=30, rule="V8", says="received this soon is verified"),
    PolicyKind(
        name="evidence_within_seconds", unit="s", default=2, rule="V8", says="clock evidence this close is verified"
    ),
    PolicyKind(
        name="plan_match_seconds", unit="s", default=7_200, rule="V16", says="how far from its plan a visit may start"
    ),
    PolicyKind(
        name="position_near_metres", unit="m", default=200, rule="V7", says="a position this near the customer is near"
    ),
    PolicyKind(
        name="start_of_care_seconds", unit="s", default=172_800, rule="O4", says="care starts within, home care"
    ),
    PolicyKind(
        name="start_of_care_escort_respite_seconds",
        unit="s",
        default=172_800,
        rule="O4",
        says="care starts within, escort and respite (Nacka: 14 days, N 4.2.2.1)",
    ),
    PolicyKind(
        name="implementation_plan_days", unit="days", default=14, rule="O5", says="implementation plan is in within"
    ),
    PolicyKind(
        name="under_delivery_percent", unit="%", default=75, rule="D1", most=100, says="performed below this share"
    ),
    PolicyKind(name="missed_visit_seconds", unit="s", default=3_600, rule="D3", says="after the planned end"),
    PolicyKind(name="late_cancellation_seconds", unit="s", default=86_400, rule="D4", says="notice shorter than this"),
    PolicyKind(
        name="off_schedule_seconds", unit="s", default=1_800, rule="D5", says="start or end further from the plan"
    ),
    PolicyKind(name="length_differs_seconds", unit="s", default=900, rule="D6", says="length further from the planned"),
    PolicyKind(
        name="length_differs_percent", unit="%", default=25, rule="D6", says="and further than this share of it"
    ),
    PolicyKind(
        name="no_check_out_seconds", unit="s", default=14_400, rule="D7", says="open longer past the planned end"
    ),
    PolicyKind(
        name="lengthened_seconds",
        unit="s",
        default=900,
        rule="D9",
        says="a correction that lengthens by more holds pay",
    ),
    PolicyKind(
        name="implausible_travel_km_per_hour",
        unit="km/h",
        default=130,
        rule="D14",
        least=1,
        says="faster between two stays",
    ),
    PolicyKind(name="very_short_visit_seconds", unit="s", default=120, rule="D15", says="a visit shorter than this"),
    PolicyKind(name="clock_apart_seconds", unit="s", default=120, rule="D16", says="clock estimates further apart"),
    PolicyKind(
        name="tap_order_seconds",
        unit="s",
        default=60,
        rule="D21",
        says="a tap this much later than one with a higher counter contradicts it (two verified clocks: 30 s each)",
    ),
    PolicyKind(
        name="sequence_gap_seconds", unit="s", default=172_800, rule="D22", says="a gap in a phone's numbers older than"
    ),
    PolicyKind(
        name="late_registration_seconds", unit="s", default=259_200, rule="D23", says="received later after capture"
    ),
    PolicyKind(
        name="least_evidence_grade", unit="grade", default=0, rule="D25", most=3, says="a lower grade needs explaining"
    ),
    PolicyKind(name="extension_asked_within_days", unit="days", default=14, rule="E6", says="later requests are late"),
    PolicyKind(
        name="extension_reviewed_within_days", unit="days", default=7, rule="E6", says="what waits longer is overdue"
    ),
    PolicyKind(
        name="reassessment_extensions",
        unit="count",
        default=3,
        rule="E7",
        least=1,
        says="extensions that propose a new assessment, within reassessment_months",
    ),
    PolicyKind(
        name="reassessment_months",
        unit="months",
        default=3,
        rule="E7",
        least=1,
        most=60,
        says="calendar months running in which extensions are counted together",
    ),
    PolicyKind(
        name="reassessment_under_delivery_months",
        unit="months",
        default=2,
        rule="E7",
        least=1,
        most=60,
        says="months running of under-delivery that propose a new assessment",
    ),
    PolicyKind(
        name="lock_day",
        unit="day of month",
        default=5,
        rule="R8",
        least=1,
        most=28,
        says="day the month before is locked",
    ),
    PolicyKind(
        name="lock_minute", unit="min", default=1_080, rule="R8", most=1_439, says="minute of that day, local (18:00)"
    ),
)
BY_NAME: Mapping[str, PolicyKind] = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Recorded):
    """A municipality's value of a policy from a day on; `municipality` None holds where no own row does."""

    name: str
    value: int | str
    valid_from: date
    source: str
    municipality: str | None = None


def check_policy(name: str, value: int | str) -> None:
    """Refuses a name that is none, a value of another kind and one beyond its borders, which are inside."""
    kind = BY_NAME.get(name)
    if kind is None:
        raise Refused("policy", f"no policy is called {name}; they are {', '.join(BY_NAME)}", Kind.INVALID, "/name")
    if kind.choices:
        if value not in kind.choices:
            raise Refused(kind.rule, f"{name} is one of {', '.join(kind.choices)}", Kind.INVALID, "/value")
    elif isinstance(value, (str, bool)) or not kind.least <= value <= kind.most:
        raise Refused(
            kind.rule,
            f"{name} is a whole number from {kind.least} to {kind.most} ({kind.unit})",
            Kind.INVALID,
            "/value",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A policy as a rule asked for it: for which day, what held then and since when (None: the default)."""

    name: str
    value: int | str
    on: date
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class Policies:
    """The policy rows that are known, asked by name, municipality and day."""

    rows: tuple[Policy, ...] = ()
    _found: dict[tuple[str, str | None, date], Applied] = field(default_factory=dict, compare=False, repr=False)
    _numbers: dict[tuple[str | None, date], Mapping[str, int]] = field(default_factory=dict, compare=False, repr=False)

    def number(self, name: str, municipality: str | None, day: date) -> int:
        """The whole number that holds in the municipality on the day."""
        value = self.applied(name, municipality, day).value
        if isinstance(value, str):
            raise TypeError(f"{name} is not a number")
        return value

    def choice(self, name: str, municipality: str | None, day: date) -> str:
        """The choice that holds in the municipality on the day."""
        return str(self.applied(name, municipality, day).value)

    def applied(self, name: str, municipality: str | None, day: date) -> Applied:
        """The value with the row that it is from: what a deviation tells of its limit. Source: RULEBOOK D."""
        key = (name, municipality, day)
        if key not in self._found:
            self._found[key] = self._look_up(name, municipality, day)
        return self._found[key]

    def numbers(self, municipality: str | None, day: date) -> Mapping[str, int]:
        """Every policy that is a number, as it holds in the municipality on the day; for who asks for many of them."""
        key = (municipality, day)
        if key not in self._numbers:
            named = (kind.name for kind in KINDS if not kind.choices)
            self._numbers[key] = {name: self.number(name, municipality, day) for name in named}
        return self._numbers[key]

    def _look_up(self, name: str, municipality: str | None, day: date) -> Applied:
        rows = [row for row in self.rows if row.name == name and row.valid_from <= day]
        own = [row for row in rows if row.municipality is not None and row.municipality == municipality]
        shared = [row for row in rows if row.municipality is None]
        for candidates in (own, shared):
            if candidates:
                row = max(candidates, key=lambda row: (row.valid_from, row.recorded_at, row.version, row.id))
                return Applied(name=name, value=row.value, on=day, valid_from=row.valid_from)
        return Applied(name=name, value=BY_NAME[name].default, on=day)


def policies_of(rows: Iterable[Policy]) -> Policies:
    """The rows as something to ask."""
    return Policies(tuple(rows))
