"""A small world over HTTP: two care systems, in each two municipalities and two providers, and somebody of every role.

Everything is made through the API, by whoever may. `Somebody` speaks to the app; `World` tells who and what there is.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from flask import Flask

from app.actions.access.users import create_operator
from app.api.clock import DEMO_CLOCK
from app.rules.access import Role
from app.rules.time import parse_instant

PASSWORD = "correct horse battery staple"
BEGUN = "2014-01-02T08:00:00Z"
"""When the world was made, by the demo clock."""
NOW = "2014-02-03T08:00:00Z"
"""What time it is for whoever says nothing else: a Monday."""
MUNICIPALITIES = (("2029", "2031"), ("0182", "0186"))
TOKEN_SECONDS = 300
SERVICES = ("personal_care", "household", "escort", "respite")


class Answer(Protocol):
    """An answer as tests read it; `json` is whatever it holds."""

    @property
    def status_code(self) -> int:
        """The status."""

    @property
    def mimetype(self) -> str | None:
        """The media type."""

    @property
    def headers(self) -> Any:
        """The headers."""

    @property
    def data(self) -> bytes:
        """The body."""

    @property
    def text(self) -> str:
        """The body as text."""

    @property
    def json(self) -> Any:
        """The body as JSON values."""


@dataclass(slots=True)
class Line:
    """The app that everybody speaks to now, and the tokens by whom they speak for, each with when to get another."""

    app: Flask | None = None
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Somebody:
    """A user or client with its role, who signs in when it first speaks."""

    line: Line
    role: Role
    name: str
    sign_in: dict[str, str]
    id: str = ""
    now: str = NOW

    @property
    def token(self) -> str:
        """An access token that is valid now."""
        token, until = self.line.tokens.get(self.name, ("", 0.0))
        if time.monotonic() > until:
            assert self.line.app is not None
            answer = cast(Answer, self.line.app.test_client().post("/api/v1/tokens", json=self.sign_in))
            assert answer.status_code == 200, answer.text
            token = answer.json["access_token"]
            self.line.tokens[self.name] = (token, time.monotonic() + TOKEN_SECONDS)
        return token

    def ask(self, method: str, path: str, *, at: str | None = None, **sent: Any) -> Answer:
        """The app's answer; `path` stands below /api/v1 unless it begins with it. `at` is the demo clock."""
        assert self.line.app is not None
        headers = {"Authorization": f"Bearer {self.token}", DEMO_CLOCK: at or self.now, **sent.pop("headers", {})}
        full = path if path.startswith("/api/v1") else f"/api/v1{path}"
        return cast(Answer, self.line.app.test_client().open(full, method=method, headers=headers, **sent))

    def get(self, path: str, *, at: str | None = None, **query: Any) -> Answer:
        """The answer to a GET with this query."""
        return self.ask("GET", path, at=at, query_string=query or None)

    def post(self, path: str, content: Any, *, at: str | None = None, key: str | None = None) -> Answer:
        """The answer to a POST; `key` is its Idempotency-Key."""
        return self.ask("POST", path, at=at, json=content, headers={} if key is None else {"Idempotency-Key": key})

    def put(self, path: str, content: Any, *, at: str | None = None, etag: str | None = None) -> Answer:
        """The answer to a PUT; `etag` is its If-Match."""
        return self.ask("PUT", path, at=at, json=content, headers={} if etag is None else {"If-Match": etag})

    def read(self, path: str, **query: Any) -> Any:
        """The JSON of a GET that must go well."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json

    def make(self, path: str, content: Any, *, at: str | None = None) -> Any:
        """The JSON of a POST that must make something."""
        answer = self.post(path, content, at=at)
        assert answer.status_code in (200, 201), answer.text
        return answer.json


@dataclass(slots=True, kw_only=True)
class CustomerOf:
    """A customer of one municipality with one provider, and what belongs to it."""

    id: str
    municipality: str
    name: str
    grant_id: str
    order_id: str
    tag_id: str
    tag_text: str
    planned_visit_id: str


@dataclass(slots=True, kw_only=True)
class ProviderOf:
    """A provider, its people and clients, and a customer in each municipality, by code."""

    id: str
    name: str
    kind: str
    coordinator: Somebody
    second_coordinator: Somebody
    scheduler: Somebody
    caregivers: tuple[Somebody, Somebody]
    caregiver_ids: tuple[str, str]
    customers: dict[str, CustomerOf] = field(default_factory=dict)
    accreditation_id: str = ""

    @property
    def caregiver(self) -> Somebody:
        """The first of its caregivers."""
        return self.caregivers[0]

    @property
    def caregiver_id(self) -> str:
        """The first caregiver's id."""
        return self.caregiver_ids[0]


