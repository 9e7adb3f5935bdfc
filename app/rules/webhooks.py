"""Webhooks: where changes may be sent, how a try went, when the next one is due, and when we give up.

Source: Standard Webhooks (the specification's own schedule of retries); ARCHITECTURE, The API; where neither says, our
decision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from types import MappingProxyType

from app.rules.refusal import Kind, Refused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

WAITS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds from one failed try to the next; the last is repeated. Source: Standard Webhooks, Deliverability."""
JITTER_PERCENT = 10
"""A wait is longer by up to so much, so that receivers of one outage are not all tried in the same second."""
GIVEN_UP_AFTER = timedelta(days=7)
"""A webhook that has failed for so long is disabled. Source: our decision."""
LONGEST_RETRY_AFTER = 86_400
"""A receiver may ask us to stay away for so many seconds; more counts as this."""
RESTS = 300
"""Seconds until it is looked at again whether a client that may read no changes may."""
FORMER_SIGNS = timedelta(hours=24)
"""How long a former secret signs beside the new one. Source: our decision."""
MOST_FORMER = 3
MOST_OF_A_CLIENT = 10
LONGEST_URL = 2_000
TEST_TYPE = "webhook.test"
"""What a receiver is sent on demand; no change of the contract."""
PORTS: Mapping[str, int] = MappingProxyType({"https": 443, "http": 80})
_GONE = 410
_ASKS_TO_WAIT = frozenset({429, 503})
_WORLD6 = IPv6Network("2000::/3")
_UNROUTED4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))


class Failure(StrEnum):
    """Why a change was not delivered, in one word for whoever looks at the deliveries."""

    SECRET = "secret_unreadable"
    NAME = "name_not_found"
    FORBIDDEN_ADDRESS = "address_not_allowed"
    CONNECTION = "connection_failed"
    TLS = "tls_failed"
    TIMEOUT = "timeout"
    REDIRECT = "redirect_not_followed"
    STATUS = "status"


