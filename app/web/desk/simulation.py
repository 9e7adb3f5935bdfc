"""The controller's simulation: months run again as if a rate, the cap or a tolerance were another, before deciding.

The page is sent as it is computed: its head at once, a line for each provider, then the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from flask import Response, render_template, request, stream_with_context

from app.actions.calls import Call
from app.actions.simulated_months import (
    MOST_MONTHS,
    Asked,
    Planned,
    Settings,
    Stage,
    plan,
    read_settings,
    steps,
    sum_of,
)
from app.rules.access import Role
from app.rules.comparisons import Comparison
from app.rules.policies import BY_NAME, KINDS, PolicyKind
from app.rules.rates import Rate
from app.rules.refusal import Kind, Refused
from app.rules.time import first_day, month_interval, month_of, next_month, previous_month
from app.web.desk.asked import month_in
from app.web.desk.formats import duration, kronor
from app.web.desk.plots import Bars, Row, bars, row_of
from app.web.desk.shell import desk, opened, show
from app.web.desk.wording import told
from app.web.language import language
from app.web.rulebook import policy_texts

STEPS, RESULT = "<!-- steps -->", "<!-- result -->"
"""Where the page is cut to be sent piece by piece."""
MOST_BARS = 12
MINUTE = 60
LONGEST_LABEL = 28
_SIMULATED = ("V", "D", "O")
_NUMBER = re.compile(r"-?[0-9]{1,4}(?:\.[0-9]{1,4})?", re.ASCII)
_KRONOR = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,2})?", re.ASCII)
WRITE = {"kronor": kronor, "duration": duration}
TOLERANCES = tuple(kind for kind in KINDS if not kind.choices and kind.rule[0] in _SIMULATED)
"""The numbers that visits, deviations and pay go by; the lock date and what concerns requests change no outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """A policy that may be set otherwise: what it says, and what holds now, by municipality where that differs."""

    kind: PolicyKind
    says: str
    now: str


@dataclass(slots=True, kw_only=True)
class Written:
    """What the form says, and what is wrong with it: field → the word for it."""

    since: str
    until: str
    municipality: str | None
    faults: dict[str, str]
    settings: tuple[str, ...] = ()

    @property
    def months(self) -> tuple[str, ...]:
        """The months from the first to the last, as far as they are not too many."""
        found = [self.since]
        while found[-1] < self.until and len(found) <= MOST_MONTHS:
            found.append(next_month(found[-1]))
        return tuple(found)


@desk.get("/simulation")
@opened(Role.CONTROLLER)
def simulation(call: Call) -> Response:
    """What may be simulated. Source: CONTRACT, Scenario files."""
    last = previous_month(month_of(call.today))
    return _page(call, Written(since=last, until=last, municipality=None, faults={}))


@desk.post("/simulation")
@opened(Role.CONTROLLER)
def simulating(call: Call) -> Response:
    """The months run as they were, and as if: provider by provider, as it is computed. Nothing is stored."""
    written = _written(call)
    if written.faults:
        return _page(call, written, 422)
    try:
        planned = plan(call, Asked(months=written.months, municipality=written.municipality, settings=written.settings))
    except Refused as fault:
        if fault.kind is Kind.MISSING:
            raise
        return _page(call, written, 422, fault=fault)
    return _streamed(_page(call, written, planned=planned), _pieces(call, planned))


def _page(call: Call, written: Written, status: int = 200, **values: object) -> Response:
    settings = read_settings(call)
    day = first_day(month_in(written.since, month_of(call.today)))
    homes = settings.care_system.municipalities
    asked = homes if written.municipality is None else (written.municipality,)
    now = {
        name: {_home(home): told_value(name, settings.policies.applied(name, home, day).value) for home in asked}
        for name in ("cap", *(one.name for one in TOLERANCES))
    }
    says = policy_names()
    return show(
        "simulation.html",
        status,
        municipalities=homes,
        rates=rates_of(settings, written.municipality),
        cap_now=_by_home(now["cap"]),
        says=says,
        told_value=told_value,
        tolerances=[Tolerance(kind=one, says=says[one.name], now=_by_home(now[one.name])) for one in TOLERANCES],
        written=written,
        active="desk.simulation",
        form=request.form,
        form_faults=written.faults,
        home=_home,
        price=price,
        steps_here=STEPS,
        result_here=RESULT,
        **values,
    )


