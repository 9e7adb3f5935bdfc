"""A receiver of webhooks, as somebody else would write one: real HTTP, and the published way to verify."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[BaseHTTPRequestHandler], None]


@dataclass(slots=True)
class Got:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """What is kept to take each message once."""
        return self.headers["webhook-id"]

    @property
    def message(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)

    @property
    def sequence(self) -> int:
        """The change's number."""
        return int(self.message["data"]["sequence"])

    def signed_by(self, secret: str) -> bool:
        """Whether one of the signatures is the secret's. Source: Standard Webhooks, Verifying webhook authenticity."""
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return expected in self.headers["webhook-signature"].split(" ")


@dataclass(slots=True)
class Receiver:
    """What has come, and what is answered: the next of `replies`, and 204 once they are used up."""

    url: str
    port: int
    got: list[Got] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    @property
    def sequences(self) -> list[int]:
        """The numbers of the changes in the order they came."""
        return [one.sequence for one in self.got]

    def answers(self, *statuses: int, **headers: str) -> None:
        """The next requests are answered so."""
        self.replies += [reply(status, b"", **headers) for status in statuses]


def reply(status: int, body: bytes = b"", **headers: str) -> Reply:
    """An answer with this status and these headers."""

    def give(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return give


@contextmanager
def receiving(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on 127.0.0.1 that is there until the block ends; with a context it speaks TLS."""
    made = Receiver(url="", port=0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.got.append(Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            (made.replies.pop(0) if made.replies else reply(204))(self)

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Whoever hangs up on us may."""

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    made.port = server.server_address[1]
    made.url = f"http://127.0.0.1:{made.port}/hemtid"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    serving.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
