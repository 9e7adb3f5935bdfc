"""Documentation, rules, tests and the product's own pages agree: what is said here is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from app.factory import create_app
from app.rules.deviations.values import NAMES, Rule
from app.rules.policies import KINDS
from tests.settings import settings_for

ROOT = Path(__file__).parent.parent
RULE = re.compile(r"\b([TVODERKAP]\d{1,2})\b")
NEEDED = (
    [f"T{n}" for n in range(1, 7)]
    + [f"V{n}" for n in range(1, 19)]
    + [f"O{n}" for n in range(1, 7)]
    + [f"D{n}" for n in range(1, 26)]
    + [f"E{n}" for n in range(1, 8)]
    + [f"R{n}" for n in range(1, 12)]
    + ["P1", "P2"]
    + ["A5"]
)
"""The rules that the product must keep so far; whoever adds one to the product adds it here."""


def _python(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _rulebook() -> set[str]:
    return set(json.loads((ROOT / "app" / "web" / "rulebook.json").read_text()))


def test_every_rule_that_the_code_names_stands_on_the_rulebook_page() -> None:
    known = _rulebook()
    named = {(rule, path.name) for path in _python("app/rules") for rule in RULE.findall(path.read_text())}
    assert {pair for pair in named if pair[0] not in known} == set()


@pytest.mark.parametrize("rule", NEEDED)
def test_every_rule_is_named_where_it_is_decided(rule: str) -> None:
    decided = [path for folder in ("app/rules", "app/actions", "schemas") for path in _python(folder)]
    assert any(rule in RULE.findall(path.read_text()) for path in decided)


@pytest.mark.parametrize("rule", NEEDED)
def test_every_rule_has_tests_that_bear_its_name(rule: str) -> None:
    names = [name for path in _python("tests") for name in re.findall(r"def (test_\w+)", path.read_text())]
    assert any(rule in name.split("_") for name in names), f"no test is named for {rule}"


def test_every_deviation_has_a_name_and_a_sentence() -> None:
    assert set(NAMES) == set(Rule)
    assert {str(rule) for rule in Rule} <= _rulebook()


def test_every_policy_serves_a_rule_of_the_rulebook() -> None:
    assert {kind.rule for kind in KINDS} <= _rulebook()


def test_every_command_in_the_readme_is_there(sqlite_url: str) -> None:
    commands = set(create_app(settings_for(sqlite_url)).cli.commands)
    readme = (ROOT / "README.md").read_text()
    flask = set(re.findall(r"dev\.py flask ([a-z-]+)", readme)) | set(re.findall(r"`flask ([a-z-]+)", readme))
    assert flask, "the README names commands"
    assert flask <= commands


def test_every_path_in_the_readme_is_there() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"`((?:app|schemas|tests|deploy|docs|rules)/[\w./-]*)`", readme))
    named |= set(re.findall(r"(?<=\]\()(?!http)[^)#]+", readme))
    missing = [path for path in named if not ((ROOT / path).exists() or (ROOT / "app" / path).exists())]
    assert missing == []


def test_no_file_outgrows_its_reader() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {count}"
        for folder in ("app", "schemas", "tests", "deploy")
        for path in _python(folder)
        if (count := path.read_text().count("\n")) > 600
    ]
    assert long == []
