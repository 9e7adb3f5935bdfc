"""What every page of the desk has: who may open it, its frame, its words, and what it says when something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.actions.faults import ChangedMeanwhile, Damaged, KeyReused, Taken, Unfit, UnknownReferences
from app.rules.access import Actor, Role
from app.rules.refusal import Kind, Refused
from app.web.desk import session
from app.web.desk.formats import FILTERS
from app.web.desk.wording import told
from app.web.language import LANGUAGES, chosen_by_cookie, language
from app.web.pages import page

desk = Blueprint("desk", __name__, url_prefix="/desk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A page in the desk's navigation: its endpoint, and the word for it."""

    endpoint: str
    word: str


TABS: Mapping[Role, tuple[Tab, ...]] = {
    Role.CASE_OFFICER: (
        Tab(endpoint="desk.queue", word="tab_queue"),
        Tab(endpoint="desk.explanations", word="tab_explanations"),
        Tab(endpoint="desk.assessments", word="tab_assessments"),
        Tab(endpoint="desk.no_choice", word="tab_no_choice"),
    ),
    Role.COORDINATOR: (
        Tab(endpoint="desk.today", word="tab_today"),
        Tab(endpoint="desk.deviations", word="tab_deviations"),
        Tab(endpoint="desk.corrections", word="tab_corrections"),
        Tab(endpoint="desk.own_extensions", word="tab_own_extensions"),
        Tab(endpoint="desk.attestation", word="tab_attestation"),
        Tab(endpoint="desk.statement", word="tab_statement"),
    ),
    Role.CONTROLLER: (
        Tab(endpoint="desk.months", word="tab_months"),
        Tab(endpoint="desk.explanations", word="tab_explanations"),
        Tab(endpoint="desk.rates", word="tab_rates"),
        Tab(endpoint="desk.simulation", word="tab_simulation"),
        Tab(endpoint="desk.figures", word="tab_figures"),
    ),
}
"""Who has which pages, the first of them being where one begins. Nobody else has any. Source: A2."""

View = Callable[..., AnyResponse | str]


def opened(*roles: Role) -> Callable[[View], View]:
    """The view is for these roles, and is called with the call of whoever asks.

    Who is not signed in is asked to; who has another role is told so; what another site's page sends is refused.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def called(**path: Any) -> AnyResponse | str:
            actor = session.who()
            if actor is None:
                return _to_sign_in()
            if request.method == "POST" and not session.is_ours():
                return trouble("forged", 403)
            g.desk_actor = actor
            if actor.role not in roles:
                return trouble("other_role", 403)
            return view(session.call(actor, f"desk.{view.__name__}"), **path)

        return called

    return decorate


def _to_sign_in() -> AnyResponse:
    """To the sign-in and, where a page was only to be looked at, back to it afterwards."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("desk.sign_in", wanted=wanted), 303)


def show(template: str, status: int = 200, **values: Any) -> Response:
    """The page in the frame of whoever is signed in."""
    actor: Actor | None = g.get("desk_actor")
    tabs = () if actor is None else TABS.get(actor.role, ())
    response = page(
        f"desk/{template}",
        desk=told(language()),
        tabs=tabs,
        actor=actor,
        demo_clock=session.running().settings.demo_clock,
        at=session.now(),
        notice=request.args.get("said"),
        in_language=_in_language,
        **values,
    )
    response.status_code = status
    return response


def _in_language(language: str) -> str:
    """The same page in the language; what was asked of it stays, but for what was just done."""
    kept = {name: value for name, value in request.args.items() if name not in ("lang", "said")}
    return f"?{urlencode({**kept, 'lang': language})}"


def back_to(endpoint: str, said: str, **values: Any) -> AnyResponse:
    """To a page that may be loaded again without doing anything again; `said` is the word for what was done."""
    return redirect(url_for(endpoint, said=said, **values), 303)


def trouble(word: str, status: int, detail: str | None = None) -> Response:
    """A page that says what is wrong and what to do; `detail` is what the rule said, in English."""
    return show("trouble.html", status, word=word, detail=detail)


@desk.errorhandler(Refused)
def refused(fault: Refused) -> Response:
    """A rule said no, and nothing was changed."""
    if fault.kind is Kind.MISSING:
        return trouble("missing", 404)
    if fault.kind is Kind.FORBIDDEN:
        return trouble("other_role", 403)
    status = 409 if fault.kind is Kind.CONFLICT else 422
    return show("trouble.html", status, word="refused", detail=fault.message, rule=fault.rule)


@desk.errorhandler(ChangedMeanwhile)
def changed_meanwhile(_fault: ChangedMeanwhile) -> Response:
    """Somebody else was first."""
    return trouble("changed_meanwhile", 409)


@desk.errorhandler(UnknownReferences)
@desk.errorhandler(Unfit)
@desk.errorhandler(Taken)
@desk.errorhandler(KeyReused)
def unfit(fault: Exception) -> Response:
    """A form that no page of ours makes."""
    return trouble("unfit", 422, str(fault))


@desk.errorhandler(413)
def too_large(_fault: Exception) -> Response:
    """More than a form of the desk may hold: a file that is too large."""
    return trouble("too_large", 413)


@desk.errorhandler(Damaged)
def damaged(_fault: Damaged) -> Response:
    """What is kept is not what was given: it is not handed out."""
    return trouble("damaged", 500)


@desk.errorhandler(404)
def nothing_there(_fault: Exception) -> Response:
    """An address that leads nowhere, or to what is not within the scope. Source: A1."""
    return trouble("missing", 404)


@desk.after_request
def keep(response: Response) -> Response:
    """The answer carries the sign-in and the language that was chosen; nobody else keeps the page."""
    response.headers["Cache-Control"] = "no-store"
    if request.args.get("lang") in LANGUAGES:
        chosen_by_cookie(response, language())
    return session.keep(response)


def doing(act: Callable[[], object]) -> Refused | None:
    """The act was done, or the refusal that says why not: the form it came from shows it beside what was written.

    What is missing or forbidden stays raised.
    """
    try:
        act()
    except Refused as fault:
        if fault.kind in (Kind.MISSING, Kind.FORBIDDEN):
            raise
        return fault
    return None


for _name, _filter in FILTERS.items():
    desk.add_app_template_filter(_filter, _name)
