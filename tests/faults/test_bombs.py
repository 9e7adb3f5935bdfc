"""Bodies that are small to send and dear to read cost next to nothing. FAULTS 56."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.api import bodies
from app.api.bodies import BATCH_BYTES, BODY_BYTES, MOST_VALUES
from app.api.problems import Problem
from app.rules.access import Role
from tests.faults.register import Register, filled
from tests.faults.serving import ONE_WORKER, Served, served
from tests.settings import settings_for

MOST_GROWTH_BYTES = 50 * 1024 * 1024
LONGEST_SECONDS = 5.0
"""For one body, on a machine that does other things too; before `MOST_VALUES` there were those that took 12."""
CUSTOMERS, BATCH = ("POST", "/api/v1/customers"), ("PUT", "/api/v1/planned-visits/batch")
Body = Callable[[], bytes]


def repeated(one: bytes, size: int, before: bytes = b"[", after: bytes = b"]") -> bytes:
    """So many bytes of JSON that is one value over and over."""
    times = (size - len(before) - len(after) + 1) // (len(one) + 1)
    return before + b",".join([one] * times) + after


def many(one: bytes, values: int) -> bytes:
    """A list of the value, as long as is taken."""
    return b"[" + b",".join([one] * values) + b"]"


def named(fields: int) -> bytes:
    """An object with so many different names."""
    return b"{" + b",".join(b'"%06x":0' % one for one in range(fields)) + b"}"


BODIES: list[tuple[str, tuple[str, str], int, Body]] = [
    ("numbers", CUSTOMERS, 413, lambda: repeated(b"0", BODY_BYTES)),
    ("objects", CUSTOMERS, 413, lambda: repeated(b"{}", BODY_BYTES)),
    ("lists", CUSTOMERS, 413, lambda: repeated(b"[]", BODY_BYTES)),
    ("texts", CUSTOMERS, 413, lambda: repeated(b'""', BODY_BYTES)),
    ("names", CUSTOMERS, 413, lambda: named(BODY_BYTES // 11 - 1)),
    ("deep lists", CUSTOMERS, 413, lambda: b"[" * BODY_BYTES),
    ("objects in lists in a batch", BATCH, 413, lambda: repeated(b"[[{}]]", BATCH_BYTES, b'{"items":[', b"]}")),
    ("as many numbers as are taken", CUSTOMERS, 422, lambda: many(b"0", MOST_VALUES - 1)),
    ("as many objects as are taken", CUSTOMERS, 422, lambda: many(b"{}", MOST_VALUES // 2 - 1)),
    ("as many rows as are taken", BATCH, 422, lambda: b'{"items":' + many(b"[[[]]]", MOST_VALUES // 4 - 4) + b"}"),
    ("as many names as are taken", CUSTOMERS, 400, lambda: named(MOST_VALUES - 2)),
    ("as deep as is taken and deeper", CUSTOMERS, 400, lambda: b"[" * (MOST_VALUES - 1)),
    ("deep objects", CUSTOMERS, 400, lambda: b'{"name":' * (MOST_VALUES - 1)),
    ("deep and balanced", CUSTOMERS, 400, lambda: b"[" * 40 + b"]" * 40),
    ("one long text", CUSTOMERS, 422, lambda: b'{"name":"' + b"a" * (BODY_BYTES - 20) + b'"}'),
    ("one long text of escapes", CUSTOMERS, 422, lambda: b'{"name":"' + b"\\u00e5" * (BODY_BYTES // 6 - 4) + b'"}'),
    ("one long number", CUSTOMERS, 422, lambda: b'{"birth_year":' + b"9" * (BODY_BYTES - 20) + b"}"),
    ("one vast number", CUSTOMERS, 422, lambda: b'{"birth_year":1e999999}'),
    ("as many bytes as are taken", CUSTOMERS, 400, lambda: b" " * BODY_BYTES),
    ("as many bytes as are taken in a batch", BATCH, 400, lambda: b" " * BATCH_BYTES),
]
PACKED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("gzip, gzip", lambda content: gzip.compress(gzip.compress(content))),
    ("br", lambda content: content[:100]),
    ("identity, gzip", gzip.compress),
]


@pytest.fixture(scope="module")
def register_url(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with a register, for all the bombs of this module: none of them may leave anything in it."""
    file = tmp_path_factory.mktemp("bombs") / "hemtid.sqlite3"
    file.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{file}"


@pytest.fixture(scope="module")
def register(register_url: str) -> Register:
    """Somebody to send them as."""
    return filled(settings_for(register_url))


