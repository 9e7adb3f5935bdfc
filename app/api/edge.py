"""The edge: what every request passes on its way in, and every answer on its way out."""

from __future__ import annotations

import logging
import re
import time
import traceback
from http import HTTPMethod
from types import TracebackType
from typing import Any

import structlog
from flask import Flask, Response, g, request

from app.api.bodies import BODY_BYTES

REQUEST_ID = "X-Request-Id"
_GOOD_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z", re.ASCII)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
}
"""Set where an answer has not said otherwise: a page states its own content policy."""

_METHODS = frozenset(HTTPMethod)
"""Those that are logged by name; a client may write anything there."""

_log = structlog.get_logger("hemtid")


class EdgedFlask(Flask):
    """Flask whose unexpected faults are logged as JSON, without the request's content or the fault's own words."""

    def log_exception(self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
        """The fault stands in the log with its kind, where it came from, and the request's id."""
        _log.error("fault", request_id=g.get("request_id"), route=_route(), trace=_trace(exc_info[1]))


def guard(app: Flask, *, https: bool, new_id: Any) -> None:
    """Every request of the app gets an id, a limit on its body, a line in the log, and safe headers on its answer."""
    _configure_log()
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = BODY_BYTES
    app.url_map.merge_slashes = False
    headers = _HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if https else {})
    lowered = {name.lower(): (name, text) for name, text in headers.items()}

    @app.before_request
    def receive() -> None:
        stated = request.headers.get(REQUEST_ID, "")
        g.request_id = stated if _GOOD_REQUEST_ID.match(stated) else new_id()
        g.received = time.monotonic_ns()

    @app.after_request
    def release(response: Response) -> Response:
        stated = {name.lower() for name, _ in response.headers}
        response.headers.extend([header for name, header in lowered.items() if name not in stated])
        request_id = g.get("request_id")
        response.headers[REQUEST_ID] = request_id or ""
        elapsed = time.monotonic_ns() - g.get("received", time.monotonic_ns())
        method = request.method
        _log.info(
            "answered",
            request_id=request_id,
            method=method if method in _METHODS else "other",
            route=_route(),
            status=response.status_code,
            elapsed_us=elapsed // 1000,
        )
        return response


def _route() -> str:
    """The pattern of the address, never the address itself: what a client wrote there may tell of a person."""
    return "none" if request.url_rule is None else request.url_rule.rule


def _trace(fault: BaseException | None) -> str:
    """The kinds of the fault and of its causes, each with its way through the code, and never their words.

    They repeat what was at hand: PostgreSQL tells the whole row that it refused, with who it is about. Source: FAULTS
    49.
    """
    told: dict[int, str] = {}
    while fault is not None and id(fault) not in told:  # causes may go round in a ring
        way = "".join(traceback.format_tb(fault.__traceback__))
        told[id(fault)] = f"{type(fault).__module__}.{type(fault).__qualname__}\n{way}"
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    return "from ".join(told.values())


def _configure_log() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
