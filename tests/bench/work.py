"""How long a bench and its PostgreSQL were busy: on a machine that others use too the clock on the wall says little."""

from __future__ import annotations

import cProfile
import os
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Seconds by the clock on the wall, those that this process was busy, and those that the server's were."""

    wall: float
    own: float
    server: float

    def __add__(self, other: Taken) -> Taken:
        return Taken(wall=self.wall + other.wall, own=self.own + other.own, server=self.server + other.server)

    @property
    def busy(self) -> float:
        """Seconds of work, here and in the server."""
        return self.own + self.server


class Watch:
    """Measures work, that of a server's processes among it."""

    def __init__(self, database: Database) -> None:
        engine: Any = database._engine
        with closing(engine.raw_connection()) as connection:
            backend = connection.dbapi_connection.info.backend_pid
        self._postmaster = _fields(f"/proc/{backend}/stat")[1]

    def timed(self, work: Callable[[], object], profiler: cProfile.Profile | None = None) -> Taken:
        """What the work takes."""
        wall, own, server = time.perf_counter(), time.process_time(), self._server()
        with profiler or nullcontext():
            work()
        own, server = time.process_time() - own, self._server() - server
        return Taken(wall=time.perf_counter() - wall, own=own, server=server)

    def _server(self) -> float:
        children = Path(f"/proc/{self._postmaster}/task/{self._postmaster}/children").read_text().split()
        ticks = [sum(map(int, _fields(f"/proc/{one}/stat")[11:13])) for one in children]
        return sum(ticks) / os.sysconf("SC_CLK_TCK")


def _fields(stat: str) -> list[str]:
    """What stands behind the name of the program, which may have blanks."""
    return Path(stat).read_text().rpartition(")")[2].split()
