"""The verdict page: explanations that wait, the oldest first, judged one or several of a kind at once."""

from __future__ import annotations

from datetime import datetime

from flask import Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.actions.calls import Call
from app.actions.desk.explanations import Place, waiting
from app.actions.deviations.explain import Seen, judge_several
from app.rules.access import Role
from app.rules.deviations.values import VerdictOutcome
from app.rules.refusal import Refused
from app.rules.time import format_instant, parse_instant
from app.web.desk.asked import id_in
from app.web.desk.facts import sentences
from app.web.desk.forms import Form, written
from app.web.desk.shell import back_to, desk, doing, opened, show
from app.web.desk.wording import told
from app.web.language import language

PAGE = 50
_LEAST_NOTE = 5
_SHOWN = {"waiting": "groups", "judged": "judged"}


@desk.get("/explanations")
@opened(Role.CASE_OFFICER, Role.CONTROLLER)
def explanations(call: Call) -> Response:
    """What waits for a verdict, by rule, and what was judged last. Source: RULEBOOK D."""
    return _page(call)


@desk.post("/explanations")
@opened(Role.CASE_OFFICER, Role.CONTROLLER)
def judge_explanations(call: Call) -> AnyResponse:
    """Those that are ticked are accepted or rejected, all or none; rejecting wants a note."""
    form = Form()
    seen = [one for text in form.several("explanations") if (one := _seen(text)) is not None]
    outcome = form.choice("outcome", VerdictOutcome)
    note = form.text("note", least=_LEAST_NOTE if outcome is VerdictOutcome.REJECTED else 0)
    if not seen:
        form.faults["explanations"] = "fault_tick"
    if form.faults or outcome is None:
        return _page(call, 422, form.faults)
    fault = doing(lambda: judge_several(call, seen, outcome, note or None))
    if fault is not None:
        return _page(call, 409, {}, fault)
    return back_to("desk.explanations", f"verdict_{outcome}")


def _page(
    call: Call, status: int = 200, faults: dict[str, str] | None = None, fault: Refused | None = None
) -> Response:
    found = waiting(call, _place(request.args.get("after")), PAGE)
    following = None if found.next is None else url_for("desk.explanations", after=_told(found.next))
    chosen, words = language(), told(language())
    return show(
        "explanations.html",
        status,
        found=found,
        following=following,
        form_faults=faults,
        fault=fault,
        told=lambda deviation: sentences(deviation, words, chosen),
        group=request.form.get("group", ""),
        groups={f"{kind}-{one.rule}" for kind in ("waiting", "judged") for one in getattr(found, _SHOWN[kind])},
        before=written(("outcome", "note")),
        ticked=request.form.getlist("explanations"),
    )


def _seen(text: str) -> Seen | None:
    """`<explanation>` or `<explanation>.<verdict that it was seen under>`."""
    name, _, verdict = text.partition(".")
    return None if id_in(name) is None else Seen(id=name, verdict_id=id_in(verdict))


def _place(stated: str | None) -> Place | None:
    at, _, name = (stated or "").rpartition(".")
    instant = _instant(at)
    return None if instant is None or id_in(name) is None else Place(recorded_at=instant, id=name)


def _instant(stated: str) -> datetime | None:
    try:
        return parse_instant(stated)
    except ValueError:
        return None


def _told(place: Place) -> str:
    return f"{format_instant(place.recorded_at)}.{place.id}"
