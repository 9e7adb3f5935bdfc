"""A visit and its corrections: stated by one person, approved by another."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from app.actions.calls import Call
from app.actions.desk.visits import VisitPage, pending, visit_page
from app.actions.references import Draft, Named
from app.actions.visits.correct import approve, correct
from app.rules.access import Resource, Role
from app.rules.providers import Service
from app.rules.refusal import Refused
from app.rules.visits.values import Changes, CorrectionReason, VisitState
from app.web.desk import session
from app.web.desk.asked import id_in, new_key, once
from app.web.desk.facts import sentences
from app.web.desk.forms import Form, written
from app.web.desk.shell import back_to, desk, doing, opened, show
from app.web.desk.walls import Wall, read_wall, shown_wall

PAGE = 50
LONGEST_NOTE = 2000
_FIELDS = ("starts_at", "ends_at", "starts_at_hour", "ends_at_hour", "customer_id", "service", "void", "reason", "note")
_TIMES = ("starts_at", "ends_at")


@desk.get("/visits/<id:visit_id>")
@opened(Role.COORDINATOR)
def visit(call: Call, visit_id: str) -> Response:
    """The visit with all that it is made of, and the form to state what was otherwise."""
    return _page(call, visit_id)


@desk.post("/visits/<id:visit_id>/corrections")
@opened(Role.COORDINATOR)
def correct_visit(call: Call, visit_id: str) -> AnyResponse:
    """What was otherwise is stated, and waits for another person."""
    form = Form()
    walls = {name: read_wall(form, name) for name in _TIMES}
    changes = _changes(form, walls)
    reason = form.choice("reason", CorrectionReason)
    note = form.text("note", least=1, most=LONGEST_NOTE)
    if not form.faults and changes == Changes():
        form.faults["starts_at"] = "fault_nothing"
    if form.faults or reason is None:
        return _page(call, visit_id, 422, form, walls)
    draft = _draft(changes, reason, note)
    fault = doing(lambda: correct(once(call), visit_id, draft, session.tellers().correction(visit_id)))
    if fault is not None:
        return _page(call, visit_id, 409, form, walls, fault)
    return back_to("desk.visit", "corrected", visit_id=visit_id)


def _changes(form: Form, walls: dict[str, Wall]) -> Changes:
    """What differs from what the form showed when it was opened; what was left as it stood is not stated."""
    service, customer = request.form.get("service", ""), request.form.get("customer_id", "")
    told = service not in ("", request.form.get("was_service"))
    void = request.form.get("void")
    chosen = customer not in ("", request.form.get("was_customer_id"))
    if chosen and id_in(customer) is None:
        form.faults["customer_id"] = "fault_choose"
    return Changes(
        starts_at=walls["starts_at"].changed,
        ends_at=walls["ends_at"].changed,
        customer_id=customer if chosen else None,
        service=form.choice("service", Service) if told else None,
        void={"true": True, "false": False}.get(void or ""),
    )


def _draft(changes: Changes, reason: CorrectionReason, note: str) -> Draft:
    fields = {"visit_id": None, "changes": changes, "reason": reason, "note": note, "external_id": None}
    named = () if changes.customer_id is None else (_customer(changes.customer_id),)
    return Draft(named=named, complete=lambda _: dict(fields))


def _customer(customer_id: str) -> Named:
    return Named(resource=Resource.CUSTOMER, id=customer_id, external=False, pointer="/changes/customer_id")


@desk.post("/visits/<id:visit_id>/corrections/<id:correction_id>/approval")
@opened(Role.COORDINATOR)
def approve_correction(call: Call, visit_id: str, correction_id: str) -> AnyResponse:
    """Another person's correction counts from now on."""
    fault = doing(lambda: approve(call, visit_id, correction_id, session.tellers().visit))
    listed = request.form.get("from") == "list"
    if fault is None:
        here = {} if listed else {"visit_id": visit_id}
        return back_to("desk.corrections" if listed else "desk.visit", "approved_correction", **here)
    return _list(call, 409, fault) if listed else _page(call, visit_id, 409, fault=fault)


@desk.get("/corrections")
@opened(Role.COORDINATOR)
def corrections(call: Call) -> Response:
    """The provider's corrections that wait for another person, the oldest first."""
    return _list(call)


def _list(call: Call, status: int = 200, fault: Refused | None = None) -> Response:
    found = pending(call, id_in(request.args.get("after")), PAGE)
    return show("corrections.html", status, found=found, fault=fault)


def _page(
    call: Call,
    visit_id: str,
    status: int = 200,
    form: Form | None = None,
    walls: dict[str, Wall] | None = None,
    fault: Refused | None = None,
) -> Response:
    found = visit_page(call, visit_id, with_choices=_chooses())
    return show(
        "visit.html",
        status,
        found=found,
        visit=found.visit,
        walls=walls or _walls(found),
        services=tuple(Service),
        reasons=tuple(CorrectionReason),
        is_void=found.visit.state is VisitState.VOID,
        chooses=_chooses(),
        sentences=sentences,
        form_faults={} if form is None else form.faults,
        fault=fault,
        once=new_key(),
        kept=written(_FIELDS) if form is not None else {},
        active="desk.corrections",
    )


def _chooses() -> bool:
    """Whether the customers are wanted to choose among: only then are they read."""
    return "choose" in request.args or bool(request.form.get("customer_id"))


def _walls(found: VisitPage) -> dict[str, Wall]:
    return {name: shown_wall(getattr(found.visit, name)) for name in _TIMES}
