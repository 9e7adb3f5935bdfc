"""The product as it is deployed: gunicorn with deploy/gunicorn.conf.py, a process group that a drill may kill."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.settings import Settings
from tests.settings import settings_for

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 60
"""Far more than a start takes on a busy machine; a drill that measures states its own limit."""
ASKED_SECONDS = 30
ONE_WORKER = {"GUNICORN_CMD_ARGS": "--workers 1"}
"""For a drill that is not about several: each takes two seconds of work to start."""


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as the environment of a process, and of the rest only what Python needs to start."""
    pem = settings.signing_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    return kept | {
        "HEMTID_DATABASE_URL": settings.database_url,
        "HEMTID_BASE_URL": settings.base_url,
        "HEMTID_SIGNING_KEY": pem.decode(),
        "HEMTID_TAG_KEYS": orjson.dumps(
            {str(version): key.hex() for version, key in settings.tag_keys.items()}
        ).decode(),
        "HEMTID_CURSOR_KEY": settings.cursor_key.hex(),
        "HEMTID_SUN_KEY": (settings.sun_key or b"").hex(),
        "HEMTID_WEBHOOK_KEY": (settings.webhook_key or b"").hex(),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body's JSON."""
        return orjson.loads(self.body)


class Served:
    """The product on a port of its own on the loopback interface. What it says goes to `log`."""

    def __init__(self, folder: Path, database_url: str, app: str = "wsgi:app", **environment: str) -> None:
        self.log = folder / "gunicorn.log"
        self._app = app
        self._environment = environment_of(settings_for(database_url)) | environment
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """The process has begun to start."""
        command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "-b", f"127.0.0.1:{self._port}"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, self._app],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self) -> None:
        """The product answers that it is ready. Raises AssertionError where it does not within a minute."""
        self.launch()
        self.wait_until_ready(READY_SECONDS)

    def wait_until_ready(self, seconds: float) -> None:
        """The product answers that it is ready. Raises AssertionError where it does not in time."""
        limit = time.monotonic() + seconds
        while not self.is_ready():
            assert self.running.poll() is None, f"gunicorn ended: {self.said()}"
            assert time.monotonic() < limit, f"not ready in time: {self.said()}"
            time.sleep(0.05)

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """The arbiter's process. Raises AssertionError before the first start."""
        assert self._process is not None
        return self._process

    def workers(self) -> list[int]:
        """The ids of the processes that answer requests."""
        listed = Path(f"/proc/{self.running.pid}/task/{self.running.pid}/children").read_text()
        return [int(one) for one in listed.split()]

    def kill(self) -> None:
        """Arbiter and workers are gone at once, by SIGKILL, in the middle of whatever they did."""
        os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait(10)

    def stop(self) -> None:
        """Nothing of it runs any more, however far its start came."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def said(self) -> str:
        """What it has written to its log."""
        return self.log.read_text(errors="replace")

    def is_ready(self) -> bool:
        """Whether it answers that it is ready."""
        try:
            return self.ask("GET", "/readyz").status == 200
        except (OSError, HTTPException):
            return False

    def ask(self, method: str, path: str, body: object = None, token: str | None = None, **headers: str) -> Answer:
        """The answer to one request on a connection of its own. Raises OSError or HTTPException where none came."""
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        content = None if body is None else orjson.dumps(body)
        if content is not None:
            sent["Content-Type"] = "application/json"
        return self.send(method, path, content, sent | headers)

    def send(self, method: str, path: str, content: Any, headers: Mapping[str, str]) -> Answer:
        """The same for content that may be no JSON: bytes, or an iterable of them that is sent in chunks."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=ASKED_SECONDS)
        try:
            connection.request(method, path, content, dict(headers))
            response = connection.getresponse()
            return Answer(status=response.status, headers=dict(response.getheaders()), body=response.read())
        finally:
            connection.close()

    def connected(self) -> socket.socket:
        """A connection on which nothing has been said."""
        return socket.create_connection(("127.0.0.1", self._port), timeout=ASKED_SECONDS)

    def raw(self, content: bytes) -> bytes:
        """All that comes back for the bytes, until the product closes the connection or is silent for a second."""
        with self.connected() as connection:
            connection.sendall(content)
            connection.settimeout(1)
            found = b""
            try:
                while piece := connection.recv(65_536):
                    found += piece
            except TimeoutError:
                return found
            return found


@contextmanager
def served(folder: Path, database_url: str, app: str = "wsgi:app", **environment: str) -> Iterator[Served]:
    """The product, ready, until the block ends. `app` is another WSGI application, where a mutant is tried."""
    product = Served(folder, database_url, app, **environment)
    try:
        product.start()
        yield product
    finally:
        product.stop()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
