"""What every test may ask for: databases that are migrated and empty, a browser, and counts that fit the run."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from sqlalchemy import create_engine

from app.storage import database
from app.storage.migrations import upgrade
from tests import postgres
from tests.counts import FULL, count
from tests.scheduling import Together
from tests.settings import settings_for
from tests.shelf import Compiled, Shelf

STRICT = bool(os.environ.get("CI") or os.environ.get("HEMTID_STRICT"))
"""Whether a test that cannot run here fails, instead of being left out with a line that says so."""

hypothesis.settings.register_profile(
    "ci", max_examples=count(1_000), deadline=None, derandomize=True, database=None, print_blob=True
)
hypothesis.settings.register_profile("full", max_examples=1_000, deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile("full" if FULL else "ci")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something outside Python that some fixtures stand on."""

    name: str
    present: bool
    mend: str

    @property
    def complaint(self) -> str:
        """One line that says what is missing and the command that mends it."""
        return f"{self.name} is missing. Mend it with: {self.mend}"


def _chromium() -> str | None:
    named = (
        shutil.which(name) for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    )
    return next((path for path in named if path), None)


POSTGRESQL = Need(name="PostgreSQL", present=postgres.is_available(), mend=postgres.MEND)
BINARIES = Need(name="PostgreSQL's own server", present=postgres.find_binaries() is not None, mend=postgres.MEND)
CHROMIUM = Need(name="Chromium", present=_chromium() is not None, mend="apt-get install chromium")
NEEDS = {
    "postgres_binaries": BINARIES,
    "postgres_server": POSTGRESQL,
    "postgres_url": POSTGRESQL,
    "chromium": CHROMIUM,
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """How the tests are shared out among the processes."""
    return Together(config, log)


def _need_of(item: pytest.Item) -> Need | None:
    """What the test asks for and the machine lacks."""
    asked = set(getattr(item, "fixturenames", ()))
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "postgresql" in callspec.params.values():
        asked.add("postgres_server")
    return next((need for name, need in NEEDS.items() if name in asked and not need.present), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests whose needs are not met are left out and counted; in a strict run they stay, and fail."""
    if STRICT:
        return
    left_out = [item for item in items if _need_of(item)]
    items[:] = [item for item in items if item not in left_out]
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what was left out for want of what, and how to mend it."""
    for need in (POSTGRESQL, BINARIES, CHROMIUM):
        if not need.present and not STRICT:
            terminalreporter.write_line(f"Left out what needs it: {need.complaint}", yellow=True)


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if STRICT and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, and nothing may be skipped here: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that skips itself fails in a strict run."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module that skips itself fails in a strict run."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium to drive."""
    path = _chromium()
    assert path is not None, CHROMIUM.complaint
    return path


@pytest.fixture(scope="session")
def postgres_binaries() -> Path:
    """Where initdb and its like lie, for a drill that kills a PostgreSQL of its own (`postgres.Cluster.throwaway`)."""
    binaries = postgres.find_binaries()
    assert binaries is not None, BINARIES.complaint
    return binaries


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL for this test process, started when first asked for."""
    assert POSTGRESQL.present, POSTGRESQL.complaint
    with postgres.server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: postgres.Server) -> Iterator[str]:
    """The name of a migrated database to copy."""
    name = f"hemtid_template_{os.getpid()}"
    upgrade(postgres_server.create(name))
    yield name
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy."""
    file = tmp_path_factory.mktemp("template") / "hemtid.sqlite3"
    upgrade(f"sqlite:///{file}")
    return file


_serial = itertools.count(1)


@pytest.fixture
def postgres_url(postgres_server: postgres.Server, postgres_template: str) -> Iterator[str]:
    """An empty migrated PostgreSQL database, this test's own."""
    name = f"hemtid_{os.getpid()}_{next(_serial)}"
    yield postgres_server.create(name, template=postgres_template)
    postgres_server.drop(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """An empty migrated SQLite database, this test's own."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'hemtid.sqlite3')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty migrated database; the test runs once on each kind."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(scope="session", autouse=True)
def compiled_statements() -> Iterator[None]:
    """A statement is compiled once in a test process, not once for each test's database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_engine", Compiled(create_engine).engine)
        yield


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    """The apps of this test process."""
    return Shelf()


@pytest.fixture
def make_app(shelf: Shelf) -> Iterator[Callable[..., Flask]]:
    """Makes the product for a database URL and any other settings; its connections are closed when the test ends."""
    # Here, so that the rules are tested without the rest of the product.
    from app.factory import create_app

    with ExitStack() as opened:
        yield lambda database_url, **changes: opened.enter_context(
            shelf.lent(create_app, settings_for(database_url, **changes))
        )
