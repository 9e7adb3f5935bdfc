"""The printed sheet of tags: read back from paper, and nobody's name on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.rules.short_codes import is_short_code
from tests.api.test_shell import problem
from tests.api.world import World
from tests.sheets import pages_of, tags_made, words_in


def test_the_sheet_is_read_back_from_its_pages(world: World, tmp_path: Path) -> None:
    """24 tags on two pages, printed by poppler and read by zxing-cpp; each with its short code, none with a name."""
    provider = world.home.providers[0]
    customer = provider.customers["2029"]
    made = tags_made(provider, 23)
    answer = provider.coordinator.get("/tags/sheet.pdf", customer_id=customer.id)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    pages = pages_of(answer.data, tmp_path)
    assert [len(page) for page in pages] == [21, 3]
    assert set().union(*pages) == {*made.values(), customer.tag_text}
    words = words_in(answer.data, tmp_path)
    assert all(code in words and is_short_code(code) for code in made)
    assert customer.name not in words
    assert set(words.split()) - set(made) - {"Hemtid"} == {customer_code(world, customer.tag_id)}
    assert answer.data == provider.coordinator.get("/tags/sheet.pdf", customer_id=customer.id).data


def customer_code(world: World, tag_id: str) -> str:
    """The short code of a tag, from its history."""
    versions = world.home.providers[0].coordinator.read(f"/tags/{tag_id}/versions")["items"]
    code: str = versions[-1]["short_code"]
    return code


def test_the_drawn_sheet_has_the_same_codes(world: World) -> None:
    provider = world.home.providers[0]
    made = tags_made(provider, 2)
    drawn = provider.coordinator.get("/tags/sheet.svg")
    assert (drawn.status_code, drawn.mimetype) == (200, "image/svg+xml")
    assert all(f">{code}</text>" in drawn.text for code in made)
    assert 'width="210.0mm" height="297.0mm"' in drawn.text
    assert provider.customers["2029"].name not in drawn.text


def test_a_sheet_holds_who_is_asked_for_and_no_tag_that_is_over(world: World, tmp_path: Path) -> None:
    """A1: of a municipality, of a provider, of named tags; a revoked one only where it is named."""
    provider, other = world.home.providers
    first, second = provider.customers["2029"], provider.customers["2031"]
    coordinator = provider.coordinator
    read = coordinator.get(f"/tags/{first.tag_id}")
    sent = {name: value for name, value in read.json.items() if name not in ("id", "recorded_at")}
    spare = next(iter(tags_made(provider, 1).values()))

    def printed(**query: str) -> set[str]:
        answer = coordinator.get("/tags/sheet.pdf", **query)
        assert answer.status_code == 200, answer.text
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        return set().union(*pages_of(answer.data, folder))

    assert printed(municipality="2031") == {second.tag_text}
    assert printed(provider_id=provider.id) == printed() == {first.tag_text, second.tag_text, spare}
    coordinator.put(f"/tags/{first.tag_id}", sent | {"state": "revoked"}, etag=read.headers["ETag"])
    assert printed(municipality="2029") == {spare}
    assert printed(ids=f"{first.tag_id},{second.tag_id}") == {first.tag_text, second.tag_text}
    named = other.customers["2029"]
    for query in ({"ids": f"{first.tag_id},{named.tag_id}"}, {"customer_id": named.id}, {"provider_id": other.id}):
        problem(coordinator.get("/tags/sheet.pdf", **query), 404, "not-found")


@pytest.mark.parametrize("query", [{"ids": ",".join(map(str, range(201)))}, {"colour": "red"}])
def test_a_sheet_that_cannot_be_asked_for_is_told_why(sqlite_home: World, query: dict[str, str]) -> None:
    answer = sqlite_home.home.providers[0].coordinator.get("/tags/sheet.svg", **query)
    assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == f"/{next(iter(query))}"


def test_the_history_of_a_tag_tells_who_did_what_and_nothing_of_other_providers_customers(world: World) -> None:
    """A1: a case officer who moves a tag sees all of it, each provider what was at its own customers."""
    first, other = world.home.providers
    officer = world.home.officers["2029"]
    tag_id = first.customers["2029"].tag_id
    read = officer.get(f"/tags/{tag_id}")
    sent = {name: value for name, value in read.json.items() if name not in ("id", "recorded_at")}
    moved = {**sent, "customer_id": other.customers["2029"].id, "valid_from": "2014-02-04"}
    assert officer.put(f"/tags/{tag_id}", moved, etag=read.headers["ETag"]).status_code == 200
    history = officer.read(f"/tags/{tag_id}/versions")["items"]
    assert [(one["version"], one["customer_id"], one["recorded_by"]) for one in history] == [
        (1, first.customers["2029"].id, first.coordinator.id),
        (2, other.customers["2029"].id, officer.id),
    ]
    seen = other.coordinator.read(f"/tags/{tag_id}/versions")["items"]
    assert [one["version"] for one in seen] == [2]
    problem(first.coordinator.get(f"/tags/{tag_id}/versions"), 404, "not-found")
