"""The checkout's own virtual environment, made from the hashed locks and remade only when they change."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".hemtid"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "hemtid-lock.json"
RUNTIME_LOCK = ROOT / "deploy" / "requirements.txt"
DEVELOPMENT_LOCK = ROOT / "deploy" / "requirements-dev.txt"
FOUND = ("Collecting ", "Processing ", "Requirement already satisfied: ")
"""How pip begins the line about a package from an index, from a folder, and one that is there already."""


class Missing(Exception):
    """Something the machine lacks; the text is one line with the command that mends it."""


def ready(*, development: bool) -> Path:
    """The interpreter of an environment that holds exactly what the lock asks for.

    `development` takes the larger lock, which contains the runtime one. Raises `Missing`.
    """
    wanted = _wanted(development=development)
    STATE.mkdir(exist_ok=True)
    with _alone():
        installed = _installed()
        if wanted.items() <= installed.items():
            return PYTHON
        if installed.get("made") != wanted["made"]:
            _make()
            installed = {}
        larger = development or "development" in installed
        STAMP.unlink(missing_ok=True)
        _install(DEVELOPMENT_LOCK if larger else RUNTIME_LOCK)
        STAMP.write_text(json.dumps(_wanted(development=larger)))
    return PYTHON


def _wanted(*, development: bool) -> dict[str, str]:
    """What the stamp says when the environment is up to date."""
    wanted = {"made": f"{sys.version} in {VENV}", "runtime": _digest(RUNTIME_LOCK)}
    if development:
        wanted["development"] = _digest(DEVELOPMENT_LOCK)
    return wanted


def _installed() -> dict[str, str]:
    """What the stamp says now; empty where there is no environment or its interpreter does not start."""
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
        subprocess.run([PYTHON, "-c", ""], check=True, capture_output=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}
    return stamp


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """Two starts at once make one environment: the second waits for the first."""
    with (STATE / "venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make() -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        mend = "apt-get install python3-venv" if shutil.which("apt-get") else "install Python's venv and ensurepip"
        raise Missing(f"This Python cannot make virtual environments. Mend it with: {mend}")
    print("Making .venv", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=False, capture_output=True, text=True)
    if made.returncode:
        print(made.stdout + made.stderr, file=sys.stderr)
        raise Missing(f"Making .venv failed (above). Try again after: rm -rf {VENV}")


def _install(lock: Path) -> None:
    """Every package of the lock is installed, each checked against its hash."""
    total = _packages_in(lock)
    print(f"Installing from deploy/{lock.name} ({total} packages, hashes checked)", flush=True)
    command = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input", "-r", str(lock)]
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUNBUFFERED": "1"}
    last_lines: deque[str] = deque(maxlen=12)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment) as pip:
        assert pip.stdout is not None
        _show_progress(pip.stdout, total, last_lines)
    if pip.returncode:
        print("".join(last_lines), file=sys.stderr)
        raise Missing(f"pip could not install the lock (above). Try again with: {sys.executable} deploy/dev.py venv")


def _packages_in(lock: Path) -> int:
    """How many packages this platform takes from the lock, or a few more: markers are not read."""
    return sum(1 for line in lock.read_text().splitlines() if line[:1].isalnum() and "win32" not in line)


def _show_progress(lines: Iterator[str], total: int, last_lines: deque[str]) -> None:
    """Pip's many lines become one that counts; without a terminal, one line for every tenth package."""
    seen = 0
    terminal = sys.stdout.isatty()
    for line in lines:
        last_lines.append(line)
        if line.startswith(FOUND):
            seen += 1
            name = line.removeprefix(FOUND[0]).split("==")[0].split("/")[-1].strip()
            if terminal:
                print(f"\r  {seen}/{total} {name:<40.40}", end="", flush=True)
            elif seen % 10 == 0:
                print(f"  {seen}/{total}", flush=True)
        elif line.startswith("Installing collected packages"):
            print(("\r" if terminal else "") + f"  {seen}/{total} fetched, unpacking {'':<30}", flush=True)
