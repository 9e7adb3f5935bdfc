"""What still stands between a provider and its attestation, and the attestation itself."""

from __future__ import annotations

import re

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from app.actions.calls import Call
from app.actions.desk import attestation as acts
from app.rules.access import Role
from app.rules.refusal import Refused
from app.rules.time import local_month, next_month, previous_month
from app.web.desk.asked import month_in
from app.web.desk.shell import back_to, desk, doing, opened, show, trouble

_CODE = re.compile(r"\d{4}\Z", re.ASCII)


@desk.get("/attestation")
@opened(Role.COORDINATOR)
def attestation(call: Call) -> Response:
    """The month in each municipality; the one before this one, where none is named."""
    return _page(call, _month(call, request.args.get("month")))


@desk.post("/attestation")
@opened(Role.COORDINATOR)
def attest_month(call: Call) -> AnyResponse:
    """The month is attested in the municipality."""
    month, municipality = _month(call, request.form.get("month")), request.form.get("municipality", "")
    if not _CODE.match(municipality):
        return trouble("unfit", 422)
    fault = doing(lambda: acts.attest_here(call, month, municipality))
    if fault is not None:
        return _page(call, month, 409, fault)
    return back_to("desk.attestation", "attested", month=month)


def _month(call: Call, stated: str | None) -> str:
    return month_in(stated, previous_month(local_month(call.now)))


def _page(call: Call, month: str, status: int = 200, fault: Refused | None = None) -> Response:
    return show(
        "attestation.html",
        status,
        found=acts.attestation(call, month),
        month=month,
        before=previous_month(month),
        following=next_month(month),
        fault=fault,
    )
