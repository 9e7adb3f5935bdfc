"""Signing in over HTTP, and what a token is good for afterwards. RULEBOOK A1, A2; FAULTS 40, 41, 42, 44, 49."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.actions.access import users
from app.actions.access.tokens import TokenAuthority
from app.rules.access import Actor, Kept, Role, UserAccount
from app.storage.access import Subject
from app.storage.ids import new_id
from tests.accounts import PASSWORD, keep_care_system, keep_client, keep_operator, keep_user
from tests.settings import KEYS

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The product over HTTP, with an operator and an auditor in it."""

    app: Flask
    operator: Actor
    auditor: Kept[UserAccount]

    def tokens(self, **presented: object) -> TestResponse:
        return self.app.test_client().post("/api/v1/tokens", json=presented)

    def signed_in(self, username: str = "auditor") -> JSON:
        answer = self.tokens(grant_type="password", username=username, password=PASSWORD)
        assert answer.status_code == 200, answer.json
        given: JSON = answer.get_json()
        return given

    def get(self, path: str, token: str | None = None, **headers: str) -> TestResponse:
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.app.test_client().get(path, headers=bearer | headers)


@pytest.fixture
def caller(database_url: str, make_app: Callable[..., Flask]) -> Caller:
    app = make_app(database_url, demo_clock=True)
    database = app.extensions["hemtid"].database
    operator = keep_operator(database)
    scope = {"care_system_id": keep_care_system(database)}
    return Caller(app=app, operator=operator, auditor=keep_user(database, operator, Role.AUDITOR, "auditor", **scope))


def test_A1_a_password_gives_a_token_that_anyone_can_verify_by_our_key_set(caller: Caller) -> None:
    answer = caller.tokens(grant_type="password", username="auditor", password=PASSWORD)
    assert answer.headers["Cache-Control"] == "no-store"
    given = answer.get_json()
    care_system_id = caller.auditor.account.care_system_id
    assert {name: given[name] for name in ("token_type", "expires_in", "role", "scope")} == {
        "token_type": "Bearer",
        "expires_in": 600,
        "role": "auditor",
        "scope": f"care_system:{care_system_id}",
    }
    key_set = caller.get("/.well-known/jwks.json").get_json()
    assert key_set == caller.get("/api/v1/jwks").get_json()
    header = jwt.get_unverified_header(given["access_token"])
    key = jwt.PyJWKSet.from_dict(key_set)[header["kid"]]
    claims = jwt.decode(given["access_token"], key, algorithms=["ES256"], audience="hemtid", issuer=KEYS.base_url)
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": key_set["keys"][0]["kid"]}
    assert claims["sub"] == caller.auditor.id
    assert claims["exp"] - claims["iat"] == 600
    assert (claims["role"], claims["scope"]) == ("auditor", f"care_system:{care_system_id}")
    assert claims.keys() == {"iss", "aud", "sub", "client_id", "iat", "exp", "jti", "sid", "role", "scope"}


def test_A1_a_wrong_password_and_an_unknown_name_are_answered_alike(caller: Caller) -> None:
    said = []
    for username, password in (("auditor", "wrong"), ("nobody", PASSWORD)):
        answer = caller.tokens(grant_type="password", username=username, password=password)
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        problem = answer.get_json()
        del problem["request_id"]
        said.append(problem)
    assert said[0] == said[1]


def test_A1_the_eleventh_try_is_told_how_long_to_wait(caller: Caller) -> None:
    """FAULTS 44."""
    for _ in range(10):
        assert caller.tokens(grant_type="password", username="auditor", password="wrong").status_code == 401
    answer = caller.tokens(grant_type="password", username="auditor", password=PASSWORD)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert caller.signed_in("operator")["role"] == "operator"


