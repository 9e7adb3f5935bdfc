"""Users and clients over HTTP, kept by the operator. RULEBOOK A1, A2; FAULTS 36, 37, 41."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.rules.access import Role
from app.storage.database import Database
from app.storage.ids import new_id
from tests.accounts import PASSWORD, keep_care_system, keep_operator, keep_provider, keep_user

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The product over HTTP, with the operator at it, a care system and a provider."""

    app: Flask
    token: str
    care_system_id: str
    provider_id: str

    @property
    def database(self) -> Database:
        database: Database = self.app.extensions["hemtid"].database
        return database

    def ask(self, method: str, path: str, body: JSON | None = None, **headers: str) -> TestResponse:
        return self.app.test_client().open(
            f"/api/v1{path}", method=method, json=body, headers={"Authorization": f"Bearer {self.token}"} | headers
        )

    def coordinator(self, **changes: Any) -> JSON:
        stated = {"username": "anna.ek", "role": "coordinator", "password": PASSWORD}
        return {**stated, "care_system_id": self.care_system_id, "provider_id": self.provider_id, **changes}

    def scheduler(self, **changes: Any) -> JSON:
        stated = {"name": "Scheduler", "role": "scheduling_client"}
        return {**stated, "care_system_id": self.care_system_id, "provider_id": self.provider_id, **changes}


def sign_in(app: Flask, username: str, password: str = PASSWORD) -> TestResponse:
    presented = {"grant_type": "password", "username": username, "password": password}
    return app.test_client().post("/api/v1/tokens", json=presented)


@pytest.fixture
def desk(database_url: str, make_app: Callable[..., Flask]) -> Desk:
    app = make_app(database_url)
    database = app.extensions["hemtid"].database
    keep_operator(database)
    care_system_id = keep_care_system(database)
    return Desk(
        app=app,
        token=sign_in(app, "operator").get_json()["access_token"],
        care_system_id=care_system_id,
        provider_id=keep_provider(database, care_system_id),
    )


def pointers(answer: TestResponse) -> list[str]:
    return sorted(fault["pointer"] for fault in answer.get_json().get("errors", []))


def test_A2_a_user_is_created_read_and_signs_in(desk: Desk) -> None:
    created = desk.ask("POST", "/users", desk.coordinator())
    assert (created.status_code, created.headers["ETag"]) == (201, '"1"')
    user = created.get_json()
    assert user.keys() == {
        "id", "username", "role", "care_system_id", "provider_id", "active", "created_at", "recorded_at",
    }  # fmt: skip
    assert created.headers["Location"] == f"/api/v1/users/{user['id']}"
    read = desk.ask("GET", f"/users/{user['id']}")
    assert (read.get_json(), read.headers["ETag"]) == (user, '"1"')
    signed = sign_in(desk.app, "anna.ek").get_json()
    assert signed["scope"] == f"care_system:{desk.care_system_id} provider:{desk.provider_id}"


def test_A2_a_replaced_user_has_a_new_version_and_the_old_is_refused(desk: Desk) -> None:
    user = desk.ask("POST", "/users", desk.coordinator()).get_json()
    path, body = f"/users/{user['id']}", desk.coordinator(active=False)
    del body["password"]
    assert desk.ask("PUT", path, body).status_code == 428
    assert desk.ask("PUT", path, body, **{"If-Match": '"2"'}).status_code == 412
    replaced = desk.ask("PUT", path, body, **{"If-Match": '"1"'})
    assert (replaced.status_code, replaced.headers["ETag"]) == (200, '"2"')
    assert replaced.get_json()["active"] is False
    assert desk.ask("PUT", path, body, **{"If-Match": '"1"'}).status_code == 412
    assert sign_in(desk.app, "anna.ek").status_code == 401


def test_A2_an_operator_who_is_made_inactive_is_out_on_the_next_request(desk: Desk) -> None:
    """FAULTS 41."""
    (operator,) = desk.ask("GET", "/users").get_json()["items"]
    body = {"username": "operator", "role": "operator", "active": False}
    assert desk.ask("PUT", f"/users/{operator['id']}", body, **{"If-Match": '"1"'}).status_code == 200
    assert desk.ask("GET", "/users").status_code == 401


