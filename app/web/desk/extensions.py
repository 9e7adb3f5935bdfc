"""Requests for an extension: the queue, one with all its facts, the decision on it, and the provider's side of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from flask import Response, make_response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.actions import extensions as acts
from app.actions.calls import Call
from app.actions.desk.extensions import Day, Review, moved_last, review, waiting
from app.actions.extensions import Judging, Place, Upload
from app.rules.access import Role
from app.rules.extensions import UNDECIDED, Amended, DecisionOutcome, ExtensionCause, ExtensionState
from app.rules.refusal import Refused
from app.rules.time import parse_instant
from app.web.desk import session
from app.web.desk.asked import id_in
from app.web.desk.figures import share_of
from app.web.desk.forms import Form, written
from app.web.desk.plots import Bars, row_of
from app.web.desk.plots import bars as plotted
from app.web.desk.shell import back_to, desk, doing, opened, show
from app.web.desk.timeline import Axis, Bar, Tick, Times, axis_of, bars, lanes_of
from app.web.desk.wording import told
from app.web.language import language

PAGE = 50
RECENT = 15
_AROUND_BYTES = 16 * 1024
"""What a form may have around its one file."""
DECIDED = (ExtensionState.APPROVED, ExtensionState.PARTLY_APPROVED, ExtensionState.DECLINED)
OUTCOMES = (
    DecisionOutcome.APPROVED,
    DecisionOutcome.PARTLY_APPROVED,
    DecisionOutcome.DECLINED,
    DecisionOutcome.NEEDS_INFORMATION,
)
_FIELDS = ("outcome", "approved_minutes", "approved_seconds", "reasons", "answer", "justification", "cause")
_MORE_FIELDS = ("requested_minutes", "requested_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One day of the request, and its shapes where it has any."""

    day: Day
    ticks: tuple[Tick, ...] = ()
    plans: tuple[Bar, ...] = ()
    stays: tuple[Bar, ...] = ()

    @property
    def plan_lanes(self) -> int:
        """How many lanes the plans take."""
        return lanes_of(self.plans)

    @property
    def lanes(self) -> int:
        """How many lanes there are, the plans' before the stays'."""
        return lanes_of(self.plans) + lanes_of(self.stays)


@desk.get("/extensions")
@opened(Role.CASE_OFFICER)
def queue(call: Call) -> Response:
    """What waits for a review, overdue and oldest first; then what waits for an answer, and what was decided last."""
    found = waiting(call, _place(request.args.get("after")), PAGE)
    following = None if found.next is None else url_for("desk.queue", after=_after_place(found.next))
    first = "after" not in request.args
    return show(
        "queue.html",
        waiting=found,
        following=following,
        asked=moved_last(call, (ExtensionState.NEEDS_INFORMATION,), PAGE) if first else None,
        decided=moved_last(call, DECIDED, RECENT) if first else None,
    )


@desk.get("/own-extensions")
@opened(Role.COORDINATOR)
def own_extensions(call: Call) -> Response:
    """The provider's requests: those that want an answer first, then those that wait, then what was decided."""
    return show(
        "own_extensions.html",
        asked=moved_last(call, (ExtensionState.NEEDS_INFORMATION,), PAGE),
        waiting=waiting(call, _place(request.args.get("after")), PAGE),
        decided=moved_last(call, (*DECIDED, ExtensionState.WITHDRAWN), PAGE),
    )


@desk.get("/extensions/<id:extension_id>")
@opened(Role.CASE_OFFICER, Role.COORDINATOR)
def extension(call: Call, extension_id: str) -> Response:
    """One request with all that its reviewer looks at."""
    return _page(call, extension_id)


def _page(
    call: Call, extension_id: str, status: int = 200, form: Form | None = None, fault: Refused | None = None
) -> Response:
    found = review(call, extension_id)
    state = found.shown.request.state
    return show(
        "extension.html",
        status,
        found=found,
        asked=found.shown.request.extension,
        drawn=_drawn(found),
        share_bars=_share_bars(found, told(language())),
        undecided=state in UNDECIDED,
        outcomes=OUTCOMES[:3] if state in DECIDED else OUTCOMES,
        causes=tuple(ExtensionCause),
        form_faults={} if form is None else form.faults,
        fault=fault,
        kept=written((*_FIELDS, *_MORE_FIELDS)) if request.method == "POST" else {},
        active="desk.queue" if call.actor.role is Role.CASE_OFFICER else "desk.own_extensions",
    )


def _share_bars(found: Review, words: Mapping[str, str]) -> Bars | None:
    """The provider's share of extensions beside everybody's."""
    if found.share is None or found.everybodys is None:
        return None
    several = ((found.provider.name, found.share), (words["share_all"], found.everybodys))
    return plotted([row_of(name, one.per_ten_thousand or 0, share_of(one.per_ten_thousand)) for name, one in several])


def _drawn(found: Review) -> tuple[Drawn, ...]:
    return tuple(_shapes(day) for day in found.days)


def _shapes(day: Day) -> Drawn:
    plans: list[Times] = [(one.starts_at, one.ends_at) for one in day.plans]
    stays: list[Times] = [(one.visit.starts_at, one.visit.ends_at) for one in day.stays]
    axis: Axis | None = axis_of([*plans, *stays])
    if axis is None:
        return Drawn(day=day)
    return Drawn(day=day, ticks=axis.ticks(), plans=bars(axis, plans), stays=bars(axis, stays))