class Disabled(StrEnum):
    """Why nothing is sent any more until the client says so."""

    GONE = "gone"
    """The receiver answered 410."""
    FAILING = "failing"
    """No try went well for a week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a try went: the status that was answered, and the failure; None where it went well."""

    status: int | None = None
    failure: Failure | None = None
    retry_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a webhook has come: the last change delivered or passed over, and how the tries of the next one go."""

    sequence: int
    failures: int = 0
    failing_since: datetime | None = None
    due_at: datetime | None = None
    disabled_at: datetime | None = None
    disabled_reason: Disabled | None = None

    def goes_on(self, now: datetime) -> bool:
        """True where the next change may be sent now."""
        return self.disabled_at is None and (self.due_at is None or self.due_at <= now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Which change was tried, the one before it, and whether the client has replaced its webhook since."""

    message_id: str
    sequence: int
    after: int
    replaced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What an installation lets webhooks reach beyond the public internet, and whether without encryption."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    http: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A webhook's address in its parts; `path` has its query. `credentials`: somebody put a name or password in it."""

    scheme: str
    host: str
    port: int
    path: str
    credentials: bool = False
    fragment: bool = False

    @property
    def named(self) -> str:
        """The host as a request names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def outcome_of(status: int, retry_after: int | None = None) -> Outcome:
    """2xx is delivered; a redirect is not followed, since nobody has checked where to. Source: Standard Webhooks."""
    if 200 <= status < 300:
        return Outcome(status=status)
    failure = Failure.REDIRECT if 300 <= status < 400 else Failure.STATUS
    return Outcome(status=status, failure=failure, retry_after=retry_after if status in _ASKS_TO_WAIT else None)


def after_try(before: Standing, tried: Tried, outcome: Outcome, now: datetime) -> Standing:
    """How the webhook stands once a change was tried: further on, waiting, or disabled.

    Where its client replaced it meanwhile, what went wrong is no longer its fault, and what went well counts only if it
    was not sent back to an earlier place.
    """
    if tried.replaced and (outcome.failure or before.sequence != tried.after):
        return before
    if outcome.failure is None:
        return Standing(sequence=tried.sequence)
    failures, since = before.failures + 1, before.failing_since or now
    if outcome.status == _GONE:
        reason: Disabled | None = Disabled.GONE
    else:
        reason = Disabled.FAILING if now - since >= GIVEN_UP_AFTER else None
    wait = max(seconds_to_wait(failures, tried.message_id), min(outcome.retry_after or 0, LONGEST_RETRY_AFTER))
    return replace(
        before,
        failures=failures,
        failing_since=since,
        due_at=None if reason else now + timedelta(seconds=wait),
        disabled_at=now if reason else None,
        disabled_reason=reason,
    )


def seconds_to_wait(failures: int, message_id: str) -> int:
    """Seconds from the `failures`th failed try of the message to the next; the same for the same message each time."""
    base = WAITS[min(failures, len(WAITS)) - 1]
    thousandths = int.from_bytes(hashlib.sha256(f"{message_id}/{failures}".encode()).digest()[:4]) % 1_001
    return base + base * JITTER_PERCENT * thousandths // 100_000


def resting(before: Standing, now: datetime) -> Standing:
    """Nothing may be told for now, and nothing has failed: it is looked at again in a while."""
    return replace(before, due_at=now + timedelta(seconds=RESTS))


def signing(current: str, former: Iterable[tuple[str, datetime]], now: datetime) -> tuple[str, ...]:
    """The secrets that sign now, the newest first."""
    return (current, *(secret for secret, until in former if now < until))


def rotated(current: str, former: Iterable[tuple[str, datetime]], now: datetime) -> tuple[tuple[str, datetime], ...]:
    """The former secrets once `current` is replaced; a client that rotates often keeps the last few alone."""
    still = [(secret, until) for secret, until in former if now < until]
    return ((current, now + FORMER_SIGNS), *still)[:MOST_FORMER]


def check_target(target: Target, allowed: Allowed) -> None:
    """Returns where changes may be sent there. Raises Refused (422) otherwise.

    What its name stands for is checked when it is delivered to: names are given other addresses any time.
    """
    if target.scheme != "https" and not (target.scheme == "http" and allowed.http):
        raise unfit("Give an https address: changes tell of people.")
    if target.credentials:
        raise unfit("Leave name and password out: the signature tells that it is us.")
    if not target.host or target.port == 0 or target.fragment:
        raise unfit("Give an address with a host, without a fragment.")
    literal = literal_address(target.host)
    if literal is not None and not may_reach(target.host, (literal,), allowed):
        raise unfit("Give an address on the public internet, or one that this installation allows.")


def literal_address(host: str) -> Address | None:
    """The address that the host is itself; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def may_reach(host: str, addresses: Collection[Address], allowed: Allowed) -> bool:
    """True where each of the addresses that the host stands for may be connected to, and there is one.

    One that may not spoils all: a public name with an inner address is somebody's trick. Source: OWASP, SSRF.
    """
    if not addresses:
        return False
    return host.lower().rstrip(".") in allowed.hosts or all(
        _is_public(one) or any(one in network for network in allowed.networks) for one in map(_plain, addresses)
    )


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one is only another writing of."""
    return getattr(address, "ipv4_mapped", None) or address


def _is_public(address: Address) -> bool:
    """True for one of the public internet; not for one that stands for another, which might be an inner one."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _UNROUTED4)
    return address in _WORLD6 and address.sixtofour is None and address.teredo is None


def check_types(types: Iterable[str], known: Collection[str]) -> None:
    """Returns where each is a type of change. Raises Refused (422) with a pointer to the first that is not."""
    for place, one in enumerate(types):
        if one not in known:
            raise Refused("webhooks", "Give a type of change that there is.", Kind.INVALID, f"/types/{place}")


def check_start(after: int | None, last: int) -> None:
    """Returns where `after` is no later than the last change. Raises Refused (422): what is to come would be lost."""
    if after is not None and after > last:
        raise Refused("webhooks", f"Give {last} at most: no later change has happened.", Kind.INVALID, "/after")


def check_count(count: int) -> None:
    """Returns where a client with so many webhooks may have another. Raises Refused (409)."""
    if count >= MOST_OF_A_CLIENT:
        raise Refused("webhooks", f"a client has at most {MOST_OF_A_CLIENT} webhooks: replace one that it has")


def unfit(message: str) -> Refused:
    """The refusal of an address that is none for a webhook."""
    return Refused("webhooks", message, Kind.INVALID, "/url")
