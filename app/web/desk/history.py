"""Histories: a line, a visit and a customer's month, from the taps at the door to the last adjustment."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from app.actions.calls import Call
from app.actions.desk.histories import Beside, customer_page, line_page, visit_page
from app.actions.reimbursement.history import Chain
from app.rules.access import Role
from app.rules.time import local_month, next_month, previous_month
from app.web.desk.asked import month_in
from app.web.desk.facts import sentences
from app.web.desk.plots import meter
from app.web.desk.shell import desk, opened, show
from app.web.desk.sums import grouped, per_hour, worked_out

_ACTIVE = {Role.CONTROLLER: "desk.months", Role.COORDINATOR: "desk.statement", Role.CASE_OFFICER: "desk.queue"}


@desk.get("/lines/<sequence:sequence>")
@opened(Role.COORDINATOR, Role.CASE_OFFICER, Role.CONTROLLER)
def line_history(call: Call, sequence: int) -> Response:
    """Why the line is what it is. Source: R11."""
    found, beside = line_page(call, sequence)
    return _shown(call, "line_history.html", found.chain, beside, line=found.line)


@desk.get("/visits/<id:visit_id>/history")
@opened(Role.COORDINATOR, Role.CASE_OFFICER, Role.CONTROLLER)
def visit_history(call: Call, visit_id: str) -> Response:
    """What became of the visit. Source: R11."""
    found, beside = visit_page(call, visit_id)
    return _shown(call, "visit_history.html", found.chain, beside, seen=found.visit, visit=found.visit.visit)


@desk.get("/customers/<id:customer_id>/history")
@opened(Role.COORDINATOR, Role.CASE_OFFICER, Role.CONTROLLER)
def customer_history(call: Call, customer_id: str) -> Response:
    """The customer's month. Source: R11."""
    month = month_in(request.args.get("month"), previous_month(local_month(call.now)))
    found, beside = customer_page(call, customer_id, month)
    return _shown(
        call,
        "customer_history.html",
        found.chain,
        beside,
        customer_id=customer_id,
        month=month,
        before=previous_month(month),
        following=next_month(month),
        meter=meter,
    )


def _shown(call: Call, template: str, chain: Chain, beside: Beside, **values: Any) -> Response:
    return show(
        template,
        chain=chain,
        beside=beside,
        taps={one.id: one for one in chain.registrations},
        rates={one.id: one for one in chain.rates},
        worked_out=worked_out,
        per_hour=per_hour,
        grouped=grouped,
        month_of=local_month,
        sentences=sentences,
        active=_ACTIVE[call.actor.role],
        **values,
    )
