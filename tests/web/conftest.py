"""A real browser, and the product behind a real socket."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from app.rules.access import Role
from tests.accounts import PASSWORD, keep_care_system, keep_caregiver, keep_operator, keep_provider, keep_user

JSON = dict[str, Any]
ARGUMENTS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]

PATIENCE_MS = 15_000
"""How long a page may take on a machine that does much else."""


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium, without a window."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=False, args=ARGUMENTS)
        yield launched
        launched.close()


class Silent(WSGIRequestHandler):
    """Says nothing of each request: the product logs them itself."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing is said."""


@dataclass(slots=True)
class Front:
    """What stands before the product, as nginx does: it may answer 503 by itself, and counts what passes."""

    app: Flask | None = None
    ailing: bool = False
    """Whether registrations are answered 503 here, before the product."""
    posted: list[int] = field(default_factory=list)
    """The statuses with which registrations were answered."""

    def __call__(self, environment: JSON, start: Callable[..., Any]) -> Any:
        """The product's answer, or its absence."""
        if self.app is None:
            raise RuntimeError("nothing is served yet")
        if environment["PATH_INFO"] != "/api/v1/registrations" or environment["REQUEST_METHOD"] != "POST":
            return self.app(environment, start)

        def noting(status: str, *rest: Any) -> Any:
            self.posted.append(int(status[:3]))
            return start(status, *rest)

        if not self.ailing:
            return self.app(environment, noting)
        environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0))
        noting("503 Service Unavailable", [("Content-Type", "text/plain"), ("Retry-After", "1")])
        return [b"no upstream"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The product as served, with one caregiver, Kim, one customer with a tag at the door, and today's plan."""

    url: str
    app: Flask
    front: Front
    tags: tuple[str, ...]
    """The addresses on the tags of two customers' doors."""
    caregiver_id: str
    provider_id: str
    customer_ids: tuple[str, ...] = ()
    tokens: dict[str, str] = field(default_factory=dict)
    """Who has signed in here before, not to do so for every question."""

    def ask(self, username: str, method: str, path: str, content: JSON | None = None) -> JSON:
        """What the API answers to the user, who is signed in for it."""
        client = self.app.test_client()
        if username not in self.tokens:
            presented = {"grant_type": "password", "username": username, "password": PASSWORD}
            self.tokens[username] = client.post("/api/v1/tokens", json=presented).get_json()["access_token"]
        headers = {"Authorization": f"Bearer {self.tokens[username]}"}
        answer = client.open(f"/api/v1{path}", method=method, json=content, headers=headers)
        assert answer.status_code < 400, answer.text
        return cast(JSON, answer.get_json())

    def visits(self) -> list[JSON]:
        """Every visit of the caregiver."""
        items: list[JSON] = self.ask("kim.lind", "GET", "/visits")["items"]
        return items

    def plan_a_visit_now(self) -> JSON:
        """The first customer is the provider's, and has a visit planned that begins now."""
        since = {"valid_from": "2014-01-01"}
        place = {"provider_id": self.provider_id, "municipality": "2029", "service": "personal_care"}
        self.ask("kon.troll", "POST", "/accreditations", {**place, **since})
        services = {"services": ["personal_care"], "granted_seconds": 3_600, "per": "day"}
        customer = {"customer_id": self.customer_ids[0]}
        grant = self.ask("hanna.dl", "POST", "/grants", {**customer, **services, "law": "SoL", **since})
        now = datetime.now(UTC)
        chosen = {"provider_id": self.provider_id, "ordered_at": now.isoformat(), "chosen_by": "customer"}
        self.ask("hanna.dl", "POST", "/orders", {"grant_id": grant["id"], **chosen, **since})
        times = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(minutes=30)).isoformat()}
        who = {"provider_id": self.provider_id, "caregiver_ids": [self.caregiver_id], "service": "personal_care"}
        return self.ask("sam.ordnare", "POST", "/planned-visits", {**customer, **who, **times})


@pytest.fixture
def serve() -> Iterator[Callable[[Any], int]]:
    """Serves a WSGI app on a port of this machine for the length of the test, and tells which."""
    with ExitStack() as stack:

        def serve_one(app: Any) -> int:
            server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            stack.callback(server.server_close)
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return server.server_port

        yield serve_one


@pytest.fixture
def world(sqlite_url: str, make_app: Callable[..., Flask], serve: Callable[[Any], int]) -> World:
    """A small world, made and served."""
    front = Front()
    url = f"http://127.0.0.1:{serve(front)}"
    front.app = make_app(sqlite_url, base_url=url)
    database = front.app.extensions["hemtid"].database
    operator, care_system = keep_operator(database), keep_care_system(database)
    provider = keep_provider(database, care_system)
    own = {"care_system_id": care_system, "provider_id": provider}
    caregiver = keep_caregiver(database, care_system, provider)
    keep_user(database, operator, Role.CAREGIVER, "kim.lind", **own, caregiver_id=caregiver)
    keep_user(database, operator, Role.COORDINATOR, "sam.ordnare", **own)
    keep_user(database, operator, Role.CASE_OFFICER, "hanna.dl", care_system_id=care_system, municipality="2029")
    keep_user(database, operator, Role.CONTROLLER, "kon.troll", care_system_id=care_system)
    empty = World(url=url, app=front.app, front=front, tags=(), caregiver_id=caregiver, provider_id=provider)
    customers = tuple(
        empty.ask("hanna.dl", "POST", "/customers", {"municipality": "2029", "name": name})["id"]
        for name in ("Kund Ett", "Kund Två")
    )
    tags = tuple(_tag(empty, customer) for customer in customers)
    return replace(empty, tags=tags, customer_ids=customers)


def _tag(world: World, customer_id: str) -> str:
    content = {"customer_id": customer_id, "kind": "qr", "valid_from": "2014-01-01"}
    token: str = world.ask("hanna.dl", "POST", "/tags", content)["token"]
    return token