def told_value(name: str, value: object) -> str:
    """`1800 s (30 min)`, or a choice in words."""
    words, kind = told(language()), BY_NAME[name]
    if kind.choices:
        return words[f"sim_{name}_{value}"]
    whole = f" ({duration(int(str(value)))})" if kind.unit == "s" and int(str(value)) >= MINUTE else ""
    return f"{value} {words.get(f'sim_unit_{kind.unit}', kind.unit)}{whole}"


def policy_names() -> dict[str, str]:
    """What each policy is called on the page: its rule, and what it says."""
    words = told(language())
    found = {}
    for one in policy_texts(language()):
        rule = words.get(f"rule_{one.kind.rule}")
        found[one.kind.name] = f"{one.kind.rule} {rule}: {one.says}" if rule else f"{one.kind.rule}: {one.says}"
    return {**found, "cap": words["field_sim_cap"]}


def _by_home(values: Mapping[str, str]) -> str:
    """The value, or each municipality's where they differ."""
    several = len(set(values.values())) > 1
    return ", ".join(f"{home}: {value}" for home, value in values.items()) if several else next(iter(values.values()))


def rates_of(settings: Settings, municipality: str | None) -> tuple[Rate, ...]:
    """The rates of the municipality, or of all, the newest of each kind first."""
    own = [one for one in settings.rates if municipality in (None, one.municipality)]
    newest = sorted(own, key=lambda one: one.valid_from, reverse=True)
    return tuple(sorted(newest, key=lambda one: (one.municipality, one.service, one.provider_kind or "")))


def price(ore_per_hour: Decimal | str) -> str:
    """`378,51`: what an hour costs, in kronor, with all its figures."""
    ore = Decimal(ore_per_hour)
    return kronor(int(ore)) if ore == int(ore) else f"{ore.scaleb(-2):f}".replace(".", ",")


def _home(municipality: str) -> str:
    return told(language()).get(f"municipality_{municipality}", municipality)


def _written(call: Call) -> Written:
    faults: dict[str, str] = {}
    since, until = (request.form.get(name, "").strip() for name in ("from", "to"))
    for name, month in (("from", since), ("to", until)):
        if not month_in(month, ""):
            faults[name] = "fault_month"
    written = Written(since=since, until=until, municipality=request.form.get("municipality") or None, faults=faults)
    if not faults and not (since <= until and written.months[-1] == until and len(written.months) <= MOST_MONTHS):
        faults["to"] = "fault_sim_span"
    elif not faults and month_interval(until).end > call.now:
        faults["to"] = "fault_sim_over"
    written.settings = tuple(_settings(written.municipality, faults))
    if not faults and not written.settings:
        faults["sim_cap"] = "fault_sim_nothing"
    return written


def _settings(municipality: str | None, faults: dict[str, str]) -> Iterator[str]:
    """Each change that the form asks for, as the command writes it."""
    where = f"{municipality}." if municipality else ""
    cap = request.form.get("sim_cap", "")
    if cap:
        yield f"policy.{where}cap={cap}"
    for kind in TOLERANCES:
        value = _number(f"policy_{kind.name}", re.compile("[0-9]{1,10}", re.ASCII), faults)
        if value:
            yield f"policy.{where}{kind.name}={value}"
    percent = _number("sim_opi", _NUMBER, faults)
    if percent:
        field = "index_to_krona" if request.form.get("sim_rounding") == "krona" else "index"
        yield f"rate.{municipality or '*'}.{field}={percent}"
    rate_id, kronor_text = request.form.get("sim_rate", ""), _number("sim_kronor", _KRONOR, faults)
    if bool(rate_id) != bool(kronor_text) and "sim_kronor" not in faults:
        faults["sim_kronor" if rate_id else "sim_rate"] = "fault_sim_both"
    elif kronor_text:
        whole, _, rest = kronor_text.partition(".")
        yield f"rate.{rate_id}.ore_per_hour={int(whole) * 100 + int(rest.ljust(2, '0') or 0)}"


