"""Who may import whom, and what a rule may not do. The contracts stand in pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RULES = sorted((ROOT / "app" / "rules").rglob("*.py"))
FACES = sorted(file for room in ("api", "web", "commands") for file in (ROOT / "app" / room).rglob("*.py"))

CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter"}
CLOCK_OWNERS = {"datetime", "date", "time"}
ID_MAKERS = {"random", "secrets", "uuid"}
OUTSIDE = {"logging", "os", "socket", "sqlite3", "subprocess", "time", "urllib", "http", "asyncio", "threading"}


def faults_of_a_rule(source: str) -> list[str]:
    """What the source of a rule does that no rule may, one line each."""
    return [f"line {line}: {fault}" for line, fault in sorted(set(_faults(ast.parse(source))))]


def _faults(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from ((node.lineno, fault) for name in node.names for fault in _import_faults(name.name))
            case ast.ImportFrom():
                module = "." * node.level + (node.module or "")
                yield from ((node.lineno, fault) for fault in _import_faults(module))
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=attribute):
                if owner in CLOCK_OWNERS and attribute in CLOCKS:
                    yield node.lineno, f"reads a clock: {owner}.{attribute}"
            case ast.Constant(value=float()):
                yield node.lineno, f"sees a float: {node.value!r}"
            case ast.Call(func=ast.Name(id="float")):
                yield node.lineno, "makes a float"
            case ast.Call(func=ast.Name(id="print" | "open" | "input")):
                yield node.lineno, "reads or writes"


def _import_faults(module: str) -> Iterator[str]:
    top = module.split(".")[0]
    if module.startswith("."):
        yield f"imports {module}, which does not say from where"
    elif top == "app" and module != "app.rules" and not module.startswith("app.rules."):
        yield f"imports {module}"
    elif top != "app" and top not in sys.stdlib_module_names:
        yield f"imports {module}, which is not the standard library"
    elif top in ID_MAKERS:
        yield f"imports {module}, which makes ids"
    elif top in OUTSIDE:
        yield f"imports {module}, which reaches outside"


def functions_of_rules_in(source: str) -> list[str]:
    """The names from app.rules that the source uses and that are neither a value, an enum nor a constant."""
    tree = ast.parse(source)
    found = []
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "app.rules":
            modules |= {name.asname or name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and _is_a_subject(node.module or ""):
            found += [name.name for name in node.names if not _names_a_value(name.name)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            found += [] if _names_a_value(node.attr) else [f"{node.value.id}.{node.attr}"]
    return found


def _is_a_subject(module: str) -> bool:
    """Whether it is a module that decides; `time` does not: it is how everybody reads and writes an instant."""
    return module.startswith("app.rules.") and module != "app.rules.time"


def _names_a_value(name: str) -> bool:
    return name[:1].isupper()


def test_every_room_imports_only_what_it_may() -> None:
    lint = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
        "--no-cache",
    ]
    checked = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("file", RULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_rule_uses_the_standard_library_and_sees_no_clock_id_or_float(file: Path) -> None:
    assert faults_of_a_rule(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("import sqlalchemy", "line 1: imports sqlalchemy, which is not the standard library"),
        ("from app.storage import visits", "line 1: imports app.storage"),
        ("import app.settings", "line 1: imports app.settings"),
        ("from . import time", "line 1: imports ., which does not say from where"),
        ("from datetime import datetime\ndatetime.now()", "line 2: reads a clock: datetime.now"),
        ("import datetime\nread = datetime.datetime.now", "line 2: reads a clock: datetime.now"),
        ("from datetime import date\ndate.today()", "line 2: reads a clock: date.today"),
        ("import time", "line 1: imports time, which reaches outside"),
        ("from uuid import uuid4", "line 1: imports uuid, which makes ids"),
        ("import secrets", "line 1: imports secrets, which makes ids"),
        ("import random", "line 1: imports random, which makes ids"),
        ("share = 0.75", "line 1: sees a float: 0.75"),
        ("share = float('1')", "line 1: makes a float"),
        ("import logging", "line 1: imports logging, which reaches outside"),
    ],
)
def test_the_check_of_the_rules_finds(source: str, fault: str) -> None:
    assert faults_of_a_rule(source) == [fault]


@pytest.mark.parametrize(
    "source",
    [
        "from app.rules.time import Interval",
        "from decimal import Decimal\nhalf = Decimal('0.5')",
        "share = 3 * 4 // 10",
    ],
)
def test_the_check_of_the_rules_lets_through(source: str) -> None:
    assert faults_of_a_rule(source) == []


@pytest.mark.parametrize("file", FACES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_face_names_values_of_the_rules_and_decides_nothing(file: Path) -> None:
    assert functions_of_rules_in(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from app.rules.visits import fold", ["fold"]),
        ("from app.rules import visits\nvisits.fold(())", ["visits.fold"]),
        ("from app.rules.refusal import Refused, Kind", []),
        ("from app.rules.policies import KINDS", []),
        ("from app.rules.time import parse_instant", []),
        ("from app.rules import visits\nseen: visits.Registration", []),
    ],
)
def test_the_check_of_the_faces_finds(source: str, found: list[str]) -> None:
    assert functions_of_rules_in(source) == found


def test_the_package_imports_nothing() -> None:
    assert ast.parse((ROOT / "app" / "__init__.py").read_text(encoding="utf-8")).body == []
