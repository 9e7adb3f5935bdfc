"""Files that cannot be sent while they are made: written to a file without a name, and sent from it in pieces."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from typing import IO

Sink = IO[bytes]
_PIECE = 64 * 1024


def spooled(write: Callable[[Sink], None]) -> Iterator[bytes]:
    """What `write` wrote, in pieces. Nothing is made before the first is taken, and nothing is left afterwards."""
    with tempfile.TemporaryFile() as sink:
        write(sink)
        sink.seek(0)
        while piece := sink.read(_PIECE):
            yield piece
