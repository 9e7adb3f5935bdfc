"""The controller's rates: what an hour is worth now, before and to come, what has no price, and new rows (R3, R4, R10).

Whatever adds a row says first what it will do; only the step after that adds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from app.actions.calls import Answered, Call
from app.actions.desk.rates import RatesPage, look, published, rates_page
from app.actions.rates import add_rates, propose_rates
from app.actions.tariffs import tariff_rows
from app.rules.access import Role
from app.rules.providers import Law, ProviderKind, Service
from app.rules.rates import Holidays, Rate
from app.rules.refusal import Refused
from app.web.desk.asked import new_key, once
from app.web.desk.forms import Form, written
from app.web.desk.prices import FILTERS
from app.web.desk.rate_forms import FIELDS, WINDOWS, day_in, percent_in, row_in, sent_again, set_in
from app.web.desk.shell import back_to, desk, doing, opened, show, trouble

Again = Callable[[int, dict[str, str], Refused | None], Response]
"""Shows the form once more: with which status, which faults, and what refused it."""


@desk.get("/rates")
@opened(Role.CONTROLLER)
def rates(call: Call) -> Response:
    """The rates of one municipality, and what in it has no price. Source: R3, R4, D20."""
    return show("rates.html", found=rates_page(call, request.args.get("municipality")))


@desk.get("/rates/new")
@opened(Role.CONTROLLER)
def new_rate(call: Call) -> Response:
    """The form for a row."""
    return _form(rates_page(call, request.args.get("municipality")))(200, {}, None)


@desk.post("/rates/new")
@opened(Role.CONTROLLER)
def add_rate(call: Call) -> AnyResponse:
    """What the row will do and, confirmed, the row. Source: R3."""
    found, form = rates_page(call, request.form.get("municipality")), Form()
    row = row_in(form, found.municipality, found.bands)
    again = _form(found)
    if row is None:
        return again(422, form.faults, None)
    return _in_steps(call, [row], found.municipality, "desk.new_rate", again)


def _form(found: RatesPage) -> Again:
    def again(status: int, faults: dict[str, str], fault: Refused | None) -> Response:
        return show(
            "rate_new.html",
            status,
            found=found,
            form_faults=faults,
            fault=fault,
            before={name: request.values.get(name, "") for name in FIELDS},
            days={number: request.form.getlist(f"band_days_{number}") for number in WINDOWS},
            choices={
                "service": list(Service),
                "law": list(Law),
                "kind": list(ProviderKind),
                "holidays": list(Holidays),
            },
            active="desk.rates",
        )

    return again


@desk.get("/rates/tariffs")
@opened(Role.CONTROLLER)
def rate_tariffs(call: Call) -> Response:
    """The published tables with their sources, and what these leave out. Source: R3, R4."""
    return _tariffs(call)(200, {}, None)


@desk.post("/rates/tariffs")
@opened(Role.CONTROLLER)
def add_rate_tariff(call: Call) -> AnyResponse:
    """What the table's rows will do and, confirmed, all of them. Source: R3."""
    found = rates_page(call, request.form.get("municipality"))
    rows = tariff_rows(call, request.form.get("tariff", ""), found.municipality)
    return _in_steps(call, rows, found.municipality, "desk.rate_tariffs", _tariffs(call))


def _tariffs(call: Call) -> Again:
    found = rates_page(call, request.values.get("municipality"))

    def again(status: int, _faults: dict[str, str], fault: Refused | None) -> Response:
        return show("rate_tariffs.html", status, found=found, tariffs=published(call), fault=fault, active="desk.rates")

    return again


@desk.get("/rates/index")
@opened(Role.CONTROLLER)
def rate_index(call: Call) -> Response:
    """What an index makes of today's prices: exact, and nothing becomes a rate by itself. Source: R10."""
    found = rates_page(call, request.args.get("municipality"))
    asked, faults = _index_asked(request.args)
    return _index(call, found, asked)(422 if faults else 200, faults, None)


@desk.post("/rates/index")
@opened(Role.CONTROLLER)
def set_rate_index(call: Call) -> AnyResponse:
    """What the kronor that somebody put in will do and, confirmed, all of those rows at once. Source: R10."""
    found, form = rates_page(call, request.form.get("municipality")), Form()
    asked, faults = _index_asked(request.form)
    if asked is None:
        return _index(call, found, None)(422, faults, None)
    rows = set_in(form, propose_rates(call, found.municipality, *asked))
    again = _index(call, found, asked)
    if form.faults:
        return again(422, form.faults, None)
    return _in_steps(call, rows, found.municipality, "desk.rate_index", again)


def _index_asked(told: Any) -> tuple[tuple[Decimal, date] | None, dict[str, str]]:
    """The per cent and the day, and what is wrong with them; neither where nothing has been asked yet."""
    if "opi_percent" not in told:
        return None, {}
    percent, day = percent_in(told["opi_percent"]), day_in(told.get("opi_from", "").strip())
    wrong = {"opi_percent": "fault_percent"} if percent is None else {}
    wrong |= {"opi_from": "fault_day"} if day is None else {}
    return (None, wrong) if percent is None or day is None else ((percent, day), {})


def _index(call: Call, found: RatesPage, asked: tuple[Decimal, date] | None) -> Again:
    proposed = None if asked is None else propose_rates(call, found.municipality, *asked)

    def again(status: int, faults: dict[str, str], fault: Refused | None) -> Response:
        return show(
            "rate_index.html",
            status,
            found=found,
            proposals=proposed,
            form_faults=faults,
            fault=fault,
            before={name: request.values.get(name, "") for name in ("opi_percent", "opi_from")},
            kronor=written(f"krona_{one.rate.id}" for one in proposed or ()),
            next_year=date(call.today.year + 1, 1, 1),
            active="desk.rates",
        )

    return again


def _in_steps(call: Call, rows: Sequence[Rate], municipality: str, form: str, again: Again) -> AnyResponse:
    """First what adding the rows will do, then, where that is confirmed, the rows; or the form once more."""
    step = request.form.get("step", "look")
    if step == "change":
        return again(200, {}, None)
    if step == "confirm":
        fault = doing(lambda: add_rates(once(call), rows, lambda _: Answered(status=201, headers={}, body="")))
        return (
            back_to("desk.rates", "rates_added", municipality=municipality) if fault is None else again(409, {}, fault)
        )
    if step != "look":
        return trouble("unfit", 422)
    looked: list[Any] = []
    fault = doing(lambda: looked.append(look(call, rows)))
    if fault is not None:
        return again(409, {}, fault)
    fields = sent_again(lambda name: name in ("step", "once"))
    return show("rate_look.html", looked=looked[0], fields=fields, form=form, key=new_key(), active="desk.rates")


for _name, _filter in FILTERS.items():
    desk.add_app_template_filter(_filter, _name)