def _number(name: str, form: re.Pattern[str], faults: dict[str, str]) -> str:
    """The number that was written, with a point; empty where nothing was; a fault for anything else."""
    text = request.form.get(name, "").strip().replace("\N{MINUS SIGN}", "-").replace(",", ".").replace("\xa0", "")
    if text and form.fullmatch(text) is None:
        faults[name] = "fault_sim_number"
        return ""
    return text


def _streamed(page: Response, pieces: Iterable[str]) -> Response:
    """The page, sent as its pieces come: nobody in between keeps it back."""
    head, rest = page.get_data(as_text=True).split(STEPS)
    middle, tail = rest.split(RESULT)

    def told_in_turn() -> Iterator[str]:
        yield head
        for piece in pieces:
            yield middle if piece == RESULT else piece
        yield tail

    page.response = stream_with_context(told_in_turn())
    page.headers.pop("Content-Length", None)
    page.headers["X-Accel-Buffering"] = "no"
    return page


def _pieces(call: Call, planned: Planned) -> Iterator[str]:
    """A line for each share as it comes, then `RESULT`, then the whole, or what went wrong."""
    words = {
        "desk": told(language()),
        "lang": language(),
        "home": _home,
        "signed": signed,
        "percent_of": percent_of,
        "write": WRITE,
    }
    found: list[Comparison] = []
    for step in steps(call, planned):
        if step.stage is Stage.BROKEN:
            yield RESULT
            yield render_template("desk/simulation_trouble.html", fault=step.fault, **words)
            return
        found += [] if step.comparison is None else [step.comparison]
        yield render_template("desk/simulation_step.html", step=step, stage=step.stage.value, **words)
    whole = sum_of(found)
    plot = provider_bars(whole, planned)
    yield RESULT
    yield render_template("desk/simulation_result.html", planned=planned, whole=whole, plot=plot, **words)


def provider_bars(whole: Comparison, planned: Planned) -> Bars:
    """Two bars for each provider, as it was and as if: of those that change most, in the order of their names."""
    most = sorted(whole.by_provider, key=lambda row: -abs(row.difference.amount_ore))[:MOST_BARS]
    named = sorted((planned.providers[row.key.provider_id].name, row.key, row) for row in most)
    found: list[Row] = []
    for name, key, row in named:
        label = shortened(f"{name}, {_home(key.municipality)}" if key.municipality else name)
        before, after = row.before.amount_ore, row.after.amount_ore
        more = signed(row.difference.amount_ore, kronor)
        found.append(row_of(label, max(before, 0), f"{kronor(before)} kr", "grant"))
        found.append(row_of("", max(after, 0), f"{kronor(after)} kr ({more})"))
    return bars(found)


def shortened(label: str) -> str:
    """The label, or as much of it as stands beside a sum on a phone; the table has the whole."""
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def signed(value: int, write: Callable[[int], str]) -> str:
    """With a plus where it is more, and a bare 0 for no difference."""
    return "0" if value == 0 else f"+{write(value)}" if value > 0 else write(value)


def percent_of(per_ten_thousand: int | None) -> str:
    """`+2,30 %`; a dash where there was nothing before."""
    if per_ten_thousand is None:
        return "–"
    return signed(per_ten_thousand, lambda value: f"{kronor(value)} %")
