"""A webhook's address: its parts, and what its name stands for now."""

from __future__ import annotations

import socket
import threading
from ipaddress import ip_address
from urllib.parse import urlsplit

from app.rules.webhooks import PORTS, Address, Target, literal_address, unfit

LOOK_UP_SECONDS = 3
_UNSENDABLE = frozenset('\x7f\\"<>^`{|}')


def target_of(url: str) -> Target:
    """The address in its parts. Raises Refused (422) for what cannot be read as one, or cannot be sent as it stands."""
    if not url.isascii() or any(sign <= " " or sign in _UNSENDABLE for sign in url):
        raise unfit("Give the address in ASCII, without blanks: encode what is not.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise unfit("Give an address such as https://receiver.example/hemtid.") from None
    return Target(
        scheme=parts.scheme,
        host=host,
        port=PORTS.get(parts.scheme, 0) if port is None else port,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        credentials="@" in parts.netloc,
        fragment="#" in url,
    )


def addresses_of(target: Target) -> tuple[Address, ...]:
    """What the host stands for now, in the order to try; none where nobody knows it, or says so within three seconds.

    The system's look-up cannot be told when to stop, so that it is left behind where it takes longer.
    """
    literal = literal_address(target.host)
    if literal is not None:
        return (literal,)
    found: list[Address] = []
    asking = threading.Thread(target=_look_up, args=(target, found), daemon=True)
    asking.start()
    asking.join(LOOK_UP_SECONDS)
    return () if asking.is_alive() else tuple(dict.fromkeys(found))


def _look_up(target: Target, found: list[Address]) -> None:
    try:
        answers = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return
    found.extend(ip_address(answer[4][0]) for answer in answers)
