"""A care system filled from a scenario, with everybody in it who judges and pays, to be asked over HTTP."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app.actions.access.tokens import TokenAuthority
from app.actions.deviations.sweep import Swept, sweep
from app.actions.running import real_now
from app.actions.visits.tell import dues_of
from app.api.clock import DEMO_CLOCK
from app.rules.access import Kept, Role, UserAccount
from app.rules.scenario import Scenario
from app.rules.time import parse_instant
from app.settings import Settings
from app.storage.access import Subject, accounts
from app.storage.database import Database
from app.storage.ids import new_id
from app.storage.judgements import mark_due
from app.storage.visits import all_visits
from schemas.simulations import read_scenario
from tests.accounts import NOW, keep_client, keep_operator
from tests.keeping import accredited, keep

JSON = dict[str, Any]
SCENARIOS = Path(__file__).parent / "scenarios"
_SECTIONS = (
    "providers",
    "caregivers",
    "customers",
    "absences",
    "tags",
    "grants",
    "orders",
    "rates",
    "planned_visits",
    "registrations",
    "corrections",
    "extensions",
    "explanations",
)
_NAMES = uuid.UUID("0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f")


def id_of(name: str) -> str:
    """The id that stands in the town for a name in the scenario."""
    return str(uuid.uuid5(_NAMES, name))


def with_ids(content: JSON) -> JSON:
    """The scenario with ids as the product has them, in place of its short names."""
    rows = (row for name in _SECTIONS for row in content.get(name, ()))
    ids = {row["id"]: id_of(row["id"]) for row in rows if "id" in row}

    def renamed(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: renamed(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [renamed(inner, key) for inner in value]
        return ids.get(value, value) if key == "id" or key.endswith(("_id", "_ids")) else value

    done: JSON = renamed(content)
    for correction in done.get("corrections", ()):
        correction["made_by"], correction["approved_by"] = id_of("maker"), id_of("approver")
    return done


def told(name: str) -> JSON:
    """A scenario file of tests/scenarios."""
    content: JSON = json.loads((SCENARIOS / name).read_text(encoding="utf-8"))
    return content


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """The product over HTTP. Who asks: coordinators `p`, `p2`, `q`, case officers by municipality, the rest by role."""

    app: Flask
    scenario: Scenario
    care_system_id: str
    tokens: dict[str, str]

    @property
    def database(self) -> Database:
        database: Database = self.app.extensions["hemtid"].database
        return database

    @property
    def settings(self) -> Settings:
        settings: Settings = self.app.extensions["hemtid"].settings
        return settings

    def ask(
        self,
        who: str,
        method: str,
        path: str,
        now: str,
        body: Any = None,
        *,
        key: str | None = None,
        etag: str | None = None,
        **sent: Any,
    ) -> TestResponse:
        """The answer to somebody's request at an instant; `key` is its Idempotency-Key, `etag` what it would change."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}", DEMO_CLOCK: now}
        headers |= {} if key is None else {"Idempotency-Key": key}
        headers |= {} if etag is None else {"If-Match": etag}
        sent |= {} if body is None else {"json": body}
        return self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **sent)

    def get(self, who: str, path: str, now: str) -> JSON:
        """What somebody reads at an instant."""
        answer = self.ask(who, "GET", path, now)
        assert answer.status_code == 200, answer.get_json()
        found: JSON = answer.get_json()
        return found

    def post(self, who: str, path: str, now: str, body: Any = None) -> JSON:
        """What somebody's request made at an instant."""
        answer = self.ask(who, "POST", path, now, body)
        assert answer.status_code == 201, answer.get_json()
        made: JSON = answer.get_json()
        return made

    def refused(self, who: str, path: str, now: str, body: Any = None) -> tuple[int, str | None]:
        """The status and the rule with which somebody's request is refused."""
        answer = self.ask(who, "POST", path, now, body)
        assert answer.status_code >= 400, answer.get_json()
        return answer.status_code, answer.get_json().get("rule")

    def sweep(self, now: str) -> Swept:
        """What a sweep at the instant did."""
        return sweep(self.database, parse_instant(now), care_system_id=self.care_system_id)

    def mark_everything(self, now: str) -> None:
        """What every visit weighs on waits to be judged, as if all of them had just been told."""
        with self.database.transaction() as tx:
            visits = all_visits(tx, self.care_system_id)
            mark_due(tx, self.care_system_id, {due for one in visits for due in dues_of([one])}, at=parse_instant(now))

    def deviations(self, who: str, now: str, **filters: str) -> list[JSON]:
        """The deviations that somebody sees, all pages of them."""
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        found, after = [], ""
        while True:
            page = self.get(who, f"/deviations?limit=7&{query}{after}", now)
            found += page["items"]
            if "next" not in page:
                return found
            after = f"&after={page['next']}"


def town_of(make_app: Callable[..., Flask], database_url: str, content: JSON, *, ids: bool = True) -> Town:
    """The town of a scenario, everything in it recorded as the scenario says; nothing is judged yet."""
    app = make_app(database_url, demo_clock=True, pool_size=10)
    running = app.extensions["hemtid"]
    scenario = accredited(read_scenario(with_ids(content) if ids else content))
    care_system_id = keep(running.database, scenario)
    tokens = _tokens(running.database, running.settings, care_system_id, scenario)
    return Town(app=app, scenario=scenario, care_system_id=care_system_id, tokens=tokens)


def _tokens(database: Database, settings: Settings, care_system_id: str, scenario: Scenario) -> dict[str, str]:
    within = {"care_system_id": care_system_id}
    caregiver = scenario.facts.caregivers[0]
    own = {"provider_id": caregiver.provider_id, "caregiver_id": caregiver.id}
    people: list[tuple[str, Role, dict[str, str]]] = [
        ("controller", Role.CONTROLLER, within),
        ("auditor", Role.AUDITOR, within),
        ("caregiver", Role.CAREGIVER, {**within, **own}),
    ]
    homes = sorted({one.municipality for one in scenario.facts.customers})
    people += [(home, Role.CASE_OFFICER, {**within, "municipality": home}) for home in homes]
    named = {id_of(name): name for name in ("p", "q")}
    for provider in scenario.facts.providers:
        scope, name = {**within, "provider_id": provider.id}, named.get(provider.id, provider.id)
        people += [(name, Role.COORDINATOR, scope), (f"{name}2", Role.COORDINATOR, scope)]
    authority = TokenAuthority(settings.signing_key, settings.base_url)
    tokens = {name: _token(database, authority, role, name, scope) for name, role, scope in people}
    client, _ = keep_client(database, keep_operator(database), Role.REIMBURSEMENT_CLIENT, **within)
    return {**tokens, "money": authority.issue(Subject.CLIENT, client.account.as_actor(client.id), real_now())}


def _token(database: Database, authority: TokenAuthority, role: Role, name: str, scope: dict[str, str]) -> str:
    """A token of a user who was kept without a password: these tests are not about signing in."""
    account = UserAccount(role=role, username=f"user-{name}", **scope)  # type: ignore[arg-type]
    kept = Kept(id=new_id(), account=account, created_at=NOW, version=1, recorded_at=NOW)
    with database.transaction() as tx:
        accounts.insert_user(tx.connection, kept, "no password", kept.id)
    return authority.issue(Subject.USER, account.as_actor(kept.id), real_now())
