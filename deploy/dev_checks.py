"""Every check of the project, one after the other, with a summary."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence

from dev_venv import PYTHON, ROOT, VENV, ready

CHECKS: dict[str, list[str]] = {
    "ruff check": ["-m", "ruff", "check"],
    "ruff format": ["-m", "ruff", "format", "--check"],
    "mypy": ["-m", "mypy"],
    "lint-imports": [str(VENV / "bin" / "lint-imports")],
    "pytest": ["-m", "pytest", "-n", "3"],
}
"""Each check's arguments. Three test processes on two cores, as browsers and killed servers are waited for so often."""


def test(full: bool, arguments: Sequence[str]) -> int:
    """All checks have run; the answer is the exit code of the first that failed, else 0.

    `full` runs properties, races and drills at their full counts; `arguments` go to pytest.
    """
    ready(development=True)
    environment = {name: value for name, value in os.environ.items() if not _would_change_the_product(name)}
    if full:
        environment["HEMTID_FULL"] = "1"
    codes: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for name, check in CHECKS.items():
        print(f"\n== {name}", flush=True)
        begun = time.monotonic()
        extra = list(arguments) if name == "pytest" else []
        codes[name] = subprocess.run([PYTHON, *check, *extra], cwd=ROOT, env=environment, check=False).returncode
        seconds[name] = time.monotonic() - begun
    print("\n== Summary")
    for name, code in codes.items():
        print(f"{name:<14}{'ok' if code == 0 else f'FAILED ({code})':<14}{seconds[name]:>8.1f} s")
    print(f"{'':<28}{sum(seconds.values()):>8.1f} s", flush=True)
    return next((code for code in codes.values() if code), 0)


def _would_change_the_product(variable: str) -> bool:
    return variable.startswith("HEMTID_") and variable not in ("HEMTID_FULL", "HEMTID_STRICT")
