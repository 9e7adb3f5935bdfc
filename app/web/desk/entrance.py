"""The way in: signing in and out, the first page of each role, and the clock of a demo."""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.actions.access.faults import NotSignedIn, TooManyTries
from app.actions.calls import Call
from app.rules.time import format_instant, parse_instant
from app.web.desk import session
from app.web.desk.forms import Form
from app.web.desk.shell import TABS, desk, opened, show, trouble
from app.web.language import language

_SECONDS_IN_A_MINUTE = 60


@desk.get("")
@opened(*TABS)
def home(call: Call) -> AnyResponse:
    """To the first page of whoever is signed in."""
    address = url_for(TABS[call.actor.role][0].endpoint)
    return redirect(f"{address}?lang={language()}" if "lang" in request.args else address, 303)


@desk.get("/sign-in")
def sign_in() -> Response:
    """The form; `wanted` is where one was going."""
    return show("sign_in.html", wanted=_wanted(request.args.get("wanted")))


@desk.post("/sign-in")
def signing_in() -> AnyResponse:
    """Signed in and on the way; or the form again, which says what was wrong. Source: FAULTS 44."""
    if not session.is_ours():
        return trouble("forged", 403)
    form = Form()
    username, password = form.text("username"), request.form.get("password", "")
    wanted = _wanted(request.form.get("wanted"))
    try:
        actor = session.sign_in(username, password)
    except NotSignedIn:
        return show("sign_in.html", 401, wanted=wanted, username=username, fault="sign_in_wrong")
    except TooManyTries as fault:
        minutes = -(-fault.seconds // _SECONDS_IN_A_MINUTE)
        response = show("sign_in.html", 429, wanted=wanted, username=username, fault="sign_in_wait", minutes=minutes)
        response.headers["Retry-After"] = str(fault.seconds)
        return response
    if actor.role not in TABS:
        session.sign_out()
        return show("sign_in.html", 403, wanted=None, username=username, fault="sign_in_role")
    return redirect(wanted or url_for("desk.home"), 303)


@desk.post("/sign-out")
def signing_out() -> AnyResponse:
    """Signed out, here and for what was kept here."""
    if not session.is_ours():
        return trouble("forged", 403)
    session.sign_out()
    return redirect(url_for("desk.sign_in"), 303)


@desk.post("/clock")
@opened(*TABS)
def set_clock(call: Call) -> AnyResponse:
    """The desk of a demo shows the register as of the instant, or of now where none is given."""
    response = redirect(url_for("desk.home"), 303)
    stated = request.form.get("at", "")
    if not call.settings.demo_clock or not stated:
        response.delete_cookie(session.CLOCK, path=session.PATH)
        return response
    try:
        at = parse_instant(stated)
    except ValueError:
        return trouble("unfit", 422)
    response.set_cookie(session.CLOCK, format_instant(at), path=session.PATH, httponly=True, samesite="Lax")
    return response


def _wanted(stated: str | None) -> str | None:
    """A page of the desk, and nowhere else: an address from outside leads nobody away."""
    ours = stated is not None and stated.startswith("/desk") and "\\" not in stated and "//" not in stated
    return stated if ours else None
