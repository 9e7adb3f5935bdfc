"""The scenario runner: the rulebook's worked examples as files, read and judged by the command itself."""

from __future__ import annotations

import copy
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from app.commands.simulate import simulate
from tests.counts import count

SCENARIOS = Path(__file__).parent.parent / "scenarios"
ROOT = Path(__file__).parent.parent.parent
EXAMPLE = SCENARIOS / "nacka_2014.json"


def ran(*arguments: str | Path) -> Result:
    return CliRunner().invoke(simulate, [str(one) for one in arguments])


def outcome_of(file: Path) -> dict[str, Any]:
    result = ran(file)
    assert result.exit_code == 0, result.stderr
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def told(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def written(folder: Path, content: dict[str, Any], name: str = "scenario.json") -> Path:
    file = folder / name
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def lines_of(outcome: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (one["kind"], one["run"], one["month"], one["band"], one["seconds"], one["amount_ore"])
        for one in outcome["lines"]
    ]


def test_R3_the_smallest_file_that_pays_prints_2840_seconds_and_29189_ore() -> None:
    outcome = outcome_of(EXAMPLE)
    assert [visit["performed_seconds"] for visit in outcome["visits"]] == [2_840]
    assert lines_of(outcome) == [("line", "2014-02", "2014-02", None, 2_840, 29_189)]
    assert [(one["rule"], one["subject"]["type"], one["period"]) for one in outcome["deviations"]] == [
        ("D1", "pool", "2014-02"),
        ("D18", "order", "2014-01"),
        ("D19", "order", "2014-01"),
    ]
    assert outcome["deviations"][0]["facts"] == {
        "performed_seconds": 2_840,
        "granted_seconds": 36_000,
        "percent": 75,
        "expected": {"least_seconds": 27_000},
        "policies": [{"name": "under_delivery_percent", "value": 75, "on": "2014-02-01", "valid_from": None}],
    }
    assert list(outcome) == ["visits", "deviations", "lines", "excess", "figures", "refused", "notes"]


@pytest.mark.parametrize(
    ("file", "lines"),
    [
        ("r1_rounded_once_per_line.json", [("line", "2014-02", "2014-02", None, 19_580, 201_239)]),
        (
            "r4_bands_of_hours.json",
            [("line", "2013-02", "2013-02", "dag", 600, 5_583), ("line", "2013-02", "2013-02", "kväll", 1_800, 18_450)],
        ),
        ("r5_double_staffing_granted.json", [("line", "2014-02", "2014-02", None, 4_650, 47_792)]),
        ("r5_double_staffing_not_granted.json", [("line", "2014-02", "2014-02", None, 2_550, 26_208)]),
        (
            "r8_adjustment_after_the_lock.json",
            [
                ("line", "2014-02", "2014-02", None, 50_210, 516_047),
                ("adjustment", "2014-03", "2014-02", None, -1_205, -12_384),
            ],
        ),
    ],
)
def test_R1_R4_R5_R8_the_rulebooks_worked_examples_come_to_the_rulebooks_figures(
    file: str, lines: list[tuple[Any, ...]]
) -> None:
    assert lines_of(outcome_of(SCENARIOS / file)) == lines


def test_R4_a_second_without_a_price_is_held_and_never_guessed() -> None:
    outcome = outcome_of(SCENARIOS / "r4_bands_of_hours.json")
    unpriced = [one for one in outcome["deviations"] if one["rule"] == "D20"]
    assert [(one["facts"]["seconds"], one["effect"]) for one in unpriced] == [(600, "holds_pay")]


def test_R8_an_adjustment_names_its_cause() -> None:
    outcome = outcome_of(SCENARIOS / "r8_adjustment_after_the_lock.json")
    assert [one["cause"] for one in outcome["lines"]] == [None, "correction"]


@settings(max_examples=count(200))
@given(seed=st.integers(0, 2**32), name=st.sampled_from(sorted(one.name for one in SCENARIOS.glob("*.json"))))
def test_V5_R9_the_order_of_the_arrays_never_changes_a_byte(
    tmp_path_factory: pytest.TempPathFactory, seed: int, name: str
) -> None:
    content = told(SCENARIOS / name)
    order = random.Random(seed)
    shuffled = {
        key: order.sample(value, len(value)) if isinstance(value, list) else value for key, value in content.items()
    }
    file = written(tmp_path_factory.mktemp("shuffled"), shuffled)
    assert ran(file).stdout == ran(SCENARIOS / name).stdout


def test_R9_two_processes_print_the_same_bytes_and_need_neither_settings_nor_database() -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("HEMTID_", "FLASK_"))}
    command = [sys.executable, "-m", "flask", "--app", str(ROOT / "wsgi.py"), "simulate", str(EXAMPLE)]
    printed = {
        subprocess.run(command, cwd=ROOT, env={**bare, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert json.loads(printed.pop())["lines"][0]["amount_ore"] == 29_189


def _without(field: str) -> dict[str, Any]:
    content = told(EXAMPLE)
    del content["registrations"][0][field]
    return content


def _with(section: str, row: dict[str, Any]) -> dict[str, Any]:
    content = copy.deepcopy(told(EXAMPLE))
    content[section].append(row)
    return content


_OTHER_RATE = {**told(EXAMPLE)["rates"][0], "id": "s", "ore_per_hour": 36_300}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (_without("captured_at"), "/registrations/0/captured_at"),
        (
            _with("registrations", {**told(EXAMPLE)["registrations"][1], "captured_at": "2014-02-03T08:47:20"}),
            "captured_at",
        ),
        (_with("grants", {**told(EXAMPLE)["grants"][0], "granted_seconds": 1.9}), "/grants/1/granted_seconds"),
        (_with("customers", {"id": "k", "municipality": "0182", "birth_year": 1930}), "/customers/1/id"),
        ({**told(EXAMPLE), "surprise": 1}, "/surprise"),
    ],
    ids=[
        "a missing field",
        "an instant without offset (T1)",
        "1.9 seconds",
        "one id with two contents",
        "an unknown field",
    ],
)
def test_T1_an_unreadable_file_names_the_field_and_exits_2(tmp_path: Path, content: dict[str, Any], named: str) -> None:
    result = ran(written(tmp_path, content))
    assert result.exit_code == 2
    assert named in result.stderr
    assert result.stdout == ""


def test_R3_two_rates_for_one_second_exit_2_and_name_the_rates(tmp_path: Path) -> None:
    result = ran(written(tmp_path, _with("rates", _OTHER_RATE)))
    assert result.exit_code == 2
    assert "R3" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": NaN}', "[" * 100_000, "\ufeffnull"])
def test_what_is_no_scenario_exits_2(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text(text, encoding="utf-8")
    result = ran(file)
    assert result.exit_code == 2
    assert str(file) in result.stderr


def test_a_file_that_is_not_there_or_no_text_exits_2(tmp_path: Path) -> None:
    assert ran(tmp_path / "nothing.json").exit_code == 2
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    assert ran(binary).exit_code == 2


def test_R2_one_thing_changed_is_shown_beside_the_file_as_it_stands(tmp_path: Path) -> None:
    content = told(EXAMPLE)
    content["grants"][0]["granted_seconds"] = 2_000
    file = written(tmp_path, content)
    table = ran(file, "--set", "policy.cap=none", "--compare", file).stdout
    assert _row(table, "line time") == ["0:33:20", "0:47:20", "+0:14:00"]
    assert _row(table, "excess kronor") == ["86,33", "0,00", "-86,33"]
    assert _row(table, "D2") == ["1", "1", "0"]
    assert _row(table, "total") == ["205,56", "291,89", "+86,33", "+0:14:00", "-0:14:00", "-86,33", "0"]
    assert _row(table, "0182") == ["Olivia", "personal_care", *_row(table, "total")]
    assert _row(table, "policy cap") == ["everywhere", "always", "granted", "none"]
    assert ran(file, "--set", "policy.cap=none", "--compare").stdout == table, "no OTHER: the file as it stands"
    assert ran("--compare", file, "--set", "policy.cap=none").stdout == table, "the file behind the option"


def test_R3_a_rate_is_set_by_its_id() -> None:
    table = ran(EXAMPLE, "--set", "rate.r.ore_per_hour=38000", "--compare", EXAMPLE).stdout
    assert _row(table, "line kronor") == ["291,89", "299,78", "+7,89"]
    assert _row(table, "rate ore_per_hour")[-4:] == ["37000", "öre/h", "38000", "öre/h"]


def test_R10_next_years_opi_on_every_rate_to_the_krona() -> None:
    table = ran(EXAMPLE, "--set", "rate.*.index_to_krona=2.3", "--compare").stdout
    assert _row(table, "line kronor") == ["291,89", "298,99", "+7,10"]


def test_D1_a_deviation_that_clears_is_told_and_rows_by_customer_and_month() -> None:
    changes = ("--set", "policy.under_delivery_percent=5", "--compare")
    table = ran(EXAMPLE, *changes).stdout
    assert _row(table, "Olivia") == ["D1", "under_delivery", "1", "0", "0", "1"]
    assert "Paid, excess" not in table, "no money changes"
    everything = ran(EXAMPLE, *changes, "--all", "--by", "customer", "--by", "month").stdout
    assert _row(everything, "0182")[:4] == ["Olivia", "personal_care", "k", "2014-02"]


def test_a_change_that_changes_nothing_says_so() -> None:
    assert "Nothing changes." in ran(EXAMPLE, "--set", "policy.cap=none", "--compare").stdout


def test_R9_what_differs_is_json_too_and_always_the_same_bytes() -> None:
    how = (EXAMPLE, "--set", "policy.cap=none", "--set", "rate.r.index=2.3", "--compare", "--json", "--by", "customer")
    document = json.loads(ran(*how).stdout)
    assert [row["customer_id"] for row in document["rows"]] == ["k"]
    assert document["total"]["difference"]["amount_ore"] == 671
    assert [one["name"] for one in document["settings"]] == ["cap", "ore_per_hour"]
    assert ran(*how).stdout == ran(*how).stdout
    everything = json.loads(ran(*how, "--all").stdout)
    assert [one["rule"] for one in everything["deviations"]] == ["D1", "D18", "D19"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((EXAMPLE, "--compare"), "--set"),
        (("--compare", EXAMPLE), "--set"),
        ((EXAMPLE, "--json"), "--compare"),
        ((EXAMPLE, "--all"), "--compare"),
        ((EXAMPLE, "--by", "customer"), "--compare"),
        ((EXAMPLE, "--compare", EXAMPLE, "--by", "colour"), "colour"),
        (("--set", "policy.cap=none"), "FILE"),
        ((EXAMPLE, "--compare", "nowhere.json"), "nowhere.json"),
    ],
)
def test_what_cannot_be_compared_exits_2(arguments: tuple[str | Path, ...], why: str) -> None:
    result = ran(*arguments)
    assert (result.exit_code, why in result.stderr, result.stdout) == (2, True, "")


def test_R6_a_simulation_of_2013_says_what_it_leaves_out(tmp_path: Path) -> None:
    file = written(tmp_path, {**told(EXAMPLE), "months": ["2013-12"]})
    result = ran(file)
    assert [one["rule"] for one in json.loads(result.stdout)["notes"]] == ["R6"]
    assert "omställningstid" in result.stderr
    assert "omställningstid" in ran(file, "--set", "policy.cap=none", "--compare").stderr
    assert json.loads(ran(EXAMPLE).stdout)["notes"] == []


def _row(table: str, name: str) -> list[str]:
    found = next(line for line in table.splitlines() if line.startswith(name + " "))
    return [
        cell.replace("\N{NO-BREAK SPACE}", "").replace("−", "-")
        for cell in re.split(" +", found.removeprefix(name).strip(" "))
    ]


@pytest.mark.parametrize(
    "setting",
    [
        "policy.cap=sometimes",
        "policy.tea=1",
        "policy.lock_day=31",
        "rate.nobody.ore_per_hour=1",
        "rate.r.ore_per_hour=x",
        "rate.r.ore_per_hour=-1",
        "rate.r.ore_per_hour=NaN",
        "rate.r.service=escort",
        "months=2014-03",
        "policy.cap",
    ],
)
def test_a_setting_that_is_none_is_named_and_exits_2(setting: str) -> None:
    result = ran(EXAMPLE, "--set", setting)
    assert result.exit_code == 2
    assert "/set" in result.stderr
    assert result.stdout == ""


def test_E1_an_extension_of_household_time_is_refused_in_the_outcome_and_raises_no_cap(tmp_path: Path) -> None:
    content = told(EXAMPLE)
    content["extensions"] = [
        {
            "id": "e",
            "provider_id": "p",
            "customer_id": "k",
            "service": "household",
            "month": "2014-02",
            "days": ["2014-02-03"],
            "requested_seconds": 600,
            "cause": "fall",
            "justification": "The customer fell and needed help.",
            "decision": {"outcome": "approved", "decided_at": "2014-02-04T10:00:00+01:00"},
        }
    ]
    outcome = outcome_of(written(tmp_path, content))
    assert [(one["id"], one["rule"]) for one in outcome["refused"]] == [("e", "E1")]
