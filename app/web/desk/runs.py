"""The runs of a month, one run with its lines, and one provider's month: for the controller, without names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Response, abort, request

from app.actions.calls import Call
from app.actions.desk.runs import run_page, runs_page
from app.actions.desk.statements import provider_page
from app.actions.reimbursement.runs import BY_TIMER
from app.rules.access import Role
from app.rules.providers import ProviderKind
from app.rules.time import is_month, local_month, next_month, previous_month
from app.web.desk.asked import month_in
from app.web.desk.plots import meter
from app.web.desk.shell import desk, opened, show
from app.web.desk.sums import grouped, per_hour

_TABLES = ("lines.csv", "lines.xlsx", "lines.ndjson", "lines.parquet")
FILES: Mapping[ProviderKind, tuple[str, ...]] = {
    ProviderKind.PRIVATE: (*_TABLES, "invoice.pdf", "invoice.csv", "invoice.json", "e-invoices.zip"),
    ProviderKind.MUNICIPAL: (*_TABLES, "voucher.se"),
}
"""What a whole run is downloaded as; the words are `file_<name>` with dots and dashes as underscores. Source: R7."""
_PLACE = re.compile(r"[0-9]{1,18}\Z", re.ASCII)


@desk.get("/runs")
@opened(Role.CONTROLLER, Role.COORDINATOR)
def runs(call: Call) -> Response:
    """The runs of the month. Source: R8, R9."""
    month = month_in(request.args.get("month"), previous_month(local_month(call.now)))
    return show(
        "runs.html",
        found=runs_page(call, month),
        month=month,
        before=previous_month(month),
        following=next_month(month),
        active=_active(call),
    )


@desk.get("/runs/<id:run_id>")
@opened(Role.CONTROLLER, Role.COORDINATOR)
def run(call: Call, run_id: str) -> Response:
    """The run's lines and adjustments, page by page. Source: R8, R11."""
    return _run(call, run_id, repeat=False)


@desk.post("/runs/<id:run_id>/repetition")
@opened(Role.CONTROLLER)
def repeat_run(call: Call, run_id: str) -> Response:
    """The run, computed again from the facts and compared byte by byte; nothing is changed by it. Source: R9."""
    return _run(call, run_id, repeat=True)


def _run(call: Call, run_id: str, *, repeat: bool) -> Response:
    after, adjusted = _place("after"), _place("adjusted")
    found = run_page(call, run_id, after=after, adjusted_after=adjusted, repeat=repeat)
    return show(
        "run.html",
        found=found,
        after=after,
        adjusted=adjusted,
        files=FILES[found.provider.kind],
        per_hour=per_hour,
        grouped=grouped,
        repeats=call.actor.role is Role.CONTROLLER,
        active=_active(call),
    )


def _place(name: str) -> int:
    """The number of the last line seen; 0 begins the list."""
    stated = request.args.get(name, "")
    return int(stated) if _PLACE.match(stated) else 0


def _active(call: Call) -> str:
    return "desk.months" if call.actor.role is Role.CONTROLLER else "desk.statement"


@desk.get("/months/<month:month>/<municipality>/<id:provider_id>")
@opened(Role.CONTROLLER)
def provider_month(call: Call, month: str, municipality: str, provider_id: str) -> Response:
    """Where the provider's month stands, and what it comes to, issued or preliminary. Source: A2, R8."""
    if not is_month(month):
        abort(404)
    return show(
        "provider_month.html",
        found=provider_page(call, month, municipality, provider_id),
        month=month,
        municipality=municipality,
        before=previous_month(month),
        following=next_month(month),
        meter=meter,
        per_hour=per_hour,
        grouped=grouped,
        by_timer=BY_TIMER,
        active="desk.months",
        now=call.now,
    )