def test_A2_a_clients_secret_is_told_once(desk: Desk) -> None:
    created = desk.ask("POST", "/clients", desk.scheduler())
    assert created.status_code == 201
    client = created.get_json()
    secret = client.pop("client_secret")
    assert len(secret) == 43
    assert desk.ask("GET", f"/clients/{client['id']}").get_json() == client
    assert secret not in desk.ask("GET", "/clients").text
    presented = {"grant_type": "client_credentials", "client_id": client["id"], "client_secret": secret}
    assert desk.app.test_client().post("/api/v1/tokens", json=presented).status_code == 200
    replaced = desk.ask("PUT", f"/clients/{client['id']}", desk.scheduler(active=False), **{"If-Match": '"1"'})
    assert (replaced.status_code, "client_secret" in replaced.get_json()) == (200, False)
    assert desk.app.test_client().post("/api/v1/tokens", json=presented).status_code == 401


BAD_USERS: list[tuple[JSON, list[str]]] = [
    ({"role": "scheduling_client"}, ["/role"]),
    ({"role": "king"}, ["/role"]),
    ({"role": 1}, ["/role"]),
    ({"username": "Anna Exempel"}, ["/username"]),
    ({"username": None}, ["/username"]),
    ({"password": "short"}, ["/password"]),
    ({"password": None}, ["/password"]),
    ({"password": "anna.ek anna.ek"}, ["/password"]),
    ({"active": 1}, ["/active"]),
    ({"provider_id": None}, ["/provider_id"]),
    ({"provider_id": "1"}, ["/provider_id"]),
    ({"provider_id": new_id()}, ["/provider_id"]),
    ({"municipality": "2029"}, ["/municipality"]),
    ({"municipality": "29"}, ["/municipality"]),
    ({"care_system_id": None}, ["/care_system_id"]),
    ({"care_system_id": new_id()}, ["/care_system_id"]),
    ({"caregiver_id": new_id()}, ["/caregiver_id"]),
    ({"id": new_id()}, ["/id"]),
    ({"version": 7}, ["/version"]),
    ({"created_at": "2014-01-01T00:00:00Z"}, ["/created_at"]),
    ({"password_hash": "x"}, ["/password_hash"]),
]


@pytest.mark.parametrize(("changes", "expected"), BAD_USERS, ids=[f"{n} {case[1]}" for n, case in enumerate(BAD_USERS)])
def test_A1_a_field_that_does_not_fit_is_pointed_at(desk: Desk, changes: JSON, expected: list[str]) -> None:
    """FAULTS 37."""
    answer = desk.ask("POST", "/users", desk.coordinator(**changes))
    assert (answer.status_code, pointers(answer)) == (422, expected)


def test_A1_a_clients_fields_are_those_of_its_role(desk: Desk) -> None:
    for changes, expected in (
        ({"role": "operator"}, ["/role"]),
        ({"name": ""}, ["/name"]),
        ({"provider_id": None}, ["/provider_id"]),
        ({"caregiver_id": new_id()}, ["/caregiver_id"]),
        ({"client_secret": "mine"}, ["/client_secret"]),
        ({"role": "reimbursement_client"}, ["/provider_id"]),
    ):
        answer = desk.ask("POST", "/clients", desk.scheduler(**changes))
        assert (answer.status_code, pointers(answer)) == (422, expected)
    for provider_id in (None, desk.provider_id):
        measuring = desk.scheduler(role="measuring_client", provider_id=provider_id)
        assert desk.ask("POST", "/clients", measuring).status_code == 201


def test_A1_a_username_that_is_taken_is_refused(desk: Desk) -> None:
    assert desk.ask("POST", "/users", desk.coordinator()).status_code == 201
    answer = desk.ask("POST", "/users", desk.coordinator())
    assert (answer.status_code, answer.get_json()["rule"], pointers(answer)) == (409, "A1", ["/username"])
    other = desk.ask("POST", "/users", desk.coordinator(username="bo.ek")).get_json()
    answer = desk.ask("PUT", f"/users/{other['id']}", desk.coordinator(), **{"If-Match": '"1"'})
    assert (answer.status_code, pointers(answer)) == (409, ["/username"])


