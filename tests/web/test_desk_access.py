"""Every address of the desk with every role, signed in and not. Whoever adds one adds its line here. Source: A1, A2."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask

from app.rules.access import Role
from app.storage.ids import new_id
from tests.accounts import PASSWORD, keep_operator, keep_user
from tests.web.desks import Office, client_of, office_of
from tests.web.test_desk_extensions import AT, content

WHO = {"b": "0182", "k": "p", "c": "controller", "g": "caregiver", "a": "auditor"}
"""Case officers, coordinators, controllers; caregivers and auditors have no page here."""
OPEN = "open to all"
ROUTES: Mapping[str, str] = {
    "GET /desk": "bkc",
    "GET /desk/sign-in": OPEN,
    "POST /desk/sign-in": OPEN,
    "POST /desk/sign-out": OPEN,
    "POST /desk/clock": "bkc",
    "GET /desk/extensions": "b",
    "GET /desk/own-extensions": "k",
    "GET /desk/extensions/<id:extension_id>": "bk",
    "POST /desk/extensions/<id:extension_id>/decision": "b",
    "POST /desk/extensions/<id:extension_id>/answer": "k",
    "POST /desk/extensions/<id:extension_id>/completion": "k",
    "POST /desk/extensions/<id:extension_id>/documents": "k",
    "POST /desk/extensions/<id:extension_id>/withdrawal": "k",
    "GET /desk/extensions/<id:extension_id>/documents/<id:document_id>": "bk",
    "GET /desk/months": "c",
    "GET /desk/months/<month:month>/<municipality>/lock": "c",
    "POST /desk/months/<month:month>/<municipality>/lock": "c",
    "GET /desk/months/<month:month>/<municipality>/run": "c",
    "POST /desk/months/<month:month>/<municipality>/run": "c",
    "GET /desk/figures": "c",
    "GET /desk/billing": "c",
    "GET /desk/billing/party": "c",
    "POST /desk/billing/party": "c",
    "GET /desk/runs/<id:run_id>/files/<name>": "kc",
    "GET /desk/simulation": "c",
    "POST /desk/simulation": "c",
    "GET /desk/rates": "c",
    "GET /desk/rates/new": "c",
    "POST /desk/rates/new": "c",
    "GET /desk/rates/tariffs": "c",
    "POST /desk/rates/tariffs": "c",
    "GET /desk/rates/index": "c",
    "POST /desk/rates/index": "c",
    "GET /desk/explanations": "bc",
    "POST /desk/explanations": "bc",
    "GET /desk/assessments": "b",
    "GET /desk/assessments/<id:assessment_id>": "b",
    "POST /desk/assessments/<id:assessment_id>": "b",
    "GET /desk/no-choice": "b",
    "POST /desk/no-choice": "b",
    "GET /desk/no-choice/<id:proposal_id>": "b",
    "POST /desk/no-choice/<id:proposal_id>": "b",
    "GET /desk/visits/<id:visit_id>/extension": "k",
    "POST /desk/visits/<id:visit_id>/extension": "k",
    "GET /desk/today": "k",
    "GET /desk/deviations": "k",
    "POST /desk/deviations": "k",
    "GET /desk/visits/<id:visit_id>": "k",
    "POST /desk/visits/<id:visit_id>/corrections": "k",
    "POST /desk/visits/<id:visit_id>/corrections/<id:correction_id>/approval": "k",
    "GET /desk/corrections": "k",
    "GET /desk/statement": "k",
    "GET /desk/runs": "kc",
    "GET /desk/runs/<id:run_id>": "kc",
    "POST /desk/runs/<id:run_id>/repetition": "c",
    "GET /desk/months/<month:month>/<municipality>/<id:provider_id>": "c",
    "GET /desk/lines/<sequence:sequence>": "bkc",
    "GET /desk/visits/<id:visit_id>/history": "bkc",
    "GET /desk/customers/<id:customer_id>/history": "bkc",
    "GET /desk/attestation": "k",
    "POST /desk/attestation": "k",
}
"""Who may, by the letters above."""


@pytest.fixture
def office(make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str) -> Office:
    """An office of two providers and two municipalities."""
    return office_of(make_app, serve, sqlite_url, content(), AT)


def _path(rule: str) -> str:
    """An address of the rule that leads to nothing."""
    return re.sub(
        r"<id:\w+>", lambda _: new_id(), rule.replace("<month:month>", "2014-01").replace("<sequence:sequence>", "1")
    )


def _closed() -> list[tuple[str, str, str]]:
    return [(*key.split(" "), letters) for key, letters in ROUTES.items() if letters != OPEN]  # type: ignore[misc]


def test_every_address_of_the_desk_stands_here_and_nothing_else(office: Office) -> None:
    there = {
        f"{method} {rule.rule}"
        for rule in office.town.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/desk")
    }
    assert there == set(ROUTES)


def test_A1_whoever_is_not_signed_in_is_asked_to(office: Office) -> None:
    client = office.town.app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    for method, rule, _ in _closed():
        answer = client.open(_path(rule), method=method)
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/desk/sign-in"), rule


def test_A2_each_role_opens_its_own_pages_and_no_others(office: Office) -> None:
    for letter, who in WHO.items():
        client = client_of(office, who)
        for method, rule, letters in _closed():
            answer = client.open(_path(rule), method=method)
            assert (answer.status_code == 403) == (letter not in letters), (who, method, rule, answer.status_code)
            assert answer.status_code < 500, (who, method, rule)


def test_A1_nothing_is_done_by_what_another_site_sends(office: Office) -> None:
    for letter, who in WHO.items():
        client = client_of(office, who)
        for method, rule, letters in _closed():
            if method == "POST" and letter in letters:
                answer = client.open(_path(rule), method=method, headers={"Sec-Fetch-Site": "cross-site"})
                assert answer.status_code == 403, (who, rule)


def test_A1_what_is_not_there_is_a_page_that_says_so(office: Office) -> None:
    for letter, who in WHO.items():
        client = client_of(office, who)
        for method, rule, letters in _closed():
            if "<id:" in rule and method == "GET" and letter in letters and "visits" not in rule:
                answer = client.get(_path(rule))
                assert (answer.status_code, answer.mimetype) == (404, "text/html"), (who, rule)


def test_A1_signing_in_out_and_in_with_a_wrong_password(office: Office) -> None:
    operator = keep_operator(office.town.database, "operator-of-the-desk")
    keep_user(office.town.database, operator, Role.CONTROLLER, "kontroll", care_system_id=office.town.care_system_id)
    client = office.town.app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    told = {"username": "kontroll", "password": "not this one at all", "wanted": "/desk/extensions"}
    assert client.post("/desk/sign-in", data=told).status_code == 401
    answer = client.post("/desk/sign-in", data={**told, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/extensions")
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    assert all("HttpOnly" in one and "SameSite=Lax" in one and "Path=/desk" in one for one in cookies)
    assert client.get("/desk").status_code == 303
    client.delete_cookie("hemtid_desk", path="/desk")
    renewed = client.get("/desk/extensions")
    assert renewed.status_code == 403
    assert len(renewed.headers.getlist("Set-Cookie")) == 2
    kept = client.get_cookie("hemtid_desk_refresh", path="/desk")
    assert kept is not None
    assert client.post("/desk/sign-out").status_code == 303
    client.set_cookie("hemtid_desk_refresh", kept.value, path="/desk")
    assert client.get("/desk/extensions").headers["Location"].startswith("/desk/sign-in")


def test_A1_signing_in_leads_nowhere_else(office: Office) -> None:
    for wanted in ("https://elsewhere.example/desk", "//elsewhere.example", "/desk//x", "/desk\\x", "/rules", ""):
        answer = office.town.app.test_client().get("/desk/sign-in", query_string={"wanted": wanted})
        assert 'name="wanted"' not in answer.get_data(as_text=True), wanted
