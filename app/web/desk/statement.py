"""The provider's own statement: what it is paid, from what, and what to do about the rest."""

from __future__ import annotations

from flask import Response, request

from app.actions.calls import Call
from app.actions.desk.statements import statement_page
from app.rules.access import Role
from app.rules.time import local_month, next_month, previous_month
from app.web.desk.asked import month_in
from app.web.desk.plots import meter
from app.web.desk.runs import FILES
from app.web.desk.shell import desk, opened, show
from app.web.desk.sums import grouped, per_hour, worked_out


@desk.get("/statement")
@opened(Role.COORDINATOR)
def statement(call: Call) -> Response:
    """What the provider is paid for the month in each municipality; the month before this one, where none is named."""
    month = month_in(request.args.get("month"), previous_month(local_month(call.now)))
    found = statement_page(call, month)
    return show(
        "statement.html",
        found=found,
        month=month,
        before=previous_month(month),
        following=next_month(month),
        files=FILES[found.provider.kind],
        meter=meter,
        per_hour=per_hour,
        grouped=grouped,
        worked_out=worked_out,
        now=call.now,
    )
