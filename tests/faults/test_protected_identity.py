"""Of a person with protected identity nothing tells who it is or where: not to anybody, not anywhere. FAULTS 50."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.rules.access import Role
from app.storage.database import Database
from app.storage.ids import new_id
from app.storage.tables.columns import metadata
from tests.faults.register import MUNICIPALITY, Register, filled
from tests.faults.specification import Operation, operations
from tests.settings import settings_for
from tests.sheets import words_in

NAME = "Kanariefågel Skyddsson"
BORN = 1887
NUMBER = "19121212-1212"
AT_HOME = {"lat": 61.234567, "lon": 15.765432}
CANARIES = ("Kanarief", "Skyddsson", f'"birth_year":{BORN}', "121212", "61.23456", "15.76543", "61234567", "15765432")
ABOUT_THE_CUSTOMER = tuple(
    f"/api/v1/{one}"
    for one in ("customers", "grants", "orders", "tags", "absences", "planned-visits", "registrations", "visits")
)
MONTH = "2014-02"
BEFORE = "2014-01-02T08:00:00Z"
CLOCK = "Hemtid-Demo-Clock"
PSEUDONYMOUS = (Role.CONTROLLER, Role.REIMBURSEMENT_CLIENT, Role.MEASURING_CLIENT, Role.AUDITOR, Role.OPERATOR)
"""They see nobody's name, so no position either, protected or not; only the year of birth. Source: A2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A customer to whom everything has happened that the API can tell of. `ids` are by their names in paths."""

    app: Flask
    register: Register
    ids: dict[str, str]

    def ask(self, role: Role, method: str, path: str, body: Any = None, now: str = BEFORE) -> TestResponse:
        """The answer, which is no refusal."""
        headers = {"If-Match": '"1"', CLOCK: now}
        answer = self.register.ask(self.app, role, method, path, json=body, headers=headers)
        assert answer.status_code < 300, (method, path, answer.text)
        return answer

    def make(self, role: Role, path: str, body: Any, named: str, now: str = BEFORE) -> str:
        """The id of what was made, known from now on."""
        self.ids[named] = made = self.ask(role, "POST", path, body, now).get_json()["id"]
        return str(made)


def customer(**fields: Any) -> dict[str, Any]:
    """Somebody, with all that could tell who it is."""
    told = {"municipality": MUNICIPALITY, "name": NAME, "birth_year": BORN, "personal_identity_number": NUMBER}
    return told | fields


def live_a_day(story: Story) -> None:
    """The customer is granted care, ordered and planned, visited with a position, asked about and away."""
    officer, provider, ids = Role.CASE_OFFICER, {"provider_id": story.register.provider_id}, story.ids
    whose = {"customer_id": ids["customer_id"]}
    accredited = {"municipality": MUNICIPALITY, "service": "personal_care", "valid_from": "2014-01-01"}
    story.make(Role.CONTROLLER, "/accreditations", {**accredited, **provider}, "accreditation_id")
    grant = {"services": ["personal_care"], "law": "SoL", "granted_seconds": 36_000, "per": "month"}
    story.make(officer, "/grants", {**grant, **whose, "valid_from": "2014-01-01"}, "grant_id")
    order = {"grant_id": ids["grant_id"], "ordered_at": "2014-01-02T08:00:00Z", "chosen_by": "customer"}
    story.make(officer, "/orders", {**order, **provider, "valid_from": "2014-01-03"}, "order_id")
    tag = {"kind": "nfc", "uid": "04B2245A6F6180", "valid_from": "2014-01-01"}
    for one in (tag, {"kind": "qr", "valid_from": "2014-01-01"}):
        story.make(officer, "/tags", {**one, **whose}, "tag_id")
    away = {"from": "2014-02-20T08:00:00Z", "before": "2014-02-21T08:00:00Z", "cause": "hospital"}
    story.make(officer, "/absences", {**away, **whose}, "absence_id")
    plan = {**provider, **whose, "service": "personal_care", "caregiver_ids": [story.register.caregiver_ids[0]]}
    times = {"starts_at": f"{MONTH}-03T07:00:00Z", "ends_at": f"{MONTH}-03T08:00:00Z"}
    story.make(Role.COORDINATOR, "/planned-visits", {**plan, **times}, "planned_visit_id")
    tap(story, "check_in", f"{MONTH}-03T07:01:00Z", tag["uid"])
    tap(story, "check_out", f"{MONTH}-03T07:41:00Z", None)
    change = {"changes": {"ends_at": f"{MONTH}-03T07:50:00Z"}, "reason": "forgot_to_register", "note": "On the stairs."}
    story.make(Role.COORDINATOR, f"/visits/{ids['visit_id']}/corrections", change, "correction_id")
    asked = {**provider, **whose, "service": "personal_care", "month": MONTH, "days": [f"{MONTH}-03"]}
    why = {"requested_seconds": 600, "cause": "fall", "justification": "There had been a fall in the night."}
    story.make(Role.COORDINATOR, "/extensions", {**asked, **why}, "extension_id", f"{MONTH}-04T08:00:00Z")


