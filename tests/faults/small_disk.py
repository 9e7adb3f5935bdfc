"""A disk of a few megabytes that a drill may fill and empty again: a tmpfs, where this user may mount one."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_BALLAST = "ballast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A mounted tmpfs."""

    folder: Path

    def fill(self, leaving_bytes: int) -> None:
        """No more than so many bytes are free."""
        told = os.statvfs(self.folder)
        with (self.folder / _BALLAST).open("ab") as ballast:
            ballast.write(bytes(max(0, told.f_bavail * told.f_frsize - leaving_bytes)))

    def empty(self) -> None:
        """What `fill` took is free again."""
        (self.folder / _BALLAST).unlink()


@contextmanager
def small_disk(megabytes: int) -> Iterator[Disk]:
    """A disk of so many megabytes until the block ends. Raises CalledProcessError where none may be mounted."""
    with tempfile.TemporaryDirectory(prefix="hemtid-disk-") as folder:
        size = f"size={megabytes}m,mode=0755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "hemtid-drill", folder], check=True, capture_output=True)
        try:
            yield Disk(folder=Path(folder))
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@cache
def may_mount() -> bool:
    """Whether this user may mount one: root, and not in a container that forbids it."""
    if os.geteuid() != 0:
        return False
    try:
        with small_disk(1):
            return True
    except (subprocess.CalledProcessError, FileNotFoundError):
        return False
