"""The no-choice order: what wants a provider, whose turn it is and why, and the person's decision (LR 3.4, P2)."""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.actions import no_choice as acts
from app.actions.calls import Call
from app.actions.desk.no_choice import propose, turn, wanting
from app.rules.access import Role
from app.rules.refusal import Refused
from app.web.desk.asked import id_in
from app.web.desk.forms import Form, written
from app.web.desk.shell import back_to, desk, doing, opened, show, trouble


@desk.get("/no-choice")
@opened(Role.CASE_OFFICER)
def no_choice(call: Call) -> Response:
    """What wants a provider in the municipality, and what was proposed last."""
    return show("no_choice.html", found=wanting(call))


@desk.post("/no-choice")
@opened(Role.CASE_OFFICER)
def propose_no_choice(call: Call) -> AnyResponse:
    """Whose turn it is, kept as it was reckoned."""
    grant_id = id_in(request.form.get("grant_id"))
    if grant_id is None:
        return trouble("unfit", 422)
    kept = propose(call, grant_id)
    return redirect(url_for("desk.no_choice_turn", proposal_id=kept.proposal.id), 303)


@desk.get("/no-choice/<id:proposal_id>")
@opened(Role.CASE_OFFICER)
def no_choice_turn(call: Call, proposal_id: str) -> Response:
    """The proposal with every candidate, its place and its reasons."""
    return _page(call, proposal_id)


@desk.post("/no-choice/<id:proposal_id>")
@opened(Role.CASE_OFFICER)
def decide_no_choice(call: Call, proposal_id: str) -> AnyResponse:
    """The order is placed with the provider that the person decided on; another than the first wants a reason."""
    found, form = turn(call, proposal_id), Form()
    ranks = {one["provider_id"]: one["rank"] for one in found.kept.proposal.facts["candidates"]}
    provider_id = request.form.get("provider_id", "")
    if ranks.get(provider_id) is None:
        form.faults["provider_id"] = "fault_choose"
    reason = form.text("turn_reason", least=1 if (ranks.get(provider_id) or 1) > 1 else 0)
    if form.faults:
        return _page(call, proposal_id, 422, form.faults)
    fault = doing(lambda: acts.decide(call, proposal_id, provider_id, reason or None))
    if fault is not None:
        return _page(call, proposal_id, 409, {}, fault)
    return back_to("desk.no_choice_turn", "order_placed", proposal_id=proposal_id)


def _page(
    call: Call,
    proposal_id: str,
    status: int = 200,
    faults: dict[str, str] | None = None,
    fault: Refused | None = None,
) -> Response:
    found = turn(call, proposal_id)
    return show(
        "no_choice_turn.html",
        status,
        found=found,
        proposal=found.kept.proposal,
        form_faults=faults,
        fault=fault,
        before=written(("provider_id", "turn_reason")),
        active="desk.no_choice",
    )