def test_A1_a_refresh_token_rotates_and_ends_its_session_when_it_is_reused(caller: Caller) -> None:
    """FAULTS 42."""
    first = caller.signed_in()["refresh_token"]
    second = caller.tokens(grant_type="refresh_token", refresh_token=first).get_json()
    third = caller.tokens(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert third.status_code == 200
    assert len({first, second["refresh_token"], third.get_json()["refresh_token"]}) == 3
    for token in (first, third.get_json()["refresh_token"], "never issued"):
        assert caller.tokens(grant_type="refresh_token", refresh_token=token).status_code == 401


def test_A1_a_lost_answer_is_given_again(caller: Caller) -> None:
    """FAULTS 42."""
    first = caller.signed_in()["refresh_token"]
    assert caller.tokens(grant_type="refresh_token", refresh_token=first).status_code == 200
    again = caller.tokens(grant_type="refresh_token", refresh_token=first)
    assert again.status_code == 200
    follow = caller.tokens(grant_type="refresh_token", refresh_token=again.get_json()["refresh_token"])
    assert follow.status_code == 200


def test_A1_a_client_signs_in_with_its_secret(caller: Caller) -> None:
    database = caller.app.extensions["hemtid"].database
    scope = {"care_system_id": str(caller.auditor.account.care_system_id)}
    kept, secret = keep_client(database, caller.operator, Role.REIMBURSEMENT_CLIENT, **scope)
    answer = caller.tokens(grant_type="client_credentials", client_id=kept.id, client_secret=secret)
    assert answer.status_code == 200
    assert "refresh_token" not in answer.get_json()
    assert caller.get("/api/v1/users", answer.get_json()["access_token"]).status_code == 403
    for client_id in (kept.id, new_id()):
        wrong = caller.tokens(grant_type="client_credentials", client_id=client_id, client_secret="wrong")
        assert wrong.status_code == 401


@pytest.mark.parametrize(
    ("presented", "pointers"),
    [
        ({}, ["/grant_type"]),
        ({"grant_type": "telepathy"}, ["/grant_type"]),
        ({"grant_type": "password", "username": "auditor"}, ["/password"]),
        ({"grant_type": "password", "username": "auditor", "password": 1}, ["/password"]),
        ({"grant_type": "password", "username": "", "password": "x"}, ["/username"]),
        ({"grant_type": "password", "username": "x" * 1025, "password": "x"}, ["/username"]),
        ({"grant_type": "password", "username": None, "password": ["x"]}, ["/password", "/username"]),
        ({"grant_type": "password", "username": "\0", "password": "x"}, ["/username"]),
        ({"grant_type": "password", "username": "x", "password": "x", "role": "operator"}, ["/role"]),
        ({"grant_type": "password", "username": "x", "password": "x", "client_id": "x"}, ["/client_id"]),
        ({"grant_type": "refresh_token"}, ["/refresh_token"]),
        ({"grant_type": "client_credentials", "client_id": "x"}, ["/client_secret"]),
    ],
)
def test_A1_what_is_presented_must_fit_the_grant_type(caller: Caller, presented: JSON, pointers: list[str]) -> None:
    answer = caller.tokens(**presented)
    assert answer.status_code == 422
    assert sorted(fault["pointer"] for fault in answer.get_json()["errors"]) == pointers


BENT: list[tuple[str, Callable[[str], str]]] = [
    ("no scheme", lambda token: token),
    ("another scheme", lambda token: f"Basic {token}"),
    ("no token", lambda _: "Bearer"),
    ("two tokens", lambda token: f"Bearer {token} {token}"),
    ("another text", lambda _: "Bearer someone"),
    (
        "alg none",
        lambda token: "Bearer " + jwt.encode(jwt.decode(token, options={"verify_signature": False}), "", "none"),
    ),
    ("a changed signature", lambda token: f"Bearer {token[:-10]}{'A' if token[-10] != 'A' else 'B'}{token[-9:]}"),
]


@pytest.mark.parametrize("bend", [bend for _, bend in BENT], ids=[name for name, _ in BENT])
def test_A1_a_request_without_a_valid_token_is_nobodys(caller: Caller, bend: Callable[[str], str]) -> None:
    """FAULTS 40."""
    header = bend(caller.signed_in("operator")["access_token"])
    for headers in ({}, {"Authorization": header}):
        answer = caller.app.test_client().get("/api/v1/users", headers=headers)
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_A1_a_token_of_another_installation_is_nobodys_here(caller: Caller) -> None:
    """FAULTS 40: the same key, another issuer."""
    elsewhere = TokenAuthority(KEYS.signing_key, "https://another.example")
    token = elsewhere.issue(Subject.USER, caller.operator, datetime.now(UTC))
    assert caller.get("/api/v1/users", token).status_code == 401


def test_A1_an_expired_token_is_nobodys_whatever_the_demo_clock_says(caller: Caller) -> None:
    authority = TokenAuthority(KEYS.signing_key, KEYS.base_url)
    now = datetime.now(UTC)
    expired = authority.issue(Subject.USER, caller.operator, now - timedelta(seconds=601))
    assert caller.get("/api/v1/users", expired).status_code == 401
    then = (now - timedelta(days=1)).isoformat(timespec="seconds")
    assert caller.get("/api/v1/users", expired, **{"Hemtid-Demo-Clock": then}).status_code == 401
    fresh = authority.issue(Subject.USER, caller.operator, now)
    assert caller.get("/api/v1/users", fresh, **{"Hemtid-Demo-Clock": "2199-01-01T00:00:00Z"}).status_code == 200


def test_A1_whoever_is_made_inactive_or_gets_another_role_feels_it_on_the_next_request(caller: Caller) -> None:
    """FAULTS 41: the token is ten minutes old at most, the role not at all."""
    database = caller.app.extensions["hemtid"].database
    given = caller.signed_in()
    assert caller.get("/api/v1/users", given["access_token"]).status_code == 403
    inactive = replace(caller.auditor.account, active=False)
    now = caller.auditor.recorded_at
    users.replace_user(database, caller.operator, caller.auditor.id, 1, inactive, None, now)
    assert caller.get("/api/v1/users", given["access_token"]).status_code == 401
    assert caller.tokens(grant_type="refresh_token", refresh_token=given["refresh_token"]).status_code == 401


def test_A1_nothing_secret_is_logged(caller: Caller, capfd: pytest.CaptureFixture[str]) -> None:
    """FAULTS 49."""
    given = caller.signed_in()
    caller.get("/api/v1/users", given["access_token"])
    caller.tokens(grant_type="refresh_token", refresh_token=given["refresh_token"])
    caller.tokens(grant_type="password", username="typed-into-the-name", password="typed-into-the-password")
    caller.tokens(grant_type="password", username="auditor", password=PASSWORD, more="typed-into-nowhere")
    logged = "".join(capfd.readouterr())
    assert logged.count('"event": "answered"') == 5
    for canary in (PASSWORD, given["access_token"], given["refresh_token"], "typed-into", "auditor"):
        assert canary not in logged


def test_A1_signing_in_is_documented_without_a_token(caller: Caller) -> None:
    described = json.loads(caller.get("/openapi.json").data)["paths"]["/api/v1/tokens"]["post"]
    assert described["operationId"] == "createToken"
    assert described["security"] == []
    assert {"200", "401", "422", "429"} <= described["responses"].keys()
