"""Every check of the project, one after the other, with a summary."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from dev_venv import PYTHON, ROOT, VENV, ready

CHECKS: dict[str, list[str]] = {
    "ruff check": ["-m", "ruff", "check"],
    "ruff format": ["-m", "ruff", "format", "--check"],
    "mypy": ["-m", "mypy"],
    "lint-imports": [str(VENV / "bin" / "lint-imports")],
    "pytest": ["-m", "pytest", "-n", "3"],
}
"""Each check's arguments. Three test processes on two cores, as browsers and killed servers are waited for so often."""

BESIDE = "mypy"
"""It keeps one core busy for most of a minute, in which the next checks need no more than the other."""


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
    begun = time.monotonic()
    with ThreadPoolExecutor() as beside:
        typed = beside.submit(_checked, CHECKS[BESIDE], environment, True)
        for name, check in CHECKS.items():
            if name != BESIDE:
                print(f"\n== {name}", flush=True)
                extra = list(arguments) if name == "pytest" else []
                codes[name], seconds[name], _ = _checked([*check, *extra], environment, False)
        codes[BESIDE], seconds[BESIDE], said = typed.result()
    print(f"\n== {BESIDE}, which ran beside the others\n{said}", flush=True)
    print("\n== Summary")
    for name in CHECKS:
        code = codes[name]
        print(f"{name:<14}{'ok' if code == 0 else f'FAILED ({code})':<14}{seconds[name]:>8.1f} s")
    print(f"{'':<28}{time.monotonic() - begun:>8.1f} s", flush=True)
    return next((code for code in codes.values() if code), 0)


def _checked(check: Sequence[str], environment: Mapping[str, str], quiet: bool) -> tuple[int, float, str]:
    """The check's exit code, its seconds, and where it is to be `quiet` what it said; else that is seen as it comes."""
    begun = time.monotonic()
    said = subprocess.PIPE if quiet else None
    done = subprocess.run(
        [PYTHON, *check], cwd=ROOT, env=environment, check=False, stdout=said, stderr=said and subprocess.STDOUT
    )
    return done.returncode, time.monotonic() - begun, (done.stdout or b"").decode()


def _would_change_the_product(variable: str) -> bool:
    return variable.startswith("HEMTID_") and variable not in ("HEMTID_FULL", "HEMTID_STRICT")
