"""Brings a database's tables from one version of the product to another."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

SCRIPTS = Path(__file__).resolve().parents[2] / "deploy" / "migrations"


def upgrade(database_url: str, revision: str = "head") -> None:
    """The database has the tables of `revision`, whole or not at all. Safe to repeat, and to run twice at once."""
    command.upgrade(_configuration(database_url), revision)


def downgrade(database_url: str, revision: str) -> None:
    """The database has the tables of the earlier `revision`; `base` is none at all."""
    command.downgrade(_configuration(database_url), revision)


def _configuration(database_url: str) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["database_url"] = database_url
    return configuration
