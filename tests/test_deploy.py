"""What an installation stands on: locks that name no host, and secrets made once."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
LOCKS = ["requirements.txt", "requirements-extras.txt", "requirements-dev.txt"]


def packages_in(lock: str) -> dict[str, str]:
    """Each package of the lock with its version."""
    text = (DEPLOY / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, flags=re.MULTILINE))


def make_keys(folder: Path) -> None:
    """The secrets of an installation are in the folder."""
    subprocess.run([sys.executable, DEPLOY / "make_keys.py", folder], check=True)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_a_hash_for_every_package(lock: str) -> None:
    text = (DEPLOY / lock).read_text(encoding="utf-8")
    assert "://" not in text
    packages = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    assert len(packages) == len(packages_in(lock)) > 30
    assert all("--hash=sha256:" in package for package in packages)


def test_each_lock_contains_the_one_before_it() -> None:
    runtime, extras, development = (packages_in(lock).items() for lock in LOCKS)
    assert runtime < extras < development


def test_the_extras_are_what_their_lock_adds() -> None:
    """`einvoice` and `parquet` of pyproject.toml, and nothing else."""
    assert packages_in(LOCKS[1]).keys() - packages_in(LOCKS[0]).keys() == {"lxml", "pyarrow"}


def test_the_secrets_are_made_once_for_their_owner_alone_and_the_settings_take_them(tmp_path: Path) -> None:
    make_keys(tmp_path / "keys")
    made = {file.name: file.read_text(encoding="utf-8") for file in (tmp_path / "keys").iterdir()}
    assert set(made) == {"signing-key.pem", "tag-keys.json", "cursor-key", "seal-key.pem", "sun-key", "webhook-key"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "keys").iterdir()} == {0o600}
    make_keys(tmp_path / "keys")
    assert {file.name: file.read_text(encoding="utf-8") for file in (tmp_path / "keys").iterdir()} == made
    environment = {
        "HEMTID_DATABASE_URL": "sqlite://",
        "HEMTID_BASE_URL": "https://hemtid.example",
        "HEMTID_SIGNING_KEY_FILE": str(tmp_path / "keys" / "signing-key.pem"),
        "HEMTID_TAG_KEYS_FILE": str(tmp_path / "keys" / "tag-keys.json"),
        "HEMTID_CURSOR_KEY_FILE": str(tmp_path / "keys" / "cursor-key"),
        "HEMTID_SEAL_KEY_FILE": str(tmp_path / "keys" / "seal-key.pem"),
        "HEMTID_WEBHOOK_KEY_FILE": str(tmp_path / "keys" / "webhook-key"),
    }
    settings = Settings.from_environment(environment)
    assert sorted(settings.tag_keys) == [1]
    assert settings.seal_key is not None
    assert settings.webhook_key is not None
