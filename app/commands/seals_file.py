"""The file of signed roots that the municipality keeps: one seal a line, only ever appended to (A5)."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from app.rules.ledger.signed import Seal


class NotAppended(Exception):
    """The file could not be read or written; its text says why. What was sealed stands, and comes with the next try."""


def append_seals(file: Path, care_system_id: str, seals_after: Callable[[int], Sequence[Seal]]) -> None:
    """The file has every seal of the care system, flushed to the disk, each once however many write at once.

    A last line that was cut short is written anew. Raises `NotAppended`.
    """
    try:
        with _locked(file) as stream:
            lines = _whole_lines(stream)
            seals = [one for one in map(_seal_in, lines) if one is not None and one.care_system_id == care_system_id]
            last = max((one.sequence for one in seals), default=0)
            told = [json.dumps(one.document, separators=(",", ":")) + "\n" for one in seals_after(last)]
            stream.write("".join(told).encode())
            stream.flush()
            os.fsync(stream.fileno())
        _keep_name(file.parent)
    except OSError as fault:
        raise NotAppended(f"{file}: {fault.strerror}") from fault


def read_seals(file: Path) -> Iterator[tuple[int, Seal | None]]:
    """Each whole line by its number, with its seal; None where it is none."""
    with file.open("rb") as stream:
        yield from enumerate(map(_seal_in, stream.read().split(b"\n")[:-1]), 1)


@contextmanager
def _locked(file: Path) -> Iterator[BinaryIO]:
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o640), "r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield stream


def _whole_lines(stream: BinaryIO) -> list[bytes]:
    """The lines that were written to their end; what follows them is cut away, and the next line begins there."""
    content = stream.read()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        stream.truncate(whole)
    stream.seek(whole)
    return content[:whole].split(b"\n")[:-1]


def _seal_in(line: bytes) -> Seal | None:
    try:
        return Seal.of(json.loads(line))
    except ValueError:
        return None


def _keep_name(folder: Path) -> None:
    """A file that is new has its name on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
