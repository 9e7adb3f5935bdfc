"""Simulations over HTTP: a controller asks what the rules make of a file; nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from flask import Flask

from app.commands.simulate import simulate
from tests.town import SCENARIOS, Town, told, town_of

NOW = "2014-03-05T18:00:00+01:00"


@pytest.fixture
def town(make_app: Callable[..., Flask], sqlite_url: str) -> Town:
    return town_of(make_app, sqlite_url, told("nacka_2014.json"))


def test_R9_the_answer_is_what_the_command_prints(town: Town) -> None:
    for file in sorted(SCENARIOS.glob("*.json")):
        answer = town.ask("controller", "POST", "/simulations", NOW, told(file.name))
        assert answer.status_code == 200
        assert answer.get_json() == json.loads(CliRunner().invoke(simulate, [str(file)]).stdout)
    assert town.deviations("controller", NOW) == []


def test_A2_only_a_controller_simulates(town: Town) -> None:
    for who in ("p", "0182", "caregiver", "auditor", "money"):
        assert town.refused(who, "/simulations", NOW, told("nacka_2014.json")) == (403, "A2")
        assert town.refused(who, "/simulations", NOW, {"surprise": 1}) == (403, "A2")


def test_T1_a_bad_field_is_named_and_two_rates_for_a_second_are_refused(town: Town) -> None:
    content = told("nacka_2014.json")
    content["registrations"][0]["captured_at"] = "2014-02-03T08:00:00"
    answer = town.ask("controller", "POST", "/simulations", NOW, content)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == ["/registrations/0/captured_at"]
    twice = told("nacka_2014.json")
    twice["rates"].append({**twice["rates"][0], "id": "s"})
    assert town.refused("controller", "/simulations", NOW, twice) == (409, "R3")
    many = {**told("nacka_2014.json"), "months": [f"{year}-01" for year in range(1960, 1997)]}
    assert town.ask("controller", "POST", "/simulations", NOW, many).status_code == 422
    assert town.ask("controller", "POST", "/simulations", NOW, ["no object"]).status_code == 422
