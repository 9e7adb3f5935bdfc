"""One POST to a receiver: to the address that was checked and no other, within a time, following nobody.

Source: OWASP, Server-Side Request Forgery Prevention; Standard Webhooks, Operational considerations.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Self

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as HTTPTimeout
from urllib3.response import HTTPResponse

from app.actions.webhooks.targets import addresses_of, target_of
from app.rules.refusal import Refused
from app.rules.webhooks import Address, Allowed, Failure, Outcome, Target, check_target, may_reach, outcome_of

STEP_SECONDS = 4
"""How long a receiver may take to let us in, and how long it may be silent."""
WHOLE_SECONDS = 12
"""How long a POST may take in all, however the answer drips."""
MOST_ADDRESSES = 2
MOST_READ = 4_096
"""Bytes of an answer that are read, so that the connection may serve again; what they say is nobody's business."""

LookUp = Callable[[Target], tuple[Address, ...]]


class Line:
    """A line to receivers, open as long as the next message goes to the same address. For one thread."""

    def __init__(
        self,
        allowed: Allowed,
        *,
        look_up: LookUp = addresses_of,
        step_seconds: float = STEP_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        self._allowed = allowed
        self._look_up = look_up
        self._step_seconds = step_seconds
        self._whole_seconds = whole_seconds
        self._url: str | None = None
        self._target: Target | None = None
        self._connection: HTTPConnection | None = None
        self._late = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is open."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def post(self, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Outcome:
        """How it went. Nothing was sent where the address may not be reached, also where it once might."""
        with self._watched():
            try:
                outcome = self._posted(url, headers, body, now)
            except ssl.SSLError:
                outcome = Outcome(failure=Failure.TLS)
            except (HTTPError, HTTPException, OSError) as fault:
                outcome = Outcome(failure=Failure.TIMEOUT if self._timed_out(fault) else Failure.CONNECTION)
        if outcome.failure is not None:
            self.close()
        return outcome

    def _timed_out(self, fault: Exception) -> bool:
        """A refused connection is a timeout too, by its class in urllib3."""
        waited = isinstance(fault, (TimeoutError, HTTPTimeout)) and not isinstance(fault, NewConnectionError)
        return waited or self._late.is_set()

    def _posted(self, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Outcome:
        failure = self._reached(url)
        if failure is not None or self._connection is None or self._target is None:
            return Outcome(failure=failure or Failure.CONNECTION)
        named = {"Host": self._target.named, "User-Agent": "Hemtid", "Content-Type": "application/json", **headers}
        if self._late.is_set():
            return Outcome(failure=Failure.TIMEOUT)
        self._connection.request("POST", self._target.path, body, named, preload_content=False, decode_content=False)
        answer = self._connection.getresponse()
        outcome = outcome_of(answer.status, _retry_after(answer, now))
        if len(answer.read(MOST_READ, decode_content=False)) == MOST_READ:
            self.close()
        return outcome

    def _reached(self, url: str) -> Failure | None:
        """None where the line is open to the URL."""
        if self._url == url and self._connection is not None and self._connection.is_connected:
            return None
        self.close()
        try:
            target = target_of(url)
            check_target(target, self._allowed)
        except Refused:
            return Failure.FORBIDDEN_ADDRESS
        addresses = self._look_up(target)
        if not addresses:
            return Failure.NAME
        if not may_reach(target.host, addresses, self._allowed):
            return Failure.FORBIDDEN_ADDRESS
        self._url, self._target = url, target
        return self._connected(target, addresses[:MOST_ADDRESSES])

    def _connected(self, target: Target, addresses: tuple[Address, ...]) -> Failure | None:
        """None once one of the addresses lets us in; the name is not asked for again."""
        for place, address in enumerate(addresses, start=1):
            self._connection = self._connection_to(target, address)
            try:
                self._connection.connect()
            except (HTTPError, OSError) as fault:
                if isinstance(fault, ssl.SSLError) or place == len(addresses):
                    raise
                self.close()
            else:
                return None
        return Failure.CONNECTION

    def _connection_to(self, target: Target, address: Address) -> HTTPConnection:
        """The certificate must be the name's, whatever the address."""
        if target.scheme == "http":
            return HTTPConnection(str(address), target.port, timeout=self._step_seconds)
        return HTTPSConnection(
            str(address),
            target.port,
            timeout=self._step_seconds,
            server_hostname=target.host,
            ssl_context=ssl.create_default_context(),
        )

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Within it the connection is cut off after a time, and it is late then."""
        self._late = threading.Event()
        watch = threading.Timer(self._whole_seconds, self._cut_off, (self._late,))
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def _cut_off(self, late: threading.Event) -> None:
        late.set()
        connection = self._connection
        sock = None if connection is None else connection.sock
        if sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _retry_after(answer: HTTPResponse, now: datetime) -> int | None:
    """Seconds from now, told as such or as an instant; None where nothing, or nothing readable, is told."""
    told = answer.headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return int(told[:9])
    try:
        return max(0, int((parsedate_to_datetime(told) - now).total_seconds()))
    except (TypeError, ValueError, OverflowError):
        return None