@pytest.fixture(scope="module")
def product(register: Register, register_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The product as it is deployed, warmed by an ordinary request to each worker."""
    with served(tmp_path_factory.mktemp("served"), register_url, **ONE_WORKER) as found:
        for _ in range(20):
            assert found.ask("POST", "/api/v1/customers", {}, register.tokens[Role.CASE_OFFICER]).status == 422
        yield found


def resident(product: Served, what: str) -> list[int]:
    """Bytes that each worker holds (VmRSS), or held at most (VmHWM) since `forget_peaks`."""
    told = [Path(f"/proc/{worker}/status").read_text().splitlines() for worker in product.workers()]
    lines = [next(line for line in status if line.startswith(what)) for status in told]
    return [int(line.split()[1]) * 1024 for line in lines]


def forget_peaks(product: Served) -> None:
    """The highest that each worker held is counted anew from what it holds."""
    for worker in product.workers():
        Path(f"/proc/{worker}/clear_refs").write_text("5")


def send(product: Served, register: Register, to: tuple[str, str], body: object, **headers: str) -> int:
    """The status of the answer, which is in our shape."""
    role = Role.COORDINATOR if to == BATCH else Role.CASE_OFFICER
    stated = {"Authorization": f"Bearer {register.tokens[role]}", "Content-Type": "application/json"}
    answer = product.send(*to, body, stated | headers)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert len(answer.body) < 64 * 1024
    return answer.status


def test_F56_no_body_costs_a_worker_fifty_megabytes(product: Served, register: Register) -> None:
    """FAULTS 56: at the peak, not only afterwards, and each worker by itself; and none keeps a worker for long."""
    workers = product.workers()
    forget_peaks(product)
    before = resident(product, "VmRSS")
    found = {}
    for name, to, wanted, body in BODIES:
        begun = time.monotonic()
        status = send(product, register, to, body())
        if status != wanted or time.monotonic() - begun > LONGEST_SECONDS:
            found[name] = (status, time.monotonic() - begun)
    grown = [peak - held for peak, held in zip(resident(product, "VmHWM"), before, strict=True)]
    assert found == {}
    assert max(grown) <= MOST_GROWTH_BYTES
    assert product.workers() == workers


def test_F56_without_the_count_of_values_one_body_would_cost_more(
    make_app: Callable[..., Flask], sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counter-check of FAULTS 56: with the guard off the drill's limit is passed."""
    body = repeated(b"{}", BODY_BYTES)
    with make_app(sqlite_url).app_context():
        with pytest.raises(Problem):
            bodies.parse(body)
        monkeypatch.setattr(bodies, "MOST_VALUES", len(body))
        tracemalloc.start()
        try:
            assert len(bodies.parse(body)) > MOST_VALUES
            assert tracemalloc.get_traced_memory()[1] > MOST_GROWTH_BYTES
        finally:
            tracemalloc.stop()


def test_F56_what_comes_packed_is_not_unpacked(product: Served, register: Register) -> None:
    """FAULTS 56: kilobytes that would be 64 megabytes are refused unread, whatever it says of itself."""
    forget_peaks(product)
    before = resident(product, "VmRSS")
    content = bytes(64 * 1024 * 1024)
    for name, pack in PACKED:
        assert send(product, register, CUSTOMERS, pack(content)[:BODY_BYTES], **{"Content-Encoding": name}) == 415
    grown = [peak - held for peak, held in zip(resident(product, "VmHWM"), before, strict=True)]
    assert max(grown) <= MOST_GROWTH_BYTES


LENGTHS = [
    (CUSTOMERS, str(BODY_BYTES + 1), 413),
    (BATCH, str(BATCH_BYTES + 1), 413),
    (CUSTOMERS, "1099511627776", 413),
    (CUSTOMERS, "-1", 400),
    (CUSTOMERS, "1e9", 400),
    (CUSTOMERS, "0x10", 400),
    (CUSTOMERS, "2, 3", 400),
]


@pytest.mark.parametrize(("to", "length", "status"), LENGTHS)
def test_F56_a_length_that_is_only_claimed_is_refused_at_once(
    product: Served, register: Register, to: tuple[str, str], length: str, status: int
) -> None:
    """FAULTS 56: nothing is set aside, and nobody waits, for what somebody says will come."""
    head = f"{to[0]} {to[1]} HTTP/1.1\r\nHost: hemtid\r\nContent-Length: {length}\r\n"
    sent = f"{head}Content-Type: application/json\r\nAuthorization: Bearer {register.tokens[Role.COORDINATOR]}\r\n"
    first, *_ = product.raw(f"{sent}\r\n".encode()).split(b"\r\n")
    assert first.startswith(b"HTTP/1.1 %d " % status)


def test_F56_a_body_without_a_length_is_cut_off(product: Served, register: Register) -> None:
    """FAULTS 56: a gigabyte in chunks; little more than is taken is read of it."""
    head = "POST /api/v1/customers HTTP/1.1\r\nHost: hemtid\r\nTransfer-Encoding: chunked\r\n"
    head += f"Content-Type: application/json\r\nAuthorization: Bearer {register.tokens[Role.CASE_OFFICER]}\r\n\r\n"
    piece = b"%x\r\n" % (64 * 1024) + b" " * (64 * 1024) + b"\r\n"
    forget_peaks(product)
    before, sent = resident(product, "VmRSS"), 0
    with product.connected() as connection:
        connection.sendall(head.encode())
        try:
            while sent < 1024 * 1024 * 1024:
                connection.sendall(piece)
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert sent <= 8 * BODY_BYTES
    grown = [peak - held for peak, held in zip(resident(product, "VmHWM"), before, strict=True)]
    assert max(grown) <= MOST_GROWTH_BYTES
