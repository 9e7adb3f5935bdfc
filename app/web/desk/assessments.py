"""Customers with too little or repeatedly too much time: why, and closing what was proposed (E7)."""

from __future__ import annotations

from flask import Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.actions import assessments as acts
from app.actions.calls import Call
from app.actions.desk.assessments import closed, proposed, review
from app.rules.access import Role
from app.rules.assessments import ClosingOutcome
from app.rules.overviews import MonthSum
from app.rules.refusal import Refused
from app.web.desk.asked import id_in
from app.web.desk.forms import Form, written
from app.web.desk.plots import Columns, Group, Part, columns
from app.web.desk.shell import back_to, desk, doing, opened, show

PAGE = 50
HOUR = 3600
_LEAST_NOTE = 5


@desk.get("/assessments")
@opened(Role.CASE_OFFICER)
def assessments(call: Call) -> Response:
    """What proposes a new assessment, the oldest first, and what was closed last. Source: E7."""
    after = id_in(request.args.get("after"))
    found = proposed(call, after, PAGE)
    following = None if found.next is None else url_for("desk.assessments", after=found.next)
    return show("assessments.html", found=found, following=following, closed=closed(call) if after is None else None)


@desk.get("/assessments/<id:assessment_id>")
@opened(Role.CASE_OFFICER)
def assessment(call: Call, assessment_id: str) -> Response:
    """One of them with its months, and the form that closes it."""
    return _page(call, assessment_id)


@desk.post("/assessments/<id:assessment_id>")
@opened(Role.CASE_OFFICER)
def close_assessment(call: Call, assessment_id: str) -> AnyResponse:
    """A new assessment was made, or there is no need of one; either wants a note."""
    form = Form()
    outcome = form.choice("closing", ClosingOutcome)
    note = form.text("closing_note", least=_LEAST_NOTE)
    if form.faults or outcome is None:
        return _page(call, assessment_id, 422, form.faults)
    fault = doing(lambda: acts.close(call, assessment_id, outcome, note))
    if fault is not None:
        return _page(call, assessment_id, 409, {}, fault)
    return back_to("desk.assessments", f"assessment_{outcome}")


def _page(
    call: Call,
    assessment_id: str,
    status: int = 200,
    faults: dict[str, str] | None = None,
    fault: Refused | None = None,
) -> Response:
    found = review(call, assessment_id)
    return show(
        "assessment.html",
        status,
        found=found,
        plot=month_columns(found.months),
        form_faults=faults,
        fault=fault,
        before=written(("closing", "closing_note")),
        active="desk.assessments",
    )


def month_columns(months: tuple[MonthSum, ...]) -> Columns:
    """Three columns for each month: granted, extended, performed."""
    groups = [
        Group(
            label=f"{one.month[5:]}/{one.month[2:4]}",
            parts=(
                Part(kind="grant", value=one.granted_seconds),
                Part(kind="plan", value=one.extension_seconds),
                Part(kind="done", value=one.performed_seconds),
            ),
        )
        for one in months
    ]
    return columns(groups, unit=HOUR)
