"""The demo speaks to the product as everybody does: over HTTP, signed in, with a clock of its own."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import click

from app.rules.time import format_instant

API = "/api/v1"
PASSWORD = "hemtid-demo-2014"
"""Of every login of the demo. The demo is served on this machine only, with invented people."""


class DemoFailed(click.ClickException):
    """The product answered otherwise than the demo needs; the text is its problem."""


@dataclass(slots=True)
class Talk:
    """One speaker's requests. `at` is the time that the server is told it is, None for the real one."""

    base_url: str
    token: str | None = None
    at: datetime | None = None
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def signed_in(self, **presented: str) -> Talk:
        """The same server, as the one who presents this."""
        answer = Talk(self.base_url).post("/tokens", presented)
        return Talk(self.base_url, token=answer["access_token"], at=self.at)

    def user(self, username: str) -> Talk:
        """The same server, as a user of the demo."""
        return self.signed_in(grant_type="password", username=username, password=PASSWORD)

    def client(self, client_id: str, secret: str) -> Talk:
        """The same server, as a machine client."""
        return self.signed_in(grant_type="client_credentials", client_id=client_id, client_secret=secret)

    def when(self, at: datetime | None) -> Talk:
        """The same speaker at another time."""
        self.at = at
        return self

    def get(self, path: str) -> Any:
        """What a GET answers."""
        return self._ask("GET", path, None)

    def post(self, path: str, content: Any) -> Any:
        """What a POST answers."""
        return self._ask("POST", path, content)

    def put(self, path: str, content: Any) -> Any:
        """What a PUT answers."""
        return self._ask("PUT", path, content)

    def every(self, path: str) -> list[Any]:
        """All of a list, page by page."""
        found: list[Any] = []
        joiner = "&" if "?" in path else "?"
        page = self.get(f"{path}{joiner}limit=200")
        found += page["items"]
        while page.get("next"):
            page = self.get(f"{path}{joiner}limit=200&after={page['next']}")
            found += page["items"]
        return found

    def _ask(self, method: str, path: str, content: Any) -> Any:
        headers = {"Accept": "application/json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.at is not None:
            headers["Hemtid-Demo-Clock"] = format_instant(self.at)
        body = None
        if content is not None:
            body = json.dumps(content).encode()
            headers["Content-Type"] = "application/json"
        status, text = self._exchange(method, API + path, body, headers)
        if status >= 400:
            raise DemoFailed(f"{method} {path} was answered {status}: {text}")
        return json.loads(text) if text else None

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, str]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(urlsplit(self.base_url).netloc, timeout=60)
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # The server closes a connection that was idle; one new try is enough.
            self._connection.close()
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode()
