"""The start, the rulebook, the problems and the page of the API, as people and links find them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask
from markupsafe import escape
from playwright.sync_api import Browser, expect
from werkzeug.test import TestResponse

from app.rules.policies import KINDS
from app.web.rulebook import SUBJECTS

ROOT = Path(__file__).resolve().parents[2]
COUNTS = {"T": 6, "V": 18, "O": 6, "D": 25, "E": 7, "R": 11, "K": 5, "A": 6, "P": 5}
"""How many rules of each subject the rulebook has."""


@pytest.fixture
def app(make_app: Callable[..., Flask], sqlite_url: str) -> Flask:
    """The product on an empty database."""
    return make_app(sqlite_url)


def anchors(app: Flask, language: str) -> set[str]:
    """The ids on the rulebook's page."""
    return set(re.findall(r' id="([^"]+)"', app.test_client().get(f"/rules?lang={language}").text))


def refusals() -> set[str]:
    """Every rule that the product's code refuses with by name."""
    found: set[str] = set()
    for file in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Refused"), args=[ast.Constant(value=str(rule)), *_]):
                    found.add(rule)
    return found


def test_every_rule_has_its_place_on_the_rulebooks_page(app: Flask) -> None:
    rules = {f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1)}
    for language in ("sv", "en"):
        assert rules | set(SUBJECTS) | {"policy"} <= anchors(app, language)


def test_every_rule_that_refuses_can_be_followed_to_its_sentence(app: Flask) -> None:
    named = refusals()
    assert {"V2", "O3", "O6", "R3", "R8", "E3", "A1", "A2"} <= named
    assert named - anchors(app, "sv") <= {"extra", "setting", "simulation", "tags", "webhooks"}


def test_every_policy_stands_in_the_table_in_both_languages(app: Flask) -> None:
    client = app.test_client()
    swedish, english = (client.get(f"/rules?lang={language}").text for language in ("sv", "en"))
    for kind in KINDS:
        for text in (swedish, english):
            assert f'id="policy-{kind.name}"' in text
            assert f"<td>{kind.default}</td>" in text
        assert f"<td>{escape(kind.says)}</td>" in english
        assert f"<td>{escape(kind.says)}</td>" not in swedish


def test_a_page_comes_in_the_language_that_is_asked_for(app: Flask) -> None:
    client = app.test_client()
    assert '<html lang="sv">' in client.get("/").text
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert '<html lang="sv">' in client.get("/?lang=sv", headers={"Accept-Language": "en"}).text
    assert '<html lang="sv">' in client.get("/?lang=xx", headers={"Accept-Language": "fi"}).text


def test_where_a_rule_comes_from_is_said_in_the_pages_language(app: Flask) -> None:
    swedish, english = (app.test_client().get(f"/rules?lang={language}").text for language in ("sv", "en"))
    assert "vårt beslut" in swedish
    assert "our decision" in english
    assert not {"our decision", "the seconds", "the details"} & set(
        re.findall("our decision|the (?:seconds|details)", swedish)
    )


def test_every_link_of_the_pages_leads_somewhere(app: Flask) -> None:
    client = app.test_client()
    seen: set[str] = set()
    waiting = ["/?lang=en", "/problems?lang=en", "/rules?lang=en", "/docs?lang=en"]
    while waiting:
        path = waiting.pop()
        with client.get(path, follow_redirects=True) as answer:
            assert answer.status_code == 200, path
            text = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
        for link in map(unescape, re.findall(r'(?:href|src)="([^"#]+)[^"]*"', text)):
            where = link if link.startswith("/") else cast(TestResponse, answer).request.path + link
            if where not in seen:
                seen.add(where)
                waiting.append(where)
    assert len(seen) > 25
    assert {"/phones?lang=en", "/phones?lang=sv", "/static/phones/phones.js"} <= seen


def test_the_page_of_the_api_works_by_itself_under_its_strict_policy(
    app: Flask, browser: Browser, serve: Callable[[Any], int]
) -> None:
    url = f"http://127.0.0.1:{serve(app)}"
    said: list[str] = []
    asked: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda fault: said.append(str(fault)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{url}/docs#/customers/listCustomers")
    operation = page.locator("#operations-customers-listCustomers")
    expect(operation).to_be_visible()
    expect(operation.get_by_text("The answer.")).to_be_visible()
    assert said == []
    assert [one for one in asked if not one.startswith((url, "data:"))] == []
    context.close()
