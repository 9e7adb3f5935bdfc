"""Providers' side of the API: the municipalities of a care system, by cursor."""

from __future__ import annotations

from tests.api.world import World


def test_A1_municipalities_are_listed_by_code_page_by_page(world: World) -> None:
    reader = world.home.controller
    whole = reader.read("/municipalities")
    assert [one["code"] for one in whole["items"]] == sorted(world.home.officers)
    assert "next" not in whole
    first = reader.read("/municipalities", limit=1)
    rest = reader.read("/municipalities", limit=1, after=first["next"])
    assert first["items"] + rest["items"] == whole["items"][:2]
    assert len(whole["items"]) == 2
    assert "next" not in rest


def test_A1_the_operator_sees_those_of_every_care_system_once(world: World) -> None:
    whole = [(one["code"], one["care_system_id"]) for one in world.operator.read("/municipalities", limit=200)["items"]]
    page = world.operator.read("/municipalities", limit=2)
    found = page["items"]
    while "next" in page:
        page = world.operator.read("/municipalities", limit=2, after=page["next"])
        found += page["items"]
    assert [(one["code"], one["care_system_id"]) for one in found] == whole == sorted(set(whole))
    assert len(whole) > 2