@dataclass(slots=True, kw_only=True)
class SystemOf:
    """A care system with everybody in it; case officers by their municipality."""

    id: str
    municipalities: tuple[str, str]
    controller: Somebody
    auditor: Somebody
    officers: dict[str, Somebody]
    measurer: Somebody
    reimburser: Somebody
    providers: list[ProviderOf]
    rate_id: str = ""
    policy_id: str = ""


@dataclass(slots=True, kw_only=True)
class World:
    """Everything there is. `home` and `foreign` are its two care systems."""

    line: Line
    operator: Somebody
    systems: list[SystemOf]

    @property
    def app(self) -> Flask:
        """The app that everybody speaks to now."""
        assert self.line.app is not None
        return self.line.app

    @property
    def home(self) -> SystemOf:
        """The first care system."""
        return self.systems[0]

    @property
    def foreign(self) -> SystemOf:
        """The other one."""
        return self.systems[1]

    def everybody(self) -> list[Somebody]:
        """Everybody of the first care system and its first provider, and the operator: one of each role."""
        system, provider = self.home, self.home.providers[0]
        officer = system.officers[system.municipalities[0]]
        return [
            provider.caregiver, provider.coordinator, officer, system.controller, provider.scheduler, system.measurer,
            system.reimburser, system.auditor, self.operator,
        ]  # fmt: skip


def made_world(app: Flask) -> World:
    """The world, made in the app's empty database."""
    line = Line(app)
    create_operator(app.extensions["hemtid"].database, "operator", PASSWORD, parse_instant(BEGUN))
    operator = Somebody(line=line, role=Role.OPERATOR, name="operator", sign_in=_password("operator"), now=BEGUN)
    world = World(line=line, operator=operator, systems=[])
    for number, codes in enumerate(MUNICIPALITIES):
        world.systems.append(_System(world, number).made(codes))
    operator.now = NOW
    return world


def _password(username: str) -> dict[str, str]:
    return {"grant_type": "password", "username": username, "password": PASSWORD}


