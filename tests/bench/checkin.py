"""How many check-ins a second the product takes on PostgreSQL, beside a bare Flask view that writes the same rows.

Both under gunicorn with deploy/gunicorn.conf.py, the same ES256 token, each with its own database of one throwaway
cluster whose commits are durable. They take turns; each round's ratio is the product's rate over the bare view's.
Prints the statements of a check-in, the medians, and the ratio with its least and greatest. About a minute.

    .venv/bin/python -m tests.bench.checkin
"""

from __future__ import annotations

import argparse
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import event

from app.actions.access.tokens import TokenAuthority
from app.actions.running import real_now
from app.rules.access import Role
from app.rules.orders import ChosenBy, Grant, Order, Per
from app.rules.people import Caregiver, Customer
from app.rules.plans import PlannedVisit
from app.rules.providers import CareSystem, Law, Provider, ProviderKind, Service
from app.rules.tags import Tag, TagKind
from app.storage.access import Subject
from app.storage.database import Database, open_database
from app.storage.ids import new_id
from app.storage.migrations import upgrade
from app.storage.orders import GRANT, ORDER
from app.storage.people import CAREGIVER, CUSTOMER
from app.storage.plans import PLANNED_VISIT
from app.storage.providers import CARE_SYSTEM, PROVIDER
from app.storage.records import insert, put_many
from app.storage.tags import TAG
from tests.accounts import keep_client, keep_operator
from tests.faults.serving import Served, served
from tests.postgres import Cluster, find_binaries
from tests.settings import KEYS, settings_for