@desk.post("/extensions/<id:extension_id>/decision")
@opened(Role.CASE_OFFICER)
def decide(call: Call, extension_id: str) -> AnyResponse:
    """The decision is made, and the queue comes next; a decided request takes a new decision. Source: E3."""
    form = Form()
    outcome = form.choice("outcome", DecisionOutcome)
    approved = form.seconds("approved") if outcome is DecisionOutcome.PARTLY_APPROVED else None
    reasons = form.text("reasons", least=1)
    if outcome is DecisionOutcome.PARTLY_APPROVED and not approved:
        form.faults.setdefault("approved_minutes", "fault_part")
    if form.faults or outcome is None:
        return _page(call, extension_id, 422, form)
    judging = Judging(outcome=outcome, approved_seconds=approved, reasons=reasons)
    fault = doing(lambda: acts.decide(call, extension_id, judging, session.tellers().extension))
    return back_to("desk.queue", "decided") if fault is None else _page(call, extension_id, 409, fault=fault)


@desk.post("/extensions/<id:extension_id>/answer")
@opened(Role.COORDINATOR)
def answer(call: Call, extension_id: str) -> AnyResponse:
    """The reviewer's question is answered."""
    form = Form()
    text = form.text("answer", least=1)
    if form.faults:
        return _page(call, extension_id, 422, form)
    fault = doing(lambda: acts.answer_question(call, extension_id, text, session.tellers().extension))
    return _after(call, extension_id, "answered", fault)


@desk.post("/extensions/<id:extension_id>/completion")
@opened(Role.COORDINATOR)
def complete(call: Call, extension_id: str) -> AnyResponse:
    """What the caregiver asked for in two fields is completed; what it was before stays."""
    form = Form()
    amended = Amended(
        requested_seconds=form.seconds("requested") or None,
        cause=form.choice("cause", ExtensionCause),
        justification=form.text("justification", least=20),
    )
    if form.faults:
        return _page(call, extension_id, 422, form)
    fault = doing(lambda: acts.complete(call, extension_id, amended, session.tellers().extension))
    return _after(call, extension_id, "completed", fault)


@desk.post("/extensions/<id:extension_id>/documents")
@opened(Role.COORDINATOR)
def attach(call: Call, extension_id: str) -> AnyResponse:
    """The chosen file is attached."""
    request.max_content_length = call.settings.document_bytes + _AROUND_BYTES
    form, file = Form(), request.files.get("document")
    if file is None or not file.filename:
        form.faults["document"] = "fault_file"
        return _page(call, extension_id, 422, form)
    upload = Upload(name=file.filename, content=file.read())
    fault = doing(lambda: acts.attach(call, extension_id, upload, session.tellers().extension))
    return _after(call, extension_id, "attached", fault)


@desk.post("/extensions/<id:extension_id>/withdrawal")
@opened(Role.COORDINATOR)
def withdraw(call: Call, extension_id: str) -> AnyResponse:
    """Nobody decides on the request any more."""
    fault = doing(lambda: acts.withdraw(call, extension_id, session.tellers().extension))
    return _after(call, extension_id, "withdrawn", fault)


def _after(call: Call, extension_id: str, said: str, fault: Refused | None) -> AnyResponse:
    if fault is not None:
        return _page(call, extension_id, 409, fault=fault)
    return back_to("desk.extension", said, extension_id=extension_id)


@desk.get("/extensions/<id:extension_id>/documents/<id:document_id>")
@opened(Role.CASE_OFFICER, Role.COORDINATOR)
def document(call: Call, extension_id: str, document_id: str) -> Response:
    """The document as it was attached, to be saved; no browser shows it as a page of ours."""
    found = acts.read_document(call, extension_id, document_id)
    response = make_response(found.content)
    response.headers["Content-Type"] = found.document.media_type
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.document.name, safe='')}"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@desk.get("/visits/<id:visit_id>/extension")
@opened(Role.COORDINATOR)
def ask(call: Call, visit_id: str) -> Response:  # noqa: ARG001 - every view is given the call
    """The two fields that a request takes."""
    return _asking(visit_id)


def _asking(visit_id: str, status: int = 200, form: Form | None = None, fault: Refused | None = None) -> Response:
    return show(
        "ask.html",
        status,
        visit_id=visit_id,
        causes=tuple(ExtensionCause),
        form_faults={} if form is None else form.faults,
        fault=fault,
        kept=written(_FIELDS) if request.method == "POST" else {},
        active="desk.own_extensions",
    )


@desk.post("/visits/<id:visit_id>/extension")
@opened(Role.COORDINATOR)
def ask_for(call: Call, visit_id: str) -> AnyResponse:
    """The request is made; the rest of it is what the visit tells, and may be completed. Source: E2."""
    form = Form()
    cause, justification = form.choice("cause", ExtensionCause), form.text("justification", least=20)
    if form.faults or cause is None:
        return _asking(visit_id, 422, form)
    told = session.tellers().extension
    fault = doing(lambda: acts.request_for_visit(call, visit_id, cause, justification, told))
    return back_to("desk.own_extensions", "requested") if fault is None else _asking(visit_id, 409, fault=fault)


def _after_place(place: Place) -> str:
    at = place.requested_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return "_".join((place.as_of.isoformat(), "1" if place.overdue else "0", at, place.id))


def _place(stated: str | None) -> Place | None:
    """Where the list goes on; one that is none of ours begins it anew."""
    parts = (stated or "").split("_")
    if len(parts) != 4 or id_in(parts[3]) is None:
        return None
    try:
        as_of, at = date.fromisoformat(parts[0]), parse_instant(parts[2])
    except ValueError:
        return None
    return Place(as_of=as_of, overdue=parts[1] == "1", requested_at=at, id=parts[3])