class _System:
    """Makes one care system."""

    def __init__(self, world: World, number: int) -> None:
        self.world, self.number = world, number
        self.names = itertools.count(1)

    def made(self, codes: tuple[str, str]) -> SystemOf:
        named = {"name": f"Care system {self.number}", "municipalities": list(codes), "external_id": f"s{self.number}"}
        self.id = self.world.operator.make("/care-systems", named)["id"]
        controller = self._user(Role.CONTROLLER)
        system = SystemOf(
            id=self.id, municipalities=codes, controller=controller, auditor=self._user(Role.AUDITOR),
            officers={code: self._user(Role.CASE_OFFICER, municipality=code) for code in codes},
            measurer=self._client(Role.MEASURING_CLIENT), reimburser=self._client(Role.REIMBURSEMENT_CLIENT),
            providers=[],
        )  # fmt: skip
        self._price(system)
        for kind in ("private", "municipal"):
            system.providers.append(self._provider(system, kind))
        return system

    def _user(self, role: Role, **scope: str) -> Somebody:
        username = f"{role.value}.{self.number}.{next(self.names)}"
        content = {"username": username, "password": PASSWORD, "role": role, "care_system_id": self.id, **scope}
        made = self.world.operator.make("/users", content)
        return Somebody(line=self.world.line, role=role, name=username, id=made["id"], sign_in=_password(username))

    def _client(self, role: Role, **scope: str) -> Somebody:
        name = f"{role.value} {self.number} {next(self.names)}"
        made = self.world.operator.make("/clients", {"name": name, "role": role, "care_system_id": self.id, **scope})
        sign_in = {"grant_type": "client_credentials", "client_id": made["id"], "client_secret": made["client_secret"]}
        return Somebody(line=self.world.line, role=role, name=name, id=made["id"], sign_in=sign_in)

    def _price(self, system: SystemOf) -> None:
        for code in system.municipalities:
            for service in SERVICES[:3]:
                rate = {"municipality": code, "service": service, "ore_per_hour": 37000, "valid_from": "2011-01-01",
                        "source": "A decision"}  # fmt: skip
                system.rate_id = system.controller.make("/rates", rate, at=BEGUN)["id"]
        policy = {"name": "very_short_visit_seconds", "value": 120, "valid_from": "2014-01-01", "source": "A decision"}
        system.policy_id = system.controller.make("/policies", policy, at=BEGUN)["id"]

    def _provider(self, system: SystemOf, kind: str) -> ProviderOf:
        name = f"Provider {self.number} {kind}"
        content = {"name": name, "kind": kind, "external_id": f"{self.number}-{kind}"}
        made = system.controller.make("/providers", content, at=BEGUN)["id"]
        coordinator = self._user(Role.COORDINATOR, provider_id=made)
        carer = {"provider_id": made, "name": "A caregiver"}
        carers = [coordinator.make("/caregivers", carer, at=BEGUN)["id"] for _ in range(2)]
        first, second = (self._user(Role.CAREGIVER, provider_id=made, caregiver_id=one) for one in carers)
        provider = ProviderOf(
            id=made, name=name, kind=kind, coordinator=coordinator,
            second_coordinator=self._user(Role.COORDINATOR, provider_id=made),
            scheduler=self._client(Role.SCHEDULING_CLIENT, provider_id=made), caregivers=(first, second),
            caregiver_ids=(carers[0], carers[1]),
        )  # fmt: skip
        for code in system.municipalities:
            for service in SERVICES:
                accreditation = {
                    "provider_id": made,
                    "municipality": code,
                    "service": service,
                    "valid_from": "2011-01-01",
                }
                provider.accreditation_id = system.controller.make("/accreditations", accreditation, at=BEGUN)["id"]
            provider.customers[code] = self._customer(system.officers[code], provider, code)
        return provider

    def _customer(self, officer: Somebody, provider: ProviderOf, code: str) -> CustomerOf:
        name = f"Testperson {provider.kind} {code}"
        customer = officer.make("/customers", {"municipality": code, "name": name, "birth_year": 1931}, at=BEGUN)["id"]
        grant = officer.make("/grants", {
            "customer_id": customer, "services": ["personal_care", "household"], "law": "SoL",
            "granted_seconds": 36_000, "per": "month", "valid_from": "2014-01-01",
        }, at=BEGUN)["id"]  # fmt: skip
        order = officer.make("/orders", {
            "grant_id": grant, "provider_id": provider.id, "ordered_at": BEGUN, "chosen_by": "customer",
            "valid_from": "2014-01-03", "implementation_plan_received_on": "2014-01-10",
        }, at=BEGUN)["id"]  # fmt: skip
        tag = provider.coordinator.make(
            "/tags", {"customer_id": customer, "kind": "qr", "valid_from": "2014-01-01"}, at=BEGUN
        )
        plan = provider.scheduler.make("/planned-visits", {
            "provider_id": provider.id, "customer_id": customer, "caregiver_ids": [provider.caregiver_id],
            "service": "personal_care", "starts_at": "2014-02-03T09:00:00Z", "ends_at": "2014-02-03T09:45:00Z",
            "external_id": f"{provider.id}-{code}",
        }, at=BEGUN)["id"]  # fmt: skip
        return CustomerOf(
            id=customer, municipality=code, name=name, grant_id=grant, order_id=order, tag_id=tag["id"],
            tag_text=tag["token"], planned_visit_id=plan,
        )  # fmt: skip
