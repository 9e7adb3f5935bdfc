"""The coordinator's deviations of a month: twenty of a kind are explained at once."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from app.actions.calls import Call
from app.actions.desk.deviations import KINDS, Board, board
from app.actions.deviations.explain import Reason, explain_apart
from app.rules.access import Role
from app.rules.deviations.reasons import ExplanationReason
from app.rules.deviations.values import Rule
from app.rules.refusal import Refused
from app.rules.time import local_month, next_month, previous_month
from app.web.desk import session
from app.web.desk.asked import id_in, month_in, new_key, once, one_of
from app.web.desk.facts import in_common, sentences
from app.web.desk.forms import Form, written
from app.web.desk.shell import back_to, desk, doing, opened, show
from app.web.desk.wording import told
from app.web.language import language

LONGEST_NOTE = 2000


@desk.get("/deviations")
@opened(Role.COORDINATOR)
def deviations(call: Call) -> Response:
    """What stands in the provider's month, by rule."""
    return _page(call, month_in(request.args.get("month"), local_month(call.now)))


@desk.post("/deviations")
@opened(Role.COORDINATOR)
def explain_deviations(call: Call) -> AnyResponse:
    """The ticked ones of a rule are explained with one reason."""
    form = Form()
    month = month_in(request.form.get("month"), local_month(call.now))
    ticked = tuple(one for one in form.several("deviation") if id_in(one) is not None)
    if not ticked:
        form.faults["deviation"] = "fault_tick_one"
    reason = form.choice("reason", ExplanationReason)
    note = form.text("note", least=1, most=LONGEST_NOTE)
    if form.faults or reason is None:
        return _page(call, month, 422, form)
    said = Reason(deviation_ids=ticked, reason=reason, note=note)
    fault = doing(lambda: explain_apart(once(call), said, session.tellers().explanation))
    return (
        back_to("desk.deviations", "explained", month=month) if fault is None else _page(call, month, 409, fault=fault)
    )


def _page(
    call: Call, month: str, status: int = 200, form: Form | None = None, fault: Refused | None = None
) -> Response:
    place = request.form if request.method == "POST" else request.args
    rule, kind = one_of(place.get("rule"), Rule), place.get("kind")
    narrowed = rule is not None and kind in KINDS
    found = board(call, month, rule, kind, id_in(place.get("after"))) if narrowed else board(call, month)
    return show(
        "deviations.html",
        status,
        found=found,
        month=month,
        before=previous_month(month),
        following=next_month(month),
        narrowed=rule if narrowed else None,
        kind=kind if narrowed else None,
        after=id_in(place.get("after")) if narrowed else None,
        reasons=tuple(ExplanationReason),
        facts=_facts(found),
        form_faults={} if form is None else form.faults,
        fault=fault,
        once=new_key(),
        kept=written(("reason", "note", "of")) if request.method == "POST" else {},
        ticked=frozenset(request.form.getlist("deviation")),
    )


def _facts(found: Board) -> dict[str, list[str]]:
    """The facts of each card, by `<kind>/<rule>`, as far as all of it share them; and of each deviation the rest."""
    facts: dict[str, list[str]] = {}
    for kind, cards in zip(KINDS, (found.wanted, found.said, found.told), strict=True):
        for card in cards:
            each = [sentences(line.deviation, told(language()), language()) for line in card.lines]
            shared = in_common(each)
            facts[f"{kind}/{card.rule}"] = shared
            for line, own in zip(card.lines, each, strict=True):
                facts[line.deviation.id] = [one for one in own if one not in shared]
    return facts