EARLY = datetime(2014, 1, 2, 8, tzinfo=UTC)
DAYS = 5
"""So many days of visits lie behind, one a day by every caregiver, so that no table is as good as empty."""
HISTORY = (
    f"""
    INSERT INTO registration (
        care_system_id, id, recorded_at, recorded_by, content_hash, kind, caregiver_id, captured_at, captured_text,
        received_at, method, extra_service, by_measuring_client, at, corrected_at, clock_grade, provider_id,
        evidence_grade
    )
    SELECT care_system_id, gen_random_uuid(), at, 'bench', repeat('0', 64), 'check_out', id, at, '', at, 'nfc', false,
        true, at, at, 'verified', provider_id, 1
    FROM caregiver, LATERAL (
        SELECT date_trunc('second', now()) - day * interval '1 day' AS at FROM generate_series(10, {9 + DAYS}) AS day
    ) AS told
    """,
    """
    INSERT INTO visit (
        care_system_id, id, caregiver_id, provider_id, state, placed_at, ends_at, registered_ends_at, superseded,
        evidence_grade, clock_grade, registration_ids, recorded_at, named_plan, extra_service, service_changes,
        household, activities, corrected, correction_ids
    )
    SELECT care_system_id, id, caregiver_id, provider_id, 'no_check_in', at, at, at, false, 1, 'verified',
        jsonb_build_array(id), recorded_at, false, false, '[]', '[]', '[]', false, '[]'
    FROM registration
    """,
    """
    INSERT INTO open_visit (care_system_id, caregiver_id, latest, revision)
    SELECT care_system_id, caregiver_id, max(at), count(*) FROM registration GROUP BY 1, 2
    """,
    "INSERT INTO door (care_system_id, customer_id, revision) SELECT care_system_id, id, 1 FROM customer",
    "ANALYZE",
)
Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A care system with as many caregivers as customers, each planned with one; and a token of who speaks for all."""

    care_system_id: str
    token: str
    check_ins: list[Body]
    known: list[Body]


def keep_street(database: Database, doors: int, history: Sequence[str] = HISTORY) -> Street:
    """The street is there, with what `history` writes."""
    cs, provider, now = new_id(), new_id(), datetime.now(UTC).replace(microsecond=0)
    ids = [(new_id(), new_id(), new_id(), new_id()) for _ in range(doors)]
    with database.transaction() as tx:
        system = CareSystem(id=cs, recorded_at=EARLY, name="A street", municipalities=("2029",))
        insert(tx, CARE_SYSTEM, cs, system, by="bench")
        insert(
            tx, PROVIDER, cs, Provider(id=provider, recorded_at=EARLY, name="A", kind=ProviderKind.PRIVATE), by="bench"
        )
        for master, values in _values(provider, ids, now):
            put_many(tx, master, cs, values, by="bench")
        for statement in history:
            tx.connection.exec_driver_sql(statement)
    client, _ = keep_client(database, keep_operator(database), Role.MEASURING_CLIENT, care_system_id=cs)
    authority = TokenAuthority(KEYS.signing_key, KEYS.base_url)
    token = authority.issue(Subject.CLIENT, client.account.as_actor(client.id), real_now())
    known = [
        {"cs": cs, "provider": provider, "customer": customer, "tag": tag, "plan": plan, "by": client.id}
        for _, customer, tag, plan in ids
    ]
    check_ins = [_check_in(caregiver, number) for number, (caregiver, *_) in enumerate(ids)]
    return Street(care_system_id=cs, token=token, check_ins=check_ins, known=known)


def _values(provider: str, ids: Sequence[tuple[str, str, str, str]], now: datetime) -> Iterator[tuple[Any, list[Any]]]:
    yield CAREGIVER, [Caregiver(id=one[0], recorded_at=EARLY, provider_id=provider, name="A") for one in ids]
    yield CUSTOMER, [Customer(id=one[1], recorded_at=EARLY, municipality="2029") for one in ids]
    grants = [
        Grant(
            id=new_id(), recorded_at=EARLY, customer_id=one[1], services=(Service.PERSONAL_CARE,), law=Law.SOL,
            granted_seconds=36_000, per=Per.MONTH, valid_from=date(2014, 1, 1),
        )
        for one in ids
    ]  # fmt: skip
    yield GRANT, grants
    yield ORDER, [
        Order(
            id=new_id(), recorded_at=EARLY, grant_id=one.id, provider_id=provider, ordered_at=EARLY,
            chosen_by=ChosenBy.CUSTOMER, valid_from=date(2014, 1, 1),
        )
        for one in grants
    ]  # fmt: skip
    yield TAG, [
        Tag(
            id=one[2], recorded_at=EARLY, customer_id=one[1], kind=TagKind.NFC, uid=_uid(number),
            valid_from=date(2014, 1, 1),
        )
        for number, one in enumerate(ids)
    ]  # fmt: skip
    yield PLANNED_VISIT, [
        PlannedVisit(
            id=one[3], recorded_at=EARLY, provider_id=provider, customer_id=one[1], caregiver_ids=(one[0],),
            service=Service.PERSONAL_CARE, starts_at=now, ends_at=now + timedelta(minutes=45),
        )
        for one in ids
    ]  # fmt: skip


def _uid(number: int) -> str:
    return f"04{number:012X}"


def _check_in(caregiver_id: str, number: int) -> Body:
    return {
        "id": new_id(), "kind": "check_in", "caregiver_id": caregiver_id, "service": "personal_care",
        "place": {"method": "nfc", "uid": _uid(number)},
        "clock": {"elapsed_ms": 86_400_000, "boot_id": new_id(), "sequence": 17},
    }  # fmt: skip


def requests_of(street: Street, token: str, *, bare: bool) -> list[bytes]:
    """Every check-in of the street as the bytes of a request; to the bare view with what it would have to know."""
    made = []
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for told, known in zip(street.check_ins, street.known, strict=True):
        body = {**told, "captured_at": at, **({"known": known} if bare else {})}
        content = orjson.dumps(body)
        head = (
            f"POST /api/v1/registrations HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        made.append(head.encode() + content)
    return made


def rate_of(product: Served, requests: Sequence[bytes], connections: int) -> float:
    """Requests a second, all answered 201, over connections that are kept alive. Raises AssertionError for another."""
    refused: list[bytes] = []

    def work(mine: Sequence[bytes]) -> None:
        with product.connected() as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for one in mine:
                line.sendall(one)
                answer = _answer(line)
                if not answer.startswith(b"HTTP/1.1 201"):
                    refused.append(answer)

    shares = [requests[number::connections] for number in range(connections)]
    threads = [threading.Thread(target=work, args=(share,)) for share in shares]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - begun
    assert not refused, refused[0]
    return len(requests) / elapsed


def _answer(line: socket.socket) -> bytes:
    """One answer, its length told by its head."""
    found = line.recv(65_536)
    while b"\r\n\r\n" not in found:
        found += line.recv(65_536)
    head, _, body = found.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += line.recv(65_536)
    return head + body


def statements_of(database_url: str, street: Street) -> int:
    """How often the product has the database do something for the second check-in of a process.

    Read from libpq's own trace of what goes over the wire, so that beginning and committing would count too.
    """
    from app.factory import create_app

    app = create_app(settings_for(database_url))
    database: Any = app.extensions["hemtid"].database
    with tempfile.NamedTemporaryFile() as trace, closing(database):
        event.listen(database._engine, "connect", lambda held, _: held.pgconn.trace(trace.fileno()))
        headers = {"Authorization": f"Bearer {street.token}"}
        for told in street.check_ins[-2:]:
            before = Path(trace.name).read_bytes()
            body = {**told, "captured_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
            answer = app.test_client().post("/api/v1/registrations", json=body, headers=headers)
            assert answer.status_code == 201, answer.text
        said = Path(trace.name).read_bytes().removeprefix(before)
    return sum(line.split(b"\t")[1:4:2] in ([b"F", b"Query"], [b"F", b"Execute"]) for line in said.splitlines())


def measure(rounds: int, each: int, connections: int) -> tuple[list[float], list[float], int]:
    """The rates of the product and of the bare view, round by round, and the statements of a check-in."""
    binaries = find_binaries()
    assert binaries is not None, "PostgreSQL is missing"
    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster.throwaway(binaries))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        lines = []
        for name, app in (("product", "wsgi:app"), ("bare", "tests.bench.bare:app")):
            url = cluster.create(name)
            upgrade(url)
            with closing(open_database(settings_for(url))) as database:
                street = keep_street(database, (rounds + 1) * each + 2)
            said = statements_of(url, street) if name == "product" else 0
            (folder / name).mkdir()
            lines.append((stack.enter_context(served(folder / name, url, app)), street, said))
        rates: tuple[list[float], list[float]] = ([], [])
        for number in range(rounds + 1):
            for place, (product, street, _) in enumerate(lines):
                some = slice(number * each, (number + 1) * each)
                asked = requests_of(street, street.token, bare=place == 1)[some]
                rate = rate_of(product, asked, connections)
                if number:
                    rates[place].append(rate)
        return rates[0], rates[1], lines[0][2]


def main() -> None:
    """Measures, and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--each", type=int, default=400, help="check-ins in a round")
    parser.add_argument("--connections", type=int, default=4)
    asked = parser.parse_args()
    product, bare, statements = measure(asked.rounds, asked.each, asked.connections)
    ratios = [ours / theirs for ours, theirs in zip(product, bare, strict=True)]
    print(f"statements of a check-in  {statements}")
    print(f"product                   {statistics.median(product):7.0f} check-ins a second (median)")
    print(f"bare view                 {statistics.median(bare):7.0f}")
    print(f"ratio                     {statistics.median(ratios):7.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
