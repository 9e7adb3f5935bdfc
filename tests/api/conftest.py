"""The world that journeys begin in, made once for each kind of database and copied for every test."""

from __future__ import annotations

import copy
import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from flask import Flask

from app.actions.running import Running
from app.factory import create_app
from app.storage.database import open_database
from tests import postgres
from tests.api.world import World, made_world
from tests.settings import settings_for

_serial = itertools.count(1)


@pytest.fixture(scope="session")
def world_app(sqlite_template: Path) -> Iterator[Flask]:
    """The product, made once: making its specification takes longer than most tests. Each test gives it a database."""
    app = create_app(settings_for(f"sqlite:///{sqlite_template}", demo_clock=True))
    with closing(app.extensions["hemtid"].database):
        yield app


@contextmanager
def _running_on(app: Flask, database_url: str) -> Iterator[None]:
    """Until it ends the app runs on this database."""
    settings = settings_for(database_url, demo_clock=True)
    before = app.extensions["hemtid"]
    with closing(open_database(settings)) as database:
        app.extensions["hemtid"] = Running(database=database, settings=settings)
        yield
        app.extensions["hemtid"] = before


def _made_in(app: Flask, database_url: str) -> World:
    with _running_on(app, database_url):
        world = made_world(app)
    world.line.app = None
    return world


@pytest.fixture(scope="session")
def sqlite_world(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, world_app: Flask
) -> tuple[Path, World]:
    """The file in which the world was made, and the world."""
    file = tmp_path_factory.mktemp("world") / "hemtid.sqlite3"
    shutil.copy(sqlite_template, file)
    return file, _made_in(world_app, f"sqlite:///{file}")


@pytest.fixture(scope="session")
def postgres_world(
    postgres_server: postgres.Server, postgres_template: str, world_app: Flask
) -> Iterator[tuple[str, World]]:
    """The name of the database in which the world was made, and the world."""
    name = f"hemtid_world_{os.getpid()}"
    yield name, _made_in(world_app, postgres_server.create(name, template=postgres_template))
    postgres_server.drop(name)


@pytest.fixture
def sqlite_home(sqlite_world: tuple[Path, World], tmp_path: Path, world_app: Flask) -> Iterator[World]:
    """The world in an SQLite file, this test's own."""
    file, world = sqlite_world
    with _running_on(world_app, f"sqlite:///{shutil.copy(file, tmp_path / 'world.sqlite3')}"):
        yield _speaking(world, world_app)


@pytest.fixture
def postgres_home(
    postgres_world: tuple[str, World], postgres_server: postgres.Server, world_app: Flask
) -> Iterator[World]:
    """The world in a PostgreSQL database, this test's own."""
    template, world = postgres_world
    name = f"hemtid_world_{os.getpid()}_{next(_serial)}"
    with _running_on(world_app, postgres_server.create(name, template=template)):
        yield _speaking(world, world_app)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest) -> World:
    """The world; the test runs once on each kind of database."""
    found: World = request.getfixturevalue("sqlite_home" if request.param == "sqlite" else "postgres_home")
    return found


def _speaking(world: World, app: Flask) -> World:
    """A copy that a test may change; the tokens are shared, since signing in is slow by design."""
    ours = copy.deepcopy(world)
    ours.line.app = app
    ours.line.tokens = world.line.tokens
    return ours
