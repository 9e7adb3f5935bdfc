"""Paging: lists by signed cursors, never by offset or count."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, request

from app.api.answers import answer
from app.api.problems import malformed

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Page:
    """The part of a list that was asked for: at most `limit` rows, after the key `after`; None begins the list."""

    limit: int
    after: Any = None


def asked_page(query: Mapping[str, Any]) -> Page:
    """The page that the query asks for. Raises `Problem` 422 where `after` is no cursor of this list."""
    after = query.get("after")
    return Page(query.get("limit", DEFAULT_LIMIT), None if after is None else _opened(after))


def answer_page(rows: Iterable[Mapping[str, Any]], last_key: Any) -> Response:
    """The rows as a list of the contract; `last_key` is the key of the last of them where more follow, else None."""
    body: dict[str, Any] = {"items": list(rows)}
    if last_key is None:
        return answer(body)
    body["next"] = _sealed(last_key)
    address = f"{request.path}?{urlencode({**request.args.to_dict(), 'after': body['next']})}"
    return answer(body, headers={"Link": f'<{address}>; rel="next"'})


def cut(rows: list[Any], page: Page, key: Callable[[Any], Any]) -> tuple[list[Any], Any]:
    """The page's rows of `rows`, which was read with one more than the limit, and the last key where more follow."""
    if len(rows) <= page.limit:
        return rows, None
    shown = rows[: page.limit]
    return shown, key(shown[-1])


def _sealed(key: Any) -> str:
    content = json.dumps(key, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(content) + content).decode().rstrip("=")


def _opened(cursor: str) -> Any:
    try:
        sealed = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as fault:
        raise malformed("/after", "is no cursor of ours") from fault
    content = sealed[_MAC_BYTES:]
    if not hmac.compare_digest(_mac(content), sealed[:_MAC_BYTES]):
        raise malformed("/after", "is no cursor of this list")
    return json.loads(content)


def _mac(content: bytes) -> bytes:
    """Bound to the list's route, so that a cursor of one list is none of another."""
    key: bytes = current_app.extensions["hemtid"].settings.cursor_key
    return hmac.new(key, f"{request.endpoint}\0".encode() + content, hashlib.sha256).digest()[:_MAC_BYTES]
