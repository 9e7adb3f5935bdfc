"""The controller's months: where every provider stands, the lock and the run."""

from __future__ import annotations

from flask import Response, abort, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.actions.calls import Call
from app.actions.desk.months import MunicipalityMonth, overview
from app.actions.months import lock
from app.actions.references import Draft
from app.actions.reimbursement.runs import issue_months
from app.rules.access import Role
from app.rules.refusal import Refused
from app.rules.time import month_of, next_month, previous_month
from app.web.desk.asked import has_pages
from app.web.desk.plots import meter
from app.web.desk.shell import back_to, desk, doing, opened, show


@desk.get("/months")
@opened(Role.CONTROLLER)
def months(call: Call) -> Response:
    """The month of every provider, by municipality. Source: A2, R8, K5."""
    month = request.args.get("month") or previous_month(month_of(call.today))
    if not has_pages(month):
        abort(404)
    return show(
        "months.html",
        found=overview(call, month),
        before=url_for("desk.months", month=previous_month(month)),
        after=url_for("desk.months", month=next_month(month)),
        meter=meter,
        now=call.now,
    )


@desk.get("/months/<month:month>/<municipality>/lock")
@opened(Role.CONTROLLER)
def locking(call: Call, month: str, municipality: str) -> Response:
    """What the lock would do."""
    return _asked(call, "lock", month, municipality)


@desk.post("/months/<month:month>/<municipality>/lock")
@opened(Role.CONTROLLER)
def lock_month(call: Call, month: str, municipality: str) -> AnyResponse:
    """Every provider's month in the municipality is locked. Source: R8."""
    fault = doing(lambda: lock(call, month, _of(municipality)))
    if fault is not None:
        return _asked(call, "lock", month, municipality, fault)
    return back_to("desk.months", "locked", month=month)


@desk.get("/months/<month:month>/<municipality>/run")
@opened(Role.CONTROLLER)
def running(call: Call, month: str, municipality: str) -> Response:
    """What the run would do: how many it issues, and how many wait."""
    return _asked(call, "run", month, municipality)


@desk.post("/months/<month:month>/<municipality>/run")
@opened(Role.CONTROLLER)
def run_month(call: Call, month: str, municipality: str) -> AnyResponse:
    """What is locked and attested in the municipality is issued, once. Source: R8, R9."""
    fault = doing(lambda: issue_months(call, month, _of(municipality)))
    if fault is not None:
        return _asked(call, "run", month, municipality, fault)
    return back_to("desk.months", "ran", month=month)


def _asked(call: Call, act: str, month: str, municipality: str, fault: Refused | None = None) -> Response:
    found: MunicipalityMonth = overview(call, month, municipality).municipalities[0]
    status = 200 if fault is None else 409
    return show(
        "month_act.html", status, act=act, month=month, found=found, fault=fault, active="desk.months", now=call.now
    )


def _of(municipality: str) -> Draft:
    return Draft(named=(), complete=lambda _ids: {"municipality": municipality})
