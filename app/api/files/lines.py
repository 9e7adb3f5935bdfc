"""The lines as the feed tells them, one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

MEDIA = "application/x-ndjson"


def lines_ndjson(lines: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Each line as in `GET /reimbursement/lines`, and a line feed."""
    for line in lines:
        yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