def tap(story: Story, kind: str, at: str, uid: str | None) -> None:
    """A registration at the customer's, the phone telling where it is; by hand where there is no tag."""
    proof = {"method": "nfc", "uid": uid} if uid else {"method": "manual", "reason": "tag_damaged"}
    place = {**proof, "position": {**AT_HOME, "accuracy_m": 5}}
    told = {"id": new_id(), "kind": kind, "caregiver_id": story.register.caregiver_ids[0], "captured_at": at}
    named = "visit_id" if kind == "check_in" else "registration_id"
    story.make(Role.MEASURING_CLIENT, "/registrations", {**told, "place": place}, named, at)


Told = tuple[Operation, Role, TestResponse]


def walk(story: Story, places: tuple[str, ...] = ("/",)) -> Iterator[Told]:
    """What every reading operation there answers to every role, about the customer and in lists that it is in."""
    for operation in operations(story.app):
        if operation.method == "GET" and operation.template.startswith(places):
            path = operation.path(story.ids | {"month": MONTH}).removeprefix("/api/v1")
            known = {"limit": "20", "month": MONTH}
            query = {name: value for name, value in known.items() if name in operation.parameters}
            for role in Role:
                headers = {CLOCK: f"{MONTH}-03T09:00:00Z"}
                answer = story.register.ask(story.app, role, "GET", path, query_string=query, headers=headers)
                yield operation, role, answer


def singing(walked: Iterable[Told]) -> list[str]:
    """Where a canary is heard: operation, role and which."""
    return [
        f"{operation.operation_id} to {role}: {canary}"
        for operation, role, answer in walked
        for canary in CANARIES
        if canary in _said(answer) + str(answer.headers)
    ]


def _said(answer: TestResponse) -> str:
    """What the answer says to whoever reads it; of a printed sheet, its letters."""
    if answer.mimetype != "application/pdf":
        return answer.get_data(as_text=True)
    with TemporaryDirectory() as folder:
        return words_in(answer.get_data(), Path(folder))


def stored(database: Database, tables: tuple[str, ...]) -> str:
    """All that stands in those tables."""
    with database.transaction(write=False) as tx:
        return "\n".join(
            str(row) for name in tables for row in tx.connection.execute(metadata.tables[name].select()).all()
        )


@pytest.fixture
def begun(sqlite_url: str, make_app: Callable[..., Flask]) -> Callable[..., Story]:
    """Begins the story of a customer."""

    def begin(**fields: Any) -> Story:
        register = filled(settings_for(sqlite_url))
        story = Story(app=make_app(sqlite_url, demo_clock=True), register=register, ids={})
        story.ids.update(care_system_id=register.care_system_id, caregiver_id=register.caregiver_ids[0])
        story.make(Role.CASE_OFFICER, "/customers", customer(**fields), "customer_id")
        live_a_day(story)
        return story

    return begin


def is_silent(story: Story, logged: str) -> None:
    """No canary is heard in the log, nor in anything that is stored but for the number, which stands apart."""
    assert '"event": "answered"' in logged
    assert [canary for canary in CANARIES if canary in logged] == []
    everything = stored(story.app.extensions["hemtid"].database, tuple(set(metadata.tables) - {"customer_identity"}))
    assert [canary for canary in CANARIES if canary in everything] == []


def test_F50_nothing_tells_who_or_where_a_protected_person_is(
    begun: Callable[..., Story], capfd: pytest.CaptureFixture[str]
) -> None:
    """FAULTS 50: every operation that reads, as every role; and each was there to be read, by somebody at least."""
    story = begun(protection="confidential")
    walked = list(walk(story))
    assert singing(walked) == []
    is_silent(story, "".join(capfd.readouterr()))
    read = {operation.operation_id for operation, _, answer in walked if answer.status_code == 200}
    wanted = {one.operation_id for one, _, _ in walked if one.template.startswith(ABOUT_THE_CUSTOMER)}
    assert wanted | {"listChanges", "listExtensions", "readExtension", "readVisitHistory", "listStatements"} <= read


@pytest.mark.parametrize("protection", ["protected_registration", "fictitious"])
def test_F50_nor_is_it_stored_whatever_the_kind_of_protection(
    begun: Callable[..., Story], protection: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """FAULTS 50: what is not there cannot be told."""
    is_silent(begun(protection=protection), "".join(capfd.readouterr()))


def test_F50_who_becomes_protected_is_hidden_with_all_that_was_before(begun: Callable[..., Story]) -> None:
    """FAULTS 50. The counter-check: before the protection the same walk hears the canaries."""
    story = begun(position=AT_HOME)
    heard = singing(walk(story, ABOUT_THE_CUSTOMER))
    assert f"readCustomer to case_officer: {CANARIES[0]}" in heard
    assert f"readCustomer to case_officer: {CANARIES[4]}" in heard
    assert f"listRegistrations to coordinator: {CANARIES[4]}" in heard
    by_id_only = [line for line in heard if any(f"to {role}:" in line for role in PSEUDONYMOUS)]
    assert [line for line in by_id_only if "birth_year" not in line] == []
    story.ask(Role.CASE_OFFICER, "PUT", f"/customers/{story.ids['customer_id']}", customer(protection="confidential"))
    assert singing(walk(story)) == []