def test_A1_an_account_stays_in_its_care_system(desk: Desk) -> None:
    user = desk.ask("POST", "/users", desk.coordinator()).get_json()
    elsewhere = keep_care_system(desk.database)
    moved = desk.coordinator(care_system_id=elsewhere, provider_id=keep_provider(desk.database, elsewhere))
    answer = desk.ask("PUT", f"/users/{user['id']}", moved, **{"If-Match": '"1"'})
    assert (answer.status_code, pointers(answer)) == (422, ["/care_system_id"])


def test_A1_what_is_not_there_is_not_found(desk: Desk) -> None:
    for path in (f"/users/{new_id()}", f"/clients/{new_id()}", "/users/1", "/clients/None"):
        assert desk.ask("GET", path).status_code == 404
    assert desk.ask("PUT", f"/users/{new_id()}", desk.coordinator(), **{"If-Match": '"1"'}).status_code == 404
    assert desk.ask("PUT", f"/clients/{new_id()}", desk.scheduler(), **{"If-Match": '"1"'}).status_code == 404
    user = desk.ask("POST", "/users", desk.coordinator()).get_json()
    assert desk.ask("GET", f"/clients/{user['id']}").status_code == 404


def test_A1_lists_are_read_page_by_page_by_id(desk: Desk) -> None:
    for number in range(5):
        assert desk.ask("POST", "/users", desk.coordinator(username=f"user{number}")).status_code == 201
    seen, path = [], "/users?limit=2"
    while path:
        page = desk.ask("GET", path).get_json()
        seen += [user["id"] for user in page["items"]]
        path = f"/users?limit=2&after={page['next']}" if "next" in page else ""
    assert len(seen) == 6
    assert seen == sorted(set(seen))
    assert desk.ask("GET", "/users?after=forged").status_code == 422


@pytest.mark.parametrize("role", [Role.CONTROLLER, Role.AUDITOR], ids=str)
def test_A2_nobody_but_the_operator_reaches_accounts(desk: Desk, role: Role) -> None:
    (operator,) = desk.ask("GET", "/users").get_json()["items"]
    database = desk.database
    actor = keep_operator(database, "second")
    keep_user(database, actor, role, "other", care_system_id=desk.care_system_id)
    token = sign_in(desk.app, "other").get_json()["access_token"]
    as_other = {"Authorization": f"Bearer {token}"}
    for path in ("/users", f"/users/{operator['id']}", f"/users/{new_id()}", "/clients", f"/clients/{new_id()}"):
        answer = desk.ask("GET", path, None, **as_other)
        assert (answer.status_code, answer.get_json()["rule"]) == (403, "A2")
    for path, body in (("/users", desk.coordinator()), ("/clients", desk.scheduler())):
        assert desk.ask("POST", path, body, **as_other).status_code == 403
        replaced = desk.ask("PUT", f"{path}/{operator['id']}", body, **{**as_other, "If-Match": '"1"'})
        assert replaced.status_code == 403


def test_A2_the_first_operator_is_made_by_a_command(
    database_url: str, make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(database_url)
    run = app.test_cli_runner().invoke
    shown = run(args=["create-operator", "--username", "first", "--generate"])
    assert shown.exit_code == 0, shown.output
    generated = shown.output.strip().rsplit(" ", 1)[1]
    assert sign_in(app, "first", generated).get_json()["role"] == "operator"
    monkeypatch.setenv("HEMTID_OPERATOR_PASSWORD", PASSWORD)
    told = run(args=["create-operator", "--username", "second"])
    assert (told.exit_code, PASSWORD in told.output) == (0, False)
    assert sign_in(app, "second").status_code == 200
    assert run(args=["create-operator", "--username", "second"]).exit_code == 1
    monkeypatch.delenv("HEMTID_OPERATOR_PASSWORD")
    asked = run(args=["create-operator", "--username", "third"], input=f"{PASSWORD}\n{PASSWORD}\n")
    assert (asked.exit_code, PASSWORD in asked.output) == (0, False)
    assert run(args=["create-operator", "--username", "fourth"], input="short\nshort\n").exit_code == 1
