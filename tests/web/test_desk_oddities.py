"""Whatever is written into an address or a form of the desk, it is answered in words and never by a fault of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.web.desk import session
from tests.town import id_of
from tests.web.conftest import JSON
from tests.web.desks import Office, client_of, office_of
from tests.web.test_desk_extensions import AT, ask, content

TEXTS = ("%00", "%ED%A0%80", "9" * 400, "%25", "%27%22%3Cb%3E", "-1")
MOMENTS = ("9999-12", "0001-01", "%00", "9999-12-31", "0000-00", "2014-02-30")
"""As they are sent: NUL, half a surrogate pair, many nines, a percent sign; months and days that are none, or the last.

The fields of moments have other oddities than the rest, so that a refused text does not hide what a month does.
"""
MOMENT = re.compile(r"(^|_)(month|day|days|from|to|until|since|before|on|at|now|date|starts|ends)($|_)")
SAID = (
    "after", "month", "day", "from", "to", "municipality", "rule", "kind", "caregiver", "lang", "said", "wanted",
    "group", "provider", "of", "limit", "once", "deviation", "reason", "note", "now",
)  # fmt: skip
"""What the pages ask for. The fields of a page's own forms come to these."""
WHO = ("0182", "p", "controller")
_FIELD = re.compile(r'<(?:input|select|textarea|button)[^>]* name="([^"]+)"')


def _rules(office: Office) -> Iterator[tuple[Rule, str]]:
    """Every address of the desk with each of its methods, as the app knows them: whoever adds one has it tried here."""
    for rule in office.town.app.url_map.iter_rules():
        if rule.rule.startswith("/desk"):
            yield from ((rule, method) for method in ("GET", "POST") if method in (rule.methods or ()))


def _paths(rule: Rule, real: JSON) -> list[str]:
    """Addresses of the rule: of what is there, and of what is not."""
    told = {"month": "2014-02", "municipality": "0182", **real}
    there = re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: str(told.get(found[1], "1")), rule.rule)
    if "<" not in rule.rule:
        return [there]
    return [there, *(re.sub(r"<[^>]+>", odd, rule.rule) for odd in ("%00", "9" * 400))]


def _real(office: Office) -> JSON:
    """Ids of what is there, by the names that rules give them."""
    visits = office.town.get("p", "/visits?limit=1", AT)["items"]
    asked = ask(office, ["2014-02-20"], "2014-02-21T10:00:00Z")
    whose = {"provider_id": id_of("p"), "customer_id": id_of("k1")}
    return {"visit_id": visits[0]["id"], "extension_id": asked, **whose}


def _faults(client: FlaskClient, path: str, fields: tuple[str, ...], method: str) -> Iterator[str]:
    """The requests that the desk answers with a fault: each odd thing in every field at once."""
    for number, (odd, moment) in enumerate(zip(TEXTS, MOMENTS, strict=True)):
        told = ((field, moment if MOMENT.search(field) else odd) for field in fields)
        query = "&".join(f"{field}={value}" for field, value in told)
        if method == "GET":
            answer = client.get(f"{path}?{query}")
        else:
            sent = {"data": query.encode(), "content_type": "application/x-www-form-urlencoded"}
            answer = client.post(f"{path}?{query}" if number == 0 else path, **sent)
        if answer.status_code >= 500:
            yield f"{method} {path[:60]} with {odd[:20]} and {moment}: {answer.status_code}"


def _answered(office: Office) -> tuple[int, list[str]]:
    """How many pages were there, and every fault; a page's own fields are sent to it, beside those above."""
    real, there = _real(office), 0
    found: list[str] = []
    for rule, method in _rules(office):
        first, *rest = _paths(rule, real)
        client, seen = _let_in(office, first)
        there += seen.status_code == 200
        fields = tuple(dict.fromkeys((*SAID, *_FIELD.findall(seen.text))))
        found += chain(_faults(client, first, fields, method), _missing(client, rest, method))
    return there, found


def _let_in(office: Office, path: str) -> tuple[FlaskClient, TestResponse]:
    """Somebody who may open the page, and the page; where there is none, or nobody may, the last."""
    for who in WHO:
        client = client_of(office, who)
        seen = client.get(path)
        if seen.status_code != 403:
            break
    return client, seen


def _missing(client: FlaskClient, paths: list[str], method: str) -> Iterator[str]:
    for path in paths:
        answer = client.open(path, method=method)
        if answer.status_code >= 500:
            yield f"{method} {path[:80]}: {answer.status_code}"


def test_whatever_is_asked_of_any_page_or_form_of_the_desk_is_answered_without_a_fault(
    make_app: Callable[..., Flask], serve: Callable[[object], int], database_url: str
) -> None:
    office = office_of(make_app, serve, database_url, content(), AT)
    there, found = _answered(office)
    assert found == []
    assert there > 15
    for odd in ("%00", "%ED%A0%80", "9" * 400):
        client = client_of(office, "controller")
        client.set_cookie(session.CLOCK, odd, path="/desk")
        assert client.get("/desk/months").status_code < 500
        client.set_cookie(session.ACCESS, odd, path="/desk")
        assert client.get("/desk/months").status_code < 500
