"""One POST to a receiver: whatever it answers, to the address that was checked and no other, by TLS to its name."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.actions.running import real_now
from app.actions.webhooks.sending import Line
from app.rules.webhooks import Address, Allowed, Failure
from tests.receiver import Receiver, receiving, reply

DAY = timedelta(days=1)
HERE = Allowed(networks=(ip_network("127.0.0.0/8"),), http=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who wants to know."""
    with receiving() as made:
        yield made


def _silent(_handler: BaseHTTPRequestHandler) -> None:
    time.sleep(0.4)


def _dripping(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(20):
        handler.wfile.write(b"H")
        handler.wfile.flush()
        time.sleep(0.05)


def _hanging_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def _babbling(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\x16\x03 what is this\r\n\r\n")


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (_silent, None, "timeout"),
        (_dripping, None, "timeout"),
        (_hanging_up, None, "connection_failed"),
        (_babbling, None, "connection_failed"),
        (reply(302, Location="http://127.0.0.1:1/elsewhere"), 302, "redirect_not_followed"),
        (reply(404, b"x" * 100_000), 404, "status"),
        (reply(200, b"x" * 100_000), 200, None),
    ],
)
def test_a_receiver_may_answer_as_it_likes(
    receiver: Receiver, answer: Callable[[BaseHTTPRequestHandler], None], status: int | None, error: str | None
) -> None:
    receiver.replies.append(answer)
    began = time.monotonic()
    with Line(HERE, step_seconds=0.2, whole_seconds=0.5) as line:
        first = line.post(receiver.url, {"webhook-id": "1"}, b"{}", real_now())
        assert time.monotonic() - began < 2
        assert (first.status, first.failure) == (status, error)
        second = line.post(receiver.url, {"webhook-id": "2"}, b"{}", real_now())
    assert (second.status, [one.id for one in receiver.got]) == (204, ["1", "2"])


def test_who_asks_us_to_wait_says_so_in_seconds_or_by_the_clock(receiver: Receiver) -> None:
    now = datetime(2014, 3, 5, 17, tzinfo=UTC)
    told = ("120", "Wed, 05 Mar 2014 17:02:00 GMT", "Wed, 05 Mar 2014 16:00:00 GMT", "soon", "-1", "9" * 400)
    for one in told:
        receiver.answers(429, **{"Retry-After": one})
    with Line(HERE) as line:
        heard = [line.post(receiver.url, {}, b"{}", now).retry_after for _ in told]
    assert heard == [120, 120, 0, None, None, 999_999_999]


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for the name that vouches for itself, and the file with its key beside it."""
    key = generate_private_key(SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder().subject_name(named).issuer_name(named).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - DAY).not_valid_after(datetime.now(UTC) + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )  # fmt: skip
    trusted, both = folder / f"{name}.pem", folder / f"{name}.both.pem"
    trusted.write_bytes(made.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(private + trusted.read_bytes())
    return trusted, both


@contextmanager
def _secure(folder: Path, name: str) -> Iterator[tuple[Receiver, Path]]:
    trusted, both = _certificate(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    with receiving(context) as made:
        yield made, trusted


def test_TLS_is_to_the_name_at_the_address_that_was_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up once, and what it stands for afterwards is nobody's business."""
    asked: list[str] = []

    def look_up(target: Any) -> tuple[Address, ...]:
        asked.append(target.host)
        return (ip_address("127.0.0.1"),)

    with _secure(tmp_path, "receiver.example") as (receiver, trusted):
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        with Line(HERE, look_up=look_up) as line:
            for number in range(2):
                sent = line.post(
                    f"https://receiver.example:{receiver.port}/a?b=c", {"webhook-id": str(number)}, b"{}", real_now()
                )
                assert (sent.status, sent.failure) == (204, None)
            assert asked == ["receiver.example"]
            assert receiver.got[0].path == "/a?b=c"
            assert receiver.got[0].headers["host"] == f"receiver.example:{receiver.port}"
            other = line.post(f"https://somebody.example:{receiver.port}/", {}, b"{}", real_now())
            assert other.failure is Failure.TLS
        assert len(receiver.got) == 2


@pytest.mark.parametrize(
    ("found", "failure"),
    [
        ((), Failure.NAME),
        (("127.0.0.1",), Failure.FORBIDDEN_ADDRESS),
        (("8.8.8.8", "169.254.169.254"), Failure.FORBIDDEN_ADDRESS),
        (("::ffff:10.0.0.1",), Failure.FORBIDDEN_ADDRESS),
    ],
)
def test_a_name_that_stands_for_an_inner_address_is_not_connected_to(
    receiver: Receiver, found: tuple[str, ...], failure: Failure
) -> None:
    line = Line(Allowed(http=True), look_up=lambda _target: tuple(map(ip_address, found)))
    with line:
        sent = line.post(f"http://receiver.example:{receiver.port}/", {}, b"{}", real_now())
    assert (sent.failure, sent.status, receiver.got) == (failure, None, [])


def test_an_address_that_was_allowed_once_is_checked_again(receiver: Receiver) -> None:
    for url in (receiver.url, f"http://localhost:{receiver.port}/"):
        with Line(Allowed(http=True)) as line:
            assert line.post(url, {}, b"{}", real_now()).failure is Failure.FORBIDDEN_ADDRESS
    assert receiver.got == []
