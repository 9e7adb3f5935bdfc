"""The desk in a real browser: a town that is served, and whoever sits down in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from app.web.desk import session
from tests.town import Town, town_of
from tests.web.conftest import JSON

NARROW = {"width": 390, "height": 844}
BROAD = {"width": 1280, "height": 900}


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A town with an address, and the instant at which everybody sits there."""

    town: Town
    url: str
    at: str

    @contextmanager
    def desk(self, browser: Browser, who: str, path: str = "/desk", **context: Any) -> Iterator[Page]:
        """The page as somebody of the town sees it, signed in (in Swedish, as wide as a phone)."""
        told: JSON = {"locale": "sv-SE", "viewport": NARROW, "timezone_id": "Europe/Stockholm", **context}
        opened = browser.new_context(**told)
        try:
            values = {session.ACCESS: self.town.tokens[who], session.CLOCK: self.at}
            opened.add_cookies(
                [{"name": key, "value": text, "url": f"{self.url}/desk"} for key, text in values.items()]
            )
            page = opened.new_page()
            page.goto(f"{self.url}{path}")
            yield page
        finally:
            opened.close()


def client_of(office: Office, who: str) -> FlaskClient:
    """A browser without a window, in which somebody is signed in; what it sends comes from our own pages."""
    client = office.town.app.test_client()
    client.set_cookie(session.ACCESS, office.town.tokens[who], path="/desk")
    client.set_cookie(session.CLOCK, office.at, path="/desk")
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    return client


def office_of(
    make_app: Callable[..., Flask], serve: Callable[[Any], int], database_url: str, content: JSON, at: str
) -> Office:
    """The office of a scenario's town; everything that time brought by then has been judged."""
    front: JSON = {}

    def product(environment: JSON, start: Any) -> Any:
        return front["app"](environment, start)

    url = f"http://127.0.0.1:{serve(product)}"
    town = town_of(lambda address, **changes: make_app(address, base_url=url, **changes), database_url, content)
    front["app"] = town.app
    town.mark_everything(at)
    town.sweep(at)
    return Office(town=town, url=url, at=at)
