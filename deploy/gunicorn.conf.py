"""How gunicorn serves the product; GUNICORN_CMD_ARGS or the command line may change any of it."""

from __future__ import annotations

import json
import traceback
import uuid
from pathlib import Path
from typing import Any

from gunicorn.http import errors
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

_UNREADABLE: dict[type[Exception], tuple[int, str]] = {
    errors.LimitRequestLine: (414, "URI Too Long"),
    errors.LimitRequestHeaders: (431, "Request Header Fields Too Large"),
    errors.ExpectationFailed: (417, "Expectation Failed"),
    errors.UnsupportedTransferCoding: (501, "Not Implemented"),
    errors.InvalidResponseHeader: (500, "Internal Server Error"),
    errors.InvalidResponseHeaderName: (500, "Internal Server Error"),
    errors.ParseException: (400, "Bad Request"),
    Exception: (500, "Internal Server Error"),
}


class Worker(ThreadWorker):
    """The thread worker, which repeats nothing of a request that is no HTTP, neither to its log nor to the client.

    gunicorn's own tells both which line or header it could not read: a token, perhaps, or who a customer is. Source:
    FAULTS 49.
    """

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:  # noqa: ARG002 - gunicorn's words
        """The client has a problem as the product would tell it, and the log the kind of the fault and where it was."""
        status, title = next(told for kind, told in _UNREADABLE.items() if isinstance(exc, kind))
        request_id = str(uuid.uuid4())
        way = traceback.format_tb(exc.__traceback__) if status == 500 else []
        told = "".join([f"request {request_id} could not be read: {type(exc).__name__}\n", *way])
        self.log.warning("%s", told.rstrip())
        detail = "The request could not be read."
        problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, "request_id": request_id}
        body = json.dumps(problem)
        head = f"HTTP/1.1 {status} {title}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        try:
            write_nonblock(client, f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        except OSError:
            self.log.debug("the client did not wait for the problem")


class _Body:
    """A request's body, in which what is no HTTP is a broken connection to the product: it answers 400."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def read(self, size: int) -> bytes:
        """The next bytes. Raises OSError."""
        try:
            found: bytes = self._reader.read(size)
        except errors.ParseException as fault:
            raise OSError(type(fault).__name__) from None
        return found


def pre_request(_worker: Worker, request: Any) -> None:
    """The body is read as the product expects it."""
    request.body.reader = _Body(request.body.reader)


wsgi_app = "wsgi:app"
bind = "127.0.0.1:8011"
worker_class = Worker
workers = 2
threads = 8
timeout = 30
graceful_timeout = 20
keepalive = 5
max_requests = 50_000
max_requests_jitter = 5_000
# A worker shows that it lives by touching a file: on a disk that can block, in memory it cannot.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
# It would lie in the home directory of whoever runs the service.
control_socket_disable = True
# TLS ends at nginx on the same machine, which sets X-Forwarded-*.
forwarded_allow_ips = "127.0.0.1"
